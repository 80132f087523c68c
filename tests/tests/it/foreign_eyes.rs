//! What we write, read by programs that share nothing with us: Python with its own CBOR, COSE, Ed25519
//! and ML-DSA, and Go's checksum database.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use custody_core::checkpoint::{Checkpoint, PosixTime};
use custody_core::hash::sha256;
use custody_core::merkle::{LeafIndex, prove_inclusion};
use custody_core::note::KeyName;
use custody_core::policy::{Policy, Word};
use custody_core::receipt::Receipt;
use custody_log::signing::{Ed25519Cosigner, MlDsaCosigner, cosign_ed25519, cosign_mldsa44};
use custody_tests::paper::{PaperLedger, seed};
use custody_tests::published::{Busy, publish_as};
use tempfile::TempDir;

use crate::record_vectors::root;

/// Entries of the published ledger: three tiles of hashes, of which one is partial, and one above them.
const ENTRIES: usize = 600;

pub fn foreign(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign").join(file)
}

/// Says past the harness's capture why a test could not be made.
pub fn skip(reason: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("unnamed test");
    // With stderr gone there is nobody left to tell.
    let _ = writeln!(io::stderr(), "SKIPPED {test}: {reason}");
}

#[track_caller]
pub fn expect_ok(output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success() && stdout.starts_with("ok: "), "{stdout}{stderr}");
    println!("{}", stdout.trim_end());
}

/// The interpreter of an environment with exactly the packages of `requirements.txt`, kept from one run to
/// the next, or why there is none.
pub fn python() -> Result<PathBuf, String> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    PYTHON.get_or_init(|| make_python("requirements.txt")).clone()
}

/// As for other foreign eyes, an environment with exactly the packages of a file in `foreign`.
pub fn make_python(list: &str) -> Result<PathBuf, String> {
    let requirements = fs::read(foreign(list)).unwrap();
    let name = format!("python-{}", &sha256(&requirements).to_string()[..16]);
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let python = home.join("bin/python");
    if home.join("complete").exists() {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    run(install.arg(foreign(list)))?;
    fs::write(home.join("complete"), []).map_err(|error| error.to_string())?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = stderr.lines().last().unwrap_or("failed");
    Err(format!("{program}: {last}"))
}

/// A published directory with a receipt, and the policy of its reader.
struct Site {
    folder: TempDir,
    log_key: String,
}

impl Site {
    fn new() -> Self {
        let busy = Busy::new(ENTRIES, 5, 40);
        let (checkpoint, policy) = cosigned(&busy.ledger);
        let folder = tempfile::tempdir().unwrap();
        publish_as(&busy.ledger, &checkpoint, &folder.path().join("tiles")).unwrap();
        fs::write(folder.path().join("policy.txt"), policy.format()).unwrap();
        let index = LeafIndex(417);
        let proof = prove_inclusion(index, checkpoint.size(), &busy.ledger).unwrap();
        let receipt = Receipt::new(None, proof, checkpoint).unwrap();
        let entry = busy.ledger.entries[417].encode();
        fs::write(folder.path().join("receipt.tlog-proof"), receipt.format()).unwrap();
        fs::write(folder.path().join("receipt.entry"), entry).unwrap();
        fs::write(folder.path().join("receipt.record"), &busy.ledger.records[417]).unwrap();
        Self { folder, log_key: busy.ledger.signer.keys().ed25519().to_string() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// The checkpoint with a line of each kind that a witness makes, and a policy that wants both.
fn cosigned(ledger: &PaperLedger) -> (Checkpoint, Policy) {
    let [plain, mirror] = ["witness.example/w1", "mirror.example/custody-mirror"]
        .map(|name| KeyName::parse(name).unwrap());
    let plain = Ed25519Cosigner::from_seed(&plain, &seed("foreign plain")).unwrap();
    let mirror = MlDsaCosigner::from_seed(&mirror, &seed("foreign mirror")).unwrap();
    let time = PosixTime::new(ledger.now_s()).unwrap();
    let checkpoint = ledger.checkpoint();
    let lines = [
        cosign_ed25519(&plain, &checkpoint, time),
        cosign_mldsa44(&mirror, &checkpoint, time).unwrap(),
    ];
    let cosigned =
        lines.into_iter().fold(checkpoint, |note, line| note.with_signature(line).unwrap());
    let witnesses = vec![
        (Word::new(b"w1").unwrap(), plain.verifier().clone()),
        (Word::new(b"mirror").unwrap(), mirror.verifier().clone()),
    ];
    let policy = Policy::for_log(ledger.signer.keys().clone(), witnesses, Some(2)).unwrap();
    (cosigned, policy)
}

#[test]
fn python_verifies_records_as_plain_cose() {
    match python() {
        Ok(python) => expect_ok(
            &Command::new(python)
                .arg("-B")
                .arg(foreign("record.py"))
                .arg(root().join("record"))
                .output()
                .unwrap(),
        ),
        Err(reason) => skip(&reason),
    }
}

#[test]
fn python_verifies_a_published_directory_and_a_receipt() {
    let python = match python() {
        Ok(python) => python,
        Err(reason) => return skip(&reason),
    };
    let site = Site::new();
    let files = ["tiles", "policy.txt", "receipt.tlog-proof", "receipt.entry", "receipt.record"];
    let command = |python: &Path| {
        let mut command = Command::new(python);
        command.arg("-B").arg(foreign("directory.py")).args(files.map(|name| site.path(name)));
        command.output().unwrap()
    };
    expect_ok(&command(&python));
    // That it sees anything at all: one bit of a tile, of a bundle, of the checkpoint.
    for file in
        ["tiles/tile/0/001", "tiles/tile/1/000.p/2", "tiles/records/000", "tiles/checkpoint"]
    {
        let path = site.path(file);
        let honest = fs::read(&path).unwrap();
        let mut flipped = honest.clone();
        *flipped.last_mut().unwrap() ^= 1;
        fs::write(&path, flipped).unwrap();
        assert!(!command(&python).status.success(), "{file}");
        fs::write(&path, honest).unwrap();
    }
}

/// The program in Go, built into `folder`, or why there is none.
pub fn go(folder: &Path) -> Result<PathBuf, String> {
    let program = folder.join("foreign");
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&program).arg(".").current_dir(foreign("go"));
    run(&mut build).map(|()| program)
}

#[test]
fn go_reads_a_published_directory_with_the_checksum_databases_code() {
    let folder = tempfile::tempdir().unwrap();
    let program = match go(folder.path()) {
        Ok(program) => program,
        Err(reason) => return skip(&reason),
    };
    let site = Site::new();
    let check =
        || Command::new(&program).arg(site.path("tiles")).arg(&site.log_key).output().unwrap();
    expect_ok(&check());
    let tile = site.path("tiles/tile/0/001");
    let mut flipped = fs::read(&tile).unwrap();
    flipped[100] ^= 1;
    fs::write(&tile, flipped).unwrap();
    assert!(!check().status.success());
}
