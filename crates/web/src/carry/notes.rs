//! Release notes: a layout that people can edit gives Markdown, from which HTML is made; or a workbook.

use std::collections::BTreeMap;

use app::{
    App, Error,
    carry::notes::{self, Asked, Found},
};
use comrak::{Options, markdown_to_html};
use flow::{Actor, Column, Flow, Item, Kind};
use jiff::Timestamp;
use minijinja::Environment;
use rust_xlsxwriter::{Url, Workbook, XlsxError};
use serde::Serialize;

use super::{
    Cell, Matter,
    xlsx::{Looks, broken, fitting, sheet_name},
};
use crate::words::{Language, Words};

/// What release notes may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text with marks.
    Markdown,
    /// A page by itself.
    Html,
    /// A workbook.
    Xlsx,
}

impl Format {
    /// By its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Format> {
        match name {
            "markdown" | "md" => Some(Format::Markdown),
            "html" => Some(Format::Html),
            "xlsx" => Some(Format::Xlsx),
            _ => None,
        }
    }

    /// What a file's name ends with.
    #[must_use]
    pub fn end(self) -> &'static str {
        match self {
            Format::Markdown => "md",
            Format::Html => "html",
            Format::Xlsx => "xlsx",
        }
    }

    /// For `Content-Type`.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Markdown => "text/markdown; charset=utf-8",
            Format::Html => "text/html; charset=utf-8",
            Format::Xlsx => super::XLSX,
        }
    }
}

/// What a layout is given.
#[derive(Debug, Clone, Serialize)]
pub struct Notes {
    /// The flow's name.
    pub flow: String,
    /// The state that the items reached.
    pub state: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// The items with a note, put together; without a group, in one without a name.
    pub groups: Vec<Group>,
    /// Those without a note, where one can be written.
    pub missing: Vec<Entry>,
    /// There are more items than can be told of.
    pub capped: bool,
}

/// Items that belong together.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// What they have in common.
    pub name: String,
    /// The items.
    pub entries: Vec<Entry>,
}

/// An item.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// `question_3`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The address of its page.
    pub url: String,
    /// What it says of itself.
    pub note: String,
    /// The day on which it reached the state.
    pub reached: String,
    /// Its present state.
    pub state: String,
    /// What stands in its fields, by key.
    pub fields: BTreeMap<String, String>,
}

/// Instructions that a layout may take: one that does not end is ended.
const FUEL: u64 = 20_000_000;

/// The layout that comes along.
#[must_use]
pub fn default_layout(language: Language) -> &'static str {
    match language {
        Language::Chinese => include_str!("notes.zh-CN.md"),
        Language::English => include_str!("notes.en.md"),
    }
}

/// Gathers the notes, and the layout that they have. `base`: what addresses begin with.
///
/// # Errors
/// As [`notes::find`].
pub fn gather(
    app: &App,
    actor: &Actor,
    words: &'static Words,
    asked: &Asked,
    base: &str,
) -> Result<(Notes, Option<String>), Error> {
    app.read(|cx| Ok((gathered(cx, actor, words, asked, base)?, notes::layout(cx, actor, &asked.key)?)))
}

/// [`gather`] within a read, the notes alone.
///
/// # Errors
/// As [`notes::find`].
pub fn gathered(
    cx: &app::Reading,
    actor: &Actor,
    words: &'static Words,
    asked: &Asked,
    base: &str,
) -> Result<Notes, Error> {
    let Found { flow, note, group_by, items, capped } = notes::find(cx, actor, asked)?;
    let matter = Matter { flow: &flow, columns: &[], chosen: false, catalog: &cx.flows, zone: cx.zone, words };
    let (mut groups, mut missing) = (Vec::new(), Vec::new());
    for (item, at) in &items {
        let entry = entry(&matter, item, (&note, *at), base);
        if entry.note.trim().is_empty() {
            missing.push(entry);
            continue;
        }
        for name in group_by.as_ref().map_or_else(|| vec![String::new()], |column| group_names(&matter, item, column)) {
            match groups.iter_mut().find(|group: &&mut Group| group.name == name) {
                Some(group) => group.entries.push(entry.clone()),
                None => groups.push(Group { name, entries: vec![entry.clone()] }),
            }
        }
    }
    if let Some(column) = &group_by {
        let order = |name: &str| offered(&flow, column).iter().position(|word| word == name).unwrap_or(usize::MAX);
        groups.sort_by(|one, other| {
            // what belongs to none comes last
            (one.name.is_empty(), order(&one.name), &one.name).cmp(&(
                other.name.is_empty(),
                order(&other.name),
                &other.name,
            ))
        });
    }
    let (from, to) = (asked.from.to_string(), asked.to.to_string());
    Ok(Notes { flow: flow.name.clone(), state: asked.state.clone(), from, to, groups, missing, capped })
}

