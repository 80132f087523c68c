//! Whether the server is there, and whether it can take records.

use std::sync::Arc;

use axum::extract::State;
use custody_log::store::RocksMemory;
use metrics::gauge;

use super::problem::Problem;
use super::service::Service;

/// The process answers.
pub async fn alive() -> &'static str {
    "alive\n"
}

/// The ledger can be read, and its sequencer has not ended.
pub async fn ready(State(service): State<Arc<Service>>) -> Result<&'static str, Problem> {
    let is_open = service.look(|service| {
        service.ledger.reader()?;
        Ok(service.ledger.stopped().is_none())
    });
    match is_open.await? {
        true => Ok("ready\n"),
        false => Err(Problem::busy("the ledger takes no more records; it has to be opened again")),
    }
}

/// Reads what changes by itself, before figures are handed out.
pub fn gauges(service: &Service) {
    if let Ok(reader) = service.ledger.reader() {
        gauge!("custody_tree_size").set(reader.head().size.0 as f64);
    }
    service.witnesses.gauges(&service.ledger);
    let (subjects, bytes) = service.ledger.index_usage();
    gauge!("custody_index_subjects").set(subjects as f64);
    gauge!("custody_index_bytes").set(bytes as f64);
    if let Ok(RocksMemory { cache, buffers, files }) = service.ledger.store_memory() {
        for (part, bytes) in [("cache", cache), ("buffers", buffers), ("files", files)] {
            gauge!("custody_store_bytes", "part" => part).set(bytes as f64);
        }
    }
}
