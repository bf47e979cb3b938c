//! Durable triggers a second against bare commits a second, on the same disk in the same run:
//! `cargo run --release -p store --example writes`; with `bare DIR` the latter alone.

#![expect(clippy::print_stdout, clippy::disallowed_methods, clippy::unwrap_used, reason = "a measurement, run by hand")]

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use flow::{Actor, Event, Facts, Flow, Input, UserFact};
use jiff::{Timestamp, tz::TimeZone};
use store::{Db, Error, WriteTx, flow_version, item, user};

const WRITERS: i64 = 32;
const SPAN: Duration = Duration::from_secs(3);

fn main() {
    // `bare DIR`: the rate of bare commits in that directory alone, as a number, for `make bench`.
    if let [_, word, directory] = &*std::env::args().collect::<Vec<_>>() {
        assert_eq!(word, "bare");
        println!("{}", bare_commits(Path::new(directory)));
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let before = bare_commits(directory.path());
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../flows/issue_track.toml")).unwrap();
    let (flow, problems) = flow::read(&flow::File { name: "issue_track.toml", text: &text });
    let flow = flow.unwrap_or_else(|| panic!("{problems:#?}"));
    let db = Db::open(&store::Place::Directory(directory.path().to_owned()), Duration::ZERO).unwrap();
    prepare(&db, &flow, &text);
    let flow = Arc::new(flow);
    let counted = db.counters();
    let started = Instant::now();
    std::thread::scope(|scope| {
        for number in 1..=WRITERS {
            let (db, flow) = (db.clone(), Arc::clone(&flow));
            scope.spawn(move || {
                let mut turn = 0;
                while started.elapsed() < SPAN {
                    turn += 1;
                    let flow = Arc::clone(&flow);
                    db.write(move |tx| press(tx, &flow, number, turn)).unwrap();
                }
            });
        }
    });
    let seconds = started.elapsed().as_secs_f64();
    let after = db.counters();
    let (writes, commits) = (after.writes - counted.writes, after.commits - counted.commits);
    db.close();
    let bare = f64::midpoint(before, bare_commits(directory.path()));
    let rate = writes as f64 / seconds;
    println!("bare commits     {bare:8.0} /s");
    println!("triggers         {rate:8.0} /s by {WRITERS} writers, {:.1} a commit", writes as f64 / commits as f64);
    println!("triggers / bare  {:8.2}", rate / bare);
}

/// One row a transaction, `synchronous = full`, alone.
fn bare_commits(directory: &Path) -> f64 {
    let bare = rusqlite::Connection::open(directory.join("bare.db")).unwrap();
    bare.execute_batch("pragma journal_mode = wal; pragma synchronous = full; create table if not exists bare (n, t)")
        .unwrap();
    let started = Instant::now();
    let mut commits = 0;
    while started.elapsed() < SPAN {
        bare.prepare_cached("insert into bare values (?1, 'some text of some length')")
            .unwrap()
            .execute([commits])
            .unwrap();
        commits += 1;
    }
    f64::from(commits) / started.elapsed().as_secs_f64()
}

fn prepare(db: &Db, flow: &Flow, text: &str) {
    let (flow, text) = (flow.clone(), text.to_owned());
    db.write(move |tx| {
        let ann = user::User {
            name: "ann".to_owned(),
            display: "Ann".to_owned(),
            email: None,
            admin: false,
            active: true,
            password_hash: None,
            language: None,
            created_at: 0,
        };
        user::insert(tx, &ann)?;
        flow_version::publish(tx, &flow, (&text, &flow_version::Beside::default()), "ann", 0)?;
        for _ in 0..WRITERS {
            let number = item::next_number(tx, &flow.key)?;
            let fields = input(&[("summary", "灯不亮"), ("issue_checker", "ann"), ("issue_level", "一般问题")]);
            let decision = flow::create(&flow, 1, number, &fields, &facts(&TimeZone::UTC, &ann_acts())).unwrap();
            item::save(tx, &flow, &decision, None)?;
        }
        Ok::<_, Error>(())
    })
    .unwrap();
}

/// To and fro between two states, with a field that changes and a comment.
fn press(tx: &WriteTx, flow: &Flow, number: i64, turn: i64) -> Result<(), Error> {
    let present = item::load(tx, &flow.key, number)?.unwrap().read(flow)?;
    let level = if turn % 2 == 0 { "一般问题" } else { "事故" };
    let progress = format!("第 {turn} 次处理，已联系客户确认。");
    let (trigger, fields) = if present.state == flow.initial {
        ("提交审核", input(&[("issue_level", level), ("current_process", &progress)]))
    } else {
        ("打回补充信息", input(&[("current_process", &progress)]))
    };
    let event = Event::Press { trigger, fields: &fields, comment: Some("请看") };
    let decision = flow::decide(flow, &present, None, &event, &facts(&TimeZone::UTC, &ann_acts())).unwrap();
    item::save(tx, flow, &decision, None).map(drop)
}

fn ann_acts() -> Actor {
    Actor { name: "ann".to_owned(), admin: false, groups: std::collections::BTreeSet::new() }
}

fn facts<'a>(zone: &'a TimeZone, actor: &'a Actor) -> Facts<'a> {
    let users = BTreeMap::from([("ann".to_owned(), UserFact { name: "ann".to_owned(), active: true })]);
    Facts { actor, users, items: BTreeMap::new(), opens: BTreeMap::new(), now: Timestamp::now(), zone }
}

fn input(fields: &[(&str, &str)]) -> Input {
    fields.iter().map(|(key, value)| ((*key).to_owned(), serde_json::Value::from(*value))).collect()
}
