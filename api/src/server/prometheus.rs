//! Figures for Prometheus, at a place of their own.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::listen::listen;
use super::observe;
use crate::failure::Failure;

/// How often measured times are condensed.
const UPKEEP: Duration = Duration::from_secs(5);

/// Where figures are offered, what reads those that change by themselves, and paths that tell whether all is well: whoever
/// watches needs neither TLS nor the server's name.
pub type Metrics = ((TcpListener, PrometheusHandle), Arc<dyn Fn() + Send + Sync>, Router);

/// Takes the place where figures are offered.
///
/// # Errors
/// The address is taken.
pub fn bind_metrics(address: SocketAddr) -> Result<(TcpListener, PrometheusHandle), Failure> {
    Ok((listen(address)?, recorder()?))
}

fn recorder() -> Result<PrometheusHandle, Failure> {
    let failed = |error: metrics_exporter_prometheus::BuildError| {
        Failure::could_not("internal", error.to_string())
    };
    let handle = PrometheusBuilder::new().install_recorder().map_err(failed)?;
    observe::describe();
    Ok(handle)
}

/// Offers figures for as long as the server runs.
pub async fn offer_metrics(((listener, recorder), read, health): Metrics) {
    let shown = recorder.clone();
    let render = move || {
        let (recorder, read) = (shown.clone(), read.clone());
        async move {
            // It may wait for the disk.
            let _ = tokio::task::spawn_blocking(move || read()).await;
            recorder.render()
        }
    };
    let app = health.route("/metrics", get(render));
    tokio::spawn(keep_up(recorder));
    let served = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => axum::serve(listener, app).await,
        Err(error) => Err(error),
    };
    if let Err(error) = served {
        tracing::error!(%error, "figures cannot be offered");
    }
}

/// Condenses what was measured: where nobody asks for it, it would fill the memory.
async fn keep_up(recorder: PrometheusHandle) {
    let mut every = tokio::time::interval(UPKEEP);
    loop {
        every.tick().await;
        recorder.run_upkeep();
    }
}
