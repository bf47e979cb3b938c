//! The page of what a search over all flows found.

use app::search::Piece;
use askama::Template;

use super::{Chip, Frame, Named, When, lists::QueryTrouble};

/// What a search found. The block `list` renders alone.
#[derive(Template)]
#[template(path = "search.html", blocks = ["list"])]
pub struct SearchPage<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The query, as typed.
    pub q: &'a str,
    /// Why it cannot be read.
    pub problem: Option<QueryTrouble>,
    /// One page, best first.
    pub hits: Vec<HitRow<'a>>,
    /// How many in all; empty where nothing was asked.
    pub total: String,
    /// The address of the next page.
    pub next: Option<String>,
    /// The address of the first page, when this is not it.
    pub first: Option<String>,
}

/// An item that was found.
pub struct HitRow<'a> {
    /// The key of its flow.
    pub flow: &'a str,
    /// Its number.
    pub number: i64,
    /// `question_57`
    pub id: &'a str,
    /// The name of its flow.
    pub flow_name: &'a str,
    /// Its title, the hits marked.
    pub title: &'a [Piece],
    /// Where else the words stand.
    pub snippet: &'a [Piece],
    /// The label of the field in which that is; none: a comment.
    pub field: Option<&'a str>,
    /// Its state.
    pub state: Chip<'a>,
    /// Its holders.
    pub holders: Vec<Named<'a>>,
    /// When it was changed last.
    pub updated: When,
}
