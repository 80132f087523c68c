//! Other forms that a type may have, and what is wrong with a form in a way of its own: orders, ranges, pairs of
//! fields of which one forbids the other.

use custody_core::cose::{Finding, Outcome, Role};
use custody_core::hash::{Hash, sha256};
use custody_core::id::SubjectId;
use custody_core::merkle::{TreeHead, TreeSize};
use custody_core::record::Link;
use custody_core::record::body::*;

use super::envelope::Case;
use crate::paper::story::{IMAGE, Story};
use crate::paper::vector::Vector;
use crate::paper::{Hand, Page, PaperLedger, digests_of, uuid};

/// All of them.
pub fn vectors(story: &Story) -> Vec<Case> {
    [
        honest(story),
        honest_others(story),
        registry(story),
        begun(story),
        packed(story),
        split(story),
        outside(story),
        said(story),
    ]
    .concat()
}

fn ok(name: &str, desc: &str, page: &Page) -> Case {
    case(name, desc, "ok", page)
}

fn case(name: &str, desc: &str, code: &str, page: &Page) -> Case {
    let folder = page.payload.body.record_type().word();
    (folder, Vector::record(name, desc, code, page.sign()))
}

/// A digest that names nothing.
pub fn some_digest() -> Hash {
    sha256(b"some record")
}

/// What the types of before may have by now.
fn honest(story: &Story) -> Vec<Case> {
    let (ledger, cast, item) = (&story.ledger, &story.cast, uuid("another thing"));
    let quantity = Quantity { amount: 2, unit: Unit::Kg };
    let onward = ledger.handoff(&cast.wim, &cast.caro, &[item], &[]).with(|payload| {
        let Body::Handoff(body) = &mut payload.body else { panic!() };
        (body.onward, body.request) = (Some(some_digest()), Some(uuid("request")));
    });
    let file = ledger.collect_file(&cast.wim, item, IMAGE).with(|payload| {
        let Body::Collect(body) = &mut payload.body else { panic!() };
        (body.request, body.quantity) = (Some(uuid("request")), Some(quantity));
    });
    vec![
        ok(
            "happy-path-measured",
            "a thing of 2 kg",
            &ledger.collect_amount(&cast.wim, item, quantity),
        ),
        ok("happy-path-for-a-request", "a file that was asked for, with a quantity", &file),
        ok("happy-path-onward", "under a permission and a request", &onward),
        ok(
            "happy-path-with-substitutes",
            "two may stand in for the addressee",
            &substituted(story),
        ),
        ok(
            "happy-path-of-an-offer",
            "an offer that was never recorded is refused",
            &ledger.refuse_offer(&cast.wim, &cast.caro, &[item], some_digest()),
        ),
        ok("happy-path-alias", "another name", &ledger.alias(&cast.wim, item, "P-17")),
    ]
}

/// Second forms of the new types.
fn honest_others(story: &Story) -> Vec<Case> {
    let (ledger, cast, item) = (&story.ledger, &story.cast, uuid("another thing"));
    vec![
        ok(
            "happy-path-roles",
            "what a custodian may sign changes",
            &ledger.custodian_roles(&cast.north, &cast.wim, &[Role::Witness]),
        ),
        ok(
            "happy-path-absence",
            "a custodian is away",
            &ledger.absence(&cast.north, &cast.wim, &cast.ana),
        ),
        ok(
            "happy-path-back",
            "it comes back from a court",
            &ledger.take_back(&cast.wim, ExternalParty::Court, &[item]),
        ),
        ok(
            "happy-path-not-signed",
            "a witness stands in for a signature",
            &not_signed(story, true),
        ),
        ok(
            "happy-path-by-the-agency",
            "the agency signs for somebody who cannot",
            &ledger.succession_by(&cast.south, &cast.caro, &cast.dora, &[item], &cast.wim),
        ),
        ok(
            "happy-path-next-step",
            "a request goes on",
            &ledger.request_step(&cast.wim, uuid("request"), RequestStep::Transmitted),
        ),
        ok(
            "happy-path-refused",
            "a request is refused on a ground",
            &ledger.request_step(&cast.dora, uuid("request"), RequestStep::Refused),
        ),
        ok(
            "happy-path-use",
            "a use is permitted",
            &ledger.authorise_use(&cast.caro, &cast.dora, &[item], OnwardUse::Evidence),
        ),
        ok("happy-path-lifted", "no code is left", &ledger.handling(&cast.wim, &[item], &[])),
        ok("happy-path-of-several", "two in one container", &{
            ledger.pack(&cast.wim, uuid("box"), &[item, uuid("yet another")])
        }),
        ok("happy-path-by-the-carrier", "the carrier signs", &scanned_by_carrier(story)),
        ok("happy-path-succeeds", "it goes on from another ledger", &succeeding()),
    ]
}

