//! A report as tables whose numbers lead to the items they count.

use std::collections::BTreeMap;

use app::stats::{Asked, Counts, Group, Report, Spread, Way, and};
use flow::{By, BySort, Column, Flow};
use jiff::civil::Date;

use super::address;
use crate::{
    pages::ask::word,
    view::{
        stats::{Datum, Head, Section},
        time::duration,
    },
    words::Words,
};

/// What makes the tables of a flow.
pub(super) struct Tables<'a> {
    pub(super) words: &'static Words,
    pub(super) flow: &'a Flow,
    pub(super) asked: &'a Asked,
    pub(super) report: &'a Report,
}

/// Overdue items of a person are named one by one up to so many; the language has a hundred terms.
const MOST_NAMED: usize = 40;

impl Tables<'_> {
    /// Every table, in the order of the page.
    pub(super) fn all(&self) -> Vec<Section> {
        let mut all = vec![self.course()];
        let report = self.report;
        all.push(self.open("open-state", "stats-open-state", &report.open_by_state));
        all.push(self.open("open-holder", "stats-open-holder", &report.open_by_holder));
        if let Some(counts) = &report.open_by_field {
            let field = counts.by.first().map(|by| self.label(by)).unwrap_or_default();
            let section = self.open("open-field", "stats-open-field", counts);
            all.push(Section { title: self.words.one("stats-open-field", "field", field), ..section });
        }
        all.extend(report.cross.as_ref().map(|cross| self.cross(cross)));
        all.extend([self.stays(), self.closing(), self.returns(), self.ways(), self.load(), self.linked()]);
        all
    }

    /// What is counted by, as the address says it.
    pub(super) fn by(&self) -> Vec<String> {
        let counts = self.report.cross.as_ref().or(self.report.open_by_field.as_ref());
        let mut by: Vec<String> = counts.map(|counts| counts.by.iter().map(spelled).collect()).unwrap_or_default();
        by.resize(2, String::new());
        by
    }

    /// The items that came into a state in the period.
    pub(super) fn reached(&self, state: &str) -> String {
        self.found(&format!("reached={}@{}", word(state), self.period()))
    }

    /// As a query spells it.
    fn period(&self) -> String {
        format!("{}..{}", self.report.from, self.report.to)
    }

    /// The items that went a way in the period.
    pub(super) fn way(&self, way: &Way) -> String {
        self.found(&format!("was={} reached={}@{}", word(&way.from), word(&way.to), self.period()))
    }

    /// The list of the items that count for which `term` holds.
    fn found(&self, term: &str) -> String {
        found(&self.flow.key, &self.asked.and(term))
    }

    fn section(&self, id: &'static str, chart: &'static str) -> Section {
        let title = self.words.word(match id {
            "course" => "stats-course",
            "cross" => "stats-cross",
            "stays" => "stats-stays",
            "closing" => "stats-closing",
            "returns" => "stats-returns",
            "ways" => "stats-ways",
            "load" => "stats-load",
            _ => "stats-linked",
        });
        Section { id, chart, title: title.to_owned(), ..Section::default() }
    }

    fn course(&self) -> Section {
        let words = self.words;
        let head = vec![
            Head::of(words.word("stats-when")),
            Head::drawn(words.word("stats-filed"), "bar"),
            Head::drawn(words.word("stats-closed"), "bar"),
            Head::drawn(words.word("stats-open"), "line"),
        ];
        let row = |stretch: &app::stats::Stretch| {
            let (first, last) = (stretch.first, stretch.last);
            vec![
                Datum::text(stretch_name(first, last)),
                Datum::count(stretch.filed, self.found(&format!("created={first}..{last}"))),
                Datum::count(stretch.closed, self.found(&format!("closed={first}..{last}"))),
                Datum::count(stretch.open, self.found(&format!("created<={last} closed!=..{last}"))),
            ]
        };
        let rows = self.report.course.iter().map(row).collect();
        Section { head, rows, note: words.word("stats-course-note").to_owned(), ..self.section("course", "bar") }
    }

    fn open(&self, id: &'static str, title: &str, counts: &Counts) -> Section {
        let words = self.words;
        let label = counts.by.first().map(|by| self.label(by)).unwrap_or_default();
        let row = |(groups, count): &(Vec<Group>, i64)| {
            let (Some(group), Some(by)) = (groups.first(), counts.by.first()) else { return Vec::new() };
            vec![
                Datum::text(self.name(group, by)),
                Datum::count(*count, self.found(&format!("{} closed=", term(group, by)))),
            ]
        };
        Section {
            id,
            chart: "flat",
            title: words.word(title).to_owned(),
            head: vec![Head::of(&label), Head::drawn(words.word("stats-open"), "bar")],
            rows: counts.rows.iter().map(row).collect(),
            ..Section::default()
        }
    }

    fn cross(&self, counts: &Counts) -> Section {
        let ([first, second], [_, columns]) = (&counts.by[..], &counts.axes[..]) else { return Section::default() };
        let mut lines: Vec<(&Group, BTreeMap<&Group, i64>)> = Vec::new();
        for (groups, count) in &counts.rows {
            let [line, column] = &groups[..] else { continue };
            if lines.last().is_none_or(|(last, _)| *last != line) {
                lines.push((line, BTreeMap::new()));
            }
            if let Some((_, counts)) = lines.last_mut() {
                counts.insert(column, *count);
            }
        }
        let period = format!("created={}", self.period());
        let head = columns.iter().map(|column| Head::drawn(&self.name(column, second), "bar"));
        let row = |(line, counts): &(&Group, BTreeMap<&Group, i64>)| {
            let cell = |column: &Group| {
                let terms = format!("{period} {} {}", term(line, first), term(column, second));
                Datum::count(counts.get(column).copied().unwrap_or(0), self.found(&terms))
            };
            let name = std::iter::once(Datum::text(self.name(line, first)));
            name.chain(columns.iter().map(cell)).collect()
        };
        let label = format!("{} × {}", self.label(first), self.label(second));
        Section {
            head: std::iter::once(Head::of(&label)).chain(head).collect(),
            rows: lines.iter().map(row).collect(),
            note: self.words.word("stats-cross-note").to_owned(),
            ..self.section("cross", "stack")
        }
    }

    fn stays(&self) -> Section {
        let words = self.words;
        let head = vec![
            Head::of(words.word("state")),
            Head::drawn(words.word("stats-came"), ""),
            Head::drawn(words.word("stats-items"), ""),
            Head::drawn(words.word("stats-there"), ""),
            Head::drawn(words.word("stats-median"), "bar"),
            Head::drawn(words.word("stats-most"), "bar"),
        ];
        let row = |stays: &app::stats::Stays| {
            let reached = self.reached(&stays.state);
            let there = self.found(&format!("state={0} reached={0}@{1}", word(&stays.state), self.period()));
            let [median, most] = self.spread(&stays.took, &reached);
            vec![
                Datum::text(&stays.state),
                Datum::count(stays.times, reached.clone()),
                Datum::count(stays.items, reached),
                Datum::count(stays.now, there),
                median,
                most,
            ]
        };
        Section {
            head,
            rows: self.report.stays.iter().map(row).collect(),
            unit: words.word("stats-hours").to_owned(),
            note: words.word("stats-stays-note").to_owned(),
            ..self.section("stays", "bar")
        }
    }

    fn closing(&self) -> Section {
        let words = self.words;
        let head = vec![
            Head::of(words.word("stats-when")),
            Head::drawn(words.word("stats-closed"), ""),
            Head::drawn(words.word("stats-median"), "line"),
            Head::drawn(words.word("stats-most"), "line"),
        ];
        let line = |name: String, first: Date, last: Date, took: &Spread| {
            let closed = self.found(&format!("closed={first}..{last}"));
            let [median, most] = self.spread(took, &closed);
            vec![Datum::text(name), Datum::count(took.count, closed), median, most]
        };
        let rows = self.report.closing.iter();
        let rows = rows.map(|(first, last, took)| line(stretch_name(*first, *last), *first, *last, took)).collect();
        let all = &self.report.closing_all;
        let said = |ms: Option<i64>| ms.map_or_else(|| "–".to_owned(), |ms| duration(words, ms / 1000));
        let note = words.say(
            "stats-closing-note",
            &[("n", &all.count), ("median", &said(all.median_ms)), ("most", &said(all.most_ms))],
        );
        let unit = words.word("stats-hours").to_owned();
        Section { head, rows, unit, note, ..self.section("closing", "bar") }
    }

    /// Half and nine tenths, in hours where they are drawn.
    fn spread(&self, took: &Spread, href: &str) -> [Datum; 2] {
        [took.median_ms, took.most_ms].map(|ms| match ms {
            None => Datum { text: "–".to_owned(), value: Some(String::new()), href: None },
            Some(ms) => {
                Datum { text: duration(self.words, ms / 1000), value: Some(hours(ms)), href: Some(href.to_owned()) }
            }
        })
    }

    fn returns(&self) -> Section {
        let rows = self.report.ways.iter().filter(|way| way.back).map(|way| self.way_row(way)).collect();
        Section {
            head: self.way_head("bar"),
            rows,
            note: self.words.word("stats-returns-note").to_owned(),
            ..self.section("returns", "flat")
        }
    }

    fn ways(&self) -> Section {
        let rows = self.report.ways.iter().map(|way| self.way_row(way)).collect();
        Section { head: self.way_head(""), rows, ..self.section("ways", "") }
    }

    fn way_head(&self, series: &'static str) -> Vec<Head> {
        let words = self.words;
        vec![
            Head::of(words.word("stats-way")),
            Head::drawn(words.word("stats-often"), series),
            Head::drawn(words.word("stats-items"), ""),
        ]
    }

    fn way_row(&self, way: &Way) -> Vec<Datum> {
        let href = self.way(way);
        vec![
            Datum::text(format!("{} → {}", way.from, way.to)),
            Datum::count(way.times, href.clone()),
            Datum::count(way.items, href),
        ]
    }

    fn load(&self) -> Section {
        let words = self.words;
        let head = vec![
            Head::of(words.word("holder")),
            Head::drawn(words.word("stats-open"), "bar"),
            Head::drawn(words.word("stats-overdue"), "bar"),
        ];
        let row = |load: &app::stats::Load| {
            let held =
                if load.who.is_empty() { "assigned_to=".to_owned() } else { format!("assigned_to={}", load.who) };
            let late = i64::try_from(load.overdue.len()).unwrap_or(i64::MAX);
            vec![
                Datum::text(self.person(&load.who)),
                Datum::count(load.open, self.found(&format!("{held} closed="))),
                Datum::count(late, found(&self.flow.key, &self.overdue(&held, &load.overdue))),
            ]
        };
        let rows = self.report.load.iter().map(row).collect();
        Section { head, rows, note: words.word("stats-load-note").to_owned(), ..self.section("load", "flat") }
    }

    /// Named one by one; of more the states that have a time to keep.
    fn overdue(&self, held: &str, numbers: &[i64]) -> String {
        if let [one] = numbers {
            return self.flow.item_id(*one);
        }
        if numbers.len() <= MOST_NAMED {
            return numbers.iter().map(|number| self.flow.item_id(*number)).collect::<Vec<_>>().join(" or ");
        }
        let timed = self.flow.states.values().filter(|state| state.due_minutes.is_some());
        let states: Vec<String> = timed.map(|state| word(&state.name)).collect();
        self.asked.and(&format!("{held} state={} closed=", states.join(",")))
    }

    fn linked(&self) -> Section {
        let words = self.words;
        let head = vec![
            Head::of(words.word("stats-linked-to")),
            Head::of(words.word("summary")),
            Head::of(words.word("stats-field")),
            Head::drawn(words.word("stats-often"), "bar"),
        ];
        let period = format!("created={}", self.period());
        let row = |linked: &app::stats::Recurrence| {
            let item = &linked.item;
            let seen = item.seen.as_ref();
            let label = self.flow.fields.get(&linked.field).map_or(linked.field.as_str(), |field| &field.label);
            let id = Datum {
                text: item.id.clone(),
                value: None,
                href: seen.map(|_| format!("/flow/{}/{}", item.flow, item.number)),
            };
            vec![
                id,
                Datum::text(seen.map(|(title, _)| title.as_str()).unwrap_or_default()),
                Datum::text(label),
                Datum::count(linked.count, self.found(&format!("{}={} {period}", linked.field, linked.value))),
            ]
        };
        let rows = self.report.linked.iter().map(row).collect();
        Section { head, rows, note: words.word("stats-linked-note").to_owned(), ..self.section("linked", "flat") }
    }

    fn person(&self, name: &str) -> String {
        if name.is_empty() {
            self.words.word("nothing").to_owned()
        } else {
            self.report.people.display(name).to_owned()
        }
    }

    /// What people call what is counted by.
    fn label(&self, by: &By) -> String {
        let words = self.words;
        let name = match &by.column {
            Column::State => words.word("state"),
            Column::AssignedTo => words.word("holder"),
            Column::CreatedBy => words.word("reporter"),
            Column::Created => words.word("stats-created"),
            Column::Updated => words.word("updated"),
            Column::Closed => words.word("stats-closed-at"),
            Column::Number => "ID",
            Column::Field(key) => self.flow.fields.get(key).map_or(key.as_str(), |field| &field.label),
        };
        name.to_owned()
    }

    /// What people call a group.
    fn name(&self, group: &Group, by: &By) -> String {
        let is_person = match &by.column {
            Column::AssignedTo | Column::CreatedBy => true,
            Column::Field(key) => self.flow.fields.get(key).is_some_and(|field| matches!(field.kind, flow::Kind::User)),
            _ => false,
        };
        match (group, by.sort) {
            (Group::Empty, _) => self.words.word("nothing").to_owned(),
            (Group::Word(word), _) if is_person => self.person(word),
            (Group::Word(word), _) => word.clone(),
            (Group::Bool(yes), _) => self.words.word(if *yes { "yes" } else { "no" }).to_owned(),
            (Group::From(first), BySort::Moment(span) | BySort::Day(span)) => span.name(*first),
            (Group::From(first), _) => first.to_string(),
        }
    }
}

