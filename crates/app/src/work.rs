//! Many items: what waits for me, what I did, what I started, a flow's items, what nobody holds.

mod grouped;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use flow::{Actor, Column, Flow, Query, QueryContext, SortKey, Term, text::Needle};
pub use grouped::{Section, grouped};
use store::{
    item::Brief,
    list::{self, Visibility},
};

use crate::{
    Error, People, Published, Reading,
    item::{self, ItemView},
    people,
};

/// A count stops here where it would have to look at every item.
pub const COUNT_CAP: i64 = 10_000;

/// Where at least so many will do, so many items are looked at.
pub(crate) const NEAR: i64 = 2_000;

/// One line of a list.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its flow's key.
    pub flow: String,
    /// Its number.
    pub number: i64,
    /// `question_3`.
    pub id: String,
    /// Its title; its ID where it has none.
    pub title: String,
    /// Its state.
    pub state: String,
    /// Its holders.
    pub assigned_to: Vec<String>,
    /// Who created it.
    pub created_by: String,
    /// ms.
    pub created_at: i64,
    /// ms.
    pub updated_at: i64,
    /// ms; none while it is open.
    pub closed_at: Option<i64>,
    /// What stands in the list's columns, in their order, where the list is one flow's; nothing where a column is no field.
    pub cells: Vec<flow::Value>,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Rows {
    /// The lines.
    pub rows: Vec<Row>,
    /// The next page's cursor.
    pub next: Option<String>,
    /// How many there are in all.
    pub total: Total,
    /// What people see for everyone named.
    pub people: Arc<People>,
}

/// How many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    /// The count, or [`COUNT_CAP`].
    pub count: i64,
    /// There are more than that.
    pub capped: bool,
}

impl From<(i64, bool)> for Total {
    fn from((count, capped): (i64, bool)) -> Total {
        Total { count, capped }
    }
}

/// `10000+` where there are more.
impl std::fmt::Display for Total {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.count, if self.capped { "+" } else { "" })
    }
}

/// One of the lists over all flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// 待办: what I hold; what came last first.
    Pending,
    /// 已办: what I pressed and do not hold any more; what I pressed last first.
    Done,
    /// 我发起的: what I created; newest first.
    Created,
}

/// Where a page starts and how long it is.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// From the page before.
    pub cursor: Option<String>,
    /// Lines.
    pub limit: i64,
}

/// A flow as the menu and the home page show it.
#[derive(Debug, Clone)]
pub struct FlowCard {
    /// The flow.
    pub flow: Arc<Flow>,
    /// Its newest version.
    pub version: i64,
    /// Items that are not closed.
    pub open: i64,
    /// Items that the actor holds.
    pub mine: Total,
    /// Whether the actor may create one.
    pub may_create: bool,
}

/// The flows in use that the actor may enter: for the menu.
///
/// # Errors
/// The store's.
pub fn entered(cx: &Reading, actor: &Actor) -> Result<Vec<Arc<Flow>>, Error> {
    let mut flows = Vec::new();
    for published in cx.flows.in_use() {
        if cx.may_enter(actor, published)? {
            flows.push(Arc::clone(&published.flow));
        }
    }
    Ok(flows)
}

/// The flows in which the actor may create or see any item, in the order of their publication.
///
/// # Errors
/// The store's.
pub fn flows(cx: &Reading, actor: &Actor) -> Result<Vec<FlowCard>, Error> {
    let open = list::open_items(cx.tx)?;
    let keys: Vec<&str> = cx.flows.in_use().map(|published| published.flow.key.as_str()).collect();
    let mine = list::pending_counts(cx.tx, &actor.name, &keys, COUNT_CAP)?;
    let mut cards = Vec::new();
    for published in cx.flows.in_use() {
        if !cx.may_enter(actor, published)? {
            continue;
        }
        let key = &published.flow.key;
        cards.push(FlowCard {
            open: open_items_seen(cx, actor, published, &open)?,
            mine: mine.get(key).copied().map_or(Total::default(), Total::from),
            may_create: flow::may_create(&published.flow, actor),
            version: published.version,
            flow: Arc::clone(&published.flow),
        });
    }
    Ok(cards)
}

