//! One connection and the transaction on it. What need not be known at once waits and goes to the server together with
//! the next question: over a network, round trips are what a write costs.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use bytes::BytesMut;
use futures_util::{
    TryStreamExt as _,
    future::{MaybeDone, join, maybe_done},
};
use tokio::{runtime::Runtime, time::Instant};
use tokio_postgres::{
    Client, Statement,
    error::SqlState,
    types::{FromSql, IsNull, ToSql, Type, to_sql_checked},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    Address, CONNECTING,
    failure::{self, Failure, Then},
};
use crate::{
    Error,
    db::Watch,
    row::{self, Cell as RowCell},
    value::Param,
};

/// Prepared statements kept: when there are more, all are forgotten, for which ones will be asked again nobody knows.
const STATEMENTS: usize = 300;
/// How long the answer to what was sent is waited for: longer than the server works on one statement. A network that
/// went silent is noticed by this alone.
const ANSWER: Duration = Duration::from_secs(20);
/// The same for a statement that makes, changes or spreads a table, which takes the longer the more is in it.
const DEFINED: Duration = Duration::from_secs(24 * 3600);
/// The same for what the server needs no time for.
const PROMPT: Duration = Duration::from_secs(2);
/// A connection that nobody used for so long is asked whether it still works: what lies between may have dropped it
/// without a word.
const STALE: Duration = Duration::from_secs(30);
const READ: &str = "begin isolation level repeatable read read only";
const WRITE: &str = "begin isolation level read committed";
/// A write's own number, by which a lost commit is asked after.
const NUMBER: &str = "select cast(pg_current_xact_id() as text)";
/// How often it is looked whether anybody still waits for what may take long.
const LOOK: Duration = Duration::from_millis(50);
/// The lock of [`crate::WriteTx::take_turn`]; any number that no other program uses.
const TURN: i64 = 0x7461_736b_7475_726e;

/// A connection, with the runtime that drives it while somebody waits for an answer.
pub(crate) struct Connection {
    client: Client,
    runtime: Option<Runtime>,
    statements: RefCell<HashMap<Box<str>, Statement>>,
    waiting: RefCell<Vec<Waiting>>,
    /// Answers to what was asked ahead, until it is asked or something is written.
    foreseen: RefCell<Vec<Foreseen>>,
    /// The transaction's beginning was sent.
    begun: Cell<bool>,
    /// The transaction's number.
    number: Cell<Option<u64>>,
    failed: RefCell<Option<Failure>>,
    /// When the server answered last.
    heard: Cell<Instant>,
    /// How long the read that is under way may go on.
    watch: RefCell<Option<Watch>>,
    /// The server was told to break off what it does here, which may reach it when it does something else.
    spent: Cell<bool>,
    tls: Option<MakeRustlsConnect>,
    slot: i64,
}

/// What is sent before the next question.
enum Waiting {
    /// Of a write with the question for its number.
    Begin(Option<Statement>),
    Execute {
        statement: Statement,
        params: Vec<Param<'static>>,
        one_or: Option<Error>,
    },
    Query {
        statement: Statement,
        sql: Box<str>,
        params: Vec<Param<'static>>,
    },
}

/// A question that was asked ahead, and its answer.
struct Foreseen {
    sql: Box<str>,
    params: Vec<Param<'static>>,
    rows: Vec<tokio_postgres::Row>,
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
    /// Connects, once. With the error comes whether it may be otherwise in a moment.
    pub(crate) fn open(address: &Address, slot: i64) -> Result<Connection, (Error, bool)> {
        Connection::open_within(address, slot, address.patience())
    }

