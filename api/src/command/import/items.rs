use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use custody_core::hash::sha256;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::Record;
use custody_core::record::body::Body;
use serde_json::json;

use super::{counted, read_facts, read_line, read_table, unless_refused};
use crate::act::{Proposal, random_id};
use crate::command::measured;
use crate::command::option::{SoloSigning, solo_signing_help};
use crate::desk::Desk;
use crate::evidence::Measured;
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::rehearsal::Rehearsal;
use crate::session::{Session, merge};
use crate::table::{Fault, Faults, ITEMS, Ids, ItemRow, Sheet, TableError, ids_path};
use crate::terminal::{Answer, count_bar};

pub const HELP: &str = concat!(
    "\
usage: custody import items FILE.csv [--dry-run] [options]

Take many items of evidence into custody, one record each. You become their holder.

  --dry-run                   check everything, say what would be recorded, record nothing

columns, in any order; only description must be there:
  description                 what it is (sealed)
  place                       where it was taken (sealed)
  reference                   case or exhibit number (sealed)
  kind                        physical or digital; digital where there is a file
  file                        its data, of which the digest is recorded (sealed); several with | between
  scope                       what a digest is over: container, media, logical or manifest; container
  occurred                    when it was taken, as 2026-05-04T13:30:00+02:00; --occurred if empty
  attach                      photographs or documents, kept by you; several with | between

Files are looked for in the table's folder. A row whose first cell begins with `# example: ` is left out,
and so is one in which all cells are empty. Separators are , or ; and the text is UTF-8.

Before the first record the items' ids are written to FILE.csv.ids. If the import is broken off, run the
same again: rows that are recorded already are recognised by these ids, and only the others are recorded.
The table must not be changed in between. Run again after it is done, it records nothing.

",
    solo_signing_help!(),
    "
example:
  $ custody import items items.csv --dry-run --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    signing: SoloSigning,
}

/// A row that is not in the ledger yet.
struct Pending {
    row: ItemRow,
    item: Uuid,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let (bytes, sheet) = read_table(&args.file, &ITEMS)?;
    let session = args.signing.session_or_rehearsal(args.dry_run)?;
    let holder = session.custodian()?;
    let genesis = session.desk().genesis();
    let wanted = Ids { table: sha256(&bytes), genesis, holder, items: fresh_ids(&sheet)? };
    let (kept, is_new) = read_ids(&args.file, &wanted)?;
    let ids = kept.of(&wanted).map_err(|error| other_ids(&args.file, &error))?;
    let mut faults = sheet.faults.clone();
    let (pending, known) = sort_rows(&session, &args.file, &sheet, &ids, &mut faults)?;
    let proposals = propose(&session, holder, &pending, &mut faults)?;
    let proposals = unless_refused(&args.file, faults, proposals)?;
    let mut entries = HashMap::new();
    if !args.dry_run {
        // 1. The ids are durable. From now on the same table makes the same items.
        if is_new {
            file::create(&ids_path(&args.file), kept.format().as_bytes(), Access::Shared)?;
        }
        file::flush_name(&ids_path(&args.file))?;
        // 2. The records.
        entries = record_all(session.desk(), &pending, &proposals)?;
    }
    Ok(answer(args, &sheet, &kept, &Outcome { known, entries }))
}

/// What became of the rows.
struct Outcome {
    /// Items that were recorded before.
    known: HashSet<Uuid>,
    /// Where those stand that were recorded now.
    entries: HashMap<Uuid, u64>,
}

fn fresh_ids(sheet: &Sheet) -> Result<Vec<(u64, Uuid)>, Failure> {
    sheet.rows.iter().map(|row| Ok((row.line, random_id()?))).collect()
}

/// The ids of an import that was begun, or those that are `wanted`; and whether they are new.
fn read_ids(table: &Path, wanted: &Ids) -> Result<(Ids, bool), Failure> {
    let path = ids_path(table);
    if path.symlink_metadata().is_err() {
        return Ok((wanted.clone(), true));
    }
    let bytes = file::read(&path, Ids::MAX_FILE)?;
    let ids = Ids::parse(&bytes)
        .map_err(|error| Failure::from(error).about(format!("`{}`", path.display())))?;
    Ok((ids, false))
}

