use std::path::{Path, PathBuf};

use custody_core::id::SubjectId;
use custody_core::pins::{MAX_PINS, Pins};
use custody_core::record::body::Body;
use custody_core::record::{Link, Record, RecordError};
use serde_json::json;

use super::observed::{ObservedOption, observed_help};
use super::offer_source::{OfferSource, waiting_offer};
use super::option::{LedgerOption, PassphraseOptions};
use crate::act::Proposal;
use crate::desk::{Desk, Place};
use crate::failure::Failure;
use crate::file;
use crate::offer_file::OfferFile;
use crate::pen::{Pen, sign_in_turn};
use crate::print::PrintFile;
use crate::rehearsal::{is_hidden, rehearsed};
use crate::session::{record, write_with_codes};
use crate::summary::{describe_signer, foresee, summarise};
use crate::terminal::{Answer, talk};

pub const HELP: &str = concat!(
    "\
usage: custody accept OFFER|--scanned FILE --key FILE [--checked CHECKS] [--outcome ITEM=FINDING]...
       [options]

Countersign what somebody offers: a handoff you receive, a correction you supervise, a disposal you
witness, your own enrolment. OFFER is a file, or the digest of an offer that waits at the server: `custody
inbox` lists them. What is signed is shown first. When nobody's signature is missing, it is recorded; else
it waits at the server for who signs next. With --out it is written to a file instead.
Without --ledger only --out is possible, and whether the ledger agrees is not checked: give --agencies
to know at least that the offer is of your ledger, and compare the keys that are shown.

  --scanned FILE              the text of the offer's QR codes instead of OFFER: a part on each line, in
                              any order
  --dry-run                   check everything, say what would be signed; write and record nothing
  --agencies FILE             your pins: the ledger's genesis and the agencies' keys

receivers only:
",
    observed_help!(),
    "
signing:
  --ledger DIR                the ledger (or CUSTODY_LEDGER)
  --server URL                the ledger at a server (or CUSTODY_SERVER), where offers wait for who signs next
  --key FILE                  your key (or CUSTODY_KEY)
  --with-key FILE             the key of another signer who is here too; may be repeated
  --out FILE                  write the countersigned offer; record nothing
  --qr FILE                   the same offer as QR codes to be scanned, .pdf or .svg; beside --out
  --passphrase-file FILE      passphrase of the keys (or CUSTODY_PASSPHRASE_FILE); else you are asked
  --log-passphrase-file FILE  passphrase of the log's keys, if another (or CUSTODY_LOG_PASSPHRASE_FILE)

example:
  $ custody accept handoff.offer --checked seal,count --key ben.key
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: OfferSource,
    #[arg(long, value_name = "FILE")]
    agencies: Option<PathBuf>,
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
    #[arg(long, value_name = "FILE", requires = "out")]
    qr: Option<PrintFile>,
    #[arg(long, conflicts_with = "out")]
    dry_run: bool,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    let files = args.out.iter().chain(args.qr.as_ref().map(|qr| &qr.path));
    files.into_iter().try_for_each(|path| file::check_absent(path))?;
    let (offer, desk) = fetch(args)?;
    match &desk {
        Some(desk) => check_against(&offer, desk, args.out.is_some())?,
        None => unchecked(&offer, args.agencies.is_some()).iter().for_each(|line| talk(line)),
    }
    let mut proposal = Proposal::resume(&offer);
    if proposal.next_signer().is_none() {
        return Err(args.source.complete());
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
    let facts = json!({ "type": proposal.payload().body.record_type().word() });
    if let (true, Some(desk)) = (args.dry_run, &desk) {
        return rehearsed(desk, &proposal, facts);
    }
    let done = match (&args.out, &desk) {
        (Some(path), _) => write_with_codes(&proposal, path, args.qr.as_ref())?,
        (None, Some(desk)) => record(desk, &proposal)?,
        (None, None) => return Err(no_destination()),
    };
    done.answer(vec!["signed".to_owned()], facts, desk.as_ref())
}

/// The offer, and the ledger where one is named. A file is looked at before anybody is asked for a passphrase.
fn fetch(args: &Args) -> Result<(OfferFile, Option<Desk<'static>>), Failure> {
    let check = |offer: &OfferFile| match &args.agencies {
        Some(pins) => check_pins(offer, &read_pins(pins)?),
        None => Ok(()),
    };
    if let Some(digest) = args.source.digest() {
        let desk = open_desk(args)?;
        let offer = waiting_offer(desk.as_ref().ok_or_else(no_destination)?, &digest)?;
        check(&offer)?;
        return Ok((offer, desk));
    }
    let offer = args.source.read()?;
    check(&offer)?;
    Ok((offer, open_desk(args)?))
}

/// What the ledger knows better: keys that signed, and whether the offer can still take its place.
fn check_against(offer: &OfferFile, desk: &Desk, only_signs: bool) -> Result<(), Failure> {
    check_offer(offer, desk)?;
    match check_place(offer, desk) {
        // It may have happened all the same: `late-entry` then keeps it.
        Err(failure) if only_signs => talk(&format!("note: {}", failure.message())),
        place => place?,
    }
    Ok(())
}

/// What a signer without the ledger has to compare: the ledger that the offer names, and the keys of those
/// who have signed. A thumbprint can be read over the phone.
fn unchecked(offer: &OfferFile, has_pins: bool) -> Vec<String> {
    let message = offer.offer().message();
    let header = message.header();
    let mut lines = vec!["note: no ledger is named, so keys and chains are not checked".to_owned()];
    lines.push(format!("ledger: {}", header.origin));
    lines.push(match (header.genesis, has_pins) {
        (Some(genesis), true) => format!("genesis: {genesis}, as you pinned it"),
        (Some(genesis), false) => format!("genesis: {genesis}, not compared with pins"),
        (None, _) => "genesis: none yet, this founds a ledger".to_owned(),
    });
    for (signer, line) in offer.offer().payload().signers.iter().zip(message.signatures()) {
        lines.push(format!("signed by {} with key {}, not checked", signer.id, line.header.kid));
    }
    lines
}

/// An offer of the ledger that was pinned, on which no agency has signed with a key that was not.
fn check_pins(offer: &OfferFile, pins: &Pins) -> Result<(), Failure> {
    let offered = offer.offer();
    let header = offered.message().header();
    let hint = "it is of another ledger, or your pins are: compare the trust sheet";
    offered
        .verify_ledger(&header.origin, &pins.genesis)
        .map_err(|error| Failure::from(error).hint(hint))?;
    // The keys of an agency are ended and replaced with its recovery key too, which nobody pins.
    let is_about_keys = matches!(
        offered.payload().body,
        Body::KeyRotate(_) | Body::KeyRevoke(_) | Body::KeyCompromised(_)
    );
    let signed = offered.payload().signers.iter().zip(offered.message().signatures());
    for (signer, line) in signed.filter(|_| !is_about_keys) {
        let SubjectId::Agency(agency) = signer.id else { continue };
        let kid = line.header.kid;
        let mut known = pins.agencies.iter().filter(|(id, _)| *id == agency).peekable();
        if known.peek().is_some() && !known.any(|(_, pinned)| *pinned == kid) {
            let message = format!("{} signed with key {kid}, which you did not pin", signer.id);
            return Err(Failure::rejected("record/unknown-key", message).hint(hint));
        }
    }
    Ok(())
}

fn read_pins(path: &Path) -> Result<Pins, Failure> {
    let bytes = file::read(path, MAX_PINS as u64)?;
    Pins::parse(&bytes).map_err(|error| Failure::from(error).about(format!("`{}`", path.display())))
}

fn open_desk(args: &Args) -> Result<Option<Desk<'static>>, Failure> {
    match (args.ledger.get(), &args.out) {
        (None, None) => Err(no_destination()),
        (None, Some(_)) => Ok(None),
        (Some(Place::Here(path)), _) if args.dry_run => Desk::read(&path).map(Some),
        (Some(Place::Here(path)), Some(_)) => Desk::read(&path).map(Some),
        (Some(Place::Here(path)), None) => Desk::write(&path, &args.passphrase.of_log()).map(Some),
        (Some(Place::Server(url)), _) => {
            let key = super::option::key_path(args.key.as_ref())?;
            let pen = Pen::open(&key, &args.passphrase.of_people())?;
            Desk::served(&url, Some(pen)).map(Some)
        }
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

/// Checks an offer against the ledger: made for it, and signed by keys it knows.
///
/// # Errors
/// The first that is not so.
pub fn check_offer(offer: &OfferFile, desk: &Desk) -> Result<(), Failure> {
    let offered = offer.offer();
    offered.verify_ledger(desk.origin(), &desk.genesis())?;
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
    foresee(desk, offer.offer().payload())?;
    let mut hidden = 0;
    for link in &offer.offer().payload().subjects {
        if is_hidden(desk, link)? {
            hidden += 1;
            continue;
        }
        let known = desk.look_up(&link.subject)?.map(|subject| subject.chain);
        let length = known.as_ref().map_or(0, |chain| chain.length);
        let head = known.map(|chain| chain.digest);
        if (link.seq, link.prev) != (length, head) {
            return Err(moved_on(offer, desk, link, length));
        }
    }
    if hidden > 0 {
        let what = match hidden {
            1 => "what it is about is".to_owned(),
            count => format!("{count} of the things that it is about are"),
        };
        talk(&format!(
            "note: {what} not open to you here; the server judges whether it can be recorded"
        ));
    }
    Ok(())
}

/// The offer has lost its place, or has become the record that took it.
fn moved_on(offer: &OfferFile, desk: &Desk, link: &Link, length: u64) -> Failure {
    let is_recorded = Record::parse(offer.offer().message().as_bytes())
        .ok()
        .and_then(|record| desk.by_digest(&record.digest()).ok().flatten());
    if let Some(index) = is_recorded {
        let message = format!("the offer is recorded already, as entry {}", index.0);
        return Failure::could_not("offer/recorded", message);
    }
    let (subject, seq) = (&link.subject, link.seq);
    let message = format!("{subject} has {length} records by now, the offer was made after {seq}");
    Failure::rejected("custody/conflict", message)
        .hint("if it happened all the same, sign with --out and keep it with `custody late-entry`")
}
