//! What the report says that each evidence file is.

use std::fs;

use crate::exhibit_vectors::{Reader, exhibits};

/// Code and text of the line about evidence files, for a vector.
fn line(name: &str) -> (String, String) {
    let exhibits = exhibits();
    let (path, want) = exhibits.iter().find(|(path, _)| path.ends_with(name)).unwrap();
    let reader = Reader::load(path.parent().unwrap(), want);
    let report = reader.verify(&fs::read(path).unwrap()).report;
    let line = report.lines().iter().find(|line| line.id.word() == "evidence-files").unwrap();
    (line.code.clone(), line.text.clone())
}

#[test]
fn each_file_is_said_to_be_what_it_is() {
    let (image, other) = ("`evidence/image.raw` is", "`evidence/another-file.raw` is");
    let itself = format!("{image} the item itself (media digest of entry 16)");
    let none = "no file is the item itself; ";
    for (name, code, start, rows) in [
        ("happy-path.exhibit", "ok", "", itself.clone()),
        (
            "happy-path-item-beside-related.exhibit",
            "ok",
            "",
            format!("{itself}, {other} an item made from it (media digest of entry 21)"),
        ),
        ("happy-path-item-attached-too.exhibit", "ok", "", itself),
        (
            "happy-path-file-of-the-parent.exhibit",
            "evidence/related-only",
            none,
            format!("{image} an item that it was made from (media digest of entry 16)"),
        ),
        (
            "happy-path-file-made-from-the-item.exhibit",
            "evidence/related-only",
            none,
            format!("{other} an item made from it (media digest of entry 21)"),
        ),
        (
            "happy-path-file-made-from-the-parent.exhibit",
            "evidence/related-only",
            none,
            format!(
                "{other} another item made from what it was made from (media digest of entry 21)"
            ),
        ),
        (
            "happy-path-file-attached.exhibit",
            "evidence/related-only",
            none,
            format!("{other} a document attached to entry 21"),
        ),
    ] {
        let expected = (code.to_owned(), format!("{start}bit for bit as recorded: {rows}"));
        assert_eq!(line(&format!("image/{name}")), expected, "{name}");
    }
}
