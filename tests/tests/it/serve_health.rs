//! What an operator is told while something is wrong with a server that goes on answering: openings that cannot be written,
//! a store that is damaged, a certificate that ends, somebody who asks too often.

use std::fs;
use std::path::Path;
use std::process::Command;

use custody_tests::office::Office;
use custody_tests::served::{HttpAnswer, Served};
use serde_json::Value;
use tempfile::TempDir;

use crate::foreign_eyes::skip;
use crate::serve_attacks::Scene;
use crate::serve_running::{Figures, exchange, expect_ok, reload, reserve, says, tool, wait_until};

fn trouble(address: &str) -> [f64; 3] {
    let figures = Figures::read(address);
    ["records", "openings", "store"]
        .map(|what| figures.of(&format!("custody_trouble{{what=\"{what}\"}}")))
}

#[track_caller]
fn is_not_ready(answer: &HttpAnswer, code: &str, says: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (503, code), "{}", answer.body);
    let problem: Value = serde_json::from_str(&answer.body).unwrap();
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(says), "{detail}");
    // Anybody may ask: where the files lie is for the log.
    assert!(!detail.contains('/'), "{detail}");
}

#[test]
fn it_is_not_ready_while_openings_cannot_be_written() {
    let address = reserve();
    let folder = TempDir::new().unwrap();
    let office = Office::found(folder.path());
    let laptop = format!("item:{}", office.id("laptop"));
    office.ask(&["note", &laptop, "--text", "x", "--out", "note.offer", "--key", "anna.key"]);
    let file = fs::read(office.folder().join("note.offer")).unwrap();
    let scene = Scene::of(folder, office, &format!("metrics = \"{address}\"\n"));
    let submit = || scene.served.ask("POST", "/v1/records", "", &file);
    let pending = scene.office.folder().join("ledger/vault/pending");
    // What no file can be made in, whoever asks.
    let block = || {
        fs::remove_dir(&pending).unwrap();
        fs::write(&pending, "").unwrap();
    };
    let free = || {
        fs::remove_file(&pending).unwrap();
        fs::create_dir(&pending).unwrap();
    };
    assert_eq!((scene.served.get("/readyz").status, trouble(&address)), (200, [0.0; 3]));
    block();
    // Nothing was tried yet, and nobody asks the disk for the sake of asking.
    assert_eq!(scene.served.get("/readyz").status, 200);
    assert_eq!((submit().status, submit().code()), (503, "vault/io".to_owned()));
    is_not_ready(&scene.served.get("/readyz"), "vault/io", "openings cannot be written");
    assert_eq!(trouble(&address), [0.0, 1.0, 0.0]);
    assert_eq!(scene.served.get("/livez").status, 200);
    // It is over when it is, although nobody has sent a record since.
    free();
    wait_until("an attempt that succeeds", || scene.served.get("/readyz").status == 200);
    assert_eq!(trouble(&address), [0.0; 3]);
    assert_eq!(fs::read_dir(&pending).unwrap().count(), 0, "the attempt left something");
    // And where somebody has, at once.
    block();
    assert_eq!(submit().status, 503);
    is_not_ready(&scene.served.get("/readyz"), "vault/io", "openings cannot be written");
    free();
    assert_eq!(submit().status, 201);
    assert_eq!((scene.served.get("/readyz").status, trouble(&address)), (200, [0.0; 3]));
}

/// Changes a byte in the first block of every file of rows. Those that are merged meanwhile are read no more.
fn damage(store: &Path) {
    for file in fs::read_dir(store).unwrap().map(|file| file.unwrap().path()) {
        let is_of_rows = file.extension().is_some_and(|ending| ending == "sst");
        if let Some(mut bytes) = is_of_rows.then(|| fs::read(&file).ok()).flatten() {
            bytes[10] ^= 1;
            fs::write(&file, bytes).unwrap();
        }
    }
}

#[test]
fn it_is_not_ready_once_its_store_was_found_damaged() {
    let address = reserve();
    let folder = TempDir::new().unwrap();
    let office = Office::found(folder.path());
    let laptop = format!("/v1/items/{}", office.id("laptop"));
    let scene = Scene::of(folder, office, &format!("metrics = \"{address}\"\n"));
    damage(&scene.office.folder().join("ledger/store"));
    let refused = scene.ask_signed("anna", "GET", &laptop, b"");
    assert_eq!((refused.status, refused.code().as_str()), (500, "store-corrupt"));
    is_not_ready(&scene.served.get("/readyz"), "store-corrupt", "the store is damaged");
    assert_eq!(trouble(&address), [0.0, 0.0, 1.0]);
    // The overseer of the machine asks at the other place, too.
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    is_not_ready(&exchange(&address, &request), "store-corrupt", "damaged");
    assert_eq!(scene.served.get("/livez").status, 200);
}

