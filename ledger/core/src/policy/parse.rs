//! Reading a policy file line by line.

use std::str;

use super::quorum::{Group, Rule};
use super::{
    Log, MAX_LINES_OF_A_KIND, MAX_POLICY_LEN, Policy, PolicyFileError, PolicyLineFault, Quorum,
    Witness, Word,
};
use crate::checkpoint::LogKeys;
use crate::decimal::parse_decimal;
use crate::note::{Algorithm, VerifierKey, VerifierKeyError};

pub(super) fn parse(bytes: &[u8]) -> Result<Policy, PolicyFileError> {
    check_characters(bytes)?;
    let mut reading = Reading::default();
    for (index, line) in bytes.split_inclusive(|&octet| octet == b'\n').enumerate() {
        let number = index + 1;
        let line = line.strip_suffix(b"\n").ok_or(PolicyFileError::Truncated)?;
        reading
            .line(number, line)
            .map_err(|fault| PolicyFileError::Line { line: number, fault })?;
    }
    reading.finish()
}

/// "the allowed octet values are 0x09 (tab), 0x0A (newline), 0x20-0x7E, and 0x80-0xFF"
fn check_characters(bytes: &[u8]) -> Result<(), PolicyFileError> {
    if bytes.len() > MAX_POLICY_LEN {
        return Err(PolicyFileError::TooLong { len: bytes.len() });
    }
    let forbidden = |&octet: &u8| !matches!(octet, b'\t' | b'\n' | 0x20..=0x7e | 0x80..);
    match bytes.iter().position(forbidden) {
        Some(offset) => Err(PolicyFileError::ControlCharacter { offset }),
        None => Ok(()),
    }
}

/// What the lines so far have said.
#[derive(Default)]
struct Reading {
    log_lines: Vec<LogLine>,
    witness_lines: Vec<WitnessLine>,
    groups: Vec<GroupLine>,
    quorum: Option<NodeName>,
    /// Every witness and group, in the order of definition, and whether a group has it as a member.
    names: Vec<(Word, NodeName, bool)>,
}

struct LogLine {
    number: usize,
    key: VerifierKey,
    url: Option<Word>,
}

struct WitnessLine {
    number: usize,
    witness: Witness,
}

struct GroupLine {
    name: Word,
    threshold: usize,
    members: Vec<NodeName>,
}

/// A witness or a group by its position among its kind: the number of witnesses is known only at the end.
#[derive(Clone, Copy)]
enum NodeName {
    None,
    Witness(usize),
    Group(usize),
}

