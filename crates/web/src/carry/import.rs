//! In: what the columns of a file are, what is wrong with its rows in words, and the workbooks around it: the one to begin
//! with, the one with the rows to mend.

use std::{collections::BTreeMap, io};

use app::{
    App, Error,
    carry::{
        export::all_columns,
        import::{self, BadFile, Cell, Plan, Report, Row, Trouble, What},
    },
};
use flow::{Access, Actor, Column, Field, Flow, Kind};
use rust_xlsxwriter::{DataValidation, Format, Formula, Workbook, Worksheet, XlsxError};

use super::{
    headings, label,
    read::Table,
    xlsx::{Looks, broken, serial, sheet_name, width},
};
use crate::{
    api::code,
    view::refusal::{self, Names, built_in},
    words::{Language, Words},
};

/// What each column of a header is, by its label in either language or its key; none: it is unknown.
#[must_use]
pub fn columns(flow: &Flow, header: &[String]) -> Vec<Option<Column>> {
    let all = all_columns(flow);
    let mut known: BTreeMap<String, Column> = BTreeMap::new();
    for words in [Language::Chinese, Language::English].map(Language::words) {
        for (heading, column) in headings(words, flow, &all).into_iter().zip(&all) {
            known.entry(heading).or_insert_with(|| column.clone());
        }
    }
    for words in [Language::Chinese, Language::English].map(Language::words) {
        for column in &all {
            let (label, key) = label(words, flow, column);
            for name in [label.as_str(), key, built_in(words, key).unwrap_or(key)] {
                known.entry(name.to_owned()).or_insert_with(|| column.clone());
            }
        }
    }
    let find = |label: &String| known.get(label).or_else(|| known.get(&label.to_lowercase())).cloned();
    header.iter().map(find).collect()
}

/// How a file is to be carried in.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The flow.
    pub key: String,
    /// The field by which rows without an ID find their items: its key or label.
    pub by: Option<String>,
    /// Rows that find no item are left alone.
    pub leave: bool,
    /// Nothing is written.
    pub dry: bool,
    /// What columns were said to be, by their place: a key, `id`, or nothing to pass it over.
    pub chosen: BTreeMap<usize, String>,
}

/// What became of a file.
pub struct Carried {
    /// The rules.
    pub plan: Plan,
    /// Row by row.
    pub report: Report,
    /// Headings of columns that were passed over.
    pub ignored: Vec<String>,
}

/// Carries a table in. `told` hears how many rows are done.
///
/// # Errors
/// As [`import::plan`] and [`import::run`].
pub fn carry(
    app: &App,
    actor: &Actor,
    wanted: &Wanted,
    table: Table,
    told: &mut dyn FnMut(u64),
) -> Result<Carried, Error> {
    let plan = app.read(|cx| {
        let flow = cx.flows.get(&wanted.key).ok_or(Error::NotFound)?.flow.clone();
        let columns = chosen(&flow, &table.header, wanted);
        import::plan(cx, actor, &wanted.key, (columns, wanted.by.as_deref(), wanted.leave))
    })?;
    let columns = chosen(&plan.flow, &table.header, wanted);
    let unknown = table.header.iter().zip(&columns).filter(|(label, column)| column.is_none() && !label.is_empty());
    let ignored = unknown.map(|(label, _)| label.clone()).collect();
    let plan = std::sync::Arc::new(plan);
    let report = import::run(app, actor, (&plan, table.rows), wanted.dry, told)?;
    let plan = std::sync::Arc::unwrap_or_clone(plan);
    Ok(Carried { plan, report, ignored })
}

/// [`columns`], but for those that somebody said otherwise.
#[must_use]
pub fn chosen(flow: &Flow, header: &[String], wanted: &Wanted) -> Vec<Option<Column>> {
    let mut columns = columns(flow, header);
    for (at, column) in columns.iter_mut().enumerate() {
        if let Some(name) = wanted.chosen.get(&at) {
            *column = flow::column_named(flow, name);
        }
    }
    columns
}

