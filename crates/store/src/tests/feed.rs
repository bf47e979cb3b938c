//! The feed: what was committed is told, what was not is not; what other processes write is found.

use std::{
    collections::BTreeSet,
    sync::mpsc::{self, Receiver},
    time::Duration,
};

use serde_json::json;

use super::fixture::{Act, Failure, Place, T0, act, bug, create, issue, person, place};
use crate::{
    Change, Db, Error,
    feed::{decode, encode},
    flow_version, group, session, user,
};

const PATIENCE: Duration = Duration::from_secs(20);

fn follow(db: &Db) -> Receiver<Vec<Change>> {
    follow_at(db, T0)
}

fn follow_at(db: &Db, now: i64) -> Receiver<Vec<Change>> {
    let (sender, told) = mpsc::channel();
    db.subscribe(move || now, move |changes| sender.send(changes.to_vec()).is_ok()).unwrap();
    told
}

fn item(flow: &str, number: i64, at: i64, people: &[&str]) -> Change {
    let people = people.iter().map(ToString::to_string).collect();
    Change::Item { flow: flow.to_owned(), number, at, people }
}

/// Tells until one of them is `wanted`.
#[track_caller]
fn wait_for(told: &Receiver<Vec<Change>>, wanted: &Change) {
    let mut heard = Vec::new();
    while !heard.contains(wanted) {
        match told.recv_timeout(PATIENCE) {
            Ok(changes) => heard.extend(changes),
            Err(_) => panic!("{wanted:?} was not told, but {heard:?}"),
        }
    }
}

fn new_issue(db: &Db, who: &'static str, now: i64) -> i64 {
    db.write(move |tx| create(tx, &issue(), who, now, &json!({"summary": "灯不亮", "checker": "Ben"}))).unwrap()
}

#[test]
fn what_is_committed_is_told_and_nothing_else() {
    let Place { db, .. } = &place();
    let told = follow(db);
    let number = new_issue(db, "ann", T0);
    assert_eq!(told.try_recv().unwrap(), [item("issue", number, T0, &["ann"])], "told before it is answered");
    let refused = db.write(move |tx| {
        act(tx, number, "ann", T0 + 1, &Act::Press("提交", json!({})))?;
        Err::<(), _>(Failure::Store(Error::Stale))
    });
    assert!(refused.is_err());
    let panicked: Result<(), Failure> = db.write(move |tx| {
        act(tx, number, "ann", T0 + 1, &Act::Press("提交", json!({})))?;
        panic!("as it happens")
    });
    assert!(panicked.is_err());
    assert!(told.try_recv().is_err(), "nothing came of it");
    db.write(move |tx| act(tx, number, "ann", T0 + 2, &Act::Press("提交", json!({})))).unwrap();
    assert_eq!(told.try_recv().unwrap(), [item("issue", number, T0 + 2, &["ann", "ben"])], "who had it and who has it");
    db.write(move |tx| act(tx, number, "ann", T0 + 3, &Act::Comment("说"))).unwrap();
    assert_eq!(told.try_recv().unwrap(), [item("issue", number, T0 + 2, &["ben"])], "a comment");
    db.write(move |tx| act(tx, number, "root", T0 + 4, &Act::Assign("Ced"))).unwrap();
    assert_eq!(told.try_recv().unwrap(), [item("issue", number, T0 + 4, &["Ced", "ben"])], "a hand-over");
    db.write(move |tx| act(tx, number, "Ced", T0 + 5, &Act::Save(json!({})))).unwrap();
    assert!(told.try_recv().is_err(), "a save that changes nothing");
}

#[test]
fn an_item_that_is_opened_is_told_of_too() {
    let Place { db, .. } = &place();
    let number = new_issue(db, "ann", T0);
    let told = follow(db);
    db.write(move |tx| act(tx, number, "ann", T0 + 1, &Act::Press("提取", json!({})))).unwrap();
    assert_eq!(told.try_recv().unwrap(), [item("bug", 1, T0 + 1, &["ann"]), item("issue", number, T0 + 1, &["ann"])]);
}

#[test]
fn what_administrators_do_is_told() {
    let Place { db, .. } = &place();
    let told = follow(db);
    let ann = || [Change::Person("ann".to_owned())];
    db.write(|tx| user::update_active(tx, "ann", false)).unwrap();
    assert_eq!(told.try_recv().unwrap(), ann());
    db.write(|tx| {
        group::add(tx, "team", T0)?;
        group::add_member(tx, "team", "ann")
    })
    .unwrap();
    assert_eq!(told.try_recv().unwrap(), ann());
    db.write(|tx| group::remove_member(tx, "team", "ann")).unwrap();
    assert_eq!(told.try_recv().unwrap(), ann());
    db.write(|tx| {
        let (hash, user) = ("h".to_owned(), "ann".to_owned());
        session::insert(tx, &session::Session { hash, user, created_at: T0, seen_at: T0, expires_at: T0 + 1 })
    })
    .unwrap();
    assert!(told.try_recv().is_err(), "signing in concerns nobody else");
    db.write(|tx| session::delete(tx, "h")).unwrap();
    assert_eq!(told.try_recv().unwrap(), ann());
    db.write(|tx| flow_version::archive(tx, "bug", T0)).unwrap();
    assert_eq!(told.try_recv().unwrap(), [Change::Flows]);
    db.write(|tx| flow_version::publish(tx, &bug(), ("bug", &flow_version::Beside::default()), "root", T0)).unwrap();
    assert_eq!(told.try_recv().unwrap(), [Change::Flows]);
}

