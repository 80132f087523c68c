//! Snapshots of a store at work, and stores that go on from them with what was published.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use custody_core::entry::Entry;
use custody_core::tile::{
    TileKind, TilePath, TileWidth, decode_entries, decode_records, encode_entries, encode_records,
};
use custody_log::store::{Read, RocksConfig, RocksReader, Scan, Table};
use custody_log::{
    BatchLimits, FollowError, Ledger, LedgerOptions, Standing, Suspect, follow, pin,
};
use custody_tests::office::copy;
use custody_tests::world::{Made, Scene, digest_of};
use tempfile::TempDir;

#[test]
fn a_snapshot_under_load_has_what_was_acknowledged_and_no_more() {
    let dir = TempDir::new().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 64);
    let rounds: Vec<Vec<Made>> =
        (0..40).map(|_| (0..64).map(|item| scene.world.pass_on(item)).collect()).collect();
    let (acknowledged, is_done) =
        (AtomicU64::new(ledger.reader().unwrap().head().size.0), AtomicBool::new(false));
    let mut sizes = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in rounds {
                let answers = ledger.submit_all(round);
                let count = answers.into_iter().map(Result::unwrap).count() as u64;
                acknowledged.fetch_add(count, Ordering::SeqCst);
            }
            is_done.store(true, Ordering::SeqCst);
        });
        while sizes.len() < 3 || (sizes.len() < 40 && !is_done.load(Ordering::SeqCst)) {
            let before = acknowledged.load(Ordering::SeqCst);
            let to = dir.path().join(format!("snapshot-{}", sizes.len()));
            ledger.snapshot(&to).unwrap();
            let head = Standing::open(&to).unwrap().head();
            // What was acknowledged before is in it, whole; nothing that the ledger did not sign.
            assert!(head.size.0 >= before, "{head} {before}");
            let reader = ledger.reader().unwrap();
            assert_eq!(reader.root_at(head.size).unwrap(), Some(head.root));
            // Nothing behind its own checkpoint: a batch is in it or not.
            let rows = RocksReader::open(&to, &RocksConfig::default()).unwrap();
            let last = rows.rows(&Scan::all(Table::Entry).backwards().limit(1)).unwrap();
            assert_eq!(last[0].0, (head.size.0 - 1).to_be_bytes());
            sizes.push(head.size);
        }
    });
    assert!(sizes.is_sorted(), "{sizes:?}");
    let taken = ledger.snapshot(&dir.path().join("snapshot-0"));
    assert_eq!(taken.map_err(|error| error.code()), Err("store-snapshot"));
    let options = LedgerOptions::new(dir.path());
    let pinned = pin(&options, &dir.path().join("own")).map(drop);
    assert_eq!(pinned.map_err(|error| error.code()), Err("store-in-use"));
    drop(ledger);
    let pinned = pin(&options, &dir.path().join("own")).unwrap();
    assert_eq!(scene.open().map(drop).map_err(|error| error.code()), Err("store-in-use"));
    drop(pinned);
    scene.open().unwrap();
}

/// A ledger that published, and a directory that stands where it stood before.
struct Behind {
    _dir: TempDir,
    scene: Scene,
    ledger: Ledger,
    options: LedgerOptions,
    published: PathBuf,
}

impl Behind {
    /// Every kind of batch comes between the two: many of one time, of one record and of many, one that is seen at
    /// once, and an order to erase.
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let (mut scene, ledger) = Scene::new(&dir.path().join("ledger"), 16);
        let noted = scene.world.note(0, 0);
        scene.submit_all(&ledger, vec![noted.clone()]);
        let behind = dir.path().join("behind");
        fs::create_dir(&behind).unwrap();
        ledger.snapshot(&behind.join("store")).unwrap();
        copy(&dir.path().join("ledger/vault"), &behind.join("vault"));
        let options = LedgerOptions { clock: scene.clock.clone(), ..LedgerOptions::new(behind) };

