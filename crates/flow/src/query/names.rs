//! What the names in a query stand for.

use jiff::civil::Date;

use super::{Column, QueryProblem, problem};
use crate::{Field, Flow, Kind, said::said, words::day};

pub(super) fn field_of<'a>(flow: &'a Flow, column: &Column) -> Option<&'a Field> {
    match column {
        Column::Field(key) => flow.fields.get(key),
        _ => None,
    }
}

/// The column that a name means: a built-in, `id`, a field's key, a field's label.
#[must_use]
pub fn column_named(flow: &Flow, name: &str) -> Option<Column> {
    match name {
        "id" | "ID" | "number" if !flow.fields.values().any(|field| field.label == name) => Some(Column::Number),
        _ => column(flow, name),
    }
}

/// [`column_named`], of a name at this place (in characters) of what was asked.
///
/// # Errors
/// There is none.
pub fn column_asked(flow: &Flow, (name, position): (&str, usize)) -> Result<Column, QueryProblem> {
    match name.trim() {
        "" => Err(problem(position, said!("here the name of a field must stand"))),
        name => column_named(flow, name).ok_or_else(|| no_column(position, flow, name)),
    }
}

/// Whether the flow has a state of that name.
///
/// # Errors
/// It has none.
pub fn state_asked(flow: &Flow, name: &str) -> Result<(), QueryProblem> {
    if flow.states.contains_key(name) { Ok(()) } else { Err(problem(0, said!("there is no state \"{}\"", name))) }
}

/// The field of texts, short or long, of that key or label.
///
/// # Errors
/// There is none.
pub fn text_field_asked<'a>(flow: &'a Flow, name: &str) -> Result<&'a Field, QueryProblem> {
    let known = column(flow, name);
    let field = known.as_ref().and_then(|column| field_of(flow, column));
    field
        .filter(|field| matches!(field.kind, Kind::Text { .. } | Kind::Textarea { .. }))
        .ok_or_else(|| problem(0, said!("there is no text field \"{}\"", name)))
}

/// A day as it is written in addresses: `2026-05-31`.
///
/// # Errors
/// It is none.
pub fn day_asked(text: &str) -> Result<Date, QueryProblem> {
    day(text).ok_or_else(|| problem(0, said!("\"{}\" is no day: write 2026-05-31", text)))
}

/// The column of that name: a built-in, a field's key, a field's label.
pub(super) fn column(flow: &Flow, name: &str) -> Option<Column> {
    Some(match name {
        "state" | "current_state" => Column::State,
        "assigned_to" => Column::AssignedTo,
        "created_by" => Column::CreatedBy,
        "created" | "created_at" => Column::Created,
        "updated" | "updated_at" => Column::Updated,
        "closed" | "closed_at" => Column::Closed,
        key if flow.fields.contains_key(key) => Column::Field(key.to_owned()),
        label => match flow.fields.values().find(|field| field.label == label) {
            Some(field) => Column::Field(field.key.clone()),
            None => match label {
                "当前状态" => Column::State,
                "当前处理人" => Column::AssignedTo,
                "创建人" | "报告人" => Column::CreatedBy,
                "创建时间" => Column::Created,
                "更新时间" => Column::Updated,
                "关闭时间" => Column::Closed,
                _ => return None,
            },
        },
    })
}

pub(super) fn no_column(position: usize, flow: &Flow, name: &str) -> QueryProblem {
    let known = flow.fields.keys().map(String::as_str).chain([
        "state",
        "assigned_to",
        "created_by",
        "created",
        "updated",
        "closed",
    ]);
    let near = known.map(|known| (strsim::damerau_levenshtein(known, name), known)).min().filter(|(far, _)| *far <= 2);
    match near {
        Some((_, near)) => problem(position, said!("there is no field \"{}\"; is it \"{}\"?", name, near)),
        None => problem(position, said!("there is no field \"{}\"", name)),
    }
}
