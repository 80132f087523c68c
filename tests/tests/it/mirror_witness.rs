//! The call of C2SP tlog-witness, as a log would make it and as nobody should: each answer with its exact status.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use custody_api::http_signature::{SignatureParams, Target, sign_request};
use custody_api::passphrase::PassphraseSource;
use custody_api::pen::Pen;
use custody_api::witness::{AddCheckpoint, parse_cosignatures};
use custody_core::checkpoint::{Checkpoint, LineStatus};
use custody_core::hash::Hash;
use custody_core::key::CoseKey;
use custody_core::merkle::{ConsistencyProof, TreeSize};
use custody_core::note::VerifierKey;
use custody_log::{Ledger, LedgerOptions};
use custody_tests::office::copy;
use custody_tests::paper::{Agency, PaperLedger};
use custody_tests::served::{HttpAnswer, Served};
use ed25519_dalek::SigningKey;
use serde_json::Value;

use crate::foreign_eyes::{expect_ok, foreign, go, python, skip};
use crate::mirror_follow::{OVERSEERS, Scene, reserve};
use crate::serve_running::Figures;

fn ask(mirror: &Served, old: u64, proof: Vec<Hash>, checkpoint: &Checkpoint) -> HttpAnswer {
    let proof = ConsistencyProof { hashes: proof };
    let asked = AddCheckpoint { old: TreeSize(old), proof, checkpoint: checkpoint.clone() };
    mirror.ask("POST", "/add-checkpoint", "", &asked.format())
}

/// The newest checkpoint of a ledger that nobody serves now, and the proof from an earlier size.
fn newest(scene: &Scene, ledger: &str, old: u64) -> (Checkpoint, Vec<Hash>) {
    let reader = Ledger::open_read_only(LedgerOptions::new(scene.folder().join(ledger))).unwrap();
    let proof = reader.consistency_proof(TreeSize(old)).unwrap();
    (Checkpoint::parse(reader.checkpoint()).unwrap(), proof.hashes)
}

#[track_caller]
fn is_refused(answer: &HttpAnswer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.body);
}

#[track_caller]
fn is_conflict(answer: &HttpAnswer, size: u64) {
    assert_eq!((answer.status, answer.body.as_str()), (409, format!("{size}\n").as_str()));
    assert_eq!(answer.header("content-type"), Some("text/x.tlog.size"));
}

/// A paper ledger of the same name has other keys, one of another name is another log.
fn stranger(origin: &str) -> Checkpoint {
    let founder = Agency::new("Somebody", "HU");
    PaperLedger::found_as(origin, &[&founder]).checkpoint()
}

#[test]
fn each_answer_of_a_witness_has_its_status() {
    let scene = Scene::new();
    copy(&scene.folder().join("ledger"), &scene.folder().join("other"));
    let keys = scene.make_mirror("one").map(|key| VerifierKey::parse(&key).unwrap());
    let served = scene.serve("ledger");
    let address = served.address().to_string();
    let mirror = scene.mirror(&served.url(), "one");
    mirror.wait_for_size("replayed and cosigned", 1);
    let settled = Checkpoint::parse(mirror.get("/checkpoint").body.as_bytes()).unwrap();
    let (size, own) = (settled.size().0, settled.of_log_alone());
    assert_eq!((settled.signatures().len(), own.signatures().len()), (4, 2));
    nonsense_is_refused(&mirror, &own);
    // 409: what it knows. 200: the same again, in the lines that its copy has.
    is_conflict(&ask(&mirror, 0, Vec::new(), &own), size);
    is_conflict(&ask(&mirror, size - 1, Vec::new(), &own), size);
    let answer = ask(&mirror, size, Vec::new(), &own);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let cosigned = parse_cosignatures(&own, answer.body.as_bytes()).unwrap();
    assert_eq!(cosigned, settled);
    for key in &keys {
        assert!(matches!(cosigned.verify_line(key), Ok(LineStatus::VerifiedAt(_))));
    }
    // 503 with `Retry-After`: well proved, and not replayed, since nobody serves the records.
    served.kill();
    scene.note(["--ledger", "ledger"], "newer");
    let (newer, proof) = newest(&scene, "ledger", size);
    let early = ask(&mirror, size, proof.clone(), &newer);
    is_refused(&early, 503, "mirror/catching-up");
    assert_eq!(early.header("retry-after"), Some("1"));
    // 422: the proof is another one.
    let mut wrong = proof.clone();
    wrong[0] = *own.root();
    is_refused(&ask(&mirror, size, wrong, &newer), 422, "witness/proof");
    is_refused(&ask(&mirror, size, Vec::new(), &newer), 422, "witness/proof");
    // As soon as it can be replayed it is cosigned: durable before it is said.
    fs::write(scene.folder().join("serve.toml"), OVERSEERS).unwrap();
    let served = Served::start_at(scene.folder(), "ledger", &address, &["--config", "serve.toml"]);
    let answer = ask(&mirror, size, proof.clone(), &newer);
    match answer.status {
        200 => {}
        // It has asked the log itself meanwhile.
        _ => is_conflict(&answer, size + 1),
    }
    let answer = ask(&mirror, size + 1, Vec::new(), &newer);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let cosigned = parse_cosignatures(&newer, answer.body.as_bytes()).unwrap();
    assert_eq!(scene.checkpoint("one/copy/checkpoint"), cosigned);
    is_conflict(&ask(&mirror, size, proof, &newer), size + 1);
    another_history_ends_it(&scene, &mirror, (&newer, &cosigned));
    assert_eq!(mirror.stop(), Some(1));
    drop(served);
}

