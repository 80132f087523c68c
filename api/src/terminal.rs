//! What a command prints: the result on stdout, talk on stderr, a bar where somebody is watching.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::failure::{Ending, Failure};

/// What came of a command.
#[derive(Clone, Debug)]
pub struct Answer {
    /// For people. Ends in a newline, or is empty.
    pub text: String,
    /// For programs.
    pub json: Value,
    /// The exit status.
    pub ending: Ending,
}

impl Answer {
    /// The answer of a command that did what was asked.
    pub fn done(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, ending: Ending::Done }
    }
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
        Ok(answer) if form == Form::Json => (print_json(&answer.json), answer.ending),
        Ok(answer) => (print(&answer.text), answer.ending),
        Err(failure) => {
            talk(failure.to_string().trim_end());
            let printed = match form {
                Form::Json => print_json(&failure.to_json()),
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

/// Says something beside the result: lines on stderr. With stderr gone there is nobody to tell.
pub fn talk(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
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

fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

fn print_json(value: &Value) -> io::Result<()> {
    print(&format!("{value:#}\n"))
}
