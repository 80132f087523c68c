//! CASE documents: those that we write, before the standard's own validator, and those of others that we read.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use custody_api::case::{self, Document, decode_events};
use custody_core::record::body::ItemKind;
use custody_tests::office::Office;
use custody_tests::{program, shared};
use serde_json::Value;
use tempfile::TempDir;

use crate::cli_transcripts::office;
use crate::foreign_eyes::{make_python, skip};

/// Holds documents against CASE 1.4.0, which must find nothing: no violation, no warning, no remark.
fn validate(files: &[&Path]) {
    static PYTHON: OnceLock<Result<std::path::PathBuf, String>> = OnceLock::new();
    let python = PYTHON.get_or_init(|| make_python("case-requirements.txt"));
    let python = match python {
        Ok(python) => python,
        Err(reason) => return skip(reason),
    };
    let mut validator = Command::new(python.with_file_name("case_validate"));
    let ran = validator.args(["--built-version", "case-1.4.0"]).args(files).output().unwrap();
    let stdout = String::from_utf8_lossy(&ran.stdout);
    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && stdout.contains("Conforms: True"), "{stdout}{stderr}");
    assert!(!stdout.contains("Results (") && !stderr.contains("Warning"), "{stdout}{stderr}");
}

fn parsed(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn nodes<'v>(document: &'v Value, kind: &str) -> Vec<&'v Value> {
    let graph = document["@graph"].as_array().unwrap();
    graph.iter().filter(|node| node["@type"] == kind).collect()
}

fn actions<'v>(document: &'v Value, name: &str) -> Vec<&'v Value> {
    let mut actions = nodes(document, "case-investigation:InvestigativeAction");
    actions.retain(|action| action["uco-core:name"] == name);
    actions
}

#[test]
fn what_we_write_of_the_demo_conforms_to_case() {
    let folder = TempDir::new().unwrap();
    let run = |arguments: &[&str]| {
        let ran = program::run("custody", folder.path(), arguments, "");
        assert_eq!(ran.status, 0, "{ran:?}");
        serde_json::from_str::<Value>(&ran.stdout).unwrap()
    };
    run(&["demo", "--out", "demo", "--json"]);
    let items = run(&["where", "--ledger", "demo/ledger", "--json"]);
    let text = items.to_string();
    let starts = text.match_indices("\"item:").map(|(at, _)| &text[at + 1..at + 42]);
    // The laptop, its image and the copy come first; the others are collected and no more.
    let items: Vec<_> = starts.take(4).collect();
    let mut files = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let (name, again) = (format!("{at}.jsonld"), format!("{at}-again.jsonld"));
        let make =
            |out: &str| run(&["case", item, "--ledger", "demo/ledger", "--out", out, "--json"]);
        assert_eq!(make(&name)["withheld"], 0);
        make(&again);
        let (path, again) = (folder.path().join(&name), folder.path().join(&again));
        assert_eq!(fs::read(&path).unwrap(), fs::read(&again).unwrap());
        files.push(path);
    }
    validate(&files.iter().map(std::path::PathBuf::as_path).collect::<Vec<_>>());
    let laptop = parsed(&files[0]);
    // The receipt is linked to the release, and both are acts of their own.
    let (release, receive) = (actions(&laptop, "release"), actions(&laptop, "receive"));
    let cause = &receive[0]["case-investigation:wasInformedBy"][0]["@id"];
    assert_eq!((release.len(), receive.len(), cause), (1, 1, &release[0]["@id"]));
    assert!(receive[0]["uco-core:hasFacet"][0]["custody:checked"].is_array());
    let records = nodes(&laptop, "case-investigation:ProvenanceRecord");
    assert!(records.iter().any(|it| it["case-investigation:exhibitNumber"] == "NL-2026-0417/3"));
    // Where the proof is: the entry and the record's digest are those of the ledger.
    let shown = run(&["show", items[0], "--ledger", "demo/ledger", "--json"]);
    let first = &actions(&laptop, "collect")[0]["uco-core:hasFacet"][0];
    assert_eq!(first["custody:record"], shown["records"][0]["record"]);
    assert_eq!(first["custody:entry"]["@value"], shown["records"][0]["entry"].to_string());
    let bundle = nodes(&laptop, "uco-core:Bundle")[0];
    let facet = &bundle["uco-core:hasFacet"][0];
    assert_eq!(facet["custody:treeSize"]["@value"], shown["size"].to_string());
}

