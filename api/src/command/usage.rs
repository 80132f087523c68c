//! What clap finds wrong with the words that were typed, said in our way.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde_json::Value;

use super::elsewhere;
use crate::failure::Failure;
use crate::terminal::Answer;

/// Characters of a value that are repeated in an error.
const EXCERPT: usize = 80;
/// Names that are offered for one that is unknown.
const MEANT: usize = 3;

/// Help and version texts are answers; everything else is a failure. `path` is the command that was typed.
///
/// # Errors
/// What is wrong with the words.
pub fn explain(error: &clap::Error, path: &str) -> Result<Answer, Failure> {
    use ErrorKind::{
        ArgumentConflict, DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion,
        InvalidSubcommand, InvalidUtf8, InvalidValue, MissingRequiredArgument, MissingSubcommand,
        UnknownArgument, ValueValidation, WrongNumberOfValues,
    };
    let argument = named(error);
    let value = excerpt(&text(error, ContextKind::InvalidValue));
    let message = match error.kind() {
        DisplayHelp | DisplayVersion => {
            let text = error.to_string();
            return Ok(Answer::done(text.lines().map(str::to_owned).collect(), Value::Null));
        }
        DisplayHelpOnMissingArgumentOrSubcommand | MissingSubcommand => {
            "no command is given".to_owned()
        }
        InvalidSubcommand => {
            format!("unknown command `{}`", text(error, ContextKind::InvalidSubcommand))
        }
        UnknownArgument => match elsewhere::no_server(path.trim_start_matches("custody ")) {
            Some(failure) if argument == "`--server`" => return Err(failure),
            _ => format!("unknown option {argument}"),
        },
        MissingRequiredArgument => format!("{argument} {} missing", is_or_are(error)),
        ArgumentConflict => match quoted(error, ContextKind::PriorArg) {
            prior if prior == argument => format!("{argument} is given twice"),
            prior => format!("{argument} and {prior} exclude each other"),
        },
        InvalidValue if value.is_empty() => format!("{argument} needs a value"),
        InvalidValue | ValueValidation => {
            let cause = std::error::Error::source(error);
            let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
            format!("`{value}` does not fit {argument}{cause}")
        }
        InvalidUtf8 => "an argument is not text: invalid UTF-8".to_owned(),
        WrongNumberOfValues => format!("{argument} has too many or too few values"),
        _ => first_line(error),
    };
    let help = format!("`{path} --help`");
    let hint = match meant(error, path) {
        Some(meant) => format!("did you mean {meant}? {help} lists all"),
        None => help,
    };
    Err(Failure::could_not("usage", message).hint(hint))
}

/// What comes closest to what was typed, as it is typed: the closest first.
fn meant(error: &clap::Error, path: &str) -> Option<String> {
    let (names, before) = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            (text_list(error, ContextKind::SuggestedSubcommand), format!("{path} "))
        }
        ErrorKind::UnknownArgument => (text_list(error, ContextKind::SuggestedArg), String::new()),
        _ => return None,
    };
    let name =
        |name: &String| name.split([' ', '=']).next().map(|name| format!("`{before}{name}`"));
    let names: Vec<_> = names.iter().rev().filter_map(name).take(MEANT).collect();
    (!names.is_empty()).then(|| names.join(" or "))
}

fn named(error: &clap::Error) -> String {
    quoted(error, ContextKind::InvalidArg)
}

fn is_or_are(error: &clap::Error) -> &'static str {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(texts)) if texts.len() > 1 => "are",
        _ => "is",
    }
}

/// Options in backticks, without the values that clap writes behind them.
fn quoted(error: &clap::Error, kind: ContextKind) -> String {
    let quote = |text: &String| match text.split(" <").next() {
        Some(name) if text.starts_with('-') => format!("`{name}`"),
        // A word that may be left out stands in brackets.
        _ => format!("`{}`", text.trim_start_matches('[').trim_end_matches(']')),
    };
    match error.get(kind) {
        Some(ContextValue::String(text)) => quote(text),
        Some(ContextValue::Strings(texts)) => {
            texts.iter().map(quote).collect::<Vec<_>>().join(", ")
        }
        _ => "an option".to_owned(),
    }
}

/// The command that `arguments` begin with, as it is typed: the program and the names of its commands.
pub fn command_path(program: &clap::Command, arguments: &[OsString]) -> String {
    let (mut command, mut path) = (program, program.get_name().to_owned());
    for word in arguments.iter().skip(1).filter_map(|word| word.to_str()) {
        let Some(inner) = command.find_subcommand(word) else { break };
        (command, path) = (inner, format!("{path} {word}"));
    }
    path
}

fn text(error: &clap::Error, kind: ContextKind) -> String {
    text_list(error, kind).join(", ")
}

fn text_list(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

/// Enough of a value to recognise it.
fn excerpt(value: &str) -> String {
    match value.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}
