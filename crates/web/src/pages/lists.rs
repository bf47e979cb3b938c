//! The pages that list items.

use std::borrow::Cow;

use app::{
    Error, Names, People, Reading,
    stats::Group,
    views::Look,
    work::{self, Listing, Part, Row, Rows, Section},
};
use axum::{
    extract::{Path, State},
    http::{StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use flow::{By, BySort, Flow, Kind, Value};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::{
    ask, item,
    views::{self, Shown, Typed},
    visit::{Around, Visit, drawn, rendered},
};
use crate::{
    carry::label,
    server::{Caller, Web},
    view::{
        Active, Cell, Chip, Column, GroupHead, Hue, ItemRow, Named, Person, Sorted, StateChip, Table, When,
        lists::{All, AskedOf, FlowCard, FlowPage, Home, QueryTrouble, StateCount, Whose, Work},
    },
    words::Words,
};

/// Lines on a page.
const PAGE: i64 = 50;
/// `?choose=`: the columns are being chosen.
pub(super) const CHOOSE_COLUMNS: &str = "1";
/// `?choose=`: a condition more is being chosen.
const CHOOSE_CONDITION: &str = "condition";
/// Lines of what waits for me on the home page.
const HOME: i64 = 10;

/// What a list's address says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ListQuery {
    pub(super) q: String,
    pub(super) sort: String,
    pub(super) columns: String,
    pub(super) group: String,
    /// The view that it came from.
    pub(super) view: String,
    /// What is being chosen: that part of the page is drawn, and open.
    pub(super) choose: String,
    cursor: Option<String>,
    /// A condition more, chosen by clicks: what, how, with what.
    field: String,
    op: String,
    value: String,
}

impl ListQuery {
    /// What the address of a list says that looks so and came from a view.
    pub(super) fn of(look: Look, view: String) -> ListQuery {
        let Look { query, sort, columns, group } = look;
        ListQuery { q: query, sort, columns, group, view, ..ListQuery::default() }
    }

    /// The address that says the same, from its first page, but for these parts.
    pub(super) fn at(&self, path: &str, other: &[(&'static str, &str)]) -> String {
        let Self { q, sort, columns, group, view, .. } = self;
        let mut parts = vec![
            ("q", q.as_str()),
            ("sort", sort),
            ("columns", columns),
            ("group", group),
            ("view", view),
            ("cursor", ""),
            ("choose", ""),
        ];
        for (name, value) in &mut parts {
            if let Some((_, other)) = other.iter().find(|(known, _)| known == name) {
                *value = other;
            }
        }
        address(path, &parts)
    }
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
                pending: rows.total,
                table: work_table(cx, around.words, Whose::Pending, &rows),
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
                total: rows.total,
                empty: whose.empty(words),
                next: rows.next.as_deref().map(|cursor| address(&path, &[("cursor", cursor)])),
                first: query.cursor.as_ref().map(|_| path.clone()),
                table: work_table(cx, words, whose, &rows),
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
            let page = FlowPage {
                f: around.live_frame(cx, &flow.name, Active::Flow(&key), format!("/live{path}")),
                key: &key,
                name: &flow.name,
                may_create: !published.archived && flow::may_create(flow, actor),
                archived: published.archived,
                is_read: app::guide::is_linked_to(cx, &key),
                picture: published.picture(),
                counts: state_counts(flow, counts, &ListQuery::default()),
                pending: rows.total,
                next: rows.next.as_deref().map(|cursor| address(&path, &[("cursor", cursor)])),
                first: query.cursor.as_ref().map(|_| path.clone()),
                views: views::links(cx, actor, &key)?,
                table: pending_table(cx, around.words, &rows),
            };
            if is_for_list(around) { rendered(&page.as_list()) } else { rendered(&page) }
        })
        .await
}

/// `/flow/{flow}/all`
pub(crate) async fn all(visit: Visit, State(web): State<Web>, Path(key): Path<String>, uri: Uri) -> Response {
    let Some(mut query) = asked(&uri) else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    let path = || format!("/flow/{}/all", utf8_percent_encode(&key, NON_ALPHANUMERIC));
    if let Some(to) = views::arranged(&uri, &path()) {
        return Redirect::to(&to).into_response();
    }
    if !query.field.is_empty() {
        // written into the query, which says the same to whoever the address is sent to
        query.q = ask::with(&query.q, &query.field, &query.op, &query.value);
        return Redirect::to(&query.at(&path(), &[])).into_response();
    }
    list_page(visit, &web, key, query, Typed::default()).await
}

/// A flow's list. In groups it is counted from end to end, which may take its time.
pub(super) async fn list_page(visit: Visit, web: &Web, key: String, query: ListQuery, typed: Typed) -> Response {
    let is_long = !query.group.is_empty();
    let make = move |cx: &Reading, caller: &Caller, around: &Around| all_page(cx, caller, around, &key, &query, &typed);
    if is_long { visit.long_page(web, make).await } else { visit.page(web, make).await }
}

/// What a list's address found, or what of it cannot be read.
#[derive(Default)]
struct Looked {
    shown: Option<Shown>,
    rows: Option<Rows>,
    sections: Vec<Section>,
    trouble: Option<QueryTrouble>,
}

impl Looked {
    fn at(
        cx: &Reading,
        (words, actor): (&Words, &flow::Actor),
        flow: &Flow,
        query: &ListQuery,
        whole: i64,
    ) -> Result<Looked, Error> {
        let shown = match views::shown(flow, query) {
            Ok(shown) => shown,
            Err((text, problem)) => {
                return Ok(Looked { trouble: Some(trouble(words, &text, &problem)), ..Looked::default() });
            }
        };
        let listing = Listing {
            query: query.q.clone(),
            sort: query.sort.clone(),
            columns: shown.columns.clone(),
            part: Part { cursor: query.cursor.clone(), limit: PAGE },
            whole: Some(whole),
            near: true,
        };
        let found = match &shown.by {
            None => work::items(cx, actor, &flow.key, &listing).map(|(_, rows)| (rows, Vec::new())),
            Some(by) => work::grouped(cx, actor, &flow.key, &listing, by).map(|(_, rows, sections)| (rows, sections)),
        };
        let (rows, sections, trouble) = match found {
            Ok((rows, sections)) => (Some(rows), sections, None),
            Err(Error::BadQuery(problem)) => (None, Vec::new(), Some(trouble(words, &query.q, &problem))),
            Err(other) => return Err(other),
        };
        Ok(Looked { shown: Some(shown), rows, sections, trouble })
    }
}

fn all_page(
    cx: &Reading,
    caller: &Caller,
    around: &Around,
    key: &str,
    query: &ListQuery,
    typed: &Typed,
) -> Result<Response, Error> {
    let (actor, words) = (&caller.signed.actor, around.words);
    let (published, counts) = work::flow(cx, actor, key)?;
    let flow = &published.flow;
    let path = format!("/flow/{key}/all");
    let looked = Looked::at(cx, (words, actor), flow, query, counts.iter().map(|(_, count)| count).sum())?;
    let Looked { rows, trouble, .. } = &looked;
    let view = views::opened(cx, actor, key, query)?;
    let title = view.as_ref().map_or(words.word("all-items"), |view| &view.name);
    let fine = trouble.is_none() && typed.problems.is_empty();
    let exports = match (&looked.shown, rows) {
        (Some(shown), Some(_)) => exports(words, flow, query, shown),
        _ => Vec::new(),
    };
    let mut table = flow_table(cx, words, flow, &looked, query, &path);
    let bulk = item::bulk::bar(actor, &published, rows.as_ref(), &mut table);
    let page =
        All {
            f: around.live_frame(
                cx,
                if view.is_some() { title } else { &flow.name },
                Active::Flow(key),
                format!("/live/flow/{key}"),
            ),
            key,
            name: &flow.name,
            title,
            bar: views::bar((cx, words, actor), &published, query, view.as_ref(), typed)?,
            may_create: !published.archived && flow::may_create(flow, actor),
            q: &query.q,
            sort: &query.sort,
            asked: match query.choose == CHOOSE_CONDITION {
                true => Some(published.kept(("asked", words.language.tag()), || {
                    drawn(&AskedOf { words, asked: ask::all(words, flow) })
                })?),
                false => None,
            },
            ask: query.at(&path, &[("choose", CHOOSE_CONDITION)]),
            counts: state_counts(flow, counts, query),
            table,
            board: address(&format!("/flow/{key}/board"), &[("q", query.q.as_str())]),
            bulk,
            total: rows.as_ref().map_or_else(String::new, |rows| rows.total.to_string()),
            exports,
            next: rows.as_ref().and_then(|rows| rows.next.as_deref()).map(|next| query.at(&path, &[("cursor", next)])),
            first: query.cursor.as_ref().map(|_| query.at(&path, &[])),
            problem: looked.trouble.as_ref(),
        };
    let status = if fine { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let response = if is_for_list(around) { rendered(&page.as_list()) } else { rendered(&page) }?;
    Ok((status, response).into_response())
}

/// The files that a list can be had as, with the columns that it shows, in its order; and all of its columns.
fn exports(words: &Words, flow: &Flow, query: &ListQuery, shown: &Shown) -> Vec<(String, String)> {
    let mut columns = shown.columns.clone();
    if let Some(by) = shown.by.as_ref().filter(|by| !columns.contains(&by.column)) {
        columns.insert(0, by.column.clone());
    }
    let columns = format!("id,{}", views::keys(&columns));
    let href = |format: &str, columns: &str| {
        // an item stands once in what other programs read
        let group = if matches!(format, "xlsx" | "csv") { query.group.as_str() } else { "" };
        let parts =
            [("format", format), ("q", &query.q), ("sort", &query.sort), ("columns", columns), ("group", group)];
        address(&format!("/flow/{}/export", flow.key), &parts)
    };
    let file = |key: &str, format: &str, columns: &str| (words.word(key).to_owned(), href(format, columns));
    vec![
        file("export-xlsx", "xlsx", &columns),
        file("export-csv", "csv", &columns),
        file("export-all-xlsx", "xlsx", ""),
        file("export-all-csv", "csv", ""),
        file("export-json", "json", ""),
        file("export-xes", "xes", ""),
    ]
}

/// Where a query cannot be read.
pub(super) fn trouble(words: &Words, query: &str, problem: &flow::QueryProblem) -> QueryTrouble {
    let mut letters = query.chars();
    let before = letters.by_ref().take(problem.position).collect();
    let at = letters.next().map_or(" ".to_owned(), String::from);
    QueryTrouble { message: words.said(&problem.message), parts: (before, at, letters.collect()) }
}

fn asked(uri: &Uri) -> Option<ListQuery> {
    axum::extract::Query::<ListQuery>::try_from_uri(uri).ok().map(|query| query.0)
}

/// Whether htmx asks for what comes into the page's list alone.
pub(super) fn is_for_list(around: &Around) -> bool {
    is_for(around, "list")
}

/// Whether htmx asks for what comes into the element of that id alone.
pub(super) fn is_for(around: &Around, id: &str) -> bool {
    let target = around.visit().target.as_deref();
    target.is_some_and(|target| target == id || target.rsplit_once('#').is_some_and(|(_, named)| named == id))
}

/// A path with a query; parts without a value are left away.
pub(crate) fn address(path: &str, parts: &[(&str, &str)]) -> String {
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

/// Each leads to the list of its state, shown as the present one is.
fn state_counts(flow: &Flow, counts: Vec<(String, i64)>, query: &ListQuery) -> Vec<StateCount> {
    let count = |(state, count): (String, i64)| {
        let asks = format!("state={}", ask::word(&state));
        StateCount {
            href: query.at(&format!("/flow/{}/all", flow.key), &[("q", &asks), ("sort", "")]),
            chosen: query.q.trim() == asks,
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

/// A moment in milliseconds.
pub(crate) fn when(cx: &Reading, words: &Words, at: i64) -> When {
    When::new(words, cx.zone, jiff::Timestamp::from_millisecond(at).unwrap_or(cx.now), cx.now)
}

/// A state of a flow.
pub(crate) fn state_of(cx: &Reading, key: &str, state: &str) -> StateChip {
    match cx.flows.get(key) {
        Some(published) => StateChip::of(&published.flow, state),
        None => StateChip { name: state.to_owned(), hue: Hue::GREY },
    }
}

/// The lines of one page: they borrow from what was read, and what many of them show is found once.
struct Lines<'a> {
    cx: &'a Reading<'a>,
    words: &'static Words,
    people: &'a People,
    /// By flow, the states that were met.
    chips: Vec<(&'a str, Chip<'a>)>,
}

impl<'a> Lines<'a> {
    fn new(cx: &'a Reading<'a>, words: &'static Words, rows: &'a Rows) -> Lines<'a> {
        Lines { cx, words, people: &rows.people, chips: Vec::new() }
    }

    fn table(columns: Vec<Column>, rows: &'a Rows, mut cells: impl FnMut(&'a Row) -> Vec<Cell<'a>>) -> Table<'a> {
        let line = |row: &'a Row| {
            let cells = cells(row);
            ItemRow { flow: &row.flow, number: row.number, id: &row.id, pick: None, group: None, cells }
        };
        Table { id: None, columns, chosen: false, rows: rows.rows.iter().map(line).collect() }
    }

    fn state(&mut self, row: &'a Row) -> Cell<'a> {
        let (key, name) = (row.flow.as_str(), row.state.as_str());
        if let Some((_, chip)) = self.chips.iter().find(|(flow, chip)| chip.name == name && *flow == key) {
            return Cell::State(*chip);
        }
        let hue = self.cx.flows.get(key).map_or(Hue::GREY, |published| Hue::of(&published.flow, name));
        self.chips.push((key, Chip { name, hue }));
        Cell::State(Chip { name, hue })
    }

    fn named(&self, name: &'a str) -> Named<'a> {
        Named { name, display: self.people.display(name) }
    }

    fn people(&self, names: &'a [String]) -> Cell<'a> {
        Cell::People(names.iter().map(|name| self.named(name)).collect())
    }

    fn when(&self, at: i64) -> Cell<'a> {
        Cell::When(when(self.cx, self.words, at))
    }

    /// What stands in a column of a flow's own list.
    fn cell(&mut self, row: &'a Row, source: &Source, value: &'a Value) -> Cell<'a> {
        let words = self.words;
        let kind = match source {
            Source::Title => return Cell::Title(&row.title),
            Source::State => return self.state(row),
            Source::Holders => return self.people(&row.assigned_to),
            Source::Creator => return Cell::Reporter(self.named(&row.created_by)),
            Source::Created => return self.when(row.created_at),
            Source::Updated => return self.when(row.updated_at),
            Source::Closed => return row.closed_at.map_or(Cell::Short("".into()), |at| self.when(at)),
            Source::Field(kind) => kind,
        };
        match (value, kind) {
            (Value::Empty, Some(Kind::Bool)) => Cell::Short(words.word("no").into()),
            (Value::Empty, _) => Cell::Text("".into()),
            (value, Some(Kind::User)) => self.people(value.texts()),
            (value, Some(Kind::Item { .. })) => {
                let ids: Vec<String> = value.texts().iter().map(|text| linked_id(self.cx, text)).collect();
                Cell::Short(ids.join(" ").into())
            }
            (Value::Number(number), _) => Cell::Number(number.to_string()),
            (Value::Bool(yes), _) => Cell::Short(words.word(if *yes { "yes" } else { "no" }).into()),
            (Value::Date(day), _) => Cell::Short(day.to_string().into()),
            (Value::Instant(at), _) => Cell::When(When::new(words, self.cx.zone, *at, self.cx.now)),
            (Value::List(list), _) => Cell::Text(list.join(words.word("list-comma")).into()),
            (Value::Text(text), Some(Kind::Textarea { .. })) => Cell::Text(cut(text)),
            (Value::Text(text), Some(Kind::Choice(_))) => Cell::Short(text.into()),
            (Value::Text(text), _) => Cell::Text(text.into()),
        }
    }
}

/// So much of a long text stands in a list.
const LONGEST: usize = 160;

/// The beginning of a long text.
fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()).into(),
        None => text.into(),
    }
}

/// A list over all flows.
fn work_table<'a>(cx: &'a Reading<'a>, words: &'static Words, whose: Whose, rows: &'a Rows) -> Table<'a> {
    let mut lines = Lines::new(cx, words, rows);
    Lines::table(whose.columns(words), rows, |row| {
        let flow = cx.flows.get(&row.flow).map_or("", |published| &published.flow.name);
        vec![
            Cell::Title(&row.title),
            Cell::Flow(flow),
            lines.state(row),
            lines.people(&row.assigned_to),
            Cell::Reporter(lines.named(&row.created_by)),
            lines.when(row.updated_at),
        ]
    })
}

/// 待处理条目 of one flow.
fn pending_table<'a>(cx: &'a Reading<'a>, words: &'static Words, rows: &'a Rows) -> Table<'a> {
    let labels = [
        words.word("summary"),
        words.word("state"),
        words.word("holder"),
        words.word("reporter"),
        words.word("updated"),
    ];
    let mut lines = Lines::new(cx, words, rows);
    Lines::table(labels.into_iter().map(Column::plain).collect(), rows, |row| {
        vec![
            Cell::Title(&row.title),
            lines.state(row),
            lines.people(&row.assigned_to),
            Cell::Reporter(lines.named(&row.created_by)),
            lines.when(row.updated_at),
        ]
    })
}

/// What stands in a column of a flow's list.
enum Source<'a> {
    Title,
    State,
    Holders,
    Creator,
    Created,
    Updated,
    Closed,
    Field(Option<&'a Kind>),
}

impl<'a> Source<'a> {
    fn of(flow: &'a Flow, key: &str) -> Source<'a> {
        match key {
            key if flow.title.as_deref() == Some(key) => Source::Title,
            "current_state" => Source::State,
            "assigned_to" => Source::Holders,
            "created_by" => Source::Creator,
            "created_at" => Source::Created,
            "updated_at" => Source::Updated,
            "closed_at" => Source::Closed,
            key => Source::Field(flow.fields.get(key).map(|field| &field.kind)),
        }
    }
}

/// A flow's own list.
fn flow_table<'a>(
    cx: &'a Reading<'a>,
    words: &'static Words,
    flow: &'a Flow,
    looked: &'a Looked,
    query: &ListQuery,
    path: &str,
) -> Table<'a> {
    let Some(shown) = &looked.shown else { return Table::default() };
    let sorted = |of: &flow::Column, key: &str| {
        let first = shown.sort.first().filter(|first| first.column == *of);
        let now = first.map(|first| !first.descending);
        let to = if now == Some(true) { format!("-{key}") } else { key.to_owned() };
        Sorted { now, href: query.at(path, &[("sort", &to)]) }
    };
    let column = |of: &flow::Column| {
        let (label, key) = label(words, flow, of);
        let number = matches!(flow.fields.get(key).map(|field| &field.kind), Some(Kind::Number { .. }));
        Column { sorted: flow::parse_sort(key, flow).is_ok().then(|| sorted(of, key)), label, number }
    };
    let columns: Vec<Column> = shown.columns.iter().map(column).collect();
    let id = Some(sorted(&flow::Column::Number, "id"));
    let chosen = !query.columns.is_empty();
    let Some(rows) = &looked.rows else { return Table { id, columns, chosen, rows: Vec::new() } };
    let sources: Vec<Source> = shown.columns.iter().map(|column| Source::of(flow, column.key())).collect();
    let mut lines = Lines::new(cx, words, rows);
    let table = Lines::table(columns, rows, |row| {
        sources.iter().zip(&row.cells).map(|(source, value)| lines.cell(row, source, value)).collect()
    });
    let mut table = Table { id, chosen, ..table };
    let mut at = 0;
    for section in &looked.sections {
        let (Some(by), Some(row)) = (&shown.by, table.rows.get_mut(at)) else { break };
        let q = views::group_query(&query.q, &section.group, by);
        let href = query.at(path, &[("q", &q), ("group", "")]);
        let label = group_label(words, flow, &rows.people, (&section.group, by));
        row.group = Some(GroupHead { label, href, count: section.count, goes_on: section.goes_on });
        at += section.rows;
    }
    table
}

