//! Items of older versions of a flow go on under a newer one: tried first on every item, then done in batches, and taken back.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use flow::{Actor, Facts, Flow, Item, Lack, Map, Step, VERSION, Value};
use indexmap::IndexMap;
use serde_json::json;
use store::migration::{self, Migration};

use crate::{App, Error, Reading, Writing, people};

/// Items in one transaction that writes: so few that nobody waits long for it.
const BATCH: i64 = 100;
/// Items read at once by a trial.
const READ: i64 = 500;
/// Items told of for each lack.
const TOLD: usize = 200;

/// What is to be done.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// The flow's key.
    pub key: String,
    /// The version that items go to; the newest, if none is named.
    pub version: Option<i64>,
    /// What becomes of what is gone; none: as in the migration that was broken off, else as can be guessed.
    pub map: Option<Map>,
    /// Closed items go along.
    pub closed: bool,
}

/// What would become of the items.
#[derive(Debug, Clone, Default)]
pub struct Outlook {
    /// The version that items go to.
    pub version: i64,
    /// The map by which.
    pub map: Map,
    /// Those that are alike.
    pub groups: BTreeMap<Group, u64>,
    /// What items would lack.
    pub lacks: BTreeMap<Lack, Lacking>,
    /// How many items were looked at.
    pub total: u64,
    /// How many of them would lack something.
    pub stranded: u64,
}

/// Items of one version and state, all of which go to the same state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The version that rules them.
    pub version: i64,
    /// Their state.
    pub from: String,
    /// Their state then; none: they lack something.
    pub to: Option<String>,
    /// The fields that change, by their keys.
    pub fields: Vec<String>,
}

/// The items that lack something.
#[derive(Debug, Clone, Default)]
pub struct Lacking {
    /// How many they are.
    pub count: u64,
    /// The numbers of the first of them.
    pub numbers: Vec<i64>,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// Items that were taken to the version, or back from it.
    pub moved: u64,
    /// Items that could not be, and why.
    pub lacks: BTreeMap<Lack, Lacking>,
}

/// Both sides of a migration.
#[derive(Debug, Clone)]
pub struct Beside {
    /// The versions that rule items now, newest first.
    pub olds: Vec<Arc<Flow>>,
    /// The version that is to rule them.
    pub new: Arc<Flow>,
    /// A map as given, kept or guessed.
    pub map: Map,
    /// The version's number.
    pub version: i64,
}

/// Everything that a migration must know of a flow.
struct Plan {
    key: String,
    version: i64,
    new: Arc<Flow>,
    map: Map,
    closed: bool,
}

/// What the rules ask of people: everyone, and the groups in which somebody is active.
struct Crowd {
    users: BTreeMap<String, flow::UserFact>,
    peopled: BTreeSet<String>,
}

/// Both sides of a migration, for who fills the map in.
///
/// # Errors
/// `AdminsOnly`, `NotFound`, `Archived`, `BadMap`.
pub fn beside(cx: &Reading, actor: &Actor, order: &Order) -> Result<Beside, Error> {
    let plan = plan(cx, actor, order)?;
    Ok(Beside { olds: olds(cx, &plan)?, new: plan.new, map: plan.map, version: plan.version })
}

/// The flow's newest migration: its version, whether it was finished, whether it can be taken back.
///
/// # Errors
/// The store's.
pub fn last(cx: &Reading, key: &str) -> Result<Option<Migration>, Error> {
    Ok(migration::newest(cx.tx, key)?)
}

/// How many open items versions before this one still rule.
///
/// # Errors
/// The store's.
pub fn due(cx: &Reading, key: &str, version: i64) -> Result<i64, Error> {
    Ok(store::flow_version::open_items(cx.tx, key, 1, version - 1)?.values().sum())
}

/// What would become of every item. `told` hears how many were looked at.
///
/// # Errors
/// `AdminsOnly`, `NotFound`, `Archived`, `BadMap`.
pub fn outlook(cx: &Reading, actor: &Actor, order: &Order, told: &mut dyn FnMut(u64)) -> Result<Outlook, Error> {
    let plan = plan(cx, actor, order)?;
    let crowd = Crowd::of(cx)?;
    let facts = crowd.facts(cx, actor);
    let mut outlook = Outlook { version: plan.version, map: plan.map.clone(), ..Outlook::default() };
    let mut after = 0;
    loop {
        let rows = migration::behind(cx.tx, &plan.key, (plan.version, plan.closed), after, READ)?;
        let Some(last) = rows.last() else { return Ok(outlook) };
        after = last.number();
        for row in rows {
            let old = cx.version(&plan.key, row.version())?;
            let item = row.read(&old)?;
            let decided = plan.decide((&old, &item), &facts, &crowd);
            outlook.count(&item, decided);
        }
        told(outlook.total);
    }
}

