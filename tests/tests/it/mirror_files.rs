//! A mirror and the files it is given, without a network: honest ones, tampered ones, none at all at any moment.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use custody_core::checkpoint::{Checkpoint, PosixTime};
use custody_core::merkle::TreeSize;
use custody_core::note::KeyName;
use custody_core::tile::{TileKind, TilePath};
use custody_log::mirror::{Followed, Mirror, MirrorError, MirrorTrust, Source, SourceError};
use custody_log::signing::{Ed25519Cosigner, cosign_ed25519};
use custody_tests::paper::{PaperLedger, seed};
use custody_tests::program::run_in;
use custody_tests::published::{Busy, bytes_of, publish};
use tempfile::TempDir;

/// A ledger on paper as a server would offer it, with what a test does to each file.
struct Served<'a, T: Fn(&TilePath, Vec<u8>) -> Option<Vec<u8>> + Sync> {
    ledger: &'a PaperLedger,
    tamper: T,
}

impl<T: Fn(&TilePath, Vec<u8>) -> Option<Vec<u8>> + Sync> Source for Served<'_, T> {
    fn file(&self, path: &TilePath) -> Result<Vec<u8>, SourceError> {
        let found = path.is_within(self.ledger.head().size).then(|| bytes_of(self.ledger, *path));
        let found = found.and_then(|bytes| (self.tamper)(path, bytes));
        found.ok_or_else(|| SourceError {
            path: *path,
            is_missing: false,
            reason: "gone".to_owned(),
        })
    }
}

fn honest(
    ledger: &PaperLedger,
) -> Served<'_, impl Fn(&TilePath, Vec<u8>) -> Option<Vec<u8>> + Sync> {
    Served { ledger, tamper: |_: &TilePath, bytes| Some(bytes) }
}

fn open(dir: &Path, busy: &Busy) -> Result<Mirror, MirrorError> {
    let trust = MirrorTrust {
        origin: busy.ledger.origin.clone(),
        keys: busy.ledger.signer.keys().clone(),
        pins: Some(busy.pins.clone()),
    };
    Mirror::open(dir, trust, &|_| {})
}

fn follow(
    mirror: &mut Mirror,
    ledger: &PaperLedger,
    source: &dyn Source,
) -> Result<Followed, MirrorError> {
    let name = KeyName::parse("one.example/custody-mirror").unwrap();
    let cosigner = Ed25519Cosigner::from_seed(&name, &seed("mirror one")).unwrap();
    let cosign = |checkpoint: &Checkpoint| {
        let time = PosixTime::new(ledger.now_s()).unwrap();
        checkpoint.with_signature(cosign_ed25519(&cosigner, checkpoint, time))
    };
    mirror.follow(&ledger.checkpoint(), source, &cosign, &|_| {})
}

/// Files below `root`, without the checkpoint.
fn files(root: &Path) -> Vec<(String, Vec<u8>)> {
    let (mut found, mut pending) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            match path.is_dir() {
                true => pending.push(path),
                false if name == "checkpoint" => {}
                false => found.push((name, fs::read(&path).unwrap())),
            }
        }
    }
    found.sort();
    found
}

