//! Reading what a request sends: its JSON body, its query, the item its path names.

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
};
use serde::de::DeserializeOwned;

use super::Problem;
use crate::body::{BadBody, MOST_BYTES, bytes};

/// Reads the body, which must be JSON of the shape `T` and nothing else.
pub(super) async fn json<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Problem> {
    let bytes = bytes(body, MOST_BYTES).await.map_err(|bad| match bad {
        BadBody::TooLarge => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("the body is larger than {MOST_BYTES} bytes"),
        ),
        BadBody::Broken => Problem::bad_request("the body did not arrive whole"),
    })?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence != "application/json" && !(essence.starts_with("application/") && essence.ends_with("+json")) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "send JSON, with Content-Type: application/json",
        ));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Problem::bad_request("the body is not UTF-8"))?;
    if !text.trim_start().starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        // A list would be taken for the keys' values in their order.
        return Err(Problem::bad_request("the body must be a JSON object"));
    }
    serde_json::from_str(text).map_err(|error| Problem::bad_request(error.to_string()))
}

/// Reads the query, every part of which must be known.
pub(super) fn query<T: DeserializeOwned>(uri: &axum::http::Uri) -> Result<T, Problem> {
    axum::extract::Query::<T>::try_from_uri(uri)
        .map(|axum::extract::Query(query)| query)
        .map_err(|rejection| Problem::bad_request(rejection.body_text()))
}

/// The number in a path; what can name no item is `None`.
pub(crate) fn number(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (number > 0 && number.to_string() == text).then_some(number)
}
