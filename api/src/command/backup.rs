use std::path::PathBuf;

use serde_json::json;

use super::option::{DirectoryOption, directory_help};
use crate::backup::{Made, Order, make};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody backup --to BACKUPS [options]

Back the ledger up, into a directory of its own in BACKUPS, while it is served or not. It has the store,
as of one checkpoint, and the vault; files that the backup before has already are linked. What was
written is opened and hashed again before it counts. Without --with-keys the log's keys are not in it:
without them nothing can be recorded again. The high-water mark is never in it.

  --to BACKUPS                the directory of backups, made where it is absent; best on another disk
  --with-keys                 the log's keys too, encrypted as they are
  --keep NUMBER               remove older backups until so many are left; without it, none
",
    directory_help!(),
    "
example:
  $ custody backup --to /srv/backups/police --keep 30 --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ledger: DirectoryOption,
    #[arg(long, value_name = "BACKUPS")]
    to: PathBuf,
    #[arg(long)]
    with_keys: bool,
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let ledger = args.ledger.path()?;
    let keep = args.keep.map(|keep| usize::try_from(keep).unwrap_or(usize::MAX));
    let order = Order { ledger: &ledger, to: &args.to, with_keys: args.with_keys, keep };
    let Made { backup, about, is_online, copied, linked, removed } = make(&order)?;
    let mut lines = vec![
        format!("backed up {} entries in `{}`", about.size, backup.path.display()),
        format!("{copied} bytes copied, {linked} linked; opened and hashed again"),
        format!("root {}", about.root),
    ];
    if !about.keys {
        lines.push("the log's keys are not in it: `keys` needs a copy of its own".to_owned());
    }
    if !removed.is_empty() {
        lines.push(format!("older backups removed: {}", removed.len()));
    }
    let facts = json!({
        "backup": backup.path.display().to_string(),
        "made": about.made,
        "size": about.size,
        "root": about.root,
        "keys": about.keys,
        "online": is_online,
        "copied": copied,
        "linked": linked,
        "removed": removed,
    });
    Ok(Answer::done(lines, facts))
}
