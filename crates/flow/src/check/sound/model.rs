//! The situations of a flow and the ways between them.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use indexmap::IndexMap;
use jiff::{Timestamp, tz::TimeZone};

use super::classes;
use crate::{
    Access, Choices, Field, Fields, Flow, Holder, Kind, Preset, Said, Subject, Transition, Value, Who, access,
    condition::Reads, said::said,
};

/// Questions asked of conditions, and situations looked at, before it is given up.
const BUDGET: usize = 400_000;

/// Whether people can write the field in this state.
pub(super) fn is_writable(flow: &Flow, state: &str, field: &Field) -> bool {
    access(flow, state, field) == Access::Write
}

/// A state, and which of their classes stand in the fields of [`Model::memory`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    pub(super) state: usize,
    pub(super) values: Vec<u16>,
}

/// A field that a row needs, pressed in a state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Need {
    pub(super) row: usize,
    pub(super) state: String,
    pub(super) field: String,
}

/// Everything that can happen.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) nodes: Vec<Node>,
    /// Beside `nodes`: where each leads.
    pub(super) next: Vec<BTreeSet<usize>>,
    /// Rows that were taken.
    pub(super) taken: BTreeSet<usize>,
    /// Needs that were met somewhere, and all that were asked for.
    met: BTreeSet<Need>,
    asked: BTreeSet<Need>,
}

impl Walked {
    /// Needs that could not be met in any situation.
    pub(super) fn hopeless(&self) -> BTreeSet<Need> {
        self.asked.difference(&self.met).cloned().collect()
    }
}

/// A flow as it is walked through.
pub(super) struct Model<'a> {
    pub(super) flow: &'a Flow,
    /// By field that matters: the values that are told apart.
    pub(super) classes: BTreeMap<&'a str, Vec<Value>>,
    /// The fields whose values an item brings along: they cannot be written everywhere.
    pub(super) memory: Vec<&'a str>,
    /// Beside the flow's rows.
    pub(super) reads: Vec<Option<Reads>>,
    copied: &'a BTreeSet<String>,
    hopeless: &'a BTreeSet<Need>,
    left: Cell<usize>,
}