impl Reading {
    fn line(&mut self, number: usize, line: &[u8]) -> Result<(), PolicyLineFault> {
        let items = line.split(|octet| matches!(octet, b' ' | b'\t'));
        let items: Vec<&[u8]> = items.filter(|item| !item.is_empty()).collect();
        let count = PolicyLineFault::ItemCount { count: items.len() };
        match items.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", key] => self.log(number, key, None),
            [b"log", key, url] => self.log(number, key, Some(url)),
            [b"witness", name, key] => self.witness(number, [name, key], None),
            [b"witness", name, key, url] => self.witness(number, [name, key], Some(url)),
            [b"group", name, threshold, members @ ..] if !members.is_empty() => {
                self.group(name, threshold, members)
            }
            [b"quorum", name] => self.quorum(name),
            [b"log" | b"witness" | b"group" | b"quorum", ..] => Err(count),
            _ => Err(PolicyLineFault::Keyword),
        }
    }

    fn log(
        &mut self,
        number: usize,
        key: &[u8],
        url: Option<&[u8]>,
    ) -> Result<(), PolicyLineFault> {
        check_room(self.log_lines.len())?;
        let key = verifier_key(key)?;
        let algorithm = key.algorithm();
        if !matches!(algorithm, Algorithm::Ed25519 | Algorithm::MlDsa44) {
            return Err(PolicyLineFault::Algorithm { algorithm });
        }
        for WitnessLine { number: earlier, witness } in &self.witness_lines {
            check_log_and_witness(&key, witness.key(), *earlier)?;
        }
        for LogLine { number: earlier, key: other, .. } in &self.log_lines {
            check_distinct(&key, other, *earlier)?;
            if other.name() == key.name() && other.algorithm() == algorithm {
                return Err(PolicyLineFault::LogKeyRepeated { algorithm });
            }
        }
        let url = url.map(word);
        self.log_lines.push(LogLine { number, key, url });
        Ok(())
    }

    fn witness(
        &mut self,
        number: usize,
        [name, key]: [&[u8]; 2],
        url: Option<&[u8]>,
    ) -> Result<(), PolicyLineFault> {
        check_room(self.witness_lines.len())?;
        let key = verifier_key(key)?;
        let algorithm = key.algorithm();
        if !matches!(algorithm, Algorithm::CosignatureV1 | Algorithm::MlDsa44) {
            return Err(PolicyLineFault::Algorithm { algorithm });
        }
        for LogLine { number: earlier, key: other, .. } in &self.log_lines {
            check_log_and_witness(other, &key, *earlier)?;
        }
        for WitnessLine { number: earlier, witness } in &self.witness_lines {
            check_distinct(&key, witness.key(), *earlier)?;
        }
        let (name, url) = (word(name), url.map(word));
        self.define(&name, NodeName::Witness(self.witness_lines.len()))?;
        let witness = Witness { name, key, url };
        self.witness_lines.push(WitnessLine { number, witness });
        Ok(())
    }

    fn group(
        &mut self,
        name: &[u8],
        threshold: &[u8],
        members: &[&[u8]],
    ) -> Result<(), PolicyLineFault> {
        check_room(self.groups.len())?;
        let threshold = parse_threshold(threshold, members.len())?;
        let name = word(name);
        // Members first: a group is not defined before its own line.
        let members = members
            .iter()
            .map(|member| self.take_member(word(member)))
            .collect::<Result<Vec<_>, _>>()?;
        self.define(&name, NodeName::Group(self.groups.len()))?;
        self.groups.push(GroupLine { name, threshold, members });
        Ok(())
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), PolicyLineFault> {
        if self.quorum.is_some() {
            return Err(PolicyLineFault::QuorumRepeated);
        }
        let rule = match name {
            b"none" => NodeName::None,
            name => self.look_up(&word(name))?.1,
        };
        self.quorum = Some(rule);
        Ok(())
    }

    fn define(&mut self, name: &Word, node: NodeName) -> Result<(), PolicyLineFault> {
        check_reserved(name)?;
        if self.names.iter().any(|(other, ..)| other == name) {
            return Err(PolicyLineFault::DuplicateName { name: name.clone() });
        }
        self.names.push((name.clone(), node, false));
        Ok(())
    }

    fn look_up(&mut self, name: &Word) -> Result<&mut (Word, NodeName, bool), PolicyLineFault> {
        let found = self.names.iter_mut().find(|(other, ..)| other == name);
        found.ok_or_else(|| PolicyLineFault::UndefinedName { name: name.clone() })
    }

    /// "Each defined name can be listed as a group member at most once."
    fn take_member(&mut self, name: Word) -> Result<NodeName, PolicyLineFault> {
        check_reserved(&name)?;
        let (_, node, is_member) = self.look_up(&name)?;
        if *is_member {
            return Err(PolicyLineFault::MemberRepeated { name });
        }
        *is_member = true;
        Ok(*node)
    }

    fn finish(self) -> Result<Policy, PolicyFileError> {
        let rule = self.quorum.ok_or(PolicyFileError::QuorumMissing)?;
        let count = self.witness_lines.len();
        let node = |name: &NodeName| match name {
            NodeName::None => None,
            NodeName::Witness(position) => Some(*position),
            NodeName::Group(position) => Some(count + position),
        };
        let group = |line: GroupLine| Group {
            name: line.name,
            threshold: line.threshold,
            members: line.members.iter().filter_map(node).collect(),
        };
        let rule = node(&rule).map_or(Rule::None, Rule::Node);
        let quorum = Quorum::new(count, self.groups.into_iter().map(group).collect(), rule);
        let logs = pair_logs(self.log_lines)?;
        let witnesses = self.witness_lines.into_iter().map(|line| line.witness).collect();
        Ok(Policy { logs, witnesses, quorum })
    }
}