fn other_ids(table: &Path, error: &TableError) -> Failure {
    let path = ids_path(table);
    let message = format!("`{}`: {error}", path.display());
    Failure::rejected(error.code(), message).hint(
        "put the table back as it was to finish that import; if it is finished, give this table another name",
    )
}

/// Reads every row, and tells those that are recorded from those that are not.
fn sort_rows(
    session: &Session,
    table: &Path,
    sheet: &Sheet,
    ids: &HashMap<u64, Uuid>,
    faults: &mut Faults,
) -> Result<(Vec<Pending>, HashSet<Uuid>), Failure> {
    let folder = table.parent().unwrap_or(Path::new(""));
    let holder = session.custodian()?;
    let (mut pending, mut known) = (Vec::new(), HashSet::new());
    for row in &sheet.rows {
        // `Ids::of` has one for each row.
        let Some(item) = ids.get(&row.line).copied() else { continue };
        match session.desk().look_up(&SubjectId::Item(item))? {
            None => {
                pending.extend(ItemRow::read(row, folder, faults).map(|row| Pending { row, item }))
            }
            Some(_) if is_row(session.desk(), item, holder, row.get("description"))? => {
                known.insert(item);
            }
            Some(_) => {
                let error = TableError::OtherItem { item: SubjectId::Item(item).to_string() };
                faults.push(Fault::new(row.line, None, &error));
            }
        }
    }
    Ok((pending, known))
}

/// Whether the item began as this row says: collected by `holder`, under this description where that is open.
fn is_row(
    desk: &Desk,
    item: Uuid,
    holder: Uuid,
    description: Option<&str>,
) -> Result<bool, Failure> {
    let Some(first) = desk.chain(&SubjectId::Item(item))?.into_iter().next() else {
        return Ok(false);
    };
    let record = Record::parse(&first.record)?;
    let signer = &record.payload().signers[0].id;
    let is_collected = matches!(record.payload().body, Body::Collect(_));
    let known = crate::history::description(desk, item)?;
    let is_same = known.is_none() || known.as_deref() == description;
    Ok(is_collected && *signer == SubjectId::Custodian(holder) && is_same)
}

/// Hashes the files of all rows, signs the records, and judges each by the rules of custody.
fn propose(
    session: &Session,
    holder: Uuid,
    pending: &[Pending],
    faults: &mut Faults,
) -> Result<Vec<Proposal>, Failure> {
    if !faults.is_empty() {
        // What is not read whole cannot be judged; and hashing may take hours.
        return Ok(Vec::new());
    }
    let measured = measure(pending, faults)?;
    let bar = count_bar("checking", pending.len() as u64);
    let mut rehearsal = Rehearsal::of(session.desk());
    let mut proposals = Vec::with_capacity(pending.len());
    for (count, (Pending { row, item }, files)) in (1..).zip(pending.iter().zip(measured)) {
        let (evidence, documents) = files.split_at(row.files.len().min(files.len()));
        let digests = measured::digests(evidence, row.scope);
        let documents = documents.iter().cloned().map(measured::document).collect();
        let act = row.act(*item, holder, &digests, documents);
        let proposal = session.sign(act, row.occurred, |_| Ok(Default::default()))?;
        if let Err(failure) = rehearsal.take(&proposal) {
            faults.push(Fault::said(row.line, None, &failure));
        }
        proposals.push(proposal);
        bar.set(count);
    }
    Ok(proposals)
}

