//! The board without a browser: what stands on it, what its cards may do, what comes of a press.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Answer, Installation, Server, User, answer, encoded};

const PASSWORD: &str = "pass-word-1";

/// Of which everyone sees what they hold or created; the way out of `开` hangs on a field.
const FLOW: &str = r#"
key = "t"
name = "卡片"
title = "summary"

[view]
by = ["created_by", "assigned_to"]

[[field]]
key = "summary"
label = "概要"
type = "text"

[[field]]
key = "level"
label = "级别"
type = "choice"
choices = ["高", "低"]

[[field]]
key = "who"
label = "下一人"
type = "user"

[[field]]
key = "note"
label = "备注"
type = "text"

[[state]]
name = "开"
due = "1h"

[[state]]
name = "办"

[[state]]
name = "审"

[[state]]
name = "完"

[[transition]]
source = "开"
trigger = "往前"
dest = "审"
condition = "level == '高'"

[[transition]]
source = "开"
trigger = "往前"
dest = "办"

[[transition]]
source = "开"
trigger = "交办"
dest = "办"
assign_to = "who"

[[transition]]
source = ["开", "办", "审"]
trigger = "关闭"
dest = "完"
comment = "required"
"#;

fn serve() -> (Server, User, User) {
    let at = Installation::with_flows(&[("t.toml", FLOW)]);
    at.let_in(&["engineer", "delegate", "admin"]);
    let server = at.into_server();
    let (engineer, delegate) = (server.signed_in("engineer", PASSWORD), server.signed_in("delegate", PASSWORD));
    (server, engineer, delegate)
}

/// The columns of a board: state, how many it says, the numbers of its cards.
fn columns(page: &Answer) -> Vec<(String, String, Vec<i64>)> {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let between = |text: &str, before: &str, after: &str| {
        text.split_once(before).unwrap().1.split_once(after).unwrap().0.to_owned()
    };
    let sections = page.text.split("<section class=\"board-column\"").skip(1);
    let column = |part: &str| {
        let head = between(part, "<h2", "</h2>");
        let cards = part.split("data-number=\"").skip(1).map(|card| card.split_once('"').unwrap().0.parse().unwrap());
        let total = head.rsplit_once("\">").unwrap().1.split_once('<').unwrap().0.to_owned();
        (between(part, "data-state=\"", "\""), total, cards.collect())
    };
    sections.map(column).collect()
}

/// The moves that a card offers: trigger, where it leads, whether it asks for nothing.
pub(crate) fn moves(page: &Answer) -> Vec<(String, String, bool)> {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let value = |text: &str, name: &str| text.split_once(name).unwrap().1.split_once('"').unwrap().0.to_owned();
    let lines = page.text.split("<li data-to=").skip(1).map(|line| line.split_once("</li>").unwrap().0);
    let line = |line: &str| {
        let tag = line.split_once('>').unwrap().0;
        (value(line, "data-trigger=\""), value(&format!("data-to={line}"), "data-to=\""), tag.contains("data-direct"))
    };
    lines.map(line).collect()
}

fn location(answer: &Answer) -> &str {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.headers["location"].to_str().unwrap()
}

