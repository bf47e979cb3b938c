//! The search over all flows.

use app::{
    Error, Reading,
    search::{self, Hit, Hits, Search},
    work::Part,
};
use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{
    lists::{address, is_for_list, trouble, when},
    visit::{Around, Visit, rendered},
};
use crate::{
    server::Web,
    view::{
        Active, Chip, Hue, Named,
        search::{HitRow, SearchPage},
    },
};

/// Items on a page.
const PAGE: i64 = 20;

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SearchQuery {
    q: String,
    cursor: Option<String>,
}

/// `/search`
pub(crate) async fn search(visit: Visit, State(web): State<Web>, uri: Uri) -> Response {
    let Ok(query) = axum::extract::Query::<SearchQuery>::try_from_uri(&uri) else {
        return visit.error(&web, StatusCode::BAD_REQUEST, None).await;
    };
    visit.page(&web, move |cx, caller, around| page(cx, caller, around, &query.0)).await
}

fn page(cx: &Reading, caller: &crate::server::Caller, around: &Around, query: &SearchQuery) -> Result<Response, Error> {
    let part = Part { cursor: query.cursor.clone(), limit: PAGE };
    let asked = Search { query: query.q.clone(), flow: None, part };
    let (found, problem) = match search::search(cx, &caller.signed.actor, &asked) {
        Ok(found) => (Some(found), None),
        Err(Error::BadQuery(problem)) => (None, Some(trouble(around.words, &query.q, &problem))),
        Err(other) => return Err(other),
    };
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let to = |cursor: Option<&str>| {
        let mut parts = vec![("q", query.q.as_str())];
        parts.extend(cursor.map(|cursor| ("cursor", cursor)));
        address("/search", &parts)
    };
    let total = found.as_ref().filter(|_| !query.q.trim().is_empty()).map(|found| found.total.to_string());
    let page = SearchPage {
        f: around.frame(around.words.word("search"), Active::None),
        q: &query.q,
        problem,
        next: found.as_ref().and_then(|found| found.next.as_deref()).map(|cursor| to(Some(cursor))),
        first: query.cursor.as_ref().map(|_| to(None)),
        total: total.unwrap_or_default(),
        hits: found.iter().flat_map(|found| found.hits.iter().map(|hit| line(cx, around, found, hit))).collect(),
    };
    let response = if is_for_list(around) { rendered(&page.as_list()) } else { rendered(&page) }?;
    Ok((status, response).into_response())
}

fn line<'a>(cx: &'a Reading, around: &Around, found: &'a Hits, hit: &'a Hit) -> HitRow<'a> {
    let published = cx.flows.get(&hit.row.flow);
    let row = &hit.row;
    let hue = published.map_or(Hue::GREY, |published| Hue::of(&published.flow, &row.state));
    let named = |name: &'a String| Named { name, display: found.people.display(name) };
    HitRow {
        flow: &row.flow,
        number: row.number,
        id: &row.id,
        flow_name: published.map_or("", |published| &published.flow.name),
        title: &hit.title,
        snippet: &hit.snippet,
        field: hit.field.as_deref(),
        state: Chip { name: &row.state, hue },
        holders: row.assigned_to.iter().map(named).collect(),
        updated: when(cx, around.words, row.updated_at),
    }
}
