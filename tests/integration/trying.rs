//! Scenarios beside flow files, and flows that are tried without any records: `flow test`, `flow try`, `flow apply`.

use std::{fs, path::Path};

use crate::harness::{Installation, run, stderr, stdout};

/// A flow with a bit of everything that a scenario can look at.
const FLOW: &str = r#"key = "t"
name = "小"

[[field]]
key = "summary"
label = "概要"
type = "text"
required = true

[[field]]
key = "amount"
type = "number"

[[field]]
key = "checker"
label = "审核人"
type = "user"

[[transition]]
source = "开"
trigger = "提交"
dest = "审"
assign_to = "checker"

[[transition]]
source = "审"
trigger = "通过"
dest = "完"
condition = "amount >= 10"
unmet = "金额太小"
by = ["assigned_to", "group:boss"]

[view]
by = ["created_by", "assigned_to", "group:boss"]
"#;

/// Its scenarios; each place that a test spoils stands once.
const SCENARIOS: &str = r#"[people]
ann = {}
ben = {}
carl = { groups = ["boss"] }
gone = { disabled = true }

[[scenario]]
name = "一路"

[[scenario.step]]
by = "ann"
create = { summary = "甲", amount = 12 }
state = "开"
holder = "ann"

[[scenario.step]]
by = "ann"
press = "提交"
refused = "invalid_fields"
at = "审核人"

[[scenario.step]]
by = "ann"
press = "提交"
fields = { checker = "gone" }
refused = "invalid_fields"

[[scenario.step]]
by = "ann"
press = "提交"
fields = { checker = "ben", amount = 3 }
values = { amount = 3, checker = "ben" }
holder = ["ben"]

[[scenario.step]]
by = "stranger"
press = "通过"
refused = "not_found"

[[scenario.step]]
by = "ben"
press = "通过"
refused = "unmet_condition"

[[scenario.step]]
by = "carl"
press = "通过"
fields = { amount = 10 }
comment = "好"
state = "完"
holder = []
buttons = []
"#;

