//! What a receiver checked and found, as typed.

use custody_core::cose::{Check, Finding, Observed, Outcome};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::Payload;

use crate::desk::Desk;
use crate::failure::Failure;
use crate::label_id::parse_label_id;

/// The options of [`ObservedOption`], help lines.
macro_rules! observed_help {
    () => {
        "  --checked CHECKS            what you looked at: digest, inventory, count, seal; with commas
  --outcome ITEM=FINDING      what you found of an item that is not simply accepted: discrepancy,
                              missing, not-inventoried or seal-mismatch; may be repeated
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
}

impl ObservedOption {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.checked.is_empty() && self.outcome.is_empty()
    }

    /// What is written with the receiver's signature of `payload`.
    ///
    /// # Errors
    /// An outcome names an item that the record does not have.
    pub fn of(&self, payload: &Payload, desk: Option<&Desk>) -> Result<Observed, Failure> {
        let mut checked = self.checked.clone();
        checked.sort_by_key(|check| check.word());
        checked.dedup();
        let mut outcomes = Vec::new();
        for (item, finding) in &self.outcome {
            let id = match desk {
                Some(desk) => desk.item(item)?,
                None => full_id(item)?,
            };
            let id = SubjectId::Item(id);
            let position = payload.subjects.iter().position(|link| link.subject == id);
            let missing =
                || Failure::could_not("record/outcome", format!("{id} is not one of the items"));
            outcomes.push(Outcome { position: position.ok_or_else(missing)?, finding: *finding });
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

/// Without a ledger there is nothing in which to look up the beginning of an id.
fn full_id(text: &str) -> Result<Uuid, Failure> {
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
