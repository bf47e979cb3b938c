//! Writing: the values at hand while something is decided, and everything that is wrong with them.

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::{
    access::{Access, access},
    reading::{active_user, line_feeds, read_value, whole_milliseconds},
    value_of,
};
use crate::{BUILT_INS, Facts, Field, FieldProblem, Fields, Flow, Input, Kind, Preset, Refusal, Value, Wrong};

/// The values at hand, over those that stood before.
#[derive(Clone)]
pub(super) struct Draft<'a> {
    pub(super) flow: &'a Flow,
    pub(super) facts: &'a Facts<'a>,
    pub(super) before: Fields,
    pub(super) fields: Fields,
    /// The first thing that is wrong with a field, by its key.
    pub(super) wrong: IndexMap<String, Wrong>,
}

impl<'a> Draft<'a> {
    /// Nothing written yet over `before`.
    pub(super) fn over(flow: &'a Flow, facts: &'a Facts<'a>, before: Fields) -> Self {
        Draft { flow, facts, fields: before.clone(), before, wrong: IndexMap::new() }
    }

    pub(super) fn value(&self, field: &Field) -> Value {
        value_of(&self.fields, field)
    }

    /// What is empty is left out, and a `bool` that is false: so that equal items have equal fields.
    pub(super) fn put(&mut self, field: &Field, value: Value) {
        if matches!(value, Value::Empty | Value::Bool(false)) {
            self.fields.shift_remove(&field.key);
        } else {
            self.fields.insert(field.key.clone(), value);
        }
    }

    pub(super) fn refuse(&mut self, field: &str, what: Wrong) {
        self.wrong.entry(field.to_owned()).or_insert(what);
    }

