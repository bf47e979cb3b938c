//! Pressing a trigger.

use super::{
    Decision, Facts, Input, Item, NotAllowed, Record, RecordKind, Refusal, Wrong,
    access::{is_among, is_final},
    create::open,
    fields::Draft,
    needs, next,
    reading::{COMMENT_MAX, active_user, line_feeds, read_text},
    record,
};
use crate::{CommentRule, Flow, Holder, Subject, Transition};

/// The row that a press takes.
pub(super) struct Taken<'a> {
    pub(super) row: &'a Transition,
    /// Only as an administrator may the actor take it.
    pub(super) by_admin: bool,
}

/// What a row does, beyond the fields.
pub(super) struct Outcome {
    pub(super) holders: Vec<String>,
    pub(super) comment: Option<String>,
    pub(super) opens: Option<Box<(String, Decision)>>,
}

/// See [`super::Event::Press`].
pub(super) fn press(
    flow: &Flow,
    item: &Item,
    trigger: &str,
    input: &Input,
    comment: Option<&str>,
    facts: &Facts,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::over(flow, facts, item.fields.clone());
    draft.write_input(&item.state, input);
    let Taken { row, by_admin } = take(item, trigger, &draft)?;
    let Outcome { holders, comment, opens } = carry_out(row, item, comment, by_admin, &mut draft);
    draft.verdict()?;
    let record = Record {
        trigger: Some(trigger.to_owned()),
        to: row.dest.clone(),
        changes: draft.changes(&item.fields),
        assigned_to: holders.clone(),
        comment,
        by_admin,
        ..record(RecordKind::Triggered, item, facts)
    };
    let moved = next(item, draft.fields, facts);
    let closed_at = is_final(flow, &row.dest).then(|| item.closed_at.unwrap_or(moved.updated_at));
    let after = Item { state: row.dest.clone(), assigned_to: holders, closed_at, ..moved };
    Ok(Decision { before: Some(item.clone()), after, record, opens })
}

/// The row of `trigger` that is taken: of those out of the present state the first whose condition holds for the values at
/// hand. Who may press is judged on the item as it stands, or else a request could name its sender.
pub(super) fn take<'a>(item: &Item, trigger: &str, draft: &Draft<'a>) -> Result<Taken<'a>, Refusal> {
    let (flow, facts) = (draft.flow, draft.facts);
    let rows = flow.transitions.iter().filter(|row| row.trigger == trigger && row.sources.contains(&item.state));
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Err(Refusal::WrongState { trigger: trigger.to_owned(), state: item.state.clone() });
    }
    let subject = Subject { fields: &draft.fields, ..Subject::of(item, facts.now, facts.zone) };
    let row = rows.iter().find(|row| row.condition.as_ref().is_none_or(|condition| condition.holds(&subject)));
    // Without a row to take: who may take none of them is told so, and nothing of the conditions.
    let asked = row.map_or(rows.as_slice(), std::slice::from_ref);
    let named = asked.iter().any(|row| is_among(&row.by, item, facts.actor));
    if !named && !facts.actor.admin {
        return Err(Refusal::NotAllowed(NotAllowed::Press { by: all_of(asked.iter().map(|row| row.by.as_slice())) }));
    }
    match row {
        Some(row) => Ok(Taken { row, by_admin: !named }),
        None => {
            let unmet = all_of(rows.iter().map(|row| row.unmet.as_slice()));
            Err(Refusal::Unmet { trigger: trigger.to_owned(), unmet })
        }
    }
}

/// What `row` writes, needs and leads to; what is wrong is written into `draft`.
pub(super) fn carry_out(
    row: &Transition,
    item: &Item,
    comment: Option<&str>,
    by_admin: bool,
    draft: &mut Draft,
) -> Outcome {
    let flow = draft.flow;
    for (key, preset) in &row.set {
        if let Some(field) = flow.fields.get(key)
            && let Err(wrong) = draft.write_preset(field, preset, &item.created_by)
        {
            draft.refuse(key, wrong);
        }
    }
    draft.check_cascades();
    let needed = needs::of_row(row, item, draft);
    needs::ask_for(draft, &needed);
    let next = holders(&row.assign_to, &item.assigned_to, &item.created_by, draft);
    let (mut next, wrong) = match next {
        Ok(next) => (next, None),
        Err((field, wrong)) => (Vec::new(), Some((field, wrong))),
    };
    let closes = is_final(flow, &row.dest);
    match wrong {
        Some((_, Wrong::NoHolder)) if closes => {}
        Some((field, wrong)) => draft.refuse(&field, wrong),
        None => {}
    }
    if closes {
        next.clear();
    }
    let opens = row.create.as_ref().and_then(|create| open(create, by_admin, draft)).map(Box::new);
    let comment = read_comment(comment, row.comment).unwrap_or_else(|wrong| {
        draft.refuse("comment", wrong);
        None
    });
    Outcome { holders: next, comment, opens }
}

/// Who holds an item next: all of them active, or of those that stay at least one. Else the field that is to blame, and why.
pub(super) fn holders(
    holder: &Holder,
    present: &[String],
    created_by: &str,
    draft: &Draft,
) -> Result<Vec<String>, (String, Wrong)> {
    let nobody = |_| ("assigned_to".to_owned(), Wrong::NoHolder);
    match holder {
        Holder::Same if present.iter().any(|name| active_user(name, draft.facts).is_ok()) => Ok(present.to_vec()),
        Holder::Same => Err(nobody(())),
        Holder::CreatedBy => Ok(vec![active_user(created_by, draft.facts).map_err(|_| nobody(()))?]),
        Holder::User(name) => Ok(vec![active_user(name, draft.facts).map_err(|_| nobody(()))?]),
        Holder::Field(key) => {
            let names = draft.fields.get(key).map(|value| value.texts()).unwrap_or_default();
            let names = names.iter().map(|name| active_user(name, draft.facts)).collect::<Result<Vec<_>, _>>();
            match names {
                Ok(names) if names.is_empty() => Err((key.clone(), Wrong::Required)),
                Ok(names) => Ok(names),
                Err(wrong) => Err((key.clone(), wrong)),
            }
        }
    }
}

/// A comment as it is kept; a blank one is none.
pub(super) fn read_comment(text: Option<&str>, rule: CommentRule) -> Result<Option<String>, Wrong> {
    match text.filter(|text| !text.trim().is_empty()) {
        None if rule == CommentRule::Required => Err(Wrong::Required),
        None => Ok(None),
        Some(_) if rule == CommentRule::None => Err(Wrong::NoComment),
        Some(text) => read_text(&line_feeds(text), COMMENT_MAX, false).map(Some),
    }
}

/// Everything in `lists`, each once, in order.
fn all_of<'a, T: Clone + PartialEq + 'a>(lists: impl Iterator<Item = &'a [T]>) -> Vec<T> {
    let mut all = Vec::new();
    for entry in lists.flatten() {
        if !all.contains(entry) {
            all.push(entry.clone());
        }
    }
    all
}
