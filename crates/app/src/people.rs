//! Users and groups: adding, changing, disabling, handing over what someone holds.

use std::collections::{BTreeMap, BTreeSet};

use flow::Actor;
use store::{audit, group, user};
use unicode_normalization::UnicodeNormalization;

use crate::{
    App, Error, Names, Page, Reading, Reason, Writing, item,
    work::{Part, Total},
};

/// Who acts for the command line in histories and the audit; nobody can register the name.
pub const SYSTEM: &str = "system";

/// How many items one transaction hands over, so that no write holds the others up.
const HAND_OVER_BATCH: i64 = 100;

/// What can be said of a new user.
#[derive(Debug, Clone, Default)]
pub struct NewUser {
    /// As people sign in.
    pub name: String,
    /// What people see; the name, if absent.
    pub display: Option<String>,
    /// Where mail goes.
    pub email: Option<String>,
    /// May do everything.
    pub admin: bool,
    /// Groups; those that are not there yet are made.
    pub groups: Vec<String>,
    /// From [`App::hash_password`]; without one, nobody signs in by password.
    pub password_hash: Option<String>,
}

/// A user as administrators see them.
#[derive(Debug, Clone)]
pub struct UserView {
    /// The name.
    pub name: String,
    /// What people see.
    pub display: String,
    /// Where mail goes.
    pub email: Option<String>,
    /// May do everything.
    pub admin: bool,
    /// Not disabled.
    pub active: bool,
    /// Their groups.
    pub groups: BTreeSet<String>,
    /// Registered when, ms.
    pub created_at: i64,
}

/// A group as a list of them shows it.
#[derive(Debug, Clone)]
pub struct GroupBrief {
    /// The name.
    pub name: String,
    /// The first of its members: name, display.
    pub members: Vec<(String, String)>,
    /// How many it has, counted up to [`MEMBERS_CAP`].
    pub count: Total,
}

/// The members of a group are counted so far.
pub const MEMBERS_CAP: i64 = 1_000;

/// A group and who is in it.
#[derive(Debug, Clone)]
pub struct GroupView {
    /// The name.
    pub name: String,
    /// User names.
    pub members: Vec<String>,
}

/// The administrator that the command line acts as.
#[must_use]
pub fn system() -> Actor {
    Actor { name: SYSTEM.to_owned(), admin: true, groups: BTreeSet::new() }
}

/// Adds a user: the name as registered.
///
/// # Errors
/// `Input`: a bad or taken name, a bad group name.
pub fn add(cx: &Writing, by: &str, new: &NewUser) -> Result<String, Error> {
    let cx = &cx.alone()?;
    let name = check_name("name", &new.name)?;
    let display = new.display.as_deref().map(str::trim).filter(|text| !text.is_empty()).unwrap_or(&name).to_owned();
    check_line("display", &display, 100)?;
    check_line("email", new.email.as_deref().unwrap_or_default(), 200)?;
    if user::by_name(cx.tx, &name)?.is_some() {
        return Err(Error::input("name", Reason::Taken(name)));
    }
    let now = cx.now.as_millisecond();
    user::insert(
        cx.tx,
        &user::User {
            name: name.clone(),
            display,
            email: new.email.clone().filter(|text| !text.is_empty()),
            admin: new.admin,
            active: true,
            password_hash: new.password_hash.clone(),
            language: None,
            created_at: now,
        },
    )?;
    for group in &new.groups {
        join(cx, group, &name)?;
    }
    audit::add(cx.tx, now, by, "user added", &serde_json::json!({"user": name, "admin": new.admin}))?;
    Ok(name)
}

/// Puts a user into a group, which is made if it is not there yet.
///
/// # Errors
/// `Input`: a bad group name.
pub fn join(cx: &Writing, group: &str, name: &str) -> Result<(), Error> {
    let group = check_name("group", group)?;
    group::add(cx.tx, &group, cx.now.as_millisecond())?;
    Ok(group::add_member(cx.tx, &group, name)?)
}

/// What an administrator changes of a user.
#[derive(Debug, Clone)]
pub struct Change {
    /// What people see.
    pub display: String,
    /// Where mail goes.
    pub email: Option<String>,
    /// May do everything.
    pub admin: bool,
    /// Their groups: all of them.
    pub groups: Vec<String>,
}

