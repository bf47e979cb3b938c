mod planted;

use super::{check, compatible, settle_types, tells_retyped};
use crate::said::said;
use crate::{File, Flow, Problem, Severity, line_column, read, render};

/// A flow of these rows, each `source | trigger | dest | more`.
fn flow(key: &str, fields: &str, rows: &[&str], rest: &str) -> String {
    let mut text = format!("key = \"{key}\"\nname = \"{key}\"\n{fields}\n");
    for row in rows {
        let mut parts = row.splitn(4, '|').map(str::trim);
        let mut part = || parts.next().unwrap_or_default().to_owned();
        let (source, trigger, dest, more) = (part(), part(), part(), part());
        text += &format!("[[transition]]\nsource = \"{source}\"\ntrigger = \"{trigger}\"\ndest = \"{dest}\"\n{more}\n");
    }
    text + rest
}

fn shown(problems: &[Problem], texts: &[(&str, &str)]) -> Vec<String> {
    let one = |problem: &Problem| {
        let text = texts.iter().find(|(name, _)| *name == problem.file).unwrap().1;
        let marked = &text[problem.span.clone()];
        format!("{} {} [{marked}] {}", problem.file, problem.severity.word(), problem.message)
    };
    problems.iter().map(one).collect()
}

/// What the graph of these rows has wrong.
fn graph(rows: &[&str], rest: &str) -> Vec<String> {
    let text = flow("f", "field = [{ key = \"owner\", type = \"user\" }]", rows, rest);
    let (_, problems) = read(&File { name: "f", text: &text });
    shown(&problems, &[("f", &text)])
}

/// What is wrong with these files, all together.
fn files(texts: &[(&str, &str)], published: &[&Flow], strict: bool) -> Vec<String> {
    let files: Vec<File> = texts.iter().map(|(name, text)| File { name, text }).collect();
    shown(&check(&files, published, strict).problems, texts)
}

fn parsed(text: &str) -> Flow {
    let (flow, problems) = read(&File { name: "p", text });
    flow.unwrap_or_else(|| panic!("{problems:#?}"))
}

#[test]
fn sound_graphs() {
    for (rows, rest) in [
        (&["a|x|b", "b|y|c"][..], ""),
        (&["a|x|b", "b|back|a", "b|y|c", "*|note|c"], ""),
        (&["a|x|a", "a|y|b"], ""),
        (&["a|x|b|condition = 'owner != null'", "a|x|c|condition = 'owner == null'", "a|x|d"], ""),
        (&["a|x|b|condition = { owner = \"ann\" }", "a|x|c"], ""),
        (
            &["a|x|b", "b|reopen|a|by = [\"created_by\"]\nassign_to = \"created_by\""],
            "[[state]]\nname = \"b\"\nfinal = true",
        ),
        (&["a|x|b", "b|revise|b|by = [\"anyone\"]"], ""),
        (&["a|x|b", "b|y|c", "c|z|b"], "[[state]]\nname = \"b\"\nfinal = false\n[[state]]\nname = \"c\"\nfinal = true"),
    ] {
        let found = graph(rows, rest);
        // In the last one a row out of the final state is missing its `by` and `assign_to`.
        let allowed = if rest.contains("final = false") { 2 } else { 0 };
        assert_eq!(found.len(), allowed, "{rows:?} {found:#?}");
    }
}

#[test]
fn broken_graphs() {
    for (rows, rest, problem) in [
        (&["a|x|b", "a|x|c"][..], "", "f error [\"x\"] \"x\" out of \"a\" stands after a row that always applies"),
        (&["a|x|b", "a|y|c", "*|x|c"], "", "f error [\"x\"] \"x\" out of \"a\" stands after a row that always applies"),
        (
            &["a|x|b|condition = {}", "a|x|c"],
            "",
            "f error [\"x\"] \"x\" out of \"a\" stands after a row that always applies",
        ),
        (&["a|x|b", "c|y|b"], "", "f error [\"c\"] the state \"c\" cannot be reached from \"a\""),
        (&["a|x|b", "b|y|a"], "", "f error [\"a\"] no state is final: an item could never be closed"),
        (&["a|x|b", "a|y|d", "b|x|c", "c|y|b"], "", "f error [\"b\"] no final state can be reached from \"b\""),
        (
            &["a|x|b", "a|y|c"],
            "[[state]]\nname = \"b\"\nfinal = true",
            "f error [\"c\"] nothing leads out of \"c\", and it is not final",
        ),
        (
            &["a|x|b", "a|y|c", "*|z|b"],
            "[[state]]\nname = \"b\"\nfinal = true",
            "f error [\"c\"] nothing leads out of \"c\", and it is not final",
        ),
        (
            &["a|x|b"],
            "[[state]]\nname = \"b\"\nfinal = false",
            "f error [\"b\"] nothing leads out of \"b\", and it is not final",
        ),
        (
            &["a|x|b", "b|revise|b"],
            "",
            "f error [\"revise\"] nobody but administrators could press \"revise\": \"b\" is final",
        ),
        (
            &["a|x|b", "b|reopen|a|by = [\"owner\"]"],
            "[[state]]\nname = \"b\"\nfinal = true",
            "f error [\"reopen\"] \"reopen\" leads out of \"b\", which is final, but to nobody",
        ),
        (&["a|x|b|assign_to = \"owner\""], "", "f warning [\"owner\"] \"b\" is final: nobody holds an item there"),
        (&["*|x|b", "a|y|b"], "", "f error [\"x\"] the first row's source is \"*\": it names no first state"),
    ] {
        let found = graph(rows, rest);
        let skipped = usize::from(rows.len() == 4);
        assert_eq!(found.len() - skipped, 1, "{rows:?} {found:#?}");
        assert_eq!(found[0], problem);
    }
}

