//! Many items at once: chosen in a list, asked once what the action needs, done one by one. Each is a write of its own by
//! the use case that its own page has, on the revision that was seen: wholly done, or refused with its reason.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use app::{
    Error, Names, Published, Reading, Writing,
    item::{self, ItemView, Press},
    work::{self, Rows},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use flow::{Access, Actor, CommentRule, Fields, Flow, Item, NotAllowed, Refusal};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Posted,
    board::missing,
    fields::{Typed, Values, views},
    page::people,
    scene::Scene,
};
use crate::{
    api::{Problem, body::number},
    body::Form,
    pages::{
        lists::person,
        visit::{Around, Visit, rendered},
    },
    server::{Caller, Failed, Web},
    view::{
        Active, StateChip, Table,
        board::{BulkBar, BulkPage, BulkRow},
        form::{FieldView, input_name},
        refusal,
    },
    words::Words,
};

/// So many items at once.
const MOST: usize = 200;
/// What the inputs begin with that are no fields; no field's key has a dot.
const OWN: &str = "bulk.";

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Act {
    Press(String),
    Set(String),
    Assign,
}

impl Act {
    fn of(text: &str) -> Option<Act> {
        match text.split_once(':') {
            Some(("press", trigger)) if !trigger.is_empty() => Some(Act::Press(trigger.to_owned())),
            Some(("set", field)) if !field.is_empty() => Some(Act::Set(field.to_owned())),
            None if text == "assign" => Some(Act::Assign),
            _ => None,
        }
    }
}

/// What a form asks for.
struct Wish {
    act: Option<Act>,
    /// Numbers, and the revisions that were seen; none: as it stands when it is shown.
    items: Vec<(i64, Option<i64>)>,
    /// By number, when those of a list were last changed that say this instead (ms): a list knows no revisions.
    changed: BTreeMap<i64, i64>,
    /// Boxes that name no item.
    odd: Vec<String>,
    /// The fields.
    fields: Form,
    form: Form,
}

impl Wish {
    fn of(form: Form) -> Wish {
        let mut boxes: Vec<&str> = form.all("bulk.item").collect();
        if form.has("bulk.all") {
            boxes.extend(form.text("bulk.page").split(',').filter(|one| !one.is_empty()));
        }
        let (mut items, mut odd): (Vec<(i64, Option<i64>)>, Vec<String>) = (Vec::new(), Vec::new());
        let (mut known, mut changed) = (BTreeSet::new(), BTreeMap::new());
        for text in boxes {
            let (at, revision) = match (text.split_once('@'), text.split_once('~')) {
                (Some((at, revision)), _) => (at, revision.parse().ok().map(Some)),
                (None, Some((at, moment))) => {
                    changed.extend(number(at).zip(moment.parse().ok()));
                    (at, moment.parse::<i64>().ok().map(|_| None))
                }
                (None, None) => (text, Some(None)),
            };
            match number(at).zip(revision) {
                Some((number, revision)) if known.insert(number) => items.push((number, revision)),
                Some(_) => {}
                None => odd.push(text.to_owned()),
            }
        }
        let fields = Form(form.0.iter().filter(|(name, _)| !name.starts_with(OWN)).cloned().collect());
        Wish { act: Act::of(form.text("bulk.do")), items, changed, odd, fields, form }
    }

    /// The revision of the item that a list showed: its own, or 0, which no item is at.
    fn as_listed(&self, item: &Item) -> Option<i64> {
        let changed = self.changed.get(&item.number)?;
        Some(if item.updated_at.as_millisecond() == *changed { item.revision } else { 0 })
    }

    /// What was typed for fields. But for the field that is set, what is left empty stays as it is.
    fn typed(&self) -> Typed {
        let is_set = |name: &str| matches!(&self.act, Some(Act::Set(field)) if input_name(field) == name);
        let is_blank = |name: &str| self.fields.all(name).all(|text| text.trim().is_empty());
        let said = self.fields.0.iter().filter(|(name, _)| is_set(name) || !is_blank(name));
        Typed::of(&Form(said.cloned().collect()))
    }

