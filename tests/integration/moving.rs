//! An installation moves: `data copy` between directories and, where a server is at hand, to PostgreSQL and back.

use serde_json::{Value, json};

use crate::{
    harness::{Installation, Server, records, run, stderr, stdout},
    invariants::is_fold,
};

/// What the API shows of everything: lists, every item with its history.
fn seen(server: &Server) -> Value {
    let admin = server.user("admin");
    let mut flows = Vec::new();
    for flow in ["issue_track", "improvement", "device_card", "buglist"] {
        let items = admin.pages(&format!("/flows/{flow}/items"), 200);
        let whole = |item: &Value| json!([admin.again(item), admin.history(item)]);
        flows.push(items.iter().map(whole).collect::<Vec<_>>());
    }
    json!(flows)
}

fn copy(from: &str, to: &str) -> std::process::Output {
    run(&["data", "copy", "--from", from, "--to", to], "")
}

#[test]
fn everything_arrives_elsewhere_and_comes_back() {
    let first = Installation::embedded();
    let here = first.data().to_str().unwrap();
    let mut demo = first.demo();
    let before = seen(&demo);
    assert!(demo.stop().success());
    let (there, back) = (Installation::empty(), Installation::embedded());
    let target = records::database(there.data()).unwrap_or_else(|| there.data().to_str().unwrap().to_owned());
    let output = copy(here, &target);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("rows copied"), "{}", stdout(&output));
    let output = copy(&target, back.data().to_str().unwrap());
    assert!(output.status.success(), "{}", stderr(&output));
    for (place, moved) in [("there", &there), ("back", &back)] {
        let server = moved.serve();
        assert_eq!(seen(&server), before, "{place}");
        let admin = server.user("admin");
        let item = admin.create("issue_track", &json!({"summary": "新的一条"}));
        is_fold(&item, &admin.history(&item));
        assert!(server.signed_in("engineer", "tasksteper-demo").page("/").status.is_success(), "{place}");
    }
}

#[test]
fn only_an_empty_place_is_copied_into() {
    let (first, second) = (Installation::embedded(), Installation::shipped_by_token());
    first.done(&["user", "add", "ann"], "");
    let target = records::database(second.data()).unwrap_or_else(|| second.data().to_str().unwrap().to_owned());
    let output = copy(first.data().to_str().unwrap(), &target);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("only empty records can be copied into"), "{}", stderr(&output));
    assert!(second.done(&["user", "list"], "").contains("engineer"), "what was there is there");
    let output = copy(first.data().to_str().unwrap(), first.data().to_str().unwrap());
    assert_eq!(output.status.code(), Some(1), "nor onto itself: {}", stdout(&output));
    assert!(first.done(&["user", "list"], "").contains("ann"));
}

#[test]
fn what_cannot_be_copied_is_said() {
    let empty = Installation::embedded();
    let target = Installation::embedded();
    let to = target.data().to_str().unwrap();
    let output = copy(empty.data().to_str().unwrap(), to);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("no installation in"), "{}", stderr(&output));
    let output = copy("mysql://x/y", to);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("postgres://"), "{}", stderr(&output));
    let output = copy("postgres://nobody:secret@127.0.0.1:1/x", to);
    assert_eq!(output.status.code(), Some(1));
    assert!(!stderr(&output).contains("secret") && stderr(&output).contains("127.0.0.1:1"), "{}", stderr(&output));
}
