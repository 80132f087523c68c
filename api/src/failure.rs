//! How a command fails: one line that says what clashes, and one that says what to do about it.

use std::error::Error;
use std::fmt;
use std::path::Path;

use custody_core::checkpoint::CheckpointError;
use custody_core::cose::CoseError;
use custody_core::custody::RuleViolation;
use custody_core::exhibit::ExhibitError;
use custody_core::id::IdError;
use custody_core::key::KeyError;
use custody_core::note::VerifierKeyError;
use custody_core::pins::PinsError;
use custody_core::policy::PolicyFileError;
use custody_core::receipt::ReceiptError;
use custody_core::record::RecordError;
use custody_core::sealed::OpeningError;
use custody_core::verify::error_text;
use custody_log::exhibit::ExportError;
use custody_log::high_water::HighWaterError;
use custody_log::store::StoreError;
use custody_log::{
    ClockError, FollowError, GenesisError, LedgerError, PublishError, ReadError, RecoveryError,
    SubmitError,
};
use serde_json::{Value, json};

use crate::act::ActError;
use crate::agency_card::CardError;
use crate::case::CaseError;
use crate::check_words::CheckWordsError;
use crate::ewf::EwfError;
use crate::file::FileError;
use crate::key_file::{A_PUBLIC_KEY, KeyFileError};
use crate::label_id::LabelIdError;
use crate::moment::MomentError;
use crate::offer_file::OfferFileError;
use crate::offer_part::OfferPartError;
use crate::passphrase::PassphraseError;
use crate::print::PrintError;
use crate::qr::QrError;
use crate::remains::{hint_of_missing, hint_of_unopened};
use crate::table::{Fault, Faults};

/// Faults of a table that are shown one by one.
const SHOWN: usize = 100;

/// How a command ends; its exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// 0: every required check passed.
    Done,
    /// 1: checked, and rejected.
    Rejected,
    /// 2: could not check: usage, unreadable file, internal.
    CouldNot,
}

impl Ending {
    /// The exit status.
    pub const fn status(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Rejected => 1,
            Self::CouldNot => 2,
        }
    }
}

/// Why a command did not do what was asked.
#[derive(Debug)]
pub struct Failure {
    ending: Ending,
    code: Box<str>,
    message: String,
    hint: Option<String>,
    faults: Vec<Fault>,
    /// The field of what was sent that it is about: a JSON pointer.
    field: Option<Box<str>>,
}

/// An error with a stable code.
pub trait Coded: Error {
    /// The code that documents and `--json` use.
    fn stable_code(&self) -> &'static str;

    /// What is said about it.
    fn message(&self) -> String
    where
        Self: Sized,
    {
        error_text(self)
    }

    /// Whether something was looked at and refused, rather than not looked at.
    fn ending(&self) -> Ending {
        Ending::CouldNot
    }

    /// What to do next, where that is always the same.
    fn hint(&self) -> Option<String> {
        None
    }
}

impl Failure {
    /// A failure to do or check anything.
    pub fn could_not(code: &str, message: impl Into<String>) -> Self {
        let (ending, hint, faults, field) = (Ending::CouldNot, None, Vec::new(), None);
        Self { ending, code: code.into(), message: message.into(), hint, faults, field }
    }

    /// Something was looked at and refused.
    pub fn rejected(code: &str, message: impl Into<String>) -> Self {
        Self { ending: Ending::Rejected, ..Self::could_not(code, message) }
    }

    /// The table `name` is refused for everything that is wrong with it.
    pub fn refused_table(name: impl fmt::Display, faults: Faults) -> Self {
        let faults = faults.into_sorted();
        let count = faults.len();
        let things = if count == 1 { "thing is" } else { "things are" };
        let message = format!("`{name}`: {count} {things} wrong, nothing was recorded");
        Self { faults, ..Self::rejected("table/refused", message) }
    }

    /// The same failure with the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure, naming the object it is about first.
    #[must_use]
    pub fn about(mut self, object: impl fmt::Display) -> Self {
        self.message = format!("{object}: {}", self.message);
        self
    }

