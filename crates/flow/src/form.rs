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
