//! What people do: one page for each type of record, in its usual form. Tests change what they need.

mod examination;
mod legal;
mod moves;
mod registry;

use custody_core::cbor::Value;
use custody_core::cose::Role;
use custody_core::hash::{Hash, sha256};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::*;
use ed25519_dalek::SigningKey;

use super::cast::{Agency, Person, public};
use super::ledger::PaperLedger;
use super::page::{Hand, Page};

/// Every role that a custodian may have.
pub const ALL_ROLES: [Role; 6] = [
    Role::Releasing,
    Role::Receiving,
    Role::Witness,
    Role::Supervisor,
    Role::OtherParty,
    Role::Acting,
];

impl PaperLedger {
    /// Founders admit an agency.
    pub fn agency_enrol(&self, founders: &[&Agency], agency: &Agency) -> Page {
        let mut founders = founders.to_vec();
        founders.sort_by_key(|founder| founder.id);
        let mut hands: Vec<_> = founders.into_iter().map(Hand::authority).collect();
        hands.push(Hand::new(&agency.key, agency.subject(), Role::NewKey));
        hands.push(Hand::new(&agency.recovery, agency.subject(), Role::NewKey));
        let body = AgencyEnrol { agency: agency.enrolment() };
        self.page(&[agency.subject(), self.subject()], hands, body)
    }

    /// An agency enrols a custodian, in every role.
    pub fn custodian_enrol(&self, agency: &Agency, person: &Person) -> Page {
        let hands =
            vec![Hand::authority(agency), Hand::new(&person.key, person.subject(), Role::NewKey)];
        let body = CustodianEnrol {
            key: public(&person.key),
            roles: ALL_ROLES.to_vec(),
            agency: agency.id,
        };
        let page = self.page(&[person.subject()], hands, body);
        page.seal("name", &Value::text(format!("the name of {}", person.subject())))
    }

    /// An agency gives a custodian another key.
    pub fn key_rotate(&self, agency: &Agency, person: &Person, key: &SigningKey) -> Page {
        let hands = vec![Hand::authority(agency), Hand::new(key, person.subject(), Role::NewKey)];
        let body =
            KeyRotate { key: public(key), slot: KeySlot::Custodian, reason: KeyReason::Routine };
        self.page(&[person.subject()], hands, body)
    }

    /// Agencies give an agency another key: itself, or founders.
    pub fn agency_key_rotate(
        &self,
        signers: &[&Agency],
        agency: &Agency,
        key: &SigningKey,
        slot: KeySlot,
    ) -> Page {
        let mut signers = signers.to_vec();
        signers.sort_by_key(|signer| signer.id);
        let mut hands: Vec<_> = signers.into_iter().map(Hand::authority).collect();
        hands.push(Hand::new(key, agency.subject(), Role::NewKey));
        let body = KeyRotate { key: public(key), slot, reason: KeyReason::Routine };
        self.page(&[agency.subject()], hands, body)
    }

    /// An agency ends a custodian's key.
    pub fn key_revoke(&self, agency: &Agency, person: &Person) -> Page {
        let body = KeyRevoke { kid: public(&person.key).kid(), reason: KeyReason::Left };
        self.page(&[person.subject()], vec![Hand::authority(agency)], body)
    }

    /// An agency says that others may have had a custodian's key.
    pub fn key_compromised(&self, agency: &Agency, person: &Person, since_s: u64) -> Page {
        let body = KeyCompromised { kid: public(&person.key).kid(), since_s };
        self.page(&[person.subject()], vec![Hand::authority(agency)], body)
    }

    /// Somebody takes a thing into custody.
    pub fn collect(&self, person: &Person, item: Uuid) -> Page {
        let body = Collect::of(ItemKind::Physical);
        self.acting(person, &SubjectId::Item(item), body)
            .seal("place", &Value::text("Quay 4, warehouse 2"))
            .seal("description", &Value::text("hard disk, 500 GB"))
    }

    /// Somebody takes a file into custody; its digest is sealed.
    pub fn collect_file(&self, person: &Person, item: Uuid, file: &[u8]) -> Page {
        let body = Collect::of(ItemKind::Digital);
        self.acting(person, &SubjectId::Item(item), body).seal("digests", &digests_of(file))
    }

    /// The holder puts a seal on.
    pub fn put_seal(&self, person: &Person, item: Uuid, number: &str) -> Page {
        let body = Seal { kind: SealKind::Bag };
        self.acting(person, &SubjectId::Item(item), body).seal("seal", &Value::text(number))
    }

    /// The holder looks at the seal.
    pub fn seal_check(&self, person: &Person, item: Uuid, outcome: SealOutcome) -> Page {
        self.acting(person, &SubjectId::Item(item), SealCheck { outcome })
    }

    /// Two people hand over in front of witnesses.
    pub fn handoff(&self, from: &Person, to: &Person, items: &[Uuid], seen_by: &[&Person]) -> Page {
        let mut hands = vec![Hand::of(from, Role::Releasing), Hand::of(to, Role::Receiving)];
        hands.extend(seen_by.iter().map(|witness| Hand::of(witness, Role::Witness)));
        let body = Handoff::for_purpose(MovePurpose::Transport);
        self.page(&item_ids(items), hands, body).between(from, to)
    }

