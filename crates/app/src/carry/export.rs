//! Out: what a list finds, whole and in parts, so that a million items need no more room than a thousand.

use std::{collections::BTreeMap, sync::Arc};

use flow::{Actor, By, Column, Flow, Item, QueryProblem};

use crate::{
    Error, Published, Reading,
    item::{self, HistoryEntry},
    work::{self, Listing, Part, Total},
};

/// Items in one part.
pub const PART: i64 = 1_000;
/// The same of a grouped list: each part counts the groups.
const GROUPED_PART: i64 = 5_000;

/// What is to be carried out.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// The flow.
    pub key: String,
    /// As in a list's `?q=`.
    pub query: String,
    /// As in a list's `?sort=`.
    pub sort: String,
    /// Keys or labels with commas between them; empty: every column.
    pub columns: String,
    /// As in a list's `?group=`: one group after the other, an item in each of its groups; empty: in none.
    pub group: String,
}

/// What will be carried out.
#[derive(Debug, Clone)]
pub struct Outline {
    /// The newest version of the flow.
    pub flow: Arc<Flow>,
    /// The columns, the ID first unless others were asked for.
    pub columns: Vec<Column>,
    /// Whether the columns were chosen.
    pub chosen: bool,
    /// How many items there are about.
    pub total: Total,
}

/// Finds out what `order` means, before anything is carried.
///
/// # Errors
/// `NotFound`, `BadQuery` (the columns and the group too).
pub fn outline(cx: &Reading, actor: &Actor, order: &Order) -> Result<Outline, Error> {
    let listing = listing(order, None, 1);
    let (Published { flow, .. }, rows) = work::items(cx, actor, &order.key, &listing)?;
    group(&flow, order)?;
    let chosen = !order.columns.trim().is_empty();
    let columns = if chosen { columns_asked(&flow, &order.columns)? } else { all_columns(&flow) };
    Ok(Outline { flow, columns, chosen, total: rows.total })
}

/// The items after `cursor`, each by the version of the flow that rules it, and the cursor of the next ones.
///
/// # Errors
/// `NotFound`, `BadQuery`, `BadCursor`.
pub fn part(
    cx: &Reading,
    actor: &Actor,
    order: &Order,
    cursor: Option<String>,
) -> Result<(Vec<Item>, Option<String>), Error> {
    let flow = Arc::clone(&cx.flow_for(actor, &order.key)?.flow);
    if let Some(by) = group(&flow, order)? {
        let (_, rows, _) = work::grouped(cx, actor, &order.key, &listing(order, cursor, GROUPED_PART), &by)?;
        let numbers: Vec<i64> = rows.rows.iter().map(|row| row.number).collect();
        let known: BTreeMap<i64, Item> =
            items(cx, &order.key, &numbers)?.into_iter().map(|item| (item.number, item)).collect();
        return Ok((numbers.iter().filter_map(|number| known.get(number).cloned()).collect(), rows.next));
    }
    let (query, sort) = work::parsed(cx, actor, &flow, &listing(order, None, PART))?;
    let visible = cx.visibility(actor, &flow);
    let page = store::list::of_flow(cx.tx, &flow, &query, &sort, &visible, cursor.as_deref(), PART)?;
    let numbers: Vec<i64> = page.rows.iter().map(|found| found.brief.number).collect();
    Ok((items(cx, &order.key, &numbers)?, page.next))
}

fn items(cx: &Reading, key: &str, numbers: &[i64]) -> Result<Vec<Item>, Error> {
    let read = |row: store::item::Row| {
        let flow = cx.version(key, row.version())?;
        Ok(row.read(&flow)?)
    };
    store::item::load_many(cx.tx, key, numbers)?.into_iter().map(read).collect()
}

/// What the file's items are grouped by.
fn group(flow: &Flow, order: &Order) -> Result<Option<By>, Error> {
    if order.group.trim().is_empty() { Ok(None) } else { Ok(Some(flow::parse_by(&order.group, flow)?)) }
}

/// Everything that happened to an item, oldest first. Who asks has seen the item.
///
/// # Errors
/// The store's.
pub fn history(cx: &Reading, key: &str, item: &Item) -> Result<Vec<HistoryEntry>, Error> {
    let flow = cx.version(key, item.flow_version)?;
    item::entries(cx, key, &flow, item.number, 0, i64::MAX)
}

/// The ID, what lists show, the other fields, the times.
#[must_use]
pub fn all_columns(flow: &Flow) -> Vec<Column> {
    let shown = flow.columns.iter().filter_map(|key| flow::column_named(flow, key));
    let built_ins = [Column::State, Column::AssignedTo, Column::CreatedBy];
    let fields = flow.fields.keys().map(|key| Column::Field(key.clone()));
    let times = [Column::Created, Column::Updated, Column::Closed];
    let mut columns = vec![Column::Number];
    for column in shown.chain(built_ins).chain(fields).chain(times) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

/// The columns named, by keys or labels, with commas between them; a name with a comma stands in quotes.
///
/// # Errors
/// Where one stands that there is not.
pub fn columns_asked(flow: &Flow, names: &str) -> Result<Vec<Column>, QueryProblem> {
    let mut columns = Vec::new();
    let mut quoted = false;
    let mut start = 0;
    let ends = names.char_indices().filter(|(_, letter)| {
        quoted ^= *letter == '"';
        *letter == ',' && !quoted
    });
    for end in ends.map(|(at, _)| at).chain([names.len()]).collect::<Vec<_>>() {
        let name = names[start..end].trim().trim_matches('"');
        let position = names[..start].chars().count();
        start = end + 1;
        if name.is_empty() {
            continue;
        }
        let column = flow::column_asked(flow, (name, position))?;
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    if columns.is_empty() {
        flow::column_asked(flow, ("", 0))?;
    }
    Ok(columns)
}

fn listing(order: &Order, cursor: Option<String>, limit: i64) -> Listing {
    let (query, sort) = (order.query.clone(), order.sort.clone());
    Listing { query, sort, part: Part { cursor, limit }, ..Listing::default() }
}
