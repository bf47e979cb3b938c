//! One step of a scenario: done, and compared with what must come of it.

use super::{At, Step};
use crate::{
    Flow, Input, Kind, NotAllowed, Refusal, Said, Value, fold_name,
    read::Report,
    said::said,
    trial::{Act, Obstacle, Trial},
    words,
};

/// Does it; the first thing that is not as it must be is reported.
pub(super) fn step(trial: &mut Trial, step: &Step, report: &mut Report) {
    if let Some(act) = &step.act {
        let outcome = trial.act(&step.by.value, &act.value);
        if !as_refused(trial, step, act, outcome, report) {
            return;
        }
    }
    let checks = [state, holder, values, buttons];
    for check in checks {
        if !check(trial, step, report) {
            return;
        }
    }
}

/// Whether it was refused as it must be, or went through as it must.
fn as_refused(trial: &Trial, step: &Step, act: &At<Act>, outcome: Result<(), Obstacle>, report: &mut Report) -> bool {
    let expect = step.refused.as_ref();
    match (outcome, expect) {
        (Ok(()), None) => true,
        (Ok(()), Some(code)) => {
            let now = trial.item().map_or("", |item| item.state.as_str());
            let message = said!("this was not refused: the item is in \"{}\" now", now);
            report.error(&code.span, message, said!("correct the flow, or leave refused out"));
            false
        }
        (Err(obstacle), None) => {
            let message = said!("this was refused: {}", why(trial.flow, &step.by.value, &obstacle));
            let near = match &act.value {
                Act::Press { trigger, .. } => {
                    let known = trial.flow.transitions.iter().map(|row| row.trigger.as_str());
                    let known: Vec<&str> = known.filter(|known| known != trigger).collect();
                    let unknown = trial.flow.transitions.iter().all(|row| row.trigger != *trigger);
                    unknown
                        .then(|| words::nearest(trigger, known))
                        .flatten()
                        .map(|near| said!("did you mean \"{}\"?", near))
                }
                _ => None,
            };
            let help = near.unwrap_or_else(|| said!("correct the flow, or write refused = \"{}\"", obstacle.code()));
            report.error(&act.span, message, help);
            false
        }
        (Err(obstacle), Some(expected)) if expected.value != obstacle.code() => {
            let message = said!("this was refused otherwise: {}", why(trial.flow, &step.by.value, &obstacle));
            report.error(&expected.span, message, said!("write refused = \"{}\"", obstacle.code()));
            false
        }
        (Err(obstacle), Some(_)) => at_fields(trial.flow, step, &obstacle, report),
    }
}

/// Whether the fields that the refusal names are those that it must name.
fn at_fields(flow: &Flow, step: &Step, obstacle: &Obstacle, report: &mut Report) -> bool {
    let Some(expected) = &step.at else { return true };
    let named: Vec<&str> = match obstacle {
        Obstacle::Refused(Refusal::Invalid(problems)) => problems.iter().map(|one| one.field.as_str()).collect(),
        _ => Vec::new(),
    };
    // a field may be named by its label
    let is_named = |word: &str| {
        let key = flow.fields.values().find(|field| field.label == word).map_or(word, |field| field.key.as_str());
        named.contains(&key) || named.contains(&word)
    };
    let missing = expected.value.iter().find(|word| !is_named(&word.value));
    match missing {
        None if named.len() == expected.value.len() => true,
        None => {
            let message = said!("the refusal names more: {}", words::listed(named.iter().copied()));
            report.error(&expected.span, message, said!("name each of them, or leave at out"));
            false
        }
        Some(word) => {
            let message =
                said!("the refusal does not name \"{}\", but {}", word.value, words::listed(named.iter().copied()));
            report.error(&word.span, message, said!("correct the flow or what is expected"));
            false
        }
    }
}

fn state(trial: &Trial, step: &Step, report: &mut Report) -> bool {
    let Some(expected) = &step.state else { return true };
    let known = trial.flow.states.keys().map(String::as_str);
    match trial.item() {
        Some(item) if item.state == expected.value => return true,
        Some(item) if trial.flow.states.contains_key(&expected.value) => {
            let message = said!("the item is in \"{}\", not in \"{}\"", item.state, expected.value);
            report.error(&expected.span, message, said!("correct the flow or what is expected"));
        }
        Some(_) => {
            let help = words::nearest_or_all(&expected.value, known.collect::<Vec<_>>());
            report.error(&expected.span, said!("there is no state \"{}\"", expected.value), help);
        }
        None => no_item(&expected.span, report),
    }
    false
}