/// Changes a user.
///
/// # Errors
/// `AdminsOnly`, `NotFound`, `Input`.
pub fn change(cx: &Writing, actor: &Actor, name: &str, change: &Change) -> Result<(), Error> {
    admins_only(actor)?;
    let cx = &cx.alone()?;
    let user = user::by_name(cx.tx, name)?.ok_or(Error::NotFound)?;
    let display = Some(change.display.trim()).filter(|text| !text.is_empty()).unwrap_or(&user.name).to_owned();
    check_line("display", &display, 100)?;
    check_line("email", change.email.as_deref().unwrap_or_default(), 200)?;
    if user.admin && !change.admin && user.active {
        keep_an_admin(cx, &user.name)?;
    }
    let email = change.email.clone().filter(|text| !text.is_empty());
    user::update_display(cx.tx, &user.name, &display)?;
    user::update_email(cx.tx, &user.name, email.as_deref())?;
    user::update_admin(cx.tx, &user.name, change.admin)?;
    let wanted: BTreeSet<String> =
        change.groups.iter().map(|group| check_name("group", group)).collect::<Result<_, _>>()?;
    for group in user::groups_of(cx.tx, &user.name)?.difference(&wanted) {
        group::remove_member(cx.tx, group, &user.name)?;
    }
    for group in &wanted {
        join(cx, group, &user.name)?;
    }
    let detail = serde_json::json!({"user": user.name, "admin": change.admin, "groups": wanted});
    Ok(audit::add(cx.tx, cx.now.as_millisecond(), &actor.name, "user changed", &detail)?)
}

/// Sets a user's password; their sessions end.
///
/// # Errors
/// `Input` where there is no such user.
pub fn set_password(cx: &Writing, by: &str, name: &str, hash: &str) -> Result<(), Error> {
    let user = user::by_name(cx.tx, name)?.ok_or_else(|| Error::input("name", Reason::Unknown(name.to_owned())))?;
    user::update_password(cx.tx, &user.name, Some(hash))?;
    store::session::delete_of(cx.tx, &user.name)?;
    let detail = serde_json::json!({"user": user.name});
    Ok(audit::add(cx.tx, cx.now.as_millisecond(), by, "password set", &detail)?)
}

/// What came of disabling someone.
#[derive(Debug, Clone, Default)]
pub struct Disabled {
    /// Items that were handed over.
    pub handed_over: Vec<String>,
    /// IDs of items that they still hold.
    pub still_held: Vec<String>,
}

/// Disables a user: they are signed out everywhere and can hold nothing new. What they hold goes to `to`, if given.
///
/// # Errors
/// `Input`: no such user, the last administrator, a `to` that is no other active user.
pub fn disable(app: &App, by: &Actor, name: &str, to: Option<&str>) -> Result<Disabled, Error> {
    admins_only(by)?;
    let (by, name, to) = (by.clone(), name.to_owned(), to.map(str::to_owned));
    let (actor, given) = (by.clone(), to.clone());
    let user = app.write(move |cx| {
        let cx = &cx.alone()?;
        let user = user::by_name(cx.tx, &name)?.ok_or_else(|| Error::input("name", Reason::Unknown(name.clone())))?;
        if let Some(to) = &given {
            let to = active(cx, "to", to)?;
            if to.name == user.name {
                return Err(Error::input("to", Reason::Disabled(to.name)));
            }
        }
        if user.admin && user.active {
            keep_an_admin(cx, &user.name)?;
        }
        user::update_active(cx.tx, &user.name, false)?;
        store::session::delete_of(cx.tx, &user.name)?;
        let detail = serde_json::json!({"user": user.name, "hand_over": given});
        audit::add(cx.tx, cx.now.as_millisecond(), &actor.name, "user disabled", &detail)?;
        Ok(user.name)
    })?;
    let mut result = Disabled::default();
    if let Some(to) = to {
        loop {
            let (actor, from, to) = (by.clone(), user.clone(), to.clone());
            let batch = app.write(move |cx| item::hand_over_from(cx, &actor, &from, &to, HAND_OVER_BATCH))?;
            if batch.is_empty() {
                break;
            }
            result.handed_over.extend(batch);
        }
    }
    result.still_held = app.read(|cx| item::ids_held_by(cx, &user))?;
    Ok(result)
}

/// Lets a disabled user in again.
///
/// # Errors
/// `AdminsOnly`, `NotFound`.
pub fn enable(cx: &Writing, actor: &Actor, name: &str) -> Result<(), Error> {
    admins_only(actor)?;
    let cx = &cx.alone()?;
    let user = user::by_name(cx.tx, name)?.ok_or(Error::NotFound)?;
    user::update_active(cx.tx, &user.name, true)?;
    let detail = serde_json::json!({"user": user.name});
    Ok(audit::add(cx.tx, cx.now.as_millisecond(), &actor.name, "user enabled", &detail)?)
}

