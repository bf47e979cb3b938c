//! A small installation: flows built by hand, five people, items that can be linked; and what is said of a decision.

use indexmap::IndexMap;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value as Json;

use crate::*;

/// Sunday, 19:28 in Shanghai.
pub(super) const NOW: &str = "2026-11-22T11:28:00.5Z";

pub(super) fn field(key: &str, kind: Kind) -> Field {
    Field {
        key: key.to_owned(),
        label: key.to_owned(),
        kind,
        multiple: false,
        required: false,
        default: None,
        hint: None,
        help: None,
        width: None,
        readonly: false,
        hidden: false,
        generation: 0,
    }
}

pub(super) fn text(key: &str) -> Field {
    field(key, Kind::Text { max_length: 10, pattern: None })
}

pub(super) fn textarea(key: &str) -> Field {
    field(key, Kind::Textarea { max_length: 20, rows: 5 })
}

pub(super) fn user(key: &str) -> Field {
    field(key, Kind::User)
}

pub(super) fn item(key: &str, flow: Option<&str>) -> Field {
    field(key, Kind::Item { flow: flow.map(str::to_owned) })
}

pub(super) fn choice(key: &str, words: &[&str]) -> Field {
    field(key, Kind::Choice(Choices::Flat(strings(words))))
}

pub(super) fn cascade(key: &str, parent: &str, under: &[(&str, &[&str])]) -> Field {
    let under = under.iter().map(|(word, words)| ((*word).to_owned(), strings(words))).collect();
    field(key, Kind::Choice(Choices::Cascade { parent: parent.to_owned(), under }))
}

pub(super) fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

pub(super) fn preset(text: &str) -> Preset {
    Preset::Value(Value::Text(text.to_owned()))
}

/// A row that its holder may press, and keeps.
pub(super) fn row(source: &str, trigger: &str, dest: &str) -> Transition {
    Transition {
        sources: vec![source.to_owned()],
        trigger: trigger.to_owned(),
        dest: dest.to_owned(),
        condition: None,
        unmet: None,
        assign_to: Holder::Same,
        by: vec![Who::AssignedTo],
        required: Vec::new(),
        set: IndexMap::new(),
        comment: CommentRule::Optional,
        create: None,
        back: false,
    }
}

/// A flow of these fields and rows: begins at the first row's source, ends where no row leads out.
pub(super) fn flow(key: &str, fields: Vec<Field>, rows: Vec<Transition>) -> Flow {
    let names = rows.iter().flat_map(|row| row.sources.iter().chain([&row.dest]));
    let states = names.map(|name| {
        let state = State {
            name: name.clone(),
            readonly: [].into(),
            hidden: [].into(),
            required: [].into(),
            due_minutes: None,
            is_final: !rows.iter().any(|row| row.sources.contains(name)),
        };
        (name.clone(), state)
    });
    Flow {
        key: key.to_owned(),
        name: key.to_owned(),
        item_prefix: key.to_owned(),
        title: None,
        initial: rows[0].sources[0].clone(),
        states: states.collect(),
        fields: fields.into_iter().map(|field| (field.key.clone(), field)).collect(),
        transitions: rows,
        create: Create { by: vec![Who::Anyone], assign_to: Holder::CreatedBy },
        view: vec![Who::Anyone],
        columns: Vec::new(),
    }
}

