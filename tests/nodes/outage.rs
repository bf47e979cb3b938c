//! A node is killed, or PostgreSQL is stopped and started again, while people work.

use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use serde_json::json;

use crate::{
    cluster::{Cluster, Ending, until},
    harness::{
        Installation, Server, User, answer,
        load::{Notes, check, write},
        path_of,
    },
};

const WRITERS: usize = 3;

#[test]
fn a_killed_node_loses_nothing_and_the_other_serves_on() {
    let cluster = Cluster::start();
    let at = Installation::on(&cluster.database("one")).filled();
    let stays = at.serve();
    let mut notes = Notes::default();
    for round in 1..=3 {
        let mut dies = at.serve();
        let users: Vec<User> = (0..2 * WRITERS).map(|_| stays.user("engineer")).collect();
        let (told, hears) = mpsc::channel();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for (at, user) in users.into_iter().enumerate() {
                let (told, done, dying) = (told.clone(), &done, at % 2 == 0);
                let user = if dying { user.at(&dies.base) } else { user };
                scope.spawn(move || write(&user, &told, || dying || !done.load(Ordering::SeqCst)));
            }
            drop(told);
            for (count, written) in hears.into_iter().enumerate() {
                if count == 40 * round {
                    dies.kill();
                }
                // the other goes on for as long again
                if count == 80 * round {
                    done.store(true, Ordering::SeqCst);
                }
                notes.note(written);
            }
        });
        assert_eq!((notes.refused, notes.unknown), (0, 0), "the other refused nothing");
        let (engineer, delegate) = (stays.user("engineer"), stays.user("delegate"));
        check(&engineer, &delegate, &notes.answered, 4 * 2 * WRITERS);
        let locks = "select count(*) from pg_locks l join pg_stat_activity a using (pid)
                     where a.application_name = 'tasksteper' and l.locktype in ('transactionid', 'tuple', 'advisory')";
        until("what the dead node held is free", Duration::from_secs(5), || cluster.sql(locks) == "0");
    }
}

/// What people and programs see while the database is away.
fn see_it_away(server: &Server, user: &User, person: &User) {
    let began = Instant::now();
    assert_eq!(user.page("/readyz").status, 503);
    assert!(began.elapsed() < Duration::from_millis(2500), "{:?}", began.elapsed());
    assert_eq!(user.page("/healthz").status, 200);
    assert_eq!(user.page("/metrics").status, 200);
    for (language, sentence, heading) in [
        ("zh-CN", "数据库暂时没有应答，什么都没有改变，请稍后再试。", "暂时无法使用"),
        (
            "en",
            "The database does not answer at the moment; nothing was changed. Try again soon.",
            "Not available for the moment",
        ),
    ] {
        for (method, path) in
            [("GET", "/work"), ("GET", "/flows/issue_track/items/1"), ("POST", "/flows/issue_track/items")]
        {
            let began = Instant::now();
            let request = user.request(method, &format!("/api/v1{path}")).header("accept-language", language);
            let request =
                if method == "POST" { request.json(&json!({"fields": {"summary": "概要"}})) } else { request };
            let said = answer(request);
            assert_eq!(said.refused(503), "unavailable");
            assert_eq!(said.json()["detail"], sentence);
            assert_eq!(said.headers["retry-after"], "2");
            assert!(began.elapsed() < Duration::from_secs(10), "{method} {path}: {:?}", began.elapsed());
        }
        for (method, path) in [
            ("GET", "/"),
            ("GET", "/flow/issue_track/1"),
            ("GET", "/settings"),
            ("GET", "/admin"),
            ("POST", "/flow/issue_track/1/comments"),
            ("POST", "/flow/issue_track/1"),
            ("POST", "/flow/issue_track/new"),
            ("POST", "/settings/language"),
            ("POST", "/admin/users/delegate/disable"),
            ("POST", "/login"),
            ("POST", "/logout"),
        ] {
            let began = Instant::now();
            let request = person.request(method, path).header("accept-language", language);
            let form = [
                ("comment", "说"),
                ("name", "engineer"),
                ("password", "pass-word-1"),
                ("trigger", "更新进展"),
                ("language", "en"),
            ];
            let request = if method == "POST" { request.form(&form) } else { request };
            let page = answer(request);
            assert_eq!(page.status, 503, "{method} {path}: {}", page.text);
            assert_eq!(page.headers["retry-after"], "2", "{method} {path}");
            assert!(page.text.contains(heading), "{method} {path} in {language}: {}", page.text);
            assert!(began.elapsed() < Duration::from_secs(10), "{method} {path}: {:?}", began.elapsed());
        }
    }
    assert!(server.log().contains("database"), "{}", server.log());
}

