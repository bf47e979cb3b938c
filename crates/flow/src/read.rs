//! From TOML text to a [`Flow`]: every problem of the file at once, each where it stands.
//!
//! To add a key: name it in the section's `KEYS` and in `schema.json`, read it there, hold it in `model.rs`.

pub(crate) mod document;
mod field;
mod number;
mod people;
mod preset;
mod row;
mod schema;
mod state;
#[cfg(test)]
mod tests;

pub use field::is_key;
pub use schema::SCHEMA;
pub use state::duration_minutes;

use std::{collections::BTreeSet, ops::Range};

use indexmap::IndexMap;
use toml::de::DeTable;

use crate::said::said;
use crate::{BUILT_INS, Create, Field, Flow, Holder, Kind, Problem, Severity, State, Who, check, words};
pub(crate) use document::Report;
use document::{At, Section};
pub(crate) use field::FieldMarks;
pub(crate) use people::user_name;
pub(crate) use row::{OpenMarks, RowMarks};

const KEYS: [&str; 11] =
    ["key", "name", "item_prefix", "title", "initial", "field", "transition", "state", "create", "view", "list"];
const CREATE_KEYS: [&str; 2] = ["by", "assign_to"];
const VIEW_KEYS: [&str; 1] = ["by"];
const LIST_KEYS: [&str; 1] = ["columns"];
/// Most fields of a flow: each is a column.
const MAX_FIELDS: usize = 1_000;

/// One flow file.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// As problems name it.
    pub name: &'a str,
    /// Its TOML.
    pub text: &'a str,
}

/// A file as far as it could be read: what the checks between files and of its graph work on.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) flow: Flow,
    pub(crate) marks: Marks,
    pub(crate) problems: Vec<Problem>,
    /// Fields that were reported: nothing more is said about them.
    pub(crate) broken: BTreeSet<String>,
}

/// Where the parts of a flow stand in its file.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    pub(crate) key: Range<usize>,
    pub(crate) item_prefix: Option<Range<usize>>,
    pub(crate) fields: IndexMap<String, FieldMarks>,
    /// Where a state is named: its `[[state]]`, else the first row that names it.
    pub(crate) states: IndexMap<String, Range<usize>>,
    /// Where `[create]` names the holder.
    pub(crate) holder: Option<Range<usize>>,
    /// Beside `Flow::transitions`.
    pub(crate) rows: Vec<RowMarks>,
}

/// The names that a file may use.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) fields: IndexMap<String, Field>,
    /// Keys of fields that could not be read: they fit everywhere.
    pub(crate) broken: BTreeSet<String>,
    /// Keys of fields that have a problem, but are known.
    pub(crate) flawed: BTreeSet<String>,
}

impl Names {
    /// The key of a field that exists; reported if there is none.
    fn field(&self, key: At<String>, report: &mut Report) -> Option<String> {
        if self.fields.contains_key(&key.value) || self.broken.contains(&key.value) {
            return Some(key.value);
        }
        let known = self.fields.keys().map(String::as_str);
        let help = words::nearest_or_all(&key.value, known);
        report.error(&key.span, said!("there is no field \"{}\"", key.value), help);
        None
    }
}

/// Reads one file, stored or new: the flow, and every problem within this file alone. No flow if there is an error.
#[must_use]
pub fn read(file: &File) -> (Option<Flow>, Vec<Problem>) {
    let draft = draft(file);
    let sound = draft.problems.iter().all(|problem| problem.severity != Severity::Error);
    (sound.then_some(draft.flow), draft.problems)
}

/// The file as TOML, as far as it goes; what is none is reported.
pub(crate) fn parsed<'a>(file: &File<'a>, report: &mut Report) -> toml::Spanned<DeTable<'a>> {
    let (root, mut errors) = DeTable::parse_recoverable(file.text);
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    // What follows the first slip on a line is mostly its echo.
    let mut line_ends = 0..0;
    for error in &errors {
        let start = error.span().map_or(0, |span| span.start);
        if line_ends.contains(&start) {
            continue;
        }
        let end = file.text.get(start..).and_then(|rest| rest.find('\n')).map_or(file.text.len(), |at| start + at);
        line_ends = start..end + 1;
        let message = said!("this is no TOML: {}", error.message());
        report.error(&error.span().unwrap_or(0..0), message, said!("texts stand in quotes, one key a line"));
    }
    root
}

