//! Lists: what a query finds, in which order, page by page; and that no list reads more than it shows.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use flow::{Column, Flow, Item, Query, QueryContext, Scalar, SortKey, Term, Test, Value};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{
    fixture::{Act, Failure, Place, T0, act, at, bug, create, embedded, issue, load, place},
    statements_of,
};
use crate::{
    Error, Tx, Visibility, VisibleTo, audit, item,
    list::{self, Page},
    user,
};

pub(super) fn query(text: &str) -> Query {
    let context = QueryContext { me: "ann", now: at(T0), zone: &TimeZone::UTC };
    flow::parse_query(text, &issue(), &context).unwrap()
}

pub(super) fn sort(text: &str) -> Vec<SortKey> {
    flow::parse_sort(text, &issue()).unwrap()
}

/// What the rows of all pages say, `limit` a page.
fn whole<T>(limit: i64, page: impl Fn(Option<&str>, i64) -> Result<Page<T>, Error>) -> Vec<T> {
    let mut rows = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let next = page(cursor.as_deref(), limit).unwrap();
        assert!(next.rows.len() <= usize::try_from(limit).unwrap());
        rows.extend(next.rows);
        cursor = next.next;
        if cursor.is_none() {
            return rows;
        }
    }
}

fn numbers(tx: &Tx, query: &Query, sort: &[SortKey], visible: &Visibility, limit: i64) -> Vec<i64> {
    let page = |cursor: Option<&str>, limit| list::of_flow(tx, &issue(), query, sort, visible, cursor, limit);
    whole(limit, page).into_iter().map(|found| found.brief.number).collect()
}

