//! What flows say of each other: keys and prefixes that two of them have, links, items that one opens of another.

use std::{collections::BTreeSet, ops::Range};

use crate::said::{ToArg, said};
use crate::{
    Field, Flow, Holder, Kind, Open, Preset, Problem, Said, Severity, Transition, Value,
    condition::all_words,
    read::{self, Draft, File, OpenMarks, Report},
    words,
};

/// The problems between files, for each file.
pub(crate) fn problems(files: &[File], drafts: &[Draft], published: &[&Flow], strict: bool) -> Vec<Vec<Problem>> {
    let mut found: Vec<Vec<Problem>> = Vec::with_capacity(files.len());
    for (at, (file, draft)) in files.iter().zip(drafts).enumerate() {
        let mut report = Report { file: file.name, text: file.text, problems: Vec::new() };
        twins(&files[..at], &drafts[..at], draft, published, &mut report);
        let known = Known { drafts, published, strict };
        links(draft, &known, &mut report);
        for (row, mark) in draft.flow.transitions.iter().zip(&draft.marks.rows) {
            if let (Some(open), Some(mark)) = (&row.create, &mark.create) {
                opened(draft, row, open, mark, &known, &mut report);
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
fn type_of(field: &Field) -> String {
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
}

impl Known<'_> {
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

/// What a row opens: the flow, the fields that it copies into.
fn opened(draft: &Draft, row: &Transition, open: &Open, marks: &OpenMarks, known: &Known, report: &mut Report) {
    let nothing = BTreeSet::new();
    let (target, broken) = match known.draft(&open.flow) {
        Some(target) => (&target.flow, &target.broken),
        None => match known.published.iter().find(|flow| flow.key == open.flow) {
            Some(target) => (*target, &nothing),
            None => return known.missing(&open.flow, &marks.flow, report),
        },
    };
    for (to, from) in &open.copy {
        let Some((to_span, from_span)) = marks.copy.get(to).filter(|_| !broken.contains(to)) else { continue };
        let Some(new) = target.fields.get(to) else {
            let help = words::nearest_or_all(to, target.fields.keys().map(String::as_str));
            report.error(to_span, said!("the flow \"{}\" has no field \"{}\"", open.flow, to), help);
            continue;
        };
        let Some(old) = draft.flow.fields.get(from) else { continue };
        if let Some(why) = never_takes(new, old) {
            let message = said!("\"{}\" of \"{}\" can never take \"{}\": {}", to, open.flow, from, why);
            report.error(from_span, message, said!("copy a field of the same type"));
        }
    }
    let has_default = |field: &Field| field.default.as_ref().is_some_and(|first| *first != Preset::Value(Value::Empty));
    if let Holder::Field(key) = &target.create.assign_to
        && !open.copy.contains_key(key)
        && !target.fields.get(key).is_some_and(has_default)
    {
        let message = said!("\"{}\" gives new items to its \"{}\", which this leaves empty", open.flow, key);
        report.error(&marks.flow, message, said!("copy a person into it, or give it a default"));
    }
    for new in target.fields.values().filter(|new| new.required && !matches!(new.kind, Kind::Bool)) {
        let from = open.copy.get(&new.key);
        let filled = match from {
            Some(from) => always_filled(&draft.flow, row, from),
            None => new.default.is_some(),
        };
        if !filled {
            let span = marks.copy.get(&new.key).map_or(&marks.flow, |(_, from)| from);
            let message = said!("\"{}\" requires \"{}\", which this may leave empty", open.flow, new.key);
            report.warning(span, message, said!("copy a required field into it; else the first save asks for it"));
        }
    }
}

/// Whether the row cannot be pressed while the field is empty.
fn always_filled(flow: &Flow, row: &Transition, key: &str) -> bool {
    let Some(field) = flow.fields.get(key) else { return true };
    let needed = (field.required && !row.back) || row.required.iter().any(|needed| needed == key);
    let set = row.set.get(key).is_some_and(|preset| *preset != Preset::Value(Value::Empty));
    needed || set || matches!(field.kind, Kind::Bool)
}

/// Why no value of `old` could ever stand in `new`.
fn never_takes(new: &Field, old: &Field) -> Option<Said> {
    let wrong = |new: &dyn ToArg, old: &dyn ToArg| Some(said!("it holds {}, not {}", *new, *old));
    if old.multiple && !new.multiple {
        return wrong(&said!("one value"), &said!("several"));
    }
    match (&new.kind, &old.kind) {
        (Kind::Choice(new), Kind::Choice(old)) => {
            let (new, old) = (all_words(new), all_words(old));
            let apart = !old.iter().any(|word| new.contains(word));
            apart.then(|| said!("they have no word in common"))
        }
        (Kind::Item { flow: Some(new) }, Kind::Item { flow: Some(old) }) if new != old => {
            Some(said!("it links to \"{}\", not to \"{}\"", new, old))
        }
        (new, old) if std::mem::discriminant(new) == std::mem::discriminant(old) => None,
        (Kind::Text { .. } | Kind::Textarea { .. }, old) if holds_text(old) => None,
        (Kind::Choice(_) | Kind::Url, Kind::Text { .. } | Kind::Textarea { .. }) => None,
        _ => wrong(&type_of(new), &type_of(old)),
    }
}

fn holds_text(kind: &Kind) -> bool {
    !matches!(kind, Kind::Number { .. } | Kind::Date | Kind::Datetime | Kind::Bool)
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
