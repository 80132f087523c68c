//! Backups of a ledger that is served meanwhile, and what systemd is told of its server.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use custody_tests::office::{Office, names};
use custody_tests::program::{path_of, run_in};
use custody_tests::served::Served;
use serde_json::Value;
use tempfile::TempDir;

fn office() -> (TempDir, Office) {
    let folder = TempDir::new().unwrap();
    let office = crate::cli_transcripts::office().1.copy_to(folder.path());
    (folder, office)
}

/// Records at the server, as somebody on another machine.
fn note(office: &Office, served: &Served, who: &str, item: &str, text: &str) {
    let (url, key) = (served.url(), format!("{who}.key"));
    // Each at a machine of their own.
    let state = office.folder().join(format!("{who}-{item}"));
    let item = format!("item:{}", office.id(item));
    let variables = [
        ("CUSTODY_LEDGER", ""),
        ("CUSTODY_SERVER", url.as_str()),
        ("CUSTODY_KEY", key.as_str()),
        ("CUSTODY_PASSPHRASE_FILE", "passphrase.txt"),
        ("CUSTODY_STATE", state.to_str().unwrap()),
    ];
    let ran = run_in("custody", office.folder(), &["note", &item, "--text", text], &variables);
    assert_eq!(ran.status, 0, "{ran:?}");
}

fn code(office: &Office, arguments: &[&str]) -> Value {
    let ran = office.run(&[arguments, &["--json"]].concat());
    assert_ne!(ran.status, 0, "{ran:?}");
    serde_json::from_str::<Value>(&ran.stdout).unwrap()["error"]["code"].clone()
}

/// Records come in all the time; each backup is restored, checked whole, held against the tree that was published at the
/// end, and gone on with to it.
#[test]
fn backups_under_load_are_each_restored() {
    let (_folder, office) = office();
    let served = Served::start(office.folder(), "ledger", &[]);
    let is_done = AtomicBool::new(false);
    let mut made = Vec::new();
    std::thread::scope(|scope| {
        for (who, item) in [("anna", "laptop"), ("anna", "image")] {
            let (office, served, is_done) = (&office, &served, &is_done);
            scope.spawn(move || {
                for number in 0.. {
                    note(office, served, who, item, &number.to_string());
                    if is_done.load(Ordering::SeqCst) {
                        break;
                    }
                }
            });
        }
        // Whatever happens: who records must not go on for ever.
        let _done = Done(&is_done);
        while made.len() < 6 {
            let backup = office.ask(&["backup", "--to", "backups"]);
            assert_eq!(backup["online"], true);
            let new = (backup["size"].as_u64().unwrap(), backup["root"].clone());
            // Where nothing was recorded in between, it is the same backup.
            if made.last() != Some(&new) {
                made.push(new);
            }
        }
    });
    assert!(made.is_sorted_by_key(|(size, _)| *size) && made[0].0 < made[5].0, "{made:?}");
    let live = office.ask(&["publish", "--out", "tiles"]);
    fs::write(office.folder().join("policy.txt"), office.run(&["policy"]).stdout).unwrap();
    let listed = office.ask(&["restore", "--from", "backups", "--list"]);
    assert_eq!(listed["backups"].as_array().unwrap().len(), 6);
    for (number, (size, root)) in made.iter().enumerate() {
        let (at, look, whole) =
            (size.to_string(), format!("look-{number}"), format!("whole-{number}"));
        let choice = ["restore", "--from", "backups", "--size", &at];
        office.ask(&[&choice[..], &["--to", &look, "--look-only"]].concat());
        let checked = office.ask(&["check", "--ledger", &look]);
        assert_eq!((&checked["sound"], &checked["root"]), (&true.into(), root));
        assert_eq!(checked["openings"]["not_kept"], 0, "openings are never behind their records");
        consistent(&office, &office.folder().join(&look).join("high-water"));
        let mark = ["--high-water", "ledger/high-water"];
        if *size < live["size"].as_u64().unwrap() {
            let refused = code(&office, &[&choice[..], &["--to", &whole], &mark].concat());
            assert_eq!(refused, "restore/behind");
        }
        let rest = ["--to", &whole, "--tiles", "tiles"];
        let restored = office.ask(&[&choice[..], &rest, &mark].concat());
        assert_eq!(restored["root"], live["root"]);
        assert_eq!(office.ask(&["check", "--ledger", &whole])["root"], live["root"]);
    }
    assert_eq!(served.stop(), Some(0));
    assert!(!office.folder().join("ledger/snapshot").exists());
}

struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// The published tree goes on from this checkpoint, says the program that knows no store.
fn consistent(office: &Office, checkpoint: &Path) {
    let theirs = checkpoint.to_str().unwrap();
    let rest = ["tiles/checkpoint", "--tiles", "tiles", "--policy", "policy.txt"];
    let arguments = [&["consistency", theirs], &rest[..]].concat();
    let ran = run_in("custody-verify", office.folder(), &arguments, &[]);
    assert!(ran.status == 0 && ran.stdout.starts_with("verified"), "{ran:?}");
}

#[test]
fn the_server_gives_one_snapshot_at_a_time() {
    let (_folder, office) = office();
    let served = Served::start(office.folder(), "ledger", &[]);
    let ledger = office.folder().join("ledger");
    let ask = |line: &[u8]| {
        let mut stream = UnixStream::connect(ledger.join("control")).unwrap();
        stream.write_all(line).unwrap();
        let mut answer = String::new();
        BufReader::new(&stream).read_line(&mut answer).unwrap();
        (stream, answer)
    };
    let (held, answer) = ask(b"snapshot\n");
    assert_eq!(answer, "{\"snapshot\":\"snapshot\"}\n");
    assert!(ledger.join("snapshot/CURRENT").exists());
    assert_eq!(code(&office, &["backup", "--to", "backups"]), "backup/busy");
    assert!(ask(b"anything\n").1.contains("usage"));
    // Whoever had it goes away; so does the snapshot.
    drop(held);
    while ledger.join("snapshot").exists() {
        std::thread::yield_now();
    }
    office.ask(&["backup", "--to", "backups"]);
    // Killed, a server leaves its socket and its snapshot: nobody answers there, and nobody is misled.
    let mut held = loop {
        // The server may still be clearing up after the backup.
        let (held, answer) = ask(b"snapshot\n");
        if answer.contains("snapshot\":") {
            break held;
        }
    };
    served.kill();
    let _ = held.read_to_end(&mut Vec::new());
    assert!(ledger.join("control").exists() && ledger.join("snapshot").exists());
    let made = office.ask(&["backup", "--to", "backups"]);
    assert_eq!(made["online"], false);
    assert!(!ledger.join("snapshot").exists());
    let again = Served::start(office.folder(), "ledger", &[]);
    assert_eq!(office.ask(&["backup", "--to", "backups"])["online"], true);
    assert_eq!(again.stop(), Some(0));
    // Something else at the socket is no server.
    fs::remove_file(ledger.join("control")).unwrap();
    let liar = UnixListener::bind(ledger.join("control")).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| liar.accept().unwrap().0.write_all(b"{}\n").unwrap());
        assert_eq!(code(&office, &["backup", "--to", "backups"]), "backup/control");
    });
}

/// Killed while the server goes on: the server clears up after it, and the next backup works.
#[test]
fn a_backup_that_is_killed_costs_the_server_nothing() {
    let (_folder, office) = office();
    let served = Served::start(office.folder(), "ledger", &[]);
    office.ask(&["backup", "--to", "backups"]);
    let (ledger, backups) = (office.folder().join("ledger"), office.folder().join("backups"));
    for _ in 0..5 {
        let mut child = Command::new(path_of("custody"))
            .args(["backup", "--to", "backups", "--ledger", "ledger"])
            .current_dir(office.folder())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while child.try_wait().unwrap().is_none()
            && !names(&backups).iter().any(|name| name.starts_with(".partial-"))
        {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        while ledger.join("snapshot").exists() {
            std::thread::yield_now();
        }
    }
    note(&office, &served, "anna", "laptop", "a");
    assert_eq!(office.ask(&["backup", "--to", "backups"])["size"], 8);
    assert!(!names(&backups).iter().any(|name| name.starts_with(".partial-")));
    assert_eq!(served.stop(), Some(0));
}

/// What systemd hears of a server of `Type=notify` with a watchdog.
#[test]
fn systemd_is_told_that_it_serves_lives_and_stops() {
    let (folder, office) = office();
    let place = folder.path().join("notify");
    let socket = UnixDatagram::bind(&place).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut child = Command::new(path_of("custody"))
        .args(["serve", "--listen", "127.0.0.1:0", "--ledger", "ledger"])
        .current_dir(office.folder())
        .env("CUSTODY_LOG_PASSPHRASE_FILE", "passphrase.txt")
        .env("NOTIFY_SOCKET", &place)
        .env("WATCHDOG_USEC", "300000")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let hear = || {
        let mut buffer = [0; 256];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).trim().to_owned()
    };
    let mut heard = vec![hear(), hear(), hear()];
    heard.sort();
    assert_eq!(heard, ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]);
    let tell = |signal: &str| {
        let told = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(told.success());
    };
    // Reloaded without a certificate to read again, it goes on.
    tell("-HUP");
    assert_eq!([hear(), hear()], ["WATCHDOG=1", "WATCHDOG=1"]);
    tell("-TERM");
    let begun = Instant::now();
    while hear() != "STOPPING=1" {
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
