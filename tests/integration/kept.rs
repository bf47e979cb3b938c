//! What was typed is not lost when its form cannot be taken as a whole: the session has ended, it is too large, it is no
//! text. The form stands there again, filled in, and nothing was done.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Answer, Installation, Server, User, answer};

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
key = "password"
label = "口令说明"
type = "text"

[[field]]
key = "marks"
label = "标记"
type = "choice"
choices = ["红", "绿"]
multiple = true

[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#;

const TYPED: &str = "别丢了 <b>\"这'个\"</b> & 🙂\r\n第二行";

fn serve() -> Server {
    let at = Installation::with_flows(&[("t.toml", FLOW)]);
    at.let_in(&["engineer", "admin"]);
    at.into_server()
}

/// The text as it was before it was put into a page.
fn plain(text: &str) -> String {
    let marks = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    marks.iter().fold(text.to_owned(), |text, (mark, meant)| text.replace(mark, meant))
}

/// The hidden inputs that a page's first form to `action` would send.
fn hidden(page: &str, action: &str) -> Vec<(String, String)> {
    let (_, form) = page.split_once(&format!("action=\"{action}\"")).expect("the form");
    let form = form.split("</form>").next().unwrap();
    let inputs = form.split("<input type=\"hidden\" name=\"").skip(1);
    let pair = |input: &str| {
        let (name, rest) = input.split_once("\" value=\"").unwrap();
        (plain(name), plain(rest.split_once('"').unwrap().0))
    };
    inputs.map(pair).collect()
}

/// Signs in on the page that answered.
fn sign_in(person: &User, asked: &Answer, name: &str, password: &str) -> Answer {
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED, "{}", asked.text);
    assert!(asked.text.contains("填写的内容都还在"), "{}", asked.text);
    let mut values = hidden(&asked.text, "/login");
    values.extend([("name".to_owned(), name.to_owned()), ("password".to_owned(), password.to_owned())]);
    answer(person.request("POST", "/login").form(&values))
}

