//! The verifier that is one HTML file, in TypeScript and written from SPEC alone, under Node: it wants what
//! `want.json` wants, and says what ours says on every line. And the file itself is what its sources make.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use custody_core::verify::Outcome;
use custody_tests::program;
use serde_json::Value;
use tempfile::TempDir;

use crate::exhibit_vectors::Reader;
use crate::foreign_second::{complaints, line, lines, swapped, taken};
use crate::pins_rules;
use crate::receipt_report;
use crate::record_vectors::root;

/// The files that are built, and kept in the repository.
const BUILT: [&str; 2] = ["verify.html", "verify.mjs"];

/// Where the page's sources are.
pub fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../verifier-cli/page")
}

fn node(arguments: &[&str]) -> io::Result<Output> {
    Command::new("node").args(arguments).current_dir(page()).output()
}

/// Says that a test was skipped, and why.
pub fn skip(test: &str, reason: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED {test}: {reason}");
}

/// Whether Node is there, 20 or later. Says so where it is not.
pub fn is_there(test: &str) -> bool {
    let is_new = "process.exit(Number(process.versions.node.split('.')[0]) >= 20 ? 0 : 1)";
    let is_there = node(&["-e", is_new]).is_ok_and(|output| output.status.success());
    if !is_there {
        skip(test, "Node 20 or later is absent");
    }
    is_there
}

/// What the verifier prints, whatever it thinks of the files.
pub fn verify(arguments: &[&str]) -> Vec<u8> {
    let output = node(&[&["dist/verify.mjs"], arguments].concat()).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.stdout.is_empty() && stderr.is_empty(), "{arguments:?}: {stderr}");
    output.stdout
}

#[test]
fn every_vector_is_judged_alike() {
    if !is_there("page_verifier::every_vector_is_judged_alike") {
        return;
    }
    let judged = verify(&["vectors", root().to_str().unwrap()]);
    let judged: BTreeMap<String, Value> = serde_json::from_slice(&judged).unwrap();
    let wrong = complaints(&judged);
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
    // Good records are written again, from what was read: the same bytes. We write one name of the algorithm.
    let rewritten = judged.iter().filter(|(_, answer)| answer["rewritten"].is_boolean());
    let differ = rewritten.clone().filter(|(_, answer)| answer["rewritten"] == false);
    let differ: Vec<_> = differ.map(|(name, _)| name.as_str()).collect();
    assert_eq!(differ, ["record/seal-check/happy-path-algorithm-ed25519.record"]);
    assert!(rewritten.count() >= 74);
}

/// Bits flipped all over three exhibits: whatever comes of them, it is the same on every line.
#[test]
fn flipped_bits_are_judged_alike() {
    let test = "page_verifier::flipped_bits_are_judged_alike";
    if !is_there(test) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let flips = folder.path().join("exhibit/flips");
    fs::create_dir_all(flips.join("evidence")).unwrap();
    let mut wants = serde_json::Map::new();
    let mut ours = BTreeMap::new();
    let bases = [
        ("small", "happy-path", 150),
        ("image", "happy-path", 100),
        ("custody", "happy-path-delayed", 100),
    ];
    for (base, exhibit, count) in bases {
        let exhibit = format!("{exhibit}.exhibit");
        let from = root().join("exhibit").join(base);
        let want = fs::read(from.join("want.json")).unwrap();
        let want: Value = serde_json::from_slice(&want).unwrap();
        let want = &want[exhibit.as_str()];
        let reader = Reader::load(&from, want);
        let honest = fs::read(from.join(&exhibit)).unwrap();
        let mut theirs = want.clone();
        for key in ["policy", "agencies"] {
            theirs[key] = from.join(want[key].as_str().unwrap()).to_str().unwrap().into();
        }
        for key in ["checkpoints", "evidence"] {
            for name in theirs[key].as_array_mut().unwrap() {
                *name = from.join(name.as_str().unwrap()).to_str().unwrap().into();
            }
        }
        for number in 0..count {
            let mut file = honest.clone();
            // Spread evenly, with a step that no structure in the file has.
            let bit = (number * honest.len() * 8 / count + number * 7919) % (honest.len() * 8);
            file[bit / 8] ^= 1 << (bit % 8);
            let name = format!("{base}-{bit}.exhibit");
            fs::write(flips.join(&name), &file).unwrap();
            let outcome = reader.verify(&file);
            ours.insert(format!("exhibit/flips/{name}"), lines_of(&outcome));
            wants.insert(name, theirs.clone());
        }
    }
    fs::write(flips.join("want.json"), Value::Object(wants).to_string()).unwrap();
    let judged = verify(&["vectors", folder.path().to_str().unwrap()]);
    let judged: BTreeMap<String, Value> = serde_json::from_slice(&judged).unwrap();
    for (name, ours) in &ours {
        assert_eq!(&lines(&judged[name]), ours, "{name}");
    }
    assert_eq!(judged.len(), ours.len());
}

