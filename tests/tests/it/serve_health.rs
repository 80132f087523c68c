//! What an operator is told while something is wrong with a server that goes on answering: openings that cannot be written,
//! a store that is damaged.

use std::fs;
use std::path::Path;

use custody_tests::office::Office;
use custody_tests::served::HttpAnswer;
use serde_json::Value;
use tempfile::TempDir;

use crate::serve_attacks::Scene;
use crate::serve_running::{Figures, reserve, wait_until};

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
    is_not_ready(&crate::serve_running::exchange(&address, &request), "store-corrupt", "damaged");
    assert_eq!(scene.served.get("/livez").status, 200);
}