/// What is wrong with a cell: the field's key, what for programs, what for people.
#[must_use]
pub fn explained(words: &Words, flow: &Flow, trouble: &Trouble) -> (String, &'static str, String) {
    let (flows, people) = (BTreeMap::new(), BTreeMap::new());
    let names = Names { flow, flows: &flows, people: &people };
    let (code, message) = match &trouble.what {
        What::Wrong(what) => {
            let problem = flow::FieldProblem { field: trouble.field.clone(), what: what.clone() };
            (code(what), refusal::field_problem(words, names, &problem))
        }
        What::NotAllowed(why) => ("not_allowed", refusal::not_allowed(words, names, why)),
        What::Broken(said) => ("broken_cell", words.one("import-broken", "said", said)),
        What::Several => ("several", words.word("import-several").to_owned()),
        What::Twice(line) => ("twice", words.one("import-twice", "row", line)),
    };
    (trouble.field.clone(), code, message)
}

/// Everything that is wrong with a row, in one line.
#[must_use]
pub fn sentence(words: &Words, flow: &Flow, troubles: &[Trouble]) -> String {
    let one = |trouble: &Trouble| {
        let (field, _, message) = explained(words, flow, trouble);
        let label = if field == "id" { "ID".to_owned() } else { refusal::label(words, flow, &field) };
        format!("{label}{}{message}", words.word("colon"))
    };
    troubles.iter().map(one).collect::<Vec<_>>().join(words.word("list-semicolon"))
}

/// Why a file is not taken, in words.
#[must_use]
pub fn bad_file(words: &Words, bad: &BadFile) -> String {
    match bad {
        BadFile::Unreadable(why) => words.one("import-unreadable", "why", why),
        BadFile::Empty => words.word("import-empty").to_owned(),
        BadFile::NothingKnown => words.word("import-nothing-known").to_owned(),
        BadFile::Twice(name) => words.one("import-column-twice", "column", name),
        BadFile::NoKey(name) => words.one("import-no-key", "column", name),
        BadFile::TooLong(most) => words.one("import-too-long", "most", most),
    }
}

/// A workbook of the rows that were refused, to be mended and carried in again: as they were, and why before them.
///
/// # Errors
/// It cannot be written.
pub fn to_mend(words: &Words, flow: &Flow, table: (&[String], &[Row]), report: &Report) -> io::Result<Vec<u8>> {
    let (header, rows) = table;
    let mut book = Workbook::new();
    let looks = Looks::new();
    let sheet = book.add_worksheet();
    let write = |sheet: &mut Worksheet| -> Result<(), XlsxError> {
        sheet.set_name(sheet_name(words.word("import-to-mend"), 1))?;
        sheet.set_freeze_panes(1, 0)?;
        for (at, label) in (0_u16..).zip(header) {
            sheet.write_string_with_format(0, at, label, &looks.head)?;
        }
        let last = u16::try_from(header.len()).unwrap_or(u16::MAX - 1);
        sheet.set_column_width(last, 60)?;
        sheet.write_string_with_format(0, last, words.word("import-why"), &looks.head)?;
        let why: BTreeMap<u64, &Vec<Trouble>> = report.refused.iter().map(|(line, why)| (*line, why)).collect();
        let refused = rows.iter().filter_map(|row| Some((row, why.get(&row.line)?)));
        for (line, (row, why)) in (1_u32..).zip(refused) {
            for (at, cell) in (0_u16..).zip(&row.cells).take(header.len()) {
                put(sheet, (line, at), cell, &looks)?;
            }
            sheet.write_string(line, last, sentence(words, flow, why))?;
        }
        Ok(())
    };
    write(sheet).map_err(broken)?;
    book.save_to_buffer().map_err(broken)
}

fn put(sheet: &mut Worksheet, (row, column): (u32, u16), cell: &Cell, looks: &Looks) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => {}
        Cell::Text(text) => drop(sheet.write_string_with_format(row, column, text, &looks.text)?),
        Cell::Number(number) => drop(sheet.write_number(row, column, *number)?),
        Cell::Bool(yes) => drop(sheet.write_boolean(row, column, *yes)?),
        Cell::Broken(said) => drop(sheet.write_string(row, column, said)?),
        Cell::Moment(at) => match serial(*at) {
            Some(serial) => drop(sheet.write_datetime_with_format(row, column, serial, &looks.moment)?),
            None => drop(sheet.write_string(row, column, at.to_string())?),
        },
    }
    Ok(())
}

