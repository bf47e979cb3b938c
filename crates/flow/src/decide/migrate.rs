//! Items that go on under another version of their flow. For administrators.

mod map;

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::{
    Decision, Facts, Item, Record, RecordKind, Wrong,
    access::is_final,
    fields::Draft,
    fold::apply,
    fold_name,
    reading::{active_user, read_value},
    record,
};
use crate::{Field, Fields, Flow, Kind, Transition, Value, Who, condition::Told};

pub use map::{Map, Side, sides, suggest};

/// The key among a record's changes that tells the versions: no field can have it.
pub const VERSION: &str = "@version";

/// From one version of a flow to another.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// The version that rules the items now.
    pub old: &'a Flow,
    /// The version that is to rule them.
    pub new: &'a Flow,
    /// Its number.
    pub version: i64,
    /// What becomes of what is gone.
    pub map: &'a Map,
    /// What is to stand in fields of the new version, whatever the map makes of the old: what stood there before.
    pub stood: &'a IndexMap<String, Value>,
    /// The groups that have an active member.
    pub peopled: &'a BTreeSet<String>,
}

/// Why an item cannot go along.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lack {
    /// Its state is gone, and the map names none in its place.
    State(String),
    /// Its field is gone and holds something, and the map does not say where that goes.
    Field(String),
    /// What stands in the field (its new key) cannot stand there any more.
    Value(String, String),
    /// The new version asks for the field, and nothing stands there.
    Required(String),
    /// Nobody who is active would hold it.
    Holder,
    /// Nobody could press anything, whatever is filled in.
    Button,
    /// No way leads from its state to an end.
    End,
}

/// What takes `item` to the new version, or everything that it would lack there. [`Facts::users`] must know everyone.
///
/// # Errors
/// Whatever the item would lack.
pub fn migrate(step: &Step, item: &Item, facts: &Facts) -> Result<Decision, Vec<Lack>> {
    let mut lacks = Vec::new();
    let fields = carried(step, item, facts, &mut lacks);
    let state = step.map.states.get(&item.state).unwrap_or(&item.state).clone();
    if !step.new.states.contains_key(&state) {
        lacks.push(Lack::State(item.state.clone()));
        return Err(lacks);
    }
    let holders = holders(step, item, &state, facts);
    let after = Item { state: state.clone(), assigned_to: holders.clone(), fields, ..item.clone() };
    if !is_final(step.new, &state) {
        if !holders.iter().any(|name| active_user(name, facts).is_ok()) {
            lacks.push(Lack::Holder);
        }
        let may = |row: &Transition| anyone_may(row, &after, step.peopled, facts) && may_hold(step.new, row, &after);
        if !step.new.rows_from(&state).any(may) {
            lacks.push(Lack::Button);
        }
        if !reaches_an_end(step.new, &state) {
            lacks.push(Lack::End);
        }
    }
    if lacks.is_empty() { Ok(decided(item, after, step.version, facts)) } else { Err(lacks) }
}

/// What takes `item` back to where it stood before it was migrated: `stood` are the fields that its migration changed, as they
/// were. Nothing else may have happened to it since.
#[must_use]
pub fn migrate_back(
    item: &Item,
    version: i64,
    (state, assigned_to): (&str, &[String]),
    stood: &IndexMap<String, Value>,
    facts: &Facts,
) -> Decision {
    let mut fields = item.fields.clone();
    for (key, value) in stood {
        put(&mut fields, key, value.clone());
    }
    let after = Item { state: state.to_owned(), assigned_to: assigned_to.to_vec(), fields, ..item.clone() };
    decided(item, after, version, facts)
}

fn decided(item: &Item, wanted: Item, version: i64, facts: &Facts) -> Decision {
    let keys: BTreeSet<&String> = item.fields.keys().chain(wanted.fields.keys()).collect();
    let of = |fields: &Fields, key: &str| fields.get(key).cloned().unwrap_or(Value::Empty);
    #[expect(clippy::cast_precision_loss, reason = "versions are few")]
    let number = |version: i64| Value::Number(version as f64);
    let mut changes = IndexMap::from([(VERSION.to_owned(), (number(item.flow_version), number(version)))]);
    for key in keys {
        let (old, new) = (of(&item.fields, key), of(&wanted.fields, key));
        if old != new {
            changes.insert(key.clone(), (old, new));
        }
    }
    let said = record(RecordKind::Migrated, item, facts);
    let record = Record { to: wanted.state, changes, assigned_to: wanted.assigned_to, by_admin: true, ..said };
    let after = apply(item.clone(), record.at, &record);
    Decision { before: Some(item.clone()), after, record, opens: None }
}

