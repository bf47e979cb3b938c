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
use store::{Visibility, item::Brief};

use crate::{
    Error, Published, Reading,
    work::{self, Row},
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
