//! Lists, page by page. A cursor holds the keys of the last row shown, so a page costs the same however deep it lies and
//! shows no row twice while others are added.

mod lead;

use std::collections::BTreeMap;

use flow::{Column, Flow, Query, SortKey};
use sea_query::{Alias, Expr};

use crate::{
    Error, Tx,
    item::{self, BRIEF, Brief},
    query,
    row::Row,
    value::{Param, params},
    words,
};

pub(crate) use lead::lead;

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// In the list's order.
    pub rows: Vec<T>,
    /// The next page's cursor; none on the last page.
    pub next: Option<String>,
}

/// Which items a person may see, as the flow's `view` says: made by the caller from the flow and the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visibility {
    /// Every one.
    All,
    /// Those to which the person stands in one of these relations.
    Rules(VisibleTo),
}

/// The relations by which a person sees an item; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisibleTo {
    /// The person's name as registered.
    pub user: String,
    /// Holding it.
    pub holder: bool,
    /// Having created it.
    pub creator: bool,
    /// Standing in one of these user fields.
    pub fields: Vec<String>,
}

/// A row of a flow's list.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What every list shows.
    pub brief: Brief,
    /// What stands in the flow's list columns, in their order; nothing where a column is no field, or the title.
    pub cells: Vec<flow::Value>,
}

/// 待办: what `who` holds, what came last first; of one flow or of all.
///
/// # Errors
/// [`Error::BadCursor`], or the records failed. So with every list.
pub fn pending(tx: &Tx, who: &str, flow: Option<&str>, cursor: Option<&str>, limit: i64) -> Result<Page<Brief>, Error> {
    let table = "holder t join item i on i.flow = t.flow and i.number = t.number";
    timeline(
        tx,
        &Timeline { kind: "pending", table, who_column: "who", at: "since", and: "" },
        &holder(who),
        flow,
        cursor,
        limit,
    )
}

/// 已办: what `who` pressed a trigger of and does not hold now; what was pressed last first.
///
/// # Errors
/// As [`pending`].
pub fn done(tx: &Tx, who: &str, flow: Option<&str>, cursor: Option<&str>, limit: i64) -> Result<Page<Brief>, Error> {
    let table = "took_part t join item i on i.flow = t.flow and i.number = t.number";
    let and = "and not exists (select 1 from holder h where h.flow = t.flow and h.number = t.number and h.who = t.who)";
    timeline(tx, &Timeline { kind: "done", table, who_column: "who", at: "at", and }, &holder(who), flow, cursor, limit)
}

/// 我发起的: what `who` created, newest first.
///
/// # Errors
/// As [`pending`].
pub fn created(tx: &Tx, who: &str, flow: Option<&str>, cursor: Option<&str>, limit: i64) -> Result<Page<Brief>, Error> {
    let list = Timeline { kind: "created", table: "item i", who_column: "created_by", at: "created_at", and: "" };
    timeline(tx, &list, who, flow, cursor, limit)
}

/// Items that are not closed and have no active holder, by flow and number: for administrators.
///
/// # Errors
/// As [`pending`].
pub fn stranded(tx: &Tx, cursor: Option<&str>, limit: i64) -> Result<Page<Brief>, Error> {
    let (after_flow, after_number) = match &cursor::read("stranded", cursor)?[..] {
        [] => (String::new(), 0),
        [flow, number] => (cursor::text(flow)?, cursor::int(number)?),
        _ => return Err(Error::BadCursor),
    };
    let sql = format!(
        "select s.flow, s.number from {STRANDED} and (s.flow, s.number) > ($1, $2) order by s.flow, s.number limit $3"
    );
    let values = params![after_flow, after_number, bound(limit) + 1];
    let rows = tx.all(&sql, values, |row| Ok((row.text(0)?, row.int(1)?)))?;
    let page = Page::cut(rows, limit, |(flow, number)| cursor::write("stranded", &[flow.into(), (*number).into()]));
    Ok(Page { rows: item::briefs(tx, &page.rows)?, next: page.next })
}

