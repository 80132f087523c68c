//! Offers that go through a server's mailbox: sent, found, signed, passed on, refused and withdrawn by commands, and by
//! commands on one side and a page's requests on the other.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use custody_core::exhibit::Contents;
use custody_tests::machine::Machine;
use custody_tests::office::Office;
use custody_tests::served::Served;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli_transcripts::office;
use crate::serve_attacks::Scene;

/// An office of one's own, served.
pub fn scene() -> Scene {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    Scene::of(folder, office, "")
}

pub fn machine<'a>(scene: &'a Scene, who: &str) -> Machine<'a> {
    Machine::of(&scene.office, who, &scene.served)
}

pub fn item(office: &Office, name: &str) -> String {
    format!("item:{}", office.id(name))
}

pub fn person(office: &Office, name: &str) -> String {
    format!("custodian:{}", office.id(name))
}

/// Anna offers the laptop to Ben; the digest of the offer.
fn offer(scene: &Scene, more: &[&str]) -> String {
    let (laptop, to) = (item(&scene.office, "laptop"), person(&scene.office, "ben"));
    let words = ["offer", &laptop, "--to", &to, "--purpose", "transport"];
    let sent = machine(scene, "anna").ask(&[&words, more].concat());
    assert_eq!((&sent["waits"], sent.get("entry")), (&json!(true), None), "{sent}");
    sent["offer_digest"].as_str().unwrap().to_owned()
}

/// The same in the file `h.offer`.
fn offer_as_file(scene: &Scene) -> String {
    let (laptop, to) = (item(&scene.office, "laptop"), person(&scene.office, "ben"));
    let words = ["offer", &laptop, "--to", &to, "--purpose", "transport", "--out", "h.offer"];
    let made = machine(scene, "anna").ask(&words);
    assert_eq!(made["offer"], "h.offer");
    made["offer_digest"].as_str().unwrap().to_owned()
}

/// The offers in somebody's inbox: digest, and whether they sign next.
fn waiting(machine: &Machine<'_>) -> Vec<(String, bool)> {
    let inbox = machine.ask(&["inbox"]);
    let offers = inbox["offers"].as_array().unwrap().iter();
    let row = |offer: &Value| {
        (
            offer["offer_digest"].as_str().unwrap().to_owned(),
            offer["is_mine_to_sign"].as_bool().unwrap(),
        )
    };
    offers.map(row).collect()
}

#[test]
fn a_handoff_goes_through_the_mailbox() {
    let scene = scene();
    let (anna, ben, dora) =
        (machine(&scene, "anna"), machine(&scene, "ben"), machine(&scene, "dora"));
    let digest = offer(&scene, &["--remark", "by hand"]);
    assert_eq!(waiting(&anna), [(digest.clone(), false)]);
    assert_eq!(waiting(&ben), [(digest.clone(), true)]);
    assert_eq!(waiting(&dora), []);
    // What it is, for whom, from whom, and by which digest it is accepted.
    let inbox = ben.run(&["inbox"]);
    for text in [
        format!("offer {digest}"),
        "handoff from Anna Berg (Example Police, NL), to be signed by Ben Roth (".to_owned(),
        format!("{}  ", item(&scene.office, "laptop")),
        "laptop, grey".to_owned(),
    ] {
        assert!(inbox.stdout.contains(&text), "{text}: {}{}", inbox.stdout, inbox.stderr);
    }
    // What is signed is shown first.
    let accepted = ben.run(&["accept", &digest, "--checked", "seal"]);
    assert_eq!(accepted.status, 0, "{}", accepted.stderr);
    for text in ["you sign: handoff", "laptop, grey", "remark: by hand", "has signed: Anna Berg"] {
        assert!(accepted.stderr.contains(text), "{text}: {}", accepted.stderr);
    }
    assert!(accepted.stdout.contains("recorded as entry "), "{}", accepted.stdout);
    assert_eq!((waiting(&anna), waiting(&ben)), (vec![], vec![]));
    assert_eq!(ben.refused(&["accept", &digest]), "offer/not-waiting");
    let held = ben.ask(&["where", &item(&scene.office, "laptop")]);
    assert_eq!(held["items"][0]["holder"]["id"], person(&scene.office, "ben").as_str());
}

