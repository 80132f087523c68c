//! What records make of keys.

use custody_core::custody::{Held, Holdings};
use custody_core::id::SubjectId;
use custody_core::record::body::KeySlot;
use custody_tests::paper::story::Story;
use custody_tests::paper::{Agency, public, signing_key};

#[test]
fn an_earlier_compromise_takes_the_place_of_any_other_end() {
    let mut story = Story::enrolled();
    let Story { cast, ledger, .. } = &mut story;
    let kid = public(&cast.ana.key).kid();
    ledger.write(&ledger.key_revoke(&cast.north, &cast.ana));
    assert_eq!(ledger.book.compromised_keys().get(&kid), None);
    // Whoever states a time far ahead first keeps no other out.
    for since_s in [4_000_000_000, 1_000, 999] {
        ledger.write(&ledger.key_compromised(&cast.north, &cast.ana, since_s));
        assert_eq!(ledger.book.compromised_keys().get(&kid), Some(&since_s));
    }
}

/// Of an agency's keys, those that it was given by founders without itself.
#[test]
fn keys_that_others_enrolled_are_told_apart() {
    let mut story = Story::enrolled();
    let Story { cast, ledger, .. } = &mut story;
    let (north, south, transit) = (&cast.north, &cast.south, &cast.transit);
    let [second, third, fourth, fifth] = ["2", "3", "4", "5"].map(signing_key);
    let renewed = Agency { key: second.clone(), ..transit.clone() };
    let authority = KeySlot::Authority;
    ledger.write(&ledger.agency_key_rotate(&[transit], transit, &second, authority));
    ledger.write(&ledger.agency_key_rotate(&[north, south], transit, &third, authority));
    let renewed = Agency { key: third.clone(), ..renewed };
    ledger.write(&ledger.agency_key_rotate(&[&renewed], transit, &fourth, KeySlot::Recovery));
    ledger.write(&ledger.agency_key_rotate(&[north, south], south, &fifth, authority));
    ledger.write(&ledger.key_rotate(north, &cast.ana, &signing_key("ana's second")));
    let by_others = |id: SubjectId| match ledger.book.get(&id) {
        Held::Present(subject) => {
            let keys = subject.standing.keys().iter();
            keys.map(|state| (state.slot, state.is_by_others)).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let recovery = KeySlot::Recovery;
    let first = [(authority, false), (recovery, false)];
    let rest = [(authority, false), (authority, true), (recovery, false)];
    assert_eq!(by_others(transit.subject()), [&first[..], &rest[..]].concat());
    assert_eq!(by_others(south.subject()), [&first[..], &[(authority, false)]].concat());
    assert_eq!(by_others(cast.ana.subject()), [(KeySlot::Custodian, false); 2]);
}