/// Whether `who` ever pressed a trigger of the item.
///
/// # Errors
/// The records failed.
pub fn took_part(tx: &Tx, who: &str, flow: &str, number: i64) -> Result<bool, Error> {
    let sql = "select 1 from took_part where flow = $1 and number = $2 and who = $3";
    Ok(tx.first(sql, params![flow, number, holder(who)], |row| row.int(0))?.is_some())
}

/// How many items [`pending`] lists, counted up to `cap`; whether there are more.
///
/// # Errors
/// The records failed.
pub fn pending_count(tx: &Tx, who: &str, flow: Option<&str>, cap: i64) -> Result<(i64, bool), Error> {
    capped_count(tx, "holder t where t.who = $1", &holder(who), flow, cap)
}

/// How many items of each of `flows` are held by `who`, counted up to `cap` each; flows without any are left out.
///
/// # Errors
/// The records failed.
pub fn pending_counts(tx: &Tx, who: &str, flows: &[&str], cap: i64) -> Result<BTreeMap<String, (i64, bool)>, Error> {
    let sql = "select flow, count(*) from (select flow from holder where who = $1 limit $2) as found group by flow";
    let first = tx.all(sql, params![holder(who), cap + 1], |row| Ok((row.text(0)?, row.int(1)?)))?;
    if first.iter().map(|(_, count)| count).sum::<i64>() <= cap {
        return Ok(first.into_iter().map(|(flow, count)| (flow, (count, false))).collect());
    }
    // so many that those looked at may be of one flow alone: each is asked for
    let mut counts = BTreeMap::new();
    for flow in flows {
        let count = pending_count(tx, who, Some(flow), cap)?;
        if count.0 > 0 {
            counts.insert((*flow).to_owned(), count);
        }
    }
    Ok(counts)
}

/// How many items [`done`] lists, counted up to `cap`; whether there are more.
///
/// # Errors
/// The records failed.
pub fn done_count(tx: &Tx, who: &str, flow: Option<&str>, cap: i64) -> Result<(i64, bool), Error> {
    let from = "took_part t where not exists
                (select 1 from holder h where h.flow = t.flow and h.number = t.number and h.who = t.who) and t.who = $1";
    capped_count(tx, from, &holder(who), flow, cap)
}

/// How many items [`created`] lists, counted up to `cap`; whether there are more.
///
/// # Errors
/// The records failed.
pub fn created_count(tx: &Tx, who: &str, flow: Option<&str>, cap: i64) -> Result<(i64, bool), Error> {
    capped_count(tx, "item t where t.created_by = $1", who, flow, cap)
}

fn capped_count(tx: &Tx, from: &str, who: &str, flow: Option<&str>, cap: i64) -> Result<(i64, bool), Error> {
    let read = |row: &Row| Ok(capped(row.int(0)?, cap));
    match flow {
        None => {
            let sql = format!("select count(*) from (select 1 from {from} limit $2) as found");
            tx.one(&sql, params![who, cap + 1], read)
        }
        Some(flow) => {
            let sql = format!("select count(*) from (select 1 from {from} and t.flow = $2 limit $3) as found");
            tx.one(&sql, params![who, flow, cap + 1], read)
        }
    }
}

/// How many items [`stranded`] lists, counted up to `cap`; whether there are more.
///
/// # Errors
/// The records failed.
pub fn stranded_count(tx: &Tx, cap: i64) -> Result<(i64, bool), Error> {
    let sql = format!("select count(*) from (select 1 from {STRANDED} limit $1) as found");
    tx.one(&sql, params![cap + 1], |row| Ok(capped(row.int(0)?, cap)))
}

/// A flow's items found by a query, in the order asked for; newest first if none is. With the flow's own columns.
///
/// # Errors
/// As [`pending`].
pub fn of_flow(
    tx: &Tx,
    flow: &Flow,
    query: &Query,
    sort: &[SortKey],
    visible: &Visibility,
    cursor: Option<&str>,
    limit: i64,
) -> Result<Page<Found>, Error> {
    let columns: Vec<Column> = flow.columns.iter().filter_map(|key| flow::column_named(flow, key)).collect();
    with_columns(tx, flow, &Sought { query, sort, visible, columns: &columns }, cursor, limit)
}

