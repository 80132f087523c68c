//! Reading what the reader brings along. Every file has a limit, checked before it is allocated.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use custody_core::checkpoint::Checkpoint;
use custody_core::note::MAX_NOTE_LEN;
use custody_core::pins::{MAX_PINS, Pins};
use custody_core::policy::{MAX_POLICY_LEN, Policy};

use crate::arguments::Trust;
use crate::failure::Failure;

/// The policy and pins of a command line, read.
#[derive(Debug)]
pub struct Anchors {
    /// The trust policy.
    pub policy: Policy,
    /// The pins, if there are any.
    pub pins: Option<Pins>,
}

impl Anchors {
    /// Reads policy and pins.
    pub fn read(trust: &Trust) -> Result<Self, Failure> {
        let pins = trust.agencies.as_deref().map(read_pins).transpose()?;
        Ok(Self { policy: read_policy(&trust.policy)?, pins })
    }
}

/// Reads a file of at most `limit` bytes.
pub fn read_file(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let failed = |source| Failure::Read { path: path.to_owned(), source };
    let bytes = read_beyond(path, limit)?;
    match bytes.len() > limit {
        true => {
            // A device states no size.
            let stated = path.metadata().map_err(failed)?.len();
            let actual = stated.max(bytes.len() as u64);
            Err(Failure::Oversize { path: path.to_owned(), limit: limit as u64, actual })
        }
        false => Ok(bytes),
    }
}

/// Reads at most one byte more than `limit`: whoever judges the bytes will find them too long.
pub fn read_beyond(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let failed = |source| Failure::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let stated = file.metadata().map_err(failed)?.len();
    // The limits are far below 2^32, so that adding one cannot overflow. A pipe states no size.
    let most = limit as u64 + 1;
    let mut bytes = Vec::with_capacity(stated.min(most) as usize);
    file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Reads a checkpoint.
pub fn read_checkpoint(path: &Path) -> Result<Checkpoint, Failure> {
    let bytes = read_file(path, MAX_NOTE_LEN)?;
    Checkpoint::parse(&bytes)
        .map_err(|source| Failure::Checkpoint { path: path.to_owned(), source })
}

/// Reads a trust policy.
pub fn read_policy(path: &Path) -> Result<Policy, Failure> {
    let bytes = read_file(path, MAX_POLICY_LEN)?;
    Policy::parse(&bytes).map_err(|source| Failure::Policy { path: path.to_owned(), source })
}

fn read_pins(path: &Path) -> Result<Pins, Failure> {
    let bytes = read_file(path, MAX_PINS)?;
    Pins::parse(&bytes).map_err(|source| Failure::Pins { path: path.to_owned(), source })
}
