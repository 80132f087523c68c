//! Beginning and ending sessions of pages.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use custody_core::hash::Hash;
use custody_core::id::SubjectId;
use custody_core::key::Kid;
use custody_core::record::body::KeySlot;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::Caller;
use super::body::bad_body;
use super::document::Digest;
use super::identify::{Cookie, authority};
use super::problem::Problem;
use super::service::Service;
use super::session::{cookie_name, session_text};
use super::view::Who;
use crate::desk::now_s;
use crate::people::People;

/// Who says that they have a key.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChallengeAsked {
    /// Thumbprint of the key: 64 hexadecimal digits.
    #[schema(value_type = Digest)]
    kid: String,
}

/// What they are to sign.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Challenge {
    /// The challenge, to be sent back with the answer.
    challenge: String,
    /// The text to sign, Ed25519 over its UTF-8 bytes.
    text: String,
}

/// The answer to a challenge.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChallengeAnswered {
    /// Thumbprint of the key: 64 hexadecimal digits.
    #[schema(value_type = Digest)]
    kid: String,
    /// The challenge.
    challenge: String,
    /// The signature over its text, in base64.
    signature: String,
}

/// A session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Who it is.
    who: Who,
    /// Their agency: `agency:` and a UUID.
    agency: String,
    /// Whether they oversee.
    is_overseer: bool,
    /// What a request that changes something carries in `X-CSRF-Token`. Given once, when the session begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf: Option<String>,
    /// Seconds without a request after which it ends.
    idle_s: u64,
}

/// Asks for a challenge
///
/// It is answered for every thumbprint, so that nobody learns which keys are enrolled.
#[utoipa::path(
    post, path = "/v1/session/challenge", tag = "sessions", request_body = ChallengeAsked,
    responses((status = 200, description = "what to sign", body = Challenge)),
    security(()),
)]
pub async fn challenge(
    State(service): State<Arc<Service>>,
    uri: Uri,
    headers: HeaderMap,
    asked: Result<Json<ChallengeAsked>, JsonRejection>,
) -> Result<Json<Challenge>, Problem> {
    let Json(asked) = asked.map_err(bad_body)?;
    let kid = parse_kid(&asked.kid)?;
    let authority = authority(&service, &uri, &headers)?;
    let challenge = service.sessions.challenge(kid, now_s())?;
    let text = session_text(service.ledger.origin(), &authority, &challenge);
    Ok(Json(Challenge { challenge, text }))
}

/// Begins a session
#[utoipa::path(
    post, path = "/v1/session", tag = "sessions", request_body = ChallengeAnswered,
    responses((
        status = 200, description = "it has begun; the cookie is set", body = SessionView,
        headers(("Set-Cookie" = String, description = "the session's cookie")),
    )),
    security(()),
)]
pub async fn begin(
    State(service): State<Arc<Service>>,
    cookie: Option<Extension<Cookie>>,
    uri: Uri,
    headers: HeaderMap,
    answered: Result<Json<ChallengeAnswered>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(answered) = answered.map_err(bad_body)?;
    let kid = parse_kid(&answered.kid)?;
    let authority = authority(&service, &uri, &headers)?;
    let wrong = || Problem::who_asks("session/challenge", "that is not the answer to a challenge");
    if !service.sessions.take_challenge(&answered.challenge, kid, now_s()) {
        return Err(wrong());
    }
    let signature = STANDARD.decode(&answered.signature).ok();
    let signature: [u8; 64] =
        signature.and_then(|bytes| bytes.try_into().ok()).ok_or_else(wrong)?;
    let text = session_text(service.ledger.origin(), &authority, &answered.challenge);
    let key = service.ledger.key(&kid).ok_or_else(wrong)?;
    key.verify(text.as_bytes(), &signature).map_err(|_| wrong())?;
    let found = service.look(move |service| service.caller(kid)).await?;
    let caller = found.ok_or_else(wrong)?;
    if caller.slot == KeySlot::Recovery {
        let detail = "this is the agency's recovery key, which no page takes";
        return Err(Problem::new(StatusCode::FORBIDDEN, "session/recovery-key", detail)
            .hint("sign in with the authority key, and keep the recovery key offline"));
    }
    // Whatever session the browser brought with it ends: a planted cookie is worth nothing.
    if let Some(Extension(Cookie(old))) = cookie {
        service.sessions.end(&old);
    }
    let begun = service.sessions.begin(kid, now_s())?;
    let set = set_cookie(&service, &begun.cookie, service.setting.sessions.whole_s);
    let view = view(&service, caller, Some(begun.csrf)).await?;
    Ok(([(header::SET_COOKIE, set), (header::CACHE_CONTROL, no_store())], Json(view))
        .into_response())
}

/// The session at hand
#[utoipa::path(
    get, path = "/v1/session", tag = "sessions",
    responses((status = 200, description = "who asks", body = SessionView)),
)]
pub async fn show(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<SessionView>, Problem> {
    view(&service, caller, None).await.map(Json)
}

/// Ends the session at hand
#[utoipa::path(
    delete, path = "/v1/session", tag = "sessions",
    responses((
        status = 204, description = "it has ended",
        headers(("Set-Cookie" = String, description = "takes the session's cookie away")),
    )),
)]
pub async fn end(
    State(service): State<Arc<Service>>,
    _caller: Caller,
    cookie: Option<Extension<Cookie>>,
) -> Response {
    if let Some(Extension(Cookie(cookie))) = cookie {
        service.sessions.end(&cookie);
    }
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, set_cookie(&service, "", 0))]).into_response()
}

async fn view(
    service: &Arc<Service>,
    caller: Caller,
    csrf: Option<String>,
) -> Result<SessionView, Problem> {
    let Caller { id, agency, is_overseer, .. } = caller.clone();
    let who = service.look_as(caller, move |desk| People::of(desk).name(&id)).await?;
    Ok(SessionView {
        who: who.into(),
        agency: SubjectId::Agency(agency).to_string(),
        is_overseer,
        csrf,
        idle_s: service.setting.sessions.idle_s,
    })
}

fn set_cookie(service: &Service, value: &str, age_s: u64) -> String {
    let is_secure = service.setting.is_secure();
    let (name, secure) = (cookie_name(is_secure), if is_secure { "; Secure" } else { "" });
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age_s}{secure}")
}

fn no_store() -> String {
    "no-store".to_owned()
}

fn parse_kid(text: &str) -> Result<Kid, Problem> {
    Hash::from_hex(text).map(Kid::new).ok_or_else(|| {
        let detail = "a thumbprint is 64 hexadecimal digits in lower case";
        Problem::new(StatusCode::BAD_REQUEST, "http/digest", detail).in_field("/kid")
    })
}
