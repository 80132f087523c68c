use std::path::PathBuf;

use custody_core::id::SubjectId;
use custody_core::record::body::Enrolment;
use serde_json::json;

use crate::act::random_id;
use crate::agency_card::{format_card, parse_card};
use crate::command::option::plain_text;
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::key_file::read_public;
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody agency card --name NAME --country XX --authority FILE --recovery FILE --out CARD

Put an agency's name and public keys on a card, for founding a ledger or for being admitted to one.
The authority key enrols the agency's people. The recovery key is kept offline and replaces it when it
is lost or stolen.

  --name NAME                 the agency's name, as the public knows it
  --country XX                its country, ISO 3166-1 alpha-2
  --authority FILE            its authority key, the public half
  --recovery FILE             its recovery key, the public half
  --out CARD                  where the card goes

example:
  $ custody agency card --name 'Example Police' --country NL --authority authority.pub \\
      --recovery recovery.pub --out police.card
";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_parser = parse_name)]
    name: String,
    #[arg(long, value_name = "XX", value_parser = parse_country)]
    country: String,
    #[arg(long, value_name = "FILE")]
    authority: PathBuf,
    #[arg(long, value_name = "FILE")]
    recovery: PathBuf,
    #[arg(long, value_name = "CARD")]
    out: PathBuf,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let (key, recovery) = (read_public(&args.authority)?, read_public(&args.recovery)?);
    if key.kid() == recovery.kid() {
        return Err(Failure::could_not(
            "usage",
            "the authority key and the recovery key are the same",
        ));
    }
    let (name, country) = (args.name.clone(), args.country.clone());
    let agency = Enrolment { id: random_id()?, key, name, country, recovery };
    let card = format_card(&agency);
    // Reading it back finds a name or country that a card cannot hold.
    parse_card(&card)?;
    file::create(&args.out, card.as_bytes(), Access::Shared)?;
    let id = SubjectId::Agency(agency.id);
    let facts = json!({ "agency": id.to_string(), "card": args.out.display().to_string() });
    Ok(Answer::done(vec![id.to_string(), format!("card `{}`", args.out.display())], facts))
}

/// A name on one line.
pub fn parse_name(text: &str) -> Result<String, String> {
    match text.contains('\n') {
        true => Err("a name stands on one line".to_owned()),
        false => plain_text(text, 200),
    }
}

/// A country by its two letters.
pub fn parse_country(text: &str) -> Result<String, String> {
    match text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        true => Ok(text.to_owned()),
        false => Err("expected two capital letters, as in ISO 3166-1".to_owned()),
    }
}
