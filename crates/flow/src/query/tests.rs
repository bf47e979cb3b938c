use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{Column, Query, QueryContext, QueryProblem, Scalar, Term, Test, parse_query, parse_sort};
use crate::{File, Flow, read};

fn flow() -> Flow {
    let text = r#"
key = "issue_track"
name = "网上问题处理"
item_prefix = "question"
transition = [{ source = "处理", trigger = "关", dest = "关闭" }]
field = [
  { key = "summary", label = "概要", type = "text" },
  { key = "detail", label = "详细描述", type = "textarea" },
  { key = "issue_level", label = "问题级别", type = "choice", choices = ["一般问题", "事故"] },
  { key = "parts", type = "choice", multiple = true, choices = ["a b", "c"] },
  { key = "amount", type = "number" },
  { key = "need_by", type = "date" },
  { key = "seen_at", type = "datetime" },
  { key = "urgent", type = "bool" },
  { key = "checker", type = "user" },
]
"#;
    read(&File { name: "f", text }).0.unwrap()
}

fn parse(text: &str) -> Result<Query, QueryProblem> {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    // Already the 22nd in the zone.
    let context = QueryContext { me: "Ann", now: "2026-11-21T17:00:00Z".parse().unwrap(), zone: &zone };
    parse_query(text, &flow(), &context)
}

/// One line a term.
fn shown(query: &Query) -> Vec<String> {
    query.terms.iter().map(shown_term).collect()
}

fn shown_edge(edge: &Option<super::Edge>, open: [&str; 2]) -> String {
    match edge {
        None => "*".to_owned(),
        Some(edge) => {
            let at = match &edge.at {
                Scalar::Number(number) => number.to_string(),
                Scalar::Date(date) => date.clone(),
                Scalar::Moment(ms) => jiff::Timestamp::from_millisecond(*ms).unwrap().to_string(),
            };
            if edge.inclusive { at } else { format!("{}{at}{}", open[0], open[1]) }
        }
    }
}

fn shown_range(range: &super::Range) -> String {
    format!("{}..{}", shown_edge(&range.low, [">", ""]), shown_edge(&range.high, ["<", ""]))
}

