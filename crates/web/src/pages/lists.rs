//! The pages that list items.

use std::mem::take;

use app::{
    Error, Names, Reading,
    work::{self, Listing, Part, Row, Rows},
};
use axum::{
    extract::{Path, State},
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use flow::Flow;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::visit::{Around, Visit, rendered};
use crate::{
    server::Web,
    view::{
        Active, Cell, Column, ItemRow, Person, Sorted, StateChip, Table, When,
        lists::{All, FlowCard, FlowPage, Home, QueryTrouble, StateCount, Whose, Work},
        table::heading,
    },
    words::Words,
};

/// Lines on a page.
const PAGE: i64 = 50;
/// Lines of what waits for me on the home page.
const HOME: i64 = 10;

/// What a list's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ListQuery {
    q: String,
    sort: String,
    cursor: Option<String>,
}

/// `/`
pub(crate) async fn home(visit: Visit, State(web): State<Web>) -> Response {
    visit
        .page(&web, |cx, caller, around| {
            let actor = &caller.signed.actor;
            let rows = work::work(cx, actor, work::Work::Pending, None, &Part { cursor: None, limit: HOME })?;
            let card = |card: work::FlowCard| FlowCard {
                key: card.flow.key.clone(),
                name: card.flow.name.clone(),
                open: card.open,
                mine: card.mine,
                may_create: card.may_create,
            };
            rendered(&Home {
                f: around.live_frame(cx, around.words.word("menu-home"), Active::Home, "/live/work/pending".to_owned()),
                pending: rows.total.count,
                table: work_table(cx, around.words, Whose::Pending, rows),
                cards: work::flows(cx, actor)?.into_iter().map(card).collect(),
            })
        })
        .await
}

/// `/work/pending`, `/work/done`, `/work/created`
pub(crate) async fn work_list(visit: Visit, State(web): State<Web>, Path(list): Path<String>, uri: Uri) -> Response {
    let (which, whose, active) = match list.as_str() {
        "pending" => (work::Work::Pending, Whose::Pending, Active::Pending),
        "done" => (work::Work::Done, Whose::Done, Active::Done),
        "created" => (work::Work::Created, Whose::Created, Active::Created),
        _ => return visit.error(&web, StatusCode::NOT_FOUND, None).await,
    };
    let Some(query) = asked(&uri) else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    visit
        .page(&web, move |cx, caller, around| {
            let words = around.words;
            let part = Part { cursor: query.cursor.clone(), limit: PAGE };
            let rows = work::work(cx, &caller.signed.actor, which, None, &part)?;
            let path = format!("/work/{list}");
            let page = Work {
                f: around.live_frame(cx, whose.heading(words), active, format!("/live{path}")),
                heading: whose.heading(words),
                total: Some(rows.total.count),
                empty: whose.empty(words),
                next: rows.next.as_deref().map(|cursor| address(&path, &[("cursor", cursor)])),
                first: query.cursor.as_ref().map(|_| path.clone()),
                table: work_table(cx, words, whose, rows),
            };
            if is_for_list(around) { rendered(&page.as_list()) } else { rendered(&page) }
        })
        .await
}

/// `/flow/{flow}`
pub(crate) async fn flow(visit: Visit, State(web): State<Web>, Path(key): Path<String>, uri: Uri) -> Response {
    let Some(query) = asked(&uri) else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    visit
        .page(&web, move |cx, caller, around| {
            let actor = &caller.signed.actor;
            let (published, counts) = work::flow(cx, actor, &key)?;
            let flow = &published.flow;
            let part = Part { cursor: query.cursor.clone(), limit: PAGE };
            let rows = work::work(cx, actor, work::Work::Pending, Some(&key), &part)?;
            let path = format!("/flow/{key}");
            rendered(&FlowPage {
                f: around.live_frame(cx, &flow.name, Active::Flow(&key), format!("/live{path}")),
                key: &key,
                name: &flow.name,
                may_create: !published.archived && flow::may_create(flow, actor),
                archived: published.archived,
                counts: state_counts(flow, counts, ""),
                pending: rows.total.count,
                next: rows.next.as_deref().map(|cursor| address(&path, &[("cursor", cursor)])),
                first: query.cursor.as_ref().map(|_| path.clone()),
                table: pending_table(cx, around.words, flow, rows),
            })
        })
        .await
}

/// `/flow/{flow}/all`
pub(crate) async fn all(visit: Visit, State(web): State<Web>, Path(key): Path<String>, uri: Uri) -> Response {
    let Some(query) = asked(&uri) else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    visit.page(&web, move |cx, caller, around| all_page(cx, caller, around, &key, &query)).await
}

