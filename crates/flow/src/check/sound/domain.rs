//! The cases of a field: a few values that stand for all, as far as the flow's conditions can tell them apart.

use jiff::ToSpan;

use crate::condition::Against;
use crate::{Choices, Field, Fields, Flow, Kind, Preset, Value, condition::all_words, read::user_name, read_shaped};

/// Stands for every value that no condition names.
const OTHER: &str = "\u{1}…";
/// Most words of a `multiple` field that conditions ask for and that are still told apart.
const MEMBERS_MAX: usize = 6;

/// Every case of `field`, what is empty last; `None`: too many.
pub(super) fn cases(field: &Field, flow: &Flow, against: &[Against]) -> Option<Vec<Value>> {
    let own: Vec<&Against> = against.iter().filter(|one| one.field == field.key).collect();
    let mut named: Vec<Value> = Vec::new();
    for value in own.iter().filter_map(|one| one.value.as_ref()).filter(|value| !value.is_empty()) {
        if !named.contains(value) && value.texts().iter().all(|text| may_stand(&field.kind, text)) {
            named.push(value.clone());
        }
    }
    if field.multiple {
        return several(field, &named);
    }
    let mut cases = match &field.kind {
        Kind::Bool => return Some(vec![Value::Bool(false), Value::Bool(true)]),
        Kind::Choice(choices) => words(field, choices, flow, &named, own.iter().any(|one| one.value.is_none())),
        Kind::Number { min, max, decimals } => numbers(&named, *min, *max, *decimals),
        Kind::Date => days(&named),
        _ => named.into_iter().chain([Value::Text(OTHER.to_owned())]).collect(),
    };
    cases.push(Value::Empty);
    Some(cases)
}

/// Whether the text can ever stand in a field of this kind. Of items any may be there some day.
fn may_stand(kind: &Kind, text: &str) -> bool {
    match kind {
        Kind::User => user_name(text),
        kind => read_shaped(kind, text).is_ok_and(|stored| stored.texts() == [text]),
    }
}

/// The words that matter, and one for all others; every word of a cascade and of its parents.
fn words(field: &Field, choices: &Choices, flow: &Flow, named: &[Value], every: bool) -> Vec<Value> {
    let text = |word: &String| Value::Text(word.clone());
    let is_parent = flow.fields.values().any(|other| other.parent() == Some(field.key.as_str()));
    let all: Vec<Value> = all_words(choices).into_iter().map(|word| Value::Text(word.to_string())).collect();
    if every || is_parent || field.parent().is_some() {
        return all;
    }
    let set = flow.transitions.iter().filter_map(|row| row.set.get(&field.key)).chain(&field.default);
    let set: Vec<Value> = set.flat_map(|preset| texts(preset).iter().map(text).collect::<Vec<_>>()).collect();
    let (told, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|word| named.contains(word) || set.contains(word));
    told.into_iter().chain(rest.into_iter().next()).collect()
}

fn texts(preset: &Preset) -> &[String] {
    match preset {
        Preset::Value(value) => value.texts(),
        _ => &[],
    }
}

/// Each value named, and one in each gap, within the field's limits.
fn numbers(named: &[Value], min: Option<f64>, max: Option<f64>, decimals: Option<u32>) -> Vec<Value> {
    let mut cuts: Vec<f64> = named
        .iter()
        .filter_map(|value| match value {
            Value::Number(number) => Some(*number),
            _ => None,
        })
        .collect();
    cuts.sort_by(f64::total_cmp);
    let step = decimals.map(|digits| 10_f64.powi(-i32::try_from(digits).unwrap_or(15)));
    let mut all: Vec<f64> = Vec::new();
    let below = cuts.first().map_or(1.0, |first| min.unwrap_or(first - 1.0).min(first - step.unwrap_or(1.0)));
    all.push(if cuts.is_empty() { min.or(max).unwrap_or(1.0) } else { below });
    for (at, cut) in cuts.iter().enumerate() {
        all.push(*cut);
        match cuts.get(at + 1) {
            Some(next) => {
                let half = (cut + next) / 2.0;
                let between = step.map_or(half, |step| ((half / step).floor() * step).max(cut + step));
                if between > *cut && between < *next - step.map_or(0.0, |step| step / 2.0) {
                    all.push(between);
                }
            }
            None => all.push(max.unwrap_or(cut + 1.0).max(cut + step.unwrap_or(1.0))),
        }
    }
    let whole = |number: &f64| step.is_none_or(|step| ((number / step) - (number / step).round()).abs() < 1e-6);
    let inside = |number: &f64| min.is_none_or(|min| *number >= min) && max.is_none_or(|max| *number <= max);
    all.into_iter().filter(inside).filter(whole).map(Value::Number).collect()
}

fn days(named: &[Value]) -> Vec<Value> {
    let mut cuts: Vec<_> = named
        .iter()
        .filter_map(|value| match value {
            Value::Date(day) => Some(*day),
            _ => None,
        })
        .collect();
    cuts.sort_unstable();
    if cuts.is_empty() {
        cuts.push(jiff::civil::date(2000, 1, 1));
    }
    let around = |day: &jiff::civil::Date| {
        [day.checked_sub(1.day()).unwrap_or(*day), *day, day.checked_add(1.day()).unwrap_or(*day)]
    };
    let mut all: Vec<_> = cuts.iter().flat_map(around).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(Value::Date).collect()
}

/// Every set of the words asked for, each with and without another.
fn several(field: &Field, named: &[Value]) -> Option<Vec<Value>> {
    if named.len() > MEMBERS_MAX || field.parent().is_some() {
        return None;
    }
    let names: Vec<String> = named.iter().flat_map(|value| value.texts().to_vec()).collect();
    let other = match &field.kind {
        Kind::Choice(choices) => {
            all_words(choices).into_iter().map(|word| word.to_string()).find(|word| !names.contains(word))
        }
        _ => Some(OTHER.to_owned()),
    };
    let all: Vec<String> = names.into_iter().chain(other).collect();
    let sets = (1..1_u32 << all.len()).map(|set| {
        let chosen = all.iter().enumerate().filter(|(at, _)| set & (1 << at) != 0).map(|(_, word)| word.clone());
        Value::list(chosen.collect())
    });
    Some(sets.chain([Value::Empty]).collect())
}

/// Whether what is known of a cascade and its parent goes together; a cascade fits while its parent is not known.
pub(super) fn fits(field: &Field, known: &Fields) -> bool {
    let (Some(parent), Some(value)) = (field.parent(), known.get(&field.key)) else { return true };
    let Some(above) = known.get(parent) else { return true };
    let offered = field.words_under(above.texts().first().map(String::as_str)).unwrap_or_default();
    value.texts().iter().all(|word| offered.contains(word))
}

/// Whether `field` is asked for while `known` is known: a cascade under a value without words is not.
pub(super) fn is_asked(field: &Field, known: &Fields) -> bool {
    let Some(parent) = field.parent() else { return true };
    let Some(above) = known.get(parent) else { return true };
    !field.words_under(above.texts().first().map(String::as_str)).unwrap_or_default().is_empty()
}

/// A case as a report says it: `level=high`.
pub(super) fn said(field: &Field, value: &Value) -> String {
    let word = match value {
        Value::Empty => "∅".to_owned(),
        Value::Text(word) if word == OTHER => "…".to_owned(),
        Value::List(words) => words.iter().map(|word| word.trim_start_matches('\u{1}')).collect::<Vec<_>>().join("+"),
        value => value.spelled(),
    };
    let label = if field.label.is_empty() { &field.key } else { &field.label };
    format!("{label}={word}")
}
