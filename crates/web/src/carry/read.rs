//! Files that are carried in: workbooks and comma-separated values, as spreadsheets in China and elsewhere save them.

use std::io::{Cursor, Read as _};

use app::carry::import::{BadFile, Cell, Row};
use calamine::{DataRef, Reader as _, SheetVisible, Xlsx};
use encoding_rs::{GB18030, UTF_16BE, UTF_16LE};
use flate2::read::DeflateDecoder;
use jiff::civil::{Date, DateTime, Time};

use super::csv::unguarded;

/// The largest file that is taken.
pub const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Rows of a file at most.
const MOST_ROWS: usize = 500_000;
/// Cells of a file at most.
const MOST_CELLS: usize = 20_000_000;
/// A workbook is compressed: so large may be what is in it.
const MOST_UNPACKED_BYTES: u64 = 1024 * 1024 * 1024;

/// A file's header and the rows under it that are not empty.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its first row.
    pub header: Vec<String>,
    /// The others.
    pub rows: Vec<Row>,
}

/// Reads a file; what it begins with tells which kind it is.
///
/// # Errors
/// What is wrong with it.
pub fn table(bytes: &[u8]) -> Result<Table, BadFile> {
    let mut lines = if bytes.starts_with(b"PK\x03\x04") {
        workbook(bytes)?
    } else if bytes.starts_with(b"\xD0\xCF\x11\xE0") {
        let why = "an old or an encrypted workbook; save it as .xlsx without a password";
        return Err(BadFile::Unreadable(why.to_owned()));
    } else {
        separated(&text(bytes)?)?
    };
    if lines.is_empty() {
        return Err(BadFile::Empty);
    }
    let header: Vec<String> = lines.remove(0).iter().map(label).collect();
    if header.iter().all(String::is_empty) {
        return Err(BadFile::Empty);
    }
    let rows = (2..).zip(lines).map(|(line, cells)| Row { line, cells });
    let filled = rows.filter(|row| row.cells.iter().any(|cell| !is_blank(cell)));
    Ok(Table { header, rows: filled.collect() })
}

fn is_blank(cell: &Cell) -> bool {
    match cell {
        Cell::Empty => true,
        Cell::Text(text) => text.trim().is_empty(),
        _ => false,
    }
}

fn label(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.trim().to_owned(),
        Cell::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

fn unreadable(why: impl ToString) -> BadFile {
    BadFile::Unreadable(why.to_string())
}

/// UTF-8 or UTF-16 by their marks, UTF-8 without one, or else GB 18030 (which GBK is part of), as Excel saves in China.
fn text(bytes: &[u8]) -> Result<String, BadFile> {
    let marked = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => return String::from_utf8(rest.to_vec()).map_err(unreadable),
        [0xFF, 0xFE, ..] => Some(UTF_16LE),
        [0xFE, 0xFF, ..] => Some(UTF_16BE),
        _ => None,
    };
    if marked.is_none()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return Ok(text.to_owned());
    }
    let (text, _, broken) = marked.unwrap_or(GB18030).decode(bytes);
    if broken || text.contains('\0') {
        return Err(unreadable("neither a workbook nor text in UTF-8, UTF-16 or GBK"));
    }
    Ok(text.into_owned())
}

/// The rows of comma-separated values (or with semicolons or tabs, whichever the header has most of), empty ones too: so
/// that a row has the number by which a spreadsheet calls it.
fn separated(text: &str) -> Result<Vec<Vec<Cell>>, BadFile> {
    let first = text.lines().next().unwrap_or_default();
    let between = [',', '\t', ';'].into_iter().max_by_key(|mark| (first.matches(*mark).count(), *mark == ','));
    let between = between.unwrap_or(',');
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut cells) = (false, 0);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' if quoted || cell.is_empty() => quoted = !quoted,
            '\r' if !quoted && letters.peek() == Some(&'\n') => {}
            '\n' | '\r' if !quoted => {
                row.push(taken(&mut cell));
                cells += row.len();
                rows.push(std::mem::take(&mut row));
            }
            letter if !quoted && letter == between => row.push(taken(&mut cell)),
            letter => cell.push(letter),
        }
        if rows.len() > MOST_ROWS + 1 || cells > MOST_CELLS {
            return Err(BadFile::TooLong(MOST_ROWS));
        }
    }
    if quoted {
        return Err(unreadable("a quote is not closed"));
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(taken(&mut cell));
        rows.push(row);
    }
    Ok(rows)
}

