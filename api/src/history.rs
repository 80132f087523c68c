//! An item's history as a person reads it: what, when by whose claim, when recorded, by whom, with what
//! outcome, and what is unusual about it.

use std::collections::BTreeMap;

use custody_core::cbor::Reader;
use custody_core::custody::ItemState;
use custody_core::hash::{Hash, sha256};
use custody_core::id::{SubjectId, Uuid};
use custody_core::merkle::LeafIndex;
use custody_core::printable::printable;
use custody_core::record::body::{Body, EraseBasis, EvidenceDigest, decode_digests};
use custody_core::record::{Occurred, Record};
use custody_core::sealed::Opening;
use custody_log::Logged;

use crate::alias::{Alias, SaidAlias, aliases_of};
use crate::case::{LegacyEvent, decode_events};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::flag::{AHEAD_S, flags};
use crate::headline::headline;
use crate::people::{Name, People};
use crate::place::place_text;
use crate::session::role_word;

/// Most parts of one `split`: a record takes 500 items, and one of them is what was split.
const MAX_PARTS: usize = 499;

/// One item, from its first record to its newest.
pub struct History {
    /// The item.
    pub item: Uuid,
    /// Where it is now.
    pub state: ItemState,
    /// The same in words.
    pub place: String,
    /// Who answers for it.
    pub holder: Name,
    /// To whom it is on the way.
    pub addressee: Option<Name>,
    /// The agency that it came from under a request.
    pub origin: Option<Name>,
    /// Items that were made out of it.
    pub children: Vec<Uuid>,
    /// What others call it.
    pub aliases: Vec<SaidAlias>,
    /// Its custody and its notes, in the order of the log.
    pub events: Vec<Event>,
}

/// What records of an item say was erased: by record and field, the entry and the basis.
type Erasures = BTreeMap<(Hash, String), (LeafIndex, EraseBasis)>;

/// One record of an item.
pub struct Event {
    /// Index of its entry.
    pub index: LeafIndex,
    /// When the log took it in: milliseconds since 1970.
    pub accepted_ms: u64,
    /// Its digest.
    pub digest: Hash,
    /// Its type and what its body says, in words.
    pub headline: String,
    /// Whether it is said about the item, rather than custody.
    pub is_note: bool,
    /// The record's type.
    pub record_type: &'static str,
    /// When it happened, as claimed.
    pub occurred: Occurred,
    /// Who signed, in what role.
    pub signers: Vec<(&'static str, Name)>,
    /// Sealed fields and their values; `None` where they are not open.
    pub fields: Vec<(String, Option<String>)>,
    /// Fields whose openings were erased, with the entry that says so and on what basis.
    pub erased: Vec<(String, LeafIndex, EraseBasis)>,
    /// What is unusual.
    pub flags: Vec<String>,
}

impl History {
    /// Puts together what the ledger has about `item`.
    ///
    /// # Errors
    /// There is no such item, or the ledger cannot be read.
    pub fn of(desk: &Desk, item: Uuid) -> Result<Self, Failure> {
        let people = People::of(desk);
        let state = desk.item_state(item)?;
        let mut logged = desk.chain(&SubjectId::Item(item))?;
        logged.extend(desk.chain(&SubjectId::Notes(item))?);
        logged.sort_by_key(|logged| logged.index);
        let (mut events, mut children) = (Vec::new(), Vec::new());
        for logged in &logged {
            let record = Record::parse(&logged.record)?;
            children.extend(children_of(&record, item));
            events.push(Event::of(desk, &people, logged, &record, item)?);
        }
        point_at_order(&mut events);
        let erasures = erasures_of(&logged)?;
        events.iter_mut().for_each(|event| event.note_erased(&erasures));
        let aliases = aliases_of(desk, item)?;
        let addressee = state.release.as_ref().map(|open| people.custodian(open.to)).transpose()?;
        let origin = state.bound.map(|bound| people.name(&SubjectId::Agency(bound.agency)));
        let origin = origin.transpose()?;
        let holder = people.custodian(state.holder)?;
        let place = place_text(desk, &people, &state)?;
        Ok(Self { item, state, place, holder, addressee, origin, children, aliases, events })
    }

    /// The request under which it came from its origin.
    pub fn request(&self) -> Option<SubjectId> {
        self.state.bound.map(|bound| SubjectId::Request(bound.request))
    }

