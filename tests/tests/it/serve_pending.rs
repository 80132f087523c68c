//! What an offer that waits shows to whoever is to sign it, and what it does not: the item, for looking at, while the offer
//! of its holder lies there; and nothing to anybody by an offer of somebody else, however it came there.

use std::fs;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use custody_core::hash::sha256;
use custody_tests::office::Office;
use custody_tests::served::HttpAnswer;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli_transcripts::office;
use crate::serve_attacks::Scene;

/// A scene with a third agency, for which Eve works, and with what happened before it was served.
struct Stage {
    scene: Scene,
    /// Eve's id.
    eve: String,
}

/// Plays commands in an office that nobody serves yet; words in capitals stand for ids.
struct Before<'o> {
    office: &'o Office,
    named: Vec<(String, String)>,
}

impl Before<'_> {
    fn act(&self, line: &str) -> Value {
        let reveal = |word: &str| {
            let known = self.named.iter().find(|(name, _)| name == word);
            known.map_or_else(|| word.to_owned(), |(_, id)| id.clone())
        };
        let words: Vec<_> = line.split(' ').map(reveal).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        self.office.ask(&words)
    }

    fn name(&mut self, name: &str, id: &Value) {
        self.named.push((name.to_owned(), id.as_str().unwrap().to_owned()));
    }
}

