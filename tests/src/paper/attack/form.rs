//! Attacks on what a type demands of its record: signers, chains, parties, fields, words and ranges.

use custody_core::cose::{Finding, Observed, Outcome, Role};
use custody_core::hash::sha256;
use custody_core::id::SubjectId;
use custody_core::record::Payload;
use custody_core::record::body::{Body, LedgerPurpose};

use super::envelope::{Case, handoff};
use crate::paper::story::{IMAGE, Story};
use crate::paper::vector::Vector;
use crate::paper::{Agency, Hand, ORIGIN, Page, PaperLedger, Person, uuid};

/// All of them.
pub fn vectors() -> Vec<Case> {
    let mut cases = signers();
    cases.extend(enrolments());
    cases.extend(subjects());
    cases.extend(derived_subjects());
    cases.extend(parties());
    cases.extend(fields());
    cases.extend(ledgers());
    cases.extend(purposes());
    cases
}

fn case(folder: &'static str, name: &str, desc: &str, code: &str, page: &Page) -> Case {
    (folder, Vector::record(name, desc, code, page.sign()))
}

/// A page whose payload is changed after the signers were named, so that they can be changed too.
fn renamed(page: &Page, change: impl FnOnce(&mut Payload)) -> Vec<u8> {
    let mut payload = page.payload.clone();
    payload.signers = page
        .hands
        .iter()
        .map(|hand| custody_core::record::Signer { role: hand.role, id: hand.id.clone() })
        .collect();
    change(&mut payload);
    page.sign_payload(payload.encode())
}

fn signers() -> Vec<Case> {
    let story = Story::collected();
    let (ledger, cast, disk) = (&story.ledger, &story.cast, story.disk);
    let page = handoff(&story);
    let role = renamed(&page, |payload| payload.signers[2].role = Role::Supervisor);
    let mut both = page.clone();
    both.hands[2].role = Role::Supervisor;
    let mut witness_first = page.clone();
    witness_first.hands.swap(0, 2);
    let mut alone = ledger.correct(&cast.ana, &cast.dora, disk, sha256(b"a record"));
    alone.hands.pop();
    let mut unseen = ledger.dispose(&cast.ana, &cast.wim, disk);
    unseen.hands.pop();
    let mut agency_acts = ledger.put_seal(&cast.ana, disk, "1");
    agency_acts.hands[0] = Hand::new(&cast.ana.key, cast.north.subject(), Role::Acting);
    let code = "record/signers";
    vec![
        (
            "handoff",
            Vector::record(
                "role-changed",
                "the payload names a supervisor, a witness signs",
                "record/signature-role",
                role,
            ),
        ),
        case(
            "handoff",
            "role-changed-throughout",
            "a supervisor signs where a witness may",
            code,
            &both,
        ),
        case(
            "handoff",
            "witness-first",
            "the witness stands where the releasing side must",
            code,
            &witness_first,
        ),
        case("correct", "no-supervisor", "nobody answers for a correction", code, &alone),
        case("dispose", "no-witness", "nobody saw the disposal", code, &unseen),
        case("seal", "agency-acts", "an agency signs as if it were a person", code, &agency_acts),
    ]
}

fn enrolments() -> Vec<Case> {
    let story = Story::collected();
    let (ledger, cast) = (&story.ledger, &story.cast);
    let mut enrol = ledger.custodian_enrol(&cast.north, &Person::new("new", &cast.north));
    enrol.hands[1].key = cast.ben.key.clone();
    let mut no_proof = ledger.custodian_enrol(&cast.north, &Person::new("new", &cast.north));
    no_proof.hands.pop();
    let mut other_agency = ledger.custodian_enrol(&cast.south, &Person::new("new", &cast.north));
    let Body::CustodianEnrol(body) = &mut other_agency.payload.body else { panic!() };
    body.agency = cast.north.id;
    let mut self_admitted = ledger.agency_enrol(&[], &Agency::new("third", "FR"));
    self_admitted.hands.retain(|hand| hand.role != Role::Authority);
    let mut unordered =
        ledger.agency_enrol(&[&cast.north, &cast.south], &Agency::new("third", "FR"));
    unordered.hands.swap(0, 1);
    let code = "record/signers";
    vec![
        case(
            "custodian-enrol",
            "another-key-signs",
            "the new key does not sign, another does",
            code,
            &enrol,
        ),
        case(
            "custodian-enrol",
            "no-proof-of-possession",
            "the new key does not sign",
            code,
            &no_proof,
        ),
        case(
            "custodian-enrol",
            "by-another-agency",
            "an agency enrols somebody for another",
            code,
            &other_agency,
        ),
        case("agency-enrol", "by-itself", "an agency admits itself", code, &self_admitted),
        case(
            "agency-enrol",
            "founders-unordered",
            "the founders sign in another order than that of their ids",
            code,
            &unordered,
        ),
    ]
}

