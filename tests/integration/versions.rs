//! A flow that changes while it is in use, and what stands still meanwhile.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Installation, Server, encoded, ids, stderr, stdout};

const FIRST: &str = r#"key = "t"
name = "流程"

[[field]]
key = "summary"
type = "text"

[[field]]
key = "level"
type = "choice"
choices = ["低", "高"]

[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#;

fn second() -> String {
    FIRST
        .replace("choices = [\"低\", \"高\"]", "choices = [\"中\", \"高\"]\n\n[[field]]\nkey = \"amount\"\ntype = \"number\"\ndefault = 7\n\n[[field]]\nkey = \"who\"\ntype = \"user\"\nrequired = true\ndefault = \"created_by\"")
        .replace("trigger = \"关\"", "trigger = \"了结\"\nrequired = [\"amount\"]")
        .replace("dest = \"完\"", "dest = \"毕\"")
}

fn publish(server: &Server, text: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.toml");
    std::fs::write(&file, text).unwrap();
    server.done(&["flow", "apply", file.to_str().unwrap()], "");
}

#[test]
fn an_item_lives_by_its_own_version_and_lists_hold_all_of_them() {
    let server = Server::with_flow(FIRST);
    let engineer = server.user("engineer");
    let old = engineer.create("t", &json!({"summary": "旧", "level": "低"}));
    publish(&server, &second());
    let new = engineer.create("t", &json!({"summary": "新", "level": "中"}));
    assert_eq!((&new["flow_version"], &new["fields"]["amount"]), (&json!(2), &json!(7)));
    let seen = engineer.again(&old);
    assert_eq!(seen, old, "nothing of it has changed");
    assert!(seen["fields"].get("amount").is_none(), "a field of the other version");
    engineer.saved(&old, &json!({"level": "高"}));
    engineer.saved(&old, &json!({"level": "低"}));
    let answer = engineer.save(&old, &json!({"amount": 1}));
    assert_eq!(answer.field_errors(), [("amount".to_owned(), "unknown".to_owned())]);
    assert_eq!(engineer.press(&old, "了结", &json!({})).refused(409), "wrong_state");
    let found = |query: &str| {
        let page = engineer.get(&format!("/flows/t/items?q={}", encoded(query))).expect(StatusCode::OK);
        ids(page["items"].as_array().unwrap()).join(" ")
    };
    assert_eq!((found("amount=7"), found("amount="), found("level=低")), ("t_2".into(), "t_1".into(), "t_1".into()));
    assert_eq!(ids(&engineer.pages("/flows/t/items?sort=-amount", 1)).len(), 2);
    engineer.pressed(&old, "关", &json!({}));
    engineer.pressed(&new, "了结", &json!({}));
    assert_eq!((found("state=完"), found("state=毕")), ("t_1".into(), "t_2".into()));
    assert_eq!(
        engineer.get("/flows").json()["flows"][0],
        json!({"key": "t", "name": "流程", "version": 2, "open_items": 0})
    );
    assert_eq!(server.done(&["flow", "show", "t", "--version", "1"], ""), FIRST);
}

#[test]
fn publishing_in_the_middle_of_writes_loses_none() {
    let server = Server::with_flow(FIRST);
    let engineer = server.user("engineer");
    let texts = [second(), FIRST.to_owned()];
    let made: usize = std::thread::scope(|scope| {
        let publisher = scope.spawn(|| (0..6).for_each(|n| publish(&server, &texts[n % 2])));
        let writers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    (0..25)
                        .map(|_| {
                            let item = engineer.create("t", &json!({"summary": "一", "level": "高"}));
                            let trigger = item["triggers"][0]["trigger"].as_str().unwrap();
                            engineer.pressed(&item, trigger, &json!({}));
                        })
                        .count()
                })
            })
            .collect();
        publisher.join().unwrap();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    let items = engineer.pages("/flows/t/items", 200);
    assert_eq!(items.len(), made);
    for item in &items {
        let expected = if item["flow_version"].as_i64().unwrap() % 2 == 1 { "完" } else { "毕" };
        assert_eq!(item["state"], expected, "each by its own version");
    }
    assert_eq!(engineer.get("/flows/t").json()["version"], 7);
}