/// A page of users by name: all, or those whose name or display name contains the text.
///
/// # Errors
/// `BadCursor`.
pub fn user_page(cx: &Reading, text: &str, part: &Part) -> Result<Page<UserView>, Error> {
    let page = user::page(cx.tx, text, part.cursor.as_deref(), part.limit)?;
    let names = page.rows.iter().map(|user| user.name.clone()).collect();
    let mut groups = user::groups_of_each(cx.tx, &names)?;
    let view = |user: user::User| UserView::of(groups.remove(&flow::fold_name(&user.name)).unwrap_or_default(), user);
    Ok(Page { rows: page.rows.into_iter().map(view).collect(), next: page.next })
}

/// Every user, by name: not for a page.
///
/// # Errors
/// The store's.
pub fn users(cx: &Reading) -> Result<Vec<UserView>, Error> {
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for group in group::list(cx.tx)? {
        for member in group.members {
            groups.entry(member).or_default().insert(group.name.clone());
        }
    }
    let all = user::list(cx.tx)?.into_iter();
    Ok(all.map(|user| UserView::of(groups.remove(&user.name).unwrap_or_default(), user)).collect())
}

/// One user.
///
/// # Errors
/// `NotFound`.
pub fn user(cx: &Reading, name: &str) -> Result<UserView, Error> {
    let user = user::by_name(cx.tx, name)?.ok_or(Error::NotFound)?;
    Ok(UserView::of(user::groups_of(cx.tx, &user.name)?, user))
}

/// A page of groups by name, each with the first `most` of its members: all, or those whose name contains the text.
///
/// # Errors
/// `BadCursor`.
pub fn group_page(cx: &Reading, text: &str, part: &Part, most: i64) -> Result<Page<GroupBrief>, Error> {
    let page = group::page(cx.tx, text, part.cursor.as_deref(), part.limit)?;
    let brief = |name: String| {
        let members = group::members(cx.tx, &name, "", None, most)?;
        let shown = i64::try_from(members.rows.len()).unwrap_or(most);
        let count = match members.next {
            None => (shown, false),
            Some(_) => group::member_count(cx.tx, &name, MEMBERS_CAP)?,
        };
        Ok::<_, Error>(GroupBrief { name, members: members.rows, count: count.into() })
    };
    Ok(Page { rows: page.rows.into_iter().map(brief).collect::<Result<_, _>>()?, next: page.next })
}

/// The names of the first `most` groups that contain the text; whether there are more.
///
/// # Errors
/// The store's.
pub fn group_names(cx: &Reading, text: &str, most: i64) -> Result<(Vec<String>, bool), Error> {
    let page = group::page(cx.tx, text, None, most)?;
    Ok((page.rows, page.next.is_some()))
}

/// One group: its name as registered, and how many members it has.
///
/// # Errors
/// `NotFound`.
pub fn group(cx: &Reading, name: &str) -> Result<(String, Total), Error> {
    let name = group::registered(cx.tx, name)?.ok_or(Error::NotFound)?;
    let count = group::member_count(cx.tx, &name, MEMBERS_CAP)?;
    Ok((name, count.into()))
}

/// A page of a group's members by name, as name and display: all, or those whose name or display contains the text.
///
/// # Errors
/// `BadCursor`.
pub fn members(cx: &Reading, group: &str, text: &str, part: &Part) -> Result<Page<(String, String)>, Error> {
    Ok(group::members(cx.tx, group, text, part.cursor.as_deref(), part.limit)?)
}

/// Refuses names of groups that are not there.
///
/// # Errors
/// `Input`.
pub fn known_groups(cx: &Reading, names: &[String]) -> Result<(), Error> {
    for name in names {
        if group::registered(cx.tx, &check_name("group", name)?)?.is_none() {
            return Err(Error::input("group", Reason::NoGroup(name.clone())));
        }
    }
    Ok(())
}

/// Every group, by name: not for a page.
///
/// # Errors
/// The store's.
pub fn groups(cx: &Reading) -> Result<Vec<GroupView>, Error> {
    Ok(group::list(cx.tx)?.into_iter().map(|group| GroupView { name: group.name, members: group.members }).collect())
}

/// Makes a group.
///
/// # Errors
/// `AdminsOnly`, `Input`: a bad or taken name.
pub fn add_group(cx: &Writing, actor: &Actor, name: &str) -> Result<String, Error> {
    admins_only(actor)?;
    let cx = &cx.alone()?;
    let name = check_name("group", name)?;
    if group::exists(cx.tx, &name)? {
        return Err(Error::input("group", Reason::Taken(name)));
    }
    group::add(cx.tx, &name, cx.now.as_millisecond())?;
    audited(cx, actor, "group added", &serde_json::json!({"group": name}))?;
    Ok(name)
}

