//! Roots of the tree at every size so far: recent ones from what was recomputed, older ones from nodes
//! that nobody vouches for, proved against the root recomputed so far.

use std::collections::HashMap;
use std::convert::Infallible;

use crate::hash::{Hash, empty_root};
use crate::merkle::{Frontier, NodeSource, TreeHead, TreeSize, prove_consistency, root_at};

/// Leaves of a block: 2^14. A block has twice as many nodes of 32 bytes: 1 MiB.
const BLOCK_LEVEL: u8 = 14;
/// Heads that are kept once known: 4,096 x 40 bytes.
const MAX_KNOWN: usize = 4096;

/// The growing tree with its recent past.
#[derive(Debug)]
pub(super) struct Roots {
    frontier: Frontier,
    /// The block that the next leaf falls into, and the one before it.
    current: Block,
    previous: Option<Block>,
    known: HashMap<TreeSize, Hash>,
}

/// What is known of the root at a size.
pub(super) enum SeenRoot {
    /// It is this.
    Proved(Hash),
    /// The nodes at hand do not lead to the root recomputed so far, or there are none.
    Unproved,
}

impl Roots {
    pub(super) fn new() -> Self {
        let frontier = Frontier::new();
        let current = Block::new(&frontier);
        Self { frontier, current, previous: None, known: HashMap::new() }
    }

    pub(super) fn head(&self) -> TreeHead {
        self.frontier.head()
    }

    pub(super) fn size(&self) -> TreeSize {
        self.frontier.size()
    }

    pub(super) fn push(&mut self, leaf: Hash) {
        let block = &mut self.current;
        self.frontier.push_with(leaf, |level, _, hash| block.push(level, *hash));
        if self.frontier.size().0 >> BLOCK_LEVEL != self.current.start >> BLOCK_LEVEL {
            let next = Block::new(&self.frontier);
            self.previous = Some(std::mem::replace(&mut self.current, next));
        }
    }

    /// The root at `size`, which is at most the size so far.
    pub(super) fn root_at<S: NodeSource>(&mut self, size: TreeSize, nodes: &S) -> SeenRoot {
        if let Some(root) = self.known.get(&size) {
            return SeenRoot::Proved(*root);
        }
        let Some(root) = self.recent(size).or_else(|| self.proved(size, nodes)) else {
            return SeenRoot::Unproved;
        };
        if self.known.len() >= MAX_KNOWN {
            self.known.clear();
        }
        self.known.insert(size, root);
        SeenRoot::Proved(root)
    }

    fn recent(&self, size: TreeSize) -> Option<Hash> {
        if size.0 == 0 {
            return Some(empty_root());
        }
        let blocks = [Some(&self.current), self.previous.as_ref()].into_iter().flatten();
        let block = blocks.into_iter().find(|block| block.covers(size))?;
        root_at(size, block).ok()
    }

    /// The root that `nodes` lead to, if the tree so far is shown to begin with that tree.
    fn proved<S: NodeSource>(&self, size: TreeSize, nodes: &S) -> Option<Hash> {
        let old = TreeHead { size, root: root_at(size, nodes).ok()? };
        let new = self.frontier.head();
        let proof = prove_consistency(size, new.size, nodes).ok()?;
        proof.verify(&old, &new).ok().map(|()| old.root)
    }
}

/// All complete nodes over the leaves `[start, start + 2^14)` so far, and the peaks to the left of them.
#[derive(Debug)]
struct Block {
    start: u64,
    peaks: Vec<Hash>,
    levels: Vec<Vec<Hash>>,
}

impl Block {
    fn new(frontier: &Frontier) -> Self {
        let levels = vec![Vec::new(); usize::from(BLOCK_LEVEL)];
        Self { start: frontier.size().0, peaks: frontier.peaks().to_vec(), levels }
    }

    fn push(&mut self, level: u8, hash: Hash) {
        if let Some(nodes) = self.levels.get_mut(usize::from(level)) {
            nodes.push(hash);
        }
    }

    fn covers(&self, size: TreeSize) -> bool {
        size.0 >> BLOCK_LEVEL == self.start >> BLOCK_LEVEL
    }
}

/// A node that a block does not have is never asked for at a size that it covers.
impl NodeSource for Block {
    type Error = Infallible;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
        let node = match self.levels.get(usize::from(level)) {
            Some(nodes) => {
                let position = index.wrapping_sub(self.start >> level);
                usize::try_from(position).ok().and_then(|position| nodes.get(position))
            }
            // One peak for each bit set in `start`, largest first.
            None => {
                let larger = self.start.checked_shr(u32::from(level) + 1).unwrap_or(0).count_ones();
                self.peaks.get(larger as usize)
            }
        };
        Ok(node.copied().unwrap_or_else(empty_root))
    }
}