#[test]
fn who_no_longer_listens_is_forgotten_and_the_others_are_told() {
    let Place { db, .. } = &place();
    let gone = follow(db);
    let told = follow(db);
    drop(gone);
    new_issue(db, "ann", T0);
    new_issue(db, "ann", T0);
    assert_eq!(told.try_iter().count(), 2);
}

#[test]
fn what_another_process_writes_is_found() {
    let place = place();
    let told = follow(&place.db);
    let number = new_issue(&place.db, "ann", T0);
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), [item("issue", number, T0, &["ann"])]);
    let other = place.records.open();
    other.write(move |tx| act(tx, number, "root", T0 + 10, &Act::Assign("Ben"))).unwrap();
    wait_for(&told, &item("issue", number, T0 + 10, &["ann", "ben"]));
    other.write(|tx| user::update_active(tx, "ann", false)).unwrap();
    wait_for(&told, &Change::People);
    other.write(|tx| flow_version::archive(tx, "bug", T0)).unwrap();
    wait_for(&told, &Change::Flows);
    other.write(|tx| user::insert(tx, &person("new"))).unwrap();
    let next = new_issue(&other, "new", T0 + 20);
    wait_for(&told, &item("issue", next, T0 + 20, &["new"]));
}

#[test]
fn what_was_told_is_not_told_again_because_others_write() {
    let place = place();
    let told = follow(&place.db);
    let mine = new_issue(&place.db, "ann", T0);
    let other = place.records.open();
    let theirs = new_issue(&other, "ben", T0 + 1);
    let mut heard = Vec::new();
    while !heard.contains(&item("issue", theirs, T0 + 1, &["ben"])) {
        heard.extend(told.recv_timeout(PATIENCE).unwrap());
    }
    let of_mine = heard.iter().filter(|change| **change == item("issue", mine, T0, &["ann"])).count();
    assert_eq!(of_mine, 1, "{heard:?}");
}

#[test]
fn what_lies_long_back_is_not_told_and_too_much_is_said_in_one_word() {
    let place = place();
    let other = place.records.open();
    let told = follow_at(&place.db, T0 + 60_000);
    let early = new_issue(&other, "ben", T0);
    let late = new_issue(&other, "ben", T0 + 59_000);
    let heard = told.recv_timeout(PATIENCE).unwrap();
    assert!(!heard.contains(&item("issue", early, T0, &["ben"])), "{heard:?}");
    if !heard.contains(&item("issue", late, T0 + 59_000, &["ben"])) {
        wait_for(&told, &item("issue", late, T0 + 59_000, &["ben"]));
    }
    other
        .write(|tx| {
            for _ in 0..501 {
                create(tx, &issue(), "ben", T0 + 60_000, &json!({"summary": "多", "checker": "Ben"}))?;
            }
            Ok::<_, Failure>(())
        })
        .unwrap();
    wait_for(&told, &Change::Something);
}

#[test]
fn a_closed_installation_is_let_go() {
    let place = place();
    let told = follow(&place.db);
    drop(place.db);
    assert!(matches!(told.recv_timeout(PATIENCE), Err(mpsc::RecvTimeoutError::Disconnected)), "its thread ends");
}

#[test]
fn changes_travel_as_texts_that_fit_a_message() {
    let many: Vec<Change> = (0..500).map(|number| item("issue_track", number, T0, &["ann", "维护代表"])).collect();
    let texts = encode(&many);
    assert!(texts.iter().all(|text| text.len() < 8_000), "{:?}", texts.iter().map(String::len).collect::<Vec<_>>());
    assert!(texts.len() < 20);
    assert_eq!(texts.iter().flat_map(|text| decode(text)).collect::<Vec<_>>(), many);
    let kinds = [Change::Person("ann".to_owned()), Change::People, Change::Flows, Change::Something];
    assert_eq!(encode(&kinds).iter().flat_map(|text| decode(text)).collect::<Vec<_>>(), kinds);
    let crowd: BTreeSet<String> = (0..2_000).map(|number| format!("person-{number}")).collect();
    let crowded = Change::Item { flow: "t".to_owned(), number: 1, at: T0, people: crowd };
    assert_eq!(encode(&[crowded]), ["\"Something\""]);
    assert_eq!(decode("{\"Newer\":1}"), [Change::Something]);
    assert!(encode(&[]).is_empty());
}
