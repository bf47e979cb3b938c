//! The designer by its forms: what a browser without a script sends.

use reqwest::StatusCode;

use crate::harness::{Answer, Installation, Server, User};

const HAND: &str = r#"# von Hand
key = "t"
name = "小流程"

# 标题
[[field]]
key = "summary"   # 概要
label = "概要"
type = "text"

[[field]]
key = "level"
label = "级别"
type = "choice"
choices = [
  "一般",  # 多数
  "事故",
]

[[transition]]
source = "开"
trigger = "提交"
dest = "审"
condition = { level = "事故" }

[[transition]]
source = "开"
trigger = "提交"
dest = "完"

[[transition]]
source = "审"
trigger = "通过"
dest = "完"
"#;

const DESIGN: &str = "/admin/flows/t/design";

fn server() -> (Server, User) {
    let at = Installation::with_flows(&[("t.toml", HAND)]);
    at.let_in(&["admin"]);
    let server = at.into_server();
    let admin = server.signed_in("admin", "pass-word-1");
    (server, admin)
}

fn page(user: &User) -> String {
    let answer = user.page(DESIGN);
    assert_eq!(answer.status, StatusCode::OK);
    answer.text.clone()
}

/// What a row said when its form was drawn.
fn seen(page: &str, row: &str) -> String {
    let form = page.split(&format!("<form id=\"{row}\"")).nth(1).unwrap_or_else(|| panic!("no {row}"));
    let value = form.split("name=\"seen\" value=\"").nth(1).expect("what was seen");
    value.split('"').next().unwrap_or_default().to_owned()
}

fn revision(page: &str) -> String {
    let value = page.split("data-revision=\"").nth(1).expect("a revision");
    value.split('"').next().unwrap_or_default().to_owned()
}

/// The draft's text, as its box shows it.
fn text(page: &str) -> String {
    let area = page.split("id=\"toml-text\"").nth(1).expect("the text");
    let text = area.split(">\n").nth(1).and_then(|rest| rest.split("</textarea>").next()).unwrap_or_default();
    ["&quot;", "&#34;"]
        .iter()
        .fold(text.to_owned(), |text, mark| text.replace(mark, "\""))
        .replace("&#39;", "'")
        .replace("&gt;", ">")
        .replace("&lt;", "<")
        .replace("&amp;", "&")
}

fn change(user: &User, row: &str, seen: &str, values: &[(&str, &str)]) -> Answer {
    let (part, at) = row.split_once('-').expect("a row");
    let mut form = vec![("part", part), ("at", at), ("seen", seen)];
    form.extend(values);
    user.form(DESIGN, &form)
}

#[test]
fn a_row_changes_and_everything_else_stays_to_the_letter() {
    let (server, admin) = server();
    assert_eq!(text(&page(&admin)), HAND);
    let answer = change(&admin, "field-0", &seen(&page(&admin), "field-0"), &[("label", "标题"), ("required", "true")]);
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let expected =
        HAND.replace("label = \"概要\"\ntype = \"text\"", "label = \"标题\"\ntype = \"text\"\nrequired = true");
    assert_eq!(text(&page(&admin)), expected);
    // what was shown and sent back unchanged changes nothing
    let choices =
        [("label", "级别"), ("key", "level"), ("type", "choice"), ("choices", "一般\r\n事故"), ("parent", "")];
    change(&admin, "field-1", &seen(&page(&admin), "field-1"), &choices);
    assert_eq!(text(&page(&admin)), expected);
    let condition = [("condition", "{ level = \"事故\" }"), ("source", "开"), ("assign_to", "")];
    change(&admin, "transition-0", &seen(&page(&admin), "transition-0"), &condition);
    assert_eq!(text(&page(&admin)), expected);
    // a word more keeps the lines and their comments
    change(&admin, "field-1", &seen(&page(&admin), "field-1"), &[("choices", "一般\n严重\n事故")]);
    assert!(text(&page(&admin)).contains("  \"一般\",  # 多数\n  \"严重\",\n  \"事故\",\n"), "{}", text(&page(&admin)));
    // the published flow is what it was, for everybody
    assert_eq!(server.done(&["flow", "show", "t"], ""), HAND);
}

