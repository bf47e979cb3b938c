//! Many items at once: each is done or refused with its reason, wholly, and only once.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Answer, Installation, Server, User, answer};

const PASSWORD: &str = "pass-word-1";

const FLOW: &str = r#"
key = "t"
name = "批量"
title = "summary"

[view]
by = ["created_by", "assigned_to"]

[[field]]
key = "summary"
label = "概要"
type = "text"

[[field]]
key = "kind"
label = "大类"
type = "choice"
choices = ["软件", "硬件"]

[[field]]
key = "part"
label = "小类"
type = "choice"
parent = "kind"
choices = { "硬件" = ["线缆", "单板"], "软件" = ["协议"] }

[[field]]
key = "who"
label = "下一人"
type = "user"

[[field]]
key = "item"
label = "与框同名"
type = "text"

[[transition]]
source = "开"
trigger = "交办"
dest = "办"
assign_to = "who"

[[transition]]
source = ["开", "办"]
trigger = "关闭"
dest = "完"
by = ["assigned_to"]
"#;

fn serve() -> (Server, User, User) {
    let at = Installation::with_flows(&[("t.toml", FLOW)]);
    at.let_in(&["engineer", "delegate", "admin"]);
    let server = at.into_server();
    let api = server.user("engineer");
    for title in ["一", "二", "三", "四"] {
        api.create("t", &json!({"summary": title}));
    }
    let person = server.signed_in("engineer", PASSWORD);
    (server, person, api)
}

fn send(person: &User, values: &[(&str, &str)]) -> Answer {
    person.form("/flow/t/bulk", values)
}

fn go(person: &User, values: &[(&str, &str)]) -> Answer {
    let done = send(person, &[values, &[("bulk.go", "1")]].concat());
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    done
}

/// Of each line: the item's ID, whether it was done, and the reason.
fn lines(page: &Answer) -> Vec<(String, bool, String)> {
    let between = |text: &str, before: &str, after: &str| {
        text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).map(|(found, _)| found.to_owned())
    };
    let rows = page.text.split("<li class=\"bulk-").skip(1);
    let line = |row: &str| {
        let id = between(row, "<span class=\"id\">", "<").unwrap();
        (id, row.starts_with("done"), between(row, "<p class=\"bulk-why\">", "</p>").unwrap_or_default())
    };
    rows.map(line).collect()
}

fn states(api: &User) -> Vec<(String, i64)> {
    let state = |item: Value| (item["state"].as_str().unwrap().to_owned(), item["revision"].as_i64().unwrap());
    (1..5).map(|number| state(api.item("t", number))).collect()
}

#[test]
fn some_are_done_and_some_are_refused_each_with_its_reason() {
    let (server, person, api) = serve();
    // someone else moves one on after the list was drawn, one is not there, one may not be seen, one is final already
    let list = person.page("/flow/t/all");
    assert!(list.text.contains("value=\"4@1\"") && list.text.contains("name=\"bulk.all\""), "{}", list.text);
    api.saved(&api.item("t", 2), &json!({"summary": "二改"}));
    api.pressed(&api.item("t", 3), "关闭", &json!({}));
    server.user("delegate").create("t", &json!({"summary": "别人的"}));
    let chosen: Vec<(&str, &str)> =
        ["1@1", "2@1", "3@2", "4@1", "5@1", "99@1", "x"].iter().map(|one| ("bulk.item", *one)).collect();
    let asked = [&chosen[..], &[("bulk.do", "press:交办")]].concat();
    let confirm = send(&person, &asked);
    assert_eq!(confirm.status, StatusCode::OK, "{}", confirm.text);
    assert!(confirm.text.contains("name=\"who\"") && confirm.text.contains("name=\"bulk.go\""), "{}", confirm.text);
    assert!(!confirm.text.contains("别人的"), "what may not be seen is not shown");
    assert_eq!(states(&api)[0], ("开".to_owned(), 1), "nothing is done before it is confirmed");
    let done = go(&person, &[&asked[..], &[("who", "delegate")]].concat());
    let done = lines(&done);
    let went: Vec<(&str, bool)> = done.iter().map(|(id, done, _)| (id.as_str(), *done)).collect();
    assert_eq!(
        went,
        [("t_1", true), ("t_2", false), ("t_3", false), ("t_4", true), ("t_5", false), ("t_99", false), ("x", false)]
    );
    assert!(done.iter().all(|(_, done, why)| *done != why.contains('：')), "{done:?}");
    assert_eq!(done[4].2, done[5].2, "what may not be seen is not told apart from what is not there");
    let now = [api.item("t", 2), api.item("t", 3)].map(|item| (item["state"].clone(), item["revision"].clone()));
    assert_eq!(now, [(json!("开"), json!(2)), (json!("完"), json!(2))]);
    let given = server.user("delegate").item("t", 4);
    assert_eq!((&given["state"], &given["assigned_to"]), (&json!("办"), &json!(["delegate"])));
    // sent again, it is not done again
    let again = lines(&go(&person, &[&asked[..], &[("who", "delegate")]].concat()));
    assert!(again.iter().all(|(_, done, _)| !done), "{again:?}");
    assert_eq!(server.user("delegate").item("t", 4)["revision"], 2);
}

