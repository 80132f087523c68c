//! Making a batch durable, in the one order that is safe.

use custody_core::checkpoint::{Checkpoint, PosixTime};
use custody_core::entry::Entry;
use custody_core::hash::{Hash, hash_leaf};
use custody_core::index::{ChainHead, IndexTree};
use custody_core::merkle::{LeafIndex, TreeSize};

use super::{Newest, WRITE_ATTEMPTS, Writer};
use crate::error::{FatalError, LedgerError};
use crate::follow::FollowError;
use crate::intake::Candidate;
use crate::row::{COSIGNED, number_key, tile_key};
use crate::signing::sign_checkpoint;
use crate::store::{Batch, Store, StoreError, Table};

/// A batch that is durable and marked.
pub(crate) struct Committed {
    /// The entries, in the order of their records.
    pub(crate) entries: Vec<Entry>,
    /// The state that readers may see from now on.
    pub(crate) newest: Newest,
}

/// What became of records when they were first taken in.
pub(crate) struct Was<'a> {
    /// Their entries.
    pub(crate) entries: &'a [Entry],
    /// Whether the log signed the tree that ends with them.
    pub(crate) is_signed: bool,
    /// The checkpoint of that tree, where it is at hand, and the size of the one that it takes the place of.
    pub(crate) end: Option<(TreeSize, &'a Checkpoint)>,
}

impl<S: Store> Writer<S> {
    /// Takes the records that [`Writer::judge`] accepted into the log: entries, index, tree, checkpoint.
    ///
    /// On success all of them are durable, in a signed checkpoint, and the high-water mark stands there. `index` must
    /// be that of the last commit.
    ///
    /// # Errors
    /// [`FatalError`]: whether the batch is stored is unknown; this writer must not be used again.
    pub(crate) fn commit(
        &mut self,
        index: &mut IndexTree,
        accepted: &[&Candidate],
    ) -> Result<Committed, FatalError> {
        let before = self.tree.size();
        let accepted_ms = self.clock.accept()?;
        let entries: Vec<_> =
            accepted.iter().map(|candidate| self.append(index, candidate, accepted_ms)).collect();

        // 1. The checkpoint is signed. A size is signed once: until the commit below nobody has seen this
        //    checkpoint, and from then on it is the stored one.
        let head = self.tree.head();
        let time = PosixTime::new(accepted_ms / 1000).unwrap_or(PosixTime::MAX);
        let signer = self.signer.as_ref().ok_or(FatalError::Closed)?;
        let checkpoint = sign_checkpoint(signer, &head, time)?;
        self.put_checkpoint(before.0, &checkpoint);

        // 2. One atomic commit: entries, records, tiles, chains, states, checkpoint. Durable when it returns. At the
        //    same time the new mark is made durable under another name, where it counts for nothing.
        let (store, rows) = (&*self.store, &self.rows);
        self.mark.stage_during(checkpoint.as_bytes(), || store_rows(store, rows))?;

        // 3. The high-water mark moves, outside the store. A crash before this leaves a store that is ahead of
        //    the mark, which opening puts right.
        self.mark.advance(head.size.0, checkpoint.as_bytes())?;

        // 4. Only now may the caller show the checkpoint to readers, and answer.
        let newest = Newest::new(&checkpoint, index.root(), self.tree.edge().clone());
        Ok(Committed { entries, newest })
    }

    /// Takes the records that [`Writer::judge`] accepted into a log that was signed already. Durable when it returns;
    /// no mark moves.
    ///
    /// # Errors
    /// [`FollowError::Entry`] and [`FollowError::Root`] where the records make other entries, or another tree. Nothing
    /// is stored then, and this writer must not be used again.
    pub(crate) fn commit_again(
        &mut self,
        index: &mut IndexTree,
        accepted: &[Candidate],
        was: &Was<'_>,
    ) -> Result<(), FollowError> {
        for (candidate, entry) in accepted.iter().zip(was.entries) {
            let at = LeafIndex(self.tree.size().0);
            let made = self.append(index, candidate, entry.accepted_ms);
            if made != *entry {
                return Err(FollowError::Entry { index: at });
            }
        }
        let head = self.tree.head();
        if was.is_signed {
            self.rows.put(Table::SignedSize, &number_key(head.size.0), head.root.as_ref());
        }
        if let Some((before, end)) = was.end {
            let signed = *end.tree_head();
            if signed != head {
                return Err(FollowError::Root { signed, made: head });
            }
            self.put_checkpoint(before.0, end);
        }
        Ok(store_rows(&*self.store, &self.rows).map_err(LedgerError::from)?)
    }

    /// Keeps `checkpoint`, which witnesses cosigned, in place of the one that was kept.
    ///
    /// # Errors
    /// As [`Writer::commit`].
    pub(crate) fn keep_cosigned(&mut self, checkpoint: &Checkpoint) -> Result<(), FatalError> {
        let size = checkpoint.size().0;
        let outdated = self.cosigned.replace(size);
        self.rows.clear();
        self.rows.put(Table::Checkpoint, &number_key(size), checkpoint.as_bytes());
        self.rows.put(Table::Meta, COSIGNED, &number_key(size));
        if let Some(outdated) = outdated.filter(|outdated| *outdated != self.tree.size().0) {
            self.forget_checkpoint(outdated);
        }
        Ok(store_rows(&*self.store, &self.rows)?)
    }

    fn append(&mut self, index: &mut IndexTree, candidate: &Candidate, accepted_ms: u64) -> Entry {
        let digest = candidate.record.digest();
        for (link, key) in candidate.record.payload().subjects.iter().zip(&candidate.index_keys) {
            index.set(key, &ChainHead { length: link.seq + 1, digest });
        }
        let entry = Entry { accepted_ms, index_root: index.root(), record: digest };
        let bytes = entry.encode();
        self.rows.put(Table::Entry, &number_key(self.tree.size().0), &bytes);
        self.append_leaf(hash_leaf(&bytes));
        entry
    }

    fn append_leaf(&mut self, leaf: Hash) {
        for tile in self.tree.append(leaf) {
            self.rows.put(Table::Tile, &tile_key(tile.level, tile.index), &tile.bytes);
        }
    }

    fn put_checkpoint(&mut self, before: u64, checkpoint: &Checkpoint) {
        let size = number_key(checkpoint.size().0);
        self.rows.put(Table::SignedSize, &size, checkpoint.root().as_ref());
        self.rows.put(Table::Checkpoint, &size, checkpoint.as_bytes());
        self.forget_checkpoint(before);
    }

    /// Drops a checkpoint that is neither the newest nor kept. That its size was signed, and with which root,
    /// stays known.
    fn forget_checkpoint(&mut self, size: u64) {
        if size != 0 && self.cosigned != Some(size) {
            self.rows.delete(Table::Checkpoint, &number_key(size));
        }
    }
}

fn store_rows(store: &impl Store, rows: &Batch) -> Result<(), StoreError> {
    let mut attempt = 1;
    loop {
        match store.commit(rows) {
            // The store vouches that nothing was stored, so that trying again cannot store it twice.
            Err(StoreError::NotStored { .. }) if attempt < WRITE_ATTEMPTS => attempt += 1,
            other => return other,
        }
    }
}
