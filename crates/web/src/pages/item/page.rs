//! The pages put together: an item, a new one, and both again with what was sent and not taken.

use std::collections::BTreeMap;

use app::{
    Error, Reading,
    item::{self, ItemPage as Known, NewItem},
    work::Part,
};
use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use flow::{FieldProblem, Holder, Input, Refusal};

use super::{
    fields::{Typed, Values, views},
    gone, history, parts, returns,
    scene::Scene,
    similar::{self, Compared},
};
use crate::{
    api::Problem,
    body::Form,
    pages::visit::{Around, rendered},
    server::{Caller, Failed},
    view::{
        Active, Pager, Person,
        form::{Control, FieldView, Trouble},
        item::{Conflict, HandOver, History, HistoryPart, ItemPage, LinksPart, NewPage, Press, Similar},
        refusal::{label, refusal},
    },
    words::Words,
};

/// Events on an item's page; earlier ones when asked for.
const EVENTS: i64 = 40;
/// Events on a page of earlier ones.
const EARLIER: i64 = 100;
/// Events on a page that is asked for all of them.
const ALL: i64 = 200;
/// Links on an item's page; further ones when asked for.
const LINKS: i64 = 40;
/// Events that someone missed, as they are told of them; earlier ones are in the history.
const MISSED: usize = 40;
/// People offered to those who have no script.
const PEOPLE: i64 = 50;

/// What of that which grows without end an item's page shows.
pub(super) struct Shown {
    /// The history before this entry.
    before: Option<i64>,
    /// So many entries of it.
    entries: i64,
    /// The cursor of the links.
    links: Option<String>,
    /// Where it came back.
    pub(super) returns: bool,
    /// The way that it has gone.
    pub(super) gone: bool,
}

impl Default for Shown {
    fn default() -> Shown {
        Shown { before: None, entries: EVENTS, links: None, returns: false, gone: false }
    }
}

impl Shown {
    /// As an address says: `history` is an entry before which to begin, or `all`.
    pub(super) fn of(history: &str, links: Option<String>) -> Shown {
        let (before, entries) = match history.parse::<i64>() {
            Ok(before) => (Some(before), EARLIER),
            Err(_) if history == "all" => (None, ALL),
            Err(_) => (None, EVENTS),
        };
        Shown { before, entries, links, returns: false, gone: false }
    }

    pub(super) fn asked<'a>(&self, typed: &'a Input, revision: Option<i64>) -> item::Asked<'a> {
        let links = Part { cursor: self.links.clone(), limit: LINKS };
        item::Asked { typed, revision, before: self.before, entries: self.entries, links }
    }
}

/// Why what was sent was not taken.
pub(super) struct Refused {
    pub(super) status: StatusCode,
    text: String,
    refusal: Option<Refusal>,
    /// When to try again, if that may help.
    pub(super) retry_after_s: Option<i64>,
}

/// What was sent and not taken, to be shown again.
pub(super) enum Sent {
    /// The item's own form.
    Form(Form, Refused),
    /// A comment.
    Comment(String, Refused),
    /// A hand-over.
    HandOver(String, Refused),
}

impl Refused {
    /// From a failure after which the page can be shown again; the failure itself where it cannot.
    pub(super) fn from(failed: Failed) -> Result<Refused, Failed> {
        let refusal = match &failed.error {
            Error::Refused { refusal, .. } => Some(refusal.clone()),
            Error::Stale | Error::Archived(_) => None,
            // not of what nobody knows the outcome: the item may be there, or have moved on
            Error::Store(store) if store.retryable() && !store.outcome_unknown() => None,
            _ => return Err(failed),
        };
        let problem = Problem::from_error(failed.error, failed.words);
        let retry_after_s = problem.retry_after_s();
        Ok(Refused { status: problem.status(), text: problem.detail().to_owned(), refusal, retry_after_s })
    }

    /// Of what the flow refuses.
    pub(super) fn of(refusal: Refusal) -> Refused {
        Refused { refusal: Some(refusal), ..Refused::nothing() }
    }

    /// Nothing is refused: what was typed is only shown again.
    pub(super) fn nothing() -> Refused {
        Refused {
            status: StatusCode::OK,
            text: String::new(),
            refusal: Some(Refusal::Invalid(Vec::new())),
            retry_after_s: None,
        }
    }

    /// Whether someone was faster.
    pub(super) fn is_stale(&self) -> bool {
        matches!(self.refusal, Some(Refusal::Stale { .. }))
    }

    /// Whether fields are at fault, each of which is said at its place.
    pub(super) fn is_invalid(&self) -> bool {
        matches!(self.refusal, Some(Refusal::Invalid(_)))
    }

