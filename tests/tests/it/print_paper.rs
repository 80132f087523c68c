//! What is printed, read by eyes that are not ours: SVG drawn by resvg, PDF by poppler, QR codes read by
//! rqrr and zbar.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use custody_api::offer_part::{format_parts, parse_parts};
use custody_tests::office::Office;
use custody_tests::program;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use rqrr::PreparedImage;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli_transcripts::office;

/// Dots of an inch at which pages are drawn, one after the other, as somebody moves a camera.
const SCALES: [u32; 2] = [300, 200];

/// A picture: width and the grey of each dot.
pub struct Picture(pub usize, pub Vec<u8>);

fn skip(test: &str, reason: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED print_paper::{test}: {reason}");
}

pub fn draw_svg(bytes: &[u8], dpi: u32) -> Picture {
    let tree = Tree::from_data(bytes, &Options::default()).unwrap();
    // The picture states its size in millimetres, which are 96 dots to the inch.
    let scale = dpi as f32 / 96.0;
    let side = |length: f32| (length * scale).ceil() as u32;
    let mut dots = Pixmap::new(side(tree.size().width()), side(tree.size().height())).unwrap();
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut dots.as_mut());
    Picture(dots.width() as usize, dots.pixels().iter().map(|dot| dot.red()).collect())
}

/// The pages of a PDF, as poppler draws them; `None` where there is no poppler.
fn draw_pdf(path: &Path, dpi: u32) -> Option<Vec<PathBuf>> {
    let folder = path.with_extension(dpi.to_string());
    fs::create_dir(&folder).unwrap();
    let mut command = Command::new("pdftoppm");
    command.args(["-gray", "-r", &dpi.to_string()]).arg(path).arg(folder.join("page"));
    let ran = command.output().ok()?;
    assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
    let files = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    Some(files)
}

/// A grey picture in the format PGM: `P5`, width, height, 255, dots.
fn read_pgm(path: &Path) -> Picture {
    let bytes = fs::read(path).unwrap();
    let mut fields = bytes.split(|byte| byte.is_ascii_whitespace());
    assert_eq!(fields.next(), Some(&b"P5"[..]));
    let mut number = || std::str::from_utf8(fields.next().unwrap()).unwrap().parse().unwrap();
    let (width, height, _): (usize, usize, usize) = (number(), number(), number());
    Picture(width, bytes[bytes.len() - width * height..].to_vec())
}

/// The texts of the QR codes of a picture that rqrr or zbar reads. Codes correct errors, or are not read at
/// all; rqrr alone does not read one in some hundred of the large ones.
fn read_codes(picture: &Picture) -> BTreeSet<String> {
    let Picture(width, dots) = picture;
    let grey = |x, y| dots[y * width + x];
    let mut prepared = PreparedImage::prepare_from_greyscale(*width, dots.len() / width, grey);
    let grids = prepared.detect_grids();
    let mut texts: BTreeSet<_> =
        grids.iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect();
    assert!(!texts.is_empty(), "rqrr reads nothing");
    texts.extend(read_with_zbar(picture).unwrap_or_default());
    texts
}

/// The texts of the QR codes of an SVG, each once.
fn codes_of_svg(bytes: &[u8]) -> Vec<String> {
    let codes = SCALES.iter().flat_map(|dpi| read_codes(&draw_svg(bytes, *dpi)));
    codes.collect::<BTreeSet<_>>().into_iter().collect()
}

/// As [`codes_of_svg`], for a PDF of so many pages; `None` where there is no poppler.
fn codes_of_pdf(path: &Path, pages: usize) -> Option<Vec<String>> {
    let mut codes = BTreeSet::new();
    for dpi in SCALES {
        let drawn = draw_pdf(path, dpi)?;
        assert_eq!(drawn.len(), pages);
        codes.extend(drawn.iter().flat_map(|page| read_codes(&read_pgm(page))));
    }
    Some(codes.into_iter().collect())
}

/// The same by zbar; `None` where there is none.
fn read_with_zbar(Picture(width, dots): &Picture) -> Option<Vec<String>> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("page.pgm");
    let head = format!("P5\n{width} {}\n255\n", dots.len() / width);
    fs::write(&path, [head.as_bytes(), dots].concat()).unwrap();
    let mut command = Command::new("zbarimg");
    let ran = command.args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"]).arg(path).output();
    let text = String::from_utf8(ran.ok()?.stdout).unwrap();
    Some(text.lines().map(str::to_owned).collect())
}

