//! Whether items can be stranded: every situation that an item can get into is tried, as far as what conditions, holders and
//! needs look at has few values. A situation is a state and what stands in the fields that cannot be written in every state;
//! the others can be filled in as anyone likes before a trigger is pressed. What conditions look at and has endless values
//! (the time, people, parts of texts) may be either way: an error is reported only where neither way helps.
//! Why so: `docs/decisions/0009-soundness.md`.

mod classes;
mod cover;
mod model;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Flow, Holder, Said,
    read::{Marks, Report},
    said::said,
};

use model::{Model, Need, Node, Walked};

/// Reports what is wrong with a flow that is sound as a graph. `copied`: fields that other flows fill when they open an item
/// of it.
pub(super) fn sound(flow: &Flow, marks: &Marks, copied: &BTreeSet<String>, report: &mut Report) {
    if !creatable(flow, marks, copied, report) {
        return;
    }
    let mut hopeless: BTreeSet<Need> = BTreeSet::new();
    // A need that nobody can ever meet is said once, and taken for met: what follows from it is not said too.
    let walked = loop {
        let model = Model::new(flow, copied, &hopeless);
        let Some(walked) = model.as_ref().and_then(Model::walk) else {
            undecided(flow, marks, report);
            return;
        };
        let found = walked.hopeless();
        if found.is_empty() {
            break (model, walked);
        }
        hopeless.extend(found);
    };
    let (Some(model), walked) = walked else { return };
    for need in &hopeless {
        never_filled(flow, marks, need, report);
    }
    let lost = unreached(&model, &walked, marks, report);
    let stranded = stranded(&model, &walked, marks, report);
    never_taken(&model, &walked, &stranded, marks, report);
    for (state, name) in flow.states.keys().enumerate().filter(|(_, name)| !flow.states[*name].is_final) {
        if !lost.contains(name.as_str()) && !stranded.contains(&state) {
            cover::uncovered(&model, &walked, state, marks, report);
        }
    }
}

/// Whether a new item can be made at all: what it needs has to be written by someone, or be there.
fn creatable(flow: &Flow, marks: &Marks, copied: &BTreeSet<String>, report: &mut Report) -> bool {
    let mut fine = true;
    for field in flow.fields.values() {
        let holds = flow.create.assign_to == Holder::Field(field.key.clone());
        let is_there =
            field.default.is_some() || copied.contains(&field.key) || model::is_writable(flow, &flow.initial, field);
        if (field.required || holds) && !is_there && field.parent().is_none() {
            let span = marks.fields.get(&field.key).map_or(marks.key.clone(), |marks| marks.kind.clone());
            let message = said!("a new item needs \"{}\", and nobody can fill it in", field.label);
            report.error(&span, message, said!("give it a default, or let people write it in \"{}\"", flow.initial));
            fine = false;
        }
    }
    fine
}

/// Says that there was too much to try.
fn undecided(flow: &Flow, marks: &Marks, report: &mut Report) {
    let message = said!(
        "\"{}\" has too many situations to try all of them: whether items can be stranded is undecided",
        flow.name
    );
    report.add(crate::Severity::Note, &marks.key, message, said!("try it yourself: tasksteper flow try"));
}

/// A row needs a field that is empty whenever the row could be pressed.
fn never_filled(flow: &Flow, marks: &Marks, need: &Need, report: &mut Report) {
    let label = flow.fields.get(&need.field).map_or(need.field.as_str(), |field| field.label.as_str());
    let help = said!("let people write it in \"{}\" or before, or give it a default", need.state);
    let rules = flow.states.get(&need.state).filter(|state| state.required.contains(&need.field));
    match (rules, flow.transitions.get(need.row).zip(marks.rows.get(need.row))) {
        (None, Some((row, mark))) => {
            let holds = row.assign_to == Holder::Field(need.field.clone());
            let span = mark.assign_to.as_ref().filter(|_| holds).unwrap_or(&mark.trigger);
            report.error(
                span,
                said!("\"{}\" needs \"{}\", which nobody can ever have filled in", row.trigger, label),
                help,
            );
        }
        _ => {
            let span = marks.states.get(&need.state).unwrap_or(&marks.key);
            report.error(
                span,
                said!("\"{}\" cannot be left without \"{}\", which nobody can ever have filled in", need.state, label),
                help,
            );
        }
    }
}

/// States that no item ever gets to, although rows lead there.
fn unreached<'a>(model: &Model<'a>, walked: &Walked, marks: &Marks, report: &mut Report) -> BTreeSet<&'a str> {
    let reached: BTreeSet<usize> = walked.nodes.iter().map(|node| node.state).collect();
    let names = model.flow.states.keys().enumerate().filter(|(at, _)| !reached.contains(at));
    let lost: BTreeSet<&str> = names.map(|(_, name)| name.as_str()).collect();
    for name in &lost {
        if let Some(span) = marks.states.get(*name) {
            let message = said!("the state \"{}\" cannot be reached: no row that leads to it can ever be taken", name);
            report.error(span, message, said!("look at the conditions of the rows that lead to it"));
        }
    }
    lost
}

