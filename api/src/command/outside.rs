//! Items with somebody who holds no key: a court, an owner, a carrier, the public.

pub mod give;
pub mod return_item;
pub mod take_back;

use std::path::PathBuf;

use custody_core::record::body::StandIn;

use super::doing::Doing;
use super::measured;
use crate::act::Act;
use crate::failure::Failure;

/// The options of [`Stand`], help lines.
macro_rules! stand_help {
    () => {
        "  --stand-in STAND-IN         what there is instead of their signature: signed-paper, photograph,
                              court-record or waybill, with --attach; refused or unable, with --witness
  --attach FILE               the document, kept by you; may be repeated
"
    };
}

pub(super) use stand_help;

/// What stands in for a signature.
#[derive(Debug, clap::Args)]
pub struct Stand {
    #[arg(long)]
    stand_in: StandIn,
    #[arg(long)]
    attach: Vec<PathBuf>,
}

impl Stand {
    /// Checks that there is a document, or a witness where there can be none.
    ///
    /// # Errors
    /// There is neither.
    fn check(&self, doing: &Doing) -> Result<(), Failure> {
        let word = self.stand_in;
        let missing = match word.is_document() {
            true if self.attach.is_empty() => ("--attach", "`--attach FILE` names the document"),
            false if !doing.has_witness() => {
                ("--witness", "`--witness CUSTODIAN` names who saw it and signs too")
            }
            _ => return Ok(()),
        };
        let message = format!("`--stand-in {word}` needs `{}`", missing.0);
        Err(Failure::could_not("usage", message).hint(missing.1))
    }

    fn attach_to(&self, act: Act) -> Result<Act, Failure> {
        Ok(act.attaching(measured::documents(&self.attach)?))
    }
}
