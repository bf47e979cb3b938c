//! Many items at once, each with its whole life: for filling an installation. The rules decide every step, as they do in
//! [`crate::item`]; only the looking up is done once for all and the writing in few statements.

use std::{collections::BTreeMap, mem::take, sync::Arc};

use flow::{Actor, Decision, Event, Facts, Flow, Input, Item, ItemFact, OpenFact, UserFact};
use jiff::{Timestamp, tz::TimeZone};

use crate::{Catalog, Error, Reading, Writing, item::Press};

/// What deciding needs to know, looked up once. What is published or who is disabled later is not seen.
#[derive(Clone)]
pub struct Desk {
    flows: Arc<Catalog>,
    zone: TimeZone,
    users: BTreeMap<String, UserFact>,
}

/// A new item and everything that was decided on it so far; nothing of it is written.
#[derive(Debug, Clone)]
pub struct Life {
    pub(crate) flow: Arc<Flow>,
    pub(crate) decisions: Vec<Decision>,
}

/// Lives ready to be written.
#[derive(Debug, Default)]
pub struct Lives(store::bulk::Lives);

impl Life {
    /// The item as it stands.
    #[must_use]
    pub fn item(&self) -> Option<&Item> {
        self.decisions.last().map(Decision::after)
    }
}

impl Desk {
    /// With the flows and people as they are now.
    ///
    /// # Errors
    /// The store's.
    pub fn of(cx: &Reading) -> Result<Desk, Error> {
        let users = store::user::list(cx.tx)?.into_iter();
        let users = users.map(|user| (flow::fold_name(&user.name), UserFact { name: user.name, active: user.active }));
        Ok(Desk { flows: Arc::clone(&cx.flows), zone: cx.zone.clone(), users: users.collect() })
    }

    /// Creates an item of this number, which must have been taken before ([`numbers`]). Items that `input` names are
    /// believed to be there: the records refuse the life otherwise.
    ///
    /// # Errors
    /// `NotFound`, `Archived`, `Refused`.
    pub fn create(
        &mut self,
        at: Timestamp,
        actor: &Actor,
        (key, number): (&str, i64),
        input: &Input,
    ) -> Result<Life, Error> {
        let published = self.flows.get(key).ok_or(Error::NotFound)?;
        let (flow, version) = (Arc::clone(&published.flow), published.version);
        if published.archived {
            return Err(Error::Archived(flow.name.clone()));
        }
        if !flow::may_create(&flow, actor) {
            return Err(Error::Refused { flow, refusal: flow::Refusal::NotAllowed(flow::NotAllowed::Create) });
        }
        let decided =
            self.with_facts(at, actor, &flow, input, None, |facts| flow::create(&flow, version, number, input, facts));
        match decided {
            Ok(decision) => Ok(Life { flow, decisions: vec![decision] }),
            Err(refusal) => Err(Error::Refused { flow, refusal }),
        }
    }

    /// Presses a trigger. `opened` is the number of the item that this opens, if any; its life begins with it.
    ///
    /// # Errors
    /// `Refused`.
    pub fn press(
        &mut self,
        life: &mut Life,
        at: Timestamp,
        actor: &Actor,
        press: &Press,
        opened: Option<i64>,
    ) -> Result<Option<Life>, Error> {
        let event = Event::Press { trigger: &press.trigger, fields: &press.fields, comment: press.comment.as_deref() };
        self.apply(life, at, actor, (&press.fields, opened), |flow, item, facts| {
            flow::decide(flow, item, press.revision, &event, facts)
        })?;
        let Some((key, opened)) = life.decisions.last().and_then(Decision::opens) else { return Ok(None) };
        let published = self.flows.get(key).ok_or(Error::NotFound)?;
        Ok(Some(Life { flow: Arc::clone(&published.flow), decisions: vec![opened.clone()] }))
    }

    /// Saves field values without pressing.
    ///
    /// # Errors
    /// `Refused`.
    pub fn save(&mut self, life: &mut Life, at: Timestamp, actor: &Actor, fields: &Input) -> Result<(), Error> {
        self.apply(life, at, actor, (fields, None), |flow, item, facts| {
            flow::decide(flow, item, None, &Event::Save { fields }, facts)
        })
    }

    /// Says something.
    ///
    /// # Errors
    /// `Refused`.
    pub fn comment(&mut self, life: &mut Life, at: Timestamp, actor: &Actor, text: &str) -> Result<(), Error> {
        self.apply(life, at, actor, (&Input::new(), None), |flow, item, facts| flow::comment(flow, item, text, facts))
    }