/// What is looked for among a flow's items, and what is told of them.
#[derive(Debug, Clone, Copy)]
pub struct Sought<'a> {
    /// Which items.
    pub query: &'a Query,
    /// In which order; newest first if none is given.
    pub sort: &'a [SortKey],
    /// Which of them the person may see.
    pub visible: &'a Visibility,
    /// What is told of each.
    pub columns: &'a [Column],
}

/// [`of_flow`] with columns of one's choice.
///
/// # Errors
/// As [`pending`].
pub fn with_columns(
    tx: &Tx,
    flow: &Flow,
    sought: &Sought,
    cursor: Option<&str>,
    limit: i64,
) -> Result<Page<Found>, Error> {
    let keys = query::keys(flow, sought.sort);
    let lead = lead(tx, flow, sought.query, sought.visible, &keys)?;
    led_by(tx, flow, (sought, keys), &lead, cursor, limit)
}

/// [`with_columns`], and how many there are: what [`count_near`] tells with `most`, by one index that is looked for once.
///
/// # Errors
/// As [`pending`].
pub fn counted(
    tx: &Tx,
    flow: &Flow,
    sought: &Sought,
    (cursor, limit): (Option<&str>, i64),
    most: i64,
) -> Result<(Page<Found>, (i64, bool)), Error> {
    let keys = query::keys(flow, sought.sort);
    let lead = lead(tx, flow, sought.query, sought.visible, &keys)?;
    let page = led_by(tx, flow, (sought, keys), &lead, cursor, limit)?;
    let shown = i64::try_from(page.rows.len()).unwrap_or(i64::MAX);
    let count = match is_countable(sought.query, sought.visible) {
        _ if cursor.is_none() && page.next.is_none() => (shown, false),
        true => count_near_led(tx, flow, sought.query, &lead, most)?,
        false => count(tx, flow, sought.query, sought.visible, most)?,
    };
    Ok((page, (count.0.max(shown), count.1)))
}

/// The newest items that a query finds, `limit` at most, and what [`count_near`] tells of them with `most`: by one index
/// that is looked for once.
///
/// # Errors
/// As [`pending`].
pub fn newest(
    tx: &Tx,
    flow: &Flow,
    query: &Query,
    visible: &Visibility,
    (limit, most): (i64, i64),
) -> Result<(Vec<Brief>, (i64, bool)), Error> {
    if *visible == Visibility::All
        && words::is_known(query)
        && !tx.is_far()
        && let Some(asked) = words::asked(query)
    {
        // the index tells both at once, the newest first
        let mut found = words::found(tx, &flow.key, &asked, None, limit.max(most) + 1)?;
        let count = capped(i64::try_from(found.len()).unwrap_or(i64::MAX), most);
        found.truncate(usize::try_from(limit).unwrap_or(0));
        return Ok((of_numbers(tx, flow, query, visible, found)?, count));
    }
    let sought = Sought { query, sort: &[], visible, columns: &[] };
    let (page, count) = counted(tx, flow, &sought, (None, limit), most)?;
    Ok((page.rows.into_iter().map(|found| found.brief).collect(), count))
}

