//! The designer's page, drawn from a draft.

use std::collections::BTreeSet;

use app::{
    Error, Reading,
    draft::{self, Sketch},
    people,
    publish::{self, VersionView},
    work,
};
use axum::response::Response;
use flow::{
    Actor, Problem, Severity,
    edit::{self, Became, Difference, Part, Sheet, Written, differences},
    line_column,
};
use similar::{ChangeTag, TextDiff};

use super::{
    keys,
    rows::{self, Drawing, Typed, text_of},
};
use crate::{
    body::Form,
    pages::{
        lists::{person, when},
        visit::{Around, rendered},
    },
    view::{
        Active,
        admin::ProblemView,
        design::{Design, Parts, Row, Sign, Told, Version},
    },
    words::Words,
};

/// Versions that can be brought back from the page.
const VERSIONS: i64 = 50;
/// Lines around those that differ.
const AROUND: usize = 3;

/// What the page shows beside the draft.
#[derive(Default)]
pub(super) struct Shown {
    /// The id of the row that is opened.
    pub(super) open: String,
    /// Why what was asked was not done.
    pub(super) trouble: Option<String>,
    /// What was typed and not taken.
    pub(super) typed: Option<Form>,
}

pub(super) fn drawn(cx: &Reading, actor: &Actor, around: &Around, key: &str, shown: &Shown) -> Result<Response, Error> {
    let words = around.words;
    let sketch = draft::sketch(cx, actor, key)?;
    let versions = match sketch.published {
        Some(_) => publish::versions(cx, key, &work::Part { cursor: None, limit: VERSIONS })?.rows,
        None => Vec::new(),
    };
    let mut named: BTreeSet<String> = versions.iter().map(|version| version.published_by.clone()).collect();
    named.insert(sketch.draft.changed_by.clone());
    let names = people::displays(cx, &named)?;
    let (parts, lost) = parts(cx, words, &sketch, shown);
    let typed = |name: &str| shown.typed.as_ref().and_then(|form| form.get(name));
    let name = sketch.sheet.as_ref().ok().and_then(|sheet| sheet.flow.text("name")).unwrap_or_default();
    let published = sketch.published.as_ref();
    let is_kept = sketch.draft.revision > 0;
    let title = words.one("design-of", "name", if name.is_empty() { key } else { name });
    let page = Design {
        f: around.frame(&title, Active::Flows),
        key,
        name: if name.is_empty() { key.to_owned() } else { name.to_owned() },
        revision: sketch.draft.revision,
        changed: is_kept.then(|| (person(&names, &sketch.draft.changed_by), when(cx, words, sketch.draft.changed_at))),
        trouble: shown.trouble.clone(),
        lost,
        published: published.map(|(version, ..)| *version),
        outdated: published.map(|(version, ..)| *version).filter(|version| is_kept && *version != sketch.draft.base),
        picture: sketch.picture.as_ref().map(|picture| picture.svg(false)),
        problems: listed(words, &sketch),
        errors: sketch.problems.iter().filter(|problem| problem.severity == Severity::Error).count(),
        retypes: sketch.problems.iter().any(flow::tells_retyped),
        text: typed("text").unwrap_or(&sketch.draft.text).to_owned(),
        tests: typed("tests").unwrap_or(&sketch.draft.tests).to_owned(),
        differences: told(words, &sketch),
        lines: lines(&sketch),
        note: typed("note").unwrap_or_default().to_owned(),
        versions: versions.into_iter().map(|row| version(cx, words, &names, row)).collect(),
        parts,
    };
    let is_part = around.visit().target.as_deref() == Some("design");
    if is_part { rendered(&page.as_design()) } else { rendered(&page) }
}

/// The rows, with their problems; and what was typed into one that is there no more.
fn parts(
    cx: &Reading,
    words: &'static Words,
    sketch: &Sketch,
    shown: &Shown,
) -> (Option<Parts>, Vec<(String, String)>) {
    let Ok(sheet) = &sketch.sheet else { return (None, Vec::new()) };
    let typed = shown.typed.as_ref().filter(|form| matches!(form.text("do"), "" | "save" | "add"));
    let part = typed.and_then(super::part);
    let id = typed.map(|form| match form.text("do") {
        "add" => String::new(),
        _ => rows::id_of(sheet, form),
    });
    let flows = cx.flows.in_use().map(|known| (known.flow.key.clone(), known.flow.name.clone())).collect();
    let drawing = Drawing {
        words,
        sheet,
        flows,
        open: &shown.open,
        typed: typed.zip(id.as_deref()).map(|(form, id)| Typed { id, form }),
    };
    let mut parts = drawing.parts();
    let mut ids: Vec<&mut Row> = std::iter::once(&mut parts.flow)
        .chain(&mut parts.fields)
        .chain(&mut parts.states)
        .chain(&mut parts.transitions)
        .collect();
    for (problem, id) in placed(sketch, sheet) {
        if let Some(row) = ids.iter_mut().find(|row| row.id == id) {
            row.problems.push(view(words, problem, &sketch.draft.text));
        }
    }
    let is_there = id.as_deref().is_none_or(|id| ids.iter().any(|row| row.id == id));
    let lost = typed.filter(|_| !is_there).map(|form| {
        let typed = |key: &keys::Key| {
            let text = form.get(key.name).filter(|text| !text.is_empty())?;
            Some((words.word(key.word).to_owned(), text.to_owned()))
        };
        keys::of(part).iter().filter_map(typed).collect()
    });
    (Some(parts), lost.unwrap_or_default())
}

