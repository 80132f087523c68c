//! Every code of `custody`'s own errors at least once: provoked on the command line where that is possible, in
//! the library where it is not, and where nothing can provoke it held as a value. `docs_commands` counts them.

use std::fs;

use custody_api::check_words::{format_check_words, parse_check_words};
use custody_api::ewf::EwfError;
use custody_api::failure::{Ending, Failure};
use custody_api::key_file::KeyFileError;
use custody_api::moment::Moment;
use custody_api::passphrase::PassphraseError;
use custody_api::print::PrintError;
use custody_api::qr::QrError;
use custody_core::hash::sha256;
use custody_core::merkle::TreeSize;
use custody_log::store::{Refusal, StoreError, Table};
use custody_log::{FatalError, GenesisError, Ledger, LedgerOptions};
use custody_tests::office::{Office, names};
use custody_tests::program;
use custody_tests::world::{Scene, World};
use serde_json::Value;
use tempfile::TempDir;

use crate::cli_transcripts::office;

/// Runs a command that must fail with `code`, says so in one line, and leaves nothing behind.
#[track_caller]
fn fails(office: &Office, arguments: &[&str], code: &str) {
    let before = names(office.folder());
    let ran = office.run(&[arguments, &["--json"]].concat());
    let json: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
    assert_eq!(json["error"]["code"], code, "{arguments:?}: {ran:?}");
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert!(lines[0].starts_with("error: "), "{ran:?}");
    let is_hint = lines.len() == 1 || (lines.len() == 2 && lines[1].starts_with("hint: "));
    assert!(is_hint && [1, 2].contains(&ran.status), "{ran:?}");
    assert_eq!(names(office.folder()), before, "{arguments:?} left something behind");
}

#[test]
fn codes_that_words_and_files_provoke() {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let write = |name: &str, bytes: &[u8]| fs::write(office.folder().join(name), bytes).unwrap();
    write("empty.txt", b"");
    write("large.card", &[b'x'; 5000]);
    let laptop = format!("item:{}", office.id("laptop"));
    let ben = format!("custodian:{}", office.id("ben"));
    let offer = ["offer", &laptop, "--to", &ben, "--purpose", "storage", "--key", "anna.key"];
    let digest = sha256(b"no record").to_string();
    let show = |file| ["key", "show", "anna.key", "--passphrase-file", file];
    for (arguments, code) in [
        (&["frobnicate"][..], "usage"),
        (&[&offer[..], &[&laptop, "--out", "h.offer"]].concat(), "act/twice"),
        (&["agency", "enrol", "photo.jpg", "--key", "police.key"], "agency-card/line"),
        (&["agency", "enrol", "large.card", "--key", "police.key"], "file/oversize"),
        (&["agency", "enrol", "nothing.card", "--key", "police.key"], "file/io"),
        (&["key", "new", "--out", "anna.key"], "file/exists"),
        (&["demo", "--out", "ledger"], "file/exists"),
        (&["key", "show", "photo.jpg"], "key-file/not-a-key"),
        (&show("wrong.txt"), "key-file/passphrase"),
        (&show("empty.txt"), "passphrase/empty"),
        (&["show", "xyz"], "id/malformed"),
        (&["show", "ffffffff"], "id/unknown"),
        // The agencies' ids begin with zeros: see the office.
        (&["custodian", "list", "--agency", "0000"], "id/ambiguous"),
        (&["receipt", "99", "--out", "r"], "read/no-entry"),
        (&["receipt", &digest, "--out", "r"], "read/no-record"),
        (&["publish", "--out", "disk.img"], "publish/io"),
        (&["accept", "photo.jpg", "--key", "ben.key", "--out", "x"], "offer/not-an-offer"),
        (&["accept", "--scanned", "photo.jpg", "--key", "ben.key"], "offer-part/line"),
        (&[&["label", "--out", "x.svg"][..], &[laptop.as_str(); 25]].concat(), "print/pages"),
        (&["where", "--ledger", "nowhere"], "store-missing"),
    ] {
        fails(&office, arguments, code);
    }
}

