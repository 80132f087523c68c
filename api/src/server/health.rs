//! Whether the server is there, and whether it can take records.

use std::sync::Arc;

use axum::extract::State;
use custody_log::Ledger;
use custody_log::store::RocksMemory;
use metrics::gauge;

use super::problem::Problem;
use super::service::Service;

/// The process answers.
pub async fn alive() -> &'static str {
    "alive\n"
}

/// The ledger can be read, takes records, and nothing of it was found damaged.
pub async fn ready(State(service): State<Arc<Service>>) -> Result<&'static str, Problem> {
    let trouble = service.look(|service| {
        service.ledger.reader()?;
        Ok(troubles(&service.ledger).find_map(|(_, problem)| problem))
    });
    trouble.await?.map_or(Ok("ready\n"), Err)
}

/// What may be wrong with a ledger that is open, each thing by its name in figures, and the problem where it is. What is
/// said of it names no file and no key: whoever asks may be anybody, and the log has had the error. Cost: see
/// [`Ledger::vault_trouble`].
fn troubles(ledger: &Ledger) -> impl Iterator<Item = (&'static str, Option<Problem>)> {
    let records = || {
        let detail = "the ledger takes no more records; it has to be opened again";
        ledger.stopped().map(|error| Problem::not_now(error.code(), detail))
    };
    let openings = || {
        let told = |why| {
            format!("openings cannot be written, and records that have any are refused: {why}")
        };
        ledger.vault_trouble().map(|why| Problem::not_now("vault/io", told(why)))
    };
    let store = || {
        let told = |table| format!("the store is damaged: a read of its table `{table}` failed");
        ledger.damaged().map(|table| Problem::not_now("store-corrupt", told(table)))
    };
    [("records", records()), ("openings", openings()), ("store", store())].into_iter()
}

/// Reads what changes by itself, before figures are handed out.
pub fn gauges(service: &Service) {
    if let Ok(reader) = service.ledger.reader() {
        gauge!("custody_tree_size").set(reader.head().size.0 as f64);
    }
    for (what, problem) in troubles(&service.ledger) {
        gauge!("custody_trouble", "what" => what).set(f64::from(u8::from(problem.is_some())));
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
