//! Images in the Expert Witness Format, written section by section, so that each can be wrong in one way.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// Bytes of a sector and sectors of a chunk.
pub const SECTOR: u32 = 512;
/// See [`SECTOR`].
pub const PER_CHUNK: u32 = 4;
/// Bytes of a chunk.
pub const CHUNK: usize = (SECTOR * PER_CHUNK) as usize;

/// One section: its type and its body.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its type.
    pub name: &'static str,
    /// What follows its descriptor.
    pub body: Vec<u8>,
}

/// A section of this type with this body.
pub fn section(name: &'static str, body: impl Into<Vec<u8>>) -> Section {
    Section { name, body: body.into() }
}

/// The media that [`plain`] holds: some of it compresses, some does not.
pub fn media() -> Vec<u8> {
    let noise =
        (0..CHUNK as u64 * 2).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8);
    [vec![7; CHUNK * 3], noise.collect(), vec![0; 512]].concat()
}

/// A header's section of either kind.
pub fn header(name: &'static str, text: &str) -> Section {
    let bytes = match name {
        "header2" => {
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
        }
        _ => text.bytes().collect::<Vec<_>>(),
    };
    section(name, deflate(&bytes))
}

/// A usual header.
pub const HEADER: &str = "1\nmain\nc\tn\ta\te\tt\tav\tov\tm\tu\tp\n\
    8/2026\tE-17\tphone\tB. Roth\tin flight mode\t4.7.1\tWindows 10\t1767225600\t1767229200\t0\n\n";

/// The description of a medium of `size` bytes.
pub fn volume(size: usize) -> Section {
    let mut body = vec![0; 1048];
    let sectors = size as u64 / u64::from(SECTOR);
    let chunks = size.div_ceil(CHUNK) as u32;
    body[0] = 1;
    body[4..8].copy_from_slice(&chunks.to_le_bytes());
    body[8..12].copy_from_slice(&PER_CHUNK.to_le_bytes());
    body[12..16].copy_from_slice(&SECTOR.to_le_bytes());
    body[16..24].copy_from_slice(&sectors.to_le_bytes());
    body[36] = 3;
    body[52] = 1;
    section("volume", sealed(body))
}

/// Sectors with these chunks, and the tables that list them. Every second chunk is compressed.
pub fn chunks(media: &[u8]) -> Vec<Section> {
    let (mut body, mut entries) = (Vec::new(), Vec::new());
    for (at, chunk) in media.chunks(CHUNK).enumerate() {
        let offset = 76 + body.len() as u32;
        let is_compressed = at % 2 == 0;
        entries.extend((offset | u32::from(is_compressed) << 31).to_le_bytes());
        match is_compressed {
            true => body.extend(deflate(chunk)),
            false => body.extend(sealed(chunk.to_vec())),
        }
    }
    let table = section("table", entries);
    vec![section("sectors", body), table.clone(), Section { name: "table2", ..table }]
}

/// The sections of a usual image of one segment, but for the last.
pub fn plain(media: &[u8]) -> Vec<Section> {
    let mut sections =
        vec![header("header2", HEADER), header("header", HEADER), volume(media.len())];
    sections.extend(chunks(media));
    sections
}

/// The file of segment `number`: these sections, then `last`, which is `next` or `done`. The bodies of tables
/// are their entries alone; base, count and checksums are written here, where offsets are known.
pub fn segment(number: u16, sections: &[Section], last: &'static str) -> Vec<u8> {
    let mut file = b"EVF\x09\x0d\x0a\xff\x00\x01".to_vec();
    file.extend(number.to_le_bytes());
    file.extend([0, 0]);
    let mut base = 0;
    for section in sections {
        let offset = file.len() as u64;
        let body = match section.name {
            "table" | "table2" => table(&section.body, base),
            _ => section.body.clone(),
        };
        if section.name == "sectors" {
            base = offset;
        }
        let size = 76 + body.len() as u64;
        file.extend(descriptor(section.name, offset + size, size));
        file.extend(body);
    }
    let offset = file.len() as u64;
    file.extend(descriptor(last, offset, 76));
    file
}

/// A section's descriptor.
pub fn descriptor(name: &str, next: u64, size: u64) -> Vec<u8> {
    let mut bytes = vec![0; 72];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    bytes[16..24].copy_from_slice(&next.to_le_bytes());
    bytes[24..32].copy_from_slice(&size.to_le_bytes());
    sealed(bytes)
}

fn table(entries: &[u8], base: u64) -> Vec<u8> {
    let mut head = vec![0; 20];
    head[..4].copy_from_slice(&(entries.len() as u32 / 4).to_le_bytes());
    head[8..16].copy_from_slice(&base.to_le_bytes());
    [sealed(head), sealed(entries.to_vec())].concat()
}

/// Bytes, then their checksum.
pub fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = adler2::adler32_slice(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// A zlib stream.
pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory can be written")
}