fn has_zbar() -> bool {
    Command::new("zbarimg").arg("--version").output().is_ok()
}

fn copy_office() -> (TempDir, Office) {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    (folder, office)
}

fn item(office: &Office, name: &str) -> String {
    format!("item:{}", office.id(name))
}

/// Hands the laptop to Ben with a remark of this length, as an offer and as codes in `codes`.
fn offer(office: &Office, length: usize, codes: &str) -> Value {
    let (laptop, ben) = (item(office, "laptop"), format!("custodian:{}", office.id("ben")));
    let act = ["offer", &laptop, "--to", &ben, "--purpose", "storage", "--key", "anna.key"];
    let remark = "x".repeat(length);
    let rest = ["--remark", &remark, "--out", "h.offer", "--qr", codes];
    office.ask(&[&act[..], &rest[..]].concat())
}

#[test]
fn labels_can_be_scanned() {
    let (_folder, office) = copy_office();
    let (laptop, image) = (item(&office, "laptop"), item(&office, "image"));
    let label = ["label", &laptop, &image, "--with-description", "--out"];
    office.ask(&[&label[..], &["labels.svg", "--skip", "22"]].concat());
    let mut expected = vec![laptop.clone(), image.clone()];
    expected.sort();
    let svg = fs::read(office.folder().join("labels.svg")).unwrap();
    assert_eq!(codes_of_svg(&svg), expected);
    let text = String::from_utf8(svg).unwrap();
    for word in ["laptop, grey", "disk image", "police.example/evidence", ">TRAINING"] {
        assert_eq!(text.contains(word), word != ">TRAINING", "{word}");
    }

    office.ask(&[&label[..], &["labels.pdf", "--sheet", "single"]].concat());
    let Some(texts) = codes_of_pdf(&office.folder().join("labels.pdf"), 2) else {
        return skip("labels_can_be_scanned", "there is no pdftoppm");
    };
    assert_eq!(texts, expected);
}

/// A description is anybody's words: it must neither break the page nor become a part of it.
#[test]
fn words_stay_words() {
    let (_folder, office) = copy_office();
    let words = r#"<script>"&'</text> 広 µm"#;
    let collected = office.ask(&["collect", "--description", words, "--key", "anna.key"]);
    let item = collected["item"].as_str().unwrap();
    let label = ["label", item, "--with-description", "--sheet", "single", "--out"];
    for name in ["label.svg", "label.pdf"] {
        office.ask(&[&label[..], &[name]].concat());
    }
    let svg = fs::read(office.folder().join("label.svg")).unwrap();
    assert_eq!(codes_of_svg(&svg), [item]);
    let text = String::from_utf8(svg).unwrap();
    assert!(text.contains("&lt;script&gt;&quot;&amp;") && !text.contains("<script"), "{text}");
    assert!(text.contains(r"\u{5e83}") && text.contains("µm"), "{text}");
    let mut command = Command::new("pdftotext");
    let Ok(ran) = command.arg(office.folder().join("label.pdf")).arg("-").output() else {
        return skip("words_stay_words", "there is no pdftotext");
    };
    let read = String::from_utf8(ran.stdout).unwrap();
    assert!(read.contains("<script>\"&'") && read.contains(r"\u{5e83}"), "{read}");
}

#[test]
fn the_same_is_printed_with_the_same_bytes() {
    let (_folder, office) = copy_office();
    let laptop = item(&office, "laptop");
    let read = |name: &str| fs::read(office.folder().join(name)).unwrap();
    for ending in ["svg", "pdf"] {
        let names = ["one", "two"].map(|name| format!("{name}.{ending}"));
        for name in &names {
            office.ask(&["label", &laptop, "--with-description", "--out", name]);
            office.ask(&["receipt", "5", "--print", &format!("r-{name}")]);
        }
        let [one, two] = &names;
        assert_eq!(read(one), read(two), "{ending}");
        assert_eq!(read(&format!("r-{one}")), read(&format!("r-{two}")), "{ending}");
        assert!(read(one) != read(&format!("r-{one}")) && read(one).len() > 1000);
    }
}

