//! Items that go on under another version: what is derived from them says the same, there and back.

use std::collections::BTreeSet;

use flow::{Decision, Field, Flow, Kind, Map, Step, Value};
use indexmap::IndexMap;
use serde_json::json;

use super::{
    fixture::{Act, Failure, Place, T0, a_few_fields, act, bug, create, issue, load, migration, place, with_facts},
    items::{check, dump},
};
use crate::{Error, Tx, WriteTx, flow_version, item, migration as kept, rebuild_sheet, words};

/// Another title, a number that was a text's, a link and a long text that are gone, a state and a word renamed.
fn second() -> Flow {
    let mut flow = issue();
    let renamed = |key: &str, field: &Field| Field { key: key.to_owned(), ..field.clone() };
    for (old, new) in [("summary", "headline"), ("watchers", "readers"), ("amount", "amount_text")] {
        let field = renamed(new, &flow.fields[old]);
        flow.fields.shift_remove(old);
        flow.fields.insert(new.to_owned(), field);
    }
    flow.fields["amount_text"].kind = Kind::Text { max_length: 20, pattern: None };
    flow.fields.shift_remove("cause");
    flow.fields.shift_remove("detail");
    flow.title = Some("headline".to_owned());
    let state = flow::State { name: "受理".to_owned(), ..flow.states["处理"].clone() };
    flow.states.shift_remove("处理");
    flow.states.insert("受理".to_owned(), state);
    flow.initial = "受理".to_owned();
    for row in &mut flow.transitions {
        row.sources.iter_mut().chain([&mut row.dest]).filter(|name| *name == "处理").for_each(|name| {
            *name = "受理".to_owned();
        });
    }
    flow
}

fn map() -> Map {
    let text = "[states]\n\"处理\" = \"受理\"\n[fields]\nsummary = \"headline\"\nwatchers = \"readers\"\namount = \"amount_text\"\ncause = \"\"\ndetail = \"\"\n";
    Map::read(text).unwrap()
}

/// The same keys, most of them of another type.
fn retyped() -> Flow {
    let mut flow = issue();
    let text = Kind::Text { max_length: 200, pattern: None };
    for key in ["level", "kinds", "checker", "amount", "urgent", "site", "cause"] {
        flow.fields[key].kind = text.clone();
        flow.fields[key].multiple = false;
    }
    flow.fields["watchers"].multiple = false;
    flow.fields["watchers"].kind = text;
    flow.fields["need_by"].kind = Kind::Datetime;
    flow.fields["happened"].kind = Kind::Date;
    flow.transitions[0].assign_to = flow::Holder::CreatedBy;
    flow::settle_types(&[&issue()], &mut flow);
    flow
}

fn forth(tx: &WriteTx, (new, map): (&Flow, &Map), number: i64) -> Result<Decision, Failure> {
    let old = issue();
    let (stood, peopled) = (IndexMap::new(), BTreeSet::new());
    let item = load(tx, &old, number);
    let decision = with_facts(tx, "root", T0 + 50, |facts| {
        let step = Step { old: &old, new, version: 2, map, stood: &stood, peopled: &peopled };
        Ok(flow::migrate(&step, &item, facts).unwrap())
    })?;
    item::save_across(tx, (&old, new), &decision)?;
    Ok(decision)
}

fn back(tx: &WriteTx, new: &Flow, number: i64) -> Result<(), Failure> {
    let old = issue();
    let item = load(tx, new, number);
    let event = kept::event(tx, "issue", number, T0 + 50)?.unwrap();
    let before = item::earlier(tx, "issue", number, event.seq, 1)?;
    let stood = event.changes.iter().filter(|(key, _)| *key != flow::VERSION).map(|(key, (value, _))| {
        let read = |field| Value::from_stored(value, field);
        (key.clone(), old.fields.get(key).map_or(Value::Empty, read))
    });
    let stood = stood.collect();
    let decision = with_facts(tx, "root", T0 + 60, |facts| {
        let place = (event.from.as_deref().unwrap(), &before[0].assigned_to[..]);
        Ok(flow::migrate_back(&item, 1, place, &stood, facts))
    })?;
    item::save_across(tx, (new, &old), &decision)?;
    Ok(())
}

/// What is derived of the present, table by table.
fn derived(place: &Place) -> Vec<Vec<String>> {
    let tables = ["sheet_issue", "words_issue", "holder", "link"];
    place.db.read(|tx| Ok::<_, Error>(tables.map(|table| dump(tx, table)).to_vec())).unwrap()
}

