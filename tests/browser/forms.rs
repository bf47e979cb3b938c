//! Forms: nothing typed is lost, cascades follow, buttons follow, the keyboard does.

use serde_json::json;

use crate::{
    browser::{ENTER, Person},
    harness::Server,
};

#[test]
fn two_people_at_once_lose_nothing() {
    let server = Server::shipped();
    let api = server.user("engineer");
    let item = api.create("issue_track", &json!({"summary": "并发"}));
    let engineer = Person::signed_in(&server.base, "engineer", true);
    // A page that hears or asks what can be pressed now would take the button away, sooner or later than it is pressed.
    engineer.block(&["*/live/*", "*/buttons"]);
    engineer.open("/flow/issue_track/1");
    engineer.fill("处理进展", "我刚写的一大段进展");
    api.pressed(&item, "提交审核", &json!({"issue_checker": "delegate", "site": "另一处改的局点"}));
    engineer.press("更新进展");
    engineer.sees("提交审核");
    engineer.sees("我刚写的一大段进展");
    assert_eq!(api.item("issue_track", 1)["fields"]["current_process"], json!(null), "nothing was written");
}

#[test]
fn enter_saves_and_presses_nothing() {
    let server = Server::shipped();
    let api = server.user("engineer");
    api.create("issue_track", &json!({"summary": "回车"}));
    let engineer = Person::signed_in(&server.base, "engineer", true);
    engineer.open("/flow/issue_track/1");
    engineer.fill("局点", format!("华东某局点{ENTER}"));
    engineer.sees("局点");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while api.item("issue_track", 1)["fields"]["site"] != "华东某局点" {
        assert!(std::time::Instant::now() < deadline, "{}", engineer.text());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let item = api.item("issue_track", 1);
    assert_eq!(item["state"], "维护人员处理");
    let kinds: Vec<_> = api.history(&item).iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["created", "saved"]);
}

#[test]
fn a_cascade_offers_what_fits() {
    let server = Server::shipped();
    let engineer = Person::signed_in(&server.base, "engineer", true);
    engineer.open("/flow/issue_track/new");
    engineer.choose("问题大类", "软件");
    engineer.choose("问题小类", "协议");
    engineer.choose("问题大类", "硬件");
    assert_ne!(engineer.value("问题小类"), "协议", "what no longer fits is let go");
    engineer.choose("问题小类", "线缆");
    engineer.fill("概要", "<b>粗</b> & \"引号\" 😀 مرحبا 𠮷");
    engineer.press("创建");
    engineer.sees("<b>粗</b> & \"引号\" 😀 مرحبا 𠮷");
    let item = server.user("engineer").item("issue_track", 1);
    assert_eq!(item["fields"]["class_2"], "线缆");
}

#[test]
fn a_comment_stands_in_the_history() {
    let server = Server::shipped();
    server.user("engineer").create("issue_track", &json!({"summary": "评论"}));
    let architect = Person::signed_in(&server.base, "architect", true);
    architect.open("/flow/issue_track/1");
    // who does not hold it presses nothing
    architect.has_no_button("提交审核");
    architect.fill("评论", "我来看看日志");
    architect.press("评论");
    architect.sees("我来看看日志");
    assert_eq!(server.user("engineer").item("issue_track", 1)["revision"], 1, "a comment changes no revision");
}

#[test]
fn a_session_that_ends_loses_nothing_typed() {
    let server = Server::shipped();
    let api = server.user("engineer");
    api.create("issue_track", &json!({"summary": "一"}));
    for script in [true, false] {
        let engineer = Person::signed_in(&server.base, "engineer", script);
        let sign_in = |path: &str| {
            engineer.sees("填写的内容都还在");
            engineer.fill("用户名", "engineer");
            engineer.fill("密码", "pass-word-1");
            engineer.press("登录");
            engineer.sees("还没有提交");
            assert_eq!(engineer.path(), if script { path } else { "/login" });
        };
        engineer.open("/flow/issue_track/new");
        engineer.fill("概要", "写了很久的一件事");
        server.done(&["user", "passwd", "engineer", "--password-stdin"], "pass-word-1\n");
        engineer.press("创建");
        sign_in("/flow/issue_track/new");
        assert_eq!(engineer.value("概要"), "写了很久的一件事");
        engineer.press("创建");
        engineer.sees("更新进展");
        engineer.open("/flow/issue_track/1");
        engineer.fill("评论", "写了很久的评论");
        server.done(&["user", "passwd", "engineer", "--password-stdin"], "pass-word-1\n");
        engineer.press("评论");
        sign_in("/flow/issue_track/1");
        assert_eq!(engineer.value("评论"), "写了很久的评论");
        engineer.press("评论");
        engineer.sees("写了很久的评论");
    }
    assert_eq!(api.get("/flows/issue_track/items").json()["total"], 3);
    assert_eq!(api.history(&api.item("issue_track", 1)).len(), 3);
}

#[test]
fn typing_on_after_the_session_ended_leads_nowhere() {
    let server = Server::shipped();
    server.user("engineer").create("issue_track", &json!({"summary": "一"}));
    let engineer = Person::signed_in(&server.base, "engineer", true);
    engineer.open("/flow/issue_track/1");
    server.done(&["user", "passwd", "engineer", "--password-stdin"], "pass-word-1\n");
    // The buttons ask the server what can be pressed now.
    engineer.fill("局点", "华东某局点");
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert_eq!((engineer.path(), engineer.value("局点")), ("/flow/issue_track/1".to_owned(), "华东某局点".to_owned()));
    engineer.press("更新进展");
    engineer.sees("填写的内容都还在");
}
