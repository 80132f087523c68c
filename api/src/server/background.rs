//! What runs beside requests, for as long as the server does.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::change::Change;
use super::listen::told_to_stop;
use super::service::Service;

/// How often old offers are looked for.
const SWEEP: Duration = Duration::from_secs(60 * 60);

/// Throws away offers that nobody signed in time.
pub async fn sweep(service: Arc<Service>) {
    let mut every = tokio::time::interval(SWEEP);
    loop {
        every.tick().await;
        if let Err(problem) = service.look(|s| s.mailbox.sweep(SystemTime::now())).await {
            tracing::error!(code = problem.code(), "old offers cannot be thrown away");
        }
    }
}

/// Makes the catalogue before somebody asks for it, so that after a start nobody waits for a look at all items.
pub async fn catalogue(service: Arc<Service>) {
    if let Err(problem) = service.look(Service::bring_up_catalogue).await {
        tracing::error!(code = problem.code(), "the catalogue of items cannot be made");
    }
}

/// Ends the streams of events once the process is told to stop: they are answers that end for no other reason.
pub async fn end_streams(service: Arc<Service>) {
    told_to_stop().await;
    let _ = service.changes.send(Change::Stopping);
}
