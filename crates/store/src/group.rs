//! Groups of people: what `group:name` in a flow means. Their names fold like users' names.

use crate::{
    Error, Tx, WriteTx, feed,
    user::fold,
    value::{is_unstorable, params},
};

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// As registered.
    pub name: String,
    /// Names of its members, as registered.
    pub members: Vec<String>,
}

/// Every group with its members, by name.
///
/// # Errors
/// The records failed.
pub fn list(tx: &Tx) -> Result<Vec<Group>, Error> {
    let sql = "select g.name, u.name from groups g
               left join membership m on m.team = g.folded left join users u on u.folded = m.member
               order by g.folded, u.folded";
    let mut groups: Vec<Group> = Vec::new();
    for (name, member) in tx.all(sql, &[], |row| Ok((row.text(0)?, row.text_or_null(1)?)))? {
        match groups.last_mut().filter(|last| last.name == name) {
            Some(last) => last.members.extend(member),
            None => groups.push(Group { name, members: member.into_iter().collect() }),
        }
    }
    Ok(groups)
}

/// Adds a group; one that is there already stays as it is.
///
/// # Errors
/// The records failed.
pub fn add(tx: &WriteTx, name: &str, now: i64) -> Result<(), Error> {
    let sql = "insert into groups (folded, name, created_at) values ($1, $2, $3) on conflict (folded) do nothing";
    tx.execute(sql, params![fold(name), name, now]).map(drop)
}

/// Puts a user into a group; both must be there.
///
/// # Errors
/// The records failed.
pub fn add_member(tx: &WriteTx, group: &str, member: &str) -> Result<(), Error> {
    feed::person(tx, member)?;
    let sql = "insert into membership (member, team) values ($1, $2) on conflict (member, team) do nothing";
    tx.execute(sql, params![fold(member), fold(group)]).map(drop)
}

/// Takes a user out of a group.
///
/// # Errors
/// The records failed.
pub fn remove_member(tx: &WriteTx, group: &str, member: &str) -> Result<(), Error> {
    feed::person(tx, member)?;
    tx.execute("delete from membership where member = $1 and team = $2", params![fold(member), fold(group)]).map(drop)
}

/// Whether there is such a group.
///
/// # Errors
/// The records failed.
pub fn exists(tx: &Tx, name: &str) -> Result<bool, Error> {
    if is_unstorable(name) {
        return Ok(false);
    }
    Ok(tx.first("select 1 from groups where folded = $1", params![fold(name)], |row| row.int(0))?.is_some())
}
