//! A server that stands behind a proxy: what it is told about that is taken from its configuration and from that proxy, and
//! from nobody else.

use std::fs;

use custody_tests::served::HttpAnswer;
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli_transcripts::office;
use crate::serve_attacks::{Scene, base64, kid};

const JSON: &str = "Content-Type: application/json\r\n";

fn scene(config: &str) -> Scene {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    Scene::of(folder, office, config)
}

/// Asks with another name in `Host` than that of the place at which the server listens.
fn ask(
    scene: &Scene,
    host: &str,
    (method, path): (&str, &str),
    head: &str,
    body: &str,
) -> HttpAnswer {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n{head}\r\n{body}"
    );
    HttpAnswer::read(&scene.served.exchange(request.as_bytes()))
}

/// How many of so many requests are let in, each with headers of its own.
fn let_in(scene: &Scene, count: u32, head: impl Fn(u32) -> String) -> u32 {
    let ask = |at| scene.served.ask("GET", "/v1/ledger", &head(at), b"");
    let mut let_in = 0;
    for answer in (0..count).map(ask) {
        match answer.status {
            200 => let_in += 1,
            _ => assert_eq!((answer.status, answer.code().as_str()), (429, "http/too-often")),
        }
    }
    let_in
}

/// 30 at once, and one in a second: what comes back while a test runs is far fewer than what is sent too many.
const NARROW: &str = "[limits]\nper_second = 1\nburst = 30\n";

#[test]
fn a_strangers_word_about_who_asks_is_not_taken() {
    let scene = scene(NARROW);
    let others = |at: u32| {
        format!(
            "X-Forwarded-For: 203.0.113.{at}\r\nForwarded: for=203.0.113.{at}\r\nX-Real-IP: 203.0.113.{at}\r\n"
        )
    };
    assert!(let_in(&scene, 90, others) < 60);
}

#[test]
fn those_whom_a_proxy_names_are_counted_each_for_themselves() {
    let scene = scene(&format!("{NARROW}[proxies]\ntrusted = [\"192.0.2.0/24\", \"127.0.0.1\"]\n"));
    let from = |address: &str| format!("X-Forwarded-For: {address}\r\n");
    // One asks too often, whatever they write before what the proxy adds, and in other headers.
    let one = |at: u32| {
        let more =
            format!("Forwarded: for=198.51.100.{at}\r\nX-Forwarded-For: 198.51.100.{at}\r\n");
        format!("{more}X-Forwarded-For: 198.51.101.{at}, 203.0.113.7, 192.0.2.{at}\r\n")
    };
    assert!(let_in(&scene, 90, one) < 60);
    // The next one is not kept out by that, and neither are those who come straight.
    assert_eq!(let_in(&scene, 20, |_| from("203.0.113.8")), 20);
    assert_eq!(let_in(&scene, 20, |_| from("[2001:db8::1]:4711")), 20);
    assert_eq!(let_in(&scene, 5, |_| String::new()), 5);
    // Whoever has a proxy of ours say nonsense is counted as that proxy.
    assert!(let_in(&scene, 90, |at| from(&format!("nobody-{at}"))) < 60);
}

#[test]
fn a_proxy_that_writes_the_other_header_is_read_there_alone() {
    let config = format!("{NARROW}[proxies]\ntrusted = [\"127.0.0.1\"]\nheader = \"forwarded\"\n");
    let scene = scene(&config);
    let one = |at: u32| {
        format!("X-Forwarded-For: 198.51.100.{at}\r\nForwarded: for=203.0.113.7;proto=https\r\n")
    };
    assert!(let_in(&scene, 90, one) < 60);
    let each = |at: u32| format!("Forwarded: for=198.51.100.1, for=\"203.0.113.{at}\"\r\n");
    assert_eq!(let_in(&scene, 60, |at| each(at + 8)), 60);
}

