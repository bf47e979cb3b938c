//! New items: by hand, and opened by a transition.

use serde_json::json;

use super::world::*;
use crate::*;

#[test]
fn a_new_item() {
    let flow = ticket();
    let made = creates(&flow, "bob", json!({"title": "t"})).unwrap();
    prove(&made);
    let item = made.after();
    assert_eq!((item.number, item.flow_version, item.revision), (9, 1, 1));
    assert_eq!((item.state.as_str(), item.created_by.as_str()), ("new", "Bob"));
    assert_eq!(item.assigned_to, ["Bob"]);
    assert_eq!((item.created_at, item.updated_at, item.closed_at), (NOW.parse().unwrap(), NOW.parse().unwrap(), None));
    assert_eq!(item.value(&flow.fields["urgent"]), Value::Bool(false));
    assert_eq!(item.value(&flow.fields["kind"]), Value::Empty);
    let record = made.record();
    assert_eq!((record.kind, record.from.as_ref(), record.trigger.as_ref()), (RecordKind::Created, None, None));
}

#[test]
fn required_of_the_flow() {
    let flow = ticket();
    says(&creates(&flow, "ann", json!({})), "invalid: title Required");
    says(&creates(&flow, "ann", json!({"title": null})), "invalid: title Required");
    says(&creates(&flow, "ann", json!({"title": "  "})), "invalid: title Required");
    says(&creates(&flow, "ann", json!({"title": " t "})), r#"new [ann] title=" t ""#);
}

#[test]
fn everything_wrong_at_once_in_the_forms_order() {
    let sent = json!({"zzz": 1, "urgent": 1, "title": "", "created_by": "ann", "verdict": "x", "amount": "x"});
    says(
        &creates(&ticket(), "ann", sent),
        "invalid: title Required; amount Type(\"number\"); urgent Type(\"bool\"); verdict Readonly; zzz Unknown; \
         created_by Unknown",
    );
}

#[test]
fn defaults_then_input() {
    let mut flow = ticket();
    flow.fields["title"].default = Some(preset("【x】"));
    flow.fields["boss"].default = Some(Preset::CreatedBy);
    flow.fields["team"].default = Some(preset("cid"));
    flow.fields["day"].default = Some(Preset::Today);
    flow.fields["moment"].default = Some(Preset::Now);
    flow.fields["urgent"].default = Some(Preset::Value(Value::Bool(true)));
    flow.fields["verdict"].default = Some(preset("open"));
    flow.fields["tags"].default = Some(Preset::Value(Value::List(strings(&["a"]))));
    says(
        &creates(&flow, "ann", json!({})),
        r#"new [ann] title="【x】" boss="ann" team=["cid"] day="2026-11-22" moment="2026-11-22T19:28:00.5+08:00" urgent=true tags=["a"] verdict="open""#,
    );
    // Equal to the default is no write; empty is not unchanged.
    let sent =
        json!({"verdict": "open", "boss": null, "team": null, "day": null, "moment": null, "urgent": null, "tags": []});
    says(&creates(&flow, "ann", sent), r#"new [ann] title="【x】" verdict="open""#);
    says(&creates(&flow, "ann", json!({"verdict": null})), "invalid: verdict Readonly");
    says(&creates(&flow, "ann", json!({"title": null})), "invalid: title Required");
}

#[test]
fn today_is_the_zones() {
    let mut flow = ticket();
    flow.fields["day"].default = Some(Preset::Now);
    flow.fields["moment"].default = Some(Preset::Today);
    let expected = r#"new [ann] title="t" day="2026-11-22" moment="2026-11-22T00:00:00+08:00""#;
    says(&creates(&flow, "ann", json!({"title": "t"})), expected);
}

#[test]
fn a_default_that_is_no_active_user_is_left_out() {
    let mut flow = ticket();
    flow.fields["boss"].default = Some(preset("dan"));
    flow.fields["team"].default = Some(preset("eve"));
    says(&creates(&flow, "ann", json!({"title": "t"})), r#"new [ann] title="t""#);
    flow.fields["team"].default = Some(Preset::List(vec![Preset::CreatedBy, preset("dan"), preset("BOB")]));
    says(&creates(&flow, "ann", json!({"title": "t"})), r#"new [ann] title="t" team=["ann","Bob"]"#);
}

#[test]
fn a_cascades_default_only_where_it_fits() {
    let mut flow = ticket();
    flow.fields["kind"].default = Some(preset("hard"));
    flow.fields["part"].default = Some(preset("cable"));
    flow.fields["piece"].default = Some(preset("plug"));
    let new = |fields| creates(&flow, "ann", fields);
    says(&new(json!({"title": "t"})), r#"new [ann] title="t" kind="hard" part="cable" piece="plug""#);
    says(&new(json!({"title": "t", "kind": "soft"})), r#"new [ann] title="t" kind="soft""#);
    says(&new(json!({"title": "t", "part": "board"})), r#"new [ann] title="t" kind="hard" part="board""#);
    says(&new(json!({"title": "t", "kind": "soft", "part": "os"})), r#"new [ann] title="t" kind="soft" part="os""#);
    says(&new(json!({"title": "t", "kind": "soft", "part": "cable"})), r#"invalid: part Misfit { parent: "kind" }"#);
}

#[test]
fn the_rules_of_the_initial_state() {
    let mut flow = ticket();
    flow.states["new"].readonly = ["detail".to_owned()].into();
    flow.states["new"].hidden = ["day".to_owned()].into();
    flow.states["new"].required = ["boss".to_owned()].into();
    says(&creates(&flow, "ann", json!({"title": "t"})), r#"new [ann] title="t""#);
    let sent = json!({"title": "t", "detail": "d", "day": "2026-01-01", "secret": "s"});
    says(&creates(&flow, "ann", sent), "invalid: detail Readonly; day Readonly; secret Readonly");
}

#[test]
fn who_may_create() {
    let mut flow = ticket();
    let new = |flow: &Flow, who| said(&creates(flow, who, json!({"title": "t"})));
    flow.create.by = vec![Who::Group("qa".into()), Who::User("Ann".into())];
    assert_eq!(new(&flow, "cid"), r#"new [cid] title="t""#);
    assert_eq!(new(&flow, "ann"), r#"new [ann] title="t""#);
    assert_eq!(new(&flow, "bob"), "NotAllowed(Create)");
    assert_eq!(new(&flow, "root"), r#"new [root] title="t" by_admin"#);
    assert!(may_create(&flow, &actor("cid")) && !may_create(&flow, &actor("bob")));
}

#[test]
fn who_holds_a_new_item() {
    let mut flow = ticket();
    flow.create.assign_to = Holder::Field("boss".into());
    says(&creates(&flow, "ann", json!({"title": "t"})), "invalid: boss Required");
    says(&creates(&flow, "ann", json!({"title": "t", "boss": "bob"})), r#"new [Bob] title="t" boss="Bob""#);
    says(&creates(&flow, "ann", json!({"title": "t", "boss": "dan"})), r#"invalid: boss Disabled { user: "dan" }"#);
    flow.create.assign_to = Holder::Field("team".into());
    says(
        &creates(&flow, "ann", json!({"title": "t", "team": ["cid", "ann"]})),
        r#"new [cid ann] title="t" team=["cid","ann"]"#,
    );
    flow.create.assign_to = Holder::User("BOB".into());
    says(&creates(&flow, "ann", json!({"title": "t"})), r#"new [Bob] title="t""#);
    flow.create.assign_to = Holder::User("dan".into());
    says(&creates(&flow, "ann", json!({"title": "t"})), "invalid: assigned_to NoHolder");
}

/// `ticket`, whose trigger "open" opens an item of `other`.
fn opener() -> (Flow, Flow) {
    let mut ticket = ticket();
    let other = flow(
        "other",
        vec![
            Field { required: true, default: Some(preset("unnamed")), ..text("title") },
            Field { required: true, ..textarea("what") },
            choice("kind", &["hard", "soft"]),
            cascade("part", "kind", &[("hard", &["cable"]), ("soft", &["os"])]),
            Field { readonly: true, ..user("owner") },
            Field { multiple: true, ..item("seen", Some("ticket")) },
            item("one", None),
        ],
        vec![row("begin", "end", "over")],
    );
    let copy = [("what", "detail"), ("kind", "kind"), ("part", "part")];
    let copy = copy.iter().map(|(to, from)| ((*to).to_owned(), (*from).to_owned())).collect();
    let create = Some(Open { flow: "other".into(), link: "link".into(), copy });
    ticket.transitions.push(Transition { create, ..row("review", "open", "review") });
    (ticket, other)
}

fn opens(ticket: &Flow, other: &[&Flow], item: &Item, fields: serde_json::Value, expected: &str) {
    says(&presses_saying(ticket, item, "bob", "open", fields, None, other), expected);
}

#[test]
fn a_transition_opens_an_item() {
    let (ticket, other) = opener();
    let item = standing("review", &["Bob"], json!({"detail": "d", "kind": "hard", "part": "cable"}));
    opens(
        &ticket,
        &[&other],
        &item,
        json!({}),
        r#"review [Bob] link="other/7" + other/7: begin [Bob] title="unnamed" what="d" kind="hard" part="cable""#,
    );
    // What is sent with the press is copied; what is empty is copied as empty, required or not.
    opens(
        &ticket,
        &[&other],
        &item,
        json!({"detail": null, "part": null}),
        r#"review [Bob] detail=null part=null link="other/7" + other/7: begin [Bob] title="unnamed" kind="hard""#,
    );
    // Its own defaults stand where they fit.
    let mut defaulted = other.clone();
    defaulted.fields["kind"].default = Some(preset("hard"));
    defaulted.fields["part"].default = Some(preset("cable"));
    let mut copying = ticket.clone();
    change(&mut copying, "open", |row| {
        row.create.as_mut().unwrap().copy.shift_remove("part");
    });
    opens(
        &copying,
        &[&defaulted],
        &item,
        json!({"kind": "soft", "part": "os"}),
        r#"review [Bob] kind="soft" part="os" link="other/7" + other/7: begin [Bob] title="unnamed" what="d" kind="soft""#,
    );
    let decision = presses_saying(&ticket, &item, "bob", "open", json!({}), None, &[&other]).unwrap();
    let (flow, opened) = decision.opens().unwrap();
    assert_eq!((flow, opened.after().flow_version, opened.after().revision), ("other", 4, 1));
}

#[test]
fn what_the_new_field_would_refuse_refuses_the_trigger() {
    let (mut ticket, mut other) = opener();
    let item = standing("review", &["Bob"], json!({"detail": "a\nb", "kind": "odd"}));
    let odd = r#"invalid: kind Copy { flow: "other", field: "kind", why: Choice { given: "odd", offered: ["hard", "soft"] } }"#;
    opens(&ticket, &[&other], &item, json!({}), odd);
    other.fields["what"].kind = Kind::Text { max_length: 5, pattern: None };
    let item = standing("review", &["Bob"], json!({"detail": "a\nb"}));
    let broken = r#"invalid: detail Copy { flow: "other", field: "what", why: Character }"#;
    opens(&ticket, &[&other], &item, json!({}), broken);
    let long = r#"invalid: detail Copy { flow: "other", field: "what", why: TooLong { max: 5 } }"#;
    opens(&ticket, &[&other], &item, json!({"detail": "123456"}), long);
    change(&mut ticket, "open", |row| {
        row.create.as_mut().unwrap().copy = [("owner".to_owned(), "boss".to_owned())].into_iter().collect();
    });
    let item = standing("review", &["Bob"], json!({"boss": "dan"}));
    let disabled = r#"invalid: boss Copy { flow: "other", field: "owner", why: Disabled { user: "dan" } }"#;
    opens(&ticket, &[&other], &item, json!({}), disabled);
}

#[test]
fn a_single_value_is_copied_into_a_list_and_links_as_they_stand() {
    let (mut ticket, other) = opener();
    change(&mut ticket, "open", |row| {
        let copy = [("seen", "links"), ("one", "links")].map(|(to, from)| (to.to_owned(), from.to_owned()));
        row.create.as_mut().unwrap().copy = copy.into_iter().collect();
    });
    let one = standing("review", &["Bob"], json!({"links": ["ticket/500"]}));
    opens(
        &ticket,
        &[&other],
        &one,
        json!({}),
        r#"review [Bob] link="other/7" + other/7: begin [Bob] title="unnamed" seen=["ticket/500"] one="ticket/500""#,
    );
    let strange = standing("review", &["Bob"], json!({"links": ["other/500"]}));
    let refused = r#"invalid: links Copy { flow: "other", field: "seen", why: OtherFlow { flow: "ticket" } }"#;
    opens(&ticket, &[&other], &strange, json!({}), refused);
    let two = standing("review", &["Bob"], json!({"links": ["ticket/1", "ticket/2"]}));
    let refused = r#"invalid: links Copy { flow: "other", field: "one", why: Type("text") }"#;
    opens(&ticket, &[&other], &two, json!({}), refused);
}

#[test]
fn the_link() {
    let (mut ticket, other) = opener();
    let item = standing("review", &["Bob"], json!({"link": "other/3"}));
    opens(&ticket, &[&other], &item, json!({}), "invalid: link Linked");
    opens(
        &ticket,
        &[],
        &standing("review", &["Bob"], json!({})),
        json!({}),
        r#"invalid: link NoFlow { flow: "other" }"#,
    );
    ticket.fields["link"].readonly = true;
    let free = standing("review", &["Bob"], json!({}));
    let opened = r#" + other/7: begin [Bob] title="unnamed""#;
    opens(&ticket, &[&other], &free, json!({}), &format!(r#"review [Bob] link="other/7"{opened}"#));
    change(&mut ticket, "open", |row| row.create.as_mut().unwrap().link = "links".into());
    let item = standing("review", &["Bob"], json!({"links": ["ticket/3"]}));
    opens(&ticket, &[&other], &item, json!({}), &format!(r#"review [Bob] links=["ticket/3","other/7"]{opened}"#));
}

#[test]
fn whoever_may_press_may_create() {
    let (ticket, mut other) = opener();
    other.create.by = vec![Who::User("ann".into())];
    let item = standing("review", &["Bob"], json!({}));
    let opened = r#"review [Bob] link="other/7" + other/7: begin [Bob] title="unnamed""#;
    opens(&ticket, &[&other], &item, json!({}), opened);
}

#[test]
fn the_opened_items_holder() {
    let (mut ticket, mut other) = opener();
    let item = standing("review", &["Bob"], json!({}));
    other.create.assign_to = Holder::User("cid".into());
    opens(
        &ticket,
        &[&other],
        &item,
        json!({}),
        r#"review [Bob] link="other/7" + other/7: begin [cid] title="unnamed""#,
    );
    other.create.assign_to = Holder::User("dan".into());
    opens(&ticket, &[&other], &item, json!({}), "invalid: link NoHolder");
    other.create.assign_to = Holder::Field("owner".into());
    opens(&ticket, &[&other], &item, json!({}), "invalid: link NoHolder");
    change(&mut ticket, "open", |row| {
        row.create.as_mut().unwrap().copy = [("owner".to_owned(), "boss".to_owned())].into_iter().collect();
    });
    opens(&ticket, &[&other], &item, json!({}), "invalid: boss Required");
    opens(
        &ticket,
        &[&other],
        &item,
        json!({"boss": "cid"}),
        r#"review [Bob] boss="cid" link="other/7" + other/7: begin [cid] title="unnamed" owner="cid""#,
    );
}
