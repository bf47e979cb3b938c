//! The pages by which many items are carried in, and release notes.

use askama::Template;

use super::Frame;

/// A word to choose, what people see of it, whether it is chosen.
pub type Choice = (String, String, bool);

/// Carrying a file in: choosing it, saying what its columns are, seeing what would become of its rows.
#[derive(Template)]
#[template(path = "import.html")]
pub struct Import<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The flow's key.
    pub key: &'a str,
    /// The flow's name.
    pub name: &'a str,
    /// Why the file was not taken.
    pub trouble: Option<String>,
    /// Fields by which items can be found.
    pub keys: Vec<Choice>,
    /// Rows that find no item are left alone.
    pub leave: bool,
    /// A file that was sent, and what would become of it, or became.
    pub sent: Option<Sent>,
}

impl Import<'_> {
    /// How far a file is, with places for both numbers.
    fn progress(&self) -> String {
        self.f.words.two("import-progress", ("done", &"{done}"), ("of", &"{of}"))
    }
}

/// A file that was sent.
pub struct Sent {
    /// By which it is asked for.
    pub kept: String,
    /// It has been carried in.
    pub done: bool,
    /// New items.
    pub created: u64,
    /// Items changed.
    pub updated: u64,
    /// Rows that change nothing.
    pub unchanged: u64,
    /// Rows that were left alone.
    pub left: u64,
    /// Rows refused, the first of them.
    pub refused: Vec<(u64, String)>,
    /// How many rows were refused.
    pub refused_count: usize,
    /// The columns: the heading, what it may be.
    pub columns: Vec<(String, Vec<Choice>)>,
}

/// Release notes: which items, and what they say.
#[derive(Template)]
#[template(path = "notes.html")]
pub struct Notes<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The flow's key.
    pub key: &'a str,
    /// The flow's name.
    pub name: &'a str,
    /// The states.
    pub states: Vec<Choice>,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// The fields that may hold a note.
    pub notes: Vec<Choice>,
    /// What the notes may be put together by.
    pub groups: Vec<Choice>,
    /// A query.
    pub q: &'a str,
    /// What is wrong with what was asked, or with the layout.
    pub trouble: Option<String>,
    /// The notes as HTML, which is safe.
    pub html: Option<String>,
    /// How many items have a note.
    pub count: usize,
    /// The items without a note: the address, the ID, the title.
    pub missing: Vec<(String, String, String)>,
    /// There are more items than can be told of.
    pub capped: bool,
    /// The files: what they are, their addresses.
    pub files: Vec<(String, String)>,
    /// The layout, for administrators.
    pub layout: Option<&'a str>,
    /// The layout is not the one that comes along.
    pub own: bool,
    /// Path and query, to come back to.
    pub back: &'a str,
}
