//! The way from the verify stage to the sequencer, and how it is cut into batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

use super::{Acknowledged, Keep};
use crate::error::SubmitError;
use crate::intake::Candidate;
use crate::store::Batch;

/// Messages that wait before senders do. Records that come one by one make a batch of as many, which has to be large
/// enough for a disk that takes 5 ms to flush; of messages with 32 records each they are 512 x 32 x 3 KiB = 48 MiB.
const WAITING: usize = 512;

/// Time between two looks for more records. Being woken by each would cost a change of threads for each.
const PAUSE: Duration = Duration::from_micros(500);

/// When a batch ends.
///
/// A signature pair costs half a millisecond and a commit two or three flushes, whatever the batch. So a lone record goes
/// at once, and records that come thickly are collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Most records.
    pub records: usize,
    /// Bytes of records after which no more are taken.
    pub bytes: usize,
    /// Bytes of rows after which no more records are judged: those that are left make the next batch, in their order. A record
    /// writes the state of every subject anew, and those of 500 items are many times the record. Below [`Batch::BYTES_MAX`],
    /// the most that a store takes in one commit, with room for the rows of one record and for the entries, tiles and
    /// checkpoint of all: 4,127 x 87 bytes, 18 x 8 KiB and 219 KiB make 0.7 MiB.
    pub row_bytes: usize,
    /// Longest time that a record waits for others while fewer have come than are likely to.
    pub linger: Duration,
    /// Longest time that a record waits for others while as many again are on their way.
    pub age: Duration,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self {
            records: 4096,
            bytes: 64 << 20,
            row_bytes: Batch::BYTES_MAX / 2,
            linger: Duration::from_millis(5),
            age: Duration::from_millis(20),
        }
    }
}

/// A record on its way, and who waits for the answer.
pub(crate) struct Submission {
    pub(crate) candidate: Candidate,
    pub(crate) reply: Reply,
}

/// Where an answer goes.
pub struct Reply(Box<dyn FnOnce(Answer) + Send>);

type Answer = Result<Acknowledged, SubmitError>;

impl Reply {
    /// Hands the answer to `take`. The sequencer calls it, or the thread that submits: it must not wait for anything.
    pub fn new(take: impl FnOnce(Answer) + Send + 'static) -> Self {
        Self(Box::new(take))
    }

    pub(crate) fn send(self, answer: Answer) {
        (self.0)(answer);
    }
}

/// What comes to the sequencer.
pub(crate) enum Message {
    Records(Vec<Submission>),
    Keep(Box<Keep>),
}

/// Records that were submitted and have not reached the sequencer yet: those that a batch may wait for.
#[derive(Clone, Debug, Default)]
pub(crate) struct InFlight(Arc<AtomicUsize>);

impl InFlight {
    pub(crate) fn enter(&self, count: usize) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn leave(&self, count: usize) {
        self.0.fetch_sub(count, Ordering::Relaxed);
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A batch, and what is to be done after it.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) submissions: Vec<Submission>,
    pub(crate) keeps: Vec<Keep>,
    bytes: usize,
}

/// The sequencer's end.
pub(crate) struct Queue {
    receiver: Receiver<Message>,
    limits: BatchLimits,
    in_flight: InFlight,
    /// Records of the batch before.
    answered: usize,
    /// Records that are likely to come for this one.
    expected: usize,
}

/// The two ends of a queue.
pub(crate) fn queue(limits: BatchLimits) -> (Sender<Message>, InFlight, Queue) {
    let (sender, receiver) = bounded(WAITING);
    let in_flight = InFlight::default();
    let queue = Queue { receiver, limits, in_flight: in_flight.clone(), answered: 0, expected: 0 };
    (sender, in_flight, queue)
}

impl Queue {
    /// The next batch; `None` once nobody can send any more.
    pub(crate) fn next(&mut self) -> Option<Work> {
        let mut work = Work::default();
        // Clients that were just answered tend to submit again at once, and whoever is queued already is new: both are expected.
        self.expected = self.receiver.len() + self.answered;
        self.take(&mut work, self.receiver.recv().ok()?);
        let begun = Instant::now();
        while !self.is_full(&work) {
            match self.receiver.try_recv() {
                Ok(message) => self.take(&mut work, message),
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {
                    let left = self.patience(&work).saturating_sub(begun.elapsed());
                    if left.is_zero() {
                        break;
                    }
                    thread::sleep(left.min(PAUSE));
                }
            }
        }
        self.answered = work.submissions.len();
        Some(work)
    }

    /// Bytes of rows after which a batch ends.
    pub(crate) fn row_bytes(&self) -> usize {
        self.limits.row_bytes
    }

    /// How long the first record of a batch waits for others. Answers leave together, and whoever gets one often has the
    /// next record at hand.
    fn patience(&self, work: &Work) -> Duration {
        if self.is_growing(work) {
            self.limits.age
        } else if work.submissions.len() < self.expected {
            self.limits.linger
        } else {
            Duration::ZERO
        }
    }

    /// Whether as many records again as the batch has are being verified: worth waiting for.
    fn is_growing(&self, work: &Work) -> bool {
        self.in_flight.count() >= work.submissions.len().max(1)
    }

    fn is_full(&self, work: &Work) -> bool {
        work.submissions.len() >= self.limits.records
            || work.bytes >= self.limits.bytes
            || !work.keeps.is_empty()
    }

    fn take(&self, work: &mut Work, message: Message) {
        match message {
            Message::Records(submissions) => {
                self.in_flight.leave(submissions.len());
                let bytes = submissions.iter().map(|each| each.candidate.record.as_bytes().len());
                work.bytes += bytes.sum::<usize>();
                work.submissions.extend(submissions);
            }
            Message::Keep(keep) => work.keeps.push(*keep),
        }
    }
}
