//! A load over HTTP: clients that submit records which were signed before, each one request at a time.
//!
//! Every client keeps one connection. What is measured is the server: requests are made beforehand but for their
//! heads, and of an answer only what is needed is read.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use custody_api::offer_file::{OFFER_TYPE, OFFERS_TYPE, OfferFile};
use custody_core::cbor::Value;
use custody_core::record::Offer;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use serde_json::Value as Json;
use tokio::net::TcpStream;

/// What came of one request.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Which request.
    pub position: usize,
    /// The status; 0 where no answer came.
    pub status: u16,
    /// The entries that its records got.
    pub entries: Vec<u64>,
    /// From when it was due, or sent where none is, to the whole answer.
    pub latency: Duration,
}

/// Something to be sent.
#[derive(Clone, Debug)]
pub struct Sending {
    path: &'static str,
    form: &'static str,
    body: Bytes,
}

impl Sending {
    /// One record, as everybody has signed it.
    ///
    /// # Panics
    /// It seals something: who submits shows what.
    pub fn one(record: &[u8]) -> Self {
        let body = Bytes::from(offer_file(record));
        Self { path: "/v1/records", form: OFFER_TYPE, body }
    }

    /// Several in one request.
    ///
    /// # Panics
    /// As [`Sending::one`].
    pub fn several(records: &[Vec<u8>]) -> Self {
        let files = records.iter().map(|record| Value::bytes(offer_file(record)));
        let body = Bytes::from(Value::array(files).encode());
        Self { path: "/v1/batches", form: OFFERS_TYPE, body }
    }
}

fn offer_file(record: &[u8]) -> Vec<u8> {
    let offer = Offer::parse(record).expect("a record of the load is well formed");
    let file = OfferFile::new(offer, Vec::new()).expect("a record of the load seals nothing");
    file.encode()
}

/// A load: who sends what, and when.
pub struct HttpLoad {
    address: SocketAddr,
    requests: Vec<Sending>,
    /// Requests a second over all clients, whether answers are there or not; as fast as they come where there is none.
    rate: Option<f64>,
    next: AtomicUsize,
    begun: Instant,
}

/// Sends `requests` to `address` with `clients` at a time, and waits for all answers. A client whose connection ends stops
/// with what it was at; what nobody sends any more is not among the outcomes.
pub fn drive(
    address: SocketAddr,
    requests: Vec<Sending>,
    clients: usize,
    rate: Option<f64>,
) -> Vec<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let (next, begun) = (AtomicUsize::new(0), Instant::now());
    let load = Arc::new(HttpLoad { address, requests, rate, next, begun });
    runtime.block_on(async {
        let clients: Vec<_> = (0..clients).map(|_| tokio::spawn(load.clone().client())).collect();
        let mut outcomes = Vec::new();
        for client in clients {
            outcomes.extend(client.await.expect("a client of the load ends"));
        }
        outcomes
    })
}

impl HttpLoad {
    async fn client(self: Arc<Self>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        let Some(mut sender) = connect(self.address).await else { return outcomes };
        loop {
            let position = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(request) = self.requests.get(position) else { return outcomes };
            let from = self.wait_for_turn(position).await;
            let answer = submit(&mut sender, self.address, request).await;
            let (status, entries) = answer.unwrap_or_default();
            outcomes.push(Outcome { position, status, entries, latency: from.elapsed() });
            if status == 0 {
                return outcomes;
            }
        }
    }

    /// Returns the time from which a record has waited.
    async fn wait_for_turn(&self, position: usize) -> Instant {
        let Some(rate) = self.rate else { return Instant::now() };
        let due = self.begun + Duration::from_secs_f64(position as f64 / rate);
        tokio::time::sleep_until(due.into()).await;
        due
    }
}

async fn connect(address: SocketAddr) -> Option<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await.ok()?;
    stream.set_nodelay(true).ok()?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
    // A connection that breaks shows in the answers that do not come.
    tokio::spawn(async move { drop(connection.await) });
    Some(sender)
}

async fn submit(
    sender: &mut SendRequest<Full<Bytes>>,
    address: SocketAddr,
    sending: &Sending,
) -> Option<(u16, Vec<u64>)> {
    let request = Request::post(sending.path)
        .header(HOST, address.to_string())
        .header(CONTENT_TYPE, sending.form)
        .body(Full::new(sending.body.clone()))
        .ok()?;
    let response = sender.send_request(request).await.ok()?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.ok()?.to_bytes();
    let answer: Json = serde_json::from_slice(&body).unwrap_or_default();
    let answers = answer["answers"].as_array().map_or(std::slice::from_ref(&answer), Vec::as_slice);
    Some((status, answers.iter().filter_map(|answer| answer["entry"].as_u64()).collect()))
}
