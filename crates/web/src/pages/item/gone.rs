//! The way that an item has gone, drawn into its flow's picture.

use app::{Error, Reading, item};
use axum::response::Response;
use flow::{Actor, Figure, Figures};

use crate::{
    pages::visit::rendered,
    server::Caller,
    view::item::{Gone, GonePart},
    words::Words,
};

/// What the page has before a script or a person asks.
pub(super) fn later((key, number): (&str, i64)) -> Gone {
    Gone { href: format!("/flow/{key}/{number}?picture=1"), picture: None }
}

/// Drawn.
pub(super) fn now(cx: &Reading, actor: &Actor, words: &Words, place: (&str, i64)) -> Result<Gone, Error> {
    let gone = item::gone(cx, actor, place)?;
    let mut figures = Figures { here: Some(gone.state), ..Figures::default() };
    for (from, to, times) in gone.ways {
        // that it was gone once is seen
        let lines = if times > 1 { vec![words.one("stats-times", "n", times)] } else { Vec::new() };
        figures.ways.insert((from, to), Figure { lines, weight: 1, ..Figure::default() });
    }
    let picture = flow::picture(&gone.flow, Some(&figures)).svg(false);
    Ok(Gone { picture: Some(picture), ..later(place) })
}

/// It alone.
pub(super) fn draw(cx: &Reading, caller: &Caller, place: (&str, i64)) -> Result<Response, Error> {
    rendered(&GonePart { f: caller.words, gone: now(cx, &caller.signed.actor, caller.words, place)? })
}
