//! What systemd is told: that the server serves, that it stops, and that it is not stuck. Without systemd nobody is.

use std::sync::Arc;

use sd_notify::NotifyState;

use super::service::Service;
use crate::failure::Failure;

/// The server answers from now on.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The server ends what it has begun.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Tells systemd, for as long as the ledger takes records, that it does. Where a write ended in doubt nothing is told any
/// more, so that the server is started again: opening the ledger finds out what was stored.
pub async fn keep_alive(service: Arc<Service>) {
    let Some(period) = sd_notify::watchdog_enabled() else { return };
    let mut every = tokio::time::interval(period / 3);
    loop {
        every.tick().await;
        // It waits for no place among those who look: that many are looking does not mean that the server is stuck.
        let looking = service.clone();
        let looked = tokio::task::spawn_blocking(move || {
            looking.ledger.reader()?;
            Ok::<_, Failure>(looking.ledger.stopped().is_none())
        });
        match looked.await {
            Ok(Ok(true)) => tell(&[NotifyState::Watchdog]),
            Ok(Ok(false)) => {
                tracing::error!("the ledger takes no more records: it has to be opened again")
            }
            Ok(Err(failure)) => tracing::error!(code = failure.code(), "the ledger cannot be read"),
            Err(error) => tracing::error!(%error, "the ledger cannot be read"),
        }
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "systemd cannot be told");
    }
}
