//! What happened to an item.

use std::collections::BTreeMap;

use app::item::HistoryEntry;
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

/// The events, latest first, at most `limit`.
pub(super) fn events(scene: &Scene, entries: &[HistoryEntry], limit: usize) -> Vec<EventView> {
    (0..entries.len()).rev().take(limit).filter_map(|index| event(scene, entries, index)).collect()
}

/// What happened since the item's revision was `sent`, oldest first; comments make no revision.
pub(super) fn since(entries: &[HistoryEntry], revision: i64, sent: i64) -> Vec<usize> {
    let missed = usize::try_from(revision.saturating_sub(sent)).unwrap_or(0);
    let moved = (0..entries.len()).rev().filter(|index| kind(&entries[*index].kind) != RecordKind::Commented);
    let mut indices: Vec<usize> = moved.take(missed).collect();
    indices.reverse();
    indices
}

/// What stood in the fields before the entries `indices`, of those that they changed.
pub(super) fn before(entries: &[HistoryEntry], indices: &[usize]) -> BTreeMap<String, Value> {
    let mut stood = BTreeMap::new();
    for entry in indices.iter().filter_map(|index| entries.get(*index)) {
        for (key, (old, _)) in &entry.changes {
            stood.entry(key.clone()).or_insert_with(|| old.clone());
        }
    }
    stood
}

/// One event.
pub(super) fn event(scene: &Scene, entries: &[HistoryEntry], index: usize) -> Option<EventView> {
    let entry = entries.get(index)?;
    let kind = kind(&entry.kind);
    let earlier = index.checked_sub(1).and_then(|index| entries.get(index));
    let moved = entry.from.as_ref().is_some_and(|from| *from != entry.to);
    let got = match earlier {
        Some(earlier) => earlier.assigned_to != entry.assigned_to,
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
        _ => RecordKind::Saved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: &str, change: Option<(&str, &str)>) -> HistoryEntry {
        let text = |text: &str| Value::Text(text.to_owned());
        HistoryEntry {
            seq: 0,
            at: 0,
            actor: "ann".to_owned(),
            kind: kind.to_owned(),
            trigger: None,
            from: None,
            to: "一".to_owned(),
            changes: change.map(|(old, new)| ("summary".to_owned(), (text(old), text(new)))).into_iter().collect(),
            assigned_to: Vec::new(),
            comment: None,
            by_admin: false,
        }
    }

    #[test]
    fn what_happened_meanwhile_is_counted_by_revisions() {
        let entries = [
            entry("created", None),
            entry("saved", Some(("a", "b"))),
            entry("commented", None),
            entry("triggered", Some(("b", "c"))),
            entry("commented", None),
        ];
        assert_eq!(since(&entries, 3, 3), Vec::<usize>::new());
        assert_eq!(since(&entries, 3, 2), [3]);
        assert_eq!(since(&entries, 3, 1), [1, 3]);
        assert_eq!(since(&entries, 3, 0), [0, 1, 3]);
        assert_eq!(since(&entries, 3, 9), Vec::<usize>::new());
        assert_eq!(since(&entries, 3, i64::MIN), [0, 1, 3]);
        assert_eq!(before(&entries, &[1, 3]).get("summary"), Some(&Value::Text("a".to_owned())));
        assert_eq!(before(&entries, &[3]).get("summary"), Some(&Value::Text("b".to_owned())));
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        assert_eq!(cut("短".to_owned()), "短");
        assert_eq!(cut("长".repeat(MOST)).chars().count(), MOST);
        assert_eq!(cut("长".repeat(MOST + 1)).chars().count(), MOST + 1);
        assert!(cut("长".repeat(MOST * 2)).ends_with('…'));
    }
}
