//! Commands that work on a server as on a directory: two people, one server, no shared disk.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use custody_api::desk::Desk;
use custody_core::entry::Entry;
use custody_core::hash::sha256;
use custody_core::record::Record;
use custody_core::record::body::{DigestScope, EvidenceDigest, digests_value};
use custody_core::sealed::Opening;
use custody_tests::machine::Machine;
use custody_tests::office::{Office, copy};
use custody_tests::program::run_in;
use custody_tests::served::Served;
use serde_json::Value;
use tempfile::TempDir;

fn office() -> (TempDir, Office) {
    let folder = TempDir::new().unwrap();
    let office = Office::found(folder.path());
    (folder, office)
}

#[test]
fn two_people_hand_over_through_a_server() {
    let (_folder, office) = office();
    let served = Served::start(office.folder(), "ledger", &[]);
    let (anna, ben) = (Machine::of(&office, "anna", &served), Machine::of(&office, "ben", &served));
    let laptop = format!("item:{}", office.id("laptop"));
    let to_ben = format!("custodian:{}", office.id("ben"));
    // What is not theirs they cannot even ask for.
    assert_eq!(ben.refused(&["show", &laptop]), "custody/no-such-subject");
    anna.ask(&["seal", &laptop, "--number", "B-1"]);
    anna.ask(&["release", &laptop, "--to", &to_ben, "--purpose", "examination"]);
    let waiting = ben.ask(&["inbox"]);
    assert_eq!(waiting["waiting"][0]["item"], laptop.as_str());
    ben.ask(&["receive", &laptop, "--checked", "seal"]);
    let shown = ben.ask(&["show", &laptop]);
    assert_eq!(shown["records"].as_array().unwrap().len(), 4);
    assert_eq!(shown["records"][0]["fields"]["description"], "laptop, grey");
    // From hand to hand, through the file and through the mailbox's way of recording.
    let to_anna = format!("custodian:{}", office.id("anna"));
    ben.ask(&["offer", &laptop, "--to", &to_anna, "--purpose", "return", "--out", "back.offer"]);
    let accepted = anna.ask(&["accept", "back.offer"]);
    assert_eq!(accepted["was_known"], false);
    // The same again gets the same answer.
    let again = anna.ask(&["accept", "back.offer", "--out", "whole.offer"]);
    assert!(again["offer"].is_string());
    assert_eq!(served.stop(), Some(0));
    // What was acknowledged is there.
    let here = office.ask(&["where", &laptop]);
    assert_eq!(here["items"][0]["holder"]["id"], to_anna.as_str());
}

#[test]
fn an_exhibit_exported_through_a_server_verifies() {
    let (_folder, office) = office();
    let served = Served::start(office.folder(), "ledger", &[]);
    let anna = Machine::of(&office, "anna", &served);
    let laptop = format!("item:{}", office.id("laptop"));
    anna.ask(&[
        "export",
        &laptop,
        "--for",
        "Court",
        "--purpose",
        "trial",
        "--out",
        "laptop.exhibit",
        "--key",
        "anna.key",
        "--withhold",
        "place=privilege",
    ]);
    fs::write(office.folder().join("policy.txt"), anna.run(&["policy"]).stdout).unwrap();
    anna.ask(&["trust-sheet", "--pins", "pins.txt"]);
    let verified = run_in(
        "custody-verify",
        office.folder(),
        &["exhibit", "laptop.exhibit", "--policy", "policy.txt", "--agencies", "pins.txt"],
        &[],
    );
    assert!(verified.stdout.starts_with("verified"), "{}{}", verified.stdout, verified.stderr);
    assert!(
        !fs::read(office.folder().join("laptop.exhibit"))
            .unwrap()
            .windows(7)
            .any(|w| w == b"kitchen")
    );
}

