//! Text with U+0000, which no database keeps: a clear answer everywhere, whatever the records are kept in, and nothing done.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Installation, Server, User, answer};

const PASSWORD: &str = "pass-word-1";

const FLOW: &str = r#"
key = "t"
name = "表单"
[[field]]
key = "summary"
label = "概要"
type = "text"
[[field]]
key = "detail"
label = "详细"
type = "textarea"
[[field]]
key = "who"
label = "某人"
type = "user"
[[field]]
key = "all"
label = "众人"
type = "user"
multiple = true
[[field]]
key = "mark"
label = "标记"
type = "choice"
choices = ["红", "绿"]
[[field]]
key = "address"
label = "网址"
type = "url"
[[field]]
key = "link"
label = "链接"
type = "item"
[[field]]
key = "day"
label = "日期"
type = "date"
[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#;

fn serve() -> (Server, User) {
    let at = Installation::with_flows(&[("t.toml", FLOW)]);
    at.let_in(&["admin"]);
    let server = at.into_server();
    server.user("admin").create("t", &json!({"summary": "一"}));
    let admin = server.signed_in("admin", PASSWORD);
    (server, admin)
}

#[test]
fn in_a_call_of_the_api() {
    let (server, _) = serve();
    let api = server.user("admin");
    let before = (api.item("t", 1), api.history(&api.item("t", 1)));
    for (field, text) in [
        ("summary", json!("a\u{0}b")),
        ("detail", json!("\u{0}")),
        ("who", json!("admin\u{0}")),
        ("all", json!(["admin", "a\u{0}"])),
        ("mark", json!("红\u{0}")),
        ("address", json!("https://a\u{0}b")),
        ("link", json!("t/1\u{0}")),
        ("day", json!("2026-01-01\u{0}")),
        ("no\u{0}thing", json!("x")),
    ] {
        let fields = json!({ field: text });
        for refused in [
            api.post("/flows/t/items", &json!({ "fields": fields })),
            api.patch("/flows/t/items/1", &json!({ "fields": fields })),
            api.post("/flows/t/items/1/triggers", &json!({ "trigger": "关", "fields": fields })),
        ] {
            assert_eq!(refused.field_errors()[0].0, field, "{field}: {}", refused.text);
            assert!(!refused.json()["errors"][0]["message"].as_str().unwrap().is_empty());
        }
    }
    let call = |method: &str, path: &str, body: Value| api.send(method, path, Some(&body));
    let comment = call("POST", "/flows/t/items/1/comments", json!({"comment": "a\u{0}b"}));
    assert_eq!(comment.field_errors(), [("comment".to_owned(), "character".to_owned())]);
    let pressed = call("POST", "/flows/t/items/1/triggers", json!({"trigger": "关", "comment": "a\u{0}b"}));
    assert_eq!(pressed.field_errors(), [("comment".to_owned(), "character".to_owned())]);
    assert_eq!(call("POST", "/flows/t/items/1/triggers", json!({"trigger": "关\u{0}"})).refused(409), "wrong_state");
    assert_eq!(call("POST", "/flows/t/items/1/holder", json!({"to": "admin\u{0}"})).refused(422), "invalid_fields");
    for (path, status) in [
        ("/flows/t%00", 404),
        ("/flows/t%00/items", 404),
        ("/flows/t/items/1%00", 404),
        ("/flows/t/items?cursor=%00", 400),
        ("/flows/t/items?limit=1%00", 400),
        ("/flows/t/items?q=%00", 422),
        ("/search?q=%00", 422),
        ("/flows/t/items?q=summary:%00", 422),
        ("/flows/t/items?q=summary=a%00b", 422),
        ("/flows/t/items?q=state=%00", 422),
        ("/flows/t/items?q=assigned_to=a%00", 422),
        ("/flows/t/items?sort=%00", 422),
        ("/work?list=%00", 400),
        ("/work?list=pending&cursor=%00", 400),
    ] {
        let refused = api.get(path);
        assert_eq!(refused.status, status, "{path}: {}", refused.text);
        refused.refused(status);
    }
    let token = server.nobody().request("GET", "/api/v1/me").header("authorization", "Bearer tsk_%00");
    assert_eq!(answer(token).status, StatusCode::UNAUTHORIZED);
    assert_eq!((api.item("t", 1), api.history(&api.item("t", 1))), before, "nothing was done");
}

#[test]
fn in_a_form_or_an_address() {
    let (server, admin) = serve();
    let api = server.user("admin");
    let before = api.item("t", 1);
    let character = "含有不能保存的字符";
    for (path, values, said) in [
        ("/flow/t/new", &[("summary", "a\u{0}b"), ("detail", "留下")][..], character),
        ("/flow/t/new", &[("who", "admin\u{0}"), ("detail", "留下")], "没有名叫"),
        ("/flow/t/1", &[("detail", "a\u{0}b"), ("summary", "留下")], character),
        ("/flow/t/1", &[("link", "t/1\u{0}"), ("summary", "留下")], "留下"),
        ("/flow/t/1", &[("trigger", "关"), ("comment", "a\u{0}b"), ("summary", "留下")], character),
        ("/flow/t/1", &[("comment", "a\u{0}b"), ("summary", "留下")], character),
        ("/flow/t/1/comments", &[("comment", "a\u{0}b")], character),
        ("/flow/t/1/holder", &[("to", "admin\u{0}")], "没有名叫"),
        ("/admin/users", &[("name", "ann\u{0}"), ("display", "留下")], "留下"),
        ("/admin/users", &[("name", "ann"), ("display", "a\u{0}b"), ("email", "留下")], character),
        ("/admin/users", &[("name", "ann"), ("email", "a\u{0}b")], character),
        ("/admin/users", &[("name", "ann"), ("groups", "a\u{0}b"), ("display", "留下")], "留下"),
        ("/admin/users", &[("name", "ann"), ("password", "pass\u{0}word-1"), ("display", "留下")], character),
        ("/admin/users/engineer", &[("display", "a\u{0}b")], character),
        ("/admin/users/engineer/disable", &[("hand_over", "admin\u{0}")], "没有名叫"),
        ("/admin/groups", &[("name", "a\u{0}b")], "a"),
        ("/settings/tokens", &[("token_name", "a\u{0}b"), ("expires", "90d")], character),
        ("/settings/password", &[("old", "a\u{0}"), ("password", "x"), ("again", "x")], "现在的密码不对"),
        ("/login", &[("name", "admin\u{0}"), ("password", PASSWORD)], "用户名或密码不对"),
    ] {
        let refused = admin.form(path, values);
        assert_eq!(refused.status, 422, "{path} {values:?}: {}", refused.text);
        assert!(refused.text.contains(said), "{path} {values:?}: {}", refused.text);
    }
    assert_eq!(admin.form("/admin/groups", &[("name", "g")]).status, StatusCode::SEE_OTHER);
    for (method, path, status) in [
        ("POST", "/admin/groups/g/add", 422),
        ("POST", "/admin/groups/g%00/add", 404),
        ("POST", "/admin/groups/g/remove", 404),
        ("POST", "/admin/users/admin%00", 404),
        ("POST", "/admin/flows/t%00/archive", 404),
        ("POST", "/flow/t/1/buttons", 200),
        ("POST", "/settings/language", 422),
        ("GET", "/admin/users/admin%00", 404),
        ("GET", "/admin/flows/t%00", 404),
        ("GET", "/admin/flows/t%00/versions/1", 404),
        ("GET", "/flow/t%00", 404),
        ("GET", "/flow/t%00/1", 404),
        ("GET", "/work/pending%00", 404),
        ("GET", "/setup/%00", 404),
        ("GET", "/pick/users?q=%00", 200),
        ("GET", "/pick/items?q=%00", 200),
        ("GET", "/pick/items?q=a&flow=t%00", 200),
        ("GET", "/flow/t/all?q=summary:a%00b", 422),
        ("GET", "/flow/t/all?q=%00", 422),
        ("GET", "/admin/stranded?cursor=%00", 400),
    ] {
        let request = admin.request(method, path);
        let values = [("member", "admin\u{0}"), ("language", "\u{0}"), ("display", "x"), ("who", "admin\u{0}")];
        let request = if request.try_clone().unwrap().build().unwrap().method() == Method::POST {
            request.form(&values)
        } else {
            request
        };
        let got = answer(request);
        assert_eq!(got.status, status, "{method} {path}: {}", got.text);
    }
    assert_eq!(api.item("t", 1), before, "nothing was done");
}

#[test]
fn in_a_flow_file() {
    let (server, admin) = serve();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("u.toml");
    let bad = |mark: &str, new: &str| FLOW.replace("key = \"t\"", "key = \"u\"").replace(mark, new);
    for text in [
        bad("name = \"表单\"", "name = \"表\\u0000单\""),
        bad("label = \"详细\"", "label = \"详\\u0000细\""),
        bad("label = \"详细\"", "help = \"详\\u0000细\""),
        bad("\"红\"", "\"红\\u0000\""),
        bad("dest = \"完\"", "dest = \"完\\u0000\""),
        bad("trigger = \"关\"", "trigger = \"关\\u0000\""),
        bad("type = \"url\"", "type = \"url\"\ndefault = \"https://a\\u0000b\""),
        bad("label = \"详细\"", "\"la\\u0000bel\" = \"x\""),
        bad("label = \"详细\"", "# a\u{0}b"),
        bad("label = \"详细\"", "label = \"详\u{0}细\""),
        bad("dest = \"完\"", "dest = \"完\"\ncondition = 'summary == \"a\u{0}b\"'"),
        bad("dest = \"完\"", "dest = \"完\"\nunmet = \"a\\u0000b\""),
    ] {
        std::fs::write(&path, &text).unwrap();
        let refused = server.run(&["flow", "apply", path.to_str().unwrap()], "");
        assert_eq!(refused.status.code(), Some(1), "{text}");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains("error: ") && said.contains("nothing was published"), "{said}");
        let page = admin.form("/admin/flows/publish", &[("text", &text)]);
        assert_eq!(page.status, 422, "{}", page.text);
        assert!(page.text.contains("错误"));
    }
    assert_eq!(server.user("admin").get("/flows/u").status, StatusCode::NOT_FOUND);
}