fn led_by(
    tx: &Tx,
    flow: &Flow,
    (sought, keys): (&Sought, Vec<query::Key>),
    lead: &query::Lead,
    cursor: Option<&str>,
    limit: i64,
) -> Result<Page<Found>, Error> {
    let kind = keys.iter().fold(format!("of {}", flow.key), |kind, key| {
        format!("{kind} {}{}", if key.descending { "-" } else { "" }, key.column)
    });
    let last = cursor::read(&kind, cursor)?;
    if cursor.is_some() && last.len() != keys.len() {
        return Err(Error::BadCursor);
    }
    let last = keys.iter().zip(&last).map(|(key, json)| query::cursor_value(json, key.holds));
    let last = last.collect::<Result<Vec<Param>, Error>>()?;
    // The title stands in every brief already.
    let field = |column: &Column| match column {
        Column::Field(key) => flow.fields.get(key).filter(|_| flow.title.as_ref() != Some(key)),
        _ => None,
    };
    let fields: Vec<Option<&flow::Field>> = sought.columns.iter().map(field).collect();
    let list = Listed { flow, sought, fields: &fields, last: &last };
    let mut rows = Vec::new();
    match lead {
        query::Lead::Gathered(at, numbers) => {
            for piece in lead::pieces(numbers, keys[0].descending, last.first()) {
                list.read(tx, &keys, &query::Lead::Chosen(*at, piece.to_vec()), limit, &mut rows)?;
                if i64::try_from(rows.len()).is_ok_and(|rows| rows > bound(limit)) {
                    break;
                }
            }
        }
        lead => list.read(tx, &keys, lead, limit, &mut rows)?,
    }
    let page = Page::cut(rows, limit, |(_, at)| cursor::write(&kind, at));
    let mut rows: Vec<Found> = page.rows.into_iter().map(|(found, _)| found).collect();
    add_long(tx, flow, &mut rows, &fields)?;
    Ok(Page { rows, next: page.next })
}

/// A list of a flow's items: what is looked for, and where the page before ended.
struct Listed<'a> {
    flow: &'a Flow,
    sought: &'a Sought<'a>,
    /// What stands in the columns beside the brief.
    fields: &'a [Option<&'a flow::Field>],
    last: &'a [Param<'static>],
}

impl Listed<'_> {
    /// Adds the rows that this index leads to until there is one more than `limit`; the last row of the page has its place
    /// in the order with it.
    fn read(
        &self,
        tx: &Tx,
        keys: &[query::Key],
        lead: &query::Lead,
        limit: i64,
        rows: &mut Vec<(Found, Vec<Param<'static>>)>,
    ) -> Result<(), Error> {
        let Listed { flow, sought: Sought { query, visible, .. }, fields, last } = self;
        let mut select = query::select(flow, query, visible, lead, tx.one_of_numbers());
        let keys = match lead {
            query::Lead::Words(_) => query::by_words(keys),
            query::Lead::Any | query::Lead::Order if keys[0].column == "updated_at" => {
                query::by_change(&mut select, flow, keys)
            }
            _ => keys.to_vec(),
        };
        for name in BRIEF_NAMES.iter().copied().chain(keys.iter().map(|key| key.column.as_str())) {
            select.expr(query::column(name));
        }
        select.exprs(fields.iter().flatten().filter_map(|field| query::field_column(field)));
        if !last.is_empty() {
            select.cond_where(query::after(&keys, last));
        }
        query::order(&mut select, &keys);
        let mut left = bound(limit) - i64::try_from(rows.len()).unwrap_or(i64::MAX);
        select.limit(u64::try_from(left + 1).unwrap_or(0));
        let (sql, params) = query::build(&select)?;
        rows.extend(tx.all(&sql, &params, |row| {
            let brief = item::read_brief(row, 0)?;
            let first = BRIEF_NAMES.len();
            // Where a row stands in the order matters of the page's last one alone.
            left -= 1;
            let at = keys.iter().enumerate().filter(|_| left == 0);
            let at = at.map(|(at, key)| query::key_value(row, first + at, key.holds));
            let at = at.collect::<Result<Vec<_>, _>>()?;
            let mut index = first + keys.len();
            let mut cells = Vec::with_capacity(fields.len());
            for field in *fields {
                cells.push(match field.filter(|field| query::holds(&field.kind).is_some()) {
                    Some(field) => {
                        index += 1;
                        query::value(row, index - 1, field)?
                    }
                    None => flow::Value::Empty,
                });
            }
            Ok((Found { brief, cells }, at))
        })?);
        Ok(())
    }
}