/// Takes the items along, unless one of them would lack something: then it is an outlook that comes back. What is done stays
/// done when it is broken off; it can be run again. `told` hears how many are done, of all.
///
/// # Errors
/// As [`outlook`], and the store's.
pub fn run(
    app: &App,
    actor: &Actor,
    order: &Order,
    told: &mut dyn FnMut(u64, u64),
) -> Result<Result<Done, Outlook>, Error> {
    let found = app.read(|cx| outlook(cx, actor, order, &mut |_| {}))?;
    if found.stranded > 0 {
        return Ok(Err(found));
    }
    let (order, of) = (Order { map: Some(found.map), version: Some(found.version), ..order.clone() }, found.total);
    let (wanted, person) = (order.clone(), actor.clone());
    if of > 0 {
        app.write(move |cx| begin(cx, &person, &wanted))?;
    }
    let mut done = Done::default();
    let mut after = 0;
    loop {
        let (wanted, person) = (order.clone(), actor.clone());
        let numbers = app.read(|cx| {
            let plan = plan(cx, actor, &order)?;
            let rows = migration::behind(cx.tx, &plan.key, (plan.version, plan.closed), after, BATCH)?;
            Ok(rows.iter().map(store::item::Row::number).collect::<Vec<_>>())
        })?;
        let Some(last) = numbers.last() else { break };
        after = *last;
        let batch = app.write(move |cx| forth(cx, &person, &wanted, &numbers))?;
        done.add(batch);
        told(done.moved, of);
    }
    if done.lacks.is_empty() {
        let key = order.key.clone();
        app.write(move |cx| mark(cx, &key, |kept, now| kept.finished_at = kept.finished_at.or(Some(now))))?;
    }
    Ok(Ok(done))
}

/// Takes the items of the flow's newest migration back: exactly, where nothing has happened to them since, else by the map
/// the other way round. Those that would lack something stay. `told` hears how many are done.
///
/// # Errors
/// `AdminsOnly`; `NotFound`: there is nothing to take back.
pub fn undo(app: &App, actor: &Actor, key: &str, told: &mut dyn FnMut(u64)) -> Result<Done, Error> {
    people::admins_only(actor)?;
    let kept = app.read(|cx| last(cx, key))?.filter(|kept| kept.undone_at.is_none()).ok_or(Error::NotFound)?;
    let mut done = Done::default();
    let mut after = 0;
    loop {
        let numbers = app.read(|cx| {
            let rows = migration::under(cx.tx, key, kept.version, after, BATCH)?;
            Ok(rows.iter().map(store::item::Row::number).collect::<Vec<_>>())
        })?;
        let Some(last) = numbers.last() else { break };
        after = *last;
        let (key, person, kept) = (key.to_owned(), actor.clone(), kept.clone());
        done.add(app.write(move |cx| back(cx, &person, &key, &kept, &numbers))?);
        told(done.moved);
    }
    if done.lacks.is_empty() {
        let (key, person) = (key.to_owned(), actor.name.clone());
        app.write(move |cx| {
            mark(cx, &key, |kept, now| kept.undone_at = Some(now))?;
            let detail = json!({"flow": key, "version": kept.version});
            Ok(store::audit::add(cx.tx, cx.now.as_millisecond(), &person, "migration undone", &detail)?)
        })?;
    }
    Ok(done)
}

fn plan(cx: &Reading, actor: &Actor, order: &Order) -> Result<Plan, Error> {
    people::admins_only(actor)?;
    let published = cx.flows.get(&order.key).ok_or(Error::NotFound)?;
    if published.archived {
        return Err(Error::Archived(published.flow.name.clone()));
    }
    let version = order.version.unwrap_or(published.version);
    if version < 1 || version > published.version {
        return Err(Error::NotFound);
    }
    let new = cx.version(&order.key, version)?;
    let mut plan = Plan { key: order.key.clone(), version, new, map: Map::default(), closed: order.closed };
    plan.map = match &order.map {
        Some(map) => map.clone(),
        None => match migration::newest(cx.tx, &order.key)? {
            Some(kept) if kept.version == version && kept.finished_at.is_none() && kept.undone_at.is_none() => {
                Map::read(&kept.map).map_err(Error::Damaged)?
            }
            _ => guessed(&olds(cx, &plan)?, &plan.new),
        },
    };
    let strangers = plan.map.strangers(&plan.new);
    if strangers.is_empty() { Ok(plan) } else { Err(Error::BadMap(strangers)) }
}

