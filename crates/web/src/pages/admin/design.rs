//! The designer: a flow that is being written, as rows and as a text, with its picture and its problems beside it. Each row is a
//! form of its own that asks for the change of what was typed; a script only sends them sooner.

mod edits;
mod keys;
mod page;
mod rows;
mod typed;

use app::{
    Error, Reason, Writing,
    draft::{self, Seen},
    publish::Terms,
};
use axum::{
    extract::{Path, Query, Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use flow::{
    Actor,
    edit::{self, Edit, NotEdited, Part, Written},
};
use serde::Deserialize;

use self::page::{Shown, drawn};
use super::admin_page;
use crate::{
    body::Form,
    pages::visit::{Visit, rendered},
    server::{Failed, Web},
    view::{Active, account::trouble, design::NewDesign},
    words::Words,
};

/// Where a flow is begun. No flow's key can take this address.
const NEW: &str = "/admin/new-flow";

/// Which row is opened.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    open: String,
}

/// What came of what a form asked.
enum Did {
    /// The draft was changed: the id of the row that is shown opened.
    Changed(String),
    /// It was published: what is said of it, the flow's name.
    Published(&'static str, String),
    /// It was put aside.
    Discarded,
}

/// `GET /admin/flows/{flow}/design?open=`
pub(crate) async fn show(
    visit: Visit,
    State(web): State<Web>,
    Path(key): Path<String>,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let open = asked.map(|query| query.0.open).unwrap_or_default();
    page(visit, &web, key, Shown { open, ..Shown::default() }).await
}

/// `POST /admin/flows/{flow}/design`: `do` says what; a row's form says which row, and what it said when it was drawn.
pub(crate) async fn send(
    visit: Visit,
    State(web): State<Web>,
    Path(key): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let visit = visit.at(path(&key));
    visit.admin(&web).await?;
    let form = match Form::read(request.into_body()).await {
        Ok(form) => form,
        Err(bad) => return Err(visit.bad_body(&web, bad).await),
    };
    let (of, sent) = (key.clone(), form.clone());
    let done = web
        .write_as(visit.session.clone(), visit.language, move |cx, caller| {
            carry_out(cx, &caller.signed.actor, &of, &sent)
        })
        .await;
    let failed = match done {
        Ok(Did::Changed(open)) if visit.target.is_some() => {
            return Ok(page(visit, &web, key, Shown { open, ..Shown::default() }).await);
        }
        Ok(Did::Changed(open)) if open.is_empty() => return Ok(visit.go(&web, &path(&key), None)),
        Ok(Did::Changed(open)) => {
            return Ok(visit.go(&web, &format!("{}?open={open}#{open}", path(&key)), None));
        }
        Ok(Did::Published(code, name)) => {
            return Ok(visit.go(&web, &format!("/admin/flows/{key}"), Some((code, &name))));
        }
        Ok(Did::Discarded) => return Ok(visit.go(&web, "/admin/flows", Some(("design-discarded", &key)))),
        Err(failed) => failed,
    };
    let Some((status, said)) = told(&failed, &form) else { return Err(visit.failed(&web, failed).await) };
    let shown = Shown { open: form.text("open").to_owned(), trouble: Some(said), typed: Some(form) };
    Ok((status, page(visit, &web, key, shown).await).into_response())
}

/// The page with what was typed; nothing is done.
pub(crate) async fn again(visit: Visit, web: &Web, key: &str, form: Form) -> Response {
    let shown = Shown { open: form.text("open").to_owned(), trouble: None, typed: Some(form) };
    page(visit.at(path(key)), web, key.to_owned(), shown).await
}

/// `GET /admin/new-flow`
pub(crate) async fn new(visit: Visit, State(web): State<Web>) -> Response {
    new_page(visit, &web, Form::default(), [None, None]).await
}

/// `POST /admin/new-flow`
pub(crate) async fn begin(visit: Visit, State(web): State<Web>, request: Request) -> Result<Response, Response> {
    let visit = visit.at(NEW);
    visit.admin(&web).await?;
    let form = match Form::read(request.into_body()).await {
        Ok(form) => form,
        Err(bad) => return Err(visit.bad_body(&web, bad).await),
    };
    let key = form.text("key").trim().to_owned();
    let sent = form.clone();
    let done = web
        .write_as(visit.session.clone(), visit.language, move |cx, caller| {
            if sent.text("name").trim().is_empty() {
                return Err(Error::Input(vec![app::InputProblem { field: "name", reason: Reason::Missing }]));
            }
            let text = first_text(cx, caller.words, &sent)?;
            draft::begin(cx, &caller.signed.actor, sent.text("key").trim(), &text)
        })
        .await;
    match done {
        Ok(()) => Ok(visit.go(&web, &path(&key), None)),
        Err(Failed { error: Error::Input(problems), words }) => {
            let of = |field| problems.iter().find(|one| one.field == field).map(|one| trouble(words, one));
            let errors = [of("key"), of("name")];
            Ok((StatusCode::UNPROCESSABLE_ENTITY, new_page(visit, &web, form, errors).await).into_response())
        }
        Err(failed) => Err(visit.failed(&web, failed).await),
    }
}

/// The page where a flow is begun, with what was typed; nothing is done.
pub(crate) async fn new_again(visit: Visit, web: &Web, form: Form) -> Response {
    new_page(visit.at(NEW), web, form, [None, None]).await
}

async fn new_page(visit: Visit, web: &Web, form: Form, [key_error, name_error]: [Option<String>; 2]) -> Response {
    admin_page(visit, web, move |cx, _, around| {
        let words = around.words;
        let chosen = form.get("from").unwrap_or("least");
        let mut from = vec![
            ("least".to_owned(), words.word("design-from-least").to_owned()),
            ("nothing".to_owned(), words.word("design-from-nothing").to_owned()),
        ];
        from.extend(cx.flows.all().map(|known| {
            (format!("copy:{}", known.flow.key), words.one("design-from-copy", "name", &known.flow.name))
        }));
        rendered(&NewDesign {
            f: around.frame(words.word("design-new"), Active::Flows),
            key: form.text("key").to_owned(),
            name: form.text("name").to_owned(),
            from: from.into_iter().map(|(value, label)| (value.clone(), label, value == chosen)).collect(),
            key_error,
            name_error,
        })
    })
    .await
}

async fn page(visit: Visit, web: &Web, key: String, shown: Shown) -> Response {
    admin_page(visit, web, move |cx, caller, around| drawn(cx, &caller.signed.actor, around, &key, &shown)).await
}

fn path(key: &str) -> String {
    format!("/admin/flows/{key}/design")
}

/// Why what was asked was not done, where the page itself tells it; none: an error like any other.
fn told(failed: &Failed, form: &Form) -> Option<(StatusCode, String)> {
    let words = failed.words;
    Some(match &failed.error {
        Error::Stale if form.text("do") == "publish" => {
            (StatusCode::CONFLICT, words.word("design-stale-publish").to_owned())
        }
        Error::Stale => (StatusCode::CONFLICT, words.word("design-stale").to_owned()),
        Error::NotEdited(NotEdited::NotToml(_)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, words.word("design-not-toml").to_owned())
        }
        Error::NotEdited(NotEdited::Taken(name)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, words.one("design-taken", "name", name))
        }
        Error::NotEdited(NotEdited::NoRow) => (StatusCode::CONFLICT, words.word("design-stale").to_owned()),
        Error::NotEdited(NotEdited::NoValue(text)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, words.one("design-no-value", "text", text))
        }
        Error::Input(problems) => {
            let said: Vec<String> = problems.iter().map(|problem| trouble(words, problem)).collect();
            (StatusCode::UNPROCESSABLE_ENTITY, said.join(" "))
        }
        Error::Problems(_) => (StatusCode::UNPROCESSABLE_ENTITY, words.word("design-has-errors").to_owned()),
        _ => return None,
    })
}

