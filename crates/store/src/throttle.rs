//! Failed sign-ins, counted by whatever key the caller throttles by (a name, an address).

use crate::{Error, Tx, WriteTx, value::params};

/// How often and when last (milliseconds) it failed.
///
/// # Errors
/// The records failed.
pub fn failures(tx: &Tx, key: &str) -> Result<Option<(i64, i64)>, Error> {
    tx.first("select failures, last_at from throttle where name = $1", params![key], |row| {
        Ok((row.int(0)?, row.int(1)?))
    })
}

/// Counts one more failure.
///
/// # Errors
/// The records failed.
pub fn record(tx: &WriteTx, key: &str, now: i64) -> Result<(), Error> {
    let sql = "insert into throttle (name, failures, last_at) values ($1, 1, $2)
               on conflict (name) do update set failures = throttle.failures + 1, last_at = $2";
    tx.execute(sql, params![key, now]).map(drop)
}

/// Forgets the key's failures.
///
/// # Errors
/// The records failed.
pub fn clear(tx: &WriteTx, key: &str) -> Result<(), Error> {
    tx.execute("delete from throttle where name = $1", params![key]).map(drop)
}

/// Forgets what failed last before `at` (milliseconds).
///
/// # Errors
/// The records failed.
pub fn clear_before(tx: &WriteTx, at: i64) -> Result<(), Error> {
    tx.execute("delete from throttle where last_at < $1", params![at]).map(drop)
}