/// An item to which happens what an item of the office can; withheld fields are not in its document.
#[test]
fn what_we_write_of_busier_items_conforms_and_shows_nothing_withheld() {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let laptop = format!("item:{}", office.id("laptop"));
    let (ben, cora) =
        (format!("custodian:{}", office.id("ben")), format!("custodian:{}", office.id("cora")));
    let anna = ["--key", "anna.key"];
    let act = |arguments: &[&str]| office.ask(&[arguments, &anna].concat());
    act(&["seal", &laptop, "--kind", "bag", "--number", "NL-1"]);
    act(&["seal-check", &laptop, "--outcome", "broken", "--number", "NL-1"]);
    act(&["release", &laptop, "--to", &ben, "--purpose", "storage"]);
    act(&["recall", &laptop]);
    act(&["note", &laptop, "--text", "a secret remark", "--attach", "photo.jpg"]);
    let image =
        ["--method", "image", "--tool", "dd", "--tool-version", "9.4", "--file", "disk.img"];
    act(&[&["derive", &laptop], &image[..], &["--scope", "media"]].concat());
    act(&[
        "dispose",
        &laptop,
        "--method",
        "destroyed",
        "--authority",
        "order 7",
        "--witness",
        &cora,
        "--with-key",
        "cora.key",
    ]);
    let open = office.ask(&["case", &laptop, "--out", "open.jsonld"]);
    assert_eq!(open["withheld"], 0);
    let withhold = [
        "--withhold",
        "name=personal-data",
        "--withhold",
        "text=order",
        "--withhold",
        "attached=privilege",
    ];
    let closed =
        office.ask(&[&["case", &laptop, "--out", "closed.jsonld"], &withhold[..]].concat());
    assert!(closed["withheld"].as_u64().unwrap() >= 4, "{closed}");
    let path = |name: &str| office.folder().join(name);
    validate(&[&path("open.jsonld"), &path("closed.jsonld")]);
    let text = |name: &str| fs::read_to_string(path(name)).unwrap();
    for secret in ["Anna Berg", "a secret remark", "photo.jpg"] {
        assert!(text("open.jsonld").contains(secret), "{secret}");
        assert!(!text("closed.jsonld").contains(secret), "{secret}");
    }
    assert!(text("closed.jsonld").contains("text: order"));
    // The media of the image is an object of its own, and not the item's own bytes.
    let document = parsed(&path("open.jsonld"));
    let relations = nodes(&document, "uco-observable:ObservableRelationship");
    assert_eq!(relations[0]["uco-core:kindOfRelationship"], "Contained_Within");
}

/// Every further type of record that an item's history can hold, by the word of its act in the document.
const FURTHER: [&str; 26] = [
    "store",
    "check-out",
    "check-in",
    "pack",
    "unpack",
    "inventory",
    "seal-break",
    "release",
    "carrier-scan",
    "receive",
    "analyse",
    "discrepancy",
    "hold-set",
    "hold-release",
    "dispute",
    "dispute-response",
    "dispute-resolution",
    "handling",
    "authorise-onward",
    "disclose",
    "court-exhibit",
    "handoff-external",
    "succession",
    "split",
    "consume",
    "return-to-owner",
];

/// What happens to a laptop, a crate and some powder, by people of two agencies.
const STORY: [&str; 25] = [
    "seal LAPTOP --number B-1 --key anna.key",
    "store LAPTOP --place 'shelf 14' --condition locked --key anna.key",
    "check-out LAPTOP --to BEN --purpose examination --key anna.key --with-key ben.key",
    "check-in LAPTOP --to ANNA --key ben.key --with-key anna.key --outcome LAPTOP=discrepancy",
    "pack LAPTOP --in CRATE --key anna.key",
    "unpack LAPTOP --from CRATE --key anna.key",
    "inventory LAPTOP --method sight --key anna.key",
    "release LAPTOP --to BEN --substitute DORA --purpose examination --request REQUEST --carrier Posta --waybill NL-7 --key anna.key",
    "scan LAPTOP --event customs --place Rotterdam --carrier Posta --key ben.key",
    "receive LAPTOP --checked seal --key dora.key",
    "succession LAPTOP --from DORA --to BEN --reason left --key dora.key --with-key ben.key",
    "seal-break LAPTOP --reason examination --key ben.key",
    "analyse LAPTOP --kind digital --tool examiner --tool-version 4.2 --result 'two accounts' --attach photo.jpg --key ben.key",
    "discrepancy LAPTOP --kind papers --text 'no warrant' --key ben.key",
    "alias LAPTOP --value 'AB/3' --kind lab-number --key ben.key",
    "give LAPTOP --party court --name 'District Court' --stand-in signed-paper --attach photo.jpg --key ben.key",
    "take-back LAPTOP --stand-in signed-paper --attach photo.jpg --key ben.key",
    "court LAPTOP --status admitted --mark 'P-17' --court 'District Court' --key ben.key",
    "export LAPTOP --for 'defence counsel' --purpose trial --recipient-kind defence --out laptop.exhibit --key ben.key",
    "disclose LAPTOP --exhibit laptop.exhibit --recipient 'defence counsel' --basis defence --key ben.key",
    "split POWDER --part '5 g:sample A' --part '5 g:sample B' --key anna.key",
    "consume POWDER --amount '1 g' --purpose analysis --key anna.key",
    "handling POWDER --code H1 --code DE:VS-NfD --key anna.key",
    "permit POWDER --use evidence --recipient 'Court of Example' --authority 'decision 7' --supervisor CORA --key anna.key --with-key cora.key",
    "return POWDER --name 'J. Jansen' --authority 'order 12' --stand-in signed-paper --attach photo.jpg --key anna.key",
];