/// An exhibit has the history of what its item was made from, and does not open it for whoever may not see that.
#[test]
fn what_an_item_was_made_from_stays_closed_to_others() {
    let (_folder, office) = office();
    let image = format!("item:{}", office.id("image"));
    let made = office.ask(&[
        "derive",
        &image,
        "--method",
        "extract",
        "--tool",
        "carver",
        "--tool-version",
        "1",
        "--file",
        "photo.jpg",
        "--description",
        "letters",
        "--key",
        "anna.key",
    ]);
    let letters = made["item"].as_str().unwrap().to_owned();
    let served = Served::start(office.folder(), "ledger", &[]);
    let (anna, ben) = (Machine::of(&office, "anna", &served), Machine::of(&office, "ben", &served));
    let to_ben = format!("custodian:{}", office.id("ben"));
    anna.ask(&["release", &letters, "--to", &to_ben, "--purpose", "examination"]);
    ben.ask(&["receive", &letters, "--checked", "seal"]);
    assert_eq!(ben.refused(&["show", &image]), "custody/no-such-subject");
    let has = |file: &str, text: &str| {
        let bytes = fs::read(office.folder().join(file)).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    for (machine, out, opens_the_parent) in
        [(&anna, "anna.exhibit", true), (&ben, "ben.exhibit", false)]
    {
        let key = machine.key.as_str();
        let rest = ["--for", "Court", "--purpose", "trial", "--out", out, "--key", key];
        machine.ask(&[&["export", &letters], &rest[..]].concat());
        assert!(has(out, "letters"));
        assert_eq!(has(out, "disk image"), opens_the_parent, "{out}");
    }
}

#[test]
fn a_server_that_goes_back_is_found_out() {
    let (_folder, office) = office();
    copy(&office.folder().join("ledger"), &office.folder().join("older"));
    let laptop = format!("item:{}", office.id("laptop"));
    let served = Served::start(office.folder(), "ledger", &[]);
    let anna = Machine::of(&office, "anna", &served);
    anna.ask(&["seal", &laptop, "--number", "B-1"]);
    anna.ask(&["where"]);
    served.kill();
    // A backup with its own mark: the machine cannot know, whoever was there can.
    let older = Served::start(office.folder(), "older", &[]);
    let anna = Machine { url: older.url(), ..Machine::of(&office, "anna", &older) };
    assert_eq!(anna.refused(&["where"]), "client/went-back");
    older.kill();
    // Somebody goes on with it, and makes it a fork.
    for text in ["a", "b", "c"] {
        let said = ["note", &laptop, "--text", text, "--key", "anna.key", "--ledger", "older"];
        office.ask(&said);
    }
    let older = Served::start(office.folder(), "older", &[]);
    let anna = Machine { url: older.url(), ..Machine::of(&office, "anna", &older) };
    assert_eq!(anna.refused(&["where"]), "client/fork");
}

#[test]
fn another_ledger_under_the_same_name_is_found_out() {
    let (_folder, office) = office();
    let (_other_folder, other) = self::office();
    let served = Served::start(office.folder(), "ledger", &[]);
    Machine::of(&office, "anna", &served).ask(&["where"]);
    let elsewhere = Served::start(other.folder(), "ledger", &[]);
    let anna = Machine { url: elsewhere.url(), ..Machine::of(&office, "anna", &served) };
    assert_eq!(anna.refused(&["where"]), "client/other-ledger");
    // What was remembered and cannot be read is not a first visit.
    let state = office.folder().join("anna-state/servers");
    for file in fs::read_dir(state).unwrap() {
        fs::write(file.unwrap().path(), b"{}").unwrap();
    }
    let anna = Machine::of(&office, "anna", &served);
    assert_eq!(anna.refused(&["where"]), "client/memory");
}

#[test]
fn what_cannot_be_asked_says_so() {
    let (_folder, office) = office();
    let served = Served::start(office.folder(), "ledger", &[]);
    let anna = Machine::of(&office, "anna", &served);
    let at = |url: &str| Machine { url: url.to_owned(), ..Machine::of(&office, "anna", &served) };
    assert_eq!(at("http://127.0.0.1:1").refused(&["where"]), "client/unreachable");
    assert_eq!(at("ledger.example").refused(&["where"]), "usage");
    assert_eq!(at("http://a/b").refused(&["where"]), "usage");
    assert_eq!(anna.refused(&["check"]), "usage/no-server");
    assert_eq!(anna.refused(&["audit"]), "access/forbidden");
    let nobody = Machine { key: "eve.key".to_owned(), ..Machine::of(&office, "eve", &served) };
    assert_eq!(nobody.refused(&["where"]), "record/unknown-key");
    let ran = run_in(
        "custody",
        office.folder(),
        &["where", "--server", &served.url(), "--json"],
        &[
            ("CUSTODY_KEY", ""),
            ("CUSTODY_STATE", "s"),
            ("CUSTODY_LEDGER", ""),
            ("CUSTODY_SERVER", ""),
        ],
    );
    assert!(ran.stdout.contains("access/who"), "{}", ran.stdout);
    assert!(ran.stdout.contains("`CUSTODY_KEY` names"), "{}", ran.stdout);
}

/// A network between a client and a real server: it passes on what comes, and of an answer what `pass` makes of it.
fn network(
    to: SocketAddr,
    listener: TcpListener,
    mut pass: impl FnMut(&[u8], Vec<u8>) -> Vec<u8> + Send + 'static,
) {
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let request = read_request(&mut client);
            let mut server = TcpStream::connect(to).unwrap();
            server.write_all(&request).unwrap();
            let mut answer = Vec::new();
            server.read_to_end(&mut answer).unwrap();
            let _ = client.write_all(&pass(&request, answer));
        }
    });
}

