//! What the parts of an item's page are made from.

use std::collections::{BTreeMap, BTreeSet};

use app::{Error, Names, Reading, item::LinkedItem};
use flow::{Actor, Field, FieldProblem, Flow, Kind, Wrong, fold_name};

use super::fields::Typed;
use crate::{
    pages::lists::{linked_id, person},
    view::{
        Person, StateChip,
        form::ItemRef,
        refusal::{self, field_problem},
    },
    words::Words,
};

/// What the parts of an item's page are made from.
pub(super) struct Scene<'a> {
    pub(super) cx: &'a Reading<'a>,
    pub(super) words: &'static Words,
    /// The rules that the item lives under.
    pub(super) flow: &'a Flow,
    /// The flows that it may link to or open items of.
    flows: BTreeMap<String, &'a Flow>,
    /// From a user's name to what people see.
    people: Names,
    /// The items that its fields name.
    items: BTreeMap<(String, i64), ItemRef>,
}

impl<'a> Scene<'a> {
    /// With the people and items already known, and those that were typed.
    pub(super) fn new(
        cx: &'a Reading<'a>,
        (actor, words): (&Actor, &'static Words),
        flow: &'a Flow,
        mut people: Names,
        typed: Option<&Typed>,
    ) -> Result<Scene<'a>, Error> {
        let mut items = BTreeMap::new();
        if let Some(typed) = typed {
            let unknown = typed.names(cx, flow, |kind| matches!(kind, Kind::User)).into_iter();
            let unknown: BTreeSet<String> = unknown.filter(|name| !people.contains_key(name)).collect();
            people.extend(app::people::displays(cx, &unknown)?);
            for text in typed.names(cx, flow, |kind| matches!(kind, Kind::Item { .. })) {
                let Some((key, number)) = app::item::refers_to(cx, &text) else { continue };
                let linked = app::item::linked(cx, actor, &key, number)?;
                if linked.seen.is_some() {
                    items.insert((key, number), item_ref(cx, &linked));
                }
            }
        }
        let flows = cx.flows.all().map(|published| (published.flow.key.clone(), &*published.flow)).collect();
        Ok(Scene { cx, words, flow, flows, people, items })
    }

    /// Adds what is known of items.
    pub(super) fn know(&mut self, links: &[LinkedItem]) {
        for linked in links {
            self.items.insert((linked.flow.clone(), linked.number), item_ref(self.cx, linked));
        }
    }

    /// A person as people see them.
    pub(super) fn person(&self, name: &str) -> Person {
        person(&self.people, name)
    }

    /// People by name.
    pub(super) fn persons(&self, names: &[String]) -> Vec<Person> {
        names.iter().map(|name| self.person(name)).collect()
    }

    /// The people that the texts of a field's inputs name, where they are known.
    pub(super) fn people_in(&self, field: &Field, texts: &[String]) -> Vec<Person> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let json = flow::from_form(field, &texts, self.cx.zone);
        let names: Vec<&str> = match &json {
            serde_json::Value::Array(list) => list.iter().filter_map(serde_json::Value::as_str).collect(),
            json => json.as_str().into_iter().collect(),
        };
        let known = |name: &&str| {
            let folded = fold_name(name);
            self.people.keys().any(|known| fold_name(known) == folded)
        };
        names.into_iter().filter(known).map(|name| self.person(name)).collect()
    }

    /// The item that a text names; its ID alone where no more may be known.
    pub(super) fn item_ref(&self, text: &str) -> Option<ItemRef> {
        let place = app::item::refers_to(self.cx, text)?;
        let id = || app::item::item_id(self.cx, &place.0, place.1);
        let unknown = || ItemRef { href: None, id: id(), title: String::new(), state: None };
        Some(self.items.get(&place).cloned().unwrap_or_else(unknown))
    }

    /// The item that a text names, if it is one that the page knows.
    pub(super) fn known_item(&self, text: &str) -> Option<ItemRef> {
        self.items.get(&app::item::refers_to(self.cx, text)?).cloned()
    }

    /// The name of a flow.
    pub(super) fn flow_name<'s>(&'s self, key: &'s str) -> &'s str {
        self.flows.get(key).map_or(key, |flow| &flow.name)
    }

    /// The label of a field of another flow.
    pub(super) fn label_of(&self, flow: &str, field: &str) -> Option<&str> {
        Some(&self.flows.get(flow)?.fields.get(field)?.label)
    }

    /// What people see of what a refusal names.
    pub(super) fn names(&self) -> refusal::Names<'_> {
        refusal::Names { flow: self.flow, flows: &self.flows, people: &self.people }
    }

    /// What is wrong with a field's value.
    pub(super) fn wrong(&self, problem: &FieldProblem) -> String {
        match &problem.what {
            Wrong::NoItem { given } => {
                let what = Wrong::NoItem { given: linked_id(self.cx, given) };
                field_problem(self.words, self.names(), &FieldProblem { field: problem.field.clone(), what })
            }
            _ => field_problem(self.words, self.names(), problem),
        }
    }
}

/// A linked item as a link shows it: its ID alone where the person may not see it.
pub(super) fn item_ref(cx: &Reading, linked: &LinkedItem) -> ItemRef {
    let (title, state) = linked.seen.clone().unzip();
    let chip = |state: String| match cx.flows.get(&linked.flow) {
        Some(published) => StateChip::of(&published.flow, &state),
        None => StateChip { name: state, hue: crate::view::Hue::GREY },
    };
    ItemRef {
        href: title.as_ref().map(|_| format!("/flow/{}/{}", linked.flow, linked.number)),
        id: linked.id.clone(),
        title: title.unwrap_or_default(),
        state: state.map(chip),
    }
}