/// A certificate that ends in so many days.
fn certify(folder: &Path, days: &str) {
    let make = |words: &str| {
        let words: Vec<_> = words.split(' ').collect();
        expect_ok(&tool(folder, &words, b""));
    };
    let curve = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    make(&format!("openssl req {curve} -subj /CN=ledger -keyout tls.key -out tls.csr"));
    fs::write(folder.join("tls.cnf"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    let sign = "openssl x509 -req -in tls.csr -signkey tls.key -extfile tls.cnf";
    make(&format!("{sign} -days {days} -out tls.pem"));
}

/// Warnings about certificates in a server's log.
fn warnings(served: &Served) -> Vec<String> {
    let lines = served.log();
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let warnings = lines.filter(|line| line["level"] == "WARN");
    let messages = warnings.filter_map(|line| Some(line["fields"]["message"].as_str()?.to_owned()));
    messages.filter(|message| message.contains("certificate")).collect()
}

const SOON: &str = "the certificate ends soon";
const EXPIRED: &str = "the certificate has expired: clients refuse it";

#[test]
fn a_certificate_that_ends_is_told_of() {
    if Command::new("openssl").arg("--version").output().is_err() {
        return skip("openssl is absent: certificates that end");
    }
    let address = reserve();
    let folder = TempDir::new().unwrap();
    let office = Office::found(folder.path());
    certify(folder.path(), "13");
    let config =
        format!("metrics = \"{address}\"\n[tls]\ncertificate = \"tls.pem\"\nkey = \"tls.key\"\n");
    let scene = Scene::of(folder, office, &config);
    let here = scene.office.folder();
    let days_left = || {
        let ends_s = Figures::read(&address).of("custody_tls_expires_seconds");
        (ends_s - custody_api::desk::now_s() as f64) / 86_400.0
    };
    let check = || {
        let ran = scene.office.run(&["serve", "--check", "--config", "serve.toml", "--json"]);
        (ran.status, serde_json::from_str::<Value>(&ran.stdout).unwrap())
    };
    let reload = || {
        let before = scene.served.log().matches("certificate read again").count();
        reload(&scene.served);
        wait_until("a certificate that is read again", || {
            scene.served.log().matches("certificate read again").count() > before
        });
    };
    scene.served.wait_for("a warning at the start", says(SOON, "WARN"));
    assert!((days_left() - 13.0).abs() < 0.1, "{}", days_left());
    let (status, answer) = check();
    assert_eq!(status, 0, "{answer}");
    assert!(answer["certificate_ends"].as_str().unwrap().ends_with('Z'), "{answer}");
    let said = scene.office.run(&["serve", "--check", "--config", "serve.toml"]).plain();
    // Within the second in which it was made it has whole days.
    let has_days = [", in 12 days", ", in 13 days"].iter().any(|days| said.contains(days));
    assert!(said.contains("the certificate ends 2") && has_days, "{said}");
    // One that lasts is worth no warning.
    certify(here, "15");
    reload();
    wait_until("the figure", || (days_left() - 15.0).abs() < 0.1);
    assert_eq!(warnings(&scene.served), [SOON]);
    // One that has ended is served, since there is no other, and said.
    certify(here, "-1");
    reload();
    scene.served.wait_for("a warning", says(EXPIRED, "WARN"));
    assert!((days_left() + 1.0).abs() < 0.1, "{}", days_left());
    let (status, answer) = check();
    assert_eq!((status, &answer["error"]["code"]), (2, &"serve/tls-expired".into()), "{answer}");
    let scene = scene.restarted(&config);
    scene.served.wait_for("a warning at the start", says(EXPIRED, "WARN"));
}

/// Lines of a server's log at level INFO that have this message.
fn lines(served: &Served, message: &str) -> Vec<Value> {
    let log = served.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let is_one = |line: &Value| line["level"] == "INFO" && line["fields"]["message"] == message;
    lines.filter(is_one).map(|line| line["fields"].clone()).collect()
}

#[test]
fn who_asks_too_often_has_one_line_and_is_counted() {
    let folder = TempDir::new().unwrap();
    let office = Office::found(folder.path());
    let anna = format!("custodian:{}", office.id("anna"));
    let scene = Scene::of(folder, office, "[limits]\nper_second = 1\nburst = 12\n");
    let (cookie, _) = scene.sign_in("anna", "");
    let cookie = format!("Cookie: {cookie}\r\n");
    let refused = |head: &str| {
        let ask = |_| scene.served.ask("GET", "/v1/ledger", head, b"").status;
        let answers: Vec<_> = (0..40).map(ask).collect();
        answers.iter().filter(|status| **status == 429).count() as u64
    };
    let (of_anna, of_nobody) = (refused(&cookie), refused(""));
    assert!(of_anna > 10 && of_nobody > 10, "{of_anna}, {of_nobody}");
    // The rest is told once a minute, and when the server stops.
    let told = Command::new("kill").args(["-TERM", &scene.served.pid().to_string()]).status();
    assert!(told.unwrap().success());
    let more = "turned away more often, for asking too often";
    wait_until("two lines", || lines(&scene.served, more).len() >= 2);
    let mut answered = lines(&scene.served, "answered");
    answered.retain(|line| line["status"] == 429);
    assert_eq!(answered.len(), 2, "{answered:?}");
    assert_eq!((&answered[0]["who"], answered[0].get("address")), (&anna.as_str().into(), None));
    assert_eq!((answered[1].get("who"), &answered[1]["address"]), (None, &"127.0.0.1".into()));
    assert_eq!(answered[0]["path"], "/v1/ledger");
    let counted = lines(&scene.served, more);
    let times = |is_one: &dyn Fn(&Value) -> bool| -> u64 {
        counted.iter().filter(|line| is_one(line)).filter_map(|line| line["times"].as_u64()).sum()
    };
    assert_eq!(times(&|line| line["who"] == anna.as_str()), of_anna - 1, "{counted:?}");
    assert_eq!(times(&|line| line["address"] == "127.0.0.1"), of_nobody - 1, "{counted:?}");
}