/// A hostile one, which changes texts in answers.
fn liar(to: SocketAddr, listener: TcpListener, lies: &[(&str, &str)]) {
    let lies = lies.iter().map(|(from, into)| ((*from).to_owned(), (*into).to_owned()));
    let lies: Vec<_> = lies.collect();
    network(to, listener, move |_, answer| {
        let mut text = String::from_utf8_lossy(&answer).into_owned();
        for (from, into) in &lies {
            assert_eq!(from.len(), into.len(), "the answer says how long it is");
            text = text.replace(from, into);
        }
        text.into_bytes()
    });
}

/// One that loses as many answers to records.
fn forgetful(to: SocketAddr, listener: TcpListener, mut losses: usize) {
    network(to, listener, move |request, answer| {
        let is_lost = request.starts_with(b"POST /v1/records") && losses > 0;
        losses -= usize::from(is_lost);
        if is_lost { Vec::new() } else { answer }
    });
}

/// One request, told to be the last one of its connection.
fn read_request(client: &mut TcpStream) -> Vec<u8> {
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
            });
            if request.len() >= head.len() + 4 + length.unwrap_or(0) {
                let end = head.lines().next().unwrap().len() + 2;
                request.splice(end..end, b"Connection: close\r\n".iter().copied());
                return request;
            }
        }
        let count = client.read(&mut buffer).unwrap();
        if count == 0 {
            return request;
        }
        request.extend_from_slice(&buffer[..count]);
    }
}

#[test]
fn a_server_that_lies_is_found_out() {
    let (_folder, office) = office();
    let laptop = format!("item:{}", office.id("laptop"));
    let [receipt, shape] = [(), ()].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let places = [&receipt, &shape].map(|place| place.local_addr().unwrap());
    let config = format!("authorities = [\"{}\", \"{}\"]\n", places[0], places[1]);
    fs::write(office.folder().join("serve.toml"), config).unwrap();
    let served = Served::start(office.folder(), "ledger", &["--config", "serve.toml"]);
    liar(served.address(), receipt, &[("\"entry\":9,", "\"entry\":8,")]);
    liar(served.address(), shape, &[("\"genesis\"", "\"genesys\"")]);
    let at = |place: SocketAddr| Machine {
        url: format!("http://{place}"),
        ..Machine::of(&office, "anna", &served)
    };
    let size = at(places[0]).ask(&["where"])["size"].as_u64().unwrap();
    // Until the record comes that is entry 9: what is acknowledged has to be where it is said to be.
    for number in size..9 {
        at(places[0]).ask(&["note", &laptop, "--text", &number.to_string()]);
    }
    assert_eq!(at(places[0]).refused(&["note", &laptop, "--text", "9"]), "client/receipt");
    assert_eq!(at(places[1]).refused(&["where"]), "client/malformed");
    // Certificates of one's own have to be some.
    let ran = run_in(
        "custody",
        office.folder(),
        &["where", "--server", &served.url(), "--json"],
        &[("CUSTODY_KEY", ""), ("CUSTODY_STATE", "s"), ("CUSTODY_SERVER_CA", "serve.toml")],
    );
    assert!(ran.stdout.contains("client/certificates"), "{}", ran.stdout);
}

