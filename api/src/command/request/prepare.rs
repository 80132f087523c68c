use std::path::PathBuf;

use custody_core::id::SubjectId;
use custody_core::record::body::{LegalBasis, Request, RequestPurpose, RequestStep};
use serde_json::json;

use super::bare;
use crate::act::{Act, random_id};
use crate::command::measured;
use crate::command::option::{Signing, plain_text, sealed_text, signing_help};
use crate::failure::Failure;
use crate::moment::Moment;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody request prepare --to AGENCY --basis BASIS --purpose PURPOSE --instrument TEXT
                               --contact TEXT [options]

Draw up a request to another agency of the ledger. It gets an id; items and handoffs point to it.

  --to AGENCY                 the agency that is asked
  --basis BASIS               treaty, investigation-order, production-order, direct-production,
                              joint-team, letters-rogatory, domestic-law or consent
  --purpose PURPOSE           evidence, data, preservation, search or restitution
  --instrument TEXT           the treaty, order or law
  --contact TEXT              who answers questions about it (sealed)
  --reference TEXT            your number for it (sealed)
  --deadline TIME             by when an answer is due
  --attach FILE               a document of it, kept by you; may be repeated

",
    signing_help!(),
    "
example:
  $ custody request prepare --to agency:5c0a --basis investigation-order --purpose evidence \\
      --instrument 'Directive 2014/41/EU' --contact 'desk 4' --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    to: String,
    #[arg(long)]
    basis: LegalBasis,
    #[arg(long)]
    purpose: RequestPurpose,
    #[arg(long, value_parser = parse_instrument)]
    instrument: String,
    #[arg(long, value_parser = sealed_text)]
    contact: String,
    #[arg(long, value_parser = sealed_text)]
    reference: Option<String>,
    #[arg(long, value_name = "TIME")]
    deadline: Option<Moment>,
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.signing.session()?;
    let request = random_id()?;
    let body = Request {
        to: Some(session.desk().agency(&args.to)?),
        basis: Some(args.basis),
        purpose: Some(args.purpose),
        deadline_s: args.deadline.map(|moment| moment.utc_s),
        instrument: Some(args.instrument.clone()),
        ..bare(RequestStep::Prepared)
    };
    let act = Act::step_of_request(request, session.custodian()?, body)
        .sealing_text("contact", Some(&args.contact))
        .sealing_text("reference", args.reference.as_deref())
        .attaching(measured::documents(&args.attach)?);
    let id = SubjectId::Request(request).to_string();
    let facts = json!({ "request": id, "step": RequestStep::Prepared.word() });
    session.finish(act)?.answer(vec![id], facts, Some(session.desk()))
}

/// Names of treaties, orders and laws have 1 to 200 bytes.
fn parse_instrument(text: &str) -> Result<String, String> {
    plain_text(text, 200)
}
