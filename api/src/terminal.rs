//! What a command prints: the result on stdout, talk on stderr, a bar where somebody is watching.
//!
//! Nothing else writes to a terminal. What stands in a line may be anybody's words, the name of a person, a
//! file or an agency: every line is escaped here, on its way out, and so stays one line.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use custody_core::id::{Origin, TRAINING_MARK};
use custody_core::printable::{printable, printable_json};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::failure::{Ending, Failure};

/// What came of a command.
#[derive(Clone, Debug)]
pub struct Answer {
    /// For people, line by line.
    pub lines: Vec<String>,
    /// For programs.
    pub json: Value,
    /// The exit status.
    pub ending: Ending,
    /// The lines are a file that programs read, in which `#` begins a comment.
    pub is_a_file: bool,
}

impl Answer {
    /// The answer of a command that did what was asked.
    pub fn done(lines: Vec<String>, json: Value) -> Self {
        Self { lines, json, ending: Ending::Done, is_a_file: false }
    }

    /// The same answer with another exit status.
    #[must_use]
    pub fn ending(self, ending: Ending) -> Self {
        Self { ending, ..self }
    }
}

/// Whether this run of the program has to do with a training ledger. It is kept here, and set wherever a
/// ledger or an offer is opened, so that no command can forget what its answer has to begin with.
static IS_TRAINING: AtomicBool = AtomicBool::new(false);

/// Whatever is printed from now on is about the ledger `origin`.
pub fn is_about(origin: &Origin) {
    if origin.is_training() {
        IS_TRAINING.store(true, Ordering::Relaxed);
    }
}

fn is_training() -> bool {
    IS_TRAINING.load(Ordering::Relaxed)
}

/// In what form a command answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// Prints what came of a command and returns how it ended.
pub fn report(result: Result<Answer, Failure>, form: Form) -> Ending {
    let (printed, ending) = match result {
        Ok(answer) if form == Form::Json => (print_json(answer.json), answer.ending),
        Ok(answer) => (print(&answer), answer.ending),
        Err(failure) => {
            if is_training() {
                talk(TRAINING_MARK);
            }
            failure.lines().iter().for_each(|line| talk(line));
            let printed = match form {
                Form::Json => print_json(failure.to_json()),
                Form::Text => Ok(()),
            };
            (printed, failure.ending())
        }
    };
    match printed {
        // Whoever stops reading has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ending,
        Err(error) => {
            talk(&format!("error: cannot write to stdout: {error}"));
            Ending::CouldNot
        }
        Ok(()) => ending,
    }
}

/// Says something beside the result: a line on stderr. With stderr gone there is nobody to tell.
pub fn talk(line: &str) {
    let _ = writeln!(io::stderr(), "{}", printable(line));
}

/// Asks whoever sits at the terminal for something that is not to be seen.
///
/// # Errors
/// There is no terminal.
pub fn ask_hidden(prompt: &str) -> io::Result<String> {
    rpassword::prompt_password(printable(prompt))
}

/// A bar that counts up to `total`, on a terminal; nothing elsewhere. Goes away when it is dropped.
pub fn bytes_bar(what: &'static str, total: u64) -> Bar {
    bar(what, total, "{msg} {wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec}")
}

/// As [`bytes_bar`], for things that are counted one by one.
pub fn count_bar(what: &'static str, total: u64) -> Bar {
    bar(what, total, "{msg} {wide_bar} {human_pos}/{human_len} {eta}")
}

/// See [`bytes_bar`].
pub struct Bar(ProgressBar);

impl Bar {
    /// How far it is.
    pub fn set(&self, position: u64) {
        self.0.set_position(position);
    }

    /// How far it goes.
    pub fn set_total(&self, total: u64) {
        self.0.set_length(total);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Colours follow `NO_COLOR`: there are none in any case, only the bar's characters.
fn bar(what: &'static str, total: u64, template: &str) -> Bar {
    if !io::stderr().is_terminal() {
        return Bar(ProgressBar::hidden());
    }
    let bar = ProgressBar::new(total).with_message(what);
    let style = ProgressStyle::with_template(template);
    Bar(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
}

fn print(answer: &Answer) -> io::Result<()> {
    let mark = is_training().then_some(TRAINING_MARK);
    let comment = if answer.is_a_file { "# " } else { "" };
    let mark = mark.map(|mark| format!("{comment}{mark}\n"));
    write(
        &mark
            .into_iter()
            .chain(answer.lines.iter().map(|line| printable(line) + "\n"))
            .collect::<String>(),
    )
}

fn print_json(mut value: Value) -> io::Result<()> {
    if let (true, Some(object)) = (is_training(), value.as_object_mut()) {
        object.insert("training".to_owned(), Value::Bool(true));
    }
    write(&printable_json(&format!("{value:#}\n")))
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