/// How many items of each flow are not closed, whoever may see them: for administrators at the command line.
///
/// # Errors
/// The store's.
pub fn open_items(cx: &Reading) -> Result<BTreeMap<String, i64>, Error> {
    Ok(list::open_items(cx.tx)?)
}

/// How many items wait for the actor.
///
/// # Errors
/// The store's.
pub fn pending_count(cx: &Reading, actor: &Actor) -> Result<Total, Error> {
    Ok(list::pending_count(cx.tx, &actor.name, None, COUNT_CAP)?.into())
}

/// One of the actor's lists over all flows, or within one.
///
/// # Errors
/// `BadCursor`.
pub fn work(cx: &Reading, actor: &Actor, which: Work, key: Option<&str>, part: &Part) -> Result<Rows, Error> {
    if cx.flows.all().any(|published| !matches!(cx.visibility(actor, &published.flow), Visibility::All)) {
        return seen_work(cx, actor, which, key, part);
    }
    let name = &actor.name;
    let page = briefs(cx, name, which, key, part.cursor.as_deref(), part.limit)?;
    if part.cursor.is_none() && page.next.is_none() {
        // All of it is on this page, as with most people's work: there is nothing else to count.
        let count = i64::try_from(page.rows.len()).unwrap_or(i64::MAX);
        return rows(cx, page, Total { count, capped: false });
    }
    let total = match which {
        Work::Pending => list::pending_count(cx.tx, name, key, COUNT_CAP)?,
        Work::Done => list::done_count(cx.tx, name, key, COUNT_CAP)?,
        Work::Created => list::created_count(cx.tx, name, key, COUNT_CAP)?,
    };
    rows(cx, page, total.into())
}

fn briefs(
    cx: &Reading,
    name: &str,
    which: Work,
    key: Option<&str>,
    cursor: Option<&str>,
    limit: i64,
) -> Result<list::Page<Brief>, Error> {
    Ok(match which {
        Work::Pending => list::pending(cx.tx, name, key, cursor, limit)?,
        Work::Done => list::done(cx.tx, name, key, cursor, limit)?,
        Work::Created => list::created(cx.tx, name, key, cursor, limit)?,
    })
}

/// [`work`] where the actor may not see every item of every flow: what went out of their sight is neither shown nor counted.
fn seen_work(cx: &Reading, actor: &Actor, which: Work, key: Option<&str>, part: &Part) -> Result<Rows, Error> {
    let mut page = list::Page { rows: Vec::new(), next: part.cursor.clone() };
    loop {
        let missing = part.limit - i64::try_from(page.rows.len()).unwrap_or(i64::MAX);
        let more = briefs(cx, &actor.name, which, key, page.next.as_deref(), missing)?;
        page.rows.extend(only_seen(cx, actor, more.rows)?);
        page.next = more.next;
        if page.next.is_none() || i64::try_from(page.rows.len()).unwrap_or(i64::MAX) >= part.limit {
            break;
        }
    }
    let (mut count, mut cursor) = (0, None);
    while count <= COUNT_CAP {
        let more = briefs(cx, &actor.name, which, key, cursor.as_deref(), 200)?;
        count += i64::try_from(only_seen(cx, actor, more.rows)?.len()).unwrap_or(0);
        cursor = more.next;
        if cursor.is_none() {
            break;
        }
    }
    rows(cx, page, Total { count: count.min(COUNT_CAP), capped: count > COUNT_CAP })
}

fn only_seen(cx: &Reading, actor: &Actor, briefs: Vec<Brief>) -> Result<Vec<Brief>, Error> {
    let mut seen = Vec::new();
    for brief in briefs {
        let known = cx.flows.get(&brief.flow).map(|published| cx.visibility(actor, &published.flow));
        let shown = match known {
            Some(Visibility::All) => true,
            _ => match item::load(cx, actor, &brief.flow, brief.number) {
                Ok(_) => true,
                Err(Error::NotFound) => false,
                Err(error) => return Err(error),
            },
        };
        if shown {
            seen.push(brief);
        }
    }
    Ok(seen)
}