    /// The same failure, about the field at this JSON pointer (RFC 6901) of what was sent.
    #[must_use]
    pub fn in_field(mut self, pointer: impl Into<String>) -> Self {
        self.field = Some(pointer.into().into());
        self
    }

    /// The same failure, where what was looked at is the part at `pointer` of what was sent.
    #[must_use]
    pub fn under(mut self, pointer: &str) -> Self {
        self.field = self.field.map(|field| format!("{pointer}{field}").into());
        self
    }

    /// The field that it is about: a JSON pointer.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// How the command ends.
    pub fn ending(&self) -> Ending {
        self.ending
    }

    /// What clashes.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What to do about it.
    pub fn next_step(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The `error:` and `hint:` lines, and between them those of a table's faults.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("error: {}", self.message)];
        lines.extend(self.faults.iter().take(SHOWN).map(fault_line));
        lines.extend(self.more().map(|more| format!("and {more} more")));
        lines.extend(self.hint.iter().map(|hint| format!("hint: {hint}")));
        lines
    }

    /// What `--json` prints.
    pub fn to_json(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message, "hint": self.hint });
        if !self.faults.is_empty() {
            error["faults"] = self.faults.iter().take(SHOWN).map(fault_json).collect();
            error["more"] = json!(self.more().unwrap_or(0));
        }
        json!({ "error": error })
    }

    /// How many faults are not shown.
    fn more(&self) -> Option<usize> {
        self.faults.len().checked_sub(SHOWN).filter(|more| *more > 0)
    }
}

impl<E: Coded> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            ending: error.ending(),
            code: error.stable_code().into(),
            message: error.message(),
            hint: error.hint(),
            faults: Vec::new(),
            field: None,
        }
    }
}

fn fault_line(fault: &Fault) -> String {
    let column = fault.column.iter().map(|column| format!(", {column}")).collect::<String>();
    format!("line {}{column}: {} [{}]", fault.line, fault.message, fault.code)
}

fn fault_json(fault: &Fault) -> Value {
    json!({
        "line": fault.line,
        "column": fault.column,
        "code": fault.code,
        "message": fault.message,
    })
}

/// Errors about which a failure says no more than they do.
macro_rules! coded {
    ($($error:ty => $ending:ident),+ $(,)?) => {
        $(impl Coded for $error {
            fn stable_code(&self) -> &'static str {
                self.code()
            }

            fn ending(&self) -> Ending {
                Ending::$ending
            }
        })+
    };
}

coded! {
    ActError => CouldNot,
    CardError => CouldNot,
    CaseError => CouldNot,
    CheckpointError => CouldNot,
    PolicyFileError => CouldNot,
    VerifierKeyError => CouldNot,
    CheckWordsError => Rejected,
    IdError => CouldNot,
    KeyError => Rejected,
    MomentError => CouldNot,
    CoseError => Rejected,
    ExhibitError => Rejected,
    ExportError => CouldNot,
    FollowError => CouldNot,
    PinsError => CouldNot,
    PublishError => CouldNot,
    OfferFileError => Rejected,
    OfferPartError => Rejected,
    PrintError => CouldNot,
    QrError => CouldNot,
    OpeningError => Rejected,
    ReceiptError => Rejected,
    RecordError => Rejected,
}

