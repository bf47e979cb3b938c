//! Another name for a field or a state, wherever a flow file names it. Scenarios beside the file are not touched.

use toml_edit::{Formatted, Item, Key, Table, TableLike, Value};

use super::{Part, Rows};

/// Where rows name fields: one, or a list of them.
const FIELD_KEYS: [(Part, &[&str]); 3] = [
    (Part::Field, &["key", "parent"]),
    (Part::State, &["readonly", "hidden", "required"]),
    (Part::Transition, &["assign_to", "by", "required"]),
];
/// Where the flow itself does.
const FIELDS_OF_FLOW: [(Option<&str>, &str); 4] =
    [(None, "title"), (Some("create"), "assign_to"), (Some("view"), "by"), (Some("list"), "columns")];

/// A field's key.
pub(super) fn field(root: &mut Table, from: &str, to: &str) {
    for (table, key) in FIELDS_OF_FLOW {
        let item = match table {
            None => root.get_mut(key),
            Some(table) => root.get_mut(table).and_then(Item::as_table_like_mut).and_then(|table| table.get_mut(key)),
        };
        item.into_iter().for_each(|item| replace(item, from, to));
    }
    for (part, keys) in FIELD_KEYS {
        each_row(root, part, |row| {
            for key in keys {
                row.get_mut(key).into_iter().for_each(|item| replace(item, from, to));
            }
        });
    }
    each_row(root, Part::Transition, |row| {
        if let Some(set) = row.get_mut("set").and_then(Item::as_table_like_mut) {
            rename_key(set, from, to);
        }
        if let Some(create) = row.get_mut("create").and_then(Item::as_table_like_mut) {
            create.get_mut("link").into_iter().for_each(|item| replace(item, from, to));
            let copied = create.get_mut("copy").and_then(Item::as_table_like_mut);
            for (_, item) in copied.into_iter().flat_map(TableLike::iter_mut) {
                replace(item, from, to);
            }
        }
        match row.get_mut("condition") {
            Some(Item::Value(Value::String(text))) => {
                let new = in_condition(text.value(), from, to);
                write(text, new);
            }
            Some(item) => item.as_table_like_mut().into_iter().for_each(|table| rename_key(table, from, to)),
            None => {}
        }
    });
}

/// A state's name.
pub(super) fn state(root: &mut Table, from: &str, to: &str) {
    root.get_mut("initial").into_iter().for_each(|item| replace(item, from, to));
    each_row(root, Part::State, |row| row.get_mut("name").into_iter().for_each(|item| replace(item, from, to)));
    each_row(root, Part::Transition, |row| {
        for key in ["source", "dest"] {
            row.get_mut(key).into_iter().for_each(|item| replace(item, from, to));
        }
        match row.get_mut("condition") {
            Some(Item::Value(Value::String(text))) if text.value().contains("current_state") => {
                let new = in_texts(text.value(), from, to);
                write(text, new);
            }
            Some(item) => {
                let named = item.as_table_like_mut().and_then(|table| table.get_mut("current_state"));
                named.into_iter().for_each(|item| replace(item, from, to));
            }
            None => {}
        }
    });
}

fn each_row(root: &mut Table, part: Part, mut change: impl FnMut(&mut dyn TableLike)) {
    let Some(mut rows) = Rows::of(root, part) else { return };
    for at in 0..rows.len() {
        rows.get_mut(at).into_iter().for_each(&mut change);
    }
}

/// A text that is the name, or a list that holds it.
fn replace(item: &mut Item, from: &str, to: &str) {
    match item {
        Item::Value(Value::String(text)) if text.value() == from => write(text, to.to_owned()),
        Item::Value(Value::Array(array)) => {
            for value in array.iter_mut() {
                if let Value::String(text) = value
                    && text.value() == from
                {
                    write(text, to.to_owned());
                }
            }
        }
        _ => {}
    }
}

fn write(text: &mut Formatted<String>, new: String) {
    if *text.value() != new {
        let decor = text.decor().clone();
        *text = Formatted::new(new);
        *text.decor_mut() = decor;
    }
}

/// The key in its place, with its value; where the other name is taken, nothing happens.
fn rename_key(table: &mut dyn TableLike, from: &str, to: &str) {
    if !table.contains_key(from) || table.contains_key(to) {
        return;
    }
    let pairs: Vec<(Key, Item)> =
        table.iter().filter_map(|(key, item)| Some((table.key(key)?.clone(), item.clone()))).collect();
    table.clear();
    for (key, item) in pairs {
        let name = if key.get() == from { to } else { key.get() };
        let new = Key::new(name).with_leaf_decor(key.leaf_decor().clone());
        table.entry_format(&new).or_insert(item);
    }
}

/// A condition whose variable has another name; what stands in quotes, and what follows a point, is none.
fn in_condition(condition: &str, from: &str, to: &str) -> String {
    let mut out = String::with_capacity(condition.len());
    for (piece, is_text) in pieces(condition) {
        if is_text {
            out.push_str(piece);
            continue;
        }
        let mut rest = piece;
        while let Some(start) = rest.find(|letter: char| letter.is_alphanumeric() || letter == '_') {
            let word_end = rest[start..].find(|letter: char| !letter.is_alphanumeric() && letter != '_');
            let end = word_end.map_or(rest.len(), |length| start + length);
            out.push_str(&rest[..start]);
            let word = &rest[start..end];
            out.push_str(if word == from && !out.trim_end().ends_with('.') { to } else { word });
            rest = &rest[end..];
        }
        out.push_str(rest);
    }
    out
}

/// A condition in which a text in quotes says something else.
fn in_texts(condition: &str, from: &str, to: &str) -> String {
    let said = |(piece, is_text): (&str, bool)| match piece.chars().next() {
        Some(quote) if is_text && piece.trim_matches(quote) == from && !to.contains([quote, '\\']) => {
            format!("{quote}{to}{quote}")
        }
        _ => piece.to_owned(),
    };
    pieces(condition).into_iter().map(said).collect()
}

/// A condition cut at its texts in quotes; `true` with those.
fn pieces(condition: &str) -> Vec<(&str, bool)> {
    let mut pieces = Vec::new();
    let mut rest = condition;
    while let Some(start) = rest.find(['"', '\'']) {
        let quote = &rest[start..=start];
        let mut escaped = false;
        let end = rest[start + 1..].char_indices().find(|(_, letter)| {
            let closes = !escaped && quote.starts_with(*letter);
            escaped = !escaped && *letter == '\\';
            closes
        });
        let end = end.map_or(rest.len(), |(at, _)| start + 1 + at + 1);
        pieces.push((&rest[..start], false));
        pieces.push((&rest[start..end], true));
        rest = &rest[end..];
    }
    pieces.push((rest, false));
    pieces
}
