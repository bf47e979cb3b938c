//! What is looked for once files are read: the graph of one, and what files say of each other.

mod between;
mod graph;
mod sound;
#[cfg(test)]
mod tests;

use crate::{Flow, Problem, Severity, read, read::File};

pub use between::compatible;
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
    for (draft, problems) in drafts.iter_mut().zip(found) {
        draft.problems.extend(problems);
        draft.problems.sort_by_key(|problem| (problem.span.start, problem.severity));
        draft.problems.dedup();
    }
    let opened = |key: &str| between::copied_into(key, &drafts, published);
    let copied: Vec<_> = drafts.iter().map(|draft| opened(&draft.flow.key)).collect();
    for ((file, draft), copied) in files.iter().zip(&mut drafts).zip(copied) {
        // what stands on broken ground is not looked at
        if draft.problems.iter().all(|problem| problem.severity != Severity::Error) {
            let mut report = read::Report { file: file.name, text: file.text, problems: Vec::new() };
            sound::sound(&draft.flow, &draft.marks, &copied, &mut report);
            draft.problems.append(&mut report.problems);
            draft.problems.sort_by_key(|problem| (problem.span.start, problem.severity));
        }
    }
    let sound = |problems: &[Problem]| problems.iter().all(|problem| problem.severity != Severity::Error);
    let mut checked = Checked { flows: Vec::with_capacity(drafts.len()), problems: Vec::new() };
    for draft in drafts {
        checked.flows.push(sound(&draft.problems).then_some(draft.flow));
        checked.problems.extend(draft.problems);
    }
    checked
}
