//! Transcripts: a command with what it answers, as a file. A changed message is a changed file in review.
//!
//! A transcript has any number of steps: a line `$ PROGRAM ARGUMENTS`, what it wrote to stdout, its
//! stderr with `! ` before each line, and a line `[STATUS]`. Words are separated by spaces; quotes hold
//! several words together, as in a shell, and `NAME=VALUE` before the program sets its environment.
//! What differs from run to run stands under a name, see [`Masks`]. `CUSTODY_TRANSCRIPTS=write` writes
//! the files anew.

mod mask;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::program;

pub use mask::Masks;

/// Plays every transcript of `tests/transcripts/<name>` in `folder`, and says how many there were.
pub fn play_all(name: &str, folder: &Path) -> usize {
    let files = files(name);
    files.iter().for_each(|file| play(file, folder, &[], &mut Masks::none()));
    files.len()
}

/// The transcripts of `tests/transcripts/<name>`.
pub fn files(name: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts").join(name);
    let files = fs::read_dir(&root).expect("the folder of transcripts is there");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    files
}

/// Plays one transcript in `folder`, with `variables` in the environment of every command.
pub fn play(file: &Path, folder: &Path, variables: &[(&str, &str)], masks: &mut Masks) {
    let expected = fs::read_to_string(file).expect("a transcript is text");
    let commands = expected.lines().filter_map(|line| line.strip_prefix("$ "));
    let mut actual = String::new();
    for command in commands {
        masks.keep_times(command);
        let words = words(&masks.reveal(command));
        let is_setting = |word: &&String| word.split_once('=').is_some_and(|(n, _)| is_variable(n));
        let settings: Vec<_> = words.iter().take_while(is_setting).collect();
        let own = settings.iter().filter_map(|word| word.split_once('='));
        let words: Vec<_> = words.iter().skip(settings.len()).map(String::as_str).collect();
        let settings: Vec<_> = variables.iter().copied().chain(own).collect();
        let before = listing(folder);
        let ran = program::run_in(words[0], folder, &words[1..], &settings);
        if ran.status != 0 && ran.stderr.contains("error: ") {
            assert_eq!(listing(folder), before, "`{command}` failed and left something behind");
        }
        let _ = writeln!(actual, "$ {command}");
        actual.push_str(&masks.hide(&ran.stdout));
        masks.hide(&ran.stderr).lines().for_each(|line| {
            let _ = writeln!(actual, "! {line}");
        });
        let _ = writeln!(actual, "[{}]", ran.status);
    }
    if std::env::var_os("CUSTODY_TRANSCRIPTS").is_some_and(|mode| mode == "write") {
        fs::write(file, &actual).expect("a transcript can be written");
        return;
    }
    assert_eq!(actual, expected, "{}", file.display());
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// Words as a shell would see them, single quotes only.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (position, part) in command.split('\'').enumerate() {
        let mut pieces = if position % 2 == 1 { vec![part] } else { part.split(' ').collect() };
        let last = words.last_mut().expect("there is a first word");
        last.push_str(pieces.remove(0));
        words.extend(pieces.into_iter().map(str::to_owned));
    }
    words
}

/// The files in a folder, without those of a store, which notes in them when it is opened.
fn listing(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut files = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true if path.ends_with("store") => {}
                true => pending.push(path),
                false => files.push((path.clone(), path.metadata().map_or(0, |data| data.len()))),
            }
        }
    }
    files.sort();
    files
}
