//! Opening: what the store holds is hashed again and held against what was signed and marked.
//!
//! Every start goes this way, after a crash or not. Nothing is repaired; the one thing that may change is the
//! high-water mark, forwards, where a crash came between a commit and its mark.

use std::ops::ControlFlow;
use std::sync::Arc;

use custody_core::checkpoint::{Checkpoint, CheckpointError, LogKeys};
use custody_core::custody::{Applied, Book, apply};
use custody_core::entry::Entry;
use custody_core::hash::{Hash, sha256};
use custody_core::id::Origin;
use custody_core::index::IndexTree;
use custody_core::merkle::{LeafIndex, TreeSize, root_at};
use custody_core::record::Record;
use custody_core::record::body::{Body, LedgerOpen};

use super::ground::Ground;
use super::judge::load_entry;
use super::mark::Mark;
use super::{LogSecrets, Newest, Writer, public_keys};
use crate::clock::{AcceptClock, Clock};
use crate::error::{GenesisError, LedgerError, RecoveryError};
use crate::high_water::HighWater;
use crate::intake::{Candidate, index_keys};
use crate::keyring::Keyring;
use crate::row::{
    COSIGNED, corrupt, decode_number, decode_subject, decode_subject_key, number_key,
};
use crate::signing::LogSigner;
use crate::store::{Batch, Epoch, Read, Scan, Store, StoreError, Table};
use crate::tree::{Nodes, TileCache, Tree};

/// A ledger that is open for appending.
pub(crate) struct Recovered<S> {
    pub(crate) writer: Writer<S>,
    pub(crate) index: IndexTree,
    pub(crate) newest: Newest,
    pub(crate) keyring: Keyring,
    pub(crate) origin: Origin,
    pub(crate) genesis: Hash,
}

/// What a store says of itself, held against its own signatures and hashes.
pub(crate) struct Stored {
    pub(crate) origin: Origin,
    pub(crate) genesis: Hash,
    pub(crate) keys: LogKeys,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) last: Entry,
    pub(crate) tree: Tree,
}

impl<S: Store> Writer<S> {
    /// Founds a ledger in an empty store: entry 0 and its checkpoint.
    ///
    /// # Errors
    /// [`LedgerError`]; the store then holds no ledger, or one that nobody was told of.
    pub(crate) fn found(
        store: &Arc<S>,
        mark: HighWater,
        clock: Arc<dyn Clock>,
        keys: &LogSecrets,
        genesis: &[u8],
    ) -> Result<HighWater, LedgerError> {
        let (record, origin) = verify_founding(genesis, keys).map_err(LedgerError::Genesis)?;
        let mut writer = Self {
            rows: Batch::new(store.acquire_epoch()?),
            store: store.clone(),
            mark: Mark::new(mark)?,
            clock: AcceptClock::new(clock, 0)?,
            signer: Some(keys.signer(&origin)?),
            ground: Ground::new(Book::whole()),
            tree: Tree::new(),
            cosigned: None,
        };
        let index_keys = index_keys(&record);
        let candidate = Candidate { record, index_keys, pending: None, lacks_key: false };
        let judged = writer.judge(vec![candidate], &Keyring::default(), Batch::BYTES_MAX)?;
        match judged.verdicts.as_slice() {
            [super::Verdict::Accepted(candidate)] => {
                writer.commit(&mut IndexTree::new(), &[candidate])?;
                Ok(writer.mark.into_high_water()?)
            }
            // `verify_founding` has applied the same rules to the same empty ledger.
            _ => Err(LedgerError::Genesis(GenesisError::LogKeys)),
        }
    }

    /// Opens the ledger in `store`.
    ///
    /// # Errors
    /// [`LedgerError::Recovery`] where the store is not what was acknowledged.
    pub(crate) fn recover(
        store: Arc<S>,
        mark: HighWater,
        clock: Arc<dyn Clock>,
        keys: &LogSecrets,
    ) -> Result<Recovered<S>, LedgerError> {
        // 1. Whoever wrote before is fenced, before anything is read.
        let epoch = store.acquire_epoch()?;

        // 2. The right edge hashes to the newest checkpoint, which the log's own keys signed.
        let stored = load_newest(&*store)?;
        let signer = keys.signer(&stored.origin)?;
        if *signer.keys() != stored.keys {
            return Err(LedgerError::Genesis(GenesisError::LogKeys));
        }

        // 3. The store goes on from the mark.
        let marked = check_mark(&*store, mark.load()?, &stored)?;

        // 4. The chain heads are those that the last entry commits to.
        let checkpoint = stored.checkpoint.clone();
        let mut recovered = Self::stand(store, stored, (mark, clock), (epoch, Some(signer)))?;

        // 5. A crash came between commit and mark: the mark follows now, before anybody reads or appends.
        if marked < checkpoint.size() {
            recovered.writer.mark.advance(checkpoint.size().0, checkpoint.as_bytes())?;
        }
        Ok(recovered)
    }

