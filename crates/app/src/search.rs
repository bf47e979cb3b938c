//! Over all flows: the items that a query finds, best first. An item that is named by its ID comes first, then those whose
//! titles have all the words, then the others; among equals what is rare weighs more, then the newer comes first.

use std::{collections::BTreeSet, sync::Arc};

use flow::{
    Actor, Flow, Kind, Query, QueryProblem, Term, Value,
    text::{BREAK, Needle, hits},
};
use store::{item::Brief, list, words};

use crate::{
    Error, People, Published, Reading,
    item::{self, ItemView},
    work::{self, COUNT_CAP, Listing, Part, Row, Total},
};

/// Of each flow, so many are looked at: the newest whose titles have the words, and the newest that have them anywhere.
const LOOKED_AT: i64 = 300;
/// Where items have to be looked at to be counted, so many are.
const COUNTED: i64 = 2_000;
/// What a word weighs is told by so many items at most that hold it.
const WEIGHED: i64 = 500;
/// Letters of a snippet.
const SNIPPET: usize = 90;
/// Letters before its first hit.
const BEFORE: usize = 24;

/// A piece of a text, and whether it is what was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// It is.
    pub hit: bool,
}

/// An item that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// What lists show of it.
    pub row: Row,
    /// Its title in pieces.
    pub title: Vec<Piece>,
    /// Where the words stand, beside the title; nothing where they stand in it alone.
    pub snippet: Vec<Piece>,
    /// The field in which that is; none: a comment.
    pub field: Option<String>,
    /// The higher, the better: 3 where it was named, 2 and more where its title has all words.
    pub score: f64,
}

/// A page of what was found.
#[derive(Debug, Clone)]
pub struct Hits {
    /// Best first.
    pub hits: Vec<Hit>,
    /// The next page's cursor.
    pub next: Option<String>,
    /// How many there are in all.
    pub total: Total,
    /// What people see for everyone named.
    pub people: Arc<People>,
}

/// What is looked for: in one flow or in all.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The query.
    pub query: String,
    /// The key of a flow.
    pub flow: Option<String>,
    /// The page.
    pub part: Part,
}

/// An item before its page is made.
struct Candidate<'a> {
    flow: &'a Flow,
    brief: Brief,
    needles: Arc<[Needle]>,
    score: f64,
}

/// A flow, and the query as it is understood there.
struct Asked<'a> {
    published: &'a Published,
    query: Query,
    needles: Arc<[Needle]>,
}

/// The items that a query finds, best first.
///
/// # Errors
/// `NotFound` (the flow), `BadQuery` (where no flow understands it), `BadCursor`.
pub fn search(cx: &Reading, actor: &Actor, search: &Search) -> Result<Hits, Error> {
    let start: usize = match &search.part.cursor {
        None => 0,
        Some(cursor) => cursor.parse().map_err(|_| Error::BadCursor)?,
    };
    let empty = Hits { hits: Vec::new(), next: None, total: Total::default(), people: cx.people()? };
    if search.query.trim().is_empty() {
        return Ok(empty);
    }
    let named = named(cx, actor, search)?;
    let (mut candidates, mut total, mut capped) = (Vec::new(), 0, false);
    for asked in understood(cx, actor, search)? {
        let visible = cx.visibility(actor, &asked.published.flow);
        let most = if words::is_known(&asked.query) { COUNT_CAP } else { COUNTED };
        let (found, (count, more)) = looked_at(cx, &asked, &visible, most)?;
        // what was looked at is there for sure
        total += count.max(i64::try_from(found.len()).unwrap_or(0));
        capped |= more;
        candidates.extend(found);
    }
    if let Some((flow, brief)) = named {
        let is_named = |one: &Candidate| (&one.brief.flow, one.brief.number) == (&brief.flow, brief.number);
        let before = candidates.len();
        candidates.retain(|one| !is_named(one));
        total += i64::from(before == candidates.len());
        candidates.push(Candidate { flow, brief: brief.clone(), needles: Arc::default(), score: 3.0 });
    }
    candidates.sort_by(|a, b| {
        let newer = (b.brief.created_at, b.brief.number).cmp(&(a.brief.created_at, a.brief.number));
        b.score.total_cmp(&a.score).then(newer)
    });
    let limit = usize::try_from(search.part.limit).unwrap_or(0);
    let more = candidates.len() > start.saturating_add(limit);
    let page = candidates.into_iter().skip(start).take(limit);
    let hits = page.map(|one| hit(cx, one)).collect::<Result<_, _>>()?;
    let total = Total { count: total.min(COUNT_CAP), capped: capped || total > COUNT_CAP };
    Ok(Hits { hits, next: more.then(|| (start + limit).to_string()), total, ..empty })
}