fn holder(trial: &Trial, step: &Step, report: &mut Report) -> bool {
    let Some(expected) = &step.holder else { return true };
    let Some(item) = trial.item() else {
        no_item(&expected.span, report);
        return false;
    };
    let mut named: Vec<String> = expected.value.iter().map(|name| fold_name(&name.value)).collect();
    named.retain(|name| !name.is_empty());
    let mut held: Vec<String> = item.assigned_to.iter().map(|name| fold_name(name)).collect();
    named.sort_unstable();
    held.sort_unstable();
    if named == held {
        return true;
    }
    let message = match item.assigned_to.is_empty() {
        true => said!("nobody holds the item"),
        false => said!("the item is held by {}", words::listed(item.assigned_to.iter().map(String::as_str))),
    };
    report.error(&expected.span, message, said!("correct the flow or what is expected"));
    false
}

fn values(trial: &Trial, step: &Step, report: &mut Report) -> bool {
    for (key, expected) in &step.values {
        let Some(item) = trial.item() else {
            no_item(&key.span, report);
            return false;
        };
        let by_label = || trial.flow.fields.values().find(|field| field.label == key.value);
        let Some(field) = trial.flow.fields.get(&key.value).or_else(by_label) else {
            let known: Vec<&str> = trial.flow.fields.keys().map(String::as_str).collect();
            report.error(
                &key.span,
                said!("there is no field \"{}\"", key.value),
                words::nearest_or_all(&key.value, known),
            );
            return false;
        };
        let held = item.value(field);
        let wanted = Value::from_stored(&expected.value, field);
        let same = match field.kind {
            Kind::User => {
                held.texts().iter().map(|name| fold_name(name)).eq(wanted.texts().iter().map(|name| fold_name(name)))
            }
            _ => held == wanted,
        };
        if !same {
            let shown = |value: &Value| value.to_stored().to_string();
            let message = said!("\"{}\" is {}, not {}", key.value, shown(&held), shown(&wanted));
            report.error(&expected.span, message, said!("correct the flow or what is expected"));
            return false;
        }
    }
    true
}

/// The triggers that the person may press, in the flow's order.
fn buttons(trial: &Trial, step: &Step, report: &mut Report) -> bool {
    let Some(expected) = &step.buttons else { return true };
    let shown = trial.buttons(&step.by.value, &Input::new());
    let shown: Vec<&str> =
        shown.iter().filter(|button| button.refusal.is_none()).map(|button| button.trigger.as_str()).collect();
    if expected.value.iter().map(|one| one.value.as_str()).eq(shown.iter().copied()) {
        return true;
    }
    let message = match shown.is_empty() {
        true => said!("\"{}\" sees no button", step.by.value),
        false => said!("\"{}\" sees {}", step.by.value, words::listed(shown)),
    };
    report.error(&expected.span, message, said!("correct the flow or what is expected"));
    false
}

fn no_item(span: &std::ops::Range<usize>, report: &mut Report) {
    report.error(span, said!("there is no item yet"), said!("begin with a step that creates it: create = {{ … }}"));
}

/// In words.
fn why(flow: &Flow, by: &str, obstacle: &Obstacle) -> Said {
    match obstacle {
        Obstacle::Unseen => said!("\"{}\" may not see the item", by),
        Obstacle::OutOfTurn => said!("an item is created once, and first"),
        Obstacle::Refused(refusal) => match refusal {
            Refusal::Stale { .. } => said!("the item has moved on"),
            Refusal::WrongState { trigger, state } => said!("\"{}\" has no trigger \"{}\"", state, trigger),
            Refusal::NotAllowed(NotAllowed::Final) => said!("nobody saves in a final state"),
            Refusal::NotAllowed(_) => said!("\"{}\" may not", by),
            Refusal::Unmet { trigger, .. } => said!("no condition of \"{}\" holds", trigger),
            Refusal::Invalid(problems) => {
                let label = |key: &str| flow.fields.get(key).map_or(key.to_owned(), |field| field.label.clone());
                let fields: Vec<String> = problems.iter().map(|problem| label(&problem.field)).collect();
                said!("missing or wrong: {}", words::listed(fields.iter().map(String::as_str)))
            }
        },
    }
}
