//! Items: what is saved is what is loaded, and everything derived from it stays equal to it.

use std::collections::{BTreeMap, BTreeSet};

use flow::{Fields, Item, Record, RecordKind, Value};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::json;

use super::fixture::{Act, Failure, Place, T0, a_few_fields, act, at, bug, create, decide, issue, load, place};
use crate::{Error, Tx, change, flow_version, item, list, rebuild_sheet};

pub(super) const MINUTE: i64 = 60_000;

/// Every row of a table as text, sorted.
pub(super) fn dump(tx: &Tx, table: &str) -> Vec<String> {
    let cells = |row: &crate::row::Row| {
        let cells = (0..row.width()).map(|index| row.cell(index).map(|cell| format!("{cell:?}")));
        Ok(cells.collect::<Result<Vec<_>, _>>()?.join("|"))
    };
    // the index beside the texts is each engine's own
    let columns = if table.starts_with("words_") { "flow, number, body, said" } else { "*" };
    let mut rows = tx.all(&format!("select {columns} from \"{table}\""), &[], cells).unwrap();
    rows.sort();
    rows
}

fn value_from(json: &serde_json::Value, key: &str) -> Value {
    if key == flow::VERSION {
        return Value::Number(json.as_f64().unwrap());
    }
    issue().fields.get(key).or(bug().fields.get(key)).map_or(Value::Empty, |field| Value::from_stored(json, field))
}

/// The item's history as records again.
fn past(tx: &Tx, flow: &str, number: i64) -> Vec<(jiff::Timestamp, Record)> {
    let kinds = [
        ("created", RecordKind::Created),
        ("saved", RecordKind::Saved),
        ("triggered", RecordKind::Triggered),
        ("commented", RecordKind::Commented),
        ("assigned", RecordKind::Assigned),
        ("imported", RecordKind::Imported),
        ("migrated", RecordKind::Migrated),
    ];
    let events = item::history(tx, flow, number, 0, 1000).unwrap();
    assert!(events.iter().map(|event| event.seq).eq(1..=i64::try_from(events.len()).unwrap()));
    let record = |event: item::EventRow| {
        let changes =
            event.changes.iter().map(|(key, (old, new))| (key.clone(), (value_from(old, key), value_from(new, key))));
        let record = Record {
            at: at(event.at),
            actor: event.actor.clone(),
            kind: kinds.iter().find(|(name, _)| *name == event.kind).unwrap().1,
            trigger: event.trigger.clone(),
            from: event.from.clone(),
            to: event.to.clone(),
            changes: changes.collect(),
            assigned_to: event.assigned_to.clone(),
            comment: event.comment.clone(),
            by_admin: event.by_admin,
        };
        (at(event.at), record)
    };
    events.into_iter().map(record).collect()
}

fn plain(item: Item) -> Item {
    let mut fields: Vec<_> =
        item.fields.into_iter().filter(|(_, value)| !matches!(value, Value::Empty | Value::Bool(false))).collect();
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    Item { fields: fields.into_iter().collect::<Fields>(), ..item }
}

/// Everything that is derived says the same as the items themselves.
pub(super) fn check(place: &Place) {
    let sheets =
        || place.db.read(|tx| Ok::<_, Error>(["sheet_issue", "sheet_bug"].map(|table| dump(tx, table)))).unwrap();
    let kept = sheets();
    ["issue", "bug"].into_iter().for_each(|key| rebuild_sheet(&place.db, key).unwrap());
    assert_eq!(kept, sheets(), "the sheet kept and the sheet rebuilt");
    place.db.read(check_derived).unwrap();
    place.db.read(super::words::check).unwrap();
}