#[test]
fn codes_that_offers_provoke() {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let laptop = format!("item:{}", office.id("laptop"));
    let ben = format!("custodian:{}", office.id("ben"));
    let offer = ["offer", &laptop, "--to", &ben, "--purpose", "storage", "--key", "anna.key"];
    office.ask(&[&offer[..], &["--with-key", "ben.key", "--out", "h.offer"]].concat());
    let accept = ["accept", "h.offer", "--key", "ben.key"];
    fails(&office, &accept, "offer/complete");
    office.ask(&["submit", "h.offer"]);
    fails(&office, &accept, "offer/recorded");
}

#[test]
fn codes_that_handling_and_disclosures_provoke() {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let item = |name: &str| format!("item:{}", office.id(name));
    let (laptop, image) = (item("laptop"), item("image"));
    let rest = ["--for", "x", "--purpose", "x", "--out", "x.exhibit", "--key", "anna.key"];
    let export = [&["export", &laptop], &rest[..]].concat();
    office.ask(&export);
    let disclose = |item: &str, exhibit: &str, code: &str| {
        let words =
            ["disclose", item, "--exhibit", exhibit, "--recipient", "x", "--basis", "police"];
        fails(&office, &[&words[..], &["--key", "anna.key"]].concat(), code);
    };
    disclose(&image, "x.exhibit", "disclose/other-item");
    // The same ledger to all appearances, which went on elsewhere.
    let elsewhere = TempDir::new().unwrap();
    let other = office.copy_to(elsewhere.path());
    other.ask(&["note", &laptop, "--text", "x", "--key", "anna.key"]);
    let export_again = [&["export", &laptop], &rest[..4], &["--out", "y.exhibit"], &rest[6..]];
    other.ask(&export_again.concat());
    fs::copy(other.folder().join("y.exhibit"), office.folder().join("y.exhibit")).unwrap();
    office.ask(&["note", &laptop, "--text", "y", "--key", "anna.key"]);
    disclose(&laptop, "y.exhibit", "disclose/other-ledger");
    office.ask(&["handling", &laptop, "--code", "H1", "--key", "anna.key"]);
    let court = [&export_again.concat()[..], &["--recipient-kind", "court"]].concat();
    fs::remove_file(office.folder().join("y.exhibit")).unwrap();
    fails(&office, &court, "handling/permission-needed");
    // A permission that has ended is none, and keeps no other one from counting.
    let cora = format!("custodian:{}", office.id("cora"));
    let permit = |more: &[&str]| {
        let words =
            ["permit", &laptop, "--use", "evidence", "--recipient", "x", "--authority", "x"];
        let keys = ["--supervisor", &cora, "--key", "anna.key", "--with-key", "cora.key"];
        office.ask(&[&words[..], &keys, more].concat())["record"].as_str().unwrap().to_owned()
    };
    let old = permit(&["--until", "2026-01-01T00:00:00Z"]);
    let new = permit(&[]);
    let named = |record| [&court[..], &["--permission", record]].concat();
    fails(&office, &named(&old), "handling/permission-needed");
    office.ask(&[&named(&old)[..], &["--permission", &new]].concat());
}

/// Two ledgers that go on from one copy, as nobody should let them.
#[test]
fn codes_that_checkpoints_provoke() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (one, two) = (office().1.copy_to(folder.path()), office().1.copy_to(other.path()));
    let note = |office: &Office| {
        let item = format!("item:{}", office.id("laptop"));
        office.ask(&["note", &item, "--text", "x", "--key", "anna.key"]);
    };
    note(&one);
    one.ask(&["publish", "--out", "tiles"]);
    fs::copy(one.folder().join("tiles/checkpoint"), two.folder().join("newer")).unwrap();
    let item = format!("item:{}", two.id("laptop"));
    let export = ["export", &item, "--for", "x", "--purpose", "x", "--out", "x.exhibit"];
    let since = [&export[..], &["--key", "anna.key", "--since", "newer"]].concat();
    fails(&two, &since, "consistency/newer");
    note(&two);
    fails(&two, &since, "consistency/root-mismatch");
}

#[test]
fn codes_that_a_damaged_vault_provokes() {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let item = format!("item:{}", office.id("laptop"));
    let shown = office.ask(&["show", &item]);
    let digest = shown["records"][0]["record"].as_str().unwrap().to_owned();
    let shelf = office.folder().join("ledger/vault").join(&digest[..2]);
    let path = shelf.join(format!("{digest}.openings"));
    fs::write(&path, "no openings").unwrap();
    fails(&office, &["show", &item], "vault/malformed");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    fails(&office, &["show", &item], "vault/io");
}

