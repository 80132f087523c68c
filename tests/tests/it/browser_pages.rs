//! The service's pages in a real browser: people with their keys sign in, hand over, send, receive, refuse, and verify
//! what the server shows. The server is the program itself, over a training ledger that the demo founds; what happens
//! in the browser stands in `tests/browser`.

use std::path::{Path, PathBuf};
use std::process::Command;

use custody_tests::program;

use crate::browser_stage::{Served, Stage, reserve};
use crate::page_browser::has_browser;
use crate::page_verifier::{check_build, has_packages, is_there};

/// The files that are built, and kept in the repository.
const BUILT: [&str; 3] = ["index.html", "app.js", "app.css"];

fn web() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/web")
}

/// The demo, served, where there is a browser.
fn plain(test: &str) -> Option<(Stage, Served)> {
    has_browser(test).then(|| {
        let stage = Stage::plain();
        let served = stage.serve(&reserve(), "");
        (stage, served)
    })
}

#[test]
fn custodians_work_at_the_pages() {
    if !has_browser("browser_pages::custodians_work_at_the_pages") {
        return;
    }
    let stage = Stage::set();
    let served = stage.serve(&reserve(), "");
    stage.play(&served, ("pages.test.mjs", 13), &[]);
}

/// Labels on paper, and an exhibit that is verified by the program that whoever gets it has.
#[test]
fn what_leaves_the_pages_is_what_it_says() {
    let Some((stage, served)) = plain("browser_pages::what_leaves_the_pages_is_what_it_says")
    else {
        return;
    };
    let verifier = program::path_of("custody-verify");
    let (policy, agencies) = (stage.out().join("policy.txt"), stage.out().join("agencies.txt"));
    let elsewhere = [
        ("CUSTODY_VERIFY", verifier.as_path()),
        ("CUSTODY_POLICY", &policy),
        ("CUSTODY_AGENCIES", &agencies),
    ];
    stage.play(&served, ("papers.test.mjs", 2), &elsewhere);
}

/// Somebody new makes a key in a browser, and an agency enrols them in another one.
#[test]
fn an_agency_enrols_its_people() {
    let Some((stage, served)) = plain("browser_pages::an_agency_enrols_its_people") else { return };
    let program = program::path_of("custody");
    stage.play(&served, ("enrolment.test.mjs", 4), &[("CUSTODY_PROGRAM", &program)]);
}

/// The window in which a key file is chosen is the browser's, and answered by its driver.
#[test]
fn a_custodian_needs_no_mouse() {
    let Some((stage, served)) = plain("browser_pages::a_custodian_needs_no_mouse") else { return };
    stage.play(&served, ("keyboard.test.mjs", 3), &[]);
}

/// Who has never seen the pages reads what they say, on a telephone too, and from right to left.
#[test]
fn a_newcomer_finds_their_way() {
    let Some((stage, served)) = plain("browser_pages::a_newcomer_finds_their_way") else { return };
    stage.play(&served, ("newcomer.test.mjs", 11), &[]);
}

#[test]
fn the_pages_are_what_their_sources_make() {
    let test = "browser_pages::the_pages_are_what_their_sources_make";
    if !is_there(test) || !has_packages(test, &web()) {
        return;
    }
    check_build(&web(), &BUILT);
}

#[test]
fn the_sources_of_the_pages_have_no_type_error() {
    let test = "browser_pages::the_sources_of_the_pages_have_no_type_error";
    if !is_there(test) || !has_packages(test, &web()) {
        return;
    }
    let output = Command::new("node")
        .args(["node_modules/typescript/bin/tsc", "--noEmit"])
        .current_dir(web())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
