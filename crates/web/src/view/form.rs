//! A field in a form.

use std::borrow::Cow;

use super::{Person, StateChip};

/// A field in a form.
pub struct FieldView {
    /// Its key: the input's name.
    pub key: String,
    /// What people see: the input's accessible label, exactly.
    pub label: String,
    /// What to type into, or to read.
    pub control: Control,
    /// Takes the whole width.
    pub wide: bool,
    /// Must be filled.
    pub required: bool,
    /// Grey text in an empty input.
    pub hint: Option<String>,
    /// One line under the input.
    pub help: Option<String>,
    /// Columns of the input, when the flow says so.
    pub width: Option<u32>,
    /// When it will be asked for: `提交审核时须填写`.
    pub note: Option<String>,
    /// What is wrong with it.
    pub error: Option<String>,
    /// In a conflict: what stands there now, when it is not what was typed.
    pub theirs: Option<Vec<Shown>>,
    /// What was typed, where it can no longer be typed: to be copied from.
    pub mine: Option<String>,
}

/// What to type into, or to read. What was typed comes back as it was typed, right or wrong.
pub enum Control {
    /// Not to be written by this person now.
    Read(Vec<Shown>),
    /// One line.
    Text {
        /// The text.
        value: String,
    },
    /// Many lines.
    Textarea {
        /// The text.
        value: String,
        /// Lines shown.
        rows: u32,
    },
    /// A decimal number. Typed as text, so that what is no number can be shown again.
    Number {
        /// As typed.
        value: String,
    },
    /// An http(s) address.
    Url {
        /// As typed.
        value: String,
    },
    /// A day.
    Date {
        /// `2026-11-22`, or what was typed.
        value: String,
        /// It is a day: a day picker can show it.
        readable: bool,
    },
    /// A moment.
    Datetime {
        /// `2026-11-22T08:12`, or what was typed.
        value: String,
        /// It is a moment: a picker can show it.
        readable: bool,
    },
    /// Yes or no.
    Bool {
        /// Yes.
        checked: bool,
    },
    /// One of the words offered.
    Choice {
        /// A flat choice has one group without a parent.
        groups: Vec<ChoiceGroup>,
        /// Key of the parent of a cascade.
        parent: Option<String>,
        /// A word that is no longer offered, but stands there.
        odd: Option<String>,
    },
    /// Some of the words offered.
    Checks {
        /// A flat choice has one group without a parent.
        groups: Vec<ChoiceGroup>,
        /// Key of the parent of a cascade.
        parent: Option<String>,
    },
    /// A person, or several.
    User {
        /// Names, with commas between.
        value: String,
        /// Those that are known, as people see them.
        shown: Vec<Person>,
        /// Several.
        multiple: bool,
    },
    /// A link to an item, or several.
    Item {
        /// IDs, with commas between.
        value: String,
        /// Those that are known.
        shown: Vec<ItemRef>,
        /// Key of the flow that it links to.
        flow: Option<String>,
        /// Several.
        multiple: bool,
    },
}

/// Words offered under one value of the parent.
pub struct ChoiceGroup {
    /// The parent's value; a flat choice has none.
    pub parent: Option<String>,
    /// The words: chosen or not.
    pub words: Vec<(String, bool)>,
}

/// An item that a field links to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRef {
    /// Its address; none when the person may not see it.
    pub href: Option<String>,
    /// `question_57`
    pub id: String,
    /// Its title, when the person may see it.
    pub title: String,
    /// Its state, when the person may see it.
    pub state: Option<StateChip>,
}

/// A value to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A short text.
    Text(String),
    /// Lines.
    Lines(String),
    /// A person.
    Person(Person),
    /// An item.
    Item(ItemRef),
    /// An address.
    Url(String),
}

/// A line of the summary on top of a form.
pub struct Trouble {
    /// Id of the input; none: the form as a whole.
    pub anchor: Option<String>,
    /// Its label.
    pub label: String,
    /// What is wrong.
    pub message: String,
}

/// Names of a form's inputs that are not fields.
const TAKEN: [&str; 6] = ["comment", "create", "revision", "save", "similar", "trigger"];

/// The name of the input of the field `key`: the key, or `field:key` where the form has another input of that name.
#[must_use]
pub fn input_name(key: &str) -> Cow<'_, str> {
    if TAKEN.contains(&key) { Cow::Owned(format!("field:{key}")) } else { Cow::Borrowed(key) }
}

/// The key of the field whose input has that name; none for an input that is no field.
#[must_use]
pub fn field_key(name: &str) -> Option<&str> {
    match name.strip_prefix("field:") {
        Some(key) if TAKEN.contains(&key) => Some(key),
        _ => (!TAKEN.contains(&name)).then_some(name),
    }
}

impl FieldView {
    /// The input's name.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        input_name(&self.key)
    }

    /// For `aria-describedby`: the ids of what stands under the input. The template draws them by the same rules.
    #[must_use]
    pub fn described_by(&self) -> Option<String> {
        let key = &self.key;
        let mut ids = Vec::new();
        if self.error.is_some() {
            ids.push(format!("e-{key}"));
        }
        if self.help.is_some() || self.note.is_some() {
            ids.push(format!("h-{key}"));
        }
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    /// Whether something can be typed.
    #[must_use]
    pub fn writable(&self) -> bool {
        !matches!(self.control, Control::Read(_))
    }
}

impl Trouble {
    /// The troubles of `fields`, in their order.
    #[must_use]
    pub fn of(fields: &[FieldView]) -> Vec<Trouble> {
        let trouble = |field: &FieldView| {
            let message = field.error.clone()?;
            Some(Trouble { anchor: Some(format!("f-{}", field.key)), label: field.label.clone(), message })
        };
        fields.iter().filter_map(trouble).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_found_by_its_name_whatever_the_field_is_called() {
        for key in ["summary", "comment", "create", "revision", "save", "trigger", "field"] {
            assert_eq!(field_key(&input_name(key)), Some(key));
        }
        for control in TAKEN {
            assert_eq!(field_key(control), None);
        }
        assert_eq!(field_key("field:summary"), Some("field:summary"), "no second name for the same field");
    }
}