/// Of the flow's items of these numbers, those that the query finds and the person may see, newest first.
pub(crate) fn of_numbers(
    tx: &Tx,
    flow: &Flow,
    query: &Query,
    visible: &Visibility,
    numbers: Vec<i64>,
) -> Result<Vec<Brief>, Error> {
    let lead = query::Lead::Numbers(numbers);
    let mut select = query::select(flow, query, visible, &lead, tx.one_of_numbers());
    select.exprs(BRIEF_NAMES.iter().map(|name| query::column(name)));
    query::order(&mut select, &query::keys(flow, &[]));
    let (sql, params) = query::build(&select)?;
    tx.all(&sql, &params, |row| item::read_brief(row, 0))
}

/// How many items a query finds, counted up to `cap`; whether there are more. All of a flow are known without counting.
///
/// # Errors
/// The records failed.
pub fn count(tx: &Tx, flow: &Flow, query: &Query, visible: &Visibility, cap: i64) -> Result<(i64, bool), Error> {
    if query.is_empty() && *visible == Visibility::All {
        let all = tally(tx, &flow.key)?.into_iter().map(|(_, items)| items).sum();
        return Ok((all, false));
    }
    if *visible == Visibility::All
        && words::is_known(query)
        && let Some(asked) = words::asked(query)
    {
        let found = words::found(tx, &flow.key, &asked, None, cap + 1)?;
        return Ok(capped(i64::try_from(found.len()).unwrap_or(i64::MAX), cap));
    }
    let lead = lead(tx, flow, query, visible, &[])?;
    count_led(tx, flow, query, visible, &lead, cap)
}

fn count_led(
    tx: &Tx,
    flow: &Flow,
    query: &Query,
    visible: &Visibility,
    lead: &query::Lead,
    cap: i64,
) -> Result<(i64, bool), Error> {
    let mut found = query::select(flow, query, visible, lead, tx.one_of_numbers());
    found.expr(Expr::cust("1")).limit(u64::try_from(cap + 1).unwrap_or(u64::MAX));
    if matches!(lead, query::Lead::Numbers(_) | query::Lead::Chosen(..)) {
        // an index that has the other columns would do without the items, but goes through all there are
        query::order(&mut found, &query::keys(flow, &[]));
    }
    let mut select = sea_query::Query::select();
    select.expr(Expr::cust("count(*)")).from_subquery(found, Alias::new("found"));
    let (sql, params) = query::build(&select)?;
    tx.one(&sql, &params, |row| Ok(capped(row.int(0)?, cap)))
}

/// At least how many items a query finds, told by the first `most` that might be among them; whether there may be more.
/// [`count`] without its cost where many items pass some terms and few pass all.
///
/// # Errors
/// The records failed.
pub fn count_near(tx: &Tx, flow: &Flow, query: &Query, visible: &Visibility, most: i64) -> Result<(i64, bool), Error> {
    if !is_countable(query, visible) {
        return count(tx, flow, query, visible, most);
    }
    count_near_led(tx, flow, query, &lead(tx, flow, query, visible, &[])?, most)
}

/// Whether [`count_near_led`] tells it with less than [`count`] costs, and as well.
fn is_countable(query: &Query, visible: &Visibility) -> bool {
    *visible == Visibility::All && !query.is_empty() && !words::is_known(query)
}

fn count_near_led(tx: &Tx, flow: &Flow, query: &Query, lead: &query::Lead, most: i64) -> Result<(i64, bool), Error> {
    let lead = match lead {
        query::Lead::Gathered(at, numbers) => {
            let (count, more) = capped(i64::try_from(numbers.len()).unwrap_or(i64::MAX), most);
            if query.terms.len() == 1 {
                return Ok((count, more));
            }
            let first = numbers.iter().copied().take(usize::try_from(most).unwrap_or(0)).collect();
            let (hits, _) = count_led(tx, flow, query, &Visibility::All, &query::Lead::Chosen(*at, first), most)?;
            return Ok((hits, more));
        }
        query::Lead::Numbers(_) | query::Lead::Chosen(..) => {
            return count_led(tx, flow, query, &Visibility::All, lead, most);
        }
        query::Lead::Term(at) => Some(*at),
        query::Lead::Words(_) => None,
        query::Lead::Any | query::Lead::Order => query::leads(flow, query).first().copied(),
    };
    let looked_at = query::candidates(flow, query, lead, u64::try_from(most + 1).unwrap_or(u64::MAX));
    let mut select = sea_query::Query::select();
    select.expr(Expr::cust("count(*)")).expr(Expr::cust("cast(coalesce(sum(hit), 0) as bigint)"));
    select.from_subquery(looked_at, Alias::new("found"));
    let (sql, params) = query::build(&select)?;
    tx.one(&sql, &params, |row| Ok((row.int(1)?.min(most), row.int(0)? > most)))
}

