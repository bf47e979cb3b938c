//! The one-line query: `issue_level=事故 updated>=-7d 单板`. The same text in the search box, the address bar and the API.
//!
//! A query is terms joined by `and`, written or not. `or`, `not`, groups, `was`, `reached` and `changed` are words of the
//! language that come with full-text search; until then they are refused by name, so that no query changes its meaning.

#[cfg(test)]
mod tests;

use jiff::{Span, Timestamp, civil::Date, civil::DateTime, tz::TimeZone};

use crate::{Field, Flow, Kind};

/// What to find: items for which every term holds. The empty query finds all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// Joined by and.
    pub terms: Vec<Term>,
}

/// One term of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// The title contains this, whatever its case.
    Words(String),
    /// The item of this number.
    Number(i64),
    /// What stands in a column passes a test.
    Column {
        /// Where to look.
        column: Column,
        /// What must hold there.
        test: Test,
    },
}

/// What a query compares and a list sorts by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// `state`.
    State,
    /// `assigned_to`: any of the holders.
    AssignedTo,
    /// `created_by`.
    CreatedBy,
    /// `created`.
    Created,
    /// `updated`.
    Updated,
    /// `closed`.
    Closed,
    /// `id`: the number; for sorting only.
    Number,
    /// A field, by its key.
    Field(String),
}

/// What must hold in a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Nothing stands there, or (`negated`) something does.
    Empty {
        /// Something must stand there.
        negated: bool,
    },
    /// One of these words; of a `multiple` field, any of its values is. `negated`: none of them, or nothing at all.
    OneOf {
        /// The words.
        words: Vec<String>,
        /// None of them.
        negated: bool,
    },
    /// Contains this, whatever its case.
    Contains(String),
    /// Within one of these. `negated`: within none, or nothing stands there.
    Within {
        /// The ranges.
        ranges: Vec<Range>,
        /// Within none of them.
        negated: bool,
    },
    /// A `bool` is this.
    Is(bool),
}

/// From … to …; an edge that is absent is open.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// The lower edge.
    pub low: Option<Edge>,
    /// The upper edge.
    pub high: Option<Edge>,
}

/// An edge of a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// Where it is.
    pub at: Scalar,
    /// Whether it belongs to the range.
    pub inclusive: bool,
}

/// What ranges are made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Of a `number`.
    Number(f64),
    /// Of a `date`: `2026-11-22`.
    Date(String),
    /// Of a `datetime` or a built-in time: milliseconds.
    Moment(i64),
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// What to sort by.
    pub column: Column,
    /// From the largest.
    pub descending: bool,
}

/// What the words of a query may refer to.
#[derive(Debug, Clone, Copy)]
pub struct QueryContext<'a> {
    /// Whom `me` names.
    pub me: &'a str,
    /// The moment.
    pub now: Timestamp,
    /// The installation's zone.
    pub zone: &'a TimeZone,
}

/// Why a query or an order cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryProblem {
    /// Where, in characters from 0.
    pub position: usize,
    /// What is wrong.
    pub message: String,
}

impl Query {
    /// Finds all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The items in a state.
    #[must_use]
    pub fn state(state: &str) -> Query {
        let test = Test::OneOf { words: vec![state.to_owned()], negated: false };
        Query { terms: vec![Term::Column { column: Column::State, test }] }
    }

    /// The items that are not closed.
    #[must_use]
    pub fn not_closed() -> Query {
        Query { terms: vec![Term::Column { column: Column::Closed, test: Test::Empty { negated: false } }] }
    }

    /// Replaces every user's name that the query compares with, as `registered` spells it.
    pub fn spell_users(&mut self, flow: &Flow, mut registered: impl FnMut(&str) -> String) {
        for term in &mut self.terms {
            if let Term::Column { column, test: Test::OneOf { words, .. } } = term
                && is_of_users(flow, column)
            {
                for word in words {
                    *word = registered(word);
                }
            }
        }
    }
}

fn is_of_users(flow: &Flow, column: &Column) -> bool {
    match column {
        Column::AssignedTo | Column::CreatedBy => true,
        Column::Field(key) => flow.fields.get(key).is_some_and(|field| matches!(field.kind, Kind::User)),
        _ => false,
    }
}

/// Terms of a query, and values of one of them, at most: what reads it must not grow without bounds.
const MOST_TERMS: usize = 100;
/// Columns of an order at most.
const MOST_SORTED: usize = 8;

