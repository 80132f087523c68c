//! A ledger at a server, as commands work on it: the other side of [`crate::server`].
//!
//! The server is not trusted with the order of things. Every checkpoint that it shows has to carry both signatures of the log
//! and to go on from the newest one that this person has seen before, on whatever server; every record that it acknowledges
//! has to come with a receipt that verifies. What states and lists say, it says: a receipt or an exhibit shows it.

mod lookup;
mod mail;
mod memory;
mod outgoing;
pub(crate) mod transport;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use custody_core::checkpoint::{Checkpoint, LogKeys};
use custody_core::custody::Subject;
use custody_core::entry::Entry;
use custody_core::exhibit::{Contents, Withheld};
use custody_core::hash::{Hash, hash_leaf};
use custody_core::id::{Origin, SubjectId};
use custody_core::index::ChainHead;
use custody_core::merkle::{ConsistencyProof, LeafIndex, TreeHead, TreeSize};
use custody_core::receipt::Receipt;
use custody_core::record::Record;
use custody_core::sealed::Opening;
use custody_log::exhibit::{Assembled, ExhibitRequest};
use custody_log::{Acknowledged, Incoming, Logged, SubjectKind, decode_subject};
use serde_json::{Value, json};

use crate::books::{Answers, Books, Mail, SubjectsOf, Wanted, only};
use crate::failure::Failure;
use crate::offer_file::{OFFER_TYPE, OfferFile};
use crate::pen::Pen;
use lookup::Known;
use memory::{Going, Memory, Seen};
use outgoing::{Outgoing, batches};
use transport::Transport;

/// Entries that are asked for at once.
const ENTRIES: u64 = 256;

/// Times that another program of the same person may see a newer checkpoint first.
const MEETINGS: u32 = 100;

/// A ledger at a server, at the checkpoint that it had when it was opened.
pub struct ServedBooks {
    transport: Transport,
    memory: Memory,
    origin: Origin,
    genesis: Hash,
    keys: LogKeys,
    checkpoint: Checkpoint,
    known: Known,
}

impl ServedBooks {
    /// Opens the ledger at `url`, asking as whoever has `pen`, and holds its checkpoint against the newest one seen.
    ///
    /// # Errors
    /// The server cannot be reached, says nothing sensible, or shows a checkpoint that is not the log's, or that does not
    /// go on from the one seen before.
    pub fn open(url: &str, pen: Option<Pen>) -> Result<Self, Failure> {
        let transport = Transport::new(url, pen)?;
        let about = transport.get_open("/v1/ledger")?;
        let origin: Origin = text(&about, "origin")?.parse()?;
        let genesis = hash(&about, "genesis")?;
        let keys = log_keys(&about)?;
        let memory = Memory::of(&origin)?;
        let checkpoint = catch_up(&transport, &memory, (genesis, &keys))?;
        let known = Known::default();
        Ok(Self { transport, memory, origin, genesis, keys, checkpoint, known })
    }

    /// What the server acknowledges has to be in the tree of a checkpoint of the log that goes on from ours.
    fn check_receipt(
        &self,
        answer: &Value,
        digest: Hash,
        receipt: &str,
    ) -> Result<Acknowledged, Failure> {
        if hash(answer, "record")? != digest {
            return Err(malformed("record"));
        }
        let index = LeafIndex(number(answer, "entry")?);
        let entry = Entry {
            accepted_ms: number(answer, "accepted_ms")?,
            index_root: hash(answer, "index_root")?,
            record: digest,
        };
        let checkpoint = self.prove(index, &entry, receipt)?;
        let was_known = answer["was_known"].as_bool().unwrap_or(false);
        Ok(Acknowledged { index, digest, entry, checkpoint, was_known })
    }