    /// The fields at fault.
    pub(super) fn problems(&self) -> &[FieldProblem] {
        match &self.refusal {
            Some(Refusal::Invalid(problems)) => problems,
            _ => &[],
        }
    }

    /// The whole of it in words.
    pub(super) fn sentence(&self, scene: &Scene) -> Option<String> {
        let said = match &self.refusal {
            Some(Refusal::Invalid(problems)) => {
                let all: Vec<String> = problems.iter().map(|problem| scene.wrong(problem)).collect();
                all.join(scene.words.word("list-semicolon"))
            }
            Some(refused) => refusal(scene.words, scene.names(), refused),
            None => self.text.clone(),
        };
        Some(said).filter(|said| !said.is_empty())
    }
}

impl Sent {
    fn refused(&self) -> &Refused {
        match self {
            Sent::Form(_, refused) | Sent::Comment(_, refused) | Sent::HandOver(_, refused) => refused,
        }
    }
}

/// An item's page.
pub(super) fn draw(
    cx: &Reading,
    caller: &Caller,
    around: &Around,
    (key, number): (&str, i64),
    shown: &Shown,
    sent: Option<&Sent>,
) -> Result<Response, Error> {
    let actor = &caller.signed.actor;
    let form = match sent {
        Some(Sent::Form(form, refused)) => Some((form, refused)),
        _ => None,
    };
    let typed = form.map(|(form, _)| Typed::of(form));
    let input = match &typed {
        Some(typed) => {
            let (flow, stored) = item::stored(cx, actor, key, number)?;
            typed.input(cx, &flow, &stored.fields)
        }
        None => Input::new(),
    };
    let revision = form.and_then(|(form, _)| super::revision(form));
    let known = item::page(cx, actor, (key, number), &shown.asked(&input, revision))?;
    let scene = scene(cx, (actor, around.words), &known, typed.as_ref())?;
    let page = page(&scene, actor, around, &known, (typed.as_ref(), sent), shown)?;
    let status = sent.map_or(StatusCode::OK, |sent| sent.refused().status);
    Ok((status, rendered(&page)?).into_response())
}

pub(super) fn scene<'k>(
    cx: &'k Reading<'k>,
    of: (&flow::Actor, &'static Words),
    known: &'k Known,
    typed: Option<&Typed>,
) -> Result<Scene<'k>, Error> {
    let mut scene = Scene::new(cx, of, &known.view.flow, known.names.clone(), typed)?;
    scene.know(&known.links);
    scene.know(&known.linked);
    Ok(scene)
}

fn page<'p>(
    scene: &Scene,
    actor: &flow::Actor,
    around: &Around<'p>,
    known: &'p Known,
    (typed, sent): (Option<&Typed>, Option<&Sent>),
    shown: &Shown,
) -> Result<ItemPage<'p>, Error> {
    let (view, flow, now) = (&known.view, &*known.view.flow, &known.view.item);
    let form = match sent {
        Some(Sent::Form(form, refused)) => Some((form, refused)),
        _ => None,
    };
    // Someone was faster: the form was drawn from another revision.
    let missed = known.missed.as_ref();
    let before = missed.map(|missed| history::before(&missed.entries));
    let errors = form.map(|(_, refused)| errors(scene, refused)).unwrap_or_default();
    let values = Values { stored: &now.fields, typed, since: before.as_ref(), errors: &errors, needs: needs(known) };
    let fields = views(scene, &now.state, parts::is_writable(known), &values);
    let comment = form.map(|(form, _)| form.text("comment")).unwrap_or_default();
    let press = parts::press_bar(scene, view, known.may_save, comment, errors.get("comment").cloned());
    let mut troubles = Trouble::of(&fields);
    if let Some((_, refused)) = form.filter(|_| missed.is_none()) {
        troubles.extend(other_troubles(scene, refused, &fields, press.comment.is_some()));
    }
    if let Some(Sent::HandOver(_, refused)) = sent.filter(|_| !actor.admin || view.is_final()) {
        troubles.extend(refused.sentence(scene).map(trouble));
    }
    let hand_over = (actor.admin && !view.is_final()).then(|| hand_over(scene, sent));
    let history = history_of(scene, known, shown, sent);
    let live = format!("/live/flow/{}/{}?seen={}", flow.key, now.number, history.seen);
    let similar = match form.filter(|(form, _)| similar::is_asked(form)) {
        None => similar::later(&flow.key, Some(now.number)),
        Some((form, _)) => {
            let (writable, stored) = (parts::is_writable(known), &now.fields);
            let of = Compared { flow, number: Some(now.number), state: &now.state, writable, stored, form: Some(form) };
            similar::now(scene.cx, actor, scene.words, &of)?
        }
    };
    let title = Some(view.title()).filter(|title| !title.trim().is_empty());
    Ok(ItemPage {
        f: around.live_frame(scene.cx, &view.id(), Active::Flow(&flow.key), live),
        key: &flow.key,
        flow_name: &flow.name,
        number: now.number,
        id: view.id(),
        title: title.unwrap_or_else(|| view.id()),
        steps: parts::steps(scene, known),
        revision: now.revision,
        people: people(scene.cx, &fields, hand_over.is_some())?,
        conflict: missed.map(|missed| Conflict {
            earlier: missed.entries.len().saturating_sub(MISSED),
            events: history::latest(scene, missed, MISSED),
            idle: press.is_idle(),
            differs: fields.iter().any(|field| field.theirs.is_some() || field.mine.is_some()),
        }),
        facts: parts::facts(scene, known),
        links: parts::links(scene, &known.links),
        links_pager: links_pager(scene, known, shown),
        made: item::made_of(scene.cx, actor, flow, now),
        history,
        fields,
        troubles,
        press,
        dirty: similar.asked,
        similar,
        returns: match shown.returns {
            true => Some(returns::now(scene.cx, actor, scene.words, (&flow.key, now.number))?),
            false => returns::later(scene.cx, known),
        },
        gone: match shown.gone {
            true => gone::now(scene.cx, actor, scene.words, (&flow.key, now.number))?,
            false => gone::later((&flow.key, now.number)),
        },
        hand_over,
    })
}

