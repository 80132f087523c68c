//! Making an exhibit file: contents out of the ledger, and the manifest that its exporter signs.

use std::collections::BTreeSet;

use custody_core::checkpoint::Checkpoint;
use custody_core::cose::{BodyHeader, ContentType, Draft, Observed, Role, SignerParams};
use custody_core::custody::HandlingState;
use custody_core::exhibit::{Excess, Exhibit, Manifest, Withheld, WithholdReason};
use custody_core::hash::{Hash, sha256};
use custody_core::id::{SubjectId, Uuid};
use custody_core::merkle::TreeSize;
use custody_core::record::body::{Body, HandlingCode};
use custody_core::record::{Payload, Record, TimeSource};
use custody_log::exhibit::ExhibitRequest;
use ed25519_dalek::SigningKey;

use crate::desk::{Desk, now_s};
use crate::failure::Failure;
use crate::handling::{Recipient, Verdict, judge, permitted, use_by};
use crate::moment::Moment;
use crate::people::People;

/// Earlier sizes from which one exhibit proves consistency, at most: as many as a reader reads.
pub(crate) const MAX_SINCE: usize = 256;

/// What an exhibit is made for, and what it must not show.
#[derive(Clone, Debug)]
pub struct Export {
    /// The item.
    pub item: Uuid,
    /// For whom.
    pub recipient: String,
    /// What for.
    pub purpose: String,
    /// Earlier checkpoints of the ledger from which consistency is proved.
    pub since: Vec<Checkpoint>,
    /// Handling codes.
    pub handling: Vec<String>,
    /// Sealed fields that are withheld wherever they stand, and why.
    pub withhold: Vec<(String, WithholdReason)>,
    /// Who that is, as far as handling codes ask.
    pub to: Recipient,
    /// Permissions of agencies that set handling codes: digests of their records.
    pub permissions: Vec<Hash>,
}

/// Who makes an exhibit.
#[derive(Clone, Copy)]
pub struct Exporter<'a> {
    /// The custodian.
    pub id: Uuid,
    /// Their key.
    pub key: &'a SigningKey,
}

/// To whom what is shown of an item, as far as handling codes ask.
#[derive(Clone, Copy, Debug)]
pub struct Showing<'a> {
    /// The item.
    pub item: Uuid,
    /// The custodian who shows it.
    pub exporter: Uuid,
    /// To whom.
    pub to: Recipient,
    /// Permissions of agencies that set handling codes: digests of their records.
    pub permissions: &'a [Hash],
}

/// An exhibit file and what is to be said about it.
pub struct Exported {
    /// The file.
    pub bytes: Vec<u8>,
    /// How many records it holds.
    pub records: usize,
    /// What it does not open.
    pub withheld: Vec<Withheld>,
    /// Handling codes in force of which we do not know what they mean.
    pub flags: Vec<String>,
}

/// Makes the exhibit file.
///
/// # Errors
/// The exporter may not sign one, there is no such item, a handling code stops it, the exhibit would be more than a
/// reader reads, or the ledger cannot be read.
pub fn make(desk: &Desk, export: &Export, exporter: Exporter<'_>) -> Result<Exported, Failure> {
    // Whoever reads it would refuse it for that.
    if !desk.custodian_state(exporter.id)?.roles.contains(&Role::Acting) {
        let message =
            "whoever exports signs in the role acting, in which this key was not enrolled";
        return Err(Failure::rejected("manifest/role-not-granted", message));
    }
    let since = earlier_sizes(desk, export.item, export.since.iter().map(Checkpoint::size))?;
    let mut handling = export.handling.clone();
    handling.sort();
    handling.dedup();
    let withhold = |_: &Payload, field: &str| export.reason(field);
    let (item, id) = (export.item, exporter.id);
    let request = ExhibitRequest { item, exporter: id, since, handling, withhold: &withhold };
    let assembled = desk.assemble(&request)?;
    let showing = Showing { item, exporter: id, to: export.to, permissions: &export.permissions };
    let flags = check_codes(desk, &showing, &assembled.lineage)?;
    assembled.contents.check_limits().map_err(|excess| beyond(item, excess))?;
    let contents = assembled.contents.encode();
    let made_s = now_s();
    let manifest = Manifest {
        recipient: export.recipient.clone(),
        item,
        made: Moment::utc(made_s).claimed(TimeSource::Device),
        purpose: export.purpose.clone(),
        contents: sha256(&contents),
        exporter: id,
        withheld: assembled.withheld.clone(),
    };
    manifest.check_limits().map_err(|excess| beyond(item, excess))?;
    let header = BodyHeader {
        content_type: ContentType::Manifest,
        origin: desk.origin().clone(),
        genesis: Some(desk.genesis()),
    };
    let mut draft = Draft::new(header, manifest.encode());
    let params = SignerParams { role: Role::Acting, iat_s: made_s, observed: Observed::default() };
    draft.sign(exporter.key, params)?;
    let bytes = Exhibit::encode(&contents, &draft.to_bytes());
    // A file that cannot be read back must not leave the house.
    let about =
        |failure: Failure| failure.about(format!("the exhibit of {}", SubjectId::Item(item)));
    Exhibit::parse(&bytes).map_err(|error| about(error.into()))?;
    let (records, withheld) = (assembled.contents.records.len(), assembled.withheld);
    Ok(Exported { bytes, records, withheld, flags })
}