/// Two may stand in for the addressee.
pub fn substituted(story: &Story) -> Page {
    let (ledger, cast) = (&story.ledger, &story.cast);
    ledger.release(&cast.wim, &cast.caro, &[uuid("another thing")]).with(|payload| {
        let Body::Release(body) = &mut payload.body else { panic!() };
        body.substitutes = vec![cast.dora.id, cast.ben.id];
        body.substitutes.sort();
    })
}

/// Given to somebody who would not sign, with a witness or without.
fn not_signed(story: &Story, is_witnessed: bool) -> Page {
    let (ledger, cast) = (&story.ledger, &story.cast);
    let mut page = ledger.give_outside(&cast.wim, ExternalParty::Owner, &[uuid("another thing")]);
    let Body::HandoffExternal(body) = &mut page.payload.body else { panic!() };
    body.stand_in = StandIn::Refused;
    page.payload.attached.clear();
    if is_witnessed {
        page.hands.push(Hand::of(&cast.dora, Role::Witness));
    }
    page
}

fn scanned_by_carrier(story: &Story) -> Page {
    let (ledger, cast) = (&story.ledger, &story.cast);
    let mut page = ledger.carrier_scan(&cast.ben, &[uuid("another thing")], some_digest());
    page.hands[0].role = Role::OtherParty;
    page
}

/// The opening of the story's ledger as it would be if it went on from another one.
pub fn succeeding() -> Page {
    let story = Story::enrolled();
    let cast = &story.cast;
    let blank = PaperLedger::blank(story.ledger.origin.as_str());
    blank.opening(&[&cast.north, &cast.south]).with(|payload| {
        let Body::LedgerOpen(body) = &mut payload.body else { panic!() };
        body.succeeds = Some(Predecessor {
            origin: "ledger.example/before".parse().unwrap(),
            genesis: sha256(b"entry 0"),
            head: TreeHead { size: TreeSize(17), root: sha256(b"root") },
        });
    })
}

