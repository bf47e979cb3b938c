//! Writers that note what was answered to them, and what must be true of the records afterwards.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc,
};

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Answer, User, path_of};

/// What came of a write.
pub(crate) enum Told {
    /// It was answered.
    Written(Written),
    /// It was refused because the database was away: nothing of it may be there.
    Refused,
    /// What became of it could not be found out, the answer said so.
    Unknown,
}

/// An answered write: the item's path, its revision then, and the number of comments that were answered with it.
pub(crate) struct Written {
    pub(crate) path: String,
    pub(crate) revision: i64,
    pub(crate) comments: usize,
}

/// All that was answered.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) answered: BTreeMap<String, Written>,
    pub(crate) refused: usize,
    pub(crate) unknown: usize,
}

impl Notes {
    pub(crate) fn note(&mut self, told: Told) {
        match told {
            Told::Refused => self.refused += 1,
            Told::Unknown => self.unknown += 1,
            Told::Written(written) => {
                let known = self.answered.get(&written.path);
                if known.is_none_or(|known| (known.revision, known.comments) <= (written.revision, written.comments)) {
                    self.answered.insert(written.path.clone(), written);
                }
            }
        }
    }
}

/// Writes until the server is gone or `go_on` says no: creates, saves, comments, opens another flow's item, passes on.
pub(crate) fn write(user: &User, told: &mpsc::Sender<Told>, go_on: impl Fn() -> bool) {
    while go_on() && life(user, told).is_some() {}
}

/// One item's life, as far as it gets; none: the server gave no answer.
fn life(user: &User, told: &mpsc::Sender<Told>) -> Option<()> {
    let tell = |item: &Value, comments| {
        let written = Written { path: path_of(item), revision: item["revision"].as_i64().unwrap(), comments };
        told.send(Told::Written(written)).unwrap();
    };
    let send = |path: &str, body: Value, status| {
        let answer = user.try_post(path, &body)?;
        Some(if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            told.send(refused(&answer)).unwrap();
            None
        } else {
            Some(answer.expect(status))
        })
    };
    let press = |item: &Value, trigger: &str, fields: Value| {
        send(&format!("{}/triggers", path_of(item)), json!({"trigger": trigger, "fields": fields}), StatusCode::OK)
    };
    let new = json!({"fields": {"summary": "概要"}});
    let Some(item) = send("/flows/issue_track/items", new, StatusCode::CREATED)? else { return Some(()) };
    tell(&item, 0);
    let Some(opened) = press(&item, "提取典型问题", json!({}))? else { return Some(()) };
    tell(&opened, 0);
    let said = send(&format!("{}/comments", path_of(&item)), json!({"comment": "说"}), StatusCode::CREATED)?;
    if said.is_none() {
        return Some(());
    }
    tell(&opened, 1);
    if let Some(passed) = press(&item, "提交审核", json!({"issue_checker": "delegate"}))? {
        tell(&passed, 1);
    }
    Some(())
}

/// A refusal because the database is away, which says what is true.
fn refused(answer: &Answer) -> Told {
    match answer.refused(503).as_str() {
        "outcome_unknown" => Told::Unknown,
        code => {
            assert_eq!(code, "unavailable", "{}", answer.text);
            assert!(answer.headers.contains_key("retry-after"), "{:?}", answer.headers);
            Told::Refused
        }
    }
}

/// Everything that was answered is there; records, lists and counts agree. `more`: how many items may be there although
/// their creation was not answered.
pub(crate) fn check(engineer: &User, delegate: &User, answered: &BTreeMap<String, Written>, more: usize) {
    for written in answered.values() {
        let item = engineer.get(&written.path).expect(StatusCode::OK);
        assert!(item["revision"].as_i64().unwrap() >= written.revision, "{}: lost a write", written.path);
        let said = engineer.history(&item).iter().filter(|event| event["kind"] == "commented").count();
        assert!(said >= written.comments, "{}: lost a comment", written.path);
        assert!(said <= 1, "{}: a comment was written twice", written.path);
    }
    let issues = engineer.pages("/flows/issue_track/items", 200);
    let numbers: Vec<usize> =
        issues.iter().rev().map(|item| usize::try_from(item["number"].as_u64().unwrap()).unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>(), "no number is taken for nothing");
    let (there, known) = (issues.len(), answered.len());
    assert!(there <= known + more, "{there} items, {known} answered: at most {more} more were under way");
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
        let pending: BTreeSet<&str> = pending.iter().map(|item| item["id"].as_str().unwrap()).collect();
        let differ: Vec<_> = pending.symmetric_difference(&mine).collect();
        assert!(differ.is_empty(), "{} has {differ:?} in one only", user.name);
        assert_eq!(user.get("/work").json()["total"], mine.len());
    }
    for flow in engineer.get("/flows").json()["flows"].as_array().unwrap() {
        let expected = match flow["key"].as_str().unwrap() {
            "issue_track" => issues.len(),
            "buglist" => bugs.len(),
            _ => continue,
        };
        assert_eq!(flow["open_items"], expected, "the kept count of {}", flow["key"]);
        assert_eq!(engineer.get(&format!("/flows/{}/items", flow["key"].as_str().unwrap())).json()["total"], expected);
    }
}

/// The item is what its events make of it.
pub(crate) fn is_fold(item: &Value, history: &[Value]) {
    let mut fields: BTreeMap<String, Value> = BTreeMap::new();
    let (mut revision, mut closed) = (0, Value::Null);
    let mut last = &Value::Null;
    for event in history.iter().filter(|event| event["kind"] != "commented") {
        for (key, change) in event["changes"].as_object().unwrap() {
            let before =
                fields.get(key).cloned().unwrap_or(if change[0] == false { json!(false) } else { Value::Null });
            assert_eq!(before, change[0], "{}: {key} before event {}", item["id"], event["seq"]);
            fields.insert(key.clone(), change[1].clone());
        }
        assert_eq!(event["from"], if revision == 0 { Value::Null } else { last["to"].clone() }, "{}", item["id"]);
        let is_final = event["assigned_to"] == json!([]);
        closed = if is_final { if closed.is_null() { event["at"].clone() } else { closed } } else { Value::Null };
        revision += 1;
        last = event;
    }
    assert_eq!(item["revision"], revision, "{}", item["id"]);
    assert_eq!(item["state"], last["to"], "{}", item["id"]);
    assert_eq!(item["assigned_to"], last["assigned_to"], "{}", item["id"]);
    assert_eq!(item["closed_at"], closed, "{}", item["id"]);
    assert_eq!((&item["created_by"], &item["created_at"]), (&history[0]["actor"], &history[0]["at"]), "{}", item["id"]);
    assert_eq!(item["updated_at"], last["at"], "{}", item["id"]);
    for (key, value) in item["fields"].as_object().unwrap() {
        let empty = if *value == false { json!(false) } else { Value::Null };
        assert_eq!(*value, fields.get(key).cloned().unwrap_or(empty), "{}: {key}", item["id"]);
    }
}
