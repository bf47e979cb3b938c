//! Rows that are never taken.

use std::collections::BTreeSet;

use super::{
    space::Space,
    walk::{Steps, TooMany, Walk, free, search},
};
use crate::condition::Told;
use crate::said::said;
use crate::{
    Flow, Transition, Value,
    read::{Marks, Report, RowMarks},
};

/// Reports them, each once, with what is to blame. `needs`: whether what a row needs was not reported before. Gives the
/// states out of which a row needs what nobody can have filled.
pub(super) fn report(
    space: &Space,
    walk: &Walk,
    marks: &Marks,
    needs: bool,
    report: &mut Report,
) -> Result<BTreeSet<String>, TooMany> {
    let (mut steps, mut blamed) = (Steps::new(), BTreeSet::new());
    for (at, (row, mark)) in space.flow.transitions.iter().zip(&marks.rows).enumerate() {
        if walk.pressed.contains(&at) || !row.sources.iter().any(|state| is_reached(walk, state)) {
            continue;
        }
        if walk.offered.contains(&at) {
            if needs && never_pressed(space, walk, row, mark, report) {
                blamed.extend(row.sources.iter().cloned());
            }
        } else {
            never_offered(space, at, row, mark, &mut steps, report)?;
        }
    }
    Ok(blamed)
}

/// Reports states that items cannot come to, though rows lead there from states that they can.
pub(super) fn states(space: &Space, walk: &Walk, marks: &Marks, report: &mut Report) {
    for name in space.flow.states.keys().filter(|name| !is_reached(walk, name)) {
        let leads = |row: &Transition| row.dest == *name && row.sources.iter().any(|state| is_reached(walk, state));
        if let Some(span) = marks.states.get(name).filter(|_| space.flow.transitions.iter().any(leads)) {
            let message = said!("no item can ever come to \"{}\": the rows that lead to it can never be taken", name);
            report.error(span, message, said!("correct their conditions, or add a row that leads to it"));
        }
    }
}

fn is_reached(walk: &Walk, state: &str) -> bool {
    walk.situations.iter().any(|one| one.state == state)
}

/// Its condition holds at times, but something is always in its way. Whether that is a field that is needed.
fn never_pressed(space: &Space, walk: &Walk, row: &Transition, mark: &RowMarks, report: &mut Report) -> bool {
    let is_empty = |key: &str| {
        let mut there = walk.situations.iter().filter(|one| row.sources.contains(&one.state));
        there.all(|one| one.known.get(key).is_some_and(Value::is_empty))
    };
    let needed = row.sources.iter().flat_map(|state| space.needs(row, state)).find(|key| is_empty(key));
    if let Some(key) = needed {
        let holder = mark.assign_to.as_ref().filter(|_| row.assign_to == crate::Holder::Field(key.to_owned()));
        let span = mark.required.get(key).or(holder).unwrap_or(&mark.trigger);
        let message = said!("\"{}\" needs \"{}\", which nobody can have filled by then", row.trigger, key);
        let help = said!(
            "let the field be filled in before: not read-only nor hidden in some state, with a default, or set by a row"
        );
        report.error(span, message, help);
    } else if !left_to_final(space.flow, row) {
        let message = said!("\"{}\" can never be taken: nobody could press it", row.trigger);
        report.warning(
            &mark.trigger,
            message,
            said!("leave the row out, or let the fields it names be filled in before"),
        );
    }
    needed.is_some()
}

/// All of its sources are final: the graph says what is wrong with it.
fn left_to_final(flow: &Flow, row: &Transition) -> bool {
    row.sources.iter().all(|source| flow.states.get(source).is_some_and(|state| state.is_final))
}

/// Its button never stands in a form.
fn never_offered(
    space: &Space,
    at: usize,
    row: &Transition,
    mark: &RowMarks,
    steps: &mut Steps,
    report: &mut Report,
) -> Result<(), TooMany> {
    let nothing = crate::Fields::new();
    let Some(Some(parts)) = space.parts.get(at) else {
        let message = said!("\"{}\" can never be taken: one of the rows before it always is", row.trigger);
        report.warning(&mark.trigger, message, said!("leave the row out, or narrow the conditions of those before it"));
        return Ok(());
    };
    let mut named = BTreeSet::new();
    parts.fields(&mut named);
    let keys = named.iter().filter_map(|key| space.cases.get_key_value(key)).map(|(key, _)| *key);
    let keys: Vec<&str> = keys.collect();
    let (mut holds, mut applies) = (false, false);
    for state in &row.sources {
        let mut own: BTreeSet<&str> = keys.iter().copied().collect();
        space.with_parents(&mut own);
        let mine = free(space, &nothing, own.into_iter());
        let told = search(space, &nothing, &mine, &[], steps, &|known| match parts.told(state, known) {
            Told::Never => Told::No,
            told => told,
        })?;
        holds |= told.is_some();
        let used = space.uses.get(state.as_str()).cloned().unwrap_or_default();
        let all = free(space, &nothing, used.into_iter());
        applies |= search(space, &nothing, &all, &[], steps, &|known| space.offered(at, state, known))?.is_some();
    }
    let span = mark.condition.as_ref().unwrap_or(&mark.trigger);
    let (text, trigger) = (row.condition.as_ref().map_or("", |condition| condition.text.as_str()), &row.trigger);
    let (message, help) = match (holds, applies) {
        (false, _) => (
            said!("the condition of \"{}\" can never hold: {}", trigger, text),
            said!("correct the condition, or leave the row out"),
        ),
        (true, false) => (
            said!("\"{}\" can never be taken: where its condition holds, a row before it is taken", trigger),
            said!("leave the row out, or narrow the conditions of those before it"),
        ),
        (true, true) => (
            said!("\"{}\" can never be taken: its condition never holds in \"{}\"", trigger, row.sources.join(", ")),
            said!("correct the condition, or let its fields be changed in that state or before"),
        ),
    };
    report.warning(span, message, help);
    Ok(())
}
