//! Full text: the rows of texts and the index say the same as the items, and a search finds what a naive look at everything
//! finds, whatever happened and however the items came.

use std::collections::{BTreeMap, BTreeSet};

use flow::{Flow, Query, Term, text::Needle};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{
    fixture::{Act, Failure, Place, T0, act, bug, create, issue, load, place},
    items::MINUTE,
};
use crate::{
    Error, Tx, Visibility, VisibleTo, item, list,
    words::{self, Texts},
};

fn versions(flow: &Flow) -> words::Versions {
    BTreeMap::from([(1, flow.clone())])
}

/// The texts kept, the texts as the items have them, and the index agree.
pub(super) fn check(tx: &Tx) -> Result<(), Error> {
    for flow in [issue(), bug()] {
        let made = words::texts_of(tx, &flow.key, &versions(&flow), 0, 10_000)?;
        let sql = format!("select number, body, said from {} where flow = $1 order by number", words::table(&flow.key));
        let kept = tx.all(&sql, &[(&flow.key).into()], |row| {
            Ok(Texts { number: row.int(0)?, body: row.text(1)?, said: row.text(2)? })
        })?;
        assert_eq!(kept, made, "the texts kept and the texts of the items");
        let mut known: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
        for texts in &kept {
            for token in words::tokens(&texts.body, &texts.said).split(' ').filter(|token| !token.is_empty()) {
                known.entry(token.to_owned()).or_default().insert(texts.number);
            }
        }
        known.insert("gone".to_owned(), BTreeSet::new());
        for (token, numbers) in known {
            let asked = words::Asked::Token(flow::text::Wanted { token: token.clone(), prefix: false });
            let found = words::found(tx, &flow.key, &asked, None, 10_000)?;
            assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), numbers, "{token}");
            assert_eq!(found.len(), numbers.len());
        }
    }
    Ok(())
}

fn words(text: &str) -> Query {
    Query { terms: text.split(' ').map(|word| Term::Words(word.replace('+', " "))).collect() }
}

/// The numbers that a search finds, newest first, and how many it says there are.
fn found(tx: &Tx, query: &Query, visible: &Visibility) -> Result<(Vec<i64>, i64), Error> {
    let mut numbers = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = list::of_flow(tx, &issue(), query, &[], visible, cursor.as_deref(), 3)?;
        numbers.extend(page.rows.into_iter().map(|found| found.brief.number));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok((numbers, list::count(tx, &issue(), query, visible, 10_000)?.0))
}

/// Every text of an issue, its comments too.
fn texts(tx: &Tx, number: i64) -> Vec<String> {
    let item = load(tx, &issue(), number);
    let spoken = ["summary", "detail", "level", "kinds", "checker", "watchers", "site", "cause", "bugs"];
    let fields = item.fields.iter().filter(|(key, _)| spoken.contains(&key.as_str()));
    let mut texts: Vec<String> = fields.flat_map(|(_, value)| value.texts().to_vec()).collect();
    texts.extend(item::history(tx, "issue", number, 0, 1000).unwrap().into_iter().filter_map(|event| event.comment));
    texts
}

fn check_search(place: &Place, queries: &[String]) {
    let read = |tx: &Tx| {
        let numbers =
            tx.all("select number from item where flow = 'issue' order by number desc", &[], |row| row.int(0))?;
        let all: Vec<(i64, Vec<String>)> = numbers.iter().map(|number| (*number, texts(tx, *number))).collect();
        for text in queries {
            let query = words(text);
            let holds = |texts: &[String]| {
                query.terms.iter().all(|term| {
                    let Term::Words(word) = term else { unreachable!() };
                    let needle = Needle::new(word);
                    texts.iter().any(|text| needle.is_in(&flow::text::keep(text)))
                })
            };
            let expected: Vec<i64> = all.iter().filter(|(_, texts)| holds(texts)).map(|(number, _)| *number).collect();
            let count = i64::try_from(expected.len()).unwrap();
            assert_eq!(found(tx, &query, &Visibility::All)?, (expected.clone(), count), "{text}");
            let mine = VisibleTo { user: "ann".to_owned(), creator: true, ..Default::default() };
            let is_mine = |number: &i64| load(tx, &issue(), *number).created_by == "ann";
            let expected: Vec<i64> = expected.into_iter().filter(is_mine).collect();
            let count = i64::try_from(expected.len()).unwrap();
            assert_eq!(found(tx, &query, &Visibility::Rules(mine))?, (expected, count), "{text}, of ann");
        }
        check(tx)
    };
    place.db.read(read).unwrap();
}

#[derive(Debug, Clone)]
enum Step {
    Create(Json),
    Save(i64, Json),
    Say(i64, String),
}

fn piece() -> impl Strategy<Value = String> {
    "[单板重启 aA1.\\-]{0,8}"
}

fn fields() -> impl Strategy<Value = Json> {
    (piece(), piece(), prop_oneof![Just(json!("一般")), Just(json!(null))], any::<bool>()).prop_map(
        |(summary, detail, level, watched)| {
            let watchers = if watched { json!(["ann", "Ced"]) } else { json!(null) };
            json!({"summary": summary.trim(), "detail": detail, "level": level, "watchers": watchers})
        },
    )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => fields().prop_map(Step::Create),
        2 => (1..6_i64, fields()).prop_map(|(number, fields)| Step::Save(number, fields)),
        2 => (1..6_i64, piece()).prop_map(|(number, said)| Step::Say(number, said)),
    ];
    prop::collection::vec(step, 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_search_finds_what_a_look_at_everything_finds(
        steps in steps(),
        queries in prop::collection::vec("[单板重启aA1]{1,4}( [单板重启aA1+.]{1,3})?", 12),
    ) {
        let place = place();
        let live = move |tx: &crate::WriteTx| {
            for (turn, step) in (1..).zip(steps.clone()) {
                let (who, now) = (if turn % 3 == 0 { "ben" } else { "ann" }, T0 + turn * MINUTE);
                let done = match step {
                    Step::Create(fields) => create(tx, &issue(), who, now, &fields).map(drop),
                    Step::Save(number, fields) if item::exists(tx, "issue", number)? => {
                        act(tx, number, "root", now, &Act::Save(fields)).map(drop)
                    }
                    Step::Say(number, said) if item::exists(tx, "issue", number)? => {
                        let said: &'static str = said.leak();
                        act(tx, number, who, now, &Act::Comment(said)).map(drop)
                    }
                    _ => Ok(()),
                };
                match done {
                    Ok(()) | Err(Failure::Refused(_)) => {}
                    Err(failure) => return Err(failure),
                }
            }
            Ok(())
        };
        place.db.write(live).unwrap();
        check_search(&place, &queries);
    }
}
