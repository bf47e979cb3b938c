//! What grows comes page by page: users, groups, members, versions, tokens, history, links. Each page is bounded, all of them
//! together are the whole, and addresses that people have kept go on working.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Answer, Installation, Server, User, answer, encoded};

const PASSWORD: &str = "pass-word-1";

const FLOW: &str = r#"
key = "t"
name = "流程"

[[field]]
key = "summary"
label = "概要"
type = "text"

[[field]]
key = "detail"
label = "详细"
type = "text"

[[field]]
key = "others"
label = "相关"
type = "item"
multiple = true

[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#;

fn serve() -> (Server, User) {
    let at = Installation::with_flows(&[("t.toml", FLOW)]);
    at.let_in(&["admin"]);
    let server = at.into_server();
    let admin = server.signed_in("admin", PASSWORD);
    (server, admin)
}

/// What stands between `before` and `after`, wherever that is.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Vec<&'t str> {
    text.split(before).skip(1).filter_map(|rest| Some(rest.split_once(after)?.0)).collect()
}

/// The address of the next page, as a link of `text` says it.
fn next(text: &str) -> Option<String> {
    let link = text.split("rel=\"next\" href=\"").nth(1)?;
    Some(link.split('"').next()?.replace("&#38;", "&"))
}

/// Every page from `path` on: what `part` finds on each.
#[track_caller]
fn walk(person: &User, path: &str, part: impl Fn(&str) -> Vec<String>) -> Vec<Vec<String>> {
    let (mut pages, mut at) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = at {
        let page = person.page(&path);
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        pages.push(part(&page.text));
        at = next(&page.text);
        assert!(pages.len() < 200, "no end: {path}");
    }
    pages
}

fn owned(texts: Vec<&str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}

/// The lines of a page that is asked for as htmx does, to put them into `target`.
fn fragment(person: &User, path: &str, target: &str) -> Answer {
    answer(person.request("GET", path).header("hx-request", "true").header("hx-target", target))
}

