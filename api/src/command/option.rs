//! Options that several commands share, and their lines in the help texts.

use std::path::PathBuf;

use custody_core::cbor::Value;
use custody_core::record::{Occurred, TimeSource};
use custody_core::sealed::MAX_OPENING;

use crate::desk::{Desk, Place, now_s};
use crate::failure::Failure;
use crate::moment::Moment;
use crate::passphrase::PassphraseSource;
use crate::pen::Pen;
use crate::print::PrintFile;
use crate::session::{Session, Setting};

/// `--ledger`, help line.
macro_rules! ledger_help {
    () => {
        "\
  --ledger DIR                the ledger (or CUSTODY_LEDGER)
  --server URL                the ledger at a server (or CUSTODY_SERVER), which you ask with CUSTODY_KEY
"
    };
}

/// The options of [`DirectoryOption`], help line.
macro_rules! directory_help {
    () => {
        "  --ledger DIR                the ledger, on this machine (or CUSTODY_LEDGER)\n"
    };
}

/// The options of [`Signing`], help section.
macro_rules! signing_help {
    () => {
        "\
signing:
  --ledger DIR                the ledger (or CUSTODY_LEDGER)
  --server URL                the ledger at a server (or CUSTODY_SERVER), where offers wait for who signs next
  --key FILE                  your key (or CUSTODY_KEY)
  --with-key FILE             the key of another signer who is here too; may be repeated
  --out FILE                  write an offer for others to sign, or to submit elsewhere; record nothing
  --qr FILE                   the same offer as QR codes to be scanned, .pdf or .svg; beside --out
  --occurred TIME             when it happened, as 2026-05-04T13:30:00+02:00; now if left out
  --time-source SOURCE        ntp, manual, device or tsa; device for now, manual for --occurred
  --passphrase-file FILE      passphrase of the keys (or CUSTODY_PASSPHRASE_FILE); else you are asked
  --log-passphrase-file FILE  passphrase of the log's keys, if another (or CUSTODY_LOG_PASSPHRASE_FILE)
"
    };
}

/// The options of [`SoloSigning`], help section.
macro_rules! solo_signing_help {
    () => {
        "\
signing:
  --ledger DIR                the ledger (or CUSTODY_LEDGER)
  --server URL                the ledger at a server (or CUSTODY_SERVER)
  --key FILE                  your key (or CUSTODY_KEY)
  --occurred TIME             when it happened, as 2026-05-04T13:30:00+02:00; now if left out
  --time-source SOURCE        ntp, manual, device or tsa; device for now, manual for --occurred
  --passphrase-file FILE      passphrase of the key (or CUSTODY_PASSPHRASE_FILE); else you are asked
  --log-passphrase-file FILE  passphrase of the log's keys, if another (or CUSTODY_LOG_PASSPHRASE_FILE)
"
    };
}

pub(super) use {directory_help, ledger_help, signing_help, solo_signing_help};

/// What helps where a picture is too small.
pub const PDF_HINT: &str = "name a file that ends in .pdf: it holds as many pages as are needed";

/// Which ledger.
#[derive(Clone, Debug, clap::Args)]
pub struct LedgerOption {
    #[arg(long, value_name = "DIR")]
    ledger: Option<PathBuf>,
    #[arg(long, value_name = "URL", conflicts_with = "ledger")]
    server: Option<String>,
}

/// Which ledger, for what only its own machine can do.
#[derive(Clone, Debug, clap::Args)]
pub struct DirectoryOption {
    #[arg(long, value_name = "DIR")]
    ledger: Option<PathBuf>,
}

