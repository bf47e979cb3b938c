//! What must be filled before an event is done.

use super::{
    fields::{Draft, is_blank},
    value_of,
};
use crate::{Field, Flow, Holder, Item, Transition, Wrong};

/// The fields that every save asks for.
pub(super) fn of_save(flow: &Flow) -> Vec<&Field> {
    flow.fields.values().filter(|field| field.required).collect()
}

/// The fields that a new item asks for: those of every save, and its holder's.
pub(super) fn of_new(flow: &Flow) -> Vec<&Field> {
    let holds = |field: &Field| flow.create.assign_to == Holder::Field(field.key.clone());
    flow.fields.values().filter(|field| field.required || holds(field)).collect()
}

/// The fields that `row` asks for, pressed on `item`, in the form's order.
pub(super) fn of_row<'a>(row: &Transition, item: &Item, draft: &Draft<'a>) -> Vec<&'a Field> {
    let flow = draft.flow;
    let state = flow.states.get(&item.state);
    let opened_holder = holder_copied(row, draft);
    let is_needed = |field: &&Field| {
        let of_row = row.required.contains(&field.key)
            || row.assign_to == Holder::Field(field.key.clone())
            || opened_holder == Some(field.key.as_str());
        let of_state = state.is_some_and(|state| state.required.contains(&field.key));
        // A return asks for nothing new, but empties nothing either.
        let was_filled = !is_blank(&value_of(&draft.before, field));
        of_row
            || if row.back {
                (field.required || of_state) && was_filled
            } else {
                field.required || (of_state && row.dest != item.state)
            }
    };
    flow.fields.values().filter(is_needed).collect()
}

/// Refuses those of `fields` that are asked for and empty.
pub(super) fn ask_for(draft: &mut Draft, fields: &[&Field]) {
    for field in fields {
        if draft.is_blank(field) && draft.is_asked_for(field) {
            draft.refuse(&field.key, Wrong::Required);
        }
    }
}

/// The field whose value is copied into the field that names the holder of the item that `row` opens.
fn holder_copied<'r>(row: &'r Transition, draft: &Draft) -> Option<&'r str> {
    let open = row.create.as_ref()?;
    match &draft.facts.opens.get(&open.flow)?.flow.create.assign_to {
        Holder::Field(key) => open.copy.get(key).map(String::as_str),
        _ => None,
    }
}
