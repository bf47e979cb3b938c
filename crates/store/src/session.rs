//! Signed-in browsers. The cookie's secret is stored as its hash.

use std::collections::BTreeSet;

use crate::{
    Error, Tx, WriteTx,
    feed::Change,
    list::{Page, bound, cursor},
    user::{self, User, fold},
    value::params,
};

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Of the cookie's secret, in hex.
    pub hash: String,
    /// The user's name.
    pub user: String,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds; at most hourly.
    pub seen_at: i64,
    /// Milliseconds.
    pub expires_at: i64,
}

/// Signs in.
///
/// # Errors
/// The records failed.
pub fn insert(tx: &WriteTx, session: &Session) -> Result<(), Error> {
    let sql = "insert into session (hash, member, created_at, seen_at, expires_at) values ($1, $2, $3, $4, $5)";
    let values = params![&session.hash, fold(&session.user), session.created_at, session.seen_at, session.expires_at];
    tx.execute(sql, values).map(drop)
}

/// [`load`] will be asked soon.
///
/// # Errors
/// The records failed.
pub fn foresee(tx: &Tx, hash: &str) -> Result<(), Error> {
    tx.foresee(&with_user(), params![hash])
}

/// The session, its user and the user's groups, whether or not it has expired or the user is disabled.
///
/// # Errors
/// The records failed.
pub fn load(tx: &Tx, hash: &str) -> Result<Option<(Session, User, BTreeSet<String>)>, Error> {
    let rows = tx.all(&with_user(), params![hash], |row| {
        let user = user::read(row, 5)?;
        let session = Session {
            hash: row.text(0)?,
            user: user.name.clone(),
            created_at: row.int(1)?,
            seen_at: row.int(2)?,
            expires_at: row.int(3)?,
        };
        Ok((session, user, row.text_or_null(4)?))
    })?;
    Ok(user::with_groups(rows))
}

fn with_user() -> String {
    format!(
        "select s.hash, s.created_at, s.seen_at, s.expires_at, g.name, {}
         from session s join users u on u.folded = s.member
         left join membership m on m.member = s.member left join groups g on g.folded = m.team
         where s.hash = $1",
        user::COLUMNS
    )
}

/// Notes that it was used, and lets it last until `expires_at`.
///
/// # Errors
/// The records failed.
pub fn touch(tx: &WriteTx, hash: &str, seen_at: i64, expires_at: i64) -> Result<(), Error> {
    let sql = "update session set seen_at = $2, expires_at = $3 where hash = $1";
    tx.execute(sql, params![hash, seen_at, expires_at]).map(drop)
}

/// Signs out.
///
/// # Errors
/// The records failed.
pub fn delete(tx: &WriteTx, hash: &str) -> Result<(), Error> {
    let sql = "delete from session where hash = $1 returning member";
    tx.all(sql, params![hash], |row| row.text(0))?.into_iter().for_each(|member| tx.touched(Change::Person(member)));
    Ok(())
}

/// Signs a user out everywhere.
///
/// # Errors
/// The records failed.
pub fn delete_of(tx: &WriteTx, user: &str) -> Result<(), Error> {
    tx.touched(Change::Person(user.to_owned()));
    tx.execute("delete from session where member = $1", params![fold(user)]).map(drop)
}

/// Signs a user out everywhere but in one session.
///
/// # Errors
/// The records failed.
pub fn delete_others(tx: &WriteTx, user: &str, hash: &str) -> Result<(), Error> {
    tx.touched(Change::Person(user.to_owned()));
    tx.execute("delete from session where member = $1 and hash <> $2", params![fold(user), hash]).map(drop)
}

/// A page of the user's sessions that have not expired at `now`, but for the one of `hash`: the last used first.
///
/// # Errors
/// [`Error::BadCursor`], or the records failed.
pub fn others(
    tx: &Tx,
    user: &str,
    hash: &str,
    now: i64,
    cursor: Option<&str>,
    limit: i64,
) -> Result<Page<Session>, Error> {
    let (seen, last) = match &cursor::read("sessions", cursor)?[..] {
        [] => (i64::MAX, String::new()),
        [seen, hash] => (cursor::int(seen)?, cursor::text(hash)?),
        _ => return Err(Error::BadCursor),
    };
    let sql = "select hash, created_at, seen_at, expires_at from session
               where member = $1 and hash <> $2 and expires_at > $3 and (seen_at, hash) < ($4, $5)
               order by seen_at desc, hash desc limit $6";
    let rows = tx.all(sql, params![fold(user), hash, now, seen, last, bound(limit) + 1], |row| {
        Ok(Session {
            hash: row.text(0)?,
            user: user.to_owned(),
            created_at: row.int(1)?,
            seen_at: row.int(2)?,
            expires_at: row.int(3)?,
        })
    })?;
    Ok(Page::cut(rows, limit, |row| cursor::write("sessions", &[row.seen_at.into(), (&row.hash).into()])))
}

/// Forgets those that have expired.
///
/// # Errors
/// The records failed.
pub fn delete_expired(tx: &WriteTx, now: i64) -> Result<(), Error> {
    tx.execute("delete from session where expires_at <= $1", params![now]).map(drop)
}