/// What the log says, with the object first and the way out where there is one.
impl Coded for LedgerError {
    fn stable_code(&self) -> &'static str {
        self.code()
    }

    fn message(&self) -> String {
        match self {
            Self::Store(error) => error_text(error),
            Self::Genesis(error) => error_text(error),
            Self::Recovery(error) => error_text(error),
            Self::HighWater(error) => error_text(error),
            Self::Vault(error) => error_text(error),
            Self::Clock(error) => error_text(error),
            error => error_text(error),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => store_hint(error),
            Self::HighWater(error) => error.hint(),
            Self::Recovery(cause) => Some(recovery_hint(cause).to_owned()),
            Self::Genesis(GenesisError::LogKeys) => Some(
                "`keys` has another ledger's: put the right copy of it there. New keys are never the way: the ledger's \
                 first record names these"
                    .to_owned(),
            ),
            Self::Clock(ClockError::Behind { .. }) => Some(
                "set the clock right; if it is right, the newest entries were recorded while it was wrong: wait until then, \
                 or see OPERATING, Time"
                    .to_owned(),
            ),
            Self::Clock(_) => Some("set the clock right, and start again".to_owned()),
            Self::LookOnly { .. } => Some(
                "look at it, as an old state: the ledger that goes on is another directory"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

impl Coded for HighWaterError {
    fn stable_code(&self) -> &'static str {
        self.code()
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Taken { .. } => Some(
                "no mark is overwritten: name another place, or find the ledger that it belongs to"
                    .to_owned(),
            ),
            Self::InUse { .. } => Some(
                "two directories are copies of one ledger: find out which one goes on, and stop the other one"
                    .to_owned(),
            ),
            Self::Place { .. } => {
                Some("it takes the mark's absolute path, on one line; in `high-water.path` write it by hand".to_owned())
            }
            _ => None,
        }
    }
}

impl Coded for ReadError {
    fn stable_code(&self) -> &'static str {
        self.code()
    }

    fn message(&self) -> String {
        match self {
            Self::Store(error) => error_text(error),
            Self::Vault(error) => error_text(error),
            error => error_text(error),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => store_hint(error),
            _ => None,
        }
    }
}

impl Coded for SubmitError {
    fn stable_code(&self) -> &'static str {
        self.code()
    }

    /// That something is refused shows from the status; the line begins with what clashes.
    fn message(&self) -> String {
        match self {
            Self::Record(error) => error_text(error),
            Self::Opening(error) => error_text(error),
            Self::Rule(error) => error_text(error),
            Self::Vault(error) => error_text(error),
            error => error_text(error),
        }
    }

    fn ending(&self) -> Ending {
        match self {
            Self::Vault(_) | Self::Fatal(_) => Ending::CouldNot,
            _ => Ending::Rejected,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Conflict { winner: Some(winner), .. } => {
                Some(format!("record {winner} stands there; look at it and try again"))
            }
            Self::Rule(rule) => rule_hint(rule).map(str::to_owned),
            Self::Fatal(_) => Some(
                "try the same again: what is recorded already is not recorded twice".to_owned(),
            ),
            _ => None,
        }
    }
}

/// What to do about a rule that a record breaks, where there is a way that is always the same.
fn rule_hint(rule: &RuleViolation) -> Option<&'static str> {
    Some(match rule {
        RuleViolation::Packed { .. } => {
            "`custody unpack ITEM --from CONTAINER` takes it out; or do this with the container"
        }
        RuleViolation::NotPacked { .. } => "`custody where ITEM` tells what it is in",
        RuleViolation::NotEmpty { .. } => {
            "`custody unpack ITEM --from CONTAINER` takes out what is in it, first"
        }
        RuleViolation::Outside { .. } => {
            "`custody take-back ITEM` records that you have it back, first"
        }
        RuleViolation::NotOutside { .. } | RuleViolation::NotCheckedOut { .. } => {
            "`custody where ITEM` tells where it is"
        }
        RuleViolation::NotStored { .. } => {
            "`custody store ITEM --place TEXT` puts it into storage; without that, hand it over with \
             `custody offer`"
        }
        RuleViolation::CheckedOut { .. } => {
            "`custody check-in ITEM --to CUSTODIAN` brings it back, first"
        }
        RuleViolation::Quantity { .. } => {
            "`custody where ITEM --json` tells how much it is; leave out `--rest` to have it reckoned"
        }
        RuleViolation::OtherAgency { .. } => "somebody of that agency does this",
        RuleViolation::OnHold { .. } => {
            "`custody hold list` shows the holds; the agency that set one ends it with \
             `custody hold release`"
        }
        RuleViolation::NoOpenHold { .. } => "`custody hold list` shows the holds that are open",
        RuleViolation::NoOpenDispute { .. } => {
            "`custody dispute list` shows the disputes that are open"
        }
        RuleViolation::Onward { .. } => {
            "`custody permit --use transfer --to AGENCY`, by a custodian of the agency it came from"
        }
        RuleViolation::RequestStep { .. } => {
            "`custody request show REQUEST` shows how far it has come"
        }
        RuleViolation::OwnSupervisor { .. } => "somebody else answers for it",
        RuleViolation::LedgerClosed { .. } => "record it in the ledger that goes on",
        RuleViolation::Quorum { .. } => {
            "`--approve AGENCY` names another founding agency that signs"
        }
        RuleViolation::QuorumRange { .. } => {
            "`--quorum` is at most the number of founding agencies"
        }
        _ => return None,
    })
}

