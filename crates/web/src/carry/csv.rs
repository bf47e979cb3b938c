//! Comma-separated values.

use std::io::{self, Write};

use app::item::HistoryEntry;
use csv::{QuoteStyle, Writer, WriterBuilder};
use flow::Item;

use super::{Cell, Matter, Sheet, headings, local};

/// What tells spreadsheets that it is UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

pub(super) struct Csv<'a> {
    matter: &'a Matter<'a>,
    out: Writer<&'a mut dyn Write>,
}

impl<'a> Csv<'a> {
    pub(super) fn begin(matter: &'a Matter<'a>, out: &'a mut dyn Write) -> io::Result<Csv<'a>> {
        out.write_all(MARK)?;
        let mut out =
            WriterBuilder::new().terminator(csv::Terminator::CRLF).quote_style(QuoteStyle::Necessary).from_writer(out);
        out.write_record(headings(matter.words, matter.flow, matter.columns).iter().map(|text| guarded(text)))?;
        Ok(Csv { matter, out })
    }
}

impl Sheet for Csv<'_> {
    fn item(&mut self, item: &Item, _: &[HistoryEntry]) -> io::Result<()> {
        for column in self.matter.columns {
            let text = match self.matter.cell(item, column) {
                Cell::Empty => String::new(),
                Cell::Text(text) => guarded(&text),
                Cell::Number(number) => flow::to_form(&flow::Value::Number(number), self.matter.zone).concat(),
                Cell::Bool(yes) => yes.to_string(),
                Cell::Day(day) => day.to_string(),
                Cell::Moment(at) => local(&at),
            };
            self.out.write_field(text)?;
        }
        Ok(self.out.write_record(None::<&[u8]>)?)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.out.flush()
    }
}

/// A text that a spreadsheet would compute gets an apostrophe before it; [`unguarded`] takes it away again.
pub(crate) fn guarded(text: &str) -> String {
    if computes(text.trim_start_matches('\'')) { format!("'{text}") } else { text.to_owned() }
}

/// What [`guarded`] was given.
pub(crate) fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if computes(rest.trim_start_matches('\'')) => rest,
        _ => text,
    }
}

fn computes(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_computed_is_guarded_and_comes_back() {
        for text in ["=1+1", "+86 10", "-5", "@x", "\tx", "'=1", "''=1", "＝1"] {
            assert_eq!(guarded(text), format!("'{text}"));
            assert_eq!(unguarded(&guarded(text)), text);
        }
        for text in ["", "a=1", "'quoted'", "1-2", "'", "''"] {
            assert_eq!(guarded(text), text);
            assert_eq!(unguarded(text), text);
        }
    }
}