        let head = |ledger: &Ledger| Some(ledger.reader().unwrap().head());
        for round in 0..30_usize {
            let batch: Vec<_> = (0..16).map(|item| scene.world.pass_on(item)).collect();
            scene.submit_all(&ledger, batch);
            if round.is_multiple_of(3) {
                scene.clock.pass(1);
            }
            scene.world.seen = head(&ledger);
            let single = scene.world.note(round % 16, 1);
            scene.submit_all(&ledger, vec![single]);
            scene.world.seen = None;
        }
        let enrolled = [scene.world.enrol(), scene.world.rotate_key(3), scene.world.collect(3)];
        scene.submit_all(&ledger, enrolled.to_vec());
        let erasure = scene.world.erase(0, (0, 1), &[(digest_of(&noted), "text")]);
        scene.submit_all(&ledger, vec![erasure]);
        let published = dir.path().join("tiles");
        ledger.reader().unwrap().publish(&published, &|_| ()).unwrap();
        Self { _dir: dir, scene, ledger, options, published }
    }

    fn follow(&self) -> Result<u64, FollowError> {
        follow(&self.options, &self.published, &|_| ()).map(|followed| followed.to.size.0)
    }

    /// The code with which following is refused, on a copy that is as it was.
    fn refused(&self) -> &'static str {
        let kept = self.options.dir.with_extension("kept");
        copy(&self.options.dir, &kept);
        let code = self.follow().map_err(|error| error.code()).unwrap_err();
        fs::remove_dir_all(&self.options.dir).unwrap();
        fs::rename(kept, &self.options.dir).unwrap();
        code
    }

    /// The path of the last bundle of a kind.
    fn last(&self, kind: TileKind) -> (PathBuf, TileWidth) {
        let size = self.ledger.reader().unwrap().head().size.0;
        let width = TileWidth::new(size % 256).unwrap();
        let path = TilePath::new(kind, size / 256, width).unwrap();
        (self.published.join(path.to_string()), width)
    }
}

fn rows(dir: &Path, table: Table) -> Vec<(Vec<u8>, Vec<u8>)> {
    let reader = RocksReader::open(&dir.join("store"), &RocksConfig::default()).unwrap();
    let mut rows = Vec::new();
    let mut take = |key: &[u8], value: &[u8]| {
        rows.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    };
    reader.scan(&Scan::all(table), &mut take).unwrap();
    rows
}

#[test]
fn a_store_that_is_behind_becomes_the_very_same() {
    expect_the_very_same(BatchLimits::default().row_bytes);
}

/// Records of one batch whose rows are more than a store takes at once are stored in several commits.
#[test]
fn a_store_that_is_behind_becomes_the_very_same_in_small_commits() {
    [1, 5000].into_iter().for_each(expect_the_very_same);
}

fn expect_the_very_same(row_bytes: usize) {
    let mut behind = Behind::new();
    behind.options.batch.row_bytes = row_bytes;
    let head = behind.ledger.reader().unwrap().head();
    let first = Standing::open(&behind.options.dir.join("store")).unwrap().head();
    assert!(first.size.0 + 500 < head.size.0, "{first} {head}");
    assert_eq!(behind.follow().unwrap(), head.size.0);
    let ledger = behind.scene.options.dir.clone();
    // Row for row what the ledger itself has; of the sizes that it signed, those that its records show.
    for table in Table::ALL.into_iter().filter(|table| *table != Table::SignedSize) {
        assert_eq!(rows(&behind.options.dir, table), rows(&ledger, table), "{table}");
    }
    let signed = rows(&ledger, Table::SignedSize);
    let known = rows(&behind.options.dir, Table::SignedSize);
    assert!(known.iter().all(|row| signed.contains(row)));
    assert!(known.len() > first.size.0 as usize / 16 && known.len() <= signed.len());
    // Again nothing happens; and it is a ledger that takes records.
    assert_eq!(behind.follow().unwrap(), head.size.0);
    let Behind { mut scene, options, ledger, .. } = behind;
    let note = ledger.reader().unwrap().checkpoint().to_vec();
    drop(ledger);
    fs::write(options.dir.join("high-water"), note).unwrap();
    let checked = Suspect::open(&options).unwrap().check(&|_| ());
    assert_eq!(checked.findings, []);
    let ledger = Ledger::open(options, scene.world.log_keys()).unwrap();
    scene.world.seen = Some(head);
    let record = scene.world.pass_on(3);
    scene.submit_all(&ledger, vec![record]);
}

