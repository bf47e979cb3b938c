use proptest::prelude::*;

use super::{File, read};
use crate::{Choices, Flow, Holder, Kind, Preset, Severity, Value, Who, line_column};

const EXAMPLE: &str = include_str!("tests/example.toml");

/// A small flow; `more` is put at its end.
fn small(more: &str) -> String {
    format!(
        r#"key = "small"
name = "小"

[[field]]
key = "summary"
type = "text"

[[field]]
key = "level"
type = "choice"
choices = ["low", "high"]

[[field]]
key = "owner"
type = "user"

[[transition]]
source = "open"
trigger = "close"
dest = "closed"
{more}"#
    )
}

fn flow(text: &str) -> Flow {
    let (flow, problems) = read(&File { name: "f.toml", text });
    flow.unwrap_or_else(|| panic!("{text}\n{problems:#?}"))
}

/// `line:column severity [marked text] message`, one line a problem.
fn problems(text: &str) -> Vec<String> {
    let (_, problems) = read(&File { name: "f.toml", text });
    let one = |problem: &crate::Problem| {
        let (line, column) = line_column(text, problem.span.start);
        let marked = text[problem.span.clone()].lines().next().unwrap_or_default();
        format!("{line}:{column} {} [{marked}] {}", problem.severity.word(), problem.message)
    };
    problems.iter().map(one).collect()
}

/// The small flow with `more` has exactly this problem; the place is left out.
fn check(more: &str, problem: &str) {
    let found = problems(&small(more));
    let cut: Vec<&str> = found.iter().map(|found| found.split_once(' ').unwrap().1).collect();
    assert_eq!(cut, [problem], "{more}");
}

/// The small flow with `more` is sound.
fn sound(more: &str) -> Flow {
    let text = small(more);
    assert_eq!(problems(&text), [""; 0], "{more}");
    flow(&text)
}

fn field(lines: &str) -> String {
    format!("[[field]]\nkey = \"x\"\n{lines}\n")
}

#[test]
fn the_example_of_the_contract() {
    let (flow, problems) = read(&File { name: "issue_track.toml", text: EXAMPLE });
    assert_eq!(problems, []);
    let flow = flow.unwrap();
    assert_eq!((flow.key.as_str(), flow.name.as_str()), ("issue_track", "网上问题处理"));
    assert_eq!((flow.item_id(3).as_str(), flow.title.as_deref()), ("question_3", Some("summary")));
    assert_eq!(flow.initial, "维护人员处理");
    let states: Vec<&str> = flow.states.keys().map(String::as_str).collect();
    assert_eq!(states, ["维护人员处理", "维护代表审核", "SE分析改进", "关闭"]);
    let finals: Vec<bool> = flow.states.values().map(|state| state.is_final).collect();
    assert_eq!(finals, [false, false, false, true]);
    assert_eq!(flow.columns, ["summary", "current_state", "assigned_to", "created_by"]);
    assert_eq!(flow.fields.len(), 13);
    assert_eq!(flow.fields["issue_processor"].default, Some(Preset::CreatedBy));
    let detail = "【问题现象】：\n【问题影响】：\n【客户诉求】：\n【客户态度】：";
    assert_eq!(flow.fields["detail"].default, Some(Preset::Value(Value::Text(detail.to_owned()))));
    let Kind::Choice(Choices::Cascade { parent, under }) = &flow.fields["class_2"].kind else { panic!() };
    assert_eq!(
        (parent.as_str(), under.keys().collect::<Vec<_>>().as_slice()),
        ("class_1", &["硬件", "软件", "配置"].map(str::to_owned).each_ref()[..])
    );
    assert_eq!(flow.transitions[0].assign_to, Holder::CreatedBy);
    assert_eq!(flow.transitions[4].assign_to, Holder::Same);
    assert!(flow.transitions[2].back);
    assert_eq!(flow.transitions[2].by, [Who::AssignedTo]);
}

