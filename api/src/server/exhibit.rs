//! Exhibits: the server collects what belongs to an item's history, whoever exports it signs the manifest.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use custody_core::id::SubjectId;
use custody_core::merkle::TreeSize;
use custody_log::exhibit::ExhibitRequest;
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use super::access::Caller;
use super::body::bad_body;
use super::document::{Denied, HandlingCode, ItemId, Missing, TreeNumber, words};
use super::item::{malformed, parse_item};
use super::problem::Problem;
use super::service::Service;
use crate::command::parse_handling;
use crate::export::{MAX_SINCE, Showing, check_codes, earlier_sizes};
use crate::failure::Failure;
use crate::handling::Recipient;

/// What an exhibit is to hold.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContentsAsked {
    /// The item.
    #[schema(value_type = ItemId)]
    item: String,
    /// Earlier sizes of the tree from which consistency is to be proved.
    #[serde(default)]
    #[schema(value_type = Vec<TreeNumber>, max_items = 256)]
    since: Vec<u64>,
    /// Handling codes besides those that the records set.
    #[serde(default)]
    #[schema(value_type = Vec<HandlingCode>, max_items = 16)]
    handling: Vec<String>,
    /// Who is to get it. Then handling codes in force may stop it, and consistency is also proved from the sizes at which
    /// exhibits of the item were disclosed. Left out, it is for whoever asks.
    #[schema(value_type = Option<RecipientWord>, inline)]
    to: Option<String>,
}

/// Who gets an exhibit, where that is no agency of the ledger.
struct RecipientWord;

impl ToSchema for RecipientWord {}

impl PartialSchema for RecipientWord {
    fn schema() -> RefOr<Schema> {
        words(Recipient::WORDS.map(|(word, _)| word)).into()
    }
}

fn parse_recipient(text: &str) -> Result<Recipient, Problem> {
    Recipient::from_word(text).ok_or_else(|| {
        let known = Recipient::WORDS.map(|(word, _)| word).join(", ");
        malformed("to", &format!("one of: {known}")).in_field("/to")
    })
}

/// The contents of an exhibit, for whose manifest the exporter answers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContentsView {
    /// The contents (SPEC section "Exhibit"), in base64: what the manifest has the SHA-256 of.
    contents: String,
    /// What is not open, and why.
    withheld: Vec<WithheldView>,
    /// The item and what it was made from or packed in: whose handling codes are in force.
    lineage: Vec<String>,
    /// Handling codes in force of which nobody here knows what they ask for, in a sentence each.
    flags: Vec<String>,
    /// Size of the tree it stands on.
    size: u64,
}

/// A field that is not open.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WithheldView {
    /// Index of the record's entry.
    pub entry: u64,
    /// The field.
    pub field: String,
    /// Why, by the code of SPEC.
    pub reason: &'static str,
}

/// Collects the contents of an exhibit
#[utoipa::path(
    post, path = "/v1/exhibits", tag = "exhibits", request_body = ContentsAsked,
    responses((status = 200, description = "the contents", body = ContentsView), Denied, Missing),
)]
pub async fn collect(
    State(service): State<Arc<Service>>,
    caller: Caller,
    asked: Result<Json<ContentsAsked>, JsonRejection>,
) -> Result<Json<ContentsView>, Problem> {
    let Json(asked) = asked.map_err(bad_body)?;
    let item = parse_item(&asked.item).map_err(|problem| problem.in_field("/item"))?;
    let SubjectId::Custodian(exporter) = caller.id else {
        return Err(Problem::forbidden("custodians export, and sign for it"));
    };
    if asked.since.len() > MAX_SINCE {
        return Err(malformed("since", "a list of at most 256 sizes").in_field("/since"));
    }
    // What a manifest may say, its reader has to be able to read.
    if let Some(at) = asked.handling.iter().position(|code| parse_handling(code).is_err()) {
        let expected = "a list of texts of 1 to 64 bytes that a record could have";
        return Err(malformed("handling", expected).in_field(format!("/handling/{at}")));
    }
    let to = asked.to.as_deref().map(parse_recipient).transpose()?;
    let view = service.look_as(caller, move |desk| {
        let head = desk.head().size;
        if let Some(at) = asked.since.iter().position(|size| *size == 0 || *size > head.0) {
            let message = format!("consistency is proved from a size of 1 to {head}");
            let failure = Failure::could_not("usage", message);
            return Err(failure.in_field(format!("/since/{at}")));
        }
        // Contents have both in order, and each once.
        let asked_for = asked.since.into_iter().map(TreeSize);
        let since = match to {
            Some(_) => earlier_sizes(desk, item, asked_for)?,
            None => asked_for.collect::<BTreeSet<_>>().into_iter().collect(),
        };
        let request = ExhibitRequest {
            item,
            exporter,
            since,
            handling: asked.handling.into_iter().collect::<BTreeSet<_>>().into_iter().collect(),
            withhold: &|_, _| None,
        };
        let assembled = desk.assemble(&request)?;
        let flags = match to {
            Some(to) => {
                let showing = Showing { item, exporter, to, permissions: &[] };
                check_codes(desk, &showing, &assembled.lineage)?
            }
            None => Vec::new(),
        };
        assembled.contents.check_limits().map_err(|excess| {
            Failure::could_not("export/limit", format!("the exhibit would have {excess}"))
        })?;
        let withheld = assembled.withheld.iter().map(|one| WithheldView {
            entry: one.index.0,
            field: one.field.clone(),
            reason: one.reason.word(),
        });
        Ok(ContentsView {
            contents: STANDARD.encode(assembled.contents.encode()),
            withheld: withheld.collect(),
            lineage: assembled.lineage.iter().map(|id| SubjectId::Item(*id).to_string()).collect(),
            flags,
            size: head.0,
        })
    });
    view.await.map(Json)
}
