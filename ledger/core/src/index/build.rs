//! The index from all its chains at once: what opening a ledger does.

use crate::index::arena::Slot;
use crate::index::tree::{Child, IndexTree, Leaf, first_difference};
use crate::index::{ChainHead, IndexError, SubjectKey};

impl IndexTree {
    /// The index of these chains, in any order, as its head and its pinned version.
    ///
    /// Cost: one hash for each node and a sort; 16 bytes a chain beside the tree while it lasts.
    ///
    /// # Errors
    /// [`IndexError::Duplicate`]: a key occurs twice.
    pub fn build(
        chains: impl IntoIterator<Item = (SubjectKey, ChainHead)>,
    ) -> Result<Self, IndexError> {
        let mut tree = Self::new();
        let mut order = Vec::new();
        for (key, head) in chains {
            order.push((prefix(&key), tree.leaves.insert(Leaf::new(key, &head))));
        }
        // The first eight bytes decide nearly always, and sorting stays within a small list.
        order.sort_unstable_by(|(a_prefix, a), (b_prefix, b)| {
            let keys = || tree.leaves.get(*a).key.cmp(&tree.leaves.get(*b).key);
            a_prefix.cmp(b_prefix).then_with(keys)
        });
        let root = tree.join(order.iter().map(|(_, slot)| *slot))?;
        tree.adopt(root, order.len());
        Ok(tree)
    }

    /// Joins leaves in the order of their keys into one tree.
    fn join(&mut self, leaves: impl Iterator<Item = Slot>) -> Result<Option<Child>, IndexError> {
        // The right edge of the tree so far: branches that still lack their right child, with their left
        // one; bits increase from bottom to top of the stack.
        let mut edge: Vec<(u8, Child)> = Vec::new();
        let mut last: Option<Slot> = None;
        for slot in leaves {
            if let Some(previous) = last {
                let (a, b) = (self.leaves.get(previous).key, self.leaves.get(slot).key);
                let bit = first_difference(&a, &b).ok_or(IndexError::Duplicate { key: b.0 })?;
                // Branches below the new one have got all their leaves.
                let left = self.close(&mut edge, bit, self.leaf(previous));
                edge.push((bit, left));
            }
            last = Some(slot);
        }
        Ok(last.map(|slot| self.close(&mut edge, 0, self.leaf(slot))))
    }

    /// Gives `right` to the branches of the edge whose bit is at least `bit`, and returns the topmost.
    fn close(&mut self, edge: &mut Vec<(u8, Child)>, bit: u8, mut right: Child) -> Child {
        while let Some((at, left)) = edge.pop_if(|(at, _)| *at >= bit) {
            right = self.new_branch(at, [left, right]);
        }
        right
    }
}

fn prefix(key: &SubjectKey) -> u64 {
    key.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
