//! Every URL is tried as nobody, as a user without rights, and as the right one. A route that is not in the table fails.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Installation, Server, User, answer, project};

/// A flow of which `delegate` may neither create nor see anything.
const CLOSED: &str = r#"
key = "t"
name = "封闭"

[create]
by = ["user:engineer"]

[view]
by = ["created_by", "assigned_to"]

[[field]]
key = "summary"
type = "text"

[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#;

/// A method and a path of the API, what is sent, and the answers to nobody, to a user without rights, to the right one.
const API: [(&str, &str, &str, [u16; 3]); 21] = [
    ("GET", "/api/v1/me", "", [401, 200, 200]),
    ("GET", "/api/v1/flows", "", [401, 200, 200]),
    ("GET", "/api/v1/flows/{flow}", "", [401, 404, 200]),
    ("GET", "/api/v1/flows/{flow}/stats", "", [401, 404, 200]),
    ("GET", "/api/v1/flows/{flow}/similar", "", [401, 404, 200]),
    ("GET", "/api/v1/flows/{flow}/items", "", [401, 404, 200]),
    ("POST", "/api/v1/flows/{flow}/items", "{}", [401, 404, 201]),
    ("GET", "/api/v1/flows/{flow}/items/{number}", "", [401, 404, 200]),
    ("PATCH", "/api/v1/flows/{flow}/items/{number}", r#"{"fields":{"summary":"新"}}"#, [401, 404, 200]),
    ("POST", "/api/v1/flows/{flow}/items/{number}/comments", r#"{"comment":"说"}"#, [401, 404, 201]),
    ("POST", "/api/v1/flows/{flow}/items/{number}/holder", r#"{"to":"admin"}"#, [401, 404, 200]),
    ("GET", "/api/v1/flows/{flow}/items/{number}/history", "", [401, 404, 200]),
    ("POST", "/api/v1/flows/{flow}/items/{number}/triggers", r#"{"trigger":"关"}"#, [401, 404, 200]),
    ("GET", "/api/v1/flows/{flow}/export", "", [401, 404, 200]),
    ("POST", "/api/v1/flows/{flow}/import", "summary\nx", [401, 404, 200]),
    ("GET", "/api/v1/flows/{flow}/release-notes", "", [401, 400, 400]),
    ("GET", "/api/v1/work", "", [401, 200, 200]),
    ("GET", "/api/v1/search", "", [401, 200, 200]),
    ("GET", "/api/v1/openapi.json", "", [200, 200, 200]),
    ("GET", "/api/v1/flow-schema.json", "", [200, 200, 200]),
    ("GET", "/api/docs", "", [200, 200, 200]),
];

/// A method and a path of the pages, what the form sends, and the answers likewise. Nobody is sent to
/// sign in; who has sent a form does so at once (401), and it is kept.
const PAGES: [(&str, &str, &str, [u16; 3]); 85] = [
    ("GET", "/polls/", "", [308, 308, 308]),
    ("GET", "/polls/{any}/flow/{flow}/", "", [308, 308, 308]),
    ("GET", "/polls/{any}/flow/{flow}/{number}/detail/", "", [308, 308, 308]),
    ("GET", "/", "", [303, 200, 200]),
    ("GET", "/login", "", [200, 303, 303]),
    ("POST", "/login", "name=x&password=x", [422, 422, 422]),
    ("GET", "/work/{list}", "", [303, 200, 200]),
    ("GET", "/search", "", [303, 200, 200]),
    ("GET", "/flow/{flow}", "", [303, 404, 200]),
    ("GET", "/flow/{flow}/all", "", [303, 404, 200]),
    ("GET", "/flow/{flow}/words", "", [303, 404, 200]),
    ("GET", "/flow/{flow}/board", "", [303, 404, 200]),
    ("GET", "/flow/{flow}/board/{number}/moves", "", [303, 404, 200]),
    ("POST", "/flow/{flow}/board/{number}/moves", "trigger=关&revision=9", [401, 404, 409]),
    ("GET", "/flow/{flow}/bulk", "", [303, 404, 303]),
    ("POST", "/flow/{flow}/bulk", "bulk.do=press:关&bulk.item=1@9", [401, 404, 200]),
    ("POST", "/flow/{flow}/views", "name=x", [401, 404, 303]),
    ("GET", "/flow/{flow}/view/{id}", "", [303, 404, 404]),
    ("POST", "/flow/{flow}/view/{id}", "name=x", [303, 404, 404]),
    ("POST", "/flow/{flow}/view/{id}/delete", "a=b", [303, 404, 404]),
    ("GET", "/flow/{flow}/export", "", [303, 404, 200]),
    ("GET", "/flow/{flow}/import", "", [303, 404, 200]),
    ("GET", "/flow/{flow}/import/template", "", [303, 404, 200]),
    ("GET", "/flow/{flow}/import/progress", "", [303, 404, 200]),
    ("POST", "/flow/{flow}/import", "kept=none", [303, 404, 422]),
    ("GET", "/flow/{flow}/release-notes", "", [303, 404, 200]),
    ("POST", "/flow/{flow}/release-notes/layout", "layout=x", [303, 404, 303]),
    ("GET", "/flow/{flow}/stats", "", [303, 404, 200]),
    ("GET", "/stats", "", [303, 200, 200]),
    ("GET", "/flow/{flow}/read", "", [303, 404, 200]),
    ("GET", "/flow/{flow}/new", "", [303, 404, 200]),
    ("POST", "/flow/{flow}/new", "summary=x", [401, 404, 303]),
    ("GET", "/flow/{flow}/{number}", "", [303, 404, 200]),
    ("POST", "/flow/{flow}/{number}", "summary=x&revision=1", [401, 404, 303]),
    ("POST", "/flow/{flow}/{number}/comments", "comment=x", [401, 404, 303]),
    ("POST", "/flow/{flow}/{number}/buttons", "summary=x", [303, 404, 200]),
    ("POST", "/flow/{flow}/{number}/holder", "to=admin", [401, 404, 303]),
    ("GET", "/live/work/{list}", "", [401, 200, 200]),
    ("GET", "/live/flow/{flow}", "", [401, 404, 200]),
    ("GET", "/live/flow/{flow}/{number}", "", [401, 404, 200]),
    ("GET", "/pick/users", "", [303, 200, 200]),
    ("GET", "/pick/items", "", [303, 200, 200]),
    ("GET", "/pick/groups", "", [303, 403, 200]),
    ("GET", "/static/{file}", "", [404, 404, 404]),
    ("GET", "/healthz", "", [200, 200, 200]),
    ("GET", "/readyz", "", [200, 200, 200]),
    ("GET", "/metrics", "", [200, 200, 200]),
    ("POST", "/preferences", "theme=dark&back=/login", [303, 303, 303]),
    ("GET", "/setup/{secret}", "", [404, 404, 404]),
    ("POST", "/setup/{secret}", "name=x&password=pass-word-1&again=pass-word-1", [404, 404, 404]),
    ("GET", "/settings", "", [303, 200, 200]),
    ("POST", "/settings/language", "language=zh-CN", [303, 303, 303]),
    ("POST", "/settings/password", "old=x&password=pass-word-2&again=pass-word-2", [303, 422, 422]),
    ("POST", "/settings/sessions", "a=b", [303, 303, 303]),
    ("POST", "/settings/tokens", "token_name=x&expires=90d", [401, 200, 200]),
    ("POST", "/settings/tokens/{id}/revoke", "a=b", [303, 404, 404]),
    ("GET", "/admin", "", [303, 403, 303]),
    ("GET", "/admin/users", "", [303, 403, 200]),
    ("POST", "/admin/users", "name=x&display=y", [401, 403, 303]),
    ("GET", "/admin/users/{name}", "", [303, 403, 200]),
    ("POST", "/admin/users/{name}", "display=z", [401, 403, 303]),
    ("POST", "/admin/users/{name}/disable", "hand_over=", [401, 403, 303]),
    ("POST", "/admin/users/{name}/enable", "a=b", [303, 403, 303]),
    ("GET", "/admin/groups", "", [303, 403, 200]),
    ("POST", "/admin/groups", "name=g", [401, 403, 303]),
    ("GET", "/admin/groups/{group}", "", [303, 403, 200]),
    ("POST", "/admin/groups/{group}/add", "member=x", [401, 403, 303]),
    ("POST", "/admin/groups/{group}/remove", "member=x", [303, 403, 303]),
    ("GET", "/admin/flows", "", [303, 403, 200]),
    ("POST", "/admin/flows/check", "text=x", [401, 403, 200]),
    ("POST", "/admin/flows/publish", "text=x", [401, 403, 422]),
    ("GET", "/admin/flows/{flow}", "", [303, 403, 200]),
    ("GET", "/admin/flows/{flow}/versions/{version}", "", [303, 403, 200]),
    ("GET", "/admin/new-flow", "", [303, 403, 200]),
    ("POST", "/admin/new-flow", "key=&name=x", [401, 403, 422]),
    ("GET", "/admin/flows/{flow}/design", "", [303, 403, 200]),
    ("POST", "/admin/flows/{flow}/design", "do=text&revision=0&text=x", [401, 403, 303]),
    ("GET", "/admin/flows/{flow}/migrate", "", [303, 403, 200]),
    ("GET", "/admin/flows/{flow}/migrate/progress", "", [303, 403, 200]),
    ("POST", "/admin/flows/{flow}/migrate", "do=check", [401, 403, 200]),
    ("GET", "/admin/stranded", "", [303, 403, 200]),
    ("POST", "/admin/try", "text=x", [401, 403, 200]),
    ("GET", "/admin/flows/{flow}/try", "", [303, 403, 200]),
    ("POST", "/admin/flows/{flow}/archive", "a=b", [303, 403, 303]),
    // Last: nobody of them is signed in afterwards.
    ("POST", "/logout", "a=b", [303, 303, 303]),
];

#[test]
fn each_page_as_nobody_as_the_wrong_user_as_the_right_one() {
    let at = Installation::with_flows(&[("t.toml", CLOSED)]);
    at.let_in(&["delegate", "admin"]);
    let server = at.into_server();
    server.user("engineer").create("t", &json!({"summary": "一"}));
    let people =
        [server.nobody(), server.signed_in("delegate", "pass-word-1"), server.signed_in("admin", "pass-word-1")];
    for (method, path, body, expected) in PAGES {
        let real = [
            ("{flow}", "t"),
            ("{number}", "1"),
            ("{any}", "0"),
            ("{list}", "pending"),
            ("{file}", "none.css"),
            ("{secret}", "none"),
            ("{id}", "9"),
            ("{name}", "x"),
            ("{group}", "g"),
            ("{version}", "1"),
        ];
        let path = real.iter().fold(path.to_owned(), |path, (name, value)| path.replace(name, value));
        for (person, status) in people.iter().zip(expected) {
            let request = person.request(method, &path);
            let form = "application/x-www-form-urlencoded";
            let request = if body.is_empty() { request } else { request.header("content-type", form).body(body) };
            if path.starts_with("/live/") {
                // Its body does not end.
                let got = request.send().unwrap().status();
                assert_eq!(got.as_u16(), status, "{method} {path} as {:?}", person.name);
                continue;
            }
            let got = answer(request);
            assert_eq!(got.status.as_u16(), status, "{method} {path} as {:?}", person.name);
            if person.name.is_empty() && status == 303 && path != "/logout" {
                assert!(got.headers["location"].to_str().unwrap().starts_with("/login"), "{method} {path}");
            }
        }
    }
}

#[test]
fn each_call_of_the_api_as_nobody_as_the_wrong_user_as_the_right_one() {
    let server = Server::with_flow(CLOSED);
    server.user("engineer").create("t", &json!({"summary": "一"}));
    // Administrators are the right ones for every call.
    let people = [server.nobody(), server.user("delegate"), server.user("admin")];
    for (method, path, body, expected) in API {
        let path = path.replace("{flow}", "t").replace("{number}", "1");
        for (person, status) in people.iter().zip(expected) {
            let got = send(person, method, &path, body);
            assert_eq!(got, status, "{method} {path} as {:?}", person.name);
        }
    }
    let item = server.user("engineer").item("t", 1);
    assert_eq!(
        (&item["fields"]["summary"], &item["state"]),
        (&json!("新"), &json!("完")),
        "only the right one changed it"
    );
}

fn send(person: &User, method: &str, path: &str, body: &str) -> u16 {
    let request = person.request(method, path);
    let answer = answer(if body.is_empty() {
        request
    } else {
        let kind = if body.starts_with('{') { "application/json" } else { "text/csv" };
        request.header("content-type", kind).body(body.to_owned())
    });
    if path.starts_with("/api/v1") && !answer.status.is_success() {
        let problem: Value = answer.json();
        assert_eq!(problem["status"], answer.status.as_u16(), "{method} {path}: {problem}");
    }
    answer.status.as_u16()
}

#[test]
fn a_flow_is_listed_for_who_may_create_or_see_any_item() {
    let server = Server::with_flow(CLOSED);
    let (engineer, delegate, admin) = (server.user("engineer"), server.user("delegate"), server.user("admin"));
    let listed = |user: &User| user.get("/flows").json()["flows"].as_array().unwrap().len();
    assert_eq!((listed(&engineer), listed(&delegate), listed(&admin)), (1, 0, 1));
    engineer.create("t", &json!({"summary": "一"}));
    assert_eq!(listed(&delegate), 0);
    admin.post("/flows/t/items/1/holder", &json!({"to": "delegate"})).expect(StatusCode::OK);
    assert_eq!(listed(&delegate), 1, "what they hold they see");
    assert_eq!(delegate.item("t", 1)["fields"]["summary"], "一");
    assert_eq!(
        delegate.post("/flows/t/items", &json!({"fields": {}})).refused(403),
        "not_allowed",
        "seen, but not created"
    );
    delegate.pressed(&delegate.item("t", 1), "关", &json!({}));
    assert_eq!(listed(&delegate), 0, "and no longer");
    delegate.get("/flows/t").refused(404);
}

#[test]
fn who_may_see_an_item_is_told_403_of_what_they_may_not_do() {
    let server = Server::by_token();
    let (engineer, delegate) = (server.user("engineer"), server.user("delegate"));
    engineer.create("issue_track", &json!({}));
    let calls = [
        ("PATCH", "/flows/issue_track/items/1", json!({"fields": {"summary": "新"}})),
        ("POST", "/flows/issue_track/items/1/triggers", json!({"trigger": "更新进展"})),
        ("POST", "/flows/issue_track/items/1/holder", json!({"to": "delegate"})),
    ];
    for (method, path, body) in calls {
        assert_eq!(delegate.send(method, path, Some(&body)).refused(403), "not_allowed", "{method} {path}");
    }
    assert_eq!(
        engineer.post("/flows/issue_track/items/1/holder", &json!({"to": "delegate"})).refused(403),
        "not_allowed"
    );
    assert_eq!(engineer.item("issue_track", 1)["revision"], 1);
}

#[test]
fn every_route_is_in_the_table() {
    let table = API.iter().chain(&PAGES).map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned()));
    let (known, found): (BTreeSet<_>, BTreeSet<_>) = (table.collect(), routes().into_iter().collect());
    let missing: Vec<_> = found.difference(&known).collect();
    assert!(missing.is_empty(), "in routes.rs, not in this table: {missing:?}");
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(gone.is_empty(), "in this table, not in routes.rs: {gone:?}");
}

/// Method and path of every route that `routes.rs` names.
pub(crate) fn routes() -> Vec<(String, String)> {
    let source = std::fs::read_to_string(project().join("crates/web/src/routes.rs")).expect("the list of routes");
    let mut routes = Vec::new();
    for piece in source.split(".route(").skip(1) {
        let (path, rest) =
            piece.trim_start().strip_prefix('"').and_then(|piece| piece.split_once('"')).expect("a path");
        let mut depth = 1;
        let end = rest.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        let handlers = &rest[..end.expect("the end of the route")];
        for method in ["get", "post", "put", "patch", "delete"] {
            if handlers.contains(&format!("{method}(")) {
                routes.push((method.to_uppercase(), path.to_owned()));
            }
        }
    }
    routes
}
