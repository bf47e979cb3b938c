//! The HTTP API: shapes, statuses, pages, the order of refusals.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, User, answer, encoded, ids, path_of, texts};

/// A flow with a field of every type.
const TYPES: &str = r#"
key = "t"
name = "各种类型"
item_prefix = "k"

[[field]]
key = "summary"
type = "text"
max_length = 20

[[field]]
key = "detail"
type = "textarea"
max_length = 30

[[field]]
key = "level"
type = "choice"
choices = ["低", "中", "高"]

[[field]]
key = "marks"
type = "choice"
choices = ["甲", "乙", "丙"]
multiple = true

[[field]]
key = "who"
type = "user"

[[field]]
key = "team"
type = "user"
multiple = true

[[field]]
key = "amount"
type = "number"
min = -1000
max = 1000000
decimals = 2

[[field]]
key = "day"
type = "date"

[[field]]
key = "moment"
type = "datetime"

[[field]]
key = "yes"
type = "bool"

[[field]]
key = "site"
type = "url"

[[field]]
key = "other"
type = "item"

[[field]]
key = "others"
type = "item"
flow = "t"
multiple = true

[[transition]]
source = "开"
trigger = "转交"
dest = "办"
assign_to = "who"

[[transition]]
source = "办"
trigger = "关闭"
dest = "完"
condition = 'level == "高"'
unmet = "级别不高的不能关闭"
"#;

fn types() -> Server {
    Server::with_flow(TYPES)
}

fn refuse(answer: &Answer, field: &str, code: &str) {
    assert_eq!(answer.field_errors(), [(field.to_owned(), code.to_owned())], "{}", answer.text);
}

// ---------------------------------------------------------------------------------------------- shapes

#[test]
fn me_is_name_display_admin_and_groups() {
    let server = types();
    server.done(&["user", "add", "ann", "--display", "安妮", "--group", "维护", "--group", "值班"], "");
    let me = server.user("ann").get("/me").expect(StatusCode::OK);
    assert_eq!(me["name"], "ann");
    assert_eq!(me["display"], "安妮");
    assert_eq!(me["admin"], false);
    let groups: BTreeSet<&str> = texts(&me["groups"]).into_iter().collect();
    assert_eq!(groups, ["值班", "维护"].into());
    assert_eq!(server.user("admin").get("/me").json()["admin"], true);
}

#[test]
fn flows_and_their_definitions() {
    let server = Server::by_token();
    let engineer = server.user("engineer");
    engineer.create("issue_track", &json!({}));
    let flows = engineer.get("/flows").expect(StatusCode::OK);
    let found: BTreeSet<_> =
        flows["flows"].as_array().unwrap().iter().map(|flow| flow["key"].as_str().unwrap()).collect();
    assert_eq!(found, ["buglist", "device_card", "improvement", "issue_track"].into());
    let entry = flows["flows"].as_array().unwrap().iter().find(|flow| flow["key"] == "issue_track").unwrap();
    assert_eq!(entry, &json!({"key": "issue_track", "name": "网上问题处理", "version": 1, "open_items": 1}));
    let flow = engineer.get("/flows/issue_track").expect(StatusCode::OK);
    assert_eq!(flow["fields"][0]["key"], "summary");
    assert_eq!(flow["states"][0]["name"], "维护人员处理");
    assert_eq!(flow["transitions"][1]["trigger"], "提交审核");
    engineer.get("/flows/nothing").refused(404);
}

#[test]
fn an_item_has_every_key_of_the_contract() {
    let server = Server::by_token();
    let engineer = server.user("engineer");
    let item = engineer.create("issue_track", &json!({"summary": "一"}));
    let keys: BTreeSet<&str> = item.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "assigned_to",
        "closed_at",
        "created_at",
        "created_by",
        "fields",
        "final",
        "flow",
        "flow_version",
        "id",
        "number",
        "revision",
        "state",
        "title",
        "triggers",
        "updated_at",
        "url",
    ];
    assert_eq!(keys, expected.into());
    assert_eq!((&item["number"], &item["id"], &item["title"]), (&json!(1), &json!("question_1"), &json!("一")));
    assert_eq!((&item["url"], &item["flow_version"]), (&json!("/flow/issue_track/1"), &json!(1)));
    assert_eq!((&item["revision"], &item["final"], &item["closed_at"]), (&json!(1), &json!(false), &json!(null)));
    assert_eq!(item["created_at"], item["updated_at"]);
    assert!(item["created_at"].as_str().unwrap().ends_with("+08:00"), "{}", item["created_at"]);
    let fields = item["fields"].as_object().unwrap();
    assert_eq!(fields["class_2"], json!(null));
    assert_eq!(fields["issue_processor"], "engineer");
    assert_eq!(fields.keys().next().unwrap(), "summary", "in the form's order");
    let triggers: Vec<_> =
        item["triggers"].as_array().unwrap().iter().map(|entry| entry["trigger"].as_str().unwrap()).collect();
    assert_eq!(triggers, ["更新进展", "提交审核", "提取典型问题"]);
    assert_eq!(item["triggers"][0], json!({"trigger": "更新进展", "dest": "维护人员处理", "allowed": true}));
    let seen = server.user("delegate").item("issue_track", 1);
    assert_eq!(seen["triggers"][0]["allowed"], false);
    assert!(!seen["triggers"][0]["reason"].as_str().unwrap().is_empty());
}

