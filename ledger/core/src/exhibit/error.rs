use thiserror::Error;

use crate::cbor::CborError;
use crate::checkpoint::CheckpointError;
use crate::cose::CoseError;
use crate::merkle::LeafIndex;
use crate::record::RecordError;

/// Why bytes are not an exhibit.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExhibitError {
    /// The file is larger than an exhibit may be.
    #[error("{actual} bytes, at most {limit} are allowed")]
    Oversize {
        /// The limit in bytes.
        limit: usize,
        /// The size in bytes.
        actual: usize,
    },
    /// The file is something else.
    #[error("the file is not an exhibit")]
    NotAnExhibit,
    /// The file is not canonical CBOR of its form.
    #[error("the exhibit is malformed")]
    Cbor(#[from] CborError),
    /// The manifest's envelope is wrong.
    #[error("the manifest is refused")]
    Manifest(#[from] CoseError),
    /// The checkpoint is malformed.
    #[error("the checkpoint is refused")]
    Checkpoint(#[from] CheckpointError),
    /// A record is malformed.
    #[error("the record of entry {} is refused", index.0)]
    Record {
        /// The entry that it belongs to.
        index: LeafIndex,
        /// What is wrong with it.
        #[source]
        source: RecordError,
    },
}

impl ExhibitError {
    /// The stable code of this error; that of the cause where it has one of its own.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Oversize { .. } => "exhibit/oversize",
            Self::NotAnExhibit => "exhibit/not-an-exhibit",
            Self::Cbor(error) => error.code(),
            Self::Manifest(error) => error.code(),
            Self::Checkpoint(error) => error.code(),
            Self::Record { source, .. } => source.code(),
        }
    }
}
