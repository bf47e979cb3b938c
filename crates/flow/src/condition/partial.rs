//! Asking a condition of which only some values are known: it holds, it does not, or that cannot be told yet.

use std::collections::BTreeSet;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Condition, Subject, eval,
    tree::{Comparison, Expr, Val},
};
use crate::{Field, Fields, Flow, Kind, Value};

/// What is known of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Yes,
    No,
    /// It cannot be computed, whatever the rest is.
    Never,
    /// That depends on what is not known.
    Open,
}

/// A condition as parts that are told apart: what joins them, and what they compare.
#[derive(Debug, Clone)]
pub(crate) enum Parts {
    /// Its fields are listed: told once all of them are known.
    Known {
        expr: Expr,
        fields: Vec<String>,
    },
    /// Never told: it compares what no finite set of cases covers.
    Beyond,
    Not(Box<Parts>),
    Both(Box<(Parts, Parts)>),
    Either(Box<(Parts, Parts)>),
    If(Box<(Parts, Parts, Parts)>),
}

/// A value with which a condition compares a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Against {
    pub(crate) field: String,
    /// Stands for itself; `None`: every word that the field offers may matter.
    pub(crate) value: Option<Value>,
}

impl Condition {
    /// Its parts; whatever it compares a field with goes into `against`.
    pub(crate) fn parts(&self, flow: &Flow, against: &mut Vec<Against>) -> Parts {
        parts(&self.tree, flow, against)
    }
}

impl Parts {
    /// The fields that it names, where they can be told.
    pub(crate) fn fields<'a>(&'a self, into: &mut BTreeSet<&'a str>) {
        match self {
            Parts::Known { fields, .. } => into.extend(fields.iter().map(String::as_str)),
            Parts::Beyond => {}
            Parts::Not(inner) => inner.fields(into),
            Parts::Both(sides) | Parts::Either(sides) => {
                sides.0.fields(into);
                sides.1.fields(into);
            }
            Parts::If(three) => {
                three.0.fields(into);
                three.1.fields(into);
                three.2.fields(into);
            }
        }
    }

    /// Whether some of it is never told.
    pub(crate) fn is_beyond(&self) -> bool {
        match self {
            Parts::Known { .. } => false,
            Parts::Beyond => true,
            Parts::Not(inner) => inner.is_beyond(),
            Parts::Both(sides) | Parts::Either(sides) => sides.0.is_beyond() || sides.1.is_beyond(),
            Parts::If(three) => three.0.is_beyond() || three.1.is_beyond() || three.2.is_beyond(),
        }
    }

    /// What is told while only `known` is known: a key that is absent is not, an empty value is.
    pub(crate) fn told(&self, state: &str, known: &Fields) -> Told {
        match self {
            Parts::Known { expr, fields } if fields.iter().all(|key| known.contains_key(key)) => {
                asked(expr, state, known)
            }
            Parts::Known { .. } | Parts::Beyond => Told::Open,
            Parts::Not(inner) => match inner.told(state, known) {
                Told::Yes => Told::No,
                Told::No => Told::Yes,
                other => other,
            },
            Parts::Both(sides) => absorbing(Told::No, sides, state, known),
            Parts::Either(sides) => absorbing(Told::Yes, sides, state, known),
            Parts::If(three) => match three.0.told(state, known) {
                Told::Yes => three.1.told(state, known),
                Told::No => three.2.told(state, known),
                other => other,
            },
        }
    }
}

fn absorbing(winner: Told, sides: &(Parts, Parts), state: &str, known: &Fields) -> Told {
    let left = sides.0.told(state, known);
    if left == winner {
        return winner;
    }
    match (left, sides.1.told(state, known)) {
        (_, right) if right == winner => winner,
        (Told::Open, _) | (_, Told::Open) => Told::Open,
        (Told::Never, _) | (_, Told::Never) => Told::Never,
        (left, _) => left,
    }
}

fn asked(expr: &Expr, state: &str, fields: &Fields) -> Told {
    let (moment, zone) = (Timestamp::UNIX_EPOCH, TimeZone::UTC);
    let subject = Subject {
        state,
        assigned_to: &[],
        created_by: "",
        created_at: moment,
        updated_at: moment,
        closed_at: None,
        fields,
        now: moment,
        zone: &zone,
    };
    match eval::truth(expr, &subject) {
        Ok(true) => Told::Yes,
        Ok(false) => Told::No,
        Err(_) => Told::Never,
    }
}

fn parts(expr: &Expr, flow: &Flow, against: &mut Vec<Against>) -> Parts {
    let both = |sides: &(Expr, Expr), against: &mut Vec<Against>| {
        Box::new((parts(&sides.0, flow, against), parts(&sides.1, flow, against)))
    };
    match expr {
        Expr::Not(inner) => Parts::Not(Box::new(parts(inner, flow, against))),
        Expr::And(left, right) => Parts::Both(Box::new((parts(left, flow, against), parts(right, flow, against)))),
        Expr::Or(left, right) => Parts::Either(Box::new((parts(left, flow, against), parts(right, flow, against)))),
        Expr::If(three) => {
            let rest = both(&(three.1.clone(), three.2.clone()), against);
            Parts::If(Box::new((parts(&three.0, flow, against), rest.0, rest.1)))
        }
        leaf => {
            let found = simple(leaf, flow).or_else(|| whole(leaf, flow));
            let Some(found) = found else { return Parts::Beyond };
            let mut fields: Vec<String> = Vec::new();
            for one in &found {
                if !fields.contains(&one.field) {
                    fields.push(one.field.clone());
                }
            }
            against.extend(found);
            Parts::Known { expr: leaf.clone(), fields }
        }
    }
}