fn subjects() -> Vec<Case> {
    let story = Story::collected();
    let (ledger, cast, disk) = (&story.ledger, &story.cast, story.disk);
    let code = "record/subjects";
    let on =
        |page: Page, subject: SubjectId| page.with(|payload| payload.subjects[0].subject = subject);
    let seal = ledger.put_seal(&cast.ana, disk, "1");
    let note = ledger.note(&cast.ana, disk);
    let later = ledger.collect(&cast.ana, uuid("new")).with(|payload| {
        payload.subjects[0].seq = 1;
        payload.subjects[0].prev = Some(sha256(b"a record"));
    });
    let mut off_ledger = ledger.agency_enrol(&[&cast.north], &Agency::new("third", "FR"));
    off_ledger.payload.subjects.pop();
    let offer = ledger.refuse_offer(&cast.ana, &cast.ben, &[disk], sha256(b"an offer"));
    let mut many = ledger.note(&cast.ana, disk);
    many.payload.subjects.push(ledger.link(&SubjectId::Notes(uuid("zzz"))));
    many.payload.subjects.sort_by(|left, right| left.subject.cmp(&right.subject));
    vec![
        case(
            "seal",
            "on-the-notes-chain",
            "a seal on the chain of remarks",
            code,
            &on(seal.clone(), SubjectId::Notes(disk)),
        ),
        case(
            "seal",
            "on-a-request",
            "a seal on a request",
            code,
            &on(seal, SubjectId::Request(disk)),
        ),
        case(
            "note",
            "on-the-custody-chain",
            "a remark on the chain of custody",
            code,
            &on(note, SubjectId::Item(disk)),
        ),
        case("note", "on-two-items", "one remark on two items", code, &many),
        case("collect", "not-the-first", "an item is collected at place 1", code, &later),
        case(
            "agency-enrol",
            "not-on-the-ledgers-chain",
            "the list of agencies is not extended",
            code,
            &off_ledger,
        ),
        case(
            "refuse",
            "offer-on-the-custody-chain",
            "an offer is refused on the chain of custody",
            code,
            &on(offer, SubjectId::Item(disk)),
        ),
    ]
}

fn derived_subjects() -> Vec<Case> {
    let story = Story::collected();
    let (ledger, cast, disk) = (&story.ledger, &story.cast, story.disk);
    let code = "record/subjects";
    let mut orphan = ledger.derive(&cast.ana, disk, story.image, IMAGE);
    orphan.payload.subjects.retain(|link| link.subject != SubjectId::Item(disk));
    let second = ledger.derive(&cast.ana, disk, story.image, IMAGE).with(|payload| {
        let link = payload.subjects.iter_mut().find(|link| link.seq == 0).unwrap();
        (link.seq, link.prev) = (1, Some(sha256(b"a record")));
    });
    let elsewhere = ledger.derive(&cast.ana, disk, story.image, IMAGE).with(|payload| {
        let Body::Derive(body) = &mut payload.body else { panic!() };
        body.parent = uuid("somewhere else");
    });
    vec![
        case("derive", "without-its-parent", "the parent's chain is not extended", code, &orphan),
        case("derive", "into-an-item-that-exists", "the new item is at place 1", code, &second),
        case("derive", "of-another-parent", "the body names another parent", code, &elsewhere),
    ]
}

fn parties() -> Vec<Case> {
    let story = Story::collected();
    let (ledger, cast, disk) = (&story.ledger, &story.cast, story.disk);
    let parties = "record/parties";
    let with = |change: &dyn Fn(&mut Payload)| handoff(&story).with(|payload| change(payload));
    let mut positions = handoff(&story);
    let outcomes = vec![Outcome { position: 1, finding: Finding::Missing }];
    positions.hands[1].observed = Observed { checked: Vec::new(), outcomes };
    vec![
        case(
            "handoff",
            "to-oneself",
            "from and to are one person",
            parties,
            &with(&|p| p.to = p.from),
        ),
        case("handoff", "nobody-receives", "`to` is missing", parties, &with(&|p| p.to = None)),
        case(
            "handoff",
            "to-somebody-else",
            "another person signs than `to` names",
            parties,
            &with(&|p| p.to = Some(uuid("caro"))),
        ),
        case(
            "handoff",
            "from-somebody-else",
            "another person signs than `from` names",
            parties,
            &with(&|p| p.from = Some(uuid("caro"))),
        ),
        case("seal", "with-parties", "a seal from one to another", parties, &{
            ledger.put_seal(&cast.ana, disk, "1").between(&cast.ana, &cast.ben)
        }),
        case(
            "handoff",
            "outcome-of-no-item",
            "an outcome names item 1 of 1",
            "record/outcome",
            &positions,
        ),
    ]
}

