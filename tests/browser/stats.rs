//! Charts are drawn from their tables, and a click on one leads where its number does.

use serde_json::json;

use crate::{browser::Person, harness::Server};

fn filled() -> Server {
    let server = Server::shipped();
    let engineer = server.user("engineer");
    for summary in ["主控板重启", "线缆松动"] {
        engineer.create("buglist", &json!({"summary": summary}));
    }
    server
}

#[test]
fn a_chart_leads_to_the_items_that_it_counts() {
    let server = filled();
    let engineer = Person::signed_in(&server.base, "engineer", true);
    engineer.open("/flow/buglist/stats");
    engineer.sees("未关闭条目：按当前处理人");
    // one bar, from one side to the other
    engineer.click("//section[@id='open-holder']//div[@data-drawn='true']//canvas");
    engineer.sees("bug_2");
    assert_eq!(engineer.path().split('?').next(), Some("/flow/buglist/all"));
    engineer.resize(390, 844);
    engineer.open("/flow/buglist/stats");
    engineer.sees("实际流转");
    let (page, window) = engineer.widths();
    assert!(page <= window, "{page} in {window}");
}

#[test]
fn the_numbers_are_there_without_javascript() {
    let server = filled();
    let engineer = Person::signed_in(&server.base, "engineer", false);
    engineer.open("/stats");
    engineer.follow("典型Buglist");
    engineer.open("/flow/buglist/stats?from=");
    engineer.sees("新增、关闭与未关闭");
    engineer.click("//section[@id='open-holder']//td/a");
    engineer.sees("bug_2");
}
