//! One item: create, save, press, comment, hand over, look at it.
//!
//! Every change takes the same way: load the item and the rules it lives under, look up what the rules ask about, let
//! `flow` decide, let `store` write the decision.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use flow::{Actor, Button, Decision, Event, Facts, Fields, Flow, Input, Item, ItemFact, OpenFact, Value};
use indexmap::IndexMap;
use store::item::Place;

use crate::{Error, Published, Reading, Writing, catalog::Names, work::Part};

/// An item with its rules, for one person.
#[derive(Debug, Clone)]
pub struct ItemView {
    /// The rules it lives under: its own version of the flow.
    pub flow: Arc<Flow>,
    /// As it stands.
    pub item: Item,
    /// One for each trigger of its state, for this person and the stored values.
    pub buttons: Vec<Button>,
    /// Its flow is out of use: nothing can be done to it.
    pub archived: bool,
    /// The item that the press just made has opened: its flow's key and number.
    pub opened: Option<(String, i64)>,
}

impl ItemView {
    /// `question_3`.
    #[must_use]
    pub fn id(&self) -> String {
        self.flow.item_id(self.item.number)
    }

    /// What names it in lists: its title field's text; its ID in a flow without one.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.flow.title {
            None => self.id(),
            Some(key) => match self.item.fields.get(key) {
                Some(Value::Text(text)) => text.clone(),
                _ => String::new(),
            },
        }
    }

    /// Whether nobody holds items in its state.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.flow.states.get(&self.item.state).is_some_and(|state| state.is_final)
    }
}

/// One entry of an item's history.
#[derive(Debug, Clone)]
pub struct HistoryEntry {
    /// 1, 2, … within the item.
    pub seq: i64,
    /// When, ms.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// `created`, `saved`, `triggered`, `commented`, `assigned`, `imported`.
    pub kind: String,
    /// The trigger pressed.
    pub trigger: Option<String>,
    /// The state before.
    pub from: Option<String>,
    /// The state after.
    pub to: String,
    /// Field by field: before, after.
    pub changes: IndexMap<String, (Value, Value)>,
    /// The holders after it.
    pub assigned_to: Vec<String>,
    /// What was said.
    pub comment: Option<String>,
    /// Allowed only because the actor is an administrator.
    pub by_admin: bool,
}

/// An item at the other end of a link, whichever end holds the field.
#[derive(Debug, Clone)]
pub struct LinkedItem {
    /// Its flow's key.
    pub flow: String,
    /// Its number.
    pub number: i64,
    /// Its ID.
    pub id: String,
    /// Title and state; none where the actor may not see it.
    pub seen: Option<(String, String)>,
    /// Keys of this item's fields that link to it; empty where only the other end does.
    pub fields: Vec<String>,
    /// Keys of the other item's fields that link to this one.
    pub back: Vec<String>,
}

/// Some entries of an item's history, one after the other.
#[derive(Debug, Clone, Default)]
pub struct Stretch {
    /// Oldest first.
    pub entries: Vec<HistoryEntry>,
    /// Who held the item before the first of them; none: it is the first of all.
    pub held: Option<Vec<String>>,
}

/// What an item spent in a state, all in all.
#[derive(Debug, Clone)]
pub struct Stayed {
    /// The state.
    pub state: String,
    /// How long, ms.
    pub lasted: i64,
    /// When it came there last, ms.
    pub entered: i64,
    /// Who had it there last.
    pub assigned_to: Vec<String>,
}

/// What an item's page is asked for.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// Values in the form that are not stored yet: the buttons follow them.
    pub typed: &'a Input,
    /// The revision that the form was drawn from.
    pub revision: Option<i64>,
    /// The history before this entry; none: up to now.
    pub before: Option<i64>,
    /// So many entries of it.
    pub entries: i64,
    /// Which of the links.
    pub links: Part,
}