#[test]
fn an_offer_goes_on_to_who_signs_next() {
    let scene = scene();
    let (anna, ben, cora) =
        (machine(&scene, "anna"), machine(&scene, "ben"), machine(&scene, "cora"));
    let first = offer(&scene, &["--witness", &person(&scene.office, "cora")]);
    // Before their turn they see it, and cannot sign.
    assert_eq!(waiting(&cora), [(first.clone(), false)]);
    assert_eq!(cora.refused(&["accept", &first]), "custody/key-not-enrolled");
    let second = ben.ask(&["accept", &first]);
    assert_eq!(second["waits"], true);
    let second = second["offer_digest"].as_str().unwrap().to_owned();
    // Of one record there is one to see: the one that most have signed.
    assert_eq!(waiting(&anna), [(second.clone(), false)]);
    assert_eq!(waiting(&ben), [(second.clone(), false)]);
    assert_eq!(waiting(&cora), [(second.clone(), true)]);
    assert!(cora.ask(&["accept", &second])["entry"].is_u64());
    assert_eq!((waiting(&anna), waiting(&ben), waiting(&cora)), (vec![], vec![], vec![]));
}

#[test]
fn an_offer_that_is_refused_waits_no_longer() {
    let scene = scene();
    let (anna, ben, dora) =
        (machine(&scene, "anna"), machine(&scene, "ben"), machine(&scene, "dora"));
    // Notes of the item, of which the addressee knows nothing else.
    anna.ask(&["note", &item(&scene.office, "laptop"), "--text", "a scratch on the lid"]);
    let digest = offer(&scene, &[]);
    assert_eq!(dora.refused(&["refuse", &digest, "--ground", "seal"]), "offer/not-waiting");
    let refused = ben.run(&["refuse", &digest, "--ground", "seal", "--remark", "torn"]);
    assert_eq!(refused.status, 0, "{}", refused.stderr);
    assert!(refused.stderr.contains("you refuse: handoff"), "{}", refused.stderr);
    assert!(refused.stdout.starts_with("refused: seal\n"), "{}", refused.stdout);
    assert_eq!((waiting(&anna), waiting(&ben)), (vec![(digest.clone(), false)], vec![]));
    let shown = anna.run(&["show", &item(&scene.office, "laptop")]).stdout;
    assert!(shown.contains("refused by Ben Roth"), "{shown}");
    assert_eq!(ben.refused(&["accept", &digest]), "offer/not-waiting");
    // A release is refused by its digest as before.
    let to = person(&scene.office, "ben");
    let release = ["release", &item(&scene.office, "image"), "--to", &to, "--purpose", "storage"];
    let release = anna.ask(&release)["record"].as_str().unwrap().to_owned();
    assert_eq!(ben.ask(&["inbox"])["waiting"][0]["release"], release.as_str());
    assert_eq!(ben.ask(&["refuse", &release, "--ground", "papers"])["answers"], release.as_str());
}

/// Nothing else tells whoever offered: they would wait for a signature that does not come.
#[test]
fn who_offered_sees_that_it_was_refused_until_they_put_it_away() {
    let scene = scene();
    let digest = offer(&scene, &[]);
    machine(&scene, "ben").ask(&["refuse", &digest, "--ground", "seal"]);
    let scene = scene.restarted("");
    let (anna, ben) = (machine(&scene, "anna"), machine(&scene, "ben"));
    let inbox = anna.ask(&["inbox"]);
    let (shown, refused) = (&inbox["offers"][0], &inbox["offers"][0]["refused"]);
    assert_eq!(
        (&shown["offer_digest"], &shown["is_mine_to_sign"]),
        (&json!(digest), &json!(false))
    );
    assert_eq!(refused["by"]["id"], person(&scene.office, "ben"));
    let record = scene.ask_signed("anna", "GET", "/v1/offers", b"").body;
    let record: Value = serde_json::from_str(&record).unwrap();
    let record = &record["offers"][0]["refused"];
    assert_eq!((&record["record"], &record["ground"]), (&refused["record"], &json!("seal")));
    let lines = anna.run(&["inbox"]).stdout;
    assert!(
        lines.contains("  refused by Ben Roth (") && lines.contains(": seal (entry "),
        "{lines}"
    );
    // Whoever refused it has done with it, and looks at nothing by it any more.
    assert_eq!(waiting(&ben), []);
    assert_eq!(ben.refused(&["withdraw", &digest]), "http/not-found");
    assert_eq!(ben.refused(&["show", &item(&scene.office, "laptop")]), "custody/no-such-subject");
    anna.ask(&["withdraw", &digest]);
    assert_eq!(waiting(&anna), []);
}

