//! Which index leads a list: that of a term that leaves few items, that of the order, or that of words.

use flow::{Column, Flow, Query, Term, Test};
use sea_query::{Alias, Expr};

use super::Visibility;
use crate::{
    Error, Tx,
    query::{self, Key, Lead},
    value::Param,
    words,
};

/// Which index is to lead: that of a term that leaves few items; else that of the order, where the first of many are found
/// soonest.
pub(crate) fn lead(tx: &Tx, flow: &Flow, query: &Query, visible: &Visibility, keys: &[Key]) -> Result<Lead, Error> {
    let words = words::asked(query);
    if words.as_ref().is_some_and(words::Asked::is_nothing) {
        return Ok(Lead::Numbers(Vec::new()));
    }
    let leads = query::leads(flow, query);
    let by_number_or_any = keys.is_empty() || by_number(keys);
    let in_order = leads.iter().copied().find(|at| query::is_in_order_of_number(query, *at));
    let is_plain = query.terms.len() == 1 && by_number_or_any && in_order.is_some();
    if words.is_none() && (*visible != Visibility::All || leads.is_empty() || is_plain) {
        return Ok(Lead::Any);
    }
    if let Some(asked) = words {
        let found = words::found(tx, &flow.key, &asked, None, FEW_HITS + 1)?;
        if i64::try_from(found.len()).is_ok_and(|found| found <= FEW_HITS) {
            return Ok(Lead::Numbers(found));
        }
        if *visible != Visibility::All {
            return Ok(Lead::Any);
        }
        if by_number_or_any && !tx.is_far() {
            return Ok(Lead::Words(asked));
        }
    }
    for at in leads.iter().copied().take(PROBED) {
        let (term, few) = (&query.terms[at], few(&query.terms[at], keys));
        let mut found = query::traces(flow, term);
        found.limit(u64::try_from(few + 1).unwrap_or(u64::MAX));
        let mut select = sea_query::Query::select();
        select.expr(Expr::cust("count(*)")).from_subquery(found, Alias::new("found"));
        let (sql, params) = query::build(&select)?;
        if tx.one(&sql, &params, |row| row.int(0))? > few {
            continue;
        }
        if by_number(keys) && (query::is_by_traces(term) || is_span(term)) {
            return Ok(Lead::Gathered(at, gathered(tx, flow, term, keys[0].descending)?));
        }
        return Ok(Lead::Term(at));
    }
    // Without an order any index does that leaves the least.
    let best = if keys.is_empty() { leads.first().copied() } else { in_order.filter(|_| by_number_or_any) };
    Ok(best.map_or(Lead::Order, Lead::Term))
}

/// How many items a term may leave for its index to lead.
fn few(term: &Term, keys: &[Key]) -> i64 {
    match term {
        _ if query::is_by_traces(term) => FEW_TRACES,
        _ if is_span(term) && by_number(keys) => FEW_IN_SPAN,
        _ => FEW,
    }
}

/// Items of a time: far from the newest, where a walk along the order would get late.
fn is_span(term: &Term) -> bool {
    matches!(
        term,
        Term::Column { column: Column::Created | Column::Closed, test: Test::Within { negated: false, ranges } }
            if ranges.iter().all(|range| range.high.is_some())
    )
}

fn by_number(keys: &[Key]) -> bool {
    keys.first().is_some_and(|first| first.column == "number")
}

/// The items that a term's index gives, in the order of the list. For a page a few of many thousands do: they are gathered at
/// once and looked at piece by piece.
fn gathered(tx: &Tx, flow: &Flow, term: &Term, descending: bool) -> Result<Vec<i64>, Error> {
    let (sql, params) = query::build(&query::numbers(flow, term))?;
    let mut numbers = tx.all(&sql, &params, |row| row.int(0))?;
    numbers.sort_unstable_by(|a, b| if descending { b.cmp(a) } else { a.cmp(b) });
    // an item may have been there several times
    numbers.dedup();
    Ok(numbers)
}

/// What is gathered behind the last item of the page before, in pieces of which the first is small: it mostly does.
pub(super) fn pieces<'a>(
    gathered: &'a [i64],
    descending: bool,
    last: Option<&Param>,
) -> impl Iterator<Item = &'a [i64]> + use<'a> {
    let is_behind = |number: &i64| match last {
        Some(Param::Int(last)) if descending => number >= last,
        Some(Param::Int(last)) => number <= last,
        _ => false,
    };
    let mut rest = &gathered[gathered.partition_point(is_behind)..];
    let mut most = FIRST_PIECE;
    std::iter::from_fn(move || {
        let (piece, others) = rest.split_at(most.min(rest.len()));
        (rest, most) = (others, most * GROWS);
        (!piece.is_empty()).then_some(piece)
    })
}

/// So few items are looked at one by one, and put in order.
const FEW: i64 = 2_000;
/// So few stays or changes are gathered first: to look for them with one item after the other costs a search each.
const FEW_TRACES: i64 = 50_000;
/// So many items of a time are gathered before the list is walked along instead.
const FEW_IN_SPAN: i64 = 200_000;
/// Of what is gathered, so many are looked at first; in tests there are never many.
const FIRST_PIECE: usize = if cfg!(test) { 2 } else { 256 };
/// So many times as many are looked at next.
const GROWS: usize = 8;
/// So few that an index of words gives are looked at one by one; in tests there are never many.
const FEW_HITS: i64 = if cfg!(test) { 3 } else { 2_000 };
/// Terms of which it is asked how many items pass them.
const PROBED: usize = 3;