const ITEMS: &str = r#"
[[field]]
key = "summary"
type = "text"
required = true
[[field]]
key = "note"
type = "text"
[[field]]
key = "amount"
type = "number"
[[field]]
key = "level"
type = "choice"
choices = ["a", "b"]
[[field]]
key = "link"
type = "item"
flow = "to"
"#;

fn from(copy: &str) -> String {
    let open = format!("a|open|a|create = {{ flow = \"to\", link = \"link\", copy = {{ {copy} }} }}");
    flow("from", ITEMS, &[&open, "a|x|b"], "")
}

fn to() -> String {
    let fields = r#"
[[field]]
key = "title"
type = "text"
required = true
[[field]]
key = "size"
type = "number"
[[field]]
key = "grade"
type = "choice"
choices = ["b", "c"]
[[field]]
key = "other"
type = "choice"
choices = ["d"]
"#;
    flow("to", fields, &["a|x|b"], "")
}

#[test]
fn what_a_row_opens() {
    let to = to();
    for (copy, problems) in [
        ("title = \"summary\", size = \"amount\", grade = \"level\"", &[][..]),
        ("title = \"summary\", grade = \"note\"", &[]),
        ("title = \"note\"", &["from warning [\"note\"] \"to\" requires \"title\", which this may leave empty"]),
        ("", &["from warning [\"to\"] \"to\" requires \"title\", which this may leave empty"]),
        ("title = \"summary\", sise = \"amount\"", &["from error [sise] the flow \"to\" has no field \"sise\""]),
        (
            "title = \"summary\", current_state = \"note\"",
            &["from error [current_state] the flow \"to\" has no field \"current_state\""],
        ),
        (
            "title = \"summary\", size = \"note\"",
            &["from error [\"note\"] \"size\" of \"to\" can never take \"note\": it holds number, not text"],
        ),
        (
            "title = \"summary\", other = \"level\"",
            &["from error [\"level\"] \"other\" of \"to\" can never take \"level\": they have no word in common"],
        ),
    ] {
        let from = from(copy);
        assert_eq!(files(&[("from", &from), ("to", &to)], &[], true), problems, "{copy}");
        // The same of a flow that is published.
        assert_eq!(files(&[("from", &from)], &[&parsed(&to)], true), problems, "{copy}");
    }
}

#[test]
fn flows_that_are_not_there() {
    let from = from("title = \"summary\"");
    let lax = files(&[("from", &from)], &[], false);
    assert_eq!(lax, ["from warning [\"to\"] the flow \"to\" is not among the files"; 2]);
    let strict = files(&[("from", &from)], &[], true);
    assert_eq!(strict, ["from error [\"to\"] the flow \"to\" is neither among the files nor published"; 2]);
    assert!(check(&[File { name: "from", text: &from }], &[], false).flows[0].is_some());
    assert!(check(&[File { name: "from", text: &from }], &[], true).flows[0].is_none());
}

#[test]
fn keys_and_prefixes_of_two() {
    let (one, two) = (flow("one", "", &["a|x|b"], ""), flow("two", "item_prefix = \"one\"", &["a|x|b"], ""));
    assert_eq!(files(&[("1", &one), ("2", &one)], &[], false), ["2 error [\"one\"] 1 has the key \"one\" already"]);
    assert_eq!(files(&[("1", &one), ("2", &two)], &[], false), ["2 error [\"one\"] 1 names its items \"one\" already"]);
    let published = parsed(&one);
    let problem = "2 error [\"one\"] the published flow \"one\" names its items \"one\" already";
    assert_eq!(files(&[("2", &two)], &[&published], false), [problem]);
    assert_eq!(files(&[("1", &one)], &[&published], false), [""; 0], "a new version of itself");
}

