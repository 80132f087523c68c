//! The first step of founding: the log's keys, the founding record, the operator's signature.

use std::fs;
use std::path::Path;

use custody_core::cose::Observed;
use custody_core::id::{Origin, TRAINING_ORIGIN};
use custody_core::note::KeyName;
use custody_core::record::body::{Enrolment, LedgerOpen, LedgerPurpose, Predecessor};
use custody_log::signing::{LogSeeds, LogSigner};
use serde_json::json;

use super::Args;
use crate::act::{Act, Proposal, Unfounded};
use crate::agency_card::{MAX_CARD, parse_card};
use crate::command::option::key_path;
use crate::desk::{Desk, now_s};
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::key_file::{KeyKind, Seed};
use crate::log_key_files::LogKeyFiles;
use crate::moment::Moment;
use crate::pen::{Pen, sign_in_turn};
use crate::remains::check_nothing_remains;
use crate::session::write_offer;
use crate::summary::summarise;
use crate::terminal::{Answer, is_about, talk};
use custody_core::record::{RecordError, TimeSource};

pub fn run(args: &Args, out: &Path) -> Result<Answer, Failure> {
    let missing = |option: &str| Failure::could_not("usage", format!("`{option}` is missing"));
    let origin = args.origin.as_ref().ok_or_else(|| missing("--origin"))?;
    is_about(origin);
    let purpose = purpose(args, origin)?;
    let ledger = args.ledger.path()?;
    check_nothing_remains(&ledger)?;
    let files = LogKeyFiles::of(&ledger);
    for path in [out, &files.ed25519, &files.mldsa44] {
        file::check_absent(path)?;
    }
    let agencies = read_cards(args)?;
    let quorum = quorum(args, agencies.len() as u64)?;
    let succeeds = args.succeeds.as_ref().map(|dir| predecessor(dir, origin)).transpose()?;
    let keys = [vec![key_path(args.key.as_ref())?], args.with_key.clone()].concat();
    let people = args.passphrase.of_people();
    let pens = keys.iter().map(|path| Pen::open(path, &people)).collect::<Result<Vec<_>, _>>()?;
    let operator = pens.first().ok_or_else(|| missing("--key"))?.public().clone();
    let seeds = (Seed::random(KeyKind::Ed25519)?, Seed::random(KeyKind::MlDsa44)?);
    let (log_ed25519, log_mldsa44) = public_keys(origin, &seeds)?;
    let body =
        LedgerOpen { log_ed25519, log_mldsa44, quorum, purpose, agencies, operator, succeeds };
    let occurred = Moment::utc(now_s()).claimed(TimeSource::Device);
    let mut proposal = Act::found(origin, body).propose(&Unfounded(origin), occurred)?;
    summarise(&proposal, None)?.iter().for_each(|line| talk(line));
    sign_in_turn(&mut proposal, &pens, None, &Observed::default())?;
    // The record refuses itself here, before anything is written, where a quorum or a card is wrong.
    proposal.to_offer()?;
    write(&proposal, &files, seeds, args, out)
}

/// What the ledger is for: its name must say so, which is found out before any key is made.
fn purpose(args: &Args, origin: &Origin) -> Result<LedgerPurpose, Failure> {
    let asked = if args.training { Some(LedgerPurpose::Training) } else { args.purpose };
    let purpose = asked.unwrap_or(LedgerPurpose::Evidence);
    let is_training = purpose == LedgerPurpose::Training;
    if is_training == origin.is_training() {
        return Ok(purpose);
    }
    let hint = match is_training {
        true => format!("`--origin {TRAINING_ORIGIN}{origin}`"),
        false => "`--training` founds a ledger to practise on; evidence needs another name".into(),
    };
    Err(Failure::from(RecordError::TrainingOrigin { purpose, origin: origin.clone() }).hint(hint))
}

