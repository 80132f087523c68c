//! Reading a ledger as it is at one checkpoint: records, chains, states, and proofs of all of them.

mod proof;
mod subjects;

use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use custody_core::custody::Subject;
use custody_core::entry::Entry;
use custody_core::hash::Hash;
use custody_core::id::{Origin, SubjectId};
use custody_core::index::IndexTree;
use custody_core::merkle::{LeafIndex, TreeHead, TreeSize};
use custody_core::sealed::Opening;

use crate::error::{GenesisError, LedgerError, ReadError};
use crate::high_water::HighWater;
use crate::row::{
    SubjectKind, corrupt, decode_hash, decode_number, decode_subject, number_key, subject_key,
};
use crate::sequencer::Shared;
use crate::store::{Read, Scan, Store, StoreError, Table};
use crate::tree::{Nodes, TileCache};
use crate::vault::Vault;
use crate::writer::{
    LogSecrets, Newest, Published, Stored, check_mark, index_by_digest, load_entry, load_founding,
    load_newest,
};

pub use subjects::Subjects;

/// How often a reader beside a writer looks whether the mark has followed the commit that it sees.
const MARK_ATTEMPTS: u32 = 20;

/// Time between two such looks.
const MARK_PAUSE: Duration = Duration::from_millis(5);

/// A view of a ledger that stands still at one checkpoint. Cheap to clone.
///
/// A live one, from [`crate::Ledger::reader`], borrows from the ledger; one from
/// [`crate::Ledger::open_read_only`] stands by itself.
#[derive(Clone)]
pub struct Reader<'a> {
    inner: Arc<Inner<'a>>,
}

struct Inner<'a> {
    read: Box<dyn Read + Send + Sync + 'a>,
    newest: Arc<Newest>,
    origin: Origin,
    genesis: Hash,
    vault: Vault,
    tiles: TileCache,
    /// The sequencer's index, which serves as long as it is at this reader's checkpoint.
    live: Option<&'a RwLock<Published>>,
    /// The index of this reader's checkpoint, made from the chain heads when it is first needed.
    own: OnceLock<IndexTree>,
}

