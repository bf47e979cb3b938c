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
    refused("?by=", 422, "bad_query", "");
    refused("?by=-level", 422, "bad_query", "-level");
    refused("?by=summary", 422, "bad_query", "summary");
    refused("?by=amount", 422, "bad_query", "amount");
    refused("?by=id", 422, "bad_query", "id");
    refused("?by=closed", 422, "bad_query", "closed:month");
    refused("?by=day", 422, "bad_query", "day:week");
    refused("?by=closed:year", 422, "bad_query", "year");
    refused("?by=level:month", 422, "bad_query", "");
    refused("?by=yes:day", 422, "bad_query", "yes");
    refused("?by=level&by=marks&by=yes", 422, "bad_query", "yes");
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

/// Somebody who reads pages.
fn reader(server: &Server, name: &str) -> User {
    server.done(&["user", "passwd", name, "--password-stdin"], "pass-word-1\n");
    server.signed_in(name, "pass-word-1")
}

/// Every address of a page that leads to a list, as query.
fn queries(page: &str) -> Vec<String> {
    let links = page.split("href=\"/flow/t/all?q=").skip(1);
    let decoded = links.map(|rest| {
        let coded = rest.split(['"', '&']).next().unwrap();
        percent_encoding::percent_decode_str(coded).decode_utf8().unwrap().into_owned()
    });
    decoded.collect()
}

/// What stands in a table's cells, row by row, and where their links lead.
fn table(page: &str, id: &str) -> Vec<Vec<String>> {
    let part = page.split(&format!("<section class=\"card stats\" id=\"{id}\"")).nth(1).expect(id);
    let body = part.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
    let plain = |cell: &str| {
        let mut text = String::new();
        let mut inside = false;
        for letter in format!("<{cell}").chars() {
            match letter {
                '<' => inside = true,
                '>' => inside = false,
                other if !inside => text.push(other),
                _ => {}
            }
        }
        text.trim().to_owned()
    };
    let cells = |row: &str| {
        let cells = row.split("</t").filter(|cell| cell.contains("<td") || cell.contains("<th"));
        cells.map(|cell| plain(cell.rsplit_once("<t").unwrap().1)).collect()
    };
    body.split("</tr>").filter(|row| row.contains("<tr>")).map(cells).collect()
}

#[test]
fn the_page_has_every_table_and_each_number_leads_to_its_items() {
    let server = Server::with_flow(FLOW);
    let [_, admin] = filled(&server);
    for (number, back) in [(3, true), (3, false)] {
        let item = admin.item("t", number);
        let (who, trigger) = if back { ("delegate", "打回") } else { ("engineer", "转交") };
        server.user(who).pressed(&item, trigger, &json!({}));
    }
    let answer = reader(&server, "admin").page("/flow/t/stats");
    assert_eq!(answer.status, StatusCode::OK);
    let page = &answer.text;
    for id in
        ["course", "open-state", "open-holder", "open-field", "cross", "stays", "closing", "returns", "ways", "load"]
    {
        assert!(!table(page, id).is_empty(), "{id}");
    }
    assert_eq!(table(page, "open-state"), [["开", "2"], ["审", "1"]]);
    assert_eq!(table(page, "returns"), [["审 → 开", "1", "1"]]);
    assert_eq!(table(page, "ways"), [["开 → 审", "3", "2"], ["审 → 开", "1", "1"], ["审 → 完", "1", "1"]]);
    let stays = table(page, "stays");
    assert_eq!(stays[0][..4], ["开", "5", "4", "2"]);
    assert_eq!(stays[1][..4], ["审", "3", "2", "1"]);
    assert_eq!(stays[2][..4], ["完", "1", "1", "1"]);
    let last = table(page, "course").pop().unwrap();
    assert_eq!(last[1..], ["4", "1", "3"]);
    assert!(page.contains("<svg xmlns"));
    // every link leads to what the number counts
    let mut tried = 0;
    for query in queries(page) {
        let found = admin.get(&format!("/flows/t/items?q={}", encoded(&query))).expect(StatusCode::OK);
        assert!(found["total"].as_i64().unwrap() > 0, "{query}");
        tried += 1;
    }
    assert!(tried > 10, "{tried}");
    assert!(queries(page).iter().any(|query| query.starts_with("reached=审@")));
    assert!(queries(page).iter().any(|query| query.starts_with("was=审 reached=开@")));
    // what the engineer may not see is not counted for them
    let own = reader(&server, "engineer").page("/flow/t/stats").text;
    assert_eq!(table(&own, "ways"), [["开 → 审", "2", "1"], ["审 → 开", "1", "1"]]);
    assert_eq!(table(&own, "course").pop().unwrap()[1..], ["3", "0", "3"]);
}

