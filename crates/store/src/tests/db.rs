//! The two verbs: all or nothing, shared commits, other processes, full disks.

use std::{sync::mpsc, time::Duration};

use super::fixture::{Place, embedded, person, place};
use crate::{Db, Error, change, sqlite, user};

fn open(directory: &std::path::Path) -> Result<Db, Error> {
    Db::open(&crate::Place::Directory(directory.to_owned()), Duration::ZERO)
}

fn names(db: &Db) -> Vec<String> {
    db.read(|tx| Ok::<_, Error>(user::list(tx)?.into_iter().map(|user| user.name).collect())).unwrap()
}

/// Keeps the writer busy until the sender goes away: what is written meanwhile waits, and shares the next batch.
fn hold_writer(db: &Db) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel();
    db.write_with(
        move |_| {
            started.send(()).unwrap();
            held.recv().unwrap_err();
            Ok(())
        },
        |_: Result<(), Error>| {},
    );
    running.recv().unwrap();
    release
}

fn add(name: &'static str) -> impl FnMut(&crate::WriteTx) -> Result<(), Error> + Send + 'static {
    move |tx| user::insert(tx, &person(name))
}

#[test]
fn refused_and_panicked_writes_change_nothing_and_the_others_of_their_batch_live() {
    let place = place();
    let before = place.db.counters();
    let release = hold_writer(&place.db);
    let (sender, answers) = mpsc::channel();
    let send = |name| {
        let sender = sender.clone();
        move |result: Result<(), Error>| sender.send((name, result)).unwrap()
    };
    place.db.write_with(add("first"), send("first"));
    place.db.write_with(
        |tx| {
            user::insert(tx, &person("refused"))?;
            Err(Error::Stale)
        },
        send("refused"),
    );
    place.db.write_with(
        |tx| {
            user::insert(tx, &person("panicked"))?;
            panic!("as it happens")
        },
        send("panicked"),
    );
    place.db.write_with(add("ANN"), send("taken"));
    place.db.write_with(add("last"), send("last"));
    drop(release);
    drop(sender);
    let answers: Vec<_> = answers.iter().collect();
    let said = |name| answers.iter().find(|(of, _)| *of == name).unwrap().1.clone();
    assert!(said("first").is_ok() && said("last").is_ok());
    assert!(matches!(said("refused"), Err(Error::Stale)));
    assert!(matches!(said("panicked"), Err(Error::Panicked { detail }) if detail == "as it happens"));
    assert!(matches!(said("taken"), Err(Error::Exists)));
    assert_eq!(names(&place.db), ["ann", "ben", "Ced", "eve", "first", "last", "root"]);
    let after = place.db.counters();
    // The writer's guest and the two kept writes; how many commits carried them depends on how long the panic took to print.
    assert_eq!(after.writes - before.writes, 3);
}

#[test]
fn one_who_panics_at_the_answer_harms_nobody() {
    let place = place();
    let (sender, told) = mpsc::channel();
    place.db.write_with(add("first"), move |_| {
        sender.send(()).unwrap();
        panic!("at the answer")
    });
    // on PostgreSQL the second may overtake it
    told.recv().unwrap();
    place.db.write(add("second")).unwrap();
    assert_eq!(names(&place.db).len(), 7);
}

#[test]
fn what_names_nothing_is_damage_not_weather() {
    let place = place();
    let lost = place.db.write(|tx| crate::group::add_member(tx, "nowhere", "ann"));
    assert!(matches!(&lost, Err(error @ Error::Corrupt { .. }) if !error.retryable()), "{lost:?}");
    place.db.ping().unwrap();
}

/// Says nothing to root, to whom nothing is read-only.
#[test]
fn what_cannot_be_written_is_said_to_be_read_only() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).unwrap().close();
    let file = directory.path().join(sqlite::FILE);
    let mode =
        |path: &std::path::Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(&file, 0o444);
    if std::fs::File::options().append(true).open(&file).is_ok() {
        return;
    }
    assert!(matches!(open(directory.path()), Err(Error::ReadOnly)));
    mode(&file, 0o644);
    mode(directory.path(), 0o555);
    let unwritable = open(directory.path()).err();
    let unmakable = open(&directory.path().join("new")).err();
    mode(directory.path(), 0o755);
    assert!(matches!(unwritable, Some(Error::ReadOnly)), "{unwritable:?}");
    assert!(matches!(unmakable, Some(Error::ReadOnly)), "{unmakable:?}");
}

