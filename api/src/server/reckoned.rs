//! What takes a walk through the whole ledger, and is the same for everybody who may see it: reckoned once for a tree, and
//! kept.
//!
//! Where that is quick, everybody gets it of the newest tree. Where it takes long, what is known of an earlier tree is shown
//! while it is reckoned anew, and says of which tree it is; and whoever asks first is told to come again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::access::Caller;
use super::problem::Problem;
use super::service::Service;
use crate::desk::Desk;
use crate::failure::Failure;

/// What takes no longer is reckoned while somebody waits.
const QUICK: Duration = Duration::from_millis(200);
/// For so long somebody waits who would get nothing else.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something that is reckoned of a tree.
pub struct Reckoned<T>(Mutex<Known<T>>);

struct Known<T> {
    newest: Option<(u64, Arc<T>)>,
    /// Time that it took the last time.
    took: Duration,
    is_at_work: bool,
}

impl<T> Default for Reckoned<T> {
    fn default() -> Self {
        Self(Mutex::new(Known { newest: None, took: Duration::ZERO, is_at_work: false }))
    }
}

/// What is to be done for whoever asks.
enum Next<T> {
    Show(Arc<T>),
    /// Reckon, and show this meanwhile if there is something.
    Reckon(Option<Arc<T>>),
    Wait,
}

impl<T: Send + Sync + 'static> Reckoned<T> {
    fn lock(&self) -> MutexGuard<'_, Known<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, size: u64) -> Next<T> {
        let mut known = self.lock();
        let is_slow = known.took > QUICK;
        let shown = known.newest.clone();
        if let Some((of, value)) = &shown
            && (*of >= size || (is_slow && known.is_at_work))
        {
            return Next::Show(value.clone());
        }
        if known.is_at_work {
            return Next::Wait;
        }
        known.is_at_work = true;
        Next::Reckon(shown.filter(|_| is_slow).map(|(_, value)| value))
    }

    fn keep(&self, size: u64, value: Arc<T>, took: Duration) {
        let mut known = self.lock();
        (known.newest, known.took) = (Some((size, value)), took);
    }
}

/// Somebody at work on it. Whatever becomes of them, the next one may try.
struct Work<'r, T: Send + Sync + 'static>(&'r Reckoned<T>);

impl<T: Send + Sync + 'static> Drop for Work<'_, T> {
    fn drop(&mut self) {
        self.0.lock().is_at_work = false;
    }
}

/// What `of` finds in the service, reckoned by `make`, which may not depend on who asks but only on that they may.
///
/// # Errors
/// [`Problem`]: 503 while it is reckoned for the first time; `make`'s own.
pub async fn reckoned<T: Send + Sync + 'static>(
    service: &Arc<Service>,
    caller: Caller,
    of: fn(&Service) -> &Reckoned<T>,
    make: fn(&Desk<'_>) -> Result<T, Failure>,
) -> Result<Arc<T>, Problem> {
    let size = service.look(|service| Ok(service.ledger.reader()?.head().size.0)).await?;
    let waiting = || Problem::busy("this is being reckoned, and takes a while: come again");
    let meanwhile = match of(service).next(size) {
        Next::Show(value) => return Ok(value),
        Next::Wait => return Err(waiting()),
        Next::Reckon(meanwhile) => meanwhile,
    };
    let worker = service.clone();
    let work = move || {
        let (begun, known) = (Instant::now(), of(&worker));
        let _work = Work(known);
        let desk = worker.desk(&caller)?;
        let value = Arc::new(make(&desk)?);
        known.keep(desk.head().size.0, value.clone(), begun.elapsed());
        Ok::<_, Failure>(value)
    };
    // It goes on when nobody waits for it any more.
    let working = tokio::task::spawn_blocking(work);
    if let Some(value) = meanwhile {
        return Ok(value);
    }
    match tokio::time::timeout(PATIENCE, working).await {
        Ok(Ok(made)) => made.map_err(Problem::from),
        Ok(Err(_)) => Err(Problem::internal("internal")),
        Err(_) => Err(waiting()),
    }
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;

    fn word(next: Next<u64>) -> String {
        match next {
            Next::Show(value) => format!("show {value}"),
            Next::Reckon(Some(value)) => format!("reckon, and show {value}"),
            Next::Reckon(None) => "reckon".to_owned(),
            Next::Wait => "wait".to_owned(),
        }
    }

    #[test]
    fn what_takes_long_is_reckoned_by_one_while_others_see_what_is_known() {
        let (figures, slow) = (Reckoned::<u64>::default(), QUICK * 2);
        assert_eq!(word(figures.next(7)), "reckon");
        assert_eq!(word(figures.next(7)), "wait");
        figures.keep(7, Arc::new(70), slow);
        drop(Work(&figures));
        assert_eq!(word(figures.next(7)), "show 70");
        assert_eq!(word(figures.next(9)), "reckon, and show 70");
        assert_eq!(word(figures.next(9)), "show 70");
        // It failed: the next one tries again.
        drop(Work(&figures));
        assert_eq!(word(figures.next(9)), "reckon, and show 70");
        figures.keep(9, Arc::new(90), Duration::ZERO);
        drop(Work(&figures));
        assert_eq!(word(figures.next(9)), "show 90");
        // What is quick is never old.
        assert_eq!(word(figures.next(10)), "reckon");
        assert_eq!(word(figures.next(10)), "wait");
    }
}