/// Exhibits of whatever a training ledger has: invented lives, with what an audit should find in them.
#[test]
fn exhibits_of_a_training_ledger_are_judged_alike() {
    if !is_there("page_verifier::exhibits_of_a_training_ledger_are_judged_alike") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let ask = |arguments: &[&str]| {
        let ran = program::run("custody", folder.path(), arguments, "");
        assert_eq!(ran.status, 0, "{arguments:?}: {}", ran.stderr);
        ran.stdout
    };
    ask(&["training", "--out", "training", "--seed", "20261127", "--items", "27"]);
    let keys = fs::read_dir(folder.path().join("training/keys")).unwrap();
    let keys = keys.map(|key| key.unwrap().path().to_str().unwrap().to_owned());
    let key = keys.filter(|key| key.contains("/custodian-")).min().unwrap();
    let items: Value =
        serde_json::from_str(&ask(&["where", "--ledger", "training/ledger", "--json"])).unwrap();
    let items = items["items"].as_array().unwrap();
    for item in items.iter().step_by(2) {
        let item = item["item"].as_str().unwrap();
        let file = format!("{}.exhibit", item.replace(':', "-"));
        let passphrase = "training/keys/passphrase.txt";
        ask(&[
            "export",
            item,
            "--for",
            "a court",
            "--purpose",
            "training",
            "--out",
            &file,
            "--key",
            &key,
            "--ledger",
            "training/ledger",
            "--passphrase-file",
            passphrase,
        ]);
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let [file, policy, pins] =
            [&file, "training/policy.txt", "training/agencies.txt"].map(path);
        let arguments = ["exhibit", &file, "--policy", &policy, "--agencies", &pins];
        let theirs: Value = serde_json::from_slice(&verify(&arguments)).unwrap();
        let ours = [&arguments[..], &["--json"]].concat();
        let ours = program::run("custody-verify", folder.path(), &ours, "").stdout;
        let ours: Value = serde_json::from_str(&ours).unwrap();
        assert_eq!(lines(&theirs), lines(&ours), "{item}");
        assert_eq!(theirs["verdict"], ours["verdict"]);
    }
    assert!(items.len() >= 27);
}

/// The lines of our report.
fn lines_of(outcome: &Outcome) -> Vec<String> {
    let lines = outcome.report.lines().iter();
    lines.map(|one| line(one.id.word(), one.status.word(), &one.code)).collect()
}

/// That a comparison of two exhibits says the same on every line.
pub fn compared_alike(files: &[Vec<u8>; 2], policy: &[u8], pins: &[u8], ours: &Outcome) {
    if !is_there("page_verifier::compared_alike") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let [older, newer, policy_at, pins_at] = ["older", "newer", "policy", "pins"].map(path);
    let contents =
        [(&older, &files[0][..]), (&newer, &files[1]), (&policy_at, policy), (&pins_at, pins)];
    contents.into_iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    let arguments = ["compare", &older, &newer, "--policy", &policy_at, "--agencies", &pins_at];
    let report: Value = serde_json::from_slice(&verify(&arguments)).unwrap();
    assert_eq!(lines(&report), lines_of(ours));
}

#[test]
fn every_receipt_is_judged_alike() {
    if !is_there("page_verifier::every_receipt_is_judged_alike") {
        return;
    }
    for case in receipt_report::cases() {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let files = [("proof", &case.proof), ("--entry", &case.entry), ("--record", &case.record)];
        let pins = case.pins.iter().map(|pins| ("--agencies", pins));
        let mut arguments = vec!["receipt".to_owned()];
        for (name, bytes) in files.into_iter().chain([("--policy", &case.policy)]).chain(pins) {
            fs::write(path(name), bytes).unwrap();
            arguments.extend((name != "proof").then(|| name.to_owned()));
            arguments.push(path(name));
        }
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let report: Value = serde_json::from_slice(&verify(&arguments)).unwrap();
        let ours: Vec<_> = case.lines().iter().map(|line| swapped(line)).collect();
        assert_eq!(lines(&report), ours, "{}", case.name);
    }
}

