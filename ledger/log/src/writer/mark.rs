//! A writer's high-water mark, and the thread that flushes a new one while the store flushes itself.

use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::WRITE_ATTEMPTS;
use crate::error::LedgerError;
use crate::high_water::{HighWater, HighWaterError};

/// The mark goes to the thread with the note to be staged, and comes back. One thread for good, which sleeps between two
/// batches: one for each batch costs more than what it does.
pub(super) struct Mark {
    /// Nowhere once the thread broke down with it.
    high_water: Option<HighWater>,
    to_stage: Sender<(HighWater, Vec<u8>)>,
    staged: Receiver<HighWater>,
}

impl Mark {
    /// # Errors
    /// [`LedgerError::Io`] where no thread can be had.
    pub(super) fn new(high_water: HighWater) -> Result<Self, LedgerError> {
        let (to_stage, notes) = bounded::<(HighWater, Vec<u8>)>(1);
        let (done, staged) = bounded(1);
        let stage = move || {
            for (mut high_water, note) in notes {
                // Where this fails, advancing tries again and says why.
                let _ = high_water.stage(&note);
                if done.send(high_water).is_err() {
                    return;
                }
            }
        };
        let path = high_water.path().to_path_buf();
        let made = thread::Builder::new().name("mark".to_owned()).spawn(stage);
        made.map_err(|source| LedgerError::Io { path, source })?;
        Ok(Self { high_water: Some(high_water), to_stage, staged })
    }

    /// Does `work`, and at the same time makes `note` durable under another name, where it counts for nothing.
    pub(super) fn stage_during<T>(&mut self, note: &[u8], work: impl FnOnce() -> T) -> T {
        let sent = self.high_water.take().map(|mark| self.to_stage.send((mark, note.to_vec())));
        let done = work();
        self.high_water = match sent {
            Some(Ok(())) => self.staged.recv().ok(),
            Some(Err(unsent)) => Some(unsent.into_inner().0),
            None => None,
        };
        done
    }

    /// Moves the mark to the checkpoint `note` of a tree of `size` entries.
    ///
    /// # Errors
    /// As [`HighWater::advance`].
    pub(super) fn advance(&mut self, size: u64, note: &[u8]) -> Result<(), HighWaterError> {
        let high_water = self.high_water.as_mut().ok_or(HighWaterError::Halted)?;
        let mut attempt = 1;
        loop {
            match high_water.advance(size, note) {
                Err(HighWaterError::NotMoved { .. }) if attempt < WRITE_ATTEMPTS => attempt += 1,
                other => return other,
            }
        }
    }

    /// The mark alone.
    ///
    /// # Errors
    /// [`HighWaterError::Halted`] where it was lost.
    pub(super) fn into_high_water(self) -> Result<HighWater, HighWaterError> {
        self.high_water.ok_or(HighWaterError::Halted)
    }
}