/// The part that a form is about.
fn part(form: &Form) -> Option<Part> {
    [Part::Field, Part::State, Part::Transition].into_iter().find(|part| part.word() == form.text("part"))
}

/// The row that a form is about, as it was when the form was drawn.
fn seen(form: &Form, part: Part) -> Option<Seen> {
    let at = form.text("at").parse().ok()?;
    Some(Seen { part, at, fingerprint: form.text("seen").to_owned() })
}

fn carry_out(cx: &Writing, actor: &Actor, key: &str, form: &Form) -> Result<Did, Error> {
    let open = || form.text("open").to_owned();
    let revision = || form.text("revision").parse().unwrap_or(-1);
    let plain = |name: &str| form.text(name).replace("\r\n", "\n");
    match form.text("do") {
        "text" => draft::write(cx, actor, key, revision(), (Some(&plain("text")), None))?,
        "tests" => draft::write(cx, actor, key, revision(), (None, Some(&plain("tests"))))?,
        "publish" => {
            let terms = Terms { note: form.text("note").to_owned(), retype: form.get("retype").is_some() };
            let (outcomes, _) = draft::publish(cx, actor, key, revision(), &terms)?;
            // a draft that says what is published changes nothing
            let code = if outcomes.iter().all(|one| one.unchanged) { "flow-unchanged" } else { "flow-published" };
            return Ok(Did::Published(code, outcomes.into_iter().next().map(|one| one.name).unwrap_or_default()));
        }
        "discard" => {
            draft::discard(cx, actor, key)?;
            return Ok(Did::Discarded);
        }
        "restore" => {
            draft::restore(cx, actor, key, form.text("version").parse().map_err(|_| Error::NotFound)?)?;
        }
        "add" => return add(cx, actor, key, form).map(Did::Changed),
        asked => {
            if let Some(row) = change(cx, actor, key, (asked, form))? {
                return Ok(Did::Changed(row));
            }
        }
    }
    Ok(Did::Changed(open()))
}

