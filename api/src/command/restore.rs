use std::path::PathBuf;

use custody_core::verify::utc_text;
use serde_json::{Value, json};

use crate::backup::{Backup, Restored, Wish, restore};
use crate::failure::Failure;
use crate::moment::Moment;
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody restore --from BACKUPS --list|--to DIR [options]

Restore a ledger from a backup, to a directory that is absent. Every file is checked before anything is
written. The ledger is held against its high-water mark: where the backup is behind, people hold receipts
for records that it does not have, and it is refused. With --tiles the missing records come from the
published directory, verified as when they were first recorded, up to its checkpoint.

  --from BACKUPS              the directory of backups
  --list                      show which there are, restore nothing
  --to DIR                    where the ledger is to lie
  --size NUMBER               the newest backup of at most so many entries
  --at TIME                   the newest backup made by then, as 2026-05-04T13:30:00+02:00
  --tiles TILES               go on with what `custody publish` wrote there
  --high-water FILE           the mark, or the newest checkpoint that anybody has; left out, the mark
                              where the ledger had it outside of its directory
  --look-only                 a copy to look at, behind the mark or not: nothing is ever recorded in it

example:
  $ custody restore --from /srv/backups/police --tiles tiles --high-water old/high-water --to ledger
";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_name = "BACKUPS")]
    from: PathBuf,
    #[arg(long)]
    list: bool,
    #[arg(long, value_name = "DIR", required_unless_present = "list", conflicts_with = "list")]
    to: Option<PathBuf>,
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["at", "list"])]
    size: Option<u64>,
    #[arg(long, value_name = "TIME", conflicts_with = "list")]
    at: Option<Moment>,
    #[arg(long, value_name = "TILES", conflicts_with = "list")]
    tiles: Option<PathBuf>,
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    high_water: Option<PathBuf>,
    #[arg(long, conflicts_with = "list")]
    look_only: bool,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let backups = Backup::list(&args.from)?;
    let Some(to) = args.to.as_deref() else { return list(&backups) };
    let fits = |backup: &&Backup| {
        args.size.is_none_or(|size| backup.size <= size)
            && args.at.is_none_or(|at| backup.made_s <= at.utc_s)
    };
    let backup = backups.iter().rev().find(fits).ok_or_else(|| {
        let message = format!("`{}` has no such backup", args.from.display());
        Failure::could_not("backup/none", message)
            .hint("`custody restore --from BACKUPS --list` shows which there are")
    })?;
    let (tiles, high_water) = (args.tiles.as_deref(), args.high_water.as_deref());
    let look_only = args.look_only;
    let restored = restore(&Wish { backup, to, tiles, high_water, look_only })?;
    Ok(answer(args, backup, &restored))
}

fn list(backups: &[Backup]) -> Result<Answer, Failure> {
    let line = |backup: &Backup| {
        format!("{}  {} entries  {}", utc_text(backup.made_s), backup.size, backup.name)
    };
    let fact = |backup: &Backup| {
        let about = backup.about()?;
        Ok(json!({
            "backup": backup.path.display().to_string(),
            "made": about.made,
            "size": about.size,
            "root": about.root,
            "keys": about.keys,
            "high_water": about.high_water.map(|path| path.display().to_string()),
        }))
    };
    let facts: Result<Vec<Value>, Failure> = backups.iter().map(fact).collect();
    let mut lines: Vec<_> = backups.iter().map(line).collect();
    if lines.is_empty() {
        lines.push("no backups".to_owned());
    }
    Ok(Answer::done(lines, json!({ "backups": facts? })))
}

fn answer(args: &Args, backup: &Backup, restored: &Restored) -> Answer {
    let to = args.to.as_ref().map(|to| to.display().to_string()).unwrap_or_default();
    let (head, (mark, place)) = (restored.head, &restored.mark);
    let mut lines =
        vec![format!("restored {} entries in `{to}`, from `{}`", head.size, backup.name)];
    if let Some(followed) = &restored.followed {
        let count = followed.to.size.0 - followed.from.size.0; // Following never goes back.
        lines.push(format!("{count} of them from what was published, each verified"));
    }
    lines.push(format!("root {}", head.root));
    if args.look_only {
        lines.push("to be looked at: nothing is recorded in it".to_owned());
    } else {
        lines.push(format!("mark {} entries, `{}`", mark.size, place.display()));
        if !restored.about.keys {
            lines.push(format!("put the log's keys into `{to}/keys`, then `custody check`"));
        }
    }
    let followed = restored.followed.map(|followed| json!({ "from": followed.from.size.0 }));
    let facts = json!({
        "ledger": to,
        "backup": backup.path.display().to_string(),
        "size": head.size.0,
        "root": head.root.to_string(),
        "followed": followed,
        "mark": { "path": place.display().to_string(), "size": mark.size.0 },
        "keys": restored.about.keys && !args.look_only,
        "look_only": args.look_only,
    });
    Answer::done(lines, facts)
}
