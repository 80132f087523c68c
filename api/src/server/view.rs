//! What the API shows: the shapes of its JSON, and how they are made out of the ledger.
//!
//! Codes are codes; texts that people wrote are theirs, and whoever shows them escapes them.

use custody_core::custody::{ItemState, Whereabouts};
use custody_core::id::{SubjectId, Uuid};
use custody_core::verify::utc_text;
use serde::Serialize;
use utoipa::ToSchema;

use crate::command::amount::quantity_text;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::history::{Event, History, description};
use crate::label_id::format_label_id;
use crate::moment::Moment;
use crate::people::{Name, People};
use crate::place::{place_text, state_word};

/// Somebody.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Who {
    /// `custodian:`, `agency:` or `ledger:` and the rest of the id.
    pub id: String,
    /// Their name, where it is open.
    pub name: Option<String>,
    /// The name of their agency.
    pub agency: Option<String>,
}

impl From<Name> for Who {
    fn from(name: Name) -> Self {
        Self { id: name.id.to_string(), name: name.name, agency: name.agency }
    }
}

/// An item in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ItemView {
    /// `item:` and a UUID.
    pub item: String,
    /// What stands on its label: 4 groups of letters and digits, the last with check characters.
    pub label: String,
    /// What it is.
    pub kind: &'static str,
    /// Where it is, in a word: `held`, `stored`, `on-the-way`, `packed`, `outside`, `checked-out`, or how it ended.
    pub state: &'static str,
    /// The same in a sentence, in English.
    pub place: String,
    /// Who answers for it.
    pub holder: Who,
    /// To whom it is on the way.
    pub addressee: Option<Who>,
    /// The release that waits for an answer: a digest.
    pub release: Option<String>,
    /// What it is packed in.
    pub container: Option<String>,
    /// How many items are packed in it.
    pub contents: u64,
    /// How much it is, with its unit.
    pub quantity: Option<String>,
    /// What it is in words, where that is open to whoever asks.
    pub description: Option<String>,
}

impl ItemView {
    /// The item as it is now.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn of(
        desk: &Desk,
        people: &People<'_>,
        item: Uuid,
        state: &ItemState,
    ) -> Result<Self, Failure> {
        let container = match state.place {
            Whereabouts::Packed { container } => Some(SubjectId::Item(container).to_string()),
            _ => None,
        };
        let addressee = state.release.as_ref().map(|open| people.custodian(open.to)).transpose()?;
        Ok(Self {
            item: SubjectId::Item(item).to_string(),
            label: format_label_id(item).join(" "),
            kind: state.kind.word(),
            state: state_word(state),
            place: place_text(desk, people, state)?,
            holder: people.custodian(state.holder)?.into(),
            addressee: addressee.map(Who::from),
            release: state.release.as_ref().map(|open| open.record.to_string()),
            container,
            contents: state.contents,
            quantity: state.quantity.map(quantity_text),
            description: description(desk, item)?,
        })
    }
}

/// An item with its history.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ItemHistory {
    /// The item as it is now.
    #[serde(flatten)]
    pub item: ItemView,
    /// The item it was made from.
    pub parent: Option<String>,
    /// Items that were made out of it.
    pub children: Vec<String>,
    /// What others call it.
    pub aliases: Vec<AliasView>,
    /// Its records, in the order of the ledger.
    pub records: Vec<EventView>,
    /// The entries in the order in which their acts happened, as claimed.
    pub claimed_order: Vec<u64>,
    /// Size of the tree at which it was looked at.
    pub size: u64,
}

/// What somebody calls an item.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AliasView {
    /// Who gave the name.
    pub issuer: String,
    /// What kind of name it is.
    pub kind: String,
    /// The name.
    pub value: String,
    /// The agency that said so.
    pub agency: String,
    /// Where that is recorded.
    pub entry: u64,
}

/// A record of an item.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventView {
    /// Index of its entry.
    pub entry: u64,
    /// Its digest.
    pub record: String,
    /// Its type.
    #[serde(rename = "type")]
    pub record_type: &'static str,
    /// What its body says, in English.
    pub headline: String,
    /// Whether it is said about the item, rather than custody.
    pub is_note: bool,
    /// When it happened, as claimed.
    pub occurred: String,
    /// What clock that claim is from.
    pub time_source: &'static str,
    /// When the ledger took it in, UTC.
    pub accepted: String,
    /// Who signed.
    pub signers: Vec<SignerView>,
    /// Sealed fields.
    pub fields: Vec<FieldView>,
    /// What is unusual, in English.
    pub flags: Vec<String>,
}

/// A signature.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SignerView {
    /// The role in words, in English.
    pub role: &'static str,
    /// Whose it is.
    pub who: Who,
}

/// A sealed field.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldView {
    /// Its name.
    pub name: String,
    /// Its value, where it is open to whoever asks.
    pub value: Option<String>,
    /// The entry that says that it was erased, if it was.
    pub erased_by: Option<u64>,
}

impl ItemHistory {
    /// The item with its history.
    ///
    /// # Errors
    /// There is no such item, or the ledger cannot be read.
    pub fn of(desk: &Desk, item: Uuid) -> Result<Self, Failure> {
        let people = People::of(desk);
        let history = History::of(desk, item)?;
        let alias = |said: &crate::alias::SaidAlias| AliasView {
            issuer: said.alias.issuer.clone(),
            kind: said.alias.kind.clone(),
            value: said.alias.value.clone(),
            agency: SubjectId::Agency(said.agency).to_string(),
            entry: said.index.0,
        };
        let id = |item: &Uuid| SubjectId::Item(*item).to_string();
        Ok(Self {
            item: ItemView::of(desk, &people, item, &history.state)?,
            parent: history.state.parent.as_ref().map(id),
            children: history.children.iter().map(id).collect(),
            aliases: history.aliases.iter().map(alias).collect(),
            claimed_order: history.claimed_order().iter().map(|index| index.0).collect(),
            records: history.events.iter().map(EventView::of).collect(),
            size: desk.head().size.0,
        })
    }
}

impl EventView {
    /// The record as it is shown.
    pub fn of(event: &Event) -> Self {
        let signer =
            |(role, who): &(&'static str, Name)| SignerView { role, who: Who::from(who.clone()) };
        let field = |(name, value): &(String, Option<String>)| FieldView {
            name: name.clone(),
            value: value.clone(),
            erased_by: event.erased.iter().find(|(field, ..)| field == name).map(|(_, by, _)| by.0),
        };
        Self {
            entry: event.index.0,
            record: event.digest.to_string(),
            record_type: event.record_type,
            headline: event.headline.clone(),
            is_note: event.is_note,
            occurred: Moment::from(event.occurred).to_string(),
            time_source: event.occurred.source.word(),
            accepted: utc_text(event.accepted_ms / 1000),
            signers: event.signers.iter().map(signer).collect(),
            fields: event.fields.iter().map(field).collect(),
            flags: event.flags.clone(),
        }
    }
}
