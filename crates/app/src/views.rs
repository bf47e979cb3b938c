//! Views of a flow's list that people keep under a name: for themselves, or for all who may enter the flow.

use std::sync::Arc;

use flow::Actor;
use store::saved_view;
pub use store::saved_view::SavedView;

use crate::{
    App, Error, People, Reading, Reason, Writing,
    carry::{export, kept::hex},
    work::{self, Listing},
};

/// Letters of a view's name at most.
const NAME_MOST: usize = 80;
/// Letters of each of its other texts at most.
const TEXT_MOST: usize = 4_000;
/// Views that a user keeps of one flow at most.
const OWN_MOST: i64 = 100;
/// Views of others that are told of at most.
const SHARED_MOST: i64 = 200;

/// What of a view can be chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// What people call it.
    pub name: String,
    /// For everybody who may enter the flow.
    pub shared: bool,
    /// What it shows.
    pub look: Look,
}

/// What of a flow's list is looked at, and how: as the list's address says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// `?q=`.
    pub query: String,
    /// `?sort=`.
    pub sort: String,
    /// `?columns=`; empty: the flow's own.
    pub columns: String,
    /// `?group=`; empty: not grouped.
    pub group: String,
}

/// The views of a flow that somebody may open, by name.
#[derive(Debug, Clone)]
pub struct Views {
    /// One's own.
    pub own: Vec<SavedView>,
    /// What others keep for everybody.
    pub shared: Vec<SavedView>,
    /// What people see for those who keep them.
    pub people: Arc<People>,
}

impl App {
    /// An id for a new view.
    #[must_use]
    pub fn view_id(&self) -> String {
        hex(&self.random::<8>())
    }
}

/// What a view shows.
#[must_use]
pub fn look_of(view: &SavedView) -> Look {
    Look {
        query: view.query.clone(),
        sort: view.sort.clone(),
        columns: view.columns.clone(),
        group: view.group_by.clone(),
    }
}

/// Whether the actor may change the view and take it away: its owner, and an administrator one that is for everybody.
#[must_use]
pub fn may_change(actor: &Actor, view: &SavedView) -> bool {
    is_own(actor, view) || actor.admin && view.shared
}

/// The views of a flow that the actor may open.
///
/// # Errors
/// `NotFound`.
pub fn views(cx: &Reading, actor: &Actor, key: &str) -> Result<Views, Error> {
    cx.flow_for(actor, key)?;
    let (own, shared) = saved_view::of(cx.tx, key, &actor.name, (OWN_MOST, SHARED_MOST))?;
    Ok(Views { own, shared, people: cx.people()? })
}

/// One view.
///
/// # Errors
/// `NotFound`: there is none, or none that the actor may open.
pub fn view(cx: &Reading, actor: &Actor, key: &str, id: &str) -> Result<SavedView, Error> {
    cx.flow_for(actor, key)?;
    let view = saved_view::load(cx.tx, key, id)?.ok_or(Error::NotFound)?;
    if view.shared || is_own(actor, &view) { Ok(view) } else { Err(Error::NotFound) }
}

/// Keeps a view under `id`, which [`App::view_id`] gave.
///
/// # Errors
/// `NotFound`, `Input`, `BadQuery`.
pub fn keep(cx: &Writing, actor: &Actor, key: &str, id: &str, kept: &Kept) -> Result<(), Error> {
    cx.flow_for(actor, key)?;
    cx.tx.take_turn()?;
    if saved_view::count(cx.tx, key, &actor.name)? >= OWN_MOST {
        return Err(Error::input("view", Reason::TooMany(OWN_MOST)));
    }
    let name = fitting_name(cx, (key, id), &actor.name, &kept.name)?;
    check_look(cx, actor, key, &kept.look)?;
    let now = cx.now.as_millisecond();
    let Look { query, sort, columns, group } = kept.look.clone();
    let view = SavedView {
        flow: key.to_owned(),
        id: id.to_owned(),
        owner: actor.name.clone(),
        name,
        shared: kept.shared,
        query,
        sort,
        columns,
        group_by: group,
        created_at: now,
        updated_at: now,
    };
    Ok(saved_view::insert(cx.tx, &view)?)
}

