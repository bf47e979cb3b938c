//! Every page at the size of a desk and of a phone, with data and without: no sideways scrolling, no complaint of the
//! browser. The pictures stay in `target/tmp/pictures`, to be looked at (`make screenshots`).

use std::path::PathBuf;

use serde_json::json;

use crate::{
    browser::Person,
    harness::{Server, User},
};

/// The pages that an administrator can open, and the names of their pictures.
const PAGES: [(&str, &str); 26] = [
    ("design", "/admin/flows/issue_track/design?open=field-7"),
    ("new-flow", "/admin/new-flow"),
    ("home", "/"),
    ("pending", "/work/pending"),
    ("done", "/work/done"),
    ("created", "/work/created"),
    ("flow", "/flow/issue_track"),
    ("all", "/flow/issue_track/all"),
    ("board", "/flow/issue_track/board"),
    ("board-queried", "/flow/issue_track/board?q=level%3Dx"),
    ("new", "/flow/issue_track/new"),
    ("settings", "/settings"),
    ("users", "/admin/users"),
    ("groups", "/admin/groups"),
    ("flows", "/admin/flows"),
    ("stranded", "/admin/stranded"),
    ("queried", "/flow/issue_track/all?q=level%3Dx"),
    ("search", "/search?q=%E5%8D%95%E6%9D%BF"),
    ("statistics", "/flow/issue_track/stats"),
    ("statistics-all", "/stats"),
    ("import", "/flow/issue_track/import"),
    ("notes", "/flow/issue_track/release-notes?state=%E5%85%B3%E9%97%AD&from=2026-01-01&to=2026-12-31"),
    ("read", "/flow/buglist/read"),
    ("group", "/admin/groups/nobody"),
    ("missing", "/flow/none"),
    ("api", "/api/docs"),
];

fn fill(admin: &User) {
    for number in 0..60 {
        let summary =
            format!("【20261119】华东某局点核心路由器单板反复重启，业务侧感知时延抖动并要求当日给出根因 {number}");
        let item = admin.create("issue_track", &json!({"summary": summary, "issue_level": "事故", "class_1": "硬件"}));
        if number % 3 == 0 {
            let item = admin.pressed(&item, "提取典型问题", &json!({}));
            if number < 30 {
                let bug = admin.item("buglist", number / 3 + 1);
                let text = json!({"reviewer": "delegate", "cause": "电源监控芯片误判", "module": "主控"});
                admin.pressed(&admin.pressed(&bug, "提交评审", &text), "归档", &json!({}));
            }
            admin.pressed(&item, "提交审核", &json!({"issue_checker": "delegate", "current_process": "已更换主控板"}));
        }
    }
}

fn visit(person: &Person, pages: &[(&str, &str)], folder: &str) {
    let pictures = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pictures").join(folder);
    std::fs::create_dir_all(&pictures).expect("the folder of the pictures");
    for (size, width, height) in [("desk", 1440, 900), ("phone", 390, 844)] {
        person.resize(width, height);
        for (name, path) in pages {
            person.open(path);
            let (page, window) = person.widths();
            assert!(page <= window, "{path} scrolls sideways at {width}: {page} > {window}");
            person.picture(&pictures.join(format!("{name}-{size}.png")));
        }
    }
}

#[test]
fn pages_fit_desk_and_phone() {
    let server = Server::shipped();
    let person = Person::signed_in(&server.base, "admin", true);
    visit(&person, &PAGES, "empty");
    fill(&server.user("admin"));
    let item = [
        ("returns", "/flow/buglist/1?returns=all"),
        ("item", "/flow/issue_track/1"),
        ("bug", "/flow/buglist/1"),
        ("gone", "/flow/issue_track/1?picture=1#gone"),
        ("moves", "/flow/issue_track/board/1/moves"),
    ];
    visit(&person, &[&PAGES[..], &item].concat(), "full");
}
