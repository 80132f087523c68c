//! The story: a laptop is taken in one country, a courier first refuses it, a laboratory in another
//! country images it, and a copy of the image goes back.

use custody_core::cose::{Check, Observed};
use custody_core::hash::Hash;
use custody_core::id::Uuid;
use custody_core::merkle::LeafIndex;
use custody_core::record::body::{
    Correct, CorrectReason, Derive, DeriveMethod, DigestOutcome, DigestScope, EvidenceDigest,
    ItemKind, MovePurpose, NoteKind, RefusalGround, Seal, SealCheck, SealKind, SealOutcome,
    VerifyDigest,
};

use super::cast::Cast;
use super::evidence::Files;
use super::stage::Stage;
use crate::act::{Act, Document, Parties, Reply, random_id};
use crate::evidence::Measured;
use crate::failure::Failure;

/// Documents that one record can name: SPEC section "Payload".
const MAX_DOCUMENTS: usize = 32;

/// What later parts need of the story.
pub struct Told {
    /// The laptop.
    pub laptop: Uuid,
    /// The record that began it.
    pub collected: Hash,
    /// The image of its disk: what the exhibits are about.
    pub image: Uuid,
    /// Entry of the handoff that both sides signed.
    pub handoff: LeafIndex,
}

pub fn tell(stage: &mut Stage, cast: &Cast, files: &Files) -> Result<Told, Failure> {
    let laptop = random_id()?;
    let collected = collect(stage, cast, laptop, &files.photograph)?;
    refuse(stage, cast, laptop)?;
    let handoff = carry(stage, cast, laptop)?;
    let image = examine(stage, cast, laptop, &files.image)?;
    copy_back(stage, cast, image, &files.copy)?;
    keep_findings(stage, cast, image, &files.others)?;
    Ok(Told { laptop, collected, image, handoff })
}

/// What happens when all the rest is recorded: a correction, with a supervisor, and a remark.
pub fn finish(stage: &mut Stage, cast: &Cast, told: &Told) -> Result<(), Failure> {
    let (officer, supervisor) = (&cast.officer, &cast.supervisor);
    let body = Correct {
        field: "place".to_owned(),
        reason: CorrectReason::Typing,
        record: told.collected,
    };
    let act = Act::correct(told.laptop, officer.id, supervisor.id, body)
        .sealing_text("value", Some("flat 14, kitchen table"));
    stage.play(30, act, &[&officer.pair.key, &supervisor.pair.key])?;
    let text = "image mounts read-only, file system is clean";
    let act = Act::note(told.image, cast.analyst.id, NoteKind::Remark, text);
    stage.play(5, act, &[&cast.analyst.pair.key])?;
    Ok(())
}

fn collect(
    stage: &mut Stage,
    cast: &Cast,
    laptop: Uuid,
    photograph: &Measured,
) -> Result<Hash, Failure> {
    let officer = &cast.officer;
    let document = Document {
        name: "laptop.txt".to_owned(),
        media_type: "text/plain".to_owned(),
        size: photograph.size,
        sha256: photograph.sha256,
    };
    let act = Act::collect(laptop, officer.id, ItemKind::Physical, &[])
        .sealing_text("description", Some("laptop, grey, sticker on the lid"))
        .sealing_text("place", Some("flat 41, kitchen table"))
        .sealing_text("reference", Some("NL-2026-0417/3"))
        .attaching(vec![document]);
    let collected = stage.play(30, act, &[&officer.pair.key])?.digest;
    seal(stage, cast, laptop, "NL-204417")?;
    Ok(collected)
}

fn seal(stage: &mut Stage, cast: &Cast, item: Uuid, number: &str) -> Result<(), Failure> {
    let officer = &cast.officer;
    let act = Act::alone(Seal { kind: SealKind::Bag }, &[item], officer.id).sealing_number(number);
    stage.play(10, act, &[&officer.pair.key])?;
    Ok(())
}

/// The courier looks at the bag, finds it torn and does not sign. The offer was never recorded; that it
/// was made and refused is.
fn refuse(stage: &mut Stage, cast: &Cast, laptop: Uuid) -> Result<(), Failure> {
    let parties = Parties { from: cast.officer.id, to: cast.courier.id };
    let offer = Act::handoff(&[laptop], parties, MovePurpose::Transport);
    let offer = stage.propose(40, offer, &[&cast.officer.pair.key], &Observed::default())?;
    let reply = Reply { to: offer.to_offer()?.digest(), parties };
    let act = Act::refuse_offer(&[laptop], reply, RefusalGround::Seal)
        .sealing_text("remark", Some("bag NL-204417 is torn at the flap"));
    stage.play(5, act, &[&cast.courier.pair.key])?;
    seal(stage, cast, laptop, "NL-204431")
}

