//! Holding a checkpoint against a policy.

use super::{Log, Policy, PolicyError, QuorumStatus, Witness, Word};
use crate::checkpoint::{Checkpoint, LineStatus, PosixTime};
use crate::note::{KeyName, VerifierKey};

/// A checkpoint whose log has signed it twice, and what the witnesses say of it.
///
/// The quorum may be unmet: the checkpoint is then the log's word alone. [`Verified::require_quorum`]
/// makes that an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verified {
    /// The log.
    pub origin: KeyName,
    /// The log's signed time.
    pub log_time: PosixTime,
    /// Every witness of the policy, in its order.
    pub witnesses: Vec<WitnessStatus>,
    /// Whether enough of them cosigned.
    pub quorum: QuorumStatus,
}

/// What a checkpoint shows of one witness. A line that does not verify is an error, not a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessStatus {
    /// The witness's name in the policy.
    pub name: Word,
    /// The name of its key.
    pub key_name: KeyName,
    /// When it cosigned, as signed by it; `None` if the checkpoint has no line of it.
    pub cosigned: Option<PosixTime>,
}

impl Policy {
    /// Checks the log's two lines and the line of every witness of this policy.
    ///
    /// C2SP signed-note, section Signatures: lines of unknown keys are ignored, also where they share a
    /// name or a key id with a known key; a line of a known key must verify. That includes the keys of
    /// the policy's other logs.
    ///
    /// # Errors
    ///
    /// [`PolicyError::UnknownLog`], [`PolicyError::Log`], [`PolicyError::WitnessInvalid`] or
    /// [`PolicyError::OtherLogInvalid`]. An unmet quorum is not an error here.
    pub fn verify(&self, checkpoint: &Checkpoint) -> Result<Verified, PolicyError> {
        let origin = checkpoint.origin();
        let unknown = || PolicyError::UnknownLog { origin: origin.clone() };
        let log = self.log(origin).ok_or_else(unknown)?;
        let log_time = checkpoint.verify_log(log.keys()).map_err(PolicyError::Log)?;
        self.verify_other_logs(checkpoint)?;
        let witnesses = self
            .witnesses()
            .iter()
            .map(|witness| witness.status(checkpoint))
            .collect::<Result<Vec<_>, _>>()?;
        let cosigned: Vec<bool> = witnesses.iter().map(WitnessStatus::has_cosigned).collect();
        Ok(Verified {
            origin: origin.clone(),
            log_time,
            witnesses,
            quorum: self.quorum().evaluate(&cosigned),
        })
    }

    fn verify_other_logs(&self, checkpoint: &Checkpoint) -> Result<(), PolicyError> {
        let is_other = |log: &&Log| log.keys().origin() != checkpoint.origin();
        for log in self.logs().iter().filter(is_other) {
            for key in [log.keys().ed25519(), log.keys().mldsa44()] {
                let _is_no_witness = checkpoint
                    .verify_line(key)
                    .map_err(|fault| PolicyError::OtherLogInvalid { key: key_text(key), fault })?;
            }
        }
        Ok(())
    }
}

impl Verified {
    /// Demands that the quorum is met.
    ///
    /// # Errors
    ///
    /// [`PolicyError::QuorumNotMet`] otherwise.
    pub fn require_quorum(&self) -> Result<(), PolicyError> {
        if self.quorum.satisfied {
            return Ok(());
        }
        Err(PolicyError::QuorumNotMet { quorum: self.quorum })
    }
}

impl WitnessStatus {
    /// Whether the checkpoint has a valid line of this witness.
    pub fn has_cosigned(&self) -> bool {
        self.cosigned.is_some()
    }
}

impl Witness {
    fn status(&self, checkpoint: &Checkpoint) -> Result<WitnessStatus, PolicyError> {
        let cosigned = match checkpoint.verify_line(self.key()) {
            Ok(LineStatus::VerifiedAt(time)) => Some(time),
            // A witness's key is of an algorithm with a time: the parser takes no other.
            Ok(LineStatus::Verified | LineStatus::Absent) => None,
            Err(fault) => {
                let (witness, key) = (self.name().clone(), key_text(self.key()));
                return Err(PolicyError::WitnessInvalid { witness, key, fault });
            }
        };
        Ok(WitnessStatus {
            name: self.name().clone(),
            key_name: self.key().name().clone(),
            cosigned,
        })
    }
}

/// Name and id of a key, for messages.
fn key_text(key: &VerifierKey) -> String {
    format!("{}+{}", key.name(), key.id())
}
