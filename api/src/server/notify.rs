//! What systemd is told: that the server serves, that it stops, and that it is not stuck. Without systemd nobody is.

use std::sync::Arc;

use sd_notify::NotifyState;

use super::service::Service;

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
        let looked = service.look(|service| {
            service.ledger.reader()?;
            Ok(service.ledger.stopped().is_none())
        });
        match looked.await {
            Ok(true) => tell(&[NotifyState::Watchdog]),
            Ok(false) => {
                tracing::error!("the ledger takes no more records: it has to be opened again")
            }
            Err(problem) => tracing::error!(code = problem.code(), "the ledger cannot be read"),
        }
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "systemd cannot be told");
    }
}
