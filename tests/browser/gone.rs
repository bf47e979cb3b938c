//! The way that an item has gone, on its page, with and without JavaScript. The pictures stay in `target/tmp/pictures/gone`.

use std::path::PathBuf;

use serde_json::json;

use crate::{browser::Person, harness::Server};

const HERE: &str = "//*[@id='gone']//*[name()='rect' and contains(@class, 'dg-here')]";

fn filled() -> Server {
    let server = Server::shipped();
    let engineer = server.user("engineer");
    let item = engineer.create("issue_track", &json!({"summary": "单板反复重启", "issue_checker": "delegate"}));
    let item = engineer.pressed(&item, "提交审核", &json!({}));
    let item = server.user("delegate").pressed(&item, "打回补充信息", &json!({}));
    engineer.pressed(&item, "提交审核", &json!({}));
    server
}

fn picture(person: &Person, name: &str) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pictures/gone");
    std::fs::create_dir_all(&folder).expect("the folder of the pictures");
    for (size, width, height) in [("desk", 1440, 900), ("phone", 390, 844)] {
        person.resize(width, height);
        let (page, window) = person.widths();
        assert!(page <= window, "{name} scrolls sideways at {width}: {page} > {window}");
        person.open("/flow/issue_track/1?picture=1#gone");
        person.finds(HERE);
        person.picture(&folder.join(format!("{name}-{size}.png")));
    }
    person.resize(1440, 900);
}

#[test]
fn the_picture_is_fetched_when_it_is_opened_and_nothing_typed_is_lost() {
    let server = filled();
    let delegate = Person::signed_in(&server.base, "delegate", true);
    delegate.open("/flow/issue_track/1");
    delegate.fill("处理进展", "已更换主控板");
    delegate.click("//section[@id='gone']//summary");
    delegate.finds(HERE);
    delegate.sees("2 次");
    assert_eq!(delegate.value("处理进展"), "已更换主控板");
    // it folds again, and stays as it is
    delegate.click("//section[@id='gone']//summary");
    delegate.sees_no("填色的是当前状态");
    delegate.click("//section[@id='gone']//summary");
    delegate.finds(HERE);
    picture(&delegate, "script");
}

#[test]
fn without_a_script_a_link_draws_it() {
    let server = filled();
    let delegate = Person::signed_in(&server.base, "delegate", false);
    delegate.open("/flow/issue_track/1");
    delegate.click("//section[@id='gone']//summary");
    delegate.follow("查看走过的路");
    delegate.finds(HERE);
    delegate.sees("填色的是当前状态");
}
