//! Cards moved by hand, and many items at once. The pictures stay in `target/tmp/pictures/board`.

use std::path::PathBuf;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    browser::Person,
    harness::{Installation, Server, User},
};

const FLOW: &str = r#"
key = "t"
name = "卡片"
title = "summary"

[[field]]
key = "summary"
label = "概要"
type = "text"

[[field]]
key = "who"
label = "下一人"
type = "user"

[[transition]]
source = "开"
trigger = "直接办"
dest = "办"

[[transition]]
source = "开"
trigger = "交审"
dest = "审"
assign_to = "who"

[[transition]]
source = "办"
trigger = "办结"
dest = "完"
comment = "required"

[[transition]]
source = "办"
trigger = "作废"
dest = "完"

[[transition]]
source = "审"
trigger = "通过"
dest = "完"
by = ["assigned_to"]
"#;

fn picture(person: &Person, name: &str) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pictures/board");
    std::fs::create_dir_all(&folder).expect("the folder of the pictures");
    let (page, window) = person.widths();
    assert!(page <= window, "{name} scrolls sideways: {page} > {window}");
    person.picture(&folder.join(format!("{name}.png")));
}

fn serve() -> (Server, User) {
    let at = Installation::shipped();
    at.apply(&[("t.toml", FLOW)]);
    let server = at.into_server();
    let engineer = server.user("engineer");
    for title in ["风扇告警", "单板离线", "线缆松动"] {
        engineer.create("t", &json!({"summary": title}));
    }
    (server, engineer)
}

fn card(title: &str) -> String {
    format!("//*[@data-number][contains(.,'{title}')]")
}

fn column(state: &str) -> String {
    format!("//*[contains(@class,'board-column')][@data-state='{state}']")
}

fn in_column(person: &Person, title: &str, state: &str) {
    person.finds(&format!("{}{}", column(state), card(title)));
}

fn state(user: &User, number: i64) -> (Value, Value) {
    let item = user.item("t", number);
    (item["state"].clone(), item["revision"].clone())
}

#[test]
fn a_drop_presses_what_leads_there_asks_what_it_needs_and_nothing_else_takes_the_card() {
    let (server, engineer) = serve();
    let person = Person::signed_in(&server.base, "engineer", true);
    person.open("/flow/t/board");
    in_column(&person, "风扇告警", "开");
    // Needs nothing: done at once.
    person.drag(&card("风扇告警"), &column("办"));
    in_column(&person, "风扇告警", "办");
    assert_eq!(state(&engineer, 1), (json!("办"), json!(2)));
    // No way leads there: the column does not light up, and the card stays.
    person.hold(&card("单板离线"), &column("完"));
    person.finds(&format!("{}[contains(@class,'shut')]", column("完")));
    person.finds(&format!("{}[contains(@class,'open')]", column("审")));
    picture(&person, "held");
    person.let_go();
    in_column(&person, "单板离线", "开");
    // Needs someone: it is asked for, and what is wrong is said at its place.
    person.drag(&card("单板离线"), &column("审"));
    person.sees("下一人");
    picture(&person, "asked");
    person.press("交审");
    person.sees("没有提交成功，请修改下面的内容：");
    person.pick("下一人", "delegate");
    person.press("交审");
    in_column(&person, "单板离线", "审");
    assert_eq!(state(&engineer, 2), (json!("审"), json!(2)));
    assert_eq!(engineer.item("t", 2)["assigned_to"], json!(["delegate"]));
    // Two ways lead there: one is chosen.
    person.drag(&card("风扇告警"), &column("完"));
    person.sees("办结…");
    picture(&person, "ways");
    person.press("作废");
    in_column(&person, "风扇告警", "完");
    // Someone was faster: nothing is pressed, and why is said.
    person.hold(&card("线缆松动"), &column("办"));
    person.finds(&format!("{}[contains(@class,'open')]", column("办")));
    engineer.saved(&engineer.item("t", 3), &json!({"summary": "线缆松动了"}));
    person.let_go();
    person.sees("已被别人更新过");
    picture(&person, "faster");
    assert_eq!(state(&engineer, 3), (json!("开"), json!(2)));
}