#[test]
fn an_answer_that_is_lost_leaves_nobody_to_guess() {
    let (_folder, office) = office();
    let places = [1, 2].map(|losses| (losses, TcpListener::bind("127.0.0.1:0").unwrap()));
    let names = places.each_ref().map(|(_, place)| place.local_addr().unwrap().to_string());
    fs::write(office.folder().join("serve.toml"), format!("authorities = {names:?}\n")).unwrap();
    let served = Served::start(office.folder(), "ledger", &["--config", "serve.toml"]);
    let direct = Machine::of(&office, "anna", &served);
    let size = || direct.ask(&["where"])["size"].as_u64().unwrap();
    let laptop = format!("item:{}", office.id("laptop"));
    let before = size();
    for ((losses, place), name) in places.into_iter().zip(names) {
        forgetful(served.address(), place, losses);
        let anna =
            Machine { url: format!("http://{name}"), ..Machine::of(&office, "anna", &served) };
        let ran = anna.run(&["note", &laptop, "--text", "once"]);
        match losses {
            1 => assert_eq!(ran.status, 0, "{}", ran.stderr),
            _ => assert!(ran.stderr.contains("it may be recorded all the same"), "{}", ran.stderr),
        }
    }
    assert_eq!(size(), before + 2, "each is there once");
}

/// `bytes` with `from`, which is there once, made into `into`.
fn swapped(bytes: &[u8], from: &[u8], into: &[u8]) -> Vec<u8> {
    let places = bytes.windows(from.len()).enumerate().filter(|(_, here)| *here == from);
    let places: Vec<_> = places.map(|(at, _)| at).collect();
    assert_eq!(places.len(), 1);
    [&bytes[..places[0]], into, &bytes[places[0] + from.len()..]].concat()
}

/// Somebody signs that a file is the one that was recorded: with what it is compared is no server's word, neither an opening that
/// does not fit its record nor a record that is in no tree.
#[test]
fn what_a_server_says_of_digests_is_not_signed() {
    let (_folder, office) = office();
    let item = format!("item:{}", office.id("image"));
    let desk = Desk::read(&office.folder().join("ledger")).unwrap();
    let first = desk.chain(&item.parse().unwrap()).unwrap().remove(0);
    let openings = desk.openings(&first.entry.record).unwrap();
    let opening = openings.into_iter().find(|opening| opening.field == "digests").unwrap();
    drop(desk);
    // The digest of another file; a record that holds it; the entry of that record.
    let digest = EvidenceDigest::sha256(DigestScope::Container, &sha256(b"changed"));
    let false_opening = Opening { value: digests_value(&[digest]).encode(), ..opening.clone() };
    let [from, into] = [&opening, &false_opening].map(Opening::commitment);
    let record = swapped(&first.record, from.as_ref(), into.as_ref());
    let entry = Entry { record: Record::parse(&record).unwrap().digest(), ..first.entry };
    let [from, into] = [&opening.value, &false_opening.value].map(|value| STANDARD.encode(value));
    let [true_record, false_record] =
        [&first.record, &record].map(|record| STANDARD.encode(record));
    let [true_entry, false_entry] =
        [first.entry, entry].map(|entry| STANDARD.encode(entry.encode()));
    let all = [(&*from, &*into), (&*true_record, &*false_record), (&*true_entry, &*false_entry)];

    let places = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let names = places.each_ref().map(|place| place.local_addr().unwrap().to_string());
    fs::write(office.folder().join("serve.toml"), format!("authorities = {names:?}\n")).unwrap();
    let served = Served::start(office.folder(), "ledger", &["--config", "serve.toml"]);
    let direct = Machine::of(&office, "anna", &served);
    let before = direct.ask(&["where"])["size"].clone();
    fs::write(office.folder().join("changed.img"), "changed").unwrap();
    let verify = ["verify-digest", &item, "--file", "changed.img"];
    let lies = [(&all[..1], "opening/mismatch"), (&all[..], "read/no-record")];
    for ((place, name), (lies, code)) in places.into_iter().zip(names).zip(lies) {
        liar(served.address(), place, lies);
        let anna =
            Machine { url: format!("http://{name}"), ..Machine::of(&office, "anna", &served) };
        assert_eq!(anna.refused(&verify), code);
    }
    assert_eq!(direct.ask(&["where"])["size"], before);
}