fn check_derived(tx: &Tx) -> Result<(), Error> {
    let mut states: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut open: BTreeMap<String, i64> = BTreeMap::new();
    let mut holders = BTreeSet::new();
    let mut ends = BTreeSet::new();
    for flow in [issue(), bug()] {
        let numbers = tx.all("select number from item where flow = $1", &[(&flow.key).into()], |row| row.int(0))?;
        for number in numbers {
            let item = load(tx, &flow, number);
            *states.entry((flow.key.clone(), item.state.clone())).or_default() += 1;
            assert_eq!(flow.states[&item.state].is_final, item.closed_at.is_some());
            if item.closed_at.is_none() {
                *open.entry(flow.key.clone()).or_default() += 1;
            }
            holders.extend(item.assigned_to.iter().map(|who| format!("{}/{number} user:{who}", flow.key)));
            let links = item.fields.iter().filter(|(key, _)| matches!(flow.fields[*key].kind, flow::Kind::Item { .. }));
            for (key, other) in links.flat_map(|(key, value)| value.texts().iter().map(move |text| (key, text))) {
                ends.insert(format!("{}/{number} {key} 0 {other}", flow.key));
                ends.insert(format!("{other} {key} 1 {}/{number}", flow.key));
            }
            let past = past(tx, &flow.key, number);
            let folded = flow::fold(number, 1, past.iter().map(|(at, record)| (*at, record))).unwrap();
            assert_eq!(plain(folded), plain(item.clone()), "the fold of the events and the item");
            let stays = item::stays(tx, &flow.key, number)?;
            check_stayed(tx, &flow.key, number, &stays)?;
            assert_eq!(stays.last().map(|stay| (&stay.state, stay.left)), Some((&item.state, None)));
            assert!(
                stays.windows(2).all(|pair| pair[0].left == Some(pair[1].entered) && pair[0].state != pair[1].state)
            );
        }
        let kept = list::tally(tx, &flow.key)?.into_iter().map(|(state, count)| ((flow.key.clone(), state), count));
        let counted = states.iter().filter(|((key, _), _)| *key == flow.key);
        assert!(kept.eq(counted.map(|(place, count)| (place.clone(), *count))));
        let in_use = flow_version::versions_in_use(tx, &flow.key)?;
        assert_eq!(in_use, if open.contains_key(&flow.key) { vec![1] } else { vec![] });
    }
    assert_eq!(list::open_items(tx)?, open);
    let sql = "select flow || '/' || number || ' ' || who from holder";
    assert_eq!(tx.all(sql, &[], |row| row.text(0))?.into_iter().collect::<BTreeSet<_>>(), holders);
    let sql =
        "select flow || '/' || number || ' ' || field || ' ' || inward || ' ' || other_flow || '/' || other_number
               from link";
    assert_eq!(tx.all(sql, &[], |row| row.text(0))?.into_iter().collect::<BTreeSet<_>>(), ends);
    Ok(())
}

/// What an item spent in its states, as its stays and its whole history tell it.
fn check_stayed(tx: &Tx, flow: &str, number: i64, stays: &[item::Stay]) -> Result<(), Error> {
    let now = T0 + 1_000 * MINUTE;
    let events = item::history(tx, flow, number, 0, i64::MAX)?;
    let stayed = item::stayed(tx, flow, number, now)?;
    let states: BTreeSet<&String> = stays.iter().map(|stay| &stay.state).collect();
    assert_eq!(stayed.iter().map(|stayed| &stayed.state).collect::<BTreeSet<_>>(), states);
    assert_eq!(stayed.len(), states.len(), "each once");
    for stayed in stayed {
        let of_it = || stays.iter().filter(|stay| stay.state == stayed.state);
        assert_eq!(stayed.lasted, of_it().map(|stay| stay.left.unwrap_or(now) - stay.entered).sum::<i64>());
        assert_eq!(Some(stayed.entered), of_it().next_back().map(|stay| stay.entered));
        let last = events.iter().rev().find(|event| event.to == stayed.state);
        assert_eq!(Some(&stayed.assigned_to), last.map(|event| &event.assigned_to));
    }
    Ok(())
}

