//! The one who appends: state, rules, durable order. It has no queue, and no thread but
//! the one that flushes marks; the sequencer drives it.
//!
//! A batch goes through [`Writer::judge`] and [`Writer::commit`]. Between the two the state is ahead of the store, so
//! after any [`FatalError`] the writer must be dropped: opening the ledger again finds out what was stored.

mod commit;
mod ground;
mod judge;
mod mark;
mod recover;

use std::sync::Arc;

use custody_core::checkpoint::{Checkpoint, CheckpointError, LogKeys};
use custody_core::hash::Hash;
use custody_core::id::Origin;
use custody_core::index::IndexTree;
use custody_core::merkle::{LeafIndex, TreeHead, prove_inclusion};
use custody_core::note::KeyName;
use custody_core::receipt::format_proof;
use custody_core::record::body::LedgerOpen;
use zeroize::Zeroizing;

use crate::clock::AcceptClock;
use crate::error::{FatalError, GenesisError, LedgerError, ReadError};
use crate::signing::{LogSeeds, LogSigner};
use crate::store::{Batch, Read, Store};
use crate::tree::{Edge, Nodes, TileCache, Tree};

pub(crate) use commit::Was;
use ground::Ground;
pub(crate) use judge::{Judged, Verdict, index_by_digest, load_entry, load_record};
use mark::Mark;
pub(crate) use recover::{
    Recovered, Stored, check_index, check_mark, load_founding, load_index, load_newest,
    stored_root, verify_founding, verify_note,
};

/// How often a write is tried that was certainly not made.
const WRITE_ATTEMPTS: u32 = 3;

/// The log's private keys: two seeds.
pub struct LogSecrets {
    /// The Ed25519 seed: RFC 8032 section 5.1.5.
    pub ed25519: Zeroizing<[u8; 32]>,
    /// The ML-DSA-44 seed: xi of FIPS 204, algorithm 1.
    pub mldsa44: Zeroizing<[u8; 32]>,
}

/// The newest signed state, as readers see it.
#[derive(Debug)]
pub(crate) struct Newest {
    pub(crate) head: TreeHead,
    /// The checkpoint's note.
    pub(crate) checkpoint: Arc<[u8]>,
    /// The same as text, which ends every receipt under it.
    pub(crate) note: Arc<str>,
    pub(crate) index_root: Hash,
    pub(crate) edge: Edge,
}

/// The state behind a log's end, and the hands that move it.
pub(crate) struct Writer<S> {
    store: Arc<S>,
    mark: Mark,
    clock: AcceptClock,
    /// Who signs checkpoints; nobody where those that were signed are followed.
    signer: Option<LogSigner>,
    ground: Ground,
    tree: Tree,
    /// Size of the cosigned checkpoint that is kept beside the newest one.
    cosigned: Option<u64>,
    /// Rows of the batch at hand.
    rows: Batch,
}

impl Newest {
    pub(crate) fn new(checkpoint: &Checkpoint, index_root: Hash, edge: Edge) -> Self {
        let (head, checkpoint) = (*checkpoint.tree_head(), Arc::from(checkpoint.as_bytes()));
        let note = Arc::from(String::from_utf8_lossy(&checkpoint));
        Self { head, checkpoint, note, index_root, edge }
    }

    /// The receipt of an entry under the checkpoint, without the checkpoint. `read` may show a later state, as what is
    /// asked of it never changes.
    pub(crate) fn receipt_proof(
        &self,
        index: LeafIndex,
        read: &dyn Read,
        tiles: &TileCache,
    ) -> Result<String, ReadError> {
        let nodes = Nodes { read, size: self.head.size, edge: &self.edge, tiles };
        Ok(format_proof(None, &prove_inclusion(index, self.head.size, &nodes)?))
    }
}

impl LogSecrets {
    /// Expands the keys for a log named `origin`, which costs about a millisecond.
    ///
    /// # Errors
    /// [`LedgerError::Genesis`] where the origin is no key name, [`LedgerError::LogKeys`].
    pub(crate) fn signer(&self, origin: &Origin) -> Result<LogSigner, LedgerError> {
        let name = KeyName::parse(origin.as_str());
        let name = name.map_err(|_| LedgerError::Genesis(GenesisError::Origin))?;
        let seeds = LogSeeds { ed25519: &self.ed25519, mldsa44: &self.mldsa44 };
        LogSigner::from_seeds(&name, seeds).map_err(LedgerError::LogKeys)
    }

    /// The public keys of a log named `origin`, as its `ledger-open` has to name them: Ed25519 and ML-DSA-44.
    ///
    /// # Errors
    /// [`LedgerError::Genesis`] where the origin is no key name, [`LedgerError::LogKeys`].
    pub fn public(&self, origin: &Origin) -> Result<([u8; 32], Vec<u8>), LedgerError> {
        let signer = self.signer(origin)?;
        let ed25519 = signer.keys().ed25519().key().encode();
        let ed25519 = ed25519.try_into().map_err(|_| GenesisError::LogKeys);
        let ed25519 = ed25519.map_err(LedgerError::Genesis)?;
        Ok((ed25519, signer.keys().mldsa44().key().encode()))
    }
}

/// The public keys that a founding record names.
pub(crate) fn public_keys(
    origin: &Origin,
    founding: &LedgerOpen,
) -> Result<LogKeys, CheckpointError> {
    use custody_core::note::{Algorithm, VerifierKey};
    let name = KeyName::parse(origin.as_str()).map_err(CheckpointError::Origin)?;
    let key = |algorithm, bytes: &[u8]| {
        VerifierKey::new(name.clone(), algorithm, bytes).map_err(CheckpointError::VerifierKey)
    };
    LogKeys::new(
        key(Algorithm::Ed25519, &founding.log_ed25519)?,
        key(Algorithm::MlDsa44, &founding.log_mldsa44)?,
    )
}

impl<S: Store> Writer<S> {
    /// Size and root of the tree as it is in memory.
    pub(crate) fn head(&self) -> TreeHead {
        self.tree.head()
    }
}

/// An index and what it is the index of.
pub(crate) struct Published {
    pub(crate) index: IndexTree,
    pub(crate) newest: Arc<Newest>,
}

impl From<FatalError> for LedgerError {
    fn from(error: FatalError) -> Self {
        Self::Fatal(Arc::new(error))
    }
}
