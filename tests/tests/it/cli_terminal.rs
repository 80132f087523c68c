//! What others named cannot move the terminal of whoever runs `custody`, nor make up lines: on stdout and
//! stderr, in text and in JSON.

use std::fs;

use custody_tests::office::Office;
use custody_tests::program::{HOSTILE, Ran};
use serde_json::Value;
use tempfile::TempDir;

use crate::cli_transcripts::office;

const NAME: &str = HOSTILE[0];
const SHOWN: &str = HOSTILE[1];
/// What CBOR text may hold.
const LINES: &str = "by hand\nreceiving: nobody";
const LINES_SHOWN: &str = r"by hand\nreceiving: nobody";

fn copy() -> (TempDir, Office) {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    (folder, office)
}

#[track_caller]
fn ok(ran: Ran) -> Ran {
    assert_eq!(ran.status, 0, "{ran:?}");
    ran.plain();
    ran
}

#[test]
fn texts_in_records_stay_one_line() {
    let (_folder, office) = copy();
    let item = format!("item:{}", office.id("laptop"));
    let to = format!("custodian:{}", office.id("ben"));
    let offer = ["offer", &item, "--to", &to, "--purpose", "storage", "--key", "anna.key"];
    ok(office.run(&[&offer[..], &["--remark", LINES, "--out", "h.offer"]].concat()));
    let accepted = ok(office.run(&["accept", "h.offer", "--key", "ben.key"]));
    assert!(accepted.stderr.contains(&format!("\n  remark: {LINES_SHOWN}\n")), "{accepted:?}");
    let shown = ok(office.run(&["show", &item]));
    assert!(shown.stdout.contains(&format!("\n  remark: {LINES_SHOWN}\n")), "{shown:?}");
    let answer = office.ask(&["show", &item]);
    assert!(answer.to_string().contains(&Value::from(LINES).to_string()), "{answer}");

    ok(office.run(&["collect", "--description", LINES, "--key", "anna.key"]));
    let listed = ok(office.run(&["where"]));
    assert_eq!(listed.stdout.lines().count(), 3, "{listed:?}");
    assert!(listed.stdout.contains(LINES_SHOWN), "{listed:?}");
}

#[test]
fn names_of_evidence_are_escaped() {
    let (_folder, office) = copy();
    fs::copy(office.folder().join("disk.img"), office.folder().join(NAME)).unwrap();
    let collect = ["collect", "--description", "x", "--file", NAME, "--key", "anna.key"];
    let ran = ok(office.run(&collect));
    assert!(ran.stdout.contains(SHOWN), "{ran:?}");
    let ran = ok(office.run(&[&collect[..], &["--json"]].concat()));
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(answer["files"][0]["file"], NAME, "a program reads what is there");
    // In a record such a name cannot stand.
    let ran = office.run(&["collect", "--description", "x", "--attach", NAME, "--key", "anna.key"]);
    ran.plain();
    assert_eq!(ran.status, 2, "{ran:?}");
}

/// Agencies' cards are text that somebody sends: what a record could not hold is not shown at all.
#[test]
fn names_on_cards_are_plain() {
    let (_folder, office) = copy();
    let card = fs::read_to_string(office.folder().join("north.card")).unwrap();
    let name = "Customs\r\u{1b}[2J\u{202e}gpj\u{2028}x";
    fs::write(office.folder().join("odd.card"), card.replace("Example Customs", name)).unwrap();
    let prepare = ["init", "--prepare", "odd.offer", "--ledger", "odd", "--origin", "x.example/y"];
    let rest = ["--founder", "odd.card", "--key", "operator.key"];
    let ran = office.run(&[&prepare[..], &rest].concat());
    let expected = "`odd.card`: line 2 is not `name ..., 1 to 200 bytes of plain text`";
    assert!(ran.plain().contains(expected) && ran.status == 2, "{ran:?}");
    assert!(!office.folder().join("odd.offer").exists() && !office.folder().join("odd").exists());
}

/// Whatever of the command line, of a file's name or of its text is repeated in an error.
#[test]
fn errors_are_escaped() {
    let (_folder, office) = copy();
    fs::write(office.folder().join(NAME), "neither this\u{202e} nor that").unwrap();
    let (option, missing) = (format!("--{NAME}"), format!("missing {NAME}"));
    let collect = ["collect", "--description", "x", "--key"];
    for arguments in [
        &[NAME][..],
        &["where", &option],
        &["where", NAME],
        &["where", "--ledger", NAME],
        &["show", NAME],
        &["check", "--ledger", &missing],
        &["key", "show", NAME],
        &["key", "new", "--out", NAME],
        &["key", "show", "anna.key", "--passphrase-file", &missing],
        &["accept", NAME, "--key", "anna.key"],
        &["submit", &missing],
        &["init", "--sign", NAME, "--key", "operator.key"],
        &["agency", "enrol", NAME, "--key", "police.key"],
        &["receipt", "1", "--out", &format!("{missing}/x")],
        &["receipt", NAME, "--out", "x"],
        &["policy", "--out", NAME],
        &["publish", "--out", NAME],
        &["demo", "--out", NAME],
        &[&collect[..], &[NAME]].concat(),
        &[&collect[..], &["anna.key", "--file", &missing]].concat(),
        &[&collect[..], &["anna.key", "--occurred", NAME]].concat(),
        &[&collect[..], &["anna.key", "--kind", NAME]].concat(),
        &[&collect[..], &["anna.key", "--witness", NAME]].concat(),
    ] {
        let ran = office.run(arguments);
        let text = ran.plain();
        assert!(
            text.starts_with("error: ") && text.contains("verified: b"),
            "{arguments:?} {text}"
        );
        assert!(ran.status != 0 && ran.stdout.is_empty(), "{arguments:?} {ran:?}");
        let ran = office.run(&[&["--json"], arguments].concat());
        ran.plain();
        let json: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert!(json["error"]["message"].as_str().unwrap().contains('\u{1b}'), "{ran:?}");
    }
}