#[test]
fn every_list_of_pins_is_judged_alike() {
    if !is_there("page_verifier::every_list_of_pins_is_judged_alike") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let cases = pins_rules::cases();
    let paths: Vec<_> = (0..cases.len())
        .map(|number| folder.path().join(number.to_string()).to_str().unwrap().to_owned())
        .collect();
    cases.iter().zip(&paths).for_each(|((_, list, _), path)| fs::write(path, list).unwrap());
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    let codes: Vec<String> =
        serde_json::from_slice(&verify(&[&["pins"], &paths[..]].concat())).unwrap();
    for ((name, _, code), theirs) in cases.iter().zip(&codes) {
        assert_eq!(theirs, *code, "{name}");
    }
    assert_eq!(codes.len(), cases.len());
}

/// Every code point alone, behind a letter and before an accent.
#[test]
fn every_code_point_is_taken_alike() {
    if !is_there("page_verifier::every_code_point_is_taken_alike") {
        return;
    }
    let (ours, theirs) = (taken(), verify(&["text"]));
    let differs = ours.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs);
    assert_eq!((ours.len(), differs), (theirs.len(), None));
}

/// Whether a folder has Node's packages in the versions of its lock file: those that are here, or those that
/// npm keeps. Says so where it has not.
pub fn has_packages(test: &str, folder: &Path) -> bool {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let is_there = || folder.join("node_modules").exists();
    if !is_there() {
        let _ = Command::new("npm").args(["ci", "--offline"]).current_dir(folder).output();
    }
    if !is_there() {
        skip(test, &format!("packages are absent: `npm ci` in {}", folder.display()));
    }
    is_there()
}

/// Builds what `folder` has the sources of, and holds it against the `names` that are kept in its `dist`.
pub fn check_build(folder: &Path, names: &[&str]) {
    let out = TempDir::new().unwrap();
    let mut command = Command::new("node");
    let output = command.arg("build.mjs").arg(out.path()).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in names {
        let built = fs::read(out.path().join(name)).unwrap();
        let kept = fs::read(folder.join("dist").join(name)).unwrap();
        let folder = folder.display();
        assert!(built == kept, "{folder}/dist/{name} is not what `npm run build` makes");
    }
}

#[test]
fn the_page_is_what_its_sources_make() {
    let test = "page_verifier::the_page_is_what_its_sources_make";
    if !is_there(test) || !has_packages(test, &page()) {
        return;
    }
    check_build(&page(), &BUILT);
}

#[test]
fn the_sources_have_no_type_error() {
    let test = "page_verifier::the_sources_have_no_type_error";
    if !is_there(test) || !has_packages(test, &page()) {
        return;
    }
    let output = node(&["node_modules/typescript/bin/tsc", "--noEmit"]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// That offers come to these codes.
pub fn offers_alike(offers: &[(Vec<u8>, &str)]) {
    if !is_there("page_verifier::offers_alike") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let paths: Vec<_> = (0..offers.len())
        .map(|number| folder.path().join(number.to_string()).to_str().unwrap().to_owned())
        .collect();
    offers.iter().zip(&paths).for_each(|((bytes, _), path)| fs::write(path, bytes).unwrap());
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    let codes: Vec<String> =
        serde_json::from_slice(&verify(&[&["offers"], &paths[..]].concat())).unwrap();
    assert_eq!(codes, offers.iter().map(|(_, code)| *code).collect::<Vec<_>>());
}

/// Every language has every text, with the same places to fill, and is another one.
#[test]
fn the_catalogue_is_whole_in_every_language() {
    let read = |tag: &str| -> Vec<(String, String)> {
        let path = page().join("catalogue").join(format!("{tag}.json"));
        let texts: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let texts = texts.as_object().unwrap().iter();
        texts.map(|(key, text)| (key.clone(), text.as_str().unwrap().to_owned())).collect()
    };
    let places = |text: &str| -> BTreeSet<String> {
        let parts = text.split('{').skip(1);
        parts.map(|part| part.split_once('}').unwrap().0.to_owned()).collect()
    };
    let english = read("en");
    let files = fs::read_dir(page().join("catalogue")).unwrap().count();
    assert_eq!(files, 8);
    for tag in ["ar", "de", "es", "fr", "pt", "ru", "zh"] {
        let texts = read(tag);
        let mut same = 0;
        for ((key, text), (wanted, original)) in texts.iter().zip(&english) {
            assert_eq!(key, wanted, "{tag}");
            assert_eq!(places(text), places(original), "{tag} {key}");
            assert!(!text.trim().is_empty(), "{tag} {key}");
            same += usize::from(text == original);
        }
        assert_eq!(texts.len(), english.len(), "{tag}");
        assert!(same < 6, "{tag}: {same} texts are English");
    }
}
