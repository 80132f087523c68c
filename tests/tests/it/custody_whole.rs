//! The rules of the whole of custody: each broken once, with its code, beside the same act where it keeps it.

use std::collections::BTreeSet;

use custody_core::cose::{Finding, Outcome, Role};
use custody_core::custody::{
    Book, Held, Holdings, ItemEnd, ItemState, RuleViolation, Standing, apply,
};
use custody_core::hash::{Hash, sha256};
use custody_core::id::{SubjectId, Uuid};
use custody_core::merkle::LeafIndex;
use custody_core::record::body::{
    Body, Bound, CourtStatus, ExternalParty, OnwardUse, Quantity, RecordType, RequestStep,
    SplitPart, Unit,
};
use custody_tests::paper::story::Story;
use custody_tests::paper::{Page, uuid};

/// A rule: its code, an act that breaks it, and one that keeps it.
struct Rule {
    code: &'static str,
    breaks: fn(&mut Story) -> Page,
    keeps: fn(&mut Story) -> Page,
}

#[test]
fn every_rule_refuses_what_breaks_it_and_takes_what_keeps_it() {
    let rules: Vec<_> = [LEDGER, PLACES, LENDING, CONTAINERS].into_iter().flatten().collect();
    let rules: Vec<_> =
        rules.into_iter().chain([AMOUNTS, SAID, ONWARD].into_iter().flatten()).collect();
    for rule in &rules {
        let mut story = Story::collected();
        let page = (rule.breaks)(&mut story);
        let refused = story.ledger.append(&page).map_err(|violation| violation.code());
        assert_eq!(refused, Err(rule.code), "{:?}", page.payload.body);
        let mut story = Story::collected();
        let page = (rule.keeps)(&mut story);
        let taken = story.ledger.append(&page).map(|_| ());
        assert_eq!(taken, Ok(()), "{}: {:?}", rule.code, page.payload.body);
    }
    let codes: BTreeSet<_> = rules.iter().map(|rule| rule.code).collect();
    assert_eq!(codes.len(), 20, "{codes:?}");
}

const LEDGER: &[Rule] = &[
    Rule {
        code: "custody/ledger-closed",
        breaks: |story| {
            let founders = [&story.cast.north, &story.cast.south];
            let page = story.ledger.operator_succession(&founders, "ledger.example/next");
            story.ledger.write(&page);
            story.ledger.note(&story.cast.ana, story.disk)
        },
        keeps: |story| story.ledger.note(&story.cast.ana, story.disk),
    },
    // Not even the founders take it back.
    Rule {
        code: "custody/ledger-closed",
        breaks: |story| {
            let founders = [&story.cast.north, &story.cast.south];
            let page = story.ledger.operator_succession(&founders, "ledger.example/next");
            story.ledger.write(&page);
            story.ledger.operator_succession(&founders, "ledger.example/another")
        },
        keeps: |story| {
            let founders = [&story.cast.north, &story.cast.south];
            story.ledger.operator_succession(&founders, "ledger.example/another")
        },
    },
    // Whose turn it is.
    Rule {
        code: "custody/other-agency",
        breaks: |story| {
            request(story);
            story.ledger.request_step(&story.cast.ana, uuid("request"), RequestStep::Transmitted)
        },
        keeps: |story| {
            request(story);
            story.ledger.request_step(&story.cast.dora, uuid("request"), RequestStep::Transmitted)
        },
    },
    Rule {
        code: "custody/other-agency",
        breaks: |story| {
            request(story);
            story.ledger.request_step(&story.cast.caro, uuid("request"), RequestStep::Received)
        },
        keeps: |story| {
            request(story);
            story.ledger.request_step(&story.cast.ana, uuid("request"), RequestStep::Received)
        },
    },
    // Backwards, and past the end.
    Rule {
        code: "custody/request-step",
        breaks: |story| {
            request(story);
            take_step(story, RequestStep::Accepted);
            story.ledger.request_step(&story.cast.wim, uuid("request"), RequestStep::Received)
        },
        keeps: |story| {
            request(story);
            take_step(story, RequestStep::Received);
            story.ledger.request_step(&story.cast.wim, uuid("request"), RequestStep::Accepted)
        },
    },
    Rule {
        code: "custody/request-step",
        breaks: |story| {
            request(story);
            take_step(story, RequestStep::Refused);
            story.ledger.request_step(&story.cast.caro, uuid("request"), RequestStep::Withdrawn)
        },
        keeps: |story| {
            request(story);
            take_step(story, RequestStep::Executing);
            story.ledger.request_step(&story.cast.caro, uuid("request"), RequestStep::Withdrawn)
        },
    },
    // Only executing takes several.
    Rule {
        code: "custody/request-step",
        breaks: |story| {
            request(story);
            take_step(story, RequestStep::Accepted);
            story.ledger.request_step(&story.cast.ana, uuid("request"), RequestStep::Accepted)
        },
        keeps: |story| {
            request(story);
            take_step(story, RequestStep::Executing);
            story.ledger.request_step(&story.cast.ana, uuid("request"), RequestStep::Executing)
        },
    },
];