    /// [`Connection::open`], signing in and all, within this time.
    pub(super) fn open_within(address: &Address, slot: i64, most: Duration) -> Result<Connection, (Error, bool)> {
        let failed = |source: Arc<dyn std::error::Error + Send + Sync>, soon| {
            (Error::Unavailable { doing: CONNECTING.to_owned(), source }, soon)
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| failed(Arc::new(error), false))?;
        let tls = address.tls().map_err(|error| failed(Arc::new(error), false))?;
        let connect = async {
            match tls.clone() {
                None => address.config.connect(tokio_postgres::NoTls).await.map(|(client, io)| (client, drive(io))),
                Some(tls) => address.config.connect(tls).await.map(|(client, io)| (client, drive(io))),
            }
        };
        // made within the runtime, whose timer it uses
        let client = runtime.block_on(async { tokio::time::timeout(most, connect).await });
        let client = match client {
            Ok(client) => client,
            Err(_) => {
                // looking up a name may go on for longer
                runtime.shutdown_background();
                return Err((failure::silent(CONNECTING, most), true));
            }
        };
        let (client, ()) =
            client.map_err(|error| (failure::unavailable(CONNECTING, &error), failure::may_come(&error)))?;
        Ok(Connection {
            client,
            runtime: Some(runtime),
            statements: RefCell::default(),
            waiting: RefCell::default(),
            foreseen: RefCell::default(),
            begun: Cell::new(false),
            number: Cell::new(None),
            failed: RefCell::default(),
            heard: Cell::new(Instant::now()),
            watch: RefCell::default(),
            spent: Cell::new(false),
            tls,
            slot,
        })
    }

    /// Whether the server still holds the other end, as far as this side has heard; after a long silence it is asked.
    pub(super) fn is_alive(&self) -> bool {
        if self.spent.get() {
            return false;
        }
        // once for the socket to be looked at, once for what came to be taken in
        self.block_on(async {
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        });
        !self.client.is_closed() && (self.heard.get().elapsed() < STALE || self.answers(PROMPT))
    }

    /// Whether the server answers within this time.
    pub(super) fn answers(&self, most: Duration) -> bool {
        matches!(self.wait(most, self.client.simple_query("")), Some(Ok(_)))
    }

    pub(super) fn begin_read(&self) {
        self.begin(None);
    }

    pub(super) fn begin_write(&self) -> Result<(), Error> {
        // not of this transaction yet, so that the one before has no part in it if it fails
        self.begin(None);
        self.begin(Some(self.prepare(NUMBER)?));
        Ok(())
    }

    fn begin(&self, number: Option<Statement>) {
        self.begun.set(false);
        self.number.set(None);
        self.failed.replace(None);
        self.foreseen.take();
        self.watch(None);
        self.waiting.replace(vec![Waiting::Begin(number)]);
    }

    /// How long what is asked from now on may take.
    pub(crate) fn watch(&self, watch: Option<Watch>) {
        self.watch.replace(watch);
    }

    /// `question`; the server is told to break it off when nobody waits for it any more.
    async fn watched<T>(&self, question: impl Future<Output = T>) -> T {
        let watch = self.watch.borrow().clone();
        let Some(watch) = watch else { return question.await };
        let mut question = std::pin::pin!(question);
        loop {
            match tokio::time::timeout(LOOK, &mut question).await {
                Ok(answer) => return answer,
                Err(_) if !watch.is_over() || self.spent.get() => {}
                Err(_) => {
                    self.spent.set(true);
                    let cancel = self.client.cancel_token();
                    let told = match self.tls.clone() {
                        None => tokio::time::timeout(PROMPT, cancel.cancel_query(tokio_postgres::NoTls)).await,
                        Some(tls) => tokio::time::timeout(PROMPT, cancel.cancel_query(tls)).await,
                    };
                    if !matches!(told, Ok(Ok(()))) {
                        tracing::warn!("the database server could not be told to break off a read");
                    }
                }
            }
        }
    }

    /// What broke a question off: whoever asked, if they did.
    fn stopped_or(&self, sql: &str, error: tokio_postgres::Error) -> Error {
        if self.spent.get() && error.code() == Some(&SqlState::QUERY_CANCELED) {
            return self.fail(Failure { error: Error::Stopped, then: Then::Reconnect });
        }
        self.note(sql, error)
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
        let results = self.answer("writing", patience(&waiting), in_order(&self.client, &waiting))?;
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
        let both = join(in_order(&self.client, &waiting), self.client.batch_execute("commit"));
        let most = patience(&waiting);
        let Some((before, done)) = self.wait(most, both) else {
            return self.in_doubt(Failure { error: failure::silent("commit", most), then: Then::Reconnect });
        };
        // the connection broke; or the server is being stopped, and may have committed before it said so
        let lost = |error: &tokio_postgres::Error| error.code().is_none_or(|state| state.code().starts_with("57P"));
        match (self.take_in(&waiting, before), done) {
            // of statements and commit sent together, all may have arrived although no answer came
            (_, Err(error)) if lost(&error) => self.in_doubt(Failure::of("commit", error)),
            (Err(error), _) => Commit::Failed(self.failure().unwrap_or_else(|| Failure::refused(error))),
            (Ok(()), Err(error)) => Commit::Failed(Failure::of("commit", error)),
            (Ok(()), Ok(())) => {
                self.begun.set(false);
                Commit::Done
            }
        }
    }

