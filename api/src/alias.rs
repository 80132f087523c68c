//! What others call an item: exhibit marks, case numbers, court numbers. Kept as they were said, each in the
//! scope of the agency that said it. No number is anybody's but its issuer's.

use custody_core::cbor::{Reader, Value};
use custody_core::custody::Standing;
use custody_core::id::{SubjectId, Uuid};
use custody_core::merkle::LeafIndex;
use custody_core::record::Record;
use custody_core::record::body::{Body, NoteKind};

use crate::desk::Desk;
use crate::failure::Failure;

/// What kinds of alias there are.
pub const KINDS: [&str; 5] = ["exhibit-mark", "case-number", "court-number", "lab-number", "other"];

/// A name that somebody uses for an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Who uses it.
    pub issuer: String,
    /// One of [`KINDS`].
    pub kind: String,
    /// The name, verbatim.
    pub value: String,
}

/// An alias and where it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidAlias {
    /// The alias.
    pub alias: Alias,
    /// The agency of who said it.
    pub agency: Uuid,
    /// The entry.
    pub index: LeafIndex,
}

impl Alias {
    /// The sealed value: `[issuer, kind, value]`.
    pub fn to_value(&self) -> Value {
        let parts = [&self.issuer, &self.kind, &self.value];
        Value::array(parts.map(|part| Value::text(part.as_str())))
    }

    /// Reads a sealed value, if it is one.
    pub fn decode(value: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        reader.array(3, 3).ok()?;
        let mut text = || reader.text().ok().map(str::to_owned);
        let alias = Self { issuer: text()?, kind: text()?, value: text()? };
        reader.end().ok()?;
        KINDS.contains(&alias.kind.as_str()).then_some(alias)
    }
}

impl std::fmt::Display for Alias {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} of {})", self.value, self.kind, self.issuer)
    }
}

/// The aliases of an item that are open, in the order in which they were said.
///
/// # Errors
/// The ledger cannot be read.
pub fn aliases_of(desk: &Desk, item: Uuid) -> Result<Vec<SaidAlias>, Failure> {
    let mut said = Vec::new();
    for logged in desk.chain(&SubjectId::Notes(item))? {
        let record = Record::parse(&logged.record)?;
        let is_alias =
            matches!(&record.payload().body, Body::Note(note) if note.kind == NoteKind::Alias);
        if !is_alias {
            continue;
        }
        let openings = desk.openings(&record.digest())?;
        let opening = openings.iter().find(|opening| opening.field == "alias");
        let alias = opening.and_then(|opening| Alias::decode(&opening.value));
        let author = desk.subject(&record.payload().signers[0].id)?.standing;
        if let (Some(alias), Standing::Custodian(author)) = (alias, author) {
            said.push(SaidAlias { alias, agency: author.agency, index: logged.index });
        }
    }
    Ok(said)
}
