//! The figures of overseers, with the size of the tree from which anyone can compute them again.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use custody_core::id::SubjectId;
use custody_core::verify::utc_text;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::access::{Caller, OVERSEERS};
use super::document::Denied;
use super::problem::Problem;
use super::reckoned::reckoned;
use super::service::Service;
use super::view::Who;
use crate::audit::{Question, WalkProgress, audit};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::people::People;
use crate::stats::{Window, stats};

/// Figures of everybody, by agency and by request.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatisticsView {
    /// Size of the tree.
    size: u64,
    /// Root of the tree.
    root: String,
    /// When its newest entry was recorded, UTC: what is open is judged at that time.
    as_of: String,
    /// Of everybody.
    #[schema(value_type = Object)]
    all: Value,
    /// By agency.
    agencies: Vec<AgencyFigures>,
    /// By request.
    requests: Vec<RequestFigures>,
}

/// Figures of an agency.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgencyFigures {
    /// The agency.
    agency: Who,
    /// Its figures: docs/guide-auditor.md says what each counts.
    #[schema(value_type = Object)]
    figures: Value,
}

/// Figures of a request.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RequestFigures {
    /// The request.
    request: String,
    /// Its figures.
    #[schema(value_type = Object)]
    figures: Value,
}

/// What an audit finds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FindingList {
    /// Size of the tree.
    size: u64,
    /// Root of the tree.
    root: String,
    /// When its newest entry was recorded, UTC.
    as_of: String,
    /// The findings.
    findings: Vec<FindingView>,
}

/// Something that somebody should look at.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FindingView {
    /// Its code.
    code: &'static str,
    /// The same in a sentence, in English.
    text: String,
    /// The entries that show it.
    entries: Vec<u64>,
    /// The items.
    items: Vec<String>,
    /// Who has to do with it.
    people: Vec<Who>,
    /// How long, where it is about time.
    minutes: Option<u64>,
    /// Entries that correct it.
    corrected_by: Vec<u64>,
}

/// Figures of the whole ledger
///
/// For overseers. Of a large ledger they may be those of an earlier tree, which `size` says, while they are reckoned anew;
/// where there are none yet, 503 says when to come again.
#[utoipa::path(
    get, path = "/v1/statistics", tag = "oversight",
    responses((status = 200, description = "figures", body = StatisticsView), Denied),
)]
pub async fn figures(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<StatisticsView>, Problem> {
    check_overseer(&caller)?;
    let made = reckoned(&service, caller, |service| &service.figures, StatisticsView::of).await?;
    Ok(Json(made.as_ref().clone()))
}

/// What is unusual in the whole ledger
///
/// For overseers. Of a large ledger as the figures are.
#[utoipa::path(
    get, path = "/v1/findings", tag = "oversight",
    responses((status = 200, description = "findings", body = FindingList), Denied),
)]
pub async fn findings(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<FindingList>, Problem> {
    check_overseer(&caller)?;
    let made = reckoned(&service, caller, |service| &service.findings, FindingList::of).await?;
    Ok(Json(made.as_ref().clone()))
}

/// Figures and mirrors are for overseers.
///
/// # Errors
/// [`Problem`] 403.
pub fn check_overseer(caller: &Caller) -> Result<(), Problem> {
    match caller.is_overseer {
        true => Ok(()),
        false => {
            Err(Problem::forbidden("this is for those who oversee the ledger").hint(OVERSEERS))
        }
    }
}

impl StatisticsView {
    fn of(desk: &Desk<'_>, progress: WalkProgress<'_>) -> Result<Self, Failure> {
        let people = People::of(desk);
        let stats = stats(desk, Window::ALL, progress)?;
        let agencies = stats.agencies.iter().map(|(id, figures)| {
            let agency = people.name(&SubjectId::Agency(*id))?.into();
            Ok(AgencyFigures { agency, figures: figures.to_json() })
        });
        let requests = stats.requests.iter().map(|(id, figures)| RequestFigures {
            request: SubjectId::Request(*id).to_string(),
            figures: figures.to_json(),
        });
        Ok(Self {
            size: stats.head.size.0,
            root: stats.head.root.to_string(),
            as_of: utc_text(stats.as_of_s),
            all: stats.all.to_json(),
            agencies: agencies.collect::<Result<_, Failure>>()?,
            requests: requests.collect(),
        })
    }
}

impl FindingList {
    fn of(desk: &Desk<'_>, progress: WalkProgress<'_>) -> Result<Self, Failure> {
        let people = People::of(desk);
        let audited = audit(desk, &Question::default(), progress)?;
        let finding = |finding: &crate::audit::Finding| {
            let who = finding.people.iter().map(|id| Ok(people.custodian(*id)?.into()));
            Ok(FindingView {
                code: finding.kind.word(),
                text: finding.text.clone(),
                entries: finding.entries.clone(),
                items: finding.items.iter().map(|id| SubjectId::Item(*id).to_string()).collect(),
                people: who.collect::<Result<_, Failure>>()?,
                minutes: finding.minutes,
                corrected_by: finding.corrected_by.clone(),
            })
        };
        Ok(Self {
            size: audited.head.size.0,
            root: audited.head.root.to_string(),
            as_of: utc_text(audited.as_of_s),
            findings: audited.findings.iter().map(finding).collect::<Result<_, Failure>>()?,
        })
    }
}
