//! Counting a flow's items by what stands in their columns. It reads the flow's sheet, which no index spares it: whoever
//! counts bounds the transaction first ([`crate::Tx::bound`]).

use std::collections::BTreeMap;

use flow::{By, BySort, Column, Flow, Query, Span};
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, date},
    tz::TimeZone,
};
use sea_query::{Alias, Expr, ExprTrait, Order, SelectStatement};

use crate::{
    Error, Tx,
    list::{self, Visibility},
    query,
    row::Row,
    value::params,
};

/// What items that are counted together have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// This word: a choice, a state, a person.
    Word(String),
    /// Yes or no.
    Bool(bool),
    /// The first day of this stretch of time.
    From(Date),
    /// Nothing stands there.
    Empty,
}

/// How many items there are of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// What they have in common, one for each `by`, and how many they are.
    pub rows: BTreeMap<Vec<Group>, i64>,
    /// How many were counted: each item once, however many values it has.
    pub total: i64,
}

/// Counts the items that the query finds and the person may see.
///
/// # Errors
/// The records failed, or it was broken off.
pub fn counted(
    tx: &Tx,
    flow: &Flow,
    query: &Query,
    visible: &Visibility,
    by: &[By],
    zone: &TimeZone,
) -> Result<Counted, Error> {
    let whole = query.is_empty() && *visible == Visibility::All;
    match by {
        [] => {
            let (total, _) = list::count(tx, flow, query, visible, i64::MAX - 1)?;
            let rows = (total > 0).then(|| (Vec::new(), total));
            return Ok(Counted { rows: rows.into_iter().collect(), total });
        }
        [By { column: Column::State, .. }] if whole => {
            let rows = list::tally(tx, &flow.key)?;
            let total = rows.iter().map(|(_, count)| count).sum();
            let rows = rows.into_iter().map(|(state, count)| (vec![Group::Word(state)], count)).collect();
            return Ok(Counted { rows, total });
        }
        _ => {}
    }
    let lead = list::lead(tx, flow, query, visible, &[])?;
    let mut select = query::select(flow, query, visible, &lead, tx.one_of_numbers());
    let mut axes = Vec::new();
    for (at, by) in by.iter().enumerate() {
        let axis = Axis::of(tx, flow, by, zone)?;
        select.expr(Expr::cust(axis.sql.clone())).add_group_by([Expr::cust((at + 1).to_string())]);
        axes.push(axis);
    }
    select.expr_as(Expr::cust("count(*)"), Alias::new("items"));
    let (sql, params) = query::build(&select)?;
    let mut counted = Counted::default();
    tx.all(&sql, &params, |row| {
        let count = row.int(axes.len())?;
        counted.total += count;
        let groups = axes.iter().enumerate().map(|(at, axis)| axis.groups(row, at)).collect::<Result<Vec<_>, _>>()?;
        let mut all = vec![Vec::new()];
        for groups in &groups {
            let longer = |known: &Vec<Group>| {
                let known = known.clone();
                groups.iter().map(move |group| known.iter().chain([group]).cloned().collect::<Vec<Group>>())
            };
            all = all.iter().flat_map(longer).collect();
        }
        for key in all {
            *counted.rows.entry(key).or_default() += count;
        }
        Ok(())
    })?;
    Ok(counted)
}

/// One stay of an item in a state.
#[derive(Debug, Clone, Copy)]
pub struct Stay<'r> {
    /// The item's number.
    pub number: i64,
    /// The state.
    pub state: &'r str,
    /// ms.
    pub entered: i64,
    /// ms; none while it stays.
    pub ended: Option<i64>,
}

/// Tells `each` the stays of the items that the query finds and the person may see, item by item, in their order.
///
/// # Errors
/// The records failed, or it was broken off.
pub fn stays(
    tx: &Tx,
    flow: &Flow,
    query: &Query,
    visible: &Visibility,
    mut each: impl FnMut(Stay),
) -> Result<(), Error> {
    let mut select = of_items(tx, "stay", flow, query, visible)?;
    for column in ["number", "state", "entered", "ended"] {
        select.column(Alias::new(column));
    }
    select.order_by(Alias::new("number"), Order::Asc).order_by(Alias::new("seq"), Order::Asc);
    let (sql, params) = query::build(&select)?;
    tx.each(&sql, &params, |row| {
        each(Stay { number: row.int(0)?, state: row.str(1)?, entered: row.int(2)?, ended: row.int_or_null(3)? });
        Ok(())
    })
}

