//! The invariants that no other test holds, and random walks against a naive model.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use reqwest::StatusCode;
use serde_json::{Map, Value, json};

pub(crate) use crate::harness::load::is_fold;
use crate::harness::{Answer, Server, User, button, dice::Dice, path_of, project};

/// The flow of the walk, as text for the product and, below, as the model's rules.
const WALK: &str = r#"
key = "t"
name = "走"

[[field]]
key = "summary"
type = "text"
max_length = 5
required = true

[[field]]
key = "amount"
type = "number"
decimals = 1

[[field]]
key = "checker"
type = "user"

[[field]]
key = "team"
type = "user"
multiple = true

[[state]]
name = "审"
readonly = ["summary"]

[[transition]]
source = "写"
trigger = "提交"
dest = "审"
assign_to = "checker"

[[transition]]
source = "写"
trigger = "自留"
dest = "写"

[[transition]]
source = "审"
trigger = "通过"
dest = "完"
condition = "amount >= 10"

[[transition]]
source = "审"
trigger = "会签"
dest = "审"
assign_to = "team"

[[transition]]
source = "审"
trigger = "打回"
dest = "写"
assign_to = "created_by"
by = ["assigned_to", "created_by"]
back = true

[[state]]
name = "完"
final = true

[[transition]]
source = "完"
trigger = "重开"
dest = "写"
by = ["created_by"]
assign_to = "created_by"
comment = "required"
"#;

const USERS: [&str; 4] = ["engineer", "delegate", "architect", "admin"];
const TRIGGERS: [&str; 6] = ["提交", "自留", "通过", "会签", "打回", "重开"];

/// An item as the model knows it.
#[derive(Clone, Debug)]
struct Known {
    revision: i64,
    state: &'static str,
    holders: Vec<String>,
    creator: String,
    fields: BTreeMap<&'static str, Value>,
    events: usize,
}

/// What the model says of a request: the code of a refusal, or how the item is afterwards.
type Verdict = Result<Known, &'static str>;

impl Known {
    fn value(&self, key: &str) -> Value {
        self.fields.get(key).cloned().unwrap_or(Value::Null)
    }

    /// Takes values as the rules of `state` and of each field let it; whether all of them were fine.
    fn take(&mut self, values: &Map<String, Value>) -> bool {
        let mut fine = true;
        for (key, value) in values {
            let readable = match key.as_str() {
                "summary" => value.is_null() || value.as_str().is_some_and(|text| text.chars().count() <= 5),
                "amount" => value.is_null() || value.as_f64().is_some_and(|number| (number * 10.0).fract() == 0.0),
                "checker" => value.is_null() || value.as_str().is_some_and(|name| USERS.contains(&name)),
                "team" => {
                    value.is_null()
                        || value
                            .as_array()
                            .is_some_and(|names| names.iter().all(|name| USERS.contains(&name.as_str().unwrap())))
                }
                _ => false,
            };
            let key = ["summary", "amount", "checker", "team"].into_iter().find(|known| known == key);
            let Some(key) = key else {
                fine = false;
                continue;
            };
            let value = if *value == json!("") || *value == json!([]) { Value::Null } else { value.clone() };
            if self.state == "审" && key == "summary" && value != self.value("summary") {
                fine = false;
            } else {
                self.fields.insert(key, if readable { value } else { Value::Null });
                fine &= readable;
            }
        }
        fine
    }

    fn save(&self, who: &str, values: &Map<String, Value>) -> Verdict {
        if self.state == "完" || !(who == "admin" || self.holders.iter().any(|name| name == who)) {
            return Err("not_allowed");
        }
        let mut after = self.clone();
        if !after.take(values) || after.value("summary").is_null() {
            return Err("invalid_fields");
        }
        if after.fields.iter().any(|(key, value)| *value != self.value(key)) {
            after.revision += 1;
            after.events += 1;
        }
        Ok(after)
    }

    fn press(&self, who: &str, trigger: &str, values: &Map<String, Value>, comment: bool) -> Verdict {
        let (dest, holder) = match (self.state, trigger) {
            ("写", "提交") => ("审", "checker"),
            ("写", "自留") => ("写", ""),
            ("审", "通过") => ("完", ""),
            ("审", "会签") => ("审", "team"),
            ("审", "打回") | ("完", "重开") => ("写", "creator"),
            _ => return Err("wrong_state"),
        };
        let holds = self.holders.iter().any(|name| name == who);
        let created = self.creator == who;
        let may = match trigger {
            "打回" => holds || created,
            "重开" => created,
            _ => holds,
        };
        if !may && who != "admin" {
            return Err("not_allowed");
        }
        let mut after = self.clone();
        let mut fine = after.take(values);
        if trigger == "通过" && after.value("amount").as_f64().is_none_or(|amount| amount < 10.0) {
            return Err("unmet_condition");
        }
        fine &= !after.value("summary").is_null();
        fine &= trigger != "重开" || comment;
        after.holders = match holder {
            "creator" => vec![self.creator.clone()],
            "checker" => after.value("checker").as_str().into_iter().map(str::to_owned).collect(),
            "team" => after
                .value("team")
                .as_array()
                .into_iter()
                .flatten()
                .map(|name| name.as_str().unwrap().to_owned())
                .collect(),
            _ => self.holders.clone(),
        };
        fine &= !after.holders.is_empty();
        if dest == "完" {
            after.holders.clear();
        }
        if !fine {
            return Err("invalid_fields");
        }
        (after.state, after.revision, after.events) = (dest, self.revision + 1, self.events + 1);
        Ok(after)
    }
}

