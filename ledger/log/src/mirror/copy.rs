//! The copy as files: what `publish` writes, so that the offline verifier replays it unchanged.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use custody_core::note::MAX_NOTE_LEN;
use custody_core::tile::{TilePath, TileWidth};

use super::MirrorError;
use crate::file::flush_dir;
use crate::publish::{PublishError, write_whole};
use crate::published::{Published, Source, SourceError, cut, read_file};

/// The directory of a copy. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    published: Published,
}

impl Copy {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { published: Published::new(dir) }
    }

    pub(super) fn dir(&self) -> &Path {
        self.published.dir()
    }

    /// The checkpoint that ends the copy, if it has one.
    pub(super) fn checkpoint(&self) -> Result<Option<Vec<u8>>, MirrorError> {
        let path = self.dir().join("checkpoint");
        match read_file(&path, MAX_NOTE_LEN as u64 + 1) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(MirrorError::Io { path, source }),
        }
    }

    /// Writes a tile or bundle, whole and flushed, also where one of this name lies about: what is beyond the checkpoint
    /// may come from an attempt that ended badly. Returns the file, whose name is not durable yet.
    pub(super) fn write(&self, path: &TilePath, bytes: &[u8]) -> Result<PathBuf, MirrorError> {
        let path = self.dir().join(path.to_string());
        write_whole(&path, bytes)?;
        Ok(path)
    }

    /// Writes the checkpoint that makes everything before it count: what is durable by now. On return it is durable too, and so is
    /// its name.
    pub(super) fn finish(&self, note: &[u8]) -> Result<(), MirrorError> {
        let path = self.dir().join("checkpoint");
        write_whole(&path, note)?;
        flush_dir(self.dir()).map_err(|source| MirrorError::Io { path, source })
    }

    /// A tile or bundle of any width that lies in the copy's tree: as it is, or cut from a wider one.
    pub(super) fn cut(&self, path: &TilePath) -> Option<Vec<u8>> {
        if let Ok(bytes) = self.file(path) {
            return Some(bytes);
        }
        let sibling = |width| TilePath::new(path.kind(), path.index(), width);
        let full = sibling(TileWidth::FULL).into_iter();
        let wider = self.widths(path).into_iter().filter(|width| *width > path.width());
        full.chain(wider.filter_map(sibling)).find_map(|found| {
            let bytes = self.file(&found).ok()?;
            cut(&bytes, found.width(), path).ok()
        })
    }

    fn widths(&self, path: &TilePath) -> Vec<TileWidth> {
        let file = self.dir().join(path.to_string());
        let names = file.parent().and_then(|folder| fs::read_dir(folder).ok());
        let width = |entry: io::Result<fs::DirEntry>| {
            TileWidth::new(entry.ok()?.file_name().to_str()?.parse().ok()?)
        };
        names.into_iter().flatten().filter_map(width).collect()
    }
}

/// The copy is a source like any other, for starting again.
impl Source for Copy {
    fn file(&self, path: &TilePath) -> Result<Vec<u8>, SourceError> {
        self.published.file(path)
    }
}

impl From<PublishError> for MirrorError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Io { path, source } => Self::Io { path, source },
            other => Self::Copy { what: other.to_string() },
        }
    }
}
