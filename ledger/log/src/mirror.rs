//! Mirrors: a full copy of a ledger that somebody else keeps, every entry of it replayed before it counts.
//!
//! What records and entries say is judged by [`custody_core::verify::replay`], the same code that the check of a store and the
//! offline verifier run. Here come files, and the order in which they become durable. Starting again is following once
//! more, with the copy as the source: nothing is believed because it lies there. Where files come from, when the log is asked,
//! and whoever asks for cosignatures are the caller's.

mod copy;
mod cosigned;
mod error;
mod evidence;
mod nodes;
mod replay;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use custody_core::checkpoint::{Checkpoint, CheckpointError, LogKeys};
use custody_core::hash::Hash;
use custody_core::id::Origin;
use custody_core::merkle::{ProveError, TreeHead, TreeSize, prove_consistency, root_at};
use custody_core::pins::Pins;
use custody_core::policy::Policy;
use custody_core::tile::TilePath;
use custody_core::verify::replay::{KeyRing, Replayer};

pub use error::MirrorError;

pub use crate::published::{Source, SourceError};

use crate::file::Names;
use crate::publish::{Progress, remove_outdated};
use crate::tree::{Edge, Tree, encode_tile};
use copy::Copy;
use nodes::{TileNodes, TileNodesError};
use replay::Keeping;

/// Whom a mirror believes.
#[derive(Clone, Debug)]
pub struct MirrorTrust {
    /// The log's name.
    pub origin: Origin,
    /// Its keys.
    pub keys: LogKeys,
    /// The ledger's genesis and its agencies' keys, where they were pinned.
    pub pins: Option<Pins>,
}

/// Adds the mirror's cosignatures to a checkpoint.
pub type Cosign<'a> = &'a dyn Fn(&Checkpoint) -> Result<Checkpoint, CheckpointError>;

/// A mirror at work: the copy, and the state of the ledger that was computed from it.
pub struct Mirror {
    dir: PathBuf,
    copy: Copy,
    /// Names of files of the copy that are not durable yet, also those that an attempt wrote which came to nothing.
    names: Names,
    trust: MirrorTrust,
    /// The log, and nobody else: who else cosigned is no condition for replaying.
    policy: Policy,
    replayer: Replayer,
    ring: KeyRing,
    /// The tree of what was replayed, which may be ahead of what was settled.
    tree: Tree,
    /// A head that the log has shown and that is not settled. Where more is replayed than settled, it is of this one's tree.
    /// The log cannot take it back: what it shows then has to begin with it.
    shown: Option<Checkpoint>,
    settled: Settled,
    left_behind: Option<MirrorError>,
    /// What was replayed may be ahead of the files, or does not hold: from here nothing is followed.
    is_halted: bool,
}

/// What a mirror vouches for: replayed, durable, cosigned. Cheap to clone; stands still.
#[derive(Clone)]
pub struct Settled {
    copy: Copy,
    checkpoint: Option<Arc<Checkpoint>>,
    edge: Arc<Edge>,
}

/// What became of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// It was replayed, and is settled.
    Settled,
    /// It is the one that is settled.
    Known,
}

impl Mirror {
    /// Opens the mirror in `dir`, and replays the copy in it from its first entry. Cost: as the check of a whole ledger.
    ///
    /// # Errors
    /// [`MirrorError::Evidence`] where there is some; [`MirrorError::Copy`] where the copy is not what was cosigned.
    pub fn open(
        dir: &Path,
        trust: MirrorTrust,
        progress: &dyn Fn(Progress),
    ) -> Result<Self, MirrorError> {
        if let Some(path) = evidence::find(dir)? {
            return Err(MirrorError::Evidence { path });
        }
        let settled = Settled::open(dir, &trust)?;
        let policy = Policy::for_log(trust.keys.clone(), Vec::new(), None);
        let policy = policy.map_err(|error| MirrorError::Copy { what: error.to_string() })?;
        let mut mirror = Self {
            dir: dir.to_owned(),
            copy: settled.copy.clone(),
            names: Names::below(dir),
            replayer: Replayer::new(trust.origin.clone()),
            ring: KeyRing::new(),
            tree: Tree::new(),
            shown: None,
            policy,
            trust,
            settled,
            left_behind: None,
            is_halted: false,
        };
        if let Some(checkpoint) = mirror.settled.checkpoint.clone() {
            let copy = mirror.copy.clone();
            let again = mirror.take(&checkpoint, &copy, Keeping::Compare, progress);
            again.map_err(MirrorError::of_copy)?;
            mirror.keep_partial(Keeping::Compare)?;
            mirror.settled.edge = Arc::new(mirror.tree.edge().clone());
        }
        Ok(mirror)
    }