    /// The holder sends on the way.
    pub fn release(&self, from: &Person, to: &Person, items: &[Uuid]) -> Page {
        let body = Release {
            expected_s: Some(self.now_s() + 7200),
            ..Release::for_purpose(MovePurpose::Transfer)
        };
        let hands = vec![Hand::of(from, Role::Releasing)];
        self.page(&item_ids(items), hands, body).between(from, to)
    }

    /// The addressee takes over.
    pub fn receive(&self, from: &Person, to: &Person, items: &[Uuid], release: Hash) -> Page {
        let hands = vec![Hand::of(to, Role::Receiving)];
        self.page(&item_ids(items), hands, Receive { release }).between(from, to)
    }

    /// The addressee does not take over.
    pub fn refuse(&self, from: &Person, to: &Person, items: &[Uuid], release: Hash) -> Page {
        let body = Refuse { answers: Refused::Release(release), ground: RefusalGround::Papers };
        let hands = vec![Hand::of(to, Role::Receiving)];
        self.page(&item_ids(items), hands, body).between(from, to)
    }

    /// Somebody refuses an offer that was never recorded.
    pub fn refuse_offer(&self, from: &Person, to: &Person, items: &[Uuid], offer: Hash) -> Page {
        let body = Refuse { answers: Refused::Offer(offer), ground: RefusalGround::NotAsDescribed };
        self.page(&note_ids(items), vec![Hand::of(to, Role::Receiving)], body).between(from, to)
    }

    /// The holder takes back what is on the way.
    pub fn recall(&self, from: &Person, to: &Person, items: &[Uuid], release: Hash) -> Page {
        let hands = vec![Hand::of(from, Role::Releasing)];
        self.page(&item_ids(items), hands, Recall { release }).between(from, to)
    }

    /// The holder makes an image; its digest is sealed.
    pub fn derive(&self, person: &Person, parent: Uuid, item: Uuid, file: &[u8]) -> Page {
        let body = Derive {
            tool: "imager".to_owned(),
            method: DeriveMethod::Image,
            parent,
            digests: Vec::new(),
            version: "7.1".to_owned(),
        };
        let hands = vec![Hand::of(person, Role::Acting)];
        self.page(&item_ids(&[parent, item]), hands, body).seal("digests", &digests_of(file))
    }

    /// The holder recomputes the digest.
    pub fn verify_digest(&self, person: &Person, item: Uuid, file: &[u8]) -> Page {
        let body = VerifyDigest { scope: DigestScope::Media, outcome: DigestOutcome::Match };
        self.acting(person, &SubjectId::Item(item), body).seal("digests", &digests_of(file))
    }

    /// Somebody corrects a field, and somebody else answers for it.
    pub fn correct(&self, person: &Person, supervisor: &Person, item: Uuid, record: Hash) -> Page {
        let body =
            Correct { field: "description".to_owned(), reason: CorrectReason::Typing, record };
        let hands = vec![Hand::of(person, Role::Acting), Hand::of(supervisor, Role::Supervisor)];
        let page = self.page(&[SubjectId::Notes(item)], hands, body);
        page.seal("value", &Value::text("hard disk, 512 GB"))
    }

    /// Somebody keeps a record that came too late.
    pub fn late_entry(
        &self,
        person: &Person,
        item: Uuid,
        record: Vec<u8>,
        reason: LateReason,
    ) -> Page {
        self.acting(person, &SubjectId::Notes(item), LateEntry { reason, record })
    }

    /// Somebody remarks.
    pub fn note(&self, person: &Person, item: Uuid) -> Page {
        let body = Note { kind: NoteKind::Condition };
        self.acting(person, &SubjectId::Notes(item), body)
            .seal("text", &Value::text("a dent in the lid"))
    }

    /// The holder ends an item in front of a witness.
    pub fn dispose(&self, person: &Person, witness: &Person, item: Uuid) -> Page {
        let hands = vec![Hand::of(person, Role::Acting), Hand::of(witness, Role::Witness)];
        let body = Dispose { method: DisposeMethod::Destroyed };
        let page = self.page(&item_ids(&[item]), hands, body);
        page.seal("authority", &Value::text("order 12/2026 of the district court"))
    }

    /// Something that one person does alone.
    pub fn acting(&self, person: &Person, subject: &SubjectId, body: impl Into<Body>) -> Page {
        self.page(std::slice::from_ref(subject), vec![Hand::of(person, Role::Acting)], body)
    }
}

impl Page {
    /// The same page with both parties named.
    pub fn between(self, from: &Person, to: &Person) -> Self {
        self.with(|payload| {
            payload.from = Some(from.id);
            payload.to = Some(to.id);
        })
    }
}

/// The digests of a medium as they are sealed.
pub fn digests_of(file: &[u8]) -> Value {
    digests_value(&[EvidenceDigest::sha256(DigestScope::Media, &sha256(file))])
}

fn item_ids(items: &[Uuid]) -> Vec<SubjectId> {
    items.iter().map(|item| SubjectId::Item(*item)).collect()
}

fn note_ids(items: &[Uuid]) -> Vec<SubjectId> {
    items.iter().map(|item| SubjectId::Notes(*item)).collect()
}
