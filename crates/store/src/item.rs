//! Items: the present, what happened, what is linked. Nothing changes an item but a [`flow::Decision`], by [`save`].

use std::collections::{BTreeMap, BTreeSet};

use flow::{Column, Decision, Edge, Field, Flow, Item, Query, Range, Record, RecordKind, Scalar, Term, Test};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::{
    Error, Tx, WriteTx,
    feed::Change,
    field_change,
    list::{self, Page, Visibility, bound, cursor, holder},
    row::Row as SqlRow,
    sheet,
    value::{Param, is_unstorable, params},
    words,
};

/// An item as it is stored; [`Row::read`] makes sense of its fields by the version of its flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    flow_version: i64,
    item: Item,
    fields: String,
}

/// What [`save`] wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// The event's number within the item; 0: nothing had changed and nothing was written.
    pub seq: i64,
}

/// One event of an item's history.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    /// 1, 2, … within the item.
    pub seq: i64,
    /// Milliseconds.
    pub at: i64,
    /// Who did it.
    pub actor: String,
    /// `created`, `saved`, `triggered`, `commented`, `assigned`, `imported`, `migrated`.
    pub kind: String,
    /// The trigger pressed.
    pub trigger: Option<String>,
    /// The state before; none for a new item.
    pub from: Option<String>,
    /// The state after.
    pub to: String,
    /// By field, in the form's order: the stored value before, after.
    pub changes: IndexMap<String, (Json, Json)>,
    /// The holders after it.
    pub assigned_to: Vec<String>,
    /// What was said.
    pub comment: Option<String>,
    /// Allowed only because the actor is an administrator.
    pub by_admin: bool,
}

/// A time that an item spent in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The state.
    pub state: String,
    /// Milliseconds.
    pub entered: i64,
    /// Milliseconds; none: it is there now.
    pub left: Option<i64>,
}

/// All that an item spent in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stayed {
    /// The state.
    pub state: String,
    /// How long in all, milliseconds.
    pub lasted: i64,
    /// When it came there last, milliseconds.
    pub entered: i64,
    /// Who had it there last.
    pub assigned_to: Vec<String>,
}

/// One end of a link: the item at the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The other item's flow.
    pub flow: String,
    /// The other item's number.
    pub number: i64,
    /// Key of the field that holds the link: this item's if `outward`, else the other's.
    pub field: String,
    /// This item names the other.
    pub outward: bool,
}

/// An item's flow and number.
pub type Place = (String, i64);

/// What every list shows of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// Its flow.
    pub flow: String,
    /// Its number.
    pub number: i64,
    /// The version that rules it.
    pub flow_version: i64,
    /// Its title; empty if it has none.
    pub title: String,
    /// Its state.
    pub state: String,
    /// Its holders.
    pub assigned_to: Vec<String>,
    /// Who created it.
    pub created_by: String,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds.
    pub updated_at: i64,
    /// Milliseconds; none: not closed.
    pub closed_at: Option<i64>,
}

/// The columns that [`read_brief`] takes, of the table alias `i`.
pub(crate) const BRIEF: &str = "i.flow, i.number, i.flow_version, i.title, i.state, i.assigned_to, i.created_by, \
                                i.created_at, i.updated_at, i.closed_at";

/// Items of a flow among which pickers look for words.
const NEWEST: i64 = 20_000;

/// The number of an item's next event.
const NEXT_SEQ: &str = "select coalesce(max(seq), 0) + 1 from event where flow = $1 and number = $2";

pub(crate) const ROW: &str =
    "number, flow_version, revision, state, assigned_to, created_by, created_at, updated_at, closed_at, fields";

impl Row {
    /// The version of the flow that rules it.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.flow_version
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.item.number
    }

    /// The item. `flow` must be the version that rules it.
    ///
    /// # Errors
    /// What is stored makes no sense.
    pub fn read(self, flow: &Flow) -> Result<Item, Error> {
        let Row { mut item, fields, .. } = self;
        let stored: IndexMap<String, Json> =
            serde_json::from_str(&fields).map_err(|error| Error::corrupt("reading an item's fields", error))?;
        item.fields = stored
            .into_iter()
            .filter_map(|(key, json)| Some((flow.fields.get(&key)?, key, json)))
            .map(|(field, key, json)| (key, flow::Value::from_stored(&json, field)))
            .collect();
        Ok(item)
    }
}

