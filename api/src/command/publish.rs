use std::path::PathBuf;

use custody_log::Progress;
use serde_json::json;

use super::option::{DirectoryOption, directory_help};
use crate::desk;
use crate::failure::Failure;
use crate::terminal::{Answer, count_bar};

pub const HELP: &str = concat!(
    "\
usage: custody publish --out TILES [options]

Publish the ledger as static files that any web server can offer: C2SP tlog-tiles, with the records
beside them. What is there already stays as it is; the checkpoint comes last. Records are as guarded as
you guard the directory `records`.

  --out TILES                 the directory; made where it is absent
",
    directory_help!(),
    "
example:
  $ custody publish --ledger ledger --out tiles
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ledger: DirectoryOption,
    #[arg(long, value_name = "TILES")]
    out: PathBuf,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let reader = desk::reader(&args.ledger.path()?)?;
    let bar = count_bar("publishing", 0);
    let progress = |progress: Progress| {
        bar.set_total(progress.total);
        bar.set(progress.done);
    };
    let summary = reader.publish(&args.out, &progress)?;
    drop(bar);
    let (size, root) = (summary.head.size, summary.head.root);
    let (written, kept, removed) = (summary.written, summary.kept, summary.removed);
    let lines = vec![
        format!("published {size} entries in `{}`", args.out.display()),
        format!("{written} files written, {kept} kept, {removed} removed"),
        format!("root {root}"),
    ];
    let facts = json!({
        "out": args.out.display().to_string(),
        "size": size.0,
        "root": root.to_string(),
        "written": written,
        "kept": kept,
        "removed": removed,
    });
    Ok(Answer::done(lines, facts))
}
