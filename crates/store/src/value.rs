//! The values that go into statements. What comes out is read by [`crate::row::Row`]'s typed getters.

use std::borrow::Cow;

use crate::Error;

/// A value bound to a `$n` of a statement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Param<'a> {
    /// Nothing.
    Null,
    /// bigint.
    Int(i64),
    /// double precision.
    Real(f64),
    /// text.
    Text(Cow<'a, str>),
}

impl Param<'_> {
    /// The same, of nobody else's.
    pub(crate) fn to_owned(&self) -> Param<'static> {
        match self {
            Param::Null => Param::Null,
            Param::Int(value) => Param::Int(*value),
            Param::Real(value) => Param::Real(*value),
            Param::Text(text) => Param::Text(Cow::Owned(text.to_string())),
        }
    }
}

/// Binds values in the order of `$1`, `$2`, …
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::value::Param::from($value)),*][..] };
}
pub(crate) use params;

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Param::Int(value)
    }
}

impl From<bool> for Param<'_> {
    fn from(value: bool) -> Self {
        Param::Int(i64::from(value))
    }
}

impl From<f64> for Param<'_> {
    fn from(value: f64) -> Self {
        Param::Real(value)
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Param::Text(Cow::Borrowed(value))
    }
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(value: &'a String) -> Self {
        Param::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Param<'_> {
    fn from(value: String) -> Self {
        Param::Text(Cow::Owned(value))
    }
}

impl<'a, T> From<Option<T>> for Param<'a>
where
    Param<'a>: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Param::Null, Param::from)
    }
}

/// Bytes as text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// The bytes that [`hex`] wrote.
pub(crate) fn unhex(text: &str) -> Result<Vec<u8>, Error> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect::<Option<Vec<u8>>>().ok_or_else(|| Error::corrupt("reading a hash", "not hex"))
}
