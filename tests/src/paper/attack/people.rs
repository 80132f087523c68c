//! Attacks on people and rules: a log without duty took in what it should have refused.

use custody_core::cose::Role;
use custody_core::hash::sha256;
use custody_core::id::SubjectId;
use custody_core::merkle::LeafIndex;
use custody_core::record::body::{Body, KeySlot, SealOutcome};
use custody_core::verify::LineId::{AgenciesPinned, CustodyRules, KeyStanding, Signatures};

use super::exhibit::{Attack, Case, afterwards, forced, rejected, signed};
use crate::paper::story::{IMAGE, Story, entry};
use crate::paper::{Agency, Page, Person, signing_key};

/// Whose key Transit gets, from founders or itself.
pub const TRANSITS_SECOND: &str = "transit's second";

/// All of them.
pub fn cases() -> Vec<Case> {
    let tables = [rejected(&KEYS), rejected(&ENROLMENTS), rejected(&RULES)];
    [tables.concat(), heads(), pins(), replaced()].concat()
}

const KEYS: [Attack; 7] = [
    (
        "revoked-key",
        "a remark is signed with a revoked key",
        KeyStanding,
        "custody/key-ended",
        || {
            forced(|story| {
                let Story { cast, ledger, disk, .. } = story;
                ledger.write(&ledger.key_revoke(&cast.south, &cast.dora));
                ledger.note(&cast.dora, *disk)
            })
        },
    ),
    (
        "replaced-key",
        "a remark is signed with a key after it was replaced",
        KeyStanding,
        "custody/key-ended",
        || {
            forced(|story| {
                let Story { cast, ledger, disk, .. } = story;
                ledger.write(&ledger.key_rotate(&cast.south, &cast.dora, &signing_key("new")));
                ledger.note(&cast.dora, *disk)
            })
        },
    ),
    ("strangers-key", "a key that nobody enrolled", Signatures, "record/unknown-key", || {
        forced(|story| {
            let stranger = story.cast.caro.with_key(&signing_key("stranger"));
            story.ledger.note(&stranger, story.disk)
        })
    }),
    (
        "key-of-another-person",
        "Dora's key under Caro's name",
        KeyStanding,
        "custody/key-not-enrolled",
        || {
            forced(|story| {
                let caro = story.cast.caro.with_key(&story.cast.dora.key);
                story.ledger.note(&caro, story.disk)
            })
        },
    ),
    (
        "signature-flipped",
        "one bit of a signature, in a record that the log took so",
        Signatures,
        "cose/signature",
        || {
            afterwards(|story| {
                let mut record = story.ledger.note(&story.cast.caro, story.disk).sign();
                *record.last_mut().unwrap() ^= 1;
                story.ledger.force(record, Vec::new());
            })
        },
    ),
    (
        "record-flipped",
        "one bit of a record that the log took whole",
        Signatures,
        "cose/signature",
        || {
            signed(|_, exhibit| {
                let placed = exhibit.placed_mut(LeafIndex(entry::SEAL));
                let mut bytes = placed.record.as_bytes().to_vec();
                *bytes.last_mut().unwrap() ^= 1;
                placed.record = custody_core::record::Record::parse(&bytes).unwrap();
            })
        },
    ),
    (
        "role-not-granted",
        "somebody acts who was enrolled to witness",
        KeyStanding,
        "custody/role-not-granted",
        || {
            forced(|story| {
                let clerk = witness_only(story);
                story.ledger.note(&clerk, story.disk)
            })
        },
    ),
];

/// Enrols somebody in role 3 only.
pub fn witness_only(story: &mut Story) -> Person {
    let clerk = Person::new("clerk", &story.cast.south);
    let page = story.ledger.custodian_enrol(&story.cast.south, &clerk).with(|payload| {
        let Body::CustodianEnrol(body) = &mut payload.body else { panic!() };
        body.roles = vec![Role::Witness];
    });
    story.ledger.write(&page);
    clerk
}