/// What is wrong with each field, in words.
pub(super) fn errors(scene: &Scene, refused: &Refused) -> BTreeMap<String, String> {
    refused.problems().iter().map(|problem| (problem.field.clone(), scene.wrong(problem))).collect()
}

/// What is wrong beside the fields that the form shows.
pub(super) fn other_troubles(scene: &Scene, refused: &Refused, fields: &[FieldView], comment: bool) -> Vec<Trouble> {
    if !matches!(refused.refusal, Some(Refusal::Invalid(_))) {
        return refused.sentence(scene).map(trouble).into_iter().collect();
    }
    let elsewhere = refused.problems().iter().filter(|problem| fields.iter().all(|field| field.key != problem.field));
    let said = |problem: &FieldProblem| {
        let (label, message) = (label(scene.words, scene.flow, &problem.field), scene.wrong(problem));
        if problem.field == "comment" && comment {
            return Trouble { anchor: Some("say-with".to_owned()), label, message };
        }
        trouble(format!("{label}{}{message}", scene.words.word("colon")))
    };
    elsewhere.map(said).collect()
}

fn trouble(message: String) -> Trouble {
    Trouble { anchor: None, label: String::new(), message }
}

/// Which triggers ask for which fields.
pub(super) fn needs(known: &Known) -> BTreeMap<&str, Vec<&str>> {
    let mut needs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for button in known.view.buttons.iter().filter(|button| button.refusal.is_none()) {
        for field in &button.needs {
            needs.entry(field).or_default().push(&button.trigger);
        }
    }
    needs
}

fn hand_over(scene: &Scene, sent: Option<&Sent>) -> HandOver {
    match sent {
        Some(Sent::HandOver(to, refused)) => HandOver { to: to.clone(), error: refused.sentence(scene) },
        _ => HandOver { to: String::new(), error: None },
    }
}

fn links_pager(scene: &Scene, known: &Known, shown: &Shown) -> Pager {
    let path = format!("/flow/{}/{}", scene.flow.key, known.view.item.number);
    Pager {
        next: known.more_links.as_deref().map(|cursor| format!("{path}?links={cursor}#linked")),
        first: shown.links.as_ref().map(|_| format!("{path}#linked")),
    }
}

fn history_of(scene: &Scene, known: &Known, shown: &Shown, sent: Option<&Sent>) -> History {
    let (draft, error) = match sent {
        Some(Sent::Comment(text, refused)) => (text.clone(), refused.sentence(scene)),
        _ => (String::new(), None),
    };
    let path = format!("/flow/{}/{}", scene.flow.key, known.view.item.number);
    let first = known.history.entries.first().filter(|_| known.history.held.is_some());
    History {
        seen: known.last_seq,
        events: history::events(scene, &known.history),
        more: first.map(|entry| format!("{path}?history={}#history", entry.seq)),
        latest: shown.before.map(|_| format!("{path}#history")),
        draft,
        error,
    }
}

/// Suggestions for those who have no script, where a name can be typed.
pub(super) fn people(cx: &Reading, fields: &[FieldView], also: bool) -> Result<Vec<Person>, Error> {
    if !also && !fields.iter().any(|field| matches!(field.control, Control::User { .. })) {
        return Ok(Vec::new());
    }
    let found = app::people::pick(cx, "", PEOPLE)?;
    Ok(found.into_iter().map(|(name, display)| Person { name, display }).collect())
}

