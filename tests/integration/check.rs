//! What `flow check` finds: one mistake at a time in a sound flow, each at its place.

use std::fmt::Write as _;

use crate::harness::{run, stderr, stdout};

/// A sound flow; `#A` … mark where a mistake is put.
const SOUND: &str = r#"key = "t"
name = "流程"
title = "summary"
initial = "开"
#TOP

[[field]]
key = "summary"
type = "text"
max_length = 10
#TEXT

[[field]]
key = "kind"
type = "choice"
choices = ["甲", "乙"]
#CHOICE

[[field]]
key = "part"
type = "choice"
parent = "kind"
choices = { "甲" = ["一"], "乙" = ["二"] }
#CASCADE

[[field]]
key = "amount"
type = "number"
#NUMBER

[[field]]
key = "day"
type = "date"

[[field]]
key = "who"
type = "user"

[[field]]
key = "link"
type = "item"
#FIELD

[[state]]
name = "办"
#STATE

[[transition]]
source = "开"
trigger = "交"
dest = "办"
assign_to = "who"
#ROW

[[transition]]
source = "办"
trigger = "结"
dest = "完"

[[transition]]
source = "办"
trigger = "退"
dest = "开"
assign_to = "created_by"
#END
"#;

/// What is put where, and a part of the line that the message points at.
const ERRORS: [(&str, &str, &str); 67] = [
    ("#TOP", "nothing = 1", "nothing"),
    ("#TOP", "item_prefix = \"1x\"", "1x"),
    ("#TOP", "key = \"u\"", "key"),
    ("#TOP", "[create]\nby = [\"nobody\"]", "nobody"),
    ("#TOP", "[create]\nby = [\"who\"]", "who"),
    ("#TOP", "[create]\nassign_to = \"summary\"", "summary"),
    ("#TOP", "[create]\nnothing = 1", "nothing"),
    ("#TOP", "[view]\nby = [\"who\", \"kind\"]", "kind"),
    ("#TOP", "[list]\ncolumns = [\"summary\", \"nothing\"]", "nothing"),
    ("#TOP", "[list]\nnothing = 1", "nothing"),
    ("#TEXT", "nothing = 1", "nothing"),
    ("#TEXT", "requird = true", "requird"),
    ("#TEXT", "required = \"yes\"", "yes"),
    ("#TEXT", "default = \"超过了十个字的默认值不行\"", "默认值"),
    ("#TEXT", "default = 5", "5"),
    ("#TEXT", "pattern = \"(\"", "("),
    ("#TEXT", "pattern = \"[0-9]+\"\ndefault = \"abc\"", "abc"),
    ("#TEXT", "min = 5", "min"),
    ("#TEXT", "multiple = true", "multiple"),
    ("#TEXT", "choices = [\"甲\"]", "choices"),
    ("#TEXT", "width = -1", "-1"),
    ("#TEXT", "width = \"宽\"", "宽"),
    ("#CHOICE", "default = \"丙\"", "丙"),
    ("#CHOICE", "default = [\"甲\"]", "甲"),
    ("#CASCADE", "default = \"三\"", "三"),
    ("#CASCADE", "multiple = \"no\"", "no"),
    ("#NUMBER", "min = 2\nmax = 1", "m"),
    ("#NUMBER", "decimals = 1\ndefault = 1.25", "1.25"),
    ("#NUMBER", "max = 5\ndefault = 6", "6"),
    ("#NUMBER", "default = 1234567890.1234567", "1234567890"),
    ("#FIELD", "flow = \"Not A Key\"", "Not A Key"),
    ("#FIELD", "[[field]]\nkey = \"summary\"\ntype = \"text\"", "summary"),
    ("#FIELD", "[[field]]\nkey = \"assigned_to\"\ntype = \"user\"", "assigned_to"),
    ("#FIELD", "[[field]]\nkey = \"today\"\ntype = \"date\"", "today"),
    ("#FIELD", "[[field]]\nkey = \"大写\"\ntype = \"text\"", "大写"),
    ("#FIELD", "[[field]]\nkey = \"x\"", "[[field]]"),
    ("#FIELD", "[[field]]\ntype = \"text\"", "[[field]]"),
    ("#FIELD", "[[field]]\nkey = \"x\"\ntype = \"choice\"", "[[field]]"),
    ("#FIELD", "[[field]]\nkey = \"x\"\ntype = \"choice\"\nchoices = []", "[]"),
    ("#FIELD", "[[field]]\nkey = \"x\"\ntype = \"choice\"\nparent = \"nothing\"\nchoices = { a = [\"b\"] }", "nothing"),
    ("#FIELD", "[[field]]\nkey = \"x\"\ntype = \"choice\"\nparent = \"kind\"\nchoices = { \"丙\" = [\"b\"] }", "丙"),
    ("#FIELD", "[[field]]\nkey = \"x\"\ntype = \"user\"\ndefault = \"ann\"", "ann"),
    ("#FIELD", "[[field]]\nkey = \"x\"\ntype = \"date\"\ndefault = \"2026-02-30\"", "2026-02-30"),
    ("#STATE", "readonly = [\"nothing\"]", "nothing"),
    ("#STATE", "due = \"3 days\"", "3 days"),
    ("#STATE", "nothing = 1", "nothing"),
    ("#STATE", "[[state]]\nname = \"没有\"", "没有"),
    ("#STATE", "[[state]]\nname = \"办\"", "办"),
    (
        "#STATE",
        "[[state]]\nname = \"完\"\nfinal = true\n[[transition]]\nsource = \"开\"\ntrigger = \"悬\"\ndest = \"悬\"",
        "悬",
    ),
    ("#ROW", "nothing = 1", "nothing"),
    ("#ROW", "comment = \"maybe\"", "maybe"),
    ("#ROW", "by = [\"kind\"]", "kind"),
    ("#ROW", "required = [\"nothing\"]", "nothing"),
    ("#ROW", "set = { nothing = 1 }", "nothing"),
    ("#ROW", "set = { kind = \"丙\" }", "丙"),
    ("#ROW", "condition = \"amount >\"", "amount >"),
    ("#ROW", "condition = \"amount == 'x'\"", "amount"),
    ("#ROW", "condition = \"nothing == 1\"", "nothing"),
    ("#ROW", "condition = 'kind == \"丙\"'", "丙"),
    ("#ROW", "condition = \"amount\"", "amount"),
    ("#ROW", "condition = { nothing = 1 }", "nothing"),
    ("#ROW", "condition = { kind = \"丙\" }", "丙"),
    ("#ROW", "create = { flow = \"u\", link = \"summary\" }", "summary"),
    ("#ROW", "create = { flow = \"u\", link = \"link\", copy = { title = \"nothing\" } }", "nothing"),
    ("#END", "[[transition]]\nsource = \"办\"\ntrigger = \"退\"\ndest = \"完\"", "退"),
    ("#END", "[[transition]]\nsource = \"孤\"\ntrigger = \"走\"\ndest = \"完\"", "孤"),
    (
        "#END",
        "[[transition]]\nsource = \"开\"\ntrigger = \"转\"\ndest = \"圈\"\n[[transition]]\nsource = \"圈\"\ntrigger = \"转\"\ndest = \"圈\"",
        "转",
    ),
];

