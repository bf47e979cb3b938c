//! The PostgreSQL engine: everything that only PostgreSQL has. A pool of connections, threads that take what waits, and
//! what to do when the server, the network or another transaction is in the way.
//!
//! Writes are `read committed`: an item that is to be changed is locked when it is loaded, what rules over many rows takes
//! its turn (`docs/decisions/0005-postgresql.md`).

mod address;
mod connection;
pub(crate) mod distribute;
mod failure;
mod notices;
pub(crate) mod words;

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender};
use tokio::time::Instant;

use address::Causes;
pub use address::{Address, BadAddress};
use connection::Commit;
pub(crate) use connection::{Connection, Row};
pub use distribute::Distributed;
use failure::{Failure, Then};
use notices::Notices;

use crate::{
    Error,
    db::{self, Counters, Job, ReadJob, Tx, WriteTx},
    feed::{Change, Feed},
    migrations,
};

/// What is being done when no connection can be had.
/// The indexes that statements made: table, name, definition.
pub(crate) const INDEXES: &str = "select cast(tablename as text), cast(indexname as text), indexdef from pg_indexes
     where schemaname = current_schema()
     and not exists (select 1 from pg_constraint c join pg_namespace n on n.oid = c.connamespace
                     where c.conname = indexname and n.nspname = schemaname)
     order by indexname";
const CONNECTING: &str = "connecting to the database";
/// Connections at most, and threads that use them.
const CONNECTIONS: usize = 16;
/// How long a request waits for one of them.
const WAIT: Duration = Duration::from_secs(10);
/// A write is run so often at most …
const ATTEMPTS: u32 = 6;
/// … and not again when it was asked for longer ago than this.
const TRYING: Duration = Duration::from_secs(30);
/// How long an unknown outcome is asked after.
const ASKING: Duration = Duration::from_secs(20);
/// A commit that the server still has under way after this has lost its connection without the server noticing.
const LINGERING: Duration = Duration::from_secs(2);
/// What the server's clock and ours may differ in telling a start from what began.
const CLOSE: Duration = Duration::from_secs(1);
/// Whether the server answers is known within twice this.
const PING: Duration = Duration::from_millis(800);
/// Counting slots of all nodes together.
const SLOTS: i64 = 64;
/// The lock under which the schema is brought up to date.
const MIGRATING: i64 = 0x7461_736b_7363_686d;

/// The pool, and the threads that work for those who must not wait.
pub(crate) struct Engine {
    pool: Arc<Pool>,
    work: Mutex<Option<Sender<(Instant, Work)>>>,
    pings: Sender<Ping>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// Is told whether the server answers.
pub(crate) type Ping = Box<dyn FnOnce(Result<(), Error>) + Send>;

enum Work {
    Read(Box<dyn ReadJob>),
    Write(Box<dyn Job>),
}

struct Pool {
    address: Address,
    idle: (Sender<Option<Connection>>, Receiver<Option<Connection>>),
    /// The slot of the next connection.
    slot: AtomicI64,
    writes: AtomicU64,
    feed: Arc<Feed>,
    /// The other nodes are told, and heard; only once somebody here follows the feed.
    notices: OnceLock<Notices>,
}

/// How one attempt at a write went.
enum Attempt {
    /// It ran to its end and is kept, or refused by itself.
    Over,
    /// Nothing was kept, for a reason outside of it.
    Failed(Failure),
}

impl Engine {
    /// What is committed is told to `feed`.
    pub(crate) fn open(address: &Address, patience: Duration, feed: Arc<Feed>) -> Result<Engine, Error> {
        let mut first = connect_patiently(address, patience)?;
        migrate(&mut first)?;
        let idle = crossbeam_channel::bounded(CONNECTIONS);
        let connections = std::iter::once(Some(first)).chain(std::iter::repeat_with(|| None));
        for connection in connections.take(CONNECTIONS) {
            idle.0.send(connection).map_err(|_| Error::Closed)?;
        }
        // nodes begin at different slots
        let slot = AtomicI64::new(i64::from(chance(64)));
        let pool = Arc::new(Pool {
            address: address.clone(),
            idle,
            slot,
            writes: AtomicU64::new(0),
            feed,
            notices: OnceLock::new(),
        });
        let (sender, receiver) = crossbeam_channel::unbounded();
        let threads = (0..CONNECTIONS).map(|_| {
            let (pool, work) = (Arc::clone(&pool), Receiver::clone(&receiver));
            let thread = std::thread::Builder::new().name("store".to_owned());
            thread.spawn(move || work.iter().for_each(|(since, work)| pool.run(since, work))).map_err(no_thread)
        });
        let threads = threads.collect::<Result<_, _>>()?;
        let (pings, asked) = crossbeam_channel::unbounded();
        let address = address.clone();
        // not joined: it ends when nobody can ask any more
        let watch = std::thread::Builder::new().name("store-ping".to_owned());
        watch.spawn(move || answer_pings(&address, &asked)).map_err(no_thread)?;
        Ok(Engine { pool, work: Mutex::new(Some(sender)), pings, threads: Mutex::new(threads) })
    }

