//! The ledger as the program `custody` reads it from a server: subjects, chains, entries, openings, proofs.
//!
//! States are the bytes in which the log keeps them (`state`), for the same program on the other side; whoever reads
//! with another program computes them from the records.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use custody_core::custody::{Standing, Subject};
use custody_core::id::SubjectId;
use custody_core::merkle::{LeafIndex, TreeSize};
use custody_core::sealed::Opening;
use custody_log::{Logged, SubjectKind, encode_subject};
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::access::Caller;
use super::document::{Denied, Digest, Missing, SubjectIdText, TreeNumber, words};
use super::item::{bad_query, malformed};
use super::problem::Problem;
use super::record::parse_digest;
use super::segment::{Segment, number, number_if_there};
use super::service::Service;
use crate::books::Sought;
use crate::failure::Failure;
use crate::number::parse_number;

/// Subjects of one answer, at most.
const SUBJECTS: usize = 1_000;
/// Entries of one answer, at most: with records of at most 128 KiB no more than 32 MiB.
const ENTRIES: u64 = 256;

/// A subject with what the records made of it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SubjectBook {
    /// Its id.
    pub subject: String,
    /// Its state, in base64.
    pub state: String,
}

/// Subjects in the order of their ids.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SubjectsBook {
    /// The subjects.
    pub subjects: Vec<SubjectBook>,
    /// What to ask for with `after` to see more.
    pub next: Option<String>,
}

/// An entry with its record.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct EntryBook {
    /// Index of the entry.
    pub index: u64,
    /// The entry, in base64.
    pub entry: String,
    /// The record, in base64.
    pub record: String,
}

/// Entries in the order of the ledger.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct EntriesBook {
    /// The entries.
    pub entries: Vec<EntryBook>,
}

/// Openings of a record that whoever asks may see.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct OpeningsBook {
    /// The openings.
    pub openings: Vec<OpeningBook>,
}

/// What opens a sealed field.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct OpeningBook {
    /// The field.
    pub field: String,
    /// The salt, in base64.
    pub salt: String,
    /// The value, CBOR in base64.
    pub value: String,
}

/// Where a record is.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct PlaceBook {
    /// Index of its entry.
    pub entry: u64,
}

/// The root that the log signed at a size.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct RootBook {
    /// The root; null for a size that the log never signed.
    pub root: Option<String>,
}

/// The newest checkpoint, and that its tree begins with an earlier one.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct HeadBook {
    /// The checkpoint: a signed note.
    pub checkpoint: String,
    /// Hashes of the consistency proof (RFC 9162 section 2.1.4), in hexadecimal digits.
    pub proof: Vec<String>,
}

/// Which subjects.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SubjectsQuery {
    /// `agency`, `custodian`, `item`, `notes` or `request`.
    #[param(value_type = KindWord, inline)]
    kind: String,
    /// Only subjects after this one: the `next` of the answer before.
    #[param(value_type = Option<SubjectIdText>)]
    after: Option<String>,
}

/// Which entries.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntriesQuery {
    /// The first.
    #[param(value_type = TreeNumber)]
    #[serde(deserialize_with = "number")]
    lo: u64,
    /// The first that is not meant any more, at most 256 after `lo`.
    #[param(value_type = TreeNumber)]
    #[serde(deserialize_with = "number")]
    hi: u64,
}

/// Since when.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HeadQuery {
    /// An earlier size of the tree.
    #[param(value_type = TreeNumber)]
    #[serde(deserialize_with = "number")]
    from: u64,
    /// The size up to which it is proved, where that is not the checkpoint's.
    #[param(value_type = Option<TreeNumber>)]
    #[serde(default, deserialize_with = "number_if_there")]
    to: Option<u64>,
}

/// A subject
#[utoipa::path(
    get, path = "/v1/subjects/{subject}", tag = "books",
    params(("subject" = SubjectIdText, Path, description = "id of the subject")),
    responses((status = 200, description = "the subject", body = SubjectBook), Missing),
)]
pub async fn subject(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Segment(subject): Segment,
) -> Result<Json<SubjectBook>, Problem> {
    let id = parse_subject(&subject)?;
    let found = service.look_as(caller, move |desk| {
        desk.look_up(&id)?.map(|subject| SubjectBook::of(&id, &subject)).transpose()
    });
    found.await?.map(Json).ok_or_else(|| no_subject(&subject))
}

