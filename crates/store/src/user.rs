//! People. A name is the same whatever its case: `folded` is its identity, `name` the spelling as registered.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Error, Tx, WriteTx,
    change::{Changed, grow},
    feed,
    list::{Page, bound, cursor, like_literal},
    row::Row,
    value::{Param, is_unstorable, params},
};

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// As registered; never changed.
    pub name: String,
    /// What people see.
    pub display: String,
    /// Where mail goes.
    pub email: Option<String>,
    /// May do everything.
    pub admin: bool,
    /// Not disabled.
    pub active: bool,
    /// PHC string; none: cannot sign in with a password.
    pub password_hash: Option<String>,
    /// The language chosen.
    pub language: Option<String>,
    /// Milliseconds.
    pub created_at: i64,
}

/// The columns that [`read`] takes, in its order, of the table alias `u`.
pub(crate) const COLUMNS: &str =
    "u.name, u.display, u.email, u.admin, u.active, u.password_hash, u.language, u.created_at";

/// The identity of a name.
pub(crate) fn fold(name: &str) -> String {
    flow::fold_name(name)
}

/// The user at `first` and the seven columns after it.
pub(crate) fn read(row: &Row, first: usize) -> Result<User, Error> {
    Ok(User {
        name: row.text(first)?,
        display: row.text(first + 1)?,
        email: row.text_or_null(first + 2)?,
        admin: row.flag(first + 3)?,
        active: row.flag(first + 4)?,
        password_hash: row.text_or_null(first + 5)?,
        language: row.text_or_null(first + 6)?,
        created_at: row.int(first + 7)?,
    })
}

/// The user of this name, in whatever case.
///
/// # Errors
/// The records failed.
pub fn by_name(tx: &Tx, name: &str) -> Result<Option<User>, Error> {
    if is_unstorable(name) {
        return Ok(None);
    }
    tx.first(&format!("select {COLUMNS} from users u where u.folded = $1"), params![fold(name)], |row| read(row, 0))
}

/// What is known of the users of these names: by the name in lower case, the absent ones left out.
///
/// # Errors
/// The records failed.
pub fn known(tx: &Tx, names: &BTreeSet<String>) -> Result<BTreeMap<String, flow::UserFact>, Error> {
    let rows = of_names(tx, "folded, name, active from users where folded", names, |row| {
        Ok((row.text(0)?, flow::UserFact { name: row.text(1)?, active: row.flag(2)? }))
    })?;
    Ok(rows.into_iter().collect())
}

/// Everyone, by name.
///
/// # Errors
/// The records failed.
pub fn list(tx: &Tx) -> Result<Vec<User>, Error> {
    tx.all(&format!("select {COLUMNS} from users u order by u.folded"), &[], |row| read(row, 0))
}

/// A page of users by name: everyone, or those whose name or display contains `text`, in whatever case.
///
/// # Errors
/// [`Error::BadCursor`], or the records failed.
pub fn page(tx: &Tx, text: &str, cursor: Option<&str>, limit: i64) -> Result<Page<User>, Error> {
    let after = match &cursor::read("users", cursor)?[..] {
        [] => String::new(),
        [folded] => cursor::text(folded)?,
        _ => return Err(Error::BadCursor),
    };
    if is_unstorable(text) {
        return Ok(Page { rows: Vec::new(), next: None });
    }
    let mut values = params![after, bound(limit) + 1].to_vec();
    let mut and = "";
    if let Some((folded, shown)) = containing(text) {
        and = CONTAINING;
        values.extend([folded.into(), shown.into()]);
    }
    let sql = format!("select {COLUMNS} from users u where u.folded > $1 {and} order by u.folded limit $2");
    let rows = tx.all(&sql, &values, |row| read(row, 0))?;
    Ok(Page::cut(rows, limit, |user| cursor::write("users", &[fold(&user.name).into()])))
}

/// Users `u` whose name contains $3 or whose display contains $4.
pub(crate) const CONTAINING: &str = "and (u.folded like $3 escape '\\' or lower(u.display) like $4 escape '\\')";

