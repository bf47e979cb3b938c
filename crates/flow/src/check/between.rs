//! What flows say of each other: keys and prefixes that two of them have, links. What one opens of another: `opened`.

use std::{collections::BTreeSet, ops::Range};

use super::opened::{self, never_takes};
use crate::said::said;
use crate::{
    Field, Flow, Kind, Problem, Said, Severity,
    read::{self, Draft, File, Report},
    words,
};

/// The problems between files, for each file.
pub(crate) fn problems(files: &[File], drafts: &[Draft], published: &[&Flow], strict: bool) -> Vec<Vec<Problem>> {
    let mut found: Vec<Vec<Problem>> = Vec::with_capacity(files.len());
    for (at, (file, draft)) in files.iter().zip(drafts).enumerate() {
        let mut report = Report { file: file.name, text: file.text, problems: Vec::new() };
        twins(&files[..at], &drafts[..at], draft, published, &mut report);
        let known = Known { drafts, published, strict, whole: BTreeSet::new() };
        links(draft, &known, &mut report);
        for (row, mark) in draft.flow.transitions.iter().zip(&draft.marks.rows) {
            let (Some(open), Some(mark)) = (&row.create, &mark.create) else { continue };
            match known.flow(&open.flow) {
                Some((target, broken)) => opened::report(&draft.flow, (row, open, mark), (target, broken), &mut report),
                None => known.missing(&open.flow, &mark.flow, &mut report),
            }
        }
        for flow in published {
            still_good(flow, draft, &mut report);
        }
        found.push(report.problems);
    }
    found
}

/// Every problem that a new version brings when `olds`, the versions before it, newest first, are in use: a field that changes
/// its type, which is a warning if it `may_retype`; a prefix that changes although items have it. On the places of the new
/// version's file.
#[must_use]
pub fn compatible(olds: &[&Flow], new: &File, has_items: bool, may_retype: bool) -> Vec<Problem> {
    let draft = read::draft(new);
    let mut report = Report { file: new.name, text: new.text, problems: Vec::new() };
    for (key, field) in &draft.flow.fields {
        let Some(before) = olds.iter().find_map(|old| old.fields.get(key)) else { continue };
        let (was, is) = (type_of(before), type_of(field));
        let marks = draft.marks.fields.get(key).filter(|_| was != is);
        let Some(marks) = marks else { continue };
        let message = retyped(key, &was, &is);
        if may_retype {
            let help = said!("take the items along with flow migrate: until then they keep what they have");
            report.warning(&marks.kind, message, help);
        } else {
            let help = said!("give the new field another key; or publish with --retype, and take the items along");
            report.error(&marks.kind, message, help);
        }
    }
    let prefix = olds.first().map(|old| &old.item_prefix).filter(|prefix| **prefix != draft.flow.item_prefix);
    if let Some(prefix) = prefix.filter(|_| has_items) {
        let span = draft.marks.item_prefix.as_ref().unwrap_or(&draft.marks.key);
        let message = said!("items are named {}_1 already", prefix);
        report.error(span, message, said!("write item_prefix = \"{}\"", prefix));
    }
    report.problems
}

fn retyped(key: &str, was: &str, is: &str) -> Said {
    said!("\"{}\" was {} in the published version and would be {}", key, was, is)
}

/// Whether it is the problem of a field that changes its type.
#[must_use]
pub fn tells_retyped(problem: &Problem) -> bool {
    problem.message.pattern() == retyped("", "", "").pattern()
}

/// Tells what the fields of `new` hold apart from what was stored under the same keys as other types in `olds`: the same type
/// again has its old generation again.
pub fn settle_types(olds: &[&Flow], new: &mut Flow) {
    for (key, field) in &mut new.fields {
        let known = || olds.iter().filter_map(|old| old.fields.get(key));
        let same = known().find(|old| type_of(old) == type_of(field)).map(|old| old.generation);
        let next = || known().map(|old| old.generation + 1).max().unwrap_or(0);
        field.generation = same.unwrap_or_else(next);
    }
}

/// As a file calls it, `multiple` too: what is stored depends on both.
pub(super) fn type_of(field: &Field) -> String {
    format!("{}{}", if field.multiple { "multiple " } else { "" }, field.kind.name())
}

