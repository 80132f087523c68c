//! Folders of vectors: files, and a `want.json` that says of each what comes of it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::attack;

/// A folder of vectors.
pub struct Folder {
    /// Its path below `tests/vectors`.
    pub path: String,
    /// What lies in it beside the vectors: name and bytes.
    pub beside: Vec<(String, Vec<u8>)>,
    /// The vectors: name, bytes, and the entry of `want.json`.
    pub vectors: Vec<Vector>,
}

/// A file, and what is wanted of a verifier that reads it.
#[derive(Clone, Debug)]
pub struct Vector {
    /// The file's name. It names the attack.
    pub name: String,
    /// The file's bytes.
    pub bytes: Vec<u8>,
    /// The entry in `want.json`.
    pub want: Value,
}

impl Vector {
    /// A record alone, with the code of the first thing that is wrong with it, or `ok`.
    pub fn record(name: &str, desc: &str, code: &str, bytes: Vec<u8>) -> Self {
        let want = json!({ "desc": desc, "code": code });
        Self { name: format!("{name}.record"), bytes, want }
    }
}

impl Folder {
    /// The files of this folder with their names.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files: BTreeMap<_, _> = self.beside.iter().cloned().collect();
        let mut wants = BTreeMap::new();
        for vector in &self.vectors {
            let before = files.insert(vector.name.clone(), vector.bytes.clone());
            assert!(before.is_none(), "{}/{} is there twice", self.path, vector.name);
            wants.insert(vector.name.clone(), vector.want.clone());
        }
        if !wants.is_empty() {
            files.insert("want.json".to_owned(), json_file(&json!(wants)));
        }
        files
    }

    /// Writes the folder below `root`.
    pub fn write(&self, root: &Path) -> io::Result<()> {
        for (name, bytes) in self.files() {
            let path = root.join(&self.path).join(name);
            fs::create_dir_all(path.parent().unwrap_or(root))?;
            fs::write(path, bytes)?;
        }
        Ok(())
    }
}

/// All folders.
pub fn folders() -> Vec<Folder> {
    [attack::record_folders(), attack::exhibit_folders()].into_iter().flatten().collect()
}

/// Pretty JSON with a newline at its end.
pub fn json_file(value: &Value) -> Vec<u8> {
    [serde_json::to_vec_pretty(value).unwrap(), b"\n".to_vec()].concat()
}
