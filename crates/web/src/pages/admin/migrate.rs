//! Items of older versions of a flow go on under the newest: the map, a trial, the run, the way back.

use std::collections::BTreeMap;

use app::{
    Error, Reading,
    migrate::{self, Lacking, Order},
    people,
};
use axum::{
    extract::{Path, Query, Request, State},
    response::Response,
};
use flow::{Actor, Flow, Map, Side};
use serde::Deserialize;

use super::with_status;
use crate::{
    body::Form,
    pages::visit::{Around, Visit, rendered},
    server::{Failed, Web},
    view::{
        Active,
        carry::Choice,
        migrate::{Lack, Line, Migrate, Outlook, Part},
    },
    words::Words,
};

/// Items that the page links for each lack.
const LINKED: usize = 50;

/// What the page shows beside the map.
#[derive(Default)]
struct Told {
    tried: bool,
    outlook: Option<migrate::Outlook>,
    done: Option<String>,
    left: BTreeMap<flow::Lack, Lacking>,
    trouble: Option<String>,
}

/// What the page asks while it runs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ProgressQuery {
    mark: String,
}

/// `GET /admin/flows/{flow}/migrate`
pub(crate) async fn show(visit: Visit, State(web): State<Web>, Path(key): Path<String>) -> Response {
    page(visit, &web, Order { key, ..Order::default() }, Told::default()).await
}

/// `GET /admin/flows/{flow}/migrate/progress`: how far it is, or `null` when it is not under way here.
pub(crate) async fn progress(
    visit: Visit,
    State(web): State<Web>,
    asked: Result<Query<ProgressQuery>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let mark = asked.map(|query| query.0.mark).unwrap_or_default();
    visit.progress(&web, mark, |_, caller| people::admins_only(&caller.signed.actor)).await
}

/// `POST /admin/flows/{flow}/migrate`: `do` is `check`, `go` or `undo`.
pub(crate) async fn send(
    visit: Visit,
    State(web): State<Web>,
    Path(key): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let visit = visit.at(format!("/admin/flows/{key}/migrate"));
    let asked = Order { key: key.clone(), ..Order::default() };
    let known = web.read_as(visit.session.clone(), visit.language, move |cx, caller| {
        let actor = caller.signed.actor.clone();
        migrate::beside(cx, &actor, &asked)?;
        Ok((actor, caller.words))
    });
    let (actor, words) = match known.await {
        Ok(known) => known,
        Err(failed) => return Err(visit.failed(&web, failed).await),
    };
    let form = match Form::read(request.into_body()).await {
        Ok(form) => form,
        Err(bad) => return Err(visit.bad_body(&web, bad).await),
    };
    let plain = Order { key: key.clone(), ..Order::default() };
    let order = Order { map: Some(map(&form)), closed: form.has("closed"), ..plain.clone() };
    let outcome = match form.text("do") {
        "go" => run(&visit, &web, (actor, words), &order, form.text("mark")).await,
        "undo" => {
            let told = undo(&visit, &web, (actor, words), &key, form.text("mark")).await;
            return match told {
                Ok(told) => Ok(page(visit, &web, plain, told).await),
                Err(failed) => Err(visit.failed(&web, failed).await),
            };
        }
        _ => Ok(Told { tried: true, ..Told::default() }),
    };
    match outcome {
        Ok(told) => Ok(page(visit, &web, order, told).await),
        Err(Failed { error: Error::BadMap(names), .. }) => {
            let trouble = Some(words.one("migrate-bad-map", "names", names.join(", ")));
            Ok(page(visit, &web, plain, Told { trouble, ..Told::default() }).await)
        }
        Err(failed) => Err(visit.failed(&web, failed).await),
    }
}

/// The page with the map that was sent.
pub(crate) async fn again(visit: Visit, web: &Web, key: &str, form: &Form) -> Response {
    let order = Order { key: key.to_owned(), version: None, map: Some(map(form)), closed: form.has("closed") };
    page(visit.at(format!("/admin/flows/{key}/migrate")), web, order, Told::default()).await
}

