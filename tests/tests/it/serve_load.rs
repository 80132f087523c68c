//! Many records at a time over HTTP: none is lost and none is there twice, also where the server is killed.

use std::collections::HashMap;

use custody_core::merkle::LeafIndex;
use custody_log::{Ledger, LedgerOptions};
use custody_tests::http_load::{Outcome, Sending, drive};
use custody_tests::load_site::{LEDGER, LoadSite};
use custody_tests::served::{HttpAnswer, Served};
use serde_json::Value;

/// Items of the load: those of one item are so far apart that clients do not wait for one another's answers.
const ITEMS: u64 = 400;

fn sendings(handoffs: &[Vec<u8>]) -> Vec<Sending> {
    handoffs.iter().map(|record| Sending::one(record)).collect()
}

fn size(served: &Served) -> u64 {
    served.get("/checkpoint").body.lines().nth(1).unwrap().parse().unwrap()
}

/// Which entry each request got, where an answer came.
fn entries(outcomes: &[Outcome]) -> HashMap<usize, u64> {
    let entries = outcomes
        .iter()
        .filter_map(|outcome| outcome.entries.first().map(|entry| (outcome.position, *entry)));
    entries.collect()
}

#[test]
fn what_was_acknowledged_survives_a_kill_under_load_and_nothing_is_there_twice() {
    let folder = tempfile::tempdir().unwrap();
    let site = LoadSite::lay(folder.path(), ITEMS, 4_000);
    let served = site.serve(folder.path());
    let address = served.address();
    let requests = sendings(&site.handoffs);
    let load = std::thread::spawn(move || drive(address, requests, 20, None));
    // In the middle of it, wherever that is: between any two steps of a commit.
    while size(&served) < site.size + 1_000 {}
    served.kill();
    let before = entries(&load.join().unwrap());
    assert!(before.len() >= 900, "{} were answered", before.len());
    assert!(before.len() < site.handoffs.len(), "the server was killed before the end");

    // Whoever got no answer asks again; here everybody does.
    let served = site.serve(folder.path());
    let kept = size(&served);
    assert!(kept >= site.size + before.len() as u64, "{kept} entries, {} answers", before.len());
    let outcomes = drive(served.address(), sendings(&site.handoffs), 20, None);
    for outcome in &outcomes {
        let was_there = outcome.entries.first().is_some_and(|entry| *entry < kept);
        let expected = if was_there { 200 } else { 201 };
        assert_eq!(outcome.status, expected, "{outcome:?}");
    }
    let after = entries(&outcomes);
    assert_eq!(after.len(), site.handoffs.len());
    for (position, entry) in &before {
        assert_eq!(after[position], *entry, "the same record, the same answer");
    }
    assert_eq!(size(&served), site.size + site.handoffs.len() as u64);
    assert_eq!(served.stop(), Some(0));

    let reader = Ledger::open_read_only(LedgerOptions::new(folder.path().join(LEDGER))).unwrap();
    for (position, entry) in &after {
        assert_eq!(reader.record(LeafIndex(*entry)).unwrap(), site.handoffs[*position]);
    }
}

fn post(served: &Served, path: &str, form: &str, body: &[u8]) -> HttpAnswer {
    served.ask("POST", path, &format!("Content-Type: {form}\r\n"), body)
}

#[test]
fn records_that_come_together_are_answered_each_for_itself() {
    use custody_api::offer_file::{MAX_BATCH, OFFERS_TYPE, OfferFile};
    use custody_core::cbor::Value as Cbor;
    use custody_core::receipt::Receipt;
    use custody_core::record::Offer;

    let folder = tempfile::tempdir().unwrap();
    let site = LoadSite::lay(folder.path(), 2, 6);
    let served = site.serve(folder.path());
    let file =
        |record: &[u8]| OfferFile::new(Offer::parse(record).unwrap(), Vec::new()).unwrap().encode();
    let files: Vec<_> = site.handoffs.iter().map(|record| file(record)).collect();
    let body = |files: &[&[u8]]| Cbor::array(files.iter().map(Cbor::bytes)).encode();
    let send = |body: &[u8]| post(&served, "/v1/batches", OFFERS_TYPE, body);

    // The second and the fourth rest on those before them; the fifth is no offer, the last one rests on another that is missing.
    let mixed: [&[u8]; 6] = [&files[0], &files[2], &files[0], &files[4], b"no offer", &files[3]];
    let answer = send(&body(&mixed));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let view: Value = serde_json::from_str(&answer.body).unwrap();
    let said = |answer: &Value| match answer["code"].as_str() {
        Some(code) => code.to_owned(),
        None => format!("{} {}", answer["entry"], answer["was_known"]),
    };
    let said: Vec<_> = view["answers"].as_array().unwrap().iter().map(said).collect();
    let first = site.size;
    let expected = [
        format!("{first} false"),
        format!("{} false", first + 1),
        format!("{first} true"),
        format!("{} false", first + 2),
        "offer/not-an-offer".to_owned(),
        "custody/conflict".to_owned(),
    ];
    assert_eq!(said, expected);

    let checkpoint = view["checkpoint"].as_str().unwrap();
    let receipt = |answer: &Value| format!("{}{checkpoint}", answer["proof"].as_str().unwrap());
    let receipt = Receipt::parse(receipt(&view["answers"][1]).as_bytes()).unwrap();
    assert_eq!(receipt.proof().index, LeafIndex(first + 1));
    assert_eq!(receipt.checkpoint().size().0, first + 3);

    for (body, code) in [
        (body(&[]), "cbor/out-of-range"),
        (body(&vec![&files[0][..]; MAX_BATCH + 1]), "cbor/out-of-range"),
        (files[0].clone(), "cbor/unexpected-type"),
        (body(&[&files[0]])[..10].to_vec(), "cbor/truncated"),
    ] {
        let answer = send(&body);
        assert_eq!((answer.status, &*answer.code()), (422, code), "{}", answer.body);
    }
    assert_eq!(size(&served), first + 3, "what was refused left nothing");
}

#[test]
fn more_records_together_than_there_is_room_for_come_alone() {
    let folder = tempfile::tempdir().unwrap();
    let site = LoadSite::lay(folder.path(), 2, 6);
    let setting = folder.path().join("serve.toml");
    let roomy = std::fs::read_to_string(&setting).unwrap();
    std::fs::write(&setting, format!("{roomy}records = 2\n")).unwrap();
    let served = site.serve(folder.path());
    let outcomes = drive(served.address(), vec![Sending::several(&site.handoffs)], 1, None);
    assert_eq!((outcomes[0].status, outcomes[0].entries.len()), (200, site.handoffs.len()));
}
