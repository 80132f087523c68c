//! Asking one witness.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use custody_core::checkpoint::{Checkpoint, LineStatus};
use custody_core::merkle::{ConsistencyProof, TreeSize};
use custody_core::note::{Algorithm, SignatureLine, VerifierKey};
use custody_log::Reader;

use super::has_line;
use super::standing::Standing;
use crate::client::transport::Transport;
use crate::failure::Failure;
use crate::server::setting::WitnessSetting;
use crate::witness::{AddCheckpoint, parse_cosignatures, parse_size};

/// Time for one answer: a mirror waits 5 s for its replay.
const TIME: Duration = Duration::from_secs(8);
/// Times that a witness is told another old size in one go.
const ATTEMPTS: u32 = 4;

/// The size of the ledger by now.
pub(super) type Grown<'g> = &'g (dyn Fn() -> Result<TreeSize, Failure> + Sync);

/// A witness's lines over the checkpoint that it was asked about, or why there are none.
pub(super) type Answer = Result<Vec<SignatureLine>, Failure>;

/// Somebody who is asked for cosignatures.
pub(super) struct Witness {
    name: String,
    keys: Vec<VerifierKey>,
    transport: Transport,
    standing: Mutex<Standing>,
}

impl Witness {
    pub(super) fn new(setting: &WitnessSetting) -> Result<Self, Failure> {
        let refuse = |message: String| {
            let message = format!("witness `{}`: {message}", setting.name);
            Failure::could_not("serve/setting", message)
        };
        let key = |text: &String| {
            let key = VerifierKey::parse(text).map_err(|error| refuse(error.to_string()))?;
            match key.algorithm() {
                Algorithm::CosignatureV1 | Algorithm::MlDsa44 => Ok(key),
                _ => Err(refuse(format!("`{}` is not a key of a witness", key.name()))),
            }
        };
        let keys = setting.keys.iter().map(key).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(refuse("it has no key".to_owned()));
        }
        let transport = Transport::within(&setting.url, None, TIME);
        let transport = transport.map_err(|error| refuse(error.message().to_owned()))?;
        Ok(Self { name: setting.name.clone(), keys, transport, standing: Mutex::default() })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn key_name(&self) -> &str {
        self.keys.first().map_or("", |key| key.name().as_str())
    }

    pub(super) fn standing(&self) -> Standing {
        self.lock().clone()
    }

    /// Whether it is to be asked now.
    pub(super) fn is_due(&self) -> bool {
        self.lock().is_due()
    }

    /// Whether a line of one of its keys is there already.
    pub(super) fn has_signed(&self, checkpoint: &Checkpoint) -> bool {
        self.keys.iter().any(|key| has_line(checkpoint, key))
    }

    /// Asks for cosignatures over `checkpoint`, at which `reader` stands; `grown` tells how large the ledger is by now. What
    /// comes back is verified.
    pub(super) fn ask(
        &self,
        checkpoint: &Checkpoint,
        reader: &Reader<'_>,
        grown: Grown<'_>,
    ) -> Answer {
        let answer = self.negotiate(checkpoint, reader, grown);
        let mut standing = self.lock();
        match &answer {
            Ok((_, time_s)) => standing.signed(checkpoint.size().0, *time_s),
            Err(failure) => standing.failed(failure.code(), failure.message()),
        }
        answer.map(|(lines, _)| lines)
    }

