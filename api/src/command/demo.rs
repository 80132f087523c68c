use std::path::PathBuf;

use serde_json::{Value, json};

use crate::demo::{Demo, Judged, make};
use crate::failure::{Ending, Failure};
use crate::terminal::{Answer, talk};

pub const HELP: &str = "\
usage: custody demo --out DIR [--evidence PATH]...

Make a ledger to try things on: a laptop is taken in one country, a courier refuses it once, a
laboratory in another country images it, a copy of the image goes back. A delivery is late, an offer and
a request wait. Three exhibits are made of it and verified: a full one, a redacted one, and one that
somebody has changed. Exit status 0 only if they are verified, verified and rejected.

  --out DIR                   where it goes; absent or empty
  --evidence PATH             a file to use, a disk image say; may be repeated; else one is made

example:
  $ custody demo --out training
";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[arg(long, value_name = "PATH")]
    evidence: Vec<PathBuf>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let demo = make(&args.out, &args.evidence, &talk)?;
    let is_right = demo.exhibits.iter().all(|judged| judged.verdict == judged.expected);
    let ending = if is_right { Ending::Done } else { Ending::Rejected };
    Ok(Answer::done(lines(&demo), to_json(&demo)).ending(ending))
}

fn lines(demo: &Demo) -> Vec<String> {
    let ledger = demo.out.join("ledger");
    let mut lines =
        vec![format!("{} entries in `{}`, about {}", demo.size, ledger.display(), demo.item)];
    for judged in &demo.exhibits {
        lines.push(format!("{:<17} {}", judged.file, judged.verdict));
        // Where it went otherwise than it should, the reader wants to know why.
        if judged.verdict != judged.expected {
            lines.push(format!("  expected {}", judged.expected));
            lines.extend(judged.lines.iter().map(|line| format!("  {line}")));
        }
    }
    let out = demo.out.display();
    lines.extend([
        String::new(),
        "try:".to_owned(),
        format!("  custody show {} --ledger {out}/ledger", demo.item),
        format!(
            "  custody-verify exhibit {out}/demo.exhibit --policy {out}/policy.txt \
             --agencies {out}/agencies.txt"
        ),
        format!(
            "  custody serve --ledger {out}/ledger --config {out}/serve.toml --passphrase-file \
             {out}/keys/passphrase.txt"
        ),
    ]);
    lines
}

fn to_json(demo: &Demo) -> Value {
    let exhibit = |judged: &Judged| {
        json!({
            "file": judged.file,
            "verdict": judged.verdict.word(),
            "expected": judged.expected.word(),
        })
    };
    json!({
        "out": demo.out.display().to_string(),
        "size": demo.size,
        "item": demo.item,
        "exhibits": demo.exhibits.iter().map(exhibit).collect::<Vec<_>>(),
    })
}
