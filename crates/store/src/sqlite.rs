//! The embedded engine: everything that only SQLite has. One writer thread, a pool of readers.

pub(crate) mod words;

use std::{
    cell::Cell,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender};
use rusqlite::{CachedStatement, ErrorCode, config::DbConfig, ffi, types::ValueRef};

use crate::{
    Error,
    db::{self, Counters, Job, Watch, WriteTx},
    feed::{Change, Feed},
    migrations, row,
    value::Param,
};

/// Its name in the data directory.
pub(crate) const FILE: &str = "tasksteper.db";
/// How long another process may hold the lock.
const BUSY: Duration = if cfg!(test) { Duration::from_secs(2) } else { Duration::from_secs(5) };
/// A batch is committed once it holds so many writes …
const BATCH: usize = 256;
/// … or has run so long.
const BATCH_TIME: Duration = Duration::from_millis(50);
/// How often the writer looks whether another process wrote.
const LOOK: Duration = Duration::from_millis(400);
/// Readers at most: each keeps a page cache.
const READERS: usize = 8;

/// The indexes that statements made: table, name, definition.
pub(crate) const INDEXES: &str =
    "select tbl_name, name, sql from sqlite_master where type = 'index' and sql is not null order by name";

/// Prepared statements kept by each connection.
const STATEMENTS: usize = 100;

/// The database file, its writer and its readers.
pub(crate) struct Engine {
    path: PathBuf,
    jobs: Mutex<Option<Sender<Box<dyn Job>>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    idle: (Sender<Option<Connection>>, Receiver<Option<Connection>>),
    counts: Arc<Counts>,
    others: Arc<AtomicBool>,
}

#[derive(Default)]
struct Counts {
    commits: AtomicU64,
    writes: AtomicU64,
}

/// One connection.
pub(crate) struct Connection {
    raw: rusqlite::Connection,
    /// A statement failed in a way after which SQLite may have rolled everything back.
    broken: Cell<Option<Error>>,
    /// How long the read that is under way may go on; looked at by SQLite itself while it works.
    watch: Arc<Mutex<Option<Watch>>>,
}

/// So many steps SQLite takes, a millisecond's worth at most, between looks at whether anybody still waits.
const STEPS: i32 = 10_000;

/// One row of an answer.
pub(crate) struct Row<'r>(&'r rusqlite::Row<'r>);

impl Engine {
    /// What is committed is told to `feed`.
    pub(crate) fn open(data: &Path, feed: Arc<Feed>) -> Result<Engine, Error> {
        make_directory(data)?;
        let path = data.join(FILE);
        let connection = prepare(data, &path)?;
        Engine::start(path, connection, feed)
    }

    /// For one long write that nobody else waits for: it goes into the file itself, not into a log beside it, in which
    /// every page would have to be looked for. The next [`Engine::open`] has the log again.
    pub(crate) fn open_to_fill(data: &Path, feed: Arc<Feed>) -> Result<Engine, Error> {
        make_directory(data)?;
        let path = data.join(FILE);
        let connection = prepare(data, &path)?;
        connection.batch("pragma journal_mode = delete; pragma cache_size = -262144; pragma threads = 2")?;
        Engine::start(path, connection, feed)
    }

    fn start(path: PathBuf, connection: Connection, feed: Arc<Feed>) -> Result<Engine, Error> {
        let (sender, receiver) = crossbeam_channel::unbounded();
        let counts = Arc::new(Counts::default());
        let others = Arc::new(AtomicBool::new(false));
        let told = Told { counts: Arc::clone(&counts), others: Arc::clone(&others), feed };
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_all(&connection, &receiver, &told))
            .map_err(|error| unavailable("starting the writer", error))?;
        let idle = crossbeam_channel::bounded(READERS);
        for _ in 0..READERS {
            idle.0.send(None).map_err(|_| Error::Closed)?;
        }
        Ok(Engine { path, jobs: Mutex::new(Some(sender)), writer: Mutex::new(Some(writer)), idle, counts, others })
    }

    pub(crate) fn read<T, E: From<Error>>(&self, f: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        let mut reader = Reader { connection: None, idle: &self.idle.0 };
        reader.connection = self.idle.1.recv().map_err(|_| Error::Closed)?;
        if reader.connection.is_none() {
            let connection = Connection::open(&self.path)?;
            connection.batch("pragma query_only = on")?;
            reader.connection = Some(connection);
        }
        let Some(connection) = &reader.connection else { return Err(Error::Closed.into()) };
        connection.execute("begin", &[])?;
        f(connection)
    }

    pub(crate) fn write(&self, job: Box<dyn Job>) {
        let sender = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match sender {
            None => job.answer(Some(Error::Closed)),
            Some(sender) => {
                if let Err(back) = sender.send(job) {
                    back.0.answer(Some(Error::Closed));
                }
            }
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            commits: self.counts.commits.load(Ordering::Relaxed),
            writes: self.counts.writes.load(Ordering::Relaxed),
        }
    }

    /// Whether another process wrote since this was asked last.
    pub(crate) fn others_wrote(&self) -> bool {
        self.others.swap(false, Ordering::Relaxed)
    }

    pub(crate) fn close(&self) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer
            && writer.thread().id() != std::thread::current().id()
            && writer.join().is_err()
        {
            tracing::error!("the writer of the records ended by a panic");
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
    }
}

