//! The log's server, as a mirror asks it.

use custody_core::checkpoint::Checkpoint;
use custody_core::tile::{TileKind, TilePath};
use custody_log::mirror::{Source, SourceError};

use crate::client::transport::Transport;
use crate::failure::Failure;
use crate::pen::Pen;

/// A served ledger, asked as an overseer.
pub struct Upstream {
    transport: Transport,
}

impl Upstream {
    /// The server at `url`. Bundles of records are asked for with `pen`.
    ///
    /// # Errors
    /// `url` is not one.
    pub fn new(url: &str, pen: Option<Pen>) -> Result<Self, Failure> {
        Ok(Self { transport: Transport::new(url, pen)? })
    }

    /// The newest checkpoint. It is well formed, and nothing more.
    ///
    /// # Errors
    /// It cannot be had.
    pub fn checkpoint(&self) -> Result<Checkpoint, Failure> {
        let note = self.transport.file("/checkpoint", false)?;
        let none = || Failure::could_not("mirror/source", "the server has no checkpoint");
        Ok(Checkpoint::parse(&note.ok_or_else(none)?)?)
    }
}

impl Source for Upstream {
    fn file(&self, path: &TilePath) -> Result<Vec<u8>, SourceError> {
        let is_guarded = path.kind() == TileKind::Records;
        let found = self.transport.file(&format!("/{path}"), is_guarded);
        let (is_missing, reason) = match found {
            Ok(Some(bytes)) => return Ok(bytes),
            Ok(None) => (true, "no such file".to_owned()),
            Err(failure) => (false, format!("{}: {}", failure.code(), failure.message())),
        };
        Err(SourceError { path: *path, is_missing, reason })
    }
}
