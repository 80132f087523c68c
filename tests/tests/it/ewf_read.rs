//! Images in the Expert Witness Format: what is read of a real one, and that nothing wrong with one is read as
//! if it were right.

use std::fs;
use std::io::Cursor;
use std::process::Command;
use std::thread;

use custody_api::ewf::{EwfError, Image, MAX_SEGMENTS, hex};
use custody_core::hash::sha256;
use custody_tests::image::{self, HEADER, Section, chunks, header, media, plain, section, segment};
use custody_tests::image::{sealed, volume};
use custody_tests::shared;
use serde_json::json;

use crate::cli_transcripts::office;

fn read(segments: &[Vec<u8>]) -> Result<Image, EwfError> {
    let mut sources: Vec<_> = segments.iter().map(Cursor::new).collect();
    Image::read(&mut sources, &mut |done, total| assert!(done <= total, "{done} of {total}"))
}

fn read_one(sections: &[Section]) -> Result<Image, EwfError> {
    read(&[segment(1, sections, "done")])
}

#[track_caller]
fn refused(sections: &[Section], code: &str) {
    assert_eq!(read_one(sections).map_err(|error| error.code()), Err(code));
}

/// The usual image with its first section of this name replaced.
fn with(replacement: Section) -> Vec<Section> {
    let mut sections = plain(&media());
    let at = sections.iter().position(|section| section.name == replacement.name);
    sections[at.expect("every image has it")] = replacement;
    sections
}

/// The usual image and one more section at its end.
fn and(more: Section) -> Vec<Section> {
    [plain(&media()), vec![more]].concat()
}

#[test]
fn a_real_image_says_what_other_programs_say_of_it() {
    let Some(path) = shared("data/images/ext2.E01") else { return };
    let image = read(&[fs::read(path).unwrap()]).unwrap();
    let field = |code| image.acquisition.field(code).unwrap_or_default();
    let stated = ["c", "n", "a", "e", "t", "av", "ov"].map(field);
    let expected = ["case", "evidence", "description", "examiner", "notes", "20140812", "Linux"];
    assert_eq!(stated, expected);
    // What libewf's ewfinfo and ewfverify print of this file.
    let md5 = "196066add11fb71c4c49cf1bb50d6d24";
    assert_eq!(hex(&image.stated.md5.unwrap()), md5);
    assert_eq!((hex(&image.media.md5).as_str(), image.media.size), (md5, 4_194_304));
    assert_eq!((image.is_match(), image.stated.sha1), (Some(true), None));
    assert_eq!((image.layout.chunks, image.layout.sectors_per_chunk), (128, 64));
    assert!(image.lines().contains(&"acquired: 2021-07-22T15:33:18Z".to_owned()));
}

/// Recorded, by itself and as made out of a laptop: the digests of file and media apart, what the header says sealed.
#[test]
fn a_real_image_is_recorded_with_what_it_says() {
    let Some(path) = shared("data/images/ext2.E01") else { return };
    let folder = tempfile::tempdir().unwrap();
    let office = office().1.copy_to(folder.path());
    let (bytes, path) = (fs::read(&path).unwrap(), path.to_str().unwrap());
    let laptop = format!("item:{}", office.id("laptop"));
    for parent in [&[][..], &["--parent", &laptop, "--tool", "ewfacquire"]] {
        let import = ["import", "ewf", path, "--key", "anna.key"];
        let made = office.ask(&[&import[..], parent].concat());
        assert_eq!(
            (&made["stated_digests"], &made["media"]["size"]),
            (&json!("match"), &json!(4_194_304))
        );
        assert_eq!(made["files"][0]["sha256"], sha256(&bytes).to_string());
        let shown = office.ask(&["show", made["item"].as_str().unwrap()]);
        let record = &shown["records"][0];
        let kind = if parent.is_empty() { "collect" } else { "derive" };
        assert_eq!(record["type"], kind, "{record}");
        let fields = &record["fields"];
        assert_eq!(fields["reference"], "case, evidence");
        let said = fields["acquisition"].as_str().unwrap();
        assert!(said.contains("examiner: examiner"), "{said}");
        let digests = fields["digests"].to_string();
        for digest in [&made["files"][0]["sha256"], &made["media"]["sha256"]] {
            assert!(digests.contains(digest.as_str().unwrap()), "{digests}");
        }
    }
}