/// Everything that an item's page shows.
#[derive(Debug, Clone)]
pub struct ItemPage {
    /// The item, its rules and buttons.
    pub view: ItemView,
    /// Whether the actor may save without pressing.
    pub may_save: bool,
    /// The part of its history that was asked for.
    pub history: Stretch,
    /// The number of the last entry of its history.
    pub last_seq: i64,
    /// What made a revision since the one asked about; none: it is the present one.
    pub missed: Option<Stretch>,
    /// The states that it was in.
    pub stays: Vec<Stayed>,
    /// The part of the links, both directions, that was asked for.
    pub links: Vec<LinkedItem>,
    /// The cursor of further links.
    pub more_links: Option<String>,
    /// The other items that its fields name.
    pub linked: Vec<LinkedItem>,
    /// Display names of everyone that the page names.
    pub names: Names,
}

/// The form of an item that does not exist yet.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// The flow's newest version.
    pub flow: Arc<Flow>,
    /// The first values.
    pub fields: Fields,
    /// Display names of the people in them.
    pub names: Names,
}

/// The item, if the actor may see it.
///
/// # Errors
/// `NotFound`.
pub fn view(cx: &Reading, actor: &Actor, key: &str, number: i64) -> Result<ItemView, Error> {
    let (published, flow, item) = load(cx, actor, key, number)?;
    with_buttons(cx, actor, published.archived, flow, item, &Input::new())
}

/// The rules that the item lives under, and the item, if the actor may see it.
///
/// # Errors
/// `NotFound`.
pub fn stored(cx: &Reading, actor: &Actor, key: &str, number: i64) -> Result<(Arc<Flow>, Item), Error> {
    load(cx, actor, key, number).map(|(_, flow, item)| (flow, item))
}

/// The item with its buttons as they follow `typed`, values in a form that are not stored yet.
///
/// # Errors
/// `NotFound`.
pub fn typed(cx: &Reading, actor: &Actor, key: &str, number: i64, typed: &Input) -> Result<ItemView, Error> {
    let (published, flow, item) = load(cx, actor, key, number)?;
    with_buttons(cx, actor, published.archived, flow, item, typed)
}

/// The item of that name, as the actor may see it; one that is not there is not seen either.
///
/// # Errors
/// The store's.
pub fn linked(cx: &Reading, actor: &Actor, key: &str, number: i64) -> Result<LinkedItem, Error> {
    let seen = match load(cx, actor, key, number) {
        Ok((published, flow, item)) => {
            let state = item.state.clone();
            let archived = published.archived;
            Some((ItemView { flow, item, buttons: Vec::new(), archived, opened: None }.title(), state))
        }
        Err(Error::NotFound) => None,
        Err(other) => return Err(other),
    };
    let (fields, back) = (Vec::new(), Vec::new());
    Ok(LinkedItem { flow: key.to_owned(), number, id: item_id(cx, key, number), seen, fields, back })
}

/// What of the item's page is asked for.
///
/// # Errors
/// `NotFound`, `BadCursor`.
pub fn page(cx: &Reading, actor: &Actor, (key, number): (&str, i64), asked: &Asked) -> Result<ItemPage, Error> {
    let (published, flow, item) = load(cx, actor, key, number)?;
    let before = asked.before.unwrap_or(i64::MAX);
    let rows = store::item::earlier(cx.tx, key, number, before, asked.entries.saturating_add(1))?;
    let history = stretch(&flow, rows, asked.entries);
    let last_seq = match (asked.before, history.entries.last()) {
        (None, Some(last)) => last.seq,
        _ => store::item::last_seq(cx.tx, key, number)?,
    };
    let missed = match asked.revision.filter(|revision| *revision != item.revision) {
        None => None,
        Some(revision) => {
            let count = item.revision.saturating_sub(revision).max(0);
            let rows = store::item::last_revisions(cx.tx, key, number, count.saturating_add(1))?;
            Some(stretch(&flow, rows, count))
        }
    };
    let stays = store::item::stayed(cx.tx, key, number, cx.now.as_millisecond())?;
    let stays: Vec<Stayed> = stays.into_iter().map(Stayed::of).collect();
    let links = links(cx, actor, &flow, &item, &asked.links)?;
    let shown = history.entries.iter().chain(missed.iter().flat_map(|missed| &missed.entries));
    let mut people = people_on(&flow, &item, shown);
    people.extend(stays.iter().flat_map(|stay| stay.assigned_to.iter().cloned()));
    Ok(ItemPage {
        may_save: !published.archived && flow::may_save(&flow, &item, actor),
        history,
        last_seq,
        missed,
        stays,
        links: links.listed,
        more_links: links.next,
        linked: links.named,
        names: cx.displays(&people)?,
        view: with_buttons(cx, actor, published.archived, flow, item, asked.typed)?,
    })
}

