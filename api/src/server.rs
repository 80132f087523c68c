//! The service: a ledger over HTTP, for programs and for pages.
//!
//! ```text
//! request ──> observe ──> door ──> identify ──────> handler ──> ledger, as the caller may see it
//!             id, log,    room,    body, signature  blocking    access
//!             figures     time     or session, rate work aside
//! ```
//!
//! Nothing here judges a record: the ledger does. Nothing here decides what may be seen but [`access`].

pub mod access;
mod asset;
mod book;
mod change;
mod control;
mod draft;
mod event;
mod exhibit;
mod health;
mod identify;
mod inbox;
mod item;
mod limit;
mod login;
pub mod mailbox;
mod nonce;
mod notify;
mod observe;
mod offer;
pub mod problem;
mod record;
mod registry;
mod request;
mod route;
pub mod service;
pub mod session;
pub mod setting;
mod statistics;
mod tile;
mod view;

use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::routing::get;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use custody_log::Ledger;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::signal::unix::{SignalKind, signal};

pub use book::kind_word;
pub use route::document;

use mailbox::Mailbox;
use service::Service;
use setting::{Setting, Tls};

use crate::failure::Failure;

/// Time that requests have to end when the server stops.
const GRACE: Duration = Duration::from_secs(30);
/// How often old offers are looked for.
const SWEEP: Duration = Duration::from_secs(60 * 60);
/// Threads that wait for the disk or compute; the ledger itself lets as many verify at a time as there are cores.
const BLOCKING_THREADS: usize = 128;

/// A ledger that is served: where, and how to stop.
pub struct Server {
    listener: TcpListener,
    service: Arc<Service>,
    metrics: Option<(TcpListener, PrometheusHandle)>,
    tls: Option<Tls>,
    control: (UnixListener, PathBuf),
}

impl Server {
    /// Takes the places at which the ledger is to be served, before anybody is told that it is.
    ///
    /// # Errors
    /// An address is taken, the mailbox in `dir` cannot be opened, or what TLS needs cannot be read.
    pub fn bind(ledger: Ledger, dir: &Path, setting: Setting) -> Result<Self, Failure> {
        setting.check()?;
        let listener = listen(setting.listen)?;
        let mailbox = Mailbox::open(&dir.join("offers"), setting.offers.clone())?;
        mailbox.sweep(SystemTime::now())?;
        let offer = |address| Ok::<_, Failure>((listen(address)?, recorder()?));
        let metrics = setting.metrics.map(offer).transpose()?;
        let tls = setting.tls.clone();
        let bound = listener.local_addr().map_err(|error| refused(setting.listen, &error))?;
        let control = (control::bind(dir)?, dir.to_owned());
        let service = Service::new(ledger, setting, mailbox, bound);
        Ok(Self { listener, service, metrics, tls, control })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.service.bound
    }

    /// Serves until the process is told to stop, and then finishes what it has begun. The ledger is closed on return.
    ///
    /// # Errors
    /// The server cannot be started.
    pub fn run(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING_THREADS)
            .build()
            .map_err(|error| Failure::could_not("internal", error.to_string()))?;
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> Result<(), Failure> {
        let handle = Handle::new();
        tokio::spawn(stop_on_signal(handle.clone()));
        tokio::spawn(sweep(self.service.clone()));
        tokio::spawn(notify::keep_alive(self.service.clone()));
        let (control, dir) = self.control;
        tokio::spawn(control::answer(control, self.service.clone(), dir));
        if let Some((listener, recorder)) = self.metrics {
            tokio::spawn(offer_metrics(listener, recorder, self.service.clone()));
        }
        let app = route::router(&self.service).into_make_service_with_connect_info::<SocketAddr>();
        let failed = |error: std::io::Error| Failure::could_not("internal", error.to_string());
        match self.tls {
            Some(tls) => {
                // The only place that may choose: nothing else in this program speaks TLS before.
                let _ = rustls::crypto::ring::default_provider().install_default();
                let config = RustlsConfig::from_pem_file(&tls.certificate, &tls.key).await;
                let config = config.map_err(|error| tls_refused(&tls, &error))?;
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

fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address).map_err(|error| refused(address, &error))?;
    listener.set_nonblocking(true).map_err(|error| refused(address, &error))?;
    Ok(listener)
}

fn refused(address: SocketAddr, error: &std::io::Error) -> Failure {
    Failure::could_not("serve/listen", format!("cannot listen at `{address}`: {error}"))
}

fn tls_refused(tls: &Tls, error: &std::io::Error) -> Failure {
    let (certificate, key) = (tls.certificate.display(), tls.key.display());
    let message = format!("`{certificate}` with `{key}`: {error}");
    Failure::could_not("serve/tls", message)
}

fn recorder() -> Result<PrometheusHandle, Failure> {
    let failed = |error: metrics_exporter_prometheus::BuildError| {
        Failure::could_not("internal", error.to_string())
    };
    let handle = PrometheusBuilder::new().install_recorder().map_err(failed)?;
    observe::describe();
    Ok(handle)
}

/// SIGTERM or SIGINT: no new connections, what was begun ends, and after [`GRACE`] what is left is cut.
async fn stop_on_signal(handle: Handle<SocketAddr>) {
    let (Ok(mut term), Ok(mut int)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    tracing::info!("stopping");
    notify::stopping();
    handle.graceful_shutdown(Some(GRACE));
}

/// SIGHUP: a new certificate. Where it cannot be read the old one stays.
async fn reload_on_signal(config: RustlsConfig, tls: Tls) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    while hangup.recv().await.is_some() {
        match config.reload_from_pem_file(&tls.certificate, &tls.key).await {
            Ok(()) => tracing::info!("certificate read again"),
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

async fn sweep(service: Arc<Service>) {
    let mut every = tokio::time::interval(SWEEP);
    loop {
        every.tick().await;
        if let Err(problem) = service.look(|s| s.mailbox.sweep(SystemTime::now())).await {
            tracing::error!(code = problem.code, "old offers cannot be thrown away");
        }
    }
}

async fn offer_metrics(listener: TcpListener, recorder: PrometheusHandle, service: Arc<Service>) {
    let shown = service.clone();
    let render = move || {
        let (recorder, service) = (recorder.clone(), shown.clone());
        async move {
            health::gauges(&service);
            recorder.render()
        }
    };
    // The same place tells whether the server is well: whoever watches needs neither TLS nor its name.
    let app = Router::new()
        .route("/metrics", get(render))
        .route("/livez", get(health::alive))
        .route("/readyz", get(health::ready))
        .with_state(service);
    let served = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => axum::serve(listener, app).await,
        Err(error) => Err(error),
    };
    if let Err(error) = served {
        tracing::error!(%error, "figures cannot be offered");
    }
}
