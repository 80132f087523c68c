//! Finding out who asks, before anything is done for them: a signed request, a session of a page, or nobody.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, FromRequestParts, OptionalFromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::access::Caller;
use super::intake::Intake;
use super::limit::{Counted, Door};
use super::nonce::Noted;
use super::problem::Problem;
use super::service::Service;
use super::session::cookie_name;
use crate::desk::now_s;
use crate::http_signature::{
    SignatureError, SignatureHeaders, SignatureParams, SignedRequest, Target,
};

/// Carries what a request that changes something has to carry besides its cookie.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// Marks a request that nobody at the page is the cause of: it does not keep a session from ending.
const BACKGROUND_HEADER: &str = "x-background";

/// The cookie with which a request came.
#[derive(Clone, Debug)]
pub struct Cookie(pub String);

/// Reads the body, finds out who asks, and counts the request. Whoever lies about who they are is turned away, also
/// where nobody would have had to say.
pub async fn identify(
    service: Arc<Service>,
    (door, intake): (&Door, &Intake),
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let address =
        peer.map(|peer| Counted::from(service.setting.proxies.caller(peer.ip(), &parts.headers)));
    match intake.take(body, address.as_ref()).await {
        Ok(body) => {
            let answer = answer(service, (parts, address), body.bytes.clone(), next);
            door.in_time(answer).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn answer(
    service: Arc<Service>,
    (mut parts, address): (Parts, Option<Counted>),
    body: Bytes,
    next: Next,
) -> Response {
    let (caller, signed) = match who_asks(&service, &mut parts, body.clone()).await {
        Ok(Some(asker)) => (Some(asker.caller), asker.signed),
        Ok(None) => (None, None),
        Err(problem) => return problem.into_response(),
    };
    let counted = match &caller {
        Some(caller) => Some(Counted::Known(caller.id.to_string())),
        None => address,
    };
    if let Some(counted) = counted.clone() {
        if let Err(problem) = service.rates.count(&counted) {
            return turned_away(&service, counted, problem.into_response());
        }
        // For who sends many things in one request.
        parts.extensions.insert(counted);
    }
    // Only what is let in is remembered: neither a stranger nor one key must fill the memory.
    if let Some(Err(problem)) = signed.map(|params| note_nonce(&service, &params)) {
        return problem.into_response();
    }
    if let Some(caller) = caller.clone() {
        parts.extensions.insert(caller);
    }
    let mut response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if let Some(caller) = caller {
        // For the log's line.
        response.extensions_mut().insert(caller);
    }
    match counted {
        Some(counted) if response.status() == StatusCode::TOO_MANY_REQUESTS => {
            turned_away(&service, counted, response)
        }
        _ => response,
    }
}

/// The answer to who asks too often. That it has in it who does makes it a line in the log.
fn turned_away(service: &Service, counted: Counted, mut response: Response) -> Response {
    if service.turned_away.note(&counted) {
        response.extensions_mut().insert(counted);
    }
    response
}

/// Somebody who has shown who they are.
struct Asker {
    caller: Caller,
    /// What they signed, where it was the request.
    signed: Option<SignatureParams>,
}

async fn who_asks(
    service: &Arc<Service>,
    parts: &mut Parts,
    body: Bytes,
) -> Result<Option<Asker>, Problem> {
    let is_signed =
        ["signature", "signature-input"].iter().any(|name| parts.headers.contains_key(*name));
    if is_signed {
        return by_signature(service, parts, body).await.map(Some);
    }
    let caller = by_session(service, parts).await?;
    Ok(caller.map(|caller| Asker { caller, signed: None }))
}

async fn by_signature(
    service: &Arc<Service>,
    parts: &Parts,
    body: Bytes,
) -> Result<Asker, Problem> {
    let headers = SignatureHeaders {
        input: single(&parts.headers, "signature-input", "Signature-Input")?,
        signature: single(&parts.headers, "signature", "Signature")?,
        content_digest: single(&parts.headers, "content-digest", "Content-Digest")?,
    };
    let signed = SignedRequest::parse(&headers).map_err(refused)?;
    let authority = authority(service, &parts.uri, &parts.headers)?;
    let (method, uri) = (parts.method.clone(), parts.uri.clone());
    let found = service.look(move |service| {
        let target = Target {
            method: method.as_str(),
            authority: &authority,
            path: uri.path(),
            query: uri.query(),
            body: &body,
        };
        let params = signed.params().clone();
        let Some(key) = service.ledger.key(&params.kid) else { return Ok(Err(unknown())) };
        if let Err(error) = signed.verify(&key, &target, now_s()) {
            return Ok(Err(refused(error)));
        }
        let caller = service.caller(params.kid)?;
        Ok(caller.map(|caller| Asker { caller, signed: Some(params) }).ok_or_else(unknown))
    });
    found.await?
}

/// A signature counts once.
fn note_nonce(service: &Service, signed: &SignatureParams) -> Result<(), Problem> {
    match service.nonces.note(signed, now_s()) {
        Noted::New => Ok(()),
        Noted::Replayed => {
            let detail = "a request with this nonce was answered already";
            Err(Problem::who_asks("http-signature/replayed", detail))
        }
        Noted::Full => Err(Problem::busy("too many signed requests at a time")),
    }
}

async fn by_session(service: &Arc<Service>, parts: &mut Parts) -> Result<Option<Caller>, Problem> {
    let name = cookie_name(service.setting.is_secure());
    let Some(cookie) = cookie(&parts.headers, name) else { return Ok(None) };
    parts.extensions.insert(Cookie(cookie.clone()));
    // An ended session asks as nobody does: what needs a caller says so, and beginning a session needs none.
    let Some(session) = service.sessions.find(&cookie, now_s()) else { return Ok(None) };
    let changes = ![Method::GET, Method::HEAD].contains(&parts.method);
    let token = parts.headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok());
    let has_token = token == Some(session.csrf.as_str());
    let is_cross_site = changes && is_cross_site(service, &parts.headers);
    if changes && !has_token && !is_cross_site && is_beginning(parts) {
        // Who lost the token begins anew, with their key: that asks for no session, and ends this one.
        return Ok(None);
    }
    if is_cross_site || (changes && !has_token) {
        let detail = "a request that changes something carries the session's token in `X-CSRF-Token`, and \
                      comes from a page of this server";
        return Err(Problem::new(StatusCode::FORBIDDEN, "session/csrf", detail));
    }
    // Nobody sits at a page that looks by itself, since something was recorded elsewhere.
    if !parts.headers.contains_key(BACKGROUND_HEADER) {
        service.sessions.use_now(&cookie, now_s());
    }
    service.look(move |service| service.caller(session.kid)).await
}

/// Whether a session is begun, which the key's signature decides and no cookie.
fn is_beginning(parts: &Parts) -> bool {
    parts.method == Method::POST
        && ["/v1/session", "/v1/session/challenge"].contains(&parts.uri.path())
}

/// The one value of a header that there must be.
fn single(headers: &HeaderMap, name: &str, shown: &'static str) -> Result<String, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (Some(Ok(value)), None) => Ok(value.to_owned()),
        _ => Err(refused(SignatureError::Malformed { header: shown })),
    }
}

/// What the client believes to talk to, which must be one of the server's own names: HTTP/1.1 has it in `Host`, HTTP/2 in
/// `:authority`, which is the URI's here.
///
/// # Errors
/// [`Problem`] 421.
pub fn authority(service: &Service, uri: &Uri, headers: &HeaderMap) -> Result<String, Problem> {
    let named = match uri.authority() {
        Some(authority) => authority.to_string(),
        None => single(headers, "host", "Host")?,
    };
    let named = named.to_ascii_lowercase();
    match service.answers_to(&named) {
        true => Ok(named),
        false => {
            let detail = format!("`{named}` is not a name of this server");
            Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "http/authority", detail))
        }
    }
}

/// The session's cookie, if there is exactly one of that name.
fn cookie(headers: &HeaderMap, wanted: &str) -> Option<String> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut found = pairs.flat_map(|line| line.split("; ")).filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        (name == wanted).then(|| value.to_owned())
    });
    let first = found.next()?;
    // Two of one name: somebody has planted one.
    found.next().is_none().then_some(first)
}

/// Whether the browser says that another site's page sends this.
fn is_cross_site(service: &Service, headers: &HeaderMap) -> bool {
    let is_ours =
        |origin: &HeaderValue| origin.to_str().is_ok_and(|origin| service.is_own_origin(origin));
    headers.get(header::ORIGIN).is_some_and(|origin| !is_ours(origin))
        || headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

fn refused(error: SignatureError) -> Problem {
    Problem::who_asks(error.code(), error.to_string())
}

fn unknown() -> Problem {
    Problem::who_asks("record/unknown-key", "the key is enrolled for nobody here, or has ended")
        .hint("a custodian's or an agency's key asks; the operator's is used where the ledger lies")
}

/// A request of somebody who is known.
impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let detail = "sign the request with a custodian's key, or begin a session";
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::who_asks("access/who", detail))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}
