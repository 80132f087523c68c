//! The other steps of founding: everybody's signatures, and the ledger itself.

use std::path::{Path, PathBuf};

use custody_core::cose::Observed;
use custody_core::record::body::Body;
use custody_core::record::{Record, RecordError};
use custody_log::{Ledger, LedgerOptions};
use serde_json::json;

use super::Args;
use crate::act::Proposal;
use crate::command::high_water::place;
use crate::command::offer_source::read_offer;
use crate::command::option::key_path;
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::log_key_files::LogKeyFiles;
use crate::offer_file::OfferFile;
use crate::pen::{Pen, sign_in_turn};
use crate::session::write_offer;
use crate::summary::{describe_signer, summarise};
use crate::terminal::{Answer, talk};

pub fn sign(args: &Args, path: &Path) -> Result<Answer, Failure> {
    let offer = read_founding(path)?;
    let mut proposal = Proposal::resume(&offer);
    if proposal.next_signer().is_none() {
        let message = format!("`{}` is signed by all", path.display());
        return Err(Failure::could_not("offer/complete", message)
            .hint(format!("`custody init --open {}` opens the ledger", path.display())));
    }
    let next = describe_signer(proposal.payload(), proposal.signed(), None);
    summarise(&proposal, None)?.iter().for_each(|line| talk(line));
    let keys = [vec![key_path(args.key.as_ref())?], args.with_key.clone()].concat();
    let people = args.passphrase.of_people();
    let pens = keys.iter().map(|path| Pen::open(path, &people)).collect::<Result<Vec<_>, _>>()?;
    if sign_in_turn(&mut proposal, &pens, None, &Observed::default())? == 0 {
        let message = format!("no key here is the one that signs next: {next}");
        return Err(Failure::rejected("record/signers", message));
    }
    write_offer(&proposal, path, file::replace)?.answer(vec!["signed".to_owned()], json!({}), None)
}

pub fn open(args: &Args, path: &Path) -> Result<Answer, Failure> {
    let offer = read_founding(path)?;
    if offer.offer().next_signer().is_some() {
        let position = offer.offer().message().signatures().len();
        let who = describe_signer(offer.offer().payload(), position, None);
        let message = format!("`{}` is not signed by {who}", path.display());
        return Err(Failure::could_not("record/signature-count", message)
            .hint(format!("`custody init --sign {}` signs it", path.display())));
    }
    let bytes = offer.offer().message().as_bytes().to_vec();
    let record = Record::parse(&bytes)?;
    let directory = args.ledger.path()?;
    let high_water = args.high_water.as_deref().map(free_place).transpose()?;
    let keys = LogKeyFiles::of(&directory).read(&args.passphrase.of_log())?;
    let options = LedgerOptions { high_water, ..LedgerOptions::new(&directory) };
    let mark = options.mark_path()?;
    let ledger = Ledger::create(options, keys, bytes)?;
    let (origin, genesis) = (ledger.origin().to_string(), ledger.genesis().to_string());
    let lines =
        vec![format!("ledger {origin} in `{}`", directory.display()), format!("genesis {genesis}")];
    let facts = json!({
        "ledger": directory.display().to_string(),
        "high_water": mark.display().to_string(),
        "origin": origin,
        "genesis": genesis,
        "record": record.digest().to_string(),
    });
    Ok(Answer::done(lines, facts))
}

/// Where a mark can be written: so that a store is not begun in vain.
fn free_place(path: &Path) -> Result<PathBuf, Failure> {
    let place = place(path)?;
    file::check_absent(&place)?;
    // Whether it can be written, only writing shows.
    file::create(&place, b"", Access::Shared)?;
    std::fs::remove_file(&place).map_err(file::cannot("write", &place))?;
    Ok(place)
}

/// Reads a founding record and checks the signatures it has: all keys stand in the record itself.
fn read_founding(path: &Path) -> Result<OfferFile, Failure> {
    let offer = read_offer(path)?;
    let payload = offer.offer().payload();
    if !matches!(payload.body, Body::LedgerOpen(_)) {
        let message = format!(
            "`{}` offers a `{}`, not a `ledger-open`",
            path.display(),
            payload.body.record_type()
        );
        return Err(Failure::could_not("usage", message)
            .hint(format!("`custody accept {}` signs it", path.display())));
    }
    let keys = payload.body.enrolled_keys();
    for (position, line) in offer.offer().message().signatures().iter().enumerate() {
        let kid = line.header.kid;
        let key = keys.iter().find(|key| key.kid() == kid);
        let key = key.ok_or(RecordError::UnknownKey { kid })?;
        offer.offer().message().verify_signature(position, key)?;
    }
    Ok(offer)
}
