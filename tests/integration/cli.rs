//! The command line: what it prints, how it ends, and what a running server makes of it.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Installation, Server, ids, program, project, records, run, stderr, stdout};

const SMALL: &str = r#"# 一个小流程
key = "t"
name = "小"

[[field]]
key = "summary"
type = "text"

[[transition]]
source = "开"
trigger = "关"
dest = "完"
"#;

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

// ---------------------------------------------------------------------------------------------- words

#[test]
fn every_command_says_what_it_does_with_an_example() {
    let commands = [
        "",
        "demo",
        "serve",
        "user",
        "user add",
        "user list",
        "user passwd",
        "user disable",
        "group",
        "group list",
        "token",
        "token create",
        "flow",
        "flow check",
        "flow apply",
        "flow test",
        "flow try",
        "flow list",
        "flow show",
        "flow diagram",
        "flow schema",
        "flow archive",
        "flow import-django",
        "backup",
        "restore",
        "bench",
        "bench load",
        "data",
        "data copy",
        "data distribute",
    ];
    for command in commands {
        let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let output = run(&words, "");
        assert_eq!(output.status.code(), Some(0), "{command}");
        let text = stdout(&output);
        assert!(text.contains("Example:\n  "), "{command}: {text}");
        assert!(text.contains(&format!("tasksteper {command}").trim_end().to_owned()), "{command}: {text}");
    }
}

#[test]
fn words_that_make_no_sense_are_status_2() {
    let at = Installation::empty();
    let data = at.data().to_str().unwrap();
    let cases: &[&[&str]] = &[
        &[],
        &["nothing"],
        &["user"],
        &["user", "add"],
        &["user", "add", "ann", "--nothing"],
        &["flow", "check"],
        &["serve", "--listen", "x"],
        &["serve", "--base-url", "not a url", "--data", data],
        &["user", "list", "--time-zone", "Mars/Olympus", "--data", data],
        &["token", "create", "ann", "--expires", "soon", "--data", data],
        &["user", "passwd", "ann", "--data", data],
        &["flow", "show", "t", "--version", "x", "--data", data],
    ];
    for words in cases {
        let output = run(words, "");
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", stderr(&output));
        assert!(!stderr(&output).is_empty() && stdout(&output).is_empty(), "{words:?}");
    }
}