    /// Why nothing can be done at all.
    fn problem(&self, words: &Words) -> Option<String> {
        match () {
            () if self.items.len() + self.odd.len() > MOST => Some(words.one("bulk-many", "n", MOST)),
            () if self.items.is_empty() && self.odd.is_empty() => Some(words.word("bulk-none").to_owned()),
            () if self.act.is_none() => Some(words.word("bulk-what").to_owned()),
            () => None,
        }
    }
}

/// Why an item was not changed.
enum Why {
    Refused(Arc<Flow>, Refusal),
    Unknown,
    Said(String),
}

/// Marks a list's items so that they can be chosen; what can be done to them.
pub(crate) fn bar(actor: &Actor, published: &Published, rows: Option<&Rows>, table: &mut Table) -> Option<BulkBar> {
    let flow = &published.flow;
    let rows = rows.filter(|rows| !published.archived && !rows.rows.is_empty())?;
    for (line, row) in table.rows.iter_mut().zip(&rows.rows) {
        line.pick = Some(format!("{}~{}", row.number, row.updated_at));
    }
    let mut triggers: Vec<String> = Vec::new();
    for row in &flow.transitions {
        if !triggers.contains(&row.trigger) {
            triggers.push(row.trigger.clone());
        }
    }
    let can_be_set = |field: &&flow::Field| flow.states.keys().any(|state| is_writable(flow, state, field));
    let fields = flow.fields.values().filter(can_be_set).map(|field| (field.key.clone(), field.label.clone()));
    let page: Vec<&str> = table.rows.iter().filter_map(|row| row.pick.as_deref()).collect();
    Some(BulkBar {
        key: flow.key.clone(),
        triggers,
        fields: fields.collect(),
        may_assign: actor.admin,
        page: page.join(","),
    })
}

fn is_writable(flow: &Flow, state: &str, field: &flow::Field) -> bool {
    let is_final = flow.states.get(state).is_some_and(|state| state.is_final);
    !is_final && flow::access(flow, state, field) == Access::Write
}

/// `GET /flow/{flow}/bulk`: nothing is chosen here; the list.
pub(crate) async fn list(visit: Visit, State(web): State<Web>, Path(key): Path<String>) -> Response {
    visit
        .page(&web, move |cx, caller, _| {
            work::flow(cx, &caller.signed.actor, &key)?;
            Ok(Redirect::to(&format!("/flow/{}/all", utf8_percent_encode(&key, NON_ALPHANUMERIC))).into_response())
        })
        .await
}

/// `POST /flow/{flow}/bulk`: shows what is about to be done, and asks what that needs; with `bulk.go`, does it.
pub(crate) async fn bulk(State(web): State<Web>, Posted { visit, key, form, .. }: Posted) -> Response {
    let visit = visit.at(format!("/flow/{key}/all"));
    let wish = Wish::of(form);
    if !wish.form.has("bulk.go") || wish.problem(visit.language.words()).is_some() {
        return show(visit, &web, key, wish).await;
    }
    let wish = Arc::new(wish);
    let mut refused = BTreeMap::new();
    for (number, revision) in &wish.items {
        match one(&visit, &web, (&key, *number), *revision, &wish).await {
            Ok(()) => {}
            Err(failed) if matches!(failed.error, Error::NotSignedIn) => return visit.failed(&web, failed).await,
            Err(failed) => drop(refused.insert(*number, why(failed))),
        }
    }
    visit.page(&web, move |cx, caller, around| draw_done(cx, caller, around, &key, &wish, &refused)).await
}

/// What is about to be done, with what was typed; nothing is done.
pub(crate) async fn again(visit: Visit, web: &Web, key: &str, form: Form) -> Response {
    show(visit.at(format!("/flow/{key}/all")), web, key.to_owned(), Wish::of(form)).await
}

async fn show(visit: Visit, web: &Web, key: String, wish: Wish) -> Response {
    visit.page(web, move |cx, caller, around| draw_wish(cx, caller, around, &key, &wish)).await
}

/// Does it to one item.
async fn one(
    visit: &Visit,
    web: &Web,
    (key, number): (&str, i64),
    revision: Option<i64>,
    wish: &Arc<Wish>,
) -> Result<(), Failed> {
    let (key, wish) = (key.to_owned(), Arc::clone(wish));
    let written = web.write_as(visit.session.clone(), visit.language, move |cx, caller| {
        act(cx, &caller.signed.actor, (&key, number), revision, &wish)
    });
    written.await
}

