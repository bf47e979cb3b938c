//! Moving an installation: every row of every table into empty records, perhaps of the other engine, then each compared.
//!
//! To add a table: its line in `TABLES`, after those that it refers to.

use std::collections::BTreeSet;

use crate::{
    Db, Error, Tx, WriteTx, flow_version,
    row::{Cell, Row},
    setting, sheet,
    value::{Param, params},
    words,
};

/// Every table with its key, those first to which others refer. A flow's sheet comes beside its items.
const TABLES: [(&str, &[&str]); 26] = [
    ("setting", &["name"]),
    ("change_sequence", &["name"]),
    ("users", &["folded"]),
    ("groups", &["folded"]),
    ("membership", &["member", "team"]),
    ("session", &["hash"]),
    ("token", &["member", "id"]),
    ("throttle", &["name"]),
    ("setup_link", &["hash"]),
    ("audit", &["id"]),
    ("flow", &["flow"]),
    ("flow_version", &["flow", "version"]),
    ("flow_draft", &["flow"]),
    ("saved_view", &["flow", "id"]),
    ("migration", &["flow", "id"]),
    ("next_number", &["flow"]),
    (SHEET_COLUMNS, &["flow", "field"]),
    ("tally", &["flow", "state", "closed", "slot"]),
    ("open_version", &["flow", "version", "slot"]),
    ("item", &["flow", "number"]),
    ("holder", &["flow", "number", "who"]),
    ("event", &["flow", "number", "seq"]),
    ("stay", &["flow", "number", "seq"]),
    ("link", &["flow", "number", "inward", "field", "other_flow", "other_number"]),
    ("took_part", &["flow", "number", "who"]),
    ("field_change", &["flow", "number", "seq", "field"]),
];
/// What the sheets have: made with them, not copied.
const SHEET_COLUMNS: &str = "sheet_column";
/// Values in one statement at most: SQLite takes 32,766.
const VALUES: usize = 8_000;
/// Rows in one transaction at most.
const ROWS: usize = 1_000;
/// In the target's settings while a copy into it is not finished.
const UNFINISHED: &str = "copy.unfinished";

/// How far a copy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is done with it: `copying`, `comparing`.
    pub doing: &'static str,
    /// The table.
    pub table: String,
    /// Rows done, of all tables, in both passes.
    pub done: u64,
    /// Rows to be done, in both passes.
    pub of: u64,
}

/// A table to be copied.
struct Table {
    name: String,
    key: Vec<&'static str>,
}

/// Copies everything of `from`, as of one moment, into `to`, and compares every row. How many rows there are.
///
/// # Errors
/// [`Error::NotEmpty`]: `to` holds something already; [`Error::Corrupt`]: a row does not come out as it went in; or either
/// records failed. What was begun is taken back as far as the target still answers; what is left of it is marked, and
/// overwritten by the next copy.
pub fn copy(from: &Db, to: &Db, tell: &mut dyn FnMut(&Progress)) -> Result<u64, Error> {
    make_ready(to)?;
    let copied = from.read(|source| {
        let flows = flows(source)?;
        let tables = tables(&flows);
        let rows = tables.iter().map(|table| count(source, &table.name)).sum::<Result<u64, Error>>()?;
        let mut progress = Progress { doing: "copying", table: String::new(), done: 0, of: 2 * rows };
        for table in &tables {
            if table.name == SHEET_COLUMNS {
                let flows = flows.clone();
                to.write(move |tx| flows.iter().try_for_each(|flow| sheet::widen(tx, flow)))?;
                progress.done += count(source, SHEET_COLUMNS)?;
            } else {
                copy_table(source, to, table, &mut progress, tell)?;
            }
        }
        to.write(words::all_due)?;
        for flow in to.read(words::due)? {
            words::build(to, &flow)?;
        }
        progress.doing = "comparing";
        to.read(|target| {
            tables.iter().try_for_each(|table| compare_table(source, target, table, &mut progress, tell))
        })?;
        Ok(rows)
    });
    match copied {
        Ok(rows) => to.write(|tx| setting::remove(tx, UNFINISHED)).map(|()| rows),
        Err(error) => {
            if let Err(second) = make_ready(to).and_then(|()| to.write(|tx| setting::remove(tx, UNFINISHED))) {
                tracing::warn!(error = %second, "what was copied so far could not be taken back");
            }
            Err(error)
        }
    }
}

