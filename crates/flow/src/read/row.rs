//! `[[transition]]`: the rows of the table.

use std::ops::Range;

use indexmap::IndexMap;
use toml::de::{DeTable, DeValue};

use super::{
    Names,
    document::{At, Report, Section, entries, inside, kind_of, text_of},
    field::is_key,
    people::{holder, who},
    preset::{Place, misfit, preset},
};
use crate::said::said;
use crate::{BUILT_INS, CommentRule, Condition, Holder, Kind, Open, Preset, Transition, Who, condition::Scope, words};

pub(super) const KEYS: [&str; 12] = [
    "source",
    "trigger",
    "dest",
    "condition",
    "unmet",
    "assign_to",
    "by",
    "required",
    "set",
    "comment",
    "create",
    "back",
];
/// Of its `create`.
pub(super) const OPEN_KEYS: [&str; 3] = ["flow", "link", "copy"];

/// Where the parts of a row stand.
#[derive(Debug, Clone)]
pub(crate) struct RowMarks {
    pub(crate) trigger: Range<usize>,
    /// Each source as written; for `"*"` none.
    pub(crate) sources: Vec<At<String>>,
    pub(crate) assign_to: Option<Range<usize>>,
    pub(crate) by: Option<Range<usize>>,
    pub(crate) create: Option<OpenMarks>,
    pub(crate) condition: Option<Range<usize>>,
    /// By the field: where `required` names it.
    pub(crate) required: IndexMap<String, Range<usize>>,
    /// By the field: what `set` writes.
    pub(crate) set: IndexMap<String, Range<usize>>,
}

/// Where the parts of a `create` stand.
#[derive(Debug, Clone)]
pub(crate) struct OpenMarks {
    pub(crate) flow: Range<usize>,
    /// By the new item's field: the key, the value.
    pub(crate) copy: IndexMap<String, (Range<usize>, Range<usize>)>,
}

/// A row of which only the way is read: what the states are made of.
#[derive(Debug)]
pub(crate) struct Way<'a> {
    section: Section<'a>,
    /// Empty for `"*"`.
    pub(crate) sources: Vec<At<String>>,
    pub(crate) trigger: At<String>,
    pub(crate) dest: At<String>,
}

/// Reads source, trigger and dest of every row; `false`: some row's could not be read.
pub(crate) fn ways<'a>(root: &Section<'a>, report: &mut Report) -> (Vec<Way<'a>>, bool) {
    let (mut ways, mut whole) = (Vec::new(), true);
    for table in root.tables("transition", report) {
        let section = Section::open("[[transition]]", table.span, table.value, &KEYS, report);
        let errors_before = report.errors();
        let sources = sources(&section, report);
        let trigger = section.name_needed("trigger", report);
        let dest = section.name_needed("dest", report);
        if let Some(dest) = dest.as_ref().filter(|dest| dest.value == "*") {
            report.error(&dest.span, said!("\"*\" is no state"), said!("a row leads to one state: name it"));
        }
        match (sources, trigger, dest) {
            (Some(sources), Some(trigger), Some(dest)) if report.errors() == errors_before => {
                ways.push(Way { section, sources, trigger, dest });
            }
            _ => whole = false,
        }
    }
    (ways, whole)
}

fn sources(section: &Section, report: &mut Report) -> Option<Vec<At<String>>> {
    let Some(entry) = section.get("source") else {
        report.error(
            &section.span,
            said!("[[transition]] has no \"source\""),
            said!("add source = \"…\", or source = \"*\""),
        );
        return None;
    };
    if matches!(entry.value, DeValue::String(_)) {
        let one = section.name("source", report)?;
        return Some(if one.value == "*" { Vec::new() } else { vec![one] });
    }
    let list = section.texts("source", report)?;
    if list.value.is_empty() {
        report.error(&list.span, said!("this row has no source"), said!("name a state, or write source = \"*\""));
        return None;
    }
    let mut seen: Vec<&str> = Vec::new();
    for source in &list.value {
        super::document::named("source", source, report);
        if source.value == "*" {
            report.error(
                &source.span,
                said!("\"*\" is no state"),
                said!("write source = \"*\" alone: it means every state"),
            );
        } else if seen.contains(&source.value.as_str()) {
            report.error(&source.span, said!("\"{}\" is named twice", source.value), said!("leave one out"));
        }
        seen.push(&source.value);
    }
    Some(list.value)
}