/// A sound flow, so put: no error may be found.
const FINE: [(&str, &str); 26] = [
    ("#TOP", "item_prefix = \"Q-1\""),
    ("#TOP", "[create]\nby = [\"group:维护\", \"user:ann\"]\nassign_to = \"who\""),
    ("#TOP", "[view]\nby = [\"created_by\", \"assigned_to\", \"who\", \"group:x\"]"),
    ("#TOP", "[list]\ncolumns = [\"summary\", \"current_state\", \"created_at\", \"amount\"]"),
    ("#TEXT", "pattern = \"[a-z]{3}\"\ndefault = \"abc\""),
    ("#TEXT", "required = true\nhint = \"x\"\nhelp = \"y\"\nwidth = 79\nlabel = \"概要\""),
    ("#CHOICE", "default = \"甲\"\nrequired = true"),
    ("#NUMBER", "min = 0\nmax = 10\ndecimals = 2\ndefault = 1.25"),
    ("#NUMBER", "readonly = true\ndefault = 0"),
    ("#FIELD", "[[field]]\nkey = \"x\"\ntype = \"choice\"\nparent = \"part\"\nchoices = { \"一\" = [\"甲\"] }"),
    ("#FIELD", "[[field]]\nkey = \"x\"\ntype = \"user\"\nmultiple = true\ndefault = [\"created_by\", \"user:ann\"]"),
    ("#FIELD", "[[field]]\nkey = \"x\"\ntype = \"datetime\"\ndefault = \"now\""),
    ("#FIELD", "[[field]]\nkey = \"x\"\ntype = \"date\"\ndefault = \"today\"\nhidden = true"),
    ("#FIELD", "[[field]]\nkey = \"x\"\ntype = \"url\"\n[[field]]\nkey = \"y\"\ntype = \"bool\"\ndefault = true"),
    ("#STATE", "due = \"1d12h\"\nreadonly = [\"summary\"]\nhidden = [\"amount\"]\nrequired = [\"day\"]"),
    ("#STATE", "[[state]]\nname = \"完\"\nfinal = true"),
    ("#ROW", "condition = 'kind == \"甲\" && amount >= 100 || day < date(\"2026-12-01\") && size(summary) > 2'"),
    ("#ROW", "condition = { kind = \"甲\", amount = 5 }\nunmet = \"不行\""),
    ("#ROW", "condition = 'current_state == \"开\" && \"ann\" in assigned_to && created_by != who && today > day'"),
    ("#ROW", "set = { kind = \"乙\", part = \"二\", day = \"today\", who = \"actor\", amount = 1 }"),
    (
        "#ROW",
        "by = [\"assigned_to\", \"created_by\", \"who\", \"user:ann\", \"group:x\", \"anyone\"]\ncomment = \"required\"\nback = true",
    ),
    ("#ROW", "required = [\"summary\", \"amount\"]"),
    ("#END", "[[transition]]\nsource = [\"开\", \"办\"]\ntrigger = \"取消\"\ndest = \"完\""),
    ("#END", "[[transition]]\nsource = \"*\"\ntrigger = \"作废\"\ndest = \"完\""),
    (
        "#END",
        "[[state]]\nname = \"完\"\nfinal = true\n[[transition]]\nsource = \"完\"\ntrigger = \"重开\"\ndest = \"开\"\nby = [\"created_by\"]\nassign_to = \"created_by\"",
    ),
    (
        "#END",
        "[[transition]]\nsource = \"开\"\ntrigger = \"分\"\ndest = \"完\"\ncondition = { kind = \"甲\" }\n[[transition]]\nsource = \"开\"\ntrigger = \"分\"\ndest = \"办\"",
    ),
];

