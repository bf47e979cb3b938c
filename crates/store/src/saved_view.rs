//! Views of a flow's list that people keep under a name.

use crate::{
    Error, Tx, WriteTx,
    row::Row,
    user::fold,
    value::{Param, is_unstorable, params},
};

/// A kept view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedView {
    /// The flow's key.
    pub flow: String,
    /// Unique within the flow.
    pub id: String,
    /// The name of whoever keeps it.
    pub owner: String,
    /// Unique among what its owner keeps of the flow.
    pub name: String,
    /// For everybody who may enter the flow.
    pub shared: bool,
    /// As in a list's `?q=`.
    pub query: String,
    /// As in a list's `?sort=`.
    pub sort: String,
    /// As in a list's `?columns=`; empty: the flow's own.
    pub columns: String,
    /// As in a list's `?group=`; empty: not grouped.
    pub group_by: String,
    /// ms.
    pub created_at: i64,
    /// ms.
    pub updated_at: i64,
}

/// The view of that id.
///
/// # Errors
/// The records failed.
pub fn load(tx: &Tx, flow: &str, id: &str) -> Result<Option<SavedView>, Error> {
    if is_unstorable(id) {
        return Ok(None);
    }
    tx.first(&format!("{SELECT} where v.flow = $1 and v.id = $2"), params![flow, id], read)
}

/// What a user keeps of a flow, and what others keep of it for everybody, by name: so many of each at most.
///
/// # Errors
/// The records failed.
pub fn of(
    tx: &Tx,
    flow: &str,
    who: &str,
    (own, others): (i64, i64),
) -> Result<(Vec<SavedView>, Vec<SavedView>), Error> {
    let mine = format!("{SELECT} where v.flow = $1 and v.owner = $2 order by v.name limit $3");
    let shared =
        format!("{SELECT} where v.flow = $1 and v.shared = 1 and v.owner <> $2 order by v.name, v.id limit $3");
    let who = fold(who);
    tx.foresee(&shared, params![flow, &who, others])?;
    let mine = tx.all(&mine, params![flow, &who, own], read)?;
    Ok((mine, tx.all(&shared, params![flow, &who, others], read)?))
}

/// How many views a user keeps of a flow.
///
/// # Errors
/// The records failed.
pub fn count(tx: &Tx, flow: &str, owner: &str) -> Result<i64, Error> {
    let sql = "select count(*) from saved_view where flow = $1 and owner = $2";
    tx.one(sql, params![flow, fold(owner)], |row| row.int(0))
}

/// Whether the user keeps another view of the flow, not `id`, under that name.
///
/// # Errors
/// The records failed.
pub fn is_named(tx: &Tx, flow: &str, owner: &str, name: &str, id: &str) -> Result<bool, Error> {
    let sql = "select 1 from saved_view where flow = $1 and owner = $2 and name = $3 and id <> $4";
    Ok(tx.first(sql, params![flow, fold(owner), name, id], |row| row.int(0))?.is_some())
}

/// Keeps a view. Nobody else keeps or renames one meanwhile ([`WriteTx::take_turn`]).
///
/// # Errors
/// The records failed.
pub fn insert(tx: &WriteTx, view: &SavedView) -> Result<(), Error> {
    let sql = "insert into saved_view
                   (flow, id, owner, name, shared, query, sort, columns, group_by, created_at, updated_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let mut values = Vec::from(params![&view.flow, &view.id, fold(&view.owner)]);
    values.extend(told(view));
    values.extend([view.created_at.into(), view.updated_at.into()]);
    tx.execute(sql, &values).map(drop)
}

/// Writes what may change of a view. As [`insert`]. `false`: there is none of that id.
///
/// # Errors
/// The records failed.
pub fn update(tx: &WriteTx, view: &SavedView) -> Result<bool, Error> {
    let sql = "update saved_view set name = $3, shared = $4, query = $5, sort = $6, columns = $7, group_by = $8, updated_at = $9
               where flow = $1 and id = $2";
    let mut values = Vec::from(params![&view.flow, &view.id]);
    values.extend(told(view));
    values.push(view.updated_at.into());
    Ok(tx.execute(sql, &values)? > 0)
}

/// Forgets a view. `false`: there is none of that id.
///
/// # Errors
/// The records failed.
pub fn delete(tx: &WriteTx, flow: &str, id: &str) -> Result<bool, Error> {
    Ok(tx.execute("delete from saved_view where flow = $1 and id = $2", params![flow, id])? > 0)
}

const SELECT: &str =
    "select v.flow, v.id, u.name, v.name, v.shared, v.query, v.sort, v.columns, v.group_by, v.created_at, v.updated_at
                      from saved_view v join users u on u.folded = v.owner";

fn told(view: &SavedView) -> [Param<'_>; 6] {
    [
        (&view.name).into(),
        view.shared.into(),
        (&view.query).into(),
        (&view.sort).into(),
        (&view.columns).into(),
        (&view.group_by).into(),
    ]
}

fn read(row: &Row) -> Result<SavedView, Error> {
    Ok(SavedView {
        flow: row.text(0)?,
        id: row.text(1)?,
        owner: row.text(2)?,
        name: row.text(3)?,
        shared: row.flag(4)?,
        query: row.text(5)?,
        sort: row.text(6)?,
        columns: row.text(7)?,
        group_by: row.text(8)?,
        created_at: row.int(9)?,
        updated_at: row.int(10)?,
    })
}
