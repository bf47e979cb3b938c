//! A flow's items as a board: a column for each state, the first cards of each.

use std::collections::{BTreeMap, BTreeSet};

use flow::{Actor, Column as By, Query, SortKey};
use store::list::{self, Visibility};

use crate::{
    Error, People, Published, Reading,
    work::{self, Listing, NEAR, Row, Total},
};

/// Cards in a column.
const CARDS: i64 = 30;
/// Cards in a column of what is finished.
const FINISHED: i64 = 10;

/// A flow's board.
#[derive(Debug)]
pub struct Board {
    /// One for each state.
    pub columns: Vec<Column>,
    /// What people see for everyone named.
    pub people: std::sync::Arc<People>,
}

/// The items in one state.
#[derive(Debug)]
pub struct Column {
    /// The state.
    pub state: String,
    /// How many the query finds there.
    pub total: Total,
    /// The first of them.
    pub cards: Vec<Card>,
    /// There are more.
    pub more: bool,
}

/// An item on the board.
#[derive(Debug)]
pub struct Card {
    /// What every list shows of it.
    pub row: Row,
    /// When it came there, ms, where its state says how long it may stay.
    pub entered: Option<i64>,
}

/// The flow's items that a query finds, by state: the flow's states in order, then those of older versions that have items.
/// What changed last comes first; among very many the newest do, which an index tells.
///
/// # Errors
/// `NotFound`, `BadQuery`.
pub fn board(
    cx: &Reading,
    actor: &Actor,
    published: &Published,
    counts: &[(String, i64)],
    query: &str,
) -> Result<Board, Error> {
    let flow = &published.flow;
    let listing = Listing { query: query.to_owned(), ..Listing::default() };
    let (query, _) = work::parsed(cx, actor, flow, &listing)?;
    let visible = cx.visibility(actor, flow);
    let mut columns = Vec::new();
    for (state, count) in counts {
        columns.push(column(cx, published, (&query, &visible), state, *count)?);
    }
    Ok(Board { columns, people: cx.people()? })
}

fn column(
    cx: &Reading,
    published: &Published,
    (query, visible): (&Query, &Visibility),
    state: &str,
    count: i64,
) -> Result<Column, Error> {
    let flow = &published.flow;
    let known = flow.states.get(state);
    let limit = if known.is_some_and(|state| state.is_final) { FINISHED } else { CARDS };
    let newest = SortKey { column: By::Updated, descending: true };
    let sort = if count > NEAR { Vec::new() } else { vec![newest] };
    let mut here = query.clone();
    here.terms.extend(Query::state(state).terms);
    let page = list::of_flow(cx.tx, flow, &here, &sort, visible, None, limit)?;
    let shown = i64::try_from(page.rows.len()).unwrap_or(i64::MAX);
    let total = match () {
        () if query.is_empty() => Total { count, capped: false },
        () if page.next.is_none() => Total { count: shown, capped: false },
        () => {
            let (near, capped) = list::count_near(cx.tx, flow, &here, visible, NEAR)?;
            Total { count: near.max(shown), capped }
        }
    };
    let entered = match known.and_then(|state| state.due_minutes) {
        Some(_) => {
            let numbers: BTreeSet<i64> = page.rows.iter().map(|found| found.brief.number).collect();
            store::item::entered(cx.tx, &flow.key, &numbers)?
        }
        None => BTreeMap::new(),
    };
    let card = |found: list::Found| Card {
        entered: entered.get(&found.brief.number).copied(),
        row: work::row(flow.item_id(found.brief.number), found.brief, found.cells),
    };
    let more = page.next.is_some();
    Ok(Column { state: state.to_owned(), total, cards: page.rows.into_iter().map(card).collect(), more })
}
