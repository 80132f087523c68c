//! What goes into as many records as it takes: one has room for 500 items.

use custody_core::id::{SubjectId, Uuid};
use serde_json::{Value, json};

use super::party::{self, MAX_ITEMS};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::session::{Done, merge};
use crate::terminal::Answer;

/// Does `act` to the items in as many records as it takes, and answers with all of them. What was recorded
/// before one is refused stays recorded.
///
/// # Errors
/// A record is refused, or a file was asked for and one record is not enough.
pub fn in_records(
    desk: &Desk,
    (items, is_offered): (&[Uuid], bool),
    (verb, facts): (&str, Value),
    mut act: impl FnMut(&[Uuid]) -> Result<Done, Failure>,
) -> Result<Answer, Failure> {
    if is_offered && items.len() > MAX_ITEMS {
        let message = format!("{} items do not go into one record of {MAX_ITEMS}", items.len());
        return Err(Failure::could_not("usage", message)
            .hint("name at most 500 items for each `--out FILE`"));
    }
    let (mut lines, mut records) = (Vec::new(), Vec::new());
    for items in items.chunks(MAX_ITEMS) {
        let done = act(items)?;
        let own = json!({ "items": party::items_json(items) });
        let answer =
            done.answer(done.verb(&format!("{verb}: {}", count(items))), own, Some(desk))?;
        lines.extend(answer.lines);
        records.push(answer.json);
    }
    Ok(Answer::done(lines, merge(facts, json!({ "records": records }))))
}

fn count(items: &[Uuid]) -> String {
    match items {
        [item] => SubjectId::Item(*item).to_string(),
        items => format!("{} items", items.len()),
    }
}
