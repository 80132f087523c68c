//! A document as legacy histories: for each item what was done with it, when, by whom and where, and what
//! number each act gave it. Nothing of it is judged here; what does not fit a record is refused.

use std::collections::BTreeSet;

use custody_core::cbor::{Reader, Value};
use custody_core::record::body::{DigestAlgorithm, DigestScope, EvidenceDigest, ItemKind};

use super::document::{CaseError, Document, Node};
use super::{INVESTIGATION, uco};
use crate::ewf::recordable;
use crate::moment::Moment;

/// Most events of one item, and longest text in one: SPEC section "Sealed fields".
const MAX_EVENTS: usize = 200;
/// See [`MAX_EVENTS`].
const MAX_TEXT: usize = 200;
/// Most items of one document: each becomes a record.
const MAX_ITEMS: usize = 1000;
/// Digests of one item, as in every record.
const MAX_DIGESTS: usize = 16;

/// What a document says, as far as it is about items.
#[derive(Debug, Default)]
pub struct Reading {
    /// The items, in the order in which the document comes to them.
    pub items: Vec<LegacyItem>,
    /// What is named like an exhibit and is none: relationships between things.
    pub left_out: Vec<String>,
}

/// One item with its asserted history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyItem {
    /// Its id in the document, in full.
    pub id: String,
    /// Its id as the document writes it.
    pub shown: String,
    /// What it is: a device is a thing, everything else is data.
    pub kind: ItemKind,
    /// What the document calls it.
    pub description: Option<String>,
    /// Its exhibit numbers, in the order of events.
    pub exhibits: Vec<String>,
    /// What was done, in the order of time.
    pub events: Vec<LegacyEvent>,
    /// Method and value of every hash that the document states.
    pub hashes: Vec<(String, String)>,
}

/// One event of an asserted history. Empty texts are unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LegacyEvent {
    /// When it began: seconds since 1970.
    pub start_s: Option<u64>,
    /// When it ended: seconds since 1970.
    pub end_s: Option<u64>,
    /// What was done.
    pub action: String,
    /// By whom: a name, else the id in the document.
    pub actor: String,
    /// Where: a name, else the id in the document.
    pub place: String,
    /// The exhibit number under which the item is named.
    pub exhibit: String,
}

/// Reads the histories in a document.
///
/// # Errors
/// [`CaseError`].
pub fn read(document: &Document) -> Result<Reading, CaseError> {
    let reader = DocumentReader { document };
    let mut reading = Reading::default();
    for id in reader.things() {
        match document.find(&id) {
            Some(node) if is_relation(node) => reading.left_out.push(node.shown.clone()),
            node => reading.items.push(reader.item(&id, node)?),
        }
    }
    match reading.items.len() {
        0 => Err(CaseError::NoItems),
        count if count > MAX_ITEMS => {
            let what = format!("{count} items, at most {MAX_ITEMS} are read");
            Err(CaseError::Limit { node: "the document".to_owned(), what })
        }
        _ => Ok(reading),
    }
}

struct DocumentReader<'d> {
    document: &'d Document,
}

/// What an action or a record names: the thing itself, and under which number.
struct Named<'d> {
    id: &'d str,
    exhibit: &'d str,
}