/// What is said about agencies and the ledger.
fn registry(story: &Story) -> Vec<Case> {
    let (ledger, cast) = (&story.ledger, &story.cast);
    let update = |change: fn(&mut AgencyUpdate), page: Page| {
        page.with(|payload| {
            let Body::AgencyUpdate(body) = &mut payload.body else { panic!() };
            change(body);
        })
    };
    let rename = || ledger.agency_rename(&cast.north, "North");
    let mut reversed = ledger.policy_change(&[&cast.north, &cast.south], 1);
    reversed.hands.swap(0, 1);
    let mut reversed_end = ledger.operator_succession(&[&cast.north, &cast.south], "other");
    reversed_end.hands.swap(0, 1);
    let mut by_agency = ledger.anchor();
    by_agency.hands = vec![Hand::authority(&cast.north)];
    // With its second key, since one key cannot sign twice.
    let mut twice = ledger.policy_change(&[&cast.north], 1);
    twice.hands.push(Hand::new(&cast.north.recovery, cast.north.subject(), Role::Authority));
    let unseen = |page: Page| page.with(|payload| payload.seen = None);
    let (subjects, signers) = ("record/subjects", "record/signers");
    vec![
        case(
            "says-nothing",
            "nothing is updated",
            subjects,
            &update(|body| body.name = None, rename()),
        ),
        case(
            "roles-of-an-agency",
            "an agency has no roles",
            subjects,
            &update(|body| body.roles = Some(vec![Role::Acting]), rename()),
        ),
        case(
            "country-of-a-custodian",
            "a custodian has no country",
            subjects,
            &update(
                |body| body.country = Some("NL".to_owned()),
                ledger.custodian_roles(&cast.north, &cast.wim, &[Role::Witness]),
            ),
        ),
        case(
            "absence-ends-before-it-begins",
            "an absence that ends before it begins",
            "cbor/out-of-range",
            &update(
                |body| body.absence = body.absence.map(|a| Absence { until_s: a.from_s - 1, ..a }),
                ledger.absence(&cast.north, &cast.wim, &cast.ana),
            ),
        ),
        case("founder-twice", "one founder signs twice", signers, &twice),
        case("founders-unordered", "the founders sign in another order", signers, &reversed),
        case("founders-unordered", "the founders sign in another order", signers, &reversed_end),
        case("by-an-agency", "an agency signs for the operator", signers, &by_agency),
        case("of-no-tree", "no tree is named", "record/missing-field", &unseen(ledger.anchor())),
        case("of-no-tree", "no tree is named", "record/missing-field", &unseen(ledger.renewal())),
    ]
}

/// Where items come from.
fn begun(story: &Story) -> Vec<Case> {
    let (ledger, wim, item) = (&story.ledger, &story.cast.wim, uuid("another thing"));
    let digest = EvidenceDigest::sha256(DigestScope::Media, &sha256(IMAGE));
    let produced = ledger.provider_production(wim, item, IMAGE).with(|payload| {
        let Body::ProviderProduction(body) = &mut payload.body else { panic!() };
        body.digests = vec![digest.clone()];
    });
    let legacy = ledger.register_legacy(wim, item, b"a table").seal("digests", &digests_of(IMAGE));
    let legacy = legacy.with(|payload| {
        let Body::RegisterLegacy(body) = &mut payload.body else { panic!() };
        body.digests = vec![digest.clone()];
    });
    let (name, desc, code) = ("digests-open-and-sealed", "digests twice", "record/missing-field");
    vec![case(name, desc, code, &produced), case(name, desc, code, &legacy)]
}

/// Containers.
fn packed(story: &Story) -> Vec<Case> {
    let (ledger, wim, item) = (&story.ledger, &story.cast.wim, uuid("another thing"));
    let stray = |page: Page| {
        page.with(|payload| match &mut payload.body {
            Body::Pack(body) => body.container = uuid("elsewhere"),
            Body::Unpack(body) => body.container = uuid("elsewhere"),
            _ => panic!(),
        })
    };
    let [pack, unpack] =
        [ledger.pack(wim, uuid("box"), &[item]), ledger.unpack(wim, uuid("box"), &[item])]
            .map(stray);
    let (name, desc, code) =
        ("container-elsewhere", "the container is none of the items", "record/subjects");
    let nothing = "only the container is there";
    vec![
        case("nothing-packed", nothing, code, &ledger.pack(wim, uuid("box"), &[])),
        case("nothing-unpacked", nothing, code, &ledger.unpack(wim, uuid("box"), &[])),
        case(name, desc, code, &pack),
        case(name, desc, code, &unpack),
    ]
}

