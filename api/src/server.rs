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
mod background;
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
pub(crate) mod listen;
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
pub(crate) mod prometheus;
pub mod proxy;
mod reading;
mod reckoned;
mod record;
mod registry;
mod request;
mod route;
pub(crate) mod segment;
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
use std::time::SystemTime;

use axum::Router;
use axum::routing::get;
use custody_log::Ledger;
use metrics_exporter_prometheus::PrometheusHandle;

pub use book::kind_word;
pub use listen::check_tls;
pub(crate) use lookup::MAX_LOOKUPS;
pub use route::document;
pub(crate) use route::no_method;

use listen::{Listening, serve_beside};
use mailbox::Mailbox;
use prometheus::{Metrics, bind_metrics};
use service::Service;
use setting::Setting;
use witness::Witnesses;

use crate::failure::Failure;

/// A ledger that is served: where, and how to stop.
pub struct Server {
    listening: Listening,
    service: Arc<Service>,
    metrics: Option<(TcpListener, PrometheusHandle)>,
    control: (UnixListener, PathBuf),
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
                background::sweep(beside.clone()),
                notify::keep_alive(beside.clone()),
                background::end_streams(beside.clone()),
                limit::keep_telling(beside.clone()),
                control::answer(control, beside.clone(), dir),
                background::catalogue(beside),
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