fn nonsense_is_refused(mirror: &Served, own: &Checkpoint) {
    let size = own.size().0;
    // 400: no request, or one that says nonsense.
    for body in ["", "old 1", "old 01\n\n", "old x\n\n", "new 0\n\n", "old 0\nabc\n\n"] {
        is_refused(
            &mirror.ask("POST", "/add-checkpoint", "", body.as_bytes()),
            400,
            "witness/malformed",
        );
    }
    is_refused(
        &mirror.ask("POST", "/add-checkpoint", "", b"old 0\n\nx\n"),
        400,
        "note/no-signatures",
    );
    is_refused(&ask(mirror, 0, vec![*own.root(); 64], own), 400, "witness/malformed");
    is_refused(&ask(mirror, size + 1, Vec::new(), own), 400, "witness/old-size");
    let large = vec![b'x'; 1024 * 1024];
    is_refused(&mirror.ask("POST", "/add-checkpoint", "", &large), 413, "http/body");
    is_refused(&mirror.get("/tile/%ff"), 400, "id/malformed");
    is_refused(&mirror.get("/add-checkpoint"), 405, "http/method");
    // 404: another log. 403: its name, and not its keys.
    let unknown = stranger("elsewhere.example/evidence");
    is_refused(&ask(mirror, 0, Vec::new(), &unknown), 404, "witness/unknown-log");
    let unsigned = stranger("police.example/evidence");
    is_refused(&ask(mirror, 0, Vec::new(), &unsigned), 403, "checkpoint/log-ed25519-missing");
}

fn another_history_ends_it(
    scene: &Scene,
    mirror: &Served,
    (newer, cosigned): (&Checkpoint, &Checkpoint),
) {
    let size = newer.size().0 - 1;
    // A head of another history, signed by the log: both are kept, and it cosigns nothing any more.
    scene.note(["--ledger", "other"], "another");
    let (forked, proof) = newest(scene, "other", size);
    is_refused(&ask(mirror, size, proof, &forked), 503, "mirror/fork");
    is_refused(&ask(mirror, size + 1, Vec::new(), newer), 503, "mirror/fork");
    let folder =
        fs::read_dir(scene.folder().join("one/evidence")).unwrap().next().unwrap().unwrap();
    assert_eq!(fs::read(folder.path().join("shown.checkpoint")).unwrap(), forked.as_bytes());
    assert_eq!(fs::read(folder.path().join("known.checkpoint")).unwrap(), cosigned.as_bytes());
    let standing: Value = serde_json::from_str(&mirror.get("/v1/mirror").body).unwrap();
    assert_eq!(standing["alarm"], "mirror/fork");
    // What it has is still to be had, and what it guards is not.
    assert_eq!(mirror.get("/checkpoint").body.as_bytes(), cosigned.as_bytes());
    assert_eq!(mirror.get(&format!("/tile/entries/000.p/{size}")).status, 200);
    assert_eq!(mirror.get("/tile/0/000").status, 404);
    assert_eq!(mirror.get(&format!("/records/000.p/{size}")).status, 404);
    assert_eq!(mirror.get("/readyz").code(), "mirror/fork");
}

