//! Writes the vectors of `tests/vectors` anew. Deterministic: what a run writes is what is checked in.

use std::io;
use std::path::Path;

use custody_tests::paper::vector::folders;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let folders = folders();
    for folder in &folders {
        folder.write(&root)?;
    }
    let count: usize = folders.iter().map(|folder| folder.vectors.len()).sum();
    println!("{count} vectors in {} folders", folders.len());
    Ok(())
}
