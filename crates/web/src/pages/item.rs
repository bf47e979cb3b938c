//! An item, a new item, and what pickers ask for.

pub(crate) mod board;
pub(crate) mod bulk;
mod fields;
mod gone;
pub(crate) mod history;
mod page;
mod parts;
mod returns;
mod scene;
mod similar;
pub(crate) mod trying;

use std::collections::BTreeSet;

use app::{
    Error, Writing,
    item::{self, ItemView, Press},
};
use axum::{
    Json,
    extract::{FromRequest, FromRequestParts as _, Path, Request, State},
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use flow::{Actor, Fields};
use serde::{Deserialize, Serialize};

pub(crate) use self::similar::came_back;
use self::{
    fields::Typed,
    page::{Refused, Sent, Shown},
};
use super::{
    lists::is_for,
    visit::{Visit, local},
};
use crate::{
    api::body::number,
    body::Form,
    server::{Failed, Web},
    words::Words,
};

/// Suggestions of a picker.
const PICKS: i64 = 20;
/// Holders named in the line that says what a press has done.
const HOLDERS: usize = 3;
/// Characters of that line: it travels in a cookie.
const SAID: usize = 200;

/// What an address asks beside its path.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    history: String,
    links: Option<String>,
    returns: Option<String>,
    picture: Option<String>,
    q: String,
    flow: Option<String>,
    of: Option<String>,
}

/// What a picker is answered.
#[derive(Serialize)]
pub(crate) struct Picks {
    items: Vec<Pick>,
}

impl Picks {
    /// From what is typed for each, and what people see.
    pub(crate) fn of(found: impl Iterator<Item = (String, String)>) -> Picks {
        Picks { items: found.map(|(value, text)| Pick { value, text }).collect() }
    }
}

#[derive(Serialize)]
struct Pick {
    /// What is typed for it.
    value: String,
    /// What people see.
    text: String,
}

/// A form sent to a flow's address or an item's.
pub(crate) struct Posted {
    /// As of the page that has the form.
    visit: Visit,
    /// The flow's key.
    key: String,
    /// The item's number, as written; empty for a new one.
    text: String,
    form: Form,
}

impl FromRequest<Web> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Web) -> Result<Posted, Response> {
        let (mut parts, body) = request.into_parts();
        let named = Path::<Vec<(String, String)>>::from_request_parts(&mut parts, web).await;
        let Path(named) = named.map_err(IntoResponse::into_response)?;
        let mut named = named.into_iter().map(|(_, value)| value);
        let (key, text) = (named.next().unwrap_or_default(), named.next().unwrap_or_default());
        let page = if text.is_empty() { "new" } else { &text };
        let visit = Visit::of(&parts.uri, &parts.headers).at(format!("/flow/{key}/{page}"));
        let form = visit.form(web, body).await?;
        Ok(Posted { visit, key, text, form })
    }
}

/// `GET /flow/{flow}/new?of=`: `of`, an item of which it is made: `flow/number`.
pub(crate) async fn new(visit: Visit, State(web): State<Web>, Path(key): Path<String>, uri: Uri) -> Response {
    let of = asked(&uri).of;
    visit
        .page(&web, move |cx, caller, around| {
            let of = of.as_deref().map(|of| {
                let (flow, text) = of.split_once('/').ok_or(Error::NotFound)?;
                Ok::<_, Error>((flow, number(text).ok_or(Error::NotFound)?))
            });
            page::draw_new(cx, caller, around, (&key, of.transpose()?), None)
        })
        .await
}

/// `POST /flow/{flow}/new`
pub(crate) async fn create(State(web): State<Web>, Posted { visit, key, form, .. }: Posted) -> Response {
    if similar::is_asked(&form) {
        return compared_new(visit, &web, key, form).await;
    }
    let (place, sent) = (key.clone(), form.clone());
    let created = web.write_as(visit.session.clone(), visit.language, move |cx, caller| {
        let actor = &caller.signed.actor;
        // Unknown to this person, or out of use: said before anything of the fields is.
        let flow = item::first_values(cx, actor, &place)?.flow;
        let view = item::create(cx, actor, &place, &Typed::of(&sent).input(cx, &flow, &Fields::new()))?;
        Ok((view.id(), place_after(cx, actor, &view)))
    });
    match created.await.map_err(Refused::from) {
        Ok((id, to)) => visit.go(&web, &to, Some(("created", &id))),
        Err(Err(failed)) => visit.failed(&web, failed).await,
        Err(Ok(refused)) => {
            let wait = refused.retry_after_s;
            let sent = (form, refused);
            let page = visit
                .page(&web, move |cx, caller, around| page::draw_new(cx, caller, around, (&key, None), Some(&sent)));
            retry_after(page.await, wait)
        }
    }
}

