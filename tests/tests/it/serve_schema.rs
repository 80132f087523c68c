//! The document of the API against a server that runs: schemathesis asks everything that the document lets it, and much
//! that it does not, as nobody, as a custodian and as an overseer. No answer is a 5xx, none is one of which the document
//! does not know, and what the document promises was answered once.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::case_document::Story;
use crate::cli_transcripts::office;
use crate::foreign_eyes::{make_python, skip};
use crate::serve_attacks::Scene;

/// Cases for each path and phase, at most, and from where they are made.
const EXAMPLES: &str = "25";
const SEED: &str = "20261127";

/// What every path can come to, and none is brought to here: no room, no time, a body that is too large or does not come,
/// another server's name, something broken. `serve_attacks` brings one path to most of them.
const OF_ALL: [u64; 7] = [408, 413, 421, 429, 500, 503, 504];

fn foreign(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign/schema").join(name)
}

/// An office in which everything happened that can, served with limits that do not come in the way, with Cora as an
/// overseer and an offer on its way to Ben. Offer files of each kind lie in `offers`.
fn stage() -> Scene {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let story = Story::play(&office);
    let image = format!("item:{}", office.id("image"));
    fs::create_dir(folder.path().join("offers")).unwrap();
    for purpose in ["storage", "transport", "court"] {
        let half = format!("offers/{purpose}.offer");
        story.act(&format!(
            "offer {image} --to BEN --purpose {purpose} --out {half} --key anna.key"
        ));
        let whole = format!("offers/{purpose}-signed.offer");
        story.act(&format!("accept {half} --out {whole} --key ben.key"));
    }
    let config = format!(
        "overseers = [\"custodian:{}\"]\n[limits]\nper_second = 100000\nburst = 100000\n",
        office.id("cora")
    );
    drop(story);
    Scene::of(folder, office, &config)
}

fn offer(scene: &Scene, name: &str) -> Vec<u8> {
    fs::read(scene.office.folder().join("offers").join(name)).unwrap()
}

fn document(scene: &Scene) -> Value {
    serde_json::from_str(&scene.served.get("/v1/openapi.json").body).unwrap()
}

/// The document, and stricter than a client should read it: an answer has no member of which the document does not know.
fn strict_document(scene: &Scene) -> Value {
    let mut document = document(scene);
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    let text = Value::from(schemas.clone()).to_string();
    for (name, schema) in schemas {
        // What is a part of something else stands beside the other's members.
        let part = format!("\"allOf\":[{{\"$ref\":\"#/components/schemas/{name}\"");
        let has_members = schema["type"] == "object" || schema.get("allOf").is_some();
        if has_members && !text.contains(&part) {
            schema["unevaluatedProperties"] = json!(false);
        }
    }
    document
}

/// Ids that there are, for paths and bodies that name something.
fn known(scene: &Scene) -> Vec<(&'static str, Vec<Value>)> {
    let list = |who: &str, path: &str, name: &str, member: &str| -> Vec<Value> {
        let answer = scene.ask_signed(who, "GET", path, b"");
        let answer: Value = serde_json::from_str(&answer.body).unwrap();
        answer[name].as_array().unwrap().iter().map(|one| one[member].clone()).collect()
    };
    let items = list("cora", "/v1/items", "items", "item");
    let records = |name: &str| {
        let path = format!("/v1/items/item:{}", scene.office.id(name));
        list("cora", &path, "records", "record")
    };
    let offers = list("anna", "/v1/offers", "offers", "offer");
    let custodians = list("cora", "/v1/custodians", "custodians", "id");
    let requests = list("cora", "/v1/requests", "requests", "request");
    vec![
        ("subjects", [&items[..], &custodians, &requests].concat()),
        ("digests", [records("laptop"), records("image"), offers].concat()),
        ("items", items),
        ("custodians", custodians),
        ("requests", requests),
    ]
}

