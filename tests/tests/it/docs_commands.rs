//! OPERATING against the programs: every error of the machine is explained, and no other.

use std::collections::BTreeSet;

use crate::docs_text::{document, quoted, rows, section, sources};

const LOG: &str = "ledger/log/src";

/// The codes in the first column of all tables of a section.
fn listed(text: &str) -> BTreeSet<String> {
    let cells = rows(text).into_iter().map(|row| row[0].clone());
    cells.flat_map(|cell| quoted(&cell).map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The codes that the log gives: literals in functions named `code`, and what its check finds.
fn codes_of_log() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for (_, source) in sources(LOG) {
        let literals =
            |text: &str| text.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        for function in source.split("fn code(&self)").skip(1) {
            codes.extend(literals(function.split_once("\n    }").unwrap().0));
        }
        codes.extend(literals(&source).into_iter().filter(|text| text.starts_with("check/")));
    }
    codes
}

#[test]
fn every_error_of_the_machine_is_explained() {
    let spec = document("SPEC.md");
    let of_formats = listed(section(&spec, "## Codes"));
    let explained = listed(section(&document("OPERATING.md"), "## Errors"));
    let known: BTreeSet<_> = codes_of_log().difference(&of_formats).cloned().collect();
    let missing: Vec<_> = known.difference(&explained).collect();
    let surplus: Vec<_> = explained.difference(&known).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:?}, surplus {surplus:?}");
}
