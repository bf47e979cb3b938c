//! Beyond one server: on a PostgreSQL with the extension Citus, the tables of items are spread over its workers by flow.
//!
//! To add a table of items: its line in `SPREAD`, a key that begins with `flow`, statements that name `flow`.

use super::Connection;
use crate::{Error, row, value::Param};

/// Small, shared, asked for beside items: whole on every worker. Those first to which others refer.
const SHARED: [&str; 4] = ["users", "groups", "flow", "flow_version"];
/// What belongs to items and their lists: by flow, all of one flow on the same worker. `item` first, to which the others refer.
pub(crate) const SPREAD: [&str; 12] = [
    "item",
    "holder",
    "event",
    "stay",
    "link",
    "took_part",
    "field_change",
    "next_number",
    "tally",
    "open_version",
    "saved_view",
    "migration",
];

/// What `run` found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Distributed {
    /// Tables that are spread by flow now.
    pub spread: Vec<String>,
    /// Tables that are whole on every worker now.
    pub shared: Vec<String>,
    /// How many of both were so already.
    pub already: usize,
}

/// A constraint by which a table of items refers to another.
struct Reference {
    table: String,
    name: String,
    definition: String,
}

/// Spreads what is not spread yet, and checks the outcome. What was done stays done when a later step fails: run it again.
pub(super) fn run(connection: &Connection) -> Result<Distributed, Error> {
    if !has_citus(connection)? {
        return Err(Error::NotDistributable {
            why: "the database has not the extension Citus (create extension citus)".to_owned(),
        });
    }
    let sheets = texts(
        connection,
        "select cast(format('%I', tablename) as text) from pg_tables
         where schemaname = current_schema() and (tablename like 'sheet\\_%' or tablename like 'words\\_%')
           and tablename not in ('sheet_column', 'words_due') order by 1",
    )?;
    let spread: Vec<String> = SPREAD.iter().copied().chain(["sheet_column"]).map(str::to_owned).chain(sheets).collect();
    let mut done = Distributed::default();
    for table in SHARED {
        match method(connection, table)? {
            Some(_) => done.already += 1,
            None => connection.batch(&format!("select create_reference_table('{table}')"))?,
        }
        done.shared.push(table.to_owned());
    }
    // a table cannot refer to one that is spread while it is not: these references go, and come back at the end
    let references = references(connection, &spread)?;
    let missing: Vec<&String> = {
        let mut missing = Vec::new();
        for table in &spread {
            match method(connection, table)? {
                Some(_) => done.already += 1,
                None => missing.push(table),
            }
        }
        missing
    };
    if !missing.is_empty() {
        for Reference { table, name, .. } in &references {
            connection.batch(&format!("alter table {table} drop constraint {name}"))?;
        }
        let spreading = missing.iter().try_for_each(|table| spread_one(connection, table));
        for Reference { table, name, definition } in &references {
            connection.batch(&format!("alter table {table} add constraint {name} {definition}"))?;
        }
        spreading?;
    }
    done.spread = spread;
    check(connection, &done)?;
    Ok(done)
}

/// A sheet made after the others were spread is spread as well.
pub(super) fn spread_new(connection: &Connection, table: &str) -> Result<(), Error> {
    if has_citus(connection)? && method(connection, "item")?.is_some() && method(connection, table)?.is_none() {
        spread_one(connection, table)?;
    }
    Ok(())
}

fn spread_one(connection: &Connection, table: &str) -> Result<(), Error> {
    let beside = if table == "item" { "none" } else { "item" };
    let name = table.replace('\'', "''");
    connection.batch(&format!("select create_distributed_table('{name}', 'flow', colocate_with => '{beside}')"))
}

fn has_citus(connection: &Connection) -> Result<bool, Error> {
    let sql = "select cast('' as text) where to_regproc('create_distributed_table') is not null";
    Ok(!texts(connection, sql)?.is_empty())
}

/// How Citus keeps the table: `h` spread, `n` whole everywhere; none: not at all.
fn method(connection: &Connection, table: &str) -> Result<Option<String>, Error> {
    let sql = "select cast(partmethod as text) from pg_dist_partition where logicalrel = to_regclass($1)";
    let mut found = None;
    connection.query(sql, &[Param::from(table)], |row| {
        found = row.text_or_null(0)?;
        Ok(())
    })?;
    Ok(found)
}

/// Where tables that are to be spread refer to each other.
fn references(connection: &Connection, spread: &[String]) -> Result<Vec<Reference>, Error> {
    let sql =
        "select cast(c.conrelid::regclass as text), cast(quote_ident(c.conname) as text), pg_get_constraintdef(c.oid),
                      cast(c.confrelid::regclass as text)
               from pg_constraint c join pg_namespace n on n.oid = c.connamespace
               where c.contype = 'f' and n.nspname = current_schema() order by 1, 2";
    let mut found = Vec::new();
    connection.query(sql, &[], |row| {
        let (from, to) = (row.text(0)?, row.text(3)?);
        if spread.contains(&from) && spread.contains(&to) {
            found.push(Reference { table: from, name: row.text(1)?, definition: row.text(2)? });
        }
        Ok(())
    })?;
    Ok(found)
}

/// Whether every table is kept as it should be, and all of a flow together.
fn check(connection: &Connection, done: &Distributed) -> Result<(), Error> {
    let wrong = |why: String| Err(Error::NotDistributable { why });
    for table in &done.shared {
        if method(connection, table)?.as_deref() != Some("n") {
            return wrong(format!("{table} is not whole on every worker"));
        }
    }
    for table in &done.spread {
        if method(connection, table)?.as_deref() != Some("h") {
            return wrong(format!("{table} is not spread by flow"));
        }
    }
    let sql = "select cast(count(distinct colocationid) as text) from pg_dist_partition where partmethod = 'h'";
    match texts(connection, sql)?.first().map(String::as_str) {
        Some("1") => Ok(()),
        groups => wrong(format!("the tables of items lie in {} groups instead of one", groups.unwrap_or("no"))),
    }
}

fn texts(connection: &Connection, sql: &str) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    connection.query(sql, &[], |row: &row::Row| {
        found.push(row.text(0)?);
        Ok(())
    })?;
    Ok(found)
}
