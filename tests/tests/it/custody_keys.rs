//! What records make of keys.

use custody_tests::paper::public;
use custody_tests::paper::story::Story;

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