/// The fields under the new version.
fn carried(step: &Step, item: &Item, facts: &Facts, lacks: &mut Vec<Lack>) -> Fields {
    let mut fields = Fields::new();
    for (key, value) in &item.fields {
        let from = step.old.fields.get(key);
        let to = match step.map.fields.get(key) {
            Some(to) if to.is_empty() => continue,
            Some(to) => to,
            None => key,
        };
        if step.stood.contains_key(to) {
            continue;
        }
        let (Some(from), Some(field)) = (from, step.new.fields.get(to)) else {
            if !matches!(value, Value::Empty | Value::Bool(false)) {
                lacks.push(Lack::Field(key.clone()));
            }
            continue;
        };
        if fields.contains_key(to) {
            // two of the old never become one of the new
            lacks.push(Lack::Field(key.clone()));
            continue;
        }
        match converted(step, (from, value), field, facts) {
            Some(value) => put(&mut fields, to, value),
            None => lacks.push(Lack::Value(to.clone(), value.spelled())),
        }
    }
    step.stood.iter().for_each(|(key, value)| put(&mut fields, key, value.clone()));
    fill(step, item, &mut fields, facts, lacks);
    let draft = Draft::over(step.new, facts, fields.clone());
    for field in step.new.fields.values().filter(|field| matches!(field.kind, Kind::Choice(_))) {
        let value = draft.value(field);
        if !value.is_empty() && !draft.fits(field) {
            lacks.push(Lack::Value(field.key.clone(), value.spelled()));
        }
    }
    fields
}

/// What the map has for fields that nothing stands in, and what is asked for all the same.
fn fill(step: &Step, item: &Item, fields: &mut Fields, facts: &Facts, lacks: &mut Vec<Lack>) {
    for (key, field) in &step.new.fields {
        if fields.contains_key(key) || matches!(field.kind, Kind::Bool) {
            continue;
        }
        let was_asked = step.old.fields.get(key).is_some_and(|old| old.required && !item.fields.contains_key(key));
        match step.map.values.get(key) {
            Some(text) => match spelled_in(text, field, facts) {
                Some(value) => put(fields, key, value),
                None => lacks.push(Lack::Value(key.clone(), text.clone())),
            },
            None if field.required && !was_asked => lacks.push(Lack::Required(key.clone())),
            None => {}
        }
    }
}

fn put(fields: &mut Fields, key: &str, value: Value) {
    match value {
        Value::Empty | Value::Bool(false) => drop(fields.shift_remove(key)),
        value => drop(fields.insert(key.to_owned(), value)),
    }
}

/// What `value` of the field `from` is in the field `to`.
fn converted(step: &Step, (from, value): (&Field, &Value), to: &Field, facts: &Facts) -> Option<Value> {
    let words = step.map.words.get(&to.key);
    let is_same = from.kind.name() == to.kind.name() && from.multiple == to.multiple;
    let map_word = |text: &String| words.and_then(|words| words.get(text)).unwrap_or(text).clone();
    if is_same {
        return Some(match value {
            Value::Text(text) => spelled_or_empty(map_word(text)),
            Value::List(texts) => Value::list(texts.iter().map(map_word).filter(|text| !text.is_empty()).collect()),
            other => other.clone(),
        });
    }
    match (value, &to.kind) {
        (Value::Empty, _) => return Some(Value::Empty),
        (Value::Date(day), Kind::Datetime) => {
            return day.to_zoned(facts.zone.clone()).ok().map(|at| Value::Instant(at.timestamp()));
        }
        (Value::Instant(at), Kind::Date) => return Some(Value::Date(at.to_zoned(facts.zone.clone()).date())),
        _ => {}
    }
    let texts: Vec<String> = match value {
        Value::Text(_) | Value::List(_) => value.texts().iter().map(map_word).collect(),
        Value::Instant(_) => vec![map_word(&value.to_json(facts.zone).as_str().unwrap_or_default().to_owned())],
        other => vec![map_word(&other.spelled())],
    };
    let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    if to.multiple {
        let known = Value::list(texts.clone());
        return read_value(to, &serde_json::Value::from(texts), None, &known, facts).ok();
    }
    match (&texts[..], &to.kind) {
        ([], _) => Some(Value::Empty),
        ([one], _) => spelled_in(one, to, facts),
        (several, Kind::Text { .. } | Kind::Textarea { .. }) => spelled_in(&several.join(", "), to, facts),
        _ => None,
    }
}

