//! Attacks on completeness and inclusion: what a file leaves out, and where it says that things stand.

use custody_core::cbor::Value;
use custody_core::checkpoint::PosixTime;
use custody_core::entry::Entry;
use custody_core::exhibit::Lookup;
use custody_core::hash::sha256;
use custody_core::id::SubjectId;
use custody_core::merkle::{LeafIndex, MultiProof, TreeHead, TreeSize};
use custody_core::record::Record;
use custody_core::verify::LineId::{Completeness, Continuity, CustodyRules, Format, Inclusion};
use custody_log::signing::sign_checkpoint;

use super::exhibit::{Attack, Case, afterwards, edited, rejected, signed};
use crate::paper::story::{IMAGE, Story, entry};
use crate::paper::{At, PaperExhibit, Person, uuid};

/// All of them.
pub fn cases() -> Vec<Case> {
    [truncations(), omissions(), lookups(), places(), orders(), rejected(&TREES), claims()].concat()
}

/// Times that people claim and that do not fit: nothing is wrong with the exhibit, and the report says so.
fn claims() -> Vec<Case> {
    let claimed = |by_s: i64| {
        afterwards(|story| {
            let (ledger, caro) = (&mut story.ledger, &story.cast.caro);
            let page = ledger.verify_digest(caro, story.image, IMAGE);
            ledger.write(&page.with(|payload| {
                payload.occurred.utc_s = payload.occurred.utc_s.saturating_add_signed(by_s);
            }));
        })
    };
    vec![
        Case::verified(
            "happy-path-claimed-before-the-record-before",
            "a digest was recomputed before the image was made, says its record",
            claimed(-7200),
        )
        .with_line(Continuity, "continuity/overlap"),
        Case::verified(
            "happy-path-claimed-after-it-was-recorded",
            "a digest was recomputed an hour after the log took its record in, says the record",
            claimed(3600),
        )
        .with_line(Continuity, "continuity/claimed-later-than-recorded"),
    ]
}

fn truncated(
    name: &str,
    desc: &str,
    code: &str,
    change: impl FnOnce(&Story, &mut PaperExhibit),
) -> Case {
    let file = signed(|story, exhibit| {
        change(story, exhibit);
        exhibit.prove(&story.ledger);
    });
    Case::rejected(name, desc, Completeness, code, file)
}

fn truncations() -> Vec<Case> {
    let (head, broken) = ("completeness/chain-head", "completeness/chain-broken");
    vec![
        truncated("history-truncated", "the item's last record is left out", head, |_, exhibit| {
            exhibit.drop_record(entry::VERIFY_DIGEST);
        }),
        truncated(
            "history-truncated-with-an-older-index-proof",
            "the item's last record is left out, and the index proof is of the time before it",
            head,
            |story, exhibit| {
                exhibit.drop_record(entry::VERIFY_DIGEST);
                let before = story.ledger.at_size(TreeSize(entry::VERIFY_DIGEST));
                replace_lookup(exhibit, before.lookup(SubjectId::Item(story.image)));
            },
        ),
        truncated("middle-record-removed", "the refusal is left out", broken, |_, exhibit| {
            exhibit.drop_record(entry::REFUSE);
        }),
        truncated("first-record-removed", "the seizure is left out", broken, |_, exhibit| {
            exhibit.drop_record(entry::COLLECT);
        }),
        truncated("correction-hidden", "the last remark is left out", head, |_, exhibit| {
            exhibit.drop_record(entry::CORRECT);
        }),
        Case::rejected(
            "exporters-revocation-hidden",
            "the exporter's key was revoked, and the record of it is left out",
            Completeness,
            head,
            revocation_hidden(|story| (story.cast.south.clone(), story.cast.caro.clone())),
        ),
        Case::rejected(
            "signers-revocation-hidden",
            "a signer's key was revoked, and the record of it is left out",
            Completeness,
            head,
            revocation_hidden(|story| (story.cast.north.clone(), story.cast.wim.clone())),
        ),
    ]
}

fn revocation_hidden(
    whose: impl FnOnce(&Story) -> (crate::paper::Agency, crate::paper::Person),
) -> Vec<u8> {
    let mut story = Story::whole();
    let (agency, person) = whose(&story);
    let index = story.ledger.write(&story.ledger.key_revoke(&agency, &person));
    let last = story.ledger.collect(&story.cast.ana, uuid("yet something else"));
    story.ledger.write(&last);
    let mut exhibit = story.exhibit();
    exhibit.drop_record(index.0);
    exhibit.prove(&story.ledger);
    exhibit.encode()
}

