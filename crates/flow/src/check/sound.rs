//! Whether a flow is sound: from every situation that an item can come into, someone can lead it to an end.
//!
//! A situation is a state and, of the fields that decide over buttons, those that nobody can change there; what can be
//! changed is tried in every way. Fields have a few cases each, cut at what the conditions name. What has no finite number
//! of cases may go either way: nothing is refused for it, and a note says so.

mod domain;
mod filling;
mod space;
mod stranded;
#[cfg(test)]
mod tests;
mod unused;
mod walk;

use std::collections::BTreeSet;

use crate::said::said;
use crate::{
    Flow, Severity,
    read::{Draft, Report},
};
use space::Space;

/// Reports what is not sound about a flow that has no error so far. `others`: the flows that may open items of it.
pub(super) fn sound(draft: &Draft, others: &[&Flow], report: &mut Report) {
    let (flow, marks) = (&draft.flow, &draft.marks);
    let mut copied = BTreeSet::new();
    for row in others.iter().flat_map(|other| &other.transitions) {
        if let Some(open) = row.create.as_ref().filter(|open| open.flow == flow.key) {
            copied.extend(open.copy.keys().cloned());
        }
    }
    let Some(given) = filling::report(flow, marks, &copied, report) else { return };
    let mut beyond = BTreeSet::new();
    let mut left_out: Vec<&str> = Vec::new();
    loop {
        let space = Space::of(flow, &given, &beyond);
        let done = walk::walk(&space, &copied).and_then(|walk| {
            let mut found = Report { file: report.file, text: report.text, problems: Vec::new() };
            let blamed = unused::report(&space, &walk, marks, given.is_empty(), &mut found)?;
            if given.is_empty() && blamed.is_empty() {
                unused::states(&space, &walk, marks, &mut found);
            }
            let notes = left_out.is_empty() && given.is_empty() && blamed.is_empty();
            stranded::report(&space, &walk, marks, &blamed, notes, &mut found)?;
            Ok(found.problems)
        });
        if let Ok(problems) = done {
            report.problems.extend(problems);
            break;
        }
        let mut largest: Vec<(&str, usize)> = space.cases.iter().map(|(key, cases)| (*key, cases.len())).collect();
        if largest.is_empty() {
            break;
        }
        largest.sort_by_key(|(_, cases)| std::cmp::Reverse(*cases));
        for (key, _) in largest.iter().take(largest.len().div_ceil(2)) {
            beyond.insert((*key).to_owned());
            left_out.extend(flow.fields.get(*key).map(|field| field.label.as_str()));
        }
    }
    if !left_out.is_empty() {
        let message = said!(
            "too many combinations to try all of them: left undecided is what depends on {}",
            left_out.join(", ")
        );
        let help =
            said!("nothing need be done; fewer fields in conditions, or fields locked later, would let it be decided");
        report.add(Severity::Note, &marks.key, message, help);
    }
}