/// Reads the rest of a row.
pub(crate) fn row(way: Way, names: &Names, states: Option<&[String]>, report: &mut Report) -> (Transition, RowMarks) {
    let Way { section, sources, trigger, dest } = way;
    let condition = condition(&section, names, states, report);
    let assign_word = section.text("assign_to", report);
    let assign_to = assign_word.as_ref().and_then(|word| holder(word, names, report)).unwrap_or(Holder::Same);
    let by_words = section.text_or_texts("by", report);
    let by = match &by_words {
        Some(words) => words.value.iter().filter_map(|word| who(word, names, report)).collect(),
        None => vec![Who::AssignedTo],
    };
    let required = section.texts("required", report).map(|list| list.value).unwrap_or_default();
    let required_marks = required.iter().map(|word| (word.value.clone(), word.span.clone())).collect();
    let mut required: Vec<String> = required.into_iter().filter_map(|word| names.field(word, report)).collect();
    let mut seen = std::collections::BTreeSet::new();
    required.retain(|key| seen.insert(key.clone()));
    let open = section.table("create", report).and_then(|table| open(&table, names, report));
    let (create, create_marks) = open.unzip();
    let (set, set_marks) = set(&section, names, report);
    let row = Transition {
        sources: sources.iter().map(|source| source.value.clone()).collect(),
        trigger: trigger.value,
        dest: dest.value,
        condition,
        unmet: section.text("unmet", report).map(|unmet| unmet.value),
        assign_to,
        by,
        required,
        set,
        comment: comment(&section, report),
        create,
        back: section.flag("back", report),
    };
    let marks = RowMarks {
        trigger: trigger.span,
        sources,
        assign_to: assign_word.map(|word| word.span),
        by: by_words.map(|words| words.span),
        create: create_marks,
        condition: section.get("condition").map(|entry| entry.span.clone()),
        required: required_marks,
        set: set_marks,
    };
    (row, marks)
}

fn comment(section: &Section, report: &mut Report) -> CommentRule {
    let Some(word) = section.text("comment", report) else { return CommentRule::Optional };
    match word.value.as_str() {
        "none" => CommentRule::None,
        "optional" => CommentRule::Optional,
        "required" => CommentRule::Required,
        other => {
            let help = words::nearest_or_all(other, ["none", "optional", "required"]);
            report.error(&word.span, said!("\"comment\" cannot be \"{}\"", other), help);
            CommentRule::Optional
        }
    }
}

fn condition(section: &Section, names: &Names, states: Option<&[String]>, report: &mut Report) -> Option<Condition> {
    let entry = section.get("condition")?;
    match entry.value {
        DeValue::String(_) => {
            let text = section.text("condition", report)?;
            let scope = Scope { fields: &names.fields, states, broken: &names.broken };
            match Condition::compile_in(&text.value, &scope) {
                Ok(condition) => Some(condition),
                Err(problems) => {
                    for problem in problems {
                        let place = inside(report.text, &text.span, &problem.span);
                        report.error(&place, problem.message, problem.help);
                    }
                    None
                }
            }
        }
        DeValue::Table(table) => equalities(table, &entry.span, names, states, report),
        other => {
            let message = said!("\"condition\" must be an expression or a table, but this is {}", kind_of(other));
            report.error(
                &entry.span,
                message,
                said!("write condition = 'issue_level == \"…\"' or {{ issue_level = \"…\" }}"),
            );
            None
        }
    }
}

/// The table form. An empty table asks nothing: no condition.
fn equalities(
    table: &DeTable,
    span: &Range<usize>,
    names: &Names,
    states: Option<&[String]>,
    report: &mut Report,
) -> Option<Condition> {
    let mut values = IndexMap::new();
    for entry in entries(table) {
        let value = match names.fields.get(entry.key) {
            Some(field) => preset(field, entry.value, &entry.span, Place::Equality, report),
            None if names.broken.contains(entry.key) => None,
            None => built_in(entry.key, entry.value, &entry.key_span, &entry.span, names, states, report),
        };
        if let Some(value) = value {
            values.insert(entry.key.to_owned(), value);
        }
    }
    let text = report.text.get(span.clone()).unwrap_or_default();
    (!values.is_empty()).then(|| Condition::equalities(text, &names.fields, &values))
}

