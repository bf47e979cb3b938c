//! A file of rows carried in, with rows that are wrong, with and without JavaScript. The pictures stay in
//! `target/tmp/pictures/carry`.

use std::path::PathBuf;

use serde_json::json;

use crate::{browser::Person, harness::Server};

fn carries_in(script: bool) {
    let server = Server::shipped();
    let engineer = Person::signed_in(&server.base, "engineer", script);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pictures/carry");
    std::fs::create_dir_all(&folder).expect("the folder of the pictures");
    let file = tempfile::Builder::new().suffix(".csv").tempfile().expect("a file");
    let rows = "概要,级别,客户类别\n单板反复重启,事故,金融\n光模块收光低,没有的级别,电力\n主备倒换失败,严重问题,火星\n";
    std::fs::write(file.path(), rows).expect("the rows");
    engineer.open("/flow/issue_track/all");
    engineer.follow("导入");
    engineer.attach("Excel 工作簿（.xlsx）或 CSV", file.path());
    engineer.press("检查");
    engineer.sees("检查结果（尚未写入）");
    // the heading of the second column says nothing to the flow
    engineer.click("//label[span='级别']//option[.='问题级别']");
    engineer.press("重新检查");
    engineer.sees("没有“没有的级别”");
    engineer.sees("没有“火星”");
    for (size, width, height) in [("desk", 1440, 900), ("phone", 390, 844)] {
        engineer.resize(width, height);
        let (page, window) = engineer.widths();
        assert!(page <= window, "the page scrolls sideways at {width}: {page} > {window}");
        engineer.picture(&folder.join(format!("checked-{size}{}.png", if script { "" } else { "-plain" })));
    }
    engineer.resize(1440, 900);
    let user = server.user("engineer");
    assert_eq!(user.get("/flows/issue_track/items").json()["total"], 0);
    engineer.press("导入");
    engineer.sees("已导入");
    let found = user.get("/flows/issue_track/items").json();
    assert_eq!((&found["total"], &found["items"][0]["title"]), (&json!(1), &json!("单板反复重启")));
    engineer.follow("所有条目");
    engineer.sees("单板反复重启");
}

#[test]
fn a_file_with_wrong_rows_is_checked_matched_and_carried_in() {
    carries_in(true);
}

#[test]
fn a_file_is_carried_in_without_javascript() {
    carries_in(false);
}
