//! What an audit finds, and what it is called.

use custody_core::id::Uuid;

/// Declares the codes of findings with their words, so that each stands in one place.
macro_rules! findings {
    ($($(#[$meta:meta])* $name:ident = $word:literal,)+) => {
        /// What is found. The guide for auditors has them as a table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[$meta])* $name,)+ }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The code.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

findings! {
    /// On the way, or with nobody, for too long, and nothing says why.
    Gap = "audit/gap",
    /// A record of a custody chain claims an earlier time than the one before it.
    Overlap = "audit/overlap",
    /// Received after it was expected, brought back after it was due, or still out.
    OverdueTransit = "audit/overdue-transit",
    /// One person acts in two places at about the same time.
    TwoPlaces = "audit/two-places",
    /// Nobody signed for what was sent or given.
    UnsignedByReceiver = "audit/unsigned-by-receiver",
    /// A seal is not the one that was put on, or not intact.
    SealMismatch = "audit/seal-mismatch",
    /// A record came too late to take its place.
    LateEntry = "audit/late-entry",
    /// What carries an item is missing, or outside for long.
    OrphanedContainer = "audit/orphaned-container",
    /// Somebody received in the place of an addressee who was not away, or had named another.
    AlternateOutsideAbsence = "audit/alternate-outside-absence",
    /// An item was missing, and nothing later shows it.
    Missing = "audit/missing",
    /// Claimed time and the log's time do not fit.
    Clock = "audit/clock",
    /// An item has exhibit numbers that have no root in common.
    RootChanged = "audit/root-changed",
    /// Something was taken from an item that was to be kept.
    TakenUnderHold = "audit/taken-under-hold",
}

impl std::str::FromStr for Kind {
    type Err = String;

    /// A code, with or without `audit/`.
    fn from_str(text: &str) -> Result<Self, String> {
        let bare = |kind: &Self| kind.word().trim_start_matches("audit/") == text;
        let known = |kind: &&Self| kind.word() == text || bare(kind);
        Self::ALL.iter().find(known).copied().ok_or_else(|| {
            let words: Vec<_> = Self::ALL.iter().map(|kind| kind.word()).collect();
            format!("expected one of: {}", words.join(", "))
        })
    }
}

/// Something that somebody should look at. It accuses nobody: there may be a reason that the ledger does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind.
    pub kind: Kind,
    /// The entries that show it, ascending.
    pub entries: Vec<u64>,
    /// The items.
    pub items: Vec<Uuid>,
    /// The custodians who have to do with it.
    pub people: Vec<Uuid>,
    /// People whom only an asserted history names.
    pub named: Vec<String>,
    /// How long, where it is about time.
    pub minutes: Option<u64>,
    /// The same in a sentence.
    pub text: String,
    /// Entries that correct a record of `entries`.
    pub corrected_by: Vec<u64>,
}

impl Finding {
    /// A finding that `entries` show; the rest is said with the methods below.
    pub fn new(
        kind: Kind,
        entries: impl IntoIterator<Item = u64>,
        text: impl Into<String>,
    ) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort_unstable();
        entries.dedup();
        Self {
            kind,
            entries,
            items: Vec::new(),
            people: Vec::new(),
            named: Vec::new(),
            minutes: None,
            text: text.into(),
            corrected_by: Vec::new(),
        }
    }

    /// About these items.
    #[must_use]
    pub fn about(mut self, items: impl IntoIterator<Item = Uuid>) -> Self {
        self.items.extend(items);
        self.items.sort_unstable();
        self.items.dedup();
        self
    }

    /// To do with these people, in this order.
    #[must_use]
    pub fn with(mut self, people: impl IntoIterator<Item = Uuid>) -> Self {
        for person in people {
            if !self.people.contains(&person) {
                self.people.push(person);
            }
        }
        self
    }

    /// To do with somebody of this name.
    #[must_use]
    pub fn naming(mut self, name: &str) -> Self {
        if !self.named.iter().any(|known| known == name) {
            self.named.push(name.to_owned());
        }
        self
    }

    /// This long.
    #[must_use]
    pub fn lasting(mut self, minutes: u64) -> Self {
        self.minutes = Some(minutes);
        self
    }
}

/// Whole minutes from one moment to a later one; 0 where it is not later.
pub fn minutes_between(from_s: u64, until_s: u64) -> u64 {
    until_s.saturating_sub(from_s) / 60
}
