//! What is like a text: the items that share its rare words. Beside a form that is being filled in, it keeps people from
//! working out twice what was worked out before; why so: `docs/decisions/0008-what-is-like-a-text.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use flow::{
    Actor, Flow, Kind, Preset, Value,
    text::{self, BREAK},
};
use rustc_hash::FxHashMap;
use store::{
    Visibility,
    item::{Brief, Link},
};

use crate::{
    Error, Published, Reading,
    work::{self, Row, Total},
};

/// So many letters of a text are looked at.
const MOST_LETTERS: usize = 12_000;
/// What words weigh is told by so many items of a flow: the newest.
const SAMPLED: i64 = 1_500;
/// A sample is taken anew when the flow has grown by one item in so many.
const GROWN: i64 = 20;
/// So many of the weightiest tokens are asked of an index.
const KNOWN_TOKENS: usize = 40;
/// And so many of those that the sample has never seen.
const NEW_TOKENS: usize = 40;
/// Of each token, so many items are looked at.
const HITS: i64 = 400;
/// So many items are looked at in full, where the person may see every one.
const WEIGHED: usize = 160;
/// And so many else, of which not all may be seen.
const PEEKED: usize = 2_000;
/// What is less like the text is none of it.
const LEAST: f64 = 0.04;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The key of the flow that the text is of.
    pub flow: String,
    /// The text.
    pub text: String,
    /// The key of the flow whose items are asked for; none: of this flow and those that it links to.
    pub within: Option<String>,
    /// Not these items: flow and number.
    pub but: BTreeSet<(String, i64)>,
    /// So many of each flow.
    pub limit: usize,
}

/// An item that is like the text.
#[derive(Debug, Clone)]
pub struct Like {
    /// What lists show of it.
    pub row: Row,
    /// 0 to 1: the higher, the more.
    pub score: f64,
}

/// What the newest items of flows say about how rare words are. It weighs and nothing else, so that it may be of a while ago.
#[derive(Default)]
pub(crate) struct Samples(Mutex<BTreeMap<String, Arc<Sample>>>);

struct Sample {
    /// Items of the flow when it was taken.
    items: i64,
    /// Items that were looked at.
    looked_at: f64,
    /// Tokens of an item, on the average.
    length: f64,
    /// How many of them have a token.
    having: FxHashMap<String, u32>,
}

impl Sample {
    fn take(cx: &Reading, key: &str, items: i64) -> Result<Sample, Error> {
        let bodies = store::like::newest(cx.tx, key, SAMPLED)?;
        let (mut having, mut all) = (FxHashMap::default(), 0_usize);
        for body in &bodies {
            let tokens = text::tokens(body);
            all += tokens.len();
            for token in tokens {
                match having.get_mut(&*token) {
                    Some(count) => *count += 1,
                    None => drop(having.insert(token.into_owned(), 1)),
                }
            }
        }
        let looked_at = bodies.len() as f64;
        Ok(Sample { items, looked_at, length: all as f64 / looked_at.max(1.0), having })
    }

    fn having(&self, token: &str) -> f64 {
        f64::from(self.having.get(token).copied().unwrap_or(0))
    }
}

/// The items that are like a text, most alike first: of one flow, or of several mixed.
///
/// # Errors
/// `NotFound`: a flow that there is not, or that the actor may not enter.
pub fn similar(cx: &Reading, actor: &Actor, asked: &Asked) -> Result<Vec<Like>, Error> {
    let from = cx.flow_for(actor, &asked.flow)?;
    let flows = match &asked.within {
        Some(key) => vec![cx.flow_for(actor, key)?],
        None => around(cx, actor, from)?,
    };
    let mut all = Vec::new();
    for published in flows {
        all.extend(of_flow(cx, actor, asked, &from.flow, &published.flow)?);
    }
    all.sort_by(|a, b| {
        let newer = (b.row.created_at, b.row.number).cmp(&(a.row.created_at, a.row.number));
        b.score.total_cmp(&a.score).then(newer)
    });
    Ok(all)
}

/// The flow and those that its fields link to, as far as the actor may enter them: those first.
///
/// # Errors
/// The store's.
pub fn around<'a>(cx: &'a Reading, actor: &Actor, from: &'a Published) -> Result<Vec<&'a Published>, Error> {
    let mut keys: Vec<&str> = Vec::new();
    for field in from.flow.fields.values().filter(|field| !field.hidden) {
        if let Kind::Item { flow: Some(key) } = &field.kind
            && !keys.contains(&key.as_str())
            && *key != from.flow.key
        {
            keys.push(key);
        }
    }
    let mut flows = Vec::new();
    for published in keys.into_iter().filter_map(|key| cx.flows.get(key)) {
        if cx.may_enter(actor, published)? {
            flows.push(published);
        }
    }
    flows.push(from);
    Ok(flows)
}

