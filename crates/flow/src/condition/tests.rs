use std::collections::BTreeSet;

use indexmap::IndexMap;
use jiff::tz::TimeZone;

use super::{Condition, Scope, Subject};
use crate::{Choices, Field, Fields, Kind, Value};

fn field(key: &str, kind: Kind, multiple: bool) -> (String, Field) {
    let field = Field {
        key: key.to_owned(),
        label: key.to_owned(),
        kind,
        multiple,
        required: false,
        default: None,
        hint: None,
        help: None,
        width: None,
        readonly: false,
        hidden: false,
        generation: 0,
    };
    (key.to_owned(), field)
}

fn flat(words: &[&str]) -> Kind {
    Kind::Choice(Choices::Flat(words.iter().map(|&word| word.to_owned()).collect()))
}

fn fields() -> IndexMap<String, Field> {
    let number = || Kind::Number { min: None, max: None, decimals: None };
    let under = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let cascade = Choices::Cascade {
        parent: "class_1".to_owned(),
        under: IndexMap::from([("软件".to_owned(), under(&["协议", "平台"])), ("硬件".to_owned(), under(&["单板"]))]),
    };
    IndexMap::from([
        field("summary", Kind::Text { max_length: 200, pattern: None }, false),
        field("detail", Kind::Textarea { max_length: 5000, rows: 5 }, false),
        field("issue_level", flat(&["一般问题", "严重问题", "事故"]), false),
        field("class_1", flat(&["软件", "硬件"]), false),
        field("class_2", Kind::Choice(cascade), false),
        field("parts", flat(&["线缆", "单板"]), true),
        field("amount", number(), false),
        field("other", number(), false),
        field("need_by", Kind::Date, false),
        field("seen_at", Kind::Datetime, false),
        field("urgent", Kind::Bool, false),
        field("checker", Kind::User, false),
        field("team", Kind::User, true),
        field("page", Kind::Url, false),
        field("link", Kind::Item { flow: None }, false),
    ])
}

fn values() -> Fields {
    let text = |value: &str| Value::Text(value.to_owned());
    IndexMap::from([
        ("summary".to_owned(), text("单板 CRC")),
        ("issue_level".to_owned(), text("事故")),
        ("class_1".to_owned(), text("软件")),
        ("class_2".to_owned(), text("协议")),
        ("parts".to_owned(), Value::List(vec!["线缆".to_owned()])),
        ("amount".to_owned(), Value::Number(100.5)),
        ("need_by".to_owned(), Value::Date("2026-12-01".parse().unwrap())),
        ("seen_at".to_owned(), Value::Instant("2026-11-22T00:00:00Z".parse().unwrap())),
        ("checker".to_owned(), text("Delegate")),
        ("team".to_owned(), Value::List(vec!["Ann".to_owned(), "bob".to_owned()])),
    ])
}

const STATES: [&str; 2] = ["处理", "关闭"];

fn compiled(text: &str) -> Result<Condition, Vec<super::ConditionProblem>> {
    let states = STATES.map(str::to_owned);
    Condition::compile_in(
        text,
        &Scope { fields: &fields(), states: Some(&states), broken: &BTreeSet::from(["gone".to_owned()]) },
    )
}

