//! A flow's board, what a card on it may do, and the press of a card: the same buttons, form and press as the item's page.

use app::{
    Error, Reading,
    board::{self, Card},
    item, work,
};
use axum::{
    extract::{Path, State},
    http::{StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use flow::{Button, Choices, CommentRule, Flow, Kind};
use serde::Deserialize;

use super::{
    Posted, carry_out,
    fields::{Typed, Values, views},
    history,
    page::{Refused, Shown, errors, needs, other_troubles, people, scene},
    parts,
    scene::Scene,
};
use crate::{
    api::body::number,
    body::Form,
    pages::{
        ask,
        lists::{address, is_for, trouble, when},
        visit::{Around, Visit, rendered},
    },
    server::{Caller, Web},
    view::{
        Active, StateChip,
        board::{AskView, BoardCard, BoardColumn, BoardPage, MoveView, MovesPage},
        form::{FieldView, Trouble},
        item::stay_words,
        lists::QueryTrouble,
    },
    words::Words,
};

/// What an address says beside its path.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// The query of the board.
    q: String,
    /// The trigger whose form is asked for.
    trigger: String,
    /// Only what leads to this state.
    to: String,
}

fn asked(uri: &Uri) -> Option<Asked> {
    axum::extract::Query::<Asked>::try_from_uri(uri).ok().map(|query| query.0)
}

/// `GET /flow/{flow}/board`
pub(crate) async fn board(visit: Visit, State(web): State<Web>, Path(key): Path<String>, uri: Uri) -> Response {
    let Some(asked) = asked(&uri) else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    visit.page(&web, move |cx, caller, around| draw_board(cx, caller, around, &key, &asked.q)).await
}

fn draw_board(cx: &Reading, caller: &Caller, around: &Around, key: &str, q: &str) -> Result<Response, Error> {
    let actor = &caller.signed.actor;
    let (published, mut counts) = work::flow(cx, actor, key)?;
    let flow = &published.flow;
    counts.retain(|(state, count)| flow.states.contains_key(state) || *count > 0);
    let (columns, problem): (_, Option<QueryTrouble>) = match board::board(cx, actor, &published, &counts, q) {
        Ok(board) => {
            let column = |column: &board::Column| draw_column(cx, around.words, flow, (column, &board.people), q);
            (board.columns.iter().map(column).collect(), None)
        }
        Err(Error::BadQuery(problem)) => (Vec::new(), Some(trouble(around.words, q, &problem))),
        Err(other) => return Err(other),
    };
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = BoardPage {
        f: around.live_frame(cx, around.words.word("board"), Active::Flow(key), format!("/live/flow/{key}")),
        key,
        name: &flow.name,
        may_create: !published.archived && flow::may_create(flow, actor),
        q,
        list: address(&format!("/flow/{key}/all"), &[("q", q)]),
        problem,
        columns,
    };
    let drawn = if is_for(around, "board") { rendered(&page.as_board()) } else { rendered(&page) }?;
    Ok((status, drawn).into_response())
}

fn draw_column(
    cx: &Reading,
    words: &'static Words,
    flow: &Flow,
    (column, people): (&board::Column, &app::People),
    q: &str,
) -> BoardColumn {
    let key = &flow.key;
    let here = ask::with(q, "state", "=", &ask::word(&column.state));
    let due = flow.states.get(&column.state).and_then(|state| state.due_minutes);
    let card = |card: &Card| BoardCard {
        number: card.row.number,
        id: card.row.id.clone(),
        title: card.row.title.clone(),
        holders: card
            .row
            .assigned_to
            .iter()
            .map(|name| crate::view::Person { name: name.clone(), display: people.display(name).to_owned() })
            .collect(),
        word: first_word(flow, &card.row.cells),
        due: card.entered.map(|entered| stay_words(words, (cx.now.as_millisecond() - entered) / 1000, due)),
        when: when(cx, words, card.row.updated_at),
        moves: address(&format!("/flow/{key}/board/{}/moves", card.row.number), &[("q", q)]),
    };
    BoardColumn {
        state: StateChip::of(flow, &column.state),
        total: column.total.to_string(),
        href: address(&format!("/flow/{key}/all"), &[("q", &here)]),
        more: column.more,
        cards: column.cards.iter().map(card).collect(),
    }
}

/// What is chosen in the first of the list's columns that offers few words.
fn first_word(flow: &Flow, cells: &[flow::Value]) -> Option<String> {
    flow.columns.iter().zip(cells).find_map(|(key, value)| match &flow.fields.get(key)?.kind {
        Kind::Choice(Choices::Flat(_)) => value.texts().first().cloned(),
        _ => None,
    })
}

/// `GET /flow/{flow}/board/{number}/moves`: what a card may do; with `trigger`, what that one asks for.
pub(crate) async fn moves(
    visit: Visit,
    State(web): State<Web>,
    Path((key, text)): Path<(String, String)>,
    uri: Uri,
) -> Response {
    let Some(asked) = asked(&uri) else { return visit.error(&web, StatusCode::BAD_REQUEST, None).await };
    visit
        .page(&web, move |cx, caller, around| {
            let number = number(&text).ok_or(Error::NotFound)?;
            draw_moves(cx, caller, around, (&key, number), &asked, None)
        })
        .await
}

/// `POST /flow/{flow}/board/{number}/moves`: presses a card's trigger.
pub(crate) async fn press(State(web): State<Web>, uri: Uri, Posted { visit, key, text, form }: Posted) -> Response {
    let asked = asked(&uri).unwrap_or_default();
    let visit = visit.at(format!("/flow/{key}/board/{text}/moves"));
    if !form.has("trigger") || !form.has("revision") {
        return visit.error(&web, StatusCode::BAD_REQUEST, None).await;
    }
    let (place, sent) = ((key.clone(), text.clone()), form.clone());
    let done = web.write_as(visit.session.clone(), visit.language, move |cx, caller| {
        let number = number(&place.1).ok_or(Error::NotFound)?;
        carry_out(cx, &caller.signed.actor, caller.words, (&place.0, number), &sent)
    });
    match done.await.map_err(Refused::from) {
        Ok(done) if visit.htmx => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], done.about).into_response(),
        Ok(done) => {
            let to = if done.to == "/" { done.to } else { address(&format!("/flow/{key}/board"), &[("q", &asked.q)]) };
            visit.go(&web, &to, Some((done.code, &done.about)))
        }
        Err(Err(failed)) => visit.failed(&web, failed).await,
        Err(Ok(refused)) => draw_again(visit, &web, (key, text), asked, (form, refused)).await,
    }
}

