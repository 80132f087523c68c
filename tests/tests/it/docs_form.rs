//! SPEC's rules for bodies and its table of roles and chains, against what the code takes and refuses.

use std::collections::BTreeSet;

use custody_core::cbor::{Reader, Value};
use custody_core::cose::{BodyHeader, ContentType, Draft, Role};
use custody_core::id::SubjectId;
use custody_core::merkle::{TreeHead, TreeSize};
use custody_core::record::body::*;
use custody_core::record::{Attachment, Link, Offer, Payload};

use crate::docs_bodies::{body, other_forms, some_digest};
use crate::docs_story::{ledger, origin, payload, uuid};
use crate::docs_text::{blocks, document, rows, section};

/// A chain that a test record extends: its kind, and whether it begins there.
type Chain = (&'static str, bool);

const KINDS: [&str; 6] = ["agency", "custodian", "item", "ledger", "notes", "request"];

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
        // Without a part the body would be refused before the chains are looked at.
        Body::Split(body) if !others.is_empty() => {
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
pub fn keys_of_rule(name: &str) -> Vec<String> {
    let rules = blocks(&document("SPEC.md"), "cddl");
    let (_, rule) =
        rules.split_once(&format!("\n{name} = {{")).unwrap_or_else(|| panic!("no rule `{name}`"));
    let rule = rule.split_once("\n\n").map_or(rule, |(rule, _)| rule);
    let end = if rule.starts_with('\n') { "\n}" } else { "}" };
    let (rule, _) = rule.split_once(end).unwrap();
    // What follows the last key may have quotes of its own.
    let mut parts: Vec<_> = rule.split("\" =>").collect();
    parts.pop();
    parts.iter().filter_map(|before| Some(before.rsplit_once('"')?.1.to_owned())).collect()
}
