//! `sheet_<flow>`: one row an item, one typed column a short field. Derived from `item` in the same transaction, made and
//! widened when a version is published, never narrowed: it has the columns of every version there was.
//!
//! To add a kind of field: its line in [`column`], its values in [`cell`] and [`stored_cell`].

use flow::{Field, Flow, Item, Kind, Value};
use serde_json::Value as Json;

use crate::{
    Db, Error, Tx, WriteTx, flow_version,
    item::{names_text, title},
    value::{Param, params},
    words,
};

/// Items in one transaction of a [`rebuild`].
const BATCH: i64 = 500;

/// The name of the flow's sheet, ready for SQL. A flow's key has no character that could leave the quotes.
pub(crate) fn table(flow: &str) -> String {
    format!("\"sheet_{flow}\"")
}

/// What `sheet_column` calls the field: each of the types that its key had is another. No key has that mark.
fn typed_key(field: &Field) -> String {
    match field.generation {
        0 => field.key.clone(),
        more => format!("{}#{more}", field.key),
    }
}

/// The name of the field's column.
pub(crate) fn column_name(field: &Field) -> String {
    format!("f_{}", typed_key(field))
}

/// [`column_name`], ready for SQL.
fn quoted(field: &Field) -> String {
    format!("\"{}\"", column_name(field))
}

/// The field's column type; none for fields that are too long for a sheet. An empty text is `''`, so that it sorts and
/// compares as what it is; an empty number or moment is null.
pub(crate) fn column(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::Textarea { .. } => None,
        Kind::Text { .. } | Kind::Choice(_) | Kind::User | Kind::Url | Kind::Item { .. } | Kind::Date => {
            Some("text not null default ''")
        }
        Kind::Number { .. } => Some("double precision"),
        Kind::Datetime => Some("bigint"),
        Kind::Bool => Some("bigint not null default 0"),
    }
}

/// A text that may be longer has no index: one engine refuses entries beyond 2,700 bytes.
const LONGEST_INDEXED: usize = 500;

/// Whether the field's column has an index: what people filter by, what a heading of the list sorts by. Links are found in
/// their own table.
pub(crate) fn has_index(flow: &Flow, field: &Field) -> bool {
    let is_column = || flow.columns.contains(&field.key) || flow.title.as_ref() == Some(&field.key);
    !field.multiple
        && match field.kind {
            Kind::Text { max_length, .. } => max_length <= LONGEST_INDEXED,
            Kind::Choice(_) | Kind::User | Kind::Date | Kind::Datetime | Kind::Number { .. } => true,
            Kind::Bool | Kind::Item { .. } => is_column(),
            Kind::Url | Kind::Textarea { .. } => false,
        }
}
/// Makes or widens the flow's sheet, with its indexes; what is there already stays.
///
/// # Errors
/// [`Error::KindChanged`]: a field had another type in an earlier version; or the records failed.
pub fn widen(tx: &WriteTx, flow: &Flow) -> Result<(), Error> {
    let table = table(&flow.key);
    let sql = format!(
        "create table if not exists {table} (
             flow text not null, number bigint not null, flow_version bigint not null, state text not null,
             title text not null, assigned_to text not null, created_by text not null, created_at bigint not null,
             updated_at bigint not null, closed_at bigint, primary key (flow, number))"
    );
    tx.define(&sql)?;
    tx.spread_new(&table)?;
    tx.leave_room(&table)?;
    for built_in in ["state", "assigned_to", "created_by", "created_at"] {
        index(tx, &flow.key, built_in, false)?;
    }
    // Earlier programs had one here; `item_updated` does its work.
    tx.define(&format!("drop index if exists {}", index_name(&flow.key, "updated_at")))?;
    index(tx, &flow.key, "closed_at", true)?;
    let known = kinds(tx, &flow.key)?;
    for field in flow.fields.values() {
        let (key, now) = (typed_key(field), field.kind.name());
        match known.iter().find(|(known, _)| *known == key) {
            Some((_, was)) if was == now => continue,
            Some((_, was)) => {
                let (flow, field) = (flow.key.clone(), key);
                return Err(Error::KindChanged { flow, field, was: was.clone(), now: now.to_owned() });
            }
            None => {}
        }
        let sql = "insert into sheet_column (flow, field, kind) values ($1, $2, $3)";
        tx.execute(sql, params![&flow.key, &key, now])?;
        if let Some(column) = column(&field.kind) {
            tx.define(&format!("alter table {table} add column {} {column}", quoted(field)))?;
        }
    }
    for field in flow.fields.values().filter(|field| has_index(flow, field)) {
        let is_nullable = column(&field.kind).is_some_and(|column| !column.contains("not null"));
        index(tx, &flow.key, &quoted(field), is_nullable)?;
    }
    words::define(tx, &flow.key)
}

