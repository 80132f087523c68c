//! Streams of events: what comes through them, to whom, and how they end.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use custody_tests::machine::Machine;
use serde_json::json;
use tempfile::TempDir;

use crate::cli_transcripts::office;
use crate::serve_attacks::Scene;

fn scene(config: &str) -> Scene {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    Scene::of(folder, office, config)
}

/// A stream that somebody listens to.
struct Listening {
    stream: TcpStream,
    text: String,
}

impl Listening {
    /// Begins to listen in the session of `cookie`.
    fn begin(scene: &Scene, cookie: &str) -> Self {
        let (mut stream, host) = (scene.served.connect(), scene.served.address());
        let head = format!("Host: {host}\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n");
        let head = format!("GET /v1/events HTTP/1.1\r\n{head}");
        stream.write_all(head.as_bytes()).unwrap();
        let mut listening = Self { stream, text: String::new() };
        assert!(listening.hears("\r\n\r\n"), "{}", listening.text);
        listening
    }

    /// Whether `what` comes before the stream ends.
    fn hears(&mut self, what: &str) -> bool {
        let mut bytes = [0; 4096];
        while !self.text.contains(what) {
            match self.stream.read(&mut bytes).unwrap() {
                0 => return false,
                count => self.text.push_str(&String::from_utf8_lossy(&bytes[..count])),
            }
        }
        true
    }
}

/// A note that Anna has signed, in a file, not yet sent.
fn note(scene: &Scene, text: &str) -> Vec<u8> {
    let laptop = format!("item:{}", scene.office.id("laptop"));
    let anna = Machine::of(&scene.office, "anna", &scene.served);
    anna.ask(&["note", &laptop, "--text", text, "--out", "note.offer"]);
    fs::read(scene.office.folder().join("note.offer")).unwrap()
}

#[test]
fn a_stream_ends_with_its_session() {
    let scene = scene("");
    let (cookie, csrf) = scene.sign_in("anna", "");
    let mut ended = Listening::begin(&scene, &cookie);
    let (other, _) = scene.sign_in("anna", "");
    let mut other = Listening::begin(&scene, &other);
    let head = format!("Cookie: {cookie}\r\nX-CSRF-Token: {csrf}\r\n");
    assert_eq!(scene.served.ask("DELETE", "/v1/session", &head, b"").status, 204);
    let file = note(&scene, "x");
    assert_eq!(scene.served.ask("POST", "/v1/records", "", &file).status, 201);
    assert!(other.hears("event: record\n"), "{}", other.text);
    assert!(!ended.hears("event: "), "{}", ended.text);
}

/// A stream is an answer without an end: it must not keep a server that is told to stop.
#[test]
fn a_server_that_stops_ends_its_streams() {
    let scene = scene("");
    let (cookie, _) = scene.sign_in("anna", "");
    let mut listening = Listening::begin(&scene, &cookie);
    let begun = Instant::now();
    let (status, heard) = std::thread::scope(|scope| {
        let heard = scope.spawn(move || listening.hears("event: "));
        (scene.stop(), heard.join().unwrap())
    });
    assert_eq!((status, heard), (Some(0), false));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

/// Who sends a record and goes away has sent it: it is recorded, the offer waits no longer, and others hear of it.
#[test]
fn a_record_whose_sender_has_gone_is_heard_of() {
    let scene = scene("");
    let (cookie, _) = scene.sign_in("anna", "");
    let mut listening = Listening::begin(&scene, &cookie);
    let laptop = format!("item:{}", scene.office.id("laptop"));
    let to = format!("custodian:{}", scene.office.id("ben"));
    let anna = Machine::of(&scene.office, "anna", &scene.served);
    let sent = anna.ask(&["offer", &laptop, "--to", &to, "--purpose", "transport"]);
    let digest = sent["offer_digest"].as_str().unwrap();
    let ben = Machine::of(&scene.office, "ben", &scene.served);
    ben.ask(&["accept", digest, "--out", "signed.offer"]);
    let file = fs::read(scene.office.folder().join("signed.offer")).unwrap();
    let mut sender = scene.served.connect();
    let (host, length) = (scene.served.address(), file.len());
    let head =
        format!("POST /v1/records HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n");
    sender.write_all(&[head.as_bytes(), &file].concat()).unwrap();
    drop(sender);
    // Where it went before the server had begun, this is the first time; else the same again, of which nobody hears anew.
    let again = scene.served.ask("POST", "/v1/records", "", &file).status;
    assert!([200, 201].contains(&again), "{again}");
    assert!(listening.hears("event: record\n"), "{}", listening.text);
    assert_eq!(ben.ask(&["inbox"])["offers"], json!([]));
}