/// Takes the flow's next number: no other item gets it once this is committed.
///
/// # Errors
/// The flow was never published, or the records failed.
pub fn next_number(tx: &WriteTx, flow: &str) -> Result<i64, Error> {
    let sql = "update next_number set next = next + 1 where flow = $1 returning next - 1";
    tx.one(sql, params![flow], |row| row.int(0))
}

/// Takes the flow's next `count` numbers at once: the first of them.
///
/// # Errors
/// As [`next_number`].
pub fn next_numbers(tx: &WriteTx, flow: &str, count: i64) -> Result<i64, Error> {
    let sql = "update next_number set next = next + $2 where flow = $1 returning next - $2";
    tx.one(sql, params![flow, count], |row| row.int(0))
}

/// An item, to be looked at.
///
/// # Errors
/// The records failed.
pub fn load(tx: &Tx, flow: &str, number: i64) -> Result<Option<Row>, Error> {
    tx.first(&format!("select {ROW} from item where flow = $1 and number = $2"), params![flow, number], read_row)
}

/// The items of these numbers, to be looked at, in this order; those that do not exist are left out.
///
/// # Errors
/// The records failed.
pub fn load_many(tx: &Tx, flow: &str, numbers: &[i64]) -> Result<Vec<Row>, Error> {
    let wanted: BTreeSet<i64> = numbers.iter().copied().collect();
    let found = of_numbers(tx, ITEMS, flow, &wanted, ROW, |row| read_row_at(row, 1))?;
    let mut found: BTreeMap<i64, Row> = found.into_iter().collect();
    Ok(numbers.iter().filter_map(|number| found.remove(number)).collect())
}

/// An item that is to be changed: nobody else changes it until the transaction ends. As few a transaction as can be: two
/// who hold one each and want the other's wait for each other.
///
/// # Errors
/// The records failed.
pub fn hold(tx: &Tx, flow: &str, number: i64) -> Result<Option<Row>, Error> {
    foresee_hold(tx, flow, number)?;
    let sql = format!("select {ROW} from item where flow = $1 and number = $2");
    tx.first_held(&sql, params![flow, number], read_row)
}

/// [`hold`] will be asked this soon. The item is held from then on, whoever turns out to ask.
///
/// # Errors
/// The records failed.
pub fn foresee_hold(tx: &Tx, flow: &str, number: i64) -> Result<(), Error> {
    if !tx.may_write() || !tx.is_far() {
        return Ok(());
    }
    tx.foresee_held(&format!("select {ROW} from item where flow = $1 and number = $2"), params![flow, number])?;
    // once it is held, the number of its next event is known
    tx.foresee(NEXT_SEQ, params![flow, number])
}

/// Whether there is such an item.
///
/// # Errors
/// The records failed.
pub fn exists(tx: &Tx, flow: &str, number: i64) -> Result<bool, Error> {
    let sql = "select 1 from item where flow = $1 and number = $2";
    Ok(tx.first(sql, params![flow, number], |row| row.int(0))?.is_some())
}

/// Writes what was decided: the item, what is derived from it, the event; and the same for the item that it opens, whose
/// flow is `also`.
///
/// # Errors
/// [`Error::Stale`]: the item is no longer at the revision decided on; or the records failed.
pub fn save(tx: &WriteTx, flow: &Flow, decision: &Decision, also: Option<&Flow>) -> Result<Saved, Error> {
    if let Some((key, opened)) = decision.opens() {
        let also = also
            .filter(|also| also.key == key)
            .ok_or_else(|| Error::corrupt("saving an item", format!("the flow {key} of the opened item is missing")))?;
        save_one(tx, also, opened)?;
    }
    save_one(tx, flow, decision)
}