#[test]
fn ten_mistakes_are_ten_messages() {
    let text = EXAMPLE
        .replace("max_length = 200", "max_lenght = 200")
        .replace("type = \"textarea\"\nmax_length = 5000\nrows = 5\nhint", "type = \"textaera\"\nrows = 5\nhint")
        .replace("default = \"一般问题\"", "default = \"一般\"")
        .replace("\"结构\", \"误操作\", \"配置\"]", "\"结构\", \"误操作\"]")
        .replace("key = \"customer_type\"", "key = \"current_state\"")
        .replace("assign_to = \"issue_checker\"", "assign_to = \"issue_cheker\"")
        .replace("dest = \"关闭\"", "dest = \"关闭\"\ncondition = 'issue_level == \"事古\"'\ncomment = \"must\"")
        .replace("back = true", "back = \"yes\"")
        .replace("item_prefix = \"question\"", "item_prefix = \"问题\"");
    let expected = [
        "3:15 error [\"问题\"] \"问题\" cannot be a prefix",
        "10:1 error [max_lenght] [[field]] has no key \"max_lenght\"",
        "30:8 error [\"textaera\"] there is no type \"textaera\"",
        "39:11 error [\"一般\"] \"issue_level\" does not offer \"一般\"",
        "42:7 error [\"current_state\"] every flow has \"current_state\" already",
        "58:55 error [\"配置\"] \"class_1\" does not offer \"配置\"",
        "107:13 error [\"issue_cheker\"] there is no user field \"issue_cheker\"",
        "114:8 error [\"yes\"] \"back\" must be true or false, but this is a text",
        "126:29 error [\"事古\"] \"issue_level\" does not offer \"事古\"",
        "127:11 error [\"must\"] \"comment\" cannot be \"must\"",
    ];
    assert_eq!(problems(&text), expected);
}

#[test]
fn any_toml_form_is_the_same() {
    let tables = r#"
key = "a"
name = "A"
[[field]]
key = "level"
type = "choice"
choices = ["x", "y"]
[[transition]]
source = "s"
trigger = "t"
dest = "d"
[transition.create]
flow = "b"
link = "l"
[transition.create.copy]
p = "level"
[[field]]
key = "l"
type = "item"
[[state]]
name = "s"
readonly = ["level"]
[list]
columns = ["level"]
"#;
    let inline = r#"
name = "A"
"key" = 'a'
list.columns = ["level"]
state = [{ name = "s", readonly = ["level"] }]
field = [
  { key = "level", type = "choice", choices = ["x", "y"] },
  { key = "l", type = "item" },
]
transition = [{ source = ["s"], trigger = "t", dest = "d", create = { flow = "b", link = "l", copy.p = "level" } }]
"#;
    assert_eq!(format!("{:?}", flow(tables)), format!("{:?}", flow(inline)));
}

#[test]
fn top_level() {
    let cases = [
        ("key = \"small\"", "key = \"Small\"", "\"Small\" cannot be a key"),
        ("key = \"small\"", "key = \"x\u{e9}\"", "\"xé\" cannot be a key"),
        ("key = \"small\"\n", "", "a flow has no \"key\""),
        ("key = \"small\"", "key = 3", "\"key\" must be a text, but this is a whole number"),
        ("name = \"小\"\n", "", "a flow has no \"name\""),
        ("name = \"小\"", "name = \" \"", "\"name\" is empty"),
        ("name = \"小\"", "name = \"a\\nb\"", "\"name\" has a line break"),
        ("name = \"小\"", "name = \"a\"\nnmae = \"b\"", "a flow has no key \"nmae\""),
        ("name = \"小\"", "name = \"a\"\ntitle = \"level\"", "the title \"level\" is no text field"),
        ("name = \"小\"", "name = \"a\"\ntitle = \"sumary\"", "there is no field \"sumary\""),
        ("name = \"小\"", "name = \"a\"\ninitial = \"opne\"", "no transition names the state \"opne\""),
        ("name = \"小\"", "name = \"a\"\nlist.columns = [\"levle\"]", "there is no field \"levle\" for a column"),
        ("name = \"小\"", "name = \"a\"\nview.by = [\"ann\"]", "there is no user field \"ann\""),
        ("name = \"小\"", "name = \"a\"\nview.by = [\"level\"]", "\"level\" is no user field"),
        ("name = \"小\"", "name = \"a\"\nview.bye = [\"owner\"]", "[view] has no key \"bye\""),
        ("name = \"小\"", "name = \"a\"\ncreate.by = [\"owner\"]", "\"owner\" cannot create"),
        ("name = \"小\"", "name = \"a\"\ncreate.assign_to = \"assigned_to\"", "a new item is assigned to nobody yet"),
        ("name = \"小\"", "name = \"a\"\ncreate.assign_to = \"group:x\"", "a group cannot hold an item"),
        ("name = \"小\"", "name = \"a\"\nview = 3", "\"view\" must be a table, but this is a whole number"),
        (
            "name = \"小\"",
            "name = \"a\"\nstate = { name = \"open\" }",
            "\"state\" must be a list of tables, but this is a table",
        ),
    ];
    for (old, new, message) in cases {
        let found = problems(&small("").replacen(old, new, 1));
        assert!(found.len() == 1 && found[0].ends_with(message), "{new}: {found:#?}");
    }
    let flow =
        flow(&small("[create]\nby = \"group:维护\"\nassign_to = \"owner\"\n[view]\nby = [\"owner\", \"user:ann\"]"));
    assert_eq!(flow.create.by, [Who::Group("维护".to_owned())]);
    assert_eq!(flow.create.assign_to, Holder::Field("owner".to_owned()));
    assert_eq!(flow.view, [Who::Field("owner".to_owned()), Who::User("ann".to_owned())]);
    assert_eq!(flow.item_prefix, "small");
}

