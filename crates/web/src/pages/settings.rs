//! One's own settings: language, password, sessions, tokens.

use app::{
    InputProblem, Reason, people,
    signin::{self, Account},
    work::Part,
};
use axum::{
    body::Body,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use serde::Deserialize;

use super::{
    lists::{address, when},
    visit::{Visit, rendered, with_preferences, with_session, without_language},
};
use crate::{
    body::Form,
    server::Web,
    view::{
        Active, Pager,
        account::{Errors, SessionRow, Settings, TokenRow},
    },
    words::Language,
};

/// Where the settings stand.
const PATH: &str = "/settings";
/// A day.
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Sessions shown, and tokens.
const PAGE: i64 = 20;

/// Which parts of the lists are asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    sessions: Option<String>,
    tokens: Option<String>,
}

/// What a form of the settings came to, beside what always stands there.
#[derive(Default)]
struct Shown {
    problems: Vec<InputProblem>,
    made: Option<String>,
    token_name: String,
    asked: Asked,
}

/// `GET /settings`
pub(crate) async fn settings(
    visit: Visit,
    State(web): State<Web>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let Ok(Query(asked)) = asked else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    page(visit, &web, Shown { asked, ..Shown::default() }).await
}

/// `POST /settings/language`
pub(crate) async fn language(visit: Visit, State(web): State<Web>, body: Body) -> Result<Response, Response> {
    let visit = visit.at(PATH);
    let form = visit.form(&web, body).await?;
    let chosen = Language::from_tag(form.text("language"));
    if chosen.is_none() && !form.text("language").is_empty() {
        return Err(visit.error(&web, StatusCode::UNPROCESSABLE_ENTITY, None).await);
    }
    let tag = chosen.map(Language::tag);
    visit.write(&web, move |cx, caller| people::set_language(cx, &caller.signed.actor, tag)).await?;
    let done = visit.go(&web, PATH, Some(("settings-saved", "")));
    Ok(if chosen.is_some() { with_preferences(done, &web, chosen, None) } else { without_language(done, &web) })
}

/// `POST /settings/password`
pub(crate) async fn password(visit: Visit, State(web): State<Web>, body: Body) -> Result<Response, Response> {
    let visit = visit.at(PATH);
    let form = visit.form(&web, body).await?;
    let actor = visit.actor(&web).await?;
    let [old, new, again] = ["old", "password", "again"].map(|name| form.text(name).to_owned());
    let changed = web.run(visit.language, move |app| {
        signin::change_password(app, &actor, &old, &new, &again)?;
        app.open_session(&actor.name)
    });
    Ok(match visit.troubles(&web, changed.await).await? {
        Ok(secret) => with_session(visit.go(&web, PATH, Some(("password-changed", ""))), &web, &secret),
        Err(problems) => page(visit, &web, Shown { problems, ..Shown::default() }).await,
    })
}

/// `POST /settings/sessions`: sign out everywhere else.
pub(crate) async fn end_sessions(visit: Visit, State(web): State<Web>) -> Result<Response, Response> {
    let visit = visit.at(PATH);
    let present = visit.secret().to_owned();
    visit.write(&web, move |cx, caller| signin::sign_out_elsewhere(cx, &caller.signed.actor, &present)).await?;
    Ok(visit.go(&web, PATH, Some(("sessions-ended", ""))))
}

