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
        flow::VERSION => words.word("migrate-version"),
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
        Wrong::Time => words.word("wrong-time").to_owned(),
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

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::words::Language;

    const TOML: &str = r#"
key = "issue_track"
name = "网上问题处理"
[[field]]
key = "summary"
label = "概要"
type = "text"
[[field]]
key = "issue_checker"
label = "维护代表"
type = "user"
[[transition]]
source = "处理"
trigger = "提交审核"
dest = "关闭"
by = ["assigned_to", "issue_checker", "group:维护组", "user:ann"]
"#;

    fn check(language: Language, given: &Refusal, expected: &str) {
        let (flow, problems) = flow::read(&flow::File { name: "issue_track.toml", text: TOML });
        let flow = flow.unwrap_or_else(|| panic!("{problems:?}"));
        let flows = BTreeMap::from([("issue_track".to_owned(), &flow)]);
        let people = BTreeMap::from([("ann".to_owned(), "安妮".to_owned())]);
        let names = Names { flow: &flow, flows: &flows, people: &people };
        assert_eq!(refusal(language.words(), names, given), expected);
    }

    fn invalid(field: &str, what: Wrong) -> Refusal {
        Refusal::Invalid(vec![FieldProblem { field: field.to_owned(), what }])
    }

    #[test]
    fn a_refusal_says_why_in_words() {
        let by = vec![
            Who::AssignedTo,
            Who::Field("issue_checker".into()),
            Who::Group("维护组".into()),
            Who::User("ann".into()),
        ];
        let press = Refusal::NotAllowed(NotAllowed::Press { by });
        check(Language::Chinese, &press, "只有当前处理人、“维护代表”中的人、“维护组”组的成员、安妮可以这样做。");
        check(
            Language::English,
            &press,
            "Only Holder, whoever “维护代表” names, the members of “维护组”, 安妮 may do this.",
        );
        let unmet = |unmet: &[&str]| Refusal::Unmet {
            trigger: "提交审核".to_owned(),
            unmet: unmet.iter().map(|text| (*text).to_owned()).collect(),
        };
        check(Language::Chinese, &unmet(&["事故须先填写根因"]), "事故须先填写根因");
        check(Language::Chinese, &unmet(&[]), "现在的内容还不满足“提交审核”的条件。");
        check(Language::Chinese, &invalid("issue_checker", Wrong::Required), "维护代表：必须填写");
        check(
            Language::English,
            &invalid("summary", Wrong::TooLong { max: 200 }),
            "概要: Too long: at most 200 characters",
        );
        let copy = Wrong::Copy {
            flow: "issue_track".to_owned(),
            field: "summary".to_owned(),
            why: Box::new(Wrong::TooLong { max: 10 }),
        };
        check(Language::Chinese, &invalid("summary", copy), "概要：要带入“网上问题处理”的“概要”：太长了，最多 10 个字");
    }

    /// A word for every refusal, in both languages: none falls back to its key.
    #[test]
    fn nothing_is_left_unsaid() {
        let text = || "x".to_owned();
        let wrongs = vec![
            Wrong::Unknown,
            Wrong::Readonly,
            Wrong::Required,
            Wrong::Type("text"),
            Wrong::TooLong { max: 1 },
            Wrong::Pattern { pattern: text() },
            Wrong::Character,
            Wrong::Choice { given: text(), offered: vec![] },
            Wrong::Choice { given: text(), offered: vec![text()] },
            Wrong::Misfit { parent: "summary".to_owned() },
            Wrong::NoUser { given: text() },
            Wrong::Disabled { user: text() },
            Wrong::TooSmall { min: 0.5 },
            Wrong::TooLarge { max: 2.0 },
            Wrong::Decimals { max: 1 },
            Wrong::Digits,
            Wrong::Date,
            Wrong::Datetime,
            Wrong::Url,
            Wrong::NoItem { given: text() },
            Wrong::OtherFlow { flow: text() },
            Wrong::Linked,
            Wrong::NoFlow { flow: text() },
            Wrong::NoComment,
            Wrong::NoHolder,
        ];
        let (flow, _) = flow::read(&flow::File { name: "issue_track.toml", text: TOML });
        let flow = flow.unwrap();
        let names = Names { flow: &flow, flows: &BTreeMap::new(), people: &BTreeMap::new() };
        for language in [Language::Chinese, Language::English] {
            let words = language.words();
            let mut all = String::new();
            for what in &wrongs {
                writeln!(all, "{}", wrong(words, names, what)).unwrap();
            }
            for why in [NotAllowed::Save, NotAllowed::Final, NotAllowed::Create, NotAllowed::Assign] {
                writeln!(all, "{}", not_allowed(words, names, &why)).unwrap();
            }
            writeln!(all, "{}", refusal(words, names, &Refusal::Stale { revision: 4 })).unwrap();
            assert!(!all.contains("wrong-") && !all.contains("refused-") && !all.contains('$'), "{all}");
        }
    }
}