/// A workbook to fill in: a column for each field that people type into, with what may be chosen.
///
/// # Errors
/// It cannot be written.
pub fn template(words: &Words, flow: &Flow, people: &[String]) -> io::Result<Vec<u8>> {
    let mut book = Workbook::new();
    fill_template(&mut book, words, flow, people).map_err(broken)?;
    book.save_to_buffer().map_err(broken)
}

/// Rows of a template that have drop-downs.
const READY_ROWS: u32 = 10_000;

fn fill_template(book: &mut Workbook, words: &Words, flow: &Flow, people: &[String]) -> Result<(), XlsxError> {
    let looks = Looks::new();
    let typed = |field: &&Field| flow::access(flow, &flow.initial, field) == Access::Write;
    let fields: Vec<&Field> = flow.fields.values().filter(typed).collect();
    let columns: Vec<Column> = fields.iter().map(|field| Column::Field(field.key.clone())).collect();
    let lists_name = sheet_name(words.word("import-lists"), 1);
    let mut lists: Vec<Vec<String>> = Vec::new();
    let sheet = book.add_worksheet();
    sheet.set_name(sheet_name(&flow.name, 1))?;
    sheet.set_freeze_panes(1, 0)?;
    for (at, (column, heading)) in (0_u16..).zip(columns.iter().zip(headings(words, flow, &columns))) {
        let field = fields[usize::from(at)];
        let look = if field.required {
            looks.head.clone().set_underline(rust_xlsxwriter::FormatUnderline::Single)
        } else {
            looks.head.clone()
        };
        sheet.set_column_width(at, width(flow, column))?;
        let format = match field.kind {
            Kind::Date => Some(Format::new().set_num_format("yyyy-mm-dd")),
            Kind::Datetime => Some(Format::new().set_num_format("yyyy-mm-dd hh:mm:ss")),
            Kind::Text { .. } | Kind::Textarea { .. } | Kind::Item { .. } => Some(looks.text.clone()),
            _ => None,
        };
        if let Some(format) = format {
            sheet.set_column_format(at, &format)?;
        }
        sheet.write_string_with_format(0, at, heading, &look)?;
        let offered = offered(field, people);
        if offered.is_empty() {
            continue;
        }
        let name = rust_xlsxwriter::utility::column_number_to_name(u16::try_from(lists.len()).unwrap_or(0));
        let range = format!("='{lists_name}'!${name}$1:${name}${}", offered.len());
        let rule = DataValidation::new().allow_list_formula(Formula::new(range)).ignore_blank(true);
        // what is no choice of the list may still be right: several values, a person's display name
        let strict = !field.multiple && matches!(field.kind, Kind::Choice(_) | Kind::Bool);
        let rule = if strict { rule } else { rule.show_error_message(false) };
        sheet.add_data_validation(1, at, READY_ROWS, at, &rule)?;
        lists.push(offered);
    }
    if !lists.is_empty() {
        let sheet = book.add_worksheet();
        sheet.set_name(lists_name)?;
        sheet.set_hidden(true);
        for (column, list) in (0_u16..).zip(&lists) {
            for (row, word) in (0_u32..).zip(list) {
                sheet.write_string(row, column, word)?;
            }
        }
    }
    Ok(())
}

/// What a drop-down of the field offers.
fn offered(field: &Field, people: &[String]) -> Vec<String> {
    match &field.kind {
        Kind::Choice(flow::Choices::Flat(words)) => words.clone(),
        Kind::Choice(flow::Choices::Cascade { under, .. }) => {
            let mut all: Vec<String> = Vec::new();
            for word in under.values().flatten() {
                if !all.contains(word) {
                    all.push(word.clone());
                }
            }
            all
        }
        Kind::User => people.to_vec(),
        Kind::Bool => ["TRUE", "FALSE"].map(str::to_owned).into(),
        _ => Vec::new(),
    }
}
