//! What a browser form sends, and what people type for an item.

use jiff::{civil::DateTime, tz::TimeZone};
use serde_json::Value as Json;

use crate::{Field, Kind, Value};

/// An item as people name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemName {
    /// `issue_track/3`, `/flow/issue_track/3`, or the address of that page.
    Path {
        /// The flow's key.
        flow: String,
        /// The item's number.
        number: i64,
    },
    /// `question_3`.
    Id {
        /// The flow's `item_prefix`.
        prefix: String,
        /// The item's number.
        number: i64,
    },
}

/// Reads what people type for an item; `None`: it can name none.
#[must_use]
pub fn item_name(text: &str) -> Option<ItemName> {
    let text = text.trim();
    if let Some((prefix, number)) =
        text.rsplit_once('_').filter(|(prefix, _)| !prefix.is_empty() && !text.contains('/'))
    {
        return Some(ItemName::Id { prefix: prefix.to_owned(), number: item_number(number)? });
    }
    let path = text.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    // An item's address in the program that this one comes after: `…/polls/0/flow/improvement/2/detail/`.
    let path = path.strip_suffix("/detail").unwrap_or(path);
    let mut parts = path.rsplit('/');
    let (number, flow) = (item_number(parts.next()?)?, parts.next()?);
    let is_key = flow.starts_with(|c: char| c.is_ascii_lowercase())
        && flow.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let rest_fits = match parts.next() {
        None => path == text,
        Some(part) => part == "flow",
    };
    (is_key && rest_fits).then(|| ItemName::Path { flow: flow.to_owned(), number })
}

fn item_number(text: &str) -> Option<i64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if plain { text.parse().ok() } else { None }
}

/// What the inputs of `field` sent, as the JSON of [`crate::Input`]. What cannot be read stays text, so that reading it
/// refuses it by name. A form that shows a `bool` or a `multiple` field and sends nothing for it: pass no texts.
#[must_use]
pub fn from_form(field: &Field, texts: &[&str], zone: &TimeZone) -> Json {
    if field.multiple {
        let separators: &[char] = match field.kind {
            Kind::User | Kind::Item { .. } => &[',', '，', '、', ' ', '\u{3000}', '\t', '\r', '\n'],
            _ => &[],
        };
        let words = texts.iter().flat_map(|text| text.split(separators)).filter(|text| !text.trim().is_empty());
        return Json::Array(words.map(Json::from).collect());
    }
    let text = texts.last().copied().unwrap_or_default();
    let trimmed = text.trim();
    match &field.kind {
        Kind::Bool => Json::Bool(!matches!(trimmed, "" | "false" | "0" | "off")),
        Kind::Text { .. } | Kind::Textarea { .. } | Kind::Choice(_) if text.is_empty() => Json::Null,
        Kind::Text { .. } | Kind::Textarea { .. } | Kind::Choice(_) => Json::from(text),
        _ if trimmed.is_empty() => Json::Null,
        Kind::Number { .. } => typed_number(trimmed).unwrap_or_else(|| Json::from(trimmed)),
        Kind::Datetime => typed_moment(trimmed, zone).unwrap_or_else(|| Json::from(trimmed)),
        Kind::User | Kind::Date | Kind::Url | Kind::Item { .. } => Json::from(trimmed),
    }
}

/// A value as a form's inputs show it: one text for each value, so that [`from_form`] reads the same value back.
#[must_use]
pub fn to_form(value: &Value, zone: &TimeZone) -> Vec<String> {
    match value {
        Value::Empty => Vec::new(),
        Value::Text(text) => vec![text.clone()],
        Value::Number(number) => vec![crate::value::decimal(*number)],
        Value::Bool(yes) => vec![yes.to_string()],
        Value::Date(day) => vec![day.to_string()],
        Value::Instant(moment) => vec![moment.to_zoned(zone.clone()).datetime().to_string()],
        Value::List(words) => words.clone(),
    }
}

/// `+5`, `.5`, `5.` and `007` are numbers to people; JSON spells them otherwise.
fn typed_number(text: &str) -> Option<Json> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, format!("e{exponent}")),
        None => (digits, String::new()),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = Some(whole.trim_start_matches('0')).filter(|digits| !digits.is_empty()).unwrap_or("0");
    let point = if fraction.is_empty() { "" } else { "." };
    serde_json::from_str(&format!("{sign}{whole}{point}{fraction}{exponent}")).ok().map(Json::Number)
}

