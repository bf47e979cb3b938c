//! Random walks of items of random small flows, beside a naive model; and any JSON at all.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::world::*;
use crate::*;

const PEOPLE: [&str; 4] = ["ann", "Bob", "cid", "root"];
const STATES: [&str; 4] = ["s0", "s1", "s2", "end"];
/// What a request sends, by field: good and bad.
const SENT: [(&str, &[&str]); 8] = [
    ("title", &[r#""t""#, r#""u""#, r#""""#, "null", "5"]),
    ("kind", &[r#""x""#, r#""y""#, "null", r#""z""#]),
    ("part", &[r#""p""#, r#""q""#, "null"]),
    ("boss", &[r#""ann""#, r#""Bob""#, r#""cid""#, "null", r#""eve""#]),
    ("team", &[r#"["cid"]"#, r#"["ann","Bob"]"#, "null"]),
    ("flag", &["true", "false"]),
    ("lock", &["null", r#""k""#]),
    ("nosuch", &["1"]),
];

/// A row as the model knows it.
#[derive(Debug, Clone)]
struct Row {
    source: usize,
    trigger: String,
    dest: usize,
    condition: Option<&'static str>,
    assign_to: Holder,
    by: Who,
    required: Option<&'static str>,
    set: Option<(&'static str, &'static str)>,
    comment: CommentRule,
    back: bool,
}

#[derive(Debug, Clone)]
struct Step {
    /// One of the people; past them: who holds the item.
    who: usize,
    /// Which of the rows out of the present state; past ten: any trigger, save, hand over, disable.
    what: usize,
    sent: Vec<(usize, usize)>,
    comment: bool,
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let holder = prop_oneof![
        Just(Holder::Same),
        Just(Holder::CreatedBy),
        Just(Holder::Field("boss".into())),
        Just(Holder::Field("team".into())),
        Just(Holder::User("cid".into())),
    ];
    let by = prop_oneof![
        3 => Just(Who::AssignedTo),
        1 => Just(Who::CreatedBy),
        1 => Just(Who::Field("boss".into())),
        1 => Just(Who::Field("team".into())),
        1 => Just(Who::Anyone),
    ];
    let condition = prop_oneof![3 => Just(None), 1 => Just(Some("kind == 'x'")), 1 => Just(Some("flag"))];
    let required = prop_oneof![Just(None), Just(Some("part")), Just(Some("lock")), Just(Some("team"))];
    let set = prop_oneof![
        3 => Just(None),
        1 => Just(Some(("lock", "done"))),
        1 => Just(Some(("kind", "y"))),
        1 => Just(Some(("boss", "Bob"))),
    ];
    let comment = prop_oneof![Just(CommentRule::Optional), Just(CommentRule::Required), Just(CommentRule::None)];
    let places = (0..4_usize, 0..3_u8, 0..4_usize);
    let row = (places, condition, holder, by, required, set, comment, any::<bool>()).prop_map(
        |((source, trigger, dest), condition, assign_to, by, required, set, comment, back)| Row {
            source,
            trigger: format!("t{trigger}"),
            dest,
            condition,
            assign_to,
            by,
            required,
            set,
            comment,
            back,
        },
    );
    prop::collection::vec(row, 4..12)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let sent = prop::collection::vec((0..SENT.len(), 0..5_usize), 0..4);
    let step = (0..7_usize, 0..14_usize, sent, any::<bool>());
    prop::collection::vec(step.prop_map(|(who, what, sent, comment)| Step { who, what, sent, comment }), 1..60)
}

fn build(rows: &[Row]) -> Flow {
    let mut flow = flow(
        "walk",
        vec![
            Field { required: true, ..text("title") },
            choice("kind", &["x", "y"]),
            cascade("part", "kind", &[("x", &["p", "q"])]),
            Field { default: Some(Preset::CreatedBy), ..user("boss") },
            Field { multiple: true, ..user("team") },
            field("flag", Kind::Bool),
            Field { readonly: true, ..text("lock") },
        ],
        // Names every state, in order, and leads nowhere by itself.
        STATES.map(|state| row(state, "-", state)).into(),
    );
    flow.transitions = rows.iter().map(|plan| transition(plan, &flow)).collect();
    flow.states["end"].is_final = true;
    flow.states["s1"].required = ["team".to_owned()].into();
    flow.states["s2"].readonly = ["boss".to_owned()].into();
    flow
}

fn transition(plan: &Row, flow: &Flow) -> Transition {
    Transition {
        condition: plan.condition.and_then(|text| condition(flow, text)),
        assign_to: plan.assign_to.clone(),
        by: vec![plan.by.clone()],
        required: plan.required.into_iter().map(str::to_owned).collect(),
        set: plan.set.into_iter().map(|(key, word)| (key.to_owned(), preset(word))).collect(),
        comment: plan.comment,
        back: plan.back,
        ..row(STATES[plan.source], &plan.trigger, STATES[plan.dest])
    }
}

type Plain = BTreeMap<String, Json>;

fn plain(item: &Item, flow: &Flow) -> Plain {
    flow.fields.values().map(|field| (field.key.clone(), item.value(field).to_stored())).collect()
}

fn names(json: &Json) -> Vec<String> {
    match json {
        Json::String(name) => vec![name.clone()],
        Json::Array(names) => names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// What is sent, over what stands. `Err`: some of it is no good; then how far it counts.
fn naive_input(item: &Item, stands: &Plain, sent: &Input) -> (Plain, bool) {
    let (mut now, mut good) = (stands.clone(), true);
    for (key, json) in sent {
        let Some(stood) = stands.get(key) else {
            good = false;
            continue;
        };
        let empty = json == "" || json.is_null();
        if stood == json || (empty && stood.is_null()) {
            continue;
        }
        if key == "lock" || (key == "boss" && item.state == "s2") {
            good = false;
            continue;
        }
        let bad = json.is_number() || json == "z" || json == "eve";
        good &= !bad;
        now.insert(key.clone(), if bad || empty { Json::Null } else { json.clone() });
    }
    (now, good)
}

/// Where a press leads and who holds the item then, told the plain way; `None`: refused.
fn naive(
    rows: &[Row],
    item: &Item,
    stands: &Plain,
    who: &str,
    step: (&str, &Input, bool),
    disabled: &[&str],
) -> Option<(String, Vec<String>, Plain)> {
    let (trigger, sent, comment) = step;
    let (mut now, good) = naive_input(item, stands, sent);
    let row = rows.iter().find(|row| {
        let met = match row.condition {
            None => true,
            Some("flag") => now["flag"] == true,
            Some(_) => now["kind"] == "x",
        };
        STATES[row.source] == item.state && row.trigger == trigger && met
    })?;
    let me = who.to_owned();
    let may = match &row.by {
        Who::Anyone => true,
        Who::CreatedBy => item.created_by == me,
        Who::Field(key) => names(&stands[key]).contains(&me),
        _ => item.assigned_to.contains(&me),
    };
    if let Some((key, word)) = row.set {
        now.insert(key.to_owned(), json!(word));
    }
    let fits = match (now["kind"].as_str(), now["part"].as_str()) {
        (_, None) | (Some("x"), _) => true,
        _ => stands["part"] == now["part"] && stands["kind"] == now["kind"],
    };
    let filled = |key: &str, kept: bool| {
        let asked = key != "part" || now["kind"] == "x";
        !now[key].is_null() || !asked || (kept && row.back && stands[key].is_null())
    };
    let leaves = item.state == "s1" && (row.dest != row.source || (row.back && !stands["team"].is_null()));
    let needs =
        row.required.is_none_or(|key| filled(key, false)) && filled("title", true) && (!leaves || filled("team", true));
    let told = match row.comment {
        CommentRule::None => !comment,
        CommentRule::Optional => true,
        CommentRule::Required => comment,
    };
    let active = |name: &String| name == who || (!disabled.contains(&name.as_str()) && PEOPLE.contains(&name.as_str()));
    let next = match &row.assign_to {
        Holder::Same => item.assigned_to.clone(),
        Holder::CreatedBy => vec![item.created_by.clone()],
        Holder::User(name) => vec![name.clone()],
        Holder::Field(key) => names(&now[key]),
    };
    let closes = STATES[row.dest] == "end";
    let held = match &row.assign_to {
        Holder::Field(_) => !next.is_empty() && next.iter().all(active),
        _ => closes || next.iter().any(active),
    };
    // People are active when they are written.
    let written = ["boss", "team"].iter().all(|key| {
        let stood = names(&stands[*key]);
        names(&now[*key]).iter().all(|name| stood.contains(name) || active(name))
            && names(sent.get(*key).unwrap_or(&Json::Null)).iter().all(|name| stood.contains(name) || active(name))
    });
    let done = good && written && (may || who == "root") && fits && needs && told && held;
    done.then(|| (STATES[row.dest].to_owned(), if closes { Vec::new() } else { next }, now))
}

struct Walk {
    flow: Flow,
    item: Item,
    past: Vec<(Timestamp, Record)>,
    disabled: Vec<&'static str>,
}

impl Walk {
    fn take(&mut self, decision: &Decision) {
        prove(decision);
        if !decision.changes_nothing() {
            self.past.push((decision.after().updated_at, decision.record().clone()));
        }
        self.item = decision.after().clone();
        let past = self.past.iter().map(|(at, record)| (*at, record));
        assert_eq!(fold(1, 1, past).as_ref(), Some(&self.item));
    }

    fn facts<T>(&self, who: &str, sent: &Input, run: impl FnOnce(&Facts) -> T) -> T {
        with_facts_but(&self.disabled, who, &self.flow, Some(&self.item), sent, &[], run)
    }

    fn press(&self, who: &str, trigger: &str, sent: &Input, comment: Option<&str>) -> Result<Decision, Refusal> {
        let event = Event::Press { trigger, fields: sent, comment };
        self.facts(who, sent, |facts| decide(&self.flow, &self.item, None, &event, facts))
    }

    fn buttons(&self, who: &str, sent: &Input) -> Vec<Button> {
        self.facts(who, sent, |facts| buttons(&self.flow, &self.item, sent, facts))
    }

    /// A button that is shown works once what it asks for is filled; one that is not shown does not.
    fn check_buttons(&self, who: &str) {
        for shown in self.buttons(who, &Input::new()) {
            let mut sent = Input::new();
            let button = self.fill(who, &shown.trigger, &mut sent);
            let comment = (button.comment == CommentRule::Required).then_some("because");
            let pressed = self.press(who, &shown.trigger, &sent, comment);
            assert_eq!(pressed.is_ok(), button.refusal.is_none(), "{shown:?} {sent:?} {pressed:?} {:?}", self.item);
            if let Ok(decision) = &pressed {
                assert_eq!((&decision.after().state, decision.record().by_admin), (&button.dest, button.by_admin));
            }
            // Not filled in, it says the same of who may press and of what is not met.
            if let Some(refusal @ (Refusal::NotAllowed(_) | Refusal::Unmet { .. })) = shown.refusal {
                assert_eq!(self.press(who, &shown.trigger, &Input::new(), None), Err(refusal));
            }
        }
    }

    /// Fills in what the button asks for, until what is filled in changes nothing about it.
    fn fill(&self, who: &str, trigger: &str, sent: &mut Input) -> Button {
        for _ in 0..20 {
            let button = self.buttons(who, sent).into_iter().find(|button| button.trigger == trigger).unwrap();
            let value = |key: &str| sent.get(key).cloned().unwrap_or(plain(&self.item, &self.flow)[key].clone());
            let active = |name: &String| name == who || !self.disabled.contains(&name.as_str());
            let open = |key: &&String| {
                let people = names(&value(key));
                let stale = (*key == "boss" || *key == "team") && !people.iter().all(active);
                let writable = access(&self.flow, &self.item.state, &self.flow.fields[*key]) == Access::Write;
                writable && (value(key).is_null() || stale)
            };
            let mend = match &button.refusal {
                None => button.needs.iter().find(open).cloned(),
                Some(_) => None,
            };
            // A cascade under a parent that the row itself sets is emptied.
            let is_misfit = |problem: &FieldProblem| matches!(problem.what, Wrong::Misfit { .. });
            let misfit = button.refusal.is_none()
                && matches!(self.press(who, trigger, sent, None), Err(Refusal::Invalid(all)) if all.iter().any(is_misfit));
            match mend.as_deref() {
                Some("title") => sent.insert("title".into(), json!("t")),
                Some("part") => sent.insert("part".into(), json!("p")),
                Some("team") => sent.insert("team".into(), json!([who])),
                Some(key) => sent.insert(key.to_owned(), json!(who)),
                None if misfit => sent.insert("part".into(), Json::Null),
                None => return button,
            };
        }
        panic!("{trigger} asks for more and more: {sent:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_item_of_any_flow(rows in rows(), steps in steps()) {
        let flow = build(&rows);
        let made = creates(&flow, "ann", json!({"title": "t"})).unwrap();
        let item = Item { number: 1, ..made.after().clone() };
        let past = vec![(item.updated_at, made.record().clone())];
        let mut walk = Walk { flow, item, past, disabled: Vec::new() };
        for step in steps {
            let holder = PEOPLE.into_iter().find(|name| walk.item.assigned_to.iter().any(|holder| holder == name));
            let who = PEOPLE.get(step.who).copied().or(holder).unwrap_or("ann");
            let sent = step.sent.iter().map(|(field, value)| {
                let (key, values) = SENT[*field];
                (key.to_owned(), serde_json::from_str(values[value % values.len()]).unwrap())
            });
            let sent: Input = sent.collect();
            walk.check_buttons(who);
            let stands = plain(&walk.item, &walk.flow);
            match step.what {
                0..=10 => {
                    let ways: Vec<_> = walk.flow.rows_from(&walk.item.state).collect();
                    let way = if step.what < 10 { ways.get(step.what % ways.len().max(1)) } else { None };
                    let trigger = way.map_or_else(|| format!("t{}", step.sent.len()), |row| row.trigger.clone());
                    let expected = naive(&rows, &walk.item, &stands, who, (&trigger, &sent, step.comment), &walk.disabled);
                    let result = walk.press(who, &trigger, &sent, step.comment.then_some("said"));
                    let outcome = result.as_ref().ok().map(|decision| {
                        let after = decision.after();
                        (after.state.clone(), after.assigned_to.clone(), plain(after, &walk.flow))
                    });
                    prop_assert_eq!(&outcome, &expected, "{:?} presses {} with {:?}: {:?}", who, trigger, sent, result);
                    if let Ok(decision) = result {
                        walk.take(&decision);
                        let held = walk.item.assigned_to.iter().any(|name| name == who || !walk.disabled.contains(&name.as_str()));
                        prop_assert_eq!(held, walk.item.state != "end");
                    }
                }
                11 => {
                    let event = Event::Save { fields: &sent };
                    let saved = walk.facts(who, &sent, |facts| decide(&walk.flow, &walk.item, None, &event, facts));
                    if let Ok(decision) = saved {
                        let (now, good) = naive_input(&walk.item, &stands, &sent);
                        prop_assert!(good && !now["title"].is_null());
                        prop_assert_eq!(plain(decision.after(), &walk.flow), now);
                        prop_assert!(may_save(&walk.flow, &walk.item, &actor(who)));
                        walk.take(&decision);
                    }
                }
                12 => {
                    let event = Event::Assign { to: "ann", instead_of: None };
                    let handed = walk.facts(who, &sent, |facts| decide(&walk.flow, &walk.item, None, &event, facts));
                    let can = who == "root" && walk.item.state != "end" && !walk.disabled.contains(&"ann");
                    prop_assert_eq!(handed.is_ok(), can);
                    if let Ok(decision) = handed {
                        walk.take(&decision);
                    }
                }
                _ => walk.disabled = [vec![], vec!["Bob"], vec!["cid", "ann"]][step.sent.len() % 3].clone(),
            }
        }
    }

    #[test]
    fn any_json(sent in prop::collection::vec((any::<prop::sample::Index>(), any_json_value()), 0..6)) {
        let flow = ticket();
        let keys: Vec<&String> = flow.fields.keys().collect();
        let sent: Input = sent.iter().map(|(index, json)| (index.get(&keys).to_string(), json.clone())).collect();
        let item = standing("new", &["ann"], json!({"kind": "hard", "part": "cable"}));
        let saved = with_facts("ann", &flow, Some(&item), &sent, &[], |facts| {
            let _ = buttons(&flow, &item, &sent, facts);
            let _ = create(&flow, 1, 1, &sent, facts);
            decide(&flow, &item, None, &Event::Save { fields: &sent }, facts)
        });
        if let Ok(decision) = saved {
            prove(&decision);
            // What was taken is taken again, as it was stored, as the API spells it and as a form shows it.
            let after = decision.after();
            let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
            for field in flow.fields.values() {
                let value = after.value(field);
                prop_assert_eq!(&Value::from_stored(&value.to_stored(), field), &value);
                let typed = to_form(&value, &zone);
                let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
                for json in [value.to_json(&zone), from_form(field, &typed, &zone)] {
                    let again = Input::from([(field.key.clone(), json)]);
                    let event = Event::Save { fields: &again };
                    let again = with_facts("ann", &flow, Some(after), &again, &[], |facts| decide(&flow, after, None, &event, facts));
                    prop_assert!(again.is_ok_and(|again| again.changes_nothing()), "{:?} {:?}", field.key, value);
                }
            }
        }
    }

    #[test]
    fn any_typed_text(typed in prop::collection::vec("\\PC*", 0..3)) {
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        for field in ticket().fields.values() {
            let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
            let _ = from_form(field, &typed, &zone);
            typed.iter().for_each(|text| drop(item_name(text)));
        }
    }
}

/// Any JSON, often of a shape that some field takes.
fn any_json_value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "-?[0-9]{1,4}(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,25})?".prop_map(|text| serde_json::from_str(&text).unwrap_or(Json::Null)),
        ".{0,12}".prop_map(Json::from),
        "(.|\r|\n){0,6}".prop_map(Json::from),
        "https?://[a-z\\[\\]:@/?#0-9]{0,12}".prop_map(Json::from),
        "[0-2][0-9]{3}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}))?"
            .prop_map(Json::from),
        prop::sample::select(vec!["hard", "soft", "os", "cable", "bob", "cid", "dan", "other/3", "other_4", "a", "b"])
            .prop_map(Json::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map(".{0,3}", inner, 0..3).prop_map(Json::from_iter),
        ]
    })
}