fn entry(matter: &Matter, item: &Item, (note, at): (&str, i64), base: &str) -> Entry {
    let text = |column: &Column| plain(matter, &matter.cell(item, column));
    let fields = matter.flow.fields.keys().map(|key| (key.clone(), text(&Column::Field(key.clone()))));
    let fields: BTreeMap<String, String> = fields.collect();
    let id = matter.flow.item_id(item.number);
    let title = matter.flow.title.as_ref().and_then(|key| fields.get(key)).filter(|title| !title.trim().is_empty());
    let reached = Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(matter.zone.clone()).date();
    Entry {
        title: title.cloned().unwrap_or_else(|| id.clone()),
        url: format!("{base}/flow/{}/{}", matter.flow.key, item.number),
        note: fields.get(note).map(|note| note.trim().to_owned()).unwrap_or_default(),
        reached: reached.to_string(),
        state: item.state.clone(),
        id,
        fields,
    }
}

fn plain(matter: &Matter, cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => flow::to_form(&flow::Value::Number(*number), matter.zone).concat(),
        Cell::Bool(yes) => matter.words.word(if *yes { "yes" } else { "no" }).to_owned(),
        Cell::Day(day) => day.to_string(),
        Cell::Moment(at) => super::local(at),
    }
}

/// What an item is put together by; of several values each.
fn group_names(matter: &Matter, item: &Item, column: &Column) -> Vec<String> {
    match (column, column_field(matter.flow, column).map(|field| item.value(field))) {
        (_, Some(flow::Value::List(words))) => words,
        (Column::AssignedTo, _) if !item.assigned_to.is_empty() => item.assigned_to.clone(),
        (Column::Created | Column::Updated | Column::Closed, _) | (_, Some(flow::Value::Instant(_))) => {
            // a day is a group, a moment is none
            let text = plain(matter, &matter.cell(item, column));
            vec![text.split(' ').next().unwrap_or_default().to_owned()]
        }
        _ => vec![plain(matter, &matter.cell(item, column))],
    }
}

fn column_field<'f>(flow: &'f Flow, column: &Column) -> Option<&'f flow::Field> {
    if let Column::Field(key) = column { flow.fields.get(key) } else { None }
}

/// The words of a choice, in their order.
fn offered(flow: &Flow, column: &Column) -> Vec<String> {
    match column_field(flow, column).map(|field| &field.kind) {
        Some(Kind::Choice(flow::Choices::Flat(words))) => words.clone(),
        Some(Kind::Choice(flow::Choices::Cascade { under, .. })) => under.values().flatten().cloned().collect(),
        _ if *column == Column::State => flow.states.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

/// The notes in a layout; what is wrong with it, in its own words, which are English.
///
/// # Errors
/// The layout cannot be read, or asks for what is not there.
pub fn markdown(notes: &Notes, layout: &str) -> Result<String, String> {
    let count: usize = notes.groups.iter().map(|group| group.entries.len()).sum();
    let given = minijinja::Value::from(minijinja::value::Serde(Given { notes, count }));
    let text = engine().render_str(layout, given).map_err(|error| said(&error))?;
    Ok(format!("{}\n", text.trim()))
}

/// Whether a layout can be read; else what is wrong with it.
///
/// # Errors
/// It cannot.
pub fn checked(layout: &str) -> Result<(), String> {
    engine().template_from_str(layout).map(drop).map_err(|error| said(&error))
}

fn engine() -> Environment<'static> {
    let mut engine = Environment::empty();
    engine.set_fuel(Some(FUEL));
    engine.add_filter("indent", minijinja::filters::indent);
    engine.add_filter("length", minijinja::filters::length);
    engine.add_filter("default", minijinja::filters::default);
    engine.add_filter("upper", minijinja::filters::upper);
    engine.add_filter("lower", minijinja::filters::lower);
    engine.add_filter("replace", minijinja::filters::replace);
    engine.add_filter("trim", minijinja::filters::trim);
    engine.add_filter("md", |text: String| escaped(&text));
    engine
}

fn said(error: &minijinja::Error) -> String {
    match (error.line(), error.detail()) {
        (Some(line), Some(detail)) => format!("line {line}: {detail}"),
        (Some(line), None) => format!("line {line}: {error}"),
        _ => error.to_string(),
    }
}

/// What a layout knows by name.
#[derive(Serialize)]
struct Given<'a> {
    #[serde(flatten)]
    notes: &'a Notes,
    count: usize,
}

/// Characters that mean something in Markdown mean themselves.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if "\\`*_{}[]<>#|~!".contains(letter) {
            safe.push('\\');
        }
        safe.push(if letter == '\n' { ' ' } else { letter });
    }
    safe
}

