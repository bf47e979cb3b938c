//! Who may do what, and what can be written where.

use crate::{Actor, Field, Flow, Item, Value, Who, fold_name};

/// What a form does with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Can be written.
    Write,
    /// Shown, cannot be written.
    Read,
    /// Not shown, cannot be written.
    Hidden,
}

/// What can be done with `field` in `state`: the field's own rules and the state's.
#[must_use]
pub fn access(flow: &Flow, state: &str, field: &Field) -> Access {
    let rules = flow.states.get(state);
    if field.hidden || rules.is_some_and(|state| state.hidden.contains(&field.key)) {
        Access::Hidden
    } else if field.readonly || rules.is_some_and(|state| state.readonly.contains(&field.key)) {
        Access::Read
    } else {
        Access::Write
    }
}

/// Whether `actor` may see `item`: by `[view]` of the published version of the flow, whichever rules the item.
#[must_use]
pub fn may_see(flow: &Flow, item: &Item, actor: &Actor) -> bool {
    actor.admin || is_among(&flow.view, item, actor)
}

/// Whether `actor` may create items.
#[must_use]
pub fn may_create(flow: &Flow, actor: &Actor) -> bool {
    actor.admin || may_create_as_such(flow, actor)
}

/// Whether `actor` may save `item` without pressing a trigger.
#[must_use]
pub fn may_save(flow: &Flow, item: &Item, actor: &Actor) -> bool {
    !is_final(flow, &item.state) && (actor.admin || holds(item, actor))
}

/// May create without being an administrator.
pub(super) fn may_create_as_such(flow: &Flow, actor: &Actor) -> bool {
    flow.create.by.iter().any(|who| match who {
        Who::Anyone => true,
        Who::User(name) => same_name(name, &actor.name),
        Who::Group(group) => actor.groups.contains(group),
        Who::AssignedTo | Who::CreatedBy | Who::Field(_) => false,
    })
}

/// Whether `actor` is one of the people that `by` names, as `item` stands: what a request would write does not count.
pub(super) fn is_among(by: &[Who], item: &Item, actor: &Actor) -> bool {
    by.iter().any(|who| match who {
        Who::Anyone => true,
        Who::AssignedTo => holds(item, actor),
        Who::CreatedBy => same_name(&item.created_by, &actor.name),
        Who::Field(key) => match item.fields.get(key) {
            Some(Value::Text(name)) => same_name(name, &actor.name),
            Some(Value::List(names)) => names.iter().any(|name| same_name(name, &actor.name)),
            _ => false,
        },
        Who::User(name) => same_name(name, &actor.name),
        Who::Group(group) => actor.groups.contains(group),
    })
}

pub(super) fn holds(item: &Item, actor: &Actor) -> bool {
    item.assigned_to.iter().any(|name| same_name(name, &actor.name))
}

pub(super) fn is_final(flow: &Flow, state: &str) -> bool {
    flow.states.get(state).is_some_and(|state| state.is_final)
}

fn same_name(one: &str, other: &str) -> bool {
    one == other || fold_name(one) == fold_name(other)
}
