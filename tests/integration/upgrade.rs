//! Upgrades: what a program of every earlier schema left is opened by this one, and people go on with it.

use std::{collections::BTreeMap, fs, path::PathBuf};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    harness::{Server, User, encoded, path_of, project, records, run, stderr, stdout, texts},
    invariants::is_fold,
};

const PASSWORD: &str = "tasksteper-demo";
const PEOPLE: [&str; 4] = ["admin", "engineer", "delegate", "architect"];

/// The schemas that there were, by the steps between them.
fn versions() -> std::ops::RangeInclusive<u32> {
    let steps = fs::read_dir(project().join("crates/store/migrations")).unwrap();
    let steps = steps.filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.strip_prefix('V')?.split_once("__")?.0.parse::<u32>().ok()
    });
    1..=steps.max().unwrap()
}

fn kept(version: u32, kind: &str) -> PathBuf {
    project().join(format!("tests/kept/schema-{version}.{kind}"))
}

#[test]
fn a_data_file_of_every_schema_is_kept() {
    for version in versions() {
        for kind in ["tar.zst", "txt"] {
            let file = kept(version, kind);
            assert!(file.is_file(), "{} is missing: with the program of that schema, run `make kept`", file.display());
        }
    }
}

#[test]
fn what_every_earlier_program_left_is_opened_whole_and_people_go_on() {
    for version in versions() {
        upgrade(version);
    }
}

fn upgrade(version: u32) {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), kept(version, "tar.zst"));
    let data_text = data.to_str().unwrap();
    records::embed(&data);
    let output = run(&["restore", file.to_str().unwrap(), "--data", data_text], "");
    assert!(output.status.success(), "{version}: {}", stderr(&output));
    let newest = *versions().end();
    let says = format!("of version {version}: the next start brings them up to version {newest}");
    assert_eq!(stdout(&output).contains(&says), version < newest, "{}", stdout(&output));

    let server = Server::on(&data);
    let admin = server.user("admin");
    let items = items(&admin);
    let expected = fs::read_to_string(kept(version, "txt")).unwrap();
    let found: Vec<String> = items.iter().map(|item| line(&admin, item)).collect();
    assert_eq!(found.join("\n"), expected.trim_end(), "{version}: nothing is lost, nothing is new");
    let page = server.signed_in("admin", PASSWORD);
    for item in &items {
        is_fold(item, &admin.history(item));
        let answer = page.page(item["url"].as_str().unwrap());
        assert_eq!(answer.status, StatusCode::OK, "{}", item["url"]);
        for key in ["id", "state"] {
            assert!(answer.text.contains(item[key].as_str().unwrap()), "{}: {key}", item["url"]);
        }
    }
    counts(&server, &page, &items);
    views(&page, version);
    presses(&server, &items);
    drop(server);
    // It is of the newest schema now: a backup of it has nothing to be brought up.
    let again = folder.path().join("again");
    let output = run(&["backup", again.to_str().unwrap(), "--data", data_text], "");
    assert!(output.status.success(), "{}", stderr(&output));
    let more = folder.path().join("more");
    records::embed(&more);
    let output = run(&["restore", again.to_str().unwrap(), "--data", more.to_str().unwrap()], "");
    assert!(output.status.success() && !stdout(&output).contains("the next start"), "{}", stdout(&output));
}

/// Every item, by flow and number.
fn items(admin: &User) -> Vec<Value> {
    let flows = admin.get("/flows").json();
    let mut keys: Vec<&str> =
        flows["flows"].as_array().unwrap().iter().map(|flow| flow["key"].as_str().unwrap()).collect();
    keys.sort_unstable();
    let each = keys.iter().flat_map(|key| {
        let mut items = admin.pages(&format!("/flows/{key}/items"), 200);
        items.sort_by_key(|item| item["number"].as_i64());
        items
    });
    each.map(|item| admin.again(&item)).collect()
}

/// An item as the kept list has it.
fn line(admin: &User, item: &Value) -> String {
    let text = |key: &str| item[key].as_str().unwrap().to_owned();
    let events = admin.history(item).len();
    let holders = serde_json::to_string(&item["assigned_to"]).unwrap();
    format!(
        "{}\t{}\t{}\t{}\t{holders}\t{events}\t{}",
        text("flow"),
        item["number"],
        item["revision"],
        text("state"),
        text("title")
    )
}

