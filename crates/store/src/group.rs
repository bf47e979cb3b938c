//! Groups of people: what `group:name` in a flow means. Their names fold like users' names.

use crate::{
    Error, Tx, WriteTx, feed,
    list::{Page, bound, cursor, like_literal},
    user::{CONTAINING, containing, fold},
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

/// A page of the groups' names, in their order: all, or those that contain `text`, in whatever case.
///
/// # Errors
/// [`Error::BadCursor`], or the records failed.
pub fn page(tx: &Tx, text: &str, cursor: Option<&str>, limit: i64) -> Result<Page<String>, Error> {
    let after = match &cursor::read("groups", cursor)?[..] {
        [] => String::new(),
        [folded] => cursor::text(folded)?,
        _ => return Err(Error::BadCursor),
    };
    if is_unstorable(text) {
        return Ok(Page { rows: Vec::new(), next: None });
    }
    let text = fold(text.trim());
    let mut values = params![after, bound(limit) + 1].to_vec();
    let mut and = "";
    if !text.is_empty() {
        and = "and folded like $3 escape '\\'";
        values.push(format!("%{}%", like_literal(&text)).into());
    }
    let sql = format!("select name from groups where folded > $1 {and} order by folded limit $2");
    let rows = tx.all(&sql, &values, |row| row.text(0))?;
    Ok(Page::cut(rows, limit, |name| cursor::write("groups", &[fold(name).into()])))
}

/// A page of a group's members by name, with what people see for them: all, or those whose name or display contains `text`.
///
/// # Errors
/// [`Error::BadCursor`], or the records failed.
pub fn members(
    tx: &Tx,
    group: &str,
    text: &str,
    cursor: Option<&str>,
    limit: i64,
) -> Result<Page<(String, String)>, Error> {
    let after = match &cursor::read("members", cursor)?[..] {
        [] => String::new(),
        [folded] => cursor::text(folded)?,
        _ => return Err(Error::BadCursor),
    };
    if is_unstorable(text) || is_unstorable(group) {
        return Ok(Page { rows: Vec::new(), next: None });
    }
    let mut values = params![after, bound(limit) + 1].to_vec();
    let mut and = "";
    if let Some((folded, shown)) = containing(text) {
        and = CONTAINING;
        values.extend([folded.into(), shown.into()]);
    }
    let team = values.len() + 1;
    values.push(fold(group).into());
    let sql = format!(
        "select u.name, u.display from membership m join users u on u.folded = m.member
         where m.team = ${team} and m.member > $1 {and} order by m.member limit $2"
    );
    let rows = tx.all(&sql, &values, |row| Ok((row.text(0)?, row.text(1)?)))?;
    Ok(Page::cut(rows, limit, |(name, _)| cursor::write("members", &[fold(name).into()])))
}

/// How many members a group has, counted up to `cap`; whether there are more.
///
/// # Errors
/// The records failed.
pub fn member_count(tx: &Tx, group: &str, cap: i64) -> Result<(i64, bool), Error> {
    let sql = "select count(*) from (select 1 from membership where team = $1 limit $2) as found";
    let found = tx.one(sql, params![fold(group), cap + 1], |row| row.int(0))?;
    Ok((found.min(cap), found > cap))
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
    Ok(registered(tx, name)?.is_some())
}

/// The name of a group as registered, in whatever case it is given; none: there is no such group.
///
/// # Errors
/// The records failed.
pub fn registered(tx: &Tx, name: &str) -> Result<Option<String>, Error> {
    if is_unstorable(name) {
        return Ok(None);
    }
    tx.first("select name from groups where folded = $1", params![fold(name)], |row| row.text(0))
}
