//! Scenarios: what is tried with a flow every time that it changes. One TOML file beside the flow's own
//! (`issue_track.test.toml` beside `issue_track.toml`): who does what, and what must come of it.

use std::ops::Range;

use indexmap::IndexMap;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value as Json;
use toml::de::{DeTable, DeValue};

use super::{Act, Person, Trial};
use crate::read::{
    File, Report,
    document::{At, Section, entries, kind_of},
    parsed,
};
use crate::{Flow, Input, Problem, said::said};

mod run;
mod write;

pub use write::{Done, scenarios_text};

const KEYS: [&str; 2] = ["people", "scenario"];
const PERSON: [&str; 3] = ["groups", "admin", "disabled"];
const SCENARIO: [&str; 3] = ["name", "now", "step"];
const STEP: [&str; 13] = [
    "by",
    "create",
    "save",
    "press",
    "fields",
    "comment",
    "hand_over",
    "state",
    "holder",
    "values",
    "buttons",
    "refused",
    "at",
];
/// What an act can be refused with, in the words of the API.
pub(super) const CODES: [&str; 5] = ["not_allowed", "wrong_state", "unmet_condition", "invalid_fields", "not_found"];
/// The moment of a scenario that names none: a Monday morning.
const NOW: &str = "2026-01-05T09:00:00";

/// A file of scenarios.
#[derive(Debug, Clone)]
pub struct Scenarios {
    people: IndexMap<String, Person>,
    list: Vec<Scenario>,
}

#[derive(Debug, Clone)]
struct Scenario {
    name: At<String>,
    now: DateTime,
    steps: Vec<Step>,
}

/// What somebody does, and what must come of it.
#[derive(Debug, Clone)]
struct Step {
    by: At<String>,
    /// With the place of the word that says what is done; none: only what must hold is looked at.
    act: Option<At<Act>>,
    state: Option<At<String>>,
    holder: Option<At<Vec<At<String>>>>,
    values: Vec<(At<String>, At<Json>)>,
    buttons: Option<At<Vec<At<String>>>>,
    refused: Option<At<String>>,
    at: Option<At<Vec<At<String>>>>,
}

/// Reads a file of scenarios, with every problem in it; none if there is an error.
#[must_use]
pub fn read_scenarios(file: &File) -> (Option<Scenarios>, Vec<Problem>) {
    let mut report = Report { file: file.name, text: file.text, problems: Vec::new() };
    let root = parsed(file, &mut report);
    let section = Section::open("the file", 0..0, root.get_ref(), &KEYS, &mut report);
    let mut people = IndexMap::new();
    if let Some(table) = section.table("people", &mut report) {
        for entry in entries(table.value) {
            people.insert(entry.key.to_owned(), person(&entry.key_span, entry.value, &mut report));
        }
    }
    let tables = section.tables("scenario", &mut report);
    if tables.is_empty() && report.problems.is_empty() {
        report.error(
            &(0..0),
            said!("there is no scenario in it"),
            said!("write [[scenario]] with a name and its steps"),
        );
    }
    let list: Vec<Scenario> = tables.into_iter().filter_map(|table| scenario(&table, &mut report)).collect();
    let sound = report.errors() == 0;
    (sound.then_some(Scenarios { people, list }), report.problems)
}

impl Scenarios {
    /// Plays each of them: its name, and what did not come as it must, at most one problem each.
    #[must_use]
    pub fn run(&self, file: &File, flow: &Flow, others: &[&Flow], zone: &TimeZone) -> Vec<(String, Option<Problem>)> {
        let played = |scenario: &Scenario| {
            let mut report = Report { file: file.name, text: file.text, problems: Vec::new() };
            let now = scenario.now.to_zoned(zone.clone()).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp());
            let mut trial = Trial::new(flow, others, now, zone.clone());
            for (name, person) in &self.people {
                trial.add(name, person.clone());
            }
            for step in &scenario.steps {
                trial.meet(&step.by.value);
                if let Some(At { value: Act::HandOver(to), .. }) = &step.act {
                    trial.meet(to);
                }
            }
            for step in &scenario.steps {
                run::step(&mut trial, step, &mut report);
                if !report.problems.is_empty() {
                    break;
                }
            }
            (scenario.name.value.clone(), report.problems.into_iter().next())
        };
        self.list.iter().map(played).collect()
    }
}

