//! The types of conditions, and which of them may meet.

use super::tree::Empty;
use crate::said::said;
use crate::{Choices, Field, Kind, Said};

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
    Words(Said, Vec<String>),
}

impl Type {
    /// What one value of this field is, or the list of a `multiple` one.
    pub(crate) fn of(field: &Field) -> Type {
        let one = match &field.kind {
            Kind::Text { .. } | Kind::Textarea { .. } | Kind::Url | Kind::Item { .. } => Type::Text(Nature::Plain),
            Kind::Choice(choices) => Type::Text(Nature::Words(said!("\"{}\"", field.key), all_words(choices))),
            Kind::User => Type::Text(Nature::User),
            Kind::Number { .. } => Type::Number,
            Kind::Date => Type::Date,
            Kind::Datetime => Type::Instant,
            Kind::Bool => Type::Bool,
        };
        if field.multiple { Type::List(Box::new(one)) } else { one }
    }

    /// As people call it.
    pub(crate) fn name(&self) -> Said {
        match self {
            Type::Unknown => said!("anything"),
            Type::Null => said!("null"),
            Type::Bool => said!("true or false"),
            Type::Number => said!("a number"),
            Type::Date => said!("a date"),
            Type::Instant => said!("a date and time"),
            Type::Text(Nature::User) => said!("a user"),
            Type::Text(Nature::Words(..)) => said!("a choice"),
            Type::Text(Nature::Plain) => said!("a text"),
            Type::List(of) if **of == Type::Unknown => said!("a list"),
            Type::List(of) => said!("a list (each {})", of.bare_name()),
        }
    }

    /// Its name as it follows "each".
    fn bare_name(&self) -> Said {
        match self {
            Type::Number => said!("number"),
            Type::Date => said!("date"),
            Type::Instant => said!("date and time"),
            Type::Text(Nature::User) => said!("user"),
            Type::Text(Nature::Words(..)) => said!("choice"),
            Type::Text(Nature::Plain) => said!("text"),
            Type::List(_) => said!("list"),
            Type::Unknown | Type::Null | Type::Bool => self.name(),
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
                let names = if this == other { this.clone() } else { said!("{} or {}", this, other) };
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
