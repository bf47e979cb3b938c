//! Set-up, one's own settings and administration, as plain forms.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Answer, Installation, Server, User, ids};

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

/// A server where these people have signed in.
fn serve<const N: usize>(names: [&str; N]) -> (Server, [User; N]) {
    let at = Installation::with_flows(&[("t.toml", FLOW)]);
    for name in names {
        at.done(&["user", "passwd", name, "--password-stdin"], &format!("{PASSWORD}\n"));
    }
    let server = at.into_server();
    let people = names.map(|name| server.signed_in(name, PASSWORD));
    (server, people)
}

#[track_caller]
fn gone(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
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
fn a_changed_password_and_the_end_of_all_sessions() {
    let (server, [engineer]) = serve(["engineer"]);
    let other = server.signed_in("engineer", PASSWORD);
    for (old, new, again) in [("wrong", "new-pass-word", "new-pass-word"), (PASSWORD, "new-pass-word", "other")] {
        let refused = engineer.form("/settings/password", &[("old", old), ("password", new), ("again", again)]);
        assert_eq!(refused.status, 422);
        assert!(!refused.text.contains(new), "no password is sent back");
    }
    gone(
        &engineer.form(
            "/settings/password",
            &[("old", PASSWORD), ("password", "new-pass-word"), ("again", "new-pass-word")],
        ),
    );
    assert_eq!(other.page("/").status, StatusCode::SEE_OTHER, "signed out elsewhere");
    let (one, two) = (server.signed_in("engineer", "new-pass-word"), server.signed_in("engineer", "new-pass-word"));
    gone(&one.form("/settings/sessions", &[("a", "b")]));
    assert_eq!(two.page("/").status, StatusCode::SEE_OTHER);
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
