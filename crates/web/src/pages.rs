//! The pages.

use axum::response::{IntoResponse as _, Response};

/// The API's document as a page.
pub(crate) fn api_docs(_json: &str) -> Response {
    "".into_response()
}
