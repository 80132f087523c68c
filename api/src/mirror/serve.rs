//! A mirror over HTTP: the copy as C2SP tlog-tiles at the root, the witness's call, and how it stands.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use custody_core::merkle::TreeHead;
use custody_core::tile::TileKind;
use custody_core::verify::utc_text;
use custody_log::mirror::Settled;
use metrics::{describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};
use tower_http::compression::CompressionLayer;

use super::follow::{Follower, broke_down};
use super::home::{Cosigner, Home};
use super::setting::MirrorSetting;
use super::standing::Standing;
use super::{Upstream, witness};
use crate::failure::Failure;
use crate::server::entrance::{Entrance, enter};
use crate::server::listen::{Listening, serve};
use crate::server::problem::Problem;
use crate::server::prometheus::bind_metrics;
use crate::server::segment::Segment;
use crate::server::tile;
use crate::witness::MAX_REQUEST;

/// A mirror that is served.
pub struct MirrorServer {
    listening: Listening,
    metrics: Option<(TcpListener, PrometheusHandle)>,
    setting: MirrorSetting,
    standing: Arc<Standing>,
    home: Home,
    follower: Follower,
}

impl MirrorServer {
    /// Takes the places at which the mirror is to be served.
    ///
    /// # Errors
    /// An address is taken, or the mirror's directory cannot be used.
    pub fn bind(
        home: Home,
        (upstream, cosigner): (Upstream, Cosigner),
        setting: MirrorSetting,
    ) -> Result<Self, Failure> {
        setting.check()?;
        let listening = Listening::bind(setting.listen, setting.tls.clone())?;
        let metrics = setting.metrics.map(bind_metrics).transpose()?;
        describe();
        let trust = home.trust()?;
        let settled = Settled::open(home.dir(), &trust).map_err(|error| super::failed(&error))?;
        let standing = Standing::new(home.dir(), trust, cosigner.keys(), settled);
        let (standing, every) = (Arc::new(standing), setting.every());
        let follower = Follower { standing: standing.clone(), upstream, cosigner, every };
        Ok(Self { listening, metrics, setting, standing, home, follower })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    /// Follows and serves until the process is told to stop. A follower that has ended does not end the server: the copy stays
    /// to be had.
    ///
    /// # Errors
    /// The server cannot be started; or why the follower ended.
    pub fn run(self) -> Result<(), Failure> {
        let Self { listening, metrics, setting, standing, home, follower } = self;
        let following = std::thread::Builder::new()
            .name("follower".into())
            .spawn(move || follower.run(&home))
            .map_err(|error| Failure::could_not("internal", error.to_string()))?;
        let shared = standing.clone();
        let gauged = standing.clone();
        let health = health().with_state(standing.clone());
        let metrics = metrics.map(|place| (place, Arc::new(move || gauges(&gauged)) as _, health));
        serve(listening, router(&standing, &setting), metrics)?;
        // What it was doing is safe to be cut short; how it ended, if it did, is how this ends.
        if following.is_finished() {
            following.join().unwrap_or_else(|_| Err(broke_down()))?;
        }
        match shared.course().alarm {
            Some((code, text)) => Err(Failure::rejected(&code, text)),
            None => Ok(()),
        }
    }
}

fn health() -> Router<Arc<Standing>> {
    Router::new().route("/livez", get(|| async { "alive\n" })).route("/readyz", get(ready))
}

fn router(standing: &Arc<Standing>, setting: &MirrorSetting) -> Router {
    Router::new()
        .route("/checkpoint", get(checkpoint))
        .route("/tile/{*path}", get(tile_of_copy))
        .route("/add-checkpoint", post(witness::add_checkpoint))
        .layer(axum::extract::DefaultBodyLimit::max(MAX_REQUEST))
        .route("/v1/mirror", get(show))
        .merge(health())
        .layer(CompressionLayer::new())
        .with_state(standing.clone())
        .fallback(|| async { Problem::not_found("there is nothing at this path") })
        .method_not_allowed_fallback(crate::server::no_method)
        .layer(from_fn_with_state(Entrance::new(&setting.limits()), enter))
}

/// The newest checkpoint that is replayed, with the mirror's cosignatures.
async fn checkpoint(
    State(standing): State<Arc<Standing>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let settled = standing.settled();
    let note = settled.checkpoint().map(|checkpoint| checkpoint.as_bytes().to_vec());
    let none = || Problem::not_found("nothing is replayed yet");
    Ok(tile::note(note.ok_or_else(none)?, &headers))
}

/// A tile or a bundle of entries. Records are guarded where they come from, and are not offered on.
async fn tile_of_copy(
    State(standing): State<Arc<Standing>>,
    Segment(path): Segment,
) -> Result<Response, Problem> {
    let path = tile::parse(&format!("tile/{path}"))?;
    let found = tokio::task::spawn_blocking(move || standing.settled().file(&path)).await;
    let found = found.map_err(|error| Problem::internal("internal", &error))?;
    let kind = if path.kind() == TileKind::Entries { "bundle" } else { "tile" };
    let missing = || Problem::not_found(format!("the copy has no such {kind} yet"));
    Ok(tile::answer(found.ok_or_else(missing)?, tile::FOREVER))
}

/// Whether it follows: everything that was there at the start is replayed, and there is no alarm.
async fn ready(State(standing): State<Arc<Standing>>) -> Result<&'static str, Problem> {
    let course = standing.course();
    match (course.alarm, course.is_ready) {
        (Some((code, text)), _) => {
            Err(Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, code, text))
        }
        (None, true) => Ok("ready\n"),
        (None, false) => Err(Problem::busy("the copy is being replayed")),
    }
}