/// What a trigger asks for with what was typed; nothing is done.
pub(crate) async fn moves_again(visit: Visit, web: &Web, (key, text): (&str, &str), form: Form) -> Response {
    let visit = visit.at(format!("/flow/{key}/board/{text}/moves"));
    draw_again(visit, web, (key.to_owned(), text.to_owned()), Asked::default(), (form, Refused::nothing())).await
}

async fn draw_again(
    visit: Visit,
    web: &Web,
    (key, text): (String, String),
    asked: Asked,
    sent: (Form, Refused),
) -> Response {
    let wait = sent.1.retry_after_s;
    let page = visit.page(web, move |cx, caller, around| {
        let number = number(&text).ok_or(Error::NotFound)?;
        draw_moves(cx, caller, around, (&key, number), &asked, Some(&sent))
    });
    super::retry_after(page.await, wait)
}

fn draw_moves(
    cx: &Reading,
    caller: &Caller,
    around: &Around,
    (key, number): (&str, i64),
    asked: &Asked,
    sent: Option<&(Form, Refused)>,
) -> Result<Response, Error> {
    let (actor, words) = (&caller.signed.actor, around.words);
    let (flow, stored) = item::stored(cx, actor, key, number)?;
    let typed = sent.map(|(form, _)| Typed::of(form));
    let input = typed.as_ref().map(|typed| typed.input(cx, &flow, &stored.fields)).unwrap_or_default();
    let revision = sent.and_then(|(form, _)| super::revision(form));
    let known = item::page(cx, actor, (key, number), &Shown::of("", None).asked(&input, revision))?;
    let scene = scene(cx, (actor, words), &known, typed.as_ref())?;
    let view = &known.view;
    let bar = parts::press_bar(&scene, view, known.may_save, "", None);
    let allowed: Vec<&Button> = view.buttons.iter().filter(|button| button.refusal.is_none()).collect();
    let trigger = sent.map_or(asked.trigger.as_str(), |(form, _)| form.text("trigger"));
    // Of a card that was dropped, nothing was typed.
    let is_bare = sent.is_some_and(|(form, _)| form.0.iter().all(|(name, _)| name == "trigger" || name == "revision"));
    let chosen = allowed.iter().find(|button| button.trigger == trigger && !(is_bare && is_direct(view, button)));
    let ask = match chosen {
        Some(button) => Some(ask_for(&scene, &known, button, (typed.as_ref(), sent))?),
        None => None,
    };
    let action = address(&format!("/flow/{key}/board/{number}/moves"), &[("q", &asked.q)]);
    let to = |state: &str| StateChip::of(scene.flow, state);
    let href =
        |trigger: &str| address(&format!("/flow/{key}/board/{number}/moves"), &[("q", &asked.q), ("trigger", trigger)]);
    let moves = bar.buttons.into_iter().zip(&allowed).map(|(one, button)| MoveView {
        to: to(&button.dest),
        direct: is_direct(view, button),
        href: href(&button.trigger),
        button: one,
    });
    let moves: Vec<MoveView> =
        moves.filter(|one| asked.to.is_empty() || sent.is_some() || one.to.name == asked.to).collect();
    // What is wrong with the fields is said at them.
    let said = sent.filter(|(_, refused)| ask.is_none() || !refused.is_invalid());
    let title = Some(view.title()).filter(|title| !title.trim().is_empty());
    let page = MovesPage {
        f: around.frame(words.word("board-moves"), Active::Flow(key)),
        key,
        flow_name: &flow.name,
        number,
        id: view.id(),
        title: title.unwrap_or_else(|| view.id()),
        state: to(&view.item.state),
        revision: view.item.revision,
        action,
        back: address(&format!("/flow/{key}/board"), &[("q", &asked.q)]),
        idle: bar.idle.filter(|_| moves.is_empty()),
        moves,
        refused: bar.refused,
        said: said.and_then(|(_, refused)| match refused.is_stale() && is_bare {
            true => Some(words.word("board-stale").to_owned()),
            false => refused.sentence(&scene),
        }),
        ask,
    };
    let status = sent.map_or(StatusCode::OK, |(_, refused)| refused.status);
    let drawn = if is_for(around, "moves") { rendered(&page.as_moves()) } else { rendered(&page) }?;
    Ok((status, drawn).into_response())
}