    /// What the mirror vouches for.
    pub fn settled(&self) -> &Settled {
        &self.settled
    }

    /// Entries that were replayed, settled or not.
    pub fn replayed(&self) -> TreeSize {
        self.tree.size()
    }

    /// Why partial files of the checkpoint before the settled one are still there, if they are. They do no harm.
    pub fn left_behind(&self) -> Option<&MirrorError> {
        self.left_behind.as_ref()
    }

    /// Takes a checkpoint of the log: holds it against what is known, gets what is new from `source`, replays it, and
    /// settles: the copy is whole and durable, and `cosign` has signed, before this returns [`Followed::Settled`].
    ///
    /// # Errors
    /// [`MirrorError`]. After an alarm the evidence is durable, and no mirror in this directory follows any more. After
    /// [`MirrorError::Io`] the mirror has to be opened again, which replays what was settled and finds out what is there: until
    /// then every call ends in [`MirrorError::Halted`]. After any other error, [`MirrorError::Stale`] among them, it may be tried
    /// again, with the same checkpoint or a newer one.
    pub fn follow(
        &mut self,
        next: &Checkpoint,
        source: &dyn Source,
        cosign: Cosign<'_>,
        progress: &dyn Fn(Progress),
    ) -> Result<Followed, MirrorError> {
        if self.is_halted {
            return Err(MirrorError::Halted);
        }
        let followed = self.follow_unguarded(next, source, cosign, progress);
        if let Err(error) = &followed {
            self.is_halted = error.is_final();
            if error.is_alarm() {
                evidence::keep(&self.dir, error)?;
            }
        }
        followed
    }

    fn follow_unguarded(
        &mut self,
        next: &Checkpoint,
        source: &dyn Source,
        cosign: Cosign<'_>,
        progress: &dyn Fn(Progress),
    ) -> Result<Followed, MirrorError> {
        next.verify_log(&self.trust.keys)?;
        if next.size() <= self.tree.size() {
            let nodes = TileNodes::new(&self.copy, self.tree.size(), Some(self.tree.edge()));
            hold_against(next, &self.known(next), self.tree.head(), &nodes)?;
        }
        let newest = self.shown.as_ref().or(self.settled.checkpoint());
        if let Some(newest) = newest.filter(|newest| next.size() < newest.size()) {
            let (known, shown) = (Box::new(newest.clone()), Box::new(next.clone()));
            return Err(MirrorError::Stale { known, shown });
        }
        if next.size() == self.settled.size() {
            return Ok(Followed::Known);
        }
        // Before anything is asked for: what the log signed counts also where its files cannot be had.
        let before = self.shown.get_or_insert_with(|| next.clone()).clone();
        check_begins_with(next, &self.known(next), self.tree.head(), source)?;
        check_begins_with(next, &before, *before.tree_head(), source)?;
        self.shown = Some(next.clone());
        self.take(next, source, Keeping::Write, progress)?;
        self.settle(next, cosign)?;
        Ok(Followed::Settled)
    }

    /// The newest head of the log that what was replayed is part of; there is one wherever anything was.
    fn known(&self, shown: &Checkpoint) -> Checkpoint {
        let settled = self.settled.checkpoint();
        let beyond = self.shown.as_ref().filter(|_| self.tree.size() > self.settled.size());
        beyond.or(settled).unwrap_or(shown).clone()
    }

