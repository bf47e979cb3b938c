//! A project as a flow file, laid out as those that come along, with what was changed said beside it.

use std::fmt::Write as _;

use super::{
    field::{Field, Type},
    project::Project,
    python::Place,
    table::Row,
};

/// A flow file, and which line of Python each part of it is from.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) text: String,
    anchors: Vec<(usize, Place)>,
}

impl Written {
    fn at(&mut self, place: Place) {
        self.anchors.push((self.text.len(), place));
    }

    fn line(&mut self, key: &str, value: &str) {
        let _ = writeln!(self.text, "{key} = {value}");
    }

    fn words(&mut self, key: &str, value: &str) {
        self.line(key, &quoted(value));
    }

    /// Where in the Python a byte of the text comes from.
    pub(super) fn origin(&self, byte: usize) -> Option<Place> {
        self.anchors.iter().rev().find(|(start, _)| *start <= byte).map(|(_, place)| *place)
    }
}

/// A text as TOML: on one line.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.replace('\n', " ")).to_string()
}

/// A text as TOML: several lines as they are.
fn block(text: &str) -> String {
    if text.contains('\n') {
        let body = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\r', "");
        let plain: String = body.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        format!("\"\"\"\n{plain}\"\"\"")
    } else {
        quoted(text)
    }
}

/// The name of the file of a flow.
pub(super) fn file_name(project: &Project) -> String {
    format!("{}.toml", project.key)
}

pub(super) fn write(project: &Project, source: &str) -> Written {
    let mut out = Written { text: String::new(), anchors: Vec::new() };
    let _ =
        writeln!(out.text, "# {}: carried over from {source}, line {}.", one_line(&project.title), project.place.line);
    out.text.push('\n');
    out.at(project.place);
    out.words("key", &project.key);
    out.words("name", &one_line(&project.title));
    if let Some(prefix) = &project.prefix {
        out.words("item_prefix", prefix);
    }
    if let Some(title) = project.fields.iter().find(|field| field.ty == Type::Text && !field.hidden) {
        out.words("title", &title.key);
    }
    for field in &project.fields {
        one_field(&mut out, field);
    }
    for row in &project.rows {
        one_row(&mut out, row);
    }
    out
}

fn one_field(out: &mut Written, field: &Field) {
    out.text.push('\n');
    out.at(field.place);
    out.text.push_str("[[field]]\n");
    out.words("key", &field.key);
    out.words("label", &one_line(&field.label));
    out.words("type", type_name(&field.ty));
    for remark in &field.remarks {
        out.text.pop();
        let _ = writeln!(out.text, "  # {remark}");
    }
    match &field.ty {
        Type::Choice(pairs) => {
            let mut words: Vec<String> = Vec::new();
            for (_, word) in pairs {
                let word = quoted(word);
                if !words.contains(&word) {
                    words.push(word);
                }
            }
            out.line("choices", &format!("[{}]", words.join(", ")));
        }
        Type::Item(Some(flow)) => out.words("flow", flow),
        Type::Number { decimals: Some(decimals) } => out.line("decimals", &decimals.to_string()),
        _ => {}
    }
    if matches!(field.ty, Type::Text | Type::Textarea)
        && let Some(length) = field.max_length
    {
        out.line("max_length", &length.clamp(1, 1_000_000).to_string());
    }
    if field.required {
        out.line("required", "true");
    }
    if let Some(default) = &field.default {
        match field.ty {
            Type::Number { .. } | Type::Bool => out.line("default", default),
            _ => out.line("default", &block(default)),
        }
    }
    if let Some(hint) = &field.hint {
        out.words("hint", hint);
    }
    if let Some(help) = &field.help {
        out.words("help", help);
    }
    if let Some(width) = field.width {
        out.line("width", &width.to_string());
    }
    if let (Some(rows), Type::Textarea) = (field.rows, &field.ty) {
        out.line("rows", &rows.to_string());
    }
    for (word, holds) in [("readonly", field.readonly), ("hidden", field.hidden)] {
        if holds {
            out.line(word, "true");
        }
    }
}

fn one_row(out: &mut Written, row: &Row) {
    out.text.push('\n');
    out.at(row.place);
    if row.added {
        out.text.push_str("# not in the original: every item must be able to come to an end\n");
    }
    out.text.push_str("[[transition]]\n");
    out.words("source", &row.source);
    out.words("trigger", &row.trigger);
    out.words("dest", &row.dest);
    if !row.condition.is_empty() {
        let terms: Vec<String> = row.condition.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        out.line("condition", &format!("{{ {} }}", terms.join(", ")));
    }
    if let Some(holder) = &row.assign_to {
        out.words("assign_to", holder);
    }
    if row.back {
        out.line("back", "true");
    }
}

fn type_name(ty: &Type) -> &'static str {
    match ty {
        Type::Text => "text",
        Type::Textarea => "textarea",
        Type::Choice(_) => "choice",
        Type::User => "user",
        Type::Number { .. } => "number",
        Type::Date => "date",
        Type::Datetime => "datetime",
        Type::Bool => "bool",
        Type::Url => "url",
        Type::Item(_) => "item",
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