/// Writes what changed of an item's row: `before`, under the version that ruled it then.
pub(crate) fn write(tx: &WriteTx, flow: &Flow, before: Option<(&Flow, &Item)>, after: &Item) -> Result<(), Error> {
    let fields = || flow.fields.values().filter(|field| column(&field.kind).is_some());
    let mut columns = Vec::new();
    let mut values = Vec::new();
    let mut put = |column: String, value: Param<'static>| {
        columns.push(column);
        values.push(value);
    };
    put("flow".to_owned(), flow.key.clone().into());
    put("number".to_owned(), after.number.into());
    match before {
        None => {
            built_ins(flow, after)?.into_iter().for_each(|(column, value)| put(column.to_owned(), value));
            for field in fields() {
                put(quoted(field), cell(field, after.fields.get(&field.key))?);
            }
        }
        Some((old_flow, before)) => {
            let changed = built_ins(old_flow, before)?.into_iter().zip(built_ins(flow, after)?);
            changed.filter(|(old, new)| old != new).for_each(|(_, (column, value))| put(column.to_owned(), value));
            for field in fields() {
                let (key, new) = (&field.key, after.fields.get(&field.key));
                let stood = old_flow.fields.get(key).filter(|old| old.generation == field.generation);
                if stood.and_then(|_| before.fields.get(key)) != new {
                    put(quoted(field), cell(field, new)?);
                }
            }
            let has_column = |old: &&Field| column(&old.kind).is_some() && before.fields.contains_key(&old.key);
            let is_left = |old: &&Field| flow.fields.get(&old.key).is_none_or(|new| new.generation != old.generation);
            for old in old_flow.fields.values().filter(has_column).filter(is_left) {
                put(quoted(old), empty(old.kind.name()));
            }
        }
    }
    let table = table(&flow.key);
    let sql = if before.is_none() {
        insert_sql(&table, &columns)
    } else {
        let sets: Vec<String> =
            columns.iter().enumerate().skip(2).map(|(at, column)| format!("{column} = ${}", at + 1)).collect();
        format!("update {table} set {} where flow = $1 and number = $2", sets.join(", "))
    };
    if columns.len() == 2 {
        return Ok(());
    }
    let missing = Error::corrupt("writing a sheet", format!("{}/{}", flow.key, after.number));
    tx.later_one(&sql, &values, missing)
}

/// The columns of a new item's row, in the order of [`row_of`].
pub(crate) fn row_columns(flow: &Flow) -> Vec<String> {
    let fields = flow.fields.values().filter(|field| column(&field.kind).is_some());
    BUILT_INS.iter().map(ToString::to_string).chain(fields.map(quoted)).collect()
}

/// What stands in the sheet of an item.
pub(crate) fn row_of(flow: &Flow, item: &Item, row: &mut Vec<Param<'static>>) -> Result<(), Error> {
    row.extend([flow.key.clone().into(), item.number.into()]);
    row.extend(built_ins(flow, item)?.into_iter().map(|(_, value)| value));
    for field in flow.fields.values().filter(|field| column(&field.kind).is_some()) {
        row.push(cell(field, item.fields.get(&field.key))?);
    }
    Ok(())
}

