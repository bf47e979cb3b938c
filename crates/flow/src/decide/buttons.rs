//! The triggers of the present state, as one person sees them.

use super::{
    Button, Facts, FieldProblem, Input, Item, Refusal, Wrong,
    access::{Access, access},
    fields::Draft,
    needs,
    press::{Taken, carry_out, take},
};
use crate::{Flow, Transition};

/// One button for each trigger of the present state, in the flow's order: `input` over what is stored, for the actor.
/// Its refusal is what a press would be refused with, but for what the person can still fill in or mend in the form.
#[must_use]
pub fn buttons(flow: &Flow, item: &Item, input: &Input, facts: &Facts) -> Vec<Button> {
    let mut draft = Draft::over(flow, facts, item.fields.clone());
    draft.write_input(&item.state, input);
    // What may not be written has not been; it says nothing about the triggers.
    draft.wrong.retain(|_, wrong| !matches!(wrong, Wrong::Readonly | Wrong::Unknown));
    let mut buttons: Vec<Button> = Vec::new();
    for first in flow.rows_from(&item.state) {
        if buttons.iter().all(|button| button.trigger != first.trigger) {
            buttons.push(button(item, first, draft.clone()));
        }
    }
    buttons
}

fn button(item: &Item, first: &Transition, mut draft: Draft) -> Button {
    let (row, by_admin, mut refusal) = match take(item, &first.trigger, &draft) {
        Ok(Taken { row, by_admin }) => (row, by_admin, None),
        Err(refusal) => (first, false, Some(refusal)),
    };
    let typed = draft.wrong.clone();
    carry_out(row, item, None, by_admin, &mut draft);
    let needs = needs::of_row(row, item, &draft).into_iter().filter(|field| draft.is_asked_for(field));
    let needs = needs.filter(|field| !row.set.contains_key(&field.key)).map(|field| field.key.clone()).collect();
    if refusal.is_none()
        && let Err(Refusal::Invalid(problems)) = draft.verdict()
    {
        let stays =
            |problem: &FieldProblem| !typed.contains_key(&problem.field) && !can_mend(problem, row, item, &draft);
        let lasting: Vec<_> = problems.into_iter().filter(stays).collect();
        refusal = if lasting.is_empty() { None } else { Some(Refusal::Invalid(lasting)) };
    }
    Button {
        trigger: row.trigger.clone(),
        dest: row.dest.clone(),
        refusal,
        back: row.back,
        comment: row.comment,
        needs,
        by_admin,
    }
}

/// Whether the person who presses `row` can set `problem` right in the form.
fn can_mend(problem: &FieldProblem, row: &Transition, item: &Item, draft: &Draft) -> bool {
    let can_write = |key: &str| {
        let field = draft.flow.fields.get(key);
        field.is_some_and(|field| access(draft.flow, &item.state, field) == Access::Write) && !row.set.contains_key(key)
    };
    match &problem.what {
        Wrong::Linked | Wrong::NoFlow { .. } | Wrong::NoHolder => false,
        _ => problem.field == "comment" || can_write(&problem.field),
    }
}
