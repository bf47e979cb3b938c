//! A clock that is set back while the server runs: histories stay in order, nobody is locked out until it has caught up.
//! The clock is libfaketime's, put before the system's for this one process: the program has no way to be told another time.

use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    harness::{Installation, Server, User, clock::Clock},
    invariants::is_fold,
};

/// A server that goes by a clock of its own.
struct Clocked {
    server: Server,
    clock: Clock,
}

impl Clocked {
    fn start(at: &Installation) -> Clocked {
        let clock = Clock::at("+0d");
        let server = Server::through(&["env"], &clock.variables(), at.data());
        Clocked { server, clock }
    }

    /// Sets its clock: so many seconds from the true time.
    fn set(&self, seconds: i64) {
        self.clock.set(&format!("{seconds:+}"));
    }
}

const DAY: i64 = 24 * 3600;

fn at(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn a_history_stays_in_order_when_the_clock_is_set_back() {
    let installation = Installation::embedded_by_token();
    let clocked = Clocked::start(&installation);
    let user = clocked.server.user("engineer");
    let create = |summary: &str| user.create("issue_track", &json!({"summary": summary}));
    clocked.set(2 * DAY);
    let item = create("在前面的时候");
    let ahead = at(&item["created_at"]);
    let true_time = at(&json!(Timestamp::now().to_string()));
    assert!(ahead.duration_since(true_time).as_secs() > DAY, "the clock is ahead: {ahead}");
    user.post("/flows/issue_track/items/1/comments", &json!({"comment": "一"})).expect(StatusCode::CREATED);

    clocked.set(0);
    user.saved(&item, &json!({"summary": "在后面的时候"}));
    user.post("/flows/issue_track/items/1/comments", &json!({"comment": "二"})).expect(StatusCode::CREATED);
    user.pressed(&item, "提取典型问题", &json!({}));
    user.pressed(&item, "提交审核", &json!({"issue_checker": "delegate"}));
    let delegate = clocked.server.user("delegate");
    let moved = delegate.again(&item);
    assert_eq!(at(&moved["updated_at"]), ahead, "not before what happened last");
    let history = delegate.history(&item);
    is_fold(&moved, &history);
    let times: Vec<Timestamp> = history.iter().map(|event| at(&event["at"])).collect();
    let seqs: Vec<i64> = history.iter().map(|event| event["seq"].as_i64().unwrap()).collect();
    assert!(seqs.is_sorted() && times.iter().all(|time| *time >= ahead), "{history:?}");
    // Each stay ends no sooner than it begins.
    let sql = "select count(*), coalesce(min(coalesce(ended, entered) - entered), 0) from stay";
    let (stays, shortest) = crate::faults::sql(&installation.database(), sql)
        .trim()
        .split_once('|')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    assert!(
        stays.parse::<i64>().unwrap() >= 3 && shortest.parse::<i64>().unwrap() >= 0,
        "{stays} stays, {shortest} ms"
    );
    // What is new is of its own time; lists by number are in order all the same.
    let later = create("后来");
    assert!(at(&later["created_at"]) < ahead);
    let numbers: Vec<i64> =
        user.pages("/flows/issue_track/items", 50).iter().map(|item| item["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [2, 1]);
    clocked.set(3 * DAY);
    assert!(at(&delegate.saved(&item, &json!({}))["updated_at"]) == ahead);
    let saved = user.saved(&later, &json!({"summary": "三天以后"}));
    assert!(at(&saved["updated_at"]) > ahead, "and on it goes by the clock");
}

#[test]
fn nobody_is_locked_out_until_the_clock_has_caught_up() {
    let installation = Installation::embedded_shipped();
    let clocked = Clocked::start(&installation);
    let sign_in = |password: &str| {
        let answer =
            clocked.server.nobody().form("/login", &[("name", "engineer"), ("password", password), ("next", "")]);
        answer.status.as_u16()
    };
    clocked.set(2 * DAY);
    let person = clocked.server.signed_in("engineer", "pass-word-1");
    for _ in 0..8 {
        assert_eq!(sign_in("wrong-password"), 422);
    }
    assert_eq!(sign_in("pass-word-1"), 429, "too many failed");
    let open = |person: &User| person.page("/").status.as_u16();
    assert_eq!(open(&person), 200);

    clocked.set(0);
    assert_eq!(open(&person), 200, "a session of the future is one");
    assert_eq!(sign_in("pass-word-1"), 303, "and what failed in the future is over");
    for _ in 0..8 {
        assert_eq!(sign_in("wrong-password"), 422);
    }
    assert_eq!(sign_in("pass-word-1"), 429, "what fails now counts now");

    // Its last use is written down by the clock as it is now, so it does not last longer than it should.
    // That happens beside the request.
    let later = Timestamp::now().as_millisecond() + DAY * 1000;
    let ahead = format!("select count(*) from session where seen_at > {later}");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while crate::faults::sql(&installation.database(), &ahead).trim() != "0" {
        assert!(std::time::Instant::now() < deadline, "its last use is still in the future");
        assert_eq!(open(&person), 200);
    }
    clocked.set(31 * DAY);
    assert_eq!(open(&person), 303, "unused for more than thirty days");
}
