//! A flow to read: what was worked out and put away, by subject, what came back most often first. For whoever is new.

use std::{collections::BTreeMap, sync::Arc};

use flow::{Actor, Field, Flow, Kind};
use store::list;

use crate::{
    Error, Reading, like,
    work::{self, Listing, Row},
};

/// So many of the newest are looked at.
const LOOKED_AT: i64 = 2_000;

/// A page to read.
#[derive(Debug, Clone)]
pub struct Guide {
    /// The flow.
    pub flow: Arc<Flow>,
    /// What it can be ordered by: keys and labels of the short texts and choices among its lists' columns.
    pub subjects: Vec<(String, String)>,
    /// The key of what it is ordered by; none: the flow has no such field.
    pub by: Option<String>,
    /// The subjects with how many entries each has and how often those came back, the most recurring first; the last has no name:
    /// what stands under none.
    pub contents: Vec<(String, usize, i64)>,
    /// The entries of this page, subject by subject.
    pub entries: Vec<Entry>,
    /// Where the next page starts.
    pub next: Option<usize>,
    /// There are older ones that were not looked at.
    pub capped: bool,
}

/// An entry to read.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What lists show of it.
    pub row: Row,
    /// Its subject.
    pub subject: String,
    /// How often it came back.
    pub times: i64,
    /// Its long texts: label, text.
    pub texts: Vec<(String, String)>,
}

/// Whether any flow links to this one: then there is something to learn in it.
#[must_use]
pub fn is_linked_to(cx: &Reading, key: &str) -> bool {
    let links = |field: &Field| matches!(&field.kind, Kind::Item { flow: Some(flow) } if flow == key);
    cx.flows.in_use().any(|published| published.flow.key != key && published.flow.fields.values().any(links))
}

/// A part of the flow's closed items, to read.
///
/// # Errors
/// `NotFound`.
pub fn guide(
    cx: &Reading,
    actor: &Actor,
    key: &str,
    by: Option<&str>,
    start: usize,
    limit: usize,
) -> Result<Guide, Error> {
    let published = cx.flow_for(actor, key)?;
    let flow = &published.flow;
    let subjects = subjects(flow);
    let by = subjects.iter().find(|(key, _)| by == Some(key)).or(subjects.first()).map(|(key, _)| key.clone());
    let column = flow.columns.iter().position(|column| by.as_ref() == Some(column));
    let listing = Listing { query: "not closed=".to_owned(), ..Listing::default() };
    let (query, sort) = work::parsed(cx, actor, flow, &listing)?;
    let visible = cx.visibility(actor, flow);
    let found = list::of_flow(cx.tx, flow, &query, &sort, &visible, None, LOOKED_AT)?;
    let numbers: Vec<i64> = found.rows.iter().map(|found| found.brief.number).collect();
    let times = like::times_of(cx, actor, key, &numbers)?;
    let mut entries: Vec<Entry> = Vec::new();
    for found in found.rows {
        let number = found.brief.number;
        entries.push(Entry {
            subject: column
                .and_then(|at| found.cells.get(at))
                .map(|value| value.texts().join("、"))
                .unwrap_or_default(),
            times: times.get(&number).copied().unwrap_or(0),
            texts: Vec::new(),
            row: work::row(flow.item_id(number), found.brief, Vec::new()),
        });
    }
    let contents = contents(&entries);
    let place: BTreeMap<&str, usize> =
        contents.iter().enumerate().map(|(at, (name, ..))| (name.as_str(), at)).collect();
    entries.sort_by_key(|entry| (place.get(entry.subject.as_str()).copied(), -entry.times, -entry.row.number));
    let next = (entries.len() > start.saturating_add(limit)).then_some(start.saturating_add(limit));
    let mut entries: Vec<Entry> = entries.into_iter().skip(start).take(limit).collect();
    for entry in &mut entries {
        entry.texts = like::long_texts(cx, key, entry.row.number)?;
        entry.texts.retain(|(_, text)| !text.trim().is_empty());
    }
    Ok(Guide { flow: Arc::clone(flow), subjects, by, contents, entries, next, capped: found.next.is_some() })
}

/// The short texts and choices among the columns of the flow's lists.
fn subjects(flow: &Flow) -> Vec<(String, String)> {
    let fields =
        flow.columns.iter().filter(|key| flow.title.as_ref() != Some(key)).filter_map(|key| flow.fields.get(key));
    let short = fields.filter(|field| matches!(field.kind, Kind::Text { .. } | Kind::Choice(_)));
    short.map(|field| (field.key.clone(), field.label.clone())).collect()
}

fn contents(entries: &[Entry]) -> Vec<(String, usize, i64)> {
    let mut subjects: BTreeMap<&str, (usize, i64)> = BTreeMap::new();
    for entry in entries {
        let (count, times) = subjects.entry(&entry.subject).or_default();
        (*count, *times) = (*count + 1, *times + entry.times);
    }
    let mut all: Vec<(String, usize, i64)> =
        subjects.into_iter().map(|(name, (count, times))| (name.to_owned(), count, times)).collect();
    all.sort_by(|a, b| a.0.is_empty().cmp(&b.0.is_empty()).then(b.2.cmp(&a.2)).then(b.1.cmp(&a.1)).then(a.0.cmp(&b.0)));
    all
}
