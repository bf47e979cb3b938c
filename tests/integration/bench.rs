//! `bench load`: what it makes is as if people had done it.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Installation, User, stderr};

const FLOWS: [&str; 4] = ["issue_track", "device_card", "improvement", "buglist"];

fn all(user: &User) -> BTreeMap<String, Vec<Value>> {
    FLOWS.iter().map(|key| ((*key).to_owned(), user.pages(&format!("/flows/{key}/items"), 200))).collect()
}

/// What stands in a field that nothing was ever written into, if `value` is that.
fn empty(value: &Value) -> Value {
    if *value == json!(false) || *value == json!([]) { value.clone() } else { Value::Null }
}

/// The item's state, holders and fields as its history tells them.
fn folded(user: &User, item: &Value) -> (Value, Value, BTreeMap<String, Value>) {
    let history = user.history(item);
    let last = history.last().expect("an event");
    let mut fields = BTreeMap::new();
    for event in &history {
        for (key, change) in event["changes"].as_object().expect("changes") {
            assert_eq!(fields.get(key).unwrap_or(&empty(&change[0])), &change[0], "{key}: {item}");
            fields.insert(key.clone(), change[1].clone());
        }
    }
    (last["to"].clone(), last["assigned_to"].clone(), fields)
}

#[test]
fn an_installation_is_filled_with_items_that_people_could_have_made() {
    let place = Installation::empty();
    let said = place.done(&["bench", "load", "--items", "400", "--users", "12"], "");
    assert_eq!(said, "400 items, 12 users\n");
    assert_eq!(place.done(&["user", "list"], "").lines().count(), 12 + 1);
    place.done(&["user", "add", "root", "--admin"], "");
    let server = place.into_server();
    let root = server.user("root");
    let items = all(&root);
    assert_eq!(items.values().map(Vec::len).sum::<usize>(), 400);
    let mut states = BTreeMap::new();
    for (key, found) in &items {
        assert!(!found.is_empty(), "{key}");
        let numbers: Vec<i64> = found.iter().rev().map(|item| item["number"].as_i64().expect("a number")).collect();
        assert!(numbers.iter().copied().eq(1..=found.len() as i64), "{key}: no gap");
        let times: Vec<&str> = found.iter().rev().map(|item| item["created_at"].as_str().expect("a time")).collect();
        assert!(times.is_sorted(), "{key}: numbers follow time");
        for item in found {
            *states.entry((key.clone(), item["state"].clone().to_string())).or_insert(0) += 1;
            let (state, holders, fields) = folded(&root, item);
            assert_eq!((&state, &holders), (&item["state"], &item["assigned_to"]), "{item}");
            for (field, value) in item["fields"].as_object().expect("fields") {
                assert_eq!(fields.get(field).unwrap_or(&empty(value)), value, "{field}: {item}");
            }
        }
    }
    assert!(states.len() > 8, "{states:?}");
    // What was counted is what is there.
    for (key, found) in &items {
        let open = found.iter().filter(|item| item["closed_at"].is_null()).count() as i64;
        let flows = root.get("/flows").expect(StatusCode::OK);
        let flow = flows["flows"].as_array().expect("flows").iter().find(|flow| flow["key"] == **key).expect("it");
        assert_eq!(flow["open_items"].as_i64(), Some(open), "{key}");
    }
    // And life goes on.
    let next = root.create("buglist", &json!({"summary": "再来一条"}));
    assert_eq!(next["number"].as_i64(), Some(items["buglist"].len() as i64 + 1));
}

#[test]
fn made_up_items_come_beside_real_ones_only_when_asked_for() {
    let server = crate::harness::Server::by_token();
    let engineer = server.user("engineer");
    let mine = engineer.create("improvement", &json!({"summary": "真的"}));
    let refused = server.run(&["bench", "load", "--items", "60"], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("--into-existing"), "{}", stderr(&refused));
    assert_eq!(all(&engineer).values().map(Vec::len).sum::<usize>(), 1);
    // The server goes on meanwhile and sees them at once.
    server.done(&["bench", "load", "--items", "60", "--into-existing"], "");
    assert_eq!(all(&engineer).values().map(Vec::len).sum::<usize>(), 61);
    assert_eq!(engineer.again(&mine)["fields"]["summary"], "真的");
    let usage = server.run(&["bench", "load", "--items", "0"], "");
    assert_eq!(usage.status.code(), Some(2));
}
