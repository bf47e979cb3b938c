//! What was typed is not lost when its form cannot be taken as it is: nobody is signed in any more, it is too large, it
//! is not UTF-8. Its page is shown again, filled in, and nothing is done.
//!
//! Over signing in, the page for that carries the form in hidden inputs. A new form keeps what was typed by a line in
//! [`again`]; one that is not there leads back to its page as it stands.

use app::signin::Credential;
use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use percent_encoding::percent_decode_str;

use super::{
    account, admin, item, settings, views,
    visit::{Visit, local, with_session},
};
use crate::{
    body::{self, BadBody, Form, MOST_BYTES},
    server::Web,
};

/// The largest form that is shown again although it is too large to be taken.
const MOST_SHOWN_BYTES: usize = 8 * MOST_BYTES;
/// Most inputs carried over signing in.
const MOST_INPUTS: usize = 5_000;
/// What the name of an input begins with that is carried over signing in.
const CARRIED: &str = "kept:";
/// The input that says where the form was sent to.
const SENT_TO: &str = "kept-path";
/// Inputs of our own forms that hold passwords: they are typed again.
const PASSWORDS: [&str; 3] = ["password", "old", "again"];

/// An answer that asks to sign in first.
#[derive(Clone)]
pub(crate) struct SignInFirst {
    /// The page that signing in leads back to.
    pub(crate) next: String,
}

/// A form sent to a path, to be carried over signing in.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Where it was sent to; empty: there is none.
    path: String,
    form: Form,
}

impl Kept {
    /// What the page to sign in carried.
    pub(crate) fn of(form: &Form) -> Kept {
        let carried = |(name, value): &(String, String)| Some((name.strip_prefix(CARRIED)?.to_owned(), value.clone()));
        let path = form.text(SENT_TO).to_owned();
        Kept { path, form: Form(form.0.iter().filter_map(carried).collect()) }
    }

    /// Whether anything is carried.
    pub(crate) fn is_empty(&self) -> bool {
        self.path.is_empty() || self.form.0.is_empty()
    }

    /// As hidden inputs: name and value.
    pub(crate) fn inputs(&self) -> Vec<(String, &str)> {
        if self.is_empty() {
            return Vec::new();
        }
        let carried = self.form.0.iter().map(|(name, value)| (format!("{CARRIED}{name}"), value.as_str()));
        std::iter::once((SENT_TO.to_owned(), self.path.as_str())).chain(carried).collect()
    }

    /// The form's page with what was typed, for whoever has just signed in.
    pub(crate) async fn again(self, mut visit: Visit, web: &Web, secret: String) -> Option<Response> {
        let path = local(&self.path).to_owned();
        visit.session = Some(Credential::Session(secret.clone()));
        visit.say("kept");
        let page = again(visit, web, &path, self.form).await?;
        Some(with_session(page, web, &secret))
    }
}

