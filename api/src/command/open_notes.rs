//! What is open about items, by the records that opened it: holds, disputes.

use custody_core::custody::{NotesState, Standing};
use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::merkle::LeafIndex;
use custody_core::record::Record;
use custody_log::SubjectKind;
use serde_json::{Value, json};

use super::show::name_json;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::headline::headline;
use crate::people::{Name, People};

/// A record about an item that is still open.
pub struct OpenNote {
    item: Uuid,
    index: LeafIndex,
    /// The record.
    pub record: Record,
    headline: String,
    author: Name,
}

/// What is open about the items that `named` names, or about all: of each item, what `pick` takes.
///
/// # Errors
/// An item is not there, or the ledger cannot be read.
pub fn collect(
    desk: &Desk,
    named: &[String],
    pick: impl Fn(&NotesState) -> Vec<Hash>,
) -> Result<Vec<OpenNote>, Failure> {
    let people = People::of(desk);
    let mut open = Vec::new();
    for (item, notes) in notes_of(desk, named)? {
        for digest in pick(&notes) {
            let Some(index) = desk.by_digest(&digest)? else { continue };
            let record = desk.record(index)?;
            let author = people.name(&record.payload().signers[0].id)?;
            let headline = headline(desk, &people, &record)?;
            open.push(OpenNote { item, index, record, headline, author });
        }
    }
    open.sort_by_key(|open| (open.index, open.item));
    Ok(open)
}

fn notes_of(desk: &Desk, named: &[String]) -> Result<Vec<(Uuid, NotesState)>, Failure> {
    let mut known = Vec::new();
    if named.is_empty() {
        for subject in desk.subjects(SubjectKind::Notes) {
            if let (SubjectId::Notes(item), Standing::Notes(notes)) =
                subject.map(|(id, subject)| (id, subject.standing))?
            {
                known.push((item, notes));
            }
        }
    }
    for text in named {
        let item = desk.item(text)?;
        known.push((item, desk.notes_state(item)?));
    }
    Ok(known)
}

impl OpenNote {
    /// For people.
    pub fn line(&self) -> String {
        let item = SubjectId::Item(self.item);
        format!("{item}  entry {}: {}, by {}", self.index.0, self.headline, self.author)
    }

    /// For programs, with what `key` says of it.
    pub fn to_json(&self, key: &str, word: &str) -> Value {
        json!({
            "item": SubjectId::Item(self.item).to_string(),
            "entry": self.index.0,
            "record": self.record.digest().to_string(),
            "by": name_json(&self.author),
            key: word,
        })
    }
}
