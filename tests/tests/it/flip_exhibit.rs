//! Bits flipped in exhibits that verify: the file is then rejected, or cannot be checked, or comes to the
//! very same report. Never a panic.

use std::fs;
use std::path::PathBuf;

use custody_core::verify::{Outcome, Verdict};
use rayon::prelude::*;
use serde_json::Value;

use crate::exhibit_vectors::{Reader, exhibits};

/// Flips in the larger exhibits together, at the least.
const FLIPS: usize = 24_000;

/// Everything that a report says.
fn text(outcome: &Outcome) -> String {
    format!("{:?} {:?} {:?} {:?}", outcome.origin, outcome.size, outcome.item, outcome.report)
}

/// Flips each of `bits` in the exhibit, one at a time, and returns how many were not noticed.
fn flip(path: &PathBuf, want: &Value, bits: impl IntoParallelIterator<Item = usize>) -> usize {
    let reader = Reader::load(path.parent().unwrap(), want);
    let file = fs::read(path).unwrap();
    let honest = reader.verify(&file);
    assert_eq!(honest.report.verdict(), Verdict::Verified, "{}", path.display());
    let honest = text(&honest);
    let unnoticed = |bit: &usize| {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let outcome = reader.verify(&flipped);
        let is_verified = outcome.report.verdict() == Verdict::Verified;
        assert!(!is_verified || text(&outcome) == honest, "{} bit {bit}", path.display());
        is_verified
    };
    bits.into_par_iter().filter(unnoticed).count()
}

fn honest() -> Vec<(PathBuf, Value)> {
    exhibits().into_iter().filter(|(_, want)| want["verdict"] == "verified").collect()
}

#[test]
fn every_bit_of_a_small_exhibit() {
    let all = honest();
    let (path, want) =
        all.iter().find(|(path, _)| path.parent().unwrap().ends_with("small")).unwrap();
    let bits = 8 * fs::metadata(path).unwrap().len() as usize;
    // The manifest covers the contents, its signature covers the manifest, and nothing else is in the file.
    assert_eq!(flip(path, want, 0..bits), 0);
}

#[test]
fn bits_all_over_every_honest_exhibit() {
    let all = honest();
    assert_eq!(all.len(), 65);
    let each = FLIPS.div_ceil(all.len());
    for (number, (path, want)) in all.iter().enumerate() {
        let bits = 8 * fs::metadata(path).unwrap().len() as usize;
        // A step that has no divisor in common with the number of bits comes by every part of the file
        // and does not come back; files that begin alike begin at different bits.
        let step = (bits / each..).find(|step| gcd(*step, bits) == 1).unwrap();
        let places: Vec<_> = (0..each).map(|n| (number + n * step) % bits).collect();
        assert_eq!(flip(path, want, places), 0);
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
