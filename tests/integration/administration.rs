//! Set-up, one's own settings and administration, as plain forms.

use reqwest::{StatusCode, blocking::multipart};
use serde_json::json;

use crate::harness::{Answer, Installation, Server, User, answer, ids};

const PASSWORD: &str = "pass-word-1";

const FLOW: &str = r#"key = "t"
name = "流程"

[[field]]
key = "summary"
type = "text"

[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#;

/// Line ends of both kinds, and what HTML and addresses would eat.
const EXACT: &str = "key = \"t\"\r\nname = \"<b>%41 & \u{1f642}\"\n\n[[field]]\nkey = \"summary\"\ntype = \"text\"\n\n[[transition]]\nsource = \"开\"\ntrigger = \"关\"\ndest = \"完\"\n";

/// A server where these people have signed in.
fn serve<const N: usize>(names: [&str; N]) -> (Server, [User; N]) {
    let at = Installation::with_flows(&[("t.toml", FLOW)]);
    at.let_in(&names);
    let server = at.into_server();
    let people = names.map(|name| server.signed_in(name, PASSWORD));
    (server, people)
}

/// A server with the shipped flows, where `admin` has signed in and `engineer` may.
fn shipped() -> (Server, User) {
    let at = Installation::shipped_by_token();
    at.let_in(&["admin", "engineer"]);
    let server = at.into_server();
    let admin = server.signed_in("admin", PASSWORD);
    (server, admin)
}

#[track_caller]
fn gone(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
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
fn the_first_administrator_sets_up_once() {
    let at = Installation::empty();
    let server = at.serve();
    // The link is printed once connections are accepted.
    let person = server.nobody();
    let secret = loop {
        let log = server.log();
        if let Some((_, rest)) = log.split_once("/setup/") {
            break rest.split_whitespace().next().unwrap().to_owned();
        }
        std::thread::yield_now();
    };
    let path = format!("/setup/{secret}");
    assert_eq!(person.page("/setup/wrong").status, 404);
    let page = person.page(&path);
    assert_eq!(page.status, 200);
    let values = |name: &'static str, again: &'static str| {
        [("name", name), ("display", "管理员"), ("password", PASSWORD), ("again", again)]
    };
    for (name, again) in [("a b", PASSWORD), ("ann", "something-else")] {
        let refused = person.form(&path, &values(name, again));
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains(&format!("value=\"{name}\"")), "what was typed stays");
    }
    gone(&person.form(&path, &values("ann", PASSWORD)));
    assert_eq!(person.page("/admin/users").status, 200, "signed in, an administrator");
    assert_eq!(server.nobody().page(&path).status, 404, "the link works once");
    assert_eq!(server.nobody().form(&path, &values("bob", PASSWORD)).status, 404);
    drop(server);
    let mut again = at.serve();
    assert!(again.stop().success());
    assert!(!again.log().contains("/setup/"));
}

#[test]
fn the_present_password_is_not_guessed() {
    let (server, [engineer, admin]) = serve(["engineer", "admin"]);
    let change = |person: &User, old: &str| {
        person.form("/settings/password", &[("old", old), ("password", "new-pass-word"), ("again", "new-pass-word")])
    };
    for _ in 0..8 {
        assert_eq!(change(&engineer, "wrong").status, 422);
    }
    let refused = change(&engineer, PASSWORD);
    assert_eq!(refused.status, 429, "not even the right one");
    assert!(refused.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    assert!(refused.text.contains("失败次数太多"), "{}", refused.text);
    assert_eq!(engineer.page("/settings").status, 200);
    server.signed_in("engineer", PASSWORD);
    gone(&change(&admin, PASSWORD));
}

#[test]
fn users_are_added_disabled_and_let_in_again() {
    let (server, [admin]) = serve(["admin"]);
    gone(&admin.form("/admin/users", &[("name", "王小明"), ("display", "小明 <i>"), ("password", PASSWORD)]));
    let person = server.signed_in("王小明", PASSWORD);
    assert_eq!(person.page("/").status, 200);
    let twice = admin.form("/admin/users", &[("name", "王小明"), ("display", "又一个")]);
    assert_eq!(twice.status, 422);
    assert!(twice.text.contains("又一个"), "what was typed stays");
    let path = format!("/admin/users/{}", crate::harness::encoded("王小明"));
    gone(&admin.form(&format!("{path}/disable"), &[("hand_over", "")]));
    assert_eq!(person.page("/").status, StatusCode::SEE_OTHER);
    gone(&admin.form(&format!("{path}/enable"), &[("a", "b")]));
    server.signed_in("王小明", PASSWORD);
    let last = admin.form("/admin/users/admin/disable", &[("hand_over", "")]);
    assert!(
        last.status == 422 || last.status == 403 || last.status == 409,
        "the last administrator stays: {}",
        last.status
    );
    assert_eq!(admin.page("/admin/users").status, 200);
}

#[test]
fn what_people_see_of_a_person_changes_on_every_list_at_once() {
    let (server, [admin]) = serve(["admin"]);
    server.user("engineer").create("t", &json!({"summary": "一件"}));
    let lists = ["/flow/t/all", "/flow/t/1"];
    for display in ["第一个名字", "第二个 <名字>", "第三个名字"] {
        gone(&admin.form("/admin/users/engineer", &[("display", display)]));
        for list in lists {
            let text = admin.page(list).text;
            assert!(text.contains(&display.replace('<', "&#60;").replace('>', "&#62;")), "{list}");
            assert_eq!(text.contains("第一个名字"), display == "第一个名字", "{list}");
        }
    }
}

/// Invariant 2: an item that is not final has an active holder, or is listed for administrators, and can be handed over.
#[test]
fn an_item_without_an_active_holder_is_listed_and_can_be_handed_over() {
    let (server, [admin, delegate]) = serve(["admin", "delegate"]);
    let engineer = server.user("engineer");
    for title in ["无人的一件", "已经关了"] {
        engineer.create("t", &json!({"summary": title}));
    }
    engineer.pressed(&engineer.item("t", 2), "关", &json!({}));
    assert!(!admin.page("/admin/stranded").text.contains("无人的一件"), "its holder is there");
    server.done(&["user", "disable", "engineer"], "");
    let stranded = admin.page("/admin/stranded").text;
    assert!(stranded.contains("无人的一件") && !stranded.contains("已经关了"));
    assert_eq!(delegate.page("/admin/stranded").status, 403);
    gone(&admin.form("/flow/t/1/holder", &[("to", "delegate"), ("back", "/admin/stranded")]));
    assert!(!admin.page("/admin/stranded").text.contains("无人的一件"));
    assert_eq!(ids(&server.user("delegate").pages("/work", 9)), ["t_1"]);
    server.done(&["user", "disable", "delegate", "--hand-over", "admin"], "");
    assert_eq!(ids(&server.user("admin").pages("/work", 9)), ["t_1"]);
}

#[test]
fn what_nobody_holds_is_handed_over_though_its_flow_is_out_of_use() {
    let (server, [admin]) = serve(["admin"]);
    let engineer = server.user("engineer");
    for title in ["其一", "其二", "其三"] {
        engineer.create("t", &json!({"summary": title}));
    }
    server.done(&["flow", "archive", "t"], "");
    server.done(&["user", "disable", "engineer"], "");
    let stranded = admin.page("/admin/stranded").text;
    assert!(stranded.contains("其一") && stranded.contains("其二") && stranded.contains("其三"));
    assert!(admin.page("/flow/t/1").text.contains("action=\"/flow/t/1/holder\""), "the item's page offers it too");
    gone(&admin.form("/flow/t/1/holder", &[("to", "delegate"), ("back", "/admin/stranded")]));
    let api = server.user("admin");
    let handed = api.post("/flows/t/items/2/holder", &json!({"to": "delegate"})).expect(StatusCode::OK);
    assert_eq!(handed["assigned_to"], json!(["delegate"]));
    assert_eq!(handed["triggers"][0]["allowed"], false, "only that is possible");
    assert_eq!(api.item("t", 2), handed);
    let stranded = admin.page("/admin/stranded").text;
    assert!(!stranded.contains("其一") && !stranded.contains("其二") && stranded.contains("其三"));
    server.done(&["user", "disable", "delegate", "--hand-over", "architect"], "");
    for number in [1, 2] {
        assert_eq!(api.item("t", number)["assigned_to"], json!(["architect"]), "all of them");
    }
    assert_eq!(
        server.user("architect").post("/flows/t/items/1/holder", &json!({"to": "admin"})).refused(403),
        "not_allowed"
    );
}

#[test]
fn a_flow_is_checked_published_and_archived() {
    let (server, [admin]) = serve(["admin"]);
    let bad = FLOW.replace("type = \"text\"", "type = \"txt\"").replace("dest = \"完\"", "dset = \"完\"");
    let checked = admin.form("/admin/flows/check", &[("text", &bad)]);
    assert_eq!(checked.status, 200);
    assert!(checked.text.contains("txt") && checked.text.contains("dset"), "every problem at once");
    let refused = admin.form("/admin/flows/publish", &[("text", &bad)]);
    assert_eq!(refused.status, 422);
    assert_eq!(server.done(&["flow", "show", "t"], ""), FLOW, "nothing was published");
    let newer = FLOW.replace("流程", "新的 <流程>");
    gone(&admin.form("/admin/flows/publish", &[("text", &newer)]));
    assert_eq!(server.done(&["flow", "show", "t"], ""), newer, "byte for byte");
    assert_eq!(server.done(&["flow", "show", "t", "--version", "1"], ""), FLOW);
    assert!(
        admin.page("/admin/flows").text.contains("新的 &lt;流程&gt;")
            || admin.page("/admin/flows").text.contains("新的 &#60;流程&#62;")
    );
    gone(&admin.form("/admin/flows/t/archive", &[("a", "b")]));
    assert_eq!(admin.page("/flow/t/new").status, 403);
    assert_eq!(admin.page("/admin/flows").status, 200);
}

#[test]
fn deep_nonsense_in_a_flow_file_ends_no_server() {
    let (_server, [admin]) = serve(["admin"]);
    let nested = |text: &str| FLOW.replace("trigger = \"关\"", &format!("trigger = \"关\"\ncondition = '{text}'"));
    let cases = [
        nested(&format!("{}true{}", "(".repeat(9000), ")".repeat(9000))),
        nested(&format!("{}true", "!".repeat(19000))),
        nested(&format!("summary == {}1", "-".repeat(19000))),
        nested(&["summary == \"a\""; 1200].join(" || ")),
        nested(&format!("summary in {}{}", "[".repeat(9000), "]".repeat(9000))),
        nested(&format!("summary{}", ".size()".repeat(2500))),
        nested(&"summary == \"a\" ? true : ".repeat(700)),
        format!("x = {}", "[".repeat(100_000)),
        format!("{}b = 1", "a.".repeat(50_000)),
        FLOW.replace("type = \"text\"", &format!("type = \"text\"\npattern = \"{}\"", "(a{1000}".repeat(2000))),
        FLOW.replace("type = \"text\"", "type = \"text\"\npattern = \"((a{1000}){1000}){1000}\""),
    ];
    for text in cases {
        let answer = admin.form("/admin/flows/check", &[("text", &text)]);
        assert_eq!(answer.status, 200);
    }
    assert_eq!(admin.page("/").status, 200, "it still serves");
}

/// Whoever publishes reads what is wrong in the language of their pages.
#[test]
fn what_is_wrong_with_a_flow_is_said_in_the_persons_language() {
    let (_server, [admin]) = serve(["admin"]);
    let bad = FLOW.replace("type = \"text\"", "type = \"txt\"").replace("dest = \"完\"", "dset = \"完\"");
    let words = [
        ("zh-CN", ["没有类型“txt”", "是不是想写“text”？", "[[transition]] 里没有“dset”这个键"]),
        ("en", ["there is no type \"txt\"", "did you mean \"text\"?", "[[transition]] has no key \"dset\""]),
    ];
    for (language, expected) in words {
        gone(&admin.form("/settings/language", &[("language", language)]));
        for path in ["/admin/flows/check", "/admin/flows/publish"] {
            let page = admin.form(path, &[("text", &bad)]).text.replace("&#34;", "\"");
            for part in expected {
                assert!(page.contains(part), "{path}: {part}: {page}");
            }
        }
    }
}

#[test]
fn a_flow_is_checked_then_published_byte_for_byte() {
    let (_server, admin) = shipped();
    let checked = upload(&admin, "/admin/flows/check", multipart::Form::new().part("file", file(EXACT)));
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
    assert_eq!(admin.page("/admin/flows/t/versions/1").text, EXACT);
    let again = upload(&admin, "/admin/flows/publish", multipart::Form::new().part("file", file(EXACT)));
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(admin.page("/admin/flows/t/versions/2").status, StatusCode::NOT_FOUND, "it was the same");
    assert_eq!(admin.form("/admin/flows/t/archive", &[]).status, StatusCode::SEE_OTHER);
    assert_eq!(admin.form("/admin/flows/t/archive", &[]).status, StatusCode::NOT_FOUND);
}

#[test]
fn a_bad_flow_is_shown_again_with_its_problems() {
    let (_server, admin) = shipped();
    let bad = EXACT.replace("type = \"text\"", "type = \"<i>\"");
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
    let (_server, admin) = shipped();
    for (name, password) in [("李 四", ""), ("李四", "sh0rt"), ("ADMIN", "")] {
        let typed =
            [("name", name), ("display", "<四>"), ("email", "l@x.y"), ("password", password), ("groups", "上市保障组")];
        let answer = admin.form("/admin/users", &typed);
        assert_eq!(answer.status, 422, "{name}");
        for text in [name, "&#60;四&#62;", "l@x.y", "aria-invalid"] {
            assert!(answer.text.contains(text), "{name}: {text}");
        }
        assert!(!answer.text.contains("sh0rt"), "passwords are not sent back");
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
    let (server, admin) = shipped();
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
    let (server, _) = shipped();
    let (here, there) = (server.signed_in("engineer", PASSWORD), server.signed_in("engineer", PASSWORD));
    let change =
        |old, new, again| here.form("/settings/password", &[("old", old), ("password", new), ("again", again)]).status;
    assert_eq!(change("wrong", "pass-word-2", "pass-word-2"), 422);
    assert_eq!(change(PASSWORD, "short", "short"), 422);
    assert_eq!(change(PASSWORD, "pass-word-2", "pass-word-3"), 422);
    let differ = [("old", PASSWORD), ("password", "pass-word-2"), ("again", "pass-word-3")];
    assert!(!here.form("/settings/password", &differ).text.contains("pass-word"), "no password is sent back");
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
    let (server, admin) = shipped();
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
    let (server, admin) = shipped();
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
