//! Administrative acts: users, tokens, flows, hand-overs.

use crate::{
    Error, Tx, WriteTx,
    list::{Page, bound, cursor},
    value::params,
};

/// One act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// 1, 2, …
    pub id: i64,
    /// Milliseconds.
    pub at: i64,
    /// Who did it.
    pub actor: String,
    /// What it was, as code: `user.disable`.
    pub act: String,
    /// What it was done to.
    pub detail: serde_json::Value,
}

/// Notes an act.
///
/// # Errors
/// The records failed.
pub fn add(tx: &WriteTx, at: i64, actor: &str, act: &str, detail: &serde_json::Value) -> Result<(), Error> {
    tx.take_turn()?;
    let sql = "insert into audit (id, at, actor, act, detail)
               select coalesce(max(id), 0) + 1, $1, $2, $3, $4 from audit";
    tx.execute(sql, params![at, actor, act, detail.to_string()]).map(drop)
}

/// The acts, newest first.
///
/// # Errors
/// [`Error::BadCursor`], or the records failed.
pub fn list(tx: &Tx, cursor: Option<&str>, limit: i64) -> Result<Page<Act>, Error> {
    let before = match &cursor::read("audit", cursor)?[..] {
        [] => i64::MAX,
        [id] => cursor::int(id)?,
        _ => return Err(Error::BadCursor),
    };
    let sql = "select id, at, actor, act, detail from audit where id < $1 order by id desc limit $2";
    let rows = tx.all(sql, params![before, bound(limit) + 1], |row| {
        let detail = row.text(4)?;
        Ok(Act {
            id: row.int(0)?,
            at: row.int(1)?,
            actor: row.text(2)?,
            act: row.text(3)?,
            detail: serde_json::from_str(&detail).map_err(|error| Error::corrupt("reading the audit", error))?,
        })
    })?;
    Ok(Page::cut(rows, limit, |act| cursor::write("audit", &[act.id.into()])))
}
