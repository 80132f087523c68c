//! Attacks on the checkpoint: lines missing, moved and made up, and other checkpoints at hand.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use custody_core::cbor::Value;
use custody_core::checkpoint::{Checkpoint, PosixTime};
use custody_core::merkle::TreeSize;
use custody_core::note::KeyName;
use custody_core::verify::LineId::{
    Checkpoint as Signed, Consistency, Format, Freshness, Inclusion, Witnesses,
};
use custody_log::signing::{Ed25519Cosigner, LogSeeds, LogSigner, cosign_ed25519, sign_checkpoint};

use super::exhibit::{Case, edited, signed};
use crate::paper::story::{Story, entry};
use crate::paper::{At, ORIGIN, PaperExhibit, PaperLedger, seed, uuid};

/// All of them.
pub fn cases() -> Vec<Case> {
    [lines(), notes(), logs(), times(), witnesses(), others(), contradictions()].concat()
}

/// The lines of a note: text, blank line, the log's two lines, two witnesses' lines.
fn with_lines(change: impl FnOnce(&mut Vec<String>)) -> Vec<u8> {
    edited(&[At::Key("checkpoint")], |value| {
        let Value::Bytes(note) = value else { panic!() };
        let text = String::from_utf8(note.clone()).unwrap();
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        change(&mut lines);
        *value = Value::bytes(lines.join("\n") + "\n");
    })
}

/// Flips a bit of the signature at the end of a line.
fn flip(line: &mut String) {
    let (start, blob) = line.rsplit_once(' ').unwrap();
    let mut blob = STANDARD.decode(blob).unwrap();
    *blob.last_mut().unwrap() ^= 1;
    *line = format!("{start} {}", STANDARD.encode(blob));
}

