//! Python read as data: what is assigned to names and what stands in classes. Nothing is run; what only running could
//! tell is kept as it is written, and said where somebody needs it.

use std::collections::HashMap;

use super::{mend, reader::Reader};

/// A line of one of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) file: usize,
    pub(super) line: usize,
}

/// What is to be said of a line.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) place: Place,
    pub(super) text: String,
}

#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) place: Place,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Text(String),
    Number(String),
    Bool(bool),
    None,
    List(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    Call(Call),
    /// A name that nothing was assigned to so far.
    Name(String),
    /// Anything else, as it is written.
    Other(String),
}

#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) args: Vec<Value>,
    pub(super) named: Vec<(String, Value)>,
}

#[derive(Debug, Clone)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) bases: Vec<String>,
    pub(super) place: Place,
    pub(super) body: Vec<(String, Value)>,
    pub(super) inner: Vec<Class>,
    /// What stands in it besides assignments and classes.
    pub(super) methods: Vec<(String, Place)>,
}

/// What all files together say.
#[derive(Debug, Default)]
pub(super) struct Python {
    pub(super) names: HashMap<String, Value>,
    pub(super) classes: Vec<Class>,
    pub(super) notes: Vec<Note>,
    /// Some file does not parse.
    pub(super) broken: bool,
}

impl Value {
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number's digits, or a text's.
    pub(super) fn number(&self) -> Option<u32> {
        match &self.kind {
            Kind::Number(text) | Kind::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn is_true(&self) -> bool {
        match &self.kind {
            Kind::Bool(value) => *value,
            Kind::Text(text) => !text.is_empty(),
            _ => false,
        }
    }

    pub(super) fn list(&self) -> Option<&[Value]> {
        match &self.kind {
            Kind::List(list) => Some(list),
            _ => None,
        }
    }

    pub(super) fn dict(&self) -> Option<&[(Value, Value)]> {
        match &self.kind {
            Kind::Dict(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// A dictionary's value by its key.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.dict()?.iter().rev().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// In the words of its file, shortened: for what is said of it.
    pub(super) fn written(&self) -> String {
        match &self.kind {
            Kind::Text(text) => format!("'{text}'"),
            Kind::Number(text) | Kind::Name(text) | Kind::Other(text) => text.clone(),
            Kind::Bool(true) => "True".into(),
            Kind::Bool(false) => "False".into(),
            Kind::None => "None".into(),
            Kind::List(list) => format!("[{}]", list.iter().map(Self::written).collect::<Vec<_>>().join(", ")),
            Kind::Dict(_) => "{…}".into(),
            Kind::Call(call) => format!("{}(…)", call.name),
        }
    }
}

impl Call {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.named.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The last word of the name: `CharField` of `models.CharField`.
    pub(super) fn last(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }
}

/// Reads the files, in the order in which they are given; a name may be used before its file.
pub(super) fn read(files: &[(String, String)]) -> Python {
    let mut python = Python::default();
    for (number, (_, text)) in files.iter().enumerate() {
        let (text, mistakes) = mend::mended(text);
        python.broken |= !mistakes.is_empty();
        let note = |(line, text)| Note { place: Place { file: number, line }, text };
        python.notes.extend(mistakes.into_iter().map(note));
        let Some(tree) = mend::parsed(&text) else { continue };
        let mut reader = Reader::new(&text, number, &mut python);
        reader.statements(tree.root_node());
    }
    let names = python.names.clone();
    let mut settling = Settling { names: &names, budget: MOST_VALUES };
    python.names.values_mut().for_each(|value| settling.settle(value, 0));
    python.classes.iter_mut().for_each(|class| settling.class(class));
    python.notes.sort_by(|a, b| (a.place, &a.text).cmp(&(b.place, &b.text)));
    python.notes.dedup_by(|a, b| a.place == b.place && a.text == b.text);
    python
}

/// Names that were not known when they were read and are now. One that comes back to itself ends somewhere.
struct Settling<'a> {
    names: &'a HashMap<String, Value>,
    budget: usize,
}

/// So many values are looked at: more is no file that anybody wrote.
const MOST_VALUES: usize = 1_000_000;

impl Settling<'_> {
    fn class(&mut self, class: &mut Class) {
        class.body.iter_mut().for_each(|(_, value)| self.settle(value, 0));
        class.inner.iter_mut().for_each(|inner| self.class(inner));
    }

    fn settle(&mut self, value: &mut Value, depth: usize) {
        if depth > 300 || self.budget == 0 {
            return;
        }
        self.budget -= 1;
        match &mut value.kind {
            Kind::Name(name) => {
                if let Some(known) = self.names.get(name.as_str()) {
                    value.kind = known.kind.clone();
                    self.settle(value, depth + 30);
                }
            }
            Kind::List(list) => list.iter_mut().for_each(|one| self.settle(one, depth + 1)),
            Kind::Dict(pairs) => {
                for (key, one) in pairs {
                    self.settle(key, depth + 1);
                    self.settle(one, depth + 1);
                }
            }
            Kind::Call(call) => {
                call.args.iter_mut().for_each(|one| self.settle(one, depth + 1));
                call.named.iter_mut().for_each(|(_, one)| self.settle(one, depth + 1));
            }
            _ => {}
        }
    }
}
