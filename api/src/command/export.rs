use std::path::{Path, PathBuf};

use custody_core::checkpoint::Checkpoint;
use custody_core::exhibit::WithholdReason;
use custody_core::id::SubjectId;
use custody_core::merkle::TreeSize;
use serde_json::json;

use super::option::{LedgerOption, PassphraseOption, key_path, plain_text};
use crate::desk::Desk;
use crate::export::{Export, Exporter, make};
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::handling::Recipient;
use crate::ledger_keys::log_keys;
use crate::pen::Pen;
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody export ITEM --for WHOM --purpose TEXT --out FILE --key FILE [options]

Make an exhibit: one file with everything about an item, to be verified offline with `custody-verify`.
You sign what it holds and what it withholds. It proves by itself that nothing changed since earlier
exhibits were disclosed.

  --for WHOM                  for whom it is made
  --purpose TEXT              what for
  --out FILE                  where it goes; never over another file
  --withhold FIELD=REASON     do not open this sealed field: investigation, order, personal-data or
                              privilege; `attached` means all attachments; may be repeated
  --since CHECKPOINT          prove that nothing changed since this earlier checkpoint; may be repeated
  --recipient-kind KIND       who that is: own-agency, agency:ID, court, prosecution, defence, oversight or
                              public; left out, a handling code that stops anybody stops the export
  --permission RECORD         a permission of the agency that set a handling code, as `custody permit`
                              recorded it; may be repeated
  --handling CODE             a handling code to be shown besides those in force; may be repeated
  --ledger DIR                the ledger (or CUSTODY_LEDGER)
  --server URL                the ledger at a server (or CUSTODY_SERVER)
  --key FILE                  your key (or CUSTODY_KEY)
  --passphrase-file FILE      its passphrase (or CUSTODY_PASSPHRASE_FILE); else you are asked

example:
  $ custody export item:0f3c --for 'Court of Example' --purpose 'trial 8/2026' --out laptop.exhibit \\
      --withhold name=personal-data --key anna.key
";

/// Largest checkpoint: 64 signature lines, of which an ML-DSA-44 line takes 3.6 KiB.
const MAX_CHECKPOINT: u64 = 256 * 1024;

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    ledger: LedgerOption,
    #[command(flatten)]
    passphrase: PassphraseOption,
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[arg(long = "for", value_name = "WHOM", value_parser = parse_text)]
    recipient: String,
    #[arg(long, value_parser = parse_text)]
    purpose: String,
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[arg(long, value_name = "FIELD=REASON", value_parser = parse_withhold)]
    withhold: Vec<(String, WithholdReason)>,
    #[arg(long, value_name = "CHECKPOINT")]
    since: Vec<PathBuf>,
    #[arg(long, value_name = "CODE", value_parser = parse_handling)]
    handling: Vec<String>,
    #[arg(long, value_name = "KIND", value_parser = parse_kind)]
    recipient_kind: Option<RecipientKind>,
    #[arg(long, value_name = "RECORD")]
    permission: Vec<String>,
}

