//! What an operator relies on while a server runs: its figures, its certificate, how long sessions last, and who is told
//! to come again. The server is the program itself, and so are the clients: openssl, curl, and our own command.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use custody_tests::office::Office;
use custody_tests::program::run_in;
use custody_tests::served::{HttpAnswer, Served};
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::docs_text::document;
use crate::foreign_eyes::skip;
use crate::serve_attacks::{Scene, base64, kid};

/// Between two looks at something that comes by itself.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Longest wait for it.
const PATIENCE: Duration = Duration::from_secs(60);

fn scene(config: &str) -> Scene {
    let folder = TempDir::new().unwrap();
    let office = Office::found(folder.path());
    Scene::of(folder, office, config)
}

/// Looks until it is so.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waited for {what}");
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Figures by name and labels, as Prometheus reads them.
pub struct Figures {
    kinds: BTreeMap<String, String>,
    values: BTreeMap<String, f64>,
}

impl Figures {
    pub fn read(address: &str) -> Self {
        let head = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        let answer = exchange(address, &head);
        assert_eq!(answer.status, 200, "{}", answer.head);
        assert!(
            answer.header("content-type").unwrap().starts_with("text/plain"),
            "{}",
            answer.head
        );
        Self::parse(&answer.body)
    }

    /// The text format 0.0.4, and nothing that is not in it.
    fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'));
        let mut figures = Self { kinds: BTreeMap::new(), values: BTreeMap::new() };
        for line in text.lines().filter(|line| !line.is_empty()) {
            let words: Vec<_> = line.splitn(4, ' ').collect();
            match (words[0], words.get(1).copied()) {
                ("#", Some("TYPE")) => {
                    assert!(
                        ["counter", "gauge", "summary", "histogram"].contains(&words[3]),
                        "{line}"
                    );
                    let before = figures.kinds.insert(words[2].to_owned(), words[3].to_owned());
                    assert!(before.is_none(), "twice: {line}");
                }
                ("#", Some("HELP")) => assert!(!words[3].is_empty(), "{line}"),
                _ => figures.take(line),
            }
        }
        figures
    }

    /// A sample, which its type precedes.
    fn take(&mut self, line: &str) {
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let name = series.split('{').next().unwrap();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        assert!(!name.is_empty() && name.chars().all(is_name), "{line}");
        let base = ["_sum", "_count", "_bucket"].iter().find_map(|end| name.strip_suffix(end));
        let is_known = |name: &str| self.kinds.contains_key(name);
        assert!(is_known(name) || base.is_some_and(is_known), "no type before {line}");
        if let Some(labels) = series.strip_prefix(name).filter(|labels| !labels.is_empty()) {
            let labels = labels.strip_prefix('{').and_then(|labels| labels.strip_suffix("\"}"));
            for label in labels.unwrap_or_else(|| panic!("{line}")).split("\",") {
                let (key, value) = label.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
                assert!(key.chars().all(is_name) && !value.contains('"'), "{line}");
            }
        }
        let before = self.values.insert(series.to_owned(), value.parse().unwrap());
        assert!(before.is_none(), "twice: {line}");
    }

    pub fn of(&self, series: &str) -> f64 {
        self.values.get(series).copied().unwrap_or(0.0)
    }
}

/// Asks at an address that is no server's own.
pub fn exchange(address: &str, request: &str) -> HttpAnswer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    HttpAnswer::read(&answer)
}

/// An address that was free.
pub fn reserve() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Two handoffs of the laptop, whole: where one is recorded, the other is refused.
fn handoffs(office: &Office) -> [Vec<u8>; 2] {
    let laptop = format!("item:{}", office.id("laptop"));
    let to = format!("custodian:{}", office.id("ben"));
    ["storage", "court"].map(|purpose| {
        let [half, whole] = ["half", "whole"].map(|part| format!("{purpose}-{part}.offer"));
        let what = ["offer", &laptop, "--to", &to, "--purpose", purpose];
        office.ask(&[&what[..], &["--out", &half, "--key", "anna.key"]].concat());
        office.ask(&["accept", &half, "--out", &whole, "--key", "ben.key"]);
        fs::read(office.folder().join(whole)).unwrap()
    })
}

