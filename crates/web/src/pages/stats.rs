//! The pages of statistics, and their tables as files.

mod tables;

use app::{
    Error, Reading,
    stats::{self, Asked, Report},
    work,
};
use axum::{
    extract::{Path, State},
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use flow::{Figure, Figures, Flow, Kind};
use jiff::{ToSpan as _, civil::Date};

use super::{
    lists::{address, trouble},
    visit::{Around, Visit, rendered},
};
use crate::{
    server::{Caller, Web},
    view::{
        Active,
        lists::QueryTrouble,
        stats::{Preset, Section, StatsPage},
        time::duration,
    },
    words::Words,
};
use tables::Tables;
pub(super) use tables::{spelled, term as group_term};

/// What the address of a page of statistics says.
#[derive(Debug, Clone, Default)]
struct Query {
    /// None: a year; empty: from the beginning.
    from: Option<String>,
    to: String,
    q: String,
    by: Vec<String>,
    /// The table that is asked for as a file.
    csv: Option<String>,
}

impl Query {
    fn of(uri: &Uri) -> Option<Query> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?.0;
        let mut query = Query::default();
        for (name, value) in pairs {
            match name.as_str() {
                "from" => query.from = Some(value),
                "to" => query.to = value,
                "q" => query.q = value,
                "by" => query.by.push(value),
                "csv" => query.csv = Some(value),
                _ => {}
            }
        }
        Some(query)
    }

    /// What is asked for; none: a day that is none.
    fn asked(&self, today: Date) -> Option<Asked> {
        let from = match self.from.as_deref() {
            None => Some(a_year_before(today)),
            Some("") => None,
            Some(day) => Some(day.parse().ok()?),
        };
        let to = if self.to.is_empty() { None } else { Some(self.to.parse().ok()?) };
        Some(Asked { from, to, query: self.q.clone(), by: self.by.clone() })
    }

    /// The address of the page with another period, or of one of its tables.
    fn address(&self, path: &str, from: Option<&str>, csv: &str) -> String {
        let mut parts: Vec<(&str, &str)> = vec![("to", &self.to), ("q", &self.q)];
        parts.extend(self.by.iter().map(|by| ("by", by.as_str())));
        parts.push(("csv", csv));
        let rest = address(path, &parts);
        match from {
            None => rest,
            Some(from) => {
                format!("{rest}{}from={from}", if rest.contains('?') { '&' } else { '?' })
            }
        }
    }
}

fn a_year_before(today: Date) -> Date {
    today.checked_sub(1.year()).and_then(Date::tomorrow).unwrap_or(today)
}

/// `/flow/{flow}/stats`
pub(crate) async fn flow(visit: Visit, State(web): State<Web>, Path(key): Path<String>, uri: Uri) -> Response {
    let Some(query) = Query::of(&uri) else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    visit.long_page(&web, move |cx, caller, around| flow_page(cx, caller, around, &key, &query)).await
}

fn flow_page(cx: &Reading, caller: &Caller, around: &Around, key: &str, query: &Query) -> Result<Response, Error> {
    let actor = &caller.signed.actor;
    let (published, _) = work::flow(cx, actor, key)?;
    let flow = &published.flow;
    let path = format!("/flow/{key}/stats");
    let (words, today) = (around.words, cx.zone.to_datetime(cx.now).date());
    let report = match query.asked(today) {
        None => Err(bad_day(words, &query.q)),
        Some(asked) => match stats::report(cx, actor, key, &asked) {
            Ok(report) => Ok((asked, report)),
            Err(Error::BadQuery(problem)) => Err(trouble(words, &query.q, &problem)),
            Err(other) => return Err(other),
        },
    };
    let mut page = page(cx, around, Active::Flow(key), query, path);
    page.key = Some(key);
    page.name = &flow.name;
    page.choices = choices(flow, words);
    page.by = (0..2).map(|at| query.by.get(at).cloned().unwrap_or_default()).collect();
    match report {
        Err(problem) => {
            page.problem = Some(problem);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, rendered(&page)?).into_response())
        }
        Ok((asked, report)) => {
            let tables = Tables { words, flow, asked: &asked, report: &report };
            let sections = tables.all();
            page.from = report.from.to_string();
            page.to = report.to.to_string();
            if query.by.iter().all(String::is_empty) {
                page.by = tables.by();
            }
            if query.csv.is_none() {
                page.picture = Some(flow::picture(flow, Some(&figures(&tables))).svg(false));
            }
            answer(page, sections, query)
        }
    }
}

/// `/stats`
pub(crate) async fn all(visit: Visit, State(web): State<Web>, uri: Uri) -> Response {
    let Some(query) = Query::of(&uri) else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    visit.long_page(&web, move |cx, caller, around| all_page(cx, caller, around, &query)).await
}