/// What is kept beside the items agrees with them: counts, filters, what waits for whom.
fn counts(server: &Server, page: &User, items: &[Value]) {
    let admin = server.user("admin");
    let mut by_state: BTreeMap<(String, String), usize> = BTreeMap::new();
    for item in items {
        let text = |key: &str| item[key].as_str().unwrap().to_owned();
        *by_state.entry((text("flow"), text("state"))).or_default() += 1;
    }
    for ((flow, state), count) in &by_state {
        let answer = admin.get(&format!("/flows/{flow}/items?q={}", encoded(&format!("state={state}"))));
        assert_eq!(answer.expect(StatusCode::OK)["total"], *count, "{flow}: {state}");
    }
    for flow in admin.get("/flows").json()["flows"].as_array().unwrap() {
        let key = flow["key"].as_str().unwrap();
        let all = items.iter().filter(|item| item["flow"] == key);
        let open = all.clone().filter(|item| item["final"] == false).count();
        assert_eq!(flow["open_items"], open, "{key}");
        assert_eq!(admin.get(&format!("/flows/{key}/items")).json()["total"], all.count(), "{key}");
        for path in [format!("/flow/{key}"), format!("/flow/{key}/all"), format!("/flow/{key}/new")] {
            assert_eq!(page.page(&path).status, StatusCode::OK, "{path}");
        }
    }
    // By a piece of its title, though it was there before there was an index of words.
    for item in items {
        let title = item["title"].as_str().unwrap();
        let answer =
            admin.get(&format!("/search?limit=200&q={}", encoded(&format!("\"{title}\"")))).expect(StatusCode::OK);
        let found = answer["items"].as_array().unwrap();
        assert!(found.iter().any(|hit| hit["url"] == item["url"]), "{title}: {answer}");
    }
    for name in PEOPLE {
        let held = items.iter().filter(|item| texts(&item["assigned_to"]).contains(&name)).count();
        let user = server.user(name);
        assert_eq!(user.pages("/work?list=pending", 200).len(), held, "{name}");
        assert_eq!(user.get("/work?list=pending").json()["total"], held, "{name}");
    }
}

/// Items can be moved on, saved, spoken of and created as ever.
fn presses(server: &Server, items: &[Value]) {
    let mut pressed = 0;
    for name in &PEOPLE[1..] {
        let user = server.user(name);
        for item in items.iter().filter(|item| item["assigned_to"] == json!([name])).take(4) {
            let now = user.again(item);
            let path = path_of(&now);
            user.post(&format!("{path}/comments"), &json!({"comment": "升级以后"})).expect(StatusCode::CREATED);
            let triggers = now["triggers"].as_array().unwrap().iter().filter(|entry| entry["allowed"] == true);
            for entry in triggers {
                let body = json!({"trigger": entry["trigger"], "comment": "升级以后", "revision": now["revision"]});
                let answer = user.post(&format!("{path}/triggers"), &body);
                if answer.status == StatusCode::OK {
                    assert_eq!(answer.json()["state"], entry["dest"], "{path}");
                    is_fold(&answer.json(), &user.history(&now));
                    pressed += 1;
                    break;
                }
                answer.field_errors();
            }
        }
    }
    assert!(pressed >= 2, "only {pressed} could be pressed");
    let engineer = server.user("engineer");
    let last = items.iter().filter(|item| item["flow"] == "issue_track").map(|item| item["number"].as_i64().unwrap());
    let number = engineer.create("issue_track", &json!({"summary": "升级以后"}))["number"].as_i64();
    assert_eq!(number, last.max().map(|last| last + 1));
}

/// Views are there since version 6: what was kept for everybody opens, and new ones are kept.
fn views(page: &User, version: u32) {
    let kept = page.page("/flow/issue_track").text;
    let views: Vec<&str> =
        kept.split("href=\"/flow/issue_track/view/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(views.len(), usize::from(version >= 6), "{version}");
    for id in views {
        let shown = page.page(&format!("/flow/issue_track/view/{id}"));
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
        assert!(shown.text.contains("未关闭问题（按级别）") && shown.text.contains("scope=\"rowgroup\""));
    }
    let made = page.form("/flow/issue_track/views", &[("name", "我的"), ("group", "state")]);
    assert_eq!(page.page(made.headers["location"].to_str().unwrap()).status, StatusCode::OK, "{version}");
}
