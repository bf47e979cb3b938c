//! The calls that carry many items out and in.

use app::carry::export::Order;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, Uri},
    response::Response,
};

use super::{Problem, body, items::caller, shapes::ExportQuery};
use crate::{carry::Format, server::Web};

/// A flow's items, found by a query, as a file: streamed.
#[utoipa::path(get, path = "/api/v1/flows/{flow}/export", tag = "items", security(("token" = [])),
    params(("flow" = String, Path, description = "The flow's key"), ExportQuery),
    responses((status = 200, description = "The file"), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn export(
    State(web): State<Web>,
    headers: HeaderMap,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (token, language) = caller(&headers);
    let asked = body::query::<ExportQuery>(&uri).and_then(|query| {
        let format = query.format.as_deref().unwrap_or("xlsx");
        let format = Format::named(format)
            .ok_or_else(|| Problem::bad_request(format!("format: {format:?} is none of xlsx, csv, json, xes")))?;
        let order = Order {
            key,
            query: query.q.unwrap_or_default(),
            sort: query.sort.unwrap_or_default(),
            columns: query.columns.unwrap_or_default(),
        };
        Ok((order, format))
    });
    let asked = web.known(token.clone(), language, asked).await?;
    Ok(web.carried_out(token, language, asked).await?)
}
