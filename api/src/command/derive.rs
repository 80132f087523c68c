use std::path::PathBuf;

use custody_core::id::SubjectId;
use custody_core::record::body::{Derive, DeriveMethod, DigestScope};
use serde_json::json;

use super::measured::{self, MAX_FILES};
use super::option::{Signing, check_count, plain_text, sealed_text, signing_help};
use super::party;
use crate::act::{Act, random_id};
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody derive ITEM --method METHOD --tool NAME --tool-version V --file FILE [options]

Make a new item out of one you hold: an image, a copy, an extract. You hold both.

  --method METHOD             image, copy, extract or convert
  --tool NAME                 what made it
  --tool-version V            and in which version
  --file FILE                 the new item's data, of which the digest is recorded; may be repeated
  --scope SCOPE               what a digest is over: container, media, logical or manifest; container
  --open-digests              do not seal the digests
  --description TEXT          what it is (sealed)
  --attach FILE               a log or report of the tool, kept by you; may be repeated
  --witness CUSTODIAN         who was there and signs too; may be repeated

",
    signing_help!(),
    "
example:
  $ custody derive item:0f3c --method image --tool ewfacquire --tool-version 20240506 --file disk.E01 \\
      --key lab.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    item: String,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    method: DeriveMethod,
    #[arg(long, value_parser = tool_text)]
    tool: String,
    #[arg(long, value_parser = tool_text)]
    tool_version: String,
    #[arg(long, required = true)]
    file: Vec<PathBuf>,
    #[arg(long, default_value = "container")]
    scope: DigestScope,
    #[arg(long)]
    open_digests: bool,
    #[arg(long, value_parser = sealed_text)]
    description: Option<String>,
    #[arg(long)]
    attach: Vec<PathBuf>,
    #[arg(long)]
    witness: Vec<String>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    check_count("--file", args.file.len(), MAX_FILES)?;
    let session = args.signing.session()?;
    let parent = session.desk().item(&args.item)?;
    let holder = session.custodian()?;
    let files = measured::hash(&args.file)?;
    let mut digests = measured::digests(&files, args.scope);
    let open = if args.open_digests { std::mem::take(&mut digests) } else { Vec::new() };
    let child = random_id()?;
    let body = Derive {
        tool: args.tool.clone(),
        method: args.method,
        parent,
        digests: open,
        version: args.tool_version.clone(),
    };
    let act = Act::derive(child, holder, body, &digests)
        .sealing_text("description", args.description.as_deref())
        .attaching(measured::documents(&args.attach)?)
        .witnessed_by(&party::custodians(session.desk(), &args.witness)?);
    let done = session.finish(act)?;
    let id = SubjectId::Item(child);
    let lines = std::iter::once(id.to_string()).chain(measured::lines(&files)).collect();
    let facts = json!({
        "item": id.to_string(),
        "parent": SubjectId::Item(parent).to_string(),
        "files": measured::to_json(&files),
    });
    done.answer(lines, facts, Some(session.desk()))
}

/// Name or version of a tool.
pub fn tool_text(text: &str) -> Result<String, String> {
    plain_text(text, 100)
}