/// A connection on loan; goes back when the closure is done, also by a panic.
struct Reader<'p> {
    connection: Option<Connection>,
    idle: &'p Sender<Option<Connection>>,
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(connection) = &self.connection {
            connection.watch(None);
        }
        // a connection that cannot end its snapshot is given up; the next reader opens another
        let connection = self.connection.take().filter(|connection| connection.execute("rollback", &[]).is_ok());
        drop(self.idle.send(connection));
    }
}

impl Connection {
    fn open(path: &Path) -> Result<Connection, Error> {
        let doing = "opening the database";
        let mut raw = rusqlite::Connection::open(path).map_err(|error| failure(doing, error))?;
        raw.busy_timeout(BUSY).map_err(|error| failure(doing, error))?;
        raw.set_prepared_statement_cache_capacity(STATEMENTS);
        // without it, binding a value can throw the prepared plan away, to look at the value and plan anew
        raw.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(|error| failure(doing, error))?;
        let watch = Arc::new(Mutex::new(None::<Watch>));
        let watched = Arc::clone(&watch);
        let is_over = move || {
            let watch = watched.lock().unwrap_or_else(PoisonError::into_inner);
            watch.as_ref().is_some_and(Watch::is_over)
        };
        raw.progress_handler(STEPS, Some(is_over)).map_err(|error| failure(doing, error))?;
        let connection = Connection { raw, broken: Cell::new(None), watch };
        connection
            .batch("pragma synchronous = full; pragma foreign_keys = on; pragma journal_size_limit = 67108864")?;
        Ok(connection)
    }

    /// How long what is asked from now on may take.
    pub(crate) fn watch(&self, watch: Option<Watch>) {
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = watch;
    }

    /// Statements of the engine's own, without values.
    fn batch(&self, sql: &str) -> Result<(), Error> {
        self.raw.execute_batch(sql).map_err(|error| self.note(sql, error))
    }

    pub(crate) fn query(
        &self,
        sql: &str,
        params: &[Param],
        mut each: impl FnMut(&row::Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut statement = self.prepare(sql, params)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(|error| self.note(sql, error))? {
            each(&row::Row::Sqlite(Row(row)))?;
        }
        Ok(())
    }

    pub(crate) fn execute(&self, sql: &str, params: &[Param]) -> Result<usize, Error> {
        self.prepare(sql, params)?.raw_execute().map_err(|error| self.note(sql, error))
    }

    fn prepare(&self, sql: &str, params: &[Param]) -> Result<CachedStatement<'_>, Error> {
        // `$1` is PostgreSQL's; SQLite would take it for a name
        // a JSON text is read as it is
        let numbered = sql.replace('$', "?").replace("cast(fields as json)", "fields");
        #[cfg(test)]
        crate::tests::note_statement(&numbered);
        let mut statement = self.raw.prepare_cached(&numbered).map_err(|error| self.note(sql, error))?;
        for (index, param) in params.iter().enumerate() {
            let bound = match param {
                Param::Null => statement.raw_bind_parameter(index + 1, rusqlite::types::Null),
                Param::Int(value) => statement.raw_bind_parameter(index + 1, value),
                Param::Real(value) => statement.raw_bind_parameter(index + 1, value),
                Param::Text(value) => statement.raw_bind_parameter(index + 1, value.as_ref()),
            };
            bound.map_err(|error| self.note(sql, error))?;
        }
        Ok(statement)
    }

