//! What a row's form asks to be changed in the file. What stands there as it was shown is not asked for, so that a file keeps
//! its spelling wherever nobody typed.

use app::Error;
use flow::edit::{Edit, Entry, NotEdited, Part, Sheet, Written};
use indexmap::IndexMap;

use super::{
    keys::{self, Ask, Key},
    rows::{text_of, value},
    typed::{Shape, read, value_of},
};
use crate::body::Form;

/// The edits by which a row says what its form says.
pub(super) fn of_row(sheet: &Sheet, part: Option<Part>, at: usize, form: &Form) -> Vec<Edit> {
    let nothing = Entry::default();
    let entry = match part {
        None => &sheet.flow,
        Some(part) => sheet.rows(part).get(at).unwrap_or(&nothing),
    };
    let mut edits = Vec::new();
    let mut tables: IndexMap<&str, IndexMap<String, Written>> = IndexMap::new();
    for (key, new) in keys::of(part).iter().filter_map(|key| Some((key, asked(sheet, key, entry, form)?))) {
        let row = part.map(|part| (part, at));
        match key.name.split_once('.').filter(|_| part.is_some()) {
            // one key of a row's own table: the table is written as a whole
            Some((table, inner)) => {
                let stands = || match entry.keys.get(table) {
                    Some(Written::Table(table)) => table.clone(),
                    _ => IndexMap::new(),
                };
                let whole = tables.entry(table).or_insert_with(stands);
                match new {
                    Some(value) => drop(whole.insert(inner.to_owned(), value)),
                    None => drop(whole.shift_remove(inner)),
                }
            }
            None => edits.push(renamed(sheet, part, key, entry, new.as_ref()).unwrap_or_else(|| Edit::Set {
                row,
                key: key.name.to_owned(),
                value: new,
            })),
        }
    }
    for (table, whole) in tables {
        let value = (!whole.is_empty()).then_some(Written::Table(whole));
        edits.push(Edit::Set { row: part.map(|part| (part, at)), key: table.to_owned(), value });
    }
    // under their old names first: what is renamed is renamed at last, everywhere
    edits.sort_by_key(|edit| matches!(edit, Edit::RenameField { .. } | Edit::RenameState { .. }));
    edits
}

/// The edits by which the file says of a state what its form says, also if no `[[state]]` names it yet.
///
/// # Errors
/// `Stale`: no row names the state any more.
pub(super) fn of_state(sheet: &Sheet, name: &str, form: &Form) -> Result<Vec<Edit>, Error> {
    if !sheet.state_names().contains(&name) {
        return Err(Error::Stale);
    }
    let at = sheet.states.len();
    let mut keys = vec![("name".to_owned(), Written::Text(name.to_owned()))];
    let mut renames = Vec::new();
    for edit in of_row(sheet, Some(Part::State), at, form) {
        match edit {
            Edit::Set { key, value: Some(value), .. } if key != "name" => keys.push((key, value)),
            Edit::Set { key, value: Some(Written::Text(to)), .. } if key == "name" && to != name => {
                if sheet.state_names().contains(&to.as_str()) {
                    return Err(Error::NotEdited(NotEdited::Taken(to)));
                }
                renames.push(Edit::RenameState { from: name.to_owned(), to });
            }
            _ => {}
        }
    }
    let says_more = keys.len() > 1;
    let add = says_more.then_some(Edit::Add { part: Part::State, after: None, keys });
    Ok(add.into_iter().chain(renames).collect())
}

