//! The calls about items.

use app::{
    item::{self, ItemView, Press},
    signin::Credential,
    work::{self, Listing, Part, Total},
};
use axum::{
    Json,
    body::Body,
    extract::{MatchedPath, Path, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;

use super::{
    Problem, body,
    shapes::{
        self, CommentRequest, CreateRequest, Event, History, HistoryQuery, HolderRequest, Item, Items, ItemsQuery,
        PressRequest, SaveRequest,
    },
};
use crate::{
    server::{Failed, Web, preferred},
    words::{Language, Words},
};

/// Items on a page unless the request says otherwise.
const PAGE: i64 = 50;
/// Items on a page at most.
const MOST: i64 = 200;

/// A flow's items, found by a query, newest first unless sorted otherwise.
#[utoipa::path(get, path = "/api/v1/flows/{flow}/items", tag = "items", security(("token" = [])),
    params(("flow" = String, Path, description = "The flow's key"), ItemsQuery),
    responses((status = 200, body = Items), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn items(
    State(web): State<Web>,
    headers: HeaderMap,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Json<Items>, Problem> {
    let (token, language) = caller(&headers);
    let asked = body::query::<ItemsQuery>(&uri).and_then(|query| {
        Ok(Listing {
            columns: Vec::new(),
            part: Part { limit: limit(query.limit)?, cursor: query.cursor },
            query: query.q.unwrap_or_default(),
            sort: query.sort.unwrap_or_default(),
            whole: None,
            near: false,
        })
    });
    let listing = web.known(token.clone(), language, asked).await?;
    let page = web.read_as(token, language, move |cx, caller| {
        let (views, next, total) = work::whole_items(cx, &caller.signed.actor, &key, &listing)?;
        Ok(page_of(&views, total, next, cx.zone, caller.words))
    });
    Ok(Json(page.await?))
}

/// Creates an item.
#[utoipa::path(post, path = "/api/v1/flows/{flow}/items", tag = "items", security(("token" = [])),
    params(("flow" = String, Path, description = "The flow's key")), request_body = CreateRequest,
    responses((status = 201, body = Item), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create(
    State(web): State<Web>,
    headers: HeaderMap,
    Path(key): Path<String>,
    body: Body,
) -> Result<Response, Problem> {
    let request: CreateRequest = web.asked(&headers, body).await?;
    let (token, language) = caller(&headers);
    let created = web.write_as(token, language, move |cx, caller| {
        let view = item::create(cx, &caller.signed.actor, &key, &request.fields)?;
        Ok(shapes::item(&view, cx.zone, caller.words))
    });
    let item = created.await?;
    let location = format!("/api/v1/flows/{}/items/{}", item.flow(), item.number());
    let mut response = (StatusCode::CREATED, Json(&item)).into_response();
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(with_tag(response, &item))
}

/// An item.
#[utoipa::path(get, path = "/api/v1/flows/{flow}/items/{number}", tag = "items", security(("token" = [])),
    params(("flow" = String, Path, description = "The flow's key"), ("number" = i64, Path, description = "The item's number")),
    responses((status = 200, body = Item), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn item(
    State(web): State<Web>,
    headers: HeaderMap,
    Path((key, number)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (token, language) = caller(&headers);
    let item = web.read_as(token, language, move |cx, caller| {
        let view = item::view(cx, &caller.signed.actor, &key, named(&number)?)?;
        Ok(shapes::item(&view, cx.zone, caller.words))
    });
    let item = item.await?;
    Ok(with_tag(Json(&item).into_response(), &item))
}

/// Saves field values without pressing.
#[utoipa::path(patch, path = "/api/v1/flows/{flow}/items/{number}", tag = "items", security(("token" = [])),
    params(("flow" = String, Path, description = "The flow's key"), ("number" = i64, Path, description = "The item's number")),
    request_body = SaveRequest,
    responses((status = 200, body = Item), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn save(
    State(web): State<Web>,
    headers: HeaderMap,
    Path((key, number)): Path<(String, String)>,
    body: Body,
) -> Result<Response, Problem> {
    let request: SaveRequest = web.asked(&headers, body).await?;
    let (token, language) = caller(&headers);
    let item = named(&number).ok().map(|number| (key.clone(), number));
    let saved = web.change_as(token, language, item, move |cx, caller| {
        let place = (key.as_str(), named(&number)?);
        let view = item::save(cx, &caller.signed.actor, place, request.revision, &request.fields)?;
        Ok(shapes::item(&view, cx.zone, caller.words))
    });
    let item = saved.await?;
    Ok(with_tag(Json(&item).into_response(), &item))
}

/// Presses a trigger.
#[utoipa::path(post, path = "/api/v1/flows/{flow}/items/{number}/triggers", tag = "items", security(("token" = [])),
    params(("flow" = String, Path, description = "The flow's key"), ("number" = i64, Path, description = "The item's number")),
    request_body = PressRequest,
    responses((status = 200, body = Item), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn press(
    State(web): State<Web>,
    headers: HeaderMap,
    Path((key, number)): Path<(String, String)>,
    body: Body,
) -> Result<Response, Problem> {
    let request: PressRequest = web.asked(&headers, body).await?;
    let press = Press {
        trigger: request.trigger,
        revision: request.revision,
        fields: request.fields,
        comment: request.comment,
    };
    let (token, language) = caller(&headers);
    let item = named(&number).ok().map(|number| (key.clone(), number));
    let pressed = web.change_as(token, language, item, move |cx, caller| {
        let view = item::press(cx, &caller.signed.actor, (key.as_str(), named(&number)?), &press)?;
        Ok(shapes::item(&view, cx.zone, caller.words))
    });
    let item = pressed.await?;
    Ok(with_tag(Json(&item).into_response(), &item))
}

/// Says something about an item.
#[utoipa::path(post, path = "/api/v1/flows/{flow}/items/{number}/comments", tag = "items", security(("token" = [])),
    params(("flow" = String, Path, description = "The flow's key"), ("number" = i64, Path, description = "The item's number")),
    request_body = CommentRequest,
    responses((status = 201, body = Event), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn comment(
    State(web): State<Web>,
    headers: HeaderMap,
    Path((key, number)): Path<(String, String)>,
    body: Body,
) -> Result<Response, Problem> {
    let request: CommentRequest = web.asked(&headers, body).await?;
    let (token, language) = caller(&headers);
    let item = named(&number).ok().map(|number| (key.clone(), number));
    let said = web.change_as(token, language, item, move |cx, caller| {
        let entry = item::comment(cx, &caller.signed.actor, (key.as_str(), named(&number)?), &request.comment)?;
        Ok(shapes::event(entry, cx.zone))
    });
    Ok((StatusCode::CREATED, Json(said.await?)).into_response())
}

/// Hands an item over; administrators.
#[utoipa::path(post, path = "/api/v1/flows/{flow}/items/{number}/holder", tag = "items", security(("token" = [])),
    params(("flow" = String, Path, description = "The flow's key"), ("number" = i64, Path, description = "The item's number")),
    request_body = HolderRequest,
    responses((status = 200, body = Item), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn hand_over(
    State(web): State<Web>,
    headers: HeaderMap,
    Path((key, number)): Path<(String, String)>,
    body: Body,
) -> Result<Response, Problem> {
    let request: HolderRequest = web.asked(&headers, body).await?;
    let (token, language) = caller(&headers);
    let item = named(&number).ok().map(|number| (key.clone(), number));
    let handed = web.change_as(token, language, item, move |cx, caller| {
        let view = item::hand_over(cx, &caller.signed.actor, (key.as_str(), named(&number)?), &request.to)?;
        Ok(shapes::item(&view, cx.zone, caller.words))
    });
    let item = handed.await?;
    Ok(with_tag(Json(&item).into_response(), &item))
}

/// An item's history, oldest first.
#[utoipa::path(get, path = "/api/v1/flows/{flow}/items/{number}/history", tag = "items", security(("token" = [])),
    params(("flow" = String, Path, description = "The flow's key"), ("number" = i64, Path, description = "The item's number"), HistoryQuery),
    responses((status = 200, body = History), (status = 400, body = Problem), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn history(
    State(web): State<Web>,
    headers: HeaderMap,
    Path((key, number)): Path<(String, String)>,
    uri: Uri,
) -> Result<Json<History>, Problem> {
    let (token, language) = caller(&headers);
    let asked = body::query::<HistoryQuery>(&uri).and_then(|query| {
        let after = query.cursor.map(|cursor| body::number(&cursor).ok_or_else(|| bad_cursor(language)));
        Ok((query.limit.map(|given| limit(Some(given))).transpose()?, after.transpose()?))
    });
    let (limit, after) = web.known(token.clone(), language, asked).await?;
    let history = web.read_as(token, language, move |cx, caller| {
        let place = (key.as_str(), named(&number)?);
        let (_, mut entries) = item::history(
            cx,
            &caller.signed.actor,
            place,
            after.unwrap_or(0),
            limit.map_or(i64::MAX, |limit| limit + 1),
        )?;
        let room = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let more = entries.len() > room;
        entries.truncate(room);
        let next = entries.last().filter(|_| more).map(|last| last.seq.to_string());
        Ok(History { events: entries.into_iter().map(|entry| shapes::event(entry, cx.zone)).collect(), next })
    });
    Ok(Json(history.await?))
}

/// Refuses a query where a call takes none: nothing that is asked is passed over in silence.
pub(crate) async fn no_stray_query(
    State(web): State<Web>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let lists = ["/items", "/history", "/work", "/export", "/release-notes", "/search", "/similar", "/stats"];
    let takes_one = match *request.method() {
        Method::GET => lists.iter().any(|end| path.as_str().ends_with(end)),
        Method::POST => path.as_str().ends_with("/import"),
        _ => false,
    };
    let stray = request.uri().query().is_some_and(|query| !query.is_empty()) && path.as_str().starts_with("/api/v1/");
    if !stray || takes_one {
        return next.run(request).await;
    }
    let (token, language) = caller(request.headers());
    let refused = web.known(token, language, Err::<(), _>(Problem::bad_request("this call takes no query"))).await;
    match refused {
        Err(problem) => problem.into_response(),
        Ok(()) => next.run(request).await,
    }
}

impl Web {
    /// What a request asks for, once it is known who asks: a caller who is nobody is told that before anything else.
    pub(super) async fn known<T>(
        &self,
        token: Option<Credential>,
        language: Language,
        asked: Result<T, Problem>,
    ) -> Result<T, Problem> {
        match asked {
            Ok(asked) => Ok(asked),
            Err(problem) => {
                self.read_as(token, language, |_, _| Ok(())).await?;
                Err(problem)
            }
        }
    }

    /// The request's body, likewise.
    async fn asked<T: DeserializeOwned>(&self, headers: &HeaderMap, body: Body) -> Result<T, Problem> {
        let asked = body::json(headers, body).await;
        let (token, language) = caller(headers);
        self.known(token, language, asked).await
    }
}

impl From<Failed> for Problem {
    fn from(failed: Failed) -> Problem {
        Problem::from_error(failed.error, failed.words)
    }
}

/// The token that came with a request, and the language that it asks for.
pub(super) fn caller(headers: &HeaderMap) -> (Option<Credential>, Language) {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| Credential::Token(token.trim().to_owned()));
    (token, preferred(headers))
}

/// Items on a page: as many as asked for, 200 at most.
pub(super) fn limit(given: Option<i64>) -> Result<i64, Problem> {
    match given {
        None => Ok(PAGE),
        Some(..1) => Err(Problem::bad_request("limit: at least 1")),
        Some(limit) => Ok(limit.min(MOST)),
    }
}

/// A page of items as JSON.
pub(super) fn page_of(views: &[ItemView], total: Total, next: Option<String>, zone: &TimeZone, words: &Words) -> Items {
    let items = views.iter().map(|view| shapes::item(view, zone, words)).collect();
    Items { items, total: total.count, total_capped: total.capped, next }
}

fn bad_cursor(language: Language) -> Problem {
    Problem::from_error(app::Error::BadCursor, language.words())
}

fn named(number: &str) -> Result<i64, app::Error> {
    body::number(number).ok_or(app::Error::NotFound)
}

fn with_tag(mut response: Response, item: &Item) -> Response {
    if let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", item.revision())) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
