//! An item that exists only on its page: played through a flow as any of its people, to see what they would see. Nothing is
//! kept: the flow's text and what was done travel with the form (its inputs `try:…`, beside those of the fields), and
//! everything is done again for each answer.

use std::sync::Arc;

use app::{Error, Reading, item::ItemView, publish};
use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use flow::{
    Flow, Input, Severity, line_column,
    trial::{Act, Done, Obstacle, Person, Trial, roles},
};
use serde::{Deserialize, Serialize};

use super::{
    fields::{Typed, Values, shown, views},
    page::{Refused, errors, other_troubles},
    parts,
    scene::Scene,
};
use crate::{
    body::Form,
    pages::{
        admin::admin_page,
        visit::{Around, Visit, rendered},
    },
    server::{Caller, Web},
    view::{
        Active,
        admin::ProblemView,
        form::Trouble,
        item::{PressBar, Progress, Step, event_words},
        trying::{Change, Part, Tried, TryPage},
    },
    words::Words,
};

/// Where the administration of flows stands.
const PATH: &str = "/admin/flows";
/// Steps of one play: each is done again for every answer.
const MOST_STEPS: usize = 200;

/// One thing that was done, as it travels with the form.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Deed {
    by: String,
    what: What,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Create(Input),
    Save(Input),
    Press { trigger: String, fields: Input, comment: Option<String> },
    Comment(String),
    HandOver(String),
}

/// `GET /admin/flows/{flow}/try`: the published flow.
pub(crate) async fn published(visit: Visit, State(web): State<Web>, Path(key): Path<String>) -> Response {
    admin_page(visit, &web, move |cx, caller, around| {
        let text = publish::text(cx, &key, None)?;
        draw(cx, caller, around, &Form(vec![("text".to_owned(), text)]))
    })
    .await
}

/// `POST /admin/try`: the flow of a text, and what was done with it so far.
pub(crate) async fn play(visit: Visit, State(web): State<Web>, request: Request) -> Result<Response, Response> {
    let visit = visit.at(PATH);
    visit.admin(&web).await?;
    match Form::read(request.into_body()).await {
        Ok(form) => Ok(admin_page(visit, &web, move |cx, caller, around| draw(cx, caller, around, &form)).await),
        Err(bad) => Err(visit.bad_body(&web, bad).await),
    }
}

/// The page with what was typed; nothing is done.
pub(crate) async fn again(visit: Visit, web: &Web, mut form: Form) -> Response {
    form.0.retain(|(name, _)| name != "try:do");
    admin_page(visit.at(PATH), web, move |cx, caller, around| draw(cx, caller, around, &form)).await
}

fn draw(cx: &Reading, caller: &Caller, around: &Around, form: &Form) -> Result<Response, Error> {
    // where it begins the flow's text comes alone, by a plain name
    let text = form.get("try:text").unwrap_or(form.text("text")).replace("\r\n", "\n");
    let published: Vec<Arc<Flow>> = cx.flows.in_use().map(|published| Arc::clone(&published.flow)).collect();
    let known: Vec<&Flow> = published.iter().map(|flow| &**flow).collect();
    let checked = flow::check(&[flow::File { name: "flow.toml", text: &text }], &known, false);
    let f = around.frame(around.words.word("try-flow"), Active::Flows);
    let Some(flow) = checked.flows.into_iter().next().flatten() else {
        let errors = checked.problems.iter().filter(|problem| problem.severity == Severity::Error);
        let view = |problem: &flow::Problem| {
            let (line, column) = line_column(&text, problem.span.start);
            ProblemView::new(around.words, problem, &text, line, column)
        };
        return rendered(&TryPage { problems: errors.map(view).collect(), ..TryPage::nothing(f, text.clone()) });
    };
    let others: Vec<&Flow> = known.into_iter().filter(|other| other.key != flow.key).collect();
    let page = Play::of(cx, &flow, &others, form).page(cx, caller, around, text)?;
    rendered(&page)
}

/// What was done so far, and what is done now.
struct Play<'a> {
    flow: &'a Flow,
    trial: Trial<'a>,
    deeds: Vec<Deed>,
    done: Vec<Done>,
    who: String,
    typed: Typed,
    /// What stands in the form was not taken: it is shown again.
    keeps: bool,
    /// What was done so far came in a form that cannot be read.
    lost: bool,
    obstacle: Option<Obstacle>,
}