/// What stands in an item's title and long texts: what it is compared by.
#[must_use]
pub fn told(flow: &Flow, fields: &flow::Fields) -> String {
    let is_told =
        |field: &&flow::Field| flow.title.as_ref() == Some(&field.key) || matches!(field.kind, Kind::Textarea { .. });
    let texts = flow.fields.values().filter(is_told).filter_map(|field| fields.get(&field.key));
    let texts: Vec<&str> = texts.flat_map(Value::texts).map(String::as_str).collect();
    texts.join("\n")
}

/// A token of the text, and what it weighs.
struct Word {
    token: String,
    weight: f64,
}

fn of_flow(cx: &Reading, actor: &Actor, asked: &Asked, from: &Flow, of: &Flow) -> Result<Vec<Like>, Error> {
    let sample = cx.sample(&of.key)?;
    let told = if of.key == from.key { Arc::clone(&sample) } else { cx.sample(&from.key)? };
    let words = words(&asked.text, &[from, of], &[&told, &sample]);
    let (words, hits) = found(cx, of, words, &sample)?;
    let most: f64 = words.iter().map(|word| word.weight).sum();
    if most <= 0.0 {
        return Ok(Vec::new());
    }
    let visible = cx.visibility(actor, of);
    let looked_at = if matches!(visible, Visibility::All) { WEIGHED } else { PEEKED };
    let is_asked = |number: i64| !asked.but.contains(&(of.key.clone(), number));
    let mut first: Vec<(i64, f64)> = hits.into_iter().filter(|(number, _)| is_asked(*number)).collect();
    first.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
    first.truncate(looked_at);
    let rank: BTreeMap<i64, usize> = first.iter().enumerate().map(|(at, (number, _))| (*number, at)).collect();
    let numbers = first.iter().map(|(number, _)| *number).collect();
    let mut briefs = store::like::seen(cx.tx, of, &visible, numbers)?;
    briefs.sort_by_key(|brief| rank.get(&brief.number).copied());
    briefs.truncate(WEIGHED);
    let numbers: Vec<i64> = briefs.iter().map(|brief| brief.number).collect();
    let texts = store::words::texts(cx.tx, of, &numbers)?;
    let score =
        |brief: &Brief| texts.get(&brief.number).map_or(0.0, |(body, _)| score(&words, body, sample.length) / most);
    let mut likes: Vec<(f64, Brief)> = briefs.into_iter().map(|brief| (score(&brief), brief)).collect();
    likes.retain(|(score, _)| *score >= LEAST);
    likes.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.number.cmp(&a.1.number)));
    likes.truncate(asked.limit);
    let like = |(score, brief): (f64, Brief)| Like {
        score: (score.min(1.0) * 1000.0).round() / 1000.0,
        row: work::row(of.item_id(brief.number), brief, Vec::new()),
    };
    Ok(likes.into_iter().map(like).collect())
}

/// The tokens of a text that say something, the weightiest first: what stands in forms before anything is typed says nothing.
fn words(text: &str, flows: &[&Flow], samples: &[&Sample]) -> Vec<Word> {
    let end = text.char_indices().nth(MOST_LETTERS).map_or(text.len(), |(at, _)| at);
    let kept = text::keep(&text[..end]);
    let empty: String = flows.iter().flat_map(|flow| defaults(flow)).map(text::keep).collect::<Vec<_>>().join("\n");
    let said_anyway: BTreeSet<_> = text::tokens(&empty).into_iter().collect();
    let looked_at: f64 = samples.iter().map(|sample| sample.looked_at).sum();
    let tokens = text::tokens(&kept).into_iter().filter(|token| !said_anyway.contains(token));
    let mut known = Vec::new();
    let mut new = Vec::new();
    for token in tokens.filter(|token| token.chars().nth(1).is_some()) {
        let having: f64 = samples.iter().map(|sample| sample.having(&token)).sum();
        let weight = weight(&token, having, looked_at);
        let list = if having > 0.0 { &mut known } else { &mut new };
        list.push(Word { token: token.into_owned(), weight });
    }
    known.sort_by(|a: &Word, b: &Word| b.weight.total_cmp(&a.weight).then(a.token.cmp(&b.token)));
    known.truncate(KNOWN_TOKENS);
    // of those that nobody knows the earlier ones
    new.sort_by_key(|word: &Word| kept.find(&word.token).unwrap_or(usize::MAX));
    new.truncate(NEW_TOKENS);
    known.extend(new);
    known
}

