//! What waits for whoever asks.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use custody_core::id::SubjectId;
use custody_core::verify::utc_text;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Caller;
use super::offer::OfferView;
use super::problem::Problem;
use super::service::Service;
use super::view::{ItemView, Who};
use crate::desk::{Desk, now_s};
use crate::failure::Failure;
use crate::people::People;
use crate::waiting::{Waiting, What, waiting_for};

/// What waits for a custodian.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InboxView {
    /// For whom.
    who: Who,
    /// What is on the way to them, what they sent, what they are to bring back; what is due first comes first.
    waiting: Vec<WaitingView>,
    /// Offers that they are to sign, or signed.
    offers: Vec<OfferView>,
    /// Size of the tree at which it was looked at.
    size: u64,
}

/// Something that waits.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WaitingView {
    /// `receive`, `sent` or `bring-back`.
    what: &'static str,
    /// The item.
    item: ItemView,
    /// Who the other side is.
    with: Who,
    /// The addressee in whose place they receive.
    instead_of: Option<Who>,
    /// What for, where it is on the way: by the code of SPEC.
    purpose: Option<&'static str>,
    /// By when, UTC.
    due: Option<String>,
    /// By how many minutes it is overdue.
    overdue_minutes: Option<u64>,
    /// Whether the addressee noted it as missing when they received the rest.
    is_noted_missing: bool,
}

/// What waits for whoever asks
#[utoipa::path(
    get, path = "/v1/inbox", tag = "items",
    responses((status = 200, description = "what waits", body = InboxView)),
)]
pub async fn show(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<InboxView>, Problem> {
    let inbox = service.look(move |service| {
        let desk = Desk::over(service.catalogued(&caller)?.0);
        let offers = service.offers(&People::of(&desk), &caller.id)?;
        InboxView::of(&desk, &caller, offers)
    });
    inbox.await.map(Json)
}

impl InboxView {
    fn of(desk: &Desk, caller: &Caller, offers: Vec<OfferView>) -> Result<Self, Failure> {
        let people = People::of(desk);
        let waiting = match caller.id {
            SubjectId::Custodian(me) => waiting_for(desk, me)?,
            _ => Vec::new(),
        };
        let waiting = waiting.iter().map(|row| WaitingView::of(desk, &people, row));
        Ok(Self {
            who: people.name(&caller.id)?.into(),
            waiting: waiting.collect::<Result<_, _>>()?,
            offers,
            size: desk.head().size.0,
        })
    }
}

impl WaitingView {
    fn of(desk: &Desk, people: &People<'_>, row: &Waiting) -> Result<Self, Failure> {
        let (what, _, with) = row.what.words(people)?;
        let instead_of = match row.what {
            What::Receive { instead_of: Some(id), .. } => Some(people.custodian(id)?.into()),
            _ => None,
        };
        Ok(Self {
            what,
            item: ItemView::of(desk, people, row.item, &desk.item_state(row.item)?)?,
            with: with.into(),
            instead_of,
            purpose: row.purpose.map(|purpose| purpose.word()),
            due: row.due_s.map(utc_text),
            overdue_minutes: row.overdue_s(now_s()).map(|late_s| late_s / 60),
            is_noted_missing: row.is_noted_missing,
        })
    }
}