fn act(
    cx: &Writing,
    actor: &Actor,
    (key, number): (&str, i64),
    revision: Option<i64>,
    wish: &Wish,
) -> Result<(), Error> {
    let (flow, stored) = item::stored(cx, actor, key, number)?;
    let fields = wish.typed().input(cx, &flow, &stored.fields);
    // what names no revision was seen at none
    let revision = revision.or_else(|| wish.as_listed(&stored)).or(Some(0));
    let place = (key, number);
    match &wish.act {
        Some(Act::Press(trigger)) => {
            let comment = Some(wish.fields.text("comment").to_owned()).filter(|text| !text.trim().is_empty());
            item::press(cx, actor, place, &Press { trigger: trigger.clone(), revision, fields, comment })?;
        }
        Some(Act::Set(_)) => drop(item::save(cx, actor, place, revision, &fields)?),
        Some(Act::Assign) => drop(item::hand_over_at(cx, actor, place, revision, wish.form.text("bulk.to").trim())?),
        None => {}
    }
    Ok(())
}

fn why(failed: Failed) -> Why {
    match failed.error {
        Error::Refused { flow, refusal } => Why::Refused(flow, refusal),
        Error::NotFound => Why::Unknown,
        other => Why::Said(Problem::from_error(other, failed.words).detail().to_owned()),
    }
}

/// The items of a wish as the person may see them, in its order.
struct Seen {
    views: Vec<(i64, Option<i64>, Option<ItemView>)>,
    names: Names,
}

fn seen(cx: &Reading, actor: &Actor, key: &str, wish: &Wish, also: &BTreeSet<String>) -> Result<Seen, Error> {
    let mut views = Vec::new();
    let mut named = also.clone();
    for (number, revision) in &wish.items {
        let view = match item::view(cx, actor, key, *number) {
            Ok(view) => Some(view),
            Err(Error::NotFound) => None,
            Err(other) => return Err(other),
        };
        named.extend(view.iter().flat_map(|view| view.item.assigned_to.iter().cloned()));
        let revision = revision.or(view.as_ref().and_then(|view| wish.as_listed(&view.item)));
        views.push((*number, revision, view));
    }
    Ok(Seen { views, names: app::people::displays(cx, &named)? })
}

/// Everyone whom a flow names.
fn people_of(flow: &Flow) -> BTreeSet<String> {
    let user = |who| match who {
        flow::Who::User(name) => Some(name),
        _ => None,
    };
    flow::people_named(flow).into_iter().filter_map(user).collect()
}

fn row(cx: &Reading, key: &str, seen: &Seen, at: usize, refused: Option<String>, fresh: bool) -> BulkRow {
    let (number, revision, view) = &seen.views[at];
    let names = |view: &ItemView| view.item.assigned_to.iter().map(|name| person(&seen.names, name)).collect();
    let revision = if fresh { None } else { (*revision).or(view.as_ref().map(|view| view.item.revision)) };
    BulkRow {
        value: revision.map_or_else(|| number.to_string(), |revision| format!("{number}@{revision}")),
        number: *number,
        id: item::item_id(cx, key, *number),
        title: view.as_ref().map(|view| Some(view.title()).filter(|title| !title.is_empty()).unwrap_or(view.id())),
        state: view.as_ref().map(|view| StateChip::of(&view.flow, &view.item.state)),
        holders: view.as_ref().map(names).unwrap_or_default(),
        refused,
    }
}

/// Boxes that name no item, as rows.
fn odd_rows<'w>(words: &'w Words, wish: &'w Wish) -> impl Iterator<Item = BulkRow> + 'w {
    wish.odd.iter().map(|text| BulkRow {
        value: text.clone(),
        number: 0,
        id: text.chars().take(20).collect(),
        title: None,
        state: None,
        holders: Vec::new(),
        refused: Some(words.word("bulk-unknown").to_owned()),
    })
}