/// Makes the flow's sheet anew from its items, in batches: others write in between.
///
/// # Errors
/// The records failed.
pub fn rebuild(db: &Db, flow: &str) -> Result<(), Error> {
    let mut after = 0;
    loop {
        let key = flow.to_owned();
        match db.write(move |tx| rebuild_batch(tx, &key, after))? {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// The rows of the items after number `after`; the last number done, none when there was nothing left.
fn rebuild_batch(tx: &WriteTx, flow: &str, after: i64) -> Result<Option<i64>, Error> {
    let (kinds, retyped) = (kinds(tx, flow)?, flow_version::retyped(tx, flow)?);
    let table = table(flow);
    let sql =
        "select number, flow_version, state, title, assigned_to, created_by, created_at, updated_at, closed_at, fields
               from item where flow = $1 and number > $2 order by number limit $3";
    let rows = tx.all(sql, params![flow, after, BATCH], |row| {
        let values: Vec<Param<'static>> = vec![
            flow.to_owned().into(),
            row.int(0)?.into(),
            row.int(1)?.into(),
            row.text(2)?.into(),
            row.text(3)?.into(),
            row.text(4)?.into(),
            row.text(5)?.into(),
            row.int(6)?.into(),
            row.int(7)?.into(),
            row.int_or_null(8)?.into(),
        ];
        Ok(((row.int(0)?, row.int(1)?), values, row.text(9)?))
    })?;
    let last = rows.last().map(|((number, _), ..)| *number);
    let upto = last.unwrap_or(i64::MAX);
    tx.execute(
        &format!("delete from {table} where flow = $1 and number > $2 and number <= $3"),
        params![flow, after, upto],
    )?;
    for ((_, version), mut values, fields) in rows {
        let mut columns: Vec<String> = BUILT_INS.iter().map(ToString::to_string).collect();
        let stored: serde_json::Map<String, Json> =
            serde_json::from_str(&fields).map_err(|error| Error::corrupt("reading an item's fields", error))?;
        for (key, kind) in kinds.iter().filter(|(_, kind)| kind != "textarea") {
            let (field, generation) = key.split_once('#').unwrap_or((key, "0"));
            let types = retyped.get(&version);
            let is_its_own = types.map_or(0, |types| types.generation(field)).to_string() == generation;
            columns.push(format!("\"f_{key}\""));
            values.push(stored_cell(kind, stored.get(field).filter(|_| is_its_own)));
        }
        tx.execute(&insert_sql(&table, &columns), &values)?;
    }
    Ok(last)
}

const BUILT_INS: [&str; 10] = [
    "flow",
    "number",
    "flow_version",
    "state",
    "title",
    "assigned_to",
    "created_by",
    "created_at",
    "updated_at",
    "closed_at",
];

/// What `value` is in the field's column.
fn cell(field: &Field, value: Option<&Value>) -> Result<Param<'static>, Error> {
    Ok(match value {
        None | Some(Value::Empty) => empty(field.kind.name()),
        Some(Value::Text(text)) => text.clone().into(),
        Some(Value::Number(number)) => (*number).into(),
        Some(Value::Bool(yes)) => (*yes).into(),
        Some(Value::Date(day)) => day.to_string().into(),
        Some(Value::Instant(moment)) => moment.as_millisecond().into(),
        Some(Value::List(words)) => names_text(words)?.into(),
    })
}

/// What a stored value is in the column of a field of this kind: the same as [`cell`], without the flow.
fn stored_cell(kind: &str, json: Option<&Json>) -> Param<'static> {
    let value = match (kind, json) {
        ("number", Some(json)) => json.as_f64().map(Param::from),
        ("bool", Some(json)) => json.as_bool().map(Param::from),
        ("datetime", Some(Json::String(text))) => {
            text.parse::<jiff::Timestamp>().ok().map(|moment| moment.as_millisecond().into())
        }
        (_, Some(Json::String(text))) => Some(text.clone().into()),
        (_, Some(Json::Array(words))) if !words.is_empty() => Some(Json::from(words.as_slice()).to_string().into()),
        _ => None,
    };
    value.unwrap_or_else(|| empty(kind))
}

fn empty(kind: &str) -> Param<'static> {
    match kind {
        "number" | "datetime" => Param::Null,
        "bool" => false.into(),
        _ => String::new().into(),
    }
}

fn built_ins(flow: &Flow, item: &Item) -> Result<[(&'static str, Param<'static>); 8], Error> {
    Ok([
        ("flow_version", item.flow_version.into()),
        ("state", item.state.clone().into()),
        ("title", title(flow, item).to_owned().into()),
        ("assigned_to", names_text(&item.assigned_to)?.into()),
        ("created_by", item.created_by.clone().into()),
        ("created_at", item.created_at.as_millisecond().into()),
        ("updated_at", item.updated_at.as_millisecond().into()),
        ("closed_at", item.closed_at.map(jiff::Timestamp::as_millisecond).into()),
    ])
}

fn insert_sql(table: &str, columns: &[String]) -> String {
    let places: Vec<String> = (1..=columns.len()).map(|at| format!("${at}")).collect();
    format!("insert into {table} ({}) values ({})", columns.join(", "), places.join(", "))
}

fn index(tx: &WriteTx, flow: &str, column: &str, nullable: bool) -> Result<(), Error> {
    let name = index_name(flow, column);
    let key = if nullable { tx.nullable_key(column) } else { column.to_owned() };
    let sql = format!("create index if not exists {name} on {} (flow, {key}, number)", table(flow));
    tx.define(&sql)
}

/// It must fit PostgreSQL's 63 bytes whatever the keys, so it is a digest of them (FNV-1a).
fn index_name(flow: &str, column: &str) -> String {
    let digest = flow
        .bytes()
        .chain([0])
        .chain(column.bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("sheet_{digest:016x}")
}

/// The fields that the sheet of the flow knows, and of which kind they are.
fn kinds(tx: &Tx, flow: &str) -> Result<Vec<(String, String)>, Error> {
    let sql = "select field, kind from sheet_column where flow = $1 order by field";
    tx.all(sql, params![flow], |row| Ok((row.text(0)?, row.text(1)?)))
}
