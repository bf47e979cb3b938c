//! Every shipped flow's golden table: state × trigger × role → result, as text to review in one look.
//!
//! `UPDATE_GOLDEN=1 cargo test -p tasksteper --test integration golden` writes the tables anew; look at the difference.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use flow::{
    Actor, CommentRule, Decision, Event, Facts, Field, Fields, Flow, Input, Item, Kind, NotAllowed, OpenFact, Refusal,
    UserFact, Value, Wrong,
};
use jiff::{Timestamp, tz::TimeZone};

use crate::harness::project;

/// The shipped flows, each with the values that its conditions look at.
const FLOWS: [(&str, &[&str]); 4] =
    [("issue_track", &[]), ("improvement", &[]), ("device_card", &["in_service"]), ("buglist", &[])];

#[test]
fn issue_track() {
    check("issue_track");
}

#[test]
fn improvement() {
    check("improvement");
}

#[test]
fn device_card() {
    check("device_card");
}

#[test]
fn buglist() {
    check("buglist");
}

#[test]
fn every_shipped_flow_has_a_table() {
    let folder = std::fs::read_dir(project().join("flows")).expect("the flows");
    let names = folder.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
    let flows = names.filter(|name| !name.ends_with(".test.toml"));
    let found: BTreeSet<String> = flows.filter_map(|name| Some(name.strip_suffix(".toml")?.to_owned())).collect();
    let known: BTreeSet<String> = FLOWS.iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(found, known);
}

/// Holds the flow's table to the file of it.
fn check(key: &str) {
    let flows: BTreeMap<&str, Flow> = FLOWS.iter().map(|(key, _)| (*key, read(key))).collect();
    let (_, looked_at) = FLOWS.iter().find(|(known, _)| *known == key).expect("a row");
    let table = Table { flow: &flows[key], flows: &flows, looked_at }.text();
    let path = project().join("flows/golden").join(format!("{key}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(&path, &table).expect("the table is written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == table,
        "{} is not what the flow does now; UPDATE_GOLDEN=1 writes it anew:\n{table}",
        path.display()
    );
}

fn read(key: &str) -> Flow {
    let name = format!("{key}.toml");
    let text = std::fs::read_to_string(project().join("flows").join(&name)).expect("the flow's file");
    let (flow, problems) = flow::read(&flow::File { name: &name, text: &text });
    flow.unwrap_or_else(|| panic!("{problems:?}"))
}

struct Table<'a> {
    flow: &'a Flow,
    flows: &'a BTreeMap<&'a str, Flow>,
    looked_at: &'a [&'a str],
}

