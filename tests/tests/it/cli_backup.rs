//! Backups, tested by restoring: what comes back is the ledger, and what is damaged, behind or another one does not.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use custody_api::backup::Backup;
use custody_tests::office::{Office, copy, names};
use custody_tests::program::{Ran, path_of, run_in};
use serde_json::Value;
use tempfile::TempDir;

use crate::cli_transcripts::office;

fn own_office() -> (TempDir, Office) {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    (folder, office)
}

fn note(office: &Office, text: &str) {
    let item = format!("item:{}", office.id("laptop"));
    office.ask(&["note", &item, "--text", text, "--key", "anna.key"]);
}

#[track_caller]
fn assert_refused(ran: &Ran, status: i32, code: &str) {
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.status, &json["error"]["code"]), (status, &Value::from(code)), "{ran:?}");
    assert!(ran.stderr.contains("\nhint: ") || code == "file/io", "{ran:?}");
}

/// Every file below a folder, by its path from there.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut pending) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(path) = pending.pop() {
        match path.is_dir() {
            true => pending.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path())),
            false => found.push(path.strip_prefix(folder).unwrap().to_owned()),
        }
    }
    found.sort();
    found
}

fn only_backup(office: &Office) -> PathBuf {
    let backups = office.folder().join("backups");
    let names: Vec<_> = names(&backups).into_iter().filter(|name| !name.starts_with('.')).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    backups.join(&names[0])
}

const RESTORE: [&str; 5] = ["restore", "--from", "backups", "--to", "again"];

#[test]
fn a_ledger_that_was_restored_goes_on() {
    let (_folder, office) = own_office();
    let made = office.ask(&["backup", "--to", "backups", "--with-keys"]);
    assert_eq!((&made["online"], &made["size"]), (&false.into(), &7.into()));
    // Anybody can check it, with what every system has.
    let backup = only_backup(&office);
    let mut checking = Command::new("sha256sum");
    checking.args(["-c", "--quiet", "--strict", "SHA256SUMS"]).current_dir(&backup);
    let checked = checking.status().unwrap();
    assert!(checked.success());
    assert!(!files(&backup).iter().any(|file| file.to_string_lossy().contains("high-water")));
    // The machine is gone; the mark was on another disk.
    let mark = office.folder().join("mark");
    fs::rename(office.folder().join("ledger/high-water"), &mark).unwrap();
    fs::remove_dir_all(office.folder().join("ledger")).unwrap();
    let before = files(&backup);
    let restored = office.ask(&[&RESTORE[..4], &["ledger", "--high-water", "mark"]].concat());
    assert_eq!((&restored["size"], &restored["root"]), (&7.into(), &made["root"]));
    assert_eq!(files(&backup), before, "restoring leaves a backup as it is");
    let checked = office.ask(&["check"]);
    assert_eq!((&checked["sound"], &checked["root"]), (&true.into(), &made["root"]));
    assert_eq!(checked["openings"]["not_kept"], 0);
    note(&office, "goes on");
    // Replayed by the program that knows no store.
    office.ask(&["publish", "--out", "tiles"]);
    fs::write(office.folder().join("policy.txt"), office.run(&["policy"]).stdout).unwrap();
    office.ask(&["trust-sheet", "--pins", "pins.txt"]);
    let arguments = ["replay", "tiles", "--policy", "policy.txt", "--agencies", "pins.txt"];
    let replayed = run_in("custody-verify", office.folder(), &arguments, &[]);
    assert!(replayed.stdout.starts_with("verified"), "{replayed:?}");
    // The next backup knows what the one before has.
    let next = office.ask(&["backup", "--to", "backups", "--with-keys"]);
    assert!(next["linked"].as_u64() > Some(0), "{next}");
}

