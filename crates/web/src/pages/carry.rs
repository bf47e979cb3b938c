//! Many items carried out of a flow and into it.

mod import;
mod notes;

pub(crate) use import::{import, progress, send, template};
pub(crate) use notes::{NotesQuery, asked, base, file, layout, release_notes};

use app::carry::export::Order;
use axum::{
    extract::{Path, State},
    http::{StatusCode, Uri},
    response::Response,
};
use serde::Deserialize;

use super::visit::Visit;
use crate::{carry::Format, server::Web};

/// What the address of an export says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ExportQuery {
    format: String,
    q: String,
    sort: String,
    columns: String,
    group: String,
}

/// `GET /flow/{flow}/export`
pub(crate) async fn export(
    visit: Visit,
    State(web): State<Web>,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Response, Response> {
    let asked = axum::extract::Query::<ExportQuery>::try_from_uri(&uri).ok().map(|query| query.0);
    let asked = asked.and_then(|asked| {
        let format = if asked.format.is_empty() { "xlsx" } else { &asked.format };
        Some((Format::named(format)?, asked))
    });
    let Some((format, asked)) = asked else { return Err(visit.error(&web, StatusCode::BAD_REQUEST, None).await) };
    let ExportQuery { q: query, sort, columns, group, .. } = asked;
    let order = Order { key, query, sort, columns, group };
    match web.carried_out(visit.session.clone(), visit.language, (order, format)).await {
        Ok(file) => Ok(file),
        Err(failed) => Err(visit.failed(&web, failed).await),
    }
}