/// Whether these records are what is left of a copy that was not finished: not to be worked with.
///
/// # Errors
/// The records failed.
pub fn is_unfinished(tx: &Tx) -> Result<bool, Error> {
    Ok(setting::get(tx, UNFINISHED)?.is_some())
}

/// Takes away what an earlier copy left behind, makes sure that nothing else is there, and marks the records.
fn make_ready(to: &Db) -> Result<(), Error> {
    if to.read(is_unfinished)? {
        wipe(to)?;
    }
    to.write(|tx| {
        for (table, _) in TABLES {
            let others = if table == "setting" { format!(" where name <> '{UNFINISHED}'") } else { String::new() };
            if tx.first(&format!("select 1 from {table}{others} limit 1"), &[], |row| row.int(0))?.is_some() {
                return Err(Error::NotEmpty { table: table.to_owned() });
            }
        }
        setting::set(tx, UNFINISHED, "1")
    })
}

fn wipe(to: &Db) -> Result<(), Error> {
    to.write(|tx| {
        for flow in tx.all("select flow from flow", &[], |row| row.text(0))? {
            tx.define(&format!("drop table if exists {}", sheet::table(&flow)))?;
            words::remove(tx, &flow)?;
        }
        for (table, _) in TABLES.iter().rev().filter(|(table, _)| *table != "setting") {
            tx.execute(&format!("delete from {table}"), &[])?;
        }
        tx.execute("delete from setting where name <> $1", params![UNFINISHED]).map(drop)
    })
}

/// Every version of every flow, in the order of their publication.
fn flows(source: &Tx) -> Result<Vec<flow::Flow>, Error> {
    let mut flows = Vec::new();
    for flow in source.all("select flow from flow order by flow", &[], |row| row.text(0))? {
        let mut versions = flow_version::history(source, &flow)?;
        versions.sort_by_key(|row| row.version);
        for row in versions {
            flows.push(row.rules()?);
        }
    }
    Ok(flows)
}

/// Every table that there is, the flows' sheets last.
fn tables(flows: &[flow::Flow]) -> Vec<Table> {
    let fixed = TABLES.iter().map(|(name, key)| Table { name: (*name).to_owned(), key: key.to_vec() });
    let keys: BTreeSet<&str> = flows.iter().map(|flow| flow.key.as_str()).collect();
    let sheets = keys.into_iter().map(|flow| Table { name: sheet::table(flow), key: vec!["flow", "number"] });
    fixed.chain(sheets).collect()
}

fn copy_table(
    source: &Tx,
    to: &Db,
    table: &Table,
    progress: &mut Progress,
    tell: &mut dyn FnMut(&Progress),
) -> Result<(), Error> {
    progress.table = table.name.trim_matches('"').to_owned();
    let mut pages = Pages::new(table);
    while let Some((columns, rows)) = pages.next(source)? {
        let copied = rows.len() as u64;
        let name = table.name.clone();
        to.write(move |tx| insert(tx, &name, &columns, &rows))?;
        progress.done += copied;
        tell(progress);
    }
    Ok(())
}

