//! The grammar: `or` joins what `and` joins, `not` and brackets come first.

use super::{
    Column, InState, Query, QueryContext, QueryProblem, SortKey, Term,
    compare::{self, Given, Scale, range, spelled},
    names::{column, field_of, no_column},
    problem,
    reader::Reader,
    tells_changes,
};
use crate::{Field, Flow, Kind, said::said};

/// Terms of a query, and values of one of them, at most: what reads it must not grow without bounds.
const MOST_TERMS: usize = 100;
/// Brackets and `not` within one another, at most.
const MOST_NESTED: usize = 30;
/// Columns of an order at most.
const MOST_SORTED: usize = 8;

/// Reads a query on a flow.
///
/// # Errors
/// Where and why it cannot be read.
pub fn parse_query(text: &str, flow: &Flow, context: &QueryContext) -> Result<Query, QueryProblem> {
    if let Some(at) = text.chars().position(|letter| letter == '\0') {
        return Err(problem(at, said!("the character U+0000 stands in no text")));
    }
    let mut parser = Parser { reader: Reader::new(text), flow, context, terms: 0, nested: 0 };
    let query = parser.any()?;
    match parser.reader.peek() {
        Some(_) => Err(problem(parser.reader.at, said!("this bracket closes nothing"))),
        None => Ok(query),
    }
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
            return Err(problem(position, said!("lists are sorted by at most {} columns", MOST_SORTED)));
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
            return Err(problem(position, said!("lists cannot be sorted by \"{}\"", name)));
        }
        keys.push(SortKey { column, descending });
        position += part.chars().count() + 1;
    }
    Ok(keys)
}

struct Parser<'a> {
    reader: Reader,
    flow: &'a Flow,
    context: &'a QueryContext<'a>,
    terms: usize,
    nested: usize,
}