/// Markdown as HTML in which nothing of it can do harm: no HTML of its own, no address that runs anything.
#[must_use]
pub fn html(markdown: &str) -> String {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.autolink = true;
    options.render.hardbreaks = true;
    options.render.escape = true;
    markdown_to_html(markdown, &options)
}

/// [`html`] as a page by itself.
#[must_use]
pub fn page(words: &Words, notes: &Notes, markdown: &str) -> String {
    let title: String = format!("{} {} – {}", notes.flow, notes.from, notes.to)
        .chars()
        .map(|letter| if "<>&\"".contains(letter) { ' ' } else { letter })
        .collect();
    let lang = words.language.tag();
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body>\n{}</body>\n</html>\n",
        html(markdown)
    )
}

/// A workbook of the notes: those without one too.
///
/// # Errors
/// It cannot be written.
pub fn workbook(words: &Words, notes: &Notes) -> std::io::Result<Vec<u8>> {
    let mut book = Workbook::new();
    let looks = Looks::new();
    let mut write = || -> Result<(), XlsxError> {
        let sheet = book.add_worksheet();
        sheet.set_name(sheet_name(&notes.flow, 1))?;
        sheet.set_freeze_panes(1, 0)?;
        let heads = ["notes-group", "ID", "summary", "notes-note", "notes-reached", "state"];
        for (at, (head, width)) in (0_u16..).zip(heads.into_iter().zip([16, 16, 40, 60, 12, 16])) {
            sheet.set_column_width(at, width)?;
            sheet.write_string_with_format(0, at, words.word(head), &looks.head)?;
        }
        let told = notes.groups.iter().flat_map(|group| group.entries.iter().map(|entry| (group.name.as_str(), entry)));
        let lines = told.chain(notes.missing.iter().map(|entry| ("", entry)));
        let mut last = 0;
        for (row, (group, entry)) in (1_u32..).zip(lines) {
            sheet.write_string(row, 0, fitting(group))?;
            if entry.url.starts_with("http") {
                sheet.write_url(row, 1, Url::new(&entry.url).set_text(&entry.id))?;
            } else {
                sheet.write_string(row, 1, &entry.id)?;
            }
            sheet.write_string_with_format(row, 2, fitting(&entry.title), &looks.text)?;
            sheet.write_string_with_format(row, 3, fitting(&entry.note), &looks.text)?;
            sheet.write_string(row, 4, &entry.reached)?;
            sheet.write_string(row, 5, &entry.state)?;
            last = row;
        }
        sheet.autofilter(0, 0, last.max(1), 5)?;
        Ok(())
    };
    write().map_err(broken)?;
    book.save_to_buffer().map_err(broken)
}

/// The file that `format` asks for.
///
/// # Errors
/// What is wrong with the layout.
pub fn file(words: &Words, notes: &Notes, layout: Option<&str>, format: Format) -> Result<Vec<u8>, String> {
    if format == Format::Xlsx {
        return workbook(words, notes).map_err(|error| error.to_string());
    }
    let text = markdown(notes, layout.unwrap_or_else(|| default_layout(words.language)))?;
    Ok(if format == Format::Html { page(words, notes, &text) } else { text }.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(note: &str) -> Notes {
        let entry = Entry {
            id: "question_3".into(),
            title: "概要".into(),
            url: "https://t/flow/x/3".into(),
            note: note.into(),
            reached: "2026-05-03".into(),
            state: "关闭".into(),
            fields: BTreeMap::new(),
        };
        let groups = vec![Group { name: "硬*件".into(), entries: vec![entry] }];
        let (from, to) = ("2026-05-01".into(), "2026-05-31".into());
        Notes { flow: "网上问题".into(), state: "关闭".into(), from, to, groups, missing: vec![], capped: false }
    }

    #[test]
    fn the_layout_that_comes_along() {
        let text = markdown(&notes("修了\n第二行"), default_layout(Language::Chinese)).unwrap();
        let expected = "# 网上问题 2026-05-01 至 2026-05-31\n\n## 硬\\*件\n\n- 修了\n  第二行（[question\\_3](https://t/flow/x/3)）\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn nothing_of_a_note_does_harm() {
        let text = markdown(
            &notes("<script>x</script> [a](javascript:x) <img src=x onerror=y>"),
            "{{ groups[0].entries[0].note }}",
        )
        .unwrap();
        let shown = html(&text);
        assert!(
            !shown.contains("<script") && !shown.contains("href=\"javascript") && !shown.contains("<img"),
            "{shown}"
        );
    }

    #[test]
    fn a_layout_that_is_wrong_says_where() {
        assert!(markdown(&notes(""), "a\n{% for %}").unwrap_err().starts_with("line 2"));
        assert!(markdown(&notes(""), "{% for a in groups %}{{ a.b.c }}{% endfor %}").is_err());
    }
}
