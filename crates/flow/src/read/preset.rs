//! Values that a file writes into a field: `default`, `set`, a condition's table. What the field itself would refuse
//! is refused here.

use std::ops::Range;

use toml::de::{DeArray, DeValue};

use super::{
    document::{Report, kind_of, text_of},
    number::decimal,
    people::user_name,
};
use crate::said::said;
use crate::{Choices, Field, Kind, Preset, Said, Value, condition::all_words, words};

/// Where a value is written: what is understood there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Default,
    Set,
    Equality,
}

/// The value as the field would hold it, or a report.
pub(crate) fn preset(
    field: &Field,
    value: &DeValue,
    span: &Range<usize>,
    place: Place,
    report: &mut Report,
) -> Option<Preset> {
    match value {
        DeValue::String(text) if text.is_empty() && place != Place::Default => Some(Preset::Value(Value::Empty)),
        DeValue::Array(items) if field.multiple => list(field, items, place, report),
        DeValue::Array(_) => {
            let message = said!("\"{}\" holds one value, but this is a list", field.key);
            report.error(span, message, said!("write the value alone, or multiple = true in the field"));
            None
        }
        DeValue::String(text) if field.multiple && person_word(field, text, place).is_some() => {
            person_word(field, text, place)
        }
        other if field.multiple => {
            let message = said!("\"{}\" holds several values, but this is {}", field.key, kind_of(other));
            report.error(span, message, said!("write a list: [\"…\"]"));
            None
        }
        _ => one(field, value, span, place, report),
    }
}

/// A list for a `multiple` field; a value written twice counts once.
fn list(field: &Field, items: &DeArray, place: Place, report: &mut Report) -> Option<Preset> {
    let mut presets: Vec<Preset> = Vec::new();
    let mut whole = true;
    for item in items.iter() {
        match one(field, item.get_ref(), &item.span(), place, report) {
            Some(preset) if !presets.contains(&preset) => presets.push(preset),
            Some(_) => {}
            None => whole = false,
        }
    }
    if !whole {
        return None;
    }
    let texts: Option<Vec<String>> = presets
        .iter()
        .map(|preset| if let Preset::Value(Value::Text(text)) = preset { Some(text.clone()) } else { None })
        .collect();
    Some(match texts {
        Some(texts) if texts.is_empty() => Preset::Value(Value::Empty),
        Some(texts) => Preset::Value(Value::List(texts)),
        None if presets.len() == 1 => presets.remove(0),
        None => Preset::List(presets),
    })
}

/// `created_by` and `actor` for a user field.
fn person_word(field: &Field, text: &str, place: Place) -> Option<Preset> {
    match (&field.kind, text) {
        (Kind::User, "created_by") => Some(Preset::CreatedBy),
        (Kind::User, "actor") if place == Place::Set => Some(Preset::Actor),
        _ => None,
    }
}

/// One value of the field's kind.
fn one(field: &Field, value: &DeValue, span: &Range<usize>, place: Place, report: &mut Report) -> Option<Preset> {
    match &field.kind {
        Kind::Text { .. } | Kind::Textarea { .. } | Kind::Url | Kind::Choice(_) | Kind::Item { .. } => {
            text(field, value, span, report)
        }
        Kind::User => user(field, value, span, place, report),
        Kind::Number { .. } => number(field, value, span, report),
        Kind::Date | Kind::Datetime => time(field, value, span, report),
        Kind::Bool => match value {
            DeValue::Boolean(value) => Some(Preset::Value(Value::Bool(*value))),
            other => wrong_type(field, said!("write true or false, without quotes"), other, span, report),
        },
    }
}

fn wrong_type(field: &Field, help: Said, value: &DeValue, span: &Range<usize>, report: &mut Report) -> Option<Preset> {
    let message = said!("\"{}\" does not hold {}", field.key, kind_of(value));
    report.error(span, message, help);
    None
}

fn refused(span: &Range<usize>, message: Said, help: Said, report: &mut Report) -> Option<Preset> {
    report.error(span, message, help);
    None
}

fn text(field: &Field, value: &DeValue, span: &Range<usize>, report: &mut Report) -> Option<Preset> {
    let key = &field.key;
    let DeValue::String(_) = value else {
        return wrong_type(field, said!("write a text, in quotes"), value, span, report);
    };
    let text = text_of(key, value, span, report)?.value;
    if text.is_empty() && !matches!(field.kind, Kind::Choice(_) | Kind::Item { .. }) {
        return Some(Preset::Value(Value::Empty));
    }
    let problem = match &field.kind {
        Kind::Text { .. } if text.contains(['\n', '\r']) => {
            Some((said!("\"{}\" holds one line, but this has several", key), said!("use type = \"textarea\"")))
        }
        Kind::Text { max_length, .. } | Kind::Textarea { max_length, .. } if text.chars().count() > *max_length => {
            let given = text.chars().count();
            let message = said!("this has {} characters, but \"{}\" holds at most {}", given, key, max_length);
            Some((message, said!("write it shorter, or raise max_length")))
        }
        Kind::Text { pattern: Some((written, regex)), .. } if !regex.is_match(&text) => {
            let message = said!("this does not match the pattern of \"{}\"", key);
            Some((message, said!("the whole value must match {}", written)))
        }
        Kind::Choice(choices) => {
            let offered = all_words(choices);
            (!offered.contains(&text)).then(|| {
                let message = said!("\"{}\" does not offer \"{}\"", key, text);
                (message, words::nearest_or_all(&text, offered.iter().map(String::as_str)))
            })
        }
        Kind::Url if !is_address(&text) => {
            Some((said!("\"{}\" is no address", text), said!("an address begins with http:// or https://")))
        }
        Kind::Item { flow } => item_problem(&text, flow.as_deref()),
        _ => None,
    };
    match problem {
        Some((message, help)) => refused(span, message, help, report),
        None => Some(Preset::Value(Value::Text(text))),
    }
}

fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.starts_with('/') && !rest.is_empty()) && !text.contains(char::is_whitespace)
}

fn item_problem(text: &str, wanted: Option<&str>) -> Option<(Said, Said)> {
    let parts = text.split_once('/').filter(|(_, number)| number.parse::<i64>().is_ok_and(|number| number > 0));
    match (parts, wanted) {
        (None, _) => Some((said!("\"{}\" is no item", text), said!("an item is written \"flow/number\""))),
        (Some((flow, _)), Some(wanted)) if flow != wanted => {
            Some((said!("this links to flow \"{}\", not \"{}\"", wanted, flow), said!("write \"{}/…\"", wanted)))
        }
        _ => None,
    }
}

fn user(field: &Field, value: &DeValue, span: &Range<usize>, place: Place, report: &mut Report) -> Option<Preset> {
    let DeValue::String(text) = value else {
        return wrong_type(field, said!("write \"user:name\""), value, span, report);
    };
    if let Some(preset) = person_word(field, text, place) {
        return Some(preset);
    }
    // In a condition's table a name stands for itself, as it does in an expression.
    let name = text.strip_prefix("user:").or((place == Place::Equality).then_some(text.as_ref()));
    match name {
        Some(name) if user_name(name) => Some(Preset::Value(Value::Text(name.to_owned()))),
        Some(name) => refused(span, said!("\"{}\" is no name of a user", name), super::people::names(), report),
        None => {
            let also = if place == Place::Set { ", \"actor\"" } else { "" };
            let help = said!("write \"user:{}\" or \"created_by\"{}", text, also);
            refused(span, said!("\"{}\" is a user, but this is \"{}\"", field.key, text), help, report)
        }
    }
}

fn number(field: &Field, value: &DeValue, span: &Range<usize>, report: &mut Report) -> Option<Preset> {
    let Kind::Number { min, max, decimals } = &field.kind else { return None };
    let key = &field.key;
    let Some(written) = number_text(value) else {
        return wrong_type(field, said!("write a number, without quotes"), value, span, report);
    };
    let Some(number) = decimal(&written) else {
        return refused(span, said!("{} is no decimal number", written), said!("write it with digits"), report);
    };
    let problem = match () {
        () if number.significant > 15 => Some(said!("this has more than 15 significant digits")),
        () if decimals.is_some_and(|most| number.decimals > most as usize) => {
            Some(said!("this has more decimals than \"{}\" takes", key))
        }
        () if min.is_some_and(|min| number.value < min) => Some(said!("this is less than the min of \"{}\"", key)),
        () if max.is_some_and(|max| number.value > max) => Some(said!("this is more than the max of \"{}\"", key)),
        () => None,
    };
    match problem {
        Some(message) => refused(span, message, said!("write a value that the field takes"), report),
        None => Some(Preset::Value(Value::Number(number.value))),
    }
}

/// A TOML number's decimal text.
pub(crate) fn number_text(value: &DeValue) -> Option<String> {
    match value {
        DeValue::Integer(whole) if whole.radix() == 10 => Some(whole.as_str().to_owned()),
        DeValue::Integer(whole) => {
            i64::from_str_radix(whole.as_str(), whole.radix()).ok().map(|value| value.to_string())
        }
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}

fn time(field: &Field, value: &DeValue, span: &Range<usize>, report: &mut Report) -> Option<Preset> {
    let is_date = matches!(field.kind, Kind::Date);
    let (wanted, example) = if is_date {
        (said!("a date"), said!("write \"2026-12-01\" or \"today\""))
    } else {
        (said!("a date and time"), said!("write \"2026-12-01T09:00:00+08:00\" or \"now\""))
    };
    let text = match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        other => return wrong_type(field, example, other, span, report),
    };
    let parsed = match text.as_str() {
        "today" => Some(Preset::Today),
        // On a date both are the day.
        "now" if is_date => Some(Preset::Today),
        "now" => Some(Preset::Now),
        text if is_date => words::day(text).map(|day| Preset::Value(Value::Date(day))),
        text => moment(text),
    };
    parsed.or_else(|| refused(span, said!("\"{}\" is not {}", text, wanted), example, report))
}

/// A moment with an offset, or one in the installation's zone.
fn moment(text: &str) -> Option<Preset> {
    let dated =
        text.get(..10).and_then(words::day).is_some() && text.as_bytes().get(10).is_some_and(|t| b"Tt ".contains(t));
    if !dated || text.contains('[') {
        return None;
    }
    if let Ok(instant) = text.parse() {
        return Some(Preset::Value(Value::Instant(instant)));
    }
    text.parse().ok().map(Preset::Local)
}

/// The words that a cascade offers under a parent's value; `None`: `field` is none, or the value is not known here.
pub(crate) fn misfit<'a>(field: &'a Field, parent: Option<&Preset>, child: &Preset) -> Option<&'a str> {
    let Kind::Choice(Choices::Cascade { parent: parent_key, under }) = &field.kind else { return None };
    let words = match parent {
        Some(Preset::Value(Value::Text(word))) => under.get(word).map_or(&[][..], Vec::as_slice),
        _ => &[],
    };
    let fits = match child {
        Preset::Value(Value::Text(word)) => words.contains(word),
        Preset::Value(Value::List(list)) => list.iter().all(|word| words.contains(word)),
        _ => true,
    };
    (!fits).then_some(parent_key.as_str())
}
