//! A form's fields: what stands in them, what was typed into them, who may write which.

use std::collections::BTreeMap;

use app::Reading;
use flow::{Access, Choices, Field, Fields, Flow, Input, Kind, Value, fold_name};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::Value as Json;

use super::scene::Scene;
use crate::{
    body::Form,
    view::{
        form::{ChoiceGroup, Control, FieldView, Shown, field_key, input_name},
        item::needed_by,
        time,
    },
};

/// From here on an input takes the whole width, in columns.
const WIDE: u32 = 50;

/// What a form sent for fields, known or not: every text, by key, as typed.
#[derive(Debug, Default)]
pub(super) struct Typed(IndexMap<String, Vec<String>>);

/// What stands in a form.
pub(super) struct Values<'a> {
    /// What is stored.
    pub(super) stored: &'a Fields,
    /// What was sent.
    pub(super) typed: Option<&'a Typed>,
    /// In a conflict: what stood there when the form was drawn, of the fields that have changed since.
    pub(super) since: Option<&'a BTreeMap<String, Value>>,
    /// What is wrong, by key.
    pub(super) errors: &'a BTreeMap<String, String>,
    /// The triggers that ask for a field, by key.
    pub(super) needs: BTreeMap<&'a str, Vec<&'a str>>,
}

impl Typed {
    /// What `form` sent.
    pub(super) fn of(form: &Form) -> Typed {
        let mut typed: IndexMap<String, Vec<String>> = IndexMap::new();
        for (name, text) in &form.0 {
            if let Some(key) = field_key(name) {
                typed.entry(key.to_owned()).or_default().push(text.clone());
            }
        }
        Typed(typed)
    }

    /// As a request to the rules. What the flow does not know is sent on, to be refused there.
    pub(super) fn input(&self, cx: &Reading, flow: &Flow, stored: &Fields) -> Input {
        let read = |(key, texts): (&String, &Vec<String>)| {
            let json = match flow.fields.get(key) {
                Some(field) => json_of(cx, field, texts, &value_of(stored, field)),
                None => Json::from(texts.concat()),
            };
            (key.clone(), json)
        };
        self.0.iter().map(read).collect()
    }

    /// The texts sent for the fields that `wanted` picks: names of people or items, one by one.
    pub(super) fn names<'t>(&'t self, cx: &Reading, flow: &Flow, wanted: fn(&Kind) -> bool) -> Vec<String> {
        let of_kind = |(key, texts): (&'t String, &'t Vec<String>)| {
            let field = flow.fields.get(key).filter(|field| wanted(&field.kind))?;
            Some(match json_of(cx, field, texts, &Value::Empty) {
                Json::Array(list) => list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
                json => json.as_str().map(str::to_owned).into_iter().collect::<Vec<_>>(),
            })
        };
        self.0.iter().filter_map(of_kind).flatten().collect()
    }
}

/// What the texts of a field's inputs say. What stays as it is is said as it is stored, so that it is not written anew:
/// items by their flow and number, a moment to the millisecond.
fn json_of(cx: &Reading, field: &Field, texts: &[String], stored: &Value) -> Json {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    if let (Value::Instant(at), Some(text)) = (stored, texts.last())
        && text.trim() == time::for_input(cx.zone, *at)
    {
        return stored.to_json(cx.zone);
    }
    let json = flow::from_form(field, &texts, cx.zone);
    if !matches!(field.kind, Kind::Item { .. }) {
        return json;
    }
    let stored = |json: Json| match json.as_str().and_then(|text| app::item::refers_to(cx, text)) {
        Some((flow, number)) => Json::from(format!("{flow}/{number}")),
        None => json,
    };
    match json {
        Json::Array(list) => Json::Array(list.into_iter().map(stored).collect()),
        json => stored(json),
    }
}

/// Whether what was typed is what `value` says.
fn is_same(field: &Field, typed: &Json, value: &Value) -> bool {
    match (typed, value) {
        (Json::Null, value) => value.is_empty(),
        (Json::Bool(typed), Value::Bool(value)) => typed == value,
        (Json::Number(typed), Value::Number(value)) => typed.as_f64() == Some(*value),
        (Json::String(typed), Value::Text(value)) if matches!(field.kind, Kind::User) => {
            fold_name(typed) == fold_name(value)
        }
        (Json::String(typed), Value::Text(value)) => typed.replace("\r\n", "\n") == *value,
        (Json::String(typed), Value::Date(day)) => *typed == day.to_string(),
        (Json::String(typed), Value::Instant(at)) => typed.parse::<Timestamp>().is_ok_and(|typed| typed == *at),
        (Json::Array(typed), value) => {
            let typed = Value::list(typed.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect());
            typed == *value
        }
        _ => false,
    }
}

