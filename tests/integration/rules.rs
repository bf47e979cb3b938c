//! The flow language's rules, over the API, with small flows.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Server, User, allowed, button, ids, path_of};

/// A server of a flow `t`, whose text begins after its key and name; and its users.
fn serve(rest: &str) -> (Server, [User; 4]) {
    let server = Server::with_flow(&flow("t", rest));
    let users = ["engineer", "delegate", "architect", "admin"].map(|name| server.user(name));
    (server, users)
}

fn flow(key: &str, rest: &str) -> String {
    format!("key = \"{key}\"\nname = \"流程 {key}\"\n{rest}")
}

fn named(answer: &crate::harness::Answer) -> Vec<(String, String)> {
    let mut errors = answer.field_errors();
    errors.sort();
    errors
}

fn one(field: &str, code: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), code.to_owned())]
}

// ---------------------------------------------------------------------------------------------- conditions

const AMOUNTS: &str = r#"
[[field]]
key = "amount"
type = "number"
[[field]]
key = "day"
type = "date"
[[field]]
key = "word"
type = "text"
[[field]]
key = "kind"
type = "choice"
choices = ["甲", "乙"]
[[field]]
key = "marks"
type = "choice"
choices = ["红", "绿"]
multiple = true
[[field]]
key = "yes"
type = "bool"
[[transition]]
source = "开"
trigger = "留"
dest = "开"
[[transition]]
source = "开"
trigger = "问"
dest = "完"
condition = "CONDITION"
"#;