#[test]
fn creating_answers_201_with_location_and_etag() {
    let server = types();
    let engineer = server.user("engineer");
    let answer = engineer.post("/flows/t/items", &json!({"fields": {"summary": "一"}}));
    let item = answer.expect(StatusCode::CREATED);
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    let there = crate::harness::answer(engineer.request("GET", &location));
    assert_eq!(there.expect(StatusCode::OK), item);
    let tag = there.headers["etag"].clone();
    engineer.saved(&item, &json!({"summary": "二"}));
    assert_ne!(engineer.get("/flows/t/items/1").headers["etag"], tag, "another revision, another tag");
    assert_eq!(answer.headers["content-type"], "application/json");
}

#[test]
fn every_type_of_value_comes_back_as_the_contract_spells_it() {
    let server = types();
    let engineer = server.user("engineer");
    engineer.create("t", &json!({"summary": "别的"}));
    let given = json!({
        "summary": "一", "detail": "a\nb", "level": "高", "marks": ["丙", "甲"], "who": "Delegate", "team": ["engineer", "ADMIN"],
        "amount": 12.50, "day": "2026-11-22", "moment": "2026-11-22T03:04:05Z", "yes": true, "site": "https://example.com/a?b=c#d",
        "other": "k_1", "others": ["t/1"],
    });
    let item = engineer.create("t", &given);
    let expected = json!({
        "summary": "一", "detail": "a\nb", "level": "高", "marks": ["丙", "甲"], "who": "delegate", "team": ["engineer", "admin"],
        "amount": 12.5, "day": "2026-11-22", "moment": "2026-11-22T11:04:05+08:00", "yes": true,
        "site": "https://example.com/a?b=c#d", "other": "t/1", "others": ["t/1"],
    });
    assert_eq!(item["fields"], expected);
    assert_eq!(engineer.again(&item)["fields"], expected);
    let emptied = json!({
        "summary": null, "detail": null, "level": null, "marks": null, "who": null, "team": null, "amount": null, "day": null,
        "moment": null, "yes": null, "site": null, "other": null, "others": null,
    });
    let mut nothing = emptied.clone();
    nothing["yes"] = json!(false);
    assert_eq!(engineer.saved(&item, &emptied)["fields"], nothing, "empty is null; a bool is never empty");
    assert_eq!(engineer.create("t", &json!({}))["fields"], nothing);
}