    fn note(&self, doing: &str, error: rusqlite::Error) -> Error {
        let graver = matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::DiskFull
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::OutOfMemory
                    | ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::ReadOnly
                    | ErrorCode::CannotOpen
            )
        );
        let error = failure(doing, error);
        if graver {
            self.broken.set(Some(error.clone()));
        }
        error
    }
}

impl Row<'_> {
    pub(crate) fn cell(&self, index: usize) -> Result<row::Cell<'_>, Error> {
        match self.0.get_ref(index).map_err(|error| failure("reading a row", error))? {
            ValueRef::Null => Ok(row::Cell::Null),
            ValueRef::Integer(value) => Ok(row::Cell::Int(value)),
            ValueRef::Real(value) => Ok(row::Cell::Real(value)),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(row::Cell::Text(text)),
                Err(error) => Err(Error::corrupt("reading a row", format!("column {}: {error}", self.column(index)))),
            },
        }
    }

    pub(crate) fn width(&self) -> usize {
        self.0.as_ref().column_count()
    }

    pub(crate) fn column(&self, index: usize) -> &str {
        self.0.as_ref().column_name(index).unwrap_or("?")
    }
}

/// The writer's thread: takes what waits, until the records are closed and nothing waits any more.
fn write_all(connection: &Connection, jobs: &Receiver<Box<dyn Job>>, told: &Told) {
    let looks = crossbeam_channel::tick(LOOK);
    let mut version = None;
    told.look(connection, &mut version);
    loop {
        crossbeam_channel::select! {
            recv(jobs) -> first => match first {
                Ok(first) => write_batch(connection, first, jobs, told),
                Err(_) => break,
            },
            recv(looks) -> _ => told.look(connection, &mut version),
        }
    }
    if let Err(error) = connection.batch("pragma wal_checkpoint(truncate)") {
        tracing::warn!(%error, "the last checkpoint of the database failed; the next start will do it");
    }
}

/// Who is told what the writer did and saw.
struct Told {
    counts: Arc<Counts>,
    others: Arc<AtomicBool>,
    feed: Arc<Feed>,
}

impl Told {
    /// Whether another connection wrote: asked of the writer's, whose own writes do not count. Waits for no lock.
    fn look(&self, connection: &Connection, version: &mut Option<i64>) {
        let read = connection.raw.query_row("pragma data_version", [], |row| row.get::<_, i64>(0));
        let now = read.map_err(|error| tracing::warn!(%error, "it cannot be seen whether others write")).ok();
        if version.is_some() && now != *version {
            self.others.store(true, Ordering::Relaxed);
        }
        *version = now.or(*version);
    }
}

/// One transaction for `first` and whatever else waits: each in a savepoint, one commit, then the answers.
fn write_batch(connection: &Connection, first: Box<dyn Job>, jobs: &Receiver<Box<dyn Job>>, told: &Told) {
    if let Err(error) = connection.execute("begin immediate", &[]) {
        tracing::error!(%error, "no transaction could be begun");
        // those that waited as long; looked up before anyone is told, or else who is told and comes again would be among them
        let waiting: Vec<_> = jobs.try_iter().take(BATCH).collect();
        std::iter::once(first).chain(waiting).for_each(|job| job.answer(Some(error.clone())));
        return;
    }
    connection.broken.set(None);
    let deadline = crossbeam_channel::after(BATCH_TIME);
    let mut ran = Vec::new();
    let mut kept = 0;
    let mut changes = Vec::new();
    let mut lost = None;
    let mut next = Some(first);
    while let Some(mut job) = next {
        match run_job(connection, job.as_mut()) {
            Ok(Some(noted)) => {
                kept += 1;
                changes.extend(noted);
            }
            Ok(None) => {}
            Err(error) => lost = Some(error),
        }
        ran.push(job);
        let full = lost.is_some() || ran.len() >= BATCH || deadline.try_recv().is_ok();
        next = if full { None } else { jobs.try_recv().ok() };
    }
    if lost.is_none() {
        told.feed.expect(&changes);
        lost = connection.execute("commit", &[]).err();
    }
    match &lost {
        None => {
            told.counts.commits.fetch_add(u64::from(kept > 0), Ordering::Relaxed);
            told.counts.writes.fetch_add(kept, Ordering::Relaxed);
            told.feed.publish(&changes);
        }
        Some(error) => {
            tracing::error!(%error, writes = ran.len(), "a batch of writes was lost; all of them are answered so");
            if !connection.raw.is_autocommit()
                && let Err(error) = connection.batch("rollback")
            {
                tracing::error!(%error, "the lost batch could not be rolled back");
            }
        }
    }
    ran.into_iter().for_each(|job| job.answer(lost.clone()));
}

