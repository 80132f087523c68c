//! What is acknowledged is in the ledger, signed and provable at once.

use std::collections::BTreeSet;

use custody_core::checkpoint::{Checkpoint, LogKeys};
use custody_core::hash::sha256;
use custody_core::id::SubjectId;
use custody_core::index::{ChainHead, verify_chain_head, verify_no_chain};
use custody_core::merkle::{LeafIndex, TreeSize};
use custody_core::note::{Algorithm, KeyName, VerifierKey};
use custody_log::{Acknowledged, BatchLimits, Ledger, LedgerOptions, check};
use custody_tests::world::{Scene, World, digest_of};

/// The public keys of a world's log.
fn public_keys(world: &World) -> LogKeys {
    let name = KeyName::parse(world.origin.as_str()).unwrap();
    let (ed25519, mldsa44) = world.log_keys().public(&world.origin).unwrap();
    let key = |algorithm, bytes: &[u8]| VerifierKey::new(name.clone(), algorithm, bytes).unwrap();
    LogKeys::new(key(Algorithm::Ed25519, &ed25519), key(Algorithm::MlDsa44, &mldsa44)).unwrap()
}

/// Every promise of an acknowledgement, from the reader that `ledger` gives right after it.
fn assert_provable(world: &World, ledger: &Ledger, answers: &[Acknowledged]) {
    let keys = public_keys(world);
    let reader = ledger.reader().unwrap();
    for answer in answers {
        let signed = Checkpoint::parse(&answer.checkpoint).unwrap();
        signed.verify_log(&keys).unwrap();
        assert!(answer.index.0 < signed.size().0, "covered by the checkpoint it was answered with");
        assert_eq!(reader.root_at(signed.size()).unwrap(), Some(*signed.root()));
        let consistency = reader.consistency_proof(signed.size()).unwrap();
        consistency.verify(signed.tree_head(), &reader.head()).unwrap();

        let logged = reader.logged(answer.index).unwrap();
        assert_eq!((logged.entry, sha256(&logged.record)), (answer.entry, answer.digest));
        assert_eq!(logged.entry.record, answer.digest);
        assert_eq!(reader.by_digest(&answer.digest).unwrap(), Some(answer.index));
        let proof = reader.inclusion_proof(answer.index).unwrap();
        proof.verify(&logged.entry.leaf_hash(), &reader.head()).unwrap();
    }
    let last = reader.entry(LeafIndex(reader.head().size.0 - 1)).unwrap();
    for (item, _) in &world.items {
        let subject = SubjectId::Item(*item);
        let proof = reader.index_proof(&subject).unwrap();
        match world.chain_head(&subject) {
            Some(ChainHead { length, digest }) => {
                let head = ChainHead { length, digest };
                verify_chain_head(&last.index_root, &subject.key(), &head, &proof).unwrap();
            }
            None => verify_no_chain(&last.index_root, &subject.key(), &proof).unwrap(),
        }
    }
}

#[test]
fn sizes_around_tile_borders() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::founded(dir.path());
    let mut answers = Vec::new();
    for size in [2, 3, 7, 8, 9, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025] {
        let have = ledger.reader().unwrap().head().size.0;
        let records = (have..size).map(|n| match n {
            1..=4 => scene.world.enrol(),
            5..=20 => scene.world.collect(n as usize % 4),
            _ => scene.world.pass_on(n as usize % 16),
        });
        let records = records.collect::<Vec<_>>();
        scene.clock.pass(1000);
        answers.extend(scene.submit_all(&ledger, records));
        assert_eq!(ledger.reader().unwrap().head().size, TreeSize(size));
        assert_provable(&scene.world, &ledger, &answers);
    }
    let summary = check(&ledger.reader().unwrap(), &|_| ()).unwrap();
    assert_eq!((summary.head.size.0, summary.replayed.records, summary.tiles), (1025, 1025, 4));
}

