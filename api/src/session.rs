//! From an act to the ledger or to an offer file: what every command that signs has in common.

use std::path::{Path, PathBuf};

use custody_core::cose::{Observed, Role};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::{Occurred, Signer, TimeSource};
use custody_core::verify::utc_text;
use custody_log::Acknowledged;
use serde_json::{Value, json};

use crate::act::{Act, Basis, Proposal};
use crate::command::end_text;
use crate::desk::{Desk, Place};
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::moment::Moment;
use crate::offer_file::OfferFile;
use crate::offer_sheet::offer_sheet;
use crate::passphrase::PassphraseSource;
use crate::pen::{Pen, sign_in_turn};
use crate::people::People;
use crate::print::PrintFile;
use crate::summary::describe_signer;
use crate::terminal::Answer;

/// What a signing command was told, apart from the act itself.
pub struct Setting {
    /// The ledger.
    pub ledger: Place,
    /// The signer's key file, then those of others who are here.
    pub keys: Vec<PathBuf>,
    /// Where the offer goes; without it, the act is recorded.
    pub out: Option<PathBuf>,
    /// Where the offer goes as QR codes too.
    pub qr: Option<PrintFile>,
    /// When it happened, as claimed.
    pub occurred: Occurred,
    /// Passphrases of people's keys.
    pub people: PassphraseSource,
    /// Passphrases of the log's keys.
    pub log: PassphraseSource,
}

/// A ledger and the keys to sign with.
pub struct Session {
    desk: Desk<'static>,
    pens: Vec<Pen>,
    out: Option<PathBuf>,
    qr: Option<PrintFile>,
    occurred: Occurred,
}

/// What became of an act.
pub enum Done {
    /// It is in the ledger.
    Recorded(Box<Acknowledged>),
    /// It is in an offer file.
    Offered {
        /// The file.
        path: PathBuf,
        /// What is in it.
        offer: Box<OfferFile>,
        /// Where it is as QR codes, and how many there are.
        codes: Option<(PathBuf, usize)>,
    },
    /// It waits at the server for who signs next.
    Waiting(Box<OfferFile>),
}

impl Session {
    /// Opens the ledger and the keys.
    ///
    /// # Errors
    /// Either does not open, or the offer's name is taken.
    pub fn open(setting: Setting) -> Result<Self, Failure> {
        let files = setting.out.iter().chain(setting.qr.as_ref().map(|qr| &qr.path));
        files.into_iter().try_for_each(|path| file::check_absent(path))?;
        let open = || {
            let open = |path: &PathBuf| Pen::open(path, &setting.people);
            setting.keys.iter().map(open).collect::<Result<Vec<_>, _>>()
        };
        let (desk, pens) = match &setting.ledger {
            Place::Here(path) => {
                let desk = match setting.out {
                    Some(_) => Desk::read(path)?,
                    None => Desk::write(path, &setting.log)?,
                };
                (desk, open()?)
            }
            Place::Server(url) => {
                let pens = open()?;
                (Desk::served(url, pens.first().cloned())?, pens)
            }
        };
        let Setting { out, qr, occurred, .. } = setting;
        Ok(Self { desk, pens, out, qr, occurred })
    }

    /// Opens the ledger to look at it, and the keys: what is signed then is shown to nobody.
    ///
    /// # Errors
    /// Either does not open.
    pub fn rehearse(setting: Setting) -> Result<Self, Failure> {
        let open = |path: &PathBuf| Pen::open(path, &setting.people);
        let pens = setting.keys.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let desk = match &setting.ledger {
            Place::Here(path) => Desk::read(path)?,
            Place::Server(url) => Desk::served(url, pens.first().cloned())?,
        };
        Ok(Self { desk, pens, out: None, qr: None, occurred: setting.occurred })
    }