/// Writes the log's keys and the offer, or nothing.
fn write(
    proposal: &Proposal,
    files: &LogKeyFiles,
    seeds: (Seed, Seed),
    args: &Args,
    out: &Path,
) -> Result<Answer, Failure> {
    let passphrase = args.passphrase.of_log().fresh("the log's keys")?;
    let keys = [
        (&files.ed25519, seeds.0.encode_private(&passphrase)?),
        (&files.mldsa44, seeds.1.encode_private(&passphrase)?),
    ];
    if let Some(directory) = files.ed25519.parent() {
        fs::create_dir_all(directory).map_err(file::cannot("make", directory))?;
    }
    let write = || -> Result<_, Failure> {
        for (path, pem) in &keys {
            file::create(path, pem.as_bytes(), Access::Owner)?;
        }
        write_offer(proposal, out, file::create)
    };
    let done = write().inspect_err(|_| remove_keys(files))?;
    let facts = json!({ "log_keys": [
        files.ed25519.display().to_string(),
        files.mldsa44.display().to_string(),
    ]});
    done.answer(Vec::new(), facts, None)
}

/// Takes back what a failed founding wrote. What cannot be removed is harmless: a key nobody uses.
fn remove_keys(files: &LogKeyFiles) {
    let _ = fs::remove_file(&files.ed25519);
    let _ = fs::remove_file(&files.mldsa44);
    for directory in files.ed25519.ancestors().skip(1).take(2) {
        // Only empty directories go.
        let _ = fs::remove_dir(directory);
    }
}

fn read_cards(args: &Args) -> Result<Vec<Enrolment>, Failure> {
    if args.founder.is_empty() {
        return Err(Failure::could_not("usage", "`--founder` is missing")
            .hint("`custody agency card --help` tells how a card is made"));
    }
    let mut agencies = Vec::new();
    for path in &args.founder {
        let card = file::read(path, MAX_CARD)?;
        let agency = parse_card(&String::from_utf8_lossy(&card))
            .map_err(|error| Failure::from(error).about(format!("`{}`", path.display())))?;
        agencies.push(agency);
    }
    agencies.sort_by_key(|agency| agency.id);
    Ok(agencies)
}

/// The ledger in `dir` as it stands. Reading it verifies that its log signed that.
fn predecessor(dir: &Path, origin: &Origin) -> Result<Predecessor, Failure> {
    let before = Desk::read(dir)?;
    if before.origin() == origin {
        let message = format!("`{}` is `{origin}` itself", dir.display());
        return Err(Failure::could_not("usage", message)
            .hint("a ledger that goes on from another has a name of its own: `--origin`"));
    }
    Ok(Predecessor {
        origin: before.origin().clone(),
        genesis: before.genesis(),
        head: before.head(),
    })
}

/// How many founders decide: more than half, where nothing else is said.
fn quorum(args: &Args, founders: u64) -> Result<u64, Failure> {
    let quorum = args.quorum.unwrap_or(founders / 2 + 1);
    match (1..=founders).contains(&quorum) {
        true => Ok(quorum),
        false => {
            let message = format!("`--quorum` is {quorum}, expected 1 to {founders}, the founders");
            Err(Failure::could_not("usage", message))
        }
    }
}

fn public_keys(origin: &Origin, seeds: &(Seed, Seed)) -> Result<([u8; 32], Vec<u8>), Failure> {
    let malformed = |error: &dyn std::error::Error| {
        Failure::could_not("id/origin", format!("`{origin}` cannot be a log's name: {error}"))
    };
    let name = KeyName::parse(origin.as_str()).map_err(|error| malformed(&error))?;
    let seeds_of = LogSeeds { ed25519: seeds.0.as_bytes(), mldsa44: seeds.1.as_bytes() };
    let signer = LogSigner::from_seeds(&name, seeds_of).map_err(|error| malformed(&error))?;
    let ed25519 = *seeds.0.signing_key().verifying_key().as_bytes();
    Ok((ed25519, signer.keys().mldsa44().key().encode()))
}
