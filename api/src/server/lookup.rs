//! Many subjects looked up at once: what a manifest is about, for whoever is to sign it. Each is answered as it is when it is
//! asked for alone, by [`super::book`].

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use custody_core::id::SubjectId;
use custody_core::merkle::LeafIndex;
use custody_log::Logged;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::Caller;
use super::body::bad_body;
use super::book::{EntryBook, OpeningBook, SubjectBook, parse_subject};
use super::document::SubjectIdText;
use super::item::malformed;
use super::problem::Problem;
use super::service::Service;
use crate::desk::Desk;
use crate::failure::Failure;

/// Subjects of one request, at most: 500 items of a manifest are two.
pub const MAX_LOOKUPS: usize = 256;
/// Bytes of an answer, as they are counted here, after which no further subject is begun: 256 items with a line of description
/// have some 700,000. The last may add a state, a record of 128 KiB and its openings, 64 of 16 KiB, in base64: some 2 MiB.
const ENOUGH: usize = 1 << 20;
/// What names and punctuation of JSON add to a subject, an entry or an opening, in bytes.
const FRAME: usize = 256;

/// What is to be looked up.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookupsAsked {
    /// The subjects.
    #[schema(value_type = Vec<SubjectIdText>, min_items = 1, max_items = 256)]
    subjects: Vec<String>,
    /// Whether the first record of each chain is wanted too, with what opens it.
    #[serde(default)]
    first: bool,
}

/// What was found.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct LookupsView {
    /// The subjects in the order in which they were asked for: all of them, or as many as an answer takes.
    subjects: Vec<LookupView>,
    /// The first records, each once.
    entries: Vec<FirstView>,
}

/// A subject.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LookupView {
    /// Its id.
    subject: String,
    /// Its state, in base64; null where there is nothing, or nothing that whoever asks may see.
    state: Option<String>,
    /// Index of the entry with its first record, where that is asked for and may be seen.
    first: Option<u64>,
}

/// A first record, with its openings that whoever asks may see.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FirstView {
    #[serde(flatten)]
    entry: EntryBook,
    /// The openings.
    openings: Vec<OpeningBook>,
}

/// Many subjects
///
/// At most 256, with the first record of each and its openings where `first` says so: what `/v1/subjects/{subject}`, its
/// `records` and `/v1/records/{digest}/openings` have of each for whoever asks. An answer that becomes too long has the first of
/// them; the others are to be asked for again. The server's log says of which records openings were read.
#[utoipa::path(
    post, path = "/v1/lookups", tag = "books", request_body = LookupsAsked,
    responses((status = 200, description = "what was found", body = LookupsView)),
)]
pub async fn find(
    State(service): State<Arc<Service>>,
    caller: Caller,
    asked: Result<Json<LookupsAsked>, JsonRejection>,
) -> Result<Json<LookupsView>, Problem> {
    let Json(LookupsAsked { subjects, first }) = asked.map_err(bad_body)?;
    if subjects.is_empty() || subjects.len() > MAX_LOOKUPS {
        return Err(malformed("subjects", "1 to 256 ids of subjects").in_field("/subjects"));
    }
    let parse = |(at, text): (usize, &String)| {
        parse_subject(text).map_err(|problem| problem.in_field(format!("/subjects/{at}")))
    };
    let ids = subjects.iter().enumerate().map(parse).collect::<Result<Vec<_>, _>>()?;
    let found = service.look(move |service| {
        let desk = service.desk_for_each(&caller)?;
        let mut found = Found::default();
        for id in &ids {
            if found.length >= ENOUGH {
                break;
            }
            found.add(&desk, id, first)?;
        }
        Ok(found.view)
    });
    found.await.map(Json)
}

/// What was found so far.
#[derive(Default)]
struct Found {
    view: LookupsView,
    /// Which entries are in it.
    entries: HashSet<LeafIndex>,
    /// Its bytes, but for some.
    length: usize,
}

impl Found {
    fn add(&mut self, desk: &Desk<'_>, id: &SubjectId, first: bool) -> Result<(), Failure> {
        let subject = desk.look_up(id)?;
        let state = subject.as_ref().map(SubjectBook::state_of).transpose()?;
        let first = if first { desk.books().first(id)? } else { None };
        let index = first.as_ref().map(|logged| logged.index.0);
        self.length += FRAME + state.as_ref().map_or(0, String::len);
        self.view.subjects.push(LookupView { subject: id.to_string(), state, first: index });
        match first {
            // One record begins many chains: that of a `split`, those of its parts.
            Some(logged) if self.entries.insert(logged.index) => self.add_first(desk, &logged),
            _ => Ok(()),
        }
    }

    fn add_first(&mut self, desk: &Desk<'_>, logged: &Logged) -> Result<(), Failure> {
        let openings = desk.openings(&logged.entry.record)?;
        let first = FirstView {
            entry: EntryBook::of(logged),
            openings: openings.iter().map(OpeningBook::of).collect(),
        };
        let opened = first.openings.iter().map(|opening| FRAME + opening.value.len());
        self.length += FRAME + first.entry.record.len() + opened.sum::<usize>();
        self.view.entries.push(first);
        Ok(())
    }
}
