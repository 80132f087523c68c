//! Making an exhibit file: contents out of the ledger, and the manifest that its exporter signs.

use custody_core::checkpoint::Checkpoint;
use custody_core::cose::{BodyHeader, ContentType, Draft, Observed, Role, SignerParams};
use custody_core::exhibit::{Excess, Exhibit, Manifest, Withheld, WithholdReason};
use custody_core::hash::sha256;
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::{Payload, TimeSource};
use custody_log::exhibit::{ExhibitRequest, assemble};
use ed25519_dalek::SigningKey;

use crate::desk::{Desk, now_s};
use crate::failure::Failure;
use crate::moment::Moment;

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
}

/// Who makes an exhibit.
#[derive(Clone, Copy)]
pub struct Exporter<'a> {
    /// The custodian.
    pub id: Uuid,
    /// Their key.
    pub key: &'a SigningKey,
}

/// An exhibit file and what is to be said about it.
pub struct Exported {
    /// The file.
    pub bytes: Vec<u8>,
    /// How many records it holds.
    pub records: usize,
    /// What it does not open.
    pub withheld: Vec<Withheld>,
}

/// Makes the exhibit file.
///
/// # Errors
/// There is no such item, the exhibit would be more than a reader reads, or the ledger cannot be read.
pub fn make(desk: &Desk, export: &Export, exporter: Exporter<'_>) -> Result<Exported, Failure> {
    let mut since: Vec<_> = export.since.iter().map(Checkpoint::size).collect();
    since.sort();
    since.dedup();
    let mut handling = export.handling.clone();
    handling.sort();
    handling.dedup();
    let withhold = |_: &Payload, field: &str| export.reason(field);
    let (item, id) = (export.item, exporter.id);
    let request = ExhibitRequest { item, exporter: id, since, handling, withhold: &withhold };
    let assembled = assemble(desk.reader(), &request)?;
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
        origin: desk.reader().origin().clone(),
        genesis: Some(desk.reader().genesis()),
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
    Ok(Exported { bytes, records, withheld })
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
