//! The whole of custody, once: what it takes to have every other type of record in its usual form.

use custody_core::cose::{Finding, Outcome};
use custody_core::hash::Hash;
use custody_core::record::body::*;

use super::{Cast, IMAGE, Story};
use crate::paper::cast::{Person, uuid};
use crate::paper::ledger::PaperLedger;
use crate::paper::page::Page;

/// Writes into a ledger and keeps the pages as they were before they were signed.
struct Scribe<'a> {
    ledger: &'a mut PaperLedger,
    pages: Vec<Page>,
}

impl Scribe<'_> {
    /// Takes in a page, and returns the record's digest.
    fn write(&mut self, page: impl FnOnce(&PaperLedger) -> Page) -> Hash {
        let page = page(self.ledger);
        let index = self.ledger.write(&page);
        self.pages.push(page);
        self.ledger.record(index).digest()
    }
}

impl Story {
    /// Goes on until every type of record is there, and returns the new pages. Wim of North has a telephone, which
    /// goes to `caro` of South and then to Dora. The ledger ends with it.
    pub(super) fn go_on(&mut self, caro: &Person) -> Vec<Page> {
        let Self { cast, ledger, disk, .. } = self;
        let mut scribe = Scribe { ledger, pages: Vec::new() };
        let founders = [&cast.north, &cast.south];
        scribe.write(|ledger| ledger.agency_rename(&cast.north, "North Forensic Institute"));
        scribe.write(|ledger| ledger.policy_change(&founders, 2));
        scribe.write(|ledger| ledger.anchor());
        scribe.write(|ledger| ledger.renewal());
        scribe.write(|ledger| ledger.seal_break(caro, *disk, "NL-00417"));
        let collect = take_in(&mut scribe, cast);
        let release = move_about(&mut scribe, cast, caro);
        measure(&mut scribe, cast);
        say(&mut scribe, cast, caro, release);
        dispute(&mut scribe, cast, caro, release);
        let telephone = uuid("telephone");
        let erased = [(collect, "description")];
        scribe.write(|ledger| ledger.erase_opening(caro, &cast.dora, telephone, &erased));
        scribe.write(|ledger| ledger.return_to_owner(&cast.dora, &[telephone]));
        scribe.write(|ledger| ledger.operator_succession(&founders, "ledger.example/successor"));
        scribe.pages
    }
}

/// Returns the digest of the telephone's `collect`.
fn take_in(scribe: &mut Scribe<'_>, cast: &Cast) -> Hash {
    let (wim, box_id, telephone) = (&cast.wim, uuid("box"), uuid("telephone"));
    scribe.write(|ledger| ledger.request_prepared(wim, uuid("request"), &cast.south));
    scribe.write(|ledger| ledger.provider_production(wim, uuid("mailbox"), IMAGE));
    scribe.write(|ledger| ledger.register_legacy(wim, uuid("old knife"), b"a table of 2019"));
    scribe.write(|ledger| ledger.collect(wim, box_id));
    let collect = scribe.write(|ledger| ledger.collect_for(wim, telephone, uuid("request")));
    scribe.write(|ledger| ledger.pack(wim, box_id, &[telephone]));
    scribe.write(|ledger| ledger.unpack(wim, box_id, &[telephone]));
    collect
}

/// The telephone goes everywhere that an item can go. Returns the digest of the release.
fn move_about(scribe: &mut Scribe<'_>, cast: &Cast, caro: &Person) -> Hash {
    let (wim, dora, telephone) = (&cast.wim, &cast.dora, [uuid("telephone")]);
    let release = scribe.write(|ledger| ledger.release(wim, caro, &telephone));
    scribe.write(|ledger| ledger.carrier_scan(wim, &telephone, release));
    scribe.write(|ledger| ledger.receive(wim, caro, &telephone, release));
    scribe.write(|ledger| ledger.give_outside(caro, ExternalParty::Court, &telephone));
    scribe.write(|ledger| ledger.take_back(caro, ExternalParty::Court, &telephone));
    scribe.write(|ledger| ledger.store(caro, &telephone));
    scribe.write(|ledger| ledger.check_out(caro, dora, &telephone));
    scribe.write(|ledger| ledger.check_in(dora, caro, &telephone));
    scribe.write(|ledger| ledger.succession(caro, dora, &telephone));
    release
}

fn measure(scribe: &mut Scribe<'_>, cast: &Cast) {
    let (wim, powder, sample) = (&cast.wim, uuid("powder"), uuid("sample"));
    let quantity = Quantity { amount: 100, unit: Unit::G };
    scribe.write(|ledger| ledger.collect_amount(wim, powder, quantity));
    let parts = [("sample", 30), ("counter-sample", 20)]
        .map(|(name, amount)| SplitPart { item: uuid(name), amount: Some(amount) });
    scribe.write(|ledger| ledger.split(wim, powder, &parts, 50));
    scribe.write(|ledger| ledger.consume(wim, sample, 10, 20));
    scribe.write(|ledger| ledger.analyse(wim, &[sample]));
}

fn say(scribe: &mut Scribe<'_>, cast: &Cast, caro: &Person, release: Hash) {
    let (dora, telephone) = (&cast.dora, uuid("telephone"));
    let items = [telephone];
    scribe.write(|ledger| ledger.disclose(caro, telephone));
    scribe.write(|ledger| ledger.court_exhibit(caro, telephone, CourtStatus::Admitted));
    let hold = scribe.write(|ledger| ledger.hold_set(caro, &items));
    scribe.write(|ledger| ledger.hold_release(caro, dora, &items, hold));
    scribe.write(|ledger| ledger.authorise_transfer(caro, dora, &items, &cast.transit));
    scribe.write(|ledger| ledger.handling(caro, &items, &["H1", "TLP:AMBER"]));
    let outcome = Outcome { position: 0, finding: Finding::SealMismatch };
    scribe.write(|ledger| ledger.inventory(caro, &items, vec![outcome]));
    scribe.write(|ledger| ledger.discrepancy(caro, telephone, Some(release)));
}

fn dispute(scribe: &mut Scribe<'_>, cast: &Cast, caro: &Person, record: Hash) {
    let telephone = uuid("telephone");
    let dispute = scribe.write(|ledger| ledger.dispute(&cast.wim, telephone, record));
    scribe.write(|ledger| ledger.dispute_response(caro, telephone, dispute));
    scribe.write(|ledger| ledger.dispute_resolution(caro, &cast.dora, telephone, dispute));
}