impl Stage {
    /// Plays `before`, then serves.
    fn set(before: impl Fn(&mut Before<'_>), config: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let office = office().1.copy_to(folder.path());
        let mut named = Vec::new();
        for (name, kind) in [("laptop", "item"), ("image", "item")] {
            named.push((name.to_uppercase(), format!("{kind}:{}", office.id(name))));
        }
        for name in ["anna", "ben", "cora", "dora"] {
            named.push((name.to_uppercase(), format!("custodian:{}", office.id(name))));
        }
        for name in ["police", "lab", "north"] {
            named.push((name.to_uppercase(), format!("agency:{}", office.id(name))));
        }
        let mut play = Before { office: &office, named };
        play.act(
            "agency enrol north.card --key police.key --approve LAB --with-key lab.key \
             --with-key north.key --with-key north-recovery.key",
        );
        let eve = play
            .act("custodian enrol --name Eve --public eve.pub --key north.key --with-key eve.key");
        play.name("EVE", &eve["custodian"]);
        before(&mut play);
        let eve = eve["custodian"].as_str().unwrap().to_owned();
        Self { scene: Scene::of(folder, office, config), eve }
    }

    /// Served by another process, with another configuration.
    fn restarted(self, config: &str) -> Self {
        Self { scene: self.scene.restarted(config), ..self }
    }

    /// An offer file of what `act` says, made before the ledger was served and sent by nobody yet.
    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.scene.office.folder().join(name)).unwrap()
    }

    /// Sends an offer file as `who`, or as nobody.
    fn send(&self, who: Option<&str>, name: &str) {
        let file = self.file(name);
        let answer = match who {
            Some(who) => self.scene.ask_signed(who, "POST", "/v1/offers", &file),
            None => self.scene.served.ask("POST", "/v1/offers", "", &file),
        };
        assert_eq!(answer.status, 202, "{}", answer.body);
    }

    fn item(&self, name: &str) -> String {
        format!("item:{}", self.scene.office.id(name))
    }

    /// Whether somebody may look at an item, by every path that shows one.
    fn sees(&self, who: &str, item: &str) -> bool {
        let get = |path: &str| self.scene.ask_signed(who, "GET", path, b"");
        let notes = item.replace("item:", "notes:");
        let shown = get(&format!("/v1/items/{item}"));
        let sees = shown.status == 200;
        assert_eq!(get(&format!("/v1/subjects/{item}")).status == 200, sees, "{who} {item}");
        let (chain, said) = (
            get(&format!("/v1/subjects/{item}/records")),
            get(&format!("/v1/subjects/{notes}/records")),
        );
        self.sees_among_many(who, &[item, &notes]);
        let is_empty = |body: &str| body == r#"{"entries":[]}"#;
        assert_eq!(is_empty(&chain.body), !sees, "{who} {item}: {}", chain.body);
        assert!(sees || is_empty(&said.body), "{who} {item}: {}", said.body);
        if !sees {
            assert_eq!(shown.code(), "custody/no-such-subject");
            return false;
        }
        let shown: Value = serde_json::from_str(&shown.body).unwrap();
        assert!(shown["description"].is_string(), "{shown}");
        true
    }

    /// What is looked up together is shown as it is shown alone, whatever stands beside it.
    fn sees_among_many(&self, who: &str, ids: &[&str]) {
        let read = |answer: HttpAnswer| serde_json::from_str::<Value>(&answer.body).unwrap();
        let (laptop, image) = (self.item("laptop"), self.item("image"));
        let all = [ids, &[&laptop, &image, &self.eve]].concat();
        let asked = json!({ "subjects": all, "first": true });
        let many = read(self.scene.ask_json(who, "/v1/lookups", &asked));
        for (id, found) in all.iter().zip(many["subjects"].as_array().unwrap()) {
            let get = |path: &str| self.scene.ask_signed(who, "GET", path, b"");
            let alone = get(&format!("/v1/subjects/{id}"));
            let alone = (alone.status == 200).then(|| read(alone)["state"].clone());
            assert_eq!(found["state"], alone.unwrap_or_default(), "{who} {id}");
            let chain = read(get(&format!("/v1/subjects/{id}/records")));
            assert_eq!(found["first"], chain["entries"][0]["index"], "{who} {id}");
            let mut entries = many["entries"].as_array().unwrap().iter();
            let Some(entry) = entries.find(|entry| entry["index"] == found["first"]) else {
                continue;
            };
            assert_eq!(entry["record"], chain["entries"][0]["record"], "{who} {id}");
            let digest = sha256(&STANDARD.decode(entry["record"].as_str().unwrap()).unwrap());
            let opened = read(get(&format!("/v1/records/{digest}/openings")));
            assert_eq!(entry["openings"], opened["openings"], "{who} {id}");
        }
    }

    /// Whether somebody has an item in a list, or may collect an exhibit of it.
    fn owns(&self, who: &str, item: &str) -> (bool, u16) {
        let list = self.scene.ask_signed(who, "GET", "/v1/items", b"");
        let notes = item.replace("item:", "notes:");
        let subjects = self.scene.ask_signed(who, "GET", "/v1/subjects?kind=item", b"");
        let said = self.scene.ask_signed(who, "GET", "/v1/subjects?kind=notes", b"");
        let listed = [&list.body, &subjects.body].map(|body| body.contains(item));
        assert_eq!(listed[0], listed[1]);
        assert!(listed[0] || !said.body.contains(&notes));
        let asked = json!({ "item": item }).to_string();
        let (cookie, csrf) = self.scene.sign_in(who, "");
        let head = format!(
            "Cookie: {cookie}\r\nX-CSRF-Token: {csrf}\r\nContent-Type: application/json\r\n"
        );
        let exhibit = self.scene.served.ask("POST", "/v1/exhibits", &head, asked.as_bytes());
        (listed[0], exhibit.status)
    }

    fn digest(&self, name: &str) -> String {
        let offer = custody_api::offer_file::OfferFile::parse(&self.file(name)).unwrap();
        offer.digest().to_string()
    }
}

/// Anna's offer of the laptop to Ben.
fn offered(before: &mut Before<'_>) {
    before.act("note LAPTOP --text scratched --key anna.key");
    before.act("offer LAPTOP --to BEN --purpose transport --out h.offer --key anna.key");
}