impl Parser<'_> {
    /// What `or` joins, up to a closing bracket or the end.
    fn any(&mut self) -> Result<Query, QueryProblem> {
        let mut ways = vec![self.all()?];
        loop {
            let at = self.reader.at;
            if !self.reader.take_keyword("or") {
                break;
            }
            if ways.last().is_some_and(Query::is_empty) {
                return Err(problem(at, said!("before 'or' something to look for must stand")));
            }
            ways.push(self.all()?);
            if ways.last().is_some_and(Query::is_empty) {
                return Err(problem(self.reader.at, said!("after 'or' something to look for must follow")));
            }
        }
        match ways.len() {
            1 => Ok(ways.pop().unwrap_or_default()),
            _ => Ok(Query { terms: vec![Term::Any(ways)] }),
        }
    }

    /// What `and` joins, written or not.
    fn all(&mut self) -> Result<Query, QueryProblem> {
        let mut query = Query::default();
        let mut joined = false;
        loop {
            self.reader.skip_spaces();
            if self.reader.is_at_end() || self.reader.is_keyword("or") {
                break;
            }
            if !query.is_empty() && !joined && self.reader.take_keyword("and") {
                joined = true;
                continue;
            }
            query.terms.extend(self.one()?.terms);
            joined = false;
        }
        if joined {
            return Err(problem(self.reader.at, said!("after 'and' another comparison must follow")));
        }
        Ok(query)
    }

    /// One term; or `not` and one; or a group.
    fn one(&mut self) -> Result<Query, QueryProblem> {
        let start = self.reader.at;
        if self.terms == MOST_TERMS {
            return Err(problem(start, said!("a query has at most {} parts", MOST_TERMS)));
        }
        if self.nested == MOST_NESTED {
            return Err(problem(
                start,
                said!("brackets and 'not' stand within one another at most {} times", MOST_NESTED),
            ));
        }
        if self.reader.take_keyword("not") {
            self.reader.skip_spaces();
            if self.reader.is_at_end() {
                return Err(problem(self.reader.at, said!("after 'not' something to look for must follow")));
            }
            self.nested += 1;
            let inner = self.one()?;
            self.nested -= 1;
            return Ok(Query { terms: vec![Term::Not(inner)] });
        }
        if self.reader.open() {
            self.nested += 1;
            let inner = self.any()?;
            self.nested -= 1;
            if !self.reader.close() {
                return Err(problem(start, said!("this bracket is not closed")));
            }
            if inner.is_empty() {
                return Err(problem(start, said!("nothing stands in these brackets")));
            }
            return Ok(inner);
        }
        self.terms += 1;
        Ok(Query { terms: vec![self.term(start)?] })
    }

    fn term(&mut self, start: usize) -> Result<Term, QueryProblem> {
        let quoted = self.reader.peek() == Some('"');
        let word = self.reader.word("=!<>:")?;
        match self.reader.operator() {
            None => Ok(bare(self.flow, word, quoted)),
            Some(operator) => self.comparison((&word, start), &operator),
        }
    }

    fn comparison(&mut self, (name, start): (&str, usize), operator: &str) -> Result<Term, QueryProblem> {
        let happened = matches!(name, "was" | "reached" | "changed");
        let column = match column(self.flow, name) {
            Some(column) if !happened => column,
            None if !happened => return Err(no_column(start, self.flow, name)),
            _ => return self.happened((name, start), operator),
        };
        let values = self.values()?;
        let test = compare::test(self.flow, self.context, &column, (name, start), operator, &values)?;
        Ok(Term::Column { column, test })
    }

    fn values(&mut self) -> Result<Vec<Given>, QueryProblem> {
        let values = self.reader.values()?;
        match values.get(MOST_TERMS) {
            Some((_, at)) => Err(problem(*at, said!("a comparison has at most {} values", MOST_TERMS))),
            None => Ok(values),
        }
    }

    /// `was`, `reached`, `changed`: what the history says.
    fn happened(&mut self, (name, start): (&str, usize), operator: &str) -> Result<Term, QueryProblem> {
        if !matches!(operator, "=" | "!=") {
            return Err(problem(start, said!("after {} stands = or !=", name)));
        }
        let values = self.values()?;
        if values.is_empty() {
            return Err(problem(start, said!("after {}{} a value must follow", name, operator)));
        }
        let term = match name {
            "changed" => any_of(values.iter().map(|given| self.changed(given)).collect::<Result<_, _>>()?),
            _ => {
                let states = values.iter().map(|given| self.in_state(given)).collect::<Result<_, _>>()?;
                if name == "was" { Term::Was(states) } else { Term::Reached(states) }
            }
        };
        Ok(if operator == "=" { term } else { Term::Not(Query { terms: vec![term] }) })
    }

    /// `S`, `S@2026-05-01..2026-05-31`.
    fn in_state(&self, (text, at): &Given) -> Result<InState, QueryProblem> {
        let split = text.rsplit_once('@').filter(|_| !self.flow.states.contains_key(text));
        let Some((state, time)) = split else {
            return Ok(InState { state: text.clone(), within: None });
        };
        if state.is_empty() {
            return Err(problem(*at, said!("before @ a state must stand")));
        }
        let time = (time.to_owned(), at + state.chars().count() + 1);
        let within = Some(range(self.context, Scale::Moment, &time)?);
        Ok(InState { state: state.to_owned(), within })
    }

    /// `field:A..B`, `field:..B`, `field:A..`, `field`.
    fn changed(&self, (text, at): &Given) -> Result<Term, QueryProblem> {
        let (name, values) = text.split_once(':').map_or((text.as_str(), None), |(name, rest)| (name, Some(rest)));
        let column = column(self.flow, name).ok_or_else(|| no_column(*at, self.flow, name))?;
        let Some(field) = field_of(self.flow, &column) else {
            return Err(problem(*at, said!("\"{}\" is no field: changed asks for the values of a field", name)));
        };
        if !tells_changes(field) {
            return Err(problem(
                *at,
                said!("\"{}\" holds long texts, links or several values: its changes are not told apart", name),
            ));
        }
        let mut ends = (None, None);
        if let Some(values) = values {
            let at = at + name.chars().count() + 1;
            let Some((from, to)) = values.split_once("..") else {
                return Err(problem(at, said!("write the value before and the value after: {}:A..B", name)));
            };
            let to_at = at + from.chars().count() + 2;
            ends = (self.value(field, from, at)?, self.value(field, to, to_at)?);
        }
        Ok(Term::Changed { field: field.key.clone(), from: ends.0, to: ends.1 })
    }

    /// A value as the history's account of changes spells it.
    fn value(&self, field: &Field, text: &str, at: usize) -> Result<Option<String>, QueryProblem> {
        if text.is_empty() {
            return Ok(None);
        }
        spelled(self.context, field, text, at).map(Some)
    }
}

fn any_of(mut terms: Vec<Term>) -> Term {
    match terms.len() {
        1 => terms.remove(0),
        _ => Term::Any(terms.into_iter().map(|term| Query { terms: vec![term] }).collect()),
    }
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