#[test]
fn numbers_are_decimal_and_never_rounded() {
    let server = types();
    let engineer = server.user("engineer");
    let item = engineer.create("t", &json!({}));
    for (given, shown) in
        [("100", "100"), ("100.0", "100"), ("1e3", "1000"), ("-0.5", "-0.5"), ("0.10", "0.1"), ("-0", "0")]
    {
        let body = format!(r#"{{"fields":{{"amount":{given}}}}}"#);
        let answer = engineer.send_bytes("PATCH", "/flows/t/items/1", "application/json", body);
        answer.expect(StatusCode::OK);
        assert!(answer.text.contains(&format!(r#""amount":{shown},"#)), "{given}: {}", answer.text);
    }
    refuse(&engineer.save(&item, &json!({"amount": 0.125})), "amount", "decimals");
    refuse(&engineer.save(&item, &json!({"amount": -1000.01})), "amount", "too_small");
    refuse(&engineer.save(&item, &json!({"amount": 1_000_000.01})), "amount", "too_large");
    refuse(&engineer.save(&item, &json!({"amount": "12"})), "amount", "type");
    let long = r#"{"fields":{"amount":1234.567890123456789}}"#;
    let answer = engineer.send_bytes("PATCH", "/flows/t/items/1", "application/json", long);
    assert_eq!(answer.field_errors()[0].0, "amount");
    let vast = r#"{"fields":{"amount":1e999}}"#;
    assert_eq!(
        engineer.send_bytes("PATCH", "/flows/t/items/1", "application/json", vast).field_errors()[0].0,
        "amount"
    );
}

#[test]
fn values_that_are_none_are_refused_each_named() {
    let server = types();
    let engineer = server.user("engineer");
    let item = engineer.create("t", &json!({}));
    let bad = [
        ("summary", json!("一二三四五六七八九十一二三四五六七八九十1"), "too_long"),
        ("summary", json!(5), "type"),
        ("summary", json!(["a"]), "type"),
        ("summary", json!("a\u{0}b"), "character"),
        ("summary", json!("a\nb"), "character"),
        ("detail", json!("a\u{0}b"), "character"),
        ("level", json!("很高"), "choice"),
        ("level", json!(""), ""),
        ("marks", json!(["甲", "丁"]), "choice"),
        ("marks", json!("甲"), ""),
        ("who", json!("nobody-there"), "no_user"),
        ("team", json!(["engineer", "nobody-there"]), "no_user"),
        ("day", json!("2026-02-30"), "date"),
        ("day", json!("22.11.2026"), "date"),
        ("moment", json!("2026-11-22 10:00"), "datetime"),
        ("yes", json!("true"), "type"),
        ("site", json!("javascript:alert(1)"), "url"),
        ("site", json!("no address"), "url"),
        ("other", json!("t/99"), "no_item"),
        ("other", json!("k_99"), "no_item"),
        ("others", json!(["t/18446744073709551616"]), "no_item"),
        ("nothing", json!(1), "unknown"),
        ("current_state", json!("完"), "unknown"),
        ("assigned_to", json!("engineer"), "unknown"),
    ];
    for (field, value, code) in bad {
        let answer = engineer.save(&item, &json!({field: value}));
        if code.is_empty() {
            // An empty text is an empty choice, one word a list of one, or each is refused: never something else.
            if answer.status != 200 {
                assert_eq!(answer.field_errors()[0].0, field);
            }
        } else {
            refuse(&answer, field, code);
        }
    }
    let all = json!({"level": "很高", "who": "nobody-there", "day": "x", "nothing": 1});
    let named: BTreeSet<String> =
        engineer.save(&item, &all).field_errors().into_iter().map(|(field, _)| field).collect();
    assert_eq!(named, ["day", "level", "nothing", "who"].map(str::to_owned).into(), "all of them at once");
    assert_eq!(engineer.again(&item)["fields"]["day"], json!(null));
}

#[test]
fn limits_count_characters_not_bytes() {
    let server = types();
    let engineer = server.user("engineer");
    let most = "字🙂".repeat(10);
    assert_eq!(engineer.create("t", &json!({"summary": most}))["fields"]["summary"], most);
    refuse(
        &engineer.post("/flows/t/items", &json!({"fields": {"summary": format!("{most}x")}})),
        "summary",
        "too_long",
    );
    let lines = "一\r\n".repeat(15);
    let item = engineer.create("t", &json!({"detail": lines}));
    assert_eq!(item["fields"]["detail"], "一\n".repeat(15), "a line break is one character");
}

#[test]
fn an_event_has_every_key_of_the_contract() {
    let server = types();
    let engineer = server.user("engineer");
    let item = engineer.create("t", &json!({"summary": "一"}));
    engineer.saved(&item, &json!({"summary": "二", "yes": true}));
    let answer = engineer.post("/flows/t/items/1/comments", &json!({"comment": "说一句\r\n又一句"}));
    let said = answer.expect(StatusCode::CREATED);
    engineer.pressed(&item, "转交", &json!({"who": "delegate"}));
    server.user("admin").post("/flows/t/items/1/holder", &json!({"to": "architect"})).expect(StatusCode::OK);
    let history = engineer.history(&item);
    for key in ["seq", "at", "actor", "kind", "trigger", "from", "to", "changes", "assigned_to", "comment"] {
        assert!(history.iter().all(|event| event.get(key).is_some()), "{key}");
    }
    let kinds: Vec<_> = history.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["created", "saved", "commented", "triggered", "assigned"]);
    let seqs: Vec<_> = history.iter().map(|event| event["seq"].as_i64().unwrap()).collect();
    assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
    assert_eq!(history[1]["changes"], json!({"summary": ["一", "二"], "yes": [false, true]}));
    assert_eq!(history[2], said);
    assert_eq!(said["comment"], "说一句\n又一句");
    assert_eq!(
        (&history[3]["trigger"], &history[3]["from"], &history[3]["to"]),
        (&json!("转交"), &json!("开"), &json!("办"))
    );
    assert_eq!(history[4]["assigned_to"], json!(["architect"]));
    assert_eq!(engineer.again(&item)["revision"], 4, "a comment changes no revision");
}

// ---------------------------------------------------------------------------------------------- pages

#[test]
fn a_list_shows_every_item_exactly_once_newest_first() {
    let server = types();
    let engineer = server.user("engineer");
    for number in 1..=7 {
        engineer.create("t", &json!({"amount": number % 3}));
    }
    for limit in [1, 2, 3, 6, 7, 8, 200] {
        let items = engineer.pages("/flows/t/items", limit);
        assert_eq!(ids(&items), ["k_7", "k_6", "k_5", "k_4", "k_3", "k_2", "k_1"], "limit {limit}");
    }
    let page = engineer.get("/flows/t/items?limit=7").json();
    assert_eq!((&page["total"], &page["next"]), (&json!(7), &json!(null)), "no empty page after the last");
    assert!(page.get("total_capped").is_none_or(|capped| capped == false));
    for sort in ["amount", "-amount", "day,-created", "-updated,amount"] {
        let items = engineer.pages(&format!("/flows/t/items?sort={sort}"), 2);
        let seen: BTreeSet<_> = ids(&items).into_iter().map(str::to_owned).collect();
        assert_eq!((items.len(), seen.len()), (7, 7), "sort={sort}");
    }
}

#[test]
fn a_page_shows_no_item_twice_while_others_are_added() {
    let server = types();
    let engineer = server.user("engineer");
    for _ in 0..4 {
        engineer.create("t", &json!({}));
    }
    let first = engineer.get("/flows/t/items?limit=2").json();
    engineer.create("t", &json!({}));
    let second = engineer.get(&format!("/flows/t/items?limit=2&cursor={}", first["next"].as_str().unwrap())).json();
    assert_eq!(ids(first["items"].as_array().unwrap()), ["k_4", "k_3"]);
    assert_eq!(ids(second["items"].as_array().unwrap()), ["k_2", "k_1"]);
}

#[test]
fn limits_and_cursors_have_bounds() {
    let server = types();
    let engineer = server.user("engineer");
    engineer.create("t", &json!({}));
    for path in ["/flows/t/items", "/work?list=pending", "/flows/t/items/1/history"] {
        let mark = if path.contains('?') { '&' } else { '?' };
        for bad in ["limit=0", "limit=-1", "limit=x", "limit=", "cursor=x", "nothing=1"] {
            engineer.get(&format!("{path}{mark}{bad}")).refused(400);
        }
        engineer.get(&format!("{path}{mark}limit=200")).expect(StatusCode::OK);
    }
    engineer.get("/work?list=other").refused(400);
}

#[test]
fn a_page_is_fifty_items_unless_asked_and_two_hundred_at_most() {
    let server = types();
    let engineer = server.user("engineer");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..51).for_each(|_| drop(engineer.create("t", &json!({})))));
        }
    });
    let length =
        |query: &str| engineer.get(&format!("/flows/t/items{query}")).json()["items"].as_array().unwrap().len();
    assert_eq!(length(""), 50);
    assert_eq!(length("?limit=200"), 200);
    let more = engineer.get("/flows/t/items?limit=1000");
    assert!(more.status == 400 || more.json()["items"].as_array().unwrap().len() == 200, "{}", more.status);
    assert_eq!(engineer.get("/flows/t/items").json()["total"], 204);
    assert_eq!(engineer.pages("/flows/t/items", 200).len(), 204);
    assert_eq!(engineer.pages("/work?list=pending", 97).len(), 204);
}

