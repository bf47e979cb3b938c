//! What the check calls sound never strands, however it is walked; what it calls stranded does.

use serde_json::{Value as Json, json};

use super::world::*;
use crate::*;

const PEOPLE: [&str; 3] = ["ann", "Bob", "cid"];
const SOUND_FLOWS: usize = 6;
const STRANDED_FLOWS: usize = 5;
const STEPS: usize = 10_000;

const CONDITIONS: [&str; 13] = [
    "",
    "",
    "level == 'x'",
    "level != 'x'",
    "flag",
    "!flag",
    "n >= 10",
    "n < 10",
    "part == 'q'",
    "boss != null",
    "mark == 'seen'",
    "level == 'y' || flag",
    "n == null",
];

/// A small random source: the same flows in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }
}

/// A random flow: four states and an end, rows between them, some fields locked here and there.
fn flow_of(dice: &mut Dice) -> String {
    let needed = dice.one(&["", ", required = true"]);
    let mut text = format!(
        r#"key = "f"
name = "f"
field = [
  {{ key = "level", type = "choice", choices = ["x", "y", "z"]{needed} }},
  {{ key = "part", type = "choice", parent = "level", choices = {{ x = ["p", "q"], y = ["q"] }} }},
  {{ key = "flag", type = "bool" }},
  {{ key = "n", type = "number" }},
  {{ key = "boss", type = "user"{} }},
  {{ key = "mark", type = "text", readonly = true }},
]
"#,
        dice.one(&["", ", default = \"created_by\""])
    );
    let states = ["s0", "s1", "s2", "s3", "end"];
    for at in 0..9 {
        let source = if at < 4 { at } else { dice.roll(4) };
        let dest = if at < 4 { at + 1 } else { dice.roll(5) };
        let condition = dice.one(&CONDITIONS);
        text += &format!(
            "[[transition]]\nsource = \"{}\"\ntrigger = \"t{at}\"\ndest = \"{}\"\n",
            states[source], states[dest]
        );
        if !condition.is_empty() {
            text += &format!("condition = \"{condition}\"\n");
        }
        let more = [
            "",
            "",
            "",
            "assign_to = \"boss\"",
            "by = [\"boss\"]",
            "by = [\"created_by\", \"boss\"]",
            "required = [\"part\"]",
            "set = { mark = \"seen\" }",
            "set = { level = \"y\" }",
            "set = { boss = \"actor\" }",
            "back = true",
            "required = [\"n\", \"mark\"]",
            "set = { flag = true }",
        ];
        text += dice.one(&more);
        text += "\n";
    }
    for state in states.iter().take(4) {
        let locked = dice.one(&[
            "",
            "\"level\"",
            "\"flag\", \"n\"",
            "\"boss\"",
            "\"level\", \"part\", \"flag\", \"n\", \"boss\"",
        ]);
        let required = dice.one(&["", "", "\"n\"", "\"boss\""]);
        text += &format!("[[state]]\nname = \"{state}\"\nreadonly = [{locked}]\nrequired = [{required}]\n");
    }
    text
}

/// One of the things that can be typed, into some of the fields.
fn typed(dice: &mut Dice, flow: &Flow, state: &str) -> Json {
    let all = combinations(flow, state);
    all[dice.roll(all.len())].clone()
}

/// Everything that can be typed in a state.
fn combinations(flow: &Flow, state: &str) -> Vec<Json> {
    let values: [(&str, Vec<Json>); 5] = [
        ("level", vec![json!("x"), json!("y"), json!("z"), json!(null)]),
        ("part", vec![json!("p"), json!("q"), json!(null)]),
        ("flag", vec![json!(true), json!(false)]),
        ("n", vec![json!(5), json!(10), json!(null)]),
        ("boss", vec![json!("ann"), json!("Bob"), json!(null)]),
    ];
    let open = values.into_iter().filter(|(key, _)| access(flow, state, &flow.fields[*key]) == Access::Write);
    open.fold(vec![json!({})], |all, (key, values)| {
        let with = |one: &Json, value: &Json| {
            let mut one = one.clone();
            one[key] = value.clone();
            one
        };
        all.iter().flat_map(|one| values.iter().map(move |value| with(one, value))).collect()
    })
}