/// The history, oldest first, from after the event `after_seq`.
///
/// # Errors
/// The records failed.
pub fn history(tx: &Tx, flow: &str, number: i64, after_seq: i64, limit: i64) -> Result<Vec<EventRow>, Error> {
    let sql = format!("select {EVENT} from event where flow = $1 and number = $2 and seq > $3 order by seq limit $4");
    tx.all(&sql, params![flow, number, after_seq, limit], read_event)
}

/// The history from before the event `before_seq` on backwards: newest first.
///
/// # Errors
/// The records failed.
pub fn earlier(tx: &Tx, flow: &str, number: i64, before_seq: i64, limit: i64) -> Result<Vec<EventRow>, Error> {
    let sql =
        format!("select {EVENT} from event where flow = $1 and number = $2 and seq < $3 order by seq desc limit $4");
    tx.all(&sql, params![flow, number, before_seq, limit], read_event)
}

/// The last `limit` events that made a revision of the item, as all but comments do: newest first.
///
/// # Errors
/// The records failed.
pub fn last_revisions(tx: &Tx, flow: &str, number: i64, limit: i64) -> Result<Vec<EventRow>, Error> {
    let sql =
        format!("select {EVENT} from event where flow = $1 and number = $2 and kind <> $3 order by seq desc limit $4");
    tx.all(&sql, params![flow, number, kind(RecordKind::Commented), limit], read_event)
}

/// The number of the last event.
///
/// # Errors
/// The records failed.
pub fn last_seq(tx: &Tx, flow: &str, number: i64) -> Result<i64, Error> {
    Ok(tx.one(NEXT_SEQ, params![flow, number], |row| row.int(0))? - 1)
}

/// The columns that [`read_event`] takes.
pub(crate) const EVENT: &str =
    "seq, at, actor, kind, trigger_words, from_state, to_state, changes, assigned_to, comment, by_admin";

pub(crate) fn read_event(row: &SqlRow) -> Result<EventRow, Error> {
    let changes = row.text(7)?;
    Ok(EventRow {
        seq: row.int(0)?,
        at: row.int(1)?,
        actor: row.text(2)?,
        kind: row.text(3)?,
        trigger: row.text_or_null(4)?,
        from: row.text_or_null(5)?,
        to: row.text(6)?,
        changes: serde_json::from_str(&changes).map_err(|error| Error::corrupt("reading an event", error))?,
        assigned_to: names(row.str(8)?)?,
        comment: row.text_or_null(9)?,
        by_admin: row.flag(10)?,
    })
}

/// The states that the item has been in until `now`, each once.
///
/// # Errors
/// The records failed.
pub fn stayed(tx: &Tx, flow: &str, number: i64, now: i64) -> Result<Vec<Stayed>, Error> {
    // The last event of a stay is the one before the next stay's first; of the present one it is the last of all. Grouped by
    // the state itself, an engine would walk the index of all stays of the flow by state.
    let sql = "select s.state, s.lasted, s.entered, e.assigned_to from
                 (select coalesce(state, '') as state, cast(sum(coalesce(ended, $3) - entered) as bigint) as lasted,
                         max(entered) as entered, max(seq) as last
                  from stay where flow = $1 and number = $2 group by coalesce(state, '')) s
               join event e on e.flow = $1 and e.number = $2 and e.seq = coalesce(
                 (select min(n.seq) - 1 from stay n where n.flow = $1 and n.number = $2 and n.seq > s.last),
                 (select max(l.seq) from event l where l.flow = $1 and l.number = $2))";
    tx.all(sql, params![flow, number, now], |row| {
        Ok(Stayed { state: row.text(0)?, lasted: row.int(1)?, entered: row.int(2)?, assigned_to: names(row.str(3)?)? })
    })
}

/// The ways that the item has gone from state to state, with how often, the first first: a press that stays is one too.
///
/// # Errors
/// The records failed.
pub fn ways(tx: &Tx, flow: &str, number: i64) -> Result<Vec<(String, String, i64)>, Error> {
    let sql = "select from_state, to_state, cast(count(*) as bigint), min(seq) as first from event
               where flow = $1 and number = $2 and from_state is not null and (from_state <> to_state or kind = $3)
               group by from_state, to_state order by first";
    tx.all(sql, params![flow, number, kind(RecordKind::Triggered)], |row| Ok((row.text(0)?, row.text(1)?, row.int(2)?)))
}

