//! Commands that take no `--server`: why not, and what to do instead.

use crate::failure::Failure;

/// Why a command takes no `--server`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It works on the files of a ledger, where they lie.
    Files,
    /// It looks at no ledger, or makes one.
    NoLedger,
    /// It names a server in another way.
    OtherOption,
}

/// A command by the words that are typed after `custody`, why it takes no `--server`, and what to do instead.
type Row = (&'static str, Why, &'static str);

const ROWS: [Row; 14] = [
    ("init", Why::NoLedger, "`--ledger DIR` says where the ledger is founded"),
    (
        "publish",
        Why::Files,
        "a server offers the same at its root; `custody mirror run --from URL` keeps a copy, with an overseer's key",
    ),
    ("serve", Why::Files, "`--ledger DIR` says what is served"),
    ("mirror new", Why::NoLedger, "`custody mirror run --from URL` then follows a server"),
    ("mirror run", Why::OtherOption, "`--from URL` names the server"),
    (
        "check",
        Why::Files,
        "`custody mirror run --from URL --once` gets all entries and records of a server and checks them, with an \
         overseer's key",
    ),
    ("backup", Why::Files, "`--ledger DIR` there, also while it is served"),
    ("restore", Why::Files, "`--to DIR` says where it is restored"),
    ("high-water", Why::Files, "`--ledger DIR` there"),
    ("demo", Why::NoLedger, "`--out DIR` says where the demo is made"),
    ("training", Why::NoLedger, "`--out DIR` says where the ledger is made"),
    ("training exercises", Why::NoLedger, "`--out DIR` says where the exercises are made"),
    (
        "key new",
        Why::NoLedger,
        "`custody custodian enrol --server URL` enrols the key that it makes",
    ),
    (
        "agency card",
        Why::NoLedger,
        "`custody agency enrol --server URL` takes the card that it makes",
    ),
];

/// What is said where a server is named to the command `words`, which takes none; `None` where it takes one.
pub fn no_server(words: &str) -> Option<Failure> {
    let (words, why, instead) = ROWS.iter().find(|(known, ..)| *known == words)?;
    let message = match why {
        Why::Files => "works on the ledger's own files, on the machine where they lie",
        Why::NoLedger => "needs no ledger",
        Why::OtherOption => "takes no `--server`",
    };
    let message = format!("`custody {words}` {message}");
    Some(Failure::could_not("usage/no-server", message).hint(*instead))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::*;
    use crate::command::Cli;

    /// What is listed is what there is: a new command takes `--server`, or says here why it does not.
    #[test]
    fn every_command_takes_a_server_or_says_why_not() {
        let mut without = BTreeSet::new();
        collect(&Cli::command(), "", &mut without);
        let listed: BTreeSet<_> = ROWS.iter().map(|(words, ..)| (*words).to_owned()).collect();
        assert_eq!(without, listed);
    }

    fn collect(command: &clap::Command, words: &str, without: &mut BTreeSet<String>) {
        let is_group = command.is_subcommand_required_set();
        let takes_one =
            command.get_arguments().any(|argument| argument.get_long() == Some("server"));
        if !is_group && !takes_one && !words.is_empty() {
            without.insert(words.to_owned());
        }
        for inner in command.get_subcommands() {
            collect(inner, format!("{words} {}", inner.get_name()).trim(), without);
        }
    }
}
