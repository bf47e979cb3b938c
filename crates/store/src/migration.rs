//! What takes a flow's items to another version of it, and the items that it is about.

use crate::{
    Error, Tx, WriteTx,
    item::{self, Row},
    row::Row as SqlRow,
    value::params,
};

/// A migration that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// 1, 2, … within the flow.
    pub id: i64,
    /// The version that it leads to.
    pub version: i64,
    /// What becomes of what is gone: TOML.
    pub map: String,
    /// Closed items go along.
    pub closed: bool,
    /// Who began it.
    pub started_by: String,
    /// ms.
    pub started_at: i64,
    /// ms; none: it was broken off, or goes on.
    pub finished_at: Option<i64>,
    /// ms.
    pub undone_at: Option<i64>,
}

/// The flow's newest migration.
///
/// # Errors
/// The records failed.
pub fn newest(tx: &Tx, flow: &str) -> Result<Option<Migration>, Error> {
    let sql = "select id, version, map, closed, started_by, started_at, finished_at, undone_at
               from migration where flow = $1 order by id desc limit 1";
    tx.first(sql, params![flow], read)
}

/// Keeps a migration: a new one, or what has changed of the one of that id.
///
/// # Errors
/// The records failed.
pub fn keep(tx: &WriteTx, flow: &str, migration: &Migration) -> Result<(), Error> {
    let Migration { id, version, map, closed, started_by, started_at, finished_at, undone_at } = migration;
    let sql = "insert into migration (flow, id, version, map, closed, started_by, started_at, finished_at, undone_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               on conflict (flow, id) do update
               set version = $3, map = $4, closed = $5, finished_at = $8, undone_at = $9";
    let values = params![flow, *id, *version, map, *closed, started_by, *started_at, *finished_at, *undone_at];
    tx.execute(sql, values).map(drop)
}

/// The items after number `after` that a version before `version` rules, in their order; closed ones only if `closed`.
///
/// # Errors
/// The records failed.
pub fn behind(tx: &Tx, flow: &str, (version, closed): (i64, bool), after: i64, limit: i64) -> Result<Vec<Row>, Error> {
    let open = if closed { "" } else { "and closed_at is null" };
    let sql = format!(
        "select {} from item where flow = $1 and number > $2 and flow_version < $3 {open} order by number limit $4",
        item::ROW
    );
    tx.all(&sql, params![flow, after, version, limit], item::read_row)
}

/// The items after number `after` that the version rules, in their order.
///
/// # Errors
/// The records failed.
pub fn under(tx: &Tx, flow: &str, version: i64, after: i64, limit: i64) -> Result<Vec<Row>, Error> {
    let sql = format!(
        "select {} from item where flow = $1 and number > $2 and flow_version = $3 order by number limit $4",
        item::ROW
    );
    tx.all(&sql, params![flow, after, version, limit], item::read_row)
}

/// The last event by which the item was migrated, not before `since` (ms).
///
/// # Errors
/// The records failed.
pub fn event(tx: &Tx, flow: &str, number: i64, since: i64) -> Result<Option<item::EventRow>, Error> {
    let sql = format!(
        "select {} from event where flow = $1 and number = $2 and kind = $3 and at >= $4 order by seq desc limit 1",
        item::EVENT
    );
    tx.first(&sql, params![flow, number, item::kind(flow::RecordKind::Migrated), since], item::read_event)
}

fn read(row: &SqlRow) -> Result<Migration, Error> {
    Ok(Migration {
        id: row.int(0)?,
        version: row.int(1)?,
        map: row.text(2)?,
        closed: row.flag(3)?,
        started_by: row.text(4)?,
        started_at: row.int(5)?,
        finished_at: row.int_or_null(6)?,
        undone_at: row.int_or_null(7)?,
    })
}
