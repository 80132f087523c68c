//! What the log puts into an exhibit is what the verifier asks for.

use custody_core::cose::{BodyHeader, ContentType, Role};
use custody_core::exhibit::{Exhibit, Manifest, WithholdReason};
use custody_core::hash::sha256;
use custody_core::id::SubjectId;
use custody_core::pins::Pins;
use custody_core::policy::Policy;
use custody_core::record::{Occurred, TimeSource};
use custody_core::verify::{Inputs, Outcome, Verdict, verify_exhibit};
use custody_log::Ledger;
use custody_log::exhibit::{ExhibitRequest, assemble};
use custody_tests::paper::{PaperExhibit, public};
use custody_tests::world::{START_S, Scene};

/// The exhibit of `item`, exported by `exporter`, with nothing opened.
fn export(scene: &Scene, ledger: &Ledger, item: usize, exporter: usize) -> PaperExhibit {
    let reader = ledger.reader().unwrap();
    let (item, person) = (scene.world.items[item].0, &scene.world.people[exporter]);
    let request = ExhibitRequest {
        item,
        exporter: person.id,
        since: Vec::new(),
        handling: Vec::new(),
        withhold: &|_, _| Some(WithholdReason::Order),
    };
    let assembled = assemble(&reader, &request).unwrap();
    let manifest = Manifest {
        recipient: "the court".to_owned(),
        item,
        made: Occurred { utc_s: START_S, offset_min: 0, source: TimeSource::Ntp },
        purpose: "case 4711/26".to_owned(),
        contents: sha256(&[]),
        exporter: person.id,
        withheld: assembled.withheld,
    };
    let header = BodyHeader {
        content_type: ContentType::Manifest,
        origin: reader.origin().clone(),
        genesis: Some(reader.genesis()),
    };
    let key = person.key.clone();
    PaperExhibit { contents: assembled.contents, manifest, header, key, role: Role::Acting }
}

/// Verifies with pins of all agencies, and without witnesses.
fn verify(scene: &Scene, ledger: &Ledger, exhibit: &PaperExhibit) -> Outcome {
    let keys = scene.world.log_keys().public(&scene.world.origin).unwrap();
    let policy = Policy::for_log(log_keys(scene, keys), Vec::new(), None).unwrap();
    let pin = |agency: &custody_tests::paper::Agency| (agency.id, public(&agency.key).kid());
    let pins = Pins {
        genesis: ledger.genesis(),
        agencies: scene.world.agencies.iter().map(pin).collect(),
    };
    let inputs =
        Inputs { policy: &policy, pins: Some(&pins), checkpoints: &[], evidence: &[], at_s: None };
    verify_exhibit(&Exhibit::parse(&exhibit.encode()).unwrap(), &inputs)
}

fn log_keys(
    scene: &Scene,
    (ed25519, mldsa44): ([u8; 32], Vec<u8>),
) -> custody_core::checkpoint::LogKeys {
    use custody_core::note::{Algorithm, KeyName, VerifierKey};
    let name = KeyName::parse(scene.world.origin.as_str()).unwrap();
    let key = |algorithm, bytes: &[u8]| VerifierKey::new(name.clone(), algorithm, bytes).unwrap();
    let keys = [key(Algorithm::Ed25519, &ed25519), key(Algorithm::MlDsa44, &mldsa44)];
    let [ed25519, mldsa44] = keys;
    custody_core::checkpoint::LogKeys::new(ed25519, mldsa44).unwrap()
}

/// Whether the exhibit carries the history of `person`.
fn carries(scene: &Scene, exhibit: &PaperExhibit, person: usize) -> bool {
    let id = scene.world.people[person].subject();
    exhibit.contents.subjects.iter().any(|lookup| lookup.subject == id)
}

#[test]
fn an_addressee_who_signed_nothing_is_carried() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scene, ledger) = Scene::new(dir.path(), 4);
    let release = scene.world.release(0, 2);
    scene.submit_all(&ledger, vec![release]);
    let exhibit = export(&scene, &ledger, 0, 0);
    assert!(carries(&scene, &exhibit, 2), "the addressee");
    assert!(!carries(&scene, &exhibit, 3), "somebody else");
    let outcome = verify(&scene, &ledger, &exhibit);
    assert_eq!(outcome.report.verdict(), Verdict::Verified, "{:#?}", outcome.report);

    let id = scene.world.people[2].subject();
    let mut without = exhibit;
    without.drop_subject(&id);
    let items: Vec<_> = without.contents.subjects.iter().map(|known| &known.subject).collect();
    assert!(items.contains(&&SubjectId::Item(scene.world.items[0].0)));
    let reader = ledger.reader().unwrap();
    let indices: Vec<_> = without.contents.records.iter().map(|placed| placed.index).collect();
    without.contents.proof = reader.multiproof(&indices).unwrap();
    let report = verify(&scene, &ledger, &without).report;
    let missing = |line: &custody_core::verify::Line| line.code == "completeness/missing-subject";
    assert!(report.lines().iter().any(missing), "{report:#?}");
}