/// How many items of a flow are in each state; states without any are left out.
///
/// # Errors
/// The records failed.
pub fn tally(tx: &Tx, flow: &str) -> Result<Vec<(String, i64)>, Error> {
    let sql = "select state, cast(sum(items) as bigint) from tally where flow = $1
               group by state having sum(items) > 0 order by state";
    tx.all(sql, params![flow], |row| Ok((row.text(0)?, row.int(1)?)))
}

/// How many items of each flow are not closed; flows without any are left out.
///
/// # Errors
/// The records failed.
pub fn open_items(tx: &Tx) -> Result<BTreeMap<String, i64>, Error> {
    let sql = "select flow, cast(sum(items) as bigint) from tally where closed = 0 group by flow having sum(items) > 0";
    Ok(tx.all(sql, &[], |row| Ok((row.text(0)?, row.int(1)?)))?.into_iter().collect())
}

/// The columns of [`item::read_brief`] in a sheet.
const BRIEF_NAMES: [&str; 10] = [
    "flow",
    "number",
    "flow_version",
    "title",
    "state",
    "assigned_to",
    "created_by",
    "created_at",
    "updated_at",
    "closed_at",
];

/// `s`, items held by disabled users alone. Found from the few disabled users, not from the many items: a
/// table of its own has the engine begin there.
const STRANDED: &str = "(with held as materialized
     (select h.flow, h.number from users u join holder h on h.who = 'user:' || u.name where u.active = 0)
     select distinct flow, number from held) s
   where not exists (select 1 from holder o join users v on o.who = 'user:' || v.name
                     where o.flow = s.flow and o.number = s.number and v.active = 1)";

fn capped(found: i64, cap: i64) -> (i64, bool) {
    (found.min(cap), found > cap)
}

/// How a user is named in `holder` and `took_part`.
pub(crate) fn holder(who: &str) -> String {
    format!("user:{who}")
}

/// A limit as SQL takes it.
pub(crate) fn bound(limit: i64) -> i64 {
    limit.clamp(1, 10_000)
}

/// Text in which `like` finds itself, with `escape '\'`.
pub(crate) fn like_literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

