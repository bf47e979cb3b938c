//! One connection and the transaction on it. What need not be known at once waits and goes to the server together with
//! the next question: over a network, round trips are what a write costs.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

use bytes::BytesMut;
use futures_util::future::{MaybeDone, join, maybe_done};
use tokio::runtime::Runtime;
use tokio_postgres::{
    Client, SimpleQueryMessage, Statement,
    types::{FromSql, IsNull, ToSql, Type, to_sql_checked},
};

use super::{
    Address, CONNECTING,
    failure::{self, Failure},
};
use crate::{
    Error,
    row::{self, Cell as RowCell},
    value::Param,
};

/// Prepared statements kept: when there are more, all are forgotten, for which ones will be asked again nobody knows.
const STATEMENTS: usize = 300;
const READ: &str = "begin isolation level repeatable read read only";
/// A write's own number, by which a lost commit is asked after.
const WRITE: &str = "begin isolation level read committed; select pg_current_xact_id()";
/// The lock of [`crate::WriteTx::take_turn`]; any number that no other program uses.
const TURN: i64 = 0x7461_736b_7475_726e;

/// A connection, with the runtime that drives it while somebody waits for an answer.
pub(crate) struct Connection {
    client: Client,
    runtime: Option<Runtime>,
    statements: RefCell<HashMap<Box<str>, Statement>>,
    waiting: RefCell<Vec<Waiting>>,
    /// The transaction's beginning was sent.
    begun: Cell<bool>,
    /// The transaction's number.
    number: Cell<Option<u64>>,
    failed: RefCell<Option<Failure>>,
    slot: i64,
}

