//! The pages that list items: home, a flow, all its items, 待办, 已办, 我发起的, items without an active holder.

use std::sync::Arc;

use app::work::Total;
use askama::Template;
use serde::Serialize;

use super::{
    Cell, Column, Frame, Pager, Person, StateChip, Table,
    board::BulkBar,
    views::{Bar, ViewLink},
};
use crate::words::Words;

/// Home: what waits for me, and the flows.
#[derive(Template)]
#[template(path = "home.html")]
pub struct Home<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The first of what waits for me.
    pub table: Table<'a>,
    /// How many wait for me.
    pub pending: Total,
    /// The flows.
    pub cards: Vec<FlowCard>,
}

/// A flow on the home page.
pub struct FlowCard {
    /// Its key.
    pub key: String,
    /// What people see.
    pub name: String,
    /// Items that are not final.
    pub open: i64,
    /// Items that wait for me.
    pub mine: Total,
    /// Whether I may create items.
    pub may_create: bool,
}

/// A flow's page: what waits for me there.
#[derive(Template)]
#[template(path = "flow.html", blocks = ["list"])]
pub struct FlowPage<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The flow's key.
    pub key: &'a str,
    /// The flow's name.
    pub name: &'a str,
    /// Whether I may create items.
    pub may_create: bool,
    /// The flow is out of use: its items stay readable.
    pub archived: bool,
    /// Others link to its items: there is something to learn in it.
    pub is_read: bool,
    /// Its states and the ways between them, as SVG.
    pub picture: &'a str,
    /// How many items are in each state.
    pub counts: Vec<StateCount>,
    /// The views of its list.
    pub views: Vec<ViewLink>,
    /// 待处理条目: the first page of them.
    pub table: Table<'a>,
    /// How many wait for me.
    pub pending: Total,
    /// The address of the next page.
    pub next: Option<String>,
    /// This is not the first page.
    pub first: Option<String>,
}

/// How many items are in a state.
pub struct StateCount {
    /// The state.
    pub state: StateChip,
    /// How many.
    pub count: i64,
    /// The address of the list of them.
    pub href: String,
    /// The list shows just them.
    pub chosen: bool,
}

/// All items of a flow, or those that a query finds. The block `list` renders alone.
#[derive(Template)]
#[template(path = "all.html", blocks = ["list"])]
pub struct All<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The flow's key.
    pub key: &'a str,
    /// The flow's name.
    pub name: &'a str,
    /// The heading: a view's name, or that these are all items.
    pub title: &'a str,
    /// The views, and how the list is shown.
    pub bar: Bar,
    /// Whether I may create items.
    pub may_create: bool,
    /// The query as typed.
    pub q: &'a str,
    /// The order as asked for.
    pub sort: &'a str,
    /// What conditions may be about, drawn: see [`AskedOf`]. Nothing until somebody asks for it.
    pub asked: Option<Arc<str>>,
    /// Where that is asked for.
    pub ask: String,
    /// What is wrong with the query.
    pub problem: Option<&'a QueryTrouble>,
    /// How many items are in each state; each leads to the list of them.
    pub counts: Vec<StateCount>,
    /// One page of items.
    pub table: Table<'a>,
    /// How many items there are: `258`, `10000+`.
    pub total: String,
    /// The board of the same items.
    pub board: String,
    /// What can be done to the items chosen.
    pub bulk: Option<BulkBar>,
    /// The files that this list can be had as: what they are, their addresses.
    pub exports: Vec<(String, String)>,
    /// The address of the next page.
    pub next: Option<String>,
    /// The address of the first page, when this is not it.
    pub first: Option<String>,
}

/// What conditions may be about, to be chosen from.
#[derive(Template)]
#[template(path = "_asked.html")]
pub struct AskedOf<'a> {
    /// The words of the page.
    pub words: &'a Words,
    /// Each of them.
    pub asked: Vec<Asked>,
}

/// Something that a query compares.
#[derive(Debug, Clone, Serialize)]
pub struct Asked {
    /// As a query names it: what people call it, where that can stand in a query.
    pub name: String,
    /// What people see.
    pub label: String,
    /// How it can be compared.
    pub operators: &'static [&'static str],
    /// What it may be compared with, as a query spells it.
    pub words: Vec<String>,
    /// It is compared with users.
    pub users: bool,
}

/// What is wrong with a query.
pub struct QueryTrouble {
    /// A sentence.
    pub message: String,
    /// The query up to the place; the letter there, or a space where it ends; what follows.
    pub parts: (String, String, String),
}

/// 待办, 已办 or 我发起的. The block `list` renders alone.
#[derive(Template)]
#[template(path = "work.html", blocks = ["list"])]
pub struct Work<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The heading.
    pub heading: &'a str,
    /// One page of items.
    pub table: Table<'a>,
    /// How many.
    pub total: Total,
    /// What an empty list says: a sentence, and what to do next.
    pub empty: (&'a str, &'a str),
    /// The address of the next page.
    pub next: Option<String>,
    /// The address of the first page, when this is not it.
    pub first: Option<String>,
}

/// Items that are not final and have no active holder, for administrators.
#[derive(Template)]
#[template(path = "stranded.html")]
pub struct Stranded<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// One page of items.
    pub rows: Vec<StrandedRow>,
    /// Where the others are.
    pub pager: Pager,
    /// To hand over to.
    pub people: Vec<Person>,
}

/// An item without an active holder.
pub struct StrandedRow {
    /// `/flow/issue_track/57`
    pub href: String,
    /// `question_57`
    pub id: String,
    /// Its title.
    pub title: String,
    /// The name of its flow.
    pub flow: String,
    /// Its state.
    pub state: StateChip,
    /// Its holders, all disabled.
    pub holders: Vec<Person>,
}

/// Whose work a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// 待办: what waits for me.
    Pending,
    /// 已办: what I pressed and is no longer with me.
    Done,
    /// 我发起的: what I created.
    Created,
}

impl Whose {
    /// The heading.
    #[must_use]
    pub fn heading(self, words: &Words) -> &str {
        match self {
            Whose::Pending => words.word("menu-pending"),
            Whose::Done => words.word("menu-done"),
            Whose::Created => words.word("menu-created"),
        }
    }

    /// What an empty list says: a sentence, and what to do next.
    #[must_use]
    pub fn empty(self, words: &Words) -> (&str, &str) {
        match self {
            Whose::Pending => (words.word("pending-empty"), words.word("pending-empty-next")),
            Whose::Done => (words.word("work-done-empty"), words.word("work-done-empty-next")),
            Whose::Created => (words.word("work-created-empty"), words.word("work-created-empty-next")),
        }
    }

    /// The columns of a list over all flows: summary, flow, state, holder, reporter, when.
    #[must_use]
    pub fn columns(self, words: &Words) -> Vec<Column> {
        let when = if self == Whose::Pending { words.word("since") } else { words.word("updated") };
        let labels = [
            words.word("summary"),
            words.word("flow"),
            words.word("state"),
            words.word("holder"),
            words.word("reporter"),
            when,
        ];
        labels.into_iter().map(Column::plain).collect()
    }
}