/// What the form asks a key to say: nothing if it was not in the form, or stands there as it was shown.
fn asked(sheet: &Sheet, key: &Key, entry: &Entry, form: &Form) -> Option<Option<Written>> {
    let sent = form.get(key.name)?;
    let was = value(entry, key.name);
    match key.ask {
        Ask::Tick => {
            let on = form.all(key.name).any(|value| value == "true");
            (on != (was == Some(&Written::Flag(true)))).then_some(on.then_some(Written::Flag(true)))
        }
        Ask::Fields => {
            let chosen: Vec<&str> = form.all(key.name).filter(|value| !value.is_empty()).collect();
            let stood = was.map(Written::texts).unwrap_or_default();
            let same = stood.len() == chosen.len() && stood.iter().all(|key| chosen.contains(key));
            // those that stand there keep their order
            let kept = stood.iter().filter(|key| chosen.contains(key));
            let new = chosen.iter().filter(|key| !stood.contains(key));
            let list: Vec<Written> = kept.chain(new).map(|key| Written::Text((*key).to_owned())).collect();
            (!same).then_some((!list.is_empty()).then_some(Written::List(list)))
        }
        _ => {
            let plain = |text: &str| text.replace("\r\n", "\n");
            if plain(sent).trim_end() == plain(&text_of(key, was)).trim_end() {
                return None;
            }
            let under_parent = form.get("parent").is_some_and(|parent| !parent.is_empty());
            let kind = form.get("type").or(entry.text("type")).unwrap_or_default();
            let shape = match key.ask {
                Ask::Default if kind == "textarea" => Shape::Lines,
                _ => key.shape,
            };
            let typed = read(shape, sent, was, under_parent);
            let multiple = form.all("multiple").any(|value| value == "true") || entry.flag("multiple");
            Some(typed.map(|typed| match (key.ask, typed) {
                (Ask::Default, typed) => value_of(&typed, kind, multiple),
                (_, Written::Table(table)) if key.name == "set" => Written::Table(by_type(sheet, table)),
                (_, typed) => typed,
            }))
        }
    }
}

/// Values that a transition sets, by the types of the fields.
fn by_type(sheet: &Sheet, table: IndexMap<String, Written>) -> IndexMap<String, Written> {
    let of = |key: &str| sheet.fields.iter().find(|field| field.text("key") == Some(key));
    let typed = |(key, value): (String, Written)| {
        let field = of(&key);
        let kind = field.and_then(|field| field.text("type")).unwrap_or_default();
        let value = value_of(&value, kind, field.is_some_and(|field| field.flag("multiple")));
        (key, value)
    };
    table.into_iter().map(typed).collect()
}

/// Another key of a field, another name of a state: everywhere, as long as no other has it.
fn renamed(sheet: &Sheet, part: Option<Part>, key: &Key, entry: &Entry, new: Option<&Written>) -> Option<Edit> {
    let to = new?.text()?.to_owned();
    let from = entry.text(key.name).filter(|from| !from.is_empty())?.to_owned();
    let count = |part: Part, name: &str| sheet.rows(part).iter().filter(|row| row.text(key.name) == Some(name)).count();
    match (part?, key.name) {
        (Part::Field, "key") if count(Part::Field, &to) == 0 && count(Part::Field, &from) == 1 => {
            Some(Edit::RenameField { from, to })
        }
        (Part::State, "name") if !sheet.state_names().contains(&to.as_str()) && count(Part::State, &from) == 1 => {
            Some(Edit::RenameState { from, to })
        }
        _ => None,
    }
}

/// A new row as its form says it. A field without a key gets one that is free.
pub(super) fn added(sheet: &Sheet, part: Part, form: &Form) -> Edit {
    let nothing = Entry::default();
    let mut keys: Vec<(String, Written)> = Vec::new();
    for key in keys::of(Some(part)).iter().filter(|key| !key.name.contains('.')) {
        if let Some(Some(value)) = asked(sheet, key, &nothing, form) {
            keys.push((key.name.to_owned(), value));
        }
    }
    if part == Part::Field && !keys.iter().any(|(key, _)| key == "key") {
        let is_free = |key: &String| !sheet.fields.iter().any(|field| field.text("key") == Some(key));
        let free = (sheet.fields.len() + 1..).map(|number| format!("field_{number}")).find(is_free);
        keys.insert(0, ("key".to_owned(), Written::Text(free.unwrap_or_default())));
    }
    // as files are written by hand: the key first
    keys.sort_by_key(|(key, _)| key != "key");
    Edit::Add { part, after: None, keys }
}
