//! Finding items: by words in whatever is written about them, best first, for whoever may see them.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Installation, Server, User, encoded, ids, path_of, records, run, stderr};

const MATTERS: &str = r#"
key = "t"
name = "事项"

[create]
by = ["anyone"]

[[field]]
key = "summary"
type = "text"
label = "概要"

[[field]]
key = "detail"
type = "textarea"

[[field]]
key = "level"
type = "choice"
choices = ["一般问题", "事故"]

[[field]]
key = "link"
type = "item"
flow = "u"

[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#;

/// Of which nobody sees but who created and who holds it.
const SECRETS: &str = r#"
key = "u"
name = "秘密"
item_prefix = "secret"

[create]
by = ["user:engineer"]

[view]
by = ["created_by", "assigned_to"]

[[field]]
key = "summary"
type = "text"

[[field]]
key = "cause"
type = "text"

[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#;

fn flows() -> Installation {
    Installation::with_flows(&[("t.toml", MATTERS), ("u.toml", SECRETS)])
}

fn search(user: &User, query: &str) -> Value {
    user.get(&format!("/search?q={}", encoded(query))).expect(StatusCode::OK)
}

fn found(user: &User, query: &str) -> Vec<String> {
    let page = search(user, query);
    let found = ids(page["items"].as_array().unwrap());
    assert_eq!(page["total"], found.len(), "{query}: {page}");
    found.into_iter().map(str::to_owned).collect()
}

fn listed(user: &User, query: &str) -> Vec<String> {
    let page = user.get(&format!("/flows/t/items?q={}", encoded(query))).expect(StatusCode::OK);
    let found = ids(page["items"].as_array().unwrap());
    assert_eq!(page["total"], found.len(), "{query}");
    found.into_iter().map(str::to_owned).collect()
}

/// A word of signs alone stands nowhere; what is asked for beside it is found.
#[test]
fn a_word_of_signs_is_one_way_of_several() {
    let server = flows().into_server();
    let engineer = server.user("engineer");
    engineer.create("t", &json!({"summary": "主控板重启", "detail": "端口 CRC 增长"}));
    for query in ["。 or crc", "crc or \\\\", "—— or (。 or crc)", "。 crc", "(。 crc) or 。", "not 。 crc"] {
        assert_eq!(
            (found(&engineer, query), listed(&engineer, query)),
            (vec!["t_1".to_owned()], vec!["t_1".to_owned()]),
            "{query}"
        );
    }
    for query in ["。 or ——", "(。 or —) crc"] {
        assert!(found(&engineer, query).is_empty() && listed(&engineer, query).is_empty(), "{query}");
    }
}

#[test]
fn words_are_found_wherever_they_stand_the_best_first() {
    let server = flows().into_server();
    let engineer = server.user("engineer");
    let titled = engineer.create("t", &json!({"summary": "单板重启后 CRC 错包", "detail": "ERR-1234，版本 V1.2.3"}));
    let told = engineer
        .create("t", &json!({"summary": "端口不通", "detail": "现象：\n单板重启，光模块收光低", "level": "事故"}));
    let said = engineer.create("t", &json!({"summary": "电源故障"}));
    engineer
        .post(&format!("{}/comments", path_of(&said)), &json!({"comment": "换了单板重启就好 t_1"}))
        .expect(StatusCode::CREATED);
    let [titled, told, said] = [titled, told, said].map(|item| item["id"].as_str().unwrap().to_owned());
    let all = |ids: &[&String]| ids.iter().map(|id| (*id).clone()).collect::<Vec<_>>();
    for (query, expected) in [
        ("单板重启", all(&[&titled, &told, &said])),
        ("板重", all(&[&titled, &told, &said])),
        ("重启 单板", all(&[&titled, &told, &said])),
        ("\"重启 单板\"", vec![]),
        ("重启单板", vec![]),
        ("单板 收光", all(&[&told])),
        ("crc", all(&[&titled])),
        ("rc", vec![]),
        ("err-1234", all(&[&titled])),
        ("1234", all(&[&titled])),
        ("v1.2", all(&[&titled])),
        ("事故", all(&[&told])),
        ("level=事故 重启", all(&[&told])),
        ("level=事故", all(&[&told])),
        ("电源 换了", all(&[&said])),
        ("电源 - 换了", all(&[&said])),
    ] {
        assert_eq!(found(&engineer, query), expected, "{query}");
        let mut newest_first = expected.clone();
        newest_first.sort();
        newest_first.reverse();
        assert_eq!(listed(&engineer, query), newest_first, "{query}");
    }
    // An ID is that item, not what speaks of it.
    assert_eq!(found(&engineer, &titled), std::slice::from_ref(&titled));
    assert_eq!(listed(&engineer, &titled), std::slice::from_ref(&titled));
    let hit = &search(&engineer, "收光")["items"][0];
    assert_eq!((&hit["flow"], &hit["title"], &hit["url"]), (&json!("t"), &json!("端口不通"), &json!("/flow/t/2")));
    assert_eq!(hit["snippet"][1], json!({"text": "收光", "hit": true}), "{hit}");
    assert_eq!(search(&engineer, "  ")["total"], 0);
    // page by page, each once
    let whole: Vec<Value> = engineer.pages(&format!("/search?q={}", encoded("单板重启")), 1);
    assert_eq!(ids(&whole), [&titled, &told, &said]);
}

#[test]
fn what_is_changed_is_found_by_what_it_is_now() {
    let server = flows().into_server();
    let engineer = server.user("engineer");
    let item = engineer.create("t", &json!({"summary": "单板重启"}));
    engineer.saved(&item, &json!({"summary": "光模块故障", "detail": "重启无效"}));
    assert!(found(&engineer, "单板").is_empty());
    assert_eq!(found(&engineer, "光模块 重启").len(), 1);
    engineer.pressed(&engineer.again(&item), "关", &json!({}));
    assert_eq!(found(&engineer, "state=完 重启").len(), 1);
    assert!(found(&engineer, "state=开 重启").is_empty());
}

#[test]
fn nobody_finds_or_is_told_of_what_they_may_not_see() {
    let server = flows().into_server();
    let (engineer, delegate) = (server.user("engineer"), server.user("delegate"));
    let secret = engineer.create("u", &json!({"summary": "绝密事项", "cause": "绝密原因"}));
    engineer
        .post(&format!("{}/comments", path_of(&secret)), &json!({"comment": "绝密评论"}))
        .expect(StatusCode::CREATED);
    engineer.create("t", &json!({"summary": "公开", "link": "u/1"}));
    for query in ["绝密", "绝密评论", "secret_1", "u/1", "/flow/u/1", "cause=绝密原因", "cause:绝密", "state=开 绝密"]
    {
        assert_eq!(found(&engineer, query).first().map(String::as_str), Some("secret_1"), "{query}");
        let answer = delegate.get(&format!("/search?q={}", encoded(query)));
        assert!(!answer.text.contains("绝密") && !answer.text.contains("secret"), "{query}: {}", answer.text);
        // a field that only the other flow has is unknown, as one that no flow has
        if query.starts_with("cause") {
            assert_eq!(answer.refused(422), "bad_query", "{query}");
        }
    }
    assert_eq!(found(&delegate, "公开"), ["t_1"]);
    server.user("admin").post("/flows/u/items/1/holder", &json!({"to": "delegate"})).expect(StatusCode::OK);
    assert_eq!(found(&delegate, "绝密评论"), ["secret_1"], "what they hold they find");
}

#[test]
fn a_query_that_no_flow_understands_is_refused_at_its_place() {
    let server = flows().into_server();
    let engineer = server.user("engineer");
    let answer = engineer.get(&format!("/search?q={}", encoded("重启 nothing=1")));
    assert_eq!(answer.refused(422), "bad_query");
    // one flow knows the field: the others have nothing of it
    engineer.create("t", &json!({"summary": "重启", "level": "事故"}));
    assert_eq!(found(&engineer, "level=事故 重启"), ["t_1"]);
    engineer.get("/search?q=a&limit=0").refused(400);
    engineer.get("/search?q=a&cursor=x").refused(400);
    engineer.get("/search?other=a").refused(400);
}

#[test]
fn the_page_shows_what_was_found_and_marks_it() {
    let at = flows();
    at.done(&["user", "passwd", "engineer", "--password-stdin"], "pass-word-1\n");
    let server = at.into_server();
    let engineer = server.user("engineer");
    engineer.create("t", &json!({"summary": "<b>单板重启</b>", "detail": "CRC 错包"}));
    for number in 2..=22 {
        engineer.create("t", &json!({"summary": format!("电源故障 {number}")}));
    }
    let person = server.signed_in("engineer", "pass-word-1");
    let page = person.page(&format!("/search?q={}", encoded("重启 crc")));
    assert_eq!(page.status, StatusCode::OK);
    for part in
        ["&#60;b&#62;单板<mark>重启</mark>&#60;/b&#62;", "<mark>CRC</mark>", "/flow/t/1", "事项", "value=\"重启 crc\""]
    {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    let first = person.page(&format!("/search?q={}", encoded("电源"))).text;
    assert_eq!(first.matches("class=\"hit-title\"").count(), 20);
    let next = first.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let second = person.page(&next.replace("&amp;", "&").replace("&#38;", "&"));
    assert_eq!(second.text.matches("class=\"hit-title\"").count(), 1, "{}", second.text);
    let bad = person.page(&format!("/search?q={}", encoded("重启 x=1")));
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text.contains("重启 <mark>x</mark>=1"), "{}", bad.text);
    assert_eq!(person.page("/search").status, StatusCode::OK);
    assert!(person.page("/").text.contains("action=\"/search\""), "on every page");
}

#[test]
fn the_command_prints_what_it_finds() {
    let at = flows();
    let server = at.serve();
    let engineer = server.user("engineer");
    engineer.create("t", &json!({"summary": "单板重启"}));
    engineer.create("u", &json!({"summary": "绝密 单板"}));
    engineer.create("t", &json!({"summary": "别的", "detail": "单板 重启"}));
    assert_eq!(at.done(&["search", "单板", "重启"], ""), "t_1\t开\t单板重启\nt_2\t开\t别的\n");
    assert_eq!(
        at.done(&["search", "单板", "--flow", "u"], ""),
        "secret_1\t开\t绝密 单板\n",
        "who has the data sees all"
    );
    assert_eq!(at.done(&["search", "没有的"], ""), "");
    let some = at.run(&["search", "单板", "--limit", "1"], "");
    assert_eq!(String::from_utf8_lossy(&some.stdout).lines().count(), 1);
    assert!(stderr(&some).contains("and 2 more"), "{}", stderr(&some));
    for (arguments, status, says) in [
        (&["search", "单板", "--flow", "x"][..], 1, "no flow \"x\" is published"),
        (&["search", "x=1"][..], 1, "x"),
        (&["search"][..], 2, "QUERY"),
    ] {
        let output = at.run(arguments, "");
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert!(stderr(&output).contains(says), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn what_was_copied_elsewhere_is_found_there() {
    let (here, there) = (flows(), Installation::empty());
    let mut server = here.serve();
    let engineer = server.user("engineer");
    let item = engineer.create("t", &json!({"summary": "单板重启"}));
    engineer.post(&format!("{}/comments", path_of(&item)), &json!({"comment": "光模块"})).expect(StatusCode::CREATED);
    assert!(server.stop().success());
    let place =
        |at: &Installation| records::database(at.data()).unwrap_or_else(|| at.data().to_str().unwrap().to_owned());
    let output = run(&["data", "copy", "--from", &place(&here), "--to", &place(&there)], "");
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(there.done(&["search", "重启 光模块"], ""), "t_1\t开\t单板重启\n");
    let server: Server = there.into_server();
    let engineer = server.user("engineer");
    engineer.saved(&engineer.item("t", 1), &json!({"summary": "电源"}));
    assert!(found(&engineer, "重启").is_empty());
    assert_eq!(found(&engineer, "电源 光模块"), ["t_1"]);
}
