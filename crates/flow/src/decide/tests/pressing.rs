//! Pressing, and the buttons that say what a press would do.

use serde_json::{Value as Json, json};

use super::world::*;
use crate::*;

/// What a press says, and what the button says: no refusal, or which.
fn buttons_of(flow: &Flow, item: &Item, who: &str, fields: Json, opens: &[&Flow]) -> Vec<Button> {
    let fields = input(fields);
    with_facts(who, flow, Some(item), &fields, opens, |facts| buttons(flow, item, &fields, facts))
}

/// `trigger → dest (needs)`, or with its refusal.
fn shown(flow: &Flow, item: &Item, who: &str, fields: Json) -> String {
    let shown = buttons_of(flow, item, who, fields, &[]).into_iter().map(|button| {
        let needs = button.needs.join(" ");
        let admin = if button.by_admin { " by_admin" } else { "" };
        match button.refusal {
            None => format!("{} → {} ({needs}){admin}", button.trigger, button.dest),
            Some(refusal) => format!("{} ✗ {}", button.trigger, said(&Err(refusal))),
        }
    });
    shown.collect::<Vec<_>>().join(" | ")
}

#[test]
fn the_whole_way() {
    let flow = ticket();
    let new = standing("new", &["ann"], json!({}));
    says(&presses(&flow, &new, "ann", "submit", json!({"boss": "bob"})), r#"review [Bob] boss="Bob""#);
    let review = standing("review", &["Bob"], json!({"boss": "Bob"}));
    says(&presses(&flow, &review, "bob", "return", json!({})), "new [ann]");
    let closed = presses(&flow, &review, "bob", "close", json!({})).unwrap();
    says(&Ok(closed.clone()), "closed []");
    assert_eq!(closed.after().closed_at, Some(NOW.parse().unwrap()));
    assert_eq!(closed.record().trigger.as_deref(), Some("close"));
}

#[test]
fn staying_is_a_press_too() {
    let flow = ticket();
    let new = standing("new", &["Bob"], json!({}));
    let stayed = presses(&flow, &new, "bob", "note", json!({})).unwrap();
    says(&Ok(stayed.clone()), "new [ann]");
    assert_eq!((stayed.record().kind, stayed.after().revision), (RecordKind::Triggered, 4));
    assert!(!stayed.changes_nothing());
}

#[test]
fn refusals_in_their_order() {
    let mut flow = ticket();
    change(&mut flow, "submit", |row| row.unmet = Some("urgent first".into()));
    let only_urgent = condition(&flow, "urgent");
    change(&mut flow, "submit", |row| row.condition.clone_from(&only_urgent));
    let item = Item { revision: 8, ..standing("new", &["ann"], json!({})) };
    let bad = input(json!({"amount": "x"}));
    let press = |who: &str, trigger: &str, revision| {
        let event = Event::Press { trigger, fields: &bad, comment: None };
        said(&with_facts(who, &flow, Some(&item), &bad, &[], |facts| decide(&flow, &item, revision, &event, facts)))
    };
    assert_eq!(press("cid", "close", Some(7)), "Stale { revision: 8 }");
    assert_eq!(press("cid", "close", Some(8)), r#"WrongState { trigger: "close", state: "new" }"#);
    assert_eq!(press("cid", "nosuch", None), r#"WrongState { trigger: "nosuch", state: "new" }"#);
    assert_eq!(press("cid", "submit", Some(8)), "NotAllowed(Press { by: [AssignedTo] })");
    assert_eq!(press("ann", "submit", Some(8)), r#"Unmet { trigger: "submit", unmet: ["urgent first"] }"#);
    assert_eq!(press("ann", "note", Some(8)), r#"invalid: amount Type("number")"#);
}

#[test]
fn who_may_press() {
    let item = standing("new", &["ann"], json!({"boss": "Bob", "team": ["cid"]}));
    let pressed_by = |by: Vec<Who>| {
        let mut flow = ticket();
        change(&mut flow, "note", |row| row.by.clone_from(&by));
        let people = ["ann", "bob", "cid", "root"].into_iter();
        let results = people.map(|who| (who, presses(&flow, &item, who, "note", json!({}))));
        let may = results.filter_map(|(who, result)| {
            let by_admin = result.ok()?.record().by_admin;
            Some(if by_admin { format!("{who}!") } else { who.to_owned() })
        });
        may.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(pressed_by(vec![Who::AssignedTo]), "ann root!");
    assert_eq!(pressed_by(vec![Who::CreatedBy]), "ann root!");
    assert_eq!(pressed_by(vec![Who::Field("boss".into())]), "bob root!");
    assert_eq!(pressed_by(vec![Who::Field("team".into()), Who::AssignedTo]), "ann cid root!");
    assert_eq!(pressed_by(vec![Who::User("Bob".into())]), "bob root!");
    assert_eq!(pressed_by(vec![Who::Group("qa".into())]), "cid root!");
    assert_eq!(pressed_by(vec![Who::Anyone]), "ann bob cid root");
}

#[test]
fn nobody_names_himself() {
    let mut flow = ticket();
    change(&mut flow, "note", |row| row.by = vec![Who::Field("boss".into())]);
    let item = standing("new", &["ann"], json!({}));
    let pressed = presses(&flow, &item, "cid", "note", json!({"boss": "cid"}));
    says(&pressed, r#"NotAllowed(Press { by: [Field("boss")] })"#);
}

/// `ticket` with "submit" in three rows: hard, soft, otherwise.
fn split() -> Flow {
    let mut flow = ticket();
    let [hard, soft] = ["kind == 'hard'", "kind == 'soft'"].map(|text| condition(&flow, text));
    let rows = [("hard", hard, "ann"), ("soft", soft, "Bob"), ("rest", None, "cid")];
    let rows = rows.map(|(dest, condition, by)| Transition {
        condition,
        by: vec![Who::User(by.into())],
        unmet: Some(format!("not {dest}")),
        ..row("new", "split", dest)
    });
    flow.transitions.splice(0..0, rows);
    for dest in ["hard", "soft", "rest"] {
        let state = State { name: dest.into(), ..flow.states["new"].clone() };
        flow.states.insert(dest.into(), state);
    }
    flow
}

#[test]
fn the_first_row_whose_condition_holds() {
    let flow = split();
    let item = standing("new", &["ann"], json!({"kind": "soft"}));
    // Judged on what is submitted, not on what was stored.
    says(&presses(&flow, &item, "ann", "split", json!({"kind": "hard"})), r#"hard [ann] kind="hard""#);
    says(&presses(&flow, &item, "bob", "split", json!({})), "soft [ann]");
    says(&presses(&flow, &item, "cid", "split", json!({"kind": null})), "rest [ann] kind=null");
    // Who may press is the taken row's.
    says(&presses(&flow, &item, "ann", "split", json!({})), r#"NotAllowed(Press { by: [User("Bob")] })"#);
    // What cannot be read counts as empty for conditions, and is refused.
    let unread = presses(&flow, &item, "cid", "split", json!({"kind": "wood"}));
    says(&unread, r#"invalid: kind Choice { given: "wood", offered: ["hard", "soft", "odd"] }"#);
}

#[test]
fn no_row_holds() {
    let mut flow = split();
    let third = flow.transitions.iter().position(|row| row.dest == "rest").unwrap();
    flow.transitions.remove(third);
    let item = standing("new", &["ann"], json!({}));
    let unmet = r#"Unmet { trigger: "split", unmet: ["not hard", "not soft"] }"#;
    says(&presses(&flow, &item, "ann", "split", json!({})), unmet);
    says(&presses(&flow, &item, "root", "split", json!({})), unmet);
    let by = r#"NotAllowed(Press { by: [User("ann"), User("Bob")] })"#;
    says(&presses(&flow, &item, "cid", "split", json!({})), by);
    let buttons = buttons_of(&flow, &item, "ann", json!({}), &[]);
    assert_eq!((buttons[0].trigger.as_str(), buttons[0].dest.as_str()), ("split", "hard"));
    assert!(matches!(buttons[0].refusal, Some(Refusal::Unmet { .. })));
    assert_eq!(buttons_of(&flow, &item, "bob", json!({"kind": "soft"}), &[])[0].dest, "soft");
}

#[test]
fn a_read_only_value_cannot_be_forged_for_a_condition() {
    let mut flow = ticket();
    let passed = condition(&flow, "verdict == 'ok'");
    change(&mut flow, "note", |row| row.condition.clone_from(&passed));
    let item = standing("new", &["ann"], json!({}));
    let pressed = presses(&flow, &item, "ann", "note", json!({"verdict": "ok"}));
    says(&pressed, r#"Unmet { trigger: "note", unmet: [] }"#);
}

#[test]
fn conditions_see_the_item() {
    let item = standing("new", &["ann"], json!({"amount": 5}));
    for (text, holds) in [
        ("current_state == 'new'", true),
        ("'ann' in assigned_to", true),
        ("created_by == 'Bob'", false),
        ("amount >= 5.0", true),
        ("day < today", false),
        ("now > created_at", true),
        ("urgent == false", true),
    ] {
        let mut flow = ticket();
        let asked = condition(&flow, text);
        change(&mut flow, "note", |row| row.condition.clone_from(&asked));
        assert_eq!(presses(&flow, &item, "ann", "note", json!({})).is_ok(), holds, "{text}");
    }
}

#[test]
fn the_holders_field() {
    let flow = ticket();
    let item = standing("new", &["ann"], json!({}));
    let press = |fields| presses(&flow, &item, "ann", "submit", fields);
    says(&press(json!({})), "invalid: boss Required");
    says(&press(json!({"boss": "eve"})), r#"invalid: boss NoUser { given: "eve" }"#);
    says(&press(json!({"boss": "dan"})), r#"invalid: boss Disabled { user: "dan" }"#);
    says(&press(json!({"boss": 5})), r#"invalid: boss Type("text")"#);
    // Unchanged, and disabled since.
    let stale = standing("new", &["ann"], json!({"boss": "dan", "team": ["Bob", "dan"]}));
    says(&presses(&flow, &stale, "ann", "submit", json!({})), r#"invalid: boss Disabled { user: "dan" }"#);
    says(&presses(&flow, &stale, "ann", "submit", json!({"boss": "dan"})), r#"invalid: boss Disabled { user: "dan" }"#);
    let mut flow = ticket();
    change(&mut flow, "submit", |row| row.assign_to = Holder::Field("team".into()));
    says(&presses(&flow, &stale, "ann", "submit", json!({})), r#"invalid: team Disabled { user: "dan" }"#);
    let team = presses(&flow, &stale, "ann", "submit", json!({"team": ["CID", "bob", "cid"]}));
    says(&team, r#"review [cid Bob] team=["cid","Bob"]"#);
}

#[test]
fn the_other_holders() {
    let mut flow = ticket();
    let mut item = standing("new", &["dan", "Bob"], json!({}));
    let mut press = |item: &Item, to: Holder, dest: &str| {
        change(&mut flow, "note", |row| (row.assign_to, row.dest) = (to.clone(), dest.to_owned()));
        said(&presses(&flow, item, "root", "note", json!({})))
    };
    assert_eq!(press(&item, Holder::Same, "new"), "new [dan Bob] by_admin");
    assert_eq!(press(&item, Holder::User("cid".into()), "new"), "new [cid] by_admin");
    assert_eq!(press(&item, Holder::User("dan".into()), "new"), "invalid: assigned_to NoHolder");
    assert_eq!(press(&item, Holder::User("dan".into()), "closed"), "closed [] by_admin");
    assert_eq!(press(&item, Holder::Field("boss".into()), "closed"), "invalid: boss Required");
    item.assigned_to = strings(&["dan"]);
    assert_eq!(press(&item, Holder::Same, "review"), "invalid: assigned_to NoHolder");
    assert_eq!(press(&item, Holder::Same, "closed"), "closed [] by_admin");
    item.created_by = "dan".into();
    assert_eq!(press(&item, Holder::CreatedBy, "new"), "invalid: assigned_to NoHolder");
    assert_eq!(press(&item, Holder::CreatedBy, "closed"), "closed [] by_admin");
}

#[test]
fn out_of_a_final_state() {
    let mut flow = ticket();
    let by = vec![Who::CreatedBy];
    flow.transitions.push(Transition {
        assign_to: Holder::CreatedBy,
        by: by.clone(),
        ..row("closed", "reopen", "new")
    });
    flow.transitions.push(Transition { by: by.clone(), ..row("closed", "amend", "closed") });
    flow.transitions.push(Transition { by, ..row("closed", "lose", "new") });
    flow.states["closed"].is_final = true;
    let closed = standing("closed", &[], json!({}));
    let reopened = presses(&flow, &closed, "ann", "reopen", json!({})).unwrap();
    says(&Ok(reopened.clone()), "new [ann]");
    assert_eq!(reopened.after().closed_at, None);
    let amended = presses(&flow, &closed, "ann", "amend", json!({"detail": "d"})).unwrap();
    says(&Ok(amended.clone()), r#"closed [] detail="d""#);
    assert_eq!(amended.after().closed_at, closed.closed_at);
    says(&presses(&flow, &closed, "ann", "lose", json!({})), "invalid: assigned_to NoHolder");
    let lost = "lose ✗ invalid: assigned_to NoHolder";
    assert_eq!(
        shown(&flow, &closed, "ann", json!({})),
        format!("reopen → new (title) | amend → closed (title) | {lost}")
    );
}

#[test]
fn set_writes_before_anything_is_asked_for() {
    let mut flow = ticket();
    flow.fields["day"].readonly = true;
    change(&mut flow, "submit", |row| {
        row.set.insert("verdict".into(), preset("ok"));
        row.set.insert("boss".into(), Preset::Actor);
        row.set.insert("team".into(), Preset::CreatedBy);
        row.set.insert("day".into(), Preset::Today);
        row.set.insert("moment".into(), Preset::Now);
        row.set.insert("detail".into(), Preset::Value(Value::Empty));
        row.required = strings(&["verdict", "day"]);
    });
    let item = standing("new", &["ann", "Bob"], json!({"detail": "d", "boss": "cid"}));
    says(
        &presses(&flow, &item, "bob", "submit", json!({"boss": "cid", "kind": "odd"})),
        r#"review [Bob] detail=null kind="odd" boss="Bob" team=["ann"] day="2026-11-22" moment="2026-11-22T19:28:00.5+08:00" verdict="ok""#,
    );
    change(&mut flow, "submit", |row| {
        row.set.insert("team".into(), preset("dan"));
    });
    says(&presses(&flow, &item, "bob", "submit", json!({})), r#"invalid: team Disabled { user: "dan" }"#);
    assert_eq!(
        shown(&flow, &item, "bob", json!({})),
        r#"submit ✗ invalid: team Disabled { user: "dan" } | note → new (title)"#
    );
}

#[test]
fn set_over_what_is_typed() {
    let mut flow = ticket();
    change(&mut flow, "note", |row| {
        row.set.insert("amount".into(), Preset::Value(Value::Number(7.0)));
        row.set.insert("boss".into(), preset("dan"));
    });
    let item = standing("new", &["ann"], json!({"boss": "dan"}));
    says(&presses(&flow, &item, "ann", "note", json!({"amount": 5})), "new [ann] amount=7");
    // What cannot be read is refused all the same, and said at its field; the button stays.
    says(&presses(&flow, &item, "ann", "note", json!({"amount": "x"})), r#"invalid: amount Type("number")"#);
    assert_eq!(buttons_of(&flow, &item, "ann", json!({"amount": "x"}), &[])[1].refusal, None);
}

#[test]
fn set_under_a_cascade() {
    let mut flow = ticket();
    change(&mut flow, "note", |row| {
        row.set.insert("kind".into(), preset("soft"));
    });
    let item = standing("new", &["ann"], json!({"kind": "hard", "part": "cable"}));
    says(&presses(&flow, &item, "ann", "note", json!({})), r#"invalid: part Misfit { parent: "kind" }"#);
    says(&presses(&flow, &item, "ann", "note", json!({"part": null})), r#"new [ann] kind="soft" part=null"#);
}

#[test]
fn required_by_flow_state_and_row() {
    let mut flow = ticket();
    flow.states["new"].required = strings(&["kind", "part"]).into_iter().collect();
    change(&mut flow, "submit", |row| row.required = strings(&["detail", "urgent"]));
    let mut item = standing("new", &["ann"], json!({"boss": "Bob"}));
    item.fields.shift_remove("title");
    let press = |item: &Item, trigger: &str, fields| said(&presses(&flow, item, "ann", trigger, fields));
    assert_eq!(press(&item, "submit", json!({})), "invalid: title Required; detail Required; kind Required");
    assert_eq!(
        press(&item, "submit", json!({"title": "t", "detail": " \n", "kind": "hard"})),
        "invalid: detail Required; part Required"
    );
    assert_eq!(
        press(&item, "submit", json!({"title": "t", "detail": "d", "kind": "odd"})),
        r#"review [Bob] title="t" detail="d" kind="odd""#
    );
    // A row that stays does not ask for what the state asks for; it may even be emptied.
    assert_eq!(press(&item, "note", json!({})), "invalid: title Required");
    assert_eq!(press(&item, "note", json!({"title": "t"})), r#"new [ann] title="t""#);
    let filled = standing("new", &["ann"], json!({"kind": "odd"}));
    assert_eq!(press(&filled, "note", json!({"kind": null})), "new [ann] kind=null");
    assert_eq!(
        shown(&flow, &item, "ann", json!({})),
        "submit → review (title detail kind boss urgent) | note → new (title)"
    );
    assert_eq!(
        shown(&flow, &item, "ann", json!({"kind": "hard"})),
        "submit → review (title detail kind part boss urgent) | note → new (title)"
    );
}

#[test]
fn a_return() {
    let mut flow = ticket();
    flow.states["review"].required = strings(&["kind", "detail"]).into_iter().collect();
    let mut item = standing("review", &["Bob"], json!({"detail": "d"}));
    item.fields.shift_remove("title");
    let press = |flow: &Flow, fields| said(&presses(flow, &item, "bob", "return", fields));
    // Empty ones are not asked for, filled ones cannot be emptied.
    assert_eq!(press(&flow, json!({})), "new [ann]");
    assert_eq!(press(&flow, json!({"detail": null})), "invalid: detail Required");
    assert_eq!(press(&flow, json!({"detail": "e"})), r#"new [ann] detail="e""#);
    assert_eq!(press(&flow, json!({"title": " "})), r#"new [ann] title=" ""#);
    // The row's own are always asked for.
    change(&mut flow, "return", |row| {
        row.required = strings(&["amount"]);
        row.assign_to = Holder::Field("boss".into());
        row.comment = CommentRule::Required;
    });
    assert_eq!(press(&flow, json!({})), "invalid: boss Required; amount Required; comment Required");
    assert!(shown(&flow, &item, "bob", json!({})).starts_with("return → new (detail boss amount)"));
}

#[test]
fn comments() {
    let mut flow = ticket();
    let item = standing("new", &["ann"], json!({}));
    let say =
        |flow: &Flow, comment: Option<&str>| said(&presses_saying(flow, &item, "ann", "note", json!({}), comment, &[]));
    assert_eq!(say(&flow, Some("a\r\nb")), r#"new [ann] "a\nb""#);
    assert_eq!(say(&flow, Some(" ")), "new [ann]");
    assert_eq!(say(&flow, Some("a\0")), "invalid: comment Character");
    assert_eq!(say(&flow, Some(&"x".repeat(5001))), "invalid: comment TooLong { max: 5000 }");
    change(&mut flow, "note", |row| row.comment = CommentRule::Required);
    assert_eq!(say(&flow, None), "invalid: comment Required");
    assert_eq!(say(&flow, Some(" ")), "invalid: comment Required");
    assert_eq!(buttons_of(&flow, &item, "ann", json!({}), &[])[1].refusal, None);
    change(&mut flow, "note", |row| row.comment = CommentRule::None);
    assert_eq!(say(&flow, Some("x")), "invalid: comment NoComment");
    assert_eq!(say(&flow, Some(" ")), "new [ann]");
}

#[test]
fn values_sent_with_a_press_under_the_states_rules() {
    let mut flow = ticket();
    flow.states["new"].readonly = ["detail".to_owned()].into();
    change(&mut flow, "note", |row| row.by = vec![Who::Anyone]);
    let item = standing("new", &["ann"], json!({"detail": "d"}));
    says(&presses(&flow, &item, "cid", "note", json!({"kind": "odd", "detail": "d"})), r#"new [ann] kind="odd""#);
    says(&presses(&flow, &item, "root", "note", json!({"detail": "e"})), "invalid: detail Readonly");
    let wrong = presses(&flow, &item, "cid", "note", json!({"title": "", "amount": -1, "x": 1}));
    says(&wrong, "invalid: title Required; amount TooSmall { min: 0.0 }; x Unknown");
}

#[test]
fn buttons_ask_for_needs() {
    let flow = ticket();
    let item = standing("new", &["ann"], json!({}));
    let both = "submit → review (title boss) | note → new (title)";
    assert_eq!(shown(&flow, &item, "ann", json!({})), both);
    assert_eq!(shown(&flow, &item, "ann", json!({"boss": "dan", "amount": "x", "nosuch": 1, "verdict": "v"})), both);
    let admin = "submit → review (title boss) by_admin | note → new (title) by_admin";
    assert_eq!(shown(&flow, &item, "root", json!({})), admin);
    let by = "NotAllowed(Press { by: [AssignedTo] })";
    assert_eq!(shown(&flow, &item, "cid", json!({})), format!("submit ✗ {by} | note ✗ {by}"));
    assert_eq!(shown(&flow, &standing("closed", &[], json!({})), "root", json!({})), "");
}

#[test]
fn buttons_that_cannot_be_had() {
    let mut flow = ticket();
    let item = standing("new", &["ann"], json!({}));
    flow.states["new"].readonly = ["boss".to_owned()].into();
    let note = " | note → new (title)";
    assert_eq!(shown(&flow, &item, "ann", json!({})), format!("submit ✗ invalid: boss Required{note}"));
    let filled = standing("new", &["ann"], json!({"boss": "Bob"}));
    assert_eq!(shown(&flow, &filled, "ann", json!({})), format!("submit → review (title boss){note}"));
    let disabled = standing("new", &["ann"], json!({"boss": "dan"}));
    let refused = r#"submit ✗ invalid: boss Disabled { user: "dan" }"#;
    assert_eq!(shown(&flow, &disabled, "ann", json!({})), format!("{refused}{note}"));
    change(&mut flow, "submit", |row| {
        row.set.insert("boss".into(), Preset::CreatedBy);
    });
    assert_eq!(shown(&flow, &item, "ann", json!({})), format!("submit → review (title){note}"));
    change(&mut flow, "submit", |row| row.assign_to = Holder::User("dan".into()));
    assert_eq!(shown(&flow, &item, "ann", json!({})), format!("submit ✗ invalid: assigned_to NoHolder{note}"));
}

#[test]
fn buttons_that_open() {
    let mut flow = ticket();
    let other = super::world::flow("other", vec![text("title")], vec![row("begin", "end", "over")]);
    change(&mut flow, "note", |row| {
        let copy = [("title".to_owned(), "detail".to_owned())].into_iter().collect();
        row.create = Some(Open { flow: "other".into(), link: "link".into(), copy });
    });
    let refusal = |item: &Item, opens: &[&Flow]| {
        let button = buttons_of(&flow, item, "ann", json!({}), opens).remove(1);
        button.refusal.map_or_else(String::new, |refusal| said(&Err(refusal)))
    };
    let item = standing("new", &["ann"], json!({}));
    assert_eq!(refusal(&item, &[&other]), "");
    assert_eq!(refusal(&item, &[]), r#"invalid: link NoFlow { flow: "other" }"#);
    let linked = standing("new", &["ann"], json!({"link": "other/1"}));
    assert_eq!(refusal(&linked, &[&other]), "invalid: link Linked");
    // What the new field would refuse can be mended in the form.
    let long = standing("new", &["ann"], json!({"detail": "12345678901"}));
    assert_eq!(refusal(&long, &[&other]), "");
    flow.states["new"].readonly = ["detail".to_owned()].into();
    let button = buttons_of(&flow, &long, "ann", json!({}), &[&other]).remove(1);
    assert!(matches!(button.refusal, Some(Refusal::Invalid(_))));
}