/// Somebody puts a cache before the log, which shows what it showed before: the mirror says so and since when, to whoever asks it,
/// to the log and to overseers; cosigns nothing; and is well again with the next head.
#[test]
fn a_mirror_behind_a_cache_that_lags_goes_on() {
    let scene = Scene::new();
    copy(&scene.folder().join("ledger"), &scene.folder().join("cached"));
    let keys = scene.make_mirror("one");
    let size = scene.note(["--ledger", "ledger"], "more") + 1;
    let metrics = reserve();
    fs::write(
        scene.folder().join("mirror.toml"),
        format!("every_s = 1\nmetrics = \"{metrics}\"\n"),
    )
    .unwrap();
    let served = scene.serve("ledger");
    let between = served.address().to_string();
    let mirror = scene.mirror(&served.url(), "one");
    mirror.wait_for_size("replayed and cosigned", size);
    assert_eq!(served.stop(), Some(0));
    let settled = mirror.get("/checkpoint").body;
    let cached = Served::start_at(scene.folder(), "cached", &between, &["--config", "serve.toml"]);
    let lagging = stale_since(&mirror, 2);
    assert_eq!(lagging["known"]["size"], size);
    assert_eq!(lagging["shown"]["size"], size - 1);
    let figures = Figures::read(&metrics);
    assert!(figures.of("custody_mirror_stale_since_seconds") > 0.0);
    assert_eq!(figures.of("custody_mirror_alarm"), 0.0);
    // The log goes on, where the mirror cannot follow it, and both say why.
    let newer = scene.note(["--ledger", "ledger"], "newer") + 1;
    let (head, proof) = newest(&scene, "ledger", size);
    let late = ask(&mirror, size, proof, &head);
    is_refused(&late, 503, "mirror/stale");
    assert_eq!(late.header("retry-after"), Some("1"));
    fs::write(
        scene.folder().join("serve.toml"),
        format!(
            "{OVERSEERS}[[witnesses]]\nname = \"one\"\nurl = \"{}\"\nkeys = {keys:?}\n",
            mirror.url()
        ),
    )
    .unwrap();
    let served = scene.serve("ledger");
    served.wait_for("the witness", |line| line["fields"]["code"] == "mirror/stale");
    let told = Reading::of(&scene, "ben", &served).get("/v1/witnesses");
    let told: Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!(told["witnesses"][0]["trouble"], "mirror/stale");
    assert_eq!((mirror.get("/readyz").status, mirror.get("/checkpoint").body), (200, settled));
    assert!(!scene.folder().join("one/evidence").exists());
    // An old head that anybody sends says nothing of what the log shows, and nothing against it.
    let (old, _) = newest(&scene, "cached", 1);
    is_conflict(&ask(&mirror, 0, Vec::new(), &old), size);
    assert_eq!(stale_since(&mirror, 3)["since"], lagging["since"]);
    // The cache shows the log again.
    cached.kill();
    assert_eq!(served.stop(), Some(0));
    let again = Served::start_at(scene.folder(), "ledger", &between, &["--config", "serve.toml"]);
    mirror.wait_for_size("replayed and cosigned", newer);
    let standing: Value = serde_json::from_str(&mirror.get("/v1/mirror").body).unwrap();
    assert_eq!((&standing["stale"], &standing["trouble"]), (&Value::Null, &Value::Null));
    assert_eq!(Figures::read(&metrics).of("custody_mirror_stale_since_seconds"), 0.0);
    assert_eq!(mirror.stop(), Some(0));
    drop(again);
}

/// How the mirror stands once it has been shown an older head so many times in a row.
fn stale_since(mirror: &Served, times: usize) -> Value {
    mirror.wait_for("an older head", |line| line["fields"]["code"] == "mirror/stale");
    let told = || mirror.log().matches("\"code\":\"mirror/stale\"").count();
    while told() < times {
        std::thread::yield_now();
    }
    let standing: Value = serde_json::from_str(&mirror.get("/v1/mirror").body).unwrap();
    assert_eq!(standing["alarm"], Value::Null);
    standing["stale"].clone()
}

/// Programs that share nothing with ours: Python asks as a log would, and reads the copy; Go's checksum database reads the copy.
#[test]
fn foreign_programs_get_cosignatures_and_read_the_copy() {
    let scene = Scene::new();
    let keys = scene.make_mirror("one");
    let served = scene.serve("ledger");
    let mirror = scene.mirror(&served.url(), "one");
    mirror.wait_for_size("replayed and cosigned", 1);
    let policy = fs::read_to_string(scene.folder().join("policy.txt")).unwrap();
    let logs: String =
        policy.split_inclusive('\n').filter(|line| line.starts_with("log ")).collect();
    let log_key = logs.split_whitespace().nth(1).unwrap().to_owned();
    let witnessed = format!("{logs}witness a {}\nwitness b {}\nquorum none\n", keys[0], keys[1]);
    fs::write(scene.folder().join("witnessed.txt"), witnessed).unwrap();
    fs::write(scene.folder().join("signed"), served.get("/checkpoint").body).unwrap();
    let path = |name: &str| scene.folder().join(name);
    match python() {
        Ok(python) => {
            let run = |script: &str, arguments: &[PathBuf]| {
                let mut command = Command::new(&python);
                command.arg("-B").arg(foreign(script)).args(arguments).output().unwrap()
            };
            let url = PathBuf::from(mirror.url());
            expect_ok(&run("witness.py", &[url, path("witnessed.txt"), path("signed")]));
            expect_ok(&run("directory.py", &[path("one/copy"), path("witnessed.txt")]));
        }
        Err(reason) => skip(&reason),
    }
    match go(scene.folder()) {
        Ok(go) => expect_ok(&Command::new(go).arg(path("one/copy")).arg(log_key).output().unwrap()),
        Err(reason) => skip(&reason),
    }
}

