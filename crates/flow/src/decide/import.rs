//! Items that are older than this installation: they begin where they stood elsewhere. For administrators.

use jiff::Timestamp;

use super::{
    Decision, Facts, Input, Item, NotAllowed, Record, RecordKind, Refusal, Wrong,
    access::{is_final, may_create},
    create::{begin, drop_defaults},
    fields::Draft,
    fold_name, needs,
    press::holders,
    reading::{active_user, whole_milliseconds},
    record,
};
use crate::{Fields, Flow, Holder};

/// How far an item got elsewhere. What is not given is as of a new item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// The state in which it is.
    pub state: Option<String>,
    /// Who holds it: users that are not disabled.
    pub assigned_to: Vec<String>,
    /// Who created it: a user, disabled or not.
    pub created_by: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it last changed: since then it is in its state.
    pub updated_at: Option<Timestamp>,
    /// When it was closed; now, if absent, in a final state.
    pub closed_at: Option<Timestamp>,
}

impl Past {
    /// Nothing is given: it is a new item.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Past::default()
    }
}

/// Whether a save of `input` would write anything, or be refused for a field: a save that would not is none, whoever may
/// save.
#[must_use]
pub fn would_change(flow: &Flow, item: &Item, input: &Input, facts: &Facts) -> bool {
    let mut draft = Draft::over(flow, facts, item.fields.clone());
    draft.write_input(&item.state, input);
    !draft.wrong.is_empty() || draft.fields != item.fields
}

/// An item that got as far as `past` says: its creation, by whoever created it then; and what brings it to where it stands, by
/// the administrator who acts. Every field may be written, by the rules of its type; those that are required are asked for.
///
/// # Errors
/// The actor is no administrator, or every field that is wrong, built-ins among them, at once.
pub fn import(
    flow: &Flow,
    version: i64,
    number: i64,
    input: &Input,
    past: &Past,
    facts: &Facts,
) -> Result<[Decision; 2], Refusal> {
    if !may_create(flow, facts.actor) {
        return Err(Refusal::NotAllowed(NotAllowed::Create));
    }
    let mut draft = begin(flow, facts);
    draft.write_all(input);
    drop_defaults(&mut draft, |key| input.contains_key(key));
    draft.check_cascades();
    needs::ask_for(&mut draft, &needs::of_save(flow));
    if !facts.actor.admin {
        for (field, _) in given(past).into_iter().filter(|(_, is_given)| *is_given) {
            draft.refuse(field, Wrong::Readonly);
        }
    }
    let state = state(past, &mut draft);
    let creator = creator(past, &mut draft);
    let (begun, arrived) = moments(past, &state, &mut draft);
    let first = holders(&flow.create.assign_to, &[], &creator, &draft);
    let now = if is_final(flow, &state) { of_closed(past, &mut draft) } else { of_open(past, &first, &mut draft) };
    draft.verdict()?;
    let first = first.unwrap_or_else(|_| vec![creator.clone()]);
    let created = created(&draft, (version, number), &creator, begun, first);
    let item = created.after.clone();
    let closed_at = is_final(flow, &state).then_some(arrived);
    let after = Item {
        revision: item.revision + 1,
        state: state.clone(),
        assigned_to: now.clone(),
        updated_at: arrived,
        closed_at,
        ..item.clone()
    };
    let imported = record(RecordKind::Imported, &item, facts);
    let imported = Record { at: arrived, to: state, assigned_to: now, by_admin: true, ..imported };
    Ok([created, Decision { before: Some(item), after, record: imported, opens: None }])
}

