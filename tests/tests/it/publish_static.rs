//! The published files: what they hold, and that they can be published again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use custody_core::checkpoint::Checkpoint;
use custody_core::hash::{hash_leaf, sha256};
use custody_core::merkle::{Frontier, TreeSize};
use custody_core::tile::{
    TilePath, decode_entries, decode_records, entry_bundles_of_tree, record_bundles_of_tree,
    tiles_of_tree,
};
use custody_log::{Ledger, PublishError};
use custody_tests::world::Scene;

/// Every file below `dir`, as a path relative to it.
fn files_in(dir: &Path) -> BTreeSet<String> {
    fn walk(dir: &Path, root: &Path, files: &mut BTreeSet<String>) {
        for file in std::fs::read_dir(dir).unwrap() {
            let path: PathBuf = file.unwrap().path();
            if path.is_dir() {
                walk(&path, root, files);
            } else {
                files.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let mut files = BTreeSet::new();
    walk(dir, dir, &mut files);
    files
}

/// What a tree of this size is published as.
fn expected_files(size: TreeSize) -> BTreeSet<String> {
    tiles_of_tree(size)
        .chain(entry_bundles_of_tree(size))
        .chain(record_bundles_of_tree(size))
        .map(|path| path.to_string())
        .chain(["checkpoint".to_owned()])
        .collect()
}

/// Reads a published ledger back with nothing but its files, and returns its size.
fn read_back(out: &Path) -> TreeSize {
    let checkpoint = Checkpoint::parse(&std::fs::read(out.join("checkpoint")).unwrap()).unwrap();
    let read = |path: TilePath| std::fs::read(out.join(path.to_string())).unwrap();
    let mut frontier = Frontier::new();
    let mut digests = Vec::new();
    for path in entry_bundles_of_tree(checkpoint.size()) {
        let bytes = read(path);
        for entry in decode_entries(&bytes, path.width()).unwrap() {
            frontier.push(hash_leaf(entry));
            digests.push(custody_core::entry::Entry::decode(entry).unwrap().record);
        }
    }
    assert_eq!(frontier.head(), *checkpoint.tree_head());
    let mut records = digests.iter();
    for path in record_bundles_of_tree(checkpoint.size()) {
        let bytes = read(path);
        for record in decode_records(&bytes, path.width()).unwrap() {
            assert_eq!(Some(&sha256(record)), records.next());
        }
    }
    checkpoint.size()
}

fn grow(scene: &mut Scene, ledger: &Ledger, size: u64) {
    let have = ledger.reader().unwrap().head().size.0;
    let items = scene.world.items.len();
    let records = (have..size).map(|n| scene.world.pass_on(n as usize % items)).collect();
    scene.submit_all(ledger, records);
}

#[test]
fn growing_and_again() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut scene, ledger) = Scene::new(dir.path(), 4);
    for size in [10, 255, 256, 257, 600, 768] {
        grow(&mut scene, &ledger, size);
        let first = ledger.reader().unwrap().publish(out.path(), &|_| ()).unwrap();
        assert_eq!(read_back(out.path()), TreeSize(size));
        assert_eq!(files_in(out.path()), expected_files(TreeSize(size)));
        let again = ledger.reader().unwrap().publish(out.path(), &|_| ()).unwrap();
        assert_eq!((again.written, again.removed), (0, 0));
        assert_eq!(again.kept, first.written + first.kept);
        assert_eq!(files_in(out.path()), expected_files(TreeSize(size)));
    }
}

#[test]
fn finishes_what_was_interrupted() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut scene, ledger) = Scene::new(dir.path(), 4);
    grow(&mut scene, &ledger, 250);
    ledger.reader().unwrap().publish(out.path(), &|_| ()).unwrap();
    grow(&mut scene, &ledger, 300);
    // All of it was written but the checkpoint.
    let old = std::fs::read(out.path().join("checkpoint")).unwrap();
    ledger.reader().unwrap().publish(out.path(), &|_| ()).unwrap();
    std::fs::write(out.path().join("checkpoint"), old).unwrap();
    grow(&mut scene, &ledger, 600);
    ledger.reader().unwrap().publish(out.path(), &|_| ()).unwrap();
    assert_eq!(files_in(out.path()), expected_files(TreeSize(600)));
}

#[test]
fn another_ledger_is_not_overwritten() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let out = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(one.path(), 4);
    grow(&mut scene, &ledger, 20);
    ledger.reader().unwrap().publish(out.path(), &|_| ()).unwrap();
    let before = files_in(out.path());

    // The same world on a ledger of its own: same name and keys, another history.
    let (mut fork, forked) = Scene::new(two.path(), 4);
    fork.clock.pass(5);
    fork.world.note(0, 1);
    grow(&mut fork, &forked, 9);
    let error = forked.reader().unwrap().publish(out.path(), &|_| ()).unwrap_err();
    assert_eq!(error.code(), "publish/diverged");
    let PublishError::Diverged { published, published_checkpoint, ledger_checkpoint } = error
    else {
        panic!("another error");
    };
    assert_eq!(published.size, TreeSize(20));
    assert_eq!(*Checkpoint::parse(&published_checkpoint).unwrap().tree_head(), published);
    assert_eq!(Checkpoint::parse(&ledger_checkpoint).unwrap().size(), TreeSize(9));
    assert_eq!(files_in(out.path()), before);
}
