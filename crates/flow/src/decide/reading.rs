//! One value out of a request's JSON, by the rules of its field alone.

use jiff::Timestamp;
use serde_json::{Number, Value as Json};

use crate::{Facts, Field, Kind, Value, Wrong, fold_name, words::day};

/// Characters of a comment.
pub(super) const COMMENT_MAX: usize = 5000;
/// Characters of an address.
const URL_MAX: usize = 2000;
/// Decimal digits that come back unharmed from an `f64`.
const DIGITS_MAX: usize = 15;

/// Reads `json` as a value of `field`. `words`: what a choice offers now; `None` asks for no particular word. `known`: what
/// the field holds; users and items in it need no looking up, since they are not written anew.
pub(super) fn read_value(
    field: &Field,
    json: &Json,
    words: Option<&[String]>,
    known: &Value,
    facts: &Facts,
) -> Result<Value, Wrong> {
    if json.is_null() {
        return Ok(if matches!(field.kind, Kind::Bool) { Value::Bool(false) } else { Value::Empty });
    }
    let one = |text: &str| match &field.kind {
        Kind::Choice(_) => read_choice(text, words),
        Kind::User => read_user(text, known, facts),
        Kind::Item { flow } => read_item(text, flow.as_deref(), known, facts),
        _ => Ok(text.to_owned()),
    };
    if field.multiple {
        let Json::Array(entries) = json else { return Err(Wrong::Type("list")) };
        let texts = entries.iter().map(|entry| one(entry.as_str().ok_or(Wrong::Type("text"))?));
        return Ok(Value::list(texts.collect::<Result<_, _>>()?));
    }
    match (&field.kind, json) {
        (Kind::Number { min, max, decimals }, Json::Number(number)) => read_number(number, *min, *max, *decimals),
        (Kind::Number { .. }, _) => Err(Wrong::Type("number")),
        (Kind::Bool, Json::Bool(yes)) => Ok(Value::Bool(*yes)),
        (Kind::Bool, _) => Err(Wrong::Type("bool")),
        (Kind::Date, json) => json.as_str().and_then(day).map(Value::Date).ok_or(Wrong::Date),
        (Kind::Datetime, json) => json.as_str().and_then(read_moment).map(Value::Instant).ok_or(Wrong::Datetime),
        (Kind::Text { .. } | Kind::Textarea { .. } | Kind::Url, Json::String(text)) => read_shaped(&field.kind, text),
        (Kind::Choice(_) | Kind::User | Kind::Item { .. }, Json::String(text)) => one(text).map(Value::Text),
        (_, _) => Err(Wrong::Type("text")),
    }
}

/// A text as a field of this kind takes it, whoever writes it and whenever: of its length, its pattern, its shape.
pub(crate) fn read_shaped(kind: &Kind, text: &str) -> Result<Value, Wrong> {
    match kind {
        Kind::Text { max_length, pattern } => {
            let text = read_text(text, *max_length, text.contains(['\r', '\n']))?;
            match pattern {
                Some((pattern, regex)) if !text.is_empty() && !regex.is_match(&text) => {
                    Err(Wrong::Pattern { pattern: pattern.clone() })
                }
                _ => Ok(text_value(text)),
            }
        }
        Kind::Textarea { max_length, .. } => read_text(&line_feeds(text), *max_length, false).map(text_value),
        Kind::Url if !text.is_empty() => read_url(text).map(Value::Text),
        _ => Ok(text_value(text.to_owned())),
    }
}

