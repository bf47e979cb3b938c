//! A flow as it is once its file has been read and found sound. Only [`crate::read`] makes one, so every name that a
//! `Flow` holds (fields, states, parents) is known to exist in it.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use jiff::civil::DateTime;
use regex::Regex;

use crate::{Condition, Value};

/// A whole flow: what one TOML file declares.
#[derive(Debug, Clone)]
pub struct Flow {
    /// In URLs and the API; `[a-z][a-z0-9_]{0,39}`; never changes.
    pub key: String,
    /// What people see.
    pub name: String,
    /// Items are `<item_prefix>_<number>`.
    pub item_prefix: String,
    /// Key of the text field that names an item in lists; a flow without a text field has none.
    pub title: Option<String>,
    /// The first state of every item.
    pub initial: String,
    /// By key, in the order in which the form shows them. A cascade stands after its parent.
    pub fields: IndexMap<String, Field>,
    /// By name: the initial state first, then in the order in which the transitions name them.
    pub states: IndexMap<String, State>,
    /// In the file's order.
    pub transitions: Vec<Transition>,
    /// Who may create, who holds a new item.
    pub create: Create,
    /// Who may see an item.
    pub view: Vec<Who>,
    /// Columns of its lists after the ID: field keys and built-ins.
    pub columns: Vec<String>,
}

/// One `[[field]]`.
#[derive(Debug, Clone)]
pub struct Field {
    /// Unique in the flow.
    pub key: String,
    /// What people see.
    pub label: String,
    /// What it holds.
    pub kind: Kind,
    /// More than one value (choice, user, item).
    pub multiple: bool,
    /// Must be filled on every save.
    pub required: bool,
    /// The stored first value.
    pub default: Option<Preset>,
    /// Grey text in an empty input.
    pub hint: Option<String>,
    /// One line under the input.
    pub help: Option<String>,
    /// Size of the input in columns.
    pub width: Option<u32>,
    /// Nobody types into it.
    pub readonly: bool,
    /// The form never shows it.
    pub hidden: bool,
    /// How many other types the key had in earlier versions; what is stored of each stands apart. No file says it: it is
    /// settled when the version is published ([`crate::settle_types`]) and kept with it.
    pub generation: u32,
}

/// What a field holds, with what only that type has.
#[derive(Debug, Clone)]
pub enum Kind {
    /// One line.
    Text {
        /// Characters.
        max_length: usize,
        /// Already anchored: it must match the whole value. As written, and compiled.
        pattern: Option<(String, Regex)>,
    },
    /// Many lines.
    Textarea {
        /// Characters.
        max_length: usize,
        /// Lines shown.
        rows: u32,
    },
    /// Words to choose from.
    Choice(Choices),
    /// A person.
    User,
    /// A decimal number.
    Number {
        /// Smallest allowed.
        min: Option<f64>,
        /// Largest allowed.
        max: Option<f64>,
        /// Digits after the point; absent: any.
        decimals: Option<u32>,
    },
    /// A day.
    Date,
    /// A moment.
    Datetime,
    /// Yes or no; never empty.
    Bool,
    /// An http(s) address.
    Url,
    /// A link to an item of the flow named, or of any.
    Item {
        /// Key of the flow it links to.
        flow: Option<String>,
    },
}

impl Kind {
    /// As a flow file calls it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Text { .. } => "text",
            Kind::Textarea { .. } => "textarea",
            Kind::Choice(_) => "choice",
            Kind::User => "user",
            Kind::Number { .. } => "number",
            Kind::Date => "date",
            Kind::Datetime => "datetime",
            Kind::Bool => "bool",
            Kind::Url => "url",
            Kind::Item { .. } => "item",
        }
    }
}

/// The words a choice offers.
#[derive(Debug, Clone)]
pub enum Choices {
    /// Always the same.
    Flat(Vec<String>),
    /// A cascade: they depend on the parent's value.
    Cascade {
        /// Key of the parent: a choice declared before.
        parent: String,
        /// From the parent's value to the words under it.
        under: IndexMap<String, Vec<String>>,
    },
}

/// A value that a flow file writes: a field's `default`, an entry of a transition's `set`.
#[derive(Debug, Clone, PartialEq)]
pub enum Preset {
    /// As it stands. A user given as `"user:name"` is `Value::Text("name")`. `Value::Empty` empties.
    Value(Value),
    /// Who created the item.
    CreatedBy,
    /// Who acts.
    Actor,
    /// The day, in the installation's zone.
    Today,
    /// The moment.
    Now,
    /// A moment as people type it, in the installation's zone.
    Local(DateTime),
    /// A `multiple` user field: people of whom at least one is known only later (`CreatedBy`, `Actor`, `Value::Text`).
    List(Vec<Preset>),
}