/// Puts an active user into a group: the user's name as registered.
///
/// # Errors
/// `AdminsOnly`, `NotFound` for the group, `Input` for the user.
pub fn add_member(cx: &Writing, actor: &Actor, group: &str, name: &str) -> Result<String, Error> {
    admins_only(actor)?;
    let cx = &cx.alone()?;
    if !group::exists(cx.tx, group)? {
        return Err(Error::NotFound);
    }
    let user = active(cx, "member", name.trim())?;
    group::add_member(cx.tx, group, &user.name)?;
    audited(cx, actor, "member added", &serde_json::json!({"group": group, "user": user.name}))?;
    Ok(user.name)
}

/// Takes a user out of a group: the user's name as registered.
///
/// # Errors
/// `AdminsOnly`, `NotFound` for either.
pub fn remove_member(cx: &Writing, actor: &Actor, group: &str, name: &str) -> Result<String, Error> {
    admins_only(actor)?;
    let cx = &cx.alone()?;
    let user = user::by_name(cx.tx, name)?.ok_or(Error::NotFound)?;
    if !group::exists(cx.tx, group)? {
        return Err(Error::NotFound);
    }
    group::remove_member(cx.tx, group, &user.name)?;
    audited(cx, actor, "member removed", &serde_json::json!({"group": group, "user": user.name}))?;
    Ok(user.name)
}

/// Active users whose name or display name contains the text, for pickers.
///
/// # Errors
/// The store's.
pub fn pick(cx: &Reading, text: &str, limit: i64) -> Result<Vec<(String, String)>, Error> {
    let found = user::search(cx.tx, text.trim(), limit)?;
    Ok(found.into_iter().map(|user| (user.name, user.display)).collect())
}

/// What people see for each of these users; a name that is none is left out.
///
/// # Errors
/// The store's.
pub fn displays(cx: &Reading, names: &BTreeSet<String>) -> Result<Names, Error> {
    cx.displays(names)
}

/// The language of the actor's pages.
///
/// # Errors
/// The store's.
pub fn set_language(cx: &Writing, actor: &Actor, language: Option<&str>) -> Result<(), Error> {
    user::update_language(cx.tx, &actor.name, language)?;
    Ok(())
}

/// The name as registered: NFC, 1 to 64 letters or digits of any script, `.`, `_`, `-`.
pub(crate) fn check_name(field: &'static str, name: &str) -> Result<String, Error> {
    let name: String = name.trim().nfc().collect();
    let good = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    let length = name.chars().count();
    if !(1..=64).contains(&length) || !name.chars().all(good) || (field == "name" && flow::fold_name(&name) == SYSTEM) {
        return Err(Error::input(field, Reason::BadName(name)));
    }
    Ok(name)
}

/// A line of text that people see.
pub(crate) fn check_line(field: &'static str, text: &str, max: usize) -> Result<(), Error> {
    if text.chars().count() > max {
        return Err(Error::input(field, Reason::TooLong(max)));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::input(field, Reason::Character));
    }
    Ok(())
}

/// Characters that a password has at least.
const PASSWORD_LENGTH: usize = 8;

/// A password that a person chooses for themselves.
///
/// # Errors
/// `Input`: fewer than 8 characters, more than 1024, U+0000.
pub fn check_password(password: &str) -> Result<(), Error> {
    if password.contains('\0') {
        return Err(Error::input("password", Reason::Character));
    }
    match password.chars().count() {
        0..PASSWORD_LENGTH => Err(Error::input("password", Reason::TooShort(PASSWORD_LENGTH))),
        PASSWORD_LENGTH..=1024 => Ok(()),
        _ => Err(Error::input("password", Reason::TooLong(1024))),
    }
}

/// The active user of that name.
pub(crate) fn active(cx: &Reading, field: &'static str, name: &str) -> Result<user::User, Error> {
    let user = user::by_name(cx.tx, name)?.ok_or_else(|| Error::input(field, Reason::Unknown(name.to_owned())))?;
    if user.active { Ok(user) } else { Err(Error::input(field, Reason::Disabled(user.name))) }
}

/// Refuses whoever is no administrator.
///
/// # Errors
/// `AdminsOnly`.
pub fn admins_only(actor: &Actor) -> Result<(), Error> {
    if actor.admin { Ok(()) } else { Err(Error::AdminsOnly) }
}

impl UserView {
    fn of(groups: BTreeSet<String>, user: user::User) -> UserView {
        let user::User { name, display, email, admin, active, created_at, .. } = user;
        UserView { name, display, email, admin, active, groups, created_at }
    }
}

fn audited(cx: &Writing, actor: &Actor, act: &str, detail: &serde_json::Value) -> Result<(), Error> {
    Ok(audit::add(cx.tx, cx.now.as_millisecond(), &actor.name, act, detail)?)
}

fn keep_an_admin(cx: &Reading, name: &str) -> Result<(), Error> {
    if user::another_admin(cx.tx, name)? { Ok(()) } else { Err(Error::input("admin", Reason::LastAdmin)) }
}
