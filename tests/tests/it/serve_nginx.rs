//! A server behind a real nginx, with the very lines that OPERATING prints for both: what is promised to clients holds through
//! it, and it opens no way around.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use custody_api::http_signature::{SignatureParams, Target, sign_request};
use custody_tests::office::Office;
use custody_tests::program::{Ran, run_in};
use custody_tests::served::HttpAnswer;
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli_transcripts::office;
use crate::foreign_eyes::skip;
use crate::serve_attacks::{Scene, base64, kid};

/// Bytes that a body may have.
const LIMIT: usize = 1_200 * 1024;

/// A served office with nginx before it. Dropped, nginx is killed.
struct Front {
    scene: Scene,
    nginx: Child,
    authority: String,
}

/// Why there can be no [`Front`].
fn is_missing() -> Option<String> {
    let absent =
        |program: &&str, version: &str| Command::new(program).arg(version).output().is_err();
    if absent(&NGINX, "-v") {
        return Some("nginx is absent: `apt-get install -y nginx`".to_owned());
    }
    let others = ["openssl", "curl"];
    let other = others.iter().find(|program| absent(program, "--version"))?;
    Some(format!("{other} is absent: nothing is asked through nginx"))
}

/// Where Debian has it, which is on the path of root alone.
const NGINX: &str = "/usr/sbin/nginx";

/// The lines of a language under a heading of OPERATING.
fn printed(heading: &str, language: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/OPERATING.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, section) = text.split_once(&format!("\n{heading}\n")).unwrap();
    let (_, block) = section.split_once(&format!("\n```{language}\n")).unwrap();
    block.split_once("\n```\n").unwrap().0.to_owned()
}

/// The same text with something else in the place of what it must have.
fn put(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "`{old}` is in no line of: {text}");
    text.replace(old, new)
}

impl Front {
    /// The office in `folder`, served with what OPERATING says and `more`.
    fn of(folder: TempDir, office: Office, more: &str) -> Self {
        certify(folder.path());
        // Taken by nginx as soon as it is let go.
        let place = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = place.local_addr().unwrap().port();
        let authority = format!("localhost:{port}");
        let config = printed("### Behind a proxy", "toml");
        let config = put(&config, "https://ledger.example", &format!("https://{authority}"));
        let scene = Scene::of(folder, office, &format!("{config}\n{more}"));
        let here = scene.office.folder().to_owned();
        let site = printed("### Behind a proxy", "nginx");
        let site = put(&site, "listen 443 ssl", &format!("listen 127.0.0.1:{port} ssl"));
        let site = put(&site, "ledger.example", "localhost");
        let site = put(&site, "/etc/nginx/ledger", here.join("tls").to_str().unwrap());
        let site = put(&site, "127.0.0.1:8344", &scene.served.address().to_string());
        fs::write(here.join("nginx.conf"), around(&here, &site)).unwrap();
        drop(place);
        let mut nginx = Command::new(NGINX)
            .args(["-p", here.to_str().unwrap(), "-e", "nginx.log", "-c"])
            .arg(here.join("nginx.conf"))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || fs::read_to_string(here.join("nginx.log")).unwrap_or_default();
            assert_eq!(nginx.try_wait().unwrap(), None, "{}", log());
            std::thread::yield_now();
        }
        Self { scene, nginx, authority }
    }

    fn folder(&self) -> &Path {
        self.scene.office.folder()
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.authority)
    }

    /// What curl has of `path`, as it came.
    fn curl(&self, path: &str, words: &[&str]) -> Output {
        let first = ["-sS", "--http1.1", "--path-as-is", "--cacert", "ca.pem", "-H", "Expect:"];
        let mut command = Command::new("curl");
        let command = command.current_dir(self.folder()).args(first).args(words);
        let output = command.arg(self.url(path)).output().unwrap();
        expect_ok(&output);
        output
    }

    fn ask(&self, path: &str, words: &[&str]) -> HttpAnswer {
        HttpAnswer::read(&self.curl(path, &[&["-i"], words].concat()).stdout)
    }

    fn post(&self, path: &str, body: &Value) -> HttpAnswer {
        let body = body.to_string();
        self.ask(path, &["-H", "Content-Type: application/json", "--data", &body])
    }

    /// The same path asked for without nginx.
    fn direct(&self, path: &str) -> HttpAnswer {
        let host = &self.authority;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        HttpAnswer::read(&self.scene.served.exchange(request.as_bytes()))
    }

    /// Signs in as a page does: the answer, and the session's token.
    fn sign_in(&self, who: &str) -> HttpAnswer {
        let key = self.scene.key(who);
        let kid = kid(&key).kid().to_string();
        let answer = self.post("/v1/session/challenge", &json!({ "kid": kid }));
        let challenge: Value = serde_json::from_str(&answer.body).unwrap();
        let text = challenge["text"].as_str().unwrap();
        // The name that people see is what is signed for.
        assert!(text.contains(&self.authority), "{text}");
        let signature = base64(&key.sign(text.as_bytes()).to_bytes());
        let challenge = &challenge["challenge"];
        let answered = json!({ "kid": kid, "challenge": challenge, "signature": signature });
        self.post("/v1/session", &answered)
    }

    /// Runs `custody` as somebody who works at the address that people know.
    fn custody(&self, who: &str, arguments: &[&str]) -> Ran {
        let (url, key) = (self.url(""), format!("{who}.key"));
        let variables = [
            ("CUSTODY_LEDGER", ""),
            ("CUSTODY_PASSPHRASE_FILE", "passphrase.txt"),
            ("CUSTODY_STATE", "state"),
            ("CUSTODY_SERVER", url.as_str()),
            ("CUSTODY_KEY", key.as_str()),
            ("CUSTODY_SERVER_CA", "ca.pem"),
        ];
        run_in("custody", self.folder(), arguments, &variables)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.nginx.kill();
        let _ = self.nginx.wait();
    }
}

