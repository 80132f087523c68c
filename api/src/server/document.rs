//! What the document of the API says about all paths: how to say who asks, the answers that any of them can give, and how
//! the texts are spelled that many of them take.
//!
//! A path names what it does itself: its successes, and which of [`Denied`], [`Missing`] and so on it can come to. What
//! follows from its form (it takes parameters, it takes JSON, it changes something) is added to all by [`complete`].
//! `serve_schema` holds the document against a server that runs.

use std::collections::BTreeMap;

use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{
    AdditionalProperties, KnownFormat, ObjectBuilder, Ref, Schema, SchemaFormat, Type,
};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, OpenApi, PartialSchema, ToSchema};

use super::identify::CSRF_HEADER;
use super::problem::Details;
use super::session::PLAIN_COOKIE;
use crate::command::MAX_SEALED_TEXT;

/// What the document says besides its paths.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Custody Ledger",
        description = "Custody of evidence, signed by both sides of every handoff.\n\n\
            docs/API.md says how requests are signed, how a session begins, and who may see what. Every path that \
            answers `GET` answers `HEAD`. A method that a path does not have is answered with 405, `http/method`, and \
            `Allow`. What is no HTTP that can be read is answered with 400, 414 or 431 and no body. The tiles of the \
            ledger (C2SP tlog-tiles), at the root, are not in here.",
    ),
    components(schemas(
        Details,
        ItemId,
        RequestId,
        SubjectIdText,
        CustodianId,
        MomentText,
        SealedText,
        HandlingCode,
        Digest,
        Binary,
        TreeNumber,
    ))
)]
pub struct Document;

/// An answer that several paths can come to: its status, its name in the document, when it is given.
type Answer = (&'static str, &'static str, &'static str);

const MALFORMED: Answer =
    ("400", "Malformed", "a part of the path, the query or the body is not what it should be");
const WHO: Answer = (
    "401",
    "WhoAsks",
    "nobody has said who asks, or not in a way that counts; a signature that is wrong is also refused where nobody \
     would have had to say",
);
const DENIED: Answer = (
    "403",
    "Denied",
    "it is known who asks, and they may not; or a session's request that changes something lacks its token",
);
const MISSING: Answer =
    ("404", "Missing", "there is no such thing, or nothing that whoever asks may see");
const SLOW: Answer = ("408", "Slow", "the body did not come in time");
const CONFLICT: Answer =
    ("409", "Conflict", "a rule of custody refuses it; `code` says which, SPEC explains it");
const LARGE: Answer = ("413", "TooLarge", "the body is too large, or does not end where it says");
const MEDIA: Answer = ("415", "NotJson", "the body does not say that it is JSON");
const ELSEWHERE: Answer = ("421", "Elsewhere", "`Host` is not a name of this server");
const REFUSED: Answer =
    ("422", "Refused", "it was read, and is not what it should be; `code` says what");
const OFTEN: Answer = ("429", "TooOften", "too many requests of one caller, or from one address");
const FAILED: Answer =
    ("500", "Failed", "something went wrong in the server; its log has more under `instance`");
const BUSY: Answer = ("503", "Busy", "there is no room now");
const LATE: Answer = ("504", "Late", "it took longer than the server allows");

/// What every path can come to: its body is read, its caller is looked for, and there may be no room or no time.
const OF_ALL: [Answer; 8] = [WHO, SLOW, LARGE, ELSEWHERE, OFTEN, FAILED, BUSY, LATE];
const NAMED: [Answer; 6] = [MALFORMED, DENIED, MISSING, CONFLICT, MEDIA, REFUSED];

/// The answers of a path that may not be for whoever asks.
pub struct Denied;
/// The answers of a path that names something.
pub struct Missing;
/// The answers of a path that the rules of custody decide.
pub struct Conflict;
/// The answers of a path that reads more than the form of what it gets.
pub struct Refused;

impl IntoResponses for Denied {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        one(&DENIED)
    }
}

