//! Lists of items.

use std::borrow::Cow;

use flow::Flow;

use super::{Hue, When, refusal::label};
use crate::words::Words;

/// Where the rest of a list is, beside the part of it that is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pager {
    /// The address of the next part.
    pub next: Option<String>,
    /// The address of the first part, when this is not it.
    pub first: Option<String>,
}

/// A person as people see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The user's name.
    pub name: String,
    /// What people see.
    pub display: String,
}

/// A person in a list, which names hundreds: [`Person`] without texts of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    /// The user's name.
    pub name: &'a str,
    /// What people see.
    pub display: &'a str,
}

/// A state in a list: [`super::StateChip`] without a text of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chip<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its colour.
    pub hue: Hue,
}

/// A list of items: one page of it.
#[derive(Default)]
pub struct Table<'a> {
    /// How the list is ordered by the ID, if it can be.
    pub id: Option<Sorted>,
    /// After the ID.
    pub columns: Vec<Column>,
    /// One an item.
    pub rows: Vec<ItemRow<'a>>,
    /// The columns are of one's choice: all of them are shown on a phone too.
    pub chosen: bool,
}

/// A column.
pub struct Column {
    /// Its header.
    pub label: String,
    /// How the list is ordered by it, if it can be.
    pub sorted: Option<Sorted>,
    /// Numbers stand right.
    pub number: bool,
}

/// How a list is, or can be, ordered by a column.
pub struct Sorted {
    /// Ascending (true), descending, or by something else.
    pub now: Option<bool>,
    /// The address of the list ordered by it, or the other way round.
    pub href: String,
}

/// An item in a list.
pub struct ItemRow<'a> {
    /// The key of its flow.
    pub flow: &'a str,
    /// Its number.
    pub number: i64,
    /// `question_57`
    pub id: &'a str,
    /// As its box names it, where items can be chosen.
    pub pick: Option<String>,
    /// The group that begins with it.
    pub group: Option<GroupHead<'a>>,
    /// One a column.
    pub cells: Vec<Cell<'a>>,
}

/// What stands over a group of items.
pub struct GroupHead<'a> {
    /// What they have in common.
    pub label: Cell<'a>,
    /// How many there are, on all pages.
    pub count: i64,
    /// The address of the list of them.
    pub href: String,
    /// Some of them stand on the page before.
    pub goes_on: bool,
}

/// What stands in a cell.
pub enum Cell<'a> {
    /// The title, which leads to the item.
    Title(&'a str),
    /// A state.
    State(Chip<'a>),
    /// Who holds it; people in a field.
    People(Vec<Named<'a>>),
    /// Who created it: left out on a phone.
    Reporter(Named<'a>),
    /// The name of its flow.
    Flow(&'a str),
    /// A moment.
    When(When),
    /// A number: stands right.
    Number(String),
    /// A day, a word: kept together.
    Short(Cow<'a, str>),
    /// Anything else.
    Text(Cow<'a, str>),
}

impl Named<'_> {
    /// The first character of what people see.
    #[must_use]
    pub fn initial(&self) -> &str {
        initial(self.display)
    }
}

impl Person {
    /// The first character of what people see.
    #[must_use]
    pub fn initial(&self) -> &str {
        initial(&self.display)
    }
}

fn initial(display: &str) -> &str {
    let end = display.chars().next().map_or(0, char::len_utf8);
    display.get(..end).unwrap_or_default()
}

/// The header of a flow's column: a field's label, or a built-in's words.
#[must_use]
pub fn heading(words: &Words, flow: &Flow, key: &str) -> String {
    match key {
        "created_by" => words.word("reporter").to_owned(),
        "updated_at" => words.word("updated").to_owned(),
        _ => label(words, flow, key),
    }
}

impl Column {
    /// A column that the list cannot be ordered by.
    #[must_use]
    pub fn plain(label: &str) -> Column {
        Column { label: label.to_owned(), sorted: None, number: false }
    }
}

impl Sorted {
    /// For `aria-sort`.
    #[must_use]
    pub fn aria(&self) -> &'static str {
        match self.now {
            Some(true) => "ascending",
            Some(false) => "descending",
            None => "none",
        }
    }

    /// The icon.
    #[must_use]
    pub fn icon(&self) -> &'static str {
        match self.now {
            Some(true) => "sort-ascending",
            Some(false) => "sort-descending",
            None => "arrows-sort",
        }
    }
}