/// The states that the item has been in, oldest first.
///
/// # Errors
/// The records failed.
pub fn stays(tx: &Tx, flow: &str, number: i64) -> Result<Vec<Stay>, Error> {
    let sql = "select state, entered, ended from stay where flow = $1 and number = $2 order by seq";
    tx.all(sql, params![flow, number], |row| {
        Ok(Stay { state: row.text(0)?, entered: row.int(1)?, left: row.int_or_null(2)? })
    })
}

/// The items that entered a state within `from..until` (ms), each with the last moment it did, those that did so first before
/// the others; at most `limit`.
///
/// # Errors
/// The records failed.
pub fn reached(
    tx: &Tx,
    flow: &str,
    state: &str,
    (from, until): (i64, i64),
    limit: i64,
) -> Result<Vec<(i64, i64)>, Error> {
    let sql = "select number, max(entered) from stay
               where flow = $1 and state = $2 and entered >= $3 and entered < $4
               group by number order by max(entered), number limit $5";
    tx.all(sql, params![flow, state, from, until, limit], |row| Ok((row.int(0)?, row.int(1)?)))
}

/// A page of an item's links, its own and then those that name it. Where both name each other, there are two.
///
/// # Errors
/// [`Error::BadCursor`], or the records failed.
pub fn links(tx: &Tx, flow: &str, number: i64, cursor: Option<&str>, limit: i64) -> Result<Page<Link>, Error> {
    let (inward, field, other_flow, other_number) = match &cursor::read("links", cursor)?[..] {
        [] => (-1, String::new(), String::new(), 0),
        [inward, field, flow, number] => {
            (cursor::int(inward)?, cursor::text(field)?, cursor::text(flow)?, cursor::int(number)?)
        }
        _ => return Err(Error::BadCursor),
    };
    let sql = "select other_flow, other_number, field, inward from link where flow = $1 and number = $2
               and (inward, field, other_flow, other_number) > ($3, $4, $5, $6)
               order by inward, field, other_flow, other_number limit $7";
    let values = params![flow, number, inward, field, other_flow, other_number, bound(limit) + 1];
    let rows = tx.all(sql, values, |row| {
        Ok(Link { flow: row.text(0)?, number: row.int(1)?, field: row.text(2)?, outward: !row.flag(3)? })
    })?;
    Ok(Page::cut(rows, limit, |link| {
        let inward = i64::from(!link.outward);
        cursor::write("links", &[inward.into(), (&link.field).into(), (&link.flow).into(), link.number.into()])
    }))
}

/// Title and state of each of these items; those that do not exist are left out.
///
/// # Errors
/// The records failed.
pub fn titles(tx: &Tx, items: &BTreeSet<Place>) -> Result<BTreeMap<Place, (String, String)>, Error> {
    let mut numbers: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for (flow, number) in items {
        numbers.entry(flow).or_default().insert(*number);
    }
    let mut found = BTreeMap::new();
    for (flow, numbers) in numbers {
        let titles = of_numbers(tx, ITEMS, flow, &numbers, "title, state", |row| Ok((row.text(1)?, row.text(2)?)))?;
        found.extend(titles.into_iter().map(|(number, title)| ((flow.to_owned(), number), title)));
    }
    Ok(found)
}

/// When each of these items of a flow came into the state that it is in, ms.
///
/// # Errors
/// The records failed.
pub fn entered(tx: &Tx, flow: &str, numbers: &BTreeSet<i64>) -> Result<BTreeMap<i64, i64>, Error> {
    Ok(of_numbers(tx, "stay where ended is null and", flow, numbers, "entered", |row| row.int(1))?
        .into_iter()
        .collect())
}

/// Items, up to a condition on them.
const ITEMS: &str = "item where";

