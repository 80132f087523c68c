//! What is unusual in a whole ledger: one pass over its records, each parsed once. Whoever has the same entries and
//! openings gets the same findings, on any machine and in any year: no clock is read.
//!
//! Nothing here is a rule. What rules forbid no ledger holds; what stands here the ledger took in, and somebody
//! should ask about it.

mod asserted;
mod container;
mod finding;
mod held;
mod late;
mod order;
mod place;
mod seal;
mod seen;
mod substitute;
mod transit;

use std::collections::{BTreeSet, HashMap};

use custody_core::hash::Hash;
use custody_core::id::Uuid;
use custody_core::merkle::{LeafIndex, TreeHead};
use custody_core::record::Record;
use custody_core::record::body::Body;
use custody_core::sealed::Opening;

pub use finding::{Finding, Kind, minutes_between};
pub use seen::{Seen, WalkProgress, as_custodian, newest_s, walk};

use crate::desk::Desk;
use crate::failure::Failure;

/// Time after which something open is asked about: 30 days.
const LONG_S: u64 = 30 * 86_400;

/// What is asked of a ledger.
#[derive(Clone, Debug)]
pub struct Question {
    /// At which time what is open is judged, in seconds since 1970; `None`: at the newest entry.
    pub as_of_s: Option<u64>,
    /// Hours on the way, or between two events, that need no reason.
    pub gap_hours: u64,
    /// What is looked for; nothing: everything.
    pub only: Vec<Kind>,
    /// Only what is about one of these items; none: all of them.
    pub items: Vec<Uuid>,
}

impl Default for Question {
    fn default() -> Self {
        Self { as_of_s: None, gap_hours: 72, only: Vec::new(), items: Vec::new() }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// The tree in which anyone can look for it again.
    pub head: TreeHead,
    /// At which time what is open was judged: seconds since 1970.
    pub as_of_s: u64,
    /// By the first entry that shows it, then by kind.
    pub findings: Vec<Finding>,
    /// What could not be looked at.
    pub unread: Unread,
}

/// What is sealed, would have been looked at, and is not kept here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Acts whose place is not known.
    pub places: u64,
    /// Looks at a seal whose number could not be compared.
    pub seals: u64,
    /// Asserted histories.
    pub histories: u64,
}

/// Where openings and records are looked up.
pub trait Shelf {
    /// What opens a sealed field, where it is kept.
    ///
    /// # Errors
    /// It cannot be read.
    fn opening(&self, record: &Hash, field: &str) -> Result<Option<Opening>, Failure>;

    /// The record of an entry.
    ///
    /// # Errors
    /// It cannot be read.
    fn record(&self, index: u64) -> Result<Record, Failure>;
}

impl Shelf for Desk<'_> {
    fn opening(&self, record: &Hash, field: &str) -> Result<Option<Opening>, Failure> {
        Ok(self.openings(record)?.into_iter().find(|opening| opening.field == field))
    }

    fn record(&self, index: u64) -> Result<Record, Failure> {
        seen::parse(&self.logged(LeafIndex(index))?)
    }
}

/// One family of findings over one pass.
trait Look {
    /// What it may find.
    fn kinds(&self) -> &'static [Kind];

    /// Takes in the next entry.
    fn see(&mut self, seen: &Seen<'_>, pass: &mut Pass<'_>) -> Result<(), Failure>;

    /// All entries were seen: what is open?
    fn finish(&mut self, _pass: &mut Pass<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

/// What the families share.
struct Pass<'s> {
    shelf: &'s dyn Shelf,
    as_of_s: u64,
    gap_s: u64,
    findings: Vec<Finding>,
    unread: Unread,
}

impl Pass<'_> {
    fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Whether something has been open for long that was recorded at `accepted_s`.
    fn is_long_ago(&self, accepted_s: u64) -> bool {
        self.as_of_s.saturating_sub(accepted_s) > LONG_S
    }
}

