//! What to look up before deciding.

use std::{collections::BTreeSet, slice};

use crate::{Field, Flow, Holder, Input, Item, Kind, Preset, Who, fold_name};

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

/// What to look up before `input` is decided on: for a new item, or for `item`. A hand-over's new holder is to be looked up
/// besides.
#[must_use]
pub fn asks(flow: &Flow, item: Option<&Item>, input: &Input) -> Asks {
    let mut names: Vec<&str> = named_by(flow);
    let mut asks = Asks::default();
    for field in flow.fields.values() {
        let given = input.get(&field.key).map(texts_in).unwrap_or_default();
        match field.kind {
            Kind::User => names.extend(given),
            Kind::Item { .. } => asks.items.extend(given.into_iter().map(str::to_owned)),
            _ => {}
        }
    }
    if let Some(item) = item {
        names.push(&item.created_by);
        names.extend(item.assigned_to.iter().map(String::as_str));
        let of_users = |field: &&Field| matches!(field.kind, Kind::User);
        let values = flow.fields.values().filter(of_users).filter_map(|field| item.fields.get(&field.key));
        names.extend(values.flat_map(|value| value.texts()).map(String::as_str));
        let opens = flow.rows_from(&item.state).filter_map(|row| row.create.as_ref());
        asks.opens = opens.map(|open| open.flow.clone()).collect();
    }
    asks.users = names.into_iter().map(fold_name).collect();
    asks
}

/// The users and groups that the flow itself names: `Who::User` and `Who::Group`.
#[must_use]
pub fn people_named(flow: &Flow) -> Vec<Who> {
    let who = flow.transitions.iter().flat_map(|row| &row.by).chain(&flow.create.by).chain(&flow.view);
    let groups = who.filter(|who| matches!(who, Who::Group(_))).cloned();
    let users = named_by(flow).into_iter().map(|name| Who::User(name.to_owned()));
    let mut named: Vec<Who> = Vec::new();
    for who in groups.chain(users) {
        if !named.contains(&who) {
            named.push(who);
        }
    }
    named
}

/// The users that the flow itself names.
fn named_by(flow: &Flow) -> Vec<&str> {
    let rows = || flow.transitions.iter();
    let who = rows().flat_map(|row| &row.by).chain(&flow.create.by).chain(&flow.view);
    let who = who.filter_map(|who| if let Who::User(name) = who { Some(name.as_str()) } else { None });
    let holders = rows().map(|row| &row.assign_to).chain([&flow.create.assign_to]);
    let holders = holders.filter_map(|next| if let Holder::User(name) = next { Some(name.as_str()) } else { None });
    let defaults = flow.fields.values().filter_map(|field| Some((field, field.default.as_ref()?)));
    let sets = rows().flat_map(|row| &row.set).filter_map(|(key, preset)| Some((flow.fields.get(key)?, preset)));
    let presets = defaults.chain(sets).filter(|(field, _)| matches!(field.kind, Kind::User));
    let presets = presets
        .flat_map(|(_, preset)| if let Preset::List(several) = preset { several } else { slice::from_ref(preset) });
    let presets = presets.filter_map(|preset| if let Preset::Value(value) = preset { Some(value) } else { None });
    let presets = presets.flat_map(|value| value.texts()).map(String::as_str);
    who.chain(holders).chain(presets).collect()
}

/// The texts in a request's value: one, or those of a list.
pub(crate) fn texts_in(json: &serde_json::Value) -> Vec<&str> {
    match json {
        serde_json::Value::Array(entries) => entries.iter().filter_map(|entry| entry.as_str()).collect(),
        json => json.as_str().into_iter().collect(),
    }
}