impl IntoResponses for Missing {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        one(&MISSING)
    }
}

impl IntoResponses for Conflict {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        one(&CONFLICT)
    }
}

impl IntoResponses for Refused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        one(&REFUSED)
    }
}

fn one(answer: &Answer) -> BTreeMap<String, RefOr<Response>> {
    BTreeMap::from([refer(answer)])
}

fn refer(&(status, name, _): &Answer) -> (String, RefOr<Response>) {
    (status.to_owned(), Ref::from_response_name(name).into())
}

/// Adds to the document what all paths share.
pub fn complete(document: &mut utoipa::openapi::OpenApi) {
    let components = document.components.get_or_insert_default();
    for (name, scheme) in schemes() {
        components.security_schemes.insert(name.to_owned(), scheme.into());
    }
    for answer in OF_ALL.iter().chain(&NAMED) {
        components.responses.insert(answer.1.to_owned(), with_id(response(answer)).into());
    }
    for schema in components.schemas.values_mut() {
        close_choices(schema);
    }
    for (path, item) in &mut document.paths.paths {
        complete_path(path, item);
    }
}

/// A choice of members takes exactly one: the library leaves open that there be more.
fn close_choices(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::OneOf(choice)) = schema else { return };
    for one in &mut choice.items {
        if let RefOr::T(Schema::Object(object)) = one {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
}

fn complete_path(path: &str, item: &mut PathItem) {
    let methods = [("get", &mut item.get), ("post", &mut item.post), ("delete", &mut item.delete)];
    for (method, operation) in methods {
        let Some(operation) = operation else { continue };
        complete_operation(operation, method != "get");
        // An id is one path's: functions that answer have the same names in several modules.
        operation.operation_id = Some(
            method.to_owned() + &path.replace("/v1", "").replace('/', "-").replace(['{', '}'], ""),
        );
    }
}

fn complete_operation(operation: &mut Operation, changes: bool) {
    let takes_json = match &operation.request_body {
        Some(RefOr::T(body)) => body.content.contains_key("application/json"),
        _ => false,
    };
    let takes_parameters = operation.parameters.as_ref().is_some_and(|known| !known.is_empty());
    let mut answers = OF_ALL.to_vec();
    answers.extend((takes_parameters || takes_json).then_some(MALFORMED));
    answers.extend(changes.then_some(DENIED));
    answers.extend(takes_json.then_some([MEDIA, REFUSED]).into_iter().flatten());
    let responses = &mut operation.responses.responses;
    responses.extend(answers.iter().map(refer));
    for response in responses.values_mut() {
        if let RefOr::T(own) = response {
            *own = with_id(own.clone());
        }
    }
    // A path that everybody may ask says so itself.
    operation.security.get_or_insert_with(|| ways_in(changes));
}

/// Problem details, with the headers that the status comes with.
fn response(&(status, _, description): &Answer) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content);
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    let response = match status {
        "401" => response.header(
            "WWW-Authenticate",
            header("the two ways to say it", text("^Signature, Session$")),
        ),
        "429" | "503" => response
            .header("Retry-After", header("seconds until it is worth another attempt", seconds)),
        _ => response,
    };
    response.build()
}

/// Every answer names its request.
fn with_id(mut response: Response) -> Response {
    let id =
        header("the request's id, under which the server's log has more", text("^[0-9a-f]{16}$"));
    response.headers.insert("X-Request-Id".to_owned(), id.into());
    response
}

/// A header that is always there.
fn header(description: &str, schema: ObjectBuilder) -> Header {
    let mut header = Header::new(schema);
    header.description = Some(description.to_owned());
    // The library has no field for it.
    header.extensions = Some(Extensions::from_iter([("required", true)]));
    header
}

