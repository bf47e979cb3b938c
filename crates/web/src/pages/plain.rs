//! What is no page: static files, health, numbers, the API's document to read.

use app::Error;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

use super::visit::{Visit, rendered};
use crate::{
    assets::{self, Coding},
    server::Web,
    view::{Active, api::ApiDocs},
};

/// A static file: its name changes with its content, so browsers may keep it.
pub(crate) async fn asset(visit: Visit, State(web): State<Web>, uri: Uri, headers: HeaderMap) -> Response {
    let Some(asset) = assets::find(uri.path()) else {
        return visit.error(&web, StatusCode::NOT_FOUND, None).await;
    };
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (coding, bytes) = asset.body(accepted);
    let mut response = (
        [
            (header::CONTENT_TYPE, asset.media_type),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (header::VARY, "accept-encoding"),
        ],
        bytes,
    )
        .into_response();
    if let Some(name) = match coding {
        Coding::Brotli => Some("br"),
        Coding::Gzip => Some("gzip"),
        Coding::Identity => None,
    } {
        response.headers_mut().insert(header::CONTENT_ENCODING, header::HeaderValue::from_static(name));
    }
    response
}

/// 200 while the process lives. The answer stands fixed: what is measured against it is everything else.
pub(crate) async fn healthz() -> &'static str {
    "ok"
}

/// 200 while the database answers and the server is not about to stop; known within two seconds.
pub(crate) async fn readyz(State(web): State<Web>) -> Response {
    let away = |why: &'static str| (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")], why).into_response();
    if web.is_leaving() {
        return away("the server is being stopped");
    }
    let (sender, answer) = tokio::sync::oneshot::channel();
    web.app.ping_with(move |result| drop(sender.send(result)));
    match tokio::time::timeout(std::time::Duration::from_secs(2), answer).await {
        Ok(Ok(Ok(()))) => "ready".into_response(),
        Ok(Ok(Err(error))) => {
            let why = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            tracing::warn!(%error, why, "not ready");
            away("the database does not answer")
        }
        _ => {
            tracing::warn!("not ready: the database did not say anything");
            away("the database does not answer")
        }
    }
}

/// Numbers for Prometheus.
pub(crate) async fn metrics(State(web): State<Web>) -> Response {
    let text = web.metrics.render(&web.app, &web.live);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// No page stands there.
pub(crate) async fn nowhere(visit: Visit, State(web): State<Web>) -> Response {
    visit.error(&web, StatusCode::NOT_FOUND, None).await
}

/// A page does not take this method.
pub(crate) async fn wrong_method(visit: Visit, State(web): State<Web>) -> Response {
    visit.error(&web, StatusCode::METHOD_NOT_ALLOWED, None).await
}

/// The API's document as a page to read, for whoever it is.
pub(crate) async fn api_docs(visit: Visit, web: &Web, json: &str) -> Response {
    let base = web.config.base_url().unwrap_or("http://127.0.0.1:8000");
    let drawn = visit.open_page(web, |around| {
        let f = around.frame(around.words.word("docs"), Active::None);
        let page =
            ApiDocs::new(f, json, base).map_err(|error| Error::Damaged(format!("the API's document: {error}")))?;
        rendered(&page)
    });
    match drawn.await {
        Ok(page) => page,
        Err(error) => {
            tracing::error!(%error, "the API's document cannot be drawn");
            visit.error(web, StatusCode::INTERNAL_SERVER_ERROR, None).await
        }
    }
}