    /// From now on what the other nodes commit is told to the feed, and they are told what is committed here.
    pub(crate) fn follow_others(&self) -> Result<(), Error> {
        if self.pool.notices.get().is_none() {
            let notices = Notices::start(&self.pool.address, &self.pool.feed)?;
            // of two that come at once one is kept, and the other's thread ends
            let _ = self.pool.notices.set(notices);
        }
        Ok(())
    }

    pub(crate) fn read<T, E: From<Error>>(&self, f: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        let loan = self.pool.lend()?;
        loan.connection()?.begin_read();
        f(loan.connection()?)
    }

    pub(crate) fn read_with(&self, job: Box<dyn ReadJob>) {
        if let Err(Work::Read(job)) = self.send(Work::Read(job)) {
            job.run(Err(Error::Closed));
        }
    }

    pub(crate) fn write(&self, job: Box<dyn Job>) {
        if let Err(Work::Write(job)) = self.send(Work::Write(job)) {
            job.answer(Some(Error::Closed));
        }
    }

    /// Whether the server answers, asked beside the pool, which may be busy or waiting for a server that is gone.
    pub(crate) fn ping(&self, done: Ping) {
        if let Err(back) = self.pings.send(done) {
            (back.0)(Err(Error::Closed));
        }
    }

    fn send(&self, work: Work) -> Result<(), Work> {
        match self.work.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            Some(sender) => sender.send((Instant::now(), work)).map_err(|back| back.0.1),
            None => Err(work),
        }
    }

    /// Spreads the tables of items over the workers of a Citus cluster, each step by itself: Citus does not take them all in
    /// one transaction.
    pub(crate) fn distribute(&self) -> Result<Distributed, Error> {
        let loan = self.pool.lend()?;
        let connection = loan.connection()?;
        // moving many rows takes its time
        connection.batch("set lock_timeout = 0")?;
        let done = distribute::run(connection);
        connection.batch("reset lock_timeout")?;
        done
    }

    pub(crate) fn counters(&self) -> Counters {
        let writes = self.pool.writes.load(Ordering::Relaxed);
        Counters { commits: writes, writes }
    }

