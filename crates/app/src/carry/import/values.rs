//! A cell of a file as a value of a field, as its input would send it.

use flow::{Field, Kind, Value};
use jiff::{
    Span, Timestamp,
    civil::{Date, DateTime, date},
    tz::TimeZone,
};
use serde_json::Value as Json;

use super::Cell;
use crate::carry::CUT;

/// A cell as text, as people would have typed it.
pub(super) fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Empty | Cell::Broken(_) => String::new(),
        Cell::Text(text) => text.trim().to_owned(),
        Cell::Number(number) => decimal(*number),
        Cell::Bool(yes) => yes.to_string(),
        Cell::Moment(at) if at.time() == jiff::civil::Time::midnight() => at.date().to_string(),
        Cell::Moment(at) => at.to_string().replacen('T', " ", 1),
    }
}

/// Whether nothing stands in it; a cell may hold only blanks.
pub(super) fn is_empty(cell: &Cell, field: &Field) -> bool {
    match (cell, &field.kind) {
        (Cell::Empty, _) => true,
        (Cell::Text(text), Kind::Text { .. } | Kind::Textarea { .. }) => text.is_empty(),
        (Cell::Text(text), _) => text.trim().is_empty(),
        _ => false,
    }
}

/// Whether the text was cut when it was carried out, so that nothing can be said of it.
pub(super) fn is_cut(cell: &Cell) -> bool {
    matches!(cell, Cell::Text(text) if text.ends_with(CUT))
}

/// What the field's input would send. What cannot be read stays text, so that the rules refuse it by name.
pub(super) fn json(cell: &Cell, field: &Field, zone: &TimeZone, user: impl Fn(&str) -> String) -> Json {
    let text = plain(cell);
    match (&field.kind, cell) {
        (Kind::Bool, _) => truth(&text).map_or_else(|| Json::from(text), Json::Bool),
        (Kind::Date, Cell::Number(number)) => match counted(*number) {
            Some(at) => Json::from(plain(&Cell::Moment(at))),
            None => Json::from(text),
        },
        (Kind::Date, Cell::Text(_)) => match moment(&text) {
            Some(at) => Json::from(plain(&Cell::Moment(at))),
            None => Json::from(text),
        },
        (Kind::Datetime, _) => match local(cell) {
            Some(at) => flow::from_form(field, &[&at.to_string()], zone),
            None => Json::from(text),
        },
        (Kind::Text { .. } | Kind::Textarea { .. }, Cell::Text(text)) => Json::from(text.as_str()),
        (Kind::User, _) if field.multiple => Json::from_iter(words(&text, field).into_iter().map(|name| user(&name))),
        (Kind::User, _) => Json::from(user(&text)),
        _ if field.multiple => Json::from(words(&text, field)),
        (Kind::Choice(_), Cell::Text(exact)) if offers(field, exact) => Json::from(exact.as_str()),
        _ => flow::from_form(field, &[&text], zone),
    }
}

