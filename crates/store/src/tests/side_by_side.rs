//! Both engines side by side: the same acts leave the same rows, the same questions get the same answers in the same order
//! with the same cursors, whatever index leads. Where no PostgreSQL is tried, the embedded engine is compared with itself.

use std::fmt::Debug;

use flow::Query;
use proptest::{prelude::*, test_runner::TestRunner};

use super::{
    fixture::{Act, Failure, Place, T0, act, embedded, issue, place},
    items::{MINUTE, acts, dump},
    lists::{ORDERS, QUERIES, filled_in, query, sort},
};
use crate::{
    Error, Tx, Visibility, VisibleTo, WriteTx, item,
    list::{self, Page},
    query::{self as sql, Lead},
    user,
};

const TABLES: [&str; 9] =
    ["item", "event", "stay", "holder", "link", "took_part", "field_change", "sheet_issue", "sheet_bug"];

/// A list that is asked for.
#[derive(Debug, Clone)]
struct Asked {
    query: String,
    sort: &'static str,
    visible: Visibility,
    who: &'static str,
    limit: i64,
}

/// What was seen is told by rolling back, so that the next walk begins where this one began.
enum Told {
    Seen(Vec<String>),
    Store(Error),
}

impl From<Error> for Told {
    fn from(error: Error) -> Told {
        Told::Store(error)
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    let query = prop::collection::vec(prop::sample::select(QUERIES), 0..4).prop_map(|terms| terms.join(" "));
    let rules =
        (any::<bool>(), any::<bool>(), prop::sample::subsequence(vec!["checker", "watchers", "nowhere"], 0..=3));
    let rules = rules.prop_map(|(holder, creator, fields)| {
        let fields = fields.into_iter().map(str::to_owned).collect();
        Visibility::Rules(VisibleTo { user: "ann".to_owned(), holder, creator, fields })
    });
    let visible = prop_oneof![2 => Just(Visibility::All), 1 => rules];
    let who = prop::sample::select(&["ann", "ben", "Ced", "eve", "root", "nobody"][..]);
    (query, prop::sample::select(ORDERS), visible, who, 1..12_i64)
        .prop_map(|(query, sort, visible, who, limit)| Asked { query, sort, visible, who, limit })
}

/// Every page, with the cursors between them.
fn pages<T: Debug>(limit: i64, page: impl Fn(Option<&str>, i64) -> Result<Page<T>, Error>) -> Result<String, Error> {
    let (mut told, mut cursor) = (String::new(), None::<String>);
    loop {
        let next = page(cursor.as_deref(), limit)?;
        told.push_str(&format!("{:?} {:?}\n", next.rows, next.next));
        cursor = next.next;
        if cursor.is_none() {
            return Ok(told);
        }
    }
}

/// The numbers that a query finds when this index leads.
fn led(tx: &Tx, query: &Query, visible: &Visibility, lead: &Lead) -> Result<Vec<i64>, Error> {
    let mut select = sql::select(&issue(), query, visible, lead, tx.one_of_numbers());
    select.column("number");
    let (text, params) = sql::build(&select)?;
    let mut numbers = tx.all(&text, &params, |row| row.int(0))?;
    numbers.sort_unstable();
    Ok(numbers)
}

fn answers(tx: &Tx, asked: &Asked) -> Result<Vec<String>, Error> {
    let (flow, found, order) = (issue(), query(&asked.query), sort(asked.sort));
    let Asked { visible, who, limit, .. } = asked;
    let any = led(tx, &found, visible, &Lead::Any)?;
    let leads = (0..found.terms.len()).map(Lead::Term).chain([Lead::Order]);
    for lead in leads {
        assert_eq!(led(tx, &found, visible, &lead)?, any, "{asked:?} led by {lead:?}");
    }
    let first = asked.query.split(' ').next().unwrap_or_default();
    let of_one = Some("issue");
    Ok(vec![
        pages(*limit, |cursor, limit| list::of_flow(tx, &flow, &found, &order, visible, cursor, limit))?,
        format!("{:?}", list::count(tx, &flow, &found, visible, *limit * 3)?),
        format!("{:?}", list::count_near(tx, &flow, &found, visible, 1000)?),
        format!("{:?}", item::search(tx, &flow, first, *limit, visible)?),
        format!("{:?}", user::search(tx, first, *limit)?),
        pages(*limit, |cursor, limit| list::pending(tx, who, None, cursor, limit))?,
        pages(*limit, |cursor, limit| list::pending(tx, who, of_one, cursor, limit))?,
        pages(*limit, |cursor, limit| list::done(tx, who, None, cursor, limit))?,
        pages(*limit, |cursor, limit| list::done(tx, who, of_one, cursor, limit))?,
        pages(*limit, |cursor, limit| list::created(tx, who, None, cursor, limit))?,
        pages(*limit, |cursor, limit| list::created(tx, who, of_one, cursor, limit))?,
        pages(*limit, |cursor, limit| list::stranded(tx, cursor, limit))?,
        format!("{:?}", list::pending_counts(tx, who, &["bug", "issue"], *limit)?),
        format!("{:?} {:?}", list::done_count(tx, who, None, *limit)?, list::created_count(tx, who, None, *limit)?),
        format!("{:?} {:?}", list::tally(tx, "issue")?, list::open_items(tx)?),
    ])
}

fn walk(tx: &WriteTx, acts: &[(i64, &'static str, Act)], asked: &[Asked]) -> Result<Vec<String>, Told> {
    let mut seen = Vec::new();
    for (turn, (number, who, what)) in (1..).zip(acts) {
        // all forty of them, and often at the same moment
        let (number, now) = (1 + (number * 7 + turn * 13) % 40, T0 + 200 * MINUTE + turn / 3 * MINUTE);
        match act(tx, number, who, now, what) {
            Ok(saved) => seen.push(format!("{saved:?}")),
            Err(Failure::Refused(refusal)) => seen.push(format!("{refusal:?}")),
            Err(Failure::Store(error)) => return Err(Told::Store(error)),
        }
    }
    user::update_active(tx, "ben", acts.len().is_multiple_of(2))?;
    for asked in asked {
        seen.extend(answers(tx, asked)?);
    }
    seen.extend(TABLES.map(|table| dump(tx, table).join("\n")));
    Ok(seen)
}

fn seen(place: &Place, acts: &[(i64, &'static str, Act)], asked: &[Asked]) -> Vec<String> {
    let (acts, asked) = (acts.to_vec(), asked.to_vec());
    match place.db.write(move |tx| Err::<(), Told>(walk(tx, &acts, &asked).map_or_else(|told| told, Told::Seen))) {
        Err(Told::Seen(seen)) => seen,
        Err(Told::Store(error)) => panic!("{error}"),
        Ok(()) => unreachable!("it is rolled back"),
    }
}

#[test]
fn both_engines_keep_and_answer_the_same() {
    let (one, other) = (filled_in(embedded()), filled_in(place()));
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 40, source_file: Some(file!()), ..ProptestConfig::default() });
    let walks = (prop::collection::vec(acts(), 0..40), prop::collection::vec(asked(), 1..6));
    let same = runner.run(&walks, |(acts, asked)| {
        let (one, other) = (seen(&one, &acts, &asked), seen(&other, &acts, &asked));
        prop_assert_eq!(one.len(), other.len());
        for (one, other) in one.iter().zip(&other) {
            prop_assert_eq!(one, other);
        }
        Ok(())
    });
    same.unwrap();
}
