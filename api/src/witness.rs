//! C2SP tlog-witness, the call `add-checkpoint`: what a log sends to a witness, and what comes back. Both sides of it are
//! here; what a witness checks before it signs is not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use custody_core::checkpoint::{Checkpoint, CheckpointError};
use custody_core::hash::Hash;
use custody_core::merkle::{ConsistencyProof, TreeSize};
use custody_core::note::MAX_NOTE_LEN;
use thiserror::Error;

use crate::number::parse_number;

/// Media type of an answer that says which size a witness knows.
pub const SIZE_TYPE: &str = "text/x.tlog.size";
/// Most lines of a proof: "The client MUST NOT send more than 63 consistency proof lines."
const MAX_PROOF: usize = 63;
/// Longest request in bytes: `old` with 20 digits, 63 hashes in base64, an empty line, a checkpoint.
pub const MAX_REQUEST: usize = 25 + MAX_PROOF * 45 + 1 + MAX_NOTE_LEN;

/// A request for cosignatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the witness is said to know.
    pub old: TreeSize,
    /// That the checkpoint's tree begins with the one of that size.
    pub proof: ConsistencyProof,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
}

/// A request that is none.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// The lines before the checkpoint are not as they should be.
    #[error("not `old`, a size, at most {MAX_PROOF} hashes and an empty line")]
    Malformed,
    /// The checkpoint is not one.
    #[error("checkpoint is refused")]
    Checkpoint(#[from] CheckpointError),
}

impl WitnessError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "witness/malformed",
            Self::Checkpoint(error) => error.code(),
        }
    }
}

impl AddCheckpoint {
    /// Takes a request apart.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub fn parse(body: &[u8]) -> Result<Self, WitnessError> {
        let end =
            body.windows(2).position(|pair| pair == b"\n\n").ok_or(WitnessError::Malformed)?;
        let (head, note) = (&body[..end], &body[end + 2..]);
        let mut lines = str::from_utf8(head).map_err(|_| WitnessError::Malformed)?.split('\n');
        let old = lines.next().and_then(|line| parse_size(line.strip_prefix("old ")?));
        let old = old.ok_or(WitnessError::Malformed)?;
        let hashes = lines.map(parse_hash).collect::<Option<Vec<_>>>();
        let hashes = hashes.filter(|hashes| hashes.len() <= MAX_PROOF);
        let proof = ConsistencyProof { hashes: hashes.ok_or(WitnessError::Malformed)? };
        Ok(Self { old, proof, checkpoint: Checkpoint::parse(note)? })
    }

    /// The request as it is sent.
    pub fn format(&self) -> Vec<u8> {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.proof.hashes {
            text.push_str(&STANDARD.encode(hash));
            text.push('\n');
        }
        text.push('\n');
        [text.as_bytes(), self.checkpoint.as_bytes()].concat()
    }
}

/// The cosignatures of an answer, added to the checkpoint that they were asked for. Nothing of them is verified.
///
/// # Errors
/// [`CheckpointError`]: it is not lines of signatures.
pub fn parse_cosignatures(
    checkpoint: &Checkpoint,
    answer: &[u8],
) -> Result<Checkpoint, CheckpointError> {
    // "the client MAY concatenate it to the checkpoint"
    Checkpoint::parse(&[checkpoint.as_bytes(), answer].concat())
}

/// A size in decimal, without leading zeros.
pub fn parse_size(text: &str) -> Option<TreeSize> {
    parse_number(text).map(TreeSize)
}

fn parse_hash(line: &str) -> Option<Hash> {
    let bytes = STANDARD.decode(line).ok()?;
    bytes.try_into().ok().map(Hash::new)
}
