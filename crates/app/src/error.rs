//! Why a use case did not happen.

use std::sync::Arc;

use flow::{Flow, Problem, QueryProblem, Refusal};

/// Why a use case did not happen; nothing was written. `web` turns it into a page or a problem document, the command line
/// into a line on stderr.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The flow's rules refused it.
    #[error("refused by the rules of {}: {refusal:?}", flow.key)]
    Refused {
        /// The flow (the item's version of it), for the labels of its fields.
        flow: Arc<Flow>,
        /// Why.
        refusal: Refusal,
    },
    /// There is no such thing, or none that the actor may see.
    #[error("not found")]
    NotFound,
    /// Nobody is signed in, or no longer.
    #[error("not signed in")]
    NotSignedIn,
    /// The item has moved on while it was being changed.
    #[error("the item has moved on")]
    Stale,
    /// Only administrators may.
    #[error("only an administrator may do this")]
    AdminsOnly,
    /// Only whoever keeps it may, and an administrator what is for everybody.
    #[error("only its owner may do this")]
    OwnersOnly,
    /// The flow is out of use; its items can only be read.
    #[error("the flow {0} is archived: its items can only be read")]
    Archived(String),
    /// A query that cannot be read.
    #[error("bad query at {}: {}", .0.position, .0.message)]
    BadQuery(QueryProblem),
    /// A file that is not taken as a whole.
    #[error(transparent)]
    BadFile(#[from] crate::carry::import::BadFile),
    /// A draft of a flow that could not be changed as asked.
    #[error(transparent)]
    NotEdited(flow::edit::NotEdited),
    /// Names in a migration's map that the flow has not.
    #[error("the map names what the new version has not: {}", .0.join(", "))]
    BadMap(Vec<String>),
    /// A cursor that no list gave out.
    #[error("this cursor is none that a list gave out")]
    BadCursor,
    /// What was typed about a user, a group, a token cannot be taken.
    #[error("{}", list(.0))]
    Input(Vec<InputProblem>),
    /// Flow files with errors.
    #[error("{} problem(s) in the flow files", .0.len())]
    Problems(Vec<Problem>),
    /// Wrong name or password.
    #[error("wrong user name or password")]
    WrongPassword,
    /// Too many failed attempts.
    #[error("too many failed attempts; try again in {retry_after_s} s")]
    Throttled {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// The records could not be read or written.
    #[error(transparent)]
    Store(store::Error),
    /// The records are what is left of a copy that was not finished.
    #[error("a copy into these records was not finished: run `tasksteper data copy` into them again")]
    Unfinished,
    /// A record that this program wrote and cannot read: damage, or a defect.
    #[error("a record cannot be read: {0}")]
    Damaged(String),
}

/// One thing typed that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputProblem {
    /// Which input: `name`, `password`, `group`, `to`, …
    pub field: &'static str,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with an input of a user, group or token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Must be filled.
    Missing,
    /// Not 1 to 64 letters, digits, `.`, `_`, `-`; or a reserved name.
    BadName(String),
    /// There is one already.
    Taken(String),
    /// There is none.
    Unknown(String),
    /// There is no such group.
    NoGroup(String),
    /// The user is disabled.
    Disabled(String),
    /// Fewer characters than this.
    TooShort(usize),
    /// More characters than this.
    TooLong(usize),
    /// Not what the user's password is.
    WrongPassword,
    /// No key of a flow: not `[a-z][a-z0-9_]{0,39}`.
    NoKey(String),
    /// The two entries differ.
    Different,
    /// The last active administrator must stay one.
    LastAdmin,
    /// U+0000 or a line break.
    Character,
    /// There are so many already, and there may be no more.
    TooMany(i64),
}

impl std::fmt::Display for InputProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ", self.field)?;
        match &self.reason {
            Reason::Missing => f.write_str("must be given"),
            Reason::BadName(name) => {
                write!(
                    f,
                    "{name:?} is no name: 1 to 64 letters or digits of any script, '.', '_', '-' (and not a reserved one)"
                )
            }
            Reason::Taken(name) => write!(f, "{name:?} exists already"),
            Reason::Unknown(name) => write!(f, "there is no {name:?}"),
            Reason::NoGroup(name) => write!(f, "there is no group {name:?}"),
            Reason::Disabled(name) => write!(f, "{name:?} is disabled"),
            Reason::TooShort(min) => write!(f, "at least {min} characters"),
            Reason::TooLong(max) => write!(f, "at most {max} characters"),
            Reason::WrongPassword => f.write_str("this is not the present password"),
            Reason::NoKey(key) => {
                write!(f, "{key:?} is no key: a small letter, then up to 39 of a-z, 0-9 and _")
            }
            Reason::Different => f.write_str("the two entries differ"),
            Reason::LastAdmin => f.write_str("this is the last active administrator"),
            Reason::Character => f.write_str("holds a character that cannot stand here"),
            Reason::TooMany(max) => write!(f, "there are {max} already: no more than that"),
        }
    }
}

fn list(problems: &[InputProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Error {
    /// One input, one reason.
    pub(crate) fn input(field: &'static str, reason: Reason) -> Error {
        Error::Input(vec![InputProblem { field, reason }])
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Error {
        match error {
            store::Error::BadCursor => Error::BadCursor,
            store::Error::Stale => Error::Stale,
            other => Error::Store(other),
        }
    }
}

impl From<QueryProblem> for Error {
    fn from(problem: QueryProblem) -> Error {
        Error::BadQuery(problem)
    }
}
