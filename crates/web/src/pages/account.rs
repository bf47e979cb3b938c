//! Signing in and out, the first administrator, language and colours for whoever asks.

use std::net::SocketAddr;

use app::{Error, InputProblem, Reason, people, signin};
use axum::{
    body::Body,
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

use super::{
    kept::Kept,
    visit::{Visit, local, rendered, with_preferences, with_session, without_session},
};
use crate::{
    body::{BadBody, Form, MOST_BYTES},
    server::{Web, address},
    view::{
        Theme,
        account::{Errors, Login, Setup, login_trouble},
    },
    words::Language,
};

/// `GET /login`
pub(crate) async fn login(visit: Visit, State(web): State<Web>, uri: Uri) -> Response {
    let next = next_in(&uri);
    let signed = web.read_as(visit.session.clone(), visit.language, |_, _| Ok(())).await;
    if signed.is_ok() {
        return visit.go(&web, local(&next), None);
    }
    sign_in_page(&visit, ("", &next), &Kept::default(), None, StatusCode::OK)
}

/// `POST /login`
pub(crate) async fn sign_in(
    visit: Visit,
    State(web): State<Web>,
    peer: ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    // What the page carries is as large as any form, and written longer.
    let form = match Form::read_most(body, 2 * MOST_BYTES).await {
        Ok(form) => form,
        Err(bad) => return visit.bad_body(&web, bad).await,
    };
    let kept = Kept::of(&form);
    if kept.is_empty() && form.0.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MOST_BYTES {
        return visit.bad_body(&web, BadBody::TooLarge).await;
    }
    let (name, password) = (form.text("name").trim().to_owned(), form.text("password").to_owned());
    let (typed, from) = (name.clone(), address(&web.config, peer, &headers));
    match web.run(visit.language, move |app| app.sign_in(&name, &password, &from)).await {
        Ok(secret) => {
            let there = with_session(visit.go(&web, local(form.text("next")), None), &web, &secret);
            if kept.is_empty() { there } else { kept.again(visit, &web, secret).await.unwrap_or(there) }
        }
        Err(failed) => {
            let (wait, status) = match failed.error {
                Error::WrongPassword => (None, StatusCode::UNPROCESSABLE_ENTITY),
                Error::Throttled { retry_after_s } => (Some(retry_after_s), StatusCode::TOO_MANY_REQUESTS),
                _ => return visit.failed(&web, failed).await,
            };
            let trouble = login_trouble(failed.words, wait);
            let mut response = sign_in_page(&visit, (&typed, form.text("next")), &kept, Some(trouble), status);
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

/// `GET /setup/{secret}`
pub(crate) async fn setup(
    visit: Visit,
    State(web): State<Web>,
    Path(secret): Path<String>,
) -> Result<Response, Response> {
    let link = secret.clone();
    match web.run(visit.language, move |app| app.check_setup(&link)).await {
        Ok(()) => Ok(setup_page(&visit, &secret, ["", ""], &[])),
        Err(failed) => Err(visit.failed(&web, failed).await),
    }
}

/// `POST /setup/{secret}`
pub(crate) async fn set_up(
    visit: Visit,
    State(web): State<Web>,
    Path(secret): Path<String>,
    body: Body,
) -> Result<Response, Response> {
    let form = visit.form(&web, body).await?;
    let [name, display, password, again] =
        ["name", "display", "password", "again"].map(|input| form.text(input).to_owned());
    let (link, same) = (secret.clone(), password == again);
    let done = web.run(visit.language, move |app| {
        app.check_setup(&link)?;
        people::check_password(&password)?;
        if !same {
            return Err(Error::Input(vec![InputProblem { field: "again", reason: Reason::Different }]));
        }
        app.set_up(&link, &name, &display, &password)
    });
    Ok(match visit.troubles(&web, done.await).await? {
        Ok(session) => {
            with_session(visit.go(&web, "/", Some(("user-added", form.text("name").trim()))), &web, &session)
        }
        Err(problems) => setup_page(&visit, &secret, [form.text("name"), form.text("display")], &problems),
    })
}

/// `POST /preferences`: language or colours; of the browser, and of the person where someone is signed in.
pub(crate) async fn preferences(visit: Visit, State(web): State<Web>, body: Body) -> Result<Response, Response> {
    let form = visit.form(&web, body).await?;
    let language = Language::from_tag(form.text("language"));
    let theme = form.get("theme").map(Theme::from_tag);
    if let Some(language) = language {
        let saved = web.write_as(visit.session.clone(), visit.language, move |cx, caller| {
            people::set_language(cx, &caller.signed.actor, Some(language.tag()))
        });
        match saved.await {
            Ok(()) => {}
            Err(failed) if matches!(failed.error, Error::NotSignedIn) => {}
            Err(failed) => return Err(visit.failed(&web, failed).await),
        }
    }
    Ok(with_preferences(visit.go(&web, local(form.text("back")), None), &web, language, theme))
}

fn setup_page(visit: &Visit, secret: &str, [name, display]: [&str; 2], problems: &[InputProblem]) -> Response {
    let words = visit.language.words();
    let f = visit.bare(words.word("setup-title"), words);
    let errors = Errors::of_problems(words, problems, &[]);
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    match rendered(&Setup { f, secret, name, display, errors }) {
        Ok(page) => (status, page).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The page to sign in, which carries a form that was sent without a session.
pub(crate) fn sign_in_again(mut visit: Visit, next: &str, kept: &Kept) -> Response {
    visit.say("login-kept");
    sign_in_page(&visit.at(next), ("", next), kept, None, StatusCode::UNAUTHORIZED)
}

fn sign_in_page(
    visit: &Visit,
    (name, next): (&str, &str),
    kept: &Kept,
    error: Option<String>,
    status: StatusCode,
) -> Response {
    let words = visit.language.words();
    let f = visit.bare(words.word("login-title"), words);
    match rendered(&Login { f, name, next, kept: kept.inputs(), error }) {
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