/// The items that are not closed and have no active holder; for administrators.
///
/// # Errors
/// `AdminsOnly`, `BadCursor`.
pub fn stranded(cx: &Reading, actor: &Actor, part: &Part) -> Result<Rows, Error> {
    people::admins_only(actor)?;
    let page = list::stranded(cx.tx, part.cursor.as_deref(), part.limit)?;
    let (count, capped) = list::stranded_count(cx.tx, COUNT_CAP)?;
    rows(cx, page, Total { count, capped })
}

/// A flow that the actor may enter, with how many items are in each state: its own states in order, then states that only
/// older versions know.
///
/// # Errors
/// `NotFound`.
pub fn flow(cx: &Reading, actor: &Actor, key: &str) -> Result<(Published, Vec<(String, i64)>), Error> {
    let published = cx.flow_for(actor, key)?;
    let visible = cx.visibility(actor, &published.flow);
    let kept: BTreeMap<String, i64> = list::tally(cx.tx, key)?.into_iter().collect();
    let states: Vec<&String> = published
        .flow
        .states
        .keys()
        .chain(kept.keys().filter(|state| !published.flow.states.contains_key(*state)))
        .collect();
    let mut counts = Vec::new();
    for state in states {
        let count = match &visible {
            Visibility::All => kept.get(state).copied().unwrap_or(0),
            some => {
                let query = Query::state(state);
                list::count(cx.tx, &published.flow, &query, some, COUNT_CAP)?.0
            }
        };
        counts.push((state.clone(), count));
    }
    Ok((published.clone(), counts))
}

/// What to list of a flow.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// `?q=`.
    pub query: String,
    /// `?sort=`.
    pub sort: String,
    /// The columns; none: the flow's own.
    pub columns: Vec<Column>,
    /// The page.
    pub part: Part,
    /// How many there are of the whole flow, where the caller knows: not counted again for an empty query.
    pub whole: Option<i64>,
    /// Whether "at least so many" will do for the total where it would take long to count.
    pub near: bool,
}

/// A flow's items, found by a query: newest first unless sorted otherwise.
///
/// # Errors
/// `NotFound`, `BadQuery`, `BadCursor`.
pub fn items(cx: &Reading, actor: &Actor, key: &str, listing: &Listing) -> Result<(Published, Rows), Error> {
    let published = cx.flow_for(actor, key)?;
    let (query, sort) = parsed(cx, actor, &published.flow, listing)?;
    let visible = cx.visibility(actor, &published.flow);
    let part = &listing.part;
    let columns = columns_of(&published.flow, listing);
    let sought = list::Sought { query: &query, sort: &sort, visible: &visible, columns: &columns };
    let is_all = query.is_empty() && matches!(visible, Visibility::All);
    if listing.near && !is_all {
        let at = (part.cursor.as_deref(), part.limit);
        let (page, (count, capped)) = list::counted(cx.tx, &published.flow, &sought, at, NEAR)?;
        let rows = lines(&published.flow, page.rows).collect();
        let total = Total { count, capped };
        return Ok((published.clone(), Rows { rows, next: page.next, total, people: cx.people()? }));
    }
    let page = list::with_columns(cx.tx, &published.flow, &sought, part.cursor.as_deref(), part.limit)?;
    let shown = i64::try_from(page.rows.len()).unwrap_or(i64::MAX);
    let total = match listing.whole.filter(|_| is_all) {
        Some(count) => Total { count, capped: false },
        // The first page and the last: all are there to be counted.
        None if part.cursor.is_none() && page.next.is_none() => Total { count: shown, capped: false },
        None => total(cx, &published.flow, &query, &visible)?,
    };
    let rows = lines(&published.flow, page.rows).collect();
    Ok((published.clone(), Rows { rows, next: page.next, total, people: cx.people()? }))
}

/// The columns that a list shows.
fn columns_of<'l>(flow: &Flow, listing: &'l Listing) -> Cow<'l, [Column]> {
    if listing.columns.is_empty() { own_columns(flow).into() } else { (&listing.columns[..]).into() }
}

/// The columns of the flow's own list, after the ID.
#[must_use]
pub fn own_columns(flow: &Flow) -> Vec<Column> {
    flow.columns.iter().filter_map(|key| flow::column_named(flow, key)).collect()
}