#[test]
fn what_was_refused_and_is_sent_again_waits_again() {
    let scene = scene();
    let (anna, ben) = (machine(&scene, "anna"), machine(&scene, "ben"));
    let digest = offer_as_file(&scene);
    let file = fs::read(scene.office.folder().join("h.offer")).unwrap();
    let send = || assert_eq!(scene.ask_signed("anna", "POST", "/v1/offers", &file).status, 202);
    send();
    ben.ask(&["refuse", &digest, "--ground", "papers"]);
    assert_eq!((waiting(&anna), waiting(&ben)), (vec![(digest.clone(), false)], vec![]));
    send();
    assert_eq!(waiting(&ben), [(digest.clone(), true)]);
    assert!(ben.ask(&["accept", &digest])["entry"].is_u64());
    assert_eq!((waiting(&anna), waiting(&ben)), (vec![], vec![]));
}

/// It could still be signed, and would be refused then.
#[test]
fn an_offer_of_what_has_moved_on_says_so() {
    let scene = scene();
    let (anna, ben) = (machine(&scene, "anna"), machine(&scene, "ben"));
    let digest = offer(&scene, &[]);
    let has_moved_on = |who: &Machine<'_>| who.ask(&["inbox"])["offers"][0]["has_moved_on"].clone();
    assert_eq!((has_moved_on(&anna), has_moved_on(&ben)), (json!(false), json!(false)));
    anna.ask(&["seal", &item(&scene.office, "laptop"), "--number", "B-1"]);
    assert_eq!((has_moved_on(&anna), has_moved_on(&ben)), (json!(true), json!(true)));
    let lines = ben.run(&["inbox"]).stdout;
    assert!(lines.contains("  can no longer be signed: its items have moved on"), "{lines}");
    assert_eq!(ben.refused(&["accept", &digest]), "custody/conflict");
    ben.ask(&["withdraw", &digest]);
    assert_eq!((waiting(&anna), waiting(&ben)), (vec![], vec![]));
}

#[test]
fn what_was_noted_as_missing_is_marked_on_both_sides() {
    let scene = scene();
    let (anna, ben) = (machine(&scene, "anna"), machine(&scene, "ben"));
    let (laptop, image) = (item(&scene.office, "laptop"), item(&scene.office, "image"));
    let to = person(&scene.office, "ben");
    let release = ["release", &laptop, &image, "--to", &to, "--purpose", "storage"];
    let release = anna.ask(&release)["record"].as_str().unwrap().to_owned();
    let marks = |who: &Machine<'_>| -> Vec<Value> {
        let inbox = who.ask(&["inbox"]);
        let rows = inbox["waiting"].as_array().unwrap().iter();
        rows.map(|row| row["is_noted_missing"].clone()).collect()
    };
    assert_eq!((marks(&anna), marks(&ben)), (vec![json!(false); 2], vec![json!(false); 2]));
    ben.ask(&["receive", &release, "--outcome", &format!("{image}=missing")]);
    assert_eq!((marks(&anna), marks(&ben)), (vec![json!(true)], vec![json!(true)]));
    let lines = anna.run(&["inbox"]).stdout;
    assert!(lines.contains("not received yet, noted as missing"), "{lines}");
    let inbox = scene.ask_signed("ben", "GET", "/v1/inbox", b"").body;
    let inbox: Value = serde_json::from_str(&inbox).unwrap();
    assert_eq!(inbox["waiting"][0]["is_noted_missing"], true);
}

