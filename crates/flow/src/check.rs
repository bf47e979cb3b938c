//! What is looked for once files are read: the graph of one, and what files say of each other.

mod between;
mod graph;
mod opened;
mod sound;
#[cfg(test)]
mod tests;

use crate::{Flow, Problem, Severity, read, read::File};

pub use between::{compatible, settle_types, tells_retyped};
pub(crate) use graph::graph;

/// What a check of files found.
#[derive(Debug)]
pub struct Checked {
    /// The flow of each file, in their order; none where the file has an error.
    pub flows: Vec<Option<Flow>>,
    /// By file, then by place.
    pub problems: Vec<Problem>,
}

/// Every problem of every file, those between files too.
///
/// `published`: flows that are in use and not among the files (and versions of them that still hold open items).
/// `strict`, as when publishing: a flow named in `create` or `flow` that is neither among the files nor published is an
/// error, else a warning.
#[must_use]
pub fn check(files: &[File], published: &[&Flow], strict: bool) -> Checked {
    let mut drafts: Vec<_> = files.iter().map(read::draft).collect();
    let found = between::problems(files, &drafts, published, strict);
    let unsound: Vec<Vec<Problem>> = (0..files.len()).map(|at| soundness(files, &drafts, published, at)).collect();
    for ((draft, problems), unsound) in drafts.iter_mut().zip(found).zip(unsound) {
        draft.problems.extend(problems);
        draft.problems.extend(unsound);
        draft.problems.sort_by_key(|problem| (problem.span.start, problem.severity));
        draft.problems.dedup();
    }
    let sound = |problems: &[Problem]| problems.iter().all(|problem| problem.severity != Severity::Error);
    let mut checked = Checked { flows: Vec::with_capacity(drafts.len()), problems: Vec::new() };
    for draft in drafts {
        checked.flows.push(sound(&draft.problems).then_some(draft.flow));
        checked.problems.extend(draft.problems);
    }
    checked
}

/// Whether the file at `at` is sound; nothing is said while it has an error of another kind.
fn soundness(files: &[File], drafts: &[read::Draft], published: &[&Flow], at: usize) -> Vec<Problem> {
    let (Some(file), Some(draft)) = (files.get(at), drafts.get(at)) else { return Vec::new() };
    if draft.problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Vec::new();
    }
    let others: Vec<&Flow> = drafts.iter().map(|other| &other.flow).chain(published.iter().copied()).collect();
    let mut report = read::Report { file: file.name, text: file.text, problems: Vec::new() };
    sound::sound(draft, &others, &mut report);
    report.problems
}