/// The sizes from which an exhibit of `item` proves consistency: those asked for, and those at which exhibits of it were
/// disclosed; of these the newest, where a reader does not read as many.
///
/// # Errors
/// The ledger cannot be read.
pub fn earlier_sizes(
    desk: &Desk,
    item: Uuid,
    asked: impl IntoIterator<Item = TreeSize>,
) -> Result<Vec<TreeSize>, Failure> {
    let mut since: BTreeSet<_> = asked.into_iter().collect();
    for logged in desk.chain(&SubjectId::Notes(item))?.iter().rev() {
        if since.len() >= MAX_SINCE {
            break;
        }
        if let Body::Disclose(body) = &Record::parse(&logged.record)?.payload().body {
            // Nobody checks what a `disclose` says of its exhibit: a tree that there is not cannot be proved from.
            let size = TreeSize(body.size);
            let is_signed = size.0 > 0 && size <= desk.head().size && desk.root_at(size)?.is_some();
            since.extend(is_signed.then_some(size));
        }
    }
    Ok(since.into_iter().collect())
}

/// Stops what a handling code in force for the item or its forebears, which are `lineage`, forbids. Returns what is to be
/// pointed at.
///
/// # Errors
/// `handling/permission-needed`; the ledger cannot be read.
pub fn check_codes(
    desk: &Desk,
    showing: &Showing<'_>,
    lineage: &[Uuid],
) -> Result<Vec<String>, Failure> {
    let own = desk.custodian_state(showing.exporter)?.agency;
    let to = match showing.to {
        Recipient::Agency(agency) if agency == own => Recipient::OwnAgency,
        other => other,
    };
    let permissions = desk.notes_state(showing.item)?.permissions;
    let mut flags = Vec::new();
    for item in lineage {
        let notes = desk.notes_state(*item)?;
        let Some(HandlingState { agency, codes }) = notes.handling else { continue };
        let known = [notes.permissions.as_slice(), &permissions].concat();
        let mut is_permitted = false;
        for permission in permitted(&known, showing.permissions, agency, to) {
            is_permitted = is_permitted || !has_ended(desk, permission.record)?;
        }
        for code in codes {
            match judge(&code, agency, to) {
                Verdict::Stopped if !is_permitted => {
                    return Err(stopped(desk, *item, (&code, agency), to));
                }
                Verdict::Flagged => flags.push(format!(
                    "`{code}` is in force for {}, set by {}: we do not know what it asks for",
                    SubjectId::Item(*item),
                    agency_name(desk, agency)
                )),
                Verdict::Free | Verdict::Stopped => {}
            }
        }
    }
    Ok(flags)
}

/// Whether a permission was given for a time that is over.
fn has_ended(desk: &Desk, record: Hash) -> Result<bool, Failure> {
    let Some(index) = desk.by_digest(&record)? else { return Ok(true) };
    Ok(match &desk.record(index)?.payload().body {
        Body::AuthoriseOnward(body) => body.until_s.is_some_and(|until_s| until_s < now_s()),
        _ => true,
    })
}

fn agency_name(desk: &Desk, agency: Uuid) -> String {
    let id = SubjectId::Agency(agency);
    People::of(desk).name(&id).map_or_else(|_| id.to_string(), |name| name.to_string())
}

/// A code in force stops the export.
fn stopped(
    desk: &Desk,
    item: Uuid,
    (code, agency): (&HandlingCode, Uuid),
    to: Recipient,
) -> Failure {
    let (id, agency) = (SubjectId::Item(item), agency_name(desk, agency));
    let message = format!("`{code}` is in force for {id}, set by {agency}");
    match use_by(to) {
        Some(usage) => {
            let message = format!("{message}: {usage} needs their permission");
            Failure::rejected("handling/permission-needed", message).hint(format!(
                "a custodian of theirs records it with `custody permit {id} --use {usage}`, and \
                 `custody export --permission RECORD` names it"
            ))
        }
        None => {
            let message = format!("{message}, and nobody said who gets the exhibit");
            Failure::rejected("handling/permission-needed", message).hint(
                "`--recipient-kind` says who; what then needs permission is recorded with \
                 `custody permit --use evidence`, `dissemination` or `publication`, and named with \
                 `--permission RECORD`",
            )
        }
    }
}

/// The exhibit would hold more than a reader reads.
fn beyond(item: Uuid, excess: Excess) -> Failure {
    let message = format!("the exhibit of {} would have {excess}", SubjectId::Item(item));
    let failure = Failure::could_not("export/limit", message);
    match excess.what {
        "consistency proofs" => failure.hint("name fewer checkpoints with `--since`"),
        "handling codes" => failure.hint("give fewer codes with `--handling`"),
        "withheld fields" => failure.hint("open more of its fields: fewer with `--withhold`"),
        _ => failure,
    }
}

impl Export {
    /// Why `field` is withheld; `attached` stands for every attachment.
    fn reason(&self, field: &str) -> Option<WithholdReason> {
        let is_meant = |name: &str| name == field || field.starts_with(&format!("{name}/"));
        self.withhold.iter().find(|(name, _)| is_meant(name)).map(|(_, reason)| *reason)
    }
}
