//! The rules: what an event does to an item, or why it does nothing. The only place that makes a [`Decision`].

mod access;
mod asks;
mod buttons;
mod create;
mod fields;
mod fold;
mod import;
mod migrate;
mod needs;
mod press;
mod reading;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use jiff::{Timestamp, tz::TimeZone};
use unicode_normalization::UnicodeNormalization;

use fields::Draft;

use crate::{CommentRule, Field, Fields, Flow, Kind, Value, Who};

pub use access::{Access, access, may_create, may_save, may_see};
pub(crate) use asks::texts_in;
pub use asks::{Asks, asks, people_named};
pub use buttons::buttons;
pub use create::{create, initial_fields, initial_fields_of};
pub use fold::{apply, fold};
pub use import::{Past, import, would_change};
pub use migrate::{Lack, Map, Side, Step, VERSION, migrate, migrate_back, sides, suggest};
pub(crate) use reading::read_shaped;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user's name as registered.
    pub name: String,
    /// Administrators may press every trigger; the history says so.
    pub admin: bool,
    /// The groups that the user is in.
    pub groups: BTreeSet<String>,
}

/// An item as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// 1, 2, … within its flow.
    pub number: i64,
    /// The version of the flow that rules it.
    pub flow_version: i64,
    /// 1 when created; one more with each change.
    pub revision: i64,
    /// The present state.
    pub state: String,
    /// The holders; empty exactly in a final state.
    pub assigned_to: Vec<String>,
    /// Who created it.
    pub created_by: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it reached a final state, while it is in one.
    pub closed_at: Option<Timestamp>,
    /// Every other field.
    pub fields: Fields,
}

/// What a decision may need to know beyond the item: looked up before, so that deciding reads nothing.
/// [`crate::asks`] tells what to look up.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// Who acts.
    pub actor: &'a Actor,
    /// Users that the item, the flow or the input names: from the name in lower case to what is known.
    /// A name that is absent is no user.
    pub users: BTreeMap<String, UserFact>,
    /// Items that the input names: from the text as given to what is known. Absent: there is none that the actor may see.
    pub items: BTreeMap<String, ItemFact>,
    /// For each flow that a `create` of the item's state opens: the published flow. Absent: not published.
    pub opens: BTreeMap<String, OpenFact<'a>>,
    /// The moment.
    pub now: Timestamp,
    /// The installation's zone: days and typed times are in it.
    pub zone: &'a TimeZone,
}

/// What is known of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFact {
    /// As registered.
    pub name: String,
    /// Not disabled.
    pub active: bool,
}

/// What is known of an item that the input names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFact {
    /// Its flow's key.
    pub flow: String,
    /// Its number.
    pub number: i64,
}

/// A flow that a `create` opens an item of.
#[derive(Debug, Clone, Copy)]
pub struct OpenFact<'a> {
    /// The published definition.
    pub flow: &'a Flow,
    /// Its version.
    pub version: i64,
    /// The number that the new item will get.
    pub number: i64,
}

/// Field values as a request gives them: JSON by key. Absent = unchanged, null = emptied.
pub type Input = IndexMap<String, serde_json::Value>;

/// What someone wants to do.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// Save without pressing.
    Save {
        /// Field values.
        fields: &'a Input,
    },
    /// Press a trigger.
    Press {
        /// The words on the button.
        trigger: &'a str,
        /// Field values sent with it.
        fields: &'a Input,
        /// Said with it; blank counts as none.
        comment: Option<&'a str>,
    },
    /// Hand over: administrators.
    Assign {
        /// The new holder's name.
        to: &'a str,
        /// Only this holder's place is taken, the others stay; without it, the new holder is the only one.
        instead_of: Option<&'a str>,
    },
}

/// What happened, to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What kind of thing.
    pub kind: RecordKind,
    /// The trigger pressed.
    pub trigger: Option<String>,
    /// The state before; none for a new item.
    pub from: Option<String>,
    /// The state after.
    pub to: String,
    /// Field by field: before, after.
    pub changes: IndexMap<String, (Value, Value)>,
    /// The holders after it.
    pub assigned_to: Vec<String>,
    /// What was said.
    pub comment: Option<String>,
    /// Allowed only because the actor is an administrator.
    pub by_admin: bool,
}

/// The kinds of a [`Record`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// A new item.
    Created,
    /// Saved, not moved.
    Saved,
    /// A trigger was pressed.
    Triggered,
    /// Someone said something; changes no revision.
    Commented,
    /// Handed over by an administrator.
    Assigned,
    /// Brought to where it stood elsewhere, by an administrator: the second record of an item that is older than this
    /// installation.
    Imported,
    /// Taken to another version of its flow, by an administrator.
    Migrated,
}

/// What an event does. Made by this module alone; the store writes nothing else to an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub(crate) before: Option<Item>,
    pub(crate) after: Item,
    pub(crate) record: Record,
    pub(crate) opens: Option<Box<(String, Decision)>>,
}

impl Decision {
    /// The item before it; none for a new item.
    #[must_use]
    pub fn before(&self) -> Option<&Item> {
        self.before.as_ref()
    }