/// Everyone whom the item, its rules and these entries of its history name.
fn people_on<'e>(flow: &Flow, item: &Item, entries: impl Iterator<Item = &'e HistoryEntry>) -> BTreeSet<String> {
    let mut people = named(flow, &item.fields);
    people.extend(item.assigned_to.iter().cloned().chain([item.created_by.clone()]));
    people.extend(flow::people_named(flow).into_iter().filter_map(|who| match who {
        flow::Who::User(name) => Some(name),
        _ => None,
    }));
    for entry in entries {
        people.insert(entry.actor.clone());
        people.extend(entry.assigned_to.iter().cloned());
        for (field, (old, new)) in &entry.changes {
            if flow.fields.get(field).is_some_and(|field| matches!(field.kind, flow::Kind::User)) {
                people.extend(old.texts().iter().chain(new.texts()).cloned());
            }
        }
    }
    people
}

/// The form of a new item: its flow and first values.
///
/// # Errors
/// `NotFound`, `Archived`, `Refused` where the actor may not create.
pub fn blank(cx: &Reading, actor: &Actor, key: &str) -> Result<NewItem, Error> {
    let published = open_flow(cx, actor, key)?;
    if !flow::may_create(&published.flow, actor) {
        let refusal = flow::Refusal::NotAllowed(flow::NotAllowed::Create);
        return Err(Error::Refused { flow: Arc::clone(&published.flow), refusal });
    }
    first_values(cx, actor, key)
}

/// The form of a new item that is made of another, which the actor may see, by a row of that one's flow that opens such items.
///
/// # Errors
/// As [`blank`]; `NotFound`: no such item for this actor.
pub fn blank_of(cx: &Reading, actor: &Actor, key: &str, (of, number): (&str, i64)) -> Result<NewItem, Error> {
    let blank = blank(cx, actor, key)?;
    let (from, item) = stored(cx, actor, of, number)?;
    let Some(open) = flow::opens(&from).find(|open| open.flow == key) else { return Ok(blank) };
    let given = open.copy.iter().filter_map(|(to, from)| Some((to.clone(), item.fields.get(from)?.to_stored())));
    let facts = facts(cx, actor, &blank.flow, None, &given.collect())?;
    let fields = flow::initial_fields_of(&blank.flow, open, (&from, &item), &facts);
    let names = cx.displays(&named(&blank.flow, &fields))?;
    Ok(NewItem { fields, names, ..blank })
}

/// The flows of which a closed item can be made one by the actor: their keys and names, as its own flow opens them while it
/// is open.
#[must_use]
pub fn made_of(cx: &Reading, actor: &Actor, flow: &Flow, item: &Item) -> Vec<(String, String)> {
    let mut made: Vec<(String, String)> = Vec::new();
    for open in flow::opens(flow).filter(|_| item.closed_at.is_some()) {
        let target = cx.flows.get(&open.flow).filter(|target| !target.archived);
        let Some(target) = target.filter(|target| flow::may_create(&target.flow, actor)) else { continue };
        if made.iter().all(|(key, _)| *key != open.flow) {
            made.push((open.flow.clone(), target.flow.name.clone()));
        }
    }
    made
}