fn defaults(flow: &Flow) -> impl Iterator<Item = &str> {
    flow.fields.values().filter_map(|field| match &field.default {
        Some(Preset::Value(Value::Text(text))) => Some(text.as_str()),
        _ => None,
    })
}

/// The rarer the more. Numbers are days, sites and counts more often than names of what is broken.
fn weight(token: &str, having: f64, looked_at: f64) -> f64 {
    let rare = ((looked_at + 1.0) / (having + 1.0)).ln().max(0.05);
    if token.bytes().all(|letter| letter.is_ascii_digit()) { rare * 0.25 } else { rare }
}

/// The items that have any of the words, each with what those weigh that it has; and the words that any has.
fn found(
    cx: &Reading,
    of: &Flow,
    words: Vec<Word>,
    sample: &Sample,
) -> Result<(Vec<Word>, FxHashMap<i64, f64>), Error> {
    let tokens: Vec<&str> = words.iter().map(|word| word.token.as_str()).collect();
    let held = store::like::holding(cx.tx, &of.key, &tokens, HITS)?;
    let items = sample.items.max(1) as f64;
    let mut hits = FxHashMap::default();
    let mut left = Vec::new();
    for (mut word, numbers) in words.into_iter().zip(held) {
        if numbers.is_empty() {
            continue;
        }
        // the sample never saw it: what it weighs is told by those that have it
        if sample.having(&word.token) == 0.0 {
            word.weight = word.weight.min(weight(&word.token, numbers.len() as f64, items.max(sample.looked_at)));
        }
        for number in numbers {
            *hits.entry(number).or_insert(0.0) += word.weight;
        }
        left.push(word);
    }
    Ok((left, hits))
}

/// What the words weigh that a text has: more where its title has them, less where it has many others.
fn score(words: &[Word], body: &str, length: f64) -> f64 {
    let title = body.split(BREAK).next().unwrap_or_default();
    let (all, title) = (text::tokens(body), text::tokens(title));
    let long = all.len() as f64 / length.max(1.0);
    let damped = 0.6 * (0.6 + 0.4 * long);
    let sum: f64 = words
        .iter()
        .filter(|word| all.binary_search_by(|token| (**token).cmp(&word.token)).is_ok())
        .map(|word| {
            let times = if title.binary_search_by(|token| (**token).cmp(&word.token)).is_ok() { 2.0 } else { 1.0 };
            word.weight * times / (times + damped)
        })
        .sum();
    sum * 1.2
}

impl Reading<'_> {
    /// What the newest items of a flow say about how rare its words are.
    fn sample(&self, key: &str) -> Result<Arc<Sample>, Error> {
        let items: i64 = store::list::tally(self.tx, key)?.into_iter().map(|(_, count)| count).sum();
        let kept = &self.app.samples.0;
        let known = kept.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        if let Some(known) = known.filter(|known| (items - known.items).abs() * GROWN <= known.items) {
            return Ok(known);
        }
        let fresh = Arc::new(Sample::take(self, key, items)?);
        if self.keeps {
            kept.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), Arc::clone(&fresh));
        }
        Ok(fresh)
    }
}

/// So many of a long text's letters stand beside a form.
const EXCERPT: usize = 120;
/// So many long texts of an item do.
const EXCERPTS: usize = 2;
/// So many links of an item are looked at.
const MOST_LINKS: i64 = 2_000;

/// An item that is like what is being written, and what of it helps.
#[derive(Debug, Clone)]
pub struct Suggestion {
    /// What lists show of it.
    pub row: Row,
    /// What became of it: the beginnings of its long texts after the first, which says what the matter was. Label, text.
    pub excerpts: Vec<(String, String)>,
    /// How often it came back: see [`CameBack`].
    pub times: Total,
}

/// The suggestions from one flow.
#[derive(Debug, Clone)]
pub struct Suggested {
    /// The flow.
    pub flow: Arc<Flow>,
    /// The most alike first.
    pub items: Vec<Suggestion>,
}