const PLACES: &[Rule] = &[
    Rule {
        code: "custody/outside",
        breaks: |story| {
            give_to_court(story);
            story.ledger.put_seal(&story.cast.ana, story.disk, "2")
        },
        keeps: |story| {
            give_to_court(story);
            let back = story.ledger.take_back(&story.cast.wim, ExternalParty::Court, &[story.disk]);
            story.ledger.write(&back);
            story.ledger.put_seal(&story.cast.wim, story.disk, "2")
        },
    },
    Rule {
        code: "custody/not-outside",
        breaks: |story| {
            story.ledger.take_back(&story.cast.ana, ExternalParty::Court, &[story.disk])
        },
        keeps: |story| {
            give_to_court(story);
            story.ledger.take_back(&story.cast.ana, ExternalParty::Court, &[story.disk])
        },
    },
    // It comes back to those who gave it.
    Rule {
        code: "custody/other-agency",
        breaks: |story| {
            give_to_court(story);
            story.ledger.take_back(&story.cast.caro, ExternalParty::Court, &[story.disk])
        },
        keeps: |story| {
            give_to_court(story);
            story.ledger.take_back(&story.cast.wim, ExternalParty::Court, &[story.disk])
        },
    },
    Rule {
        code: "custody/other-agency",
        breaks: |story| story.ledger.succession(&story.cast.ana, &story.cast.caro, &[story.disk]),
        keeps: |story| story.ledger.succession(&story.cast.ana, &story.cast.wim, &[story.disk]),
    },
    // Another agency does not say who succeeds.
    Rule {
        code: "custody/other-agency",
        breaks: |story| {
            let cast = &story.cast;
            story.ledger.succession_by(&cast.south, &cast.ana, &cast.wim, &[story.disk], &cast.dora)
        },
        keeps: |story| {
            let cast = &story.cast;
            story.ledger.succession_by(&cast.north, &cast.ana, &cast.wim, &[story.disk], &cast.dora)
        },
    },
    // What is outside is still answered for by somebody, and passes to a successor where it is.
    Rule {
        code: "custody/release-open",
        breaks: |story| {
            let page = story.ledger.release(&story.cast.ana, &story.cast.caro, &[story.disk]);
            story.ledger.write(&page);
            story.ledger.succession(&story.cast.ana, &story.cast.wim, &[story.disk])
        },
        keeps: |story| {
            give_to_court(story);
            story.ledger.succession(&story.cast.ana, &story.cast.wim, &[story.disk])
        },
    },
];

const LENDING: &[Rule] = &[
    Rule {
        code: "custody/not-stored",
        breaks: |story| story.ledger.check_out(&story.cast.ana, &story.cast.caro, &[story.disk]),
        keeps: |story| {
            put_away(story);
            story.ledger.check_out(&story.cast.ana, &story.cast.caro, &[story.disk])
        },
    },
    Rule {
        code: "custody/checked-out",
        breaks: |story| {
            lend(story);
            story.ledger.handoff(&story.cast.caro, &story.cast.dora, &[story.disk], &[])
        },
        keeps: |story| {
            lend(story);
            story.ledger.check_in(&story.cast.caro, &story.cast.wim, &[story.disk])
        },
    },
    Rule {
        code: "custody/checked-out",
        breaks: |story| {
            lend(story);
            story.ledger.release(&story.cast.caro, &story.cast.ana, &[story.disk])
        },
        keeps: |story| {
            lend(story);
            story.ledger.analyse(&story.cast.caro, &[story.disk])
        },
    },
    Rule {
        code: "custody/checked-out",
        breaks: |story| {
            lend(story);
            story.ledger.store(&story.cast.caro, &[story.disk])
        },
        keeps: |story| story.ledger.store(&story.cast.ana, &[story.disk]),
    },
    Rule {
        code: "custody/checked-out",
        breaks: |story| {
            lend(story);
            story.ledger.dispose(&story.cast.caro, &story.cast.wim, story.disk)
        },
        keeps: |story| {
            put_away(story);
            story.ledger.dispose(&story.cast.ana, &story.cast.wim, story.disk)
        },
    },
    Rule {
        code: "custody/checked-out",
        breaks: |story| {
            lend(story);
            story.ledger.give_outside(&story.cast.caro, ExternalParty::Owner, &[story.disk])
        },
        keeps: |story| {
            put_away(story);
            story.ledger.give_outside(&story.cast.ana, ExternalParty::Owner, &[story.disk])
        },
    },
    Rule {
        code: "custody/checked-out",
        breaks: |story| {
            lend(story);
            story.ledger.write(&story.ledger.collect(&story.cast.caro, uuid("box")));
            story.ledger.pack(&story.cast.caro, uuid("box"), &[story.disk])
        },
        keeps: |story| {
            put_away(story);
            story.ledger.write(&story.ledger.collect(&story.cast.ana, uuid("box")));
            story.ledger.pack(&story.cast.ana, uuid("box"), &[story.disk])
        },
    },
    Rule {
        code: "custody/not-checked-out",
        breaks: |story| {
            put_away(story);
            story.ledger.check_in(&story.cast.ana, &story.cast.wim, &[story.disk])
        },
        keeps: |story| {
            lend(story);
            story.ledger.check_in(&story.cast.caro, &story.cast.ana, &[story.disk])
        },
    },
    Rule {
        code: "custody/other-agency",
        breaks: |story| {
            lend(story);
            story.ledger.check_in(&story.cast.caro, &story.cast.dora, &[story.disk])
        },
        keeps: |story| {
            lend(story);
            story.ledger.check_in(&story.cast.caro, &story.cast.ana, &[story.disk])
        },
    },
];

