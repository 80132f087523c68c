//! Rules of the whole of custody about where items are, who has them and how much they are.

use custody_core::record::body::{ExternalParty, SplitPart};
use custody_tests::paper::uuid;

use crate::custody_acts::*;
use crate::custody_whole::Rule;

pub const PLACES: &[Rule] = &[
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

pub const LENDING: &[Rule] = &[
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

pub const CONTAINERS: &[Rule] = &[
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

pub const AMOUNTS: &[Rule] = &[
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