/// What a field holds among `fields`; a `bool` is never empty.
fn value_of(fields: &Fields, field: &Field) -> Value {
    match (fields.get(&field.key), &field.kind) {
        (None | Some(Value::Empty), Kind::Bool) => Value::Bool(false),
        (Some(value), _) => value.clone(),
        (None, _) => Value::Empty,
    }
}

/// The fields that the form shows in `state`, in the flow's order; `writable`: the person may write at all.
pub(super) fn views(scene: &Scene, state: &str, writable: bool, values: &Values) -> Vec<FieldView> {
    let fields = scene.flow.fields.values();
    let shown = fields.filter_map(|field| match flow::access(scene.flow, state, field) {
        Access::Hidden => None,
        Access::Read => Some(view(scene, field, state, false, values)),
        Access::Write => Some(view(scene, field, state, writable, values)),
    });
    shown.collect()
}

fn view(scene: &Scene, field: &Field, state: &str, writable: bool, values: &Values) -> FieldView {
    let stored = value_of(values.stored, field);
    let typed = values.typed.and_then(|typed| typed.0.get(&field.key));
    // What was not touched shows what stands there now, whoever has changed it meanwhile.
    let typed = typed.filter(|texts| {
        let says = |value: &Value| is_same(field, &json_of(scene.cx, field, texts, value), value);
        let before = values.since.and_then(|since| since.get(&field.key));
        !says(&stored) && !before.is_some_and(says)
    });
    let needed = values.needs.get(field.key.as_str()).filter(|_| writable && stored.is_empty() && !field.required);
    FieldView {
        key: field.key.clone(),
        label: field.label.clone(),
        wide: matches!(field.kind, Kind::Textarea { .. })
            || scene.flow.title.as_ref() == Some(&field.key)
            || field.width.is_some_and(|columns| columns >= WIDE),
        required: writable && field.required,
        hint: field.hint.clone().filter(|_| writable),
        help: field.help.clone().filter(|_| writable),
        width: field.width,
        note: needed.and_then(|triggers| needed_by(scene.words, triggers)),
        error: values.errors.get(&field.key).cloned(),
        theirs: (writable && typed.is_some() && values.since.is_some()).then(|| shown(scene, field, &stored)),
        mine: typed.filter(|_| !writable).map(|texts| as_typed(scene, field, texts)),
        control: if writable {
            let texts = typed.cloned().unwrap_or_else(|| to_form(scene, field, &stored));
            control(scene, field, state, texts, values)
        } else {
            Control::Read(shown(scene, field, &stored))
        },
    }
}

/// What was typed where it can no longer stand, as one text.
fn as_typed(scene: &Scene, field: &Field, texts: &[String]) -> String {
    let yes = texts.iter().any(|text| !text.is_empty());
    match (&field.kind, yes) {
        (Kind::Bool, yes) => scene.words.word(if yes { "yes" } else { "no" }).to_owned(),
        (_, false) => scene.words.word("nothing").to_owned(),
        _ => texts.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(", "),
    }
}

/// A stored value as its inputs show it; items by their IDs, moments to the minute.
fn to_form(scene: &Scene, field: &Field, value: &Value) -> Vec<String> {
    if let Value::Instant(at) = value {
        return vec![time::for_input(scene.cx.zone, *at)];
    }
    let texts = flow::to_form(value, scene.cx.zone);
    if !matches!(field.kind, Kind::Item { .. }) {
        return texts;
    }
    texts.iter().map(|text| scene.item_ref(text).map_or_else(|| text.clone(), |item| item.id)).collect()
}

fn control(scene: &Scene, field: &Field, state: &str, texts: Vec<String>, values: &Values) -> Control {
    let last = || texts.last().cloned().unwrap_or_default();
    match &field.kind {
        Kind::Text { .. } => Control::Text { value: last() },
        Kind::Textarea { rows, .. } => Control::Textarea { value: last(), rows: *rows },
        Kind::Number { .. } => Control::Number { value: last() },
        Kind::Url => Control::Url { value: last() },
        Kind::Date => {
            let value = last();
            let readable = value.is_empty() || value.parse::<jiff::civil::Date>().is_ok();
            Control::Date { value, readable }
        }
        Kind::Datetime => {
            let value = last();
            let readable = value.is_empty() || value.parse::<jiff::civil::DateTime>().is_ok();
            Control::Datetime { value, readable }
        }
        Kind::Bool => {
            Control::Bool { checked: matches!(flow::from_form(field, &[&last()], scene.cx.zone), Json::Bool(true)) }
        }
        Kind::Choice(choices) => choice(scene, field, choices, state, &texts, values),
        Kind::User => {
            let names = scene.people_in(field, &texts);
            Control::User { value: texts.join(","), shown: names, multiple: field.multiple }
        }
        Kind::Item { flow } => {
            let given = texts
                .iter()
                .flat_map(|text| if field.multiple { text.split(',').collect() } else { vec![text.as_str()] });
            let shown = given.filter_map(|text| scene.known_item(text.trim())).collect();
            Control::Item { value: texts.join(","), shown, flow: flow.clone(), multiple: field.multiple }
        }
    }
}

