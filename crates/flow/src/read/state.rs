//! States: made by the transitions, refined by `[[state]]`.

use std::{collections::BTreeSet, ops::Range};

use indexmap::IndexMap;

use super::{
    Names,
    document::{At, Report, Section},
};
use crate::said::said;
use crate::{State, words};

pub(super) const KEYS: [&str; 6] = ["name", "readonly", "hidden", "required", "due", "final"];

/// What the `[[state]]` sections say about finality.
#[derive(Debug, Default)]
pub(crate) struct Finals {
    /// Names of those that say `final = true`; if there are any, only these are final.
    pub(crate) declared: BTreeSet<String>,
    /// Names of those that say `final = false`.
    pub(crate) denied: BTreeSet<String>,
}

/// A state of which nothing is said.
pub(crate) fn bare(name: &str) -> State {
    State {
        name: name.to_owned(),
        readonly: BTreeSet::new(),
        hidden: BTreeSet::new(),
        required: BTreeSet::new(),
        due_minutes: None,
        is_final: false,
    }
}

/// Reads every `[[state]]` into the states that the transitions name. `all_known`: every transition could be read.
pub(crate) fn refine(
    root: &Section,
    states: &mut IndexMap<String, State>,
    names: &Names,
    all_known: bool,
    report: &mut Report,
) -> (Finals, IndexMap<String, Range<usize>>) {
    let (mut finals, mut seen) = (Finals::default(), IndexMap::new());
    for table in root.tables("state", report) {
        let section = Section::open("[[state]]", table.span, table.value, &KEYS, report);
        let Some(name) = section.text_needed("name", report) else { continue };
        let lists = ["readonly", "hidden", "required"].map(|key| field_set(&section, key, names, report));
        let due = section.text("due", report).and_then(|due| due_minutes(&due, report));
        if section.get("final").is_some() {
            let says = if section.flag("final", report) { &mut finals.declared } else { &mut finals.denied };
            says.insert(name.value.clone());
        }
        if seen.contains_key(&name.value) {
            let message = said!("there is a [[state]] \"{}\" already", name.value);
            report.error(&name.span, message, said!("write both in one"));
            continue;
        }
        let known = states.keys().cloned().collect::<Vec<_>>();
        match states.get_mut(&name.value) {
            Some(state) => {
                let [readonly, hidden, required] = lists;
                *state = State { readonly, hidden, required, due_minutes: due, ..bare(&name.value) };
            }
            None if !all_known => {}
            None => {
                let help = words::nearest_or_all(&name.value, known.iter().map(String::as_str));
                report.error(&name.span, said!("no transition names the state \"{}\"", name.value), help);
            }
        }
        seen.insert(name.value, name.span);
    }
    (finals, seen)
}

fn field_set(section: &Section, key: &str, names: &Names, report: &mut Report) -> BTreeSet<String> {
    let given = section.texts(key, report);
    given.into_iter().flat_map(|given| given.value).filter_map(|word| names.field(word, report)).collect()
}

/// How long an item may stay: `30m`, `4h`, `3d`, `1w`, `1d12h`.
fn due_minutes(due: &At<String>, report: &mut Report) -> Option<u64> {
    let minutes = duration_minutes(&due.value);
    if minutes.is_none() {
        report.error(&due.span, said!("\"{}\" is no duration", due.value), said!("write 30m, 4h, 3d, 1w or 1d12h"));
    }
    minutes
}

/// Minutes of a time as flow files write it: `30m`, `4h`, `3d`, `1w`, `1d12h`.
#[must_use]
pub fn duration_minutes(text: &str) -> Option<u64> {
    const UNITS: [(char, u64); 4] = [('w', 7 * 24 * 60), ('d', 24 * 60), ('h', 60), ('m', 1)];
    let (mut rest, mut total, mut used) = (text, 0_u64, Vec::new());
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        let unit = rest[digits..].chars().next()?;
        let (_, minutes) = UNITS.iter().find(|(name, _)| *name == unit)?;
        if used.contains(&unit) {
            return None;
        }
        used.push(unit);
        total = total.checked_add(number.checked_mul(*minutes)?)?;
        rest = &rest[digits + 1..];
    }
    // A hundred years: more is a slip.
    (1..=100 * 366 * 24 * 60).contains(&total).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::duration_minutes;

    #[test]
    fn durations() {
        for (text, minutes) in [("30m", 30), ("4h", 240), ("3d", 4320), ("1w", 10080), ("1d12h", 2160), ("1h30m", 90)] {
            assert_eq!(duration_minutes(text), Some(minutes), "{text}");
        }
        for text in ["", "3", "d", "3 d", "1d1d", "0d", "-1d", "1y", "99999999999999999999d", "9999999w", "1天", "三d"]
        {
            assert_eq!(duration_minutes(text), None, "{text}");
        }
    }
}
