//! Judging a batch: what becomes of each record, given all before it.

use custody_core::custody::{Applied, RuleViolation, apply};
use custody_core::exhibit::chains_of;
use custody_core::hash::{Hash, empty_root, sha256};
use custody_core::id::SubjectId;
use custody_core::merkle::{LeafIndex, TreeHead, TreeSize};
use custody_core::record::body::{Body, ErasedField};
use custody_core::record::{Payload, Record};

use super::Writer;
use crate::error::{FatalError, SeenError, SubmitError};
use crate::intake::{Candidate, erases};
use crate::keyring::Keyring;
use crate::row::{
    chain_key, decode_hash, decode_number, digest_key, encode_subject, number_key, subject_key,
};
use crate::store::{Read, Store, StoreError, Table};

/// What becomes of a record.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It becomes the entry after the last one that was accepted.
    Accepted(Candidate),
    /// It is in the ledger already, or earlier in the same batch.
    Known(Candidate, LeafIndex),
    /// It breaks a rule.
    Refused(Candidate, SubmitError),
}

/// A batch that was judged.
#[derive(Debug)]
pub(crate) struct Judged {
    /// What becomes of its records, in their order.
    pub(crate) verdicts: Vec<Verdict>,
    /// Those that are to be judged once it is committed: with them it might be more than a store takes.
    pub(crate) rest: Vec<Candidate>,
}

/// A batch under way.
struct Session<'a, S> {
    writer: &'a mut Writer<S>,
    keyring: &'a Keyring,
    verdicts: Vec<Verdict>,
    /// Index of the next entry.
    next: u64,
}

impl<S: Store> Writer<S> {
    /// Judges records in their order, at least one, until their rows have `row_bytes`. What is accepted changes the state
    /// and leaves its rows for [`Writer::commit`]; what is refused changes nothing.
    ///
    /// # Errors
    /// [`FatalError`]: the state is unusable.
    pub(crate) fn judge(
        &mut self,
        candidates: Vec<Candidate>,
        keyring: &Keyring,
        row_bytes: usize,
    ) -> Result<Judged, FatalError> {
        self.rows.clear();
        self.ground.fetch(&*self.store, &candidates)?;
        let verdicts = Vec::with_capacity(candidates.len());
        let next = self.tree.size().0;
        let mut session = Session { writer: self, keyring, verdicts, next };
        let mut candidates = candidates.into_iter();
        while session.writer.rows.byte_len() < row_bytes.max(1)
            && let Some(candidate) = candidates.next()
        {
            session.take(candidate)?;
        }
        Ok(Judged { verdicts: session.verdicts, rest: candidates.collect() })
    }
}