/// The history alone, after a comment or instead of one.
pub(super) fn draw_history(
    cx: &Reading,
    caller: &Caller,
    words: &'static Words,
    (key, number): (&str, i64),
    shown: &Shown,
    sent: Option<&Sent>,
) -> Result<Response, Error> {
    let actor = &caller.signed.actor;
    let input = Input::new();
    let known = item::page(cx, actor, (key, number), &shown.asked(&input, None))?;
    let scene = scene(cx, (actor, words), &known, None)?;
    let history = history_of(&scene, &known, shown, sent);
    let status = sent.map_or(StatusCode::OK, |sent| sent.refused().status);
    Ok((status, rendered(&HistoryPart { f: words, key, number, history })?).into_response())
}

/// The links alone.
pub(super) fn draw_links(
    cx: &Reading,
    caller: &Caller,
    words: &'static Words,
    (key, number): (&str, i64),
    shown: &Shown,
) -> Result<Response, Error> {
    let actor = &caller.signed.actor;
    let input = Input::new();
    let known = item::page(cx, actor, (key, number), &shown.asked(&input, None))?;
    let scene = scene(cx, (actor, words), &known, None)?;
    let (links, links_pager) = (parts::links(&scene, &known.links), links_pager(&scene, &known, shown));
    rendered(&LinksPart { f: words, links, links_pager })
}

/// What can be pressed alone, with the values that a form sends.
pub(super) fn draw_press(
    cx: &Reading,
    caller: &Caller,
    (key, number): (&str, i64),
    form: &Form,
) -> Result<Response, Error> {
    let (actor, words) = (&caller.signed.actor, caller.words);
    let (flow, stored) = item::stored(cx, actor, key, number)?;
    let view = item::typed(cx, actor, key, number, &Typed::of(form).input(cx, &flow, &stored.fields))?;
    let mut names: std::collections::BTreeSet<String> = view.item.assigned_to.iter().cloned().collect();
    names.extend(flow::people_named(&flow).into_iter().filter_map(|who| match who {
        flow::Who::User(name) => Some(name),
        _ => None,
    }));
    let scene = Scene::new(cx, (actor, words), &flow, app::people::displays(cx, &names)?, None)?;
    let may_save = !view.archived && flow::may_save(&flow, &view.item, actor);
    rendered(&Press { f: words, press: parts::press_bar(&scene, &view, may_save, "", None) })
}

/// A new item's page, made of another or not; with what was sent and not taken.
pub(super) fn draw_new(
    cx: &Reading,
    caller: &Caller,
    around: &Around,
    (key, of): (&str, Option<(&str, i64)>),
    sent: Option<&(Form, Refused)>,
) -> Result<Response, Error> {
    let actor = &caller.signed.actor;
    let NewItem { flow, fields: stored, names } = match (sent, of) {
        (Some(_), _) => item::first_values(cx, actor, key)?,
        (None, Some(of)) => item::blank_of(cx, actor, key, of)?,
        (None, None) => item::blank(cx, actor, key)?,
    };
    let typed = sent.map(|(form, _)| Typed::of(form));
    let scene = Scene::new(cx, (actor, around.words), &flow, names, typed.as_ref())?;
    let errors = sent.map(|(_, refused)| errors(&scene, refused)).unwrap_or_default();
    let values =
        Values { stored: &stored, typed: typed.as_ref(), since: None, errors: &errors, needs: BTreeMap::new() };
    let mut fields = views(&scene, &flow.initial, true, &values);
    for field in &mut fields {
        // Who holds it must be known from the first.
        field.required |= field.writable() && flow.create.assign_to == Holder::Field(field.key.clone());
    }
    let mut troubles = Trouble::of(&fields);
    if let Some((_, refused)) = sent {
        troubles.extend(other_troubles(&scene, refused, &fields, false));
    }
    let similar = match sent.filter(|(form, _)| similar::is_asked(form)) {
        // what is filled in already may be known there
        None => Similar { lazy: of.is_some() && sent.is_none(), ..similar::later(key, None) },
        Some((form, _)) => {
            let (state, stored) = (flow.initial.as_str(), &stored);
            let of = Compared { flow: &flow, number: None, state, writable: true, stored, form: Some(form) };
            similar::now(cx, actor, around.words, &of)?
        }
    };
    let page = NewPage {
        f: around.frame(around.words.word("create-item"), Active::Flow(key)),
        key,
        flow_name: &flow.name,
        steps: parts::first_steps(&flow),
        people: people(cx, &fields, false)?,
        fields,
        troubles,
        dirty: similar.asked,
        similar,
    };
    let status = sent.map_or(StatusCode::OK, |(_, refused)| refused.status);
    Ok((status, rendered(&page)?).into_response())
}
