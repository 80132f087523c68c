//! The story that vectors start from: a disk goes from one country to another, and an image is made.

mod custody;

use custody_core::checkpoint::{Checkpoint, PosixTime};
use custody_core::cose::{Check, Finding, Observed, Outcome};
use custody_core::id::Uuid;
use custody_core::key::Kid;
use custody_core::merkle::LeafIndex;
use custody_core::note::{KeyName, VerifierKey};
use custody_core::pins::Pins;
use custody_core::policy::{Policy, Word};
use custody_core::record::body::{LateReason, SealOutcome};
use custody_log::signing::{Ed25519Cosigner, LogSigner, cosign_ed25519};
use ed25519_dalek::SigningKey;

use super::cast::{Agency, Person, public, seed, signing_key, uuid};
use super::exhibit::PaperExhibit;
use super::ledger::PaperLedger;
use super::page::Page;

/// Everybody in the story.
#[derive(Clone, Debug)]
pub struct Cast {
    /// Founded the ledger; collects.
    pub north: Agency,
    /// Founded the ledger; examines.
    pub south: Agency,
    /// Admitted later; carries.
    pub transit: Agency,
    /// Collects, of north.
    pub ana: Person,
    /// Witnesses, of north.
    pub wim: Person,
    /// Carries, of transit.
    pub ben: Person,
    /// Examines, of south.
    pub caro: Person,
    /// Supervises, of south.
    pub dora: Person,
}

impl Cast {
    /// Everybody, as always.
    pub fn new() -> Self {
        let north = Agency::new("North Forensic Service", "NL");
        let south = Agency::new("South Judicial Police", "PT");
        let transit = Agency::new("Transit Guard", "BE");
        Self {
            ana: Person::new("ana", &north),
            wim: Person::new("wim", &north),
            ben: Person::new("ben", &transit),
            caro: Person::new("caro", &south),
            dora: Person::new("dora", &south),
            north,
            south,
            transit,
        }
    }
}

impl Default for Cast {
    fn default() -> Self {
        Self::new()
    }
}

/// A ledger with the story so far.
pub struct Story {
    /// Who takes part.
    pub cast: Cast,
    /// The ledger.
    pub ledger: PaperLedger,
    /// The disk.
    pub disk: Uuid,
    /// The image of it.
    pub image: Uuid,
}

/// Entries of the whole story that attacks point at.
pub mod entry {
    /// Transit is admitted.
    pub const ADMIT_TRANSIT: u64 = 5;
    /// Ana collects the disk.
    pub const COLLECT: u64 = 7;
    /// Ana puts a seal on it.
    pub const SEAL: u64 = 8;
    /// Something else happens.
    pub const OTHER: u64 = 9;
    /// Ana hands it to Ben, Wim is there.
    pub const HANDOFF: u64 = 10;
    /// Ben sends it to Caro.
    pub const RELEASE: u64 = 11;
    /// Caro refuses: papers.
    pub const REFUSE: u64 = 12;
    /// Ben sends it again.
    pub const RELEASE_AGAIN: u64 = 13;
    /// Caro takes over.
    pub const RECEIVE: u64 = 14;
    /// Caro looks at the seal.
    pub const SEAL_CHECK: u64 = 15;
    /// Caro makes the image.
    pub const DERIVE: u64 = 16;
    /// Caro recomputes its digest.
    pub const VERIFY_DIGEST: u64 = 17;
    /// Caro remarks on the disk.
    pub const NOTE: u64 = 18;
    /// Caro corrects the remark, Dora answers for it.
    pub const CORRECT: u64 = 19;
    /// Something else happens last.
    pub const LAST: u64 = 20;
}

/// What the image file holds.
pub const IMAGE: &[u8] = b"sector 0 of a very small disk\nsector 1 of a very small disk\n";

impl Story {
    /// The founders, the people and their keys: entries 0 to 6.
    pub fn enrolled() -> Self {
        let cast = Cast::new();
        let mut ledger = PaperLedger::found(&[&cast.north, &cast.south]);
        for (agency, person) in [
            (&cast.north, &cast.ana),
            (&cast.north, &cast.wim),
            (&cast.south, &cast.caro),
            (&cast.south, &cast.dora),
        ] {
            ledger.write(&ledger.custodian_enrol(agency, person));
        }
        ledger.write(&ledger.agency_enrol(&[&cast.north, &cast.south], &cast.transit));
        ledger.write(&ledger.custodian_enrol(&cast.transit, &cast.ben));
        Self { cast, ledger, disk: uuid("disk"), image: uuid("image") }
    }

    /// Up to the seal: Ana holds the disk. Entries 0 to 8.
    pub fn collected() -> Self {
        let mut story = Self::enrolled();
        let Self { cast, ledger, disk, .. } = &mut story;
        let page = ledger.collect(&cast.ana, *disk);
        let photograph = custody_core::cbor::Value::text("photograph of the disk");
        ledger.write(&page.attach("image/jpeg", 48_213, &photograph));
        ledger.write(&ledger.put_seal(&cast.ana, *disk, "NL-00417"));
        story
    }

    /// Up to the second release: the disk is on its way to Caro. Entries 0 to 13.
    pub fn released() -> Self {
        let mut story = Self::collected();
        let Self { cast, ledger, disk, .. } = &mut story;
        let disks = [*disk];
        ledger.write(&ledger.collect(&cast.wim, uuid("something else")));
        ledger.write(&ledger.handoff(&cast.ana, &cast.ben, &disks, &[&cast.wim]));
        let release = ledger.write(&ledger.release(&cast.ben, &cast.caro, &disks));
        let release = ledger.record(release).digest();
        ledger.write(&ledger.refuse(&cast.ben, &cast.caro, &disks, release));
        ledger.write(&ledger.release(&cast.ben, &cast.caro, &disks));
        story
    }

