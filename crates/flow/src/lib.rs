//! What a flow is: read, check, decide. Pure: no clock, no files, no async, no SQL.

mod decide;
mod form;
mod model;
mod problem;
mod value;

pub use decide::*;
pub use form::{ItemName, from_form, item_name, to_form};
pub use model::*;
pub use problem::{Problem, Severity};
pub use value::{Fields, Value};

/// A condition, parsed and type-checked (filled in by condition.rs).
#[derive(Debug, Clone)]
pub struct Condition {
    /// As written in the file.
    pub text: String,
}
