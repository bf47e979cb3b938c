//! The values of a field that have to be told apart: one of each kind that a condition can distinguish.

use crate::{Field, Kind, Value};

/// Most values of one field.
const MOST: usize = 64;
/// What stands for any text that is not named anywhere.
const OTHER: &str = "\u{1}";

/// One value for each kind that can be told apart, the empty one first; none where they are too many.
pub(super) fn of(field: &Field, constants: &[Value], words: &[String]) -> Option<Vec<Value>> {
    let mut classes = match &field.kind {
        Kind::Bool => vec![Value::Bool(false), Value::Bool(true)],
        _ => vec![Value::Empty],
    };
    let texts = || constants.iter().filter_map(|value| value.texts().first().cloned());
    match &field.kind {
        Kind::Bool => {}
        Kind::Choice(_) if field.multiple => classes.extend(lists(words.to_vec())?),
        Kind::Choice(_) => classes.extend(words.iter().cloned().map(Value::Text)),
        Kind::Number { min, max, decimals } => classes.extend(numbers(constants, *min, *max, *decimals)),
        Kind::Date => classes.extend(days(constants)),
        Kind::Datetime => classes.push(Value::Instant(jiff::Timestamp::UNIX_EPOCH)),
        _ if field.multiple => classes.extend(lists(texts().chain([OTHER.to_owned()]).collect())?),
        _ => classes.extend(texts().chain([OTHER.to_owned()]).map(Value::Text)),
    }
    (classes.len() <= MOST).then_some(classes)
}

/// Whether the value stands for all that are not named.
pub(super) fn is_other(value: &Value) -> bool {
    value.texts().iter().any(|text| text == OTHER)
}

/// Every list of these words that is not empty.
fn lists(words: Vec<String>) -> Option<Vec<Value>> {
    if words.len() > 5 {
        return None;
    }
    let chosen = |set: usize| {
        let words = words.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
        Value::List(words.map(|(_, word)| word.clone()).collect())
    };
    Some((1..1_usize << words.len()).map(chosen).collect())
}

/// The numbers named, and one between and beside them, as far as the field takes them.
fn numbers(constants: &[Value], min: Option<f64>, max: Option<f64>, decimals: Option<u32>) -> Vec<Value> {
    let mut named: Vec<f64> = constants
        .iter()
        .filter_map(|value| if let Value::Number(number) = value { Some(*number) } else { None })
        .chain(min)
        .chain(max)
        .collect();
    named.sort_by(f64::total_cmp);
    named.dedup();
    if named.is_empty() {
        named.push(0.0);
    }
    let gaps = named.windows(2).map(|pair| pair[1] - pair[0]);
    let step = match decimals {
        Some(decimals) => 0.1_f64.powi(i32::try_from(decimals).unwrap_or(15)),
        None => gaps.fold(1.0, f64::min) / 2.0,
    };
    let mut all: Vec<f64> = named.iter().flat_map(|number| [number - step, *number, number + step]).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    all.retain(|number| min.is_none_or(|min| *number >= min) && max.is_none_or(|max| *number <= max));
    all.into_iter().map(Value::Number).collect()
}

/// The days named, and those beside them.
fn days(constants: &[Value]) -> Vec<Value> {
    let named = constants.iter().filter_map(|value| if let Value::Date(day) = value { Some(*day) } else { None });
    let mut all: Vec<_> = named
        .flat_map(|day| [day.yesterday().unwrap_or(day), day, day.tomorrow().unwrap_or(day)])
        .chain([jiff::civil::date(2000, 1, 1)])
        .collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(Value::Date).collect()
}
