//! `[[field]]`.

use std::ops::Range;

use indexmap::IndexMap;
use regex::Regex;
use toml::de::{DeTable, DeValue};

use super::{
    Names,
    document::{At, Report, Section, entries, kind_of, texts_of},
    number::decimal,
    preset::{Place, misfit, number_text, preset},
};
use crate::said::said;
use crate::{BUILT_INS, Choices, Field, Kind, Preset, condition::all_words, words};

pub(super) const KEYS: [&str; 20] = [
    "key",
    "label",
    "type",
    "required",
    "default",
    "hint",
    "help",
    "max_length",
    "pattern",
    "width",
    "rows",
    "choices",
    "parent",
    "multiple",
    "min",
    "max",
    "decimals",
    "flow",
    "readonly",
    "hidden",
];
pub(super) const TYPES: [&str; 10] =
    ["text", "textarea", "choice", "user", "number", "date", "datetime", "bool", "url", "item"];
pub(super) const RESERVED: [&str; 20] = [
    "today", "now", "date", "actor", "anyone", "me", "state", "created", "updated", "closed", "was", "reached",
    "changed", "and", "or", "not", "in", "true", "false", "null",
];

/// Keys that only some types have, and which.
pub(super) const ONLY: [(&str, &[&str]); 9] = [
    ("pattern", &["text"]),
    ("choices", &["choice"]),
    ("parent", &["choice"]),
    ("multiple", &["choice", "user", "item"]),
    ("min", &["number"]),
    ("max", &["number"]),
    ("decimals", &["number"]),
    ("flow", &["item"]),
    ("max_length", &["text", "textarea"]),
];

/// Where the parts of a field stand.
#[derive(Debug, Clone)]
pub(crate) struct FieldMarks {
    pub(crate) kind: Range<usize>,
    pub(crate) flow: Option<Range<usize>>,
}