const CONTAINERS: &[Rule] = &[
    Rule {
        code: "custody/packed",
        breaks: |story| {
            pack(story);
            story.ledger.put_seal(&story.cast.ana, story.disk, "2")
        },
        keeps: |story| {
            pack(story);
            story.ledger.put_seal(&story.cast.ana, uuid("box"), "2")
        },
    },
    Rule {
        code: "custody/packed",
        breaks: |story| {
            pack(story);
            story.ledger.succession(&story.cast.ana, &story.cast.wim, &[story.disk])
        },
        keeps: |story| {
            pack(story);
            story.ledger.succession(&story.cast.ana, &story.cast.wim, &[uuid("box")])
        },
    },
    // Not twice, and not the other way round.
    Rule {
        code: "custody/packed",
        breaks: |story| {
            pack(story);
            story.ledger.pack(&story.cast.ana, story.disk, &[uuid("box")])
        },
        keeps: |story| {
            pack(story);
            story.ledger.write(&story.ledger.collect(&story.cast.ana, uuid("crate")));
            story.ledger.pack(&story.cast.ana, uuid("crate"), &[uuid("box")])
        },
    },
    Rule {
        code: "custody/not-packed",
        breaks: |story| {
            story.ledger.write(&story.ledger.collect(&story.cast.ana, uuid("box")));
            story.ledger.unpack(&story.cast.ana, uuid("box"), &[story.disk])
        },
        keeps: |story| {
            pack(story);
            story.ledger.unpack(&story.cast.ana, uuid("box"), &[story.disk])
        },
    },
    // Out of another box than it is in.
    Rule {
        code: "custody/not-packed",
        breaks: |story| {
            pack(story);
            story.ledger.write(&story.ledger.collect(&story.cast.ana, uuid("crate")));
            story.ledger.unpack(&story.cast.ana, uuid("crate"), &[story.disk])
        },
        keeps: |story| {
            pack(story);
            let page = story.ledger.handoff(&story.cast.ana, &story.cast.ben, &[uuid("box")], &[]);
            story.ledger.write(&page);
            story.ledger.unpack(&story.cast.ben, uuid("box"), &[story.disk])
        },
    },
    Rule {
        code: "custody/not-the-holder",
        breaks: |story| {
            pack(story);
            story.ledger.unpack(&story.cast.wim, uuid("box"), &[story.disk])
        },
        keeps: |story| {
            pack(story);
            story.ledger.unpack(&story.cast.ana, uuid("box"), &[story.disk])
        },
    },
    Rule {
        code: "custody/not-empty",
        breaks: |story| {
            pack(story);
            story.ledger.dispose(&story.cast.ana, &story.cast.wim, uuid("box"))
        },
        keeps: |story| {
            pack(story);
            let page = story.ledger.unpack(&story.cast.ana, uuid("box"), &[story.disk]);
            story.ledger.write(&page);
            story.ledger.dispose(&story.cast.ana, &story.cast.wim, uuid("box"))
        },
    },
    Rule {
        code: "custody/not-empty",
        breaks: |story| {
            pack(story);
            let part = SplitPart { item: uuid("half"), amount: None };
            let page = story.ledger.split(&story.cast.ana, uuid("box"), &[part], 0);
            page.with(|payload| rest_unmeasured(&mut payload.body))
        },
        keeps: |story| {
            let part = SplitPart { item: uuid("half"), amount: None };
            let page = story.ledger.split(&story.cast.ana, story.disk, &[part], 0);
            page.with(|payload| rest_unmeasured(&mut payload.body))
        },
    },
];

