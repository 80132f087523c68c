//! The index in memory: what the sequencer updates with each record, and proofs are made from.

use crate::hash::{Hash, empty_root};
use crate::index::arena::{Arena, Slot};
use crate::index::{ChainHead, SubjectKey, Varint, hash_branch, hash_entry, key_bit};

/// The answer to a lookup, and the bytes that prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexProof {
    /// The chain at the key, or `None` where the index has none.
    pub head: Option<ChainHead>,
    /// For `verify_chain_head` where there is a chain, for `verify_no_chain` where there is none.
    pub bytes: Vec<u8>,
}

/// The index of all chains, at the head and as it was when last pinned.
///
/// Both versions share what they have in common. Under 200 bytes a chain: leaf 72, branch 76, and what the
/// versions do not share. A change costs one hash for each level, about log2 of the number of chains.
/// The hash of a node stands in its parent, so that neither a change nor a proof touches siblings: with
/// many chains, waiting for memory would cost more than hashing.
///
/// Pinning takes two steps, because a version is worth pinning only once witnesses have cosigned it, and
/// by then the head has moved on: [`stage`](Self::stage) when a checkpoint goes out to the witnesses,
/// [`pin_staged`](Self::pin_staged) when it is cosigned.
#[derive(Clone, Debug)]
pub struct IndexTree {
    pub(super) leaves: Arena<Leaf>,
    pub(super) branches: Arena<Branch>,
    head: Version,
    staged: Version,
    pinned: Version,
    /// The branches from the root to where a lookup ended. Kept between calls for its memory.
    path: Vec<Slot>,
}

/// One version of the tree.
#[derive(Clone, Copy, Debug)]
struct Version {
    root: Child,
    len: usize,
}

/// A chain. Bytes only, so that nothing is padded: 72.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) key: SubjectKey,
    value: [u8; ChainHead::LEN],
}

impl Leaf {
    pub(super) fn new(key: SubjectKey, head: &ChainHead) -> Self {
        Self { key, value: head.to_bytes() }
    }

    fn head(&self) -> Option<ChainHead> {
        ChainHead::from_bytes(&self.value)
    }

    fn hash(&self) -> Hash {
        hash_entry(self.key.as_bytes(), &self.value)
    }
}

/// An inner node: 76 bytes. A key has 256 bits, so the number of one fits a byte.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    bit: u8,
    children: [Child; 2],
}

impl Branch {
    fn hash(&self) -> Hash {
        let [left, right] = &self.children;
        hash_branch(u64::from(self.bit), &left.hash, &right.hash)
    }
}

/// A node as its parent, or the version it is the root of, knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Child {
    handle: Handle,
    hash: Hash,
}

/// A node, or none: leaves have the highest bit set, which no slot has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Handle(u32);

enum Node {
    Empty,
    Leaf(Slot),
    Branch(Slot),
}

impl Handle {
    const EMPTY: Self = Self(u32::MAX);
    const LEAF: u32 = 1 << 31;

    const fn leaf(slot: Slot) -> Self {
        Self(slot | Self::LEAF)
    }

    const fn branch(slot: Slot) -> Self {
        Self(slot)
    }

    const fn node(self) -> Node {
        match self {
            Self::EMPTY => Node::Empty,
            Self(leaf) if leaf & Self::LEAF != 0 => Node::Leaf(leaf & !Self::LEAF),
            Self(branch) => Node::Branch(branch),
        }
    }
}

impl IndexTree {
    /// The index without chains, in all versions.
    pub fn new() -> Self {
        let empty = Version { root: no_child(), len: 0 };
        Self {
            leaves: Arena::new(),
            branches: Arena::new(),
            head: empty,
            staged: empty,
            pinned: empty,
            path: Vec::new(),
        }
    }

    /// Sets the head of a chain and returns the one it had, which [`restore`](Self::restore) takes back.
    ///
    /// Cost: one hash for the leaf and one for each branch above it.
    ///
    /// # Panics
    /// With 2^31 - 1 chains, which no machine's memory holds.
    pub fn set(&mut self, key: &SubjectKey, head: &ChainHead) -> Option<ChainHead> {
        let Some(slot) = self.descend(key) else {
            let slot = self.leaves.insert(Leaf::new(*key, head));
            self.head = Version { root: self.leaf(slot), len: 1 };
            return None;
        };
        let leaf = self.leaves.get(slot);
        if let Some(bit) = first_difference(&leaf.key, key) {
            self.insert(bit, Leaf::new(*key, head));
            return None;
        }
        let old = leaf.head();
        let slot = self.leaves.writable(slot);
        *self.leaves.get_mut(slot) = Leaf::new(*key, head);
        self.rehash(key, self.leaf(slot));
        old
    }