/// Whether `text` holds for the item above.
fn holds(text: &str) -> bool {
    let condition = compiled(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let values = values();
    let subject = Subject {
        state: "处理",
        assigned_to: &["Engineer".to_owned()],
        created_by: "Engineer",
        created_at: "2026-11-01T00:00:00Z".parse().unwrap(),
        updated_at: "2026-11-02T00:00:00Z".parse().unwrap(),
        closed_at: None,
        fields: &values,
        // Already the 22nd in the zone.
        now: "2026-11-21T17:00:00Z".parse().unwrap(),
        zone: &zone,
    };
    condition.holds(&subject)
}

fn check(yes: &[&str], no: &[&str]) {
    for text in yes {
        assert!(holds(text), "{text} should hold");
    }
    for text in no {
        assert!(!holds(text), "{text} should not hold");
    }
}

/// What is reported: the text marked and the message, one line each.
fn problems(text: &str) -> Vec<String> {
    let problems = compiled(text).expect_err(text);
    problems.iter().map(|problem| format!("[{}] {}", &text[problem.span.clone()], problem.message)).collect()
}

#[test]
fn compares_by_type() {
    check(
        &[
            "issue_level == \"事故\"",
            "issue_level != '一般问题'",
            "amount >= 100",
            "amount >= 100.0",
            "amount == 100.5",
            "amount < 1e3",
            "-amount < -100",
            "need_by == date(\"2026-12-01\")",
            "need_by > today",
            "today == date('2026-11-22')",
            "seen_at > now",
            "created_at < updated_at",
            "!urgent",
            "urgent == false",
            "summary > \"一\"",
            "current_state == '处理'",
            "link == null && page == ''",
            "(1 < 2) == true",
        ],
        &[
            "issue_level == '严重问题'",
            "amount == 100",
            "need_by < date('2026-11-30')",
            "urgent",
            "current_state == '关闭'",
        ],
    );
}

#[test]
fn empty_values() {
    check(
        &[
            "detail == \"\"",
            "page == ''",
            "other == null",
            "link == null",
            "closed_at == null",
            "other != 3",
            "detail != null",
            "summary != null",
            "!(detail == null)",
            "size(detail) == 0",
            "!(other in [1, 2])",
            "other in [1, null]",
        ],
        // An order with an empty value cannot be computed, and neither can its opposite.
        &[
            "other < 3",
            "other >= 3",
            "!(other < 3)",
            "other + 1 == 1",
            "!(other + 1 == 1)",
            "closed_at < now",
            "!(closed_at < now)",
        ],
    );
}

#[test]
fn errors_are_absorbed_as_cel_says() {
    check(
        &[
            "true || other < 3",
            "other < 3 || true",
            "!(false && other < 3)",
            "!(other < 3 && false)",
            "amount > 100 || 1 / 0 > 1",
            "true ? true : other < 3",
            "!(true && false)",
        ],
        &[
            "false || other < 3",
            "other < 3 || false",
            "true && other < 3",
            "other < 3 && true",
            "!(other < 3 && true)",
            "other < 3 || other > 4",
            "other < 3 ? true : true",
            "false ? true : other < 3",
            "(other < 3) == (other < 3)",
            "(other < 3) != true",
            "1 / 0 == 1 / 0",
        ],
    );
}

#[test]
fn precedence() {
    check(
        &[
            "true || false && false",
            "1 + 2 * 3 == 7",
            "(1 + 2) * 3 == 9",
            "10 - 4 - 3 == 3",
            "5 / 2 == 2.5",
            "!false && true",
            "false ? false : true ? true : false",
            "1 < 2 == true",
            "0.1 + 0.2 == 0.3",
            "amount * 2 == 201",
        ],
        &["(true || false) && false", "2 * 3 + 4 == 14"],
    );
}

#[test]
fn lists_and_texts() {
    check(
        &[
            "issue_level in ['事故', '严重问题']",
            "\"线缆\" in parts",
            "!('单板' in parts)",
            "parts == ['线缆']",
            "parts != []",
            "size(parts) == 1",
            "parts.size() == 1",
            "size(summary) == 6",
            "summary.contains('CRC') && summary.startsWith('单板') && summary.endsWith('C')",
            "summary + '!' == '单板 CRC!'",
            "date('2026-12-0' + '1') == need_by",
            "class_2 in ['协议', '单板']",
            "(urgent ? class_1 : class_2) == '协议'",
        ],
        &["issue_level in []", "issue_level.contains('x')", "date(summary) == need_by", "date(summary) != need_by"],
    );
}

#[test]
fn users_are_the_same_whatever_their_case() {
    check(
        &[
            "checker == 'delegate'",
            "'DELEGATE' == checker",
            "created_by == 'engineer'",
            "'ENGINEER' in assigned_to",
            "created_by in assigned_to",
            "checker in ['DELEGATE']",
            "'ANN' in team && team == ['ann', 'BOB']",
            "assigned_to == [created_by]",
            "checker.startsWith('DEL')",
        ],
        &["checker == created_by", "checker == 'delegate2'", "summary == '单板 crc'"],
    );
}

#[test]
fn words_that_are_not_offered() {
    for (text, problem) in [
        ("issue_level == '事古'", "['事古'] \"issue_level\" does not offer \"事古\""),
        ("'x' != issue_level", "['x'] \"issue_level\" does not offer \"x\""),
        ("issue_level == ''", "[''] \"issue_level\" does not offer \"\""),
        ("issue_level in ['事故', 'x']", "['x'] \"issue_level\" does not offer \"x\""),
        ("'x' in parts", "['x'] \"parts\" does not offer \"x\""),
        ("parts == ['x']", "['x'] \"parts\" does not offer \"x\""),
        ("class_2 == '软件'", "['软件'] \"class_2\" does not offer \"软件\""),
        ("issue_level == (urgent ? '事故' : 'x')", "['x'] \"issue_level\" does not offer \"x\""),
        ("current_state == 'x'", "['x'] there is no state \"x\""),
    ] {
        assert_eq!(problems(text), [problem], "{text}");
    }
}

#[test]
fn wrong_types() {
    for (text, problem) in [
        ("amount == '100'", "[amount == '100'] a number cannot be compared with a text like this"),
        ("issue_level == 3", "[issue_level == 3] a choice cannot be compared with a number like this"),
        ("need_by < '2026-12-01'", "[need_by < '2026-12-01'] a date cannot be compared with a text like this"),
        ("seen_at < today", "[seen_at < today] a date and time cannot be compared with a date like this"),
        ("parts == '线缆'", "[parts == '线缆'] a list (each choice) cannot be compared with a text like this"),
        ("amount < null", "[amount < null] a number cannot be compared with null like this"),
        (
            "parts < parts",
            "[parts < parts] a list (each choice) cannot be compared with a list (each choice) like this",
        ),
        ("amount", "[amount] a condition is true or false, but this is a number"),
        ("!amount", "[amount] true or false is wanted here, but this is a number"),
        ("urgent && summary", "[summary] true or false is wanted here, but this is a text"),
        ("need_by + 1 > today", "[need_by + 1] arithmetic takes numbers, not a date and a number"),
        ("size(amount) > 1", "[amount] size takes a text or a list, not a number"),
        ("summary in '单板'", "['单板'] \"in\" asks a list, but this is a text"),
        ("amount in ['1']", "[amount in ['1']] a number cannot be in a list (each text)"),
        ("amount in [1, '1']", "['1'] a list of one type has a text here"),
        (
            "parts.contains('线缆')",
            "[parts.contains('线缆')] \"contains\" asks a text for a text, not a list (each choice) for a text",
        ),
        ("date('2026-02-30') == need_by", "['2026-02-30'] \"2026-02-30\" is no date"),
        ("date(amount) == need_by", "[amount] date takes a text, not a number"),
        ("(urgent ? 1 : 'a') == 1", "[urgent ? 1 : 'a'] one side of \"? :\" is a number, the other a text"),
    ] {
        assert_eq!(problems(text), [problem], "{text}");
    }
}

#[test]
fn what_the_language_does_not_list() {
    for (text, message) in [
        ("summary.matches('x')", "there is no function \"matches\""),
        ("amount % 2 == 1", "\"%\" is not part of the language"),
        ("parts[0] == '线缆'", "an index is not part of the language"),
        ("has(link.x)", "has, all, exists, map and filter are not part of the language"),
        ("parts.exists(p, p == '线缆')", "has, all, exists, map and filter are not part of the language"),
        ("{'a': 1} == {'a': 1}", "this is not part of the language"),
        ("amount == 3u", "this kind of literal is not part of the language"),
        ("summary == b'x'", "this kind of literal is not part of the language"),
        ("link.flow == 'x'", "\".flow\" is not part of the language"),
        ("int(summary) == 1", "there is no function \"int\""),
        ("issue_levl == '事故'", "there is no field \"issue_levl\""),
        ("actor == 'x'", "there is no field \"actor\""),
        ("[[1]] == [[1]]", "a list in a list is not part of the language"),
        ("size(summary, 1) == 1", "\"size\" does not take this"),
    ] {
        let all = problems(text);
        assert!(all[0].ends_with(message), "{text}: {all:?}");
    }
}

#[test]
fn what_does_not_parse() {
    for (text, problem) in [
        ("issue_level = '事故'", "[=] \"=\" is no operator"),
        ("urgent and urgent", "[and] \"and\" is no operator here"),
        ("amount >", "[] the condition ends too early"),
        ("summary == \"x", "[\"] this text has no end"),
        ("问题 == 1", "[问题] the condition does not parse at \"问题\""),
        ("  ", "[  ] the condition is empty"),
        ("amount > 99999999999999999999", "[99999999999999999999] this number is too large"),
    ] {
        assert_eq!(problems(text), [problem], "{text}");
    }
}

#[test]
fn several_problems_at_once_and_none_twice() {
    assert_eq!(problems("issue_level == 'x' && amount == 'y' || nothing").len(), 3);
    assert!(compiled("gone == 3 && gone.contains('x') && gone in [1]").is_ok(), "reported already");
}

#[test]
fn large_ones_are_fine_and_larger_ones_are_refused() {
    let many = vec!["issue_level == '事故'"; 200].join(" || ");
    assert!(holds(&many));
    let long = format!("amount in [{}]", vec!["100.5"; 500].join(", "));
    assert!(holds(&long));
    for text in [
        "(".repeat(5000),
        format!("{}amount{} > 1", "(".repeat(200), ")".repeat(200)),
        format!("{} > 1", vec!["amount"; 2000].join(" + ")),
        format!("urgent{}", ".x".repeat(2000)),
        format!("{}true", "urgent ? true : ".repeat(500)),
        "x".repeat(30_000),
        format!("{}urgent", "!".repeat(9_000)),
        format!("amount in [{}]", vec!["1"; 3000].join(",")),
    ] {
        assert!(compiled(&text).is_err());
    }
}

proptest::proptest! {
    #[test]
    fn never_panics(text in "[ a-z0-9_'\"()\\[\\].,?:!=<>&|+*/%-]{0,60}|\\PC{0,40}") {
        let _ = compiled(&text);
    }

    #[test]
    fn never_panics_on_what_nearly_parses(parts in proptest::collection::vec(proptest::sample::select(vec![
        "issue_level", "amount", "==", "!=", "<", "&&", "||", "!", "in", "(", ")", "[", "]", ",", "?", ":", "+", "-", "*", "/",
        "'事故'", "\"x\"", "1", "2.5", "null", "true", "size(", "date(", ".contains(", "has(", ".exists(x, ", "//", "\n", "{", "}", "`", "'''", "r'", "\\",
    ]), 0..14)) {
        if let Ok(condition) = compiled(&parts.join(" ")) {
            let zone = TimeZone::UTC;
            let now = "2026-11-22T00:00:00Z".parse().unwrap();
            let fields = values();
            let _ = condition.holds(&Subject { state: "", assigned_to: &[], created_by: "", created_at: now, updated_at: now, closed_at: None, fields: &fields, now, zone: &zone });
        }
    }
}