impl<'a> Model<'a> {
    /// None where a field has too many values to try them.
    pub(super) fn new(flow: &'a Flow, copied: &'a BTreeSet<String>, hopeless: &'a BTreeSet<Need>) -> Option<Model<'a>> {
        let reads: Vec<Option<Reads>> =
            flow.transitions.iter().map(|row| Some(row.condition.as_ref()?.reads())).collect();
        let mut constants: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for (key, values) in reads.iter().flatten().flat_map(|reads| &reads.fields) {
            let Some((key, _)) = flow.fields.get_key_value(key) else { continue };
            constants.entry(key).or_default().extend(values.iter().cloned());
        }
        let written = |key: &str| {
            flow.states.keys().all(|state| !has_rows(flow, state) || is_writable(flow, state, &flow.fields[key]))
        };
        let mut matters: BTreeSet<&str> = constants.keys().copied().collect();
        for row in &flow.transitions {
            let by = row.by.iter().filter_map(|who| if let Who::Field(key) = who { Some(key) } else { None });
            let holder = if let Holder::Field(key) = &row.assign_to { Some(key) } else { None };
            let link = row.create.as_ref().map(|open| &open.link);
            let keys = by.chain(holder).chain(link).chain(&row.required);
            matters.extend(keys.map(String::as_str).filter(|key| flow.fields.contains_key(*key) && !written(key)));
        }
        let of_states = flow.states.values().flat_map(|state| &state.required).map(String::as_str);
        let of_flow = flow.fields.values().filter(|field| field.required).map(|field| field.key.as_str());
        matters.extend(of_states.chain(of_flow).filter(|key| flow.fields.contains_key(*key) && !written(key)));
        // a cascade means something under its parent alone
        for field in flow.fields.values().rev() {
            if let Some(parent) = field.parent().filter(|_| matters.contains(field.key.as_str())) {
                matters.extend(flow.fields.get_key_value(parent).map(|(key, _)| key.as_str()));
            }
        }
        let mut all = BTreeMap::new();
        for key in matters {
            let field = &flow.fields[key];
            let known = constants.get(key).map_or(&[][..], Vec::as_slice);
            all.insert(key, classes::of(field, known, &words(field))?);
        }
        let memory: Vec<&str> =
            flow.fields.keys().map(String::as_str).filter(|key| all.contains_key(key) && !written(key)).collect();
        Some(Model { flow, classes: all, memory, reads, copied, hopeless, left: Cell::new(BUDGET) })
    }

    /// Every situation that an item can get into; none where they are too many.
    pub(super) fn walk(&self) -> Option<Walked> {
        let mut walked = Walked {
            nodes: Vec::new(),
            next: Vec::new(),
            taken: BTreeSet::new(),
            met: BTreeSet::new(),
            asked: BTreeSet::new(),
        };
        let mut known: BTreeMap<Node, usize> = BTreeMap::new();
        let state = self.flow.states.get_index_of(&self.flow.initial)?;
        for values in self.product(&self.memory.iter().map(|key| self.first(key)).collect::<Vec<_>>())? {
            add(&mut walked, &mut known, Node { state, values });
        }
        let mut at = 0;
        while at < walked.nodes.len() {
            let node = walked.nodes[at].clone();
            for row in 0..self.flow.transitions.len() {
                if !self.flow.transitions[row].sources.iter().any(|source| source == self.state(&node)) {
                    continue;
                }
                let results = self.fire(row, &node, &mut walked)?;
                let dest = self.flow.states.get_index_of(&self.flow.transitions[row].dest)?;
                for values in results {
                    walked.taken.insert(row);
                    let to = add(&mut walked, &mut known, Node { state: dest, values });
                    walked.next[at].insert(to);
                }
            }
            at += 1;
        }
        Some(walked)
    }

    /// The name of the state of a situation.
    pub(super) fn state(&self, node: &Node) -> &'a str {
        self.flow.states.get_index(node.state).map_or("", |(name, _)| name.as_str())
    }

    /// Spends some of what may be tried; none: there is nothing left.
    pub(super) fn spend(&self, times: usize) -> Option<()> {
        self.left.set(self.left.get().checked_sub(times)?);
        Some(())
    }

    /// What can stand in a field of a new item.
    fn first(&self, key: &str) -> Vec<u16> {
        let field = &self.flow.fields[key];
        let classes = &self.classes[key];
        if is_writable(self.flow, &self.flow.initial, field) || self.copied.contains(key) {
            return places(classes, |_| true);
        }
        match &field.default {
            None => vec![0],
            Some(preset) => self.preset(field, preset),
        }
    }

    /// The classes that what the flow's author wrote may be of.
    fn preset(&self, field: &Field, preset: &Preset) -> Vec<u16> {
        let classes = &self.classes[field.key.as_str()];
        match preset {
            Preset::Value(value) => match classes.iter().position(|class| class == value) {
                Some(place) => vec![u16::try_from(place).unwrap_or(0)],
                // as good as any that is not named
                None => places(classes, classes::is_other),
            },
            _ => places(classes, |value| !value.is_empty()),
        }
    }

    /// What pressing the row leads to in this situation, whatever is filled in before.
    fn fire(&self, row: usize, node: &Node, walked: &mut Walked) -> Option<BTreeSet<Vec<u16>>> {
        let (of, state) = (&self.flow.transitions[row], self.state(node));
        let mut results = BTreeSet::new();
        if !self.is_pressed(of, node) {
            return Some(results);
        }
        let rivals: Vec<usize> = (0..row)
            .filter(|rival| {
                let rival = &self.flow.transitions[*rival];
                rival.trigger == of.trigger && rival.sources.iter().any(|source| source == state)
            })
            .collect();
        let looked_at = self.fields_of(rivals.iter().copied().chain([row]));
        let choices: Vec<Vec<u16>> = looked_at.iter().map(|key| self.fillable(key, node)).collect();
        for chosen in self.product_of(&looked_at, &choices)? {
            let fields = self.fields(&looked_at, &chosen);
            self.spend(1 + rivals.len())?;
            if !self.may_hold(row, state, &fields, true)
                || rivals.iter().any(|rival| !self.may_hold(*rival, state, &fields, false))
            {
                continue;
            }
            if self.is_refused(row, node, &fields, walked) {
                continue;
            }
            let place = |key: &str| looked_at.iter().position(|known| *known == key).map(|at| chosen[at]);
            let options: Vec<Vec<u16>> = self.memory.iter().map(|key| self.after(of, key, node, place(key))).collect();
            results.extend(self.product(&options)?);
        }
        Some(results)
    }