/// The columns of what is kept by number of these items, in few statements: as many places as the next power of two, so
/// that the statements that are kept ready stay few. `from` is a table, up to a condition on it.
fn of_numbers<T>(
    tx: &Tx,
    from: &str,
    flow: &str,
    numbers: &BTreeSet<i64>,
    columns: &str,
    read: impl Fn(&SqlRow) -> Result<T, Error>,
) -> Result<Vec<(i64, T)>, Error> {
    const MOST: usize = 64;
    let numbers: Vec<i64> = numbers.iter().copied().collect();
    let mut found = Vec::with_capacity(numbers.len());
    for part in numbers.chunks(MOST) {
        let places = part.len().next_power_of_two();
        let list: Vec<String> = (2..places + 2).map(|place| format!("${place}")).collect();
        let sql = format!("select number, {columns} from {from} flow = $1 and number in ({})", list.join(", "));
        // the last number stands in the places that are left
        let filled = part.iter().chain(part.last().into_iter().cycle()).take(places);
        let params: Vec<Param> = std::iter::once(flow.into()).chain(filled.map(|number| (*number).into())).collect();
        found.extend(tx.all(&sql, &params, |row| Ok((row.int(0)?, read(row)?)))?);
    }
    Ok(found)
}

/// What lists show of these items, in this order; those that do not exist are left out.
///
/// # Errors
/// The records failed.
pub fn briefs(tx: &Tx, items: &[(String, i64)]) -> Result<Vec<Brief>, Error> {
    let sql = format!("select {BRIEF} from item i where i.flow = $1 and i.number = $2");
    let mut found = Vec::with_capacity(items.len());
    for (flow, number) in items {
        found.extend(tx.first(&sql, params![flow, *number], |row| read_brief(row, 0))?);
    }
    Ok(found)
}

/// For pickers: items of the flow that the person may see, found by their ID (`question_3`, `issue_track/3`, `3`) or, among
/// the newest, by words of their title; newest first. It is asked with every letter that is typed.
///
/// # Errors
/// The records failed.
pub fn search(tx: &Tx, flow: &Flow, text: &str, limit: i64, visible: &Visibility) -> Result<Vec<Brief>, Error> {
    let text = text.trim();
    let mut found = Vec::new();
    if is_unstorable(text) {
        return Ok(found);
    }
    let (prefix, number) = text.rsplit_once(['_', '/']).unwrap_or((&flow.key, text));
    if let Ok(number) = number.parse::<i64>()
        && (prefix == flow.key || prefix == flow.item_prefix)
    {
        found = search_one(tx, flow, vec![Term::Number(number)], limit, visible)?;
    }
    let sql = "select next from next_number where flow = $1";
    let next = tx.first(sql, params![&flow.key], |row| row.int(0))?.unwrap_or(0);
    let low = Some(Edge { at: Scalar::Moment(next - NEWEST), inclusive: true });
    let newest = Test::Within { ranges: vec![Range { low, high: None }], negated: false };
    let Some(title) = &flow.title else { return Ok(found) };
    let title = Term::Column { column: Column::Field(title.clone()), test: Test::Contains(text.to_owned()) };
    let named = vec![title, Term::Column { column: Column::Number, test: newest }];
    let named = search_one(tx, flow, named, limit, visible)?;
    found.extend(named.into_iter().filter(|brief| text.parse() != Ok(brief.number)));
    found.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(found)
}

/// The brief at `first` and the nine columns after it.
pub(crate) fn read_brief(row: &SqlRow, first: usize) -> Result<Brief, Error> {
    Ok(Brief {
        flow: row.text(first)?,
        number: row.int(first + 1)?,
        flow_version: row.int(first + 2)?,
        title: row.text(first + 3)?,
        state: row.text(first + 4)?,
        assigned_to: names(row.str(first + 5)?)?,
        created_by: row.text(first + 6)?,
        created_at: row.int(first + 7)?,
        updated_at: row.int(first + 8)?,
        closed_at: row.int_or_null(first + 9)?,
    })
}

pub(crate) fn read_row(row: &SqlRow) -> Result<Row, Error> {
    read_row_at(row, 0)
}