fn heading(words: &Words, flow: &Flow, act: Option<&Act>) -> String {
    match act {
        Some(Act::Press(trigger)) => words.one("bulk-heading-press", "trigger", trigger),
        Some(Act::Set(field)) => words.one("bulk-heading-set", "field", refusal::label(words, flow, field)),
        Some(Act::Assign) => words.word("bulk-heading-assign").to_owned(),
        None => words.word("bulk").to_owned(),
    }
}

fn draw_wish(cx: &Reading, caller: &Caller, around: &Around, key: &str, wish: &Wish) -> Result<Response, Error> {
    let (actor, words) = (&caller.signed.actor, around.words);
    let (published, _) = work::flow(cx, actor, key)?;
    let flow = &*published.flow;
    let mut page = BulkPage {
        f: around.frame(&heading(words, flow, wish.act.as_ref()), Active::Flow(key)),
        key,
        flow_name: &flow.name,
        heading: heading(words, flow, wish.act.as_ref()),
        act: wish.form.text("bulk.do").to_owned(),
        problem: wish.problem(words),
        finished: None,
        rows: Vec::new(),
        first: Vec::new(),
        others: Vec::new(),
        comment: None,
        to: None,
        people: Vec::new(),
        carried: Vec::new(),
    };
    let Some(act) = wish.act.as_ref().filter(|_| page.problem.is_none()) else {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, rendered(&page)?).into_response());
    };
    let seen = seen(cx, actor, key, wish, &people_of(flow))?;
    let typed = Typed::of(&wish.fields);
    let scene = Scene::new(cx, (actor, words), flow, seen.names.clone(), Some(&typed))?;
    for at in 0..seen.views.len() {
        let said = forecast(&scene, actor, act, &seen.views[at]);
        page.rows.push(row(cx, key, &seen, at, said, false));
    }
    page.rows.extend(odd_rows(words, wish));
    ask(&scene, &mut page, act, wish, (&typed, &seen))?;
    rendered(&page)
}

/// Why an item would be refused, as far as that can be told before anything is typed.
fn forecast(
    scene: &Scene,
    actor: &Actor,
    act: &Act,
    (_, revision, view): &(i64, Option<i64>, Option<ItemView>),
) -> Option<String> {
    let Some(view) = view else { return Some(scene.words.word("bulk-unknown").to_owned()) };
    let item = &view.item;
    let barred = match act {
        _ if revision.is_some_and(|revision| revision != item.revision) => {
            Some(Refusal::Stale { revision: item.revision })
        }
        Act::Press(trigger) => match view.buttons.iter().find(|button| button.trigger == *trigger) {
            Some(button) => button.refusal.clone(),
            None => Some(Refusal::WrongState { trigger: trigger.clone(), state: item.state.clone() }),
        },
        Act::Set(_) | Act::Assign if view.is_final() => Some(Refusal::NotAllowed(NotAllowed::Final)),
        Act::Set(_) if !flow::may_save(&view.flow, item, actor) => Some(Refusal::NotAllowed(NotAllowed::Save)),
        Act::Set(_) | Act::Assign => None,
    };
    barred.map(|barred| said(scene, &view.flow, &barred))
}

/// Why an item is refused, in words.
fn said(scene: &Scene, flow: &Flow, why: &Refusal) -> String {
    match why {
        Refusal::Stale { .. } => scene.words.word("bulk-stale").to_owned(),
        why => refusal::refusal(scene.words, refusal::Names { flow, ..scene.names() }, why),
    }
}