/// Subjects of a kind
#[utoipa::path(
    get, path = "/v1/subjects", tag = "books", params(SubjectsQuery),
    responses((status = 200, description = "subjects", body = SubjectsBook)),
)]
pub async fn subjects(
    State(service): State<Arc<Service>>,
    caller: Caller,
    query: Result<Query<SubjectsQuery>, QueryRejection>,
) -> Result<Json<SubjectsBook>, Problem> {
    let Query(query) = query.map_err(bad_query)?;
    let kind = parse_kind(&query.kind)?;
    let after = query.after.as_deref().map(parse_subject).transpose()?;
    // A walk ends once its request has timed out, so that its place is free.
    let until = Instant::now() + service.setting.limits.request_time();
    let found = service.look_by_catalogue(caller, move |desk| {
        let (mut subjects, mut next) = (Vec::new(), None);
        let in_time = Box::new(move |_: &Standing| Instant::now() < until);
        let found = match kind {
            SubjectKind::Item => {
                desk.books().items_sought(after.as_ref(), &Sought::InState(None), in_time)
            }
            _ => desk.books().subjects_where(kind, after.as_ref(), in_time),
        };
        for subject in found {
            let (id, subject) = subject?;
            if subjects.len() == SUBJECTS {
                next = subjects.last().map(|last: &SubjectBook| last.subject.clone());
                break;
            }
            subjects.push(SubjectBook::of(&id, &subject)?);
        }
        match Instant::now() < until {
            true => Ok(SubjectsBook { subjects, next }),
            false => Err(Failure::could_not("ledger/closed", "nobody waits for it any more")),
        }
    });
    found.await.map(Json)
}

/// The records of a chain
#[utoipa::path(
    get, path = "/v1/subjects/{subject}/records", tag = "books",
    params(("subject" = SubjectIdText, Path, description = "id of the subject")),
    responses((status = 200, description = "its records", body = EntriesBook)),
)]
pub async fn chain(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Segment(subject): Segment,
) -> Result<Json<EntriesBook>, Problem> {
    let id = parse_subject(&subject)?;
    let found = service.look_as(caller, move |desk| desk.chain(&id));
    Ok(Json(EntriesBook::of(&found.await?)))
}

/// An entry with its record
#[utoipa::path(
    get, path = "/v1/entries/{index}", tag = "books",
    params(("index" = TreeNumber, Path, description = "index of the entry")),
    responses((status = 200, description = "the entry", body = EntryBook), Missing),
)]
pub async fn entry(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Segment(index): Segment,
) -> Result<Json<EntryBook>, Problem> {
    let index = parse_number(&index).ok_or_else(|| malformed("index", "the index of an entry"))?;
    let found = service.look_as(caller, move |desk| desk.logged(LeafIndex(index)));
    Ok(Json(EntryBook::of(&found.await?)))
}

/// Entries with their records
///
/// For overseers.
#[utoipa::path(
    get, path = "/v1/entries", tag = "books", params(EntriesQuery),
    responses((status = 200, description = "entries", body = EntriesBook), Denied, Missing),
)]
pub async fn entries(
    State(service): State<Arc<Service>>,
    caller: Caller,
    query: Result<Query<EntriesQuery>, QueryRejection>,
) -> Result<Json<EntriesBook>, Problem> {
    let Query(EntriesQuery { lo, hi }) = query.map_err(bad_query)?;
    if hi < lo || hi - lo > ENTRIES {
        return Err(malformed("hi", "at least `lo` and at most 256 more"));
    }
    let found = service.look_as(caller, move |desk| {
        if hi > desk.head().size.0 {
            let message = format!("the ledger has {} entries", desk.head().size);
            return Err(Failure::rejected("read/no-entry", message));
        }
        desk.page(LeafIndex(lo), LeafIndex(hi))
    });
    Ok(Json(EntriesBook::of(&found.await?)))
}

/// Where a record is
#[utoipa::path(
    get, path = "/v1/records/{digest}/place", tag = "books",
    params(("digest" = Digest, Path, description = "digest of the record")),
    responses((status = 200, description = "its place", body = PlaceBook), Missing),
)]
pub async fn place(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Segment(digest): Segment,
) -> Result<Json<PlaceBook>, Problem> {
    let digest = parse_digest(&digest)?;
    let found = service.look_as(caller, move |desk| desk.by_digest(&digest)).await?;
    let missing = || {
        let detail = format!("no record {digest} here");
        Problem::new(StatusCode::NOT_FOUND, "read/no-record", detail)
    };
    found.map(|index| Json(PlaceBook { entry: index.0 })).ok_or_else(missing)
}

/// Openings of a record
///
/// Those that whoever asks may see; none where they may see none. The server's log says who asked.
#[utoipa::path(
    get, path = "/v1/records/{digest}/openings", tag = "books",
    params(("digest" = Digest, Path, description = "digest of the record")),
    responses((status = 200, description = "openings", body = OpeningsBook)),
)]
pub async fn openings(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Segment(digest): Segment,
) -> Result<Json<OpeningsBook>, Problem> {
    let digest = parse_digest(&digest)?;
    let found = service.look_as(caller, move |desk| desk.openings(&digest)).await?;
    Ok(Json(OpeningsBook { openings: found.iter().map(OpeningBook::of).collect() }))
}