fn random_values(dice: &mut Dice) -> Map<String, Value> {
    let mut values = Map::new();
    for _ in 0..dice.below(3) {
        let (key, choices): (_, &[Value]) = match dice.below(9) {
            0..2 => ("summary", &[json!("一"), json!("二二"), json!("🙂🙂🙂🙂🙂"), json!(""), json!("六个字太长了")]),
            2..4 => {
                ("amount", &[json!(1), json!(10), json!(12.5), json!(9.9), json!(null), json!("many"), json!(0.25)])
            }
            4..6 => {
                ("checker", &[json!("engineer"), json!("delegate"), json!("architect"), json!("nobody"), json!(null)])
            }
            6..8 => (
                "team",
                &[json!(["engineer", "delegate"]), json!(["architect"]), json!([]), json!(["admin", "architect"])],
            ),
            _ => ("other", &[json!(1)]),
        };
        values.insert(key.to_owned(), dice.of(choices).clone());
    }
    values
}

/// Whether the product says what the model says.
fn compare(answer: &Answer, verdict: &Verdict, what: &str) {
    match verdict {
        Ok(known) => {
            assert!(answer.status.is_success(), "{what}: {}", answer.text);
            same(&answer.json(), known, what);
        }
        Err(code) => {
            assert!(answer.status.is_client_error(), "{what}: the model says {code}: {}", answer.text);
            assert_eq!(answer.json()["code"], *code, "{what}: {}", answer.text);
        }
    }
}

fn same(item: &Value, known: &Known, what: &str) {
    assert_eq!(item["state"], known.state, "{what}");
    assert_eq!(item["revision"], known.revision, "{what}");
    assert_eq!(item["assigned_to"], json!(known.holders), "{what}");
    assert_eq!(item["created_by"], json!(known.creator), "{what}");
    assert_eq!(item["final"], known.state == "完", "{what}");
    assert_eq!(item["closed_at"].is_string(), known.state == "完", "{what}");
    for key in ["summary", "amount", "checker", "team"] {
        let (found, expected) = (&item["fields"][key], known.value(key));
        let equal = if key == "amount" { found.as_f64() == expected.as_f64() } else { *found == expected };
        assert!(equal, "{what}: {key} is {found}, not {expected}");
    }
}

fn walk(seed: u64, steps: usize) {
    let server = Server::with_flow(WALK);
    let users: Vec<User> = USERS.iter().map(|name| server.user(name)).collect();
    let mut dice = Dice(seed);
    let mut items: Vec<Known> = Vec::new();
    for step in 0..steps {
        let user = &users[dice.below(USERS.len())];
        let what = format!("seed {seed}, step {step}");
        if items.is_empty() || dice.below(12) == 0 {
            create(&mut dice, user, &mut items, &what);
            continue;
        }
        let number = dice.below(items.len());
        act(&mut dice, user, number, &mut items[number], &what);
        if step % 25 == 0 {
            lists(&users, &items, &what);
        }
    }
    lists(&users, &items, "at the end");
    for (n, known) in items.iter().enumerate() {
        let item = users[0].item("t", i64::try_from(n).unwrap() + 1);
        same(&item, known, "at the end");
        let history = users[0].history(&item);
        assert_eq!(history.len(), known.events);
        is_fold(&item, &history);
    }
}

fn create(dice: &mut Dice, user: &User, items: &mut Vec<Known>, what: &str) {
    let values = random_values(dice);
    let mut known = Known {
        revision: 1,
        state: "写",
        holders: vec![user.name.clone()],
        creator: user.name.clone(),
        fields: BTreeMap::new(),
        events: 1,
    };
    let fine = known.take(&values) && !known.value("summary").is_null();
    let verdict = if fine { Ok(known) } else { Err("invalid_fields") };
    let answer = user.post("/flows/t/items", &json!({"fields": values}));
    compare(&answer, &verdict, &format!("{what}: {} creates with {values:?}", user.name));
    if let Ok(known) = verdict {
        items.push(known);
        assert_eq!(answer.json()["number"], items.len());
    }
}