/// `GET /flow/{flow}/{number}`
pub(crate) async fn show(
    visit: Visit,
    State(web): State<Web>,
    Path((key, text)): Path<(String, String)>,
    uri: Uri,
) -> Response {
    let asked = asked(&uri);
    let mut shown = Shown::of(&asked.history, asked.links);
    shown.returns = asked.returns.is_some();
    shown.gone = asked.picture.is_some();
    visit
        .page(&web, move |cx, caller, around| {
            let number = number(&text).ok_or(Error::NotFound)?;
            if is_for(around, "history") {
                return page::draw_history(cx, caller, around.words, (&key, number), &shown, None);
            }
            if is_for(around, "linked") {
                return page::draw_links(cx, caller, around.words, (&key, number), &shown);
            }
            if is_for(around, "returns") {
                return returns::draw(cx, caller, (&key, number));
            }
            if is_for(around, "gone") {
                return gone::draw(cx, caller, (&key, number));
            }
            page::draw(cx, caller, around, (&key, number), &shown, None)
        })
        .await
}

/// `POST /flow/{flow}/{number}`: saves, or presses a trigger.
pub(crate) async fn send(State(web): State<Web>, Posted { visit, key, text, form }: Posted) -> Response {
    if similar::is_asked(&form) {
        return compared(visit, &web, key, text, form).await;
    }
    let (place, sent) = ((key.clone(), text.clone()), form.clone());
    let item = number(&text).map(|number| (key.clone(), number));
    let done = web.change_as(visit.session.clone(), visit.language, item, move |cx, caller| {
        let number = number(&place.1).ok_or(Error::NotFound)?;
        carry_out(cx, &caller.signed.actor, caller.words, (&place.0, number), &sent)
    });
    match done.await {
        Ok(done) => visit.go(&web, &done.to, Some((done.code, &done.about))),
        Err(failed) => again(visit, &web, failed, key, text, move |refused| Sent::Form(form, refused)).await,
    }
}

/// What is like a new item: the panel alone, or the form again with it. Nothing is written.
async fn compared_new(visit: Visit, web: &Web, key: String, form: Form) -> Response {
    visit
        .page(web, move |cx, caller, around| {
            if is_for(around, "similar") {
                return similar::draw_new(cx, caller, &key, &form);
            }
            let sent = (similar::linked(cx, &key, form.clone()), Refused::nothing());
            page::draw_new(cx, caller, around, (&key, None), Some(&sent))
        })
        .await
}

/// The same of an item that exists.
async fn compared(visit: Visit, web: &Web, key: String, text: String, form: Form) -> Response {
    visit
        .page(web, move |cx, caller, around| {
            let number = number(&text).ok_or(Error::NotFound)?;
            if is_for(around, "similar") {
                return similar::draw(cx, caller, (&key, number), &form);
            }
            let sent = Sent::Form(similar::linked(cx, &key, form.clone()), Refused::nothing());
            page::draw(cx, caller, around, (&key, number), &Shown::default(), Some(&sent))
        })
        .await
}

/// `POST /flow/{flow}/{number}/comments`
pub(crate) async fn comment(State(web): State<Web>, Posted { visit, key, text, form }: Posted) -> Response {
    let said = form.text("comment").to_owned();
    let (place, comment) = ((key.clone(), text.clone()), said.clone());
    let item = number(&text).map(|number| (key.clone(), number));
    let done = web.change_as(visit.session.clone(), visit.language, item, move |cx, caller| {
        let number = number(&place.1).ok_or(Error::NotFound)?;
        item::comment(cx, &caller.signed.actor, (&place.0, number), &comment)
    });
    match done.await {
        Ok(_) if visit.htmx => {
            let draw = move |cx: &app::Reading, caller: &crate::server::Caller, around: &super::visit::Around| {
                let number = number(&text).ok_or(Error::NotFound)?;
                page::draw_history(cx, caller, around.words, (&key, number), &Shown::default(), None)
            };
            visit.page(&web, draw).await
        }
        Ok(_) => visit.go(&web, &format!("{}#history", visit.path), None),
        Err(failed) => again(visit, &web, failed, key, text, move |refused| Sent::Comment(said, refused)).await,
    }
}

