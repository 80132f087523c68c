//! The history of an item as an exhibit carries it, and what a verifier of that makes of it.

use std::collections::{BTreeMap, BTreeSet};

use custody_core::cose::Role;
use custody_core::custody::{Book, Held, Holdings, apply};
use custody_core::exhibit::{Kin, chains_of};
use custody_core::id::{SubjectId, Uuid};
use custody_core::merkle::LeafIndex;
use custody_core::record::Record;

use super::draw::Dice;
use super::stage::{Stage, item_id};
use super::world::World;

/// Items of each world whose families are looked at.
const SOME: usize = 5;

/// A ledger's records, and which extend what.
struct Shelf {
    records: Vec<Record>,
    chains: BTreeMap<SubjectId, Vec<usize>>,
}

/// Replays the families of some items, each by itself, and returns of how many.
///
/// # Panics
/// Where a record is refused, or the item ends up otherwise than in the whole ledger.
pub fn check_families(stage: &Stage, world: &World, dice: &mut Dice) -> usize {
    let ledger = &stage.ledger;
    let parse = |bytes: &Vec<u8>| Record::parse(bytes).unwrap();
    let records: Vec<_> = ledger.records.iter().map(parse).collect();
    let mut chains: BTreeMap<SubjectId, Vec<usize>> = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        for link in &record.payload().subjects {
            chains.entry(link.subject.clone()).or_default().push(index);
        }
    }
    let shelf = Shelf { records, chains };
    let all: Vec<_> = world.items.keys().copied().collect();
    let chosen: BTreeSet<_> = (0..SOME).filter_map(|_| dice.any(all.clone())).collect();
    for item in &chosen {
        let subject = SubjectId::Item(item_id(*item));
        let book = shelf.replay(ledger.subject(), item_id(*item));
        match (book.get(&subject), ledger.book.get(&subject)) {
            (Held::Present(alone), Held::Present(whole)) => assert_eq!(alone, whole),
            (alone, _) => panic!("item {item} is not at hand after its own history: {alone:?}"),
        }
    }
    chosen.len()
}

impl Shelf {
    fn replay(&self, ledger: SubjectId, item: Uuid) -> Book {
        let scope = self.family(ledger, item);
        let of = |subject: &SubjectId| self.chains.get(subject).cloned().unwrap_or_default();
        let indices: BTreeSet<usize> = scope.iter().flat_map(of).collect();
        let mut book = Book::partial(scope);
        for index in indices {
            let record = &self.records[index];
            match apply(&book, record, LeafIndex(index as u64)) {
                Ok(applied) => book.absorb(applied),
                Err(violation) => {
                    panic!("{violation}: {:?} in the family of {item}", record.payload().body)
                }
            }
        }
        book
    }

    /// What SPEC "Verifying an exhibit" lists: the lineage and its siblings, and all who have to do with them.
    fn family(&self, ledger: SubjectId, item: Uuid) -> BTreeSet<SubjectId> {
        let mut waiting = vec![ledger];
        let mut lineage = vec![item];
        let mut next = 0;
        while let Some(&member) = lineage.get(next) {
            next += 1;
            waiting.extend(chains_of(member));
            for &index in self.chains.get(&SubjectId::Item(member)).into_iter().flatten() {
                let kin = Kin::of(member, self.records[index].payload());
                waiting.extend(kin.siblings.into_iter().flat_map(chains_of));
                let new = kin.forebears.into_iter().filter(|id| !lineage.contains(id));
                lineage.extend(new.collect::<Vec<_>>());
            }
        }
        let mut scope = BTreeSet::new();
        while let Some(subject) = waiting.pop() {
            for &index in self.chains.get(&subject).into_iter().flatten() {
                waiting.extend(
                    needed(&self.records[index]).into_iter().filter(|id| !scope.contains(id)),
                );
            }
            scope.insert(subject);
        }
        scope
    }
}

/// Whom and what a record makes necessary.
fn needed(record: &Record) -> Vec<SubjectId> {
    let payload = record.payload();
    let signers = payload.signers.iter().filter(|signer| signer.role != Role::NewKey);
    let mut needed: Vec<_> = signers.map(|signer| signer.id.clone()).collect();
    needed.extend([payload.from, payload.to].into_iter().flatten().map(SubjectId::Custodian));
    needed.extend(payload.body.named());
    needed
}
