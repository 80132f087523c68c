use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use custody_core::hash::sha256;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::Record;
use custody_core::record::body::{Body, Handling, HandlingCode};
use serde_json::json;

use super::{counted, read_facts, read_line, read_table, unless_refused};
use crate::act::{Act, Proposal, random_id};
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
  quantity, unit              how much it is: a number; and piece, mg, g, kg, ul, ml, l, mm or m
  request                     the request for mutual legal assistance for which you took it
  handling                    codes that say how it may be used, as `custody handling` has them; several
                              with | between; a record of its own, after that of the item
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

/// What of a table is not in the ledger yet, and what is.
#[derive(Default)]
struct Work {
    collect: Vec<Pending>,
    mark: Vec<Mark>,
    known: HashSet<Uuid>,
}

/// A row whose item is not in the ledger yet.
struct Pending {
    row: ItemRow,
    item: Uuid,
}

/// An item of which it is not said yet how it may be used.
struct Mark {
    line: u64,
    item: Uuid,
    codes: Vec<HandlingCode>,
}

/// Records that are signed, of those items that are collected and those that are marked.
#[derive(Default)]
struct Signed {
    collect: Vec<Proposal>,
    mark: Vec<Proposal>,
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
    let work = sort_rows(&session, &args.file, &sheet, &ids, &mut faults)?;
    let signed = propose(&session, holder, &work, &mut faults)?;
    let signed = unless_refused(&args.file, faults, signed)?;
    let (mut entries, marked) = (HashMap::new(), work.mark.len());
    if !args.dry_run {
        // 1. The ids are durable. From now on the same table makes the same items.
        if is_new {
            file::create(&ids_path(&args.file), kept.format().as_bytes(), Access::Shared)?;
        }
        file::flush_name(&ids_path(&args.file))?;
        // 2. The records. An item is there before it is said how it may be used.
        let items: Vec<_> = work.collect.iter().map(|each| (each.row.line, each.item)).collect();
        entries = record_all(session.desk(), "item", &items, &signed.collect)?;
        let marks: Vec<_> = work.mark.iter().map(|each| (each.line, each.item)).collect();
        record_all(session.desk(), "marking", &marks, &signed.mark)?;
    }
    Ok(answer(args, &sheet, &kept, &Outcome { known: work.known, entries, marked }))
}

/// What became of the rows.
struct Outcome {
    /// Items that were recorded before.
    known: HashSet<Uuid>,
    /// Where those stand that were recorded now.
    entries: HashMap<Uuid, u64>,
    /// How many were marked with handling codes, or would be.
    marked: usize,
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
) -> Result<Work, Failure> {
    let folder = table.parent().unwrap_or(Path::new(""));
    let (desk, holder) = (session.desk(), session.custodian()?);
    let mut work = Work::default();
    for row in &sheet.rows {
        // `Ids::of` has one for each row.
        let Some(item) = ids.get(&row.line).copied() else { continue };
        let line = row.line;
        match desk.look_up(&SubjectId::Item(item))? {
            None => {
                let Some(row) = ItemRow::read(row, desk, folder, faults) else { continue };
                let codes = row.handling.clone();
                work.mark.extend((!codes.is_empty()).then_some(Mark { line, item, codes }));
                work.collect.push(Pending { row, item });
            }
            Some(_) if is_row(desk, item, holder, row.get("description"))? => {
                let codes = ItemRow::read_handling(row, faults);
                if !codes.is_empty() && !is_marked(desk, item)? {
                    work.mark.push(Mark { line, item, codes });
                }
                work.known.insert(item);
            }
            Some(_) => {
                let error = TableError::OtherItem { item: SubjectId::Item(item).to_string() };
                faults.push(Fault::new(row.line, None, &error));
            }
        }
    }
    Ok(work)
}