#[test]
fn a_mark_elsewhere_guards_what_is_restored() {
    let (_folder, office) = own_office();
    let disk = TempDir::new().unwrap();
    let mark = disk.path().join("mark");
    office.ask(&["high-water", "--move", mark.to_str().unwrap()]);
    office.ask(&["backup", "--to", "backups"]);
    let rest = ["--json"];
    let restored = office.ask(&RESTORE);
    assert_eq!(restored["mark"]["path"], mark.canonicalize().unwrap().to_str().unwrap());
    fs::remove_dir_all(office.folder().join("again")).unwrap();
    note(&office, "a");
    note(&office, "b");
    // Behind: refused, and what is missing is named. Nothing was written.
    let refused = office.run(&[&RESTORE[..], &rest].concat());
    assert_refused(&refused, 1, "restore/behind");
    assert!(refused.stderr.contains("entries 7 to 8 are missing"), "{refused:?}");
    let listed = names(office.folder());
    assert!(!listed.iter().any(|name| name.contains("again")), "{listed:?}");
    // Whoever copies the files by hand gets no further.
    let backup = only_backup(&office);
    fs::remove_dir_all(office.folder().join("ledger/store")).unwrap();
    copy(&backup.join("store"), &office.folder().join("ledger/store"));
    let item = format!("item:{}", office.id("laptop"));
    let recorded = office.run(&["note", &item, "--text", "c", "--key", "anna.key", "--json"]);
    assert_refused(&recorded, 2, "recovery/mark-ahead");
    // Nor who says that an older checkpoint was the mark, as long as the mark is there.
    let older = backup.join("checkpoint");
    let older = ["--high-water", older.to_str().unwrap(), "--json"];
    assert_refused(&office.run(&[&RESTORE[..], &older].concat()), 1, "restore/behind");
    // A copy to look at says what it is, and takes nothing.
    office.ask(&[&RESTORE[..], &["--look-only"]].concat());
    let looked = office.ask(&["where", &item, "--ledger", "again"]);
    assert_eq!(looked["size"], 7);
    copy(&office.folder().join("ledger/keys"), &office.folder().join("again/keys"));
    let note = ["note", &item, "--text", "c", "--key", "anna.key", "--ledger", "again", "--json"];
    assert_refused(&office.run(&note), 2, "ledger/look-only");
}

#[test]
fn what_was_published_brings_back_what_is_missing() {
    let (_folder, office) = own_office();
    office.ask(&["backup", "--to", "backups", "--with-keys"]);
    for text in ["a", "b", "c"] {
        note(&office, text);
    }
    let live = office.ask(&["publish", "--out", "tiles"]);
    let rest = ["--high-water", "ledger/high-water", "--tiles", "tiles"];
    let restored = office.ask(&[&RESTORE[..], &rest].concat());
    assert_eq!((&restored["root"], &restored["size"]), (&live["root"], &10.into()));
    assert_eq!(restored["followed"]["from"], 7);
    let checked = office.ask(&["check", "--ledger", "again"]);
    assert_eq!((&checked["sound"], &checked["root"]), (&true.into(), &live["root"]));
    // It is the ledger that goes on from now on.
    fs::remove_dir_all(office.folder().join("ledger")).unwrap();
    fs::rename(office.folder().join("again"), office.folder().join("ledger")).unwrap();
    note(&office, "d");
    // A published directory that is behind the mark leaves a gap all the same.
    let rest = [&rest[..], &["--json"]].concat();
    assert_refused(&office.run(&[&RESTORE[..], &rest].concat()), 1, "restore/behind");
    let spoilt = office.folder().join("tiles/records/000.p/10");
    let mut bytes = fs::read(&spoilt).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(spoilt, bytes).unwrap();
    let ran = office.run(&[&RESTORE[..], &rest].concat());
    assert_refused_by_record(&ran);
    assert!(!office.folder().join("again").exists());
    fs::remove_file(office.folder().join("tiles/checkpoint")).unwrap();
    let ran = office.run(&[&RESTORE[..], &rest].concat());
    assert!(ran.stdout.contains("\"follow/io\""), "{ran:?}");
}

