//! What a flow is: read, check, decide. Pure: no clock, no files, no async, no SQL.

mod condition;
mod decide;
mod form;
mod model;
mod problem;
mod value;
mod words;

pub use condition::{Condition, ConditionProblem, Subject};
pub use decide::*;
pub use form::{ItemName, from_form, item_name, to_form};
pub use model::*;
pub use problem::{Problem, Severity};
pub use value::{Fields, Value};
