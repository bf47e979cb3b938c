//! The one-time link by which the first administrator is made. There is one at most.

use crate::{Error, Tx, WriteTx, value::params};

/// Makes this the link; an earlier one no longer works.
///
/// # Errors
/// The records failed.
pub fn put(tx: &WriteTx, hash: &str, expires_at: i64) -> Result<(), Error> {
    tx.execute("delete from setup_link", &[])?;
    tx.execute("insert into setup_link (hash, expires_at) values ($1, $2)", params![hash, expires_at]).map(drop)
}

/// Whether the link works at `now`; it stays.
///
/// # Errors
/// The records failed.
pub fn valid(tx: &Tx, hash: &str, now: i64) -> Result<bool, Error> {
    let sql = "select 1 from setup_link where hash = $1 and expires_at > $2";
    Ok(tx.first(sql, params![hash, now], |row| row.int(0))?.is_some())
}

/// Uses the link up. `false`: it did not work.
///
/// # Errors
/// The records failed.
pub fn take(tx: &WriteTx, hash: &str, now: i64) -> Result<bool, Error> {
    Ok(tx.execute("delete from setup_link where hash = $1 and expires_at > $2", params![hash, now])? > 0)
}
