//! What one node does, the other sees at its next request.

use reqwest::StatusCode;
use serde_json::json;

use crate::{
    cluster::Cluster,
    harness::{Installation, Server, answer, project},
};

const PASSWORD: &str = "pass-word-1";

struct Two {
    _cluster: Cluster,
    at: Installation,
    here: Server,
    there: Server,
}

fn two() -> Two {
    let cluster = Cluster::start();
    let at = Installation::on(&cluster.database("one"));
    at.done(&["user", "add", "admin", "--admin", "--password-stdin"], "pass-word-1\n");
    at.done(&["user", "add", "engineer", "--password-stdin"], "pass-word-1\n");
    at.done(&["flow", "apply", project().join("flows").to_str().unwrap()], "");
    let (here, there) = (at.serve(), at.serve());
    Two { _cluster: cluster, at, here, there }
}

#[test]
fn who_signs_in_or_out_or_is_disabled_here_is_so_there() {
    let two = two();
    let admin = two.here.signed_in("admin", PASSWORD);
    let engineer = two.here.signed_in("engineer", PASSWORD);
    let there = engineer.at(&two.there.base);
    assert_eq!(there.page("/settings").status, StatusCode::OK, "signed in there too");
    assert_eq!(engineer.form("/logout", &[]).status, StatusCode::SEE_OTHER);
    assert_eq!(there.page("/settings").status, StatusCode::SEE_OTHER, "signed out there too");

    let engineer = two.there.signed_in("engineer", PASSWORD);
    let by_token = two.here.user("engineer");
    assert_eq!(by_token.at(&two.there.base).get("/me").status, StatusCode::OK);
    assert_eq!(admin.form("/admin/users/engineer/disable", &[("hand_over", "")]).status, StatusCode::SEE_OTHER);
    assert_eq!(engineer.page("/settings").status, StatusCode::SEE_OTHER, "disabled there too");
    assert_eq!(by_token.at(&two.there.base).get("/me").status, StatusCode::UNAUTHORIZED);
    assert_eq!(admin.form("/admin/users/engineer/enable", &[]).status, StatusCode::SEE_OTHER);
    assert_eq!(by_token.at(&two.there.base).get("/me").status, StatusCode::OK);

    let made = admin.form("/settings/tokens", &[("token_name", "日报"), ("expires", "90d")]).text;
    let at = made.find("tsk_").unwrap();
    let token = &made[at..at + 68];
    let me = |server: &Server| answer(server.nobody().request("GET", "/api/v1/me").bearer_auth(token)).status;
    assert_eq!((me(&two.here), me(&two.there)), (StatusCode::OK, StatusCode::OK));
    let page = admin.at(&two.there.base).page("/settings").text;
    let id = page.split("/settings/tokens/").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
    assert_eq!(admin.form(&format!("/settings/tokens/{id}/revoke"), &[]).status, StatusCode::SEE_OTHER);
    assert_eq!((me(&two.there), me(&two.here)), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
}

#[test]
fn failed_attempts_count_on_both() {
    let two = two();
    let try_it = |server: &Server| {
        server.nobody().form("/login", &[("name", "engineer"), ("password", "wrong"), ("next", "")]).status.as_u16()
    };
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.extend([try_it(&two.here), try_it(&two.there)]);
    }
    assert_eq!(seen, [422; 8]);
    assert_eq!((try_it(&two.here), try_it(&two.there)), (429, 429));
    let right = two.there.nobody().form("/login", &[("name", "engineer"), ("password", PASSWORD), ("next", "")]);
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
}

#[test]
fn a_flow_published_here_is_served_there() {
    let two = two();
    let admin = two.here.signed_in("admin", PASSWORD);
    let user = two.here.user("engineer");
    let there = user.at(&two.there.base);
    let text = std::fs::read_to_string(project().join("flows/buglist.toml")).unwrap();
    // both know the flow already
    user.create("buglist", &json!({"summary": "概要"}));
    there.create("buglist", &json!({"summary": "概要"}));
    let newer = text.replace("name = \"典型Buglist\"", "name = \"新名字\"");
    for (round, (from, text)) in [(&two.here, &newer), (&two.there, &text), (&two.here, &newer)].into_iter().enumerate()
    {
        let published = admin.at(&from.base).form("/admin/flows/publish", &[("text", text)]);
        assert_eq!(published.status, StatusCode::SEE_OTHER, "{}", published.text);
        for node in [&two.here, &two.there] {
            let flow = user.at(&node.base).get("/flows/buglist").expect(StatusCode::OK);
            assert_eq!(flow["version"], round + 2);
            assert!(text.contains(flow["name"].as_str().unwrap()));
            assert_eq!(user.at(&node.base).create("buglist", &json!({"summary": "概要"}))["flow_version"], round + 2);
        }
    }
    two.at.done(&["flow", "archive", "buglist"], "");
    for node in [&two.here, &two.there] {
        let body = json!({"fields": {"summary": "概要"}});
        assert_eq!(user.at(&node.base).post("/flows/buglist/items", &body).refused(403), "not_allowed");
    }
}
