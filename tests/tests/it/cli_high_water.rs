//! A high-water mark on another disk, as an operator has it: found by every command, and ahead of a
//! directory that was restored whole.

use std::fs;

use custody_tests::office::{Office, copy, names};
use custody_tests::program::Ran;
use custody_tests::served::Served;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli_backup::files;
use crate::cli_transcripts::office;

/// An office whose ledger keeps its mark in a folder of its own, which stands for another disk.
fn with_mark_elsewhere() -> (TempDir, Office, TempDir) {
    let (folder, disk) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let office = office().1.copy_to(folder.path());
    let mark = disk.path().join("mark");
    let answer = office.ask(&["high-water", "--move", mark.to_str().unwrap()]);
    assert_eq!(answer["mark"], Value::from(mark.canonicalize().unwrap().to_str().unwrap()));
    (folder, office, disk)
}

fn note(office: &Office) -> Value {
    let item = format!("item:{}", office.id("laptop"));
    office.ask(&["note", &item, "--text", "x", "--key", "anna.key"])
}

#[track_caller]
fn assert_refused(ran: &Ran, code: &str) {
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.status, &json["error"]["code"]), (2, &Value::from(code)), "{ran:?}");
    assert_eq!(ran.stderr.matches("error: ").count(), 1, "{ran:?}");
    assert!(ran.stderr.contains("\nhint: "), "{ran:?}");
}

/// Both would acknowledge records under the same numbers, and each would find the mark where it expects it.
#[test]
fn two_copies_of_a_ledger_are_not_served_at_a_time() {
    let (_folder, office, _disk) = with_mark_elsewhere();
    copy(&office.folder().join("ledger"), &office.folder().join("copy"));
    let served = Served::start(office.folder(), "ledger", &[]);
    let item = format!("item:{}", office.id("laptop"));
    let words = ["note", &item, "--text", "x", "--key", "anna.key", "--ledger", "copy", "--json"];
    assert_refused(&office.run(&words), "high-water-in-use");
    // Nor is the mark moved away from under the one that is served.
    let away = ["high-water", "--move", "elsewhere", "--ledger", "copy", "--json"];
    assert_refused(&office.run(&away), "high-water-in-use");
    // Whoever only looks keeps nobody out, and is not kept out.
    office.ask(&["where", "--ledger", "copy"]);
    served.stop();
    assert!(office.ask(&words[..8])["entry"].is_u64());
}

/// An end of the journal that a crash tore off may be all that is left of a record.
#[test]
fn looking_whether_a_ledger_can_be_served_changes_nothing_of_it() {
    let (_folder, office, disk) = with_mark_elsewhere();
    note(&office);
    let ledger = office.folder().join("ledger");
    let bytes = || {
        let all = [&ledger, disk.path()].map(|folder| {
            files(folder)
                .into_iter()
                .map(|file| fs::read(folder.join(file)).unwrap())
                .collect::<Vec<_>>()
        });
        (names(&ledger.join("store")), all)
    };
    let before = bytes();
    let looked = office.run(&["serve", "--check"]);
    assert_eq!(looked.status, 0, "{looked:?}");
    assert!(before == bytes(), "a look changed something");
    let journal = files(&ledger.join("store"))
        .into_iter()
        .find(|file| file.extension().is_some_and(|e| e == "log"));
    let journal =
        fs::File::options().write(true).open(ledger.join("store").join(journal.unwrap())).unwrap();
    journal.set_len(journal.metadata().unwrap().len() - 100).unwrap();
    let before = bytes();
    assert_refused(&office.run(&["serve", "--check", "--json"]), "recovery/mark-ahead");
    assert!(before == bytes(), "a look changed something");
}

/// A crash in the middle of a commit is told once, to whoever opens the ledger next.
#[test]
fn a_journal_that_was_cut_short_is_told() {
    let (_folder, office, _disk) = with_mark_elsewhere();
    note(&office);
    let store = office.folder().join("ledger/store");
    let journal = files(&store).into_iter().filter(|file| file.extension() == Some("log".as_ref()));
    let journal = store.join(journal.max().unwrap());
    let mut bytes = fs::read(&journal).unwrap();
    let whole = bytes.len();
    // Less than a record's head.
    bytes.extend([1, 2, 3]);
    fs::write(&journal, bytes).unwrap();
    let item = format!("item:{}", office.id("laptop"));
    let words = ["note", &item, "--text", "x", "--key", "anna.key"];
    let told = format!("{}` at byte {whole};", journal.file_name().unwrap().to_str().unwrap());
    let [first, second] = [0, 1].map(|_| office.run(&words));
    assert_eq!((first.status, second.status), (0, 0), "{first:?} {second:?}");
    assert!(first.stderr.contains(&told), "{first:?}");
    assert!(!second.stderr.contains("journal"), "{second:?}");
    assert_eq!(office.run(&["check"]).status, 0);
}

