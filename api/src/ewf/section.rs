//! Segments and their sections: a chain of descriptors of 76 bytes, each with a checksum.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use adler2::adler32_slice;
use flate2::{Decompress, FlushDecompress, Status};

use super::chunk::Chunks;
use super::error::EwfError;
use super::header::{Headers, Kind};
use super::{Layout, Stated};

/// `EVF`, 09 0d 0a ff 00, then 01, the segment's number in two bytes and 00 00.
const SIGNATURE: [u8; 8] = *b"EVF\x09\x0d\x0a\xff\x00";
/// Bytes of a segment's own header.
const SEGMENT_HEADER: u64 = 13;
/// Bytes of a section's descriptor: type 16, next 8, size 8, padding 40, checksum 4.
const DESCRIPTOR: u64 = 76;
/// Most sections of a segment. A table of 65,534 chunks of 32 KiB spans 2 GiB and takes three sections, so
/// this is room for more than 2 TiB in one file.
const MAX_SECTIONS: usize = 4096;
/// Largest header, compressed and not. It goes into a sealed field of at most 16 KiB of UTF-8; in UTF-16 that
/// is up to 32 KiB, and the names of its fields come on top.
const MAX_HEADER: usize = 64 * 1024;
/// A volume's description.
const VOLUME: u64 = 1052;
/// Most chunks that one table lists: 4 MiB of table.
const MAX_TABLE: u64 = 1 << 20;
/// Largest chunk: EnCase writes up to 32,768 sectors of 512 bytes.
const MAX_CHUNK: u64 = 16 << 20;

/// One file of an image.
pub(super) struct Segment<'r, R> {
    source: &'r mut R,
    size: u64,
    number: usize,
}

/// A section's descriptor.
struct Section {
    name: [u8; 16],
    offset: u64,
    next: u64,
    size: u64,
}

/// Where the chunks of the table that follows lie.
#[derive(Clone, Copy)]
pub(super) struct Sectors {
    pub start: u64,
    pub end: u64,
}

/// What was found on the way through all segments.
#[derive(Default)]
pub(super) struct Walk {
    pub headers: Headers,
    pub layout: Option<Layout>,
    pub chunks: Option<Chunks>,
    pub stated: Stated,
    pub read_errors: Option<u32>,
    sectors: Option<Sectors>,
    table: Vec<u8>,
}

impl<'r, R: Read + Seek> Segment<'r, R> {
    /// Checks that `source` is the segment that stands at `position`, from 0.
    pub fn open(source: &'r mut R, position: usize) -> Result<Self, EwfError> {
        let number = position + 1;
        let io = |source| EwfError::Io { segment: number, source };
        let size = source.seek(SeekFrom::End(0)).map_err(io)?;
        let mut segment = Self { source, size, number };
        if size < SEGMENT_HEADER {
            return Err(EwfError::NotAnImage { segment: number });
        }
        let header = segment.bytes(0, SEGMENT_HEADER)?;
        match &header[..8] {
            start if start == SIGNATURE => {}
            b"LVF\x09\x0d\x0a\xff\x00" => return unsupported("logical evidence files"),
            start if start.starts_with(b"EVF2") || start.starts_with(b"LEF2") => {
                return unsupported("version 2 images");
            }
            _ => return Err(EwfError::NotAnImage { segment: number }),
        }
        let stated = usize::from(u16::from_le_bytes([header[9], header[10]]));
        if header[8] != 1 || header[11..] != [0, 0] {
            return Err(segment.damaged(0, "the segment's header is not one"));
        }
        match stated == number {
            true => Ok(segment),
            false => Err(EwfError::Segment {
                expected: number,
                actual: format!("the file in its place is segment {stated}"),
            }),
        }
    }

    /// `length` bytes from `offset` on. The caller has bounded `length`.
    pub fn bytes(&mut self, offset: u64, length: u64) -> Result<Vec<u8>, EwfError> {
        let ends = offset.checked_add(length).is_some_and(|end| end <= self.size);
        if !ends {
            return Err(self.damaged(offset, "it ends before what should stand here"));
        }
        let io = |source| EwfError::Io { segment: self.number, source };
        self.source.seek(SeekFrom::Start(offset)).map_err(io)?;
        let length = usize::try_from(length).map_err(|_| io(ErrorKind::OutOfMemory.into()))?;
        let mut bytes = vec![0; length];
        self.source.read_exact(&mut bytes).map_err(io)?;
        Ok(bytes)
    }

    pub fn damaged(&self, offset: u64, what: &'static str) -> EwfError {
        EwfError::Damaged { segment: self.number, offset, what }
    }