fn act(dice: &mut Dice, user: &User, number: usize, known: &mut Known, what: &str) {
    let path = format!("/flows/t/items/{}", number + 1);
    let values = random_values(dice);
    let revision = [None, Some(known.revision), Some(known.revision - 1)][dice.below(3)];
    let stale = revision == Some(known.revision - 1);
    let what = format!("{what}: {} on {path} ({}) with {values:?} at {revision:?}", user.name, known.state);
    let verdict = match dice.below(10) {
        0 => {
            user.post(&format!("{path}/comments"), &json!({"comment": "说"})).expect(StatusCode::CREATED);
            known.events += 1;
            return;
        }
        1 => {
            let to = *dice.of(&USERS);
            let mut after = Known { holders: vec![to.to_owned()], ..known.clone() };
            (after.revision, after.events) = (known.revision + 1, known.events + 1);
            let verdict = if user.name == "admin" && known.state != "完" { Ok(after) } else { Err("not_allowed") };
            compare(&user.post(&format!("{path}/holder"), &json!({"to": to})), &verdict, &what);
            verdict
        }
        2..5 => {
            let verdict = if stale { Err("stale_revision") } else { known.save(&user.name, &values) };
            compare(&user.patch(&path, &json!({"revision": revision, "fields": values})), &verdict, &what);
            verdict
        }
        _ => {
            let (trigger, comment) = (*dice.of(&TRIGGERS), dice.below(2) == 0);
            let verdict =
                if stale { Err("stale_revision") } else { known.press(&user.name, trigger, &values, comment) };
            let body = json!({
                "trigger": trigger, "revision": revision, "fields": values, "comment": if comment { json!("因为") } else { json!(null) },
            });
            let answer = user.post(&format!("{path}/triggers"), &body);
            compare(&answer, &verdict, &format!("{what}: {trigger}, comment {comment}"));
            verdict
        }
    };
    if let Ok(after) = verdict {
        *known = after;
    }
    buttons(user, &user.get(&path).json(), known, &what);
}

/// What may be pressed is what the model lets be pressed, whatever is still to be filled.
fn buttons(user: &User, item: &Value, known: &Known, what: &str) {
    let full: Map<String, Value> =
        [("summary", json!("一")), ("checker", json!("delegate")), ("team", json!(["delegate"]))]
            .into_iter()
            .filter(|(key, _)| known.state != "审" || *key != "summary")
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
    for trigger in TRIGGERS {
        match known.press(&user.name, trigger, &full, true) {
            Err("wrong_state") => {
                assert!(item["triggers"].as_array().unwrap().iter().all(|entry| entry["trigger"] != trigger))
            }
            verdict => {
                let entry = button(item, trigger);
                assert_eq!(entry["allowed"], verdict.is_ok(), "{what}: the button {trigger}: {entry}");
                assert_eq!(entry.get("reason").is_some(), verdict.is_err(), "{what}: {entry}");
            }
        }
    }
}

/// Every list and count agrees with the items.
fn lists(users: &[User], items: &[Known], what: &str) {
    let page = users[0].get("/flows/t/items?limit=1").json();
    assert_eq!(page["total"], items.len(), "{what}");
    let open = items.iter().filter(|item| item.state != "完").count();
    assert_eq!(users[0].get("/flows").json()["flows"][0]["open_items"], open, "{what}");
    for state in ["写", "审", "完"] {
        let found = users[0].get(&format!("/flows/t/items?q=state%3D{}", crate::harness::encoded(state))).json();
        assert_eq!(found["total"], items.iter().filter(|item| item.state == state).count(), "{what}: {state}");
    }
    for user in users {
        let numbers = |list: &str| -> BTreeSet<u64> {
            let found = user.pages(&format!("/work?list={list}"), 7);
            let numbers: BTreeSet<u64> = found.iter().map(|item| item["number"].as_u64().unwrap()).collect();
            assert_eq!(numbers.len(), found.len(), "{what}: each once");
            numbers
        };
        let of = |test: &dyn Fn(&Known) -> bool| -> BTreeSet<u64> {
            (1..).zip(items).filter(|(_, item)| test(item)).map(|(number, _)| number).collect()
        };
        assert_eq!(
            numbers("pending"),
            of(&|item| item.holders.contains(&user.name)),
            "{what}: pending of {}",
            user.name
        );
        assert_eq!(numbers("created"), of(&|item| item.creator == user.name), "{what}: created by {}", user.name);
        assert!(numbers("done").is_disjoint(&numbers("pending")), "{what}: done of {}", user.name);
    }
}

#[test]
fn a_random_walk_agrees_with_a_naive_model() {
    walk(1, 500);
}

#[test]
fn another_random_walk_agrees_with_a_naive_model() {
    walk(20_261_122, 500);
}