/// Where an item came back: the items of one flow that name it in a field for one item, or that it names in a field for several.
#[derive(Debug, Clone)]
pub struct CameBack {
    /// The flow of those.
    pub flow: Arc<Flow>,
    /// How many.
    pub times: Total,
    /// The key of their field that names it, where there is just that.
    pub field: Option<String>,
    /// When: the month of each, oldest first, with how many.
    pub months: Vec<(String, i64)>,
    /// The newest, each with what its flow's first short fields say of where it was.
    pub newest: Vec<(Row, Vec<String>)>,
}

/// What is like a text, flow by flow: those that `key` links to first. Not the item `number`, and nothing that is linked with it.
///
/// # Errors
/// `NotFound`.
pub fn suggest(
    cx: &Reading,
    actor: &Actor,
    key: &str,
    number: Option<i64>,
    text: &str,
    limit: usize,
) -> Result<Vec<Suggested>, Error> {
    let from = cx.flow_for(actor, key)?;
    let mut but = BTreeSet::new();
    if let Some(number) = number {
        but.insert((key.to_owned(), number));
        let linked = store::like::linked(cx.tx, key, number, MOST_LINKS)?;
        but.extend(linked.into_iter().map(|link| (link.flow, link.number)));
    }
    let asked = Asked { flow: key.to_owned(), text: text.to_owned(), within: None, but, limit };
    let mut all = Vec::new();
    for published in around(cx, actor, from)? {
        let likes = of_flow(cx, actor, &asked, &from.flow, &published.flow)?;
        let items = likes.into_iter().map(|like| suggestion(cx, actor, like)).collect::<Result<Vec<_>, _>>()?;
        if !items.is_empty() {
            all.push(Suggested { flow: Arc::clone(&published.flow), items });
        }
    }
    Ok(all)
}

fn suggestion(cx: &Reading, actor: &Actor, like: Like) -> Result<Suggestion, Error> {
    let row = like.row;
    let mut times = Total::default();
    for (flow, of) in came_back(cx, &row.flow, row.number)? {
        let count = seen_of(cx, actor, &flow, of.numbers.into_iter().collect())?.len();
        times.count += i64::try_from(count).unwrap_or(0);
        times.capped |= of.capped;
    }
    let excerpts = match long_texts(cx, &row.flow, row.number)? {
        texts if texts.len() > 1 => texts.into_iter().skip(1).take(EXCERPTS).collect(),
        _ => Vec::new(),
    };
    let short = |(label, text): (String, String)| (label, beginning(&text));
    Ok(Suggestion { row, times, excerpts: excerpts.into_iter().map(short).collect() })
}

/// The long texts of an item that are not empty, after its flow's first long text whether or not that is: label and text.
/// The first entry is that first text.
pub(crate) fn long_texts(cx: &Reading, key: &str, number: i64) -> Result<Vec<(String, String)>, Error> {
    let Some(row) = store::item::load(cx.tx, key, number)? else { return Ok(Vec::new()) };
    let rules = cx.version(key, row.version())?;
    let item = row.read(&rules)?;
    let long = rules.fields.values().filter(|field| matches!(field.kind, Kind::Textarea { .. }) && !field.hidden);
    let text =
        |field: &flow::Field| item.fields.get(&field.key).map(|value| value.texts().concat()).unwrap_or_default();
    let all = long.enumerate().map(|(at, field)| (at, field.label.clone(), text(field)));
    Ok(all.filter(|(at, _, text)| *at == 0 || !text.trim().is_empty()).map(|(_, label, text)| (label, text)).collect())
}