fn beside(flow: &str, scenarios: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.toml"), flow).unwrap();
    fs::write(folder.path().join("t.test.toml"), scenarios).unwrap();
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_flows_that_come_along_do_what_their_scenarios_say() {
    let flows = concat!(env!("CARGO_MANIFEST_DIR"), "/../../flows");
    let output = run(&["flow", "test", flows], "");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for flow in ["issue_track", "improvement", "device_card", "buglist"] {
        assert!(stdout(&output).contains(&format!("{flow}.test.toml: ")), "{flow} has scenarios");
    }
}

#[test]
fn a_file_its_scenarios_and_their_folder_are_the_same_test() {
    let folder = beside(FLOW, SCENARIOS);
    for name in ["", "t.toml", "t.test.toml"] {
        let output = run(&["flow", "test", text(&folder.path().join(name))], "");
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        assert!(stdout(&output).ends_with("1 scenario, all as expected\n"), "{name}: {}", stdout(&output));
    }
}

#[test]
fn what_does_not_come_as_it_must_is_told_at_its_place() {
    for (good, bad, marked, words) in [
        ("state = \"开\"", "state = \"审\"", "\"审\"\nholder", "the item is in \"开\", not in \"审\""),
        ("state = \"开\"", "state = \"开了\"", "\"开了\"", "there is no state \"开了\""),
        (
            "holder = \"ann\"",
            "holder = \"ben\"",
            "\"ben\"\n\n[[scenario.step]]\nby = \"ann\"\npress = \"提交\"\nrefused",
            "the item is held by \"ann\"",
        ),
        ("holder = []", "holder = \"ann\"", "\"ann\"\nbuttons", "nobody holds the item"),
        (
            "refused = \"invalid_fields\"\nat",
            "refused = \"not_allowed\"\nat",
            "\"not_allowed\"",
            "refused otherwise: missing or wrong: \"审核人\"",
        ),
        (
            "at = \"审核人\"",
            "at = \"summary\"",
            "\"summary\"\n",
            "the refusal does not name \"summary\", but \"checker\"",
        ),
        (
            "checker = \"gone\"",
            "checker = \"ben\"",
            "\"invalid_fields\"\n\n[[scenario.step]]\nby = \"ann\"\npress = \"提交\"\nfields = { checker = \"ben\", amount",
            "this was not refused: the item is in \"审\" now",
        ),
        ("values = { amount = 3,", "values = { amount = 4,", "4, checker", "\"amount\" is 3, not 4"),
        ("values = { amount = 3,", "values = { amuont = 3,", "amuont", "there is no field \"amuont\""),
        (
            "press = \"通过\"\nrefused = \"not_found\"",
            "press = \"通过\"",
            "\"通过\"\n\n",
            "\"stranger\" may not see the item",
        ),
        (
            "press = \"通过\"\nrefused = \"unmet_condition\"",
            "press = \"通过\"",
            "\"通过\"\n\n",
            "no condition of \"通过\" holds",
        ),
        ("fields = { amount = 10 }", "", "\"通过\"\n\ncomment", "no condition of \"通过\" holds"),
        ("buttons = []", "buttons = [\"通过\"]", "[\"通过\"]", "\"carl\" sees no button"),
        (
            "press = \"提交\"\nrefused",
            "press = \"交\"\nrefused",
            "\"invalid_fields\"\nat",
            "\"开\" has no trigger \"交\"",
        ),
    ] {
        assert!(SCENARIOS.contains(good), "{good}");
        let spoiled = SCENARIOS.replacen(good, bad, 1);
        let before = &spoiled[..spoiled.find(marked).unwrap()];
        let column = before.lines().last().unwrap().chars().count() + 1;
        let place = format!("{}:{column}", before.lines().count());
        let folder = beside(FLOW, &spoiled);
        let output = run(&["flow", "test", text(folder.path())], "");
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{bad}");
        assert!(told.contains(words), "{bad}: {told}");
        assert!(told.contains(&format!("t.test.toml:{place}: error: ")), "{bad}: {told}");
        assert!(told.contains("1 of 1 scenario failed"), "{bad}: {told}");
    }
}

#[test]
fn what_is_no_file_of_scenarios_is_told_at_its_place() {
    for (good, bad, words) in [
        ("[people]", "[poeple]", "the file has no key \"poeple\""),
        ("carl = {", "carl = 3 #", "a person must be a table, but this is a whole number"),
        ("by = \"carl\"", "bye = \"carl\"", "[[scenario.step]] has no key \"bye\""),
        ("name = \"一路\"", "", "[[scenario]] has no \"name\""),
        ("refused = \"unmet_condition\"", "refused = \"unmet\"", "nothing is refused with \"unmet\""),
        ("press = \"提交\"\nrefused", "press = \"提交\"\nsave = {}\nrefused", "a step does one thing"),
        ("refused = \"invalid_fields\"\nat =", "at =", "\"at\" names the fields of a refusal"),
        ("state = \"开\"", "fields = { amount = 1 }", "\"fields\" goes with a press"),
        ("[[scenario]]", "[[scenario]", "this is no TOML"),
    ] {
        assert!(SCENARIOS.contains(good), "{good}");
        let folder = beside(FLOW, &SCENARIOS.replacen(good, bad, 1));
        for words_of in ["test", "check"] {
            let path = folder.path().join("t.test.toml");
            let output = run(&["flow", words_of, text(&path)], "");
            assert_eq!(output.status.code(), Some(1), "{bad}");
            assert!(stderr(&output).contains(words), "{bad}: {}", stderr(&output));
        }
    }
    let folder = beside(FLOW, SCENARIOS);
    fs::remove_file(folder.path().join("t.toml")).unwrap();
    let output = run(&["flow", "test", text(folder.path())], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("t.toml\", which is not among the files"), "{}", stderr(&output));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.toml"), FLOW).unwrap();
    for name in ["", "t.toml", "none.toml", "none.test.toml"] {
        let output = run(&["flow", "test", text(&folder.path().join(name))], "");
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(stderr(&output).starts_with("error: "), "{name}: {}", stderr(&output));
    }
}

#[test]
fn nothing_is_published_whose_scenarios_fail() {
    let at = Installation::empty();
    let folder = beside(FLOW, &SCENARIOS.replacen("state = \"完\"", "state = \"审\"", 1));
    fs::write(folder.path().join("a.toml"), FLOW.replace("\"t\"", "\"a\"")).unwrap();
    for path in [folder.path().to_owned(), folder.path().join("t.toml")] {
        let output = at.run(&["flow", "apply", text(&path)], "");
        assert_eq!(output.status.code(), Some(1));
        let told = stderr(&output);
        assert!(told.contains("t.test.toml:50:9: error: the item is in \"完\", not in \"审\""), "{told}");
        assert!(!at.done(&["flow", "list"], "").contains('小'), "all or none");
    }
    fs::write(folder.path().join("t.test.toml"), SCENARIOS).unwrap();
    assert!(at.done(&["flow", "apply", text(folder.path())], "").contains("published t version 1"));
}

#[test]
fn an_item_is_played_through_a_flow_at_the_prompt() {
    let folder = beside(FLOW, SCENARIOS);
    let path = folder.path().join("t.toml");
    let written = folder.path().join("written.test.toml");
    let commands = "set 概要=甲\nset amount=12\ncreate\nbuttons\nset checker=ben\npress 1\nas ben\nbuttons\n\
                    press 通过 -- 好\nhistory\nundo\nshow\npress 通过\nscenario\nquit\nnever read\n";
    let output = run(&["flow", "try", text(&path), "--as", "ann", "--write", text(&written)], commands);
    let shown = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for part in [
        "→ 开, held by ann",
        "1. 提交 → 审, asks for 审核人",
        "→ 审, held by ben",
        "1. 通过 → 完",
        "→ 完, held by nobody",
        "3. ben: 通过 → 完",
        "back in 审",
        "  amount (amount): 12",
        "[[scenario.step]]\nby = \"ben\"\npress = \"通过\"\nstate = \"完\"\nholder = []\n",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // what was tried is a scenario from then on
    fs::rename(&written, folder.path().join("t.test.toml")).unwrap();
    let output = run(&["flow", "test", text(folder.path())], "");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn what_the_prompt_does_not_understand_is_said() {
    let folder = beside(FLOW, SCENARIOS);
    let path = folder.path().join("t.toml");
    for (commands, words) in [
        ("fly\n", "\"fly\" is not understood"),
        ("set nothing=1\n", "there is no field \"nothing\"; there is summary, amount, checker"),
        ("save\n", "there is no item yet"),
        ("undo\n", "nothing was done yet"),
        ("create\n", "refused (invalid_fields): 概要: This must be filled"),
        ("set 概要=甲\ncreate\ncreate\n", "the item is there already"),
        ("set 概要=甲\ncreate\npress 7\n", "refused (wrong_state)"),
        ("set 概要=甲\nset checker=ben\ncreate\npress 1\nas ben\npress 1\n", "refused (unmet_condition): 金额太小"),
        ("set 概要=甲\ncreate\nas nobody\nsay 啊\n", "nobody may not see the item"),
    ] {
        let output = run(&["flow", "try", text(&path)], commands);
        assert_eq!(output.status.code(), Some(1), "{commands}");
        assert!(stderr(&output).contains(words), "{commands}: {}", stderr(&output));
    }
    fs::write(&path, FLOW.replace("dest = \"完\"", "dst = \"完\"")).unwrap();
    let output = run(&["flow", "try", text(&path)], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("there is nothing to try: "), "{}", stderr(&output));
}

/// What a page's form would send back.
fn hidden(page: &str, name: &str) -> String {
    let from = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("{name}: {page}"));
    from.split('"')
        .next()
        .unwrap()
        .replace("&#34;", "\"")
        .replace("&#38;", "&")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
}

#[test]
fn a_flow_is_tried_on_its_page_and_nothing_is_kept() {
    const PASSWORD: &str = "pass-word-1";
    let at = Installation::with_flows(&[("t.toml", FLOW)]);
    at.let_in(&["admin"]);
    let server = at.into_server();
    let admin = server.signed_in("admin", PASSWORD);
    assert!(admin.page("/admin/flows/t").text.contains("/admin/flows/t/try"), "the flow's page leads there");
    let mut page = admin.page("/admin/flows/t/try").text;
    let mut act = |who: &str, what: &str, fields: &[(&str, &str)]| {
        let deeds = hidden(&page, "try:deeds");
        let mut form = vec![("try:text", FLOW), ("try:deeds", &deeds), ("try:who", who), ("try:do", what)];
        form.extend_from_slice(fields);
        let answer = admin.form("/admin/try", &form);
        assert_eq!(answer.status, 200, "{}", answer.text);
        page.clone_from(&answer.text);
        answer.text
    };
    let refused = act("created_by", "create", &[("summary", ""), ("amount", "3")]);
    assert!(
        refused.contains("id=\"e-summary\"") && refused.contains("value=\"3\""),
        "said at its place, typed text kept"
    );
    let created = act("created_by", "create", &[("summary", "甲"), ("amount", "3")]);
    assert!(created.contains("value=\"press:提交\""), "the button of the state");
    let refused = act("created_by", "press:提交", &[("summary", "甲"), ("amount", "3"), ("checker", "")]);
    assert!(refused.contains("id=\"e-checker\""), "{refused}");
    let moved = act("created_by", "press:提交", &[("summary", "甲"), ("amount", "3"), ("checker", "checker")]);
    assert!(moved.contains("press = &#34;提交&#34;"), "written as a scenario: {moved}");
    assert!(act("created_by", "as:anyone", &[]).contains("看不到这个条目"), "who may not see it sees nothing");
    let seen = act("anyone", "as:checker", &[]);
    assert!(seen.contains("金额太小") && !seen.contains("value=\"press:通过\""), "why the button is not there");
    let closed = act("checker", "press:通过", &[("summary", "甲"), ("amount", "30"), ("checker", "checker")]);
    assert!(!closed.contains("value=\"press:"), "the end: {closed}");
    assert!(act("checker", "undo", &[]).contains("金额太小"), "one step back");
    assert!(act("checker", "again", &[]).contains("value=\"create\""), "from the beginning");
    assert!(act("nobody", "", &[("try:meet", "小王 boss")]).contains("小王"), "somebody more");
    let lost = admin.form("/admin/try", &[("try:text", FLOW), ("try:deeds", "[{\"by\":")]);
    assert!(lost.text.contains("读不出来") && lost.text.contains("创建"), "{}", lost.text);
    let broken = admin.form("/admin/try", &[("text", &FLOW.replace("dest = \"审\"", "dst = \"审\""))]);
    assert!(broken.text.contains("dst") && !broken.text.contains("try:do"), "{}", broken.text);
    assert!(!admin.page("/flow/t/all").text.contains("甲"), "nothing was kept");
}
