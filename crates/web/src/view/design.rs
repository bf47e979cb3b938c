//! The designer: a flow that is being written.

use askama::Template;

use super::{Frame, Person, When, admin::ProblemView};

/// The designer's page.
#[derive(Template)]
#[template(path = "design.html", blocks = ["design"])]
pub struct Design<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// The flow's key.
    pub key: &'a str,
    /// Its name, as written.
    pub name: String,
    /// The draft's revision; 0: nothing was changed yet.
    pub revision: i64,
    /// Who changed it last, and when.
    pub changed: Option<(Person, When)>,
    /// What was not taken, in words; the inputs have it still.
    pub trouble: Option<String>,
    /// What was typed into a row that is there no more: labels and texts.
    pub lost: Vec<(String, String)>,
    /// The version in use.
    pub published: Option<i64>,
    /// The version that the draft began from, when another is in use by now.
    pub outdated: Option<i64>,
    /// The parts; none where the text is no TOML.
    pub parts: Option<Parts>,
    /// The picture, SVG.
    pub picture: Option<String>,
    /// All problems, and the row of each: its id.
    pub problems: Vec<(ProblemView, Option<String>)>,
    /// How many of them are errors.
    pub errors: usize,
    /// Fields would change their type.
    pub retypes: bool,
    /// The text.
    pub text: String,
    /// Scenarios.
    pub tests: String,
    /// What differs from the version in use, in words.
    pub differences: Vec<Told>,
    /// The lines that differ, with those around them; groups of them.
    pub lines: Vec<Vec<(Sign, String)>>,
    /// The note, as typed.
    pub note: String,
    /// Earlier versions.
    pub versions: Vec<Version>,
}

/// The flow, part by part.
pub struct Parts {
    /// The flow itself.
    pub flow: Row,
    /// `[[field]]`
    pub fields: Vec<Row>,
    /// The states, in the order in which the transitions name them.
    pub states: Vec<Row>,
    /// `[[transition]]`
    pub transitions: Vec<Row>,
    /// What can be chosen from while typing: the list's id, its values and what people see of them.
    pub suggestions: Vec<(&'static str, Vec<(String, String)>)>,
    /// The types of fields: value and label.
    pub types: Vec<(String, String)>,
}

/// A row of the designer: a form of its own.
pub struct Row {
    /// `field-3`
    pub id: String,
    /// `field`, `state`, `transition`, `flow`.
    pub part: &'static str,
    /// Its place in the file; of states that only the transitions name, none.
    pub at: Option<usize>,
    /// What it said when it was drawn.
    pub seen: String,
    /// What it is about: a state's name.
    pub name: String,
    /// What stands in the row.
    pub main: Vec<Input>,
    /// What stands in it once it is opened.
    pub more: Vec<Input>,
    /// It is opened.
    pub open: bool,
    /// It can go up.
    pub up: bool,
    /// It can go down.
    pub down: bool,
    /// What of it is said beside: chips.
    pub marks: Vec<String>,
    /// Its problems.
    pub problems: Vec<ProblemView>,
}

/// Something that is asked for.
pub struct Input {
    /// Unique on the page.
    pub id: String,
    /// As it is sent.
    pub name: &'static str,
    /// What people see.
    pub label: String,
    /// What explains it.
    pub help: String,
    /// How it is asked for.
    pub control: Control,
}

/// How something is asked for.
pub enum Control {
    /// One line, perhaps with suggestions; in letters of one width.
    Line {
        /// What stands there.
        text: String,
        /// The id of the list.
        list: Option<&'static str>,
        /// In letters of one width.
        code: bool,
    },
    /// Many lines.
    Area {
        /// What stands there.
        text: String,
        /// Lines shown.
        rows: usize,
    },
    /// A tick.
    Tick(bool),
    /// One of these: value, label, chosen.
    Choice(Vec<(String, String, bool)>),
    /// Some of these: value, label, chosen.
    Boxes(Vec<(String, String, bool)>),
}

/// One thing that differs, in words.
pub struct Told {
    /// The class of its sign.
    pub class: &'static str,
    /// What happened to it.
    pub sign: String,
    /// Of what.
    pub what: String,
    /// What it said, and says: of something that changed.
    pub change: Option<(String, String)>,
}

/// What happened to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It is new.
    Plus,
    /// It is gone.
    Minus,
    /// It stayed.
    Same,
}

/// An earlier version.
pub struct Version {
    /// 1, 2, …
    pub version: i64,
    /// When it was published.
    pub published: When,
    /// By whom.
    pub by: Person,
    /// What was said of it.
    pub note: String,
}

/// Where a flow is begun.
#[derive(Template)]
#[template(path = "design_new.html")]
pub struct NewDesign<'a> {
    /// What stands around.
    pub f: Frame<'a>,
    /// As typed.
    pub key: String,
    /// As typed.
    pub name: String,
    /// What to begin with: value, label, chosen.
    pub from: Vec<(String, String, bool)>,
    /// What is wrong with the key.
    pub key_error: Option<String>,
    /// What is wrong with the name.
    pub name_error: Option<String>,
}

impl Design<'_> {
    /// There is nothing to publish.
    fn is_as_published(&self) -> bool {
        self.published.is_some() && self.changed.is_none()
    }

    /// The id of the row that is opened.
    fn open(&self) -> &str {
        let rows =
            self.parts.iter().flat_map(|parts| parts.fields.iter().chain(&parts.transitions).chain(&parts.states));
        rows.into_iter().find(|row| row.open).map_or("", |row| row.id.as_str())
    }
}

impl Sign {
    /// As it stands before a line.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Sign::Plus => "+",
            Sign::Minus => "−",
            Sign::Same => " ",
        }
    }

    /// The line's class.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Sign::Plus => "plus",
            Sign::Minus => "minus",
            Sign::Same => "same",
        }
    }
}
