//! `words_<flow>`: one row an item, its texts as [`flow::text`] keeps them, and an index of them. Derived, in the same
//! transaction, rewritten only when a text changed. Whether words stand in an item is a question to the row alone; the index
//! says where to look, and is each engine's own: see `sqlite/words.rs` and `postgres/words.rs`.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use flow::{
    Field, Flow, Item, Kind, Query, Record, Term,
    text::{self, BREAK, Needle, Wanted},
};
use serde_json::Value as Json;

use crate::{
    Db, Error, Tx, WriteTx,
    db::Connection,
    flow_version,
    item::Brief,
    list::{self, Visibility},
    postgres,
    row::Row,
    sqlite,
    value::{Param, params},
};

/// Items in one transaction of a [`build`].
const BATCH: i64 = 500;
/// After so many items it is said how far a [`build`] is.
const SAID_AFTER: i64 = 20_000;
/// An index takes so many bytes of an item's tokens: one engine refuses more. What an index does not know is not found.
const MOST_INDEXED: usize = 400_000;

/// The name of the table of the flow's texts, ready for SQL.
pub(crate) fn table(flow: &str) -> String {
    format!("\"words_{flow}\"")
}

/// What is written of one item's texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Texts {
    pub(crate) number: i64,
    /// The title, then what else stands in its fields.
    pub(crate) body: String,
    /// Its comments.
    pub(crate) said: String,
    /// [`tokens`] of both.
    pub(crate) tokens: String,
}

impl Texts {
    pub(crate) fn new(number: i64, body: String, said: String) -> Texts {
        Texts { number, tokens: tokens(&body, &said), body, said }
    }
}

/// What a query asks of an index: more may be found than passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Token(Wanted),
    All(Vec<Asked>),
    Any(Vec<Asked>),
}

/// Makes the table and the index of the flow's texts where they are not there yet.
pub(crate) fn define(tx: &WriteTx, flow: &str) -> Result<(), Error> {
    match tx.connection() {
        Connection::Sqlite(connection) => sqlite::words::define(connection, flow),
        Connection::Postgres(_) => postgres::words::define(tx, flow),
    }
}

/// Takes both away.
pub(crate) fn remove(tx: &WriteTx, flow: &str) -> Result<(), Error> {
    if let Connection::Sqlite(_) = tx.connection() {
        tx.define(&format!("drop table if exists {}", sqlite::words::index(flow)))?;
    }
    tx.define(&format!("drop table if exists {}", table(flow)))
}

/// Whether the words of this field's values are looked for.
fn is_looked_for(field: &Field) -> bool {
    match field.kind {
        Kind::Text { .. } | Kind::Textarea { .. } | Kind::Choice(_) | Kind::User | Kind::Url | Kind::Item { .. } => {
            true
        }
        Kind::Number { .. } | Kind::Date | Kind::Datetime | Kind::Bool => false,
    }
}

/// What stands in the item's fields, as it is looked for.
pub(crate) fn body(flow: &Flow, item: &Item) -> String {
    let title = flow.title.as_deref();
    let mut body = title.and_then(|key| item.fields.get(key)).map_or(String::new(), kept);
    for field in flow.fields.values().filter(|field| title != Some(&field.key) && is_looked_for(field)) {
        if let Some(value) = item.fields.get(&field.key).filter(|value| !value.texts().is_empty()) {
            body.push(BREAK);
            body.push_str(&kept(value));
        }
    }
    body
}

fn kept(value: &flow::Value) -> String {
    let texts: Vec<String> = value.texts().iter().map(|text| text::keep(text)).collect();
    texts.join(&BREAK.to_string())
}

/// What a comment adds to what was said.
pub(crate) fn said(comment: Option<&str>) -> String {
    comment.map(text::keep).filter(|said| !said.is_empty()).map_or(String::new(), |said| format!("{said}{BREAK}"))
}