#[test]
fn published_flows_stay_good() {
    let published = parsed(&from("title = \"summary\", size = \"amount\""));
    let to = to();
    assert_eq!(files(&[("to", &to)], &[&published], true), [""; 0]);
    let gone = to.replace("key = \"size\"", "key = \"width\"");
    let problem = "to error [\"to\"] this would break the published flow \"from\", which copies into \"size\", a field that is gone";
    assert_eq!(files(&[("to", &gone)], &[&published], true), [problem]);
    let other = to.replace("type = \"number\"", "type = \"date\"");
    let problem = "to error [\"date\"] this would break the published flow \"from\", which copies \"amount\" into \"size\": it holds date, not number";
    assert_eq!(files(&[("to", &other)], &[&published], true), [problem]);
}

#[test]
fn new_versions() {
    let old = parsed(&to());
    let found = |text: &str, has_items| {
        shown(&compatible(&[&old], &File { name: "n", text }, has_items, false), &[("n", text)])
    };
    assert_eq!(found(&to(), true), [""; 0]);
    let date = to().replace("type = \"number\"", "type = \"date\"");
    let problem = "n error [\"date\"] \"size\" was number in the published version and would be date";
    assert_eq!(found(&date, false), [problem]);
    let problem_of_date = problem;
    let several =
        to().replace("type = \"choice\"\nchoices = [\"d\"]", "type = \"choice\"\nmultiple = true\nchoices = [\"d\"]");
    let problem = "n error [\"choice\"] \"other\" was choice in the published version and would be multiple choice";
    assert_eq!(found(&several, false), [problem]);
    let prefix = to().replace("name = \"to\"", "name = \"to\"\nitem_prefix = \"t\"");
    assert_eq!(found(&prefix, false), [""; 0]);
    assert_eq!(found(&prefix, true), ["n error [\"t\"] items are named to_1 already"]);
    let gone = to().replace("key = \"size\"", "key = \"width\"");
    assert_eq!(found(&gone, true), [""; 0], "a field may go");
    let file = File { name: "n", text: &date };
    let let_be = shown(&compatible(&[&old], &file, true, true), &[("n", &date)]);
    assert_eq!(let_be, ["n warning [\"date\"] \"size\" was number in the published version and would be date"]);
    assert!(compatible(&[&old], &file, true, true).iter().all(tells_retyped));
    let gone = parsed(&gone);
    let again = compatible(&[&gone, &old], &file, true, false);
    assert_eq!(shown(&again, &[("n", &date)]), [problem_of_date], "it was there before");
}

#[test]
fn each_type_that_a_key_had_stands_apart() {
    let first = parsed(&to());
    let mut second = parsed(&to().replace("type = \"number\"", "type = \"date\""));
    settle_types(&[&first], &mut second);
    let generation = |flow: &Flow| flow.fields["size"].generation;
    assert_eq!((generation(&first), generation(&second)), (0, 1));
    let several =
        to().replace("type = \"choice\"\nchoices = [\"d\"]", "type = \"choice\"\nmultiple = true\nchoices = [\"d\"]");
    let mut third = parsed(&several);
    settle_types(&[&second, &first], &mut third);
    assert_eq!((generation(&third), third.fields["other"].generation), (0, 1), "a number again");
    let mut fourth = parsed(&to().replace("type = \"number\"", "type = \"bool\""));
    settle_types(&[&third, &second, &first], &mut fourth);
    assert_eq!((generation(&fourth), fourth.fields["other"].generation), (2, 0));
}

#[test]
fn problems_as_people_read_them() {
    let text = "key = \"a\"\n\tname = { 问题级别 = \"事古\" } # 结束\n";
    let at = text.find("\"事古\"").unwrap();
    let problem = Problem {
        severity: Severity::Error,
        file: "flows/a.toml".to_owned(),
        span: at..at + "\"事古\"".len(),
        message: said!("\"{}\" does not offer \"{}\"", "level", "事古"),
        help: said!("did you mean \"{}\"?", "事故"),
    };
    assert_eq!(line_column(text, at), (2, 18));
    let expected = [
        "flows/a.toml:2:18: error: \"level\" does not offer \"事古\"",
        "2 |     name = { 问题级别 = \"事古\" } # 结束",
        "  |                         ^^^^^^",
        "  = help: did you mean \"事故\"?",
        "",
    ];
    assert_eq!(render(&problem, text), expected.join("\n"));
    let end = Problem { span: text.len()..text.len(), severity: Severity::Warning, ..problem };
    assert!(
        render(&end, text).starts_with("flows/a.toml:3:1: warning: \"level\" does not offer \"事古\"\n3 | \n  | ^\n")
    );
}