/// What stands around a site in the configuration of a whole nginx: where it may write, and that it stays in one process.
fn around(here: &Path, site: &str) -> String {
    let here = here.to_str().unwrap();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|name| format!("{name}_temp_path {here}/nginx-{name};\n"));
    format!(
        "daemon off;\nmaster_process off;\npid {here}/nginx.pid;\nevents {{}}\n\
         http {{\naccess_log off;\n{}{site}\n}}\n",
        temporary.concat()
    )
}

#[track_caller]
fn expect_ok(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// An authority, and a certificate for `localhost` by it.
fn certify(folder: &Path) {
    let make = |rest: &[&str]| {
        let words = ["req", "-x509", "-days", "2", "-nodes", "-newkey", "ec"];
        let curve = ["-pkeyopt", "ec_paramgen_curve:P-256"];
        let mut command = Command::new("openssl");
        command.current_dir(folder).args(words).args(curve).args(rest);
        expect_ok(&command.output().unwrap());
    };
    make(&["-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem"]);
    let by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-subj", "/CN=ledger"];
    let names = ["-addext", "subjectAltName=DNS:localhost"];
    let leaf = ["-addext", "basicConstraints=critical,CA:FALSE"];
    let files = ["-keyout", "tls.key", "-out", "tls.pem"];
    make(&[&by[..], &names, &leaf, &files].concat());
}

fn front(more: &str) -> Front {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    Front::of(folder, office, more)
}

#[test]
fn pages_sessions_and_signed_requests_pass() {
    if let Some(reason) = is_missing() {
        return skip(&reason);
    }
    let front = front("");
    let page = front.ask("/", &[]);
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(page.body, front.direct("/").body);
    let signed_in = front.sign_in("anna");
    assert_eq!(signed_in.status, 200, "{}", signed_in.body);
    let cookie = signed_in.header("set-cookie").unwrap().to_owned();
    assert!(cookie.starts_with("__Host-custody="), "{cookie}");
    for wanted in ["Path=/", "HttpOnly", "SameSite=Strict", "Secure"] {
        assert!(cookie.split("; ").any(|part| part == wanted), "{cookie}");
    }
    let cookie = format!("Cookie: {}", cookie.split(';').next().unwrap());
    assert_eq!(front.ask("/v1/session", &["-H", &cookie]).status, 200);
    // Another name than its own is no more its own because nginx hands it on.
    let kid = kid(&front.scene.key("anna")).kid().to_string();
    let (json, body) = ("Content-Type: application/json", json!({ "kid": kid }).to_string());
    let words = ["-H", "Host: elsewhere.example", "-H", json, "--data", &body];
    let elsewhere = front.ask("/v1/session/challenge", &words);
    assert_eq!((elsewhere.status, elsewhere.code().as_str()), (421, "http/authority"));
    // A command's requests are signed over method, name, path, query and body.
    let laptop = format!("item:{}", front.scene.office.id("laptop"));
    for words in [&["show", &laptop][..], &["where"], &["note", &laptop, "--text", "a scratch"]] {
        let ran = front.custody("anna", words);
        assert_eq!(ran.status, 0, "{words:?}: {}", ran.stderr);
    }
    a_path_is_signed_as_it_is_spelled(&front);
}

/// The ledger's name has a slash in it, which stays as the client wrote it: nginx neither reads nor rewrites it.
fn a_path_is_signed_as_it_is_spelled(front: &Front) {
    let path = "/v1/subjects/ledger:police.example%2Fevidence";
    let key = front.scene.key("anna");
    let authority = front.authority.as_str();
    let ask = |asked: &str| {
        let target = Target { method: "GET", authority, path, query: None, body: b"" };
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).unwrap();
        let nonce = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let created_s = custody_api::desk::now_s();
        let signed = sign_request(
            &key,
            &target,
            &SignatureParams { created_s, nonce, kid: kid(&key).kid() },
        );
        let headers = [
            format!("Content-Digest: {}", signed.content_digest),
            format!("Signature-Input: {}", signed.input),
            format!("Signature: {}", signed.signature),
        ];
        let [digest, input, signature] = headers.each_ref().map(String::as_str);
        let answer = front.ask(asked, &["-H", digest, "-H", input, "-H", signature]);
        (answer.status, answer.code())
    };
    assert_eq!(ask(path), (200, String::new()));
    // The same thing by another spelling was not signed.
    let respelled = path.replace("%2F", "%2f");
    assert_eq!(ask(&respelled), (401, "http-signature/invalid".to_owned()));
}