/// The tables over all flows.
pub(super) fn over_all(words: &'static Words, asked: &Asked, reports: &[Report]) -> Vec<Section> {
    let list = |report: &Report, term: &str| found(&report.published.flow.key, &and(&asked.query, term));
    let mut all = vec![flows(words, asked, reports)];
    for (id, title) in [("filed", "stats-filed"), ("closed", "stats-closed"), ("open", "stats-open")] {
        let series = if id == "open" { "line" } else { "bar" };
        let head = reports.iter().map(|report| Head::drawn(&report.published.flow.name, series));
        let stretches = reports.first().map(|report| report.course.as_slice()).unwrap_or_default();
        let row = |(at, stretch): (usize, &app::stats::Stretch)| {
            let (first, last) = (stretch.first, stretch.last);
            let cell = |report: &Report| {
                let own = report.course.get(at);
                let (count, term) = match id {
                    "filed" => (own.map(|own| own.filed), format!("created={first}..{last}")),
                    "closed" => (own.map(|own| own.closed), format!("closed={first}..{last}")),
                    _ => (own.map(|own| own.open), format!("created<={last} closed!=..{last}")),
                };
                Datum::count(count.unwrap_or(0), list(report, &term))
            };
            std::iter::once(Datum::text(stretch_name(first, last))).chain(reports.iter().map(cell)).collect()
        };
        all.push(Section {
            id,
            chart: if id == "open" { "bar" } else { "stack" },
            title: words.word(title).to_owned(),
            head: std::iter::once(Head::of(words.word("stats-when"))).chain(head).collect(),
            rows: stretches.iter().enumerate().map(row).collect(),
            ..Section::default()
        });
    }
    all.push(people(words, asked, reports));
    all
}

