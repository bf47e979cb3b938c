//! Combinations of values for which no button appears: said with an example, where the holder can still change something.

use super::model::{Model, Walked, holds};
use crate::{
    Severity,
    read::{Marks, Report},
    said::said,
};

/// Reports the values in a state for which nobody sees a button.
pub(super) fn uncovered(
    model: &Model,
    walked: &Walked,
    state: usize,
    marks: &Marks,
    report: &mut Report,
) -> Option<()> {
    let (name, _) = model.flow.states.get_index(state)?;
    let here: Vec<_> = walked.nodes.iter().filter(|node| node.state == state).collect();
    let rows: Vec<usize> =
        (0..model.flow.transitions.len()).filter(|row| model.flow.transitions[*row].sources.contains(name)).collect();
    let shown = |row: &usize| here.iter().any(|node| model.is_pressed(&model.flow.transitions[*row], node));
    let rows: Vec<usize> = rows.into_iter().filter(shown).collect();
    if rows.iter().any(|row| model.flow.transitions[*row].condition.is_none()) {
        return None;
    }
    let keys = model.fields_of(rows.iter().copied());
    let mut all: Vec<Vec<u16>> = Vec::new();
    for node in here {
        let choices: Vec<Vec<u16>> = keys.iter().map(|key| model.fillable(key, node)).collect();
        all.extend(model.product_of(&keys, &choices)?);
    }
    all.sort_unstable();
    all.dedup();
    let open: Vec<usize> =
        rows.iter().copied().filter(|row| model.reads[*row].as_ref().is_some_and(|reads| reads.is_open)).collect();
    let is_covered = |chosen: &Vec<u16>| {
        let fields = model.fields(&keys, chosen);
        rows.iter().filter(|row| !open.contains(row)).any(|row| {
            model.flow.transitions[*row].condition.as_ref().is_some_and(|condition| holds(condition, name, &fields))
        })
    };
    model.spend(all.len().checked_mul(rows.len())?)?;
    let bare: Vec<&Vec<u16>> = all.iter().filter(|chosen| !is_covered(chosen)).collect();
    let first = *bare.first()?;
    let span = marks.states.get(name).unwrap_or(&marks.key);
    if let Some(mark) = open.first().and_then(|row| marks.rows.get(*row)) {
        let message = said!("whether a button remains in \"{}\" whatever is filled in is undecided", name);
        let help = said!("this condition looks at more than words to choose from; try it: tasksteper flow try");
        report.add(Severity::Note, mark.condition.as_ref().unwrap_or(span), message, help);
        return None;
    }
    let mut kept: Vec<usize> = (0..keys.len()).collect();
    for field in 0..keys.len() {
        let without: Vec<usize> = kept.iter().copied().filter(|known| *known != field).collect();
        let same = |chosen: &&Vec<u16>| without.iter().all(|at| chosen[*at] == first[*at]);
        if all.iter().filter(same).count() == bare.iter().filter(|chosen| same(chosen)).count() {
            kept = without;
        }
    }
    if let Some(case) = model.case(kept.iter().map(|at| (keys[*at], first[*at]))) {
        let message = said!("in \"{}\" no button appears when {}", name, case);
        report.warning(
            span,
            message,
            said!("add a row for this case, if only to stay; the holder has to change a field first"),
        );
    }
    None
}