    /// The item after it.
    #[must_use]
    pub fn after(&self) -> &Item {
        &self.after
    }

    /// What the history will say.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// A save that writes nothing new: there is nothing to store.
    #[must_use]
    pub fn changes_nothing(&self) -> bool {
        self.record.kind == RecordKind::Saved && self.before.as_ref() == Some(&self.after)
    }

    /// The new item that a `create` opens: its flow's key and the decision that creates it.
    #[must_use]
    pub fn opens(&self) -> Option<(&str, &Decision)> {
        self.opens.as_deref().map(|(flow, decision)| (flow.as_str(), decision))
    }
}

/// Why nothing happens. Words for people are made from it in their language, by `web`.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The item has moved on since the revision that the request names.
    Stale {
        /// The item's revision.
        revision: i64,
    },
    /// The trigger is none of the present state.
    WrongState {
        /// As asked for.
        trigger: String,
        /// The present state.
        state: String,
    },
    /// The actor may not.
    NotAllowed(NotAllowed),
    /// No row's condition holds.
    Unmet {
        /// The trigger.
        trigger: String,
        /// What the flow's author says about it: the `unmet` of the rows, in order, without repetition.
        unmet: Vec<String>,
    },
    /// What was sent, or what is needed and missing: all of it at once, in the form's order.
    Invalid(Vec<FieldProblem>),
}

/// Why the actor may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAllowed {
    /// Pressing: who may, as the row's `by` says.
    Press {
        /// The people and groups that may.
        by: Vec<Who>,
    },
    /// Saving is for holders and administrators.
    Save,
    /// Nobody saves in a final state.
    Final,
    /// Creating: as `[create]` says.
    Create,
    /// Handing over is for administrators.
    Assign,
}

/// One field's problem.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldProblem {
    /// Key of the field, `comment`, or `to` of a hand-over.
    pub field: String,
    /// What is wrong.
    pub what: Wrong,
}

/// What can be wrong with a field's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Wrong {
    /// The flow has no such field.
    Unknown,
    /// It cannot be written now.
    Readonly,
    /// It must be filled.
    Required,
    /// Not the JSON type of the field; what it wants (`"text"`, `"number"`, …).
    Type(&'static str),
    /// More characters than this.
    TooLong {
        /// Characters allowed.
        max: usize,
    },
    /// Does not match the pattern.
    Pattern {
        /// As written in the flow file.
        pattern: String,
    },
    /// U+0000, or a line break in a single line.
    Character,
    /// Not one of the words offered.
    Choice {
        /// What was given.
        given: String,
        /// What is offered.
        offered: Vec<String>,
    },
    /// The value no longer fits the parent's.
    Misfit {
        /// Key of the parent.
        parent: String,
    },
    /// No such user.
    NoUser {
        /// What was given.
        given: String,
    },
    /// The user is disabled.
    Disabled {
        /// The user.
        user: String,
    },
    /// Smaller than this.
    TooSmall {
        /// The smallest.
        min: f64,
    },
    /// Larger than this.
    TooLarge {
        /// The largest.
        max: f64,
    },
    /// More digits after the point than this.
    Decimals {
        /// Digits allowed.
        max: u32,
    },
    /// More than 15 significant digits, or not finite.
    Digits,
    /// Not a day, `2026-11-22`.
    Date,
    /// Not a moment, RFC 3339.
    Datetime,
    /// Not an http(s) address.
    Url,
    /// No such item, or none that the actor may see.
    NoItem {
        /// What was given.
        given: String,
    },
    /// An item of another flow.
    OtherFlow {
        /// Key of the flow it must be of.
        flow: String,
    },
    /// The link that this trigger would write is filled already.
    Linked,
    /// The flow that this trigger opens an item of is not published.
    NoFlow {
        /// Its key.
        flow: String,
    },
    /// The opened item's field would refuse this field's value.
    Copy {
        /// The opened item's flow.
        flow: String,
        /// Its field.
        field: String,
        /// Why.
        why: Box<Wrong>,
    },
    /// A moment out of its order: after now, closed before created, closed in a state that is not final.
    Time,
    /// A comment is not taken here.
    NoComment,
    /// The item would have no active holder.
    NoHolder,
}

/// A trigger of the present state, for one person and the values at hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Button {
    /// The words on it.
    pub trigger: String,
    /// Where the row that would be taken leads, or else the first.
    pub dest: String,
    /// Why it cannot be pressed, if so.
    pub refusal: Option<Refusal>,
    /// A return.
    pub back: bool,
    /// Whether a comment is taken.
    pub comment: CommentRule,
    /// Fields that it asks for: those of `assign_to` and `required` (row, state, flow) that it will not go without, filled or not.
    pub needs: Vec<String>,
    /// Pressing would be allowed only because the actor is an administrator.
    pub by_admin: bool,
}

impl Item {
    /// What a field of its flow holds; a `bool` that is absent is false.
    #[must_use]
    pub fn value(&self, field: &Field) -> Value {
        value_of(&self.fields, field)
    }
}