    /// Holds a receipt against the entry that it is to prove, and its checkpoint against the newest one seen. Returns the
    /// checkpoint.
    fn prove(&self, index: LeafIndex, entry: &Entry, receipt: &str) -> Result<Arc<[u8]>, Failure> {
        let receipt = Receipt::parse(receipt.as_bytes())?;
        let checkpoint = receipt.checkpoint();
        checkpoint.verify_log(&self.keys)?;
        let leaf = hash_leaf(&entry.encode());
        let is_there = receipt.proof().index == index
            && checkpoint.origin().as_str() == self.origin.as_str()
            && receipt.proof().verify(&leaf, checkpoint.tree_head()).is_ok();
        if !is_there {
            let message =
                format!("the server says that it is entry {index}, and its receipt does not");
            return Err(Failure::rejected("client/receipt", message)
                .hint("keep what it answered: it is evidence against the server"));
        }
        self.remember(checkpoint)?;
        Ok(checkpoint.as_bytes().into())
    }

    /// Holds the checkpoint of a receipt against the newest one seen, which it becomes if it is newer: that the log signed it
    /// does not say that everybody else is shown the same history.
    fn remember(&self, checkpoint: &Checkpoint) -> Result<(), Failure> {
        let told = Seen::new(self.genesis, &self.keys, checkpoint);
        for _ in 0..MEETINGS {
            let seen = self.memory.read()?;
            if let Some(seen) = &seen {
                let is_older = checkpoint.size() < seen.checkpoint.size();
                let (old, new) = if is_older { (&told, seen) } else { (seen, &told) };
                let proof = self.consistency(&old.checkpoint, &new.checkpoint)?;
                old.check_goes_on(new, &proof)?;
                if is_older {
                    return Ok(());
                }
            }
            if self.memory.replace(seen.as_ref(), &told)? == Going::Done {
                return Ok(());
            }
        }
        Err(overtaken())
    }

    /// The proof that one tree begins with the other.
    fn consistency(&self, old: &Checkpoint, new: &Checkpoint) -> Result<ConsistencyProof, Failure> {
        let (from, to) = (old.size(), new.size());
        if from == to {
            return Ok(ConsistencyProof { hashes: Vec::new() });
        }
        proof(&self.transport.get_open(&format!("/v1/head?from={from}&to={to}"))?)
    }

    fn entries(&self, answer: &Value) -> Result<Vec<Logged>, Failure> {
        let entries = answer["entries"].as_array().ok_or_else(|| malformed("entries"))?;
        entries.iter().map(logged).collect()
    }
}

/// Has the server's checkpoint, which is the log's and goes on from the newest one seen, and becomes that. Where another
/// program of this person has seen something in between, it has to go on from that.
fn catch_up(
    transport: &Transport,
    memory: &Memory,
    (genesis, keys): (Hash, &LogKeys),
) -> Result<Checkpoint, Failure> {
    for _ in 0..MEETINGS {
        let seen = memory.read()?;
        // Asked for after that was read: an honest server shows no older one.
        let (checkpoint, proof) = head(transport, seen.as_ref())?;
        let told = Seen::new(genesis, keys, &checkpoint);
        checkpoint.verify_log(keys)?;
        if let Some(seen) = &seen {
            seen.check_goes_on(&told, &proof)?;
        }
        if memory.replace(seen.as_ref(), &told)? == Going::Done {
            return Ok(checkpoint);
        }
    }
    Err(overtaken())
}

fn overtaken() -> Failure {
    let message = "others of your programs see new checkpoints all the time";
    Failure::could_not("client/memory", message).hint("try again")
}

/// The server's checkpoint, and the proof that its tree begins with the one seen.
fn head(
    transport: &Transport,
    seen: Option<&Seen>,
) -> Result<(Checkpoint, ConsistencyProof), Failure> {
    let from = seen.map_or(0, |seen| seen.checkpoint.size().0);
    let answer = transport.get_open(&format!("/v1/head?from={from}"))?;
    let checkpoint = Checkpoint::parse(text(&answer, "checkpoint")?.as_bytes())?;
    Ok((checkpoint, proof(&answer)?))
}