    /// The ledger.
    pub fn desk(&self) -> &Desk<'static> {
        &self.desk
    }

    /// The keys, the signer's own first.
    pub fn pens(&self) -> &[Pen] {
        &self.pens
    }

    /// For whom the signer's own key is enrolled.
    ///
    /// # Errors
    /// For nobody, or it has ended.
    pub fn me(&self) -> Result<SubjectId, Failure> {
        let pen = self.pens.first();
        let pen = pen.ok_or_else(|| Failure::could_not("usage", "`--key` is missing"))?;
        let (owner, state) = self.desk.enrolled_key(pen.kid())?.ok_or_else(|| {
            let message = format!(
                "`{}` has the key {}, which is enrolled for nobody here",
                pen.path().display(),
                pen.kid()
            );
            Failure::rejected("record/unknown-key", message)
                .hint("`custody custodian enrol --help` tells how a key is enrolled")
        })?;
        match state.end {
            None => Ok(owner),
            end => {
                let (path, end) = (pen.path().display(), end_text(end));
                let message = format!("`{path}` is a key of {owner} that was {end}");
                Err(Failure::rejected("custody/key-ended", message))
            }
        }
    }

    /// The custodian for whom the signer's own key is enrolled.
    ///
    /// # Errors
    /// It is enrolled for nobody, or for an agency.
    pub fn custodian(&self) -> Result<Uuid, Failure> {
        match self.me()? {
            SubjectId::Custodian(id) => Ok(id),
            other => Err(Failure::rejected(
                "custody/role-not-granted",
                format!("the key is {other}'s, a custodian's is needed"),
            )),
        }
    }

    /// The agency whose key the signer has.
    ///
    /// # Errors
    /// The key is enrolled for nobody, or for a person.
    pub fn agency(&self) -> Result<Uuid, Failure> {
        match self.me()? {
            SubjectId::Agency(id) => Ok(id),
            other => Err(Failure::rejected(
                "custody/role-not-granted",
                format!("the key is {other}'s, an agency's is needed"),
            )),
        }
    }

    /// Proposes the act, signs it with the keys at hand, and records it or writes the offer.
    ///
    /// # Errors
    /// A signature is missing and no offer was asked for, or the ledger refuses the record.
    pub fn finish(&self, act: Act) -> Result<Done, Failure> {
        self.finish_on(act, &self.desk)
    }

    /// As [`Session::finish`], on what somebody knows beyond what the ledger shows.
    ///
    /// # Errors
    /// As there.
    pub fn finish_on(
        &self,
        act: Act,
        basis: &impl Basis<Error = Failure>,
    ) -> Result<Done, Failure> {
        let proposal = act.propose(basis, self.occurred)?;
        self.sign_and_finish(proposal, &Observed::default())
    }

    /// As [`Session::finish`], with what the receiver found. `observe` is handed the chains in the order
    /// in which the record has them.
    ///
    /// # Errors
    /// As there, and `observe`'s own.
    pub fn finish_observed(
        &self,
        act: Act,
        observe: impl FnOnce(&Proposal) -> Result<Observed, Failure>,
    ) -> Result<Done, Failure> {
        let proposal = act.propose(&self.desk, self.occurred)?;
        let observed = observe(&proposal)?;
        self.sign_and_finish(proposal, &observed)
    }

    fn sign_and_finish(
        &self,
        mut proposal: Proposal,
        observed: &Observed,
    ) -> Result<Done, Failure> {
        sign_in_turn(&mut proposal, &self.pens, Some(&self.desk), observed)?;
        self.settle(&proposal)
    }

    /// Records a proposal that is signed, or writes the offer.
    ///
    /// # Errors
    /// As [`Session::finish`].
    pub fn settle(&self, proposal: &Proposal) -> Result<Done, Failure> {
        match &self.out {
            Some(path) => write_with_codes(proposal, path, self.qr.as_ref()),
            None => record(&self.desk, proposal),
        }
    }

    /// Proposes an act and signs it with the keys at hand. `moment` says when it happened, where that is not when the
    /// others did.
    ///
    /// # Errors
    /// The act cannot be proposed or signed.
    pub fn sign(
        &self,
        act: Act,
        moment: Option<Moment>,
        observe: impl FnOnce(&Proposal) -> Result<Observed, Failure>,
    ) -> Result<Proposal, Failure> {
        let own = |moment: Moment| moment.claimed(TimeSource::Manual);
        let mut proposal = act.propose(&self.desk, moment.map_or(self.occurred, own))?;
        let observed = observe(&proposal)?;
        sign_in_turn(&mut proposal, &self.pens, Some(&self.desk), &observed)?;
        Ok(proposal)
    }
}