/// Whether the text is a key of a flow or a field: `[a-z][a-z0-9_]{0,39}`.
#[must_use]
pub fn is_key(text: &str) -> bool {
    let tail = text.bytes().all(|letter| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    text.len() <= 40 && text.starts_with(|first: char| first.is_ascii_lowercase()) && tail
}

/// Reads every `[[field]]`: what is sound goes into `names`, the keys of the others too, so that they are reported once.
pub(crate) fn fields(root: &Section, names: &mut Names, report: &mut Report) -> IndexMap<String, FieldMarks> {
    let mut marks = IndexMap::new();
    for table in root.tables("field", report) {
        let section = Section::open("[[field]]", table.span, table.value, &KEYS, report);
        let errors_before = report.errors();
        let Some(key) = section.text_needed("key", report) else { continue };
        if !key_is_free(&key, names, report) {
            names.broken.insert(key.value);
            continue;
        }
        match field(&section, &key.value, names, report) {
            Some((field, mark)) => {
                marks.insert(key.value.clone(), mark);
                names.fields.insert(key.value.clone(), field);
                if report.errors() > errors_before {
                    names.flawed.insert(key.value);
                }
            }
            None => {
                names.broken.insert(key.value);
            }
        }
    }
    marks
}

fn key_is_free(key: &At<String>, names: &Names, report: &mut Report) -> bool {
    let text = key.value.as_str();
    let (message, help) = match () {
        () if BUILT_INS.contains(&text) => {
            (said!("every flow has \"{}\" already", text), said!("leave this field out, or name it otherwise"))
        }
        () if RESERVED.contains(&text) => {
            (said!("\"{}\" is a word of conditions and queries", text), said!("name the field otherwise"))
        }
        () if !is_key(text) => (
            said!("\"{}\" cannot be a key", text),
            said!("a key is a small letter, then up to 39 of a-z, 0-9 and _; what people see is the label"),
        ),
        () if names.fields.contains_key(text) || names.broken.contains(text) => {
            (said!("there is a field \"{}\" already", text), said!("name one of them otherwise, or leave it out"))
        }
        () => return true,
    };
    report.error(&key.span, message, help);
    false
}

fn field(section: &Section, key: &str, names: &Names, report: &mut Report) -> Option<(Field, FieldMarks)> {
    let label = section.name("label", report).map_or_else(|| key.to_owned(), |label| label.value);
    let required = section.flag("required", report);
    let readonly = section.flag("readonly", report);
    let hidden = section.flag("hidden", report);
    let hint = section.text("hint", report).map(|hint| hint.value);
    let help = section.text("help", report).map(|help| help.value);
    let width = section.count("width", 1..10_000, report).map(|width| width.value);
    let ty = section.text_needed("type", report)?;
    if !TYPES.contains(&ty.value.as_str()) {
        let help = words::nearest_or_all(&ty.value, TYPES);
        report.error(&ty.span, said!("there is no type \"{}\"", ty.value), help);
        return None;
    }
    let multiple = section.flag("multiple", report);
    belongs(section, &ty.value, multiple, report);
    let kind = kind(section, &ty, key, names, report)?;
    let flow = section.get("flow").map(|entry| entry.span.clone());
    let mut field = Field {
        key: key.to_owned(),
        label,
        kind,
        multiple,
        required,
        default: None,
        hint,
        help,
        width,
        readonly,
        hidden,
        generation: 0,
    };
    if let Some(entry) = section.get("default") {
        field.default = preset(&field, entry.value, &entry.span, Place::Default, report);
        default_fits(&field, &entry.span, names, report);
    }
    Some((field, FieldMarks { kind: ty.span, flow }))
}

/// Reports keys that this type does not have.
fn belongs(section: &Section, ty: &str, multiple: bool, report: &mut Report) {
    for (key, types) in ONLY {
        let Some(entry) = section.get(key) else { continue };
        if types.contains(&ty) || (key == "multiple" && !multiple) {
            continue;
        }
        let message = said!("\"{}\" is for {}, not for {}", key, types.join(", "), ty);
        if key == "max_length" {
            report.warning(&entry.key_span, message, said!("it has no effect; leave it out"));
        } else {
            report.error(&entry.key_span, message, said!("leave it out, or change the type"));
        }
    }
}

fn kind(section: &Section, ty: &At<String>, key: &str, names: &Names, report: &mut Report) -> Option<Kind> {
    let max_length = |default: usize, report: &mut Report| {
        let given = section.count("max_length", 1..1_000_001, report);
        given.and_then(|given| usize::try_from(given.value).ok()).unwrap_or(default)
    };
    Some(match ty.value.as_str() {
        "text" => Kind::Text { max_length: max_length(200, report), pattern: pattern(section, report) },
        "textarea" => {
            let rows = section.count("rows", 1..1_000, report).map_or(5, |rows| rows.value);
            Kind::Textarea { max_length: max_length(5000, report), rows }
        }
        "choice" => Kind::Choice(choices(section, key, names, report)?),
        "user" => Kind::User,
        "number" => number(section, report),
        "date" => Kind::Date,
        "datetime" => Kind::Datetime,
        "bool" => Kind::Bool,
        "url" => Kind::Url,
        _ => Kind::Item { flow: flow(section, report) },
    })
}

fn flow(section: &Section, report: &mut Report) -> Option<String> {
    let flow = section.text("flow", report)?;
    if !is_key(&flow.value) {
        report.error(&flow.span, said!("\"{}\" is no key of a flow", flow.value), said!("name a flow by its key"));
    }
    Some(flow.value)
}

fn pattern(section: &Section, report: &mut Report) -> Option<(String, Regex)> {
    let written = section.text("pattern", report)?;
    // Alone first: `a)(b` would only close the brackets put around it.
    let compiled = Regex::new(&written.value).and_then(|_| Regex::new(&format!(r"\A(?:{})\z", written.value)));
    match compiled {
        Ok(regex) => Some((written.value, regex)),
        Err(error) => {
            let last = error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            report.error(
                &written.span,
                said!("this pattern does not compile"),
                said!("{}; a single-quoted text keeps backslashes", last),
            );
            None
        }
    }
}

fn number(section: &Section, report: &mut Report) -> Kind {
    let limit = |key: &str, report: &mut Report| {
        let entry = section.get(key)?;
        let written = number_text(entry.value);
        match written.as_deref().and_then(decimal).filter(|number| number.significant <= 15) {
            Some(number) => Some((number.value, entry.span.clone())),
            None => {
                let message = said!("\"{}\" must be a number of at most 15 digits", key);
                report.error(&entry.span, message, said!("write {} = 0, without quotes", key));
                None
            }
        }
    };
    let (min, max) = (limit("min", report), limit("max", report));
    if let (Some((min, _)), Some((max, span))) = (&min, &max)
        && min > max
    {
        report.error(span, said!("max {} is less than min {}", max, min), said!("swap them"));
    }
    let decimals = section.count("decimals", 0..16, report);
    if let (Some((min, _)), Some((max, _)), Some(At { value, span })) = (&min, &max, &decimals) {
        let steps = |limit: f64| words::round_15(limit * 10_f64.powf(f64::from(*value)));
        if min <= max && steps(*min).ceil() > steps(*max).floor() {
            report.error(
                span,
                said!("no number of {} decimals is from {} to {}", value, min, max),
                said!("allow more decimals"),
            );
        }
    }
    let decimals = decimals.map(|decimals| decimals.value);
    Kind::Number { min: min.map(|(min, _)| min), max: max.map(|(max, _)| max), decimals }
}

fn choices(section: &Section, key: &str, names: &Names, report: &mut Report) -> Option<Choices> {
    let parent = section.text("parent", report);
    let Some(entry) = section.get("choices") else {
        let help = if parent.is_some() {
            said!("add choices = {{ … = [\"…\"] }}")
        } else {
            said!("add choices = [\"…\", \"…\"]")
        };
        report.error(&section.span, said!("the choice \"{}\" has no \"choices\"", key), help);
        return None;
    };
    match (entry.value, parent) {
        (DeValue::Table(table), Some(parent)) => cascade(table, &parent, key, names, report),
        (DeValue::Table(_), None) if section.get("parent").is_some() => None,
        (DeValue::Table(_), None) => {
            report.error(
                &entry.span,
                said!("a table of choices needs a \"parent\""),
                said!("add parent = \"…\", or write a list"),
            );
            None
        }
        (DeValue::Array(_), Some(parent)) => {
            let help = said!("write choices = {{ \"a word of {}\" = [\"…\"] }}", parent.value);
            report.error(&entry.span, said!("under a parent the choices are a table"), help);
            None
        }
        (value, _) => {
            if matches!(value, DeValue::Array(items) if items.is_empty()) {
                report.error(&entry.span, said!("\"{}\" offers no word", key), said!("write choices = [\"…\", \"…\"]"));
            }
            let errors_before = report.errors();
            let words = words_offered("choices", value, &entry.span, report)?;
            // What was wrong with a word would be said again of every value that names it.
            if report.errors() > errors_before {
                return None;
            }
            Some(Choices::Flat(words))
        }
    }
}

fn words_offered(key: &str, value: &DeValue, span: &Range<usize>, report: &mut Report) -> Option<Vec<String>> {
    let given = texts_of(key, value, span, report)?;
    let mut words: Vec<String> = Vec::with_capacity(given.value.len());
    for word in given.value {
        if word.value.is_empty() {
            report.error(
                &word.span,
                said!("an empty word cannot be chosen"),
                said!("leave it out: a choice may stay empty"),
            );
        } else if words.contains(&word.value) {
            report.warning(&word.span, said!("\"{}\" is offered twice", word.value), said!("leave one out"));
        } else if word.value.contains(['\n', '\r']) {
            report.error(&word.span, said!("a word of a choice has a line break"), said!("write it in one line"));
        } else {
            words.push(word.value);
        }
    }
    Some(words)
}

fn cascade(table: &DeTable, parent: &At<String>, key: &str, names: &Names, report: &mut Report) -> Option<Choices> {
    let offered = parent_words(parent, key, names, report);
    let mut under = IndexMap::new();
    for entry in entries(table) {
        if let Some(offered) = &offered
            && !offered.iter().any(|word| word == entry.key)
        {
            let help = words::nearest_or_all(entry.key, offered.iter().map(String::as_str));
            report.error(&entry.key_span, said!("\"{}\" does not offer \"{}\"", parent.value, entry.key), help);
        }
        if !matches!(entry.value, DeValue::Array(_)) {
            let message =
                said!("the choices under \"{}\" must be a list, but this is {}", entry.key, kind_of(entry.value));
            report.error(&entry.span, message, said!("write [\"…\", \"…\"]"));
            continue;
        }
        if let Some(words) = words_offered("choices", entry.value, &entry.span, report) {
            under.insert(entry.key.to_owned(), words);
        }
    }
    offered.is_some().then(|| Choices::Cascade { parent: parent.value.clone(), under })
}

/// The words of the parent; `None` when it cannot be one, which is reported.
fn parent_words(parent: &At<String>, key: &str, names: &Names, report: &mut Report) -> Option<Vec<String>> {
    if names.broken.contains(&parent.value) {
        return None;
    }
    let choices = names.fields.values().filter(|field| matches!(field.kind, Kind::Choice(_)));
    match names.fields.get(&parent.value) {
        Some(Field { kind: Kind::Choice(choices), multiple: false, .. }) => return Some(all_words(choices)),
        Some(Field { kind: Kind::Choice(_), .. }) => {
            let message = said!("the parent \"{}\" holds several values", parent.value);
            report.error(&parent.span, message, said!("a cascade depends on one value: leave out its multiple"));
        }
        Some(_) => {
            let help = said!("the choices before it are {}", words::listed(choices.map(|field| field.key.as_str())));
            report.error(&parent.span, said!("the parent \"{}\" is no choice", parent.value), help);
        }
        None => {
            let near = words::nearest(&parent.value, choices.map(|field| field.key.as_str()));
            let help = match near {
                Some(near) => said!("did you mean \"{}\"?", near),
                None => said!("declare the choice \"{}\" before \"{}\"", parent.value, key),
            };
            report.error(&parent.span, said!("there is no field \"{}\" before \"{}\"", parent.value, key), help);
        }
    }
    None
}

/// A cascade's default must fit its parent's.
fn default_fits(field: &Field, span: &Range<usize>, names: &Names, report: &mut Report) {
    let Some(default) = &field.default else { return };
    let parent = field.parent().and_then(|parent| names.fields.get(parent));
    if parent.is_some_and(|parent| names.flawed.contains(&parent.key)) {
        return;
    }
    if let Some(parent_key) = misfit(field, parent.and_then(|parent| parent.default.as_ref()), default) {
        let given = match parent.and_then(|parent| parent.default.as_ref()) {
            Some(Preset::Value(crate::Value::Text(word))) => said!("under \"{}\"", word),
            _ => said!("without a default of its own"),
        };
        let message = said!("this default does not fit its parent \"{}\" {}", parent_key, given);
        report.error(span, message, said!("choose a word that stands under the parent's default, or leave it out"));
    }
}