#[track_caller]
fn shown_again(page: &Answer, parts: &[&str]) {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("还没有提交"), "it says that nothing was done: {}", page.text);
    let text = plain(&page.text);
    for part in parts {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_new_item_is_typed_once_although_the_session_ended() {
    let server = serve();
    let person = server.nobody();
    let typed = [("summary", "一"), ("detail", TYPED), ("password", "在柜子里"), ("marks", ""), ("marks", "绿")];
    let asked = person.form("/flow/t/new", &typed);
    let wrong = sign_in(&person, &asked, "engineer", "not-the-password");
    assert_eq!(wrong.status, 422);
    assert_eq!(hidden(&wrong.text, "/login"), hidden(&asked.text, "/login"), "kept over a mistyped password");
    let page = sign_in(&person, &asked, "engineer", PASSWORD);
    shown_again(&page, &["value=\"一\"", TYPED, "value=\"在柜子里\"", "action=\"/flow/t/new\"", "data-dirty"]);
    assert!(page.text.contains("value=\"绿\" checked"), "{}", page.text);
    let api = server.user("engineer");
    assert_eq!(api.get("/flows/t/items").json()["total"], 0, "nothing was done");
    assert_eq!(person.form("/flow/t/new", &typed).status, StatusCode::SEE_OTHER, "signed in");
    assert_eq!(api.item("t", 1)["fields"]["detail"], TYPED.replace("\r\n", "\n"));
}

#[test]
fn an_item_a_comment_and_a_hand_over_likewise() {
    let server = serve();
    let api = server.user("engineer");
    let item = api.create("t", &json!({"summary": "一"}));
    for (path, values, part) in [
        ("/flow/t/1", &[("revision", "1"), ("detail", TYPED), ("trigger", "关"), ("comment", "说明")][..], TYPED),
        ("/flow/t/1", &[("revision", "1"), ("summary", "<二>"), ("comment", "只说一句")], "只说一句"),
        ("/flow/t/1/comments", &[("comment", TYPED)], TYPED),
        ("/flow/t/1/holder", &[("to", "某某")], "value=\"某某\""),
    ] {
        let person = server.nobody();
        let asked = person.form(path, values);
        let page = sign_in(&person, &asked, "admin", PASSWORD);
        shown_again(&page, &[part, "action=\"/flow/t/1\""]);
        assert_eq!(person.page("/flow/t/1").status, StatusCode::OK, "signed in");
    }
    assert_eq!(api.again(&item), item, "nothing was done");
    assert_eq!(api.history(&item).len(), 1);
    // What moved on meanwhile is shown as a conflict.
    api.saved(&item, &json!({"detail": "别人写的"}));
    let person = server.nobody();
    let asked = person.form("/flow/t/1", &[("revision", "1"), ("detail", TYPED)]);
    shown_again(&sign_in(&person, &asked, "engineer", PASSWORD), &[TYPED, "别人写的", "id=\"conflict\""]);
}

#[test]
fn forms_of_the_administration_and_settings_likewise_but_no_password() {
    let server = serve();
    let bad = FLOW.replace("type = \"text\"", "type = \"txt\"");
    for (path, values, parts) in [
        (
            "/admin/users",
            &[
                ("name", "李四"),
                ("display", "<四>"),
                ("email", "l@x.y"),
                ("password", "geheim-geheim"),
                ("groups", "g"),
            ][..],
            &["value=\"李四\"", "value=\"<四>\"", "value=\"l@x.y\""][..],
        ),
        ("/admin/users/engineer", &[("display", "新名字"), ("password", "geheim-geheim")], &["value=\"新名字\""]),
        ("/admin/users/engineer/disable", &[("hand_over", "某某")], &["value=\"某某\""]),
        ("/admin/groups", &[("name", "运维 组")], &["value=\"运维 组\""]),
        ("/settings/tokens", &[("token_name", "周报脚本甲"), ("expires", "90d")], &["value=\"周报脚本甲\""]),
        ("/admin/flows/check", &[("text", &bad)], &["type = \"txt\""]),
        ("/admin/flows/publish", &[("text", &bad)], &["type = \"txt\""]),
    ] {
        let person = server.nobody();
        let asked = person.form(path, values);
        assert!(!asked.text.contains("geheim"), "{path}: no password travels in a page");
        let page = sign_in(&person, &asked, "admin", PASSWORD);
        shown_again(&page, parts);
        assert!(!page.text.contains("geheim"), "{path}");
    }
    let admin = server.signed_in("admin", PASSWORD);
    assert!(!admin.page("/admin/users").text.contains("李四") && !admin.page("/admin/groups").text.contains("运维"));
    assert!(!admin.page("/settings").text.contains("周报脚本甲"), "nothing was done");
    // Passwords alone are not kept: one signs in and types them again.
    let asked = server.nobody().form("/settings/password", &[("old", "a"), ("password", "b"), ("again", "b")]);
    assert_eq!(
        (asked.status, &asked.headers["location"]),
        (StatusCode::SEE_OTHER, &"/login?next=%2Fsettings".parse().unwrap())
    );
}

#[test]
fn files_that_were_chosen_are_kept_too() {
    let server = serve();
    let person = server.nobody();
    let part = |name: &str, text: &str| {
        reqwest::blocking::multipart::Part::bytes(text.as_bytes().to_vec()).file_name(name.to_owned())
    };
    let other = FLOW.replace("key = \"t\"", "key = \"u\"").replace("name = \"表单\"", "name = \"另一个\"");
    let form = reqwest::blocking::multipart::Form::new()
        .part("file", part("t.toml", FLOW))
        .part("file", part("u.toml", &other));
    let asked = answer(person.request("POST", "/admin/flows/publish").multipart(form));
    let page = sign_in(&person, &asked, "admin", PASSWORD);
    shown_again(&page, &["t.toml", "u.toml", "另一个", "name=\"exact\""]);
    assert_eq!(person.page("/admin/flows/u").status, StatusCode::NOT_FOUND, "nothing was published");
}

#[test]
fn what_is_carried_leads_nowhere_else_and_comes_from_here() {
    let server = serve();
    let person = server.nobody();
    for path in ["//evil.example/flow/t/new", "https://evil.example/", "/nowhere", "/settings/sessions", "\\evil"] {
        let values =
            [("name", "engineer"), ("password", PASSWORD), ("kept-path", path), ("kept:summary", "x"), ("next", path)];
        let there = person.form("/login", &values);
        assert_eq!(there.status, StatusCode::SEE_OTHER, "{path}: {}", there.text);
        let to = there.headers["location"].to_str().unwrap();
        assert!(to.starts_with('/') && !to.starts_with("//"), "{path}: {to}");
    }
    let cross = person.request("POST", "/flow/t/new").header("sec-fetch-site", "cross-site").form(&[("summary", "x")]);
    let refused = answer(cross);
    assert_eq!(refused.status, 403);
    assert!(!refused.text.contains("name=\"kept"), "another site's form is not carried");
    // In the middle of a page, by script, nobody is led away from what they type.
    for path in ["/flow/t/1/buttons", "/flow/t/1/comments"] {
        let request =
            person.request("POST", path).header("hx-request", "true").form(&[("comment", "x"), ("summary", "x")]);
        let nobody = server.nobody();
        let request = nobody
            .request("POST", path)
            .header("hx-request", "true")
            .body(request.build().unwrap().body().unwrap().as_bytes().unwrap().to_vec());
        let refused = answer(request.header("content-type", "application/x-www-form-urlencoded"));
        assert_eq!(refused.status, 401, "{path}");
        assert!(!refused.headers.contains_key("hx-redirect") && refused.text.is_empty(), "{path}: {}", refused.text);
    }
}

#[test]
fn what_is_too_large_or_no_text_is_shown_again() {
    let server = serve();
    let person = server.signed_in("engineer", PASSWORD);
    server.user("engineer").create("t", &json!({"summary": "一"}));
    let large = "长".repeat(400_000);
    for path in ["/flow/t/new", "/flow/t/1"] {
        let page = person.form(path, &[("summary", "二 <b>"), ("detail", &large)]);
        assert_eq!(page.status, 413);
        assert!(plain(&page.text).contains("value=\"二 <b>\"") && page.text.contains(&large), "{path}");
        assert!(page.text.contains("1 MB"), "{path} says why");
        let form = "application/x-www-form-urlencoded";
        let request = person.request("POST", path).header("content-type", form);
        let page = answer(request.body(b"summary=%E4%BA%8C+%FF%FE&detail=%E7%95%99%E4%B8%8B".to_vec()));
        assert_eq!(page.status, 400, "{path}");
        assert!(page.text.contains("二 \u{fffd}") && page.text.contains("留下"), "{path}: {}", page.text);
        assert!(page.text.contains("UTF-8"), "{path} says why");
    }
    assert_eq!(server.user("engineer").get("/flows/t/items").json()["total"], 1, "nothing was done");
    // What is larger than can be shown again, and what nobody signed in sent: the way back is named.
    let huge = "x".repeat(9 << 20);
    for (person, text) in [(&person, huge.as_str()), (&server.nobody(), &large)] {
        let page = person.form("/flow/t/new", &[("detail", text)]);
        assert_eq!(page.status, 413);
        assert!(page.text.contains("后退") && page.text.contains("href=\"/flow/t/new\""), "{}", page.text);
    }
}
