use std::collections::HashMap;

use crate::entry::Entry;
use crate::hash::{Hash, hash_leaf};
use crate::merkle::{Frontier, LeafIndex, TreeHead, TreeSize};

/// The records that late entries embed, until it is known that no entry before has them.
///
/// A replay keeps no list of all records, so it looks through the entries once more. They need not be trusted
/// to be the same ones: they must lead to the root that they led to before.
#[derive(Debug, Default)]
pub(super) struct LookBack {
    /// For each record, the late entries that embed it: 32 bytes, and 8 for each late entry.
    embedded: HashMap<Hash, Vec<LeafIndex>>,
    /// The tree before the last late entry: what was looked at must come to this.
    until: Option<TreeHead>,
    /// The entries looked at so far.
    looked: Frontier,
}

impl LookBack {
    /// Takes note of what the late entry behind the tree `head` embeds.
    pub(super) fn wait_for(&mut self, record: Hash, head: TreeHead) {
        self.embedded.entry(record).or_default().push(LeafIndex(head.size.0));
        self.until = Some(head);
        // What was looked at before was not looked at for this one.
        self.looked = Frontier::new();
    }

    /// How many entries are to be looked at, from the first on.
    pub(super) fn size(&self) -> TreeSize {
        self.until.map_or(TreeSize(0), |head| head.size)
    }

    /// How many late entries are not judged yet.
    pub(super) fn open(&self) -> u64 {
        self.embedded.values().map(|waiting| waiting.len() as u64).sum()
    }

    /// Looks at the next entry, and returns the late entries that embed its record.
    pub(super) fn look_at(&mut self, entry: &[u8]) -> Vec<LeafIndex> {
        let looked = self.looked.size();
        let Some(until) = self.until.filter(|until| looked < until.size) else {
            return Vec::new();
        };
        let index = LeafIndex(looked.0);
        let record = Entry::decode(entry).map(|entry| entry.record);
        let waiting = record.ok().and_then(|record| self.embedded.get_mut(&record));
        let is_later = |late: &mut LeafIndex| *late > index;
        let found = waiting.map_or_else(Vec::new, |late| late.extract_if(.., is_later).collect());
        self.looked.push(hash_leaf(entry));
        if self.looked.size() == until.size && self.looked.head() == until {
            *self = Self::default();
        }
        found
    }
}
