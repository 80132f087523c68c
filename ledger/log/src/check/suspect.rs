//! Opening a ledger whose mark or head is not what it should be, to be checked and for nothing else.
//!
//! What recovery refuses, it refuses at the first thing that is wrong. Here each is a finding, and what is left of the
//! ledger is read as far as it goes: of a checkpoint that is refused, its size; of one that is gone, the entries.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use custody_core::checkpoint::{Checkpoint, LogKeys};
use custody_core::entry::Entry;
use custody_core::hash::{empty_root, sha256};
use custody_core::id::Origin;
use custody_core::merkle::{TreeHead, TreeSize};
use custody_core::record::Record;

use super::{CheckSummary, Finding, OpeningCounts, chain_text, finding, look};
use crate::error::{LedgerError, RecoveryError};
use crate::high_water::HighWaterError;
use crate::ledger::LedgerOptions;
use crate::publish::Progress;
use crate::reader::Reader;
use crate::row::number_key;
use crate::store::{Read, RocksReader, Scan, StoreError, Table};
use crate::tree::{Edge, Tree};
use crate::vault::Vault;
use crate::writer::{Newest, Stored, check_mark, load_entry, load_founding, load_index};

/// Records that are looked through for the ledger's name, where its founding record does not tell it.
const MAX_SEARCHED: usize = 256;

/// A ledger that was opened to be checked, whether or not it opens otherwise.
pub struct Suspect {
    reader: Reader<'static>,
    findings: Vec<Finding>,
}

/// What a check found.
#[derive(Debug)]
pub struct Checked {
    /// What was covered, if the entries and the tables beside them are sound.
    pub summary: Option<CheckSummary>,
    /// Sealed fields and documents of the records that could be read, by what became of their openings.
    pub openings: OpeningCounts,
    /// Everything that is wrong: the head and the mark first, then in the order of the entries.
    pub findings: Vec<Finding>,
}

impl Suspect {
    /// The ledger's name.
    pub fn origin(&self) -> &Origin {
        self.reader.origin()
    }

    /// Opens the ledger for reading, and looks at its head and its mark. Nothing is changed.
    ///
    /// # Errors
    /// [`LedgerError::Store`] where the store does not open, [`RecoveryError::NotFounded`] where there is nothing in
    /// it, and the founding record's error where no record tells the ledger's name.
    pub fn open(options: &LedgerOptions) -> Result<Self, LedgerError> {
        // The mark is read first: whatever it names is in a store that is opened later.
        let mark = options.mark().and_then(|mark| Ok((mark.load()?, mark.path().to_owned())));
        let read = RocksReader::open(&options.store_dir(), &options.store)?;
        let mut look = Look { read: &read, findings: Vec::new() };
        let entries = look.entries()?;
        let (origin, keys) = look.founding(entries)?;
        let (note, checkpoint) = look.checkpoint(keys.as_ref())?;
        let signed = checkpoint.as_ref().map(|checkpoint| *checkpoint.tree_head());
        let size = look.size(signed, entries);
        let tree = look.tree(size, signed);
        let last = look.last_entry(size);
        let genesis = sha256(&read.get(Table::Entry, &number_key(0))?.unwrap_or_default());
        let computed = tree.as_ref().map(Tree::head);
        let root = signed.or(computed).map_or_else(empty_root, |head| head.root);
        let newest = Newest {
            head: TreeHead { size, root },
            note: Arc::from(String::from_utf8_lossy(&note)),
            checkpoint: Arc::from(note),
            index_root: last.map_or(genesis, |last| last.index_root),
            // Without an edge a `seen` that is long past cannot be proved, and counts as unchecked.
            edge: tree.as_ref().map_or_else(Edge::default, |tree| tree.edge().clone()),
        };
        let stored = match (checkpoint, keys, tree, last) {
            (Some(checkpoint), Some(keys), Some(tree), Some(last)) => {
                Some(Stored { origin: origin.clone(), genesis, keys, checkpoint, last, tree })
            }
            _ => None,
        };
        look.mark(mark, stored.as_ref(), size);
        let (findings, vault) = (look.findings, Vault::read_only(&options.vault_dir()));
        let reader = Reader::standing(Box::new(read), newest, (origin, genesis), vault);
        Ok(Self { reader, findings })
    }

    /// How many entries there are to check.
    pub fn size(&self) -> TreeSize {
        self.reader.head().size
    }

    /// Checks everything else, as [`super::check`] does. `progress` counts entries.
    pub fn check(mut self, progress: &dyn Fn(Progress)) -> Checked {
        let (covered, findings) = look(&self.reader, progress);
        let summary = findings.is_empty().then_some(covered);
        self.findings.extend(findings);
        Checked { summary, openings: covered.openings, findings: self.findings }
    }
}

/// A mark's note, if there is one, and where it lies or should.
type Mark = Result<(Option<Vec<u8>>, PathBuf), HighWaterError>;

/// Looks at the parts of a head one by one, and goes on.
struct Look<'r> {
    read: &'r RocksReader,
    findings: Vec<Finding>,
}

