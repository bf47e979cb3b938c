//! Situations that lead to no end, and those without a button.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    domain,
    space::Space,
    walk::{Situation, Steps, TooMany, Walk, bare, example, free},
};
use crate::condition::Told;
use crate::said::said;
use crate::{
    Fields, Severity,
    read::{Marks, Report},
};

/// Reports them, one for each state; not those in `blamed`, of which an error is said already. `notes`: what could not be
/// decided is said at its place.
pub(super) fn report(
    space: &Space,
    walk: &Walk,
    marks: &Marks,
    blamed: &BTreeSet<String>,
    notes: bool,
    report: &mut Report,
) -> Result<(), TooMany> {
    let may_close = walk.closing(space.flow, false);
    let closes = walk.closing(space.flow, true);
    let mut said: BTreeSet<&str> = blamed.iter().map(String::as_str).collect();
    let lost = |at: usize| may_close.get(at) == Some(&false);
    let is_surely_lost = |at: &usize| lost(*at) && walk.situations.get(*at).is_some_and(|one| one.sure);
    let all: Vec<usize> = (0..walk.situations.len()).filter(is_surely_lost).collect();
    for at in all.iter().filter(|at| walk.steps.get(**at).is_some_and(Vec::is_empty)) {
        let Some(one) = walk.situations.get(*at) else { continue };
        if said.insert(&one.state) {
            stuck(space, one, marks, report);
        }
    }
    if said.is_empty() {
        for at in &all {
            let Some(one) = walk.situations.get(*at) else { continue };
            if said.is_empty() && said.insert(&one.state) {
                let message = if one.known.is_empty() {
                    said!("no final state can be reached from \"{}\"", one.state)
                } else {
                    said!("no final state can be reached from \"{}\" with {}", one.state, told(space, &one.known))
                };
                error(one, marks, message, report);
            }
        }
    }
    let doubtful: BTreeSet<&str> = walk
        .situations
        .iter()
        .zip(&closes)
        .filter(|(one, closes)| !**closes && !said.contains(one.state.as_str()))
        .map(|(one, _)| one.state.as_str())
        .collect();
    uncovered(
        space,
        walk,
        marks,
        &may_close,
        (&said, if all.is_empty() { doubtful } else { BTreeSet::new() }),
        notes,
        report,
    )
}

/// Nobody can press anything.
fn stuck(space: &Space, one: &Situation, marks: &Marks, report: &mut Report) {
    let message = if one.known.is_empty() {
        said!("an item is stranded in \"{}\": no button can be pressed there, whatever is filled in", one.state)
    } else {
        said!(
            "an item is stranded in \"{}\" with {}: no button can be pressed there, whatever is filled in",
            one.state,
            told(space, &one.known)
        )
    };
    error(one, marks, message, report);
}

fn error(one: &Situation, marks: &Marks, message: crate::Said, report: &mut Report) {
    if let Some(span) = marks.states.get(&one.state) {
        let help = said!("add a row for this case, or let its fields be changed in this state");
        report.error(span, message, help);
    }
}

/// States in which no button stands in the form until something is changed.
fn uncovered(
    space: &Space,
    walk: &Walk,
    marks: &Marks,
    may_close: &[bool],
    (said, doubtful): (&BTreeSet<&str>, BTreeSet<&str>),
    notes: bool,
    report: &mut Report,
) -> Result<(), TooMany> {
    let mut steps = Steps::new();
    let mut found: BTreeMap<&str, Option<Fields>> = doubtful.into_iter().map(|state| (state, None)).collect();
    for (one, may_close) in walk.situations.iter().zip(may_close) {
        let state = one.state.as_str();
        let is_final = space.flow.states.get(state).is_some_and(|state| state.is_final);
        let is_told = matches!(found.get(state), Some(Some(_)));
        if is_final || is_told || !may_close || said.contains(state) {
            continue;
        }
        let used = space.uses.get(state).cloned().unwrap_or_default();
        let keys = free(space, &one.known, used.iter().copied());
        match example(space, &one.known, &keys, &[], &mut steps, &|known| bare(space, state, known))? {
            Some((Told::Yes, known)) if one.sure => {
                let shown = known.into_iter().filter(|(key, _)| used.contains(key.as_str())).collect();
                found.insert(state, Some(shown));
            }
            Some(_) => {
                found.entry(state).or_insert(None);
            }
            None => {}
        }
    }
    for (state, known) in found {
        let Some(span) = marks.states.get(state) else { continue };
        if let Some(known) = known {
            let message = said!("in \"{}\" no button stands in the form with {}", state, told(space, &known));
            report.warning(
                span,
                message,
                said!("add a row for this case; the holder can only leave it by changing a field"),
            );
        } else if notes {
            let message = said!("whether \"{}\" can always be left could not be decided", state);
            let help = said!("{}; add a row without a condition to be sure", reason(space, state));
            report.add(Severity::Note, span, message, help);
        }
    }
    Ok(())
}

/// Why what happens in `state` could not be told.
fn reason(space: &Space, state: &str) -> crate::Said {
    let rows = space.rows.get(state).into_iter().flatten();
    let beyond =
        |at: &&usize| space.parts.get(**at).and_then(Option::as_ref).is_some_and(crate::condition::Parts::is_beyond);
    let text = rows.copied().collect::<Vec<_>>().iter().find(beyond).and_then(|at| space.flow.transitions.get(*at));
    match text.and_then(|row| row.condition.as_ref()) {
        Some(condition) => said!("the condition {} depends on more than a few cases", condition.text),
        None => said!("it depends on what earlier conditions or another flow leave behind"),
    }
}

/// The situation in words: `level=high, class=structure`.
fn told(space: &Space, known: &Fields) -> String {
    let mut pairs: Vec<_> =
        known.iter().filter_map(|(key, value)| space.flow.fields.get_full(key).map(|at| (at, value))).collect();
    pairs.sort_by_key(|((at, _, _), _)| *at);
    let pairs = pairs.into_iter().map(|((_, _, field), value)| domain::said(field, value));
    pairs.collect::<Vec<_>>().join(", ")
}
