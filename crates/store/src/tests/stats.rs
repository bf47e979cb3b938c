//! What is counted is what a naive count of the items says, in every zone; and what takes long can be broken off.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use flow::{By, BySort, Column, Item, Value};
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use proptest::prelude::*;
use serde_json::json;

use super::{
    fixture::{Failure, Place, T0, create, issue, load, place},
    lists::{QUERIES, filled, finds_item, query, some_fields},
};
use crate::{
    Error, Stop, Tx, Visibility, VisibleTo,
    stats::{self, Counted, Group},
    value::params,
};

/// Everything that issues can be counted by.
const BY: [&str; 17] = [
    "state",
    "level",
    "kinds",
    "checker",
    "watchers",
    "urgent",
    "assigned_to",
    "created_by",
    "created:day",
    "created:month",
    "updated:week",
    "closed:day",
    "closed:week",
    "happened:day",
    "happened:month",
    "need_by:week",
    "need_by:month",
];

const ZONES: [&str; 6] =
    ["UTC", "Asia/Shanghai", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Monrovia"];

fn by(text: &str) -> By {
    flow::parse_by(text, &issue()).unwrap()
}

/// The naive model of what an item has in a column.
fn groups(item: &Item, by: &By, zone: &TimeZone) -> Vec<Group> {
    let words = |words: &[String]| match words {
        [] => vec![Group::Empty],
        words => words.iter().cloned().map(Group::Word).collect(),
    };
    let from = |day: Option<Date>| match (day, by.sort) {
        (Some(day), BySort::Moment(span) | BySort::Day(span)) => vec![Group::From(span.first(day))],
        _ => vec![Group::Empty],
    };
    let moment = |at: Option<Timestamp>| from(at.map(|at| zone.to_datetime(at).date()));
    match &by.column {
        Column::State => vec![Group::Word(item.state.clone())],
        Column::CreatedBy => vec![Group::Word(item.created_by.clone())],
        Column::AssignedTo => words(&item.assigned_to),
        Column::Created => moment(Some(item.created_at)),
        Column::Updated => moment(Some(item.updated_at)),
        Column::Closed => moment(item.closed_at),
        Column::Field(key) => match (item.fields.get(key), by.sort) {
            (value, BySort::Bool) => vec![Group::Bool(value == Some(&Value::Bool(true)))],
            (Some(Value::Instant(at)), _) => moment(Some(*at)),
            (Some(Value::Date(day)), _) => from(Some(*day)),
            (value, _) => words(value.map_or(&[], Value::texts)),
        },
        Column::Number => unreachable!(),
    }
}

fn naive<'i>(items: impl Iterator<Item = &'i Item>, by: &[By], zone: &TimeZone) -> Counted {
    let mut counted = Counted::default();
    for item in items {
        counted.total += 1;
        let mut keys = BTreeSet::from([Vec::new()]);
        for by in by {
            let groups = groups(item, by, zone);
            keys = keys
                .iter()
                .flat_map(|key| groups.iter().map(|group| key.iter().chain([group]).cloned().collect::<Vec<_>>()))
                .collect();
        }
        keys.into_iter().for_each(|key| *counted.rows.entry(key).or_default() += 1);
    }
    counted
}

fn items(tx: &Tx) -> Vec<Item> {
    let numbers =
        tx.all("select number from item where flow = $1 order by number", params!["issue"], |row| row.int(0)).unwrap();
    numbers.into_iter().map(|number| load(tx, &issue(), number)).collect()
}

fn counted(tx: &Tx, query_text: &str, visible: &Visibility, by: &[By], zone: &TimeZone) -> Counted {
    stats::counted(tx, &issue(), &query(query_text), visible, by, zone).unwrap()
}

#[test]
fn every_count_is_the_naive_one() {
    let place = filled();
    let read = |tx: &Tx| {
        let items = items(tx);
        let zone = TimeZone::get("America/New_York").unwrap();
        for one in BY {
            for text in QUERIES {
                let query = query(text);
                let found = items.iter().filter(|item| finds_item(tx, item, &query));
                let by = [by(one)];
                assert_eq!(
                    counted(tx, text, &Visibility::All, &by, &zone),
                    naive(found, &by, &zone),
                    "{one} of {text:?}"
                );
            }
            for other in BY {
                let by = [by(one), by(other)];
                let all = counted(tx, "", &Visibility::All, &by, &zone);
                assert_eq!(all, naive(items.iter(), &by, &zone), "{one} and {other}");
            }
        }
        assert_eq!(counted(tx, "", &Visibility::All, &[], &zone).total, 40);
        assert_eq!(counted(tx, "state=nowhere", &Visibility::All, &[], &zone), Counted::default());
        Ok::<_, Error>(())
    };
    place.db.read(read).unwrap();
}

