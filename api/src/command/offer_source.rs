//! Where an offer comes from: a file, the text of QR codes that somebody scanned, or a server's mailbox.

use std::path::{Path, PathBuf};

use custody_core::hash::Hash;

use crate::desk::Desk;
use crate::failure::Failure;
use crate::file;
use crate::offer_file::{MAX_OFFER_FILE, OfferFile};
use crate::offer_part::{MAX_SCANNED, PREFIX, parse_parts};
use crate::summary::describe_signer;
use crate::terminal::is_about;

/// An offer file, or what was scanned in its place.
#[derive(Clone, Debug, clap::Args)]
#[group(multiple = false)]
pub struct OfferSource {
    #[arg(value_name = "OFFER")]
    offer: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    scanned: Option<PathBuf>,
}

impl OfferSource {
    /// Reads the offer.
    ///
    /// # Errors
    /// It is none.
    pub fn read(&self) -> Result<OfferFile, Failure> {
        match (&self.offer, &self.scanned) {
            (Some(path), _) => read_offer(path),
            (None, Some(path)) => read_scanned(path),
            (None, None) => Err(Failure::could_not("usage", "`OFFER` is missing")
                .hint("an offer file, or `--scanned FILE` with the text of its QR codes")),
        }
    }

    /// The digest that stands in the place of a file: the offer waits at a server.
    pub fn digest(&self) -> Option<Hash> {
        self.offer.as_deref().and_then(named_digest)
    }

    /// Reads an offer that everybody has signed.
    ///
    /// # Errors
    /// It is none, or somebody has not.
    pub fn read_complete(&self) -> Result<OfferFile, Failure> {
        check_complete(self.read()?, &self.words())
    }

    /// There is nothing left to sign.
    pub fn complete(&self) -> Failure {
        let message = format!("`{}` is signed by all", self.path().display());
        let hint = format!("`custody submit {}` records it", self.words());
        Failure::could_not("offer/complete", message).hint(hint)
    }

    fn path(&self) -> &Path {
        self.offer.as_ref().or(self.scanned.as_ref()).map_or(Path::new(""), PathBuf::as_path)
    }

    /// The words that name it on a command line.
    fn words(&self) -> String {
        let option = if self.offer.is_some() { "" } else { "--scanned " };
        format!("{option}{}", self.path().display())
    }
}

/// The digest that `path` is. A digest never names a file by accident.
pub fn named_digest(path: &Path) -> Option<Hash> {
    path.to_str().and_then(Hash::from_hex)
}

/// The offer with this digest in the mailbox of the server at which `desk` is.
///
/// # Errors
/// It does not wait there, or not for whoever asks; or the ledger is in a directory.
pub fn waiting_offer(desk: &Desk, digest: &Hash) -> Result<OfferFile, Failure> {
    let missing = || {
        Failure::rejected("offer/not-waiting", format!("no offer {digest} waits there for you"))
            .hint("`custody inbox` lists those that do; it may be recorded, refused or withdrawn")
    };
    desk.mail()?.find(digest)?.ok_or_else(missing)
}

/// Reads an offer file, or the text of its parts.
///
/// # Errors
/// It is neither.
pub fn read_offer(path: &Path) -> Result<OfferFile, Failure> {
    let bytes = file::read(path, MAX_OFFER_FILE)?;
    if bytes.starts_with(PREFIX.as_bytes()) {
        return read_scanned(path);
    }
    let offer = OfferFile::parse(&bytes).map_err(|error| about(error.into(), path))?;
    is_about(&offer.offer().message().header().origin);
    Ok(offer)
}

/// Reads an offer file that everybody has signed.
///
/// # Errors
/// It is none, or somebody has not.
pub fn read_complete(path: &Path) -> Result<OfferFile, Failure> {
    check_complete(read_offer(path)?, &path.display().to_string())
}

fn read_scanned(path: &Path) -> Result<OfferFile, Failure> {
    let bytes = file::read(path, MAX_SCANNED)?;
    // What is no text has no line that is a part.
    let text = String::from_utf8_lossy(&bytes);
    let hint = "a line for each code, as the scanner gives it; scan what is missing and add it";
    let file = parse_parts(&text).map_err(|error| about(error.into(), path).hint(hint))?;
    let offer = OfferFile::parse(&file).map_err(|error| about(error.into(), path))?;
    is_about(&offer.offer().message().header().origin);
    Ok(offer)
}

fn check_complete(file: OfferFile, words: &str) -> Result<OfferFile, Failure> {
    let offer = file.offer();
    if offer.next_signer().is_none() {
        return Ok(file);
    }
    let who = describe_signer(offer.payload(), offer.message().signatures().len(), None);
    let message = format!("`{words}` is not signed by {who}");
    Err(Failure::could_not("record/signature-count", message)
        .hint(format!("`custody accept {words}` signs it")))
}

fn about(failure: Failure, path: &Path) -> Failure {
    failure.about(format!("`{}`", path.display()))
}
