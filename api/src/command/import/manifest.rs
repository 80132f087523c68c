use std::path::PathBuf;

use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{Handoff, MovePurpose, Release};
use serde_json::{Value, json};

use super::{counted, read_facts, read_line, read_table, unless_refused};
use crate::act::{Act, Parties, Proposal};
use crate::command::option::{Signing, sealed_text, signing_help};
use crate::command::party;
use crate::command::under::{Under, under_help};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::moment::Moment;
use crate::people::People;
use crate::rehearsal::Rehearsal;
use crate::session::{Session, merge};
use crate::summary::describe_signer;
use crate::table::{Fault, Faults, MANIFEST, Named, Register, name_items};
use crate::terminal::Answer;

pub const HELP: &str = concat!(
    "\
usage: custody import manifest FILE.csv --to CUSTODIAN --purpose PURPOSE [--release] [--dry-run] [options]

Hand over up to 500 items together: one record, one pair of signatures. Hand to hand the receiver signs
too, here (--with-key) or elsewhere (--out, then `custody accept`). With --release they go on the way.

  --to CUSTODIAN              the receiver or addressee
  --purpose PURPOSE           examination, transport, storage, court, transfer or return
  --release                   send them on the way
  --expected TIME             by when they should be there; with --release
",
    under_help!(),
    "  --remark TEXT               carrier, way bill, place and the like (sealed)
  --witness CUSTODIAN         who was there and signs too; may be repeated
  --dry-run                   check everything, say what would be recorded, record nothing

columns, in any order; only item must be there:
  item                        its id, at least 4 of its first digits, or its reference, if no other has it
  reference, description      for people; where filled in, they must be what the ledger has

Run again after it is recorded, it is refused: you no longer hold the items.

",
    signing_help!(),
    "
example:
  $ custody import manifest van.csv --to custodian:77ab --purpose examination --release --key anna.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    #[command(flatten)]
    signing: Signing,
    #[arg(long)]
    to: String,
    #[arg(long)]
    purpose: MovePurpose,
    #[arg(long)]
    release: bool,
    #[arg(long, value_name = "TIME", requires = "release")]
    expected: Option<Moment>,
    #[command(flatten)]
    under: Under,
    #[arg(long, value_parser = sealed_text)]
    remark: Option<String>,
    #[arg(long)]
    witness: Vec<String>,
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let (_, sheet) = read_table(&args.file, &MANIFEST)?;
    let session = args.signing.session_or_rehearsal(args.dry_run)?;
    let desk = session.desk();
    let from = session.custodian()?;
    let to = party::somebody_else(desk, from, "--to", &args.to)?;
    let parties = Parties { from, to };
    let mut faults = sheet.faults.clone();
    let named = name_items(desk, &mut Register::of(desk)?, &sheet.rows, &mut faults)?;
    let terms = (parties, &args.terms(desk)?);
    judge_rows(&session, &named, terms, &mut faults)?;
    let items: Vec<_> = named.iter().map(|named| named.item).collect();
    let items = unless_refused(&args.file, faults, items)?;
    let proposal = propose(args, &session, &items, terms)?;
    if proposal.next_signer().is_none() {
        Rehearsal::of(desk).judge(&proposal)?;
    }
    let name = People::of(desk).custodian(to)?.to_string();
    let facts = json!({
        "items": party::items_json(&items),
        "to": SubjectId::Custodian(to).to_string(),
    });
    let facts = merge(read_facts(&sheet, args.dry_run), facts);
    let (count, lines) = (counted(items.len(), "item"), vec![read_line(&args.file, &sheet)]);
    if args.dry_run {
        let missing = proposal.next_signer().map(|_| {
            let who = describe_signer(proposal.payload(), proposal.signed(), Some(desk));
            format!("the signature of {who} is still needed: `--with-key` or `--out`")
        });
        let answer = rehearsed(args, lines, facts, &format!("{count} to {name}"));
        return Ok(Answer { lines: answer.lines.into_iter().chain(missing).collect(), ..answer });
    }
    let done = session.settle(&proposal)?;
    let verb = if args.release { "released" } else { "handed over" };
    let lines = [lines, done.verb(&format!("{verb} {count} to {name}"))].concat();
    done.answer(lines, facts, Some(desk))
}

impl Args {
    /// On what terms the items move: those of a release, of which a handoff has some.
    fn terms(&self, desk: &Desk) -> Result<Release, Failure> {
        Ok(Release {
            request: self.under.request(desk)?,
            onward: self.under.permission(desk)?,
            expected_s: self.expected.map(|moment| moment.utc_s),
            ..Release::for_purpose(self.purpose)
        })
    }
}

fn rehearsed(args: &Args, mut lines: Vec<String>, facts: Value, what: &str) -> Answer {
    let verb = if args.release { "release" } else { "hand over" };
    lines.push(format!("would {verb} {what}; nothing was recorded"));
    Answer::done(lines, facts)
}

fn propose(
    args: &Args,
    session: &Session,
    items: &[Uuid],
    (parties, body): (Parties, &Release),
) -> Result<Proposal, Failure> {
    let body = body.clone();
    let act = match args.release {
        true => Act::send(items, parties, body),
        false => {
            let Release { purpose, request, onward, .. } = body;
            Act::hand_over(items, parties, Handoff { purpose, request, onward })
        }
    };
    let act = act
        .sealing_text("remark", args.remark.as_deref())
        .witnessed_by(&party::custodians(session.desk(), &args.witness)?);
    session.sign(act, None, |_| Ok(Default::default()))
}

/// Judges each item on its own, so that every row is told what is wrong with it: as if it were released to the same
/// person, which asks no more and no less of it than a handoff and needs only the releasing side's signature.
fn judge_rows(
    session: &Session,
    named: &[Named],
    (parties, body): (Parties, &Release),
    faults: &mut Faults,
) -> Result<(), Failure> {
    let mut rehearsal = Rehearsal::of(session.desk());
    for Named { line, item } in named {
        let act = Act::send(&[*item], parties, body.clone());
        let proposal = session.sign(act, None, |_| Ok(Default::default()))?;
        if let Err(failure) = rehearsal.judge(&proposal) {
            faults.push(Fault::said(*line, Some("item"), &failure));
        }
    }
    Ok(())
}
