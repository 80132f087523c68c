//! What others named cannot move the terminal of whoever runs `custody-verify`, nor make up lines of a
//! report: on stdout and stderr, in text and in JSON.

use std::fs;
use std::path::Path;

use custody_core::checkpoint::PosixTime;
use custody_core::hash::sha256;
use custody_core::merkle::{TreeHead, TreeSize};
use custody_core::note::KeyName;
use custody_core::policy::Policy;
use custody_log::signing::{LogSeeds, LogSigner, sign_checkpoint};
use custody_tests::paper::seed;
use custody_tests::paper::story::Story;
use custody_tests::program::{HOSTILE, Ran, run};
use serde_json::Value;

use crate::verify_cli_site;

const NAME: &str = HOSTILE[0];
const SHOWN: &str = HOSTILE[1];
/// What the name of a log may be: no white space and no control character, but bidirectional controls.
const ORIGIN: &str = "ledger\u{202e}elpmaxe\u{2066}/\u{200f}x";
const ORIGIN_SHOWN: &str = r"ledger\u{202e}elpmaxe\u{2066}/\u{200f}x";

fn verify(folder: &Path, arguments: &[&str]) -> Ran {
    run("custody-verify", folder, arguments, "")
}

fn json(ran: &Ran) -> Value {
    ran.plain();
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn names_of_stray_files_are_escaped() {
    let site = verify_cli_site::build();
    fs::write(site.path().join("tiles").join(NAME), "").unwrap();
    let replay = ["replay", "tiles", "--policy", "policy.txt"];
    let ran = verify(site.path(), &replay);
    let line = format!("\nnot part of the checkpoint's tree: 1\n  {SHOWN}\n");
    assert!(ran.plain().ends_with(&line), "{ran:?}");
    let ran = verify(site.path(), &[&replay[..], &["--json"]].concat());
    assert_eq!(json(&ran)["stray"], Value::from(vec![NAME]), "a program reads what is there");
}

#[test]
fn names_of_logs_are_escaped() {
    let site = verify_cli_site::build();
    let (name, seeds) = (KeyName::parse(ORIGIN).unwrap(), [seed("log"), seed("log, second")]);
    let signer =
        LogSigner::from_seeds(&name, LogSeeds { ed25519: &seeds[0], mldsa44: &seeds[1] }).unwrap();
    let head = TreeHead { size: TreeSize(7), root: sha256(b"a tree") };
    let checkpoint = sign_checkpoint(&signer, &head, PosixTime::new(1).unwrap()).unwrap();
    fs::write(site.path().join("odd"), checkpoint.as_bytes()).unwrap();
    let policy = Policy::for_log(signer.keys().clone(), Vec::new(), None).unwrap();
    fs::write(site.path().join("odd.policy"), policy.format()).unwrap();
    fs::create_dir(site.path().join("odd.tiles")).unwrap();
    fs::write(site.path().join("odd.tiles/checkpoint"), checkpoint.as_bytes()).unwrap();

    let consistency = ["consistency", "odd", "odd", "--tiles", "tiles", "--policy", "odd.policy"];
    let ran = verify(site.path(), &consistency);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.plain().contains(&format!("\nledger   {ORIGIN_SHOWN}\n")), "{ran:?}");
    let ran = verify(site.path(), &[&consistency[..], &["--json"]].concat());
    assert_eq!(json(&ran)["origin"], ORIGIN);
    assert!(json(&ran)["old"]["note"].as_str().unwrap().starts_with(ORIGIN));

    let ran = verify(site.path(), &["inspect", "odd"]);
    assert!(ran.plain().contains(&format!("\n  ledger  {ORIGIN_SHOWN}\n")), "{ran:?}");
    let ran = verify(site.path(), &["inspect", "odd.policy"]);
    assert!(ran.plain().contains(&format!("origin  {ORIGIN_SHOWN}\n")), "{ran:?}");
    let ran = verify(site.path(), &["inspect", "odd", "--json"]);
    assert_eq!(json(&ran)["content"]["ledger"], ORIGIN);

    // No ledger of this format can have the name, and the refusal shows it as well.
    let ran = verify(site.path(), &["replay", "odd.tiles", "--policy", "odd.policy"]);
    assert!(ran.plain().contains("[id/origin]"), "{ran:?}");
    let ran = verify(
        site.path(),
        &["consistency", "odd", "tiles/checkpoint", "--tiles", "tiles", "--policy", "policy.txt"],
    );
    assert!(ran.plain().contains("[consistency/other-log]"), "{ran:?}");
}