/// Only where there is no terminal at all: a session of its own has none.
#[test]
fn nobody_to_ask_for_a_passphrase() {
    let (_, office) = office();
    let custody = program::path_of("custody");
    let mut command = std::process::Command::new("setsid");
    command.arg("--wait").arg(custody).args(["key", "show", "anna.key", "--json"]);
    command.current_dir(office.folder()).env_remove("CUSTODY_PASSPHRASE_FILE");
    command.env_remove("CUSTODY_LEDGER").stdin(std::process::Stdio::null());
    let Ok(ran) = command.output() else {
        eprintln!("SKIPPED cli_codes::nobody_to_ask_for_a_passphrase: there is no setsid");
        return;
    };
    let json: Value = serde_json::from_slice(&ran.stdout).unwrap_or_default();
    assert_eq!(json["error"]["code"], "passphrase/no-terminal", "{ran:?}");
}

#[test]
fn codes_of_check_words() {
    let digest = sha256(b"a key");
    let words = format_check_words(&digest);
    let code = |words: &[String]| parse_check_words(&words.join(" ")).unwrap_err().code();
    assert_eq!(parse_check_words(&words.join(" ")), Ok(digest));
    assert_eq!(code(&words[..16]), "check-words/count");
    let with = |at: usize, word: &str| {
        let mut words = words.clone();
        words[at] = word.to_owned();
        words
    };
    assert_eq!(code(&with(3, "hello")), "check-words/word");
    let misheard = if words[3] == "babab" { "badab" } else { "babab" };
    assert_eq!(code(&with(3, misheard)), "check-words/checksum");
    let failure = Failure::from(parse_check_words("babab").unwrap_err());
    assert_eq!((failure.code(), failure.ending()), ("check-words/count", Ending::Rejected));
}

#[test]
fn codes_that_the_library_provokes() {
    let dir = TempDir::new().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 1);
    assert_eq!(scene.open().err().unwrap().code(), "store-in-use");
    let reader = ledger.reader().unwrap();
    assert_eq!(reader.consistency_proof(TreeSize(99)).unwrap_err().code(), "read/prove");
    drop(reader);

    // The folder in which openings wait is in the way.
    let pending = dir.path().join("vault/pending");
    fs::remove_dir_all(&pending).unwrap();
    let (record, openings) = scene.world.note(0, 0);
    let refused = ledger.submit(record, openings).unwrap_err();
    assert_eq!(refused.code(), "vault/io");
    drop(ledger);

    // A directory cannot be made below a file.
    let mut world = World::new("ledger.example/other", 1);
    let founding = world.founding();
    let below = LedgerOptions::new(dir.path().join("high-water/ledger"));
    let refused = Ledger::create(below, world.log_keys(), founding).err().unwrap();
    assert_eq!(refused.code(), "ledger/io");
}

/// What no input provokes: a mistake of ours, a disk that fails, two passphrases typed at a terminal. The codes
/// are part of the interface all the same. Two more stand in unit tests, beside the libraries that they need.
#[test]
fn codes_that_nothing_provokes() {
    let what = || "a key".to_owned();
    assert_eq!(KeyFileError::Make { reason: what() }.code(), "key-file/make");
    assert_eq!(PassphraseError::Unequal { what: what() }.code(), "passphrase/unequal");
    assert_eq!("tomorrow".parse::<Moment>().unwrap_err().code(), "time/malformed");
    let source = std::io::Error::other("the disk");
    assert_eq!(EwfError::Io { segment: 1, source }.code(), "ewf/io");
    assert_eq!(GenesisError::Origin.code(), "genesis/origin");
    assert_eq!(FatalError::Closed.code(), "ledger/closed");
    assert_eq!(StoreError::Refused(Refusal::EmptyKey).code(), "store-refused");
    let (table, key, source) = (Table::Entry, Vec::new(), "the disk".into());
    assert_eq!(StoreError::Read { table, key, source }.code(), "store-read");
    assert_eq!(Failure::could_not("internal", "a mistake").code(), "internal");
    assert_eq!(PrintError::Draw { reason: what() }.code(), "print/draw");
    assert_eq!(QrError::Oversize { bytes: 9999 }.code(), "qr/oversize");
}
