//! Lists of what is served: a page at a time, each item once, and counts that are those of the list.

use std::collections::BTreeMap;

use serde_json::Value;
use tempfile::TempDir;

use crate::cli_transcripts::office;
use crate::serve_attacks::Scene;

/// An office with more items, of which Anna sends one away; Cora oversees.
fn scene() -> Scene {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    for at in 0..7 {
        let description = format!("thing {at}");
        office.ask(&["collect", "--description", &description, "--key", "anna.key"]);
    }
    let sent = office.ask(&["collect", "--description", "sent away", "--key", "anna.key"]);
    let (sent, ben) = (sent["item"].as_str().unwrap(), format!("custodian:{}", office.id("ben")));
    office.ask(&["release", sent, "--to", &ben, "--purpose", "storage", "--key", "anna.key"]);
    let overseer = format!("overseers = [\"custodian:{}\"]\n", office.id("cora"));
    Scene::of(folder, office, &overseer)
}

fn get(scene: &Scene, who: &str, path: &str) -> Value {
    let answer = scene.ask_signed(who, "GET", path, b"");
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

fn ids(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["item"].as_str().unwrap().to_owned()).collect()
}

/// All pages of a list, and how many items each has.
fn pages(scene: &Scene, who: &str, query: &str, limit: usize) -> (Vec<String>, Vec<usize>) {
    let (mut all, mut lengths, mut after) = (Vec::new(), Vec::new(), String::new());
    loop {
        let list = get(scene, who, &format!("/v1/items?limit={limit}{query}{after}"));
        let page = ids(&list);
        lengths.push(page.len());
        all.extend(page);
        match list["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return (all, lengths),
        }
    }
}

#[test]
fn pages_of_any_length_have_each_item_once_and_in_order() {
    let scene = scene();
    for who in ["anna", "ben", "cora"] {
        for query in ["", "&state=held", "&state=on-the-way", "&state=disposed"] {
            let (whole, _) = pages(&scene, who, query, 200);
            assert!(whole.is_sorted(), "{whole:?}");
            for limit in 1..=whole.len() + 1 {
                let (all, lengths) = pages(&scene, who, query, limit);
                assert_eq!(all, whole, "{who} {query} {limit}");
                let (last, full) = lengths.split_last().unwrap();
                assert!(full.iter().all(|length| *length == limit) && *last <= limit);
            }
        }
    }
    let (all, _) = pages(&scene, "cora", "", 200);
    assert!(all.len() >= 10, "{all:?}");
    // Nobody sees more by going on from somewhere, of whatever kind that is.
    let after = |id: &str| ids(&get(&scene, "ben", &format!("/v1/items?after={id}")));
    let (theirs, _) = pages(&scene, "ben", "", 200);
    assert!(theirs.len() < all.len());
    let none = "00000000-0000-4000-8000-000000000000";
    for before in ["item", "agency", "custodian"] {
        assert_eq!(after(&format!("{before}:{none}")), theirs, "{before}");
    }
    for behind in
        ["item:ffffffff-ffff-4fff-bfff-ffffffffffff", "notes:ffffffff-ffff-4fff-bfff-ffffffffffff"]
    {
        assert_eq!(after(behind), Vec::<String>::new(), "{behind}");
    }
    assert_eq!(after(&format!("request:{none}")), Vec::<String>::new());
}

#[test]
fn the_map_counts_what_the_list_has() {
    let scene = scene();
    let people = get(&scene, "cora", "/v1/custodians");
    let people = people["custodians"].as_array().unwrap().iter();
    let agency_of: BTreeMap<_, _> = people
        .map(|one| {
            (one["id"].as_str().unwrap().to_owned(), one["agency_id"].as_str().unwrap().to_owned())
        })
        .collect();
    for who in ["anna", "ben", "cora"] {
        let (mut held, mut ways) = (BTreeMap::<String, u64>::new(), BTreeMap::<_, u64>::new());
        for item in get(&scene, who, "/v1/items")["items"].as_array().unwrap() {
            let agency = |name: &str| agency_of[item[name]["id"].as_str().unwrap()].clone();
            match item["state"].as_str().unwrap() {
                "held" | "stored" | "packed" | "checked-out" => {
                    *held.entry(agency("holder")).or_default() += 1;
                }
                "on-the-way" => {
                    *ways.entry((agency("holder"), agency("addressee"))).or_default() += 1;
                }
                _ => {}
            }
        }
        let map = get(&scene, who, "/v1/map");
        let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        let agencies = map["agencies"].as_array().unwrap().iter();
        let counted = agencies.map(|one| (text(one, "agency"), one["items"].as_u64().unwrap()));
        assert_eq!(counted.collect::<BTreeMap<_, _>>(), held, "{who}");
        let drawn = map["ways"].as_array().unwrap().iter();
        let drawn =
            drawn.map(|one| ((text(one, "from"), text(one, "to")), one["items"].as_u64().unwrap()));
        assert_eq!(drawn.collect::<BTreeMap<_, _>>(), ways, "{who}");
        assert!(who == "ben" || !held.is_empty());
        assert_eq!(ways.len(), 1, "{who}");
    }
}
