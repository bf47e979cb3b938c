//! What the names in a query stand for.

use super::{Column, QueryProblem, problem};
use crate::{Field, Flow, said::said};

pub(super) fn field_of<'a>(flow: &'a Flow, column: &Column) -> Option<&'a Field> {
    match column {
        Column::Field(key) => flow.fields.get(key),
        _ => None,
    }
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