/// The holder saves.
fn save(flow: &Flow, item: &Item, sent: Json) -> Result<Decision, Refusal> {
    let fields = input(sent);
    let event = Event::Save { fields: &fields };
    with_facts(&item.assigned_to[0], flow, Some(item), &fields, &[], |facts| decide(flow, item, None, &event, facts))
}

fn triggers(flow: &Flow, item: &Item) -> Vec<String> {
    flow.rows_from(&item.state).map(|row| row.trigger.clone()).collect()
}

/// Whether nothing that anybody types or presses leads on.
fn is_stuck(flow: &Flow, item: &Item) -> bool {
    combinations(flow, &item.state).iter().all(|sent| {
        let saved = save(flow, item, sent.clone());
        let items = [Some(item.clone()), saved.ok().map(|saved| saved.after)];
        items.iter().flatten().all(|item| {
            triggers(flow, item)
                .iter()
                .all(|trigger| PEOPLE.iter().all(|who| presses(flow, item, who, trigger, sent.clone()).is_err()))
        })
    })
}

/// Walks items at random; the first that is stuck, if any is.
fn strands(dice: &mut Dice, flow: &Flow, steps: usize) -> Option<Item> {
    let mut item: Option<Item> = None;
    let mut idle = 0;
    for _ in 0..steps {
        let Some(here) = item.take().filter(|item| !flow.states[&item.state].is_final) else {
            let sent = typed(dice, flow, &flow.initial);
            item = creates(flow, "ann", sent).ok().map(|made| made.after);
            continue;
        };
        let sent = if dice.roll(3) == 0 { json!({}) } else { typed(dice, flow, &here.state) };
        let done = if dice.roll(4) == 0 {
            save(flow, &here, sent)
        } else {
            let triggers = triggers(flow, &here);
            let pressed = presses(flow, &here, PEOPLE[dice.roll(3)], &triggers[dice.roll(triggers.len())], sent);
            idle = if pressed.is_ok() { 0 } else { idle + 1 };
            pressed
        };
        if idle > 60 {
            if is_stuck(flow, &here) {
                return Some(here);
            }
            idle = 0;
        }
        item = Some(done.map_or(here, |done| done.after));
    }
    None
}

#[test]
fn what_is_sound_never_strands_and_what_strands_does() {
    let (mut sound, mut stranded) = (0, 0);
    for seed in 0..4_000 {
        if sound == SOUND_FLOWS && stranded == STRANDED_FLOWS {
            break;
        }
        let mut dice = Dice(seed);
        let text = flow_of(&mut dice);
        let checked = check(&[File { name: "f", text: &text }], &[], false);
        let errors: Vec<String> = checked
            .problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .map(|problem| problem.message.to_string())
            .collect();
        let undecided = checked.problems.iter().any(|problem| problem.severity == Severity::Note);
        if errors.is_empty() && !undecided && sound < SOUND_FLOWS {
            sound += 1;
            let flow = checked.flows[0].as_ref().unwrap();
            let stuck = strands(&mut dice, flow, STEPS);
            assert!(stuck.is_none(), "{seed}: {text}\n{stuck:#?}");
        }
        let all_strand = !errors.is_empty() && errors.iter().all(|error| error.contains("is stranded"));
        if stranded < STRANDED_FLOWS && all_strand {
            stranded += 1;
            // A warning stands where an error kept the flow from being: read gives it all the same.
            let flow = read(&File { name: "f", text: &text }).0.unwrap();
            assert!(strands(&mut dice, &flow, 4 * STEPS).is_some(), "{seed}: {text}\n{errors:#?}");
        }
    }
    assert_eq!((sound, stranded), (SOUND_FLOWS, STRANDED_FLOWS));
}
