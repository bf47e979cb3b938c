//! Release notes: asked for by a form, shown, downloaded; their layout.

use app::{
    Error, Reading,
    carry::notes::{self as found, Asked, LAYOUT_MAX},
};
use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use flow::{Column, Flow};
use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    carry::{
        export::disposition,
        label,
        notes::{self, Format},
    },
    pages::{
        lists::address,
        visit::{Around, Visit, local, rendered},
    },
    server::{Caller, Web},
    view::{
        Active,
        carry::{Choice, Notes},
    },
    words::Words,
};

/// What the form says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NotesQuery {
    pub(crate) state: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) note: String,
    pub(crate) group_by: String,
    pub(crate) q: String,
    pub(crate) format: String,
}

/// `GET /flow/{flow}/release-notes`
pub(crate) async fn release_notes(
    visit: Visit,
    State(web): State<Web>,
    Path(key): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let query = axum::extract::Query::<NotesQuery>::try_from_uri(&uri).ok().map(|query| query.0);
    let Some(query) = query else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    let base = base(&web, &headers);
    visit.page(&web, move |cx, caller, around| draw(cx, caller, around, (&key, &query), &base)).await
}

/// `POST /flow/{flow}/release-notes/layout`
pub(crate) async fn layout(
    visit: Visit,
    State(web): State<Web>,
    Path(key): Path<String>,
    body: Body,
) -> Result<Response, Response> {
    let path = format!("/flow/{key}/release-notes");
    let visit = visit.at(path.clone());
    let form = visit.form(&web, body).await?;
    let text = form.text("layout").replace("\r\n", "\n");
    let back = Some(local(form.text("back"))).filter(|back| back.starts_with(&path)).unwrap_or(&path).to_owned();
    let resets = form.text("do") == "reset";
    let words = visit.language.words();
    if !resets {
        let wrong = if text.chars().count() > LAYOUT_MAX {
            Some(words.word("notes-layout-long").to_owned())
        } else {
            notes::checked(&text).err().map(|why| words.one("notes-layout-wrong", "why", why))
        };
        if wrong.is_some() {
            visit.admin(&web).await?;
            return Err(visit.error(&web, StatusCode::UNPROCESSABLE_ENTITY, wrong).await);
        }
    }
    visit
        .write(&web, move |cx, caller| {
            found::set_layout(cx, &caller.signed.actor, &key, (!resets).then_some(text.as_str()))
        })
        .await?;
    Ok(visit.go(&web, &back, Some(("notes-layout-saved", ""))))
}

/// What addresses in files begin with.
pub(crate) fn base(web: &Web, headers: &HeaderMap) -> String {
    let host = || headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(|host| format!("http://{host}"));
    web.config.base_url().map(str::to_owned).or_else(host).unwrap_or_default()
}

/// What is asked for; none: nothing yet.
pub(crate) fn asked(key: &str, query: &NotesQuery) -> Result<Asked, Error> {
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    Ok(Asked {
        key: key.to_owned(),
        state: query.state.clone(),
        from: flow::day_asked(&query.from)?,
        to: flow::day_asked(&query.to)?,
        note: some(&query.note),
        group_by: some(&query.group_by),
        query: query.q.clone(),
    })
}

/// A file of notes as an answer.
pub(crate) fn file(key: &str, notes: &notes::Notes, (bytes, format): (Vec<u8>, Format)) -> Response {
    let name = format!("{}-{}-{}", notes.flow, notes.from, notes.to);
    let mut response = ([(header::CONTENT_TYPE, format.media_type())], bytes).into_response();
    let named = disposition(key, &name, format.end());
    response.headers_mut().extend(named.map(|value| (header::CONTENT_DISPOSITION, value)));
    response
}

