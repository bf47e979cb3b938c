//! A flow file as a text that is edited: what stands in it, changes of single parts, what differs between two of them. What a
//! change does not concern keeps its comments, its order and its layout to the letter. Whether the whole makes sense is for
//! [`check`](crate::check()) to say: here a file need only be TOML.

mod differ;
mod rename;
mod settle;
mod sheet;
#[cfg(test)]
mod tests;

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};

pub use differ::{Became, Difference, differences};
use settle::{Line, Lines};
pub use sheet::{Entry, Sheet, Written, sheet};

/// The parts of a flow file that have rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// `[[field]]`
    Field,
    /// `[[state]]`
    State,
    /// `[[transition]]`
    Transition,
}

impl Part {
    /// As the file calls it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Part::Field => "field",
            Part::State => "state",
            Part::Transition => "transition",
        }
    }
}

/// One change of a flow file. Rows are counted from 0, in the order of their part.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Writes a key of a row, or of the flow itself; without a value the key goes. Keys of the flow's own tables are named
    /// with a point: `create.by`.
    Set {
        /// Which row; none: the flow itself.
        row: Option<(Part, usize)>,
        /// The key.
        key: String,
        /// What it says from now on.
        value: Option<Written>,
    },
    /// A new row behind `after`; without one, behind the last.
    Add {
        /// Of which part.
        part: Part,
        /// The row before it.
        after: Option<usize>,
        /// What it says, in this order.
        keys: Vec<(String, Written)>,
    },
    /// Puts a row where another stands now: that one, and those between, make room.
    Move {
        /// Of which part.
        part: Part,
        /// The row.
        from: usize,
        /// Its new place.
        to: usize,
    },
    /// Takes a row out, with the comments above it.
    Remove {
        /// Of which part.
        part: Part,
        /// The row.
        at: usize,
    },
    /// Gives a field another key, wherever the file names it.
    RenameField {
        /// The key so far.
        from: String,
        /// The key from now on.
        to: String,
    },
    /// Gives a state another name, wherever the file names it.
    RenameState {
        /// The name so far.
        from: String,
        /// The name from now on.
        to: String,
    },
}

/// Why a text was not edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotEdited {
    /// It is no TOML: only its author can mend that.
    #[error("this is no TOML: {0}")]
    NotToml(String),
    /// There is no such row.
    #[error("there is no such row")]
    NoRow,
    /// Another has that name.
    #[error("there is {0:?} already")]
    Taken(String),
    /// A value that TOML cannot spell.
    #[error("{0:?} is no value of TOML")]
    NoValue(String),
}

/// The text with all of the edits made, one after the other.
///
/// # Errors
/// [`NotEdited`]: nothing was changed.
pub fn edited(text: &str, edits: &[Edit]) -> Result<String, NotEdited> {
    let mut document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| NotEdited::NotToml(error.message().to_owned()))?;
    for edit in edits {
        carry_out(&mut document, edit)?;
    }
    Ok(document.to_string())
}

fn carry_out(document: &mut DocumentMut, edit: &Edit) -> Result<(), NotEdited> {
    let root = document.as_table_mut();
    match edit {
        Edit::Set { row: None, key, value } => set_of_flow(root, key, value.as_ref()),
        Edit::Set { row: Some((part, at)), key, value } => {
            let mut rows = Rows::of(root, *part).ok_or(NotEdited::NoRow)?;
            let row = rows.get_mut(*at).ok_or(NotEdited::NoRow)?;
            set(row, key, value.as_ref())
        }
        Edit::Add { part, after, keys } => add(root, *part, *after, keys),
        Edit::Move { part, from, to } => Rows::of(root, *part).ok_or(NotEdited::NoRow)?.shift(*from, *to),
        Edit::Remove { part, at } => {
            let mut rows = Rows::of(root, *part).ok_or(NotEdited::NoRow)?;
            rows.remove(*at)?;
            if rows.len() == 0 {
                root.remove(part.word());
            }
            Ok(())
        }
        Edit::RenameField { from, to } => {
            rename::field(root, from, to);
            Ok(())
        }
        Edit::RenameState { from, to } => {
            rename::state(root, from, to);
            Ok(())
        }
    }
}

/// A key of the flow, perhaps in a table of its own, which comes and goes with its keys.
fn set_of_flow(root: &mut Table, key: &str, value: Option<&Written>) -> Result<(), NotEdited> {
    let Some((table, key)) = key.split_once('.') else { return set(root, key, value) };
    if root.get(table).is_none_or(Item::is_none) {
        if value.is_none() {
            return Ok(());
        }
        root.insert(table, toml_edit::table());
    }
    let inner = root.get_mut(table).and_then(Item::as_table_like_mut).ok_or(NotEdited::NoRow)?;
    set(inner, key, value)?;
    if inner.is_empty() {
        root.remove(table);
    }
    Ok(())
}