impl Table<'_> {
    fn text(&self) -> String {
        let mut text = format!(
            "{} {}: who may press what in each state, and what comes of it.\n\
             Each user field names a user of the same name; \"empty\" is the holder's press with no user field filled and no comment.\n",
            self.flow.key, self.flow.name
        );
        for state in self.flow.states.values() {
            let last = if state.is_final { " (final)" } else { "" };
            let _ = write!(text, "\n{}{last}\n", state.name);
            let mut seen = BTreeSet::new();
            for row in self.flow.rows_from(&state.name).filter(|row| seen.insert(row.trigger.clone())) {
                for given in self.variants(&row.trigger) {
                    self.press(&mut text, &state.name, &row.trigger, &given);
                }
            }
            self.others(&mut text, &state.name);
        }
        text
    }

    /// No value that conditions look at filled; each of them filled, where a row of the trigger has a condition.
    fn variants(&self, trigger: &str) -> Vec<Vec<&str>> {
        let judged = self.flow.transitions.iter().any(|row| row.trigger == trigger && row.condition.is_some());
        let filled = self.looked_at.iter().filter(|_| judged).map(|key| vec![*key]);
        std::iter::once(Vec::new()).chain(filled).collect()
    }

    fn press(&self, text: &mut String, state: &str, trigger: &str, given: &[&str]) {
        let _ = writeln!(
            text,
            "  {trigger}{}",
            if given.is_empty() { String::new() } else { format!(" [{}]", given.join(" ")) }
        );
        let needs_comment =
            self.flow.rows_from(state).any(|row| row.trigger == trigger && row.comment == CommentRule::Required);
        let comment = needs_comment.then_some("因为");
        let fields = Input::new();
        let event = Event::Press { trigger, fields: &fields, comment };
        self.by_role(text, &self.item(state, given, true), &event);
        let event = Event::Press { trigger, fields: &fields, comment: None };
        let empty = self.outcome(&self.item(state, given, false), &event, "holder");
        if empty != self.outcome(&self.item(state, given, true), &event, "holder") || needs_comment {
            let _ = writeln!(text, "    {empty} ← empty");
        }
    }

    fn others(&self, text: &mut String, state: &str) {
        let item = self.item(state, &[], true);
        let fields: Input = [("summary".to_owned(), "另一个概要".into())].into_iter().collect();
        let _ = writeln!(text, "  (save)");
        self.by_role(text, &item, &Event::Save { fields: &fields });
        let _ = writeln!(text, "  (hand over to other)");
        self.by_role(text, &item, &Event::Assign { to: "other", instead_of: None });
    }

    /// A line for each result, with the roles that get it.
    fn by_role(&self, text: &mut String, item: &Item, event: &Event) {
        let mut results: Vec<(String, Vec<String>)> = Vec::new();
        for role in self.roles() {
            let result = self.outcome(item, event, &role);
            match results.iter_mut().find(|(known, _)| *known == result) {
                Some((_, roles)) => roles.push(role),
                None => results.push((result, vec![role])),
            }
        }
        for (result, roles) in results {
            let _ = writeln!(text, "    {result} ← {}", roles.join(", "));
        }
    }

    fn roles(&self) -> Vec<String> {
        let people = ["holder", "creator"]
            .map(str::to_owned)
            .into_iter()
            .chain(self.user_fields().map(|field| field.key.clone()));
        people.chain(["other", "admin"].map(str::to_owned)).collect()
    }

    fn user_fields(&self) -> impl Iterator<Item = &Field> {
        self.flow.fields.values().filter(|field| matches!(field.kind, Kind::User))
    }

    fn item(&self, state: &str, given: &[&str], people: bool) -> Item {
        let mut fields: Fields = [("summary".to_owned(), Value::Text("概要".to_owned()))].into_iter().collect();
        for field in self.user_fields().filter(|_| people) {
            fields.insert(field.key.clone(), Value::Text(field.key.clone()));
        }
        for key in given {
            fields.insert((*key).to_owned(), Value::Bool(true));
        }
        let holders = if self.flow.states[state].is_final { Vec::new() } else { vec!["holder".to_owned()] };
        Item {
            number: 1,
            flow_version: 1,
            revision: 1,
            state: state.to_owned(),
            assigned_to: holders,
            created_by: "creator".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            closed_at: None,
            fields,
        }
    }

    fn outcome(&self, item: &Item, event: &Event, role: &str) -> String {
        let actor = Actor { name: role.to_owned(), admin: role == "admin", groups: BTreeSet::new() };
        let user = |name: String| (name.clone(), UserFact { name, active: true });
        let opens = |(key, flow)| (String::from(key), OpenFact { flow, version: 1, number: 1 });
        let zone = TimeZone::UTC;
        let facts = Facts {
            actor: &actor,
            users: self.roles().into_iter().map(user).collect(),
            items: BTreeMap::new(),
            opens: self.flows.iter().map(|(key, flow)| opens((*key, flow))).collect(),
            now: Timestamp::UNIX_EPOCH,
            zone: &zone,
        };
        match flow::decide(self.flow, item, None, event, &facts) {
            Ok(decision) => done(&decision),
            Err(refusal) => refused(&refusal),
        }
    }
}

fn done(decision: &Decision) -> String {
    let (after, record) = (decision.after(), decision.record());
    let mut text = format!("→ {}", after.state);
    if after.assigned_to.is_empty() {
        text.push_str(", held by nobody");
    } else {
        let _ = write!(text, ", held by {}", after.assigned_to.join(" and "));
    }
    if !record.changes.is_empty() {
        let keys: Vec<&str> = record.changes.keys().map(String::as_str).collect();
        let _ = write!(text, ", writes {}", keys.join(" "));
    }
    if let Some((key, opened)) = decision.opens() {
        let _ = write!(text, ", opens {key} in {}", opened.after().state);
    }
    if record.by_admin {
        text.push_str(" (as administrator)");
    }
    text
}

fn refused(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotAllowed(NotAllowed::Press { .. } | NotAllowed::Save | NotAllowed::Create | NotAllowed::Assign) => {
            "× not allowed".to_owned()
        }
        Refusal::NotAllowed(NotAllowed::Final) => "× final".to_owned(),
        Refusal::Unmet { .. } => "× condition not met".to_owned(),
        Refusal::Stale { .. } => "× stale".to_owned(),
        Refusal::WrongState { .. } => "× wrong state".to_owned(),
        Refusal::Invalid(problems) => {
            let named = problems.iter().map(|problem| match &problem.what {
                Wrong::Required => format!("asks for {}", problem.field),
                Wrong::Readonly => format!("{} is read-only", problem.field),
                other => format!("{}: {other:?}", problem.field),
            });
            format!("× {}", named.collect::<Vec<_>>().join(", "))
        }
    }
}