#[test]
fn names_change_everywhere_and_rows_come_go_and_move() {
    let (_server, admin) = server();
    change(&admin, "field-1", &seen(&page(&admin), "field-1"), &[("key", "grade")]);
    assert!(text(&page(&admin)).contains("condition = { grade = \"事故\" }"));
    let renamed = admin.form(DESIGN, &[("part", "state"), ("state", "审"), ("name", "审核"), ("due", "3d")]);
    assert_eq!(renamed.status, StatusCode::SEE_OTHER, "{}", renamed.text);
    let now = text(&page(&admin));
    assert!(now.contains("dest = \"审核\"") && now.contains("source = \"审核\""), "{now}");
    assert!(now.contains("[[state]]\nname = \"审核\"\ndue = \"3d\""), "{now}");
    let taken = admin.form(DESIGN, &[("part", "state"), ("state", "完"), ("name", "审核")]);
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(taken.text.contains("已经有“审核”"));

    admin.form(DESIGN, &[("do", "add"), ("part", "field"), ("label", "日期"), ("type", "date")]);
    admin.form(
        DESIGN,
        &[("do", "add"), ("part", "transition"), ("source", "审核"), ("trigger", "退回"), ("dest", "开")],
    );
    let now = text(&page(&admin));
    assert!(now.contains("[[field]]\nkey = \"field_3\"\nlabel = \"日期\"\ntype = \"date\""), "{now}");
    assert!(now.contains("trigger = \"退回\""), "{now}");
    change(&admin, "field-2", &seen(&page(&admin), "field-2"), &[("do", "move"), ("to", "0")]);
    let now = page(&admin);
    assert!(text(&now).find("field_3") < text(&now).find("summary"), "{}", text(&now));
    change(&admin, "field-0", &seen(&now, "field-0"), &[("do", "down")]);
    let now = text(&page(&admin));
    assert!(now.find("summary") < now.find("field_3") && now.find("field_3") < now.find("grade"), "{now}");
    change(&admin, "field-1", &seen(&page(&admin), "field-1"), &[("do", "remove")]);
    assert!(!text(&page(&admin)).contains("field_3"));
}

#[test]
fn two_who_write_at_once_lose_nothing() {
    let (server, admin) = server();
    server.done(&["user", "add", "other", "--admin", "--password-stdin"], "pass-word-1\n");
    let other = server.signed_in("other", "pass-word-1");
    let before = page(&admin);
    // different rows: both are taken, whichever moved meanwhile
    change(&other, "field-1", &seen(&before, "field-1"), &[("do", "up")]);
    let both = change(&admin, "field-0", &seen(&before, "field-0"), &[("label", "标题")]);
    assert_eq!(both.status, StatusCode::SEE_OTHER, "{}", both.text);
    assert!(text(&page(&admin)).contains("label = \"标题\""));
    // the same row: told, and what was typed is still there
    let late = change(&other, "field-0", &seen(&before, "field-0"), &[("label", "另一个名字")]);
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("刚被别人改过") && late.text.contains("另一个名字"), "{}", late.text);
    assert!(!text(&page(&admin)).contains("另一个名字"));
    // a row that is gone
    let gone = page(&admin);
    change(&admin, "transition-2", &seen(&gone, "transition-2"), &[("do", "remove")]);
    let late = change(&other, "transition-2", &seen(&gone, "transition-2"), &[("trigger", "同意")]);
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("同意"), "{}", late.text);
    // the whole text
    let (old, now) = (revision(&gone), page(&admin));
    let late = admin.form(DESIGN, &[("do", "text"), ("revision", &old), ("text", "key = \"t\" # 我的")]);
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("# 我的"));
    let taken = admin.form(DESIGN, &[("do", "text"), ("revision", &revision(&now)), ("text", "key = \r\n# 写到一半")]);
    assert_eq!(taken.status, StatusCode::SEE_OTHER);
    let broken = page(&admin);
    assert_eq!(text(&broken), "key = \n# 写到一半", "what is no TOML yet is kept too");
    assert!(broken.contains("还不是正确的 TOML") && !broken.contains("id=\"field-0\""));
    let row = admin.form(DESIGN, &[("do", "add"), ("part", "field"), ("label", "甲"), ("type", "text")]);
    assert_eq!(row.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[test]
fn a_draft_is_compared_published_with_a_note_and_restored() {
    let (server, admin) = server();
    let tests = "[people]\nann = {}\n\n[[scenario]]\nname = \"一步\"\n\n[[scenario.step]]\nby = \"ann\"\ncreate = { summary = \"甲\" }\nstate = \"开\"\n";
    change(&admin, "field-0", &seen(&page(&admin), "field-0"), &[("label", "标题")]);
    change(&admin, "transition-2", &seen(&page(&admin), "transition-2"), &[("trigger", "同意")]);
    let now = page(&admin);
    for told in ["字段“标题” · 名称", "<del>概要</del>", "<ins>标题</ins>", "转换“审 —同意→ 完” · 触发"]
    {
        assert!(now.contains(told), "{told}");
    }
    // a scenario that does not come as it must stops it
    let wrong = tests.replace("state = \"开\"", "state = \"完\"");
    admin.form(DESIGN, &[("do", "tests"), ("revision", &revision(&now)), ("tests", &wrong)]);
    let now = page(&admin);
    let refused = admin.form(DESIGN, &[("do", "publish"), ("revision", &revision(&now)), ("note", "更清楚")]);
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("更清楚") && refused.text.contains("有错误"), "{}", refused.text);
    admin.form(DESIGN, &[("do", "tests"), ("revision", &revision(&now)), ("tests", tests)]);
    let stale = admin.form(DESIGN, &[("do", "publish"), ("revision", &revision(&now)), ("note", "更清楚")]);
    assert_eq!(stale.status, StatusCode::CONFLICT, "what was not seen is not published");
    let published =
        admin.form(DESIGN, &[("do", "publish"), ("revision", &revision(&page(&admin))), ("note", "更清楚")]);
    assert_eq!(published.status, StatusCode::SEE_OTHER, "{}", published.text);
    let history = admin.page("/admin/flows/t");
    assert!(history.text.contains("v2") && history.text.contains("更清楚"), "{}", history.text);
    assert!(server.done(&["flow", "show", "t"], "").contains("label = \"标题\""));

    // the scenarios went with it
    let now = page(&admin);
    assert_eq!(revision(&now), "0");
    assert!(now.contains("name = &#34;一步&#34;") || now.contains("name = &quot;一步&quot;"));
    admin.form(DESIGN, &[("do", "restore"), ("version", "1")]);
    assert_eq!(text(&page(&admin)), HAND);
    // another version is published meanwhile: whoever goes on with the draft is told
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("t.toml");
    std::fs::write(&file, HAND.replace("小流程", "流程")).expect("a file");
    server.done(&["flow", "apply", "--note", "热修", file.to_str().expect("a path")], "");
    assert!(page(&admin).contains("已发布了第 3 版"));
    assert_eq!(admin.form(DESIGN, &[("do", "discard")]).status, StatusCode::SEE_OTHER);
    assert_eq!(revision(&page(&admin)), "0");
    assert!(text(&page(&admin)).contains("name = \"流程\""));
}

