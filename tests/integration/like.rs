//! What is like a text: found by what is rare in it, for whoever may see it; linked by one click; counted where it came back.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Installation, Server, User, encoded, ids, project};

const PROBLEMS: &str = r#"
key = "t"
name = "问题"

[create]
by = ["anyone"]

[[field]]
key = "summary"
type = "text"
label = "概要"
default = "XX局点XX设备发生XX问题"

[[field]]
key = "detail"
type = "textarea"
default = """
【问题现象】：
【问题影响】："""

[[field]]
key = "progress"
type = "textarea"
label = "进展"

[[field]]
key = "known"
type = "item"
flow = "u"
label = "典型"

[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#;

/// Of which nobody sees but who created and who holds it.
const KNOWN: &str = r#"
key = "u"
name = "典型"
item_prefix = "bug"

[create]
by = ["user:engineer"]

[view]
by = ["created_by", "assigned_to"]

[[field]]
key = "summary"
type = "text"

[[field]]
key = "sign"
type = "textarea"

[[field]]
key = "cure"
type = "textarea"
label = "解决方法"

[[field]]
key = "area"
type = "text"
label = "模块"

[[transition]]
source = "开"
trigger = "归档"
dest = "归档"

[list]
columns = ["summary", "area", "current_state"]
"#;

fn server() -> Server {
    let at = Installation::with_flows(&[("t.toml", PROBLEMS), ("u.toml", KNOWN)]);
    at.let_in(&["engineer"]);
    at.into_server()
}

fn filled(server: &Server) -> User {
    let engineer = server.user("engineer");
    for (summary, sign, area) in [
        ("光模块收光功率低导致端口反复震荡", "链路频繁 UP/DOWN，收光低于 -20dBm", "光模块"),
        ("主控板内存泄漏引起异常复位", "内存占用持续上涨，运行数月后主控复位", "主控"),
        ("电源模块风扇堵转告警误报", "风扇转速正常，网管上报堵转", "电源"),
    ] {
        engineer
            .create("u", &json!({"summary": summary, "sign": sign, "cure": format!("处理：{summary}"), "area": area}));
    }
    engineer.create("t", &json!({"summary": "某银行出口路由器端口震荡", "detail": "收光偏低，换光模块后恢复"}));
    engineer.create("t", &json!({"summary": "网管看不到设备", "detail": "SNMP 团体名配错"}));
    engineer
}

fn similar(user: &User, query: &str) -> Value {
    user.get(&format!("/flows/t/similar?{query}")).expect(StatusCode::OK)
}

fn found(user: &User, text: &str, more: &str) -> Vec<String> {
    let page = similar(user, &format!("text={}{more}", encoded(text)));
    ids(page["items"].as_array().unwrap()).into_iter().map(str::to_owned).collect()
}

#[test]
fn what_is_like_a_text_is_found_the_most_alike_first() {
    let server = server();
    let engineer = filled(&server);
    let text = "【20261105】华北某电力局点端口一会通一会断\n光功率测下来收光很低";
    assert_eq!(found(&engineer, text, "&in=u")[0], "bug_1");
    let mixed = similar(&engineer, &format!("text={}", encoded(text)));
    let mixed = mixed["items"].as_array().unwrap();
    assert_eq!(ids(&mixed[..2]).iter().filter(|id| ["bug_1", "t_1"].contains(id)).count(), 2, "{mixed:?}");
    let scores: Vec<f64> = mixed.iter().map(|item| item["score"].as_f64().unwrap()).collect();
    assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)) && scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    assert_eq!((&mixed[0]["url"].as_str().unwrap()[..6], &mixed[0]["state"]), ("/flow/", &json!("开")));
    assert_eq!(found(&engineer, "主控内存涨满后复位了", "&in=u&limit=1"), ["bug_2"]);
    assert_eq!(found(&engineer, "snmp", "&in=t"), ["t_2"], "whatever its case");
}

#[test]
fn what_stands_in_every_form_is_like_nothing() {
    let server = server();
    let engineer = filled(&server);
    for text in ["", " \n", "，。——", "XX局点XX设备发生XX问题\n【问题现象】：\n【问题影响】：", "\u{0}"]
    {
        let answer = engineer.get(&format!("/flows/t/similar?text={}", encoded(text)));
        assert_eq!(answer.expect(StatusCode::OK)["items"], json!([]), "{text:?}");
    }
    assert_eq!(similar(&engineer, "")["items"], json!([]));
    let long = "电源风扇".repeat(800);
    assert_eq!(found(&engineer, &long, "&in=u"), ["bug_3"]);
    engineer.get("/flows/t/similar?text=a&limit=0").refused(400);
    engineer.get("/flows/t/similar?text=a&other=1").refused(400);
    engineer.get("/flows/t/similar?text=a&in=x").refused(404);
    engineer.get("/flows/x/similar?text=a").refused(404);
}

#[test]
fn nobody_is_shown_what_they_may_not_see() {
    let server = server();
    let engineer = filled(&server);
    let delegate = server.user("delegate");
    let text = "端口震荡，收光低，光模块";
    assert_eq!(found(&delegate, text, ""), ["t_1"]);
    delegate.get(&format!("/flows/t/similar?in=u&text={}", encoded(text))).refused(404);
    let admin = server.user("admin");
    admin.post("/flows/u/items/2/holder", &json!({"to": "delegate"})).expect(StatusCode::OK);
    assert_eq!(found(&delegate, text, "&in=u"), Vec::<String>::new());
    assert_eq!(found(&delegate, "主控板内存泄漏", "&in=u"), ["bug_2"], "what they hold they see");
    assert_eq!(found(&engineer, text, "&in=u")[0], "bug_1");
}

