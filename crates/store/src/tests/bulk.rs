//! Many lives at once leave what the same decisions leave one by one.

use std::collections::BTreeMap;

use flow::{Decision, Flow};
use proptest::{prelude::*, test_runner::TestRunner};

use super::{
    fixture::{Act, Failure, Place, T0, a_few_fields, bug, decide, input, issue, place, with_facts},
    items::{MINUTE, acts, check, dump},
};
use crate::{
    Error,
    bulk::{self, Life, Lives},
    item,
};

const TABLES: [&str; 12] = [
    "item",
    "event",
    "stay",
    "holder",
    "link",
    "took_part",
    "field_change",
    "next_number",
    "sheet_issue",
    "sheet_bug",
    "words_issue",
    "words_bug",
];

/// What was decided, by flow and number.
type Decided = BTreeMap<(String, i64), Vec<Decision>>;

fn keep(decided: &mut Decided, key: &str, decision: Decision) {
    if let Some((opened, first)) = decision.opens() {
        decided.insert((opened.to_owned(), first.after().number), vec![first.clone()]);
    }
    decided.entry((key.to_owned(), decision.after().number)).or_default().push(decision);
}

/// Two issues and all that happens to them, saved one by one in empty records.
fn one_by_one(place: &Place, walk: Vec<(i64, &'static str, Act)>) -> Decided {
    let mut decided = Decided::new();
    for who in ["ann", "ben"] {
        let create = move |tx: &crate::WriteTx| {
            let number = item::next_number(tx, "issue")?;
            let flow = issue();
            let decision = with_facts(tx, who, T0, |facts| {
                flow::create(&flow, 1, number, &input(a_few_fields()), facts).map_err(Failure::Refused)
            })?;
            item::save(tx, &flow, &decision, None)?;
            Ok::<_, Failure>(decision)
        };
        keep(&mut decided, "issue", place.db.write(create).unwrap());
    }
    for (turn, (number, who, what)) in (1..).zip(walk) {
        let act = move |tx: &crate::WriteTx| {
            let decision = decide(tx, number, who, T0 + turn * MINUTE, &what)?;
            if decision.opens().is_some() {
                item::next_number(tx, "bug")?;
            }
            item::save(tx, &issue(), &decision, Some(&bug()))?;
            Ok::<_, Failure>(decision)
        };
        match place.db.write(act) {
            Ok(decision) => keep(&mut decided, "issue", decision),
            Err(Failure::Refused(_)) => {}
            Err(Failure::Store(error)) => panic!("{error}"),
        }
    }
    decided
}

fn lives(decided: &Decided) -> Result<Lives, Error> {
    let flows: [Flow; 2] = [issue(), bug()];
    let family: Vec<Life> = decided
        .iter()
        .map(|((key, _), decisions)| Life { flow: flows.iter().find(|flow| flow.key == *key).unwrap(), decisions })
        .collect();
    let mut lives = Lives::default();
    lives.add(&family)?;
    Ok(lives)
}

/// The same at once, in empty records.
fn all_at_once(place: &Place, decided: &Decided) {
    let lives = lives(decided).unwrap();
    assert_eq!(lives.count(), decided.len());
    let count = |key: &str| i64::try_from(decided.keys().filter(|(flow, _)| flow == key).count()).unwrap();
    let (issues, bugs) = (count("issue"), count("bug"));
    let write = move |tx: &crate::WriteTx| {
        assert_eq!(item::next_numbers(tx, "issue", issues)?, 1);
        item::next_numbers(tx, "bug", bugs)?;
        bulk::without_indexes(tx, || lives.write(tx), |_, _| {})
    };
    place.db.write(write).unwrap();
}

/// The tables' rows, the counts, the indexes.
type Kept = (Vec<Vec<String>>, Vec<(String, i64)>, Vec<(String, String)>);

fn kept(place: &Place) -> Kept {
    let counts = "select 'tally ' || flow || ' ' || state || cast(closed as text), cast(sum(items) as bigint)
                  from tally group by flow, state, closed having sum(items) <> 0
                  union all select 'open ' || flow || ' ' || cast(version as text), cast(sum(items) as bigint)
                  from open_version group by flow, version having sum(items) <> 0 order by 1";
    let read = move |tx: &crate::WriteTx| {
        let tables = TABLES.iter().map(|table| dump(tx, table)).collect();
        Ok::<_, Error>((tables, tx.all(counts, &[], |row| Ok((row.text(0)?, row.int(1)?)))?, bulk::indexes(tx)?))
    };
    place.db.write(read).unwrap()
}

#[test]
fn all_at_once_leaves_what_one_by_one_leaves() {
    let (one, all) = (place(), place());
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 24, source_file: Some(file!()), ..ProptestConfig::default() });
    let same = runner.run(&prop::collection::vec(acts(), 1..30), |walk| {
        [&one, &all].into_iter().for_each(Place::emptied);
        let decided = one_by_one(&one, walk);
        all_at_once(&all, &decided);
        all.db.read(super::words::check).unwrap();
        let (one, all) = (kept(&one), kept(&all));
        for (table, (one, all)) in TABLES.iter().zip(one.0.iter().zip(&all.0)) {
            prop_assert_eq!(one, all, "{}", table);
        }
        prop_assert_eq!((one.1, one.2), (all.1, all.2));
        Ok(())
    });
    same.unwrap();
}

