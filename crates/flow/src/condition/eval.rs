//! Asking a lowered tree. An error is CEL's "cannot be computed": `&&` and `||` absorb it, everything else passes it on.

use std::{borrow::Cow, cmp::Ordering};

use super::{
    Subject,
    tree::{Comparison, Empty, Expr, Find, Sign, Val},
};
use crate::{Value, words};

/// What cannot be computed: an order with an empty value, a division by zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotComputable;

type Computed<'a> = Result<Val<'a>, NotComputable>;

/// Longest text that joining may make, in bytes: a field holds less.
const JOINED_MAX_BYTES: usize = 100_000;

pub(crate) fn eval<'a>(expr: &'a Expr, subject: &Subject<'a>) -> Computed<'a> {
    Ok(match expr {
        Expr::Value(value) => value.clone(),
        Expr::Field { key, empty } => field(subject, key, *empty),
        Expr::State => text(subject.state),
        Expr::AssignedTo => Val::List(subject.assigned_to.iter().map(|name| text(name)).collect()),
        Expr::CreatedBy => text(subject.created_by),
        Expr::CreatedAt => Val::Instant(subject.created_at),
        Expr::UpdatedAt => Val::Instant(subject.updated_at),
        Expr::ClosedAt => subject.closed_at.map_or(Val::Null, Val::Instant),
        Expr::Today => Val::Date(subject.now.to_zoned(subject.zone.clone()).date()),
        Expr::Now => Val::Instant(subject.now),
        Expr::Moment(typed) => {
            Val::Instant(typed.to_zoned(subject.zone.clone()).map_err(|_| NotComputable)?.timestamp())
        }
        Expr::Not(inner) => Val::Bool(!truth(inner, subject)?),
        Expr::And(left, right) => Val::Bool(absorbing(false, left, right, subject)?),
        Expr::Or(left, right) => Val::Bool(absorbing(true, left, right, subject)?),
        Expr::If(parts) => {
            let (condition, yes, no) = parts.as_ref();
            eval(if truth(condition, subject)? { yes } else { no }, subject)?
        }
        Expr::Compare { how, fold, sides } => {
            Val::Bool(compare(*how, &eval(&sides.0, subject)?, &eval(&sides.1, subject)?, *fold)?)
        }
        Expr::In { fold, sides } => {
            let (wanted, Val::List(list)) = (eval(&sides.0, subject)?, eval(&sides.1, subject)?) else {
                return Err(NotComputable);
            };
            Val::Bool(list.iter().any(|one| equal(&wanted, one, *fold)))
        }
        Expr::Negate(inner) => Val::Number(-number(inner, subject)?),
        Expr::Arithmetic(sign, sides) => {
            Val::Number(arithmetic(*sign, number(&sides.0, subject)?, number(&sides.1, subject)?)?)
        }
        Expr::Join(sides) => join(words_of(&sides.0, subject)?, &words_of(&sides.1, subject)?)?,
        Expr::Size(inner) => Val::Number(size(&eval(inner, subject)?)?),
        Expr::Find { how, fold, sides } => {
            Val::Bool(find(*how, &words_of(&sides.0, subject)?, &words_of(&sides.1, subject)?, *fold))
        }
        Expr::Day(inner) => Val::Date(words::day(&words_of(inner, subject)?).ok_or(NotComputable)?),
        Expr::List(items) => Val::List(items.iter().map(|item| eval(item, subject)).collect::<Result<_, _>>()?),
    })
}

/// The truth of a tree that is boolean.
pub(crate) fn truth(expr: &Expr, subject: &Subject) -> Result<bool, NotComputable> {
    match eval(expr, subject)? {
        Val::Bool(value) => Ok(value),
        _ => Err(NotComputable),
    }
}

/// `&&` (`winner` false) and `||` (`winner` true): one side that wins settles it, whatever the other is.
fn absorbing(winner: bool, left: &Expr, right: &Expr, subject: &Subject) -> Result<bool, NotComputable> {
    let left = truth(left, subject);
    if left == Ok(winner) {
        return Ok(winner);
    }
    let right = truth(right, subject);
    if right == Ok(winner) { Ok(winner) } else { left.and(right) }
}