#[test]
fn keys_of_fields() {
    let check = |key: &str, problem: &str| check(&format!("[[field]]\nkey = \"{key}\"\ntype = \"date\""), problem);
    check("summary", "error [\"summary\"] there is a field \"summary\" already");
    check("assigned_to", "error [\"assigned_to\"] every flow has \"assigned_to\" already");
    check("today", "error [\"today\"] \"today\" is a word of conditions and queries");
    check("X", "error [\"X\"] \"X\" cannot be a key");
    check("9x", "error [\"9x\"] \"9x\" cannot be a key");
    check("", "error [\"\"] \"\" cannot be a key");
    let long = "a".repeat(41);
    check(&long, &format!("error [\"{long}\"] \"{long}\" cannot be a key"));
    sound(&format!("[[field]]\nkey = \"{}\"\ntype = \"date\"", "a".repeat(40)));
}

#[test]
fn keys_that_a_type_does_not_have() {
    for (lines, problem) in [
        ("type = \"text\"\nchoices = [\"a\"]", "error [choices] \"choices\" is for choice, not for text"),
        ("type = \"date\"\nmultiple = true", "error [multiple] \"multiple\" is for choice, user, item, not for date"),
        ("type = \"textarea\"\npattern = \"x\"", "error [pattern] \"pattern\" is for text, not for textarea"),
        ("type = \"text\"\nmin = 1", "error [min] \"min\" is for number, not for text"),
        ("type = \"url\"\nflow = \"b\"", "error [flow] \"flow\" is for item, not for url"),
        ("type = \"url\"\nmax_length = 9", "warning [max_length] \"max_length\" is for text, textarea, not for url"),
        ("type = \"text\"\nwidth = \"9\"", "error [\"9\"] \"width\" must be a whole number, but this is a text"),
        ("type = \"text\"\nmax_length = 0", "error [0] \"max_length\" must be from 1 to 1000000"),
        ("type = \"text\"\nrequired = 1", "error [1] \"required\" must be true or false, but this is a whole number"),
        ("type = \"number\"\nmin = 3\nmax = 2", "error [2] max 2 is less than min 3"),
        (
            "type = \"number\"\nmin = 1234567890123456",
            "error [1234567890123456] \"min\" must be a number of at most 15 digits",
        ),
        (
            "type = \"number\"\ndecimals = 0\nmin = 0.2\nmax = 0.8",
            "error [0] no number of 0 decimals is from 0.2 to 0.8",
        ),
        ("type = \"number\"\ndecimals = 16", "error [16] \"decimals\" must be from 0 to 15"),
        ("type = \"text\"\npattern = \"(\"", "error [\"(\"] this pattern does not compile"),
        ("type = \"text\"\npattern = \"a)(b\"", "error [\"a)(b\"] this pattern does not compile"),
        ("type = \"item\"\nflow = \"A B\"", "error [\"A B\"] \"A B\" is no key of a flow"),
        ("type = \"choice\"", "error [[[field]]] the choice \"x\" has no \"choices\""),
        ("type = \"choice\"\nchoices = []", "error [[]] \"x\" offers no word"),
        ("type = \"choice\"\nchoices = [\"\", \"a\"]", "error [\"\"] an empty word cannot be chosen"),
        ("type = \"choice\"\nchoices = [\"a\", \"a\"]", "warning [\"a\"] \"a\" is offered twice"),
        (
            "type = \"choice\"\nchoices = [1]",
            "error [1] \"choices\" must be a list of texts, but this is a whole number",
        ),
        (
            "type = \"choice\"\nchoices = { a = [\"b\"] }",
            "error [{ a = [\"b\"] }] a table of choices needs a \"parent\"",
        ),
        (
            "type = \"choice\"\nparent = \"level\"\nchoices = [\"b\"]",
            "error [[\"b\"]] under a parent the choices are a table",
        ),
        (
            "type = \"choice\"\nparent = \"level\"\nchoices = { lwo = [\"b\"] }",
            "error [lwo] \"level\" does not offer \"lwo\"",
        ),
        (
            "type = \"choice\"\nparent = \"level\"\nchoices = { low = \"b\" }",
            "error [\"b\"] the choices under \"low\" must be a list, but this is a text",
        ),
        (
            "type = \"choice\"\nparent = \"owner\"\nchoices = { low = [\"b\"] }",
            "error [\"owner\"] the parent \"owner\" is no choice",
        ),
        (
            "type = \"choice\"\nparent = \"later\"\nchoices = { low = [\"b\"] }",
            "error [\"later\"] there is no field \"later\" before \"x\"",
        ),
        ("label = \"a\\nb\"\ntype = \"text\"", "error [\"a\\nb\"] \"label\" has a line break"),
        ("help = \"a\\u0000b\"\ntype = \"text\"", "error [\"a\\u0000b\"] \"help\" has the character U+0000"),
    ] {
        check(&field(lines), problem);
    }
}

