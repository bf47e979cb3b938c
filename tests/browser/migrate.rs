//! A flow's running items are taken to its new version on the page. The pictures stay in `target/tmp/pictures/migrate`.

use std::path::PathBuf;

use serde_json::json;

use crate::{
    browser::Person,
    harness::{Installation, Server},
};

const FIRST: &str = r#"key = "t"
name = "采购"

[[field]]
key = "summary"
label = "概要"
type = "text"

[[field]]
key = "level"
label = "级别"
type = "choice"
choices = ["一般", "紧急"]

[[field]]
key = "amount_text"
label = "金额"
type = "text"

[[field]]
key = "obsolete"
label = "旧编号"
type = "text"

[[transition]]
source = "申请"
trigger = "提交"
dest = "审批"

[[transition]]
source = "审批"
trigger = "通过"
dest = "完成"

[[transition]]
source = "审批"
trigger = "退回"
dest = "申请"
back = true
"#;

fn migrates(script: bool) {
    let at = Installation::with_flows(&[("t.toml", FIRST)]);
    at.let_in(&["admin"]);
    let second = FIRST
        .replace("\"审批\"", "\"复核\"")
        .replace("\"一般\"", "\"普通\"")
        .replace(
            "key = \"amount_text\"\nlabel = \"金额\"\ntype = \"text\"",
            "key = \"amount\"\nlabel = \"金额\"\ntype = \"number\"",
        )
        .replace(
            "key = \"obsolete\"\nlabel = \"旧编号\"\ntype = \"text\"",
            "key = \"reason\"\nlabel = \"理由\"\ntype = \"text\"\nrequired = true",
        );
    let server: Server = at.into_server();
    let engineer = server.user("engineer");
    for n in 1..=30 {
        let fields = json!({"summary": format!("第 {n} 批"), "level": "一般", "amount_text": format!("{n}00"), "obsolete": "A1"});
        let item = engineer.create("t", &fields);
        if n % 3 == 0 {
            engineer.pressed(&item, "提交", &json!({}));
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("t.toml");
    std::fs::write(&file, second).expect("the flow");
    server.done(&["flow", "apply", file.to_str().expect("a path")], "");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pictures/migrate");
    std::fs::create_dir_all(&folder).expect("the folder of the pictures");
    let pictures = |person: &Person, name: &str| {
        for (size, width, height) in [("desk", 1440, 900), ("phone", 390, 844)] {
            person.resize(width, height);
            let (page, window) = person.widths();
            assert!(page <= window, "the page scrolls sideways at {width}: {page} > {window}");
            person.picture(&folder.join(format!("{name}-{size}{}.png", if script { "" } else { "-plain" })));
        }
        person.resize(1440, 900);
    };
    let admin = Person::signed_in(&server.base, "admin", script);
    admin.open("/admin/flows/t");
    admin.follow("迁移在办条目");
    admin.sees("两个版本");
    pictures(&admin, "begun");
    admin.press("试算");
    admin.sees("字段“旧编号”已去掉但有内容");
    pictures(&admin, "stranded");
    admin.click("//label[span='旧编号']//option[contains(., '不保留')]");
    admin.click("//label[span='一般']//option[.='普通']");
    admin.fill("理由", "迁移前未填");
    admin.press("试算");
    admin.sees("执行：迁移 30 个");
    pictures(&admin, "tried");
    admin.press("执行：迁移 30 个");
    admin.sees("已迁移 30 个条目");
    pictures(&admin, "done");
    admin.open("/flow/t/3");
    admin.sees("迁移到另一版本");
    admin.sees("复核");
    assert_eq!(engineer.item("t", 3)["fields"]["amount"], 300);
}

#[test]
fn running_items_are_migrated_on_the_page() {
    migrates(true);
}

#[test]
fn running_items_are_migrated_without_javascript() {
    migrates(false);
}
