//! Every situation that an item can come into, and what leads on from it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    domain,
    space::{Space, both},
};
use crate::condition::Told;
use crate::{Fields, Flow, Preset, Value};

/// Most steps of one search: what takes more is said to be undecided.
const STEPS_MAX: usize = 400_000;
/// Most situations that are told apart.
const SITUATIONS_MAX: usize = 20_000;

/// It would take too long.
#[derive(Debug)]
pub(super) struct TooMany;

/// An item as far as it matters: its state, and what nobody can change there.
#[derive(Debug, Clone)]
pub(super) struct Situation {
    pub(super) state: String,
    pub(super) known: Fields,
    /// Reached by steps that surely can be done.
    pub(super) sure: bool,
}

/// One step that can be done, perhaps only if something holds that is not told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) to: usize,
    pub(super) sure: bool,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) situations: Vec<Situation>,
    /// Beside the situations.
    pub(super) steps: Vec<Vec<Step>>,
    /// The places of rows whose button stands there in some situation.
    pub(super) offered: BTreeSet<usize>,
    /// The places of rows that can be pressed in some situation.
    pub(super) pressed: BTreeSet<usize>,
    found: BTreeMap<String, usize>,
}

/// What is still allowed of a search.
pub(super) struct Steps(usize);

impl Steps {
    pub(super) fn new() -> Steps {
        Steps(STEPS_MAX)
    }

    fn take(&mut self) -> Result<(), TooMany> {
        self.0 = self.0.checked_sub(1).ok_or(TooMany)?;
        Ok(())
    }
}

/// Goes through all situations. `copied`: fields that an item may be opened with by another flow.
pub(super) fn walk(space: &Space, copied: &BTreeSet<String>) -> Result<Walk, TooMany> {
    let flow = space.flow;
    let (mut walk, mut steps, mut waiting) = (Walk::default(), Steps::new(), VecDeque::new());
    for (known, sure) in beginnings(space, copied) {
        walk.reach(&flow.initial, known, sure, &mut waiting)?;
    }
    while let Some(from) = waiting.pop_front() {
        let Some(Situation { state, known, sure }) = walk.situations.get(from).cloned() else { continue };
        let mut out: BTreeMap<usize, bool> = BTreeMap::new();
        for at in space.rows.get(state.as_str()).into_iter().flatten() {
            let Some(row) = flow.transitions.get(*at) else { continue };
            for (after, step_sure) in outcomes(space, *at, &state, &known, &mut walk, &mut steps)? {
                let to = walk.reach(&row.dest, after, sure && step_sure, &mut waiting)?;
                *out.entry(to).or_insert(false) |= step_sure;
            }
        }
        if let Some(place) = walk.steps.get_mut(from) {
            *place = out.into_iter().map(|(to, sure)| Step { to, sure }).collect();
        }
    }
    Ok(walk)
}

impl Walk {
    /// The place of the situation; one that is new, or surely reached only now, is gone through.
    fn reach(
        &mut self,
        state: &str,
        known: Fields,
        sure: bool,
        waiting: &mut VecDeque<usize>,
    ) -> Result<usize, TooMany> {
        let values: Vec<String> = known.values().map(|value| format!("{value:?}")).collect();
        let name = format!("{state}\n{}", values.join("\n"));
        if let Some(at) = self.found.get(&name).copied() {
            if let Some(there) = self.situations.get_mut(at).filter(|there| sure && !there.sure) {
                there.sure = true;
                waiting.push_back(at);
            }
            return Ok(at);
        }
        let at = self.situations.len();
        if at >= SITUATIONS_MAX {
            return Err(TooMany);
        }
        self.situations.push(Situation { state: state.to_owned(), known, sure });
        self.steps.push(Vec::new());
        self.found.insert(name, at);
        waiting.push_back(at);
        Ok(at)
    }