/// The item that the whole query names, if the actor may see it.
fn named<'a>(cx: &'a Reading, actor: &Actor, search: &Search) -> Result<Option<(&'a Flow, Brief)>, Error> {
    let Some((key, number)) = item::refers_to(cx, &search.query) else { return Ok(None) };
    let Some(published) = cx.flows.get(&key).filter(|_| search.flow.as_ref().is_none_or(|only| *only == key)) else {
        return Ok(None);
    };
    let query = Query { terms: vec![Term::Number(number)] };
    let visible = cx.visibility(actor, &published.flow);
    let page = list::of_flow(cx.tx, &published.flow, &query, &[], &visible, None, 1)?;
    Ok(page.rows.into_iter().next().map(|found| (&*published.flow, found.brief)))
}

/// The flows in which the query means something, among those that the actor may enter.
fn understood<'a>(cx: &'a Reading, actor: &Actor, search: &Search) -> Result<Vec<Asked<'a>>, Error> {
    let listing = Listing { query: search.query.clone(), ..Default::default() };
    let mut understood = Vec::new();
    let mut problem: Option<QueryProblem> = None;
    let flows: Vec<&Published> = match &search.flow {
        Some(key) => vec![cx.flow_for(actor, key)?],
        None => cx.flows.all().collect(),
    };
    for published in flows {
        if !cx.may_enter(actor, published)? {
            continue;
        }
        match work::parsed(cx, actor, &published.flow, &listing) {
            Ok((query, _)) => {
                understood.push(Asked { published, needles: words::marked(&query).into(), query });
            }
            // what stands further on was understood by one flow at least
            Err(Error::BadQuery(other)) => match &problem {
                Some(known) if known.position >= other.position => {}
                _ => problem = Some(other),
            },
            Err(other) => return Err(other),
        }
    }
    match problem {
        Some(problem) if understood.is_empty() => Err(Error::BadQuery(problem)),
        _ => Ok(understood),
    }
}

/// The flow's candidates, each with its score, and how many items the query finds at least; `most` of them are counted.
fn looked_at<'a>(
    cx: &Reading,
    asked: &Asked<'a>,
    visible: &store::Visibility,
    most: i64,
) -> Result<(Vec<Candidate<'a>>, (i64, bool)), Error> {
    let flow = &*asked.published.flow;
    let (mut briefs, count) = list::newest(cx.tx, flow, &asked.query, visible, (LOOKED_AT, most))?;
    // where not all of them are at hand, those whose titles have the words may be among the others
    if count.1 || count.0 > LOOKED_AT {
        let known: BTreeSet<i64> = briefs.iter().map(|brief| brief.number).collect();
        let titled = words::in_titles(cx.tx, flow, &asked.query, visible, LOOKED_AT)?;
        briefs.extend(titled.into_iter().filter(|brief| !known.contains(&brief.number)));
    }
    let numbers: Vec<i64> = briefs.iter().map(|brief| brief.number).collect();
    let texts = words::texts(cx.tx, flow, &numbers)?;
    let items: i64 = list::tally(cx.tx, &flow.key)?.into_iter().map(|(_, count)| count).sum();
    // what one word weighs is nothing beside no other
    let weighed = if asked.needles.len() > 1 { &asked.needles[..] } else { &[] };
    let frequencies = words::frequencies(cx.tx, flow, weighed, WEIGHED)?;
    let mut weights: Vec<f64> = frequencies.iter().map(|known| (1.0 + real(items) / real(*known + 1)).ln()).collect();
    weights.resize(asked.needles.len(), 1.0);
    let none = (String::new(), String::new());
    let candidate = |brief: Brief| {
        let (body, said) = texts.get(&brief.number).unwrap_or(&none);
        let score = score(&asked.needles, &weights, body, said);
        Candidate { flow, score, needles: Arc::clone(&asked.needles), brief }
    };
    Ok((briefs.into_iter().map(candidate).collect(), count))
}