#[test]
fn a_board_shows_each_state_and_only_what_a_person_may_see() {
    let (server, engineer, delegate) = serve();
    let (mine, theirs) = (server.user("engineer"), server.user("delegate"));
    for number in 0..35 {
        mine.create("t", &json!({"summary": format!("卡 {number}"), "level": "低"}));
    }
    let item = theirs.create("t", &json!({"summary": "别人的 <b>卡</b>", "level": "高"}));
    theirs.pressed(&item, "往前", &json!({}));
    let board = columns(&engineer.page("/flow/t/board"));
    let states: Vec<&str> = board.iter().map(|column| column.0.as_str()).collect();
    assert_eq!(states, ["开", "审", "办", "完"], "as the flow has them");
    assert_eq!((board[0].1.as_str(), board[0].2.len(), board[0].2[0]), ("35", 30, 35), "the newest, as many as fit");
    assert!(board[1..].iter().all(|column| column.2.is_empty() && column.1 == "0"), "{board:?}");
    let page = delegate.page("/flow/t/board");
    let board = columns(&page);
    assert_eq!((board[0].2.len(), board[1].2.clone()), (0, vec![36]));
    assert!(page.text.contains("别人的 &#60;b&#62;卡") || page.text.contains("别人的 &lt;b&gt;卡"), "{}", page.text);
    assert_eq!(engineer.page("/flow/t/board/36/moves").status, StatusCode::NOT_FOUND);
    assert_eq!(engineer.form("/flow/t/board/36/moves", &[("trigger", "关闭"), ("revision", "2")]).status, 404);
    // an administrator sees both, and a query finds among all
    let admin = server.signed_in("admin", PASSWORD);
    assert_eq!(columns(&admin.page("/flow/t/board"))[0].1, "35");
    let found = columns(&admin.page(&format!("/flow/t/board?q={}", encoded("级别=高 or 概要:34"))));
    assert_eq!((found[0].2.clone(), found[1].2.clone()), (vec![35], vec![36]));
    let first = columns(&admin.page(&format!("/flow/t/board?q={}", encoded("级别=低"))));
    assert_eq!((first[0].1.as_str(), first[0].2.len()), ("35", 30), "counted although not all are shown");
    let wrong = admin.page(&format!("/flow/t/board?q={}", encoded("级别=无 or")));
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("is-invalid") && wrong.text.contains("级别=无 or"), "{}", wrong.text);
    let fragment =
        answer(admin.request("GET", "/flow/t/board").header("hx-request", "true").header("hx-target", "board"));
    assert!(fragment.text.starts_with("<div class=\"board\""), "{}", fragment.text);
}