/// What the form of a new item starts with, whether or not the actor may create one now.
///
/// # Errors
/// `NotFound`.
pub fn first_values(cx: &Reading, actor: &Actor, key: &str) -> Result<NewItem, Error> {
    let published = cx.flow_for(actor, key)?;
    let facts = facts(cx, actor, &published.flow, None, &Input::new())?;
    let fields = flow::initial_fields(&published.flow, &facts);
    let names = cx.displays(&named(&published.flow, &fields))?;
    Ok(NewItem { flow: Arc::clone(&published.flow), fields, names })
}

/// Creates an item.
///
/// # Errors
/// `NotFound` (no such flow for this actor), `Archived`, `Refused`.
pub fn create(cx: &Writing, actor: &Actor, key: &str, input: &Input) -> Result<ItemView, Error> {
    let published = open_flow(cx, actor, key)?;
    let flow = Arc::clone(&published.flow);
    let facts = facts(cx, actor, &flow, None, input)?;
    if !flow::may_create(&flow, actor) {
        return Err(Error::Refused { flow, refusal: flow::Refusal::NotAllowed(flow::NotAllowed::Create) });
    }
    let number = store::item::next_number(cx.tx, key)?;
    let decision = flow::create(&flow, published.version, number, input, &facts).map_err(refused(&flow))?;
    write(cx, published, flow, &decision, facts)
}

/// Saves field values without pressing.
///
/// # Errors
/// `NotFound`, `Archived`, `Refused`.
pub fn save(
    cx: &Writing,
    actor: &Actor,
    (key, number): (&str, i64),
    revision: Option<i64>,
    input: &Input,
) -> Result<ItemView, Error> {
    apply(cx, actor, (key, number), revision, &Event::Save { fields: input })
}

/// What is sent with a press.
#[derive(Debug, Clone, Default)]
pub struct Press {
    /// The words on the button.
    pub trigger: String,
    /// Refuse if the item has moved on from it.
    pub revision: Option<i64>,
    /// Field values.
    pub fields: Input,
    /// Said with it.
    pub comment: Option<String>,
}

/// Presses a trigger.
///
/// # Errors
/// `NotFound`, `Archived`, `Refused`.
pub fn press(cx: &Writing, actor: &Actor, (key, number): (&str, i64), press: &Press) -> Result<ItemView, Error> {
    let event = Event::Press { trigger: &press.trigger, fields: &press.fields, comment: press.comment.as_deref() };
    apply(cx, actor, (key, number), press.revision, &event)
}

/// Says something about an item; everyone who may see it may.
///
/// # Errors
/// `NotFound`, `Archived`, `Refused`.
pub fn comment(cx: &Writing, actor: &Actor, (key, number): (&str, i64), text: &str) -> Result<HistoryEntry, Error> {
    let (published, flow, item) = hold(cx, actor, key, number)?;
    in_use(published)?;
    let facts = facts(cx, actor, &flow, Some(&item), &Input::new())?;
    let decision = flow::comment(&flow, &item, text, &facts).map_err(refused(&flow))?;
    let saved = store::item::save(cx.tx, &flow, &decision, None)?;
    let mut written = entries(cx, key, &flow, number, saved.seq - 1, 1)?;
    written.pop().ok_or_else(|| Error::Damaged(format!("{key}/{number}: the comment just written is not there")))
}

/// Hands an item over to someone; administrators.
///
/// # Errors
/// `NotFound`, `Refused`.
pub fn hand_over(cx: &Writing, actor: &Actor, (key, number): (&str, i64), to: &str) -> Result<ItemView, Error> {
    hand_over_at(cx, actor, (key, number), None, to)
}

/// [`hand_over`] of the item as it stood at this revision.
///
/// # Errors
/// As [`hand_over`].
pub fn hand_over_at(
    cx: &Writing,
    actor: &Actor,
    place: (&str, i64),
    revision: Option<i64>,
    to: &str,
) -> Result<ItemView, Error> {
    apply(cx, actor, place, revision, &Event::Assign { to, instead_of: None })
}

