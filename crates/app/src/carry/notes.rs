//! What a release is told by: the items that reached a state between two days, and what each says of itself.

use std::{collections::BTreeSet, sync::Arc};

use flow::{Actor, Column, Edge, Flow, Item, Kind, Range, Scalar, Term, Test};
use jiff::civil::Date;

use crate::{
    Error, Reading, Writing,
    people::admins_only,
    work::{self, Listing},
};

/// Items at most.
pub const MOST: i64 = 10_000;
/// Numbers in one statement.
const PART: usize = 200;
/// Characters of a layout.
pub const LAYOUT_MAX: usize = 20_000;

/// Which items, and what of them.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The flow.
    pub key: String,
    /// The state that they reached …
    pub state: String,
    /// … on this day at the earliest …
    pub from: Date,
    /// … and on this one at the latest.
    pub to: Date,
    /// The field with the note; `release_notes`, if absent.
    pub note: Option<String>,
    /// What they are put together by.
    pub group_by: Option<String>,
    /// Only what this query finds.
    pub query: String,
}

/// The items, those that reached the state first before the others.
#[derive(Debug, Clone)]
pub struct Found {
    /// The newest version of the flow.
    pub flow: Arc<Flow>,
    /// Key of the field with the note.
    pub note: String,
    /// What they are put together by.
    pub group_by: Option<Column>,
    /// Each with the moment, ms, when it last reached the state within the time.
    pub items: Vec<(Item, i64)>,
    /// There are more than [`MOST`].
    pub capped: bool,
}

/// Finds them.
///
/// # Errors
/// `NotFound`; `BadQuery`, also for a state or a field that is none.
pub fn find(cx: &Reading, actor: &Actor, asked: &Asked) -> Result<Found, Error> {
    let flow = Arc::clone(&cx.flow_for(actor, &asked.key)?.flow);
    let note = note_field(&flow, asked.note.as_deref())?;
    let group_by = asked.group_by.as_deref().filter(|name| !name.is_empty());
    let group_by = group_by.map(|name| flow::column_asked(&flow, (name, 0))).transpose()?;
    // The last days of the calendar begin at no moment.
    let moment = |day: Date| day.to_zoned(cx.zone.clone()).map(|start| start.timestamp().as_millisecond());
    let from = moment(asked.from).unwrap_or(i64::MAX);
    let until = asked.to.tomorrow().and_then(moment).unwrap_or(i64::MAX);
    let listing = Listing { query: asked.query.clone(), ..Listing::default() };
    let (query, _) = work::parsed(cx, actor, &flow, &listing)?;
    flow::state_asked(&flow, &asked.state)?;
    let mut reached = store::item::reached(cx.tx, &flow.key, &asked.state, (from, until), MOST + 1)?;
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let capped = reached.len() > most;
    reached.truncate(most);
    let visible = cx.visibility(actor, &flow);
    let mut items = Vec::new();
    for part in reached.chunks(PART) {
        let mut query = query.clone();
        query.terms.push(among(part.iter().map(|(number, _)| *number)));
        let page = store::list::of_flow(cx.tx, &flow, &query, &[], &visible, None, i64::try_from(PART).unwrap_or(1))?;
        let found: BTreeSet<i64> = page.rows.iter().map(|row| row.brief.number).collect();
        let kept: Vec<(i64, i64)> = part.iter().copied().filter(|(number, _)| found.contains(number)).collect();
        let numbers: Vec<i64> = kept.iter().map(|(number, _)| *number).collect();
        for (row, (_, at)) in store::item::load_many(cx.tx, &flow.key, &numbers)?.into_iter().zip(&kept) {
            let rules = cx.version(&flow.key, row.version())?;
            items.push((row.read(&rules)?, *at));
        }
    }
    Ok(Found { flow, note, group_by, items, capped })
}

/// The fields that may hold a note.
pub fn note_fields(flow: &Flow) -> impl Iterator<Item = &flow::Field> {
    flow.fields.values().filter(|field| matches!(field.kind, Kind::Text { .. } | Kind::Textarea { .. }))
}

/// The layout that administrators gave the flow's notes; none: the one that comes along.
///
/// # Errors
/// `NotFound`.
pub fn layout(cx: &Reading, actor: &Actor, key: &str) -> Result<Option<String>, Error> {
    let flow = &cx.flow_for(actor, key)?.flow;
    Ok(store::setting::get(cx.tx, &setting(&flow.key))?)
}

/// Gives the flow's notes a layout, or (none) takes it away.
///
/// # Errors
/// `NotFound`, `AdminsOnly`.
pub fn set_layout(cx: &Writing, actor: &Actor, key: &str, layout: Option<&str>) -> Result<(), Error> {
    let name = setting(&cx.flow_for(actor, key)?.flow.key);
    admins_only(actor)?;
    match layout {
        Some(text) => store::setting::set(cx.tx, &name, text)?,
        None => store::setting::remove(cx.tx, &name)?,
    }
    let detail = serde_json::json!({"flow": key, "own": layout.is_some()});
    Ok(store::audit::add(cx.tx, cx.now.as_millisecond(), &actor.name, "release_notes.layout", &detail)?)
}

fn setting(key: &str) -> String {
    format!("release notes of {key}")
}

fn note_field(flow: &Flow, named: Option<&str>) -> Result<String, Error> {
    let name = named.filter(|name| !name.is_empty()).unwrap_or("release_notes");
    Ok(flow::text_field_asked(flow, name)?.key.clone())
}

/// The items of these numbers.
fn among(numbers: impl Iterator<Item = i64>) -> Term {
    let one = |number| {
        let edge = Some(Edge { at: Scalar::Moment(number), inclusive: true });
        Range { low: edge.clone(), high: edge }
    };
    Term::Column { column: Column::Number, test: Test::Within { ranges: numbers.map(one).collect(), negated: false } }
}