/// The older versions that still hold items; the one before, where none does.
fn olds(cx: &Reading, plan: &Plan) -> Result<Vec<Arc<Flow>>, Error> {
    let mut versions = store::flow_version::versions_in_use(cx.tx, &plan.key)?;
    versions.retain(|version| *version < plan.version);
    if versions.is_empty() || plan.closed {
        versions = (1..plan.version).collect();
    }
    versions.into_iter().rev().map(|version| cx.version(&plan.key, version)).collect()
}

fn guessed(olds: &[Arc<Flow>], new: &Flow) -> Map {
    let mut all = Map::default();
    for map in olds.iter().map(|old| flow::suggest(old, new)) {
        for (from, to) in map.states {
            all.states.entry(from).or_insert(to);
        }
        for (from, to) in map.fields {
            // two old fields never become one
            if !all.fields.values().any(|taken| *taken == to) {
                all.fields.entry(from).or_insert(to);
            }
        }
        for (field, words) in map.words {
            let known = all.words.entry(field).or_default();
            for (from, to) in words {
                known.entry(from).or_insert(to);
            }
        }
    }
    all
}

impl Crowd {
    fn of(cx: &Reading) -> Result<Crowd, Error> {
        let users: BTreeMap<String, flow::UserFact> =
            store::user::everyone(cx.tx)?.into_iter().map(|(user, _)| (flow::fold_name(&user.name), user)).collect();
        let is_active = |name: &String| users.get(&flow::fold_name(name)).is_some_and(|user| user.active);
        let groups = store::group::list(cx.tx)?.into_iter().filter(|group| group.members.iter().any(is_active));
        let peopled = groups.map(|group| group.name).collect();
        Ok(Crowd { users, peopled })
    }

    fn facts<'a>(&self, cx: &'a Reading, actor: &'a Actor) -> Facts<'a> {
        let (users, now) = (self.users.clone(), cx.now);
        Facts { actor, users, items: BTreeMap::new(), opens: BTreeMap::new(), now, zone: cx.zone }
    }
}

impl Outlook {
    fn count(&mut self, item: &Item, decided: Result<flow::Decision, Vec<Lack>>) {
        self.total += 1;
        let (to, fields) = match decided {
            Ok(decision) => {
                let changed = decision.record().changes.keys().filter(|key| *key != VERSION);
                (Some(decision.after().state.clone()), changed.cloned().collect())
            }
            Err(lacks) => {
                self.stranded += 1;
                note(&mut self.lacks, lacks, item.number);
                (None, Vec::new())
            }
        };
        let group = Group { version: item.flow_version, from: item.state.clone(), to, fields };
        *self.groups.entry(group).or_default() += 1;
    }
}

impl Done {
    fn add(&mut self, batch: Done) {
        self.moved += batch.moved;
        for (lack, of) in batch.lacks {
            let known = self.lacks.entry(lack).or_default();
            known.count += of.count;
            known.numbers.extend(of.numbers);
            known.numbers.truncate(TOLD);
        }
    }
}

fn note(all: &mut BTreeMap<Lack, Lacking>, lacks: Vec<Lack>, number: i64) {
    for lack in lacks {
        let known = all.entry(lack).or_default();
        known.count += 1;
        if known.numbers.len() < TOLD {
            known.numbers.push(number);
        }
    }
}

/// Keeps what was begun: the same again, if it was broken off.
fn begin(cx: &Writing, actor: &Actor, order: &Order) -> Result<(), Error> {
    cx.tx.take_turn()?;
    let plan = plan(cx, actor, order)?;
    let now = cx.now.as_millisecond();
    let known = migration::newest(cx.tx, &plan.key)?;
    let id = known.as_ref().map_or(0, |known| known.id) + 1;
    let unfinished =
        known.filter(|known| known.version == plan.version && known.finished_at.is_none() && known.undone_at.is_none());
    let new = Migration {
        id,
        version: plan.version,
        map: String::new(),
        closed: false,
        started_by: actor.name.clone(),
        started_at: now,
        finished_at: None,
        undone_at: None,
    };
    let mut kept = unfinished.unwrap_or(new);
    (kept.map, kept.closed) = (plan.map.write(), plan.closed);
    migration::keep(cx.tx, &plan.key, &kept)?;
    let detail = json!({"flow": plan.key, "version": plan.version, "map": kept.map});
    Ok(store::audit::add(cx.tx, now, &actor.name, "migration", &detail)?)
}

fn mark(cx: &Writing, key: &str, change: impl Fn(&mut Migration, i64)) -> Result<(), Error> {
    if let Some(mut kept) = migration::newest(cx.tx, key)? {
        change(&mut kept, cx.now.as_millisecond());
        migration::keep(cx.tx, key, &kept)?;
    }
    Ok(())
}