/// Runs schemathesis over the document, as somebody or nobody.
fn check(scene: &Scene, python: &Path, who: Option<&str>) {
    let folder = TempDir::new().unwrap();
    let document = folder.path().join("openapi.json");
    fs::write(&document, strict_document(scene).to_string()).unwrap();
    let mut config = fs::read_to_string(foreign("schemathesis.toml")).unwrap();
    for (name, values) in known(scene) {
        write!(config, "\n[dictionaries.{name}]\nvalues = {}\n", Value::from(values)).unwrap();
    }
    let mut command = Command::new(python.with_file_name("schemathesis"));
    if let Some(who) = who {
        let (cookie, csrf) = scene.sign_in(who, "");
        let (_, session) = cookie.split_once('=').unwrap();
        writeln!(config, "\n[auth.openapi]\nsession = {{ api_key = \"{session}\" }}").unwrap();
        writeln!(config, "csrf = {{ api_key = \"{csrf}\" }}").unwrap();
    }
    let file = folder.path().join("schemathesis.toml");
    fs::write(&file, config).unwrap();
    command.arg("--config-file").arg(&file).args(["--no-color", "run"]).arg(&document);
    command.args(["--url", &scene.served.url(), "--seed", SEED, "--max-examples", EXAMPLES]);
    command.args(["--checks", "all"]);
    if who.is_some() {
        // A stream does not end, and the session would: what comes after would be asked as nobody. Below, both are asked.
        command.args(["--exclude-name", "GET /v1/events", "--exclude-name", "DELETE /v1/session"]);
    }
    let ran = command
        .current_dir(folder.path())
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", foreign(""))
        .env("CUSTODY_OFFERS", scene.office.folder().join("offers"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "as {who:?}: {said}{}", String::from_utf8_lossy(&ran.stderr));
    // It did not pass because it had nothing to do.
    let tested = if who.is_some() { "Tested: 37" } else { "Tested: 39" };
    assert!(said.contains(tested), "{said}");
}

/// A stream is what the document says, and brings what is recorded.
fn check_stream(scene: &Scene) {
    let (cookie, _) = scene.sign_in("ben", "");
    let mut stream = scene.served.connect();
    let (host, mut text) = (scene.served.address(), String::new());
    write!(stream, "GET /v1/events HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n").unwrap();
    let mut read_to = |end: &str, text: &mut String| {
        let mut bytes = [0; 4096];
        while !text.contains(end) {
            let count = stream.read(&mut bytes).unwrap();
            assert!(count > 0, "{text}");
            text.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    };
    read_to("\r\n\r\n", &mut text);
    assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
    assert!(text.contains("content-type: text/event-stream\r\n"), "{text}");
    assert!(text.contains("x-request-id: "), "{text}");
    let half = offer(scene, "court.offer");
    assert_eq!(scene.served.ask("POST", "/v1/offers", "", &half).status, 202);
    read_to("event: offer\n", &mut text);
}

/// A path with something in it that there is not.
fn nothing_at(path: &str) -> String {
    let none = "00000000-0000-4000-8000-000000000000";
    path.replace("{item}", &format!("item:{none}"))
        .replace("{request}", &format!("request:{none}"))
        .replace("{subject}", &format!("agency:{none}"))
        .replace("{digest}", &"0".repeat(64))
        .replace("{index}", "99999")
        .replace("{size}", "99999")
}

/// What schemathesis does not ask, or not so that it is answered in every way in which it can be.
fn ask_the_rest(scene: &Scene) {
    check_stream(scene);
    let (cookie, csrf) = scene.sign_in("anna", "");
    let cookie = format!("Cookie: {cookie}\r\n");
    for (method, path, _) in promised(scene) {
        let path = nothing_at(&path);
        let wrong = "Signature: custody=:AAAA:\r\nSignature-Input: custody=()\r\n";
        let ask = |head: &str| scene.served.ask(&method, &path, head, b"").status;
        assert_eq!(ask(wrong), 401, "{method} {path}");
        let elsewhere = format!("{cookie}Sec-Fetch-Site: cross-site\r\n");
        assert!(method == "GET" || ask(&elsewhere) == 403, "{method} {path}");
    }
    let ask = |who: &str, method: &str, path: &str| scene.ask_signed(who, method, path, b"");
    for path in [
        "/v1/items/{item}",
        "/v1/items/{item}/label",
        "/v1/requests/{request}",
        "/v1/offers/{digest}",
        "/v1/subjects/{subject}",
    ] {
        assert_eq!(ask("anna", "GET", &nothing_at(path)).status, 404, "{path}");
    }
    assert_eq!(ask("cora", "GET", "/v1/entries?lo=99990&hi=99999").status, 404);
    let waiting: Value = serde_json::from_str(&ask("anna", "GET", "/v1/offers").body).unwrap();
    let waiting = format!("/v1/offers/{}", waiting["offers"][0]["offer"].as_str().unwrap());
    assert_eq!(ask("anna", "GET", &waiting).status, 200);
    assert_eq!(ask("anna", "DELETE", &waiting).status, 204);
    // One of three that exclude each other is recorded, whichever was first.
    let mut seen = BTreeSet::new();
    for purpose in ["storage", "transport", "court", "storage", "transport", "court"] {
        let record = offer(scene, &format!("{purpose}-signed.offer"));
        seen.insert(scene.served.ask("POST", "/v1/records", "", &record).status);
    }
    assert!(seen.contains(&200) && seen.contains(&409), "{seen:?}");
    let head = format!("{cookie}X-CSRF-Token: {csrf}\r\n");
    let item = format!("item:{}", scene.office.id("image"));
    let recall = json!({ "act": { "recall": { "items": [item] } } }).to_string();
    let json_head = format!("{head}Content-Type: application/json\r\n");
    let drafted = scene.served.ask("POST", "/v1/drafts", &json_head, recall.as_bytes());
    assert_eq!((drafted.status, drafted.code().as_str()), (409, "custody/no-open-release"));
    assert_eq!(scene.served.ask("DELETE", "/v1/session", &head, b"").status, 204);
    // The log is read by somebody else, and this is the last that is asked.
    scene.served.wait_for("the last answer's line", |line| {
        line["fields"]["path"] == "/v1/session" && line["fields"]["status"] == 204
    });
}

/// Method, path and status of every answer by what the server's log says.
fn answered(scene: &Scene) -> BTreeSet<(String, String, u64)> {
    let mut answered = BTreeSet::new();
    for line in scene.served.log().lines() {
        let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
        if line["fields"]["message"] == "answered" {
            let text = |name: &str| line["fields"][name].as_str().unwrap().to_owned();
            answered.insert((
                text("method"),
                text("path"),
                line["fields"]["status"].as_u64().unwrap(),
            ));
        }
    }
    answered
}

/// The same as the document promises it.
fn promised(scene: &Scene) -> BTreeSet<(String, String, u64)> {
    let mut promised = BTreeSet::new();
    for (path, item) in document(scene)["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let statuses = operation["responses"].as_object().unwrap().keys();
            let statuses = statuses.map(|status| status.parse().unwrap());
            promised.extend(statuses.map(|it| (method.to_uppercase(), path.clone(), it)));
        }
    }
    promised
}

#[test]
fn the_document_is_what_the_server_does() {
    let python = match make_python("schema-requirements.txt") {
        Ok(python) => python,
        Err(reason) => return skip(&reason),
    };
    let scene = stage();
    for who in [None, Some("anna"), Some("cora")] {
        let half = offer(&scene, "court.offer");
        assert_eq!(scene.served.ask("POST", "/v1/offers", "", &half).status, 202);
        check(&scene, &python, who);
    }
    ask_the_rest(&scene);
    // By the server's own log: other eyes than those of the program that asked.
    let (answered, promised) = (answered(&scene), promised(&scene));
    let has = |method: &str, path: &str| promised.iter().any(|it| it.0 == method && it.1 == path);
    let unknown: Vec<_> =
        answered.difference(&promised).filter(|(method, path, _)| has(method, path)).collect();
    assert!(unknown.is_empty(), "answered, and not in the document: {unknown:?}");
    let never: Vec<_> =
        promised.difference(&answered).filter(|it| !OF_ALL.contains(&it.2)).collect();
    assert!(never.is_empty(), "in the document, and never answered: {never:?}");
}

#[test]
fn operations_have_ids_of_their_own() {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let scene = Scene::of(folder, office, "");
    let document = document(&scene);
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.values().flat_map(|item| item.as_object().unwrap().values());
    let ids: Vec<_> = operations.map(|one| one["operationId"].as_str().unwrap()).collect();
    let distinct: BTreeSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), distinct.len()), (39, 39), "{ids:?}");
}

