//! The server is killed in the middle of writes: what was answered is there, nothing is half done.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc,
};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    harness::{Installation, User, path_of},
    invariants::is_fold,
};

const WRITERS: usize = 6;

/// An answered write: the item's path, its revision then, and the number of comments that were answered with it.
struct Written {
    path: String,
    revision: i64,
    comments: usize,
}

/// Writes until the server is gone: creates, saves, comments, opens another flow's item, passes on.
fn write(user: &User, told: &mpsc::Sender<Written>) {
    let tell = |item: &Value, comments| {
        let written = Written { path: path_of(item), revision: item["revision"].as_i64().unwrap(), comments };
        told.send(written).unwrap();
    };
    let press = |item: &Value, trigger: &str, fields: Value| {
        let body = json!({"trigger": trigger, "fields": fields});
        Some(user.try_post(&format!("{}/triggers", path_of(item)), &body)?.expect(StatusCode::OK))
    };
    let life = || {
        let created = user.try_post("/flows/issue_track/items", &json!({"fields": {"summary": "概要"}}))?;
        let item = created.expect(StatusCode::CREATED);
        tell(&item, 0);
        tell(&press(&item, "提取典型问题", json!({}))?, 0);
        user.try_post(&format!("{}/comments", path_of(&item)), &json!({"comment": "说"}))?.expect(StatusCode::CREATED);
        tell(&item, 1);
        tell(&press(&item, "提交审核", json!({"issue_checker": "delegate"}))?, 1);
        Some(())
    };
    while life().is_some() {}
}

#[test]
fn every_answered_write_survives_a_kill_and_nothing_is_half_done() {
    let at = Installation::shipped_by_token();
    let mut answered: BTreeMap<String, Written> = BTreeMap::new();
    for round in 1..=4 {
        let mut server = at.serve();
        let users: Vec<User> = (0..WRITERS).map(|_| server.user("engineer")).collect();
        let (told, hears) = mpsc::channel();
        std::thread::scope(|scope| {
            for user in users {
                let told = told.clone();
                scope.spawn(move || write(&user, &told));
            }
            drop(told);
            let mut count = 0;
            for written in hears {
                count += 1;
                if count == 40 * round {
                    server.kill();
                }
                let known = answered.get(&written.path);
                if known.is_none_or(|known| (known.revision, known.comments) <= (written.revision, written.comments)) {
                    answered.insert(written.path.clone(), written);
                }
            }
        });
        check(&at, &answered);
    }
}

/// Everything that was answered is there; records, lists and counts agree.
fn check(at: &Installation, answered: &BTreeMap<String, Written>) {
    let server = at.serve();
    let (engineer, delegate) = (server.user("engineer"), server.user("delegate"));
    for written in answered.values() {
        let item = engineer.get(&written.path).expect(StatusCode::OK);
        assert!(item["revision"].as_i64().unwrap() >= written.revision, "{}: lost a write", written.path);
        let said = engineer.history(&item).iter().filter(|event| event["kind"] == "commented").count();
        assert!(said >= written.comments, "{}: lost a comment", written.path);
    }
    let issues = engineer.pages("/flows/issue_track/items", 200);
    let numbers: Vec<usize> =
        issues.iter().rev().map(|item| usize::try_from(item["number"].as_u64().unwrap()).unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>(), "no number is taken for nothing");
    assert!(issues.len() <= answered.len() + 4 * WRITERS, "no more than what was under way is there unanswered");
    let bugs = engineer.pages("/flows/buglist/items", 200);
    let opened: BTreeSet<String> = bugs.iter().map(|item| format!("buglist/{}", item["number"])).collect();
    let linked: Vec<&str> = issues.iter().filter_map(|item| item["fields"]["buglist_url"].as_str()).collect();
    assert_eq!(linked.len(), opened.len(), "each opened item is linked once");
    assert!(linked.iter().all(|link| opened.contains(*link)), "each link leads to an item");
    for item in issues.iter().chain(&bugs) {
        is_fold(item, &engineer.history(item));
    }
    for user in [&engineer, &delegate] {
        let mine = issues.iter().chain(&bugs).filter(|item| item["assigned_to"] == json!([user.name]));
        let mine: BTreeSet<&str> = mine.map(|item| item["id"].as_str().unwrap()).collect();
        let pending = user.pages("/work?list=pending", 200);
        assert_eq!(pending.iter().map(|item| item["id"].as_str().unwrap()).collect::<BTreeSet<_>>(), mine);
        assert_eq!(user.get("/work").json()["total"], mine.len());
    }
    for flow in engineer.get("/flows").json()["flows"].as_array().unwrap() {
        let expected = match flow["key"].as_str().unwrap() {
            "issue_track" => issues.len(),
            "buglist" => bugs.len(),
            _ => 0,
        };
        assert_eq!(flow["open_items"], expected, "the kept count of {}", flow["key"]);
        assert_eq!(engineer.get(&format!("/flows/{}/items", flow["key"].as_str().unwrap())).json()["total"], expected);
    }
}
