//! Where the index keeps its nodes: slots that three versions of a tree share.
//!
//! The versions are the pinned one, a later staged one (possibly the same) and the head. What the head made
//! since staging belongs to it alone and is changed in place. Older nodes are copied on change; the
//! one that was replaced stays until no version needs it. Each node is made in one of three eras:
//!
//! | made | `fresh` | `staged` | held by |
//! | --- | --- | --- | --- |
//! | after staging | 1 | 0 | head |
//! | after the pin, up to staging | 0 | 1 | staged, and head unless replaced |
//! | up to the pin | 0 | 0 | pinned; staged and head unless replaced |

/// Number of a slot.
pub(super) type Slot = u32;

/// Slots of a chunk. Chunks, because a single vector would double: half of it empty, and now and then a
/// pause of tens of milliseconds while a hundred megabytes move.
const CHUNK: usize = 4096;

/// Nodes of one kind.
#[derive(Clone, Debug)]
pub(super) struct Arena<T> {
    chunks: Vec<Vec<T>>,
    free: Vec<Slot>,
    fresh: Bits,
    staged: Bits,
    /// Not in the head any more, replaced since staging.
    replaced: Vec<Slot>,
    /// Not in head and staged, replaced between the pin and staging: the pinned version's own.
    outdated: Vec<Slot>,
}

impl<T: Clone> Arena<T> {
    /// Slots are numbered in 31 bits, all ones being kept for 'none': 300 GB of nodes.
    const MAX_SLOTS: usize = (1 << 31) - 1;

    pub(super) const fn new() -> Self {
        Self {
            chunks: Vec::new(),
            free: Vec::new(),
            fresh: Bits(Vec::new()),
            staged: Bits(Vec::new()),
            replaced: Vec::new(),
            outdated: Vec::new(),
        }
    }

    /// Number of slots in use, by any version.
    pub(super) fn len(&self) -> usize {
        let made = match self.chunks.last() {
            Some(last) => (self.chunks.len() - 1) * CHUNK + last.len(),
            None => 0,
        };
        made - self.free.len()
    }

    pub(super) fn get(&self, slot: Slot) -> &T {
        &self.chunks[slot as usize / CHUNK][slot as usize % CHUNK]
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> &mut T {
        &mut self.chunks[slot as usize / CHUNK][slot as usize % CHUNK]
    }

    /// Stores a node of the head.
    ///
    /// # Panics
    /// With 2^31 - 1 nodes, which no machine's memory holds.
    pub(super) fn insert(&mut self, node: T) -> Slot {
        let slot = match self.free.pop() {
            Some(slot) => {
                *self.get_mut(slot) = node;
                slot
            }
            None => self.append(node),
        };
        self.fresh.set(slot);
        slot
    }

    fn append(&mut self, node: T) -> Slot {
        if self.chunks.last().is_none_or(|last| last.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let chunk = self.chunks.len() - 1;
        let slot = chunk * CHUNK + self.chunks[chunk].len();
        assert!(slot < Self::MAX_SLOTS, "index arena is full");
        self.chunks[chunk].push(node);
        slot as Slot
    }

    /// The slot under which the head may change this node: its own, or that of a copy.
    pub(super) fn writable(&mut self, slot: Slot) -> Slot {
        if self.fresh.get(slot) {
            return slot;
        }
        self.replaced.push(slot);
        let node = self.get(slot).clone();
        self.insert(node)
    }

    /// Takes a node out of the head.
    pub(super) fn retire(&mut self, slot: Slot) {
        match self.fresh.get(slot) {
            true => self.release(slot),
            false => self.replaced.push(slot),
        }
    }

    /// The head becomes the staged version, and the one staged before is forgotten.
    pub(super) fn stage(&mut self) {
        for slot in std::mem::take(&mut self.replaced) {
            match self.staged.get(slot) {
                true => self.release(slot),
                false => self.outdated.push(slot),
            }
        }
        self.staged.take_all(&mut self.fresh);
    }

    /// The staged version becomes the pinned one, and the one pinned before is forgotten.
    pub(super) fn pin_staged(&mut self) {
        for slot in std::mem::take(&mut self.outdated) {
            self.release(slot);
        }
        self.staged.clear();
    }

    fn release(&mut self, slot: Slot) {
        self.fresh.unset(slot);
        self.staged.unset(slot);
        self.free.push(slot);
    }

    /// Bytes allocated.
    pub(super) fn memory_bytes(&self) -> usize {
        let slots = self.free.capacity() + self.replaced.capacity() + self.outdated.capacity();
        self.chunks.len() * CHUNK * size_of::<T>()
            + self.chunks.capacity() * size_of::<Vec<T>>()
            + slots * size_of::<Slot>()
            + self.fresh.memory_bytes()
            + self.staged.memory_bytes()
    }
}

/// One bit for each slot.
#[derive(Clone, Debug)]
struct Bits(Vec<u64>);

impl Bits {
    fn get(&self, slot: Slot) -> bool {
        self.0.get(slot as usize / 64).is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    fn set(&mut self, slot: Slot) {
        let word = slot as usize / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (slot % 64);
    }

    fn unset(&mut self, slot: Slot) {
        if let Some(word) = self.0.get_mut(slot as usize / 64) {
            *word &= !(1 << (slot % 64));
        }
    }

    /// Moves all bits of `other` here.
    fn take_all(&mut self, other: &mut Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&mut other.0) {
            *mine |= std::mem::take(theirs);
        }
    }

    fn clear(&mut self) {
        self.0.fill(0);
    }

    fn memory_bytes(&self) -> usize {
        self.0.capacity() * size_of::<u64>()
    }
}