fn all_page(
    cx: &Reading,
    caller: &crate::server::Caller,
    around: &Around,
    key: &str,
    query: &ListQuery,
) -> Result<Response, Error> {
    let actor = &caller.signed.actor;
    let (published, counts) = work::flow(cx, actor, key)?;
    let flow = &published.flow;
    let path = format!("/flow/{key}/all");
    let part = Part { cursor: query.cursor.clone(), limit: PAGE };
    let whole = Some(counts.iter().map(|(_, count)| count).sum());
    let listing = Listing { query: query.q.clone(), sort: query.sort.clone(), part, whole };
    let (rows, problem) = match work::items(cx, actor, key, &listing) {
        Ok((_, rows)) => (Some(rows), None),
        Err(Error::BadQuery(problem)) => (None, Some(problem)),
        Err(other) => return Err(other),
    };
    let next = rows.as_ref().and_then(|rows| rows.next.clone());
    let total = rows.as_ref().map_or_else(String::new, |rows| total(rows.total));
    let trouble = problem.map(|problem| {
        let at = query.q.char_indices().nth(problem.position).map_or(query.q.len(), |(at, _)| at);
        let (before, after) = query.q.split_at(at);
        QueryTrouble { message: problem.message, parts: (before.to_owned(), after.to_owned()) }
    });
    let status = if trouble.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let parts = |cursor: Option<&str>| {
        let mut parts = vec![("q", query.q.as_str()), ("sort", query.sort.as_str())];
        parts.extend(cursor.map(|cursor| ("cursor", cursor)));
        address(&path, &parts)
    };
    let page = All {
        f: around.live_frame(cx, &flow.name, Active::Flow(key), format!("/live/flow/{key}")),
        key,
        name: &flow.name,
        may_create: !published.archived && flow::may_create(flow, actor),
        q: &query.q,
        sort: &query.sort,
        problem: trouble,
        counts: state_counts(flow, counts, &query.q),
        table: flow_table(cx, around.words, flow, rows, query, &path),
        total,
        next: next.as_deref().map(|cursor| parts(Some(cursor))),
        first: query.cursor.as_ref().map(|_| parts(None)),
    };
    let response = if is_for_list(around) { rendered(&page.as_list()) } else { rendered(&page) }?;
    Ok((status, response).into_response())
}

fn asked(uri: &Uri) -> Option<ListQuery> {
    axum::extract::Query::<ListQuery>::try_from_uri(uri).ok().map(|query| query.0)
}

fn is_for_list(around: &Around) -> bool {
    around.visit().target.as_deref().is_some_and(|target| target == "list" || target.ends_with("#list"))
}

/// A path with a query; parts without a value are left away.
fn address(path: &str, parts: &[(&str, &str)]) -> String {
    let mut address = path.to_owned();
    let mut mark = '?';
    for (name, value) in parts.iter().filter(|(_, value)| !value.is_empty()) {
        address.push(mark);
        address.push_str(name);
        address.push('=');
        address.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        mark = '&';
    }
    address
}

fn total(total: work::Total) -> String {
    if total.capped { format!("{}+", total.count) } else { total.count.to_string() }
}

fn state_counts(flow: &Flow, counts: Vec<(String, i64)>, query: &str) -> Vec<StateCount> {
    let count = |(state, count): (String, i64)| {
        let quoted = state.contains([' ', ',', '"', '\\']);
        let value =
            if quoted { format!("\"{}\"", state.replace('\\', "\\\\").replace('"', "\\\"")) } else { state.clone() };
        let asks = format!("state={value}");
        StateCount {
            href: address(&format!("/flow/{}/all", flow.key), &[("q", &asks)]),
            chosen: query.trim() == asks,
            state: StateChip::of(flow, &state),
            count,
        }
    };
    counts.into_iter().map(count).collect()
}

/// A person as people see them.
pub(crate) fn person(names: &Names, name: &str) -> Person {
    Person { name: name.to_owned(), display: names.get(name).map_or(name, String::as_str).to_owned() }
}

/// [`person`], whose name is not needed any more.
fn person_named(names: &Names, name: String) -> Person {
    Person { display: names.get(&name).unwrap_or(&name).clone(), name }
}

fn people_named(names: &Names, people: Vec<String>) -> Vec<Person> {
    people.into_iter().map(|name| person_named(names, name)).collect()
}

/// A moment in milliseconds.
pub(crate) fn when(cx: &Reading, words: &Words, at: i64) -> When {
    When::new(words, cx.zone, jiff::Timestamp::from_millisecond(at).unwrap_or(cx.now), cx.now)
}

/// A state of a flow.
pub(crate) fn state_of(cx: &Reading, key: &str, state: &str) -> StateChip {
    match cx.flows.get(key) {
        Some(published) => StateChip::of(&published.flow, state),
        None => StateChip { name: state.to_owned(), hue: crate::view::Hue::GREY },
    }
}

fn line(mut row: Row, cells: impl FnOnce(&mut Row) -> Vec<Cell>) -> ItemRow {
    let cells = cells(&mut row);
    ItemRow { href: format!("/flow/{}/{}", row.flow, row.number), id: row.id, cells }
}

/// A list over all flows.
fn work_table(cx: &Reading, words: &Words, whose: Whose, rows: Rows) -> Table {
    let Rows { rows, names, .. } = rows;
    let cells = |row: &mut Row| {
        let flow = cx.flows.get(&row.flow).map_or_else(String::new, |published| published.flow.name.clone());
        vec![
            Cell::Title(take(&mut row.title)),
            Cell::Flow(flow),
            Cell::State(state_of(cx, &row.flow, &row.state)),
            Cell::People(people_named(&names, take(&mut row.assigned_to))),
            Cell::Reporter(person_named(&names, take(&mut row.created_by))),
            Cell::When(when(cx, words, row.updated_at)),
        ]
    };
    Table { columns: whose.columns(words), rows: rows.into_iter().map(|row| line(row, cells)).collect() }
}