#[test]
fn what_nobody_may_see_is_not_counted() {
    let place = filled();
    let rules = VisibleTo { user: "ben".to_owned(), holder: true, creator: true, fields: vec!["watchers".to_owned()] };
    let read = |tx: &Tx| {
        let sees = |item: &&Item| {
            let watches = item.fields.get("watchers").is_some_and(|who| who.texts().contains(&"ben".to_owned()));
            item.created_by == "ben" || item.assigned_to.contains(&"ben".to_owned()) || watches
        };
        let items = items(tx);
        for one in BY {
            let by = [by(one)];
            let expected = naive(items.iter().filter(sees), &by, &TimeZone::UTC);
            assert!(expected.total > 0 && expected.total < 40);
            assert_eq!(counted(tx, "", &Visibility::Rules(rules.clone()), &by, &TimeZone::UTC), expected, "{one}");
        }
        Ok::<_, Error>(())
    };
    place.db.read(read).unwrap();
}

/// Issues that happened at these moments.
fn happened(moments: &[Timestamp]) -> Place {
    let place = place();
    let moments = moments.to_vec();
    let write = move |tx: &crate::WriteTx| {
        for (turn, at) in (0_u64..).zip(&moments) {
            let mut fields = some_fields(turn);
            fields["happened"] = json!(at.to_string());
            create(tx, &issue(), "ann", T0, &fields)?;
        }
        Ok::<_, Failure>(())
    };
    place.db.write(write).unwrap();
    place
}

fn check_days(moments: &[Timestamp]) {
    let place = happened(moments);
    let read = |tx: &Tx| {
        let items = items(tx);
        for zone in ZONES {
            let zone = TimeZone::get(zone).unwrap();
            for one in ["happened:day", "happened:week", "happened:month"] {
                let by = [by(one)];
                let all = counted(tx, "", &Visibility::All, &by, &zone);
                assert_eq!(all, naive(items.iter(), &by, &zone), "{one} in {zone:?}");
            }
        }
        Ok::<_, Error>(())
    };
    place.db.read(read).unwrap();
}

#[test]
fn days_begin_at_midnight_on_either_side_of_every_change_of_the_clock() {
    let mut moments = Vec::new();
    for zone in ZONES {
        let zone = TimeZone::get(zone).unwrap();
        let from: Timestamp = "1969-12-01T00:00:00Z".parse().unwrap();
        for change in zone.following(from).take(12).map(|change| change.timestamp()) {
            let midnight = zone.to_datetime(change).date().to_zoned(zone.clone()).unwrap().timestamp();
            for near in [change, midnight, midnight + 24.hours()] {
                moments.extend([near - 1.milliseconds(), near, near + 1.milliseconds(), near + 30.minutes()]);
            }
        }
    }
    check_days(&moments);
}

