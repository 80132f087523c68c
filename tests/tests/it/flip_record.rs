//! Bits flipped in records: signatures cover all of a record, so no flip goes unnoticed.

use std::fs;
use std::path::PathBuf;

use rayon::prelude::*;

use crate::record_vectors::{Reader, root};

fn honest_records() -> Vec<PathBuf> {
    let folders = fs::read_dir(root().join("record")).unwrap().map(|folder| folder.unwrap().path());
    folders
        .filter(|folder| folder.is_dir())
        .map(|folder| folder.join("happy-path.record"))
        .collect()
}

#[test]
fn every_bit_of_every_type_of_record() {
    let (reader, records) = (Reader::load(), honest_records());
    assert_eq!(records.len(), 53);
    for path in records {
        let record = fs::read(&path).unwrap();
        reader.read(&record).unwrap();
        (0..8 * record.len()).into_par_iter().for_each(|bit| {
            let mut flipped = record.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(reader.read(&flipped).is_err(), "{} bit {bit}", path.display());
        });
    }
}

#[test]
fn no_record_is_taken_without_its_end_or_with_something_behind_it() {
    let reader = Reader::load();
    for path in honest_records() {
        let record = fs::read(&path).unwrap();
        for length in 0..record.len() {
            assert!(reader.read(&record[..length]).is_err(), "{} to {length}", path.display());
        }
        let code = reader.read(&[record, vec![0]].concat()).unwrap_err().code();
        assert_eq!(code, "cbor/trailing-bytes", "{}", path.display());
    }
}