/// Debian's ewf-tools, if they are there.
#[test]
fn libewf_exports_the_media_that_we_hash() {
    let Some(path) = shared("data/images/ext2.E01") else { return };
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("media");
    let mut export = Command::new("ewfexport");
    export.args(["-q", "-u", "-f", "raw", "-t"]).arg(&target).arg(&path);
    let Ok(ran) = export.output() else {
        eprintln!("SKIPPED ewf_read::libewf_exports_the_media_that_we_hash: there is no ewfexport");
        return;
    };
    assert!(ran.status.success(), "{ran:?}");
    let raw = fs::read(folder.path().join("media.raw")).unwrap();
    let image = read(&[fs::read(path).unwrap()]).unwrap();
    assert_eq!(image.media.sha256, sha256(&raw));
}

/// The other way round: libewf writes an image of three segments, which we read.
#[test]
fn segments_that_libewf_wrote_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let noise: Vec<u8> =
        (0..700_000_u64).flat_map(|at| sha256(&at.to_le_bytes()).as_ref()[..4].to_vec()).collect();
    let noise = &noise[..noise.len() / 512 * 512];
    fs::write(folder.path().join("disk.img"), noise).unwrap();
    let mut acquire = Command::new("ewfacquire");
    acquire.args("-q -u -S 1048576 -b 16 -d sha1 -C 8/2026 -E E-17 -t set disk.img".split(' '));
    let Ok(ran) = acquire.current_dir(folder.path()).output() else {
        eprintln!("SKIPPED ewf_read::segments_that_libewf_wrote_are_read: there is no ewfacquire");
        return;
    };
    assert!(ran.status.success(), "{ran:?}");
    let segment = |number| fs::read(folder.path().join(format!("set.E0{number}"))).unwrap();
    let segments = [segment(1), segment(2), segment(3)];
    let image = read(&segments).unwrap();
    assert_eq!((image.media.sha256, image.segments), (sha256(noise), 3));
    assert_eq!((image.is_match(), image.stated.sha1.is_some()), (Some(true), true));
    assert_eq!(image.acquisition.field("n"), Some("E-17"));
    let refused = read(&segments[..2]).unwrap_err();
    assert_eq!(refused.code(), "ewf/segment");
}

