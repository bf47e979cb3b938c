//! Records of a time before.

use serde_json::json;

use super::world::*;
use crate::*;

const LONG_AGO: &str = "2019-05-01T00:00:00Z";
const LATER: &str = "2019-06-01T00:00:00Z";

fn imports(who: &str, fields: serde_json::Value, past: &Past) -> Result<[Decision; 2], Refusal> {
    let (flow, fields) = (ticket(), input(fields));
    with_facts(who, &flow, None, &fields, &[], |facts| import(&flow, 1, 9, &fields, past, facts))
}

fn past(state: &str, closed_at: Option<&str>) -> Past {
    Past {
        state: Some(state.to_owned()),
        created_by: Some("DAN".to_owned()),
        created_at: Some(LONG_AGO.parse().unwrap()),
        closed_at: closed_at.map(|at| at.parse().unwrap()),
        ..Past::default()
    }
}

fn refused(who: &str, past: &Past, expected: &str) {
    says(&imports(who, json!({"title": "t"}), past).map(|[_, last]| last), expected);
}

#[test]
fn it_is_the_fold_of_its_creation_and_of_its_arrival() {
    let sent = json!({"title": "t", "verdict": "ok", "secret": "x"});
    let [created, arrived] = imports("root", sent, &past("closed", Some(LATER))).unwrap();
    assert_eq!((created.record().actor.as_str(), created.record().kind), ("dan", RecordKind::Created));
    assert_eq!((arrived.record().actor.as_str(), arrived.record().kind), ("root", RecordKind::Imported));
    assert_eq!(arrived.before(), Some(created.after()));
    let item = arrived.after();
    let moments: [jiff::Timestamp; 2] = [LONG_AGO, LATER].map(|at| at.parse().unwrap());
    let records = moments.into_iter().zip([created.record(), arrived.record()]);
    assert_eq!(fold(9, 1, records).as_ref(), Some(item));
    assert_eq!((item.state.as_str(), item.created_by.as_str(), item.assigned_to.len()), ("closed", "dan", 0));
    assert_eq!((item.created_at, item.closed_at, item.revision), (moments[0], Some(moments[1]), 2));
    assert_eq!(item.fields["verdict"], Value::Text("ok".into()), "what a transition wrote there is kept");
}

#[test]
fn what_is_open_has_an_active_holder() {
    let held = Past { assigned_to: strings(&["BOB", "bob"]), ..past("review", None) };
    let [_, last] = imports("root", json!({"title": "t"}), &held).unwrap();
    assert_eq!(last.after().assigned_to, ["Bob"]);
    assert_eq!((last.after().closed_at, last.after().updated_at), (None, LONG_AGO.parse().unwrap()));
    refused("root", &past("review", None), "invalid: assigned_to NoHolder");
    let disabled = Past { assigned_to: strings(&["dan"]), ..past("review", None) };
    refused("root", &disabled, "invalid: assigned_to Disabled { user: \"dan\" }");
    let closed = Past { assigned_to: strings(&["ann"]), ..past("closed", None) };
    refused("root", &closed, "invalid: assigned_to Readonly");
}

#[test]
fn administrators_alone_and_times_in_their_order() {
    refused("ann", &past("closed", None), "invalid: current_state Readonly; created_by Readonly; created_at Readonly");
    refused("root", &past("closed", Some("2018-01-01T00:00:00Z")), "invalid: closed_at Time");
    refused("root", &past("closed", Some("2027-01-01T00:00:00Z")), "invalid: closed_at Time");
    let open = Past { assigned_to: strings(&["ann"]), ..past("new", Some(LATER)) };
    refused("root", &open, "invalid: closed_at Time");
    let nobody = Past { created_by: Some("zed".into()), ..past("closed", None) };
    refused("root", &nobody, "invalid: created_by NoUser { given: \"zed\" }");
}

#[test]
fn a_save_that_would_change_nothing_is_known_whoever_asks() {
    let (flow, item) = (ticket(), standing("closed", &[], json!({"kind": "hard", "verdict": "ok"})));
    let changes = |fields: serde_json::Value| {
        let fields = input(fields);
        with_facts("cid", &flow, Some(&item), &fields, &[], |facts| would_change(&flow, &item, &fields, facts))
    };
    assert!(!changes(json!({"kind": "hard", "verdict": "ok", "urgent": false, "boss": null})));
    assert!(changes(json!({"kind": "soft"})));
    assert!(changes(json!({"verdict": "no"})), "what may not be written would be refused");
}