    /// The words that a choice offers under the parent's value at hand.
    pub(super) fn words(&self, field: &'a Field) -> Option<&'a [String]> {
        let parent = field.parent().and_then(|key| self.fields.get(key));
        field.words_under(match parent {
            Some(Value::Text(word)) => Some(word),
            _ => None,
        })
    }

    /// Whether `field` is asked for at all: a cascade under a value without words is not.
    pub(super) fn is_asked_for(&self, field: &'a Field) -> bool {
        field.parent().is_none() || self.words(field).is_some_and(|words| !words.is_empty())
    }

    /// Nothing in it, or a text of blanks only.
    pub(super) fn is_blank(&self, field: &Field) -> bool {
        is_blank(&self.value(field))
    }

    /// Writes what a request sends, by the rules of `state`. What cannot be read counts as empty from here on; what may not
    /// be written stays.
    pub(super) fn write_input(&mut self, state: &str, input: &Input) {
        self.write_where(input, |flow, field| access(flow, state, field) == Access::Write);
    }

    /// Writes what a record from elsewhere holds: also what people do not type, for a transition wrote it there.
    pub(super) fn write_all(&mut self, input: &Input) {
        self.write_where(input, |_, _| true);
    }

    fn write_where(&mut self, input: &Input, may_write: impl Fn(&Flow, &Field) -> bool) {
        for field in self.flow.fields.values() {
            let Some(json) = input.get(&field.key) else { continue };
            let stood = value_of(&self.before, field);
            let parent_reads = field.parent().is_none_or(|parent| !self.wrong.contains_key(parent));
            let words = if parent_reads { self.words(field) } else { None };
            let read = read_value(field, json, words, &stood, self.facts);
            if is_same(&stood, json) || read.as_ref() == Ok(&stood) {
                continue;
            }
            match read {
                _ if !may_write(self.flow, field) => self.refuse(&field.key, Wrong::Readonly),
                Ok(value) => self.put(field, value),
                Err(wrong) => {
                    self.refuse(&field.key, wrong);
                    self.put(field, Value::Empty);
                }
            }
        }
        for key in input.keys().filter(|key| !self.flow.fields.contains_key(*key)) {
            self.refuse(key, Wrong::Unknown);
        }
    }

    /// Writes what the flow's author wrote for `field`; equal to what stands is no write.
    pub(super) fn write_preset(&mut self, field: &Field, preset: &Preset, created_by: &str) -> Result<(), Wrong> {
        let stood = value_of(&self.before, field);
        let value = match field.kind {
            Kind::User => {
                let names = preset_names(preset, created_by, self.facts);
                if names == stood.texts() { stood } else { people(field, active_users(&names, self.facts)?) }
            }
            _ => preset_value(field, preset, self.facts)?,
        };
        self.put(field, value);
        Ok(())
    }

    /// Writes a default. People who are no active users are left out: nobody asked for them.
    pub(super) fn write_default(&mut self, field: &Field, preset: &Preset) {
        let value = match field.kind {
            Kind::User => {
                let names = preset_names(preset, &self.facts.actor.name, self.facts);
                people(field, names.iter().filter_map(|name| active_user(name, self.facts).ok()).collect())
            }
            _ => preset_value(field, preset, self.facts).unwrap_or(Value::Empty),
        };
        self.put(field, value);
    }

    /// A cascade's value must be one of the words under its parent's; asked of what is written, and under what is written.
    pub(super) fn check_cascades(&mut self) {
        for field in self.flow.fields.values() {
            let Some(parent) = field.parent() else { continue };
            let touched = [field.key.as_str(), parent].iter().any(|key| self.before.get(*key) != self.fields.get(*key));
            if touched && !self.wrong.contains_key(parent) && !self.fits(field) {
                self.refuse(&field.key, Wrong::Misfit { parent: parent.to_owned() });
            }
        }
    }

    /// Whether a choice holds only words that it offers now.
    pub(super) fn fits(&self, field: &'a Field) -> bool {
        let words = self.words(field).unwrap_or_default();
        self.fields.get(&field.key).is_none_or(|value| value.texts().iter().all(|text| words.contains(text)))
    }

    /// What the history says of the fields: everything that is not as in `before`.
    pub(super) fn changes(&self, before: &Fields) -> IndexMap<String, (Value, Value)> {
        let fields = self.flow.fields.values();
        let changes = fields.map(|field| (field.key.clone(), (value_of(before, field), self.value(field))));
        changes.filter(|(_, (old, new))| old != new).collect()
    }

    /// Everything that is wrong, in the form's order.
    pub(super) fn verdict(&self) -> Result<(), Refusal> {
        if self.wrong.is_empty() {
            return Ok(());
        }
        let last = self.flow.fields.len();
        let place = |key: &str| match self.flow.fields.get_index_of(key) {
            Some(index) => index,
            None if key == "comment" => last + 2,
            None if BUILT_INS.contains(&key) => last + 1,
            None => last,
        };
        let problems = self.wrong.iter().map(|(key, what)| FieldProblem { field: key.clone(), what: what.clone() });
        let mut problems: Vec<_> = problems.collect();
        problems.sort_by_key(|problem| place(&problem.field));
        Err(Refusal::Invalid(problems))
    }
}

pub(super) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Empty => true,
        Value::Text(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// Whether `json` spells what stands, whether or not the field would take it now.
fn is_same(stood: &Value, json: &Json) -> bool {
    match (stood, json) {
        (Value::Empty, Json::Null) => true,
        (Value::Text(text), Json::String(given)) => text == given || *text == line_feeds(given),
        _ => false,
    }
}

/// A preset of a field that holds no people.
fn preset_value(field: &Field, preset: &Preset, facts: &Facts) -> Result<Value, Wrong> {
    let day = || facts.now.to_zoned(facts.zone.clone());
    Ok(match (preset, &field.kind) {
        (Preset::Value(value), _) if field.multiple => Value::list(value.texts().to_vec()),
        (Preset::Value(value), _) => value.clone(),
        (Preset::Today | Preset::Now, Kind::Date) => Value::Date(day().date()),
        (Preset::Today, _) => Value::Instant(day().start_of_day().map_or(facts.now, |start| start.timestamp())),
        (Preset::Now, _) => Value::Instant(whole_milliseconds(facts.now)),
        (Preset::Local(time), _) => {
            let zoned = time.to_zoned(facts.zone.clone()).map_err(|_| Wrong::Datetime)?;
            Value::Instant(whole_milliseconds(zoned.timestamp()))
        }
        (Preset::CreatedBy | Preset::Actor | Preset::List(_), _) => Value::Empty,
    })
}

/// The people that a preset names.
fn preset_names(preset: &Preset, created_by: &str, facts: &Facts) -> Vec<String> {
    match preset {
        Preset::Value(value) => value.texts().to_vec(),
        Preset::CreatedBy => vec![created_by.to_owned()],
        Preset::Actor => vec![facts.actor.name.clone()],
        Preset::List(several) => several.iter().flat_map(|one| preset_names(one, created_by, facts)).collect(),
        Preset::Today | Preset::Now | Preset::Local(_) => Vec::new(),
    }
}

fn active_users(names: &[String], facts: &Facts) -> Result<Vec<String>, Wrong> {
    names.iter().map(|name| active_user(name, facts)).collect()
}

fn people(field: &Field, names: Vec<String>) -> Value {
    if field.multiple { Value::list(names) } else { names.into_iter().next().map_or(Value::Empty, Value::Text) }
}
