//! What a plan is made of: who does what, when, where and to what.

use custody_core::cose::Finding;
use custody_core::record::body::{MovePurpose, RefusalGround, RequestStep, SealOutcome};

/// One act of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When it is claimed to have happened, in seconds since 1970.
    pub claimed_s: u64,
    /// When it is recorded: never before an earlier step of the plan.
    pub recorded_s: u64,
    /// Who acts: a number in the cast. Of a movement, who hands over or receives.
    pub who: usize,
    /// Where.
    pub place: Place,
    /// The item, or the first of several.
    pub item: u64,
    /// To which of what goes under its number.
    pub load: Load,
    /// What is done.
    pub deed: Deed,
    /// Whether this step shows the anomaly that is planted in the item.
    pub is_planted: bool,
}

/// What an act is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// So many items, from the number of the step on: more than one of them in one record is a manifest.
    Items(u64),
    /// The box that the items are in.
    Box,
}

/// How something is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// By somebody of one's own.
    Plainly,
    /// By a carrier, on a waybill.
    ByCarrier,
    /// Under the request that goes with the items.
    Requested,
}

/// A place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where an agency's people work.
    Site(usize),
    /// Another building of the same agency.
    Annex(usize),
    /// Where evidence is found.
    Found(u64),
}

/// What is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// The item is taken.
    Collect,
    /// A seal is put on.
    Seal {
        /// The item's how manieth seal, from 1.
        nth: u64,
    },
    /// A seal is looked at.
    SealCheck {
        /// Whose number is read.
        nth: u64,
        /// How it is found.
        outcome: SealOutcome,
    },
    /// A seal is looked at and found intact, but what is signed is not recorded: something else takes its place.
    LostCheck {
        /// Whose number is read.
        nth: u64,
    },
    /// What was lost is kept.
    KeepLost,
    /// The item goes from hand to hand.
    Handoff {
        /// To whom.
        to: usize,
        /// What they find.
        finding: Option<Finding>,
    },
    /// It is sent on the way.
    Release {
        /// To whom.
        to: usize,
        /// What for.
        purpose: MovePurpose,
        /// By when it is expected, in seconds since 1970.
        expected_s: Option<u64>,
        /// Who may receive in their place.
        substitute: Option<usize>,
        /// How.
        sent: Sent,
    },
    /// A carrier has been seen with it.
    Scan,
    /// It is taken over.
    Receive {
        /// From whom.
        from: usize,
        /// Whether the last of several is not among them.
        is_short: bool,
    },
    /// It is not taken over.
    Refuse {
        /// From whom.
        from: usize,
        /// Why not.
        ground: RefusalGround,
    },
    /// It is taken back.
    Recall {
        /// To whom it was on its way.
        to: usize,
    },
    /// A box is taken into custody.
    Box,
    /// The item is put into it.
    Pack,
    /// And taken out.
    Unpack,
    /// The box is given to a carrier who holds no key.
    GiveAway,
    /// An image is made of it.
    Image,
    /// The image's digest is computed again.
    VerifyImage,
    /// Somebody remarks on it.
    Note {
        /// What they say.
        text: &'static str,
    },
    /// The place where it was taken is put right.
    Correct {
        /// Who answers for it.
        supervisor: usize,
    },
    /// It is put on a shelf.
    Store,
    /// It is given out of the store.
    CheckOut {
        /// To whom.
        to: usize,
        /// By when it should be back, in seconds since 1970.
        due_s: u64,
    },
    /// It is brought back.
    CheckIn {
        /// To whom.
        to: usize,
    },
    /// It must be kept.
    HoldSet,
    /// It need no longer be kept.
    HoldRelease {
        /// Who answers for it.
        supervisor: usize,
    },
    /// Whoever acts is away from now on, which their agency says and signs.
    Absence {
        /// Until when, in seconds since 1970.
        until_s: u64,
        /// Who stands in.
        alternate: usize,
    },
    /// A step of the request under which the items move.
    Request {
        /// Which.
        step: RequestStep,
        /// Which agency is asked.
        of: usize,
    },
    /// It is destroyed.
    Dispose {
        /// Who watches.
        witness: usize,
    },
}
