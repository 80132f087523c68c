//! Signed notes: C2SP signed-note, the envelope of checkpoints.
//!
//! A note is text, a blank line and signature lines. This module takes the envelope apart and puts it
//! together; it checks no signature, since what a signature covers depends on what the text is
//! ([`crate::checkpoint`]). It is stricter than the C2SP text in three ways: lines repeated for one key
//! are refused, base64 has one spelling, and a note that would be written differently by us is refused,
//! so the bytes of a note and its content stand for each other.

mod base64_text;
mod error;
mod key_name;
mod verifier_key;

use std::fmt;
use std::str;

use crate::hash::sha256_parts;

pub(crate) use base64_text::{decode_canonical, decode_hash, encode};
pub use error::{NoteError, VerifierKeyError};
pub use key_name::KeyName;
pub use verifier_key::{Algorithm, ML_DSA_44_KEY_LEN, PublicKeyMaterial, VerifierKey};

/// Longest note in bytes: text and signature lines.
///
/// 64 lines of 9 KiB (a name of 255 bytes and 8 KiB of base64, which is 6 KiB of signature where the
/// largest ML-DSA has 4,627 bytes) and 64 KiB of text make 640 KiB.
pub const MAX_NOTE_LEN: usize = 64 * 9 * 1024 + 64 * 1024;

/// Most signature lines of a note. C2SP asks for at least 16.
pub const MAX_SIGNATURES: usize = 64;

/// What a signature line begins with: an em dash and a space.
const LINE_START: &str = "\u{2014} ";

/// The first four bytes of SHA-256 over name, algorithm and key: says which key, proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; KeyId::LEN]);

/// One signature line: who signed, and bytes whose meaning the key's algorithm gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    name: String,
    key_id: KeyId,
    blob: Vec<u8>,
}

/// A well-formed signed note with its original bytes. Nothing in it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    bytes: String,
    text_len: usize,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// Takes a note apart: C2SP signed-note, section Format.
    ///
    /// # Errors
    ///
    /// [`NoteError`], one variant for each rule; limits are checked before anything is allocated.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        let whole = check_characters(bytes)?;
        // "the text is separated from the signatures by the last empty line in the note"
        let blank = whole.rfind("\n\n").ok_or(NoteError::NoSignatures)?;
        let (text, lines) = (&whole[..=blank], &whole[blank + 2..]);
        let signatures = parse_lines(lines)?;
        let note = Self::assemble(text, signatures);
        if note.bytes != whole {
            return Err(NoteError::NotCanonical);
        }
        Ok(note)
    }

    /// Makes a note of `text`, which ends in a newline, and at least one line.
    ///
    /// # Errors
    ///
    /// As [`Note::parse`] on the bytes of the result.
    pub fn new(text: &str, signatures: Vec<SignatureLine>) -> Result<Self, NoteError> {
        let note = Self::parse(Self::assemble(text, signatures.clone()).as_bytes())?;
        // A text without a final newline, or a name with a line in it, would come back as another note.
        if note.text() != text || note.signatures != signatures {
            return Err(NoteError::NotCanonical);
        }
        Ok(note)
    }

    /// The same note with one more line at its end.
    ///
    /// # Errors
    ///
    /// As [`Note::parse`]: [`NoteError::DuplicateSignature`] or [`NoteError::TooManySignatures`].
    pub fn with_signature(&self, line: SignatureLine) -> Result<Self, NoteError> {
        let mut signatures = self.signatures.clone();
        signatures.push(line);
        Self::new(self.text(), signatures)
    }

    /// The whole note, byte for byte as it was read.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.as_bytes()
    }

    /// The text with its final newline, without the blank line: what signatures cover.
    pub fn text(&self) -> &str {
        &self.bytes[..self.text_len]
    }

    /// The signature lines in their order.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// The line that `key` would have made, if the note has one: name and key id both match.
    pub fn signature_by(&self, key: &VerifierKey) -> Option<&SignatureLine> {
        self.signatures
            .iter()
            .find(|line| line.name == key.name().as_str() && line.key_id == key.id())
    }

    fn assemble(text: &str, signatures: Vec<SignatureLine>) -> Self {
        let mut bytes = format!("{text}\n");
        for line in &signatures {
            bytes.push_str(&line.to_string());
        }
        Self { bytes, text_len: text.len(), signatures }
    }
}