const AMOUNTS: &[Rule] = &[
    Rule {
        code: "custody/quantity",
        breaks: |story| {
            powder(story);
            story.ledger.consume(&story.cast.ana, uuid("powder"), 30, 71)
        },
        keeps: |story| {
            powder(story);
            story.ledger.consume(&story.cast.ana, uuid("powder"), 30, 70)
        },
    },
    Rule {
        code: "custody/quantity",
        breaks: |story| {
            powder(story);
            story.ledger.split(&story.cast.ana, uuid("powder"), &parts(Some(40), Some(50)), 9)
        },
        keeps: |story| {
            powder(story);
            story.ledger.split(&story.cast.ana, uuid("powder"), &parts(Some(40), Some(50)), 10)
        },
    },
    // Sums do not wrap.
    Rule {
        code: "custody/quantity",
        breaks: |story| {
            powder(story);
            let parts = parts(Some(u64::MAX), Some(101));
            story.ledger.split(&story.cast.ana, uuid("powder"), &parts, 0)
        },
        keeps: |story| {
            powder(story);
            story.ledger.split(&story.cast.ana, uuid("powder"), &parts(Some(0), Some(100)), 0)
        },
    },
    // Measured in part, or not at all where there is a quantity.
    Rule {
        code: "custody/quantity",
        breaks: |story| {
            powder(story);
            story.ledger.split(&story.cast.ana, uuid("powder"), &parts(Some(40), None), 60)
        },
        keeps: |story| {
            let page = story.ledger.split(&story.cast.ana, story.disk, &parts(None, None), 0);
            page.with(|payload| rest_unmeasured(&mut payload.body))
        },
    },
    Rule {
        code: "custody/quantity",
        breaks: |story| story.ledger.consume(&story.cast.ana, story.disk, 30, 70),
        keeps: |story| {
            let page = story.ledger.consume(&story.cast.ana, story.disk, 0, 0);
            page.with(|payload| rest_unmeasured(&mut payload.body))
        },
    },
    // Nothing is left.
    Rule {
        code: "custody/disposed",
        breaks: |story| {
            powder(story);
            story.ledger.write(&story.ledger.consume(&story.cast.ana, uuid("powder"), 100, 0));
            story.ledger.analyse(&story.cast.ana, &[uuid("powder")])
        },
        keeps: |story| {
            powder(story);
            story.ledger.write(&story.ledger.consume(&story.cast.ana, uuid("powder"), 99, 1));
            story.ledger.analyse(&story.cast.ana, &[uuid("powder")])
        },
    },
];

const SAID: &[Rule] = &[
    Rule {
        code: "custody/on-hold",
        breaks: |story| {
            hold(story);
            story.ledger.dispose(&story.cast.ana, &story.cast.wim, story.disk)
        },
        keeps: |story| {
            let hold = hold(story);
            let (ana, wim) = (&story.cast.ana, &story.cast.wim);
            let page = story.ledger.hold_release(ana, wim, &[story.disk], hold);
            story.ledger.write(&page);
            story.ledger.dispose(&story.cast.ana, &story.cast.wim, story.disk)
        },
    },
    Rule {
        code: "custody/on-hold",
        breaks: |story| {
            hold(story);
            story.ledger.return_to_owner(&story.cast.ana, &[story.disk])
        },
        keeps: |story| {
            hold(story);
            story.ledger.handoff(&story.cast.ana, &story.cast.ben, &[story.disk], &[])
        },
    },
    // The last of it goes as little as all of it.
    Rule {
        code: "custody/on-hold",
        breaks: |story| {
            powder(story);
            story.ledger.write(&story.ledger.hold_set(&story.cast.caro, &[uuid("powder")]));
            story.ledger.consume(&story.cast.ana, uuid("powder"), 100, 0)
        },
        keeps: |story| {
            powder(story);
            story.ledger.write(&story.ledger.hold_set(&story.cast.caro, &[uuid("powder")]));
            story.ledger.consume(&story.cast.ana, uuid("powder"), 99, 1)
        },
    },
    Rule {
        code: "custody/no-open-hold",
        breaks: |story| {
            hold(story);
            let (ana, wim) = (&story.cast.ana, &story.cast.wim);
            story.ledger.hold_release(ana, wim, &[story.disk], sha256(b"another"))
        },
        keeps: |story| {
            let hold = hold(story);
            let (ana, wim) = (&story.cast.ana, &story.cast.wim);
            story.ledger.hold_release(ana, wim, &[story.disk], hold)
        },
    },
    // Who set it ends it.
    Rule {
        code: "custody/other-agency",
        breaks: |story| {
            let hold = hold(story);
            let (caro, dora) = (&story.cast.caro, &story.cast.dora);
            story.ledger.hold_release(caro, dora, &[story.disk], hold)
        },
        keeps: |story| {
            let hold = hold(story);
            let (wim, ana) = (&story.cast.wim, &story.cast.ana);
            story.ledger.hold_release(wim, ana, &[story.disk], hold)
        },
    },
    Rule {
        code: "custody/other-agency",
        breaks: |story| {
            let page = story.ledger.handling(&story.cast.ana, &[story.disk], &["H1", "TLP:AMBER"]);
            story.ledger.write(&page);
            story.ledger.handling(&story.cast.caro, &[story.disk], &[])
        },
        keeps: |story| {
            let page = story.ledger.handling(&story.cast.ana, &[story.disk], &["H1", "TLP:AMBER"]);
            story.ledger.write(&page);
            story.ledger.handling(&story.cast.wim, &[story.disk], &["NL:DEP.V."])
        },
    },
    Rule {
        code: "custody/no-open-dispute",
        breaks: |story| {
            let dispute = dispute(story);
            story.ledger.dispute_response(&story.cast.ana, story.disk, sha256(dispute.as_ref()))
        },
        keeps: |story| {
            let dispute = dispute(story);
            story.ledger.dispute_response(&story.cast.ana, story.disk, dispute)
        },
    },
    // It ends once.
    Rule {
        code: "custody/no-open-dispute",
        breaks: |story| {
            let dispute = dispute(story);
            let (ana, wim) = (&story.cast.ana, &story.cast.wim);
            let page = story.ledger.dispute_resolution(ana, wim, story.disk, dispute);
            story.ledger.write(&page);
            story.ledger.dispute_resolution(&story.cast.ana, &story.cast.wim, story.disk, dispute)
        },
        keeps: |story| {
            let dispute = dispute(story);
            story.ledger.dispute_resolution(&story.cast.ana, &story.cast.wim, story.disk, dispute)
        },
    },
    Rule {
        code: "custody/too-many-open",
        breaks: |story| {
            for _ in 0..256 {
                dispute(story);
            }
            story.ledger.hold_set(&story.cast.ana, &[story.disk])
        },
        keeps: |story| {
            for _ in 0..255 {
                dispute(story);
            }
            story.ledger.hold_set(&story.cast.ana, &[story.disk])
        },
    },
    // What may still be said of an item that went back to its owner.
    Rule {
        code: "custody/disposed",
        breaks: |story| {
            let page = story.ledger.return_to_owner(&story.cast.ana, &[story.disk]);
            story.ledger.write(&page);
            story.ledger.hold_set(&story.cast.ana, &[story.disk])
        },
        keeps: |story| {
            let page = story.ledger.return_to_owner(&story.cast.ana, &[story.disk]);
            story.ledger.write(&page);
            story.ledger.disclose(&story.cast.ana, story.disk)
        },
    },
];