#[test]
fn the_figures_are_prometheus_and_count_what_happened() {
    let address = reserve();
    let folder = TempDir::new().unwrap();
    let office = Office::found(folder.path());
    let [first, second] = handoffs(&office);
    let scene = Scene::of(folder, office, &format!("metrics = \"{address}\"\n"));
    let before = Figures::read(&address);
    for _ in 0..3 {
        assert_eq!(scene.served.get("/v1/ledger").status, 200);
    }
    assert_eq!(scene.served.get("/v1/nothing/here").status, 404);
    assert_eq!(scene.served.get("/v1/items").status, 401);
    let submit = |body: &[u8]| scene.served.ask("POST", "/v1/records", "", body).status;
    assert_eq!([&first, &first, &second].map(|record| submit(record)), [201, 200, 409]);
    scene.office.ask(&["backup", "--to", "backups"]);
    let after = Figures::read(&address);
    let more = |series: &str| after.of(series) - before.of(series);
    let answered = |path: &str, status: u16| {
        more(&format!("custody_http_requests_total{{path=\"{path}\",status=\"{status}\"}}"))
    };
    assert_eq!(answered("/v1/ledger", 200), 3.0);
    assert_eq!((answered("none", 404), answered("/v1/items", 401)), (1.0, 1.0));
    assert_eq!([201, 200, 409].map(|status| answered("/v1/records", status)), [1.0; 3]);
    let came = |outcome: &str| more(&format!("custody_records_total{{outcome=\"{outcome}\"}}"));
    assert_eq!(["recorded", "known", "refused"].map(came), [1.0; 3]);
    assert_eq!(came("failed"), 0.0);
    assert_eq!(more("custody_tree_size"), 1.0);
    assert_eq!(after.of("custody_http_requests_open"), 0.0);
    let slowest = "custody_http_request_seconds{path=\"/v1/records\",quantile=\"0.99\"}";
    assert!(after.of(slowest) > 0.0);
    let now_s = custody_api::desk::now_s() as f64;
    assert!((now_s - after.of("custody_snapshot_time_seconds")).abs() < 600.0);
    // What an operator is told to watch is there.
    let guide = document("OPERATING.md");
    let (_, watching) = guide.split_once("\n### Watching\n").unwrap();
    let rows = watching.lines().take_while(|line| !line.starts_with("## "));
    // What is only there with a certificate, `serve_health` looks for.
    let rows = rows.filter(|row| !row.starts_with("| `custody_tls_"));
    let named: Vec<_> = rows.filter_map(|row| row.strip_prefix("| `custody_")).collect();
    assert!(named.len() >= 7);
    for row in named {
        let name = format!("custody_{}", row.split('`').next().unwrap());
        assert!(after.kinds.contains_key(&name), "{name}");
    }
}

