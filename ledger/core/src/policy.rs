//! Trust policies: C2SP tlog-policy, the file that says whom a reader trusts.
//!
//! A policy names logs, witnesses and a quorum, and [`Policy::verify`] holds a checkpoint against it.
//! Stricter than the C2SP text: every log needs exactly one 0x01 and one 0x06 key, as two `log` lines of
//! one name, and both must have signed; no public key stands twice in the file, so that nobody counts
//! twice; and a log is no witness, under another name or with another key of its own name. What a policy
//! does not say: which agencies are pinned, and what a witness means by its signature.

mod error;
mod parse;
mod quorum;
mod verify;

use std::fmt;

use crate::checkpoint::LogKeys;
use crate::note::{KeyName, VerifierKey};

pub use error::{PolicyError, PolicyFileError, PolicyLineFault};
pub use quorum::{Quorum, QuorumStatus};
pub use verify::{Verified, WitnessStatus};

/// Longest policy file in bytes.
///
/// C2SP recommends room for 32 logs, 32 witnesses and 32 groups. That is 96 keys here, as a log has two:
/// 96 lines of 2,017 bytes (the longest ML-DSA-44 key with a name of 255 bytes) are 189 KiB; the rest is
/// for groups, URLs and comments.
pub const MAX_POLICY_LEN: usize = 256 * 1024;

/// Most lines of each kind: 32 logs with two keys each, and as many witnesses and groups.
pub const MAX_LINES_OF_A_KIND: usize = 64;

/// A trust policy: whose checkpoints count, and under which condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    quorum: Quorum,
}

/// A log of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    keys: LogKeys,
    url: Option<Word>,
}

/// A witness of a policy: one name, one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    name: Word,
    key: VerifierKey,
    url: Option<Word>,
}

/// One item of a policy's line: opaque octets without space, tab and control characters.
///
/// "Names must be handled as opaque octet strings": printing replaces what is not UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(Vec<u8>);

impl Policy {
    /// Reads a policy file: C2SP tlog-policy, section Policy file syntax and structure.
    ///
    /// # Errors
    ///
    /// [`PolicyFileError`], one variant for each rule; the length is checked first.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyFileError> {
        parse::parse(bytes)
    }

    /// The policy of one log that wants `threshold` of `witnesses`, each with a name of its own. Without a
    /// threshold no witness is required.
    ///
    /// # Errors
    ///
    /// [`PolicyFileError`], as for the file that it would be written to.
    pub fn for_log(
        log: LogKeys,
        witnesses: Vec<(Word, VerifierKey)>,
        threshold: Option<usize>,
    ) -> Result<Self, PolicyFileError> {
        let log = Log { keys: log, url: None };
        let witness = |(name, key)| Witness { name, key, url: None };
        let witnesses: Vec<Witness> = witnesses.into_iter().map(witness).collect();
        let quorum = match threshold {
            None => Quorum::none(witnesses.len()),
            Some(threshold) => Quorum::of_all(witnesses.len(), threshold),
        };
        // The parser is the one place that knows the rules.
        Self::parse(&Self { logs: vec![log], witnesses, quorum }.format())
    }

    /// The policy as a file, which [`Policy::parse`] reads as the same policy. Comments are not kept.
    pub fn format(&self) -> Vec<u8> {
        let mut file = Vec::new();
        for log in &self.logs {
            push_line(&mut file, &[b"log", &vkey(log.keys.ed25519())], log.url.as_ref());
            push_line(&mut file, &[b"log", &vkey(log.keys.mldsa44())], log.url.as_ref());
        }
        for witness in &self.witnesses {
            let items = [b"witness", witness.name.as_bytes(), &vkey(&witness.key)];
            push_line(&mut file, &items, witness.url.as_ref());
        }
        let names: Vec<&Word> = self.witnesses.iter().map(Witness::name).collect();
        for line in self.quorum.format(&names) {
            let items: Vec<&[u8]> = line.iter().map(Vec::as_slice).collect();
            push_line(&mut file, &items, None);
        }
        file
    }

    /// The logs, in the order of their first lines.
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The log of this origin.
    pub fn log(&self, origin: &KeyName) -> Option<&Log> {
        self.logs.iter().find(|log| log.keys.origin() == origin)
    }

    /// The witnesses, in the order of their lines.
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Which witnesses suffice.
    pub fn quorum(&self) -> &Quorum {
        &self.quorum
    }
}

impl Log {
    /// The log's two keys.
    pub fn keys(&self) -> &LogKeys {
        &self.keys
    }

    /// Where the log is, if the file says: the first URL of its two lines.
    pub fn url(&self) -> Option<&Word> {
        self.url.as_ref()
    }
}

impl Witness {
    /// The name in the policy, which groups refer to.
    pub fn name(&self) -> &Word {
        &self.name
    }

    /// The witness's key.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Where the witness is, if the file says.
    pub fn url(&self) -> Option<&Word> {
        self.url.as_ref()
    }
}

impl Word {
    /// A word of a policy's line, or `None` if `octets` is empty or has a space or control character.
    pub fn new(octets: &[u8]) -> Option<Self> {
        let allowed = |&octet: &u8| octet > b' ' && octet != 0x7f;
        let is_word = !octets.is_empty() && octets.iter().all(allowed);
        is_word.then(|| Self(octets.to_vec()))
    }

    /// The octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

fn vkey(key: &VerifierKey) -> Vec<u8> {
    key.to_string().into_bytes()
}

fn push_line(file: &mut Vec<u8>, items: &[&[u8]], url: Option<&Word>) {
    file.extend_from_slice(&items.join(&b' '));
    if let Some(url) = url {
        file.push(b' ');
        file.extend_from_slice(url.as_bytes());
    }
    file.push(b'\n');
}
