//! Exhibits that tell one rule from a neighbour that most histories would not: what a part is bound to, where things
//! stay, when a lock is off, whose record an erasure names.

use custody_core::cose::{Check, Finding, Observed, Outcome};
use custody_core::exhibit::WithholdReason;
use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::*;
use custody_core::verify::LineId::{
    self, Completeness, CustodyRules, Disputes, HandlingCodes, Redactions,
};

use super::custody::*;
use super::exhibit::Case;
use crate::paper::cast::Agency;
use crate::paper::story::{IMAGE, Story};
use crate::paper::{Page, PaperLedger, Person, uuid};

/// All of them.
pub fn cases() -> Vec<Case> {
    let good = |(name, desc, line, code, tale): &(&str, &str, LineId, &str, Tale)| {
        Case::verified(name, desc, told(*tale).1.encode()).evidence(&[]).with_line(*line, code)
    };
    let mut cases: Vec<_> = KEPT.iter().chain(&UNDER_HOLD).map(good).collect();
    cases.extend(BROKEN.iter().map(broken));
    cases.extend([lock_lifted(), parents_codes(), other_records_field()]);
    cases.extend(left_out());
    cases
}

/// What happened before, and the record that the log should have refused.
type Broken = (&'static str, &'static str, &'static str, fn(&mut Story) -> (Uuid, Page));

fn broken((name, desc, code, breach): &Broken) -> Case {
    let (_, exhibit) = told(|story| {
        let (item, page) = breach(story);
        assert_eq!(story.ledger.append(&page).unwrap_err().code(), *code, "{name}");
        story.ledger.force_page(&page);
        item
    });
    Case::rejected(name, desc, CustodyRules, code, exhibit.encode()).evidence(&[])
}

const NOT_AUTHORISED: &str = "custody/onward-not-authorised";

const BROKEN: [Broken; 7] = [
    (
        "part-onward-without-permission",
        "a part of what came under a request",
        NOT_AUTHORISED,
        |story| {
            asked_powder(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.split(&cast.caro, uuid("powder"), &samples(30, 20), 50));
            (uuid("sample"), ledger.handoff(&cast.caro, &cast.ben, &[uuid("sample")], &[]))
        },
    ),
    (
        "copy-onward-without-permission",
        "an image of what came under a request",
        NOT_AUTHORISED,
        |story| {
            requested(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.derive(&cast.caro, phone(), uuid("copy"), IMAGE));
            (uuid("copy"), ledger.handoff(&cast.caro, &cast.ben, &[uuid("copy")], &[]))
        },
    ),
    (
        "out-of-a-box-onward-without-permission",
        "what was in a box that came under a request goes to a third agency without it",
        NOT_AUTHORISED,
        |story| {
            box_requested(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.unpack(&cast.caro, uuid("box"), &[phone()]));
            (phone(), ledger.handoff(&cast.caro, &cast.ben, &[phone()], &[]))
        },
    ),
    (
        "out-of-a-bag-in-a-box-onward-without-permission",
        "the same out of a bag in the box",
        NOT_AUTHORISED,
        |story| {
            accepted(story);
            nested(story);
            let Story { cast, ledger, .. } = story;
            let page = ledger.handoff(&cast.ana, &cast.caro, &[uuid("box")], &[]);
            ledger.write(&under_request(page));
            ledger.write(&ledger.unpack(&cast.caro, uuid("box"), &[uuid("bag")]));
            ledger.write(&ledger.unpack(&cast.caro, uuid("bag"), &[phone()]));
            (phone(), ledger.handoff(&cast.caro, &cast.ben, &[phone()], &[]))
        },
    ),
    (
        "from-a-substitute-onward-without-permission",
        "a substitute in another agency received it under a request and passes it on",
        NOT_AUTHORISED,
        |story| {
            let release = within_north(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.receive(&cast.ana, &cast.caro, &[phone()], release));
            (phone(), ledger.handoff(&cast.caro, &cast.ben, &[phone()], &[]))
        },
    ),
    (
        "checked-out-after-it-was-on-the-way",
        "what was released and recalled is in storage no more",
        "custody/not-stored",
        |story| {
            stored(story);
            let Story { cast, ledger, .. } = story;
            let release = ledger.write_digest(&ledger.release(&cast.ana, &cast.caro, &[phone()]));
            ledger.write(&ledger.recall(&cast.ana, &cast.caro, &[phone()], release));
            (phone(), ledger.check_out(&cast.ana, &cast.wim, &[phone()]))
        },
    ),
    ("accepted-twice", "a request is accepted again", "custody/request-step", |story| {
        requested(story);
        let step = RequestStep::Accepted;
        (phone(), story.ledger.request_step(&story.cast.ana, uuid("request"), step))
    }),
];

/// Name, what happened, a line of the report, its code, and the tale.
type Kept = (&'static str, &'static str, LineId, &'static str, Tale);

const KEPT: [Kept; 6] = [
    (
        "happy-path-succession-in-storage",
        "Wim takes over what lies in Ana's storage, and gives it out of there",
        CustodyRules,
        "ok",
        |story| {
            stored(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.succession(&cast.ana, &cast.wim, &[phone()]));
            ledger.write(&ledger.check_out(&cast.wim, &cast.ana, &[phone()]));
            phone()
        },
    ),
    (
        "happy-path-missing-at-a-check-in",
        "it was missing when it was brought back; Wim answers for it until it is",
        Disputes,
        "disputes/recorded",
        |story| {
            checked_out(story);
            let Story { cast, ledger, .. } = story;
            let page = ledger.check_in(&cast.wim, &cast.ana, &[phone()]);
            ledger.write(&missing(page));
            ledger.write(&ledger.put_seal(&cast.wim, phone(), "NL-00418"));
            ledger.write(&ledger.check_in(&cast.wim, &cast.ana, &[phone()]));
            phone()
        },
    ),
    (
        "happy-path-executed-in-steps",
        "a request is executed in several steps",
        CustodyRules,
        "ok",
        |story| {
            requested(story);
            let Story { cast, ledger, .. } = story;
            for step in [RequestStep::Executing, RequestStep::Executing, RequestStep::Fulfilled] {
                ledger.write(&ledger.request_step(&cast.ana, uuid("request"), step));
            }
            phone()
        },
    ),
    (
        "happy-path-out-of-a-box-that-stayed",
        "what Caro put into a bound box, and took out again, is as free as before",
        CustodyRules,
        "ok",
        |story| {
            box_requested(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.collect(&cast.caro, uuid("own")));
            ledger.write(&ledger.pack(&cast.caro, uuid("box"), &[uuid("own")]));
            ledger.write(&ledger.unpack(&cast.caro, uuid("box"), &[uuid("own")]));
            ledger.write(&ledger.handoff(&cast.caro, &cast.ben, &[uuid("own")], &[]));
            uuid("own")
        },
    ),
    (
        "happy-path-recalled-under-a-request",
        "what did not arrive under the request went another time, and on from there",
        Disputes,
        "disputes/recorded",
        |story| {
            accepted(story);
            collected(story);
            let Story { cast, ledger, .. } = story;
            let page = asked(ledger.release(&cast.ana, &cast.caro, &[phone()]), &[]);
            let release = ledger.write_digest(&page);
            ledger.write(&ledger.recall(&cast.ana, &cast.caro, &[phone()], release));
            ledger.write(&ledger.handoff(&cast.ana, &cast.caro, &[phone()], &[]));
            ledger.write(&ledger.handoff(&cast.caro, &cast.ben, &[phone()], &[]));
            phone()
        },
    ),
    (
        "happy-path-received-within-the-agency",
        "Wim, to whom it was addressed, received it, and it is not bound",
        CustodyRules,
        "ok",
        |story| {
            let release = within_north(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.receive(&cast.ana, &cast.wim, &[phone()], release));
            ledger.write(&ledger.handoff(&cast.wim, &cast.caro, &[phone()], &[]));
            ledger.write(&ledger.handoff(&cast.caro, &cast.ben, &[phone()], &[]));
            phone()
        },
    ),
];

const UNDER_HOLD: [Kept; 4] = [
    (
        "happy-path-used-up-under-a-hold",
        "used up while it must be kept: it happened, and the report says so",
        Disputes,
        "disputes/recorded",
        |story| {
            held_powder(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.consume(&cast.ana, uuid("powder"), 100, 0));
            uuid("powder")
        },
    ),
    (
        "happy-path-split-under-a-hold",
        "parts are taken from what must be kept: the report of a part says so",
        Disputes,
        "disputes/recorded",
        |story| {
            held_powder(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.split(&cast.ana, uuid("powder"), &samples(80, 20), 0));
            uuid("sample")
        },
    ),
    (
        "happy-path-used-after-a-hold",
        "used up before there was a hold, and after it was over",
        Disputes,
        "ok",
        |story| {
            powder(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.consume(&cast.ana, uuid("powder"), 10, 90));
            let hold = ledger.write_digest(&ledger.hold_set(&cast.wim, &[uuid("powder")]));
            ledger.write(&ledger.hold_release(&cast.ana, &cast.wim, &[uuid("powder")], hold));
            ledger.write(&ledger.consume(&cast.ana, uuid("powder"), 90, 0));
            uuid("powder")
        },
    ),
    (
        "happy-path-hold-released-after-the-end",
        "a hold under which it was used up is over",
        Disputes,
        "disputes/recorded",
        |story| {
            let hold = held_powder(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.consume(&cast.ana, uuid("powder"), 100, 0));
            ledger.write(&ledger.hold_release(&cast.ana, &cast.wim, &[uuid("powder")], hold));
            uuid("powder")
        },
    ),
];

/// North holds 100 g of powder.
fn held_powder(story: &mut Story) -> Hash {
    powder(story);
    let Story { cast, ledger, .. } = story;
    ledger.write_digest(&ledger.hold_set(&cast.wim, &[uuid("powder")]))
}

/// Caro has powder from Ana under a request.
fn asked_powder(story: &mut Story) {
    accepted(story);
    powder(story);
    let Story { cast, ledger, .. } = story;
    let page = ledger.handoff(&cast.ana, &cast.caro, &[uuid("powder")], &[]);
    ledger.write(&under_request(page));
}

/// The telephone came in a box, which Ana handed to Caro under a request.
fn box_requested(story: &mut Story) {
    accepted(story);
    packed(story);
    let Story { cast, ledger, .. } = story;
    ledger.write(&under_request(ledger.handoff(&cast.ana, &cast.caro, &[uuid("box")], &[])));
}

/// It is on the way from Ana to Wim under a request, and Caro of South may receive it.
fn within_north(story: &mut Story) -> Hash {
    accepted(story);
    collected(story);
    let Story { cast, ledger, .. } = story;
    let page = asked(ledger.release(&cast.ana, &cast.wim, &[phone()]), &[&cast.caro]);
    ledger.write_digest(&page)
}

/// The same release under the request, with these substitutes.
fn asked(page: Page, substitutes: &[&Person]) -> Page {
    page.with(|payload| {
        let Body::Release(body) = &mut payload.body else { panic!() };
        body.request = Some(uuid("request"));
        body.substitutes = substitutes.iter().map(|person| person.id).collect();
    })
}

/// The receiver did not find it.
fn missing(mut page: Page) -> Page {
    let outcomes = vec![Outcome { position: 0, finding: Finding::Missing }];
    page.hands[1].observed = Observed { checked: vec![Check::Inventory], outcomes };
    page
}

/// North took its codes away: then South may set some.
fn lock_lifted() -> Case {
    let (_, exhibit) = told(|story| {
        handled(story);
        let Story { cast, ledger, .. } = story;
        ledger.write(&ledger.handling(&cast.ana, &[phone()], &[]));
        ledger.write(&ledger.handling(&cast.caro, &[phone()], &["TLP:GREEN"]));
        phone()
    });
    let file = exhibit.with(|exhibit| exhibit.contents.handling = codes(&["TLP:GREEN"])).encode();
    let desc = "South sets codes after North took its own away";
    Case::verified("happy-path-codes-of-another-agency", desc, file)
        .evidence(&[])
        .with_line(HandlingCodes, "ok")
}

/// The codes stand in the notes of what the item was made from.
fn parents_codes() -> Case {
    let (_, exhibit) = told(|story| {
        collected(story);
        let Story { cast, ledger, .. } = story;
        ledger.write(&ledger.handling(&cast.ana, &[phone()], &["H1"]));
        ledger.write(&ledger.derive(&cast.ana, phone(), uuid("copy"), IMAGE));
        uuid("copy")
    });
    let (name, desc) = ("codes-of-the-parent-left-out", "the codes of what it is an image of");
    Case::rejected(name, desc, HandlingCodes, "handling/not-carried", exhibit.encode())
        .evidence(&[])
}

/// A `description` was erased: that of what it was made from.
fn other_records_field() -> Case {
    let (_, exhibit) = told(|story| {
        collected(story);
        let Story { cast, ledger, .. } = story;
        let other = ledger.write_digest(&ledger.collect(&cast.ana, uuid("other")));
        let fields = [(other, "description")];
        ledger.write(&ledger.erase_opening(&cast.ana, &cast.wim, phone(), &fields));
        phone()
    });
    let file = exhibit.withhold(&[(COLLECTED, "description", WithholdReason::Erased)]).encode();
    let (name, desc) =
        ("another-record-erased", "a field is said to be erased that the record has of another");
    Case::rejected(name, desc, Redactions, "redactions/erased-unrecorded", file).evidence(&[])
}

/// Histories that a record makes part of the item's by a word in its body, and that are left out.
fn left_out() -> Vec<Case> {
    let without = |name: &str, desc: &str, tale: Tale, subject: SubjectId| {
        let (story, mut exhibit) = told(tale);
        assert!(exhibit.contents.lookup(&subject).is_some(), "{name}: not there");
        exhibit.drop_subject(&subject);
        exhibit.prove(&story.ledger);
        let code = "completeness/missing-subject";
        Case::rejected(name, desc, Completeness, code, exhibit.encode()).evidence(&[])
    };
    let packed_so: Tale = |story| {
        accepted(story);
        collected(story);
        let Story { cast, ledger, .. } = story;
        ledger.write(&ledger.collect(&cast.ana, uuid("box")));
        let bound = Some(Bound { agency: cast.south.id, request: uuid("request") });
        ledger.write(&ledger.pack_bound(&cast.ana, uuid("box"), &[phone()], bound));
        phone()
    };
    let way_out: Tale = |story| {
        collected(story);
        let Story { cast, ledger, .. } = story;
        let page = substituted(ledger, &cast.ana, [&cast.caro, &cast.ben]);
        ledger.write(&page);
        phone()
    };
    let permission: Tale = |story| {
        collected(story);
        let Story { cast, ledger, .. } = story;
        let west = admit_west(ledger, [&cast.north, &cast.south]);
        ledger.write(&ledger.authorise_transfer(&cast.ana, &cast.wim, &[phone()], &west));
        phone()
    };
    let ben = Story::enrolled().cast.ben.id;
    let west = Agency::new("West Laboratory", "IE").id;
    vec![
        without(
            "request-of-a-box-left-out",
            "the request that a box is said to be bound by is left out",
            packed_so,
            SubjectId::Request(uuid("request")),
        ),
        without(
            "substitutes-history-left-out",
            "the keys of somebody who may receive are left out",
            way_out,
            SubjectId::Custodian(ben),
        ),
        without(
            "permitted-agency-left-out",
            "the agency that it may go to is left out",
            permission,
            SubjectId::Agency(west),
        ),
    ]
}

/// An agency that nothing else is about.
fn admit_west(ledger: &mut PaperLedger, founders: [&Agency; 2]) -> Agency {
    let west = Agency::new("West Laboratory", "IE");
    ledger.write(&ledger.agency_enrol(&founders, &west));
    west
}