/// How the mirror stands, for people.
async fn show(State(standing): State<Arc<Standing>>) -> Json<Value> {
    let (course, settled) = (standing.course(), standing.settled());
    let told = |what: Option<(String, String)>| what.map(|(code, _)| code);
    let head = |head: &TreeHead| json!({ "size": head.size.0, "root": head.root.to_string() });
    Json(json!({
        "origin": standing.trust.origin.to_string(),
        "name": standing.keys[0].name().as_str(),
        "keys": standing.keys.each_ref().map(ToString::to_string),
        "size": settled.size().0,
        "replayed": course.replayed,
        "shown": course.shown,
        "behind": course.shown.saturating_sub(settled.size().0),
        "heard": (course.heard_s > 0).then(|| utc_text(course.heard_s)),
        "stale": course.stale.map(|stale| json!({
            "since": utc_text(stale.since_s),
            "known": head(&stale.known),
            "shown": head(&stale.shown),
        })),
        "trouble": told(course.trouble),
        "alarm": told(course.alarm),
    }))
}

fn describe() {
    describe_gauge!("custody_mirror_size", "entries replayed, durable and cosigned");
    describe_gauge!("custody_mirror_replayed", "entries replayed");
    describe_gauge!("custody_mirror_shown", "entries of the largest tree that the log has shown");
    describe_gauge!("custody_mirror_heard_seconds", "when the log was last heard, since 1970");
    describe_gauge!(
        "custody_mirror_stale_since_seconds",
        "since when an older head is shown than before, since 1970; 0 where none is"
    );
    describe_gauge!("custody_mirror_alarm", "1 where the log broke its word or the mirror ended");
    describe_counter!("custody_mirror_errors_total", "attempts that came to nothing, by code");
}

fn gauges(standing: &Standing) {
    let course = standing.course();
    gauge!("custody_mirror_size").set(standing.settled().size().0 as f64);
    gauge!("custody_mirror_replayed").set(course.replayed as f64);
    gauge!("custody_mirror_shown").set(course.shown as f64);
    gauge!("custody_mirror_heard_seconds").set(course.heard_s as f64);
    let stale_s = course.stale.map_or(0, |stale| stale.since_s);
    gauge!("custody_mirror_stale_since_seconds").set(stale_s as f64);
    gauge!("custody_mirror_alarm").set(if course.alarm.is_some() { 1.0 } else { 0.0 });
}