/// Whether it was ever said how the item may be used: an import that is run again takes no later word back.
fn is_marked(desk: &Desk, item: Uuid) -> Result<bool, Failure> {
    for note in desk.chain(&SubjectId::Notes(item))? {
        if matches!(Record::parse(&note.record)?.payload().body, Body::Handling(_)) {
            return Ok(true);
        }
    }
    Ok(false)
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
    Work { collect: pending, mark, .. }: &Work,
    faults: &mut Faults,
) -> Result<Signed, Failure> {
    if !faults.is_empty() {
        // What is not read whole cannot be judged; and hashing may take hours.
        return Ok(Signed::default());
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
    let collect = proposals;
    match faults.is_empty() {
        true => Ok(Signed { collect, mark: mark_all(session, mark, &mut rehearsal, faults)? }),
        // Of an item that cannot be collected nothing can be said.
        false => Ok(Signed { collect, mark: Vec::new() }),
    }
}

/// Signs how the items may be used, and judges each record.
fn mark_all(
    session: &Session,
    marks: &[Mark],
    rehearsal: &mut Rehearsal<'_>,
    faults: &mut Faults,
) -> Result<Vec<Proposal>, Failure> {
    let mut proposals = Vec::with_capacity(marks.len());
    for Mark { line, item, codes } in marks {
        let body = Handling { codes: codes.clone() };
        let act = Act::say(body, &[*item], session.custodian()?);
        let proposal = session.sign(act, None, |_| Ok(Default::default()))?;
        if let Err(failure) = rehearsal.take(&proposal) {
            faults.push(Fault::said(*line, Some("handling"), &failure));
        }
        proposals.push(proposal);
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

/// Records all of them; `rows` are their lines and items, `noun` what they are.
fn record_all(
    desk: &Desk,
    noun: &str,
    rows: &[(u64, Uuid)],
    proposals: &[Proposal],
) -> Result<HashMap<Uuid, u64>, Failure> {
    let bar = count_bar("recording", proposals.len() as u64);
    let answers = desk.submit_all(proposals, |count| bar.set(count as u64))?;
    drop(bar);
    let (mut entries, mut refused) = (HashMap::new(), None);
    for ((line, item), answer) in rows.iter().zip(answers) {
        match answer {
            Ok(known) => drop(entries.insert(*item, known.index.0)),
            Err(error) if refused.is_none() => refused = Some((*line, error)),
            _ => {}
        }
    }
    let is_whole = entries.len() == rows.len();
    match refused {
        None if is_whole => Ok(entries),
        refused => {
            let done = format!("{} of {} are recorded", entries.len(), counted(rows.len(), noun));
            let failure = match refused {
                Some((line, error)) => error.about(format!("{done}; line {line}")),
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
    let facts = json!({ "items": list, "ids": ids, "marked": outcome.marked });
    Answer::done(lines, merge(read_facts(sheet, args.dry_run), facts))
}

fn summary(args: &Args, sheet: &Sheet, outcome: &Outcome) -> Vec<String> {
    let known = outcome.known.len();
    let fresh = sheet.rows.len() - known;
    let before = match known {
        0 => String::new(),
        known => format!(", {known} recorded before"),
    };
    let marked = match outcome.marked {
        0 => Vec::new(),
        count if args.dry_run => {
            vec![format!("would mark {} with handling codes", counted(count, "item"))]
        }
        count => vec![format!("marked {} with handling codes", counted(count, "item"))],
    };
    if args.dry_run {
        let said = format!("would record {}{before}; nothing was recorded", counted(fresh, "item"));
        return [marked, vec![said]].concat();
    }
    let first = outcome.entries.values().min().zip(outcome.entries.values().max());
    let place =
        first.map_or_else(String::new, |(first, last)| format!(" as entries {first} to {last}"));
    let ids = ids_path(&args.file);
    let said = format!("recorded {}{place}{before}", counted(fresh, "item"));
    [vec![said], marked, vec![format!("ids in `{}`", ids.display())]].concat()
}
