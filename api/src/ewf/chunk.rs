//! The media: chunks, compressed or stored, in the order in which tables list them.

use std::io::{Read, Seek};

use adler2::adler32_slice;

use super::error::EwfError;
use super::section::{Sectors, Segment, inflate, le_u32};
use super::{Hashers, Layout, Media};

/// Says in an entry of a table that the chunk is compressed.
const COMPRESSED: u32 = 1 << 31;

/// The media as far as it was read.
pub(super) struct Chunks {
    layout: Layout,
    read: u32,
    hashers: Hashers,
}

/// One chunk in its segment.
struct Chunk {
    offset: u64,
    size: u64,
    is_compressed: bool,
}

impl Chunks {
    pub fn new(layout: Layout) -> Self {
        Self { layout, read: 0, hashers: Hashers::default() }
    }

    /// Reads and hashes the chunks that a table lists. Each ends where the next begins, the last where the
    /// sectors end.
    pub fn read_table<R: Read + Seek>(
        &mut self,
        segment: &mut Segment<'_, R>,
        entries: &[u8],
        base: u64,
        sectors: Sectors,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), EwfError> {
        let entry = |at: usize| entries.get(4 * at..4 * at + 4).map(le_u32);
        let offset = |entry: u32| base.checked_add(u64::from(entry & !COMPRESSED));
        for at in 0..entries.len() / 4 {
            let outside = || segment.damaged(sectors.start, "a chunk lies outside of its sectors");
            let this = entry(at).ok_or_else(outside)?;
            let start = offset(this).ok_or_else(outside)?;
            let end = entry(at + 1).map_or(Some(sectors.end), offset).ok_or_else(outside)?;
            if start < sectors.start || end <= start || end > sectors.end {
                return Err(outside());
            }
            let is_compressed = this & COMPRESSED != 0;
            self.read_chunk(segment, &Chunk { offset: start, size: end - start, is_compressed })?;
            progress(self.hashers.size, self.layout.media_size());
        }
        Ok(())
    }

    fn read_chunk<R: Read + Seek>(
        &mut self,
        segment: &mut Segment<'_, R>,
        chunk: &Chunk,
    ) -> Result<(), EwfError> {
        let damaged = |segment: &Segment<'_, R>, what| Err(segment.damaged(chunk.offset, what));
        if self.read == self.layout.chunks {
            return damaged(segment, "there are more chunks than the volume has");
        }
        let rest = self.layout.media_size() - self.hashers.size;
        let length = rest.min(self.layout.chunk_size());
        // zlib adds at most 5 bytes to 16 KiB, and 11 to all. Twice the length is more than enough.
        if chunk.size > 2 * length + 64 {
            return damaged(segment, "a chunk is longer than it can be");
        }
        let bytes = segment.bytes(chunk.offset, chunk.size)?;
        // The layout bounds the length of a chunk: 16 MiB.
        let length = length as usize;
        let media = match chunk.is_compressed {
            true => inflate(&bytes, length),
            false => stored(bytes),
        };
        let Some(media) = media.filter(|media| media.len() == length) else {
            return damaged(segment, "a chunk does not fit its checksum or its length");
        };
        self.hashers.update(&media);
        self.read += 1;
        Ok(())
    }

    /// The digests of the media, which must be there in full.
    pub fn finish(self) -> Result<Media, EwfError> {
        match self.read == self.layout.chunks {
            true => Ok(self.hashers.finish()),
            false => Err(EwfError::missing("table for all chunks that its volume has")),
        }
    }
}

/// A chunk that is not compressed: its bytes, then their checksum.
fn stored(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let split = bytes.len().checked_sub(4)?;
    let fits = le_u32(&bytes[split..]) == adler32_slice(&bytes[..split]);
    bytes.truncate(split);
    fits.then_some(bytes)
}