#[test]
fn a_history_is_whole_unless_limited() {
    let server = types();
    let engineer = server.user("engineer");
    let item = engineer.create("t", &json!({}));
    for number in 0..70 {
        engineer.saved(&item, &json!({"amount": number}));
    }
    let whole = engineer.history(&item);
    assert_eq!(whole.len(), 71);
    let first = engineer.get("/flows/t/items/1/history?limit=2").json();
    assert_eq!(first["events"].as_array().unwrap()[..], whole[..2]);
    let next = first["next"].as_str().unwrap();
    let second = engineer.get(&format!("/flows/t/items/1/history?limit=100&cursor={next}")).json();
    assert_eq!(second["events"].as_array().unwrap()[..], whole[2..]);
}

#[test]
fn work_lists_are_in_the_order_of_the_contract() {
    let server = Server::by_token();
    let (engineer, delegate) = (server.user("engineer"), server.user("delegate"));
    let one = engineer.create("issue_track", &json!({}));
    let two = engineer.create("improvement", &json!({"summary": "二"}));
    let three = engineer.create("issue_track", &json!({}));
    let list = |user: &User, list: &str| -> Vec<String> {
        let items = user.pages(&format!("/work?list={list}"), 1);
        assert_eq!(user.get(&format!("/work?list={list}")).json()["total"], items.len());
        ids(&items).into_iter().map(str::to_owned).collect()
    };
    assert_eq!(list(&engineer, "pending"), ["question_2", "improvement_1", "question_1"]);
    assert_eq!(list(&engineer, "created"), ["question_2", "improvement_1", "question_1"]);
    assert!(list(&engineer, "done").is_empty());

    engineer.pressed(&three, "提交审核", &json!({"issue_checker": "delegate"}));
    engineer.pressed(&one, "提交审核", &json!({"issue_checker": "delegate"}));
    assert_eq!(list(&delegate, "pending"), ["question_1", "question_2"], "what came last first");
    assert_eq!(list(&engineer, "done"), ["question_1", "question_2"], "what I pressed last first");
    engineer.post(&format!("{}/comments", path_of(&three)), &json!({"comment": "说"})).expect(StatusCode::CREATED);
    assert_eq!(list(&engineer, "done"), ["question_1", "question_2"], "a comment is no press");

    delegate.pressed(&three, "打回补充信息", &json!({}));
    assert_eq!(list(&engineer, "pending"), ["question_2", "improvement_1"], "what came back is on top");
    assert_eq!(list(&engineer, "done"), ["question_1"], "what I hold again is not done");
    assert_eq!(list(&delegate, "done"), ["question_2"]);
    assert_eq!(list(&engineer, "created"), ["question_2", "improvement_1", "question_1"]);
    engineer.saved(&two, &json!({"detail": "x"}));
    engineer.pressed(&three, "更新进展", &json!({}));
    assert_eq!(list(&engineer, "pending"), ["question_2", "improvement_1"], "a save is no coming");
    assert_eq!(engineer.get("/work").json(), engineer.get("/work?list=pending").json());
}