#[test]
fn where_people_come_by_https_a_session_is_for_https_alone() {
    let scene = scene("public_url = \"https://Custody.example:443\"\n");
    let host = "custody.example";
    let key = scene.key("anna");
    let kid = kid(&key).kid().to_string();
    let asked = json!({ "kid": kid }).to_string();
    let begin = ("POST", "/v1/session/challenge");
    // Where it listens is no name of it any more.
    let straight = scene.served.ask(begin.0, begin.1, JSON, asked.as_bytes());
    assert_eq!((straight.status, straight.code().as_str()), (421, "http/authority"));
    let challenge = ask(&scene, host, begin, JSON, &asked);
    let challenge: Value = serde_json::from_str(&challenge.body).unwrap();
    let text = challenge["text"].as_str().unwrap();
    assert!(text.contains("\ncustody.example\n"), "{text}");
    let signature = base64(&key.sign(text.as_bytes()).to_bytes());
    let answered =
        json!({ "kid": kid, "challenge": challenge["challenge"], "signature": signature });
    let begun = ask(&scene, host, ("POST", "/v1/session"), JSON, &answered.to_string());
    assert_eq!(begun.status, 200, "{}", begun.body);
    let set = begun.header("set-cookie").unwrap().to_owned();
    assert!(set.starts_with("__Host-custody=") && set.ends_with("; Secure"), "{set}");
    let (cookie, _) = set.split_once(';').unwrap();
    let view: Value = serde_json::from_str(&begun.body).unwrap();
    let csrf = view["csrf"].as_str().unwrap();
    let show = |cookie: &str| {
        ask(&scene, host, ("GET", "/v1/session"), &format!("Cookie: {cookie}\r\n"), "")
    };
    assert_eq!(show(cookie).status, 200);
    // Under the name that another host of the same domain can plant it is no session.
    assert_eq!(show(&cookie.replace("__Host-custody", "custody-session")).code(), "access/who");
    let end = |origin: &str| {
        let head = format!("Cookie: {cookie}\r\nX-CSRF-Token: {csrf}\r\nOrigin: {origin}\r\n");
        ask(&scene, host, ("DELETE", "/v1/session"), &head, "")
    };
    let address = format!("http://{}", scene.served.address());
    for origin in [
        "null",
        "http://custody.example",
        "https://evil.example",
        "https://custody.example.evil.example",
        &address,
    ] {
        assert_eq!(end(origin).code(), "session/csrf", "{origin}");
    }
    let ended = end("https://custody.example");
    assert_eq!(ended.status, 204, "{}", ended.body);
    assert!(ended.header("set-cookie").unwrap().ends_with("; Secure"));
}

#[test]
fn what_makes_no_sense_about_proxies_is_refused_before_anything_is_served() {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    for config in [
        "public_url = \"custody.example\"",
        "public_url = \"https://custody.example/ledger\"",
        "public_url = \"http://custody.example\"\n[tls]\ncertificate = \"a\"\nkey = \"b\"",
        "[proxies]\ntrusted = [\"proxy.example\"]",
        "[proxies]\ntrusted = [\"10.0.0.0/33\"]",
        "[proxies]\nheader = \"x-real-ip\"",
        "[proxies]\ntrust = []",
    ] {
        fs::write(folder.path().join("serve.toml"), config).unwrap();
        let ran = office.run(&["serve", "--config", "serve.toml", "--check", "--json"]);
        assert_eq!(ran.status, 2, "{config}");
        assert!(ran.stdout.contains("\"serve/setting\""), "{config}: {}", ran.stdout);
    }
}

/// `authorities` adds names: whoever writes one there can still ask at the address at which the server listens.
#[test]
fn other_names_are_added_to_the_one_there_is() {
    let asked = |scene: &Scene, host: &str| {
        // What is signed names the server: only there a name counts.
        let kid = kid(&scene.key("anna")).kid().to_string();
        let asked = json!({ "kid": kid }).to_string();
        let answer = ask(scene, host, ("POST", "/v1/session/challenge"), JSON, &asked);
        (answer.status, if answer.status == 200 { String::new() } else { answer.code() })
    };
    let elsewhere = (421, "http/authority".to_owned());
    let own = scene("authorities = [\"ledger.example\"]\n");
    let address = own.served.address();
    let local = format!("localhost:{}", address.port());
    for host in ["ledger.example", &address.to_string(), &local] {
        assert_eq!(asked(&own, host).0, 200, "{host}");
    }
    for host in ["ledger.example:8443", "localhost", "other.example"] {
        assert_eq!(asked(&own, host), elsewhere, "{host}");
    }
    // Where people come another way, the address is no name, and stays none.
    let public = "public_url = \"https://custody.example\"\nauthorities = [\"ledger.example\"]\n";
    let behind = scene(public);
    for host in ["custody.example", "ledger.example"] {
        assert_eq!(asked(&behind, host).0, 200, "{host}");
    }
    assert_eq!(asked(&behind, &behind.served.address().to_string()), elsewhere);
}
