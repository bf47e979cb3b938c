//! Why nothing happens, in words that a person can act on.

use std::collections::BTreeMap;

use flow::{FieldProblem, Flow, NotAllowed, Refusal, Who, Wrong};

use crate::words::Words;

/// What people see of what a refusal names.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// The flow of the item.
    pub flow: &'a Flow,
    /// From a flow's key to its definition: those that the flow links to.
    pub flows: &'a BTreeMap<String, &'a Flow>,
    /// From a user's name to what people see.
    pub people: &'a BTreeMap<String, String>,
}

impl Names<'_> {
    fn person(&self, name: &str) -> String {
        self.people.get(name).map_or_else(|| name.to_owned(), Clone::clone)
    }

    fn flow_name(&self, key: &str) -> String {
        self.flows.get(key).map_or_else(|| key.to_owned(), |flow| flow.name.clone())
    }
}

/// The label of a field of `flow`, of a built-in, or of another input of its form.
#[must_use]
pub fn label(words: &Words, flow: &Flow, key: &str) -> String {
    match flow.fields.get(key) {
        Some(field) => field.label.clone(),
        None => built_in(words, key).unwrap_or(key).to_owned(),
    }
}

/// The words of a built-in field, or of an input that is no field.
#[must_use]
pub fn built_in<'a>(words: &'a Words, key: &str) -> Option<&'a str> {
    Some(match key {
        "current_state" => words.word("state"),
        "assigned_to" => words.word("holder"),
        "created_by" => words.word("creator"),
        "created_at" => words.word("created-at"),
        "updated_at" => words.word("updated-at"),
        "closed_at" => words.word("closed-at"),
        "comment" => words.word("comment-with"),
        "to" => words.word("hand-over-to"),
        _ => return None,
    })
}

/// The whole refusal in one paragraph. The fields of an `Invalid` are better said at each: [`field_problem`].
#[must_use]
pub fn refusal(words: &Words, names: Names, refusal: &Refusal) -> String {
    match refusal {
        Refusal::Stale { revision } => words.one("refused-stale", "revision", revision),
        Refusal::WrongState { trigger, state } => {
            words.two("refused-wrong-state", ("trigger", trigger), ("state", state))
        }
        Refusal::NotAllowed(why) => not_allowed(words, names, why),
        Refusal::Unmet { trigger, unmet } if unmet.is_empty() => words.one("refused-unmet", "trigger", trigger),
        Refusal::Unmet { unmet, .. } => unmet.join(words.word("list-semicolon")),
        Refusal::Invalid(problems) => {
            let all: Vec<String> = problems
                .iter()
                .map(|problem| {
                    let label = label(words, names.flow, &problem.field);
                    format!("{label}{}{}", words.word("colon"), field_problem(words, names, problem))
                })
                .collect();
            all.join(words.word("list-semicolon"))
        }
    }
}

/// Why the actor may not.
#[must_use]
pub fn not_allowed(words: &Words, names: Names, why: &NotAllowed) -> String {
    match why {
        NotAllowed::Press { by } => {
            let by: Vec<String> = by.iter().map(|who| self::who(words, names, who)).collect();
            words.one("refused-press", "who", by.join(words.word("list-comma")))
        }
        NotAllowed::Save => words.word("refused-save").to_owned(),
        NotAllowed::Final => words.word("refused-final").to_owned(),
        NotAllowed::Create => {
            let by: Vec<String> = names.flow.create.by.iter().map(|who| self::who(words, names, who)).collect();
            words.one("refused-create", "who", by.join(words.word("list-comma")))
        }
        NotAllowed::Assign => words.word("refused-assign").to_owned(),
    }
}

/// One of the people that a `by` names.
#[must_use]
pub fn who(words: &Words, names: Names, who: &Who) -> String {
    match who {
        Who::Anyone => words.word("who-anyone").to_owned(),
        Who::AssignedTo => words.word("holder").to_owned(),
        Who::CreatedBy => words.word("creator").to_owned(),
        Who::Field(key) => words.one("who-field", "field", label(words, names.flow, key)),
        Who::User(name) => names.person(name),
        Who::Group(name) => words.one("who-group", "group", name),
    }
}

/// What is wrong with one field's value; the label stands beside it.
#[must_use]
pub fn field_problem(words: &Words, names: Names, problem: &FieldProblem) -> String {
    wrong(words, names, &problem.what)
}

fn wrong(words: &Words, names: Names, what: &Wrong) -> String {
    match what {
        Wrong::Unknown => words.word("wrong-unknown").to_owned(),
        Wrong::Readonly => words.word("wrong-readonly").to_owned(),
        Wrong::Required => words.word("wrong-required").to_owned(),
        Wrong::Type(wants) => words.one("wrong-type", "wants", wants),
        Wrong::TooLong { max } => words.one("wrong-too-long", "max", max),
        Wrong::Pattern { pattern } => words.one("wrong-pattern", "pattern", pattern),
        Wrong::Character => words.word("wrong-character").to_owned(),
        Wrong::Choice { given, offered } if offered.is_empty() => words.one("wrong-choice-none", "given", given),
        Wrong::Choice { given, offered } => {
            let offered = offered.join(words.word("list-comma"));
            words.two("wrong-choice", ("given", given), ("offered", &offered))
        }
        Wrong::Misfit { parent } => words.one("wrong-misfit", "parent", label(words, names.flow, parent)),
        Wrong::NoUser { given } => words.one("wrong-no-user", "given", given),
        Wrong::Disabled { user } => words.one("wrong-disabled", "user", names.person(user)),
        Wrong::NoItem { given } => words.one("wrong-no-item", "given", given),
        Wrong::OtherFlow { flow } => words.one("wrong-other-flow", "flow", names.flow_name(flow)),
        Wrong::Linked => words.word("wrong-linked").to_owned(),
        Wrong::NoFlow { flow } => words.one("wrong-no-flow", "flow", names.flow_name(flow)),
        Wrong::Copy { flow, field, why } => copied(words, names, flow, field, why),
        Wrong::NoComment => words.word("wrong-no-comment").to_owned(),
        Wrong::NoHolder => words.word("wrong-no-holder").to_owned(),
        Wrong::TooSmall { min } => words.one("wrong-too-small", "min", min),
        Wrong::TooLarge { max } => words.one("wrong-too-large", "max", max),
        Wrong::Decimals { max } => words.one("wrong-decimals", "max", max),
        Wrong::Digits => words.word("wrong-digits").to_owned(),
        Wrong::Date => words.word("wrong-date").to_owned(),
        Wrong::Datetime => words.word("wrong-datetime").to_owned(),
        Wrong::Url => words.word("wrong-url").to_owned(),
    }
}

fn copied(words: &Words, names: Names, flow: &str, field: &str, why: &Wrong) -> String {
    let (label, why) = match names.flows.get(flow) {
        Some(other) => (label(words, other, field), wrong(words, Names { flow: other, ..names }, why)),
        None => (field.to_owned(), wrong(words, names, why)),
    };
    words.say("wrong-copy", &[("flow", &names.flow_name(flow)), ("field", &label), ("why", &why)])
}