/// Rows that are there for nothing.
fn never_taken(model: &Model, walked: &Walked, stranded: &BTreeSet<usize>, marks: &Marks, report: &mut Report) {
    for (at, (row, mark)) in model.flow.transitions.iter().zip(&marks.rows).enumerate() {
        let place = mark.condition.as_ref().unwrap_or(&mark.trigger);
        if row.condition.is_some() && model.can_hold(at) == Some(false) {
            let message = said!("this condition can never hold");
            report.warning(place, message, said!("correct it, or leave the row out"));
            continue;
        }
        // of a state in which nothing can be pressed it was said
        let is_from = |node: &Node| {
            !stranded.contains(&node.state) && row.sources.iter().any(|source| model.state(node) == source)
        };
        let from_reached = walked.nodes.iter().any(is_from);
        if from_reached && !walked.taken.contains(&at) {
            let message = said!(
                "\"{}\" is never taken by this row: another one always applies first, or it is never pressed",
                row.trigger
            );
            report.warning(place, message, said!("correct the conditions, or leave the row out"));
        }
    }
}

/// Situations that nobody can lead on, and those from which everything leads in circles. The states of which it was said.
fn stranded(model: &Model, walked: &Walked, marks: &Marks, report: &mut Report) -> BTreeSet<usize> {
    let is_final = |node: &Node| model.flow.states[model.state(node)].is_final;
    let dead: Vec<bool> =
        walked.nodes.iter().zip(&walked.next).map(|(node, next)| next.is_empty() && !is_final(node)).collect();
    // what leads only to a dead end is not said again
    let mut closing: Vec<bool> = walked.nodes.iter().zip(&dead).map(|(node, dead)| *dead || is_final(node)).collect();
    let mut before: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (from, next) in walked.next.iter().enumerate() {
        next.iter().for_each(|to| before.entry(*to).or_default().push(from));
    }
    let mut waiting: Vec<usize> = (0..closing.len()).filter(|at| closing[*at]).collect();
    while let Some(at) = waiting.pop() {
        for from in before.get(&at).into_iter().flatten() {
            if !closing[*from] {
                closing[*from] = true;
                waiting.push(*from);
            }
        }
    }
    let circles: Vec<bool> = closing.iter().map(|closing| !closing).collect();
    let (mut said, mut circled) = (BTreeSet::new(), false);
    for (state, name) in model.flow.states.keys().enumerate() {
        let span = marks.states.get(name).unwrap_or(&marks.key);
        if let Some(example) = example(model, walked, state, &dead) {
            let message = match example {
                None => said!("an item in \"{}\" is stranded: no button can be pressed, whatever is filled in", name),
                Some(case) => {
                    said!(
                        "an item in \"{}\" is stranded when {}: no button can be pressed, whatever is filled in",
                        name,
                        case
                    )
                }
            };
            report.error(span, message, said!("add a row for this case, or let people change what stands there"));
            said.insert(state);
        } else if !circled && let Some(example) = example(model, walked, state, &circles) {
            // the other states of the circle lead nowhere either
            circled = true;
            let message = match example {
                None => said!("no final state can be reached from \"{}\", whatever is filled in", name),
                Some(case) => {
                    said!("no final state can be reached from \"{}\" when {}, whatever is filled in", name, case)
                }
            };
            report.error(span, message, said!("add a row that leads on to a final state"));
            said.insert(state);
        }
    }
    said
}

/// What the situations in a state that are `bad` have in common with as few fields as possible; none where it is not bad.
fn example(model: &Model, walked: &Walked, state: usize, bad: &[bool]) -> Option<Option<Said>> {
    let here: Vec<(&Node, bool)> =
        walked.nodes.iter().zip(bad).filter(|(node, _)| node.state == state).map(|(node, bad)| (node, *bad)).collect();
    let (first, _) = here.iter().find(|(_, bad)| *bad)?;
    let mut kept: Vec<usize> = (0..model.memory.len()).collect();
    for field in 0..model.memory.len() {
        let without: Vec<usize> = kept.iter().copied().filter(|known| *known != field).collect();
        let same = |node: &Node| without.iter().all(|at| node.values[*at] == first.values[*at]);
        if here.iter().filter(|(node, _)| same(node)).all(|(_, bad)| *bad) {
            kept = without;
        }
    }
    Some(model.case(kept.iter().map(|at| (model.memory[*at], first.values[*at]))))
}