    /// Opens the ledger in `store`, to follow with it what its log has signed already. Its mark stays where it is.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) fn follow(
        store: Arc<S>,
        mark: HighWater,
        clock: Arc<dyn Clock>,
    ) -> Result<Recovered<S>, LedgerError> {
        let epoch = store.acquire_epoch()?;
        let stored = load_newest(&*store)?;
        Self::stand(store, stored, (mark, clock), (epoch, None))
    }

    fn stand(
        store: Arc<S>,
        stored: Stored,
        (mark, clock): (HighWater, Arc<dyn Clock>),
        (epoch, signer): (Epoch, Option<LogSigner>),
    ) -> Result<Recovered<S>, LedgerError> {
        let (index, registry, keyring) = load_heads(&*store)?;
        check_index(&index, &stored)?;
        let Stored { origin, genesis, checkpoint, last, tree, .. } = stored;
        let newest = Newest::new(&checkpoint, last.index_root, tree.edge().clone());
        let writer = Self {
            cosigned: load_cosigned(&*store)?,
            store,
            mark: Mark::new(mark)?,
            clock: AcceptClock::new(clock, last.accepted_ms)?,
            signer,
            ground: Ground::new(registry),
            tree,
            rows: Batch::new(epoch),
        };
        Ok(Recovered { writer, index, newest, keyring, origin, genesis })
    }
}

/// Parses and checks a founding record: signatures, rules, and that it names the log's own keys.
///
/// # Errors
/// [`GenesisError`].
pub(crate) fn verify_founding(
    bytes: &[u8],
    keys: &LogSecrets,
) -> Result<(Record, Origin), GenesisError> {
    let record = Record::parse(bytes)?;
    let origin = record.message().header().origin.clone();
    record.verify_signatures(|_| None)?;
    apply(&Book::whole(), &record, LeafIndex(0))?;
    let signer = keys.signer(&origin).map_err(|_| GenesisError::Origin)?;
    let named = founding(&record).and_then(|body| public_keys(&origin, body).ok());
    match named {
        Some(named) if named == *signer.keys() => Ok((record, origin)),
        _ => Err(GenesisError::LogKeys),
    }
}

fn founding(record: &Record) -> Option<&LedgerOpen> {
    match &record.payload().body {
        Body::LedgerOpen(body) => Some(body),
        _ => None,
    }
}

/// Reads the newest checkpoint and hashes the right edge against it.
pub(crate) fn load_newest(read: &dyn Read) -> Result<Stored, LedgerError> {
    let newest = read.rows(&Scan::all(Table::Checkpoint).backwards().limit(1))?;
    let (key, note) = newest.into_iter().next().ok_or(Box::new(RecoveryError::NotFounded))?;
    let (origin, keys) = load_founding(read)?;
    let checkpoint = verify_note(&note, &keys).map_err(|source| {
        Box::new(RecoveryError::CheckpointRefused { checkpoint: note, source })
    })?;
    let signed = *checkpoint.tree_head();
    if key != number_key(signed.size.0) {
        return Err(corrupt(Table::Checkpoint, &key, "the checkpoint of this size").into());
    }
    let tree = Tree::load(read, signed.size)?;
    let computed = tree.head();
    if computed != signed {
        let checkpoint = checkpoint.as_bytes().to_vec();
        return Err(Box::new(RecoveryError::RightEdge { signed, computed, checkpoint }).into());
    }
    let last = load_entry(read, signed.size.0.saturating_sub(1))?;
    let genesis = sha256(&load_entry(read, 0)?.encode());
    Ok(Stored { origin, genesis, keys, checkpoint, last, tree })
}

/// The ledger's name, and the keys that its founding record names.
pub(crate) fn load_founding(read: &dyn Read) -> Result<(Origin, LogKeys), LedgerError> {
    let malformed = || corrupt(Table::Record, &number_key(0), "a founding record");
    let bytes = read.get(Table::Record, &number_key(0))?.ok_or_else(malformed)?;
    let record = Record::parse(&bytes).map_err(|_| malformed())?;
    let origin = record.message().header().origin.clone();
    let keys = founding(&record).and_then(|body| public_keys(&origin, body).ok());
    Ok((origin, keys.ok_or_else(malformed)?))
}

