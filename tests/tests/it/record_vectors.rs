//! Records alone: the vectors of `tests/vectors/record`, and the codes that they must cover.

use std::collections::BTreeSet;
use std::path::Path;

use custody_core::hash::Hash;
use custody_core::id::Origin;
use custody_core::key::CoseKey;
use custody_core::record::{Record, RecordError};
use custody_tests::paper::vector::{Folder, folders};
use serde_json::Value;

/// Every code with which a record alone can be refused, but for those of size: `record_limits` has them.
const CODES: [&str; 41] = [
    "cbor/duplicate-key",
    "cbor/float",
    "cbor/indefinite-length",
    "cbor/missing-key",
    "cbor/not-shortest",
    "cbor/not-utf8",
    "cbor/out-of-range",
    "cbor/reserved",
    "cbor/simple-value",
    "cbor/tag",
    "cbor/text",
    "cbor/too-deep",
    "cbor/trailing-bytes",
    "cbor/truncated",
    "cbor/unexpected-type",
    "cbor/unknown-key",
    "cbor/unsorted-keys",
    "cose/content-type",
    "cose/countersigned",
    "cose/critical-header",
    "cose/header",
    "cose/not-cose-sign",
    "cose/repeated-key",
    "cose/signature",
    "cose/unprotected-header",
    "ed25519/key-not-canonical",
    "ed25519/key-not-on-curve",
    "ed25519/key-small-order",
    "ok",
    "record/genesis",
    "record/missing-field",
    "record/other-genesis",
    "record/other-ledger",
    "record/outcome",
    "record/parties",
    "record/signature-count",
    "record/signature-role",
    "record/signers",
    "record/subjects",
    "record/training-origin",
    "record/unknown-key",
];

/// What a reader of a record alone knows: the ledger, and the keys of everybody.
pub struct Reader {
    origin: Origin,
    genesis: Hash,
    keys: Vec<CoseKey>,
}

impl Reader {
    /// Reads `record/ledger.json`.
    pub fn load() -> Self {
        let file = std::fs::read(root().join("record/ledger.json")).unwrap();
        let ledger: Value = serde_json::from_slice(&file).unwrap();
        let key = |hex: &Value| {
            let bytes = Hash::from_hex(hex.as_str().unwrap()).unwrap();
            CoseKey::from_bytes(bytes.as_bytes()).unwrap()
        };
        Self {
            origin: ledger["origin"].as_str().unwrap().parse().unwrap(),
            genesis: Hash::from_hex(ledger["genesis"].as_str().unwrap()).unwrap(),
            keys: ledger["keys"].as_array().unwrap().iter().map(key).collect(),
        }
    }

    /// Parses a record, holds it against the ledger, and checks its signatures.
    pub fn read(&self, bytes: &[u8]) -> Result<(), RecordError> {
        let record = Record::parse(bytes)?;
        record.verify_ledger(&self.origin, &self.genesis)?;
        record.verify_signatures(|kid| self.keys.iter().find(|key| key.kid() == *kid))
    }
}

/// Where the vectors are checked in.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"))
}

#[test]
fn each_record_is_taken_or_refused_with_its_code() {
    let reader = Reader::load();
    let (mut count, mut codes) = (0, BTreeSet::new());
    let mut wrong = Vec::new();
    for folder in std::fs::read_dir(root().join("record")).unwrap() {
        let folder = folder.unwrap().path();
        if folder.is_file() {
            continue;
        }
        let want = std::fs::read(folder.join("want.json")).unwrap();
        let want: Value = serde_json::from_slice(&want).unwrap();
        let files: BTreeSet<_> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "want.json")
            .collect();
        assert_eq!(files, want.as_object().unwrap().keys().cloned().collect());
        for (name, want) in want.as_object().unwrap() {
            let bytes = std::fs::read(folder.join(name)).unwrap();
            let code = reader.read(&bytes).map_or_else(|error| error.code(), |()| "ok");
            if code != want["code"] {
                wrong.push(format!("{}/{name}: {code}, not {}", folder.display(), want["code"]));
            }
            codes.insert(code);
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(count, 567);
    assert_eq!(codes, BTreeSet::from(CODES));
}

#[test]
fn vectors_made_again_are_those_checked_in() {
    let mut made = BTreeSet::new();
    for folder in folders() {
        for (name, bytes) in Folder::files(&folder) {
            let path = root().join(&folder.path).join(name);
            let known = std::fs::read(&path).unwrap_or_default();
            assert!(
                known == bytes,
                "{}: run make-vectors and look at the difference",
                path.display()
            );
            made.insert(path);
        }
    }
    assert_eq!(made, files_below(root()), "files that no generator makes");
}

fn files_below(folder: &Path) -> BTreeSet<std::path::PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let files = |path: std::path::PathBuf| match path.is_dir() {
        true => files_below(&path),
        false => BTreeSet::from([path]),
    };
    paths.flat_map(files).collect()
}