/// A new row; the id of the row that is shown opened.
fn add(cx: &Writing, actor: &Actor, key: &str, form: &Form) -> Result<String, Error> {
    let part = part(form).ok_or(Error::Stale)?;
    let place = std::cell::Cell::new(0);
    draft::change(cx, actor, key, None, |sheet, _| {
        place.set(sheet.rows(part).len());
        Ok(vec![edits::added(sheet, part, form)])
    })?;
    // a choice is nothing without its words: it is opened
    let is_choice = part == Part::Field && form.text("type") == "choice";
    Ok(if is_choice { format!("{}-{}", part.word(), place.get()) } else { form.text("open").to_owned() })
}

/// What is asked of one row; the id of the row that is shown opened instead of the one before.
fn change(cx: &Writing, actor: &Actor, key: &str, (asked, form): (&str, &Form)) -> Result<Option<String>, Error> {
    let part = part(form);
    let row = part.and_then(|part| seen(form, part));
    if row.is_none() && part == Some(Part::State) {
        draft::change(cx, actor, key, None, |sheet, _| edits::of_state(sheet, form.text("state"), form))?;
        return Ok(None);
    }
    if row.is_none() && part.is_some() {
        return Err(Error::Stale);
    }
    let target: Option<usize> = form.text("to").parse().ok();
    let moved = std::cell::Cell::new(None);
    draft::change(cx, actor, key, row.as_ref(), |sheet, at| {
        let Some(part) = part else { return Ok(edits::of_row(sheet, None, 0, form)) };
        let last = sheet.rows(part).len().saturating_sub(1);
        let to = match asked {
            "up" => at.saturating_sub(1),
            "down" => (at + 1).min(last),
            "move" => target.unwrap_or(at).min(last),
            "remove" => return Ok(vec![Edit::Remove { part, at }]),
            _ => return Ok(edits::of_row(sheet, Some(part), at, form)),
        };
        moved.set(Some((part, at, to)));
        Ok(vec![Edit::Move { part, from: at, to }])
    })?;
    let id = |part: Part, at: usize| format!("{}-{at}", part.word());
    Ok(match moved.get() {
        // the row that was open stays open where it stands now
        Some((part, from, to)) if form.text("open") == id(part, from) => Some(id(part, to)),
        Some(_) => Some(String::new()),
        None if asked == "remove" => Some(String::new()),
        None => None,
    })
}

/// What a flow begins with.
fn first_text(cx: &Writing, words: &Words, form: &Form) -> Result<String, Error> {
    let text = |text: &str| Written::Text(text.trim().to_owned());
    let set = |key: &str, value| Edit::Set { row: None, key: key.to_owned(), value };
    let mut changes = vec![set("key", Some(text(form.text("key")))), set("name", Some(text(form.text("name"))))];
    let from = match form.text("from").split_once(':') {
        Some((_, copied)) => {
            changes.push(set("item_prefix", None));
            cx.flows.get(copied).ok_or(Error::NotFound)?.text.to_string()
        }
        None => String::new(),
    };
    if form.text("from") == "least" {
        let row = |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| ((*key).to_owned(), text(value))).collect();
        let mut keys: Vec<(String, Written)> =
            row(&[("key", "summary"), ("label", words.word("design-first-label")), ("type", "text")]);
        keys.push(("required".to_owned(), Written::Flag(true)));
        changes.push(Edit::Add { part: Part::Field, after: None, keys });
        let [source, trigger, dest] =
            ["design-first-source", "design-first-trigger", "design-first-dest"].map(|key| words.word(key));
        let keys = row(&[("source", source), ("trigger", trigger), ("dest", dest)]);
        changes.push(Edit::Add { part: Part::Transition, after: None, keys });
    }
    edit::edited(&from, &changes).map_err(Error::NotEdited)
}
