//! `flow migrate`: running items go on under a newer version of their flow, and back.

use std::process::{Command, Stdio};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Installation, Server, User, button, program, records, stderr, stdout};

const FIRST: &str = r#"key = "t"
name = "流程"

[[field]]
key = "summary"
type = "text"

[[field]]
key = "level"
type = "choice"
choices = ["一般", "严重"]

[[field]]
key = "amount_text"
label = "数量"
type = "text"

[[field]]
key = "obsolete"
type = "text"

[[transition]]
source = "开"
trigger = "提交"
dest = "审"

[[transition]]
source = "审"
trigger = "通过"
dest = "完"

[[transition]]
source = "审"
trigger = "退"
dest = "开"
"#;

/// A state and a word renamed, a field of another type under another key, one that is gone, one that is newly asked for.
pub(crate) fn second() -> String {
    FIRST
        .replace("\"审\"", "\"复审\"")
        .replace("\"一般\"", "\"一般问题\"")
        .replace(
            "key = \"amount_text\"\nlabel = \"数量\"\ntype = \"text\"",
            "key = \"amount\"\nlabel = \"数量\"\ntype = \"number\"",
        )
        .replace("key = \"obsolete\"\ntype = \"text\"", "key = \"reason\"\ntype = \"text\"\nrequired = true")
}

const MAP: &str = r#"[states]
"审" = "复审"
[fields]
amount_text = "amount"
obsolete = ""
[words.level]
"一般" = "一般问题"
[words.amount]
"约十" = "10"
[values]
reason = "迁移前未填"
"#;

fn publish(server: &Server, text: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.toml");
    std::fs::write(&file, text).unwrap();
    server.done(&["flow", "apply", file.to_str().unwrap()], "");
}

fn map(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("map.toml");
    std::fs::write(&file, text).unwrap();
    let name = file.to_str().unwrap().to_owned();
    (folder, name)
}

fn last(user: &User, item: &Value) -> Value {
    user.history(item).last().unwrap().clone()
}

#[test]
fn running_items_go_on_under_a_newer_version_and_back() {
    let server = Server::with_flow(FIRST);
    let engineer = server.user("engineer");
    let fields = json!({"summary": "甲", "level": "一般", "amount_text": "约十", "obsolete": "旧"});
    let open = engineer.create("t", &fields);
    let moved = engineer.create("t", &json!({"summary": "乙", "amount_text": "7.5"}));
    let moved = engineer.pressed(&moved, "提交", &json!({}));
    let closed = engineer.create("t", &json!({"summary": "丙"}));
    let closed = engineer.pressed(&closed, "提交", &json!({}));
    let closed = engineer.pressed(&closed, "通过", &json!({}));
    publish(&server, &second());

    let refused = server.run(&["flow", "migrate", "t"], "");
    assert_eq!(refused.status.code(), Some(1), "{}", stdout(&refused));
    let said = stderr(&refused);
    for what in
        ["\"obsolete\" is gone", "\"amount\" cannot hold \"约十\"", "\"reason\" is required", "2 would be stranded"]
    {
        assert!(said.contains(what), "{what}: {said}");
    }
    assert_eq!(engineer.again(&open), open, "nothing was changed");

    let (_kept, file) = map(MAP);
    let tried = server.done(&["flow", "migrate", "t", "--map", &file, "--dry-run"], "");
    assert!(tried.contains("version 1 审 -> 复审") && tried.contains("2  in all, to version 2"), "{tried}");
    assert_eq!(engineer.again(&open), open, "only tried");
    assert_eq!(server.done(&["flow", "migrate", "t", "--map", &file], ""), "migrated 2 items\n");
    assert_eq!(server.done(&["flow", "migrate", "t"], ""), "migrated 0 items\n", "again");

    let now = engineer.again(&open);
    assert_eq!((&now["flow_version"], &now["state"]), (&json!(2), &json!("开")));
    let fields = &now["fields"];
    assert_eq!(
        (&fields["level"], &fields["amount"], &fields["reason"]),
        (&json!("一般问题"), &json!(10), &json!("迁移前未填"))
    );
    assert_eq!((fields.get("obsolete"), fields.get("amount_text")), (None, None));
    let event = last(&engineer, &open);
    assert_eq!((&event["kind"], &event["by_admin"]), (&json!("migrated"), &json!(true)));
    assert_eq!(event["changes"]["@version"], json!([1, 2]));
    assert_eq!(event["changes"]["obsolete"], json!(["旧", null]), "what was dropped stands in the history");
    let after = engineer.again(&moved);
    assert_eq!((&after["state"], &after["fields"]["amount"]), (&json!("复审"), &json!(7.5)));
    assert_eq!(engineer.again(&closed), closed, "what is closed keeps its version");

    // Whoever was at work on it is told, and can go on.
    let typed = json!({"revision": open["revision"], "fields": {"summary": "打了一半"}});
    let typed = engineer.patch(&crate::harness::path_of(&open), &typed);
    assert_eq!(typed.refused(409), "stale_revision");
    assert_eq!(button(&after, "通过")["allowed"], json!(true));

    // Back: exactly, and where somebody has gone on since, by the map.
    let touched = engineer.saved(&now, &json!({"summary": "甲二"}));
    assert_eq!(server.done(&["flow", "migrate", "t", "--undo"], ""), "taken back 2 items\n");
    let back = engineer.again(&moved);
    assert_eq!(
        (&back["state"], &back["fields"], &back["flow_version"]),
        (&moved["state"], &moved["fields"], &json!(1))
    );
    let back = engineer.again(&touched);
    let fields = json!({"summary": "甲二", "level": "一般", "amount_text": "约十", "obsolete": "旧"});
    assert_eq!(back["fields"], fields, "what was typed since, and what stood before");
    engineer.pressed(&engineer.again(&moved), "通过", &json!({}));
    let none = server.run(&["flow", "migrate", "t", "--undo"], "");
    assert!(stderr(&none).contains("can be taken back"), "{}", stderr(&none));
}