    /// The request under which it is on the way.
    pub fn requested_by(&self) -> Option<SubjectId> {
        let open = self.state.release.as_ref();
        open.and_then(|open| open.request).map(SubjectId::Request)
    }

    /// The entries in the order in which their acts happened, as claimed; of one time, as recorded.
    pub fn claimed_order(&self) -> Vec<LeafIndex> {
        let mut order: Vec<_> =
            self.events.iter().map(|event| (event.occurred.utc_s, event.index)).collect();
        order.sort();
        order.into_iter().map(|(_, index)| index).collect()
    }

    /// Whether acts stand in another order than they happened, as claimed, by more than clocks differ.
    pub fn is_reordered(&self) -> bool {
        claimed_after(&self.events).iter().any(Option::is_some)
    }
}

/// Of each event the first one before it that claims to have happened later.
fn claimed_after(events: &[Event]) -> Vec<Option<LeafIndex>> {
    let mut newest_s = 0;
    let mut find = |(position, event): (usize, &Event)| {
        let is_later = |claimed_s: u64| claimed_s.saturating_sub(event.occurred.utc_s) > AHEAD_S;
        let is_out_of_order = is_later(newest_s);
        newest_s = newest_s.max(event.occurred.utc_s);
        let mut before = events[..position].iter().filter(|_| is_out_of_order);
        before.find(|other| is_later(other.occurred.utc_s)).map(|other| other.index)
    };
    events.iter().enumerate().map(&mut find).collect()
}

/// Says of an act which one recorded before it happened after it, as claimed.
fn point_at_order(events: &mut [Event]) {
    let later = claimed_after(events);
    for (event, later) in events.iter_mut().zip(later) {
        let flag = |index: LeafIndex| {
            format!("claimed for a time before entry {}, recorded after it", index.0)
        };
        event.flags.extend(later.map(flag));
    }
}

impl Event {
    /// A record of the chain of a request. A receiver finds nothing of it: there is no item to look at.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn of_request(
        desk: &Desk,
        people: &People<'_>,
        logged: &Logged,
        request: Uuid,
    ) -> Result<Self, Failure> {
        Self::of(desk, people, logged, &Record::parse(&logged.record)?, request)
    }

    fn of(
        desk: &Desk,
        people: &People<'_>,
        logged: &Logged,
        record: &Record,
        item: Uuid,
    ) -> Result<Self, Failure> {
        let payload = record.payload();
        let openings = desk.openings(&sha256(&logged.record))?;
        let mut signers = Vec::new();
        for signer in &payload.signers {
            signers.push((role_word(signer.role), people.name(&signer.id)?));
        }
        let field = |name: String| {
            let value = openings.iter().find(|opening| opening.field == name).map(value_text);
            (name, value)
        };
        let (index, accepted_ms) = (logged.index, logged.entry.accepted_ms);
        Ok(Self {
            index,
            accepted_ms,
            digest: record.digest(),
            headline: headline(desk, people, record)?,
            is_note: payload.link(&SubjectId::Notes(item)).is_some(),
            record_type: record.record_type().word(),
            occurred: payload.occurred,
            signers,
            fields: payload.sealed_names().map(field).collect(),
            erased: Vec::new(),
            flags: flags(desk, record, accepted_ms, item)?,
        })
    }
}

impl Event {
    /// Says which fields are gone, and shows none of them even where an old vault has brought them back.
    fn note_erased(&mut self, erasures: &Erasures) {
        for (field, value) in &mut self.fields {
            if let Some((index, basis)) = erasures.get(&(self.digest, field.clone())) {
                *value = None;
                self.erased.push((field.clone(), *index, *basis));
            }
        }
    }
}

fn erasures_of(records: &[Logged]) -> Result<Erasures, Failure> {
    let mut erasures = Erasures::new();
    for logged in records {
        if let Body::EraseOpening(body) = &Record::parse(&logged.record)?.payload().body {
            let by = (logged.index, body.basis);
            let fields = body.fields.iter().map(|one| ((one.record, one.field.clone()), by));
            erasures.extend(fields);
        }
    }
    Ok(erasures)
}

