//! Workbooks. A row is written once the next one begins, so that a million need no more room than one.

use std::io::{self, Write};

use app::{carry::CUT, item::HistoryEntry};
use flow::{Column, Item, Kind};
use jiff::civil::DateTime;
use rust_xlsxwriter::{ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::{Cell, Matter, Sheet, csv::guarded, headings};

/// Rows of a sheet: no spreadsheet takes more.
const MOST_ROWS: u32 = 1_048_576;
/// Characters of a cell: likewise.
const MOST_LETTERS: usize = 32_767;

pub(super) struct Xlsx<'a> {
    matter: &'a Matter<'a>,
    out: &'a mut (dyn Write + Send),
    book: Workbook,
    sheets: usize,
    row: u32,
    looks: Looks,
}

/// How cells look.
pub(super) struct Looks {
    pub(super) head: Format,
    day: Format,
    pub(super) moment: Format,
    lines: Format,
    /// A text that begins as a formula does: it stays a text when it is edited.
    quoted: Format,
    pub(super) text: Format,
}

impl Looks {
    pub(super) fn new() -> Looks {
        Looks {
            head: Format::new().set_bold().set_align(FormatAlign::Top),
            day: Format::new().set_num_format("yyyy-mm-dd"),
            moment: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
            lines: Format::new().set_align(FormatAlign::Top),
            quoted: Format::new().set_quote_prefix(),
            text: Format::new().set_num_format("@"),
        }
    }
}

impl<'a> Xlsx<'a> {
    pub(super) fn begin(matter: &'a Matter<'a>, out: &'a mut (dyn Write + Send)) -> io::Result<Xlsx<'a>> {
        let mut sheet = Xlsx { matter, out, book: Workbook::new(), sheets: 0, row: 0, looks: Looks::new() };
        sheet.begin_sheet()?;
        Ok(sheet)
    }

    fn begin_sheet(&mut self) -> io::Result<()> {
        self.close_sheet()?;
        self.sheets += 1;
        let name = sheet_name(&self.matter.flow.name, self.sheets);
        let sheet = self.book.add_worksheet_with_constant_memory().map_err(broken)?;
        sheet.set_name(name).map_err(broken)?;
        header(sheet, self.matter, &self.looks).map_err(broken)?;
        self.row = 1;
        Ok(())
    }

    /// Filters over all of its rows.
    fn close_sheet(&mut self) -> io::Result<()> {
        let Some(last) = self.sheets.checked_sub(1) else { return Ok(()) };
        let columns = u16::try_from(self.matter.columns.len()).unwrap_or(1).max(1);
        let sheet = self.book.worksheet_from_index(last).map_err(broken)?;
        sheet.autofilter(0, 0, self.row.max(2) - 1, columns - 1).map_err(broken)?;
        Ok(())
    }
}

impl Sheet for Xlsx<'_> {
    fn item(&mut self, item: &Item, _: &[HistoryEntry]) -> io::Result<()> {
        if self.row == MOST_ROWS {
            self.begin_sheet()?;
        }
        let sheet = self.book.worksheet_from_index(self.sheets - 1).map_err(broken)?;
        for (at, column) in (0_u16..).zip(self.matter.columns) {
            put(sheet, (self.row, at), &self.matter.cell(item, column), &self.looks).map_err(broken)?;
        }
        self.row += 1;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.close_sheet()?;
        self.book.save_to_writer(&mut *self.out).map_err(broken)?;
        self.out.flush()
    }
}

/// A cell with the look of what it holds.
fn put(sheet: &mut Worksheet, (row, column): (u32, u16), cell: &Cell, looks: &Looks) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => return Ok(()),
        Cell::Text(text) => {
            let text = fitting(text);
            if guarded(&text) == text {
                let look = if text.contains('\n') { &looks.lines } else { &looks.text };
                sheet.write_string_with_format(row, column, text, look)?;
            } else {
                sheet.write_string_with_format(row, column, text, &looks.quoted)?;
            }
        }
        Cell::Number(number) => drop(sheet.write_number(row, column, *number)?),
        Cell::Bool(yes) => drop(sheet.write_boolean(row, column, *yes)?),
        Cell::Day(day) => match serial(day.at(0, 0, 0, 0)) {
            Some(serial) => drop(sheet.write_datetime_with_format(row, column, serial, &looks.day)?),
            None => drop(sheet.write_string(row, column, day.to_string())?),
        },
        Cell::Moment(at) => match serial(at.datetime()) {
            Some(serial) => drop(sheet.write_datetime_with_format(row, column, serial, &looks.moment)?),
            None => drop(sheet.write_string(row, column, super::local(at))?),
        },
    }
    Ok(())
}

/// A moment as workbooks count it; none before 1900.
pub(super) fn serial(at: DateTime) -> Option<ExcelDateTime> {
    let part = |number: i8| u8::try_from(number).ok();
    let year = u16::try_from(at.year()).ok().filter(|year| *year >= 1900)?;
    let day = ExcelDateTime::from_ymd(year, part(at.month())?, part(at.day())?).ok()?;
    let millisecond = u16::try_from(at.subsec_nanosecond() / 1_000_000).ok()?;
    day.and_hms_milli(u16::from(part(at.hour())?), part(at.minute())?, part(at.second())?, millisecond).ok()
}

/// As much of a text as a cell holds.
pub(super) fn fitting(text: &str) -> String {
    let units: usize = text.chars().map(char::len_utf16).sum();
    if units <= MOST_LETTERS {
        return text.to_owned();
    }
    let mut kept = 0;
    let room = MOST_LETTERS - CUT.chars().count();
    let fits = |letter: &char| {
        kept += letter.len_utf16();
        kept <= room
    };
    let mut short: String = text.chars().take_while(fits).collect();
    short.push_str(CUT);
    short
}

/// The header, frozen, and how wide the columns are.
fn header(sheet: &mut Worksheet, matter: &Matter, looks: &Looks) -> Result<(), XlsxError> {
    sheet.set_freeze_panes(1, 0)?;
    for (at, column) in (0_u16..).zip(matter.columns) {
        sheet.set_column_width(at, width(matter.flow, column))?;
    }
    for (at, label) in (0_u16..).zip(headings(matter.words, matter.flow, matter.columns)) {
        sheet.write_string_with_format(0, at, label, &looks.head)?;
    }
    Ok(())
}

pub(super) fn width(flow: &flow::Flow, column: &Column) -> u32 {
    let field = if let Column::Field(key) = column { flow.fields.get(key) } else { None };
    match (column, field.map(|field| &field.kind)) {
        (Column::Created | Column::Updated | Column::Closed, _) | (_, Some(Kind::Datetime)) => 20,
        (_, Some(Kind::Text { .. } | Kind::Textarea { .. })) => 40,
        (_, Some(Kind::Url)) => 30,
        (_, Some(Kind::Date)) => 12,
        _ => 16,
    }
}

/// A sheet's name: at most 31 characters, some of which it must not have.
pub(super) fn sheet_name(name: &str, number: usize) -> String {
    let fine = |letter: char| if "[]:*?/\\'".contains(letter) || letter.is_control() { ' ' } else { letter };
    let mut left = 27;
    let fits = |letter: &char| {
        left -= i32::try_from(letter.len_utf16()).unwrap_or(2);
        left >= 0
    };
    let name: String = name.chars().map(fine).take_while(fits).collect();
    let name = if name.trim().is_empty() { "Sheet" } else { name.trim() };
    if number == 1 { name.to_owned() } else { format!("{name} {number}") }
}

pub(super) fn broken(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        other => io::Error::other(other),
    }
}
