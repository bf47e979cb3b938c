//! What was tried, written as a scenario.

use std::fmt::Write as _;

use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::{
    Input,
    trial::{Act, Person},
};

/// One thing that was done in a trial, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// Who did it.
    pub by: String,
    /// What.
    pub act: Act,
    /// The state after it; none: there was no item.
    pub state: Option<String>,
    /// The holders after it.
    pub holders: Vec<String>,
    /// What it was refused with, in the words of the API.
    pub refused: Option<&'static str>,
}

/// The text of a file with one scenario: what was done, and that the same must come of it.
#[must_use]
pub fn scenarios_text(name: &str, people: &IndexMap<String, Person>, done: &[Done]) -> String {
    let mut out = String::new();
    if !people.is_empty() {
        out.push_str("[people]\n");
        for (name, person) in people {
            line(&mut out, &bare(name), &person_text(person));
        }
        out.push('\n');
    }
    out.push_str("[[scenario]]\n");
    line(&mut out, "name", &quoted(name));
    for one in done {
        out.push_str("\n[[scenario.step]]\n");
        line(&mut out, "by", &quoted(&one.by));
        act(&mut out, &one.act);
        if let Some(code) = one.refused {
            line(&mut out, "refused", &quoted(code));
        }
        if let Some(state) = &one.state {
            line(&mut out, "state", &quoted(state));
            let holders: Vec<String> = one.holders.iter().map(|holder| quoted(holder)).collect();
            match &holders[..] {
                [one] => line(&mut out, "holder", one),
                several => line(&mut out, "holder", &format!("[{}]", several.join(", "))),
            }
        }
    }
    out
}

fn act(out: &mut String, act: &Act) {
    match act {
        Act::Create(fields) => line(out, "create", &table(fields)),
        Act::Save(fields) => line(out, "save", &table(fields)),
        Act::HandOver(to) => line(out, "hand_over", &quoted(to)),
        Act::Comment(text) => line(out, "comment", &quoted(text)),
        Act::Press { trigger, fields, comment } => {
            line(out, "press", &quoted(trigger));
            if !fields.is_empty() {
                line(out, "fields", &table(fields));
            }
            if let Some(comment) = comment {
                line(out, "comment", &quoted(comment));
            }
        }
    }
}

fn line(out: &mut String, key: &str, value: &str) {
    // Writing to a String does not fail.
    let _ = writeln!(out, "{key} = {value}");
}

fn person_text(person: &Person) -> String {
    let mut parts = Vec::new();
    if !person.groups.is_empty() {
        let groups: Vec<String> = person.groups.iter().map(|group| quoted(group)).collect();
        parts.push(format!("groups = [{}]", groups.join(", ")));
    }
    parts.extend(person.admin.then(|| "admin = true".to_owned()));
    parts.extend(person.disabled.then(|| "disabled = true".to_owned()));
    if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) }
}

fn table(fields: &Input) -> String {
    let pairs: Vec<String> = fields.iter().map(|(key, json)| format!("{} = {}", bare(key), value(json))).collect();
    if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
}

fn value(json: &Json) -> String {
    match json {
        Json::Null => quoted(""),
        Json::String(text) => quoted(text),
        Json::Array(items) => format!("[{}]", items.iter().map(value).collect::<Vec<_>>().join(", ")),
        Json::Object(entries) => {
            let pairs: Vec<String> =
                entries.iter().map(|(key, json)| format!("{} = {}", bare(key), value(json))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        plain => plain.to_string(),
    }
}

/// A key, in quotes where TOML needs them.
fn bare(key: &str) -> String {
    let plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if plain { key.to_owned() } else { quoted(key) }
}

/// A text as TOML writes it: as JSON does, but for one letter.
fn quoted(text: &str) -> String {
    Json::from(text).to_string().replace('\u{7f}', "\\u007F")
}
