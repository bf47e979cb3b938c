//! What a condition looks at: which fields, compared with which values, and whether that is all there is to it.

use std::collections::BTreeMap;

use super::tree::{Comparison, Expr, Val};
use crate::Value;

/// What a condition looks at.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reads {
    /// By field: the values that it is compared with, one by one.
    pub(crate) fields: BTreeMap<String, Vec<Value>>,
    /// It also looks at what has endless values: the time, people, a text's letters, a sum.
    pub(crate) is_open: bool,
}

impl Reads {
    pub(super) fn of(tree: &Expr) -> Reads {
        let mut reads = Reads::default();
        reads.truth(tree);
        reads
    }

    fn truth(&mut self, tree: &Expr) {
        match tree {
            Expr::Value(_) => {}
            Expr::Field { key, .. } => self.see(key, None),
            Expr::Not(inner) => self.truth(inner),
            Expr::And(left, right) | Expr::Or(left, right) => {
                self.truth(left);
                self.truth(right);
            }
            Expr::If(parts) => {
                self.truth(&parts.0);
                self.truth(&parts.1);
                self.truth(&parts.2);
            }
            Expr::Compare { how, sides, .. } => self.compare(*how, &sides.0, &sides.1),
            Expr::In { sides, .. } => self.among(&sides.0, &sides.1),
            _ => self.open(tree),
        }
    }

    fn compare(&mut self, how: Comparison, left: &Expr, right: &Expr) {
        match (left, right) {
            (Expr::State, Expr::Value(_)) | (Expr::Value(_), Expr::State) => {}
            (Expr::Field { key, .. }, Expr::Value(value)) | (Expr::Value(value), Expr::Field { key, .. }) => {
                let is_order = !matches!(how, Comparison::Equal | Comparison::Unequal);
                match constant(value) {
                    Some(Value::Text(_)) if is_order => self.open(left),
                    Some(value) => self.see(key, Some(value)),
                    None => self.open(left),
                }
                self.see(key, None);
            }
            _ => {
                self.open(left);
                self.open(right);
            }
        }
    }

    fn among(&mut self, one: &Expr, list: &Expr) {
        match (one, list) {
            (Expr::State, Expr::List(items)) if items.iter().all(|item| matches!(item, Expr::Value(_))) => {}
            (Expr::State, Expr::Value(Val::List(_))) => {}
            (Expr::Field { key, .. }, Expr::List(items)) => {
                for item in items {
                    match item {
                        Expr::Value(value) => match constant(value) {
                            Some(value) => self.see(key, Some(value)),
                            None => self.is_open = true,
                        },
                        other => self.open(other),
                    }
                }
            }
            (Expr::Field { key, .. }, Expr::Value(Val::List(items))) => {
                for item in items {
                    match constant(item) {
                        Some(value) => self.see(key, Some(value)),
                        None => self.is_open = true,
                    }
                }
            }
            (Expr::Value(value), Expr::Field { key, .. }) => match constant(value) {
                Some(value) => self.see(key, Some(value)),
                None => self.is_open = true,
            },
            _ => {
                self.open(one);
                self.open(list);
            }
        }
    }

    /// Not all of it can be told apart; the fields in it are looked at all the same.
    fn open(&mut self, tree: &Expr) {
        self.is_open = true;
        match tree {
            Expr::Field { key, .. } => self.see(key, None),
            Expr::Not(inner) | Expr::Negate(inner) | Expr::Size(inner) | Expr::Day(inner) => self.open(inner),
            Expr::And(left, right) | Expr::Or(left, right) => {
                self.open(left);
                self.open(right);
            }
            Expr::If(parts) => [&parts.0, &parts.1, &parts.2].into_iter().for_each(|part| self.open(part)),
            Expr::Compare { sides, .. }
            | Expr::In { sides, .. }
            | Expr::Arithmetic(_, sides)
            | Expr::Join(sides)
            | Expr::Find { sides, .. } => {
                self.open(&sides.0);
                self.open(&sides.1);
            }
            Expr::List(items) => items.iter().for_each(|item| self.open(item)),
            _ => {}
        }
    }

    fn see(&mut self, key: &str, value: Option<Value>) {
        let known = self.fields.entry(key.to_owned()).or_default();
        if let Some(value) = value.filter(|value| !value.is_empty() && !known.contains(value)) {
            known.push(value);
        }
    }
}

/// A value that a field can hold; nothing stands for null.
fn constant(value: &Val) -> Option<Value> {
    Some(match value {
        Val::Null => Value::Empty,
        Val::Bool(yes) => Value::Bool(*yes),
        Val::Number(number) => Value::Number(*number),
        Val::Text(text) if text.is_empty() => Value::Empty,
        Val::Text(text) => Value::Text(text.to_string()),
        Val::Date(day) => Value::Date(*day),
        Val::Instant(_) | Val::List(_) => return None,
    })
}