/// What items are divided into, and what is used up.
fn split(story: &Story) -> Vec<Case> {
    let (ledger, wim, item) = (&story.ledger, &story.cast.wim, uuid("another thing"));
    let parts = ["part 1", "part 2"].map(|name| SplitPart { item: uuid(name), amount: None });
    let whole = ledger.split(wim, item, &parts, 0);
    let of_split = |change: fn(&mut Split)| {
        whole.clone().with(|payload| {
            let Body::Split(body) = &mut payload.body else { panic!() };
            change(body);
        })
    };
    let of_known = whole.clone().with(|payload| {
        let is_part = |link: &&mut Link| link.subject == SubjectId::Item(uuid("part 1"));
        let link = payload.subjects.iter_mut().find(is_part).unwrap();
        (link.seq, link.prev) = (1, Some(some_digest()));
    });
    let two = ledger.analyse(wim, &[item, uuid("box")]).with(|payload| {
        let purpose = ConsumePurpose::Sample;
        payload.body = Consume { rest: None, amount: None, purpose }.into();
        payload.sealed.clear();
    });
    let other_part = of_split(|body| {
        body.parts[1].item = uuid("part 3");
        body.parts.sort_by_key(|part| part.item);
    });
    let fewer = of_split(|body| body.parts.truncate(1));
    let elsewhere = of_split(|body| body.parent = uuid("elsewhere"));
    let (code, range) = ("record/subjects", "cbor/out-of-range");
    vec![
        case("part-not-among-chains", "a part that the record does not extend", code, &other_part),
        case("chain-not-among-parts", "it extends an item that is no part", code, &fewer),
        case("parent-elsewhere", "what was split is none of the items", code, &elsewhere),
        case("part-that-was-there", "a part that has a history", code, &of_known),
        case("parts-unordered", "another order", range, &of_split(|body| body.parts.reverse())),
        case("part-twice", "twice", range, &of_split(|body| body.parts[1] = body.parts[0])),
        case("no-part", "no part", range, &of_split(|body| body.parts.clear())),
        case("of-two-items", "two items at once", code, &two),
    ]
}

/// Where items go that leave the ledger's people, or somebody's hands.
fn outside(story: &Story) -> Vec<Case> {
    let (ledger, cast, item) = (&story.ledger, &story.cast, uuid("another thing"));
    let unattached = |page: Page| page.with(|payload| payload.attached.clear());
    let given = || ledger.give_outside(&cast.wim, ExternalParty::Court, &[item]);
    let mut both = given();
    both.hands.push(Hand::of(&cast.caro, Role::Receiving));
    let unable = ledger.return_to_owner(&cast.wim, &[item]).with(|payload| {
        payload.body = ReturnToOwner { stand_in: StandIn::Unable }.into();
    });
    let mut alone = ledger.succession_by(&cast.south, &cast.caro, &cast.dora, &[item], &cast.wim);
    alone.hands.pop();
    let to_oneself = |page: Page| page.with(|payload| payload.to = payload.from);
    let offer_on_items = ledger.refuse_offer(&cast.wim, &cast.caro, &[item], some_digest());
    let offer_on_items = offer_on_items.with(|payload| {
        payload.subjects = vec![ledger.link(&SubjectId::Item(item))];
    });
    let release_on_notes = ledger.refuse(&cast.wim, &cast.caro, &[item], some_digest());
    let release_on_notes = release_on_notes.with(|payload| {
        payload.subjects = vec![ledger.link(&SubjectId::Notes(item))];
    });
    let (signers, missing) = ("record/signers", "record/missing-field");
    vec![
        case("document-not-attached", "the paper is not there", missing, &unattached(given())),
        case(
            "document-not-attached",
            "the paper is not there",
            missing,
            &unattached(ledger.return_to_owner(&cast.wim, &[item])),
        ),
        case(
            "not-signed-and-nobody-saw",
            "they would not sign, and no witness does",
            signers,
            &not_signed(story, false),
        ),
        case(
            "not-signed-and-nobody-saw",
            "they could not sign, and no witness does",
            signers,
            &unable,
        ),
        case("both-sides", "somebody with a key takes over", signers, &both),
        case("by-the-agency-alone", "the agency signs and nobody saw it", signers, &alone),
        case(
            "to-oneself",
            "from somebody to themselves",
            "record/parties",
            &to_oneself(ledger.succession(&cast.caro, &cast.dora, &[item])),
        ),
        case(
            "offer-on-items",
            "an offer is refused on the items' chains",
            "record/subjects",
            &offer_on_items,
        ),
        case(
            "release-on-notes",
            "a release is refused in the notes",
            "record/subjects",
            &release_on_notes,
        ),
    ]
}

