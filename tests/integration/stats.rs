//! Counting, over the API and on its pages.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Installation, Server, User, encoded};

const FLOW: &str = r#"
key = "t"
name = "统计"

[view]
by = ["created_by", "assigned_to", "user:admin"]

[[field]]
key = "summary"
label = "概要"
type = "text"

[[field]]
key = "level"
label = "级别"
type = "choice"
choices = ["低", "中", "高"]

[[field]]
key = "marks"
label = "标签"
type = "choice"
multiple = true
choices = ["甲", "乙", "丙"]

[[field]]
key = "who"
label = "审核人"
type = "user"

[[field]]
key = "yes"
label = "紧急"
type = "bool"

[[field]]
key = "day"
label = "期限"
type = "date"

[[field]]
key = "at"
label = "发生时间"
type = "datetime"

[[field]]
key = "amount"
label = "数量"
type = "number"

[[transition]]
source = "开"
trigger = "转交"
dest = "审"
assign_to = "who"

[[transition]]
source = "审"
trigger = "打回"
dest = "开"
assign_to = "created_by"
back = true

[[transition]]
source = "审"
trigger = "关"
dest = "完"
"#;

fn filled(server: &Server) -> [User; 2] {
    let (engineer, admin) = (server.user("engineer"), server.user("admin"));
    let at = "2026-03-08T06:30:00Z";
    engineer.create("t", &json!({"summary": "一", "level": "高", "marks": ["甲", "乙"], "yes": true, "at": at}));
    engineer.create("t", &json!({"summary": "二", "level": "低", "marks": ["甲"], "day": "2026-12-28"}));
    let third = engineer.create("t", &json!({"summary": "三", "level": "高", "day": "2027-01-03"}));
    engineer.pressed(&third, "转交", &json!({"who": "delegate"}));
    let fourth = admin.create("t", &json!({"summary": "四", "who": "delegate"}));
    let fourth = admin.pressed(&fourth, "转交", &json!({}));
    server.user("delegate").pressed(&fourth, "关", &json!({}));
    [engineer, admin]
}

fn stats(user: &User, query: &str) -> Value {
    user.get(&format!("/flows/t/stats{query}")).expect(StatusCode::OK)
}