/// The last byte of the last record is one of a signature.
fn assert_refused_by_record(ran: &Ran) {
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.status, &json["error"]["code"]), (2, &"cose/signature".into()), "{ran:?}");
}

#[test]
fn every_file_that_is_damaged_is_found_before_anything_is_written() {
    let (_folder, office) = own_office();
    office.ask(&["backup", "--to", "backups", "--with-keys"]);
    let backup = only_backup(&office);
    let rest = ["--high-water", "ledger/high-water", "--json"];
    let restore = || office.run(&[&RESTORE[..], &rest].concat());
    let refuse = || {
        assert_refused(&restore(), 1, "backup/damaged");
        assert!(!names(office.folder()).iter().any(|name| name.contains("again")));
    };
    let all = files(&backup);
    assert!(all.len() > 30, "{all:?}");
    for (number, file) in all.iter().enumerate() {
        let path = backup.join(file);
        let bytes = fs::read(&path).unwrap();
        if bytes.is_empty() {
            fs::write(&path, b"x").unwrap();
        } else {
            let mut flipped = bytes.clone();
            flipped[number * 7919 % bytes.len()] ^= 1 << (number % 8);
            fs::write(&path, flipped).unwrap();
        }
        refuse();
        fs::write(&path, &bytes).unwrap();
    }
    // One that is gone, one that is not whole, one that nobody listed.
    let path = backup.join("checkpoint");
    let bytes = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    refuse();
    fs::write(&path, &bytes[1..]).unwrap();
    refuse();
    fs::write(&path, &bytes).unwrap();
    fs::write(backup.join("store/999999.sst"), b"").unwrap();
    refuse();
    fs::remove_file(backup.join("store/999999.sst")).unwrap();
    assert_eq!(restore().status, 0);
    // The next backup takes no damaged file over: it has its own.
    let table = all.iter().find(|file| file.extension().is_some_and(|e| e == "sst")).unwrap();
    let path = backup.join(table);
    let (mut bytes, times) = (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified());
    bytes[0] ^= 1;
    fs::write(&path, bytes).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(times.unwrap()).unwrap();
    office.ask(&["backup", "--to", "backups"]);
    fs::remove_dir_all(office.folder().join("again")).unwrap();
    let restored = restore();
    assert_eq!(restored.status, 0, "the newest is sound: {restored:?}");
}

/// A backup of a damaged ledger would take the place of a sound one.
#[test]
fn a_ledger_that_its_disk_changed_is_not_backed_up() {
    let (_folder, office) = own_office();
    office.ask(&["backup", "--to", "backups", "--with-keys"]);
    let kept = names(&office.folder().join("backups"));
    let store = office.folder().join("ledger/store");
    let is_table = |file: &PathBuf| file.extension().is_some_and(|ending| ending == "sst");
    let tables: Vec<_> = files(&store).into_iter().filter(is_table).collect();
    assert!(tables.len() > 3, "{tables:?}");
    let mut codes = Vec::new();
    for table in &tables {
        let path = store.join(table);
        let bytes = fs::read(&path).unwrap();
        for at in [bytes.len() / 8, bytes.len() / 2, bytes.len() - 60] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            fs::write(&path, flipped).unwrap();
            let ran = office.run(&["backup", "--to", "backups", "--keep", "1", "--json"]);
            let json: Value = serde_json::from_str(&ran.stdout).unwrap();
            assert_ne!(ran.status, 0, "{}, byte {at}", table.display());
            codes.push(json["error"]["code"].as_str().unwrap().to_owned());
            assert_eq!(names(&office.folder().join("backups")), kept);
        }
        fs::write(&path, &bytes).unwrap();
    }
    assert!(codes.iter().any(|code| code == "store-corrupt"), "{codes:?}");
    assert!(codes.iter().any(|code| code == "backup/source-damaged"), "{codes:?}");
    office.ask(&["backup", "--to", "backups", "--keep", "1"]);
}