/// Keys and prefixes that an earlier file or a published flow has.
fn twins(files: &[File], drafts: &[Draft], draft: &Draft, published: &[&Flow], report: &mut Report) {
    let flow = &draft.flow;
    if flow.key.is_empty() {
        return;
    }
    let prefix_span = draft.marks.item_prefix.as_ref().unwrap_or(&draft.marks.key);
    for (file, other) in files.iter().zip(drafts) {
        if other.flow.key == flow.key {
            let message = said!("{} has the key \"{}\" already", file.name, flow.key);
            report.error(&draft.marks.key, message, said!("give one of the flows another key"));
        } else if other.flow.item_prefix == flow.item_prefix {
            let message = said!("{} names its items \"{}\" already", file.name, flow.item_prefix);
            report.error(prefix_span, message, said!("give one of the flows another item_prefix"));
        }
    }
    let in_files = |key: &str| drafts.iter().any(|other| other.flow.key == key);
    let taken =
        |other: &&&Flow| other.key != flow.key && other.item_prefix == flow.item_prefix && !in_files(&other.key);
    if let Some(other) = published.iter().find(taken) {
        let message = said!("the published flow \"{}\" names its items \"{}\" already", other.key, flow.item_prefix);
        report.error(prefix_span, message, said!("give this flow another item_prefix"));
    }
}

/// The flows that a file may name.
struct Known<'a> {
    drafts: &'a [Draft],
    published: &'a [&'a Flow],
    strict: bool,
    /// Of a published flow no field is broken.
    whole: BTreeSet<String>,
}

impl Known<'_> {
    /// The flow, and which of its fields were reported already.
    fn flow(&self, key: &str) -> Option<(&Flow, &BTreeSet<String>)> {
        let draft = self.draft(key).map(|draft| (&draft.flow, &draft.broken));
        draft.or_else(|| self.published.iter().find(|flow| flow.key == key).map(|flow| (*flow, &self.whole)))
    }

    fn draft(&self, key: &str) -> Option<&Draft> {
        self.drafts.iter().find(|draft| draft.flow.key == key)
    }

    fn has(&self, key: &str) -> bool {
        self.draft(key).is_some() || self.published.iter().any(|flow| flow.key == key)
    }

    /// Reports a flow that is not there.
    fn missing(&self, key: &str, span: &Range<usize>, report: &mut Report) {
        let keys: BTreeSet<&str> = self
            .drafts
            .iter()
            .map(|draft| draft.flow.key.as_str())
            .chain(self.published.iter().map(|flow| flow.key.as_str()))
            .filter(|key| !key.is_empty())
            .collect();
        let near = words::nearest(key, keys).map(|near| said!("did you mean \"{}\"?", near));
        let (severity, message) = if self.strict {
            (Severity::Error, said!("the flow \"{}\" is neither among the files nor published", key))
        } else {
            (Severity::Warning, said!("the flow \"{}\" is not among the files", key))
        };
        let help = near.unwrap_or_else(|| said!("check or publish its file together with this one"));
        report.add(severity, span, message, help);
    }
}

fn links(draft: &Draft, known: &Known, report: &mut Report) {
    for (key, field) in &draft.flow.fields {
        let Kind::Item { flow: Some(flow) } = &field.kind else { continue };
        let span = draft.marks.fields.get(key).and_then(|marks| marks.flow.as_ref());
        if let Some(span) = span.filter(|_| !known.has(flow)) {
            known.missing(flow, span, report);
        }
    }
}

/// What a published flow needs of this file's flow, and would lose. Said of this file.
fn still_good(flow: &Flow, draft: &Draft, report: &mut Report) {
    let opens = flow.transitions.iter().filter_map(|row| row.create.as_ref());
    let mut said = BTreeSet::new();
    for open in opens.filter(|open| open.flow == draft.flow.key) {
        for (to, from) in open.copy.iter().filter(|(to, _)| !draft.broken.contains(*to)) {
            let Some(old) = flow.fields.get(from) else { continue };
            let problem = match draft.flow.fields.get(to) {
                None => Some((&draft.marks.key, said!("which copies into \"{}\", a field that is gone", to))),
                Some(new) => never_takes(new, old).map(|why| {
                    let span = draft.marks.fields.get(to).map_or(&draft.marks.key, |marks| &marks.kind);
                    (span, said!("which copies \"{}\" into \"{}\": {}", from, to, why))
                }),
            };
            if let Some((span, why)) = problem.filter(|_| said.insert(to.as_str())) {
                let message = said!("this would break the published flow \"{}\", {}", flow.key, why);
                report.error(span, message, said!("keep the field as it was, or publish both flows together"));
            }
        }
    }
}