/// Line ends as they are stored.
pub(super) fn line_feeds(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// A text of at most `max` characters without U+0000; `broken`: it has line breaks where none may be.
pub(super) fn read_text(text: &str, max: usize, broken: bool) -> Result<String, Wrong> {
    if broken || text.contains('\0') {
        Err(Wrong::Character)
    } else if text.chars().count() > max {
        Err(Wrong::TooLong { max })
    } else {
        Ok(text.to_owned())
    }
}

/// The registered name of `name`, if that is a user who is not disabled.
pub(super) fn active_user(name: &str, facts: &Facts) -> Result<String, Wrong> {
    let folded = fold_name(name);
    match facts.users.get(&folded) {
        Some(user) if user.active => Ok(user.name.clone()),
        _ if folded == fold_name(&facts.actor.name) => Ok(facts.actor.name.clone()),
        Some(user) => Err(Wrong::Disabled { user: user.name.clone() }),
        None => Err(Wrong::NoUser { given: name.to_owned() }),
    }
}

fn text_value(text: String) -> Value {
    if text.is_empty() { Value::Empty } else { Value::Text(text) }
}

fn read_choice(text: &str, words: Option<&[String]>) -> Result<String, Wrong> {
    match words {
        Some(words) if !words.iter().any(|word| word == text) => {
            Err(Wrong::Choice { given: text.to_owned(), offered: words.to_vec() })
        }
        _ => Ok(text.to_owned()),
    }
}

fn read_user(text: &str, known: &Value, facts: &Facts) -> Result<String, Wrong> {
    let folded = fold_name(text);
    match known.texts().iter().find(|name| fold_name(name) == folded) {
        Some(name) => Ok(name.clone()),
        None => active_user(text, facts),
    }
}

fn read_item(text: &str, flow: Option<&str>, known: &Value, facts: &Facts) -> Result<String, Wrong> {
    if known.texts().iter().any(|item| item == text) {
        return Ok(text.to_owned());
    }
    let item = facts.items.get(text).ok_or_else(|| Wrong::NoItem { given: text.to_owned() })?;
    match flow {
        Some(flow) if flow != item.flow => Err(Wrong::OtherFlow { flow: flow.to_owned() }),
        _ => Ok(format!("{}/{}", item.flow, item.number)),
    }
}

/// Judges the digits as they were sent: a binary number would have lost some of them by now.
fn read_number(number: &Number, min: Option<f64>, max: Option<f64>, decimals: Option<u32>) -> Result<Value, Wrong> {
    let text = number.to_string();
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.trim_start_matches('-').split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{}{fraction}", whole.trim_start_matches('-'));
    let kept = digits.trim_end_matches('0');
    let significant = kept.trim_start_matches('0').len();
    let mut value = 0.0;
    let mut places = 0;
    if significant > 0 {
        let exponent: i64 = exponent.trim_start_matches('+').parse().map_err(|_| Wrong::Digits)?;
        let shift = i64::try_from(fraction.len()).and_then(|len| Ok(len - i64::try_from(digits.len() - kept.len())?));
        places = shift.map_err(|_| Wrong::Digits)?.saturating_sub(exponent).max(0);
        value = text.parse().map_err(|_| Wrong::Digits)?;
        if significant > DIGITS_MAX || !f64::is_normal(value) {
            return Err(Wrong::Digits);
        }
    }
    match (min, max, decimals) {
        (Some(min), _, _) if value < min => Err(Wrong::TooSmall { min }),
        (_, Some(max), _) if value > max => Err(Wrong::TooLarge { max }),
        (_, _, Some(max)) if places > i64::from(max) => Err(Wrong::Decimals { max }),
        _ => Ok(Value::Number(value)),
    }
}

/// Whether `text` begins like `shape`, where `0` stands for any digit.
fn is_shaped(text: &str, shape: &str) -> bool {
    let fits = |(byte, want): (u8, u8)| if want == b'0' { byte.is_ascii_digit() } else { byte == want };
    text.len() >= shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

/// RFC 3339; to the millisecond, as all times are kept.
fn read_moment(text: &str) -> Option<Timestamp> {
    let upper = text.to_ascii_uppercase().replacen(' ', "T", 1);
    let offset = upper.get(upper.len().checked_sub(6)?..)?;
    let ends = upper.ends_with('Z') || is_shaped(offset, "+00:00") || is_shaped(offset, "-00:00");
    let moment: Timestamp = (is_shaped(&upper, "0000-00-00T00:00:00") && ends).then(|| upper.parse().ok())??;
    Some(whole_milliseconds(moment))
}

/// All times are kept to the millisecond.
pub(super) fn whole_milliseconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(moment.as_millisecond()).unwrap_or(moment)
}

/// An absolute http(s) address with a host.
fn read_url(text: &str) -> Result<String, Wrong> {
    if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(Wrong::Url);
    }
    if text.chars().count() > URL_MAX {
        return Err(Wrong::TooLong { max: URL_MAX });
    }
    let (scheme, rest) = text.split_once("://").ok_or(Wrong::Url)?;
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let place = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port),
        None => place.split_at(place.find(':').unwrap_or(place.len())),
    };
    let port_fits =
        port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.is_empty() || port.parse::<u16>().is_ok());
    let http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let named = !host.is_empty() && !host.contains(['<', '>', '"', '^', '`', '{', '|', '}', '[', ']']);
    if http && named && port_fits { Ok(text.to_owned()) } else { Err(Wrong::Url) }
}
