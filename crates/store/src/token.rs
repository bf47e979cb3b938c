//! API tokens, stored as their hashes.

use std::collections::BTreeSet;

use crate::{
    Error, Tx, WriteTx,
    list::{Page, bound, cursor},
    row::Row,
    user::{self, User, fold},
    value::params,
};

/// An API token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Of the token, in hex.
    pub hash: String,
    /// 1, 2, … within its user; given by [`insert`].
    pub id: i64,
    /// The user's name.
    pub user: String,
    /// What the user calls it.
    pub name: String,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds; none: never.
    pub expires_at: Option<i64>,
    /// Milliseconds; at most hourly.
    pub used_at: Option<i64>,
}

/// A token to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Of the token, in hex.
    pub hash: String,
    /// The user's name.
    pub user: String,
    /// What the user calls it.
    pub name: String,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds; none: never.
    pub expires_at: Option<i64>,
}

/// Adds a token and returns its id.
///
/// # Errors
/// The records failed.
pub fn insert(tx: &WriteTx, new: &NewToken) -> Result<i64, Error> {
    tx.take_turn()?;
    let sql = "insert into token (member, id, hash, name, created_at, expires_at, used_at)
               values ($1, (select coalesce(max(id), 0) + 1 from token where member = $1), $2, $3, $4, $5, null)
               returning id";
    let values = params![fold(&new.user), &new.hash, &new.name, new.created_at, new.expires_at];
    tx.one(sql, values, |row| row.int(0))
}

/// [`load`] will be asked soon.
///
/// # Errors
/// The records failed.
pub fn foresee(tx: &Tx, hash: &str) -> Result<(), Error> {
    tx.foresee(&with_user(), params![hash])
}

/// The token, its user and the user's groups, whether or not it has expired or the user is disabled.
///
/// # Errors
/// The records failed.
pub fn load(tx: &Tx, hash: &str) -> Result<Option<(Token, User, BTreeSet<String>)>, Error> {
    let rows =
        tx.all(&with_user(), params![hash], |row| Ok((read(row)?, user::read(row, 8)?, row.text_or_null(7)?)))?;
    Ok(user::with_groups(rows))
}

/// A page of the user's tokens, newest first.
///
/// # Errors
/// [`Error::BadCursor`], or the records failed.
pub fn of(tx: &Tx, user: &str, cursor: Option<&str>, limit: i64) -> Result<Page<Token>, Error> {
    let before = match &cursor::read("tokens", cursor)?[..] {
        [] => i64::MAX,
        [id] => cursor::int(id)?,
        _ => return Err(Error::BadCursor),
    };
    let sql = "select t.hash, t.id, t.name, t.created_at, t.expires_at, t.used_at, u.name
               from token t join users u on u.folded = t.member
               where t.member = $1 and t.id < $2 order by t.id desc limit $3";
    let rows = tx.all(sql, params![fold(user), before, bound(limit) + 1], read)?;
    Ok(Page::cut(rows, limit, |row| cursor::write("tokens", &[row.id.into()])))
}

/// Notes that it was used.
///
/// # Errors
/// The records failed.
pub fn touch(tx: &WriteTx, hash: &str, used_at: i64) -> Result<(), Error> {
    tx.execute("update token set used_at = $2 where hash = $1", params![hash, used_at]).map(drop)
}

/// Revokes a token. `false`: the user has none of this id.
///
/// # Errors
/// The records failed.
pub fn delete(tx: &WriteTx, user: &str, id: i64) -> Result<bool, Error> {
    Ok(tx.execute("delete from token where member = $1 and id = $2", params![fold(user), id])? > 0)
}

/// Revokes all of a user's tokens.
///
/// # Errors
/// The records failed.
pub fn delete_of(tx: &WriteTx, user: &str) -> Result<(), Error> {
    tx.execute("delete from token where member = $1", params![fold(user)]).map(drop)
}

fn with_user() -> String {
    format!(
        "select t.hash, t.id, t.name, t.created_at, t.expires_at, t.used_at, u.name, g.name, {}
         from token t join users u on u.folded = t.member
         left join membership m on m.member = t.member left join groups g on g.folded = m.team
         where t.hash = $1",
        user::COLUMNS
    )
}

fn read(row: &Row) -> Result<Token, Error> {
    Ok(Token {
        hash: row.text(0)?,
        id: row.int(1)?,
        name: row.text(2)?,
        created_at: row.int(3)?,
        expires_at: row.int_or_null(4)?,
        used_at: row.int_or_null(5)?,
        user: row.text(6)?,
    })
}
