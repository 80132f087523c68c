use std::path::PathBuf;

use custody_core::record::body::{Analyse, AnalyseKind};
use serde_json::json;

use super::derive::tool_text;
use super::doing::{Doing, doing_help};
use super::measured;
use super::option::sealed_text;
use super::party;
use crate::act::Act;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody analyse ITEM... --kind KIND [options]

Record that you examined items you hold, with what, and what you found. What an examination used up is
`custody consume`, what it took out is `custody split` or `custody derive`.

  --kind KIND                 digital, chemical, biological, marks, firearms, documents or other
  --tool NAME                 the tool or instrument
  --tool-version V            and in which version
  --result TEXT               what you found (sealed)
  --attach FILE               a report, kept by you; may be repeated
",
    doing_help!(),
    "
example:
  $ custody analyse item:0f3c --kind chemical --tool GC-MS --result 'cocaine, 62 %' --attach report.pdf \\
      --key lab.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    item: Vec<String>,
    #[command(flatten)]
    doing: Doing,
    #[arg(long)]
    kind: AnalyseKind,
    #[arg(long, value_parser = tool_text)]
    tool: Option<String>,
    #[arg(long, value_parser = tool_text)]
    tool_version: Option<String>,
    #[arg(long, value_parser = sealed_text)]
    result: Option<String>,
    #[arg(long)]
    attach: Vec<PathBuf>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let session = args.doing.session()?;
    let items = party::items(session.desk(), &args.item)?;
    let body =
        Analyse { kind: args.kind, tool: args.tool.clone(), version: args.tool_version.clone() };
    let act = Act::alone(body, &items, session.custodian()?)
        .sealing_text("result", args.result.as_deref())
        .attaching(measured::documents(&args.attach)?);
    let facts = json!({ "items": party::items_json(&items), "kind": args.kind.word() });
    args.doing.answer(&session, act, "analysed", facts)
}
