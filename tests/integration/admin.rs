//! Settings, set-up and administration as plain forms.

use reqwest::{StatusCode, blocking::multipart};

use crate::harness::{Answer, Installation, Server, User, answer};

const PASSWORD: &str = "pass-word-1";

/// Line ends of both kinds, and what HTML and addresses would eat.
const FLOW: &str = "key = \"t\"\r\nname = \"<b>%41 & \u{1f642}\"\n\n[[field]]\nkey = \"summary\"\ntype = \"text\"\n\n[[transition]]\nsource = \"开\"\ntrigger = \"关\"\ndest = \"完\"\n";

fn serve() -> (Server, User) {
    let at = Installation::shipped_by_token();
    for name in ["admin", "engineer"] {
        at.done(&["user", "passwd", name, "--password-stdin"], &format!("{PASSWORD}\n"));
    }
    let server = at.into_server();
    let admin = server.signed_in("admin", PASSWORD);
    (server, admin)
}

fn upload(person: &User, path: &str, form: multipart::Form) -> Answer {
    answer(person.request("POST", path).multipart(form))
}

fn file(text: impl Into<Vec<u8>>) -> multipart::Part {
    multipart::Part::bytes(text.into()).file_name("t.toml")
}

/// What the page says of what was done, once.
fn said(person: &User, path: &str, words: &str) {
    assert!(person.page(path).text.contains(words), "{path} says {words}");
    assert!(!person.page(path).text.contains(words), "once only");
}

#[test]
fn a_flow_is_checked_then_published_byte_for_byte() {
    let (_server, admin) = serve();
    let checked = upload(&admin, "/admin/flows/check", multipart::Form::new().part("file", file(FLOW)));
    assert_eq!(checked.status, StatusCode::OK);
    assert!(checked.text.contains("发布为第 1 版"), "{}", checked.text);
    assert_eq!(admin.page("/admin/flows/t").status, StatusCode::NOT_FOUND, "a check changes nothing");
    let (_, rest) = checked.text.split_once("name=\"exact\" value=\"").unwrap();
    let exact = rest.split('"').next().unwrap();
    let exact = exact.replace("&#34;", "\"").replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&");
    assert!(!exact.contains(['\r', '\n']), "browsers would change line ends");
    let published = upload(&admin, "/admin/flows/publish", multipart::Form::new().text("exact", exact));
    assert_eq!(published.status, StatusCode::SEE_OTHER);
    said(&admin, "/admin/flows", "已发布，立即生效");
    assert_eq!(admin.page("/admin/flows/t/versions/1").text, FLOW);
    let again = upload(&admin, "/admin/flows/publish", multipart::Form::new().part("file", file(FLOW)));
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(admin.page("/admin/flows/t/versions/2").status, StatusCode::NOT_FOUND, "it was the same");
    assert_eq!(admin.form("/admin/flows/t/archive", &[]).status, StatusCode::SEE_OTHER);
    assert_eq!(admin.form("/admin/flows/t/archive", &[]).status, StatusCode::NOT_FOUND);
}

#[test]
fn a_bad_flow_is_shown_again_with_its_problems() {
    let (_server, admin) = serve();
    let bad = FLOW.replace("type = \"text\"", "type = \"<i>\"");
    for (path, status) in [("/admin/flows/check", 200), ("/admin/flows/publish", 422)] {
        let answer = admin.form(path, &[("text", &bad)]);
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.text.contains("<mark>&#34;&#60;i&#62;&#34;</mark>"), "{path} marks the place: {}", answer.text);
        assert!(!answer.text.contains("name=\"exact\""), "{path} offers no publishing");
    }
    let binary = upload(&admin, "/admin/flows/check", multipart::Form::new().part("file", file([0xff, 0xfe])));
    assert!(binary.text.contains("UTF-8"));
    assert_eq!(admin.form("/admin/flows/check", &[("text", " ")]).status, 422);
    let large = upload(&admin, "/admin/flows/check", multipart::Form::new().part("file", file(vec![b'#'; 2 << 20])));
    assert_eq!(large.status, 413);
}

#[test]
fn what_was_typed_about_a_user_survives() {
    let (_server, admin) = serve();
    for (name, password) in [("李 四", ""), ("李四", "short"), ("ADMIN", "")] {
        let typed =
            [("name", name), ("display", "<四>"), ("email", "l@x.y"), ("password", password), ("groups", "上市保障组")];
        let answer = admin.form("/admin/users", &typed);
        assert_eq!(answer.status, 422, "{name}");
        for text in [name, "&#60;四&#62;", "l@x.y", "aria-invalid"] {
            assert!(answer.text.contains(text), "{name}: {text}");
        }
        assert!(!answer.text.contains("short"), "passwords are not sent back");
    }
    assert_eq!(admin.form("/admin/users", &[("name", "李四"), ("display", "<四>")]).status, 303);
    said(&admin, "/admin/users", "已添加用户");
    assert_eq!(admin.form("/admin/groups", &[("name", "运维")]).status, 303);
    assert_eq!(admin.form("/admin/groups", &[("name", "运维")]).status, 422);
    assert_eq!(admin.form("/admin/groups/运维/add", &[("member", "李四")]).status, 303);
    assert_eq!(admin.form("/admin/groups/运维/add", &[("member", "nobody")]).status, 422);
    assert_eq!(admin.form("/admin/groups/none/add", &[("member", "李四")]).status, 404);
    assert!(admin.page("/admin/users/李四").text.contains("value=\"运维\" checked"));
}