impl SignatureLine {
    /// A line for `blob`, made with `key`'s private half.
    pub fn new(key: &VerifierKey, blob: Vec<u8>) -> Self {
        Self { name: key.name().as_str().to_owned(), key_id: key.id(), blob }
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's id.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// What follows the key id: the signature, with a time before it where the algorithm has one.
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }
}

impl fmt::Display for SignatureLine {
    /// The line with its newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = encode(&[&self.key_id.0, self.blob.as_slice()].concat());
        writeln!(f, "{LINE_START}{} {encoded}", self.name)
    }
}

impl KeyId {
    /// Length of a key id in bytes.
    pub const LEN: usize = 4;

    /// The id of a key: SHA-256(name || 0x0A || algorithm || key)[..4], C2SP signed-note, Signatures.
    pub fn of(name: &KeyName, algorithm: Algorithm, key: &[u8]) -> Self {
        let name = name.as_str().as_bytes();
        let digest = sha256_parts(&[name, b"\n", &[algorithm.byte()], key]);
        let [a, b, c, d, ..] = *digest.as_bytes();
        Self([a, b, c, d])
    }

    /// The id as bytes, big-endian.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// "Signed notes MUST be valid UTF-8 and MUST NOT contain any ASCII control characters (those below
/// U+0020) other than newline."
fn check_characters(bytes: &[u8]) -> Result<&str, NoteError> {
    if bytes.len() > MAX_NOTE_LEN {
        return Err(NoteError::TooLong { len: bytes.len() });
    }
    let whole = str::from_utf8(bytes).map_err(|_| NoteError::NotUtf8)?;
    let control = |&byte: &u8| byte < 0x20 && byte != b'\n';
    match bytes.iter().position(control) {
        Some(offset) => Err(NoteError::ControlCharacter { offset }),
        None => Ok(whole),
    }
}

fn parse_lines(lines: &str) -> Result<Vec<SignatureLine>, NoteError> {
    if lines.is_empty() {
        return Err(NoteError::NoSignatures);
    }
    let lines = lines.strip_suffix('\n').ok_or(NoteError::Truncated)?;
    let count = lines.bytes().filter(|&byte| byte == b'\n').count() + 1;
    if count > MAX_SIGNATURES {
        return Err(NoteError::TooManySignatures { count });
    }
    let mut signatures: Vec<SignatureLine> = Vec::with_capacity(count);
    for (index, line) in lines.split('\n').enumerate() {
        let line = parse_line(line, index)?;
        let same = |other: &SignatureLine| other.name == line.name && other.key_id == line.key_id;
        if signatures.iter().any(same) {
            return Err(NoteError::DuplicateSignature { index });
        }
        signatures.push(line);
    }
    Ok(signatures)
}

/// "em dash (U+2014), space (U+0020), key name, space, base64-encoded signature"
fn parse_line(line: &str, index: usize) -> Result<SignatureLine, NoteError> {
    let malformed = NoteError::SignatureLine { index };
    let line = line.strip_prefix(LINE_START).ok_or(malformed.clone())?;
    let (name, signature) = line.split_once(' ').ok_or(malformed)?;
    if !key_name::is_note_name(name) {
        return Err(NoteError::KeyName { index });
    }
    let decoded = base64_text::decode_any(signature).ok_or(NoteError::Base64 { index })?;
    // "Signatures are the base64 encoding of 4+n bytes."
    let (key_id, blob) = decoded
        .split_first_chunk::<{ KeyId::LEN }>()
        .filter(|(_, blob)| !blob.is_empty())
        .ok_or(NoteError::EmptySignature { index })?;
    Ok(SignatureLine { name: name.to_owned(), key_id: KeyId(*key_id), blob: blob.to_vec() })
}