/// 待处理条目 of one flow.
fn pending_table(cx: &Reading, words: &Words, flow: &Flow, rows: Rows) -> Table {
    let labels = [
        words.word("summary"),
        words.word("state"),
        words.word("holder"),
        words.word("reporter"),
        words.word("updated"),
    ];
    let Rows { rows, names, .. } = rows;
    let cells = |row: &mut Row| {
        vec![
            Cell::Title(take(&mut row.title)),
            Cell::State(StateChip::of(flow, &row.state)),
            Cell::People(people_named(&names, take(&mut row.assigned_to))),
            Cell::Reporter(person_named(&names, take(&mut row.created_by))),
            Cell::When(when(cx, words, row.updated_at)),
        ]
    };
    Table {
        columns: labels.into_iter().map(Column::plain).collect(),
        rows: rows.into_iter().map(|row| line(row, cells)).collect(),
    }
}

/// A flow's own list, with the columns that its file names.
fn flow_table(cx: &Reading, words: &Words, flow: &Flow, rows: Option<Rows>, query: &ListQuery, path: &str) -> Table {
    let column = |key: &String| {
        let kind = flow.fields.get(key).map(|field| (&field.kind, field.multiple));
        let can_sort = !matches!(kind, Some((flow::Kind::Textarea { .. }, _) | (_, true)));
        let now = match query.sort.strip_prefix('-') {
            Some(sorted) if sorted == key => Some(false),
            None if query.sort == *key => Some(true),
            _ => None,
        };
        let to = if now == Some(true) { format!("-{key}") } else { key.clone() };
        Column {
            label: heading(words, flow, key),
            sorted: can_sort
                .then(|| Sorted { now, href: address(path, &[("q", query.q.as_str()), ("sort", to.as_str())]) }),
            number: matches!(kind, Some((flow::Kind::Number { .. }, _))),
        }
    };
    let lines = rows.map(|Rows { rows, names, .. }| {
        let cells = |row: &mut Row| flow.columns.iter().map(|key| cell(cx, words, flow, key, row, &names)).collect();
        rows.into_iter().map(|row| line(row, cells)).collect()
    });
    Table { columns: flow.columns.iter().map(column).collect(), rows: lines.unwrap_or_default() }
}

fn cell(cx: &Reading, words: &Words, flow: &Flow, key: &String, row: &mut Row, names: &Names) -> Cell {
    if flow.title.as_ref() == Some(key) {
        return Cell::Title(take(&mut row.title));
    }
    match key.as_str() {
        "current_state" => return Cell::State(StateChip::of(flow, &row.state)),
        "assigned_to" => {
            return Cell::People(people_named(names, row.assigned_to.clone()));
        }
        "created_by" => return Cell::Reporter(person(names, &row.created_by)),
        "created_at" => return Cell::When(when(cx, words, row.created_at)),
        "updated_at" => return Cell::When(when(cx, words, row.updated_at)),
        "closed_at" => return row.closed_at.map_or(Cell::Short(String::new()), |at| Cell::When(when(cx, words, at))),
        _ => {}
    }
    use flow::{Kind, Value};
    let kind = flow.fields.get(key).map(|field| &field.kind);
    match (row.cells.get(key), kind) {
        (None | Some(Value::Empty), Some(Kind::Bool)) => Cell::Short(words.word("no").to_owned()),
        (None | Some(Value::Empty), _) => Cell::Text(String::new()),
        (Some(value), Some(Kind::User)) => Cell::People(value.texts().iter().map(|name| person(names, name)).collect()),
        (Some(value), Some(Kind::Item { .. })) => {
            let ids: Vec<String> = value.texts().iter().map(|text| linked_id(cx, text)).collect();
            Cell::Short(ids.join(" "))
        }
        (Some(Value::Number(number)), _) => Cell::Number(number.to_string()),
        (Some(Value::Bool(yes)), _) => Cell::Short(words.word(if *yes { "yes" } else { "no" }).to_owned()),
        (Some(Value::Date(day)), _) => Cell::Short(day.to_string()),
        (Some(Value::Instant(at)), _) => Cell::When(When::new(words, cx.zone, *at, cx.now)),
        (Some(Value::List(list)), _) => Cell::Text(list.join(words.word("list-comma"))),
        (Some(Value::Text(text)), Some(Kind::Choice(_))) => Cell::Short(text.clone()),
        (Some(Value::Text(text)), _) => Cell::Text(text.clone()),
    }
}

/// `improvement/2` as people say it: `improvement_2`.
pub(crate) fn linked_id(cx: &Reading, text: &str) -> String {
    match text.split_once('/').and_then(|(key, number)| Some((key, number.parse().ok()?))) {
        Some((key, number)) => app::item::item_id(cx, key, number),
        None => text.to_owned(),
    }
}