#[test]
fn defaults() {
    let preset = |lines: &str| sound(&field(lines)).fields["x"].default.clone();
    let text = |text: &str| Some(Preset::Value(Value::Text(text.to_owned())));
    assert_eq!(preset("type = \"text\"\nmax_length = 2\ndefault = \"单板\""), text("单板"));
    assert_eq!(preset("type = \"text\"\npattern = 'a|b\\d'\ndefault = \"b1\""), text("b1"));
    assert_eq!(preset("type = \"textarea\"\ndefault = \"a\\r\\nb\""), text("a\nb"));
    assert_eq!(preset("type = \"choice\"\nchoices = [\"a\", \"b\"]\ndefault = \"b\""), text("b"));
    assert_eq!(preset("type = \"user\"\ndefault = \"user:李雷\""), text("李雷"));
    assert_eq!(preset("type = \"url\"\ndefault = \"https://例子.cn/a?b\""), text("https://例子.cn/a?b"));
    assert_eq!(preset("type = \"item\"\nflow = \"b\"\ndefault = \"b/3\""), text("b/3"));
    assert_eq!(preset("type = \"date\"\ndefault = \"today\""), Some(Preset::Today));
    assert_eq!(
        preset("type = \"date\"\ndefault = 2026-12-01"),
        Some(Preset::Value(Value::Date("2026-12-01".parse().unwrap())))
    );
    assert_eq!(preset("type = \"date\"\ndefault = \"2026-12-01\""), preset("type = \"date\"\ndefault = 2026-12-01"));
    assert_eq!(preset("type = \"datetime\"\ndefault = \"now\""), Some(Preset::Now));
    let moment = Some(Preset::Value(Value::Instant("2026-12-01T01:00:00Z".parse().unwrap())));
    assert_eq!(preset("type = \"datetime\"\ndefault = 2026-12-01T09:00:00+08:00"), moment);
    assert_eq!(preset("type = \"datetime\"\ndefault = \"2026-12-01T09:00:00+08:00\""), moment);
    assert!(matches!(preset("type = \"datetime\"\ndefault = 2026-12-01T09:00"), Some(Preset::Local(_))));
    assert_eq!(preset("type = \"bool\"\ndefault = true"), Some(Preset::Value(Value::Bool(true))));
    assert_eq!(preset("type = \"number\"\ndefault = 0x10"), Some(Preset::Value(Value::Number(16.0))));
    assert_eq!(
        preset("type = \"number\"\ndecimals = 2\ndefault = 1_000.500"),
        Some(Preset::Value(Value::Number(1000.5)))
    );
    let list = |words: &[&str]| Some(Preset::Value(Value::List(words.iter().map(|&word| word.to_owned()).collect())));
    assert_eq!(
        preset("type = \"choice\"\nmultiple = true\nchoices = [\"a\", \"b\"]\ndefault = [\"b\", \"a\", \"b\"]"),
        list(&["b", "a"])
    );
    assert_eq!(preset("type = \"user\"\nmultiple = true\ndefault = [\"user:ann\"]"), list(&["ann"]));
    assert_eq!(preset("type = \"user\"\nmultiple = true\ndefault = [\"created_by\"]"), Some(Preset::CreatedBy));
    let both = Preset::List(vec![Preset::CreatedBy, text("ann").unwrap()]);
    assert_eq!(preset("type = \"user\"\nmultiple = true\ndefault = [\"created_by\", \"user:ann\"]"), Some(both));
    assert_eq!(preset("type = \"text\"\ndefault = \"\""), Some(Preset::Value(Value::Empty)));
}

