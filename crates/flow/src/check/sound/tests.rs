//! Planted defects, each with its place and words, and flows that have none.

use crate::{File, check, line_column};

/// A flow of these fields, rows (`source | trigger | dest | more`) and the rest, and what is said of it: line, column, gravity and
/// sentence.
fn said(fields: &str, rows: &[&str], rest: &str) -> Vec<String> {
    let mut text = format!("key = \"f\"\nname = \"f\"\nfield = [{fields}]\n");
    for row in rows {
        let mut parts = row.splitn(4, '|').map(str::trim);
        let mut part = || parts.next().unwrap_or_default();
        let (source, trigger, dest, more) = (part(), part(), part(), part());
        text += &format!("[[transition]]\nsource = \"{source}\"\ntrigger = \"{trigger}\"\ndest = \"{dest}\"\n{more}\n");
    }
    text += rest;
    let checked = check(&[File { name: "f", text: &text }], &[], false);
    let one = |problem: &crate::Problem| {
        let (line, _) = line_column(&text, problem.span.start);
        let marked = &text[problem.span.clone()];
        format!("{line} {} [{marked}] {}", problem.severity.word(), problem.message)
    };
    checked.problems.iter().map(one).collect()
}

const LEVEL: &str =
    "{ key = \"level\", label = \"问题级别\", type = \"choice\", choices = [\"一般\", \"事故\"], required = true }";
const CLASS: &str =
    "{ key = \"class\", label = \"问题大类\", type = \"choice\", choices = [\"软件\", \"结构\"], required = true }";

#[test]
fn the_flows_that_come_along_are_sound() {
    let files = ["issue_track", "buglist", "improvement", "review"];
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../flows/");
    let all: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let flows = all.iter().filter(|path| {
        let name = path.to_string_lossy();
        name.ends_with(".toml") && !name.ends_with(".test.toml")
    });
    let texts: Vec<(String, String)> =
        flows.map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap())).collect();
    assert_eq!(texts.len(), files.len());
    let files: Vec<File> = texts.iter().map(|(name, text)| File { name, text }).collect();
    let found: Vec<String> = check(&files, &[], true).problems.iter().map(|one| format!("{one:?}")).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn an_item_is_stranded() {
    let locked = "[[state]]\nname = \"b\"\nreadonly = [\"level\", \"class\"]\n";
    let rows = ["a|go|b", "b|x|c|condition = 'level == \"一般\"'", "b|y|c|condition = 'class == \"软件\"'"];
    let found = said(&format!("{LEVEL}, {CLASS}"), &rows, locked);
    assert_eq!(
        found,
        [
            "20 error [\"b\"] an item is stranded in \"b\" with 问题级别=事故, 问题大类=结构: no button can be pressed there, \
             whatever is filled in"
        ]
    );
}

#[test]
fn a_combination_without_a_button() {
    let rows = ["a|x|c|condition = 'level == \"一般\"'", "a|y|c|condition = 'class == \"软件\"'"];
    let found = said(&format!("{LEVEL}, {CLASS}"), &rows, "");
    assert_eq!(found, ["5 warning [\"a\"] in \"a\" no button stands in the form with 问题级别=事故, 问题大类=结构"]);
}

#[test]
fn rows_that_are_never_taken() {
    let level = LEVEL;
    for (rows, expected) in [
        (
            &["a|x|c|condition = 'level != null'", "a|x|c|condition = 'level == \"事故\"'", "a|x|c"][..],
            &[
                "13 warning ['level == \"事故\"'] \"x\" can never be taken: where its condition holds, a row before it is taken",
                "16 warning [\"x\"] \"x\" can never be taken: one of the rows before it always is",
            ][..],
        ),
        (
            &["a|x|c|condition = 'level == \"事故\" && level == \"一般\"'", "a|y|c"],
            &[
                "8 warning ['level == \"事故\" && level == \"一般\"'] the condition of \"x\" can never hold: level == \"事故\" && level == \"一般\"",
            ],
        ),
        (
            &["a|x|c|condition = 'level == \"事故\"'", "a|x|c|condition = 'level == \"一般\"'", "a|x|c"],
            &["16 warning [\"x\"] \"x\" can never be taken: one of the rows before it always is"],
        ),
    ] {
        assert_eq!(said(level, rows, ""), expected, "{rows:?}");
    }
}

