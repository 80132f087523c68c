//! Key files and founding: what other tools can read, and what is never written.

use std::fs;
use std::process::Command;

use custody_tests::program;
use tempfile::TempDir;

use crate::cli_transcripts::office;

#[test]
fn key_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_, office) = office();
    for name in ["anna.key", "ledger/keys/log-ed25519.key", "ledger/keys/log-mldsa44.key"] {
        let mode = fs::metadata(office.folder().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn openssl_opens_a_key_file_and_finds_the_public_half() {
    let (_, office) = office();
    let openssl = |arguments: &[&str]| {
        Command::new("openssl").args(arguments).current_dir(office.folder()).output()
    };
    let passphrase = "file:passphrase.txt";
    let Ok(private) = openssl(&["pkey", "-in", "anna.key", "-passin", passphrase, "-pubout"])
    else {
        eprintln!("SKIPPED openssl_opens_a_key_file: there is no openssl");
        return;
    };
    assert!(private.status.success(), "{}", String::from_utf8_lossy(&private.stderr));
    let public = fs::read(office.folder().join("anna.pub")).unwrap();
    assert_eq!(private.stdout, public);
    let wrong = openssl(&["pkey", "-in", "anna.key", "-passin", "pass:wrong", "-noout"]).unwrap();
    assert!(!wrong.status.success());
}

#[test]
fn a_key_file_made_by_openssl_is_read() {
    let (_, office) = office();
    let folder = TempDir::new().unwrap();
    fs::copy(office.folder().join("passphrase.txt"), folder.path().join("pass")).unwrap();
    let make = [
        "genpkey",
        "-algorithm",
        "ed25519",
        "-aes-256-cbc",
        "-pass",
        "file:pass",
        "-out",
        "own.key",
    ];
    let made = Command::new("openssl").args(make).current_dir(folder.path()).output();
    let Ok(made) = made else {
        eprintln!("SKIPPED a_key_file_made_by_openssl_is_read: there is no openssl");
        return;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let pass = ["key", "show", "own.key", "--passphrase-file", "pass", "--json"];
    let variables = [("CUSTODY_LEDGER", "")];
    let shown = program::run_in("custody", folder.path(), &pass, &variables);
    assert_eq!(shown.status, 0, "{}", shown.stderr);
}

#[test]
fn check_words_come_back_as_the_thumbprint() {
    let (_, office) = office();
    let shown = office.ask(&["key", "show", "anna.pub"]);
    let words: Vec<_> =
        shown["words"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let digest = custody_api::check_words::parse_check_words(&words.join(" ")).unwrap();
    assert_eq!(shown["thumbprint"], digest.to_string());
}

#[test]
fn a_key_file_that_demands_too_much_work_is_refused_before_it_is_opened() {
    let (_, office) = office();
    let folder = TempDir::new().unwrap();
    // scrypt with N = 2^30 would take 1 TiB; the file is otherwise one of ours.
    let pem = fs::read_to_string(office.folder().join("anna.key")).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    let mut der = engine.decode(body).unwrap();
    // N stands as `02 02 40 00`; there is room for the same length only, so r grows instead: `02 01 08`.
    let place = der.windows(7).position(|w| w == [2, 2, 0x40, 0, 2, 1, 8]).unwrap();
    der[place + 2] = 0x7f;
    der[place + 6] = 0x7f;
    let text = engine.encode(der);
    let lines: Vec<_> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let label = "ENCRYPTED PRIVATE KEY";
    let pem = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"));
    fs::write(folder.path().join("work.key"), pem).unwrap();
    let arguments = ["key", "show", "work.key", "--passphrase-file", "/dev/null", "--json"];
    let ran = program::run_in("custody", folder.path(), &arguments, &[("CUSTODY_LEDGER", "")]);
    assert_eq!(
        (ran.status, ran.stderr.as_str()),
        (2, "error: `work.key` demands more work to open than is allowed\n")
    );
    assert!(ran.stdout.contains(r#""key-file/work""#), "{ran:?}");
}
