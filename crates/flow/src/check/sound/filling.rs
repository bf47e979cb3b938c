//! Fields that are asked for and that nobody can ever have filled.

use std::{collections::BTreeSet, ops::Range};

use crate::said::said;
use crate::{
    Access, Field, Flow, Holder, Kind, Preset, Value, access,
    read::{Marks, Report},
};

/// Reports them; what is reported here is not looked into any further. `copied`: what another flow fills in as it opens an
/// item.
pub(super) fn report(flow: &Flow, marks: &Marks, copied: &BTreeSet<String>, report: &mut Report) -> BTreeSet<String> {
    let mut said = BTreeSet::new();
    at_creation(flow, marks, copied, &mut said, report);
    let mut never = |key: &str, span: &Range<usize>, why: &str, report: &mut Report| {
        let Some(field) = flow.fields.get(key).filter(|field| !can_be_filled(flow, field, copied)) else { return };
        if said.insert(field.key.clone()) {
            let message = said!("\"{}\" needs \"{}\", which nobody can ever have filled", why, field.key);
            report.error(span, message, way_out());
        }
    };
    for (row, mark) in flow.transitions.iter().zip(&marks.rows) {
        if let (Holder::Field(key), Some(span)) = (&row.assign_to, &mark.assign_to) {
            never(key, span, &row.trigger, report);
        }
        for (key, span) in &mark.required {
            never(key, span, &row.trigger, report);
        }
    }
    for state in flow.states.values() {
        let Some(span) = marks.states.get(&state.name) else { continue };
        for key in &state.required {
            never(key, span, &state.name, report);
        }
    }
    said
}

/// What a new item needs and nobody can fill in as it is created.
fn at_creation(
    flow: &Flow,
    marks: &Marks,
    copied: &BTreeSet<String>,
    said: &mut BTreeSet<String>,
    report: &mut Report,
) {
    let holder = match &flow.create.assign_to {
        Holder::Field(key) => flow.fields.get(key),
        _ => None,
    };
    let is_open = |field: &Field| {
        has_default(field)
            || copied.contains(&field.key)
            || matches!(field.kind, Kind::Bool)
            || access(flow, &flow.initial, field) == Access::Write
    };
    let needed = flow.fields.values().filter(|field| field.required && field.parent().is_none());
    for (field, is_holder) in holder.map(|field| (field, true)).into_iter().chain(needed.map(|field| (field, false))) {
        let span = if is_holder { marks.holder.as_ref() } else { marks.fields.get(&field.key).map(|mark| &mark.kind) };
        if let Some(span) = span.filter(|_| !is_open(field) && said.insert(field.key.clone())) {
            let message = said!(
                "a new item needs \"{}\", which nobody can ever have filled: in \"{}\" it is read-only or hidden",
                field.key,
                flow.initial
            );
            report.error(span, message, way_out());
        }
    }
}

fn way_out() -> crate::Said {
    said!("let the field be filled in before: not read-only nor hidden in some state, with a default, or set by a row")
}

fn has_default(field: &Field) -> bool {
    field.default.as_ref().is_some_and(fills)
}

fn fills(preset: &Preset) -> bool {
    *preset != Preset::Value(Value::Empty)
}

/// Whether anything ever writes it.
fn can_be_filled(flow: &Flow, field: &Field, copied: &BTreeSet<String>) -> bool {
    let can_write = |state: &String| {
        let pressed = || flow.rows_from(state).next().is_some();
        access(flow, state, field) == Access::Write && pressed()
    };
    let writes = |row: &crate::Transition| {
        row.set.get(&field.key).is_some_and(fills) || row.create.as_ref().is_some_and(|open| open.link == field.key)
    };
    matches!(field.kind, Kind::Bool)
        || has_default(field)
        || copied.contains(&field.key)
        || flow.states.keys().any(can_write)
        || flow.transitions.iter().any(writes)
}
