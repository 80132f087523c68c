//! Witnesses, from the log's side: each new checkpoint is sent to them in the background, and what they cosign is kept.
//!
//! No append waits for a witness. One round at a time takes the newest checkpoint, asks everybody who has not cosigned it
//! yet, and keeps it with their lines; readers see them as long as it is the newest. What a witness answers is verified with
//! the key that the configuration names. Before the server starts, every witness that answers is asked what it knows: one
//! with a newer head, or another history, stops it.

mod ask;
mod standing;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use custody_core::checkpoint::{Checkpoint, LineStatus};
use custody_log::{Ledger, Reader};
use metrics::gauge;

use super::access::Caller;
use super::document::Denied;
use super::problem::Problem;
use super::service::Service;
use super::setting::WitnessSetting;
use super::statistics::check_overseer;
use crate::failure::Failure;
use ask::Witness;
pub use standing::{WitnessList, WitnessView};

/// How often it is looked whether there is a newer checkpoint: so often witnesses are asked under load.
const EVERY: Duration = Duration::from_secs(1);

/// Everybody who is asked for cosignatures.
#[derive(Default)]
pub struct Witnesses {
    all: Vec<Witness>,
    /// The newest checkpoint that was kept with cosignatures.
    cosigned: RwLock<Option<Checkpoint>>,
}

/// Asks until it is told to stop.
pub struct Asking {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// A witness that did not answer.
pub struct Silent {
    /// What people call it.
    pub name: String,
    /// Why.
    pub code: String,
}

impl Witnesses {
    /// Those that the configuration names.
    ///
    /// # Errors
    /// `serve/setting`: a key or an address is none.
    pub fn new(settings: &[WitnessSetting]) -> Result<Self, Failure> {
        let all = settings.iter().map(Witness::new).collect::<Result<Vec<_>, _>>()?;
        let names: HashSet<_> = all.iter().map(Witness::name).collect();
        match names.len() == all.len() {
            true => Ok(Self { all, cosigned: RwLock::default() }),
            false => Err(Failure::could_not("serve/setting", "two witnesses have one name")),
        }
    }

    /// Asks every witness what it knows of the ledger. Returns those that did not answer.
    ///
    /// # Errors
    /// `witness/newer`, `witness/diverged`, `witness/alarm`: this is not the ledger that it cosigned.
    pub fn check(&self, reader: &Reader<'_>) -> Result<Vec<Silent>, Failure> {
        let own = Checkpoint::parse(reader.checkpoint())?.of_log_alone();
        let asked = self.ask_all(&own, (reader, &|| Ok(reader.head().size)), |_| true);
        let mut silent = Vec::new();
        for (witness, answer) in asked {
            match answer {
                Err(failure) if ask::is_alarm(failure.code()) => return Err(failure),
                Err(failure) => silent.push(Silent {
                    name: witness.name().to_owned(),
                    code: failure.code().to_owned(),
                }),
                Ok(_) => {}
            }
        }
        Ok(silent)
    }

    /// One round: everybody who has not cosigned the newest checkpoint yet is asked.
    fn round(&self, ledger: &Ledger) -> Result<(), Failure> {
        let reader = ledger.reader()?;
        let own = Checkpoint::parse(reader.checkpoint())?;
        let is_due = |witness: &Witness| !witness.has_signed(&own) && witness.is_due();
        if !self.all.iter().any(is_due) {
            return Ok(());
        }
        let mut cosigned = own.clone();
        let grown = || Ok(ledger.reader()?.head().size);
        for (witness, answer) in self.ask_all(&own.of_log_alone(), (&reader, &grown), is_due) {
            match answer {
                Ok(lines) => {
                    for line in lines {
                        cosigned = cosigned.with_signature(line)?;
                    }
                }
                Err(failure) if ask::is_alarm(failure.code()) => {
                    tracing::error!(
                        witness = witness.name(),
                        code = failure.code(),
                        alarm = true,
                        "{}",
                        failure.message()
                    );
                }
                Err(failure) => {
                    tracing::warn!(
                        witness = witness.name(),
                        code = failure.code(),
                        "{}",
                        failure.message()
                    );
                }
            }
        }
        if cosigned.signatures().len() == own.signatures().len() {
            return Ok(());
        }
        drop(reader);
        let (size, lines) = (cosigned.size().0, cosigned.signatures().len() - 2);
        let kept = ledger.keep_cosigned(cosigned.clone());
        kept.map_err(|error| Failure::could_not(error.code(), error.to_string()))?;
        tracing::info!(size, lines, "cosigned");
        *self.cosigned.write().unwrap_or_else(PoisonError::into_inner) = Some(cosigned);
        Ok(())
    }

