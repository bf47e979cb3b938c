//! What to look up before deciding.

use std::collections::BTreeSet;

use crate::{Flow, Input, Item};

/// What to look up before deciding; the answers make up [`crate::Facts`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asks {
    /// Names of users, in the spelling of [`crate::fold_name`].
    pub users: BTreeSet<String>,
    /// Items, as the input names them ([`crate::item_name`] reads such a text).
    pub items: BTreeSet<String>,
    /// Keys of the flows that a trigger of the present state would open an item of. Of each one that is published, the
    /// users of `asks(it, None, &Input::new())` are to be looked up too.
    pub opens: BTreeSet<String>,
}

/// What to look up before `input` is decided on: for a new item, or for `item`.
#[must_use]
pub fn asks(flow: &Flow, item: Option<&Item>, input: &Input) -> Asks {
    let _ = (flow, item, input);
    Asks::default()
}
