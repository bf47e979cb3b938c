//! Whole lives of new items, many in few statements: for filling an installation. What they leave is what [`crate::item::save`]
//! would have left, had it been given the same decisions one by one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use flow::{Decision, Flow, Item, RecordKind};
use jiff::Timestamp;

use crate::{
    Error, WriteTx,
    feed::Change,
    field_change,
    item::{changes_text, end, fields_text, kind, linked_from, names_text, title},
    list::holder,
    sheet,
    value::{Param, params},
    words::{self, Texts},
};

/// Values in one statement at most: both engines take as many.
const MOST_VALUES: usize = 30_000;
/// Rows in one statement at most: more gain nothing.
const MOST_ROWS: usize = 200;

/// A new item from its creation on.
#[derive(Debug, Clone, Copy)]
pub struct Life<'a> {
    /// The version of the flow that rules it.
    pub flow: &'a Flow,
    /// What was decided, in order; the first creates it.
    pub decisions: &'a [Decision],
}

/// What lives leave in the records, not written yet.
#[derive(Debug, Default)]
pub struct Lives {
    count: usize,
    /// The items, with the moments they were changed at and who holds them.
    told: Vec<(String, i64, i64, BTreeSet<String>)>,
    item: Vec<Param<'static>>,
    event: Vec<Param<'static>>,
    stay: Vec<Param<'static>>,
    holder: Vec<Param<'static>>,
    link: Vec<Param<'static>>,
    took_part: Vec<Param<'static>>,
    texts: BTreeMap<String, Vec<Texts>>,
    field_change: Vec<Param<'static>>,
    /// By flow and version, whose fields may differ: the columns, the rows.
    sheets: BTreeMap<(String, i64), (Vec<String>, Vec<Param<'static>>)>,
    tally: BTreeMap<(String, String, bool), i64>,
    open: BTreeMap<(String, i64), i64>,
}

impl Lives {
    /// How many items there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Adds the lives of items that belong together: whatever one of them opens is among them.
    ///
    /// # Errors
    /// [`Error::Corrupt`]: what was decided does not follow from what was decided before.
    pub fn add(&mut self, family: &[Life]) -> Result<(), Error> {
        for life in family {
            let opened = life.decisions.iter().filter_map(Decision::opens);
            for (key, first) in opened {
                let is_there = |other: &Life| other.flow.key == key && other.decisions.first() == Some(first);
                if !family.iter().any(is_there) {
                    return Err(broken(life.flow, first.after(), "is opened but has no life"));
                }
            }
            self.add_one(life)?;
        }
        Ok(())
    }

    fn add_one(&mut self, life: &Life) -> Result<(), Error> {
        let Life { flow, decisions } = life;
        let Some(last) = decisions.last().map(Decision::after) else { return Ok(()) };
        let follows = decisions.first().is_some_and(|first| first.before().is_none())
            && decisions.windows(2).all(|pair| pair[1].before() == Some(pair[0].after()));
        if !follows {
            return Err(broken(flow, last, "has a gap in its life"));
        }
        self.add_events(flow, decisions)?;
        let key = || Param::from(flow.key.clone());
        let number = || Param::Int(last.number);
        self.item.extend([key(), number(), last.flow_version.into(), last.revision.into(), last.state.clone().into()]);
        self.item.extend([title(flow, last).to_owned().into(), names_text(&last.assigned_to)?.into()]);
        self.item.extend([last.created_by.clone().into(), ms(last.created_at), ms(last.updated_at)]);
        self.item.extend([last.closed_at.map(Timestamp::as_millisecond).into(), fields_text(last)?.into()]);
        for (who, since) in held_since(decisions) {
            self.holder.extend([key(), number(), holder(who).into(), ms(since)]);
        }
        for (field_key, field) in flow.fields.iter().filter(|(_, field)| matches!(field.kind, flow::Kind::Item { .. }))
        {
            for (other, at) in linked_from(last, field_key).iter().filter_map(|text| end(text)) {
                let field = || Param::from(field.key.clone());
                self.link.extend([key(), number(), 0.into(), field(), other.clone().into(), at.into()]);
                self.link.extend([other.into(), at.into(), 1.into(), field(), key(), number()]);
            }
        }
        let comments = decisions.iter().map(|decision| words::said(decision.record().comment.as_deref()));
        let texts = Texts::new(last.number, words::body(flow, last), comments.collect());
        self.texts.entry(flow.key.clone()).or_default().push(texts);
        let sheet = self.sheets.entry((flow.key.clone(), last.flow_version));
        let (_, rows) = sheet.or_insert_with(|| (sheet::row_columns(flow), Vec::new()));
        sheet::row_of(flow, last, rows)?;
        *self.tally.entry((flow.key.clone(), last.state.clone(), last.closed_at.is_some())).or_default() += 1;
        if last.closed_at.is_none() {
            *self.open.entry((flow.key.clone(), last.flow_version)).or_default() += 1;
        }
        self.count += 1;
        let holders = last.assigned_to.iter().cloned().collect();
        self.told.push((flow.key.clone(), last.number, last.updated_at.as_millisecond(), holders));
        Ok(())
    }