/// Exactly one 0x01 and one 0x06 key for each origin. That there are not two of either is known already.
fn pair_logs(lines: Vec<LogLine>) -> Result<Vec<Log>, PolicyFileError> {
    let mut logs: Vec<Log> = Vec::new();
    for line in &lines {
        let origin = line.key.name();
        if logs.iter().any(|log| log.keys.origin() == origin) {
            continue;
        }
        let find = |algorithm| {
            let found =
                |other: &&LogLine| other.key.name() == origin && other.key.algorithm() == algorithm;
            let missing = PolicyFileError::LogKeyMissing { origin: origin.clone(), algorithm };
            lines.iter().find(found).ok_or(missing)
        };
        let (ed25519, mldsa44) = (find(Algorithm::Ed25519)?, find(Algorithm::MlDsa44)?);
        let number = ed25519.number.max(mldsa44.number);
        let earlier = ed25519.number.min(mldsa44.number);
        let keys = LogKeys::new(ed25519.key.clone(), mldsa44.key.clone()).map_err(|_| {
            // Names and algorithms fit, so it is the key ids.
            let fault = PolicyLineFault::DuplicateKeyId { earlier };
            PolicyFileError::Line { line: number, fault }
        })?;
        let url = ed25519.url.clone().or_else(|| mldsa44.url.clone());
        logs.push(Log { keys, url });
    }
    if logs.is_empty() {
        return Err(PolicyFileError::NoLog);
    }
    Ok(logs)
}

/// A public key stands once in the file, and so does a pair of name and key id.
fn check_distinct(
    key: &VerifierKey,
    other: &VerifierKey,
    earlier: usize,
) -> Result<(), PolicyLineFault> {
    if key.same_public_key(other) {
        return Err(PolicyLineFault::DuplicateKey { earlier });
    }
    if key.name() == other.name() && key.id() == other.id() {
        return Err(PolicyLineFault::DuplicateKeyId { earlier });
    }
    Ok(())
}

/// A log never counts in a quorum: neither its key nor its name is a witness's.
fn check_log_and_witness(
    log: &VerifierKey,
    witness: &VerifierKey,
    earlier: usize,
) -> Result<(), PolicyLineFault> {
    if log.same_public_key(witness) || log.name() == witness.name() {
        return Err(PolicyLineFault::LogAsWitness { earlier });
    }
    Ok(())
}

fn check_room(lines: usize) -> Result<(), PolicyLineFault> {
    if lines >= MAX_LINES_OF_A_KIND {
        return Err(PolicyLineFault::TooManyLines);
    }
    Ok(())
}

fn check_reserved(name: &Word) -> Result<(), PolicyLineFault> {
    if name.as_bytes() == b"none" {
        return Err(PolicyLineFault::ReservedName);
    }
    Ok(())
}

fn parse_threshold(text: &[u8], members: usize) -> Result<usize, PolicyLineFault> {
    let number = || parse_decimal(str::from_utf8(text).ok()?)?.try_into().ok();
    let threshold = match text {
        b"all" => Some(members),
        b"any" => Some(1),
        _ => number(),
    };
    threshold
        .filter(|threshold| (1..=members).contains(threshold))
        .ok_or(PolicyLineFault::Threshold { members })
}

fn verifier_key(text: &[u8]) -> Result<VerifierKey, PolicyLineFault> {
    let text = str::from_utf8(text).map_err(|_| VerifierKeyError::Malformed);
    text.and_then(VerifierKey::parse).map_err(PolicyLineFault::VerifierKey)
}

/// An item is a word: it is not empty, was split at spaces, and the file's characters were checked.
fn word(item: &[u8]) -> Word {
    Word(item.to_vec())
}