fn recovery_hint(cause: &RecoveryError) -> &'static str {
    match cause {
        RecoveryError::NotFounded => "remove `store`, keep `keys`, and `custody init --open` again",
        RecoveryError::MarkAhead { .. } => {
            "the store is older than what was acknowledged, a restored backup perhaps: keep it and \
             the mark as they are, and find the newer store; `custody restore --tiles` brings back \
             what was published"
        }
        _ => "keep both as they are: they are evidence; `custody check` tells more",
    }
}

fn store_hint(error: &StoreError) -> Option<String> {
    match error {
        StoreError::Missing { path } => {
            Some(hint_of_missing(path.parent().unwrap_or(path)).to_owned())
        }
        StoreError::Open { .. } => hint_of_unopened(error).map(str::to_owned),
        StoreError::InUse { .. } => Some("wait for the other process, or end it".to_owned()),
        StoreError::Damaged { .. } | StoreError::Corrupt { .. } => {
            Some("nothing was repaired; `custody check` finds out what is damaged".to_owned())
        }
        _ => None,
    }
}

impl Coded for LabelIdError {
    fn stable_code(&self) -> &'static str {
        self.code()
    }

    fn ending(&self) -> Ending {
        Ending::Rejected
    }

    fn hint(&self) -> Option<String> {
        Some("read the label again, or scan it: its code has the whole id".to_owned())
    }
}

impl Coded for EwfError {
    fn stable_code(&self) -> &'static str {
        self.code()
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Segment { .. } => {
                Some("`--segment FILE` names the second, the third and so on".to_owned())
            }
            Self::Io { .. } | Self::NotAnImage { .. } => None,
            _ => Some(
                "`custody collect --file FILE` takes the file as it lies on the disk".to_owned(),
            ),
        }
    }
}

impl Coded for FileError {
    fn stable_code(&self) -> &'static str {
        self.code()
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Exists { .. } => Some("choose another name; no file is overwritten".to_owned()),
            _ => None,
        }
    }
}

impl Coded for PassphraseError {
    fn stable_code(&self) -> &'static str {
        self.code()
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoTerminal { .. } => {
                Some("`--passphrase-file FILE` takes it from the first line of a file".to_owned())
            }
            _ => None,
        }
    }
}

impl Coded for KeyFileError {
    fn stable_code(&self) -> &'static str {
        self.code()
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::NotAKey { .. } => Some(
                "private keys end in `.key`, public ones in `.pub`; `custody key new --out FILE` makes both"
                    .to_owned(),
            ),
            Self::OtherHalf { path, actual, .. } => Some(hint_of_other_half(path, actual)),
            Self::Passphrase { .. } => Some(
                "`--passphrase-file FILE`, or CUSTODY_PASSPHRASE_FILE, names the passphrase of people's keys; without \
                 either you are asked for each"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// Both files are made together, with one name and two endings.
fn hint_of_other_half(path: &Path, actual: &str) -> String {
    let (half, ending) =
        if actual == A_PUBLIC_KEY { ("private", "key") } else { ("public", "pub") };
    let other = path.with_extension(ending);
    match other.exists() {
        true => format!("the {half} one is `{}`", other.display()),
        false => format!("the {half} one is in a file of its own, which ends in `.{ending}`"),
    }
}
