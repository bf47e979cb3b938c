//! Counting items: how many of each kind there are, what happened when, how long it took.

mod report;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use flow::{Actor, By, BySort, Choices, Column, Flow, Kind, Query};
pub use report::{Asked, Load, Recurrence, Report, Spread, Stays, Stretch, Way, and, first_day, report};
use store::stats;
pub use store::{Stop, stats::Group};

use crate::{
    Error, Published, Reading,
    work::{self, Listing},
};

/// How many items there are of each kind.
#[derive(Debug, Clone)]
pub struct Counts {
    /// What was counted by.
    pub by: Vec<By>,
    /// What they have in common, one for each `by`, and how many they are: in the flow's order, times ascending, people
    /// with many items first, nothing last.
    pub rows: Vec<(Vec<Group>, i64)>,
    /// What there is of each `by`, in that order.
    pub axes: Vec<Vec<Group>>,
    /// How many were counted: each item once, however many values it has.
    pub total: i64,
}

impl Reading<'_> {
    /// From here on this use case is broken off once `stop` says so, or after `most`: for what looks at so much that whoever
    /// asked may not wait for it.
    pub fn bound(&self, stop: &Stop, most: Duration) {
        self.tx.bound(stop, most);
    }
}

/// Counts the items of a flow that a query finds and the actor may see.
///
/// # Errors
/// `NotFound`, `BadQuery` (of the query or of what to count by).
pub fn counts(cx: &Reading, actor: &Actor, key: &str, by: &[String], query: &str) -> Result<Counts, Error> {
    let published = cx.flow_for(actor, key)?;
    let flow = &published.flow;
    let by = flow::parse_all_by(by, flow)?;
    let query = asked(cx, actor, flow, query)?;
    counted(cx, actor, published, &query, by)
}

/// The query, read.
fn asked(cx: &Reading, actor: &Actor, flow: &Flow, text: &str) -> Result<Query, Error> {
    let listing = Listing { query: text.to_owned(), ..Listing::default() };
    Ok(work::parsed(cx, actor, flow, &listing)?.0)
}

fn counted(cx: &Reading, actor: &Actor, of: &Published, query: &Query, by: Vec<By>) -> Result<Counts, Error> {
    let visible = cx.visibility(actor, &of.flow);
    let counted = stats::counted(cx.tx, &of.flow, query, &visible, &by, cx.zone)?;
    let axes: Vec<Vec<Group>> = by.iter().enumerate().map(|(at, by)| axis(&of.flow, by, at, &counted.rows)).collect();
    let ranked = |axis: &Vec<Group>| axis.iter().cloned().enumerate().map(|(rank, group)| (group, rank)).collect();
    let ranks: Vec<HashMap<Group, usize>> = axes.iter().map(ranked).collect();
    let mut rows: Vec<(Vec<Group>, i64)> = counted.rows.into_iter().collect();
    rows.sort_by_cached_key(|(groups, _)| {
        groups.iter().zip(&ranks).map(|(group, ranks)| ranks.get(group).copied()).collect::<Vec<_>>()
    });
    Ok(Counts { by, rows, axes, total: counted.total })
}

/// The groups in their order.
fn axis(flow: &Flow, by: &By, at: usize, rows: &BTreeMap<Vec<Group>, i64>) -> Vec<Group> {
    let mut sums: HashMap<&Group, i64> = HashMap::new();
    for (groups, count) in rows {
        *sums.entry(&groups[at]).or_default() += count;
    }
    let words = words(flow, &by.column);
    let mut sorted: Vec<(&Group, i64)> = sums.into_iter().collect();
    sorted.sort_by_key(|(group, count)| {
        let known = match (group, &words) {
            (Group::Word(word), Some(words)) => words.get(word.as_str()).copied().unwrap_or(usize::MAX),
            _ => 0,
        };
        let by_count = (by.sort == BySort::Word && words.is_none()).then_some(Reverse(*count));
        (**group == Group::Empty, known, by_count, (*group).clone())
    });
    sorted.into_iter().map(|(group, _)| group.clone()).collect()
}

/// Where a word of a column stands in the flow's order: what the flow does not know is behind all others, people are equal.
pub(crate) fn rank(flow: &Flow, column: &Column, word: &str) -> usize {
    words(flow, column).map_or(0, |words| words.get(word).copied().unwrap_or(usize::MAX))
}

/// The words of a column in the flow's order; none of people.
fn words<'f>(flow: &'f Flow, column: &Column) -> Option<HashMap<&'f str, usize>> {
    let mut words: Vec<&str> = Vec::new();
    match column {
        Column::State => words.extend(flow.states.keys().map(String::as_str)),
        Column::Field(key) => match flow.fields.get(key).map(|field| &field.kind) {
            Some(Kind::Choice(Choices::Flat(flat))) => words.extend(flat.iter().map(String::as_str)),
            Some(Kind::Choice(Choices::Cascade { under, .. })) => {
                words.extend(under.values().flatten().map(String::as_str));
            }
            _ => return None,
        },
        _ => return None,
    }
    let mut places = HashMap::new();
    for (at, word) in words.into_iter().enumerate() {
        places.entry(word).or_insert(at);
    }
    Some(places)
}
