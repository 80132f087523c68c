//! The 196 proofs of transparency-dev/merkle, good and broken: `vectors/merkle`.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use custody_core::hash::{Hash, sha256};
use custody_core::merkle::{
    ConsistencyProof, InclusionProof, LeafIndex, ProofError, TreeHead, TreeSize,
};
use custody_tests::shared;
use serde_json::Value;

/// Base64 of a hash. Some vectors hold text such as "don't care 1" in its place: such bytes are stood for
/// by their digest, so that our verification decides and not our parser. No bytes are no hash at all.
fn hash(value: &Value) -> Option<Hash> {
    let bytes = STANDARD.decode(value.as_str().unwrap()).unwrap();
    match bytes.len() {
        0 => None,
        _ => Some(Hash::from_slice(&bytes).unwrap_or_else(|| sha256(&bytes))),
    }
}

/// The proof's hashes; a hash of no bytes, as garbage before and after a proof, is kept as a hash of
/// nothing, so that their number is as the vector has it.
fn hashes(value: &Value) -> Vec<Hash> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|item| hash(item).unwrap_or_else(|| sha256(&[]))).collect()
}

fn head(vector: &Value, size: &str, root: &str) -> Option<TreeHead> {
    Some(TreeHead { size: TreeSize(vector[size].as_u64().unwrap()), root: hash(&vector[root])? })
}

/// `None` where a hash of the vector cannot even be written as one.
fn inclusion(vector: &Value) -> Option<Result<(), ProofError>> {
    let index = LeafIndex(vector["leafIdx"].as_u64().unwrap());
    let proof = InclusionProof { index, hashes: hashes(&vector["proof"]) };
    Some(proof.verify(&hash(&vector["leafHash"])?, &head(vector, "treeSize", "root")?))
}

fn consistency(vector: &Value) -> Option<Result<(), ProofError>> {
    let proof = ConsistencyProof { hashes: hashes(&vector["proof"]) };
    Some(proof.verify(&head(vector, "size1", "root1")?, &head(vector, "size2", "root2")?))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

/// Walks a folder: how many files there are, and how many hold something that is no hash.
fn walk(folder: &Path, check: fn(&Value) -> Option<Result<(), ProofError>>) -> (usize, usize) {
    let files = files(folder);
    let mut not_hashes = 0;
    for file in &files {
        let vector: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let outcome = check(&vector);
        not_hashes += usize::from(outcome.is_none());
        let refused = !matches!(outcome, Some(Ok(())));
        let want = vector["wantErr"].as_bool().unwrap();
        assert_eq!(refused, want, "{}: {outcome:?}", file.display());
    }
    (files.len(), not_hashes)
}

#[test]
fn merkle_vectors_of_inclusion() {
    let Some(folder) = shared("vectors/merkle/inclusion") else { return };
    assert_eq!(walk(&folder, inclusion), (98, 11));
}

#[test]
fn merkle_vectors_of_consistency() {
    let Some(folder) = shared("vectors/merkle/consistency") else { return };
    assert_eq!(walk(&folder, consistency), (98, 0));
}
