//! What a receiver checked and found, as typed.

use std::path::{Path, PathBuf};

use custody_core::cose::{Check, Finding, Observed, Outcome};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::Payload;

use crate::desk::Desk;
use crate::failure::Failure;
use crate::file;
use crate::label_id::parse_label_id;
use crate::table::{Answered, MAX_TABLE, OUTCOMES, Register, Sheet, read_outcomes, read_unaided};

/// The options of [`ObservedOption`], help lines.
macro_rules! observed_help {
    () => {
        "  --checked CHECKS            what you looked at: digest, inventory, count, seal; with commas
  --outcome ITEM=FINDING      what you found of an item that is not simply accepted: discrepancy,
                              missing, not-inventoried or seal-mismatch; may be repeated
  --outcomes FILE             the same for many, from a table (CSV) with the columns item and outcome;
                              of an item without a row nothing is said, it is simply accepted
"
    };
}

pub(super) use observed_help;

#[derive(Clone, Debug, clap::Args)]
pub struct ObservedOption {
    #[arg(long, value_delimiter = ',')]
    checked: Vec<Check>,
    #[arg(long, value_name = "ITEM=FINDING", value_parser = parse_outcome)]
    outcome: Vec<(String, Finding)>,
    #[arg(long, value_name = "FILE")]
    outcomes: Option<PathBuf>,
}

impl ObservedOption {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.checked.is_empty() && self.outcome.is_empty() && self.outcomes.is_none()
    }

    /// What is written with the receiver's signature of `payload`.
    ///
    /// # Errors
    /// An outcome names an item that the record does not have, or something is wrong with the table.
    pub fn of(&self, payload: &Payload, desk: Option<&Desk>) -> Result<Observed, Failure> {
        let mut checked = self.checked.clone();
        checked.sort_by_key(|check| check.word());
        checked.dedup();
        let mut outcomes = Vec::new();
        for (item, finding) in &self.outcome {
            let position = |id| {
                let id = SubjectId::Item(id);
                payload.subjects.iter().position(|link| link.subject == id)
            };
            let id = match (full_id(item), desk) {
                // Whatever else is known of it: the record is about it.
                (Ok(id), _) if position(id).is_some() => id,
                (_, Some(desk)) => desk.item(item)?,
                (id, None) => id?,
            };
            let (id, position) = (SubjectId::Item(id), position(id));
            let missing =
                || Failure::could_not("record/outcome", format!("{id} is not one of the items"));
            outcomes.push(Outcome { position: position.ok_or_else(missing)?, finding: *finding });
        }
        if let Some(path) = &self.outcomes {
            outcomes.extend(read_table(path, payload, desk)?);
        }
        outcomes.sort_by_key(|outcome| outcome.position);
        if let Some(pair) = outcomes.windows(2).find(|pair| pair[0].position == pair[1].position) {
            let message =
                format!("item {} has two outcomes", payload.subjects[pair[0].position].subject);
            return Err(Failure::could_not("record/outcome", message));
        }
        Ok(Observed { checked, outcomes })
    }
}

/// What a register of a record's items has.
const OF_THE_RECORD: &str = "item of this record";

/// What a table says of the items of a record that are not simply accepted.
///
/// # Errors
/// Everything that is wrong with it.
fn read_table(
    path: &Path,
    payload: &Payload,
    desk: Option<&Desk>,
) -> Result<Vec<Outcome>, Failure> {
    let refused = |faults| Failure::refused_table(path.display(), faults);
    let bytes = file::read(path, MAX_TABLE)?;
    let sheet = Sheet::parse(&bytes, &OUTCOMES).map_err(refused)?;
    let mut faults = sheet.faults.clone();
    for row in &sheet.rows {
        // Whoever left the cell empty may have meant to look again.
        row.required("outcome", &mut faults);
    }
    let answered = match desk {
        Some(desk) => {
            let mut register = Register::among(desk, &items_of(payload), OF_THE_RECORD);
            read_outcomes(desk, &mut register, &sheet, &mut faults)?
        }
        None => read_unaided(&items_of(payload), &sheet, &mut faults),
    };
    let answered = faults.or(answered).map_err(refused)?;
    let outcome = |each: Answered| {
        let id = SubjectId::Item(each.item);
        let position = payload.subjects.iter().position(|link| link.subject == id)?;
        Some(Outcome { position, finding: each.finding? })
    };
    Ok(answered.into_iter().filter_map(outcome).collect())
}

fn items_of(payload: &Payload) -> Vec<Uuid> {
    let item = |id: &SubjectId| match id {
        SubjectId::Item(item) => Some(*item),
        _ => None,
    };
    payload.subjects.iter().filter_map(|link| item(&link.subject)).collect()
}

/// Without a ledger there is nothing in which to look up the beginning of an id.
pub fn full_id(text: &str) -> Result<Uuid, Failure> {
    if let Some(item) = parse_label_id(text.strip_prefix("item:").unwrap_or(text)) {
        return Ok(item?);
    }
    match text.parse()? {
        SubjectId::Item(id) => Ok(id),
        other => Err(Failure::could_not("id/malformed", format!("{other} is not an item"))),
    }
}

pub fn parse_outcome(text: &str) -> Result<(String, Finding), String> {
    let (item, finding) = text.split_once('=').ok_or("expected ITEM=FINDING")?;
    Ok((item.to_owned(), finding.parse()?))
}