fn compare_table(
    source: &Tx,
    target: &Tx,
    table: &Table,
    progress: &mut Progress,
    tell: &mut dyn FnMut(&Progress),
) -> Result<(), Error> {
    progress.table = table.name.trim_matches('"').to_owned();
    let (mut ours, mut theirs) = (Pages::new(table), Pages::new(table));
    loop {
        let (one, other) = (ours.next(source)?, theirs.next(target)?);
        let ((columns, one), (names, other)) = (one.unwrap_or_default(), other.unwrap_or_default());
        let at = |row: &Values| format!("{} {:?}", progress.table, row.first());
        let differs = |detail: String| Err(Error::corrupt("comparing what was copied", detail));
        // columns may stand in another order
        let places: Vec<Option<usize>> =
            columns.iter().map(|column| names.iter().position(|name| name == column)).collect();
        let mut others = other.iter();
        for row in &one {
            let Some(copy) = others.next() else { return differs(format!("{} is missing", at(row))) };
            let same =
                row.iter().zip(&places).all(|(value, place)| place.and_then(|place| copy.get(place)) == Some(value));
            if !same {
                return differs(format!("{} is not what it was", at(row)));
            }
        }
        if let Some(row) = others.next() {
            return differs(format!("{} was not there", at(row)));
        }
        if one.is_empty() {
            return Ok(());
        }
        progress.done += one.len() as u64;
        tell(progress);
    }
}

type Values = Vec<Param<'static>>;
/// The names of the columns, the rows.
type Piece = (Vec<String>, Vec<Values>);

/// A table from its first row to its last, in the order of its key, in pieces.
struct Pages<'t> {
    table: &'t Table,
    after: Option<Values>,
}

impl<'t> Pages<'t> {
    fn new(table: &'t Table) -> Pages<'t> {
        Pages { table, after: None }
    }

    /// The next piece: the names of its columns, its rows.
    fn next(&mut self, tx: &Tx) -> Result<Option<Piece>, Error> {
        let Table { name, key } = self.table;
        let keys = key.join(", ");
        // the mark of an unfinished copy is the target's own
        let mut conditions = if name == "setting" { vec![format!("name <> '{UNFINISHED}'")] } else { Vec::new() };
        if self.after.is_some() {
            let places: Vec<String> = (1..=key.len()).map(|at| format!("${at}")).collect();
            conditions.push(format!("({keys}) > ({})", places.join(", ")));
        }
        let found = if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(" and ")) };
        let sql = format!("select * from {name}{found} order by {keys} limit {ROWS}");
        let mut columns = Vec::new();
        let rows = tx.all(&sql, self.after.as_deref().unwrap_or_default(), |row| {
            if columns.is_empty() {
                columns = (0..row.width()).map(|index| row.column(index).to_owned()).collect();
            }
            values(row)
        })?;
        let Some(last) = rows.last() else { return Ok(None) };
        let place = |key: &&str| columns.iter().position(|column| column == key).and_then(|at| last.get(at)).cloned();
        let after: Option<Values> = key.iter().map(place).collect();
        self.after = Some(after.ok_or_else(|| Error::corrupt("copying", format!("{name} has not the key {keys}")))?);
        Ok(Some((columns, rows)))
    }
}

fn values(row: &Row) -> Result<Values, Error> {
    let value = |index| {
        Ok(match row.cell(index)? {
            Cell::Null => Param::Null,
            Cell::Int(value) => Param::Int(value),
            Cell::Real(value) => Param::Real(value),
            Cell::Text(text) => Param::from(text.to_owned()),
        })
    };
    (0..row.width()).map(value).collect()
}

fn insert(tx: &WriteTx, table: &str, columns: &[String], rows: &[Values]) -> Result<(), Error> {
    let names: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
    for part in rows.chunks((VALUES / columns.len().max(1)).max(1)) {
        let mut places = 0;
        let mut row = || {
            let row: Vec<String> = columns
                .iter()
                .map(|_| {
                    places += 1;
                    format!("${places}")
                })
                .collect();
            format!("({})", row.join(", "))
        };
        let list: Vec<String> = part.iter().map(|_| row()).collect();
        let sql = format!("insert into {table} ({}) values {}", names.join(", "), list.join(", "));
        tx.execute(&sql, &part.concat())?;
    }
    Ok(())
}

fn count(tx: &Tx, table: &str) -> Result<u64, Error> {
    let rows = tx.one(&format!("select count(*) from {table}"), &[], |row| row.int(0))?;
    Ok(u64::try_from(rows).unwrap_or(0))
}
