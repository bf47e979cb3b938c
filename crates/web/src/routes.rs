//! Every URL, and the layers around them.

use std::any::Any;

use axum::{
    Extension, Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{any, get, post},
};
use percent_encoding::percent_decode_str;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate},
    },
    csrf::{CsrfLayer, ProtectionError},
};

use crate::{
    api::{self, Problem},
    carry::XLSX,
    metrics,
    pages::{
        account, admin, ask, before, carry, item, kept, lists, live, plain, read, search, settings, stats, views,
        visit::Visit,
    },
    server::Web,
};

/// What pages may load: only our own files, no inline scripts or styles, and nobody may frame them.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// All of them.
pub(crate) fn router(web: Web) -> Router {
    let pages = Router::new()
        .route("/", get(lists::home))
        .route("/login", get(account::login).post(account::sign_in))
        .route("/logout", post(account::sign_out))
        .route("/preferences", post(account::preferences))
        .route("/setup/{secret}", get(account::setup).post(account::set_up))
        .merge(own())
        .merge(statistics())
        .merge(boards())
        .merge(of_before())
        .route("/search", get(search::search))
        .route("/work/{list}", get(lists::work_list))
        .route("/flow/{flow}", get(lists::flow))
        .route("/flow/{flow}/all", get(lists::all))
        .route("/flow/{flow}/words", get(ask::words))
        .route("/flow/{flow}/read", get(read::read))
        .route("/flow/{flow}/views", post(views::keep))
        .route("/flow/{flow}/view/{id}", get(views::show).post(views::change))
        .route("/flow/{flow}/view/{id}/delete", post(views::take_away))
        .route("/flow/{flow}/new", get(item::new).post(item::create))
        .route("/flow/{flow}/{number}", get(item::show).post(item::send))
        .route("/flow/{flow}/{number}/comments", post(item::comment))
        .route("/flow/{flow}/{number}/buttons", post(item::buttons))
        .route("/flow/{flow}/{number}/holder", post(item::hand_over))
        .route("/pick/users", get(item::pick_users))
        .route("/pick/items", get(item::pick_items))
        .route("/pick/groups", get(admin::groups::pick))
        .route("/static/{file}", get(plain::asset))
        .merge(administration())
        .route_layer(from_fn_with_state(web.clone(), kept::layer))
        .merge(streams().merge(carrying()))
        .fallback(plain::nowhere)
        .method_not_allowed_fallback(plain::wrong_method);
    let api = Router::new()
        .route("/api/v1/me", get(api::me))
        .route("/api/v1/flows", get(api::flows))
        .route("/api/v1/flows/{flow}", get(api::flow))
        .route("/api/v1/flows/{flow}/stats", get(api::stats))
        .route("/api/v1/flows/{flow}/similar", get(api::similar))
        .route("/api/v1/flows/{flow}/items", get(api::items).post(api::create))
        .route("/api/v1/flows/{flow}/items/{number}", get(api::item).patch(api::save))
        .route("/api/v1/flows/{flow}/items/{number}/triggers", post(api::press))
        .route("/api/v1/flows/{flow}/items/{number}/comments", post(api::comment))
        .route("/api/v1/flows/{flow}/items/{number}/holder", post(api::hand_over))
        .route("/api/v1/flows/{flow}/items/{number}/history", get(api::history))
        .route("/api/v1/search", get(api::search))
        .route("/api/v1/work", get(api::work))
        .route("/api/v1/openapi.json", get(api::openapi))
        .route("/api/v1/flow-schema.json", get(api::flow_schema))
        .route("/api/docs", get(api::docs))
        .route("/api/{*rest}", any(api::fallback))
        .merge(carrying_api())
        .route_layer(from_fn_with_state(web.clone(), api::no_stray_query))
        .method_not_allowed_fallback(api::wrong_method);
    Router::new()
        .merge(pages)
        .merge(api)
        .layer(cross_site(&web))
        .layer(CatchPanicLayer::custom(broke_off))
        .layer(from_fn_with_state(web.clone(), finished))
        .layer(CompressionLayer::new().compress_when(is_compressed()))
        .layer(from_fn_with_state(web.clone(), metrics::counted))
        .route("/healthz", get(plain::healthz))
        .route("/readyz", get(plain::readyz))
        .route("/metrics", get(plain::metrics))
        .with_state(web)
}

/// What is one's own.
fn own() -> Router<Web> {
    Router::new()
        .route("/settings", get(settings::settings))
        .route("/settings/language", post(settings::language))
        .route("/settings/password", post(settings::password))
        .route("/settings/sessions", post(settings::end_sessions))
        .route("/settings/tokens", post(settings::make_token))
        .route("/settings/tokens/{id}/revoke", post(settings::revoke_token))
}

/// What is counted.
fn statistics() -> Router<Web> {
    Router::new().route("/stats", get(stats::all)).route("/flow/{flow}/stats", get(stats::flow))
}

/// Cards that are moved, and many items at once.
fn boards() -> Router<Web> {
    Router::new()
        .route("/flow/{flow}/board", get(item::board::board))
        .route("/flow/{flow}/board/{number}/moves", get(item::board::moves).post(item::board::press))
        .route("/flow/{flow}/bulk", get(item::bulk::list).post(item::bulk::bulk))
}

