//! Saving without pressing, comments, hand-overs, and what a write is.

use serde_json::json;

use super::world::*;
use crate::*;

#[test]
fn who_may_save() {
    let flow = ticket();
    let item = standing("new", &["ann", "Bob"], json!({}));
    says(&saves(&flow, &item, "bob", json!({"detail": "d"})), r#"new [ann Bob] detail="d""#);
    says(&saves(&flow, &item, "cid", json!({"detail": "d"})), "NotAllowed(Save)");
    says(&saves(&flow, &item, "root", json!({"detail": "d"})), r#"new [ann Bob] detail="d" by_admin"#);
    let closed = standing("closed", &[], json!({}));
    says(&saves(&flow, &closed, "ann", json!({})), "NotAllowed(Final)");
    says(&saves(&flow, &closed, "root", json!({})), "NotAllowed(Final)");
    assert!(may_save(&flow, &item, &actor("BOB")) && !may_save(&flow, &item, &actor("cid")));
    assert!(may_save(&flow, &item, &actor("root")) && !may_save(&flow, &closed, &actor("root")));
}

#[test]
fn stale_comes_first() {
    let flow = ticket();
    let item = Item { revision: 4, ..standing("closed", &[], json!({})) };
    says(&saves(&flow, &item, "cid", json!({"zzz": 1})), "Stale { revision: 4 }");
}

#[test]
fn absent_null_equal() {
    let flow = ticket();
    let item = standing("new", &["ann"], json!({"detail": "d", "amount": 5, "boss": "Bob", "verdict": "v"}));
    let saved = |fields| saves(&flow, &item, "ann", fields);
    says(&saved(json!({"detail": null})), "new [ann] detail=null");
    let same = json!({"detail": "d", "amount": 5.00, "boss": "BOB", "verdict": "v", "urgent": false, "secret": null});
    let unchanged = saved(same).unwrap();
    assert!(unchanged.changes_nothing() && unchanged.record().changes.is_empty());
    assert_eq!(unchanged.before(), Some(unchanged.after()));
    let mut locked = flow.clone();
    locked.states["new"].readonly = strings(&["amount", "boss", "detail"]).into_iter().collect();
    let same = saves(&locked, &item, "ann", json!({"amount": 5.0, "boss": "bob", "detail": "d"}));
    assert!(same.is_ok_and(|same| same.changes_nothing()));
    says(&saved(json!({"verdict": "w"})), "invalid: verdict Readonly");
    says(&saved(json!({"verdict": null})), "invalid: verdict Readonly");
    says(&saved(json!({"verdict": 5})), "invalid: verdict Readonly");
    says(&saved(json!({"secret": "s"})), "invalid: secret Readonly");
    says(&saved(json!({"current_state": "new"})), "invalid: current_state Unknown");
    says(&saved(json!({"nosuch": null})), "invalid: nosuch Unknown");
}

#[test]
fn what_stands_is_not_looked_up_again() {
    let flow = ticket();
    let item =
        standing("new", &["ann"], json!({"boss": "dan", "team": ["dan"], "link": "other/500", "links": ["x/500"]}));
    let saved = |fields| saves(&flow, &item, "ann", fields);
    let same = json!({"boss": "dan", "team": ["DAN"], "link": "other/500", "links": ["x/500"], "detail": "d"});
    says(&saved(same), r#"new [ann] detail="d""#);
    says(&saved(json!({"team": ["dan", "bob"]})), r#"new [ann] team=["dan","Bob"]"#);
    says(&saved(json!({"links": ["x/500", "other_3"]})), r#"new [ann] links=["x/500","other/3"]"#);
    says(&saved(json!({"team": ["eve", "dan"]})), r#"invalid: team NoUser { given: "eve" }"#);
}

#[test]
fn the_states_rules() {
    let mut flow = ticket();
    flow.states["new"].readonly = ["detail".to_owned()].into();
    flow.states["new"].hidden = ["day".to_owned()].into();
    flow.states["new"].required = ["boss".to_owned()].into();
    let item = standing("new", &["ann"], json!({}));
    says(&saves(&flow, &item, "ann", json!({"kind": "soft"})), r#"new [ann] kind="soft""#);
    says(&saves(&flow, &item, "ann", json!({"detail": "d"})), "invalid: detail Readonly");
    says(&saves(&flow, &item, "root", json!({"day": "2026-01-01"})), "invalid: day Readonly");
    let of = |key: &str| access(&flow, "new", &flow.fields[key]);
    assert_eq!([of("title"), of("detail"), of("day")], [Access::Write, Access::Read, Access::Hidden]);
    assert_eq!([of("verdict"), of("secret")], [Access::Read, Access::Hidden]);
}

#[test]
fn required_on_every_save() {
    let mut flow = ticket();
    flow.fields["part"].required = true;
    let item = standing("new", &["ann"], json!({}));
    // Not asked for while its parent's value offers nothing.
    says(&saves(&flow, &item, "ann", json!({})), "new [ann]");
    says(&saves(&flow, &item, "ann", json!({"kind": "odd"})), r#"new [ann] kind="odd""#);
    says(&saves(&flow, &item, "ann", json!({"kind": "soft"})), "invalid: part Required");
    says(&saves(&flow, &item, "ann", json!({"title": ""})), "invalid: title Required");
    says(&saves(&flow, &item, "ann", json!({"title": " \u{3000}"})), "invalid: title Required");
    let mut empty = item.clone();
    empty.fields.shift_remove("title");
    says(&saves(&flow, &empty, "ann", json!({})), "invalid: title Required");
}

#[test]
fn cascades() {
    let flow = ticket();
    let item = standing("new", &["ann"], json!({"kind": "hard", "part": "cable", "piece": "plug"}));
    let saved = |fields| saves(&flow, &item, "ann", fields);
    says(&saved(json!({"kind": "soft"})), r#"invalid: part Misfit { parent: "kind" }"#);
    says(&saved(json!({"kind": null})), r#"invalid: part Misfit { parent: "kind" }"#);
    says(&saved(json!({"kind": "soft", "part": "cable"})), r#"invalid: part Misfit { parent: "kind" }"#);
    says(
        &saved(json!({"kind": "soft", "part": "board"})),
        r#"invalid: part Choice { given: "board", offered: ["os"] }"#,
    );
    says(&saved(json!({"part": "board"})), r#"invalid: piece Misfit { parent: "part" }"#);
    says(&saved(json!({"piece": null, "part": "board"})), r#"new [ann] part="board" piece=null"#);
    says(&saved(json!({"piece": null, "part": "os", "kind": "soft"})), r#"new [ann] kind="soft" part="os" piece=null"#);
    says(
        &saved(json!({"kind": "wood", "part": "os", "piece": null})),
        r#"invalid: kind Choice { given: "wood", offered: ["hard", "soft", "odd"] }"#,
    );
}

#[test]
fn comments() {
    let flow = ticket();
    let item = standing("closed", &[], json!({}));
    let say = |text: &str| {
        with_facts("cid", &flow, Some(&item), &Input::new(), &[], |facts| comment(&flow, &item, text, facts))
    };
    says(&say("a\r\nb"), r#"closed [] "a\nb""#);
    assert_eq!(say("a").unwrap().after(), &item);
    says(&say(" \n"), "invalid: comment Required");
    says(&say("a\0"), "invalid: comment Character");
    says(&say(&"字".repeat(5001)), "invalid: comment TooLong { max: 5000 }");
    assert!(say(&"字".repeat(5000)).is_ok());
}

#[test]
fn hand_overs() {
    let flow = ticket();
    let item = standing("new", &["dan"], json!({}));
    let closed = standing("closed", &[], json!({}));
    let hand = |item: &Item, who, to| {
        let event = Event::Assign { to, instead_of: None };
        with_facts(who, &flow, Some(item), &Input::new(), &[], |facts| decide(&flow, item, Some(3), &event, facts))
    };
    says(&hand(&item, "root", "BOB"), "new [Bob] by_admin");
    assert_eq!(hand(&item, "root", "bob").unwrap().record().kind, RecordKind::Assigned);
    says(&hand(&item, "dan", "bob"), "NotAllowed(Assign)");
    says(&hand(&closed, "root", "bob"), "NotAllowed(Final)");
    says(&hand(&item, "root", "dan"), r#"invalid: to Disabled { user: "dan" }"#);
    says(&hand(&item, "root", "eve"), r#"invalid: to NoUser { given: "eve" }"#);
    let one = |item: &Item, one| {
        let event = Event::Assign { to: "bob", instead_of: Some(one) };
        with_facts("root", &flow, Some(item), &Input::new(), &[], |facts| decide(&flow, item, Some(3), &event, facts))
    };
    says(&one(&standing("new", &["ann", "dan"], json!({})), "DAN"), "new [ann Bob] by_admin");
    says(&one(&standing("new", &["Bob", "dan"], json!({})), "dan"), "new [Bob] by_admin");
    says(&hand(&Item { revision: 9, ..item.clone() }, "ann", "eve"), "Stale { revision: 9 }");
}
