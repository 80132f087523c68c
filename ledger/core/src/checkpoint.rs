//! Checkpoints: C2SP tlog-checkpoint, a signed tree head in a note.
//!
//! A [`Checkpoint`] that was parsed is well-formed and nothing more: no signature in it has been
//! checked. [`Checkpoint::verify_log`] checks the log's own two lines against pinned keys, and
//! [`crate::policy`] adds witnesses and quorum. Stricter than the C2SP text: extension lines are refused,
//! and the log signs twice, with Ed25519 (0x01) and ML-DSA-44 (0x06), each line named exactly the
//! origin. Nothing here signs: the bytes that signers sign are here, so that who signs and who verifies
//! cannot differ.

mod error;
mod line;
mod log_keys;

pub use error::{CheckpointError, SignatureFault};
pub use line::{LineStatus, PosixTime, cosignature_v1_message, cosigned_message, timestamped};
pub use log_keys::LogKeys;

use crate::decimal::parse_decimal;
use crate::hash::{Hash, empty_root};
use crate::merkle::{TreeHead, TreeSize};
use crate::note::{KeyName, Note, SignatureLine, VerifierKey, decode_hash, encode};

/// A well-formed checkpoint with its original bytes. Its signatures are not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    note: Note,
    origin: KeyName,
    head: TreeHead,
}

impl Checkpoint {
    /// Takes a checkpoint apart: C2SP tlog-checkpoint, section Note text.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Note`] if it is not a note, else one variant for each line of the text.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        let (origin, head) = parse_text(note.text())?;
        Ok(Self { note, origin, head })
    }

    /// A checkpoint of `head` with the lines that its signers made over [`checkpoint_text`] and
    /// [`cosigned_message`].
    ///
    /// # Errors
    ///
    /// [`CheckpointError::EmptyTreeRoot`] for a head that no tree has, and [`CheckpointError::Note`] without
    /// lines, with too many, or with two of one key.
    pub fn new(
        origin: &KeyName,
        head: &TreeHead,
        lines: Vec<SignatureLine>,
    ) -> Result<Self, CheckpointError> {
        check_head(head)?;
        let note = Note::new(&checkpoint_text(origin, head), lines)?;
        Ok(Self { note, origin: origin.clone(), head: *head })
    }

    /// The whole checkpoint, byte for byte as it was read.
    pub fn as_bytes(&self) -> &[u8] {
        self.note.as_bytes()
    }

    /// The three lines that signatures cover, each with its newline.
    pub fn text(&self) -> &str {
        self.note.text()
    }

    /// The log's identity.
    pub fn origin(&self) -> &KeyName {
        &self.origin
    }

    /// Size and root.
    pub fn tree_head(&self) -> &TreeHead {
        &self.head
    }

    /// Number of leaves.
    pub fn size(&self) -> TreeSize {
        self.head.size
    }

    /// Merkle tree hash over all leaves.
    pub fn root(&self) -> &Hash {
        &self.head.root
    }

    /// All signature lines, known and unknown, in their order.
    pub fn signatures(&self) -> &[SignatureLine] {
        self.note.signatures()
    }

    /// The same checkpoint with one more line at its end, such as a witness's.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Note`] if this key has a line already, or the note is full.
    pub fn with_signature(&self, line: SignatureLine) -> Result<Self, CheckpointError> {
        Ok(Self {
            note: self.note.with_signature(line)?,
            origin: self.origin.clone(),
            head: self.head,
        })
    }

    /// The same checkpoint with the lines alone that are named as the log is: what the log itself said.
    pub fn of_log_alone(&self) -> Self {
        let of_log = |line: &&SignatureLine| line.name() == self.origin.as_str();
        let lines = self.signatures().iter().filter(of_log).cloned().collect();
        match Note::new(self.note.text(), lines) {
            Ok(note) => Self { note, origin: self.origin.clone(), head: self.head },
            // Without a line of the log there is nothing to keep.
            Err(_) => self.clone(),
        }
    }

    /// Checks the line of one known key, if there is one.
    ///
    /// Cost: 20 to 30 us for Ed25519, about 150 us for ML-DSA-44.
    ///
    /// # Errors
    ///
    /// [`SignatureFault`] if the key's line is there and does not verify. Absence is no error here.
    pub fn verify_line(&self, key: &VerifierKey) -> Result<LineStatus, SignatureFault> {
        match self.note.signature_by(key) {
            None => Ok(LineStatus::Absent),
            Some(line) => line::verify(self, key, line.blob()),
        }
    }

    /// Checks both of the log's own lines and returns its signed time.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::OriginMismatch`] for a checkpoint of another log, and for each of the two keys
    /// its `Log…Missing` or `Log…Invalid`.
    pub fn verify_log(&self, keys: &LogKeys) -> Result<PosixTime, CheckpointError> {
        if self.origin != *keys.origin() {
            return Err(CheckpointError::OriginMismatch {
                expected: keys.origin().clone(),
                actual: self.origin.clone(),
            });
        }
        match self.verify_line(keys.ed25519()) {
            Ok(LineStatus::Absent) => return Err(CheckpointError::LogEd25519Missing),
            Ok(_) => {}
            Err(fault) => return Err(CheckpointError::LogEd25519Invalid(fault)),
        }
        match self.verify_line(keys.mldsa44()) {
            Ok(LineStatus::VerifiedAt(time)) => Ok(time),
            Ok(_) => Err(CheckpointError::LogMlDsaMissing),
            Err(fault) => Err(CheckpointError::LogMlDsaInvalid(fault)),
        }
    }
}

fn parse_text(text: &str) -> Result<(KeyName, TreeHead), CheckpointError> {
    // A note's text ends in a newline, so the last piece is what follows it: nothing.
    let mut lines = text.split_terminator('\n');
    let mut line = || lines.next().ok_or(CheckpointError::Truncated);
    let (origin, size, root) = (line()?, line()?, line()?);
    let extensions = lines.count();
    if extensions > 0 {
        return Err(CheckpointError::ExtensionLine { count: extensions });
    }
    let origin = KeyName::parse(origin).map_err(CheckpointError::Origin)?;
    let size = TreeSize(parse_decimal(size).ok_or(CheckpointError::Size)?);
    let root = decode_hash(root).ok_or(CheckpointError::Root)?;
    let head = TreeHead { size, root };
    check_head(&head)?;
    Ok((origin, head))
}

/// The text of a checkpoint, three lines each with its newline: what the log's Ed25519 line covers.
pub fn checkpoint_text(origin: &KeyName, head: &TreeHead) -> String {
    let root = encode(head.root.as_ref());
    format!("{origin}\n{}\n{root}\n", head.size)
}

/// The tree without leaves has one root, so no other can be signed for it.
fn check_head(head: &TreeHead) -> Result<(), CheckpointError> {
    if head.size == TreeSize(0) && head.root != empty_root() {
        return Err(CheckpointError::EmptyTreeRoot { actual: head.root });
    }
    Ok(())
}