/// What came of playing the scenarios of several files.
#[derive(Debug, Default)]
pub struct Played {
    /// By file and scenario, in order: whether all came as it must.
    pub scenarios: Vec<(String, String, bool)>,
    /// By file, then by place.
    pub problems: Vec<Problem>,
}

/// Whether a file holds scenarios, by its name.
#[must_use]
pub fn is_scenarios(name: &str) -> bool {
    name.ends_with(".test.toml")
}

/// The name of the flow's file beside a file of scenarios.
#[must_use]
pub fn flow_file_of(scenarios: &str) -> Option<String> {
    Some(format!("{}.toml", scenarios.strip_suffix(".test.toml")?))
}

/// Plays the scenarios of these files, each with the flow whose file stands beside it. `flows`: by the names of their files;
/// none where the file has errors, so that nothing is said of its scenarios. `others`: flows that items may be opened of.
#[must_use]
pub fn play(files: &[File], flows: &[(&str, Option<&Flow>)], others: &[&Flow], zone: &TimeZone) -> Played {
    let mut played = Played::default();
    let all: Vec<&Flow> = flows.iter().filter_map(|(_, flow)| *flow).chain(others.iter().copied()).collect();
    for file in files {
        let (scenarios, problems) = read_scenarios(file);
        played.problems.extend(problems);
        let beside = flow_file_of(file.name).unwrap_or_default();
        let Some((_, flow)) = flows.iter().find(|(name, _)| *name == beside) else {
            let mut report = Report { file: file.name, text: file.text, problems: Vec::new() };
            let message = said!("these are scenarios of \"{}\", which is not among the files", beside);
            report.error(&(0..0), message, said!("give both files, named alike"));
            played.problems.extend(report.problems);
            continue;
        };
        let (Some(scenarios), Some(flow)) = (scenarios, flow) else { continue };
        for (name, problem) in scenarios.run(file, flow, &all, zone) {
            played.scenarios.push((file.name.to_owned(), name, problem.is_none()));
            played.problems.extend(problem);
        }
    }
    played
}

/// `delegate = {}`, or with what is known of them.
fn person(span: &Range<usize>, value: &DeValue, report: &mut Report) -> Person {
    let DeValue::Table(table) = value else {
        let message = said!("a person must be a table, but this is {}", kind_of(value));
        report.error(span, message, said!("write {} or {}", "name = {}", "name = { groups = [\"…\"] }"));
        return Person::default();
    };
    let section = Section::open("a person", span.clone(), table, &PERSON, report);
    let groups = section.texts("groups", report).map(|groups| groups.value).unwrap_or_default();
    Person {
        groups: groups.into_iter().map(|group| group.value).collect(),
        admin: section.flag("admin", report),
        disabled: section.flag("disabled", report),
    }
}

fn scenario(table: &At<&DeTable>, report: &mut Report) -> Option<Scenario> {
    let section = Section::open("[[scenario]]", table.span.clone(), table.value, &SCENARIO, report);
    let name = section.name_needed("name", report);
    let now = match section.text("now", report) {
        None => NOW.parse().ok(),
        Some(text) => {
            let read = text.value.parse::<DateTime>().ok();
            if read.is_none() {
                let message = said!("\"{}\" is no moment", text.value);
                report.error(&text.span, message, said!("write now = \"2026-01-05T09:00\""));
            }
            read
        }
    };
    let steps = section.tables("step", report);
    if steps.is_empty() {
        report.error(&section.span, said!("nothing happens in this scenario"), said!("write [[scenario.step]]"));
    }
    let steps = steps.iter().filter_map(|table| step(table, report)).collect();
    Some(Scenario { name: name?, now: now?, steps })
}