// ---------------------------------------------------------------------------------------------- finding

#[test]
fn a_query_finds_what_it_says() {
    let server = types();
    let (engineer, delegate) = (server.user("engineer"), server.user("delegate"));
    let one = engineer.create(
        "t",
        &json!({"summary": "华东 重启", "level": "高", "amount": 100, "day": "2026-05-01", "who": "delegate"}),
    );
    engineer.create("t", &json!({"summary": "华南", "level": "中", "amount": 99.5, "day": "2026-05-31", "yes": true, "marks": ["甲", "乙"]}));
    delegate.create("t", &json!({"summary": "西北", "amount": -5, "team": ["admin"]}));
    engineer.pressed(&one, "转交", &json!({}));
    let cases: &[(&str, &[&str])] = &[
        ("", &["k_3", "k_2", "k_1"]),
        ("level=高", &["k_1"]),
        ("level=高,中", &["k_2", "k_1"]),
        ("level!=高", &["k_3", "k_2"]),
        ("level=", &["k_3"]),
        ("level!=", &["k_2", "k_1"]),
        ("summary:重", &["k_1"]),
        ("amount>=100", &["k_1"]),
        ("amount>=99.5 amount<100", &["k_2"]),
        ("amount<0", &["k_3"]),
        ("amount=-5", &["k_3"]),
        ("amount=0..100", &["k_2", "k_1"]),
        ("day<2026-05-31", &["k_1"]),
        ("day=2026-05-01..2026-05-31", &["k_2", "k_1"]),
        ("state=办", &["k_1"]),
        ("state!=办", &["k_3", "k_2"]),
        ("assigned_to=me", &["k_2"]),
        ("assigned_to=delegate", &["k_3", "k_1"]),
        ("created_by=me and level=中", &["k_2"]),
        ("created_by=DELEGATE", &["k_3"]),
        ("who=delegate", &["k_1"]),
        ("yes=true", &["k_2"]),
        ("marks=乙", &["k_2"]),
        ("team=admin", &["k_3"]),
        ("created>=today", &["k_3", "k_2", "k_1"]),
        ("created<today", &[]),
        ("updated>=-7d", &["k_3", "k_2", "k_1"]),
        ("closed=", &["k_3", "k_2", "k_1"]),
        ("k_2", &["k_2"]),
    ];
    for (query, expected) in cases {
        let answer = engineer.get(&format!("/flows/t/items?q={}", encoded(query)));
        let page = answer.expect(StatusCode::OK);
        assert_eq!(ids(page["items"].as_array().unwrap()), *expected, "{query}");
        assert_eq!(page["total"], expected.len(), "{query}");
    }
}

#[test]
fn a_query_may_use_labels_and_quotes() {
    let server = Server::by_token();
    let engineer = server.user("engineer");
    engineer.create("issue_track", &json!({"issue_level": "事故", "site": "华东 一号"}));
    engineer.create("issue_track", &json!({}));
    for query in ["问题级别=事故", "site=\"华东 一号\"", "局点:一号", "site:\"东 一\""] {
        let found = engineer.get(&format!("/flows/issue_track/items?q={}", encoded(query)));
        assert_eq!(ids(found.expect(StatusCode::OK)["items"].as_array().unwrap()), ["question_1"], "{query}");
    }
}

#[test]
fn sorting() {
    let server = types();
    let engineer = server.user("engineer");
    for (amount, level) in [(json!(2), "低"), (json!(null), "高"), (json!(10), "低"), (json!(1), "中")] {
        engineer.create("t", &json!({"amount": amount, "level": level}));
    }
    let sorted = |sort: &str| -> Vec<i64> {
        let items = engineer.pages(&format!("/flows/t/items?sort={sort}"), 3);
        items.iter().map(|item| item["number"].as_i64().unwrap()).collect()
    };
    let filled = |numbers: Vec<i64>| -> Vec<i64> { numbers.into_iter().filter(|number| *number != 2).collect() };
    assert_eq!(filled(sorted("amount")), [4, 1, 3], "as numbers, not as text");
    assert_eq!(filled(sorted("-amount")), [3, 1, 4]);
    assert_eq!(sorted("created"), [1, 2, 3, 4]);
    assert_eq!(sorted("-created"), [4, 3, 2, 1]);
    assert_eq!(sorted("").len(), 4);
}