impl<S: Store> Session<'_, S> {
    fn take(&mut self, candidate: Candidate) -> Result<(), FatalError> {
        let verdict = match self.try_accept(&candidate)? {
            Ok(()) => Verdict::Accepted(candidate),
            // A record that the ledger has always breaks a rule: its place is taken, by itself. So only
            // refused ones need looking up.
            Err(error) => match self.index_of(&candidate.record.digest())? {
                Some(index) => Verdict::Known(candidate, index),
                None => Verdict::Refused(candidate, error),
            },
        };
        self.next += u64::from(matches!(verdict, Verdict::Accepted(_)));
        self.verdicts.push(verdict);
        Ok(())
    }

    fn try_accept(&mut self, candidate: &Candidate) -> Result<Result<(), SubmitError>, FatalError> {
        let record = &candidate.record;
        if candidate.lacks_key
            && let Err(error) = self.keyring.verify(record)
        {
            return Ok(Err(error.into()));
        }
        if let Some(seen) = &record.payload().seen
            && let Err(error) = self.check_seen(seen)?
        {
            return Ok(Err(error.into()));
        }
        if let Body::LateEntry(body) = &record.payload().body {
            let digest = sha256(&body.record);
            let is_known = self.index_of(&digest)?.is_some();
            self.writer.ground.note_embedded(digest, is_known);
        }
        if let Some(stranger) = self.erased_elsewhere(record)? {
            let (record, field) = (stranger.record, stranger.field.clone());
            return Ok(Err(SubmitError::ErasedElsewhere { record, field }));
        }
        match apply(&self.writer.ground, record, LeafIndex(self.next)) {
            Ok(applied) => self.accept(record, applied).map(Ok),
            Err(RuleViolation::Conflict { subject, length, head, seq }) => {
                let winner = if seq < length { self.record_at(&subject, seq)? } else { head };
                let winner = winner.filter(|_| seq <= length);
                Ok(Err(SubmitError::Conflict { subject, seq, winner }))
            }
            Err(violation) => Ok(Err(violation.into())),
        }
    }

    fn accept(&mut self, record: &Record, applied: Applied) -> Result<(), FatalError> {
        // `Ground::fetch` and `Ground::note_embedded` have everything that rules ask for.
        if let Some(subject) = applied.unchecked.first() {
            let key = subject_key(subject);
            return Err(crate::row::corrupt(Table::Head, &key, "a state to be at hand").into());
        }
        if let Some(digest) = &applied.embedded {
            let key = digest_key(digest);
            return Err(crate::row::corrupt(Table::ByDigest, key, "a look-up to be made").into());
        }
        let index = number_key(self.next);
        let digest = record.digest();
        let rows = &mut self.writer.rows;
        rows.put(Table::Record, &index, record.as_bytes());
        rows.put(Table::ByDigest, digest_key(&digest), &index);
        for link in &record.payload().subjects {
            rows.put(Table::Chain, &chain_key(&link.subject, link.seq), &index);
        }
        for (id, subject) in &applied.changes {
            rows.put(Table::Head, &subject_key(id), &encode_subject(subject)?);
        }
        for key in record.payload().body.enrolled_keys() {
            self.keyring.learn(key);
        }
        self.writer.ground.absorb(applied);
        Ok(())
    }

    /// `seen` names a head that the log signed, at most as large as the tree before this record.
    fn check_seen(&self, seen: &TreeHead) -> Result<Result<(), SeenError>, StoreError> {
        let limit = TreeSize(self.next);
        if seen.size > limit {
            return Ok(Err(SeenError::Future { size: seen.size, limit }));
        }
        let signed = self.signed_root(seen.size)?;
        match signed {
            Some(root) if root == seen.root => Ok(Ok(())),
            _ => Ok(Err(SeenError::UnknownHead { seen: *seen, signed })),
        }
    }

    fn signed_root(&self, size: TreeSize) -> Result<Option<Hash>, StoreError> {
        // Nobody signs the tree without leaves, and nobody can be wrong about it.
        if size.0 == 0 {
            return Ok(Some(empty_root()));
        }
        let key = number_key(size.0);
        let row = self.writer.store.get(Table::SignedSize, &key)?;
        row.map(|root| decode_hash(Table::SignedSize, &key, &root)).transpose()
    }

    /// The first field that an `erase-opening` names and that is none of its item's: no rule can know, and the vault
    /// must not take orders about others.
    fn erased_elsewhere<'r>(
        &self,
        record: &'r Record,
    ) -> Result<Option<&'r ErasedField>, StoreError> {
        for erased in erases(record) {
            let known = match self.accepted().find(|(_, known)| known.digest() == erased.record) {
                Some((_, known)) => Some(known.clone()),
                None => load_record(&*self.writer.store, &erased.record)?,
            };
            let is_sealed_there = known.is_some_and(|known| {
                let mut items = record.payload().subjects.iter().map(|link| &link.subject);
                known.payload().commitment(&erased.field).is_some()
                    && items.all(|id| is_about(known.payload(), id))
            });
            if !is_sealed_there {
                return Ok(Some(erased));
            }
        }
        Ok(None)
    }

    /// Where the ledger, or this batch, has the record `digest`.
    fn index_of(&self, digest: &Hash) -> Result<Option<LeafIndex>, StoreError> {
        let accepted = self.accepted().find(|(_, record)| record.digest() == *digest);
        match accepted {
            Some((index, _)) => Ok(Some(LeafIndex(index))),
            None => index_by_digest(&*self.writer.store, digest),
        }
    }

    /// Digest of the record at place `seq` of a chain.
    fn record_at(&self, subject: &SubjectId, seq: u64) -> Result<Option<Hash>, StoreError> {
        let has_place =
            |record: &&Record| record.payload().link(subject).is_some_and(|link| link.seq == seq);
        if let Some((_, record)) = self.accepted().find(|(_, record)| has_place(record)) {
            return Ok(Some(record.digest()));
        }
        let store = &*self.writer.store;
        let key = chain_key(subject, seq);
        let Some(row) = store.get(Table::Chain, &key)? else { return Ok(None) };
        let index = decode_number(Table::Chain, &key, &row)?;
        load_entry(store, index).map(|entry| Some(entry.record))
    }

    /// The records accepted in this batch with their indices.
    fn accepted(&self) -> impl Iterator<Item = (u64, &Record)> {
        let accepted = self.verdicts.iter().filter_map(|verdict| match verdict {
            Verdict::Accepted(candidate) => Some(&candidate.record),
            _ => None,
        });
        (self.writer.tree.size().0..).zip(accepted)
    }
}

/// Whether a record extends the custody or the notes of the item whose notes are `notes`.
fn is_about(payload: &Payload, notes: &SubjectId) -> bool {
    match notes {
        SubjectId::Notes(item) => chains_of(*item).iter().any(|id| payload.link(id).is_some()),
        _ => false,
    }
}

/// The record `digest`, if the ledger has it.
pub(crate) fn load_record(read: &dyn Read, digest: &Hash) -> Result<Option<Record>, StoreError> {
    let Some(index) = index_by_digest(read, digest)? else { return Ok(None) };
    let key = number_key(index.0);
    let malformed = || crate::row::corrupt(Table::Record, &key, "a record");
    let bytes = read.get(Table::Record, &key)?.ok_or_else(malformed)?;
    Record::parse(&bytes).map(Some).map_err(|_| malformed())
}

/// Where the ledger has the record `digest`.
pub(crate) fn index_by_digest(
    read: &dyn Read,
    digest: &Hash,
) -> Result<Option<LeafIndex>, StoreError> {
    let key = digest_key(digest);
    let Some(row) = read.get(Table::ByDigest, key)? else { return Ok(None) };
    let index = decode_number(Table::ByDigest, key, &row)?;
    // The key is half of the digest: the entry has all of it.
    let entry = load_entry(read, index)?;
    Ok((entry.record == *digest).then_some(LeafIndex(index)))
}

/// The entry `index`, which the store must have.
pub(crate) fn load_entry(
    read: &dyn Read,
    index: u64,
) -> Result<custody_core::entry::Entry, StoreError> {
    let key = number_key(index);
    let malformed = || crate::row::corrupt(Table::Entry, &key, "an entry");
    let bytes = read.get(Table::Entry, &key)?.ok_or_else(malformed)?;
    custody_core::entry::Entry::decode(&bytes).map_err(|_| malformed())
}