impl Look<'_> {
    fn find(
        &mut self,
        code: &'static str,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
    ) {
        self.findings.push(finding(code, expected, found));
    }

    /// How many entries the store has, by the number of the last one.
    fn entries(&self) -> Result<TreeSize, StoreError> {
        let last = self.read.rows(&Scan::all(Table::Entry).backwards().limit(1))?;
        Ok(TreeSize(last.first().map_or(0, |(key, _)| number(key).saturating_add(1))))
    }

    /// The ledger's name, and its keys where the founding record tells them.
    fn founding(&mut self, entries: TreeSize) -> Result<(Origin, Option<LogKeys>), LedgerError> {
        let error = match load_founding(self.read) {
            Ok((origin, keys)) => return Ok((origin, Some(keys))),
            Err(error) => error,
        };
        let is_empty =
            self.read.rows(&Scan::all(Table::Checkpoint).limit(1))?.is_empty() && entries.0 == 0;
        if is_empty {
            return Err(Box::new(RecoveryError::NotFounded).into());
        }
        let Some(origin) = self.named_origin()? else { return Err(error) };
        self.find(error.code(), "the founding record", chain_text(&error));
        Ok((origin, None))
    }

    /// The ledger's name, as the first records have it that can be read.
    fn named_origin(&self) -> Result<Option<Origin>, StoreError> {
        let rows = self.read.rows(&Scan::all(Table::Record).limit(MAX_SEARCHED))?;
        let mut records = rows.iter().filter_map(|(_, bytes)| Record::parse(bytes).ok());
        Ok(records.next().map(|record| record.message().header().origin.clone()))
    }

    /// The newest checkpoint's note, and the checkpoint itself where the log signed it.
    fn checkpoint(
        &mut self,
        keys: Option<&LogKeys>,
    ) -> Result<(Vec<u8>, Option<Checkpoint>), StoreError> {
        let expected = "a checkpoint that this log signed";
        let newest = self.read.rows(&Scan::all(Table::Checkpoint).backwards().limit(1))?;
        let Some((key, note)) = newest.into_iter().next() else {
            self.find("recovery/checkpoint-refused", expected, "none");
            return Ok((Vec::new(), None));
        };
        let verified = Checkpoint::parse(&note).and_then(|checkpoint| {
            if let Some(keys) = keys {
                checkpoint.verify_log(keys)?;
            }
            Ok(checkpoint)
        });
        match verified {
            Ok(checkpoint) if number(&key) == checkpoint.size().0 => Ok((note, Some(checkpoint))),
            Ok(checkpoint) => {
                let expected = format!("the checkpoint of size {}", number(&key));
                self.find("store-corrupt", expected, format!("that of size {}", checkpoint.size()));
                Ok((note, None))
            }
            Err(error) => {
                self.find("recovery/checkpoint-refused", expected, chain_text(&error));
                Ok((note, None))
            }
        }
    }

    /// How far there is anything to check: a checkpoint that is damaged may name any size.
    fn size(&mut self, signed: Option<TreeHead>, entries: TreeSize) -> TreeSize {
        let Some(signed) = signed else { return entries };
        if signed.size != entries {
            let expected = format!("{} entries, as the checkpoint says", signed.size);
            self.find("recovery/right-edge", expected, entries);
        }
        signed.size.min(entries)
    }

    /// The right edge, hashed again.
    fn tree(&mut self, size: TreeSize, signed: Option<TreeHead>) -> Option<Tree> {
        match Tree::load(self.read, size) {
            Ok(tree) => {
                let signed = signed.filter(|signed| *signed != tree.head());
                if let Some(signed) = signed {
                    self.find("recovery/right-edge", signed, tree.head());
                }
                Some(tree)
            }
            Err(error) => {
                self.find(error.code(), "the right edge of the tree", chain_text(&error));
                None
            }
        }
    }

    /// The last entry, held against the chain heads that it commits to.
    fn last_entry(&mut self, size: TreeSize) -> Option<Entry> {
        let loaded = load_entry(self.read, size.0.saturating_sub(1));
        let last = loaded.map_err(|error| {
            self.find(error.code(), "the last entry", chain_text(&error));
        });
        let last = last.ok()?;
        match load_index(self.read).map(|index| index.root()) {
            Ok(root) if root == last.index_root => {}
            Ok(root) => self.find("recovery/index-root", last.index_root, root),
            Err(error) => self.find(error.code(), "the heads of all chains", chain_text(&error)),
        }
        Some(last)
    }

    /// The store held against its mark.
    fn mark(&mut self, mark: Mark, stored: Option<&Stored>, size: TreeSize) {
        let (note, path) = match mark {
            Ok(mark) => mark,
            Err(error) => return self.find(error.code(), "a high-water mark", chain_text(&error)),
        };
        match (stored, note) {
            (Some(stored), note) => {
                if let Err(error) = check_mark(self.read, note, stored) {
                    self.findings.push(of_mark(&error, &path));
                }
            }
            (None, None) => self.find("recovery/mark-missing", at(&path), "none"),
            // There is no head to hold it against. How far it goes is known all the same.
            (None, Some(note)) => {
                let marked = Checkpoint::parse(&note).map(|marked| *marked.tree_head()).ok();
                if let Some(marked) = marked.filter(|marked| marked.size > size) {
                    self.find("recovery/mark-ahead", marked, format!("{size} entries"));
                }
            }
        }
    }
}

/// The key of a row whose key is a number.
fn number(key: &[u8]) -> u64 {
    key.try_into().map_or(u64::MAX, u64::from_be_bytes)
}

fn at(path: &Path) -> String {
    format!("a high-water mark in {}", path.display())
}

fn of_mark(error: &LedgerError, path: &Path) -> Finding {
    let LedgerError::Recovery(cause) = error else {
        return finding(
            error.code(),
            "a store that its mark can be held against",
            chain_text(error),
        );
    };
    match &**cause {
        RecoveryError::MarkMissing { .. } => finding(cause.code(), at(path), "none"),
        RecoveryError::MarkAhead { mark, store, .. } => finding(cause.code(), mark, store),
        RecoveryError::Diverged { mark, computed, .. } => {
            finding(cause.code(), mark, format!("root {computed} at that size"))
        }
        RecoveryError::MarkRefused { source, .. } => {
            finding(cause.code(), at(path), chain_text(source))
        }
        other => finding(cause.code(), at(path), chain_text(other)),
    }
}