    fn section(&mut self, offset: u64) -> Result<Section, EwfError> {
        let bytes = self.bytes(offset, DESCRIPTOR)?;
        if le_u32(&bytes[72..]) != adler32_slice(&bytes[..72]) {
            return Err(self.damaged(offset, "a section's descriptor does not fit its checksum"));
        }
        let mut name = [0; 16];
        name.copy_from_slice(&bytes[..16]);
        let (next, size) = (le_u64(&bytes[16..]), le_u64(&bytes[24..]));
        let section = Section { name, offset, next, size };
        let is_last = section.is(b"next") || section.is(b"done");
        let fits = match is_last {
            // Some programs say 0, some 76.
            true => next == offset && (size == 0 || size == DESCRIPTOR),
            false => size >= DESCRIPTOR && offset.checked_add(size) == Some(next),
        };
        match fits && next <= self.size {
            true => Ok(section),
            false => Err(self.damaged(offset, "a section does not end where it says")),
        }
    }

    /// The body of a section, of at most `limit` bytes.
    fn body(&mut self, section: &Section, limit: u64) -> Result<Vec<u8>, EwfError> {
        let length = section.size - DESCRIPTOR;
        if length > limit {
            return Err(EwfError::Limit { what: "bytes in one section", actual: length });
        }
        self.bytes(section.offset + DESCRIPTOR, length)
    }

    /// A body whose first `covered` bytes are followed by their checksum.
    fn checked(&mut self, section: &Section, covered: u64) -> Result<Vec<u8>, EwfError> {
        let mut body = self.body(section, covered + 4)?;
        let fits = body.len() as u64 == covered + 4 && {
            let split = body.len() - 4;
            le_u32(&body[split..]) == adler32_slice(&body[..split])
        };
        match fits {
            true => {
                body.truncate(body.len() - 4);
                Ok(body)
            }
            false => Err(self.damaged(section.offset, "a section does not fit its checksum")),
        }
    }
}

impl Section {
    fn is(&self, name: &[u8]) -> bool {
        let (first, rest) = self.name.split_at(name.len());
        first == name && rest.iter().all(|byte| *byte == 0)
    }
}

impl Walk {
    /// Follows the chain of one segment to its end.
    pub fn segment<R: Read + Seek>(
        &mut self,
        segment: &mut Segment<'_, R>,
        is_last: bool,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), EwfError> {
        let mut offset = SEGMENT_HEADER;
        for _ in 0..MAX_SECTIONS {
            let section = segment.section(offset)?;
            if section.is(b"next") || section.is(b"done") {
                return segment.end(&section, is_last);
            }
            self.section(segment, &section, progress)?;
            offset = section.next;
        }
        Err(EwfError::Limit { what: "sections in one segment", actual: MAX_SECTIONS as u64 + 1 })
    }

    fn section<R: Read + Seek>(
        &mut self,
        segment: &mut Segment<'_, R>,
        section: &Section,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), EwfError> {
        let start = section.offset + DESCRIPTOR;
        match section {
            of if of.is(b"header") => self.header(segment, of, Kind::Header),
            of if of.is(b"header2") => self.header(segment, of, Kind::Header2),
            of if of.is(b"volume") || of.is(b"disk") || of.is(b"data") => self.volume(segment, of),
            of if of.is(b"sectors") => {
                self.sectors = Some(Sectors { start, end: section.next });
                Ok(())
            }
            of if of.is(b"table") => self.table(segment, of, progress),
            of if of.is(b"table2") => {
                let body = segment.body(of, 24 + 4 * MAX_TABLE + 4)?;
                match body == self.table {
                    true => Ok(()),
                    false => Err(EwfError::Contradiction { what: "where the chunks are" }),
                }
            }
            of if of.is(b"hash") => {
                let body = segment.checked(of, 32)?;
                self.state_md5(array(&body))
            }
            of if of.is(b"digest") => {
                let body = segment.checked(of, 76)?;
                self.state_md5(array(&body))?;
                state(&mut self.stated.sha1, array(&body[16..]), "the SHA-1")
            }
            of if of.is(b"error2") => self.error2(segment, of),
            of if of.is(b"ltree") => unsupported("logical evidence files"),
            // Bookkeeping of the programs that wrote it: sessions, XML copies of what stands here too.
            _ => Ok(()),
        }
    }

    fn header<R: Read + Seek>(
        &mut self,
        segment: &mut Segment<'_, R>,
        section: &Section,
        kind: Kind,
    ) -> Result<(), EwfError> {
        let body = segment.body(section, MAX_HEADER as u64)?;
        let text = inflate(&body, MAX_HEADER)
            .ok_or_else(|| segment.damaged(section.offset, "a header cannot be decompressed"))?;
        self.headers.add(kind, text)
    }

    fn volume<R: Read + Seek>(
        &mut self,
        segment: &mut Segment<'_, R>,
        section: &Section,
    ) -> Result<(), EwfError> {
        let length = section.size - DESCRIPTOR;
        if length != VOLUME {
            return unsupported("SMART images and volumes of other sizes");
        }
        let body = segment.checked(section, VOLUME - 4)?;
        let impossible = || segment.damaged(section.offset, "the volume's sizes cannot be");
        let layout = layout(&body).ok_or_else(impossible)?;
        match self.layout {
            Some(known) if known != layout => {
                Err(EwfError::Contradiction { what: "the layout of the media" })
            }
            _ => {
                self.layout = Some(layout);
                Ok(())
            }
        }
    }

