//! Every type of record in its usual form, and every rule once broken, with its code.

use custody_core::cose::{Finding, Observed, Outcome, Role};
use custody_core::custody::{
    Book, Held, Holdings, ItemEnd, KeyState, RuleViolation, Standing, Subject, apply,
};
use custody_core::hash::{Hash, sha256};
use custody_core::id::{SubjectId, Uuid};
use custody_core::key::{CoseKey, Kid};
use custody_core::merkle::LeafIndex;
use custody_core::record::Record;
use custody_core::record::body::{
    Body, KeyReason, KeyRevoke, KeySlot, LateReason, RecordType, SealOutcome,
};
use custody_tests::paper::story::{IMAGE, Story, entry};
use custody_tests::paper::{Agency, Hand, Page, PaperLedger, Person, signing_key, uuid};

fn state(story: &Story, item: Uuid) -> custody_core::custody::ItemState {
    match story.ledger.book.get(&SubjectId::Item(item)) {
        Held::Present(Subject { standing: Standing::Item(state), .. }) => state.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_type_of_record_is_taken_in_its_usual_form() {
    let story = Story::every_type();
    let (ledger, disk, image) = (&story.ledger, story.disk, story.image);
    let types: Vec<_> = (0..ledger.records.len() as u64)
        .map(|index| ledger.record(LeafIndex(index)).record_type())
        .collect();
    for known in RecordType::ALL {
        assert!(types.contains(known), "{known} is missing");
    }
    assert_eq!(RecordType::ALL.len(), 20);
    assert_eq!(state(&story, image).end, Some(ItemEnd::Disposed));
    assert_eq!(state(&story, disk).holder, story.cast.caro.id);
}

#[test]
fn an_item_that_was_missing_stays_with_the_releasing_side() {
    let mut story = Story::collected();
    let Story { cast, ledger, disk, .. } = &mut story;
    let mut page = ledger.handoff(&cast.ana, &cast.ben, &[*disk], &[]);
    let outcomes = vec![Outcome { position: 0, finding: Finding::Missing }];
    page.hands[1] = page.hands[1].clone().observing(Observed { checked: vec![], outcomes });
    ledger.write(&page);
    let disk = *disk;
    assert_eq!(state(&story, disk).holder, story.cast.ana.id);
}

#[test]
fn many_items_go_in_one_handoff_and_one_conflict_stops_all() {
    let mut story = Story::enrolled();
    let Story { cast, ledger, .. } = &mut story;
    let items: Vec<_> = (0..20).map(|number| uuid(&format!("item {number}"))).collect();
    for item in &items {
        ledger.write(&ledger.collect(&cast.ana, *item));
    }
    let both = ledger.handoff(&cast.ana, &cast.ben, &items, &[]);
    ledger.write(&ledger.put_seal(&cast.ana, items[7], "1"));
    let refused = ledger.append(&both).unwrap_err();
    assert_eq!(refused.code(), "custody/conflict");
    ledger.write(&ledger.handoff(&cast.ana, &cast.ben, &items, &[]));
    for item in items {
        assert_eq!(state(&story, item).holder, story.cast.ben.id);
    }
}

/// What a story refuses when it has come so far, and with which code.
type Refusal = (&'static str, fn() -> RuleViolation);

#[test]
fn every_rule_refuses_what_breaks_it() {
    let cases = [CHAINS.as_slice(), KEYS.as_slice(), MOVES.as_slice(), NOTES.as_slice()].concat();
    for (code, case) in &cases {
        assert_eq!(case().code(), *code);
    }
    let mut codes: Vec<_> = cases.iter().map(|(code, _)| *code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 22, "{codes:?}");
}

fn refuse(mut story: Story, page: impl FnOnce(&mut Story) -> Page) -> RuleViolation {
    let page = page(&mut story);
    story.ledger.append(&page).unwrap_err()
}

const CHAINS: [Refusal; 9] = [
    ("custody/genesis-place", || {
        refuse(Story::enrolled(), |story| {
            let mut page = story.ledger.opening(&[&Agency::new("third", "FR")]);
            page.header.genesis = None;
            page.with(|payload| {
                payload.seen = None;
                for link in &mut payload.subjects {
                    (link.seq, link.prev) = (0, None);
                }
            })
        })
    }),
    ("custody/genesis-place", || {
        let story = Story::collected();
        let record = story.ledger.record(LeafIndex(entry::SEAL));
        apply(&Book::whole(), &record, LeafIndex(0)).unwrap_err()
    }),
    // A place that is taken, a place that is too far on, another record before it.
    ("custody/conflict", || {
        refuse(Story::collected(), |story| {
            let page = story.ledger.put_seal(&story.cast.ana, story.disk, "1");
            story.ledger.write(&page.clone().with(|payload| payload.occurred.utc_s += 1));
            page
        })
    }),
    ("custody/conflict", || {
        refuse(Story::collected(), |story| {
            let page = story.ledger.put_seal(&story.cast.ana, story.disk, "1");
            page.with(|payload| payload.subjects[0].seq += 1)
        })
    }),
    ("custody/conflict", || {
        refuse(Story::collected(), |story| {
            let page = story.ledger.put_seal(&story.cast.ana, story.disk, "1");
            page.with(|payload| payload.subjects[0].prev = Some(sha256(b"another")))
        })
    }),
    ("custody/no-such-subject", || {
        refuse(Story::enrolled(), |story| story.ledger.put_seal(&story.cast.ana, story.disk, "1"))
    }),
    ("custody/no-such-subject", || {
        refuse(Story::enrolled(), |story| story.ledger.note(&story.cast.ana, story.disk))
    }),
    // Neither item exists: the parent must not come into being as its own child.
    ("custody/no-such-subject", || {
        refuse(Story::enrolled(), |story| {
            story.ledger.derive(&story.cast.ana, story.disk, story.image, IMAGE)
        })
    }),
    ("custody/not-held", || {
        let story = Story::collected();
        let book = Book::partial([SubjectId::Item(story.disk)]);
        let record = story.ledger.record(LeafIndex(entry::COLLECT));
        apply(&book, &record, LeafIndex(entry::COLLECT)).unwrap_err()
    }),
];

const KEYS: [Refusal; 18] = [
    ("custody/no-such-subject", || {
        refuse(Story::collected(), |story| {
            let nobody = Person::new("nobody", &story.cast.north);
            story.ledger.write(&story.ledger.custodian_enrol(&story.cast.north, &story_key()));
            let hand = Hand::new(&story_key().key, nobody.subject(), Role::Acting);
            let mut page = story.ledger.put_seal(&nobody, story.disk, "1");
            page.hands = vec![hand];
            page
        })
    }),
    // Ben's key under Ana's name.
    ("custody/key-not-enrolled", || {
        refuse(Story::collected(), |story| {
            let ana = story.cast.ana.with_key(&story.cast.ben.key);
            story.ledger.put_seal(&ana, story.disk, "1")
        })
    }),
    // A recovery key enrols nobody.
    ("custody/key-not-enrolled", || {
        refuse(Story::enrolled(), |story| {
            let north =
                Agency { key: story.cast.north.recovery.clone(), ..story.cast.north.clone() };
            story.ledger.custodian_enrol(&north, &Person::new("new", &north))
        })
    }),
    ("custody/key-ended", || {
        refuse(Story::collected(), |story| {
            story.ledger.write(&story.ledger.key_revoke(&story.cast.north, &story.cast.ana));
            story.ledger.put_seal(&story.cast.ana, story.disk, "1")
        })
    }),
    ("custody/key-ended", || {
        refuse(Story::collected(), |story| {
            let (ledger, cast) = (&mut story.ledger, &story.cast);
            ledger.write(&ledger.key_rotate(&cast.north, &cast.ana, &signing_key("second")));
            ledger.put_seal(&cast.ana, story.disk, "1")
        })
    }),
    ("custody/key-ended", || {
        refuse(Story::collected(), |story| {
            let (ledger, cast) = (&mut story.ledger, &story.cast);
            ledger.write(&ledger.key_compromised(&cast.north, &cast.ana, ledger.now_s()));
            ledger.put_seal(&cast.ana, story.disk, "1")
        })
    }),
    ("custody/key-enrolled-twice", || {
        refuse(Story::enrolled(), |story| {
            let twin = Person::new("twin", &story.cast.south).with_key(&story.cast.ana.key);
            story.ledger.custodian_enrol(&story.cast.south, &twin)
        })
    }),
    // Not even after it ended.
    ("custody/key-enrolled-twice", || {
        refuse(Story::enrolled(), |story| {
            let (ledger, cast) = (&mut story.ledger, &story.cast);
            ledger.write(&ledger.key_rotate(&cast.north, &cast.ana, &signing_key("second")));
            ledger.key_rotate(&cast.north, &cast.ana, &cast.ana.key)
        })
    }),
    // The operator, as somebody's custodian.
    ("custody/key-enrolled-twice", || {
        refuse(Story::enrolled(), |story| {
            let operator = story.ledger.operator();
            let person = Person::new("operator", &story.cast.south).with_key(&operator);
            story.ledger.custodian_enrol(&story.cast.south, &person)
        })
    }),
    ("custody/no-such-key", || {
        refuse(Story::enrolled(), |story| {
            let ana = story.cast.ana.with_key(&story.cast.ben.key);
            story.ledger.key_revoke(&story.cast.north, &ana)
        })
    }),
    ("custody/no-such-key", || {
        refuse(Story::enrolled(), |story| {
            let page = story.ledger.key_revoke(&story.cast.north, &story.cast.ana);
            story.ledger.write(&page);
            story.ledger.key_revoke(&story.cast.north, &story.cast.ana)
        })
    }),
    // A compromise since the time that is known, or later.
    ("custody/no-such-key", || compromised_again(0)),
    ("custody/no-such-key", || compromised_again(1)),
    ("custody/too-many-keys", || {
        refuse(Story::enrolled(), |story| {
            let (ledger, cast) = (&mut story.ledger, &story.cast);
            for number in 1..1024 {
                let key = signing_key(&format!("key {number}"));
                ledger.write(&ledger.key_rotate(&cast.north, &cast.ana, &key));
            }
            ledger.key_rotate(&cast.north, &cast.ana, &signing_key("one too many"))
        })
    }),
    ("custody/role-not-granted", || {
        refuse(Story::enrolled(), |story| {
            let clerk = witness_only(story);
            story.ledger.collect(&clerk, story.disk)
        })
    }),
    ("custody/not-its-agency", || {
        refuse(Story::enrolled(), |story| {
            story.ledger.key_revoke(&story.cast.south, &story.cast.ana)
        })
    }),
    ("custody/quorum", || {
        refuse(Story::enrolled(), |story| {
            story.ledger.agency_enrol(&[&story.cast.north], &Agency::new("third", "FR"))
        })
    }),
    // Another agency's authority key, which only all founders together could end.
    ("custody/quorum", || {
        refuse(Story::enrolled(), |story| {
            let kid = CoseKey::from_bytes(story.cast.south.key.verifying_key().as_bytes()).unwrap();
            let body = KeyRevoke { kid: kid.kid(), reason: KeyReason::Stolen };
            let hands = vec![Hand::authority(&story.cast.north)];
            story.ledger.page(&[story.cast.south.subject()], hands, body)
        })
    }),
];

/// Ana's key is said to be compromised, and once more since some seconds later.
fn compromised_again(later_s: u64) -> RuleViolation {
    refuse(Story::enrolled(), |story| {
        let (ledger, cast) = (&mut story.ledger, &story.cast);
        let since_s = ledger.now_s();
        ledger.write(&ledger.key_compromised(&cast.north, &cast.ana, since_s));
        ledger.key_compromised(&cast.north, &cast.ana, since_s + later_s)
    })
}

fn story_key() -> Person {
    Person::new("somebody", &Agency::new("North Forensic Service", "NL"))
}

const MOVES: [Refusal; 12] = [
    ("custody/not-the-holder", || {
        refuse(Story::collected(), |story| story.ledger.put_seal(&story.cast.ben, story.disk, "1"))
    }),
    ("custody/not-the-holder", || {
        refuse(Story::collected(), |story| {
            story.ledger.handoff(&story.cast.ben, &story.cast.caro, &[story.disk], &[])
        })
    }),
    // Ana had it before, and does not have it any more.
    ("custody/not-the-holder", || {
        refuse(Story::whole(), |story| {
            story.ledger.release(&story.cast.ana, &story.cast.ben, &[story.disk])
        })
    }),
    ("custody/not-the-holder", || {
        refuse(Story::released(), |story| {
            let (cast, digest) = (&story.cast, newest(story));
            story.ledger.recall(&cast.ana, &cast.caro, &[story.disk], digest)
        })
    }),
    ("custody/release-open", || {
        refuse(Story::released(), |story| {
            story.ledger.seal_check(&story.cast.ben, story.disk, SealOutcome::Intact)
        })
    }),
    ("custody/release-open", || {
        refuse(Story::released(), |story| {
            story.ledger.release(&story.cast.ben, &story.cast.dora, &[story.disk])
        })
    }),
    ("custody/no-open-release", || {
        refuse(Story::released(), |story| {
            let cast = &story.cast;
            story.ledger.receive(&cast.ben, &cast.caro, &[story.disk], sha256(b"another"))
        })
    }),
    // The release that was refused stays refused.
    ("custody/no-open-release", || {
        refuse(Story::released(), |story| {
            let first = story.ledger.record(LeafIndex(entry::RELEASE)).digest();
            story.ledger.receive(&story.cast.ben, &story.cast.caro, &[story.disk], first)
        })
    }),
    ("custody/not-the-addressee", || {
        refuse(Story::released(), |story| {
            let (cast, digest) = (&story.cast, newest(story));
            story.ledger.receive(&cast.ben, &cast.dora, &[story.disk], digest)
        })
    }),
    // It is on the way to Caro.
    ("custody/not-the-addressee", || {
        refuse(Story::released(), |story| {
            let (cast, digest) = (&story.cast, newest(story));
            story.ledger.recall(&cast.ben, &cast.dora, &[story.disk], digest)
        })
    }),
    ("custody/disposed", || {
        refuse(Story::collected(), |story| {
            let (ledger, cast) = (&mut story.ledger, &story.cast);
            ledger.write(&ledger.dispose(&cast.ana, &cast.wim, story.disk));
            ledger.put_seal(&cast.ana, story.disk, "1")
        })
    }),
    ("custody/witness-in-chain", || {
        refuse(Story::whole(), |story| {
            story.ledger.dispose(&story.cast.caro, &story.cast.ana, story.disk)
        })
    }),
];

/// Enrols somebody in role 3 only.
fn witness_only(story: &mut Story) -> Person {
    let clerk = Person::new("clerk", &story.cast.north);
    let page = story.ledger.custodian_enrol(&story.cast.north, &clerk);
    story.ledger.write(&page.with(|payload| {
        let Body::CustodianEnrol(body) = &mut payload.body else { panic!() };
        body.roles = vec![Role::Witness];
    }));
    clerk
}

fn newest(story: &Story) -> Hash {
    sha256(story.ledger.records.last().unwrap())
}

/// A record of a handoff that could have stood where the seal was put on.
fn loser(ledger: &PaperLedger, story: &Story, item: Uuid) -> Page {
    in_place_of_the_seal(ledger, ledger.handoff(&story.cast.ana, &story.cast.ben, &[item], &[]))
}

fn in_place_of_the_seal(ledger: &PaperLedger, page: Page) -> Page {
    let prev = ledger.record(LeafIndex(entry::COLLECT)).digest();
    page.with(|payload| {
        payload.subjects[0].seq = 1;
        payload.subjects[0].prev = Some(prev);
    })
}

const NOTES: [Refusal; 13] = [
    ("custody/disposed", || {
        refuse(Story::collected(), |story| {
            let (ledger, cast) = (&mut story.ledger, &story.cast);
            ledger.write(&ledger.dispose(&cast.ana, &cast.wim, story.disk));
            ledger.note(&cast.ana, story.disk)
        })
    }),
    ("custody/own-supervisor", || {
        let story = Story::collected();
        let dora = &story.cast.dora;
        let twice = dora.with_key(&signing_key("dora's second"));
        let page = story.ledger.correct(dora, &twice, story.disk, sha256(b"any"));
        let record = Record::parse(&page.sign()).unwrap();
        let book = TwoKeys::of(&story, dora.subject(), &twice);
        apply(&book, &record, LeafIndex(9)).unwrap_err()
    }),
    // Of another ledger.
    ("custody/embedded", || {
        refuse(Story::collected(), |story| {
            let north = story.cast.north.clone();
            let other = PaperLedger::found_as("ledger.example/other", &[&north]);
            let record = loser(&other_pages(other, story), story, story.disk).sign();
            story.ledger.late_entry(&story.cast.ana, story.disk, record, LateReason::Conflict)
        })
    }),
    // Signed, but not by those it names.
    ("custody/embedded", || {
        refuse(Story::collected(), |story| {
            let mut record = loser(&story.ledger, story, story.disk).sign();
            *record.last_mut().unwrap() ^= 1;
            story.ledger.late_entry(&story.cast.ana, story.disk, record, LateReason::Conflict)
        })
    }),
    // No record at all.
    ("custody/embedded", || {
        refuse(Story::collected(), |story| {
            let record = b"a letter".to_vec();
            story.ledger.late_entry(&story.cast.ana, story.disk, record, LateReason::Conflict)
        })
    }),
    ("custody/embedded-elsewhere", || {
        refuse(Story::collected(), |story| {
            let record = loser(&story.ledger, story, story.image).sign();
            story.ledger.late_entry(&story.cast.ana, story.disk, record, LateReason::Conflict)
        })
    }),
    // A late entry inside a late entry.
    ("custody/embedded-elsewhere", || {
        refuse(Story::collected(), |story| {
            let (ledger, cast, disk) = (&mut story.ledger, &story.cast, story.disk);
            let inner = ledger.late_entry(&cast.ana, disk, vec![0], LateReason::Conflict).sign();
            ledger.late_entry(&cast.ana, disk, inner, LateReason::Conflict)
        })
    }),
    // A handoff to somebody who was enrolled to witness.
    ("custody/role-not-granted", || {
        refuse(Story::collected(), |story| {
            let clerk = witness_only(story);
            let (ledger, cast, disk) = (&story.ledger, &story.cast, story.disk);
            let page = ledger.handoff(&cast.ana, &clerk, &[disk], &[]);
            let record = in_place_of_the_seal(ledger, page).sign();
            ledger.late_entry(&cast.ana, disk, record, LateReason::Conflict)
        })
    }),
    // A handoff that can still take its place.
    ("custody/not-late", || {
        refuse(Story::collected(), |story| {
            let (ledger, cast, disk) = (&mut story.ledger, &story.cast, story.disk);
            let record = ledger.handoff(&cast.ana, &cast.ben, &[disk], &[]).sign();
            ledger.late_entry(&cast.ana, disk, record, LateReason::Conflict)
        })
    }),
    // The record that took the place.
    ("custody/not-late", || {
        refuse(Story::collected(), |story| {
            let (ledger, cast, disk) = (&mut story.ledger, &story.cast, story.disk);
            let record = ledger.records[entry::SEAL as usize].clone();
            ledger.late_entry(&cast.ana, disk, record, LateReason::Conflict)
        })
    }),
    // One that took its place further back, and one whose key ended later.
    ("custody/not-late", || {
        refuse(Story::collected(), |story| {
            let (ledger, cast, disk) = (&mut story.ledger, &story.cast, story.disk);
            ledger.write(&ledger.put_seal(&cast.ana, disk, "2"));
            let record = ledger.records[entry::SEAL as usize].clone();
            ledger.late_entry(&cast.ana, disk, record, LateReason::Conflict)
        })
    }),
    ("custody/not-late", || {
        refuse(Story::collected(), |story| {
            let (ledger, cast, disk) = (&mut story.ledger, &story.cast, story.disk);
            ledger.write(&ledger.key_revoke(&cast.north, &cast.ana));
            let record = ledger.records[entry::SEAL as usize].clone();
            ledger.late_entry(&cast.wim, disk, record, LateReason::KeyEnded)
        })
    }),
    // Nobody's key has ended.
    ("custody/not-late", || {
        refuse(Story::collected(), |story| {
            let record = loser(&story.ledger, story, story.disk).sign();
            story.ledger.late_entry(&story.cast.ana, story.disk, record, LateReason::KeyEnded)
        })
    }),
];

/// The other ledger, as long as the story's.
fn other_pages(mut other: PaperLedger, story: &Story) -> PaperLedger {
    other.write(&other.custodian_enrol(&story.cast.north, &story.cast.ana));
    while other.entries.len() <= entry::COLLECT as usize {
        let item = uuid(&format!("other {}", other.entries.len()));
        other.write(&other.collect(&story.cast.ana, item));
    }
    other
}

/// A book in which somebody has two keys at once. No record leads there; the rule does not rely on it.
struct TwoKeys {
    book: Book,
    id: SubjectId,
    subject: Subject,
}

impl TwoKeys {
    fn of(story: &Story, id: SubjectId, second: &Person) -> Self {
        let Held::Present(subject) = story.ledger.book.get(&id) else { panic!() };
        let mut subject = subject.clone();
        let Standing::Custodian(person) = &mut subject.standing else { panic!() };
        let key = CoseKey::from_bytes(second.key.verifying_key().as_bytes()).unwrap();
        person.keys.push(KeyState::active(key, KeySlot::Custodian));
        Self { book: story.ledger.book.clone(), id, subject }
    }
}

impl Holdings for TwoKeys {
    fn get(&self, id: &SubjectId) -> Held<'_> {
        if *id == self.id { Held::Present(&self.subject) } else { self.book.get(id) }
    }

    fn owner_of(&self, kid: &Kid) -> Option<SubjectId> {
        self.book.owner_of(kid)
    }

    fn has_record(&self, digest: &Hash) -> Option<bool> {
        self.book.has_record(digest)
    }
}

/// A book that keeps no records says so, and leaves it to others to look.
#[test]
fn what_nobody_can_tell_of_an_embedded_record_is_handed_on() {
    let story = Story::collected();
    let mut book = Book::whole();
    for (index, _) in story.ledger.records.iter().enumerate() {
        let index = LeafIndex(index as u64);
        let applied = apply(&book, &story.ledger.record(index), index).unwrap();
        book.absorb(applied);
    }
    let embed = |record: Vec<u8>| {
        let page =
            story.ledger.late_entry(&story.cast.ana, story.disk, record, LateReason::Conflict);
        let record = Record::parse(&page.sign()).unwrap();
        let index = LeafIndex(story.ledger.records.len() as u64);
        [&book, &story.ledger.book].map(|book| match apply(book, &record, index) {
            Ok(applied) => Ok(applied.embedded),
            Err(violation) => Err(violation.code()),
        })
    };
    let late = loser(&story.ledger, &story, story.disk).sign();
    assert_eq!(embed(late.clone()), [Ok(Some(sha256(&late))), Ok(None)]);
    let seal = story.ledger.records[entry::SEAL as usize].clone();
    assert_eq!(embed(seal.clone()), [Ok(Some(sha256(&seal))), Err("custody/not-late")]);
}

#[test]
fn what_is_not_at_hand_is_said_and_not_judged() {
    let story = Story::collected();
    let cast = &story.cast;
    let scope = [cast.north.subject(), cast.ana.subject(), story.ledger.subject()];
    let mut book = Book::partial(scope);
    for index in [0, 1, entry::COLLECT] {
        let record = story.ledger.record(LeafIndex(index));
        let applied = apply(&book, &record, LeafIndex(index)).unwrap();
        let unknown = [SubjectId::Agency(cast.south.id), SubjectId::Item(story.disk)];
        assert!(applied.unchecked.iter().all(|id| unknown.contains(id)), "{applied:?}");
        assert_eq!(applied.unchecked.is_empty(), index == 1);
        book.absorb(applied);
    }
    assert!(matches!(book.get(&SubjectId::Item(story.disk)), Held::Unknown));
    assert!(matches!(book.get(&cast.ana.subject()), Held::Present(_)));
}