fn schemes() -> [(&'static str, SecurityScheme); 5] {
    let cookie = ApiKeyValue::with_description(
        PLAIN_COOKIE,
        "A session of a page, which `POST /v1/session` begins. Over TLS the cookie's name is `__Host-custody`.",
    );
    let named = |name: &str, description: &str| {
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, description)))
    };
    [
        ("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie))),
        (
            "csrf",
            named(CSRF_HEADER, "The session's token, with every request that changes something."),
        ),
        (
            "signature",
            named(
                "Signature",
                "HTTP message signature (RFC 9421), Ed25519, by the profile in docs/API.md.",
            ),
        ),
        ("signature-input", named("Signature-Input", "What the signature covers (RFC 9421).")),
        (
            "content-digest",
            named("Content-Digest", "SHA-256 of the body (RFC 9530), also of an empty one."),
        ),
    ]
}

/// A session, with its token where something changes; or a signature with what belongs to it.
fn ways_in(changes: bool) -> Vec<SecurityRequirement> {
    let none = || Vec::<String>::new();
    let session = SecurityRequirement::new("session", none());
    let session = if changes { session.add("csrf", none()) } else { session };
    let signature = SecurityRequirement::new("signature", none())
        .add("signature-input", none())
        .add("content-digest", none());
    vec![session, signature]
}

fn text(pattern: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern))
}

/// One of a list of words.
pub fn words(words: impl IntoIterator<Item = &'static str>) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build().into()
}

/// Texts that are spelled in one way: a name, what it is, how it is spelled.
macro_rules! spelled {
    ($($(#[$doc:meta])* $name:ident = $description:literal, $pattern:expr;)+) => {$(
        $(#[$doc])*
        pub struct $name;

        impl ToSchema for $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                text($pattern).description(Some($description)).into()
            }
        }
    )+};
}

macro_rules! uuid {
    () => {
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    };
}

spelled! {
    /// The id of an item.
    ItemId = "`item:` and a UUID", concat!("^item:", uuid!(), "$");
    /// The id of a request.
    RequestId = "`request:` and a UUID", concat!("^request:", uuid!(), "$");
    /// The id of a custodian.
    CustodianId = "`custodian:` and a UUID", concat!("^custodian:", uuid!(), "$");
    /// The id of anything that has a chain.
    SubjectIdText = "the id of a subject: its kind, and a UUID; of the ledger, its name",
        concat!("^((agency|custodian|item|notes|request):", uuid!(), "|ledger:[!-*,-~]{1,255})$");
    /// A time.
    MomentText = "RFC 3339, to the second, with its offset",
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})$";
    /// A digest.
    Digest = "64 hexadecimal digits in lower case", "^[0-9a-f]{64}$";
}

/// A text that is sealed. Its length is counted in bytes, and what JSON Schema counts are characters: there are never
/// more of them.
pub struct SealedText;

impl ToSchema for SealedText {}

impl PartialSchema for SealedText {
    fn schema() -> RefOr<Schema> {
        plain(MAX_SEALED_TEXT).into()
    }
}

/// A handling code of an exhibit.
pub struct HandlingCode;

impl ToSchema for HandlingCode {}

impl PartialSchema for HandlingCode {
    fn schema() -> RefOr<Schema> {
        plain(64).min_length(Some(1)).into()
    }
}

fn plain(longest: usize) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("NFC, without control characters but line breaks"))
        .max_length(Some(longest))
}

/// Bytes that are no text.
pub struct Binary;

impl ToSchema for Binary {}

impl PartialSchema for Binary {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

/// The size of a tree, or the index of an entry.
pub struct TreeNumber;

impl ToSchema for TreeNumber {}

impl PartialSchema for TreeNumber {
    fn schema() -> RefOr<Schema> {
        let largest = usize::try_from(u64::MAX).unwrap_or(usize::MAX);
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::Custom("uint64".to_owned())))
            .minimum(Some(0_usize))
            .maximum(Some(largest))
            .into()
    }
}
