//! What a flow is: read, check, decide. Pure: no clock, no files, no async, no SQL.

mod by;
mod check;
mod condition;
mod decide;
pub mod edit;
mod form;
mod model;
mod picture;
mod problem;
mod query;
mod read;
mod said;
pub mod text;
pub mod trial;
mod value;
mod words;

pub use by::{By, BySort, Span, parse_all_by, parse_by};
pub use check::{Checked, check, compatible, settle_types, tells_retyped};
pub use condition::{Condition, ConditionProblem, Subject};
pub use decide::*;
pub use form::{ItemName, from_form, item_name, to_form};
pub use model::*;
pub use picture::{Arrow, Block, Figure, Figures, Picture, bpmn, mermaid, picture, picture_of_draft};
pub use problem::{Problem, Severity, line_column, render};
pub use query::{
    Column, Edge, InState, Query, QueryContext, QueryProblem, Range, Scalar, SortKey, Term, Test, column_asked,
    column_named, day_asked, parse_query, parse_sort, state_asked, tells_changes, text_field_asked,
};
pub use read::{File, SCHEMA, duration_minutes, is_key, read};
pub use said::{Arg, Said};
pub use value::{Fields, Value};
