//! What all requests share: the ledger, who is who, what is on its way.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use custody_core::custody::Standing;
use custody_core::id::{SubjectId, Uuid};
use custody_core::key::Kid;
use custody_log::{Ledger, Reader};
use tokio::sync::{Semaphore, broadcast};

use super::access::{Caller, GuardedBooks};
use super::catalogue::{Catalogue, Edition};
use super::change::Change;
use super::limit::{Rates, TurnedAway};
use super::mailbox::Mailbox;
use super::nonce::Nonces;
use super::observe::RequestId;
use super::problem::Problem;
use super::reading::Readings;
use super::reckoned::Reckoned;
use super::record::Quoted;
use super::session::Sessions;
use super::setting::Setting;
use super::statistics::{FindingList, StatisticsView};
use super::stream::Streams;
use super::witness::Witnesses;
use crate::books::OwnBooks;
use crate::desk::Desk;
use crate::failure::Failure;

/// Changes that a slow reader of events may lag behind.
const CHANGES: usize = 1024;

/// Threads at a time that post records which are not verified where their requests are answered: enough for a disk that
/// flushes the openings of several together.
const POSTING: usize = 32;

/// A ledger that is served.
pub struct Service {
    /// The ledger.
    pub ledger: Ledger,
    /// How it is served.
    pub setting: Setting,
    /// Sessions of pages.
    pub sessions: Sessions,
    /// Offers that wait for a signature.
    pub mailbox: Mailbox,
    /// Nonces that were used.
    pub nonces: Nonces,
    /// How often who has asked.
    pub rates: Rates,
    /// Who read what.
    pub readings: Readings,
    /// Who is turned away for it.
    pub turned_away: TurnedAway,
    /// What was recorded, as it happens.
    pub changes: broadcast::Sender<Change>,
    /// Places for streams of events.
    pub streams: Arc<Streams>,
    /// Where it listens.
    pub bound: SocketAddr,
    /// Who is asked for cosignatures.
    pub witnesses: Witnesses,
    /// Figures of the whole ledger.
    pub figures: Reckoned<StatisticsView>,
    /// What an audit of the whole ledger finds.
    pub findings: Reckoned<FindingList>,
    catalogue: Catalogue,
    /// What receipts end with.
    pub checkpoint_quoted: Quoted,
    looks: Arc<Semaphore>,
    /// Places for records on their way.
    pub records: Arc<Semaphore>,
    /// Places for those who post them.
    pub posts: Arc<Semaphore>,
    owners: RwLock<HashMap<Kid, SubjectId>>,
    is_stopping: AtomicBool,
}

impl Service {
    /// Serves `ledger`.
    pub fn new(
        (ledger, witnesses): (Ledger, Witnesses),
        setting: Setting,
        mailbox: Mailbox,
        bound: SocketAddr,
    ) -> Arc<Self> {
        let limits = setting.limits.clone();
        let (changes, _) = broadcast::channel(CHANGES);
        Arc::new(Self {
            sessions: Sessions::new(setting.sessions.clone()),
            rates: Rates::new(&limits),
            turned_away: TurnedAway::default(),
            nonces: Nonces::default(),
            readings: Readings::new(setting.log_access),
            streams: Arc::new(Streams::new(limits.streams)),
            looks: Arc::new(Semaphore::new(limits.looks)),
            records: Arc::new(Semaphore::new(limits.records)),
            posts: Arc::new(Semaphore::new(POSTING)),
            checkpoint_quoted: Quoted::default(),
            figures: Reckoned::default(),
            findings: Reckoned::default(),
            catalogue: Catalogue::default(),
            owners: RwLock::default(),
            is_stopping: AtomicBool::new(false),
            mailbox,
            witnesses,
            changes,
            ledger,
            setting,
            bound,
        })
    }

    /// Ends what nobody waits for, and tells the log what is left to be told.
    pub fn stop(&self) {
        self.turned_away.tell();
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// For long work to ask once in a while.
    ///
    /// # Errors
    /// `ledger/closed`: the server is stopping.
    pub fn check_going(&self) -> Result<(), Failure> {
        match self.is_stopping.load(Ordering::Relaxed) {
            true => Err(Failure::could_not("ledger/closed", "the server stops")),
            false => Ok(()),
        }
    }

    /// The ledger as `caller` may see it, at its newest checkpoint, and the catalogue of that, by which these books find items.
    /// Cost: see [`Catalogue::at`].
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn catalogued(&self, caller: &Caller) -> Result<(GuardedBooks<'_>, Edition), Failure> {
        let (reader, edition) = self.catalogue.at(|| Ok(self.ledger.reader()?))?;
        Ok((self.guarded(reader, caller).finding_by(edition.clone()), edition))
    }

    /// Brings the catalogue up to date for whoever asks next.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn bring_up_catalogue(&self) -> Result<(), Failure> {
        self.catalogue.at(|| Ok(self.ledger.reader()?))?;
        Ok(())
    }

