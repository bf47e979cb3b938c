//! The present from the past: an item is the fold of its records.

use jiff::Timestamp;

use super::VERSION;
use crate::{Fields, Item, Record, RecordKind, Value};

/// The item that `past` makes up, begun under `flow_version`: its records with the moments they happened, oldest first. `None`: `past` does not begin
/// with a creation.
pub fn fold<'a>(
    number: i64,
    flow_version: i64,
    past: impl IntoIterator<Item = (Timestamp, &'a Record)>,
) -> Option<Item> {
    let blank = |record: &Record, at| Item {
        number,
        flow_version,
        revision: 0,
        state: record.to.clone(),
        assigned_to: Vec::new(),
        created_by: record.actor.clone(),
        created_at: at,
        updated_at: at,
        closed_at: None,
        fields: Fields::new(),
    };
    past.into_iter().fold(None, |item, (at, record)| match (item, record.kind) {
        (None, RecordKind::Created) => Some(apply(blank(record, at), at, record)),
        (None, _) => None,
        (Some(item), _) => Some(apply(item, at, record)),
    })
}

/// `item` after `record`, which happened at `at`. A state is final exactly when nobody holds the item in it.
#[must_use]
pub fn apply(mut item: Item, at: Timestamp, record: &Record) -> Item {
    if record.kind == RecordKind::Commented {
        return item;
    }
    item.revision += 1;
    item.updated_at = at;
    item.state.clone_from(&record.to);
    item.assigned_to.clone_from(&record.assigned_to);
    item.closed_at = if record.assigned_to.is_empty() { item.closed_at.or(Some(at)) } else { None };
    for (key, (_, after)) in &record.changes {
        match after {
            Value::Number(version) if key == VERSION => {
                #[expect(clippy::cast_possible_truncation, reason = "it was made of a whole number")]
                let version = *version as i64;
                item.flow_version = version;
            }
            Value::Empty | Value::Bool(false) => {
                item.fields.shift_remove(key);
            }
            value => {
                item.fields.insert(key.clone(), value.clone());
            }
        }
    }
    item
}