    /// Beside the situations: whether a final state can be reached from there; only by steps that are sure, or by any.
    pub(super) fn closing(&self, flow: &Flow, only_sure: bool) -> Vec<bool> {
        let mut back: Vec<Vec<usize>> = vec![Vec::new(); self.situations.len()];
        for (from, steps) in self.steps.iter().enumerate() {
            for step in steps.iter().filter(|step| step.sure || !only_sure) {
                if let Some(list) = back.get_mut(step.to) {
                    list.push(from);
                }
            }
        }
        let is_final = |one: &Situation| flow.states.get(&one.state).is_some_and(|state| state.is_final);
        let mut closing: Vec<bool> = self.situations.iter().map(is_final).collect();
        let mut waiting: Vec<usize> = (0..closing.len()).filter(|at| closing.get(*at) == Some(&true)).collect();
        while let Some(at) = waiting.pop() {
            for from in back.get(at).into_iter().flatten() {
                if let Some(place) = closing.get_mut(*from).filter(|there| !**there) {
                    *place = true;
                    waiting.push(*from);
                }
            }
        }
        closing
    }
}

/// What a new item holds of what is kept in the first state.
fn beginnings(space: &Space, copied: &BTreeSet<String>) -> Vec<(Fields, bool)> {
    let flow = space.flow;
    let kept = space.kept.get(flow.initial.as_str()).cloned().unwrap_or_default();
    let mut begun = Fields::new();
    let mut open: Vec<&str> = Vec::new();
    for key in kept {
        let Some(field) = flow.fields.get(key) else { continue };
        match &field.default {
            Some(Preset::Value(value)) => {
                begun.insert(key.to_owned(), space.case_of(key, value));
            }
            Some(_) => open.push(key),
            None => {
                begun.insert(key.to_owned(), space.case_of(key, &Value::Empty));
            }
        }
        if !domain::fits(field, &begun) {
            begun.insert(key.to_owned(), Value::Empty);
        }
    }
    let by_hand = filled(space, begun, &open);
    let mut all: Vec<(Fields, bool)> = Vec::new();
    for (known, sure) in by_hand {
        let others: Vec<&str> = copied.iter().map(String::as_str).filter(|key| known.contains_key(*key)).collect();
        let mut opened = known.clone();
        for key in &others {
            opened.shift_remove(*key);
        }
        all.push((ordered(space, &flow.initial, &known), sure));
        if !others.is_empty() {
            let any = every(space, vec![opened], &others);
            all.extend(any.into_iter().map(|known| (ordered(space, &flow.initial, &known), false)));
        }
    }
    all
}

/// Fills each of `open` with what a preset may write that only the moment tells: any case but the empty one.
fn filled(space: &Space, known: Fields, open: &[&str]) -> Vec<(Fields, bool)> {
    let mut all = every(space, vec![known], open);
    all.retain(|known| open.iter().all(|key| known.get(*key).is_some_and(|value| !value.is_empty())));
    let sure = all.len() == 1;
    all.into_iter().map(|known| (known, sure)).collect()
}

/// Each of `begun` with every case of each of `keys`.
fn every(space: &Space, begun: Vec<Fields>, keys: &[&str]) -> Vec<Fields> {
    keys.iter().fold(begun, |all, key| {
        let cases = space.cases.get(key).map_or(&[][..], Vec::as_slice);
        let one = |known: &Fields, case: &Value| {
            let mut known = known.clone();
            known.insert((*key).to_owned(), case.clone());
            known
        };
        // What is beyond the limit of situations need not be made.
        all.iter().flat_map(|known| cases.iter().map(move |case| one(known, case))).take(SITUATIONS_MAX + 1).collect()
    })
}

/// What is kept in `state`, in its order.
fn ordered(space: &Space, state: &str, known: &Fields) -> Fields {
    let kept = space.kept.get(state).map_or(&[][..], Vec::as_slice);
    kept.iter().filter_map(|key| known.get(*key).map(|value| ((*key).to_owned(), value.clone()))).collect()
}