/// The tokens of an item's texts, one space between them; the title's also marked.
pub(crate) fn tokens(body: &str, said: &str) -> String {
    let mut all = text::tokens(body);
    if !said.is_empty() {
        all.extend(text::tokens(said));
        all.sort_unstable();
        all.dedup();
    }
    let title = text::tokens(body.split(BREAK).next().unwrap_or_default());
    let mut line = String::with_capacity(all.iter().map(|token| token.len() + 1).sum());
    let mut add = |mark: Option<char>, tokens: &[Cow<str>]| {
        for token in tokens {
            if line.len() + token.len() + 2 > MOST_INDEXED {
                break;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.extend(mark);
            line.push_str(token);
        }
    };
    add(Some(text::IN_TITLE), &title);
    add(None, &all);
    line
}

/// Writes what an event changed of an item's texts.
pub(crate) fn write(
    tx: &WriteTx,
    flow: &Flow,
    before: Option<(&Flow, &Item)>,
    after: &Item,
    record: &Record,
) -> Result<(), Error> {
    let changed = |key: &String| flow.fields.get(key).is_some_and(is_looked_for);
    let is_changed = match before {
        // another version may look for other fields
        Some((old, before)) if before.flow_version != after.flow_version => body(old, before) != body(flow, after),
        Some(_) => record.changes.keys().any(changed),
        None => true,
    };
    let body = is_changed.then(|| body(flow, after));
    let said = said(record.comment.as_deref());
    match (before, body) {
        (None, body) => {
            let texts = Texts::new(after.number, body.unwrap_or_default(), said);
            insert(tx, &flow.key, std::slice::from_ref(&texts))
        }
        (Some(_), None) if said.is_empty() => Ok(()),
        (Some(_), body) => match tx.connection() {
            Connection::Sqlite(_) => sqlite::words::change(tx, &flow.key, after.number, body.as_deref(), &said),
            Connection::Postgres(_) => postgres::words::change(tx, &flow.key, after.number, body.as_deref(), &said),
        },
    }
}

/// Adds the texts of new items of a flow.
pub(crate) fn insert(tx: &WriteTx, flow: &str, texts: &[Texts]) -> Result<(), Error> {
    match tx.connection() {
        Connection::Sqlite(_) => sqlite::words::insert(tx, flow, texts),
        Connection::Postgres(_) => postgres::words::insert(tx, flow, texts),
    }
}

/// The numbers of the items of which the index knows what is asked, the newest first where the engine has them in order:
/// `most` at most.
pub(crate) fn found(tx: &Tx, flow: &str, asked: &Asked, below: Option<i64>, most: i64) -> Result<Vec<i64>, Error> {
    match tx.connection() {
        Connection::Sqlite(_) => sqlite::words::found(tx, flow, asked, below, most),
        Connection::Postgres(_) => postgres::words::found(tx, flow, asked, below, most),
    }
}

/// Before many items are added, and after.
pub(crate) fn fill(tx: &WriteTx, begins: bool) -> Result<(), Error> {
    match tx.connection() {
        Connection::Sqlite(_) => {
            let flows = tx.all("select flow from flow", &[], |row| row.text(0))?;
            flows.iter().try_for_each(|flow| sqlite::words::fill(tx, flow, begins))
        }
        Connection::Postgres(_) => Ok(()),
    }
}

/// What an index must know of every item that the query finds; none: it could be anything.
pub(crate) fn asked(query: &Query) -> Option<Asked> {
    let mut all: Vec<Asked> = query.terms.iter().filter_map(asked_of).collect();
    match all.len() {
        0 => None,
        1 => all.pop(),
        _ => Some(Asked::All(all)),
    }
}

fn asked_of(term: &Term) -> Option<Asked> {
    match term {
        Term::Words(text) => {
            let needle = Needle::new(text);
            let tokens = needle.wanted().iter().cloned().map(Asked::Token);
            Some(Asked::All(tokens.collect()))
        }
        Term::Any(ways) => {
            // each way has to ask for words, else it could be anything; one that asks for signs alone finds nothing
            let mut ways = ways.iter().map(asked).collect::<Option<Vec<_>>>()?;
            ways.retain(|way| !way.is_nothing());
            Some(Asked::Any(ways))
        }
        Term::Number(_)
        | Term::Not(_)
        | Term::Was(_)
        | Term::Reached(_)
        | Term::Changed { .. }
        | Term::Column { .. } => None,
    }
}

/// The words of a query of which each is in every item that it finds.
fn needles(query: &Query) -> Vec<Needle> {
    let words = |term: &Term| match term {
        Term::Words(text) => Some(Needle::new(text)),
        _ => None,
    };
    query.terms.iter().filter_map(words).collect()
}

/// All words of a query that items may be found by: what is marked where they are shown.
#[must_use]
pub fn marked(query: &Query) -> Vec<Needle> {
    let mut all = needles(query);
    for ways in query.terms.iter().filter_map(|term| if let Term::Any(ways) = term { Some(ways) } else { None }) {
        all.extend(ways.iter().flat_map(marked));
    }
    all
}

/// Of the newest items whose titles have all words of the query, those that it finds and the person may see; newest first.
/// None where it has no words.
///
/// # Errors
/// The records failed.
pub fn in_titles(tx: &Tx, flow: &Flow, query: &Query, visible: &Visibility, most: i64) -> Result<Vec<Brief>, Error> {
    let wanted: BTreeSet<Wanted> = needles(query).iter().flat_map(Needle::wanted).cloned().collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let titled = |wanted: Wanted| Wanted { token: format!("{}{}", text::IN_TITLE, wanted.token), ..wanted };
    let asked = Asked::All(wanted.into_iter().map(titled).map(Asked::Token).collect());
    let numbers = found(tx, &flow.key, &asked, None, most)?;
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    list::of_numbers(tx, flow, query, visible, numbers)
}

/// What words weigh: how many items of the flow hold each of them, counted up to `most`.
///
/// # Errors
/// The records failed.
pub fn frequencies(tx: &Tx, flow: &Flow, needles: &[Needle], most: i64) -> Result<Vec<i64>, Error> {
    let count = |needle: &Needle| {
        let asked = Asked::All(needle.wanted().iter().cloned().map(Asked::Token).collect());
        let found = if needle.is_blank() { Vec::new() } else { found(tx, &flow.key, &asked, None, most)? };
        Ok(i64::try_from(found.len()).unwrap_or(most))
    };
    needles.iter().map(count).collect()
}

/// The kept texts of items, by number: what stands in their fields, the title first; what was said.
///
/// # Errors
/// The records failed.
pub fn texts(tx: &Tx, flow: &Flow, numbers: &[i64]) -> Result<BTreeMap<i64, (String, String)>, Error> {
    let list: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let is_one = tx.one_of_numbers().replace("$1", "number");
    let sql = format!("select number, body, said from {} where flow = $1 and {is_one}", table(&flow.key));
    let rows = tx.all(&sql, params![&flow.key, list.join(",")], |row| Ok((row.int(0)?, row.text(1)?, row.text(2)?)))?;
    Ok(rows.into_iter().map(|(number, body, said)| (number, (body, said))).collect())
}

/// Whether what the index gives for the term passes it.
pub(crate) fn is_token(term: &Term) -> bool {
    matches!(term, Term::Words(text) if Needle::new(text).is_token())
}

/// Whether the index alone says which items the query finds.
#[must_use]
pub fn is_known(query: &Query) -> bool {
    !query.terms.is_empty() && query.terms.iter().all(is_token)
}

impl Asked {
    /// In the engine's language: how a token is written, what stands between those of which all and any are asked.
    pub(crate) fn write(&self, token: &impl Fn(&Wanted) -> String, all: &str, any: &str) -> String {
        let join = |parts: &[Asked], between: &str| {
            let parts: Vec<String> = parts.iter().map(|part| part.write(token, all, any)).collect();
            format!("({})", parts.join(between))
        };
        match self {
            Asked::Token(wanted) => token(wanted),
            Asked::All(parts) => join(parts, all),
            Asked::Any(parts) => join(parts, any),
        }
    }

    /// Nothing is known of such an item: there is a part without any token.
    pub(crate) fn is_nothing(&self) -> bool {
        match self {
            Asked::Token(_) => false,
            Asked::All(parts) => parts.is_empty() || parts.iter().any(Asked::is_nothing),
            Asked::Any(parts) => parts.iter().all(Asked::is_nothing),
        }
    }
}

/// The flows whose items were there before there was an index of words, and whose index is not whole yet.
///
/// # Errors
/// The records failed.
pub fn due(tx: &Tx) -> Result<Vec<String>, Error> {
    tx.all("select flow from words_due order by flow", &[], |row| row.text(0))
}

/// Makes the texts and the index of a flow's items, in batches: what was done stays done when it is interrupted.
///
/// # Errors
/// The records failed.
pub fn build(db: &Db, flow: &str) -> Result<(), Error> {
    let key = flow.to_owned();
    let versions = Arc::new(db.read(|tx| versions(tx, &key))?);
    let mut done = 0;
    loop {
        let (key, versions) = (key.clone(), Arc::clone(&versions));
        match db.write(move |tx| build_batch(tx, &key, &versions))? {
            0 => return Ok(()),
            more => done += more,
        }
        // it takes a while, and whoever waits for the start wants to know why
        if done % SAID_AFTER < BATCH {
            tracing::info!(flow, items = done, "making the index of words");
        }
    }
}

/// How many items were done; none: there are no more.
fn build_batch(tx: &WriteTx, flow: &str, versions: &Versions) -> Result<i64, Error> {
    tx.take_turn()?;
    let sql = "select upto from words_due where flow = $1";
    let Some(upto) = tx.first(sql, params![flow], |row| row.int(0))? else { return Ok(0) };
    if upto == 0 {
        define(tx, flow)?;
    }
    let texts = texts_of(tx, flow, versions, upto, BATCH)?;
    let Some(last) = texts.last().map(|texts| texts.number) else {
        tx.execute("delete from words_due where flow = $1", params![flow])?;
        return Ok(0);
    };
    let sql = format!("delete from {} where flow = $1 and number > $2 and number <= $3", table(flow));
    tx.execute(&sql, params![flow, upto, last])?;
    insert(tx, flow, &texts)?;
    tx.execute("update words_due set upto = $2 where flow = $1", params![flow, last])?;
    Ok(i64::try_from(texts.len()).unwrap_or(i64::MAX))
}

/// Has [`build`] make the texts and the index of every flow's items, whatever is there.
pub(crate) fn all_due(tx: &WriteTx) -> Result<(), Error> {
    let sql = "insert into words_due (flow, upto) select flow, 0 from flow where true on conflict (flow) do update set upto = 0";
    tx.execute(sql, &[]).map(drop)
}

/// The versions of a flow, by number.
pub(crate) type Versions = BTreeMap<i64, Flow>;

pub(crate) fn versions(tx: &Tx, flow: &str) -> Result<Versions, Error> {
    let mut versions = Versions::new();
    for row in flow_version::history(tx, flow)? {
        versions.insert(row.version, row.rules()?);
    }
    Ok(versions)
}

/// The texts of the first `most` items after this number, read from what is stored of them.
pub(crate) fn texts_of(tx: &Tx, flow: &str, versions: &Versions, after: i64, most: i64) -> Result<Vec<Texts>, Error> {
    let sql = "select number, flow_version, fields from item where flow = $1 and number > $2 order by number limit $3";
    let read = |row: &Row| Ok((row.int(0)?, row.int(1)?, row.text(2)?));
    let items = tx.all(sql, params![flow, after, most], read)?;
    let last = items.last().map_or(after, |(number, ..)| *number);
    let sql = "select number, comment from event where flow = $1 and number > $2 and number <= $3
               and comment is not null order by number, seq";
    let comments = tx.all(sql, params![flow, after, last], |row| Ok((row.int(0)?, said(Some(row.str(1)?)))))?;
    let mut texts = Vec::with_capacity(items.len());
    for (number, version, fields) in items {
        let stored: serde_json::Map<String, Json> =
            serde_json::from_str(&fields).map_err(|error| Error::corrupt("reading an item's fields", error))?;
        let rules = versions.get(&version);
        let rules = rules.ok_or_else(|| Error::corrupt("reading an item", format!("{flow} version {version}")))?;
        let said = comments.iter().filter(|(of, _)| *of == number).map(|(_, said)| said.as_str()).collect();
        texts.push(Texts::new(number, stored_body(rules, &stored), said));
    }
    Ok(texts)
}

/// [`body`] of what is stored.
fn stored_body(flow: &Flow, stored: &serde_json::Map<String, Json>) -> String {
    let value = |field: &Field| stored.get(&field.key).map(|json| flow::Value::from_stored(json, field));
    let fields = flow.fields.values().filter(|field| is_looked_for(field));
    let fields = fields.filter_map(|field| Some((field.key.clone(), value(field)?)));
    let nobody = || String::new();
    let item = Item {
        number: 0,
        flow_version: 0,
        revision: 0,
        state: nobody(),
        assigned_to: Vec::new(),
        created_by: nobody(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
        updated_at: jiff::Timestamp::UNIX_EPOCH,
        closed_at: None,
        fields: fields.collect(),
    };
    body(flow, &item)
}

/// The values of rows of `words_<flow>` that both engines have.
pub(crate) fn values(flow: &str, texts: &Texts) -> [Param<'static>; 4] {
    [flow.to_owned().into(), texts.number.into(), texts.body.clone().into(), texts.said.clone().into()]
}
