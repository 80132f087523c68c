//! Checking a whole ledger from its bytes: every signature, rule, hash and root again, and every table against them.
//!
//! What the records and entries say is judged by [`custody_core::verify::replay`], the same code that mirrors and
//! auditors run. Here come the rows beside them: tiles, signed sizes, look-up tables, states, the checkpoint; and the
//! openings in the vault.
//! [`Suspect`] opens for it what does not open otherwise.

mod openings;
mod suspect;
mod table;

use custody_core::checkpoint::Checkpoint;
use custody_core::merkle::{LeafIndex, TreeHead};
use custody_core::verify::replay::{KeyRing, Prepared, ReplayCounts, Replayer, Violation};
use rayon::iter::{IntoParallelIterator, IntoParallelRefMutIterator, ParallelIterator};

use crate::error::ReadError;
use crate::publish::Progress;
use crate::reader::Reader;
use crate::row::number_key;
use crate::store::{Scan, Table};
use openings::OpeningCheck;
pub use openings::OpeningCounts;
pub use suspect::{Checked, Suspect};
use table::TableCheck;

/// Entries that are read, verified and replayed at once.
const PAGE: u64 = 2048;

/// What a check covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckSummary {
    /// The head that was recomputed.
    pub head: TreeHead,
    /// What was replayed.
    pub replayed: ReplayCounts,
    /// Subjects whose state was compared.
    pub subjects: u64,
    /// Tiles that were compared.
    pub tiles: u64,
    /// Signed sizes that were compared.
    pub signed_sizes: u64,
    /// Sealed fields and documents, by what became of their openings.
    pub openings: OpeningCounts,
}

/// Something that is wrong with a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The entry it is about, where it is about one.
    pub index: Option<LeafIndex>,
    /// Its stable code.
    pub code: &'static str,
    /// What an honest ledger would have there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(index) = self.index {
            write!(f, "entry {index}: ")?;
        }
        write!(f, "{}: expected {}, found {}", self.code, self.expected, self.found)
    }
}

impl From<Violation> for Finding {
    fn from(violation: Violation) -> Self {
        let fault = &violation.fault;
        Self {
            index: Some(violation.index),
            code: fault.code(),
            expected: fault.expected(),
            found: fault.found(),
        }
    }
}

impl From<ReadError> for Finding {
    fn from(error: ReadError) -> Self {
        let expected = "a ledger that can be read".to_owned();
        Self { index: None, code: error.code(), expected, found: chain_text(&error) }
    }
}

/// An error with its causes in one line.
fn chain_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// Checks the whole ledger up to the reader's checkpoint. Cost: two strict signature checks a record on all cores, and
/// reading everything once, a file of openings for each record that has any among it. `progress` counts entries.
///
/// # Errors
/// Everything that is wrong, in the order of the entries; what concerns no entry comes last.
pub fn check(
    reader: &Reader<'_>,
    progress: &dyn Fn(Progress),
) -> Result<CheckSummary, Vec<Finding>> {
    let (covered, findings) = look(reader, progress);
    if findings.is_empty() { Ok(covered) } else { Err(findings) }
}

/// As [`check`], with what was covered where something is wrong too: as far as it could be read.
fn look(reader: &Reader<'_>, progress: &dyn Fn(Progress)) -> (CheckSummary, Vec<Finding>) {
    let mut check = Check {
        reader,
        ring: KeyRing::new(),
        replayer: Replayer::new(reader.origin().clone()),
        tables: TableCheck::new(reader),
        openings: OpeningCheck::new(reader.vault()),
        findings: Vec::new(),
    };
    if let Err(error) = check.replay(progress).and_then(|()| check.look_back()) {
        check.findings.push(error.into());
    }
    check.conclude()
}

struct Check<'r, 'a> {
    reader: &'r Reader<'a>,
    ring: KeyRing,
    replayer: Replayer,
    tables: TableCheck<'r, 'a>,
    openings: OpeningCheck<'r>,
    findings: Vec<Finding>,
}

/// Consecutive entries with their records, as far as they need no other entry.
type Page = Vec<Prepared>;