/// The columns of [`ROW`] from `first` on.
fn read_row_at(row: &SqlRow, first: usize) -> Result<Row, Error> {
    let item = Item {
        number: row.int(first)?,
        flow_version: row.int(first + 1)?,
        revision: row.int(first + 2)?,
        state: row.text(first + 3)?,
        assigned_to: names(row.str(first + 4)?)?,
        created_by: row.text(first + 5)?,
        created_at: instant(row.int(first + 6)?)?,
        updated_at: instant(row.int(first + 7)?)?,
        closed_at: row.int_or_null(first + 8)?.map(instant).transpose()?,
        fields: flow::Fields::new(),
    };
    Ok(Row { flow_version: item.flow_version, item, fields: row.text(first + 9)? })
}

fn search_one(tx: &Tx, flow: &Flow, terms: Vec<Term>, limit: i64, visible: &Visibility) -> Result<Vec<Brief>, Error> {
    let page = list::of_flow(tx, flow, &Query { terms }, &[], visible, None, limit)?;
    Ok(page.rows.into_iter().map(|found| found.brief).collect())
}

/// Writes that an item goes on under another version of its flow: `old` ruled it before, `new` does from now on.
///
/// # Errors
/// As [`save`].
pub fn save_across(tx: &WriteTx, (old, new): (&Flow, &Flow), decision: &Decision) -> Result<Saved, Error> {
    save_ruled(tx, old, new, decision)
}

fn save_one(tx: &WriteTx, flow: &Flow, decision: &Decision) -> Result<Saved, Error> {
    save_ruled(tx, flow, flow, decision)
}

/// Everything is written without waiting, and the event's number, asked before, is known since the item was loaded.
fn save_ruled(tx: &WriteTx, old: &Flow, flow: &Flow, decision: &Decision) -> Result<Saved, Error> {
    let (before, after, record) = (decision.before(), decision.after(), decision.record());
    if record.kind != RecordKind::Commented && before == Some(after) {
        return Ok(Saved { seq: 0 });
    }
    let seq = match before {
        None => 1,
        Some(_) => tx.one(NEXT_SEQ, params![&flow.key, after.number], |row| row.int(0))?,
    };
    let ruled = before.map(|before| (old, before));
    if record.kind != RecordKind::Commented {
        match before {
            None => insert(tx, flow, after)?,
            Some(before) => update(tx, flow, before, after)?,
        }
        write_holders(tx, flow, before, after)?;
        write_links(tx, flow, ruled, after)?;
        write_tally(tx, flow, before, after)?;
        sheet::write(tx, flow, ruled, after)?;
    }
    if record.kind == RecordKind::Triggered {
        let sql = "insert into took_part (flow, number, who, at) values ($1, $2, $3, $4)
                   on conflict (flow, number, who) do update set at = $4";
        let at = after.updated_at.as_millisecond();
        tx.later(sql, params![&flow.key, after.number, holder(&record.actor), at])?;
    }
    tx.touched(Change::Item {
        flow: flow.key.clone(),
        number: after.number,
        at: after.updated_at.as_millisecond(),
        people: before.into_iter().chain([after]).flat_map(|item| item.assigned_to.iter().cloned()).collect(),
    });
    write_event(tx, flow, decision, seq)?;
    words::write(tx, flow, ruled, after, record)?;
    field_change::write(tx, (old, flow), after.number, record, seq)?;
    if before.is_none_or(|before| before.state != after.state) {
        write_stay(tx, flow, after, seq)?;
    }
    Ok(Saved { seq })
}

fn insert(tx: &WriteTx, flow: &Flow, item: &Item) -> Result<(), Error> {
    let sql = "insert into item (flow, number, flow_version, revision, state, title, assigned_to, created_by,
                                 created_at, updated_at, closed_at, fields)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let values = params![
        &flow.key,
        item.number,
        item.flow_version,
        item.revision,
        &item.state,
        title(flow, item),
        names_text(&item.assigned_to)?,
        &item.created_by,
        item.created_at.as_millisecond(),
        item.updated_at.as_millisecond(),
        item.closed_at.map(Timestamp::as_millisecond),
        fields_text(item)?,
    ];
    tx.later(sql, values)
}