/// Hands over up to `limit` of what `from` holds: the IDs of these items.
pub(crate) fn hand_over_from(
    cx: &Writing,
    actor: &Actor,
    from: &str,
    to: &str,
    limit: i64,
) -> Result<Vec<String>, Error> {
    let held = store::list::pending(cx.tx, from, None, None, limit)?;
    let mut handed = Vec::new();
    for brief in held.rows {
        let event = Event::Assign { to, instead_of: Some(from) };
        handed.push(apply(cx, actor, (&brief.flow, brief.number), None, &event)?.id());
    }
    Ok(handed)
}

/// IDs of everything that someone holds.
pub(crate) fn ids_held_by(cx: &Reading, name: &str) -> Result<Vec<String>, Error> {
    let mut ids = Vec::new();
    let mut cursor = None;
    loop {
        let page = store::list::pending(cx.tx, name, None, cursor.as_deref(), 200)?;
        ids.extend(page.rows.iter().map(|brief| item_id(cx, &brief.flow, brief.number)));
        cursor = page.next;
        if cursor.is_none() {
            return Ok(ids);
        }
    }
}

/// The item's history, oldest first: at most `limit` entries after the entry `after` (0: from the first).
///
/// # Errors
/// `NotFound`.
pub fn history(
    cx: &Reading,
    actor: &Actor,
    (key, number): (&str, i64),
    after: i64,
    limit: i64,
) -> Result<(Arc<Flow>, Vec<HistoryEntry>), Error> {
    let (_, flow, _) = load(cx, actor, key, number)?;
    let entries = entries(cx, key, &flow, number, after, limit)?;
    Ok((flow, entries))
}

/// Where an item is, and the ways that it has gone from state to state, with how often each.
#[derive(Debug, Clone)]
pub struct Gone {
    /// The item's flow, in the item's version.
    pub flow: Arc<Flow>,
    /// Its present state.
    pub state: String,
    /// From, to, how often: the first way first.
    pub ways: Vec<(String, String, i64)>,
}

/// The way that an item has gone.
///
/// # Errors
/// `NotFound`.
pub fn gone(cx: &Reading, actor: &Actor, (key, number): (&str, i64)) -> Result<Gone, Error> {
    let (_, flow, item) = load(cx, actor, key, number)?;
    Ok(Gone { flow, state: item.state, ways: store::item::ways(cx.tx, key, number)? })
}

/// Items whose ID or title contains the text, for pickers: `(flow, number)`, ID and title.
///
/// # Errors
/// The store's.
pub fn pick(
    cx: &Reading,
    actor: &Actor,
    key: Option<&str>,
    text: &str,
    limit: i64,
) -> Result<Vec<(String, i64, String)>, Error> {
    let text = text.trim();
    let mut found: Vec<(String, i64, String)> = Vec::new();
    if let Some((flow, number)) = refers_to(cx, text)
        && key.is_none_or(|key| key == flow)
        && let Ok((_, rules, item)) = load(cx, actor, &flow, number)
    {
        let view = ItemView { flow: rules, item, buttons: Vec::new(), archived: false, opened: None };
        found.push((flow, number, view.title()));
    }
    for published in cx.flows.in_use().filter(|published| key.is_none_or(|key| key == published.flow.key)) {
        let visible = cx.visibility(actor, &published.flow);
        for brief in store::item::search(cx.tx, &published.flow, text, limit, &visible)? {
            if !found.iter().any(|(flow, number, _)| *flow == brief.flow && *number == brief.number) {
                found.push((brief.flow, brief.number, brief.title));
            }
        }
    }
    found.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(found)
}

/// The item's ID: `question_3`.
#[must_use]
pub fn item_id(cx: &Reading, key: &str, number: i64) -> String {
    cx.flows.get(key).map_or_else(|| format!("{key}_{number}"), |published| published.flow.item_id(number))
}

/// The item that a text names: `issue_track/3`, `question_3`, `/flow/issue_track/3` or a pasted address of its page.
#[must_use]
pub fn refers_to(cx: &Reading, text: &str) -> Option<(String, i64)> {
    match flow::item_name(text)? {
        flow::ItemName::Path { flow, number } => Some((flow, number)),
        flow::ItemName::Id { prefix, number } => Some((cx.flows.by_prefix(&prefix)?.flow.key.clone(), number)),
    }
}