#[test]
fn many_writers_share_commits_and_read_what_they_wrote() {
    let place = place();
    let before = place.db.counters();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let db = place.db.clone();
            scope.spawn(move || {
                for turn in 0..25 {
                    let name = format!("user-{thread}-{turn}");
                    let new = person(&name);
                    db.write(move |tx| user::insert(tx, &new)).unwrap();
                    assert!(db.read(|tx| user::by_name(tx, &name)).unwrap().is_some());
                }
            });
        }
    });
    let after = place.db.counters();
    assert_eq!(after.writes - before.writes, 200);
    // a server shares the way to the disk among its connections by itself
    let shared = after.commits - before.commits < 200;
    assert!(shared || super::cluster::server().is_some(), "{} commits", after.commits - before.commits);
}

#[test]
fn a_snapshot_does_not_change_while_it_is_looked_at() {
    let place = place();
    place
        .db
        .read(|tx| {
            let before = user::list(tx)?.len();
            place.db.write(add("new"))?;
            assert_eq!(user::list(tx)?.len(), before);
            Ok::<_, Error>(())
        })
        .unwrap();
    assert!(names(&place.db).contains(&"new".to_owned()));
}

#[test]
fn a_reader_that_panics_gives_its_connection_back() {
    let place = place();
    for _ in 0..9 {
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            place.db.read(|_| -> Result<(), Error> { panic!("in a reader") })
        }));
        assert!(panicked.is_err());
    }
    assert_eq!(names(&place.db).len(), 5);
}

#[test]
fn a_reader_cannot_write() {
    let place = place();
    let result = place.db.read(|tx| tx.all("delete from setting", &[], |_| Ok(())));
    assert!(matches!(result, Err(Error::ReadOnly)), "{result:?}");
}

#[test]
fn what_was_answered_is_there_after_a_kill() {
    let Place { db, directory, .. } = embedded();
    db.write(add("kept")).unwrap();
    std::mem::forget(db);
    let again = open(directory.path()).unwrap();
    assert!(names(&again).contains(&"kept".to_owned()));
    again.close();
}

#[test]
fn closing_finishes_what_waits_and_refuses_what_comes_later() {
    let place = embedded();
    let release = hold_writer(&place.db);
    let (sender, answer) = mpsc::channel();
    place.db.write_with(add("waiting"), move |result| sender.send(result).unwrap());
    let other = place.db.clone();
    let closer = std::thread::spawn(move || other.close());
    drop(release);
    closer.join().unwrap();
    answer.recv().unwrap().unwrap();
    assert!(matches!(place.db.write(add("late")), Err(Error::Closed)));
    assert!(names(&place.db).contains(&"waiting".to_owned()));
    let wal = place.directory.path().join(format!("{}-wal", sqlite::FILE));
    assert!(std::fs::metadata(wal).map_or(0, |file| file.len()) == 0);
}

#[test]
fn another_process_is_waited_for_and_then_reported() {
    let place = embedded();
    let other = rusqlite::Connection::open(place.directory.path().join(sqlite::FILE)).unwrap();
    other.execute_batch("begin immediate; update users set display = 'by the other' where folded = 'ann'").unwrap();
    let refused = place.db.write(add("too early"));
    assert!(matches!(&refused, Err(error @ Error::Busy { .. }) if error.retryable()), "{refused:?}");
    assert_eq!(names(&place.db).len(), 5, "readers go on");
    let db = place.db.clone();
    let writer = std::thread::spawn(move || db.write(add("patient")));
    std::thread::sleep(Duration::from_millis(50));
    other.execute_batch("commit").unwrap();
    writer.join().unwrap().unwrap();
    let ann = place.db.read(|tx| user::by_name(tx, "ANN")).unwrap().unwrap();
    assert_eq!(ann.display, "by the other");
}

#[test]
fn whoever_keeps_people_in_memory_learns_of_every_change() {
    let place = place();
    let seen = || place.db.read(change::seen).unwrap();
    let before = seen();
    place.db.write(add("new")).unwrap();
    let added = seen();
    assert!(added.people > before.people);
    place.db.write(|tx| user::update_display(tx, "NEW", "新人")).unwrap();
    let renamed = seen();
    assert!(renamed.people > added.people);
    let new = flow::UserFact { name: "new".to_owned(), active: true };
    assert!(place.db.read(user::everyone).unwrap().contains(&(new, "新人".to_owned())));
    place.db.write(|tx| user::update_display(tx, "nobody", "x")).unwrap();
    place.db.write(|tx| user::update_email(tx, "new", Some("new@example.org"))).unwrap();
    assert_eq!(seen(), renamed, "what nobody sees changes nothing");
    place.db.write(|tx| user::update_active(tx, "new", false)).unwrap();
    let disabled = seen();
    assert!(disabled.people > renamed.people);
    let new = flow::UserFact { name: "new".to_owned(), active: false };
    assert!(place.db.read(user::everyone).unwrap().contains(&(new, "新人".to_owned())));
    assert_eq!(disabled.flows, before.flows);
}