const ONWARD: &[Rule] = &[
    // It came from north to south under a request; transit is a third.
    Rule {
        code: "custody/onward-not-authorised",
        breaks: |story| {
            hand_under_request(story);
            story.ledger.handoff(&story.cast.caro, &story.cast.ben, &[story.disk], &[])
        },
        keeps: |story| {
            hand_under_request(story);
            story.ledger.handoff(&story.cast.caro, &story.cast.wim, &[story.disk], &[])
        },
    },
    // A permission that is not named, and one that is.
    Rule {
        code: "custody/onward-not-authorised",
        breaks: |story| {
            hand_under_request(story);
            permit(story);
            story.ledger.release(&story.cast.caro, &story.cast.ben, &[story.disk])
        },
        keeps: |story| {
            hand_under_request(story);
            let permission = permit(story);
            let page = story.ledger.release(&story.cast.caro, &story.cast.ben, &[story.disk]);
            under_permission(page, permission)
        },
    },
    // A permission by somebody who cannot give it, of something else, and to somebody else.
    Rule {
        code: "custody/onward-not-authorised",
        breaks: |story| {
            hand_under_request(story);
            let (caro, dora, to) = (&story.cast.caro, &story.cast.dora, &story.cast.transit);
            let page = story.ledger.authorise_transfer(caro, dora, &[story.disk], to);
            on_with(story, &page)
        },
        keeps: |story| {
            hand_under_request(story);
            let (ana, wim, to) = (&story.cast.ana, &story.cast.wim, &story.cast.transit);
            let page = story.ledger.authorise_transfer(ana, wim, &[story.disk], to);
            on_with(story, &page)
        },
    },
    Rule {
        code: "custody/onward-not-authorised",
        breaks: |story| {
            hand_under_request(story);
            let (ana, wim) = (&story.cast.ana, &story.cast.wim);
            let page = story.ledger.authorise_use(ana, wim, &[story.disk], OnwardUse::Evidence);
            on_with(story, &page)
        },
        keeps: |story| {
            hand_under_request(story);
            story.ledger.handoff(&story.cast.caro, &story.cast.dora, &[story.disk], &[])
        },
    },
    Rule {
        code: "custody/onward-not-authorised",
        breaks: |story| {
            hand_under_request(story);
            let (ana, wim, to) = (&story.cast.ana, &story.cast.wim, &story.cast.south);
            let page = story.ledger.authorise_transfer(ana, wim, &[story.disk], to);
            on_with(story, &page)
        },
        keeps: |story| {
            hand_under_request(story);
            story.ledger.release(&story.cast.caro, &story.cast.ana, &[story.disk])
        },
    },
    // A box does not carry out what may not go by itself.
    Rule {
        code: "custody/onward-not-authorised",
        breaks: |story| {
            hand_under_request(story);
            story.ledger.write(&story.ledger.collect(&story.cast.caro, uuid("box")));
            story.ledger.pack(&story.cast.caro, uuid("box"), &[story.disk])
        },
        keeps: |story| {
            hand_under_request(story);
            pack_bound(story)
        },
    },
    Rule {
        code: "custody/onward-not-authorised",
        breaks: |story| {
            hand_under_request(story);
            let page = pack_bound(story);
            story.ledger.write(&page);
            story.ledger.handoff(&story.cast.caro, &story.cast.ben, &[uuid("box")], &[])
        },
        keeps: |story| {
            hand_under_request(story);
            let page = pack_bound(story);
            story.ledger.write(&page);
            story.ledger.handoff(&story.cast.caro, &story.cast.ana, &[uuid("box")], &[])
        },
    },
    // Nor does a substitute of a third agency receive it.
    Rule {
        code: "custody/onward-not-authorised",
        breaks: |story| {
            hand_under_request(story);
            let page = story.ledger.release(&story.cast.caro, &story.cast.ana, &[story.disk]);
            with_substitute(page, story.cast.ben.id)
        },
        keeps: |story| {
            hand_under_request(story);
            let page = story.ledger.release(&story.cast.caro, &story.cast.ana, &[story.disk]);
            with_substitute(page, story.cast.wim.id)
        },
    },
    // A lent box goes back without what may not go there.
    Rule {
        code: "custody/onward-not-authorised",
        breaks: |story| {
            lend_box_and_fill_it(story);
            story.ledger.check_in(&story.cast.caro, &story.cast.ben, &[uuid("crate")])
        },
        keeps: |story| {
            lend_box_and_fill_it(story);
            let page = story.ledger.unpack(&story.cast.caro, uuid("crate"), &[story.disk]);
            story.ledger.write(&page);
            story.ledger.analyse(&story.cast.caro, &[story.disk])
        },
    },
    // Nor an image of it.
    Rule {
        code: "custody/onward-not-authorised",
        breaks: |story| {
            hand_under_request(story);
            let page = story.ledger.derive(&story.cast.caro, story.disk, story.image, b"sectors");
            story.ledger.write(&page);
            story.ledger.handoff(&story.cast.caro, &story.cast.ben, &[story.image], &[])
        },
        keeps: |story| {
            hand_under_request(story);
            let page = story.ledger.derive(&story.cast.caro, story.disk, story.image, b"sectors");
            story.ledger.write(&page);
            story.ledger.handoff(&story.cast.caro, &story.cast.wim, &[story.image], &[])
        },
    },
];