/// What `row` can lead to, whatever the person who presses it fills in, and whether it surely can.
fn outcomes(
    space: &Space,
    at: usize,
    state: &str,
    known: &Fields,
    walk: &mut Walk,
    steps: &mut Steps,
) -> Result<Vec<(Fields, bool)>, TooMany> {
    let Some(row) = space.flow.transitions.get(at) else { return Ok(Vec::new()) };
    let wanted = space.kept.get(row.dest.as_str()).cloned().unwrap_or_default();
    let goes_on: Vec<&str> = wanted.iter().copied().filter(|key| !row.set.contains_key(*key)).collect();
    let used = space.uses.get(state).cloned().unwrap_or_default();
    let chosen = free(space, known, goes_on.iter().copied());
    let rest = free(space, known, used.iter().copied().filter(|key| !chosen.contains(key)));
    if search(space, known, &chosen, &rest, steps, &|known| space.offered(at, state, known))?.is_some() {
        walk.offered.insert(at);
    } else {
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    let mut leaves = vec![(known.clone(), 0)];
    while let Some((mut here, depth)) = leaves.pop() {
        steps.take()?;
        if space.pressable(at, state, &here) == Told::No {
            continue;
        }
        if let Some(key) = chosen.get(depth) {
            for case in space.cases.get(key).into_iter().flatten().rev() {
                here.insert((*key).to_owned(), case.clone());
                if fits_all(space, key, &here) {
                    leaves.push((here.clone(), depth + 1));
                }
            }
            continue;
        }
        let Some(told) = search(space, &here, &[], &rest, steps, &|known| space.pressable(at, state, known))? else {
            continue;
        };
        walk.pressed.insert(at);
        let mut after = space.after(row, &here);
        if let Some(link) = space.single_link(row) {
            after.insert(link.to_owned(), Value::Text("\u{1}…".to_owned()));
        }
        let open: Vec<&str> = wanted.iter().copied().filter(|key| !after.contains_key(*key)).collect();
        for (after, sure) in filled(space, after, &open) {
            out.push((ordered(space, &row.dest, &after), sure && told == Told::Yes));
        }
    }
    Ok(out)
}

/// Those of `keys` that are told apart and not known yet, a parent before its child.
pub(super) fn free<'a>(space: &Space<'a>, known: &Fields, keys: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut keys: Vec<&str> = keys.filter(|key| space.cases.contains_key(key) && !known.contains_key(*key)).collect();
    keys.sort_by_key(|key| space.flow.fields.get_index_of(*key));
    keys
}

/// Whether `key` and what hangs on it go together.
fn fits_all(space: &Space, key: &str, known: &Fields) -> bool {
    let mut fields = space.flow.fields.values();
    fields.all(|field| (field.key != key && field.parent() != Some(key)) || fits_one(field, known))
}

/// A required cascade is empty only where its parent offers nothing.
fn fits_one(field: &crate::Field, known: &Fields) -> bool {
    let is_empty = known.get(&field.key).is_some_and(Value::is_empty);
    let parent_known = field.parent().is_some_and(|parent| known.contains_key(parent));
    domain::fits(field, known) && !(field.required && is_empty && parent_known && domain::is_asked(field, known))
}

/// The best that `test` can come to: `Yes` if some choice of the free fields gives it, else `Open`; `None`: never.
pub(super) fn search(
    space: &Space,
    known: &Fields,
    first: &[&str],
    then: &[&str],
    steps: &mut Steps,
    test: &dyn Fn(&Fields) -> Told,
) -> Result<Option<Told>, TooMany> {
    Ok(example(space, known, first, then, steps, test)?.map(|(told, _)| told))
}

/// As [`search`], with the choice.
pub(super) fn example(
    space: &Space,
    known: &Fields,
    first: &[&str],
    then: &[&str],
    steps: &mut Steps,
    test: &dyn Fn(&Fields) -> Told,
) -> Result<Option<(Told, Fields)>, TooMany> {
    let keys: Vec<&str> = first.iter().chain(then).copied().collect();
    let mut best: Option<(Told, Fields)> = None;
    let mut leaves = vec![(known.clone(), 0)];
    while let Some((mut here, depth)) = leaves.pop() {
        steps.take()?;
        match test(&here) {
            Told::Yes => return Ok(Some((Told::Yes, here))),
            Told::No | Told::Never => continue,
            Told::Open => {}
        }
        let Some(key) = keys.get(depth) else {
            if best.is_none() {
                best = Some((Told::Open, here));
            }
            continue;
        };
        for case in space.cases.get(key).into_iter().flatten().rev() {
            here.insert((*key).to_owned(), case.clone());
            if fits_all(space, key, &here) {
                leaves.push((here.clone(), depth + 1));
            }
        }
    }
    Ok(best)
}

/// No button of the state stands in the form.
pub(super) fn bare(space: &Space, state: &str, known: &Fields) -> Told {
    let rows = space.rows.get(state).into_iter().flatten();
    rows.fold(Told::Yes, |result, at| {
        both(
            result,
            match space.offered(*at, state, known) {
                Told::Yes => Told::No,
                Told::Open => Told::Open,
                Told::No | Told::Never => Told::Yes,
            },
        )
    })
}
