use std::path::PathBuf;

use custody_core::pins::MAX_PINS;
use custody_core::policy::MAX_POLICY_LEN;
use serde_json::json;

use crate::command::option::PassphraseOption;
use crate::failure::Failure;
use crate::file;
use crate::mirror::home::{Home, parse_name, witness_lines};
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody mirror new --to DIR --name NAME --policy FILE [options]

Make a mirror's directory, with two keys of its own to cosign with. It prints two lines: one of them goes
into the policy of everybody who believes this mirror, both may go into the configuration of the server.

  --to DIR                    the mirror's directory
  --name NAME                 name of its keys, as lab.example/custody-mirror; by that ending a policy knows
                              a witness that replays
  --policy FILE               the log that it follows, as `custody policy` writes it
  --agencies FILE             the genesis and the agencies' keys that were pinned, from the trust sheet
  --passphrase-file FILE      passphrase of its keys (or CUSTODY_PASSPHRASE_FILE); else you are asked twice

example:
  $ custody mirror new --to mirror --name lab.example/custody-mirror --policy policy.txt
";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    #[arg(long, value_name = "NAME")]
    name: String,
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    #[arg(long, value_name = "FILE")]
    agencies: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseOption,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let name = parse_name(&args.name)?;
    let policy = file::read(&args.policy, MAX_POLICY_LEN as u64)?;
    let pins = args.agencies.as_ref().map(|path| file::read(path, MAX_PINS as u64)).transpose()?;
    let home = Home::new(&args.to);
    let keys = home.make(&name, (&policy, pins.as_deref()), &args.passphrase.of_people())?;
    let lines = witness_lines(&keys).lines().map(str::to_owned).collect();
    let facts = json!({
        "mirror": args.to.display().to_string(),
        "name": name.as_str(),
        "keys": keys.map(|key| key.to_string()),
    });
    Ok(Answer::done(lines, facts))
}
