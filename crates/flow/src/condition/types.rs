//! The types of conditions, and which of them may meet.

use super::tree::Empty;
use crate::{Choices, Field, Kind};

/// What an expression gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    /// Of something that was reported already: fits everything.
    Unknown,
    Null,
    Bool,
    Number,
    Date,
    Instant,
    Text(Nature),
    List(Box<Type>),
}

/// What a text is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Nature {
    Plain,
    /// The name of a user: the same whatever its case.
    User,
    /// One of these words, offered by what the first text names.
    Words(String, Vec<String>),
}

impl Type {
    /// What one value of this field is, or the list of a `multiple` one.
    pub(crate) fn of(field: &Field) -> Type {
        let one = match &field.kind {
            Kind::Text { .. } | Kind::Textarea { .. } | Kind::Url | Kind::Item { .. } => Type::Text(Nature::Plain),
            Kind::Choice(choices) => Type::Text(Nature::Words(format!("\"{}\"", field.key), all_words(choices))),
            Kind::User => Type::Text(Nature::User),
            Kind::Number { .. } => Type::Number,
            Kind::Date => Type::Date,
            Kind::Datetime => Type::Instant,
            Kind::Bool => Type::Bool,
        };
        if field.multiple { Type::List(Box::new(one)) } else { one }
    }

    /// As people call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Type::Unknown => "anything".to_owned(),
            Type::Null => "null".to_owned(),
            Type::Bool => "true or false".to_owned(),
            Type::Number => "a number".to_owned(),
            Type::Date => "a date".to_owned(),
            Type::Instant => "a date and time".to_owned(),
            Type::Text(Nature::User) => "a user".to_owned(),
            Type::Text(Nature::Words(..)) => "a choice".to_owned(),
            Type::Text(Nature::Plain) => "a text".to_owned(),
            Type::List(of) if **of == Type::Unknown => "a list".to_owned(),
            Type::List(of) => format!("a list (each {})", of.name().trim_start_matches("a ")),
        }
    }

    /// The type that holds both, if one does.
    pub(crate) fn joined(&self, other: &Type) -> Option<Type> {
        Some(match (self, other) {
            (Type::Unknown | Type::Null, other) => other.clone(),
            (this, Type::Unknown | Type::Null) => this.clone(),
            (Type::Text(this), Type::Text(other)) => Type::Text(this.joined(other)),
            (Type::List(this), Type::List(other)) => Type::List(Box::new(this.joined(other)?)),
            (this, other) if this == other => this.clone(),
            _ => return None,
        })
    }

    /// Whether it is this type, as far as is known.
    pub(crate) fn is(&self, wanted: &Type) -> bool {
        *self == Type::Unknown || self == wanted
    }

    /// Whether it is a text of any nature, as far as is known.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Type::Unknown | Type::Text(_))
    }

    /// The nature of the texts in it.
    pub(crate) fn nature(&self) -> Option<&Nature> {
        match self {
            Type::Text(nature) => Some(nature),
            Type::List(of) => of.nature(),
            _ => None,
        }
    }

    /// Whether users are in it.
    pub(crate) fn is_about_users(&self) -> bool {
        self.nature() == Some(&Nature::User)
    }
}

impl Nature {
    fn joined(&self, other: &Nature) -> Nature {
        match (self, other) {
            (Nature::User, _) | (_, Nature::User) => Nature::User,
            (Nature::Words(this, words), Nature::Words(other, more)) => {
                let names = if this == other { this.clone() } else { format!("{this} or {other}") };
                let mut all = words.clone();
                all.extend(more.iter().filter(|word| !words.contains(word)).cloned());
                Nature::Words(names, all)
            }
            _ => Nature::Plain,
        }
    }
}

/// What a field without a value stands for.
pub(crate) fn empty_of(field: &Field) -> Empty {
    match &field.kind {
        _ if field.multiple => Empty::List,
        // The contract: an empty text or url is "", a bool is never empty, everything else is null.
        Kind::Text { .. } | Kind::Textarea { .. } | Kind::Url => Empty::Text,
        Kind::Bool => Empty::False,
        _ => Empty::Null,
    }
}

/// Every word that a choice offers under any parent, each once.
pub(crate) fn all_words(choices: &Choices) -> Vec<String> {
    match choices {
        Choices::Flat(words) => words.clone(),
        Choices::Cascade { under, .. } => {
            let mut all: Vec<String> = Vec::new();
            for word in under.values().flatten() {
                if !all.contains(word) {
                    all.push(word.clone());
                }
            }
            all
        }
    }
}