fn fields() -> Vec<Case> {
    let story = Story::collected();
    let (ledger, cast, disk) = (&story.ledger, &story.cast, story.disk);
    let field = "record/missing-field";
    let bare = |mut page: Page| {
        page.payload.sealed.clear();
        page
    };
    let mut both = ledger.collect_file(&cast.ana, uuid("file"), IMAGE);
    let Body::Collect(body) = &mut both.payload.body else { panic!() };
    body.digests = vec![custody_core::record::body::EvidenceDigest::sha256(
        custody_core::record::body::DigestScope::Media,
        &sha256(IMAGE),
    )];
    let file = bare(ledger.collect_file(&cast.ana, uuid("file"), IMAGE));
    vec![
        case(
            "seal",
            "no-number",
            "the seal's number is missing",
            field,
            &bare(ledger.put_seal(&cast.ana, disk, "1")),
        ),
        case(
            "note",
            "no-text",
            "a remark without words",
            field,
            &bare(ledger.note(&cast.ana, disk)),
        ),
        case(
            "correct",
            "no-value",
            "the right value is missing",
            field,
            &bare(ledger.correct(&cast.ana, &cast.dora, disk, sha256(b"a record"))),
        ),
        case(
            "dispose",
            "no-authority",
            "nothing says who ordered it",
            field,
            &bare(ledger.dispose(&cast.ana, &cast.wim, disk)),
        ),
        case(
            "derive",
            "no-digest",
            "the new item has no digest",
            field,
            &bare(ledger.derive(&cast.ana, disk, story.image, IMAGE)),
        ),
        case("collect", "file-without-digest", "a file has no digest", field, &file),
        case(
            "collect",
            "digest-sealed-and-open",
            "a digest is sealed and open at once",
            field,
            &both,
        ),
    ]
}

/// A ledger is for training exactly where its name says so.
fn purposes() -> Vec<Case> {
    let north = Agency::new("north", "SE");
    let opening = |origin: &str, purpose| {
        let mut page = PaperLedger::blank(origin).opening(&[&north]);
        let Body::LedgerOpen(body) = &mut page.payload.body else { panic!() };
        body.purpose = purpose;
        page
    };
    let unmarked = opening(ORIGIN, LedgerPurpose::Training);
    let marked = opening("training-not-evidence/paper", LedgerPurpose::Evidence);
    let code = "record/training-origin";
    vec![
        case("ledger-open", "training-unmarked", "a training ledger of any name", code, &unmarked),
        case("ledger-open", "evidence-marked", "evidence under a training name", code, &marked),
    ]
}

fn ledgers() -> Vec<Case> {
    let story = Story::collected();
    let mut other_origin = handoff(&story);
    other_origin.header.origin = "ledger.example/other".parse().unwrap();
    let mut other_genesis = handoff(&story);
    other_genesis.header.genesis = Some(sha256(b"another ledger of this name"));
    let mut none = handoff(&story);
    none.header.genesis = None;
    let mut opening = story.ledger.opening(&[&story.cast.north]).with(|payload| {
        payload.seen = None;
        payload.subjects.iter_mut().for_each(|link| (link.seq, link.prev) = (0, None));
    });
    opening.header.genesis = story.ledger.genesis();
    let mut operator = opening.clone();
    operator.header.genesis = None;
    operator.header.origin = "ledger.example/other".parse().unwrap();
    vec![
        case(
            "handoff",
            "wrong-origin",
            "made for another ledger",
            "record/other-ledger",
            &other_origin,
        ),
        case(
            "handoff",
            "same-origin-another-genesis",
            "made for another ledger of the same name",
            "record/other-genesis",
            &other_genesis,
        ),
        case("handoff", "no-genesis", "made for any ledger of the name", "record/genesis", &none),
        case(
            "ledger-open",
            "with-a-genesis",
            "an opening that names an entry 0",
            "record/genesis",
            &opening,
        ),
        case(
            "ledger-open",
            "of-another-ledger",
            "the operator signs for another ledger than the header names",
            "record/signers",
            &operator,
        ),
    ]
}
