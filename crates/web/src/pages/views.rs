//! How a flow's list is shown, and the views that people keep of it.

use app::{
    Error, InputProblem, Published, Reading,
    carry::export,
    stats::{Group, and},
    views::{self, Kept, Look, SavedView},
    work,
};
use axum::{
    body::Body,
    extract::{Path, State},
    http::Uri,
    response::Response,
};
use flow::{Actor, By, Column, Flow, Kind, QueryProblem, SortKey, Span};

use super::{
    lists::{CHOOSE_COLUMNS, ListQuery, address, list_page},
    stats::{group_term, spelled},
    visit::{Visit, drawn},
};
use crate::{
    body::Form,
    carry::label,
    server::{Failed, Web},
    view::{
        account::trouble,
        views::{Bar, Chooser, ColumnChoice, Draft, OpenView, ViewLink},
    },
    words::Words,
};

/// What was typed about a view and not taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    /// Of a new view.
    pub(super) new: Option<(String, bool)>,
    /// Of the view that is looked at.
    pub(super) renamed: Option<(String, bool)>,
    /// Why.
    pub(super) problems: Vec<InputProblem>,
}

/// How a list is to be shown, read from its address.
pub(super) struct Shown {
    /// After the ID.
    pub(super) columns: Vec<Column>,
    /// In which order.
    pub(super) sort: Vec<SortKey>,
    /// In groups.
    pub(super) by: Option<By>,
}

/// Reads how a list is to be shown. What cannot be read: the text, and why.
pub(super) fn shown(flow: &Flow, query: &ListQuery) -> Result<Shown, (String, QueryProblem)> {
    let wrong = |text: &str| {
        let text = text.to_owned();
        move |problem| (text, problem)
    };
    let mut columns = if query.columns.trim().is_empty() {
        work::own_columns(flow)
    } else {
        export::columns_asked(flow, &query.columns).map_err(wrong(&query.columns))?
    };
    columns.retain(|column| *column != Column::Number);
    let sort = flow::parse_sort(&query.sort, flow).map_err(wrong(&query.sort))?;
    let by = match query.group.trim() {
        "" => None,
        group => Some(flow::parse_by(group, flow).map_err(wrong(&query.group))?),
    };
    Ok(Shown { columns, sort, by })
}

/// What the columns form asked for, as an address that says it; none: it was not sent.
pub(super) fn arranged(uri: &Uri, path: &str) -> Option<String> {
    let form = Form::lossy(uri.query()?.as_bytes());
    if !form.has("arrange") {
        return None;
    }
    let mut columns: Vec<&str> = form.all("col").collect();
    let place = |key: &str| columns.iter().position(|column| *column == key);
    let moved = match (form.get("up"), form.get("down")) {
        (Some(key), _) => place(key).and_then(|at| Some((at, at.checked_sub(1)?))),
        (_, Some(key)) => place(key).map(|at| (at, at + 1)).filter(|(_, to)| *to < columns.len()),
        _ => None,
    };
    if let Some((one, other)) = moved {
        columns.swap(one, other);
    }
    let columns = columns.join(",");
    let columns = if form.has("reset") || columns == form.text("own") { "" } else { &columns };
    let choose = if form.has("up") || form.has("down") { CHOOSE_COLUMNS } else { "" };
    let parts = [
        ("q", form.text("q")),
        ("sort", form.text("sort")),
        ("columns", columns),
        ("group", form.text("group")),
        ("view", form.text("view")),
        ("choose", choose),
    ];
    Some(address(path, &parts))
}

/// The view that the address names, where there is one that the person may open.
pub(super) fn opened(cx: &Reading, actor: &Actor, key: &str, query: &ListQuery) -> Result<Option<SavedView>, Error> {
    if query.view.is_empty() {
        return Ok(None);
    }
    match views::view(cx, actor, key, &query.view) {
        Ok(view) => Ok(Some(view)),
        Err(Error::NotFound) => Ok(None),
        Err(other) => Err(other),
    }
}

