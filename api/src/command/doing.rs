//! What commands share in which somebody does something with items.

use custody_core::id::Uuid;
use serde_json::Value;

use super::observed::ObservedOption;
use super::option::{Signing, sealed_text};
use super::party;
use crate::act::{Act, Proposal};
use crate::failure::Failure;
use crate::session::{Done, Session};
use crate::terminal::Answer;

/// The options of [`Doing`], help lines.
macro_rules! doing_help {
    () => {
        concat!(
            "  --remark TEXT               (sealed)
  --witness CUSTODIAN         who was there and signs too; may be repeated

",
            $crate::command::option::signing_help!()
        )
    };
}

/// The options of [`Handing`], help lines.
macro_rules! handing_help {
    () => {
        concat!(
            "  --remark TEXT               (sealed)
  --witness CUSTODIAN         who was there and signs last; may be repeated
where the receiver is here and signs with --with-key, instead of --out:
",
            $crate::command::observed::observed_help!(),
            "\n",
            $crate::command::option::signing_help!()
        )
    };
}

pub(super) use {doing_help, handing_help};

/// What somebody says besides what they do.
#[derive(Debug, clap::Args)]
pub struct Doing {
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_parser = sealed_text)]
    remark: Option<String>,
    #[arg(long)]
    witness: Vec<String>,
}

impl Doing {
    /// Opens the ledger and the keys.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn session(&self) -> Result<Session, Failure> {
        self.signing.session()
    }

    /// Whether anybody witnesses it.
    pub fn has_witness(&self) -> bool {
        !self.witness.is_empty()
    }

    /// Whether the record goes into a file.
    pub fn is_offered(&self) -> bool {
        self.signing.out.is_some()
    }

    /// Signs `act` and records it, or writes it to a file.
    ///
    /// # Errors
    /// As [`Session::finish`].
    pub fn finish(&self, session: &Session, act: Act) -> Result<Done, Failure> {
        session.finish(self.complete(session, act)?)
    }

    /// As [`Doing::finish`]; the answer begins with `verb` where it happened.
    ///
    /// # Errors
    /// As there.
    pub fn answer(
        &self,
        session: &Session,
        act: Act,
        verb: &str,
        facts: Value,
    ) -> Result<Answer, Failure> {
        let done = self.finish(session, act)?;
        done.answer(done.verb(verb), facts, Some(session.desk()))
    }

    fn complete(&self, session: &Session, act: Act) -> Result<Act, Failure> {
        let witnesses: Vec<Uuid> = party::custodians(session.desk(), &self.witness)?;
        Ok(act.sealing_text("remark", self.remark.as_deref()).witnessed_by(&witnesses))
    }
}

/// What is said where both sides sign one record.
#[derive(Debug, clap::Args)]
pub struct Handing {
    #[command(flatten)]
    doing: Doing,
    #[command(flatten)]
    observed: ObservedOption,
}

impl Handing {
    /// Opens the ledger and the keys.
    ///
    /// # Errors
    /// As [`Session::open`], or somebody says what the receiver found who is not here.
    pub fn session(&self) -> Result<Session, Failure> {
        if !self.observed.is_empty() && self.doing.signing.with_key.is_empty() {
            let message = "--checked and --outcome are the receiver's to say";
            return Err(
                Failure::could_not("usage", message).hint("they stand with `custody accept`")
            );
        }
        self.doing.session()
    }

    /// Whether anybody witnesses it.
    pub fn has_witness(&self) -> bool {
        self.doing.has_witness()
    }

    /// Whether the record goes into a file.
    pub fn is_offered(&self) -> bool {
        self.doing.is_offered()
    }

    /// Signs `act` with the keys at hand, and records it or writes the offer.
    ///
    /// # Errors
    /// As [`Session::finish_observed`].
    pub fn finish(&self, session: &Session, act: Act) -> Result<Done, Failure> {
        let act = self.doing.complete(session, act)?;
        let desk = Some(session.desk());
        session
            .finish_observed(act, |proposal: &Proposal| self.observed.of(proposal.payload(), desk))
    }

    /// As [`Handing::finish`]; the answer begins with `verb` where it happened.
    ///
    /// # Errors
    /// As there.
    pub fn answer(
        &self,
        session: &Session,
        act: Act,
        verb: &str,
        facts: Value,
    ) -> Result<Answer, Failure> {
        let done = self.finish(session, act)?;
        done.answer(done.verb(verb), facts, Some(session.desk()))
    }
}