fn digest_at(story: &Story, index: LeafIndex) -> Hash {
    story.ledger.record(index).digest()
}

/// Caro, of south, asks north.
fn request(story: &mut Story) {
    let page = story.ledger.request_prepared(&story.cast.caro, uuid("request"), &story.cast.north);
    story.ledger.write(&page);
}

/// North takes a step of the request.
fn take_step(story: &mut Story, step: RequestStep) {
    story.ledger.write(&story.ledger.request_step(&story.cast.ana, uuid("request"), step));
}

/// Ana hands the disk to Caro under the request.
fn hand_under_request(story: &mut Story) {
    request(story);
    let page = story.ledger.handoff(&story.cast.ana, &story.cast.caro, &[story.disk], &[]);
    story.ledger.write(&page.with(|payload| {
        let Body::Handoff(body) = &mut payload.body else { panic!("no handoff") };
        body.request = Some(uuid("request"));
    }));
}

/// North permits that the disk goes to transit.
fn permit(story: &mut Story) -> Hash {
    let (ana, wim, transit) = (&story.cast.ana, &story.cast.wim, &story.cast.transit);
    let page = story.ledger.authorise_transfer(ana, wim, &[story.disk], transit);
    let index = story.ledger.write(&page);
    digest_at(story, index)
}

fn under_permission(page: Page, permission: Hash) -> Page {
    page.with(|payload| match &mut payload.body {
        Body::Release(body) => body.onward = Some(permission),
        Body::Handoff(body) => body.onward = Some(permission),
        other => panic!("no move: {other:?}"),
    })
}

/// Writes a permission, and Caro hands the disk to Ben under it.
fn on_with(story: &mut Story, permission: &Page) -> Page {
    let index = story.ledger.write(permission);
    let permission = digest_at(story, index);
    let page = story.ledger.handoff(&story.cast.caro, &story.cast.ben, &[story.disk], &[]);
    under_permission(page, permission)
}

/// Caro puts the disk, which came from north, into a box.
fn pack_bound(story: &mut Story) -> Page {
    story.ledger.write(&story.ledger.collect(&story.cast.caro, uuid("box")));
    let bound = Bound { agency: story.cast.north.id, request: uuid("request") };
    story.ledger.pack_bound(&story.cast.caro, uuid("box"), &[story.disk], Some(bound))
}

fn with_substitute(page: Page, substitute: Uuid) -> Page {
    page.with(|payload| {
        let Body::Release(body) = &mut payload.body else { panic!("no release") };
        body.substitutes = vec![substitute];
    })
}

/// Caro has the disk from north, and puts it into a crate that transit lent her.
fn lend_box_and_fill_it(story: &mut Story) {
    hand_under_request(story);
    let (ben, caro, north) = (&story.cast.ben, &story.cast.caro, story.cast.north.id);
    story.ledger.write(&story.ledger.collect(ben, uuid("crate")));
    story.ledger.write(&story.ledger.store(ben, &[uuid("crate")]));
    story.ledger.write(&story.ledger.check_out(ben, caro, &[uuid("crate")]));
    let bound = Bound { agency: north, request: uuid("request") };
    let page = story.ledger.pack_bound(caro, uuid("crate"), &[story.disk], Some(bound));
    story.ledger.write(&page);
}