    pub(crate) fn close(&self) {
        drop(self.work.lock().unwrap_or_else(PoisonError::into_inner).take());
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads.into_iter().filter(|thread| thread.thread().id() != std::thread::current().id()) {
            if thread.join().is_err() {
                tracing::error!("a thread of the records ended by a panic");
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
    }
}

impl Pool {
    fn run(&self, since: Instant, work: Work) {
        // whoever waited so long waits no longer: what keeps all threads is not made better by more of the same
        let lent = if since.elapsed() > WAIT { Err(no_connection()) } else { Ok(()) };
        match (work, lent) {
            (Work::Read(job), Err(error)) => job.run(Err(error)),
            (Work::Read(job), Ok(())) => match self.lend() {
                Err(error) => job.run(Err(error)),
                Ok(loan) => match loan.connection() {
                    Err(error) => job.run(Err(error)),
                    Ok(connection) => {
                        connection.begin_read();
                        job.run(Ok(&Tx::new(db::Connection::Postgres(connection))));
                    }
                },
            },
            (Work::Write(job), Err(error)) => job.answer(Some(error)),
            (Work::Write(mut job), Ok(())) => {
                let lost = self.write(since, job.as_mut());
                job.answer(lost);
            }
        }
    }

    /// Runs a write until it is over; what stands in the way of that, if anything does.
    fn write(&self, since: Instant, job: &mut dyn Job) -> Option<Error> {
        let mut attempt = 1;
        loop {
            let failure = match self.attempt(job) {
                Attempt::Over => return None,
                Attempt::Failed(failure) => failure,
            };
            if failure.then == Then::GiveUp || attempt >= ATTEMPTS || since.elapsed() > TRYING {
                tracing::warn!(error = %Causes(&failure.error), attempt, "a write was given up");
                return Some(failure.error);
            }
            tracing::debug!(error = %Causes(&failure.error), attempt, "a write is run again");
            // longer and longer, and not in step with the others
            let most = 10 << attempt;
            std::thread::sleep(Duration::from_millis(u64::from(most / 2 + chance(most))));
            attempt += 1;
        }
    }

    fn attempt(&self, job: &mut dyn Job) -> Attempt {
        let began = Instant::now();
        let loan = match self.lend() {
            Ok(loan) => loan,
            // a server that is starting or restarting may be back for the next attempt
            Err(error) => return Attempt::Failed(Failure { error, then: Then::Reconnect }),
        };
        let connection = match loan.connection() {
            Ok(connection) => connection,
            Err(error) => return Attempt::Failed(Failure::refused(error)),
        };
        if let Err(error) = connection.begin_write() {
            return Attempt::Failed(connection.failure().unwrap_or_else(|| Failure::refused(error)));
        }
        let tx = WriteTx::new(db::Connection::Postgres(connection));
        let kept = job.run(&tx);
        let changes = tx.into_changes();
        match (kept, connection.failure()) {
            // what the closure made of its own error is its answer, but for those that another attempt may do away with
            (false, Some(failure)) if failure.then == Then::GiveUp => return Attempt::Over,
            (false, None) => return Attempt::Over,
            (_, Some(failure)) => return Attempt::Failed(failure),
            (true, None) => {}
        }
        self.feed.expect(&changes);
        match connection.commit() {
            Commit::Done => {}
            Commit::Failed(failure) => return Attempt::Failed(failure),
            Commit::Unknown(number) => {
                drop(loan);
                let asked = self.ask_after(number, began);
                if matches!(asked, Attempt::Over) {
                    self.publish(&changes);
                }
                return asked;
            }
        }
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.publish(&changes);
        Attempt::Over
    }

    /// Tells those who follow here, and the other nodes.
    fn publish(&self, changes: &[Change]) {
        self.feed.publish(changes);
        if let Some(notices) = self.notices.get() {
            notices.tell(changes);
        }
    }

    /// Whether the write of this number, which began then and whose commit broke off, was kept: the server knows. But after a
    /// crash it gives numbers anew that no write on disk has borne, so that one that was kept may be another's.
    fn ask_after(&self, number: u64, began: Instant) -> Attempt {
        tracing::warn!(number, "the connection broke while a write was committed; asking the server what became of it");
        let since = Instant::now();
        let mut pause = Duration::from_millis(20);
        while since.elapsed() < ASKING {
            match self.status(number, since.elapsed() > LINGERING, began) {
                Ok(Some("committed since")) => break,
                Ok(Some("committed")) => {
                    self.writes.fetch_add(1, Ordering::Relaxed);
                    return Attempt::Over;
                }
                Ok(Some("aborted")) => {
                    let error = Error::Busy { doing: "commit".to_owned() };
                    return Attempt::Failed(Failure { error, then: Then::Again });
                }
                // the server has forgotten, or is another one
                Ok(None) => break,
                Ok(Some(_)) | Err(_) => std::thread::sleep(pause),
            }
            pause = (pause * 2).min(Duration::from_millis(400));
        }
        tracing::error!(number, "what became of a write could not be found out");
        Attempt::Failed(Failure::refused(Error::Unknown))
    }

    /// What the server says of the transaction; `committed since`: it was started anew since then. `end`: if it is still
    /// under way, its connection is ended first, for nobody is at this end of it any more.
    fn status(&self, number: u64, end: bool, began: Instant) -> Result<Option<&'static str>, Error> {
        let loan = self.lend()?;
        let connection = loan.connection()?;
        connection.begin_read();
        if end {
            let sql = "select pg_terminate_backend(pid, 1000)::text from pg_stat_activity
                       where backend_xid = cast($1 as text)::xid8::xid and usename = current_user";
            connection.query(sql, &[number.to_string().into()], |_| Ok(()))?;
        }
        let mut status = None;
        // its helpers are started anew by a crash of one of its processes, too; not everybody may see them
        let sql = "select pg_xact_status(cast($1 as text)::xid8),
                          cast(extract(epoch from clock_timestamp() - greatest(pg_postmaster_start_time(),
                              (select max(backend_start) from pg_stat_activity
                               where backend_type = 'checkpointer'))) * 1000 as bigint)";
        connection.query(sql, &[number.to_string().into()], |row| {
            let up = Duration::from_millis(u64::try_from(row.int(1)?).unwrap_or(0));
            status = row.text_or_null(0)?.map(|said| match said.as_str() {
                "committed" if up < began.elapsed() + CLOSE => "committed since",
                "committed" => "committed",
                "aborted" => "aborted",
                _ => "in progress",
            });
            Ok(())
        })?;
        Ok(status)
    }

    /// A connection that works, as far as is known.
    fn lend(&self) -> Result<Loan<'_>, Error> {
        let idle = self.idle.1.recv_timeout(WAIT).map_err(|_| no_connection())?;
        let mut loan = Loan { connection: idle.filter(Connection::is_alive), idle: &self.idle.0 };
        if loan.connection.is_none() {
            let slot = self.slot.fetch_add(1, Ordering::Relaxed).rem_euclid(SLOTS);
            loan.connection = Some(Connection::open(&self.address, slot).map_err(|(error, _)| error)?);
        }
        Ok(loan)
    }
}

