//! One comparison: what stands after a column and an operator.

use jiff::{Span, Timestamp, civil::Date, civil::DateTime};

use super::{Column, Edge, QueryContext, QueryProblem, Range, Scalar, Test, is_of_users, names::field_of, problem};
use crate::{Field, Flow, Kind, said::said};

/// A value of a comparison, and where it stands.
pub(super) type Given = (String, usize);

pub(super) fn test(
    flow: &Flow,
    context: &QueryContext,
    column: &Column,
    (name, start): (&str, usize),
    operator: &str,
    values: &[Given],
) -> Result<Test, QueryProblem> {
    let negated = operator == "!=";
    let field = field_of(flow, column);
    let is_long = field.is_some_and(|field| matches!(field.kind, Kind::Textarea { .. }));
    if is_long && operator != ":" && !(matches!(operator, "=" | "!=") && values.is_empty()) {
        return Err(problem(start, said!("\"{}\" is a long text: look for a part of it with {}:", name, name)));
    }
    if matches!(operator, "=" | "!=") && values.is_empty() {
        return Ok(Test::Empty { negated });
    }
    let (first, at) =
        values.first().ok_or_else(|| problem(start, said!("after {}{} a value must follow", name, operator)))?;
    let ordered = scale(column, field);
    match (operator, ordered) {
        (":", None) if !field.is_some_and(|field| matches!(field.kind, Kind::Bool)) => {
            Ok(Test::Contains(values.iter().map(|(value, _)| value.as_str()).collect::<Vec<_>>().join(",")))
        }
        (":", _) => Err(problem(start, said!("\"{}\" holds no text: compare it with =, < or >", name))),
        ("=" | "!=", None) if field.is_some_and(|field| matches!(field.kind, Kind::Bool)) => {
            let is = truth(first).ok_or_else(|| problem(*at, said!("\"{}\" is neither true nor false", first)))?;
            Ok(Test::Is(is != negated))
        }
        ("=" | "!=", None) => {
            let users = is_of_users(flow, column);
            let word = |value: &String| if users && value == "me" { context.me.to_owned() } else { value.clone() };
            Ok(Test::OneOf { words: values.iter().map(|(value, _)| word(value)).collect(), negated })
        }
        ("=" | "!=", Some(scale)) => {
            let ranges = values.iter().map(|given| range(context, scale, given)).collect::<Result<_, _>>()?;
            Ok(Test::Within { ranges, negated })
        }
        (_, None) => {
            Err(problem(start, said!("\"{}\" is neither a number nor a time: {} cannot compare it", name, operator)))
        }
        (_, Some(scale)) => {
            if let Some((_, at)) = values.get(1) {
                return Err(problem(at.saturating_sub(1), said!("{} compares with one value", operator)));
            }
            let (low, high) = edges(context, scale, first, *at)?;
            let range = match operator {
                "<" => Range { low: None, high: Some(Edge { at: low.at, inclusive: !low.inclusive }) },
                "<=" => Range { low: None, high: Some(high) },
                ">" => Range { low: Some(Edge { at: high.at, inclusive: !high.inclusive }), high: None },
                _ => Range { low: Some(low), high: None },
            };
            Ok(Test::Within { ranges: vec![range], negated: false })
        }
    }
}

/// How the values of a column are ordered.
#[derive(Clone, Copy)]
pub(super) enum Scale {
    Number,
    Day,
    Moment,
}

fn scale(column: &Column, field: Option<&Field>) -> Option<Scale> {
    match (column, field.map(|field| &field.kind)) {
        (Column::Created | Column::Updated | Column::Closed, _) | (_, Some(Kind::Datetime)) => Some(Scale::Moment),
        (_, Some(Kind::Number { .. })) => Some(Scale::Number),
        (_, Some(Kind::Date)) => Some(Scale::Day),
        _ => None,
    }
}

