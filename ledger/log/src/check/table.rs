//! The tables beside entries and records, held against what the replay computed.

use std::collections::HashMap;
use std::vec;

use custody_core::custody::Subject;
use custody_core::hash::Hash;
use custody_core::id::SubjectId;
use custody_core::merkle::{LeafIndex, TreeSize};
use custody_core::verify::replay::{Prepared, Replayer};

use super::{Finding, Page, finding};
use crate::error::ReadError;
use crate::reader::Reader;
use crate::row::{chain_key, decode_subject, decode_subject_key, digest_key, number_key, tile_key};
use crate::store::{Row, Scan, Table};
use crate::tree::Tree;

/// Where the look-up tables lead for the records of one page.
#[derive(Default)]
struct Lookups {
    by_digest: vec::IntoIter<Option<Vec<u8>>>,
    chains: vec::IntoIter<Option<Vec<u8>>>,
}

pub(super) struct TableCheck<'r, 'a> {
    reader: &'r Reader<'a>,
    /// The tree again, for its tiles.
    tree: Tree,
    lookups: Lookups,
    signed: vec::IntoIter<Row>,
    pub(super) tiles: u64,
    pub(super) signed_sizes: u64,
}

impl<'r, 'a> TableCheck<'r, 'a> {
    pub(super) fn new(reader: &'r Reader<'a>) -> Self {
        let (lookups, signed) = (Lookups::default(), Vec::new().into_iter());
        Self { reader, tree: Tree::new(), lookups, signed, tiles: 0, signed_sizes: 0 }
    }

    /// Reads the rows that a page's records should have.
    pub(super) fn start_page(&mut self, lo: u64, page: &Page) -> Result<(), ReadError> {
        let records = page.iter().filter_map(Prepared::record);
        let digests: Vec<_> = records.clone().map(|record| record.digest()).collect();
        let chains: Vec<_> = records
            .flat_map(|record| &record.payload().subjects)
            .map(|link| chain_key(&link.subject, link.seq))
            .collect();
        let read = self.reader.read();
        let digest_keys: Vec<_> = digests.iter().map(digest_key).collect();
        let chain_keys: Vec<_> = chains.iter().map(Vec::as_slice).collect();
        self.lookups = Lookups {
            by_digest: read.multi_get(Table::ByDigest, &digest_keys)?.into_iter(),
            chains: read.multi_get(Table::Chain, &chain_keys)?.into_iter(),
        };
        // Sizes that end within the page: the tree has one leaf after its entry 0.
        let (from, to) = (number_key(lo + 1), number_key(lo + 1 + page.len() as u64));
        self.signed = read.rows(&Scan::range(Table::SignedSize, &from, &to))?.into_iter();
        Ok(())
    }

    /// Holds the rows of the entry that `replayer` has just taken in.
    pub(super) fn take(
        &mut self,
        prepared: &Prepared,
        replayer: &Replayer,
        findings: &mut Vec<Finding>,
    ) -> Result<(), ReadError> {
        let index = self.tree.size().0;
        self.check_lookups(index, prepared, findings);
        for tile in self.tree.append(prepared.leaf_hash()) {
            self.tiles += 1;
            let key = tile_key(tile.level, tile.index);
            if self.reader.read().get(Table::Tile, &key)?.as_ref() != Some(&tile.bytes) {
                let expected = format!("tile {} of level {}", tile.index, tile.level);
                findings.push(at(index, "check/tile", expected, "other hashes"));
            }
        }
        self.check_signed(TreeSize(index + 1), replayer, findings);
        Ok(())
    }

    fn check_lookups(&mut self, index: u64, prepared: &Prepared, findings: &mut Vec<Finding>) {
        let Some(record) = prepared.record() else { return };
        let expected = number_key(index);
        if self.lookups.by_digest.next().flatten().as_deref() != Some(&expected[..]) {
            let digest = record.digest();
            findings.push(at(index, "check/by-digest", format!("{digest} at {index}"), "another"));
        }
        for link in &record.payload().subjects {
            if self.lookups.chains.next().flatten().as_deref() != Some(&expected[..]) {
                let place = format!("place {} of {} at {index}", link.seq, link.subject);
                findings.push(at(index, "check/chain", place, "another"));
            }
        }
    }

    fn check_signed(&mut self, size: TreeSize, replayer: &Replayer, findings: &mut Vec<Finding>) {
        let key = number_key(size.0);
        let is_next = self.signed.as_slice().first().is_some_and(|(next, _)| next[..] == key);
        let row = if is_next { self.signed.next() } else { None };
        let is_newest = size == self.reader.head().size;
        if row.is_none() && !is_newest {
            return;
        }
        self.signed_sizes += 1;
        let expected = replayer.head().root;
        let found = row.and_then(|(_, root)| Hash::from_slice(&root));
        if found != Some(expected) {
            let found = found.map_or_else(|| "no root".to_owned(), |root| root.to_string());
            findings.push(at(size.0 - 1, "check/signed-size", expected.to_string(), &found));
        }
    }

    /// Compares the states of all subjects, and returns how many there are.
    pub(super) fn finish(
        &self,
        replayer: &Replayer,
        findings: &mut Vec<Finding>,
    ) -> Result<u64, ReadError> {
        let mut expected: HashMap<&SubjectId, &Subject> = replayer.book().subjects().collect();
        let count = expected.len() as u64;
        let mut rows = Vec::new();
        self.reader.read().scan(&Scan::all(Table::Head), &mut |key, value| {
            let row = decode_subject_key(key).and_then(|id| Ok((id, decode_subject(key, value)?)));
            let wrong = match &row {
                Ok((id, subject)) => expected.remove(id) != Some(subject),
                Err(_) => true,
            };
            if wrong {
                let name = row.map_or_else(|error| error.to_string(), |(id, _)| id.to_string());
                rows.push(finding("check/state", "the state that its records make", name));
            }
            std::ops::ControlFlow::Continue(())
        })?;
        findings.extend(rows);
        for id in expected.into_keys() {
            findings.push(finding("check/state", id, "no state"));
        }
        Ok(count)
    }
}

fn at(index: u64, code: &'static str, expected: String, found: &str) -> Finding {
    Finding { index: Some(LeafIndex(index)), code, expected, found: found.to_owned() }
}
