use std::path::{Path, PathBuf};

use custody_core::record::{Link, Record, RecordError};
use serde_json::json;

use super::observed::{ObservedOption, observed_help};
use super::option::{LedgerOption, PassphraseOptions};
use crate::act::Proposal;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::file;
use crate::offer_file::{MAX_OFFER_FILE, OfferFile};
use crate::pen::{Pen, sign_in_turn};
use crate::session::{record, write_offer};
use crate::summary::{describe_signer, summarise};
use crate::terminal::{Answer, is_about, talk};

pub const HELP: &str = concat!(
    "\
usage: custody accept OFFER --key FILE [--checked CHECKS] [--outcome ITEM=FINDING]... [options]

Countersign what somebody offers: a handoff you receive, a correction you supervise, a disposal you
witness, your own enrolment. What is signed is shown first. When nobody's signature is missing, it is
recorded; with --out it is written to a file instead, for the next signer or to be submitted elsewhere.
Without --ledger only --out is possible, and whether the ledger agrees is not checked.

receivers only:
",
    observed_help!(),
    "
signing:
  --ledger DIR                the ledger (or CUSTODY_LEDGER)
  --key FILE                  your key (or CUSTODY_KEY)
  --with-key FILE             the key of another signer who is here too; may be repeated
  --out FILE                  write the countersigned offer; record nothing
  --passphrase-file FILE      passphrase of the keys (or CUSTODY_PASSPHRASE_FILE); else you are asked
  --log-passphrase-file FILE  passphrase of the log's keys, if another (or CUSTODY_LOG_PASSPHRASE_FILE)

example:
  $ custody accept handoff.offer --checked seal,count --key ben.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_name = "OFFER")]
    offer: PathBuf,
    #[command(flatten)]
    ledger: LedgerOption,
    #[command(flatten)]
    passphrase: PassphraseOptions,
    #[command(flatten)]
    observed: ObservedOption,
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    with_key: Vec<PathBuf>,
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let offer = read_offer(&args.offer)?;
    if let Some(path) = &args.out {
        file::check_absent(path)?;
    }
    let desk = open_desk(args)?;
    match &desk {
        Some(desk) => {
            check_offer(&offer, desk)?;
            match (check_place(&offer, desk), &args.out) {
                (Err(failure), None) => return Err(failure),
                // It may have happened all the same: `late-entry` then keeps it.
                (Err(failure), Some(_)) => talk(&format!("note: {}", failure.message())),
                (Ok(()), _) => {}
            }
        }
        None => talk("note: no ledger is named, so keys and chains are not checked"),
    }
    let mut proposal = Proposal::resume(&offer);
    if proposal.next_signer().is_none() {
        let message = format!("`{}` is signed by all", args.offer.display());
        return Err(Failure::could_not("offer/complete", message)
            .hint(format!("`custody submit {}` records it", args.offer.display())));
    }
    let next = describe_signer(proposal.payload(), proposal.signed(), desk.as_ref());
    summarise(&proposal, desk.as_ref())?.iter().for_each(|line| talk(line));
    let observed = args.observed.of(proposal.payload(), desk.as_ref())?;
    let pens = open_pens(args)?;
    if sign_in_turn(&mut proposal, &pens, desk.as_ref(), &observed)? == 0 {
        let paths: Vec<_> = pens.iter().map(|pen| format!("`{}`", pen.path().display())).collect();
        let message = format!("{} is not the key that signs next: {next}", paths.join(", "));
        return Err(Failure::rejected("custody/key-not-enrolled", message));
    }
    let done = match (&args.out, &desk) {
        (Some(path), _) => write_offer(&proposal, path, file::create)?,
        (None, Some(desk)) => record(desk, &proposal)?,
        (None, None) => return Err(no_destination()),
    };
    let facts = json!({ "type": proposal.payload().body.record_type().word() });
    done.answer(vec!["signed".to_owned()], facts, desk.as_ref())
}