/// Changes what a view shows.
///
/// # Errors
/// `NotFound`, `OwnersOnly`, `Input`, `BadQuery`.
pub fn change_look(cx: &Writing, actor: &Actor, key: &str, id: &str, look: &Look) -> Result<SavedView, Error> {
    cx.tx.take_turn()?;
    let view = own(cx, actor, key, id)?;
    check_look(cx, actor, key, look)?;
    let Look { query, sort, columns, group } = look.clone();
    let view = SavedView { query, sort, columns, group_by: group, updated_at: cx.now.as_millisecond(), ..view };
    saved_view::update(cx.tx, &view)?;
    Ok(view)
}

/// Changes what a view is called and for whom it is kept.
///
/// # Errors
/// As [`change_look`].
pub fn rename(cx: &Writing, actor: &Actor, key: &str, id: &str, (name, shared): (&str, bool)) -> Result<(), Error> {
    cx.tx.take_turn()?;
    let view = own(cx, actor, key, id)?;
    let name = fitting_name(cx, (key, id), &view.owner, name)?;
    saved_view::update(cx.tx, &SavedView { name, shared, updated_at: cx.now.as_millisecond(), ..view })?;
    Ok(())
}

/// Takes a view away.
///
/// # Errors
/// `NotFound`, `OwnersOnly`.
pub fn take_away(cx: &Writing, actor: &Actor, key: &str, id: &str) -> Result<SavedView, Error> {
    let view = own(cx, actor, key, id)?;
    saved_view::delete(cx.tx, key, id)?;
    Ok(view)
}

/// The view, for whoever may change it.
fn own(cx: &Writing, actor: &Actor, key: &str, id: &str) -> Result<SavedView, Error> {
    let view = view(cx, actor, key, id)?;
    if may_change(actor, &view) { Ok(view) } else { Err(Error::OwnersOnly) }
}

fn is_own(actor: &Actor, view: &SavedView) -> bool {
    actor.name == view.owner
}

/// The name as it is kept.
fn fitting_name(cx: &Writing, (key, id): (&str, &str), owner: &str, name: &str) -> Result<String, Error> {
    let name = name.trim();
    let wrong = if name.is_empty() {
        Some(Reason::Missing)
    } else if name.chars().count() > NAME_MOST {
        Some(Reason::TooLong(NAME_MOST))
    } else if name.chars().any(char::is_control) {
        Some(Reason::Character)
    } else if saved_view::is_named(cx.tx, key, owner, name, id)? {
        Some(Reason::Taken(name.to_owned()))
    } else {
        None
    };
    wrong.map_or_else(|| Ok(name.to_owned()), |reason| Err(Error::input("view", reason)))
}

/// Only what can be read is kept.
fn check_look(cx: &Reading, actor: &Actor, key: &str, look: &Look) -> Result<(), Error> {
    let Look { query, sort, columns, group } = look;
    for (field, text) in [("q", query), ("sort", sort), ("columns", columns), ("group", group)] {
        if text.chars().count() > TEXT_MOST {
            return Err(Error::input(field, Reason::TooLong(TEXT_MOST)));
        }
        if text.contains('\0') {
            return Err(Error::input(field, Reason::Character));
        }
    }
    let flow = &cx.flow_for(actor, key)?.flow;
    let listing = Listing { query: query.clone(), sort: sort.clone(), ..Listing::default() };
    work::parsed(cx, actor, flow, &listing)?;
    if !columns.is_empty() {
        export::columns_asked(flow, columns)?;
    }
    if !group.is_empty() {
        flow::parse_by(group, flow)?;
    }
    Ok(())
}