#[test]
fn defaults_that_the_field_would_refuse() {
    for (lines, problem) in [
        (
            "type = \"text\"\nmax_length = 1\ndefault = \"单板\"",
            "error [\"单板\"] this has 2 characters, but \"x\" holds at most 1",
        ),
        ("type = \"text\"\ndefault = \"a\\nb\"", "error [\"a\\nb\"] \"x\" holds one line, but this has several"),
        (
            "type = \"text\"\npattern = \"b\"\ndefault = \"abc\"",
            "error [\"abc\"] this does not match the pattern of \"x\"",
        ),
        ("type = \"text\"\ndefault = 3", "error [3] \"x\" does not hold a whole number"),
        ("type = \"choice\"\nchoices = [\"a\"]\ndefault = \"b\"", "error [\"b\"] \"x\" does not offer \"b\""),
        ("type = \"choice\"\nchoices = [\"a\"]\ndefault = \"\"", "error [\"\"] \"x\" does not offer \"\""),
        ("type = \"user\"\ndefault = \"ann\"", "error [\"ann\"] \"x\" is a user, but this is \"ann\""),
        ("type = \"user\"\ndefault = \"actor\"", "error [\"actor\"] \"x\" is a user, but this is \"actor\""),
        ("type = \"user\"\ndefault = \"user:a b\"", "error [\"user:a b\"] \"a b\" is no name of a user"),
        ("type = \"number\"\ndefault = \"3\"", "error [\"3\"] \"x\" does not hold a text"),
        ("type = \"number\"\ndefault = nan", "error [nan] nan is no decimal number"),
        ("type = \"number\"\nmin = 1\ndefault = 0", "error [0] this is less than the min of \"x\""),
        ("type = \"number\"\nmax = 1\ndefault = 2", "error [2] this is more than the max of \"x\""),
        ("type = \"number\"\ndecimals = 0\ndefault = 2.5", "error [2.5] this has more decimals than \"x\" takes"),
        (
            "type = \"number\"\ndefault = 1234567890.123456",
            "error [1234567890.123456] this has more than 15 significant digits",
        ),
        ("type = \"date\"\ndefault = \"2026-02-30\"", "error [\"2026-02-30\"] \"2026-02-30\" is not a date"),
        (
            "type = \"date\"\ndefault = 2026-02-03T00:00:00Z",
            "error [2026-02-03T00:00:00Z] \"2026-02-03T00:00:00Z\" is not a date",
        ),
        ("type = \"datetime\"\ndefault = \"tomorrow\"", "error [\"tomorrow\"] \"tomorrow\" is not a date and time"),
        ("type = \"datetime\"\ndefault = 3", "error [3] \"x\" does not hold a whole number"),
        ("type = \"bool\"\ndefault = \"true\"", "error [\"true\"] \"x\" does not hold a text"),
        ("type = \"url\"\ndefault = \"ftp://a\"", "error [\"ftp://a\"] \"ftp://a\" is no address"),
        ("type = \"item\"\ndefault = \"question_3\"", "error [\"question_3\"] \"question_3\" is no item"),
        ("type = \"item\"\nflow = \"b\"\ndefault = \"c/3\"", "error [\"c/3\"] this links to flow \"b\", not \"c\""),
        (
            "type = \"choice\"\nchoices = [\"a\"]\ndefault = [\"a\"]",
            "error [[\"a\"]] \"x\" holds one value, but this is a list",
        ),
        (
            "type = \"choice\"\nmultiple = true\nchoices = [\"a\"]\ndefault = \"a\"",
            "error [\"a\"] \"x\" holds several values, but this is a text",
        ),
        (
            "type = \"choice\"\nmultiple = true\nchoices = [\"a\"]\ndefault = [\"a\", \"b\"]",
            "error [\"b\"] \"x\" does not offer \"b\"",
        ),
        (
            "type = \"choice\"\nparent = \"level\"\nchoices = { low = [\"a\"] }\ndefault = \"a\"",
            "error [\"a\"] this default does not fit its parent \"level\" without a default of its own",
        ),
    ] {
        check(&field(lines), problem);
    }
    let cascade = |default: &str| {
        let text = small(&field(&format!(
            "type = \"choice\"\nparent = \"level\"\nchoices = {{ low = [\"a\"], high = [\"b\"] }}\ndefault = \"{default}\""
        )));
        problems(&text.replace("choices = [\"low\", \"high\"]", "choices = [\"low\", \"high\"]\ndefault = \"low\""))
    };
    assert_eq!(cascade("a"), [""; 0]);
    assert!(cascade("b")[0].ends_with("this default does not fit its parent \"level\" under \"low\""));
}