/// The flow that most tests start from.
pub(super) fn ticket() -> Flow {
    let mut flow = flow(
        "ticket",
        vec![
            Field { required: true, ..text("title") },
            textarea("detail"),
            choice("kind", &["hard", "soft", "odd"]),
            cascade("part", "kind", &[("hard", &["cable", "board"]), ("soft", &["os"])]),
            cascade("piece", "part", &[("cable", &["plug"])]),
            user("boss"),
            Field { multiple: true, ..user("team") },
            field("amount", Kind::Number { min: Some(0.0), max: Some(1000.0), decimals: Some(2) }),
            field("day", Kind::Date),
            field("moment", Kind::Datetime),
            field("urgent", Kind::Bool),
            field("site", Kind::Url),
            item("link", Some("other")),
            Field { multiple: true, ..item("links", None) },
            Field { multiple: true, ..choice("tags", &["a", "b", "c"]) },
            Field { readonly: true, ..text("verdict") },
            Field { hidden: true, ..text("secret") },
        ],
        vec![
            Transition { assign_to: Holder::Field("boss".into()), ..row("new", "submit", "review") },
            Transition { assign_to: Holder::CreatedBy, ..row("new", "note", "new") },
            Transition { assign_to: Holder::CreatedBy, back: true, ..row("review", "return", "new") },
            row("review", "close", "closed"),
        ],
    );
    flow.initial = "new".into();
    flow
}

/// What the tests change of a flow's row.
pub(super) fn change(flow: &mut Flow, trigger: &str, with: impl Fn(&mut Transition)) {
    flow.transitions.iter_mut().filter(|row| row.trigger == trigger).for_each(with);
}

pub(super) fn condition(flow: &Flow, text: &str) -> Option<Condition> {
    Some(Condition::compile(text, &flow.fields).unwrap())
}

/// An item of `ticket` in `state`, created by ann, held by `holders`.
pub(super) fn standing(state: &str, holders: &[&str], fields: Json) -> Item {
    let at: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    let flow = ticket();
    let Json::Object(fields) = fields else { panic!("an object") };
    let fields = fields.iter().map(|(key, json)| (key.clone(), Value::from_stored(json, &flow.fields[key])));
    let mut fields: Fields = fields.collect();
    fields.entry("title".into()).or_insert(Value::Text("t".into()));
    Item {
        number: 1,
        flow_version: 1,
        revision: 3,
        state: state.to_owned(),
        assigned_to: strings(holders),
        created_by: "ann".into(),
        created_at: at,
        updated_at: at,
        closed_at: holders.is_empty().then_some(at),
        fields,
    }
}

/// ann, Bob and cid are active, dan is disabled, root is the administrator; cid is of the group qa.
pub(super) fn actor(name: &str) -> Actor {
    let groups = if name == "cid" { ["qa".to_owned()].into() } else { [].into() };
    Actor { name: name.to_owned(), admin: name == "root", groups }
}

/// Looks up what is asked for, as the layer above does.
pub(super) fn with_facts<T>(
    who: &str,
    flow: &Flow,
    item: Option<&Item>,
    input: &Input,
    opens: &[&Flow],
    run: impl FnOnce(&Facts) -> T,
) -> T {
    with_facts_but(&["dan"], who, flow, item, input, opens, run)
}

/// With these people disabled.
pub(super) fn with_facts_but<T>(
    disabled: &[&str],
    who: &str,
    flow: &Flow,
    item: Option<&Item>,
    input: &Input,
    opens: &[&Flow],
    run: impl FnOnce(&Facts) -> T,
) -> T {
    let actor = actor(if who == "bob" { "Bob" } else { who });
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let mut asks = asks(flow, item, input);
    let opens = opens.iter().filter(|flow| asks.opens.contains(&flow.key));
    let opens: Vec<_> = opens.map(|flow| (flow.key.clone(), OpenFact { flow, version: 4, number: 7 })).collect();
    for (_, open) in &opens {
        asks.users.extend(crate::asks(open.flow, None, &Input::new()).users);
    }
    // A hand-over asks for its own.
    asks.users.extend(["ann", "bob", "dan"].map(str::to_owned));
    let users = ["ann", "Bob", "cid", "dan", "root"].into_iter().filter(|name| asks.users.contains(&fold_name(name)));
    let users =
        users.map(|name| (fold_name(name), UserFact { name: name.to_owned(), active: !disabled.contains(&name) }));
    let items = asks.items.iter().filter_map(|given| match item_name(given)? {
        ItemName::Path { flow, number } if number < 100 => Some((given.clone(), ItemFact { flow, number })),
        ItemName::Id { prefix, number } if number < 100 => Some((given.clone(), ItemFact { flow: prefix, number })),
        _ => None,
    });
    run(&Facts {
        actor: &actor,
        users: users.collect(),
        items: items.collect(),
        opens: opens.into_iter().collect(),
        now: NOW.parse().unwrap(),
        zone: &zone,
    })
}

