//! Which path goes where, and what every request passes on its way.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use super::document::{Document, complete};
use super::entrance::{Entrance, enter, enter_known};
use super::problem::Problem;
use super::service::Service;
use super::{
    asset, batch, book, draft, end, event, exhibit, health, inbox, item, label, login, lookup, map,
    offer, record, registry, request, statistics, tile, witness,
};

/// All paths, with what every request passes.
pub fn router(service: &Arc<Service>) -> Router {
    let entrance = Entrance::new(&service.setting.limits);
    let (known, mut document) = api().split_for_parts();
    complete(&mut document);
    let known = known.route("/records/{*path}", get(tile::records));
    let known = known.method_not_allowed_fallback(no_method);
    let known = known.layer(from_fn_with_state((entrance.clone(), service.clone()), enter_known));
    let open = Router::new()
        .route("/", get(asset::document))
        .route("/assets/{digest}/{name}", get(asset::asset))
        .route("/checkpoint", get(tile::checkpoint))
        .route("/tile/{*path}", get(tile::tile))
        .route("/livez", get(health::alive))
        .route("/readyz", get(health::ready))
        .layer(CompressionLayer::new());
    open.merge(SwaggerUi::new("/v1/docs").url("/v1/openapi.json", document))
        .fallback(nothing)
        .method_not_allowed_fallback(no_method)
        .layer(from_fn_with_state(entrance, enter))
        .merge(known)
        .with_state(service.clone())
}

/// The API's document, OpenAPI 3.1.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = api().into_openapi();
    complete(&mut document);
    document
}

fn api() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(registry::ledger))
        .routes(routes!(registry::custodians))
        .routes(routes!(registry::agencies))
        .routes(routes!(draft::draft))
        .routes(routes!(record::submit))
        .routes(routes!(batch::submit))
        .routes(routes!(record::read))
        .routes(routes!(record::receipt))
        .routes(routes!(offer::send, offer::list))
        .routes(routes!(offer::read, offer::withdraw))
        .routes(routes!(end::find))
        .routes(routes!(inbox::show))
        .routes(routes!(item::list))
        .routes(routes!(item::show))
        .routes(routes!(label::draw))
        .routes(routes!(map::show))
        .routes(routes!(request::list))
        .routes(routes!(request::show))
        .routes(routes!(exhibit::collect))
        .routes(routes!(book::subject))
        .routes(routes!(book::subjects))
        .routes(routes!(lookup::find))
        .routes(routes!(book::chain))
        .routes(routes!(book::entry))
        .routes(routes!(book::entries))
        .routes(routes!(book::place))
        .routes(routes!(book::openings))
        .routes(routes!(book::root))
        .routes(routes!(book::head))
        .routes(routes!(statistics::figures))
        .routes(routes!(statistics::findings))
        .routes(routes!(witness::list))
        .routes(routes!(event::stream))
        .routes(routes!(login::challenge))
        .routes(routes!(login::begin, login::show, login::end))
}

async fn nothing() -> Problem {
    Problem::not_found("there is nothing at this path")
}

/// The path is there, and not this method of it.
pub async fn no_method(request: Request) -> Response {
    let detail = format!("`{}` is not one of the methods of this path", request.method());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "http/method", detail).into_response()
}