/// What is asked once for all of them: by a trigger what it needs of any of them, the field that is set, who gets them.
fn ask(
    scene: &Scene,
    page: &mut BulkPage,
    act: &Act,
    wish: &Wish,
    (typed, seen): (&Typed, &Seen),
) -> Result<(), Error> {
    if *act == Act::Assign {
        page.to = Some(wish.form.text("bulk.to").to_owned());
        page.people = people(scene.cx, &[], true)?;
        return Ok(());
    }
    let items = || seen.views.iter().filter_map(|(.., view)| view.as_ref());
    let mut pressed: Vec<(&ItemView, &flow::Button)> = Vec::new();
    for view in items() {
        let is_this = |button: &&flow::Button| matches!(act, Act::Press(trigger) if button.trigger == *trigger);
        let button = view.buttons.iter().find(is_this).filter(|button| button.refusal.is_none());
        pressed.extend(button.map(|button| (view, button)));
    }
    let missing = pressed.iter().flat_map(|(view, button)| missing(view, button));
    let mut needed: BTreeSet<String> = missing.cloned().collect();
    if let Act::Set(field) = act {
        needed.insert(field.clone());
        // words of a cascade hang on another field's: both are set together
        if let Some(flow::Kind::Choice(flow::Choices::Cascade { parent, .. })) =
            scene.flow.fields.get(field).map(|field| &field.kind)
        {
            needed.insert(parent.clone());
        }
    }
    let (first, others): (Vec<FieldView>, _) =
        writable(scene, items(), typed).into_iter().partition(|field| needed.contains(&field.key));
    let takes = |rule: CommentRule| pressed.iter().any(|(_, button)| button.comment == rule);
    if takes(CommentRule::Optional) || takes(CommentRule::Required) {
        page.comment = Some((wish.fields.text("comment").to_owned(), takes(CommentRule::Required)));
    }
    page.first = first;
    if matches!(act, Act::Press(_)) {
        page.others = others;
    }
    page.people = people(scene.cx, &page.first, !page.others.is_empty())?;
    Ok(())
}

/// The fields that can be written in any of the items' states, each as it is there, without any item's values.
fn writable<'v>(scene: &Scene, items: impl Iterator<Item = &'v ItemView>, typed: &Typed) -> Vec<FieldView> {
    let (nothing, errors) = (Fields::new(), BTreeMap::new());
    let states: BTreeSet<&str> = items.map(|view| view.item.state.as_str()).collect();
    let mut found: BTreeMap<String, FieldView> = BTreeMap::new();
    for state in states {
        let values =
            Values { stored: &nothing, typed: Some(typed), since: None, errors: &errors, needs: BTreeMap::new() };
        for mut field in views(scene, state, true, &values).into_iter().filter(FieldView::writable) {
            // of a value that is there already nothing is asked
            field.required = false;
            found.entry(field.key.clone()).or_insert(field);
        }
    }
    scene.flow.fields.keys().filter_map(|key| found.remove(key)).collect()
}

fn draw_done(
    cx: &Reading,
    caller: &Caller,
    around: &Around,
    key: &str,
    wish: &Wish,
    refused: &BTreeMap<i64, Why>,
) -> Result<Response, Error> {
    let (actor, words) = (&caller.signed.actor, around.words);
    let (published, _) = work::flow(cx, actor, key)?;
    let flow = &*published.flow;
    let mut named = people_of(flow);
    named.extend(refused.values().flat_map(|why| match why {
        Why::Refused(flow, _) => people_of(flow),
        _ => BTreeSet::new(),
    }));
    let seen = seen(cx, actor, key, wish, &named)?;
    let typed = Typed::of(&wish.fields);
    let scene = Scene::new(cx, (actor, words), flow, seen.names.clone(), Some(&typed))?;
    let told = |why: &Why| match why {
        Why::Refused(flow, why) => said(&scene, flow, why),
        Why::Unknown => words.word("bulk-unknown").to_owned(),
        Why::Said(text) => text.clone(),
    };
    let mut rows = Vec::new();
    for (at, (number, ..)) in seen.views.iter().enumerate() {
        rows.push(row(cx, key, &seen, at, refused.get(number).map(told), true));
    }
    rows.extend(odd_rows(words, wish));
    let failed = rows.iter().filter(|row| row.refused.is_some()).count();
    let mut carried: Vec<(String, String)> = wish.fields.0.clone();
    carried.extend(wish.form.get("bulk.to").map(|to| ("bulk.to".to_owned(), to.to_owned())));
    let page = BulkPage {
        f: around.frame(&heading(words, flow, wish.act.as_ref()), Active::Flow(key)),
        key,
        flow_name: &flow.name,
        heading: heading(words, flow, wish.act.as_ref()),
        act: wish.form.text("bulk.do").to_owned(),
        problem: None,
        finished: Some(words.two("bulk-finished", ("done", &(rows.len() - failed)), ("refused", &failed))),
        rows,
        first: Vec::new(),
        others: Vec::new(),
        comment: None,
        to: None,
        people: Vec::new(),
        carried,
    };
    rendered(&page)
}
