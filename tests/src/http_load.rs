//! A load over HTTP: clients that submit records which were signed before, each one request at a time.
//!
//! Every client keeps one connection. What is measured is the server: requests are made beforehand but for their
//! heads, and of an answer only what is needed is read.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use custody_api::offer_file::{OFFER_TYPE, OfferFile};
use custody_core::record::Offer;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// What came of one record.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Which record.
    pub position: usize,
    /// The status; 0 where no answer came.
    pub status: u16,
    /// The index of its entry, where it is in the ledger.
    pub entry: Option<u64>,
    /// From when it was due, or sent where none is, to the whole answer.
    pub latency: Duration,
}

/// A load: who sends what, and when.
pub struct HttpLoad {
    address: SocketAddr,
    bodies: Vec<Bytes>,
    /// Records a second over all clients, whether answers are there or not; as fast as they come where there is none.
    rate: Option<f64>,
    next: AtomicUsize,
    begun: Instant,
}

/// The body with which a record that seals nothing that is to be opened is submitted.
pub fn body_of(record: &[u8]) -> Bytes {
    let offer = Offer::parse(record).expect("a record of the load is well formed");
    // Who submits may keep openings to themselves; a file that travels between people may not.
    let file = OfferFile::new(offer, Vec::new()).expect("a record of the load seals nothing");
    Bytes::from(file.encode())
}

/// Sends `bodies` to `address` with `clients` at a time, and waits for all answers. A client whose connection ends stops
/// with what it was at; what nobody sends any more is not among the outcomes.
pub fn drive(
    address: SocketAddr,
    bodies: Vec<Bytes>,
    clients: usize,
    rate: Option<f64>,
) -> Vec<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let (next, begun) = (AtomicUsize::new(0), Instant::now());
    let load = Arc::new(HttpLoad { address, bodies, rate, next, begun });
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
            let Some(body) = self.bodies.get(position) else { return outcomes };
            let from = self.wait_for_turn(position).await;
            let answer = submit(&mut sender, self.address, body.clone()).await;
            let (status, entry) = answer.unwrap_or_default();
            outcomes.push(Outcome { position, status, entry, latency: from.elapsed() });
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
    body: Bytes,
) -> Option<(u16, Option<u64>)> {
    let request = Request::post("/v1/records")
        .header(HOST, address.to_string())
        .header(CONTENT_TYPE, OFFER_TYPE)
        .body(Full::new(body))
        .ok()?;
    let response = sender.send_request(request).await.ok()?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.ok()?.to_bytes();
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    Some((status, answer["entry"].as_u64()))
}
