//! The index by its definition: a recursion over sorted keys, written without a look at the real one.

use std::collections::BTreeMap;

use custody_core::hash::{Hash, empty_root, sha256, sha256_parts};
use custody_core::index::{ChainHead, SubjectKey};

/// A set of chains, which is all that an index is.
pub type Chains = BTreeMap<SubjectKey, ChainHead>;

type Entry = (SubjectKey, ChainHead);

/// splitmix64: a seed that a failure prints reproduces the run.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn head(&mut self) -> ChainHead {
        ChainHead { length: self.next(), digest: sha256(&self.next().to_be_bytes()) }
    }
}

pub fn key(number: u64) -> SubjectKey {
    SubjectKey::of(&format!("item:{number}"))
}

fn bit_of(key: &SubjectKey, bit: usize) -> bool {
    key.as_bytes()[bit / 8] & (0x80 >> (bit % 8)) != 0
}

fn varint(number: usize) -> Vec<u8> {
    match number {
        0..=127 => vec![number as u8],
        _ => vec![number as u8 | 0x80, (number >> 7) as u8],
    }
}

fn entries(chains: &Chains) -> Vec<Entry> {
    chains.iter().map(|(key, head)| (*key, *head)).collect()
}

/// Splits sorted entries at the first bit in which their keys differ.
fn split(entries: &[Entry]) -> (usize, &[Entry], &[Entry]) {
    let (first, last) = (&entries[0].0, &entries[entries.len() - 1].0);
    let bit = (0..256).find(|bit| bit_of(first, *bit) != bit_of(last, *bit)).unwrap();
    let (left, right) = entries.split_at(entries.partition_point(|entry| !bit_of(&entry.0, bit)));
    (bit, left, right)
}

fn node(entries: &[Entry]) -> Hash {
    if let [(key, head)] = entries {
        let value = [&head.length.to_be_bytes()[..], head.digest.as_ref()].concat();
        return sha256_parts(&[&[0, 32], key.as_bytes(), &[40], &value]);
    }
    let (bit, left, right) = split(entries);
    sha256_parts(&[&[1], &varint(bit), node(left).as_ref(), node(right).as_ref()])
}

pub fn root(chains: &Chains) -> Hash {
    match chains.is_empty() {
        true => empty_root(),
        false => node(&entries(chains)),
    }
}

/// Steps from the leaf where the lookup of `key` ends up to the root, and that leaf.
fn steps(key: &SubjectKey, entries: &[Entry]) -> (Vec<u8>, Entry) {
    if let [leaf] = entries {
        return (Vec::new(), *leaf);
    }
    let (bit, left, right) = split(entries);
    let (inside, outside) = if bit_of(key, bit) { (right, left) } else { (left, right) };
    let (mut proof, leaf) = steps(key, inside);
    proof.extend(varint(bit));
    proof.extend_from_slice(node(outside).as_ref());
    (proof, leaf)
}

/// The proof of the chain at `key`, or that there is none.
pub fn proof(key: &SubjectKey, chains: &Chains) -> Vec<u8> {
    if chains.is_empty() {
        return Vec::new();
    }
    let (steps, (other, head)) = steps(key, &entries(chains));
    if other == *key {
        return steps;
    }
    let value = [&head.length.to_be_bytes()[..], head.digest.as_ref()].concat();
    [&[32], &other.as_bytes()[..], &[40], &value, &steps].concat()
}