impl<'d> DocumentReader<'d> {
    fn of_type(&self, name: &str) -> impl Iterator<Item = &'d Node> {
        let full = format!("{INVESTIGATION}{name}");
        self.document.nodes().iter().filter(move |node| node.types.contains(&full))
    }

    /// Everything that an action or a provenance record names, each once.
    fn things(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut things = Vec::new();
        let actions = self.of_type("InvestigativeAction");
        let by_actions = actions.flat_map(|action| {
            let named = [self.named(action, "object"), self.named(action, "result")];
            named.into_iter().flatten()
        });
        let by_records = self.of_type("ProvenanceRecord").flat_map(|record| self.contents(record));
        for named in by_actions.chain(by_records) {
            if seen.insert(named.id) {
                things.push(named.id.to_owned());
            }
        }
        things
    }

    /// What an action has as its object or result. A provenance record stands for what is in it.
    fn named(&self, action: &'d Node, property: &str) -> Vec<Named<'d>> {
        let targets = action.targets(&uco("action", property)).into_iter();
        let thing = |id: &'d str| match self.document.find(id) {
            Some(node) if is_record(node) => self.contents(node),
            _ => vec![Named { id, exhibit: "" }],
        };
        targets.flat_map(thing).collect()
    }

    fn contents(&self, record: &'d Node) -> Vec<Named<'d>> {
        let exhibit = record.texts(&format!("{INVESTIGATION}exhibitNumber"));
        let exhibit = exhibit.first().copied().unwrap_or_default();
        let objects = record.targets(&uco("core", "object")).into_iter();
        objects.map(|id| Named { id, exhibit }).collect()
    }

    fn item(&self, id: &str, node: Option<&Node>) -> Result<LegacyItem, CaseError> {
        let shown = node.map_or(id, |node| node.shown.as_str());
        let mut events = Vec::new();
        for action in self.of_type("InvestigativeAction") {
            for exhibit in self.numbers(action, id) {
                events.push(self.event(action, exhibit)?);
            }
        }
        // A number that no action gave stands by itself.
        for exhibit in self.records_of(id).flat_map(|record| self.contents(record)) {
            let is_known =
                events.iter().any(|event: &LegacyEvent| event.exhibit == exhibit.exhibit);
            if !is_known {
                let exhibit = fitting(shown, exhibit.exhibit)?;
                events.push(LegacyEvent { exhibit, ..LegacyEvent::default() });
            }
        }
        // Events without a time go last; those of one time stay in the document's order.
        events.sort_by_key(|event| event.start_s.unwrap_or(u64::MAX));
        if events.len() > MAX_EVENTS {
            let what = format!("{} events, at most {MAX_EVENTS} are recorded", events.len());
            return Err(CaseError::Limit { node: shown.to_owned(), what });
        }
        let mut exhibits: Vec<String> = Vec::new();
        for event in events.iter().filter(|event| !event.exhibit.is_empty()) {
            if !exhibits.contains(&event.exhibit) {
                exhibits.push(event.exhibit.clone());
            }
        }
        Ok(LegacyItem {
            id: id.to_owned(),
            shown: shown.to_owned(),
            kind: kind(node),
            description: self.description(id, node),
            exhibits,
            events,
            hashes: node.map(|node| self.hashes(node)).unwrap_or_default(),
        })
    }

    /// The numbers under which an action names an item: those that it gives, else those that it uses, else an
    /// empty one; none where it does not name the item.
    fn numbers(&self, action: &'d Node, id: &str) -> BTreeSet<&'d str> {
        let of = |property| {
            let named = self.named(action, property).into_iter().filter(|named| named.id == id);
            named.map(|named| named.exhibit).collect::<BTreeSet<_>>()
        };
        let (given, used) = (of("result"), of("object"));
        let stated = |numbers: &BTreeSet<&'d str>| {
            numbers.iter().copied().filter(|number| !number.is_empty()).collect::<BTreeSet<_>>()
        };
        let choices = [stated(&given), stated(&used), given, used];
        choices.into_iter().find(|numbers| !numbers.is_empty()).unwrap_or_default()
    }

    fn records_of(&self, id: &str) -> impl Iterator<Item = &'d Node> {
        let id = id.to_owned();
        let records = self.of_type("ProvenanceRecord");
        records.filter(move |record| record.targets(&uco("core", "object")).contains(&id.as_str()))
    }

    fn event(&self, action: &Node, exhibit: &str) -> Result<LegacyEvent, CaseError> {
        let time = |name: &str| match action.texts(&uco("action", name)).as_slice() {
            [] => Ok(None),
            [text] => moment(action, text).map(Some),
            several => Err(CaseError::Time { node: action.shown.clone(), text: several.join(" ") }),
        };
        let who = |property: &str| {
            let targets = action.targets(&uco("action", property)).into_iter();
            let names: Vec<_> = targets.map(|id| self.name(id)).collect();
            fitting(&action.shown, &names.join(", "))
        };
        Ok(LegacyEvent {
            start_s: time("startTime")?,
            end_s: time("endTime")?,
            action: fitting(&action.shown, &action.texts(&uco("core", "name")).join(", "))?,
            actor: who("performer")?,
            place: who("location")?,
            exhibit: fitting(&action.shown, exhibit)?,
        })
    }

    /// What the document calls somebody or some place: a name, given and family name, or its id.
    fn name(&self, id: &str) -> String {
        let Some(node) = self.document.find(id) else { return id.to_owned() };
        if let Some(name) = node.texts(&uco("core", "name")).first() {
            return (*name).to_owned();
        }
        let mut names = Vec::new();
        for facet in self.facets(node) {
            for part in ["givenName", "familyName"] {
                names.extend(facet.texts(&uco("identity", part)));
            }
        }
        if names.is_empty() { node.shown.clone() } else { names.join(" ") }
    }

    fn facets(&self, node: &Node) -> Vec<&'d Node> {
        let targets = node.targets(&uco("core", "hasFacet")).into_iter();
        targets.filter_map(|id| self.document.find(id)).collect()
    }

    /// By the records about it, else by the item itself.
    fn description(&self, id: &str, node: Option<&Node>) -> Option<String> {
        let mut words: Vec<&str> = Vec::new();
        for record in self.records_of(id) {
            words.extend(record.texts(&uco("core", "description")));
        }
        if let (true, Some(node)) = (words.is_empty(), node) {
            words.extend(node.texts(&uco("core", "name")));
            words.extend(node.texts(&uco("core", "description")));
        }
        let mut seen = BTreeSet::new();
        words.retain(|word| !word.is_empty() && seen.insert(*word));
        (!words.is_empty()).then(|| recordable(&words.join("; ")))
    }

    fn hashes(&self, node: &Node) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for facet in self.facets(node) {
            for hash in facet.targets(&uco("observable", "hash")) {
                let Some(hash) = self.document.find(hash) else { continue };
                let method = hash.texts(&uco("types", "hashMethod")).join(" ");
                let value = hash.texts(&uco("types", "hashValue")).join(" ");
                found.push((recordable(&method), recordable(&value)));
            }
        }
        found
    }
}

