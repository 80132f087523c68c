use std::io;

use thiserror::Error;

/// Why an image cannot be read. Offsets are within the segment named, which are counted from 1.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EwfError {
    /// Something else than an image.
    #[error("segment {segment} does not begin as an EWF image")]
    NotAnImage {
        /// The segment.
        segment: usize,
    },
    /// A variant that is not read here.
    #[error("{what} are not read, only EWF version 1 images as EnCase 6 and later write them")]
    Unsupported {
        /// What it is.
        what: &'static str,
    },
    /// Not the segment that should stand here, or too few.
    #[error("segment {expected} is missing: {actual}")]
    Segment {
        /// The segment's number.
        expected: usize,
        /// What stands there.
        actual: String,
    },
    /// Bytes that do not fit their checksum, or point where they cannot.
    #[error("segment {segment}, byte {offset}: {what}")]
    Damaged {
        /// The segment.
        segment: usize,
        /// Offset of the section or chunk.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// Something that every image has is not there.
    #[error("the image has no {what}")]
    Missing {
        /// What.
        what: &'static str,
    },
    /// The file says two things about one.
    #[error("the image states {what} twice, and differently")]
    Contradiction {
        /// What.
        what: &'static str,
    },
    /// More than is read.
    #[error("the image has {actual} {what}, more than are read")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How many.
        actual: u64,
    },
    /// The header's text is not laid out as one.
    #[error("the header cannot be read: {what}")]
    Header {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The disk.
    #[error("segment {segment} cannot be read")]
    Io {
        /// The segment.
        segment: usize,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl EwfError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAnImage { .. } => "ewf/not-an-image",
            Self::Unsupported { .. } => "ewf/unsupported",
            Self::Segment { .. } => "ewf/segment",
            Self::Damaged { .. } => "ewf/damaged",
            Self::Missing { .. } => "ewf/missing",
            Self::Contradiction { .. } => "ewf/contradiction",
            Self::Limit { .. } => "ewf/limit",
            Self::Header { .. } => "ewf/header",
            Self::Io { .. } => "ewf/io",
        }
    }

    pub(super) fn missing(what: &'static str) -> Self {
        Self::Missing { what }
    }
}
