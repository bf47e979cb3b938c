//! New items: by hand, and opened by a transition.

use crate::{Decision, Facts, Flow, Input, NotAllowed, Refusal};

/// A new item of `flow`, whose version is `version`, as its number `number`.
///
/// # Errors
/// The actor may not create, or what was sent or is missing: every field at once.
pub fn create(flow: &Flow, version: i64, number: i64, input: &Input, facts: &Facts) -> Result<Decision, Refusal> {
    let _ = (flow, version, number, input, facts);
    Err(Refusal::NotAllowed(NotAllowed::Create))
}