fn open_desk(args: &Args) -> Result<Option<Desk>, Failure> {
    match (args.ledger.get(), &args.out) {
        (None, None) => Err(no_destination()),
        (None, Some(_)) => Ok(None),
        (Some(path), Some(_)) => Desk::read(&path).map(Some),
        (Some(path), None) => Desk::write(&path, &args.passphrase.of_log()).map(Some),
    }
}

fn no_destination() -> Failure {
    Failure::could_not("usage", "`--ledger` is missing")
        .hint("`--ledger DIR` records it; `--out FILE` only signs")
}

fn open_pens(args: &Args) -> Result<Vec<Pen>, Failure> {
    let key = super::option::key_path(args.key.as_ref())?;
    let source = args.passphrase.of_people();
    [vec![key], args.with_key.clone()]
        .concat()
        .iter()
        .map(|path| Pen::open(path, &source))
        .collect()
}

/// Reads an offer file.
///
/// # Errors
/// It is none.
pub fn read_offer(path: &Path) -> Result<OfferFile, Failure> {
    let bytes = file::read(path, MAX_OFFER_FILE)?;
    let offer = OfferFile::parse(&bytes)
        .map_err(|error| Failure::from(error).about(format!("`{}`", path.display())))?;
    is_about(&offer.offer().message().header().origin);
    Ok(offer)
}

/// Reads an offer file that everybody has signed.
///
/// # Errors
/// It is none, or somebody has not.
pub fn read_complete(path: &Path) -> Result<OfferFile, Failure> {
    let file = read_offer(path)?;
    let offer = file.offer();
    if offer.next_signer().is_none() {
        return Ok(file);
    }
    let who = describe_signer(offer.payload(), offer.message().signatures().len(), None);
    let message = format!("`{}` is not signed by {who}", path.display());
    Err(Failure::could_not("record/signature-count", message)
        .hint(format!("`custody accept {}` signs it", path.display())))
}

/// Checks an offer against the ledger: made for it, and signed by keys it knows.
///
/// # Errors
/// The first that is not so.
pub fn check_offer(offer: &OfferFile, desk: &Desk) -> Result<(), Failure> {
    let offered = offer.offer();
    offered.verify_ledger(desk.reader().origin(), &desk.reader().genesis())?;
    let enrolled = offered.payload().body.enrolled_keys();
    for (position, line) in offered.message().signatures().iter().enumerate() {
        let kid = line.header.kid;
        let own = enrolled.iter().find(|key| key.kid() == kid).map(|key| (*key).clone());
        let known = match own {
            Some(key) => Some(key),
            None => desk.enrolled_key(kid)?.map(|(_, state)| state.key),
        };
        let key = known.ok_or(RecordError::UnknownKey { kid })?;
        offered.message().verify_signature(position, &key)?;
    }
    Ok(())
}

/// Checks that an offer can still take its place.
///
/// # Errors
/// A chain has gone on since, or the offer is recorded already.
pub fn check_place(offer: &OfferFile, desk: &Desk) -> Result<(), Failure> {
    for link in &offer.offer().payload().subjects {
        let known = desk.reader().subject(&link.subject)?.map(|subject| subject.chain);
        let length = known.as_ref().map_or(0, |chain| chain.length);
        let head = known.map(|chain| chain.digest);
        if (link.seq, link.prev) != (length, head) {
            return Err(moved_on(offer, desk, link, length));
        }
    }
    Ok(())
}

/// The offer has lost its place, or has become the record that took it.
fn moved_on(offer: &OfferFile, desk: &Desk, link: &Link, length: u64) -> Failure {
    let is_recorded = Record::parse(offer.offer().message().as_bytes())
        .ok()
        .and_then(|record| desk.reader().by_digest(&record.digest()).ok().flatten());
    if let Some(index) = is_recorded {
        let message = format!("the offer is recorded already, as entry {}", index.0);
        return Failure::could_not("offer/recorded", message);
    }
    let (subject, seq) = (&link.subject, link.seq);
    let message = format!("{subject} has {length} records by now, the offer was made after {seq}");
    Failure::rejected("custody/conflict", message)
        .hint("if it happened all the same, sign with --out and keep it with `custody late-entry`")
}