/// One state: named by a transition, perhaps refined by a `[[state]]`.
#[derive(Debug, Clone)]
pub struct State {
    /// What people see; its identity within the flow.
    pub name: String,
    /// Fields that cannot be changed in this state.
    pub readonly: BTreeSet<String>,
    /// Fields that the form does not show in this state.
    pub hidden: BTreeSet<String>,
    /// Must be filled to leave this state.
    pub required: BTreeSet<String>,
    /// How long an item may stay, in minutes.
    pub due_minutes: Option<u64>,
    /// Nobody holds an item here.
    pub is_final: bool,
}

/// One `[[transition]]`: a row of the table.
#[derive(Debug, Clone)]
pub struct Transition {
    /// The states it leads out of: `"*"` is already spelled out.
    pub sources: Vec<String>,
    /// The words on the button.
    pub trigger: String,
    /// The state it leads to.
    pub dest: String,
    /// The row applies only while this holds.
    pub condition: Option<Condition>,
    /// What to tell people while it does not.
    pub unmet: Option<String>,
    /// Who holds the item next.
    pub assign_to: Holder,
    /// Who may press it.
    pub by: Vec<Who>,
    /// Fields that must be filled when it is pressed.
    pub required: Vec<String>,
    /// Values that it writes before anything is asked for.
    pub set: IndexMap<String, Preset>,
    /// Whether it takes a comment.
    pub comment: CommentRule,
    /// Opens a new item of another flow.
    pub create: Option<Open>,
    /// A return.
    pub back: bool,
}

/// Who holds an item next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// Unchanged.
    Same,
    /// Who created it.
    CreatedBy,
    /// Who stands in this user field.
    Field(String),
    /// This user.
    User(String),
}

/// One of the people that a `by` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Every signed-in user.
    Anyone,
    /// The holders.
    AssignedTo,
    /// Who created it.
    CreatedBy,
    /// Who stands in this user field.
    Field(String),
    /// This user.
    User(String),
    /// Every member of this group.
    Group(String),
}

/// Whether a transition takes a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentRule {
    /// No comment is taken.
    None,
    /// It may be left out.
    Optional,
    /// It must be there.
    Required,
}

/// A transition's `create`.
#[derive(Debug, Clone)]
pub struct Open {
    /// Key of the flow of the new item.
    pub flow: String,
    /// The `item` field that gets the link.
    pub link: String,
    /// From the new item's field to this item's.
    pub copy: IndexMap<String, String>,
}

/// `[create]`.
#[derive(Debug, Clone)]
pub struct Create {
    /// Who may create: `Anyone`, `User` or `Group`.
    pub by: Vec<Who>,
    /// Who holds a new item: `CreatedBy`, `Field` or `User`.
    pub assign_to: Holder,
}

/// The fields that every flow has; none of them can be declared.
pub const BUILT_INS: [&str; 6] =
    ["current_state", "assigned_to", "created_by", "created_at", "updated_at", "closed_at"];

impl Flow {
    /// The ID of an item as people say it: `question_3`.
    #[must_use]
    pub fn item_id(&self, number: i64) -> String {
        // Lists make one for each line, and this takes half of what a formatter would.
        let number = number.to_string();
        let mut id = String::with_capacity(self.item_prefix.len() + 1 + number.len());
        id.push_str(&self.item_prefix);
        id.push('_');
        id.push_str(&number);
        id
    }

    /// The rows out of `state`, in the file's order.
    pub fn rows_from<'a>(&'a self, state: &'a str) -> impl Iterator<Item = &'a Transition> {
        self.transitions.iter().filter(move |row| row.sources.iter().any(|source| source == state))
    }
}

/// What the rows of a flow open in others.
pub fn opens(flow: &Flow) -> impl Iterator<Item = &Open> {
    flow.transitions.iter().filter_map(|row| row.create.as_ref())
}

impl Field {
    /// The words offered under `parent` (the parent's value; ignored by a flat choice). `None`: not a choice.
    #[must_use]
    pub fn words_under(&self, parent: Option<&str>) -> Option<&[String]> {
        match &self.kind {
            Kind::Choice(Choices::Flat(words)) => Some(words),
            Kind::Choice(Choices::Cascade { under, .. }) => {
                Some(parent.and_then(|value| under.get(value)).map_or(&[], Vec::as_slice))
            }
            _ => None,
        }
    }

    /// Key of the parent of a cascade.
    #[must_use]
    pub fn parent(&self) -> Option<&str> {
        match &self.kind {
            Kind::Choice(Choices::Cascade { parent, .. }) => Some(parent),
            _ => None,
        }
    }
}