/// `a..b`, closed; or one value: a number, a day, all of a day's moments.
pub(super) fn range(context: &QueryContext, scale: Scale, (text, at): &Given) -> Result<Range, QueryProblem> {
    let Some((from, to)) = text.split_once("..") else {
        let (low, high) = edges(context, scale, text, *at)?;
        return Ok(Range { low: Some(low), high: Some(high) });
    };
    let edge = |text: &str, at| if text.is_empty() { Ok(None) } else { edges(context, scale, text, at).map(Some) };
    let low = edge(from, *at)?.map(|(low, _)| low);
    let high = edge(to, *at + from.chars().count() + 2)?.map(|(_, high)| high);
    if low.is_none() && high.is_none() {
        return Err(problem(*at, said!("a range needs at least one end")));
    }
    Ok(Range { low, high })
}

/// The first and the last that a value stands for.
fn edges(context: &QueryContext, scale: Scale, text: &str, at: usize) -> Result<(Edge, Edge), QueryProblem> {
    let both = |value: Scalar| (Edge { at: value.clone(), inclusive: true }, Edge { at: value, inclusive: true });
    match scale {
        Scale::Number => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(both(Scalar::Number(number))),
            _ => Err(problem(at, said!("\"{}\" is no number", text))),
        },
        Scale::Day => Ok(both(Scalar::Date(day(context, text, at)?.to_string()))),
        Scale::Moment => {
            let moment = |time: DateTime| {
                let zoned = time.to_zoned(context.zone.clone());
                zoned
                    .map(|zoned| zoned.timestamp().as_millisecond())
                    .map_err(|_| problem(at, said!("this day is out of range")))
            };
            // With an offset it is a moment by itself; without, one of the installation's zone.
            if let Ok(time) = text.parse::<Timestamp>() {
                return Ok(both(Scalar::Moment(time.as_millisecond())));
            }
            if text.contains('T')
                && let Ok(time) = text.parse::<DateTime>()
            {
                return Ok(both(Scalar::Moment(moment(time)?)));
            }
            let day = day(context, text, at)?;
            let next = day.tomorrow().map_err(|_| problem(at, said!("this day is out of range")))?;
            let low = Edge { at: Scalar::Moment(moment(day.into())?), inclusive: true };
            Ok((low, Edge { at: Scalar::Moment(moment(next.into())?), inclusive: false }))
        }
    }
}

/// `2026-11-22`, `today`, `-7d`, `-2w`, `-3m`, `-1y`, `+7d`.
fn day(context: &QueryContext, text: &str, at: usize) -> Result<Date, QueryProblem> {
    let wrong = || problem(at, said!("\"{}\" is no day: write 2026-05-31, today, -7d or -3m", text));
    let today = context.zone.to_datetime(context.now).date();
    if text == "today" {
        return Ok(today);
    }
    if text.starts_with(['-', '+']) {
        let unit = text.chars().last().ok_or_else(wrong)?;
        let count: i64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
        let span = match unit {
            'd' => Span::new().try_days(count),
            'w' => Span::new().try_weeks(count),
            'm' => Span::new().try_months(count),
            'y' => Span::new().try_years(count),
            _ => return Err(wrong()),
        };
        return span.and_then(|span| today.checked_add(span)).map_err(|_| wrong());
    }
    let date: Date = text.parse().map_err(|_| wrong())?;
    if date.to_string() == text { Ok(date) } else { Err(wrong()) }
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "yes" | "1" | "是" => Some(true),
        "false" | "no" | "0" | "否" => Some(false),
        _ => None,
    }
}

/// A value of a field as the account of changes spells it: [`crate::Value::spelled`].
pub(super) fn spelled(context: &QueryContext, field: &Field, text: &str, at: usize) -> Result<String, QueryProblem> {
    let value = match &field.kind {
        Kind::User if text == "me" => crate::Value::Text(context.me.to_owned()),
        Kind::Bool => match truth(text) {
            Some(yes) => crate::Value::Bool(yes),
            None => return Err(problem(at, said!("\"{}\" is neither true nor false", text))),
        },
        Kind::Number { .. } => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => crate::Value::Number(number),
            _ => return Err(problem(at, said!("\"{}\" is no number", text))),
        },
        Kind::Date => crate::Value::Date(day(context, text, at)?),
        Kind::Datetime => match text.parse::<Timestamp>() {
            Ok(moment) => crate::Value::Instant(moment),
            Err(_) => return Err(problem(at, said!("\"{}\" is no moment: write 2026-05-31T09:00:00+08:00", text))),
        },
        _ => crate::Value::Text(text.to_owned()),
    };
    Ok(value.spelled())
}