    /// Hands it over.
    ///
    /// # Errors
    /// `Refused`.
    pub fn hand_over(&mut self, life: &mut Life, at: Timestamp, actor: &Actor, to: &str) -> Result<(), Error> {
        self.apply(life, at, actor, (&Input::new(), None), |flow, item, facts| {
            flow::decide(flow, item, None, &Event::Assign { to, instead_of: None }, facts)
        })
    }

    fn apply(
        &mut self,
        life: &mut Life,
        at: Timestamp,
        actor: &Actor,
        (input, opened): (&Input, Option<i64>),
        decide: impl FnOnce(&Flow, &Item, &Facts) -> Result<Decision, flow::Refusal>,
    ) -> Result<(), Error> {
        let flow = Arc::clone(&life.flow);
        let item = life.item().ok_or(Error::NotFound)?;
        match self.with_facts(at, actor, &flow, input, opened, |facts| decide(&flow, item, facts)) {
            Ok(decision) => {
                life.decisions.push(decision);
                Ok(())
            }
            Err(refusal) => Err(Error::Refused { flow, refusal }),
        }
    }

    fn with_facts<T>(
        &mut self,
        now: Timestamp,
        actor: &Actor,
        flow: &Flow,
        input: &Input,
        opened: Option<i64>,
        decide: impl FnOnce(&Facts) -> T,
    ) -> T {
        let mut items = BTreeMap::new();
        for field in flow.fields.values().filter(|field| matches!(field.kind, flow::Kind::Item { .. })) {
            let texts = input.get(&field.key).and_then(serde_json::Value::as_str);
            items.extend(texts.and_then(|text| match flow::item_name(text)? {
                flow::ItemName::Path { flow, number } => Some((text.to_owned(), ItemFact { flow, number })),
                flow::ItemName::Id { .. } => None,
            }));
        }
        let mut opens = BTreeMap::new();
        if let Some(number) = opened {
            for open in flow.transitions.iter().filter_map(|row| row.create.as_ref()) {
                if let Some(published) = self.flows.get(&open.flow).filter(|published| !published.archived) {
                    let fact = OpenFact { flow: &published.flow, version: published.version, number };
                    opens.insert(open.flow.clone(), fact);
                }
            }
        }
        let facts = Facts { actor, users: take(&mut self.users), items, opens, now, zone: &self.zone };
        let decided = decide(&facts);
        self.users = facts.users;
        decided
    }
}

impl Lives {
    /// How many items there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.count()
    }

    /// Adds items that belong together: whatever one of them opened is among them.
    ///
    /// # Errors
    /// The store's, where something is missing.
    pub fn add(&mut self, family: &[Life]) -> Result<(), Error> {
        let family = family.iter().map(|life| store::bulk::Life { flow: &life.flow, decisions: &life.decisions });
        Ok(self.0.add(&family.collect::<Vec<_>>())?)
    }

    /// Has those who follow changes told of them, once they are written.
    pub(crate) fn tell(&self, cx: &Writing) {
        self.0.tell(cx.tx);
    }

    /// Writes them.
    ///
    /// # Errors
    /// The store's.
    pub fn write(&self, cx: &Writing) -> Result<(), Error> {
        Ok(self.0.write(cx.tx)?)
    }
}

/// Takes the next `count` numbers of a flow: the first of them.
///
/// # Errors
/// The store's.
pub fn numbers(cx: &Writing, key: &str, count: i64) -> Result<i64, Error> {
    Ok(store::item::next_numbers(cx.tx, key, count)?)
}

/// Whether any flow has any item.
///
/// # Errors
/// The store's.
pub fn has_items(cx: &Reading) -> Result<bool, Error> {
    for published in cx.flows.all() {
        if store::flow_version::has_items(cx.tx, &published.flow.key)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Runs `fill` with the indexes put away, then makes them again; `made` is told how many are made, and of how many. Others
/// wait meanwhile.
///
/// # Errors
/// Those of `fill`, and the store's.
pub fn without_indexes<T>(
    cx: &Writing,
    fill: impl FnOnce() -> Result<T, Error>,
    made: impl FnMut(usize, usize),
) -> Result<T, Error> {
    store::bulk::without_indexes(cx.tx, fill, made)
}
