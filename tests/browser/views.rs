//! Columns, groups and views of a flow's list, as people choose, keep and share them, with and without JavaScript. The
//! pictures stay in `target/tmp/pictures/views`.

use std::path::PathBuf;

use serde_json::json;

use crate::{browser::Person, harness::Server};

const ALL: &str = "/flow/issue_track/all";

fn picture(person: &Person, name: &str) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pictures/views");
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
    for number in 0..12 {
        let level = ["事故", "严重问题", "一般问题"][number % 3];
        let detail = "业务侧感知时延抖动，更换主控板后恢复，要求当日给出根因。".repeat(6);
        let item = engineer.create(
            "issue_track",
            &json!({"summary": format!("【2026】华东某局点核心路由器单板反复重启 {number}"), "issue_level": level, "detail": detail,
                    "issue_checker": "delegate"}),
        );
        if number % 4 == 0 {
            engineer.pressed(&item, "提交审核", &json!({"current_process": "已更换"}));
        }
    }
    server
}

fn open_menu(person: &Person, words: &str) {
    person.click(&format!("//div[@id='views']//*[self::summary or self::a[@class='btn']][contains(., '{words}')]"));
}

fn keeps_a_view(script: bool) {
    let server = filled();
    let engineer = Person::signed_in(&server.base, "engineer", script);
    engineer.open(ALL);
    picture(&engineer, "plain");
    open_menu(&engineer, "列与分组");
    engineer.choose("分组", "问题级别");
    engineer.click("//label[normalize-space(.)='详细描述']/input");
    engineer.click("//button[@aria-label='下移“概要”']");
    picture(&engineer, if script { "choosing" } else { "choosing-plain" });
    engineer.press("应用");
    engineer.sees("业务侧感知时延抖动");
    picture(&engineer, "grouped");
    open_menu(&engineer, "保存为视图");
    engineer.fill("视图名称", "按级别看");
    engineer.click("//div[@id='views']//label[contains(., '与团队共享')]/input");
    picture(&engineer, "keeping");
    engineer.press("保存");
    engineer.sees("已保存视图“按级别看”");
    let path = engineer.path();
    assert!(path.starts_with("/flow/issue_track/view/"), "{path}");
    // somebody else opens its address
    let delegate = Person::signed_in(&server.base, "delegate", script);
    delegate.open(&path);
    delegate.sees("按级别看");
    delegate.sees("业务侧感知时延抖动");
    picture(&delegate, "theirs");
    let text = delegate.text();
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("no {words}: {text}"));
    assert!(at("一般问题") < at("事故"), "in the flow's order: {text}");
    delegate.open("/flow/issue_track");
    picture(&delegate, "flow");
    delegate.click("//nav[@aria-label='视图']//a[contains(., '按级别看')]");
    delegate.sees("业务侧感知时延抖动");
    open_menu(&delegate, "视图");
    picture(&delegate, "menu");
    // sorted by hand it is no longer the view: nobody else's is changed
    engineer.open(&path);
    engineer.follow("概要");
    engineer.sees("已修改，尚未保存");
    picture(&engineer, "changed");
    engineer.press("保存修改");
    engineer.sees("视图已保存");
    assert_eq!(engineer.path(), path);
    open_menu(&engineer, "视图设置");
    picture(&engineer, "settings");
}

#[test]
fn columns_and_groups_are_kept_as_a_view_of_the_team() {
    keeps_a_view(true);
}

#[test]
fn columns_and_groups_are_kept_without_javascript() {
    keeps_a_view(false);
}

#[test]
fn the_longest_name_has_room() {
    let server = filled();
    let engineer = Person::signed_in(&server.base, "engineer", true);
    engineer.open(ALL);
    open_menu(&engineer, "保存为视图");
    engineer.fill("视图名称", "W".repeat(80));
    engineer.press("保存");
    engineer.sees("已保存视图");
    open_menu(&engineer, "视图：");
    picture(&engineer, "long");
    engineer.open("/flow/issue_track");
    picture(&engineer, "long-flow");
}

#[test]
fn an_open_view_follows_what_others_do() {
    let server = filled();
    let engineer = Person::signed_in(&server.base, "engineer", true);
    engineer.open(&format!("{ALL}?group=assigned_to&columns=issue_level,summary,detail"));
    let counts = |count| engineer.click(&format!("//tr[@class='group'][contains(., '维护人员')]//span[.='{count}']"));
    counts(9);
    let item = server.user("engineer").create("issue_track", &json!({"summary": "刚刚发生", "issue_level": "事故"}));
    engineer.sees("刚刚发生");
    counts(10);
    server.user("engineer").saved(&item, &json!({"detail": "在选定的列里看得到"}));
    engineer.sees("在选定的列里看得到");
}