/// The fields that a trigger asks for, of which nothing is there yet.
pub(super) fn missing<'b>(view: &'b item::ItemView, button: &'b Button) -> impl Iterator<Item = &'b String> {
    let is_empty = |key: &&String| view.flow.fields.get(*key).is_some_and(|field| view.item.value(field).is_empty());
    button.needs.iter().filter(is_empty)
}

/// Whether the trigger asks for nothing that is not there.
fn is_direct(view: &item::ItemView, button: &Button) -> bool {
    button.comment != CommentRule::Required && missing(view, button).next().is_none()
}

fn ask_for(
    scene: &Scene,
    known: &item::ItemPage,
    button: &Button,
    (typed, sent): (Option<&Typed>, Option<&(Form, Refused)>),
) -> Result<AskView, Error> {
    let now = &known.view.item;
    let before = known.missed.as_ref().map(|missed| history::before(&missed.entries));
    let errors = sent.map(|(_, refused)| errors(scene, refused)).unwrap_or_default();
    let values = Values { stored: &now.fields, typed, since: before.as_ref(), errors: &errors, needs: needs(known) };
    let mut fields = views(scene, &now.state, true, &values);
    fields.retain(FieldView::writable);
    for field in fields.iter_mut().filter(|field| button.needs.contains(&field.key)) {
        field.required = true;
        field.note = None;
    }
    let comment_error = errors.get("comment").cloned();
    let mut troubles = Trouble::of(&fields);
    let invalid = sent.filter(|(_, refused)| refused.is_invalid());
    if let Some((_, refused)) = invalid {
        troubles.extend(other_troubles(scene, refused, &fields, button.comment != CommentRule::None));
    }
    let people = people(scene.cx, &fields, false)?;
    let needed: Vec<&String> = missing(&known.view, button).collect();
    let (first, others) = fields.into_iter().partition(|field| needed.contains(&&field.key) || field.error.is_some());
    let said = sent.map(|(form, _)| form.text("comment").to_owned()).unwrap_or_default();
    Ok(AskView {
        trigger: button.trigger.clone(),
        to: StateChip::of(scene.flow, &button.dest),
        first,
        others,
        comment: (button.comment != CommentRule::None).then(|| (said, button.comment == CommentRule::Required)),
        comment_error,
        troubles,
        people,
    })
}