fn proof(answer: &Value) -> Result<ConsistencyProof, Failure> {
    let hashes = answer["proof"].as_array().ok_or_else(|| malformed("proof"))?.iter();
    let hashes = hashes.map(|hash| hash.as_str().and_then(Hash::from_hex));
    let hashes = hashes.collect::<Option<_>>().ok_or_else(|| malformed("proof"))?;
    Ok(ConsistencyProof { hashes })
}

impl Books for ServedBooks {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn genesis(&self) -> Hash {
        self.genesis
    }

    fn head(&self) -> TreeHead {
        *self.checkpoint.tree_head()
    }

    fn checkpoint(&self) -> &[u8] {
        self.checkpoint.as_bytes()
    }

    fn subject(&self, id: &SubjectId) -> Result<Option<Subject>, Failure> {
        if let Some(known) = self.known.subject(id) {
            return Ok(known);
        }
        let found = self.transport.find(&format!("/v1/subjects/{}", segment(id)))?;
        let found = found.map(|answer| subject(&answer).map(|(_, subject)| subject)).transpose()?;
        self.known.note_subject(id, found.as_ref());
        Ok(found)
    }

    fn subjects_where<'b>(
        &'b self,
        kind: SubjectKind,
        after: Option<&SubjectId>,
        is_wanted: Wanted<'b>,
    ) -> SubjectsOf<'b> {
        only(Pages::new(&self.transport, kind, after), is_wanted)
    }

    fn chain(&self, id: &SubjectId) -> Result<Vec<Logged>, Failure> {
        let answer = self.transport.get(&format!("/v1/subjects/{}/records", segment(id)))?;
        self.entries(&answer)
    }

    fn first(&self, id: &SubjectId) -> Result<Option<Logged>, Failure> {
        self.look_up_all(std::slice::from_ref(id), true)?;
        Ok(self.known.first(id).flatten())
    }

    fn foresee(&self, ids: &[SubjectId], first: bool) -> Result<(), Failure> {
        self.look_up_all(ids, first)
    }

    fn page(&self, lo: LeafIndex, hi: LeafIndex) -> Result<Vec<Logged>, Failure> {
        let mut page = Vec::new();
        let mut from = lo.0;
        while from < hi.0 {
            let to = hi.0.min(from.saturating_add(ENTRIES));
            let answer = self.transport.get(&format!("/v1/entries?lo={from}&hi={to}"))?;
            let entries = self.entries(&answer)?;
            let is_whole = entries.iter().map(|entry| entry.index.0).eq(from..to);
            if !is_whole {
                return Err(malformed("entries"));
            }
            page.extend(entries);
            from = to;
        }
        Ok(page)
    }

    fn logged(&self, index: LeafIndex) -> Result<Logged, Failure> {
        let found = logged(&self.transport.get(&format!("/v1/entries/{index}"))?)?;
        if found.index != index {
            return Err(malformed("index"));
        }
        Ok(found)
    }

    fn by_digest(&self, digest: &Hash) -> Result<Option<LeafIndex>, Failure> {
        let found = self.transport.find(&format!("/v1/records/{digest}/place"))?;
        found.map(|answer| Ok(LeafIndex(number(&answer, "entry")?))).transpose()
    }

    fn openings(&self, record: &Hash) -> Result<Vec<Opening>, Failure> {
        if let Some(known) = self.known.openings(record) {
            return Ok(known);
        }
        let answer = self.transport.get(&format!("/v1/records/{record}/openings"))?;
        openings(&answer)
    }

    fn root_at(&self, size: TreeSize) -> Result<Option<Hash>, Failure> {
        let answer = self.transport.get(&format!("/v1/roots/{size}"))?;
        match &answer["root"] {
            Value::Null => Ok(None),
            _ => hash(&answer, "root").map(Some),
        }
    }

    fn receipt(&self, logged: &Logged) -> Result<String, Failure> {
        let Logged { index, entry, .. } = logged;
        let receipt = self.transport.get_text(&format!("/v1/records/{}/receipt", entry.record))?;
        self.prove(*index, entry, &receipt)?;
        Ok(receipt)
    }

    fn assemble(&self, request: &ExhibitRequest<'_>) -> Result<Assembled, Failure> {
        let since: Vec<_> = request.since.iter().map(|size| size.0).collect();
        let item = SubjectId::Item(request.item);
        let body =
            json!({ "item": item.to_string(), "since": since, "handling": request.handling });
        let answer = self.transport.post("/v1/exhibits", &body)?;
        let contents = Contents::decode(&bytes(&answer, "contents")?)?;
        let lineage = answer["lineage"].as_array().ok_or_else(|| malformed("lineage"))?.iter();
        let lineage = lineage.map(|id| match id.as_str().map(str::parse) {
            Some(Ok(SubjectId::Item(item))) => Ok(item),
            _ => Err(malformed("lineage")),
        });
        let withheld = answer["withheld"].as_array().ok_or_else(|| malformed("withheld"))?;
        let withheld = withheld.iter().map(withheld_of).collect::<Result<_, _>>()?;
        Ok(close(
            Assembled { contents, withheld, lineage: lineage.collect::<Result<_, _>>()? },
            request,
        ))
    }

    fn ends(&self, offer: &OfferFile) -> Result<Vec<(SubjectId, ChainHead)>, Failure> {
        self.ends_of(offer)
    }

    fn submit(&self, record: Incoming) -> Result<Acknowledged, Failure> {
        let outgoing = Outgoing::new(record)?;
        let answer = self.send_in("/v1/records", &outgoing.file, OFFER_TYPE)?;
        self.check_receipt(&answer, outgoing.digest, text(&answer, "receipt")?)
    }

    fn submit_all(
        &self,
        records: Vec<Incoming>,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Answers, Failure> {
        let mut answers = Answers::new();
        for batch in batches(records)? {
            let submitted = batch.len();
            answers.extend(self.submit_batch(batch)?);
            progress(answers.len());
            if answers.iter().rev().take(submitted).any(Result::is_err) {
                break;
            }
        }
        Ok(answers)
    }

    fn mail(&self) -> Option<&dyn Mail> {
        Some(self)
    }
}