#[test]
fn a_link_that_stays_is_no_write_whoever_may_see_it() {
    let linked = "key = \"u\"\nname = \"链\"\n[[field]]\nkey = \"one\"\ntype = \"item\"\n[[field]]\nkey = \"many\"\ntype = \"item\"\nmultiple = true\n[[transition]]\nsource = \"开\"\ntrigger = \"关\"\ndest = \"完\"\n[[transition]]\nsource = \"开\"\ntrigger = \"转\"\ndest = \"开\"\nassign_to = \"user:engineer\"\n";
    let hidden = FIRST
        .replace("name = \"流程\"", "name = \"密\"\n[view]\nby = [\"created_by\"]\n[create]\nby = [\"user:admin\"]");
    // Tables end the top of the file: the fields may still follow.
    let server = Server::with_flows(&[("t.toml", &hidden), ("u.toml", linked)]);
    let (admin, engineer) = (server.user("admin"), server.user("engineer"));
    admin.create("t", &json!({"summary": "密"}));
    let item = admin.create("u", &json!({"one": "t/1", "many": ["t/1"]}));
    let item = admin.pressed(&item, "转", &json!({}));
    let same = engineer.saved(&item, &json!({"one": "t/1", "many": ["t/1"]}));
    assert_eq!(same["revision"], item["revision"]);
    let grown = engineer.saved(&item, &json!({"many": ["t/1", "u/1"]}));
    assert_eq!(grown["fields"]["many"], json!(["t/1", "u/1"]), "what was there may stay");
    let moved = engineer.saved(&item, &json!({"one": null}));
    assert_eq!(moved["fields"]["one"], json!(null));
    assert_eq!(engineer.save(&item, &json!({"one": "t/1"})).field_errors(), [("one".to_owned(), "no_item".to_owned())]);
}

#[test]
fn days_and_times_are_in_the_installations_zone() {
    let dated = FIRST.replace("type = \"text\"", "type = \"text\"\n\n[[field]]\nkey = \"at\"\ntype = \"datetime\"");
    let at = Installation::with_flows(&[("t.toml", &dated)]);
    for (zone, shown) in [
        ("UTC", "2026-07-01T12:00:00+00:00"),
        ("America/New_York", "2026-07-01T08:00:00-04:00"),
        ("Asia/Kolkata", "2026-07-01T17:30:00+05:30"),
    ] {
        let server = at.serve_with(&["--time-zone", zone]);
        let item = server.user("engineer").create("t", &json!({"at": "2026-07-01T20:00:00+08:00"}));
        assert_eq!(item["fields"]["at"], shown, "{zone}");
        let offset = &shown[19..];
        let created = item["created_at"].as_str().unwrap();
        assert!(zone == "America/New_York" || created.ends_with(offset), "{zone}: {created}");
        let found = server.user("engineer").get("/flows/t/items?q=at%3D2026-07-01").json();
        assert_eq!(found["total"], item["number"], "{zone}: that day");
    }
}

/// A newer program finds what an older one did not: what is published goes on, and is told of.
#[test]
fn what_stands_published_is_not_refused_for_what_is_found_later() {
    let at = Installation::with_flows(&[("t.toml", FIRST)]);
    // nothing leads out of 困, and no trigger could ever bring an item there: only a check of every situation tells
    let unsound = format!(
        "{FIRST}\n[[transition]]\nsource = \"开\"\ntrigger = \"困\"\ndest = \"困\"\ncondition = 'level == \"低\" && level == \"高\"'\n[[transition]]\nsource = \"困\"\ntrigger = \"出\"\ndest = \"完\"\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let (file, other) = (folder.path().join("t.toml"), folder.path().join("u.toml"));
    std::fs::write(&file, &unsound).unwrap();
    std::fs::write(&other, FIRST.replace("key = \"t\"", "key = \"u\"")).unwrap();
    let apply = || at.run(&["flow", "apply", folder.path().to_str().unwrap()], "");
    assert_eq!(apply().status.code(), Some(1));
    at.sql(&format!("update flow_version set text = '{}' where flow = 't'", unsound.replace('\'', "''")));
    let applied = apply();
    assert_eq!(applied.status.code(), Some(0), "{}", stderr(&applied));
    assert_eq!(stdout(&applied), "unchanged t version 1 (流程)\npublished u version 1 (流程)\n");
    assert!(stderr(&applied).contains("warning: no item can ever come to \"困\""), "{}", stderr(&applied));
    std::fs::write(&file, format!("{unsound}# anders\n")).unwrap();
    assert_eq!(apply().status.code(), Some(1), "another text is another version");
}