/// An office in which everything happened that can happen to an item.
pub struct Story<'o> {
    ask: Ask<'o>,
    names: Vec<(&'static str, String)>,
}

/// Runs a command, and reads what it answers.
type Ask<'o> = Box<dyn Fn(&[&str]) -> Value + 'o>;

impl<'o> Story<'o> {
    /// Lets it happen.
    pub fn play(office: &'o Office) -> Self {
        Self::play_by(office, Box::new(|words| office.ask(words)))
    }

    /// Lets it happen, where `ask` runs the commands.
    pub fn play_by(office: &'o Office, ask: Ask<'o>) -> Self {
        let id = |kind: &str, name: &str| format!("{kind}:{}", office.id(name));
        let names = vec![
            ("LAPTOP", id("item", "laptop")),
            ("IMAGE", id("item", "image")),
            ("ANNA", id("custodian", "anna")),
            ("BEN", id("custodian", "ben")),
            ("CORA", id("custodian", "cora")),
            ("DORA", id("custodian", "dora")),
            ("LAB", id("agency", "lab")),
        ];
        let mut story = Self { ask, names };
        story.name("CRATE", "item", "collect --description box --key anna.key");
        let request = "request prepare --to LAB --basis treaty --purpose data --instrument x --contact desk --key anna.key";
        story.name("REQUEST", "request", request);
        let powder =
            "collect --description powder --quantity '12 g' --request REQUEST --key anna.key";
        story.name("POWDER", "item", powder);
        for line in STORY {
            story.act(line);
        }
        story.argue();
        story
    }

    /// A hold and a dispute, from beginning to end.
    fn argue(&self) {
        let entry = |line: &str| self.act(line)["entry"].to_string();
        let hold =
            entry("hold set LAPTOP --basis court-order --authority 'order 1' --key anna.key");
        self.act(&format!(
            "hold release LAPTOP --hold {hold} --authority 'order 2' --supervisor CORA --key anna.key --with-key cora.key"
        ));
        let dispute = entry(
            "dispute raise LAPTOP --record 5 --ground time --text 'not at noon' --key ben.key",
        );
        self.act(&format!(
            "dispute answer LAPTOP --dispute {dispute} --text 'see the door' --key anna.key"
        ));
        self.act(&format!(
            "dispute resolve LAPTOP --dispute {dispute} --outcome rejected --text no --supervisor CORA --key anna.key --with-key cora.key"
        ));
    }

