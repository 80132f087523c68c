//! Transcripts: a command with what it answers, as a file. A changed message is a changed file in review.
//!
//! A transcript has any number of steps: a line `$ PROGRAM ARGUMENTS`, what it wrote to stdout, its
//! stderr with `! ` before each line, and a line `[STATUS]`. Words are separated by spaces; there is no
//! quoting. `CUSTODY_TRANSCRIPTS=write` writes the files anew.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::program;

/// Plays every transcript of `tests/transcripts/<name>` in `folder`, and says how many there were.
pub fn play_all(name: &str, folder: &Path) -> usize {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts").join(name);
    let files = fs::read_dir(&root).expect("the folder of transcripts is there");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    files.iter().for_each(|file| play(file, folder));
    files.len()
}

fn play(file: &Path, folder: &Path) {
    let expected = fs::read_to_string(file).expect("a transcript is text");
    let commands = expected.lines().filter_map(|line| line.strip_prefix("$ "));
    let mut actual = String::new();
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        let ran = program::run(words[0], folder, &words[1..], "");
        let _ = writeln!(actual, "$ {command}");
        actual.push_str(&ran.stdout);
        ran.stderr.lines().for_each(|line| {
            let _ = writeln!(actual, "! {line}");
        });
        let _ = writeln!(actual, "[{}]", ran.status);
    }
    if std::env::var_os("CUSTODY_TRANSCRIPTS").is_some_and(|mode| mode == "write") {
        return fs::write(file, &actual).expect("a transcript can be written");
    }
    assert_eq!(actual, expected, "{}", file.display());
}