/// A record with its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its place.
    pub index: LeafIndex,
    /// Its entry.
    pub entry: Entry,
    /// The record.
    pub record: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub(crate) fn live<S: Store>(shared: &'a Shared<S>) -> Result<Self, ReadError> {
        // As long as this is held no batch is committed, so that view and checkpoint belong together.
        let published = shared.published.read().unwrap_or_else(PoisonError::into_inner);
        let inner = Inner {
            read: shared.store.view()?,
            newest: published.newest.clone(),
            origin: shared.intake.origin.clone(),
            genesis: shared.intake.genesis,
            vault: shared.intake.vault.clone(),
            tiles: TileCache::default(),
            live: Some(&shared.published),
            own: OnceLock::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// A reader of a store that `open` opens beside its writer.
    pub(crate) fn open<R: Read + Send + Sync + 'a>(
        open: &dyn Fn() -> Result<R, StoreError>,
        mark: &HighWater,
        vault: Vault,
    ) -> Result<Self, LedgerError> {
        // The mark is read first: whatever it names is in a store that is opened later.
        let marked = mark.load()?;
        let read = open()?;
        let stored = load_newest(&read)?;
        let mut marked = check_mark(&read, marked, &stored)?;
        // A commit may be seen before it is flushed. Its mark follows when it is; where no writer is at work
        // and a crash came between the two, it never does, and the commit stands.
        for _ in 0..MARK_ATTEMPTS {
            if marked >= stored.checkpoint.size() {
                break;
            }
            std::thread::sleep(MARK_PAUSE);
            marked = marked_size(mark)?.unwrap_or(marked);
        }
        let Stored { origin, genesis, checkpoint, last, tree, .. } = stored;
        let newest = Newest::new(&checkpoint, last.index_root, tree.edge().clone());
        Ok(Self::standing(Box::new(read), newest, (origin, genesis), vault))
    }

    /// A reader that stands by itself, of what was looked at or not.
    pub(crate) fn standing(
        read: Box<dyn Read + Send + Sync + 'a>,
        newest: Newest,
        (origin, genesis): (Origin, Hash),
        vault: Vault,
    ) -> Self {
        let (newest, tiles, own) = (Arc::new(newest), TileCache::default(), OnceLock::new());
        let inner = Inner { read, newest, origin, genesis, vault, tiles, live: None, own };
        Self { inner: Arc::new(inner) }
    }

    /// The checkpoint: a signed note.
    pub fn checkpoint(&self) -> &[u8] {
        &self.inner.newest.checkpoint
    }

    /// Size and root of the checkpoint.
    pub fn head(&self) -> TreeHead {
        self.inner.newest.head
    }

    /// SHA-256 of entry 0.
    pub fn genesis(&self) -> Hash {
        self.inner.genesis
    }

    /// Checks that `keys` are those that the founding record names.
    ///
    /// # Errors
    /// [`LedgerError::Genesis`] with [`GenesisError::LogKeys`]; the record cannot be read.
    pub fn check_log_keys(&self, keys: &LogSecrets) -> Result<(), LedgerError> {
        let (_, named) = load_founding(&*self.inner.read)?;
        match *keys.signer(self.origin())?.keys() == named {
            true => Ok(()),
            false => Err(LedgerError::Genesis(GenesisError::LogKeys)),
        }
    }

    /// The ledger's name.
    pub fn origin(&self) -> &Origin {
        &self.inner.origin
    }

    /// What the records made of a subject; `None` where it has no history.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub fn subject(&self, id: &SubjectId) -> Result<Option<Subject>, ReadError> {
        let key = subject_key(id);
        let row = self.read().get(Table::Head, &key)?;
        Ok(row.map(|row| decode_subject(&key, &row)).transpose()?)
    }

    /// Every subject of a kind, in the order of their ids; those after `after`, where one is named. Cost: what comes before is
    /// not read.
    pub fn subjects(&self, kind: SubjectKind, after: Option<&SubjectId>) -> Subjects<'_> {
        Subjects::new(self.read(), kind, after)
    }

    /// The records of a chain, in their order. Cost: two point reads for each.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub fn chain(&self, id: &SubjectId) -> Result<Vec<Logged>, ReadError> {
        let rows = self.read().rows(&Scan::prefix(Table::Chain, &subject_key(id)))?;
        let numbers = rows.iter().map(|(key, value)| decode_number(Table::Chain, key, value));
        let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
        numbers.into_iter().map(|index| self.logged(LeafIndex(index))).collect()
    }

    /// The first record of a chain. Cost: that of one record, however long the chain is.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub fn first(&self, id: &SubjectId) -> Result<Option<Logged>, ReadError> {
        let rows = self.read().rows(&Scan::prefix(Table::Chain, &subject_key(id)).limit(1))?;
        let Some((key, value)) = rows.first() else { return Ok(None) };
        let index = decode_number(Table::Chain, key, value)?;
        self.logged(LeafIndex(index)).map(Some)
    }

    /// An entry and its record.
    ///
    /// # Errors
    /// [`ReadError::NoEntry`] and [`ReadError::Store`].
    pub fn logged(&self, index: LeafIndex) -> Result<Logged, ReadError> {
        Ok(Logged { index, entry: self.entry(index)?, record: self.record(index)? })
    }

    /// The entries `[lo, hi)` with their records. Cost: one scan of each table.
    ///
    /// # Errors
    /// [`ReadError::NoEntry`] where `hi` lies beyond the checkpoint, and [`ReadError::Store`].
    pub fn page(&self, lo: LeafIndex, hi: LeafIndex) -> Result<Vec<Logged>, ReadError> {
        let Some(last) = hi.0.checked_sub(1).filter(|last| *last >= lo.0) else {
            return Ok(Vec::new());
        };
        self.check_index(LeafIndex(last))?;
        let (entries, records) =
            (self.rows(Table::Entry, lo, hi)?, self.rows(Table::Record, lo, hi)?);
        let rows = (lo.0..hi.0).zip(entries.into_iter().zip(records));
        let logged = |(index, (entry, record)): (u64, (Vec<u8>, Vec<u8>))| {
            let malformed = |_| corrupt(Table::Entry, &number_key(index), "an entry");
            let entry = Entry::decode(&entry).map_err(malformed)?;
            Ok(Logged { index: LeafIndex(index), entry, record })
        };
        rows.map(logged).collect()
    }

    /// The rows `[lo, hi)` of a table whose keys are indices, all of which must be there.
    fn rows(&self, table: Table, lo: LeafIndex, hi: LeafIndex) -> Result<Vec<Vec<u8>>, ReadError> {
        let scan = Scan::range(table, &number_key(lo.0), &number_key(hi.0));
        let mut rows = self.read().rows(&scan)?.into_iter();
        let row = |index: u64| {
            let row = rows.next().filter(|(key, _)| key[..] == number_key(index));
            let missing = || corrupt(table, &number_key(index), "a row");
            Ok(row.ok_or_else(missing)?.1)
        };
        (lo.0..hi.0).map(row).collect()
    }

    /// The bytes of a record.
    ///
    /// # Errors
    /// [`ReadError::NoEntry`] and [`ReadError::Store`].
    pub fn record(&self, index: LeafIndex) -> Result<Vec<u8>, ReadError> {
        self.check_index(index)?;
        let key = number_key(index.0);
        let row = self.read().get(Table::Record, &key)?;
        Ok(row.ok_or_else(|| corrupt(Table::Record, &key, "a record"))?)
    }

    /// An entry.
    ///
    /// # Errors
    /// [`ReadError::NoEntry`] and [`ReadError::Store`].
    pub fn entry(&self, index: LeafIndex) -> Result<Entry, ReadError> {
        self.check_index(index)?;
        Ok(load_entry(self.read(), index.0)?)
    }

    /// Where the ledger has the record `digest`, if it has it.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub fn by_digest(&self, digest: &Hash) -> Result<Option<LeafIndex>, ReadError> {
        Ok(index_by_digest(self.read(), digest)?)
    }

    /// The vault, to be checked.
    pub(crate) fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    /// Openings of sealed fields of a record, as far as the vault has them.
    ///
    /// # Errors
    /// [`ReadError::Vault`].
    pub fn openings(&self, record: &Hash) -> Result<Vec<Opening>, ReadError> {
        Ok(self.inner.vault.openings(record)?)
    }

    /// The root that the log signed at `size`; `None` for a size that it never signed.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub fn root_at(&self, size: TreeSize) -> Result<Option<Hash>, ReadError> {
        let key = number_key(size.0);
        let row = self.read().get(Table::SignedSize, &key)?;
        Ok(row.map(|root| decode_hash(Table::SignedSize, &key, &root)).transpose()?)
    }

    pub(crate) fn read(&self) -> &dyn Read {
        &*self.inner.read
    }

    pub(crate) fn nodes(&self) -> Nodes<'_> {
        let inner = &*self.inner;
        let (size, edge) = (inner.newest.head.size, &inner.newest.edge);
        Nodes { read: self.read(), size, edge, tiles: &inner.tiles }
    }

    fn check_index(&self, index: LeafIndex) -> Result<(), ReadError> {
        let size = self.head().size;
        if index.0 < size.0 { Ok(()) } else { Err(ReadError::NoEntry { index, size }) }
    }
}

fn marked_size(mark: &HighWater) -> Result<Option<TreeSize>, LedgerError> {
    let note = mark.load()?;
    let checkpoint = note.and_then(|note| custody_core::checkpoint::Checkpoint::parse(&note).ok());
    Ok(checkpoint.map(|checkpoint| checkpoint.size()))
}