#[test]
fn a_full_disk_loses_the_batch_and_nothing_else() {
    let place = embedded();
    let big = |name: &str| user::User { display: "x".repeat(200_000), ..person(name) };
    let limit = |pages: i64| {
        place.db.write(move |tx| tx.one(&format!("pragma max_page_count = {pages}"), &[], |row| row.int(0))).unwrap()
    };
    limit(limit(1) + 20);
    let release = hold_writer(&place.db);
    let (sender, answers) = mpsc::channel();
    for name in ["small", "big", "other"] {
        let sender = sender.clone();
        let new = if name == "big" { big(name) } else { person(name) };
        place.db.write_with(move |tx| user::insert(tx, &new), move |result| sender.send((name, result)).unwrap());
    }
    drop((release, sender));
    let answers: Vec<_> = answers.iter().collect();
    let full = |name| matches!(answers.iter().find(|(of, _)| *of == name).unwrap().1, Err(Error::Full));
    assert!(full("small") && full("big"), "{answers:?}");
    let there = names(&place.db);
    assert!(!there.contains(&"small".to_owned()) && !there.contains(&"big".to_owned()));
    assert_eq!(there.contains(&"other".to_owned()), !full("other"));
    place.db.write(add("afterwards")).unwrap();
    limit(1_000_000);
    let new = big("big");
    place.db.write(move |tx| user::insert(tx, &new)).unwrap();
    place.db.ping().unwrap();
}

#[test]
fn opening_what_cannot_be_opened_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(sqlite::FILE);
    std::fs::write(&file, "no database at all, but long enough to look at ".repeat(50)).unwrap();
    assert!(matches!(open(directory.path()), Err(Error::Corrupt { .. })));
    let not_a_directory = open(&file).err().unwrap();
    assert!(matches!(not_a_directory, Error::Unavailable { .. }), "{not_a_directory:?}");

    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).unwrap().close();
    let file = directory.path().join(sqlite::FILE);
    let other = rusqlite::Connection::open(&file).unwrap();
    other
        .execute_batch("insert into refinery_schema_history values (999, 'later', '2030-01-01T00:00:00Z', '1')")
        .unwrap();
    assert!(matches!(open(directory.path()), Err(Error::Newer { found: 999, known: 9 })));

    other.execute_batch("delete from refinery_schema_history where version = 999").unwrap();
    other.execute_batch("pragma journal_mode = delete; begin exclusive").unwrap();
    assert!(matches!(open(directory.path()), Err(Error::Busy { .. })));
}

#[test]
fn two_that_open_fresh_records_at_once_both_can() {
    let directory = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        let open = || open(&directory.path().join("deep/er")).unwrap();
        let others: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        for other in others {
            other.join().unwrap().ping().unwrap();
        }
    });
}

#[test]
fn a_copy_that_was_not_finished_is_refused_and_overwritten_by_the_next() {
    let (source, directory) = (place(), tempfile::tempdir().unwrap());
    let records = super::cluster::Records::new(directory.path());
    let target = records.open();
    target
        .write(|tx| {
            crate::setting::set(tx, "copy.unfinished", "1")?;
            user::insert(tx, &person("half"))?;
            crate::flow_version::publish(
                tx,
                &super::fixture::bug(),
                ("half", &crate::flow_version::Beside::default()),
                "root",
                1,
            )
        })
        .unwrap();
    assert!(target.read(crate::copy::is_unfinished).unwrap());
    // the fixture's flows are no texts that can be read: the copy fails, and leaves nothing
    let failed = crate::copy::copy(&source.db, &target, &mut |_| {});
    assert!(matches!(failed, Err(Error::Corrupt { .. })), "{failed:?}");
    assert!(!target.read(crate::copy::is_unfinished).unwrap());
    assert_eq!(names(&target), Vec::<String>::new());
    let occupied = crate::copy::copy(&target, &source.db, &mut |_| {});
    assert!(matches!(occupied, Err(Error::NotEmpty { .. })), "{occupied:?}");
    assert_eq!(names(&source.db).len(), 5);
}
