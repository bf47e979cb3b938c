//! Who may see an item.

use serde_json::json;

use super::world::*;
use crate::*;

#[test]
fn the_words_of_by() {
    let mut flow = ticket();
    let item = standing("new", &["Bob"], json!({"boss": "cid", "team": ["eve", "Fay"]}));
    let mut seen_by = |who: Who| {
        flow.view = vec![who];
        let people = ["ann", "bob", "cid", "eve", "fay", "root"];
        people.into_iter().filter(|name| may_see(&flow, &item, &actor(name))).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(seen_by(Who::Anyone), "ann bob cid eve fay root");
    assert_eq!(seen_by(Who::AssignedTo), "bob root");
    assert_eq!(seen_by(Who::CreatedBy), "ann root");
    assert_eq!(seen_by(Who::Field("boss".into())), "cid root");
    assert_eq!(seen_by(Who::Field("team".into())), "eve fay root");
    assert_eq!(seen_by(Who::User("Ann".into())), "ann root");
    assert_eq!(seen_by(Who::Group("qa".into())), "cid root");
    assert_eq!(seen_by(Who::Group("none".into())), "root");
}

#[test]
fn what_is_to_be_looked_up() {
    let mut flow = ticket();
    change(&mut flow, "submit", |row| row.by = vec![Who::User("Gus".into())]);
    change(&mut flow, "note", |row| {
        row.set.insert("boss".into(), preset("Hal"));
        row.create = Some(Open { flow: "other".into(), link: "link".into(), copy: [].into_iter().collect() });
    });
    change(&mut flow, "close", |row| row.assign_to = Holder::User("ida".into()));
    flow.fields["team"].default = Some(Preset::List(vec![Preset::CreatedBy, preset("Jo")]));
    let item = standing("new", &["Bob"], json!({"boss": "dan"}));
    let sent = input(json!({"team": ["Cid", 5], "link": "x", "links": ["y", {}], "title": "z", "nosuch": "w"}));
    let asked = asks(&flow, Some(&item), &sent);
    let join = |names: &std::collections::BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(join(&asked.users), "ann bob cid dan gus hal ida jo");
    assert_eq!(join(&asked.items), "x y");
    assert_eq!(join(&asked.opens), "other");
    assert_eq!(join(&asks(&flow, None, &sent).opens), "");
}

#[test]
fn names_are_the_same_whatever_their_case_or_composition() {
    assert_eq!(fold_name("Ann"), fold_name("aNN"));
    assert_eq!(fold_name("E\u{301}va"), fold_name("éva"));
    assert_ne!(fold_name("ann"), fold_name("ann "));
}