/// What was found of the files of each row, its evidence first.
fn measure(pending: &[Pending], faults: &mut Faults) -> Result<Vec<Vec<Measured>>, Failure> {
    let named = |row: &ItemRow| {
        let evidence = row.files.iter().map(|path| ("file", path.clone()));
        evidence.chain(row.attach.iter().map(|path| ("attach", path.clone()))).collect::<Vec<_>>()
    };
    let all: Vec<_> = pending
        .iter()
        .flat_map(|each| {
            named(&each.row).into_iter().map(|(column, path)| (each.row.line, column, path))
        })
        .collect();
    let paths: Vec<_> = all.iter().map(|(_, _, path)| path.clone()).collect();
    let mut by_line: HashMap<u64, Vec<Measured>> = HashMap::new();
    for ((line, column, _), found) in all.iter().zip(measured::hash_each(&paths)?) {
        match found {
            Ok(found) => by_line.entry(*line).or_default().push(found),
            Err(error) => faults.push(Fault::said(*line, Some(column), &error.into())),
        }
    }
    Ok(pending.iter().map(|each| by_line.remove(&each.row.line).unwrap_or_default()).collect())
}

fn record_all(
    desk: &Desk,
    pending: &[Pending],
    proposals: &[Proposal],
) -> Result<HashMap<Uuid, u64>, Failure> {
    let bar = count_bar("recording", proposals.len() as u64);
    let answers = desk.submit_all(proposals, |count| bar.set(count as u64))?;
    drop(bar);
    let (mut entries, mut refused) = (HashMap::new(), None);
    for (each, answer) in pending.iter().zip(answers) {
        match answer {
            Ok(known) => drop(entries.insert(each.item, known.index.0)),
            Err(error) if refused.is_none() => refused = Some((each.row.line, error)),
            _ => {}
        }
    }
    let is_whole = entries.len() == pending.len();
    match refused {
        None if is_whole => Ok(entries),
        refused => {
            let done =
                format!("{} of {} are recorded", entries.len(), counted(pending.len(), "item"));
            let failure = match refused {
                Some((line, error)) => Failure::from(error).about(format!("{done}; line {line}")),
                None => {
                    Failure::could_not("ledger/closed", format!("{done}; the ledger was closed"))
                }
            };
            Err(failure.hint("run the same again: what is recorded is not recorded twice"))
        }
    }
}

fn answer(args: &Args, sheet: &Sheet, ids: &Ids, outcome: &Outcome) -> Answer {
    let mut lines = vec![read_line(&args.file, sheet)];
    let mut list = Vec::new();
    for (row, (line, item)) in sheet.rows.iter().zip(&ids.items) {
        let (id, entry) = (SubjectId::Item(*item).to_string(), outcome.entries.get(item));
        let what = row.get("description").unwrap_or_default();
        let is_known = outcome.known.contains(item);
        lines.push(match (is_known, entry) {
            (true, _) => format!("line {line}  {id}  {what}, recorded before"),
            (false, Some(_)) => format!("line {line}  {id}  {what}"),
            // The id that a dry run made is thrown away.
            (false, None) => format!("line {line}  {what}"),
        });
        let has_id = is_known || entry.is_some();
        let item = has_id.then_some(id);
        list.push(json!({ "line": line, "item": item, "entry": entry, "was_known": is_known }));
    }
    lines.extend(summary(args, sheet, outcome));
    let ids = (!args.dry_run).then(|| ids_path(&args.file).display().to_string());
    let facts = json!({ "items": list, "ids": ids });
    Answer::done(lines, merge(read_facts(sheet, args.dry_run), facts))
}

fn summary(args: &Args, sheet: &Sheet, outcome: &Outcome) -> Vec<String> {
    let known = outcome.known.len();
    let fresh = sheet.rows.len() - known;
    let before = match known {
        0 => String::new(),
        known => format!(", {known} recorded before"),
    };
    if args.dry_run {
        return vec![format!(
            "would record {}{before}; nothing was recorded",
            counted(fresh, "item")
        )];
    }
    let first = outcome.entries.values().min().zip(outcome.entries.values().max());
    let place =
        first.map_or_else(String::new, |(first, last)| format!(" as entries {first} to {last}"));
    let ids = ids_path(&args.file);
    vec![
        format!("recorded {}{place}{before}", counted(fresh, "item")),
        format!("ids in `{}`", ids.display()),
    ]
}