/// What stands over a flow's list.
pub(super) fn bar(
    (cx, words, actor): (&Reading, &Words, &Actor),
    published: &Published,
    query: &ListQuery,
    open: Option<&SavedView>,
    typed: &Typed,
) -> Result<Bar, Error> {
    let flow = &*published.flow;
    let kept = views::views(cx, actor, &flow.key)?;
    let chosen = |view: &SavedView| open.is_some_and(|open| open.id == view.id);
    let link = |view: &SavedView| ViewLink { chosen: chosen(view), ..link(view, actor, &kept.people) };
    let plain = format!("/flow/{}/all", flow.key);
    let [q, sort, columns, group] = [&query.q, &query.sort, &query.columns, &query.group].map(String::clone);
    let carried = [("columns", &columns), ("group", &group), ("view", &query.view)];
    let error = || {
        let said: Vec<String> = typed.problems.iter().map(|problem| trouble(words, problem)).collect();
        (!said.is_empty()).then(|| said.join(words.word("list-semicolon")))
    };
    let draft = match &typed.new {
        Some((name, shared)) => Draft { name: name.clone(), shared: *shared, error: error() },
        None => Draft::default(),
    };
    let open = open.map(|view| OpenView {
        id: view.id.clone(),
        name: view.name.clone(),
        href: view_address(&flow.key, &view.id),
        shared: view.shared,
        owner: link(view).owner,
        may_change: views::may_change(actor, view),
        changed: views::look_of(view) != look(query),
        draft: match &typed.renamed {
            Some((name, shared)) => Draft { name: name.clone(), shared: *shared, error: error() },
            None => Draft { name: view.name.clone(), shared: view.shared, error: None },
        },
    });
    let draw = || {
        let (columns, groups) = (column_choices(words, flow, query), group_choices(words, flow, &group));
        drawn(&Chooser { words, columns, groups })
    };
    // as the flow has it, it is the same for everybody
    let chooser = match columns.is_empty() && group.is_empty() {
        _ if query.choose != CHOOSE_COLUMNS => None,
        true => Some(published.kept(("chooser", words.language.tag()), draw)?),
        false => Some(draw()?.into()),
    };
    Ok(Bar {
        open,
        chooser,
        choose: query.at(&plain, &[("choose", CHOOSE_COLUMNS)]),
        own: kept.own.iter().map(link).collect(),
        shared: kept.shared.iter().map(link).collect(),
        own_columns: keys(&work::own_columns(flow)),
        carried: carried
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name, value.clone()))
            .collect(),
        look: vec![("q", q), ("sort", sort), ("columns", columns), ("group", group)],
        draft,
        clear: query.at(&plain, &[("q", "")]),
        plain,
    })
}

/// The views of a flow that the person may open, as links: one's own first.
pub(super) fn links(cx: &Reading, actor: &Actor, key: &str) -> Result<Vec<ViewLink>, Error> {
    let kept = views::views(cx, actor, key)?;
    Ok(kept.own.iter().chain(&kept.shared).map(|view| link(view, actor, &kept.people)).collect())
}

fn link(view: &SavedView, actor: &Actor, names: &app::People) -> ViewLink {
    ViewLink {
        href: view_address(&view.flow, &view.id),
        name: view.name.clone(),
        shared: view.shared,
        owner: (view.owner != actor.name).then(|| names.display(&view.owner).to_owned()),
        chosen: false,
    }
}

fn view_address(key: &str, id: &str) -> String {
    format!("/flow/{key}/view/{id}")
}

fn look(query: &ListQuery) -> Look {
    let ListQuery { q, sort, columns, group, .. } = query.clone();
    Look { query: q, sort, columns, group }
}

pub(super) fn keys(columns: &[Column]) -> String {
    columns.iter().map(Column::key).collect::<Vec<_>>().join(",")
}

/// Every column that can be shown: those that are first.
fn column_choices(words: &Words, flow: &Flow, query: &ListQuery) -> Vec<ColumnChoice> {
    let chosen = shown(flow, query).map_or_else(|_| work::own_columns(flow), |shown| shown.columns);
    let others = export::all_columns(flow);
    let others = others.iter().filter(|column| **column != Column::Number && !chosen.contains(column));
    let choice = |column: &Column, chosen| {
        let (label, key) = label(words, flow, column);
        ColumnChoice { key: key.to_owned(), label, chosen }
    };
    chosen.iter().map(|column| choice(column, true)).chain(others.map(|column| choice(column, false))).collect()
}

/// What a flow's list can be grouped by.
fn group_choices(words: &Words, flow: &Flow, now: &str) -> Vec<(String, String, bool)> {
    let field = |(key, field): (&String, &flow::Field)| {
        let is_word = matches!(field.kind, Kind::Choice(_) | Kind::User | Kind::Bool);
        let is_time = matches!(field.kind, Kind::Date | Kind::Datetime);
        (is_word || is_time).then(|| (Column::Field(key.clone()), is_time))
    };
    let built_in = [Column::State, Column::AssignedTo, Column::CreatedBy].map(|column| (column, false));
    let times = [Column::Created, Column::Updated, Column::Closed].map(|column| (column, true));
    let now = flow::parse_by(now.trim(), flow).ok().map(|by| spelled(&by));
    let mut choices = Vec::new();
    for (column, is_time) in built_in.into_iter().chain(flow.fields.iter().filter_map(field)).chain(times) {
        let (label, _) = label(words, flow, &column);
        let spans = if is_time { vec![Some(Span::Month), Some(Span::Day)] } else { vec![None] };
        for span in spans {
            let (value, label) = match span {
                None => (column.name().to_owned(), label.clone()),
                Some(span) => {
                    let key = if span == Span::Month { "view-by-month" } else { "view-by-day" };
                    (format!("{}:{}", column.name(), span.word()), words.one(key, "what", &label))
                }
            };
            let chosen = now.as_ref() == Some(&value);
            choices.push((value, label, chosen));
        }
    }
    choices
}

/// A group's items, as a query.
pub(super) fn group_query(query: &str, group: &Group, by: &By) -> String {
    and(query, &group_term(group, by))
}