    fn table<R: Read + Seek>(
        &mut self,
        segment: &mut Segment<'_, R>,
        section: &Section,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), EwfError> {
        let layout = self.layout.ok_or(EwfError::missing("volume before its table"))?;
        let sectors = self.sectors.take().ok_or(EwfError::missing("sectors before their table"))?;
        let body = segment.body(section, 24 + 4 * MAX_TABLE + 4)?;
        let damaged = |what| segment.damaged(section.offset, what);
        if body.len() < 28 || le_u32(&body[20..]) != adler32_slice(&body[..20]) {
            return Err(damaged("a table does not fit its checksum"));
        }
        let (count, base) = (u64::from(le_u32(&body)), le_u64(&body[8..]));
        if body.len() as u64 != 24 + 4 * count + 4 {
            return Err(damaged("a table is not as long as it says"));
        }
        let entries = &body[24..body.len() - 4];
        if le_u32(&body[body.len() - 4..]) != adler32_slice(entries) {
            return Err(damaged("a table does not fit its checksum"));
        }
        let chunks = self.chunks.get_or_insert_with(|| Chunks::new(layout));
        chunks.read_table(segment, entries, base, sectors, progress)?;
        self.table = body;
        Ok(())
    }

    /// Count 4, unknown 512, checksum 4, then first sector and count of each, and a checksum.
    fn error2<R: Read + Seek>(
        &mut self,
        segment: &mut Segment<'_, R>,
        section: &Section,
    ) -> Result<(), EwfError> {
        let body = segment.body(section, 520 + 8 * MAX_TABLE + 4)?;
        let fits = body.len() >= 520
            && le_u32(&body[516..]) == adler32_slice(&body[..516])
            && body.len() as u64 == 520 + 8 * u64::from(le_u32(&body)) + 4;
        match fits {
            true => state(&mut self.read_errors, le_u32(&body), "the read errors"),
            false => Err(segment.damaged(section.offset, "the list of read errors is not one")),
        }
    }

    /// All zeros stand for none.
    fn state_md5(&mut self, md5: [u8; 16]) -> Result<(), EwfError> {
        match md5 == [0; 16] {
            true => Ok(()),
            false => state(&mut self.stated.md5, md5, "the MD5"),
        }
    }
}

impl<R: Read + Seek> Segment<'_, R> {
    fn end(&self, section: &Section, is_last: bool) -> Result<(), EwfError> {
        let missing = |actual: &str| {
            let expected = self.number + 1;
            Err(EwfError::Segment { expected, actual: actual.to_owned() })
        };
        match (section.is(b"done"), is_last) {
            (true, false) => missing("the image ends before it"),
            (false, true) => missing("the image goes on in it"),
            _ if section.offset + DESCRIPTOR != self.size => {
                Err(self.damaged(section.offset + DESCRIPTOR, "something follows the end"))
            }
            _ => Ok(()),
        }
    }
}

/// The layout in a volume's description, if its numbers can be.
fn layout(body: &[u8]) -> Option<Layout> {
    let layout = Layout {
        media_type: body[0],
        chunks: le_u32(&body[4..]),
        sectors_per_chunk: le_u32(&body[8..]),
        bytes_per_sector: le_u32(&body[12..]),
        sectors: le_u64(&body[16..]),
        is_physical: body[36] & 2 != 0,
        compression: body[52],
        set: array(&body[64..]),
    };
    let is_bounded = (1..=MAX_CHUNK).contains(&layout.chunk_size());
    let chunks = layout.sectors.checked_div(u64::from(layout.sectors_per_chunk))?;
    let rest = layout.sectors.checked_rem(u64::from(layout.sectors_per_chunk))?;
    let fits = chunks + u64::from(rest > 0) == u64::from(layout.chunks);
    layout.sectors.checked_mul(u64::from(layout.bytes_per_sector))?;
    (is_bounded && fits).then_some(layout)
}

/// What a zlib stream holds, if it ends where its bytes end, fits its checksum and holds at most `limit`.
pub(super) fn inflate(bytes: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut out = vec![0; limit + 1];
    let mut stream = Decompress::new(true);
    let status = stream.decompress(bytes, &mut out, FlushDecompress::Finish).ok()?;
    let length = usize::try_from(stream.total_out()).ok().filter(|length| *length <= limit)?;
    let is_whole = status == Status::StreamEnd && stream.total_in() == bytes.len() as u64;
    out.truncate(length);
    is_whole.then_some(out)
}

/// Takes a statement, which may be made again in the same way.
fn state<T: PartialEq + Copy>(
    known: &mut Option<T>,
    value: T,
    what: &'static str,
) -> Result<(), EwfError> {
    match known.replace(value) {
        Some(before) if before != value => Err(EwfError::Contradiction { what }),
        _ => Ok(()),
    }
}

fn unsupported<T>(what: &'static str) -> Result<T, EwfError> {
    Err(EwfError::Unsupported { what })
}

/// The first bytes of `bytes`, which has them: every caller has checked the length.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[..N]);
    array
}

pub(super) fn le_u32(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(array(bytes))
}

fn le_u64(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(array(bytes))
}
