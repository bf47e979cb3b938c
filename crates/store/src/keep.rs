//! Copies of SQLite's file: taken while it is in use, looked into before anybody trusts them. It never changes the schema,
//! so that what is of an older version can be kept before it is brought up to date. (PostgreSQL has tools of its own.)

use std::{collections::BTreeMap, fs::File, path::Path, time::Duration};

use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};

use crate::{
    Error, migrations,
    sqlite::{self, failure, schema_version, unavailable},
};

/// The records' file in the data directory.
pub const FILE: &str = sqlite::FILE;
/// Copied at once: 4 MiB.
const PAGES: i32 = 1024;
/// How long another process may hold the lock.
const BUSY: Duration = Duration::from_secs(5);
/// So many lines of what is wrong are said.
const COMPLAINTS: usize = 3;

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The version of its tables.
    pub schema_version: i64,
    /// How many rows each table has.
    pub rows: BTreeMap<String, u64>,
}

/// The newest schema that this program knows.
#[must_use]
pub fn newest_schema() -> i64 {
    migrations::newest()
}

/// The file of the directory `data` that belongs to records, if any does.
#[must_use]
pub fn found(data: &Path) -> Option<String> {
    ["", "-wal", "-shm", "-journal"]
        .into_iter()
        .map(|end| format!("{FILE}{end}"))
        .find(|name| std::fs::symlink_metadata(data.join(name)).is_ok())
}

/// Keeps every other process from opening records in `data` until the file is dropped.
///
/// # Errors
/// The directory cannot be opened or locked.
pub fn hold(data: &Path) -> Result<File, Error> {
    let turn = File::open(data).map_err(|error| unavailable("opening the directory", error))?;
    turn.lock().map_err(|error| unavailable("locking the directory", error))?;
    Ok(turn)
}

/// Copies the records in `data` into the new file `to`, as they are at one moment; those who write go on meanwhile.
/// `progress` is told the pages copied, and how many there are.
///
/// # Errors
/// There are none, they are out of reach or damaged, or `to` cannot be written ([`Error::Full`], as the records are only read).
pub fn copy(data: &Path, to: &Path, mut progress: impl FnMut(u64, u64)) -> Result<(), Error> {
    let doing = "copying the records";
    let failed = |error| failure(doing, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(data.join(FILE), flags).map_err(failed)?;
    source.busy_timeout(BUSY).map_err(failed)?;
    source.execute_batch("pragma query_only = on; begin").map_err(failed)?;
    match (schema_version(&source)?, newest_schema()) {
        (0, _) => return Err(Error::corrupt(doing, "the file holds no records of this program")),
        // It may keep what belongs to it where this program does not look.
        (found, known) if found > known => return Err(Error::Newer { found, known }),
        _ => {}
    }
    // The snapshot stands from here on: what others commit goes past it, and no step begins anew.
    let mut copy = Connection::open(to).map_err(failed)?;
    copy.execute_batch("pragma journal_mode = off; pragma synchronous = off").map_err(failed)?;
    let steps = Backup::new(&source, &mut copy).map_err(failed)?;
    loop {
        let step = steps.step(PAGES).map_err(failed)?;
        let now = steps.progress();
        let pages = |count: i32| u64::try_from(count).unwrap_or(0);
        progress(pages(now.pagecount - now.remaining), pages(now.pagecount));
        match step {
            StepResult::More => {}
            StepResult::Done => break,
            _ => return Err(Error::Busy { doing: doing.to_owned() }),
        }
    }
    drop(steps);
    // One file that stands alone: who opens it to serve asks for the log again.
    copy.execute_batch("pragma journal_mode = delete").map_err(failed)?;
    copy.close().map_err(|(_, error)| failed(error))
}

/// Looks through a copy, every page and every index: whether it is sound.
///
/// # Errors
/// It is none, or damaged.
pub fn examine(file: &Path) -> Result<(), Error> {
    let complaints = texts(&read_only(file)?, "pragma integrity_check(20)")?;
    if complaints == ["ok"] {
        return Ok(());
    }
    Err(Error::corrupt("looking through the copy", complaints[..complaints.len().min(COMPLAINTS)].join("; ")))
}

/// Counts what a copy holds.
///
/// # Errors
/// It is none of this program's, or damaged.
pub fn count(file: &Path) -> Result<Facts, Error> {
    let doing = "counting what the copy holds";
    let copy = read_only(file)?;
    let schema_version = schema_version(&copy)?;
    if schema_version == 0 {
        return Err(Error::corrupt(doing, "it holds no records of this program"));
    }
    let mut rows = BTreeMap::new();
    let tables = "select name from sqlite_schema where type = 'table' and name not like 'sqlite^_%' escape '^'";
    for table in texts(&copy, tables)? {
        let sql = format!("select count(*) from \"{}\"", table.replace('"', "\"\""));
        let count: i64 = copy.query_row(&sql, [], |row| row.get(0)).map_err(|error| failure(doing, error))?;
        rows.insert(table, u64::try_from(count).unwrap_or(0));
    }
    Ok(Facts { schema_version, rows })
}

fn read_only(file: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(file, flags).map_err(|error| failure("opening the copy", error))
}

fn texts(copy: &Connection, sql: &str) -> Result<Vec<String>, Error> {
    let failed = |error| failure("looking through the copy", error);
    let mut statement = copy.prepare(sql).map_err(failed)?;
    let rows = statement.query_map([], |row| row.get(0)).map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}
