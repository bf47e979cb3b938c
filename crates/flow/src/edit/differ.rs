//! What differs between two versions of a flow file, part by part.

use super::{Entry, Part, Sheet, Written};

/// One thing that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Of which part; none: of the flow itself.
    pub part: Option<Part>,
    /// The row, as people know it; of the flow itself nothing.
    pub name: String,
    /// What became of it.
    pub what: Became,
}

/// What became of a row, or of a key of one.
#[derive(Debug, Clone, PartialEq)]
pub enum Became {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It stands elsewhere among the others.
    Moved,
    /// A key says something else.
    Changed {
        /// The key.
        key: String,
        /// What it said.
        old: Option<Written>,
        /// What it says.
        new: Option<Written>,
    },
}

/// What differs between two files: the flow's own keys, then fields, states and transitions in the new file's order, what is
/// gone behind them. Comments and layout are no difference.
#[must_use]
pub fn differences(old: &Sheet, new: &Sheet) -> Vec<Difference> {
    let mut found = Vec::new();
    changed(None, "", (&old.flow, &new.flow), &mut found);
    for part in [Part::Field, Part::State, Part::Transition] {
        rows(part, old.rows(part), new.rows(part), &mut found);
    }
    found
}

fn rows(part: Part, old: &[Entry], new: &[Entry], found: &mut Vec<Difference>) {
    let pairs = matched(part, old, new);
    let kept: Vec<usize> = pairs.iter().flatten().copied().collect();
    let in_order = longest_rise(&kept);
    for (row, before) in new.iter().zip(&pairs) {
        let name = row.title(part);
        let Some(before) = before else {
            found.push(Difference { part: Some(part), name, what: Became::Added });
            continue;
        };
        if !in_order.contains(before) {
            found.push(Difference { part: Some(part), name: name.clone(), what: Became::Moved });
        }
        if let Some(old) = old.get(*before) {
            changed(Some(part), &name, (old, row), found);
        }
    }
    for (at, row) in old.iter().enumerate() {
        if !kept.contains(&at) {
            found.push(Difference { part: Some(part), name: row.title(part), what: Became::Removed });
        }
    }
}

fn changed(part: Option<Part>, name: &str, (old, new): (&Entry, &Entry), found: &mut Vec<Difference>) {
    let gone = old.keys.keys().filter(|key| !new.keys.contains_key(*key));
    for key in new.keys.keys().chain(gone) {
        let (before, after) = (old.keys.get(key), new.keys.get(key));
        if before != after {
            let what = Became::Changed { key: key.clone(), old: before.cloned(), new: after.cloned() };
            found.push(Difference { part, name: name.to_owned(), what });
        }
    }
}

/// For each new row the old one that it was: the likest first.
fn matched(part: Part, old: &[Entry], new: &[Entry]) -> Vec<Option<usize>> {
    const FIELD: &[&[&str]] = &[&["key"]];
    const STATE: &[&[&str]] = &[&["name"]];
    const TRANSITION: &[&[&str]] = &[
        &["source", "trigger", "dest", "condition"],
        &["source", "trigger", "dest"],
        &["source", "trigger"],
        &["source", "dest"],
        &["trigger", "dest"],
    ];
    let likeness = match part {
        Part::Field => FIELD,
        Part::State => STATE,
        Part::Transition => TRANSITION,
    };
    let mut pairs: Vec<Option<usize>> = vec![None; new.len()];
    let mut taken = vec![false; old.len()];
    for keys in likeness {
        for (row, pair) in new.iter().zip(&mut pairs).filter(|(_, pair)| pair.is_none()) {
            let same = |other: &Entry| keys.iter().all(|key| row.keys.get(*key) == other.keys.get(*key));
            let found = (0..old.len()).find(|at| !taken[*at] && same(&old[*at]));
            if let Some(at) = found {
                taken[at] = true;
                *pair = Some(at);
            }
        }
    }
    pairs
}

/// The longest part of the numbers that rises: what stayed in its order, while the others moved.
fn longest_rise(numbers: &[usize]) -> Vec<usize> {
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(numbers.len());
    for (at, number) in numbers.iter().enumerate() {
        let before = (0..at).filter(|other| numbers[*other] < *number).max_by_key(|other| best[*other].0);
        best.push((before.map_or(0, |other| best[other].0) + 1, before));
    }
    let mut at = (0..best.len()).max_by_key(|at| best[*at].0);
    let mut rise = Vec::new();
    while let Some(now) = at {
        rise.push(numbers[now]);
        at = best[now].1;
    }
    rise
}

impl Entry {
    /// The row as people know it: a field's label, a state's name, a transition's way.
    #[must_use]
    pub fn title(&self, part: Part) -> String {
        match part {
            Part::Field => self.text("label").or(self.text("key")).unwrap_or_default().to_owned(),
            Part::State => self.text("name").unwrap_or_default().to_owned(),
            Part::Transition => {
                let sources = self.keys.get("source").map(Written::texts).unwrap_or_default();
                let [trigger, dest] = ["trigger", "dest"].map(|key| self.text(key).unwrap_or_default());
                format!("{} —{trigger}→ {dest}", sources.join("、"))
            }
        }
    }
}