/// What a witness answers counts with the key that the configuration names, and with no other; how it stands is shown to those who
/// oversee.
#[test]
fn a_server_believes_a_witness_by_its_key_alone() {
    let scene = Scene::new();
    let keys = scene.make_mirror("one");
    let others = scene.make_mirror("two");
    let served = scene.serve("ledger");
    let address = served.address().to_string();
    let mirror = scene.mirror(&served.url(), "one");
    mirror.wait_for_size("replayed and cosigned", 1);
    assert_eq!(served.stop(), Some(0));
    let witness = |name: &str, keys: &[String; 2], url: &str| {
        format!("[[witnesses]]\nname = \"{name}\"\nurl = \"{url}\"\nkeys = {keys:?}\n")
    };
    let nowhere = "http://127.0.0.1:1";
    let config = [
        OVERSEERS.to_owned(),
        witness("right", &keys, &mirror.url()),
        witness("wrong", &others, &mirror.url()),
        witness("away", &others, nowhere),
        witness("strange", &others, &format!("http://{address}")),
    ];
    fs::write(scene.folder().join("serve.toml"), config.concat()).unwrap();
    let served = Served::start_at(scene.folder(), "ledger", &address, &["--config", "serve.toml"]);
    served.wait_for_size("cosigned", 1);
    let said = |code: &str| served.wait_for(code, |line| line["fields"]["code"] == code);
    said("witness/answer");
    said("client/unreachable");
    said("witness/refused");
    let shown = served.get("/checkpoint").body;
    assert_eq!(Checkpoint::parse(shown.as_bytes()).unwrap().signatures().len(), 4);
    assert_eq!(served.get("/v1/witnesses").code(), "access/who");
    // Ben oversees, and sees how they stand.
    let told = Reading::of(&scene, "ben", &served).get("/v1/witnesses");
    assert_eq!(told.status, 200, "{}", told.body);
    let told: Value = serde_json::from_str(&told.body).unwrap();
    let stand = |at: usize| {
        let one = &told["witnesses"][at];
        let word = |name: &str| one[name].as_str().unwrap_or("-").to_owned();
        [word("name"), word("state"), word("trouble")]
    };
    assert_eq!(stand(0), ["right", "current", "-"]);
    assert_eq!(stand(1), ["wrong", "unheard", "witness/answer"]);
    assert_eq!(stand(2), ["away", "unheard", "client/unreachable"]);
    assert_eq!(stand(3), ["strange", "unheard", "witness/refused"]);
    assert_eq!((&told["cosigned"], &told["witnesses"][0]["behind"]), (&told["size"], &0.into()));
    assert_eq!(
        Reading::of(&scene, "anna", &served).get("/v1/witnesses").code(),
        "access/forbidden"
    );
    // It is kept: opened again, the checkpoint has its lines.
    assert_eq!(served.stop(), Some(0));
    assert_eq!(newest(&scene, "ledger", 1).0.as_bytes(), shown.as_bytes());
}

/// Somebody who reads with a signed request.
struct Reading<'a> {
    served: &'a Served,
    key: SigningKey,
}

impl<'a> Reading<'a> {
    fn of(scene: &Scene, who: &str, served: &'a Served) -> Self {
        let source = PassphraseSource { file: Some(scene.folder().join("passphrase.txt")) };
        let pen = Pen::open(&scene.folder().join(format!("{who}.key")), &source).unwrap();
        Self { served, key: pen.key().clone() }
    }

    fn get(&self, path: &str) -> HttpAnswer {
        let authority = self.served.address().to_string();
        let target = Target { method: "GET", authority: &authority, path, query: None, body: b"" };
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).unwrap();
        let nonce = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
        let kid = CoseKey::from_bytes(self.key.verifying_key().as_bytes()).unwrap().kid();
        let params = SignatureParams { created_s: custody_api::desk::now_s(), nonce, kid };
        let signed = sign_request(&self.key, &target, &params);
        let head = format!(
            "Content-Digest: {}\r\nSignature-Input: {}\r\nSignature: {}\r\n",
            signed.content_digest, signed.input, signed.signature
        );
        self.served.ask("GET", path, &head, b"")
    }
}
