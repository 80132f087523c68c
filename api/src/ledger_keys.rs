//! A ledger's public keys, out of its founding record: what readers pin.

use custody_core::checkpoint::LogKeys;
use custody_core::custody::Standing;
use custody_core::id::SubjectId;
use custody_core::merkle::LeafIndex;
use custody_core::note::{Algorithm, KeyName, VerifierKey};
use custody_core::pins::Pins;
use custody_core::record::body::{Body, KeySlot};
use custody_log::SubjectKind;

use crate::desk::Desk;
use crate::failure::Failure;

/// The two keys that the log signs checkpoints with.
///
/// # Errors
/// The ledger cannot be read.
pub fn log_keys(desk: &Desk) -> Result<LogKeys, Failure> {
    let record = desk.record(LeafIndex(0))?;
    let Body::LedgerOpen(body) = &record.payload().body else {
        return Err(Failure::could_not("store-corrupt", "entry 0 is not a `ledger-open`"));
    };
    let name = KeyName::parse(desk.origin().as_str())?;
    let ed25519 = VerifierKey::new(name.clone(), Algorithm::Ed25519, &body.log_ed25519)?;
    let mldsa44 = VerifierKey::new(name, Algorithm::MlDsa44, &body.log_mldsa44)?;
    Ok(LogKeys::new(ed25519, mldsa44)?)
}

/// The genesis and every agency's authority key that is in use: what a reader pins.
///
/// # Errors
/// The ledger cannot be read.
pub fn pins(desk: &Desk) -> Result<Pins, Failure> {
    let mut agencies = Vec::new();
    for subject in desk.subjects(SubjectKind::Agency) {
        let (id, subject) = subject?;
        let (SubjectId::Agency(id), Standing::Agency(state)) = (id, subject.standing) else {
            continue;
        };
        let in_use = state.keys.iter().filter(|key| key.end.is_none());
        let authority = in_use.filter(|key| key.slot == KeySlot::Authority);
        agencies.extend(authority.map(|key| (id, key.key.kid())));
    }
    Ok(Pins { genesis: desk.genesis(), agencies })
}