fn set(table: &mut dyn TableLike, key: &str, value: Option<&Written>) -> Result<(), NotEdited> {
    match (value, table.get_mut(key)) {
        (None, _) => {
            table.remove(key);
        }
        (Some(value), Some(item)) => settle::settle(item, value)?,
        (Some(value), None) => {
            let mut value = settle::value(value)?;
            // the blank before a closing brace stays there
            let last = table.iter_mut().last().and_then(|(_, item)| item.as_value_mut());
            if let Some(last) = last
                && let Some(blank) = last.decor().suffix().and_then(|raw| raw.as_str()).map(str::to_owned)
                && blank.trim_matches([' ', '\t']).is_empty()
            {
                last.decor_mut().set_suffix("");
                value.decor_mut().set_suffix(blank);
            }
            table.insert(key, Item::Value(value));
        }
    }
    Ok(())
}

fn add(root: &mut Table, part: Part, after: Option<usize>, keys: &[(String, Written)]) -> Result<(), NotEdited> {
    let values: Vec<(&String, Value)> =
        keys.iter().map(|(key, value)| Ok((key, settle::value(value)?))).collect::<Result<_, NotEdited>>()?;
    // an empty array may stand there as a value
    if root.get(part.word()).and_then(Item::as_array).is_none_or(Array::is_empty) && Rows::of(root, part).is_none() {
        root.insert(part.word(), Item::ArrayOfTables(ArrayOfTables::new()));
    }
    let mut rows = Rows::of(root, part).ok_or(NotEdited::NoRow)?;
    let at = after.map_or(rows.len(), |after| after + 1);
    if at > rows.len() {
        return Err(NotEdited::NoRow);
    }
    rows.insert(at, values);
    Ok(())
}

/// The rows of a part, whichever way the file spells them.
enum Rows<'t> {
    /// `[[field]]`
    Tables(&'t mut ArrayOfTables),
    /// `field = [{ … }]`
    Inline(&'t mut Array),
}

impl<'t> Rows<'t> {
    fn of(root: &'t mut Table, part: Part) -> Option<Rows<'t>> {
        match root.get_mut(part.word())? {
            Item::ArrayOfTables(tables) => Some(Rows::Tables(tables)),
            Item::Value(Value::Array(array)) => Some(Rows::Inline(array)),
            _ => None,
        }
    }

    fn len(&self) -> usize {
        match self {
            Rows::Tables(tables) => tables.len(),
            Rows::Inline(array) => array.len(),
        }
    }

    fn get_mut(&mut self, at: usize) -> Option<&mut dyn TableLike> {
        match self {
            Rows::Tables(tables) => tables.get_mut(at).map(|table| table as &mut dyn TableLike),
            Rows::Inline(array) => array.get_mut(at)?.as_inline_table_mut().map(|table| table as &mut dyn TableLike),
        }
    }

    fn insert(&mut self, at: usize, values: Vec<(&String, Value)>) {
        match self {
            Rows::Tables(tables) => {
                let mut table = Table::new();
                for (key, value) in values {
                    table.insert(key, Item::Value(value));
                }
                tables.insert(at, table);
            }
            Rows::Inline(array) => {
                let mut table = InlineTable::new();
                for (key, value) in values {
                    table.insert(key, value);
                }
                let mut lines = Lines::of(array);
                let line = Line::new(Value::InlineTable(table), lines.lines.last());
                lines.lines.insert(at, line);
                lines.write(array);
            }
        }
    }

    fn shift(&mut self, from: usize, to: usize) -> Result<(), NotEdited> {
        if from >= self.len() || to >= self.len() {
            return Err(NotEdited::NoRow);
        }
        match self {
            Rows::Tables(tables) => {
                let mut table = tables.remove(from);
                let front = tables.get(0).and_then(Table::position).filter(|_| to == 0);
                place(&mut table, front.map(|position| position.saturating_sub(1)));
                tables.insert(to, table);
            }
            Rows::Inline(array) => {
                let mut lines = Lines::of(array);
                let line = lines.lines.remove(from);
                lines.lines.insert(to, line);
                lines.write(array);
            }
        }
        Ok(())
    }

    fn remove(&mut self, at: usize) -> Result<(), NotEdited> {
        if at >= self.len() {
            return Err(NotEdited::NoRow);
        }
        match self {
            Rows::Tables(tables) => drop(tables.remove(at)),
            Rows::Inline(array) => {
                let mut lines = Lines::of(array);
                lines.lines.remove(at);
                lines.write(array);
            }
        }
        Ok(())
    }
}

/// Where a table stands in its file, with those within it; without a place: behind the one before it.
fn place(table: &mut Table, position: Option<isize>) {
    table.set_position(position);
    for (_, item) in table.iter_mut() {
        if let Some(inner) = item.as_table_mut() {
            place(inner, position);
        }
    }
}