#[test]
fn what_is_refused_is_status_1_and_said_on_stderr() {
    let at = Installation::with_flows(&[("t.toml", SMALL)]);
    let cases: &[&[&str]] = &[
        &["user", "passwd", "nobody", "--password-stdin"],
        &["user", "disable", "nobody"],
        &["user", "disable", "engineer", "--hand-over", "nobody"],
        &["user", "disable", "engineer", "--hand-over", "ENGINEER"],
        &["user", "disable", "admin"],
        &["user", "add", "Engineer"],
        &["token", "create", "nobody"],
        &["flow", "show", "nothing"],
        &["flow", "show", "t", "--version", "2"],
        &["flow", "archive", "nothing"],
        &["flow", "apply", "/nowhere/at-all.toml"],
        &["user", "list", "--database", "postgres://localhost/x"],
    ];
    for words in cases {
        let output = at.run(words, "a-new-password\n");
        assert_eq!(output.status.code(), Some(1), "{words:?}: {}", stderr(&output));
        assert!(stderr(&output).starts_with("error: ") && stdout(&output).is_empty(), "{words:?}: {}", stderr(&output));
    }
    let output = run(&["flow", "check", "/nowhere/at-all.toml"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("/nowhere/at-all.toml"), "the file is named");
}

// ---------------------------------------------------------------------------------------------- people

#[test]
fn names_of_users() {
    let at = Installation::empty();
    for (name, shown) in [
        ("ann", "ann"),
        ("王小明", "王小明"),
        ("Jose\u{301}", "José"),
        ("a.b_c-d", "a.b_c-d"),
        ("Łukasz", "Łukasz"),
        ("7", "7"),
    ] {
        assert!(at.done(&["user", "add", name], "").contains(shown), "{name}");
    }
    at.done(&["user", "add", &"字".repeat(64)], "");
    let long = "字".repeat(65);
    let bad = [
        "", " ", "a b", "a/b", "a@b", "a:b", "🙂", "ANN", "José", "JOSÉ", "łukasz", "a\nb", "system", "\u{301}", &long,
    ];
    for name in bad {
        let output = at.run(&["user", "add", "--", name], "");
        assert_ne!(output.status.code(), Some(0), "{name:?} was added");
        assert!(!stderr(&output).is_empty());
    }
    let listed = at.done(&["user", "list"], "");
    assert_eq!(listed.lines().count(), 8, "{listed}");
}

#[test]
fn users_groups_and_their_lists() {
    let at = Installation::empty();
    at.done(
        &[
            "user",
            "add",
            "ann",
            "--display",
            "安妮",
            "--email",
            "ann@example.com",
            "--group",
            "维护",
            "--group",
            "值班",
        ],
        "",
    );
    at.done(&["user", "add", "bob", "--admin", "--group", "维护", "--display", " "], "");
    let users = at.done(&["user", "list"], "");
    let ann = users.lines().find(|line| line.starts_with("ann")).unwrap();
    for part in ["安妮", "ann@example.com", "维护", "值班"] {
        assert!(ann.contains(part), "{ann}");
    }
    assert!(users.lines().any(|line| line.starts_with("bob") && line.contains("admin")), "{users}");
    let bob = users.lines().find(|line| line.starts_with("bob")).unwrap();
    assert_eq!(bob.matches("bob").count(), 2, "a blank display name is none: {bob}");
    let groups = at.done(&["group", "list"], "");
    assert!(
        groups.lines().any(|line| line.starts_with("维护") && line.contains("ann") && line.contains("bob")),
        "{groups}"
    );
    at.done(&["user", "disable", "ann"], "");
    assert!(at.done(&["user", "list"], "").lines().any(|line| line.starts_with("ann") && line.contains("disabled")));
    assert_eq!(at.run(&["user", "add", "ann"], "").status.code(), Some(1), "a name is never reused");
    assert_eq!(at.run(&["token", "create", "ann"], "").status.code(), Some(1), "no token for who is disabled");
}

#[test]
fn a_token_stands_alone_on_stdout_and_works_until_it_expires() {
    let server = Server::with_flow(SMALL);
    let output = server.run(&["token", "create", "engineer", "--name", "脚本", "--expires", "90d"], "");
    let text = stdout(&output);
    assert_eq!(text.lines().count(), 1);
    assert!(text.trim().len() >= 43 && !text.trim().contains(char::is_whitespace), "256 random bits: {text}");
    let other = server.done(&["token", "create", "engineer"], "");
    assert_ne!(text, other);
    let files: Vec<_> =
        fs::read_dir(&server.data).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap_or_default()).collect();
    let secret = text.trim().as_bytes();
    assert!(files.iter().all(|bytes| !bytes.windows(secret.len()).any(|part| part == secret)), "only its hash is kept");
}

#[test]
fn disabling_lists_what_is_still_held_and_hands_it_over() {
    let server = Server::with_flow(SMALL);
    let (engineer, delegate) = (server.user("engineer"), server.user("delegate"));
    for _ in 0..3 {
        engineer.create("t", &json!({}));
    }
    engineer.pressed(&engineer.item("t", 3), "关", &json!({}));
    let said = server.done(&["user", "disable", "engineer"], "");
    assert!(said.contains("t_1") && said.contains("t_2") && !said.contains("t_3"), "{said}");
    engineer.get("/me").refused(401);
    let said = server.done(&["user", "disable", "Engineer", "--hand-over", "DELEGATE"], "");
    assert!(!said.contains("t_1"), "nothing is held any more: {said}");
    assert_eq!(ids(&delegate.pages("/work", 9)).len(), 2);
    assert_eq!(delegate.history(&delegate.item("t", 1)).last().unwrap()["kind"], "assigned");
}

