//! Where an item came back: how often, when, where.

use app::{
    Error, Reading,
    item::{ItemPage, LinkedItem},
    like::{self, CameBack},
};
use axum::response::Response;
use flow::{Actor, Flow};

use super::similar::came_back;
use crate::{
    pages::{
        lists::{address, state_of},
        visit::rendered,
    },
    server::Caller,
    view::{
        form::ItemRef,
        item::{Returns, ReturnsOf, ReturnsPart},
        time,
    },
    words::Words,
};

/// Items that are listed.
const NEWEST: usize = 10;
/// Months that are shown.
const MONTHS: usize = 12;

/// What the page says before a script or a person asks: nothing where no link counts.
pub(super) fn later(cx: &Reading, known: &ItemPage) -> Option<Returns> {
    let counts = known.more_links.is_some() || known.links.iter().any(|link| counts(cx, &known.view.flow, link));
    counts.then(|| Returns { href: href(&known.view.flow.key, known.view.item.number), flows: None })
}

/// Whether a link says that the item came back.
fn counts(cx: &Reading, flow: &Flow, link: &LinkedItem) -> bool {
    let is_for_several = |flow: &Flow, key: &String| flow.fields.get(key).is_some_and(|field| field.multiple);
    let other = cx.flows.get(&link.flow);
    link.fields.iter().any(|key| is_for_several(flow, key))
        || link.back.iter().any(|key| other.is_some_and(|other| !is_for_several(&other.flow, key)))
}

fn href(key: &str, number: i64) -> String {
    format!("/flow/{key}/{number}?returns=all")
}

/// How often, when and where.
pub(super) fn now(cx: &Reading, actor: &Actor, words: &Words, (key, number): (&str, i64)) -> Result<Returns, Error> {
    let value = format!("{key}/{number}");
    let found = like::recurrence(cx, actor, key, number, NEWEST)?;
    let flows = found.into_iter().map(|one| shown(cx, words, &value, one)).collect();
    Ok(Returns { href: href(key, number), flows: Some(flows) })
}

fn shown(cx: &Reading, words: &Words, value: &str, one: CameBack) -> ReturnsOf {
    let CameBack { flow, times, field, mut months, newest } = one;
    let all = field.map(|field| address(&format!("/flow/{}/all", flow.key), &[("q", &format!("{field}={value}"))]));
    let line = |(row, places): (app::work::Row, Vec<String>)| {
        let at = jiff::Timestamp::from_millisecond(row.created_at).unwrap_or(cx.now);
        let day = time::exact(cx.zone, at).chars().take(10).collect();
        let item = ItemRef {
            href: Some(format!("/flow/{}/{}", row.flow, row.number)),
            state: Some(state_of(cx, &row.flow, &row.state)),
            id: row.id,
            title: row.title,
        };
        (day, item, places.join(" · "))
    };
    months.drain(..months.len().saturating_sub(MONTHS));
    ReturnsOf {
        name: flow.name.clone(),
        times: came_back(words, times),
        all,
        most: months.iter().map(|(_, count)| *count).max().unwrap_or(1),
        months,
        newest: newest.into_iter().map(line).collect(),
    }
}

/// It alone.
pub(super) fn draw(cx: &Reading, caller: &Caller, place: (&str, i64)) -> Result<Response, Error> {
    let returns = Some(now(cx, &caller.signed.actor, caller.words, place)?);
    rendered(&ReturnsPart { f: caller.words, returns })
}
