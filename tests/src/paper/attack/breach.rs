//! Dishonest twins of the exhibits of [`super::custody`]: a log without duty took in what the rules of the whole
//! of custody refuse.

use custody_core::cose::Role;
use custody_core::id::Uuid;
use custody_core::record::body::*;
use custody_core::verify::LineId::{self, CustodyRules, KeyStanding};

use super::custody::*;
use super::exhibit::Case;
use crate::paper::story::Story;
use crate::paper::{Hand, Page, uuid};

/// What happened before, and the record that the log should have refused.
type Breach = (&'static str, &'static str, &'static str, fn(&mut Story) -> (Uuid, Page));

/// All of them.
pub fn cases() -> Vec<Case> {
    let tables = [PLACES.as_slice(), STORAGE.as_slice(), ENDS.as_slice(), PEOPLE.as_slice()];
    let more = [ONWARD.as_slice(), NOTES.as_slice()];
    let mut cases: Vec<_> =
        tables.into_iter().chain(more).flatten().map(|breach| case(breach, CustodyRules)).collect();
    cases.extend(REGISTRY.iter().map(|breach| case(breach, KeyStanding)));
    cases.extend([too_many_open(), substituted_onward()]);
    cases
}

fn case((name, desc, code, breach): &Breach, line: LineId) -> Case {
    let (_, exhibit) = told(|story| {
        let (item, page) = breach(story);
        // Whoever holds all histories refuses it with the same code.
        assert_eq!(story.ledger.append(&page).unwrap_err().code(), *code, "{name}");
        story.ledger.force_page(&page);
        item
    });
    Case::rejected(name, desc, line, code, exhibit.encode()).evidence(&[])
}

const PLACES: [Breach; 13] = [
    ("sealed-while-packed", "a seal on what is in a box", "custody/packed", |story| {
        packed(story);
        (phone(), story.ledger.put_seal(&story.cast.ana, phone(), "1"))
    }),
    ("handed-over-while-packed", "handed over without its box", "custody/packed", |story| {
        packed(story);
        (phone(), story.ledger.handoff(&story.cast.ana, &story.cast.ben, &[phone()], &[]))
    }),
    ("succeeded-while-packed", "passed on without its box", "custody/packed", |story| {
        packed(story);
        (phone(), story.ledger.succession(&story.cast.ana, &story.cast.wim, &[phone()]))
    }),
    ("unpacked-twice", "out of a box that it is not in any more", "custody/not-packed", |story| {
        packed(story);
        let Story { cast, ledger, .. } = story;
        ledger.write(&ledger.unpack(&cast.ana, uuid("box"), &[phone()]));
        (phone(), ledger.unpack(&cast.ana, uuid("box"), &[phone()]))
    }),
    (
        "unpacked-from-another-box",
        "out of a box that it never was in",
        "custody/not-packed",
        |story| {
            packed(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.collect(&cast.ana, uuid("bag")));
            (phone(), ledger.unpack(&cast.ana, uuid("bag"), &[phone()]))
        },
    ),
    (
        "unpacked-by-another",
        "Wim takes it out of the box that Ana holds",
        "custody/not-the-holder",
        |story| {
            packed(story);
            (phone(), story.ledger.unpack(&story.cast.wim, uuid("box"), &[phone()]))
        },
    ),
    ("packed-by-another", "Wim packs what Ana holds", "custody/not-the-holder", |story| {
        collected(story);
        let Story { cast, ledger, .. } = story;
        ledger.write(&ledger.collect(&cast.wim, uuid("box")));
        (phone(), ledger.pack(&cast.wim, uuid("box"), &[phone()]))
    }),
    (
        "box-destroyed-while-full",
        "a box ends while something is in it",
        "custody/not-empty",
        |story| {
            packed(story);
            (uuid("box"), story.ledger.dispose(&story.cast.ana, &story.cast.wim, uuid("box")))
        },
    ),
    ("sealed-while-outside", "a seal on what a court has", "custody/outside", |story| {
        given(story);
        (phone(), story.ledger.put_seal(&story.cast.ana, phone(), "1"))
    }),
    ("taken-back-from-nobody", "taken back while Ana has it", "custody/not-outside", |story| {
        collected(story);
        (phone(), story.ledger.take_back(&story.cast.wim, ExternalParty::Court, &[phone()]))
    }),
    (
        "taken-back-by-another-agency",
        "South takes back what North gave",
        "custody/other-agency",
        |story| {
            given(story);
            (phone(), story.ledger.take_back(&story.cast.caro, ExternalParty::Court, &[phone()]))
        },
    ),
    (
        "succeeded-while-on-the-way",
        "passed on while it is on the way",
        "custody/release-open",
        |story| {
            released(story);
            (phone(), story.ledger.succession(&story.cast.ana, &story.cast.wim, &[phone()]))
        },
    ),
    (
        "received-by-no-substitute",
        "Wim receives what Caro or Dora should",
        "custody/not-the-addressee",
        |story| {
            let release = released(story);
            (phone(), story.ledger.receive(&story.cast.ana, &story.cast.wim, &[phone()], release))
        },
    ),
];

const STORAGE: [Breach; 6] = [
    ("checked-out-of-nowhere", "out of storage that it is not in", "custody/not-stored", |story| {
        collected(story);
        (phone(), story.ledger.check_out(&story.cast.ana, &story.cast.wim, &[phone()]))
    }),
    (
        "checked-in-from-nowhere",
        "into storage that it is not from",
        "custody/not-checked-out",
        |story| {
            collected(story);
            (phone(), story.ledger.check_in(&story.cast.ana, &story.cast.wim, &[phone()]))
        },
    ),
    (
        "checked-in-to-another-agency",
        "into the storage of South, out of that of North",
        "custody/other-agency",
        |story| {
            checked_out(story);
            (phone(), story.ledger.check_in(&story.cast.wim, &story.cast.caro, &[phone()]))
        },
    ),
    (
        "handed-over-while-checked-out",
        "handed on by somebody who must bring it back",
        "custody/checked-out",
        |story| {
            checked_out(story);
            (phone(), story.ledger.handoff(&story.cast.wim, &story.cast.ben, &[phone()], &[]))
        },
    ),
    (
        "stored-while-checked-out",
        "stored by somebody who must bring it back",
        "custody/checked-out",
        |story| {
            checked_out(story);
            (phone(), story.ledger.store(&story.cast.wim, &[phone()]))
        },
    ),
    (
        "destroyed-while-checked-out",
        "destroyed by somebody who must bring it back",
        "custody/checked-out",
        |story| {
            checked_out(story);
            (phone(), story.ledger.dispose(&story.cast.wim, &story.cast.dora, phone()))
        },
    ),
];

const ENDS: [Breach; 11] = [
    ("split-into-more", "parts of 130 g out of 100", "custody/quantity", |story| {
        powder(story);
        let page = story.ledger.split(&story.cast.ana, uuid("powder"), &samples(60, 20), 50);
        (uuid("powder"), page)
    }),
    ("split-into-less", "parts of 90 g out of 100", "custody/quantity", |story| {
        powder(story);
        let page = story.ledger.split(&story.cast.ana, uuid("powder"), &samples(20, 20), 50);
        (uuid("powder"), page)
    }),
    ("split-beyond-numbers", "parts whose sum is no number", "custody/quantity", |story| {
        powder(story);
        let parts = samples(u64::MAX, 51);
        (uuid("powder"), story.ledger.split(&story.cast.ana, uuid("powder"), &parts, 50))
    }),
    ("split-without-amounts", "parts that nobody measured", "custody/quantity", |story| {
        powder(story);
        let page = story.ledger.split(&story.cast.ana, uuid("powder"), &samples(30, 20), 50);
        let page = page.with(|payload| {
            let Body::Split(body) = &mut payload.body else { panic!() };
            body.parts.iter_mut().for_each(|part| part.amount = None);
        });
        (uuid("powder"), page)
    }),
    ("consumed-more", "120 g used up of 100", "custody/quantity", |story| {
        powder(story);
        (uuid("powder"), story.ledger.consume(&story.cast.ana, uuid("powder"), 120, 0))
    }),
    (
        "consumed-without-a-quantity",
        "amounts of a thing that nobody measured",
        "custody/quantity",
        |story| {
            collected(story);
            (phone(), story.ledger.consume(&story.cast.ana, phone(), 1, 0))
        },
    ),
    (
        "used-after-its-end",
        "a part is examined after it was used up",
        "custody/disposed",
        |story| {
            split(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.consume(&cast.ana, uuid("sample"), 30, 0));
            (uuid("sample"), ledger.analyse(&cast.ana, &[uuid("sample")]))
        },
    ),
    ("destroyed-under-a-hold", "destroyed while it must be kept", "custody/on-hold", |story| {
        held(story);
        (phone(), story.ledger.dispose(&story.cast.ana, &story.cast.wim, phone()))
    }),
    ("returned-under-a-hold", "returned while it must be kept", "custody/on-hold", |story| {
        held(story);
        (phone(), story.ledger.return_to_owner(&story.cast.ana, &[phone()]))
    }),
    ("held-after-its-end", "a hold on what was destroyed", "custody/disposed", |story| {
        collected(story);
        let Story { cast, ledger, .. } = story;
        ledger.write(&ledger.dispose(&cast.ana, &cast.wim, phone()));
        (phone(), ledger.hold_set(&cast.wim, &[phone()]))
    }),
    (
        "witnessed-by-a-holder-of-its-box",
        "Ben, who held the box that it was in, witnesses its end",
        "custody/witness-in-chain",
        |story| {
            packed(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.handoff(&cast.ana, &cast.ben, &[uuid("box")], &[]));
            ledger.write(&ledger.handoff(&cast.ben, &cast.caro, &[uuid("box")], &[]));
            ledger.write(&ledger.unpack(&cast.caro, uuid("box"), &[phone()]));
            (phone(), ledger.dispose(&cast.caro, &cast.ben, phone()))
        },
    ),
];

const PEOPLE: [Breach; 9] = [
    ("quorum-of-three", "a quorum of three of two founders", "custody/quorum-range", |story| {
        collected(story);
        let (ledger, cast) = (&story.ledger, &story.cast);
        (phone(), ledger.policy_change(&[&cast.north, &cast.south], 3))
    }),
    ("succeeded-from-another", "Wim passes on what Ana holds", "custody/not-the-holder", |story| {
        collected(story);
        (phone(), story.ledger.succession(&story.cast.wim, &story.cast.ana, &[phone()]))
    }),
    (
        "sealed-by-who-did-not-find-it",
        "Wim puts a seal on what was missing when he took over",
        "custody/not-the-holder",
        |story| {
            missed(story);
            (phone(), story.ledger.put_seal(&story.cast.wim, phone(), "NL-00418"))
        },
    ),
    (
        "succeeded-by-another-agency",
        "what Ana of North held goes to Caro of South",
        "custody/other-agency",
        |story| {
            collected(story);
            (phone(), story.ledger.succession(&story.cast.ana, &story.cast.caro, &[phone()]))
        },
    ),
    (
        "succession-signed-by-another-agency",
        "South signs for what Ana of North held",
        "custody/other-agency",
        |story| {
            collected(story);
            let (ledger, cast) = (&story.ledger, &story.cast);
            let page =
                ledger.succession_by(&cast.south, &cast.ana, &cast.wim, &[phone()], &cast.ben);
            (phone(), page)
        },
    ),
    (
        "under-a-request-that-nobody-prepared",
        "it moves under a request that is not there",
        "custody/no-such-subject",
        |story| {
            collected(story);
            let (ledger, cast) = (&story.ledger, &story.cast);
            let page = ledger.handoff(&cast.ana, &cast.caro, &[phone()], &[]);
            (phone(), under_request(page))
        },
    ),
    (
        "request-step-by-the-other-agency",
        "the requesting agency fulfils its own request",
        "custody/other-agency",
        |story| {
            requested(story);
            let step = RequestStep::Fulfilled;
            (phone(), story.ledger.request_step(&story.cast.caro, uuid("request"), step))
        },
    ),
    (
        "request-step-back",
        "a request is received after it was accepted",
        "custody/request-step",
        |story| {
            requested(story);
            let step = RequestStep::Received;
            (phone(), story.ledger.request_step(&story.cast.ana, uuid("request"), step))
        },
    ),
    (
        "request-after-its-end",
        "a request is withdrawn after it was fulfilled",
        "custody/request-step",
        |story| {
            requested(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.request_step(&cast.ana, uuid("request"), RequestStep::Fulfilled));
            (phone(), ledger.request_step(&cast.caro, uuid("request"), RequestStep::Withdrawn))
        },
    ),
];

const NOT_AUTHORISED: &str = "custody/onward-not-authorised";

const ONWARD: [Breach; 8] = [
    ("onward-without-permission", "to a third agency", NOT_AUTHORISED, |story| {
        requested(story);
        (phone(), story.ledger.handoff(&story.cast.caro, &story.cast.ben, &[phone()], &[]))
    }),
    ("released-without-permission", "on the way to a third agency", NOT_AUTHORISED, |story| {
        requested(story);
        (phone(), story.ledger.release(&story.cast.caro, &story.cast.ben, &[phone()]))
    }),
    ("permission-of-the-wrong-agency", "South permits what North must", NOT_AUTHORISED, |story| {
        requested(story);
        let Story { cast, ledger, .. } = story;
        let page = ledger.authorise_transfer(&cast.caro, &cast.dora, &[phone()], &cast.transit);
        let permission = ledger.write_digest(&page);
        let page = ledger.handoff(&cast.caro, &cast.ben, &[phone()], &[]);
        (phone(), onward(page, permission))
    }),
    (
        "permission-for-another-agency",
        "North permits that it goes to South",
        NOT_AUTHORISED,
        |story| {
            requested(story);
            let Story { cast, ledger, .. } = story;
            let page = ledger.authorise_transfer(&cast.ana, &cast.wim, &[phone()], &cast.south);
            let permission = ledger.write_digest(&page);
            let page = ledger.handoff(&cast.caro, &cast.ben, &[phone()], &[]);
            (phone(), onward(page, permission))
        },
    ),
    ("permission-for-another-use", "North permits that it is evidence", NOT_AUTHORISED, |story| {
        requested(story);
        let Story { cast, ledger, .. } = story;
        let page = ledger.authorise_use(&cast.ana, &cast.wim, &[phone()], OnwardUse::Evidence);
        let permission = ledger.write_digest(&page);
        let page = ledger.handoff(&cast.caro, &cast.ben, &[phone()], &[]);
        (phone(), onward(page, permission))
    }),
    ("packed-without-its-bounds", "in a box that may go anywhere", NOT_AUTHORISED, |story| {
        requested(story);
        let Story { cast, ledger, .. } = story;
        ledger.write(&ledger.collect(&cast.caro, uuid("box")));
        (phone(), ledger.pack(&cast.caro, uuid("box"), &[phone()]))
    }),
    (
        "box-onward-without-permission",
        "the box that it is in goes to a third agency",
        NOT_AUTHORISED,
        |story| {
            packed_with_its_bounds(story);
            (phone(), story.ledger.handoff(&story.cast.caro, &story.cast.ben, &[uuid("box")], &[]))
        },
    ),
    (
        "lent-box-onward-without-permission",
        "in a box of a third agency, which goes back there",
        NOT_AUTHORISED,
        |story| {
            requested(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.collect(&cast.ben, uuid("box")));
            ledger.write(&ledger.store(&cast.ben, &[uuid("box")]));
            ledger.write(&ledger.check_out(&cast.ben, &cast.caro, &[uuid("box")]));
            let bound = Some(Bound { agency: cast.north.id, request: uuid("request") });
            ledger.write(&ledger.pack_bound(&cast.caro, uuid("box"), &[phone()], bound));
            (phone(), ledger.check_in(&cast.caro, &cast.ben, &[uuid("box")]))
        },
    ),
];

const NOTES: [Breach; 6] = [
    (
        "hold-released-twice",
        "a hold is released that is not open",
        "custody/no-open-hold",
        |story| {
            let hold = held(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.hold_release(&cast.ana, &cast.wim, &[phone()], hold));
            (phone(), ledger.hold_release(&cast.ana, &cast.wim, &[phone()], hold))
        },
    ),
    (
        "hold-released-by-another-agency",
        "South releases a hold of North's",
        "custody/other-agency",
        |story| {
            let hold = held(story);
            let (ledger, cast) = (&story.ledger, &story.cast);
            (phone(), ledger.hold_release(&cast.caro, &cast.dora, &[phone()], hold))
        },
    ),
    (
        "dispute-resolved-twice",
        "a dispute is resolved that is not open",
        "custody/no-open-dispute",
        |story| {
            let dispute = disputed(story);
            resolve(story, dispute);
            let (ledger, cast) = (&story.ledger, &story.cast);
            (phone(), ledger.dispute_resolution(&cast.ana, &cast.wim, phone(), dispute))
        },
    ),
    (
        "dispute-answered-after-its-end",
        "a dispute is answered that is not open",
        "custody/no-open-dispute",
        |story| {
            let dispute = disputed(story);
            resolve(story, dispute);
            (phone(), story.ledger.dispute_response(&story.cast.ana, phone(), dispute))
        },
    ),
    (
        "codes-changed-by-another-agency",
        "South lifts the handling codes of North",
        "custody/other-agency",
        |story| {
            handled(story);
            (phone(), story.ledger.handling(&story.cast.caro, &[phone()], &[]))
        },
    ),
    (
        "after-the-end-of-the-ledger",
        "a remark after another ledger went on from this one",
        "custody/ledger-closed",
        |story| {
            collected(story);
            ended(story);
            (phone(), story.ledger.note(&story.cast.ana, phone()))
        },
    ),
];

const REGISTRY: [Breach; 6] = [
    ("quorum-changed-by-one", "one founder of two changes the quorum", "custody/quorum", |story| {
        collected(story);
        (phone(), story.ledger.policy_change(&[&story.cast.north], 1))
    }),
    ("ended-by-one", "one founder of two ends the ledger", "custody/quorum", |story| {
        collected(story);
        (phone(), story.ledger.operator_succession(&[&story.cast.north], "ledger.example/other"))
    }),
    (
        "updated-by-another-agency",
        "South says what Ana of North may sign",
        "custody/not-its-agency",
        |story| {
            collected(story);
            let (ledger, cast) = (&story.ledger, &story.cast);
            (phone(), ledger.custodian_roles(&cast.south, &cast.ana, &[Role::Witness]))
        },
    ),
    (
        "renamed-by-another-agency",
        "South says how North is called",
        "custody/not-its-agency",
        |story| {
            collected(story);
            let mut page = story.ledger.agency_rename(&story.cast.north, "South too");
            page.hands = vec![Hand::authority(&story.cast.south)];
            (phone(), page)
        },
    ),
    (
        "role-taken-away",
        "Ana acts after she may only witness",
        "custody/role-not-granted",
        |story| {
            collected(story);
            let Story { cast, ledger, .. } = story;
            ledger.write(&ledger.custodian_roles(&cast.north, &cast.ana, &[Role::Witness]));
            (phone(), ledger.put_seal(&cast.ana, phone(), "1"))
        },
    ),
    (
        "anchored-with-a-custodians-key",
        "Ana's key signs for the operator",
        "custody/key-not-enrolled",
        |story| {
            collected(story);
            let mut page = story.ledger.anchor();
            page.hands[0].key = story.cast.ana.key.clone();
            (phone(), page)
        },
    ),
];

/// On the way back to North, Ben of Transit receives it, who could stand in for Ana.
fn substituted_onward() -> Case {
    let (_, exhibit) = told(|story| {
        requested(story);
        let Story { cast, ledger, .. } = story;
        let page = substituted(ledger, &cast.caro, [&cast.ana, &cast.ben]);
        assert_eq!(ledger.append(&page).unwrap_err().code(), NOT_AUTHORISED);
        let release = ledger.force_page(&page);
        let release = ledger.record(release).digest();
        ledger.force_page(&ledger.receive(&cast.caro, &cast.ben, &[phone()], release));
        phone()
    });
    let desc = "a third agency receives what was on the way back";
    let name = "substitute-of-a-third-agency";
    Case::rejected(name, desc, CustodyRules, NOT_AUTHORISED, exhibit.encode()).evidence(&[])
}

/// 257 disputes of one record.
fn too_many_open() -> Case {
    let breach: Breach =
        ("disputed-257-times", "more is open than may be", "custody/too-many-open", |story| {
            let record = collected(story);
            let Story { cast, ledger, .. } = story;
            for _ in 0..256 {
                ledger.write(&ledger.dispute(&cast.ben, phone(), record));
            }
            (phone(), ledger.dispute(&cast.ben, phone(), record))
        });
    case(&breach, CustodyRules)
}