async fn run(
    visit: &Visit,
    web: &Web,
    (actor, words): (Actor, &'static Words),
    order: &Order,
    mark: &str,
) -> Result<Told, Failed> {
    let (order, progress, mark) = (order.clone(), web.progress.clone(), mark.to_owned());
    let done = web.run(visit.language, move |app| {
        let mut watched = None;
        migrate::run(app, &actor, &order, &mut |done, of| {
            let of = usize::try_from(of).unwrap_or(usize::MAX);
            let watched = watched.get_or_insert_with(|| progress.begin(&actor.name, &mark, of));
            watched.iter().for_each(|watched| watched.reached(done));
        })
    });
    Ok(match done.await? {
        Ok(done) => {
            let said = words.one("migrate-done", "n", done.moved);
            Told { done: Some(said), left: done.lacks, ..Told::default() }
        }
        Err(outlook) => Told { outlook: Some(outlook), ..Told::default() },
    })
}

async fn undo(
    visit: &Visit,
    web: &Web,
    (actor, words): (Actor, &'static Words),
    key: &str,
    mark: &str,
) -> Result<Told, Failed> {
    let (key, progress, mark) = (key.to_owned(), web.progress.clone(), mark.to_owned());
    let done = web.run(visit.language, move |app| {
        let watched = progress.begin(&actor.name, &mark, 0);
        migrate::undo(app, &actor, &key, &mut |done| watched.iter().for_each(|watched| watched.reached(done)))
    });
    match done.await {
        Ok(done) => {
            let said = words.one("migrate-undone", "n", done.moved);
            Ok(Told { done: Some(said), left: done.lacks, ..Told::default() })
        }
        Err(Failed { error: Error::NotFound, .. }) => {
            Ok(Told { trouble: Some(words.word("migrate-nothing-to-undo").to_owned()), ..Told::default() })
        }
        Err(failed) => Err(failed),
    }
}

async fn page(visit: Visit, web: &Web, order: Order, told: Told) -> Response {
    visit
        .long_page(web, move |cx, caller, around| {
            let actor = &caller.signed.actor;
            people::admins_only(actor)?;
            drawn(cx, actor, around, (&order, told))
        })
        .await
}

fn drawn(cx: &Reading, actor: &Actor, around: &Around, (order, mut told): (&Order, Told)) -> Result<Response, Error> {
    let words = around.words;
    let read = match migrate::beside(cx, actor, order) {
        Err(Error::BadMap(names)) => {
            told.trouble = Some(words.one("migrate-bad-map", "names", names.join(", ")));
            told.tried = false;
            migrate::beside(cx, actor, &Order { map: None, ..order.clone() })
        }
        read => read,
    };
    let migrate::Beside { olds, new, map, version } = read?;
    if told.tried {
        told.outlook = Some(migrate::outlook(cx, actor, order, &mut |_| {})?);
    }
    let last = migrate::last(cx, &order.key)?.filter(|last| last.undone_at.is_none());
    let fine = told.trouble.is_none() && told.outlook.as_ref().is_none_or(|outlook| outlook.stranded == 0);
    let outlook = told.outlook.as_ref();
    let lacks_holder = outlook.is_some_and(|outlook| outlook.lacks.contains_key(&flow::Lack::Holder));
    let mut parts = parts(words, (&olds, &new), &map);
    if lacks_holder || !map.holders.is_empty() {
        parts.push(holders(words, &new, &map));
    }
    let all: Vec<&Flow> = std::iter::once(&*new).chain(olds.iter().map(|old| &**old)).collect();
    let picture = |flow: &Flow| flow::picture(flow, None).svg(false);
    let page = Migrate {
        f: around.frame(&words.one("migrate-to", "version", version), Active::Flows),
        key: &order.key,
        name: &new.name,
        version,
        due: migrate::due(cx, &order.key, version)?,
        pictures: olds.first().map(|old| [picture(old), picture(&new)]),
        parts,
        closed: order.closed,
        trouble: told.trouble,
        outlook: outlook.map(|outlook| seen(words, &all, outlook)),
        done: told.done,
        left: lacks(words, &all, &told.left),
        undo: last.as_ref().map(|last| last.version),
        unfinished: last.is_some_and(|last| last.finished_at.is_none()),
    };
    Ok(with_status(fine, rendered(&page)?))
}

/// What the map has to say, by its parts.
fn parts(words: &Words, (olds, new): (&[std::sync::Arc<Flow>], &Flow), map: &Map) -> Vec<Part> {
    let mut parts: Vec<(String, Part)> = Vec::new();
    for (old, side) in olds.iter().flat_map(|old| flow::sides(old, new, map).into_iter().map(move |side| (old, side))) {
        let label = match &side.field {
            Some(field) => words.one("migrate-part-words", "field", name_of(new, field)),
            None => words.word(heading(side.part)).to_owned(),
        };
        let input = match &side.field {
            Some(field) => format!("words:{field}:{}", side.old),
            None => format!("{}:{}", side.part, side.old),
        };
        let line = line(words, (old, new), map, &side, input);
        let group = format!("{}:{}", side.part, side.field.as_deref().unwrap_or_default());
        match parts.iter_mut().find(|(known, _)| *known == group) {
            Some((_, part)) if part.lines.iter().any(|known| known.input == line.input) => {}
            Some((_, part)) => part.lines.push(line),
            None => parts.push((group, Part { label, lines: vec![line] })),
        }
    }
    parts.into_iter().map(|(_, part)| part).collect()
}

fn heading(part: &str) -> &'static str {
    match part {
        "states" => "migrate-part-states",
        "fields" => "migrate-part-fields",
        _ => "migrate-part-values",
    }
}

fn line(words: &Words, (old, new): (&Flow, &Flow), map: &Map, side: &Side, input: String) -> Line {
    let said = match (side.part, &side.field) {
        ("states", _) => map.states.get(&side.old),
        ("fields", _) => map.fields.get(&side.old),
        ("values", _) => map.values.get(&side.old),
        (_, field) => field.as_ref().and_then(|field| map.words.get(field)).and_then(|words| words.get(&side.old)),
    };
    let label = match side.part {
        "fields" => name_of(old, &side.old),
        "values" => name_of(new, &side.old),
        _ => side.old.clone(),
    };
    if side.part == "values" && side.offered.is_empty() {
        return Line { input, label, choices: Vec::new(), typed: said.cloned().unwrap_or_default() };
    }
    let undecided = if side.part == "values" { "migrate-none" } else { "migrate-undecided" };
    let mut choices = vec![(String::new(), words.word(undecided).to_owned(), said.is_none())];
    if matches!(side.part, "fields" | "words") {
        choices.push(("-".to_owned(), words.word("migrate-dropped").to_owned(), said.is_some_and(String::is_empty)));
    }
    choices.extend(side.offered.iter().map(|offered| -> Choice {
        let shown = if side.part == "fields" { name_of(new, offered) } else { offered.clone() };
        (format!("={offered}"), shown, said == Some(offered))
    }));
    Line { input, label, choices, typed: String::new() }
}

fn holders(words: &Words, new: &Flow, map: &Map) -> Part {
    let states = new.states.values().filter(|state| !state.is_final);
    let line = |state: &flow::State| Line {
        input: format!("holders:{}", state.name),
        label: state.name.clone(),
        choices: Vec::new(),
        typed: map.holders.get(&state.name).cloned().unwrap_or_default(),
    };
    Part { label: words.word("migrate-part-holders").to_owned(), lines: states.map(line).collect() }
}

fn name_of(flow: &Flow, key: &str) -> String {
    named_in(&[flow], key)
}

/// What people see of a field, in the first of these versions that has it.
fn named_in(flows: &[&Flow], key: &str) -> String {
    let found = flows.iter().find_map(|flow| flow.fields.get(key));
    found.map_or_else(|| key.to_owned(), |field| field.label.clone())
}

fn seen(words: &Words, flows: &[&Flow], outlook: &migrate::Outlook) -> Outlook {
    let groups = outlook.groups.iter().map(|(group, count)| {
        let fields: Vec<String> = group.fields.iter().map(|key| named_in(flows, key)).collect();
        (group.version, group.from.clone(), group.to.clone(), fields.join(words.word("list-comma")), *count)
    });
    Outlook {
        total: outlook.total,
        stranded: outlook.stranded,
        groups: groups.collect(),
        lacks: lacks(words, flows, &outlook.lacks),
    }
}

fn lacks(words: &Words, flows: &[&Flow], lacks: &BTreeMap<flow::Lack, Lacking>) -> Vec<Lack> {
    use flow::Lack as L;
    let what = |lack: &L| match lack {
        L::State(state) => words.one("migrate-lack-state", "state", state),
        L::Field(key) => words.one("migrate-lack-field", "field", named_in(flows, key)),
        L::Value(key, value) => words.two("migrate-lack-value", ("field", &named_in(flows, key)), ("value", value)),
        L::Required(key) => words.one("migrate-lack-required", "field", named_in(flows, key)),
        L::Holder => words.word("migrate-lack-holder").to_owned(),
        L::Button => words.word("migrate-lack-button").to_owned(),
        L::End => words.word("migrate-lack-end").to_owned(),
    };
    let place = |number: &i64| {
        let new = flows.first()?;
        Some((format!("/flow/{}/{number}", new.key), new.item_id(*number)))
    };
    let view = |(lack, of): (&L, &Lacking)| Lack {
        what: what(lack),
        count: of.count,
        items: of.numbers.iter().take(LINKED).filter_map(place).collect(),
    };
    lacks.iter().map(view).collect()
}

/// The map that the form says.
fn map(form: &Form) -> Map {
    let mut map = Map::default();
    for (name, value) in &form.0 {
        let Some((part, name)) = name.split_once(':') else { continue };
        let chosen = match value.strip_prefix('=') {
            Some(chosen) => chosen,
            None if value == "-" && matches!(part, "fields" | "words") => "",
            None if matches!(part, "values" | "holders") => value.trim(),
            None => continue,
        };
        let is_given = !chosen.is_empty() || matches!(part, "fields" | "words");
        if !is_given {
            continue;
        }
        let chosen = chosen.to_owned();
        match (part, name.split_once(':')) {
            ("states", _) => drop(map.states.insert(name.to_owned(), chosen)),
            ("fields", _) => drop(map.fields.insert(name.to_owned(), chosen)),
            ("values", _) => drop(map.values.insert(name.to_owned(), chosen)),
            ("holders", _) => drop(map.holders.insert(name.to_owned(), chosen)),
            ("words", Some((field, word))) => {
                map.words.entry(field.to_owned()).or_default().insert(word.to_owned(), chosen);
            }
            _ => {}
        }
    }
    map
}