#[test]
fn what_would_have_no_holder_is_told_and_may_be_given_one() {
    let server = Server::with_flow(FIRST);
    let engineer = server.user("engineer");
    let item = engineer.create("t", &json!({"summary": "甲"}));
    publish(&server, &second());
    server.done(&["user", "disable", "engineer"], "");
    let (_kept, file) = map(MAP);
    let refused = server.run(&["flow", "migrate", "t", "--map", &file], "");
    assert!(stderr(&refused).contains("1 x nobody active would hold it"), "{}", stderr(&refused));
    let (_kept, file) = map(&format!("{MAP}[holders]\n\"开\" = \"delegate\"\n"));
    server.done(&["flow", "migrate", "t", "--map", &file], "");
    let item = server.user("delegate").again(&item);
    assert_eq!((&item["assigned_to"], &item["flow_version"]), (&json!(["delegate"]), &json!(2)));
}

/// As many as a team has after years, in two states, with words and a number that change. On PostgreSQL a tenth: each item's
/// statements go to a server there, and it would take two minutes to show the same.
#[test]
fn a_migration_of_a_hundred_thousand_that_is_killed_is_run_again_with_the_same_map() {
    let items: usize = if records::server().is_some() { 10_000 } else { 100_000 };
    let at = Installation::with_flows(&[("t.toml", FIRST)]);
    let folder = tempfile::tempdir().unwrap();
    let state = |at: usize| if at.is_multiple_of(2) { "审" } else { "开" };
    let rows: String = (0..items).map(|at| format!("第{at}个,一般,{at},{}\n", state(at))).collect();
    let file = folder.path().join("many.csv");
    std::fs::write(&file, format!("summary,level,amount_text,current_state\n{rows}")).unwrap();
    at.done(&["import", "t", file.to_str().unwrap()], "");
    at.apply(&[("t.toml", &second())]);
    let (_kept, file) = map(MAP);
    let mut command = Command::new(program());
    command.args(["flow", "migrate", "t", "--map", &file, "--data", at.data().to_str().unwrap()]);
    if let Some(url) = records::database(at.data()) {
        command.env("TASKSTEPER_DATABASE", url);
    }
    let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let server = at.serve();
    let admin = server.user("admin");
    let count = |query: &str| {
        let answer = admin.get(&format!("/flows/t/stats?q={}", crate::harness::encoded(query)));
        answer.expect(StatusCode::OK)["total"].as_u64().unwrap()
    };
    let all = items as u64;
    // Only once some have gone along is it in the middle.
    let first = i64::try_from(items / 5).unwrap();
    while admin.item("t", first)["flow_version"] != json!(2) && running.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    running.kill().unwrap();
    running.wait().unwrap();
    let moved = count("amount>=0");
    assert!((all / 5..all).contains(&moved), "{moved}");
    // Whoever works on an item meanwhile goes on under the rules that it has.
    for number in [1, 5 * first - 1] {
        let pressed = admin.pressed(&admin.item("t", number), "通过", &json!({}));
        assert_eq!(pressed["state"], "完");
    }
    let said = server.done(&["flow", "migrate", "t"], "");
    let rest = all - moved - 1;
    assert_eq!(said, format!("migrated {rest} items\n"), "what was done stays done; the map was kept");
    let found = ["level=一般问题", "amount>=0", "state=复审", "state=开", "state=审"].map(count);
    assert_eq!(found, [all - 1, all - 1, all / 2 - 2, all / 2, 0]);
    for number in [2, first, 3 * first] {
        let events = admin.history(&admin.item("t", number));
        assert_eq!(events.iter().filter(|event| event["kind"] == "migrated").count(), 1, "none goes twice");
    }
}