fn expect_published(dir: &Path, ledger: &PaperLedger) {
    let published = TempDir::new().unwrap();
    publish(ledger, published.path()).unwrap();
    let names = |files: &[(String, Vec<u8>)]| {
        files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let (ours, theirs) = (files(&dir.join("copy")), files(published.path()));
    assert_eq!(names(&ours), names(&theirs));
    assert!(ours == theirs);
}

#[test]
fn a_copy_is_what_the_log_publishes_at_every_size_and_after_every_start() {
    let dir = TempDir::new().unwrap();
    let busy = Busy::new(700, 5, 40);
    fs::write(dir.path().join("policy.txt"), busy.policy.format()).unwrap();
    for size in [1, 10, 255, 256, 257, 511, 512, 513, 700] {
        let ledger = busy.ledger.at_size(TreeSize(size));
        let mut mirror = open(dir.path(), &busy).unwrap();
        assert_eq!(follow(&mut mirror, &ledger, &honest(&ledger)).unwrap(), Followed::Settled);
        assert_eq!(follow(&mut mirror, &ledger, &honest(&ledger)).unwrap(), Followed::Known);
        assert_eq!(mirror.settled().size(), TreeSize(size));
        assert_eq!(mirror.settled().checkpoint().unwrap().signatures().len(), 3);
        expect_published(dir.path(), &ledger);
        // Any earlier root and any narrower file can be had from it.
        for earlier in [1, size / 2 + 1, size] {
            let expected = busy.ledger.at_size(TreeSize(earlier)).head().root;
            assert_eq!(mirror.settled().root_at(TreeSize(earlier)).unwrap(), expected);
        }
        let ran = run_in(
            "custody-verify",
            dir.path(),
            &["replay", "copy", "--policy", "policy.txt"],
            &[],
        );
        assert_eq!(ran.status, 0, "{}", ran.stdout);
        assert!(ran.stdout.contains("completeness/proved"), "{}", ran.stdout);
    }
}

/// The server goes away after each number of files: what was begun is gone on with, in the same process or in a new one, over
/// whatever lies about.
#[test]
fn a_follow_that_is_cut_short_anywhere_is_gone_on_with() {
    let busy = Busy::new(700, 5, 40);
    let before = busy.ledger.at_size(TreeSize(200));
    let mut files_needed = 0;
    for is_restarted in [false, true] {
        for limit in 0.. {
            let dir = TempDir::new().unwrap();
            let mut mirror = open(dir.path(), &busy).unwrap();
            follow(&mut mirror, &before, &honest(&before)).unwrap();
            let left = AtomicU64::new(limit);
            let tamper = |_: &TilePath, bytes| {
                let is_there = left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
                is_there.is_ok().then_some(bytes)
            };
            let cut_short =
                follow(&mut mirror, &busy.ledger, &Served { ledger: &busy.ledger, tamper });
            let Err(error) = cut_short else {
                files_needed = limit;
                break;
            };
            assert!(["mirror/source", "mirror/served"].contains(&error.code()), "{error}");
            assert_eq!(mirror.settled().size(), TreeSize(200));
            if is_restarted {
                drop(mirror);
                // A file that was cut short by a crash of another kind counts for nothing either.
                for name in
                    ["copy/tile/entries/001", "copy/records/002.p/188", "copy/checkpoint.new"]
                {
                    let path = dir.path().join(name);
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(path, b"half").unwrap();
                }
                mirror = open(dir.path(), &busy).unwrap();
                assert_eq!(mirror.replayed(), TreeSize(200));
            }
            assert_eq!(
                follow(&mut mirror, &busy.ledger, &honest(&busy.ledger)).unwrap(),
                Followed::Settled
            );
            expect_published(dir.path(), &busy.ledger);
        }
    }
    println!("cut short after each of {files_needed} files, twice");
    assert!(files_needed > 8);
}

/// One byte of each file that it asks for: nothing of it is believed, nothing is an alarm, and it goes on as soon as it is told the
/// truth.
#[test]
fn what_a_server_changes_on_the_way_is_not_believed_and_no_evidence() {
    let busy = Busy::new(300, 5, 40);
    let before = busy.ledger.at_size(TreeSize(100));
    for kind in [TileKind::Entries, TileKind::Records, TileKind::Hashes { level: 0 }] {
        for part in [0, 1, 2, 3] {
            let dir = TempDir::new().unwrap();
            let mut mirror = open(dir.path(), &busy).unwrap();
            follow(&mut mirror, &before, &honest(&before)).unwrap();
            let tamper = |path: &TilePath, mut bytes: Vec<u8>| {
                if path.kind() == kind && path.index() == 0 {
                    let at = (bytes.len() - 1) * part / 3;
                    bytes[at] ^= 1;
                }
                Some(bytes)
            };
            let lied = follow(&mut mirror, &busy.ledger, &Served { ledger: &busy.ledger, tamper });
            // Records that are there already are not looked at again.
            let is_unseen = kind == TileKind::Records && part == 0;
            match lied {
                Err(error) => assert_eq!(error.code(), "mirror/served", "{kind:?} {part}: {error}"),
                Ok(_) => assert!(is_unseen, "{kind:?} {part}"),
            }
            let honest_again = follow(&mut mirror, &busy.ledger, &honest(&busy.ledger)).unwrap();
            assert!(matches!(honest_again, Followed::Settled | Followed::Known));
            expect_published(dir.path(), &busy.ledger);
            assert!(!dir.path().join("evidence").exists());
        }
    }
}

/// What the log signed breaks a rule: that is evidence, and the mirror is done with it.
#[test]
fn a_log_that_breaks_a_rule_is_not_cosigned() {
    let mut busy = Busy::new(300, 5, 40);
    let dir = TempDir::new().unwrap();
    let before = busy.ledger.at_size(TreeSize(300));
    let mut mirror = open(dir.path(), &busy).unwrap();
    follow(&mut mirror, &before, &honest(&before)).unwrap();
    // Whoever does not hold it hands it on.
    let (item, holder) = busy.items[3];
    let [from, to] = [holder + 1, holder + 2].map(|n| n % busy.people.len());
    let page = busy.ledger.handoff(&busy.people[from], &busy.people[to], &[item], &[]);
    let at = busy.ledger.force_page(&page);
    let error = follow(&mut mirror, &busy.ledger, &honest(&busy.ledger)).unwrap_err();
    assert_eq!(error.code(), "mirror/broken");
    let MirrorError::Broken { findings, .. } = &error else { panic!("{error}") };
    assert_eq!((findings[0].index, findings[0].code), (Some(at), "custody/not-the-holder"));
    assert_eq!(mirror.settled().size(), TreeSize(300));
    for ledger in [&busy.ledger, &before] {
        let error = follow(&mut mirror, ledger, &honest(ledger)).unwrap_err();
        assert_eq!(error.code(), "mirror/halted");
    }
    drop(mirror);
    let again = open(dir.path(), &busy).err().map(|error| error.code());
    assert_eq!(again, Some("mirror/evidence"));
    let folder = fs::read_dir(dir.path().join("evidence")).unwrap().next().unwrap().unwrap().path();
    let what = fs::read_to_string(folder.join("what.txt")).unwrap();
    assert!(what.contains("custody/not-the-holder"), "{what}");
    let shown = fs::read(folder.join("shown.checkpoint")).unwrap();
    assert_eq!(shown, busy.ledger.checkpoint().as_bytes());
}

#[test]
fn heads_of_other_histories_are_found_at_every_size() {
    let busy = Busy::new(300, 5, 40);
    let mut other = Busy::new(280, 5, 40);
    while other.ledger.head().size.0 < 320 {
        // Not the item whose turn it is.
        other.hand_on(7);
    }
    for size in [281, 290, 300, 310, 320] {
        let dir = TempDir::new().unwrap();
        let mut mirror = open(dir.path(), &busy).unwrap();
        follow(&mut mirror, &busy.ledger, &honest(&busy.ledger)).unwrap();
        // Up to where they part they are the same: a log that was put back from a backup looks like a cache that lags, until
        // it grows.
        let shown = other.ledger.at_size(TreeSize(280));
        let error = follow(&mut mirror, &shown, &honest(&shown)).unwrap_err();
        assert_eq!(error.code(), "mirror/stale", "{size}");
        let shown = other.ledger.at_size(TreeSize(size));
        let error = follow(&mut mirror, &shown, &honest(&shown)).unwrap_err();
        assert_eq!(error.code(), "mirror/fork", "{size}");
        assert_eq!(error.shown().unwrap().tree_head(), &shown.head());
        assert_eq!(error.known().unwrap().tree_head(), &busy.ledger.head());
        assert!(dir.path().join("evidence").exists());
    }
}

/// Whoever can put a cache before the log can show what it showed before. It is said, nothing is cosigned, nothing is kept
/// against the log, and a newer head sets it right; in the same process or a new one.
#[test]
fn an_older_head_of_the_same_history_stops_nothing() {
    let mut busy = Busy::new(300, 5, 40);
    let dir = TempDir::new().unwrap();
    let mut mirror = open(dir.path(), &busy).unwrap();
    let settled = busy.ledger.at_size(TreeSize(300));
    follow(&mut mirror, &settled, &honest(&settled)).unwrap();
    let kept = fs::read(dir.path().join("copy/checkpoint")).unwrap();
    for is_restarted in [false, true] {
        for size in [1, 2, 255, 256, 257, 299] {
            let shown = busy.ledger.at_size(TreeSize(size));
            let error = follow(&mut mirror, &shown, &honest(&shown)).unwrap_err();
            assert_eq!((error.code(), error.is_alarm()), ("mirror/stale", false), "{size}");
            assert_eq!(error.known().unwrap().tree_head(), &settled.head());
            assert_eq!(error.shown().unwrap().tree_head(), &shown.head());
            assert_eq!(fs::read(dir.path().join("copy/checkpoint")).unwrap(), kept);
            assert!(!dir.path().join("evidence").exists());
        }
        if !is_restarted {
            drop(mirror);
            mirror = open(dir.path(), &busy).unwrap();
        }
    }
    let same = follow(&mut mirror, &settled, &honest(&settled)).unwrap();
    assert_eq!(same, Followed::Known);
    busy.hand_on(7);
    let newer = follow(&mut mirror, &busy.ledger, &honest(&busy.ledger)).unwrap();
    assert_eq!(newer, Followed::Settled);
    expect_published(dir.path(), &busy.ledger);
}

/// The log signed it and showed it: that counts also where none of its files could be had.
#[test]
fn a_head_that_could_not_be_followed_is_held_against_what_comes_then() {
    let mut busy = Busy::new(300, 5, 40);
    let mut other = Busy::new(280, 5, 40);
    while other.ledger.head().size.0 < 320 {
        other.hand_on(7);
    }
    let seen = busy.ledger.at_size(TreeSize(300));
    let scene = || {
        let dir = TempDir::new().unwrap();
        let mut mirror = open(dir.path(), &busy).unwrap();
        let settled = busy.ledger.at_size(TreeSize(200));
        follow(&mut mirror, &settled, &honest(&settled)).unwrap();
        let gone = Served { ledger: &seen, tamper: |_: &TilePath, _| None };
        assert_eq!(follow(&mut mirror, &seen, &gone).unwrap_err().code(), "mirror/source");
        // More than is settled, and less than was shown: of which history it is nobody can tell yet.
        for ledger in [&busy.ledger, &other.ledger] {
            let older = ledger.at_size(TreeSize(290));
            let error = follow(&mut mirror, &older, &honest(&older)).unwrap_err();
            assert_eq!(error.code(), "mirror/stale");
            assert_eq!(error.known().unwrap().tree_head(), &seen.head());
        }
        assert_eq!(mirror.settled().size(), TreeSize(200));
        (dir, mirror)
    };
    for size in [300, 310] {
        let (dir, mut mirror) = scene();
        let shown = other.ledger.at_size(TreeSize(size));
        let error = follow(&mut mirror, &shown, &honest(&shown)).unwrap_err();
        assert_eq!(error.code(), "mirror/fork", "{size}");
        assert_eq!(error.known().unwrap().tree_head(), &seen.head());
        assert_eq!(error.shown().unwrap().tree_head(), &shown.head());
        assert_eq!(mirror.settled().size(), TreeSize(200));
        assert_eq!(
            open(dir.path(), &busy).err().map(|error| error.code()),
            Some("mirror/evidence")
        );
    }
    let (_dir, mut mirror) = scene();
    assert_eq!(follow(&mut mirror, &seen, &honest(&seen)).unwrap(), Followed::Settled);
    let (dir, mut mirror) = scene();
    busy.hand_on(7);
    let newer = follow(&mut mirror, &busy.ledger, &honest(&busy.ledger)).unwrap();
    assert_eq!(newer, Followed::Settled);
    expect_published(dir.path(), &busy.ledger);
}

#[test]
fn a_copy_that_cannot_be_read_is_no_empty_one() {
    let (dir, busy) = (TempDir::new().unwrap(), Busy::new(20, 5, 4));
    fs::write(dir.path().join("copy"), b"no directory").unwrap();
    assert_eq!(open(dir.path(), &busy).err().map(|error| error.code()), Some("mirror/io"));
    fs::remove_file(dir.path().join("copy")).unwrap();
    fs::create_dir(dir.path().join("copy")).unwrap();
    fs::write(dir.path().join("copy/checkpoint"), b"no checkpoint").unwrap();
    assert_eq!(open(dir.path(), &busy).err().map(|error| error.code()), Some("mirror/copy"));
}

/// What was cosigned is kept apart from the copy: a mirror that lost its copy, has an older one or one of another history is no
/// new mirror, and cosigns nothing.
#[test]
fn a_mirror_does_not_forget_what_it_cosigned() {
    let (busy, mut other) = (Busy::new(300, 5, 40), Busy::new(280, 5, 40));
    while other.ledger.head().size.0 < 320 {
        other.hand_on(7);
    }
    let dir = TempDir::new().unwrap();
    let copy = dir.path().join("copy");
    let last = dir.path().join("keys/cosigned.checkpoint");
    let at = |size| {
        let ledger = busy.ledger.at_size(TreeSize(size));
        follow(&mut open(dir.path(), &busy).unwrap(), &ledger, &honest(&ledger)).unwrap();
    };
    at(290);
    let (older, older_last) = (dir.path().join("older"), fs::read(&last).unwrap());
    custody_tests::office::copy(&copy, &older);
    at(300);
    let kept = fs::read(&last).unwrap();
    assert_eq!(kept, fs::read(copy.join("checkpoint")).unwrap());
    let refused = |what: &str| {
        let error = open(dir.path(), &busy).err().unwrap();
        assert_eq!(error.code(), "mirror/copy");
        let head = busy.ledger.head().to_string();
        assert!(error.to_string().contains(&head) && error.to_string().contains(what), "{error}");
        assert_eq!(fs::read(&last).unwrap(), kept);
    };
    fs::rename(&copy, dir.path().join("whole")).unwrap();
    refused("there is no copy");
    fs::rename(&older, &copy).unwrap();
    refused("the copy ends at");
    // Another history, of the same size and of a larger one: files as an honest mirror of that history would have them.
    for size in [300, 320] {
        fs::remove_dir_all(&copy).unwrap();
        publish(&other.ledger.at_size(TreeSize(size)), &copy).unwrap();
        refused("the copy has another history");
    }
    // With its own copy it goes on; and after a crash between copy and keys, where the keys know less.
    fs::remove_dir_all(&copy).unwrap();
    fs::rename(dir.path().join("whole"), &copy).unwrap();
    fs::write(&last, older_last).unwrap();
    assert_eq!(open(dir.path(), &busy).unwrap().settled().size(), TreeSize(300));
    assert_eq!(fs::read(&last).unwrap(), kept);
    // What lies there and is no checkpoint of this log is not passed over.
    fs::write(&last, b"nothing").unwrap();
    assert_eq!(open(dir.path(), &busy).err().map(|error| error.code()), Some("mirror/copy"));
}

/// A file that could not be written is not gone on from: what was replayed is ahead of the copy by then, and the next checkpoint
/// would be cosigned without it.
#[test]
fn what_could_not_be_written_is_written_by_the_next_start() {
    let busy = Busy::new(700, 5, 40);
    let before = busy.ledger.at_size(TreeSize(200));
    // Entries, a full tile of hashes, records, a tile that is not full: in the order in which they are written.
    for name in ["tile/entries/002.p", "tile/0/001", "records/002.p", "tile/0/002.p"] {
        let dir = TempDir::new().unwrap();
        let mut mirror = open(dir.path(), &busy).unwrap();
        follow(&mut mirror, &before, &honest(&before)).unwrap();
        let settled = fs::read(dir.path().join("copy/checkpoint")).unwrap();
        // What has the name is no directory where one has to be, or one where a file has to be.
        let taken = dir.path().join("copy").join(name);
        match name.ends_with(".p") {
            true => fs::write(&taken, b"no directory").unwrap(),
            false => fs::create_dir(&taken).unwrap(),
        }
        let error = follow(&mut mirror, &busy.ledger, &honest(&busy.ledger)).unwrap_err();
        assert_eq!((error.code(), error.is_final()), ("mirror/io", true), "{name}: {error}");
        match name.ends_with(".p") {
            true => fs::remove_file(&taken).unwrap(),
            false => fs::remove_dir(&taken).unwrap(),
        }
        for ledger in [&busy.ledger, &before] {
            let error = follow(&mut mirror, ledger, &honest(ledger)).unwrap_err();
            assert_eq!((error.code(), error.is_alarm()), ("mirror/halted", false), "{name}");
        }
        assert_eq!(fs::read(dir.path().join("copy/checkpoint")).unwrap(), settled, "{name}");
        drop(mirror);
        let mut mirror = open(dir.path(), &busy).unwrap();
        let followed = follow(&mut mirror, &busy.ledger, &honest(&busy.ledger)).unwrap();
        assert_eq!(followed, Followed::Settled);
        expect_published(dir.path(), &busy.ledger);
        drop(mirror);
        assert_eq!(open(dir.path(), &busy).unwrap().settled().size(), TreeSize(700));
    }
}

/// Once everything is settled, files of the checkpoint before are nothing to stop for.
#[test]
fn outdated_files_that_cannot_be_removed_end_nothing() {
    let mut busy = Busy::new(300, 5, 40);
    let before = busy.ledger.at_size(TreeSize(200));
    let dir = TempDir::new().unwrap();
    let mut mirror = open(dir.path(), &busy).unwrap();
    follow(&mut mirror, &before, &honest(&before)).unwrap();
    assert!(mirror.left_behind().is_none());
    // A directory cannot be removed as a file, by whomever.
    let stray = dir.path().join("copy/tile/0/000.p/stray");
    fs::create_dir(&stray).unwrap();
    let followed = follow(&mut mirror, &busy.ledger, &honest(&busy.ledger)).unwrap();
    assert_eq!(followed, Followed::Settled);
    assert_eq!(mirror.left_behind().map(MirrorError::code), Some("mirror/io"));
    assert_eq!(mirror.settled().size(), TreeSize(300));
    busy.hand_on(7);
    let newer = follow(&mut mirror, &busy.ledger, &honest(&busy.ledger)).unwrap();
    assert_eq!((newer, mirror.left_behind().is_none()), (Followed::Settled, true));
    drop(mirror);
    assert_eq!(open(dir.path(), &busy).unwrap().settled().size(), busy.ledger.head().size);
}
