//! The connection to the database ends, or falls silent, while a write is committed: one true answer, one write.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;

use crate::{
    cluster::{Cluster, until},
    harness::{Answer, Installation, User, load::is_fold, path_of},
    proxy::{Fault, Proxy},
};

/// How many times the comment stands in the item's history.
fn said(user: &User, item: &serde_json::Value, text: &str) -> usize {
    user.history(item).iter().filter(|event| event["comment"] == text).count()
}

#[test]
fn a_commit_that_breaks_off_is_answered_truly_and_done_once() {
    let cluster = Cluster::start();
    let direct = Installation::on(&cluster.database("one")).filled();
    let proxy = Proxy::to(cluster.path());
    let (server, watcher) = (Installation::on(&proxy.url("one")).into_server(), direct.serve());
    let (user, sees) = (watcher.user("engineer").at(&server.base), watcher.user("engineer"));
    let mut item = user.create("issue_track", &json!({"summary": "概要"}));
    for (round, fault) in
        [Fault::SwallowCommit, Fault::CutAfterCommit, Fault::OrphanCommit].into_iter().cycle().take(9).enumerate()
    {
        let text = format!("第 {round} 次");
        proxy.set(fault);
        let began = Instant::now();
        user.post(&format!("{}/comments", path_of(&item)), &json!({"comment": text})).expect(StatusCode::CREATED);
        assert!(began.elapsed() < Duration::from_secs(8), "{fault:?}: {:?}", began.elapsed());
        assert_eq!(said(&sees, &item, &text), 1, "{fault:?}");
        proxy.set(fault);
        item = user.saved(&item, &json!({"summary": text}));
        proxy.set(fault);
        let made = user.create("buglist", &json!({"summary": text}));
        assert_eq!(made["number"], round + 1, "{fault:?}: no number is taken for nothing, none twice");
        proxy.set(fault);
        let again = user.pressed(&item, "更新进展", &json!({"current_process": text}));
        assert_eq!(again["revision"].as_i64(), item["revision"].as_i64().map(|revision| revision + 1));
        item = again;
        proxy.set(Fault::None);
    }
    assert!(proxy.commits() >= 9 * 4);
    let item = sees.again(&item);
    is_fold(&item, &sees.history(&item));
}

/// A comment is committed, its answer is lost, and the database is out of reach from then on; said how?
fn lost_for_good(send: impl Fn(&User, &str) -> reqwest::blocking::RequestBuilder, check: impl Fn(&Answer)) {
    let cluster = Cluster::start();
    let direct = Installation::on(&cluster.database("one")).filled();
    direct.done(&["user", "passwd", "engineer", "--password-stdin"], "pass-word-1\n");
    let proxy = Proxy::to(cluster.path());
    let (server, watcher) = (Installation::on(&proxy.url("one")).into_server(), direct.serve());
    let (sees, person) = (watcher.user("engineer"), server.signed_in("engineer", "pass-word-1"));
    let item = sees.create("issue_track", &json!({"summary": "概要"}));
    assert_eq!(person.page("/settings").status, StatusCode::OK);
    let request = send(&person, &watcher.user("engineer").token());
    proxy.set(Fault::CutAfterCommitForGood);
    let began = Instant::now();
    let answer = crate::harness::answer(request);
    assert!(began.elapsed() < Duration::from_secs(45), "{:?}", began.elapsed());
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
    assert!(!answer.headers.contains_key("retry-after"), "nobody is asked to send it again unseen");
    check(&answer);
    assert_eq!(said(&sees, &item, "哪里去了"), 1);
    proxy.set(Fault::None);
    let ready = || person.page("/readyz").status == StatusCode::OK;
    until("the node recovers", Duration::from_secs(5), ready);
    assert_eq!(said(&sees.at(&server.base), &item, "哪里去了"), 1, "nor is it written later");
}

#[test]
fn what_cannot_be_found_out_is_said_so_to_programs() {
    lost_for_good(
        |person, token| {
            let request = person.request("POST", "/api/v1/flows/issue_track/items/1/comments").bearer_auth(token);
            request.header("accept-language", "en").json(&json!({"comment": "哪里去了"}))
        },
        |answer| {
            assert_eq!(answer.refused(503), "outcome_unknown");
            let text = &answer.text;
            assert!(text.contains("could not be found out") && !text.contains("nothing was changed"), "{text}");
        },
    );
}

#[test]
fn what_cannot_be_found_out_is_said_so_to_people() {
    lost_for_good(
        |person, _| person.request("POST", "/flow/issue_track/1/comments").form(&[("comment", "哪里去了")]),
        |answer| {
            let text = &answer.text;
            assert!(text.contains("无法确认刚才的操作是否已经生效") && !text.contains("没有生效"), "{text}");
        },
    );
}

#[test]
fn a_network_that_falls_silent_keeps_nobody_waiting_for_ever() {
    let cluster = Cluster::start();
    let direct = Installation::on(&cluster.database("one")).filled();
    let proxy = Proxy::to(cluster.path());
    let (server, watcher) = (Installation::on(&proxy.url("one")).into_server(), direct.serve());
    let sees = watcher.user("engineer");
    let user = sees.at(&server.base);
    let item = user.create("issue_track", &json!({"summary": "概要"}));
    proxy.set(Fault::Silent);
    let began = Instant::now();
    let (ready, healthy) = (user.page("/readyz"), user.page("/healthz"));
    assert_eq!((ready.status.as_u16(), healthy.status.as_u16()), (503, 200));
    assert!(began.elapsed() < Duration::from_millis(2500), "{:?}", began.elapsed());
    let path = path_of(&item);
    std::thread::scope(|scope| {
        // more than there are connections
        for at in 0..40 {
            let (user, path) = (&user, &path);
            scope.spawn(move || {
                let began = Instant::now();
                let answer = match at % 2 {
                    0 => user.get(path),
                    _ => user.post(&format!("{path}/comments"), &json!({"comment": "听得见吗"})),
                };
                assert_eq!(answer.refused(503), "unavailable", "{}", answer.text);
                assert!(began.elapsed() < Duration::from_secs(50), "{:?}", began.elapsed());
            });
        }
    });
    proxy.set(Fault::None);
    until("it is ready again", Duration::from_secs(5), || user.page("/readyz").status == 200);
    user.post(&format!("{path}/comments"), &json!({"comment": "听得见"})).expect(StatusCode::CREATED);
    let item = sees.again(&item);
    assert_eq!((said(&sees, &item, "听得见吗"), said(&sees, &item, "听得见")), (0, 1), "what was refused was not done");
}
