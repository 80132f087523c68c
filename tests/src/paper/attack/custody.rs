//! Exhibits of everything that may happen to an item, in the order in which people did it: what the reports say
//! of it, and that they verify.

use custody_core::cose::{Check, Finding, Observed, Outcome, Role};
use custody_core::exhibit::WithholdReason;
use custody_core::hash::Hash;
use custody_core::id::Uuid;
use custody_core::record::body::*;
use custody_core::verify::LineId::{
    self, BothSides, Continuity, Disputes, EvidenceFiles, HandlingCodes, Redactions, Timestamps,
};

use super::exhibit::{Case, EVIDENCE};
use crate::paper::story::{IMAGE, Story};
use crate::paper::{Page, PaperExhibit, PaperLedger, Person, uuid};

/// What happens to an item, and which one that is.
pub type Tale = fn(&mut Story) -> Uuid;

/// The item that most tales are about.
pub fn phone() -> Uuid {
    uuid("telephone")
}

/// Caro's exhibit of what a tale is about, and the ledger that it is from.
pub fn told(tale: impl FnOnce(&mut Story) -> Uuid) -> (Story, PaperExhibit) {
    let mut story = Story::enrolled();
    let item = tale(&mut story);
    let exhibit = story.exhibit_of(item, &story.cast.caro);
    (story, exhibit)
}

/// All of them.
pub fn cases() -> Vec<Case> {
    let plain = |(name, desc, tale): &(&str, &str, Tale)| {
        Case::verified(name, desc, told(*tale).1.encode()).evidence(&[])
    };
    let pointed = |(name, desc, line, code, tale): &Pointed| {
        Case::verified(name, desc, told(*tale).1.encode()).evidence(&[]).with_line(*line, code)
    };
    let mut cases: Vec<_> = PLAIN.iter().map(plain).collect();
    cases.extend(POINTED.iter().map(pointed));
    cases.extend([carried(), erased(), produced()]);
    cases
}

/// The codes that are in force are those of the exhibit.
fn carried() -> Case {
    let (_, exhibit) = told(handled);
    let file = exhibit.with(|exhibit| exhibit.contents.handling = codes(&CODES)).encode();
    Case::verified("happy-path-handling-codes", "handling codes are carried along", file)
        .evidence(&[])
        .with_line(HandlingCodes, "ok")
}

/// What was erased is withheld, and a record says so.
fn erased() -> Case {
    let file = told(erase).1.withhold(&[(COLLECTED, "description", WithholdReason::Erased)]);
    Case::verified("happy-path-erased", "a description was erased on order", file.encode())
        .evidence(&[])
        .with_line(Redactions, "redactions/withheld")
}

fn produced() -> Case {
    let file = told(|story| {
        let Story { cast, ledger, .. } = story;
        ledger.write(&ledger.provider_production(&cast.ana, phone(), IMAGE));
        phone()
    });
    Case::verified("happy-path-of-a-provider", "what a provider produced", file.1.encode())
        .evidence(&[EVIDENCE])
        .with_line(EvidenceFiles, "ok")
}

/// The codes of [`handled`].
pub const CODES: [&str; 2] = ["H1", "TLP:AMBER"];