#[test]
fn what_was_refused_can_be_tried_again() {
    let (_server, person, api) = serve();
    api.saved(&api.item("t", 1), &json!({"summary": "一改"}));
    let first = go(&person, &[("bulk.item", "1@1"), ("bulk.item", "2@1"), ("bulk.do", "press:关闭")]);
    assert_eq!(lines(&first).iter().map(|line| line.1).collect::<Vec<_>>(), [false, true]);
    assert!(first.text.contains("name=\"bulk.item\" value=\"1\" checked"), "{}", first.text);
    assert!(!first.text.contains("bulk.go"), "it is shown as it stands before it is done");
    let confirm = send(&person, &[("bulk.item", "1"), ("bulk.do", "press:关闭")]);
    assert!(confirm.text.contains("value=\"1@2\""), "{}", confirm.text);
    let unseen = lines(&go(&person, &[("bulk.item", "1"), ("bulk.do", "press:关闭")]));
    assert!(!unseen[0].1, "what was seen at no revision is not done");
    assert!(lines(&go(&person, &[("bulk.item", "1@2"), ("bulk.do", "press:关闭")]))[0].1);
    assert_eq!(api.item("t", 1)["state"], "完");
}

#[test]
fn a_field_is_set_in_all_of_them_and_with_a_trigger_in_one_step() {
    let (server, person, api) = serve();
    api.saved(&api.item("t", 1), &json!({"kind": "软件", "part": "协议", "item": "留下"}));
    api.pressed(&api.item("t", 4), "交办", &json!({"who": "delegate"}));
    let both = [("bulk.item", "1@2"), ("bulk.item", "2@1"), ("bulk.item", "4@2"), ("bulk.do", "set:part")];
    let confirm = send(&person, &both);
    assert!(confirm.text.contains("name=\"part\"") && confirm.text.contains("name=\"kind\""), "{}", confirm.text);
    let done = lines(&go(&person, &[&both[..], &[("kind", "硬件"), ("part", "线缆")]].concat()));
    assert_eq!(done.iter().map(|line| line.1).collect::<Vec<_>>(), [true, true, false], "{done:?}");
    assert_eq!(api.item("t", 2)["fields"]["part"], "线缆");
    // the parent left empty stays, and so a word that does not fit it is refused
    let odd = lines(&go(&person, &[("bulk.item", "2@2"), ("bulk.do", "set:part"), ("kind", ""), ("part", "协议")]));
    assert!(!odd[0].1 && odd[0].2.contains("小类"), "{odd:?}");
    // a field may be called as the boxes are
    let named = [("bulk.item", "1@3"), ("bulk.do", "set:item"), ("item", "改")];
    assert!(lines(&go(&person, &named))[0].1);
    assert_eq!(api.item("t", 1)["fields"]["item"], "改");
    assert!(lines(&go(&person, &[("bulk.item", "1@4"), ("bulk.do", "set:item"), ("item", "")]))[0].1, "emptied");
    assert_eq!(api.item("t", 1)["fields"]["item"], Value::Null);
    // with a trigger: one entry of the history holds both, and what is left empty stays
    let press =
        [("bulk.item", "3@1"), ("bulk.do", "press:交办"), ("who", "architect"), ("item", "附"), ("summary", "")];
    assert!(lines(&go(&person, &press))[0].1);
    let item = server.user("admin").item("t", 3);
    let history = server.user("admin").history(&item);
    assert_eq!((history.len(), &item["revision"]), (2, &json!(2)));
    assert_eq!((&item["fields"]["item"], &item["fields"]["summary"]), (&json!("附"), &json!("三")));
    // a bad value refuses each, and says which
    let bad = go(&person, &[("bulk.item", "2@2"), ("bulk.do", "press:交办"), ("who", "no\0body")]);
    assert!(!lines(&bad)[0].1);
    assert_eq!(api.item("t", 2)["revision"], 2);
}