fn flows(words: &'static Words, asked: &Asked, reports: &[Report]) -> Section {
    let head = vec![
        Head::of(words.word("flow")),
        Head::drawn(words.word("stats-filed"), "bar"),
        Head::drawn(words.word("stats-closed"), "bar"),
        Head::drawn(words.word("stats-open"), "bar"),
        Head::drawn(words.word("stats-overdue"), ""),
        Head::drawn(words.word("stats-returns"), ""),
        Head::drawn(words.word("stats-median"), ""),
    ];
    let row = |report: &Report| {
        let flow = &report.published.flow;
        let period = format!("{}..{}", report.from, report.to);
        let list = |term: String| found(&flow.key, &and(&asked.query, &term));
        let own = address(
            &format!("/flow/{}/stats", flow.key),
            &[("from", &report.from.to_string()), ("to", &report.to.to_string()), ("q", &asked.query)],
        );
        let filed = report.course.iter().map(|stretch| stretch.filed).sum();
        let late: usize = report.load.iter().map(|load| load.overdue.len()).sum();
        let returns = report.ways.iter().filter(|way| way.back).map(|way| way.times).sum();
        let median = report.closing_all.median_ms;
        vec![
            Datum { text: flow.name.clone(), value: None, href: Some(own.clone()) },
            Datum::count(filed, list(format!("created={period}"))),
            Datum::count(report.closing_all.count, list(format!("closed={period}"))),
            Datum::count(report.open_by_state.total, list("closed=".to_owned())),
            Datum::count(i64::try_from(late).unwrap_or(i64::MAX), format!("{own}#load")),
            Datum::count(returns, format!("{own}#returns")),
            Datum {
                text: median.map_or_else(|| "–".to_owned(), |ms| duration(words, ms / 1000)),
                value: Some(median.map(hours).unwrap_or_default()),
                href: median.map(|_| format!("{own}#closing")),
            },
        ]
    };
    let rows = reports.iter().map(row).collect();
    Section { id: "flows", chart: "bar", title: words.word("menu-flows").to_owned(), head, rows, ..Section::default() }
}