/// One key, a text that becomes a number.
#[test]
fn a_field_may_change_its_type_by_a_migration() {
    let retyped = FIRST.replace("label = \"数量\"\ntype = \"text\"", "label = \"数量\"\ntype = \"number\"");
    let server = Server::with_flow(FIRST);
    let engineer = server.user("engineer");
    let open = engineer.create("t", &json!({"summary": "甲", "amount_text": "约十"}));
    let other = engineer.create("t", &json!({"summary": "乙", "amount_text": "7.5"}));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.toml");
    std::fs::write(&file, &retyped).unwrap();
    let file = file.to_str().unwrap();
    let refused = stderr(&server.run(&["flow", "apply", file], ""));
    let told = "\"amount_text\" was text in the published version and would be number";
    assert!(refused.contains(&format!("error: {told}")) && refused.contains("--retype"), "{refused}");
    let done = server.run(&["flow", "apply", file, "--retype"], "");
    assert!(stderr(&done).contains(&format!("warning: {told}")), "{}", stderr(&done));

    let fresh = engineer.create("t", &json!({"summary": "丙", "amount_text": 3}));
    let edited = engineer.patch(
        &crate::harness::path_of(&open),
        &json!({"revision": open["revision"], "fields": {"amount_text": "约十二"}}),
    );
    assert_eq!(edited.expect(StatusCode::OK)["fields"]["amount_text"], "约十二", "it keeps its type until then");
    let numbers = |query: &str| -> Vec<Value> {
        let items = engineer.pages(&format!("/flows/t/items?q={}", crate::harness::encoded(query)), 50);
        items.iter().map(|item| item["number"].clone()).collect()
    };
    assert_eq!(numbers("amount_text>=1"), [json!(3)]);
    assert_eq!(numbers("amount_text="), [json!(2), json!(1)], "the others have no number yet");
    let refused = stderr(&server.run(&["flow", "migrate", "t"], ""));
    assert!(refused.contains("\"amount_text\" cannot hold \"约十二\""), "{refused}");
    let (_kept, map) = map("[words.amount_text]\n\"约十二\" = \"12\"\n");
    assert_eq!(server.done(&["flow", "migrate", "t", "--map", &map], ""), "migrated 2 items\n");
    assert_eq!(numbers("amount_text>5 amount_text<20"), [json!(2), json!(1)]);
    assert_eq!(last(&engineer, &open)["changes"]["amount_text"], json!(["约十二", 12]));
    let events = engineer.history(&open);
    let before = events.iter().find(|event| event["kind"] == "saved").unwrap();
    assert_eq!(before["changes"]["amount_text"], json!(["约十", "约十二"]), "the history says what stood there");
    assert_eq!(numbers("changed=amount_text"), [json!(2), json!(1)]);

    assert_eq!(server.done(&["flow", "migrate", "t", "--undo"], ""), "taken back 2 items\n");
    assert_eq!(engineer.again(&other)["fields"]["amount_text"], "7.5");
    assert_eq!(numbers("amount_text>=1"), [json!(3)]);
    // The type that it had before is no other one.
    std::fs::write(file, FIRST).unwrap();
    server.done(&["flow", "apply", file, "--retype"], "");
    assert_eq!(numbers("amount_text:7.5"), [json!(2)]);
    assert_eq!(server.done(&["flow", "migrate", "t"], ""), "migrated 3 items\n");
    assert_eq!(engineer.again(&fresh)["fields"]["amount_text"], "3");
    assert_eq!(numbers("amount_text=3"), [json!(3)]);
}

