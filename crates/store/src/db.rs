//! The two verbs: `read` on a snapshot, `write` in a transaction. What lies behind them is the engine's business.

use std::{ops::Deref, path::Path, sync::Arc};

use crate::{Error, sqlite, value::Param};

/// The records of an installation. Cheap to clone; all clones are the same records.
#[derive(Clone)]
pub struct Db {
    engine: Arc<sqlite::Engine>,
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
        Ok(Db { engine: Arc::new(sqlite::Engine::open(data)?) })
    }

    /// [`Db::open`] for filling records that nobody else uses: one long write is quicker, and others are kept out meanwhile.
    ///
    /// # Errors
    /// As [`Db::open`]; locked where another process has the records open.
    pub fn open_to_fill(data: &Path) -> Result<Db, Error> {
        Ok(Db { engine: Arc::new(sqlite::Engine::open_to_fill(data)?) })
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
        WriteTx { tx: Tx { connection } }
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