    /// A command, with the names of the story in it.
    pub fn act(&self, line: &str) -> Value {
        let meant =
            |word: String| self.names.iter().fold(word, |word, (name, id)| word.replace(name, id));
        let words: Vec<_> = crate::docs_commands::words(line).into_iter().map(meant).collect();
        (self.ask)(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn name(&mut self, name: &'static str, member: &str, line: &str) {
        let made = self.act(line);
        self.names.push((name, made[member].as_str().unwrap().to_owned()));
    }
}

#[test]
fn what_we_write_of_every_further_type_of_record_conforms() {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let story = Story::play(&office);
    let mut seen = std::collections::BTreeSet::new();
    let mut files = Vec::new();
    for (item, out) in [("LAPTOP", "l.jsonld"), ("CRATE", "c.jsonld"), ("POWDER", "p.jsonld")] {
        story.act(&format!("case {item} --out {out}"));
        let path = office.folder().join(out);
        let document = parsed(&path);
        let acts = nodes(&document, "case-investigation:InvestigativeAction");
        seen.extend(acts.iter().map(|act| act["uco-core:name"].as_str().unwrap().to_owned()));
        files.push(path);
    }
    let missing: Vec<_> = FURTHER.iter().filter(|word| !seen.contains(**word)).collect();
    assert!(missing.is_empty(), "{missing:?} of {seen:?}");
    validate(&files.iter().map(std::path::PathBuf::as_path).collect::<Vec<_>>());
}

fn lifecycle() -> Option<Vec<u8>> {
    shared("data/case/forensic_lifecycle.json").map(|path| fs::read(path).unwrap())
}

#[test]
fn the_published_lifecycle_is_read_whole() {
    let Some(bytes) = lifecycle() else { return };
    let reading = case::read(&Document::parse(&bytes).unwrap()).unwrap();
    // 22 provenance records: two are of the device, one is of a relationship.
    assert_eq!((reading.items.len(), reading.left_out.len()), (20, 1));
    let device = &reading.items[0];
    assert_eq!(device.kind, ItemKind::Physical);
    assert_eq!(device.exhibits, ["ACME-676553402357", "DFL-20140712-001A"]);
    let seen: Vec<_> =
        device.events.iter().map(|event| (event.action.as_str(), event.start_s)).collect();
    let at = Some(1_263_578_383);
    assert_eq!(seen, [("seized", at), ("custody-receive", at), ("imaged", at)]);
    // What an audit needs: the same person at one instant in two places.
    let (received, imaged) = (&device.events[1], &device.events[2]);
    assert_eq!(received.actor, imaged.actor);
    assert!(received.actor.starts_with("kb:examiner-fef59198"), "{}", received.actor);
    assert!(received.place.starts_with("kb:fedex_dropoff_location-"), "{}", received.place);
    assert!(imaged.place.starts_with("kb:forensic_lab-"), "{}", imaged.place);
    for item in &reading.items {
        assert_eq!(decode_events(&item.events_value().encode()), Some(item.events.clone()));
    }
}

#[test]
fn every_other_published_document_is_read_or_refused_with_a_code() {
    for (name, expected) in [
        ("Oresteia", Ok(8)),
        ("analysis", Ok(2)),
        ("device", Err("case/no-items")),
        ("file", Err("case/no-items")),
        ("mobile_device_and_sim_card", Err("case/no-items")),
        ("multipart_file", Err("case/no-items")),
    ] {
        let Some(path) = shared(&format!("data/case/{name}.json")) else { return };
        let document = Document::parse(&fs::read(path).unwrap()).unwrap();
        let read = case::read(&document).map(|reading| reading.items.len());
        assert_eq!(read.map_err(|error| error.code()), expected, "{name}");
    }
}

/// A small document about one item, with parts of it replaced.
fn small(replaced: &str, by: &str) -> Result<case::Reading, case::CaseError> {
    let text = r#"{"@context": {"i": "https://ontology.caseontology.org/case/investigation/",
        "a": "https://ontology.unifiedcyberontology.org/uco/action/",
        "c": "https://ontology.unifiedcyberontology.org/uco/core/",
        "o": "https://ontology.unifiedcyberontology.org/uco/observable/",
        "t": "https://ontology.unifiedcyberontology.org/uco/types/", "kb": "http://example.org/"},
        "@graph": [
        {"@id": "kb:act", "@type": "i:InvestigativeAction", "c:name": "taken",
         "a:startTime": {"@value": "2026-05-04T13:30:00.5+02:00"}, "a:performer": {"@id": "kb:anna"},
         "a:result": [{"@id": "kb:number"}]},
        {"@id": "kb:anna", "c:name": "Anna"},
        {"@id": "kb:number", "@type": ["i:ProvenanceRecord"], "i:exhibitNumber": "E-1",
         "c:object": {"@id": "kb:file", "@type": "o:File", "c:hasFacet": {"@type": "o:ContentDataFacet",
          "o:hash": [{"t:hashMethod": "SHA256", "t:hashValue": "HASH"}, {"t:hashMethod": "MD5", "t:hashValue": "00"}]}}}
        ]}"#;
    assert!(replaced.is_empty() || text.contains(replaced), "{replaced}");
    let text = text.replace(replaced, by).replace("HASH", &"ab".repeat(32));
    case::read(&Document::parse(text.as_bytes())?)
}

#[test]
fn a_document_with_other_prefixes_and_nested_nodes_is_read() {
    let reading = small("\"taken\"", "\"taken\"").unwrap();
    let item = &reading.items[0];
    assert_eq!(
        item.events[0].to_string(),
        "2026-05-04T11:30:00Z, taken, by Anna (kb:anna), exhibit E-1"
    );
    assert_eq!((item.hashes.len(), item.digests().len()), (2, 1));
    assert_eq!((item.kind, item.shown.as_str()), (ItemKind::Digital, "kb:file"));
}

