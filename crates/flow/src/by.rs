//! What items are counted by: `issue_level`, `state`, `closed:month`.

use jiff::civil::Date;

use crate::{Column, Flow, Kind, QueryProblem, Said, parse_sort, said::said};

/// What items are counted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// Where the value stands.
    pub column: Column,
    /// Which items go together.
    pub sort: BySort,
}

/// Which items go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BySort {
    /// Those with the same word: a choice, a state, a person. A `multiple` field counts for each of its words.
    Word,
    /// Yes and no.
    Bool,
    /// Those of one day, week or month in the installation's zone; the column holds moments.
    Moment(Span),
    /// Those of one day, week or month; the column holds days.
    Day(Span),
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    /// From midnight to midnight.
    Day,
    /// From Monday to Sunday.
    Week,
    /// From the first to the last.
    Month,
}

impl Span {
    /// The first day of the stretch in which `day` lies.
    #[must_use]
    pub fn first(self, day: Date) -> Date {
        match self {
            Span::Day => day,
            Span::Week => {
                let since_monday = i64::from(day.weekday().to_monday_zero_offset());
                day.checked_sub(jiff::Span::new().days(since_monday)).unwrap_or(day)
            }
            Span::Month => day.first_of_month(),
        }
    }

    /// The last day of the stretch that begins with `first`.
    #[must_use]
    pub fn last(self, first: Date) -> Date {
        match self {
            Span::Day => first,
            Span::Week => first.checked_add(jiff::Span::new().days(6)).unwrap_or(Date::MAX),
            Span::Month => first.last_of_month(),
        }
    }

    /// As ISO 8601 names the stretch that begins with `first`: `2026-05-31`, `2026-W22`, `2026-05`.
    #[must_use]
    pub fn name(self, first: Date) -> String {
        match self {
            Span::Day => first.to_string(),
            Span::Week => {
                let week = first.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            Span::Month => format!("{:04}-{:02}", first.year(), first.month()),
        }
    }

    /// As `by` spells it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Span::Day => "day",
            Span::Week => "week",
            Span::Month => "month",
        }
    }
}

/// Items are counted by so many things at once.
const MOST: usize = 2;

/// [`parse_by`] for all that is asked for together.
///
/// # Errors
/// Where and why one cannot be read; that they are too many.
pub fn parse_all_by(texts: &[String], flow: &Flow) -> Result<Vec<By>, QueryProblem> {
    if let Some(surplus) = texts.get(MOST) {
        return Err(problem(0, said!("items are counted by at most {} things: \"{}\" is one too many", MOST, surplus)));
    }
    texts.iter().map(|text| parse_by(text, flow)).collect()
}

/// Reads what to count by: a field by key or label, or a built-in; behind a time `:day`, `:week` or `:month`.
///
/// # Errors
/// Where and why it cannot be read.
pub fn parse_by(text: &str, flow: &Flow) -> Result<By, QueryProblem> {
    let (name, span) = match text.rsplit_once(':') {
        Some((name, "day")) => (name, Some(Span::Day)),
        Some((name, "week")) => (name, Some(Span::Week)),
        Some((name, "month")) => (name, Some(Span::Month)),
        Some((name, other)) if !flow.fields.values().any(|field| field.label == text) => {
            let position = name.chars().count() + 1;
            return Err(problem(position, said!("\"{}\" is none of day, week, month", other)));
        }
        _ => (text, None),
    };
    let column = column(flow, name.trim())?;
    let field = if let Column::Field(key) = &column { flow.fields.get(key) } else { None };
    let at = name.chars().count();
    let no_time = || problem(at, said!("\"{}\" holds no time: it has no days, weeks or months", name));
    let sort = match (&column, field.map(|field| &field.kind), span) {
        (Column::Created | Column::Updated | Column::Closed, _, Some(span)) | (_, Some(Kind::Datetime), Some(span)) => {
            BySort::Moment(span)
        }
        (_, Some(Kind::Date), Some(span)) => BySort::Day(span),
        (Column::Created | Column::Updated | Column::Closed, _, None)
        | (_, Some(Kind::Datetime | Kind::Date), None) => {
            let said = said!("\"{}\" is a time: write {}:day, {}:week or {}:month", name, name, name, name);
            return Err(problem(at, said));
        }
        (Column::State | Column::AssignedTo | Column::CreatedBy, ..) | (_, Some(Kind::Choice(_) | Kind::User), _) => {
            if span.is_some() {
                return Err(no_time());
            }
            BySort::Word
        }
        (_, Some(Kind::Bool), None) => BySort::Bool,
        (_, Some(Kind::Bool), Some(_)) => return Err(no_time()),
        _ => {
            let said = said!(
                "items cannot be counted or grouped by \"{}\"; they can by a choice, a person, yes or no, state, assigned_to, created_by or a time",
                name
            );
            return Err(problem(0, said));
        }
    };
    Ok(By { column, sort })
}

/// The column of that name. What cannot be sorted by may well be counted by: a `multiple` field.
fn column(flow: &Flow, name: &str) -> Result<Column, QueryProblem> {
    if name.is_empty() {
        return Err(problem(0, said!("here the name of a field must stand")));
    }
    let known = if name.starts_with(['-', ',']) { Ok(Vec::new()) } else { parse_sort(name, flow) };
    if let Ok([one]) = known.as_deref() {
        return Ok(one.column.clone());
    }
    match flow.fields.values().find(|field| field.key == name || field.label == name) {
        Some(field) => Ok(Column::Field(field.key.clone())),
        None => Err(match known {
            Err(why) => QueryProblem { position: 0, ..why },
            Ok(_) => problem(0, said!("there is no field \"{}\"", name)),
        }),
    }
}

fn problem(position: usize, message: Said) -> QueryProblem {
    QueryProblem { position, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_of_time_has_a_first_and_a_last_day_and_a_name() {
        let day: Date = "2027-01-02".parse().unwrap();
        let check = |span: Span, first: &str, last: &str, name: &str| {
            assert_eq!(span.first(day).to_string(), first);
            assert_eq!(span.last(span.first(day)).to_string(), last);
            assert_eq!(span.name(span.first(day)), name);
        };
        check(Span::Day, "2027-01-02", "2027-01-02", "2027-01-02");
        check(Span::Week, "2026-12-28", "2027-01-03", "2026-W53");
        check(Span::Month, "2027-01-01", "2027-01-31", "2027-01");
    }
}
