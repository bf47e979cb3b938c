//! What an installation remembers about itself: one text a name.

use crate::{Error, Tx, WriteTx, value::params};

/// The text under a name.
///
/// # Errors
/// The records failed.
pub fn get(tx: &Tx, name: &str) -> Result<Option<String>, Error> {
    tx.first("select value from setting where name = $1", params![name], |row| row.text(0))
}

/// Forgets what is under a name.
///
/// # Errors
/// The records failed.
pub fn remove(tx: &WriteTx, name: &str) -> Result<(), Error> {
    tx.execute("delete from setting where name = $1", params![name]).map(drop)
}

/// Puts a text under a name.
///
/// # Errors
/// The records failed.
pub fn set(tx: &WriteTx, name: &str, value: &str) -> Result<(), Error> {
    let sql = "insert into setting (name, value) values ($1, $2) on conflict (name) do update set value = $2";
    tx.execute(sql, params![name, value]).map(drop)
}