#[test]
fn administrators_hand_over_and_others_are_refused() {
    let (server, person, api) = serve();
    let asked = [("bulk.item", "1@1"), ("bulk.item", "2@1"), ("bulk.do", "assign")];
    assert!(!person.page("/flow/t/all").text.contains("value=\"assign\""), "not offered");
    assert!(lines(&go(&person, &[&asked[..], &[("bulk.to", "delegate")]].concat())).iter().all(|line| !line.1));
    let admin = server.signed_in("admin", PASSWORD);
    assert!(admin.page("/flow/t/all").text.contains("value=\"assign\""));
    assert!(send(&admin, &asked).text.contains("name=\"bulk.to\""));
    assert!(lines(&go(&admin, &[&asked[..], &[("bulk.to", "nobody-known")]].concat())).iter().all(|line| !line.1));
    assert_eq!(states(&api)[0].1, 1);
    let done = lines(&go(&admin, &[&asked[..], &[("bulk.to", "delegate")]].concat()));
    assert!(done.iter().all(|line| line.1), "{done:?}");
    assert_eq!(api.item("t", 2)["assigned_to"], json!(["delegate"]));
}

#[test]
fn what_cannot_be_asked_for_is_said() {
    let (server, person, api) = serve();
    let many: Vec<String> = (1..202).map(|number| format!("{number}@1")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|one| ("bulk.item", one.as_str())).collect();
    for (asked, said) in [
        (&[("bulk.do", "press:关闭")][..], "没有选中条目"),
        (&[("bulk.item", "1@1")], "没有这样的操作"),
        (&[("bulk.item", "1@1"), ("bulk.do", "press:")], "没有这样的操作"),
        (&[("bulk.item", "1@1"), ("bulk.do", "\0")], "没有这样的操作"),
        (&[&many[..], &[("bulk.do", "press:关闭")]].concat(), "最多 200"),
    ] {
        for go in [&[][..], &[("bulk.go", "1")]] {
            let refused = send(&person, &[asked, go].concat());
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{asked:?}");
            assert!(refused.text.contains(said), "{said}: {}", refused.text);
        }
    }
    for what in ["press:没有", "press:a\0b", "set:none", "set:a\0"] {
        let refused = go(&person, &[("bulk.item", "1@1"), ("bulk.do", what), ("none", "x")]);
        assert!(!lines(&refused)[0].1, "{what}");
    }
    assert_eq!(states(&api)[0], ("开".to_owned(), 1));
    // all of a page, without a script
    let page = person.page("/flow/t/all");
    let all = page.text.split_once("name=\"bulk.page\" value=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let done = go(&person, &[("bulk.all", "1"), ("bulk.page", &all), ("bulk.item", "1@1"), ("bulk.do", "press:关闭")]);
    assert_eq!(lines(&done).iter().filter(|line| line.1).count(), 4);
    let form = [("bulk.item", "1@1"), ("bulk.do", "press:关闭"), ("bulk.go", "1")];
    let cross = answer(person.request("POST", "/flow/t/bulk").header("sec-fetch-site", "cross-site").form(&form));
    assert_eq!(cross.status, StatusCode::FORBIDDEN);
    // what was typed survives signing in, and is done when it is confirmed again
    api.create("t", &json!({"summary": "五"}));
    let nobody = server.nobody();
    assert_eq!(send(&nobody, &form).status, StatusCode::UNAUTHORIZED);
    let kept = [("kept-path", "/flow/t/bulk"), ("kept:bulk.item", "5@1"), ("kept:bulk.do", "set:item")];
    let kept = [&kept[..], &[("kept:bulk.go", "1"), ("kept:item", "留着")]].concat();
    let back = nobody.form("/login", &[&kept[..], &[("name", "engineer"), ("password", PASSWORD)]].concat());
    assert!(back.text.contains("value=\"留着\"") && back.text.contains("value=\"5@1\""), "{}", back.text);
    assert_eq!(api.item("t", 5)["revision"], 1);
}