#[test]
fn whoever_is_to_sign_for_an_item_sees_it() {
    let stage = Stage::set(offered, "");
    let (laptop, image) = (stage.item("laptop"), stage.item("image"));
    assert!(!stage.sees("ben", &laptop));
    stage.send(Some("anna"), "h.offer");
    assert!(stage.sees("ben", &laptop));
    // They, and not their colleagues, nor anybody else; and what the offer names, and nothing else.
    assert!(!stage.sees("dora", &laptop));
    assert!(!stage.sees("eve", &laptop));
    assert!(!stage.sees("ben", &image));
    // To look at: it is in no list and no exhibit is made of it, as for whoever holds it.
    assert_eq!(stage.owns("ben", &laptop), (false, 404));
    assert_eq!(stage.owns("anna", &laptop), (true, 200));
    // What was read is in the log, as always.
    let shown = stage.scene.ask_signed("ben", "GET", &format!("/v1/items/{laptop}"), b"");
    let shown: Value = serde_json::from_str(&shown.body).unwrap();
    let record = shown["records"][0]["record"].as_str().unwrap();
    let openings = format!("/v1/records/{record}/openings");
    let openings = stage.scene.ask_signed("ben", "GET", &openings, b"");
    assert!(openings.body.contains("description"), "{}", openings.body);
    assert!(stage.scene.served.log().contains("openings read"));
}

#[test]
fn an_offer_shows_nothing_unless_its_holder_sent_it() {
    let act = |before: &mut Before<'_>| {
        offered(before);
        // Of what she does not hold, Dora can write an offer. Nobody can write Anna's.
        before.act("offer LAPTOP --to BEN --purpose transport --out dora.offer --key dora.key");
        before.act("offer LAPTOP --to EVE --purpose transport --out eve.offer --key dora.key");
        before.act("offer LAPTOP --to DORA --purpose transport --witness EVE --out self.offer --key eve.key");
    };
    let stage = Stage::set(act, "");
    let laptop = stage.item("laptop");
    for who in [None, Some("ben"), Some("dora"), Some("eve")] {
        // Whoever has the file may send it: it waits, and shows nothing.
        stage.send(who, "h.offer");
        assert!(!stage.sees("ben", &laptop), "{who:?}");
    }
    for (who, name, reader) in
        [("dora", "dora.offer", "ben"), ("dora", "eve.offer", "eve"), ("eve", "self.offer", "dora")]
    {
        stage.send(Some(who), name);
        assert!(!stage.sees(reader, &laptop), "{name}");
        assert!(!stage.sees(who, &laptop), "{name}");
    }
    stage.send(Some("anna"), "h.offer");
    assert!(stage.sees("ben", &laptop));
    // Sent again by somebody else it is still hers.
    stage.send(None, "h.offer");
    stage.send(Some("ben"), "h.offer");
    assert!(stage.sees("ben", &laptop));
}

#[test]
fn with_the_offer_it_is_over() {
    let stage = Stage::set(offered, "");
    let laptop = stage.item("laptop");
    let path = format!("/v1/offers/{}", stage.digest("h.offer"));
    let send = || {
        stage.send(Some("anna"), "h.offer");
        assert!(stage.sees("ben", &laptop));
    };
    // Withdrawn, by either side; whoever kept the file does not open it again with it.
    for who in ["anna", "ben"] {
        send();
        assert_eq!(stage.scene.ask_signed(who, "DELETE", &path, b"").status, 204);
        assert!(!stage.sees("ben", &laptop), "withdrawn by {who}");
        stage.send(Some("ben"), "h.offer");
        assert!(!stage.sees("ben", &laptop), "sent again by the addressee");
        assert_eq!(stage.scene.ask_signed("ben", "DELETE", &path, b"").status, 204);
    }
    // Refused by somebody whom it was not offered to, it stays.
    send();
    let digest = stage.digest("h.offer");
    let at = stage.scene.served.url();
    let run = |who: &str, words: &[&str]| {
        let state = stage.scene.office.folder().join(format!("{who}-state"));
        let key = format!("{who}.key");
        let own = ["--server", &at, "--key", &key, "--json"];
        custody_tests::program::run_in(
            "custody",
            stage.scene.office.folder(),
            &[words, &own].concat(),
            &[
                ("CUSTODY_PASSPHRASE_FILE", "passphrase.txt"),
                ("CUSTODY_STATE", state.to_str().unwrap()),
            ],
        )
    };
    let refuse = ["refuse", "h.offer", "--ground", "seal"];
    assert_ne!(run("dora", &refuse).status, 0);
    assert!(stage.sees("ben", &laptop));
    // Refused.
    let refuse = ["refuse", &digest, "--ground", "seal"];
    let refused = run("ben", &refuse);
    assert_eq!(refused.status, 0, "{}{}", refused.stdout, refused.stderr);
    assert!(!stage.sees("ben", &laptop));
    // It opens nothing any more, and whoever offered it sees that it was refused.
    assert_eq!(stage.scene.ask_signed("ben", "GET", &path, b"").status, 404);
    assert_eq!(stage.scene.ask_signed("anna", "GET", &path, b"").status, 200);
    // Something else was recorded about the item: it can take its place no more.
    send();
    assert_eq!(run("anna", &["seal", &laptop, "--number", "B-1"]).status, 0);
    assert!(!stage.sees("ben", &laptop));
}

