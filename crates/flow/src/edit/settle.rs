//! Values of a file: new ones, and others in the place of what stands there, with as little change as can be.

use toml_edit::{Array, InlineTable, Item, TableLike, Value};

use super::{NotEdited, Written};

/// A value as it is written anew.
pub(super) fn value(written: &Written) -> Result<Value, NotEdited> {
    Ok(match written {
        Written::Text(text) => text.as_str().into(),
        Written::Flag(flag) => (*flag).into(),
        Written::Raw(spelled) => spelled.trim().parse().map_err(|_| NotEdited::NoValue(spelled.clone()))?,
        Written::List(list) => {
            let mut array = Array::new();
            for one in list {
                array.push(value(one)?);
            }
            Value::Array(array)
        }
        Written::Table(table) => {
            let mut inline = InlineTable::new();
            for (key, one) in table {
                inline.insert(key, value(one)?);
            }
            Value::InlineTable(inline)
        }
    })
}

/// Has `item` say `wanted`. What says it already stays as it is spelled; comments around it stay.
pub(super) fn settle(item: &mut Item, wanted: &Written) -> Result<(), NotEdited> {
    if Written::of(item).as_ref() == Some(wanted) {
        return Ok(());
    }
    match (wanted, &mut *item) {
        (Written::List(list), Item::Value(Value::Array(array))) => settle_array(array, list),
        (Written::Table(table), Item::Value(Value::InlineTable(inline))) => settle_table(inline, table),
        (Written::Table(table), Item::Table(inner)) => settle_table(inner, table),
        (_, Item::Value(old)) => {
            let mut new = value(wanted)?;
            decorate(&mut new, old);
            *old = new;
            Ok(())
        }
        (_, item) => {
            *item = Item::Value(value(wanted)?);
            Ok(())
        }
    }
}

/// Gives a value the white space and the comments around another.
fn decorate(value: &mut Value, like: &Value) {
    *value.decor_mut() = like.decor().clone();
}

/// What stands in both stays as it is spelled; new ones are set as their neighbours.
fn settle_array(array: &mut Array, wanted: &[Written]) -> Result<(), NotEdited> {
    let mut lines = Lines::of(array);
    let mut old: Vec<Option<Line>> = std::mem::take(&mut lines.lines).into_iter().map(Some).collect();
    let pattern = old.last().cloned().flatten();
    for one in wanted {
        let says = |line: &Line| Written::of_value(&line.value).as_ref() == Some(one);
        let kept = old.iter_mut().find(|line| line.as_ref().is_some_and(says)).and_then(Option::take);
        let line = match kept {
            Some(line) => line,
            None => Line::new(value(one)?, pattern.as_ref()),
        };
        lines.lines.push(line);
    }
    lines.write(array);
    Ok(())
}

/// What stands in a list, each with its own comments, also one behind it on its line.
pub(super) struct Lines {
    pub(super) lines: Vec<Line>,
    /// Before the closing bracket.
    rest: String,
}

/// One value of a list.
#[derive(Clone)]
pub(super) struct Line {
    value: Value,
    /// Line breaks, blanks and comments before it.
    before: String,
    /// What follows the comma on the value's line.
    behind: String,
}

impl Line {
    /// A new value, set as another is.
    pub(super) fn new(value: Value, pattern: Option<&Line>) -> Line {
        // a comment above another is about that other
        let before = pattern.map(|line| line.before.as_str()).unwrap_or_default();
        let blank = before.rfind('\n').map_or(before, |at| &before[at..]);
        Line { value, before: blank.to_owned(), behind: String::new() }
    }
}

impl Lines {
    pub(super) fn of(array: &Array) -> Lines {
        let prefix = |value: &Value| value.decor().prefix().and_then(|raw| raw.as_str()).unwrap_or_default().to_owned();
        let mut lines: Vec<Line> = Vec::with_capacity(array.len());
        for value in array.iter() {
            let before = behind_the_last(&mut lines, prefix(value));
            lines.push(Line { value: value.clone(), before, behind: String::new() });
        }
        let rest = behind_the_last(&mut lines, array.trailing().as_str().unwrap_or_default().to_owned());
        Lines { lines, rest }
    }

    pub(super) fn write(self, array: &mut Array) {
        array.clear();
        let mut behind = String::new();
        for (at, Line { mut value, before, behind: next }) in self.lines.into_iter().enumerate() {
            // in one line the first begins at the bracket, the others behind a blank
            let before = match before.trim_matches([' ', '\t']) {
                "" => if at == 0 { "" } else { " " }.to_owned(),
                _ => before,
            };
            value.decor_mut().set_prefix(std::mem::replace(&mut behind, next) + &before);
            array.push_formatted(value);
        }
        array.set_trailing(behind + &self.rest);
    }
}

/// Gives the last line what stands on it, and keeps what begins with the line after.
fn behind_the_last(lines: &mut [Line], blank: String) -> String {
    match (lines.last_mut(), blank.find('\n')) {
        (Some(line), Some(at)) => {
            line.behind = blank[..at].to_owned();
            blank[at..].to_owned()
        }
        _ => blank,
    }
}

fn settle_table(table: &mut dyn TableLike, wanted: &indexmap::IndexMap<String, Written>) -> Result<(), NotEdited> {
    let gone: Vec<String> =
        table.iter().map(|(key, _)| key.to_owned()).filter(|key| !wanted.contains_key(key)).collect();
    for key in gone {
        table.remove(&key);
    }
    for (key, one) in wanted {
        super::set(table, key, Some(one))?;
    }
    Ok(())
}