impl<'a> Play<'a> {
    fn of(cx: &Reading, flow: &'a Flow, others: &[&'a Flow], form: &Form) -> Play<'a> {
        let mut trial = Trial::new(flow, others, cx.now, cx.zone.clone());
        for (name, person) in roles(flow) {
            trial.add(&name, person);
        }
        let who = Some(form.text("try:who").trim()).filter(|who| !who.is_empty()).unwrap_or("created_by").to_owned();
        let sent = Some(form.text("try:deeds")).filter(|text| !text.is_empty());
        let read = sent.map(serde_json::from_str::<Vec<Deed>>);
        let lost = matches!(read, Some(Err(_)));
        let deeds = read.and_then(Result::ok).unwrap_or_default();
        let typed = match form.has("try:text") {
            true => Typed::of(&Form(form.0.iter().filter(|(name, _)| !name.starts_with("try:")).cloned().collect())),
            false => Typed::default(),
        };
        let mut play =
            Play { flow, trial, deeds: Vec::new(), done: Vec::new(), who, typed, keeps: true, lost, obstacle: None };
        let (asked, rest) = form.text("try:do").split_once(':').unwrap_or((form.text("try:do"), ""));
        let kept = match asked {
            "again" => 0,
            "undo" => deeds.len().saturating_sub(1),
            _ => deeds.len().min(MOST_STEPS),
        };
        for deed in deeds.into_iter().take(kept) {
            // it went through when it was done first
            let _ = play.carry_out(deed);
        }
        play.take_part(form.text("try:meet"));
        play.now(cx, asked, rest, form);
        play.trial.meet(&play.who.clone());
        play
    }

    /// Has somebody take part: `NAME`, or `NAME` and groups behind it, `admin` for an administrator.
    fn take_part(&mut self, text: &str) {
        if let Some((name, person)) = Person::typed(text) {
            self.trial.add(name, person);
            self.who = name.to_owned();
        }
    }

    /// What the form asks for now.
    fn now(&mut self, cx: &Reading, asked: &str, rest: &str, form: &Form) {
        let stored = self.trial.item().map(|item| item.fields.clone()).unwrap_or_default();
        let fields = || self.typed.input(cx, self.flow, &stored);
        let comment = Some(form.text("comment").trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        let what = match asked {
            "create" => What::Create(fields()),
            "save" => What::Save(fields()),
            "press" => What::Press { trigger: rest.to_owned(), fields: fields(), comment },
            "say" => What::Comment(comment.unwrap_or_default()),
            "hand" => What::HandOver(form.text("try:to").trim().to_owned()),
            "as" => {
                self.who = rest.to_owned();
                return;
            }
            "again" | "undo" => {
                self.keeps = false;
                return;
            }
            _ => return,
        };
        match self.carry_out(Deed { by: self.who.clone(), what }) {
            Ok(()) => self.keeps = false,
            Err(obstacle) => self.obstacle = Some(obstacle),
        }
    }

    /// Does it, and keeps it if it went through.
    fn carry_out(&mut self, deed: Deed) -> Result<(), Obstacle> {
        let named = match &deed.what {
            What::HandOver(to) => Some(to),
            _ => None,
        };
        if let Some(to) = named.filter(|to| !to.is_empty()) {
            self.trial.meet(to);
        }
        if let What::Create(fields) | What::Save(fields) | What::Press { fields, .. } = &deed.what {
            self.trial.meet_named(fields);
        }
        let act = match deed.what.clone() {
            What::Create(fields) => Act::Create(fields),
            What::Save(fields) => Act::Save(fields),
            What::Press { trigger, fields, comment } => Act::Press { trigger, fields, comment },
            What::Comment(text) => Act::Comment(text),
            What::HandOver(to) => Act::HandOver(to),
        };
        self.trial.act(&deed.by, &act)?;
        let item = self.trial.item();
        self.done.push(Done {
            by: deed.by.clone(),
            act,
            state: item.map(|item| item.state.clone()),
            holders: item.map(|item| item.assigned_to.clone()).unwrap_or_default(),
            refused: None,
        });
        self.deeds.push(deed);
        Ok(())
    }

    fn page<'p>(&self, cx: &Reading, caller: &Caller, around: &Around<'p>, text: String) -> Result<TryPage<'p>, Error> {
        let (words, flow) = (around.words, self.flow);
        let typed = self.keeps.then_some(&self.typed);
        let scene = Scene::new(cx, (&caller.signed.actor, words), flow, app::Names::new(), typed)?;
        let refused = match &self.obstacle {
            Some(Obstacle::Refused(refused)) => Some(Refused::of(refused.clone())),
            _ => None,
        };
        let item = self.trial.item();
        let input = typed.zip(item).map(|(typed, item)| typed.input(cx, flow, &item.fields)).unwrap_or_default();
        let view = item.map(|item| ItemView {
            flow: Arc::new(flow.clone()),
            item: item.clone(),
            buttons: self.trial.buttons(&self.who, &input),
            archived: false,
            opened: None,
        });
        let seen = self.trial.is_seen(&self.who);
        let may_save = item.is_some() && self.trial.may_save(&self.who);
        let stored = item.map_or_else(|| self.trial.first_values(&self.who), |item| item.fields.clone());
        let errors = refused.as_ref().map(|refused| errors(&scene, refused)).unwrap_or_default();
        let mut needs = std::collections::BTreeMap::<&str, Vec<&str>>::new();
        for button in view.iter().flat_map(|view| &view.buttons).filter(|button| button.refusal.is_none()) {
            button.needs.iter().for_each(|key| needs.entry(key).or_default().push(&button.trigger));
        }
        let writable = view.as_ref().is_none_or(|view| seen && parts::may_write(view, may_save));
        let state = item.map_or(flow.initial.as_str(), |item| item.state.as_str());
        let values = Values { stored: &stored, typed, since: None, errors: &errors, needs };
        let fields = if seen { views(&scene, state, writable, &values) } else { Vec::new() };
        let press: Option<PressBar> = view
            .as_ref()
            .filter(|_| seen)
            .map(|view| parts::press_bar(&scene, view, may_save, "", errors.get("comment").cloned()));
        let mut troubles = Trouble::of(&fields);
        if let Some(refused) = &refused {
            troubles.extend(other_troubles(
                &scene,
                refused,
                &fields,
                press.as_ref().is_some_and(|bar| bar.comment.is_some()),
            ));
        }
        let to = |person: &str| person.to_owned();
        Ok(TryPage {
            flow_name: flow.name.clone(),
            id: item.map(|item| flow.item_id(item.number)),
            holders: item.map(|item| item.assigned_to.iter().map(|name| to(name)).collect()).unwrap_or_default(),
            steps: self.steps(state),
            parts: self.parts(words),
            who: self.who.clone(),
            hidden: !seen,
            fields,
            troubles,
            press,
            may_hand_over: item.is_some_and(|item| !item.assigned_to.is_empty()),
            history: self.history(&scene),
            scenario: (!self.done.is_empty()).then(|| self.scenario(words)),
            lost: self.lost,
            deeds: serde_json::to_string(&self.deeds).unwrap_or_default(),
            ..TryPage::nothing(around.frame(&words.one("try-title", "name", &flow.name), Active::Flows), text)
        })
    }

    fn steps(&self, now: &str) -> Vec<Step> {
        let been = |name: &str| self.trial.records().iter().any(|record| record.to == name);
        let step = |name: &String| {
            let progress = match () {
                () if name == now => Progress::Now,
                () if been(name) => Progress::Done,
                () => Progress::Ahead,
            };
            Step { name: name.clone(), progress, detail: None }
        };
        self.flow.states.keys().map(step).collect()
    }

    /// Everyone who takes part, and what they are to the flow.
    fn parts(&self, words: &Words) -> Vec<Part> {
        let part = |(name, person): (&String, &Person)| Part {
            name: name.clone(),
            label: self.label(words, name),
            groups: person.groups.iter().cloned().collect(),
            admin: person.admin,
            now: *name == self.who,
            holds: self.trial.item().is_some_and(|item| item.assigned_to.contains(name)),
        };
        self.trial.people().iter().map(part).collect()
    }

    /// What the person is to the flow.
    fn label(&self, words: &Words, name: &str) -> Option<String> {
        match name {
            "created_by" | "anyone" if self.trial.people()[name] == Person::default() => {
                Some(words.word(if name == "anyone" { "try-anyone" } else { "creator" }).to_owned())
            }
            _ => self.flow.fields.get(name).map(|field| field.label.clone()),
        }
    }

    fn history(&self, scene: &Scene) -> Vec<Tried> {
        let change = |(key, (_, new)): (&String, &(flow::Value, flow::Value))| {
            let field = self.flow.fields.get(key)?;
            Some(Change { label: field.label.clone(), value: shown(scene, field, new) })
        };
        let tried = |record: &flow::Record| Tried {
            by: record.actor.clone(),
            by_admin: record.by_admin,
            what: event_words(scene.words, record.kind, record.trigger.as_deref()).to_owned(),
            to: record.to.clone(),
            changes: record.changes.iter().filter_map(change).collect(),
            comment: record.comment.clone(),
        };
        self.trial.records().iter().rev().map(tried).collect()
    }

    fn scenario(&self, words: &Words) -> String {
        self.trial.scenario(words.word("try-scenario-name"), &self.done)
    }
}
