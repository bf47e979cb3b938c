//! Two people look at the same: what one does, the other's open page says. The pictures stay in `target/tmp/pictures/live`.

use std::path::PathBuf;

use serde_json::json;

use crate::{browser::Person, harness::Server};

const FIRST: &str = "主控板反复重启";

fn picture(person: &Person, name: &str) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pictures/live");
    std::fs::create_dir_all(&folder).expect("the folder of the pictures");
    for (size, width, height) in [("desk", 1440, 900), ("phone", 390, 844)] {
        person.resize(width, height);
        let (page, window) = person.widths();
        assert!(page <= window, "{name} scrolls sideways at {width}: {page} > {window}");
        person.picture(&folder.join(format!("{name}-{size}.png")));
    }
    person.resize(1440, 900);
}

#[test]
fn an_open_item_says_that_someone_moved_it_and_what_was_typed_stays() {
    let server = Server::shipped();
    let engineer = server.user("engineer");
    let item = engineer.create("issue_track", &json!({"summary": FIRST, "issue_checker": "delegate"}));
    let person = Person::signed_in(&server.base, "engineer", true);
    let reader = Person::signed_in(&server.base, "admin", true);
    for one in [&person, &reader] {
        one.open("/flow/issue_track/1");
        one.sees("维护人员处理");
    }
    // A comment appears by itself, and changes nothing of what is typed.
    person.fill("处理进展", "正在更换主控板");
    server
        .user("delegate")
        .post("/flows/issue_track/items/1/comments", &json!({"comment": "请附上日志"}))
        .expect(reqwest::StatusCode::CREATED);
    person.sees("请附上日志");
    assert_eq!(person.value("处理进展"), "正在更换主控板");
    assert!(!person.text().contains("查看最新"), "nothing that the form would run into");
    // Someone moves it on.
    engineer.pressed(&item, "提交审核", &json!({"current_process": "已更换"}));
    person.sees("维护人员 把它转到了“维护代表审核”");
    person.sees("你填写的内容还在");
    picture(&person, "item-typed");
    assert_eq!(person.value("处理进展"), "正在更换主控板", "what was typed stays");
    reader.sees("维护人员 把它转到了“维护代表审核”");
    assert!(!reader.text().contains("你填写的内容还在"));
    picture(&reader, "item");
    reader.follow("查看最新");
    reader.sees_no("把它转到了");
    reader.sees("维护代表审核");
    // One's own click, made nevertheless, shows both sides.
    person.press("提交审核");
    person.sees("正在更换主控板");
    person.sees_no("把它转到了");
}

#[test]
fn an_open_list_follows_in_place_unless_it_is_being_used() {
    let server = Server::shipped();
    let (engineer, admin) = (server.user("engineer"), server.user("admin"));
    engineer.create("issue_track", &json!({"summary": FIRST, "issue_checker": "delegate"}));
    let pending = Person::signed_in(&server.base, "delegate", true);
    pending.open("/work/pending");
    pending.sees("没有");
    let all = Person::signed_in(&server.base, "admin", true);
    all.open("/flow/issue_track/all");
    all.sees(FIRST);
    // What comes to someone comes to their open list, and is counted in the menu.
    engineer.pressed(&engineer.item("issue_track", 1), "提交审核", &json!({}));
    pending.sees(FIRST);
    pending.sees("待办\n1");
    picture(&pending, "pending");
    all.sees("维护代表审核");
    engineer.create("issue_track", &json!({"summary": "单板离线"}));
    all.sees("单板离线");
    picture(&all, "all");
    // While someone types, a badge says it.
    all.fill("筛选", "state=");
    engineer.create("issue_track", &json!({"summary": "风扇告警"}));
    all.sees("有更新");
    assert!(!all.text().contains("风扇告警"));
    picture(&all, "all-badge");
    assert_eq!(all.value("筛选"), "state=");
    all.press("有更新 · 刷新");
    all.sees("风扇告警");
    all.sees_no("有更新");
    // And what goes away from someone goes from their list.
    admin.post("/flows/issue_track/items/1/holder", &json!({"to": "architect"})).expect(reqwest::StatusCode::OK);
    pending.sees_no(FIRST);
}

#[test]
fn a_page_that_nobody_looks_at_keeps_no_connection_and_catches_up() {
    let server = Server::shipped();
    let engineer = server.user("engineer");
    let open = |wanted: u32| {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        let line = format!("tasksteper_live_pages {wanted}");
        while !server.nobody().page("/metrics").text.lines().any(|one| one == line) {
            assert!(std::time::Instant::now() < deadline, "{wanted} pages");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    };
    let person = Person::signed_in(&server.base, "admin", true);
    person.open("/flow/issue_track/all");
    open(1);
    person.leave();
    open(0);
    engineer.create("issue_track", &json!({"summary": FIRST}));
    person.come_back();
    open(1);
    person.sees(FIRST);
    person.open("/settings");
    open(0);
}

#[test]
fn a_list_that_is_gone_on_from_is_not_brought_back_by_what_was_heard() {
    let server = Server::shipped();
    let engineer = server.user("engineer");
    for number in 1..=60 {
        engineer.create("device_card", &json!({"summary": format!("第{number}件。")}));
    }
    let person = Person::signed_in(&server.base, "engineer", true);
    person.open("/flow/device_card");
    person.sees("第60件。");
    person.delay_what_is_heard(2000);
    engineer.create("device_card", &json!({"summary": "又一件。"}));
    person.finds("//html[@data-heard='of']");
    person.follow_by_key("下一页");
    person.sees("第10件。");
    person.finds("//html[@data-heard='out']");
    assert!(person.text().contains("第10件。") && !person.text().contains("又一件。"), "{}", person.text());
}

#[test]
fn without_the_stream_pages_work_the_same() {
    let server = Server::shipped();
    let engineer = server.user("engineer");
    let item = engineer.create("issue_track", &json!({"summary": FIRST, "issue_checker": "delegate"}));
    let person = Person::signed_in(&server.base, "engineer", true);
    person.block(&["*/live/*", "*/buttons"]);
    person.open("/flow/issue_track/1");
    person.sees("维护人员处理");
    person.fill("处理进展", "正在更换主控板");
    engineer.pressed(&item, "提交审核", &json!({"current_process": "已更换"}));
    person.press("更新进展");
    person.sees("正在更换主控板");
    person.sees("已更换");
    person.open("/flow/issue_track/all");
    person.sees("维护代表审核");
    assert!(!person.text().contains("有更新"));
}