fn replace_lookup(exhibit: &mut PaperExhibit, lookup: Lookup) {
    let known = exhibit.contents.subjects.iter_mut();
    let known = known.into_iter().find(|known| known.subject == lookup.subject);
    *known.unwrap() = lookup;
}

fn omissions() -> Vec<Case> {
    let missing = "completeness/missing-subject";
    let without = |name, desc, subject: fn(&Story) -> SubjectId| {
        truncated(name, desc, missing, |story, exhibit| exhibit.drop_subject(&subject(story)))
    };
    vec![
        without("remarks-left-out", "what is said about the disk is left out", |story| {
            SubjectId::Notes(story.disk)
        }),
        without("absent-remarks-left-out", "nothing says that nothing is said", |story| {
            SubjectId::Notes(story.image)
        }),
        truncated(
            "parents-history-left-out",
            "the disk that the image was made from is left out",
            missing,
            |story, exhibit| {
                exhibit.drop_subject(&SubjectId::Item(story.disk));
                exhibit.drop_subject(&SubjectId::Notes(story.disk));
            },
        ),
        without("signers-history-left-out", "Wim's keys are left out", |story| {
            story.cast.wim.subject()
        }),
        addressee_left_out(),
        without("exporters-history-left-out", "the exporter's keys are left out", |story| {
            story.cast.caro.subject()
        }),
        without("agencys-history-left-out", "Transit's keys are left out", |story| {
            story.cast.transit.subject()
        }),
        without("ledgers-history-left-out", "the list of agencies is left out", |story| {
            story.ledger.subject()
        }),
        truncated(
            "stray-record",
            "a record of something else is put in",
            "completeness/stray-record",
            |story, exhibit| {
                let stray = story.ledger.placed(LeafIndex(entry::OTHER));
                let place =
                    exhibit.contents.records.partition_point(|known| known.index < stray.index);
                exhibit.contents.records.insert(place, stray);
            },
        ),
        Case::rejected(
            "no-such-item",
            "the exhibit is about an item that the ledger does not have",
            Completeness,
            "completeness/no-such-item",
            {
                let story = Story::whole();
                story.exhibit_of(uuid("nothing"), &story.cast.caro).encode()
            },
        ),
    ]
}

/// The image is on its way to Erin, who signed nothing but her enrolment.
fn addressee_left_out() -> Case {
    let mut story = Story::whole();
    let Story { cast, ledger, image, .. } = &mut story;
    let erin = Person::new("erin", &cast.south);
    ledger.write(&ledger.custodian_enrol(&cast.south, &erin));
    ledger.write(&ledger.release(&cast.caro, &erin, &[*image]));
    let mut exhibit = story.exhibit();
    exhibit.drop_subject(&erin.subject());
    exhibit.prove(&story.ledger);
    let desc = "nothing says that there is an addressee of the release";
    let (id, code) = (Completeness, "completeness/missing-subject");
    Case::rejected("addressees-history-left-out", desc, id, code, exhibit.encode())
}

fn lookups() -> Vec<Case> {
    let head = "completeness/chain-head";
    vec![
        truncated(
            "remarks-denied",
            "the remarks are left out with a proof that there are none, of the time before them",
            head,
            |story, exhibit| {
                let before = story.ledger.at_size(TreeSize(entry::NOTE));
                exhibit.drop_record(entry::NOTE);
                exhibit.drop_record(entry::CORRECT);
                replace_lookup(exhibit, before.lookup(SubjectId::Notes(story.disk)));
            },
        ),
        truncated(
            "remarks-denied-with-their-own-proof",
            "the remarks are left out, the proof shows that there are some",
            head,
            |_, exhibit| {
                exhibit.drop_record(entry::NOTE);
                exhibit.drop_record(entry::CORRECT);
            },
        ),
        truncated(
            "index-proofs-swapped",
            "two histories have each other's proof",
            head,
            |_, exhibit| {
                let [first, second, ..] = exhibit.contents.subjects.as_mut_slice() else {
                    panic!()
                };
                std::mem::swap(&mut first.proof, &mut second.proof);
            },
        ),
        truncated(
            "index-proof-flipped",
            "one bit of an index proof is flipped",
            head,
            |_, exhibit| {
                *exhibit.contents.subjects[2].proof.last_mut().unwrap() ^= 1;
            },
        ),
        truncated("index-proof-empty", "an index proof is empty", head, |_, exhibit| {
            exhibit.contents.subjects[2].proof.clear();
        }),
        truncated("index-proof-too-long", "bytes follow an index proof", head, |_, exhibit| {
            exhibit.contents.subjects[2].proof.push(0);
        }),
        fork(),
    ]
}