#[test]
fn days_are_right_from_one_end_of_time_to_the_other() {
    let ends = ["0001-02-01T23:30:00Z", "1582-10-10T00:00:00Z", "1969-12-31T23:59:59.999Z", "9998-06-01T04:30:00Z"];
    check_days(&ends.map(|text| text.parse().unwrap()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn days_are_those_of_the_zone(seconds in prop::collection::vec(-600_000_000_i64..4_000_000_000, 1..20)) {
        check_days(&seconds.into_iter().map(|second| Timestamp::from_second(second).unwrap()).collect::<Vec<_>>());
    }
}

/// A question that no engine answers in this life.
const ENDLESS: &str = "select count(*) from sheet_issue a, sheet_issue b, sheet_issue c, sheet_issue d, sheet_issue e,
    sheet_issue f, sheet_issue g, sheet_issue h where a.flow = $1 and a.number + b.number + c.number + d.number
    + e.number + f.number + g.number + h.number < 0";

#[test]
fn a_read_is_broken_off_when_nobody_waits_or_it_takes_too_long() {
    let place = filled();
    let endless = |stop: &Stop, most: Duration| {
        place.db.read(|tx| {
            tx.bound(stop, most);
            tx.one(ENDLESS, params!["issue"], |row| row.int(0))
        })
    };
    assert!(matches!(endless(&Stop::default(), Duration::from_millis(100)), Err(Error::Stopped)));
    let stop = Stop::default();
    std::thread::scope(|scope| {
        let read = scope.spawn(|| endless(&stop, Duration::from_secs(600)));
        std::thread::sleep(Duration::from_millis(100));
        stop.stop();
        assert!(matches!(read.join().unwrap(), Err(Error::Stopped)));
    });
    assert!(matches!(endless(&stop, Duration::from_secs(600)), Err(Error::Stopped)), "before it begins");
    // the connection is as good as another for whoever comes next
    for _ in 0..40 {
        let counts: BTreeMap<_, _> = place
            .db
            .read(|tx| stats::counted(tx, &issue(), &query("level="), &Visibility::All, &[by("state")], &TimeZone::UTC))
            .unwrap()
            .rows;
        assert!(!counts.is_empty());
    }
}

#[test]
fn stays_closings_holders_and_links_are_those_of_the_items_found() {
    let place = filled();
    let write = |tx: &crate::WriteTx| {
        create(tx, &super::fixture::bug(), "ann", T0, &json!({"summary": "灯"}))?;
        for level in ["事故", "事故", "一般"] {
            create(tx, &issue(), "ann", T0, &json!({"summary": "灯", "level": level, "bugs": ["bug/1"]}))?;
        }
        Ok::<_, Failure>(())
    };
    place.db.write(write).unwrap();
    let rules = VisibleTo { user: "ben".to_owned(), holder: true, creator: true, fields: Vec::new() };
    let read = |tx: &Tx| {
        let all = items(tx);
        for text in ["", "level=事故", "state=关闭", "closed=", "level=nowhere"] {
            for visible in [Visibility::All, Visibility::Rules(rules.clone())] {
                let wanted = query(text);
                let sees = |item: &Item| {
                    visible == Visibility::All
                        || item.created_by == "ben"
                        || item.assigned_to.contains(&"ben".to_owned())
                };
                let found: Vec<&Item> = all.iter().filter(|item| sees(item) && finds_item(tx, item, &wanted)).collect();
                let mut expected = Vec::new();
                for item in &found {
                    for stay in crate::item::stays(tx, "issue", item.number)? {
                        expected.push((item.number, stay.state, stay.entered, stay.left));
                    }
                }
                let mut stays = Vec::new();
                stats::stays(tx, &issue(), &wanted, &visible, |stay| {
                    stays.push((stay.number, stay.state.to_owned(), stay.entered, stay.ended));
                })?;
                assert_eq!(stays, expected, "{text:?}");
                let mut closings = Vec::new();
                stats::closings(tx, &issue(), &wanted, &visible, |created, closed| closings.push((created, closed)))?;
                closings.sort_unstable();
                let both = |item: &&Item| Some((item.created_at.as_millisecond(), item.closed_at?.as_millisecond()));
                let mut expected: Vec<(i64, i64)> = found.iter().filter_map(both).collect();
                expected.sort_unstable();
                assert_eq!(closings, expected, "{text:?}");
                let links = |item: &&&Item| item.fields.get("bugs").is_some_and(|bugs| !bugs.is_empty());
                let expected = i64::try_from(found.iter().filter(links).count()).unwrap();
                let linked = stats::linked(tx, &issue(), "bugs", &wanted, &visible, 9)?;
                let expected = (expected > 0).then(|| ("bug".to_owned(), 1, expected));
                assert_eq!(linked, expected.into_iter().collect::<Vec<_>>(), "{text:?}");
            }
        }
        let mut holders = Vec::new();
        stats::holders(tx, "issue", |number, who| holders.push((number, who.to_owned())))?;
        let expected = all.iter().flat_map(|item| item.assigned_to.iter().map(|who| (item.number, who.clone())));
        assert_eq!(holders, expected.collect::<Vec<_>>());
        assert_eq!(stats::first_created(tx, &issue())?, Some(T0));
        Ok::<_, Error>(())
    };
    place.db.read(read).unwrap();
}