/// What [`CONTAINING`] takes; none where every name contains the text. A display name is folded as the engine does it: A to Z.
pub(crate) fn containing(text: &str) -> Option<(String, String)> {
    let text = text.trim();
    let (folded, shown) = (like_literal(&fold(text)), like_literal(&text.to_ascii_lowercase()));
    (!text.is_empty()).then(|| (format!("%{folded}%"), format!("%{shown}%")))
}

/// Active users whose name or display contains `text`, in whatever case; names that begin with it first. It is asked with
/// every letter that is typed: no more of the users is looked at than it takes to find `limit`.
///
/// # Errors
/// The records failed.
pub fn search(tx: &Tx, text: &str, limit: i64) -> Result<Vec<User>, Error> {
    if is_unstorable(text) {
        return Ok(Vec::new());
    }
    let begin = fold(text.trim());
    // beyond every name that begins so
    let (end, most) = (format!("{begin}{}", char::MAX), bound(limit));
    let sql = format!(
        "select {COLUMNS} from users u where u.folded >= $1 and u.folded < $2 and u.active = 1
         order by u.folded limit $3"
    );
    let mut found = tx.all(&sql, params![&begin, &end, most], |row| read(row, 0))?;
    let left = most - i64::try_from(found.len()).unwrap_or(most);
    if let Some((folded, shown)) = containing(text).filter(|_| left > 0) {
        let sql = format!(
            "select {COLUMNS} from users u
             where u.folded > $1 {CONTAINING} and u.active = 1 and not (u.folded >= $5 and u.folded < $6)
             order by u.folded limit $2"
        );
        found.extend(tx.all(&sql, params!["", left, folded, shown, begin, end], |row| read(row, 0))?);
    }
    Ok(found)
}

/// What people see for each of these names; a name that is no user is left out.
///
/// # Errors
/// The records failed.
pub fn displays(tx: &Tx, names: &BTreeSet<String>) -> Result<BTreeMap<String, String>, Error> {
    let rows = of_names(tx, "folded, display from users where folded", names, |row| Ok((row.text(0)?, row.text(1)?)))?;
    let found: BTreeMap<String, String> = rows.into_iter().collect();
    Ok(names.iter().filter_map(|name| Some((name.clone(), found.get(&fold(name))?.clone()))).collect())
}

/// Everyone, and what people see for them.
///
/// # Errors
/// The records failed.
pub fn everyone(tx: &Tx) -> Result<Vec<(flow::UserFact, String)>, Error> {
    tx.all("select name, active, display from users", &[], |row| {
        Ok((flow::UserFact { name: row.text(0)?, active: row.flag(1)? }, row.text(2)?))
    })
}

/// What stands for all users of these names, in few statements: `select what in (…)`, with as many places as the next power of two, so that a page's
/// fifty names take one statement and the statements that are kept ready stay few.
fn of_names<T>(
    tx: &Tx,
    what: &str,
    names: &BTreeSet<String>,
    mut read: impl FnMut(&Row) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    const MOST: usize = 64;
    let folded: Vec<String> = names.iter().filter(|name| !is_unstorable(name)).map(|name| fold(name)).collect();
    let mut found = Vec::with_capacity(folded.len());
    for part in folded.chunks(MOST) {
        let places = part.len().next_power_of_two();
        let list: Vec<String> = (1..=places).map(|place| format!("${place}")).collect();
        let sql = format!("select {what} in ({})", list.join(", "));
        // The last name stands in the places that are left.
        let filled = part.iter().chain(part.last().into_iter().cycle()).take(places);
        let params: Vec<Param> = filled.map(|name| Param::from(name.as_str())).collect();
        found.extend(tx.all(&sql, &params, &mut read)?);
    }
    Ok(found)
}

/// Whether there is an active administrator.
///
/// # Errors
/// The records failed.
pub fn any_admin(tx: &Tx) -> Result<bool, Error> {
    tx.one(
        "select case when exists(select 1 from users where admin = 1 and active = 1) then 1 else 0 end",
        &[],
        |row| row.flag(0),
    )
}

/// Whether there is an active administrator beside `name`.
///
/// # Errors
/// The records failed.
pub fn another_admin(tx: &Tx, name: &str) -> Result<bool, Error> {
    let sql = "select case when exists(select 1 from users where admin = 1 and active = 1 and folded <> $1)
               then 1 else 0 end";
    tx.one(sql, params![fold(name)], |row| row.flag(0))
}

