//! The pages of statistics: tables, each with a chart that is drawn from it.

use askama::Template;

use super::{Frame, lists::QueryTrouble};

/// The statistics of a flow, or over all of them.
#[derive(Template)]
#[template(path = "stats.html")]
pub struct StatsPage<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The flow's key; none: over all.
    pub key: Option<&'a str>,
    /// The flow's name.
    pub name: &'a str,
    /// The page's address, without its query.
    pub path: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// The query as typed.
    pub q: &'a str,
    /// What is counted by; none over all flows.
    pub by: Vec<String>,
    /// What could be counted by: as the address says it, and as people read it.
    pub choices: Vec<(String, String)>,
    /// Periods that are often asked for.
    pub presets: Vec<Preset>,
    /// What is wrong with the query.
    pub problem: Option<QueryTrouble>,
    /// What else is to be known.
    pub note: Option<String>,
    /// The flow's picture with what really happened, as SVG.
    pub picture: Option<String>,
    /// The tables.
    pub sections: Vec<Section>,
}

/// A period that is often asked for.
pub struct Preset {
    /// Its name.
    pub label: String,
    /// The page of it.
    pub href: String,
    /// It is the one shown.
    pub chosen: bool,
}

/// A table, and how it is drawn.
#[derive(Debug, Default)]
pub struct Section {
    /// Names it in the address.
    pub id: &'static str,
    /// The heading.
    pub title: String,
    /// What the numbers mean; may be empty.
    pub note: String,
    /// `bar`, `stack`, `flat` (bars that lie); empty: no chart.
    pub chart: &'static str,
    /// The unit of the chart's values; empty: items.
    pub unit: String,
    /// The headings of the columns.
    pub head: Vec<Head>,
    /// The rows.
    pub rows: Vec<Vec<Datum>>,
    /// Where it is downloaded.
    pub csv: String,
}

/// The heading of a column.
#[derive(Debug, Clone)]
pub struct Head {
    /// Its words.
    pub label: String,
    /// How the chart draws it: `bar`, `line`; empty: not at all.
    pub series: &'static str,
    /// Numbers stand below it.
    pub number: bool,
}

/// What stands in a cell.
#[derive(Debug, Clone, Default)]
pub struct Datum {
    /// As people read it.
    pub text: String,
    /// As a number, for charts and files.
    pub value: Option<String>,
    /// The items that it counts.
    pub href: Option<String>,
}

impl Head {
    /// A heading of words.
    #[must_use]
    pub fn of(label: &str) -> Head {
        Head { label: label.to_owned(), series: "", number: false }
    }

    /// A heading of numbers that the chart draws so.
    #[must_use]
    pub fn drawn(label: &str, series: &'static str) -> Head {
        Head { label: label.to_owned(), series, number: true }
    }
}

impl Datum {
    /// Words.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Datum {
        Datum { text: text.into(), ..Datum::default() }
    }

    /// A count that leads to what it counts.
    #[must_use]
    pub fn count(count: i64, href: String) -> Datum {
        Datum { text: count.to_string(), value: Some(count.to_string()), href: Some(href).filter(|_| count > 0) }
    }
}

impl Section {
    /// The table as CSV, for spreadsheets: UTF-8 with its mark, numbers plain.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut csv = "\u{feff}".to_owned();
        let heads = self.head.iter().map(|head| quoted(&head.label, false)).collect::<Vec<_>>();
        csv.push_str(&heads.join(","));
        for row in &self.rows {
            csv.push_str("\r\n");
            let cells = row.iter().map(|cell| match &cell.value {
                Some(value) => quoted(value, true),
                None => quoted(&cell.text, false),
            });
            csv.push_str(&cells.collect::<Vec<_>>().join(","));
        }
        csv.push_str("\r\n");
        csv
    }
}

/// A field of CSV. What a spreadsheet would take for a formula is made a text.
fn quoted(text: &str, number: bool) -> String {
    let text = if !number && text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_a_file_that_spreadsheets_read() {
        let section = Section {
            head: vec![Head::of("状态"), Head::drawn("条目数", "bar")],
            rows: vec![
                vec![Datum::text("a,\"b\""), Datum::count(3, "/x".to_owned())],
                vec![
                    Datum::text("=1+1"),
                    Datum { text: "2 天".to_owned(), value: Some("-48.5".to_owned()), href: None },
                ],
            ],
            ..Section::default()
        };
        assert_eq!(section.to_csv(), "\u{feff}状态,条目数\r\n\"a,\"\"b\"\"\",3\r\n'=1+1,-48.5\r\n");
    }
}
