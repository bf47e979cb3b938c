//! A flow's items in groups: by state, by holder, by what stands in a field. Each group is a list of its own; the groups
//! follow each other, and a page goes from one into the next.
//!
//! An item with several holders stands in the group of each.

use std::cmp::{Ordering, Reverse};

use flow::{Actor, By, BySort, Edge, Flow, Query, Range, Scalar, Span, Term, Test};
use jiff::{civil::Date, tz::TimeZone};
use store::{list, stats::Group};

use super::{Listing, Rows, Total, columns_of, lines, parsed};
use crate::{Error, Published, Reading, carry::kept, stats};

/// What stands together on a page of a grouped list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What its items have in common.
    pub group: Group,
    /// How many there are, on other pages too.
    pub count: i64,
    /// Some of them stand on a page before.
    pub goes_on: bool,
    /// How many of the page's rows belong to it.
    pub rows: usize,
}

/// [`super::items`] in groups, and the groups that the page shows. It counts the whole list: whoever asks bounds the
/// transaction first ([`Reading::bound`]).
///
/// # Errors
/// As [`super::items`]; that it was broken off.
pub fn grouped(
    cx: &Reading,
    actor: &Actor,
    key: &str,
    listing: &Listing,
    by: &By,
) -> Result<(Published, Rows, Vec<Section>), Error> {
    let published = cx.flow_for(actor, key)?;
    let flow = &published.flow;
    let (query, sort) = parsed(cx, actor, flow, listing)?;
    let visible = cx.visibility(actor, flow);
    let columns = columns_of(flow, listing);
    let counted = store::stats::counted(cx.tx, flow, &query, &visible, std::slice::from_ref(by), cx.zone)?;
    let mut groups: Vec<(Group, i64)> =
        counted.rows.into_iter().filter_map(|(groups, count)| Some((groups.into_iter().next()?, count))).collect();
    groups.sort_by_cached_key(|(group, _)| place(flow, by, group));
    let from = listing.part.cursor.as_deref().map(read_cursor).transpose()?;
    let (mut rows, mut sections, mut next) = (Vec::new(), Vec::new(), None);
    for (group, count) in groups {
        let ordering = from.as_ref().map(|(from, _)| place(flow, by, &group).cmp(&place(flow, by, from)));
        if ordering == Some(Ordering::Less) {
            continue;
        }
        let left = listing.part.limit - i64::try_from(rows.len()).unwrap_or(i64::MAX);
        if left <= 0 {
            next = Some(write_cursor(&group, None));
            break;
        }
        let inner = from.as_ref().filter(|_| ordering == Some(Ordering::Equal)).and_then(|(_, inner)| inner.as_deref());
        let within = Query { terms: query.terms.iter().cloned().chain([term(by, &group, cx.zone)]).collect() };
        let sought = list::Sought { query: &within, sort: &sort, visible: &visible, columns: &columns };
        let page = list::with_columns(cx.tx, flow, &sought, inner, left)?;
        next = page.next.map(|cursor| write_cursor(&group, Some(&cursor)));
        if !page.rows.is_empty() {
            sections.push(Section { group, count, goes_on: inner.is_some(), rows: page.rows.len() });
        }
        rows.extend(lines(flow, page.rows));
        if next.is_some() {
            break;
        }
    }
    let total = Total { count: counted.total, capped: false };
    Ok((published.clone(), Rows { rows, next, total, people: cx.people()? }, sections))
}

/// Where a group stands among the others: words in the flow's order, what the flow does not know after them, times from the
/// latest, nothing last.
fn place(flow: &Flow, by: &By, group: &Group) -> (bool, usize, Option<Reverse<Date>>, Group) {
    let rank = if let Group::Word(word) = group { stats::rank(flow, &by.column, word) } else { 0 };
    let day = if let Group::From(day) = group { Some(Reverse(*day)) } else { None };
    (*group == Group::Empty, rank, day, group.clone())
}

/// What holds for the items of a group.
fn term(by: &By, group: &Group, zone: &TimeZone) -> Term {
    let test = match group {
        Group::Word(word) => Test::OneOf { words: vec![word.clone()], negated: false },
        Group::Bool(yes) => Test::Is(*yes),
        Group::Empty => Test::Empty { negated: false },
        Group::From(first) => Test::Within { ranges: vec![range(by, *first, zone)], negated: false },
    };
    Term::Column { column: by.column.clone(), test }
}

/// The stretch of time that begins with a day.
fn range(by: &By, first: Date, zone: &TimeZone) -> Range {
    let edge = |at: Scalar, inclusive: bool| Some(Edge { at, inclusive });
    let after = |span: Span| span.last(first).tomorrow().unwrap_or(Date::MAX);
    let midnight =
        |day: Date| Scalar::Moment(day.to_zoned(zone.clone()).map_or(i64::MAX, |at| at.timestamp().as_millisecond()));
    match by.sort {
        BySort::Moment(span) => Range { low: edge(midnight(first), true), high: edge(midnight(after(span)), false) },
        BySort::Day(span) => Range {
            low: edge(Scalar::Date(first.to_string()), true),
            high: edge(Scalar::Date(span.last(first).to_string()), true),
        },
        BySort::Word | BySort::Bool => Range { low: None, high: None },
    }
}

/// `w事故` in hex, a zero, the cursor within the group: hex as every cursor.
fn write_cursor(group: &Group, inner: Option<&str>) -> String {
    let text = match group {
        Group::Word(word) => format!("w{word}"),
        Group::Bool(yes) => format!("b{yes}"),
        Group::From(day) => format!("d{day}"),
        Group::Empty => "e".to_owned(),
    };
    format!("{}00{}", kept::hex(text.as_bytes()), inner.unwrap_or_default())
}

fn read_cursor(text: &str) -> Result<(Group, Option<String>), Error> {
    let end = text.as_bytes().chunks_exact(2).position(|pair| pair == b"00").ok_or(Error::BadCursor)?;
    let (group, inner) = (text.get(..2 * end), text.get(2 * end + 2..));
    let (group, inner) = group.zip(inner).ok_or(Error::BadCursor)?;
    let group = String::from_utf8(kept::unhex(group)).map_err(|_| Error::BadCursor)?;
    let rest = group.get(1..).unwrap_or_default();
    let group = match group.chars().next() {
        Some('w') => Group::Word(rest.to_owned()),
        Some('b') => Group::Bool(rest.parse().map_err(|_| Error::BadCursor)?),
        Some('d') => Group::From(rest.parse().map_err(|_| Error::BadCursor)?),
        Some('e') if rest.is_empty() => Group::Empty,
        _ => return Err(Error::BadCursor),
    };
    Ok((group, (!inner.is_empty()).then(|| inner.to_owned())))
}
