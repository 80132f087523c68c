//! A real ledger in which audits' tests let things happen: at which hour, by whom, to what.

use custody_api::audit::{Audited, Finding, Kind, Question, audit};
use custody_api::desk::Desk;
use custody_core::cbor::Value;
use custody_core::cose::{Finding as Found, Observed, Outcome, Role};
use custody_core::hash::Hash;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::*;
use custody_log::Ledger;
use custody_tests::world::{Hand, Page, Person, START_S, Scene, digest_of};
use tempfile::TempDir;

pub const MINUTE: u64 = 60;
pub const HOUR: u64 = 60 * MINUTE;
pub const DAY: u64 = 24 * HOUR;

/// A ledger with four people and as many items; person 0 and 2 work for one agency, 1 and 3 for the other. Person n
/// holds item n.
pub struct Play {
    pub dir: TempDir,
    pub scene: Scene,
    pub ledger: Ledger,
    /// Seconds since the ledger began.
    pub now_s: u64,
}

/// An entry, and the digest of its record.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    pub entry: u64,
    pub digest: Hash,
}

impl Play {
    pub fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let (scene, ledger) = Scene::new(dir.path(), 4);
        let mut play = Self { dir, scene, ledger, now_s: 0 };
        play.pass(HOUR);
        play
    }

    /// Time goes by, for everybody and for the log.
    pub fn pass(&mut self, seconds: u64) {
        self.scene.clock.pass(seconds * 1000);
        self.now_s += seconds;
    }

    pub fn item(&self, number: usize) -> Uuid {
        self.scene.world.items[number].0
    }

    pub fn person(&self, number: usize) -> &Person {
        &self.scene.world.people[number]
    }

    pub fn id(&self, number: usize) -> Uuid {
        self.person(number).id
    }

    /// Records a page, as claimed for now.
    pub fn now(&mut self, page: Page) -> Done {
        let claimed_s = START_S + self.now_s;
        self.claimed(page, claimed_s)
    }

    /// Records a page, as claimed for some other time.
    pub fn claimed(&mut self, page: Page, claimed_s: u64) -> Done {
        let page = page.with(|payload| payload.occurred.utc_s = claimed_s);
        let made = self.scene.world.take(&page);
        let digest = digest_of(&made);
        let taken = self.scene.submit_all(&self.ledger, vec![made]);
        Done { entry: taken[0].index.0, digest }
    }

    /// A record about the custody of items, by people in roles.
    pub fn page(&self, items: &[usize], hands: &[(usize, Role)], body: impl Into<Body>) -> Page {
        let subjects: Vec<_> = items.iter().map(|n| SubjectId::Item(self.item(*n))).collect();
        self.about(&subjects, hands, body)
    }

    /// A record about what is said of items.
    pub fn notes(&self, items: &[usize], hands: &[(usize, Role)], body: impl Into<Body>) -> Page {
        let subjects: Vec<_> = items.iter().map(|n| SubjectId::Notes(self.item(*n))).collect();
        self.about(&subjects, hands, body)
    }

    fn about(
        &self,
        subjects: &[SubjectId],
        hands: &[(usize, Role)],
        body: impl Into<Body>,
    ) -> Page {
        let hands = hands.iter().map(|(who, role)| Hand::of(self.person(*who), *role));
        self.scene.world.page(subjects, hands.collect(), body)
    }

    /// `from` sends items to `to`, to be there by `expected_s` from the beginning.
    pub fn release(
        &mut self,
        items: &[usize],
        (from, to): (usize, usize),
        expected_s: Option<u64>,
    ) -> Done {
        let expected_s = expected_s.map(|expected_s| START_S + expected_s);
        let body = Release { expected_s, ..Release::for_purpose(MovePurpose::Transport) };
        self.send(items, (from, to), body)
    }

    pub fn send(&mut self, items: &[usize], (from, to): (usize, usize), body: Release) -> Done {
        let page = self.page(items, &[(from, Role::Releasing)], body);
        let page = page.between(self.person(from), self.person(to));
        self.now(page)
    }

    pub fn receive(&mut self, items: &[usize], (from, to): (usize, usize), release: Done) -> Done {
        self.receive_but(items, (from, to), release, &[])
    }

    /// `to` receives items, and finds something of those at these positions of the record.
    pub fn receive_but(
        &mut self,
        items: &[usize],
        (from, to): (usize, usize),
        release: Done,
        found: &[(usize, Found)],
    ) -> Done {
        let body = Receive { release: release.digest };
        let page = self.page(items, &[(to, Role::Receiving)], body);
        let page = observing(page.between(self.person(from), self.person(to)), 0, found);
        self.now(page)
    }

    /// `who` looks at a seal of an item and reads a number.
    pub fn seal_check(&mut self, item: usize, who: usize, number: &str) -> Done {
        let body = SealCheck { outcome: SealOutcome::Intact };
        let page = self.page(&[item], &[(who, Role::Acting)], body);
        self.now(page.seal("seal", &Value::text(number)))
    }

    /// `who` looks at a seal of an item, somewhere.
    pub fn seal_check_at(&mut self, item: usize, who: usize, place: &str) -> Done {
        let page = self.look_at(item, who, place);
        self.now(page)
    }

    /// The same, to be claimed for another time or changed.
    pub fn look_at(&self, item: usize, who: usize, place: &str) -> Page {
        let body = SealCheck { outcome: SealOutcome::Intact };
        let page = self.page(&[item], &[(who, Role::Acting)], body);
        page.seal("place", &Value::text(place))
    }

    pub fn audited(&self, question: &Question) -> Audited {
        audit(&Desk::live(self.ledger.reader().unwrap()), question, &|_| Ok(())).unwrap()
    }

    pub fn findings(&self) -> Vec<Finding> {
        self.audited(&Question::default()).findings
    }

    /// Findings at some time from the beginning.
    pub fn findings_at(&self, seconds: u64) -> Vec<Finding> {
        let as_of_s = Some(START_S + seconds);
        self.audited(&Question { as_of_s, ..Question::default() }).findings
    }

    /// What a finding of this kind must be.
    pub fn expect(
        &self,
        kind: Kind,
        entries: &[u64],
        items: &[usize],
        people: &[usize],
        minutes: Option<u64>,
    ) -> Expected {
        let mut items: Vec<_> = items.iter().map(|number| self.item(*number)).collect();
        items.sort();
        let mut people: Vec<_> = people.iter().map(|number| self.id(*number)).collect();
        people.sort();
        (kind, entries.to_vec(), items, people, minutes)
    }
}

/// Kind, entries, items, people in the order of their ids, minutes.
pub type Expected = (Kind, Vec<u64>, Vec<Uuid>, Vec<Uuid>, Option<u64>);

/// The facts of findings, without their words.
pub fn facts(findings: &[Finding]) -> Vec<Expected> {
    let facts = |finding: &Finding| {
        assert!(!finding.text.is_empty());
        let mut people = finding.people.clone();
        people.sort();
        (finding.kind, finding.entries.clone(), finding.items.clone(), people, finding.minutes)
    };
    findings.iter().map(facts).collect()
}

/// Who signs at `signer` finds something of the items at these positions.
pub fn observing(mut page: Page, signer: usize, found: &[(usize, Found)]) -> Page {
    let outcome =
        |(position, finding): &(usize, Found)| Outcome { position: *position, finding: *finding };
    let outcomes = found.iter().map(outcome).collect();
    page.hands[signer].observed = Observed { checked: Vec::new(), outcomes };
    page
}
