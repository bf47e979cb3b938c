//! Many at once, on two nodes, at what only one may have.

use std::{collections::BTreeSet, process::Output, sync::Barrier};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    harness::{Answer, Installation, Server, User, load::is_fold, path_of, stderr},
};

/// Two flows whose items open and link each other's.
const PAIR: &str = r#"
key = "pair"
name = "对"
item_prefix = "pair"

[[field]]
key = "summary"
label = "概要"
type = "text"

[[field]]
key = "other"
label = "另一个"
type = "item"
flow = "pair"

[[transition]]
source = "开始"
trigger = "推"
dest = "开始"

[[transition]]
source = "开始"
trigger = "完"
dest = "结束"
"#;

struct Two {
    _cluster: Cluster,
    at: Installation,
    nodes: [Server; 2],
}

fn two() -> Two {
    let cluster = Cluster::start();
    let at = Installation::on(&cluster.database("one")).filled();
    let nodes = [at.serve(), at.serve()];
    Two { _cluster: cluster, at, nodes }
}

/// All at the same moment: what each gave.
fn at_once<T: Send>(count: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(count);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|at| {
                let (act, barrier) = (&act, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    act(at)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    let mut all: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    all.sort_unstable();
    all
}

#[test]
fn numbers_given_at_once_are_without_gap_and_given_once() {
    let two = two();
    let user = two.nodes[0].user("engineer");
    let made = at_once(24, |at| {
        let user = user.at(&two.nodes[at % 2].base);
        (0..10)
            .map(|_| user.create("buglist", &json!({"summary": "概要"}))["number"].as_i64().unwrap())
            .collect::<Vec<_>>()
    });
    let numbers: BTreeSet<i64> = made.into_iter().flatten().collect();
    assert_eq!(numbers, (1..=240).collect());
    assert_eq!(user.get("/flows/buglist/items").json()["total"], 240);
}

#[test]
fn everybody_comments_and_saves_one_item_at_once() {
    let two = two();
    let user = two.nodes[0].user("engineer");
    let item = user.create("issue_track", &json!({"summary": "概要"}));
    let path = path_of(&item);
    let said = at_once(16, |at| {
        let user = user.at(&two.nodes[at % 2].base);
        let mut taken = 0;
        for round in 0..8 {
            let text = format!("{at} 的第 {round} 句");
            user.post(&format!("{path}/comments"), &json!({"comment": text})).expect(StatusCode::CREATED);
            let answer =
                user.patch(&path, &json!({"fields": {"summary": text}, "revision": user.again(&item)["revision"]}));
            match answer.status.as_u16() {
                200 => taken += 1,
                _ => assert_eq!(answer.refused(409), "stale_revision"),
            }
        }
        taken
    });
    let history = user.history(&item);
    assert_eq!(history.iter().filter(|event| event["kind"] == "commented").count(), 16 * 8);
    let now = user.again(&item);
    assert_eq!(now["revision"], 1 + said.iter().sum::<i64>());
    let order: Vec<i64> = history.iter().map(|event| event["seq"].as_i64().unwrap()).collect();
    assert_eq!(order, (1..=i64::try_from(order.len()).unwrap()).collect::<Vec<_>>());
    is_fold(&now, &history);
}

#[test]
fn one_revision_is_moved_on_by_one_only() {
    let two = two();
    let (user, admin) = (two.nodes[0].user("engineer"), two.nodes[0].user("admin"));
    for _ in 0..10 {
        let item = user.create("issue_track", &json!({"summary": "概要"}));
        let path = path_of(&item);
        let answers = at_once(8, |at| {
            let user = user.at(&two.nodes[at % 2].base);
            let body =
                json!({"trigger": "提交审核", "fields": {"issue_checker": "delegate"}, "revision": item["revision"]});
            user.post(&format!("{path}/triggers"), &body)
        });
        assert_eq!(statuses(&answers)[0], 200);
        assert!(statuses(&answers)[1..].iter().all(|status| matches!(status, 409 | 403)), "{:?}", statuses(&answers));
        let answers = at_once(8, |at| {
            let admin = admin.at(&two.nodes[at % 2].base);
            let to = if at < 4 { "engineer" } else { "architect" };
            admin.post(&format!("{path}/holder"), &json!({"to": to}))
        });
        assert!(answers.iter().all(|answer| answer.status != 500 && answer.status != 503), "{:?}", statuses(&answers));
        let now = admin.again(&item);
        is_fold(&now, &admin.history(&item));
    }
}

/// Each writes to an item that links the other's: what they lock, they lock in opposite orders.
#[test]
fn those_who_link_each_others_items_do_not_stand_in_each_others_way() {
    let cluster = Cluster::start();
    let at = Installation::on(&cluster.database("one"));
    for name in ["admin", "engineer"] {
        at.done(&["user", "add", name, "--admin"], "");
    }
    at.apply(&[("pair.toml", PAIR)]);
    let nodes = [at.serve(), at.serve()];
    let user = nodes[0].user("engineer");
    let items: Vec<Value> = (0..2).map(|_| user.create("pair", &json!({"summary": "概要"}))).collect();
    let answers = at_once(12, |at| {
        let user = user.at(&nodes[at % 2].base);
        let (mine, other) = (&items[at % 2], &items[(at + 1) % 2]);
        let mut answers = Vec::new();
        for round in 0..15 {
            let linked = if round % 2 == 0 { other["id"].clone() } else { Value::Null };
            answers.push(user.press(mine, "推", &json!({"summary": format!("{at}-{round}"), "other": linked})));
            answers.push(user.post(
                &format!("{}/holder", path_of(other)),
                &json!({"to": if round % 2 == 0 { "admin" } else { "engineer" }}),
            ));
        }
        answers
    });
    let answers: Vec<Answer> = answers.into_iter().flatten().collect();
    for answer in &answers {
        assert!(
            matches!(answer.status.as_u16(), 200 | 409 | 422),
            "{} {} {}",
            answer.status,
            answer.text,
            cluster.log()
        );
    }
    assert!(answers.iter().filter(|answer| answer.status == 200).count() > 100, "{:?}", statuses(&answers));
    for item in &items {
        is_fold(&user.again(item), &user.history(item));
    }
}

#[test]
fn a_name_is_given_to_one_only() {
    let two = two();
    let added: Vec<Output> = at_once(6, |_| two.at.run(&["user", "add", "Ann", "--group", "新组"], ""));
    let done: Vec<&Output> = added.iter().filter(|output| output.status.success()).collect();
    assert_eq!(done.len(), 1);
    for output in added.iter().filter(|output| !output.status.success()) {
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(output).contains("exists already"), "{}", stderr(output));
    }
    // in a group that none of them finds
    let added: Vec<Output> =
        at_once(6, |at| two.at.run(&["user", "add", &format!("ben{at}"), "--group", "另一组"], ""));
    assert!(added.iter().all(|output| output.status.success()), "{}", added.iter().map(stderr).collect::<String>());
    assert!(two.at.done(&["group", "list"], "").contains("ben5"));
}

#[test]
fn one_administrator_stays() {
    let cluster = Cluster::start();
    let at = Installation::on(&cluster.database("one"));
    let names = ["ann", "ben"];
    for name in names {
        at.done(&["user", "add", name, "--admin", "--password-stdin"], "pass-word-1\n");
    }
    let nodes = [at.serve(), at.serve()];
    for _ in 0..20 {
        let admins: Vec<User> =
            names.iter().zip(&nodes).map(|(name, node)| node.signed_in(name, "pass-word-1")).collect();
        // each disables the other
        let answers =
            at_once(2, |at| admins[at].form(&format!("/admin/users/{}/disable", names[1 - at]), &[("hand_over", "")]));
        assert!(
            answers.iter().all(|answer| matches!(answer.status.as_u16(), 303 | 401 | 403 | 422)),
            "{:?}",
            statuses(&answers)
        );
        let active = cluster_sql(&cluster, "select count(*) from users where admin = 1 and active = 1");
        assert_eq!(active, "1");
        cluster_sql(&cluster, "update users set active = 1");
    }
    // and from the command line, which is asked by nobody
    let outputs = at_once(2, |person| at.run(&["user", "disable", names[person]], ""));
    assert_eq!(outputs.iter().filter(|output| output.status.success()).count(), 1);
    assert!(outputs.iter().any(|output| stderr(output).contains("last active administrator")));
}

fn cluster_sql(cluster: &Cluster, text: &str) -> String {
    crate::harness::records::sql(&cluster.url("one"), text)
}

#[test]
fn flows_published_at_once_get_a_version_each() {
    let two = two();
    let admin = two.nodes[0].user("admin");
    let text = std::fs::read_to_string(crate::harness::project().join("flows/buglist.toml")).unwrap();
    let before = admin.get("/flows/buglist").json()["version"].as_i64().unwrap();
    let outputs = at_once(6, |at| {
        let folder = tempfile::tempdir().unwrap();
        let field = format!("\n[[field]]\nkey = \"added_{at}\"\nlabel = \"新\"\ntype = \"text\"\n");
        let cut = text.find("\n[[field]]").unwrap();
        std::fs::write(folder.path().join("buglist.toml"), format!("{}{field}{}", &text[..cut], &text[cut..])).unwrap();
        two.at.run(&["flow", "apply", folder.path().to_str().unwrap()], "")
    });
    // while others write to it
    for output in &outputs {
        assert!(output.status.success() || stderr(output).contains("error"), "{}", stderr(output));
    }
    let done = i64::try_from(outputs.iter().filter(|output| output.status.success()).count()).unwrap();
    assert!(done >= 1, "{}", outputs.iter().map(stderr).collect::<String>());
    for node in &two.nodes {
        assert_eq!(admin.at(&node.base).get("/flows/buglist").json()["version"], before + done);
        for version in 1..=before + done {
            assert!(
                two.at
                    .done(&["flow", "show", "buglist", "--version", &version.to_string()], "")
                    .contains("典型Buglist")
            );
        }
        let made = admin.at(&node.base).create("buglist", &json!({"summary": "概要"}));
        is_fold(&made, &admin.history(&made));
    }
}

/// A flow is published, its table changed, while people write to it: nobody notices.
#[test]
fn a_flow_is_published_under_load() {
    let two = two();
    let user = two.nodes[0].user("engineer");
    let text = std::fs::read_to_string(crate::harness::project().join("flows/buglist.toml")).unwrap();
    let cut = text.find("\n[[field]]").unwrap();
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..6)
            .map(|at| {
                let user = user.at(&two.nodes[at % 2].base);
                scope.spawn(move || {
                    for round in 0..30 {
                        let item = user.create("buglist", &json!({"summary": "概要"}));
                        user.saved(&item, &json!({"cause": format!("{round}")}));
                        user.get("/flows/buglist/items?limit=50").expect(StatusCode::OK);
                    }
                })
            })
            .collect();
        let mut added = String::new();
        for at in 0..4 {
            added.push_str(&format!("\n[[field]]\nkey = \"added_{at}\"\nlabel = \"新\"\ntype = \"text\"\n"));
            two.at.apply(&[("buglist.toml", &format!("{}{added}{}", &text[..cut], &text[cut..]))]);
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
    });
    assert_eq!(user.get("/flows/buglist/items").json()["total"], 180);
}
