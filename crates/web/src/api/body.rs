//! Reading what a request sends: its JSON body, its query, the item its path names.

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
};
use serde::de::DeserializeOwned;

use super::Problem;

/// The largest body that is understood.
const MOST_BYTES: usize = 1024 * 1024;
/// Up to here a larger one is read and thrown away, so that its sender gets the answer.
const MOST_DRAINED_BYTES: usize = 64 * 1024 * 1024;

/// Reads the body, which must be JSON of the shape `T` and nothing else.
pub(super) async fn json<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Problem> {
    let bytes = bytes(body).await?;
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

/// Reads the whole body; what is too large is read on for a while and thrown away.
async fn bytes(body: Body) -> Result<Vec<u8>, Problem> {
    use axum::body::HttpBody as _;
    let mut body = std::pin::pin!(body);
    let (mut kept, mut seen) = (Vec::new(), 0_usize);
    while let Some(frame) = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(|_| Problem::bad_request("the body did not arrive whole"))?;
        let Ok(data) = frame.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= MOST_BYTES {
            kept.extend_from_slice(&data);
        } else {
            kept = Vec::new();
            if seen > MOST_DRAINED_BYTES {
                break;
            }
        }
    }
    if seen > MOST_BYTES {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("the body is larger than {MOST_BYTES} bytes"),
        ));
    }
    Ok(kept)
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