/// Around the pages: shows a form again that was sent and not taken as a whole.
pub(crate) async fn layer(State(web): State<Web>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if request.method() != Method::POST || path == "/login" {
        return next.run(request).await;
    }
    let visit = Visit::of(request.uri(), request.headers());
    let (parts, body) = request.into_parts();
    let headers = parts.headers.clone();
    let bytes = match body::bytes(body, MOST_SHOWN_BYTES).await {
        Ok(bytes) => Bytes::from(bytes),
        Err(bad) => return visit.bad_body(&web, bad).await,
    };
    if bytes.len() > MOST_BYTES {
        return not_taken(visit, &web, &path, &headers, &bytes, BadBody::TooLarge).await;
    }
    let response = next.run(Request::from_parts(parts, Body::from(bytes.clone()))).await;
    if let Some(bad) = response.extensions().get::<BadBody>() {
        return not_taken(visit, &web, &path, &headers, &bytes, *bad).await;
    }
    let Some(SignInFirst { next }) = response.extensions().get() else { return response };
    if visit.htmx {
        // A script that asks in the middle of a page must not lead away from what is typed there.
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mut form = sent(&headers, bytes).await;
    if !path.starts_with("/flow/") {
        form.0.retain(|(name, _)| !PASSWORDS.contains(&name.as_str()));
    }
    let kept = Kept { path, form };
    if kept.is_empty() || kept.form.0.len() > MOST_INPUTS || !is_kept(&kept.path) {
        return response;
    }
    account::sign_in_again(visit, next, &kept)
}

/// The form again that is too large or no text; a page of its own where that cannot be.
async fn not_taken(
    mut visit: Visit,
    web: &Web,
    path: &str,
    headers: &HeaderMap,
    bytes: &[u8],
    bad: BadBody,
) -> Response {
    if !visit.htmx && !is_multipart(headers) {
        let mut again_for = visit.clone();
        again_for.say(match bad {
            BadBody::TooLarge => "kept-too-large",
            BadBody::Broken => "kept-no-text",
        });
        let page = again(again_for, web, path, Form::lossy(bytes)).await;
        if let Some(page) = page.filter(|page| page.status().is_success()) {
            return (bad.status(), page).into_response();
        }
    }
    visit.path = path.to_owned();
    visit.bad_body(web, bad).await
}

/// What was sent, files too, as a form.
async fn sent(headers: &HeaderMap, bytes: Bytes) -> Form {
    if is_multipart(headers) {
        let mut request = Request::new(Body::from(bytes));
        *request.headers_mut() = headers.clone();
        return admin::flows::as_form(request).await;
    }
    Form::lossy(&bytes)
}

fn is_multipart(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("multipart/form-data"))
}

/// The parts of a path, decoded.
fn parts(path: &str) -> Vec<String> {
    path.split('/').skip(1).map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect()
}

/// Whether [`again`] shows what was sent to the path.
fn is_kept(path: &str) -> bool {
    let parts = parts(path);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    matches!(
        parts[..],
        ["flow", _, _]
            | ["flow", _, _, "comments" | "holder"]
            | ["flow", _, "board", _, "moves"]
            | ["settings", "tokens"]
            | ["admin", "users" | "groups"]
            | ["admin", "users", _]
            | ["admin", "users", _, "disable"]
            | ["admin", "groups", _, "add"]
            | ["admin", "flows", "check" | "publish"]
            | ["admin", "try"]
            | ["admin", "flows", _, "design" | "migrate"]
            | ["admin", "new-flow"]
    )
}

/// The page of the form that is sent to `path`, filled in with `form`; none where nothing of a form is kept.
async fn again(visit: Visit, web: &Web, path: &str, form: Form) -> Option<Response> {
    if !is_kept(path) {
        return None;
    }
    let parts = parts(path);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    Some(match parts[..] {
        ["flow", key, "views"] => views::new_again(visit, web, key, &form).await,
        ["flow", key, "new"] => item::new_again(visit.at(path), web, key, form).await,
        ["flow", key, "bulk"] => item::bulk::again(visit, web, key, form).await,
        ["flow", key, "board", number, _] => item::board::moves_again(visit, web, (key, number), form).await,
        ["flow", key, number] => item::show_again(visit, web, (key, number), "", form).await,
        ["flow", key, number, part] => item::show_again(visit, web, (key, number), part, form).await,
        ["settings", _] => settings::token_again(visit, web, &form).await,
        ["admin", "users"] => admin::users::list_again(visit, web, &form).await,
        ["admin", "users", name, ..] => admin::users::show_again(visit, web, name, &form).await,
        ["admin", "groups"] => admin::groups::again(visit, web, None, &form).await,
        ["admin", "groups", group, _] => admin::groups::again(visit, web, Some(group), &form).await,
        ["admin", "try"] => item::trying::again(visit, web, form).await,
        ["admin", "new-flow"] => admin::design::new_again(visit, web, form).await,
        ["admin", "flows", key, "design"] => admin::design::again(visit, web, key, form).await,
        ["admin", "flows", key, _] => admin::migrate::again(visit, web, key, &form).await,
        ["admin", "flows", _] => admin::flows::again(visit, web, form).await,
        _ => return None,
    })
}