/// A label may be read by whoever passes: it is the item's id, and not what the item is.
#[test]
fn a_label_is_drawn_for_whoever_sees_the_item() {
    let scene = scene();
    let path = format!("/v1/items/{}/label", item(&scene.office, "laptop"));
    let drawn = scene.ask_signed("anna", "GET", &path, b"");
    assert_eq!((drawn.status, drawn.header("content-type")), (200, Some("image/svg+xml")));
    let printed = ["label", &item(&scene.office, "laptop"), "--sheet", "single", "--out", "l.svg"];
    machine(&scene, "anna").ask(&printed);
    let printed = fs::read_to_string(scene.office.folder().join("l.svg")).unwrap();
    assert_eq!(drawn.body, printed);
    assert!(!printed.contains("grey"), "{printed}");
    assert_eq!(scene.ask_signed("ben", "GET", &path, b"").status, 404);
    assert_eq!(scene.served.get(&path).status, 401);
}

/// A handling code in force stops what a page gives away as it stops `custody export`.
#[test]
fn a_handling_code_stops_an_exhibit_at_the_server() {
    let scene = scene();
    let laptop = item(&scene.office, "laptop");
    let status = |to: Value| {
        let mut asked = json!({ "item": laptop });
        if !to.is_null() {
            asked["to"] = to;
        }
        let answer = scene.ask_json("anna", "/v1/exhibits", &asked);
        (answer.status, if answer.status == 200 { String::new() } else { answer.code() })
    };
    let fine = (200, String::new());
    assert_eq!(status(json!("court")), fine);
    machine(&scene, "anna").ask(&["handling", &laptop, "--code", "H1"]);
    assert_eq!(status(json!("court")), (403, "handling/permission-needed".to_owned()));
    assert_eq!((status(json!("own-agency")), status(Value::Null)), (fine.clone(), fine));
    assert_eq!(status(json!("judge")), (400, "id/malformed".to_owned()));
    // Lists in whatever order make contents that a reader reads.
    let asked = json!({ "item": laptop, "since": [3, 1, 3], "handling": ["H1", "H0", "H1"] });
    let made = scene.ask_json("anna", "/v1/exhibits", &asked);
    let made: Value = serde_json::from_str(&made.body).unwrap();
    let contents = STANDARD.decode(made["contents"].as_str().unwrap()).unwrap();
    let contents = Contents::decode(&contents).unwrap();
    let since: Vec<_> = contents.consistency.iter().map(|earlier| earlier.size.0).collect();
    assert_eq!((since, contents.handling), (vec![1, 3], vec!["H0".to_owned(), "H1".to_owned()]));
}

#[test]
fn an_offer_is_withdrawn_by_who_sent_it_or_is_to_sign_it() {
    let scene = scene();
    let (anna, ben, dora) =
        (machine(&scene, "anna"), machine(&scene, "ben"), machine(&scene, "dora"));
    let digest = offer(&scene, &[]);
    assert_eq!(dora.refused(&["withdraw", &digest]), "http/not-found");
    assert_eq!(anna.ask(&["withdraw", &digest])["offer_digest"], digest.as_str());
    assert_eq!(anna.refused(&["withdraw", &digest]), "http/not-found");
    assert_eq!(waiting(&ben), []);
    let digest = offer(&scene, &[]);
    ben.ask(&["withdraw", &digest]);
    assert_eq!((waiting(&anna), waiting(&ben)), (vec![], vec![]));
    // Of a record that two have signed, nothing stays.
    let first = offer(&scene, &["--witness", &person(&scene.office, "cora")]);
    ben.ask(&["accept", &first]);
    anna.ask(&["withdraw", &first]);
    assert_eq!((waiting(&anna), waiting(&machine(&scene, "cora"))), (vec![], vec![]));
    // Nothing of all that was recorded.
    let shown = anna.ask(&["show", &item(&scene.office, "laptop")]);
    assert_eq!(shown["records"].as_array().unwrap().len(), 1);
    assert_eq!(scene.office.ask(&["where"])["items"].as_array().unwrap().len(), 2);
}

