//! An item's page as a plain form: what is sent, what comes of it, and that nothing typed is lost.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Answer, Installation, Server, User, path_of};

const PASSWORD: &str = "pass-word-1";

const FLOW: &str = r#"
key = "t"
name = "表单"

[[field]]
key = "summary"
label = "概要"
type = "text"
required = true

[[field]]
key = "detail"
label = "详细"
type = "textarea"

[[field]]
key = "who"
label = "下一人"
type = "user"

[[field]]
key = "amount"
label = "数量"
type = "number"

[[field]]
key = "locked"
label = "锁定"
type = "text"
default = "不变"
readonly = true

[[field]]
key = "yes"
label = "是否"
type = "bool"

[[field]]
key = "marks"
label = "标记"
type = "choice"
choices = ["红", "绿"]
multiple = true

[[field]]
key = "trigger"
label = "与按钮同名"
type = "text"

[[field]]
key = "link"
label = "链接"
type = "item"

[[transition]]
source = "开"
trigger = "交办"
dest = "办"
assign_to = "who"

[[transition]]
source = "开"
trigger = "放着"
dest = "开"

[[transition]]
source = "办"
trigger = "办结"
dest = "完"
comment = "required"
"#;

/// A server of the flow, where `engineer` and `delegate` have signed in.
fn serve() -> (Server, User, User) {
    let at = Installation::with_flows(&[("t.toml", FLOW)]);
    at.let_in(&["engineer", "delegate"]);
    let server = at.into_server();
    let (engineer, delegate) = (server.signed_in("engineer", PASSWORD), server.signed_in("delegate", PASSWORD));
    (server, engineer, delegate)
}

fn send(user: &User, path: &str, values: &[(&str, &str)]) -> Answer {
    user.form(path, values)
}

/// What a page says, without its frame.
fn main_part(answer: &Answer) -> &str {
    answer.text.split_once("<main").map_or(answer.text.as_str(), |(_, main)| main)
}

#[track_caller]
fn there(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", main_part(answer));
    answer.headers["location"].to_str().unwrap().to_owned()
}