fn apply(
    cx: &Writing,
    actor: &Actor,
    (key, number): (&str, i64),
    revision: Option<i64>,
    event: &Event,
) -> Result<ItemView, Error> {
    let (published, flow, item) = hold(cx, actor, key, number)?;
    if !matches!(event, Event::Assign { .. }) {
        in_use(published)?;
    }
    let none = Input::new();
    let input = match event {
        Event::Save { fields } | Event::Press { fields, .. } => fields,
        Event::Assign { .. } => &none,
    };
    let mut facts = facts(cx, actor, &flow, Some(&item), input)?;
    match event {
        Event::Assign { to, .. } => look_up_users(cx, &mut facts, &[flow::fold_name(to)].into())?,
        Event::Press { trigger, .. } => {
            let opened: BTreeSet<String> = flow
                .rows_from(&item.state)
                .filter(|row| row.trigger == *trigger)
                .filter_map(|row| Some(row.create.as_ref()?.flow.clone()))
                .collect();
            for key in opened {
                if let Some(open) = facts.opens.get_mut(&key) {
                    open.number = store::item::next_number(cx.tx, &key)?;
                }
            }
        }
        Event::Save { .. } => {}
    }
    let decision = flow::decide(&flow, &item, revision, event, &facts).map_err(refused(&flow))?;
    write(cx, published, Arc::clone(&flow), &decision, facts)
}

/// Writes what was decided on these facts.
fn write<'c>(
    cx: &'c Writing,
    published: &Published,
    flow: Arc<Flow>,
    decision: &Decision,
    decided_on: Facts<'c>,
) -> Result<ItemView, Error> {
    let opened = decision.opens().and_then(|(key, _)| cx.flows.get(key)).map(|published| Arc::clone(&published.flow));
    store::item::save(cx.tx, &flow, decision, opened.as_deref())?;
    let (item, none) = (decision.after().clone(), Input::new());
    let buttons = if published.archived {
        Vec::new()
    } else {
        let facts = facts_beside(cx, decided_on, &flow, Some(&item), &none)?;
        flow::buttons(&flow, &item, &none, &facts)
    };
    let opened = decision.opens().map(|(key, opened)| (key.to_owned(), opened.after().number));
    Ok(ItemView { flow, item, buttons, archived: published.archived, opened })
}

fn refused(flow: &Arc<Flow>) -> impl FnOnce(flow::Refusal) -> Error {
    let flow = Arc::clone(flow);
    move |refusal| Error::Refused { flow, refusal }
}

fn open_flow<'c>(cx: &'c Reading, actor: &Actor, key: &str) -> Result<&'c Published, Error> {
    let published = cx.flow_for(actor, key)?;
    in_use(published)?;
    Ok(published)
}

fn in_use(published: &Published) -> Result<(), Error> {
    if published.archived { Err(Error::Archived(published.flow.name.clone())) } else { Ok(()) }
}

/// The item and its rules, if the actor may see it.
pub(crate) fn load<'c>(
    cx: &'c Reading,
    actor: &Actor,
    key: &str,
    number: i64,
) -> Result<(&'c Published, Arc<Flow>, Item), Error> {
    read(cx, actor, key, store::item::load(cx.tx, key, number)?)
}

/// [`load`], of the one item that is to be changed.
fn hold<'c>(cx: &'c Writing, actor: &Actor, key: &str, number: i64) -> Result<(&'c Published, Arc<Flow>, Item), Error> {
    read(cx, actor, key, store::item::hold(cx.tx, key, number)?)
}

fn read<'c>(
    cx: &'c Reading,
    actor: &Actor,
    key: &str,
    row: Option<store::item::Row>,
) -> Result<(&'c Published, Arc<Flow>, Item), Error> {
    let published = cx.flows.get(key).ok_or(Error::NotFound)?;
    let row = row.ok_or(Error::NotFound)?;
    let flow = cx.version(key, row.version())?;
    let item = row.read(&flow)?;
    if cx.may_see(actor, key, &item) { Ok((published, flow, item)) } else { Err(Error::NotFound) }
}

