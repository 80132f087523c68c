//! A body of each type with every optional key, which the tests of SPEC's tables start from.

use custody_core::cose::{Finding, Outcome, Role};
use custody_core::hash::{Hash, sha256};
use custody_core::id::{SubjectId, Uuid};
use custody_core::key::Kid;
use custody_core::merkle::{TreeHead, TreeSize};
use custody_core::record::Link;
use custody_core::record::body::*;

use crate::docs_story::{enrolment, log_signer, origin, public, uuid};

/// A digest of nothing in particular.
pub fn some_digest() -> Hash {
    sha256(b"some digest")
}

fn digests() -> Vec<EvidenceDigest> {
    vec![EvidenceDigest::sha256(DigestScope::Media, &some_digest())]
}

/// A body of the type with every optional key, for the subjects that the record extends.
pub fn body(record_type: RecordType, subjects: &[Link]) -> Body {
    let kid = Kid::new(some_digest());
    let agencies = subjects.iter().filter_map(|link| match link.subject {
        SubjectId::Agency(id) => Some(Enrolment { id, ..enrolment(0x11) }),
        _ => None,
    });
    let agencies: Vec<_> = agencies.collect();
    let is_agency = matches!(subjects[0].subject, SubjectId::Agency(_));
    match record_type {
        RecordType::LedgerOpen => LedgerOpen {
            agencies: if agencies.is_empty() { vec![enrolment(0x11)] } else { agencies },
            quorum: 1,
            succeeds: Some(Predecessor {
                origin: origin(),
                genesis: some_digest(),
                head: TreeHead { size: TreeSize(1), root: some_digest() },
            }),
            ..custody_ledger_open()
        }
        .into(),
        RecordType::AgencyEnrol => {
            AgencyEnrol { agency: agencies.into_iter().next().unwrap_or_else(|| enrolment(0x11)) }
                .into()
        }
        RecordType::CustodianEnrol => {
            CustodianEnrol { key: public(0x31), roles: vec![Role::Acting], agency: uuid(0x11) }
                .into()
        }
        RecordType::KeyRotate => {
            let slot = if is_agency { KeySlot::Authority } else { KeySlot::Custodian };
            KeyRotate { key: public(0x31), slot, reason: KeyReason::Routine }.into()
        }
        RecordType::KeyRevoke => KeyRevoke { kid, reason: KeyReason::Lost }.into(),
        RecordType::KeyCompromised => KeyCompromised { kid, since_s: 1 }.into(),
        RecordType::Collect => Collect {
            kind: ItemKind::Digital,
            digests: digests(),
            request: Some(uuid(0x77)),
            quantity: Some(Quantity { amount: 1, unit: Unit::Piece }),
        }
        .into(),
        RecordType::Seal => Seal { kind: SealKind::Bag }.into(),
        RecordType::SealCheck => SealCheck { outcome: SealOutcome::Intact }.into(),
        other => item_bodies(other, subjects),
    }
}

/// As [`body`], for moves of items and what is made of them.
fn item_bodies(record_type: RecordType, subjects: &[Link]) -> Body {
    let items = subjects.iter().filter_map(|link| link.subject.item());
    let release = some_digest();
    match record_type {
        RecordType::Handoff => Handoff {
            onward: Some(release),
            purpose: MovePurpose::Court,
            request: Some(uuid(0x77)),
        }
        .into(),
        RecordType::Release => Release {
            onward: Some(release),
            purpose: MovePurpose::Court,
            request: Some(uuid(0x77)),
            expected_s: Some(1),
            substitutes: vec![uuid(0x78)],
        }
        .into(),
        RecordType::Receive => Receive { release }.into(),
        RecordType::Refuse => {
            let is_item = matches!(subjects[0].subject, SubjectId::Item(_));
            let answers = if is_item { Refused::Release(release) } else { Refused::Offer(release) };
            Refuse { answers, ground: RefusalGround::Seal }.into()
        }
        RecordType::Recall => Recall { release }.into(),
        RecordType::Derive => Derive {
            tool: "tool".into(),
            method: DeriveMethod::Image,
            parent: items.into_iter().next().unwrap_or(uuid(0x51)),
            digests: digests(),
            version: "1".into(),
        }
        .into(),
        RecordType::VerifyDigest => {
            VerifyDigest { scope: DigestScope::Media, outcome: DigestOutcome::Match }.into()
        }
        RecordType::Correct => {
            let field = "place".into();
            Correct { field, reason: CorrectReason::Typing, record: some_digest() }.into()
        }
        RecordType::LateEntry => LateEntry { reason: LateReason::Conflict, record: vec![1] }.into(),
        RecordType::Note => Note { kind: NoteKind::Remark }.into(),
        RecordType::Dispose => Dispose { method: DisposeMethod::Wiped }.into(),
        other => more_bodies(other, subjects),
    }
}