fn shown_states(states: &[super::InState]) -> String {
    let one = |state: &super::InState| match &state.within {
        None => state.state.clone(),
        Some(range) => format!("{} within {}", state.state, shown_range(range)),
    };
    states.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn shown_term(term: &Term) -> String {
    let (column, test) = match term {
        Term::Words(words) => return format!("words {words:?}"),
        Term::Number(number) => return format!("number {number}"),
        Term::Any(queries) => {
            let ways: Vec<String> = queries.iter().map(|query| shown(query).join(" & ")).collect();
            return format!("any of ({})", ways.join(" | "));
        }
        Term::Not(query) => return format!("not ({})", shown(query).join(" & ")),
        Term::Was(states) => return format!("was {}", shown_states(states)),
        Term::Reached(states) => return format!("reached {}", shown_states(states)),
        Term::Changed { field, from, to } => return format!("{field} from {from:?} to {to:?}"),
        Term::Column { column, test } => (column, test),
    };
    let column = match column {
        Column::Field(key) => key.clone(),
        other => format!("{other:?}"),
    };
    let not = |negated: &bool| if *negated { "not " } else { "" };
    match test {
        Test::Empty { negated } => format!("{column} {}empty", not(negated)),
        Test::OneOf { words, negated } => format!("{column} {}one of {words:?}", not(negated)),
        Test::Contains(part) => format!("{column} contains {part:?}"),
        Test::Is(truth) => format!("{column} is {truth}"),
        Test::Within { ranges, negated } => {
            let ranges = ranges.iter().map(shown_range);
            format!("{column} {}within {}", not(negated), ranges.collect::<Vec<_>>().join(", "))
        }
    }
}

#[test]
fn terms() {
    let check = |text: &str, expected: &[&str]| assert_eq!(shown(&parse(text).unwrap()), expected, "{text}");
    check("", &[]);
    check("  线缆  CRC ", &["words \"线缆\"", "words \"CRC\""]);
    check("\"单板 重启\"", &["words \"单板 重启\""]);
    check("question_12", &["number 12"]);
    check("\"question_12\"", &["words \"question_12\""]);
    check("other_12 question_0", &["words \"other_12\"", "words \"question_0\""]);
    check("issue_level=事故", &["issue_level one of [\"事故\"]"]);
    check("问题级别!=事故", &["issue_level not one of [\"事故\"]"]);
    check("issue_level=事故,一般问题", &["issue_level one of [\"事故\", \"一般问题\"]"]);
    check("parts=\"a b\",c", &["parts one of [\"a b\", \"c\"]"]);
    check("issue_level= 线缆", &["issue_level empty", "words \"线缆\""]);
    check("issue_level!=", &["issue_level not empty"]);
    check("summary:重启", &["summary contains \"重启\""]);
    check("概要:\"a \\\"b\"", &["summary contains \"a \\\"b\""]);
    check("summary=a=b", &["summary one of [\"a=b\"]"]);
    check("amount>=100 and amount<1e3", &["amount within 100..*", "amount within *..<1000"]);
    check("amount=1..2,5", &["amount within 1..2, 5..5"]);
    check("amount!=-3.5", &["amount not within -3.5..-3.5"]);
    check("need_by<2026-12-01", &["need_by within *..<2026-12-01"]);
    check("need_by=2026-05-01..2026-05-31", &["need_by within 2026-05-01..2026-05-31"]);
    check("need_by=today..+3d", &["need_by within 2026-11-22..2026-11-25"]);
    check("updated>=-7d", &["Updated within 2026-11-14T16:00:00Z..*"]);
    check("created=today", &["Created within 2026-11-21T16:00:00Z..<2026-11-22T16:00:00Z"]);
    check("closed>-3m", &["Closed within 2026-08-22T16:00:00Z..*"]);
    check("closed=", &["Closed empty"]);
    check("seen_at<=2026-11-22T09:00", &["seen_at within *..2026-11-22T01:00:00Z"]);
    check("seen_at>2026-11-22T09:00:00+09:00", &["seen_at within >2026-11-22T00:00:00Z..*"]);
    check("seen_at>2026-11-22T09:00:00Z", &["seen_at within >2026-11-22T09:00:00Z..*"]);
    check("urgent=true urgent!=是", &["urgent is true", "urgent is false"]);
    check("state=关闭 当前状态=处理", &["State one of [\"关闭\"]", "State one of [\"处理\"]"]);
    check("assigned_to=me checker=me,bob", &["AssignedTo one of [\"Ann\"]", "checker one of [\"Ann\", \"bob\"]"]);
    check("created_by=bob AND 线缆", &["CreatedBy one of [\"bob\"]", "words \"线缆\""]);
    check("detail:重启 detail= detail!=", &["detail contains \"重启\"", "detail empty", "detail not empty"]);
}

#[test]
fn or_not_and_groups() {
    let check = |text: &str, expected: &[&str]| assert_eq!(shown(&parse(text).unwrap()), expected, "{text}");
    check("a or b", &["any of (words \"a\" | words \"b\")"]);
    check("a b or c", &["any of (words \"a\" & words \"b\" | words \"c\")"]);
    check("a (b OR c)", &["words \"a\"", "any of (words \"b\" | words \"c\")"]);
    check("a and (b c)", &["words \"a\"", "words \"b\"", "words \"c\""]);
    check("not a b", &["not (words \"a\")", "words \"b\""]);
    check("not (a or b)", &["not (any of (words \"a\" | words \"b\"))"]);
    check("not not a", &["not (not (words \"a\"))"]);
    check("NOT(a)", &["not (words \"a\")"]);
    check("(issue_level=事故 or amount>3)", &["any of (issue_level one of [\"事故\"] | amount within >3..*)"]);
    check("((a)(b))", &["words \"a\"", "words \"b\""]);
    check("(issue_level= or x)", &["any of (issue_level empty | words \"x\")"]);
    check("f(x) 重启(主控)", &["words \"f(x)\"", "words \"重启(主控)\""]);
    check("(f(x) or summary=g(y))", &["any of (words \"f(x)\" | summary one of [\"g(y)\"])"]);
    check("a) \"or\" notes order", &["words \"a)\"", "words \"or\"", "words \"notes\"", "words \"order\""]);
    check("and", &["words \"and\""]);
}

#[test]
fn what_happened() {
    let check = |text: &str, expected: &[&str]| assert_eq!(shown(&parse(text).unwrap()), expected, "{text}");
    check("was=处理", &["was 处理"]);
    check("was!=处理", &["not (was 处理)"]);
    check("was=处理,关闭@today", &["was 处理, 关闭 within 2026-11-21T16:00:00Z..<2026-11-22T16:00:00Z"]);
    check("reached=关闭@2026-05-01..2026-05-31", &["reached 关闭 within 2026-04-30T16:00:00Z..<2026-05-31T16:00:00Z"]);
    check("reached=\"关 闭\"@2026-05-01.. x", &["reached 关 闭 within 2026-04-30T16:00:00Z..*", "words \"x\""]);
    check("changed=issue_level:一般问题..事故", &["issue_level from Some(\"一般问题\") to Some(\"事故\")"]);
    check("changed=问题级别:..事故", &["issue_level from None to Some(\"事故\")"]);
    check("changed=issue_level:一般问题..", &["issue_level from Some(\"一般问题\") to None"]);
    check("changed=issue_level", &["issue_level from None to None"]);
    check("changed=\"summary:a b..c d\"", &["summary from Some(\"a b\") to Some(\"c d\")"]);
    check("changed=checker:me..bob", &["checker from Some(\"Ann\") to Some(\"bob\")"]);
    check("changed=amount:1..2.50", &["amount from Some(\"1\") to Some(\"2.5\")"]);
    check("changed=urgent:否..是", &["urgent from Some(\"false\") to Some(\"true\")"]);
    check("changed=issue_level,urgent", &["any of (issue_level from None to None | urgent from None to None)"]);
    check("changed!=urgent", &["not (urgent from None to None)"]);
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    for (text, position, part) in [
        ("线缆 issue_levl=x", 3, "issue_level"),
        ("amount>=many", 8, "no number"),
        ("amount=1..many", 10, "no number"),
        ("need_by=2026-02-30", 8, "no day"),
        ("need_by=-7q", 8, "no day"),
        ("need_by=-99999999d", 8, "no day"),
        ("need_by=..", 8, "range"),
        ("issue_level>事故", 0, "neither a number nor a time"),
        ("amount:3", 0, "holds no text"),
        ("detail=x", 0, "long text"),
        ("urgent=maybe", 7, "neither true nor false"),
        ("amount>", 0, "value must follow"),
        ("summary:", 0, "value must follow"),
        ("amount>1,2", 8, "one value"),
        ("issue_level=a,", 14, "value must stand"),
        ("=x", 0, "name of a field"),
        ("summary=\"x", 8, "not closed"),
        ("a or", 4, "must follow"),
        ("or a", 0, "must stand"),
        ("a or or b", 5, "must follow"),
        ("not", 3, "must follow"),
        ("a (b", 2, "not closed"),
        ("a ()", 2, "nothing stands"),
        (") a", 0, "closes nothing"),
        ("(a) ) b", 4, "closes nothing"),
        ("(a and)", 6, "must follow"),
        ("(need_by<)", 1, "value must follow"),
        ("was>处理", 0, "= or !="),
        ("was=", 0, "value must follow"),
        ("reached=关闭@soon", 11, "no day"),
        ("reached=@today", 8, "a state must stand"),
        ("changed=issue_levl:a..b", 8, "issue_level"),
        ("changed=issue_level:a", 20, "A..B"),
        ("changed=detail", 8, "long texts"),
        ("changed=parts:a..b", 8, "several values"),
        ("changed=state:a..b", 8, "no field"),
        ("changed=amount:1..x", 18, "no number"),
        ("a and", 5, "must follow"),
    ] {
        let problem = parse(text).expect_err(text);
        assert_eq!(problem.position, position, "{text}: {}", problem.message);
        assert!(problem.message.to_string().contains(part), "{text}: {}", problem.message);
    }
}

#[test]
fn orders() {
    let parse = |text: &str| parse_sort(text, &flow());
    let shown = |text: &str| -> Vec<String> {
        let one = |key: &super::SortKey| format!("{}{:?}", if key.descending { "-" } else { "" }, key.column);
        parse(text).unwrap().iter().map(one).collect()
    };
    assert_eq!(
        shown("-updated, issue_level,问题级别"),
        ["-Updated", "Field(\"issue_level\")", "Field(\"issue_level\")"]
    );
    assert_eq!(shown("-id"), ["-Number"]);
    assert_eq!(shown(" "), [""; 0]);
    for (text, position) in
        [("nothing", 0), ("-updated,nothing", 9), ("detail", 0), ("id,parts", 3), ("a,,b", 0), ("id,", 3)]
    {
        assert_eq!(parse(text).expect_err(text).position, position, "{text}");
    }
}

#[test]
fn users_are_spelled_as_registered() {
    let mut query = parse("checker=BOB assigned_to=me summary=BOB").unwrap();
    query.spell_users(&flow(), str::to_lowercase);
    assert_eq!(shown(&query), ["checker one of [\"bob\"]", "AssignedTo one of [\"ann\"]", "summary one of [\"BOB\"]"]);
}

proptest! {
    #[test]
    fn any_line_is_answered(text in "\\PC{0,40}|[a-z_=!<>:,.\"\\\\ 0-9-]{0,40}") {
        if let Err(problem) = parse(&text) {
            prop_assert!(problem.position <= text.chars().count());
        }
        let _ = parse_sort(&text, &flow());
    }

    #[test]
    fn what_nearly_reads_is_answered(parts in prop::collection::vec(prop::sample::select(vec![
        "issue_level", "amount", "need_by", "seen_at", "updated", "=", "!=", "<", ">=", ":", ",", "..", "today", "-7d", "-999999y", "2026-11-22",
        "9999-12-31", "\"", "\\", " ", "and", "(", ")", "or", "not", "was", "reached", "changed", "@", "处理", "1e999", "me", "question_99999999999999999999", "T", "+08:00",
    ]), 0..10)) {
        let text = parts.concat();
        if let Err(problem) = parse(&text) {
            prop_assert!(problem.position <= text.chars().count(), "{} {:?}", text, problem);
        }
    }
}