#[test]
fn the_life_of_an_item() {
    let place = place();
    let number = place
        .db
        .write(|tx| {
            let number = create(tx, &issue(), "ann", T0, &a_few_fields())?;
            act(tx, number, "ann", T0 + MINUTE, &Act::Press("提取", json!({})))?;
            act(tx, number, "ann", T0 + 2 * MINUTE, &Act::Press("提交", json!({"amount": 0.1, "kinds": null})))?;
            act(tx, number, "ann", T0 + 3 * MINUTE, &Act::Comment("你好\nworld"))?;
            act(tx, number, "ben", T0 + 4 * MINUTE, &Act::Press("关闭", json!({})))?;
            Ok::<_, Failure>(number)
        })
        .unwrap();
    check(&place);
    let db = &place.db;
    let read = |tx: &Tx| {
        let item = load(tx, &issue(), number);
        assert_eq!((item.state.as_str(), item.revision, item.assigned_to.len()), ("关闭", 4, 0));
        assert_eq!(item.closed_at, Some(at(T0 + 4 * MINUTE)));
        assert_eq!(item.fields["amount"], Value::Number(0.1));
        assert!(item.fields.get("kinds").is_none_or(Value::is_empty));
        let links = item::links(tx, "issue", number, None, 9)?.rows;
        let other = |link: &item::Link| (link.flow.clone(), link.number, link.field.clone(), link.outward);
        assert_eq!(links.iter().map(other).collect::<Vec<_>>(), [("bug".into(), 1, "bugs".into(), true)]);
        let back = item::links(tx, "bug", 1, None, 9)?.rows;
        assert_eq!(back.iter().map(other).collect::<Vec<_>>(), [("issue".into(), 1, "bugs".into(), false)]);
        let titles = item::titles(tx, &[("bug".to_owned(), 1), ("bug".to_owned(), 2)].into())?;
        assert_eq!(titles.into_values().collect::<Vec<_>>(), [("灯不亮".to_owned(), "提交".to_owned())]);
        let history = item::history(tx, "issue", number, 2, 2)?;
        assert_eq!(history.iter().map(|event| event.seq).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(history[1].comment.as_deref(), Some("你好\nworld"));
        assert_eq!((history[1].at, history[1].kind.as_str()), (T0 + 3 * MINUTE, "commented"));
        assert_eq!(history[0].changes["amount"], (json!(12.5), json!(0.1)));
        // done: who pressed last first; ben holds nothing, ann holds the bug that she opened
        let numbers = |page: list::Page<item::Brief>| page.rows.iter().map(|row| row.number).collect::<Vec<_>>();
        assert_eq!(numbers(list::done(tx, "ben", None, None, 10)?), [number]);
        assert_eq!(numbers(list::done(tx, "ann", Some("issue"), None, 10)?), [number]);
        assert_eq!(list::done_count(tx, "ann", None, 10)?, (1, false));
        assert_eq!(numbers(list::pending(tx, "ann", None, None, 10)?), [1]);
        assert_eq!(list::pending_counts(tx, "ann", &[], 10)?, BTreeMap::from([("bug".to_owned(), (1, false))]));
        assert_eq!(list::pending_count(tx, "ben", None, 10)?, (0, false));
        assert_eq!(numbers(list::created(tx, "ann", Some("issue"), None, 10)?), [number]);
        assert_eq!(list::created_count(tx, "ann", None, 1)?, (1, true));
        Ok::<_, Error>(())
    };
    db.read(read).unwrap();
}

#[test]
fn a_save_without_change_writes_nothing_and_a_press_always_writes() {
    let place = place();
    let write = |tx: &crate::WriteTx| {
        let number = create(tx, &issue(), "ann", T0, &json!({"summary": "a"}))?;
        let same = act(tx, number, "ann", T0 + 1, &Act::Save(json!({"summary": "a"})))?;
        assert_eq!(same.seq, 0);
        assert_eq!(load(tx, &issue(), number).updated_at, at(T0));
        let stayed = act(tx, number, "ann", T0 + 2, &Act::Press("提取", json!({})))?;
        assert_eq!(stayed.seq, 2);
        let said = act(tx, number, "ben", T0 + 3, &Act::Comment("x"))?;
        assert_eq!((said.seq, load(tx, &issue(), number).revision), (3, 2));
        Ok::<_, Failure>(())
    };
    place.db.write(write).unwrap();
    check(&place);
}

#[test]
fn what_was_decided_on_an_older_revision_is_stale() {
    let place = place();
    let number = place.db.write(|tx| create(tx, &issue(), "ann", T0, &a_few_fields())).unwrap();
    let decided =
        place.db.write(move |tx| decide(tx, number, "ann", T0 + 1, &Act::Save(json!({"summary": "mine"})))).unwrap();
    place.db.write(move |tx| act(tx, number, "ann", T0 + 2, &Act::Save(json!({"summary": "theirs"})))).unwrap();
    let late = place.db.write(move |tx| item::save(tx, &issue(), &decided, None));
    assert!(matches!(late, Err(Error::Stale)));
    check(&place);
    let item = place.db.read(|tx| Ok::<_, Error>(load(tx, &issue(), number))).unwrap();
    assert_eq!(item.fields["summary"], Value::Text("theirs".to_owned()));
}

#[test]
fn a_refused_write_leaves_no_trace_not_even_a_number() {
    let place = place();
    let refused = place.db.write(|tx| create(tx, &issue(), "ann", T0, &json!({"level": "无此"})));
    let invalid = |refusal: &flow::Refusal| matches!(refusal, flow::Refusal::Invalid(_));
    assert!(matches!(refused, Err(Failure::Refused(refusal)) if invalid(&refusal)));
    let number = place.db.write(|tx| create(tx, &issue(), "ann", T0, &json!({}))).unwrap();
    assert_eq!(number, 1);
    check(&place);
}

#[test]
fn an_opened_item_needs_its_flow() {
    let place = place();
    let number = place.db.write(|tx| create(tx, &issue(), "ann", T0, &a_few_fields())).unwrap();
    let without = place.db.write(move |tx| {
        let decision = decide(tx, number, "ann", T0 + 1, &Act::Press("提取", json!({})))?;
        Ok::<_, Failure>(item::save(tx, &issue(), &decision, None)?)
    });
    assert!(matches!(without, Err(Failure::Store(Error::Corrupt { .. }))));
    check(&place);
}

#[test]
fn every_kind_of_text_comes_back_as_it_was() {
    let place = place();
    let text = "<b>&amp;\"'\\ 🦀 \u{202e}rtl\u{202c} %_ \u{10ffff} ; drop table item --";
    let fields = json!({"summary": text, "detail": format!("{text}\n\n{text}")});
    let number = place.db.write(move |tx| create(tx, &issue(), "ann", T0, &fields)).unwrap();
    let item = place.db.read(|tx| Ok::<_, Error>(load(tx, &issue(), number))).unwrap();
    assert_eq!(item.fields["summary"], Value::Text(text.to_owned()));
    check(&place);
}

#[test]
fn publishing_widens_the_sheet_and_refuses_another_type() {
    let place = place();
    place.db.write(|tx| create(tx, &issue(), "ann", T0, &a_few_fields())).unwrap();
    let mut wider = issue();
    let mut team = wider.fields["level"].clone();
    team.key = "team".to_owned();
    wider.fields.insert("team".to_owned(), team);
    wider.fields.shift_remove("amount");
    let second = wider.clone();
    let version = place
        .db
        .write(move |tx| {
            flow_version::publish(tx, &second, ("second", &flow_version::Beside::default()), "root", T0 + 1)
        })
        .unwrap();
    assert_eq!(version, 2);
    let fields = json!({"summary": "b", "team": "事故"});
    let flow = wider.clone();
    place.db.write(move |tx| create(tx, &flow, "ann", T0, &fields)).unwrap();
    let mut other = wider.clone();
    other.fields["team"].kind = flow::Kind::Date;
    let refused = place.db.write(move |tx| {
        flow_version::publish(tx, &other, ("third", &flow_version::Beside::default()), "root", T0 + 2)
    });
    assert!(matches!(refused, Err(Error::KindChanged { .. })), "{refused:?}");
    let read = |tx: &Tx| {
        assert_eq!(flow_version::text(tx, "issue", 1)?.as_deref(), Some("issue"));
        assert_eq!(flow_version::text(tx, "issue", 3)?, None);
        let current = flow_version::current(tx)?;
        assert_eq!(
            current.iter().map(|row| (row.key.as_str(), row.version)).collect::<Vec<_>>(),
            [("issue", 2), ("bug", 1)]
        );
        assert_eq!(change::seen(tx)?.flows, 3);
        Ok::<_, Error>(())
    };
    place.db.read(read).unwrap();
    let kept = place.db.read(|tx| Ok::<_, Error>(dump(tx, "sheet_issue"))).unwrap();
    rebuild_sheet(&place.db, "issue").unwrap();
    assert_eq!(kept, place.db.read(|tx| Ok::<_, Error>(dump(tx, "sheet_issue"))).unwrap());
    assert_eq!(kept.len(), 2);
}

pub(super) fn acts() -> impl Strategy<Value = (i64, &'static str, Act)> {
    let fields = prop_oneof![
        Just(json!({})),
        Just(a_few_fields()),
        Just(json!({"checker": "ann", "amount": 3, "watchers": ["Ced"], "happened": null})),
        Just(json!({"checker": null, "level": null, "urgent": false, "kinds": ["软件"], "need_by": null})),
        Just(json!({"cause": "issue/1", "bugs": ["bug/1", "bug/2"], "amount": -0.000_001})),
        Just(json!({"cause": "issue/2", "bugs": ["bug/2"], "site": "", "summary": ""})),
    ];
    let triggers = prop_oneof![Just("提交"), Just("提取"), Just("打回"), Just("关闭"), Just("重开")];
    let what = prop_oneof![
        2 => fields.clone().prop_map(Act::Save),
        6 => (triggers, fields).prop_map(|(trigger, fields)| Act::Press(trigger, fields)),
        1 => prop_oneof![Just("ann"), Just("ben"), Just("eve")].prop_map(Act::Assign),
        1 => Just(Act::Comment("说")),
    ];
    (1..=2_i64, prop_oneof![Just("ann"), Just("ben"), Just("root")], what)
}

#[test]
fn whatever_happens_what_is_derived_stays_equal() {
    let place = place();
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 24, source_file: Some(file!()), ..ProptestConfig::default() });
    let stays = runner.run(&prop::collection::vec(acts(), 1..30), |walk| {
        place.emptied();
        let before = place.db.counters().writes;
        for who in ["ann", "ben"] {
            place.db.write(move |tx| create(tx, &issue(), who, T0, &a_few_fields())).unwrap();
        }
        let mut done = 0;
        for (turn, (number, who, what)) in (1..).zip(walk) {
            match place.db.write(move |tx| act(tx, number, who, T0 + turn * MINUTE, &what)) {
                Ok(_) => done += 1,
                Err(Failure::Refused(_)) => {}
                Err(Failure::Store(error)) => panic!("{error}"),
            }
        }
        check(&place);
        prop_assert!(place.db.counters().writes >= before + done + 2);
        Ok(())
    });
    stays.unwrap();
}