pub(crate) fn verify_note(note: &[u8], keys: &LogKeys) -> Result<Checkpoint, CheckpointError> {
    let checkpoint = Checkpoint::parse(note)?;
    checkpoint.verify_log(keys)?;
    Ok(checkpoint)
}

/// Holds the store against the high-water mark's note, and returns the size at which that stands.
pub(crate) fn check_mark(
    read: &dyn Read,
    mark: Option<Vec<u8>>,
    stored: &Stored,
) -> Result<TreeSize, LedgerError> {
    let store_checkpoint = || stored.checkpoint.as_bytes().to_vec();
    let store = *stored.checkpoint.tree_head();
    let Some(note) = mark else {
        let checkpoint = store_checkpoint();
        return Err(Box::new(RecoveryError::MarkMissing { store, checkpoint }).into());
    };
    let marked = match verify_note(&note, &stored.keys) {
        Ok(marked) => *marked.tree_head(),
        Err(source) => {
            return Err(Box::new(RecoveryError::MarkRefused { mark: note, source }).into());
        }
    };
    if marked.size > store.size {
        let store_checkpoint = store_checkpoint();
        let ahead = RecoveryError::MarkAhead {
            mark: marked,
            store,
            mark_checkpoint: note,
            store_checkpoint,
        };
        return Err(Box::new(ahead).into());
    }
    let computed = stored_root(read, stored, marked.size)?;
    if computed != marked.root {
        let store_checkpoint = store_checkpoint();
        let diverged = RecoveryError::Diverged {
            mark: marked,
            computed,
            mark_checkpoint: note,
            store_checkpoint,
        };
        return Err(Box::new(diverged).into());
    }
    Ok(marked.size)
}

/// The root of the store's tree at an earlier size.
pub(crate) fn stored_root(
    read: &dyn Read,
    stored: &Stored,
    size: TreeSize,
) -> Result<Hash, LedgerError> {
    let tiles = TileCache::default();
    let edge = stored.tree.edge();
    let nodes = Nodes { read, size: stored.checkpoint.size(), edge, tiles: &tiles };
    let root = root_at(size, &nodes).map_err(crate::error::ReadError::from)?;
    Ok(root)
}

/// The index over all chains, and the registry, from the states in the store.
fn load_heads(read: &dyn Read) -> Result<(IndexTree, Book, Keyring), StoreError> {
    let keyring = Keyring::default();
    let mut registry = Applied::default();
    let mut chains = Vec::new();
    let mut broken = None;
    read.scan(&Scan::all(Table::Head), &mut |key, value| {
        let row = decode_subject_key(key).and_then(|id| Ok((id, decode_subject(key, value)?)));
        match row {
            Ok((id, subject)) => {
                chains.push((id.key(), subject.chain));
                if Ground::is_registry(&id) {
                    registry.changes.push((id, subject));
                }
                ControlFlow::Continue(())
            }
            Err(error) => {
                broken = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(error) = broken {
        return Err(error);
    }
    for (_, subject) in &registry.changes {
        subject.standing.enrolled_keys().for_each(|key| keyring.learn(key));
    }
    let mut book = Book::whole();
    book.absorb(registry);
    let twice = |_| corrupt(Table::Head, &[], "a subject once");
    Ok((IndexTree::build(chains).map_err(twice)?, book, keyring))
}

/// The index over all chains in the store.
pub(crate) fn load_index(read: &dyn Read) -> Result<IndexTree, StoreError> {
    load_heads(read).map(|(index, _, _)| index)
}

pub(crate) fn check_index(index: &IndexTree, stored: &Stored) -> Result<(), Box<RecoveryError>> {
    let (committed, computed) = (stored.last.index_root, index.root());
    if committed == computed {
        return Ok(());
    }
    let index = LeafIndex(stored.checkpoint.size().0.saturating_sub(1));
    Err(Box::new(RecoveryError::IndexRoot { index, committed, computed }))
}

fn load_cosigned(read: &dyn Read) -> Result<Option<u64>, StoreError> {
    let row = read.get(Table::Meta, COSIGNED)?;
    row.map(|row| decode_number(Table::Meta, COSIGNED, &row)).transpose()
}