/// The root that the log signed at a size
#[utoipa::path(
    get, path = "/v1/roots/{size}", tag = "ledger",
    params(("size" = TreeNumber, Path, description = "size of the tree")),
    responses((status = 200, description = "the root", body = RootBook)),
    security(()),
)]
pub async fn root(
    State(service): State<Arc<Service>>,
    Segment(size): Segment,
) -> Result<Json<RootBook>, Problem> {
    let size = parse_number(&size).ok_or_else(|| malformed("size", "the size of a tree"))?;
    let root = service.look(move |service| Ok(service.ledger.reader()?.root_at(TreeSize(size))?));
    Ok(Json(RootBook { root: root.await?.map(|root| root.to_string()) }))
}

/// The newest checkpoint, and that its tree begins with an earlier one
#[utoipa::path(
    get, path = "/v1/head", tag = "ledger", params(HeadQuery),
    responses((status = 200, description = "the checkpoint and the proof", body = HeadBook)),
    security(()),
)]
pub async fn head(
    State(service): State<Arc<Service>>,
    query: Result<Query<HeadQuery>, QueryRejection>,
) -> Result<Json<HeadBook>, Problem> {
    let Query(HeadQuery { from, to }) = query.map_err(bad_query)?;
    let head = service.look(move |service| {
        let reader = service.ledger.reader()?;
        let size = reader.head().size;
        let checkpoint = String::from_utf8_lossy(reader.checkpoint()).into_owned();
        let to = to.unwrap_or(size.0);
        // From a tree that is larger nothing can be proved: the checkpoint alone says what the server has.
        let proof = match 0 < from && from <= to && to <= size.0 {
            true => reader.consistency_proof_between(TreeSize(from), TreeSize(to))?.hashes,
            false => Vec::new(),
        };
        Ok(HeadBook { checkpoint, proof: proof.iter().map(ToString::to_string).collect() })
    });
    head.await.map(Json)
}

impl SubjectBook {
    fn of(id: &SubjectId, subject: &Subject) -> Result<Self, Failure> {
        Ok(Self { subject: id.to_string(), state: Self::state_of(subject)? })
    }

    /// A state as it is shown.
    ///
    /// # Errors
    /// There is none such.
    pub fn state_of(subject: &Subject) -> Result<String, Failure> {
        let state = encode_subject(subject)
            .map_err(|error| Failure::could_not("internal", error.to_string()))?;
        Ok(STANDARD.encode(state))
    }
}

impl OpeningBook {
    /// The opening as it is shown.
    pub fn of(opening: &Opening) -> Self {
        Self {
            field: opening.field.clone(),
            salt: STANDARD.encode(opening.salt),
            value: STANDARD.encode(&opening.value),
        }
    }
}

impl EntryBook {
    /// The entry as it is shown.
    pub fn of(logged: &Logged) -> Self {
        Self {
            index: logged.index.0,
            entry: STANDARD.encode(logged.entry.encode()),
            record: STANDARD.encode(&logged.record),
        }
    }
}

impl EntriesBook {
    fn of(logged: &[Logged]) -> Self {
        Self { entries: logged.iter().map(EntryBook::of).collect() }
    }
}

/// Reads the id of a subject.
///
/// # Errors
/// [`Problem`] 400.
pub fn parse_subject(text: &str) -> Result<SubjectId, Problem> {
    text.parse().map_err(|_| malformed("subject", "the id of a subject"))
}

/// The word of a kind of subjects.
pub fn kind_word(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Agency => "agency",
        SubjectKind::Custodian => "custodian",
        SubjectKind::Item => "item",
        SubjectKind::Notes => "notes",
        SubjectKind::Request => "request",
        _ => "ledger",
    }
}

/// Kinds of which there are many.
const KINDS: [SubjectKind; 5] = [
    SubjectKind::Agency,
    SubjectKind::Custodian,
    SubjectKind::Item,
    SubjectKind::Notes,
    SubjectKind::Request,
];

/// The word of one of them.
struct KindWord;

impl ToSchema for KindWord {}

impl PartialSchema for KindWord {
    fn schema() -> RefOr<Schema> {
        words(KINDS.map(kind_word)).into()
    }
}

fn parse_kind(word: &str) -> Result<SubjectKind, Problem> {
    let expected = "one of: agency, custodian, item, notes, request";
    KINDS
        .into_iter()
        .find(|kind| kind_word(*kind) == word)
        .ok_or_else(|| malformed("kind", expected))
}

fn no_subject(subject: &str) -> Problem {
    let detail = format!("{subject} does not exist");
    Problem::new(StatusCode::NOT_FOUND, "custody/no-such-subject", detail)
}