/// `current_state`, `created_by` and `assigned_to` in the table form.
fn built_in(
    key: &str,
    value: &DeValue,
    key_span: &Range<usize>,
    span: &Range<usize>,
    names: &Names,
    states: Option<&[String]>,
    report: &mut Report,
) -> Option<Preset> {
    let text = |text: String| Some(Preset::Value(crate::Value::Text(text)));
    match key {
        "current_state" => {
            let state = text_of(key, value, span, report)?;
            if let Some(states) = states.filter(|states| !states.contains(&state.value)) {
                let help = words::nearest_or_all(&state.value, states.iter().map(String::as_str));
                report.error(span, said!("there is no state \"{}\"", state.value), help);
            }
            text(state.value)
        }
        "created_by" => text(bare_user(&text_of(key, value, span, report)?.value)),
        "assigned_to" => {
            let list = super::document::texts_of(key, value, span, report)?;
            let users = list.value.iter().map(|user| bare_user(&user.value)).collect();
            Some(Preset::Value(crate::Value::List(users)))
        }
        _ if BUILT_INS.contains(&key) => {
            let help = said!("write an expression: condition = '{} < now'", key);
            report.error(key_span, said!("\"{}\" cannot be asked in a table", key), help);
            None
        }
        _ => {
            names.field(At { span: key_span.clone(), value: key.to_owned() }, report);
            None
        }
    }
}

fn bare_user(text: &str) -> String {
    text.strip_prefix("user:").unwrap_or(text).to_owned()
}

/// What the row sets, and where each value stands.
fn set(
    section: &Section,
    names: &Names,
    report: &mut Report,
) -> (IndexMap<String, Preset>, IndexMap<String, Range<usize>>) {
    let (mut values, mut spans) = (IndexMap::new(), IndexMap::new());
    let Some(table) = section.table("set", report) else { return (values, spans) };
    for entry in entries(table.value) {
        if BUILT_INS.contains(&entry.key) {
            report.error(&entry.key_span, said!("\"{}\" cannot be set", entry.key), said!("the row itself changes it"));
            continue;
        }
        let Some(key) = names.field(At { span: entry.key_span.clone(), value: entry.key.to_owned() }, report) else {
            continue;
        };
        let Some(field) = names.fields.get(&key) else { continue };
        if let Some(value) = preset(field, entry.value, &entry.span, Place::Set, report) {
            values.insert(key.clone(), value);
            spans.insert(key, entry.span);
        }
    }
    for (key, value) in &values {
        let Some(field) = names.fields.get(key) else { continue };
        let Some(parent) = field.parent().and_then(|parent| values.get(parent)) else { continue };
        if misfit(field, Some(parent), value).is_some()
            && let Some(span) = spans.get(key)
        {
            report.error(
                span,
                said!("\"{}\" does not offer this under what the row sets", key),
                said!("set words that fit"),
            );
        }
    }
    (values, spans)
}

fn open(table: &At<&DeTable>, names: &Names, report: &mut Report) -> Option<(Open, OpenMarks)> {
    let section = Section::open("create", table.span.clone(), table.value, &OPEN_KEYS, report);
    let flow = section.text_needed("flow", report);
    let link = section.text_needed("link", report);
    if let Some(flow) = flow.as_ref().filter(|flow| !is_key(&flow.value)) {
        report.error(&flow.span, said!("\"{}\" is no key of a flow", flow.value), said!("name a flow by its key"));
    }
    if let (Some(flow), Some(link)) = (&flow, &link) {
        link_takes(flow, link, names, report);
    }
    let (mut copy, mut copy_marks) = (IndexMap::new(), IndexMap::new());
    let copied = section.table("copy", report).map(|table| entries(table.value)).unwrap_or_default();
    for entry in copied {
        let Some(from) = text_of(entry.key, entry.value, &entry.span, report) else { continue };
        if let Some(from) = names.field(from, report) {
            copy_marks.insert(entry.key.to_owned(), (entry.key_span, entry.span));
            copy.insert(entry.key.to_owned(), from);
        }
    }
    let (flow, link) = (flow?, link?);
    let marks = OpenMarks { flow: flow.span, copy: copy_marks };
    Some((Open { flow: flow.value, link: link.value, copy }, marks))
}

/// The link must be an item field that takes items of that flow.
fn link_takes(flow: &At<String>, link: &At<String>, names: &Names, report: &mut Report) {
    let Some(key) = names.field(link.clone(), report) else { return };
    match names.fields.get(&key).map(|field| &field.kind) {
        Some(Kind::Item { flow: Some(wanted) }) if *wanted != flow.value => {
            let message = said!("\"{}\" links to flow \"{}\", not to \"{}\"", key, wanted, flow.value);
            report.error(&link.span, message, said!("name a field that links to it"));
        }
        Some(Kind::Item { .. }) | None => {}
        Some(_) => {
            let items = names.fields.values().filter(|field| matches!(field.kind, Kind::Item { .. }));
            let help = said!("the item fields are {}", words::listed(items.map(|field| field.key.as_str())));
            report.error(&link.span, said!("\"{}\" is no item field", key), help);
        }
    }
}
