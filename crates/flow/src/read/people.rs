//! Who: the words of `by` and `assign_to`.

use indexmap::IndexMap;

use super::{
    Names,
    document::{At, Report},
};
use crate::said::said;
use crate::{Field, Holder, Kind, Said, Who, words};

/// What a user's name is made of.
pub(crate) fn names() -> Said {
    said!("a name is 1 to 64 letters, digits, \".\", \"_\" or \"-\"")
}

/// Whether a user can have this name.
pub(crate) fn user_name(name: &str) -> bool {
    let length = name.chars().count();
    // Marks of scripts that do not compose are left to whoever registers users; blanks and signs are not.
    let letters = name.chars().all(|letter| matches!(letter, '.' | '_' | '-') || !letter.is_ascii_punctuation());
    (1..=64).contains(&length)
        && letters
        && !name.contains(|letter: char| letter.is_whitespace() || letter.is_control())
}

/// A `by`: whom it names.
pub(crate) fn who(word: &At<String>, names: &Names, report: &mut Report) -> Option<Who> {
    match word.value.as_str() {
        "anyone" => Some(Who::Anyone),
        "assigned_to" => Some(Who::AssignedTo),
        "created_by" => Some(Who::CreatedBy),
        text => match named(text, word, report)? {
            Named::User(name) => Some(Who::User(name)),
            Named::Group(name) => Some(Who::Group(name)),
            Named::Other(key) => user_field(&key, word, names, report).then_some(Who::Field(key)),
        },
    }
}

/// A `by` of `[create]`: no item is there yet.
pub(crate) fn creator(word: &At<String>, report: &mut Report) -> Option<Who> {
    let help = said!("who may create is \"anyone\", \"user:name\" or \"group:name\"");
    if word.value == "anyone" {
        return Some(Who::Anyone);
    }
    match named(&word.value, word, report)? {
        Named::User(name) => Some(Who::User(name)),
        Named::Group(name) => Some(Who::Group(name)),
        Named::Other(text) => {
            report.error(&word.span, said!("\"{}\" cannot create", text), help);
            None
        }
    }
}

/// An `assign_to`: who holds the item next.
pub(crate) fn holder(word: &At<String>, names: &Names, report: &mut Report) -> Option<Holder> {
    match word.value.as_str() {
        "assigned_to" => Some(Holder::Same),
        "created_by" => Some(Holder::CreatedBy),
        text => match named(text, word, report)? {
            Named::User(name) => Some(Holder::User(name)),
            Named::Group(_) => {
                report.error(
                    &word.span,
                    said!("a group cannot hold an item"),
                    said!("name a user field, or \"user:name\""),
                );
                None
            }
            Named::Other(key) => user_field(&key, word, names, report).then_some(Holder::Field(key)),
        },
    }
}

enum Named {
    User(String),
    Group(String),
    Other(String),
}

fn named(text: &str, word: &At<String>, report: &mut Report) -> Option<Named> {
    let (name, found): (&str, fn(String) -> Named) = if let Some(name) = text.strip_prefix("user:") {
        (name, Named::User)
    } else if let Some(name) = text.strip_prefix("group:") {
        (name, Named::Group)
    } else {
        return Some(Named::Other(text.to_owned()));
    };
    let sound = if text.starts_with("group:") { name.trim() == name && !name.is_empty() } else { user_name(name) };
    if !sound {
        report.error(&word.span, said!("\"{}\" is no name", name), names());
    }
    sound.then(|| found(name.to_owned()))
}

/// Whether `key` is a user field; reported if not.
fn user_field(key: &str, word: &At<String>, names: &Names, report: &mut Report) -> bool {
    if names.broken.contains(key) {
        return true;
    }
    let users = |fields: &'_ IndexMap<String, Field>| -> Vec<String> {
        fields.values().filter(|field| matches!(field.kind, Kind::User)).map(|field| field.key.clone()).collect()
    };
    match names.fields.get(key) {
        Some(field) if matches!(field.kind, Kind::User) => true,
        Some(_) => {
            let help = said!("the user fields are {}", words::listed(users(&names.fields).iter().map(String::as_str)));
            report.error(&word.span, said!("\"{}\" is no user field", key), help);
            false
        }
        None => {
            let users = users(&names.fields);
            let known = users.iter().map(String::as_str).chain(["assigned_to", "created_by", "anyone"]);
            let help = match words::nearest(key, known) {
                Some(near) => said!("did you mean \"{}\"?", near),
                None => said!("name a user field, \"created_by\", or a person as \"user:{}\"", key),
            };
            report.error(&word.span, said!("there is no user field \"{}\"", key), help);
            false
        }
    }
}
