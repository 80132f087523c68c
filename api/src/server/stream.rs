//! Places for streams of events: so many altogether, and of these so many for each who listens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use custody_core::id::SubjectId;

/// Streams that one listener has at a time, at most: nobody takes the places of all others.
const MOST_OF_ONE: usize = 32;

/// The streams that are open.
pub struct Streams {
    most: usize,
    /// How many each listener has open; who has none has no entry.
    open: Mutex<HashMap<SubjectId, usize>>,
}

/// A place, held for as long as the stream is open.
pub struct Place {
    streams: Arc<Streams>,
    of: SubjectId,
}

impl Streams {
    /// None yet, and at most `most`.
    pub fn new(most: usize) -> Self {
        Self { most, open: Mutex::default() }
    }

    /// A place for another stream of `who`; `None` where there is none.
    pub fn enter(self: &Arc<Self>, who: &SubjectId) -> Option<Place> {
        let mut open = self.open();
        let (all, theirs) = (open.values().sum::<usize>(), open.get(who).copied().unwrap_or(0));
        if all >= self.most || theirs >= MOST_OF_ONE {
            return None;
        }
        open.insert(who.clone(), theirs + 1);
        Some(Place { streams: self.clone(), of: who.clone() })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<SubjectId, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.open();
        if let Some(theirs) = open.get_mut(&self.of) {
            *theirs -= 1;
        }
        open.retain(|_, theirs| *theirs > 0);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use custody_core::id::Uuid;

    use super::*;

    #[test]
    fn nobody_takes_the_places_of_all_others() {
        let streams = Arc::new(Streams::new(MOST_OF_ONE + 2));
        let [anna, bela] = [1, 2].map(|byte| SubjectId::Custodian(Uuid::from_random([byte; 16])));
        let mut annas: Vec<_> = (0..MOST_OF_ONE).map(|_| streams.enter(&anna).unwrap()).collect();
        assert!(streams.enter(&anna).is_none());
        let belas = [(); 2].map(|()| streams.enter(&bela).unwrap());
        assert!(streams.enter(&bela).is_none());
        // A place that is left is there for another; of those who left theirs nothing is kept.
        annas.pop();
        drop(belas);
        assert_eq!(streams.open().len(), 1);
        assert!(streams.enter(&anna).is_some() && streams.enter(&bela).is_some());
    }
}