/// `POST /flow/{flow}/{number}/buttons`: what can be pressed with the values in the form.
pub(crate) async fn buttons(State(web): State<Web>, Posted { visit, key, text, form }: Posted) -> Response {
    let drawn = web.read_as(visit.session.clone(), visit.language, move |cx, caller| {
        let number = number(&text).ok_or(Error::NotFound)?;
        page::draw_press(cx, caller, (&key, number), &form)
    });
    match drawn.await {
        Ok(response) => response,
        Err(failed) => visit.failed(&web, failed).await,
    }
}

/// `POST /flow/{flow}/{number}/holder`: an administrator hands over.
pub(crate) async fn hand_over(State(web): State<Web>, Posted { visit, key, text, form }: Posted) -> Response {
    let (place, to) = ((key.clone(), text.clone()), form.text("to").trim().to_owned());
    let item = number(&text).map(|number| (key.clone(), number));
    let done = web.change_as(visit.session.clone(), visit.language, item, move |cx, caller| {
        let number = number(&place.1).ok_or(Error::NotFound)?;
        Ok(item::hand_over(cx, &caller.signed.actor, (&place.0, number), &to)?.id())
    });
    match done.await {
        Ok(id) => {
            let back = form.get("back").map_or(visit.path.as_str(), local);
            visit.go(&web, back, Some(("handed-over", &id)))
        }
        Err(failed) => {
            let to = form.text("to").to_owned();
            again(visit, &web, failed, key, text, move |refused| Sent::HandOver(to, refused)).await
        }
    }
}

/// The form of a new item with what was typed; nothing is done.
pub(crate) async fn new_again(visit: Visit, web: &Web, key: &str, form: Form) -> Response {
    let (key, sent) = (key.to_owned(), (form, Refused::nothing()));
    visit.page(web, move |cx, caller, around| page::draw_new(cx, caller, around, (&key, None), Some(&sent))).await
}

/// An item's page with what was typed into its form, or into that of the part `comments` or `holder`; nothing is done.
pub(crate) async fn show_again(visit: Visit, web: &Web, place: (&str, &str), part: &str, form: Form) -> Response {
    let (key, text) = (place.0.to_owned(), place.1.to_owned());
    let sent = match part {
        "comments" => Sent::Comment(form.text("comment").to_owned(), Refused::nothing()),
        "holder" => Sent::HandOver(form.text("to").to_owned(), Refused::nothing()),
        _ => Sent::Form(form, Refused::nothing()),
    };
    let visit = visit.at(format!("/flow/{key}/{text}"));
    visit
        .page(web, move |cx, caller, around| {
            let number = number(&text).ok_or(Error::NotFound)?;
            page::draw(cx, caller, around, (&key, number), &Shown::default(), Some(&sent))
        })
        .await
}

/// `GET /pick/users`
pub(crate) async fn pick_users(visit: Visit, State(web): State<Web>, uri: Uri) -> Response {
    let asked = asked(&uri);
    let found = web.read_as(visit.session.clone(), visit.language, move |cx, _| {
        Ok(Picks::of(app::people::pick(cx, &asked.q, PICKS)?.into_iter()))
    });
    picks(&visit, &web, found.await).await
}

/// `GET /pick/items`
pub(crate) async fn pick_items(visit: Visit, State(web): State<Web>, uri: Uri) -> Response {
    let asked = asked(&uri);
    let found = web.read_as(visit.session.clone(), visit.language, move |cx, caller| {
        let found = item::pick(cx, &caller.signed.actor, asked.flow.as_deref(), &asked.q, PICKS)?;
        Ok(Picks::of(found.into_iter().map(|(key, number, text)| (item::item_id(cx, &key, number), text))))
    });
    picks(&visit, &web, found.await).await
}