#[test]
fn who_is_disabled_hands_over_and_the_last_administrator_stays() {
    let (server, admin) = serve();
    server.user("engineer").create("issue_track", &serde_json::json!({}));
    let refused = admin.form("/admin/users/engineer/disable", &[("hand_over", "nobody")]);
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("value=\"nobody\""), "what was typed survives");
    assert_eq!(admin.form("/admin/users/engineer/disable", &[("hand_over", "delegate")]).status, 303);
    assert_eq!(server.user("delegate").item("issue_track", 1)["assigned_to"], serde_json::json!(["delegate"]));
    assert_eq!(admin.form("/admin/users/admin/disable", &[]).status, 422, "not oneself");
    assert_eq!(admin.form("/admin/users/admin", &[("display", "x")]).status, 422, "not the last one");
    assert_eq!(admin.page("/admin/users").status, StatusCode::OK);
}

#[test]
fn a_new_password_ends_every_other_session() {
    let (server, _) = serve();
    let (here, there) = (server.signed_in("engineer", PASSWORD), server.signed_in("engineer", PASSWORD));
    let change =
        |old, new, again| here.form("/settings/password", &[("old", old), ("password", new), ("again", again)]).status;
    assert_eq!(change("wrong", "pass-word-2", "pass-word-2"), 422);
    assert_eq!(change(PASSWORD, "short", "short"), 422);
    assert_eq!(change(PASSWORD, "pass-word-2", "pass-word-3"), 422);
    assert_eq!(there.page("/settings").status, StatusCode::OK);
    assert_eq!(change(PASSWORD, "pass-word-2", "pass-word-2"), StatusCode::SEE_OTHER);
    assert_eq!(there.page("/settings").status, StatusCode::SEE_OTHER, "signed out");
    said(&here, "/settings", "密码已修改");
    let another = server.signed_in("engineer", "pass-word-2");
    assert_eq!(another.form("/settings/sessions", &[]).status, StatusCode::SEE_OTHER);
    assert_eq!(here.page("/settings").status, StatusCode::SEE_OTHER, "signed out");
    assert_eq!(another.page("/settings").status, StatusCode::OK);
}

#[test]
fn a_token_is_shown_once_and_ends_when_it_is_revoked() {
    let (server, admin) = serve();
    assert_eq!(admin.form("/settings/tokens", &[("token_name", ""), ("expires", "90d")]).status, 422);
    assert_eq!(admin.form("/settings/tokens", &[("token_name", "x"), ("expires", "soon")]).status, 422);
    let made = admin.form("/settings/tokens", &[("token_name", "日报"), ("expires", "90d")]).text;
    let at = made.find("tsk_").unwrap();
    let token = &made[at..at + 68];
    assert!(!admin.page("/settings").text.contains("tsk_"));
    let me = || answer(server.nobody().request("GET", "/api/v1/me").bearer_auth(token)).status;
    assert_eq!(me(), StatusCode::OK);
    let page = admin.page("/settings").text;
    let id = page.split("/settings/tokens/").nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
    let path = format!("/settings/tokens/{id}/revoke");
    assert_eq!(server.signed_in("engineer", PASSWORD).form(&path, &[]).status, 404, "not someone else's");
    assert_eq!(me(), StatusCode::OK);
    assert_eq!(admin.form(&path, &[]).status, StatusCode::SEE_OTHER);
    assert_eq!(me(), StatusCode::UNAUTHORIZED);
}

#[test]
fn the_language_is_the_persons_and_the_way_back_is_ours() {
    let (server, admin) = serve();
    let nobody = server.nobody();
    for (back, to) in [("/login", "/login"), ("//evil.example", "/"), ("https://evil.example/", "/"), ("", "/")] {
        let answer = nobody.form("/preferences", &[("language", "en"), ("back", back)]);
        assert_eq!((answer.status, &answer.headers["location"]), (StatusCode::SEE_OTHER, &to.parse().unwrap()));
    }
    assert!(nobody.page("/login").text.contains("Sign in"));
    assert_eq!(admin.form("/settings/language", &[("language", "en")]).status, StatusCode::SEE_OTHER);
    assert!(server.signed_in("admin", PASSWORD).page("/").text.contains("lang=\"en\""), "in another browser too");
    assert_eq!(admin.form("/settings/language", &[("language", "xx")]).status, 422);
}