    /// The events, the stays between them, who took part.
    fn add_events(&mut self, flow: &Flow, decisions: &[Decision]) -> Result<(), Error> {
        let mut seq = 0;
        let mut pressed: BTreeMap<&str, Timestamp> = BTreeMap::new();
        let mut stays: Vec<(i64, &Item, Option<Timestamp>)> = Vec::new();
        for decision in decisions {
            let (before, after, record) = (decision.before(), decision.after(), decision.record());
            if record.kind != RecordKind::Commented && before == Some(after) {
                continue;
            }
            seq += 1;
            self.event.extend([flow.key.clone().into(), after.number.into(), seq.into(), ms(record.at)]);
            self.event.extend([record.actor.clone().into(), kind(record.kind).into(), record.trigger.clone().into()]);
            self.event.extend([record.from.clone().into(), record.to.clone().into(), changes_text(record)?.into()]);
            self.event.extend([names_text(&record.assigned_to)?.into(), record.comment.clone().into()]);
            self.event.push(record.by_admin.into());
            field_change::rows((flow, flow), after.number, record, seq, &mut self.field_change);
            if before.is_none_or(|before| before.state != after.state) {
                if let Some((_, _, ended)) = stays.last_mut() {
                    *ended = Some(after.updated_at);
                }
                stays.push((seq, after, None));
            }
            if record.kind == RecordKind::Triggered {
                pressed.insert(&record.actor, after.updated_at);
            }
        }
        for (seq, item, ended) in stays {
            self.stay.extend([flow.key.clone().into(), item.number.into(), seq.into(), item.state.clone().into()]);
            self.stay.extend([ms(item.updated_at), ended.map(Timestamp::as_millisecond).into()]);
        }
        let number = decisions.first().map_or(0, |first| first.after().number);
        for (who, at) in pressed {
            self.took_part.extend([flow.key.clone().into(), number.into(), holder(who).into(), ms(at)]);
        }
        Ok(())
    }

    /// Has those who follow changes told of them, once they are written: too much for filling an installation.
    pub fn tell(&self, tx: &WriteTx) {
        for (flow, number, at, people) in &self.told {
            tx.touched(Change::Item { flow: flow.clone(), number: *number, at: *at, people: people.clone() });
        }
    }