#[test]
fn rows() {
    let row = |lines: &str| format!("[[transition]]\nsource = \"open\"\ntrigger = \"t\"\ndest = \"closed\"\n{lines}\n");
    for (lines, problem) in [
        ("assign = \"owner\"", "error [assign] [[transition]] has no key \"assign\""),
        ("by = [\"level\"]", "error [\"level\"] \"level\" is no user field"),
        ("by = [\"group:\"]", "error [\"group:\"] \"\" is no name"),
        ("required = [\"levle\"]", "error [\"levle\"] there is no field \"levle\""),
        ("required = \"level\"", "error [\"level\"] \"required\" must be a list of texts, but this is a text"),
        ("set = { levle = \"low\" }", "error [levle] there is no field \"levle\""),
        ("set = { level = \"lwo\" }", "error [\"lwo\"] \"level\" does not offer \"lwo\""),
        ("set = { created_by = \"user:ann\" }", "error [created_by] \"created_by\" cannot be set"),
        ("set = { owner = \"ann\" }", "error [\"ann\"] \"owner\" is a user, but this is \"ann\""),
        ("comment = true", "error [true] \"comment\" must be a text, but this is true or false"),
        ("condition = 3", "error [3] \"condition\" must be an expression or a table, but this is a whole number"),
        ("condition = \"level == \\\"lwo\\\"\"", "error [\\\"lwo\\\"] \"level\" does not offer \"lwo\""),
        (
            "condition = '''\nlevel == 'low'\n&& level == 3'''",
            "error [level == 3] a choice cannot be compared with a number like this",
        ),
        ("condition = 'level = \"low\"'", "error [=] \"=\" is no operator"),
        ("condition = { level = \"lwo\" }", "error [\"lwo\"] \"level\" does not offer \"lwo\""),
        ("condition = { levle = \"low\" }", "error [levle] there is no field \"levle\""),
        ("condition = { level = [\"low\"] }", "error [[\"low\"]] \"level\" holds one value, but this is a list"),
        ("condition = { current_state = \"opne\" }", "error [\"opne\"] there is no state \"opne\""),
        ("condition = { created_at = \"today\" }", "error [created_at] \"created_at\" cannot be asked in a table"),
        ("condition = 'current_state == \"opne\"'", "error [\"opne\"] there is no state \"opne\""),
        ("create = { link = \"owner\" }", "error [{ link = \"owner\" }] create has no \"flow\""),
        ("create = { flow = \"b\", link = \"owner\" }", "error [\"owner\"] \"owner\" is no item field"),
        ("create = { flow = \"b\", link = \"nothing\" }", "error [\"nothing\"] there is no field \"nothing\""),
    ] {
        check(&row(lines), problem);
    }
    let item = field("type = \"item\"\nflow = \"b\"");
    check(
        &(item.clone() + &row("create = { flow = \"c\", link = \"x\" }")),
        "error [\"x\"] \"x\" links to flow \"b\", not to \"c\"",
    );
    check(
        &(item.clone() + &row("create = { flow = \"b\", link = \"x\", copy = { s = \"sumary\" } }")),
        "error [\"sumary\"] there is no field \"sumary\"",
    );
    let flow = sound(
        &(item
            + &row(
                "set = { level = \"\", owner = \"actor\" }\nby = [\"anyone\"]\ncondition = {}\ncreate = { flow = \"b\", link = \"x\", copy = { s = \"summary\" } }",
            )),
    );
    let last = flow.transitions.last().unwrap();
    assert_eq!(last.set["level"], Preset::Value(Value::Empty));
    assert_eq!(last.set["owner"], Preset::Actor);
    assert!(last.condition.is_none() && last.by == [Who::Anyone]);
    assert_eq!(last.create.as_ref().unwrap().copy["s"], "summary");
}