/// The items that a `derive` or `split` made out of `parent`.
fn children_of(record: &Record, parent: Uuid) -> Vec<Uuid> {
    match &record.payload().body {
        Body::Derive(body) if body.parent == parent => {}
        Body::Split(body) if body.parent == parent => {}
        _ => return Vec::new(),
    }
    let items = record.payload().subjects.iter().filter_map(|link| match link.subject {
        SubjectId::Item(id) if id != parent => Some(id),
        _ => None,
    });
    items.collect()
}

/// The digests that a record names, open or opened.
pub fn recorded_digests(record: &Record, openings: &[Opening]) -> Vec<EvidenceDigest> {
    let open = match &record.payload().body {
        Body::Collect(body) => body.digests.as_slice(),
        Body::Derive(body) => body.digests.as_slice(),
        Body::ProviderProduction(body) => body.digests.as_slice(),
        Body::RegisterLegacy(body) => body.digests.as_slice(),
        _ => &[],
    };
    let sealed = openings.iter().find(|opening| opening.field == "digests");
    let sealed = sealed.and_then(|opening| decode_digests(&mut Reader::new(&opening.value)).ok());
    [open, sealed.unwrap_or_default().as_slice()].concat()
}

/// The value of a sealed field in words.
pub fn value_text(opening: &Opening) -> String {
    if let Some(text) = opening.as_text() {
        return text.to_owned();
    }
    if let Ok(digests) = decode_digests(&mut Reader::new(&opening.value)) {
        return digests.iter().map(digest_text).collect::<Vec<_>>().join(", ");
    }
    if let Some(alias) = Alias::decode(&opening.value) {
        return alias.to_string();
    }
    if let Some(events) = decode_events(&opening.value) {
        let line = |event: &LegacyEvent| printable(&event.to_string());
        return events.iter().map(line).collect::<Vec<_>>().join("\n");
    }
    let named = decode_descriptions(opening).map(|list| {
        list.into_iter().map(|text| text.unwrap_or_else(|| "-".to_owned())).collect::<Vec<_>>()
    });
    named
        .map(|list| list.join(" | "))
        .or_else(|| document_text(&opening.value))
        .unwrap_or_else(|| format!("{} bytes of CBOR", opening.value.len()))
}

fn digest_text(digest: &EvidenceDigest) -> String {
    let name = if digest.bytes.len() == 32 { "sha-256" } else { "sha-512" };
    let hex: String = digest.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{name} {hex} ({})", digest.scope)
}

/// `[name, [-16, digest]]`.
fn document_text(value: &[u8]) -> Option<String> {
    let mut reader = Reader::new(value);
    reader.array(2, 2).ok()?;
    let name = reader.text().ok()?;
    reader.array(2, 2).ok()?;
    let algorithm = reader.int().ok().filter(|number| *number == -16);
    let digest: [u8; 32] = reader.array_of().ok().filter(|_| algorithm.is_some())?;
    Some(format!("{name}, sha-256 {}", Hash::new(digest)))
}

/// The first description of an item that is open: what a list shows beside its id.
///
/// # Errors
/// The ledger cannot be read.
pub fn description(desk: &Desk, item: Uuid) -> Result<Option<String>, Failure> {
    let Some(first) = desk.books().first(&SubjectId::Item(item))? else { return Ok(None) };
    let openings = desk.openings(&sha256(&first.record))?;
    let field = |name: &str| openings.iter().find(|opening| opening.field == name);
    if let Some(text) = field("description").and_then(Opening::as_text) {
        return Ok(Some(text.to_owned()));
    }
    let record = Record::parse(&first.record)?;
    let Body::Split(body) = &record.payload().body else { return Ok(None) };
    let position = body.parts.iter().position(|part| part.item == item);
    let texts = field("descriptions").and_then(decode_descriptions).unwrap_or_default();
    Ok(position.and_then(|position| texts.into_iter().nth(position)).flatten())
}

/// The sealed field `descriptions` of a `split`: a text or null for each part, in the order of the parts.
fn decode_descriptions(opening: &Opening) -> Option<Vec<Option<String>>> {
    if opening.field != "descriptions" {
        return None;
    }
    let mut reader = Reader::new(&opening.value);
    let count = reader.array(1, MAX_PARTS).ok()?;
    let text = |_| match reader.null() {
        true => Some(None),
        false => reader.text().ok().map(|text| Some(text.to_owned())),
    };
    (0..count).map(text).collect()
}
