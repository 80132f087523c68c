//! The two ways in which a write can fail, at every write: the store reopens whole, and goes on.

use custody_log::store::{Store, StoreError};
use custody_tests::fault::{Fault, Faults, Plan, Step};

use crate::store_ledger::{batch, check_whole, commits, grow, new_store, open};

const IN_PROCESS: [Fault; 3] = [Fault::NotStored, Fault::LostInDoubt, Fault::StoredInDoubt];

fn expected_code(fault: Fault) -> &'static str {
    if fault == Fault::NotStored { "store-not-stored" } else { "store-in-doubt" }
}

#[test]
fn writes_every_plan_as_text() {
    for step in Step::ALL {
        for fault in Fault::ALL {
            let plan = Plan { step, nth: 7, fault };
            assert_eq!(plan.to_string().parse(), Ok(plan));
        }
    }
    assert_eq!("commit:1".parse::<Plan>(), Err("not a plan: `commit:1`".to_owned()));
}

#[test]
fn reopens_whole_after_every_failed_commit() {
    for fault in IN_PROCESS {
        for nth in 1..=4 {
            fail_commit(fault, nth);
        }
    }
}

fn fail_commit(fault: Fault, nth: u64) {
    let (dir, store) = new_store();
    let faults = Faults::none();
    let store = faults.store(store);
    let epoch = store.acquire_epoch().unwrap();
    faults.plan(Plan { step: Step::Commit, nth, fault });
    grow(&store, epoch, nth - 1);
    let failed = batch(epoch, nth);
    assert_eq!(store.commit(&failed).unwrap_err().code(), expected_code(fault));

    // The same batch may be tried again exactly where the store vouched that it was not stored.
    match (fault, store.commit(&failed)) {
        (Fault::NotStored, Ok(())) => {}
        (Fault::LostInDoubt | Fault::StoredInDoubt, Err(StoreError::Halted)) => {
            assert_eq!(store.acquire_epoch().unwrap_err().code(), "store-halted");
        }
        (fault, outcome) => panic!("{fault:?}: {outcome:?}"),
    }
    drop(store);

    let store = open(&dir);
    let stored = if fault == Fault::LostInDoubt { nth - 1 } else { nth };
    assert_eq!(check_whole(&store), stored, "{fault:?} at {nth}");
    let epoch = store.acquire_epoch().unwrap();
    grow(&store, epoch, 2);
    assert_eq!(check_whole(&store), stored + 2);
}

#[test]
fn fences_nobody_by_an_epoch_that_was_not_stored() {
    for fault in IN_PROCESS {
        let (dir, store) = new_store();
        let first = store.acquire_epoch().unwrap();
        let faults = Faults::none();
        let store = faults.store(store);
        faults.plan(Plan { step: Step::Epoch, nth: 1, fault });
        assert_eq!(store.acquire_epoch().unwrap_err().code(), expected_code(fault));
        drop(store);

        let store = open(&dir);
        let outcome = store.commit(&batch(first, 1));
        match (fault.is_stored(), outcome) {
            (true, Err(StoreError::Fenced { current, .. })) => assert_eq!(current, first.next()),
            (false, Ok(())) => {}
            (_, outcome) => panic!("{fault:?}: {outcome:?}"),
        }
        assert_eq!(commits(&store), u64::from(!fault.is_stored()));
        assert!(store.acquire_epoch().unwrap() > first);
    }
}
