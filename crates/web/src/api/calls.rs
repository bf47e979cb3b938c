//! The calls that are not about one item.

use std::collections::BTreeSet;

use app::{
    like,
    search::{self, Search},
    work::{self, Part, Work},
};
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, Uri},
};

use super::{
    Problem, body,
    items::{caller, limit, page_of},
    shapes::{self, FlowBrief, Flows, Found, Items, Me, SearchQuery, Similar, SimilarQuery, WorkQuery},
};
use crate::server::Web;

/// Items like a text unless the request says otherwise.
const LIKE: i64 = 5;

/// The caller.
#[utoipa::path(get, path = "/api/v1/me", tag = "people", security(("token" = [])),
    responses((status = 200, body = Me), (status = 401, body = Problem)))]
pub(crate) async fn me(State(web): State<Web>, headers: HeaderMap) -> Result<Json<Me>, Problem> {
    let (token, language) = caller(&headers);
    let me = web.read_as(token, language, |_, caller| {
        let signed = &caller.signed;
        Ok(Me {
            name: signed.actor.name.clone(),
            display: signed.display.clone(),
            admin: signed.actor.admin,
            groups: signed.actor.groups.iter().cloned().collect(),
        })
    });
    Ok(Json(me.await?))
}

/// The flows in which the caller may create or see any item.
#[utoipa::path(get, path = "/api/v1/flows", tag = "flows", security(("token" = [])),
    responses((status = 200, body = Flows), (status = 401, body = Problem)))]
pub(crate) async fn flows(State(web): State<Web>, headers: HeaderMap) -> Result<Json<Flows>, Problem> {
    let (token, language) = caller(&headers);
    let flows = web.read_as(token, language, |cx, caller| {
        let cards = work::flows(cx, &caller.signed.actor)?;
        let brief = |card: work::FlowCard| FlowBrief {
            key: card.flow.key.clone(),
            name: card.flow.name.clone(),
            version: card.version,
            open_items: card.open,
        };
        Ok(Flows { flows: cards.into_iter().map(brief).collect() })
    });
    Ok(Json(flows.await?))
}

/// The published definition: fields, states, transitions.
#[utoipa::path(get, path = "/api/v1/flows/{flow}", tag = "flows", security(("token" = [])),
    params(("flow" = String, Path, description = "The flow's key")),
    responses((status = 200, body = Object), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn flow(
    State(web): State<Web>,
    headers: HeaderMap,
    Path(key): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    let (token, language) = caller(&headers);
    let definition = web.read_as(token, language, move |cx, caller| {
        let (published, _) = work::flow(cx, &caller.signed.actor, &key)?;
        Ok(super::definition::json(&published))
    });
    Ok(Json(definition.await?))
}

/// Items of all flows that a query finds, best first.
#[utoipa::path(get, path = "/api/v1/search", tag = "items", security(("token" = [])), params(SearchQuery),
    responses((status = 200, body = Found), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn search(State(web): State<Web>, headers: HeaderMap, uri: Uri) -> Result<Json<Found>, Problem> {
    let (token, language) = caller(&headers);
    let asked = body::query::<SearchQuery>(&uri).and_then(|query| {
        let part = Part { limit: limit(query.limit)?, cursor: query.cursor };
        Ok(Search { query: query.q.unwrap_or_default(), flow: None, part })
    });
    let asked = web.known(token.clone(), language, asked).await?;
    let found = web.read_as(token, language, move |cx, caller| {
        let found = search::search(cx, &caller.signed.actor, &asked)?;
        Ok(shapes::found(found, cx.zone))
    });
    Ok(Json(found.await?))
}

/// Items like a text, most alike first: of this flow and those that it links to, or of one.
#[utoipa::path(get, path = "/api/v1/flows/{flow}/similar", tag = "items", security(("token" = [])),
    params(("flow" = String, Path, description = "The flow's key"), SimilarQuery),
    responses((status = 200, body = Similar), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn similar(
    State(web): State<Web>,
    headers: HeaderMap,
    Path(flow): Path<String>,
    uri: Uri,
) -> Result<Json<Similar>, Problem> {
    let (token, language) = caller(&headers);
    let asked = body::query::<SimilarQuery>(&uri).and_then(|query| {
        let limit = usize::try_from(limit(query.limit.or(Some(LIKE)))?).unwrap_or_default();
        let (text, within) = (query.text.unwrap_or_default(), query.within);
        Ok(like::Asked { flow, text, within, but: BTreeSet::new(), limit })
    });
    let asked = web.known(token.clone(), language, asked).await?;
    let similar = web.read_as(token, language, move |cx, caller| {
        let mut likes = like::similar(cx, &caller.signed.actor, &asked)?;
        likes.truncate(asked.limit);
        Ok(shapes::similar(likes, cx.zone))
    });
    Ok(Json(similar.await?))
}

/// The caller's items over all flows.
#[utoipa::path(get, path = "/api/v1/work", tag = "items", security(("token" = [])), params(WorkQuery),
    responses((status = 200, body = Items), (status = 400, body = Problem), (status = 401, body = Problem)))]
pub(crate) async fn work(State(web): State<Web>, headers: HeaderMap, uri: Uri) -> Result<Json<Items>, Problem> {
    let (token, language) = caller(&headers);
    let asked = body::query::<WorkQuery>(&uri).and_then(|query| {
        let list = match query.list.as_deref() {
            None | Some("pending") => Work::Pending,
            Some("done") => Work::Done,
            Some("created") => Work::Created,
            Some(other) => {
                return Err(Problem::bad_request(format!("list: {other:?} is none of pending, done, created")));
            }
        };
        Ok((list, Part { limit: limit(query.limit)?, cursor: query.cursor }))
    });
    let (list, part) = web.known(token.clone(), language, asked).await?;
    let items = web.read_as(token, language, move |cx, caller| {
        let actor = &caller.signed.actor;
        let rows = work::work(cx, actor, list, None, &part)?;
        let views = work::whole(cx, actor, &rows.rows)?;
        Ok(page_of(&views, rows.total, rows.next, cx.zone, caller.words))
    });
    Ok(Json(items.await?))
}