#[test]
fn a_thousand_users_and_their_groups_come_page_by_page() {
    let at = Installation::empty();
    at.done(&["bench", "load", "--items", "40", "--users", "1000"], "");
    at.done(&["user", "add", "admin", "--admin", "--display", "甲乙丙丁"], "");
    at.let_in(&["admin"]);
    let server = at.into_server();
    let admin = server.signed_in("admin", PASSWORD);
    let users = |text: &str| owned(between(text, "<td class=\"id\"><a href=\"/admin/users/", "\""));
    let pages = walk(&admin, "/admin/users", users);
    assert!(pages.iter().all(|page| (1..=50).contains(&page.len())));
    let shown = pages.concat();
    let listed = server.done(&["user", "list"], "");
    let listed: Vec<&str> = listed.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(shown, listed, "each once, in order");
    assert_eq!(shown.len(), 1001);
    // by name, by what people see, in whatever case
    for q in ["AdMi", "乙丙", " admin "] {
        let found = walk(&admin, &format!("/admin/users?q={}", encoded(q)), users).concat();
        assert_eq!(found, ["admin"], "{q}");
    }
    let many = walk(&admin, "/admin/users?q=wang", users);
    assert!(many.concat().iter().all(|name| name.contains("wang")) && !many.concat().is_empty());
    let none = admin.page("/admin/users?q=%25").text;
    assert!(users(&none).is_empty() && none.contains("没有符合的用户"), "nothing but what it says is meant by it");
    assert_eq!(admin.page("/admin/users?cursor=x").status, StatusCode::BAD_REQUEST);
    let part = fragment(&admin, &next(&admin.page("/admin/users").text).unwrap(), "section#list");
    assert!(!part.text.contains("<html") && users(&part.text) == pages[1]);

    let members = |text: &str| owned(between(text, "name=\"member\" value=\"", "\""));
    let groups = admin.page("/admin/groups").text;
    assert!(members(&groups).len() <= 4 * 24, "some of each");
    assert!(groups.contains("<span class=\"badge ms-2\">250</span>"));
    let path = format!("/admin/groups/{}", encoded("SE"));
    let of_it = walk(&admin, &path, members);
    assert!(of_it.iter().all(|page| page.len() <= 100));
    let listed = server.done(&["group", "list"], "");
    let line = listed.lines().find(|line| line.starts_with("SE ")).unwrap();
    assert_eq!(of_it.concat(), line.split_whitespace().nth(1).unwrap().split(',').collect::<Vec<_>>());
    // What is done on a later page leads back to it.
    let later = next(&admin.page(&path).text).unwrap();
    let gone = admin.form(&format!("{path}/remove"), &[("member", &of_it[1][0]), ("back", &later)]);
    assert_eq!((gone.status, gone.headers["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, later.as_str()));
    assert_eq!(admin.form(&format!("{path}/add"), &[("member", "nobody")]).status, 422);
    assert_eq!(admin.form(&format!("{path}/add"), &[("member", "admin")]).status, StatusCode::SEE_OTHER);
    assert_eq!(walk(&admin, &format!("{path}?q=admin"), members).concat(), ["admin"]);
    assert_eq!(walk(&admin, &path, members).concat().len(), 250);
    assert_eq!(admin.page("/admin/groups/none").status, 404);
    let picked = admin.page("/pick/users?q=%E4%B9%99").json();
    assert_eq!(picked["items"][0]["value"], "admin", "{picked}");
    let first = admin.page("/pick/users?q=a").json();
    let values = first["items"].as_array().unwrap().iter().map(|item| item["value"].as_str().unwrap());
    let begin: Vec<bool> = values.map(|name| name.starts_with('a')).collect();
    assert!(begin[0] && begin.is_sorted_by(|a, b| a >= b), "those that begin so come first: {first}");
}

#[test]
fn many_groups_are_typed_instead_of_ticked() {
    let (_server, admin) = serve();
    for number in 0..59 {
        assert_eq!(admin.form("/admin/groups", &[("name", &format!("组{number:02}"))]).status, 303);
    }
    assert!(!admin.page("/admin/users").text.contains("more_groups"), "a box for each");
    for number in 59..70 {
        assert_eq!(admin.form("/admin/groups", &[("name", &format!("组{number:02}"))]).status, 303);
    }
    let named = |text: &str| owned(between(text, "<h2 class=\"card-title\"><a class=\"text-reset\" href=\"", "\""));
    let pages = walk(&admin, "/admin/groups", named);
    assert_eq!((pages.len(), pages.concat().iter().collect::<BTreeSet<_>>().len()), (4, 70));
    assert_eq!(walk(&admin, "/admin/groups?q=组6", named).concat().len(), 10);
    let boxes = |text: &str| owned(between(text, "name=\"groups\" value=\"", "\""));
    let page = admin.page("/admin/users").text;
    assert!(boxes(&page).is_empty() && page.contains("name=\"more_groups\""));
    let add = |name: &str, more: &str| admin.form("/admin/users", &[("name", name), ("more_groups", more)]);
    let refused = add("ann", "组01, 没有的组");
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("没有名叫“没有的组”的用户组"), "{}", refused.text);
    assert_eq!(boxes(&refused.text), ["组01", "没有的组"], "what was typed stays");
    assert_eq!(add("ann", "组01, 组66").status, 303);
    let user = "/admin/users/ann";
    assert_eq!(boxes(&admin.page(user).text), ["组01", "组66"]);
    let kept = [("display", "安"), ("groups", "组66"), ("more_groups", "组66、组42")];
    assert_eq!(admin.form(user, &kept).status, 303);
    assert_eq!(boxes(&admin.page(user).text), ["组42", "组66"]);
    assert_eq!(admin.form(user, &[("display", "安"), ("more_groups", "组99")]).status, 422);
    assert_eq!(admin.page("/pick/groups?q=组4").json()["items"].as_array().unwrap().len(), 10);
    assert_eq!(admin.page("/admin/groups/组99").status, 404, "nothing is made by a slip");
}

#[test]
fn a_long_history_comes_page_by_page_and_a_conflict_tells_what_was_missed() {
    let (server, admin) = serve();
    let api = server.user("admin");
    let item = api.create("t", &json!({"summary": "一"}));
    for number in 1..=300 {
        if number % 10 == 0 {
            api.saved(&item, &json!({"detail": format!("第{number}次")}));
        } else {
            let said = json!({"comment": format!("说{number}。")});
            api.post("/flows/t/items/1/comments", &said).expect(StatusCode::CREATED);
        }
    }
    let events = |text: &str| {
        let list = between(text, "<ol class=\"history\" data-seen=", "</ol>");
        list.last().unwrap().split("<li").skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let earlier = |text: &str| {
        let more = text.split("更早的历史").next().filter(|before| before.len() < text.len())?;
        Some(more.rsplit("href=\"").next()?.split('"').next()?.to_owned())
    };
    let (mut shown, mut at) = (Vec::new(), Some("/flow/t/1".to_owned()));
    let mut sizes = Vec::new();
    while let Some(path) = at {
        let page = admin.page(path.split('#').next().unwrap()).text;
        sizes.push(events(&page).len());
        shown.extend(events(&page));
        assert!(page.contains("data-seen=\"301\""), "{path}: what is new is told from the last one on");
        assert_eq!(page.contains("最新的历史"), path != "/flow/t/1");
        at = earlier(&page);
    }
    assert_eq!(sizes, [40, 100, 100, 61]);
    for (number, event) in (0..=300).rev().zip(&shown) {
        let said = match number {
            0 => "创建".to_owned(),
            number if number % 10 == 0 => format!("第{number}次"),
            number => format!("说{number}。"),
        };
        assert!(event.contains(&said), "{said}: {event}");
    }
    assert!(!shown.iter().any(|event| event.contains("交给")), "its holder stayed the same, also across pages");
    assert_eq!(events(&admin.page("/flow/t/1?history=all").text).len(), 200, "a kept address");
    assert_eq!(events(&admin.page("/flow/t/1?history=nonsense").text).len(), 40);
    let part = fragment(&admin, "/flow/t/1?history=202", "section#history").text;
    assert!(!part.contains("<html") && events(&part).len() == 100 && part.contains("第200次"));

    // Two saves were missed, and the comments between them are none of it.
    let now = api.item("t", 1)["revision"].as_i64().unwrap();
    let stale = |revision: i64, detail: &str| {
        let values = [("revision", revision.to_string()), ("detail", detail.to_owned()), ("save", "1".to_owned())];
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = admin.form("/flow/t/1", &values);
        assert_eq!(answer.status, StatusCode::CONFLICT);
        let (_, rest) = answer.text.split_once("id=\"conflict\"").unwrap();
        rest.split_once("</section>").unwrap().0.to_owned()
    };
    let told = stale(now - 2, "我写的");
    assert_eq!(told.matches("<li").count(), 2, "{told}");
    assert!(told.contains("第290次") && told.contains("第300次") && !told.contains("说"), "{told}");
    assert!(told.contains("与现在不同的地方"), "{told}");
    let told = stale(1, "我写的");
    assert_eq!(told.matches("<li").count(), 30, "every save, not the creation: {told}");
    for number in 0..30 {
        api.saved(&item, &json!({"detail": format!("又{number}次")}));
    }
    let told = stale(1, "");
    assert_eq!(told.matches("<li").count(), 41);
    assert!(told.contains("更早还有 20 处更新") && told.contains("又29次"), "{told}");
    assert!(told.contains("核对后再提交。") && !told.contains("与现在不同的地方"), "untouched since then: {told}");
}

#[test]
fn three_hundred_links_come_page_by_page() {
    let (server, admin) = serve();
    let api = server.user("admin");
    api.create("t", &json!({"summary": "中心"}));
    for number in 2..=301 {
        api.create("t", &json!({"summary": format!("第{number}个"), "others": ["t/1"]}));
    }
    let own: Vec<String> = (2..=61).map(|number| format!("t/{number}")).collect();
    api.saved(&api.item("t", 1), &json!({ "others": own }));
    let links = |text: &str| {
        let card = text.split("id=\"linked\"").nth(1).and_then(|rest| rest.split("</section>").next()).unwrap();
        owned(between(card, "<a href=\"/flow/t/", "\""))
    };
    let walked = |path: &str| {
        let (mut pages, mut at) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = at {
            let page = admin.page(path.split('#').next().unwrap()).text;
            pages.push(links(&page));
            at = next(&page);
        }
        pages
    };
    let pages = walked("/flow/t/1");
    assert!(pages.iter().all(|page| page.len() <= 40));
    let expected: Vec<String> = (2..=301).map(|number| number.to_string()).collect();
    assert_eq!(pages.concat(), expected, "its own first, then those that name it, each once");
    let page = admin.page("/flow/t/1").text;
    assert!(page.contains("第61个"), "what the form names is known, though its link is on another page");
    let part = fragment(&admin, next(&page).unwrap().split('#').next().unwrap(), "section#linked").text;
    assert!(!part.contains("<html") && links(&part) == pages[1]);
    assert_eq!(admin.page("/flow/t/1?links=x").status, StatusCode::BAD_REQUEST);
    assert_eq!(walked("/flow/t/9"), [["1"]], "both ways, once");
}

#[test]
fn versions_tokens_and_what_someone_holds_come_page_by_page() {
    let (server, admin) = serve();
    let api = server.user("admin");
    for number in 2..=60 {
        let text = FLOW.replace("name = \"流程\"", &format!("name = \"流程{number}\""));
        assert_eq!(admin.form("/admin/flows/publish", &[("text", &text)]).status, 303);
        api.create("t", &json!({"summary": format!("第{number}个")}));
    }
    let versions = |text: &str| owned(between(text, "\">v", "</a>").into_iter().filter(|one| one.len() < 4).collect());
    let pages = walk(&admin, "/admin/flows/t", versions);
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [50, 10]);
    assert!(pages.concat().into_iter().eq((1..=60).rev().map(|version: i64| version.to_string())));
    let later = next(&admin.page("/admin/flows/t?version=7").text).unwrap();
    let page = admin.page(&later).text;
    assert!(later.contains("version=7") && page.contains("流程7&#34;") && page.contains("1 个进行中的条目使用"));

    for number in 0..25 {
        let made = admin.form("/settings/tokens", &[("token_name", &format!("令牌{number}。")), ("expires", "90d")]);
        assert_eq!(made.status, 200);
    }
    let tokens = |text: &str| owned(between(text, "<strong>令牌", "。"));
    let pages = walk(&admin, "/settings", tokens);
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [20, 5]);
    assert!(pages.concat().into_iter().eq((0..25).rev().map(|number| number.to_string())));

    let held = |text: &str| owned(between(text, "<a href=\"/flow/t/", "\""));
    let pages = walk(&admin, "/admin/users/admin", held);
    assert_eq!((pages.len(), pages.concat().len()), (2, 59));
    assert!(admin.page("/admin/users/admin").text.contains("<span class=\"badge bg-primary-lt ms-2\">59</span>"));
}