    /// Undoes a [`set`](Self::set): puts back what it returned, `None` removing the key again.
    ///
    /// A batch that failed is undone in reverse order. The root is then what it was.
    pub fn restore(&mut self, key: &SubjectKey, old: Option<&ChainHead>) {
        match old {
            Some(head) => {
                self.set(key, head);
            }
            None => self.remove(key),
        }
    }

    /// Stages the head: what [`pin_staged`](Self::pin_staged) will pin. Not in the middle of a batch
    /// that may be undone. Cost: proportional to the changes since, and a bit a chain.
    pub fn stage(&mut self) {
        self.leaves.stage();
        self.branches.stage();
        self.staged = self.head;
    }

    /// Pins the version last staged, and forgets the one pinned before. Cost: as [`stage`](Self::stage).
    pub fn pin_staged(&mut self) {
        self.leaves.pin_staged();
        self.branches.pin_staged();
        self.pinned = self.staged;
    }

    /// Pins the head.
    pub fn pin(&mut self) {
        self.stage();
        self.pin_staged();
    }

    /// Number of chains.
    pub const fn len(&self) -> usize {
        self.head.len
    }

    /// Whether there are no chains.
    pub const fn is_empty(&self) -> bool {
        self.head.len == 0
    }

    /// Number of chains in the pinned version.
    pub const fn len_pinned(&self) -> usize {
        self.pinned.len
    }

    /// Root of the index: what the next entry commits to.
    pub const fn root(&self) -> Hash {
        self.head.root.hash
    }

    /// Root of the pinned version.
    pub const fn root_pinned(&self) -> Hash {
        self.pinned.root.hash
    }

    /// Root of the version last staged.
    pub const fn root_staged(&self) -> Hash {
        self.staged.root.hash
    }

    /// The head of the chain at `key`.
    pub fn get(&self, key: &SubjectKey) -> Option<ChainHead> {
        self.look_up(&self.head, key)
    }

    /// The head of the chain at `key` in the pinned version.
    pub fn get_pinned(&self, key: &SubjectKey) -> Option<ChainHead> {
        self.look_up(&self.pinned, key)
    }

    /// The chain at `key`, or that there is none, with its proof against [`root`](Self::root).
    pub fn prove(&self, key: &SubjectKey) -> IndexProof {
        self.prove_in(&self.head, key)
    }

    /// As [`prove`](Self::prove), against [`root_pinned`](Self::root_pinned).
    pub fn prove_pinned(&self, key: &SubjectKey) -> IndexProof {
        self.prove_in(&self.pinned, key)
    }

    /// Bytes allocated, including what is kept for growth.
    pub fn memory_bytes(&self) -> usize {
        self.leaves.memory_bytes()
            + self.branches.memory_bytes()
            + self.path.capacity() * size_of::<Slot>()
    }

    /// Nodes held for all versions together, leaves and branches.
    pub fn nodes(&self) -> (usize, usize) {
        (self.leaves.len(), self.branches.len())
    }

    /// Makes a tree built below `root` the head and the pinned version.
    pub(super) fn adopt(&mut self, root: Option<Child>, len: usize) {
        self.head = Version { root: root.unwrap_or_else(no_child), len };
        self.pin();
    }

    /// Follows `key` from the head's root and leaves the branches met in `path`.
    fn descend(&mut self, key: &SubjectKey) -> Option<Slot> {
        let mut path = std::mem::take(&mut self.path);
        path.clear();
        let leaf = self.walk(&self.head, key, |slot| path.push(slot));
        self.path = path;
        leaf
    }

    /// Follows `key` to the leaf at which its lookup ends.
    fn walk(&self, from: &Version, key: &SubjectKey, mut on: impl FnMut(Slot)) -> Option<Slot> {
        let mut at = from.root.handle;
        loop {
            match at.node() {
                Node::Empty => return None,
                Node::Leaf(slot) => return Some(slot),
                Node::Branch(slot) => {
                    on(slot);
                    let branch = self.branches.get(slot);
                    at = branch.children[side(key, branch.bit)].handle;
                }
            }
        }
    }