/// As an exhibit carries them.
pub fn codes(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

/// The entry in which Ana collects in a tale.
pub const COLLECTED: u64 = 7;

const PLAIN: [(&str, &str, Tale); 9] = [
    ("happy-path-packed", "in a box, which is handed over twice, and out of it", |story| {
        packed(story);
        let Story { cast, ledger, .. } = story;
        ledger.write(&ledger.handoff(&cast.ana, &cast.ben, &[uuid("box")], &[]));
        ledger.write(&ledger.handoff(&cast.ben, &cast.caro, &[uuid("box")], &[]));
        ledger.write(&ledger.unpack(&cast.caro, uuid("box"), &[phone()]));
        ledger.write(&ledger.put_seal(&cast.caro, phone(), "PT-1"));
        phone()
    }),
    ("happy-path-packed-twice", "in a bag in a box, and out of both", |story| {
        nested(story);
        let Story { cast, ledger, .. } = story;
        ledger.write(&ledger.handoff(&cast.ana, &cast.caro, &[uuid("box")], &[]));
        ledger.write(&ledger.unpack(&cast.caro, uuid("box"), &[uuid("bag")]));
        ledger.write(&ledger.unpack(&cast.caro, uuid("bag"), &[phone()]));
        phone()
    }),
    (
        "happy-path-packed-with-its-bounds",
        "in a box that goes back to where it came from",
        |story| {
            packed_with_its_bounds(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.handoff(&cast.caro, &cast.ana, &[uuid("box")], &[]));
            ledger.write(&ledger.unpack(&cast.ana, uuid("box"), &[phone()]));
            phone()
        },
    ),
    ("happy-path-part", "a part of what was split, its sibling and its rest used up", |story| {
        split(story);
        let Story { cast, ledger, .. } = story;
        ledger.write(&ledger.consume(&cast.ana, uuid("counter-sample"), 20, 0));
        ledger.write(&ledger.consume(&cast.ana, uuid("powder"), 50, 0));
        ledger.write(&ledger.handoff(&cast.ana, &cast.caro, &[uuid("sample")], &[]));
        ledger.write(&ledger.consume(&cast.caro, uuid("sample"), 10, 20));
        ledger.write(&ledger.analyse(&cast.caro, &[uuid("sample")]));
        uuid("sample")
    }),
    (
        "happy-path-sibling-in-a-box",
        "the other part went away in a box that is not here",
        |story| {
            split(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.collect(&cast.ana, uuid("box")));
            ledger.write(&ledger.pack(&cast.ana, uuid("box"), &[uuid("counter-sample")]));
            ledger.write(&ledger.handoff(&cast.ana, &cast.ben, &[uuid("box")], &[]));
            ledger.write(&ledger.unpack(&cast.ben, uuid("box"), &[uuid("counter-sample")]));
            ledger.write(&ledger.consume(&cast.ben, uuid("counter-sample"), 20, 0));
            uuid("sample")
        },
    ),
    ("happy-path-stored", "out of storage and back into it", |story| {
        checked_out(story);
        let Story { cast, ledger, .. } = story;
        ledger.write(&ledger.check_in(&cast.wim, &cast.ana, &[phone()]));
        phone()
    }),
    (
        "happy-path-under-a-request",
        "to South under a request, and onward with permission",
        |story| {
            permitted(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.request_step(&cast.ana, uuid("request"), RequestStep::Fulfilled));
            phone()
        },
    ),
    ("happy-path-sent-back", "back to where it came from, without permission", |story| {
        requested(story);
        let Story { cast, ledger, .. } = story;
        ledger.write(&ledger.handoff(&cast.caro, &cast.ana, &[phone()], &[]));
        phone()
    }),
    ("happy-path-after-the-end-of-the-ledger", "another ledger goes on from this one", |story| {
        collected(story);
        ended(story);
        phone()
    }),
];

/// Name, what happened, the line at which a report points at it, its code, and the tale.
type Pointed = (&'static str, &'static str, LineId, &'static str, Tale);

const POINTED: [Pointed; 16] = [
    (
        "happy-path-to-court-and-back",
        "given to a court, and taken back from there",
        BothSides,
        "handoffs/one-side-only",
        |story| {
            given(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.take_back(&cast.wim, ExternalParty::Court, &[phone()]));
            phone()
        },
    ),
    (
        "happy-path-returned",
        "given back to its owner",
        BothSides,
        "handoffs/one-side-only",
        |story| {
            collected(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.return_to_owner(&cast.ana, &[phone()]));
            phone()
        },
    ),
    (
        "happy-path-succession-by-the-agency",
        "Ana cannot sign any more; her agency passes on what she held",
        BothSides,
        "handoffs/one-side-only",
        |story| {
            collected(story);
            let Story { cast, ledger, .. } = story;
            let page =
                ledger.succession_by(&cast.north, &cast.ana, &cast.wim, &[phone()], &cast.ben);
            ledger.write(&page);
            phone()
        },
    ),
    (
        "happy-path-succession",
        "Ana leaves, and Wim takes over what she held",
        BothSides,
        "ok",
        |story| {
            collected(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.succession(&cast.ana, &cast.wim, &[phone()]));
            phone()
        },
    ),
    (
        "happy-path-held",
        "a hold was set and released, and then the item was destroyed",
        Disputes,
        "ok",
        |story| {
            let hold = held(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.hold_release(&cast.ana, &cast.wim, &[phone()], hold));
            ledger.write(&ledger.dispose(&cast.ana, &cast.wim, phone()));
            phone()
        },
    ),
    (
        "happy-path-disputed",
        "a dispute was raised, answered and resolved",
        Disputes,
        "disputes/recorded",
        |story| {
            let dispute = disputed(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.dispute_response(&cast.ana, phone(), dispute));
            resolve(story, dispute);
            phone()
        },
    ),
    (
        "happy-path-inventory",
        "an inventory found another seal",
        Disputes,
        "disputes/recorded",
        |story| {
            collected(story);
            let Story { cast, ledger, .. } = story;
            let outcome = Outcome { position: 0, finding: Finding::SealMismatch };
            ledger.write(&ledger.inventory(&cast.wim, &[phone()], vec![outcome]));
            phone()
        },
    ),
    (
        "happy-path-discrepancy",
        "what the label says is not what is there",
        Disputes,
        "disputes/recorded",
        |story| {
            let record = collected(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.discrepancy(&cast.wim, phone(), Some(record)));
            phone()
        },
    ),
    (
        "happy-path-delayed",
        "a carrier tells that it is delayed",
        Disputes,
        "disputes/recorded",
        |story| {
            let release = released(story);
            let Story { cast, ledger, .. } = story;
            let page = ledger.carrier_scan(&cast.ben, &[phone()], release).with(|payload| {
                payload.body = CarrierScan { event: CarrierEvent::Delayed, release }.into();
            });
            ledger.write(&page);
            phone()
        },
    ),
    (
        "happy-path-seal-broken",
        "a seal came off by accident",
        Disputes,
        "disputes/recorded",
        |story| {
            collected(story);
            let Story { cast, ledger, .. } = story;
            let page = ledger.seal_break(&cast.ana, phone(), "NL-00417").with(|payload| {
                payload.body = SealBreak { reason: BreakReason::Accident }.into();
            });
            ledger.write(&page);
            phone()
        },
    ),
    (
        "happy-path-missing-at-a-succession",
        "it was missing when Wim took over, and Ana still answers for it",
        Disputes,
        "disputes/recorded",
        |story| {
            missed(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.put_seal(&cast.ana, phone(), "NL-00418"));
            phone()
        },
    ),
    (
        "happy-path-in-court",
        "what a court named and admitted, and to whom it was disclosed",
        Disputes,
        "ok",
        |story| {
            collected(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.alias(&cast.ana, phone(), "P-17"));
            ledger.write(&ledger.court_exhibit(&cast.ana, phone(), CourtStatus::Admitted));
            ledger.write(&ledger.disclose(&cast.ana, phone()));
            phone()
        },
    ),
    (
        "happy-path-legacy",
        "what others assert of the time before",
        Continuity,
        "continuity/asserted",
        |story| {
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.register_legacy(&cast.ana, phone(), b"a table of 2019"));
            phone()
        },
    ),
    ("happy-path-overdue", "received later than expected", Continuity, "continuity/overdue", late),
    (
        "happy-path-substitute",
        "received by somebody who may stand in for the addressee",
        Disputes,
        "disputes/recorded",
        late,
    ),
    (
        "happy-path-anchored",
        "a time from outside, a second tree, and what agencies say anew",
        Timestamps,
        "timestamps/not-verified",
        |story| {
            collected(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.anchor());
            ledger.write(&ledger.renewal());
            ledger.write(&ledger.policy_change(&[&cast.north, &cast.south], 1));
            ledger.write(&ledger.agency_rename(&cast.north, "North Forensic Institute"));
            ledger.write(&ledger.absence(&cast.north, &cast.ana, &cast.wim));
            let roles = [Role::Witness, Role::Acting];
            ledger.write(&ledger.custodian_roles(&cast.south, &cast.caro, &roles));
            phone()
        },
    ),
];

/// Ana has a telephone.
pub fn collected(story: &mut Story) -> Hash {
    let Story { cast, ledger, .. } = story;
    ledger.write_digest(&ledger.collect(&cast.ana, phone()))
}

/// It is in a box.
pub fn packed(story: &mut Story) {
    collected(story);
    let Story { cast, ledger, .. } = story;
    ledger.write(&ledger.collect(&cast.ana, uuid("box")));
    ledger.write(&ledger.pack(&cast.ana, uuid("box"), &[phone()]));
}

/// It is in a bag, and the bag in a box.
pub fn nested(story: &mut Story) {
    collected(story);
    let Story { cast, ledger, .. } = story;
    ledger.write(&ledger.collect(&cast.ana, uuid("bag")));
    ledger.write(&ledger.collect(&cast.ana, uuid("box")));
    ledger.write(&ledger.pack(&cast.ana, uuid("bag"), &[phone()]));
    ledger.write(&ledger.pack(&cast.ana, uuid("box"), &[uuid("bag")]));
}

/// It came under a request, and Caro put it into a box that is bound as it is.
pub fn packed_with_its_bounds(story: &mut Story) {
    requested(story);
    let Story { cast, ledger, .. } = story;
    ledger.write(&ledger.collect(&cast.caro, uuid("box")));
    let bound = Some(Bound { agency: cast.north.id, request: uuid("request") });
    ledger.write(&ledger.pack_bound(&cast.caro, uuid("box"), &[phone()], bound));
}

/// Wim did not find it when Ana passed on what she held.
pub fn missed(story: &mut Story) {
    collected(story);
    let Story { cast, ledger, .. } = story;
    let mut page = ledger.succession(&cast.ana, &cast.wim, &[phone()]);
    let outcomes = vec![Outcome { position: 0, finding: Finding::Missing }];
    page.hands[1].observed = Observed { checked: vec![Check::Inventory], outcomes };
    ledger.write(&page);
}

/// Ana has 100 g of powder, of which 30 and 20 are taken.
pub fn split(story: &mut Story) {
    powder(story);
    let Story { cast, ledger, .. } = story;
    ledger.write(&ledger.split(&cast.ana, uuid("powder"), &samples(30, 20), 50));
}

/// Ana has 100 g of powder.
pub fn powder(story: &mut Story) {
    let Story { cast, ledger, .. } = story;
    let quantity = Quantity { amount: 100, unit: Unit::G };
    ledger.write(&ledger.collect_amount(&cast.ana, uuid("powder"), quantity));
}

/// Two parts.
pub fn samples(one: u64, other: u64) -> [SplitPart; 2] {
    [("sample", one), ("counter-sample", other)]
        .map(|(name, amount)| SplitPart { item: uuid(name), amount: Some(amount) })
}

/// Ana gave it to a court.
pub fn given(story: &mut Story) {
    collected(story);
    let Story { cast, ledger, .. } = story;
    ledger.write(&ledger.give_outside(&cast.ana, ExternalParty::Court, &[phone()]));
}

/// It lies in Ana's storage.
pub fn stored(story: &mut Story) {
    collected(story);
    let Story { cast, ledger, .. } = story;
    ledger.write(&ledger.store(&cast.ana, &[phone()]));
}

/// Wim has it out of storage.
pub fn checked_out(story: &mut Story) {
    stored(story);
    let Story { cast, ledger, .. } = story;
    ledger.write(&ledger.check_out(&cast.ana, &cast.wim, &[phone()]));
}

/// Caro of South has it from Ana of North under a request.
pub fn requested(story: &mut Story) {
    accepted(story);
    let Story { cast, ledger, .. } = story;
    ledger.write(&ledger.collect_for(&cast.ana, phone(), uuid("request")));
    ledger.write(&under_request(ledger.handoff(&cast.ana, &cast.caro, &[phone()], &[])));
}

/// Caro passed it on to Ben of Transit, as North had permitted.
pub fn permitted(story: &mut Story) {
    requested(story);
    let Story { cast, ledger, .. } = story;
    let permission = ledger.authorise_transfer(&cast.ana, &cast.wim, &[phone()], &cast.transit);
    let permission = ledger.write_digest(&permission);
    let page = ledger.handoff(&cast.caro, &cast.ben, &[phone()], &[]);
    ledger.write(&onward(page, permission));
}

/// North accepted South's request.
pub fn accepted(story: &mut Story) {
    let Story { cast, ledger, .. } = story;
    let request = uuid("request");
    ledger.write(&ledger.request_prepared(&cast.caro, request, &cast.north));
    ledger.write(&ledger.request_step(&cast.caro, request, RequestStep::Transmitted));
    ledger.write(&ledger.request_step(&cast.ana, request, RequestStep::Accepted));
}

/// The same handoff under the request.
pub fn under_request(page: Page) -> Page {
    page.with(|payload| {
        let Body::Handoff(body) = &mut payload.body else { panic!() };
        body.request = Some(uuid("request"));
    })
}

/// The same handoff with a permission.
pub fn onward(page: Page, permission: Hash) -> Page {
    page.with(|payload| {
        let Body::Handoff(body) = &mut payload.body else { panic!() };
        body.onward = Some(permission);
    })
}

/// North holds it.
pub fn held(story: &mut Story) -> Hash {
    collected(story);
    let Story { cast, ledger, .. } = story;
    ledger.write_digest(&ledger.hold_set(&cast.wim, &[phone()]))
}

/// Ben disputes in what condition it was.
pub fn disputed(story: &mut Story) -> Hash {
    let record = collected(story);
    let Story { cast, ledger, .. } = story;
    ledger.write_digest(&ledger.dispute(&cast.ben, phone(), record))
}

/// Ana ends a dispute, Wim answers for it.
pub fn resolve(story: &mut Story, dispute: Hash) {
    let Story { cast, ledger, .. } = story;
    ledger.write(&ledger.dispute_resolution(&cast.ana, &cast.wim, phone(), dispute));
}

/// North set codes.
pub fn handled(story: &mut Story) -> Uuid {
    collected(story);
    let Story { cast, ledger, .. } = story;
    ledger.write(&ledger.handling(&cast.ana, &[phone()], &["H0"]));
    ledger.write(&ledger.handling(&cast.wim, &[phone()], &CODES));
    phone()
}

/// The description of it was erased.
pub fn erase(story: &mut Story) -> Uuid {
    let record = collected(story);
    let Story { cast, ledger, .. } = story;
    let fields = [(record, "description")];
    ledger.write(&ledger.erase_opening(&cast.ana, &cast.wim, phone(), &fields));
    phone()
}

/// Founders ended the ledger.
pub fn ended(story: &mut Story) {
    let Story { cast, ledger, .. } = story;
    let founders = [&cast.north, &cast.south];
    ledger.write(&ledger.operator_succession(&founders, "ledger.example/successor"));
}

/// Dora received late what was on the way to Caro.
fn late(story: &mut Story) -> Uuid {
    let release = released(story);
    let Story { cast, ledger, .. } = story;
    ledger.write(&ledger.receive(&cast.ana, &cast.dora, &[phone()], release));
    phone()
}

/// It is on the way to Caro, or Dora in her place, and expected soon.
pub fn released(story: &mut Story) -> Hash {
    collected(story);
    let Story { cast, ledger, .. } = story;
    ledger.write_digest(&substituted(ledger, &cast.ana, [&cast.caro, &cast.dora]))
}

/// A release to the first of two, whom the second may stand in for.
pub fn substituted(ledger: &PaperLedger, from: &Person, to: [&Person; 2]) -> Page {
    let expected_s = ledger.now_s() + 60;
    ledger.release(from, to[0], &[phone()]).with(|payload| {
        let Body::Release(body) = &mut payload.body else { panic!() };
        (body.expected_s, body.substitutes) = (Some(expected_s), vec![to[1].id]);
    })
}
