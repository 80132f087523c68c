//! Proofs against the reader's checkpoint.

use std::sync::PoisonError;

use custody_core::id::SubjectId;
use custody_core::index::IndexTree;
use custody_core::merkle::{
    ConsistencyProof, InclusionProof, LeafIndex, MultiProof, TreeSize, prove_consistency,
    prove_inclusion, prove_multi,
};

use super::Reader;
use crate::error::ReadError;
use crate::writer::load_index;

impl Reader<'_> {
    /// That the checkpoint's tree has this entry. Cost: a tile for each 8 levels.
    ///
    /// # Errors
    /// [`ReadError::Prove`].
    pub fn inclusion_proof(&self, index: LeafIndex) -> Result<InclusionProof, ReadError> {
        Ok(prove_inclusion(index, self.head().size, &self.nodes())?)
    }

    /// That the checkpoint's tree begins with the tree of size `old`.
    ///
    /// # Errors
    /// [`ReadError::Prove`].
    pub fn consistency_proof(&self, old: TreeSize) -> Result<ConsistencyProof, ReadError> {
        self.consistency_proof_between(old, self.head().size)
    }

    /// That the tree of the size `new`, at most the checkpoint's, begins with the one of the size `old`.
    ///
    /// # Errors
    /// [`ReadError::Prove`].
    pub fn consistency_proof_between(
        &self,
        old: TreeSize,
        new: TreeSize,
    ) -> Result<ConsistencyProof, ReadError> {
        Ok(prove_consistency(old, new, &self.nodes())?)
    }

    /// That the checkpoint's tree has all of these entries, given in strictly increasing order.
    ///
    /// # Errors
    /// [`ReadError::Prove`].
    pub fn multiproof(&self, indices: &[LeafIndex]) -> Result<MultiProof, ReadError> {
        Ok(prove_multi(indices, self.head().size, &self.nodes())?)
    }

    /// That the custody index of the checkpoint has the chain of `id` as it is here, or has none.
    ///
    /// Cost: the logarithm of the number of subjects, as long as the log stands at this checkpoint. Else, and
    /// for a reader of a closed ledger, the index is made from all chain heads the first time.
    ///
    /// # Errors
    /// [`ReadError::Store`], [`ReadError::IndexRoot`].
    pub fn index_proof(&self, id: &SubjectId) -> Result<Vec<u8>, ReadError> {
        let key = id.key();
        if let Some(live) = self.inner.live {
            let published = live.read().unwrap_or_else(PoisonError::into_inner);
            if published.newest.head == self.head() && published.index.root() == self.index_root() {
                return Ok(published.index.prove(&key).bytes);
            }
        }
        Ok(self.own_index()?.prove(&key).bytes)
    }

    /// The receipt of an entry: C2SP tlog-proof, provisional until its checkpoint is cosigned.
    ///
    /// # Errors
    /// [`ReadError::Prove`].
    pub fn receipt(&self, index: LeafIndex) -> Result<String, ReadError> {
        let newest = &self.inner.newest;
        Ok(newest.receipt_proof(index, self.read(), &self.inner.tiles)? + &*newest.note)
    }

    fn index_root(&self) -> custody_core::hash::Hash {
        self.inner.newest.index_root
    }

    fn own_index(&self) -> Result<&IndexTree, ReadError> {
        if let Some(index) = self.inner.own.get() {
            return Ok(index);
        }
        let index = load_index(self.read())?;
        let (committed, computed) = (self.index_root(), index.root());
        if committed != computed {
            return Err(ReadError::IndexRoot { committed, computed });
        }
        Ok(self.inner.own.get_or_init(|| index))
    }
}