#[test]
fn the_page_tries_runs_and_takes_back_and_keeps_what_was_chosen() {
    let at = Installation::with_flows(&[("t.toml", FIRST)]);
    at.let_in(&["admin"]);
    let server = at.into_server();
    let engineer = server.user("engineer");
    let item = engineer.create("t", &json!({"summary": "甲", "level": "一般", "obsolete": "旧"}));
    publish(&server, &second());
    let admin = server.signed_in("admin", "pass-word-1");
    let path = "/admin/flows/t/migrate";
    let page = admin.page(path);
    assert_eq!(page.status, StatusCode::OK);
    for part in
        ["<svg", "name=\"fields:obsolete\"", "name=\"words:level:一般\"", "name=\"values:reason\"", "在办条目：1 个"]
    {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    let mut form = vec![
        ("states:审", "=复审"),
        ("fields:amount_text", "=amount"),
        ("words:level:一般", "=一般问题"),
        ("values:reason", "补 & 填"),
        ("do", "check"),
    ];
    let tried = admin.form(path, &form);
    assert_eq!(tried.status, StatusCode::UNPROCESSABLE_ENTITY);
    for part in ["字段“obsolete”已去掉但有内容", "href=\"/flow/t/1\"", "value=\"补 &#38; 填\""] {
        assert!(
            tried.text.contains(part) || tried.text.contains(&part.replace("&#38;", "&amp;")),
            "{part}: {}",
            tried.text
        );
    }
    assert!(!tried.text.contains("value=\"go\""), "nothing to press while one would be stranded");
    form[4].1 = "go";
    assert_eq!(admin.form(path, &form).status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(engineer.again(&item), item, "refused: nothing was changed");
    form.push(("fields:obsolete", "-"));
    form[4].1 = "check";
    let tried = admin.form(path, &form);
    assert_eq!(tried.status, StatusCode::OK, "{}", tried.text);
    assert!(tried.text.contains("执行：迁移 1 个"), "{}", tried.text);
    form[4].1 = "go";
    let done = admin.form(path, &form);
    assert!(done.text.contains("已迁移 1 个条目") && done.text.contains("撤销上次迁移"), "{}", done.text);
    let shown = admin.page("/flow/t/1");
    assert!(shown.text.contains("迁移到另一版本") && shown.text.contains("流程版本"), "{}", shown.text);
    assert_eq!(engineer.again(&item)["fields"]["reason"], "补 & 填");
    let back = admin.form(path, &[("do", "undo")]);
    assert!(back.text.contains("已退回 1 个条目"), "{}", back.text);
    assert_eq!(engineer.again(&item)["fields"], item["fields"]);
    let none = admin.form(path, &[("do", "undo")]);
    assert!(none.text.contains("没有可以撤销的迁移"), "{}", none.text);
    let bad = admin.form(path, &[("do", "check"), ("states:审", "=没有的")]);
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text.contains("新版本没有：states: 没有的"), "{}", bad.text);
}