fn give_to_court(story: &mut Story) {
    let page = story.ledger.give_outside(&story.cast.ana, ExternalParty::Court, &[story.disk]);
    story.ledger.write(&page);
}

fn put_away(story: &mut Story) {
    story.ledger.write(&story.ledger.store(&story.cast.ana, &[story.disk]));
}

/// Ana puts the disk away and gives it out to Caro.
fn lend(story: &mut Story) {
    put_away(story);
    let page = story.ledger.check_out(&story.cast.ana, &story.cast.caro, &[story.disk]);
    story.ledger.write(&page);
}

/// Ana puts the disk into a box.
fn pack(story: &mut Story) {
    story.ledger.write(&story.ledger.collect(&story.cast.ana, uuid("box")));
    story.ledger.write(&story.ledger.pack(&story.cast.ana, uuid("box"), &[story.disk]));
}

/// Ana takes 100 g of something into custody.
fn powder(story: &mut Story) {
    let quantity = Quantity { amount: 100, unit: Unit::G };
    story.ledger.write(&story.ledger.collect_amount(&story.cast.ana, uuid("powder"), quantity));
}

fn parts(first: Option<u64>, second: Option<u64>) -> [SplitPart; 2] {
    [("half", first), ("other half", second)]
        .map(|(name, amount)| SplitPart { item: uuid(name), amount })
}

/// Nobody measured, and something remains.
fn rest_unmeasured(body: &mut Body) {
    match body {
        Body::Split(body) => body.rest = None,
        Body::Consume(body) => (body.rest, body.amount) = (None, None),
        other => panic!("nothing remains: {other:?}"),
    }
}

fn hold(story: &mut Story) -> Hash {
    let index = story.ledger.write(&story.ledger.hold_set(&story.cast.ana, &[story.disk]));
    digest_at(story, index)
}

fn dispute(story: &mut Story) -> Hash {
    let record = story.ledger.record(LeafIndex(7)).digest();
    let index = story.ledger.write(&story.ledger.dispute(&story.cast.caro, story.disk, record));
    digest_at(story, index)
}

