//! Small things about words that reading, checking and asking share.

use crate::{Said, said::said};
use jiff::civil::Date;

/// The name among `known` that `given` was probably meant to be.
pub(crate) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = given.to_lowercase();
    let scored = known.into_iter().map(|name| {
        let name_lower = name.to_lowercase();
        let edits = strsim::damerau_levenshtein(&wanted, &name_lower);
        let longest = wanted.chars().count().max(name_lower.chars().count());
        // Far names do not help: at most a third of the letters may differ, and one of a short name.
        let near = edits * 3 <= longest || (edits == 1 && longest > 1);
        (name, edits, near)
    });
    scored.filter(|(_, _, near)| *near).min_by_key(|(_, edits, _)| *edits).map(|(name, ..)| name)
}

/// `did you mean "x"?` when there is a near name, else what there is.
pub(crate) fn nearest_or_all<'a>(given: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Said {
    match nearest(given, known.clone()) {
        Some(name) => said!("did you mean \"{}\"?", name),
        None => said!("there is {}", listed(known)),
    }
}

/// The names in quotes, at most twelve of them; `none` when there is none.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> Said {
    let names: Vec<&str> = names.into_iter().collect();
    let shown: Vec<String> = names.iter().take(12).map(|name| format!("\"{name}\"")).collect();
    match names.len() {
        0 => said!("none"),
        1..=12 => said!("{}", shown.join(", ")),
        more => said!("{} and {} more", shown.join(", "), more - 12),
    }
}

/// A day as people write it in files and queries: `2026-11-22` and nothing else.
pub(crate) fn day(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() });
    if shaped { text.parse().ok() } else { None }
}

/// The number as 15 significant digits give it: what decimal arithmetic says where binary is off by the last bit.
pub(crate) fn round_15(number: f64) -> f64 {
    if number.is_finite() { format!("{number:.14e}").parse().unwrap_or(number) } else { number }
}
