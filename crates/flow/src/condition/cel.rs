//! A condition as an expression for others to read, whichever form the file gave it.

use super::{
    Condition,
    tree::{Expr, Val},
};
use crate::value::decimal;

impl Condition {
    /// As a CEL expression: as written, or what a table of equalities stands for.
    #[must_use]
    pub fn cel(&self) -> String {
        if self.is_table { cel(&self.tree) } else { self.text.clone() }
    }
}

/// What a table is made of; an expression is not printed from its tree.
fn cel(expr: &Expr) -> String {
    let name = |name: &str| name.to_owned();
    match expr {
        Expr::And(left, right) => format!("{} && {}", cel(left), cel(right)),
        Expr::Compare { sides, .. } => format!("{} == {}", cel(&sides.0), cel(&sides.1)),
        Expr::Field { key, .. } => key.clone(),
        Expr::State => name("current_state"),
        Expr::AssignedTo => name("assigned_to"),
        Expr::CreatedBy => name("created_by"),
        Expr::Today => name("today"),
        Expr::Now => name("now"),
        Expr::Moment(moment) => quoted(&moment.to_string()),
        Expr::List(list) => format!("[{}]", list.iter().map(cel).collect::<Vec<_>>().join(", ")),
        Expr::Value(value) => literal(value),
        _ => String::new(),
    }
}

fn literal(value: &Val) -> String {
    match value {
        Val::Null => "null".to_owned(),
        Val::Bool(value) => value.to_string(),
        Val::Number(number) => decimal(*number),
        Val::Text(text) => quoted(text),
        Val::Date(day) => format!("date(\"{day}\")"),
        Val::Instant(moment) => quoted(&moment.to_string()),
        Val::List(list) => format!("[{}]", list.iter().map(literal).collect::<Vec<_>>().join(", ")),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