fn all_page(cx: &Reading, caller: &Caller, around: &Around, query: &Query) -> Result<Response, Error> {
    let actor = &caller.signed.actor;
    let (words, today) = (around.words, cx.zone.to_datetime(cx.now).date());
    let mut page = page(cx, around, Active::Stats, query, "/stats".to_owned());
    let flows = work::entered(cx, actor)?;
    let (mut reports, mut left_out, mut problem): (Vec<Report>, Vec<&str>, _) = (Vec::new(), Vec::new(), None);
    let mut asked = match query.asked(today) {
        Some(asked) => asked,
        None => {
            page.problem = Some(bad_day(words, &query.q));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, rendered(&page)?).into_response());
        }
    };
    if asked.from.is_none() {
        // all flows in the same stretches
        asked.from = stats::first_day(cx, actor, flows.iter().map(|flow| flow.key.as_str()))?;
    }
    for flow in &flows {
        match stats::report(cx, actor, &flow.key, &asked) {
            Ok(report) => reports.push(report),
            Err(Error::BadQuery(why)) => {
                left_out.push(&flow.name);
                problem = Some(why);
            }
            Err(other) => return Err(other),
        }
    }
    if let Some(why) = problem.filter(|_| reports.is_empty()) {
        page.problem = Some(trouble(words, &query.q, &why));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, rendered(&page)?).into_response());
    }
    if !left_out.is_empty() {
        page.note = Some(words.one("stats-left-out", "flows", left_out.join(words.word("list-comma"))));
    }
    let first = reports.first().map_or((today, today), |report| (report.from, report.to));
    page.from = first.0.to_string();
    page.to = first.1.to_string();
    let sections = tables::over_all(words, &asked, &reports);
    answer(page, sections, query)
}

/// The page, or one of its tables as a file.
fn answer(mut page: StatsPage, sections: Vec<Section>, query: &Query) -> Result<Response, Error> {
    if let Some(id) = &query.csv {
        let section = sections.iter().find(|section| section.id == id).ok_or(Error::NotFound)?;
        let name = format!("attachment; filename=\"{}-{}.csv\"", page.key.unwrap_or("all"), section.id);
        let mut response = section.to_csv().into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
        if let Ok(name) = HeaderValue::try_from(name) {
            headers.insert(header::CONTENT_DISPOSITION, name);
        }
        return Ok(response);
    }
    page.sections = sections;
    for section in &mut page.sections {
        section.csv = query.address(&page.path, query.from.as_deref(), section.id);
    }
    rendered(&page)
}

fn page<'a>(cx: &Reading, around: &Around<'a>, active: Active<'a>, query: &'a Query, path: String) -> StatsPage<'a> {
    let words = around.words;
    let today = cx.zone.to_datetime(cx.now).date();
    let day = |days: i64| today.checked_sub((days - 1).days()).unwrap_or(today).to_string();
    let year = a_year_before(today).to_string();
    let shown = query.from.clone().unwrap_or_else(|| year.clone());
    let preset = |(key, from): (&str, String)| Preset {
        label: words.word(key).to_owned(),
        chosen: query.to.is_empty() && shown == from,
        href: Query { to: String::new(), ..query.clone() }.address(&path, Some(&from), ""),
    };
    let periods =
        [("stats-30-days", day(30)), ("stats-90-days", day(90)), ("stats-year", year), ("stats-ever", String::new())];
    StatsPage {
        f: around.frame(words.word("stats"), active),
        key: None,
        name: "",
        presets: periods.into_iter().map(preset).collect(),
        path,
        from: shown,
        to: query.to.clone(),
        q: &query.q,
        by: Vec::new(),
        choices: Vec::new(),
        problem: None,
        note: None,
        picture: None,
        sections: Vec::new(),
    }
}

fn bad_day(words: &Words, query: &str) -> QueryTrouble {
    QueryTrouble {
        message: words.word("stats-bad-day").to_owned(),
        parts: (query.to_owned(), String::new(), String::new()),
    }
}

/// What a flow's items could be counted by.
fn choices(flow: &Flow, words: &Words) -> Vec<(String, String)> {
    let mut choices = vec![
        (String::new(), words.word("nothing").to_owned()),
        ("state".to_owned(), words.word("state").to_owned()),
        ("assigned_to".to_owned(), words.word("holder").to_owned()),
        ("created_by".to_owned(), words.word("reporter").to_owned()),
    ];
    for field in flow.fields.values() {
        match field.kind {
            Kind::Choice(_) | Kind::User | Kind::Bool => choices.push((field.key.clone(), field.label.clone())),
            Kind::Date | Kind::Datetime => {
                choices.push((format!("{}:month", field.key), words.one("stats-by-month", "field", &field.label)));
            }
            _ => {}
        }
    }
    for (key, label) in [("created", "stats-created"), ("updated", "updated"), ("closed", "stats-closed-at")] {
        choices.push((format!("{key}:month"), words.one("stats-by-month", "field", words.word(label))));
    }
    choices
}

/// What really happened, for the picture.
fn figures(tables: &Tables) -> Figures {
    let (words, report) = (tables.words, tables.report);
    let mut figures = Figures::default();
    for stays in report.stays.iter().filter(|stays| stays.times > 0) {
        let mut lines = vec![words.one("stats-entered", "n", stays.times)];
        if let Some(median) = stays.took.median_ms {
            lines.push(words.one("stats-median-of", "time", duration(words, median / 1000)));
        }
        let href = Some(tables.reached(&stays.state));
        figures.states.insert(stays.state.clone(), Figure { lines, href, weight: 0 });
    }
    let most = report.ways.iter().map(|way| way.times).max().unwrap_or(1).max(1);
    for way in &report.ways {
        let figure = Figure {
            lines: vec![words.one("stats-times", "n", way.times)],
            href: Some(tables.way(way)),
            weight: u8::try_from(way.times * 4 / most).unwrap_or(4),
        };
        figures.ways.insert((way.from.clone(), way.to.clone()), figure);
    }
    figures
}