#[test]
fn conditions_are_judged_on_what_is_submitted() {
    let cases: [(&str, &[Value], &[Value]); 12] = [
        ("amount >= 100", &[json!({"amount": 100}), json!({"amount": 100.5})], &[json!({"amount": 99}), json!({})]),
        ("amount == null", &[json!({})], &[json!({"amount": 0})]),
        ("!(amount < 100)", &[json!({"amount": 100})], &[json!({"amount": 1})]),
        ("amount * 2 + 1 == 1.2", &[json!({"amount": 0.1})], &[json!({"amount": 0.2})]),
        ("amount == 0.1 + 0.2", &[json!({"amount": 0.3})], &[json!({"amount": 0.31})]),
        ("day < date('2026-12-01')", &[json!({"day": "2026-11-30"})], &[json!({"day": "2026-12-01"}), json!({})]),
        ("word == '' || word.startsWith('a')", &[json!({}), json!({"word": "abc"})], &[json!({"word": "b"})]),
        ("size(word) > 2 && word.contains('🙂')", &[json!({"word": "a🙂b"})], &[json!({"word": "🙂b"})]),
        ("kind in ['甲', '乙']", &[json!({"kind": "乙"})], &[json!({})]),
        (
            "'红' in marks && size(marks) == 1",
            &[json!({"marks": ["红"]})],
            &[json!({"marks": ["红", "绿"]}), json!({})],
        ),
        (
            "yes ? kind == '甲' : amount > 0",
            &[json!({"yes": true, "kind": "甲"}), json!({"amount": 1})],
            &[json!({"kind": "甲"})],
        ),
        ("amount / 0 > 1 || kind == '甲'", &[json!({"amount": 5, "kind": "甲"})], &[json!({"amount": 5})]),
    ];
    let files: Vec<(String, String)> = cases
        .iter()
        .enumerate()
        .map(|(n, (condition, ..))| {
            (format!("c{n}.toml"), flow(&format!("c{n}"), &AMOUNTS.replace("CONDITION", condition)))
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let server = Server::with_flows(&files);
    let engineer = server.user("engineer");
    for (n, (condition, holds, fails)) in cases.iter().enumerate() {
        for (values, held) in holds.iter().map(|v| (v, true)).chain(fails.iter().map(|v| (v, false))) {
            let item = engineer.create(&format!("c{n}"), &json!({}));
            let answer = engineer.press(&item, "问", values);
            assert_eq!(answer.status == 200, held, "{condition} with {values}: {}", answer.text);
            if !held {
                assert_eq!(answer.refused(422), "unmet_condition", "{condition} with {values}");
                assert_eq!(engineer.again(&item)["revision"], 1);
            }
            let stored = engineer.create(&format!("c{n}"), values);
            assert_eq!(button(&stored, "问")["allowed"], held, "the button agrees: {condition} with {values}");
        }
    }
}

#[test]
fn what_was_stored_before_does_not_count() {
    let (_server, [engineer, ..]) = serve(&AMOUNTS.replace("CONDITION", "kind == '甲'"));
    let item = engineer.create("t", &json!({"kind": "甲"}));
    assert_eq!(engineer.press(&item, "问", &json!({"kind": "乙"})).refused(422), "unmet_condition");
    assert_eq!(engineer.again(&item)["fields"]["kind"], "甲");
    let other = engineer.create("t", &json!({"kind": "乙"}));
    assert_eq!(engineer.pressed(&other, "问", &json!({"kind": "甲"}))["state"], "完");
}

#[test]
fn the_first_row_whose_condition_holds_is_taken_and_the_last_is_otherwise() {
    let (_server, [engineer, ..]) = serve(
        r#"
[[field]]
key = "kind"
type = "choice"
choices = ["甲", "乙", "丙"]
[[transition]]
source = "开"
trigger = "走"
dest = "一"
condition = { kind = "甲" }
[[transition]]
source = "开"
trigger = "走"
dest = "二"
condition = 'kind != "丙"'
[[transition]]
source = "开"
trigger = "走"
dest = "三"
"#,
    );
    for (kind, dest) in [(json!("甲"), "一"), (json!("乙"), "二"), (json!("丙"), "三"), (json!(null), "二")] {
        let item = engineer.create("t", &json!({"kind": kind}));
        assert_eq!(item["triggers"], json!([{"trigger": "走", "dest": dest, "allowed": true}]), "{kind}");
        assert_eq!(engineer.pressed(&item, "走", &json!({}))["state"], dest);
    }
}

#[test]
fn a_row_is_not_taken_for_what_it_sets_itself() {
    let (_server, [engineer, ..]) = serve(
        r#"
[[field]]
key = "verdict"
type = "choice"
choices = ["通过", "不通过"]
readonly = true
[[field]]
key = "on"
type = "date"
readonly = true
[[field]]
key = "by_whom"
type = "user"
hidden = true
[[transition]]
source = "审"
trigger = "通过"
dest = "过"
set = { verdict = "通过", on = "today", by_whom = "actor" }
[[transition]]
source = "审"
trigger = "不通过"
dest = "退"
set = { verdict = "不通过" }
assign_to = "by_whom"
by = ["assigned_to"]
required = ["verdict"]
[[transition]]
source = "退"
trigger = "再来"
dest = "审"
set = { verdict = "通过" }
[[transition]]
source = "审"
trigger = "转"
dest = "审"
set = { by_whom = "actor" }
"#,
    );
    let item = engineer.create("t", &json!({}));
    let passed = engineer.pressed(&item, "通过", &json!({}));
    assert_eq!(passed["fields"]["verdict"], "通过");
    assert_eq!(passed["fields"]["by_whom"], "engineer");
    assert_eq!(passed["fields"]["on"].as_str().unwrap().len(), 10);
    let changes = &engineer.history(&passed)[1]["changes"];
    assert_eq!(changes["verdict"], json!([null, "通过"]));
    let item = engineer.create("t", &json!({}));
    for field in ["verdict", "by_whom"] {
        let value = if field == "verdict" { "不通过" } else { "delegate" };
        assert_eq!(named(&engineer.press(&item, "通过", &json!({field: value}))), one(field, "readonly"));
        assert_eq!(named(&engineer.save(&item, &json!({field: value}))), one(field, "readonly"));
    }
    assert_eq!(
        button(&item, "不通过")["allowed"],
        false,
        "nobody can fill the hidden holder's field: shown as what it is"
    );
    let item = engineer.pressed(&item, "转", &json!({}));
    assert_eq!(engineer.pressed(&item, "不通过", &json!({}))["state"], "退", "a row's set counts for what it requires");
}

// ---------------------------------------------------------------------------------------------- fields

const STATES: &str = r#"
[[field]]
key = "summary"
type = "text"
required = true
[[field]]
key = "plan"
type = "text"
[[field]]
key = "secret"
type = "text"
[[field]]
key = "result"
type = "text"
[[state]]
name = "审"
readonly = ["summary"]
hidden = ["secret"]
required = ["result"]
[[transition]]
source = "开"
trigger = "交"
dest = "审"
[[transition]]
source = "审"
trigger = "过"
dest = "完"
[[transition]]
source = "审"
trigger = "记"
dest = "审"
[[transition]]
source = "审"
trigger = "退"
dest = "开"
back = true
"#;

#[test]
fn a_state_makes_fields_readonly_hidden_and_required() {
    let (_server, [engineer, ..]) = serve(STATES);
    let item = engineer.create("t", &json!({"summary": "一", "secret": "密"}));
    let item = engineer.pressed(&item, "交", &json!({}));
    assert_eq!(named(&engineer.save(&item, &json!({"summary": "二"}))), one("summary", "readonly"));
    assert_eq!(named(&engineer.save(&item, &json!({"secret": "二"}))), one("secret", "readonly"));
    let both = engineer.save(&item, &json!({"summary": null, "secret": "x", "plan": "y"}));
    assert_eq!(
        named(&both),
        [("secret".to_owned(), "readonly".to_owned()), ("summary".to_owned(), "readonly".to_owned())]
    );
    assert_eq!(engineer.again(&item)["fields"]["plan"], json!(null), "refused whole");
    let same = engineer.saved(&item, &json!({"summary": "一", "secret": "密", "plan": "y"}));
    assert_eq!(same["fields"]["plan"], "y", "equal to what is stored is no write");
    assert_eq!(named(&engineer.press(&item, "过", &json!({}))), one("result", "required"));
    assert_eq!(button(&item, "过")["allowed"], true, "it is asked for when pressed");
    engineer.pressed(&item, "记", &json!({}));
    assert_eq!(named(&engineer.press(&item, "过", &json!({"result": " \t "}))), one("result", "required"));
    assert_eq!(engineer.pressed(&item, "过", &json!({"result": "好"}))["state"], "完");
}

#[test]
fn a_return_asks_for_nothing_but_its_own_and_empties_nothing() {
    let (_server, [engineer, ..]) = serve(STATES);
    let item = engineer.create("t", &json!({"summary": "一"}));
    let item = engineer.pressed(&item, "交", &json!({}));
    let back = engineer.pressed(&item, "退", &json!({}));
    assert_eq!(back["state"], "开", "the state's empty field is not asked for");
    let item = engineer.pressed(&back, "交", &json!({"plan": "p"}));
    let item = engineer.saved(&item, &json!({"result": "好"}));
    assert_eq!(
        named(&engineer.press(&item, "退", &json!({"result": null}))),
        one("result", "required"),
        "filled ones cannot be emptied"
    );
    assert_eq!(engineer.pressed(&item, "退", &json!({"result": "更好"}))["fields"]["result"], "更好");
}

#[test]
fn required_fields_of_the_flow_are_asked_for_on_every_save() {
    let (_server, [engineer, ..]) = serve(STATES);
    assert_eq!(named(&engineer.post("/flows/t/items", &json!({"fields": {}}))), one("summary", "required"));
    assert_eq!(
        named(&engineer.post("/flows/t/items", &json!({"fields": {"summary": " \t"}}))),
        one("summary", "required")
    );
    let item = engineer.create("t", &json!({"summary": "一"}));
    assert_eq!(item["number"], 1, "a refused creation takes no number");
    for empty in [json!(null), json!(""), json!("   ")] {
        assert_eq!(named(&engineer.save(&item, &json!({"summary": empty}))), one("summary", "required"));
    }
}

#[test]
fn defaults_are_values_and_hints_are_not() {
    let (_server, [engineer, ..]) = serve(
        r#"
[[field]]
key = "summary"
type = "text"
default = "一"
[[field]]
key = "hinted"
type = "text"
hint = "灰"
[[field]]
key = "day"
type = "date"
default = "today"
[[field]]
key = "moment"
type = "datetime"
default = "now"
[[field]]
key = "who"
type = "user"
default = "created_by"
[[field]]
key = "boss"
type = "user"
default = "user:admin"
[[field]]
key = "marks"
type = "choice"
choices = ["红", "绿"]
multiple = true
default = ["绿"]
[[field]]
key = "locked"
type = "number"
default = 7
readonly = true
[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#,
    );
    let item = engineer.create("t", &json!({}));
    let fields = &item["fields"];
    assert_eq!((&fields["summary"], &fields["hinted"], &fields["locked"]), (&json!("一"), &json!(null), &json!(7)));
    assert_eq!(
        (&fields["who"], &fields["boss"], &fields["marks"]),
        (&json!("engineer"), &json!("admin"), &json!(["绿"]))
    );
    assert!(fields["day"].is_string() && fields["moment"].is_string());
    let given = engineer.create("t", &json!({"summary": null, "who": "delegate", "day": null, "locked": 7}));
    assert_eq!(
        (&given["fields"]["summary"], &given["fields"]["day"]),
        (&json!(null), &json!(null)),
        "null empties a default"
    );
    assert_eq!(named(&engineer.post("/flows/t/items", &json!({"fields": {"locked": 8}}))), one("locked", "readonly"));
}

const CASCADE: &str = r#"
[[field]]
key = "one"
type = "choice"
choices = ["硬件", "软件", "结构"]
default = "硬件"
[[field]]
key = "two"
type = "choice"
parent = "one"
choices = { "硬件" = ["线缆", "单板"], "软件" = ["协议"] }
default = "单板"
required = true
[[field]]
key = "three"
type = "choice"
parent = "two"
choices = { "单板" = ["主控"] }
[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#;

#[test]
fn a_cascade_holds_whatever_is_changed() {
    let (_server, [engineer, ..]) = serve(CASCADE);
    let item = engineer.create("t", &json!({"three": "主控"}));
    assert_eq!(item["fields"], json!({"one": "硬件", "two": "单板", "three": "主控"}));
    assert_eq!(
        named(&engineer.save(&item, &json!({"two": "协议"})))[0],
        ("two".to_owned(), named(&engineer.save(&item, &json!({"two": "协议"})))[0].1.clone())
    );
    let misfit = named(&engineer.save(&item, &json!({"one": "软件"})));
    assert!(misfit.contains(&("two".to_owned(), "misfit".to_owned())), "the child is named: {misfit:?}");
    assert_eq!(
        named(&engineer.save(&item, &json!({"one": "软件", "two": "协议"}))),
        one("three", "misfit"),
        "and the grandchild"
    );
    let moved = engineer.saved(&item, &json!({"one": "软件", "two": "协议", "three": null}));
    assert_eq!(moved["fields"], json!({"one": "软件", "two": "协议", "three": null}));
    assert_eq!(named(&engineer.save(&moved, &json!({"two": null}))), one("two", "required"));
    let bare = engineer.saved(&moved, &json!({"one": "结构", "two": null}));
    assert_eq!(bare["fields"]["two"], json!(null), "under a value without words it stays empty and is not asked for");
    assert_eq!(engineer.pressed(&bare, "关", &json!({}))["state"], "完");
    let given = engineer.create("t", &json!({"one": "结构"}));
    assert_eq!(given["fields"]["two"], json!(null), "a default that does not fit is none");
    engineer.post("/flows/t/items", &json!({"fields": {"one": "结构", "two": "单板"}})).field_errors();
}

#[test]
fn text_comes_back_as_it_was_typed() {
    let (_server, [engineer, ..]) = serve(
        r#"
[[field]]
key = "line"
type = "text"
[[field]]
key = "lines"
type = "textarea"
[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#,
    );
    let texts = [
        "<script>alert(1)</script> &amp; <b>粗</b>",
        r#"'"`\ {{ x }} ${y} %s ?1 $1 -- ; drop table item"#,
        "🙂👨‍👩‍👧 𠮷野家 𝒳",
        "שלום עולם \u{202e}abc\u{202c} مرحبا",
        "e\u{301} ﬁ Å \u{200b}\u{feff}",
        "  两头空格\t",
        "null",
        "=1+1",
        "\u{10ffff}\u{7f}\u{1}",
    ];
    for text in texts {
        let item = engineer.create("t", &json!({"line": text, "lines": format!("{text}\n\n{text}\n")}));
        let again = engineer.again(&item);
        assert_eq!(again["fields"]["line"], text);
        assert_eq!(again["fields"]["lines"], format!("{text}\n\n{text}\n"));
        engineer.post(&format!("{}/comments", path_of(&item)), &json!({"comment": text})).expect(StatusCode::CREATED);
        let history = engineer.history(&item);
        assert_eq!(history[0]["changes"]["line"], json!([null, text]));
        assert_eq!(history[1]["comment"].as_str().unwrap().trim(), text.trim());
    }
    let item = engineer.create("t", &json!({"lines": "a\r\nb\rc\n"}));
    assert_eq!(item["fields"]["lines"].as_str().unwrap().replace('\r', "\n"), "a\nb\nc\n", "CRLF becomes LF");
    assert!(!item["fields"]["lines"].as_str().unwrap().contains("\r\n"));
    let comment = |text: &str| engineer.post(&format!("{}/comments", path_of(&item)), &json!({"comment": text}));
    assert_eq!(named(&comment("a\u{0}b")), one("comment", "character"));
    assert_eq!(named(&comment(" \n ")), one("comment", "required"));
    assert_eq!(named(&comment(&"字".repeat(5001))), one("comment", "too_long"));
    comment(&"🙂".repeat(5000)).expect(StatusCode::CREATED);
}

// ---------------------------------------------------------------------------------------------- people

const PEOPLE: &str = r#"
[[field]]
key = "who"
type = "user"
[[field]]
key = "team"
type = "user"
multiple = true
[[transition]]
source = "开"
trigger = "派"
dest = "办"
assign_to = "team"
[[transition]]
source = "开"
trigger = "组"
dest = "办"
by = ["group:维护"]
[[transition]]
source = "开"
trigger = "人"
dest = "办"
by = ["user:architect"]
[[transition]]
source = "开"
trigger = "栏"
dest = "办"
by = ["who"]
[[transition]]
source = "开"
trigger = "谁都行"
dest = "办"
by = ["anyone"]
assign_to = "created_by"
[[transition]]
source = "办"
trigger = "转"
dest = "办"
assign_to = "who"
[[transition]]
source = "办"
trigger = "交还"
dest = "办"
by = ["team"]
assign_to = "user:admin"
[[transition]]
source = "办"
trigger = "完"
dest = "完"
"#;

#[test]
fn by_names_groups_users_fields_and_anyone() {
    let (server, [engineer, delegate, architect, admin]) = serve(PEOPLE);
    server.done(&["user", "add", "ann", "--group", "维护"], "");
    let ann = server.user("ann");
    let item = engineer.create("t", &json!({"who": "delegate"}));
    assert_eq!(allowed(&engineer.again(&item)), ["派", "谁都行"]);
    assert_eq!(allowed(&ann.again(&item)), ["组", "谁都行"]);
    assert_eq!(allowed(&architect.again(&item)), ["人", "谁都行"]);
    assert_eq!(allowed(&delegate.again(&item)), ["栏", "谁都行"]);
    assert_eq!(allowed(&admin.again(&item)), ["派", "组", "人", "栏", "谁都行"]);
    for (user, trigger) in [(&engineer, "组"), (&delegate, "人"), (&architect, "栏"), (&ann, "派")] {
        assert_eq!(user.press(&item, trigger, &json!({"team": ["ann"]})).refused(403), "not_allowed", "{trigger}");
    }
    let held = ann.pressed(&item, "组", &json!({"who": "ann"}));
    assert_eq!(held["assigned_to"], json!(["engineer"]), "unchanged by default; whoever may press may send values");
    assert_eq!(engineer.history(&item)[1]["actor"], "ann");
    let other = engineer.create("t", &json!({}));
    let pressed = admin.pressed(&other, "人", &json!({}));
    assert_eq!(engineer.history(&pressed)[1]["by_admin"], true, "the history says so");
    assert_eq!(ann.save(&other, &json!({"who": "ann"})).refused(403), "not_allowed", "saving is the holders'");
}

#[test]
fn several_hold_an_item_and_whoever_presses_first_moves_it() {
    let (_server, [engineer, delegate, architect, admin]) = serve(PEOPLE);
    let item = engineer.create("t", &json!({}));
    assert_eq!(named(&engineer.press(&item, "派", &json!({}))), one("team", "required"));
    let item = engineer.pressed(&item, "派", &json!({"team": ["delegate", "Architect", "delegate"]}));
    assert_eq!(item["assigned_to"], json!(["delegate", "architect"]));
    for user in [&delegate, &architect] {
        assert_eq!(ids(&user.pages("/work?list=pending", 50)), ["t_1"]);
        assert_eq!(user.saved(&item, &json!({}))["revision"], 2);
    }
    assert!(engineer.pages("/work?list=pending", 50).is_empty());
    let moved = architect.pressed(&item, "转", &json!({"who": "engineer"}));
    assert_eq!(moved["assigned_to"], json!(["engineer"]));
    assert_eq!(delegate.press(&item, "转", &json!({})).refused(403), "not_allowed");
    assert_eq!(
        delegate.pressed(&moved, "交还", &json!({}))["assigned_to"],
        json!(["admin"]),
        "a field of by, not a holder"
    );
    assert_eq!(ids(&admin.pages("/work?list=pending", 50)), ["t_1"]);
}

#[test]
fn users_are_active_when_they_are_named() {
    let (server, [engineer, .., admin]) = serve(PEOPLE);
    for name in ["Ann", "gone"] {
        server.done(&["user", "add", name], "");
    }
    let item = engineer.create("t", &json!({"who": "gone", "team": ["gone", "engineer"]}));
    server.done(&["user", "disable", "gone"], "");
    assert_eq!(named(&engineer.post("/flows/t/items", &json!({"fields": {"who": "gone"}}))), one("who", "disabled"));
    assert_eq!(named(&engineer.post("/flows/t/items", &json!({"fields": {"who": "nobody"}}))), one("who", "no_user"));
    assert_eq!(engineer.saved(&item, &json!({"who": "gone"}))["fields"]["who"], "gone", "unchanged is no write");
    assert_eq!(named(&engineer.press(&item, "派", &json!({}))), one("team", "disabled"), "each that would hold it");
    let item = engineer.pressed(&item, "派", &json!({"team": ["aNN"]}));
    assert_eq!((&item["fields"]["team"], &item["assigned_to"]), (&json!(["Ann"]), &json!(["Ann"])), "as registered");
    assert_eq!(
        named(&admin.post(&format!("{}/holder", path_of(&item)), &json!({"to": "gone"}))),
        one("to", "disabled")
    );
    assert_eq!(
        named(&admin.post(&format!("{}/holder", path_of(&item)), &json!({"to": "nobody"}))),
        one("to", "no_user")
    );
}

#[test]
fn a_disabled_holder_strands_nothing_for_good() {
    let (server, [engineer, delegate, _, admin]) = serve(PEOPLE);
    let item = engineer.create("t", &json!({"team": ["delegate"]}));
    let item = engineer.pressed(&item, "派", &json!({}));
    server.done(&["user", "disable", "delegate"], "");
    delegate.get("/me").refused(401);
    assert_eq!(engineer.again(&item)["assigned_to"], json!(["delegate"]), "it still says who had it");
    let handed = admin.post(&format!("{}/holder", path_of(&item)), &json!({"to": "Engineer"})).expect(StatusCode::OK);
    assert_eq!((&handed["assigned_to"], &handed["revision"]), (&json!(["engineer"]), &json!(3)));
    let history = engineer.history(&item);
    let last = history.last().unwrap();
    assert_eq!(
        (&last["kind"], &last["actor"], &last["assigned_to"]),
        (&json!("assigned"), &json!("admin"), &json!(["engineer"]))
    );
    let closed = engineer.pressed(&handed, "完", &json!({}));
    let answer = admin.post(&format!("{}/holder", path_of(&closed)), &json!({"to": "engineer"}));
    assert_eq!(answer.refused(403), "not_allowed", "a final state has no holder");
}

#[test]
fn one_of_several_holders_may_be_disabled() {
    let (server, [engineer, delegate, architect, _]) = serve(PEOPLE);
    let item = engineer.create("t", &json!({"team": ["delegate", "architect"], "who": "engineer"}));
    let item = engineer.pressed(&item, "派", &json!({}));
    let said = server.done(&["user", "disable", "delegate", "--hand-over", "admin"], "");
    assert!(said.contains('1'), "{said}");
    assert_eq!(architect.again(&item)["assigned_to"], json!(["architect", "admin"]), "the others stay");
    delegate.get("/me").refused(401);
    server.done(&["user", "add", "ann"], "");
    let other = engineer.create("t", &json!({"team": ["ann", "architect"]}));
    let other = engineer.pressed(&other, "派", &json!({}));
    server.done(&["user", "disable", "ann"], "");
    let saved = architect.saved(&other, &json!({"who": "engineer"}));
    assert_eq!(saved["assigned_to"], json!(["ann", "architect"]));
    assert_eq!(architect.pressed(&other, "转", &json!({}))["assigned_to"], json!(["engineer"]));
}

#[test]
fn nobody_who_is_disabled_gets_an_item() {
    let (server, [engineer, delegate, _, admin]) = serve(PEOPLE);
    server.done(&["user", "add", "ann"], "");
    let item = server.user("ann").create("t", &json!({"who": "delegate"}));
    server.done(&["user", "disable", "ann"], "");
    let seen = engineer.again(&item);
    assert_eq!(button(&seen, "谁都行")["allowed"], false, "it would go to who created it: {seen}");
    assert_eq!(named(&engineer.press(&item, "谁都行", &json!({}))), one("assigned_to", "no_holder"));
    assert_eq!(
        named(&delegate.press(&item, "栏", &json!({}))),
        one("assigned_to", "no_holder"),
        "nor does it stay with them"
    );
    let taken = admin.pressed(&item, "派", &json!({"team": ["engineer"]}));
    assert_eq!(taken["assigned_to"], json!(["engineer"]));
}

#[test]
fn who_may_create_and_who_holds_what_is_new() {
    let (server, [engineer, delegate, architect, admin]) = serve(
        r#"
[create]
by = ["user:engineer", "group:维护"]
assign_to = "who"
[[field]]
key = "who"
type = "user"
[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#,
    );
    assert_eq!(delegate.post("/flows/t/items", &json!({"fields": {"who": "delegate"}})).refused(403), "not_allowed");
    assert_eq!(named(&engineer.post("/flows/t/items", &json!({"fields": {}}))), one("who", "required"));
    let item = engineer.create("t", &json!({"who": "architect"}));
    assert_eq!((&item["assigned_to"], &item["created_by"]), (&json!(["architect"]), &json!("engineer")));
    assert_eq!(ids(&architect.pages("/work", 50)), ["t_1"]);
    assert_eq!(admin.create("t", &json!({"who": "admin"}))["number"], 2);
    server.done(&["user", "add", "ann", "--group", "维护"], "");
    server.user("ann").create("t", &json!({"who": "ann"}));
}

// ---------------------------------------------------------------------------------------------- rows

const ENDS: &str = r#"
[[field]]
key = "summary"
type = "text"
[[state]]
name = "归档"
final = true
[[transition]]
source = "开"
trigger = "归档"
dest = "归档"
comment = "required"
[[transition]]
source = "归档"
trigger = "修订"
dest = "开"
by = ["created_by"]
assign_to = "created_by"
comment = "none"
[[transition]]
source = "*"
trigger = "作废"
dest = "归档"
"#;

#[test]
fn a_final_state_is_left_and_reached_again() {
    let (_server, [engineer, delegate, _, admin]) = serve(ENDS);
    let item = engineer.create("t", &json!({}));
    let close = |item: &Value| {
        let body = json!({"trigger": "归档", "comment": "好了"});
        engineer.post(&format!("{}/triggers", path_of(item)), &body).expect(StatusCode::OK)
    };
    let closed = close(&item);
    assert_eq!((&closed["final"], &closed["assigned_to"]), (&json!(true), &json!([])));
    assert_eq!(closed["closed_at"], closed["updated_at"]);
    assert_eq!(engineer.save(&closed, &json!({"summary": "x"})).refused(403), "not_allowed");
    assert_eq!(admin.save(&closed, &json!({"summary": "x"})).refused(403), "not_allowed", "not even administrators");
    assert_eq!(delegate.press(&closed, "修订", &json!({})).refused(403), "not_allowed");
    engineer.post(&format!("{}/comments", path_of(&closed)), &json!({"comment": "说"})).expect(StatusCode::CREATED);
    let triggers: Vec<_> =
        closed["triggers"].as_array().unwrap().iter().map(|entry| entry["trigger"].clone()).collect();
    assert_eq!(triggers, ["修订"], "'*' is every state that is not final");
    assert_eq!(engineer.get("/flows").json()["flows"][0]["open_items"], 0);
    let opened = engineer.pressed(&closed, "修订", &json!({}));
    assert_eq!((&opened["closed_at"], &opened["assigned_to"]), (&json!(null), &json!(["engineer"])));
    assert_eq!(engineer.get("/flows").json()["flows"][0]["open_items"], 1);
    assert!(close(&opened)["closed_at"].is_string());
}

#[test]
fn comments_as_the_row_wants_them() {
    let (_server, [engineer, ..]) = serve(ENDS);
    let item = engineer.create("t", &json!({}));
    let press = |trigger: &str, comment: Value| {
        engineer.post(&format!("{}/triggers", path_of(&item)), &json!({"trigger": trigger, "comment": comment}))
    };
    for blank in [json!(null), json!(""), json!(" \n")] {
        assert_eq!(named(&press("归档", blank)), one("comment", "required"));
    }
    press("归档", json!("因为\r\n所以")).expect(StatusCode::OK);
    assert_eq!(engineer.history(&item)[1]["comment"], "因为\n所以");
    assert_eq!(named(&press("修订", json!("不该说"))), one("comment", "no_comment"));
    press("修订", json!("")).expect(StatusCode::OK);
    press("作废", json!("x".repeat(5001))).field_errors();
    press("作废", json!(null)).expect(StatusCode::OK);
    assert_eq!(engineer.history(&item)[3]["comment"], json!(null));
}

// ---------------------------------------------------------------------------------------------- create

const FROM: &str = r#"
key = "t"
name = "从"
[[field]]
key = "summary"
type = "text"
[[field]]
key = "level"
type = "text"
[[field]]
key = "link"
type = "item"
flow = "u"
readonly = true
[[field]]
key = "many"
type = "item"
flow = "u"
multiple = true
[[transition]]
source = "开"
trigger = "开一个"
dest = "开"
create = { flow = "u", link = "link", copy = { title = "summary", level = "level" } }
[[transition]]
source = "开"
trigger = "再开一个"
dest = "等"
create = { flow = "u", link = "many", copy = { title = "summary" } }
[[transition]]
source = "等"
trigger = "回"
dest = "开"
[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#;

const TO: &str = r#"
key = "u"
name = "到"
[create]
by = ["user:admin"]
assign_to = "user:architect"
[[field]]
key = "title"
type = "text"
max_length = 5
required = true
[[field]]
key = "must"
type = "text"
required = true
[[field]]
key = "level"
type = "choice"
choices = ["高", "低"]
[[field]]
key = "back"
type = "item"
flow = "t"
[[transition]]
source = "始"
trigger = "终"
dest = "终"
"#;

fn opening() -> (Server, User, User) {
    let server = Server::with_flows(&[("t.toml", FROM), ("u.toml", TO)]);
    let (engineer, architect) = (server.user("engineer"), server.user("architect"));
    (server, engineer, architect)
}

#[test]
fn a_trigger_opens_an_item_of_another_flow_and_links_both() {
    let (_server, engineer, architect) = opening();
    let item = engineer.create("t", &json!({"summary": "一二三", "level": "高"}));
    let item = engineer.pressed(&item, "开一个", &json!({}));
    assert_eq!(
        (&item["state"], &item["fields"]["link"]),
        (&json!("开"), &json!("u/1")),
        "whoever may press may create"
    );
    let opened = architect.item("u", 1);
    assert_eq!((&opened["fields"]["title"], &opened["fields"]["level"]), (&json!("一二三"), &json!("高")));
    assert_eq!((&opened["created_by"], &opened["assigned_to"]), (&json!("engineer"), &json!(["architect"])));
    assert_eq!((&opened["state"], &opened["revision"]), (&json!("始"), &json!(1)));
    assert_eq!(ids(&architect.pages("/work", 9)), ["u_1"]);
    assert_eq!(
        named(&architect.save(&opened, &json!({"level": "低"}))),
        one("must", "required"),
        "its own first save asks"
    );
    architect.saved(&opened, &json!({"level": "低", "must": "有"}));
    assert_eq!(engineer.get("/flows/u").status, 200);
}

#[test]
fn a_filled_single_link_refuses_and_a_multiple_one_grows() {
    let (_server, engineer, _) = opening();
    let item = engineer.create("t", &json!({"summary": "一"}));
    let item = engineer.pressed(&item, "开一个", &json!({}));
    assert_eq!(named(&engineer.press(&item, "开一个", &json!({}))), one("link", "linked"));
    assert_eq!(button(&item, "开一个")["allowed"], false);
    let item = engineer.pressed(&item, "再开一个", &json!({}));
    let item = engineer.pressed(&item, "回", &json!({}));
    let item = engineer.pressed(&item, "再开一个", &json!({}));
    assert_eq!(item["fields"]["many"], json!(["u/2", "u/3"]), "refused triggers take no numbers");
    assert_eq!(engineer.get("/flows/u/items").json()["total"], 3);
}

#[test]
fn what_the_new_field_would_refuse_refuses_the_trigger_naming_this_field() {
    let (_server, engineer, _) = opening();
    let item = engineer.create("t", &json!({"summary": "一二三四五六", "level": "中"}));
    let errors: Vec<String> =
        named(&engineer.press(&item, "开一个", &json!({}))).into_iter().map(|(field, _)| field).collect();
    assert_eq!(errors, ["level", "summary"]);
    assert_eq!(engineer.get("/flows/u/items").json()["total"], 0);
    assert_eq!(engineer.again(&item)["revision"], 1);
    let item = engineer.pressed(&item, "开一个", &json!({"summary": "短", "level": null}));
    assert_eq!(item["fields"]["link"], "u/1");
    assert_eq!(engineer.item("u", 1)["fields"]["title"], "短", "what was sent with the press is copied");
}

#[test]
fn a_flow_that_is_archived_opens_nothing() {
    let (server, engineer, _) = opening();
    let item = engineer.create("t", &json!({"summary": "一"}));
    server.done(&["flow", "archive", "u"], "");
    assert_eq!(button(&engineer.again(&item), "开一个")["allowed"], false);
    assert_eq!(named(&engineer.press(&item, "开一个", &json!({}))), one("link", "no_flow"));
    assert_eq!(engineer.pressed(&item, "关", &json!({}))["state"], "完");
}

#[test]
fn a_link_is_typed_in_several_ways_and_must_lead_somewhere() {
    let (server, engineer, _) = opening();
    let item = engineer.create("t", &json!({"summary": "一"}));
    server.user("admin").create("u", &json!({"title": "甲", "must": "有"}));
    for text in ["u/1", "u_1", "/flow/u/1", &format!("{}/flow/u/1", server.base)] {
        let item = engineer.create("t", &json!({"many": [text]}));
        assert_eq!(item["fields"]["many"], json!(["u/1"]), "{text}");
    }
    for (text, code) in [("u/2", "no_item"), ("t/1", "other_flow"), ("w/1", "no_item"), ("胡说", "no_item")] {
        assert_eq!(named(&engineer.save(&item, &json!({"many": [text]}))), one("many", code), "{text}");
    }
    let twice = engineer.saved(&item, &json!({"many": ["u/1", "u_1"]}));
    assert_eq!(twice["fields"]["many"], json!(["u/1"]));
}

// ---------------------------------------------------------------------------------------------- seeing

const VIEW: &str = r#"
key = "t"
name = "密"
[view]
by = ["created_by", "assigned_to", "helper", "group:审计"]
[[field]]
key = "summary"
type = "text"
[[field]]
key = "helper"
type = "user"
[[transition]]
source = "开"
trigger = "派"
dest = "办"
assign_to = "helper"
[[transition]]
source = "办"
trigger = "关"
dest = "完"
"#;

const LINKS: &str = r#"
key = "u"
name = "链"
[[field]]
key = "summary"
type = "text"
[[field]]
key = "to"
type = "item"
[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#;

#[test]
fn what_may_not_be_seen_is_nowhere() {
    let server = Server::with_flows(&[("t.toml", VIEW), ("u.toml", LINKS)]);
    server.done(&["user", "add", "auditor", "--group", "审计"], "");
    let [engineer, delegate, architect, admin, auditor] =
        ["engineer", "delegate", "architect", "admin", "auditor"].map(|name| server.user(name));
    engineer.create("t", &json!({"summary": "机密甲", "helper": "architect"}));
    delegate.create("t", &json!({"summary": "机密乙"}));
    engineer.create("u", &json!({"to": "t/1"}));
    let seen = |user: &User| -> Vec<String> {
        let page = user.get("/flows/t/items").expect(StatusCode::OK);
        let open = user.get("/flows").json()["flows"][0]["open_items"].clone();
        assert_eq!(
            (&page["total"], &page["total"]),
            (&json!(page["items"].as_array().unwrap().len()), &open),
            "{}",
            user.name
        );
        ids(page["items"].as_array().unwrap()).into_iter().map(str::to_owned).collect()
    };
    assert_eq!(seen(&engineer), ["t_1"]);
    assert_eq!(seen(&delegate), ["t_2"]);
    assert_eq!(seen(&architect), ["t_1"], "a user field of the view");
    assert_eq!(seen(&admin), ["t_2", "t_1"]);
    assert_eq!(seen(&auditor), ["t_2", "t_1"]);
    for (user, number) in [(&delegate, 1), (&engineer, 2), (&architect, 2)] {
        let path = format!("/flows/t/items/{number}");
        user.get(&path).refused(404);
        user.get(&format!("{path}/history")).refused(404);
        user.post(&format!("{path}/comments"), &json!({"comment": "说"})).refused(404);
        user.post(&format!("{path}/triggers"), &json!({"trigger": "派", "revision": 9})).refused(404);
        user.patch(&path, &json!({"fields": {"summary": "x"}})).refused(404);
    }
    for query in [
        "summary:机密",
        "summary=机密甲",
        "helper=architect",
        "t_1",
        "机密甲",
        "created_by=engineer",
        "state=开 helper=",
    ] {
        let page = delegate.get(&format!("/flows/t/items?q={}&sort=summary", crate::harness::encoded(query)));
        assert!(!page.text.contains("机密甲"), "{query}: {}", page.text);
    }
    assert_eq!(delegate.item("u", 1)["fields"]["to"], "t/1", "a link shows its ID alone");
    assert!(!delegate.get("/flows/u/items/1").text.contains("机密"));
    assert_eq!(
        named(&delegate.post("/flows/u/items", &json!({"fields": {"to": "t/1"}}))),
        one("to", "no_item"),
        "as if there were none"
    );
}

#[test]
fn what_passed_on_out_of_sight_is_not_listed() {
    let flow = VIEW.replace("\"created_by\", \"assigned_to\", \"helper\", \"group:审计\"", "\"assigned_to\"");
    let server = Server::with_flow(&flow);
    let (engineer, delegate) = (server.user("engineer"), server.user("delegate"));
    let item = engineer.create("t", &json!({"summary": "密", "helper": "delegate"}));
    engineer.pressed(&item, "派", &json!({}));
    engineer.get("/flows/t/items/1").refused(404);
    for list in ["pending", "done", "created"] {
        let page = engineer.get(&format!("/work?list={list}"));
        assert_eq!(page.json(), json!({"items": [], "total": 0, "next": null}), "{list}");
    }
    assert_eq!(ids(&delegate.pages("/work", 9)), ["t_1"]);
}

#[test]
fn tightening_a_view_takes_effect_at_once_for_all_items() {
    let server =
        Server::with_flow(&VIEW.replace("\"created_by\", \"assigned_to\", \"helper\", \"group:审计\"", "\"anyone\""));
    let (engineer, delegate) = (server.user("engineer"), server.user("delegate"));
    engineer.create("t", &json!({"summary": "一"}));
    delegate.get("/flows/t/items/1").expect(StatusCode::OK);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.toml");
    std::fs::write(&file, VIEW).unwrap();
    server.done(&["flow", "apply", file.to_str().unwrap()], "");
    delegate.get("/flows/t/items/1").refused(404);
    assert_eq!(delegate.get("/flows/t/items").json()["total"], 0);
    assert_eq!(engineer.item("t", 1)["flow_version"], 1);
}

// ---------------------------------------------------------------------------------------------- at once

#[test]
fn two_people_at_once_one_wins() {
    let (_server, [engineer, delegate, architect, _]) = serve(PEOPLE);
    for _ in 0..10 {
        let item = engineer.create("t", &json!({"team": ["delegate", "architect"], "who": "engineer"}));
        let item = engineer.pressed(&item, "派", &json!({}));
        let path = format!("{}/triggers", path_of(&item));
        let body = json!({"trigger": "完", "revision": item["revision"]});
        let answers = std::thread::scope(|scope| {
            let [one, two] = [&delegate, &architect].map(|user| scope.spawn(|| user.post(&path, &body)));
            [one.join().unwrap(), two.join().unwrap()]
        });
        let mut statuses = answers.each_ref().map(|answer| answer.status.as_u16());
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        let lost = answers.iter().find(|answer| answer.status == 409).unwrap();
        assert_eq!(lost.refused(409), "stale_revision");
        assert_eq!(engineer.history(&item).len(), 3);
    }
}

#[test]
fn many_at_once_lose_nothing() {
    let (_server, [engineer, ..]) = serve(AMOUNTS.replace("CONDITION", "amount > 0").as_str());
    let item = engineer.create("t", &json!({"amount": 0}));
    let path = path_of(&item);
    let won: usize = std::thread::scope(|scope| {
        let add = || {
            let mut won = 0;
            while won < 12 {
                let seen = engineer.get(&path).json();
                let body = json!({"revision": seen["revision"], "fields": {"amount": seen["fields"]["amount"].as_i64().unwrap() + 1}});
                match engineer.patch(&path, &body).status.as_u16() {
                    200 => won += 1,
                    409 => {}
                    other => panic!("{other}"),
                }
            }
            won
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(add)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let item = engineer.again(&item);
    assert_eq!((&item["fields"]["amount"], &item["revision"]), (&json!(won), &json!(won + 1)));
    assert_eq!(engineer.history(&item).len(), won + 1);
}

#[test]
fn items_created_at_once_have_numbers_without_gaps() {
    let (_server, [engineer, delegate, architect, admin]) = serve(PEOPLE);
    std::thread::scope(|scope| {
        for user in [&engineer, &delegate, &architect, &admin] {
            scope.spawn(move || {
                for n in 0..10 {
                    let bad = if n % 3 == 0 { json!({"who": "nobody"}) } else { json!({}) };
                    user.post("/flows/t/items", &json!({"fields": bad}));
                }
            });
        }
    });
    let items = engineer.pages("/flows/t/items?sort=created", 200);
    let mut numbers: Vec<i64> = items.iter().map(|item| item["number"].as_i64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=24).collect::<Vec<_>>());
}