#[test]
fn the_table_form_of_a_condition() {
    let rows = |table: &str| {
        let date =
            "[[field]]\nkey = \"on\"\ntype = \"date\"\n[[field]]\nkey = \"team\"\ntype = \"user\"\nmultiple = true\n";
        format!("{date}[[transition]]\nsource = \"open\"\ntrigger = \"t\"\ndest = \"closed\"\ncondition = {table}\n")
    };
    let now: jiff::Timestamp = "2026-11-21T17:00:00Z".parse().unwrap();
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let fields = crate::Fields::from([
        ("level".to_owned(), Value::Text("high".to_owned())),
        ("owner".to_owned(), Value::Text("Ann".to_owned())),
        ("on".to_owned(), Value::Date("2026-11-22".parse().unwrap())),
        ("team".to_owned(), Value::List(vec!["Ann".to_owned()])),
    ]);
    let subject = crate::Subject {
        state: "open",
        assigned_to: &["Bob".to_owned()],
        created_by: "ann",
        created_at: now,
        updated_at: now,
        closed_at: None,
        fields: &fields,
        now,
        zone: &zone,
    };
    for (table, holds) in [
        ("{ level = \"high\" }", true),
        ("{ level = \"low\" }", false),
        ("{ level = \"high\", owner = \"ann\", summary = \"\" }", true),
        ("{ level = \"high\", owner = \"bob\" }", false),
        ("{ level = \"\" }", false),
        ("{ owner = \"user:ANN\" }", true),
        ("{ owner = \"created_by\", on = \"today\" }", true),
        ("{ on = 2026-11-22 }", true),
        ("{ on = 2026-11-23 }", false),
        ("{ team = [\"ann\"] }", true),
        ("{ team = \"created_by\" }", true),
        ("{ team = [] }", false),
        ("{ current_state = \"open\", created_by = \"Ann\", assigned_to = [\"user:bob\"] }", true),
        ("{ current_state = \"closed\" }", false),
    ] {
        let flow = sound(&rows(table));
        let condition = flow.transitions.last().unwrap().condition.as_ref().unwrap();
        assert_eq!(condition.holds(&subject), holds, "{table}");
        assert_eq!(condition.text, table);
    }
}

#[test]
fn ways() {
    let row = |source: &str, trigger: &str, dest: &str| {
        format!("[[transition]]\nsource = {source}\ntrigger = {trigger}\ndest = {dest}\n")
    };
    check(&row("\"\"", "\"t\"", "\"closed\""), "error [\"\"] \"source\" is empty");
    check(&row("\"open\"", "\" t\"", "\"closed\""), "error [\" t\"] \"trigger\" begins or ends with a blank");
    check(&row("[]", "\"t\"", "\"closed\""), "error [[]] this row has no source");
    check(&row("[\"open\", \"*\"]", "\"t\"", "\"closed\""), "error [\"*\"] \"*\" is no state");
    check(&row("[\"open\", \"open\"]", "\"t\"", "\"closed\""), "error [\"open\"] \"open\" is named twice");
    check(&row("\"open\"", "\"t\"", "\"*\""), "error [\"*\"] \"*\" is no state");
    check(
        "[[transition]]\ntrigger = \"t\"\ndest = \"closed\"",
        "error [[[transition]]] [[transition]] has no \"source\"",
    );
    check(
        "[[transition]]\nsource = \"open\"\ndest = \"closed\"",
        "error [[[transition]]] [[transition]] has no \"trigger\"",
    );
    check(&row("3", "\"t\"", "\"closed\""), "error [3] \"source\" must be a list of texts, but this is a whole number");
    let flow = sound(
        &(row("\"open\"", "\"go\"", "\"doing\"")
            + &row("\"doing\"", "\"end\"", "\"closed\"")
            + &row("\"*\"", "\"note\"", "\"closed\"")),
    );
    assert_eq!(flow.transitions.last().unwrap().sources, ["open", "doing"]);
}

