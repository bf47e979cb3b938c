//! The two verbs: `read` on a snapshot, `write` in a transaction. What lies behind them is the engine's business.

use std::{
    cell::RefCell,
    fmt,
    ops::Deref,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crossbeam_channel::Receiver;

use crate::{
    Error,
    feed::{Change, Feed},
    postgres::{self, Address},
    row::Row,
    sqlite,
    value::Param,
};

/// Where the records are.
#[derive(Debug, Clone)]
pub enum Place {
    /// Embedded, in this directory.
    Directory(PathBuf),
    /// On a PostgreSQL server.
    Postgres(Box<Address>),
}

impl Place {
    /// Whether an installation may be there: a directory without records has none, of a server nobody knows unasked.
    #[must_use]
    pub fn may_hold_records(&self) -> bool {
        match self {
            // what cannot be looked at is said when it is opened
            Place::Directory(data) => !matches!(data.join(sqlite::FILE).try_exists(), Ok(false)),
            Place::Postgres(_) => true,
        }
    }
}

/// As people are told of it; without a password.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Directory(data) => data.display().fmt(f),
            Place::Postgres(address) => address.fmt(f),
        }
    }
}

/// The records of an installation. Cheap to clone; all clones are the same records.
#[derive(Clone)]
pub struct Db {
    engine: Arc<Engine>,
    feed: Arc<Feed>,
}

enum Engine {
    Sqlite(sqlite::Engine),
    Postgres(postgres::Engine),
}

/// What was written since the records were opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Commits.
    pub commits: u64,
    /// Writes that were committed: many may share one commit.
    pub writes: u64,
}

/// Says that a read which is under way need not go on. All clones say the same.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

/// How long the questions of a transaction may go on.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    stop: Stop,
    deadline: Receiver<Instant>,
}

/// A snapshot for reading: nothing changes in it while it is looked at.
pub struct Tx<'c> {
    connection: Connection<'c>,
    writes: bool,
}

/// A transaction that may write; what its closure refuses or panics in changes nothing.
pub struct WriteTx<'c> {
    tx: Tx<'c>,
    changes: RefCell<Vec<Change>>,
}