fn given(past: &Past) -> [(&'static str, bool); 6] {
    [
        ("current_state", past.state.is_some()),
        ("assigned_to", !past.assigned_to.is_empty()),
        ("created_by", past.created_by.is_some()),
        ("created_at", past.created_at.is_some()),
        ("updated_at", past.updated_at.is_some()),
        ("closed_at", past.closed_at.is_some()),
    ]
}

fn state(past: &Past, draft: &mut Draft) -> String {
    let flow = draft.flow;
    match &past.state {
        Some(state) if flow.states.contains_key(state) => state.clone(),
        Some(state) => {
            let offered = flow.states.keys().cloned().collect();
            draft.refuse("current_state", Wrong::Choice { given: state.clone(), offered });
            flow.initial.clone()
        }
        None => flow.initial.clone(),
    }
}

/// As registered, whether or not they are still active.
fn creator(past: &Past, draft: &mut Draft) -> String {
    let facts = draft.facts;
    let Some(name) = &past.created_by else { return facts.actor.name.clone() };
    match facts.users.get(&fold_name(name)) {
        Some(user) => user.name.clone(),
        None if fold_name(name) == fold_name(&facts.actor.name) => facts.actor.name.clone(),
        None => {
            draft.refuse("created_by", Wrong::NoUser { given: name.clone() });
            name.clone()
        }
    }
}

/// When it was created, and when it came to where it stands.
fn moments(past: &Past, state: &str, draft: &mut Draft) -> (Timestamp, Timestamp) {
    let now = whole_milliseconds(draft.facts.now);
    let closes = is_final(draft.flow, state);
    let [created, updated, closed] =
        [past.created_at, past.updated_at, past.closed_at].map(|at| at.map(whole_milliseconds));
    let begun = created.unwrap_or_else(|| [updated, closed, Some(now)].into_iter().flatten().min().unwrap_or(now));
    for (field, at) in [("created_at", created), ("updated_at", updated), ("closed_at", closed)] {
        if at.is_some_and(|at| at > now || at < begun) {
            draft.refuse(field, Wrong::Time);
        }
    }
    if closed.is_some() && !closes {
        draft.refuse("closed_at", Wrong::Time);
    }
    let arrived = if closes { closed.unwrap_or(now) } else { updated.unwrap_or(begun) };
    (begun, arrived)
}

/// Nobody holds what is closed.
fn of_closed(past: &Past, draft: &mut Draft) -> Vec<String> {
    if !past.assigned_to.is_empty() {
        draft.refuse("assigned_to", Wrong::Readonly);
    }
    Vec::new()
}

/// Those who are named; else whom a new item goes to.
fn of_open(past: &Past, first: &Result<Vec<String>, (String, Wrong)>, draft: &mut Draft) -> Vec<String> {
    if past.assigned_to.is_empty() {
        // Of a record whose creator or state is wrong nobody knows who would hold it.
        let is_known = ["created_by", "current_state"].iter().all(|key| !draft.wrong.contains_key(*key));
        if let Err((field, wrong)) = first
            && is_known
        {
            // who is to blame stands in a column of the record, if it is not the field that names the holder
            let field = if draft.flow.create.assign_to == Holder::CreatedBy { "assigned_to" } else { field };
            draft.refuse(field, wrong.clone());
        }
        return first.clone().unwrap_or_default();
    }
    let mut names: Vec<String> = Vec::new();
    for name in &past.assigned_to {
        match active_user(name, draft.facts) {
            Ok(name) if names.contains(&name) => {}
            Ok(name) => names.push(name),
            Err(wrong) => draft.refuse("assigned_to", wrong),
        }
    }
    names
}

fn created(
    draft: &Draft,
    (flow_version, number): (i64, i64),
    creator: &str,
    at: Timestamp,
    holders: Vec<String>,
) -> Decision {
    let item = Item {
        number,
        flow_version,
        revision: 1,
        state: draft.flow.initial.clone(),
        assigned_to: holders.clone(),
        created_by: creator.to_owned(),
        created_at: at,
        updated_at: at,
        closed_at: None,
        fields: draft.fields.clone(),
    };
    let record = Record {
        at,
        actor: creator.to_owned(),
        kind: RecordKind::Created,
        trigger: None,
        from: None,
        to: item.state.clone(),
        changes: draft.changes(&Fields::new()),
        assigned_to: holders,
        comment: None,
        by_admin: false,
    };
    Decision { before: None, after: item, record, opens: None }
}