/// Adds a user.
///
/// # Errors
/// [`Error::Exists`]: the name is taken, in whatever case; or the records failed.
pub fn insert(tx: &WriteTx, user: &User) -> Result<(), Error> {
    let sql = "insert into users (folded, name, display, email, admin, active, password_hash, language, created_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = params![
        fold(&user.name),
        &user.name,
        &user.display,
        user.email.as_deref(),
        user.admin,
        user.active,
        user.password_hash.as_deref(),
        user.language.as_deref(),
        user.created_at,
    ];
    tx.execute(sql, values)?;
    grow(tx, Changed::People)
}

/// Changes what people see. `false`: no such user; so with every `update_`.
///
/// # Errors
/// The records failed.
pub fn update_display(tx: &WriteTx, name: &str, display: &str) -> Result<bool, Error> {
    let updated = update(tx, "update users set display = $2 where folded = $1", name, display.into())?;
    if updated {
        grow(tx, Changed::People)?;
    }
    Ok(updated)
}

/// Changes where mail goes.
///
/// # Errors
/// The records failed.
pub fn update_email(tx: &WriteTx, name: &str, email: Option<&str>) -> Result<bool, Error> {
    update(tx, "update users set email = $2 where folded = $1", name, email.into())
}

/// Makes an administrator, or no longer.
///
/// # Errors
/// The records failed.
pub fn update_admin(tx: &WriteTx, name: &str, admin: bool) -> Result<bool, Error> {
    update(tx, "update users set admin = $2 where folded = $1", name, admin.into())
}

/// Disables or enables.
///
/// # Errors
/// The records failed.
pub fn update_active(tx: &WriteTx, name: &str, active: bool) -> Result<bool, Error> {
    let updated = update(tx, "update users set active = $2 where folded = $1", name, active.into())?;
    if updated {
        grow(tx, Changed::People)?;
    }
    Ok(updated)
}

/// Changes the password.
///
/// # Errors
/// The records failed.
pub fn update_password(tx: &WriteTx, name: &str, password_hash: Option<&str>) -> Result<bool, Error> {
    update(tx, "update users set password_hash = $2 where folded = $1", name, password_hash.into())
}

/// Changes the language.
///
/// # Errors
/// The records failed.
pub fn update_language(tx: &WriteTx, name: &str, language: Option<&str>) -> Result<bool, Error> {
    update(tx, "update users set language = $2 where folded = $1", name, language.into())
}

/// The groups that each of these users is in, as registered; by the user's folded name, those in none left out.
///
/// # Errors
/// The records failed.
pub fn groups_of_each(tx: &Tx, names: &BTreeSet<String>) -> Result<BTreeMap<String, BTreeSet<String>>, Error> {
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let from = "m.member, g.name from membership m join groups g on g.folded = m.team where m.member";
    for (member, group) in of_names(tx, from, names, |row| Ok((row.text(0)?, row.text(1)?)))? {
        groups.entry(member).or_default().insert(group);
    }
    Ok(groups)
}

/// The groups that the user is in, as registered.
///
/// # Errors
/// The records failed.
pub fn groups_of(tx: &Tx, name: &str) -> Result<BTreeSet<String>, Error> {
    let sql = "select g.name from membership m join groups g on g.folded = m.team where m.member = $1";
    Ok(tx.all(sql, params![fold(name)], |row| row.text(0))?.into_iter().collect())
}

/// Rows of the same record, one a group, as the one record with its groups.
pub(crate) fn with_groups<R>(rows: Vec<(R, User, Option<String>)>) -> Option<(R, User, BTreeSet<String>)> {
    let mut rows = rows.into_iter();
    let (record, user, first) = rows.next()?;
    Some((record, user, first.into_iter().chain(rows.filter_map(|(_, _, group)| group)).collect()))
}

fn update(tx: &WriteTx, sql: &str, name: &str, value: Param) -> Result<bool, Error> {
    feed::person(tx, name)?;
    Ok(tx.execute(sql, &[fold(name).into(), value])? > 0)
}
