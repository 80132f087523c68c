//! Items on the way: which release they are under.

use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};

use super::party;
use crate::act::{Parties, Reply};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::people::People;

/// An open release, as whoever answers it sees it.
#[derive(Clone, Debug)]
pub struct Open {
    /// The release, its sender and its addressee.
    pub reply: Reply,
    /// Who may answer in the addressee's place.
    pub substitutes: Vec<Uuid>,
}

/// The one open release that all of `items` are under.
///
/// # Errors
/// One is not on the way, or they are under different releases.
pub fn open_release(desk: &Desk, items: &[Uuid]) -> Result<Open, Failure> {
    let mut found: Option<(Uuid, Open)> = None;
    for item in items {
        let open = release_of(desk, *item)?;
        match &found {
            Some((first, known)) if known.reply.to != open.reply.to => {
                let (first, id) = (SubjectId::Item(*first), SubjectId::Item(*item));
                let message = format!("{first} and {id} are under different releases");
                return Err(Failure::could_not("usage", message).hint("answer each on its own"));
            }
            _ => found = Some((*item, open)),
        }
    }
    found.map(|(_, open)| open).ok_or_else(|| Failure::could_not("usage", "no item is named"))
}

fn release_of(desk: &Desk, item: Uuid) -> Result<Open, Failure> {
    let state = desk.item_state(item)?;
    let not_on_the_way = || {
        let message = format!("{} is not on the way", SubjectId::Item(item));
        Failure::rejected("custody/no-open-release", message)
    };
    let open = state.release.ok_or_else(not_on_the_way)?;
    let parties = Parties { from: state.holder, to: open.to };
    Ok(Open { reply: Reply { to: open.record, parties }, substitutes: open.substitutes })
}

/// The one open release that all of `items` are under, if `me` may answer it: its addressee or a substitute,
/// who then stands in the addressee's place.
///
/// # Errors
/// As [`open_release`], or they are on the way to somebody else.
pub fn addressed_to(desk: &Desk, items: &[Uuid], me: Uuid) -> Result<Reply, Failure> {
    let open = open_release(desk, items)?;
    let reply = open.reply;
    if reply.parties.to == me || open.substitutes.contains(&me) {
        return Ok(Reply { parties: Parties { to: me, ..reply.parties }, ..reply });
    }
    let people = People::of(desk);
    let (to, me) = (people.custodian(reply.parties.to)?, people.custodian(me)?);
    let item = items.first().map_or_else(String::new, |item| SubjectId::Item(*item).to_string());
    let message = format!("{item} is on the way to {to}, not to {me}");
    Err(Failure::rejected("custody/not-the-addressee", message))
}

/// The one open release that all of `items` are under, if `me` sent it.
///
/// # Errors
/// As [`open_release`], or somebody else sent them.
pub fn sent_by(desk: &Desk, items: &[Uuid], me: Uuid) -> Result<Reply, Failure> {
    let reply = open_release(desk, items)?.reply;
    if reply.parties.from == me {
        return Ok(reply);
    }
    let people = People::of(desk);
    let (from, me) = (people.custodian(reply.parties.from)?, people.custodian(me)?);
    let item = items.first().map_or_else(String::new, |item| SubjectId::Item(*item).to_string());
    let message = format!("{item} was released by {from}, not by {me}");
    Err(Failure::rejected("custody/not-the-holder", message))
}

/// The items of `release` that nobody has answered for yet.
///
/// # Errors
/// There is no such record, or nothing of it is open.
pub fn items_under(desk: &Desk, release: &Hash) -> Result<Vec<Uuid>, Failure> {
    let index = desk.entry(&release.to_string())?;
    let record = desk.record(index)?;
    let mut items = Vec::new();
    for link in &record.payload().subjects {
        if let SubjectId::Item(item) = link.subject {
            let open = desk.item_state(item)?.release;
            items.extend(open.filter(|open| open.record == *release).map(|_| item));
        }
    }
    match items.is_empty() {
        true => {
            let message = format!("record {release} is no release that is still open");
            Err(Failure::rejected("custody/no-open-release", message))
        }
        false => Ok(items),
    }
}

/// The items named by `texts`: ids of items, or the digest of one release.
///
/// # Errors
/// As [`open_release`] and [`items_under`].
pub fn named(desk: &Desk, texts: &[String]) -> Result<Vec<Uuid>, Failure> {
    if let [text] = texts
        && let Some(release) = Hash::from_hex(text)
    {
        return items_under(desk, &release);
    }
    party::items(desk, texts)
}