/// Two seals claim one place, and the log took both.
fn fork() -> Case {
    let mut story = Story::collected();
    let fork = story.ledger.put_seal(&story.cast.ana, story.disk, "NL-99999");
    let first = story.ledger.record(LeafIndex(entry::COLLECT)).digest();
    let fork = fork.with(|payload| {
        payload.subjects[0].seq = 1;
        payload.subjects[0].prev = Some(first);
    });
    story.ledger.force_page(&fork);
    let seal = story.ledger.record(LeafIndex(entry::SEAL));
    story.ledger.rewind_head(&SubjectId::Item(story.disk), &seal);
    story.ledger.write(&story.ledger.collect(&story.cast.wim, uuid("something else")));
    let file = story.exhibit_of(story.disk, &story.cast.ana).encode();
    let desc = "two seals claim one place, and a log without duty took both";
    Case::rejected("fork-of-the-chain", desc, CustodyRules, "custody/conflict", file).evidence(&[])
}

fn places() -> Vec<Case> {
    let root = "multiproof-root-mismatch";
    let index = |position| [At::Key("records"), At::Item(position), At::Item(0)];
    vec![
        Case::rejected(
            "entry-of-another-index",
            "the handoff claims the place of something else",
            Inclusion,
            root,
            signed(|story, exhibit| {
                exhibit.placed_mut(LeafIndex(entry::HANDOFF)).index = LeafIndex(entry::OTHER);
                exhibit.prove(&story.ledger);
            }),
        ),
        Case::rejected(
            "accepted-earlier-than-it-was",
            "the handoff claims to have been accepted an hour before",
            Inclusion,
            root,
            signed(|_, exhibit| {
                exhibit.placed_mut(LeafIndex(entry::HANDOFF)).accepted_ms -= 3_600_000;
            }),
        ),
        Case::rejected(
            "another-index-root",
            "the handoff claims another state of the index",
            Inclusion,
            root,
            signed(|_, exhibit| {
                exhibit.placed_mut(LeafIndex(entry::HANDOFF)).index_root = sha256(b"another");
            }),
        ),
        Case::rejected(
            "index-beyond-the-tree",
            "a record claims a place that the tree does not have",
            Inclusion,
            "multiproof-index-out-of-range",
            edited(&index(18), |value| *value = Value::Uint(u64::MAX)),
        ),
    ]
}

fn orders() -> Vec<Case> {
    let out_of_range = "cbor/out-of-range";
    vec![
        Case::rejected(
            "records-swapped",
            "two records stand in the wrong order",
            Format,
            out_of_range,
            edited(&[At::Key("records")], |value| items(value).swap(3, 4)),
        ),
        Case::rejected("record-twice", "a record stands there twice", Format, out_of_range, {
            edited(&[At::Key("records")], |value| {
                let first = items(value)[3].clone();
                items(value).insert(3, first);
            })
        }),
        Case::rejected(
            "subjects-swapped",
            "two histories stand in the wrong order",
            Format,
            out_of_range,
            edited(&[At::Key("subjects")], |value| items(value).swap(0, 1)),
        ),
        Case::rejected("subject-twice", "a history is looked up twice", Format, out_of_range, {
            edited(&[At::Key("subjects")], |value| {
                let first = items(value)[0].clone();
                items(value).insert(0, first);
            })
        }),
        Case::rejected(
            "accepted-in-1970",
            "an entry of fewer than 79 bytes",
            Format,
            out_of_range,
            {
                edited(&[At::Key("records"), At::Item(3), At::Item(1)], |value| {
                    *value = Value::Uint(1)
                })
            },
        ),
    ]
}