#[test]
fn what_waits_is_known_after_a_restart_until_it_is_too_old() {
    let stage = Stage::set(offered, "");
    let laptop = stage.item("laptop");
    stage.send(Some("anna"), "h.offer");
    assert!(stage.sees("ben", &laptop));
    let stage = stage.restarted("");
    assert!(stage.sees("ben", &laptop));
    for file in fs::read_dir(stage.scene.office.folder().join("ledger/offers")).unwrap() {
        let file = fs::File::options().write(true).open(file.unwrap().path()).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(2 * 24 * 60 * 60)).unwrap();
    }
    let stage = stage.restarted("[offers]\ndays = 1\n");
    assert!(!stage.sees("ben", &laptop));
}

#[test]
fn a_key_that_ended_shows_nothing() {
    let stage = Stage::set(offered, "");
    let laptop = stage.item("laptop");
    stage.send(Some("anna"), "h.offer");
    assert!(stage.sees("ben", &laptop));
    let state = stage.scene.office.folder().join("police-state");
    let revoke = ["key", "revoke", "anna.pub", "--reason", "lost", "--key", "police.key"];
    let ran = custody_tests::program::run_in(
        "custody",
        stage.scene.office.folder(),
        &[&revoke[..], &["--server", &stage.scene.served.url()]].concat(),
        &[
            ("CUSTODY_PASSPHRASE_FILE", "passphrase.txt"),
            ("CUSTODY_STATE", state.to_str().unwrap()),
        ],
    );
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(!stage.sees("ben", &laptop));
}

/// Where the ledger would not let the item go, an offer of it does not show it either.
#[test]
fn what_its_holder_does_not_have_is_not_shown() {
    let offer = "offer LAPTOP --to BEN --purpose transport --out h.offer --key anna.key";
    for before in [
        // Packed: whoever has the box answers for it.
        vec!["pack LAPTOP --in BOX --key anna.key"],
        vec!["release LAPTOP --to CORA --purpose transport --key anna.key"],
        vec![
            "give LAPTOP --party court --name Court --stand-in signed-paper --attach photo.jpg --key anna.key",
        ],
        vec![
            "dispose LAPTOP --method destroyed --authority x --witness CORA --key anna.key --with-key cora.key",
        ],
    ] {
        let act = |play: &mut Before<'_>| {
            let made = play.act("collect --description box --key anna.key");
            play.name("BOX", &made["item"]);
            before.iter().for_each(|line| drop(play.act(line)));
            play.act(offer);
        };
        let stage = Stage::set(act, "");
        stage.send(Some("anna"), "h.offer");
        assert!(!stage.sees("ben", &stage.item("laptop")), "{before:?}");
    }
}

