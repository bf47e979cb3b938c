//! The graph of one flow: what can be reached, what leads out, who may press.

use std::collections::{BTreeMap, BTreeSet};

use crate::said::said;
use crate::{
    Flow, Holder, Said, State, Transition, Who,
    read::{Marks, Report, RowMarks},
};

/// Reports what is wrong with the graph. `denied`: states that say `final = false`; `declared`: some state says
/// `final = true`, so that only those are final.
pub(crate) fn graph(flow: &Flow, marks: &Marks, denied: &BTreeSet<String>, declared: bool, report: &mut Report) {
    if !flow.states.contains_key(&flow.initial) {
        return;
    }
    shadowed(flow, marks, report);
    let stuck = without_way_out(flow, marks, denied, declared, report);
    reachable(flow, marks, report);
    closable(flow, marks, &stuck, report);
    if flow.states.get(&flow.initial).is_some_and(|state| state.is_final)
        && let Some(span) = marks.states.get(&flow.initial)
    {
        let message = said!("new items begin in \"{}\", which is final: they would be closed at once", flow.initial);
        report.warning(span, message, said!("let another state be the initial one, or this one not be final"));
    }
    for (row, mark) in flow.transitions.iter().zip(&marks.rows) {
        out_of_final(flow, row, mark, report);
        into_final(flow, row, mark, report);
    }
}

/// A row after an unconditional one of the same source and trigger.
fn shadowed(flow: &Flow, marks: &Marks, report: &mut Report) {
    let mut always = BTreeSet::new();
    for (row, mark) in flow.transitions.iter().zip(&marks.rows) {
        let pairs = || row.sources.iter().map(|source| (source.as_str(), row.trigger.as_str()));
        if let Some((source, trigger)) = pairs().find(|pair| always.contains(pair)) {
            let message = said!("\"{}\" out of \"{}\" stands after a row that always applies", trigger, source);
            let help = said!("give the earlier row a condition, name the trigger otherwise, or leave this row out");
            report.error(&mark.trigger, message, help);
        }
        if row.condition.is_none() {
            always.extend(pairs());
        }
    }
}

/// States that nothing leads out of although they are not final; a row whose source is `"*"`, or that stays, leads nowhere.
fn without_way_out<'a>(
    flow: &'a Flow,
    marks: &Marks,
    denied: &BTreeSet<String>,
    declared: bool,
    report: &mut Report,
) -> BTreeSet<&'a str> {
    let mut leading = BTreeSet::new();
    for (row, mark) in flow.transitions.iter().zip(&marks.rows) {
        leading.extend(mark.sources.iter().map(|source| source.value.as_str()).filter(|source| *source != row.dest));
    }
    let mut stuck = BTreeSet::new();
    let open = flow.states.values().filter(|state| !state.is_final);
    for state in open.filter(|state| !leading.contains(state.name.as_str())) {
        stuck.insert(state.name.as_str());
        let message = said!("nothing leads out of \"{}\", and it is not final", state.name);
        let help = match () {
            () if denied.contains(&state.name) => said!("leave out final = false, or add a row out of it"),
            () if declared => said!("add final = true to its [[state]], or a row out of it"),
            () => said!("add a row out of it"),
        };
        if let Some(span) = marks.states.get(&state.name) {
            report.error(span, message, help);
        }
    }
    stuck
}

/// Every state that can be reached from some, these included, going along the rows or against them.
fn spread<'a>(flow: &'a Flow, from: impl IntoIterator<Item = &'a str>, forward: bool) -> BTreeSet<&'a str> {
    let mut next_of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in &flow.transitions {
        for source in &row.sources {
            let (at, next) = if forward { (source, &row.dest) } else { (&row.dest, source) };
            next_of.entry(at).or_default().push(next);
        }
    }
    let mut reached: BTreeSet<&str> = from.into_iter().collect();
    let mut waiting: Vec<&str> = reached.iter().copied().collect();
    while let Some(state) = waiting.pop() {
        for next in next_of.get(state).into_iter().flatten() {
            if reached.insert(next) {
                waiting.push(next);
            }
        }
    }
    reached
}

fn reachable(flow: &Flow, marks: &Marks, report: &mut Report) {
    let reached = spread(flow, [flow.initial.as_str()], true);
    for name in flow.states.keys().filter(|name| !reached.contains(name.as_str())) {
        if let Some(span) = marks.states.get(name) {
            let message = said!("the state \"{}\" cannot be reached from \"{}\"", name, flow.initial);
            report.error(span, message, said!("add a row that leads to it, or leave it out"));
        }
    }
}

/// States from which no final state can be reached.
fn closable(flow: &Flow, marks: &Marks, stuck: &BTreeSet<&str>, report: &mut Report) {
    let finals: Vec<&str> = flow.states.values().filter(|state| state.is_final).map(name).collect();
    if finals.is_empty() {
        if stuck.is_empty()
            && let Some(span) = marks.states.get(&flow.initial)
        {
            let help = said!("add a row to a state that nothing leads out of, or [[state]] with final = true");
            report.error(span, said!("no state is final: an item could never be closed"), help);
        }
        return;
    }
    let closing = spread(flow, finals, false);
    for state in flow.states.keys().filter(|state| !closing.contains(state.as_str()) && !stuck.contains(state.as_str()))
    {
        if let Some(span) = marks.states.get(state) {
            let message = said!("no final state can be reached from \"{}\"", state);
            report.error(span, message, said!("add a row that leads on to a final state"));
        }
    }
}

/// Said of a row out of a final state that is left to nobody else.
pub(super) fn only_administrators(flow: &Flow, row: &Transition) -> Said {
    let is_final = |name: &&String| flow.states.get(*name).is_some_and(|state| state.is_final);
    let source = row.sources.iter().find(is_final).map_or("", String::as_str);
    said!("nobody but administrators could press \"{}\": \"{}\" is final", row.trigger, source)
}

/// A final state has no holder: a row out of it needs someone else who may press, and someone to hold the item then.
fn out_of_final(flow: &Flow, row: &Transition, mark: &RowMarks, report: &mut Report) {
    let is_final = |name: &String| flow.states.get(name).is_some_and(|state| state.is_final);
    let Some(source) = mark.sources.iter().find(|source| is_final(&source.value)) else { return };
    let source = &source.value;
    if row.by.iter().all(|who| *who == Who::AssignedTo) {
        let message = only_administrators(flow, row);
        let help = said!("a final state has no holder: add by = [\"created_by\"], or someone else");
        report.error(mark.by.as_ref().unwrap_or(&mark.trigger), message, help);
    }
    if row.assign_to == Holder::Same && !is_final(&row.dest) {
        let message = said!("\"{}\" leads out of \"{}\", which is final, but to nobody", row.trigger, source);
        let help = said!("a final state has no holder: add assign_to = \"created_by\", or a user field");
        report.error(mark.assign_to.as_ref().unwrap_or(&mark.trigger), message, help);
    }
}

fn into_final(flow: &Flow, row: &Transition, mark: &RowMarks, report: &mut Report) {
    let is_final = flow.states.get(&row.dest).is_some_and(|state| state.is_final);
    if let Some(span) = mark.assign_to.as_ref().filter(|_| is_final && row.assign_to != Holder::Same) {
        let message = said!("\"{}\" is final: nobody holds an item there", row.dest);
        report.warning(span, message, said!("leave assign_to out"));
    }
}

fn name(state: &State) -> &str {
    &state.name
}