fn taken(cell: &mut String) -> Cell {
    let text = std::mem::take(cell);
    if text.is_empty() { Cell::Empty } else { Cell::Text(unguarded(&text).to_owned()) }
}

/// The rows of a workbook's first sheet that is shown.
fn workbook(bytes: &[u8]) -> Result<Vec<Vec<Cell>>, BadFile> {
    unpacks(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let shown = book.sheets_metadata().iter().find(|sheet| sheet.visible == SheetVisible::Visible);
    let name = shown.map(|sheet| sheet.name.clone()).ok_or(BadFile::Empty)?;
    let merged = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let mut cells = 0;
    let mut reader = book.worksheet_cells_reader(&name).map_err(unreadable)?;
    while let Some(found) = reader.next_cell_with_formula_metadata().map_err(unreadable)? {
        let (row, column) = (found.pos.0 as usize, found.pos.1 as usize);
        let cell = match value(&found.value) {
            Cell::Empty if found.formula.is_some() => Cell::Broken("= ?".to_owned()),
            cell => cell,
        };
        if cell == Cell::Empty {
            continue;
        }
        if rows.len() <= row {
            rows.resize_with(row + 1, Vec::new);
        }
        let line = &mut rows[row];
        cells += (column + 1).saturating_sub(line.len());
        if row > MOST_ROWS || cells > MOST_CELLS {
            return Err(BadFile::TooLong(MOST_ROWS));
        }
        if line.len() <= column {
            line.resize(column + 1, Cell::Empty);
        }
        line[column] = cell;
    }
    for region in merged {
        spread(&mut rows, region.start, region.end, &mut cells);
    }
    Ok(rows)
}

/// What stands in the first of merged cells stands in all of them.
fn spread(rows: &mut [Vec<Cell>], start: (u32, u32), end: (u32, u32), cells: &mut usize) {
    let (first, left) = (start.0 as usize, start.1 as usize);
    let Some(cell) = rows.get(first).and_then(|row| row.get(left)).cloned() else { return };
    let right = (end.1 as usize).min(rows.iter().map(Vec::len).max().unwrap_or(0).saturating_sub(1));
    for row in rows.iter_mut().take(end.0 as usize + 1).skip(first) {
        if row.len() <= right {
            *cells += right + 1 - row.len();
            if *cells > MOST_CELLS {
                return;
            }
            row.resize(right + 1, Cell::Empty);
        }
        for spot in &mut row[left.min(right + 1)..=right] {
            if *spot == Cell::Empty {
                *spot = cell.clone();
            }
        }
    }
}

fn value(value: &DataRef) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        #[expect(clippy::cast_precision_loss, reason = "workbooks hold no other numbers")]
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::String(text) => spelled(text),
        DataRef::SharedString(text) => spelled(text),
        DataRef::Bool(yes) => Cell::Bool(*yes),
        DataRef::DateTime(at) if at.is_duration() => Cell::Number(at.as_f64()),
        DataRef::DateTime(at) => match moment(at.to_ymd_hms_milli()) {
            Some(moment) if at.as_f64() >= 1.0 => Cell::Moment(moment),
            _ => Cell::Number(at.as_f64()),
        },
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => match text.parse::<DateTime>() {
            Ok(at) => Cell::Moment(at),
            Err(_) => spelled(text),
        },
        DataRef::Error(error) => Cell::Broken(error.to_string()),
    }
}

