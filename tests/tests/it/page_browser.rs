//! The verifier's page in a real browser, opened from its file: what a reader sees of the demo, in every
//! language, on a phone, of a file with a flipped bit, and of names that would be markup.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use custody_tests::program;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli_demo::demo;
use crate::page_verifier::{has_packages, is_there, page, skip};
use crate::record_vectors::root;

pub fn browser() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("browser")
}

/// Whether there is a browser, and Node with what drives it. Says so where there is not.
pub fn has_browser(test: &str) -> bool {
    if !is_there(test) || !has_packages(test, &browser()) {
        return false;
    }
    let asks = "import { chromiumPath } from './browser.mjs'; process.exit(chromiumPath() ? 0 : 1)";
    let asked = Command::new("node")
        .args(["--input-type=module", "-e", asks])
        .current_dir(browser())
        .status()
        .unwrap();
    if !asked.success() {
        skip(test, "Chromium is absent: `apt-get install -y chromium`");
    }
    asked.success()
}

/// What the page says in each step.
fn see(steps: &Value) -> Vec<Value> {
    let mut child = Command::new("node")
        .arg("verify-page.mjs")
        .arg(page().join("dist/verify.html"))
        .current_dir(browser())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(steps.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A line of what the page shows, as `status code`.
fn line(seen: &Value, id: &str) -> String {
    let mut lines = seen["lines"].as_array().unwrap().iter();
    let line = lines.find(|line| line["id"] == id).unwrap();
    format!("{} {}", line["status"].as_str().unwrap(), line["code"].as_str().unwrap())
}

fn assert_quiet(seen: &Value) {
    assert_eq!(seen["unasked"], json!([]), "the page did something that nobody asked for");
    assert_eq!(seen["violations"].as_array().cloned().unwrap_or_default(), Vec::<Value>::new());
    assert_eq!(seen["overflows"], false);
}

#[test]
fn the_demo_is_verified_in_every_language() {
    let test = "page_browser::the_demo_is_verified_in_every_language";
    if !has_browser(test) {
        return;
    }
    let folder = TempDir::new().unwrap();
    demo(folder.path(), &[]);
    let out = |name: &str| folder.path().join("out").join(name);
    let steps: Vec<_> = ["en", "fr", "es", "ar", "zh", "ru", "de", "pt"]
        .into_iter()
        .map(|language| {
            json!({
                "language": language,
                "exhibit": out("demo.exhibit"),
                "policy": out("policy.txt"),
                "pins": out("agencies.txt"),
                "axe": true,
            })
        })
        .collect();
    let seen = see(&json!(steps));
    for (step, seen) in steps.iter().zip(&seen) {
        assert_eq!(seen["verdict"], "verified", "{seen:#}");
        assert_eq!(seen["lang"], step["language"]);
        assert_eq!(seen["direction"], if step["language"] == "ar" { "rtl" } else { "ltr" });
        assert_eq!(seen["focused"], "result-title");
        assert!(seen["text"].as_str().unwrap().starts_with("TRAINING - NOT EVIDENCE\n"));
        assert_quiet(seen);
    }
    let sentences: std::collections::BTreeSet<_> =
        seen.iter().map(|seen| seen["sentence"].as_str().unwrap()).collect();
    assert_eq!(sentences.len(), 8);
}

#[test]
fn each_way_to_trust_and_to_compare_is_taken() {
    let test = "page_browser::each_way_to_trust_and_to_compare_is_taken";
    if !has_browser(test) {
        return;
    }
    let folder = TempDir::new().unwrap();
    demo(folder.path(), &[]);
    let out = |name: &str| folder.path().join("out").join(name);
    let sheet =
        program::run("custody", &out(""), &["trust-sheet", "--ledger", "ledger"], "").stdout;
    let mistyped = sheet.replacen("\n    ", "\n    babab ", 1);
    let policy = fs::read_to_string(out("policy.txt")).unwrap();
    let exhibit = out("demo.exhibit");
    let step = |more: Value| {
        let mut step = json!({ "exhibit": exhibit, "policyText": policy.trim_end() });
        step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        step
    };
    let image = fs::read_dir(out("evidence")).unwrap().map(|file| file.unwrap().path());
    let image =
        image.filter(|path| path.extension().is_some_and(|kind| kind == "img")).min().unwrap();
    let hostile = folder.path().join("<img src=x onerror=document.title='x'>\u{202e}.raw");
    fs::write(&hostile, "nobody recorded this").unwrap();
    let seen = see(&json!([
        step(json!({ "pinsText": sheet, "evidence": [image], "earlier": out("tiles/checkpoint") })),
        step(json!({ "pinsText": mistyped })),
        step(json!({ "pins": out("agencies.txt"), "evidence": [hostile] })),
        step(json!({ "pins": out("agencies.txt"), "earlier": out("redacted.exhibit") })),
        step(json!({})),
        { "exhibit": exhibit, "policyText": "quorum none" },
        { "policyText": policy },
    ]));
    seen.iter().for_each(assert_quiet);
    assert_eq!(seen[0]["verdict"], "verified", "{:#}", seen[0]);
    assert_eq!(line(&seen[0], "agencies-pinned"), "pass ok");
    assert!(line(&seen[0], "evidence-files").starts_with("pass "));
    assert!(seen[1]["complaint"].as_str().unwrap().contains("check-words/"), "{:#}", seen[1]);
    assert_eq!(seen[2]["verdict"], "rejected");
    assert_eq!(line(&seen[2], "evidence-files"), "fail evidence/no-match");
    let shown = r"<img src=x onerror=document.title='x'>\u{202e}.raw";
    assert!(seen[2]["text"].as_str().unwrap().contains(shown), "{:#}", seen[2]);
    assert_eq!(seen[3]["verdict"], "verified", "{:#}", seen[3]);
    assert_eq!(line(&seen[3], "consistency"), "pass ok");
    assert_eq!(seen[4]["verdict"], "could-not-check");
    assert_eq!(line(&seen[4], "agencies-pinned"), "not-checked pins/none");
    assert!(seen[5]["complaint"].as_str().unwrap().contains("policy/no-log"), "{:#}", seen[5]);
    assert!(seen[6]["complaint"].is_string() && seen[6]["verdict"].is_null());
}

#[test]
fn a_flipped_bit_is_rejected() {
    let test = "page_browser::a_flipped_bit_is_rejected";
    if !has_browser(test) {
        return;
    }
    let folder = TempDir::new().unwrap();
    demo(folder.path(), &[]);
    let out = |name: &str| folder.path().join("out").join(name);
    let honest = fs::read(out("demo.exhibit")).unwrap();
    let steps: Vec<_> = (1..9)
        .map(|part| {
            let mut file = honest.clone();
            let at = honest.len() * part / 9;
            file[at] ^= 1 << (part % 8);
            let path = folder.path().join(format!("{at}.exhibit"));
            fs::write(&path, file).unwrap();
            json!({ "exhibit": path, "policy": out("policy.txt"), "pins": out("agencies.txt") })
        })
        .collect();
    for (step, seen) in steps.iter().zip(see(&json!(steps))) {
        assert_eq!(seen["verdict"], "rejected", "{step}");
        assert_quiet(&seen);
    }
}

/// A recipient's name with line breaks and a report's words in it.
#[test]
fn a_name_is_no_line_and_a_phone_is_wide_enough() {
    let test = "page_browser::a_name_is_no_line_and_a_phone_is_wide_enough";
    if !has_browser(test) {
        return;
    }
    let folder = root().join("exhibit/image");
    let context = json!({ "viewport": { "width": 320, "height": 640 } });
    let seen = see(&json!([{
        "exhibit": folder.join("happy-path-lines-in-a-name.exhibit"),
        "policy": folder.join("policy.txt"),
        "pins": folder.join("agencies.txt"),
        "context": context,
        "axe": true,
    }]));
    assert_quiet(&seen[0]);
    assert_eq!(seen[0]["verdict"], "verified", "{:#}", seen[0]);
    assert!(seen[0]["text"].as_str().unwrap().contains(r"court\npass"));
    assert_eq!(seen[0]["lines"].as_array().unwrap().len(), 19);
}