fn field_texts(item: &Item, column: &Column) -> Vec<String> {
    match column {
        Column::State => vec![item.state.clone()],
        Column::AssignedTo => item.assigned_to.clone(),
        Column::CreatedBy => vec![item.created_by.clone()],
        Column::Field(key) => match item.fields.get(key) {
            Some(Value::Date(day)) => vec![day.to_string()],
            Some(value) => value.texts().to_vec(),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn scalar(item: &Item, column: &Column) -> Option<Scalar> {
    match column {
        Column::Created => Some(Scalar::Moment(item.created_at.as_millisecond())),
        Column::Updated => Some(Scalar::Moment(item.updated_at.as_millisecond())),
        Column::Closed => item.closed_at.map(|at| Scalar::Moment(at.as_millisecond())),
        Column::Number => Some(Scalar::Moment(item.number)),
        Column::Field(key) => match item.fields.get(key)? {
            Value::Number(number) => Some(Scalar::Number(*number)),
            Value::Date(day) => Some(Scalar::Date(day.to_string())),
            Value::Instant(at) => Some(Scalar::Moment(at.as_millisecond())),
            _ => None,
        },
        _ => None,
    }
}

fn compare(a: &Scalar, b: &Scalar) -> Ordering {
    match (a, b) {
        (Scalar::Number(a), Scalar::Number(b)) => a.partial_cmp(b).unwrap(),
        (Scalar::Date(a), Scalar::Date(b)) => a.cmp(b),
        (Scalar::Moment(a), Scalar::Moment(b)) => a.cmp(b),
        _ => panic!("{a:?} and {b:?}"),
    }
}

/// An item and what became of it.
struct Past {
    item: Item,
    stays: Vec<item::Stay>,
    events: Vec<item::EventRow>,
}

fn is_within(own: &Scalar, range: &flow::Range) -> bool {
    let low = range.low.as_ref().is_none_or(|edge| match compare(own, &edge.at) {
        Ordering::Equal => edge.inclusive,
        order => order == Ordering::Greater,
    });
    low && range.high.as_ref().is_none_or(|edge| match compare(own, &edge.at) {
        Ordering::Equal => edge.inclusive,
        order => order == Ordering::Less,
    })
}

/// Whether the stay has a moment in the range: as if one went through all of them.
fn touches(stay: &item::Stay, range: &flow::Range) -> bool {
    let last = stay.left.unwrap_or(T0 + 5 * 24 * 3_600_000);
    (stay.entered..=last).step_by(60_000).chain([last]).any(|at| is_within(&Scalar::Moment(at), range))
}

/// The naive model of a query.
fn finds(past: &Past, query: &Query) -> bool {
    query.terms.iter().all(|term| happened(past, term))
}

/// [`finds`] of an item as it is in the records.
pub(super) fn finds_item(tx: &Tx, item: &Item, query: &Query) -> bool {
    let stays = item::stays(tx, "issue", item.number).unwrap();
    let events = item::history(tx, "issue", item.number, 0, 100).unwrap();
    finds(&Past { item: item.clone(), stays, events }, query)
}

/// The naive model of a term.
fn happened(past: &Past, term: &Term) -> bool {
    let Past { item, stays, events } = past;
    let in_state = |of: &dyn Fn(&item::Stay, &flow::Range) -> bool, states: &[flow::InState]| {
        states.iter().any(|wanted| {
            let mut stays = stays.iter().filter(|stay| stay.state == wanted.state);
            stays.any(|stay| wanted.within.as_ref().is_none_or(|range| of(stay, range)))
        })
    };
    match term {
        Term::Words(text) => {
            let said: String = events.iter().map(|event| crate::words::said(event.comment.as_deref())).collect();
            let needle = flow::text::Needle::new(text);
            needle.is_in(&crate::words::body(&issue(), item)) || needle.is_in(&said)
        }
        Term::Number(number) => item.number == *number,
        Term::Any(ways) => ways.iter().any(|way| finds(past, way)),
        Term::Not(query) => !finds(past, query),
        Term::Was(states) => in_state(&touches, states),
        Term::Reached(states) => in_state(&|stay, range| is_within(&Scalar::Moment(stay.entered), range), states),
        Term::Changed { field, from, to } => events.iter().skip(1).any(|event| {
            let is = |json: &Json, wanted: &Option<String>| {
                let own = Value::from_stored(json, &issue().fields[field]).spelled();
                wanted.as_ref().is_none_or(|wanted| *wanted == own)
            };
            event.changes.get(field).is_some_and(|(old, new)| is(old, from) && is(new, to))
        }),
        Term::Column { column, test } => passes(item, column, test),
    }
}

/// The naive model of a comparison.
fn passes(item: &Item, column: &Column, test: &Test) -> bool {
    let texts = field_texts(item, column);
    match test {
        // a bool is never empty
        Test::Empty { negated } if *column == Column::Field("urgent".to_owned()) => *negated,
        Test::Empty { negated } => (texts.is_empty() && scalar(item, column).is_none()) != *negated,
        Test::OneOf { words, negated } => texts.iter().any(|text| words.contains(text)) != *negated,
        Test::Contains(text) => texts.iter().any(|own| own.to_ascii_lowercase().contains(&text.to_ascii_lowercase())),
        Test::Is(yes) => matches!(column, Column::Field(key)
            if (item.fields.get(key) == Some(&Value::Bool(true))) == *yes),
        Test::Within { ranges, negated } => {
            let inside = scalar(item, column).is_some_and(|own| ranges.iter().any(|range| is_within(&own, range)));
            inside != *negated
        }
    }
}

/// The naive model of an order.
fn in_order(a: &Item, b: &Item, sort: &[SortKey]) -> Ordering {
    for key in sort {
        let order = match (scalar(a, &key.column), scalar(b, &key.column)) {
            (Some(a), Some(b)) => compare(&a, &b),
            (None, None) => match &key.column {
                Column::Field(field) if field == "urgent" => {
                    let yes = |item: &Item| item.fields.get("urgent") == Some(&Value::Bool(true));
                    yes(a).cmp(&yes(b))
                }
                Column::AssignedTo => json!(a.assigned_to).to_string().cmp(&json!(b.assigned_to).to_string()),
                column => field_texts(a, column).cmp(&field_texts(b, column)),
            },
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        let order = if key.descending { order.reverse() } else { order };
        if order != Ordering::Equal {
            return order;
        }
    }
    let descending = sort.last().is_none_or(|last| last.descending);
    if descending { b.number.cmp(&a.number) } else { a.number.cmp(&b.number) }
}

pub(super) fn some_fields(turn: u64) -> Json {
    let pick = |salt: u64, of: &[Json]| of[usize::try_from((turn * 7 + salt * 13) % of.len() as u64).unwrap()].clone();
    json!({
        "summary": pick(1, &[json!("灯不亮 CRC"), json!("crc 100%_x"), json!("É\"q\" \\ back"), json!(null), json!("其他")]),
        "level": pick(2, &[json!("一般"), json!("严重"), json!("事故"), json!(null)]),
        "kinds": pick(3, &[json!(null), json!(["软件"]), json!(["硬件", "软件"])]),
        "checker": pick(4, &[json!("ann"), json!("ben"), json!(null)]),
        "watchers": pick(5, &[json!(["ann", "ced"]), json!(["Ced"]), json!(null)]),
        "amount": pick(6, &[json!(null), json!(0.1), json!(100), json!(-3), json!(2.5)]),
        "need_by": pick(7, &[json!(null), json!("2026-12-01"), json!("2026-01-31")]),
        "happened": pick(8, &[json!(null), json!("2026-11-22T10:00:00Z"), json!("2025-01-01T00:00:00Z")]),
        "urgent": pick(9, &[json!(true), json!(false)]),
        "site": pick(10, &[json!(null), json!("https://example.org/A_b")]),
    })
}

/// Forty issues in all states.
pub(super) fn filled() -> Place {
    filled_in(place())
}

pub(super) fn filled_in(place: Place) -> Place {
    let fill = |tx: &crate::WriteTx| {
        for turn in 0..40_u64 {
            let now = T0 + i64::try_from(turn).unwrap() * 3_600_000;
            let who = if turn % 3 == 0 { "ben" } else { "ann" };
            let number = create(tx, &issue(), who, now, &some_fields(turn))?;
            if turn % 2 == 0 {
                act(tx, number, "root", now + 60_000, &Act::Press("提交", json!({"checker": "ben"})))?;
            }
            if turn % 4 == 0 {
                act(tx, number, "ben", now + 120_000, &Act::Press("关闭", json!({})))?;
            }
            if turn % 4 != 0 && turn % 5 < 2 {
                let level = if turn % 2 == 0 { "事故" } else { "严重" };
                let changed =
                    json!({"level": level, "amount": 2.5, "urgent": turn % 3 == 0, "detail": "后补 CRC\n\"二\""});
                act(tx, number, "root", now + 180_000, &Act::Save(changed))?;
            }
        }
        Ok::<_, Failure>(())
    };
    place.db.write(fill).unwrap();
    place
}

pub(super) const QUERIES: &[&str] = &[
    "",
    "crc",
    "CRC",
    "100%_x",
    "\\\\",
    "\"É\\\"q\\\"\"",
    "question_7",
    "question_99",
    "state=处理",
    "state!=处理,审核",
    "level=事故",
    "level=一般,严重",
    "level!=一般",
    "level=",
    "level!=",
    "kinds=软件",
    "kinds=硬件,软件",
    "kinds!=硬件",
    "kinds=",
    "kinds!=",
    "checker=me",
    "checker!=ann",
    "watchers=Ced",
    "watchers!=ann",
    "watchers=",
    "assigned_to=me",
    "assigned_to=ann,ben",
    "assigned_to!=ben",
    "assigned_to=",
    "assigned_to!=",
    "created_by=ben",
    "created_by!=ben",
    "amount=100",
    "amount>=0.1",
    "amount<100",
    "amount!=100",
    "amount=-5..2.5",
    "amount=",
    "amount!=",
    "need_by<2026-12-01",
    "need_by<=2026-12-01",
    "need_by=2026-01-31",
    "need_by!=2026-01-31",
    "need_by=",
    "need_by!=",
    "happened>=2026-11-22",
    "happened!=2025-01-01",
    "happened=",
    "urgent=true",
    "urgent!=true",
    "urgent=",
    "site=",
    "site:a_B",
    "summary:灯",
    "summary:100%",
    "closed=",
    "closed!=",
    "created<-1d",
    "updated>=today",
    "level=事故 urgent=true amount>0",
    "state=关闭 assigned_to=",
    "level=事故 or urgent=true",
    "level=事故 amount>0 or not urgent=true",
    "(level=事故 or checker=ann) (amount>0 or crc)",
    "not amount>0",
    "not (closed= or need_by=2026-12-01)",
    "question_7 or question_9",
    "assigned_to=me or created_by=ben",
    "was=处理",
    "was=审核",
    "was!=关闭",
    "was=审核 not was=关闭",
    "level=事故 was=审核",
    "created=2026-09-20..2026-09-24",
    "created=2026-09-20..2026-09-24 level=事故",
    "closed=2026-09-22..2026-09-24",
    "closed<=2026-09-24 or level=严重",
    "reached=关闭@2026-09-20..2026-09-30",
    "reached=关闭@2026-09-20..2026-09-30 level=事故",
    "not reached=关闭@2026-09-22",
    "was=处理@2026-09-22",
    "was=处理@2026-09-22..2026-09-23",
    "was=审核@..2026-09-22",
    "reached=关闭",
    "reached=关闭,审核",
    "reached=关闭@2026-09-22",
    "reached=关闭@2026-09-23.. or reached=审核@..2026-09-22",
    "reached=处理@today level=事故",
    "changed=level",
    "changed=level:..事故",
    "changed=level:一般..",
    "changed=level:一般..严重",
    "changed=amount:..2.5",
    "changed=amount:100..2.5 or changed=urgent",
    "changed=urgent:是..否",
    "changed!=level created_by=ann",
    "detail:crc",
    "detail:\"\\\"二\"",
    "detail=",
    "detail!= level=事故",
];

pub(super) const ORDERS: &[&str] = &[
    "",
    "-updated",
    "created",
    "level",
    "-level",
    "level,-amount",
    "amount",
    "-amount",
    "closed",
    "-closed,id",
    "-urgent,need_by",
    "need_by",
    "-happened",
    "assigned_to",
    "-created_by,state",
    "id",
    "-id",
    "summary,-id",
    "checker,level,urgent",
];

#[test]
fn every_query_finds_what_the_naive_model_finds_in_every_order() {
    let place = filled();
    let read = |tx: &Tx| {
        let past = |number: i64| Past {
            item: load(tx, &issue(), number),
            stays: item::stays(tx, "issue", number).unwrap(),
            events: item::history(tx, "issue", number, 0, 100).unwrap(),
        };
        let pasts: Vec<Past> = (1..=40).map(past).collect();
        let items: Vec<&Item> = pasts.iter().map(|past| &past.item).collect();
        let mut found_by: BTreeSet<usize> = BTreeSet::new();
        for text in QUERIES {
            let query = query(text);
            let expected: BTreeSet<i64> =
                pasts.iter().filter(|past| finds(past, &query)).map(|past| past.item.number).collect();
            let found = numbers(tx, &query, &[], &Visibility::All, 7);
            assert!(found.is_sorted_by(|a, b| a > b), "{text}: newest first");
            assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), expected, "{text}");
            found_by.insert(found.len());
            let count = list::count(tx, &issue(), &query, &Visibility::All, 10_000)?;
            assert_eq!(count, (i64::try_from(expected.len()).unwrap(), false), "{text}");
        }
        assert!(found_by.len() > 10, "the queries tell items apart");
        for text in QUERIES {
            let (query, mut backward) = (query(text), sort("id"));
            let upward = numbers(tx, &query, &backward, &Visibility::All, 3);
            backward[0].descending = true;
            let downward = numbers(tx, &query, &backward, &Visibility::All, 4);
            assert!(upward.iter().eq(downward.iter().rev()), "{text}: the other way round");
            let (near, more) = list::count_near(tx, &issue(), &query, &Visibility::All, 5)?;
            let known = if more { near <= 5 } else { i64::try_from(upward.len()).is_ok_and(|all| all == near) };
            assert!(known, "{text}: {near} of {}", upward.len());
        }
        for text in ORDERS {
            let sort = sort(text);
            let mut expected = items.clone();
            expected.sort_by(|a, b| in_order(a, b, &sort));
            for limit in [1, 3, 40] {
                let found = numbers(tx, &Query::default(), &sort, &Visibility::All, limit);
                assert_eq!(found, expected.iter().map(|item| item.number).collect::<Vec<_>>(), "{text} by {limit}");
            }
        }
        assert_eq!(list::count(tx, &issue(), &query("created_by=ann"), &Visibility::All, 5)?, (5, true));
        Ok::<_, Error>(())
    };
    place.db.read(read).unwrap();
}

#[test]
fn a_list_shows_its_flows_columns_also_the_long_ones() {
    let place = place();
    let fields =
        json!({"summary": "s", "detail": "多\n行", "level": "事故", "amount": 0.1, "watchers": ["ann", "Ced"]});
    place.db.write(move |tx| create(tx, &issue(), "ann", T0, &fields)).unwrap();
    let page =
        place.db.read(|tx| list::of_flow(tx, &issue(), &Query::default(), &[], &Visibility::All, None, 50)).unwrap();
    let flow = issue();
    let cells: BTreeMap<&str, &Value> = flow.columns.iter().map(String::as_str).zip(&page.rows[0].cells).collect();
    assert_eq!(cells["detail"], &Value::Text("多\n行".to_owned()));
    assert_eq!(cells["amount"], &Value::Number(0.1));
    assert_eq!(cells["watchers"], &Value::List(vec!["ann".to_owned(), "Ced".to_owned()]));
    let filled: Vec<&str> = cells.iter().filter(|(_, value)| !value.is_empty()).map(|(key, _)| *key).collect();
    assert_eq!(filled, ["amount", "detail", "level", "watchers"], "the title is the brief's");
}

#[test]
fn nobody_lists_what_they_may_not_see() {
    let place = filled();
    let read = |tx: &Tx| {
        let items: Vec<Item> = (1..=40).map(|number| load(tx, &issue(), number)).collect();
        for (holder, creator, fields) in [
            (false, false, vec![]),
            (true, false, vec![]),
            (false, true, vec![]),
            (true, true, vec!["watchers"]),
            (false, false, vec!["checker", "nowhere"]),
        ] {
            let fields: Vec<String> = fields.into_iter().map(str::to_owned).collect();
            let sees = |item: &&Item| {
                holder && item.assigned_to.contains(&"ann".to_owned())
                    || creator && item.created_by == "ann"
                    || fields
                        .iter()
                        .any(|key| field_texts(item, &Column::Field(key.clone())).contains(&"ann".to_owned()))
            };
            let expected: Vec<i64> = items.iter().rev().filter(sees).map(|item| item.number).collect();
            let visible =
                Visibility::Rules(VisibleTo { user: "ann".to_owned(), holder, creator, fields: fields.clone() });
            assert_eq!(numbers(tx, &Query::default(), &[], &visible, 6), expected);
            let count = list::count(tx, &issue(), &Query::default(), &visible, 100)?;
            assert_eq!(count.0, i64::try_from(expected.len()).unwrap());
            let found = item::search(tx, &issue(), "question_1", 5, &visible)?;
            assert_eq!(!found.is_empty(), expected.contains(&1));
        }
        Ok::<_, Error>(())
    };
    place.db.read(read).unwrap();
}

#[test]
fn pickers_find_by_id_and_by_words() {
    let place = filled();
    let find = |text: &str| {
        let read = |tx: &Tx| item::search(tx, &issue(), text, 3, &Visibility::All);
        place.db.read(read).unwrap().into_iter().map(|brief| brief.number).collect::<Vec<_>>()
    };
    assert_eq!(find(" question_7 "), [7]);
    assert_eq!(find("issue/7"), [7]);
    assert_eq!(find("7"), [7]);
    assert!(find("bug/7").is_empty());
    assert!(find("question_700").is_empty());
    assert_eq!(find("").len(), 3);
    assert_eq!(find("crc").len(), 3);
    assert_eq!(find("_").len(), 3);
}

#[test]
fn pages_stay_whole_while_others_come_and_go() {
    let place = filled();
    let db = &place.db;
    let expected: Vec<i64> =
        db.read(|tx| Ok::<_, Error>(numbers(tx, &Query::default(), &[], &Visibility::All, 100))).unwrap();
    let page = |cursor: Option<&str>, limit| {
        let page = db.read(|tx| list::of_flow(tx, &issue(), &Query::default(), &[], &Visibility::All, cursor, limit));
        // a new item after every page: it belongs before what was shown
        db.write(|tx| create(tx, &issue(), "ann", T0, &json!({}))).unwrap();
        page
    };
    let found: Vec<i64> = whole(4, page).into_iter().map(|found| found.brief.number).collect();
    assert_eq!(found, expected);
    // what came last first: also where many came at once
    let pending = |tx: &Tx| {
        let all: Vec<(String, i64)> =
            list::pending(tx, "ann", None, None, 1000)?.rows.into_iter().map(|row| (row.flow, row.number)).collect();
        for (flow, limit) in [(None, 3), (Some("issue"), 4)] {
            let found = whole(limit, |cursor, limit| list::pending(tx, "ann", flow, cursor, limit));
            assert_eq!(found.into_iter().map(|row| (row.flow, row.number)).collect::<Vec<_>>(), all);
        }
        assert_eq!(all.len(), usize::try_from(list::pending_count(tx, "ann", None, 100)?.0).unwrap());
        // of one flow: nobody has a bug
        for count in [list::pending_count, list::done_count] {
            assert_eq!(count(tx, "ben", Some("issue"), 100)?, count(tx, "ben", None, 100)?);
            assert_eq!(count(tx, "ben", Some("bug"), 100)?, (0, false));
        }
        assert_eq!(list::created_count(tx, "ben", Some("bug"), 100)?, (0, false));
        let counts = list::pending_counts(tx, "ann", &["bug", "issue"], 2)?;
        assert_eq!(counts, BTreeMap::from([("issue".to_owned(), (2, true))]), "counted no further than asked");
        let since = "select since from holder where who = 'user:ann' and flow = $1 and number = $2";
        let times: Vec<i64> = all
            .iter()
            .map(|(flow, number)| tx.one(since, &[flow.into(), (*number).into()], |row| row.int(0)).unwrap())
            .collect();
        assert!(times.is_sorted_by(|a, b| a >= b));
        for (list, count) in [
            (
                whole(3, |cursor, limit| list::done(tx, "ben", None, cursor, limit)),
                list::done_count(tx, "ben", None, 100)?,
            ),
            (
                whole(3, |cursor, limit| list::created(tx, "ben", None, cursor, limit)),
                list::created_count(tx, "ben", None, 100)?,
            ),
        ] {
            assert_eq!((i64::try_from(list.len()).unwrap(), false), count);
            assert!(list.len() > 3);
            assert_eq!(list.iter().map(|row| row.number).collect::<BTreeSet<_>>().len(), list.len());
        }
        Ok::<_, Error>(())
    };
    db.read(pending).unwrap();
}

#[test]
fn what_only_a_disabled_user_holds_is_listed() {
    let place = filled();
    let stranded = || {
        let read = |tx: &Tx| {
            let rows = whole(3, |cursor, limit| list::stranded(tx, cursor, limit));
            assert_eq!(list::stranded_count(tx, 100)?, (i64::try_from(rows.len()).unwrap(), false));
            Ok::<_, Error>(rows.into_iter().map(|row| row.number).collect::<Vec<_>>())
        };
        place.db.read(read).unwrap()
    };
    assert_eq!(stranded(), Vec::<i64>::new());
    place.db.write(|tx| user::update_active(tx, "ben", false)).unwrap();
    let held: Vec<i64> = place
        .db
        .read(|tx| list::pending(tx, "ben", None, None, 1000))
        .map(|page: Page<item::Brief>| page.rows.into_iter().map(|row| row.number).collect::<BTreeSet<_>>())
        .unwrap()
        .into_iter()
        .collect();
    assert!(held.len() > 3);
    assert_eq!(stranded(), held);
    let first = held[0];
    place.db.write(move |tx| act(tx, first, "root", T0, &Act::Assign("ann"))).unwrap();
    assert_eq!(stranded(), held[1..]);
}

#[test]
fn foreign_and_broken_cursors_are_refused() {
    let place = filled();
    let read = |tx: &Tx| {
        let of_flow = |sorted: &str, cursor: &str| {
            list::of_flow(tx, &issue(), &Query::default(), &sort(sorted), &Visibility::All, Some(cursor), 3).err()
        };
        let pending = list::pending(tx, "ann", None, None, 3)?.next.unwrap();
        let mine = list::of_flow(tx, &issue(), &Query::default(), &[], &Visibility::All, None, 3)?.next.unwrap();
        for bad in [
            "",
            "x",
            "00",
            "ff",
            "e4bda0",
            "你",
            "5b5d",
            "5b2270656e64696e67225d",
            &pending,
            &mine[2..],
            &"5b".repeat(5000),
        ] {
            assert!(matches!(of_flow("", bad), Some(Error::BadCursor)), "{bad}");
            assert!(matches!(list::done(tx, "ann", None, Some(bad), 3), Err(Error::BadCursor)), "{bad}");
            assert!(matches!(list::stranded(tx, Some(bad), 3), Err(Error::BadCursor)), "{bad}");
            assert!(matches!(audit::list(tx, Some(bad), 3), Err(Error::BadCursor)), "{bad}");
        }
        assert!(of_flow("", &mine).is_none());
        assert!(matches!(of_flow("level", &mine), Some(Error::BadCursor)));
        assert!(list::pending(tx, "ann", None, Some(&pending), 3).is_ok());
        Ok::<_, Error>(())
    };
    place.db.read(read).unwrap();
}

/// What a plan reads from end to end.
fn scans(tx: &Tx, sql: &str) -> Vec<String> {
    let plan = tx.all(&format!("explain query plan {sql}"), &[], |row| row.text(3)).unwrap();
    let scan =
        |step: &String| step.starts_with("SCAN") && !step.starts_with("SCAN CONSTANT") || step.contains("TEMP B-TREE");
    plan.into_iter().filter(scan).collect()
}

#[test]
fn no_page_reads_a_table_from_end_to_end() {
    let place = filled_in(embedded());
    let read = |tx: &Tx| {
        let (all, none) = (Visibility::All, Query::default());
        let flow = issue();
        let list = |text: &str, order: &str| {
            drop(list::of_flow(tx, &flow, &query(text), &sort(order), &all, None, 50).unwrap())
        };
        let statements = statements_of(|| {
            drop(user::by_name(tx, "ann").unwrap());
            drop(crate::session::load(tx, "00").unwrap());
            drop(crate::token::load(tx, "00").unwrap());
            for flow in [None, Some("issue")] {
                drop(list::pending(tx, "ann", flow, None, 50).unwrap());
                drop(list::done(tx, "ann", flow, None, 50).unwrap());
                drop(list::created(tx, "ann", flow, None, 50).unwrap());
            }
            list::pending_count(tx, "ann", None, 100).unwrap();
            drop(list::tally(tx, "issue").unwrap());
            list("", "");
            list("", "id");
            list("", "-updated");
            list("", "created");
            list("", "-closed");
            list("state=处理", "");
            list("level=事故", "");
            list("", "level");
            list("", "-summary");
            list("", "-amount");
            list("", "happened");
            list("assigned_to=me", "");
            let next = list::of_flow(tx, &flow, &none, &sort("-updated"), &all, None, 3).unwrap().next;
            drop(list::of_flow(tx, &flow, &none, &sort("-updated"), &all, next.as_deref(), 3).unwrap());
            assert!(list::count(tx, &flow, &query("state=处理"), &all, 100).unwrap().0 > 0);
            drop(item::load(tx, "issue", 1).unwrap());
            drop(item::history(tx, "issue", 1, 0, 100).unwrap());
            drop(item::links(tx, "issue", 1, None, 40).unwrap());
            drop(item::earlier(tx, "issue", 1, i64::MAX, 40).unwrap());
        });
        assert!(statements.len() > 25);
        for sql in statements {
            let found: Vec<String> = scans(tx, &sql).into_iter().filter(|step| !step.ends_with("SCAN found")).collect();
            // a few of one person's rows may be put in order
            let sorted_few = sql.contains("in (select") || sql.contains("IN (SELECT") || sql.contains("group by state");
            let found: Vec<String> =
                found.into_iter().filter(|step| !(sorted_few && step.contains("TEMP B-TREE"))).collect();
            assert!(found.is_empty(), "{sql}\n{found:#?}");
        }
        Ok::<_, Error>(())
    };
    place.db.read(read).unwrap();
}

#[test]
fn the_audit_is_listed_newest_first() {
    let place = place();
    let write = |tx: &crate::WriteTx| {
        for turn in 0..7 {
            audit::add(tx, T0 + turn, "root", "user.disable", &json!({"user": turn}))?;
        }
        Ok::<_, Error>(())
    };
    place.db.write(write).unwrap();
    let acts = place.db.read(|tx| Ok::<_, Error>(whole(3, |cursor, limit| audit::list(tx, cursor, limit)))).unwrap();
    assert_eq!(acts.iter().map(|act| act.detail["user"].as_i64().unwrap()).collect::<Vec<_>>(), [6, 5, 4, 3, 2, 1, 0]);
}

proptest! {
    #[test]
    fn a_cursor_gives_back_its_keys(int in any::<i64>(), real in any::<f64>().prop_filter("finite", |real| real.is_finite()), text in "[^\\x00]*") {
        let keys = [int.into(), real.into(), text.as_str().into(), crate::value::Param::Null];
        let cursor = list::cursor::write("kind", &keys);
        prop_assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let read = list::cursor::read("kind", Some(&cursor)).unwrap();
        prop_assert_eq!(read[0].as_i64(), Some(int));
        prop_assert_eq!(read[1].as_f64(), Some(real));
        prop_assert_eq!(read[2].as_str(), Some(text.as_str()));
        prop_assert!(read[3].is_null());
        prop_assert!(list::cursor::read("other", Some(&cursor)).is_err());
    }

    #[test]
    fn no_text_is_a_cursor_that_panics(text in ".*", hex in "[0-9a-f]*") {
        for cursor in [text, hex] {
            prop_assert!(matches!(list::cursor::read("kind", Some(&cursor)), Err(Error::BadCursor)));
        }
    }
}

/// Only so that the second flow is there to be confused with.
#[test]
fn flows_do_not_mix() {
    let place = filled();
    place.db.write(|tx| create(tx, &bug(), "ann", T0, &json!({"summary": "灯"}))).unwrap();
    let read = |tx: &Tx| {
        let page = list::of_flow(tx, &bug(), &Query::default(), &[], &Visibility::All, None, 50)?;
        assert_eq!(page.rows.len(), 1);
        assert_eq!(list::tally(tx, "bug")?, [("提交".to_owned(), 1)]);
        let _: &Flow = &bug();
        Ok::<_, Error>(())
    };
    place.db.read(read).unwrap();
}