/// Reads a query on a flow.
///
/// # Errors
/// Where and why it cannot be read.
pub fn parse_query(text: &str, flow: &Flow, context: &QueryContext) -> Result<Query, QueryProblem> {
    if let Some(at) = text.chars().position(|letter| letter == '\0') {
        return Err(problem(at, "the character U+0000 stands in no text"));
    }
    let mut reader = Reader { chars: text.chars().collect(), at: 0 };
    let mut query = Query::default();
    let mut wants_term = false;
    loop {
        reader.skip_spaces();
        let start = reader.at;
        let Some(first) = reader.peek() else { break };
        if query.terms.len() == MOST_TERMS {
            return Err(problem(start, &format!("a query has at most {MOST_TERMS} parts")));
        }
        if matches!(first, '(' | ')') {
            return Err(not_yet(start, &first.to_string()));
        }
        let quoted = first == '"';
        let word = reader.word("=!<>:")?;
        let operator = reader.operator();
        if operator.is_none() && !quoted {
            match word.to_ascii_lowercase().as_str() {
                "and" if !query.terms.is_empty() && !wants_term => {
                    wants_term = true;
                    continue;
                }
                "or" | "not" => return Err(not_yet(start, &word)),
                _ => {}
            }
        }
        wants_term = false;
        query.terms.push(match operator {
            None => bare(flow, word, quoted),
            Some(operator) => comparison(&mut reader, flow, context, (&word, start), &operator)?,
        });
    }
    if wants_term {
        return Err(problem(reader.at, "after 'and' another comparison must follow"));
    }
    Ok(query)
}

/// Reads an order: `-updated,issue_level`.
///
/// # Errors
/// Where and why it cannot be read.
pub fn parse_sort(text: &str, flow: &Flow) -> Result<Vec<SortKey>, QueryProblem> {
    let mut keys = Vec::new();
    let mut position = 0;
    for part in text.split(',').filter(|_| !text.trim().is_empty()) {
        if keys.len() == MOST_SORTED {
            return Err(problem(position, &format!("lists are sorted by at most {MOST_SORTED} columns")));
        }
        let name = part.trim();
        let (descending, name) = name.strip_prefix('-').map_or((false, name), |rest| (true, rest));
        let column = match name {
            "id" | "number" => Some(Column::Number),
            _ => column(flow, name),
        };
        let column = column.ok_or_else(|| no_column(position, flow, name))?;
        if let Some(field) = field_of(flow, &column)
            && (matches!(field.kind, Kind::Textarea { .. }) || field.multiple)
        {
            return Err(problem(position, &format!("lists cannot be sorted by {name:?}")));
        }
        keys.push(SortKey { column, descending });
        position += part.chars().count() + 1;
    }
    Ok(keys)
}

fn bare(flow: &Flow, word: String, quoted: bool) -> Term {
    let number = || {
        let (prefix, number) = word.rsplit_once('_')?;
        let number: i64 = number.parse().ok().filter(|number| *number > 0)?;
        (prefix == flow.item_prefix).then_some(number)
    };
    match number().filter(|_| !quoted) {
        Some(number) => Term::Number(number),
        None => Term::Words(word),
    }
}

fn comparison(
    reader: &mut Reader,
    flow: &Flow,
    context: &QueryContext,
    (name, start): (&str, usize),
    operator: &str,
) -> Result<Term, QueryProblem> {
    if matches!(name, "was" | "reached" | "changed") {
        return Err(not_yet(start, name));
    }
    let column = column(flow, name).ok_or_else(|| no_column(start, flow, name))?;
    let values = reader.values()?;
    if let Some((_, at)) = values.get(MOST_TERMS) {
        return Err(problem(*at, &format!("a comparison has at most {MOST_TERMS} values")));
    }
    let test = test(flow, context, &column, (name, start), operator, &values)?;
    Ok(Term::Column { column, test })
}

/// A value of a comparison, and where it stands.
type Given = (String, usize);