/// `2026-11-22T10:00`, as `datetime-local` sends it, or with a blank for the T.
fn typed_moment(text: &str, zone: &TimeZone) -> Option<Json> {
    let local: DateTime = text.parse().ok()?;
    let zoned = local.to_zoned(zone.clone()).ok()?;
    Some(Value::Instant(zoned.timestamp()).to_json(zone))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Choices;

    fn field(kind: Kind, multiple: bool) -> Field {
        Field {
            key: "f".into(),
            label: "f".into(),
            kind,
            multiple,
            required: false,
            default: None,
            hint: None,
            help: None,
            width: None,
            readonly: false,
            hidden: false,
            generation: 0,
        }
    }

    fn zone() -> TimeZone {
        TimeZone::get("Asia/Shanghai").unwrap()
    }

    fn check(kind: Kind, multiple: bool, typed: &[&str], expected: &Json) {
        assert_eq!(from_form(&field(kind, multiple), typed, &zone()).to_string(), expected.to_string(), "{typed:?}");
    }

    #[test]
    fn texts_as_typed() {
        let text = || Kind::Text { max_length: 9, pattern: None };
        check(text(), false, &[""], &Json::Null);
        check(text(), false, &[], &Json::Null);
        check(text(), false, &[" a "], &json!(" a "));
        check(Kind::Textarea { max_length: 9, rows: 3 }, false, &["a\r\nb"], &json!("a\r\nb"));
        check(Kind::Url, false, &[" http://a "], &json!("http://a"));
        check(Kind::User, false, &[" ann "], &json!("ann"));
        check(Kind::User, false, &[" "], &Json::Null);
        check(Kind::Date, false, &["2026-11-22"], &json!("2026-11-22"));
    }

    #[test]
    fn flags_and_lists() {
        for (typed, expected) in [(&["on"][..], true), (&["false", "true"], true), (&[], false), (&["false"], false)] {
            check(Kind::Bool, false, typed, &json!(expected));
        }
        let words = || Kind::Choice(Choices::Flat(Vec::new()));
        check(words(), true, &["a b", "", "c,d"], &json!(["a b", "c,d"]));
        check(words(), true, &[], &json!([]));
        check(words(), false, &[""], &Json::Null);
        check(Kind::User, true, &["ann, bob，cid", " dan "], &json!(["ann", "bob", "cid", "dan"]));
        check(Kind::Item { flow: None }, true, &["a_1、a/2\r\n/flow/a/3"], &json!(["a_1", "a/2", "/flow/a/3"]));
    }

    #[test]
    fn numbers_as_people_write_them() {
        let number = || Kind::Number { min: None, max: None, decimals: None };
        for (typed, json) in [
            (" 5 ", "5"),
            ("+5", "5"),
            ("-.50", "-0.50"),
            ("5.", "5"),
            ("007", "7"),
            ("000", "0"),
            ("1e3", "1e3"),
            ("123456789012345678901", "123456789012345678901"),
            ("", "null"),
            ("1,5", "\"1,5\""),
            ("five", "\"five\""),
            ("--5", "\"--5\""),
            (".", "\".\""),
            ("1e", "\"1e\""),
            ("NaN", "\"NaN\""),
        ] {
            // The exponent's sign is JSON's own spelling.
            let read = from_form(&field(number(), false), &[typed], &zone()).to_string().replace("e+", "e");
            assert_eq!(read, json, "{typed}");
        }
    }

    #[test]
    fn moments_in_the_zone() {
        check(Kind::Datetime, false, &["2026-11-22T10:00"], &json!("2026-11-22T10:00:00+08:00"));
        check(Kind::Datetime, false, &["2026-11-22 10:00:30.5"], &json!("2026-11-22T10:00:30.5+08:00"));
        check(Kind::Datetime, false, &["tomorrow"], &json!("tomorrow"));
        check(Kind::Datetime, false, &[""], &Json::Null);
        let before_zones = Value::Instant("0000-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(before_zones.to_json(&zone()), "0000-01-01T00:00:00+00:00");
        let moment = Value::Instant("2026-11-22T02:00:30.5Z".parse().unwrap());
        assert_eq!(to_form(&moment, &zone()), ["2026-11-22T10:00:30.5"]);
        check(Kind::Datetime, false, &["2026-11-22T10:00:30.5"], &moment.to_json(&zone()));
    }
}