/// The values in one cell: a line each; or with semicolons, of people and items also commas between them.
pub(super) fn words(text: &str, field: &Field) -> Vec<String> {
    let between: &[char] = match field.kind {
        _ if text.contains('\n') => &['\n'],
        _ if offers(field, text) => &[],
        Kind::User | Kind::Item { .. } => &[';', '；', ',', '，', '、'],
        _ => &[';', '；'],
    };
    let words = text.split(between).map(str::trim).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

fn offers(field: &Field, word: &str) -> bool {
    match &field.kind {
        Kind::Choice(flow::Choices::Flat(words)) => words.iter().any(|known| known == word),
        Kind::Choice(flow::Choices::Cascade { under, .. }) => under.values().flatten().any(|known| known == word),
        _ => false,
    }
}

/// A cell of a built-in time.
pub(super) fn instant(cell: &Cell, zone: &TimeZone) -> Option<Timestamp> {
    if let Cell::Text(text) = cell
        && let Ok(at) = text.trim().parse::<Timestamp>()
    {
        return Some(at);
    }
    local(cell)?.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

fn local(cell: &Cell) -> Option<DateTime> {
    match cell {
        Cell::Moment(at) => Some(*at),
        Cell::Number(number) => counted(*number),
        Cell::Text(text) => moment(text.trim()),
        _ => None,
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "是" | "对" | "√" | "✓" => Some(true),
        "" | "false" | "no" | "n" | "0" | "否" | "错" | "×" | "✗" => Some(false),
        _ => None,
    }
}

/// A number as people write it: what binary arithmetic left in the last digits is no part of it.
fn decimal(number: f64) -> String {
    let rounded = format!("{number:.14e}").parse().unwrap_or(number);
    flow::to_form(&Value::Number(rounded), &TimeZone::UTC).concat()
}

/// A moment as spreadsheets count it, in days. They believe that there was a 29 February 1900.
pub(crate) fn counted(days: f64) -> Option<DateTime> {
    if !(1.0..2_958_466.0).contains(&days) || (60.0..61.0).contains(&days) {
        return None;
    }
    let begin = if days < 60.0 { date(1899, 12, 31) } else { date(1899, 12, 30) };
    #[expect(clippy::cast_possible_truncation, reason = "the range was looked at")]
    let milliseconds = (days * 86_400_000.0).round() as i64;
    begin.at(0, 0, 0, 0).checked_add(Span::new().milliseconds(milliseconds)).ok()
}

/// `2026-05-01`, `2026/5/1 8:30`, `2026年5月1日 8时30分`, `20260501`.
fn moment(text: &str) -> Option<DateTime> {
    if let Ok(at) = text.parse::<DateTime>() {
        return Some(at);
    }
    let spaced: String =
        text.chars().map(|letter| if letter.is_ascii_digit() || letter == '.' { letter } else { ' ' }).collect();
    let marks = |letter: char| letter.is_ascii_digit() || " \t/-.:T年月日号时点分秒".contains(letter);
    if !text.chars().all(marks) {
        return None;
    }
    let spaced = if text.contains(['-', '/', '年']) { spaced } else { spaced.replacen('.', " ", 2) };
    let mut parts = spaced.split_whitespace();
    let year: i16 = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let (month, day): (i8, i8) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let day = Date::new(year, month, day).ok()?;
    let hour: i8 = parts.next().map_or(Some(0), |text| text.parse().ok())?;
    let minute: i8 = parts.next().map_or(Some(0), |text| text.parse().ok())?;
    let (second, fraction) = match parts.next() {
        None => (0, 0),
        Some(text) => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            let padded = format!("{fraction:0<9}");
            (whole.parse().ok()?, padded.get(..9)?.parse().ok()?)
        }
    };
    if parts.next().is_some() {
        return None;
    }
    Some(day.to_datetime(jiff::civil::Time::new(hour, minute, second, fraction).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_as_people_and_spreadsheets_write_them() {
        for (text, expected) in [
            ("2026-05-01", Some("2026-05-01T00:00:00")),
            ("2026/5/1", Some("2026-05-01T00:00:00")),
            ("2026.5.1", Some("2026-05-01T00:00:00")),
            ("2026年5月1日", Some("2026-05-01T00:00:00")),
            ("2026/5/1 8:30", Some("2026-05-01T08:30:00")),
            ("2026-05-01 08:30:15.25", Some("2026-05-01T08:30:15.25")),
            ("2026年5月1日 8时30分", Some("2026-05-01T08:30:00")),
            ("20260501", Some("2026-05-01T00:00:00")),
            ("5/1/2026", None),
            ("2026-13-01", None),
            ("tomorrow", None),
            ("", None),
        ] {
            assert_eq!(moment(text).map(|at| at.to_string()).as_deref(), expected, "{text}");
        }
        for (days, expected) in [
            (1.0, Some("1900-01-01T00:00:00")),
            (59.0, Some("1900-02-28T00:00:00")),
            (60.0, None),
            (61.0, Some("1900-03-01T00:00:00")),
            (46_143.354_166_666_66, Some("2026-05-01T08:30:00")),
            (0.0, None),
            (3e6, None),
        ] {
            assert_eq!(counted(days).map(|at| at.to_string()).as_deref(), expected, "{days}");
        }
    }

    #[test]
    fn numbers_without_what_binary_left() {
        assert_eq!(plain(&Cell::Number(0.1 + 0.2)), "0.3");
        assert_eq!(plain(&Cell::Number(12.0)), "12");
    }
}
