//! Receipts: C2SP tlog-proof, one file that shows that an entry is in the log.
//!
//! A receipt holds a checkpoint and the entry's inclusion proof in its tree. It does not hold the entry,
//! and it says nothing of what came later. It is provisional until its checkpoint has enough
//! cosignatures, and can be made again under a newer checkpoint.

use std::str;

use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::decimal::parse_decimal;
use crate::hash::{Hash, hash_leaf};
use crate::merkle::{InclusionProof, LeafIndex, ProofError};
use crate::note::{MAX_NOTE_LEN, decode_canonical, decode_hash, encode};
use crate::policy::{Policy, PolicyError, Verified};

/// First line of every receipt.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Most extra data in bytes.
pub const MAX_EXTRA_LEN: usize = 64 * 1024;

/// Most hashes of an inclusion proof: a tree of at most 2^64 - 1 leaves has 64 levels below its root.
pub const MAX_PROOF_HASHES: usize = 64;

/// Longest part before the checkpoint in bytes: the header (23), `extra` with 64 KiB in base64 (6 + 87,384
/// + 1), `index` with 20 digits (27), 64 hashes of 45, and the blank line.
const MAX_PROOF_LEN: usize = 23 + 87_391 + 27 + MAX_PROOF_HASHES * 45 + 1;

/// Longest receipt in bytes: proof and checkpoint.
pub const MAX_RECEIPT_LEN: usize = MAX_PROOF_LEN + MAX_NOTE_LEN;

/// A well-formed receipt. Nothing in it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    extra: Option<Vec<u8>>,
    proof: InclusionProof,
    checkpoint: Checkpoint,
}

/// Why a receipt is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// Longer than [`MAX_RECEIPT_LEN`].
    #[error("receipt of {len} bytes is too long")]
    TooLong {
        /// Length in bytes.
        len: usize,
    },
    /// The first line is not that of a tlog-proof.
    #[error("not a c2sp.org/tlog-proof@v1 file")]
    Header,
    /// The extra data is empty, too long or not canonical base64.
    #[error("bad extra line")]
    Extra,
    /// The index line is missing or not canonical.
    #[error("bad index line")]
    Index,
    /// A line of the proof is not the base64 of 32 bytes.
    #[error("hash {position} of the proof is malformed")]
    ProofHash {
        /// Which hash, counted from 0.
        position: usize,
    },
    /// More hashes than any proof has.
    #[error("proof has {count} hashes")]
    TooManyHashes {
        /// How many.
        count: usize,
    },
    /// No blank line before a checkpoint.
    #[error("receipt has no checkpoint")]
    NoCheckpoint,
    /// The checkpoint is malformed.
    #[error("checkpoint")]
    Checkpoint(#[source] CheckpointError),
    /// The checkpoint fails the policy.
    #[error("trust policy")]
    Policy(#[source] PolicyError),
    /// The entry is not shown to be in the checkpoint's tree.
    #[error("inclusion proof")]
    Inclusion(#[source] ProofError),
}

impl Receipt {
    /// Puts a receipt together.
    ///
    /// # Errors
    ///
    /// [`ReceiptError::Extra`] or [`ReceiptError::TooManyHashes`].
    pub fn new(
        extra: Option<Vec<u8>>,
        proof: InclusionProof,
        checkpoint: Checkpoint,
    ) -> Result<Self, ReceiptError> {
        if extra.as_ref().is_some_and(|extra| !is_extra(extra)) {
            return Err(ReceiptError::Extra);
        }
        check_hash_count(proof.hashes.len())?;
        Ok(Self { extra, proof, checkpoint })
    }

    /// Reads a receipt: C2SP tlog-proof, section Format. [`Receipt::format`] gives the same bytes back.
    ///
    /// # Errors
    ///
    /// [`ReceiptError`], one variant for each line; the length is checked first.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        if bytes.len() > MAX_RECEIPT_LEN {
            return Err(ReceiptError::TooLong { len: bytes.len() });
        }
        // The text before the first blank line is the proof, with the newline of its last line.
        let blank = bytes.windows(2).position(|pair| pair == b"\n\n");
        let (proof, checkpoint) = bytes.split_at(blank.ok_or(ReceiptError::NoCheckpoint)?);
        let proof = str::from_utf8(proof).map_err(|_| ReceiptError::Header)?;
        let (extra, proof) = parse_proof(proof)?;
        let checkpoint = Checkpoint::parse(&checkpoint[2..]).map_err(ReceiptError::Checkpoint)?;
        Ok(Self { extra, proof, checkpoint })
    }

    /// The receipt as a file, by convention with the extension `.tlog-proof`.
    pub fn format(&self) -> Vec<u8> {
        let mut bytes = format_proof(self.extra.as_deref(), &self.proof).into_bytes();
        bytes.extend_from_slice(self.checkpoint.as_bytes());
        bytes
    }

    /// Checks that `entry` is in the log: the checkpoint under `policy`, then the inclusion proof.
    ///
    /// The quorum may be unmet: the receipt is provisional then, see [`Verified::require_quorum`].
    ///
    /// # Errors
    ///
    /// [`ReceiptError::Policy`] or [`ReceiptError::Inclusion`].
    pub fn verify(&self, policy: &Policy, entry: &[u8]) -> Result<Verified, ReceiptError> {
        let verified = policy.verify(&self.checkpoint).map_err(ReceiptError::Policy)?;
        self.proof
            .verify(&hash_leaf(entry), self.checkpoint.tree_head())
            .map_err(ReceiptError::Inclusion)?;
        Ok(verified)
    }

    /// Extra data, which nobody signed.
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// Where the entry is said to stand, and the path to the root.
    pub fn proof(&self) -> &InclusionProof {
        &self.proof
    }

    /// The checkpoint that the proof leads to.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

impl ReceiptError {
    /// The stable code that docs/SPEC.md lists.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "receipt/too-long",
            Self::Header => "receipt/header",
            Self::Extra => "receipt/extra",
            Self::Index => "receipt/index",
            Self::ProofHash { .. } => "receipt/proof-hash",
            Self::TooManyHashes { .. } => "receipt/too-many-hashes",
            Self::NoCheckpoint => "receipt/no-checkpoint",
            Self::Checkpoint(cause) => cause.code(),
            Self::Policy(cause) => cause.code(),
            Self::Inclusion(cause) => cause.code(),
        }
    }
}

