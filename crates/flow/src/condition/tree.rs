//! The lowered tree: only what the language allows, already typed, with all that can be known beforehand computed.

use std::borrow::Cow;

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
};

/// One node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    Value(Val<'static>),
    Field {
        key: String,
        empty: Empty,
    },
    State,
    AssignedTo,
    CreatedBy,
    CreatedAt,
    UpdatedAt,
    ClosedAt,
    Today,
    Now,
    /// A moment as typed, in the installation's zone.
    Moment(DateTime),
    Not(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    If(Box<(Expr, Expr, Expr)>),
    /// `fold`: one side is a user's name, which is the same whatever its case.
    Compare {
        how: Comparison,
        fold: bool,
        sides: Box<(Expr, Expr)>,
    },
    In {
        fold: bool,
        sides: Box<(Expr, Expr)>,
    },
    Negate(Box<Expr>),
    Arithmetic(Sign, Box<(Expr, Expr)>),
    Join(Box<(Expr, Expr)>),
    Size(Box<Expr>),
    Find {
        how: Find,
        fold: bool,
        sides: Box<(Expr, Expr)>,
    },
    /// `date(…)` of a text that is only known later.
    Day(Box<Expr>),
    List(Vec<Expr>),
}

/// What a field without a value stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Empty {
    Null,
    Text,
    False,
    List,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    Plus,
    Minus,
    Times,
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Find {
    Contains,
    StartsWith,
    EndsWith,
}

/// A value while a condition is asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Val<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    Date(Date),
    Instant(Timestamp),
    List(Vec<Val<'a>>),
}