/// Closes what whoever exports withholds: the server has opened all that they may see.
fn close(mut assembled: Assembled, request: &ExhibitRequest<'_>) -> Assembled {
    let contents = &mut assembled.contents;
    let payload = |index: LeafIndex| {
        let placed = contents.records.iter().find(|placed| placed.index == index);
        placed.map(|placed| placed.record.payload())
    };
    let reason = |index: LeafIndex, field: &str| (request.withhold)(payload(index)?, field);
    let (mut open, mut withheld) = (Vec::new(), assembled.withheld);
    for one in contents.openings.clone() {
        match reason(one.index, &one.opening.field) {
            None => open.push(one),
            Some(reason) => {
                let field = one.opening.field;
                withheld.push(Withheld { index: one.index, field, reason });
            }
        }
    }
    withheld.sort_by(|a, b| (a.index, &a.field).cmp(&(b.index, &b.field)));
    contents.openings = open;
    Assembled { withheld, ..assembled }
}

/// All subjects of a kind, a page at a time. Ends after an error.
struct Pages<'t> {
    transport: &'t Transport,
    kind: SubjectKind,
    page: std::vec::IntoIter<Value>,
    /// What to ask for next; `None` after the last page.
    next: Option<Option<String>>,
}

impl<'t> Pages<'t> {
    fn new(transport: &'t Transport, kind: SubjectKind, after: Option<&SubjectId>) -> Self {
        Self { transport, kind, page: Vec::new().into_iter(), next: Some(after.map(segment)) }
    }