/// `POST /settings/tokens`: the token stands in the answer, this once.
pub(crate) async fn make_token(visit: Visit, State(web): State<Web>, body: Body) -> Result<Response, Response> {
    let visit = visit.at(PATH);
    let form = visit.form(&web, body).await?;
    let actor = visit.actor(&web).await?;
    let name = form.text("token_name").trim().to_owned();
    let mut shown = Shown { token_name: name.clone(), ..Shown::default() };
    if name.is_empty() {
        shown.problems.push(InputProblem { field: "name", reason: Reason::Missing });
    }
    let Some(lifetime_ms) = lifetime_ms(form.text("expires")) else {
        shown.problems.push(InputProblem { field: "expires", reason: Reason::Missing });
        return Ok(page(visit, &web, shown).await);
    };
    if shown.problems.is_empty() {
        let made = web.run(visit.language, move |app| app.create_token(&actor.name, &name, lifetime_ms)).await;
        match visit.troubles(&web, made).await? {
            Ok(secret) => shown = Shown { made: Some(secret), ..Shown::default() },
            Err(problems) => shown.problems = problems,
        }
    }
    Ok(page(visit, &web, shown).await)
}

/// `POST /settings/tokens/{id}/revoke`
pub(crate) async fn revoke_token(
    visit: Visit,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let visit = visit.at(PATH);
    let Ok(id) = id.parse() else { return Err(visit.error(&web, StatusCode::NOT_FOUND, None).await) };
    visit.write(&web, move |cx, caller| signin::revoke_token(cx, &caller.signed.actor, id)).await?;
    Ok(visit.go(&web, PATH, Some(("token-revoked", ""))))
}

/// The settings with a new token's name as typed; nothing is done.
pub(crate) async fn token_again(visit: Visit, web: &Web, form: &Form) -> Response {
    let token_name = form.text("token_name").to_owned();
    page(visit.at(PATH), web, Shown { token_name, ..Shown::default() }).await
}

async fn page(visit: Visit, web: &Web, shown: Shown) -> Response {
    let present = visit.secret().to_owned();
    visit
        .page(web, move |cx, caller, around| {
            let words = around.words;
            let part = |cursor: &Option<String>| Part { cursor: cursor.clone(), limit: PAGE };
            let parts = (&part(&shown.asked.sessions), &part(&shown.asked.tokens));
            let Account { groups, language, has_password, sessions, tokens } =
                signin::account(cx, &caller.signed.actor, &present, parts)?;
            let pager = |name: &str, next: Option<&str>, is_first: bool| Pager {
                next: next.map(|cursor| format!("{}#{name}", address(PATH, &[(name, cursor)]))),
                first: (!is_first).then(|| format!("{PATH}#{name}")),
            };
            let at = |ms| when(cx, words, ms);
            let session = |row: signin::SessionView| SessionRow {
                present: row.present,
                since: at(row.created_at),
                seen: at(if row.present { cx.now.as_millisecond() } else { row.seen_at }),
            };
            let token = |row: signin::TokenView| TokenRow {
                id: row.id,
                created: at(row.created_at),
                expires: row.expires_at.map(at),
                used: row.used_at.map(at),
                name: row.name,
            };
            let inputs = [("present", "old"), ("name", "token-name"), ("user", "token-name")];
            let drawn = rendered(&Settings {
                f: around.frame(words.word("menu-settings"), Active::Settings),
                groups: groups.into_iter().collect(),
                language: language.as_deref(),
                errors: Errors::of_problems(words, &shown.problems, &inputs),
                has_password,
                sessions_pager: pager("sessions", sessions.next.as_deref(), shown.asked.sessions.is_none()),
                sessions: sessions.rows.into_iter().map(session).collect(),
                tokens_pager: pager("tokens", tokens.next.as_deref(), shown.asked.tokens.is_none()),
                tokens: tokens.rows.into_iter().map(token).collect(),
                made: shown.made.clone(),
                token_name: &shown.token_name,
            })?;
            let fine = shown.problems.is_empty();
            Ok((if fine { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, drawn).into_response())
        })
        .await
}

/// `90d`; nothing: for ever. None: no such time.
fn lifetime_ms(text: &str) -> Option<Option<i64>> {
    if text.is_empty() {
        return Some(None);
    }
    let days: i64 = text.strip_suffix('d')?.parse().ok()?;
    (1..=36_500).contains(&days).then_some(Some(days * DAY_MS))
}