/// From hand to hand to the courier, and on the way across the border to the laboratory.
fn carry(stage: &mut Stage, cast: &Cast, laptop: Uuid) -> Result<LeafIndex, Failure> {
    let (officer, courier, clerk) = (&cast.officer, &cast.courier, &cast.clerk);
    let parties = Parties { from: officer.id, to: courier.id };
    let act = Act::handoff(&[laptop], parties, MovePurpose::Transport)
        .witnessed_by(&[cast.supervisor.id]);
    let keys = [&officer.pair.key, &courier.pair.key, &cast.supervisor.pair.key];
    let handoff = stage.play_observed(15, act, &keys, &checked(&[Check::Count, Check::Seal]))?;
    let parties = Parties { from: courier.id, to: clerk.id };
    let act = Act::release(&[laptop], parties, MovePurpose::Examination, None)
        .sealing_text("remark", Some("van 7, safe 2"));
    let release = stage.play(20, act, &[&courier.pair.key])?.digest;
    let act = Act::receive(&[laptop], Reply { to: release, parties });
    let found = checked(&[Check::Count, Check::Seal]);
    stage.play_observed(330, act, &[&clerk.pair.key], &found)?;
    let act = Act::alone(SealCheck { outcome: SealOutcome::Intact }, &[laptop], clerk.id)
        .sealing_number("NL-204431");
    stage.play(10, act, &[&clerk.pair.key])?;
    Ok(handoff.index)
}

/// The laboratory makes an image of the disk, and recomputes its digest.
fn examine(stage: &mut Stage, cast: &Cast, laptop: Uuid, file: &Measured) -> Result<Uuid, Failure> {
    let (clerk, analyst) = (&cast.clerk, &cast.analyst);
    let parties = Parties { from: clerk.id, to: analyst.id };
    let act = Act::handoff(&[laptop], parties, MovePurpose::Examination);
    let keys = [&clerk.pair.key, &analyst.pair.key];
    stage.play_observed(25, act, &keys, &checked(&[Check::Inventory, Check::Seal]))?;
    let image = random_id()?;
    let digests = [EvidenceDigest::sha256(DigestScope::Container, &file.sha256)];
    let body = Derive {
        tool: "custody demo".to_owned(),
        method: DeriveMethod::Image,
        parent: laptop,
        digests: Vec::new(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let act = Act::derive(image, analyst.id, body, &digests)
        .sealing_text("description", Some("image of the laptop's disk"));
    stage.play(90, act, &[&analyst.pair.key])?;
    let body = VerifyDigest { scope: DigestScope::Container, outcome: DigestOutcome::Match };
    let act = Act::alone(body, &[image], analyst.id).sealing_digests(&digests);
    stage.play(20, act, &[&analyst.pair.key])?;
    Ok(image)
}

/// A copy of the image, with equal digest, goes to the police's store.
fn copy_back(stage: &mut Stage, cast: &Cast, image: Uuid, file: &Measured) -> Result<(), Failure> {
    let (analyst, keeper) = (&cast.analyst, &cast.keeper);
    let copy = random_id()?;
    let body = Derive {
        tool: "custody demo".to_owned(),
        method: DeriveMethod::Copy,
        parent: image,
        digests: Vec::new(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let digests = [EvidenceDigest::sha256(DigestScope::Container, &file.sha256)];
    let act = Act::derive(copy, analyst.id, body, &digests)
        .sealing_text("description", Some("working copy of the image"));
    stage.play(15, act, &[&analyst.pair.key])?;
    let parties = Parties { from: analyst.id, to: keeper.id };
    let act = Act::release(&[copy], parties, MovePurpose::Return, None);
    let release = stage.play(10, act, &[&analyst.pair.key])?.digest;
    let act = Act::receive(&[copy], Reply { to: release, parties });
    stage.play_observed(45, act, &[&keeper.pair.key], &checked(&[Check::Digest]))?;
    Ok(())
}

/// More files that were given come from the same examination: they are named beside the image.
fn keep_findings(
    stage: &mut Stage,
    cast: &Cast,
    image: Uuid,
    files: &[Measured],
) -> Result<(), Failure> {
    let document = |file: &Measured| Document {
        name: file.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        media_type: "application/octet-stream".to_owned(),
        size: file.size,
        sha256: file.sha256,
    };
    for files in files.chunks(MAX_DOCUMENTS) {
        let text = "files from the same examination";
        let act = Act::note(image, cast.analyst.id, NoteKind::Document, text)
            .attaching(files.iter().map(document).collect());
        stage.play(5, act, &[&cast.analyst.pair.key])?;
    }
    Ok(())
}

fn checked(checks: &[Check]) -> Observed {
    Observed { checked: checks.to_vec(), outcomes: Vec::new() }
}