/// Where one side has no network, or no server, an offer travels as a file: to be signed at a server by somebody who may not
/// see the item there, or out of a mailbox for somebody who has none.
#[test]
fn an_offer_goes_as_a_file_all_the_same() {
    let scene = scene();
    let (anna, ben) = (machine(&scene, "anna"), machine(&scene, "ben"));
    let to = person(&scene.office, "ben");
    offer_as_file(&scene);
    assert_eq!(waiting(&ben), []);
    let tried = ben.run(&["accept", "h.offer", "--dry-run"]);
    assert!(tried.stdout.contains("not judged: "), "{}{}", tried.stdout, tried.stderr);
    let accepted = ben.run(&["accept", "h.offer"]);
    assert_eq!(accepted.status, 0, "{}", accepted.stderr);
    assert!(accepted.stderr.contains("is not open to you"), "{}", accepted.stderr);
    // Its place was taken: the server says so, whoever may see what.
    assert_eq!(ben.refused(&["accept", "h.offer", "--checked", "seal"]), "custody/conflict");
    let image = item(&scene.office, "image");
    let words = ["offer", &image, "--to", &to, "--purpose", "transport"];
    let digest = anna.ask(&words)["offer_digest"].as_str().unwrap().to_owned();
    assert_eq!(ben.ask(&["accept", &digest, "--out", "signed.offer"])["offer"], "signed.offer");
    assert_eq!(waiting(&ben), [(digest, true)], "what is in a file is not recorded");
    assert!(anna.ask(&["submit", "signed.offer"])["entry"].is_u64());
    assert_eq!(waiting(&ben), []);
}

/// Notes of the item that the addressee's agency may not see, and an offer that lies in no mailbox: what answers it stands on
/// them all the same.
#[test]
fn an_offer_that_came_as_a_file_is_refused_on_notes_that_are_not_shown() {
    let scene = scene();
    let (anna, ben) = (machine(&scene, "anna"), machine(&scene, "ben"));
    let (laptop, to) = (item(&scene.office, "laptop"), person(&scene.office, "ben"));
    anna.ask(&["note", &laptop, "--text", "a scratch on the lid"]);
    anna.ask(&["note", &laptop, "--text", "and one below"]);
    let digest = offer_as_file(&scene);
    assert_eq!(ben.refused(&["show", &laptop]), "custody/no-such-subject");
    let refused = ben.ask(&["refuse", "h.offer", "--ground", "seal", "--remark", "torn"]);
    assert_eq!(refused["answers"], digest.as_str());
    let shown = anna.run(&["show", &laptop]).stdout;
    assert!(shown.contains("refused by Ben Roth"), "{shown}");
    // Whom it does not ask for a signature it tells nothing: where the notes end they cannot know.
    let file = fs::read(scene.office.folder().join("h.offer")).unwrap();
    let ends = |who: &str, file: &[u8]| -> Value {
        let answer = scene.ask_signed(who, "POST", "/v1/ends", file);
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str::<Value>(&answer.body).unwrap()["ends"].clone()
    };
    // Two notes, and now the refusal.
    assert_eq!(ends("ben", &file)[0]["length"], 3);
    assert_eq!(ends("dora", &file), json!([]));
    assert_eq!(scene.served.ask("POST", "/v1/ends", "", &file).status, 401);
    // Nor does a file that nobody signed who may see the item.
    let forged = ["offer", &laptop, "--to", &to, "--purpose", "court", "--out", "f.offer"];
    scene.office.ask(&[&forged[..], &["--key", "dora.key"]].concat());
    let forged = fs::read(scene.office.folder().join("f.offer")).unwrap();
    assert_eq!(ends("ben", &forged), json!([]));
    let broken = [&file[..file.len() - 40], &[0; 40]].concat();
    let answer = scene.ask_signed("ben", "POST", "/v1/ends", &broken);
    assert_eq!(answer.status, 422, "{}", answer.body);
}