/// Who has how much of which flow.
fn people(words: &'static Words, asked: &Asked, reports: &[Report]) -> Section {
    let mut open: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for (at, report) in reports.iter().enumerate() {
        for load in report.load.iter().filter(|load| !load.who.is_empty()) {
            open.entry(&load.who).or_insert_with(|| vec![0; reports.len()])[at] += load.open;
        }
    }
    let mut rows: Vec<(&str, Vec<i64>)> = open.into_iter().collect();
    rows.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<i64>()));
    let display = |who: &str| reports.first().map_or(who, |report| report.people.display(who)).to_owned();
    let row = |(who, counts): (&str, Vec<i64>)| {
        let cells = counts.iter().zip(reports).map(|(count, report)| {
            let term = and(&asked.query, &format!("assigned_to={who} closed="));
            Datum::count(*count, found(&report.published.flow.key, &term))
        });
        std::iter::once(Datum::text(display(who))).chain(cells).collect()
    };
    let head = reports.iter().map(|report| Head::drawn(&report.published.flow.name, "bar"));
    Section {
        id: "load",
        chart: "stack",
        title: words.word("stats-load").to_owned(),
        head: std::iter::once(Head::of(words.word("holder"))).chain(head).collect(),
        rows: rows.into_iter().map(row).collect(),
        ..Section::default()
    }
}

