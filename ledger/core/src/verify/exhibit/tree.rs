//! What the log's tree and the custody index show: inclusion, completeness, consistency.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::checkpoint::Checkpoint;
use crate::cose::Role;
use crate::entry::Entry;
use crate::exhibit::{Lookup, Placed, chains_of};
use crate::hash::{Hash, hash_leaf};
use crate::id::SubjectId;
use crate::index::{ChainHead, verify_chain_head, verify_no_chain};
use crate::merkle::{LeafIndex, TreeHead};
use crate::policy::{PolicyError, Verified};
use crate::record::Link;
use crate::record::body::Body;
use crate::verify::error_text;
use crate::verify::exhibit::Check;
use crate::verify::findings::accepted_line;
use crate::verify::report::{Line, LineId};

/// A witness whose name ends so is a mirror: it cosigns only what it replayed.
const MIRROR_SUFFIX: &str = "/custody-mirror";

impl Check<'_> {
    /// The keys that entry 0 names are the keys that signed the checkpoint.
    pub(super) fn check_log_keys(&mut self) {
        let opening = self.contents.placed(LeafIndex(0)).map(|placed| placed.record.payload());
        let Some(Body::LedgerOpen(body)) = opening.map(|payload| &payload.body) else { return };
        let origin = self.contents.checkpoint.origin();
        let Some(log) = self.inputs.policy.log(origin) else { return };
        let founded = [body.log_ed25519.to_vec(), body.log_mldsa44.clone()];
        let trusted = [log.keys().ed25519(), log.keys().mldsa44()].map(|key| key.key().encode());
        if founded != trusted {
            let text = "the policy's keys are not those that the ledger was founded with";
            self.fail(LineId::Checkpoint, "checkpoint/log-keys-differ", text);
        }
    }

    /// Every record's entry, and the tail, are leaves of the checkpoint's tree.
    pub(super) fn check_inclusion(&mut self) {
        let head = self.contents.checkpoint.tree_head();
        let Some(last) = self.last_index() else {
            let text = "the checkpoint is of an empty tree";
            return self.fail(LineId::Inclusion, "inclusion/empty-tree", text);
        };
        let records = &self.contents.records;
        let mut leaves: Vec<(LeafIndex, Hash)> =
            records.iter().map(|placed| (placed.index, placed.entry().leaf_hash())).collect();
        let tail = hash_leaf(&self.contents.tail);
        match leaves.last() {
            Some((index, hash)) if *index == last && *hash != tail => {
                let text = "the tail is not the entry of the last record";
                return self.fail(LineId::Inclusion, "inclusion/tail", text);
            }
            Some((index, _)) if *index == last => {}
            _ => leaves.push((last, tail)),
        }
        match self.contents.proof.verify(&leaves, head) {
            Ok(()) => {
                let text = format!("all {} records are in the log's tree", records.len());
                self.pass(LineId::Inclusion, text);
            }
            Err(error) => self.fail(LineId::Inclusion, error.code(), error_text(&error)),
        }
        self.check_accepted_times();
    }

    fn last_index(&self) -> Option<LeafIndex> {
        self.contents.checkpoint.size().0.checked_sub(1).map(LeafIndex)
    }

    fn check_accepted_times(&mut self) {
        let records = self.contents.records.iter();
        let mut times: Vec<_> = records.map(|placed| (placed.index, placed.accepted_ms)).collect();
        if let (Some(last), Ok(tail)) = (self.last_index(), Entry::decode(&self.contents.tail)) {
            times.push((last, tail.accepted_ms));
        }
        if let Some(pair) = times.windows(2).find(|pair| pair[0].1 > pair[1].1) {
            let text = format!("entry {} was accepted before entry {}", pair[1].0, pair[0].0);
            self.fail(LineId::Inclusion, "entry/accepted-decreases", text);
        }
        if let Some(line) = accepted_line(self.verified.as_ref(), &times) {
            self.report.add(line);
        }
    }

    /// Every chain is whole from its first record to the head that the tail's index root commits to,
    /// and every chain that the item's history needs is here.
    pub(super) fn check_completeness(&mut self) {
        let index_root = match Entry::decode(&self.contents.tail) {
            Ok(entry) => entry.index_root,
            Err(error) => {
                return self.fail(LineId::Completeness, error.code(), error_text(&error));
            }
        };
        let chains = self.chains();
        for lookup in &self.contents.subjects {
            let chain = chains.get(&lookup.subject).map_or(&[][..], Vec::as_slice);
            if let Err((code, text)) = check_chain(lookup, chain, &index_root) {
                return self.fail(LineId::Completeness, code, text);
            }
        }
        if !chains.contains_key(&SubjectId::Item(self.contents.item)) {
            let text = "the ledger has no item of this id";
            return self.fail(LineId::Completeness, "completeness/no-such-item", text);
        }
        let stray = self.contents.records.iter().find(|placed| !self.extends_listed(placed));
        if let Some(placed) = stray {
            let text = format!("entry {} belongs to no history in the exhibit", placed.index.0);
            return self.fail(LineId::Completeness, "completeness/stray-record", text);
        }
        let needed = self.needed_subjects();
        if let Some(missing) = needed.iter().find(|id| !self.is_listed(id)) {
            let text = format!("the history of {missing} is missing");
            return self.fail(LineId::Completeness, "completeness/missing-subject", text);
        }
        self.pass_completeness();
    }

    fn pass_completeness(&mut self) {
        let size = self.contents.checkpoint.size().0;
        let mirrors = self
            .verified
            .iter()
            .flat_map(|verified| &verified.witnesses)
            .filter(|witness| witness.has_cosigned())
            .filter(|witness| witness.key_name.as_str().ends_with(MIRROR_SUFFIX))
            .count();
        let (code, grade) = match mirrors {
            0 => ("completeness/asserted", "asserted by the log alone".to_owned()),
            n => ("completeness/attested", format!("attested by {n} witnesses who replayed it")),
        };
        let text = format!("no record about the item is missing up to size {size}; {grade}");
        self.report.add(Line::pass(LineId::Completeness, text).with_code(code).required());
    }

    fn chains(&self) -> BTreeMap<SubjectId, Vec<(&Link, Hash)>> {
        let mut chains = BTreeMap::<_, Vec<_>>::new();
        for placed in &self.contents.records {
            for link in &placed.record.payload().subjects {
                let chain = chains.entry(link.subject.clone()).or_default();
                chain.push((link, placed.record.digest()));
            }
        }
        chains
    }

    fn is_listed(&self, id: &SubjectId) -> bool {
        self.contents.lookup(id).is_some()
    }

    fn extends_listed(&self, placed: &Placed) -> bool {
        placed.record.payload().subjects.iter().any(|link| self.is_listed(&link.subject))
    }

    /// What the item's history consists of: its two chains, those of its forebears and of all their siblings, the
    /// ledger's, those of everybody who signed anything here or is a party to it, with their agencies, and those of
    /// the requests under which it moved.
    fn needed_subjects(&self) -> BTreeSet<SubjectId> {
        let ledger = self.contents.placed(LeafIndex(0)).and_then(|placed| {
            placed.record.payload().subjects.last().map(|link| link.subject.clone())
        });
        let mut needed: BTreeSet<_> = ledger.into_iter().collect();
        needed.insert(SubjectId::Custodian(self.exhibit.manifest().exporter));
        let items = self.lineage.items.iter().chain(&self.lineage.siblings);
        needed.extend(items.flat_map(|item| chains_of(*item)));
        for placed in &self.contents.records {
            let payload = placed.record.payload();
            let standing = payload.signers.iter().filter(|signer| signer.role != Role::NewKey);
            needed.extend(standing.map(|signer| signer.id.clone()));
            needed.extend(payload.parties().map(SubjectId::Custodian));
            needed.extend(payload.body.named());
        }
        needed
    }

    /// Every other checkpoint that the reader holds is a view of the same history.
    pub(super) fn check_consistency(&mut self) {
        if self.inputs.checkpoints.is_empty() {
            let text = "no other checkpoint was given to compare with";
            return self.report.add(Line::not_checked(
                LineId::Consistency,
                "consistency/none",
                text,
            ));
        }
        let verified = std::mem::take(&mut self.others);
        for (other, verified) in self.inputs.checkpoints.iter().zip(&verified) {
            self.check_consistent_with(other, verified);
        }
    }

    fn check_consistent_with(
        &mut self,
        other: &Checkpoint,
        verified: &Result<Verified, PolicyError>,
    ) {
        let id = LineId::Consistency;
        // What is wrong with the reader's own file says nothing about the exhibit.
        let verified = match verified {
            Ok(verified) => verified,
            Err(error) => {
                let text = format!("the other checkpoint is refused: {}", error_text(error));
                return self.not_checked(id, error.code(), text);
            }
        };
        if other.origin() != self.contents.checkpoint.origin() {
            let text = format!("the other checkpoint is of the log {}", other.origin());
            return self.not_checked(id, "consistency/other-log", text);
        }
        let (old, new) = (other.tree_head(), self.contents.checkpoint.tree_head());
        let [size, own] = [old.size.0, new.size.0];
        match old.size.cmp(&new.size) {
            Ordering::Greater => {
                let text = format!(
                    "the exhibit ends at size {own}, the checkpoint given is of size {size}: ask for a newer exhibit"
                );
                self.not_checked(id, "consistency/exhibit-is-older", text);
            }
            Ordering::Equal if old.root != new.root => {
                let text = format!(
                    "fork: the log signed two trees of size {size}, roots {} and {}: keep both, they are evidence",
                    old.root, new.root
                );
                self.fail(id, "consistency/fork", text);
            }
            Ordering::Equal => {
                self.note_witnesses(old.size, verified);
                self.pass(id, format!("the checkpoint given is the exhibit's own, size {size}"));
            }
            Ordering::Less => self.check_proof_from(old, verified),
        }
    }

    fn check_proof_from(&mut self, old: &TreeHead, verified: &Verified) {
        let id = LineId::Consistency;
        let new = self.contents.checkpoint.tree_head();
        let size = old.size.0;
        let given = self.contents.consistency.iter().find(|known| known.size == old.size);
        match given.map(|known| known.proof.verify(old, new)) {
            Some(Ok(())) => {
                self.note_witnesses(old.size, verified);
                self.pass(id, format!("consistent with the checkpoint of size {size}"));
            }
            Some(Err(error)) => {
                let text = format!(
                    "size {size} root {} is not shown to be part of size {} root {}: {}; the proof is wrong or the log showed two histories, keep both",
                    old.root,
                    new.size.0,
                    new.root,
                    error_text(&error)
                );
                self.fail(id, error.code(), text);
            }
            None => {
                let text = format!("the exhibit has no proof from size {size}");
                self.not_checked(id, "consistency/no-proof", text);
            }
        }
    }
}

fn check_chain(
    lookup: &Lookup,
    chain: &[(&Link, Hash)],
    index_root: &Hash,
) -> Result<(), (&'static str, String)> {
    let id = &lookup.subject;
    let mut before = None;
    for (place, (link, digest)) in chain.iter().enumerate() {
        if link.seq != place as u64 || link.prev != before {
            let text = format!("{id}: record {place} of the chain is missing or out of place");
            return Err(("completeness/chain-broken", text));
        }
        before = Some(*digest);
    }
    let shown = match before {
        Some(digest) => {
            let head = ChainHead { length: chain.len() as u64, digest };
            verify_chain_head(index_root, &id.key(), &head, &lookup.proof)
        }
        None => verify_no_chain(index_root, &id.key(), &lookup.proof),
    };
    shown.map_err(|error| {
        let text = format!("{id}: {} records here, the index says otherwise: {error}", chain.len());
        ("completeness/chain-head", text)
    })
}