/// A program that others wrote, and what it said.
pub fn tool(folder: &Path, words: &[&str], stdin: &[u8]) -> std::process::Output {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Who has ended already reads nothing.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

#[track_caller]
pub fn expect_ok(output: &std::process::Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A certificate for this machine's own address, of an authority that is made once, with its serial number.
fn certify(folder: &Path, serial: &str) {
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let make = |rest: &[&str]| {
        let words = [&["openssl", "req", "-x509", "-days", "2"][..], &curve, rest].concat();
        expect_ok(&tool(folder, &words, b""));
    };
    if !folder.join("ca.pem").exists() {
        make(&["-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem"]);
    }
    let names = ["-addext", "subjectAltName=IP:127.0.0.1"];
    let leaf = ["-addext", "basicConstraints=critical,CA:FALSE", "-subj", "/CN=ledger"];
    let by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", serial];
    make(&[&by[..], &leaf, &names, &["-keyout", "tls.key", "-out", "tls.pem"]].concat());
}

/// The serial number of the certificate that a TLS client is shown, which it holds against the authority.
fn serial(folder: &Path, served: &Served) -> String {
    let address = served.address().to_string();
    let connect = ["openssl", "s_client", "-connect", &address, "-CAfile", "ca.pem"];
    let seen = tool(folder, &[&connect[..], &["-verify_return_error"]].concat(), b"");
    expect_ok(&seen);
    let read = tool(folder, &["openssl", "x509", "-noout", "-serial"], &seen.stdout);
    expect_ok(&read);
    String::from_utf8(read.stdout).unwrap().trim().to_owned()
}

pub fn reload(served: &Served) {
    let told = Command::new("kill").args(["-HUP", &served.pid().to_string()]).status().unwrap();
    assert!(told.success());
}

pub fn says(message: &'static str, level: &'static str) -> impl Fn(&Value) -> bool {
    move |line| line["fields"]["message"] == message && line["level"] == level
}

#[test]
fn a_certificate_is_replaced_while_it_serves() {
    for program in ["openssl", "curl"] {
        if Command::new(program).arg("--version").output().is_err() {
            return skip(&format!("{program} is absent: TLS, and certificates that are replaced"));
        }
    }
    let folder = TempDir::new().unwrap();
    let office = Office::found(folder.path());
    certify(folder.path(), "1");
    let config = "[tls]\ncertificate = \"tls.pem\"\nkey = \"tls.key\"\n";
    let scene = Scene::of(folder, office, config);
    let here = scene.office.folder();
    assert_eq!(serial(here, &scene.served), "serial=01");
    certify(here, "2");
    reload(&scene.served);
    scene.served.wait_for("the new certificate", says("certificate read again", "INFO"));
    assert_eq!(serial(here, &scene.served), "serial=02");
    fs::write(here.join("tls.pem"), "-----BEGIN CERTIFICATE-----\nnone\n").unwrap();
    reload(&scene.served);
    let refused = says("the new certificate is refused, the old one stays", "ERROR");
    scene.served.wait_for("the refusal", refused);
    assert_eq!(serial(here, &scene.served), "serial=02");
    for version in ["--http1.1", "--http2"] {
        the_cookie_is_secure(&scene, version);
    }
    // Our own command, with the authority that it is given and without.
    let url = format!("https://{}", scene.served.address());
    let laptop = format!("item:{}", scene.office.id("laptop"));
    let show = |authority: &str| {
        let variables = [
            ("CUSTODY_LEDGER", ""),
            ("CUSTODY_PASSPHRASE_FILE", "passphrase.txt"),
            ("CUSTODY_STATE", "state"),
            ("CUSTODY_KEY", "anna.key"),
            ("CUSTODY_SERVER_CA", authority),
        ];
        let shown = ["show", &laptop, "--server", &url, "--json"];
        let ran = run_in("custody", here, &shown, &variables);
        (ran.status, serde_json::from_str::<Value>(&ran.stdout).unwrap())
    };
    let (status, shown) = show("ca.pem");
    assert_eq!(status, 0, "{shown}");
    let (status, shown) = show("");
    assert_eq!((status, shown["error"]["code"].as_str()), (2, Some("client/unreachable")));
    // Without TLS nobody is answered there.
    assert_ne!(scene.served.get("/livez").status, 200);
}

/// Signs in with curl: the cookie goes over TLS alone, and to nobody but this server.
fn the_cookie_is_secure(scene: &Scene, version: &str) {
    let url = format!("https://{}", scene.served.address());
    let post = |path: &str, body: &Value| {
        let (body, url) = (body.to_string(), format!("{url}{path}"));
        let json_type = ["-H", "Content-Type: application/json", "--data", &body];
        let words = [&["curl", "-sSi", version, "--cacert", "ca.pem", &url][..], &json_type];
        let output = tool(scene.office.folder(), &words.concat(), b"");
        expect_ok(&output);
        HttpAnswer::read(&output.stdout)
    };
    let key = scene.key("anna");
    let kid = kid(&key).kid().to_string();
    let answer = post("/v1/session/challenge", &json!({ "kid": kid }));
    let challenge: Value = serde_json::from_str(&answer.body).unwrap();
    let text = challenge["text"].as_str().unwrap();
    let signature = base64(&key.sign(text.as_bytes()).to_bytes());
    let answered =
        json!({ "kid": kid, "challenge": challenge["challenge"], "signature": signature });
    let answer = post("/v1/session", &answered);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let cookie = answer.header("set-cookie").unwrap();
    let parts: Vec<_> = cookie.split("; ").collect();
    assert!(parts[0].starts_with("__Host-"), "{cookie}");
    for wanted in ["Path=/", "HttpOnly", "SameSite=Strict", "Secure"] {
        assert!(parts.contains(&wanted), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
}

#[test]
fn a_session_ends_unused_and_ends_altogether() {
    let scene = scene("[sessions]\nidle_s = 3\nwhole_s = 8\n");
    let (used, _) = scene.sign_in("anna", "");
    let begun = Instant::now();
    let (unused, _) = scene.sign_in("ben", "");
    let (watched, _) = scene.sign_in("ben", "");
    let get = |cookie: &str| {
        let cookie = format!("Cookie: {cookie}\r\n");
        let answer = scene.served.ask("GET", "/v1/session", &cookie, b"");
        (answer.status, answer.code())
    };
    let ended = (401, "access/who".to_owned());
    // The younger of the two, and the first to end: nobody used it.
    wait_until("five seconds of use", || {
        assert_eq!(get(&used).0, 200);
        // A page that looks by itself is nobody's use of it.
        let by_itself = format!("Cookie: {watched}\r\nX-Background: 1\r\n");
        scene.served.ask("GET", "/v1/session", &by_itself, b"");
        begun.elapsed() > Duration::from_secs(5)
    });
    assert_eq!([get(&unused), get(&watched)], [ended.clone(), ended.clone()]);
    assert_eq!(get(&used).0, 200);
    wait_until("the end of a session in use", || get(&used) == ended);
    // The server counts whole seconds.
    assert!(begun.elapsed() > Duration::from_secs(7));
    assert_eq!(get(&used), ended);
    // Who signs in again is let in.
    let (again, _) = scene.sign_in("anna", "");
    assert_eq!(get(&again).0, 200);
}

#[test]
fn who_asks_too_often_waits_and_nobody_else_does() {
    let scene = scene("[limits]\nper_second = 1\nburst = 12\n");
    let [anna, ben] = ["anna", "ben"].map(|who| scene.sign_in(who, "").0);
    let get = |cookie: &str| {
        scene.served.ask("GET", "/v1/session", &format!("Cookie: {cookie}\r\n"), b"")
    };
    let answers: Vec<_> = (0..40).map(|_| get(&anna)).collect();
    let refused = answers.iter().find(|answer| answer.status != 200).expect("12 and no more");
    assert_eq!((refused.status, refused.code().as_str()), (429, "http/too-often"));
    let after_s: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=2).contains(&after_s), "{after_s}");
    assert_eq!(get(&ben).status, 200);
    assert_eq!(scene.served.get("/livez").status, 200);
    wait_until("a place for the one who waited", || get(&anna).status == 200);
}

/// Begins to send a body of so many bytes for somebody behind a proxy, and goes no further than two.
fn hold(scene: &Scene, from: &str, bytes: usize) -> TcpStream {
    let mut stream = scene.served.connect();
    let (path, host) = ("/v1/records", scene.served.address());
    let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: {from}\r\n");
    stream.write_all(format!("{head}Content-Length: {bytes}\r\n\r\nab").as_bytes()).unwrap();
    stream
}

/// An office that is served with `limits` to people behind a proxy; and how many requests are open there.
fn behind_a_proxy(limits: &str) -> (Scene, impl Fn() -> f64) {
    let address = reserve();
    let proxy = "[proxies]\ntrusted = [\"127.0.0.1\"]\n";
    let scene = scene(&format!("metrics = \"{address}\"\n{limits}{proxy}"));
    (scene, move || Figures::read(&address).of("custody_http_requests_open"))
}

/// Of `held`, each of which waits for the rest of its body, one more than may wait: one is turned away, whichever it is.
fn one_is_turned_away(mut held: Vec<TcpStream>) -> Vec<TcpStream> {
    let mut answer = [0; 12];
    let mut is_answered = |stream: &mut TcpStream| {
        stream.set_nonblocking(true).unwrap();
        let read = stream.read(&mut answer);
        stream.set_nonblocking(false).unwrap();
        read.is_ok_and(|count| count == 12)
    };
    let mut found = None;
    wait_until("somebody is turned away", || {
        found = held.iter_mut().position(&mut is_answered);
        found.is_some()
    });
    held.remove(found.unwrap());
    assert_eq!(&answer, b"HTTP/1.1 503");
    held
}

#[test]
fn who_sends_many_bodies_slowly_keeps_nobody_else_out() {
    let (scene, open) = behind_a_proxy("[limits]\nrequests = 16\n");
    let held = (0..3).map(|_| hold(&scene, "192.0.2.1", 4)).collect();
    let held = one_is_turned_away(held);
    let other = hold(&scene, "192.0.2.2", 4);
    wait_until("somebody else's as well", || open() == 3.0);
    // Who went away may send again.
    drop(held);
    wait_until("they are gone", || open() == 1.0);
    let again = hold(&scene, "192.0.2.1", 4);
    wait_until("it is waited for", || open() == 2.0);
    drop((other, again));
}

/// What is held of bodies is bounded, and one address has no more than its part of it: 32 MiB of 256, which are 27 of the largest.
#[test]
fn who_sends_large_bodies_slowly_keeps_nobody_else_out() {
    let (scene, open) = behind_a_proxy("");
    let held = (0..28).map(|_| hold(&scene, "192.0.2.1", 1200 * 1024)).collect();
    let held = one_is_turned_away(held);
    let other = hold(&scene, "192.0.2.2", 1200 * 1024);
    wait_until("somebody else's as well", || open() == 28.0);
    drop((held, other));
    wait_until("they are gone", || open() == 0.0);
}

#[test]
fn where_as_many_are_answered_as_there_is_room_for_the_next_waits() {
    let (scene, open) = behind_a_proxy("[limits]\nrequests = 3\n");
    let mut held = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(|from| hold(&scene, from, 4));
    wait_until("three bodies on their way", || open() == 3.0);
    let refused = scene.served.get("/v1/ledger");
    assert_eq!((refused.status, refused.code().as_str()), (503, "http/busy"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    // One is finished, two go away: there is room again, and the figure says so.
    held[0].write_all(b"cd").unwrap();
    let mut answer = [0; 12];
    held[0].read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 422");
    assert_eq!(scene.served.get("/v1/ledger").status, 200);
    drop(held);
    wait_until("nobody", || open() == 0.0);
    assert_eq!(scene.served.get("/v1/ledger").status, 200);
}

#[test]
fn whoever_reads_the_log_may_go_away() {
    let folder = TempDir::new().unwrap();
    Office::found(folder.path());
    let served = Served::start_unread(folder.path(), "ledger");
    assert_eq!(served.get("/nothing").status, 404, "an answer of which the log would have a line");
    assert_eq!(served.stop(), Some(0));
}
