//! Files: what is carried out of a flow and into it. Pages, API and command line share it.
//!
//! To add a format of export: a module with a `Sheet`, its line in [`Format`] and in [`export::write`].

mod csv;
pub mod export;
pub mod import;
mod json;
pub mod notes;
pub(crate) mod progress;
pub mod read;
mod xes;
mod xlsx;

use std::io;

use app::{Catalog, item::HistoryEntry};
use flow::{Column, Flow, Item, Kind, Value};
use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};

use crate::{view::table::heading, words::Words};

/// What a file may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A workbook.
    Xlsx,
    /// Comma-separated values in UTF-8 with a mark at the beginning, as spreadsheets want it.
    Csv,
    /// As the API spells items.
    Json,
    /// The history, as process mining reads it (IEEE 1849).
    Xes,
}

impl Format {
    /// By its name, which is the end of a file's name as well.
    #[must_use]
    pub fn named(name: &str) -> Option<Format> {
        Some(match name {
            "xlsx" => Format::Xlsx,
            "csv" => Format::Csv,
            "json" => Format::Json,
            "xes" => Format::Xes,
            _ => return None,
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Xlsx => "xlsx",
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Xes => "xes",
        }
    }

    /// For `Content-Type`.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Xlsx => XLSX,
            Format::Csv => "text/csv; charset=utf-8",
            Format::Json => "application/json",
            Format::Xes => "application/xml",
        }
    }
}

/// A workbook's media type.
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// What every format needs to know of what it writes.
pub(crate) struct Matter<'a> {
    pub(crate) flow: &'a Flow,
    pub(crate) columns: &'a [Column],
    /// Only the chosen columns' fields are wanted.
    pub(crate) chosen: bool,
    pub(crate) catalog: &'a Catalog,
    pub(crate) zone: &'a TimeZone,
    pub(crate) words: &'static Words,
}

/// A file that is being written, item by item.
pub(crate) trait Sheet {
    /// One more item; its history where [`Format::Xes`] asks for it.
    fn item(&mut self, item: &Item, history: &[HistoryEntry]) -> io::Result<()>;
    /// The end of it.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Empty,
    Text(String),
    Number(f64),
    Bool(bool),
    Day(Date),
    Moment(Zoned),
}

/// The header: labels, each once, so that what is carried out can be carried in again.
#[must_use]
pub fn headings(words: &Words, flow: &Flow, columns: &[Column]) -> Vec<String> {
    let plain: Vec<(String, &str)> = columns.iter().map(|column| label(words, flow, column)).collect();
    let unique = |(label, key): &(String, &str)| {
        let twice = plain.iter().filter(|(other, _)| other == label).count() > 1;
        if twice { format!("{label} ({key})") } else { label.clone() }
    };
    plain.iter().map(unique).collect()
}

/// What people see over a column, and its key.
pub(crate) fn label<'a>(words: &Words, flow: &Flow, column: &'a Column) -> (String, &'a str) {
    let key = column.key();
    match column {
        Column::Number => ("ID".to_owned(), key),
        _ => (heading(words, flow, key), key),
    }
}

/// Between the values of one cell.
const BETWEEN: &str = "; ";

impl Matter<'_> {
    /// What stands in an item's cell of a column: choices by their words, users by name, links as IDs.
    pub(crate) fn cell(&self, item: &Item, column: &Column) -> Cell {
        match column {
            Column::Number => Cell::Text(self.flow.item_id(item.number)),
            Column::State => Cell::Text(item.state.clone()),
            Column::AssignedTo => several(&item.assigned_to),
            Column::CreatedBy => Cell::Text(item.created_by.clone()),
            Column::Created => self.moment(item.created_at),
            Column::Updated => self.moment(item.updated_at),
            Column::Closed => item.closed_at.map_or(Cell::Empty, |at| self.moment(at)),
            Column::Field(key) => match self.flow.fields.get(key) {
                Some(field) => self.value(&item.value(field), &field.kind),
                None => Cell::Empty,
            },
        }
    }

    fn moment(&self, at: Timestamp) -> Cell {
        Cell::Moment(at.to_zoned(self.zone.clone()))
    }

    fn value(&self, value: &Value, kind: &Kind) -> Cell {
        match value {
            Value::Empty => Cell::Empty,
            Value::Text(_) | Value::List(_) if matches!(kind, Kind::Item { .. }) => {
                several(&value.texts().iter().map(|text| self.linked(text)).collect::<Vec<_>>())
            }
            Value::Text(text) => Cell::Text(text.clone()),
            Value::List(words) => several(words),
            Value::Number(number) => Cell::Number(*number),
            Value::Bool(yes) => Cell::Bool(*yes),
            Value::Date(day) => Cell::Day(*day),
            Value::Instant(at) => self.moment(*at),
        }
    }

    /// `improvement/2` as people say it: `improvement_2`.
    fn linked(&self, text: &str) -> String {
        let known = text
            .split_once('/')
            .and_then(|(key, number)| Some(self.catalog.get(key)?.flow.item_id(number.parse().ok()?)));
        known.unwrap_or_else(|| text.to_owned())
    }
}

fn several(words: &[String]) -> Cell {
    match words {
        [] => Cell::Empty,
        [one] => Cell::Text(one.clone()),
        // A word may hold what stands between others, but no line break.
        words if words.iter().any(|word| word.contains([';', '；'])) => Cell::Text(words.join("\n")),
        words => Cell::Text(words.join(BETWEEN)),
    }
}

/// A moment as spreadsheets show it, in its zone: `2026-11-22 10:00:00`, with thousandths where there are any.
pub(crate) fn local(at: &Zoned) -> String {
    at.datetime().to_string().replacen('T', " ", 1)
}
