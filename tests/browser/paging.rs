//! Lists of several pages, with and without JavaScript. The pictures stay in `target/tmp/pictures/paging`.

use std::path::PathBuf;

use serde_json::json;

use crate::{
    browser::Person,
    harness::{Installation, Server},
};

fn picture(person: &Person, name: &str) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pictures/paging");
    std::fs::create_dir_all(&folder).expect("the folder of the pictures");
    for (size, width, height) in [("desk", 1440, 900), ("phone", 390, 844)] {
        person.resize(width, height);
        let (page, window) = person.widths();
        assert!(page <= window, "{name} scrolls sideways at {width}: {page} > {window}");
        person.picture(&folder.join(format!("{name}-{size}.png")));
    }
    person.resize(1440, 900);
}

fn filled() -> Server {
    let at = Installation::shipped();
    at.done(&["bench", "load", "--items", "20", "--users", "120"], "");
    let server = at.into_server();
    let engineer = server.user("engineer");
    for number in 1..=60 {
        engineer.create("device_card", &json!({"summary": format!("第{number}件。")}));
    }
    server
}

/// A page of a list stands in the place of the one before, not within it.
fn one_of_each(person: &Person) {
    assert_eq!(person.text().matches("我发起的").count(), 1, "one menu: {}", person.text());
}

fn through_the_lists(server: &Server, script: bool) {
    let person = Person::signed_in(&server.base, "engineer", script);
    person.open("/flow/device_card");
    person.sees("第60件。");
    person.follow("下一页");
    person.sees("第10件。");
    person.sees_no("第60件。");
    one_of_each(&person);
    person.follow("第一页");
    person.sees("第60件。");
    let admin = Person::signed_in(&server.base, "admin", script);
    admin.open("/admin/users");
    admin.sees("下一页");
    admin.follow("下一页");
    admin.sees("第一页");
    one_of_each(&admin);
    admin.fill("筛选", "engin");
    admin.press("筛选");
    admin.sees("维护人员");
    admin.sees_no("第一页");
    one_of_each(&admin);
    if script {
        picture(&admin, "users");
    }
    admin.open("/admin/groups");
    admin.sees("查看全部成员");
    if script {
        picture(&admin, "groups");
    }
    admin.follow("查看全部成员");
    admin.sees("加入");
    if script {
        picture(&admin, "group");
    }
}

#[test]
fn lists_are_gone_through_with_a_script() {
    through_the_lists(&filled(), true);
}

#[test]
fn lists_are_gone_through_without_a_script() {
    through_the_lists(&filled(), false);
}

#[test]
fn earlier_history_is_looked_at_while_the_form_keeps_what_was_typed() {
    let server = Server::shipped();
    let engineer = server.user("engineer");
    let item = engineer.create("issue_track", &json!({"summary": "一件"}));
    for number in 1..=60 {
        let said = json!({"comment": format!("说{number}。")});
        engineer.post("/flows/issue_track/items/1/comments", &said).expect(reqwest::StatusCode::CREATED);
    }
    let person = Person::signed_in(&server.base, "engineer", true);
    person.open("/flow/issue_track/1");
    person.sees("说60。");
    person.fill("处理进展", "还没写完");
    person.follow("更早的历史");
    person.sees("说5。");
    person.sees_no("说60。");
    assert_eq!(person.value("处理进展"), "还没写完");
    one_of_each(&person);
    picture(&person, "history");
    person.follow("最新的历史");
    person.sees("说60。");
    assert_eq!(person.value("处理进展"), "还没写完");
    assert_eq!(engineer.again(&item)["revision"], 1);
}