const ENROLMENTS: [Attack; 7] = [
    (
        "one-key-enrolled-twice",
        "Ana's key is enrolled for somebody else too",
        KeyStanding,
        "custody/key-enrolled-twice",
        || {
            afterwards(|story| {
                let Story { cast, ledger, disk, .. } = story;
                let twin = Person::new("twin", &cast.north).with_key(&cast.ana.key);
                ledger.force_page(&ledger.custodian_enrol(&cast.north, &twin));
                ledger.force_page(&ledger.note(&twin, *disk));
            })
        },
    ),
    (
        "operators-key-enrolled-for-a-custodian",
        "the operator's key is enrolled for somebody who then acts",
        KeyStanding,
        "custody/key-enrolled-twice",
        || {
            afterwards(|story| {
                let Story { cast, ledger, disk, .. } = story;
                let both = Person::new("both", &cast.north).with_key(&ledger.operator());
                ledger.force_page(&ledger.custodian_enrol(&cast.north, &both));
                ledger.force_page(&ledger.note(&both, *disk));
            })
        },
    ),
    (
        "enrolled-with-a-recovery-key",
        "an agency's recovery key enrols somebody",
        KeyStanding,
        "custody/key-not-enrolled",
        || {
            afterwards(|story| {
                let Story { cast, ledger, disk, .. } = story;
                let north = Agency { key: cast.north.recovery.clone(), ..cast.north.clone() };
                let new = Person::new("new", &north);
                ledger.force_page(&ledger.custodian_enrol(&north, &new));
                ledger.force_page(&ledger.note(&new, *disk));
            })
        },
    ),
    (
        "admitted-without-quorum",
        "one founder of two admits an agency",
        KeyStanding,
        "custody/quorum",
        || {
            forced(|story| {
                let third = Agency::new("third", "FR");
                story.ledger.agency_enrol(&[&story.cast.north], &third)
            })
        },
    ),
    (
        "revoked-by-another-agency",
        "North revokes a key of South's",
        KeyStanding,
        "custody/not-its-agency",
        || forced(|story| story.ledger.key_revoke(&story.cast.north, &story.cast.dora)),
    ),
    ("founded-twice", "a second opening", CustodyRules, "custody/genesis-place", || {
        afterwards(|story| {
            let mut page = story.ledger.opening(&[&Agency::new("third", "FR")]).with(|payload| {
                payload.seen = None;
                payload.subjects.iter_mut().for_each(|link| (link.seq, link.prev) = (0, None));
            });
            page.header.genesis = None;
            let newest = story.ledger.record(LeafIndex(entry::ADMIT_TRANSIT));
            story.ledger.force_page(&page);
            story.ledger.rewind_head(&story.ledger.subject(), &newest);
            story.ledger.write(&story.ledger.note(&story.cast.caro, story.disk));
        })
    }),
    ("opening-left-out", "entry 0 is left out", CustodyRules, "custody/genesis-place", || {
        signed(|story, exhibit| {
            exhibit.drop_record(0);
            exhibit.prove(&story.ledger);
        })
    }),
];