/// Tells `each` when the items were created and closed that the query finds and the person may see; of closed ones.
///
/// # Errors
/// The records failed, or it was broken off.
pub fn closings(
    tx: &Tx,
    flow: &Flow,
    query: &Query,
    visible: &Visibility,
    mut each: impl FnMut(i64, i64),
) -> Result<(), Error> {
    let lead = list::lead(tx, flow, query, visible, &[])?;
    let mut select = query::select(flow, query, visible, &lead, tx.one_of_numbers());
    select.column(Alias::new("created_at")).column(Alias::new("closed_at"));
    let (sql, params) = query::build(&select)?;
    tx.each(&sql, &params, |row| {
        if let Some(closed) = row.int_or_null(1)? {
            each(row.int(0)?, closed);
        }
        Ok(())
    })
}

/// Tells `each` who holds which item of the flow.
///
/// # Errors
/// The records failed, or it was broken off.
pub fn holders(tx: &Tx, flow: &str, mut each: impl FnMut(i64, &str)) -> Result<(), Error> {
    let sql = "select number, who from holder where flow = $1 order by number, who";
    tx.each(sql, params![flow], |row| {
        let who = row.str(1)?;
        each(row.int(0)?, who.strip_prefix("user:").unwrap_or(who));
        Ok(())
    })
}

/// When the flow's first item was created, ms.
///
/// # Errors
/// The records failed.
pub fn first_created(tx: &Tx, flow: &Flow) -> Result<Option<i64>, Error> {
    let sql = format!("select min(created_at) from {} where flow = $1", crate::sheet::table(&flow.key));
    tx.one(&sql, params![&flow.key], |row| row.int_or_null(0))
}

/// The items to which most of the items link that the query finds and the person may see: flow, number, how many.
///
/// # Errors
/// The records failed, or it was broken off.
pub fn linked(
    tx: &Tx,
    flow: &Flow,
    field: &str,
    query: &Query,
    visible: &Visibility,
    most: u64,
) -> Result<Vec<(String, i64, i64)>, Error> {
    let mut select = of_items(tx, "link", flow, query, visible)?;
    select
        .and_where(Expr::col(Alias::new("inward")).eq(0_i64))
        .and_where(Expr::col(Alias::new("field")).eq(field))
        .column(Alias::new("other_flow"))
        .column(Alias::new("other_number"))
        .expr_as(Expr::cust("count(*)"), Alias::new("items"))
        .add_group_by([Expr::cust("1"), Expr::cust("2")])
        .order_by_expr(Expr::cust("3"), Order::Desc)
        .order_by_expr(Expr::cust("1"), Order::Asc)
        .order_by_expr(Expr::cust("2"), Order::Asc)
        .limit(most);
    let (sql, params) = query::build(&select)?;
    tx.all(&sql, &params, |row| Ok((row.text(0)?, row.int(1)?, row.int(2)?)))
}

/// `select` of what belongs to the items that the query finds and the person may see.
fn of_items(tx: &Tx, table: &str, flow: &Flow, query: &Query, visible: &Visibility) -> Result<SelectStatement, Error> {
    let mut select = sea_query::Query::select();
    select.from(Alias::new(table)).and_where(Expr::col(Alias::new("flow")).eq(flow.key.as_str()));
    if !query.is_empty() || *visible != Visibility::All {
        let lead = list::lead(tx, flow, query, visible, &[])?;
        let mut found = query::select(flow, query, visible, &lead, tx.one_of_numbers());
        found.column(Alias::new("number"));
        select.and_where(Expr::col(Alias::new("number")).in_subquery(found));
    }
    Ok(select)
}

/// One `by` as a column of the answer, and how to read it.
struct Axis {
    sql: String,
    reads: Reads,
}

enum Reads {
    Word,
    /// JSON text of several words, or a bare one from a time when it was not.
    Words,
    Bool,
    /// Days since 1970 in the zone.
    Days(Span),
    /// Seconds since 1970: the zone has too many changes to tell the engine all of them.
    Seconds(Span, TimeZone),
    /// `2026-11-22`.
    Day(Span),
}

impl Axis {
    fn of(tx: &Tx, flow: &Flow, by: &By, zone: &TimeZone) -> Result<Axis, Error> {
        let Some((column, _)) = query::place(flow, &by.column) else {
            return Err(Error::corrupt("counting", format!("{:?} has no column", by.column)));
        };
        let quoted = format!("\"{column}\"");
        let multiple = match &by.column {
            Column::AssignedTo => true,
            Column::Field(key) => flow.fields.get(key).is_some_and(|field| field.multiple),
            _ => false,
        };
        Ok(match by.sort {
            BySort::Word if multiple => Axis { sql: quoted, reads: Reads::Words },
            BySort::Word => Axis { sql: quoted, reads: Reads::Word },
            BySort::Bool => Axis { sql: quoted, reads: Reads::Bool },
            BySort::Day(span) => Axis { sql: quoted, reads: Reads::Day(span) },
            BySort::Moment(span) => moments(tx, flow, &quoted, span, zone)?,
        })
    }