    /// Writes them. Their numbers are taken already ([`crate::item::next_numbers`]).
    ///
    /// # Errors
    /// [`Error::Exists`]: there is an item of such a number; or the records failed.
    pub fn write(&self, tx: &WriteTx) -> Result<(), Error> {
        let columns = "flow, number, flow_version, revision, state, title, assigned_to, created_by, created_at, \
                       updated_at, closed_at, fields";
        insert(tx, "item", columns, 12, &self.item)?;
        for ((flow, _), (columns, rows)) in &self.sheets {
            insert(tx, &sheet::table(flow), &columns.join(", "), columns.len(), rows)?;
        }
        insert(tx, "holder", "flow, number, who, since", 4, &self.holder)?;
        insert(tx, "link", "flow, number, inward, field, other_flow, other_number", 6, &self.link)?;
        insert(tx, "took_part", "flow, number, who, at", 4, &self.took_part)?;
        insert(tx, "stay", "flow, number, seq, state, entered, ended", 6, &self.stay)?;
        let columns = "flow, number, seq, at, actor, kind, trigger_words, from_state, to_state, changes, assigned_to, \
                       comment, by_admin";
        insert(tx, "event", columns, 13, &self.event)?;
        self.texts.iter().try_for_each(|(flow, texts)| words::insert(tx, flow, texts))?;
        insert(tx, "field_change", field_change::COLUMNS, field_change::WIDTH, &self.field_change)?;
        for ((flow, state, closed), items) in &self.tally {
            let sql = "insert into tally (flow, state, closed, slot, items) values ($1, $2, $3, $4, $5)
                       on conflict (flow, state, closed, slot) do update set items = tally.items + $5";
            tx.execute(sql, params![flow, state, *closed, tx.slot(), *items])?;
        }
        for ((flow, version), items) in &self.open {
            let sql = "insert into open_version (flow, version, slot, items) values ($1, $2, $3, $4)
                       on conflict (flow, version, slot) do update set items = open_version.items + $4";
            tx.execute(sql, params![flow, *version, tx.slot(), *items])?;
        }
        Ok(())
    }
}

/// Runs `f` while the tables of items have no index but their keys, and makes the indexes again: a million rows are sorted
/// sooner than put in place one by one. `made` is told how many are made, and of how many.
///
/// # Errors
/// Those of `f`, or the records failed.
pub fn without_indexes<T, E: From<Error>>(
    tx: &WriteTx,
    f: impl FnOnce() -> Result<T, E>,
    mut made: impl FnMut(usize, usize),
) -> Result<T, E> {
    let indexes = indexes(tx)?;
    for (name, _) in &indexes {
        tx.execute(&format!("drop index \"{name}\""), &[])?;
    }
    words::fill(tx, true)?;
    let done = f()?;
    words::fill(tx, false)?;
    for (at, (_, definition)) in indexes.iter().enumerate() {
        made(at, indexes.len());
        tx.execute(definition, &[])?;
    }
    Ok(done)
}

/// Names and definitions of the indexes of items that are none of a key.
pub(crate) fn indexes(tx: &WriteTx) -> Result<Vec<(String, String)>, Error> {
    let mut tables: BTreeSet<String> =
        ["item", "holder", "event", "stay", "link", "took_part", "field_change"].map(str::to_owned).into();
    for flow in tx.all("select flow from flow", &[], |row| row.text(0))? {
        tables.extend([format!("sheet_{flow}"), format!("words_{flow}")]);
    }
    let all = tx.indexes()?;
    Ok(all.into_iter().filter(|(table, ..)| tables.contains(table)).map(|(_, name, sql)| (name, sql)).collect())
}

/// The holders after all of it, and since when each has held it without a break.
fn held_since(decisions: &[Decision]) -> BTreeMap<&str, Timestamp> {
    let mut held: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for after in decisions.iter().map(Decision::after) {
        let hold = after.assigned_to.iter().map(String::as_str);
        held = hold.map(|who| (who, held.get(who).copied().unwrap_or(after.updated_at))).collect();
    }
    held
}

/// Rows of `width` values each.
fn insert(tx: &WriteTx, table: &str, columns: &str, width: usize, values: &[Param]) -> Result<(), Error> {
    let most = MOST_ROWS.min(MOST_VALUES / width) * width;
    let mut sql = String::new();
    let mut holds = 0;
    for part in values.chunks(most) {
        if part.len() != holds {
            holds = part.len();
            sql = format!("insert into {table} ({columns}) values ");
            for at in 0..holds {
                let before = if at % width > 0 {
                    ", "
                } else if at > 0 {
                    "), ("
                } else {
                    "("
                };
                // writing into a string cannot fail
                let _ = write!(sql, "{before}${}", at + 1);
            }
            sql.push(')');
        }
        tx.execute(&sql, part)?;
    }
    Ok(())
}

fn ms(at: Timestamp) -> Param<'static> {
    at.as_millisecond().into()
}

fn broken(flow: &Flow, item: &Item, what: &str) -> Error {
    Error::corrupt("adding items", format!("{}/{} {what}", flow.key, item.number))
}
