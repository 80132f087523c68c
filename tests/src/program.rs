//! Running the repository's own programs from tests.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// What a program did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Its exit status; -1 where a signal ended it.
    pub status: i32,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Ran {
    /// Everything that it wrote, if no character of it but line breaks can move a terminal or turn words
    /// round.
    ///
    /// # Panics
    /// One can.
    #[track_caller]
    pub fn plain(&self) -> String {
        let text = format!("{}{}", self.stdout, self.stderr);
        let is_hostile = |c: char| {
            (c.is_control() && c != '\n')
                || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c)
        };
        assert!(!text.contains(is_hostile), "{text:?}");
        text
    }
}

/// A name with everything in it that can make a terminal show something else, and how it is shown.
pub const HOSTILE: [&str; 2] = [
    "a\nverified: b\r\u{1b}[2J\u{9b}2J\u{7f}\u{202e}gpj\u{2066}\u{200f}\u{2028}c\u{2029}",
    r"a\nverified: b\r\u{1b}[2J\u{9b}2J\u{7f}\u{202e}gpj\u{2066}\u{200f}\u{2028}c\u{2029}",
];

/// Runs the program `name` in `folder`, without colours and without a terminal.
pub fn run(name: &str, folder: &Path, arguments: &[&str], stdin: &str) -> Ran {
    finish(command(name, folder, arguments), stdin)
}

/// As [`run`], with variables of the environment instead of input.
pub fn run_in(name: &str, folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = command(name, folder, arguments);
    command.envs(variables.iter().copied());
    finish(command, "")
}

fn command(name: &str, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(path_of(name));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1");
    command
}

fn finish(mut command: Command, stdin: &str) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that does not read its input may be gone already.
    let _ = child.stdin.take().map(|mut input| input.write_all(stdin.as_bytes()));
    let output = child.wait_with_output().expect("the program ends");
    Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Where the program `name` is, built from the sources as they are now.
pub fn path_of(name: &str) -> PathBuf {
    static BUILT: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let built = built.get_or_insert_default();
    built.entry(name.to_owned()).or_insert_with(|| build(name)).clone()
}

fn build(name: &str) -> PathBuf {
    // A test lies in `deps` beside the programs, the benchmark among them.
    let own = std::env::current_exe().expect("a running program has a path");
    let folder = own.ancestors().skip(1).find(|folder| !folder.ends_with("deps"));
    let folder = folder.expect("it lies in a target folder");
    let mut cargo = Command::new(env!("CARGO"));
    // What cargo tells a test about its package, a build script may take for a change of its own.
    let told = std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    });
    for name in told {
        cargo.env_remove(name);
    }
    let status = cargo
        .args(["build", "--release", "--quiet", "--workspace", "--bin", name])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CARGO_TARGET_DIR", folder.parent().expect("a profile's folder has a parent"))
        .status()
        .expect("cargo starts");
    assert!(status.success(), "`{name}` does not build");
    folder.join(name)
}
