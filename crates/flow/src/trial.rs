//! Playing an item through a flow without touching any records: the same decisions on an item that only exists here, among
//! people who are made up.

mod scenario;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    Actor, Asks, Button, Event, Facts, Flow, Input, Item, ItemFact, ItemName, Kind, OpenFact, Record, Refusal,
    UserFact, Who, asks, buttons, comment, create, decide, fold_name, initial_fields, item_name, may_save, may_see,
    people_named, texts_in,
};

pub use scenario::{Done, Played, Scenarios, flow_file_of, is_scenarios, play, read_scenarios, scenarios_text};

/// Items that a `create` opens are numbered from here, so that no link that is typed names one of them by chance.
const OPENED: i64 = 1_001;

/// Somebody who takes part in a trial.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The groups that the person is in.
    pub groups: BTreeSet<String>,
    /// An administrator.
    pub admin: bool,
    /// No longer active: nobody's holder, and signs in no more.
    pub disabled: bool,
}

impl Person {
    /// A person as typed: the name, and behind it groups, `admin` for an administrator.
    #[must_use]
    pub fn typed(text: &str) -> Option<(&str, Person)> {
        let mut words = text.split_whitespace();
        let name = words.next()?;
        let mut person = Person::default();
        for word in words {
            match word {
                "admin" => person.admin = true,
                group => drop(person.groups.insert(group.to_owned())),
            }
        }
        Some((name, person))
    }
}

/// What somebody does in a trial.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Creates the item, with these field values.
    Create(Input),
    /// Saves these.
    Save(Input),
    /// Presses a trigger.
    Press {
        /// The words on it.
        trigger: String,
        /// Field values sent with it.
        fields: Input,
        /// Said with it.
        comment: Option<String>,
    },
    /// Says something.
    Comment(String),
    /// Hands the item over to this person.
    HandOver(String),
}

/// Why an act of a trial did nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Obstacle {
    /// The flow refuses it.
    Refused(Refusal),
    /// There is an item already, or none yet.
    OutOfTurn,
    /// The person may not see the item: to them it does not exist.
    Unseen,
}

impl Obstacle {
    /// As the API calls it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Obstacle::Unseen => "not_found",
            Obstacle::OutOfTurn | Obstacle::Refused(Refusal::WrongState { .. } | Refusal::Stale { .. }) => {
                "wrong_state"
            }
            Obstacle::Refused(Refusal::NotAllowed(_)) => "not_allowed",
            Obstacle::Refused(Refusal::Unmet { .. }) => "unmet_condition",
            Obstacle::Refused(Refusal::Invalid(_)) => "invalid_fields",
        }
    }
}

/// An item that is tried.
#[derive(Debug, Clone)]
pub struct Trial<'a> {
    flow: &'a Flow,
    /// The flows whose items a `create` opens, by key.
    others: BTreeMap<&'a str, &'a Flow>,
    /// By the name as it is said.
    people: IndexMap<String, Person>,
    now: Timestamp,
    zone: TimeZone,
    item: Option<Item>,
    records: Vec<Record>,
    opened: i64,
}