#[test]
fn states() {
    for (lines, problem) in [
        ("name = \"opne\"", "error [\"opne\"] no transition names the state \"opne\""),
        ("readonly = []", "error [[[state]]] [[state]] has no \"name\""),
        ("name = \"open\"\nhidden = [\"sumary\"]", "error [\"sumary\"] there is no field \"sumary\""),
        ("name = \"open\"\nrequired = [\"assigned_to\"]", "error [\"assigned_to\"] there is no field \"assigned_to\""),
        ("name = \"open\"\ndue = \"3 days\"", "error [\"3 days\"] \"3 days\" is no duration"),
        ("name = \"open\"\n[[state]]\nname = \"open\"", "error [\"open\"] there is a [[state]] \"open\" already"),
        ("name = \"open\"\nfinal = \"yes\"", "error [\"yes\"] \"final\" must be true or false, but this is a text"),
    ] {
        check(&format!("[[state]]\n{lines}"), problem);
    }
    let flow = sound("[[state]]\nname = \"open\"\nreadonly = [\"level\"]\ndue = \"1d12h\"");
    assert_eq!(flow.states["open"].due_minutes, Some(36 * 60));
    assert!(flow.states["open"].readonly.contains("level"));
}

#[test]
fn syntax_errors_stand_at_their_place_beside_the_rest() {
    let text =
        small("comment = must\n[[field]]\nkey = \"y\"\ntype = \"textt\"\n").replace("name = \"小\"", "name = \"小");
    let found = problems(&text);
    let lines: Vec<&str> = found.iter().map(|found| found.split_once(':').unwrap().0).collect();
    assert_eq!(lines, ["2", "21", "24"], "{found:#?}");
    let twice = small("comment = \"none\"\ncomment = \"none\"");
    assert_eq!(problems(&twice).len(), 1);
    let header = "key = \"x\"\nname = \"甲\"\n[[field]\nkey = \"a\"\ntype = \"text\"\n";
    assert_eq!(problems(header).len(), 1, "{:?}", problems(header));
    assert_eq!(problems("").len(), 3, "{:?}", problems(""));
}

#[test]
fn line_breaks_of_windows() {
    let text = EXAMPLE.replace('\n', "\r\n");
    assert_eq!(format!("{:?}", flow(&text)), format!("{:?}", flow(EXAMPLE)));
}

#[test]
fn errors_leave_no_flow_and_warnings_do() {
    let (flow, problems) = read(&File { name: "f", text: &small(&field("type = \"url\"\nmax_length = 3")) });
    assert!(flow.is_some() && problems[0].severity == Severity::Warning);
    assert!(read(&File { name: "f", text: "key = 3" }).0.is_none());
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,80}|[\\[\\]{}=\"'.,\\n a-z0-9#\\\\]{0,120}") {
        let _ = problems(&text);
    }

    #[test]
    fn a_cut_file_is_answered(cut in 0..EXAMPLE.len()) {
        let _ = problems(&EXAMPLE[..EXAMPLE.floor_char_boundary(cut)]);
    }

    #[test]
    fn a_changed_file_is_answered(at in 0..EXAMPLE.len(), length in 0..40_usize, new in "\\PC{0,8}|[\\[\\]{}=\"'\\n\\\\*]{0,4}") {
        let start = EXAMPLE.floor_char_boundary(at);
        let stop = EXAMPLE.floor_char_boundary((at + length).min(EXAMPLE.len())).max(start);
        let _ = problems(&[&EXAMPLE[..start], &new, &EXAMPLE[stop..]].concat());
    }

    #[test]
    fn lines_in_any_order_are_answered(order in Just((0..EXAMPLE.lines().count()).collect::<Vec<_>>()).prop_shuffle()) {
        let lines: Vec<&str> = EXAMPLE.lines().collect();
        let text: Vec<&str> = order.into_iter().map(|line| lines[line]).collect();
        let _ = problems(&text.join("\n"));
    }
}
