use std::path::PathBuf;

use custody_core::id::SubjectId;
use custody_core::verify::utc_text;
use serde_json::{Value, json};

use super::option::{LedgerOption, PassphraseOption, key_path, ledger_help};
use super::show::name_json;
use super::waiting_offers;
use crate::desk::{Desk, now_s};
use crate::failure::Failure;
use crate::history::description;
use crate::key_file::{is_private, read_public};
use crate::moment::format_span;
use crate::pen::Pen;
use crate::people::People;
use crate::terminal::Answer;
use crate::waiting::{Waiting, waiting_for};

pub const HELP: &str = concat!(
    "\
usage: custody inbox [--holder CUSTODIAN] [options]

What waits for you: what is on the way to you, also as a substitute; what you sent and nobody has
received; what you have out of a storage and bring back. What is overdue comes first. At a server also
the offers that you are to sign, and those that you signed and others are to: `custody accept`, `custody
refuse` and `custody withdraw` take their digests, and agencies look with their keys. Offers that people
give you as files are not seen here.

  --holder CUSTODIAN          for whom; else for whom your key is enrolled
",
    ledger_help!(),
    "  --key FILE                  your key, private or public (or CUSTODY_KEY)
  --passphrase-file FILE      passphrase of a private key (or CUSTODY_PASSPHRASE_FILE)

example:
  $ custody inbox --key anna.pub --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ledger: LedgerOption,
    #[command(flatten)]
    passphrase: PassphraseOption,
    #[arg(long)]
    holder: Option<String>,
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let key = key_path(args.key.as_ref()).ok();
    let desk = args.ledger.read_as(key.as_ref())?;
    let me = whose(args, &desk)?;
    let now_s = now_s();
    let waiting = match me {
        SubjectId::Custodian(me) => waiting_for(&desk, me)?,
        _ => Vec::new(),
    };
    let people = People::of(&desk);
    let (mut lines, mut list) = (Vec::new(), Vec::new());
    for row in &waiting {
        let (more, facts) = answer(row, &desk, &people, now_s)?;
        lines.extend(more);
        list.push(facts);
    }
    let mut facts = json!({
        "holder": me.to_string(),
        "waiting": list,
        "size": desk.head().size.0,
    });
    if desk.is_served() {
        let (more, list) = waiting_offers::answer(&desk, &people, &me)?;
        lines.extend(more);
        facts["offers"] = list;
    }
    if lines.is_empty() {
        lines.push("nothing waits".to_owned());
    }
    Ok(Answer::done(lines, facts))
}

/// For whom: a custodian, or at a server an agency, which is asked to sign things too.
fn whose(args: &Args, desk: &Desk) -> Result<SubjectId, Failure> {
    if let Some(holder) = &args.holder {
        return desk.custodian(holder).map(SubjectId::Custodian);
    }
    let path = key_path(args.key.as_ref())
        .map_err(|failure| failure.hint("`--holder CUSTODIAN` or `--key FILE` says for whom"))?;
    let key = match is_private(&path)? {
        true => Pen::open(&path, &args.passphrase.of_people())?.public().clone(),
        false => read_public(&path)?,
    };
    match desk.owner_of(key.kid())? {
        Some(id @ SubjectId::Custodian(_)) => Ok(id),
        Some(id @ SubjectId::Agency(_)) if desk.is_served() => Ok(id),
        _ => {
            let message = format!("`{}` is no key of a custodian here", path.display());
            Err(Failure::rejected("record/unknown-key", message)
                .hint("`custody custodian list` tells who is enrolled"))
        }
    }
}

fn answer(
    row: &Waiting,
    desk: &Desk,
    people: &People<'_>,
    now_s: u64,
) -> Result<(Vec<String>, Value), Failure> {
    let id = SubjectId::Item(row.item);
    let description = description(desk, row.item)?;
    let overdue_s = row.overdue_s(now_s);
    let due = row.due_s.map(utc_text);
    let (word, text, with) = row.what.words(people)?;
    let by = due.as_ref().map(|due| format!(", by {due}")).unwrap_or_default();
    let late = overdue_s.map(|s| format!(", overdue by {}", format_span(s)));
    let late = late.unwrap_or_default();
    let shown = description.as_deref().unwrap_or("(sealed)");
    let missing = if row.is_noted_missing { ", noted as missing" } else { "" };
    let facts = json!({
        "item": id.to_string(),
        "what": word,
        "release": row.release.map(|release| release.to_string()),
        "with": name_json(&with),
        "due": due,
        "is_overdue": overdue_s.is_some(),
        "is_noted_missing": row.is_noted_missing,
        "description": description,
    });
    let mut lines = vec![format!("{id}  {text}{by}{late}{missing}  {shown}")];
    lines.extend(row.release.map(|release| format!("  release {release}")));
    Ok((lines, facts))
}
