//! What a row opens in another flow: whether that flow takes what is copied into it.

use std::collections::BTreeSet;

use super::between::type_of;
use crate::said::{ToArg, said};
use crate::{
    Access, Choices, Field, Flow, Holder, Kind, Open, Preset, Said, Severity, Transition, Value, access,
    condition::all_words,
    read::{OpenMarks, Report},
    words,
};

/// What a row opens: the flow, the fields that it copies into.
/// `broken`: fields of it that were reported already.
pub(super) fn report(
    flow: &Flow,
    (row, open, marks): (&Transition, &Open, &OpenMarks),
    (target, broken): (&Flow, &BTreeSet<String>),
    report: &mut Report,
) {
    for (to, from) in &open.copy {
        let Some((to_span, from_span)) = marks.copy.get(to).filter(|_| !broken.contains(to)) else { continue };
        let Some(new) = target.fields.get(to) else {
            let help = words::nearest_or_all(to, target.fields.keys().map(String::as_str));
            report.error(to_span, said!("the flow \"{}\" has no field \"{}\"", open.flow, to), help);
            continue;
        };
        let Some(old) = flow.fields.get(from) else { continue };
        if let Some(why) = never_takes(new, old) {
            let message = said!("\"{}\" of \"{}\" can never take \"{}\": {}", to, open.flow, from, why);
            report.error(from_span, message, said!("copy a field of the same type"));
            continue;
        }
        if let Some(parent) = new.parent().filter(|parent| is_left_empty(target, open, parent)) {
            let message = said!("\"{}\" of \"{}\" hangs on \"{}\", which this leaves empty", to, open.flow, parent);
            report.error(from_span, message, said!("copy a field into its parent as well"));
        } else if let Some(state) = stuck_in(flow, row, new, old) {
            let message = said!(
                "\"{}\" of \"{}\" may refuse what stands in \"{}\", which nobody can change in \"{}\"",
                to,
                open.flow,
                from,
                state
            );
            let help = said!("let the field be changed there, or let both fields take the same values");
            let is_only_way = flow.rows_from(state).all(|row| row.create.is_some());
            report.add(if is_only_way { Severity::Error } else { Severity::Warning }, from_span, message, help);
        }
    }
    if let Holder::Field(key) = &target.create.assign_to
        && is_left_empty(target, open, key)
    {
        let message = said!("\"{}\" gives new items to its \"{}\", which this leaves empty", open.flow, key);
        report.error(&marks.flow, message, said!("copy a person into it, or give it a default"));
    }
    for new in target.fields.values().filter(|new| new.required && !matches!(new.kind, Kind::Bool)) {
        let from = open.copy.get(&new.key);
        let filled = match from {
            Some(from) => always_filled(flow, row, from),
            None => new.default.is_some(),
        };
        if !filled {
            let span = marks.copy.get(&new.key).map_or(&marks.flow, |(_, from)| from);
            let message = said!("\"{}\" requires \"{}\", which this may leave empty", open.flow, new.key);
            report.warning(span, message, said!("copy a required field into it; else the first save asks for it"));
        }
    }
}

/// Whether the row cannot be pressed while the field is empty.
fn always_filled(flow: &Flow, row: &Transition, key: &str) -> bool {
    let Some(field) = flow.fields.get(key) else { return true };
    let needed = (field.required && !row.back) || row.required.iter().any(|needed| needed == key);
    let set = row.set.get(key).is_some_and(|preset| *preset != Preset::Value(Value::Empty));
    needed || set || matches!(field.kind, Kind::Bool)
}

/// Why no value of `old` could ever stand in `new`.
pub(super) fn never_takes(new: &Field, old: &Field) -> Option<Said> {
    let wrong = |new: &dyn ToArg, old: &dyn ToArg| Some(said!("it holds {}, not {}", *new, *old));
    if old.multiple && !new.multiple {
        return wrong(&said!("one value"), &said!("several"));
    }
    match (&new.kind, &old.kind) {
        (Kind::Choice(new), Kind::Choice(old)) => {
            let (new, old) = (all_words(new), all_words(old));
            let apart = !old.iter().any(|word| new.contains(word));
            apart.then(|| said!("they have no word in common"))
        }
        (Kind::Item { flow: Some(new) }, Kind::Item { flow: Some(old) }) if new != old => {
            Some(said!("it links to \"{}\", not to \"{}\"", new, old))
        }
        (new, old) if std::mem::discriminant(new) == std::mem::discriminant(old) => None,
        (Kind::Text { .. } | Kind::Textarea { .. }, old) if holds_text(old) => None,
        (Kind::Choice(_) | Kind::Url, Kind::Text { .. } | Kind::Textarea { .. }) => None,
        _ => wrong(&type_of(new), &type_of(old)),
    }
}

fn holds_text(kind: &Kind) -> bool {
    !matches!(kind, Kind::Number { .. } | Kind::Date | Kind::Datetime | Kind::Bool)
}

/// Nothing is copied into the field, and nothing stands there from the beginning.
fn is_left_empty(target: &Flow, open: &Open, key: &str) -> bool {
    let first = target.fields.get(key).and_then(|field| field.default.as_ref());
    !open.copy.contains_key(key) && first.is_none_or(|first| *first == Preset::Value(Value::Empty))
}

/// A state in which `old` may hold what `new` refuses, and nobody can change it.
fn stuck_in<'a>(flow: &Flow, row: &'a Transition, new: &Field, old: &Field) -> Option<&'a str> {
    let is_locked = |state: &&String| access(flow, state, old) != Access::Write;
    let stuck = row.sources.iter().find(is_locked)?;
    (!row.set.contains_key(&old.key) && may_refuse(new, old)).then_some(stuck)
}

/// Whether there is something that `old` takes and `new` does not.
fn may_refuse(new: &Field, old: &Field) -> bool {
    match (&new.kind, &old.kind) {
        (Kind::Number { min, max, decimals }, Kind::Number { min: old_min, max: old_max, decimals: old_decimals }) => {
            min.is_some_and(|min| old_min.is_none_or(|old| old < min))
                || max.is_some_and(|max| old_max.is_none_or(|old| old > max))
                || decimals.is_some_and(|most| old_decimals.is_none_or(|old| old > most))
        }
        (Kind::Choice(Choices::Flat(new)), Kind::Choice(old)) => all_words(old).iter().any(|word| !new.contains(word)),
        (Kind::Choice(_), Kind::Text { .. } | Kind::Textarea { .. }) => true,
        (Kind::Text { max_length, pattern }, Kind::Text { max_length: old_length, pattern: old_pattern }) => {
            let written = |pattern: &Option<(String, regex::Regex)>| pattern.as_ref().map(|(text, _)| text.clone());
            old_length > max_length || (pattern.is_some() && written(pattern) != written(old_pattern))
        }
        (Kind::Text { .. }, Kind::Textarea { .. }) => true,
        (Kind::Textarea { max_length, .. }, Kind::Textarea { max_length: old_length, .. }) => old_length > max_length,
        (Kind::Textarea { max_length, .. }, Kind::Text { max_length: old_length, .. }) => old_length > max_length,
        (Kind::Url, Kind::Text { .. } | Kind::Textarea { .. }) => true,
        _ => false,
    }
}
