//! A ledger of which a part is gone: what whoever finds it is told to do, which is never to make a new one in its place.

use std::fs;
use std::path::{Path, PathBuf};

use custody_api::failure::Failure;
use custody_log::LedgerError;
use custody_log::store::StoreError;
use custody_tests::office::{Office, names};
use serde_json::Value;
use tempfile::TempDir;

use crate::cli_transcripts::office;

fn scene() -> (TempDir, Office, PathBuf) {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let ledger = office.folder().join("ledger");
    (folder, office, ledger)
}

/// The hint of a command that fails with `code`.
#[track_caller]
fn hint(office: &Office, arguments: &[&str], code: &str) -> String {
    let ran = office.run(&[arguments, &["--json"]].concat());
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(answer["error"]["code"], code, "{arguments:?}: {ran:?}");
    answer["error"]["hint"].as_str().unwrap_or_default().to_owned()
}

const NOTE: [&str; 5] = ["collect", "--description", "x", "--key", "anna.key"];
const LOOKS: [&[&str]; 4] = [&["where"], &["check"], &NOTE, &["serve", "--check"]];

#[test]
fn a_store_that_is_gone_is_no_ledger_to_be_founded() {
    let (folder, office, ledger) = scene();
    fs::rename(ledger.join("store"), folder.path().join("store")).unwrap();
    let restore_of = |looks: &[&[&str]], what: &str| {
        for look in looks {
            let hint = hint(&office, look, "store-missing");
            assert!(hint.contains("`custody restore --help`"), "{what}, {look:?}: {hint}");
            assert!(!hint.contains("init --help"), "{what}, {look:?}: {hint}");
        }
    };
    let restore = |what: &str| restore_of(&LOOKS, what);
    restore("no store");
    fs::create_dir(ledger.join("store")).unwrap();
    restore("an empty store");
    // Each thing by itself says that there was one.
    let away = |name: &str| fs::rename(ledger.join(name), folder.path().join(name)).unwrap();
    away("high-water");
    restore("vault");
    away("vault");
    fs::write(ledger.join("high-water.path"), "/mark/of/it\n").unwrap();
    restore("the path to the mark");
    fs::remove_file(ledger.join("high-water.path")).unwrap();
    restore("keys");
    fs::remove_dir_all(ledger.join("keys")).unwrap();
    fs::copy(folder.path().join("store/IDENTITY"), ledger.join("store/IDENTITY")).unwrap();
    // Who records is asked for the keys first: see below.
    restore_of(&LOOKS[..2], "a store without its list of files");
    // And where there is nothing, nothing is gone.
    fs::remove_dir_all(ledger.join("store")).unwrap();
    assert!(hint(&office, &["where"], "store-missing").contains("`custody init --help`"));
}

#[test]
fn a_store_without_its_list_of_files_is_restored() {
    let (_folder, office, ledger) = scene();
    let current = ledger.join("store/CURRENT");
    let manifest = fs::read_to_string(&current).unwrap();
    fs::write(&current, "").unwrap();
    let restore = || {
        for look in LOOKS {
            let hint = hint(&office, look, "store-open");
            assert!(hint.contains("`custody restore --help`"), "{look:?}: {hint}");
        }
    };
    restore();
    fs::write(&current, &manifest).unwrap();
    let manifest = ledger.join("store").join(manifest.trim());
    fs::rename(&manifest, ledger.join("away")).unwrap();
    restore();
    fs::rename(ledger.join("away"), &manifest).unwrap();
    office.ask(&["where"]);
}