fn beginning(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ");
    match line.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Where an item came back, flow by flow, of what the actor may see.
///
/// # Errors
/// `NotFound`.
pub fn recurrence(cx: &Reading, actor: &Actor, key: &str, number: i64, most: usize) -> Result<Vec<CameBack>, Error> {
    crate::item::view(cx, actor, key, number)?;
    let mut all = Vec::new();
    for (key, Collected { numbers, fields, capped }) in came_back(cx, key, number)? {
        let briefs = seen_of(cx, actor, &key, numbers.into_iter().collect())?;
        let Some(published) = cx.flows.get(&key).filter(|_| !briefs.is_empty()) else { continue };
        let mut months: BTreeMap<String, i64> = BTreeMap::new();
        for brief in &briefs {
            let at = jiff::Timestamp::from_millisecond(brief.created_at).unwrap_or(cx.now);
            *months.entry(at.to_zoned(cx.zone.clone()).strftime("%Y-%m").to_string()).or_default() += 1;
        }
        let times = Total { count: i64::try_from(briefs.len()).unwrap_or(i64::MAX), capped };
        let mut newest = briefs;
        newest.sort_by_key(|brief| std::cmp::Reverse((brief.created_at, brief.number)));
        newest.truncate(most);
        let line = |brief: Brief| {
            let at = places(cx, &published.flow, brief.number)?;
            Ok((work::row(published.flow.item_id(brief.number), brief, Vec::new()), at))
        };
        let newest = newest.into_iter().map(line).collect::<Result<_, Error>>()?;
        let field = (fields.len() == 1).then(|| fields.into_iter().next()).flatten().flatten();
        let flow = Arc::clone(&published.flow);
        all.push(CameBack { flow, times, field, months: months.into_iter().collect(), newest });
    }
    Ok(all)
}

/// The items of one flow that an item collects.
#[derive(Default)]
struct Collected {
    numbers: BTreeSet<i64>,
    /// By which of their fields; none: by one of its own.
    fields: BTreeSet<Option<String>>,
    /// There may be more.
    capped: bool,
}

/// The items that an item collects, by flow.
fn came_back(cx: &Reading, key: &str, number: i64) -> Result<BTreeMap<String, Collected>, Error> {
    let links = store::like::linked(cx.tx, key, number, MOST_LINKS)?;
    let capped = i64::try_from(links.len()).is_ok_and(|found| found >= MOST_LINKS);
    let mut found: BTreeMap<String, Collected> = BTreeMap::new();
    for link in links.into_iter().filter(|link| collects(cx, key, link)) {
        let of = found.entry(link.flow).or_default();
        of.numbers.insert(link.number);
        of.fields.insert((!link.outward).then_some(link.field));
        of.capped = capped;
    }
    Ok(found)
}

/// Whether an item of the flow `key` collects what this link leads to: the link is in a field for several of its own, or in one
/// for a single item of the other's.
fn collects(cx: &Reading, key: &str, link: &Link) -> bool {
    let holder = cx.flows.get(if link.outward { key } else { &link.flow });
    holder
        .and_then(|published| published.flow.fields.get(&link.field))
        .is_some_and(|field| field.multiple == link.outward)
}

/// How often each of these items of a flow came back, of what the actor may see.
pub(crate) fn times_of(cx: &Reading, actor: &Actor, key: &str, numbers: &[i64]) -> Result<FxHashMap<i64, i64>, Error> {
    let links = store::like::linked_of(cx.tx, key, numbers, MOST_LINKS * 10)?;
    let mut others: BTreeMap<String, BTreeSet<(i64, i64)>> = BTreeMap::new();
    for (number, link) in links.into_iter().filter(|(_, link)| collects(cx, key, link)) {
        others.entry(link.flow).or_default().insert((link.number, number));
    }
    let mut times = FxHashMap::default();
    for (flow, pairs) in others {
        let all: BTreeSet<i64> = pairs.iter().map(|(other, _)| *other).collect();
        let seen = seen_of(cx, actor, &flow, all.into_iter().collect())?;
        let seen: BTreeSet<i64> = seen.into_iter().map(|brief| brief.number).collect();
        for (_, number) in pairs.into_iter().filter(|(other, _)| seen.contains(other)) {
            *times.entry(number).or_insert(0) += 1;
        }
    }
    Ok(times)
}

fn seen_of(cx: &Reading, actor: &Actor, key: &str, numbers: Vec<i64>) -> Result<Vec<Brief>, Error> {
    let Some(published) = cx.flows.get(key) else { return Ok(Vec::new()) };
    let visible = cx.visibility(actor, &published.flow);
    Ok(store::like::seen(cx.tx, &published.flow, &visible, numbers)?)
}

/// What an item's first two short fields beside its title say: of a problem, where it was.
fn places(cx: &Reading, flow: &Flow, number: i64) -> Result<Vec<String>, Error> {
    let Some(row) = store::item::load(cx.tx, &flow.key, number)? else { return Ok(Vec::new()) };
    let rules = cx.version(&flow.key, row.version())?;
    let item = row.read(&rules)?;
    let is_short = |field: &&flow::Field| {
        matches!(field.kind, Kind::Text { .. } | Kind::Choice(_))
            && rules.title.as_ref() != Some(&field.key)
            && !field.hidden
    };
    let texts = rules.fields.values().filter(is_short).take(2).filter_map(|field| item.fields.get(&field.key));
    Ok(texts.map(|value| value.texts().join("、")).filter(|text| !text.is_empty()).collect())
}
