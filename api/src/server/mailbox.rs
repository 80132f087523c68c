//! The mailbox: offers that wait for the signature of somebody who works elsewhere.
//!
//! Each is a file as it would travel by hand, `<digest>-<SHA-256 of what is signed>.offer`. It is no part of the ledger: an offer that is thrown away
//! was never recorded, and may be sent again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
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
    /// Held while files come and go, so that counting and adding are one step.
    changing: Mutex<()>,
}

impl Mailbox {
    /// The mailbox in `dir`, which is made where it is absent.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn open(dir: &Path, limits: Limits) -> Result<Self, Failure> {
        fs::create_dir_all(dir).map_err(file::cannot("make", dir))?;
        Ok(Self { dir: dir.to_owned(), limits, changing: Mutex::new(()) })
    }

    /// Puts an offer in. The same again changes nothing.
    ///
    /// # Errors
    /// There is no room, for whoever made the offer or at all; or the file cannot be written.
    pub fn put(&self, offer: &OfferFile) -> Result<(), Failure> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.find(&offer.digest())?.is_some() {
            return Ok(());
        }
        let waiting = self.list()?;
        let by = offer.offer().payload().signers.first().map(|signer| &signer.id);
        let is_theirs = |other: &&OfferFile| {
            other.offer().payload().signers.first().map(|signer| &signer.id) == by
        };
        let theirs = waiting.iter().filter(is_theirs).count();
        if theirs >= self.limits.most || waiting.len() >= MOST {
            let message = format!("{theirs} offers wait, at most {} may", self.limits.most);
            return Err(Failure::rejected("offer/mailbox-full", message)
                .hint("withdraw those that nobody will sign"));
        }
        let payload = sha256(offer.offer().message().payload());
        let path = self.dir.join(format!("{}-{payload}.offer", offer.digest()));
        Ok(file::create(&path, &offer.encode(), Access::Owner)?)
    }

    /// The offer with this digest, if it is there.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn get(&self, digest: &Hash) -> Result<Option<OfferFile>, Failure> {
        let Some(path) = self.find(digest)? else { return Ok(None) };
        Ok(Some(OfferFile::parse(&file::read(&path, MAX_OFFER_FILE)?)?))
    }

    /// The offers that `who` has signed or is to sign.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn of(&self, who: &SubjectId) -> Result<Vec<OfferFile>, Failure> {
        let concerns = |offer: &OfferFile| is_party(offer, who);
        Ok(self.list()?.into_iter().filter(concerns).collect())
    }

    /// Takes an offer out.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn remove(&self, digest: &Hash) -> Result<(), Failure> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = self.find(digest)? {
            fs::remove_file(&path).map_err(file::cannot("remove", &path))?;
        }
        Ok(())
    }

    /// Takes out every offer of what is recorded now: `payload` is what everybody has signed. Cost where there is none: a
    /// look at the names of files.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn settle(&self, payload: &[u8]) -> Result<(), Failure> {
        let ending = format!("-{}.offer", sha256(payload));
        let is_meant = |path: &PathBuf| path.to_string_lossy().ends_with(&ending);
        for path in self.paths()?.iter().filter(|path| is_meant(path)) {
            fs::remove_file(path).map_err(file::cannot("remove", path))?;
        }
        Ok(())
    }

    /// Throws away what nobody signed in time.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn sweep(&self, now: SystemTime) -> Result<(), Failure> {
        let age = Duration::from_secs(self.limits.days * 24 * 60 * 60);
        for path in self.paths()? {
            let made = fs::metadata(&path).and_then(|data| data.modified());
            let is_old = made.is_ok_and(|made| now.duration_since(made).is_ok_and(|had| had > age));
            if is_old {
                fs::remove_file(&path).map_err(file::cannot("remove", &path))?;
            }
        }
        Ok(())
    }

    fn list(&self) -> Result<Vec<OfferFile>, Failure> {
        let read = |path: &PathBuf| Ok(OfferFile::parse(&file::read(path, MAX_OFFER_FILE)?)?);
        self.paths()?.iter().map(read).collect()
    }

    fn paths(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut paths = Vec::new();
        let cannot = file::cannot("read", &self.dir);
        for found in fs::read_dir(&self.dir).map_err(&cannot)? {
            let path = found.map_err(&cannot)?.path();
            if path.extension().is_some_and(|ending| ending == "offer") {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }

    fn find(&self, digest: &Hash) -> Result<Option<PathBuf>, Failure> {
        let beginning = format!("{digest}-");
        let is_meant = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&beginning))
        };
        Ok(self.paths()?.into_iter().find(is_meant))
    }
}

/// Whether `who` is one of those who sign the offer.
pub fn is_party(offer: &OfferFile, who: &SubjectId) -> bool {
    offer.offer().payload().signers.iter().any(|signer| signer.id == *who)
}