#[test]
fn a_directory_that_was_restored_whole_is_refused() {
    let (_folder, office, disk) = with_mark_elsewhere();
    let ledger = office.folder().join("ledger");
    let backup = office.folder().join("backup");
    copy(&ledger, &backup);
    note(&office);
    let mark = fs::read(disk.path().join("mark")).unwrap();
    assert!(!ledger.join("high-water").exists());
    let kept = office.folder().join("kept");
    fs::rename(&ledger, &kept).unwrap();
    copy(&backup, &ledger);
    let item = format!("item:{}", office.id("laptop"));
    for command in [
        &["where", "--json"][..],
        &["high-water", "--json"],
        &["publish", "--out", "tiles", "--json"],
        &["note", &item, "--text", "y", "--key", "anna.key", "--json"],
        &["high-water", "--move", "mark", "--json"],
    ] {
        assert_refused(&office.run(command), "recovery/mark-ahead");
    }
    assert_eq!(fs::read(disk.path().join("mark")).unwrap(), mark, "nothing moved it");
    let checked = office.run(&["check"]);
    assert_eq!((checked.status, checked.stderr.as_str()), (1, ""), "{checked:?}");
    let lines: Vec<_> = checked.stdout.lines().collect();
    assert!(lines[0].starts_with("recovery/mark-ahead: expected size 8 root "), "{checked:?}");
    assert!(lines[1].starts_with("apart from that sound: 7 entries, "), "{checked:?}");
    // The store that it was acknowledged with is taken again.
    fs::remove_dir_all(&ledger).unwrap();
    fs::rename(&kept, &ledger).unwrap();
    office.ask(&["check"]);
}

/// What OPERATING warns of: a copy from before the mark was moved knows nothing of the other place.
#[test]
fn a_directory_from_before_the_move_has_its_own_mark() {
    let (folder, disk) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let office = office().1.copy_to(folder.path());
    let ledger = office.folder().join("ledger");
    let backup = office.folder().join("backup");
    copy(&ledger, &backup);
    office.ask(&["high-water", "--move", disk.path().join("mark").to_str().unwrap()]);
    let place = fs::read(ledger.join("high-water.path")).unwrap();
    note(&office);
    fs::remove_dir_all(&ledger).unwrap();
    copy(&backup, &ledger);
    office.ask(&["check"]);
    // With the place put back, it is noticed.
    fs::write(ledger.join("high-water.path"), place).unwrap();
    assert_refused(&office.run(&["where", "--json"]), "recovery/mark-ahead");
}

#[test]
fn a_mark_whose_disk_is_away_stops_every_command() {
    let (_folder, office, disk) = with_mark_elsewhere();
    let (mark, away) = (disk.path().join("mark"), disk.path().join("away"));
    let refused = |code| assert_refused(&office.run(&["where", "--json"]), code);
    fs::rename(&mark, &away).unwrap();
    refused("recovery/mark-missing");
    let named = office.run(&["where"]);
    assert!(named.stderr.contains(&mark.display().to_string()), "{named:?}");
    fs::create_dir(&mark).unwrap();
    refused("high-water-read");
    fs::remove_dir(&mark).unwrap();
    fs::write(&mark, "not a checkpoint").unwrap();
    refused("recovery/mark-refused");
    fs::rename(&away, &mark).unwrap();
    let place = office.folder().join("ledger/high-water.path");
    for text in ["", "\n", "mark\n", "mark", "/a\n/b\n", "/a\n\n", "/\u{1b}b\n"] {
        fs::write(&place, text).unwrap();
        refused("high-water-place");
    }
    fs::write(&place, format!("/{}\n", "a".repeat(5000))).unwrap();
    refused("high-water-place");
    // Written by hand, with an end of the line and without.
    for end in ["", "\n"] {
        fs::write(&place, format!("{}{end}", mark.display())).unwrap();
        note(&office);
    }
}

#[test]
fn a_ledger_is_founded_with_its_mark_elsewhere() {
    let (folder, disk) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let office = office().1.copy_to(folder.path());
    let ledger = office.folder().join("ledger");
    // As it was before it was opened: keys, and the founding record that all have signed.
    fs::remove_dir_all(ledger.join("store")).unwrap();
    fs::remove_dir_all(ledger.join("vault")).unwrap();
    let open = ["init", "--open", "founding.offer", "--json"];
    assert_refused(&office.run(&open), "high-water-taken");
    fs::remove_file(ledger.join("high-water")).unwrap();
    let mark = disk.path().join("mark");
    let answer = office.ask(&[&open[..3], &["--high-water", mark.to_str().unwrap()]].concat());
    let real = disk.path().canonicalize().unwrap().join("mark");
    assert_eq!(answer["high_water"], Value::from(real.to_str().unwrap()));
    assert_eq!(names(disk.path()), ["mark"]);
    assert_eq!(names(&ledger), ["high-water.path", "keys", "store", "vault"]);
    office.ask(&["check"]);
}
