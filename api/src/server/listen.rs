//! Being reached, with TLS or without, until the process is told to stop: of a ledger's server and of a mirror's.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use tokio::signal::unix::{SignalKind, signal};

use super::prometheus::{Metrics, offer_metrics};
use super::setting::Tls;
use super::{certificate, notify};
use crate::failure::Failure;

/// Time that requests have to end when the server stops.
const GRACE: Duration = Duration::from_secs(30);
/// Threads that wait for the disk or compute; the ledger itself lets as many verify at a time as there are cores.
const BLOCKING_THREADS: usize = 128;

/// A place at which something is to be served, and TLS where it is spoken there.
pub struct Listening {
    listener: TcpListener,
    bound: SocketAddr,
    tls: Option<Tls>,
}

impl Listening {
    /// Takes the place.
    ///
    /// # Errors
    /// The address is taken.
    pub fn bind(address: SocketAddr, tls: Option<Tls>) -> Result<Self, Failure> {
        let listener = listen(address)?;
        let bound = listener.local_addr().map_err(|error| refused(address, &error))?;
        Ok(Self { listener, bound, tls })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.bound
    }

    /// Serves `app` until the process is told to stop.
    async fn serve(self, app: Router) -> Result<(), Failure> {
        let handle = Handle::new();
        tokio::spawn(stop_on_signal(handle.clone()));
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let failed = |error: std::io::Error| Failure::could_not("internal", error.to_string());
        match self.tls {
            Some(tls) => {
                let config = read_tls(&tls).await?;
                certificate::tell(&tls);
                tokio::spawn(reload_on_signal(config.clone(), tls));
                let server = axum_server::from_tcp_rustls(self.listener, config).map_err(failed)?;
                notify::ready();
                server.handle(handle).serve(app).await.map_err(failed)
            }
            None => {
                tokio::spawn(stay_on_signal());
                let server = axum_server::from_tcp(self.listener).map_err(failed)?;
                notify::ready();
                server.handle(handle).serve(app).await.map_err(failed)
            }
        }
    }
}

/// Serves `app` until the process is told to stop, and then finishes what it has begun.
///
/// # Errors
/// The server cannot be started.
pub fn serve(listening: Listening, app: Router, metrics: Option<Metrics>) -> Result<(), Failure> {
    serve_beside(listening, app, metrics, async {}, || ())
}

/// As [`serve`], with something else to do meanwhile, and something once the last request was answered: on return, nothing
/// that was begun goes on.
pub fn serve_beside(
    listening: Listening,
    app: Router,
    metrics: Option<Metrics>,
    beside: impl Future<Output = ()> + Send + 'static,
    answered: impl FnOnce(),
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()
        .map_err(|error| Failure::could_not("internal", error.to_string()))?;
    runtime.block_on(async {
        tokio::spawn(beside);
        if let Some(metrics) = metrics {
            tokio::spawn(offer_metrics(metrics));
        }
        let served = listening.serve(app).await;
        answered();
        served
    })
}

/// Takes a place.
///
/// # Errors
/// The address is taken.
pub fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address).map_err(|error| refused(address, &error))?;
    listener.set_nonblocking(true).map_err(|error| refused(address, &error))?;
    Ok(listener)
}

fn refused(address: SocketAddr, error: &std::io::Error) -> Failure {
    Failure::could_not("serve/listen", format!("cannot listen at `{address}`: {error}"))
}

/// Checks that TLS can be spoken with these files, before anybody is told that something is served.
///
/// # Errors
/// `serve/tls`.
pub fn check_tls(tls: &Tls) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::could_not("internal", error.to_string()))?;
    runtime.block_on(read_tls(tls)).map(drop)
}

async fn read_tls(tls: &Tls) -> Result<RustlsConfig, Failure> {
    // The only place that may choose: nothing else in this program speaks TLS before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = RustlsConfig::from_pem_file(&tls.certificate, &tls.key).await;
    config.map_err(|error| tls_refused(tls, &error))
}

fn tls_refused(tls: &Tls, error: &std::io::Error) -> Failure {
    let (certificate, key) = (tls.certificate.display(), tls.key.display());
    let message = format!("`{certificate}` with `{key}`: {error}");
    Failure::could_not("serve/tls", message)
}

/// SIGTERM or SIGINT: no new connections, what was begun ends, and after [`GRACE`] what is left is cut.
async fn stop_on_signal(handle: Handle<SocketAddr>) {
    told_to_stop().await;
    tracing::info!("stopping");
    notify::stopping();
    handle.graceful_shutdown(Some(GRACE));
}

/// Returns once the process is told to stop.
pub async fn told_to_stop() {
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut term), Ok(mut int)) => tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        },
        _ => std::future::pending().await,
    }
}

/// SIGHUP: a new certificate. Where it cannot be read the old one stays.
async fn reload_on_signal(config: RustlsConfig, tls: Tls) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    while hangup.recv().await.is_some() {
        match config.reload_from_pem_file(&tls.certificate, &tls.key).await {
            Ok(()) => {
                tracing::info!("certificate read again");
                certificate::tell(&tls);
            }
            Err(error) => {
                tracing::error!(%error, "the new certificate is refused, the old one stays");
            }
        }
    }
}

/// SIGHUP where there is no certificate: nothing is to be read again, and nobody who asks for it ends the server.
async fn stay_on_signal() {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    while hangup.recv().await.is_some() {
        tracing::info!("there is no certificate to be read again");
    }
}