/// What people call a group.
fn group_label<'a>(words: &'static Words, flow: &Flow, people: &'a People, (group, by): (&'a Group, &By)) -> Cell<'a> {
    let is_person = match &by.column {
        flow::Column::AssignedTo | flow::Column::CreatedBy => true,
        flow::Column::Field(key) => flow.fields.get(key).is_some_and(|field| matches!(field.kind, Kind::User)),
        _ => false,
    };
    match (group, by.sort) {
        (Group::Empty, _) => Cell::Short(words.word("nothing").into()),
        (Group::Word(name), _) if by.column == flow::Column::State => {
            Cell::State(Chip { name, hue: Hue::of(flow, name) })
        }
        (Group::Word(name), _) if is_person => Cell::People(vec![Named { name, display: people.display(name) }]),
        (Group::Word(word), _) => Cell::Short(word.into()),
        (Group::Bool(yes), _) => Cell::Short(words.word(if *yes { "yes" } else { "no" }).into()),
        (Group::From(first), BySort::Moment(span) | BySort::Day(span)) => Cell::Short(span.name(*first).into()),
        (Group::From(first), _) => Cell::Short(first.to_string().into()),
    }
}

/// `improvement/2` as people say it: `improvement_2`.
pub(crate) fn linked_id(cx: &Reading, text: &str) -> String {
    match text.split_once('/').and_then(|(key, number)| Some((key, number.parse().ok()?))) {
        Some((key, number)) => app::item::item_id(cx, key, number),
        None => text.to_owned(),
    }
}