impl LegacyItem {
    /// Those of its hashes that a record can hold as digests: SHA-256 and SHA-512 of the right length. The
    /// document does not say what a content's bytes are of: they are taken for one logical file.
    pub fn digests(&self) -> Vec<EvidenceDigest> {
        let digest = |(method, value): &(String, String)| {
            let name = method.replace('-', "").to_ascii_uppercase();
            let (algorithm, length) = match name.as_str() {
                "SHA256" => (DigestAlgorithm::Sha256, 32),
                "SHA512" => (DigestAlgorithm::Sha512, 64),
                _ => return None,
            };
            let bytes = unhex(value).filter(|bytes| bytes.len() == length)?;
            Some(EvidenceDigest { scope: DigestScope::Logical, algorithm, bytes })
        };
        self.hashes.iter().filter_map(digest).take(MAX_DIGESTS).collect()
    }

    /// The sealed field `events`.
    pub fn events_value(&self) -> Value {
        let time = |time: Option<u64>| time.map_or(Value::Null, Value::Uint);
        Value::array(self.events.iter().map(|event| {
            let texts = [&event.action, &event.actor, &event.place, &event.exhibit];
            let texts = texts.into_iter().map(|text| Value::text(text.as_str()));
            Value::array([time(event.start_s), time(event.end_s)].into_iter().chain(texts))
        }))
    }
}

impl std::fmt::Display for LegacyEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let time = |time: u64| Moment::utc(time).to_string();
        match (self.start_s, self.end_s) {
            (Some(start), Some(end)) => write!(f, "{} to {}", time(start), time(end))?,
            (Some(start), None) => f.write_str(&time(start))?,
            (None, Some(end)) => write!(f, "until {}", time(end))?,
            (None, None) => f.write_str("at an unknown time")?,
        }
        for (word, text) in [
            (", ", &self.action),
            (", by ", &self.actor),
            (", at ", &self.place),
            (", exhibit ", &self.exhibit),
        ] {
            if !text.is_empty() {
                write!(f, "{word}{text}")?;
            }
        }
        Ok(())
    }
}

/// The events in a sealed field's value, if it is one of these.
pub fn decode_events(value: &[u8]) -> Option<Vec<LegacyEvent>> {
    let mut reader = Reader::new(value);
    let count = reader.array(1, MAX_EVENTS).ok()?;
    let mut events = Vec::new();
    for _ in 0..count {
        reader.array(6, 6).ok()?;
        let mut time = || if reader.null() { Some(None) } else { reader.uint().ok().map(Some) };
        let (start_s, end_s) = (time()?, time()?);
        let mut text = || reader.text().ok().map(str::to_owned);
        let (action, actor, place, exhibit) = (text()?, text()?, text()?, text()?);
        events.push(LegacyEvent { start_s, end_s, action, actor, place, exhibit });
    }
    reader.end().ok().map(|()| events)
}

fn is_record(node: &Node) -> bool {
    node.types.iter().any(|name| name == &format!("{INVESTIGATION}ProvenanceRecord"))
}

/// Whether it connects things rather than being one.
fn is_relation(node: &Node) -> bool {
    node.types.iter().any(|name| name.ends_with("Relationship"))
}

fn kind(node: Option<&Node>) -> ItemKind {
    let types = node.map(|node| node.types.as_slice()).unwrap_or_default();
    let is_thing =
        |name: &String| ["Device", "SIMCard", "/Item"].iter().any(|thing| name.ends_with(thing));
    if types.iter().any(is_thing) { ItemKind::Physical } else { ItemKind::Digital }
}

/// XML Schema's `dateTime` with a zone. Records have whole seconds: a fraction is left out.
fn moment(action: &Node, text: &str) -> Result<u64, CaseError> {
    let whole = match text.split_once('.') {
        Some((before, after)) => {
            let zone = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}{zone}")
        }
        None => text.to_owned(),
    };
    whole.parse::<Moment>().map(|moment| moment.utc_s).map_err(|_| CaseError::Time {
        node: action.shown.clone(),
        text: text.chars().take(40).collect(),
    })
}

fn fitting(node: &str, text: &str) -> Result<String, CaseError> {
    let text = recordable(text);
    match text.len() <= MAX_TEXT {
        true => Ok(text),
        false => {
            let what = format!("a text of {} bytes, at most {MAX_TEXT} are recorded", text.len());
            Err(CaseError::Limit { node: node.to_owned(), what })
        }
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<_> = text.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    let is_even = pairs.remainder().is_empty();
    // Two digits below 16 make a byte.
    is_even.then(|| pairs.map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
}