fn lines(flow: &Flow, found: Vec<list::Found>) -> impl Iterator<Item = Row> {
    found.into_iter().map(|found| row(flow.item_id(found.brief.number), found.brief, found.cells))
}

/// [`items`], each whole: for the API.
///
/// # Errors
/// As [`items`].
pub fn whole_items(
    cx: &Reading,
    actor: &Actor,
    key: &str,
    listing: &Listing,
) -> Result<(Vec<ItemView>, Option<String>, Total), Error> {
    let (_, rows) = items(cx, actor, key, listing)?;
    whole(cx, actor, &rows.rows).map(|views| (views, rows.next, rows.total))
}

/// Each line's item, whole; what the actor may not see is left out.
///
/// # Errors
/// The store's.
pub fn whole(cx: &Reading, actor: &Actor, rows: &[Row]) -> Result<Vec<ItemView>, Error> {
    let mut views = Vec::new();
    for row in rows {
        match item::view(cx, actor, &row.flow, row.number) {
            Ok(view) => views.push(view),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(views)
}

/// The query and the order asked for, read.
pub(crate) fn parsed(
    cx: &Reading,
    actor: &Actor,
    flow: &Flow,
    listing: &Listing,
) -> Result<(Query, Vec<SortKey>), Error> {
    let context = QueryContext { me: &actor.name, now: cx.now, zone: cx.zone };
    let mut query = flow::parse_query(&listing.query, flow, &context)?;
    let mut failed = Ok(());
    query.spell_users(flow, |name| match store::user::by_name(cx.tx, name) {
        Ok(user) => user.map_or_else(|| name.to_owned(), |user| user.name),
        Err(error) => {
            failed = Err(error);
            name.to_owned()
        }
    });
    failed?;
    leave_out_signs(&mut query);
    Ok((query, flow::parse_sort(&listing.sort, flow)?))
}

/// A dash between words is no word: what stands beside others and is of signs alone is left out.
fn leave_out_signs(query: &mut Query) {
    let is_blank = |term: &Term| matches!(term, Term::Words(text) if Needle::new(text).is_blank());
    if query.terms.iter().any(|term| !is_blank(term)) {
        query.terms.retain(|term| !is_blank(term));
    }
    for term in &mut query.terms {
        if let Term::Any(ways) = term {
            ways.iter_mut().for_each(leave_out_signs);
        }
    }
}

fn total(cx: &Reading, flow: &Flow, query: &Query, visible: &Visibility) -> Result<Total, Error> {
    if query.is_empty() && matches!(visible, Visibility::All) {
        let count = list::tally(cx.tx, &flow.key)?.into_iter().map(|(_, count)| count).sum();
        return Ok(Total { count, capped: false });
    }
    let (count, capped) = list::count(cx.tx, flow, query, visible, COUNT_CAP)?;
    Ok(Total { count, capped })
}

fn open_items_seen(
    cx: &Reading,
    actor: &Actor,
    published: &Published,
    kept: &BTreeMap<String, i64>,
) -> Result<i64, Error> {
    match cx.visibility(actor, &published.flow) {
        Visibility::All => Ok(kept.get(&published.flow.key).copied().unwrap_or(0)),
        some => Ok(list::count(cx.tx, &published.flow, &Query::not_closed(), &some, COUNT_CAP)?.0),
    }
}

fn rows(cx: &Reading, page: list::Page<Brief>, total: Total) -> Result<Rows, Error> {
    let line = |brief: Brief| row(item::item_id(cx, &brief.flow, brief.number), brief, Vec::new());
    let rows = page.rows.into_iter().map(line).collect();
    Ok(Rows { rows, next: page.next, total, people: cx.people()? })
}

pub(crate) fn row(id: String, brief: Brief, cells: Vec<flow::Value>) -> Row {
    Row {
        title: if brief.title.trim().is_empty() { id.clone() } else { brief.title },
        id,
        number: brief.number,
        state: brief.state,
        closed_at: brief.closed_at,
        assigned_to: brief.assigned_to,
        created_by: brief.created_by,
        created_at: brief.created_at,
        updated_at: brief.updated_at,
        flow: brief.flow,
        cells,
    }
}
