//! The words of the pages: whole in every language, and whole for everything that a record says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::docs_form::keys_of_rule;
use crate::docs_spec::words_of_spec;
use crate::docs_text::{blocks, document, repository, section};

/// Lists of SPEC whose words are labelled by the list and not by the key that holds them: other types have other words there.
const LABELLED_BY_LIST: [&str; 4] =
    ["court-status", "key-reason", "request-ground", "request-purpose"];

/// How a ledger is founded is shown on no page.
const NOT_SHOWN: [&str; 2] = ["ledger-open", "agency-enrol"];

fn texts(tag: &str) -> Vec<(String, String)> {
    let path = repository("api/web/catalogue").join(format!("{tag}.json"));
    let texts: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let texts = texts.as_object().unwrap().iter();
    texts.map(|(key, text)| (key.clone(), text.as_str().unwrap().to_owned())).collect()
}

/// Every language has every text, with the same places to fill, and is another one.
#[test]
fn the_catalogue_is_whole_in_every_language() {
    let places = |text: &str| -> BTreeSet<String> {
        let parts = text.split('{').skip(1);
        parts.map(|part| part.split_once('}').unwrap().0.to_owned()).collect()
    };
    let english = texts("en");
    assert_eq!(fs::read_dir(repository("api/web/catalogue")).unwrap().count(), 8);
    for tag in ["ar", "de", "es", "fr", "pt", "ru", "zh"] {
        let texts = texts(tag);
        let mut same = Vec::new();
        for ((key, text), (wanted, original)) in texts.iter().zip(&english) {
            assert_eq!(key, wanted, "{tag}");
            assert_eq!(places(text), places(original), "{tag} {key}");
            assert!(!text.trim().is_empty(), "{tag} {key}");
            same.extend((text == original).then_some(key));
        }
        assert_eq!(texts.len(), english.len(), "{tag}");
        // Some words are the same in neighbouring languages: `Transport`, `Code`.
        assert!(same.len() < 30, "{tag} is English: {same:?}");
    }
}

/// A type of record, a key of its body and a code in it are shown in the reader's language, whichever it is.
#[test]
fn whatever_a_record_says_has_words() {
    let english: BTreeMap<_, _> = texts("en").into_iter().collect();
    let lists = words_of_spec();
    let mut wanted = BTreeSet::new();
    for record_type in &lists["record-type"] {
        wanted.insert(format!("type-{record_type}"));
        if !NOT_SHOWN.contains(&record_type.as_str()) {
            wanted.extend(keys_of_rule(record_type).iter().map(|key| format!("field-{key}")));
        }
    }
    let cddl = blocks(section(&document("SPEC.md"), "## Record types"), "cddl");
    let parts: Vec<_> = cddl.split("\" =>").collect();
    for pair in parts.windows(2) {
        let (_, key) = pair[0].rsplit_once('"').unwrap();
        let rule = pair[1].trim_start();
        let rule = &rule[..rule.find(|c: char| !c.is_alphanumeric() && c != '-').unwrap()];
        // `purpose` of a founding is no page's, and its words are not looked for.
        let Some(words) = lists.get(rule).filter(|_| rule != "ledger-purpose") else { continue };
        let kind = if LABELLED_BY_LIST.contains(&rule) { rule } else { key };
        wanted.extend(words.iter().map(|word| format!("{kind}-{word}")));
    }
    wanted.extend(lists["digest-scope"].iter().map(|word| format!("scope-{word}")));
    wanted.extend(lists["finding"].iter().map(|word| format!("outcome-{word}")));
    wanted.extend(lists["withhold-reason"].iter().map(|word| format!("withheld-{word}")));
    let missing: Vec<_> = wanted.iter().filter(|key| !english.contains_key(*key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(wanted.len() > 250, "{} words looked for", wanted.len());
}
