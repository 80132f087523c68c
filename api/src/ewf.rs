//! Images in the Expert Witness Format (EWF, `.E01`): what their headers state, and the media they hold.
//!
//! A strict reader of version 1 as EnCase 6 and later, FTK Imager and libewf write it. Every checksum is
//! recomputed, every chunk of the media is decompressed and hashed, and what is not understood is refused
//! rather than guessed. Nothing is written, and no other variant is read: not the logical `.L01`, not SMART,
//! not version 2.
//!
//! What a header says about the case is somebody's assertion: nothing in the format protects it. The MD5 and
//! SHA-1 that a file states are over the media, not over the file.

mod chunk;
mod error;
mod header;
mod section;

pub use error::EwfError;
pub use header::Acquisition;
pub(crate) use header::recordable;

use std::io::{Read, Seek};

use custody_core::hash::Hash;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use chunk::Chunks;
use section::{Segment, Walk};

/// Most segments of one image: a record has at most 16 digests, of which one is over the media.
pub const MAX_SEGMENTS: usize = 15;

/// An image that was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// What the header states.
    pub acquisition: Acquisition,
    /// How the media lies in it.
    pub layout: Layout,
    /// How many files it has.
    pub segments: usize,
    /// How many stretches of sectors the file says could not be read, if it says anything.
    pub read_errors: Option<u32>,
    /// The digests of the media that the file states.
    pub stated: Stated,
    /// The digests of the media, computed here.
    pub media: Media,
}

/// How the media lies in an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The media's type, as the file numbers it.
    pub media_type: u8,
    /// Whether the whole device was read, rather than a volume of it.
    pub is_physical: bool,
    /// How many chunks there are.
    pub chunks: u32,
    /// Sectors of a chunk.
    pub sectors_per_chunk: u32,
    /// Bytes of a sector.
    pub bytes_per_sector: u32,
    /// Sectors of the media.
    pub sectors: u64,
    /// Compression as the file numbers it: none, fast, best.
    pub compression: u8,
    /// The set's GUID: equal in all segments of one image.
    pub set: [u8; 16],
}

/// Digests of the media that a file states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// MD5.
    pub md5: Option<[u8; 16]>,
    /// SHA-1.
    pub sha1: Option<[u8; 20]>,
}

/// Digests of the media, computed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Media {
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256: the one that a record holds.
    pub sha256: Hash,
    /// MD5, to hold against what is stated.
    pub md5: [u8; 16],
    /// SHA-1, for the same.
    pub sha1: [u8; 20],
}

/// Hashes the media by all three at once.
#[derive(Default)]
struct Hashers {
    sha256: Sha256,
    md5: Md5,
    sha1: Sha1,
    size: u64,
}

impl Layout {
    /// Bytes of the media. A layout is made only where this does not overflow.
    pub fn media_size(&self) -> u64 {
        self.sectors.saturating_mul(u64::from(self.bytes_per_sector))
    }

    /// Bytes of a chunk but the last.
    pub fn chunk_size(&self) -> u64 {
        u64::from(self.sectors_per_chunk) * u64::from(self.bytes_per_sector)
    }
}

impl Image {
    /// Reads an image from its segments, in order. `progress` is told how many of how many bytes of the
    /// media are read. Cost: one pass over the files; memory for one chunk and one table.
    ///
    /// # Errors
    /// [`EwfError`], for the first thing that is wrong.
    pub fn read<R: Read + Seek>(
        segments: &mut [R],
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self, EwfError> {
        let count = segments.len();
        if !(1..=MAX_SEGMENTS).contains(&count) {
            return Err(EwfError::Limit { what: "segments", actual: count as u64 });
        }
        let mut walk = Walk::default();
        for (position, source) in segments.iter_mut().enumerate() {
            let mut segment = Segment::open(source, position)?;
            walk.segment(&mut segment, position + 1 == count, progress)?;
        }
        let layout = walk.layout.ok_or(EwfError::missing("volume"))?;
        let media = walk.chunks.unwrap_or_else(|| Chunks::new(layout)).finish()?;
        let acquisition = Acquisition::of(&walk.headers)?;
        let (read_errors, stated) = (walk.read_errors, walk.stated);
        Ok(Self { acquisition, layout, segments: count, read_errors, stated, media })
    }

    /// Whether the file's own digests are those of its media; `None` where it states none.
    pub fn is_match(&self) -> Option<bool> {
        let md5 = self.stated.md5.map(|stated| stated == self.media.md5);
        let sha1 = self.stated.sha1.map(|stated| stated == self.media.sha1);
        match (md5, sha1) {
            (None, None) => None,
            (md5, sha1) => Some(md5.unwrap_or(true) && sha1.unwrap_or(true)),
        }
    }

    /// What the file states and what was found, line by line, each `name: value`.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<_> =
            self.acquisition.facts().map(|(name, value)| format!("{name}: {value}")).collect();
        let layout = self.layout;
        let extent = if layout.is_physical { "whole device" } else { "volume or files" };
        lines.push(format!("media: {}, {extent}", media_word(layout.media_type)));
        lines.push(format!(
            "media size: {} bytes, {} sectors of {}",
            layout.media_size(),
            layout.sectors,
            layout.bytes_per_sector
        ));
        lines.push(format!("chunks: {} of {} sectors", layout.chunks, layout.sectors_per_chunk));
        lines.push(format!("segments: {}", self.segments));
        lines.extend(self.read_errors.map(|count| format!("read errors stated: {count}")));
        let (stated, found) = (self.stated, self.media);
        lines.push(compared("md5", stated.md5.as_ref().map(<[u8; 16]>::as_slice), &found.md5));
        lines.push(compared("sha-1", stated.sha1.as_ref().map(<[u8; 20]>::as_slice), &found.sha1));
        lines
    }
}

impl Hashers {
    fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.md5.update(bytes);
        self.sha1.update(bytes);
        self.size += bytes.len() as u64;
    }

    fn finish(self) -> Media {
        Media {
            size: self.size,
            sha256: Hash::new(self.sha256.finalize().into()),
            md5: self.md5.finalize().into(),
            sha1: self.sha1.finalize().into(),
        }
    }
}

/// What the file states about the media, held against what was computed over it.
fn compared(name: &str, stated: Option<&[u8]>, found: &[u8]) -> String {
    match stated {
        None => format!("{name} of the media: not stated"),
        Some(stated) if stated == found => {
            format!("{name} of the media: {}, match", hex(stated))
        }
        Some(stated) => {
            format!("{name} of the media: {}, mismatch, computed {}", hex(stated), hex(found))
        }
    }
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn media_word(number: u8) -> String {
    match number {
        0x00 => "removable".to_owned(),
        0x01 => "fixed disk".to_owned(),
        0x03 => "optical".to_owned(),
        0x0e => "logical evidence".to_owned(),
        0x10 => "memory".to_owned(),
        number => format!("type {number}"),
    }
}