    /// All of it: entries 0 to 20.
    pub fn whole() -> Self {
        let mut story = Self::released();
        let Self { cast, ledger, disk, image } = &mut story;
        let release = ledger.record(LeafIndex(entry::RELEASE_AGAIN)).digest();
        let mut receive = ledger.receive(&cast.ben, &cast.caro, &[*disk], release);
        let outcomes = vec![Outcome { position: 0, finding: Finding::NotInventoried }];
        receive.hands[0].observed = Observed { checked: vec![Check::Seal], outcomes };
        ledger.write(&receive);
        ledger.write(&ledger.seal_check(&cast.caro, *disk, SealOutcome::Intact));
        ledger.write(&ledger.derive(&cast.caro, *disk, *image, IMAGE));
        ledger.write(&ledger.verify_digest(&cast.caro, *image, IMAGE));
        let note = ledger.write(&ledger.note(&cast.caro, *disk));
        let note = ledger.record(note).digest();
        ledger.write(&ledger.correct(&cast.caro, &cast.dora, *disk, note));
        ledger.write(&ledger.collect(&cast.wim, uuid("something else again")));
        story
    }

    /// The whole story and what it takes to have every type of record once.
    pub fn every_type() -> Self {
        Self::with_pages().0
    }

    /// The same, with the pages of the types of the whole of custody.
    pub(super) fn with_pages() -> (Self, Vec<Page>) {
        let mut story = Self::whole();
        let second = story.second_key();
        let Self { cast, ledger, disk, image } = &mut story;
        ledger.write(&ledger.key_rotate(&cast.south, &cast.caro, &second));
        let caro = cast.caro.with_key(&second);
        let release = ledger.write(&ledger.release(&caro, &cast.ben, &[*disk]));
        let release = ledger.record(release).digest();
        ledger.write(&ledger.recall(&caro, &cast.ben, &[*disk], release));
        // Ana and Ben signed it in a car park; the handoff with Wim took its place.
        let late = ledger.handoff(&cast.ana, &cast.ben, &[*disk], &[]);
        let late = late.with(|payload| payload.subjects[0].seq = 2);
        ledger.write(&ledger.late_entry(&caro, *disk, late.sign(), LateReason::Conflict));
        ledger.write(&ledger.dispose(&caro, &cast.wim, *image));
        ledger.write(&ledger.key_revoke(&cast.north, &cast.ana));
        ledger.write(&ledger.key_compromised(&cast.transit, &cast.ben, ledger.now_s() - 3600));
        let pages = story.go_on(&caro);
        (story, pages)
    }

    /// The key that Caro gets in [`Story::every_type`].
    pub fn second_key(&self) -> SigningKey {
        signing_key("caro's second key")
    }

    /// The exhibit of the image, exported by Caro, its checkpoint cosigned.
    pub fn exhibit(&self) -> PaperExhibit {
        self.exhibit_of(self.image, &self.cast.caro)
    }

    /// The exhibit of `item`, its checkpoint cosigned.
    pub fn exhibit_of(&self, item: Uuid, exporter: &Person) -> PaperExhibit {
        let mut exhibit = self.ledger.exhibit(item, exporter);
        exhibit.contents.checkpoint = self.cosigned(&exhibit.contents.checkpoint);
        exhibit
    }

    /// The checkpoint with the lines of both witnesses.
    pub fn cosigned(&self, checkpoint: &Checkpoint) -> Checkpoint {
        let time = PosixTime::new(self.ledger.now_s() + 5).unwrap();
        witnesses().iter().fold(checkpoint.clone(), |checkpoint, witness| {
            let line = cosign_ed25519(witness, &checkpoint, time);
            checkpoint.with_signature(line).unwrap()
        })
    }

    /// A policy that trusts the log and wants one of two witnesses.
    pub fn policy(&self) -> Policy {
        self.policy_of(&self.ledger.signer)
    }

    /// The same policy, but for how many of the two witnesses it wants.
    pub fn policy_wanting(&self, threshold: Option<usize>) -> Policy {
        policy(&self.ledger.signer, threshold)
    }

    /// The same policy for another log.
    pub fn policy_of(&self, signer: &LogSigner) -> Policy {
        policy(signer, Some(1))
    }

    /// Pins of all three agencies.
    pub fn pins(&self) -> Pins {
        let cast = &self.cast;
        pins_of(&self.ledger, &[&cast.north, &cast.south, &cast.transit])
    }
}

fn policy(signer: &LogSigner, threshold: Option<usize>) -> Policy {
    let named = |witness: &Ed25519Cosigner| (word(witness.verifier()), witness.verifier().clone());
    let witnesses = witnesses().iter().map(named).collect();
    Policy::for_log(signer.keys().clone(), witnesses, threshold).unwrap()
}

/// Pins of the ledger and of these agencies' first keys.
pub fn pins_of(ledger: &PaperLedger, agencies: &[&Agency]) -> Pins {
    let pin = |agency: &&Agency| -> (Uuid, Kid) { (agency.id, public(&agency.key).kid()) };
    Pins { genesis: ledger.genesis().unwrap(), agencies: agencies.iter().map(pin).collect() }
}

/// A mirror, which replays what it cosigns, and a witness that does not.
pub fn witnesses() -> [Ed25519Cosigner; 2] {
    ["south.example/custody-mirror", "witness.example/w1"].map(|name| {
        Ed25519Cosigner::from_seed(&KeyName::parse(name).unwrap(), &seed(name)).unwrap()
    })
}

fn word(key: &VerifierKey) -> Word {
    let name = key.name().as_str().rsplit('/').next().unwrap_or_default();
    Word::new(name.as_bytes()).unwrap()
}