/// The problems of the text, each with the id of the row in which it stands.
fn placed<'s>(sketch: &'s Sketch, sheet: &'s Sheet) -> impl Iterator<Item = (&'s Problem, String)> {
    let file = draft::file(&sketch.draft.flow);
    let of_text = sketch.problems.iter().filter(move |problem| problem.file == file);
    of_text.map(|problem| (problem, rows::id(sheet, sheet.row_at(problem.span.start))))
}

/// Every problem, those of the scenarios too.
fn listed(words: &Words, sketch: &Sketch) -> Vec<(ProblemView, Option<String>)> {
    let file = draft::file(&sketch.draft.flow);
    let row = |problem: &Problem| {
        let sheet = sketch.sheet.as_ref().ok()?;
        Some(rows::id(sheet, sheet.row_at(problem.span.start)))
    };
    let both = |problem: &Problem| match problem.file == file {
        true => (view(words, problem, &sketch.draft.text), row(problem)),
        false => (view(words, problem, &sketch.draft.tests), None),
    };
    sketch.problems.iter().map(both).collect()
}

fn view(words: &Words, problem: &Problem, text: &str) -> ProblemView {
    let (line, column) = line_column(text, problem.span.start);
    ProblemView::new(words, problem, text, line, column)
}

/// What differs from the version in use, in words.
fn told(words: &Words, sketch: &Sketch) -> Vec<Told> {
    let old = sketch.published.as_ref().and_then(|(_, text, _)| edit::sheet(text).ok());
    let (Some(old), Ok(new)) = (old, &sketch.sheet) else { return Vec::new() };
    differences(&old, new).iter().map(|one| difference(words, one)).collect()
}

fn difference(words: &Words, one: &Difference) -> Told {
    let part = match one.part {
        None => words.word("design-flow-itself").to_owned(),
        Some(Part::Field) => words.one("design-one-field", "name", &one.name),
        Some(Part::State) => words.one("design-one-state", "name", &one.name),
        Some(Part::Transition) => words.one("design-one-transition", "name", &one.name),
    };
    let plain = |class, sign: &str| Told { class, sign: words.word(sign).to_owned(), what: part.clone(), change: None };
    match &one.what {
        Became::Added => plain("s-green", "design-added"),
        Became::Removed => plain("s-red", "design-removed"),
        Became::Moved => plain("s-grey", "design-moved"),
        Became::Changed { key, old, new } => {
            let known = keys::of(one.part).iter().find(|known| known.name == key);
            let label = match known {
                Some(known) => words.word(known.word),
                None if key == "create" => words.word("design-open"),
                None => key,
            };
            let shown = |value: &Option<Written>| match value {
                None => words.word("nothing").to_owned(),
                Some(Written::Flag(on)) => words.word(if *on { "yes" } else { "no" }).to_owned(),
                Some(value) => known.map_or_else(|| value.to_string(), |known| text_of(known, Some(value))),
            };
            Told {
                class: "s-amber",
                sign: words.word("design-changed").to_owned(),
                what: format!("{part} · {label}"),
                change: Some((shown(old), shown(new))),
            }
        }
    }
}

/// The lines that differ from the version in use.
fn lines(sketch: &Sketch) -> Vec<Vec<(Sign, String)>> {
    let Some((_, old, _)) = &sketch.published else { return Vec::new() };
    let diff = TextDiff::from_lines(old, &sketch.draft.text);
    let line = |change: similar::Change<&str>| {
        let sign = match change.tag() {
            ChangeTag::Delete => Sign::Minus,
            ChangeTag::Insert => Sign::Plus,
            ChangeTag::Equal => Sign::Same,
        };
        (sign, change.value().trim_end_matches(['\n', '\r']).to_owned())
    };
    let group = |group: &Vec<similar::DiffOp>| group.iter().flat_map(|op| diff.iter_changes(op)).map(line).collect();
    diff.grouped_ops(AROUND).iter().map(group).collect()
}

fn version(cx: &Reading, words: &Words, names: &app::Names, row: VersionView) -> Version {
    Version {
        version: row.version,
        published: when(cx, words, row.published_at),
        by: person(names, &row.published_by),
        note: row.note,
    }
}