fn stopped_under_load(mode: &str) {
    let cluster = Cluster::start();
    let at = Installation::on(&cluster.database("one"));
    at.done(&["user", "add", "admin", "--admin", "--password-stdin"], "pass-word-1\n");
    at.done(&["user", "add", "engineer"], "");
    at.done(&["user", "add", "delegate"], "");
    let flows = crate::harness::project().join("flows");
    at.done(&["flow", "apply", flows.to_str().unwrap()], "");
    let nodes = [at.serve(), at.serve()];
    let person = nodes[0].signed_in("admin", "pass-word-1");
    let (engineer, delegate) = (nodes[0].user("engineer"), nodes[0].user("delegate"));
    let mut notes = Notes::default();
    let (told, hears) = mpsc::channel();
    let (done, written) = (AtomicBool::new(false), std::sync::atomic::AtomicUsize::new(0));
    let more = |count: usize| {
        let goal = written.load(Ordering::SeqCst) + count;
        until("writes go on", Duration::from_secs(60), || written.load(Ordering::SeqCst) >= goal);
    };
    std::thread::scope(|scope| {
        for at in 0..2 * WRITERS {
            let (told, done, user) = (told.clone(), &done, engineer.at(&nodes[at % 2].base));
            scope.spawn(move || write(&user, &told, || !done.load(Ordering::SeqCst)));
        }
        drop(told);
        let (written, noting) = (&written, &mut notes);
        scope.spawn(move || {
            for told in hears {
                if matches!(told, crate::harness::load::Told::Written(_)) {
                    written.fetch_add(1, Ordering::SeqCst);
                }
                noting.note(told);
            }
        });
        let _end = Ending(&done);
        for _ in 0..2 {
            more(60);
            cluster.stop(mode);
            for node in &nodes {
                see_it_away(node, &engineer.at(&node.base), &person.at(&node.base));
            }
            cluster.start_again();
            for node in &nodes {
                let took = until("ready again", Duration::from_secs(10), || {
                    engineer.at(&node.base).page("/readyz").status == 200
                });
                assert!(took < Duration::from_secs(3), "{took:?}");
            }
        }
        more(60);
    });
    assert!(notes.refused > 0, "it was away");
    check(&engineer, &delegate.at(&nodes[1].base), &notes.answered, notes.unknown);
}

#[test]
fn postgresql_is_stopped_under_load_and_started_again() {
    stopped_under_load("fast");
}

#[test]
fn postgresql_crashes_under_load_and_is_started_again() {
    stopped_under_load("immediate");
}

/// Connections that died while nobody used them cost nobody a refusal.
#[test]
fn a_restart_that_nobody_saw_is_not_seen_afterwards() {
    let cluster = Cluster::start();
    let at = Installation::on(&cluster.database("one")).filled();
    let server = at.serve();
    let user = server.user("engineer");
    let item = user.create("issue_track", &json!({"summary": "概要"}));
    let path = path_of(&item);
    for round in 0..3 {
        // all of the connections are made and used
        std::thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| (0..5).for_each(|_| drop(user.get(&path).expect(StatusCode::OK))));
            }
        });
        match round {
            0 => cluster.stop("fast"),
            1 => cluster.stop("immediate"),
            _ => {
                let ours = "from pg_stat_activity where application_name = 'tasksteper'";
                // those that are there now: the node listens anew at once
                let there = cluster.sql(&format!("select string_agg(cast(pid as text), ',') {ours}"));
                cluster.sql(&format!("select pg_terminate_backend(pid) {ours}"));
                let left = format!("select count(*) {ours} and pid in ({there})");
                until("they are gone", Duration::from_secs(10), || cluster.sql(&left) == "0");
            }
        }
        if round < 2 {
            cluster.start_again();
        }
        std::thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| drop(user.get(&path).expect(StatusCode::OK)));
            }
        });
        user.saved(&item, &json!({"summary": format!("第 {round} 次")}));
    }
}
