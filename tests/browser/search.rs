//! Finding items, and building a query by clicks and by what the box offers, with and without JavaScript. The pictures stay in
//! `target/tmp/pictures/search`.

use std::path::PathBuf;

use serde_json::json;

use crate::{
    browser::{ENTER, Person},
    harness::Server,
};

fn picture(person: &Person, name: &str) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pictures/search");
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
    let server = Server::shipped();
    let engineer = server.user("engineer");
    engineer.create("issue_track", &json!({"summary": "单板反复重启", "issue_level": "事故"}));
    engineer.create("issue_track", &json!({"summary": "光模块收光低", "detail": "换了单板，重启也没有用"}));
    engineer.create("issue_track", &json!({"summary": "别的事情"}));
    server
}

fn finds(script: bool) {
    let server = filled();
    let engineer = Person::signed_in(&server.base, "engineer", script);
    engineer.fill("搜索全部条目", format!("单板 重启{ENTER}"));
    engineer.sees("共 2 条");
    engineer.sees("换了单板，重启也没有用");
    let text = engineer.text();
    assert!(text.find("单板反复重启") < text.find("光模块收光低"), "the title first: {text}");
    picture(&engineer, if script { "found" } else { "found-plain" });
    engineer.fill("要找的词", format!("没有的词{ENTER}"));
    engineer.sees("没有符合条件的条目");
    engineer.open("/search?q=%E5%8D%95%E6%9D%BF%20x%3D1");
    engineer.sees("单板 x=1");
    engineer.open("/search?q=question_1");
    engineer.follow("单板反复重启");
    engineer.sees("question_1");
}

#[test]
fn words_are_found_from_every_page() {
    finds(true);
}

#[test]
fn words_are_found_without_javascript() {
    finds(false);
}

#[test]
fn a_query_is_built_by_clicks() {
    for script in [true, false] {
        let server = filled();
        let engineer = Person::signed_in(&server.base, "engineer", script);
        engineer.open("/flow/issue_track/all?q=%E9%87%8D%E5%90%AF");
        engineer.sees("光模块收光低");
        engineer.follow("用点选添加条件");
        engineer.choose("字段", "问题级别");
        engineer.choose("比较", "等于");
        engineer.fill("值", "事故");
        engineer.press("添加条件");
        engineer.sees_no("光模块收光低");
        engineer.sees("单板反复重启");
        assert_eq!(engineer.value("筛选"), "重启 问题级别=事故");
    }
}

#[test]
fn the_box_offers_what_can_be_asked() {
    let server = filled();
    let engineer = Person::signed_in(&server.base, "engineer", true);
    engineer.open("/flow/issue_track/all");
    engineer.fill("筛选", "问题级");
    engineer.click("//ul[@role='listbox']/li[contains(., '问题级别')]");
    engineer.click("//ul[@role='listbox']/li[contains(., '事故')]");
    assert_eq!(engineer.value("筛选"), "问题级别=事故 ");
    engineer.fill("筛选", "created_by=eng");
    engineer.sees("维护人员");
    picture(&engineer, "offered");
    engineer.fill("筛选", "state=维护人员");
    engineer.click("//ul[@role='listbox']/li[contains(., '维护人员处理')]");
    engineer.press("筛选");
    engineer.sees("别的事情");
    assert_eq!(engineer.value("筛选").trim(), "state=维护人员处理");
}
