//! What a field holds. One value, three spellings: stored (JSON in `item.fields`), API (JSON), conditions.

use indexmap::IndexMap;
use jiff::{Timestamp, civil::Date};

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