#[derive(Clone, Copy)]
pub(crate) enum Connection<'c> {
    Sqlite(&'c sqlite::Connection),
    Postgres(&'c postgres::Connection),
}

/// One read that waits for a connection: run on a snapshot once there is one.
pub(crate) trait ReadJob: Send {
    /// Runs it and says what came of it; `lost` says why there is no snapshot.
    fn run(self: Box<Self>, tx: Result<&Tx, Error>);
}

/// One write that waits for the engine: run (perhaps more than once) in a transaction of its own, answered after the commit.
pub(crate) trait Job: Send {
    /// Runs it. `false`: roll it back.
    fn run(&mut self, tx: &WriteTx) -> bool;
    /// Says how it went; `lost` says why nothing of it was kept although it ran.
    fn answer(self: Box<Self>, lost: Option<Error>);
}

struct Read<F, D> {
    closure: F,
    done: D,
}

struct Write<T, E, F, D> {
    closure: F,
    result: Option<Result<T, E>>,
    done: D,
}

impl Db {
    /// Opens the records: makes the directory if it is not there, waits for a server that is not up yet (for `patience` at
    /// most, saying so in the log), and brings the schema up to date.
    ///
    /// # Errors
    /// Locked, read-only, of a newer program, damaged or out of reach.
    pub fn open(place: &Place, patience: Duration) -> Result<Db, Error> {
        let feed = Arc::new(Feed::default());
        let told = Arc::clone(&feed);
        let engine = match place {
            Place::Directory(data) => Engine::Sqlite(sqlite::Engine::open(data, told)?),
            Place::Postgres(address) => Engine::Postgres(postgres::Engine::open(address, patience, told)?),
        };
        Ok(Db { engine: Arc::new(engine), feed })
    }

    /// [`Db::open`] for filling records that nobody else uses: one long write is quicker, and others are kept out meanwhile.
    ///
    /// # Errors
    /// As [`Db::open`]; locked where another process has embedded records open.
    pub fn open_to_fill(place: &Place, patience: Duration) -> Result<Db, Error> {
        match place {
            Place::Postgres(_) => Db::open(place, patience),
            Place::Directory(data) => {
                let feed = Arc::new(Feed::default());
                let engine = Engine::Sqlite(sqlite::Engine::open_to_fill(data, Arc::clone(&feed))?);
                Ok(Db { engine: Arc::new(engine), feed })
            }
        }
    }

    /// Runs `f` on a snapshot, on the caller's thread. Blocks while all connections are in use, so `f` must not read again.
    /// Not for a thread that serves others: see [`Db::read_with`].
    ///
    /// # Errors
    /// What `f` says, or that no snapshot could be had.
    pub fn read<T, E: From<Error>>(&self, f: impl FnOnce(&Tx) -> Result<T, E>) -> Result<T, E> {
        self.engine.read(f)
    }

    /// [`Db::read`] without waiting for a server: `done` gets the result, at once and on the caller's thread where the
    /// records are embedded, else on a thread of the records, where it must not linger.
    pub fn read_with<T, E>(
        &self,
        f: impl FnOnce(&Tx) -> Result<T, E> + Send + 'static,
        done: impl FnOnce(Result<T, E>) + Send + 'static,
    ) where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &*self.engine {
            Engine::Sqlite(_) => done(self.read(f)),
            Engine::Postgres(engine) => engine.read_with(Box::new(Read { closure: f, done })),
        }
    }

    /// Runs `f` in a transaction and returns once it is on disk. `f` may be run again: it must have no effect but on the
    /// transaction, and must not write again.
    ///
    /// # Errors
    /// What `f` says (then nothing of it was written), or that it could not be written.
    pub fn write<T, E>(&self, f: impl FnMut(&WriteTx) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        self.write_with(f, move |result| {
            // the receiver only goes away with its thread: then nobody is left to tell
            drop(sender.send(result));
        });
        receiver.recv().unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// [`Db::write`] without waiting: `done` gets the result on a thread of the records, where it must not linger.
    pub fn write_with<T, E>(
        &self,
        f: impl FnMut(&WriteTx) -> Result<T, E> + Send + 'static,
        done: impl FnOnce(Result<T, E>) + Send + 'static,
    ) where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let job = Box::new(Write { closure: f, result: None, done });
        match &*self.engine {
            Engine::Sqlite(engine) => engine.write(job),
            Engine::Postgres(engine) => engine.write(job),
        }
    }

    /// Has `listener` told of everything that is committed from now on, by whomever, soon after: in batches, on a thread of
    /// the records, where it must not linger. It may be told more than once of the same, and of more than there was. It is
    /// told until it says `false`. `now` is the clock, in ms.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn subscribe(
        &self,
        now: impl Fn() -> i64 + Send + 'static,
        listener: impl Fn(&[Change]) -> bool + Send + Sync + 'static,
    ) -> Result<(), Error> {
        self.feed.subscribe(Box::new(listener));
        if let Engine::Postgres(engine) = &*self.engine {
            engine.follow_others()?;
        }
        let (engine, feed) = (Arc::downgrade(&self.engine), Arc::downgrade(&self.feed));
        self.feed.watch(move || {
            let (Some(engine), Some(feed)) = (engine.upgrade(), feed.upgrade()) else { return false };
            // the moment first: what is written after it is found at the next look
            let now = now();
            let others_wrote = match &*engine {
                Engine::Sqlite(engine) => engine.others_wrote(),
                // nobody says so of every one of them: a node may end before it tells
                Engine::Postgres(_) => true,
            };
            feed.look(now, others_wrote, |since| engine.read(|tx| feed.read(tx, since)));
            true
        })
    }

    /// Tells `done` whether the database answers: within two seconds, also when it does not.
    pub fn ping_with(&self, done: impl FnOnce(Result<(), Error>) + Send + 'static) {
        match &*self.engine {
            Engine::Sqlite(_) => {
                done(self.read(|tx| tx.one("select cast(1 as bigint)", &[], |row| row.int(0)).map(drop)))
            }
            Engine::Postgres(engine) => engine.ping(Box::new(done)),
        }
    }

    /// [`Db::ping_with`], waiting for it.
    ///
    /// # Errors
    /// Why it does not.
    #[cfg(test)]
    pub(crate) fn ping(&self) -> Result<(), Error> {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        self.ping_with(move |result| drop(sender.send(result)));
        receiver.recv().unwrap_or(Err(Error::Closed))
    }

    /// Spreads the tables of items over the workers of a Citus cluster, by flow; what is so already stays. It can be run
    /// again.
    ///
    /// # Errors
    /// [`Error::NotDistributable`]: the engine or the database cannot, or the outcome is not as it should be; or it failed.
    pub fn distribute(&self) -> Result<postgres::Distributed, Error> {
        match &*self.engine {
            Engine::Sqlite(_) => Err(Error::NotDistributable { why: "they are embedded, on one machine".to_owned() }),
            Engine::Postgres(engine) => engine.distribute(),
        }
    }

    /// What was written so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        match &*self.engine {
            Engine::Sqlite(engine) => engine.counters(),
            Engine::Postgres(engine) => engine.counters(),
        }
    }

    /// Finishes what waits and closes; writes that come later through a clone are refused.
    pub fn close(self) {
        match &*self.engine {
            Engine::Sqlite(engine) => engine.close(),
            Engine::Postgres(engine) => engine.close(),
        }
    }
}