const RULES: [Attack; 12] = [
    (
        "not-the-holder",
        "Ben, who had the disk before, puts a seal on it",
        CustodyRules,
        "custody/not-the-holder",
        || forced(|story| story.ledger.put_seal(&story.cast.ben, story.disk, "BE-1")),
    ),
    (
        "released-twice",
        "the disk is released while it is on the way",
        CustodyRules,
        "custody/release-open",
        || {
            forced(|story| {
                let Story { cast, ledger, disk, .. } = story;
                ledger.write(&ledger.release(&cast.caro, &cast.ben, &[*disk]));
                ledger.release(&cast.caro, &cast.ana, &[*disk])
            })
        },
    ),
    (
        "received-twice",
        "one release is received twice",
        CustodyRules,
        "custody/no-open-release",
        || {
            forced(|story| {
                let release = story.ledger.record(LeafIndex(entry::RELEASE_AGAIN)).digest();
                story.ledger.receive(&story.cast.ben, &story.cast.caro, &[story.disk], release)
            })
        },
    ),
    (
        "received-by-another",
        "Dora receives what was sent to Ben",
        CustodyRules,
        "custody/not-the-addressee",
        || {
            forced(|story| {
                let Story { cast, ledger, disk, .. } = story;
                let release = ledger.write(&ledger.release(&cast.caro, &cast.ben, &[*disk]));
                let release = ledger.record(release).digest();
                ledger.receive(&cast.caro, &cast.dora, &[*disk], release)
            })
        },
    ),
    (
        "recalled-from-another",
        "what was sent to Ben is recalled as if it had been sent to Dora",
        CustodyRules,
        "custody/not-the-addressee",
        || {
            forced(|story| {
                let Story { cast, ledger, disk, .. } = story;
                let release = ledger.write(&ledger.release(&cast.caro, &cast.ben, &[*disk]));
                let release = ledger.record(release).digest();
                ledger.recall(&cast.caro, &cast.dora, &[*disk], release)
            })
        },
    ),
    (
        "released-to-nobody",
        "the disk is released to somebody whom nobody enrolled",
        CustodyRules,
        "custody/no-such-subject",
        || {
            forced(|story| {
                let nobody = Person::new("nobody", &story.cast.south);
                story.ledger.release(&story.cast.caro, &nobody, &[story.disk])
            })
        },
    ),
    (
        "sealed-after-disposal",
        "a seal on a disk that was destroyed",
        CustodyRules,
        "custody/disposed",
        || {
            forced(|story| {
                let Story { cast, ledger, disk, .. } = story;
                ledger.write(&ledger.dispose(&cast.caro, &cast.wim, *disk));
                ledger.seal_check(&cast.caro, *disk, SealOutcome::Intact)
            })
        },
    ),
    (
        "disposal-witnessed-by-a-holder",
        "Ana, who held the disk, witnesses its end",
        CustodyRules,
        "custody/witness-in-chain",
        || forced(|story| story.ledger.dispose(&story.cast.caro, &story.cast.ana, story.disk)),
    ),
    (
        "parent-out-of-nothing",
        "the disk begins with the image that is made of it",
        CustodyRules,
        "custody/no-such-subject",
        || {
            let mut story = Story::enrolled();
            story.ledger.force_page(&story.ledger.derive(
                &story.cast.caro,
                story.disk,
                story.image,
                IMAGE,
            ));
            story.exhibit().encode()
        },
    ),
    (
        "ring-of-derivations",
        "the disk was made from the image that was made from it",
        CustodyRules,
        "custody/no-such-subject",
        || {
            let mut story = Story::enrolled();
            let Story { cast, ledger, disk, image } = &mut story;
            ledger.force_page(&ledger.derive(&cast.caro, *disk, *image, IMAGE));
            let begins = |id| ledger.link(&SubjectId::Item(id));
            let [mut disk_link, mut image_link] = [begins(*disk), begins(*image)];
            (disk_link.seq, disk_link.prev) = (0, None);
            (image_link.seq, image_link.prev) = (1, image_link.prev);
            let ring = ledger.derive(&cast.caro, *image, *disk, IMAGE).with(|payload| {
                payload.subjects = vec![disk_link, image_link];
                payload.subjects.sort_by(|left, right| left.subject.cmp(&right.subject));
            });
            ledger.force_page(&ring);
            story.exhibit().encode()
        },
    ),
    (
        "record-of-another-ledger",
        "a record that was made for another ledger",
        Signatures,
        "record/other-ledger",
        || {
            forced(|story| {
                let mut page = story.ledger.note(&story.cast.caro, story.disk);
                page.header.origin = "ledger.example/other".parse().unwrap();
                page
            })
        },
    ),
    (
        "record-of-another-genesis",
        "a record that was made for another ledger of this name",
        Signatures,
        "record/other-genesis",
        || {
            forced(|story| {
                let mut page = story.ledger.note(&story.cast.caro, story.disk);
                page.header.genesis = Some(sha256(b"another ledger of this name"));
                page
            })
        },
    ),
];

fn heads() -> Vec<Case> {
    let seen = |size: u64| {
        forced(move |story| {
            let page = story.ledger.note(&story.cast.caro, story.disk);
            page.with(|payload| {
                let head = payload.seen.as_mut().unwrap();
                head.size = custody_core::merkle::TreeSize(size);
                head.root = sha256(b"another tree");
            })
        })
    };
    vec![
        Case::rejected(
            "seen-in-the-future",
            "the signers saw a tree that holds their record",
            CustodyRules,
            "seen/future",
            seen(22),
        ),
        Case::rejected(
            "seen-another-tree",
            "the signers saw another tree than the checkpoint given",
            CustodyRules,
            "seen/unknown-head",
            seen(12),
        )
        .checkpoint("earlier.checkpoint"),
    ]
}