    fn turn(&mut self, after: Option<String>) -> Result<(), Failure> {
        let kind = crate::server::kind_word(self.kind);
        let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
        let answer = self.transport.get(&format!("/v1/subjects?kind={kind}{after}"))?;
        let page = answer["subjects"].as_array().ok_or_else(|| malformed("subjects"))?.clone();
        self.page = page.into_iter();
        self.next = answer["next"].as_str().map(|next| Some(next.to_owned()));
        Ok(())
    }
}

impl Iterator for Pages<'_> {
    type Item = Result<(SubjectId, Subject), Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(one) = self.page.next() {
                return Some(subject(&one));
            }
            let after = self.next.take()?;
            if let Err(failure) = self.turn(after) {
                self.next = None;
                return Some(Err(failure));
            }
        }
    }
}

/// An id as one segment of a path: the name of a ledger may have a slash in it, and most have.
fn segment(id: &SubjectId) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
    let spell = |byte: u8| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    id.to_string().bytes().map(spell).collect()
}

fn subject(answer: &Value) -> Result<(SubjectId, Subject), Failure> {
    let id = text(answer, "subject")?.parse()?;
    let state = decode_subject(&[], &bytes(answer, "state")?).map_err(|_| malformed("state"))?;
    Ok((id, state))
}

fn logged(answer: &Value) -> Result<Logged, Failure> {
    let entry = Entry::decode(&bytes(answer, "entry")?).map_err(|_| malformed("entry"))?;
    let record = bytes(answer, "record")?;
    let index = LeafIndex(number(answer, "index")?);
    // The entry names the record, so that one cannot stand for another.
    match Record::parse(&record)?.digest() == entry.record {
        true => Ok(Logged { index, entry, record }),
        false => Err(malformed("record")),
    }
}

fn openings(answer: &Value) -> Result<Vec<Opening>, Failure> {
    let openings = answer["openings"].as_array().ok_or_else(|| malformed("openings"))?;
    openings.iter().map(opening).collect()
}

fn opening(answer: &Value) -> Result<Opening, Failure> {
    let salt = bytes(answer, "salt")?.try_into().map_err(|_| malformed("salt"))?;
    Ok(Opening { field: text(answer, "field")?.to_owned(), salt, value: bytes(answer, "value")? })
}

fn withheld_of(answer: &Value) -> Result<Withheld, Failure> {
    Ok(Withheld {
        index: LeafIndex(number(answer, "entry")?),
        field: text(answer, "field")?.to_owned(),
        reason: text(answer, "reason")?.parse().map_err(|_| malformed("reason"))?,
    })
}

fn log_keys(answer: &Value) -> Result<LogKeys, Failure> {
    let keys = answer["log_keys"].as_array().ok_or_else(|| malformed("log_keys"))?;
    let key = |position: usize| {
        let text = keys.get(position).and_then(Value::as_str);
        let text = text.ok_or_else(|| malformed("log_keys"))?;
        Ok::<_, Failure>(custody_core::note::VerifierKey::parse(text)?)
    };
    Ok(LogKeys::new(key(0)?, key(1)?)?)
}

fn text<'a>(answer: &'a Value, name: &'static str) -> Result<&'a str, Failure> {
    answer[name].as_str().ok_or_else(|| malformed(name))
}

fn number(answer: &Value, name: &'static str) -> Result<u64, Failure> {
    answer[name].as_u64().ok_or_else(|| malformed(name))
}

fn hash(answer: &Value, name: &'static str) -> Result<Hash, Failure> {
    Hash::from_hex(text(answer, name)?).ok_or_else(|| malformed(name))
}

fn bytes(answer: &Value, name: &'static str) -> Result<Vec<u8>, Failure> {
    STANDARD.decode(text(answer, name)?).map_err(|_| malformed(name))
}

/// The server answered with something that it never answers.
fn malformed(what: &str) -> Failure {
    let message = format!("the server's answer has no sensible `{what}`");
    Failure::could_not("client/malformed", message)
        .hint("is it a custody server of this version? `curl URL/v1/ledger` shows what it says")
}
