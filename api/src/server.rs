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
mod batch;
mod body;
mod book;
mod catalogue;
pub mod certificate;
mod change;
mod control;
mod document;
mod draft;
mod end;
pub(crate) mod entrance;
mod event;
mod exhibit;
mod health;
mod identify;
mod inbox;
mod intake;
mod item;
mod label;
mod limit;
mod login;
mod lookup;
pub mod mailbox;
mod map;
mod nonce;
mod notify;
mod observe;
mod offer;
mod pending;
mod private;
pub mod problem;
pub mod proxy;
mod reading;
mod reckoned;
mod record;
mod registry;
mod request;
mod route;
pub mod segment;
pub mod service;
pub mod session;
pub mod setting;
mod statistics;
mod stream;
mod submission;
pub(crate) mod tile;
mod view;
pub mod witness;

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
pub(crate) use lookup::MAX_LOOKUPS;
pub use route::document;
pub(crate) use route::no_method;

use change::Change;
use mailbox::Mailbox;
use service::Service;
use setting::{Setting, Tls};
use witness::Witnesses;

use crate::failure::Failure;

/// Time that requests have to end when the server stops.
const GRACE: Duration = Duration::from_secs(30);
/// How often old offers are looked for.
const SWEEP: Duration = Duration::from_secs(60 * 60);
/// How often measured times are condensed.
const UPKEEP: Duration = Duration::from_secs(5);
/// Threads that wait for the disk or compute; the ledger itself lets as many verify at a time as there are cores.
const BLOCKING_THREADS: usize = 128;

/// A ledger that is served: where, and how to stop.
pub struct Server {
    listening: Listening,
    service: Arc<Service>,
    metrics: Option<(TcpListener, PrometheusHandle)>,
    control: (UnixListener, PathBuf),
}

/// A place at which something is to be served, and TLS where it is spoken there.
pub struct Listening {
    listener: TcpListener,
    bound: SocketAddr,
    tls: Option<Tls>,
}

/// Where figures are offered, what reads those that change by themselves, and paths that tell whether all is well: whoever
/// watches needs neither TLS nor the server's name.
pub type Metrics = ((TcpListener, PrometheusHandle), Arc<dyn Fn() + Send + Sync>, Router);

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
}

impl Server {
    /// Takes the places at which the ledger is to be served, before anybody is told that it is.
    ///
    /// # Errors
    /// An address is taken, the mailbox in `dir` cannot be opened, or what TLS needs cannot be read.
    pub fn bind(
        (ledger, witnesses): (Ledger, Witnesses),
        dir: &Path,
        setting: Setting,
    ) -> Result<Self, Failure> {
        setting.check()?;
        let listening = Listening::bind(setting.listen, setting.tls.clone())?;
        let mailbox = Mailbox::open(&dir.join("offers"), setting.offers.clone())?;
        mailbox.sweep(SystemTime::now())?;
        let metrics = setting.metrics.map(bind_metrics).transpose()?;
        let control = (control::bind(dir)?, dir.to_owned());
        let service = Service::new((ledger, witnesses), setting, mailbox, listening.address());
        Ok(Self { listening, service, metrics, control })
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
        let Self { listening, service, metrics, control: (control, dir) } = self;
        let metrics = metrics.map(|place| of_service(place, &service));
        let asking = witness::keep_asking(&service)?;
        let beside = service.clone();
        let beside = async move {
            tokio::join!(
                sweep(beside.clone()),
                notify::keep_alive(beside.clone()),
                end_streams(beside.clone()),
                limit::keep_telling(beside.clone()),
                control::answer(control, beside.clone(), dir),
                catalogue(beside),
            );
        };
        let served =
            serve_beside(listening, route::router(&service), metrics, beside, || service.stop());
        // Whoever is being asked is not waited for longer than a request takes.
        asking.stop();
        served
    }
}

fn of_service(place: (TcpListener, PrometheusHandle), service: &Arc<Service>) -> Metrics {
    let gauged = service.clone();
    let health = Router::new()
        .route("/livez", get(health::alive))
        .route("/readyz", get(health::ready))
        .with_state(service.clone());
    (place, Arc::new(move || health::gauges(&gauged)), health)
}

/// Takes the place where figures are offered.
///
/// # Errors
/// The address is taken.
pub fn bind_metrics(address: SocketAddr) -> Result<(TcpListener, PrometheusHandle), Failure> {
    Ok((listen(address)?, recorder()?))
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
fn serve_beside(
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

impl Listening {
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

fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
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
    told_to_stop().await;
    tracing::info!("stopping");
    notify::stopping();
    handle.graceful_shutdown(Some(GRACE));
}

/// Returns once the process is told to stop.
async fn told_to_stop() {
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut term), Ok(mut int)) => tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        },
        _ => std::future::pending().await,
    }
}

/// Ends the streams of events once the process is told to stop: they are answers that end for no other reason.
async fn end_streams(service: Arc<Service>) {
    told_to_stop().await;
    let _ = service.changes.send(Change::Stopping);
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

async fn sweep(service: Arc<Service>) {
    let mut every = tokio::time::interval(SWEEP);
    loop {
        every.tick().await;
        if let Err(problem) = service.look(|s| s.mailbox.sweep(SystemTime::now())).await {
            tracing::error!(code = problem.code(), "old offers cannot be thrown away");
        }
    }
}

/// Makes the catalogue before somebody asks for it, so that after a start nobody waits for a look at all items.
async fn catalogue(service: Arc<Service>) {
    if let Err(problem) = service.look(Service::bring_up_catalogue).await {
        tracing::error!(code = problem.code(), "the catalogue of items cannot be made");
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

async fn offer_metrics(((listener, recorder), read, health): Metrics) {
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