#[test]
fn a_period_a_filter_and_two_fields_are_asked_for_in_the_address() {
    let server = Server::with_flow(FLOW);
    filled(&server);
    let admin = reader(&server, "admin");
    let page = |query: &str| admin.page(&format!("/flow/t/stats{query}"));
    let filtered = page(&format!("?from=&q={}&by=marks&by=yes", encoded("级别=高")));
    assert_eq!(filtered.status, StatusCode::OK);
    assert_eq!(table(&filtered.text, "cross"), [["甲", "0", "1"], ["乙", "0", "1"], ["（空）", "1", "0"]]);
    let before = page("?from=2020-01-01&to=2020-01-31").text;
    assert!(table(&before, "course").iter().all(|row| row[1..] == ["0", "0", "0"]));
    assert_eq!(table(&before, "course").len(), 31);
    for (query, status) in
        [("?from=x", 422), ("?to=2026-02-30", 422), ("?q=none%3D1", 422), ("?by=none", 422), ("?csv=none", 404)]
    {
        assert_eq!(page(query).status.as_u16(), status, "{query}");
    }
    let file = page("?csv=open-state");
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
    assert!(file.headers["content-disposition"].to_str().unwrap().contains("t-open-state.csv"));
    assert_eq!(file.text.trim_start_matches('\u{feff}'), "当前状态,未关闭\r\n开,2\r\n审,1\r\n");
}

#[test]
fn all_flows_are_counted_together() {
    let server = Server::shipped();
    server.user("engineer").create("buglist", &json!({"summary": "甲"}));
    let engineer = server.signed_in("engineer", "pass-word-1");
    let answer = engineer.page("/stats");
    assert_eq!(answer.status, StatusCode::OK);
    let flows = table(&answer.text, "flows");
    assert_eq!(flows.len(), 4);
    let buglist = flows.iter().find(|row| row[0] == "典型Buglist").unwrap();
    assert_eq!(buglist[1..6], ["1", "0", "1", "0", "0"]);
    assert_eq!(table(&answer.text, "load").len(), 1);
    // a field that only one flow has leaves the others out, and says so
    let level = engineer.page(&format!("/stats?from=&q={}", encoded("issue_level=事故")));
    assert_eq!(level.status, StatusCode::OK);
    assert!(level.text.contains("典型Buglist") && table(&level.text, "flows").len() < 4);
    assert_eq!(engineer.page("/stats?q=none%3D1").status.as_u16(), 422);
}

#[test]
fn a_flow_is_drawn_on_its_page_and_at_the_command_line() {
    let server = Server::with_flow(FLOW);
    let page = reader(&server, "engineer").page("/flow/t").text;
    let svg = page.split("<svg xmlns").nth(1).unwrap();
    for word in ["开", "审", "完", "转交", "打回", "关"] {
        assert!(svg.contains(&format!(">{word}</text>")), "{word}");
    }
    assert!(!svg.contains("style="), "no page takes inline styles");
    let mermaid = server.done(&["flow", "diagram", "t"], "");
    assert!(mermaid.starts_with("stateDiagram-v2\n    s0: 开\n"), "{mermaid}");
    assert!(mermaid.contains("s0 --> s1: 转交\n") && mermaid.contains("s2 --> [*]\n"), "{mermaid}");
    assert!(server.done(&["flow", "diagram", "t", "--format", "svg"], "").contains("打回</text>"));
    let file = crate::harness::project().join("flows/buglist.toml");
    assert!(server.done(&["flow", "diagram", file.to_str().unwrap(), "--format", "svg"], "").starts_with("<svg "));
    let none = server.run(&["flow", "diagram", "none"], "");
    assert_eq!(none.status.code(), Some(1));
}