/// The rows lead there, what they ask for does not: the first such state is told of, not what lies behind it.
#[test]
fn a_state_that_no_item_can_come_to() {
    let never = "condition = 'level == \"事故\" && level == \"一般\"'";
    let rows = [&format!("a|x|b|{never}"), "a|z|d", "b|y|c", "c|y|d"].map(str::to_owned);
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    assert_eq!(
        said(LEVEL, &rows, ""),
        [
            "7 error [\"b\"] no item can ever come to \"b\": the rows that lead to it can never be taken",
            "8 warning ['level == \"事故\" && level == \"一般\"'] the condition of \"x\" can never hold: level == \"事故\" && level == \"一般\"",
        ]
    );
    // two ways, of which one can be gone
    let rows = [&format!("a|x|b|{never}"), "a|z|b", "b|y|c"].map(str::to_owned);
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    assert_eq!(said(LEVEL, &rows, "").len(), 1);
}

#[test]
fn a_field_that_nobody_can_have_filled() {
    let owner = "{ key = \"owner\", type = \"user\", readonly = true }";
    for (fields, rows, rest, expected) in [
        (
            owner,
            &["a|x|b|assign_to = \"owner\"", "b|y|c"][..],
            "",
            "8 error [\"owner\"] \"x\" needs \"owner\", which nobody can ever have filled",
        ),
        (
            owner,
            &["a|x|b|required = [\"owner\"]", "b|y|c"],
            "",
            "8 error [\"owner\"] \"x\" needs \"owner\", which nobody can ever have filled",
        ),
        (
            owner,
            &["a|x|b", "b|y|c"],
            "[[state]]\nname = \"b\"\nrequired = [\"owner\"]\n",
            "15 error [\"b\"] \"b\" needs \"owner\", which nobody can ever have filled",
        ),
        (
            "{ key = \"owner\", type = \"user\" }",
            &["a|x|b", "b|y|c|required = [\"owner\"]", "c|z|d"],
            "[[state]]\nname = \"a\"\nhidden = [\"owner\"]\n[[state]]\nname = \"b\"\nreadonly = [\"owner\"]\n",
            "13 error [\"owner\"] \"y\" needs \"owner\", which nobody can have filled by then",
        ),
        (
            "{ key = \"owner\", type = \"user\", required = true }",
            &["a|x|b", "b|y|c"],
            "[[state]]\nname = \"a\"\nhidden = [\"owner\"]\n",
            "3 error [\"user\"] a new item needs \"owner\", which nobody can ever have filled: in \"a\" it is read-only or hidden",
        ),
        (
            owner,
            &["a|x|b", "b|y|c"],
            "[create]\nassign_to = \"owner\"\n",
            "15 error [\"owner\"] a new item needs \"owner\", which nobody can ever have filled: in \"a\" it is read-only or hidden",
        ),
    ] {
        assert_eq!(said(fields, rows, rest), [expected], "{rows:?}");
    }
}

/// Sixty states, three hundred rows, a hundred fields, conditions on most rows.
#[test]
fn a_large_flow() {
    let words = "[\"a\", \"b\", \"c\"]";
    let field = |at: usize| match at % 4 {
        0 => format!("{{ key = \"f{at}\", type = \"choice\", choices = {words}, required = true, default = \"a\" }}"),
        1 => format!("{{ key = \"f{at}\", type = \"bool\" }}"),
        2 => format!("{{ key = \"f{at}\", type = \"number\" }}"),
        _ => format!("{{ key = \"f{at}\", type = \"user\" }}"),
    };
    let fields = (0..100).map(field).collect::<Vec<_>>().join(", ");
    let (mut rows, mut rest) = (Vec::new(), String::new());
    for state in 0..59 {
        let (choice, flag) = (state % 25 * 4, state % 25 * 4 + 1);
        for (way, condition) in
            [format!("f{choice} == 'a'"), format!("f{choice} == 'b'"), format!("f{choice} == 'c' && f{flag}")]
                .iter()
                .enumerate()
        {
            let dest = (state + 1 + way).min(59);
            rows.push(format!("s{state}|w{way}|s{dest}|condition = \"{condition}\""));
        }
        rows.push(format!("s{state}|on|s{}|required = [\"f2\"]", state + 1));
        rows.push(format!("s{state}|back|s{}|back = true", state / 2));
        rest += &format!(
            "[[state]]\nname = \"s{state}\"\nreadonly = [\"f{}\", \"f{}\"]\n",
            state % 7 * 4,
            state % 11 * 4 + 1
        );
    }
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let found = said(&fields, &rows, &rest);
    assert!(found.iter().all(|one| !one.contains(" error ")), "{found:#?}");
    // Where all that is typed at first is locked from then on, there are too many combinations, and that is said.
    let all = (0..100).map(|at| format!("\"f{at}\"")).collect::<Vec<_>>().join(", ");
    let lock = |state: usize| format!("[[state]]\nname = \"s{state}\"\nreadonly = [{all}]\n");
    let found = said(&fields, &rows, &(1..59).map(lock).collect::<String>());
    let is_note = |one: &&String| one.contains(" note ") && one.contains("too many combinations");
    assert_eq!(found.iter().filter(is_note).count(), 1, "{found:#?}");
}