/// A connection on loan; goes back when it is done with, also by a panic.
struct Loan<'p> {
    connection: Option<Connection>,
    idle: &'p Sender<Option<Connection>>,
}

impl Loan<'_> {
    fn connection(&self) -> Result<&Connection, Error> {
        self.connection.as_ref().ok_or(Error::Closed)
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let spent =
            |connection: &Connection| connection.failure().is_some_and(|failure| failure.then == Then::Reconnect);
        let connection = self.connection.take().filter(|connection| !spent(connection) && connection.rollback());
        drop(self.idle.send(connection));
    }
}

/// All are in use for too long.
fn no_connection() -> Error {
    let said = format!("none of {CONNECTIONS} connections became free within {} s", WAIT.as_secs());
    Error::Unavailable { doing: CONNECTING.to_owned(), source: Arc::new(std::io::Error::other(said)) }
}

fn no_thread(error: std::io::Error) -> Error {
    Error::Unavailable { doing: "starting the threads of the records".to_owned(), source: Arc::new(error) }
}

/// Answers all who ask at the same time with one question, on a connection of its own.
fn answer_pings(address: &Address, asked: &Receiver<Ping>) {
    let mut kept: Option<Connection> = None;
    while let Ok(first) = asked.recv() {
        let others: Vec<Ping> = asked.try_iter().collect();
        let alive = kept.take().filter(|connection| connection.answers(PING));
        let result = match alive.map_or_else(|| Connection::open_within(address, 0, PING), Ok) {
            Ok(connection) => {
                kept = Some(connection);
                Ok(())
            }
            Err((error, _)) => Err(error),
        };
        for done in std::iter::once(first).chain(others) {
            done(result.clone());
        }
    }
}