/// What is sent before the next question.
enum Waiting {
    Begin(&'static str),
    Execute { statement: Statement, params: Vec<Param<'static>>, one_or: Option<Error> },
}

/// How a commit went.
pub(super) enum Commit {
    Done,
    Failed(Failure),
    /// The connection broke while it was under way: the number to ask after.
    Unknown(u64),
}

/// One row of an answer.
pub(crate) struct Row<'r>(&'r tokio_postgres::Row);

impl Connection {
    /// Connects, once.
    pub(crate) fn open(address: &Address, slot: i64) -> Result<Connection, (Error, bool)> {
        let doing = CONNECTING;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
            (Error::Unavailable { doing: doing.to_owned(), source: std::sync::Arc::new(error) }, false)
        })?;
        let tls = address.tls().map_err(|error| {
            (Error::Unavailable { doing: doing.to_owned(), source: std::sync::Arc::new(error) }, false)
        })?;
        let client = runtime.block_on(async {
            match tls {
                None => address.config.connect(tokio_postgres::NoTls).await.map(|(client, io)| (client, drive(io))),
                Some(tls) => address.config.connect(tls).await.map(|(client, io)| (client, drive(io))),
            }
        });
        let (client, ()) = client.map_err(|error| (failure::unavailable(doing, &error), failure::may_come(&error)))?;
        Ok(Connection {
            client,
            runtime: Some(runtime),
            statements: RefCell::default(),
            waiting: RefCell::default(),
            begun: Cell::new(false),
            number: Cell::new(None),
            failed: RefCell::default(),
            slot,
        })
    }

    /// Whether the server still holds the other end, as far as this side has heard.
    pub(super) fn is_alive(&self) -> bool {
        // lets the socket be looked at
        self.block_on(tokio::task::yield_now());
        !self.client.is_closed()
    }

    pub(super) fn begin_read(&self) {
        self.begin(READ);
    }

    pub(super) fn begin_write(&self) {
        self.begin(WRITE);
    }

    fn begin(&self, sql: &'static str) {
        self.begun.set(false);
        self.number.set(None);
        self.failed.replace(None);
        self.waiting.replace(vec![Waiting::Begin(sql)]);
    }

    /// What went wrong first in this transaction.
    pub(super) fn failure(&self) -> Option<Failure> {
        self.failed.borrow().clone()
    }

    /// Sends what waits; without any statement nothing is sent.
    fn flush(&self) -> Result<(), Error> {
        if self.waiting.borrow().iter().all(|waiting| matches!(waiting, Waiting::Begin(_))) {
            return Ok(());
        }
        let waiting = self.waiting.take();
        let results = self.block_on(in_order(&self.client, &waiting));
        self.take_in(&waiting, results)
    }

    /// Sends what waits and commits. What must be looked at before is waited for first; of the rest a failure makes the
    /// server roll back, so that it can travel with the commit.
    pub(super) fn commit(&self) -> Commit {
        let looked_at = |waiting: &Waiting| matches!(waiting, Waiting::Execute { one_or: Some(_), .. });
        if (!self.begun.get() || self.waiting.borrow().iter().any(looked_at))
            && let Err(error) = self.flush()
        {
            return Commit::Failed(self.failure().unwrap_or_else(|| Failure::refused(error)));
        }
        if !self.begun.get() {
            return Commit::Done;
        }
        let waiting = self.waiting.take();
        let (before, done) = self.block_on(join(in_order(&self.client, &waiting), self.client.batch_execute("commit")));
        let lost = done.as_ref().is_err_and(|error| self.may_be_committed(error));
        match (self.take_in(&waiting, before), done) {
            // of statements and commit sent together, all may have arrived although no answer came
            (_, Err(_)) if lost => Commit::Unknown(self.number.get().unwrap_or_default()),
            (Err(error), _) => Commit::Failed(self.failure().unwrap_or_else(|| Failure::refused(error))),
            (Ok(()), Err(error)) => Commit::Failed(Failure::of("commit", error)),
            (Ok(()), Ok(())) => {
                self.begun.set(false);
                Commit::Done
            }
        }
    }

    /// The connection broke; or the server is being stopped, and may have committed before it said so.
    fn may_be_committed(&self, error: &tokio_postgres::Error) -> bool {
        self.number.get().is_some() && error.code().is_none_or(|state| state.code().starts_with("57P"))
    }

    /// Ends the transaction without keeping anything. `false`: the connection is of no more use.
    pub(super) fn rollback(&self) -> bool {
        self.waiting.take();
        self.failed.replace(None);
        if !self.begun.replace(false) {
            return !self.client.is_closed();
        }
        self.block_on(self.client.batch_execute("rollback")).is_ok()
    }

    pub(crate) fn query(
        &self,
        sql: &str,
        params: &[Param],
        mut each: impl FnMut(&row::Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let statement = self.prepare(sql)?;
        let waiting = self.waiting.take();
        let values = values(params);
        let (before, rows) =
            self.block_on(join(in_order(&self.client, &waiting), self.client.query(&statement, &values)));
        self.take_in(&waiting, before)?;
        for row in rows.map_err(|error| self.note(sql, error))? {
            each(&row::Row::Postgres(Row(&row)))?;
        }
        Ok(())
    }

    pub(crate) fn execute(&self, sql: &str, params: &[Param]) -> Result<usize, Error> {
        let statement = self.prepare(sql)?;
        let waiting = self.waiting.take();
        let values = values(params);
        let (before, touched) =
            self.block_on(join(in_order(&self.client, &waiting), self.client.execute(&statement, &values)));
        self.take_in(&waiting, before)?;
        let touched = touched.map_err(|error| self.note(sql, error))?;
        Ok(usize::try_from(touched).unwrap_or(usize::MAX))
    }

    /// Runs it with the next question at the latest. `one_or`: what it is when it does not touch exactly one row.
    pub(crate) fn later(&self, sql: &str, params: &[Param], one_or: Option<Error>) -> Result<(), Error> {
        let statement = self.prepare(sql)?;
        let params = params.iter().map(Param::to_owned).collect();
        self.waiting.borrow_mut().push(Waiting::Execute { statement, params, one_or });
        Ok(())
    }

    /// Statements without values, which nobody asks again: not kept.
    pub(crate) fn batch(&self, sql: &str) -> Result<(), Error> {
        let waiting = self.waiting.take();
        let (before, done) = self.block_on(join(in_order(&self.client, &waiting), self.client.batch_execute(sql)));
        self.take_in(&waiting, before)?;
        done.map_err(|error| self.note(sql, error))
    }

    pub(crate) fn take_turn(&self) -> Result<(), Error> {
        self.query("select cast(pg_advisory_xact_lock($1) as text)", &[Param::Int(TURN)], |_| Ok(()))
    }

    pub(crate) fn spread_new(&self, table: &str) -> Result<(), Error> {
        super::distribute::spread_new(self, table)
    }

    pub(crate) fn slot(&self) -> i64 {
        self.slot
    }

    /// The client, for what runs outside of transactions.
    pub(super) fn client(&mut self) -> (&mut Client, Option<&Runtime>) {
        (&mut self.client, self.runtime.as_ref())
    }

    fn prepare(&self, sql: &str) -> Result<Statement, Error> {
        #[cfg(test)]
        crate::tests::note_statement(sql);
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.block_on(self.client.prepare(sql)).map_err(|error| self.note(sql, error))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= STATEMENTS {
            statements.clear();
        }
        statements.insert(sql.into(), statement.clone());
        Ok(statement)
    }

    /// What came of the statements that waited: the first that failed is what is said.
    fn take_in(&self, waiting: &[Waiting], results: Vec<Result<Done, tokio_postgres::Error>>) -> Result<(), Error> {
        for (sent, result) in waiting.iter().zip(results) {
            match (sent, result.map_err(|error| self.note("writing", error))?) {
                (Waiting::Begin(_), Done::Begun(number)) => {
                    self.begun.set(true);
                    self.number.set(number);
                }
                (Waiting::Execute { one_or: Some(otherwise), .. }, Done::Touched(touched)) if touched != 1 => {
                    return Err(self.fail(Failure::refused(otherwise.clone())));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn note(&self, doing: &str, error: tokio_postgres::Error) -> Error {
        self.fail(Failure::of(doing, error))
    }

    fn fail(&self, failure: Failure) -> Error {
        // what comes after the first is only that the transaction is no more
        self.failed.borrow_mut().get_or_insert(failure).error.clone()
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        match &self.runtime {
            Some(runtime) => runtime.block_on(future),
            None => unreachable!("the runtime goes with the connection"),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // a connection may end on a thread that must not wait
            runtime.shutdown_background();
        }
    }
}

/// The connection's own work, done whenever its runtime is waited on.
fn drive<S, T>(io: tokio_postgres::Connection<S, T>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = io.await {
            tracing::debug!(error = failure::said(&error), "a connection to the database ended");
        }
    });
}

/// What came of a statement that waited.
enum Done {
    Begun(Option<u64>),
    Touched(u64),
}

/// Sends all of them at once, in their order, and waits for every answer.
async fn in_order(client: &Client, waiting: &[Waiting]) -> Vec<Result<Done, tokio_postgres::Error>> {
    type Sent<'s> = Pin<Box<dyn Future<Output = Result<Done, tokio_postgres::Error>> + 's>>;
    let mut sent: Vec<MaybeDone<Sent<'_>>> =
        waiting.iter().map(|waiting| maybe_done(Box::pin(send(client, waiting)) as _)).collect();
    // a statement is sent when it is first polled: all are polled here, one after the other
    poll_fn(|cx| {
        let pending = sent.iter_mut().filter_map(|one| Pin::new(one).poll(cx).is_pending().then_some(())).count();
        if pending == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    sent.iter_mut().filter_map(|one| Pin::new(one).take_output()).collect()
}

async fn send(client: &Client, waiting: &Waiting) -> Result<Done, tokio_postgres::Error> {
    match waiting {
        Waiting::Begin(sql) => {
            let answers = client.simple_query(sql).await?;
            let number = answers.iter().find_map(|answer| match answer {
                SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok(),
                _ => None,
            });
            Ok(Done::Begun(number))
        }
        Waiting::Execute { statement, params, .. } => {
            client.execute(statement, &values(params)).await.map(Done::Touched)
        }
    }
}

fn values<'p>(params: &'p [Param]) -> Vec<&'p (dyn ToSql + Sync)> {
    params.iter().map(|param| param as &(dyn ToSql + Sync)).collect()
}

/// By the type that the server expects in the place.
impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (self, ty) {
            (Param::Null, _) => Ok(IsNull::Yes),
            (Param::Int(value), &Type::INT4) => i32::try_from(*value)?.to_sql(ty, out),
            (Param::Int(value), &Type::FLOAT8) => {
                #[expect(clippy::cast_precision_loss, reason = "the column holds doubles")]
                let real = *value as f64;
                real.to_sql(ty, out)
            }
            (Param::Int(value), _) => value.to_sql(ty, out),
            (Param::Real(value), _) => value.to_sql(ty, out),
            (Param::Text(value), _) => value.as_ref().to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A cell as it came.
struct Raw<'r>(Option<&'r [u8]>);

impl<'r> FromSql<'r> for Raw<'r> {
    fn from_sql(_: &Type, raw: &'r [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Row<'_> {
    pub(crate) fn cell(&self, index: usize) -> Result<RowCell<'_>, Error> {
        let wrong =
            |detail: String| Error::corrupt("reading a row", format!("column {}: {detail}", self.column(index)));
        let Raw(bytes) = self.0.try_get(index).map_err(|error| wrong(error.to_string()))?;
        let Some(bytes) = bytes else { return Ok(RowCell::Null) };
        let ty = self.0.columns().get(index).map_or(&Type::UNKNOWN, |column| column.type_());
        let read = match *ty {
            Type::INT8 => i64::from_sql(ty, bytes).map(RowCell::Int),
            Type::INT4 => i32::from_sql(ty, bytes).map(|value| RowCell::Int(value.into())),
            Type::FLOAT8 => f64::from_sql(ty, bytes).map(RowCell::Real),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN => <&str>::from_sql(ty, bytes).map(RowCell::Text),
            _ => return Err(wrong(format!("it is of type {ty}"))),
        };
        read.map_err(|error| wrong(error.to_string()))
    }

    pub(crate) fn width(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn column(&self, index: usize) -> &str {
        self.0.columns().get(index).map_or("?", |column| column.name())
    }
}
