//! Items that go on under another version: what becomes of them, or what they would lack.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::{Value as Json, json};

use super::world::*;
use crate::*;

fn old() -> Flow {
    flow(
        "t",
        vec![
            text("title"),
            choice("kind", &["hard", "soft"]),
            text("amount_text"),
            text("gone"),
            Field { multiple: true, ..choice("tags", &["a", "b"]) },
            user("boss"),
            field("day", Kind::Date),
            field("moment", Kind::Datetime),
        ],
        vec![row("new", "submit", "review"), row("review", "close", "closed")],
    )
}

fn new() -> Flow {
    flow(
        "t",
        vec![
            text("title"),
            choice("kind", &["hardware", "soft"]),
            field("amount", Kind::Number { min: None, max: Some(100.0), decimals: Some(1) }),
            Field { required: true, ..text("reason") },
            Field { multiple: true, ..choice("tags", &["b", "c"]) },
            user("boss"),
            field("day_time", Kind::Datetime),
            field("just_day", Kind::Date),
        ],
        vec![row("new", "submit", "check"), row("check", "close", "closed")],
    )
}

/// What an item of these fields becomes by the map (TOML): state, holders and fields, or what it lacks.
fn migrated((new, state): (&Flow, &str), fields: Json, map: &str) -> Result<Json, Vec<Lack>> {
    let (old, map) = (old(), Map::read(map).unwrap());
    let item = Item { fields: fields_of(&old, &fields), ..standing(state, &["ann"], json!({})) };
    let none = IndexMap::new();
    let peopled = BTreeSet::new();
    let step = Step { old: &old, new, version: 2, map: &map, stood: &none, peopled: &peopled };
    let input = Input::new();
    let decision = with_facts("root", new, Some(&item), &input, &[], |facts| migrate(&step, &item, facts))?;
    let after = decision.after();
    assert_eq!((after.flow_version, decision.record().kind), (2, RecordKind::Migrated));
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let fields: serde_json::Map<String, Json> =
        after.fields.iter().map(|(key, value)| (key.clone(), value.to_json(&zone))).collect();
    Ok(json!([after.state, after.assigned_to, fields]))
}

fn fields_of(flow: &Flow, fields: &Json) -> Fields {
    let each = fields.as_object().unwrap().iter();
    each.map(|(key, value)| (key.clone(), Value::from_stored(value, &flow.fields[key]))).collect()
}

const MAP: &str = r#"
states = { review = "check" }
fields = { amount_text = "amount", gone = "", day = "day_time", moment = "just_day" }
words.kind = { hard = "hardware" }
words.tags = { a = "" }
values = { reason = "before" }
"#;

#[test]
fn what_the_map_says_becomes_of_it() {
    for (fields, expected) in [
        (json!({}), json!({"reason": "before"})),
        (json!({"title": "x", "kind": "hard"}), json!({"title": "x", "kind": "hardware", "reason": "before"})),
        (json!({"amount_text": "7.5"}), json!({"amount": 7.5, "reason": "before"})),
        (json!({"gone": "y"}), json!({"reason": "before"})),
        (json!({"tags": ["a", "b"]}), json!({"tags": ["b"], "reason": "before"})),
        (json!({"tags": ["a"]}), json!({"reason": "before"})),
        (json!({"day": "2026-11-22"}), json!({"day_time": "2026-11-22T00:00:00+08:00", "reason": "before"})),
        (json!({"moment": "2026-11-22T20:00:00Z"}), json!({"just_day": "2026-11-23", "reason": "before"})),
    ] {
        let Ok(Json::Array(after)) = migrated((&new(), "review"), fields.clone(), MAP) else { panic!("{fields}") };
        assert_eq!(after[..2], [json!("check"), json!(["ann"])]);
        let mut found = after[2].clone();
        found.as_object_mut().unwrap().sort_keys();
        let mut expected = expected;
        expected.as_object_mut().unwrap().sort_keys();
        assert_eq!(found.to_string(), expected.to_string(), "{fields}");
    }
    // who holds nothing at an end
    let closed = migrated((&new(), "closed"), json!({}), MAP).unwrap();
    assert_eq!(closed[1], json!([]));
}

#[test]
fn everything_that_is_lacked_is_told_at_once() {
    let bare = "states = { review = \"check\" }";
    let lacks = |state, fields, map| migrated((&new(), state), fields, map).unwrap_err();
    assert_eq!(lacks("review", json!({}), ""), [Lack::Required("reason".into()), Lack::State("review".into())]);
    assert_eq!(
        lacks("review", json!({"gone": "y"}), bare),
        [Lack::Field("gone".into()), Lack::Required("reason".into())]
    );
    let values = "values = { reason = \"r\" }\nfields = { amount_text = \"amount\" }";
    for (fields, lack) in [
        (json!({"kind": "hard"}), Lack::Value("kind".into(), "hard".into())),
        (json!({"amount_text": "viel"}), Lack::Value("amount".into(), "viel".into())),
        (json!({"amount_text": "101"}), Lack::Value("amount".into(), "101".into())),
        (json!({"amount_text": "1.25"}), Lack::Value("amount".into(), "1.25".into())),
    ] {
        assert_eq!(lacks("new", fields.clone(), values), [lack], "{fields}");
    }
    assert_eq!(
        lacks("new", json!({}), "values = { reason = \"longer than ten\" }"),
        [Lack::Value("reason".into(), "longer than ten".into())]
    );
}

#[test]
fn a_state_must_have_a_button_and_an_end() {
    let values = "values = { reason = \"r\" }";
    let lacks = |flow: &Flow, fields| migrated((flow, "new"), fields, values).map_err(|lacks| format!("{lacks:?}"));
    let mut gated = new();
    let text = condition(&gated, "kind == \"soft\"");
    change(&mut gated, "submit", |row| row.condition.clone_from(&text));
    // whoever holds it can still choose the word that is asked for
    assert!(lacks(&gated, json!({})).is_ok());
    gated.states["new"].readonly = ["kind".to_owned()].into();
    assert_eq!(lacks(&gated, json!({})), Err("[Button]".to_owned()));
    assert!(lacks(&gated, json!({"kind": "soft"})).is_ok());
    let mut strange = new();
    change(&mut strange, "submit", |row| row.by = vec![Who::Group("nobody".into())]);
    assert_eq!(lacks(&strange, json!({})), Err("[Button]".to_owned()));
    let mut endless = new();
    change(&mut endless, "close", |row| "new".clone_into(&mut row.dest));
    assert_eq!(lacks(&endless, json!({})), Err("[End]".to_owned()));
}