/// A field against what stands in the file: as many cases as there are such values, and the rest.
fn simple(leaf: &Expr, flow: &Flow) -> Option<Vec<Against>> {
    let one = |key: &str, value: &Val| {
        let field = flow.fields.get(key)?;
        let value = value_of(value)?;
        fits(field, &value).then(|| Against { field: key.to_owned(), value: Some(value) })
    };
    match leaf {
        Expr::Compare { how, sides, .. } => match sides.as_ref() {
            (Expr::Field { key, .. }, Expr::Value(value)) | (Expr::Value(value), Expr::Field { key, .. }) => {
                let field = flow.fields.get(key)?;
                let ordered = !matches!(how, Comparison::Equal | Comparison::Unequal);
                let can = matches!(field.kind, Kind::Number { .. } | Kind::Date) || is_finite(field);
                if (ordered && !can) || (field.multiple && !is_nothing(value)) {
                    return None;
                }
                Some(vec![one(key, value)?])
            }
            (Expr::Size(inner), Expr::Value(Val::Number(count))) => match (inner.as_ref(), how) {
                (Expr::Field { key, .. }, how) if asks_for_any(*how, *count) => {
                    Some(vec![Against { field: key.clone(), value: Some(Value::Empty) }])
                }
                _ => None,
            },
            _ => None,
        },
        Expr::In { sides, .. } => match sides.as_ref() {
            (Expr::Value(value), Expr::Field { key, .. }) => Some(vec![one(key, value)?]),
            (Expr::Field { key, .. }, Expr::Value(Val::List(values))) => {
                values.iter().map(|value| one(key, value)).collect()
            }
            (Expr::Field { key, .. }, Expr::List(items)) => {
                let one = |item: &Expr| match item {
                    Expr::Value(value) => one(key, value),
                    _ => None,
                };
                items.iter().map(one).collect()
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether the size is only asked whether there is anything at all.
fn asks_for_any(how: Comparison, count: f64) -> bool {
    use Comparison::{Equal, Greater, GreaterEqual, Less, LessEqual, Unequal};
    match how {
        Equal | Unequal | Greater | LessEqual => count == 0.0,
        GreaterEqual | Less => count == 1.0,
    }
}

/// Whatever it computes: decided where all of its fields have few values.
fn whole(expr: &Expr, flow: &Flow) -> Option<Vec<Against>> {
    let mut found = Vec::new();
    collect(expr, flow, &mut found).then_some(found)
}

fn collect(expr: &Expr, flow: &Flow, found: &mut Vec<Against>) -> bool {
    match expr {
        Expr::Field { key, .. } => {
            found.push(Against { field: key.clone(), value: None });
            flow.fields.get(key).is_some_and(is_finite)
        }
        Expr::Value(_) | Expr::State => true,
        Expr::AssignedTo
        | Expr::CreatedBy
        | Expr::CreatedAt
        | Expr::UpdatedAt
        | Expr::ClosedAt
        | Expr::Today
        | Expr::Now
        | Expr::Moment(_) => false,
        Expr::Not(inner) | Expr::Negate(inner) | Expr::Size(inner) | Expr::Day(inner) => collect(inner, flow, found),
        Expr::And(left, right) | Expr::Or(left, right) => collect(left, flow, found) && collect(right, flow, found),
        Expr::If(three) => {
            collect(&three.0, flow, found) && collect(&three.1, flow, found) && collect(&three.2, flow, found)
        }
        Expr::Compare { sides, .. } | Expr::In { sides, .. } | Expr::Find { sides, .. } => {
            collect(&sides.0, flow, found) && collect(&sides.1, flow, found)
        }
        Expr::Arithmetic(_, sides) | Expr::Join(sides) => {
            collect(&sides.0, flow, found) && collect(&sides.1, flow, found)
        }
        Expr::List(items) => items.iter().all(|item| collect(item, flow, found)),
    }
}

/// Few values, all of them in the file.
pub(crate) fn is_finite(field: &Field) -> bool {
    !field.multiple && matches!(field.kind, Kind::Choice(_) | Kind::Bool)
}

fn is_nothing(value: &Val) -> bool {
    matches!(value, Val::Null) || matches!(value, Val::List(items) if items.is_empty())
}

fn value_of(value: &Val) -> Option<Value> {
    Some(match value {
        value if is_nothing(value) => Value::Empty,
        Val::Text(text) if text.is_empty() => Value::Empty,
        Val::Text(text) => Value::Text(text.clone().into_owned()),
        Val::Number(number) => Value::Number(*number),
        Val::Bool(yes) => Value::Bool(*yes),
        Val::Date(day) => Value::Date(*day),
        _ => return None,
    })
}

/// Whether the cases of `field` can be cut at `value`. What else a pattern lets through is not known.
fn fits(field: &Field, value: &Value) -> bool {
    match (&field.kind, value) {
        (_, Value::Empty) => true,
        (Kind::Text { pattern: Some((_, pattern)), .. }, Value::Text(text)) => !pattern.is_match(text),
        (Kind::Text { .. }, Value::Text(_)) => true,
        (Kind::Choice(_) | Kind::User | Kind::Textarea { .. } | Kind::Url | Kind::Item { .. }, Value::Text(_)) => true,
        (Kind::Number { .. }, Value::Number(_)) | (Kind::Date, Value::Date(_)) | (Kind::Bool, Value::Bool(_)) => true,
        _ => false,
    }
}