/// Where the passphrases of people's keys come from.
#[derive(Clone, Debug, clap::Args)]
pub struct PassphraseOption {
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Where the passphrases of people's keys and of the log's come from.
#[derive(Clone, Debug, clap::Args)]
pub struct PassphraseOptions {
    #[command(flatten)]
    people: PassphraseOption,
    #[arg(long, value_name = "FILE")]
    log_passphrase_file: Option<PathBuf>,
}

/// What whoever signs says besides the act itself.
#[derive(Clone, Debug, clap::Args)]
pub struct Signing {
    #[command(flatten)]
    pub ledger: LedgerOption,
    #[command(flatten)]
    pub passphrase: PassphraseOptions,
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub with_key: Vec<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[arg(long, value_name = "FILE", requires = "out")]
    pub qr: Option<PrintFile>,
    #[arg(long, value_name = "TIME")]
    occurred: Option<Moment>,
    #[arg(long, value_name = "SOURCE")]
    time_source: Option<TimeSource>,
}

/// As [`Signing`], where nobody else signs and it is recorded at once.
#[derive(Clone, Debug, clap::Args)]
pub struct SoloSigning {
    #[command(flatten)]
    ledger: LedgerOption,
    #[command(flatten)]
    passphrase: PassphraseOptions,
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[arg(long, value_name = "TIME")]
    occurred: Option<Moment>,
    #[arg(long, value_name = "SOURCE")]
    time_source: Option<TimeSource>,
}

impl SoloSigning {
    /// Opens the ledger and the key; where `is_dry`, the ledger for looking only.
    ///
    /// # Errors
    /// As [`Signing::session`].
    pub fn session_or_rehearsal(&self, is_dry: bool) -> Result<Session, Failure> {
        let Self { ledger, passphrase, key, occurred, time_source } = self.clone();
        let (with_key, out, qr) = (Vec::new(), None, None);
        let signing = Signing { ledger, passphrase, key, with_key, out, qr, occurred, time_source };
        signing.session_or_rehearsal(is_dry)
    }
}

impl DirectoryOption {
    /// The directory.
    ///
    /// # Errors
    /// None is named.
    pub fn path(&self) -> Result<PathBuf, Failure> {
        let named = self.ledger.clone().or_else(|| environment("CUSTODY_LEDGER"));
        named.ok_or_else(|| match environment("CUSTODY_SERVER") {
            // Somebody who works at a server would look for what they forgot.
            Some(_) => {
                let message = "`--ledger` is missing, and this works on the ledger's own files";
                Failure::could_not("usage/no-server", message)
                    .hint("`--ledger DIR`, on the machine where they lie")
            }
            None => missing("--ledger DIR", "CUSTODY_LEDGER"),
        })
    }
}

impl LedgerOption {
    /// Where the ledger is, if anything says so: options before the environment, a directory before a server.
    pub fn get(&self) -> Option<Place> {
        let here = || self.ledger.clone().map(Place::Here);
        let server = || self.server.clone().map(Place::Server);
        let known_here = || environment("CUSTODY_LEDGER").map(Place::Here);
        let known_server = || {
            let url = environment("CUSTODY_SERVER")?;
            url.into_os_string().into_string().ok().map(Place::Server)
        };
        here().or_else(server).or_else(known_here).or_else(known_server)
    }

    /// Where the ledger is.
    ///
    /// # Errors
    /// Nothing says so.
    pub fn place(&self) -> Result<Place, Failure> {
        self.get().ok_or_else(|| missing("--ledger DIR", "CUSTODY_LEDGER"))
    }

    /// The ledger, to look at; at a server with the key that CUSTODY_KEY names.
    ///
    /// # Errors
    /// None is named, or it cannot be read.
    pub fn read(&self) -> Result<Desk<'static>, Failure> {
        self.read_as(environment("CUSTODY_KEY").as_ref())
    }

    /// The ledger, to look at; at a server as whoever has the key `key`.
    ///
    /// # Errors
    /// As [`LedgerOption::read`].
    pub fn read_as(&self, key: Option<&PathBuf>) -> Result<Desk<'static>, Failure> {
        match self.place()? {
            Place::Here(path) => Desk::read(&path),
            Place::Server(url) => {
                let file = environment("CUSTODY_PASSPHRASE_FILE");
                let source = PassphraseSource { file };
                let pen = key.map(|key| Pen::open(key, &source)).transpose()?;
                Desk::served(&url, pen)
            }
        }
    }
}