fn test(
    flow: &Flow,
    context: &QueryContext,
    column: &Column,
    (name, start): (&str, usize),
    operator: &str,
    values: &[Given],
) -> Result<Test, QueryProblem> {
    let negated = operator == "!=";
    let field = field_of(flow, column);
    if field.is_some_and(|field| matches!(field.kind, Kind::Textarea { .. })) {
        return Err(problem(start, &format!("{name:?} is a long text: long texts cannot be compared")));
    }
    if matches!(operator, "=" | "!=") && values.is_empty() {
        return Ok(Test::Empty { negated });
    }
    let (first, at) =
        values.first().ok_or_else(|| problem(start, &format!("after {name}{operator} a value must follow")))?;
    let ordered = scale(column, field);
    match (operator, ordered) {
        (":", None) if !field.is_some_and(|field| matches!(field.kind, Kind::Bool)) => {
            Ok(Test::Contains(values.iter().map(|(value, _)| value.as_str()).collect::<Vec<_>>().join(",")))
        }
        (":", _) => Err(problem(start, &format!("{name:?} holds no text: compare it with =, < or >"))),
        ("=" | "!=", None) if field.is_some_and(|field| matches!(field.kind, Kind::Bool)) => {
            let is = truth(first).ok_or_else(|| problem(*at, &format!("{first:?} is neither true nor false")))?;
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
            Err(problem(start, &format!("{name:?} is neither a number nor a time: {operator} cannot compare it")))
        }
        (_, Some(scale)) => {
            if let Some((_, at)) = values.get(1) {
                return Err(problem(at.saturating_sub(1), &format!("{operator} compares with one value")));
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
enum Scale {
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
fn range(context: &QueryContext, scale: Scale, (text, at): &Given) -> Result<Range, QueryProblem> {
    let Some((from, to)) = text.split_once("..") else {
        let (low, high) = edges(context, scale, text, *at)?;
        return Ok(Range { low: Some(low), high: Some(high) });
    };
    let edge = |text: &str, at| if text.is_empty() { Ok(None) } else { edges(context, scale, text, at).map(Some) };
    let low = edge(from, *at)?.map(|(low, _)| low);
    let high = edge(to, *at + from.chars().count() + 2)?.map(|(_, high)| high);
    if low.is_none() && high.is_none() {
        return Err(problem(*at, "a range needs at least one end"));
    }
    Ok(Range { low, high })
}

/// The first and the last that a value stands for.
fn edges(context: &QueryContext, scale: Scale, text: &str, at: usize) -> Result<(Edge, Edge), QueryProblem> {
    let both = |value: Scalar| (Edge { at: value.clone(), inclusive: true }, Edge { at: value, inclusive: true });
    match scale {
        Scale::Number => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(both(Scalar::Number(number))),
            _ => Err(problem(at, &format!("{text:?} is no number"))),
        },
        Scale::Day => Ok(both(Scalar::Date(day(context, text, at)?.to_string()))),
        Scale::Moment => {
            let moment = |time: DateTime| {
                let zoned = time.to_zoned(context.zone.clone());
                zoned
                    .map(|zoned| zoned.timestamp().as_millisecond())
                    .map_err(|_| problem(at, "this day is out of range"))
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
            let next = day.tomorrow().map_err(|_| problem(at, "this day is out of range"))?;
            let low = Edge { at: Scalar::Moment(moment(day.into())?), inclusive: true };
            Ok((low, Edge { at: Scalar::Moment(moment(next.into())?), inclusive: false }))
        }
    }
}

/// `2026-11-22`, `today`, `-7d`, `-2w`, `-3m`, `-1y`, `+7d`.
fn day(context: &QueryContext, text: &str, at: usize) -> Result<Date, QueryProblem> {
    let wrong = || problem(at, &format!("{text:?} is no day: write 2026-05-31, today, -7d or -3m"));
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

fn field_of<'a>(flow: &'a Flow, column: &Column) -> Option<&'a Field> {
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

/// The column of that name: a built-in, a field's key, a field's label.
fn column(flow: &Flow, name: &str) -> Option<Column> {
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

fn no_column(position: usize, flow: &Flow, name: &str) -> QueryProblem {
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
        Some((_, near)) => problem(position, &format!("there is no field {name:?}; is it {near:?}?")),
        None => problem(position, &format!("there is no field {name:?}")),
    }
}

fn not_yet(position: usize, word: &str) -> QueryProblem {
    problem(position, &format!("{word:?} is not understood yet; to look for it as text, put it in quotes"))
}

fn problem(position: usize, message: &str) -> QueryProblem {
    QueryProblem { position, message: message.to_owned() }
}

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// A word up to white space or one of `ends`; or what stands in quotes.
    fn word(&mut self, ends: &str) -> Result<String, QueryProblem> {
        let start = self.at;
        let mut word = String::new();
        if self.peek() == Some('"') {
            self.at += 1;
            loop {
                match self.peek() {
                    None => return Err(problem(start, "this quote is not closed")),
                    Some('"') => break,
                    Some('\\') if matches!(self.chars.get(self.at + 1), Some('"' | '\\')) => {
                        self.at += 1;
                        word.extend(self.peek());
                    }
                    Some(other) => word.push(other),
                }
                self.at += 1;
            }
            self.at += 1;
            return Ok(word);
        }
        while let Some(next) = self.peek().filter(|next| !next.is_whitespace() && !ends.contains(*next)) {
            word.push(next);
            self.at += 1;
        }
        if word.is_empty() {
            return Err(problem(start, "here the name of a field must stand"));
        }
        Ok(word)
    }

    fn operator(&mut self) -> Option<String> {
        for operator in ["!=", "<=", ">=", "=", "<", ">", ":"] {
            let end = self.at + operator.chars().count();
            if self.chars.get(self.at..end).is_some_and(|chars| chars.iter().copied().eq(operator.chars())) {
                self.at = end;
                return Some(operator.to_owned());
            }
        }
        None
    }

    /// Values after an operator, joined by commas; none where white space or the end follows at once.
    fn values(&mut self) -> Result<Vec<Given>, QueryProblem> {
        let mut values = Vec::new();
        if self.peek().is_none_or(char::is_whitespace) {
            return Ok(values);
        }
        loop {
            let start = self.at;
            if self.peek() == Some(',') || self.peek().is_none_or(char::is_whitespace) {
                return Err(problem(start, "here a value must stand"));
            }
            values.push((self.word(",")?, start));
            if self.peek() != Some(',') {
                return Ok(values);
            }
            self.at += 1;
        }
    }
}