fn moment(parts: (u16, u8, u8, u8, u8, u8, u16)) -> Option<DateTime> {
    let (year, month, day, hour, minute, second, millisecond) = parts;
    let small = |part: u8| i8::try_from(part).ok();
    let day = Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
    let time = Time::new(small(hour)?, small(minute)?, small(second)?, i32::from(millisecond) * 1_000_000).ok()?;
    Some(day.to_datetime(time))
}

fn spelled(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}

/// Refuses a workbook that would unpack to more than there is room for, whatever it says of itself.
fn unpacks(bytes: &[u8]) -> Result<(), BadFile> {
    let damaged = || unreadable("the workbook is damaged");
    let number = |at: usize, size: usize| -> Option<usize> {
        let bytes = bytes.get(at..at + size)?;
        Some(bytes.iter().rev().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)))
    };
    let tail = bytes.len().saturating_sub(65_557);
    let end = bytes[tail..].windows(4).rposition(|four| four == b"PK\x05\x06").ok_or_else(damaged)? + tail;
    let entries = number(end + 10, 2).ok_or_else(damaged)?;
    let mut at = number(end + 16, 4).ok_or_else(damaged)?;
    let mut left = MOST_UNPACKED_BYTES;
    for _ in 0..entries {
        let part = |offset, size| number(at + offset, size).ok_or_else(damaged);
        if part(0, 4)? != 0x0201_4b50 {
            return Err(damaged());
        }
        let (method, packed, local) = (part(10, 2)?, part(20, 4)?, part(42, 4)?);
        let begin =
            local + 30 + number(local + 26, 2).ok_or_else(damaged)? + number(local + 28, 2).ok_or_else(damaged)?;
        let packed = bytes.get(begin..begin + packed).ok_or_else(damaged)?;
        let unpacked = match method {
            8 => std::io::copy(&mut DeflateDecoder::new(packed).take(left + 1), &mut std::io::sink())
                .map_err(unreadable)?,
            _ => packed.len() as u64,
        };
        left = left.checked_sub(unpacked).ok_or_else(|| unreadable("the workbook unpacks to more than 1 GiB"))?;
        at += 46 + part(28, 2)? + part(30, 2)? + part(32, 2)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bytes: &[u8]) -> Vec<(u64, Vec<String>)> {
        let plain = |cell: &Cell| match cell {
            Cell::Text(text) => text.clone(),
            Cell::Empty => String::new(),
            other => format!("{other:?}"),
        };
        let table = table(bytes).unwrap();
        table.rows.iter().map(|row| (row.line, row.cells.iter().map(plain).collect())).collect()
    }

    #[test]
    fn rows_have_the_numbers_that_spreadsheets_show() {
        let text = "ID,概要\r\n,\"一\n二\"\"三\"\"\"\r\n\r\n,四\n,,\n,'=五";
        let expected = [(2, "一\n二\"三\""), (4, "四"), (6, "=五")];
        let got = rows(text.as_bytes());
        assert_eq!(got.iter().map(|(line, cells)| (*line, cells[1].as_str())).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn whatever_excel_saves_is_read() {
        let text = "编号\t概要\r\n1\t中文";
        let utf_16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(rows(&utf_16), [(2, vec!["1".to_owned(), "中文".to_owned()])]);
        let (gbk, _, _) = GB18030.encode("编号,概要\n1,中文");
        assert_eq!(rows(&gbk), [(2, vec!["1".to_owned(), "中文".to_owned()])]);
        assert_eq!(rows("\u{FEFF}编号;概要\n1;中,文".as_bytes()), [(2, vec!["1".to_owned(), "中,文".to_owned()])]);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        for bytes in [&b""[..], b"\n\n", b"PK\x03\x04junk", b"\xD0\xCF\x11\xE0", b"a\n\"b", b"\xFF\xFF\x00\x01"] {
            assert!(table(bytes).is_err(), "{bytes:?}");
        }
    }
}
