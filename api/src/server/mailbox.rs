//! The mailbox: offers that wait for the signature of somebody who works elsewhere.
//!
//! Each is a file as it would travel by hand, `<digest>-<SHA-256 of what is signed>.offer`; where somebody who has signed it
//! sent it and said who they are, `<digest>-<SHA-256 of what is signed>-<UUID of theirs>.offer`. One that was refused stays
//! for those who signed it, so that they see it: `<digest>-<SHA-256 of what is signed>-<digest of the refusal>.refused`. It
//! is no part of the ledger: an offer that is thrown away was never recorded, and may be sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use custody_core::hash::{Hash, sha256};
use custody_core::id::{SubjectId, Uuid};

use super::setting::Offers as Limits;
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::offer_file::{MAX_OFFER_FILE, OfferFile};

/// Offers altogether, at most: 100 MB of handoffs, and 23 GiB on the disk if each were the largest that there is.
const MOST: usize = 20_000;

/// Offers that wait.
pub struct Mailbox {
    dir: PathBuf,
    limits: Limits,
    /// What is known of each without reading its file. Held while files get other names and go; every record that comes in
    /// waits for it, so that nothing is flushed meanwhile.
    waiting: Mutex<BTreeMap<Name, Known>>,
    /// Held while an offer is put in, so that counting and adding are one step.
    putting: Mutex<()>,
}

/// What an offer is kept under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    /// SHA-256 of what is signed: first, since each record that comes in is looked for by it.
    payload: Hash,
    /// SHA-256 of the half-signed message.
    offer: Hash,
}

/// What is asked of every offer.
#[derive(Clone, Debug)]
struct Known {
    /// Who signs it, in their order.
    signers: Vec<SubjectId>,
    /// How many of them have.
    signed: usize,
    /// Who sent it, where that is one of those who have and they said so. Nobody looks at anything by an offer that was
    /// refused, so that it has none.
    sender: Option<Uuid>,
    /// The record in which it was refused.
    refusal: Option<Hash>,
    /// Whether its file is there. While that is written, the name keeps its place, and nobody sees it.
    is_there: bool,
}

/// An offer as it lies there.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The offer.
    pub offer: OfferFile,
    /// The record in which it was refused.
    pub refusal: Option<Hash>,
}

impl Name {
    fn of(offer: &OfferFile) -> Self {
        Self { payload: sha256(offer.offer().message().payload()), offer: offer.digest() }
    }

    /// What a file's name says: of which offer it is, who sent it, and in which record it was refused.
    fn parse(path: &Path) -> Option<(Self, Option<Uuid>, Option<Hash>)> {
        let (stem, kind) = path.file_name()?.to_str()?.rsplit_once('.')?;
        let (offer, rest) = stem.split_once('-')?;
        let (payload, more) = match rest.split_once('-') {
            None => (rest, None),
            Some((payload, more)) => (payload, Some(more)),
        };
        let (sender, refusal) = match (kind, more) {
            ("offer", None) => (None, None),
            ("offer", Some(sender)) => (Some(custodian(sender)?), None),
            ("refused", Some(refusal)) => (None, Some(Hash::from_hex(refusal)?)),
            _ => return None,
        };
        let name = Self { payload: Hash::from_hex(payload)?, offer: Hash::from_hex(offer)? };
        Some((name, sender, refusal))
    }
}

fn custodian(uuid: &str) -> Option<Uuid> {
    match format!("custodian:{uuid}").parse() {
        Ok(SubjectId::Custodian(id)) => Some(id),
        _ => None,
    }
}

impl Known {
    fn of(offer: &OfferFile, sender: Option<Uuid>) -> Self {
        let signers = offer.offer().payload().signers.iter();
        let signers = signers.map(|signer| signer.id.clone()).collect();
        let signed = offer.offer().message().signatures().len();
        Self { signers, signed, sender, refusal: None, is_there: true }
    }

    /// Whether it is for `who` to see: everybody who signs it, and once it was refused those who have.
    fn concerns(&self, who: &SubjectId) -> bool {
        let concerns = match self.refusal {
            None => self.signers.contains(who),
            Some(_) => self.has_signed(who),
        };
        self.is_there && concerns
    }

    fn has_signed(&self, who: &SubjectId) -> bool {
        self.signers.iter().take(self.signed).any(|signer| signer == who)
    }
}

impl Mailbox {
    /// The mailbox in `dir`, which is made where it is absent. What lies there and is no offer stays, and is not counted.
    ///
    /// # Errors
    /// The directory cannot be made or read.
    pub fn open(dir: &Path, limits: Limits) -> Result<Self, Failure> {
        fs::create_dir_all(dir).map_err(file::cannot("make", dir))?;
        let cannot = file::cannot("read", dir);
        let mut waiting = BTreeMap::new();
        for file in fs::read_dir(dir).map_err(&cannot)? {
            let path = file.map_err(&cannot)?.path();
            let Some((name, sender, refusal)) = Name::parse(&path) else { continue };
            match read_offer(&path) {
                Ok(offer) if Name::of(&offer) == name => {
                    waiting.insert(name, Known { refusal, ..Known::of(&offer, sender) });
                }
                _ => tracing::warn!(file = %path.display(), "no offer, left as it is"),
            }
        }
        Ok(Self {
            dir: dir.to_owned(),
            limits,
            waiting: Mutex::new(waiting),
            putting: Mutex::default(),
        })
    }

