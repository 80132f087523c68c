//! Exercises with other files: receipts, checkpoints, and two exhibits of one item.

use custody_core::checkpoint::{Checkpoint, PosixTime};
use custody_core::cose::{Draft, SignerParams};
use custody_core::hash::sha256;
use custody_core::merkle::{LeafIndex, TreeHead};
use custody_log::signing::sign_checkpoint;

use super::bench::Bench;
use super::{Exercise, Solution};
use crate::failure::Failure;
use crate::training::START_S;

const RECEIPT: &str = "receipt receipt.tlog-proof --entry receipt.entry --record receipt.record \
                       --policy policy.txt --agencies agencies.txt";

/// All of them.
pub fn all(bench: &Bench) -> Result<Vec<Exercise>, Failure> {
    Ok(vec![stripped_signature(bench)?, receipt_of_another(bench)?, fork(bench)?])
}

/// A receipt for an entry: proof, entry, record.
fn receipt(bench: &Bench, index: u64) -> Result<Vec<(&'static str, Vec<u8>)>, Failure> {
    let dir = bench.ledger.with_file_name("receipts");
    std::fs::create_dir_all(&dir).map_err(crate::file::cannot("make", &dir))?;
    let name = dir.join(index.to_string());
    let proof = name.with_extension("tlog-proof");
    let paths = match proof.exists() {
        true => ["tlog-proof", "entry", "record"].map(|kind| name.with_extension(kind)).to_vec(),
        false => crate::command::receipt::write(&bench.desk, LeafIndex(index), &name)?,
    };
    let names = ["receipt.tlog-proof", "receipt.entry", "receipt.record"];
    let read = paths.iter().map(|path| crate::file::read(path, 1 << 20));
    let files = read.collect::<Result<Vec<_>, _>>()?;
    Ok(names.into_iter().zip(files).collect())
}

/// An entry whose record two people signed.
fn countersigned(bench: &Bench) -> Result<u64, Failure> {
    let size = bench.desk.head().size.0;
    for index in (0..size).rev() {
        let record = bench.desk.record(LeafIndex(index))?;
        if record.payload().from.is_some() && record.payload().signers.len() == 2 {
            return Ok(index);
        }
    }
    Err(Failure::could_not("internal", "the exercises' ledger has no handoff"))
}

fn stripped_signature(bench: &Bench) -> Result<Exercise, Failure> {
    let index = countersigned(bench)?;
    let mut files = receipt(bench, index)?;
    let record = bench.desk.record(LeafIndex(index))?;
    let message = record.message();
    let first = &message.signatures()[0].header;
    let mut draft = Draft::new(message.header().clone(), message.payload().to_vec());
    let params = SignerParams {
        role: first.role,
        iat_s: first.iat_s,
        observed: first.observed.clone().unwrap_or_default(),
    };
    let is_theirs = |person: &usize| {
        let public = bench.keys.person_public(*person);
        public.is_ok_and(|public| public.kid() == first.kid)
    };
    let people = 0..bench.keys.cast().people.len();
    let person = people.into_iter().find(is_theirs).unwrap_or_default();
    draft.sign(bench.keys.person(person), params)?;
    files[2].1 = draft.to_bytes();
    Ok(Exercise {
        name: "12-stripped-signature",
        task: "Somebody gives you a record of a handoff and the receipt for it, and says that only one side ever \
               signed."
            .to_owned(),
        files,
        command: RECEIPT,
        solution: Solution {
            verdict: "rejected",
            line: "format",
            code: "record/signature-count",
            why: "The receiver's signature was taken off. What is signed names everybody who signs, so a record with a \
                  signature less is not one.",
        },
    })
}

fn receipt_of_another(bench: &Bench) -> Result<Exercise, Failure> {
    let index = countersigned(bench)?;
    let (mut files, other) = (receipt(bench, index)?, receipt(bench, index - 1)?);
    files[2] = other[2].clone();
    Ok(Exercise {
        name: "13-receipt-of-another",
        task:
            "Somebody gives you a record and says that the receipt proves that it is in the ledger."
                .to_owned(),
        files,
        command: RECEIPT,
        solution: Solution {
            verdict: "rejected",
            line: "inclusion",
            code: "entry/other-record",
            why: "The receipt is for another record. It is genuine, and the record may be in the ledger too, but the one \
                  does not show the other.",
        },
    })
}

fn fork(bench: &Bench) -> Result<Exercise, Failure> {
    let head = bench.desk.head();
    let newest = Checkpoint::parse(bench.desk.checkpoint())?;
    let signer = bench.keys.log_signer(bench.desk.origin())?;
    let other = TreeHead { size: head.size, root: sha256(b"another history") };
    let time = PosixTime::new(START_S).unwrap_or(PosixTime::MAX);
    let other = sign_checkpoint(&signer, &other, time)?;
    Ok(Exercise {
        name: "14-fork",
        task: "The defence and the prosecution each have a checkpoint of the ledger. Both are signed by the log."
            .to_owned(),
        files: vec![
            ("defence.checkpoint", newest.as_bytes().to_vec()),
            ("prosecution.checkpoint", other.as_bytes().to_vec()),
        ],
        command: "consistency defence.checkpoint prosecution.checkpoint --tiles . --policy policy.txt",
        solution: Solution {
            verdict: "rejected",
            line: "consistency",
            code: "consistency/fork",
            why: "The log signed two histories of one length. That is proof that its operator, or whoever has its keys, \
                  showed different people different ledgers. Keep both files: they are evidence.",
        },
    })
}