const TREES: [Attack; 11] = [
    ("proof-too-long", "a hash too many", Inclusion, "multiproof-length", || {
        signed(|_, exhibit| exhibit.contents.proof.hashes.push(sha256(b"another")))
    }),
    ("proof-flipped", "one bit of a hash", Inclusion, "multiproof-root-mismatch", || {
        signed(|_, exhibit| {
            let mut bytes = *exhibit.contents.proof.hashes[0].as_bytes();
            bytes[31] ^= 1;
            exhibit.contents.proof.hashes[0] = custody_core::hash::Hash::new(bytes);
        })
    }),
    (
        "tail-replaced-by-an-older-entry",
        "the history ends earlier, and so does the entry that shows that it is whole",
        Inclusion,
        "multiproof-root-mismatch",
        || signed(older_tail),
    ),
    ("tail-of-78-bytes", "the tail is no entry", Completeness, "entry/length", || {
        signed(|_, exhibit| exhibit.contents.tail.truncate(78))
    }),
    ("tail-of-version-2", "the tail is no entry", Completeness, "cbor/out-of-range", || {
        signed(|_, exhibit| exhibit.contents.tail[1] = 2)
    }),
    (
        "tail-other-than-the-last-record",
        "the tail is another entry",
        Inclusion,
        "inclusion/tail",
        || {
            let ledger = Story::whole().ledger.at_size(TreeSize(entry::LAST));
            let story = Story { ledger, ..Story::whole() };
            let mut exhibit = story.exhibit();
            exhibit.contents.tail = story.ledger.entries[3].encode();
            exhibit.encode()
        },
    ),
    (
        "accepted-before-the-one-before",
        "the log's clock went back",
        Inclusion,
        "entry/accepted-decreases",
        || afterwards(|story| clock_goes_back(story, true)),
    ),
    (
        "tail-accepted-before-the-one-before",
        "the log's clock went back, and the tail shows it",
        Inclusion,
        "entry/accepted-decreases",
        || afterwards(|story| clock_goes_back(story, false)),
    ),
    ("empty-tree", "a checkpoint of nothing", Inclusion, "inclusion/empty-tree", || {
        signed(|story, exhibit| sign_head(story, exhibit, TreeHead::empty()))
    }),
    ("largest-tree", "a checkpoint of 2^64-1 entries", Inclusion, "multiproof-length", || {
        signed(|story, exhibit| {
            let size = TreeSize(u64::MAX);
            sign_head(story, exhibit, TreeHead { size, root: sha256(b"any") });
        })
    }),
    ("no-proof", "the proof is empty", Inclusion, "multiproof-length", || {
        signed(|_, exhibit| exhibit.contents.proof = MultiProof { hashes: Vec::new() })
    }),
];

fn items(value: &mut Value) -> &mut Vec<Value> {
    match value {
        Value::Array(items) => items,
        other => panic!("{other:?}"),
    }
}

/// All of the exhibit is as it was two entries ago, but for the checkpoint.
fn older_tail(story: &Story, exhibit: &mut PaperExhibit) {
    let before = story.ledger.at_size(TreeSize(entry::VERIFY_DIGEST));
    let older = before.exhibit(story.image, &story.cast.caro);
    exhibit.contents.records = older.contents.records;
    exhibit.contents.openings = older.contents.openings;
    exhibit.contents.subjects = older.contents.subjects;
    exhibit.contents.tail = older.contents.tail;
    exhibit.prove(&story.ledger);
}

/// Takes in a last record an hour before its time, about the disk or about something else.
fn clock_goes_back(story: &mut Story, is_of_item: bool) {
    let item = if is_of_item { story.disk } else { uuid("something else") };
    let person = if is_of_item { &story.cast.caro } else { &story.cast.wim };
    let bytes = story.ledger.note(person, item).sign();
    let record = Record::parse(&bytes).unwrap();
    let link = story.ledger.link(&SubjectId::Notes(item));
    let (length, digest) = (link.seq + 1, record.digest());
    let head = custody_core::index::ChainHead { length, digest };
    story.ledger.set_head(&SubjectId::Notes(item), head);
    let entry = Entry {
        accepted_ms: story.ledger.now_s() * 1000 - 7_200_000,
        index_root: story.ledger.index().root(),
        record: record.digest(),
    };
    let openings = story.ledger.note(person, item).openings;
    story.ledger.force_entry(entry, bytes, openings);
}

fn sign_head(story: &Story, exhibit: &mut PaperExhibit, head: TreeHead) {
    let time = PosixTime::new(story.ledger.now_s()).unwrap();
    exhibit.contents.checkpoint = sign_checkpoint(&story.ledger.signer, &head, time).unwrap();
}
