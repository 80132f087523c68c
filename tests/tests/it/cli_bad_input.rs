//! Results that nobody can take, and commands that are broken off: an error where something is lost, and
//! nothing half written under the name that was asked for.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use custody_tests::office::{Office, VARIABLES};
use custody_tests::program;
use tempfile::TempDir;

use crate::cli_transcripts::office;
use crate::verify_cli_site;

fn command(name: &str, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program::path_of(name));
    command.args(arguments).current_dir(folder).envs(VARIABLES).stdin(Stdio::null());
    command
}

/// A disk that is full, as a file.
fn full() -> Option<Stdio> {
    OpenOptions::new().write(true).open("/dev/full").ok().map(Stdio::from)
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let site = verify_cli_site::build();
    let office = &office().1;
    for (mut command, expected) in [
        (command("custody", office.folder(), &["where"]), "error: cannot write to stdout: "),
        (
            command("custody-verify", site.path(), &["inspect", "policy.txt"]),
            "error: cannot write the result: ",
        ),
    ] {
        let Some(full) = full() else {
            eprintln!("SKIPPED cli_bad_input: there is no /dev/full");
            return;
        };
        let ran = command.stdout(full).output().unwrap();
        let stderr = String::from_utf8(ran.stderr).unwrap();
        assert!(ran.status.code() == Some(2) && stderr.starts_with(expected), "{stderr}");
    }
}

/// With nobody to talk to, the status still says what happened.
#[test]
fn talk_that_nobody_hears_is_no_error() {
    let site = verify_cli_site::build();
    let office = &office().1;
    for mut command in [
        command("custody", office.folder(), &["show", "nothing"]),
        command("custody-verify", site.path(), &["inspect", "nothing"]),
        command("custody-verify", site.path(), &["nothing"]),
    ] {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stderr.take());
        assert_eq!(child.wait().unwrap().code(), Some(2), "{command:?}");
    }
}

/// Ctrl-C, as soon as `is_time` says so or the command has ended.
fn interrupt(mut child: Child, is_time: impl Fn(u32) -> bool) {
    let id = child.id();
    while child.try_wait().unwrap().is_none() && !is_time(id) {
        std::thread::yield_now();
    }
    // Where the command has ended meanwhile there is nobody to interrupt.
    let _ = Command::new("kill").args(["-INT", &id.to_string()]).stderr(Stdio::null()).status();
    child.wait().unwrap();
}

fn copy() -> (TempDir, Office) {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    office.ask(&["policy", "--out", "policy.txt"]);
    office.ask(&["trust-sheet", "--pins", "agencies.txt"]);
    (folder, office)
}

#[test]
fn an_export_that_is_broken_off_leaves_a_whole_exhibit_or_none() {
    let (_folder, office) = copy();
    let item = format!("item:{}", office.id("image"));
    let words = ["export", &item, "--for", "Court", "--purpose", "trial", "--key", "anna.key"];
    for round in 0..8 {
        let name = format!("{round}.exhibit");
        let spawned =
            command("custody", office.folder(), &[&words[..], &["--out", &name]].concat())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
        // When it begins to write.
        interrupt(spawned.unwrap(), |id| office.folder().join(format!("{name}.{id}.tmp")).exists());
        if office.folder().join(&name).exists() {
            let verify = ["exhibit", &name, "--policy", "policy.txt", "--agencies", "agencies.txt"];
            let ran = program::run("custody-verify", office.folder(), &verify, "");
            assert_eq!(ran.status, 0, "{ran:?}");
        }
    }
    office.ask(&[&words[..], &["--out", "last.exhibit"]].concat());
}

#[test]
fn publishing_that_is_broken_off_leaves_nothing_that_counts() {
    let (_folder, office) = copy();
    let replay = ["replay", "tiles", "--policy", "policy.txt"];
    let tiles = office.folder().join("tiles");
    for _ in 0..8 {
        let _ = fs::remove_dir_all(&tiles);
        let spawned = command("custody", office.folder(), &["publish", "--out", "tiles"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        interrupt(spawned.unwrap(), |_| tiles.exists());
        if tiles.join("checkpoint").exists() {
            let ran = program::run("custody-verify", office.folder(), &replay, "");
            assert_eq!(ran.status, 0, "{ran:?}");
        }
        // Run again, it finishes, and nothing strays.
        office.ask(&["publish", "--out", "tiles"]);
        let ran = program::run("custody-verify", office.folder(), &replay, "");
        assert!(ran.status == 0 && !ran.stdout.contains("not part of"), "{ran:?}");
    }
}

/// A shell often allows 1,024 files, and a large ledger has more.
#[test]
fn a_ledger_opens_where_few_files_are_allowed_at_first() {
    let office = &office().1;
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -S -n 20 && exec \"$0\" where"]).arg(program::path_of("custody"));
    limited.current_dir(office.folder()).envs(VARIABLES).stdin(Stdio::null());
    let output = limited.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