#[test]
fn a_life_with_a_gap_is_refused() {
    let press = |trigger| Act::Press(trigger, serde_json::json!({}));
    let decided =
        one_by_one(&place(), vec![(1, "ann", press("提取")), (1, "ann", press("提交")), (1, "ben", press("关闭"))]);
    assert!(lives(&decided).is_ok());
    let issue = ("issue".to_owned(), 1);
    for gone in 0..3 {
        let mut broken = decided.clone();
        broken.get_mut(&issue).unwrap().remove(gone);
        assert!(matches!(lives(&broken), Err(Error::Corrupt { .. })), "without {gone}");
    }
    let mut broken = decided.clone();
    broken.remove(&("bug".to_owned(), 1));
    assert!(matches!(lives(&broken), Err(Error::Corrupt { .. })), "what it opened is missing");
}

#[test]
fn a_number_that_is_taken_is_refused_whole() {
    let place = place();
    let decided = one_by_one(&place, Vec::new());
    let lives = lives(&decided).unwrap();
    let before = kept(&place);
    let again = place.db.write(move |tx| bulk::without_indexes(tx, || lives.write(tx), |_, _| {}));
    assert!(matches!(again, Err(Error::Exists)));
    assert_eq!(kept(&place), before, "the indexes too");
}

#[test]
fn a_record_of_a_time_before_is_the_fold_of_its_events() {
    let place = place();
    let import = |tx: &crate::WriteTx| {
        let flow = issue();
        let closed = flow.states.values().find(|state| state.is_final).map(|state| state.name.clone());
        let ago = |ms| jiff::Timestamp::from_millisecond(T0 - ms).ok();
        let past = flow::Past { state: closed, created_at: ago(90_000), closed_at: ago(30_000), ..Default::default() };
        let decisions = with_facts(tx, "ann", T0, |facts| {
            let actor = flow::Actor { admin: true, ..facts.actor.clone() };
            let facts = flow::Facts { actor: &actor, ..facts.clone() };
            flow::import(&flow, 1, 1, &input(a_few_fields()), &past, &facts).map_err(Failure::Refused)
        })?;
        assert_eq!(item::next_numbers(tx, "issue", 1)?, 1);
        let mut lives = Lives::default();
        lives.add(&[Life { flow: &flow, decisions: &decisions }])?;
        lives.write(tx)?;
        let state = &decisions[1].after().state;
        let reached = |from, until| item::reached(tx, "issue", state, (from, until), 10);
        assert_eq!(reached(T0 - 30_000, T0)?, [(1, T0 - 30_000)]);
        assert_eq!(reached(T0 - 90_000, T0 - 30_000)?, []);
        Ok::<_, Failure>(())
    };
    place.db.write(import).unwrap();
    check(&place);
}
