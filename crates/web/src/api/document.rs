//! The API's description: made from the handlers, served as JSON and as a page to read.

use std::sync::LazyLock;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use super::{calls, carry, items, stats};
use crate::{
    pages::{plain, visit::Visit},
    server::Web,
};

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(title = "TaskSteper", description = "Flows, items and work over HTTP. Send a token: Authorization: Bearer TOKEN."),
    paths(calls::me, calls::flows, calls::flow, stats::stats, items::items, items::create, items::item, items::save,
        items::press, items::comment, items::hand_over, items::history, calls::work, calls::search, calls::similar, carry::export,
        carry::import, carry::release_notes),
    modifiers(&Token),
)]
pub(crate) struct Document;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        document.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

static JSON: LazyLock<String> = LazyLock::new(|| Document::openapi().to_json().unwrap_or_default());

/// The document as JSON.
pub(crate) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], JSON.as_str()).into_response()
}

/// The JSON Schema of a flow file, for editors.
pub(crate) async fn flow_schema() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], flow::SCHEMA).into_response()
}

/// The document as a page.
pub(crate) async fn docs(visit: Visit, State(web): State<Web>) -> Response {
    plain::api_docs(visit, &web, &JSON).await
}