    fn settle(&mut self, next: &Checkpoint, cosign: Cosign<'_>) -> Result<(), MirrorError> {
        let (before, size) = (self.settled.size(), next.size());

        // 1. Everything that the checkpoint stands on is in the copy, whole and flushed. Full files were written as they
        //    became full.
        self.keep_partial(Keeping::Write)?;

        // 2. So are the names of all these files, and of the directories that were made for them.
        self.names.flush().map_err(|(path, source)| MirrorError::Io { path, source })?;

        // 3. The cosignature says: I replayed everything up to here. Until the next step nobody has seen it.
        let checkpoint = cosign(next)?;

        // 4. The checkpoint, durable with its name: from now on a start begins here.
        self.copy.finish(checkpoint.as_bytes())?;

        // 5. Apart from the copy, what was cosigned last. After a crash before this, the next start does it.
        cosigned::advance(&self.dir, &checkpoint)?;

        // 6. Only now may anybody be answered.
        let edge = Arc::new(self.tree.edge().clone());
        let checkpoint = Some(Arc::new(checkpoint));
        self.settled = Settled { copy: self.copy.clone(), checkpoint, edge };
        self.shown = None;

        // 7. Partial files of the checkpoint before. Left behind they do no harm.
        self.left_behind =
            remove_outdated(self.copy.dir(), before, size).err().map(MirrorError::from);
        Ok(())
    }

    /// The tiles that are not full.
    fn keep_partial(&mut self, keeping: Keeping) -> Result<(), MirrorError> {
        let tiles = custody_core::tile::tiles_of_tree(self.tree.size());
        for path in tiles.filter(|path| !path.width().is_full()) {
            let custody_core::tile::TileKind::Hashes { level } = path.kind() else { continue };
            self.keep_file(&path, &encode_tile(self.tree.edge().level(level)), keeping)?;
        }
        Ok(())
    }

    fn keep_file(
        &mut self,
        path: &TilePath,
        bytes: &[u8],
        keeping: Keeping,
    ) -> Result<(), MirrorError> {
        match keeping {
            Keeping::Write => self.write(path, bytes),
            Keeping::Compare if self.copy.file(path).is_ok_and(|found| found == bytes) => Ok(()),
            Keeping::Compare => Err(MirrorError::Copy { what: format!("`{path}`") }),
        }
    }

    /// Writes a file of the copy, whose name is durable once the checkpoint is settled.
    fn write(&mut self, path: &TilePath, bytes: &[u8]) -> Result<(), MirrorError> {
        let path = self.copy.write(path, bytes)?;
        self.names.add(&path);
        Ok(())
    }
}

impl Settled {
    /// What the mirror in `dir` vouched for last, to be shown: nothing is replayed. It begins with what was cosigned last.
    ///
    /// # Errors
    /// [`MirrorError::Copy`]: the copy has no checkpoint of this log, or less than was cosigned, or another history.
    pub fn open(dir: &Path, trust: &MirrorTrust) -> Result<Self, MirrorError> {
        let copy = Copy::new(dir.join("copy"));
        let refused = |error: CheckpointError| MirrorError::Copy { what: error.to_string() };
        let parse = |note: Vec<u8>| {
            let checkpoint = Checkpoint::parse(&note).map_err(refused)?;
            checkpoint.verify_log(&trust.keys).map_err(refused)?;
            Ok::<_, MirrorError>(Arc::new(checkpoint))
        };
        let checkpoint = copy.checkpoint()?.map(parse).transpose()?;
        let settled = Self { copy, checkpoint, edge: Arc::default() };
        cosigned::hold_against(dir, &settled, trust)?;
        Ok(settled)
    }