/// Records a proposal that everybody has signed. Where somebody has not, and the ledger is at a server that they can ask,
/// it waits there for them.
///
/// # Errors
/// Somebody has not who cannot be reached so, or the ledger refuses it.
pub fn record(desk: &Desk, proposal: &Proposal) -> Result<Done, Failure> {
    if let Some(next) = proposal.next_signer() {
        if proposal.signed() > 0 && can_ask(desk, next)? {
            let offer = OfferFile::new(proposal.to_offer()?, proposal.openings().to_vec())?;
            desk.mail()?.send(&offer)?;
            return Ok(Done::Waiting(Box::new(offer)));
        }
        let who = describe_signer(proposal.payload(), proposal.signed(), Some(desk));
        let message = format!("the signature of {who} is missing");
        return Err(Failure::could_not("record/signature-count", message).hint(
            "`--with-key FILE` signs with their key; `--out FILE` makes an offer for `custody accept`",
        ));
    }
    Ok(Done::Recorded(Box::new(desk.submit(proposal)?)))
}

/// Whether a server has a mailbox for `signer`: who is only being enrolled has no key with which to ask.
fn can_ask(desk: &Desk, signer: &Signer) -> Result<bool, Failure> {
    let has_mail = matches!(signer.id, SubjectId::Custodian(_) | SubjectId::Agency(_))
        && signer.role != Role::NewKey;
    Ok(has_mail && desk.is_served() && desk.look_up(&signer.id)?.is_some())
}

/// Writes a proposal, signed by whomever, as an offer file.
///
/// # Errors
/// The file cannot be written.
pub fn write_offer(
    proposal: &Proposal,
    path: &Path,
    write: impl FnOnce(&Path, &[u8], Access) -> Result<(), file::FileError>,
) -> Result<Done, Failure> {
    let offer = OfferFile::new(proposal.to_offer()?, proposal.openings().to_vec())?;
    write(path, &offer.encode(), Access::Shared)?;
    Ok(Done::Offered { path: path.to_owned(), offer: Box::new(offer), codes: None })
}

/// As [`write_offer`], to a file that is not there yet, and as QR codes to another where `qr` names one.
///
/// # Errors
/// The offer is too large for codes, or a file cannot be written. Then neither is.
pub fn write_with_codes(
    proposal: &Proposal,
    path: &Path,
    qr: Option<&PrintFile>,
) -> Result<Done, Failure> {
    let Some(qr) = qr else { return write_offer(proposal, path, file::create) };
    let offer = OfferFile::new(proposal.to_offer()?, proposal.openings().to_vec())?;
    let (paper, count) = offer_sheet(&offer)?;
    let hint = "an SVG holds six codes; name a file that ends in .pdf";
    let drawn = paper.draw(qr.form).map_err(|error| Failure::from(error).hint(hint))?;
    file::create(&qr.path, &drawn, Access::Shared)?;
    file::create(path, &offer.encode(), Access::Shared).inspect_err(|_| {
        // The error to tell is the one of writing.
        let _ = std::fs::remove_file(&qr.path);
    })?;
    let codes = Some((qr.path.clone(), count));
    Ok(Done::Offered { path: path.to_owned(), offer: Box::new(offer), codes })
}

impl Done {
    /// `word` on a line of its own where it happened, nothing where it was only offered.
    pub fn verb(&self, word: &str) -> Vec<String> {
        match self {
            Self::Recorded(_) => vec![word.to_owned()],
            Self::Offered { .. } | Self::Waiting(_) => Vec::new(),
        }
    }

