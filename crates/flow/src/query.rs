//! The one-line query: `issue_level=事故 updated>=-7d 单板`. The same text in the search box, the address bar and the API.
//!
//! A query is terms joined by `and`, written or not, which binds closer than `or`; `not` binds closest, brackets group.

mod compare;
mod names;
mod parse;
mod reader;
#[cfg(test)]
mod tests;

use jiff::{Timestamp, tz::TimeZone};

use crate::{Field, Flow, Kind, Said};

pub use names::{column_asked, column_named, day_asked, state_asked, text_field_asked};
pub use parse::{parse_query, parse_sort};

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
    /// At least one of these finds it.
    Any(Vec<Query>),
    /// This does not find it.
    Not(Query),
    /// `was=S@a..b`: has been in a state, at some moment of the range if there is one; in any of these.
    Was(Vec<InState>),
    /// `reached=S@a..b`: entered a state, within the range if there is one; any of these.
    Reached(Vec<InState>),
    /// `changed=field:A..B`: the value of a field went from one to the other, after the item was created.
    Changed {
        /// The field's key.
        field: String,
        /// The value before, as a sheet spells it; none: whatever it was.
        from: Option<String>,
        /// The value after; none: whatever it is.
        to: Option<String>,
    },
}

/// A state, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct InState {
    /// The state.
    pub state: String,
    /// Moments; none: whenever.
    pub within: Option<Range>,
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

impl Column {
    /// As queries spell it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Column::Number => "id",
            Column::State => "state",
            Column::AssignedTo => "assigned_to",
            Column::CreatedBy => "created_by",
            Column::Created => "created",
            Column::Updated => "updated",
            Column::Closed => "closed",
            Column::Field(key) => key,
        }
    }

    /// As the columns of a list are spelled.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Column::State => "current_state",
            Column::Created => "created_at",
            Column::Updated => "updated_at",
            Column::Closed => "closed_at",
            other => other.name(),
        }
    }
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
    pub message: Said,
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
        self.spell(flow, &mut registered);
    }

    fn spell(&mut self, flow: &Flow, registered: &mut dyn FnMut(&str) -> String) {
        for term in &mut self.terms {
            match term {
                Term::Column { column, test: Test::OneOf { words, .. } } if is_of_users(flow, column) => {
                    words.iter_mut().for_each(|word| *word = registered(word));
                }
                Term::Changed { field, from, to } if is_of_users(flow, &Column::Field(field.clone())) => {
                    from.iter_mut().chain(to).for_each(|word| *word = registered(word));
                }
                Term::Any(queries) => queries.iter_mut().for_each(|query| query.spell(flow, registered)),
                Term::Not(query) => query.spell(flow, registered),
                _ => {}
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

/// A longer text is not looked for by the changes that it went through.
const LONGEST_TOLD: usize = 500;

/// Whether the changes of the field's value can be asked for: it has one, and a short one.
#[must_use]
pub fn tells_changes(field: &Field) -> bool {
    !field.multiple
        && match field.kind {
            Kind::Text { max_length, .. } => max_length <= LONGEST_TOLD,
            Kind::Choice(_) | Kind::User | Kind::Number { .. } | Kind::Date | Kind::Datetime | Kind::Bool => true,
            Kind::Textarea { .. } | Kind::Url | Kind::Item { .. } => false,
        }
}

fn problem(position: usize, message: Said) -> QueryProblem {
    QueryProblem { position, message }
}
