//! What people do in the tests of the whole of custody, so that something else can follow.

use custody_core::custody::{Held, Holdings, ItemState, Standing};
use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::merkle::LeafIndex;
use custody_core::record::body::{
    Body, Bound, ExternalParty, Quantity, RequestStep, SplitPart, Unit,
};
use custody_tests::paper::story::Story;
use custody_tests::paper::{Page, uuid};

pub fn digest_at(story: &Story, index: LeafIndex) -> Hash {
    story.ledger.record(index).digest()
}

/// Caro, of south, asks north.
pub fn request(story: &mut Story) {
    let page = story.ledger.request_prepared(&story.cast.caro, uuid("request"), &story.cast.north);
    story.ledger.write(&page);
}

/// North takes a step of the request.
pub fn take_step(story: &mut Story, step: RequestStep) {
    story.ledger.write(&story.ledger.request_step(&story.cast.ana, uuid("request"), step));
}

/// Ana hands the disk to Caro under the request.
pub fn hand_under_request(story: &mut Story) {
    request(story);
    let page = story.ledger.handoff(&story.cast.ana, &story.cast.caro, &[story.disk], &[]);
    story.ledger.write(&page.with(|payload| {
        let Body::Handoff(body) = &mut payload.body else { panic!("no handoff") };
        body.request = Some(uuid("request"));
    }));
}

/// North permits that the disk goes to transit.
pub fn permit(story: &mut Story) -> Hash {
    let (ana, wim, transit) = (&story.cast.ana, &story.cast.wim, &story.cast.transit);
    let page = story.ledger.authorise_transfer(ana, wim, &[story.disk], transit);
    let index = story.ledger.write(&page);
    digest_at(story, index)
}

pub fn under_permission(page: Page, permission: Hash) -> Page {
    page.with(|payload| match &mut payload.body {
        Body::Release(body) => body.onward = Some(permission),
        Body::Handoff(body) => body.onward = Some(permission),
        other => panic!("no move: {other:?}"),
    })
}

/// Writes a permission, and Caro hands the disk to Ben under it.
pub fn on_with(story: &mut Story, permission: &Page) -> Page {
    let index = story.ledger.write(permission);
    let permission = digest_at(story, index);
    let page = story.ledger.handoff(&story.cast.caro, &story.cast.ben, &[story.disk], &[]);
    under_permission(page, permission)
}

/// Caro puts the disk, which came from north, into a box.
pub fn pack_bound(story: &mut Story) -> Page {
    story.ledger.write(&story.ledger.collect(&story.cast.caro, uuid("box")));
    let bound = Bound { agency: story.cast.north.id, request: uuid("request") };
    story.ledger.pack_bound(&story.cast.caro, uuid("box"), &[story.disk], Some(bound))
}

pub fn with_substitute(page: Page, substitute: Uuid) -> Page {
    page.with(|payload| {
        let Body::Release(body) = &mut payload.body else { panic!("no release") };
        body.substitutes = vec![substitute];
    })
}

/// Caro has the disk from north, and puts it into a crate that transit lent her.
pub fn lend_box_and_fill_it(story: &mut Story) {
    hand_under_request(story);
    let (ben, caro, north) = (&story.cast.ben, &story.cast.caro, story.cast.north.id);
    story.ledger.write(&story.ledger.collect(ben, uuid("crate")));
    story.ledger.write(&story.ledger.store(ben, &[uuid("crate")]));
    story.ledger.write(&story.ledger.check_out(ben, caro, &[uuid("crate")]));
    let bound = Bound { agency: north, request: uuid("request") };
    let page = story.ledger.pack_bound(caro, uuid("crate"), &[story.disk], Some(bound));
    story.ledger.write(&page);
}

pub fn give_to_court(story: &mut Story) {
    let page = story.ledger.give_outside(&story.cast.ana, ExternalParty::Court, &[story.disk]);
    story.ledger.write(&page);
}

pub fn put_away(story: &mut Story) {
    story.ledger.write(&story.ledger.store(&story.cast.ana, &[story.disk]));
}

/// Ana puts the disk away and gives it out to Caro.
pub fn lend(story: &mut Story) {
    put_away(story);
    let page = story.ledger.check_out(&story.cast.ana, &story.cast.caro, &[story.disk]);
    story.ledger.write(&page);
}

/// Ana puts the disk into a box.
pub fn pack(story: &mut Story) {
    story.ledger.write(&story.ledger.collect(&story.cast.ana, uuid("box")));
    story.ledger.write(&story.ledger.pack(&story.cast.ana, uuid("box"), &[story.disk]));
}

/// Ana takes 100 g of something into custody.
pub fn powder(story: &mut Story) {
    let quantity = Quantity { amount: 100, unit: Unit::G };
    story.ledger.write(&story.ledger.collect_amount(&story.cast.ana, uuid("powder"), quantity));
}

pub fn parts(first: Option<u64>, second: Option<u64>) -> [SplitPart; 2] {
    [("half", first), ("other half", second)]
        .map(|(name, amount)| SplitPart { item: uuid(name), amount })
}

/// Nobody measured, and something remains.
pub fn rest_unmeasured(body: &mut Body) {
    match body {
        Body::Split(body) => body.rest = None,
        Body::Consume(body) => (body.rest, body.amount) = (None, None),
        other => panic!("nothing remains: {other:?}"),
    }
}

pub fn hold(story: &mut Story) -> Hash {
    let index = story.ledger.write(&story.ledger.hold_set(&story.cast.ana, &[story.disk]));
    digest_at(story, index)
}

pub fn dispute(story: &mut Story) -> Hash {
    let record = story.ledger.record(LeafIndex(7)).digest();
    let index = story.ledger.write(&story.ledger.dispute(&story.cast.caro, story.disk, record));
    digest_at(story, index)
}

pub fn state(story: &Story, item: Uuid) -> ItemState {
    match story.ledger.book.get(&SubjectId::Item(item)) {
        Held::Present(subject) => match &subject.standing {
            Standing::Item(state) => state.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}
