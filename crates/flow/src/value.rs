//! What a field holds. One value, three spellings: stored (JSON in `item.fields`), API (JSON), conditions.

use indexmap::{IndexMap, IndexSet};
use jiff::{
    Timestamp,
    civil::Date,
    tz::{Offset, TimeZone},
};
use serde_json::Value as Json;

use crate::{Field, Kind};

/// A field's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing: an empty text, no choice, no date.
    Empty,
    /// text, textarea, choice, user (its name as registered), url, item (`"flow/number"`).
    Text(String),
    /// Decimal, at most 15 significant digits, so that the binary form gives the same digits back.
    Number(f64),
    /// Never empty.
    Bool(bool),
    /// A day.
    Date(Date),
    /// A moment.
    Instant(Timestamp),
    /// `multiple`: never an empty list (that is `Empty`), no value twice, in the order given.
    List(Vec<String>),
}

/// An item's fields by key. A key that is absent is empty (false for a `bool`).
pub type Fields = IndexMap<String, Value>;

impl Value {
    /// Whether there is nothing in it. A `bool` never is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::Empty
    }

    /// As it is stored in `item.fields` and in an event's changes; a moment in UTC.
    #[must_use]
    pub fn to_stored(&self) -> Json {
        match self {
            Self::Instant(moment) => Json::from(moment.to_string()),
            other => other.to_json(&TimeZone::UTC),
        }
    }

    /// As one text, as what was stored is too: nothing is the empty text.
    #[must_use]
    pub fn spelled(&self) -> String {
        match self.to_stored() {
            Json::Null => String::new(),
            Json::String(text) => text,
            other => other.to_string(),
        }
    }

    /// As it was stored for `field`. What cannot be one of its values is [`Value::Empty`].
    #[must_use]
    pub fn from_stored(json: &Json, field: &Field) -> Self {
        match (&field.kind, json) {
            (Kind::Bool, json) => Self::Bool(json.as_bool().unwrap_or(false)),
            (Kind::Number { .. }, json) => json.as_f64().map_or(Self::Empty, Self::Number),
            (Kind::Date, Json::String(text)) => text.parse().map_or(Self::Empty, Self::Date),
            (Kind::Datetime, Json::String(text)) => text.parse().map_or(Self::Empty, Self::Instant),
            (_, Json::String(text)) if text.is_empty() => Self::Empty,
            (_, Json::String(text)) => Self::Text(text.clone()),
            (_, Json::Array(words)) => {
                Self::list(words.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect())
            }
            _ => Self::Empty,
        }
    }

    /// As the API spells it: a moment in RFC 3339 with the offset of `zone`, a whole number without `.0`.
    #[must_use]
    pub fn to_json(&self, zone: &TimeZone) -> Json {
        match self {
            Self::Empty => Json::Null,
            Self::Text(text) => Json::from(text.as_str()),
            Self::Number(number) => decimal(*number).parse().map_or(Json::Null, Json::Number),
            Self::Bool(yes) => Json::Bool(*yes),
            Self::Date(day) => Json::from(day.to_string()),
            Self::Instant(moment) => {
                // local mean times of old had seconds, which an offset in writing has not
                let offset = Some(zone.to_offset(*moment)).filter(|offset| offset.seconds() % 60 == 0);
                Json::from(moment.display_with_offset(offset.unwrap_or(Offset::UTC)).to_string())
            }
            Self::List(words) => Json::from(words.as_slice()),
        }
    }

    /// A `multiple` value: none twice; an empty list is [`Value::Empty`].
    #[must_use]
    pub fn list(words: Vec<String>) -> Self {
        let words: IndexSet<String> = words.into_iter().collect();
        if words.is_empty() { Self::Empty } else { Self::List(words.into_iter().collect()) }
    }

    /// The texts in it: one, all of a list, or none.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        match self {
            Self::Text(text) => std::slice::from_ref(text),
            Self::List(words) => words,
            _ => &[],
        }
    }
}

/// A number in decimal: without exponent where that stays readable.
pub(crate) fn decimal(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if (1e-7..1e21).contains(&size) {
        format!("{number}")
    } else {
        format!("{number:e}")
    }
}
