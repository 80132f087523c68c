//! Labels: what is stuck on an item, as a picture. What it says may be read by whoever passes, so that it is not what the
//! item is.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::access::Caller;
use super::document::{ItemId, Missing};
use super::item::parse_item;
use super::private::private;
use super::problem::Problem;
use super::segment::Segment;
use super::service::Service;
use crate::failure::Failure;
use crate::label::{Label, Sheet, label_sheets};
use crate::print::PrintForm;

/// The label of an item
///
/// A picture of 70 x 37.1 mm: a QR code of the item's id, the id with its check characters, the ledger's name.
#[utoipa::path(
    get, path = "/v1/items/{item}/label", tag = "items",
    params(("item" = ItemId, Path, description = "id of the item")),
    responses(
        (status = 200, description = "the label", body = String, content_type = "image/svg+xml"), Missing,
    ),
)]
pub async fn draw(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Segment(item): Segment,
) -> Result<Response, Problem> {
    let item = parse_item(&item)?;
    let label = service.look_as(caller, move |desk| {
        desk.item_state(item)?;
        let (origin, is_training) = (desk.origin().to_string(), desk.is_training()?);
        let label = Label { item, origin, description: None, is_training };
        label_sheets(&[label], Sheet::Single, 0)?.draw(PrintForm::Svg).map_err(Failure::from)
    });
    Ok(private("image/svg+xml", label.await?))
}