fn choice(scene: &Scene, field: &Field, choices: &Choices, state: &str, texts: &[String], values: &Values) -> Control {
    let chosen: Vec<&str> = texts.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    let chosen = if field.multiple { chosen } else { chosen.last().copied().into_iter().collect() };
    let (mut groups, parent) = offered(scene, choices, state, values);
    let mut odd = Vec::new();
    for word in chosen {
        // Under the parent's value first; else wherever it stands: what was chosen stays chosen.
        let place = groups.iter().position(|(first, group)| *first && has(group, word));
        match place.or_else(|| groups.iter().position(|(_, group)| has(group, word))) {
            Some(place) => mark(&mut groups[place].1, word),
            None => odd.push((word.to_owned(), true)),
        }
    }
    let mut groups: Vec<ChoiceGroup> = groups.into_iter().map(|(_, group)| group).collect();
    if field.multiple {
        if !odd.is_empty() {
            groups.push(ChoiceGroup { parent: None, words: odd });
        }
        return Control::Checks { groups, parent };
    }
    Control::Choice { groups, parent, odd: odd.pop().map(|(word, _)| word) }
}

/// The words that a choice offers, in groups (true: the one that counts now), and the name of the parent's input.
fn offered(
    scene: &Scene,
    choices: &Choices,
    state: &str,
    values: &Values,
) -> (Vec<(bool, ChoiceGroup)>, Option<String>) {
    let group = |parent: Option<&String>, words: &[String]| ChoiceGroup {
        parent: parent.cloned(),
        words: words.iter().map(|word| (word.clone(), false)).collect(),
    };
    let (parent, under) = match choices {
        Choices::Flat(words) => return (vec![(true, group(None, words))], None),
        Choices::Cascade { parent, under } => (parent, under),
    };
    let typed = values.typed.and_then(|typed| typed.0.get(parent)?.last().cloned());
    let stored = || values.stored.get(parent).and_then(|value| value.texts().first().cloned());
    let can_change =
        scene.flow.fields.get(parent).is_some_and(|field| flow::access(scene.flow, state, field) == Access::Write);
    if !can_change {
        let words = stored().and_then(|value| under.get(&value)).map_or(&[][..], Vec::as_slice);
        return (vec![(true, group(None, words))], None);
    }
    let now = typed.or_else(stored);
    let groups = under.iter().map(|(value, words)| (now.as_ref() == Some(value), group(Some(value), words)));
    (groups.collect(), Some(input_name(parent).into_owned()))
}

fn has(group: &ChoiceGroup, word: &str) -> bool {
    group.words.iter().any(|(offered, _)| offered == word)
}

fn mark(group: &mut ChoiceGroup, word: &str) {
    for (_, chosen) in group.words.iter_mut().filter(|(offered, _)| offered == word) {
        *chosen = true;
    }
}

/// A value to read.
pub(super) fn shown(scene: &Scene, field: &Field, value: &Value) -> Vec<Shown> {
    let words = scene.words;
    match (value, &field.kind) {
        (Value::Empty, _) => Vec::new(),
        (Value::Bool(yes), _) => vec![Shown::Text(words.word(if *yes { "yes" } else { "no" }).to_owned())],
        (Value::Instant(at), _) => vec![Shown::Text(time::exact(scene.cx.zone, *at))],
        (Value::Text(text), Kind::Textarea { .. }) => vec![Shown::Lines(text.clone())],
        (Value::Text(text), Kind::Url) => vec![Shown::Url(text.clone())],
        (value, Kind::User) => value.texts().iter().map(|name| Shown::Person(scene.person(name))).collect(),
        (value, Kind::Item { .. }) => {
            let item = |text: &String| match scene.item_ref(text) {
                Some(item) => Shown::Item(item),
                None => Shown::Text(text.clone()),
            };
            value.texts().iter().map(item).collect()
        }
        (Value::List(list), _) => vec![Shown::Text(list.join(words.word("list-comma")))],
        (value, _) => flow::to_form(value, scene.cx.zone).into_iter().map(Shown::Text).collect(),
    }
}
