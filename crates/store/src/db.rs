//! The two verbs: `read` on a snapshot, `write` in a transaction. What lies behind them is the engine's business.

use std::{cell::RefCell, ops::Deref, path::Path, sync::Arc};

use crate::{
    Error,
    feed::{Change, Feed},
    sqlite,
    value::Param,
};

/// The records of an installation. Cheap to clone; all clones are the same records.
#[derive(Clone)]
pub struct Db {
    engine: Arc<sqlite::Engine>,
    feed: Arc<Feed>,
}

/// What was written since the records were opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Commits.
    pub commits: u64,
    /// Writes that were committed: many share one commit.
    pub writes: u64,
}

/// A snapshot for reading: nothing changes in it while it is looked at.
pub struct Tx<'c> {
    connection: &'c sqlite::Connection,
}

/// A transaction that may write; what its closure refuses or panics in changes nothing.
pub struct WriteTx<'c> {
    tx: Tx<'c>,
    changes: RefCell<Vec<Change>>,
}

/// One write that waits for the engine: run (perhaps more than once) in a transaction of its own, answered after the commit.
pub(crate) trait Job: Send {
    /// Runs it. `false`: roll it back.
    fn run(&mut self, tx: &WriteTx) -> bool;
    /// Says how it went; `lost` says why nothing of it was kept although it ran.
    fn answer(self: Box<Self>, lost: Option<Error>);
}

struct Write<T, E, F, D> {
    closure: F,
    result: Option<Result<T, E>>,
    done: D,
}

impl Db {
    /// Opens the records in the directory `data`, which is made if it is not there, and brings their schema up to date.
    ///
    /// # Errors
    /// Locked, read-only, of a newer program, damaged or out of reach.
    pub fn open(data: &Path) -> Result<Db, Error> {
        let feed = Arc::new(Feed::default());
        Ok(Db { engine: Arc::new(sqlite::Engine::open(data, Arc::clone(&feed))?), feed })
    }

    /// Runs `f` on a snapshot, on the caller's thread. Blocks while all connections are in use, so `f` must not read again.
    ///
    /// # Errors
    /// What `f` says, or that no snapshot could be had.
    pub fn read<T, E: From<Error>>(&self, f: impl FnOnce(&Tx) -> Result<T, E>) -> Result<T, E> {
        self.engine.read(|connection| f(&Tx { connection }))
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
        self.engine.write(Box::new(Write { closure: f, result: None, done }));
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
        let (engine, feed) = (Arc::downgrade(&self.engine), Arc::clone(&self.feed));
        self.feed.watch(move || {
            let Some(engine) = engine.upgrade() else { return false };
            // the moment first: what is written after it is found at the next look
            let now = now();
            let others_wrote = engine.others_wrote();
            feed.look(now, others_wrote, |since| engine.read(|connection| feed.read(&Tx { connection }, since)));
            true
        })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Why it does not.
    pub fn ping(&self) -> Result<(), Error> {
        self.read(|tx| tx.one("select cast(1 as bigint)", &[], |row| row.int(0)).map(drop))
    }

    /// What was written so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.engine.counters()
    }

    /// Finishes what waits and closes; writes that come later through a clone are refused.
    pub fn close(self) {
        self.engine.close();
    }
}

impl<'c> Tx<'c> {
    /// Every row.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        params: &[Param],
        mut read: impl FnMut(&sqlite::Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut rows = Vec::new();
        self.connection.query(sql, params, |row| {
            rows.push(read(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The first row, if any.
    pub(crate) fn first<T>(
        &self,
        sql: &str,
        params: &[Param],
        read: impl FnMut(&sqlite::Row) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        Ok(self.all(sql, params, read)?.into_iter().next())
    }

    /// The one row that such a statement always has.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        params: &[Param],
        read: impl FnMut(&sqlite::Row) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.first(sql, params, read)?.ok_or_else(|| Error::corrupt(sql, "no row"))
    }
}

impl<'c> WriteTx<'c> {
    pub(crate) fn new(connection: &'c sqlite::Connection) -> WriteTx<'c> {
        WriteTx { tx: Tx { connection }, changes: RefCell::default() }
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
        self.tx.connection.execute(sql, params)
    }
}

impl<'c> Deref for WriteTx<'c> {
    type Target = Tx<'c>;

    fn deref(&self) -> &Tx<'c> {
        &self.tx
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
        let result = std::panic::catch_unwind(closure).unwrap_or_else(|panic| {
            let detail = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
                .unwrap_or_default();
            Err(Error::Panicked { detail }.into())
        });
        let kept = result.is_ok();
        self.result = Some(result);
        kept
    }

    fn answer(self: Box<Self>, lost: Option<Error>) {
        let result = match (lost, self.result) {
            (Some(error), _) => Err(error.into()),
            (None, Some(result)) => result,
            (None, None) => Err(Error::Closed.into()),
        };
        // the writer goes on whatever becomes of the one who waited
        let done = self.done;
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| done(result))).is_err() {
            tracing::error!("taking the answer of a write panicked");
        }
    }
}
