use std::collections::HashMap;

use custody_core::hash::sha256;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::Record;
use custody_core::record::body::Body;
use custody_log::SubjectKind;

use super::fault::excerpt;
use crate::desk::{Desk, MIN_PREFIX};
use crate::failure::Failure;
use crate::label_id::parse_label_id;
use crate::terminal::count_bar;

/// Items by what people call them: their id, the first digits of it, as their label has it, or their reference.
pub struct Register<'d> {
    desk: &'d Desk<'d>,
    /// What is in it, in words.
    what: &'static str,
    /// Ids as text, in order.
    ids: Vec<(String, Uuid)>,
    /// Made when it is first needed: it opens the vault's file of every item.
    references: Option<HashMap<String, Vec<Uuid>>>,
}

impl<'d> Register<'d> {
    /// All items of a ledger. Cost: a look at each.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn of(desk: &'d Desk) -> Result<Self, Failure> {
        let mut ids = Vec::new();
        for subject in desk.subjects(SubjectKind::Item) {
            if let (SubjectId::Item(id), _) = subject? {
                ids.push(id);
            }
        }
        Ok(Self::among(desk, &ids, "item"))
    }

    /// These items only; `what` they are, in words.
    pub fn among(desk: &'d Desk<'d>, items: &[Uuid], what: &'static str) -> Self {
        let mut ids: Vec<_> = items.iter().map(|id| (id.to_string(), *id)).collect();
        ids.sort();
        Self { desk, what, ids, references: None }
    }

    /// The one item that `text` names.
    ///
    /// # Errors
    /// It names none, or several: a text may be the beginning of one item's id and the reference of another.
    pub fn find(&mut self, text: &str) -> Result<Uuid, Failure> {
        let bare = text.strip_prefix("item:").unwrap_or(text);
        let of_label = parse_label_id(bare).transpose()?;
        let of_label = of_label.map(|item| item.to_string());
        let bare = of_label.as_deref().unwrap_or(bare);
        let mut found: Vec<_> = match bare.len() >= MIN_PREFIX {
            true => {
                let from = self.ids.partition_point(|(id, _)| id.as_str() < bare);
                let begins = self.ids[from..].iter().take_while(|(id, _)| id.starts_with(bare));
                begins.map(|(_, id)| *id).collect()
            }
            false => Vec::new(),
        };
        // A whole id is no reference as well.
        if bare.parse::<Uuid>().is_err() {
            found.extend(self.references()?.get(text).into_iter().flatten());
        }
        found.sort();
        found.dedup();
        match found.as_slice() {
            [item] => Ok(*item),
            [] => {
                let message =
                    format!("no {} has the id or the reference `{}`", self.what, excerpt(text));
                Err(Failure::rejected("id/unknown", message))
            }
            several => {
                let message = format!("`{}` may be {} items", excerpt(text), several.len());
                Err(Failure::could_not("id/ambiguous", message))
            }
        }
    }

    fn references(&mut self) -> Result<&HashMap<String, Vec<Uuid>>, Failure> {
        if self.references.is_none() {
            let mut references: HashMap<_, Vec<_>> = HashMap::new();
            let items: Vec<_> = self.ids.iter().map(|(_, item)| *item).collect();
            foresee(self.desk, &items)?;
            let bar = count_bar("looking up", self.ids.len() as u64);
            for (count, (_, item)) in (1..).zip(&self.ids) {
                bar.set(count);
                if let Some(reference) = text_of(self.desk, *item, "reference")? {
                    references.entry(reference).or_default().push(*item);
                }
            }
            self.references = Some(references);
        }
        Ok(self.references.get_or_insert_default())
    }
}

/// Says of which items [`text_of`] is asked next.
///
/// # Errors
/// The ledger cannot be read.
pub fn foresee(desk: &Desk, items: &[Uuid]) -> Result<(), Failure> {
    let ids: Vec<_> = items.iter().copied().map(SubjectId::Item).collect();
    desk.books().foresee(&ids, true)?;
    let notes: Vec<_> = items.iter().copied().map(SubjectId::Notes).collect();
    desk.books().foresee(&notes, false)
}

/// What a sealed text of an item's first record says today: as it was corrected last, or else as it was recorded. Nothing
/// where that is not open.
///
/// # Errors
/// The ledger or the vault cannot be read.
pub fn text_of(desk: &Desk, item: Uuid, field: &str) -> Result<Option<String>, Failure> {
    let Some(first) = desk.books().first(&SubjectId::Item(item))? else { return Ok(None) };
    let digest = sha256(&first.record);
    let mut text = opened(desk, &first.record, field)?;
    let notes = SubjectId::Notes(item);
    let noted = desk.look_up(&notes)?.map(|_| desk.chain(&notes)).transpose()?;
    for note in noted.unwrap_or_default() {
        if let Body::Correct(body) = &Record::parse(&note.record)?.payload().body
            && body.record == digest
            && body.field == field
        {
            text = opened(desk, &note.record, "value")?;
        }
    }
    Ok(text)
}

fn opened(desk: &Desk, record: &[u8], field: &str) -> Result<Option<String>, Failure> {
    let openings = desk.openings(&sha256(record))?;
    let opening = openings.iter().find(|opening| opening.field == field);
    Ok(opening.and_then(|opening| opening.as_text()).map(str::to_owned))
}