/// Name, what it does, code, and the change to the lines. Line 4 is the log's Ed25519 line, 5 its ML-DSA-44
/// line, 6 the mirror's, 7 the other witness's.
type Change = (&'static str, &'static str, &'static str, fn(&mut Vec<String>));

const LINES: [Change; 7] = [
    (
        "no-ed25519-line",
        "the log's Ed25519 line is missing",
        "checkpoint/log-ed25519-missing",
        |lines| {
            lines.remove(4);
        },
    ),
    (
        "no-mldsa-line",
        "the log's ML-DSA-44 line is missing",
        "checkpoint/log-mldsa-missing",
        |lines| {
            lines.remove(5);
        },
    ),
    (
        "ed25519-line-flipped",
        "one bit of the Ed25519 line",
        "checkpoint/log-ed25519-invalid",
        |lines| {
            flip(&mut lines[4]);
        },
    ),
    (
        "mldsa-line-flipped",
        "one bit of the ML-DSA-44 line",
        "checkpoint/log-mldsa-invalid",
        |lines| {
            flip(&mut lines[5]);
        },
    ),
    (
        "size-changed",
        "the size is one less than was signed",
        "checkpoint/log-ed25519-invalid",
        |lines| {
            lines[1] = "20".to_owned();
        },
    ),
    ("witness-line-flipped", "one bit of a witness's line", "policy/witness-invalid", |lines| {
        flip(&mut lines[7]);
    }),
    ("origin-of-another-log", "the first line names another log", "policy/unknown-log", |lines| {
        lines[0] = "ledger.example/other".to_owned();
    }),
];

fn lines() -> Vec<Case> {
    let make = |(name, desc, code, change): &Change| {
        Case::rejected(name, desc, Signed, code, with_lines(change))
    };
    let others = [
        Case::rejected(
            "witnesses-stripped",
            "no witness's line is left",
            Witnesses,
            "witnesses/quorum",
            with_lines(|lines| lines.truncate(6)),
        ),
        Case::verified(
            "happy-path-one-witness",
            "one of two witnesses is enough for this policy",
            with_lines(|lines| lines.truncate(7)),
        ),
        Case::verified(
            "happy-path-line-of-a-stranger",
            "a line of a key that nobody knows is passed over",
            {
                with_lines(|lines| {
                    lines.push(format!("\u{2014} stranger.example/w9 {}", STANDARD.encode([7; 76])))
                })
            },
        ),
    ];
    LINES.iter().map(make).chain(others).collect()
}

/// The note is not one.
const NOTES: [Change; 9] = [
    (
        "duplicate-note-line",
        "the log's Ed25519 line is there twice",
        "note/duplicate-signature",
        |lines| {
            lines.insert(5, lines[4].clone());
        },
    ),
    (
        "duplicate-witness-line",
        "a witness's line is there twice, for two of two",
        "note/duplicate-signature",
        |lines| {
            lines.push(lines[7].clone());
        },
    ),
    ("extension-line", "the text has a fourth line", "checkpoint/extension-line", |lines| {
        lines.insert(3, "extension".to_owned());
    }),
    ("size-with-a-zero", "the size has a leading zero", "checkpoint/size", |lines| {
        lines[1] = "021".to_owned();
    }),
    ("root-of-31-bytes", "the root is too short", "checkpoint/root", |lines| {
        lines[2] = STANDARD.encode([7; 31]);
    }),
    ("no-line", "nobody signed the checkpoint", "note/no-signatures", |lines| lines.truncate(3)),
    ("carriage-return", "lines end as on another system", "note/control-character", |lines| {
        lines[0].push('\r');
    }),
    ("65-lines", "65 lines of signatures", "note/too-many-signatures", |lines| {
        let line = |n| format!("\u{2014} w{n}.example {}", STANDARD.encode([7; 76]));
        lines.extend((0..61).map(line));
    }),
    ("lenient-base64", "bits that base64 does not use are set", "note/not-canonical", |lines| {
        let line = &mut lines[7];
        assert!(line.ends_with('='));
        let keep = line.trim_end_matches('=').len() - 1;
        let last = line.as_bytes()[keep];
        line.replace_range(keep..=keep, if last == b'B' { "C" } else { "B" });
    }),
];

fn notes() -> Vec<Case> {
    let make = |(name, desc, code, change): &Change| {
        Case::rejected(name, desc, Format, code, with_lines(change))
    };
    NOTES.iter().map(make).collect()
}

fn logs() -> Vec<Case> {
    vec![
        Case::rejected(
            "log-with-other-keys",
            "a log of this name signed with other keys than the policy has",
            Signed,
            "checkpoint/log-ed25519-missing",
            Story::whole().exhibit().encode(),
        )
        .policy("policy-other-keys.txt"),
        Case::rejected(
            "wrong-origin",
            "the policy trusts a log of another name",
            Signed,
            "policy/unknown-log",
            Story::whole().exhibit().encode(),
        )
        .policy("policy-other-log.txt"),
        Case::rejected(
            "founded-with-other-keys",
            "the log's keys are not those that entry 0 names",
            Signed,
            "checkpoint/log-keys-differ",
            {
                let mut story = Story::whole();
                story.ledger.signer = other_signer(ORIGIN);
                story.exhibit().encode()
            },
        )
        .policy("policy-other-keys.txt"),
        Case::rejected(
            "older-checkpoint",
            "an older checkpoint over newer records",
            Inclusion,
            "multiproof-index-out-of-range",
            {
                signed(|story, exhibit| {
                    let older = story.ledger.at_size(TreeSize(entry::RELEASE));
                    exhibit.contents.checkpoint = story.cosigned(&older.checkpoint());
                })
            },
        ),
        Case::rejected(
            "checkpoint-of-a-fork",
            "the checkpoint is of another tree of this size",
            Inclusion,
            "multiproof-root-mismatch",
            {
                signed(|story, exhibit| {
                    exhibit.contents.checkpoint = story.cosigned(&fork().checkpoint())
                })
            },
        ),
    ]
}

/// The whole story's exhibit under a checkpoint that the log says it signed at `time_s`.
fn signed_at(story: &Story, time_s: u64) -> PaperExhibit {
    let mut exhibit = story.exhibit();
    let time = PosixTime::new(time_s).unwrap();
    let checkpoint = sign_checkpoint(&story.ledger.signer, &story.ledger.head(), time).unwrap();
    exhibit.contents.checkpoint = story.cosigned(&checkpoint);
    exhibit
}

fn accepted_s(story: &Story, index: u64) -> u64 {
    story.ledger.entries[index as usize].accepted_ms / 1000
}

fn times() -> Vec<Case> {
    let story = Story::whole();
    let late = |name, desc, time_s| {
        let file = signed_at(&story, time_s).encode();
        Case::rejected(name, desc, Inclusion, "entry/accepted-after-checkpoint", file)
    };
    vec![
        late(
            "accepted-after-the-checkpoint",
            "the log says that it signed before it accepted the correction",
            accepted_s(&story, entry::CORRECT) - 1,
        ),
        late(
            "tail-accepted-after-the-checkpoint",
            "the log says that it signed before it accepted the last entry, which is not here",
            accepted_s(&story, entry::LAST) - 1,
        ),
        Case::verified(
            "happy-path-accepted-in-the-checkpoints-second",
            "the last entry was accepted 999 ms after the whole second at which the log signed",
            {
                let mut story = Story::whole();
                let page = story.ledger.note(&story.cast.caro, story.disk);
                let accepted_ms = story.ledger.now_s() * 1000 + 999;
                story.ledger.force_accepted(page.sign(), page.openings, accepted_ms);
                signed_at(&story, accepted_ms / 1000).encode()
            },
        ),
        Case::verified(
            "happy-path-checkpoint-without-a-time",
            "the log does not say when it signed",
            signed_at(&story, 0).encode(),
        )
        .with_line(Freshness, "freshness/no-time"),
        Case::verified(
            "happy-path-asked-before-the-checkpoint",
            "the reader asks about a time before the log signed",
            story.exhibit().encode(),
        )
        .with_line(Freshness, "freshness/in-the-future")
        .at(story.ledger.now_s() - 1),
    ]
}

/// Another signer under this name.
pub fn other_signer(name: &str) -> LogSigner {
    let name = KeyName::parse(name).unwrap();
    let seeds = [seed("another ed25519"), seed("another mldsa44")];
    let seeds = LogSeeds { ed25519: &seeds[0], mldsa44: &seeds[1] };
    LogSigner::from_seeds(&name, seeds).unwrap()
}

/// The same ledger but for its last entry.
pub fn fork() -> PaperLedger {
    let story = Story::whole();
    let mut fork = story.ledger.at_size(TreeSize(entry::LAST));
    fork.force_page(&fork.collect(&story.cast.ana, uuid("something quite else")));
    fork
}

fn witnesses() -> Vec<Case> {
    let cosigned_by = |name: &str, seed_name: &str| {
        let name = KeyName::parse(name).unwrap();
        let cosigner = Ed25519Cosigner::from_seed(&name, &seed(seed_name)).unwrap();
        signed(|story, exhibit| {
            let checkpoint = story.ledger.checkpoint();
            let time = PosixTime::new(story.ledger.now_s()).unwrap();
            let line = cosign_ed25519(&cosigner, &checkpoint, time);
            exhibit.contents.checkpoint = checkpoint.with_signature(line).unwrap();
        })
    };
    let quorum = "witnesses/quorum";
    vec![
        Case::rejected(
            "log-as-its-own-witness",
            "the log cosigns as a witness",
            Witnesses,
            quorum,
            cosigned_by(ORIGIN, &format!("{ORIGIN} ed25519")),
        ),
        Case::rejected(
            "witness-of-another-name",
            "a witness of the policy signs under another name",
            Witnesses,
            quorum,
            cosigned_by("witness.example/w2", "witness.example/w1"),
        ),
        Case::rejected(
            "witness-with-another-key",
            "somebody else signs under a witness's name",
            Witnesses,
            quorum,
            cosigned_by("witness.example/w1", "somebody else"),
        ),
        Case::rejected(
            "witness-line-of-an-older-checkpoint",
            "a witness's line over an older checkpoint is put in",
            Signed,
            "policy/witness-invalid",
            {
                signed(|story, exhibit| {
                    let older = story.cosigned(&story.ledger.at_size(TreeSize(12)).checkpoint());
                    let line = older.signatures()[2].clone();
                    exhibit.contents.checkpoint =
                        story.ledger.checkpoint().with_signature(line).unwrap();
                })
            },
        ),
    ]
}

/// The exhibit with a proof from the checkpoint of size 12.
fn with_proof(change: impl FnOnce(&Story, &mut PaperExhibit)) -> Vec<u8> {
    signed(|story, exhibit| {
        exhibit.contents.consistency.push(story.ledger.consistency(TreeSize(12)));
        change(story, exhibit);
    })
}

/// Checkpoints that the reader holds beside the exhibit, none of which contradicts it.
fn others() -> Vec<Case> {
    let plain = || with_proof(|_, _| {});
    let open = |name, desc, code, file| Case::open(name, desc, Consistency, code, file);
    vec![
        Case::verified("happy-path-consistent", "the reader holds an earlier checkpoint", plain())
            .checkpoint("earlier.checkpoint"),
        Case::verified(
            "happy-path-same-checkpoint",
            "the reader holds the same checkpoint",
            plain(),
        )
        .checkpoint("same.checkpoint"),
        open(
            "older-than-the-checkpoint-given",
            "the reader holds a newer checkpoint",
            "consistency/exhibit-is-older",
            plain(),
        )
        .checkpoint("later.checkpoint"),
        open(
            "no-consistency-proof",
            "the file has no proof from the reader's checkpoint",
            "consistency/no-proof",
            signed(|_, _| {}),
        )
        .checkpoint("earlier.checkpoint"),
        open(
            "checkpoint-of-another-log-given",
            "the reader holds a checkpoint of another log",
            "policy/unknown-log",
            plain(),
        )
        .checkpoint("other-log.checkpoint"),
        open(
            "checkpoint-of-another-known-log-given",
            "the reader holds a checkpoint of another log that the policy has too",
            "consistency/other-log",
            plain(),
        )
        .policy("policy-two-logs.txt")
        .checkpoint("other-log.checkpoint"),
    ]
}

/// Checkpoints that do, or seem to.
fn contradictions() -> Vec<Case> {
    let plain = || with_proof(|_, _| {});
    let rejected = |name, desc, code, file| Case::rejected(name, desc, Consistency, code, file);
    vec![
        rejected(
            "fork-of-the-log",
            "the reader holds another tree of this size, signed by the log",
            "consistency/fork",
            plain(),
        )
        .checkpoint("fork.checkpoint"),
        rejected(
            "fork-before-the-exhibit",
            "the reader holds an earlier tree that this one does not continue",
            "consistency-old-root-mismatch",
            plain(),
        )
        .checkpoint("earlier-fork.checkpoint"),
        rejected(
            "consistency-proof-forged",
            "one bit of the proof is flipped",
            "consistency-new-root-mismatch",
            {
                with_proof(|_, exhibit| {
                    let hash = exhibit.contents.consistency[0].proof.hashes.last_mut().unwrap();
                    let mut bytes = *hash.as_bytes();
                    bytes[0] ^= 1;
                    *hash = custody_core::hash::Hash::new(bytes);
                })
            },
        )
        .checkpoint("earlier.checkpoint"),
        rejected("consistency-proof-empty", "the proof is empty", "consistency-proof-length", {
            with_proof(|_, exhibit| exhibit.contents.consistency[0].proof.hashes.clear())
        })
        .checkpoint("earlier.checkpoint"),
        rejected(
            "consistency-proof-of-another-size",
            "the proof is from another size",
            "consistency-proof-length",
            {
                with_proof(|story, exhibit| {
                    exhibit.contents.consistency[0].proof =
                        story.ledger.consistency(TreeSize(16)).proof;
                })
            },
        )
        .checkpoint("earlier.checkpoint"),
        Case::rejected(
            "consistency-proof-twice",
            "two proofs from one size",
            Format,
            "cbor/out-of-range",
            {
                with_proof(|_, exhibit| {
                    let first = exhibit.contents.consistency[0].clone();
                    exhibit.contents.consistency.push(first);
                })
            },
        ),
    ]
}

/// The checkpoints beside the vectors, by name.
pub fn beside() -> Vec<(String, Vec<u8>)> {
    let story = Story::whole();
    let mut later = story.ledger.at_size(story.ledger.head().size);
    later.force_page(&later.collect(&story.cast.ana, uuid("later")));
    let mut earlier_fork = story.ledger.at_size(TreeSize(11));
    earlier_fork.force_page(&earlier_fork.collect(&story.cast.ana, uuid("elsewhere")));
    let other = PaperLedger::found_as("ledger.example/other", &[&story.cast.north]);
    let file = |name: &str, checkpoint: Checkpoint| {
        (format!("{name}.checkpoint"), checkpoint.as_bytes().to_vec())
    };
    vec![
        file("same", story.ledger.checkpoint()),
        file("earlier", story.ledger.at_size(TreeSize(12)).checkpoint()),
        file("later", later.checkpoint()),
        file("fork", fork().checkpoint()),
        file("earlier-fork", earlier_fork.checkpoint()),
        file("other-log", other.checkpoint()),
    ]
}