/// Reads one file as far as it goes.
pub(crate) fn draft(file: &File) -> Draft {
    let mut report = Report { file: file.name, text: file.text, problems: Vec::new() };
    let root = parsed(file, &mut report);
    let syntax: Vec<Problem> = report.problems.clone();
    let (flow, marks, broken) = whole(root.get_ref(), syntax.is_empty(), &mut report);
    let mut problems = report.problems;
    if !syntax.is_empty() {
        problems = without_echoes(problems, &syntax, file.text);
    }
    problems.sort_by_key(|problem| (problem.span.start, problem.severity));
    problems.dedup();
    Draft { flow, marks, problems, broken }
}

/// Leaves out what is only said because of a syntax error: on its line, or of a section that has lost a key.
fn without_echoes(problems: Vec<Problem>, syntax: &[Problem], text: &str) -> Vec<Problem> {
    let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line = |problem: &Problem| breaks.partition_point(|at| *at < problem.span.start);
    let lines: BTreeSet<usize> = syntax.iter().map(line).collect();
    let said: BTreeSet<(usize, String)> =
        syntax.iter().map(|known| (known.span.start, known.message.to_string())).collect();
    let starts = |line: &usize| text.lines().nth(*line).is_some_and(|line| line.trim_start().starts_with('['));
    // Under a header that could not be read, every key seems to be the flow's.
    let headless = lines.iter().take(100).any(starts);
    let stray = |problem: &Problem| headless && problem.message.to_string().starts_with("a flow has no key");
    let echo = |problem: &Problem| {
        stray(problem) || lines.contains(&line(problem)) || problem.message.to_string().contains(" has no \"")
    };
    let known = |problem: &Problem| said.contains(&(problem.span.start, problem.message.to_string()));
    problems.into_iter().filter(|problem| known(problem) || !echo(problem)).collect()
}

fn whole(table: &DeTable, parsed: bool, report: &mut Report) -> (Flow, Marks, BTreeSet<String>) {
    let root = Section::open(said!("a flow"), 0..0, table, &KEYS, report);
    let key = root.text_needed("key", report);
    if let Some(key) = key.as_ref().filter(|key| !is_key(&key.value)) {
        let help = said!("a key is a small letter, then up to 39 of a-z, 0-9 and _; what people see is the name");
        report.error(&key.span, said!("\"{}\" cannot be a key", key.value), help);
    }
    let name = root.name_needed("name", report);
    let (item_prefix, prefix_span) = item_prefix(&root, key.as_ref(), report);
    let mut names = Names::default();
    let mut marks = Marks {
        key: key.as_ref().map_or(0..0, |key| key.span.clone()),
        item_prefix: prefix_span,
        fields: field::fields(&root, &mut names, report),
        ..Marks::default()
    };
    if names.fields.len() > MAX_FIELDS {
        report.error(
            &marks.key,
            said!("a flow has at most {} fields", MAX_FIELDS),
            said!("split it into two linked flows"),
        );
    }
    let title = title(&root, &names, report);
    let (ways, all_ways) = row::ways(&root, report);
    let initial = initial(&root, &ways, all_ways && parsed, report);
    let mut states = states(initial.as_ref(), &ways, &mut marks);
    if ways.is_empty() && all_ways && parsed {
        report.error(
            &marks.key,
            said!("a flow has no transition"),
            said!("add [[transition]] with source, trigger and dest"),
        );
    }
    let (finals, state_marks) = state::refine(&root, &mut states, &names, all_ways && parsed, report);
    marks.states.extend(state_marks.into_iter().filter(|(name, _)| states.contains_key(name)));
    let state_names: Vec<String> = states.keys().cloned().collect();
    let mut transitions = Vec::with_capacity(ways.len());
    for way in ways {
        let known_states = (all_ways && parsed).then_some(state_names.as_slice());
        let (transition, mark) = row::row(way, &names, known_states, report);
        transitions.push(transition);
        marks.rows.push(mark);
    }
    settle(&mut states, &mut transitions, &finals, &marks);
    let columns = columns(&root, title.as_ref(), &names, report);
    let flow = Flow {
        key: key.map(|key| key.value).unwrap_or_default(),
        name: name.map(|name| name.value).unwrap_or_default(),
        item_prefix,
        title,
        initial: initial.map(|initial| initial.value).unwrap_or_default(),
        create: create(&root, &names, &mut marks, report),
        view: view(&root, &names, report),
        fields: names.fields,
        states,
        transitions,
        columns,
    };
    if all_ways && parsed && !flow.transitions.is_empty() {
        check::graph(&flow, &marks, &finals.denied, !finals.declared.is_empty(), report);
    }
    (flow, marks, names.broken)
}