#[test]
fn a_query_that_cannot_be_read_says_where() {
    let server = types();
    let engineer = server.user("engineer");
    for (query, position) in [("level=高 nothing=1", 8), ("amount>=x", 8), ("day<2026-02-30", 4), ("summary:\"a", 8)] {
        let answer = engineer.get(&format!("/flows/t/items?q={}", encoded(query)));
        assert_eq!(answer.status, 422, "{query}: {}", answer.text);
        assert_eq!(answer.refused(422), "bad_query");
        assert_eq!(answer.json()["position"], position, "{query}: {}", answer.text);
    }
    for sort in ["nothing", "-", "amount,,day", "detail"] {
        let answer = engineer.get(&format!("/flows/t/items?sort={}", encoded(sort)));
        if sort != "detail" || answer.status != 200 {
            assert_eq!(answer.refused(422), "bad_query", "{sort}");
        }
    }
}

#[test]
fn a_query_without_end_harms_nobody() {
    let server = types();
    let engineer = server.user("engineer");
    engineer.create("t", &json!({"summary": "x", "level": "高"}));
    let values: Vec<String> = (0..9000).map(|n| format!("v{n}")).collect();
    let most = ["summary:x", "level=高", "amount=", "x", "state=开"].map(|term| [term; 20].join(" "));
    let found = engineer.get(&format!("/flows/t/items?q={}", encoded(&most.join(" and "))));
    assert_eq!(found.expect(StatusCode::OK)["total"], 1, "a hundred terms are fine");
    for query in [vec!["summary:x"; 3000].join(" "), vec!["x"; 9000].join(" "), format!("level={}", values.join(","))] {
        let answer = engineer.get(&format!("/flows/t/items?q={}", query.replace(' ', "+")));
        assert_eq!(answer.refused(422), "bad_query");
    }
    assert_eq!(
        engineer.get(&format!("/flows/t/items?sort={}", vec!["-updated"; 3000].join(","))).refused(422),
        "bad_query"
    );
    let sorts = ["amount", "-level", "day", "summary", "created", "-updated", "state", "who"].join(",");
    assert_eq!(engineer.pages(&format!("/flows/t/items?sort={sorts}"), 1).len(), 1);
}

// ---------------------------------------------------------------------------------------------- refusals

#[test]
fn a_request_with_an_unknown_key_is_refused() {
    let server = types();
    let engineer = server.user("engineer");
    engineer.create("t", &json!({}));
    let calls = [
        ("POST", "/flows/t/items", json!({"fields": {}, "state": "完"})),
        ("POST", "/flows/t/items", json!({"fields": []})),
        ("POST", "/flows/t/items", json!([])),
        ("POST", "/flows/t/items", json!({"fields": null})),
        ("PATCH", "/flows/t/items/1", json!({"fields": {}, "trigger": "转交"})),
        ("PATCH", "/flows/t/items/1", json!({"fields": {}, "revision": "1"})),
        ("POST", "/flows/t/items/1/triggers", json!({"trigger": "转交", "dest": "完"})),
        ("POST", "/flows/t/items/1/triggers", json!({"fields": {}})),
        ("POST", "/flows/t/items/1/triggers", json!(["转交", null, {"who": "delegate"}, null])),
        ("POST", "/flows/t/items/1/triggers", json!({"trigger": 5})),
        ("POST", "/flows/t/items/1/comments", json!({"comment": "说", "actor": "admin"})),
        ("POST", "/flows/t/items/1/comments", json!({})),
        ("POST", "/flows/t/items/1/holder", json!({"to": "admin", "state": "完"})),
    ];
    for (method, path, body) in calls {
        engineer.send(method, path, Some(&body)).refused(400);
    }
    for path in ["/flows/t/items?dry_run=true", "/flows/t/items/1/triggers?x=1"] {
        engineer.post(path, &json!({})).refused(400);
    }
    engineer.get("/me?name=admin").refused(400);
    engineer.get("/flows/t/items/1?revision=1").refused(400);
    server.nobody().get("/me?name=admin").refused(401);
    assert_eq!(engineer.item("t", 1)["revision"], 1);
    assert_eq!(engineer.get("/flows/t/items").json()["total"], 1);
}