#[derive(serde::Deserialize)]
struct Bug {
    key: String,
    summary: String,
    phenomenon: String,
    cause: String,
    solution: String,
    module: String,
}

#[derive(serde::Deserialize)]
struct Report {
    bug: String,
    title: String,
    detail: String,
    #[serde(default)]
    aside: bool,
}

fn written<T: serde::de::DeserializeOwned>(file: &str, table: &str) -> Vec<T> {
    let text = std::fs::read_to_string(project().join("tests/like").join(file)).unwrap();
    let mut all: BTreeMap<String, Vec<T>> = toml::from_str(&text).unwrap();
    all.remove(table).unwrap()
}

/// How many of the reports have their bug among the first five: as it is found by what is like them; by their title as one
/// piece of text; by all words of it; by any of them.
fn measured(user: &User, reports: &[&Report], known: &BTreeMap<String, String>) -> [usize; 4] {
    let mut found = [0; 4];
    for report in reports {
        let right = &known[&report.bug];
        let has = |path: String| {
            let page = user.get(&path).expect(StatusCode::OK);
            ids(page["items"].as_array().unwrap()).contains(&right.as_str())
        };
        let text = encoded(&format!("{}\n{}", report.title, report.detail));
        let title = report.title.split_once('】').map_or(report.title.as_str(), |(_, title)| title);
        let words: Vec<&str> =
            title.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let listed = |query: &str| has(format!("/flows/buglist/items?limit=5&q={}", encoded(query)));
        let hits = [
            has(format!("/flows/issue_track/similar?in=buglist&limit=5&text={text}")),
            listed(&format!("\"{title}\"")),
            listed(&words.join(" ")),
            listed(&words.join(" or ")),
        ];
        (0..4).for_each(|at| found[at] += usize::from(hits[at]));
    }
    found
}

#[test]
fn the_right_typical_problem_is_among_the_first_five() {
    let place = Installation::empty();
    place.done(&["bench", "load", "--items", "3000", "--users", "12"], "");
    place.done(&["user", "add", "root", "--admin"], "");
    let server = place.into_server();
    let root = server.user("root");
    let (bugs, reports): (Vec<Bug>, Vec<Report>) = (written("known.toml", "bug"), written("reports.toml", "report"));
    let mut known = BTreeMap::new();
    for bug in &bugs {
        let fields = json!({"summary": bug.summary, "phenomenon": bug.phenomenon, "cause": bug.cause,
                            "solution": bug.solution, "module": bug.module});
        let item = root.create("buglist", &fields);
        known.insert(bug.key.clone(), item["id"].as_str().unwrap().to_owned());
    }
    assert!(bugs.len() >= 20 && reports.len() >= 60);
    let mut said = String::new();
    for aside in [false, true] {
        let some: Vec<&Report> = reports.iter().filter(|report| report.aside == aside).collect();
        let [like, whole, every, any] = measured(&root, &some, &known);
        let all = some.len();
        said.push_str(&format!(
            "aside: {aside}; of {all}: alike {like}; title {whole}; all its words {every}; any of them {any}\n"
        ));
        assert!(like * 10 >= all * 9 && like > 3 * whole.max(every).max(any), "{said}");
    }
    // `docs/performance.md` has these figures
    std::fs::write(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("like.txt"), said).unwrap();
}

#[test]
fn a_known_problem_tells_how_often_when_and_where_it_came_back() {
    let server = server();
    let engineer = filled(&server);
    for (summary, site) in [("端口震荡", "u/1"), ("收光低", "u/1"), ("复位", "u/2")] {
        engineer.create("t", &json!({"summary": summary, "known": site}));
    }
    let at = server.signed_in("engineer", "pass-word-1");
    let page = at.page("/flow/u/1").text;
    assert!(page.contains("/flow/u/1?returns=all"), "asked for when the page is there: {page}");
    let page = at.page("/flow/u/1?returns=all").text;
    assert!(
        page.contains("出现 2 次") && page.contains("t_3") && page.contains("t_4") && !page.contains("t_5"),
        "{page}"
    );
    assert!(page.contains("/flow/t/all?q=known%3D"), "{page}");
    assert_eq!(engineer.get(&format!("/flows/t/items?q={}", encoded("known=u/1"))).json()["total"], 2);
    let none = at.page("/flow/u/3").text;
    assert!(!none.contains("?returns=all"), "{none}");
}

#[test]
fn a_flow_is_read_by_subject_what_came_back_most_often_first() {
    let server = server();
    let engineer = filled(&server);
    for number in 1..=3 {
        let item = engineer.item("u", number);
        engineer.pressed(&item, "归档", &json!({}));
    }
    engineer.create("u", &json!({"summary": "还没有归档的", "area": "主控"}));
    engineer.create("t", &json!({"summary": "电源", "known": "u/3"}));
    let at = server.signed_in("engineer", "pass-word-1");
    assert!(at.page("/flow/u").text.contains("/flow/u/read"));
    assert!(!at.page("/flow/t").text.contains("/flow/t/read"), "nothing links to it");
    let page = at.page("/flow/u/read").text;
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
    assert!(place("bug_3") < place("bug_1") && place("bug_3") < place("bug_2"), "{page}");
    assert!(page.contains("出现 1 次") && page.contains("处理：光模块") && !page.contains("还没有归档的"), "{page}");
}