// ---------------------------------------------------------------------------------------------- flows

const TEN_MISTAKES: &str = r#"key = "Wrong Key"
name = "十个错"
titel = "summary"

[[field]]
key = "summary"
type = "txt"

[[field]]
key = "level"
type = "choice"
choices = ["高", "低"]
default = "中"

[[field]]
key = "level"
type = "text"

[[field]]
key = "state"
type = "text"

[[field]]
key = "amount"
type = "number"
min = 10
max = 1

[[transition]]
source = "开"
trigger = "走"
dest = "办"
assign_to = "nobody_here"

[[transition]]
source = "办"
trigger = "关"
dest = "完"
condition = 'level == "中"'

[[transition]]
source = "办"
trigger = "改"
dest = "完"
set = { amount = 100 }
"#;

#[test]
fn ten_mistakes_are_ten_messages_each_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "ten.toml", TEN_MISTAKES);
    let output = run(&["flow", "check", &path], "");
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output) + &stdout(&output);
    let expected = [(1, 7), (3, 1), (7, 8), (13, 11), (16, 7), (20, 7), (27, 7), (33, 13), (39, 23), (45, 18)];
    for (line, column) in expected {
        assert!(text.contains(&format!("{path}:{line}:{column}: error: ")), "{line}:{column} is missing:\n{text}");
    }
    assert!(
        text.contains("titel = \"summary\"") && text.contains("title"),
        "the line itself and the nearest known key:\n{text}"
    );
    assert_eq!(text.matches(": error: ").count(), 10, "{text}");
    assert_eq!(text.matches("help: ").count(), 10, "each with a way out:\n{text}");
}

#[test]
fn a_check_reports_every_file_and_needs_no_data() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(folder.path(), "good.toml", SMALL);
    let bad = file(folder.path(), "bad.toml", "key = \n");
    let worse = file(folder.path(), "worse.toml", "");
    let output = run(&["flow", "check", &good, &bad, &worse], "");
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(
        text.contains(&format!("{bad}:1:"))
            && text.contains(&format!("{worse}:1:"))
            && !text.contains(&format!("{good}:")),
        "{text}"
    );
    assert_eq!(run(&["flow", "check", &good], "").status.code(), Some(0));
    let shipped: Vec<String> = ["issue_track", "improvement", "device_card", "buglist"]
        .iter()
        .map(|key| project().join(format!("flows/{key}.toml")).to_str().unwrap().to_owned())
        .collect();
    let words: Vec<&str> = ["flow", "check"].into_iter().chain(shipped.iter().map(String::as_str)).collect();
    let output = run(&words, "");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!stderr(&output).contains("error"), "{}", stderr(&output));
    let latin = folder.path().join("latin.toml");
    fs::write(&latin, b"key = \"t\"\nname = \"\xe4\"\n").unwrap();
    let output = run(&["flow", "check", latin.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("UTF-8"));
}

#[test]
fn an_apply_is_all_or_none() {
    let at = Installation::empty();
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), "a.toml", SMALL);
    file(folder.path(), "b.toml", "key = \"b\"\nname = \"坏\"\n");
    file(folder.path(), "c.test.toml", "not a flow");
    file(folder.path(), "d.txt", "not a flow");
    let path = folder.path().to_str().unwrap();
    let output = at.run(&["flow", "apply", path], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("b.toml:") && !stderr(&output).contains("c.test.toml"), "{}", stderr(&output));
    assert!(!at.done(&["flow", "list"], "").contains("小"));
    fs::remove_file(folder.path().join("b.toml")).unwrap();
    assert!(at.done(&["flow", "apply", path], "").contains('t'));
    assert_eq!(at.done(&["flow", "show", "t"], ""), SMALL);
}