/// Who is to get the exhibit, as it was typed.
#[derive(Clone, Debug)]
enum RecipientKind {
    Agency(String),
    Other(Recipient),
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    file::check_absent(&args.out)?;
    let desk = args.ledger.read()?;
    let item = desk.item(&args.item)?;
    let since = args.since.iter().map(|path| checkpoint(&desk, path));
    let permissions = args.permission.iter().map(|record| desk.record_digest(record));
    let export = Export {
        item,
        recipient: args.recipient.clone(),
        purpose: args.purpose.clone(),
        since: since.collect::<Result<_, _>>()?,
        handling: args.handling.clone(),
        withhold: args.withhold.clone(),
        to: recipient(&desk, args.recipient_kind.as_ref())?,
        permissions: permissions.collect::<Result<_, _>>()?,
    };
    let pen = Pen::open(&key_path(args.key.as_ref())?, &args.passphrase.of_people())?;
    let id = match desk.owner_of(pen.kid())? {
        Some(SubjectId::Custodian(id)) => id,
        _ => {
            let message = format!("`{}` is not the key of a custodian", pen.path().display());
            return Err(Failure::rejected("record/unknown-key", message));
        }
    };
    let exported = make(&desk, &export, Exporter { id, key: pen.key() })?;
    file::create(&args.out, &exported.bytes, Access::Shared)?;
    let withheld = exported.withheld.len();
    let size = desk.head().size;
    let line = format!(
        "exhibit `{}`, {} records, {withheld} fields withheld, as of a ledger of {size} entries",
        args.out.display(),
        exported.records
    );
    let facts = json!({
        "exhibit": args.out.display().to_string(),
        "item": SubjectId::Item(item).to_string(),
        "records": exported.records,
        "withheld": withheld,
        "size": size.0,
        "flags": exported.flags,
    });
    let flags = exported.flags.iter().map(|flag| format!("! {flag}"));
    Ok(Answer::done(std::iter::once(line).chain(flags).collect(), facts))
}

/// An earlier checkpoint that this log signed, and that this ledger continues.
fn checkpoint(desk: &Desk, path: &Path) -> Result<Checkpoint, Failure> {
    let about = |failure: Failure| failure.about(format!("`{}`", path.display()));
    let bytes = file::read(path, MAX_CHECKPOINT)?;
    let checkpoint = Checkpoint::parse(&bytes).map_err(|error| about(error.into()))?;
    checkpoint.verify_log(&log_keys(desk)?).map_err(|error| about(error.into()))?;
    let size = checkpoint.size();
    let head = desk.head();
    if size > head.size {
        let message = format!("is of {size} entries, the ledger has {}", head.size);
        return Err(about(Failure::rejected("consistency/newer", message)));
    }
    let root = desk.root_at(TreeSize(size.0))?;
    if root != Some(*checkpoint.root()) {
        let known = root.map_or_else(|| "none".to_owned(), |root| root.to_string());
        let message =
            format!("has root {} at size {size}, the ledger signed {known}", checkpoint.root());
        return Err(about(Failure::rejected("consistency/root-mismatch", message))
            .hint("keep both checkpoints: two that disagree prove a fork"));
    }
    Ok(checkpoint)
}

fn recipient(desk: &Desk, kind: Option<&RecipientKind>) -> Result<Recipient, Failure> {
    Ok(match kind {
        None => Recipient::Unstated,
        Some(RecipientKind::Other(recipient)) => *recipient,
        Some(RecipientKind::Agency(id)) => Recipient::Agency(desk.agency(id)?),
    })
}

fn parse_kind(text: &str) -> Result<RecipientKind, String> {
    match Recipient::from_word(text) {
        Some(recipient) => Ok(RecipientKind::Other(recipient)),
        None if text.starts_with("agency:") => Ok(RecipientKind::Agency(text.to_owned())),
        None => {
            let words = Recipient::WORDS.map(|(word, _)| word).join(", ");
            Err(format!("expected one of: {words}, agency:ID"))
        }
    }
}

/// A sealed field and why it is withheld.
pub fn parse_withhold(text: &str) -> Result<(String, WithholdReason), String> {
    let (field, reason) = text.split_once('=').ok_or("expected FIELD=REASON")?;
    match WithholdReason::from_word(reason) {
        // What is erased or not held shows by itself, and is not for anybody to claim.
        None | Some(WithholdReason::Erased | WithholdReason::NotHeld) => {
            Err("expected one of: investigation, order, personal-data, privilege".to_owned())
        }
        Some(reason) => Ok((field.to_owned(), reason)),
    }
}

/// A manifest's texts have 1 to 400 bytes.
fn parse_text(text: &str) -> Result<String, String> {
    plain_text(text, 400)
}

/// Handling codes have 1 to 64 bytes.
pub fn parse_handling(text: &str) -> Result<String, String> {
    plain_text(text, 64)
}