#[test]
fn a_press_without_a_script_leads_back_to_the_board_and_a_refused_one_says_why() {
    let (server, engineer, _) = serve();
    let api = server.user("engineer");
    api.create("t", &json!({"summary": "一", "level": "高"}));
    let at = "/flow/t/board/1/moves";
    let offered = moves(&engineer.page(at));
    let expected = [("往前", "审", true), ("交办", "办", false), ("关闭", "完", false)];
    assert_eq!(offered, expected.map(|(trigger, to, direct)| (trigger.to_owned(), to.to_owned(), direct)));
    // where it leads hangs on what stands in the item
    api.saved(&api.item("t", 1), &json!({"level": "低"}));
    assert_eq!(moves(&engineer.page(at))[0], ("往前".to_owned(), "办".to_owned(), true));
    // a card that was drawn before
    let stale = engineer.form(at, &[("trigger", "往前"), ("revision", "1")]);
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert_eq!(api.item("t", 1)["state"], "开");
    // what is needed is asked for, and what was typed is kept
    let asks = engineer.page(&format!("{at}?trigger={}", encoded("交办")));
    assert!(asks.text.contains("name=\"who\"") && !asks.text.contains("data-trigger"), "{}", asks.text);
    let refused =
        engineer.form(at, &[("trigger", "交办"), ("revision", "2"), ("who", "nobody-known"), ("note", "记下")]);
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for part in ["id=\"e-who\"", "value=\"nobody-known\"", "value=\"记下\"", "id=\"troubles\""] {
        assert!(refused.text.contains(part), "{part}: {}", refused.text);
    }
    let no_comment = engineer.form(at, &[("trigger", "关闭"), ("revision", "2"), ("comment", " ")]);
    assert_eq!(no_comment.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(no_comment.text.contains("id=\"e-comment\""), "{}", no_comment.text);
    // what is no trigger of its state, and what is no press at all
    assert_eq!(engineer.form(at, &[("trigger", "没有"), ("revision", "2")]).status, StatusCode::CONFLICT);
    assert_eq!(engineer.form(at, &[("trigger", "a\0b"), ("revision", "2")]).status, StatusCode::CONFLICT);
    for odd in [&[("revision", "2")][..], &[("trigger", "往前")]] {
        assert_eq!(engineer.form(at, odd).status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(api.item("t", 1)["revision"], 2, "nothing of it was done");
    let done = engineer.form(&format!("{at}?q={}", encoded("级别=低")), &[("trigger", "往前"), ("revision", "2")]);
    assert_eq!(location(&done), format!("/flow/t/board?q={}", encoded("级别=低")));
    assert_eq!(api.item("t", 1)["state"], "办");
    // sent twice it is pressed once
    assert_eq!(engineer.form(at, &[("trigger", "往前"), ("revision", "2")]).status, StatusCode::CONFLICT);
    assert_eq!(api.item("t", 1)["revision"], 3);
    // to a script it says what was done
    let press = engineer.request("POST", at).header("hx-request", "true").header("hx-target", "moves");
    let done = answer(press.form(&[("trigger", "关闭"), ("revision", "3"), ("comment", "好了")]));
    assert_eq!((done.status, done.text.contains("关闭 → 完")), (StatusCode::OK, true), "{}", done.text);
    assert!(moves(&engineer.page(at)).is_empty());
}

#[test]
fn a_press_that_another_site_sends_is_refused_and_one_without_a_session_is_kept() {
    let (server, engineer, _) = serve();
    server.user("engineer").create("t", &json!({"summary": "一"}));
    let at = "/flow/t/board/1/moves";
    let form = [("trigger", "往前"), ("revision", "1")];
    let cross = answer(engineer.request("POST", at).header("sec-fetch-site", "cross-site").form(&form));
    assert_eq!(cross.status, StatusCode::FORBIDDEN);
    let nobody = server.nobody();
    let asked = nobody.form(at, &[("trigger", "交办"), ("revision", "1"), ("who", "delegate")]);
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    assert!(asked.text.contains("kept:who"), "{}", asked.text);
    let fields = [("kept-path", at), ("kept:trigger", "交办"), ("kept:revision", "1"), ("kept:who", "delegate")];
    let back = nobody.form("/login", &[&fields[..], &[("name", "engineer"), ("password", PASSWORD)]].concat());
    assert!(back.text.contains("value=\"delegate\"") && back.text.contains("交办"), "{}", back.text);
    assert_eq!(server.user("engineer").item("t", 1)["revision"], 1);
}

#[test]
fn the_moves_of_every_card_of_the_demo_are_the_buttons_of_its_item() {
    let at = Installation::empty();
    let server = at.demo();
    let mut seen = (0, BTreeSet::new());
    for name in ["admin", "engineer", "delegate"] {
        let (person, api) = (server.signed_in(name, "tasksteper-demo"), server.user(name));
        for key in ["issue_track", "buglist", "improvement", "device_card"] {
            let board = columns(&person.page(&format!("/flow/{key}/board")));
            let items = api.pages(&format!("/flows/{key}/items"), 200);
            let mut states: BTreeMap<&str, usize> = BTreeMap::new();
            for item in &items {
                *states.entry(item["state"].as_str().unwrap()).or_default() += 1;
                let number = item["number"].as_i64().unwrap();
                let offered = moves(&person.page(&format!("/flow/{key}/board/{number}/moves")));
                let offered: Vec<(&str, &str)> =
                    offered.iter().map(|(trigger, to, _)| (trigger.as_str(), to.as_str())).collect();
                let item = api.again(item);
                let allowed = item["triggers"].as_array().unwrap().iter().filter(|one| one["allowed"] == true);
                let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
                let allowed: Vec<(String, String)> =
                    allowed.map(|one| (text(one, "trigger"), text(one, "dest"))).collect();
                assert_eq!(
                    offered,
                    allowed.iter().map(|(trigger, to)| (trigger.as_str(), to.as_str())).collect::<Vec<_>>(),
                    "{name}: {key}/{number}"
                );
                seen.0 += offered.len();
                seen.1.extend(offered.iter().map(|(trigger, _)| (*trigger).to_owned()));
            }
            for (state, total, cards) in &board {
                assert_eq!(*total, states.get(state.as_str()).copied().unwrap_or(0).to_string(), "{key}: {state}");
                assert!(cards.len() <= 30);
            }
        }
    }
    assert!(seen.0 > 100 && seen.1.len() > 10, "{seen:?}");
}
