//! What clap finds wrong with the words that were typed, said in our way.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde_json::Value;

use crate::failure::Failure;
use crate::terminal::Answer;

/// Help and version texts are answers; everything else is a failure.
pub fn explain(error: &clap::Error) -> Result<Answer, Failure> {
    use ErrorKind::{
        ArgumentConflict, DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion,
        InvalidSubcommand, InvalidValue, MissingRequiredArgument, MissingSubcommand,
        UnknownArgument, ValueValidation, WrongNumberOfValues,
    };
    let argument = text(error, ContextKind::InvalidArg);
    let value = text(error, ContextKind::InvalidValue);
    let message = match error.kind() {
        DisplayHelp | DisplayVersion => {
            return Ok(Answer::done(error.to_string(), Value::Null));
        }
        DisplayHelpOnMissingArgumentOrSubcommand | MissingSubcommand => {
            "a command is missing".to_owned()
        }
        InvalidSubcommand => {
            format!("there is no command `{}`", text(error, ContextKind::InvalidSubcommand))
        }
        UnknownArgument => format!("there is no option `{argument}` here"),
        MissingRequiredArgument => format!("missing: {argument}"),
        ArgumentConflict => {
            format!("{argument} and {} exclude each other", text(error, ContextKind::PriorArg))
        }
        InvalidValue if value.is_empty() => format!("{argument} needs a value"),
        InvalidValue | ValueValidation => {
            let cause = std::error::Error::source(error);
            let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
            format!("{argument} cannot be `{value}`{cause}")
        }
        WrongNumberOfValues => format!("{argument} has too many or too few values"),
        _ => first_line(error),
    };
    Err(Failure::could_not("usage", message)
        .hint(format!("`{} --help` tells more", command(error))))
}

/// The words of the command, out of the usage line that clap would print.
fn command(error: &clap::Error) -> String {
    let usage = text(error, ContextKind::Usage);
    let words = usage.split_whitespace().skip_while(|word| *word != "custody");
    let is_name = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let words: Vec<_> = words.take_while(is_name).filter(|word| !word.starts_with('-')).collect();
    if words.is_empty() { "custody".to_owned() } else { words.join(" ") }
}

fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        _ => String::new(),
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}
