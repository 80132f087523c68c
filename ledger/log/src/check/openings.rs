//! The vault, held against the records: what it opens is what was sealed, and what was erased is gone.
//!
//! The vault is read after the store was opened, and another process may write meanwhile: what only a newer record
//! explains must not be a finding. So files of records that the store does not have are not looked at.

use std::collections::{BTreeMap, HashSet};

use custody_core::hash::Hash;
use custody_core::merkle::LeafIndex;
use custody_core::record::Record;
use custody_core::verify::replay::Prepared;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::{Finding, Page, chain_text};
use crate::intake::erases;
use crate::vault::{Vault, VaultError};

/// What became of everything that is sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpeningCounts {
    /// Everything that is sealed, but for what a record erased.
    pub sealed: u64,
    /// Openings in the vault that are what was sealed.
    pub matching: u64,
    /// Openings that a record erased, and that are gone.
    pub erased: u64,
    /// Openings that are not in the vault.
    pub absent: u64,
}

/// An `erase-opening`: its place and its digest.
type Erasure = (LeafIndex, Hash);

pub(super) struct OpeningCheck<'v> {
    vault: &'v Vault,
    pub(super) counts: OpeningCounts,
    /// By the record and the field that are to be erased, the first record that says so.
    erasures: BTreeMap<(Hash, String), Erasure>,
}

/// What was found of one record: each thing that is wrong as code, expectation and what is there.
#[derive(Default)]
struct Held {
    counts: OpeningCounts,
    wrong: Vec<(&'static str, String, String)>,
}

impl<'v> OpeningCheck<'v> {
    pub(super) fn new(vault: &'v Vault) -> Self {
        Self { vault, counts: OpeningCounts::default(), erasures: BTreeMap::new() }
    }

    /// Holds the openings of a page's records, the first of which is entry `lo`. Cost: a file is read for each
    /// record that seals anything.
    pub(super) fn take(&mut self, lo: u64, page: &Page, findings: &mut Vec<Finding>) {
        let vault = self.vault;
        let held: Vec<_> = page.par_iter().map(|prepared| hold(vault, prepared.record())).collect();
        for (index, (prepared, held)) in (lo..).map(LeafIndex).zip(page.iter().zip(held)) {
            self.remember(index, prepared);
            self.counts.sealed += held.counts.sealed;
            self.counts.matching += held.counts.matching;
            self.counts.absent += held.counts.absent;
            findings.extend(held.wrong.into_iter().map(|(code, expected, found)| Finding {
                index: Some(index),
                code,
                expected,
                found,
            }));
        }
    }

    fn remember(&mut self, index: LeafIndex, prepared: &Prepared) {
        let Some(record) = prepared.record() else { return };
        for erased in erases(record) {
            let key = (erased.record, erased.field.clone());
            self.erasures.entry(key).or_insert((index, record.digest()));
        }
    }

    /// Looks whether everything that is to be erased is gone. What a crash interrupted is done when the ledger is
    /// opened for writing, and no finding.
    pub(super) fn finish(&mut self, findings: &mut Vec<Finding>) {
        let pending = match self.vault.erasing() {
            Ok(pending) => pending,
            Err(error) => return findings.push(unreadable(&error)),
        };
        for ((record, field), (index, digest)) in &self.erasures {
            match self.vault.holds(record, field) {
                Ok(false) => {
                    // A record that is damaged counts nowhere, nor does what it sealed.
                    self.counts.sealed = self.counts.sealed.saturating_sub(1);
                    self.counts.absent = self.counts.absent.saturating_sub(1);
                    self.counts.erased += 1;
                }
                Ok(true) if pending.contains(digest) => {}
                Ok(true) => findings.push(Finding {
                    index: Some(*index),
                    code: "check/erased",
                    expected: format!("no opening of `{field}` of record {record}"),
                    found: "one in the vault".to_owned(),
                }),
                Err(error) => findings.push(unreadable(&error)),
            }
        }
    }
}

/// Holds the openings of one record against what it sealed.
fn hold(vault: &Vault, record: Option<&Record>) -> Held {
    let mut held = Held::default();
    let Some(record) = record else { return held };
    let names: HashSet<_> = record.payload().sealed_names().collect();
    if names.is_empty() {
        return held;
    }
    held.counts.sealed = names.len() as u64;
    let digest = record.digest();
    let openings = match vault.all_openings(&digest) {
        Ok(openings) => openings,
        Err(error) => {
            let expected = format!("the openings of record {digest}");
            held.wrong.push((error.code(), expected, chain_text(&error)));
            return held;
        }
    };
    for opening in &openings {
        match opening.verify(record.payload()) {
            Ok(()) => held.counts.matching += 1,
            Err(error) => {
                let expected = format!("what record {digest} sealed");
                held.wrong.push((error.code(), expected, chain_text(&error)));
            }
        }
    }
    let is_absent = |name: &&String| !openings.iter().any(|opening| opening.field == **name);
    held.counts.absent = names.iter().filter(is_absent).count() as u64;
    held
}

fn unreadable(error: &VaultError) -> Finding {
    let expected = "a vault that can be read".to_owned();
    Finding { index: None, code: error.code(), expected, found: chain_text(error) }
}