impl Stop {
    /// From now on.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Watch {
    /// Whether nothing more need be done.
    pub(crate) fn is_over(&self) -> bool {
        if self.deadline.try_recv().is_ok() {
            self.stop.stop();
        }
        self.stop.is_stopped()
    }
}

impl Engine {
    fn read<T, E: From<Error>>(&self, f: impl FnOnce(&Tx) -> Result<T, E>) -> Result<T, E> {
        match self {
            Engine::Sqlite(engine) => engine.read(|connection| f(&Tx::new(Connection::Sqlite(connection)))),
            Engine::Postgres(engine) => engine.read(|connection| f(&Tx::new(Connection::Postgres(connection)))),
        }
    }
}

impl<'c> Tx<'c> {
    pub(crate) fn new(connection: Connection<'c>) -> Tx<'c> {
        Tx { connection, writes: false }
    }

    /// From here on a question of this transaction is broken off once `stop` says so, or after `most`: for what has to look
    /// at so much that whoever asked may not wait for it.
    pub fn bound(&self, stop: &Stop, most: Duration) {
        let watch = Watch { stop: stop.clone(), deadline: crossbeam_channel::after(most) };
        match self.connection {
            Connection::Sqlite(connection) => connection.watch(Some(watch)),
            Connection::Postgres(connection) => connection.watch(Some(watch)),
        }
    }

    /// Every row.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        params: &[Param],
        mut read: impl FnMut(&Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut rows = Vec::new();
        let each = |row: &Row| {
            rows.push(read(row)?);
            Ok(())
        };
        match self.connection {
            Connection::Sqlite(connection) => connection.query(sql, params, each)?,
            Connection::Postgres(connection) => connection.query(sql, params, each)?,
        }
        Ok(rows)
    }

    /// Every row, one after the other, of an answer that may be too large to be held.
    pub(crate) fn each(
        &self,
        sql: &str,
        params: &[Param],
        each: impl FnMut(&Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match self.connection {
            Connection::Sqlite(connection) => connection.query(sql, params, each),
            Connection::Postgres(connection) => connection.stream(sql, params, each),
        }
    }

    /// The first row, if any.
    pub(crate) fn first<T>(
        &self,
        sql: &str,
        params: &[Param],
        read: impl FnMut(&Row) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        Ok(self.all(sql, params, read)?.into_iter().next())
    }

    /// The first row, if any; in a transaction that writes, nobody else changes that row until it ends.
    pub(crate) fn first_held<T>(
        &self,
        sql: &str,
        params: &[Param],
        read: impl FnMut(&Row) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        match self.connection {
            // not `for update`: that would hold up whoever links to the row, whose key nobody changes
            Connection::Postgres(_) if self.writes => self.first(&format!("{sql} for no key update"), params, read),
            _ => self.first(sql, params, read),
        }
    }

    /// Says that [`Tx::all`] and its kin will be asked this soon: an engine that is far away is asked it together with the
    /// next question.
    pub(crate) fn foresee(&self, sql: &str, params: &[Param]) -> Result<(), Error> {
        match self.connection {
            Connection::Sqlite(_) => Ok(()),
            Connection::Postgres(connection) => connection.foresee(sql, params),
        }
    }

    /// [`Tx::foresee`] for [`Tx::first_held`].
    pub(crate) fn foresee_held(&self, sql: &str, params: &[Param]) -> Result<(), Error> {
        match self.connection {
            Connection::Postgres(_) if self.writes => self.foresee(&format!("{sql} for no key update"), params),
            _ => self.foresee(sql, params),
        }
    }

    /// What it speaks to.
    pub(crate) fn connection(&self) -> Connection<'c> {
        self.connection
    }

    /// Whether it may write.
    pub(crate) fn may_write(&self) -> bool {
        self.writes
    }

    /// How a condition says that `$1` is one of the numbers that stand in the text `$2`.
    pub(crate) fn one_of_numbers(&self) -> &'static str {
        match self.connection {
            Connection::Sqlite(_) => sqlite::words::ONE_OF_NUMBERS,
            Connection::Postgres(_) => postgres::words::ONE_OF_NUMBERS,
        }
    }

