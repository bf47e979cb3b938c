//! What happened to an item.

use std::collections::BTreeMap;

use app::item::{HistoryEntry, Stretch};
use flow::{Field, RecordKind, Value};

use super::{fields::shown, scene::Scene};
use crate::{
    pages::lists::when,
    view::{
        StateChip,
        form::Shown,
        item::{ChangeView, EventView, event_words},
        refusal::label,
    },
};

/// Characters of a changed value in the history; the rest is cut.
const MOST: usize = 600;
/// Characters of a change that still stands on its line.
const SHORT: usize = 60;

/// The events, latest first.
pub(super) fn events(scene: &Scene, history: &Stretch) -> Vec<EventView> {
    (0..history.entries.len()).rev().filter_map(|index| event(scene, history, index)).collect()
}

/// The last `most` events, oldest first.
pub(super) fn latest(scene: &Scene, history: &Stretch, most: usize) -> Vec<EventView> {
    let count = history.entries.len();
    (count.saturating_sub(most)..count).filter_map(|index| event(scene, history, index)).collect()
}

/// What stood in the fields before these entries, of those that they changed.
pub(super) fn before(entries: &[HistoryEntry]) -> BTreeMap<String, Value> {
    let mut stood = BTreeMap::new();
    for entry in entries {
        for (key, (old, _)) in &entry.changes {
            stood.entry(key.clone()).or_insert_with(|| old.clone());
        }
    }
    stood
}

/// One event.
fn event(scene: &Scene, history: &Stretch, index: usize) -> Option<EventView> {
    let entry = history.entries.get(index)?;
    let kind = kind(&entry.kind);
    let earlier = match index.checked_sub(1) {
        Some(index) => history.entries.get(index).map(|earlier| &earlier.assigned_to),
        None => history.held.as_ref(),
    };
    let moved = entry.from.as_ref().is_some_and(|from| *from != entry.to);
    let got = match earlier {
        Some(held) => *held != entry.assigned_to,
        None => entry.assigned_to != [entry.actor.clone()],
    };
    // What it began with stands in the form, or in the first change of it.
    let changes = entry.changes.iter().filter(|_| kind != RecordKind::Created);
    Some(EventView {
        actor: scene.person(&entry.actor),
        what: event_words(scene.words, kind, entry.trigger.as_deref()).to_owned(),
        by_admin: entry.by_admin,
        to: moved.then(|| StateChip::of(scene.flow, &entry.to)),
        holders: if got { scene.persons(&entry.assigned_to) } else { Vec::new() },
        changes: changes.map(|(key, (old, new))| change(scene, key, old, new)).collect(),
        comment: entry.comment.clone(),
        when: when(scene.cx, scene.words, entry.at),
        quiet: matches!(kind, RecordKind::Created | RecordKind::Saved | RecordKind::Commented),
    })
}

fn change(scene: &Scene, key: &str, old: &Value, new: &Value) -> ChangeView {
    let field = scene.flow.fields.get(key);
    let (old, new) = (value(scene, field, old), value(scene, field, new));
    let is_long = |shown: &Shown| match shown {
        Shown::Text(text) | Shown::Lines(text) => text.contains('\n') || text.chars().count() > SHORT,
        _ => false,
    };
    let long = old.iter().chain(&new).any(is_long);
    ChangeView { label: label(scene.words, scene.flow, key), old, new, long }
}

fn value(scene: &Scene, field: Option<&Field>, value: &Value) -> Vec<Shown> {
    let all = match field {
        Some(field) => shown(scene, field, value),
        None if value.texts().is_empty() && !value.is_empty() => vec![Shown::Text(value.spelled())],
        None => value.texts().iter().cloned().map(Shown::Text).collect(),
    };
    let cut = |shown| match shown {
        Shown::Text(text) => Shown::Text(cut(text)),
        Shown::Lines(text) => Shown::Lines(cut(text)),
        Shown::Url(text) => Shown::Text(cut(text)),
        // Where it was linked, a state said now would be read as the state of then.
        Shown::Item(item) => Shown::Item(crate::view::form::ItemRef { state: None, ..item }),
        person @ Shown::Person(_) => person,
    };
    all.into_iter().map(cut).collect()
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// What an entry did, in words.
pub(crate) fn event_name<'a>(words: &'a crate::words::Words, entry: &'a str, trigger: Option<&'a str>) -> &'a str {
    event_words(words, kind(entry), trigger)
}

fn kind(kind: &str) -> RecordKind {
    match kind {
        "created" => RecordKind::Created,
        "triggered" => RecordKind::Triggered,
        "commented" => RecordKind::Commented,
        "assigned" => RecordKind::Assigned,
        "imported" => RecordKind::Imported,
        "migrated" => RecordKind::Migrated,
        _ => RecordKind::Saved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_between_characters() {
        assert_eq!(cut("短".to_owned()), "短");
        assert_eq!(cut("长".repeat(MOST)).chars().count(), MOST);
        assert_eq!(cut("长".repeat(MOST + 1)).chars().count(), MOST + 1);
        assert!(cut("长".repeat(MOST * 2)).ends_with('…'));
    }
}
