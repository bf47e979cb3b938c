//! The triggers of the present state, as one person sees them.

use crate::{Button, Facts, Flow, Input, Item};

/// One button for each trigger of the present state, in the flow's order: `input` over what is stored, for the actor.
#[must_use]
pub fn buttons(flow: &Flow, item: &Item, input: &Input, facts: &Facts) -> Vec<Button> {
    let _ = (flow, item, input, facts);
    Vec::new()
}
