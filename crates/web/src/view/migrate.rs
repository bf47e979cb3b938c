//! The page by which items go on under another version of their flow.

use askama::Template;

use super::{Frame, carry::Choice};

/// Both versions, the map, what would become of the items.
#[derive(Template)]
#[template(path = "migrate.html")]
pub struct Migrate<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The flow's key.
    pub key: &'a str,
    /// The flow's name.
    pub name: &'a str,
    /// The version that items go to.
    pub version: i64,
    /// Open items of older versions.
    pub due: i64,
    /// Pictures of the old version and of the new, SVG.
    pub pictures: Option<[String; 2]>,
    /// What the map has to say.
    pub parts: Vec<Part>,
    /// Closed items go along.
    pub closed: bool,
    /// Why the map was not taken.
    pub trouble: Option<String>,
    /// What was tried.
    pub outlook: Option<Outlook>,
    /// What was done, in words.
    pub done: Option<String>,
    /// Items that were left, and why.
    pub left: Vec<Lack>,
    /// The version of the newest migration, which can be taken back.
    pub undo: Option<i64>,
    /// The newest migration was broken off.
    pub unfinished: bool,
}

/// A part of the map: states, fields, words of a field, values.
pub struct Part {
    /// Its heading.
    pub label: String,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// Something that is gone or newly asked for.
pub struct Line {
    /// The input's name.
    pub input: String,
    /// What people see of it.
    pub label: String,
    /// What it may become; none: it is typed.
    pub choices: Vec<Choice>,
    /// What was typed.
    pub typed: String,
}

/// What would become of the items.
pub struct Outlook {
    /// How many there are.
    pub total: u64,
    /// How many would be stranded.
    pub stranded: u64,
    /// Version, state, state then, fields that change, how many.
    pub groups: Vec<(i64, String, Option<String>, String, u64)>,
    /// What they would lack.
    pub lacks: Vec<Lack>,
}

/// What items lack, and which.
pub struct Lack {
    /// In words.
    pub what: String,
    /// How many items.
    pub count: u64,
    /// The first of them: their addresses and IDs.
    pub items: Vec<(String, String)>,
}

impl Migrate<'_> {
    /// How far it is, with places for both numbers.
    fn progress(&self) -> String {
        self.f.words.two("migrate-progress", ("done", &"{done}"), ("of", &"{of}"))
    }
}