#[test]
fn versions_only_grow_and_stay_as_they_were_published() {
    let at = Installation::with_flows(&[("t.toml", SMALL)]);
    let folder = tempfile::tempdir().unwrap();
    let odd = format!("\u{feff}{}", SMALL.replace('\n', "\r\n").replace("小", "大 🙂"));
    let texts = [SMALL.replace("小", "中"), odd, SMALL.to_owned()];
    for (n, text) in texts.iter().enumerate() {
        let path = file(folder.path(), "t.toml", text);
        for _ in 0..2 {
            at.done(&["flow", "apply", &path], "");
            let list = at.done(&["flow", "list"], "");
            let version = list.lines().find(|line| line.starts_with('t')).unwrap().split_whitespace().nth(1).unwrap();
            assert_eq!(version, (n + 2).to_string(), "an equal file changes nothing");
        }
        let shown = at.run(&["flow", "show", "t"], "");
        assert_eq!(shown.stdout, text.as_bytes(), "byte for byte");
    }
    for (version, text) in [SMALL.to_owned()].iter().chain(&texts).enumerate() {
        let shown = at.run(&["flow", "show", "t", "--version", &(version + 1).to_string()], "");
        assert_eq!(shown.stdout, text.as_bytes(), "version {}", version + 1);
    }
}

#[test]
fn a_running_server_serves_what_was_applied_and_archived() {
    let server = Server::with_flow(SMALL);
    let engineer = server.user("engineer");
    let item = engineer.create("t", &json!({"summary": "一"}));
    let folder = tempfile::tempdir().unwrap();
    let newer = file(folder.path(), "t.toml", &SMALL.replace("\"关\"", "\"了结\""));
    let other = file(folder.path(), "u.toml", &SMALL.replace("key = \"t\"", "key = \"u\""));
    server.done(&["flow", "apply", &newer, &other], "");
    let fresh = engineer.create("t", &json!({}));
    assert_eq!((&fresh["flow_version"], &fresh["triggers"][0]["trigger"]), (&json!(2), &json!("了结")));
    assert_eq!(engineer.create("u", &json!({}))["id"], "u_1");
    let old = engineer.pressed(&item, "关", &json!({}));
    assert_eq!(old["flow_version"], 1, "an item keeps its version");
    server.done(&["flow", "archive", "t"], "");
    assert_eq!(engineer.post("/flows/t/items", &json!({"fields": {}})).refused(403), "not_allowed");
    assert_eq!(engineer.item("t", 1)["fields"]["summary"], "一", "its items stay readable");
    assert_eq!(engineer.press(&fresh, "了结", &json!({})).refused(403), "not_allowed");
    let trigger = &engineer.item("t", 2)["triggers"][0];
    assert_eq!((&trigger["trigger"], &trigger["allowed"]), (&json!("了结"), &json!(false)), "shown, with its reason");
    assert!(trigger["reason"].as_str().unwrap().contains("停用"), "{trigger}");
    let keys: Vec<_> =
        engineer.get("/flows").json()["flows"].as_array().unwrap().iter().map(|flow| flow["key"].clone()).collect();
    assert_eq!(keys, ["u"]);
    server.done(&["flow", "apply", &newer], "");
    assert_eq!(engineer.pressed(&fresh, "了结", &json!({}))["state"], "完", "applied again, in use again");
}

