//! What stands in a flow file, part by part.

use std::{
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    ops::Range,
    str::FromStr,
};

use indexmap::IndexMap;
use toml_edit::{Document, Item, TableLike, Value};

use super::{NotEdited, Part, settle};

/// The parts of a file, as far as it is TOML, whether or not they make sense.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// The keys of the flow itself; those of `[create]`, `[view]` and `[list]` are named with a point: `create.by`.
    pub flow: Entry,
    /// `[[field]]`
    pub fields: Vec<Entry>,
    /// `[[state]]`
    pub states: Vec<Entry>,
    /// `[[transition]]`
    pub transitions: Vec<Entry>,
}

/// One row, or the flow itself.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// What it says, in its order.
    pub keys: IndexMap<String, Written>,
    /// Where it begins in the text, in bytes.
    pub start: usize,
}

/// A value as a file writes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// A text.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A number or a day, as it is spelled.
    Raw(String),
    /// A list.
    List(Vec<Written>),
    /// A table.
    Table(IndexMap<String, Written>),
}

/// Reads the parts of a file.
///
/// # Errors
/// [`NotEdited::NotToml`].
pub fn sheet(text: &str) -> Result<Sheet, NotEdited> {
    let document = Document::parse(text).map_err(|error| NotEdited::NotToml(error.message().to_owned()))?;
    let mut sheet = Sheet::default();
    for (key, item) in document.as_table().iter() {
        match key {
            "field" => sheet.fields = rows(item),
            "state" => sheet.states = rows(item),
            "transition" => sheet.transitions = rows(item),
            "create" | "view" | "list" => {
                for (inner, item) in item.as_table_like().into_iter().flat_map(TableLike::iter) {
                    if let Some(written) = Written::of(item) {
                        sheet.flow.keys.insert(format!("{key}.{inner}"), written);
                    }
                }
            }
            _ => {
                if let Some(written) = Written::of(item) {
                    sheet.flow.keys.insert(key.to_owned(), written);
                }
            }
        }
    }
    Ok(sheet)
}

fn rows(item: &Item) -> Vec<Entry> {
    let entry = |table: &dyn TableLike, span: Option<Range<usize>>| Entry {
        keys: table.iter().filter_map(|(key, item)| Some((key.to_owned(), Written::of(item)?))).collect(),
        start: span.map_or(0, |span| span.start),
    };
    match item {
        Item::ArrayOfTables(tables) => tables.iter().map(|table| entry(table, table.span())).collect(),
        Item::Value(Value::Array(array)) => {
            let table = |value: &Value| Some(entry(value.as_inline_table()?, value.span()));
            array.iter().filter_map(table).collect()
        }
        _ => Vec::new(),
    }
}

impl Sheet {
    /// The rows of a part.
    #[must_use]
    pub fn rows(&self, part: Part) -> &[Entry] {
        match part {
            Part::Field => &self.fields,
            Part::State => &self.states,
            Part::Transition => &self.transitions,
        }
    }

    /// The row in which a place of the text lies; none: it belongs to the flow itself.
    #[must_use]
    pub fn row_at(&self, place: usize) -> Option<(Part, usize)> {
        let rows = [Part::Field, Part::State, Part::Transition]
            .into_iter()
            .flat_map(|part| self.rows(part).iter().enumerate().map(move |(at, entry)| (entry.start, (part, at))));
        rows.filter(|(start, _)| *start <= place).max_by_key(|(start, _)| *start).map(|(_, row)| row)
    }

    /// The names of all states, as the rows name them, then those that only a `[[state]]` names.
    #[must_use]
    pub fn state_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let first = self.flow.keys.get("initial").and_then(Written::text);
        let of_rows = self.transitions.iter().flat_map(|row| {
            let sources = row.keys.get("source").map(Written::texts).unwrap_or_default();
            sources.into_iter().chain(row.text("dest")).filter(|name| *name != "*")
        });
        let of_states = self.states.iter().filter_map(|state| state.text("name"));
        for name in first.into_iter().chain(of_rows).chain(of_states) {
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

impl Entry {
    /// Stands for what it says: another says something else.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        format!("{:?}", self.keys).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// The text that a key says.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.keys.get(key).and_then(Written::text)
    }

    /// Whether a key says yes.
    #[must_use]
    pub fn flag(&self, key: &str) -> bool {
        self.keys.get(key) == Some(&Written::Flag(true))
    }
}

impl Written {
    /// A text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Written::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Its texts: the one, or those of the list.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        match self {
            Written::List(list) => list.iter().filter_map(Written::text).collect(),
            one => one.text().into_iter().collect(),
        }
    }

    pub(super) fn of(item: &Item) -> Option<Written> {
        match item {
            Item::Value(value) => Written::of_value(value),
            Item::Table(table) => Some(Written::of_table(table)),
            Item::ArrayOfTables(tables) => {
                Some(Written::List(tables.iter().map(|table| Written::of_table(table)).collect()))
            }
            Item::None => None,
        }
    }

    pub(super) fn of_value(value: &Value) -> Option<Written> {
        Some(match value {
            Value::String(text) => Written::Text(text.value().clone()),
            Value::Boolean(flag) => Written::Flag(*flag.value()),
            Value::Array(array) => Written::List(array.iter().filter_map(Written::of_value).collect()),
            Value::InlineTable(table) => Written::of_table(table),
            other => Written::Raw(spelled(other)),
        })
    }

    fn of_table(table: &dyn TableLike) -> Written {
        Written::Table(table.iter().filter_map(|(key, item)| Some((key.to_owned(), Written::of(item)?))).collect())
    }
}

/// A number or a day without what stands around it. What has a comma, a bracket or an equals sign is not among them.
fn spelled(value: &Value) -> String {
    match value {
        Value::Integer(number) => number.value().to_string(),
        Value::Float(number) => number.display_repr().into_owned(),
        Value::Datetime(moment) => moment.value().to_string(),
        other => other.to_string().trim().to_owned(),
    }
}

/// A value in the words of TOML: `["a", "b"]`.
impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match settle::value(self) {
            Ok(value) => f.write_str(value.to_string().trim()),
            Err(_) => Ok(()),
        }
    }
}

impl FromStr for Written {
    type Err = NotEdited;

    fn from_str(text: &str) -> Result<Written, NotEdited> {
        let value = text.trim().parse().ok().and_then(|value: Value| Written::of_value(&value));
        value.ok_or_else(|| NotEdited::NoValue(text.to_owned()))
    }
}