    /// Puts an offer in; `sender` is who sends it, if they said so. The same again changes nothing, but for who sent it
    /// where that was not known.
    ///
    /// # Errors
    /// There is no room, for whoever made the offer or at all; or the file cannot be written.
    pub fn put(&self, offer: &OfferFile, sender: Option<&SubjectId>) -> Result<(), Failure> {
        let sender = match sender {
            Some(SubjectId::Custodian(id)) => Some(*id),
            _ => None,
        };
        let mut known = Known::of(offer, sender);
        known.sender = sender.filter(|sender| known.has_signed(&SubjectId::Custodian(*sender)));
        let name = Name::of(offer);
        let _putting = self.putting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut waiting = self.waiting();
        match waiting.get(&name) {
            Some(before) if before.sender.is_some() || known.sender.is_none() => return Ok(()),
            // If its sender sends a refused offer again, it waits again.
            Some(before) => self.rename(&name, before, &known)?,
            None => {
                self.check_room(&waiting, &known)?;
                waiting.insert(name, Known { is_there: false, ..known.clone() });
                drop(waiting);
                let path = self.path(&name, &known);
                let written = file::create(&path, &offer.encode(), Access::Owner);
                waiting = self.waiting();
                // What was recorded or withdrawn meanwhile has lost its place.
                let has_place = waiting.remove(&name).is_some();
                written?;
                if !has_place {
                    return Ok(fs::remove_file(&path).map_err(file::cannot("remove", &path))?);
                }
            }
        }
        waiting.insert(name, known);
        Ok(())
    }

    fn check_room(&self, waiting: &BTreeMap<Name, Known>, new: &Known) -> Result<(), Failure> {
        // Those that were refused count as well: they lie there until they are put away.
        let is_theirs = |other: &&Known| other.signers.first() == new.signers.first();
        let theirs = waiting.values().filter(is_theirs).count();
        if theirs < self.limits.most && waiting.len() < MOST {
            return Ok(());
        }
        let (wait, most) = match theirs < self.limits.most {
            true => (waiting.len(), MOST),
            false => (theirs, self.limits.most),
        };
        let message = format!("{wait} offers lie here, at most {most} may");
        Err(Failure::rejected("offer/mailbox-full", message)
            .hint("withdraw those that nobody will sign, and put away those that were refused"))
    }