fn state(story: &Story, item: Uuid) -> ItemState {
    match story.ledger.book.get(&SubjectId::Item(item)) {
        Held::Present(subject) => match &subject.standing {
            Standing::Item(state) => state.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_later_type_of_record_is_taken_in_its_usual_form() {
    let mut story = Story::collected();
    let before = story.ledger.records.len() as u64;
    things(&mut story);
    words(&mut story);
    registry(&mut story);
    let after = story.ledger.records.len() as u64;
    let mut missing: BTreeSet<_> = RecordType::ALL[20..].iter().map(|known| known.word()).collect();
    for index in before..after {
        missing.remove(story.ledger.record(LeafIndex(index)).record_type().word());
    }
    assert_eq!(missing, BTreeSet::new());
    assert_eq!(state(&story, uuid("powder")).end, Some(ItemEnd::Split));
    assert_eq!(state(&story, story.disk).end, Some(ItemEnd::Returned));
}

fn things(story: &mut Story) {
    let Story { cast, ledger, disk, .. } = story;
    let (ana, wim, disks) = (&cast.ana, &cast.wim, [*disk]);
    ledger.write(&ledger.provider_production(ana, uuid("mailbox"), b"mails"));
    ledger.write(&ledger.register_legacy(ana, uuid("rifle"), b"a table"));
    ledger.write(&ledger.seal_break(ana, *disk, "NL-00417"));
    ledger.write(&ledger.pack(ana, uuid("rifle"), &disks));
    ledger.write(&ledger.unpack(ana, uuid("rifle"), &disks));
    let release = ledger.write(&ledger.release(ana, &cast.ben, &disks));
    let release = ledger.record(release).digest();
    ledger.write(&ledger.carrier_scan(&cast.ben, &disks, release));
    ledger.write(&ledger.recall(ana, &cast.ben, &disks, release));
    ledger.write(&ledger.give_outside(ana, ExternalParty::Court, &disks));
    ledger.write(&ledger.take_back(wim, ExternalParty::Court, &disks));
    ledger.write(&ledger.succession(wim, ana, &disks));
    ledger.write(&ledger.store(ana, &disks));
    ledger.write(&ledger.check_out(ana, &cast.caro, &disks));
    ledger.write(&ledger.check_in(&cast.caro, wim, &disks));
    let quantity = Quantity { amount: 100, unit: Unit::G };
    ledger.write(&ledger.collect_amount(ana, uuid("powder"), quantity));
    ledger.write(&ledger.consume(ana, uuid("powder"), 1, 99));
    ledger.write(&ledger.analyse(ana, &[uuid("powder")]));
    ledger.write(&ledger.split(ana, uuid("powder"), &parts(Some(49), Some(50)), 0));
}

fn words(story: &mut Story) {
    let Story { cast, ledger, disk, .. } = story;
    let (ana, wim, disks, disk) = (&cast.ana, &cast.wim, [*disk], *disk);
    let collect = ledger.record(LeafIndex(7)).digest();
    ledger.write(&ledger.court_exhibit(ana, disk, CourtStatus::Admitted));
    let hold = ledger.write(&ledger.hold_set(ana, &disks));
    let hold = ledger.record(hold).digest();
    ledger.write(&ledger.hold_release(ana, wim, &disks, hold));
    let dispute = ledger.write(&ledger.dispute(ana, disk, collect));
    let dispute = ledger.record(dispute).digest();
    ledger.write(&ledger.dispute_response(wim, disk, dispute));
    ledger.write(&ledger.dispute_resolution(ana, wim, disk, dispute));
    ledger.write(&ledger.authorise_transfer(ana, wim, &disks, &cast.south));
    ledger.write(&ledger.authorise_use(ana, wim, &disks, OnwardUse::Publication));
    ledger.write(&ledger.handling(ana, &disks, &["TLP:RED", "H3"]));
    let missing = vec![Outcome { position: 0, finding: Finding::Missing }];
    ledger.write(&ledger.inventory(ana, &disks, missing));
    ledger.write(&ledger.discrepancy(ana, disk, Some(collect)));
    ledger.write(&ledger.alias(ana, disk, "RvS 22/114"));
    ledger.write(&ledger.return_to_owner(wim, &disks));
    ledger.write(&ledger.disclose(ana, disk));
    let fields = [(collect, "place"), (collect, "attached/0")];
    ledger.write(&ledger.erase_opening(ana, wim, disk, &fields));
    ledger.write(&ledger.request_prepared(&cast.caro, uuid("request"), &cast.north));
    ledger.write(&ledger.collect_for(ana, uuid("telephone"), uuid("request")));
    ledger.write(&ledger.request_step(ana, uuid("request"), RequestStep::Refused));
}

fn registry(story: &mut Story) {
    let Story { cast, ledger, .. } = story;
    let founders = [&cast.north, &cast.south];
    ledger.write(&ledger.agency_rename(&cast.north, "North Forensic Institute"));
    ledger.write(&ledger.custodian_roles(&cast.north, &cast.ana, &[Role::Releasing]));
    ledger.write(&ledger.absence(&cast.north, &cast.ana, &cast.wim));
    ledger.write(&ledger.policy_change(&founders, 1));
    ledger.write(&ledger.anchor());
    ledger.write(&ledger.renewal());
    ledger.write(&ledger.operator_succession(&founders, "ledger.example/next"));
}

/// Everybody who had the box had what was in it: none of them is a witness from outside.
#[test]
fn who_held_a_box_does_not_witness_the_end_of_what_was_in_it() {
    let mut story = Story::collected();
    pack(&mut story);
    let Story { cast, ledger, disk, .. } = &mut story;
    for (from, to) in [(&cast.ana, &cast.ben), (&cast.ben, &cast.caro)] {
        ledger.write(&ledger.handoff(from, to, &[uuid("box")], &[]));
    }
    ledger.write(&ledger.unpack(&cast.caro, uuid("box"), &[*disk]));
    let refused = ledger.append(&ledger.dispose(&cast.caro, &cast.ben, *disk));
    assert_eq!(refused.as_ref().map_err(RuleViolation::code), Err("custody/witness-in-chain"));
    ledger.write(&ledger.dispose(&cast.caro, &cast.dora, *disk));
}

/// An exhibit of one part lists the chains of the other, but not those of the boxes that this one was in.
#[test]
fn a_part_that_comes_out_of_an_unknown_box_is_not_judged_any_further() {
    let mut story = Story::collected();
    powder(&mut story);
    let Story { cast, ledger, .. } = &mut story;
    let (half, other) = (uuid("half"), uuid("other half"));
    ledger.write(&ledger.split(&cast.ana, uuid("powder"), &parts(Some(40), Some(60)), 0));
    ledger.write(&ledger.collect(&cast.ana, uuid("box")));
    ledger.write(&ledger.pack(&cast.ana, uuid("box"), &[other]));
    ledger.write(&ledger.handoff(&cast.ana, &cast.ben, &[uuid("box")], &[]));
    ledger.write(&ledger.unpack(&cast.ben, uuid("box"), &[other]));
    ledger.write(&ledger.handoff(&cast.ben, &cast.caro, &[other], &[]));
    ledger.write(&ledger.note(&cast.caro, other));
    ledger.write(&ledger.put_seal(&cast.ana, half, "2"));
    let of_the_box = [SubjectId::Item(uuid("box")), SubjectId::Notes(uuid("box"))];
    let listed = |id: &&SubjectId| !of_the_box.contains(id);
    let needed: BTreeSet<_> = ledger.subjects().filter(listed).cloned().collect();
    let mut book = Book::partial(needed.clone());
    for placed in ledger.records_of(&needed) {
        let taken = apply(&book, &placed.record, placed.index);
        book.absorb(taken.unwrap());
    }
    assert!(matches!(book.get(&SubjectId::Item(other)), Held::Unknown));
    let Held::Present(seen) = book.get(&SubjectId::Item(half)) else { panic!("no half") };
    let Held::Present(whole) = ledger.book.get(&SubjectId::Item(half)) else { panic!("no half") };
    assert_eq!(seen, whole);
}