/// Addresses of the program that this one comes after: they stand in mails and documents.
fn of_before() -> Router<Web> {
    Router::new()
        .route("/polls/", get(before::home))
        .route("/polls/{any}/flow/{flow}/", get(before::flow))
        .route("/polls/{any}/flow/{flow}/{number}/detail/", get(before::item))
}

/// What administrators do.
fn administration() -> Router<Web> {
    Router::new()
        .route("/admin", get(admin::index))
        .route("/admin/users", get(admin::users::list).post(admin::users::add))
        .route("/admin/users/{name}", get(admin::users::show).post(admin::users::edit))
        .route("/admin/users/{name}/disable", post(admin::users::disable))
        .route("/admin/users/{name}/enable", post(admin::users::enable))
        .route("/admin/groups", get(admin::groups::list).post(admin::groups::add))
        .route("/admin/groups/{group}", get(admin::groups::show))
        .route("/admin/groups/{group}/add", post(admin::groups::join))
        .route("/admin/groups/{group}/remove", post(admin::groups::leave))
        .route("/admin/flows", get(admin::flows::list))
        .route("/admin/flows/check", post(admin::flows::check))
        .route("/admin/flows/publish", post(admin::flows::publish))
        .route("/admin/flows/{flow}", get(admin::flows::show))
        .route("/admin/new-flow", get(admin::design::new).post(admin::design::begin))
        .route("/admin/flows/{flow}/design", get(admin::design::show).post(admin::design::send))
        .route("/admin/flows/{flow}/archive", post(admin::flows::archive))
        .route("/admin/flows/{flow}/migrate", get(admin::migrate::show).post(admin::migrate::send))
        .route("/admin/flows/{flow}/migrate/progress", get(admin::migrate::progress))
        .route("/admin/flows/{flow}/versions/{version}", get(admin::flows::file))
        .route("/admin/try", post(item::trying::play))
        .route("/admin/flows/{flow}/try", get(item::trying::published))
        .route("/admin/stranded", get(admin::stranded::stranded))
}

/// Workbooks are compressed already.
fn is_compressed() -> impl Predicate {
    DefaultPredicate::new().and(NotForContentType::const_new(XLSX))
}

/// What open pages hear of changes: answers that do not end.
fn streams() -> Router<Web> {
    Router::new()
        .route("/live/work/{list}", get(live::work))
        .route("/live/flow/{flow}", get(live::flow))
        .route("/live/flow/{flow}/{number}", get(live::item))
}

/// Many items out and in. What is sent here is too large to be shown again.
fn carrying() -> Router<Web> {
    Router::new()
        .route("/flow/{flow}/export", get(carry::export))
        .route("/flow/{flow}/import", get(carry::import).post(carry::send))
        .route("/flow/{flow}/import/template", get(carry::template))
        .route("/flow/{flow}/import/progress", get(carry::progress))
        .route("/flow/{flow}/release-notes", get(carry::release_notes))
        .route("/flow/{flow}/release-notes/layout", post(carry::layout))
}

/// The same for programs.
fn carrying_api() -> Router<Web> {
    Router::new()
        .route("/api/v1/flows/{flow}/export", get(api::export))
        .route("/api/v1/flows/{flow}/import", post(api::import))
        .route("/api/v1/flows/{flow}/release-notes", get(api::release_notes))
}

/// Refuses what another site's page sends. The API is asked with a token, which no page of another site has.
fn cross_site(web: &Web) -> CsrfLayer<fn(ProtectionError) -> Response> {
    let layer = CsrfLayer::new().with_insecure_bypass(|_, uri| uri.path().starts_with("/api/"));
    let layer = match web.config.base_url() {
        // `Config::new` takes only what is an origin.
        Some(origin) => layer.clone().add_trusted_origin(origin).unwrap_or(layer),
        None => layer,
    };
    layer.with_rejection_response(|_| unworded(StatusCode::FORBIDDEN))
}

/// A refusal by a layer, which knows neither the person's language nor what they asked for: [`finished`] words it.
#[derive(Clone, Copy)]
struct Unworded;

fn unworded(status: StatusCode) -> Response {
    (status, Extension(Unworded)).into_response()
}

fn broke_off(panic: Box<dyn Any + Send>) -> Response {
    let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = said.unwrap_or_default(), "a handler broke off");
    unworded(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Words what a layer refused; sets the headers that every answer has.
async fn finished(State(web): State<Web>, request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let (uri, asked) = (request.uri().clone(), request.headers().clone());
    // A path that is no text, or none that a record can hold, names nothing.
    let is_text = percent_decode_str(uri.path()).decode_utf8().is_ok_and(|path| !path.contains('\0'));
    let mut response = if is_text { next.run(request).await } else { unworded(StatusCode::NOT_FOUND) };
    if response.extensions().get::<Unworded>().is_some() {
        let status = response.status();
        response = if is_api && status == StatusCode::NOT_FOUND {
            api::fallback(asked).await.into_response()
        } else if is_api {
            Problem::new(status, "refused", status.canonical_reason().unwrap_or_default()).into_response()
        } else {
            Visit::of(&uri, &asked).error(&web, status, None).await
        };
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if web.is_leaving() {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if web.config.is_secure() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}