#[test]
fn publishing_what_would_break_others_is_refused() {
    let at = Installation::shipped_by_token();
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(project().join("flows/issue_track.toml")).unwrap();
    let cases = [
        (
            "a field's type",
            text.replacen(
                "key = \"site\"\nlabel = \"局点\"\ntype = \"text\"",
                "key = \"site\"\nlabel = \"局点\"\ntype = \"date\"",
                1,
            ),
        ),
        ("another's prefix", text.replace("item_prefix = \"question\"", "item_prefix = \"bug\"")),
    ];
    for (what, changed) in cases {
        assert_ne!(changed, text, "{what}");
        let output = at.run(&["flow", "apply", &file(folder.path(), "issue_track.toml", &changed)], "");
        assert_eq!(output.status.code(), Some(1), "{what}");
        assert!(stderr(&output).contains("error"), "{what}: {}", stderr(&output));
    }
    let improvement = fs::read_to_string(project().join("flows/improvement.toml")).unwrap();
    let renamed = improvement.replace("key = \"detail\"", "key = \"details\"");
    let output = at.run(&["flow", "apply", &file(folder.path(), "improvement.toml", &renamed)], "");
    assert_eq!(output.status.code(), Some(1), "issue_track copies into that field");
    assert_eq!(at.done(&["flow", "show", "improvement"], ""), improvement);
    let alone = Installation::empty();
    let output = alone.run(&["flow", "apply", project().join("flows/issue_track.toml").to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(1), "flows that it names are not published");
}

// ---------------------------------------------------------------------------------------------- serving

#[test]
fn the_first_serve_prints_a_set_up_link_only_without_an_administrator() {
    let at = Installation::empty();
    let mut server = at.serve();
    assert!(server.base.starts_with("http://127.0.0.1:"));
    assert_eq!(reqwest::blocking::get(format!("{}/healthz", server.base)).unwrap().status(), 200);
    assert!(server.stop().success(), "SIGTERM is a good end");
    assert!(server.said("/setup/").starts_with(&format!("{}/setup/", server.base)));
    at.done(&["user", "add", "ann"], "");
    at.done(&["user", "add", "bob", "--admin"], "");
    let mut server = at.serve();
    assert!(server.stop().success());
    assert!(!server.log().contains("/setup/"), "{}", server.log());
}

#[test]
fn a_request_in_flight_at_the_signal_is_finished() {
    use std::io::{Read as _, Write as _};
    let at = Installation::with_flows(&[("t.toml", SMALL)]);
    let mut server = at.serve();
    let token = server.done(&["token", "create", "engineer"], "");
    let address = server.base.strip_prefix("http://").unwrap().to_owned();
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    let body = r#"{"fields":{"summary":"一"}}"#;
    let head = format!(
        "POST /api/v1/flows/t/items HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
        token.trim(),
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut first = [0; 25];
    // The server asks for the body: from here on the request is in its hands.
    stream.read_exact(&mut first).unwrap();
    assert!(first.starts_with(b"HTTP/1.1 100 Continue"));
    let id = server.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(server.stop().success());
}

#[test]
fn a_port_in_use_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let at = Installation::with_flows(&[("t.toml", SMALL)]);
    let output = at.run(&["serve", "--listen", &address], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).is_empty());
    assert!(stderr(&output).contains(&address) && stderr(&output).contains("--listen"), "{}", stderr(&output));
}

#[test]
fn a_disabled_user_and_their_tokens_are_refused_at_the_next_request() {
    let server = Server::with_flow(SMALL);
    let engineer = server.user("engineer");
    engineer.get("/me").expect(StatusCode::OK);
    server.done(&["user", "disable", "engineer"], "");
    engineer.get("/me").refused(401);
    engineer.post("/flows/t/items", &json!({"fields": {}})).refused(401);
}

/// What a command wrote is in the one file when it has ended: nothing but it has to be copied.
#[test]
fn a_command_leaves_no_log_behind() {
    for _ in 0..4 {
        let at = Installation::embedded_by_token();
        let files: Vec<_> = fs::read_dir(at.data()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(files, ["tasksteper.db"]);
    }
}

#[test]
fn two_servers_on_one_installation_agree() {
    let at = Installation::with_flows(&[("t.toml", SMALL)]);
    let (one, two) = (at.serve(), at.serve());
    let (here, there) = (one.user("engineer"), two.user("engineer"));
    let item = here.create("t", &json!({"summary": "一"}));
    assert_eq!(there.again(&item), item);
    there.saved(&item, &json!({"summary": "二"}));
    assert_eq!(here.again(&item)["fields"]["summary"], "二");
    assert_eq!(there.create("t", &json!({}))["number"], 2);
}

// ---------------------------------------------------------------------------------------------- broken surroundings

#[test]
fn a_directory_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "a-file", "");
    for data in [&path, &format!("{path}/under")] {
        records::embed(Path::new(data));
    }
    let output = run(&["user", "list", "--data", &path], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&path), "{}", stderr(&output));
    let output = run(&["user", "list", "--data", &format!("{path}/under")], "");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_directory_that_cannot_be_written() {
    let at = Installation::with_flows(&[("t.toml", SMALL)]);
    let folder = at.data().to_owned();
    let before = fs::metadata(&folder).unwrap().permissions();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    // Nothing is denied to root.
    let denied = fs::write(folder.join("probe"), "").is_err();
    let output = at.run(&["user", "add", "ann"], "");
    fs::set_permissions(&folder, before).unwrap();
    if denied {
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(folder.to_str().unwrap()), "{}", stderr(&output));
    }
}