/// `GET /flow/{flow}/view/{id}`
pub(crate) async fn show(visit: Visit, State(web): State<Web>, Path((key, id)): Path<(String, String)>) -> Response {
    list_of(visit, &web, (key, id), Typed::default()).await
}

/// The list as a view shows it.
async fn list_of(visit: Visit, web: &Web, (key, id): (String, String), typed: Typed) -> Response {
    let asked = key.clone();
    let read = web.read_as(visit.session.clone(), visit.language, move |cx, caller| {
        views::view(cx, &caller.signed.actor, &asked, &id)
    });
    match read.await {
        Ok(view) => {
            let query = ListQuery::of(views::look_of(&view), view.id);
            list_page(visit, web, key, query, typed).await
        }
        Err(failed) => visit.failed(web, failed).await,
    }
}

/// `POST /flow/{flow}/views`: keeps what is looked at under a name.
pub(crate) async fn keep(
    visit: Visit,
    State(web): State<Web>,
    Path(key): Path<String>,
    body: Body,
) -> Result<Response, Response> {
    let form = visit.form(&web, body).await?;
    let (id, look) = (web.app.view_id(), look_sent(&form));
    let kept = Kept { name: form.text("name").to_owned(), shared: form.has("shared"), look };
    let (flow, new) = (key.clone(), id.clone());
    let done = web.write_as(visit.session.clone(), visit.language, move |cx, caller| {
        views::keep(cx, &caller.signed.actor, &flow, &new, &kept)
    });
    match done.await {
        Ok(()) => Ok(visit.go(&web, &view_address(&key, &id), Some(("view-kept", form.text("name").trim())))),
        Err(failed) => Err(again(visit, &web, key, &form, failed).await),
    }
}

/// `POST /flow/{flow}/view/{id}`: what it shows, or what it is called.
pub(crate) async fn change(
    visit: Visit,
    State(web): State<Web>,
    Path((key, id)): Path<(String, String)>,
    body: Body,
) -> Result<Response, Response> {
    let form = visit.form(&web, body).await?;
    let (flow, of) = (key.clone(), id.clone());
    let renamed = form.get("name").map(|name| (name.to_owned(), form.has("shared")));
    let (name, look) = (renamed.clone(), look_sent(&form));
    let done = web.write_as(visit.session.clone(), visit.language, move |cx, caller| {
        let actor = &caller.signed.actor;
        match &name {
            Some((name, shared)) => views::rename(cx, actor, &flow, &of, (name, *shared)),
            None => views::change_look(cx, actor, &flow, &of, &look).map(drop),
        }
    });
    match (done.await, renamed) {
        (Ok(()), _) => Ok(visit.go(&web, &view_address(&key, &id), Some(("view-changed", "")))),
        (Err(Failed { error: Error::Input(problems), .. }), renamed @ Some(_)) => {
            let visit = visit.at(view_address(&key, &id));
            Err(list_of(visit, &web, (key, id), Typed { renamed, problems, new: None }).await)
        }
        (Err(failed), _) => Err(again(visit, &web, key, &form, failed).await),
    }
}

/// `POST /flow/{flow}/view/{id}/delete`
pub(crate) async fn take_away(
    visit: Visit,
    State(web): State<Web>,
    Path((key, id)): Path<(String, String)>,
) -> Result<Response, Response> {
    let flow = key.clone();
    let gone = visit.write(&web, move |cx, caller| views::take_away(cx, &caller.signed.actor, &flow, &id)).await?;
    Ok(visit.go(&web, &format!("/flow/{key}/all"), Some(("view-gone", &gone.name))))
}

/// The list again with what was typed about a new view, which is not kept.
pub(super) async fn new_again(visit: Visit, web: &Web, key: &str, form: &Form) -> Response {
    typed_again(visit, web, key.to_owned(), form, Vec::new()).await
}

/// The list again where its form could not be taken; a page of its own for what else failed.
async fn again(visit: Visit, web: &Web, key: String, form: &Form, failed: Failed) -> Response {
    match failed.error {
        Error::Input(problems) => typed_again(visit, web, key, form, problems).await,
        // the list says itself what of its address cannot be read
        Error::BadQuery(_) => typed_again(visit, web, key, form, Vec::new()).await,
        error => visit.failed(web, Failed { error, ..failed }).await,
    }
}

async fn typed_again(visit: Visit, web: &Web, key: String, form: &Form, problems: Vec<InputProblem>) -> Response {
    let query = ListQuery::of(look_sent(form), form.text("view").to_owned());
    let visit = visit.at(query.at(&format!("/flow/{key}/all"), &[]));
    let new = Some((form.text("name").to_owned(), form.has("shared")));
    list_page(visit, web, key, query, Typed { new, problems, renamed: None }).await
}

fn look_sent(form: &Form) -> Look {
    let text = |name| form.text(name).trim().to_owned();
    Look { query: text("q"), sort: text("sort"), columns: text("columns"), group: text("group") }
}