    /// The offer with this digest, if it is there and `who` has signed it, or is to sign it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn get(&self, digest: &Hash, who: &SubjectId) -> Result<Option<OfferFile>, Failure> {
        let waiting = self.waiting();
        let found = waiting.iter().find(|(name, _)| name.offer == *digest);
        let theirs = found.filter(|(_, known)| known.concerns(who));
        theirs.map(|(name, known)| self.read(name, known)).transpose()
    }

    /// The offers that `who` has signed or is to sign, and of those that were refused what they signed; of those of one
    /// record the one that most have signed.
    pub fn of(&self, who: &SubjectId) -> Vec<Kept> {
        let theirs: Vec<_> = {
            let waiting = self.waiting();
            let is_newest = |name: &Name, known: &Known| {
                let mut same = of_record(&waiting, name.payload);
                !same.any(|(_, other)| other.signed > known.signed)
            };
            let theirs = waiting.iter().filter(|(_, known)| known.concerns(who));
            let theirs = theirs.filter(|(name, known)| is_newest(name, known));
            theirs.map(|(name, known)| (*name, known.clone())).collect()
        };
        let kept = |(name, known): (Name, Known)| {
            let offer = self.read_if_there(&name, &known)?;
            Some(Kept { offer, refusal: known.refusal })
        };
        theirs.into_iter().filter_map(kept).collect()
    }

    /// The offer, unless it went meanwhile: files are read while others come and go. One that cannot be read is said in the log,
    /// and keeps nobody from the others.
    fn read_if_there(&self, name: &Name, known: &Known) -> Option<OfferFile> {
        let path = self.path(name, known);
        let failure = match read_offer(&path) {
            Ok(offer) => return Some(offer),
            Err(failure) => failure,
        };
        let now = self.path(name, &self.waiting().get(name)?.clone());
        if now != path {
            return read_offer(&now).ok();
        }
        tracing::error!(code = failure.code(), file = %path.display(), "an offer cannot be read");
        None
    }

    /// Marks the offer with this digest as refused in the record `refusal`, if one of `who`, who signed that, is a party to
    /// it: it waits no longer, and stays for those who signed it. What else waits of the same record goes. Returns it.
    ///
    /// # Errors
    /// A file cannot be renamed or removed.
    pub fn refuse(
        &self,
        digest: &Hash,
        who: &[SubjectId],
        refusal: Hash,
    ) -> Result<Option<OfferFile>, Failure> {
        let mut waiting = self.waiting();
        let found = waiting.iter().find(|(name, _)| name.offer == *digest);
        let theirs = found.filter(|(_, known)| {
            known.refusal.is_none() && who.iter().any(|who| known.concerns(who))
        });
        let Some((&name, before)) = theirs else { return Ok(None) };
        let offer = self.read(&name, before)?;
        let known = Known { sender: None, refusal: Some(refusal), ..before.clone() };
        self.rename(&name, before, &known)?;
        waiting.insert(name, known);
        self.take_out(&mut waiting, |other, _| {
            other.payload == name.payload && other.offer != name.offer
        })?;
        Ok(Some(offer))
    }

    /// The offers that `who` is to sign, or signed, and that were sent by whoever signed them first: with the sender.
    pub fn sent_to(&self, who: &SubjectId) -> Vec<(Uuid, OfferFile)> {
        let sender = |known: &Known| {
            let first = known.signers.first();
            known.sender.filter(|sender| first == Some(&SubjectId::Custodian(*sender)))
        };
        let sent: Vec<_> = {
            let waiting = self.waiting();
            let theirs = waiting.iter().filter(|(_, known)| known.concerns(who));
            let sent =
                theirs.filter_map(|(name, known)| Some((sender(known)?, *name, known.clone())));
            sent.collect()
        };
        let read = |(sender, name, known)| Some((sender, self.read_if_there(&name, &known)?));
        sent.into_iter().filter_map(read).collect()
    }

    /// Takes an offer out, with whatever else waits of the same record: signed by fewer, or by more.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn remove(&self, digest: &Hash) -> Result<(), Failure> {
        let mut waiting = self.waiting();
        let found = waiting.keys().find(|name| name.offer == *digest).map(|name| name.payload);
        match found {
            Some(payload) => self.take_out(&mut waiting, |name, _| name.payload == payload),
            None => Ok(()),
        }
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
        let is_there = of_record(&waiting, payload).next().is_some();
        match is_there {
            true => self.take_out(&mut waiting, |name, _| name.payload == payload),
            false => Ok(()),
        }
    }

    /// Throws away what nobody signed in time.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn sweep(&self, now: SystemTime) -> Result<(), Failure> {
        let age = Duration::from_secs(self.limits.days * 24 * 60 * 60);
        let is_old = |path: &Path| {
            let made = fs::metadata(path).and_then(|data| data.modified());
            made.is_ok_and(|made| now.duration_since(made).is_ok_and(|had| had > age))
        };
        let mut old: BTreeSet<_> =
            self.waiting().iter().map(|(name, known)| self.path(name, known)).collect();
        old.retain(|path| is_old(path));
        self.take_out(&mut self.waiting(), |name, known| old.contains(&self.path(name, known)))
    }

    fn take_out(
        &self,
        waiting: &mut BTreeMap<Name, Known>,
        is_meant: impl Fn(&Name, &Known) -> bool,
    ) -> Result<(), Failure> {
        let meant = waiting.iter().filter(|(name, known)| is_meant(name, known));
        let meant: Vec<_> = meant.map(|(name, known)| (*name, self.path(name, known))).collect();
        for (name, path) in meant {
            match fs::remove_file(&path) {
                // Somebody else has thrown it away.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                removed => removed.map_err(file::cannot("remove", &path))?,
            }
            waiting.remove(&name);
        }
        Ok(())
    }

    fn read(&self, name: &Name, known: &Known) -> Result<OfferFile, Failure> {
        read_offer(&self.path(name, known))
    }

    fn rename(&self, name: &Name, before: &Known, now: &Known) -> Result<(), Failure> {
        let (from, to) = (self.path(name, before), self.path(name, now));
        Ok(fs::rename(&from, &to).map_err(file::cannot("rename", &from))?)
    }

    fn path(&self, Name { payload, offer }: &Name, known: &Known) -> PathBuf {
        self.dir.join(match (known.refusal, known.sender) {
            (Some(refusal), _) => format!("{offer}-{payload}-{refusal}.refused"),
            (None, Some(sender)) => format!("{offer}-{payload}-{sender}.offer"),
            (None, None) => format!("{offer}-{payload}.offer"),
        })
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<Name, Known>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The offers of one record, each signed by others.
fn of_record(
    waiting: &BTreeMap<Name, Known>,
    payload: Hash,
) -> impl Iterator<Item = (&Name, &Known)> {
    let first = Name { payload, offer: Hash::new([0; Hash::LEN]) };
    waiting.range(first..).take_while(move |(name, _)| name.payload == payload)
}

fn read_offer(path: &Path) -> Result<OfferFile, Failure> {
    Ok(OfferFile::parse(&file::read(path, MAX_OFFER_FILE)?)?)
}
