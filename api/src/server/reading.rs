//! Who read what opens records, for the log.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use custody_core::hash::Hash;
use custody_core::id::SubjectId;

use super::observe::RequestId;

/// Seconds in which somebody reads the same again and again without another line: pages look anew at what they show whenever
/// something happens.
const AGAIN_S: u64 = 60 * 60;
/// Entries kept before all of them are forgotten; forgetting only means that some readings are told twice.
const REMEMBERED: usize = 100_000;

/// The log of readings.
pub struct Readings {
    is_kept: bool,
    told: Mutex<HashMap<(SubjectId, Hash), u64>>,
}

impl Readings {
    /// Nobody has read anything. Nothing is kept unless `is_kept`.
    pub fn new(is_kept: bool) -> Self {
        Self { is_kept, told: Mutex::default() }
    }

    /// Tells the log that `who` is shown `count` openings of `record`.
    pub fn note(&self, who: &SubjectId, record: &Hash, count: usize, now_s: u64) {
        if self.is_kept && count > 0 && self.is_news(who, record, now_s) {
            let id = RequestId::at_hand();
            tracing::info!(target: "access", %id, %who, %record, count, "openings read");
        }
    }

    fn is_news(&self, who: &SubjectId, record: &Hash, now_s: u64) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let read = (who.clone(), *record);
        if told.get(&read).is_some_and(|at_s| now_s < at_s + AGAIN_S) {
            return false;
        }
        if told.len() >= REMEMBERED {
            told.clear();
        }
        told.insert(read, now_s);
        true
    }
}

#[cfg(test)]
mod tests {
    use custody_core::id::Uuid;

    use super::*;

    #[test]
    fn the_same_is_told_once_an_hour() {
        let readings = Readings::new(true);
        let [anna, berta] = [1, 2].map(|byte| SubjectId::Custodian(Uuid::from_random([byte; 16])));
        let [one, other] = [1, 2].map(|byte| Hash::new([byte; 32]));
        let news = [(&anna, one, 0), (&anna, one, 3_599), (&berta, one, 1), (&anna, other, 1)]
            .map(|(who, record, now_s)| readings.is_news(who, &record, now_s));
        assert_eq!(news, [true, false, true, true]);
        assert!(readings.is_news(&anna, &one, 3_600));
    }
}
