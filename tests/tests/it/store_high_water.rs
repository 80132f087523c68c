//! The high-water mark: moved whole or not at all, never back.

use std::fs;
use std::path::{Path, PathBuf};

use custody_log::high_water::{HighWater, HighWaterError, LocalDisk, left_over, locate, move_mark};
use custody_tests::fault::{Fault, Faults, Plan, Step};

fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mark");
    (dir, path)
}

fn mark(path: &Path, faults: &Faults) -> HighWater {
    HighWater::new(path, Box::new(faults.disk(LocalDisk::default())))
}

#[test]
fn stands_where_it_was_moved_to() {
    let (_dir, path) = place();
    let mut high_water = mark(&path, &Faults::none());
    assert_eq!(high_water.load().unwrap(), None);
    for size in [0, 1, 1, 7] {
        let note = format!("note of {size}\n");
        high_water.advance(size, note.as_bytes()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), note.as_bytes());
        assert_eq!(mark(&path, &Faults::none()).load().unwrap(), Some(note.into_bytes()));
    }
}

#[test]
fn counts_for_nothing_until_it_is_advanced() {
    let (_dir, path) = place();
    let faults = Faults::none();
    let mut high_water = mark(&path, &faults);
    high_water.advance(1, b"one").unwrap();
    high_water.stage(b"two").unwrap();
    assert_eq!(high_water.load().unwrap(), Some(b"one".to_vec()));
    let written = faults.count(Step::MarkWrite);
    high_water.advance(2, b"two").unwrap();
    assert_eq!(faults.count(Step::MarkWrite), written, "what is staged is not written again");
    assert_eq!(high_water.load().unwrap(), Some(b"two".to_vec()));

    // Another note than the one staged, and one whose staging failed, are written in full.
    high_water.stage(b"three").unwrap();
    high_water.advance(4, b"four").unwrap();
    assert_eq!(high_water.load().unwrap(), Some(b"four".to_vec()));
    for fault in [Fault::LostInDoubt, Fault::StoredInDoubt] {
        faults.plan(Plan { step: Step::MarkWrite, nth: 1, fault });
        assert_eq!(high_water.stage(b"five").unwrap_err().code(), "high-water-not-moved");
        high_water.advance(5, b"five").unwrap();
        assert_eq!(high_water.load().unwrap(), Some(b"five".to_vec()));
    }
}

