//! What a hostile network sends a server: each shape tried on a real one, each refused with its code, and the server is
//! still there afterwards.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use custody_api::failure::Failure;
use custody_api::http_signature::{SignatureParams, Target, sign_request};
use custody_api::key_file::{KeyKind, read_private};
use custody_api::passphrase::PassphraseSource;
use custody_core::key::CoseKey;
use custody_tests::office::Office;
use custody_tests::served::{HttpAnswer, Served};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::serve_running::wait_until;

/// An office that is served.
pub struct Scene {
    _folder: TempDir,
    /// The office.
    pub office: Office,
    /// Its server.
    pub served: Served,
    /// Keys that were opened: that takes time.
    keys: Mutex<HashMap<String, SigningKey>>,
}

fn scene(config: &str) -> Scene {
    let folder = TempDir::new().unwrap();
    let office = Office::found(folder.path());
    Scene::of(folder, office, config)
}

impl Scene {
    /// Serves the office in `folder`.
    pub fn of(folder: TempDir, office: Office, config: &str) -> Self {
        std::fs::write(folder.path().join("serve.toml"), config).unwrap();
        // With a line for each request, so that what no line may have is looked for in all of them.
        let config = ["--config", "serve.toml"];
        let served = Served::start_talking(folder.path(), "ledger", &config);
        Self { _folder: folder, office, served, keys: Mutex::default() }
    }

    /// The same office, served by another process with another configuration.
    pub fn restarted(self, config: &str) -> Self {
        let Self { _folder: folder, office, served, .. } = self;
        assert_eq!(served.stop(), Some(0));
        Self::of(folder, office, config)
    }

    /// Somebody's key.
    pub fn key(&self, who: &str) -> SigningKey {
        if let Some(key) = self.keys.lock().unwrap().get(who) {
            return key.clone();
        }
        let source = PassphraseSource { file: Some(self.office.folder().join("passphrase.txt")) };
        let ask = || Ok::<_, Failure>(source.existing("a key")?);
        let path = self.office.folder().join(format!("{who}.key"));
        let key = read_private(&path, KeyKind::Ed25519, ask).unwrap().signing_key();
        self.keys.lock().unwrap().insert(who.to_owned(), key.clone());
        key
    }

    /// The headers of a signed request, to be sent or to be tampered with.
    fn sign(&self, who: &str, request: (&str, &str, &[u8]), at: (u64, &str)) -> Vec<String> {
        let (method, path, body) = request;
        let (created_s, nonce) = at;
        let key = self.key(who);
        let authority = self.served.address().to_string();
        let (bare, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
        let target = Target { method, authority: &authority, path: bare, query, body };
        let params = SignatureParams { created_s, nonce: nonce.to_owned(), kid: kid(&key).kid() };
        let signed = sign_request(&key, &target, &params);
        vec![
            format!("Content-Digest: {}", signed.content_digest),
            format!("Signature-Input: {}", signed.input),
            format!("Signature: {}", signed.signature),
        ]
    }

    /// Asks with a signed request.
    pub fn ask_signed(&self, who: &str, method: &str, path: &str, body: &[u8]) -> HttpAnswer {
        let headers = self.sign(who, (method, path, body), (now_s(), &nonce()));
        self.served.ask(method, path, &lines(&headers), body)
    }

    /// Asks with JSON in a signed request.
    pub fn ask_json(&self, who: &str, path: &str, asked: &Value) -> HttpAnswer {
        let body = asked.to_string();
        let headers = self.sign(who, ("POST", path, body.as_bytes()), (now_s(), &nonce()));
        let head = format!("{}Content-Type: application/json\r\n", lines(&headers));
        self.served.ask("POST", path, &head, body.as_bytes())
    }

    /// Signs in as a page does, and returns the cookie and the token.
    pub fn sign_in(&self, who: &str, cookie: &str) -> (String, String) {
        let answer = self.try_to_sign_in(who, cookie);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let view: Value = serde_json::from_str(&answer.body).unwrap();
        let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        (cookie, view["csrf"].as_str().unwrap().to_owned())
    }

    fn try_to_sign_in(&self, who: &str, cookie: &str) -> HttpAnswer {
        let key = self.key(who);
        let kid = kid(&key).kid().to_string();
        let json_type = "Content-Type: application/json\r\n";
        let asked = json!({ "kid": kid }).to_string();
        let answer = self.served.ask("POST", "/v1/session/challenge", json_type, asked.as_bytes());
        let challenge: Value = serde_json::from_str(&answer.body).unwrap();
        let text = challenge["text"].as_str().unwrap();
        let signature = base64(&key.sign(text.as_bytes()).to_bytes());
        let answered =
            json!({ "kid": kid, "challenge": challenge["challenge"], "signature": signature });
        let head = format!("{json_type}{cookie}");
        self.served.ask("POST", "/v1/session", &head, answered.to_string().as_bytes())
    }

    /// Tells the server to stop, and waits until it has. Returns its status.
    pub fn stop(self) -> Option<i32> {
        self.served.stop()
    }

    fn is_alive(&self) {
        assert_eq!(self.served.get("/livez").body, "alive\n");
    }
}

/// The name of a key.
pub fn kid(key: &SigningKey) -> CoseKey {
    CoseKey::from_bytes(key.verifying_key().as_bytes()).unwrap()
}

/// As JSON has bytes.
pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn lines(headers: &[String]) -> String {
    headers.iter().map(|header| format!("{header}\r\n")).collect()
}

fn now_s() -> u64 {
    custody_api::desk::now_s()
}

fn nonce() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn paths_lead_nowhere_but_to_tiles() {
    let scene = scene("");
    for path in [
        "/tile/0/../../keys/log-ed25519.key",
        "/tile/..%2f..%2fkeys",
        "/tile/0/000/../001",
        "/tile/0/%00",
        "/tile/0/0",
        "/tile/0/000.p/256",
        "/tile/64/000",
        "/tile/entries/x000/000",
        "/tile/0/999",
        "/tile/entries/000.p/255",
        "/tile//etc/passwd",
        "/../../etc/passwd",
        "/store/CURRENT",
        "/vault/",
        "/keys/log-ed25519.key",
        "/offers/",
    ] {
        let answer = scene.served.get(path);
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.head);
    }
    assert_eq!(scene.served.get("/tile/0/000.p/5").status, 200);
    assert_eq!(scene.served.get("/records/000.p/5").code(), "access/who");
    assert_eq!(scene.ask_signed("anna", "GET", "/records/000.p/5", b"").code(), "access/forbidden");
}