    /// Whether every question takes a way of its own, so that it pays to ask several together.
    #[must_use]
    pub fn is_far(&self) -> bool {
        matches!(self.connection, Connection::Postgres(_))
    }

    /// The one row that such a statement always has.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        params: &[Param],
        read: impl FnMut(&Row) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.first(sql, params, read)?.ok_or_else(|| Error::corrupt(sql, "no row"))
    }
}

impl<'c> WriteTx<'c> {
    pub(crate) fn new(connection: Connection<'c>) -> WriteTx<'c> {
        WriteTx { tx: Tx { connection, writes: true }, changes: RefCell::default() }
    }

    /// Notes what is changed, to be told once it is committed.
    pub(crate) fn touched(&self, change: Change) {
        self.changes.borrow_mut().push(change);
    }

    /// What was noted.
    pub(crate) fn into_changes(self) -> Vec<Change> {
        self.changes.into_inner()
    }

    /// Runs a statement; how many rows it touched.
    pub(crate) fn execute(&self, sql: &str, params: &[Param]) -> Result<usize, Error> {
        match self.tx.connection {
            Connection::Sqlite(connection) => connection.execute(sql, params),
            Connection::Postgres(connection) => connection.execute(sql, params),
        }
    }

    /// Runs a statement of which nothing needs to be known but that it succeeds: an engine that is far away may run it
    /// later, together with others, and say then that it failed.
    pub(crate) fn later(&self, sql: &str, params: &[Param]) -> Result<(), Error> {
        match self.tx.connection {
            Connection::Sqlite(connection) => connection.execute(sql, params).map(drop),
            Connection::Postgres(connection) => connection.later(sql, params, None),
        }
    }

    /// [`WriteTx::later`], of a statement that must touch exactly one row; `otherwise` is what it is when it does not.
    pub(crate) fn later_one(&self, sql: &str, params: &[Param], otherwise: Error) -> Result<(), Error> {
        match self.tx.connection {
            Connection::Sqlite(connection) => match connection.execute(sql, params)? {
                1 => Ok(()),
                _ => Err(otherwise),
            },
            Connection::Postgres(connection) => connection.later(sql, params, Some(otherwise)),
        }
    }

    /// Waits until no other transaction that takes its turn is under way: for rules over many rows (the last
    /// administrator, the next version), to be called before they are looked at. Embedded, all writes take turns anyway.
    ///
    /// # Errors
    /// The records failed.
    pub fn take_turn(&self) -> Result<(), Error> {
        match self.tx.connection {
            Connection::Sqlite(_) => Ok(()),
            Connection::Postgres(connection) => connection.take_turn(),
        }
    }

    /// The indexes that statements made and that are no key's: table, name, definition.
    pub(crate) fn indexes(&self) -> Result<Vec<(String, String, String)>, Error> {
        let sql = match self.tx.connection {
            Connection::Sqlite(_) => sqlite::INDEXES,
            Connection::Postgres(_) => postgres::INDEXES,
        };
        self.all(sql, &[], |row| Ok((row.text(0)?, row.text(1)?, row.text(2)?)))
    }

    /// The slot in which this transaction counts: two that run side by side rarely have the same.
    pub(crate) fn slot(&self) -> i64 {
        match self.tx.connection {
            Connection::Sqlite(_) => 0,
            Connection::Postgres(connection) => connection.slot(),
        }
    }

    /// Runs a statement that makes or changes a table: its `text` columns sort by code point, on every engine.
    pub(crate) fn define(&self, sql: &str) -> Result<(), Error> {
        match self.tx.connection {
            Connection::Sqlite(connection) => connection.execute(sql, &[]).map(drop),
            Connection::Postgres(connection) => connection.batch(&postgres::definition(sql)),
        }
    }

    /// Puts a new table of items where the others of its flow are.
    pub(crate) fn spread_new(&self, table: &str) -> Result<(), Error> {
        match self.tx.connection {
            Connection::Sqlite(_) => Ok(()),
            Connection::Postgres(connection) => connection.spread_new(table),
        }
    }

    /// Has the pages of a table keep room for what its rows become: a change that touches no index then stays on its page.
    pub(crate) fn leave_room(&self, table: &str) -> Result<(), Error> {
        match self.tx.connection {
            Connection::Sqlite(_) => Ok(()),
            Connection::Postgres(_) => self.define(&format!("alter table {table} set (fillfactor = 85)")),
        }
    }

    /// How an index names a column in which null may stand, so that it sorts as lists do: null is the smallest.
    pub(crate) fn nullable_key(&self, column: &str) -> String {
        match self.tx.connection {
            Connection::Sqlite(_) => column.to_owned(),
            Connection::Postgres(_) => format!("{column} nulls first"),
        }
    }
}

impl<'c> Deref for WriteTx<'c> {
    type Target = Tx<'c>;

