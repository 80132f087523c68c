//! What a table of items says besides what they are, and tables of outcomes where two sides sign one record.

use std::fs;

use custody_api::desk::Desk;
use custody_core::id::SubjectId;
use custody_core::record::Offer;
use custody_core::record::body::Body;
use custody_tests::office::Office;
use serde_json::{Value, json};

use crate::cli_import::{copy, write};

fn entries(office: &Office) -> u64 {
    office.ask(&["where", "--disposed"])["size"].as_u64().unwrap()
}

const IMPORT: [&str; 5] = ["import", "items", "items.csv", "--key", "anna.key"];

#[test]
fn amounts_requests_and_codes_of_a_table_are_recorded_once() {
    let (_folder, office) = copy();
    let police = format!("agency:{}", office.id("police"));
    let prepare = ["request", "prepare", "--to", &police, "--basis", "treaty", "--purpose", "data"];
    let rest = ["--instrument", "x", "--contact", "desk 4", "--key", "ben.key"];
    let request = office.ask(&[&prepare[..], &rest[..]].concat());
    let request = request["request"].as_str().unwrap();
    let row = |text: &str| format!("description,quantity,unit,request,handling\n{text}\n");
    write(&office, "items.csv", &row(&format!("powder,250,g,{request},TLP:AMBER|H1|H1")));
    let before = entries(&office);
    let made = office.ask(&IMPORT);
    assert_eq!((made["marked"].as_u64(), entries(&office)), (Some(1), before + 2));
    let item = made["items"][0]["item"].as_str().unwrap();
    let shown = office.ask(&["show", item]).to_string();
    for said in ["250 g", "TLP:AMBER"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    let desk = Desk::read(&office.folder().join("ledger")).unwrap();
    let record = desk.record(desk.entry(&made["items"][0]["entry"].to_string()).unwrap()).unwrap();
    let Body::Collect(body) = &record.payload().body else { panic!("{record:?}") };
    let recorded = SubjectId::Request(body.request.unwrap()).to_string();
    assert_eq!(recorded, request);
    drop(desk);
    // Run again it says nothing twice, and does not take back what was said since.
    assert_eq!(office.ask(&IMPORT)["marked"], 0);
    office.ask(&["handling", item, "--lift", "--key", "anna.key"]);
    assert_eq!(office.ask(&IMPORT)["marked"], 0);
    assert_eq!(entries(&office), before + 3);
}

/// The items are in the ledger, the codes are not: as after a power cut between the two.
#[test]
fn an_import_that_stopped_before_the_codes_is_finished_by_running_it_again() {
    let (_folder, office) = copy();
    let table = "description,handling\npowder,H1\nbox,\n";
    write(&office, "items.csv", table);
    let made = office.ask(&IMPORT);
    assert_eq!(made["marked"], 1);
    // The same items without a code, in another ledger that has come as far.
    let (_other, late) = copy();
    write(&late, "items.csv", &table.replace("H1", ""));
    late.ask(&IMPORT);
    let digest = |text: &str| custody_core::hash::sha256(text.as_bytes()).to_string();
    let ids = fs::read_to_string(late.folder().join("items.csv.ids")).unwrap();
    let ids = ids.replace(&digest(&table.replace("H1", "")), &digest(table));
    write(&late, "items.csv", table);
    write(&late, "items.csv.ids", &ids);
    let before = entries(&late);
    let again = late.ask(&IMPORT);
    let known: Vec<_> =
        again["items"].as_array().unwrap().iter().map(|row| &row["was_known"]).collect();
    assert_eq!((known, &again["marked"]), (vec![&json!(true); 2], &json!(1)));
    assert_eq!(entries(&late), before + 1);
    assert_eq!(late.ask(&IMPORT)["marked"], 0);
}

/// What a receiver says of a manifest by a table, with a ledger at hand and without.
#[test]
fn a_table_of_outcomes_says_the_same_with_and_without_a_ledger() {
    let (_folder, office) = copy();
    let ids: Vec<_> =
        ["laptop", "image"].iter().map(|name| format!("item:{}", office.id(name))).collect();
    let ben = format!("custodian:{}", office.id("ben"));
    let to = ["--to", &ben, "--purpose", "storage", "--key", "anna.key", "--out", "h.offer"];
    office.ask(&[&["offer", &ids[0], &ids[1]], &to[..]].concat());
    let outcomes = |ledger: &str, table: &str| {
        write(&office, "found.csv", table);
        let _ = fs::remove_file(office.folder().join("both.offer"));
        let accept = ["accept", "h.offer", "--outcomes", "found.csv", "--key", "ben.key", "--json"];
        let variables = [
            ("CUSTODY_LEDGER", ledger),
            ("CUSTODY_PASSPHRASE_FILE", "passphrase.txt"),
            ("CUSTODY_KEY", ""),
        ];
        let arguments = [&accept[..], &["--out", "both.offer"]].concat();
        custody_tests::program::run_in("custody", office.folder(), &arguments, &variables)
    };
    let label = custody_tests::office::label_id(office.id("image"));
    for ledger in ["ledger", ""] {
        let table = format!("outcome;item\naccepted;{}\nseal-mismatch;{label}\n", ids[0]);
        let ran = outcomes(ledger, &table);
        assert_eq!(ran.status, 0, "{ran:?}");
        let file = fs::read(office.folder().join("both.offer")).unwrap();
        let file = custody_api::offer_file::OfferFile::parse(&file).unwrap();
        let offer: &Offer = file.offer();
        let observed = offer.message().signatures()[1].header.observed.as_ref().unwrap();
        let found: Vec<_> = observed
            .outcomes
            .iter()
            .map(|outcome| {
                let id = offer.payload().subjects[outcome.position].subject.to_string();
                (id, outcome.finding.word())
            })
            .collect();
        assert_eq!(found, [(ids[1].clone(), "seal-mismatch")], "{ledger}");

        let stranger = format!("item:{}", office.id("anna"));
        let table = format!(
            "item,outcome\n{},\n{},lost\n{},missing\n{stranger},missing\n",
            ids[0], ids[1], ids[1]
        );
        let ran = outcomes(ledger, &table);
        let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
        let faults = answer["error"]["faults"].as_array().unwrap();
        let faults: Vec<_> = faults
            .iter()
            .map(|fault| (fault["line"].as_u64().unwrap(), fault["code"].as_str().unwrap()))
            .collect();
        let unknown = if ledger.is_empty() { "record/outcome" } else { "id/unknown" };
        let mut expected =
            vec![(2, "table/empty-cell"), (3, "table/value"), (4, "table/twice"), (5, unknown)];
        expected.sort_unstable();
        assert_eq!((ran.status, faults), (1, expected), "{ran:?}");
        assert!(!office.folder().join("both.offer").exists(), "nothing is written");
    }
}