/// The flow with this put at its place; its first line.
fn put(at: &str, what: &str) -> (String, usize) {
    // A table's header ends the top of the file: tables go to the end.
    let at = if at == "#TOP" && what.starts_with('[') { "#END" } else { at };
    let text = SOUND.replace(at, what);
    let first = text[..text.rfind(what).unwrap()].lines().count() + 1;
    (text, first)
}

#[test]
fn each_mistake_is_found_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut missed = String::new();
    for (n, (at, what, part)) in ERRORS.iter().enumerate() {
        let (text, first) = put(at, what);
        let path = folder.path().join(format!("{n}.toml"));
        std::fs::write(&path, &text).unwrap();
        let output = run(&["flow", "check", path.to_str().unwrap()], "");
        let said = stderr(&output);
        let lines: Vec<usize> = said
            .lines()
            .filter_map(|line| {
                line.strip_prefix(path.to_str().unwrap())?
                    .strip_prefix(':')?
                    .split_once(": error: ")
                    .map(|(place, _)| place)
            })
            .filter_map(|place| place.split(':').next()?.parse().ok())
            .collect();
        let points = lines.iter().any(|line| text.lines().nth(line - 1).is_some_and(|line| line.contains(part)));
        let near = lines.iter().any(|line| (first.saturating_sub(8)..first + 12).contains(line) || *line == 1);
        if output.status.code() != Some(1) || !points || !near || !said.contains("help: ") {
            let _ = writeln!(missed, "{at} {what:?}: {:?}\n{said}", output.status.code());
        }
    }
    assert!(missed.is_empty(), "{missed}");
}

#[test]
fn what_is_sound_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mut refused = String::new();
    for (n, (at, what)) in FINE.iter().enumerate() {
        let path = folder.path().join(format!("{n}.toml"));
        std::fs::write(&path, put(at, what).0).unwrap();
        let output = run(&["flow", "check", path.to_str().unwrap()], "");
        if output.status.code() != Some(0) {
            let _ = writeln!(refused, "{at} {what:?}: {}", stderr(&output));
        }
    }
    assert!(refused.is_empty(), "{refused}");
}

#[test]
fn warnings_are_said_and_do_not_refuse() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("#FIELD", "flow = \"elsewhere\"", "elsewhere"),
        (
            "#END",
            "[[transition]]\nsource = \"开\"\ntrigger = \"直结\"\ndest = \"完\"\nassign_to = \"who\"",
            "assign_to",
        ),
        ("#ROW", "create = { flow = \"elsewhere\", link = \"link\" }", "elsewhere"),
    ];
    for (at, what, part) in cases {
        let path = folder.path().join("t.toml");
        std::fs::write(&path, put(at, what).0).unwrap();
        let output = run(&["flow", "check", path.to_str().unwrap()], "");
        let said = stderr(&output) + &stdout(&output);
        assert_eq!(output.status.code(), Some(0), "{what}: {said}");
        assert!(said.contains(": warning: ") && said.contains(part), "{what}: {said}");
    }
}