/// Goes through the whole ledger.
///
/// Cost: one scan of entries and records; memory by items, people and records that claim a place (about 50 bytes each).
///
/// # Errors
/// The ledger cannot be read, a record is not what was stored, `as_of_s` lies before the newest entry, or
/// `progress`'s own.
pub fn audit(
    desk: &Desk,
    question: &Question,
    progress: WalkProgress<'_>,
) -> Result<Audited, Failure> {
    let as_of_s = as_of(desk, question)?;
    let gap_s = question.gap_hours.saturating_mul(3600);
    let (findings, unread) = (Vec::new(), Unread::default());
    let mut pass = Pass { shelf: desk, as_of_s, gap_s, findings, unread };
    let mut looks = looks(&question.only);
    let mut corrections = Corrections::default();
    walk(desk, progress, |seen| {
        corrections.see(seen);
        looks.iter_mut().try_for_each(|look| look.see(seen, &mut pass))
    })?;
    looks.iter_mut().try_for_each(|look| look.finish(&mut pass))?;
    let Pass { mut findings, unread, .. } = pass;
    findings.retain(|finding| question.wants(finding));
    corrections.mark(desk, &mut findings)?;
    findings.sort_by(|left, right| {
        let order = |finding: &Finding| (finding.entries.first().copied(), finding.kind);
        (order(left), &left.entries, &left.items).cmp(&(order(right), &right.entries, &right.items))
    });
    Ok(Audited { head: desk.head(), as_of_s, findings, unread })
}

fn as_of(desk: &Desk, question: &Question) -> Result<u64, Failure> {
    let newest_s = newest_s(desk)?;
    match question.as_of_s {
        Some(as_of_s) if as_of_s < newest_s => {
            let newest = custody_core::verify::utc_text(newest_s);
            let message = format!("`--as-of` lies before the newest entry, which is of {newest}");
            Err(Failure::could_not("usage", message)
                .hint("all entries are looked at; leave `--as-of` out to judge at the newest one"))
        }
        asked => Ok(asked.unwrap_or(newest_s)),
    }
}

impl Question {
    fn wants(&self, finding: &Finding) -> bool {
        let is_kind = self.only.is_empty() || self.only.contains(&finding.kind);
        let is_item = |item: &Uuid| self.items.contains(item);
        is_kind && (self.items.is_empty() || finding.items.iter().any(is_item))
    }
}

/// The families that may find one of `only`, or all of them.
fn looks(only: &[Kind]) -> Vec<Box<dyn Look>> {
    let all: Vec<Box<dyn Look>> = vec![
        Box::<transit::OnTheWay>::default(),
        Box::<transit::CheckedOut>::default(),
        Box::<transit::OneSide>::default(),
        Box::<order::Overlap>::default(),
        Box::<order::Clocks>::default(),
        Box::<place::TwoPlaces>::default(),
        Box::<seal::Seals>::default(),
        Box::<late::LateEntries>::default(),
        Box::<container::Whereabouts>::default(),
        Box::<asserted::Histories>::default(),
        Box::<held::Holds>::default(),
    ];
    let is_asked = |kinds: &[Kind]| kinds.iter().any(|kind| only.contains(kind));
    all.into_iter().filter(|look| only.is_empty() || is_asked(look.kinds())).collect()
}

/// Which records were corrected by which entries. A finding about one stays: the original stands in the ledger.
#[derive(Default)]
struct Corrections(HashMap<Hash, Vec<u64>>);

impl Corrections {
    fn see(&mut self, seen: &Seen<'_>) {
        if let Body::Correct(body) = seen.body() {
            self.0.entry(body.record).or_default().push(seen.index);
        }
    }

    fn mark(&self, desk: &Desk, findings: &mut [Finding]) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        for finding in findings {
            let mut found = BTreeSet::new();
            for index in &finding.entries {
                let digest = desk.logged(LeafIndex(*index))?.entry.record;
                found.extend(self.0.get(&digest).into_iter().flatten().copied());
            }
            finding.corrected_by = found.into_iter().collect();
        }
        Ok(())
    }
}