/// A batch: each item as it stands now, whatever has happened since it was counted.
fn forth(cx: &Writing, actor: &Actor, order: &Order, numbers: &[i64]) -> Result<Done, Error> {
    let plan = plan(cx, actor, order)?;
    let crowd = Crowd::of(cx)?;
    let facts = crowd.facts(cx, actor);
    let mut done = Done::default();
    for number in numbers {
        let Some(row) = store::item::hold(cx.tx, &plan.key, *number)? else { continue };
        if row.version() >= plan.version {
            continue;
        }
        let old = cx.version(&plan.key, row.version())?;
        let item = row.read(&old)?;
        if item.closed_at.is_some() && !plan.closed {
            continue;
        }
        match plan.decide((&old, &item), &facts, &crowd) {
            Ok(decision) => {
                store::item::save_across(cx.tx, (&old, &plan.new), &decision)?;
                done.moved += 1;
            }
            Err(lacks) => note(&mut done.lacks, lacks, *number),
        }
    }
    Ok(done)
}

impl Plan {
    fn decide(&self, (old, item): (&Flow, &Item), facts: &Facts, crowd: &Crowd) -> Result<flow::Decision, Vec<Lack>> {
        let stood = IndexMap::new();
        let (new, version, map, peopled) = (&*self.new, self.version, &self.map, &crowd.peopled);
        let step = Step { old, new, version, map, stood: &stood, peopled };
        flow::migrate(&step, item, facts)
    }
}

/// A batch on its way back.
fn back(cx: &Writing, actor: &Actor, key: &str, kept: &Migration, numbers: &[i64]) -> Result<Done, Error> {
    let new = cx.version(key, kept.version)?;
    let map = Map::read(&kept.map).map_err(Error::Damaged)?;
    let crowd = Crowd::of(cx)?;
    let facts = crowd.facts(cx, actor);
    let mut done = Done::default();
    for number in numbers {
        let Some(row) = store::item::hold(cx.tx, key, *number)?.filter(|row| row.version() == kept.version) else {
            continue;
        };
        let Some(event) = migration::event(cx.tx, key, *number, kept.started_at)? else { continue };
        let Some(version) = event.changes.get(VERSION).and_then(|(from, _)| from.as_i64()) else { continue };
        let old = cx.version(key, version)?;
        let item = row.read(&new)?;
        let last = store::item::last_revisions(cx.tx, key, *number, 1)?;
        let decided = if last.first().is_some_and(|last| last.seq == event.seq) {
            let held = store::item::earlier(cx.tx, key, *number, event.seq, 1)?;
            let held = held.first().map_or(&[][..], |before| &before.assigned_to);
            let state = event.from.as_deref().unwrap_or(&event.to);
            let stood = event.changes.iter().filter(|(field, _)| *field != VERSION).map(|(field, (value, _))| {
                let read = |field| Value::from_stored(value, field);
                (field.clone(), old.fields.get(field).map_or(Value::Empty, read))
            });
            Ok(flow::migrate_back(&item, version, (state, held), &stood.collect(), &facts))
        } else {
            let (map, stood) = return_of(&item, &event, (&old, &new), &map);
            let peopled = &crowd.peopled;
            let step = Step { old: &new, new: &old, version, map: &map, stood: &stood, peopled };
            flow::migrate(&step, &item, &facts)
        };
        match decided {
            Ok(decision) => {
                store::item::save_across(cx.tx, (&new, &old), &decision)?;
                done.moved += 1;
            }
            Err(lacks) => note(&mut done.lacks, lacks, *number),
        }
    }
    Ok(done)
}

/// How an item to which something has happened since returns: what stands as its migration left it, as it stood before; the
/// rest by the map the other way round.
fn return_of(
    item: &Item,
    event: &store::item::EventRow,
    (old, new): (&Flow, &Flow),
    map: &Map,
) -> (Map, IndexMap<String, Value>) {
    let is_untouched = |key: &String| {
        let left = event.changes.get(key).zip(new.fields.get(key));
        let left = left.map(|((_, left), field)| Value::from_stored(left, field));
        left.is_some_and(|left| item.fields.get(key).unwrap_or(&Value::Empty) == &left)
    };
    let mut stood = IndexMap::new();
    for (key, field) in &old.fields {
        let Some((before, _)) = event.changes.get(key) else { continue };
        let to = map.fields.get(key).unwrap_or(key);
        if to.is_empty() || is_untouched(to) {
            stood.insert(key.clone(), Value::from_stored(before, field));
        }
    }
    let mut back = map.inverse();
    for key in new.fields.keys().filter(|key| !old.fields.contains_key(*key) && is_untouched(key)) {
        back.fields.entry(key.clone()).or_default();
    }
    (back, stood)
}