#[test]
fn the_newest_backup_is_of_the_largest_tree_whatever_the_clock_said() {
    let folder = TempDir::new().unwrap();
    let names = ["20260102T000000Z-7", "20260103T000000Z-7", "20260101T000000Z-9"];
    let names = names.map(|name| format!("{name}-0123456789abcdef"));
    names.iter().for_each(|name| fs::create_dir(folder.path().join(name)).unwrap());
    let listed: Vec<_> = Backup::list(folder.path()).unwrap();
    assert_eq!(
        listed.iter().map(|backup| &backup.name).collect::<Vec<_>>(),
        names.iter().collect::<Vec<_>>()
    );
}

#[test]
fn a_directory_of_backups_is_for_one_history() {
    let (_folder, office) = own_office();
    let rest = ["--json"];
    let backup = ["backup", "--to", "backups", "--json"];
    copy(&office.folder().join("ledger"), &office.folder().join("fork"));
    note(&office, "a");
    office.ask(&backup[..3]);
    // A ledger that went back, with a mark that went back with it; and one that went on another way.
    let of_fork = [&backup[..], &["--ledger", "fork"]].concat();
    assert_refused(&office.run(&of_fork), 1, "backup/diverged");
    let item = format!("item:{}", office.id("laptop"));
    office.ask(&["note", &item, "--text", "b", "--key", "anna.key", "--ledger", "fork"]);
    office.ask(&["note", &item, "--text", "c", "--key", "anna.key", "--ledger", "fork"]);
    assert_refused(&office.run(&of_fork), 1, "backup/diverged");
    let mark = ["--high-water", "fork/high-water", "--json"];
    let ran = office.run(&[&RESTORE[..], &mark].concat());
    assert_refused(&ran, 1, "restore/behind");
    let other = TempDir::new().unwrap();
    let other = Office::found(other.path());
    let ledger = other.folder().join("ledger");
    let ran = office.run(&[&backup[..], &["--ledger", ledger.to_str().unwrap()]].concat());
    assert_refused(&ran, 1, "backup/other-ledger");
    let mark =
        ["--high-water", ledger.join("high-water").to_str().unwrap(), "--json"].map(str::to_owned);
    let mark: Vec<_> = mark.iter().map(String::as_str).collect();
    assert_refused(&office.run(&[&RESTORE[..], &mark].concat()), 2, "recovery/mark-refused");
    // Nothing of it stays, and the backup that was there is as good as it was.
    assert_eq!(names(&office.folder().join("backups")).len(), 1);
    let mark = ["--high-water", "ledger/high-water", "--json"];
    assert_eq!(office.run(&[&RESTORE[..], &mark].concat()).status, 0);
    assert_refused(&office.run(&[&RESTORE[..], &mark].concat()), 2, "file/exists");
    assert_refused(&office.run(&[&RESTORE[..4], &["x"], &rest].concat()), 2, "restore/no-mark");
    let none = ["restore", "--from", "backups", "--to", "x", "--size", "6", "--json"];
    assert_refused(&office.run(&none), 2, "backup/none");
    // A form that this program does not know.
    let backup = only_backup(&office);
    let about = fs::read_to_string(backup.join("backup.json")).unwrap();
    fs::write(backup.join("backup.json"), about.replace("\"format\": 1", "\"format\": 2")).unwrap();
    assert_refused(
        &office.run(&["restore", "--from", "backups", "--list", "--json"]),
        2,
        "backup/format",
    );
}