#[test]
fn what_is_wrong_with_a_document_has_a_code() {
    let code = |replaced: &str, by: &str| small(replaced, by).map(|_| ()).map_err(|e| e.code());
    for (replaced, by, expected) in [
        ("\"taken\",", "\"taken\"", "case/json"),
        ("\"c:name\": \"taken\"", "\"c:name\": \"taken\", \"c:name\": \"given\"", "case/json"),
        ("\"@graph\"", "\"@context\"", "case/json"),
        ("{\"@id\": \"kb:anna\", \"c:name\"", "{\"@id\": \"kb:act\", \"c:name\"", "case/form"),
        ("\"@type\": [\"i:", "\"@type\": [7, \"i:", "case/form"),
        (".5+02:00", "", "case/time"),
        ("2026-05-04", "4 May 2026", "case/time"),
        ("\"E-1\"", &format!("\"{}\"", "E".repeat(201)), "case/limit"),
        ("i:ProvenanceRecord", "i:Provenance", "case/no-items"),
    ] {
        // An action's own results are items as well: without them nothing is left.
        let by = if expected == "case/no-items" { "c:Annotation" } else { by };
        let refused = match expected {
            "case/no-items" => {
                let document = r#"{"@context": {}, "@graph": [{"@id": "x", "@type": "y"}]}"#;
                case::read(&Document::parse(document.as_bytes()).unwrap())
                    .map(|_| ())
                    .map_err(|e| e.code())
            }
            _ => code(replaced, by),
        };
        assert_eq!(refused, Err(expected), "{replaced}");
    }
    let parse = |text: &str| Document::parse(text.as_bytes()).map(|_| ()).map_err(|e| e.code());
    assert_eq!(parse("[]"), Err("case/form"));
    assert_eq!(parse("{}"), Err("case/form"));
    assert_eq!(parse(r#"{"@context": "https://example.org/context.jsonld"}"#), Err("case/form"));
    assert_eq!(parse(r#"{"@context": {}, "@graph": {}}"#), Err("case/form"));
    assert_eq!(parse(&"[".repeat(100_000)), Err("case/json"));
}

/// Whatever byte of a document is wrong: read, or refused with a code.
#[test]
fn no_byte_of_a_document_makes_the_reader_panic() {
    let Some(bytes) = lifecycle() else { return };
    let (mut read, mut refused) = (0, 0);
    for at in (0..bytes.len()).step_by(53) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x11;
        let cut = Document::parse(&bytes[..at]);
        assert_eq!(cut.map(|_| ()).map_err(|error| error.code()), Err("case/json"));
        match Document::parse(&changed).and_then(|document| case::read(&document)) {
            Ok(_) => read += 1,
            Err(error) => {
                assert!(error.code().starts_with("case/"), "{error}");
                refused += 1;
            }
        }
    }
    assert!(read > 100 && refused > 100, "{read} read, {refused} refused");
}

fn import(office: &Office, more: &[&str]) -> Value {
    office.ask(&[&["import", "case", "lifecycle.json", "--key", "anna.key"], more].concat())
}

#[test]
fn an_imported_history_is_shown_as_asserted_and_taken_once() {
    let Some(bytes) = lifecycle() else { return };
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    fs::write(office.folder().join("lifecycle.json"), bytes).unwrap();
    let before = office.ask(&["where"]).to_string();
    assert_eq!(import(&office, &["--dry-run"])["items"].as_array().unwrap().len(), 20);
    assert_eq!(office.ask(&["where"]).to_string(), before);
    let first = import(&office, &[]);
    let item = first["items"][0]["item"].as_str().unwrap().to_owned();
    let shown = office.run(&["show", &item]).stdout;
    assert!(
        shown.contains("  events: asserted, not witnessed by this ledger\n    2010-01-15T"),
        "{shown}"
    );
    assert!(shown.contains("custody-receive, by kb:examiner-fef59198"), "{shown}");
    let again = import(&office, &[]);
    let known = again["items"].as_array().unwrap().iter().filter(|item| item["was_known"] == true);
    assert_eq!((known.count(), &again["items"][0]["item"]), (20, &first["items"][0]["item"]));
    office.ask(&["case", &item, "--out", "legacy.jsonld"]);
    validate(&[&office.folder().join("legacy.jsonld")]);
    let checked = office.run(&["check"]);
    assert_eq!(checked.status, 0, "{checked:?}");
}