/// The list that a query finds.
fn found(key: &str, query: &str) -> String {
    address(&format!("/flow/{key}/all"), &[("q", query)])
}

/// The term that holds for the items of a group.
pub(in crate::pages) fn term(group: &Group, by: &By) -> String {
    let name = by.column.name();
    match (group, by.sort) {
        (Group::Empty, _) => format!("{name}="),
        (Group::Word(own), _) => format!("{name}={}", word(own)),
        (Group::Bool(yes), _) => format!("{name}={yes}"),
        (Group::From(first), BySort::Moment(span) | BySort::Day(span)) => {
            format!("{name}={first}..{}", span.last(*first))
        }
        (Group::From(first), _) => format!("{name}={first}"),
    }
}

/// As `by` in an address spells it.
pub(in crate::pages) fn spelled(by: &By) -> String {
    let name = by.column.name();
    match by.sort {
        BySort::Moment(span) | BySort::Day(span) => format!("{name}:{}", span.word()),
        BySort::Word | BySort::Bool => name.to_owned(),
    }
}

/// `2026-05-31`, `2026-05`, `05-25 – 05-31`.
fn stretch_name(first: Date, last: Date) -> String {
    if first == last {
        first.to_string()
    } else if first == first.first_of_month() && last == first.last_of_month() {
        first.strftime("%Y-%m").to_string()
    } else {
        format!("{first} – {}", last.strftime("%m-%d"))
    }
}

/// Hours with one digit.
fn hours(ms: i64) -> String {
    let tenths = (ms + 180_000) / 360_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}