fn draw(
    cx: &Reading,
    caller: &Caller,
    around: &Around,
    (key, query): (&str, &NotesQuery),
    base: &str,
) -> Result<Response, Error> {
    let (actor, words) = (&caller.signed.actor, around.words);
    let (published, _) = app::work::flow(cx, actor, key)?;
    let flow = &published.flow;
    let own = found::layout(cx, actor, key)?;
    let layout = own.as_deref().unwrap_or_else(|| notes::default_layout(words.language));
    let told = match query.state.is_empty() {
        true => Ok(None),
        false => asked(key, query).and_then(|asked| notes::gathered(cx, actor, words, &asked, base)).map(Some),
    };
    let (mut told, mut trouble) = match told {
        Ok(told) => (told, None),
        Err(Error::BadQuery(problem)) => (None, Some(words.said(&problem.message))),
        Err(other) => return Err(other),
    };
    if let (Some(format), Some(notes)) = (Format::named(&query.format), &told) {
        match notes::file(words, notes, own.as_deref(), format) {
            Ok(bytes) => return Ok(file(key, notes, (bytes, format))),
            Err(why) => trouble = Some(words.one("notes-layout-wrong", "why", why)),
        }
    }
    let html = told.as_ref().map(|notes| notes::markdown(notes, layout)).transpose();
    let html = html.unwrap_or_else(|why| {
        trouble = Some(words.one("notes-layout-wrong", "why", why));
        None
    });
    let missing = told.as_mut().map(|notes| std::mem::take(&mut notes.missing)).unwrap_or_default();
    let status = if trouble.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Notes {
        f: around.frame(words.word("notes"), Active::Flow(key)),
        key,
        name: &flow.name,
        states: states(flow, &query.state),
        from: or(&query.from, || first_of_month(cx).to_string()),
        to: or(&query.to, || today(cx).to_string()),
        notes: note_choices(flow, &query.note),
        groups: group_choices(words, flow, &query.group_by),
        q: &query.q,
        trouble,
        html: html.map(|markdown| notes::html(&markdown)),
        count: told.iter().flat_map(|notes| &notes.groups).map(|group| group.entries.len()).sum(),
        missing: missing.into_iter().map(|entry| (entry.url, entry.id, entry.title)).collect(),
        capped: told.as_ref().is_some_and(|notes| notes.capped),
        files: if told.is_some() { files(key, query) } else { Vec::new() },
        layout: actor.admin.then_some(layout),
        own: own.is_some(),
        back: &around.visit().path,
    };
    Ok((status, rendered(&page)?).into_response())
}

fn or(text: &str, otherwise: impl FnOnce() -> String) -> String {
    if text.is_empty() { otherwise() } else { text.to_owned() }
}

fn today(cx: &Reading) -> Date {
    cx.zone.to_datetime(cx.now).date()
}

fn first_of_month(cx: &Reading) -> Date {
    today(cx).first_of_month()
}

/// The final states first: that is where things are released.
fn states(flow: &Flow, chosen: &str) -> Vec<Choice> {
    let ends = flow.states.values().filter(|state| state.is_final);
    let others = flow.states.values().filter(|state| !state.is_final);
    ends.chain(others).map(|state| (state.name.clone(), state.name.clone(), state.name == chosen)).collect()
}

fn note_choices(flow: &Flow, chosen: &str) -> Vec<Choice> {
    let chosen = if chosen.is_empty() { "release_notes" } else { chosen };
    let fields = found::note_fields(flow);
    fields.map(|field| (field.key.clone(), field.label.clone(), field.key == chosen)).collect()
}

fn group_choices(words: &Words, flow: &Flow, chosen: &str) -> Vec<Choice> {
    let short = flow.fields.values().filter(|field| !matches!(field.kind, flow::Kind::Textarea { .. }));
    let columns = short.map(|field| Column::Field(field.key.clone()));
    let built_ins = [Column::AssignedTo, Column::CreatedBy];
    let columns: Vec<Column> = columns.chain(built_ins).collect();
    let choice = |column: &Column| {
        let (label, key) = label(words, flow, column);
        (key.to_owned(), label, key == chosen)
    };
    columns.iter().map(choice).collect()
}

fn files(key: &str, query: &NotesQuery) -> Vec<(String, String)> {
    let href = |format: &str| {
        let parts = [
            ("state", query.state.as_str()),
            ("from", &query.from),
            ("to", &query.to),
            ("note", &query.note),
            ("group_by", &query.group_by),
            ("q", &query.q),
            ("format", format),
        ];
        address(&format!("/flow/{key}/release-notes"), &parts)
    };
    [("Markdown", "markdown"), ("HTML", "html"), ("Excel", "xlsx")]
        .map(|(label, format)| (label.to_owned(), href(format)))
        .into()
}
