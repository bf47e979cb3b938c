//! The board of a flow, what a card on it may do, and what is done to many items at once.

use askama::Template;

use super::{
    Frame, Person, StateChip, When,
    form::{Control, FieldView, Shown, Trouble},
    item::ButtonView,
    lists::QueryTrouble,
};

/// A flow's items by state. The block `board` renders alone.
#[derive(Template)]
#[template(path = "board.html", blocks = ["board"])]
pub struct BoardPage<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The flow's key.
    pub key: &'a str,
    /// The flow's name.
    pub name: &'a str,
    /// Whether I may create items.
    pub may_create: bool,
    /// The query as typed.
    pub q: &'a str,
    /// The list of the same items.
    pub list: String,
    /// What is wrong with the query.
    pub problem: Option<QueryTrouble>,
    /// A column for each state.
    pub columns: Vec<BoardColumn>,
}

/// The items in one state.
pub struct BoardColumn {
    /// The state.
    pub state: StateChip,
    /// How many: `258`, `2000+`.
    pub total: String,
    /// The list of all of them.
    pub href: String,
    /// There are more than the cards.
    pub more: bool,
    /// The first of them.
    pub cards: Vec<BoardCard>,
}

/// An item on the board.
pub struct BoardCard {
    /// Its number.
    pub number: i64,
    /// `question_57`
    pub id: String,
    /// Its title.
    pub title: String,
    /// Who has it.
    pub holders: Vec<Person>,
    /// The first word chosen among the list's columns: its level, its class.
    pub word: Option<String>,
    /// How long it may stay, in words; true: it is overdue.
    pub due: Option<(String, bool)>,
    /// When it last changed.
    pub when: When,
    /// Where its moves are.
    pub moves: String,
}

/// What a card may do. The block `moves` renders alone.
#[derive(Template)]
#[template(path = "moves.html", blocks = ["moves"])]
pub struct MovesPage<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The flow's key.
    pub key: &'a str,
    /// The flow's name.
    pub flow_name: &'a str,
    /// The item's number.
    pub number: i64,
    /// `question_57`
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its state.
    pub state: StateChip,
    /// The revision that all this is about.
    pub revision: i64,
    /// Where a press is sent to.
    pub action: String,
    /// The board.
    pub back: String,
    /// What can be pressed.
    pub moves: Vec<MoveView>,
    /// What cannot, and why.
    pub refused: Vec<(String, String)>,
    /// Why nothing can, when so.
    pub idle: Option<String>,
    /// Why what was sent was not taken.
    pub said: Option<String>,
    /// What a trigger asks for.
    pub ask: Option<AskView>,
}

/// A trigger that can be pressed.
pub struct MoveView {
    /// The trigger.
    pub button: ButtonView,
    /// Where it leads.
    pub to: StateChip,
    /// It asks for nothing more.
    pub direct: bool,
    /// Where it is asked for what it needs.
    pub href: String,
}

/// What a trigger asks for: the item's own form, in which comes first what is needed.
pub struct AskView {
    /// The trigger.
    pub trigger: String,
    /// Where it leads.
    pub to: StateChip,
    /// What is needed, and what is wrong.
    pub first: Vec<FieldView>,
    /// What else can be written.
    pub others: Vec<FieldView>,
    /// A comment is taken: what was typed; true: it is needed.
    pub comment: Option<(String, bool)>,
    /// What is wrong with the comment.
    pub comment_error: Option<String>,
    /// What is wrong with what was sent.
    pub troubles: Vec<Trouble>,
    /// Suggestions for those who have no script: people.
    pub people: Vec<Person>,
}

/// Beside a list: what can be done to the items chosen in it.
pub struct BulkBar {
    /// The flow's key.
    pub key: String,
    /// Every trigger of the flow.
    pub triggers: Vec<String>,
    /// Fields that can be set: key and label.
    pub fields: Vec<(String, String)>,
    /// Whether I may hand over.
    pub may_assign: bool,
    /// The items on this page, as their boxes name them.
    pub page: String,
}

/// Many items at once: what is about to be done, or what was.
#[derive(Template)]
#[template(path = "bulk.html")]
pub struct BulkPage<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The flow's key.
    pub key: &'a str,
    /// The flow's name.
    pub flow_name: &'a str,
    /// What is done, in words.
    pub heading: String,
    /// What is done, as the form names it.
    pub act: String,
    /// What is wrong with what was asked for.
    pub problem: Option<String>,
    /// It has been done: how it went, in words.
    pub finished: Option<String>,
    /// The items.
    pub rows: Vec<BulkRow>,
    /// What is needed, or to be set.
    pub first: Vec<FieldView>,
    /// What else may be set.
    pub others: Vec<FieldView>,
    /// A comment is taken: what was typed; true: it is needed.
    pub comment: Option<(String, bool)>,
    /// To whom is handed over: what was typed.
    pub to: Option<String>,
    /// Suggestions for those who have no script: people.
    pub people: Vec<Person>,
    /// What was typed, to be sent again: name and value.
    pub carried: Vec<(String, String)>,
}

/// One of many items.
pub struct BulkRow {
    /// As its box names it.
    pub value: String,
    /// Its number.
    pub number: i64,
    /// `question_57`
    pub id: String,
    /// Its title; none where it may not be seen.
    pub title: Option<String>,
    /// Its state.
    pub state: Option<StateChip>,
    /// Who has it.
    pub holders: Vec<Person>,
    /// Why it was refused, or would be.
    pub refused: Option<String>,
}

impl BulkPage<'_> {
    /// Whether something is left to be tried again.
    #[must_use]
    pub fn has_refused(&self) -> bool {
        self.rows.iter().any(|row| row.refused.is_some())
    }

    /// Whether anything is typed before it is done.
    #[must_use]
    pub fn asks(&self) -> bool {
        !self.first.is_empty() || !self.others.is_empty() || self.comment.is_some() || self.to.is_some()
    }
}