#[test]
fn an_offer_travels_as_a_picture() {
    if !has_zbar() {
        return skip("an_offer_travels_as_a_picture", "there is no zbarimg");
    }
    let (_folder, office) = copy_office();
    let answer = offer(&office, 300, "h.svg");
    let file = fs::read(office.folder().join("h.offer")).unwrap();
    let codes = codes_of_svg(&fs::read(office.folder().join("h.svg")).unwrap());
    assert!(codes.len() > 1 && answer["codes"]["parts"] == codes.len(), "{answer}");
    // In any order, twice, with what scanners add.
    let again = codes.iter().rev().map(|code| format!("  {code}\r\n\r\n"));
    let scanned: String = again.chain(codes.iter().map(|code| format!("{code}\n"))).collect();
    assert_eq!(parse_parts(&scanned).unwrap(), file);

    // Every command that takes an offer file takes the text in its place.
    fs::write(office.folder().join("plain.txt"), codes.join("\n")).unwrap();
    let refused = office.ask(&["refuse", "plain.txt", "--ground", "seal", "--key", "ben.key"]);
    assert_eq!(refused["items"][0], item(&office, "laptop"));

    fs::write(office.folder().join("scanned.txt"), scanned).unwrap();
    let accept = ["accept", "--scanned", "scanned.txt", "--key", "ben.key", "--checked", "seal"];
    let accepted =
        office.ask(&[&accept[..], &["--out", "both.offer", "--qr", "both.svg"]].concat());
    assert_eq!(accepted["next_signer"], Value::Null);
    let both = codes_of_svg(&fs::read(office.folder().join("both.svg")).unwrap());
    fs::write(office.folder().join("both.txt"), both.join("\n")).unwrap();
    let first = office.ask(&["submit", "--scanned", "both.txt"]);
    let second = office.ask(&["submit", "both.offer"]);
    assert_eq!((&first["was_known"], &second["was_known"]), (&false.into(), &true.into()));
    assert_eq!(first["record"], second["record"]);
}

/// The largest remark there is: sixteen kilobytes, on seven pages.
#[test]
fn a_large_offer_travels_on_paper() {
    let test = "a_large_offer_travels_on_paper";
    if !has_zbar() {
        return skip(test, "there is no zbarimg");
    }
    let (_folder, office) = copy_office();
    let answer = offer(&office, 16_000, "h.pdf");
    let file = fs::read(office.folder().join("h.offer")).unwrap();
    let path = office.folder().join("h.pdf");
    let count = file.len().div_ceil(400);
    assert!(count > 40 && answer["codes"]["parts"] == count, "{answer}");
    let Some(codes) = codes_of_pdf(&path, count.div_ceil(6)) else {
        return skip(test, "there is no pdftoppm");
    };
    assert_eq!(codes.len(), count);
    assert_eq!(parse_parts(&codes.join("\n")).unwrap(), file);
}

#[test]
fn a_receipt_says_what_it_is_about_and_what_it_is_worth() {
    let (_folder, office) = copy_office();
    let (laptop, ben) = (item(&office, "laptop"), format!("custodian:{}", office.id("ben")));
    let act = ["offer", &laptop, "--to", &ben, "--purpose", "storage", "--key", "anna.key"];
    let found = ["--checked", "seal", "--outcome", &format!("{laptop}=discrepancy")];
    let done = office.ask(&[&act[..], &["--with-key", "ben.key"], &found].concat());
    let (entry, digest) = (done["entry"].to_string(), done["record"].as_str().unwrap());
    office.ask(&["receipt", &entry, "--print", "r.svg", "--with-description"]);
    let svg = fs::read(office.folder().join("r.svg")).unwrap();
    assert_eq!(codes_of_svg(&svg), [digest]);
    let text = String::from_utf8(svg).unwrap();
    for expected in [
        "from: Anna Berg (Example Police, NL)",
        "to: Ben Roth (Example Laboratory, DE)",
        &format!("{laptop}: discrepancy"),
        "laptop, grey",
        "looked at: seal",
        &format!("entry: {entry}"),
        "Signed digitally by",
        "proves nothing by itself",
        "happened, as claimed: ",
        "recorded, by the log",
        digest,
    ] {
        assert!(text.contains(expected), "{expected}");
    }
    for pen in ["anna.key", "ben.key"] {
        let key = office.ask(&["key", "show", pen]);
        let thumbprint = key["thumbprint"].as_str().unwrap();
        assert!(text.contains(&format!("key {thumbprint}")), "{pen}");
    }
    // Without the option nobody who passes reads what it is.
    office.ask(&["receipt", &entry, "--print", "closed.svg"]);
    let closed = fs::read_to_string(office.folder().join("closed.svg")).unwrap();
    assert!(!closed.contains("laptop, grey"));
}

