//! What of an item decides which buttons it has: the fields that conditions and needs ask for, and where they are locked.

use std::collections::{BTreeMap, BTreeSet};

use super::domain;
use crate::condition::{Against, Parts, Told};
use crate::{Access, Field, Fields, Flow, Holder, Kind, Preset, Transition, Value, Who, access};

/// A flow as the search sees it.
pub(super) struct Space<'a> {
    pub(super) flow: &'a Flow,
    /// Fields whose lack was reported already: they count as filled.
    pub(super) given: &'a BTreeSet<String>,
    /// By the place of the row in `Flow::transitions`.
    pub(super) parts: Vec<Option<Parts>>,
    /// The cases of each field that is told apart.
    pub(super) cases: BTreeMap<&'a str, Vec<Value>>,
    /// By state: the places of the rows out of it.
    pub(super) rows: BTreeMap<&'a str, Vec<usize>>,
    /// By state: the fields whose stored value matters there and that nobody can change there, in the form's order.
    pub(super) kept: BTreeMap<&'a str, Vec<&'a str>>,
    /// By field: itself and its children, where there is a cascade.
    pub(super) family: BTreeMap<&'a str, Vec<&'a Field>>,
    /// By state: the fields that decide over the rows out of it.
    pub(super) uses: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Space<'a> {
    /// `beyond`: fields that are not told apart, whatever asks for them.
    pub(super) fn of(flow: &'a Flow, given: &'a BTreeSet<String>, beyond: &BTreeSet<String>) -> Space<'a> {
        let mut against: Vec<Against> = Vec::new();
        let part = |row: &Transition| row.condition.as_ref().map(|condition| condition.parts(flow, &mut against));
        let parts: Vec<Option<Parts>> = flow.transitions.iter().map(part).collect();
        let mut rows: BTreeMap<&str, Vec<usize>> =
            flow.states.keys().map(|state| (state.as_str(), Vec::new())).collect();
        for (at, row) in flow.transitions.iter().enumerate() {
            for source in &row.sources {
                rows.entry(source).or_default().push(at);
            }
        }
        let mut space = Space {
            flow,
            given,
            parts,
            cases: BTreeMap::new(),
            rows,
            kept: BTreeMap::new(),
            uses: BTreeMap::new(),
            family: BTreeMap::new(),
        };
        space.family = family(flow);
        space.uses = flow.states.keys().map(|state| (state.as_str(), space.used(state))).collect();
        let mut all: BTreeSet<&str> = space.uses.values().flatten().copied().collect();
        space.with_parents(&mut all);
        for field in flow.fields.values().filter(|field| all.contains(field.key.as_str())) {
            if !given.contains(&field.key)
                && !beyond.contains(&field.key)
                && let Some(mut cases) = domain::cases(field, flow, &against)
            {
                if field.required && field.parent().is_none() {
                    cases.retain(|case| !case.is_empty());
                }
                space.cases.insert(&field.key, cases);
            }
        }
        space.keep();
        space
    }

    /// Whether nobody can change the field in the state.
    pub(super) fn is_locked(&self, state: &str, key: &str) -> bool {
        self.flow.fields.get(key).is_none_or(|field| access(self.flow, state, field) != Access::Write)
    }

    pub(super) fn with_parents(&self, keys: &mut BTreeSet<&'a str>) {
        let mut waiting: Vec<&str> = keys.iter().copied().collect();
        while let Some(key) = waiting.pop() {
            if let Some(parent) = self.flow.fields.get(key).and_then(|field| field.parent())
                && let Some((parent, _)) = self.flow.fields.get_key_value(parent)
                && keys.insert(parent)
            {
                waiting.push(parent);
            }
        }
    }

    /// The fields that decide over the rows out of `state`.
    fn used(&self, state: &str) -> BTreeSet<&'a str> {
        let mut used = BTreeSet::new();
        for at in self.rows.get(state).into_iter().flatten() {
            used.extend(self.used_by(*at, state));
        }
        self.with_parents(&mut used);
        used
    }

    fn used_by(&self, at: usize, state: &str) -> BTreeSet<&'a str> {
        let mut named: BTreeSet<&str> = BTreeSet::new();
        if let Some(parts) = self.parts.get(at).and_then(Option::as_ref) {
            parts.fields(&mut named);
        }
        let mut keys: BTreeSet<String> = named.into_iter().map(str::to_owned).collect();
        if let Some(row) = self.flow.transitions.get(at) {
            keys.extend(self.needs(row, state).into_iter().filter(|key| self.is_locked(state, key)).map(str::to_owned));
            if row.by.iter().all(|who| matches!(who, Who::Field(_))) {
                keys.extend(row.by.iter().filter_map(|who| match who {
                    Who::Field(key) => Some(key.clone()),
                    _ => None,
                }));
            }
            keys.extend(self.single_link(row).map(str::to_owned));
            // what is set must go with what hangs on it, and with what it hangs on
            for key in row.set.keys() {
                keys.extend(self.family.get(key.as_str()).into_iter().flatten().map(|field| field.key.clone()));
            }
        }
        keys.iter()
            .filter_map(|key| self.flow.fields.get_key_value(key.as_str()))
            .map(|(key, _)| key.as_str())
            .collect()
    }

    /// The field that `row` writes a link into and that takes one only.
    pub(super) fn single_link<'r>(&self, row: &'r Transition) -> Option<&'r str> {
        let link = &row.create.as_ref()?.link;
        self.flow.fields.get(link).filter(|field| !field.multiple).map(|_| link.as_str())
    }

    /// What must be filled when `row` is pressed in `state`; a required field always is, but for a cascade.
    pub(super) fn needs(&self, row: &Transition, state: &str) -> Vec<&'a str> {
        let rules = self.flow.states.get(state);
        let is_needed = |field: &&Field| {
            let own = row.required.contains(&field.key) || row.assign_to == Holder::Field(field.key.clone());
            let leaves = row.dest != state && rules.is_some_and(|state| state.required.contains(&field.key));
            let always = field.required && field.parent().is_some();
            !matches!(field.kind, Kind::Bool) && (own || (!row.back && (leaves || always)))
        };
        self.flow.fields.values().filter(is_needed).map(|field| field.key.as_str()).collect()
    }

    /// Which fields must be remembered in which state: those that matter there or later, before anyone can change them.
    fn keep(&mut self) {
        let states: Vec<&'a str> = self.flow.states.keys().map(String::as_str).collect();
        let mut wanted: BTreeMap<&str, BTreeSet<&'a str>> =
            self.uses.iter().map(|(state, used)| (*state, self.locked_of(state, used.clone()))).collect();
        loop {
            let mut grown = false;
            for state in states.iter().rev() {
                let mut more = wanted.get(state).cloned().unwrap_or_default();
                let before = more.len();
                for at in self.rows.get(state).into_iter().flatten() {
                    let Some(row) = self.flow.transitions.get(*at) else { continue };
                    let later = wanted.get(row.dest.as_str()).into_iter().flatten().copied();
                    more.extend(self.locked_of(state, later.filter(|key| !row.set.contains_key(*key)).collect()));
                }
                grown |= more.len() > before;
                wanted.insert(state, more);
            }
            if !grown {
                break;
            }
        }
        for (state, keys) in wanted {
            let order = |key: &&str| self.flow.fields.get_index_of(*key);
            let mut keys: Vec<&str> = keys.into_iter().collect();
            keys.sort_by_key(order);
            self.kept.insert(state, keys);
        }
    }

    fn locked_of(&self, state: &str, mut keys: BTreeSet<&'a str>) -> BTreeSet<&'a str> {
        self.with_parents(&mut keys);
        keys.into_iter().filter(|key| self.cases.contains_key(key) && self.is_locked(state, key)).collect()
    }

    /// Whether the button of the row stands in the form.
    pub(super) fn offered(&self, at: usize, state: &str, known: &Fields) -> Told {
        let told =
            |at: usize| self.parts.get(at).and_then(Option::as_ref).map_or(Told::Yes, |parts| parts.told(state, known));
        let Some(row) = self.flow.transitions.get(at) else { return Told::No };
        let own = told(at);
        if matches!(own, Told::No | Told::Never) {
            return Told::No;
        }
        let mut result = own;
        let before = self.rows.get(state).into_iter().flatten().take_while(|other| **other < at);
        for other in
            before.filter(|other| self.flow.transitions.get(**other).is_some_and(|one| one.trigger == row.trigger))
        {
            match told(*other) {
                Told::Yes => return Told::No,
                Told::Open => result = Told::Open,
                Told::No | Told::Never => {}
            }
        }
        result
    }

    /// Whether someone may press it, and nothing that he cannot fill in refuses it.
    pub(super) fn pressable(&self, at: usize, state: &str, known: &Fields) -> Told {
        let Some(row) = self.flow.transitions.get(at) else { return Told::No };
        let offered = self.offered(at, state, known);
        if offered == Told::No {
            return Told::No;
        }
        let after = self.after(row, known);
        let mut result = both(offered, self.may_press(row, state, known));
        if let Some(link) = self.single_link(row).filter(|link| self.is_locked(state, link)) {
            let filled = known.get(link).map(|value| !value.is_empty());
            result = both(result, filled.map_or(Told::Open, |filled| if filled { Told::No } else { Told::Yes }));
        }
        for key in self.needs(row, state) {
            result = both(result, self.is_filled(row, state, key, &after));
        }
        let misfit = |key: &&&str| self.flow.fields.get(**key).is_some_and(|field| !domain::fits(field, &after));
        if !row.set.is_empty() && self.cases.keys().any(|key| misfit(&key)) {
            return Told::No;
        }
        result
    }

    fn may_press(&self, row: &Transition, state: &str, known: &Fields) -> Told {
        let is_final = self.flow.states.get(state).is_some_and(|state| state.is_final);
        let mut result = Told::No;
        for who in &row.by {
            let told = match who {
                Who::Field(key) if is_final || self.is_locked(state, key) => {
                    known.get(key).map_or(Told::Open, |value| if value.is_empty() { Told::No } else { Told::Yes })
                }
                _ => Told::Yes,
            };
            result = match (result, told) {
                (Told::Yes, _) | (_, Told::Yes) => Told::Yes,
                (Told::Open, _) | (_, Told::Open) => Told::Open,
                _ => Told::No,
            };
        }
        result
    }

    fn is_filled(&self, row: &Transition, state: &str, key: &str, after: &Fields) -> Told {
        let Some(field) = self.flow.fields.get(key).filter(|_| !self.given.contains(key)) else { return Told::Yes };
        match row.set.get(key) {
            Some(Preset::Value(Value::Empty)) => return Told::No,
            Some(_) => return Told::Yes,
            None => {}
        }
        match after.get(key) {
            Some(value) if !value.is_empty() => Told::Yes,
            Some(_) if domain::is_asked(field, after) => Told::No,
            Some(_) => Told::Yes,
            None if self.is_locked(state, key) => Told::Open,
            None => Told::Yes,
        }
    }

    /// `known` once `row` has written what it sets; what only the moment of the press tells is not known then.
    pub(super) fn after(&self, row: &Transition, known: &Fields) -> Fields {
        let mut after = known.clone();
        for (key, preset) in &row.set {
            match preset {
                Preset::Value(value) => {
                    after.insert(key.clone(), self.case_of(key, value));
                }
                _ => {
                    after.shift_remove(key);
                }
            }
        }
        after
    }

    /// The case that `value` belongs to.
    pub(super) fn case_of(&self, key: &str, value: &Value) -> Value {
        let Some(cases) = self.cases.get(key) else { return value.clone() };
        let is_bool = self.flow.fields.get(key).is_some_and(|field| matches!(field.kind, Kind::Bool));
        if value.is_empty() {
            return if is_bool { Value::Bool(false) } else { Value::Empty };
        }
        if cases.contains(value) {
            return value.clone();
        }
        let near = cases.iter().find(|case| match (case, value) {
            (Value::Text(case), Value::Text(_)) => case.starts_with('\u{1}'),
            _ => false,
        });
        near.unwrap_or(value).clone()
    }
}

fn family(flow: &Flow) -> BTreeMap<&str, Vec<&Field>> {
    let mut family: BTreeMap<&str, Vec<&Field>> = BTreeMap::new();
    for field in flow.fields.values() {
        if let Some(parent) = field.parent() {
            family.entry(parent).or_default().push(field);
            family.entry(&field.key).or_default().push(field);
        }
    }
    family
}

pub(super) fn both(left: Told, right: Told) -> Told {
    match (left, right) {
        (Told::Yes, Told::Yes) => Told::Yes,
        (Told::No | Told::Never, _) | (_, Told::No | Told::Never) => Told::No,
        _ => Told::Open,
    }
}