fn with_buttons(
    cx: &Reading,
    actor: &Actor,
    archived: bool,
    flow: Arc<Flow>,
    item: Item,
    typed: &Input,
) -> Result<ItemView, Error> {
    let buttons = if archived {
        Vec::new()
    } else {
        let facts = facts(cx, actor, &flow, Some(&item), typed)?;
        flow::buttons(&flow, &item, typed, &facts)
    };
    Ok(ItemView { flow, item, buttons, archived, opened: None })
}

/// Looks up what the rules may ask about.
fn facts<'c>(
    cx: &'c Reading,
    actor: &'c Actor,
    flow: &Flow,
    item: Option<&Item>,
    input: &Input,
) -> Result<Facts<'c>, Error> {
    let none = BTreeMap::new();
    let known =
        Facts { actor, users: none, items: BTreeMap::new(), opens: BTreeMap::new(), now: cx.now, zone: cx.zone };
    facts_beside(cx, known, flow, item, input)
}

/// The same, where these users are known already.
fn facts_beside<'c>(
    cx: &'c Reading,
    known: Facts<'c>,
    flow: &Flow,
    item: Option<&Item>,
    input: &Input,
) -> Result<Facts<'c>, Error> {
    let actor = known.actor;
    let asks = flow::asks(flow, item, input);
    let mut items = BTreeMap::new();
    for text in asks.items {
        if let Some((key, number)) = refers_to(cx, &text)
            && load(cx, actor, &key, number).is_ok()
        {
            items.insert(text, ItemFact { flow: key, number });
        }
    }
    let mut users = asks.users;
    users.insert(flow::fold_name(&actor.name));
    let mut opens = BTreeMap::new();
    for key in asks.opens {
        let Some(published) = cx.flows.get(&key).filter(|published| !published.archived) else { continue };
        users.extend(flow::asks(&published.flow, None, &Input::new()).users);
        opens.insert(key, OpenFact { flow: &published.flow, version: published.version, number: 0 });
    }
    users.retain(|name| !known.users.contains_key(name));
    let mut facts = Facts { items, opens, ..known };
    look_up_users(cx, &mut facts, &users)?;
    Ok(facts)
}

/// Adds what is known of these users, whose names are as [`flow::fold_name`] spells them.
fn look_up_users(cx: &Reading, facts: &mut Facts, folded: &BTreeSet<String>) -> Result<(), Error> {
    facts.users.extend(cx.users(folded)?);
    Ok(())
}

