use std::path::PathBuf;

use custody_core::id::SubjectId;
use custody_core::record::body::{Collect, DigestScope, ItemKind, Quantity};
use serde_json::json;

use super::amount::parse_quantity;
use super::measured::{self, MAX_FILES};
use super::option::{Signing, check_count, sealed_text, signing_help};
use super::party;
use crate::act::{Act, random_id};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody collect --description TEXT [--file FILE]... [options]

Take an item of evidence into custody. You become its holder.

  --description TEXT          what it is (sealed)
  --place TEXT                where it was taken (sealed)
  --reference TEXT            case or exhibit number (sealed)
  --quantity QUANTITY         how much it is: a number and piece, mg, g, kg, ul, ml, l, mm or m
  --request REQUEST           the request for mutual legal assistance for which you took it
  --kind KIND                 physical or digital; digital where a --file is given
  --file FILE                 its data, of which the digest is recorded; may be repeated
  --scope SCOPE               what a digest is over: container, media, logical or manifest; container
  --open-digests              do not seal the digests
  --attach FILE               a photograph or document, kept by you; may be repeated
  --witness CUSTODIAN         who was there and signs too; may be repeated

",
    signing_help!(),
    "
example:
  $ custody collect --description 'laptop, grey' --place 'flat, kitchen' --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    signing: Signing,
    #[arg(long, value_parser = sealed_text)]
    description: String,
    #[arg(long, value_parser = sealed_text)]
    place: Option<String>,
    #[arg(long, value_parser = sealed_text)]
    reference: Option<String>,
    #[arg(long, value_parser = parse_quantity)]
    quantity: Option<Quantity>,
    #[arg(long)]
    request: Option<String>,
    #[arg(long)]
    kind: Option<ItemKind>,
    #[arg(long)]
    file: Vec<PathBuf>,
    #[arg(long, default_value = "container")]
    scope: DigestScope,
    #[arg(long)]
    open_digests: bool,
    #[arg(long)]
    attach: Vec<PathBuf>,
    #[arg(long)]
    witness: Vec<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let kind = args.kind.unwrap_or(match args.file.is_empty() {
        true => ItemKind::Physical,
        false => ItemKind::Digital,
    });
    if kind == ItemKind::Digital && args.file.is_empty() {
        return Err(Failure::could_not("usage", "a digital item has at least one --file"));
    }
    check_count("--file", args.file.len(), MAX_FILES)?;
    let session = args.signing.session()?;
    let holder = session.custodian()?;
    let files = measured::hash(&args.file)?;
    let digests = measured::digests(&files, args.scope);
    let item = random_id()?;
    let request = args.request.as_ref().map(|text| session.desk().request(text)).transpose()?;
    let (open, sealed) = match args.open_digests {
        true => (digests, Vec::new()),
        false => (Vec::new(), digests),
    };
    let body = Collect { kind, digests: open, request, quantity: args.quantity };
    let act = Act::collect_as(item, holder, body)
        .sealing_digests(&sealed)
        .sealing_text("description", Some(&args.description))
        .sealing_text("place", args.place.as_deref())
        .sealing_text("reference", args.reference.as_deref())
        .attaching(measured::documents(&args.attach)?)
        .witnessed_by(&party::custodians(session.desk(), &args.witness)?);
    let done = session.finish(act)?;
    let id = SubjectId::Item(item);
    let lines = std::iter::once(id.to_string()).chain(measured::lines(&files)).collect();
    let facts = json!({ "item": id.to_string(), "files": measured::to_json(&files) });
    done.answer(lines, facts, Some(session.desk()))
}