/// Events arrive while the stream is open, one by one.
#[test]
fn events_arrive_as_they_happen() {
    if let Some(reason) = is_missing() {
        return skip(&reason);
    }
    let front = front("");
    let signed_in = front.sign_in("anna");
    let cookie = signed_in.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    // Sooner than the server's next sign of life: nothing else could push out what is kept back.
    let words = ["-sSN", "--http1.1", "--cacert", "ca.pem", "--max-time", "15"];
    let mut stream = Command::new("curl")
        .current_dir(front.folder())
        .args(words)
        .args(["-H", &format!("Cookie: {cookie}"), &front.url("/v1/events")])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(stream.stdout.take().unwrap()).lines().map_while(Result::ok);
    front.scene.served.wait_for("the stream to be open", |line| {
        line["fields"]["path"] == "/v1/events" && line["fields"]["status"] == 200
    });
    let mut wait_for = |begin: &str| lines.by_ref().any(|line| line.starts_with(begin));
    let laptop = format!("item:{}", front.scene.office.id("laptop"));
    for text in ["one", "two"] {
        let ran = front.custody("anna", &["note", &laptop, "--text", text]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert!(wait_for("event: record"), "no event of the note {text}");
    }
    let _ = stream.kill();
    let _ = stream.wait();
}

#[test]
fn a_body_at_the_limit_passes_and_one_above_is_told_so() {
    if let Some(reason) = is_missing() {
        return skip(&reason);
    }
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let (laptop, to) =
        (format!("item:{}", office.id("laptop")), format!("custodian:{}", office.id("ben")));
    let words = ["offer", &laptop, "--to", &to, "--purpose", "transport", "--out", "h.offer"];
    office.ask(&[&words[..], &["--key", "anna.key"]].concat());
    office.ask(&["accept", "h.offer", "--out", "whole.offer", "--key", "ben.key"]);
    let front = Front::of(folder, office, "");
    let whole = fs::read(front.folder().join("whole.offer")).unwrap();
    let send = |length: usize| {
        fs::write(front.folder().join("batch"), batch(&whole, length)).unwrap();
        let form = "Content-Type: application/vnd.custody-ledger.offers+cbor";
        front.ask("/v1/batches", &["-H", form, "--data-binary", "@batch"])
    };
    // One byte more than the server takes, more than that, and more than nginx does.
    // A server that answers before it has read all may be heard by nobody: nginx does not let it come to that.
    for length in [LIMIT + 1, 2 * LIMIT] {
        let answer = send(length);
        assert_eq!((answer.status, answer.body.contains("<center>nginx")), (413, true), "{length}");
    }
    let answer = send(LIMIT);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answers: Value = serde_json::from_str(&answer.body).unwrap();
    let answers = answers["answers"].as_array().unwrap();
    assert!(answers[0]["entry"].is_u64(), "{}", answers[0]);
    assert!(answers[1]["code"].is_string(), "{}", answers[1]);
}

/// A batch of so many bytes, of which the first is an offer file, and the second nothing.
fn batch(whole: &[u8], length: usize) -> Vec<u8> {
    let mut batch = vec![0x82, 0x59];
    batch.extend(u16::try_from(whole.len()).unwrap().to_be_bytes());
    batch.extend(whole);
    batch.push(0x5a);
    let rest = length - batch.len() - 4;
    batch.extend(u32::try_from(rest).unwrap().to_be_bytes());
    batch.resize(length, 0);
    batch
}

#[test]
fn tiles_are_compressed_and_may_be_kept() {
    if let Some(reason) = is_missing() {
        return skip(&reason);
    }
    let front = front("");
    let checkpoint = front.ask("/checkpoint", &[]);
    assert_eq!(checkpoint.header("cache-control"), Some("no-cache"));
    let known = format!("If-None-Match: {}", checkpoint.header("etag").unwrap());
    assert_eq!(front.ask("/checkpoint", &["-H", &known]).status, 304);
    let size = checkpoint.body.lines().nth(1).unwrap();
    for path in [format!("/tile/entries/000.p/{size}"), format!("/tile/0/000.p/{size}")] {
        let plain = front.ask(&path, &[]);
        let forever = Some("public, max-age=31536000, immutable");
        assert_eq!((plain.status, plain.header("cache-control")), (200, forever), "{path}");
        assert_eq!(plain.header("content-encoding"), None, "{path}");
        let packed = front.ask(&path, &["-H", "Accept-Encoding: gzip"]);
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{path}");
        assert_eq!(packed.header("cache-control"), forever, "{path}");
        // Whoever keeps one for others has to know that there are two.
        let vary = packed.header("vary").unwrap_or_default().to_ascii_lowercase();
        assert!(vary.contains("accept-encoding"), "{path}: {vary}");
        let unpacked = front.curl(&path, &["--compressed"]).stdout;
        assert_eq!(unpacked, front.curl(&path, &[]).stdout, "{path}");
    }
}

/// Who asks is whoever nginx says; what the client itself says about that counts for nothing.
#[test]
fn the_rate_is_that_of_the_clients_address() {
    if let Some(reason) = is_missing() {
        return skip(&reason);
    }
    let front = front("[limits]\nper_second = 1\nburst = 30\n");
    // The proxy's own address is trusted: clients are elsewhere, here on other addresses of the same machine.
    let ask = |from: &str, at: u32| {
        let pretended = format!("X-Forwarded-For: 203.0.113.{at}");
        let other = format!("Forwarded: for=203.0.113.{at}");
        let words = ["--interface", from, "-H", &pretended, "-H", &other];
        let answer = front.ask("/v1/ledger", &words);
        (answer.status, answer.code())
    };
    let refused = (429, "http/too-often".to_owned());
    let mut let_in = 0;
    while ask("127.0.0.2", let_in) != refused {
        let_in += 1;
        assert!(let_in < 200, "nobody is counted");
    }
    assert!(let_in >= 30, "{let_in}");
    assert_eq!(ask("127.0.0.3", 1), (200, String::new()));
}

/// Paths that mean something else to somebody.
const PATHS: [&str; 45] = [
    "/v1/ledger",
    "/v1/ledger/",
    "//v1/ledger",
    "/v1//ledger",
    "/v1/./ledger",
    "/./v1/ledger",
    "/v1/../v1/ledger",
    "/x/../v1/ledger",
    "/v1/%6cedger",
    "/v1%2fledger",
    "/v1/ledger%2f",
    "/v1/ledger%3fa=b",
    "/v1/ledger%23a",
    "/v1/ledger;a",
    "/v1/ledger%20",
    "/v1/ledger%0d%0aA:b",
    "/v1/ledger?a=%0d%0aA:b",
    "/%2e%2e/v1/ledger",
    "/v1/%2e%2e/v1/ledger",
    "/%2e/v1/ledger",
    "/v1/..;/v1/ledger",
    "/v1/%2e%2e%2fledger",
    "/tile/0/../../keys/log-ed25519.key",
    "/tile/..%2f..%2fkeys/log-ed25519.key",
    "/tile/%2e%2e/%2e%2e/keys",
    "/tile/0/000/../001",
    "/tile/0/%00",
    "/tile//0/000",
    "/tile/0//000",
    "/tile%2f0%2f000",
    "/../../etc/passwd",
    "/..%2f..%2fetc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/tile/%252e%252e/keys",
    "/\\..\\keys",
    "/tile/0/%ff",
    "/records/000",
    "/records//000",
    "/x/../records/000",
    "/metrics",
    "/store/CURRENT",
    "/assets/../checkpoint",
    "/checkpoint/",
    "//checkpoint",
    "/%63heckpoint",
];

/// What is under them is the same as without nginx, or nginx refuses them.
#[test]
fn a_path_leads_nowhere_else_than_without_nginx() {
    if let Some(reason) = is_missing() {
        return skip(&reason);
    }
    let front = front("");
    let checkpoint = front.ask("/checkpoint", &[]);
    let size = checkpoint.body.lines().nth(1).unwrap();
    let tile = format!("/tile/0/000.p/{size}");
    let tiles = [tile.clone(), tile.replace("/0/", "//0/"), tile.replace("000", "%30%300")];
    let mut by_nginx = Vec::new();
    for path in PATHS.into_iter().chain(tiles.iter().map(String::as_str)) {
        let (direct, through) = (front.direct(path), front.ask(path, &[]));
        if through.body.contains("<center>nginx") {
            assert_eq!(through.status, 400, "{path}");
            by_nginx.push(path);
            continue;
        }
        let told = |answer: &HttpAnswer| (answer.status, answer.code());
        assert_eq!(told(&through), told(&direct), "{path}");
        assert!(through.status != 200 || through.body == direct.body, "{path}");
    }
    // What leads above the root, and what ends a string of C's.
    let is_known = |path: &&str| ["..", "%2e%2e", "%00"].iter().any(|text| path.contains(text));
    assert!(!by_nginx.is_empty() && by_nginx.iter().all(is_known), "{by_nginx:?}");
}