#[test]
fn an_image_of_ours_is_read_whole() {
    let media = media();
    let image = read_one(&plain(&media)).unwrap();
    assert_eq!((image.media.sha256, image.media.size), (sha256(&media), media.len() as u64));
    assert_eq!((image.is_match(), image.read_errors), (None, None));
    let lines = image.lines();
    assert_eq!(lines[..3], ["case number: 8/2026", "evidence number: E-17", "description: phone"]);
    assert!(lines.contains(&"md5 of the media: not stated".to_owned()), "{lines:?}");
    // The older header is read where there is no newer one: its times name no zone.
    let old = HEADER.replace("1767225600", "2026 1 1 9 5 0");
    let sections = [vec![header("header", &old)], plain(&media)[2..].to_vec()].concat();
    let lines = read_one(&sections).unwrap().lines();
    assert!(
        lines.contains(&"acquired: 2026-01-01 09:05:00, no zone stated".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn digests_that_the_file_states_are_held_against_the_media() {
    let image = read_one(&plain(&media())).unwrap();
    let (md5, sha1) = (image.media.md5, image.media.sha1);
    let hash = |md5: &[u8]| section("hash", sealed([md5, &[0; 16]].concat()));
    let digest = |sha1: &[u8]| section("digest", sealed([&md5, sha1, &[0; 40]].concat()));
    let is_match = |more| read_one(&and(more)).unwrap().is_match();
    assert_eq!(is_match(hash(&md5)), Some(true));
    assert_eq!(is_match(hash(&[1; 16])), Some(false));
    assert_eq!(is_match(hash(&[0; 16])), None);
    assert_eq!(is_match(digest(&sha1)), Some(true));
    assert_eq!(is_match(digest(&[1; 20])), Some(false));
    let lines = read_one(&and(hash(&[1; 16]))).unwrap().lines();
    let said = format!("md5 of the media: {}, mismatch, computed {}", "01".repeat(16), hex(&md5));
    assert!(lines.contains(&said), "{lines:?}");
    let both = [and(digest(&sha1)), vec![hash(&[1; 16])]].concat();
    refused(&both, "ewf/contradiction");
}

#[test]
fn what_a_record_cannot_hold_stands_escaped() {
    let text = HEADER.replace("phone", "phone\u{202e}\u{7}");
    let image = read_one(&with(header("header2", &text))).unwrap();
    assert_eq!(image.acquisition.field("a"), Some("phone\\u{202e}\\u{7}"));
}

#[test]
fn read_errors_that_the_file_states_are_counted() {
    let mut head = vec![0; 516];
    head[0] = 2;
    let list = [sealed(head.clone()), sealed(vec![1; 16])].concat();
    assert_eq!(read_one(&and(section("error2", list.clone()))).unwrap().read_errors, Some(2));
    refused(&and(section("error2", &list[..530])), "ewf/damaged");
}

#[test]
fn another_file_than_an_image_is_named() {
    let code = |bytes: &[u8]| read(&[bytes.to_vec()]).unwrap_err().code();
    assert_eq!(code(b""), "ewf/not-an-image");
    assert_eq!(code(b"in place of a photograph"), "ewf/not-an-image");
    assert_eq!(code(b"EVF2\x0d\x0a\x81\x00 and so on"), "ewf/unsupported");
    assert_eq!(code(b"LVF\x09\x0d\x0a\xff\x00\x01\x01\x00\x00\x00"), "ewf/unsupported");
    assert_eq!(code(b"EVF\x09\x0d\x0a\xff\x00\x02\x01\x00\x00\x00"), "ewf/damaged");
    refused(&and(section("ltree", "")), "ewf/unsupported");
    refused(&with(section("volume", vec![0; 94])), "ewf/unsupported");
}

#[test]
fn segments_that_are_not_those_of_one_image_are_refused() {
    let sections = plain(&media());
    let (first, rest) = sections.split_at(3);
    let files = [segment(1, first, "next"), segment(2, rest, "done")];
    assert_eq!(read(&files).unwrap().segments, 2);
    let code = |files: &[Vec<u8>]| read(files).unwrap_err().code();
    assert_eq!(code(&files[..1]), "ewf/segment");
    assert_eq!(code(&[files[1].clone()]), "ewf/segment");
    assert_eq!(code(&[files[0].clone(), files[0].clone()]), "ewf/segment");
    assert_eq!(code(&[segment(1, &sections, "done"), files[1].clone()]), "ewf/segment");
    assert_eq!(code(&[]), "ewf/limit");
    assert_eq!(code(&vec![Vec::new(); MAX_SEGMENTS + 1]), "ewf/limit");
}

#[test]
fn parts_that_are_missing_or_said_twice_are_named() {
    let sections = plain(&media());
    for name in ["volume", "sectors"] {
        let without: Vec<_> =
            sections.iter().filter(|section| section.name != name).cloned().collect();
        refused(&without, "ewf/missing");
    }
    // No header; no table; a volume alone has no chunks.
    refused(&sections[2..], "ewf/missing");
    refused(&sections[..4], "ewf/missing");
    refused(&sections[..3], "ewf/missing");
    refused(&[], "ewf/missing");
    let other = HEADER.replace("phone", "tablet");
    refused(&and(header("header2", &other)), "ewf/contradiction");
    refused(&and(Section { name: "data", ..volume(512) }), "ewf/contradiction");
    refused(&with(section("table2", vec![0; 20])), "ewf/contradiction");
}

#[test]
fn headers_that_are_not_laid_out_as_one_are_refused() {
    for text in [
        "9\nmain\nc\tn\n1\t2\n",
        "1\nsrce\nc\tn\n1\t2\n",
        "1\nmain\nc\n1\t2\n",
        "1\nmain\nc\tc\n1\t2\n",
        "1\nmain\nc\tan odd name\n1\t2\n",
        "1",
        "",
    ] {
        refused(&with(header("header2", text)), "ewf/header");
    }
    refused(&with(section("header2", image::deflate(b"no UTF-16"))), "ewf/header");
    refused(&with(section("header2", "no zlib")), "ewf/damaged");
    refused(&with(section("header2", vec![0; 70_000])), "ewf/limit");
    // A bomb: 64 KiB are decompressed and no byte more.
    refused(&with(section("header2", image::deflate(&vec![0; 50 << 20]))), "ewf/damaged");
}

#[test]
fn numbers_that_cannot_be_are_refused_before_anything_is_allocated() {
    let usual = volume(media().len()).body;
    for (at, bytes) in [
        (4, u32::MAX.to_le_bytes().to_vec()),
        (8, 0_u32.to_le_bytes().to_vec()),
        (8, u32::MAX.to_le_bytes().to_vec()),
        (12, 0_u32.to_le_bytes().to_vec()),
        (12, u32::MAX.to_le_bytes().to_vec()),
        (16, u64::MAX.to_le_bytes().to_vec()),
    ] {
        let mut body = usual[..1048].to_vec();
        body[at..at + bytes.len()].copy_from_slice(&bytes);
        refused(&with(section("volume", sealed(body))), "ewf/damaged");
    }
    // A section of 2^63 bytes, an endless chain, and one that turns back.
    let head = b"EVF\x09\x0d\x0a\xff\x00\x01\x01\x00\x00\x00".to_vec();
    let code = |next, size| {
        let descriptor = image::descriptor("header", next, size);
        read(&[[head.clone(), descriptor].concat()]).unwrap_err().code()
    };
    assert_eq!(code(1 << 63, (1 << 63) - 13), "ewf/damaged");
    assert_eq!(code(u64::MAX, u64::MAX), "ewf/damaged");
    assert_eq!(code(13, 0), "ewf/damaged");
    let many = vec![section("session", ""); 5000];
    refused(&many, "ewf/limit");
}

#[test]
fn chunks_that_are_not_where_they_should_be_are_refused() {
    let media = media();
    let parts = chunks(&media);
    let entries = &parts[1].body;
    let entry = |at: usize, value: u32| {
        let mut entries = entries.clone();
        entries[4 * at..4 * at + 4].copy_from_slice(&value.to_le_bytes());
        with(section("table", entries))
    };
    for sections in [
        // Before the sectors, behind them, a stored chunk as compressed and the other way round.
        entry(0, 75 | 1 << 31),
        entry(5, 1 << 20),
        entry(1, u32::from_le_bytes([entries[4], entries[5], entries[6], entries[7]]) | 1 << 31),
        entry(0, 76),
        // One chunk more than the volume has.
        with(section("table", [entries.clone(), entries[..4].to_vec()].concat())),
    ] {
        refused(&sections, "ewf/damaged");
    }
    refused(&with(section("table", &entries[..8])), "ewf/damaged");
    // A chunk that decompresses to more than a chunk.
    let large = image::deflate(&vec![7; image::CHUNK + 1]);
    let one = [&plain(&media)[..2], &[volume(image::CHUNK), section("sectors", large)]].concat();
    let table = section("table", (76_u32 | 1 << 31).to_le_bytes());
    refused(&[one, vec![table]].concat(), "ewf/damaged");
}

#[test]
fn every_byte_of_a_small_image_matters_or_is_not_read() {
    let file = segment(1, &plain(&media()), "done");
    let whole = read(std::slice::from_ref(&file)).unwrap();
    let mut unread = 0;
    for at in 0..file.len() {
        for mask in [0x01, 0x80, 0xff] {
            let mut changed = file.clone();
            changed[at] ^= mask;
            if let Ok(image) = read(&[changed]) {
                // The media is what it was. Only the header's two copies of the text may differ, and zlib's
                // own header has bits that say how hard somebody tried.
                assert_eq!(image, whole, "byte {at}");
                unread += 1;
            }
        }
    }
    assert!(unread < file.len() / 20, "{unread} of {}", file.len());
    for length in 0..file.len() {
        assert!(read(&[file[..length].to_vec()]).is_err(), "{length} bytes");
    }
    assert_eq!(read(&[[file, vec![0]].concat()]).unwrap_err().code(), "ewf/damaged");
}

/// Where the chunks of the real image lie. They are flipped at each sixteenth byte: every one of them costs
/// half of the media, and each was flipped once, in three minutes.
const CHUNKS: std::ops::Range<usize> = 1947..9574;

/// Bytes of the real image flipped, and the file cut there: a value or an error with a code, never a panic.
/// What still reads has the same media.
#[test]
fn every_byte_of_a_real_image_may_be_wrong() {
    let Some(path) = shared("data/images/ext2.E01") else { return };
    let file = fs::read(path).unwrap();
    let media = read(std::slice::from_ref(&file)).unwrap().media;
    let share = |from: usize| {
        let mut read_all = 0;
        let is_tried = |at: &usize| !CHUNKS.contains(at) || (at / 2).is_multiple_of(8);
        for at in (from..file.len()).step_by(2).filter(is_tried) {
            let mut changed = file.clone();
            changed[at] ^= 0xff;
            match read(&[changed]) {
                Ok(image) => {
                    assert_eq!(image.media, media, "byte {at}");
                    read_all += 1;
                }
                Err(error) => assert!(error.code().starts_with("ewf/"), "byte {at}"),
            }
            // A file that is cut is refused before its media is read through: in the chain of sections.
            assert!(read(&[file[..at].to_vec()]).is_err(), "{at} bytes");
        }
        read_all
    };
    let read_all: usize = thread::scope(|scope| {
        let workers = [scope.spawn(|| share(0)), scope.spawn(|| share(1))];
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    assert!(read_all < 200, "{read_all} of {} bytes are not read", file.len());
}