fn spelled_or_empty(text: String) -> Value {
    if text.is_empty() { Value::Empty } else { Value::Text(text) }
}

/// The value of `field` that `text` spells.
fn spelled_in(text: &str, field: &Field, facts: &Facts) -> Option<Value> {
    let text = if matches!(field.kind, Kind::Text { .. } | Kind::Textarea { .. }) { text } else { text.trim() };
    let json = match &field.kind {
        Kind::Number { .. } => serde_json::Value::Number(text.parse().ok()?),
        Kind::Bool => match text {
            "true" | "1" => true.into(),
            "false" | "0" | "" => false.into(),
            _ => return None,
        },
        Kind::Date => text.get(..10).unwrap_or(text).into(),
        _ if field.multiple => vec![text].into(),
        _ => text.into(),
    };
    let known = if matches!(field.kind, Kind::Item { .. }) && text.contains('/') {
        Value::Text(text.to_owned())
    } else {
        Value::Empty
    };
    match read_value(field, &json, None, &known, facts) {
        Err(Wrong::Disabled { user }) => Some(Value::Text(user)),
        read => read.ok(),
    }
}

/// Who holds it then: nobody at an end; those who hold it; else whom the map names for its state.
fn holders(step: &Step, item: &Item, state: &str, facts: &Facts) -> Vec<String> {
    if is_final(step.new, state) {
        return Vec::new();
    }
    let is_held = item.assigned_to.iter().any(|name| active_user(name, facts).is_ok());
    match step.map.holders.get(state) {
        Some(name) if !is_held => active_user(name, facts).into_iter().collect(),
        _ => item.assigned_to.clone(),
    }
}

/// Whether somebody who is active is among those who may press `row`.
fn anyone_may(row: &Transition, item: &Item, peopled: &BTreeSet<String>, facts: &Facts) -> bool {
    let active = |name: &String| facts.users.get(&fold_name(name)).is_some_and(|user| user.active);
    row.by.iter().any(|who| match who {
        Who::Anyone => true,
        Who::AssignedTo => item.assigned_to.iter().any(active),
        Who::CreatedBy => active(&item.created_by),
        Who::Field(key) => item.fields.get(key).is_some_and(|value| value.texts().iter().any(active)),
        Who::User(name) => active(name),
        Who::Group(group) => peopled.contains(group),
    })
}

/// Whether the row's condition can hold for the item, whatever is still filled in where it stands.
fn may_hold(flow: &Flow, row: &Transition, item: &Item) -> bool {
    let Some(condition) = &row.condition else { return true };
    let state = flow.states.get(&item.state);
    let is_locked = |field: &&Field| {
        let in_state =
            state.is_some_and(|state| state.readonly.contains(&field.key) || state.hidden.contains(&field.key));
        field.readonly || field.hidden || in_state
    };
    let empty = |field: &Field| if matches!(field.kind, Kind::Bool) { Value::Bool(false) } else { Value::Empty };
    let value = |field: &Field| item.fields.get(&field.key).cloned().unwrap_or_else(|| empty(field));
    let locked = flow.fields.values().filter(is_locked);
    let known: Fields = locked.map(|field| (field.key.clone(), value(field))).collect();
    !matches!(condition.parts(flow, &mut Vec::new()).told(&item.state, &known), Told::No | Told::Never)
}

fn reaches_an_end(flow: &Flow, state: &str) -> bool {
    let mut seen = BTreeSet::from([state]);
    let mut due = vec![state];
    while let Some(state) = due.pop() {
        if is_final(flow, state) {
            return true;
        }
        due.extend(flow.rows_from(state).map(|row| row.dest.as_str()).filter(|dest| seen.insert(dest)));
    }
    false
}