    /// Inserts a leaf that first differs in `bit` from the one at which its lookup ended.
    fn insert(&mut self, bit: u8, leaf: Leaf) {
        let key = leaf.key;
        // Bits increase on the way down: the new branch goes below the last smaller one.
        let depth = self.path.partition_point(|slot| self.branches.get(*slot).bit < bit);
        self.path.truncate(depth);
        let below = match self.path.last().map(|slot| self.branches.get(*slot)) {
            Some(above) => above.children[side(&key, above.bit)],
            None => self.head.root,
        };
        let slot = self.leaves.insert(leaf);
        let leaf = self.leaf(slot);
        let children = if side(&key, bit) == 0 { [leaf, below] } else { [below, leaf] };
        let branch = self.new_branch(bit, children);
        self.rehash(&key, branch);
        self.head.len += 1;
    }

    fn remove(&mut self, key: &SubjectKey) {
        let Some(slot) = self.descend(key) else { return };
        if self.leaves.get(slot).key != *key {
            return;
        }
        self.leaves.retire(slot);
        self.head.len -= 1;
        let Some(parent) = self.path.pop() else {
            self.head.root = no_child();
            return;
        };
        let branch = self.branches.get(parent);
        let sibling = branch.children[1 - side(key, branch.bit)];
        self.branches.retire(parent);
        self.rehash(key, sibling);
    }

    /// Hangs `child` below the end of `path` and renews every branch from there up to the root.
    fn rehash(&mut self, key: &SubjectKey, mut child: Child) {
        while let Some(slot) = self.path.pop() {
            let slot = self.branches.writable(slot);
            let branch = self.branches.get_mut(slot);
            branch.children[side(key, branch.bit)] = child;
            child = Child { handle: Handle::branch(slot), hash: branch.hash() };
        }
        self.head.root = child;
    }

    pub(super) fn leaf(&self, slot: Slot) -> Child {
        Child { handle: Handle::leaf(slot), hash: self.leaves.get(slot).hash() }
    }

    pub(super) fn new_branch(&mut self, bit: u8, children: [Child; 2]) -> Child {
        let branch = Branch { bit, children };
        let hash = branch.hash();
        Child { handle: Handle::branch(self.branches.insert(branch)), hash }
    }

    fn look_up(&self, version: &Version, key: &SubjectKey) -> Option<ChainHead> {
        let leaf = self.leaves.get(self.walk(version, key, |_| ())?);
        (leaf.key == *key).then(|| leaf.head()).flatten()
    }

    fn prove_in(&self, version: &Version, key: &SubjectKey) -> IndexProof {
        let mut path = Vec::new();
        let Some(slot) = self.walk(version, key, |slot| path.push(slot)) else {
            return IndexProof { head: None, bytes: Vec::new() };
        };
        let leaf = self.leaves.get(slot);
        let head = (leaf.key == *key).then(|| leaf.head()).flatten();
        let mut bytes = Vec::new();
        if head.is_none() {
            for part in [leaf.key.as_bytes().as_slice(), &leaf.value] {
                bytes.extend_from_slice(Varint::new(part.len() as u64).as_bytes());
                bytes.extend_from_slice(part);
            }
        }
        for slot in path.into_iter().rev() {
            let branch = self.branches.get(slot);
            let sibling = branch.children[1 - side(key, branch.bit)];
            bytes.extend_from_slice(Varint::new(u64::from(branch.bit)).as_bytes());
            bytes.extend_from_slice(sibling.hash.as_bytes());
        }
        IndexProof { head, bytes }
    }
}

impl Default for IndexTree {
    fn default() -> Self {
        Self::new()
    }
}

/// The root of a version without chains.
fn no_child() -> Child {
    Child { handle: Handle::EMPTY, hash: empty_root() }
}

/// Which child of a branch with this bit the key is below.
fn side(key: &SubjectKey, bit: u8) -> usize {
    usize::from(key_bit(key.as_bytes(), usize::from(bit)))
}

/// The first bit in which two keys differ.
pub(super) fn first_difference(a: &SubjectKey, b: &SubjectKey) -> Option<u8> {
    let pairs = a.as_bytes().iter().zip(b.as_bytes());
    let (byte, differing) =
        pairs.map(|(a, b)| a ^ b).enumerate().find(|(_, differing)| *differing != 0)?;
    // 8 * 31 + 7 at the most.
    Some((8 * byte) as u8 + differing.leading_zeros() as u8)
}