    /// Whether the condition of a row may hold (`yes`), or may not.
    fn may_hold(&self, row: usize, state: &str, fields: &Fields, yes: bool) -> bool {
        let (Some(condition), Some(reads)) = (&self.flow.transitions[row].condition, &self.reads[row]) else {
            return yes;
        };
        reads.is_open || holds(condition, state, fields) == yes
    }

    /// Whether the condition of a row can hold anywhere; none where that is not known.
    pub(super) fn can_hold(&self, row: usize) -> Option<bool> {
        let reads = self.reads[row].as_ref().filter(|reads| !reads.is_open)?;
        let keys: Vec<&str> = self.with_parents(reads.fields.keys().filter_map(|key| self.known(key)));
        let choices: Vec<Vec<u16>> = keys.iter().map(|key| places(&self.classes[*key], |_| true)).collect();
        let of = &self.flow.transitions[row];
        for chosen in self.product_of(&keys, &choices)? {
            let fields = self.fields(&keys, &chosen);
            self.spend(of.sources.len())?;
            if of.sources.iter().any(|state| self.may_hold(row, state, &fields, true)) {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Whether somebody besides administrators may press the row in this situation.
    pub(super) fn is_pressed(&self, row: &Transition, node: &Node) -> bool {
        let state = self.state(node);
        row.by.iter().any(|who| match who {
            Who::AssignedTo => !self.flow.states[state].is_final,
            Who::Field(key) => self.fillable(key, node).iter().any(|class| *class > 0),
            _ => true,
        })
    }

    /// Whether a press is refused for what is missing or in the way; notes which needs are met.
    fn is_refused(&self, row: usize, node: &Node, fields: &Fields, walked: &mut Walked) -> bool {
        let (of, state) = (&self.flow.transitions[row], self.state(node));
        let mut refused = false;
        for key in needs(self.flow, of, state) {
            let field = &self.flow.fields[key];
            let is_asked = self.is_asked_for(field, node, fields);
            let filled = match (fields.get(key), of.set.get(key)) {
                (_, Some(Preset::Value(value))) => !value.is_empty(),
                (_, Some(_)) => true,
                // a field that is looked at is as it was chosen; any other can be filled in if it can be written
                (Some(value), None) => !value.is_empty(),
                (None, None) => self.fillable(key, node).iter().any(|class| self.is_filled(key, *class)),
            };
            if is_asked && !is_writable(self.flow, state, field) {
                let need = Need { row, state: state.to_owned(), field: key.to_owned() };
                if self.hopeless.contains(&need) {
                    continue;
                }
                walked.asked.insert(need.clone());
                if filled {
                    walked.met.insert(need);
                }
            }
            refused |= is_asked && !filled;
        }
        let linked =
            of.create.as_ref().filter(|open| self.flow.fields.get(&open.link).is_some_and(|field| !field.multiple));
        refused || linked.is_some_and(|open| !self.fillable(&open.link, node).contains(&0))
    }

    fn is_filled(&self, key: &str, class: u16) -> bool {
        self.classes
            .get(key)
            .is_none_or(|classes| classes.get(usize::from(class)).is_some_and(|value| !value.is_empty()))
    }

    /// A cascade under a value without words is not asked for.
    fn is_asked_for(&self, field: &Field, node: &Node, fields: &Fields) -> bool {
        let Some(parent) = field.parent() else { return true };
        let has_words = |value: Option<&Value>| {
            let word = value.and_then(|value| value.texts().first()).map(String::as_str);
            field.words_under(word).is_some_and(|words| !words.is_empty())
        };
        if let Some(value) = fields.get(parent) {
            return has_words(Some(value));
        }
        match self.classes.get(parent) {
            // it can be chosen so that nothing is asked for, but then the row is no worse off
            None => false,
            Some(classes) => {
                self.fillable(parent, node).iter().all(|class| has_words(classes.get(usize::from(*class))))
            }
        }
    }

    /// The classes that a field can have when something is pressed: any that can be typed, else what stands there.
    pub(super) fn fillable(&self, key: &str, node: &Node) -> Vec<u16> {
        let field = &self.flow.fields[key];
        match (self.classes.get(key), self.memory.iter().position(|known| *known == key)) {
            (Some(classes), _) if is_writable(self.flow, self.state(node), field) => places(classes, |_| true),
            (_, Some(at)) => vec![node.values[at]],
            (Some(classes), None) => places(classes, |_| true),
            (None, _) => vec![0, 1],
        }
    }

    /// What stands in a field after the row was taken.
    fn after(&self, row: &Transition, key: &str, node: &Node, chosen: Option<u16>) -> Vec<u16> {
        let field = &self.flow.fields[key];
        if let Some(preset) = row.set.get(key) {
            return self.preset(field, preset);
        }
        if row.create.as_ref().is_some_and(|open| open.link == key) {
            return places(&self.classes[key], |value| !value.is_empty());
        }
        let is_needed = needs(self.flow, row, self.state(node)).any(|need| need == key) && field.parent().is_none();
        let mut options = chosen.map_or_else(|| self.fillable(key, node), |chosen| vec![chosen]);
        if is_needed && is_writable(self.flow, self.state(node), field) {
            options.retain(|class| self.is_filled(key, *class));
        }
        options
    }

    /// The fields that the conditions of these rows look at, with their parents, in the form's order.
    pub(super) fn fields_of(&self, rows: impl Iterator<Item = usize>) -> Vec<&'a str> {
        let keys = rows.filter_map(|row| self.reads[row].as_ref()).flat_map(|reads| reads.fields.keys());
        self.with_parents(keys.filter_map(|key| self.known(key)))
    }

    fn known(&self, key: &str) -> Option<&'a str> {
        self.classes.get_key_value(key).map(|(key, _)| *key)
    }

    fn with_parents(&self, keys: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        let mut all: BTreeSet<&str> = keys.collect();
        for field in self.flow.fields.values().rev() {
            if let Some(parent) = field.parent().filter(|_| all.contains(field.key.as_str())) {
                all.extend(self.known(parent));
            }
        }
        self.flow.fields.keys().map(String::as_str).filter(|key| all.contains(key)).collect()
    }

    /// Fields with these classes; an empty one stands there with nothing in it.
    pub(super) fn fields(&self, keys: &[&str], chosen: &[u16]) -> Fields {
        let value = |key: &str, class: u16| self.classes[key].get(usize::from(class)).cloned().unwrap_or(Value::Empty);
        keys.iter().zip(chosen).map(|(key, class)| ((*key).to_owned(), value(key, *class))).collect()
    }

    /// Every way to choose one of each; none where they are too many.
    fn product(&self, options: &[Vec<u16>]) -> Option<Vec<Vec<u16>>> {
        self.product_of(&self.memory, options)
    }

    /// Every way to choose one of each that a cascade allows; none where they are too many.
    pub(super) fn product_of(&self, keys: &[&str], options: &[Vec<u16>]) -> Option<Vec<Vec<u16>>> {
        let mut all = vec![Vec::with_capacity(keys.len())];
        for (at, (key, options)) in keys.iter().zip(options).enumerate() {
            self.spend(all.len().checked_mul(options.len())?)?;
            let mut longer = Vec::with_capacity(all.len() * options.len());
            for chosen in &all {
                for class in options {
                    if self.fits(&keys[..at], chosen, key, *class) {
                        longer.push(chosen.iter().copied().chain([*class]).collect());
                    }
                }
            }
            all = longer;
        }
        Some(all)
    }

    /// Whether a class of a cascade stands under the class chosen for its parent.
    fn fits(&self, keys: &[&str], chosen: &[u16], key: &str, class: u16) -> bool {
        let field = &self.flow.fields[key];
        let Some(at) = field.parent().and_then(|parent| keys.iter().position(|known| *known == parent)) else {
            return true;
        };
        let parent = self.classes[keys[at]].get(usize::from(chosen[at]));
        let words =
            field.words_under(parent.and_then(|value| value.texts().first()).map(String::as_str)).unwrap_or_default();
        let value = self.classes[key].get(usize::from(class));
        value.is_none_or(|value| value.texts().iter().all(|text| words.contains(text)))
    }

    /// A case in words: `问题级别=事故, 问题大类=结构`; none where there is nothing to say.
    pub(super) fn case(&self, of: impl Iterator<Item = (&'a str, u16)>) -> Option<Said> {
        let mut said: Option<Said> = None;
        for (key, class) in of {
            let field = &self.flow.fields[key];
            let value = self.classes[key].get(usize::from(class));
            let one = match value {
                None | Some(Value::Empty) => said!("{} is empty", field.label),
                Some(value) if classes::is_other(value) => said!("{} is filled", field.label),
                Some(Value::Instant(_)) => said!("{} is filled", field.label),
                Some(value) => said!("{}={}", field.label, spelled(value)),
            };
            said = Some(match said {
                None => one,
                Some(before) => said!("{}, {}", before, one),
            });
        }
        said
    }
}

fn spelled(value: &Value) -> String {
    match value {
        Value::List(words) => words.join("+"),
        other => other.spelled(),
    }
}

fn add(walked: &mut Walked, known: &mut BTreeMap<Node, usize>, node: Node) -> usize {
    *known.entry(node).or_insert_with_key(|node| {
        walked.nodes.push(node.clone());
        walked.next.push(BTreeSet::new());
        walked.nodes.len() - 1
    })
}

/// Whether a condition holds for these values.
pub(super) fn holds(condition: &crate::Condition, state: &str, fields: &Fields) -> bool {
    condition.holds(&Subject {
        state,
        assigned_to: &[],
        created_by: "",
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        closed_at: None,
        fields,
        now: Timestamp::UNIX_EPOCH,
        zone: &TimeZone::UTC,
    })
}

fn has_rows(flow: &Flow, state: &str) -> bool {
    flow.rows_from(state).next().is_some()
}

fn places(classes: &[Value], wanted: impl Fn(&Value) -> bool) -> Vec<u16> {
    let places = classes.iter().enumerate().filter(|(_, value)| wanted(value)).map(|(at, _)| at);
    places.filter_map(|at| u16::try_from(at).ok()).collect()
}

/// All words of a choice, under whatever parent.
fn words(field: &Field) -> Vec<String> {
    let all: IndexMap<&String, ()> = match &field.kind {
        Kind::Choice(Choices::Flat(words)) => words.iter().map(|word| (word, ())).collect(),
        Kind::Choice(Choices::Cascade { under, .. }) => under.values().flatten().map(|word| (word, ())).collect(),
        _ => IndexMap::new(),
    };
    all.into_keys().cloned().collect()
}

/// The fields that the row needs when it is pressed in this state, whatever stood there before.
fn needs<'a>(flow: &'a Flow, row: &'a Transition, state: &'a str) -> impl Iterator<Item = &'a str> {
    let rules = flow.states.get(state);
    let is_needed = move |field: &&Field| {
        row.required.contains(&field.key)
            || row.assign_to == Holder::Field(field.key.clone())
            || (!row.back
                && (field.required
                    || row.dest != state && rules.is_some_and(|state| state.required.contains(&field.key))))
    };
    flow.fields.values().filter(is_needed).map(|field| field.key.as_str())
}