fn field<'a>(subject: &Subject<'a>, key: &str, empty: Empty) -> Val<'a> {
    match subject.fields.get(key) {
        None | Some(Value::Empty) => match empty {
            Empty::Null => Val::Null,
            Empty::Text => text(""),
            Empty::False => Val::Bool(false),
            Empty::List => Val::List(Vec::new()),
        },
        Some(Value::Text(value)) => text(value),
        Some(Value::Number(value)) => Val::Number(*value),
        Some(Value::Bool(value)) => Val::Bool(*value),
        Some(Value::Date(value)) => Val::Date(*value),
        Some(Value::Instant(value)) => Val::Instant(*value),
        Some(Value::List(values)) => Val::List(values.iter().map(|value| text(value)).collect()),
    }
}

fn text(value: &str) -> Val<'_> {
    Val::Text(Cow::Borrowed(value))
}

fn number(expr: &Expr, subject: &Subject) -> Result<f64, NotComputable> {
    match eval(expr, subject)? {
        Val::Number(value) => Ok(value),
        _ => Err(NotComputable),
    }
}

fn words_of<'a>(expr: &'a Expr, subject: &Subject<'a>) -> Result<Cow<'a, str>, NotComputable> {
    match eval(expr, subject)? {
        Val::Text(value) => Ok(value),
        _ => Err(NotComputable),
    }
}

fn folded(value: &str, fold: bool) -> Cow<'_, str> {
    if fold { Cow::Owned(value.to_lowercase()) } else { Cow::Borrowed(value) }
}

fn equal(left: &Val, right: &Val, fold: bool) -> bool {
    match (left, right) {
        (Val::Text(left), Val::Text(right)) => folded(left, fold) == folded(right, fold),
        (Val::List(left), Val::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right, fold))
        }
        _ => left == right,
    }
}

fn compare(how: Comparison, left: &Val, right: &Val, fold: bool) -> Result<bool, NotComputable> {
    match how {
        Comparison::Equal => return Ok(equal(left, right, fold)),
        Comparison::Unequal => return Ok(!equal(left, right, fold)),
        _ => {}
    }
    let order = match (left, right) {
        (Val::Bool(left), Val::Bool(right)) => left.cmp(right),
        (Val::Number(left), Val::Number(right)) => left.partial_cmp(right).ok_or(NotComputable)?,
        (Val::Text(left), Val::Text(right)) => folded(left, fold).cmp(&folded(right, fold)),
        (Val::Date(left), Val::Date(right)) => left.cmp(right),
        (Val::Instant(left), Val::Instant(right)) => left.cmp(right),
        _ => return Err(NotComputable),
    };
    Ok(match how {
        Comparison::Less => order == Ordering::Less,
        Comparison::LessEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        _ => order != Ordering::Less,
    })
}

fn arithmetic(sign: Sign, left: f64, right: f64) -> Result<f64, NotComputable> {
    let result = match sign {
        Sign::Plus => left + right,
        Sign::Minus => left - right,
        Sign::Times => left * right,
        Sign::Over => left / right,
    };
    if result.is_finite() { Ok(words::round_15(result)) } else { Err(NotComputable) }
}

fn join<'a>(left: Cow<'a, str>, right: &str) -> Computed<'a> {
    if left.len() + right.len() > JOINED_MAX_BYTES {
        return Err(NotComputable);
    }
    Ok(Val::Text(Cow::Owned(left.into_owned() + right)))
}

fn size(value: &Val) -> Result<f64, NotComputable> {
    let count = match value {
        Val::Text(value) => value.chars().count(),
        Val::List(values) => values.len(),
        _ => return Err(NotComputable),
    };
    u32::try_from(count).map(f64::from).map_err(|_| NotComputable)
}

fn find(how: Find, text: &str, part: &str, fold: bool) -> bool {
    let (text, part) = (folded(text, fold), folded(part, fold));
    match how {
        Find::Contains => text.contains(part.as_ref()),
        Find::StartsWith => text.starts_with(part.as_ref()),
        Find::EndsWith => text.ends_with(part.as_ref()),
    }
}