#[test]
fn bodies_are_bounded_in_size_and_time() {
    let scene = scene("[limits]\nrequest_s = 2\n");
    let large = vec![b'a'; 1_200 * 1024 + 1];
    assert_eq!(scene.served.ask("POST", "/v1/records", "", &large).status, 413);
    // A body that never comes is not waited for.
    let begun = Instant::now();
    let mut stream = scene.served.connect();
    let host = scene.served.address();
    let head =
        format!("POST /v1/records HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\nab");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 64];
    let count = stream.read(&mut answer).unwrap();
    let text = String::from_utf8_lossy(&answer[..count]).into_owned();
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    assert!(begun.elapsed() < Duration::from_secs(30));
    for body in [&b""[..], b"\xff", b"{}", &[0x84; 4000]] {
        let answer = scene.served.ask("POST", "/v1/records", "", body);
        assert!([413, 422].contains(&answer.status), "{}", answer.body);
        assert!(!answer.code().is_empty());
    }
    scene.is_alive();
}

#[test]
fn requests_within_requests_are_refused() {
    let scene = scene("");
    let host = scene.served.address();
    for (head, body) in [
        ("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
        ("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"),
        ("Content-Length: +1\r\n", "a"),
        ("Content-Length : 1\r\n", "a"),
        ("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
        ("X: a\nContent-Length: 4\r\n", "evil"),
    ] {
        let smuggled = format!(
            "POST /v1/records HTTP/1.1\r\nHost: {host}\r\n{head}\r\n{body}GET /livez HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        );
        let answer = scene.served.exchange(smuggled.as_bytes());
        let answers = String::from_utf8_lossy(&answer).matches("HTTP/1.1 ").count();
        let is_refused = HttpAnswer::read(&answer).status >= 400;
        assert!(is_refused || answers == 0, "{head:?}: {}", String::from_utf8_lossy(&answer));
        // What stood in the body was never answered as a request of its own where the two ways to say how long a
        // body is disagree.
        assert!(!String::from_utf8_lossy(&answer).contains("alive\n") || answers == 2, "{head:?}");
    }
    scene.is_alive();
}

#[test]
fn a_signature_counts_once_for_one_request() {
    let scene = scene("");
    let path = "/v1/items?state=held";
    let at = (now_s(), &*nonce());
    let headers = scene.sign("anna", ("GET", path, b""), at);
    let send = |method: &str, path: &str, headers: &[String], body: &[u8]| {
        scene.served.ask(method, path, &lines(headers), body)
    };
    assert_eq!(send("GET", path, &headers, b"").status, 200);
    assert_eq!(send("GET", path, &headers, b"").code(), "http-signature/replayed");
    // Another method, path, query or body: not what was signed.
    let fresh = || scene.sign("anna", ("GET", path, b""), (now_s(), &nonce()));
    assert_eq!(send("GET", "/v1/inbox", &fresh(), b"").code(), "http-signature/invalid");
    assert_eq!(
        send("GET", "/v1/items?state=stored", &fresh(), b"").code(),
        "http-signature/invalid"
    );
    assert_eq!(send("GET", "/v1/items", &fresh(), b"").code(), "http-signature/invalid");
    let session = scene.sign("anna", ("GET", "/v1/session", b""), (now_s(), &nonce()));
    assert_eq!(send("DELETE", "/v1/session", &session, b"").code(), "http-signature/invalid");
    assert_eq!(send("GET", path, &fresh(), b"x").code(), "http-signature/content-digest");
    // Parts of two requests do not make a third.
    let (one, two) = (fresh(), fresh());
    let mixed = vec![one[0].clone(), one[1].clone(), two[2].clone()];
    assert_eq!(send("GET", path, &mixed, b"").code(), "http-signature/invalid");
    // Old, and from the future.
    for created_s in [now_s() - 301, now_s() + 400] {
        let headers = scene.sign("anna", ("GET", path, b""), (created_s, &nonce()));
        assert_eq!(send("GET", path, &headers, b"").code(), "http-signature/created");
    }
    // A key that nobody has enrolled.
    let stranger = scene.sign("eve", ("GET", path, b""), (now_s(), &nonce()));
    assert_eq!(send("GET", path, &stranger, b"").code(), "record/unknown-key");
    // Other spellings of the same, and two of a header.
    let spelled = |from: &str, to: &str| {
        let headers: Vec<_> = fresh().iter().map(|line| line.replace(from, to)).collect();
        send("GET", path, &headers, b"").code()
    };
    for (from, to) in [
        ("custody=(", "custody= ("),
        (";created=", "; created="),
        ("\"@method\" \"@authority\"", "\"@authority\" \"@method\""),
        (" \"@query\"", ""),
        (";tag=\"custody-ledger\"", ""),
        ("alg=\"ed25519\"", "alg=\"hmac-sha256\""),
        ("custody=(", "other=("),
    ] {
        assert_eq!(spelled(from, to), "http-signature/malformed", "{from}");
    }
    let doubled = [fresh(), fresh()].concat();
    assert_eq!(send("GET", path, &doubled, b"").code(), "http-signature/malformed");
    let host = "Host: elsewhere.example\r\n";
    let request =
        format!("GET {path} HTTP/1.1\r\n{host}Connection: close\r\n{}\r\n", lines(&fresh()));
    let answer = HttpAnswer::read(&scene.served.exchange(request.as_bytes()));
    assert_eq!((answer.status, answer.code().as_str()), (421, "http/authority"));
}

#[test]
fn sessions_are_neither_planted_nor_ridden() {
    let scene = scene("");
    // Whatever cookie the browser brings, the session gets another one.
    let planted = "Cookie: custody-session=0000\r\n";
    let (cookie, csrf) = scene.sign_in("anna", planted);
    assert!(!cookie.ends_with("=0000"));
    let with = |cookie: &str, more: &str| format!("Cookie: {cookie}\r\n{more}");
    let get = |cookie: &str| scene.served.ask("GET", "/v1/session", &with(cookie, ""), b"");
    assert_eq!(get("custody-session=0000").code(), "access/who");
    let shown = get(&cookie);
    // On no way is it kept for somebody else.
    assert_eq!((shown.status, shown.header("cache-control")), (200, Some("private, no-store")));
    assert_eq!(get(&format!("{cookie}; custody-session=0000")).code(), "access/who");
    // Another site's page can send the cookie, but not the token; and the browser says where it comes from.
    let end = |more: &str| scene.served.ask("DELETE", "/v1/session", &with(&cookie, more), b"");
    assert_eq!(end("").code(), "session/csrf");
    assert_eq!(end("X-CSRF-Token: 0000\r\n").code(), "session/csrf");
    let token = format!("X-CSRF-Token: {csrf}\r\n");
    assert_eq!(end(&format!("{token}Sec-Fetch-Site: cross-site\r\n")).code(), "session/csrf");
    // A second session ends the first one of the same browser, also where a reload has lost the token.
    let (second, second_csrf) = scene.sign_in("anna", &with(&cookie, ""));
    assert_eq!(get(&cookie).code(), "access/who");
    let token = format!("X-CSRF-Token: {second_csrf}\r\nSec-Fetch-Site: same-origin\r\n");
    let ended = scene.served.ask("DELETE", "/v1/session", &with(&second, &token), b"");
    assert_eq!(ended.status, 204);
    assert!(ended.header("set-cookie").unwrap().contains("HttpOnly; SameSite=Strict"));
    assert_eq!(get(&second).code(), "access/who");
    // A challenge counts once, and for the key it was made for.
    let wrong = json!({ "kid": kid(&scene.key("anna")).kid().to_string(), "challenge": "0", "signature": "" });
    let json_type = "Content-Type: application/json\r\n";
    let answer = scene.served.ask("POST", "/v1/session", json_type, wrong.to_string().as_bytes());
    assert_eq!(answer.code(), "session/challenge");
}

#[test]
fn a_recovery_key_signs_in_at_no_page() {
    let scene = scene("");
    let refused = scene.try_to_sign_in("police-recovery", "");
    assert_eq!((refused.status, refused.code().as_str()), (403, "session/recovery-key"));
    assert!(refused.header("set-cookie").is_none());
    assert_eq!(scene.try_to_sign_in("police", "").status, 200);
}

#[test]
fn one_key_does_not_take_the_sessions_of_all() {
    let scene = scene("[limits]\nburst = 200\n[sessions]\nmost = 18\n");
    let sign_in = |who: &str| scene.sign_in(who, "").0;
    let (bens, annas) = (sign_in("ben"), (0..20).map(|_| sign_in("anna")).collect::<Vec<_>>());
    let is_open = |cookie: &String| {
        let cookie = format!("Cookie: {cookie}\r\n");
        scene.served.ask("GET", "/v1/session", &cookie, b"").status == 200
    };
    assert!(is_open(&bens) && is_open(&annas[19]));
    assert_eq!(annas.iter().filter(|cookie| is_open(cookie)).count(), 16);
}

#[test]
fn whose_exhibit_shows_what_is_said_in_the_log() {
    let scene = scene("");
    let item = format!("item:{}", scene.office.id("laptop"));
    let exhibit = scene.ask_json("anna", "/v1/exhibits", &json!({ "item": item }));
    assert_eq!(exhibit.status, 200, "{}", exhibit.body);
    let is_of =
        |line: &&str| line.contains("openings read") && line.contains(scene.office.id("anna"));
    wait_until("the log says it", || scene.served.log().lines().filter(is_of).count() == 1);
}

#[test]
fn nobody_learns_by_asking() {
    let scene = scene("");
    let laptop = format!("/v1/items/item:{}", scene.office.id("laptop"));
    let none = "/v1/items/item:00000000-0000-4000-8000-000000000000";
    assert_eq!(scene.ask_signed("anna", "GET", &laptop, b"").status, 200);
    // What there is not, and what is somebody else's, look alike.
    let (theirs, none) =
        (scene.ask_signed("ben", "GET", &laptop, b""), scene.ask_signed("ben", "GET", none, b""));
    assert_eq!((theirs.status, theirs.code()), (404, none.code()));
    assert_eq!(none.status, 404);
    let list = scene.ask_signed("ben", "GET", "/v1/items", b"");
    assert!(!list.body.contains(scene.office.id("laptop")), "{}", list.body);
    let shown = scene.ask_signed("anna", "GET", &laptop, b"");
    let shown: Value = serde_json::from_str(&shown.body).unwrap();
    let digest = shown["records"][0]["record"].as_str().unwrap();
    for path in [
        format!("/v1/records/{digest}"),
        format!("/v1/records/{digest}/receipt"),
        format!("/v1/records/{digest}/place"),
        format!("/v1/entries/{}", shown["records"][0]["entry"]),
    ] {
        assert_eq!(scene.ask_signed("anna", "GET", &path, b"").status, 200, "{path}");
        let theirs = scene.ask_signed("ben", "GET", &path, b"");
        assert_eq!((theirs.status, theirs.code().as_str()), (404, "read/no-record"), "{path}");
        assert_eq!(scene.served.get(&path).code(), "access/who");
    }
    let openings = format!("/v1/records/{digest}/openings");
    assert!(scene.ask_signed("anna", "GET", &openings, b"").body.contains("description"));
    assert_eq!(scene.ask_signed("ben", "GET", &openings, b"").body, r#"{"openings":[]}"#);
    // An offer is for those who sign it.
    let no_offer = format!("/v1/offers/{}", "0".repeat(64));
    assert_eq!(scene.ask_signed("ben", "GET", &no_offer, b"").code(), "http/not-found");
    assert_eq!(scene.ask_signed("ben", "GET", "/v1/statistics", b"").code(), "access/forbidden");
    assert_eq!(scene.ask_signed("ben", "GET", "/v1/findings", b"").code(), "access/forbidden");
    assert_eq!(
        scene.ask_signed("ben", "GET", "/v1/entries?lo=0&hi=3", b"").code(),
        "access/forbidden"
    );
    // The item's page opened it first, and asking for the openings themselves was no news.
    let log = scene.served.log();
    let read: Vec<_> = log.lines().filter(|line| line.contains("openings read")).collect();
    let is_of = |line: &&&str| line.contains(digest) && line.contains(scene.office.id("anna"));
    assert_eq!(read.iter().filter(is_of).count(), 1, "{log}");
    assert!(!log.contains("grey"), "no value of anybody's in the log");
}

#[test]
fn what_is_wrong_is_said_where_it_is() {
    let scene = scene("[limits]\nper_second = 2\nburst = 60\n");
    let json_type = "Content-Type: application/json\r\n";
    let asked = |path: &str, body: &str| scene.served.ask("POST", path, json_type, body.as_bytes());
    assert_eq!(asked("/v1/session/challenge", "{").code(), "http/json");
    assert_eq!(asked("/v1/session/challenge", r#"{"kid":"x"}"#).code(), "http/digest");
    assert_eq!(asked("/v1/session/challenge", r#"{"kid":1,"more":2}"#).code(), "http/json");
    assert_eq!(scene.served.get("/v1/nothing").code(), "http/not-found");
    assert_eq!(scene.served.ask("PUT", "/v1/items", "", b"").code(), "http/method");
    assert_eq!(scene.ask_signed("anna", "GET", "/v1/items?colour=red", b"").code(), "http/query");
    assert_eq!(scene.ask_signed("anna", "GET", "/v1/items/agency:x", b"").code(), "id/malformed");
    // What is none of the words is told which there are, and not answered with nothing.
    let nonsense = scene.ask_signed("anna", "GET", "/v1/items?state=nonsense", b"");
    assert_eq!((nonsense.status, nonsense.code().as_str()), (400, "id/malformed"));
    assert!(nonsense.body.contains("held, stored, on-the-way, packed"), "{}", nonsense.body);
    for limit in ["0", "201", "+5", "05", "x", ""] {
        let path = format!("/v1/items?limit={}", limit.replace('+', "%2B"));
        assert_eq!(scene.ask_signed("anna", "GET", &path, b"").code(), "id/malformed", "{path}");
    }
    // A number has one spelling.
    for (path, code) in [
        ("/v1/entries/+5", "id/malformed"),
        ("/v1/entries/%2B5", "id/malformed"),
        ("/v1/entries/05", "id/malformed"),
        ("/v1/roots/+1", "id/malformed"),
        ("/v1/roots/-1", "id/malformed"),
        ("/v1/head?from=%2B1", "http/query"),
        ("/v1/head?from=01", "http/query"),
        ("/v1/entries?lo=0&hi=%2B1", "http/query"),
    ] {
        let answer = scene.ask_signed("anna", "GET", path, b"");
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{path}");
    }
    let answer = scene.served.get("/v1/roots/9%0d%0aX-Evil:%201");
    assert_eq!(answer.code(), "id/malformed");
    assert!(answer.header("x-evil").is_none());
    let instance = answer.header("x-request-id").unwrap();
    assert!(answer.body.contains(&format!("urn:request:{instance}")));
    // Whoever asks too often is told when to come again.
    let last = (0..80).map(|_| scene.served.get("/v1/ledger")).find(|answer| answer.status == 429);
    let last = last.expect("60 at once, and no more");
    assert_eq!(last.code(), "http/too-often");
    assert!(last.header("retry-after").is_some());
    scene.is_alive();
}