pub(super) fn input(json: Json) -> Input {
    serde_json::from_value(json).unwrap()
}

pub(super) fn creates(flow: &Flow, who: &str, fields: Json) -> Result<Decision, Refusal> {
    let fields = input(fields);
    with_facts(who, flow, None, &fields, &[], |facts| create(flow, 1, 9, &fields, facts))
}

pub(super) fn saves(flow: &Flow, item: &Item, who: &str, fields: Json) -> Result<Decision, Refusal> {
    let fields = input(fields);
    let event = Event::Save { fields: &fields };
    with_facts(who, flow, Some(item), &fields, &[], |facts| decide(flow, item, Some(3), &event, facts))
}

pub(super) fn presses(flow: &Flow, item: &Item, who: &str, trigger: &str, fields: Json) -> Result<Decision, Refusal> {
    presses_saying(flow, item, who, trigger, fields, None, &[])
}

pub(super) fn presses_saying(
    flow: &Flow,
    item: &Item,
    who: &str,
    trigger: &str,
    fields: Json,
    comment: Option<&str>,
    opens: &[&Flow],
) -> Result<Decision, Refusal> {
    let fields = input(fields);
    let event = Event::Press { trigger, fields: &fields, comment };
    with_facts(who, flow, Some(item), &fields, opens, |facts| decide(flow, item, None, &event, facts))
}

/// Where the item stands after it, who holds it, what it wrote; or why nothing happens. A decision is proven on the way.
pub(super) fn said(result: &Result<Decision, Refusal>) -> String {
    match result {
        Ok(decision) => {
            prove(decision);
            let (after, record) = (decision.after(), decision.record());
            let mut said = format!("{} [{}]", after.state, after.assigned_to.join(" "));
            for (key, (_, new)) in &record.changes {
                said += &format!(" {key}={}", new.to_json(&TimeZone::fixed(jiff::tz::offset(8))));
            }
            if let Some(comment) = &record.comment {
                said += &format!(" {comment:?}");
            }
            if record.by_admin {
                said += " by_admin";
            }
            if let Some((flow, opened)) = decision.opens() {
                said += &format!(" + {flow}/{}: {}", opened.after().number, self::said(&Ok(opened.clone())));
            }
            said
        }
        Err(Refusal::Invalid(problems)) => {
            let problems = problems.iter().map(|problem| format!("{} {:?}", problem.field, problem.what));
            format!("invalid: {}", problems.collect::<Vec<_>>().join("; "))
        }
        Err(refusal) => format!("{refusal:?}"),
    }
}

pub(super) fn says(result: &Result<Decision, Refusal>, expected: &str) {
    assert_eq!(said(result), expected);
}

/// What every decision keeps: one revision more, and the record alone leads from before to after.
pub(super) fn prove(decision: &Decision) {
    let (after, record) = (decision.after(), decision.record());
    assert_eq!(record.to, after.state);
    assert_eq!(record.assigned_to, after.assigned_to);
    assert_eq!(record.from.as_deref(), decision.before().map(|before| before.state.as_str()));
    assert_eq!(after.assigned_to.is_empty(), after.closed_at.is_some());
    assert!(after.fields.values().all(|value| !matches!(value, Value::Empty | Value::Bool(false))));
    match decision.before() {
        None => assert_eq!(fold(after.number, after.flow_version, [(after.updated_at, record)]).as_ref(), Some(after)),
        Some(before) if decision.changes_nothing() => assert_eq!(before, after),
        Some(before) => {
            assert_eq!(apply(before.clone(), NOW.parse().unwrap(), record), *after);
            let step = i64::from(record.kind != RecordKind::Commented);
            assert_eq!(after.revision, before.revision + step);
        }
    }
}