/// The rows as `value` or `[values]` and count.
fn rows(user: &User, query: &str) -> Vec<(Value, i64)> {
    let answer = stats(user, query);
    let of = |row: &Value| {
        let value = row.get("value").or_else(|| row.get("values")).cloned().unwrap_or(json!("none"));
        (value, row["count"].as_i64().unwrap())
    };
    answer["rows"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn items_are_counted_by_whatever_groups_them() {
    let server = Server::with_flow(FLOW);
    let [_, admin] = filled(&server);
    let check = |by: &str, expected: Value| {
        let got: Vec<Value> = rows(&admin, &format!("?by={}", encoded(by)))
            .into_iter()
            .map(|(value, count)| json!([value, count]))
            .collect();
        assert_eq!(json!(got), expected, "{by}");
        assert_eq!(stats(&admin, &format!("?by={}", encoded(by)))["total"], 4, "{by}");
    };
    check("level", json!([["低", 1], ["高", 2], [null, 1]]));
    check("级别", json!([["低", 1], ["高", 2], [null, 1]]));
    check("marks", json!([["甲", 2], ["乙", 1], [null, 2]]));
    check("yes", json!([[false, 3], [true, 1]]));
    check("who", json!([["delegate", 2], [null, 2]]));
    check("state", json!([["开", 2], ["审", 1], ["完", 1]]));
    check("当前状态", json!([["开", 2], ["审", 1], ["完", 1]]));
    check("assigned_to", json!([["engineer", 2], ["delegate", 1], [null, 1]]));
    check("created_by", json!([["engineer", 3], ["admin", 1]]));
    check("day:day", json!([["2026-12-28", 1], ["2027-01-03", 1], [null, 2]]));
    check("day:week", json!([["2026-W53", 2], [null, 2]]));
    check("期限:month", json!([["2026-12", 1], ["2027-01", 1], [null, 2]]));
    check("at:day", json!([["2026-03-08", 1], [null, 3]]));
    let closed = rows(&admin, "?by=closed%3Amonth");
    assert_eq!(closed.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(closed[0].0.as_str().unwrap().len(), "2026-05".len());
    assert_eq!(closed[1].0, Value::Null);
    assert_eq!(rows(&admin, "?by=created:day")[0].1, 4);
    assert_eq!(rows(&admin, "?by=updated:week")[0].1, 4);
}

#[test]
fn two_things_make_a_cross_table_and_none_a_total() {
    let server = Server::with_flow(FLOW);
    let [_, admin] = filled(&server);
    let got: Vec<Value> = rows(&admin, "?by=level&by=marks").into_iter().map(|(value, n)| json!([value, n])).collect();
    let expected =
        json!([[["低", "甲"], 1], [["高", "甲"], 1], [["高", "乙"], 1], [["高", null], 1], [[null, null], 1]]);
    assert_eq!(json!(got), expected);
    assert_eq!(stats(&admin, "?by=level&by=marks")["total"], 4);
    assert_eq!(stats(&admin, "")["total"], 4);
    assert!(stats(&admin, "")["rows"].as_array().unwrap().len() <= 1);
    let none = stats(&admin, &format!("?by=level&q={}", encoded("级别=中")));
    assert_eq!(none, json!({"rows": [], "total": 0}));
    let some = stats(&admin, &format!("?by=state&q={}", encoded("级别=高")));
    assert_eq!(some, json!({"rows": [{"value": "开", "count": 1}, {"value": "审", "count": 1}], "total": 2}));
}

#[test]
fn what_the_caller_may_not_see_is_not_counted() {
    let server = Server::with_flow(FLOW);
    let [engineer, _] = filled(&server);
    assert_eq!(
        stats(&engineer, "?by=state"),
        json!({"rows": [{"value": "开", "count": 2}, {"value": "审", "count": 1}], "total": 3})
    );
    assert_eq!(
        stats(&server.user("delegate"), "?by=level"),
        json!({"rows": [{"value": "高", "count": 1}], "total": 1})
    );
    assert_eq!(stats(&server.user("architect"), "?by=level"), json!({"rows": [], "total": 0}));
}

#[test]
fn what_cannot_be_counted_by_is_refused_with_a_way_out() {
    let server = Server::with_flow(FLOW);
    let admin = server.user("admin");
    let refused = |query: &str, status: u16, code: &str, says: &str| {
        let answer = admin.get(&format!("/flows/t/stats{query}"));
        let problem = answer.expect(StatusCode::from_u16(status).unwrap());
        assert_eq!(problem["code"], code, "{query}");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{query}: {problem}");
    };
    refused("?by=nothing", 422, "bad_query", "nothing");
    refused("?by=levle", 422, "bad_query", "level");
    refused("?by=", 422, "bad_query", "name");
    refused("?by=-level", 422, "bad_query", "-level");
    refused("?by=summary", 422, "bad_query", "summary");
    refused("?by=amount", 422, "bad_query", "amount");
    refused("?by=id", 422, "bad_query", "id");
    refused("?by=closed", 422, "bad_query", "closed:month");
    refused("?by=day", 422, "bad_query", "day:week");
    refused("?by=closed:year", 422, "bad_query", "year");
    refused("?by=level:month", 422, "bad_query", "no time");
    refused("?by=yes:day", 422, "bad_query", "no time");
    refused("?by=level&by=marks&by=yes", 422, "bad_query", "at most");
    refused("?q=nothing%3D1", 422, "bad_query", "nothing");
    refused("?q=a&q=b", 400, "bad_request", "twice");
    refused("?limit=1", 400, "bad_request", "limit");
    let problem = admin.get("/flows/t/stats?by=closed:year").expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["position"], 7);
    admin.get("/flows/none/stats?by=level").expect(StatusCode::NOT_FOUND);
}

#[test]
fn days_are_those_of_the_installation() {
    let at = Installation::with_flows(&[("t.toml", FLOW)]);
    let server = at.serve();
    // half an hour after midnight in Shanghai; in New York the evening before, an hour before clocks change there
    server.user("engineer").create("t", &json!({"at": "2026-03-08T00:30:00+08:00"}));
    server.user("engineer").create("t", &json!({"at": "2026-03-09T03:30:00Z"}));
    drop(server);
    for (zone, days) in [
        ("Asia/Shanghai", ["2026-03-08", "2026-03-09"]),
        ("America/New_York", ["2026-03-07", "2026-03-08"]),
        ("Asia/Kolkata", ["2026-03-07", "2026-03-09"]),
    ] {
        let server = at.serve_with(&["--time-zone", zone]);
        let got: Vec<Value> =
            rows(&server.user("engineer"), "?by=at:day").into_iter().map(|(value, _)| value).collect();
        assert_eq!(json!(got), json!(days), "{zone}");
    }
}
