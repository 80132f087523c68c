//! Exhibits: the server collects what belongs to an item's history, whoever exports it signs the manifest.

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
use utoipa::ToSchema;

use super::access::Caller;
use super::body::bad_body;
use super::document::{Denied, HandlingCode, ItemId, Missing, TreeNumber};
use super::item::{malformed, parse_item};
use super::problem::Problem;
use super::service::Service;
use crate::command::parse_handling;
use crate::export::MAX_SINCE;
use crate::failure::Failure;

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
    let view = service.look_as(caller, move |desk| {
        let head = desk.head().size;
        if let Some(at) = asked.since.iter().position(|size| *size == 0 || *size > head.0) {
            let message = format!("consistency is proved from a size of 1 to {head}");
            let failure = Failure::could_not("usage", message);
            return Err(failure.in_field(format!("/since/{at}")));
        }
        let since = asked.since.into_iter().map(TreeSize).collect();
        let request = ExhibitRequest {
            item,
            exporter,
            since,
            handling: asked.handling,
            withhold: &|_, _| None,
        };
        let assembled = desk.assemble(&request)?;
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
            size: head.0,
        })
    });
    view.await.map(Json)
}