    /// The log's checkpoint with the mirror's cosignatures, once there is one.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.checkpoint.as_deref()
    }

    /// How many entries it has; 0 before the first checkpoint.
    pub fn size(&self) -> TreeSize {
        self.checkpoint().map_or(TreeSize(0), Checkpoint::size)
    }

    /// The root of the copy's tree at an earlier size.
    ///
    /// # Errors
    /// [`MirrorError::Copy`].
    pub fn root_at(&self, size: TreeSize) -> Result<Hash, MirrorError> {
        let nodes = TileNodes::new(&self.copy, self.size(), Some(&self.edge));
        root_at(size, &nodes).map_err(|error| of_nodes(error).of_copy())
    }

    /// The same, by the files alone, also of what is not replayed yet.
    fn root_in_files(&self, size: TreeSize) -> Result<Hash, MirrorError> {
        let nodes = TileNodes::new(&self.copy, self.size(), None);
        root_at(size, &nodes).map_err(|error| of_nodes(error).of_copy())
    }

    /// Holds a head that the log signed, no newer than this one, against the copy of the mirror in `dir`. Where it is of
    /// another history the evidence is durable on return.
    ///
    /// # Errors
    /// [`MirrorError::Fork`]; [`MirrorError::Copy`] and [`MirrorError::Io`].
    pub fn check(&self, dir: &Path, shown: &Checkpoint) -> Result<(), MirrorError> {
        let Some(known) = self.checkpoint().filter(|known| shown.size() <= known.size()) else {
            return Ok(());
        };
        let nodes = TileNodes::new(&self.copy, self.size(), Some(&self.edge));
        hold_against(shown, known, *known.tree_head(), &nodes).inspect_err(|error| {
            // That it cannot be kept is no reason to say less of it.
            let _ = evidence::keep(dir, error);
        })
    }

    /// A tile or bundle of the copy's tree, of any width that lies in it; `None` where it has none of this name.
    pub fn file(&self, path: &TilePath) -> Option<Vec<u8>> {
        path.is_within(self.size()).then(|| self.copy.cut(path)).flatten()
    }
}

/// A newer head, or one of the same size, must be of a tree that begins with `ours`, of which the log signed `known`: as the
/// server's own tiles show.
fn check_begins_with(
    shown: &Checkpoint,
    known: &Checkpoint,
    ours: TreeHead,
    source: &dyn Source,
) -> Result<(), MirrorError> {
    let theirs = *shown.tree_head();
    if ours.size.0 == 0 || ours == theirs {
        return Ok(());
    }
    if ours.size == theirs.size {
        return Err(fork(shown, known, &theirs, (&theirs, &[])));
    }
    let nodes = TileNodes::new(source, theirs.size, None);
    let root = root_at(ours.size, &nodes).map_err(of_nodes)?;
    let beginning = TreeHead { size: ours.size, root };
    let proof = prove_consistency(ours.size, theirs.size, &nodes);
    let proof = proof.map_err(of_nodes)?;
    let lies = |_| MirrorError::served("the tiles do not lead to the checkpoint");
    proof.verify(&beginning, &theirs).map_err(lies)?;
    match beginning == ours {
        true => Ok(()),
        false => Err(fork(shown, known, &beginning, (&theirs, &proof.hashes))),
    }
}

/// An older head, or one of the same size, must be one of our tree.
fn hold_against(
    shown: &Checkpoint,
    known: &Checkpoint,
    ours: TreeHead,
    nodes: &TileNodes<'_>,
) -> Result<(), MirrorError> {
    let size = shown.size();
    let root = root_at(size, nodes).map_err(|error| of_nodes(error).of_copy())?;
    if root == *shown.root() {
        return Ok(());
    }
    let hashes = match size.0 == 0 || size == ours.size {
        true => Vec::new(),
        false => {
            let proof = prove_consistency(size, ours.size, nodes);
            proof.map_err(|error| of_nodes(error).of_copy())?.hashes
        }
    };
    Err(fork(shown, known, &TreeHead { size, root }, (&ours, &hashes)))
}

/// `other` is what the tree `new` begins with, as the hashes show, where the log signed something else.
fn fork(
    shown: &Checkpoint,
    known: &Checkpoint,
    other: &TreeHead,
    (new, hashes): (&TreeHead, &[Hash]),
) -> MirrorError {
    let proof = evidence::proof_text(other, new, hashes);
    let (known, shown) = (Box::new(known.clone()), Box::new(shown.clone()));
    MirrorError::Fork { known, shown, proof }
}

/// A tile that cannot be had is no lie.
fn of_nodes(error: ProveError<TileNodesError>) -> MirrorError {
    match error {
        ProveError::Node { source: TileNodesError::Source(source), .. } => source.into(),
        other => MirrorError::served(custody_core::verify::error_text(&other)),
    }
}