/// The file was signed by both, and came too late: the item has gone on, to an agency that is not the receiver's.
#[test]
fn a_file_that_came_too_late_is_kept_on_notes_that_are_not_shown() {
    let scene = scene();
    let (anna, ben) = (machine(&scene, "anna"), machine(&scene, "ben"));
    let laptop = item(&scene.office, "laptop");
    anna.ask(&["note", &laptop, "--text", "a scratch on the lid"]);
    offer_as_file(&scene);
    ben.ask(&["accept", "h.offer", "--checked", "seal", "--out", "late.offer"]);
    anna.ask(&["seal", &laptop, "--number", "B-1"]);
    assert_eq!(ben.refused(&["submit", "late.offer"]), "custody/conflict");
    assert_eq!(ben.refused(&["show", &laptop]), "custody/no-such-subject");
    let late = ["late-entry", "late.offer", "--reason", "conflict", "--item", &laptop];
    assert_eq!(ben.ask(&late)["item"], laptop.as_str());
    let shown = anna.run(&["show", &laptop]).stdout;
    assert!(shown.contains("late entry"), "{shown}");
}

#[test]
fn who_cannot_ask_the_server_gets_a_file() {
    let scene = scene();
    let police = Machine { key: "police.key".to_owned(), ..machine(&scene, "anna") };
    let enrol = ["custodian", "enrol", "--name", "Eva Holm", "--public", "eve.pub"];
    // Nobody has a key here under whose name it could wait.
    assert_eq!(police.refused(&enrol), "record/signature-count");
    // Agencies have mailboxes: founders who admit another one ask each other.
    let lab = Machine { key: "lab.key".to_owned(), ..machine(&scene, "anna") };
    let to_lab = format!("agency:{}", scene.office.id("lab"));
    let policy = ["ledger", "policy", "--quorum", "1", "--approve", &to_lab];
    let sent = police.ask(&policy);
    let digest = sent["offer_digest"].as_str().unwrap().to_owned();
    assert_eq!(waiting(&lab), [(digest.clone(), true)]);
    assert!(lab.ask(&["accept", &digest])["entry"].is_u64());
    // A directory has no mailbox.
    let ran = scene.office.run(&["withdraw", &digest, "--ledger", "ledger", "--json"]);
    assert!(ran.stdout.contains("offer/no-mailbox"), "{}", ran.stdout);
    let ran = scene.office.run(&["accept", &digest, "--key", "ben.key", "--json"]);
    assert!(ran.stdout.contains("offer/no-mailbox") || ran.stdout.contains("store-in-use"));
}

/// A page signs in the browser and sends with its session; a command takes it up, and the other way round.
#[test]
fn a_page_and_a_command_hand_over_to_each_other() {
    let scene = scene();
    let ben = machine(&scene, "ben");
    // Anna's page: the same bytes that a page makes, sent as it sends them.
    let laptop = item(&scene.office, "laptop");
    let digest = offer_as_file(&scene);
    let file = fs::read(scene.office.folder().join("h.offer")).unwrap();
    let (cookie, csrf) = scene.sign_in("anna", "");
    let head = format!("Cookie: {cookie}\r\nX-CSRF-Token: {csrf}\r\n");
    assert_eq!(scene.served.ask("POST", "/v1/offers", &head, &file).status, 202);
    assert_eq!(ben.ask(&["inbox"])["offers"][0]["items"][0]["description"], "laptop, grey");
    assert!(ben.ask(&["accept", &digest])["entry"].is_u64());
    // Ben's command, Anna's page: she reads it, looks at the item, and drafts that she refuses it.
    let back = ["offer", &laptop, "--to", &person(&scene.office, "anna"), "--purpose", "return"];
    let digest = ben.ask(&back)["offer_digest"].as_str().unwrap().to_owned();
    let cookie = format!("Cookie: {cookie}\r\n");
    let get = |path: &str| scene.served.ask("GET", path, &cookie, b"");
    let inbox: Value = serde_json::from_str(&get("/v1/inbox").body).unwrap();
    assert_eq!(inbox["offers"][0]["offer"], digest.as_str());
    assert_eq!(inbox["offers"][0]["is_mine_to_sign"], true);
    assert_eq!(get(&format!("/v1/offers/{digest}")).status, 200);
    assert!(get(&format!("/v1/items/{laptop}")).body.contains("laptop, grey"));
    let asked = json!({ "act": { "refuse-offer": { "offer": digest, "ground": "papers" } } });
    let head = format!("{head}Content-Type: application/json\r\n");
    let draft = scene.served.ask("POST", "/v1/drafts", &head, asked.to_string().as_bytes());
    assert_eq!(draft.status, 200, "{}", draft.body);
}