pub(crate) fn entries(
    cx: &Reading,
    key: &str,
    flow: &Flow,
    number: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<HistoryEntry>, Error> {
    let rows = store::item::history(cx.tx, key, number, after, limit)?;
    Ok(rows.into_iter().map(|row| entry(flow, row)).collect())
}

fn entry(flow: &Flow, row: store::item::EventRow) -> HistoryEntry {
    HistoryEntry {
        seq: row.seq,
        at: row.at,
        actor: row.actor,
        kind: row.kind,
        trigger: row.trigger,
        from: row.from,
        to: row.to,
        changes: row.changes.into_iter().map(|(field, change)| changed(flow, field, change)).collect(),
        assigned_to: row.assigned_to,
        comment: row.comment,
        by_admin: row.by_admin,
    }
}

/// The `limit` newest of these rows, which come newest first; one more is the one before them.
fn stretch(flow: &Flow, mut rows: Vec<store::item::EventRow>, limit: i64) -> Stretch {
    let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    let held = rows.pop_if(|_| more).map(|row| row.assigned_to);
    Stretch { entries: rows.into_iter().rev().map(|row| entry(flow, row)).collect(), held }
}

impl Stayed {
    fn of(row: store::item::Stayed) -> Stayed {
        let store::item::Stayed { state, lasted, entered, assigned_to } = row;
        Stayed { state, lasted, entered, assigned_to }
    }
}

type Change = (serde_json::Value, serde_json::Value);

fn changed(flow: &Flow, field: String, (old, new): Change) -> (String, (Value, Value)) {
    // a field of a version before, or of another type there
    let of_old = |json: &serde_json::Value| match json {
        serde_json::Value::Null => Value::Empty,
        serde_json::Value::Bool(yes) => Value::Bool(*yes),
        serde_json::Value::Number(number) => number.as_f64().map_or(Value::Empty, Value::Number),
        serde_json::Value::Array(words) => {
            Value::list(words.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect())
        }
        json => json.as_str().map_or(Value::Empty, |text| Value::Text(text.to_owned())),
    };
    let read = |json: &serde_json::Value| {
        let known = flow.fields.get(&field).map(|known| Value::from_stored(json, known));
        known.filter(|value| value.to_stored() == *json).unwrap_or_else(|| of_old(json))
    };
    let change = (read(&old), read(&new));
    (field, change)
}

/// An item's links.
struct Links {
    /// A part of them, both directions.
    listed: Vec<LinkedItem>,
    /// What else the item's own fields name.
    named: Vec<LinkedItem>,
    /// The cursor of further links.
    next: Option<String>,
}

/// An item that is linked in several ways stands where its first link does, as far as the item's own fields go.
fn links(cx: &Reading, actor: &Actor, flow: &Flow, item: &Item, part: &Part) -> Result<Links, Error> {
    let mut keys: Vec<&String> = flow.fields.keys().collect();
    keys.sort_unstable();
    let mut own: IndexMap<Place, Vec<String>> = IndexMap::new();
    for key in keys.into_iter().filter(|key| matches!(flow.fields[*key].kind, flow::Kind::Item { .. })) {
        for text in item.fields.get(key).map_or(&[][..], Value::texts) {
            if let Some(place) = refers_to(cx, text) {
                let fields = own.entry(place).or_default();
                if !fields.contains(key) {
                    fields.push(key.clone());
                }
            }
        }
    }
    let page = store::item::links(cx.tx, &flow.key, item.number, part.cursor.as_deref(), part.limit)?;
    // What an own field names stands at the first of them that does.
    let is_first = |place: &Place, link: &store::item::Link| match own.get(place) {
        Some(fields) => link.outward && fields.first() == Some(&link.field),
        None => true,
    };
    let mut listed: IndexMap<Place, Vec<String>> = IndexMap::new();
    for link in page.rows {
        let place = (link.flow.clone(), link.number);
        if is_first(&place, &link) {
            let back = listed.entry(place).or_default();
            back.extend((!link.outward).then_some(link.field));
        }
    }
    let wanted = own.keys().chain(listed.keys()).cloned().collect();
    let titles = store::item::titles(cx.tx, &wanted)?;
    let linked = |place: &Place, back: Vec<String>| {
        let seen = match (cx.flows.get(&place.0).map(|known| cx.visibility(actor, &known.flow)), titles.get(place)) {
            (None, _) | (_, None) => None,
            (Some(store::list::Visibility::All), Some(title)) => Some(title.clone()),
            (Some(_), Some(title)) => load(cx, actor, &place.0, place.1).is_ok().then(|| title.clone()),
        };
        let (id, fields) = (item_id(cx, &place.0, place.1), own.get(place).cloned().unwrap_or_default());
        LinkedItem { flow: place.0.clone(), number: place.1, id, seen, fields, back }
    };
    let shown = listed.iter().map(|(place, back)| linked(place, back.clone())).collect();
    let named =
        own.keys().filter(|place| !listed.contains_key(*place)).map(|place| linked(place, Vec::new())).collect();
    Ok(Links { listed: shown, named, next: page.next })
}

/// The people that user fields name.
fn named(flow: &Flow, fields: &Fields) -> BTreeSet<String> {
    fields
        .iter()
        .filter(|(key, _)| flow.fields.get(*key).is_some_and(|field| matches!(field.kind, flow::Kind::User)))
        .flat_map(|(_, value)| value.texts().to_vec())
        .collect()
}