#[test]
fn names_of_evidence_are_escaped() {
    let site = verify_cli_site::build();
    fs::create_dir(site.path().join("evidence")).unwrap();
    for (file, status) in [("image.raw", 0), ("other.raw", 1)] {
        fs::copy(site.path().join(file), site.path().join("evidence").join(NAME)).unwrap();
        let arguments = ["exhibit", "image.exhibit", "--policy", "policy.txt"];
        let rest = ["--agencies", "agencies.txt", "--evidence", "evidence"];
        let ran = verify(site.path(), &[&arguments[..], &rest].concat());
        assert_eq!(ran.status, status, "{ran:?}");
        assert!(ran.plain().contains(&format!("`evidence/{SHOWN}`")), "{ran:?}");
        let ran = verify(site.path(), &[&arguments[..], &rest, &["--json"]].concat());
        assert!(json(&ran).to_string().contains("evidence/a"), "{ran:?}");
    }
}

/// Texts in records hold line breaks: CBOR text may.
#[test]
fn a_text_stays_one_line() {
    let site = verify_cli_site::build();
    let story = Story::whole();
    let mut exhibit = story.exhibit();
    exhibit.manifest.recipient = "Court\nverified: every required check passed".to_owned();
    fs::write(site.path().join("odd.exhibit"), exhibit.encode()).unwrap();
    let shown = r"Court\nverified: every required check passed";
    let ran = verify(site.path(), &["exhibit", "odd.exhibit", "--policy", "policy.txt"]);
    assert!(ran.plain().contains(shown) && ran.status == 2, "{ran:?}");
    let ran = verify(site.path(), &["inspect", "odd.exhibit"]);
    assert!(ran.plain().contains(shown), "{ran:?}");
    let value = custody_core::cbor::Value::array([custody_core::cbor::Value::text("a\nb")]);
    fs::write(site.path().join("odd.cbor"), value.encode()).unwrap();
    let ran = verify(site.path(), &["inspect", "odd.cbor"]);
    assert!(ran.plain().ends_with("  a\\nb\n"), "{ran:?}");
    let ran = verify(site.path(), &["inspect", "odd.cbor", "--json"]);
    assert_eq!(json(&ran)["content"], Value::from(vec!["a\nb"]));
}

/// Whatever of the command line is repeated in an error.
#[test]
fn errors_are_escaped() {
    let site = verify_cli_site::build();
    fs::write(site.path().join(NAME), "neither this\u{202e} nor that").unwrap();
    let option = format!("--{NAME}");
    let (missing, policy) = (format!("missing {NAME}"), ["--policy", "policy.txt"]);
    let receipt = ["receipt", &missing, "--entry", NAME, "--record", NAME];
    let consistency = ["consistency", NAME, NAME, "--tiles", "tiles"];
    for arguments in [
        &[NAME][..],
        &["exhibit", &option],
        &["exhibit", "image.exhibit", "--policy", NAME],
        &["exhibit", "image.exhibit", "--policy", &missing],
        &["exhibit", "image.exhibit", "--policy", "policy.txt", "--agencies", NAME],
        &["exhibit", "image.exhibit", "--policy", "policy.txt", "--checkpoint", NAME],
        &["exhibit", "image.exhibit", "--policy", "policy.txt", "--evidence", &missing],
        &["exhibit", "image.exhibit", "--policy", "policy.txt", "--at", NAME],
        &["exhibit", &missing, "--policy", "policy.txt"],
        &["exhibit", "image.exhibit", NAME],
        &[&receipt[..], &policy].concat(),
        &[&consistency[..], &policy].concat(),
        &["compare", &missing, NAME, "--policy", "policy.txt"],
        &["replay", NAME, "--policy", "policy.txt"],
        &["inspect", NAME],
        &["inspect", &missing],
    ] {
        let ran = verify(site.path(), arguments);
        let text = ran.plain();
        assert!(text.starts_with("error: ") && text.contains(SHOWN), "{arguments:?} {text}");
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{arguments:?} {ran:?}");
    }
}