fn step(table: &At<&DeTable>, report: &mut Report) -> Option<Step> {
    let section = Section::open("[[scenario.step]]", table.span.clone(), table.value, &STEP, report);
    let by = section.text_needed("by", report);
    let act = act(&section, report);
    let refused = section.text("refused", report);
    if let Some(code) = refused.as_ref().filter(|code| !CODES.contains(&code.value.as_str())) {
        let help = crate::words::nearest_or_all(&code.value, CODES);
        report.error(&code.span, said!("nothing is refused with \"{}\"", code.value), help);
    }
    let at = section.text_or_texts("at", report);
    if let Some(at) = at.as_ref().filter(|_| refused.is_none()) {
        report.error(
            &at.span,
            said!("\"at\" names the fields of a refusal, and there is none"),
            said!("add refused = \"invalid_fields\""),
        );
    }
    if let Some(refused) = refused.as_ref().filter(|_| act.is_none()) {
        report.error(
            &refused.span,
            said!("nothing is done in this step that could be refused"),
            said!("add press, save, create, comment or hand_over"),
        );
    }
    let values = inputs(&section, "values", report);
    Some(Step {
        by: by?,
        act,
        state: section.text("state", report),
        holder: section.text_or_texts("holder", report),
        values,
        buttons: section.texts("buttons", report),
        refused,
        at,
    })
}

/// What is done: one of the words that say so.
fn act(section: &Section, report: &mut Report) -> Option<At<Act>> {
    let said = ["create", "save", "press", "hand_over"].map(|key| section.get(key));
    let mut said = said.into_iter().flatten();
    let first = said.next();
    if let Some(second) = said.next() {
        let message = said!("a step does one thing, and this is the second: \"{}\"", second.key);
        report.error(&second.key_span, message, said!("write a step for each"));
    }
    let fields = |key, report: &mut Report| {
        let pairs = inputs(section, key, report);
        pairs.into_iter().map(|(key, json)| (key.value, json.value)).collect::<Input>()
    };
    let comment = section.text("comment", report);
    let Some(first) = first else {
        let comment = comment?;
        return Some(At { span: comment.span, value: Act::Comment(comment.value) });
    };
    let value = match first.key {
        "create" => Act::Create(fields("create", report)),
        "save" => Act::Save(fields("save", report)),
        "hand_over" => Act::HandOver(section.text("hand_over", report)?.value),
        _ => Act::Press {
            trigger: section.text("press", report)?.value,
            fields: fields("fields", report),
            comment: comment.map(|comment| comment.value),
        },
    };
    if !matches!(value, Act::Press { .. })
        && let Some(extra) = section.get("fields").or(section.get("comment"))
    {
        let message = said!("\"{}\" goes with a press", extra.key);
        report.error(
            &extra.key_span,
            message,
            said!("write what is saved or created as a table of its own: save = {{ … }}"),
        );
    }
    Some(At { span: first.span.clone(), value })
}

/// Values by field, as a request gives them; an empty text empties.
fn inputs(section: &Section, key: &str, report: &mut Report) -> Vec<(At<String>, At<Json>)> {
    let Some(table) = section.table(key, report) else { return Vec::new() };
    let pair = |entry: crate::read::document::Entry| {
        let key = At { span: entry.key_span, value: entry.key.to_owned() };
        (key, At { span: entry.span, value: json(entry.value) })
    };
    entries(table.value).into_iter().map(pair).collect()
}

fn json(value: &DeValue) -> Json {
    match value {
        DeValue::String(text) if text.is_empty() => Json::Null,
        DeValue::String(text) => Json::from(text.replace("\r\n", "\n")),
        DeValue::Integer(whole) => match i64::from_str_radix(whole.as_str(), whole.radix()) {
            Ok(whole) => Json::from(whole),
            Err(_) => Json::from(whole.as_str()),
        },
        DeValue::Float(number) => number.as_str().parse::<f64>().map_or(Json::Null, Json::from),
        DeValue::Boolean(yes) => Json::from(*yes),
        DeValue::Datetime(moment) => Json::from(moment.to_string()),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => entries(table).into_iter().map(|entry| (entry.key, json(entry.value))).collect(),
    }
}