impl<T> Page<T> {
    /// A page of the `limit + 1` rows that were asked for: the one too many says that there is a next page.
    pub(crate) fn cut(mut rows: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Page<T> {
        let limit = usize::try_from(bound(limit)).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(cursor);
        Page { rows, next }
    }
}

/// Long texts among a list's columns are in the items alone.
fn add_long(tx: &Tx, flow: &Flow, rows: &mut [Found], fields: &[Option<&flow::Field>]) -> Result<(), Error> {
    let fields = fields.iter().enumerate().filter_map(|(column, field)| Some((column, (*field)?)));
    let long: Vec<(usize, &flow::Field)> = fields.filter(|(_, field)| query::holds(&field.kind).is_none()).collect();
    if long.is_empty() {
        return Ok(());
    }
    let numbers: Vec<i64> = rows.iter().map(|found| found.brief.number).collect();
    let mut items = BTreeMap::new();
    for row in item::load_many(tx, &flow.key, &numbers)? {
        let item = row.read(flow)?;
        items.insert(item.number, item);
    }
    for found in rows {
        let Some(item) = items.get_mut(&found.brief.number) else { continue };
        for (column, field) in &long {
            found.cells[*column] = item.fields.shift_remove(&field.key).unwrap_or(flow::Value::Empty);
        }
    }
    Ok(())
}

/// A list of one person's items along a time, latest first.
struct Timeline {
    kind: &'static str,
    table: &'static str,
    who_column: &'static str,
    at: &'static str,
    and: &'static str,
}

fn timeline(
    tx: &Tx,
    list: &Timeline,
    who: &str,
    flow: Option<&str>,
    cursor: Option<&str>,
    limit: i64,
) -> Result<Page<Brief>, Error> {
    let Timeline { kind, table, who_column, at, and } = list;
    let t = if table.starts_with("item") { "i" } else { "t" };
    let (last_at, last_flow, last_number) = match &cursor::read(kind, cursor)?[..] {
        [] => (i64::MAX, String::new(), 0),
        [at, flow, number] => (cursor::int(at)?, cursor::text(flow)?, cursor::int(number)?),
        _ => return Err(Error::BadCursor),
    };
    let limit_and_one = bound(limit) + 1;
    let read = |row: &Row| Ok((row.int(0)?, item::read_brief(row, 1)?));
    let rows = match flow {
        None => {
            let sql = format!(
                "select {t}.{at}, {BRIEF} from {table}
                 where {t}.{who_column} = $1 and ({t}.{at}, {t}.flow, {t}.number) < ($2, $3, $4) {and}
                 order by {t}.{at} desc, {t}.flow desc, {t}.number desc limit $5"
            );
            tx.all(&sql, params![who, last_at, last_flow, last_number, limit_and_one], read)?
        }
        Some(flow) => {
            let sql = format!(
                "select {t}.{at}, {BRIEF} from {table}
                 where {t}.{who_column} = $1 and {t}.flow = $2 and ({t}.{at}, {t}.number) < ($3, $4) {and}
                 order by {t}.{at} desc, {t}.number desc limit $5"
            );
            tx.all(&sql, params![who, flow, last_at, last_number, limit_and_one], read)?
        }
    };
    let page = Page::cut(rows, limit, |(at, last)| {
        cursor::write(kind, &[(*at).into(), (&last.flow).into(), last.number.into()])
    });
    Ok(Page { rows: page.rows.into_iter().map(|(_, brief)| brief).collect(), next: page.next })
}

/// Cursors: the last row's keys behind the list's name, so that no other list takes them.
pub(crate) mod cursor {
    use serde_json::{Number, Value};

    use super::Param;
    use crate::{
        Error,
        value::{hex, is_unstorable, unhex},
    };

    pub(crate) fn write(kind: &str, keys: &[Param]) -> String {
        let keys = keys.iter().map(|key| match key {
            Param::Null => Value::Null,
            Param::Int(value) => Value::from(*value),
            Param::Real(value) => Number::from_f64(*value).map_or(Value::Null, Value::Number),
            Param::Text(value) => Value::from(value.as_ref()),
        });
        hex(Value::from_iter(std::iter::once(Value::from(kind)).chain(keys)).to_string().as_bytes())
    }

    /// The keys; none without a cursor.
    pub(crate) fn read(kind: &str, cursor: Option<&str>) -> Result<Vec<Value>, Error> {
        let Some(cursor) = cursor else { return Ok(Vec::new()) };
        let bytes = unhex(cursor).map_err(|_| Error::BadCursor)?;
        let mut keys: Vec<Value> = serde_json::from_slice(&bytes).map_err(|_| Error::BadCursor)?;
        let forged = keys.iter().any(|key| key.as_str().is_some_and(is_unstorable));
        if forged || keys.len() < 2 || keys.remove(0) != kind {
            return Err(Error::BadCursor);
        }
        Ok(keys)
    }

    pub(crate) fn int(key: &Value) -> Result<i64, Error> {
        key.as_i64().ok_or(Error::BadCursor)
    }

    pub(crate) fn text(key: &Value) -> Result<String, Error> {
        key.as_str().map(str::to_owned).ok_or(Error::BadCursor)
    }
}