#[test]
fn a_flow_is_begun_from_nothing_little_or_another() {
    let at = Installation::with_flows(&[("t.toml", HAND)]);
    at.let_in(&["admin"]);
    let server = at.into_server();
    let admin = server.signed_in("admin", "pass-word-1");
    for (key, name, why) in
        [("", "甲", "必须填写"), ("T", "甲", "小写字母"), ("t", "甲", "已有这个标识"), ("a", " ", "必须填写")]
    {
        let refused = admin.form("/admin/new-flow", &[("key", key), ("name", name), ("from", "least")]);
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{key}");
        assert!(refused.text.contains(why), "{key}: {}", refused.text);
    }
    for (key, from) in [("least", "least"), ("nothing", "nothing"), ("other", "copy:t")] {
        let begun = admin.form("/admin/new-flow", &[("key", key), ("name", "新流程"), ("from", from)]);
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text);
        let shown = admin.page(&format!("/admin/flows/{key}/design"));
        assert!(shown.text.contains("设计：新流程"), "{}", shown.text);
        assert_eq!(shown.text.contains("个错误"), key == "nothing", "{key}");
    }
    assert!(admin.page("/admin/flows").text.contains("/admin/flows/nothing/design"));
    let refused = admin.form("/admin/new-flow", &[("key", "least"), ("name", "又一个"), ("from", "least")]);
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "a draft has the key");
    // its key cannot become another's
    let shown = admin.page("/admin/flows/other/design").text;
    let text = text(&shown).replace("key = \"other\"", "key = \"t\"");
    let design = "/admin/flows/other/design";
    admin.form(design, &[("do", "text"), ("revision", &revision(&shown)), ("text", &text)]);
    let shown = admin.page(design).text;
    assert!(shown.contains("这是“other”的草稿"), "{shown}");
    let refused = admin.form(design, &[("do", "publish"), ("revision", &revision(&shown)), ("note", "")]);
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(admin.page("/admin/flows/none/design").status, StatusCode::NOT_FOUND);
}