fn item_prefix(root: &Section, key: Option<&At<String>>, report: &mut Report) -> (String, Option<Range<usize>>) {
    let Some(prefix) = root.text("item_prefix", report) else {
        return (key.map(|key| key.value.clone()).unwrap_or_default(), None);
    };
    let text = prefix.value.as_str();
    let tail = text.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-');
    if text.len() > 20 || !text.starts_with(|first: char| first.is_ascii_alphabetic()) || !tail {
        let help = said!("a prefix is a letter, then up to 19 of A-Z, a-z, 0-9 and -");
        report.error(&prefix.span, said!("\"{}\" cannot be a prefix", text), help);
    }
    (prefix.value, Some(prefix.span))
}

fn title(root: &Section, names: &Names, report: &mut Report) -> Option<String> {
    let is_text = |field: &&Field| matches!(field.kind, Kind::Text { .. });
    let Some(title) = root.text("title", report) else {
        return names.fields.values().find(is_text).map(|field| field.key.clone());
    };
    let key = names.field(title.clone(), report)?;
    if names.fields.get(&key).is_some_and(|field| !is_text(&field)) {
        let texts = names.fields.values().filter(is_text).map(|field| field.key.as_str());
        let help = said!("the text fields are {}", words::listed(texts));
        report.error(&title.span, said!("the title \"{}\" is no text field", key), help);
    }
    Some(key)
}

fn initial(root: &Section, ways: &[row::Way], all_known: bool, report: &mut Report) -> Option<At<String>> {
    let named = |name: &str| {
        ways.iter().any(|way| way.dest.value == name || way.sources.iter().any(|source| source.value == name))
    };
    if let Some(initial) = root.text("initial", report) {
        if all_known && !named(&initial.value) {
            let all: BTreeSet<&str> = ways
                .iter()
                .flat_map(|way| way.sources.iter().map(|source| source.value.as_str()).chain([way.dest.value.as_str()]))
                .collect();
            let help = words::nearest_or_all(&initial.value, all.iter().copied());
            report.error(&initial.span, said!("no transition names the state \"{}\"", initial.value), help);
        }
        return Some(initial);
    }
    let first = ways.first()?;
    if first.sources.is_empty() {
        let help = said!("write initial = \"…\" at the top of the file");
        report.error(&first.trigger.span, said!("the first row's source is \"*\": it names no first state"), help);
    }
    first.sources.first().cloned()
}

/// The states that the rows name, the initial one first.
fn states(initial: Option<&At<String>>, ways: &[row::Way], marks: &mut Marks) -> IndexMap<String, State> {
    let rows = ways.iter().flat_map(|way| way.sources.iter().chain([&way.dest]));
    let named = |name: &str| rows.clone().any(|row| row.value == name);
    let mut states = IndexMap::new();
    for name in initial.filter(|initial| named(&initial.value)).into_iter().chain(rows.clone()) {
        if !states.contains_key(&name.value) {
            states.insert(name.value.clone(), state::bare(&name.value));
            marks.states.insert(name.value.clone(), name.span.clone());
        }
    }
    states
}

