//! Items of the program that this one comes after, with the numbers that they had there: all of them in one transaction, as
//! their links need each other. The rules decide each item; one that they refuse is not there, the others are.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    mem::take,
    sync::Arc,
};

use flow::{Actor, Decision, FieldProblem, Flow, Input, ItemFact, Kind, Past, Refusal, UserFact};
use jiff::Timestamp;
use serde_json::Value as Json;

pub use store::foreign::Foreign;

use crate::{
    Error, Reading, Writing,
    bulk::{Life, Lives},
};

/// An item: its flow's key and its number.
pub type Place = (String, i64);

/// Looked for at once.
const CHUNK: usize = 500;

/// An item as it stood elsewhere.
#[derive(Debug, Clone)]
pub struct Former {
    /// Its flow's rules.
    pub flow: Arc<Flow>,
    /// Their version.
    pub version: i64,
    /// Its number there and here.
    pub number: i64,
    /// What its fields hold, but for links.
    pub input: Input,
    /// Fields that link to items, and how that was written there.
    pub links: Vec<(String, Place, String)>,
    /// How far it got.
    pub past: Past,
    /// What no field holds: said in its history.
    pub remarks: Vec<String>,
}

/// What becomes of an item.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is new here.
    Created,
    /// An item of this number is here already and stays as it is.
    There,
    /// The rules refuse it.
    Refused(Vec<FieldProblem>),
    /// Who imports may not.
    NotAllowed,
}

/// What would become of the items.
///
/// # Errors
/// The store's.
pub fn dry(cx: &Reading, actor: &Actor, items: &[Former]) -> Result<Vec<Outcome>, Error> {
    Ok(judge(cx, actor, items)?.into_iter().map(|(outcome, _)| outcome).collect())
}

/// Carries the items in. New items of their flows get higher numbers.
///
/// # Errors
/// The store's: then nothing is written.
pub fn take_in(cx: &Writing, actor: &Actor, items: &[Former]) -> Result<Vec<Outcome>, Error> {
    let mut highest: BTreeMap<&str, i64> = BTreeMap::new();
    for item in items {
        let known = highest.entry(&item.flow.key).or_default();
        *known = item.number.max(*known);
    }
    for (key, highest) in highest {
        // asked first: whoever creates items of this flow waits from here on
        let next = store::item::next_numbers(cx.tx, key, 0)?;
        if next <= highest {
            store::item::next_numbers(cx.tx, key, highest + 1 - next)?;
        }
    }
    let mut lives = Lives::default();
    let mut outcomes = Vec::with_capacity(items.len());
    for (item, (outcome, decisions)) in items.iter().zip(judge(cx, actor, items)?) {
        if !decisions.is_empty() {
            lives.add(&[Life { flow: Arc::clone(&item.flow), decisions }])?;
        }
        outcomes.push(outcome);
    }
    lives.write(cx)?;
    lives.tell(cx);
    Ok(outcomes)
}

type Verdict = (Outcome, Vec<Decision>);

fn judge(cx: &Reading, actor: &Actor, items: &[Former]) -> Result<Vec<Verdict>, Error> {
    let mut wanted: BTreeSet<Place> = items.iter().map(Former::place).collect();
    wanted.extend(items.iter().flat_map(|item| &item.links).map(|(_, place, _)| place.clone()));
    let there = there(cx, &wanted)?;
    let mut names = BTreeSet::from([flow::fold_name(&actor.name)]);
    for item in items {
        names.extend(flow::asks(&item.flow, None, &item.input).users);
        names.extend(item.past.assigned_to.iter().chain(&item.past.created_by).map(|name| flow::fold_name(name)));
    }
    let users = store::user::known(cx.tx, &names)?;
    let mut desk = Desk { cx, actor, users };
    // First without links, so that it is known which of the items that links name will be there.
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(items.len());
    for item in items {
        verdicts.push(if there.contains(&item.place()) {
            (Outcome::There, Vec::new())
        } else {
            desk.decide(item, &item.input, BTreeMap::new(), &item.remarks)
        });
    }
    let mut known: HashSet<Place> = there.into_iter().collect();
    let created = |(_, (outcome, _)): &(&Former, &Verdict)| *outcome == Outcome::Created;
    known.extend(items.iter().zip(&verdicts).filter(created).map(|(item, _)| item.place()));
    for (item, verdict) in items.iter().zip(&mut verdicts) {
        if verdict.0 == Outcome::Created && !item.links.is_empty() {
            let (input, facts, remarks) = item.linked(&known);
            *verdict = desk.decide(item, &input, facts, &remarks);
        }
    }
    Ok(verdicts)
}

/// Those of the items that are there.
fn there(cx: &Reading, wanted: &BTreeSet<Place>) -> Result<BTreeSet<Place>, Error> {
    let mut numbers: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for (key, number) in wanted {
        numbers.entry(key).or_default().push(*number);
    }
    let mut found = BTreeSet::new();
    for (key, numbers) in numbers {
        for chunk in numbers.chunks(CHUNK) {
            let rows = store::item::load_many(cx.tx, key, chunk)?;
            found.extend(rows.iter().map(|row| (key.to_owned(), row.number())));
        }
    }
    Ok(found)
}

impl Former {
    fn place(&self) -> Place {
        (self.flow.key.clone(), self.number)
    }

    /// With links to items that are or will be there; others are said in its history.
    fn linked(&self, known: &HashSet<Place>) -> (Input, BTreeMap<String, ItemFact>, Vec<String>) {
        let (mut input, mut facts, mut remarks) = (self.input.clone(), BTreeMap::new(), self.remarks.clone());
        for (key, place, written) in &self.links {
            let Some(field) = self.flow.fields.get(key) else { continue };
            let fits = match &field.kind {
                Kind::Item { flow } => flow.as_ref().is_none_or(|flow| *flow == place.0),
                _ => false,
            };
            if !fits || !known.contains(place) {
                remarks.push(format!("{}：{written}", field.label));
                continue;
            }
            let text = format!("{}/{}", place.0, place.1);
            let value = if field.multiple { Json::from(vec![text.clone()]) } else { Json::from(text.clone()) };
            input.insert(key.clone(), value);
            facts.insert(text, ItemFact { flow: place.0.clone(), number: place.1 });
        }
        (input, facts, remarks)
    }
}

struct Desk<'c> {
    cx: &'c Reading<'c>,
    actor: &'c Actor,
    users: BTreeMap<String, UserFact>,
}

impl Desk<'_> {
    fn decide(
        &mut self,
        item: &Former,
        input: &Input,
        items: BTreeMap<String, ItemFact>,
        remarks: &[String],
    ) -> Verdict {
        let now: Timestamp = self.cx.now;
        let users = take(&mut self.users);
        let facts = flow::Facts { actor: self.actor, users, items, opens: BTreeMap::new(), now, zone: self.cx.zone };
        let decided = flow::import(&item.flow, item.version, item.number, input, &item.past, &facts);
        let decided = decided.and_then(|decisions| {
            let mut decisions = Vec::from(decisions);
            if let (Some(last), false) = (decisions.last(), remarks.is_empty()) {
                decisions.push(flow::comment(&item.flow, last.after(), &remarks.join("\n"), &facts)?);
            }
            Ok(decisions)
        });
        self.users = facts.users;
        match decided {
            Ok(decisions) => (Outcome::Created, decisions),
            Err(Refusal::Invalid(problems)) => (Outcome::Refused(problems), Vec::new()),
            Err(_) => (Outcome::NotAllowed, Vec::new()),
        }
    }
}
