//! Signing in and out, the first administrator, one's own settings.

use std::net::SocketAddr;

use app::{Error, signin};
use axum::{
    body::Body,
    extract::{ConnectInfo, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

use super::visit::{Visit, local, rendered, with_session, without_session};
use crate::{
    body::Form,
    server::{Web, address},
    view::account::{Login, login_trouble},
};

/// `GET /login`
pub(crate) async fn login(visit: Visit, State(web): State<Web>, uri: Uri) -> Response {
    let next = next_in(&uri);
    let signed = web.read_as(visit.session.clone(), visit.language, |_, _| Ok(())).await;
    if signed.is_ok() {
        return visit.go(&web, local(&next), None);
    }
    sign_in_page(&visit, "", &next, None, StatusCode::OK)
}

/// `POST /login`
pub(crate) async fn sign_in(
    visit: Visit,
    State(web): State<Web>,
    peer: ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let form = match Form::read(body).await {
        Ok(form) => form,
        Err(bad) => return visit.bad_body(&web, bad).await,
    };
    let (name, password) = (form.text("name").trim().to_owned(), form.text("password").to_owned());
    let (typed, from) = (name.clone(), address(&web.config, peer, &headers));
    match web.run(visit.language, move |app| app.sign_in(&name, &password, &from)).await {
        Ok(secret) => with_session(visit.go(&web, local(form.text("next")), None), &web, &secret),
        Err(failed) => {
            let (wait, status) = match failed.error {
                Error::WrongPassword => (None, StatusCode::UNPROCESSABLE_ENTITY),
                Error::Throttled { retry_after_s } => (Some(retry_after_s), StatusCode::TOO_MANY_REQUESTS),
                _ => return visit.failed(&web, failed).await,
            };
            let trouble = login_trouble(failed.words, wait);
            let mut response = sign_in_page(&visit, &typed, form.text("next"), Some(trouble), status);
            if let Some(seconds) = wait {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
    }
}

/// `POST /logout`
pub(crate) async fn sign_out(visit: Visit, State(web): State<Web>) -> Response {
    if let Some(signin::Credential::Session(secret)) = visit.session.clone() {
        let ended = web.run(visit.language, move |app| app.write(move |cx| signin::sign_out(cx, &secret))).await;
        if let Err(failed) = ended {
            return visit.failed(&web, failed).await;
        }
    }
    without_session(visit.go(&web, "/login", Some(("signed-out", ""))), &web)
}

fn sign_in_page(visit: &Visit, name: &str, next: &str, error: Option<String>, status: StatusCode) -> Response {
    let words = visit.language.words();
    let f = visit.bare(words.word("login-title"), words);
    match rendered(&Login { f, name, next, error }) {
        Ok(page) => visit.finish((status, page).into_response()),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn next_in(uri: &Uri) -> String {
    #[derive(serde::Deserialize, Default)]
    struct Next {
        #[serde(default)]
        next: String,
    }
    axum::extract::Query::<Next>::try_from_uri(uri).map(|query| query.0.next).unwrap_or_default()
}