    /// The groups to which the items of an answer's row belong.
    fn groups(&self, row: &Row, at: usize) -> Result<Vec<Group>, Error> {
        let word = |word: &str| if word.is_empty() { Group::Empty } else { Group::Word(word.to_owned()) };
        let from = |span: Span, day: Date| vec![Group::From(span.first(day))];
        Ok(match &self.reads {
            Reads::Word => vec![word(row.str(at)?)],
            Reads::Words => {
                let text = row.str(at)?;
                let list = if text.starts_with('[') { serde_json::from_str::<Vec<String>>(text).ok() } else { None };
                match list {
                    Some(list) if list.is_empty() => vec![Group::Empty],
                    Some(list) => list.into_iter().map(Group::Word).collect(),
                    None => vec![word(text)],
                }
            }
            Reads::Bool => vec![Group::Bool(row.flag(at)?)],
            Reads::Day(span) => match row.str(at)? {
                "" => vec![Group::Empty],
                text => from(*span, text.parse().map_err(|error| Error::corrupt("counting by days", error))?),
            },
            Reads::Days(span) => match row.int_or_null(at)? {
                None => vec![Group::Empty],
                Some(days) => from(*span, day_since_1970(days)),
            },
            Reads::Seconds(span, zone) => match row.int_or_null(at)? {
                None => vec![Group::Empty],
                Some(seconds) => {
                    let moment = Timestamp::from_second(seconds);
                    let moment = moment.map_err(|error| Error::corrupt("counting by days", error))?;
                    from(*span, zone.to_datetime(moment).date())
                }
            },
        })
    }
}

const DAY_MS: i64 = 86_400_000;
/// A whole number of days before every moment there is, so that no division rounds up.
const EVER_MS: i64 = DAY_MS * 5_000_000;
/// So many changes of the clock are told to the engine at most: two a year for two hundred years.
const MOST_CHANGES: usize = 400;

/// The day of a moment: the same everywhere in a zone whose clock was not changed between the first moment and the last.
fn moments(tx: &Tx, flow: &Flow, column: &str, span: Span, zone: &TimeZone) -> Result<Axis, Error> {
    let sheet = crate::sheet::table(&flow.key);
    // each goes to one end of the column's index
    let sql = format!(
        "select (select min({column}) from {sheet} where flow = $1), (select max({column}) from {sheet} where flow = $1)"
    );
    let ends = tx.one(&sql, params![&flow.key], |row| Ok((row.int_or_null(0)?, row.int_or_null(1)?)))?;
    let moment = |ms: Option<i64>| {
        Timestamp::from_millisecond(ms.unwrap_or_default()).map_err(|error| Error::corrupt("counting by days", error))
    };
    let (first, last) = (moment(ends.0)?, moment(ends.1)?);
    let offset_ms = |at: Timestamp| i64::from(zone.to_offset(at).seconds()) * 1000;
    let changes: Vec<Timestamp> = zone
        .following(first)
        .map(|change| change.timestamp())
        .take_while(|at| *at <= last)
        .take(MOST_CHANGES + 1)
        .collect();
    if changes.len() > MOST_CHANGES {
        let sql = format!("({column} + {EVER_MS}) / 1000 - {}", EVER_MS / 1000);
        return Ok(Axis { sql, reads: Reads::Seconds(span, zone.clone()) });
    }
    let mut shift = (offset_ms(first) + EVER_MS).to_string();
    if !changes.is_empty() {
        let mut before = first;
        let mut arms = String::new();
        for change in changes {
            arms.push_str(&format!(
                " when {column} < {} then {}",
                change.as_millisecond(),
                offset_ms(before) + EVER_MS
            ));
            before = change;
        }
        shift = format!("(case{arms} else {} end)", offset_ms(before) + EVER_MS);
    }
    let sql = format!("({column} + {shift}) / {DAY_MS} - {}", EVER_MS / DAY_MS);
    Ok(Axis { sql, reads: Reads::Days(span) })
}

fn day_since_1970(days: i64) -> Date {
    let beginning = date(1970, 1, 1);
    beginning.checked_add(days.clamp(-5_000_000, 5_000_000).days()).unwrap_or(if days < 0 {
        Date::MIN
    } else {
        Date::MAX
    })
}
