//! The demo: what `tasksteper demo` shows to who tries it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{Installation, Server, User, stderr};

const PASSWORD: &str = "tasksteper-demo";

fn demo() -> (Installation, Server) {
    let at = Installation::empty();
    let server = at.demo();
    (at, server)
}

#[test]
fn the_demo_has_a_story_in_all_states_and_keeps_the_invariants() {
    let (_at, server) = demo();
    let user = server.user("engineer");
    let flows = user.get("/flows").json();
    let keys: BTreeSet<&str> =
        flows["flows"].as_array().unwrap().iter().map(|flow| flow["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["buglist", "device_card", "improvement", "issue_track"].into());
    let (mut count, mut linked, mut actors) = (0, 0, BTreeSet::new());
    for key in keys {
        let items = user.pages(&format!("/flows/{key}/items"), 200);
        count += items.len();
        let states: BTreeSet<&str> = items.iter().map(|item| item["state"].as_str().unwrap()).collect();
        let definition = user.get(&format!("/flows/{key}")).json();
        for state in definition["states"].as_array().unwrap() {
            assert!(states.contains(state["name"].as_str().unwrap()), "{key}: an item in {}", state["name"]);
        }
        for item in &items {
            let history = user.history(item);
            crate::invariants::is_fold(item, &history);
            assert_eq!(item["assigned_to"].as_array().unwrap().is_empty(), item["final"] == true);
            actors.extend(history.iter().map(|event| event["actor"].as_str().unwrap().to_owned()));
            linked += usize::from(item["fields"].as_object().unwrap().values().any(is_link));
        }
    }
    assert!((50..=80).contains(&count), "about sixty items: {count}");
    assert!(linked >= 5, "linked ones: {linked}");
    assert!(actors.is_superset(&["engineer", "delegate", "architect"].map(str::to_owned).into()), "{actors:?}");
}

fn is_link(value: &Value) -> bool {
    let is_one = |value: &Value| {
        value.as_str().is_some_and(|text| text.starts_with("buglist/") || text.starts_with("improvement/"))
    };
    is_one(value) || value.as_array().is_some_and(|values| values.iter().any(is_one))
}

#[test]
fn its_users_sign_in_and_have_something_to_do() {
    let (at, mut server) = demo();
    for name in ["admin", "engineer", "delegate", "architect"] {
        let person: User = server.signed_in(name, PASSWORD);
        assert_eq!(person.page("/").status, 200, "{name}");
        let api = server.user(name);
        assert!(name == "admin" || !api.pages("/work", 50).is_empty(), "{name} has something pending");
    }
    assert!(server.stop().success());
    let again = at.demo();
    assert!(!again.user("engineer").pages("/work", 50).is_empty(), "kept with --data");
}

#[test]
fn it_prints_where_and_who() {
    let at = Installation::empty();
    let mut server = at.demo();
    let (base, output) = (server.base.clone(), server.printed());
    for word in [base.as_str(), "admin", "engineer", "delegate", "architect", PASSWORD] {
        assert!(output.contains(word), "{word}: {output}");
    }
    assert!(output.starts_with(&format!("listening on {base}\n")));
    let refused = crate::harness::run(&["demo", "--listen", "192.0.2.1:0"], "");
    assert!(!refused.status.success() && stderr(&refused).contains("loopback"), "{}", stderr(&refused));
}