    fn negotiate(
        &self,
        checkpoint: &Checkpoint,
        reader: &Reader<'_>,
        grown: Grown<'_>,
    ) -> Result<(Vec<SignatureLine>, u64), Failure> {
        let own = checkpoint.size();
        let mut told: Option<TreeSize> = None;
        for _ in 0..ATTEMPTS {
            let old = told.unwrap_or(TreeSize(self.lock().size.min(own.0)));
            let hashes = match old.0 == 0 || old == own {
                true => Vec::new(),
                false => reader.consistency_proof(old)?.hashes,
            };
            let proof = ConsistencyProof { hashes };
            let request = AddCheckpoint { old, proof, checkpoint: checkpoint.clone() };
            let (status, body) = self.transport.ask_witness(&request.format())?;
            match status {
                200 => return self.read(checkpoint, &body),
                409 => {
                    let size = str::from_utf8(&body)
                        .ok()
                        .and_then(|text| parse_size(text.strip_suffix('\n').unwrap_or(text)));
                    let size = size.ok_or_else(|| self.refused(status, &body))?;
                    // It knows a tree of that size, and not this one.
                    if told == Some(size) && size == old {
                        return Err(self.diverged(size));
                    }
                    if size > own {
                        return Err(self.newer(size, grown()?));
                    }
                    told = Some(size);
                }
                // We were asked for this size, and proved that the tree goes on from there.
                422 if told == Some(old) => return Err(self.diverged(old)),
                422 => told = Some(TreeSize(0)),
                _ => return Err(self.refused(status, &body)),
            }
        }
        Err(Failure::could_not("witness/refused", format!("`{}` changes its mind", self.name)))
    }

    /// The lines of its keys, as far as they are there; each of them verifies.
    fn read(
        &self,
        checkpoint: &Checkpoint,
        body: &[u8],
    ) -> Result<(Vec<SignatureLine>, u64), Failure> {
        let wrong = |text: String| {
            let message = format!("`{}` answers with no cosignature of its key: {text}", self.name);
            Failure::could_not("witness/answer", message)
        };
        let cosigned =
            parse_cosignatures(checkpoint, body).map_err(|error| wrong(error.to_string()))?;
        let (mut lines, mut time_s) = (Vec::new(), 0);
        for key in &self.keys {
            match cosigned.verify_line(key) {
                Ok(LineStatus::VerifiedAt(time)) => {
                    let is_of_key = |line: &&SignatureLine| {
                        line.name() == key.name().as_str() && line.key_id() == key.id()
                    };
                    lines.extend(cosigned.signatures().iter().find(is_of_key).cloned());
                    time_s = time.seconds();
                }
                Ok(_) => {}
                Err(fault) => return Err(wrong(fault.to_string())),
            }
        }
        match lines.is_empty() {
            true => Err(wrong("none is there".to_owned())),
            false => Ok((lines, time_s)),
        }
    }

    fn refused(&self, status: u16, body: &[u8]) -> Failure {
        let problem: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let code = problem["code"].as_str().unwrap_or_default();
        match code {
            "mirror/fork" | "mirror/broken" | "mirror/evidence" => {
                let detail = problem["detail"].as_str().unwrap_or_default();
                let message =
                    format!("`{}` has evidence against this log: {code}: {detail}", self.name);
                Failure::rejected("witness/alarm", message).hint(HINT)
            }
            "mirror/catching-up" => {
                Failure::could_not(code, format!("`{}` has not replayed that far yet", self.name))
            }
            "mirror/stale" => {
                let name = &self.name;
                Failure::could_not(code, format!("`{name}` is shown an older head than this log's"))
            }
            _ => {
                let message = format!("`{}` answers {status} {code}", self.name);
                Failure::could_not("witness/refused", message)
            }
        }
    }

    fn newer(&self, size: TreeSize, own: TreeSize) -> Failure {
        if size <= own {
            // It has asked us meanwhile: the next round is about something newer still.
            let message = format!("`{}` is ahead of what it was asked about", self.name);
            return Failure::could_not("witness/ahead", message);
        }
        let message = format!("`{}` has cosigned {size} entries, this ledger has {own}", self.name);
        Failure::rejected("witness/newer", message).hint(HINT)
    }

    fn diverged(&self, size: TreeSize) -> Failure {
        let message = format!("`{}` has cosigned another tree of {size} entries", self.name);
        Failure::rejected("witness/diverged", message).hint(HINT)
    }

    fn lock(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const HINT: &str = "a restored backup is a fork: keep everything as it is, and find out what was lost; \
                    docs/OPERATING.md \"Backup and restore\"";

/// Whether a failure says that the witness knows of another history than this one.
pub(super) fn is_alarm(code: &str) -> bool {
    ["witness/newer", "witness/diverged", "witness/alarm"].contains(&code)
}