type Proof = (Option<Vec<u8>>, InclusionProof);

fn parse_proof(text: &str) -> Result<Proof, ReceiptError> {
    let mut lines = text.split('\n').peekable();
    // "The first line MUST be the string c2sp.org/tlog-proof@v1."
    if lines.next() != Some(HEADER) {
        return Err(ReceiptError::Header);
    }
    // "The second line MAY start with the string extra followed by a space [...]"
    let extra = lines.next_if(|line| line.starts_with("extra "));
    let extra = extra.map(parse_extra).transpose()?;
    // "The next line MUST start with the string index followed by a space (U+0020) and the zero-based
    // index of the entry in the log"
    let index = lines.next().and_then(|line| line.strip_prefix("index "));
    let index = LeafIndex(index.and_then(parse_decimal).ok_or(ReceiptError::Index)?);
    // "The next zero or more non-empty lines are the base64-encoded Merkle inclusion proof"
    check_hash_count(lines.clone().count())?;
    let hash = |(position, line)| decode_hash(line).ok_or(ReceiptError::ProofHash { position });
    let hashes = lines.enumerate().map(hash).collect::<Result<Vec<Hash>, _>>()?;
    Ok((extra, InclusionProof { index, hashes }))
}

fn parse_extra(line: &str) -> Result<Vec<u8>, ReceiptError> {
    let text = line.strip_prefix("extra ").ok_or(ReceiptError::Extra)?;
    // Four characters for three bytes, the last group padded.
    if text.len() > MAX_EXTRA_LEN.div_ceil(3) * 4 {
        return Err(ReceiptError::Extra);
    }
    let extra = decode_canonical(text).ok_or(ReceiptError::Extra)?;
    if !is_extra(&extra) {
        return Err(ReceiptError::Extra);
    }
    Ok(extra)
}

/// "If no extra data is present, this line is omitted": so it is never empty.
fn is_extra(extra: &[u8]) -> bool {
    (1..=MAX_EXTRA_LEN).contains(&extra.len())
}

/// The part of a receipt before its checkpoint, the blank line with it: receipts under one checkpoint share the rest.
pub fn format_proof(extra: Option<&[u8]>, proof: &InclusionProof) -> String {
    let mut text = format!("{HEADER}\n");
    if let Some(extra) = extra {
        text.push_str(&format!("extra {}\n", encode(extra)));
    }
    text.push_str(&format!("index {}\n", proof.index));
    for hash in &proof.hashes {
        text.push_str(&encode(hash.as_ref()));
        text.push('\n');
    }
    text.push('\n');
    text
}

fn check_hash_count(count: usize) -> Result<(), ReceiptError> {
    if count > MAX_PROOF_HASHES {
        return Err(ReceiptError::TooManyHashes { count });
    }
    Ok(())
}