#[test]
fn never_moves_back() {
    let (_dir, path) = place();
    let mut high_water = mark(&path, &Faults::none());
    high_water.advance(7, b"seven").unwrap();
    match high_water.advance(6, b"six") {
        Err(error @ HighWaterError::Backwards { held: 7, offered: 6 }) => {
            assert_eq!(error.code(), "high-water-backwards");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(high_water.load().unwrap(), Some(b"seven".to_vec()));
    high_water.advance(7, b"seven, cosigned").unwrap();
    assert_eq!(high_water.load().unwrap(), Some(b"seven, cosigned".to_vec()));
}

#[test]
fn limits_its_length() {
    let (_dir, path) = place();
    let limit = HighWater::BYTES_MAX as usize;
    let mut high_water = mark(&path, &Faults::none());
    high_water.advance(1, &vec![b'a'; limit]).unwrap();
    assert_eq!(high_water.load().unwrap().unwrap().len(), limit);
    let refused = high_water.advance(2, &vec![b'a'; limit + 1]).unwrap_err();
    assert_eq!(refused.code(), "high-water-too-long");
    fs::write(&path, vec![b'a'; limit + 1]).unwrap();
    assert_eq!(high_water.load().unwrap_err().code(), "high-water-too-long");
}

#[test]
fn says_what_it_cannot_read() {
    let (dir, path) = place();
    fs::create_dir(&path).unwrap();
    let high_water = mark(&path, &Faults::none());
    assert_eq!(high_water.load().unwrap_err().code(), "high-water-read");
    let below_a_file = dir.path().join("file").join("mark");
    fs::write(dir.path().join("file"), b"").unwrap();
    let mut high_water = mark(&below_a_file, &Faults::none());
    assert_eq!(high_water.advance(1, b"one").unwrap_err().code(), "high-water-not-moved");
}

#[test]
fn is_old_or_new_after_every_failed_step() {
    for step in [Step::MarkWrite, Step::MarkRename, Step::MarkFlush] {
        for fault in [Fault::LostInDoubt, Fault::StoredInDoubt] {
            fail_step(step, fault);
        }
    }
}

fn fail_step(step: Step, fault: Fault) {
    let (_dir, path) = place();
    let faults = Faults::none();
    let mut high_water = mark(&path, &faults);
    high_water.advance(1, b"old").unwrap();
    faults.plan(Plan { step, nth: 1, fault });
    let failed = high_water.advance(2, b"new").unwrap_err();

    let is_kept =
        matches!((step, fault), (Step::MarkWrite, _) | (Step::MarkRename, Fault::LostInDoubt));
    let stands: &[u8] = if is_kept { b"old" } else { b"new" };
    assert_eq!(mark(&path, &Faults::none()).load().unwrap().unwrap(), stands, "{step:?} {fault:?}");

    if step == Step::MarkWrite {
        assert_eq!(failed.code(), "high-water-not-moved");
        high_water.advance(2, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    } else {
        assert_eq!(failed.code(), "high-water-in-doubt");
        assert_eq!(high_water.advance(3, b"newer").unwrap_err().code(), "high-water-halted");
        mark(&path, &Faults::none()).advance(3, b"newer").unwrap();
    }
}

/// The note of the ledger in `dir`, where the directory says that it lies.
fn noted(dir: &Path) -> Option<Vec<u8>> {
    let disk = LocalDisk::default();
    HighWater::new(&locate(dir, &disk).unwrap(), Box::new(disk)).load().unwrap()
}

#[test]
fn moves_to_another_place_or_stays() {
    // Each of two files is written, renamed and flushed; then the old one is removed, and that flushed.
    let steps = [(Step::MarkWrite, 2), (Step::MarkRename, 3), (Step::MarkFlush, 3)];
    for (step, times) in steps {
        for nth in 1..=times {
            for fault in [Fault::LostInDoubt, Fault::StoredInDoubt] {
                fail_move(Plan { step, nth, fault });
            }
        }
    }
}

fn fail_move(plan: Plan) {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (old, new) = (dir.path().join("high-water"), other.path().join("mark"));
    fs::write(&old, b"note").unwrap();
    let faults = Faults::none();
    let disk = faults.disk(LocalDisk::default());
    faults.plan(plan);
    let moved = move_mark(dir.path(), &new, b"note", &disk);
    // Whatever failed: the place that the directory names has the mark.
    assert_eq!(noted(dir.path()), Some(b"note".to_vec()), "{plan}");
    match moved {
        // Only removing the old one failed. It counts for nothing.
        Ok(moved) => {
            assert!(moved.left_behind.is_some() && noted(dir.path()).is_some(), "{plan}");
            assert_eq!(locate(dir.path(), &disk).unwrap(), new, "{plan}");
            assert_eq!(left_over(dir.path(), &disk).is_some(), old.exists(), "{plan}");
        }
        Err(error) => {
            let code = if plan.step == Step::MarkWrite { "not-moved" } else { "in-doubt" };
            assert_eq!(error.code(), format!("high-water-{code}"), "{plan}");
            // The same again finishes, if it is not finished.
            if locate(dir.path(), &disk).unwrap() == old {
                move_mark(dir.path(), &new, b"note", &disk).unwrap();
            }
            assert_eq!(locate(dir.path(), &disk).unwrap(), new, "{plan}");
        }
    }
    assert_eq!(noted(dir.path()), Some(b"note".to_vec()), "{plan}");
}

#[test]
fn moves_over_nothing() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (old, new) = (dir.path().join("high-water"), other.path().join("mark"));
    fs::write(&old, b"note").unwrap();
    let disk = LocalDisk::default();
    let refused = |to: &Path, code: &str| {
        assert_eq!(move_mark(dir.path(), to, b"note", &disk).unwrap_err().code(), code);
        assert_eq!(noted(dir.path()), Some(b"note".to_vec()));
    };
    refused(&old, "high-water-taken");
    fs::write(&new, b"another note").unwrap();
    refused(&new, "high-water-taken");
    fs::remove_file(&new).unwrap();
    std::os::unix::fs::symlink(&old, &new).unwrap();
    refused(&new, "high-water-taken");
    fs::remove_file(&new).unwrap();
    refused(Path::new("relative"), "high-water-place");
    assert!(!Path::new("relative").exists(), "nothing is begun that cannot be recorded");
    refused(&other.path().join("absent").join("mark"), "high-water-not-moved");
}