fn update(tx: &WriteTx, flow: &Flow, before: &Item, after: &Item) -> Result<(), Error> {
    let sql = "update item set flow_version = $4, revision = $5, state = $6, title = $7, assigned_to = $8,
                               updated_at = $9, closed_at = $10, fields = $11
               where flow = $1 and number = $2 and revision = $3";
    let values = params![
        &flow.key,
        after.number,
        before.revision,
        after.flow_version,
        after.revision,
        &after.state,
        title(flow, after),
        names_text(&after.assigned_to)?,
        after.updated_at.as_millisecond(),
        after.closed_at.map(Timestamp::as_millisecond),
        fields_text(after)?,
    ];
    tx.later_one(sql, values, Error::Stale)
}

fn write_holders(tx: &WriteTx, flow: &Flow, before: Option<&Item>, after: &Item) -> Result<(), Error> {
    let held: BTreeSet<&String> = before.into_iter().flat_map(|before| &before.assigned_to).collect();
    let hold: BTreeSet<&String> = after.assigned_to.iter().collect();
    for gone in held.difference(&hold) {
        let sql = "delete from holder where flow = $1 and number = $2 and who = $3";
        tx.later(sql, params![&flow.key, after.number, holder(gone)])?;
    }
    for new in hold.difference(&held) {
        let sql = "insert into holder (flow, number, who, since) values ($1, $2, $3, $4)";
        tx.later(sql, params![&flow.key, after.number, holder(new), after.updated_at.as_millisecond()])?;
    }
    Ok(())
}

/// Both ends of every link of an `item` field that came or went: `before`, under the version that ruled it then.
fn write_links<'a>(tx: &WriteTx, flow: &Flow, before: Option<(&Flow, &'a Item)>, after: &'a Item) -> Result<(), Error> {
    let is_link = |field: &&Field| matches!(field.kind, flow::Kind::Item { .. });
    let old_fields = before.into_iter().flat_map(|(old, _)| old.fields.values());
    let keys: BTreeSet<&String> =
        flow.fields.values().chain(old_fields).filter(is_link).map(|field| &field.key).collect();
    let linked_by = |flow: &Flow, item: &'a Item, key: &str| {
        if flow.fields.get(key).as_ref().is_some_and(is_link) { linked_from(item, key) } else { &[] }
    };
    for key in keys {
        let linked = before.map_or(&[][..], |(old, before)| linked_by(old, before, key));
        let links = linked_by(flow, after, key);
        let gone = linked.iter().filter(|text| !links.contains(text)).filter_map(|text| end(text));
        for (other, number) in gone {
            let sql = "delete from link where flow = $1 and number = $2 and inward = $3 and field = $4
                       and other_flow = $5 and other_number = $6";
            tx.later(sql, params![&flow.key, after.number, 0, key, &other, number])?;
            tx.later(sql, params![&other, number, 1, key, &flow.key, after.number])?;
        }
        let new = links.iter().filter(|text| !linked.contains(text)).filter_map(|text| end(text));
        for (other, number) in new {
            let sql = "insert into link (flow, number, inward, field, other_flow, other_number)
                       values ($1, $2, $3, $4, $5, $6)";
            tx.later(sql, params![&flow.key, after.number, 0, key, &other, number])?;
            tx.later(sql, params![&other, number, 1, key, &flow.key, after.number])?;
        }
    }
    Ok(())
}

fn write_tally(tx: &WriteTx, flow: &Flow, before: Option<&Item>, after: &Item) -> Result<(), Error> {
    let place = |item: &Item| (item.state.clone(), item.closed_at.is_some());
    let (from, to) = (before.map(place), place(after));
    if from.as_ref() != Some(&to) {
        let sql = "insert into tally (flow, state, closed, slot, items) values ($1, $2, $3, $4, $5)
                   on conflict (flow, state, closed, slot) do update set items = tally.items + $5";
        if let Some((state, closed)) = from {
            tx.later(sql, params![&flow.key, state, closed, tx.slot(), -1])?;
        }
        tx.later(sql, params![&flow.key, to.0, to.1, tx.slot(), 1])?;
    }
    let open = |item: &Item| item.closed_at.is_none().then_some(item.flow_version);
    let (from, to) = (before.and_then(open), open(after));
    if from != to {
        let sql = "insert into open_version (flow, version, slot, items) values ($1, $2, $3, $4)
                   on conflict (flow, version, slot) do update set items = open_version.items + $4";
        if let Some(version) = from {
            tx.later(sql, params![&flow.key, version, tx.slot(), -1])?;
        }
        if let Some(version) = to {
            tx.later(sql, params![&flow.key, version, tx.slot(), 1])?;
        }
    }
    Ok(())
}

