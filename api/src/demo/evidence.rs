//! Evidence files: those that were given, or made ones.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::evidence::{Hashed, Measured, measure};
use crate::failure::Failure;
use crate::file::{self, FileError};

/// Bytes of the made disk image: enough that hashing it is seen to take no time.
const IMAGE_BYTES: u64 = 4 << 20;
/// Bytes of a sector.
const SECTOR: usize = 512;

/// The files in `evidence/`, hashed.
pub struct Files {
    /// The disk image.
    pub image: Measured,
    /// Its copy, of equal content.
    pub copy: Measured,
    /// A photograph of the laptop, kept as a document.
    pub photograph: Measured,
    /// More files that were given, named beside the image.
    pub others: Vec<Measured>,
}

/// Copies what was given into `dir/evidence`, or makes some, and hashes all of it.
pub fn lay_out(dir: &Path, given: &[PathBuf]) -> Result<Files, Failure> {
    let folder = dir.join("evidence");
    fs::create_dir_all(&folder).map_err(file::cannot("make", &folder))?;
    let mut paths = Vec::new();
    for path in given {
        paths.push(copy_in(path, &folder, "")?);
    }
    if paths.is_empty() {
        paths.push(make_image(&folder)?);
    }
    let copy = copy_in(&paths[0], &folder, "copy-of-")?;
    let photograph = folder.join("laptop.txt");
    let text = "In place of a photograph: a grey laptop on a kitchen table, lid closed.\n";
    file::create(&photograph, text.as_bytes(), file::Access::Shared)?;
    paths.extend([copy, photograph]);
    let mut measured = measure(&paths, &Hashed::default())?.into_iter();
    let missing = || Failure::could_not("internal", "an evidence file was not hashed");
    let image = measured.next().ok_or_else(missing)?;
    let photograph = measured.next_back().ok_or_else(missing)?;
    let copy = measured.next_back().ok_or_else(missing)?;
    Ok(Files { image, copy, photograph, others: measured.collect() })
}

fn copy_in(path: &Path, folder: &Path, prefix: &str) -> Result<PathBuf, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let target = folder.join(format!("{prefix}{name}"));
    file::check_absent(&target)?;
    fs::copy(path, &target).map_err(file::cannot("copy", path))?;
    Ok(target)
}

/// Sectors that name themselves, as a test disk has them.
fn make_image(folder: &Path) -> Result<PathBuf, FileError> {
    let path = folder.join("laptop-disk.img");
    let write = || -> io::Result<()> {
        let mut out = BufWriter::new(File::create(&path)?);
        for sector in 0..IMAGE_BYTES / SECTOR as u64 {
            let mut bytes = [b'.'; SECTOR];
            let line = format!("made sector {sector:08}, no evidence of anything\n");
            bytes[..line.len()].copy_from_slice(line.as_bytes());
            out.write_all(&bytes)?;
        }
        out.flush()
    };
    write().map_err(file::cannot("write", &path))?;
    Ok(path)
}