    /// The ledger as `caller` may see it, at its newest checkpoint.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn desk(&self, caller: &Caller) -> Result<Desk<'_>, Failure> {
        Ok(Desk::over(self.guarded(self.ledger.reader()?, caller)))
    }

    /// As [`Service::desk`], for many that are looked up one after the other: each is shown as if it were asked for alone.
    ///
    /// # Errors
    /// As there.
    pub fn desk_for_each(&self, caller: &Caller) -> Result<Desk<'_>, Failure> {
        Ok(Desk::over(self.guarded(self.ledger.reader()?, caller).without_kin()))
    }

    /// What `reader` shows, as far as `caller` may see it.
    pub fn guarded<'s>(&'s self, reader: Reader<'s>, caller: &Caller) -> GuardedBooks<'s> {
        let books = OwnBooks::new(reader, None);
        GuardedBooks::new(books, &self.mailbox, &self.readings, caller.clone())
    }

    /// Does `work`, which takes the disk's time or the processor's, on a thread that may block. Where as many are at work as
    /// may be (`limits.looks`), it waits for one of them.
    ///
    /// # Errors
    /// [`Problem`]: `work`'s own, or `internal` where it panicked.
    pub async fn look<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Problem> {
        let closed = |error| Problem::internal("internal", &error);
        let place = self.looks.clone().acquire_owned().await.map_err(closed)?;
        let (service, request) = (self.clone(), RequestId::at_hand());
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            request.during(|| work(&service))
        });
        match done.await {
            Ok(result) => result.map_err(Problem::from),
            Err(error) => Err(Problem::internal("internal", &error)),
        }
    }

    /// As [`Service::look`], with the ledger as `caller` may see it.
    ///
    /// # Errors
    /// As there.
    pub async fn look_as<T: Send + 'static>(
        self: &Arc<Self>,
        caller: Caller,
        work: impl FnOnce(&Desk<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Problem> {
        self.look(move |service| work(&service.desk(&caller)?)).await
    }

    /// As [`Service::look_as`], for work that looks for items.
    ///
    /// # Errors
    /// As there.
    pub async fn look_by_catalogue<T: Send + 'static>(
        self: &Arc<Self>,
        caller: Caller,
        work: impl FnOnce(&Desk<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Problem> {
        self.look(move |service| work(&Desk::over(service.catalogued(&caller)?.0))).await
    }

    /// Whether `authority`, as a client writes it in `Host`, is a name of this server: those that are configured, and, where no
    /// `public_url` says that people come another way, the address at which it listens, or `localhost` with its port on this
    /// machine.
    pub fn answers_to(&self, authority: &str) -> bool {
        if self.setting.names().any(|name| name.eq_ignore_ascii_case(authority)) {
            return true;
        }
        if self.setting.public_url.is_some() {
            return false;
        }
        let local = format!("localhost:{}", self.bound.port());
        authority == self.bound.to_string() || (self.bound.ip().is_loopback() && authority == local)
    }

    /// Whether pages of this server are of `origin`, as a browser writes it.
    pub fn is_own_origin(&self, origin: &str) -> bool {
        let is_secure = self.setting.is_secure();
        // Without `public_url` nobody knows whether a proxy speaks TLS.
        let plain = origin.strip_prefix("http://").filter(|_| !is_secure);
        let authority = origin.strip_prefix("https://").or(plain);
        authority.is_some_and(|authority| self.answers_to(authority))
    }

    /// Who has the key `kid`, if it is in use. Cost: a look at every agency and custodian the first time that an enrolled
    /// key is seen; a key that is enrolled for nobody costs nothing.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn caller(&self, kid: Kid) -> Result<Option<Caller>, Failure> {
        let Some((caller, has_ended)) = self.enrolled(kid)? else { return Ok(None) };
        let is_overseer = self.setting.oversees(&caller.id, &SubjectId::Agency(caller.agency));
        Ok((!has_ended).then_some(Caller { is_overseer, ..caller }))
    }

    /// Who had the key `kid` when it was in use, whether it is or not. They oversee nothing.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn signer(&self, kid: Kid) -> Result<Option<Caller>, Failure> {
        Ok(self.enrolled(kid)?.map(|(signer, _)| signer))
    }

    /// For whom `kid` was enrolled, and whether it has ended.
    fn enrolled(&self, kid: Kid) -> Result<Option<(Caller, bool)>, Failure> {
        let Some(id) = self.owner(kid)? else { return Ok(None) };
        let Some(subject) = self.ledger.reader()?.subject(&id)? else { return Ok(None) };
        let key = subject.standing.keys().iter().find(|key| key.key.kid() == kid);
        let (Some(key), Some(agency)) = (key, agency_of(&id, &subject.standing)) else {
            return Ok(None);
        };
        let caller = Caller { id, kid, slot: key.slot, agency, is_overseer: false };
        Ok(Some((caller, key.end.is_some())))
    }

    fn owner(&self, kid: Kid) -> Result<Option<SubjectId>, Failure> {
        if self.ledger.key(&kid).is_none() {
            return Ok(None);
        }
        let known = self.owners.read().unwrap_or_else(PoisonError::into_inner).get(&kid).cloned();
        if known.is_some() {
            return Ok(known);
        }
        // A key is enrolled once, for one: what is found stays so.
        let owner = Desk::live(self.ledger.reader()?).owner_of(kid)?;
        if let Some(owner) = &owner {
            let mut owners = self.owners.write().unwrap_or_else(PoisonError::into_inner);
            owners.insert(kid, owner.clone());
        }
        Ok(owner)
    }
}

/// The agency that somebody is, or works for.
fn agency_of(id: &SubjectId, standing: &Standing) -> Option<Uuid> {
    match (id, standing) {
        (SubjectId::Agency(id), _) => Some(*id),
        (_, Standing::Custodian(person)) => Some(person.agency),
        _ => None,
    }
}
