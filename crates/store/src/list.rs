//! Lists, page by page. A cursor holds the keys of the last row shown, so a page costs the same however deep it lies and
//! shows no row twice while others are added.

use std::collections::BTreeMap;

use flow::{Flow, Query, SortKey};
use sea_query::{Alias, Expr};

use crate::{
    Error, Tx,
    item::{self, BRIEF, Brief},
    query,
    row::Row,
    value::{Param, params},
};

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
        "select {BRIEF} from item i where {STRANDED} and (i.flow, i.number) > ($1, $2) order by i.flow, i.number limit $3"
    );
    let rows = tx.all(&sql, params![after_flow, after_number, bound(limit) + 1], |row| item::read_brief(row, 0))?;
    Ok(Page::cut(rows, limit, |last| cursor::write("stranded", &[(&last.flow).into(), last.number.into()])))
}

/// How many items `who` holds.
///
/// # Errors
/// The records failed.
pub fn pending_count(tx: &Tx, who: &str) -> Result<i64, Error> {
    tx.one("select count(*) from holder where who = $1", params![holder(who)], |row| row.int(0))
}

/// How many items of each flow `who` holds; flows without any are left out.
///
/// # Errors
/// The records failed.
pub fn pending_counts_by_flow(tx: &Tx, who: &str) -> Result<BTreeMap<String, i64>, Error> {
    let sql = "select flow, count(*) from holder where who = $1 group by flow";
    Ok(tx.all(sql, params![holder(who)], |row| Ok((row.text(0)?, row.int(1)?)))?.into_iter().collect())
}

/// How many items [`done`] lists, counted up to `cap`; whether there are more.
///
/// # Errors
/// The records failed.
pub fn done_count(tx: &Tx, who: &str, cap: i64) -> Result<(i64, bool), Error> {
    let sql = "select count(*) from (select 1 from took_part t where t.who = $1
               and not exists (select 1 from holder h where h.flow = t.flow and h.number = t.number and h.who = t.who)
               limit $2) as found";
    tx.one(sql, params![holder(who), cap + 1], |row| Ok(capped(row.int(0)?, cap)))
}

/// How many items [`created`] lists, counted up to `cap`; whether there are more.
///
/// # Errors
/// The records failed.
pub fn created_count(tx: &Tx, who: &str, cap: i64) -> Result<(i64, bool), Error> {
    let sql = "select count(*) from (select 1 from item where created_by = $1 limit $2) as found";
    tx.one(sql, params![who, cap + 1], |row| Ok(capped(row.int(0)?, cap)))
}

/// How many items [`stranded`] lists, counted up to `cap`; whether there are more.
///
/// # Errors
/// The records failed.
pub fn stranded_count(tx: &Tx, cap: i64) -> Result<(i64, bool), Error> {
    let sql = format!("select count(*) from (select 1 from item i where {STRANDED} limit $1) as found");
    tx.one(&sql, params![cap + 1], |row| Ok(capped(row.int(0)?, cap)))
}

/// A flow's items found by a query, in the order asked for; newest first if none is.
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
    let keys = query::keys(flow, sort);
    let kind = keys.iter().fold(format!("of {}", flow.key), |kind, key| {
        format!("{kind} {}{}", if key.descending { "-" } else { "" }, key.column)
    });
    let mut select = query::select(flow, query, visible);
    // The title stands in every brief already.
    let field = |key: &String| flow.fields.get(key).filter(|_| flow.title.as_ref() != Some(key));
    let fields: Vec<Option<&flow::Field>> = flow.columns.iter().map(field).collect();
    for name in BRIEF_NAMES.iter().copied().chain(keys.iter().map(|key| key.column.as_str())) {
        select.column(Alias::new(name));
    }
    select.exprs(fields.iter().flatten().filter_map(|field| query::field_column(field)));
    let last = cursor::read(&kind, cursor)?;
    if cursor.is_some() {
        if last.len() != keys.len() {
            return Err(Error::BadCursor);
        }
        let last = keys.iter().zip(&last).map(|(key, json)| query::cursor_value(json, key.holds));
        select.cond_where(query::after(&keys, &last.collect::<Result<Vec<_>, _>>()?));
    }
    query::order(&mut select, &keys);
    select.limit(u64::try_from(bound(limit) + 1).unwrap_or(u64::MAX));
    let (sql, params) = query::build(&select)?;
    let mut left = bound(limit);
    let rows = tx.all(&sql, &params, |row| {
        let brief = item::read_brief(row, 0)?;
        let first = BRIEF_NAMES.len();
        // Where a row stands in the order matters of the page's last one alone.
        left -= 1;
        let at = keys.iter().enumerate().filter(|_| left == 0);
        let at = at.map(|(at, key)| query::key_value(row, first + at, key.holds));
        let at = at.collect::<Result<Vec<_>, _>>()?;
        let mut index = first + keys.len();
        let mut cells = Vec::with_capacity(fields.len());
        for field in &fields {
            cells.push(match field.filter(|field| query::holds(&field.kind).is_some()) {
                Some(field) => {
                    index += 1;
                    query::value(row, index - 1, field)?
                }
                None => flow::Value::Empty,
            });
        }
        Ok((Found { brief, cells }, at))
    })?;
    let page = Page::cut(rows, limit, |(_, at)| cursor::write(&kind, at));
    let mut rows: Vec<Found> = page.rows.into_iter().map(|(found, _)| found).collect();
    add_long(tx, flow, &mut rows, &fields)?;
    Ok(Page { rows, next: page.next })
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
    let mut found = query::select(flow, query, visible);
    found.expr(Expr::cust("1")).limit(u64::try_from(cap + 1).unwrap_or(u64::MAX));
    let mut select = sea_query::Query::select();
    select.expr(Expr::cust("count(*)")).from_subquery(found, Alias::new("found"));
    let (sql, params) = query::build(&select)?;
    tx.one(&sql, &params, |row| Ok(capped(row.int(0)?, cap)))
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

/// Of `item i`: held by disabled users alone. Found from the few disabled users, not from the many items.
const STRANDED: &str = "(i.flow, i.number) in
       (select h.flow, h.number from users u join holder h on h.who = 'user:' || u.name where u.active = 0)
   and not exists (select 1 from holder o join users v on o.who = 'user:' || v.name
                   where o.flow = i.flow and o.number = i.number and v.active = 1)";

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
    for found in rows.iter_mut().filter(|_| !long.is_empty()) {
        let Some(row) = item::load(tx, &flow.key, found.brief.number)? else { continue };
        let mut item = row.read(flow)?;
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
        value::{hex, unhex},
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
        if keys.len() < 2 || keys.remove(0) != kind {
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