/// 2 to 3 where the title has all the words, 1 to 2 elsewhere: the more, the rarer they are and the nearer to the title.
fn score(needles: &[Needle], weights: &[f64], body: &str, said: &str) -> f64 {
    let title = body.split(BREAK).next().unwrap_or_default();
    let rest = &body[title.len()..];
    let (mut sum, mut most) = (0.0, 0.0);
    for (needle, weight) in needles.iter().zip(weights) {
        let holds = |text: &str, times: f64| if needle.is_in(text) { times } else { 0.0 };
        sum += weight * (holds(title, 4.0) + holds(rest, 2.0) + holds(said, 1.0));
        most += weight * 7.0;
    }
    let all = !needles.is_empty() && needles.iter().all(|needle| needle.is_in(title));
    let within = if most > 0.0 { sum / most } else { 0.0 };
    let tier = if all { 2.0 } else { 1.0 };
    ((tier + within * 0.99) * 1000.0_f64).round() / 1000.0
}

/// A count in arithmetic: none is so large that a digit would be lost.
fn real(count: i64) -> f64 {
    count as f64
}

fn hit(cx: &Reading, candidate: Candidate) -> Result<Hit, Error> {
    let Candidate { flow, brief, needles, score } = candidate;
    let row = work::row(flow.item_id(brief.number), brief, Vec::new());
    let title = pieces(&row.title, &needles);
    let (field, snippet) = snippet(cx, flow, row.number, &needles)?;
    Ok(Hit { title, snippet, field, score, row })
}

/// The first text beside the title that holds what was looked for.
fn snippet(cx: &Reading, flow: &Flow, number: i64, needles: &[Needle]) -> Result<(Option<String>, Vec<Piece>), Error> {
    let none = Ok((None, Vec::new()));
    if needles.is_empty() {
        return none;
    }
    let Some(row) = store::item::load(cx.tx, &flow.key, number)? else { return none };
    let rules = cx.version(&flow.key, row.version())?;
    let item = row.read(&rules)?;
    let fields = rules.fields.values().filter(|field| rules.title.as_ref() != Some(&field.key));
    let spoken = fields.filter(|field| {
        !matches!(field.kind, Kind::Number { .. } | Kind::Date | Kind::Datetime | Kind::Bool | Kind::Item { .. })
    });
    for field in spoken {
        for text in item.fields.get(&field.key).map_or(&[][..], Value::texts) {
            if let Some(first) = hits(text, needles).first() {
                return Ok((Some(field.label.clone()), pieces(&cut(text, first.start), needles)));
            }
        }
    }
    let history = store::item::history(cx.tx, &flow.key, number, 0, i64::MAX)?;
    for comment in history.into_iter().rev().filter_map(|event| event.comment) {
        if let Some(first) = hits(&comment, needles).first() {
            return Ok((None, pieces(&cut(&comment, first.start), needles)));
        }
    }
    none
}

/// The text around a place, in one line.
fn cut(text: &str, at: usize) -> String {
    let start = text[..at].char_indices().rev().nth(BEFORE.saturating_sub(1)).map_or(0, |(at, _)| at);
    let end = text[start..].char_indices().nth(SNIPPET).map_or(text.len(), |(more, _)| start + more);
    let line: Vec<&str> = text[start..end].split_whitespace().collect();
    let (before, after) = (if start > 0 { "…" } else { "" }, if end < text.len() { "…" } else { "" });
    format!("{before}{}{after}", line.join(" "))
}

/// A text in pieces: what holds a word, what stands between.
fn pieces(text: &str, needles: &[Needle]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut add = |text: &str, hit| {
        if !text.is_empty() {
            pieces.push(Piece { text: text.to_owned(), hit });
        }
    };
    let mut done = 0;
    for range in hits(text, needles) {
        add(&text[done..range.start], false);
        add(&text[range.clone()], true);
        done = range.end;
    }
    add(&text[done..], false);
    pieces
}

/// Each line's item, whole; what the actor may not see is left out.
///
/// # Errors
/// The store's.
pub fn whole(cx: &Reading, actor: &Actor, hits: &[Hit]) -> Result<Vec<ItemView>, Error> {
    let rows: Vec<Row> = hits.iter().map(|hit| hit.row.clone()).collect();
    work::whole(cx, actor, &rows)
}