#[test]
fn every_change_of_a_part_is_noticed() {
    let file: Vec<u8> = (0..900_u32).map(|number| (number * 7 % 251) as u8).collect();
    let parts = format_parts(&file).unwrap();
    assert_eq!(parts.len(), 3);
    assert_eq!(parse_parts(&parts.join("\n")).unwrap(), file);
    let last = parts[2].clone();
    for at in 0..last.len() {
        for other in ['A', '7', '1', '-', '/', 'x', 'é'] {
            let changed: String =
                last.chars().enumerate().map(|(i, c)| if i == at { other } else { c }).collect();
            if changed != last {
                let text = [&parts[0], &parts[1], &changed].map(String::as_str).join("\n");
                assert!(parse_parts(&text).is_err(), "{at} {other}");
            }
        }
    }
}

#[test]
fn parts_that_do_not_fit_have_their_codes() {
    let file: Vec<u8> = (0..900_u32).map(|number| (number % 251) as u8).collect();
    let parts = format_parts(&file).unwrap();
    let other = format_parts(&[file.as_slice(), b"x"].concat()).unwrap();
    let code = |lines: &[&str]| parse_parts(&lines.join("\n")).unwrap_err().code();
    let [one, two, three] = [&parts[0], &parts[1], &parts[2]].map(String::as_str);
    assert_eq!(code(&[one, three]), "offer-part/missing");
    let error = parse_parts(two).unwrap_err();
    assert_eq!(error.to_string(), "parts 1, 3 of 3 are missing");
    assert_eq!(code(&[one, two, &other[2]]), "offer-part/mixed");
    // The third part of the one under the name of the other: what it stands beside gives it away.
    let forged = three.replace("/3/3/", "/2/3/");
    assert_eq!(code(&[&forged]), "offer-part/line");
    let swapped = [one.replace("/1/3/", "/2/3/"), two.replace("/2/3/", "/1/3/")];
    assert_eq!(code(&[&swapped[0], &swapped[1], three]), "offer-part/digest");
    assert_eq!(code(&[one, &swapped[1]]), "offer-part/mixed");
    for wrong in ["", "CUSTODY-OFFER-1/", &one.replace("OFFER-1", "OFFER-2"), &one.to_lowercase()] {
        assert_eq!(code(&[wrong]), "offer-part/line");
    }
    for wrong in ["/0/3/", "/4/3/", "/01/3/", "/1/100/", "/1/+3/", "/1/1/"] {
        let result = parse_parts(&one.replace("/1/3/", wrong)).unwrap_err().code();
        let expected = if wrong == "/1/1/" { "offer-part/digest" } else { "offer-part/line" };
        assert_eq!(result, expected, "{wrong}");
    }
    assert_eq!(code(&[&format!("{one}A")]), "offer-part/line");
    assert_eq!(code(&[&one[..one.len() - 1]]), "offer-part/line");
    let whole = format_parts(&vec![7; 39_600]).unwrap();
    assert_eq!((whole.len(), parse_parts(&whole.join("\n")).unwrap()), (99, vec![7; 39_600]));
    assert_eq!(format_parts(&vec![7; 39_601]).unwrap_err().code(), "offer-part/oversize");
}

#[test]
fn paper_of_a_training_ledger_says_so() {
    let folder = TempDir::new().unwrap();
    let run = |arguments: &[&str]| {
        let ran = program::run("custody", folder.path(), arguments, "");
        assert_eq!(ran.status, 0, "{ran:?}");
        ran.stdout
    };
    let demo: Value = serde_json::from_str(&run(&["demo", "--out", "demo", "--json"])).unwrap();
    let item = demo["item"].as_str().unwrap();
    run(&["label", item, "--out", "label.svg", "--ledger", "demo/ledger"]);
    run(&["receipt", "40", "--print", "page.svg", "--ledger", "demo/ledger"]);
    for file in ["label.svg", "page.svg"] {
        let text = fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(text.contains(">TRAINING - NOT EVIDENCE<"), "{file}");
    }
}
