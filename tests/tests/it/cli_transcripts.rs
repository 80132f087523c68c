//! What `custody` prints, word for word: `tests/transcripts/custody`, each in a fresh copy of one office.

use std::sync::OnceLock;
use std::thread;

use custody_tests::office::{Office, VARIABLES};
use custody_tests::transcript;
use tempfile::TempDir;

/// The office that all tests copy, and the folder that it is in.
pub fn office() -> &'static (TempDir, Office) {
    static OFFICE: OnceLock<(TempDir, Office)> = OnceLock::new();
    OFFICE.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let office = Office::found(folder.path());
        (folder, office)
    })
}

#[test]
fn the_program_prints_its_transcripts() {
    let files = transcript::files("custody");
    let (_, office) = office();
    thread::scope(|scope| {
        for file in &files {
            scope.spawn(move || {
                let folder = TempDir::new().unwrap();
                let office = office.copy_to(folder.path());
                transcript::play(file, office.folder(), &VARIABLES, &mut office.masks());
            });
        }
    });
    assert_eq!(files.len(), COUNT);
}

/// A file that is lost must not pass as a file that agrees.
const COUNT: usize = 66;