/// The log's keys are gone, or another ledger's lie in their place: they come from the copy, and are never made anew.
#[test]
fn keys_that_are_gone_are_put_back() {
    let (folder, office, ledger) = scene();
    let (keys, away) = (ledger.join("keys"), folder.path().join("keys"));
    fs::rename(&keys, &away).unwrap();
    let told = hint(&office, &NOTE, "file/io");
    assert!(told.contains("offline copy") && !told.contains("init --prepare"), "{told}");
    let prepare = |code: &str| {
        let founding = ["init", "--prepare", "x.offer", "--origin", "x.example/x"];
        let who = ["--founder", "police.card", "--key", "operator.key"];
        hint(&office, &[&founding[..], &who].concat(), code)
    };
    assert!(prepare("store-not-empty").contains("offline copy"));
    let whole = names(&ledger);
    for left in ["store", "vault", "high-water"] {
        for name in whole.iter().filter(|name| *name != left) {
            fs::rename(ledger.join(name), folder.path().join(name)).unwrap();
        }
        prepare("store-not-empty");
        assert_eq!(names(&ledger), [left]);
        for name in whole.iter().filter(|name| *name != left) {
            fs::rename(folder.path().join(name), ledger.join(name)).unwrap();
        }
    }
    assert!(!office.folder().join("x.offer").exists());
    // Keys of another ledger, which nobody should take for these.
    let other = ["init", "--prepare", "x.offer", "--origin", "x.example/x", "--ledger", "other"];
    office.ask(&[&other[..], &["--founder", "police.card", "--key", "operator.key"]].concat());
    copy_keys(&office.folder().join("other/keys"), &keys);
    let told = hint(&office, &NOTE, "genesis/log-keys");
    assert!(told.contains("right copy"), "{told}");
    copy_keys(&away, &keys);
    office.ask(&NOTE);
}

fn copy_keys(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    custody_tests::office::copy(from, to);
}

/// As a value: who runs the tests may be root, whom the system lets read everything.
#[test]
fn files_of_another_user_are_given_back() {
    let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let unopened = StoreError::Open { path: "ledger/store".into(), source: denied.into() };
    let failure = Failure::from(LedgerError::Store(unopened));
    assert_eq!(failure.code(), "store-open");
    assert!(failure.next_step().unwrap().contains("chown"), "{failure:?}");
}

/// A store of which a block cannot be read, and a vault that is gone: what is said of it is short, and says both.
#[test]
fn a_check_says_how_many_openings_there_are_and_no_thing_twice() {
    let (_folder, office, ledger) = scene();
    let lines = |office: &Office| {
        let ran = office.run(&["check"]);
        let lines: Vec<_> = ran.stdout.lines().map(str::to_owned).collect();
        (ran.status, lines)
    };
    let whole = office.ask(&["check"])["openings"]["sealed"].as_u64().unwrap();
    fs::rename(ledger.join("vault"), ledger.join("away")).unwrap();
    let (status, said) = lines(&office);
    assert_eq!((status, said[0].starts_with("sound: ")), (0, true), "{said:?}");
    assert_eq!(
        said[1],
        format!("openings: 0 of {whole} sealed fields can be opened, 0 more were erased")
    );
    assert!(said[2].starts_with("! no sealed field can be opened"), "{said:?}");
    fs::rename(ledger.join("away"), ledger.join("vault")).unwrap();
    // Each process that records begins with writing what the one before left in the journal to a file.
    office.ask(&NOTE);
    let store = fs::read_dir(ledger.join("store")).unwrap().map(|file| file.unwrap().path());
    let newest = store.filter(|file| has_records(file)).max().unwrap();
    let mut bytes = fs::read(&newest).unwrap();
    bytes[10] ^= 1;
    fs::write(&newest, bytes).unwrap();
    let (status, said) = lines(&office);
    assert_eq!(status, 1, "{said:?}");
    let starts = |code: &str| said.iter().filter(|line| line.contains(code)).count();
    assert_eq!((starts("store-corrupt"), starts("check/state")), (1, 1), "{said:?}");
    assert!(said.iter().any(|line| line.contains(" times; the first: ")), "{said:?}");
    let listed = office.run(&["check", "--json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(listed["more"], 0);
    assert!(listed["findings"].as_array().unwrap().len() > said.len(), "{listed}");
}

/// Whether a file has rows of the table of records: its last block names the table.
fn has_records(file: &Path) -> bool {
    let name = b"namerecord";
    file.extension().is_some_and(|ending| ending == "sst")
        && fs::read(file).unwrap().windows(name.len()).any(|window| window == name)
}