impl Check<'_, '_> {
    fn replay(&mut self, progress: &dyn Fn(Progress)) -> Result<(), ReadError> {
        let (reader, total) = (self.reader, self.reader.head().size.0);
        let (mut lo, mut verified) = (0, Page::new());
        let mut page = prepare(reader, 0)?;
        loop {
            // Keys are learned first, so that one page can be verified while the one before it is replayed.
            let enrolling = page.iter().filter(|prepared| prepared.enrols());
            enrolling.for_each(|prepared| self.ring.learn(prepared));
            let hi = lo + (verified.len() + page.len()) as u64;
            let ring = std::mem::take(&mut self.ring);
            let verify = || {
                page.par_iter_mut().for_each(|prepared| prepared.verify_signatures(&ring));
                prepare(reader, hi)
            };
            let (stepped, next) = rayon::join(|| self.step(lo, &verified), verify);
            stepped?;
            lo += verified.len() as u64;
            progress(Progress { done: lo, total });
            if lo == total {
                return Ok(());
            }
            self.ring = ring;
            verified = std::mem::replace(&mut page, next?);
        }
    }

    fn step(&mut self, lo: u64, page: &Page) -> Result<(), ReadError> {
        let nodes = self.reader.nodes();
        self.tables.start_page(lo, page)?;
        for prepared in page {
            let violations = self.replayer.step(prepared, &nodes);
            self.findings.extend(violations.into_iter().map(Finding::from));
            self.tables.take(prepared, &self.replayer, &mut self.findings)?;
        }
        self.openings.take(lo, page, &mut self.findings);
        Ok(())
    }

    /// Goes once more through the entries before the last late entry.
    fn look_back(&mut self) -> Result<(), ReadError> {
        let size = self.replayer.look_back_size().0;
        for lo in (0..size).step_by(PAGE as usize) {
            for entry in rows(self.reader, Table::Entry, lo, size.min(lo.saturating_add(PAGE)))? {
                let violations = self.replayer.look_back(&entry);
                self.findings.extend(violations.into_iter().map(Finding::from));
            }
        }
        // What was found now belongs before what was found after it.
        self.findings.sort_by_key(|found| found.index.map_or(u64::MAX, |index| index.0));
        if self.replayer.look_back_size().0 != 0 {
            self.findings.push(finding("check/root", "the same entries", "others, read again"));
        }
        Ok(())
    }

    fn conclude(mut self) -> (CheckSummary, Vec<Finding>) {
        let head = self.replayer.head();
        self.check_checkpoint(head);
        let subjects = match self.tables.finish(&self.replayer, &mut self.findings) {
            Ok(subjects) => subjects,
            Err(error) => {
                self.findings.push(error.into());
                0
            }
        };
        self.openings.finish(&mut self.findings);
        let (tiles, signed_sizes) = (self.tables.tiles, self.tables.signed_sizes);
        let (replayed, openings) = (self.replayer.counts(), self.openings.counts);
        let covered = CheckSummary { head, replayed, subjects, tiles, signed_sizes, openings };
        (covered, self.findings)
    }

    fn check_checkpoint(&mut self, head: TreeHead) {
        let signed = self.reader.head();
        if head != signed {
            self.findings.push(finding("check/root", head, signed));
        }
        let founding = crate::writer::load_founding(self.reader.read());
        let verified = founding.map_err(|error| chain_text(&error)).and_then(|(_, keys)| {
            let verify = |note| Checkpoint::parse(note)?.verify_log(&keys);
            verify(self.reader.checkpoint()).map_err(|error| chain_text(&error))
        });
        if let Err(found) = verified {
            self.findings.push(finding("check/checkpoint", "signatures of the log's keys", found));
        }
    }
}

fn finding(
    code: &'static str,
    expected: impl std::fmt::Display,
    found: impl std::fmt::Display,
) -> Finding {
    Finding { index: None, code, expected: expected.to_string(), found: found.to_string() }
}

/// Reads and prepares the entries from `lo` on.
fn prepare(reader: &Reader<'_>, lo: u64) -> Result<Page, ReadError> {
    let hi = reader.head().size.0.min(lo.saturating_add(PAGE));
    let (entries, records) =
        (rows(reader, Table::Entry, lo, hi)?, rows(reader, Table::Record, lo, hi)?);
    let pairs: Vec<_> = entries.into_iter().zip(records).collect();
    Ok(pairs.into_par_iter().map(|(entry, record)| Prepared::new(&entry, &record)).collect())
}

/// The rows `[lo, hi)` of a table whose keys are indices. A row that is missing stands as no bytes, which is no
/// entry and no record.
fn rows(reader: &Reader<'_>, table: Table, lo: u64, hi: u64) -> Result<Vec<Vec<u8>>, ReadError> {
    let (from, to) = (number_key(lo), number_key(hi));
    let mut rows = reader.read().rows(&Scan::range(table, &from, &to))?.into_iter().peekable();
    let values = (lo..hi).map(|index| {
        let row = rows.next_if(|(key, _)| key[..] == number_key(index));
        row.map(|(_, value)| value).unwrap_or_default()
    });
    Ok(values.collect())
}