fn pins() -> Vec<Case> {
    let file = Story::whole().exhibit().encode();
    let rejected =
        |name, desc, code| Case::rejected(name, desc, AgenciesPinned, code, file.clone());
    let open = |name, desc, code| Case::open(name, desc, AgenciesPinned, code, file.clone());
    let compromised = afterwards(|story| {
        let Story { cast, ledger, disk, .. } = story;
        // South replaces its authority key in time; that the old one was in other hands shows later.
        let (south, new) = (cast.south.clone(), signing_key("south's second"));
        let owner = Person { id: south.id, agency: south.id, key: south.key.clone() };
        ledger.write(&ledger.agency_key_rotate(&[&south], &south, &new, KeySlot::Authority));
        let renewed = Agency { key: new, ..south.clone() };
        let mut page = ledger.key_compromised(&renewed, &owner, ledger.now_s() + 3600);
        page.payload.subjects = vec![ledger.link(&south.subject())];
        ledger.write(&page);
        ledger.write(&ledger.note(&cast.caro, *disk));
    });
    vec![
        rejected(
            "another-genesis-pinned",
            "the reader pinned another ledger of this name",
            "pins/genesis-differs",
        )
        .agencies(Some("agencies-another-genesis.txt")),
        rejected(
            "another-key-pinned",
            "the reader pinned another key of South's",
            "pins/key-differs",
        )
        .agencies(Some("agencies-another-key.txt")),
        rejected(
            "recovery-key-pinned",
            "the reader pinned a recovery key as if it were an authority's",
            "pins/key-differs",
        )
        .agencies(Some("agencies-recovery-key.txt")),
        open("agency-not-pinned", "the reader does not know Transit", "pins/not-pinned")
            .agencies(Some("agencies-without-transit.txt")),
        open("nothing-pinned", "the reader pinned nothing", "pins/none").agencies(None),
        Case::open(
            "pinned-key-compromised",
            "the pinned key is said to be in other hands",
            AgenciesPinned,
            "pins/key-compromised",
            compromised,
        ),
    ]
}

/// The whole story's exhibit after an agency got another key.
fn rotated(page: impl FnOnce(&Story) -> Page) -> Vec<u8> {
    afterwards(|story| {
        let page = page(story);
        story.ledger.write(&page);
    })
}

/// Transit's pinned key is not its newest any more.
fn replaced() -> Vec<Case> {
    let new = || signing_key(TRANSITS_SECOND);
    let by_founders = |slot| {
        rotated(|story| {
            let Story { cast, ledger, .. } = story;
            ledger.agency_key_rotate(&[&cast.north, &cast.south], &cast.transit, &new(), slot)
        })
    };
    let with_recovery_key = rotated(|story| {
        let transit = &story.cast.transit;
        let recovered = Agency { key: transit.recovery.clone(), ..transit.clone() };
        story.ledger.agency_key_rotate(&[&recovered], transit, &new(), KeySlot::Authority)
    });
    let with_the_agency = rotated(|story| {
        let Story { cast, ledger, .. } = story;
        let both = [&cast.north, &cast.south];
        ledger.agency_key_rotate(&both, &cast.south, &new(), KeySlot::Authority)
    });
    let (line, code) = (AgenciesPinned, "pins/replaced-by-founders");
    let authority = by_founders(KeySlot::Authority);
    vec![
        Case::open(
            "authority-key-replaced-by-founders",
            "founders gave Transit another authority key than the pinned one",
            line,
            code,
            authority.clone(),
        ),
        Case::open(
            "recovery-key-replaced-by-founders",
            "founders gave Transit a recovery key, with which they can replace the pinned one",
            line,
            code,
            by_founders(KeySlot::Recovery),
        ),
        Case::verified(
            "happy-path-founders-key-pinned",
            "the reader pinned the key that founders gave Transit",
            authority,
        )
        .agencies(Some("agencies-transits-second-key.txt")),
        Case::verified(
            "happy-path-replaced-with-the-recovery-key",
            "Transit replaced the pinned key itself",
            with_recovery_key,
        ),
        Case::verified(
            "happy-path-replaced-by-founders-and-the-agency",
            "South is among the founders who replaced its pinned key",
            with_the_agency,
        ),
    ]
}