/// What its writes changed, if they are kept. An error: the whole batch is lost.
fn run_job(connection: &Connection, job: &mut dyn Job) -> Result<Option<Vec<Change>>, Error> {
    connection.execute("savepoint job", &[])?;
    let tx = WriteTx::new(db::Connection::Sqlite(connection));
    let kept = job.run(&tx);
    if let Some(error) = connection.broken.take() {
        return Err(error);
    }
    if !kept {
        connection.execute("rollback to job", &[])?;
    }
    connection.execute("release job", &[])?;
    Ok(kept.then(|| tx.into_changes()))
}

fn make_directory(data: &Path) -> Result<(), Error> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(data).map_err(|error| match error.kind() {
        std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied => Error::ReadOnly,
        _ => unavailable(&format!("making the directory {}", data.display()), error),
    })
}

/// The writer's connection, to a file that is in WAL mode and has the newest schema.
fn prepare(data: &Path, path: &Path) -> Result<Connection, Error> {
    let doing = "opening the database";
    // processes that open at once take turns: changing the mode and the schema does not wait for locks by itself
    let turn = std::fs::File::open(data).map_err(|error| unavailable(doing, error))?;
    turn.lock().map_err(|error| unavailable(doing, error))?;
    let mut connection = Connection::open(path)?;
    if connection.raw.is_readonly("main").map_err(|error| failure(doing, error))? {
        return Err(Error::ReadOnly);
    }
    let mode: String = connection
        .raw
        .query_row("pragma journal_mode = wal", [], |row| row.get(0))
        .map_err(|error| failure(doing, error))?;
    if mode != "wal" {
        return Err(Error::corrupt(doing, format!("journal mode {mode} instead of wal")));
    }
    let (found, known) = (schema_version(&connection.raw)?, migrations::newest());
    if found > known {
        return Err(Error::Newer { found, known });
    }
    if found < known {
        let runner = refinery_core::Runner::new(&migrations::all(str::to_owned)?).set_grouped(true);
        runner.run(&mut connection.raw).map_err(|error| unavailable("bringing the schema up to date", error))?;
    }
    // savepoints keep the pages that they may have to restore: not in a file
    connection.batch("pragma temp_store = memory")?;
    // a directory in which no log can be made shows only when one is asked for
    match connection.batch("begin immediate; rollback") {
        Ok(()) | Err(Error::Busy { .. }) => Ok(connection),
        Err(error) => Err(error),
    }
}

pub(crate) fn schema_version(raw: &rusqlite::Connection) -> Result<i64, Error> {
    let doing = "reading the schema version";
    let made = raw.table_exists(None, "refinery_schema_history").map_err(|error| failure(doing, error))?;
    if !made {
        return Ok(0);
    }
    raw.query_row("select coalesce(max(version), 0) from refinery_schema_history", [], |row| row.get(0))
        .map_err(|error| failure(doing, error))
}

pub(crate) fn failure(doing: &str, error: rusqlite::Error) -> Error {
    let extended = error.sqlite_error().map(|error| error.extended_code);
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy { doing: doing.to_owned() },
        Some(ErrorCode::ReadOnly) => Error::ReadOnly,
        Some(ErrorCode::OperationInterrupted) => Error::Stopped,
        Some(ErrorCode::DiskFull) => Error::Full,
        // a quota or a limit of sizes: SQLite calls nothing but an overflowing device full
        Some(ErrorCode::SystemIoFailure)
            if matches!(extended, Some(ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE)) =>
        {
            Error::Full
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::corrupt(doing, error),
        Some(ErrorCode::ConstraintViolation)
            if matches!(extended, Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY)) =>
        {
            Error::Exists
        }
        Some(ErrorCode::ConstraintViolation) => Error::corrupt(doing, error),
        _ => unavailable(doing, error),
    }
}

pub(crate) fn unavailable(doing: &str, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Unavailable { doing: doing.to_owned(), source: Arc::new(source) }
}