fn write_event(tx: &WriteTx, flow: &Flow, decision: &Decision, seq: i64) -> Result<(), Error> {
    let (after, record) = (decision.after(), decision.record());
    let sql = "insert into event (flow, number, seq, at, actor, kind, trigger_words, from_state, to_state, changes,
                                  assigned_to, comment, by_admin)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let values = params![
        &flow.key,
        after.number,
        seq,
        record.at.as_millisecond(),
        &record.actor,
        kind(record.kind),
        record.trigger.as_deref(),
        record.from.as_deref(),
        &record.to,
        changes_text(record)?,
        names_text(&record.assigned_to)?,
        record.comment.as_deref(),
        record.by_admin,
    ];
    tx.later(sql, values)
}

/// The stay that ends and the one that begins with the event `seq`.
fn write_stay(tx: &WriteTx, flow: &Flow, item: &Item, seq: i64) -> Result<(), Error> {
    let at = item.updated_at.as_millisecond();
    if seq > 1 {
        let sql = "update stay set ended = $3 where flow = $1 and number = $2 and ended is null";
        tx.later(sql, params![&flow.key, item.number, at])?;
    }
    let sql = "insert into stay (flow, number, seq, state, entered, ended) values ($1, $2, $3, $4, $5, null)";
    tx.later(sql, params![&flow.key, item.number, seq, &item.state, at])
}

/// Its title as lists show it.
pub(crate) fn title<'a>(flow: &Flow, item: &'a Item) -> &'a str {
    match flow.title.as_ref().and_then(|key| item.fields.get(key)) {
        Some(flow::Value::Text(text)) => text,
        _ => "",
    }
}

/// Names as JSON text.
pub(crate) fn names_text(names: &[String]) -> Result<String, Error> {
    text(&names)
}

/// The items that a field links to, as `flow/number`.
pub(crate) fn linked_from<'a>(item: &'a Item, key: &str) -> &'a [String] {
    item.fields.get(key).map_or(&[], flow::Value::texts)
}

/// The item at the other end of a link.
pub(crate) fn end(text: &str) -> Option<(String, i64)> {
    let (flow, number) = text.rsplit_once('/')?;
    Some((flow.to_owned(), number.parse().ok()?))
}

/// What an event changed, as it is stored.
pub(crate) fn changes_text(record: &Record) -> Result<String, Error> {
    let changes = record.changes.iter().map(|(key, (old, new))| (key, (old.to_stored(), new.to_stored())));
    text(&changes.collect::<IndexMap<&String, (Json, Json)>>())
}

/// Its fields as they are stored.
pub(crate) fn fields_text(item: &Item) -> Result<String, Error> {
    let filled = item.fields.iter().filter(|(_, value)| !value.is_empty());
    text(&filled.map(|(key, value)| (key, value.to_stored())).collect::<IndexMap<_, _>>())
}

fn text(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::corrupt("writing an item", error))
}

fn names(text: &str) -> Result<Vec<String>, Error> {
    // One name, as `["ann"]`, is by far the most frequent: it needs no parser where nothing in it is escaped.
    let one = text.strip_prefix("[\"").and_then(|rest| rest.strip_suffix("\"]"));
    if let Some(name) = one.filter(|name| !name.contains(['"', '\\'])) {
        return Ok(vec![name.to_owned()]);
    }
    serde_json::from_str(text).map_err(|error| Error::corrupt("reading names", error))
}

fn instant(ms: i64) -> Result<Timestamp, Error> {
    Timestamp::from_millisecond(ms).map_err(|error| Error::corrupt("reading a time", error))
}

pub(crate) fn kind(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Created => "created",
        RecordKind::Saved => "saved",
        RecordKind::Triggered => "triggered",
        RecordKind::Commented => "commented",
        RecordKind::Assigned => "assigned",
        RecordKind::Imported => "imported",
        RecordKind::Migrated => "migrated",
    }
}