#[test]
fn one_by_one_from_many_threads() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 8);
    let records: Vec<_> = (0..8).map(|item| scene.world.handoff(item, (item + 1) % 8)).collect();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let submit = |(record, openings)| scope.spawn(|| ledger.submit(record, openings).unwrap());
        let threads: Vec<_> = records.into_iter().map(submit).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_provable(&scene.world, &ledger, &answers);
    let mut indices: Vec<_> = answers.iter().map(|answer| answer.index.0).collect();
    indices.sort_unstable();
    assert_eq!(indices, (17..25).collect::<Vec<_>>());
}

#[test]
fn chains_states_and_openings_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 3);
    let records = [
        scene.world.handoff(0, 1),
        scene.world.release(0, 2),
        scene.world.note(0, 2),
        scene.world.receive(0, 2),
    ];
    let digests: Vec<_> = records.iter().map(digest_of).collect();
    scene.submit_all(&ledger, records.to_vec());
    drop(ledger);
    let ledger = scene.open().unwrap();
    let reader = ledger.reader().unwrap();
    let item = SubjectId::Item(scene.world.items[0].0);
    let chain = reader.chain(&item).unwrap();
    let named: Vec<_> = chain.iter().skip(1).map(|logged| logged.entry.record).collect();
    assert_eq!(named, [digests[0], digests[1], digests[3]]);
    assert_eq!(reader.openings(&digests[2]).unwrap(), records[2].1);
    assert_eq!(reader.openings(&digests[0]).unwrap(), []);
    let state = reader.subject(&item).unwrap().unwrap();
    assert_eq!(Some(state.chain), scene.world.chain_head(&item));
    assert_eq!(reader.subjects(custody_log::SubjectKind::Item, None).count(), 3);
    assert_eq!(reader.subjects(custody_log::SubjectKind::Custodian, None).count(), 3);

    let erasure = scene.world.erase(0, (0, 1), &[(digests[2], "text")]);
    scene.submit_all(&ledger, vec![erasure]);
    assert_eq!(ledger.reader().unwrap().openings(&digests[2]).unwrap(), []);
    let (record, openings) = records[2].clone();
    assert!(ledger.submit(record, openings).unwrap().was_known);
    assert_eq!(ledger.reader().unwrap().openings(&digests[2]).unwrap(), [], "stays erased");
    check(&ledger.reader().unwrap(), &|_| ()).unwrap();
}

/// A record of many items writes many rows: what is more than one commit takes goes into the next, in its order.
#[test]
fn records_that_do_not_fit_into_one_commit_make_several() {
    let mut commits = Vec::new();
    for row_bytes in [0, 1, 5000, BatchLimits::default().row_bytes] {
        let dir = tempfile::tempdir().unwrap();
        let (mut scene, ledger) = Scene::new(dir.path(), 4);
        drop(ledger);
        let batch = BatchLimits { row_bytes, ..BatchLimits::default() };
        let options = LedgerOptions { batch, ..scene.options.clone() };
        let ledger = Ledger::open(options, scene.world.log_keys()).unwrap();
        // Each stands on one before it: a key that is enrolled, a thing that is there, a chain.
        let mut records = vec![scene.world.enrol(), scene.world.collect(4)];
        records.extend((0..20).map(|n| scene.world.pass_on(n % 5)));
        records.push(records[0].clone());
        let answers = scene.submit_all(&ledger, records.clone());
        let (again, fresh) = answers.split_last().unwrap();
        assert_eq!((again.was_known, again.index), (true, answers[0].index));
        let indices: Vec<_> = fresh.iter().map(|answer| answer.index.0).collect();
        assert_eq!(indices, (9..31).collect::<Vec<_>>());
        let named: Vec<_> = fresh.iter().map(|answer| answer.digest).collect();
        assert_eq!(named, records[..22].iter().map(digest_of).collect::<Vec<_>>());
        assert_provable(&scene.world, &ledger, &answers);
        check(&ledger.reader().unwrap(), &|_| ()).unwrap();
        let signed: BTreeSet<_> = fresh.iter().map(|answer| answer.checkpoint.to_vec()).collect();
        commits.push(signed.len());
    }
    let [none, one, some, all] = commits[..] else { panic!("{commits:?}") };
    assert_eq!((none, one, all), (22, 22, 1));
    assert!((2..22).contains(&some), "{commits:?}");
}