/// What stands in the page's form of an item: the inputs that a browser would send back as they are.
fn revision(page: &str) -> String {
    let at = page.find("name=\"revision\"").expect("the revision");
    let tag = &page[page[..at].rfind('<').unwrap()..];
    tag.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn an_item_goes_its_way_by_plain_forms() {
    let (server, engineer, delegate) = serve();
    let page = engineer.page("/flow/t/new");
    assert_eq!(page.status, 200);
    for label in ["概要", "详细", "下一人", "数量", "是否", "标记", "创建"] {
        assert!(page.text.contains(label), "{label}");
    }
    let made = send(
        &engineer,
        "/flow/t/new",
        &[
            ("summary", "一"),
            ("detail", "甲\r\n乙"),
            ("marks", ""),
            ("marks", "绿"),
            ("yes", ""),
            ("yes", "true"),
            ("amount", "12.5"),
        ],
    );
    assert_eq!(there(&made), "/flow/t/1");
    let api = server.user("engineer");
    let item = api.item("t", 1);
    assert_eq!(item["fields"]["detail"], "甲\n乙");
    assert_eq!((&item["fields"]["marks"], &item["fields"]["yes"]), (&json!(["绿"]), &json!(true)));
    assert_eq!(item["fields"]["amount"], 12.5);
    let page = engineer.page("/flow/t/1");
    assert!(page.text.contains("交办") && page.text.contains("放着") && page.text.contains("保存"));
    let rev = revision(&page.text);
    let saved = send(&engineer, "/flow/t/1", &[("revision", &rev), ("summary", "二"), ("yes", ""), ("marks", "")]);
    there(&saved);
    let item = api.item("t", 1);
    assert_eq!((&item["fields"]["yes"], &item["fields"]["marks"]), (&json!(false), &json!(null)), "unticked is sent");
    assert_eq!(item["fields"]["amount"], 12.5, "what was not sent is unchanged");
    let passed = send(
        &engineer,
        "/flow/t/1",
        &[("trigger", "交办"), ("revision", "2"), ("who", "delegate"), ("field:trigger", "同名")],
    );
    there(&passed);
    let page = delegate.page("/flow/t/1").text;
    assert!(page.contains("办结") && page.contains("同名"));
    let closed = send(&delegate, "/flow/t/1", &[("trigger", "办结"), ("revision", "3"), ("comment", "好了")]);
    there(&closed);
    let item = api.item("t", 1);
    assert_eq!((&item["state"], item["revision"].as_i64()), (&json!("完"), Some(4)));
    let page = engineer.page("/flow/t/1").text;
    for word in ["好了", "交办", "办结", "二"] {
        assert!(page.contains(word), "the history: {word}");
    }
}

#[test]
fn what_was_typed_survives_every_refusal() {
    let (server, engineer, delegate) = serve();
    let typed = "别丢了 <b>\"这'个\"</b> 🙂";
    let refused =
        send(&engineer, "/flow/t/new", &[("summary", ""), ("detail", typed), ("amount", "很多"), ("who", "nobody")]);
    assert_eq!(refused.status, 422);
    assert!(
        refused.text.contains("别丢了 &lt;b&gt;") || refused.text.contains("别丢了 &#60;b&#62;"),
        "{}",
        main_part(&refused)
    );
    assert!(refused.text.contains("value=\"很多\"") && refused.text.contains("value=\"nobody\""));
    let api = server.user("engineer");
    assert_eq!(api.get("/flows/t/items").json()["total"], 0);
    let item = api.create("t", &json!({"summary": "一"}));
    for (values, status) in [
        (&[("revision", "1"), ("trigger", "交办"), ("detail", "新的话")][..], 422),
        (&[("revision", "1"), ("trigger", "没有"), ("detail", "新的话")], 409),
        (&[("revision", "1"), ("trigger", "办结"), ("detail", "新的话")], 409),
        (&[("revision", "9"), ("detail", "新的话")], 409),
        (&[("revision", "x"), ("detail", "新的话")], 409),
        (&[("revision", "1"), ("locked", "改了"), ("detail", "新的话")], 422),
        (&[("revision", "1"), ("nothing", "改了"), ("detail", "新的话")], 422),
        (&[("revision", "1"), ("detail", "新的话"), ("summary", " ")], 422),
    ] {
        let refused = send(&engineer, "/flow/t/1", values);
        assert_eq!(refused.status.as_u16(), status, "{values:?}");
        assert!(refused.text.contains("新的话"), "{values:?}");
    }
    let not_theirs = send(&delegate, "/flow/t/1", &[("revision", "1"), ("detail", "不该写")]);
    assert_eq!(not_theirs.status, 403);
    assert_eq!(api.again(&item)["revision"], 1, "nothing changed");
    assert_eq!(api.again(&item)["fields"]["locked"], "不变");
}

#[test]
fn a_conflict_shows_what_happened_and_lets_one_send_again() {
    let (server, engineer, _) = serve();
    let api = server.user("engineer");
    let item = api.create("t", &json!({"summary": "一", "amount": 1}));
    let drawn = revision(&engineer.page("/flow/t/1").text);
    api.saved(&item, &json!({"amount": 2, "detail": "别人写的"}));
    let stale = send(&engineer, "/flow/t/1", &[("revision", &drawn), ("summary", "我写的"), ("amount", "1")]);
    assert_eq!(stale.status, 409);
    assert!(stale.text.contains("我写的") && stale.text.contains("别人写的"), "mine is kept, theirs is shown");
    assert_eq!(revision(&stale.text), "2", "so that sending again works");
    there(&send(&engineer, "/flow/t/1", &[("revision", "2"), ("summary", "我写的")]));
    let now = api.again(&item);
    assert_eq!((&now["fields"]["summary"], &now["fields"]["amount"]), (&json!("我写的"), &json!(2)));
}

#[test]
fn a_comment_and_a_hand_over_by_form() {
    let (server, engineer, delegate) = serve();
    let item = server.user("engineer").create("t", &json!({"summary": "一"}));
    there(&send(&delegate, "/flow/t/1/comments", &[("comment", "我看看\r\n再说")]));
    assert_eq!(server.user("engineer").history(&item)[1]["comment"], "我看看\n再说");
    let blank = send(&delegate, "/flow/t/1/comments", &[("comment", "  ")]);
    assert_eq!(blank.status, 422);
    assert_eq!(send(&engineer, "/flow/t/1/holder", &[("to", "delegate")]).status, 403, "administrators only");
    assert_eq!(server.user("engineer").again(&item)["assigned_to"], json!(["engineer"]));
}

#[test]
fn the_buttons_follow_what_is_in_the_form_and_change_nothing() {
    let (server, engineer, _) = serve();
    let item = server.user("engineer").create("t", &json!({"summary": "一"}));
    let buttons = send(&engineer, "/flow/t/1/buttons", &[("revision", "1"), ("summary", "改")]);
    assert_eq!(buttons.status, 200);
    assert!(buttons.text.contains("交办") && !buttons.text.contains("<html"), "a fragment: {}", buttons.text);
    assert_eq!(server.user("engineer").again(&item), item);
}

#[test]
fn links_show_on_both_ends_with_id_title_and_state() {
    let at = Installation::shipped_by_token();
    at.let_in(&["engineer"]);
    let server = at.into_server();
    let api = server.user("engineer");
    let item = api.create("issue_track", &json!({"summary": "华东重启"}));
    api.pressed(&item, "提取典型问题", &json!({}));
    let bug = api.item("buglist", 1);
    api.saved(&bug, &json!({"summary": "单板老化", "seen_in": ["issue_track/1"]}));
    let person = server.signed_in("engineer", PASSWORD);
    let issue = person.page("/flow/issue_track/1").text;
    for part in ["bug_1", "单板老化", "提交", "/flow/buglist/1"] {
        assert!(issue.contains(part), "at the problem: {part}");
    }
    let bug = person.page("/flow/buglist/1").text;
    for part in ["question_1", "华东重启", "维护人员处理", "/flow/issue_track/1"] {
        assert!(bug.contains(part), "at the bug: {part}");
    }
}

#[test]
fn a_link_out_of_sight_shows_its_id_alone() {
    let hidden = r#"
key = "h"
name = "密"
[view]
by = ["assigned_to"]
[[field]]
key = "summary"
type = "text"
[[transition]]
source = "藏"
trigger = "开"
dest = "完"
"#;
    let at = Installation::with_flows(&[("t.toml", FLOW), ("h.toml", hidden)]);
    at.let_in(&["engineer"]);
    let server = at.into_server();
    let admin = server.user("admin");
    admin.create("h", &json!({"summary": "机密标题"}));
    let item = admin.create("t", &json!({"summary": "一", "link": "h/1"}));
    let engineer = server.signed_in("engineer", PASSWORD);
    let page = engineer.page("/flow/t/1").text;
    assert!(page.contains("h_1") && !page.contains("机密标题") && !page.contains("藏"), "the ID alone");
    for path in
        ["/pick/items?q=h_1", "/pick/items?q=机密", "/pick/items?q=机密&flow=h", "/flow/h/1", "/", "/flow/t/all"]
    {
        assert!(!engineer.page(path).text.contains("机密标题"), "{path}");
    }
    assert_eq!(engineer.page("/flow/h/1").status, 404);
    assert_eq!(server.user("engineer").get(&path_of(&item)).json()["fields"]["link"], "h/1");
}

const PROBLEM: &str = r#"key = "p"
name = "问题"
title = "summary"

[[field]]
key = "summary"
type = "text"

[[field]]
key = "solution"
type = "textarea"

[[field]]
key = "amount"
type = "number"

[[field]]
key = "bug"
type = "item"
flow = "b"

[view]
by = ["created_by", "assigned_to"]

[[transition]]
source = "处理"
trigger = "提取"
dest = "处理"
create = { flow = "b", link = "bug", copy = { what = "summary", how = "solution", size = "amount" } }

[[transition]]
source = "处理"
trigger = "关闭"
dest = "完"
"#;

const BUG: &str = r#"key = "b"
name = "典型"
title = "what"

[[field]]
key = "what"
type = "text"

[[field]]
key = "how"
type = "text"
default = "待补充"

[[field]]
key = "size"
type = "number"
max = 10

[[field]]
key = "seen_in"
type = "item"
flow = "p"
multiple = true

[[transition]]
source = "提交"
trigger = "归档"
dest = "归档"
"#;

#[test]
fn of_a_closed_item_another_is_made_with_what_its_flow_copies_and_a_link_back() {
    let at = Installation::with_flows(&[("p.toml", PROBLEM), ("b.toml", BUG)]);
    at.let_in(&["admin", "engineer"]);
    let server = at.into_server();
    let engineer = server.user("engineer");
    let fields = json!({"summary": "单板重启", "solution": "第一行\n第二行", "amount": 99});
    let problem = engineer.create("p", &fields);
    let page = server.signed_in("engineer", "pass-word-1");
    let offer = "/flow/b/new?of=p/1";
    assert!(!page.page("/flow/p/1").text.contains(offer), "a row does it while it is open");
    engineer.pressed(&problem, "关闭", &json!({}));
    let shown = page.page("/flow/p/1").text;
    assert!(shown.contains(&format!("href=\"{offer}\"")) && shown.contains("提取到“典型”"), "{shown}");
    let form = page.page(offer);
    assert_eq!(form.status, StatusCode::OK);
    for part in ["value=\"单板重启\"", "p/1", "待补充"] {
        assert!(form.text.contains(part), "{part}: {}", form.text);
    }
    assert!(!form.text.contains("99"), "what cannot stand there is left out");
    let looks = |text: &str| text.contains("hx-trigger=\"load, similar\"");
    assert!(looks(&form.text) && !looks(&page.page("/flow/b/new").text), "what is like it is looked for at once");
    let made = page.form("/flow/b/new", &[("what", "单板重启"), ("how", "换板"), ("seen_in", "p/1")]);
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    assert_eq!(engineer.item("b", 1)["fields"]["seen_in"], json!(["p/1"]));
    assert!(page.page("/flow/p/1").text.contains("/flow/b/1"), "the problem shows what was learned of it");
    for strange in ["/flow/b/new?of=p/2", "/flow/b/new?of=x/1", "/flow/b/new?of=p", "/flow/b/new?of=p/x"] {
        assert_eq!(page.page(strange).status, StatusCode::NOT_FOUND, "{strange}");
    }
    let hidden = server.user("admin").create("p", &json!({"summary": "密"}));
    assert_eq!(page.page(&format!("/flow/b/new?of=p/{}", hidden["number"])).status, StatusCode::NOT_FOUND);
}