impl<'a> Trial<'a> {
    /// Nothing has happened yet. `others`: flows that this one opens items of. The people whom the flow itself names, and
    /// one member of each group that it names, take part from the beginning.
    #[must_use]
    pub fn new(flow: &'a Flow, others: &[&'a Flow], now: Timestamp, zone: TimeZone) -> Trial<'a> {
        let mut people: IndexMap<String, Person> = IndexMap::new();
        take_in_named(flow, &mut people);
        let others = others.iter().map(|other| (other.key.as_str(), *other)).collect();
        Trial { flow, others, people, now, zone, item: None, records: Vec::new(), opened: 0 }
    }

    /// Has somebody take part, or changes what is known of them.
    pub fn add(&mut self, name: &str, person: Person) {
        self.people.insert(name.to_owned(), person);
    }

    /// Has somebody take part of whom nothing else is known.
    pub fn meet(&mut self, name: &str) {
        if self.known(name).is_none() {
            self.people.insert(name.to_owned(), Person::default());
        }
    }

    /// Has those take part whom user fields name.
    pub fn meet_named(&mut self, fields: &Input) {
        for (key, json) in fields {
            if self.flow.fields.get(key).is_some_and(|field| matches!(field.kind, Kind::User)) {
                texts_in(json).into_iter().filter(|name| !name.is_empty()).for_each(|name| self.meet(name));
            }
        }
    }

    /// What was done, as a scenario of this name: with those people of whom anything need be said.
    #[must_use]
    pub fn scenario(&self, name: &str, done: &[Done]) -> String {
        let acts = |who: &String| {
            done.iter().any(|one| one.by == *who || one.holders.contains(who) || one.act == Act::HandOver(who.clone()))
        };
        let is_told = |who: &String, person: &Person| acts(who) || *person != Person::default() && who != "admin";
        let told = self.people.iter().filter(|(who, person)| is_told(who, person));
        scenarios_text(name, &told.map(|(who, person)| (who.clone(), person.clone())).collect(), done)
    }

    /// Who takes part.
    #[must_use]
    pub fn people(&self) -> &IndexMap<String, Person> {
        &self.people
    }

    /// The item as it stands; none before it is created.
    #[must_use]
    pub fn item(&self) -> Option<&Item> {
        self.item.as_ref()
    }

    /// What happened so far.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Has time pass.
    pub fn wait_until(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// What the form of a new item holds at first.
    #[must_use]
    pub fn first_values(&self, by: &str) -> crate::Fields {
        self.with_facts(by, &Input::new(), None, |facts| initial_fields(self.flow, facts))
    }

    /// Does something as this person.
    ///
    /// # Errors
    /// Why nothing happened.
    pub fn act(&mut self, by: &str, act: &Act) -> Result<(), Obstacle> {
        self.meet(by);
        let nothing = Input::new();
        let (input, named) = match act {
            Act::Create(fields) | Act::Save(fields) | Act::Press { fields, .. } => (fields, None),
            Act::Comment(_) => (&nothing, None),
            Act::HandOver(to) => (&nothing, Some(to.as_str())),
        };
        let decided = self.with_facts(by, input, named, |facts| match (&self.item, act) {
            (None, Act::Create(fields)) => create(self.flow, 1, 1, fields, facts).map_err(Obstacle::Refused),
            (None, _) | (Some(_), Act::Create(_)) => Err(Obstacle::OutOfTurn),
            (Some(item), _) if !may_see(self.flow, item, facts.actor) => Err(Obstacle::Unseen),
            (Some(item), Act::Comment(text)) => comment(self.flow, item, text, facts).map_err(Obstacle::Refused),
            (Some(item), act) => {
                let event = match act {
                    Act::Press { trigger, fields, comment } => {
                        Event::Press { trigger, fields, comment: comment.as_deref() }
                    }
                    Act::HandOver(to) => Event::Assign { to, instead_of: None },
                    _ => Event::Save { fields: input },
                };
                decide(self.flow, item, None, &event, facts).map_err(Obstacle::Refused)
            }
        })?;
        if decided.opens().is_some() {
            self.opened += 1;
        }
        if !decided.changes_nothing() {
            self.records.push(decided.record().clone());
        }
        self.item = Some(decided.after().clone());
        Ok(())
    }

    /// The buttons as this person sees them, with what has been typed; none before the item is created, or where the person
    /// may not see it.
    #[must_use]
    pub fn buttons(&self, by: &str, typed: &Input) -> Vec<Button> {
        let Some(item) = &self.item else { return Vec::new() };
        self.with_facts(by, typed, None, |facts| match may_see(self.flow, item, facts.actor) {
            true => buttons(self.flow, item, typed, facts),
            false => Vec::new(),
        })
    }

    /// Whether this person may save the item without pressing.
    #[must_use]
    pub fn may_save(&self, by: &str) -> bool {
        self.item.as_ref().is_some_and(|item| may_save(self.flow, item, &self.actor(by)))
    }

    /// Whether this person may see the item.
    #[must_use]
    pub fn is_seen(&self, by: &str) -> bool {
        self.item.as_ref().is_none_or(|item| may_see(self.flow, item, &self.actor(by)))
    }

    fn actor(&self, by: &str) -> Actor {
        let (name, person) = self.known(by).unwrap_or((by, None));
        let person = person.cloned().unwrap_or_default();
        Actor { name: name.to_owned(), admin: person.admin, groups: person.groups }
    }

    /// The name as it was first said, and who that is.
    fn known(&self, name: &str) -> Option<(&str, Option<&Person>)> {
        let folded = fold_name(name);
        let (known, person) = self.people.iter().find(|(known, _)| fold_name(known) == folded)?;
        Some((known, Some(person)))
    }

    /// Looks up what a decision may ask for, among the people who take part. A link that is typed in full names an item that
    /// is there.
    fn with_facts<T>(&self, by: &str, input: &Input, named: Option<&str>, run: impl FnOnce(&Facts) -> T) -> T {
        let actor = self.actor(by);
        let Asks { mut users, items, opens } = asks(self.flow, self.item.as_ref(), input);
        let opens: BTreeMap<String, OpenFact> = opens
            .into_iter()
            .filter_map(|key| Some((*self.others.get(key.as_str())?, key)))
            .map(|(flow, key)| (key, OpenFact { flow, version: 1, number: OPENED + self.opened }))
            .collect();
        for open in opens.values() {
            users.extend(asks(open.flow, None, &Input::new()).users);
        }
        users.insert(fold_name(by));
        users.extend(named.map(fold_name));
        let user = |folded: String| {
            let (name, person) = self.known(&folded)?;
            let active = person.is_none_or(|person| !person.disabled);
            Some((folded.clone(), UserFact { name: name.to_owned(), active }))
        };
        let item = |text: String| Some((text.clone(), self.linked(&text)?));
        run(&Facts {
            actor: &actor,
            users: users.into_iter().filter_map(user).collect(),
            items: items.into_iter().filter_map(item).collect(),
            opens,
            now: self.now,
            zone: &self.zone,
        })
    }

    fn linked(&self, text: &str) -> Option<ItemFact> {
        match item_name(text)? {
            ItemName::Path { flow, number } => Some(ItemFact { flow, number }),
            ItemName::Id { prefix, number } => {
                let mut flows = self.others.values().copied().chain([self.flow]);
                let flow = flows.find(|flow| flow.item_prefix == prefix)?.key.clone();
                Some(ItemFact { flow, number })
            }
        }
    }
}

/// The users that the flow names, and a member of each group that it names.
fn take_in_named(flow: &Flow, people: &mut IndexMap<String, Person>) {
    for who in people_named(flow) {
        match who {
            Who::User(name) => drop(people.entry(name).or_default()),
            Who::Group(group) => drop(people.entry(group.clone()).or_default().groups.insert(group)),
            _ => {}
        }
    }
}

/// The parts that a flow has people play: who creates, each of its user fields, each user and group that it names, anybody
/// else, an administrator. Each is a person's name and who that is.
#[must_use]
pub fn roles(flow: &Flow) -> IndexMap<String, Person> {
    let mut roles: IndexMap<String, Person> = IndexMap::new();
    roles.insert("created_by".to_owned(), Person::default());
    for field in flow.fields.values().filter(|field| matches!(field.kind, Kind::User)) {
        roles.insert(field.key.clone(), Person::default());
    }
    take_in_named(flow, &mut roles);
    roles.insert("anyone".to_owned(), Person::default());
    roles.insert("admin".to_owned(), Person { admin: true, ..Person::default() });
    roles
}
