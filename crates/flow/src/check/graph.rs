//! The graph of one flow: what can be reached, what leads out, who may press.

use std::collections::BTreeSet;

use crate::{
    Flow, Holder, State, Transition, Who,
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
    for (row, mark) in flow.transitions.iter().zip(&marks.rows) {
        out_of_final(flow, row, mark, report);
        into_final(flow, row, mark, report);
    }
}

/// A row after an unconditional one of the same source and trigger.
fn shadowed(flow: &Flow, marks: &Marks, report: &mut Report) {
    for (at, (row, mark)) in flow.transitions.iter().zip(&marks.rows).enumerate() {
        let shadowed: Vec<&String> = row
            .sources
            .iter()
            .filter(|source| {
                let mut before = flow.transitions.iter().take(at);
                before.any(|earlier| {
                    earlier.condition.is_none() && earlier.trigger == row.trigger && earlier.sources.contains(source)
                })
            })
            .collect();
        if let Some(source) = shadowed.first() {
            let message = format!("\"{}\" out of \"{source}\" stands after a row that always applies", row.trigger);
            let help = "give the earlier row a condition, name the trigger otherwise, or leave this row out";
            report.error(&mark.trigger, message, help);
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
    let mut stuck = BTreeSet::new();
    for state in flow.states.values().filter(|state| !state.is_final) {
        let way_out =
            flow.transitions.iter().zip(&marks.rows).any(|(row, mark)| {
                row.dest != state.name && mark.sources.iter().any(|source| source.value == state.name)
            });
        if way_out {
            continue;
        }
        stuck.insert(state.name.as_str());
        let message = format!("nothing leads out of \"{}\", and it is not final", state.name);
        let help = match () {
            () if denied.contains(&state.name) => "leave out final = false, or add a row out of it",
            () if declared => "add final = true to its [[state]], or a row out of it",
            () => "add a row out of it",
        };
        if let Some(span) = marks.states.get(&state.name) {
            report.error(span, message, help);
        }
    }
    stuck
}

fn reachable(flow: &Flow, marks: &Marks, report: &mut Report) {
    let mut reached = BTreeSet::from([flow.initial.as_str()]);
    let mut next = vec![flow.initial.as_str()];
    while let Some(state) = next.pop() {
        for row in flow.rows_from(state) {
            if reached.insert(row.dest.as_str()) {
                next.push(&row.dest);
            }
        }
    }
    for name in flow.states.keys().filter(|name| !reached.contains(name.as_str())) {
        if let Some(span) = marks.states.get(name) {
            let message = format!("the state \"{name}\" cannot be reached from \"{}\"", flow.initial);
            report.error(span, message, "add a row that leads to it, or leave it out");
        }
    }
}

/// States from which no final state can be reached.
fn closable(flow: &Flow, marks: &Marks, stuck: &BTreeSet<&str>, report: &mut Report) {
    let mut closing: BTreeSet<&str> = flow.states.values().filter(|state| state.is_final).map(name).collect();
    if closing.is_empty() {
        if stuck.is_empty()
            && let Some(span) = marks.states.get(&flow.initial)
        {
            let help = "add a row to a state that nothing leads out of, or [[state]] with final = true";
            report.error(span, "no state is final: an item could never be closed", help);
        }
        return;
    }
    loop {
        let more: Vec<&str> = flow
            .transitions
            .iter()
            .filter(|row| closing.contains(row.dest.as_str()))
            .flat_map(|row| &row.sources)
            .map(String::as_str)
            .filter(|source| !closing.contains(source))
            .collect();
        if more.is_empty() {
            break;
        }
        closing.extend(more);
    }
    for state in flow.states.keys().filter(|state| !closing.contains(state.as_str()) && !stuck.contains(state.as_str()))
    {
        if let Some(span) = marks.states.get(state) {
            let message = format!("no final state can be reached from \"{state}\"");
            report.error(span, message, "add a row that leads on to a final state");
        }
    }
}

/// A final state has no holder: a row out of it needs someone else who may press, and someone to hold the item then.
fn out_of_final(flow: &Flow, row: &Transition, mark: &RowMarks, report: &mut Report) {
    let is_final = |name: &String| flow.states.get(name).is_some_and(|state| state.is_final);
    let Some(source) = mark.sources.iter().find(|source| is_final(&source.value)) else { return };
    let source = &source.value;
    if row.by.iter().all(|who| *who == Who::AssignedTo) {
        let message = format!("nobody but administrators could press \"{}\": \"{source}\" is final", row.trigger);
        let help = "a final state has no holder: add by = [\"created_by\"], or someone else";
        report.error(mark.by.as_ref().unwrap_or(&mark.trigger), message, help);
    }
    if row.assign_to == Holder::Same && !is_final(&row.dest) {
        let message = format!("\"{}\" leads out of \"{source}\", which is final, but to nobody", row.trigger);
        let help = "a final state has no holder: add assign_to = \"created_by\", or a user field";
        report.error(mark.assign_to.as_ref().unwrap_or(&mark.trigger), message, help);
    }
}

fn into_final(flow: &Flow, row: &Transition, mark: &RowMarks, report: &mut Report) {
    let is_final = flow.states.get(&row.dest).is_some_and(|state| state.is_final);
    if let Some(span) = mark.assign_to.as_ref().filter(|_| is_final && row.assign_to != Holder::Same) {
        let message = format!("\"{}\" is final: nobody holds an item there", row.dest);
        report.warning(span, message, "leave assign_to out");
    }
}

fn name(state: &State) -> &str {
    &state.name
}
