//! Evidence files and documents named on the command line, hashed with a bar.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use custody_core::record::body::{DigestScope, EvidenceDigest};
use serde_json::{Value, json};

use super::option::{check_count, sealed_text};
use crate::act::Document;
use crate::evidence::{Hashed, Measured, measure_each, total_size};
use crate::failure::Failure;
use crate::file::FileError;
use crate::terminal::bytes_bar;

/// Most files of one item: a record has at most 16 digests.
pub const MAX_FILES: usize = 16;
/// Most documents of one record.
pub const MAX_DOCUMENTS: usize = 32;

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(100);

/// Hashes files, several at once.
///
/// # Errors
/// One cannot be read.
pub fn hash(paths: &[PathBuf]) -> Result<Vec<Measured>, Failure> {
    let measured: Result<_, _> = hash_each(paths)?.into_iter().collect();
    Ok(measured?)
}

/// As [`hash`], with what was found of each.
///
/// # Errors
/// One is not there.
pub fn hash_each(paths: &[PathBuf]) -> Result<Vec<Result<Measured, FileError>>, Failure> {
    let bar = bytes_bar("hashing", total_size(paths)?);
    let hashed = Hashed::default();
    let progress = &hashed;
    let (done, result) = mpsc::channel();
    thread::scope(|scope| {
        let worker = scope.spawn(move || {
            // The receiver is below, in the same scope: it is there as long as this thread is.
            let _ = done.send(measure_each(paths, progress));
        });
        loop {
            match result.recv_timeout(TICK) {
                Ok(measured) => return Ok(measured),
                Err(RecvTimeoutError::Timeout) => bar.set(hashed.bytes()),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        match worker.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => Err(Failure::could_not("internal", "hashing ended without a result")),
        }
    })
}

/// Their digests, over `scope`.
pub fn digests(files: &[Measured], scope: DigestScope) -> Vec<EvidenceDigest> {
    files.iter().map(|file| EvidenceDigest::sha256(scope, &file.sha256)).collect()
}

/// The files as documents kept outside.
///
/// # Errors
/// One cannot be read, has a name that cannot stand in a record, or they are too many.
pub fn documents(paths: &[PathBuf]) -> Result<Vec<Document>, Failure> {
    check_count("--attach", paths.len(), MAX_DOCUMENTS)?;
    paths.iter().try_for_each(|path| check_document_name(path))?;
    Ok(hash(paths)?.into_iter().map(document).collect())
}

/// Checks that a document's name can stand in a record.
///
/// # Errors
/// It cannot.
pub fn check_document_name(path: &Path) -> Result<(), Failure> {
    match sealed_text(&file_name(path)) {
        Ok(_) => Ok(()),
        Err(reason) => {
            let message = format!("the name of `{}` cannot be recorded: {reason}", path.display());
            Err(Failure::could_not("usage", message).hint("give the file another name"))
        }
    }
}

/// A file as a document that is kept outside.
pub fn document(file: Measured) -> Document {
    Document {
        name: file_name(&file.path),
        media_type: media_type(&file.path).to_owned(),
        size: file.size,
        sha256: file.sha256,
    }
}

/// The lines that name files and their digests.
pub fn lines(files: &[Measured]) -> impl Iterator<Item = String> {
    files.iter().map(|file| format!("sha-256 {} {}", file.sha256, file.path.display()))
}

/// The same for programs.
pub fn to_json(files: &[Measured]) -> Value {
    let file = |file: &Measured| {
        json!({
            "file": file.path.display().to_string(),
            "size": file.size,
            "sha256": file.sha256.to_string(),
        })
    };
    files.iter().map(file).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// By the name's ending; a document's type is a help to whoever looks for it, and proves nothing.
fn media_type(path: &Path) -> &'static str {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "heic" => "image/heic",
        "pdf" => "application/pdf",
        "txt" | "log" => "text/plain",
        "mp4" => "video/mp4",
        "json" => "application/json",
        _ => "application/octet-stream",
    }
}