/// Invariants 4 and 7 on the shipped flows: whatever button is shown works once what it asks for is filled; what is not
/// shown as allowed does not work; every item is the fold of its events.
#[test]
fn a_button_that_is_shown_works_once_what_it_asks_for_is_filled() {
    let server = Server::by_token();
    let users: Vec<User> = USERS.iter().map(|name| server.user(name)).collect();
    let flows = ["issue_track", "improvement", "device_card", "buglist"];
    let mut dice = Dice(7);
    for flow in flows {
        for _ in 0..3 {
            dice.of(&users).create(flow, &json!({"summary": "概要"}));
        }
    }
    let mut pressed: BTreeSet<(String, String)> = BTreeSet::new();
    for step in 0..300 {
        let user = &users[dice.below(USERS.len())];
        let page = user.get(&format!("/flows/{}/items?limit=200", dice.of(&flows))).json();
        let item = dice.of(page["items"].as_array().unwrap()).clone();
        let triggers = item["triggers"].as_array().unwrap();
        if triggers.is_empty() {
            assert_eq!(item["final"], true, "an item that is not final has a way out");
            continue;
        }
        let entry = dice.of(triggers);
        let trigger = entry["trigger"].as_str().unwrap();
        let what = format!("step {step}: {} presses {trigger} of {}", user.name, item["id"]);
        let (answer, before) = (fill_and_press(&mut dice, user, &item, trigger), &item);
        if entry["allowed"] == true {
            let after = answer.expect(StatusCode::OK);
            assert_eq!(
                (&after["state"], after["revision"].as_i64()),
                (&entry["dest"], before["revision"].as_i64().map(|n| n + 1)),
                "{what}"
            );
            assert_eq!(
                after["assigned_to"] == json!([]),
                after["final"] == true,
                "{what}: somebody holds what is not final"
            );
            pressed.insert((item["flow"].as_str().unwrap().to_owned(), trigger.to_owned()));
        } else {
            assert!([403, 422].contains(&answer.status.as_u16()), "{what}: {}", answer.text);
            assert_eq!(user.again(&item)["revision"], before["revision"], "{what}: refused, so unchanged");
        }
    }
    assert!(pressed.len() >= 18, "the walk saw most of the rows: {pressed:?}");
    for flow in flows {
        for item in users[0].pages(&format!("/flows/{flow}/items"), 50) {
            is_fold(&users[0].again(&item), &users[0].history(&item));
        }
    }
}

/// Presses; fills what is asked for, and presses again.
fn fill_and_press(dice: &mut Dice, user: &User, item: &Value, trigger: &str) -> Answer {
    let path = format!("{}/triggers", path_of(item));
    let answer = user.post(&path, &json!({"trigger": trigger}));
    if answer.status != 422 || answer.json()["code"] != "invalid_fields" {
        return answer;
    }
    let (mut fields, mut comment) = (Map::new(), Value::Null);
    for (field, code) in answer.field_errors() {
        if code != "required" {
            return answer;
        }
        if field == "comment" {
            comment = json!("因为");
        } else {
            fields.insert(field, json!(dice.of(&USERS[..3])));
        }
    }
    user.post(&path, &json!({"trigger": trigger, "fields": fields, "comment": comment}))
}

// ---------------------------------------------------------------------------------------------- invariant 1

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

/// Nothing changes an item but a `Decision`: only `decide` makes one, and only the store's item module, which takes
/// nothing else, writes an item's records.
#[test]
fn only_decide_makes_a_decision_and_only_a_decision_writes() {
    let mut files = Vec::new();
    for name in ["flow", "store", "app", "web", "tasksteper"] {
        sources(&project().join("crates").join(name).join("src"), &mut files);
    }
    let writes = ["item", "holder", "event", "stay", "took_part", "link"].into_iter().flat_map(|table| {
        ["insert into", "update", "delete from", "replace into"].map(|verb| format!("{verb} {table} "))
    });
    let writes: Vec<String> = writes.collect();
    let (mut writers, mut makers) = (BTreeSet::new(), BTreeSet::new());
    for path in files {
        let shown = path.strip_prefix(project().join("crates")).unwrap().to_str().unwrap().to_owned();
        if shown.contains("tests") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase().replace('(', " (");
        if writes.iter().any(|statement| words.contains(statement.as_str())) {
            writers.insert(shown.clone());
        }
        let makes = text.lines().any(|line| {
            let line = line.trim_start();
            line.contains("Decision {") && !line.contains("->") && !line.starts_with("impl") && !line.contains("struct")
        });
        if makes {
            makers.insert(shown);
        }
    }
    assert_eq!(writers, ["store/src/item.rs".to_owned()].into());
    assert!(!makers.is_empty() && makers.iter().all(|path| path.starts_with("flow/src/decide")), "{makers:?}");
}
