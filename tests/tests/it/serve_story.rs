//! Every command that takes `--server`, at a server: what the table of OPERATING says works there does.

use custody_tests::machine::Machine;
use custody_tests::office::Office;
use custody_tests::program::run_in;
use custody_tests::served::Served;
use serde_json::Value;
use tempfile::TempDir;

use crate::case_document::Story;
use crate::cli_transcripts::office;

/// What custodians do besides the story: a line each, with what it tells of itself under a name.
const BESIDES: [&str; 20] = [
    "custodian enrol --name Eva --public eve.pub --key police.key --with-key eve.key",
    "custodian update CORA --roles witness,supervisor,acting --key police.key",
    "collect --description phone --place hall --reference K-9 --key anna.key",
    "import items items.csv --dry-run --key anna.key",
    "import items items.csv --key anna.key",
    "import manifest one.csv --to BEN --purpose transport --release --key anna.key",
    "verify-digest IMAGE --file disk.img --key anna.key",
    "derive IMAGE --method copy --tool dd --tool-version 9 --file disk.img --description copy --key anna.key",
    "correct 6 --field description --value 'disk image, whole' --reason typing --supervisor CORA --key anna.key --with-key cora.key",
    "erase IMAGE --field 6:description --basis court-order --authority 'order 3' --supervisor CORA --key anna.key --with-key cora.key",
    "note IMAGE --text seen --key anna.key",
    "offer IMAGE --to BEN --purpose transport --out late.offer --key anna.key",
    "seal IMAGE --number B-2 --key anna.key",
    "accept late.offer --out late-signed.offer --key ben.key",
    "late-entry late-signed.offer --reason conflict --key anna.key",
    "release IMAGE --to BEN --purpose storage --key anna.key",
    "refuse IMAGE --ground papers --key ben.key",
    "dispose IMAGE --method wiped --authority 'order 9' --witness CORA --key anna.key --with-key cora.key",
    "request transmit REQUEST --key anna.key",
    "key rotate DORA --new dora-2.pub --reason routine --key lab.key --with-key dora-2.key",
];

/// What they look at.
const LOOKS: [&str; 16] = [
    "inbox",
    "show LAPTOP",
    "where",
    "where --alias AB/3",
    "label LAPTOP --out labels.pdf",
    "receipt 5 --out receipt",
    "case LAPTOP --out laptop.jsonld",
    "policy",
    "trust-sheet",
    "custodian list",
    "agency list",
    "hold list",
    "dispute list",
    "request list",
    "request show REQUEST",
    "import template manifest --holder ANNA",
];

/// Runs commands at the server, each as whoever has the key that it names; as Anna where it names none.
fn ask(office: &Office, served: &Served) -> impl Fn(&[&str]) -> Value {
    |words| {
        let key = words.iter().position(|word| *word == "--key").map(|at| words[at + 1]);
        let who = key.map_or("anna", |key| key.trim_end_matches(".key"));
        Machine::of(office, who, served).ask(words)
    }
}

#[test]
fn everything_that_can_be_done_in_a_directory_is_done_at_a_server() {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let config = format!("overseers = [\"custodian:{}\"]\n", office.id("cora"));
    std::fs::write(folder.path().join("serve.toml"), config).unwrap();
    office.ask(&["key", "new", "--out", "dora-2.key"]);
    let served = Served::start(office.folder(), "ledger", &["--config", "serve.toml"]);
    let story = Story::play_by(&office, Box::new(ask(&office, &served)));
    for line in BESIDES.iter().chain(&LOOKS) {
        story.act(line);
    }
    // What looks at every entry is for overseers, and says so to others.
    let (anna, cora) =
        (Machine::of(&office, "anna", &served), Machine::of(&office, "cora", &served));
    for command in ["audit", "stats"] {
        let refused = anna.run(&[command]);
        assert_eq!(refused.status, 1, "{}", refused.stderr);
        assert!(refused.stderr.contains("error: this looks at all entries"), "{}", refused.stderr);
        assert!(refused.stderr.contains("`overseers`"), "{}", refused.stderr);
        assert_eq!(anna.refused(&[command]), "access/forbidden");
        let looked = cora.run(&[command, "--json"]);
        assert!(
            looked.stdout.contains("\"root\""),
            "{command}: {}{}",
            looked.stdout,
            looked.stderr
        );
    }
    drop(story);
    assert_eq!(served.stop(), Some(0));
    let checked = run_in("custody", office.folder(), &["check", "--ledger", "ledger"], &[]);
    assert_eq!(checked.status, 0, "{}{}", checked.stdout, checked.stderr);
}

/// The operator's key is nobody's who may look: what it signs is signed where the ledger lies.
#[test]
fn the_operators_commands_work_where_the_ledger_lies() {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    let served = Served::start(office.folder(), "ledger", &[]);
    let operator = Machine::of(&office, "operator", &served);
    let refused = operator.run(&["ledger", "anchor", "--token", "photo.jpg", "--json"]);
    assert!(refused.stdout.contains("record/unknown-key"), "{}", refused.stdout);
    assert!(refused.stdout.contains("where the ledger lies"), "{}", refused.stdout);
}
