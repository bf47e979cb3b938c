//! Flows that are being written: one draft for each key, until it is published or put aside.

use crate::{
    Error, Tx, WriteTx,
    row::Row,
    value::{is_unstorable, params},
};

/// A flow that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The flow's key; there need be no such flow yet.
    pub flow: String,
    /// TOML, as far as it got.
    pub text: String,
    /// Its scenarios, TOML; empty: none.
    pub tests: String,
    /// The version that it began from; 0: none.
    pub base: i64,
    /// Grows with every change.
    pub revision: i64,
    /// ms.
    pub changed_at: i64,
    /// Who changed it last.
    pub changed_by: String,
}

/// The draft of that key.
///
/// # Errors
/// The records failed.
pub fn load(tx: &Tx, flow: &str) -> Result<Option<Draft>, Error> {
    if is_unstorable(flow) {
        return Ok(None);
    }
    tx.first(&format!("{SELECT} where flow = $1"), params![flow], read)
}

/// Every draft, by key.
///
/// # Errors
/// The records failed.
pub fn all(tx: &Tx) -> Result<Vec<Draft>, Error> {
    tx.all(&format!("{SELECT} order by flow"), &[], read)
}

/// Keeps a draft in the place of the one of its key.
///
/// # Errors
/// The records failed.
pub fn keep(tx: &WriteTx, draft: &Draft) -> Result<(), Error> {
    let Draft { flow, text, tests, base, revision, changed_at, changed_by } = draft;
    let sql = "insert into flow_draft (flow, text, tests, base, revision, changed_at, changed_by)
               values ($1, $2, $3, $4, $5, $6, $7)
               on conflict (flow) do update
               set text = $2, tests = $3, base = $4, revision = $5, changed_at = $6, changed_by = $7";
    tx.execute(sql, params![flow, text, tests, *base, *revision, *changed_at, changed_by]).map(drop)
}

/// Puts a draft aside. `false`: there is none.
///
/// # Errors
/// The records failed.
pub fn remove(tx: &WriteTx, flow: &str) -> Result<bool, Error> {
    Ok(tx.execute("delete from flow_draft where flow = $1", params![flow])? > 0)
}

const SELECT: &str = "select flow, text, tests, base, revision, changed_at, changed_by from flow_draft";

fn read(row: &Row) -> Result<Draft, Error> {
    Ok(Draft {
        flow: row.text(0)?,
        text: row.text(1)?,
        tests: row.text(2)?,
        base: row.int(3)?,
        revision: row.int(4)?,
        changed_at: row.int(5)?,
        changed_by: row.text(6)?,
    })
}