/// What was found when the document was held against the server for the first time.
#[test]
fn refusals_have_the_status_and_the_form_that_they_should() {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let scene = Scene::of(folder, office, "");
    let ask = |method: &str, path: &str, body: &[u8]| scene.ask_signed("anna", method, path, body);
    let entries = ask("GET", "/v1/entries?lo=0&hi=1", b"");
    assert_eq!((entries.status, entries.code().as_str()), (403, "access/forbidden"));
    // Bytes that are no text name nothing, and that is told as every other problem is.
    for path in ["/v1/items/%ff", "/v1/records/%ff/receipt", "/tile/%ff", "/assets/%ff/app.js"] {
        let answer = ask("GET", path, b"");
        assert_eq!((answer.status, answer.code().as_str()), (400, "id/malformed"), "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
    }
    // A manifest that its reader would have to refuse is not made.
    let (cookie, csrf) = scene.sign_in("anna", "");
    let head =
        format!("Cookie: {cookie}\r\nX-CSRF-Token: {csrf}\r\nContent-Type: application/json\r\n");
    let item = format!("item:{}", scene.office.id("laptop"));
    // An item that is named twice is the client's mistake.
    let stored = json!({ "act": { "store": { "items": [item, item], "condition": "locked" } } });
    let answer = scene.served.ask("POST", "/v1/drafts", &head, stored.to_string().as_bytes());
    assert_eq!((answer.status, answer.code().as_str()), (400, "act/twice"));
    for handling in ["", "a\u{7}", "\u{202e}b"] {
        let asked = json!({ "item": item, "handling": [handling] }).to_string();
        let answer = scene.served.ask("POST", "/v1/exhibits", &head, asked.as_bytes());
        assert_eq!((answer.status, answer.code().as_str()), (400, "id/malformed"), "{handling:?}");
    }
}