/// What the holder could not give away as an exhibit without asking, an offer does not show.
#[test]
fn handling_codes_and_requests_stand_in_the_way() {
    for (code, is_shown) in
        [("H1", true), ("H2", false), ("TLP:AMBER", false), ("NL:secret", false)]
    {
        let act = |play: &mut Before<'_>| {
            play.act(&format!("handling LAPTOP --code {code} --key anna.key"));
            // What was made from it is under the same codes.
            let made = play.act(
                "derive LAPTOP --method image --tool x --tool-version 1 --file disk.img --description copy --key anna.key",
            );
            play.name("COPY", &made["item"]);
            play.act("offer COPY --to BEN --purpose transport --out copy.offer --key anna.key");
            play.act("offer LAPTOP --to BEN --purpose transport --out h.offer --key anna.key");
        };
        let copy = std::cell::RefCell::new(String::new());
        let stage = Stage::set(
            |play| {
                act(play);
                let known = play.named.iter().find(|(name, _)| name == "COPY");
                *copy.borrow_mut() = known.unwrap().1.clone();
            },
            "",
        );
        stage.send(Some("anna"), "h.offer");
        stage.send(Some("anna"), "copy.offer");
        assert_eq!(stage.sees("ben", &stage.item("laptop")), is_shown, "{code}");
        assert_eq!(stage.sees("ben", &copy.borrow()), is_shown, "{code}");
    }
    // What came under a request goes to no third agency, also not for looking at.
    let act = |play: &mut Before<'_>| {
        let request = play.act("request prepare --to POLICE --basis treaty --purpose evidence --instrument x --contact y --key ben.key");
        play.name("REQUEST", &request["request"]);
        play.act("request transmit REQUEST --key ben.key");
        play.act("request receive REQUEST --key anna.key");
        play.act("offer LAPTOP --to BEN --purpose transfer --request REQUEST --key anna.key --with-key ben.key");
        play.act("offer LAPTOP --to EVE --purpose transport --out eve.offer --key ben.key");
        play.act("offer LAPTOP --to ANNA --purpose return --out back.offer --key ben.key");
    };
    let stage = Stage::set(act, "");
    assert!(stage.eve.starts_with("custodian:"));
    stage.send(Some("ben"), "eve.offer");
    assert!(!stage.sees("eve", &stage.item("laptop")));
    stage.send(Some("ben"), "back.offer");
    assert!(stage.sees("anna", &stage.item("laptop")));
}

/// An exhibit of what somebody may see has the history of what that was made from; an offer does not open it there.
#[test]
fn an_exhibit_opens_nothing_that_is_only_offered() {
    let named = std::cell::RefCell::new(String::new());
    let act = |play: &mut Before<'_>| {
        let made = play.act(
            "derive LAPTOP --method copy --tool x --tool-version 1 --file disk.img --description letters --key anna.key",
        );
        *named.borrow_mut() = made["item"].as_str().unwrap().to_owned();
        play.name("COPY", &made["item"]);
        play.act("release COPY --to BEN --purpose examination --key anna.key");
        play.act("offer LAPTOP --to BEN --purpose transport --out h.offer --key anna.key");
    };
    let stage = Stage::set(act, "");
    stage.send(Some("anna"), "h.offer");
    assert!(stage.sees("ben", &stage.item("laptop")));
    let copy = named.borrow().clone();
    for (who, opens) in [("anna", true), ("ben", false)] {
        let (cookie, csrf) = stage.scene.sign_in(who, "");
        let head = format!(
            "Cookie: {cookie}\r\nX-CSRF-Token: {csrf}\r\nContent-Type: application/json\r\n"
        );
        let asked = json!({ "item": copy }).to_string();
        let answer = stage.scene.served.ask("POST", "/v1/exhibits", &head, asked.as_bytes());
        let answer: Value = serde_json::from_str(&answer.body).unwrap();
        use base64::Engine as _;
        let contents = base64::engine::general_purpose::STANDARD;
        let contents = contents.decode(answer["contents"].as_str().unwrap()).unwrap();
        let has = |text: &str| contents.windows(text.len()).any(|it| it == text.as_bytes());
        assert!(has("letters"));
        assert_eq!(has("laptop, grey"), opens, "{who}");
    }
}