/// Two items, one of them with most fields filled, go on under `new` and come back: the first two decisions, and the links.
fn there_and_back(new: &Flow, map: &Map) -> ([Decision; 2], Vec<String>) {
    let place = place();
    let write = |new: Flow| {
        move |tx: &WriteTx| {
            let first = create(tx, &issue(), "ann", T0, &a_few_fields())?;
            let number = create(tx, &issue(), "ann", T0, &json!({"summary": "乙", "cause": "issue/1", "amount": 7}))?;
            act(tx, number, "ann", T0 + 1, &Act::Press("提取", json!({})))?;
            act(tx, number, "ann", T0 + 1, &Act::Comment("说"))?;
            act(tx, first, "ann", T0 + 2, &Act::Press("提交", json!({"checker": "ben"})))?;
            create(tx, &bug(), "ann", T0, &json!({"summary": "b", "seen_in": ["issue/2"]}))?;
            flow_version::publish(tx, &new, ("second", &flow_version::Beside::default()), "root", T0 + 3)?;
            Ok::<_, Failure>(())
        }
    };
    place.db.write(write(new.clone())).unwrap();
    let before = derived(&place);
    let (flow, by) = (new.clone(), map.clone());
    let go = move |tx: &WriteTx| Ok::<_, Failure>([forth(tx, (&flow, &by), 1)?, forth(tx, (&flow, &by), 2)?]);
    let decisions = place.db.write(go).unwrap();
    let sheet = |place: &Place| place.db.read(|tx| Ok::<_, Error>(dump(tx, "sheet_issue"))).unwrap();
    let there = sheet(&place);
    rebuild_sheet(&place.db, "issue").unwrap();
    assert_eq!(there, sheet(&place), "the sheet kept and the sheet rebuilt");
    let read = |tx: &Tx| {
        for (number, decision) in [(1, &decisions[0]), (2, &decisions[1])] {
            let item = load(tx, new, number);
            assert_eq!(&item, decision.after());
            assert_eq!(item.flow_version, 2);
        }
        assert_eq!(flow_version::open_items(tx, "issue", 1, 2)?.into_iter().collect::<Vec<_>>(), [(2, 2)]);
        let versions = [(1, issue()), (2, new.clone())].into_iter().collect();
        let made = words::texts_of(tx, "issue", &versions, 0, 10)?;
        let sql = "select body from words_issue where flow = $1 order by number";
        let bodies = tx.all(sql, &["issue".into()], |row| row.text(0))?;
        assert_eq!(bodies, made.into_iter().map(|texts| texts.body).collect::<Vec<_>>());
        Ok::<_, Error>(dump(tx, "link"))
    };
    let links = place.db.read(read).unwrap();
    let flow = new.clone();
    place.db.write(move |tx| Ok::<_, Failure>([back(tx, &flow, 1)?, back(tx, &flow, 2)?])).unwrap();
    let is_time = |cell: &str| cell.starts_with("Int(17") && cell.len() > 12;
    let plain = |tables: Vec<Vec<String>>| -> Vec<Vec<String>> {
        let row = |row: String| row.split('|').filter(|cell| !is_time(cell)).collect::<Vec<_>>().join("|");
        tables.into_iter().map(|rows| rows.into_iter().map(row).collect()).collect()
    };
    assert_eq!(plain(derived(&place)), plain(before), "as it was, but for the moment");
    check(&place);
    (decisions, links)
}

#[test]
fn what_is_derived_says_the_same_there_and_back() {
    let (decisions, links) = there_and_back(&second(), &map());
    let after = decisions[1].after();
    assert_eq!((&after.state[..], &after.fields["amount_text"]), ("受理", &Value::Text("7".to_owned())));
    assert!(links.iter().all(|link| !link.contains("cause")), "{links:?}");
}

#[test]
fn a_key_of_another_type_is_carried_there_and_back() {
    let (decisions, links) = there_and_back(&retyped(), &Map::default());
    let text = |text: &str| Value::Text(text.to_owned());
    let first = &decisions[0].after().fields;
    assert_eq!(
        (&first["amount"], &first["kinds"], &first["level"]),
        (&text("12.5"), &text("硬件, 软件"), &text("事故"))
    );
    assert_eq!((&first["urgent"], &first["watchers"]), (&text("true"), &text("ann, Ced")));
    assert_eq!(first["happened"].spelled(), "2026-11-22");
    assert_eq!(decisions[1].after().fields["cause"], text("issue/1"));
    assert!(links.iter().all(|link| !link.contains("cause")), "a text links nothing: {links:?}");
}

#[test]
fn a_migration_is_kept_and_changed() {
    let place = place();
    let write = |tx: &WriteTx| {
        kept::keep(tx, "issue", &migration(1))?;
        kept::keep(tx, "issue", &migration(2))?;
        let finished = kept::Migration { finished_at: Some(T0 + 9), ..migration(2) };
        kept::keep(tx, "issue", &finished)?;
        assert_eq!(kept::newest(tx, "issue")?, Some(finished));
        assert_eq!(kept::newest(tx, "bug")?, None);
        Ok::<_, Error>(())
    };
    place.db.write(write).unwrap();
}
