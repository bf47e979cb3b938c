//! Every URL.

use axum::{
    Router,
    routing::{any, get, post},
};

use crate::{api, server::Web};

/// All of them.
pub(crate) fn router(web: Web) -> Router {
    let api = Router::new()
        .route("/v1/me", get(api::me))
        .route("/v1/flows", get(api::flows))
        .route("/v1/flows/{flow}", get(api::flow))
        .route("/v1/flows/{flow}/items", get(api::items).post(api::create))
        .route("/v1/flows/{flow}/items/{number}", get(api::item).patch(api::save))
        .route("/v1/flows/{flow}/items/{number}/triggers", post(api::press))
        .route("/v1/flows/{flow}/items/{number}/comments", post(api::comment))
        .route("/v1/flows/{flow}/items/{number}/holder", post(api::hand_over))
        .route("/v1/flows/{flow}/items/{number}/history", get(api::history))
        .route("/v1/work", get(api::work))
        .route("/v1/openapi.json", get(api::openapi))
        .route("/docs", get(api::docs))
        .fallback(any(api::fallback))
        .method_not_allowed_fallback(api::wrong_method);
    Router::new().nest("/api", api).route("/healthz", get(|| async { "ok" })).with_state(web)
}