/// What is said about items and requests.
fn said(story: &Story) -> Vec<Case> {
    let (ledger, cast, item) = (&story.ledger, &story.cast, uuid("another thing"));
    let without = |page: Page, field: &'static str| {
        page.with(|payload| payload.sealed.retain(|(name, _)| name != field))
    };
    let permit = |to: bool, usage| {
        let page = ledger.authorise_use(&cast.caro, &cast.dora, &[item], usage);
        page.with(|payload| {
            let Body::AuthoriseOnward(body) = &mut payload.body else { panic!() };
            body.to = to.then_some(cast.transit.id);
        })
    };
    let text_alias = ledger.note(&cast.wim, item).with(|payload| {
        payload.body = Note { kind: NoteKind::Alias }.into();
    });
    let missing = "record/missing-field";
    let outcome = Outcome { position: 1, finding: Finding::Missing };
    let elsewhere = ledger.inventory(&cast.wim, &[item], vec![outcome]);
    let used = ledger.authorise_use(&cast.caro, &cast.dora, &[item], OnwardUse::Evidence);
    vec![
        case(
            "transfer-to-nobody",
            "a transfer without an agency",
            missing,
            &permit(false, OnwardUse::Transfer),
        ),
        case(
            "publication-to-an-agency",
            "a publication names an agency",
            missing,
            &permit(true, OnwardUse::Publication),
        ),
        case(
            "recipient-not-sealed",
            "a use by nobody knows whom",
            missing,
            &without(used, "recipient"),
        ),
        case("alias-as-text", "another name that stands as a remark", missing, &text_alias),
        case("outcome-of-no-item", "what was found of a second item", "record/outcome", &elsewhere),
    ]
    .into_iter()
    .chain(steps(story))
    .collect()
}

/// Steps of a request that say too little or too much.
fn steps(story: &Story) -> Vec<Case> {
    let (ledger, cast) = (&story.ledger, &story.cast);
    let first = |change: fn(&mut Request)| {
        ledger.request_prepared(&cast.wim, uuid("request 2"), &cast.south).with(|payload| {
            let Body::Request(body) = &mut payload.body else { panic!() };
            change(body);
        })
    };
    let later = |step, change: fn(&mut Request)| {
        ledger.request_step(&cast.wim, uuid("request"), step).with(|payload| {
            let Body::Request(body) = &mut payload.body else { panic!() };
            change(body);
        })
    };
    let begun = ledger.request_step(&cast.wim, uuid("request 2"), RequestStep::Approved);
    let again = ledger.request_prepared(&cast.wim, uuid("request"), &cast.south);
    let missing = "record/missing-field";
    let refused = RequestStep::Refused;
    vec![
        case("prepared-to-nobody", "no requested agency", missing, &first(|body| body.to = None)),
        case("prepared-on-no-basis", "no basis", missing, &first(|body| body.basis = None)),
        case("prepared-for-no-purpose", "no purpose", missing, &first(|body| body.purpose = None)),
        case(
            "prepared-under-nothing",
            "no instrument",
            missing,
            &first(|body| body.instrument = None),
        ),
        case(
            "refused-on-no-ground",
            "no ground",
            missing,
            &later(refused, |body| body.ground = None),
        ),
        case(
            "approved-with-a-ground",
            "a ground without refusal",
            missing,
            &later(RequestStep::Approved, |body| {
                body.ground = Some(RequestGround::Form);
            }),
        ),
        case(
            "approved-with-a-basis",
            "a basis in a later step",
            missing,
            &later(RequestStep::Approved, |body| {
                body.basis = Some(LegalBasis::Treaty);
            }),
        ),
        case("begins-approved", "the first step is a later one", "record/subjects", &begun),
        case("prepared-again", "the first step comes again", "record/subjects", &again),
    ]
}