/// The first connection; as long as `patience` lasts, a server that is not there yet is waited for.
fn connect_patiently(address: &Address, patience: Duration) -> Result<Connection, Error> {
    let began = Instant::now();
    loop {
        match Connection::open(address, i64::from(chance(64))) {
            Ok(connection) => return Ok(connection),
            Err((error, true)) if began.elapsed() < patience => {
                let why = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                let left = patience.saturating_sub(began.elapsed());
                tracing::warn!(at = address.shown, why, seconds_left = left.as_secs(), "waiting for the database");
                std::thread::sleep(Duration::from_millis(500));
            }
            Err((error, _)) => return Err(error),
        }
    }
}

/// Brings the schema up to date; of several that come at once one does it and the others find it done.
fn migrate(connection: &mut Connection) -> Result<(), Error> {
    let doing = "bringing the schema up to date";
    let known = migrations::newest();
    let steps = migrations::all(definition)?;
    let (client, runtime) = connection.client();
    let runtime = runtime.ok_or(Error::Closed)?;
    let failed = |error: tokio_postgres::Error| Failure::of(doing, error).error;
    runtime.block_on(async {
        client
            .batch_execute(&format!(
                "set lock_timeout = 0; set statement_timeout = 0; select pg_advisory_lock({MIGRATING})"
            ))
            .await
            .map_err(failed)?;
        let made =
            "select 1 from pg_tables where schemaname = current_schema() and tablename = 'refinery_schema_history'";
        let found: i64 = match client.query_opt(made, &[]).await.map_err(failed)? {
            None => 0,
            Some(_) => {
                let sql = "select cast(coalesce(max(version), 0) as bigint) from refinery_schema_history";
                client.query_one(sql, &[]).await.map_err(failed)?.try_get(0).map_err(failed)?
            }
        };
        if found > known {
            return Err(Error::Newer { found, known });
        }
        if found < known {
            let runner = refinery_core::Runner::new(&steps).set_grouped(true);
            runner
                .run_async(client)
                .await
                .map_err(|error| Error::Unavailable { doing: doing.to_owned(), source: Arc::new(error) })?;
        }
        let done = format!("select pg_advisory_unlock({MIGRATING}); reset lock_timeout; reset statement_timeout");
        client.batch_execute(&done).await.map_err(failed)
    })
}

/// A statement that makes tables, with `text` columns that sort by code point whatever the database's own language.
pub(crate) fn definition(sql: &str) -> String {
    let mut defined = String::with_capacity(sql.len() + 512);
    for line in sql.split_inclusive('\n') {
        let mut rest = line;
        while let Some(at) = rest.find(" text") {
            let (before, after) = rest.split_at(at + " text".len());
            defined.push_str(before);
            // a type, not a column or a value of that name
            if after.starts_with([' ', ',', ')', '\n']) && !after.trim_start().starts_with("text") {
                defined.push_str(" collate \"C\"");
            }
            rest = after;
        }
        defined.push_str(rest);
    }
    defined
}

/// A number below `most`, for spreading things; no secret.
fn chance(most: u32) -> u32 {
    let random = RandomState::new().build_hasher().finish();
    u32::try_from(random % u64::from(most.max(1))).unwrap_or(0)
}