    fn deref(&self) -> &Tx<'c> {
        &self.tx
    }
}

impl<T, E, F, D> ReadJob for Read<F, D>
where
    E: From<Error>,
    F: FnOnce(&Tx) -> Result<T, E> + Send,
    D: FnOnce(Result<T, E>) + Send,
{
    fn run(self: Box<Self>, tx: Result<&Tx, Error>) {
        let Read { closure, done } = *self;
        let result = match tx {
            Ok(tx) => {
                let closure = std::panic::AssertUnwindSafe(|| closure(tx));
                std::panic::catch_unwind(closure).unwrap_or_else(|panic| Err(panicked(&*panic).into()))
            }
            Err(error) => Err(error.into()),
        };
        tell(done, result);
    }
}

impl<T, E, F, D> Job for Write<T, E, F, D>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: FnMut(&WriteTx) -> Result<T, E> + Send + 'static,
    D: FnOnce(Result<T, E>) + Send + 'static,
{
    fn run(&mut self, tx: &WriteTx) -> bool {
        let closure = std::panic::AssertUnwindSafe(|| (self.closure)(tx));
        let result = std::panic::catch_unwind(closure).unwrap_or_else(|panic| Err(panicked(&*panic).into()));
        let kept = result.is_ok();
        self.result = Some(result);
        kept
    }

    fn answer(self: Box<Self>, lost: Option<Error>) {
        let Write { closure, result, done } = *self;
        let result = match (lost, result) {
            (Some(error), _) => Err(error.into()),
            (None, Some(result)) => result,
            (None, None) => Err(Error::Closed.into()),
        };
        // who is told may close the records at once, and waits for the writer only if nothing of theirs is held here
        drop(closure);
        tell(done, result);
    }
}

/// The thread goes on whatever becomes of the one who waited.
fn tell<R>(done: impl FnOnce(R), result: R) {
    if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| done(result))).is_err() {
        tracing::error!("taking the answer of the records panicked");
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Error {
    let text = panic.downcast_ref::<String>().cloned();
    let detail = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
    Error::Panicked { detail }
}
