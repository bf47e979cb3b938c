//! Conditions: CEL over the fields of an item, parsed and type-checked once, lowered to a small tree that has only what
//! the language allows, and cheap to ask any number of times.

mod bounds;
mod compile;
mod eval;
mod partial;
#[cfg(test)]
mod tests;
mod tree;
mod types;

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

use indexmap::IndexMap;
use jiff::{Timestamp, tz::TimeZone};

use crate::{Field, Fields, Item, Preset, Said, Value};
use tree::{Comparison, Expr, Val};

pub(crate) use partial::{Against, Parts, Told};
pub(crate) use types::all_words;

/// A condition, parsed and type-checked.
#[derive(Debug, Clone)]
pub struct Condition {
    /// As written in the file.
    pub text: String,
    tree: Expr,
}

/// What a condition is asked about: an item with the values at hand, at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// `current_state`.
    pub state: &'a str,
    /// `assigned_to`.
    pub assigned_to: &'a [String],
    /// `created_by`.
    pub created_by: &'a str,
    /// `created_at`.
    pub created_at: Timestamp,
    /// `updated_at`.
    pub updated_at: Timestamp,
    /// `closed_at`.
    pub closed_at: Option<Timestamp>,
    /// Every other field; one that is absent is empty (false for a `bool`).
    pub fields: &'a Fields,
    /// The moment.
    pub now: Timestamp,
    /// The installation's zone.
    pub zone: &'a TimeZone,
}

/// What is wrong with the text of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionProblem {
    /// Where in the condition's text, in bytes.
    pub span: Range<usize>,
    /// What is wrong, one sentence.
    pub message: Said,
    /// A way out, one sentence.
    pub help: Said,
}

impl<'a> Subject<'a> {
    /// The item as it stands.
    #[must_use]
    pub fn of(item: &'a Item, now: Timestamp, zone: &'a TimeZone) -> Subject<'a> {
        Subject {
            state: &item.state,
            assigned_to: &item.assigned_to,
            created_by: &item.created_by,
            created_at: item.created_at,
            updated_at: item.updated_at,
            closed_at: item.closed_at,
            fields: &item.fields,
            now,
            zone,
        }
    }
}

/// What the names in a condition can mean.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) fields: &'a IndexMap<String, Field>,
    /// The flow's states; `None`: any text may be one.
    pub(crate) states: Option<&'a [String]>,
    /// Fields that were reported already: they fit everything.
    pub(crate) broken: &'a BTreeSet<String>,
}

impl Condition {
    /// Parses and type-checks `text` against the fields.
    ///
    /// # Errors
    /// Everything that is wrong with it; only the first error when it does not parse.
    pub fn compile(text: &str, fields: &IndexMap<String, Field>) -> Result<Condition, Vec<ConditionProblem>> {
        Condition::compile_in(text, &Scope { fields, states: None, broken: &BTreeSet::new() })
    }

    pub(crate) fn compile_in(text: &str, scope: &Scope<'_>) -> Result<Condition, Vec<ConditionProblem>> {
        Ok(Condition { text: text.to_owned(), tree: compile::compile(text, scope)? })
    }

    /// The table form: every field named equals its value. `text` is the table as written; the fields' values are of
    /// their types; a name that is no field is a built-in's.
    pub(crate) fn equalities(
        text: &str,
        fields: &IndexMap<String, Field>,
        entries: &IndexMap<String, Preset>,
    ) -> Condition {
        let equality = |(name, preset): (&String, &Preset)| {
            let (left, empty, fold) = match fields.get(name) {
                Some(field) => {
                    let empty = types::empty_of(field);
                    let fold = types::Type::of(field).is_about_users();
                    (Expr::Field { key: name.clone(), empty }, empty, fold)
                }
                None if name == "current_state" => (Expr::State, tree::Empty::Null, false),
                None if name == "assigned_to" => (Expr::AssignedTo, tree::Empty::List, true),
                None => (Expr::CreatedBy, tree::Empty::Null, true),
            };
            let right = preset_expr(preset, empty);
            Expr::Compare { how: Comparison::Equal, fold, sides: Box::new((left, right)) }
        };
        let tree = entries.iter().map(equality).reduce(|left, right| Expr::And(Box::new(left), Box::new(right)));
        Condition { text: text.to_owned(), tree: tree.unwrap_or(Expr::Value(Val::Bool(true))) }
    }

    /// Whether it holds. What cannot be computed does not hold.
    #[must_use]
    pub fn holds(&self, subject: &Subject) -> bool {
        eval::truth(&self.tree, subject).unwrap_or(false)
    }
}

fn preset_expr(preset: &Preset, empty: tree::Empty) -> Expr {
    match preset {
        Preset::CreatedBy | Preset::Actor if empty == tree::Empty::List => Expr::List(vec![Expr::CreatedBy]),
        Preset::CreatedBy | Preset::Actor => Expr::CreatedBy,
        Preset::Today => Expr::Today,
        Preset::Now => Expr::Now,
        Preset::Local(typed) => Expr::Moment(*typed),
        Preset::List(people) => Expr::List(people.iter().map(|one| preset_expr(one, tree::Empty::Null)).collect()),
        Preset::Value(value) => Expr::Value(constant(value, empty)),
    }
}

fn constant(value: &Value, empty: tree::Empty) -> Val<'static> {
    let text = |value: &String| Val::Text(Cow::Owned(value.clone()));
    match value {
        Value::Empty => match empty {
            tree::Empty::Null => Val::Null,
            tree::Empty::Text => Val::Text(Cow::Borrowed("")),
            tree::Empty::False => Val::Bool(false),
            tree::Empty::List => Val::List(Vec::new()),
        },
        Value::Text(value) => text(value),
        Value::Number(value) => Val::Number(*value),
        Value::Bool(value) => Val::Bool(*value),
        Value::Date(value) => Val::Date(*value),
        Value::Instant(value) => Val::Instant(*value),
        Value::List(values) => Val::List(values.iter().map(text).collect()),
    }
}