#[test]
fn an_open_board_follows_what_others_do() {
    let (server, engineer) = serve();
    let person = Person::signed_in(&server.base, "admin", true);
    person.open("/flow/t/board");
    in_column(&person, "风扇告警", "开");
    engineer.pressed(&engineer.item("t", 1), "直接办", &json!({}));
    in_column(&person, "风扇告警", "办");
    engineer.create("t", &json!({"summary": "新来的"}));
    in_column(&person, "新来的", "开");
}

#[test]
fn on_a_phone_and_without_a_script_a_cards_menu_does_the_same() {
    let (server, engineer) = serve();
    let menu = |title: &str| format!("{}//a[contains(@class,'board-menu')]", card(title));
    let person = Person::signed_in(&server.base, "engineer", true);
    person.resize(390, 844);
    person.open("/flow/t/board");
    picture(&person, "phone");
    person.click(&menu("风扇告警"));
    person.sees("交审…");
    picture(&person, "phone-menu");
    person.press("直接办");
    in_column(&person, "风扇告警", "办");
    assert_eq!(state(&engineer, 1), (json!("办"), json!(2)));
    let plain = Person::signed_in(&server.base, "engineer", false);
    plain.resize(390, 844);
    plain.open("/flow/t/board");
    plain.click(&menu("单板离线"));
    plain.sees("交审…");
    picture(&plain, "phone-plain");
    plain.follow("交审…");
    plain.fill("下一人", "delegate");
    plain.press("交审");
    plain.sees("交审 → 审");
    assert_eq!(plain.path(), "/flow/t/board");
    assert_eq!(state(&engineer, 2), (json!("审"), json!(2)));
}

#[test]
fn many_at_once_some_of_them_refused() {
    let (server, engineer) = serve();
    for (script, width) in [(true, 1440), (false, 390)] {
        let person = Person::signed_in(&server.base, "engineer", script);
        person.resize(width, 900);
        person.open("/flow/t/all");
        person.sees("线缆松动");
        person.click("//*[@aria-label='t_1']");
        person.click("//*[@aria-label='t_2']");
        if script {
            person.sees("已选 2");
            person.click("//form[@id='bulk']//input[@type='checkbox']");
            person.sees("已选 3");
            person.click("//*[@aria-label='t_3']");
            person.sees("已选 2");
            // in another order other items stand where those stood: none of them is meant
            person.follow("概要");
            person.sees_no("已选");
            person.click("//*[@aria-label='t_1']");
            person.click("//*[@aria-label='t_2']");
            person.sees("已选 2");
            // what changes meanwhile is said; what was chosen stays
            engineer.saved(&engineer.item("t", 3), &json!({"summary": "线缆松动了"}));
            person.sees("有更新");
            person.press("有更新 · 刷新");
            person.sees("线缆松动了");
            person.sees("已选 2");
        }
        picture(&person, &format!("chosen-{width}"));
        person.choose("批量操作", "直接办");
        // someone else takes one of them meanwhile
        let item = engineer.item("t", 2);
        server
            .user("admin")
            .patch(
                "/flows/t/items/2",
                &json!({"fields": {"summary": format!("{}。", item["fields"]["summary"].as_str().expect("a title"))}}),
            )
            .expect(StatusCode::OK);
        person.press("下一步");
        person.sees("将被拒绝");
        picture(&person, &format!("confirm-{width}"));
        person.press("执行");
        person.sees("未办成");
        picture(&person, &format!("result-{width}"));
        person.sees(if script { "已办成 1 条，未办成 1 条" } else { "已办成 0 条，未办成 2 条" });
        assert_eq!(state(&engineer, 1), (json!("办"), json!(2)));
        assert_eq!(state(&engineer, 2).0, json!("开"));
        if !script {
            // what was refused can be tried again, as it stands now
            person.press("重试未办成的");
            person.press("执行");
            person.sees("已办成 1 条，未办成 1 条");
            assert_eq!(state(&engineer, 2).0, json!("办"));
        }
    }
}
