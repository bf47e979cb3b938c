//! How the short fields of items went from value to value after they were created: derived from the events, for `changed=`.

use flow::{Flow, Record, RecordKind};
use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::{
    Db, Error, Tx, WriteTx,
    value::{Param, params},
};

/// The columns of [`rows`], in their order.
pub(crate) const COLUMNS: &str = "flow, number, seq, field, old_value, new_value";
/// How many they are.
pub(crate) const WIDTH: usize = 6;
/// Events in one transaction of a [`fill`].
const BATCH: i64 = 2_000;

/// Notes what the event `seq` changed; `rules`: the versions that ruled the item before and after it.
pub(crate) fn write(tx: &WriteTx, rules: (&Flow, &Flow), number: i64, record: &Record, seq: i64) -> Result<(), Error> {
    let mut values = Vec::new();
    rows(rules, number, record, seq, &mut values);
    add(tx, &values)
}

/// The rows of an event, [`WIDTH`] values each.
pub(crate) fn rows(rules: (&Flow, &Flow), number: i64, record: &Record, seq: i64, rows: &mut Vec<Param<'static>>) {
    if record.kind == RecordKind::Created {
        return;
    }
    for (field, (old, new)) in &record.changes {
        push(rules, (number, seq), field, (old.spelled(), new.spelled()), rows);
    }
}

/// Notes what the events say that were written before these were noted; what is noted already stays. In batches: others
/// write in between.
///
/// # Errors
/// The records failed.
pub fn fill(db: &Db, flow: &Flow) -> Result<(), Error> {
    let (mut after, flow) = ((0, 0), std::sync::Arc::new(flow.clone()));
    loop {
        let flow = std::sync::Arc::clone(&flow);
        match db.write(move |tx| fill_batch(tx, &flow, after))? {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// The events after `after` (number, seq); the last one looked at, none when there was nothing left.
fn fill_batch(tx: &WriteTx, flow: &Flow, after: (i64, i64)) -> Result<Option<(i64, i64)>, Error> {
    let events = events(tx, flow, after)?;
    let mut values = Vec::new();
    for (at, changes) in &events {
        for (field, (old, new)) in changes {
            let read =
                |json| flow.fields.get(field).map_or(flow::Value::Empty, |of| flow::Value::from_stored(json, of));
            push((flow, flow), *at, field, (read(old).spelled(), read(new).spelled()), &mut values);
        }
    }
    for part in values.chunks(WIDTH * 500) {
        add(tx, part)?;
    }
    Ok(events.last().map(|(at, _)| *at))
}

/// An event's number and seq, and what it changed.
type Changed = ((i64, i64), IndexMap<String, (Json, Json)>);

fn events(tx: &Tx, flow: &Flow, after: (i64, i64)) -> Result<Vec<Changed>, Error> {
    let sql = "select number, seq, changes from event where flow = $1 and (number, seq) > ($2, $3) and seq > 1
               order by number, seq limit $4";
    tx.all(sql, params![&flow.key, after.0, after.1, BATCH], |row| {
        let changes = serde_json::from_str(row.str(2)?).map_err(|error| Error::corrupt("reading an event", error))?;
        Ok(((row.int(0)?, row.int(1)?), changes))
    })
}

fn push(
    (old, new): (&Flow, &Flow),
    at: (i64, i64),
    field: &str,
    change: (String, String),
    rows: &mut Vec<Param<'static>>,
) {
    if [old, new].iter().any(|flow| flow.fields.get(field).is_some_and(flow::tells_changes)) {
        rows.extend([new.key.clone().into(), at.0.into(), at.1.into(), field.to_owned().into()]);
        rows.extend([change.0.into(), change.1.into()]);
    }
}

fn add(tx: &WriteTx, values: &[Param]) -> Result<(), Error> {
    if values.is_empty() {
        return Ok(());
    }
    let rows: Vec<String> = (0..values.len() / WIDTH)
        .map(|row| {
            let places: Vec<String> = (1..=WIDTH).map(|at| format!("${}", row * WIDTH + at)).collect();
            format!("({})", places.join(", "))
        })
        .collect();
    let sql = format!(
        "insert into field_change ({COLUMNS}) values {} on conflict (flow, number, seq, field) do nothing",
        rows.join(", ")
    );
    tx.later(&sql, values)
}
