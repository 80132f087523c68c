//! Submitting records: on their way into the ledger whether or not somebody waits for the answer.

use std::sync::Arc;

use custody_core::hash::{Hash, sha256};
use custody_core::id::SubjectId;
use custody_core::record::Record;
use custody_core::record::body::{Body, RecordType, Refuse, Refused as Answers};
use custody_core::sealed::Opening;
use custody_log::{Acknowledged, Reply};
use metrics::counter;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::change::{Change, Recorded};
use super::problem::Problem;
use super::service::Service;
use crate::failure::{Ending, Failure};

/// Longest record in bytes that is verified where its request is answered: a handoff has some 900, one of 100 items
/// 8,000. One that has openings never is: they are flushed to the disk.
const QUICK: usize = 2048;

/// Records on their way up to which no submission waits for room in the ledger's queue of 512: whoever answers requests
/// must not wait there.
const UNCROWDED: usize = 256;

/// What others are told of a record once the ledger has it.
struct News {
    /// SHA-256 of what everybody has signed.
    payload: Hash,
    record_type: RecordType,
    subjects: Vec<SubjectId>,
    /// The offer that it refuses, and who says so.
    refuses: Option<(Hash, Vec<SubjectId>)>,
}

impl News {
    fn of(record: &Record) -> Self {
        let payload = record.payload();
        let subjects = payload.subjects.iter().map(|link| link.subject.clone());
        let signers = || payload.signers.iter().map(|signer| signer.id.clone()).collect();
        let refuses = match &payload.body {
            Body::Refuse(Refuse { answers: Answers::Offer(digest), .. }) => {
                Some((*digest, signers()))
            }
            _ => None,
        };
        Self {
            payload: sha256(record.message().payload()),
            record_type: record.record_type(),
            subjects: subjects.collect(),
            refuses,
        }
    }
}

/// A record that was handed to the ledger. Where its client goes away before the answer, it keeps its place until there is
/// one, and those who have to know are told all the same.
struct OnItsWay(Option<Sent>);

struct Sent {
    service: Arc<Service>,
    news: News,
    answer: oneshot::Receiver<Result<Acknowledged, Failure>>,
    _place: OwnedSemaphorePermit,
}

impl Sent {
    async fn answered(&mut self) -> Result<Acknowledged, Problem> {
        match (&mut self.answer).await {
            Ok(answer) => {
                let acknowledged = answer?;
                self.service.took(&self.news, &acknowledged);
                Ok(acknowledged)
            }
            Err(error) => Err(Problem::internal("ledger/closed", &error)),
        }
    }
}

impl OnItsWay {
    async fn answered(mut self) -> Result<Acknowledged, Problem> {
        let answer = match &mut self.0 {
            Some(sent) => sent.answered().await,
            None => Err(Problem::internal("internal", &"asked for its answer twice")),
        };
        self.0 = None;
        answer
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        if let (Some(mut sent), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            // Who has gone away asks again, and gets the same answer.
            runtime.spawn(async move { drop(sent.answered().await) });
        }
    }
}

impl Service {
    /// Records what everybody has signed, and waits until that is acknowledged.
    ///
    /// # Errors
    /// [`Problem`]: no room, or the ledger refuses it.
    pub async fn submit(
        self: &Arc<Self>,
        record: Record,
        openings: Vec<Opening>,
    ) -> Result<Acknowledged, Problem> {
        let place = self.records.clone().try_acquire_owned().map_err(|_| full())?;
        let (to, answer) = oneshot::channel();
        let reply = Reply::new(move |answer| drop(to.send(counted(answer))));
        let (service, news) = (self.clone(), News::of(&record));
        let on_its_way = OnItsWay(Some(Sent { service, news, answer, _place: place }));
        let on_their_way = self.setting.limits.records - self.records.available_permits();
        let is_quick = openings.is_empty() && record.as_bytes().len() <= QUICK;
        if is_quick && on_their_way <= UNCROWDED {
            self.ledger.post(record, openings, reply);
        } else {
            let place = self.posts.clone().acquire_owned().await;
            let service = self.clone();
            let posted = tokio::task::spawn_blocking(move || {
                let _place = place;
                service.ledger.post(record, openings, reply);
            });
            posted.await.map_err(|error| Problem::internal("internal", &error))?;
        }
        on_its_way.answered().await
    }

    /// Records many, in their order, and waits until all of them are answered.
    ///
    /// # Errors
    /// [`Problem`]: no room; for each of them that the ledger refuses it.
    pub async fn submit_all(
        self: &Arc<Self>,
        records: Vec<(Record, Vec<Opening>)>,
    ) -> Result<Vec<Result<Acknowledged, Problem>>, Problem> {
        // What is larger than the limit comes alone, rather than never.
        let count = records.len().min(self.setting.limits.records);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let places = self.records.clone().try_acquire_many_owned(count).map_err(|_| full())?;
        let service = self.clone();
        let submitted = tokio::task::spawn_blocking(move || {
            let _places = places;
            let news: Vec<_> = records.iter().map(|(record, _)| News::of(record)).collect();
            let answers = service.ledger.submit_parsed(records).into_iter().zip(news);
            let answer = |(answer, news)| {
                let acknowledged = counted(answer)?;
                service.took(&news, &acknowledged);
                Ok(acknowledged)
            };
            answers.map(answer).collect()
        });
        submitted.await.map_err(|error| Problem::internal("internal", &error))
    }

    /// Tells whoever has to know that a record is in the ledger. That the mailbox cannot be changed does not undo that: the log
    /// says so, and the same record again tries it again.
    fn took(&self, news: &News, taken: &Acknowledged) {
        if let Err(failure) = self.settle(news, taken) {
            tracing::error!(
                code = failure.code(),
                "an offer that was answered stays in the mailbox"
            );
        }
        if !taken.was_known {
            // Nobody listening is no reason to stop.
            let _ = self.changes.send(Change::Recorded(Recorded {
                index: taken.index,
                digest: taken.digest,
                record_type: news.record_type.word(),
                subjects: news.subjects.clone(),
            }));
        }
    }

    fn settle(&self, news: &News, taken: &Acknowledged) -> Result<(), Failure> {
        self.mailbox.settle(news.payload)?;
        // What somebody says that they will not sign waits no longer, if it was they who were asked.
        if let Some((offer, signers)) = &news.refuses
            && let Some(refused) = self.mailbox.refuse(offer, signers, taken.digest)?
        {
            let _ = self.changes.send(Change::offered(&refused));
        }
        Ok(())
    }
}

fn full() -> Problem {
    Problem::busy("as many records as there is room for are on their way")
}

/// Counts what came of a record that the ledger was asked to take.
fn counted<E>(answer: Result<Acknowledged, E>) -> Result<Acknowledged, Failure>
where
    Failure: From<E>,
{
    let answer = answer.map_err(Failure::from);
    let outcome = match &answer {
        Ok(acknowledged) if acknowledged.was_known => "known",
        Ok(_) => "recorded",
        Err(failure) if failure.ending() == Ending::Rejected => "refused",
        Err(_) => "failed",
    };
    counter!("custody_records_total", "outcome" => outcome).increment(1);
    answer
}