#[test]
fn the_oldest_go_and_the_one_asked_for_is_found() {
    let (_folder, office) = own_office();
    let mut sizes = Vec::new();
    for text in ["a", "b", "c", "d"] {
        note(&office, text);
        let made = office.ask(&["backup", "--to", "backups", "--keep", "3"]);
        sizes.push(made["size"].as_u64().unwrap());
    }
    let listed = office.ask(&["restore", "--from", "backups", "--list"]);
    let known: Vec<_> = listed["backups"].as_array().unwrap().iter().collect();
    let of = |backup: &Value| backup["size"].as_u64().unwrap();
    assert_eq!(known.iter().map(|backup| of(backup)).collect::<Vec<_>>(), sizes[1..]);
    let restored = |to: &str, option: [&str; 2]| {
        let arguments = ["restore", "--from", "backups", "--to", to, "--look-only"];
        office.ask(&[&arguments[..], &option].concat())["size"].as_u64().unwrap()
    };
    assert_eq!(restored("one", ["--size", "10"]), 10);
    assert_eq!(restored("two", ["--size", "9"]), 9);
    assert_eq!(restored("three", ["--at", known[0]["made"].as_str().unwrap()]), {
        // Several may have been made within one second.
        let is_then = |backup: &&&Value| backup["made"] == known[0]["made"];
        known.iter().filter(is_then).map(|backup| of(backup)).max().unwrap()
    });
    assert_eq!(restored("four", ["--at", "2999-01-01T00:00:00Z"]), 11);
    for to in ["one", "two", "three", "four"] {
        let checked = office.ask(&["check", "--ledger", to]);
        assert_eq!(checked["sound"], true);
    }
}

#[test]
fn places_that_cannot_be_written_leave_what_was_there() {
    let (_folder, office) = own_office();
    office.ask(&["backup", "--to", "backups"]);
    let before = files(&office.folder().join("backups"));
    assert_refused(&office.run(&["backup", "--to", "photo.jpg/x", "--json"]), 2, "file/io");
    // A disk that is full: no file may grow beyond 16 KiB, and the system says so instead of killing.
    let limited = |arguments: &str| {
        let line = format!("trap '' XFSZ; ulimit -f 16; exec \"$0\" {arguments}");
        let mut limited = Command::new("bash");
        limited.args(["-c", &line]).arg(path_of("custody"));
        limited.current_dir(office.folder()).env("CUSTODY_LEDGER", "ledger");
        let ran = limited.output().unwrap();
        let (stdout, stderr) = (ran.stdout, ran.stderr);
        let [stdout, stderr] = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
        Ran { status: ran.status.code().unwrap_or(-1), stdout, stderr }
    };
    note(&office, "a");
    let ran = limited("backup --to backups --json");
    assert_ne!(ran.status, 0, "{ran:?}");
    assert!(ran.stderr.contains("File too large"), "{ran:?}");
    let rest = "--look-only --from backups --json";
    assert_refused(&limited(&format!("restore --to again {rest}")), 2, "file/io");
    assert_eq!(files(&office.folder().join("backups")), before);
    assert!(!names(office.folder()).iter().any(|name| name.contains("again")));
    office.ask(&["check"]);
    office.ask(&["backup", "--to", "backups"]);
}

/// Killed whenever it has begun to write: what was there stays good, and the next backup clears up.
#[test]
fn killed_while_it_backs_up() {
    let (_folder, office) = own_office();
    office.ask(&["backup", "--to", "backups"]);
    let backups = office.folder().join("backups");
    let is_partial = |name: &String| name.starts_with(".partial-");
    let mut killed = 0;
    for _ in 0..200 {
        let mut child = Command::new(path_of("custody"))
            .args(["backup", "--to", "backups", "--ledger", "ledger"])
            .current_dir(office.folder())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        while child.try_wait().unwrap().is_none() && !names(&backups).iter().any(is_partial) {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        killed += u32::from(status.code().is_none() && names(&backups).iter().any(is_partial));
        if killed == 5 {
            break;
        }
    }
    assert!(killed > 0, "it was always faster");
    let mark = ["--high-water", "ledger/high-water"];
    office.ask(&[&RESTORE[..], &mark].concat());
    office.ask(&["check", "--ledger", "again"]);
    note(&office, "a");
    let made = office.ask(&["backup", "--to", "backups"]);
    assert_eq!(made["size"], 8);
    assert!(!names(&backups).iter().any(is_partial));
    assert!(!office.folder().join("ledger/snapshot").exists());
}