/// Somebody starts many commands at once, and none of them has met the server before.
#[test]
fn many_commands_meet_a_server_at_once() {
    let scene = scene();
    let anna = machine(&scene, "anna");
    let laptop = item(&scene.office, "laptop");
    let number = |number: usize| number.to_string();
    let ended: Vec<_> = std::thread::scope(|scope| {
        let run = |at: usize| {
            let (anna, laptop) = (&anna, &laptop);
            scope.spawn(move || match at % 2 {
                0 => anna.run(&["where", "--json"]),
                _ => anna.run(&["note", laptop, "--text", &number(at), "--json"]),
            })
        };
        let started: Vec<_> = (0..12).map(run).collect();
        started.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for (at, ran) in ended.iter().enumerate() {
        // Notes that were made on the same end of the chain exclude each other; looking never does.
        let is_conflict = at % 2 == 1 && ran.stdout.contains("\"custody/conflict\"");
        assert!(ran.status == 0 || is_conflict, "{}{}", ran.stdout, ran.stderr);
    }
    // What is remembered is the newest of all that was seen, and is still in order.
    let size = anna.ask(&["where"])["size"].as_u64().unwrap();
    let remembered = remembered_size(Path::new(&anna.state));
    assert_eq!(remembered, size);
}

/// The size of the checkpoint that somebody remembers.
fn remembered_size(state: &Path) -> u64 {
    let files = fs::read_dir(state.join("servers")).unwrap();
    let mut files = files.map(|file| file.unwrap().path());
    let file = files.find(|path| path.extension().is_some_and(|end| end == "json")).unwrap();
    let text: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    text["checkpoint"].as_str().unwrap().lines().nth(1).unwrap().parse().unwrap()
}

/// What is not a file of the mailbox's stays where it is, and keeps nobody from anything.
#[test]
fn a_mailbox_with_something_else_in_it_works() {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let offers = office.folder().join("ledger/offers");
    fs::create_dir_all(&offers).unwrap();
    let digest = "0".repeat(64);
    for name in ["a.txt".to_owned(), format!("{digest}-{digest}.offer")] {
        fs::write(offers.join(name), b"nothing").unwrap();
    }
    let served = Served::start(office.folder(), "ledger", &[]);
    let anna = Machine::of(&office, "anna", &served);
    let (laptop, to) = (item(&office, "laptop"), person(&office, "ben"));
    anna.ask(&["offer", &laptop, "--to", &to, "--purpose", "transport"]);
    assert_eq!(waiting(&anna).len(), 1);
    assert_eq!(fs::read_dir(&offers).unwrap().count(), 3);
}

/// Whoever fills in a form is told which field is wrong, as a pointer into what they sent.
#[test]
fn a_problem_points_at_the_field() {
    let scene = scene();
    let (cookie, csrf) = scene.sign_in("anna", "");
    let head =
        format!("Cookie: {cookie}\r\nX-CSRF-Token: {csrf}\r\nContent-Type: application/json\r\n");
    let (laptop, ben) = (item(&scene.office, "laptop"), person(&scene.office, "ben"));
    let nobody = "custodian:00000000-0000-4000-8000-000000000000";
    let nothing = "item:00000000-0000-4000-8000-000000000000";
    let release = json!({ "items": [laptop], "to": ben, "purpose": "transport" });
    let with = |field: &str, value: Value| {
        let mut release = release.clone();
        release[field] = value;
        json!({ "act": { "release": release } })
    };
    let disclosed = |field: &str, value: Value| {
        let exhibit = "00".repeat(32);
        let mut disclose = json!({ "item": laptop, "exhibit": exhibit, "size": 1, "basis": "defence", "recipient": "x" });
        disclose[field] = value;
        json!({ "act": { "disclose": disclose } })
    };
    let cases = [
        ("/v1/drafts", with("items", json!([laptop, nothing])), "/act/release/items/1"),
        ("/v1/drafts", with("items", json!([laptop, "laptop"])), "/act/release/items/1"),
        ("/v1/drafts", with("items", json!([])), "/act/release/items"),
        ("/v1/drafts", with("to", json!(nobody)), "/act/release/to"),
        ("/v1/drafts", with("to", json!("Ben")), "/act/release/to"),
        ("/v1/drafts", with("purpose", json!("lunch")), "/act/release/purpose"),
        ("/v1/drafts", with("expected", json!("soon")), "/act/release/expected"),
        ("/v1/drafts", with("carrier", json!("\u{1FAE8}")), "/act/release/carrier"),
        ("/v1/drafts", with("carrier", json!(7)), "/act/release/carrier"),
        ("/v1/drafts", with("colour", json!("red")), "/act/release/colour"),
        ("/v1/drafts", disclosed("item", json!(nothing)), "/act/disclose/item"),
        ("/v1/drafts", disclosed("exhibit", json!("x")), "/act/disclose/exhibit"),
        ("/v1/drafts", disclosed("size", json!(0)), "/act/disclose/size"),
        ("/v1/drafts", disclosed("size", json!(1_000_000)), "/act/disclose/size"),
        ("/v1/drafts", disclosed("basis", json!("friendship")), "/act/disclose/basis"),
        (
            "/v1/drafts",
            json!({ "act": { "recall": { "items": [nothing] } } }),
            "/act/recall/items/0",
        ),
        (
            "/v1/drafts",
            json!({ "act": { "refuse-offer": { "offer": "x", "ground": "papers" } } }),
            "/act/refuse-offer/offer",
        ),
        (
            "/v1/drafts",
            json!({ "act": { "recall": { "items": [laptop] } }, "occurred": "now" }),
            "/occurred",
        ),
        ("/v1/lookups", json!({ "subjects": [laptop, "laptop"], "first": true }), "/subjects/1"),
        ("/v1/exhibits", json!({ "item": "laptop", "since": [], "handling": [] }), "/item"),
        ("/v1/exhibits", json!({ "item": laptop, "since": [1, 0], "handling": [] }), "/since/1"),
        ("/v1/session/challenge", json!({ "kid": "x" }), "/kid"),
    ];
    for (path, asked, pointer) in cases {
        let answer = scene.served.ask("POST", path, &head, asked.to_string().as_bytes());
        let problem: Value = serde_json::from_str(&answer.body).unwrap();
        assert!((400..500).contains(&answer.status), "{asked}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{asked}: {problem}");
        assert!(problem["errors"][0]["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
    // What is about no field names none.
    let answer = scene.served.ask("POST", "/v1/drafts", &head, b"{");
    let problem: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((&problem["code"], problem.get("errors")), (&json!("http/json"), None), "{problem}");
}

/// A disk that is full is so for a while: whoever submits is told to come again, and nothing of the attempt is left.
#[test]
fn openings_that_cannot_be_written_are_no_reason_to_give_up() {
    let scene = scene();
    let (anna, laptop) = (machine(&scene, "anna"), item(&scene.office, "laptop"));
    anna.ask(&["note", &laptop, "--text", "x", "--out", "note.offer"]);
    let file = fs::read(scene.office.folder().join("note.offer")).unwrap();
    // What no file can be made in, whoever asks.
    let pending = scene.office.folder().join("ledger/vault/pending");
    fs::remove_dir(&pending).unwrap();
    fs::write(&pending, "").unwrap();
    let refused = scene.served.ask("POST", "/v1/records", "", &file);
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(refused.head.to_lowercase().contains("\r\nretry-after: "), "{}", refused.head);
    assert!(refused.body.contains("vault/io"), "{}", refused.body);
    fs::remove_file(&pending).unwrap();
    fs::create_dir(&pending).unwrap();
    assert_eq!(scene.served.ask("POST", "/v1/records", "", &file).status, 201);
    assert_eq!(fs::read_dir(&pending).unwrap().count(), 0);
}