#[test]
fn published_files_that_are_not_the_ledgers_are_refused() {
    let behind = Behind::new();
    let ((records, width), (entries, _)) =
        (behind.last(TileKind::Records), behind.last(TileKind::Entries));
    let honest = [&records, &entries].map(|path| fs::read(path).unwrap());
    let restore = || {
        fs::write(&records, &honest[0]).unwrap();
        fs::write(&entries, &honest[1]).unwrap();
    };
    let list: Vec<_> = decode_records(&honest[0], width).unwrap();
    let last = list.len() - 2;

    fs::remove_file(&records).unwrap();
    assert_eq!(behind.refused(), "follow/io");
    fs::write(&records, &honest[0][..honest[0].len() - 1]).unwrap();
    assert_eq!(behind.refused(), "follow/bundle");
    // A record of before once more.
    let mut others = list.clone();
    others[last] = others[last - 1];
    fs::write(&records, encode_records(&others).unwrap()).unwrap();
    assert_eq!(behind.refused(), "follow/twice");
    // One whose signature does not hold.
    let mut record = list[last].to_vec();
    let end = record.len() - 1;
    record[end] ^= 1;
    let mut others = list.clone();
    others[last] = &record;
    fs::write(&records, encode_records(&others).unwrap()).unwrap();
    assert_eq!(behind.refused(), "cose/signature");
    // Two that stand in each other's place.
    let mut others = list.clone();
    others.swap(last - 4, last - 5);
    fs::write(&records, encode_records(&others).unwrap()).unwrap();
    assert_eq!(behind.refused(), "follow/entry");
    restore();
    // An entry that says something else.
    let list: Vec<_> = decode_entries(&honest[1], width).unwrap();
    let mut entry = Entry::decode(list[last]).unwrap();
    entry.index_root = entry.record;
    let entry = entry.encode();
    let mut others = list.clone();
    others[last] = &entry;
    fs::write(&entries, encode_entries(&others).unwrap()).unwrap();
    assert_eq!(behind.refused(), "follow/entry");
    restore();
    // A checkpoint that the log did not sign, and one that is none.
    let checkpoint = behind.published.join("checkpoint");
    let note = fs::read(&checkpoint).unwrap();
    let other = TempDir::new().unwrap();
    let (_, ledger) = Scene::founded(other.path());
    fs::write(&checkpoint, ledger.reader().unwrap().checkpoint()).unwrap();
    assert_eq!(behind.follow().unwrap(), 34, "smaller than the store");
    fs::write(&checkpoint, &note[1..]).unwrap();
    assert_eq!(behind.refused(), "checkpoint/origin-mismatch");
    fs::write(&checkpoint, note).unwrap();
    behind.follow().unwrap();
}

/// Two histories from one state: each is followed by itself, and never with the other's checkpoint.
#[test]
fn a_forked_log_is_not_followed() {
    let dir = TempDir::new().unwrap();
    let (mut scene, ledger) = Scene::new(&dir.path().join("ledger"), 4);
    drop(ledger);
    for name in ["behind", "fork"] {
        copy(&dir.path().join("ledger"), &dir.path().join(name));
    }
    let notes = [0, 1].map(|item| scene.world.note(item, item));
    let mut checkpoints = Vec::new();
    for (name, note) in ["ledger", "fork"].into_iter().zip(notes) {
        let options = LedgerOptions { dir: dir.path().join(name), ..scene.options.clone() };
        let ledger = Ledger::open(options, scene.world.log_keys()).unwrap();
        scene.submit_all(&ledger, vec![note]);
        let out = dir.path().join(format!("{name}-tiles"));
        ledger.reader().unwrap().publish(&out, &|_| ()).unwrap();
        checkpoints.push(fs::read(out.join("checkpoint")).unwrap());
    }
    let published = dir.path().join("ledger-tiles");
    fs::write(published.join("checkpoint"), &checkpoints[1]).unwrap();
    let options = LedgerOptions { dir: dir.path().join("behind"), ..scene.options.clone() };
    let followed = follow(&options, &published, &|_| ());
    let Err(FollowError::Root { signed, made }) = &followed else { panic!("{followed:?}") };
    assert_eq!(
        (signed.size, followed.as_ref().map_err(|e| e.code())),
        (made.size, Err("follow/root"))
    );
}
