//! Addresses of the program that this one comes after. They lead where the same thing is now, whether or not it is there: the
//! page itself says who may see it.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};

use super::visit::Visit;
use crate::server::Web;

/// `/polls/`
pub(crate) async fn home() -> Redirect {
    Redirect::permanent("/")
}

/// `/polls/0/flow/issue_track/`
pub(crate) async fn flow(visit: Visit, State(web): State<Web>, Path((_, flow)): Path<(String, String)>) -> Response {
    match key(&flow) {
        Some(key) => Redirect::permanent(&format!("/flow/{key}")).into_response(),
        None => visit.error(&web, StatusCode::NOT_FOUND, None).await,
    }
}

/// `/polls/0/flow/issue_track/3/detail/`
pub(crate) async fn item(
    visit: Visit,
    State(web): State<Web>,
    Path((_, flow, number)): Path<(String, String, String)>,
) -> Response {
    match (key(&flow), number.parse::<i64>()) {
        (Some(key), Ok(number)) => Redirect::permanent(&format!("/flow/{key}/{number}")).into_response(),
        _ => visit.error(&web, StatusCode::NOT_FOUND, None).await,
    }
}

/// A flow's key, whatever its letters' size: nothing else gets into an address.
fn key(flow: &str) -> Option<String> {
    Some(flow.to_ascii_lowercase()).filter(|key| flow::is_key(key))
}