/// A user's name as it is compared and looked up: the same whatever its case. [`Facts::users`] is keyed by it.
#[must_use]
pub fn fold_name(name: &str) -> String {
    if name.is_ascii() {
        // The same, without the tables: most names, and every request folds some.
        return name.to_ascii_lowercase();
    }
    name.to_lowercase().nfc().collect()
}

/// What `event` does to `item`, or why nothing happens. `flow` is the version that rules the item; `revision`, when given,
/// must be the item's present one.
///
/// # Errors
/// Why nothing happens: stale, then wrong state, then not allowed, then unmet, then every invalid field at once.
pub fn decide(
    flow: &Flow,
    item: &Item,
    revision: Option<i64>,
    event: &Event,
    facts: &Facts,
) -> Result<Decision, Refusal> {
    if revision.is_some_and(|revision| revision != item.revision) {
        return Err(Refusal::Stale { revision: item.revision });
    }
    match event {
        Event::Save { fields } => save(flow, item, fields, facts),
        Event::Press { trigger, fields, comment } => press::press(flow, item, trigger, fields, *comment, facts),
        Event::Assign { to, instead_of } => hand_over(flow, item, to, *instead_of, facts),
    }
}

/// A comment: it changes nothing but the history. Everyone who may see the item may say something; who may see it is
/// asked for before ([`may_see`]), by the published version of the flow.
///
/// # Errors
/// A comment that is blank, too long or holds U+0000.
pub fn comment(flow: &Flow, item: &Item, text: &str, facts: &Facts) -> Result<Decision, Refusal> {
    let _ = flow;
    let text = press::read_comment(Some(text), CommentRule::Required).map_err(|what| invalid("comment", what))?;
    let record = Record { comment: text, ..record(RecordKind::Commented, item, facts) };
    Ok(Decision { before: Some(item.clone()), after: item.clone(), record, opens: None })
}

fn save(flow: &Flow, item: &Item, input: &Input, facts: &Facts) -> Result<Decision, Refusal> {
    if access::is_final(flow, &item.state) {
        return Err(Refusal::NotAllowed(NotAllowed::Final));
    }
    if !may_save(flow, item, facts.actor) {
        return Err(Refusal::NotAllowed(NotAllowed::Save));
    }
    let mut draft = Draft::over(flow, facts, item.fields.clone());
    draft.write_input(&item.state, input);
    draft.check_cascades();
    needs::ask_for(&mut draft, &needs::of_save(flow));
    draft.verdict()?;
    let changes = draft.changes(&item.fields);
    let after = if changes.is_empty() { item.clone() } else { next(item, draft.fields, facts) };
    let by_admin = !access::holds(item, facts.actor);
    let record = Record { changes, by_admin, ..record(RecordKind::Saved, item, facts) };
    Ok(Decision { before: Some(item.clone()), after, record, opens: None })
}

fn hand_over(flow: &Flow, item: &Item, to: &str, instead_of: Option<&str>, facts: &Facts) -> Result<Decision, Refusal> {
    if !facts.actor.admin {
        return Err(Refusal::NotAllowed(NotAllowed::Assign));
    }
    if access::is_final(flow, &item.state) {
        return Err(Refusal::NotAllowed(NotAllowed::Final));
    }
    let to = reading::active_user(to, facts).map_err(|what| invalid("to", what))?;
    let others = item.assigned_to.iter().filter(|name| instead_of.is_some_and(|one| fold_name(one) != fold_name(name)));
    let mut holders: Vec<String> = others.filter(|name| **name != to).cloned().collect();
    holders.push(to);
    let after = Item { assigned_to: holders.clone(), ..next(item, item.fields.clone(), facts) };
    let record = Record { assigned_to: holders, by_admin: true, ..record(RecordKind::Assigned, item, facts) };
    Ok(Decision { before: Some(item.clone()), after, record, opens: None })
}

/// `item` with `fields`, one revision on.
fn next(item: &Item, fields: Fields, facts: &Facts) -> Item {
    let updated_at = moment(item, facts);
    Item { revision: item.revision + 1, updated_at, fields, ..item.clone() }
}

/// When it happens: never before what happened to the item last, although a clock may be set back.
fn moment(item: &Item, facts: &Facts) -> Timestamp {
    reading::whole_milliseconds(facts.now).max(item.updated_at)
}

/// What is said of an event that leaves everything as it is.
fn record(kind: RecordKind, item: &Item, facts: &Facts) -> Record {
    Record {
        at: moment(item, facts),
        actor: facts.actor.name.clone(),
        kind,
        trigger: None,
        from: Some(item.state.clone()),
        to: item.state.clone(),
        changes: IndexMap::new(),
        assigned_to: item.assigned_to.clone(),
        comment: None,
        by_admin: false,
    }
}

fn invalid(field: &str, what: Wrong) -> Refusal {
    Refusal::Invalid(vec![FieldProblem { field: field.to_owned(), what }])
}

/// What `field` holds among `fields`.
pub(crate) fn value_of(fields: &Fields, field: &Field) -> Value {
    match (fields.get(&field.key), &field.kind) {
        (Some(Value::Empty) | None, Kind::Bool) => Value::Bool(false),
        (Some(value), _) => value.clone(),
        (None, _) => Value::Empty,
    }
}