/// As [`body`], for the types of the whole of custody.
fn more_bodies(record_type: RecordType, subjects: &[Link]) -> Body {
    let items: Vec<_> = subjects.iter().filter_map(|link| link.subject.item()).collect();
    let first = items.first().copied().unwrap_or(uuid(0x51));
    match record_type {
        RecordType::ProviderProduction => ProviderProduction {
            basis: LegalBasis::ProductionOrder,
            digests: digests(),
            request: Some(uuid(0x77)),
        }
        .into(),
        RecordType::RegisterLegacy => RegisterLegacy {
            kind: ItemKind::Physical,
            format: LegacyFormat::Case,
            digests: digests(),
            document: some_digest(),
        }
        .into(),
        RecordType::SealBreak => SealBreak { reason: BreakReason::Examination }.into(),
        RecordType::Pack => {
            let bound = Some(Bound { agency: uuid(0x11), request: uuid(0x77) });
            Pack { bound, container: first }.into()
        }
        RecordType::Unpack => Unpack { container: first }.into(),
        RecordType::Split => {
            let part = |item: &Uuid| SplitPart { item: *item, amount: Some(1) };
            let others = if items.len() > 1 { &items[1..] } else { &[uuid(0x99)] };
            let parts = others.iter().map(part).collect();
            Split { rest: Some(0), parts, parent: first }.into()
        }
        RecordType::Consume => {
            Consume { rest: Some(1), amount: Some(1), purpose: ConsumePurpose::Analysis }.into()
        }
        RecordType::Analyse => Analyse {
            kind: AnalyseKind::Digital,
            tool: Some("tool".into()),
            version: Some("1".into()),
        }
        .into(),
        RecordType::CarrierScan => {
            CarrierScan { event: CarrierEvent::Customs, release: some_digest() }.into()
        }
        RecordType::HandoffExternal => HandoffExternal {
            party: ExternalParty::Court,
            purpose: MovePurpose::Court,
            stand_in: StandIn::CourtRecord,
        }
        .into(),
        RecordType::Succession => Succession { reason: SuccessionReason::Left }.into(),
        RecordType::Store => Store { condition: StoreCondition::Locked }.into(),
        RecordType::CheckOut => {
            CheckOut { due_s: Some(1), purpose: MovePurpose::Examination }.into()
        }
        RecordType::CheckIn => CheckIn { condition: StoreCondition::Locked }.into(),
        RecordType::ReturnToOwner => ReturnToOwner { stand_in: StandIn::SignedPaper }.into(),
        other => said_bodies(other, subjects),
    }
}

/// As [`body`], for what is said rather than done.
fn said_bodies(record_type: RecordType, subjects: &[Link]) -> Body {
    let digest = some_digest();
    match record_type {
        RecordType::Disclose => Disclose {
            size: 1,
            basis: DiscloseBasis::Defence,
            exhibit: digest,
            permission: Some(digest),
        }
        .into(),
        RecordType::CourtExhibit => CourtExhibit { status: CourtStatus::Admitted }.into(),
        RecordType::HoldSet => HoldSet { basis: HoldBasis::CourtOrder }.into(),
        RecordType::HoldRelease => HoldRelease { hold: digest }.into(),
        RecordType::Dispute => Dispute { ground: DisputeGround::Time, record: digest }.into(),
        RecordType::DisputeResponse => DisputeResponse { dispute: digest }.into(),
        RecordType::DisputeResolution => {
            DisputeResolution { dispute: digest, outcome: DisputeOutcome::Rejected }.into()
        }
        RecordType::AuthoriseOnward => {
            AuthoriseOnward { to: Some(uuid(0x11)), usage: OnwardUse::Transfer, until_s: Some(1) }
                .into()
        }
        RecordType::Handling => Handling { codes: vec!["H1".parse().unwrap()] }.into(),
        RecordType::Inventory => {
            let outcomes = vec![Outcome { position: 0, finding: Finding::Missing }];
            Inventory { method: InventoryMethod::Scan, outcomes }.into()
        }
        RecordType::Discrepancy => {
            Discrepancy { kind: DiscrepancyKind::Place, record: Some(digest) }.into()
        }
        RecordType::EraseOpening => EraseOpening {
            basis: EraseBasis::Retention,
            fields: vec![ErasedField { record: digest, field: "place".into() }],
        }
        .into(),
        RecordType::Request => {
            let is_first = subjects[0].seq == 0;
            request(if is_first { RequestStep::Prepared } else { RequestStep::Refused }).into()
        }
        RecordType::AgencyUpdate => {
            update(matches!(subjects[0].subject, SubjectId::Agency(_))).into()
        }
        RecordType::Policy => Policy { quorum: 1 }.into(),
        RecordType::Anchor => Anchor { kind: AnchorKind::Rfc3161, token: vec![1] }.into(),
        RecordType::Renewal => Renewal { root: [1; 64], algorithm: DigestAlgorithm::Sha512 }.into(),
        RecordType::OperatorSuccession => OperatorSuccession { origin: origin() }.into(),
        other => panic!("no example of {other}"),
    }
}

fn request(step: RequestStep) -> Request {
    let is_first = step == RequestStep::Prepared;
    Request {
        to: is_first.then_some(uuid(0x11)),
        step,
        basis: is_first.then_some(LegalBasis::Treaty),
        ground: (!is_first).then_some(RequestGround::Form),
        purpose: is_first.then_some(RequestPurpose::Evidence),
        deadline_s: Some(1),
        instrument: is_first.then(|| "treaty".to_owned()),
    }
}

fn update(is_agency: bool) -> AgencyUpdate {
    let absence = Absence { from_s: 1, until_s: 2, alternate: Some(uuid(0x78)) };
    AgencyUpdate {
        name: is_agency.then(|| "name".to_owned()),
        roles: (!is_agency).then(|| vec![Role::Acting]),
        absence: (!is_agency).then_some(absence),
        country: is_agency.then(|| "NL".to_owned()),
    }
}

/// Bodies of the type that have keys which its first example cannot have as well.
pub fn other_forms(record_type: RecordType) -> Vec<Body> {
    match record_type {
        RecordType::Refuse => {
            let offer = Refused::Offer(some_digest());
            vec![Refuse { answers: offer, ground: RefusalGround::Seal }.into()]
        }
        RecordType::Request => vec![request(RequestStep::Refused).into()],
        RecordType::AgencyUpdate => vec![update(false).into()],
        _ => Vec::new(),
    }
}

fn custody_ledger_open() -> LedgerOpen {
    crate::docs_story::ledger_open(&log_signer())
}
