//! The rules of the whole of custody: each broken once, with its code, beside the same act where it keeps it.

use std::collections::BTreeSet;

use custody_core::cose::{Finding, Outcome, Role};
use custody_core::custody::{Book, Held, Holdings, ItemEnd, RuleViolation, apply};
use custody_core::hash::sha256;
use custody_core::id::SubjectId;
use custody_core::merkle::LeafIndex;
use custody_core::record::body::{
    CourtStatus, ExternalParty, OnwardUse, Quantity, RecordType, RequestStep, Unit,
};
use custody_tests::paper::story::Story;
use custody_tests::paper::{Page, uuid};

use crate::custody_acts::*;
use crate::custody_items::{AMOUNTS, CONTAINERS, LENDING, PLACES};

/// A rule: its code, an act that breaks it, and one that keeps it.
pub struct Rule {
    pub code: &'static str,
    pub breaks: fn(&mut Story) -> Page,
    pub keeps: fn(&mut Story) -> Page,
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
