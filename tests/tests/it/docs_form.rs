//! SPEC's rules for bodies and its table of roles and chains, against what the code takes and refuses.

use std::collections::BTreeSet;

use custody_core::cbor::{Reader, Value};
use custody_core::cose::{BodyHeader, ContentType, Draft, Finding, Outcome, Role};
use custody_core::hash::{Hash, sha256};
use custody_core::id::{SubjectId, Uuid};
use custody_core::key::Kid;
use custody_core::merkle::{TreeHead, TreeSize};
use custody_core::record::body::*;
use custody_core::record::{Attachment, Link, Offer, Payload};

use crate::docs_story::{enrolment, ledger, log_signer, origin, payload, public, uuid};
use crate::docs_text::{blocks, document, rows, section};

/// A chain that a test record extends: its kind, and whether it begins there.
type Chain = (&'static str, bool);

const KINDS: [&str; 6] = ["agency", "custodian", "item", "ledger", "notes", "request"];

fn some_digest() -> Hash {
    sha256(b"some digest")
}

fn digests() -> Vec<EvidenceDigest> {
    vec![EvidenceDigest::sha256(DigestScope::Media, &some_digest())]
}

/// A body of the type with every optional key, for the subjects that the record extends.
fn body(record_type: RecordType, subjects: &[Link]) -> Body {
    let kid = Kid::new(some_digest());
    let agencies = subjects.iter().filter_map(|link| match link.subject {
        SubjectId::Agency(id) => Some(Enrolment { id, ..enrolment(0x11) }),
        _ => None,
    });
    let agencies: Vec<_> = agencies.collect();
    let is_agency = matches!(subjects[0].subject, SubjectId::Agency(_));
    let items = subjects.iter().filter_map(|link| link.subject.item());
    let release = some_digest();
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
fn other_forms(record_type: RecordType) -> Vec<Body> {
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

/// Links of these chains, in the order of their ids.
fn links(chains: &[Chain]) -> Vec<Link> {
    let link = |(place, (kind, is_first)): (usize, &Chain)| {
        let id = uuid(0x51 + place as u8);
        let subject = match *kind {
            "agency" => SubjectId::Agency(id),
            "custodian" => SubjectId::Custodian(id),
            "item" => SubjectId::Item(id),
            "ledger" => ledger(),
            "request" => SubjectId::Request(id),
            _ => SubjectId::Notes(id),
        };
        let prev = (!is_first).then(some_digest);
        Link { subject, seq: u64::from(!is_first), prev }
    };
    chains.iter().enumerate().map(link).collect()
}

/// Signers of these roles, as the type wants them named, given its chains.
fn signers(record_type: RecordType, roles: &[u64], links: &[Link]) -> Vec<(Role, SubjectId)> {
    let agencies = |at: usize| SubjectId::Agency(uuid(0x11 + at as u8));
    let founders: Vec<_> = match body(record_type, links) {
        Body::LedgerOpen(body) => body.agencies.iter().map(|a| SubjectId::Agency(a.id)).collect(),
        Body::AgencyEnrol(body) => vec![SubjectId::Agency(body.agency.id)],
        _ => Vec::new(),
    };
    let own = founders.first().cloned().unwrap_or_else(|| links[0].subject.clone());
    let mut named = Vec::new();
    for (at, &number) in roles.iter().enumerate() {
        let role = Role::from_number(number).unwrap();
        let founder = || founders[(at.saturating_sub(1) / 2).min(founders.len() - 1)].clone();
        let id = match (record_type, number) {
            (_, 6) => ledger(),
            (RecordType::LedgerOpen, _) => founder(),
            (_, 5) => agencies(at),
            (_, 8) => own.clone(),
            _ => SubjectId::Custodian(uuid(0x31 + at as u8)),
        };
        named.push((role, id));
    }
    named
}

fn example(record_type: RecordType, roles: &[u64], chains: &[Chain]) -> Payload {
    let links = links(chains);
    let signers = signers(record_type, roles, &links);
    let party = |number| {
        let signer = signers.iter().find(|(role, _)| role.number() == number);
        match signer.map(|(_, id)| id) {
            Some(SubjectId::Custodian(id)) => *id,
            _ => uuid(0x40 + number as u8),
        }
    };
    let body = body(record_type, &links);
    let parties = has_parties(record_type).then(|| (party(1), party(2)));
    let mut payload = payload(links, signers, body);
    (payload.from, payload.to) = (parties.map(|p| p.0), parties.map(|p| p.1));
    let fields = [
        "alias",
        "authority",
        "contact",
        "events",
        "mark",
        "party",
        "place",
        "provider",
        "recipient",
        "seal",
        "text",
        "value",
    ];
    payload.sealed = fields.map(|field| (field.to_owned(), some_digest())).into();
    payload.seen = Some(TreeHead { size: TreeSize(1), root: some_digest() });
    payload.attached =
        vec![Attachment { media_type: "image/png".into(), size: 1, commitment: some_digest() }];
    payload.sealed.sort_by_key(|(field, _)| (field.len(), field.clone()));
    payload
}

/// Whether the type has parties.
fn has_parties(record_type: RecordType) -> bool {
    let moves = ["handoff", "release", "receive", "refuse", "recall"];
    let others = ["succession", "check-out", "check-in"];
    moves.contains(&record_type.word()) || others.contains(&record_type.word())
}

/// What reading the record without any signature gives.
fn read(payload: &Payload) -> Result<(), &'static str> {
    let is_opening = payload.body.record_type() == RecordType::LedgerOpen;
    let genesis = (!is_opening).then(some_digest);
    let header = BodyHeader { content_type: ContentType::Record, origin: origin(), genesis };
    let offer = Draft::new(header, payload.encode()).to_bytes();
    Offer::parse(&offer).map(|_| ()).map_err(|error| error.code())
}

/// A row of the table: type, signers, chains.
fn table() -> Vec<(RecordType, String, Vec<String>)> {
    let spec = document("SPEC.md");
    let rows = rows(section(&spec, "## Roles and chains by type"));
    let row = |row: Vec<String>| {
        let plain = |cell: &str| cell.replace('`', "");
        let chains = plain(&row[2]).split(" or ").map(str::to_owned).collect();
        (RecordType::from_word(&plain(&row[0])).unwrap(), plain(&row[1]), chains)
    };
    rows.into_iter().map(row).collect()
}

/// Lists of roles that a pattern such as `5+ 8` or `9 or 7` stands for, repeated parts up to twice.
fn expand_roles(pattern: &str) -> Vec<Vec<u64>> {
    pattern.split(" or ").flat_map(expand_alternative).collect()
}

fn expand_alternative(pattern: &str) -> Vec<Vec<u64>> {
    if pattern == "6 (5 8)+" {
        // As many pairs as founders: the table's chains have one or two.
        return vec![vec![6, 5, 8]];
    }
    let mut lists = vec![Vec::new()];
    for part in pattern.split(' ') {
        let number: u64 = part.trim_end_matches(['*', '+']).parse().unwrap();
        let counts = match part.as_bytes().last() {
            Some(b'*') => vec![0, 1, 2],
            Some(b'+') => vec![1, 2],
            _ => vec![1],
        };
        let longer = |list: &Vec<u64>| {
            let list = list.clone();
            counts
                .iter()
                .map(move |&count| [list.clone(), vec![number; count]].concat())
                .collect::<Vec<_>>()
        };
        lists = lists.iter().flat_map(longer).collect();
    }
    lists
}

/// Whether chains fit one alternative of the table, such as `agency:0+ ledger:0`.
fn chains_fit(pattern: &str, chains: &[Chain]) -> bool {
    let mut rest = chains;
    for part in pattern.split(' ') {
        let (kind, form) = part.split_once(':').unwrap();
        let fits = |chain: &Chain| chain.0 == kind && (!form.starts_with('0') || chain.1);
        let most = if form.ends_with('+') { rest.len() } else { 1 };
        let taken = rest.iter().take(most).take_while(|chain| fits(chain)).count();
        if taken == 0 {
            return false;
        }
        rest = &rest[taken..];
    }
    rest.is_empty()
}

/// All lists of one, two or three chains in the order of their ids, with at most one ledger.
fn all_chains() -> Vec<Vec<Chain>> {
    let each: Vec<Chain> = KINDS.iter().flat_map(|&kind| [(kind, true), (kind, false)]).collect();
    let mut all: Vec<Vec<Chain>> = each.iter().map(|&chain| vec![chain]).collect();
    for length in 2..=3 {
        let shorter: Vec<_> = all.iter().filter(|list| list.len() == length - 1).cloned().collect();
        for list in shorter {
            let last = list.last().unwrap().0;
            let fits = |chain: &&Chain| chain.0 > last || (chain.0 == last && last != "ledger");
            all.extend(each.iter().filter(fits).map(|&chain| [list.clone(), vec![chain]].concat()));
        }
    }
    all
}

/// Chains that the type takes, to try roles with.
fn valid_chains(patterns: &[String]) -> Vec<Chain> {
    let fits = |chains: &Vec<Chain>| patterns.iter().any(|pattern| chains_fit(pattern, chains));
    all_chains().into_iter().find(fits).unwrap()
}

#[test]
fn roles_of_the_table_are_taken_and_all_others_refused() {
    for (record_type, pattern, chains) in table() {
        let chains = valid_chains(&chains);
        let known: BTreeSet<_> = expand_roles(&pattern).into_iter().collect();
        for roles in &known {
            let record = example(record_type, roles, &chains);
            assert_eq!(read(&record), Ok(()), "{record_type} {roles:?}");
        }
        // Every role of every place replaced, and every list one shorter or longer.
        let replaced = known.iter().flat_map(|roles| {
            (0..roles.len()).flat_map(move |at| {
                (1..=9).map(move |role| {
                    let mut other = roles.clone();
                    other[at] = role;
                    other
                })
            })
        });
        let longer = known
            .iter()
            .flat_map(|roles| (1..=9).map(move |role| [roles.clone(), vec![role]].concat()));
        let shorter = known.iter().map(|roles| roles[..roles.len() - 1].to_vec());
        let others: BTreeSet<_> =
            replaced.chain(longer).chain(shorter.filter(|roles| !roles.is_empty())).collect();
        for roles in others.iter().filter(|roles| !matches(&pattern, roles)) {
            let record = example(record_type, roles, &chains);
            assert_eq!(read(&record), Err("record/signers"), "{record_type} {roles:?}");
        }
    }
}

/// Whether a list of roles fits a pattern; repeated parts are never followed by the same role.
fn matches(pattern: &str, roles: &[u64]) -> bool {
    pattern.split(" or ").any(|alternative| matches_alternative(alternative, roles))
}

fn matches_alternative(pattern: &str, roles: &[u64]) -> bool {
    if pattern == "6 (5 8)+" {
        return roles == [6, 5, 8];
    }
    let is_repeated = |part: &&str| part.ends_with(['*', '+']);
    let mut rest = roles;
    for part in pattern.split(' ') {
        let number: u64 = part.trim_end_matches(['*', '+']).parse().unwrap();
        let run = rest.iter().take_while(|&&role| role == number).count();
        let taken = if is_repeated(&part) { run } else { run.min(1) };
        if taken == 0 && !part.ends_with('*') {
            return false;
        }
        rest = &rest[taken..];
    }
    rest.is_empty()
}

#[test]
fn chains_of_the_table_are_taken_and_all_others_refused() {
    let mut taken = 0;
    for (record_type, pattern, patterns) in table() {
        for chains in all_chains() {
            let count = chains.iter().filter(|chain| chain.0 == "agency").count().max(1);
            let roles = match record_type {
                RecordType::LedgerOpen => [vec![6], [5, 8].repeat(count)].concat(),
                _ => expand_roles(&pattern).into_iter().next().unwrap(),
            };
            let fits = patterns.iter().any(|pattern| chains_fit(pattern, &chains));
            let is_derived = [RecordType::Derive, RecordType::Split].contains(&record_type);
            let mut record = example(record_type, &roles, &chains);
            adopt(&mut record);
            match read(&record) {
                Ok(()) => assert!(fits || is_derived, "{record_type} takes {chains:?}"),
                Err(code) => {
                    assert!(!fits, "{record_type} {chains:?}: {code}");
                    // A key is rotated for somebody who can have one, or its signer is refused first.
                    let is_known = ["record/subjects", "record/signers"].contains(&code);
                    assert!(is_known, "{record_type} {chains:?}: {code}");
                }
            }
            taken += usize::from(fits);
        }
    }
    assert!(taken > 50, "only {taken} lists of chains were taken");
}

/// The parent is the chain that does not begin, where there is one.
fn adopt(record: &mut Payload) {
    let old = record.subjects.iter().find(|link| link.seq > 0);
    let Some(parent) = old.and_then(|link| link.subject.item()) else { return };
    let items = record.subjects.iter().filter_map(|link| link.subject.item());
    let others: Vec<_> = items.filter(|item| *item != parent).collect();
    match &mut record.body {
        Body::Derive(body) => body.parent = parent,
        Body::Split(body) => {
            body.parent = parent;
            body.parts =
                others.iter().map(|item| SplitPart { item: *item, amount: None }).collect();
        }
        _ => {}
    }
}

#[test]
fn a_demanded_field_cannot_be_left_out() {
    let spec = document("SPEC.md");
    let mut demanded = 0;
    for row in rows(section(&spec, "## Roles and chains by type")) {
        let fields: Vec<_> = row[4].split('`').skip(1).step_by(2).collect();
        let (record_type, pattern, chains) =
            table().into_iter().find(|known| format!("`{}`", known.0) == row[0]).unwrap();
        let roles = expand_roles(&pattern).remove(0);
        let whole = example(record_type, &roles, &valid_chains(&chains));
        assert_eq!(read(&without(&whole, "none")), Ok(()), "{record_type}");
        for field in &fields {
            let code = Err("record/missing-field");
            assert_eq!(read(&without(&whole, field)), code, "{record_type} without `{field}`");
        }
        let others = whole.sealed.iter().map(|(name, _)| name.as_str());
        for field in others.filter(|name| !fields.contains(name)) {
            assert_eq!(read(&without(&whole, field)), Ok(()), "{record_type} without `{field}`");
        }
        demanded += fields.len();
    }
    assert_eq!(demanded, 28);
}

/// The record without a field: sealed, attached, `seen`, or digests in the body.
fn without(record: &Payload, field: &str) -> Payload {
    let mut record = record.clone();
    match (field, &mut record.body) {
        ("digests", Body::Collect(body)) => body.digests.clear(),
        ("digests", Body::Derive(body)) => body.digests.clear(),
        ("digests", Body::ProviderProduction(body)) => body.digests.clear(),
        ("attached", _) => record.attached.clear(),
        ("seen", _) => record.seen = None,
        _ => record.sealed.retain(|(name, _)| name != field),
    }
    record
}

#[test]
fn parties_stand_in_the_types_that_move_items_and_nowhere_else() {
    for (record_type, pattern, chains) in table() {
        let roles = expand_roles(&pattern).remove(0);
        let mut record = example(record_type, &roles, &valid_chains(&chains));
        match record.from {
            Some(_) => record.to = None,
            None => record.to = Some(uuid(0x77)),
        }
        assert_eq!(read(&record), Err("record/parties"), "{record_type}");
        if record.from.is_some() {
            record.to = record.from;
            assert_eq!(read(&record), Err("record/parties"), "{record_type} to oneself");
        }
    }
}

#[test]
fn keys_of_bodies_are_those_of_their_rules() {
    for (record_type, _, chains) in table() {
        let links = links(&valid_chains(&chains));
        let mut written = keys_of(&body(record_type, &links));
        written.extend(other_forms(record_type).iter().flat_map(keys_of));
        written.sort_by_key(|key| (key.len(), key.clone()));
        written.dedup();
        assert_eq!(keys_of_rule(record_type.word()), written, "{record_type}");
    }
}

/// The keys of a body as it is written, in their order.
fn keys_of(body: &Body) -> Vec<String> {
    let encoded =
        payload(links(&[("item", true)]), vec![(Role::Acting, ledger())], body.clone()).encode();
    let mut reader = Reader::new(&encoded);
    for _ in 0..reader.map(64).unwrap() {
        if reader.text().unwrap() == "body" {
            let pairs = reader.map(64).unwrap();
            let key = |_| {
                let key = reader.text().unwrap().to_owned();
                reader.skip().unwrap();
                key
            };
            return (0..pairs).map(key).collect();
        }
        reader.skip().unwrap();
    }
    panic!("no body in {}", Value::bytes(&encoded).encode().len())
}

/// The keys in a rule of SPEC's CDDL, in their order.
fn keys_of_rule(name: &str) -> Vec<String> {
    let rules = blocks(&document("SPEC.md"), "cddl");
    let (_, rule) =
        rules.split_once(&format!("\n{name} = {{")).unwrap_or_else(|| panic!("no rule `{name}`"));
    let rule = rule.split_once("\n\n").map_or(rule, |(rule, _)| rule);
    let end = if rule.starts_with('\n') { "\n}" } else { "}" };
    let (rule, _) = rule.split_once(end).unwrap();
    rule.split("\" =>").filter_map(|before| Some(before.rsplit_once('"')?.1.to_owned())).collect()
}