/// Of what comes with many others, each is held against what was asked for.
#[test]
fn what_is_looked_up_together_is_not_mixed_up() {
    let (_folder, office) = office();
    let (laptop, image) = (office.id("laptop"), office.id("image"));
    let to = format!("custodian:{}", office.id("ben"));
    let first = |item: &str| {
        let shown = office.ask(&["show", &format!("item:{item}")]);
        let index = shown["records"][0]["entry"].as_u64().unwrap();
        format!("\"first\":{index}}}")
    };
    let sealed = |text: &str| STANDARD.encode(custody_core::cbor::Value::text(text).encode());
    let kept: [(String, String, &str); 4] = [
        (first(laptop), first(image), "client/malformed"),
        (laptop.to_owned(), image.to_owned(), "client/malformed"),
        (sealed("laptop, grey"), sealed("laptop, blue"), "opening/mismatch"),
        ("\"entries\":[{".to_owned(), "\"entrees\":[{".to_owned(), "client/malformed"),
    ];
    let places = kept.each_ref().map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    let names = places.each_ref().map(|place| place.local_addr().unwrap().to_string());
    fs::write(office.folder().join("serve.toml"), format!("authorities = {names:?}\n")).unwrap();
    let served = Served::start(office.folder(), "ledger", &["--config", "serve.toml"]);
    let offered = ["offer", laptop, image, "--to", &to, "--purpose", "storage", "--out", "h.offer"];
    office.ask(&[&offered[..], &["--key", "anna.key"]].concat());
    for ((place, name), (from, into, code)) in places.into_iter().zip(names).zip(kept) {
        liar(served.address(), place, &[(&from, &into)]);
        let anna =
            Machine { url: format!("http://{name}"), ..Machine::of(&office, "anna", &served) };
        assert_eq!(anna.refused(&["accept", "h.offer", "--out", "x.offer"]), code);
    }
}

#[test]
fn what_cannot_be_served_says_so() {
    let (_folder, office) = office();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let refused = |config: &str, more: &[&str]| {
        fs::write(office.folder().join("serve.toml"), config).unwrap();
        let ran = office.run(&[&["serve", "--config", "serve.toml", "--json"], more].concat());
        let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
        answer["error"]["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused("colour = 1\n", &[]), "serve/setting");
    assert_eq!(refused("overseers = [\"item:x\"]\n", &[]), "serve/setting");
    assert_eq!(refused("[limits]\nlooks = 0\n", &[]), "serve/setting");
    let both = "listen = \"127.0.0.1:8344\"\nmetrics = \"127.0.0.1:8344\"\n";
    assert_eq!(refused(both, &["--check"]), "serve/setting");
    assert_eq!(refused("listen = \"0.0.0.0:0\"\n", &[]), "serve/plain-http");
    assert_eq!(refused("", &["--listen", &taken]), "serve/listen");
    let tls = "listen = \"127.0.0.1:0\"\n[tls]\ncertificate = \"none.pem\"\nkey = \"none.key\"\n";
    assert_eq!(refused(tls, &[]), "serve/tls");
}

#[test]
fn a_mailbox_holds_what_it_may() {
    let (_folder, office) = office();
    fs::write(office.folder().join("serve.toml"), "[offers]\nmost = 1\n").unwrap();
    let to_ben = format!("custodian:{}", office.id("ben"));
    for item in ["laptop", "image"] {
        let (id, out) = (format!("item:{}", office.id(item)), format!("{item}.offer"));
        let rest = ["--purpose", "transport", "--out", &out, "--key", "anna.key"];
        office.ask(&[&["offer", &id, "--to", &to_ben], &rest[..]].concat());
    }
    let served = Served::start(office.folder(), "ledger", &["--config", "serve.toml"]);
    let send = |name: &str| {
        let offer = fs::read(office.folder().join(name)).unwrap();
        served.ask("POST", "/v1/offers", "", &offer)
    };
    assert_eq!(send("laptop.offer").status, 202);
    assert_eq!(send("laptop.offer").status, 202, "the same again changes nothing");
    assert_eq!(send("image.offer").code(), "offer/mailbox-full");
}