#[test]
fn a_database_that_is_none_or_of_a_newer_version() {
    let at = Installation::embedded();
    at.apply(&[("t.toml", SMALL)]);
    let path = at.database();
    let good = fs::read(&path).unwrap();
    fs::write(&path, b"this is no database, but long enough to look like something ".repeat(100)).unwrap();
    let output = at.run(&["user", "list"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("error: "), "{}", stderr(&output));
    let mut torn = good.clone();
    torn.truncate(good.len() / 2);
    fs::write(&path, &torn).unwrap();
    let output = at.run(&["flow", "list"], "");
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    fs::write(&path, &good).unwrap();
    at.done(&["user", "list"], "");
}

#[test]
fn the_demo_listens_on_loopback_only() {
    let output = run(&["demo", "--listen", "0.0.0.0:0"], "");
    assert_ne!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("loopback"), "{}", stderr(&output));
}

#[test]
fn the_program_is_found() {
    assert!(Path::new(program()).is_file());
}

#[test]
fn a_short_password_is_warned_of_and_one_that_cannot_be_typed_is_refused() {
    let at = Installation::empty();
    for password in ["a\u{0}pass-word", "a\u{0}b", ""] {
        let refused = at.run(&["user", "add", "ann", "--password-stdin"], &format!("{password}\n"));
        assert_eq!(refused.status.code(), Some(1), "{password:?}");
        assert!(stderr(&refused).starts_with("error: "), "{}", stderr(&refused));
    }
    let added = at.run(&["user", "add", "ann", "--password-stdin"], "一二三四五六七八\n");
    assert_eq!((added.status.code(), stderr(&added).as_str()), (Some(0), ""));
    let changed = at.run(&["user", "passwd", "ann", "--password-stdin"], "short\n");
    assert_eq!(changed.status.code(), Some(0));
    assert_eq!(stderr(&changed), "warning: password: at least 8 characters\n");
    at.serve().signed_in("ann", "short");
}

#[test]
fn what_only_looks_makes_no_installation() {
    let at = Installation::empty();
    let nowhere = at.data().join("mistyped");
    let data = nowhere.to_str().unwrap();
    // Of a database server, whose databases are made by hand, nothing is refused.
    records::embed(&nowhere);
    for words in [
        &["user", "list"][..],
        &["user", "passwd", "ann", "--password-stdin"],
        &["user", "disable", "ann"],
        &["group", "list"],
        &["token", "create", "ann"],
        &["flow", "list"],
        &["flow", "show", "t"],
        &["flow", "archive", "t"],
    ] {
        let refused = run(&[words, &["--data", data]].concat(), "pass-word-1\n");
        assert_eq!(refused.status.code(), Some(1), "{words:?}");
        assert_eq!(
            stderr(&refused),
            format!("error: no installation in {data}: give the directory of one with --data (or TASKSTEPER_DATA)\n"),
            "{words:?}"
        );
        assert!(!nowhere.exists(), "{words:?} makes nothing");
    }
    run(&["user", "add", "ann", "--data", data], "");
    assert!(stdout(&run(&["user", "list", "--data", data], "")).contains("ann"), "adding a user may begin one");
}
