//! Fields that are asked for and that nobody can ever have filled.

use std::{collections::BTreeSet, ops::Range};

use crate::said::said;
use crate::{
    Access, Field, Flow, Holder, Kind, Preset, Transition, Value, Who, access,
    check::graph,
    read::{Marks, Report},
};

/// Reports them; what is reported here is not looked into any further. `copied`: what another flow fills in as it opens an
/// item. `None`: no item can ever be created.
pub(super) fn report(
    flow: &Flow,
    marks: &Marks,
    copied: &BTreeSet<String>,
    report: &mut Report,
) -> Option<BTreeSet<String>> {
    let mut said = BTreeSet::new();
    at_creation(flow, marks, copied, &mut said, report);
    let can_begin = said.is_empty();
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
        if is_left_to_nobody(flow, row, copied) {
            report.error(mark.by.as_ref().unwrap_or(&mark.trigger), graph::only_administrators(flow, row), way_out());
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
    for (row, mark) in flow.transitions.iter().zip(&marks.rows) {
        for (key, span) in mark.set.iter().filter(|(key, _)| empties_what_it_needs(flow, row, key)) {
            said.insert(key.clone());
            let message =
                said!("\"{}\" empties \"{}\", which must be filled: it would always be refused", row.trigger, key);
            report.error(span, message, said!("leave the field out of what is set, or out of what is required"));
        }
    }
    can_begin.then_some(said)
}

/// Out of a final state, which has no holder, and for none but people in fields that nobody can ever have filled.
fn is_left_to_nobody(flow: &Flow, row: &Transition, copied: &BTreeSet<String>) -> bool {
    let is_final = |name: &String| flow.states.get(name).is_some_and(|state| state.is_final);
    let is_nobody = |who: &Who| match who {
        Who::AssignedTo => true,
        Who::Field(key) => flow.fields.get(key).is_some_and(|field| !can_be_filled(flow, field, copied)),
        _ => false,
    };
    let is_said_already = row.by.iter().all(|who| *who == Who::AssignedTo);
    row.sources.iter().any(is_final) && !is_said_already && row.by.iter().all(is_nobody)
}

/// Whether the row sets nothing where it asks for something itself.
fn empties_what_it_needs(flow: &Flow, row: &Transition, key: &str) -> bool {
    let Some(field) = flow.fields.get(key).filter(|field| !matches!(field.kind, Kind::Bool)) else { return false };
    let is_asked_by = |state: &String| {
        *state != row.dest && flow.states.get(state).is_some_and(|state| state.required.contains(&field.key))
    };
    let is_own = row.required.contains(&field.key) || row.assign_to == Holder::Field(field.key.clone());
    let is_asked = !row.back && ((field.required && field.parent().is_none()) || row.sources.iter().all(is_asked_by));
    row.set.get(key) == Some(&Preset::Value(Value::Empty)) && (is_own || is_asked)
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
    let writes = |row: &Transition| {
        row.set.get(&field.key).is_some_and(fills) || row.create.as_ref().is_some_and(|open| open.link == field.key)
    };
    matches!(field.kind, Kind::Bool)
        || has_default(field)
        || copied.contains(&field.key)
        || flow.states.keys().any(can_write)
        || flow.transitions.iter().any(writes)
}
