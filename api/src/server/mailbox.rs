//! The mailbox: offers that wait for the signature of somebody who works elsewhere.
//!
//! Each is a file as it would travel by hand, `<digest>-<SHA-256 of what is signed>.offer`. It is no part of the ledger: an offer that is thrown away
//! was never recorded, and may be sent again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use custody_core::hash::{Hash, sha256};
use custody_core::id::SubjectId;

use super::setting::Offers as Limits;
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::offer_file::{MAX_OFFER_FILE, OfferFile};

/// Offers altogether, at most.
const MOST: usize = 20_000;

/// Offers that wait.
pub struct Mailbox {
    dir: PathBuf,
    limits: Limits,
    /// The names of their files. Held while files come and go, so that counting and adding are one step.
    waiting: Mutex<BTreeSet<Name>>,
}

/// The name of an offer's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    /// SHA-256 of what is signed: first, since each record that comes in is looked for by it.
    payload: Hash,
    /// SHA-256 of the half-signed message.
    offer: Hash,
}

impl Name {
    fn of(offer: &OfferFile) -> Self {
        Self { payload: sha256(offer.offer().message().payload()), offer: offer.digest() }
    }

    fn parse(path: &Path) -> Option<Self> {
        let (offer, payload) =
            path.file_name()?.to_str()?.strip_suffix(".offer")?.split_once('-')?;
        Some(Self { payload: Hash::from_hex(payload)?, offer: Hash::from_hex(offer)? })
    }
}

impl Mailbox {
    /// The mailbox in `dir`, which is made where it is absent.
    ///
    /// # Errors
    /// The directory cannot be made or read.
    pub fn open(dir: &Path, limits: Limits) -> Result<Self, Failure> {
        fs::create_dir_all(dir).map_err(file::cannot("make", dir))?;
        let cannot = file::cannot("read", dir);
        let files = fs::read_dir(dir).map_err(&cannot)?;
        let paths = files.map(|file| Ok(file.map_err(&cannot)?.path()));
        let paths = paths.collect::<Result<Vec<_>, Failure>>()?;
        let waiting = paths.iter().filter_map(|path| Name::parse(path)).collect();
        Ok(Self { dir: dir.to_owned(), limits, waiting: Mutex::new(waiting) })
    }

    /// Puts an offer in. The same again changes nothing.
    ///
    /// # Errors
    /// There is no room, for whoever made the offer or at all; or the file cannot be written.
    pub fn put(&self, offer: &OfferFile) -> Result<(), Failure> {
        let mut waiting = self.waiting();
        let name = Name::of(offer);
        if waiting.contains(&name) {
            return Ok(());
        }
        let by = offer.offer().payload().signers.first().map(|signer| &signer.id);
        let is_theirs = |other: &&OfferFile| {
            other.offer().payload().signers.first().map(|signer| &signer.id) == by
        };
        let theirs = self.read_all(&waiting)?.iter().filter(is_theirs).count();
        if theirs >= self.limits.most || waiting.len() >= MOST {
            let message = format!("{theirs} offers wait, at most {} may", self.limits.most);
            return Err(Failure::rejected("offer/mailbox-full", message)
                .hint("withdraw those that nobody will sign"));
        }
        file::create(&self.path(&name), &offer.encode(), Access::Owner)?;
        waiting.insert(name);
        Ok(())
    }

    /// The offer with this digest, if it is there.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn get(&self, digest: &Hash) -> Result<Option<OfferFile>, Failure> {
        let waiting = self.waiting();
        let name = waiting.iter().find(|name| name.offer == *digest);
        name.map(|name| self.read(name)).transpose()
    }

    /// The offers that `who` has signed or is to sign.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn of(&self, who: &SubjectId) -> Result<Vec<OfferFile>, Failure> {
        let mut offers = self.read_all(&self.waiting())?;
        offers.retain(|offer| is_party(offer, who));
        Ok(offers)
    }

    /// Takes an offer out.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn remove(&self, digest: &Hash) -> Result<(), Failure> {
        self.take_out(&mut self.waiting(), |name| name.offer == *digest)
    }

    /// Takes out every offer of what is recorded now: `payload` is the digest of what everybody has signed. Cost where there
    /// is none: a look-up.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn settle(&self, payload: Hash) -> Result<(), Failure> {
        let mut waiting = self.waiting();
        if waiting.is_empty() {
            return Ok(());
        }
        let first = Name { payload, offer: Hash::new([0; Hash::LEN]) };
        match waiting.range(first..).next().is_some_and(|name| name.payload == payload) {
            true => self.take_out(&mut waiting, |name| name.payload == payload),
            false => Ok(()),
        }
    }

    /// Throws away what nobody signed in time.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn sweep(&self, now: SystemTime) -> Result<(), Failure> {
        let age = Duration::from_secs(self.limits.days * 24 * 60 * 60);
        let is_old = |name: &Name| {
            let made = fs::metadata(self.path(name)).and_then(|data| data.modified());
            made.is_ok_and(|made| now.duration_since(made).is_ok_and(|had| had > age))
        };
        self.take_out(&mut self.waiting(), is_old)
    }

    fn take_out(
        &self,
        waiting: &mut BTreeSet<Name>,
        is_meant: impl Fn(&Name) -> bool,
    ) -> Result<(), Failure> {
        let meant: Vec<_> = waiting.iter().copied().filter(is_meant).collect();
        for name in meant {
            let path = self.path(&name);
            fs::remove_file(&path).map_err(file::cannot("remove", &path))?;
            waiting.remove(&name);
        }
        Ok(())
    }

    fn read_all(&self, waiting: &BTreeSet<Name>) -> Result<Vec<OfferFile>, Failure> {
        waiting.iter().map(|name| self.read(name)).collect()
    }

    fn read(&self, name: &Name) -> Result<OfferFile, Failure> {
        Ok(OfferFile::parse(&file::read(&self.path(name), MAX_OFFER_FILE)?)?)
    }

    fn path(&self, Name { payload, offer }: &Name) -> PathBuf {
        self.dir.join(format!("{offer}-{payload}.offer"))
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeSet<Name>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `who` is one of those who sign the offer.
pub fn is_party(offer: &OfferFile, who: &SubjectId) -> bool {
    offer.offer().payload().signers.iter().any(|signer| signer.id == *who)
}