    /// The connection is of no more use, and the write may have been kept.
    fn in_doubt(&self, failure: Failure) -> Commit {
        self.fail(failure.clone());
        match self.number.get() {
            Some(number) => Commit::Unknown(number),
            None => Commit::Failed(failure),
        }
    }

    /// Ends the transaction without keeping anything. `false`: the connection is of no more use.
    pub(super) fn rollback(&self) -> bool {
        self.waiting.take();
        self.foreseen.take();
        self.failed.replace(None);
        if !self.begun.replace(false) {
            return !self.client.is_closed();
        }
        matches!(self.wait(PROMPT, self.client.batch_execute("rollback")), Some(Ok(())))
    }

    pub(crate) fn query(
        &self,
        sql: &str,
        params: &[Param],
        mut each: impl FnMut(&row::Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if let Some(rows) = self.take_foreseen(sql, params)? {
            return rows.iter().try_for_each(|row| each(&row::Row::Postgres(Row(row))));
        }
        if !sql.starts_with("select") {
            self.forget_foreseen();
        }
        if self.watch.borrow().as_ref().is_some_and(Watch::is_over) {
            return Err(self.fail(Failure::refused(Error::Stopped)));
        }
        let statement = self.prepare(sql)?;
        let waiting = self.waiting.take();
        let values = values(params);
        let question = join(in_order(&self.client, &waiting), self.client.query(&statement, &values));
        let (before, rows) = self.answer(sql, patience(&waiting), self.watched(question))?;
        self.take_in(&waiting, before)?;
        for row in rows.map_err(|error| self.stopped_or(sql, error))? {
            each(&row::Row::Postgres(Row(&row)))?;
        }
        Ok(())
    }

    /// [`Connection::query`], of which not all rows are held at once.
    pub(crate) fn stream(
        &self,
        sql: &str,
        params: &[Param],
        mut each: impl FnMut(&row::Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.watch.borrow().as_ref().is_some_and(Watch::is_over) {
            return Err(self.fail(Failure::refused(Error::Stopped)));
        }
        let statement = self.prepare(sql)?;
        let waiting = self.waiting.take();
        let before = self.answer(sql, patience(&waiting), in_order(&self.client, &waiting))?;
        self.take_in(&waiting, before)?;
        let question = async {
            let rows = self.client.query_raw(&statement, values(params)).await?;
            let mut rows = std::pin::pin!(rows);
            while let Some(row) = rows.try_next().await? {
                if let Err(error) = each(&row::Row::Postgres(Row(&row))) {
                    return Ok(Err(error));
                }
            }
            Ok(Ok(()))
        };
        self.answer(sql, ANSWER, self.watched(question))?.unwrap_or_else(|error| Err(self.stopped_or(sql, error)))
    }

    /// Has the question travel with the next one, for it will be asked soon: whoever asks it then has the answer at once,
    /// unless something was written in between.
    pub(crate) fn foresee(&self, sql: &str, params: &[Param]) -> Result<(), Error> {
        let same = |of: &str, with: &[Param]| of == sql && with == params;
        let is_asked = |one: &Waiting| matches!(one, Waiting::Query { sql, params, .. } if same(sql, params));
        if self.waiting.borrow().iter().any(is_asked)
            || self.foreseen.borrow().iter().any(|one| same(&one.sql, &one.params))
        {
            return Ok(());
        }
        let statement = self.prepare(sql)?;
        let params = params.iter().map(Param::to_owned).collect();
        self.waiting.borrow_mut().push(Waiting::Query { statement, sql: sql.into(), params });
        Ok(())
    }

    /// The answer to what was asked ahead.
    fn take_foreseen(&self, sql: &str, params: &[Param]) -> Result<Option<Vec<tokio_postgres::Row>>, Error> {
        let same = |of: &str, with: &[Param]| of == sql && with == params;
        let is_waiting = self
            .waiting
            .borrow()
            .iter()
            .any(|waiting| matches!(waiting, Waiting::Query { sql, params, .. } if same(sql, params)));
        if is_waiting {
            self.flush()?;
        }
        let mut foreseen = self.foreseen.borrow_mut();
        let found = foreseen.iter().position(|one| same(&one.sql, &one.params));
        Ok(found.map(|at| foreseen.swap_remove(at).rows))
    }

    /// Something is written: what was asked before may be otherwise after it.
    fn forget_foreseen(&self) {
        self.foreseen.borrow_mut().clear();
        self.waiting.borrow_mut().retain(|waiting| !matches!(waiting, Waiting::Query { .. }));
    }

    pub(crate) fn execute(&self, sql: &str, params: &[Param]) -> Result<usize, Error> {
        self.forget_foreseen();
        let statement = self.prepare(sql)?;
        let waiting = self.waiting.take();
        let values = values(params);
        let (before, touched) = self.answer(
            sql,
            patience(&waiting),
            join(in_order(&self.client, &waiting), self.client.execute(&statement, &values)),
        )?;
        self.take_in(&waiting, before)?;
        let touched = touched.map_err(|error| self.note(sql, error))?;
        Ok(usize::try_from(touched).unwrap_or(usize::MAX))
    }

    /// Runs it with the next question at the latest. `one_or`: what it is when it does not touch exactly one row.
    pub(crate) fn later(&self, sql: &str, params: &[Param], one_or: Option<Error>) -> Result<(), Error> {
        self.forget_foreseen();
        let statement = self.prepare(sql)?;
        let params = params.iter().map(Param::to_owned).collect();
        self.waiting.borrow_mut().push(Waiting::Execute { statement, params, one_or });
        Ok(())
    }

    /// Statements without values, which nobody asks again: not kept.
    pub(crate) fn batch(&self, sql: &str) -> Result<(), Error> {
        self.forget_foreseen();
        let waiting = self.waiting.take();
        // each a message of its own, for some statements want to be alone
        let all = async {
            let unbounded = self.client.batch_execute("set statement_timeout = 0");
            let ((before, _), (done, _)) = join(
                join(in_order(&self.client, &waiting), unbounded),
                join(self.client.batch_execute(sql), self.client.batch_execute("reset statement_timeout")),
            )
            .await;
            (before, done)
        };
        let (before, done) = self.answer(sql, DEFINED, all)?;
        self.take_in(&waiting, before)?;
        done.map_err(|error| self.note(sql, error))
    }

    pub(crate) fn take_turn(&self) -> Result<(), Error> {
        // what is true before others have ended is not what rules
        self.forget_foreseen();
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
        let prepared = self.answer(sql, ANSWER, self.client.prepare(sql))?;
        let statement = prepared.map_err(|error| self.note(sql, error))?;
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
                (Waiting::Query { sql, params, .. }, Done::Rows(rows)) => {
                    let (sql, params) = (sql.clone(), params.clone());
                    self.foreseen.borrow_mut().push(Foreseen { sql, params, rows });
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

    /// What comes back within this time; if nothing does, the connection is of no more use.
    fn answer<T>(&self, doing: &str, most: Duration, future: impl Future<Output = T>) -> Result<T, Error> {
        self.wait(most, future)
            .ok_or_else(|| self.fail(Failure { error: failure::silent(doing, most), then: Then::Reconnect }))
    }

    fn wait<T>(&self, most: Duration, future: impl Future<Output = T>) -> Option<T> {
        // made within the runtime, whose timer it uses
        let answered = self.block_on(async { tokio::time::timeout(most, future).await }).ok();
        if answered.is_some() {
            self.heard.set(Instant::now());
        }
        answered
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

/// How long the answers to all that waits are waited for: a thousand statements may take longer than one.
fn patience(waiting: &[Waiting]) -> Duration {
    ANSWER + Duration::from_millis(20) * u32::try_from(waiting.len()).unwrap_or(u32::MAX)
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
    Rows(Vec<tokio_postgres::Row>),
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
        Waiting::Begin(None) => client.batch_execute(READ).await.map(|()| Done::Begun(None)),
        Waiting::Begin(Some(number)) => {
            let (begun, number) = join(client.batch_execute(WRITE), client.query_one(number, &[])).await;
            begun?;
            let number = number?.try_get::<_, &str>(0)?.parse().ok();
            Ok(Done::Begun(number))
        }
        Waiting::Execute { statement, params, .. } => {
            client.execute(statement, &values(params)).await.map(Done::Touched)
        }
        Waiting::Query { statement, params, .. } => client.query(statement, &values(params)).await.map(Done::Rows),
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