/// Says which states are final, and spells `"*"` out.
fn settle(states: &mut IndexMap<String, State>, rows: &mut [crate::Transition], finals: &state::Finals, marks: &Marks) {
    // A row that stays is no way out.
    let leading = rows.iter().flat_map(|row| row.sources.iter().filter(|source| **source != row.dest));
    let way_out: BTreeSet<String> = leading.cloned().collect();
    for state in states.values_mut() {
        state.is_final = if finals.declared.is_empty() {
            !way_out.contains(&state.name) && !finals.denied.contains(&state.name)
        } else {
            finals.declared.contains(&state.name)
        };
    }
    let open: Vec<String> = states.values().filter(|state| !state.is_final).map(|state| state.name.clone()).collect();
    for (row, mark) in rows.iter_mut().zip(&marks.rows) {
        if mark.sources.is_empty() {
            row.sources.clone_from(&open);
        }
    }
}

fn create(root: &Section, names: &Names, marks: &mut Marks, report: &mut Report) -> Create {
    let mut create = Create { by: vec![Who::Anyone], assign_to: Holder::CreatedBy };
    let Some(table) = root.table("create", report) else { return create };
    let section = Section::open("[create]", table.span, table.value, &CREATE_KEYS, report);
    if let Some(by) = section.text_or_texts("by", report) {
        create.by = by.value.iter().filter_map(|word| people::creator(word, report)).collect();
    }
    if let Some(word) = section.text("assign_to", report) {
        marks.holder = Some(word.span.clone());
        match people::holder(&word, names, report) {
            Some(Holder::Same) => {
                let help = said!("name a user field, \"created_by\" or \"user:name\"");
                report.error(&word.span, said!("a new item is assigned to nobody yet"), help);
            }
            Some(holder) => create.assign_to = holder,
            None => {}
        }
    }
    create
}

fn view(root: &Section, names: &Names, report: &mut Report) -> Vec<Who> {
    let Some(table) = root.table("view", report) else { return vec![Who::Anyone] };
    let section = Section::open("[view]", table.span, table.value, &VIEW_KEYS, report);
    let by = section.text_or_texts("by", report);
    by.map_or_else(
        || vec![Who::Anyone],
        |by| by.value.iter().filter_map(|word| people::who(word, names, report)).collect(),
    )
}

fn columns(root: &Section, title: Option<&String>, names: &Names, report: &mut Report) -> Vec<String> {
    let table = root.table("list", report);
    let section = table.map(|table| Section::open("[list]", table.span, table.value, &LIST_KEYS, report));
    let Some(given) = section.and_then(|section| section.texts("columns", report)) else {
        let built_in = ["current_state", "assigned_to", "created_by"].map(str::to_owned);
        return title.cloned().into_iter().chain(built_in).collect();
    };
    let mut columns: Vec<String> = Vec::with_capacity(given.value.len());
    for column in given.value {
        let span = column.span.clone();
        let key = if BUILT_INS.contains(&column.value.as_str()) {
            Some(column.value)
        } else {
            column_field(column, names, report)
        };
        match key {
            Some(key) if columns.contains(&key) => {
                report.warning(&span, said!("the column \"{}\" is named twice", key), said!("leave one out"));
            }
            Some(key) => columns.push(key),
            None => {}
        }
    }
    columns
}

fn column_field(column: At<String>, names: &Names, report: &mut Report) -> Option<String> {
    if names.fields.contains_key(&column.value) || names.broken.contains(&column.value) {
        return Some(column.value);
    }
    let known: Vec<&str> = names.fields.keys().map(String::as_str).chain(BUILT_INS).collect();
    let help = words::nearest_or_all(&column.value, known.iter().copied());
    report.error(&column.span, said!("there is no field \"{}\" for a column", column.value), help);
    None
}
