//! Passphrases of key files: from a file, or typed without echo.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::file::{self, FileError};
use crate::terminal::ask_hidden;

/// Longest passphrase file in bytes.
const MAX_PASSPHRASE_FILE: u64 = 4096;

/// A passphrase. Overwritten when dropped, shown by nothing.
pub struct Passphrase {
    text: Zeroizing<String>,
    /// Which one it is, for whoever gave another than they meant.
    name: String,
}

/// Where passphrases come from.
#[derive(Clone, Debug, Default)]
pub struct PassphraseSource {
    /// A file whose first line is the passphrase; without one, somebody is asked.
    pub file: Option<PathBuf>,
}

/// Why there is no passphrase.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// An empty passphrase protects nothing.
    #[error("the passphrase for {what} is empty")]
    Empty {
        /// What it is for.
        what: String,
    },
    /// The two that were typed differ.
    #[error("the two passphrases for {what} differ")]
    Unequal {
        /// What they are for.
        what: String,
    },
    /// Nobody can be asked.
    #[error("cannot ask for the passphrase for {what}")]
    NoTerminal {
        /// What it is for.
        what: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl PassphraseError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::Empty { .. } => "passphrase/empty",
            Self::Unequal { .. } => "passphrase/unequal",
            Self::NoTerminal { .. } => "passphrase/no-terminal",
        }
    }
}

impl Passphrase {
    /// Takes over `text`, which must not be empty.
    ///
    /// # Errors
    /// [`PassphraseError::Empty`].
    pub fn new(text: Zeroizing<String>, what: &str) -> Result<Self, PassphraseError> {
        match text.is_empty() {
            true => Err(PassphraseError::Empty { what: what.to_owned() }),
            false => Ok(Self { text, name: "this passphrase".to_owned() }),
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Where it came from, in words.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn named(self, name: String) -> Self {
        Self { name, ..self }
    }
}

impl PassphraseSource {
    /// The passphrase that opens `what`.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub fn existing(&self, what: &str) -> Result<Passphrase, PassphraseError> {
        match &self.file {
            Some(path) => read(path, what),
            None => ask(&format!("passphrase for {what}: "), what),
        }
    }

    /// The passphrase that will protect `what`; typed twice where it is typed.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub fn fresh(&self, what: &str) -> Result<Passphrase, PassphraseError> {
        if let Some(path) = &self.file {
            return read(path, what);
        }
        let first = ask(&format!("new passphrase for {what}: "), what)?;
        let second = ask("the same once more: ", what)?;
        match first.as_bytes() == second.as_bytes() {
            true => Ok(first),
            false => Err(PassphraseError::Unequal { what: what.to_owned() }),
        }
    }
}

fn read(path: &Path, what: &str) -> Result<Passphrase, PassphraseError> {
    let bytes = Zeroizing::new(file::read(path, MAX_PASSPHRASE_FILE)?);
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let passphrase = Passphrase::new(Zeroizing::new(line.to_owned()), what)?;
    Ok(passphrase.named(format!("the passphrase in `{}`", path.display())))
}

fn ask(prompt: &str, what: &str) -> Result<Passphrase, PassphraseError> {
    let no_terminal = |source| PassphraseError::NoTerminal { what: what.to_owned(), source };
    let text = ask_hidden(prompt).map_err(no_terminal)?;
    let passphrase = Passphrase::new(Zeroizing::new(text), what)?;
    Ok(passphrase.named("the passphrase that was typed".to_owned()))
}