#[test]
fn bodies_that_are_none() {
    let server = types();
    let engineer = server.user("engineer");
    engineer.create("t", &json!({}));
    let path = "/flows/t/items";
    let json = "application/json";
    assert_eq!(engineer.send_bytes("POST", path, json, "not json").refused(400), "bad_request");
    engineer.send_bytes("POST", path, json, "").refused(400);
    engineer.send_bytes("POST", path, json, br#"{"fields":{"summary":""#.to_vec()).refused(400);
    engineer.send_bytes("POST", path, json, b"{\"fields\":{\"summary\":\"\xff\"}}".to_vec()).refused(400);
    engineer.send_bytes("POST", path, json, r#"{"fields":{"summary":"\ud800"}}"#).refused(400);
    engineer.send_bytes("POST", path, json, "[".repeat(500_000)).refused(400);
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        engineer.send_bytes("POST", path, kind, r#"{"fields":{}}"#).refused(415);
    }
    engineer
        .send_bytes("POST", path, "application/json; charset=utf-8", r#"{"fields":{}}"#)
        .expect(StatusCode::CREATED);
    let large = format!(r#"{{"fields":{{"detail":"{}"}}}}"#, "x".repeat(1024 * 1024));
    engineer.send_bytes("POST", path, json, large.as_str()).refused(413);
    engineer.send_bytes("POST", path, json, vec![b' '; 9 * 1024 * 1024]).refused(413);
    let most = format!(r#"{{"fields":{{"detail":"{}"}}}}"#, "x".repeat(1024 * 1024 - 26));
    assert_eq!(
        engineer.send_bytes("POST", path, json, most).field_errors(),
        [("detail".to_owned(), "too_long".to_owned())]
    );
    assert_eq!(engineer.get("/flows/t/items").json()["total"], 2);
}

#[test]
fn paths_that_can_name_nothing_are_404() {
    let server = types();
    let engineer = server.user("engineer");
    engineer.create("t", &json!({}));
    for number in [
        "2",
        "0",
        "-1",
        "18446744073709551616",
        "9223372036854775808",
        "9223372036854775807",
        "x",
        "1.0",
        "01",
        "+1",
        "%00",
    ] {
        engineer.get(&format!("/flows/t/items/{number}")).refused(404);
        engineer.get(&format!("/flows/t/items/{number}/history")).refused(404);
        engineer.patch(&format!("/flows/t/items/{number}"), &json!({"fields": {}})).refused(404);
    }
    for path in [
        "/nothing",
        "/flows/nothing",
        "/flows/nothing/items",
        "/flows/T/items/1",
        "/flows/t/items/1/nothing",
        "/flows/t/",
    ] {
        engineer.get(path).refused(404);
    }
    engineer.post("/flows/nothing/items", &json!({"fields": {}})).refused(404);
    for path in ["/flows/%FF", "/flows/t/items/%FF", "/%E0%A4"] {
        assert_eq!(engineer.get(path).refused(404), "not_found");
    }
}

#[test]
fn methods_that_a_path_does_not_take() {
    let server = types();
    let engineer = server.user("engineer");
    engineer.create("t", &json!({}));
    let wrong = [
        ("DELETE", "/flows/t/items/1"),
        ("PUT", "/flows/t/items/1"),
        ("POST", "/me"),
        ("GET", "/flows/t/items/1/triggers"),
        ("DELETE", "/flows/t"),
    ];
    for (method, path) in wrong {
        let answer = engineer.send(method, path, None);
        assert_eq!(answer.refused(405), "method_not_allowed", "{method} {path}");
        assert!(answer.headers.contains_key("allow"), "{method} {path}: a 405 says what is allowed");
    }
}

#[test]
fn tokens_that_are_none() {
    let server = types();
    let engineer = server.user("engineer");
    let bare = server.nobody();
    for token in ["", "Bearer", "Bearer ", "Bearer x", "Basic ZW5naW5lZXI6eA==", "Bearer \u{e9}"] {
        let request = bare.request("GET", "/api/v1/me");
        let answer = answer(match reqwest::header::HeaderValue::from_bytes(token.as_bytes()) {
            Ok(value) => request.header("authorization", value),
            Err(_) => continue,
        });
        answer.refused(401);
        assert!(answer.headers.contains_key("www-authenticate"));
    }
    engineer.get("/me").expect(StatusCode::OK);
}

/// What each step of the order looks at, from the last looked at to the first: an offence of each may be added to a
/// request, and the answer is always the first one's.
#[test]
fn refusals_are_looked_for_in_the_order_of_the_contract() {
    let server = types();
    let (engineer, delegate) = (server.user("engineer"), server.user("delegate"));
    let item = engineer.create("t", &json!({"who": "delegate"}));
    let item = engineer.pressed(&item, "转交", &json!({}));
    let path = format!("{}/triggers", path_of(&item));
    let press = |user: &User, path: &str, trigger: &str, revision: i64, fields: Value| {
        user.post(path, &json!({"trigger": trigger, "revision": revision, "fields": fields}))
    };
    let wrong = json!({"day": "x", "level": "低"});
    let fine = json!({"level": "高", "day": "x"});
    assert_eq!(press(&delegate, &path, "关闭", 2, fine.clone()).refused(422), "invalid_fields");
    assert_eq!(press(&delegate, &path, "关闭", 2, wrong.clone()).refused(422), "unmet_condition");
    assert_eq!(press(&engineer, &path, "关闭", 2, wrong.clone()).refused(403), "not_allowed");
    assert_eq!(press(&engineer, &path, "转交", 2, wrong.clone()).refused(409), "wrong_state");
    assert_eq!(press(&engineer, &path, "没有", 2, wrong.clone()).refused(409), "wrong_state");
    assert_eq!(press(&engineer, &path, "转交", 1, wrong.clone()).refused(409), "stale_revision");
    assert_eq!(press(&engineer, "/flows/t/items/9/triggers", "转交", 1, wrong.clone()).refused(404), "not_found");
    let shapeless = json!({"trigger": "转交", "dest": "完"});
    engineer.post("/flows/t/items/9/triggers", &shapeless).refused(400);
    engineer.send_bytes("POST", "/flows/t/items/9/triggers", "text/plain", "not json").refused(415);
    let large = vec![b'x'; 1024 * 1024 + 1];
    engineer.send_bytes("POST", "/flows/t/items/9/triggers", "text/plain", large.clone()).refused(413);
    server.nobody().send_bytes("POST", "/flows/t/items/9/triggers", "text/plain", large).refused(401);
    server.nobody().get("/flows/t/items/18446744073709551616").refused(401);
    assert_eq!(engineer.again(&item)["revision"], 2, "nothing changed");
}

#[test]
fn a_problem_is_a_problem_document() {
    let server = types();
    let engineer = server.user("engineer");
    let item = engineer.create("t", &json!({}));
    let answer = engineer.save(&item, &json!({"day": "x"}));
    let problem = answer.json();
    for key in ["type", "title", "detail", "code"] {
        assert!(!problem[key].as_str().unwrap().is_empty(), "{key}: {problem}");
    }
    assert_eq!(problem["status"], 422);
    assert_eq!(problem["errors"][0]["field"], "day");
    assert!(!problem["errors"][0]["message"].as_str().unwrap().is_empty());
    let english = crate::harness::answer(
        engineer
            .request("PATCH", "/api/v1/flows/t/items/1")
            .header("accept-language", "en")
            .json(&json!({"fields": {"day": "x"}})),
    );
    assert_ne!(english.json()["errors"][0]["message"], problem["errors"][0]["message"], "in the caller's language");
    let unmet = engineer.pressed(&item, "转交", &json!({"who": "engineer"}));
    let answer = engineer.press(&unmet, "关闭", &json!({}));
    assert_eq!(answer.refused(422), "unmet_condition");
    assert!(answer.json()["detail"].as_str().unwrap().contains("级别不高的不能关闭"));
}

#[test]
fn a_revision_is_optional_and_checked_when_given() {
    let server = types();
    let engineer = server.user("engineer");
    let item = engineer.create("t", &json!({"summary": "一"}));
    let path = path_of(&item);
    let saved = engineer.patch(&path, &json!({"revision": 1, "fields": {"summary": "二"}})).expect(StatusCode::OK);
    assert_eq!(saved["revision"], 2);
    assert_eq!(
        engineer.patch(&path, &json!({"revision": 1, "fields": {"summary": "三"}})).refused(409),
        "stale_revision"
    );
    assert_eq!(engineer.patch(&path, &json!({"revision": 3, "fields": {}})).refused(409), "stale_revision");
    let saved = engineer.patch(&path, &json!({"fields": {"summary": "三"}})).expect(StatusCode::OK);
    assert_eq!((&saved["revision"], &saved["fields"]["summary"]), (&json!(3), &json!("三")));
    let same = engineer.patch(&path, &json!({"fields": {"summary": "三"}})).expect(StatusCode::OK);
    assert_eq!(same["revision"], 3, "nothing written, nothing new");
    assert_eq!(engineer.history(&item).len(), 3);
}

// ---------------------------------------------------------------------------------------------- description

#[test]
fn the_openapi_document_names_the_routes() {
    let server = types();
    let document = server.nobody().get("/openapi.json").expect(StatusCode::OK);
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let mut described = BTreeSet::new();
    for (path, calls) in document["paths"].as_object().unwrap() {
        for method in calls
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| ["get", "post", "put", "patch", "delete"].contains(&key.as_str()))
        {
            described.insert((method.to_uppercase(), path.clone()));
        }
    }
    let undescribed = ["/api/v1/openapi.json", "/api/v1/flow-schema.json", "/api/docs"];
    let routes: BTreeSet<_> = crate::access::routes()
        .into_iter()
        .filter(|(_, path)| path.starts_with("/api/") && !undescribed.contains(&path.as_str()))
        .collect();
    assert_eq!(described, routes);
}

#[test]
fn the_openapi_document_names_no_schema_that_it_lacks() {
    let server = types();
    let document = server.nobody().get("/openapi.json").expect(StatusCode::OK);
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}

#[test]
fn the_docs_page_is_a_page() {
    let server = types();
    let answer = answer(server.nobody().request("GET", "/api/docs"));
    assert_eq!(answer.status, 200);
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    for path in ["/api/v1/me", "/api/v1/flows/{flow}/items/{number}/triggers", "/api/v1/work"] {
        assert!(answer.text.contains(path), "{path}");
    }
}

#[test]
fn health_and_readiness() {
    let server = types();
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(answer(server.nobody().request("GET", path)).status, 200, "{path}");
    }
}