    /// Asks several at a time, so that a slow one keeps nobody else waiting.
    fn ask_all<'w>(
        &'w self,
        checkpoint: &Checkpoint,
        (reader, grown): (&Reader<'_>, ask::Grown<'_>),
        is_due: impl Fn(&Witness) -> bool,
    ) -> Vec<(&'w Witness, ask::Answer)> {
        let due = self.all.iter().filter(|witness| is_due(witness));
        std::thread::scope(|scope| {
            let asking: Vec<_> = due
                .map(|witness| {
                    let reader = reader.clone();
                    (witness, scope.spawn(move || witness.ask(checkpoint, &reader, grown)))
                })
                .collect();
            let broken = || Err(Failure::could_not("internal", "asking a witness ended badly"));
            let answers = asking.into_iter();
            answers
                .map(|(witness, answer)| (witness, answer.join().unwrap_or_else(|_| broken())))
                .collect()
        })
    }

    /// The newest checkpoint that was kept with cosignatures since the server started.
    pub fn cosigned(&self) -> Option<Checkpoint> {
        self.cosigned.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How each of them stands.
    pub fn list(&self, ledger: &Ledger) -> Result<WitnessList, Failure> {
        let size = ledger.reader()?.head().size.0;
        let cosigned = self.cosigned().map(|checkpoint| checkpoint.size().0);
        let witnesses = self.all.iter().map(|witness| WitnessView::of(witness, size)).collect();
        Ok(WitnessList { size, cosigned, witnesses })
    }

    /// Figures for Prometheus.
    pub fn gauges(&self, ledger: &Ledger) {
        let Ok(list) = self.list(ledger) else { return };
        for witness in list.witnesses {
            let (name, alarm) = (witness.name.clone(), witness.state == "alarm");
            gauge!("custody_witness_size", "witness" => name.clone()).set(witness.size as f64);
            gauge!("custody_witness_alarm", "witness" => name).set(f64::from(u8::from(alarm)));
        }
    }
}

impl Asking {
    /// Waits until nobody is being asked any more.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        // What went wrong in there is in the log.
        let _ = self.thread.join();
    }
}

/// Asks in a thread of its own, whenever there is a newer checkpoint.
///
/// # Errors
/// The system has no room for a thread.
pub fn keep_asking(service: &Arc<Service>) -> Result<Asking, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, service) = (stop.clone(), service.clone());
    let ask = move || {
        while !stopped.load(Ordering::Relaxed) {
            if let Err(failure) = service.witnesses.round(&service.ledger) {
                tracing::error!(code = failure.code(), "{}", failure.message());
            }
            std::thread::park_timeout(EVERY);
        }
    };
    let thread = std::thread::Builder::new().name("witnesses".into()).spawn(ask);
    let thread = thread.map_err(|error| Failure::could_not("internal", error.to_string()))?;
    Ok(Asking { stop, thread })
}

/// How the witnesses stand
///
/// Who cosigns the checkpoints, up to which size, and what keeps them from it. For overseers.
#[utoipa::path(
    get, path = "/v1/witnesses", tag = "oversight",
    responses((status = 200, description = "the witnesses", body = WitnessList), Denied),
)]
pub async fn list(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<WitnessList>, Problem> {
    check_overseer(&caller)?;
    service.look(|service| service.witnesses.list(&service.ledger)).await.map(Json)
}

/// Whether a line of this key is there and verifies.
fn has_line(checkpoint: &Checkpoint, key: &custody_core::note::VerifierKey) -> bool {
    matches!(checkpoint.verify_line(key), Ok(LineStatus::VerifiedAt(_)))
}
