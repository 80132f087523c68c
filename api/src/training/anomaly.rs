//! What is planted in a training ledger for an audit to find.

use custody_core::id::{SubjectId, Uuid};
use serde_json::{Value, json};

/// Declares the anomalies with their names, so that each stands in one place.
macro_rules! anomalies {
    ($($(#[$meta:meta])* $name:ident = $word:literal,)+) => {
        /// A kind of anomaly.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Anomaly { $($(#[$meta])* $name,)+ }

        impl Anomaly {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its name, as it is typed.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

anomalies! {
    /// On the way for longer than 72 hours, without a scan and without a time by which it is expected.
    Gap = "gap",
    /// A record claims an earlier time than the one before it.
    Overlap = "overlap",
    /// Received after it was expected.
    OverdueTransit = "overdue-transit",
    /// One person acts in two places within less than 30 minutes.
    TwoPlaces = "two-places",
    /// A release that nobody ever answers.
    UnsignedByReceiver = "unsigned-by-receiver",
    /// A seal that is not the one that was put on, or not intact.
    SealMismatch = "seal-mismatch",
    /// A record that lost its place to another, and was kept all the same.
    LateEntry = "late-entry",
    /// A box with something in it was given to somebody who holds no key.
    OrphanedContainer = "orphaned-container",
    /// A substitute received, although the addressee was not away.
    AlternateOutsideAbsence = "alternate-outside-absence",
}

impl Anomaly {
    /// The anomaly of this name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|anomaly| anomaly.word() == word)
    }

    /// The code with which `custody audit` reports it.
    pub fn code(self) -> String {
        format!("audit/{}", self.word())
    }
}

/// One planted anomaly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planted {
    /// What kind.
    pub anomaly: Anomaly,
    /// The item whose history has it.
    pub item: Uuid,
    /// The entries that show it, in order.
    pub entries: Vec<u64>,
}

impl Planted {
    /// As `planted.json` has it.
    pub fn to_json(&self) -> Value {
        json!({
            "kind": self.anomaly.word(),
            "code": self.anomaly.code(),
            "item": SubjectId::Item(self.item).to_string(),
            "entries": self.entries,
        })
    }
}