impl PassphraseOption {
    /// For people's keys.
    pub fn of_people(&self) -> PassphraseSource {
        let file = self.passphrase_file.clone();
        PassphraseSource { file: file.or_else(|| environment("CUSTODY_PASSPHRASE_FILE")) }
    }
}

impl PassphraseOptions {
    /// For people's keys.
    pub fn of_people(&self) -> PassphraseSource {
        self.people.of_people()
    }

    /// For the log's keys: their own file, else the same as for people's.
    pub fn of_log(&self) -> PassphraseSource {
        let own = self.log_passphrase_file.clone();
        match own.or_else(|| environment("CUSTODY_LOG_PASSPHRASE_FILE")) {
            Some(file) => PassphraseSource { file: Some(file) },
            None => self.of_people(),
        }
    }
}

impl Signing {
    /// Opens the ledger and the keys.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn session(&self) -> Result<Session, Failure> {
        Session::open(self.setting()?)
    }

    /// As [`Signing::session`]; where `is_dry`, with the ledger open for looking only.
    ///
    /// # Errors
    /// As there.
    pub fn session_or_rehearsal(&self, is_dry: bool) -> Result<Session, Failure> {
        if is_dry { Session::rehearse(self.setting()?) } else { self.session() }
    }

    fn setting(&self) -> Result<Setting, Failure> {
        Ok(Setting {
            ledger: self.ledger.place()?,
            keys: [vec![self.key()?], self.with_key.clone()].concat(),
            out: self.out.clone(),
            qr: self.qr.clone(),
            occurred: self.occurred(),
            people: self.passphrase.of_people(),
            log: self.passphrase.of_log(),
        })
    }

    /// The signer's own key file.
    ///
    /// # Errors
    /// None is named.
    pub fn key(&self) -> Result<PathBuf, Failure> {
        key_path(self.key.as_ref())
    }

    /// When it happened, as claimed.
    pub fn occurred(&self) -> Occurred {
        let (moment, source) = match self.occurred {
            Some(moment) => (moment, TimeSource::Manual),
            None => (Moment::utc(now_s()), TimeSource::Device),
        };
        moment.claimed(self.time_source.unwrap_or(source))
    }
}

/// Longest text of a sealed field in bytes: its CBOR has three more, which say how long it is.
pub const MAX_SEALED_TEXT: usize = MAX_OPENING - 3;

/// A text that can be sealed in a record: not empty, not too long, and plain.
pub fn sealed_text(text: &str) -> Result<String, String> {
    plain_text(text, MAX_SEALED_TEXT)
}

/// A text of 1 to `max` bytes that can stand in a record or an exhibit.
pub fn plain_text(text: &str, max: usize) -> Result<String, String> {
    if !(1..=max).contains(&text.len()) {
        return Err(format!("{} bytes, expected 1 to {max}", text.len()));
    }
    match custody_core::cbor::check(&Value::text(text).encode()) {
        Ok(()) => Ok(text.to_owned()),
        Err(error) => Err(error.fault.to_string()),
    }
}

/// Checks that an option is not given more often than a record has room for.
///
/// # Errors
/// It is.
pub fn check_count(option: &str, count: usize, limit: usize) -> Result<(), Failure> {
    match count <= limit {
        true => Ok(()),
        false => {
            let message = format!("`{option}` is given {count} times, at most {limit} are allowed");
            Err(Failure::could_not("usage", message))
        }
    }
}

/// The key file that an option or the environment names.
///
/// # Errors
/// None is named.
pub fn key_path(named: Option<&PathBuf>) -> Result<PathBuf, Failure> {
    let key = named.cloned().or_else(|| environment("CUSTODY_KEY"));
    key.ok_or_else(|| missing("--key FILE", "CUSTODY_KEY"))
}

pub fn environment(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn missing(option: &str, variable: &str) -> Failure {
    let name = option.split(' ').next().unwrap_or(option);
    Failure::could_not("usage", format!("`{name}` is missing"))
        .hint(format!("`{option}`, or {variable} in the environment"))
}