async fn picks(visit: &Visit, web: &Web, found: Result<Picks, Failed>) -> Response {
    match found {
        Ok(picks) => Json(picks).into_response(),
        Err(failed) => visit.failed(web, failed).await,
    }
}

/// The page again with what was sent and not taken; an error's page where there is no such page.
async fn again(
    visit: Visit,
    web: &Web,
    failed: Failed,
    key: String,
    text: String,
    sent: impl FnOnce(Refused) -> Sent,
) -> Response {
    let (sent, wait) = match Refused::from(failed) {
        Ok(refused) => {
            let wait = refused.retry_after_s;
            (sent(refused), wait)
        }
        Err(failed) => return visit.failed(web, failed).await,
    };
    let alone = visit.htmx && matches!(sent, Sent::Comment(..));
    let page = visit.page(web, move |cx, caller, around| {
        let number = number(&text).ok_or(Error::NotFound)?;
        if alone {
            return page::draw_history(cx, caller, around.words, (&key, number), &Shown::default(), Some(&sent));
        }
        page::draw(cx, caller, around, (&key, number), &Shown::default(), Some(&sent))
    });
    retry_after(page.await, wait)
}

fn retry_after(mut response: Response, seconds: Option<i64>) -> Response {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn asked(uri: &Uri) -> Asked {
    axum::extract::Query::<Asked>::try_from_uri(uri).map(|query| query.0).unwrap_or_default()
}

/// The revision that a form was drawn from; one that is none fits no item.
fn revision(form: &Form) -> Option<i64> {
    form.get("revision").map(|text| text.parse().unwrap_or(0))
}

/// What was done, to be said once: its code and what it was about, and where to.
struct Done {
    code: &'static str,
    about: String,
    to: String,
}

/// Saves or presses, as the form says; what is said with a save is a comment.
fn carry_out(
    cx: &Writing,
    actor: &Actor,
    words: &Words,
    (key, number): (&str, i64),
    form: &Form,
) -> Result<Done, Error> {
    let (flow, stored) = item::stored(cx, actor, key, number)?;
    let fields = Typed::of(form).input(cx, &flow, &stored.fields);
    let (revision, comment) = (revision(form), form.text("comment"));
    let Some(trigger) = form.get("trigger") else {
        let view = item::save(cx, actor, (key, number), revision, &fields)?;
        if !comment.trim().is_empty() {
            item::comment(cx, actor, (key, number), comment)?;
        }
        return Ok(Done { code: "saved", about: String::new(), to: place_after(cx, actor, &view) });
    };
    let comment = Some(comment.to_owned()).filter(|text| !text.trim().is_empty());
    let press = Press { trigger: trigger.to_owned(), revision, fields, comment };
    let view = item::press(cx, actor, (key, number), &press)?;
    let said = said(cx, words, trigger, &view)?;
    let (code, about) = match &view.opened {
        Some((key, number)) => ("opened", format!("{key}/{number} {} {said}", item::item_id(cx, key, *number))),
        None => ("pressed", said),
    };
    Ok(Done { code, about, to: place_after(cx, actor, &view) })
}

/// `提交审核 → 维护代表审核 · 维护代表`
fn said(cx: &Writing, words: &Words, trigger: &str, view: &ItemView) -> Result<String, Error> {
    let holders: BTreeSet<String> = view.item.assigned_to.iter().take(HOLDERS).cloned().collect();
    let names = app::people::displays(cx, &holders)?;
    let mut people: Vec<&str> = names.values().map(String::as_str).collect();
    if view.item.assigned_to.len() > HOLDERS {
        people.push("…");
    }
    let mut said = format!("{trigger} → {}", view.item.state);
    if !people.is_empty() {
        said.push_str(" · ");
        said.push_str(&people.join(words.word("list-comma")));
    }
    Ok(said.chars().take(SAID).collect())
}

/// Where to go from what was done: the item, while the person may still see it.
fn place_after(cx: &Writing, actor: &Actor, view: &ItemView) -> String {
    let key = &view.flow.key;
    match cx.flows.get(key) {
        Some(published) if flow::may_see(&published.flow, &view.item, actor) => {
            format!("/flow/{key}/{}", view.item.number)
        }
        _ => "/".to_owned(),
    }
}