    /// The answer that begins with `lines` and has `facts`.
    ///
    /// # Errors
    /// A name cannot be looked up.
    pub fn answer(
        &self,
        mut lines: Vec<String>,
        facts: Value,
        desk: Option<&Desk>,
    ) -> Result<Answer, Failure> {
        let (more, mine) = match self {
            Self::Recorded(known) => recorded(known),
            Self::Offered { path, offer, codes } => {
                let (mut more, mut mine) = offered(path, offer, desk);
                if let Some((path, count)) = codes {
                    let path = path.display().to_string();
                    let codes = if *count == 1 { "code" } else { "codes" };
                    more.push(format!("the same as {count} QR {codes} in `{path}`"));
                    mine = merge(mine, json!({ "codes": { "file": path, "parts": count } }));
                }
                (more, mine)
            }
            Self::Waiting(offer) => waiting(offer, desk),
        };
        lines.extend(more);
        Ok(Answer::done(lines, merge(facts, mine)))
    }
}

fn recorded(known: &Acknowledged) -> (Vec<String>, Value) {
    let accepted = utc_text(known.entry.accepted_ms / 1000);
    let again = if known.was_known { ", as it was before" } else { "" };
    let lines = vec![
        format!("recorded as entry {} at {accepted}{again}", known.index.0),
        format!("record {}", known.digest),
    ];
    let facts = json!({
        "entry": known.index.0,
        "record": known.digest.to_string(),
        "accepted": accepted,
        "was_known": known.was_known,
    });
    (lines, facts)
}

fn offered(path: &Path, offer: &OfferFile, desk: Option<&Desk>) -> (Vec<String>, Value) {
    let (payload, next) = (offer.offer().payload(), offer.offer().next_signer());
    let path = path.display().to_string();
    let line = match next {
        Some(_) => {
            let position = offer.offer().message().signatures().len();
            let who = describe_signer(payload, position, desk);
            format!("offer `{path}`, to be signed by {who}")
        }
        None => format!("offer `{path}`, signed by all"),
    };
    let facts = json!({
        "offer": path,
        "offer_digest": offer.digest().to_string(),
        "next_signer": next.map(signer_json),
    });
    (vec![line], facts)
}

fn waiting(offer: &OfferFile, desk: Option<&Desk>) -> (Vec<String>, Value) {
    let (digest, payload) = (offer.digest(), offer.offer().payload());
    let who = describe_signer(payload, offer.offer().message().signatures().len(), desk);
    let lines =
        vec![format!("offer {digest}"), format!("it waits at the server, to be signed by {who}")];
    let facts = json!({
        "offer_digest": digest.to_string(),
        "next_signer": offer.offer().next_signer().map(signer_json),
        "waits": true,
    });
    (lines, facts)
}

/// Who signs, and in what role, in words.
pub fn describe(signer: &Signer, desk: Option<&Desk>) -> String {
    let name = desk.and_then(|desk| People::of(desk).name(&signer.id).ok());
    let name = name.map_or_else(|| signer.id.to_string(), |name| name.to_string());
    format!("{name}, {}", role_word(signer.role))
}

/// A role in words.
pub fn role_word(role: Role) -> &'static str {
    match role {
        Role::Releasing => "releasing",
        Role::Receiving => "receiving",
        Role::Witness => "as witness",
        Role::Supervisor => "as supervisor",
        Role::Authority => "for the agency",
        Role::Operator => "as operator",
        Role::OtherParty => "as other party",
        Role::NewKey => "with the new key",
        Role::Acting => "acting",
    }
}

/// A signer for programs.
pub fn signer_json(signer: &Signer) -> Value {
    json!({ "role": signer.role.number(), "id": signer.id.to_string() })
}

/// The members of two objects in one; of a name in both, the second.
pub fn merge(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut first), Value::Object(second)) => {
            first.extend(second);
            Value::Object(first)
        }
        (first, Value::Null) => first,
        (_, second) => second,
    }
}
