//! What PostgreSQL's errors mean: to people, and for running the same again.

use std::sync::Arc;

use tokio_postgres::error::SqlState;

use crate::Error;

/// What went wrong first in a transaction.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) then: Then,
}

/// What may be done after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Nothing was kept; the same may well succeed now.
    Again,
    /// Nothing was kept unless the commit was under way, and the connection is of no more use.
    Reconnect,
    /// Nothing was kept; the same would fail again.
    GiveUp,
}

impl Failure {
    pub(super) fn of(doing: &str, error: tokio_postgres::Error) -> Failure {
        let Some(state) = error.code().cloned() else {
            return Failure { error: unavailable(doing, &error), then: Then::Reconnect };
        };
        let class = state.code().get(..2).unwrap_or_default().to_owned();
        let busy = || Error::Busy { doing: doing.to_owned() };
        let (error, then) = match state {
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => (busy(), Then::Again),
            SqlState::LOCK_NOT_AVAILABLE | SqlState::QUERY_CANCELED => (busy(), Then::GiveUp),
            SqlState::UNIQUE_VIOLATION => (Error::Exists, Then::GiveUp),
            SqlState::DISK_FULL => (Error::Full, Then::GiveUp),
            // the server that was the primary is one no longer: the address may name the new one too
            SqlState::READ_ONLY_SQL_TRANSACTION => (Error::ReadOnly, Then::Reconnect),
            SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::TOO_MANY_CONNECTIONS
            | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => (unavailable(doing, &error), Then::Reconnect),
            _ => match class.as_str() {
                "08" | "58" => (unavailable(doing, &error), Then::Reconnect),
                "53" | "57" => (unavailable(doing, &error), Then::GiveUp),
                "28" | "3D" | "42" if doing == super::CONNECTING => (unavailable(doing, &error), Then::GiveUp),
                _ => (Error::corrupt(doing, said(&error)), Then::GiveUp),
            },
        };
        Failure { error, then }
    }

    pub(super) fn refused(error: Error) -> Failure {
        Failure { error, then: Then::GiveUp }
    }
}

/// Whether the server may be there in a moment: it is starting, or nobody listens yet.
pub(super) fn may_come(error: &tokio_postgres::Error) -> bool {
    error.code().is_none_or(|state| {
        matches!(*state, SqlState::CANNOT_CONNECT_NOW | SqlState::ADMIN_SHUTDOWN | SqlState::TOO_MANY_CONNECTIONS)
    })
}

/// What the server said, with its hint: the crate's own words leave both out.
pub(super) fn said(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => match said.detail() {
            Some(detail) => format!("{} ({}): {detail}", said.message(), said.code().code()),
            None => format!("{} ({})", said.message(), said.code().code()),
        },
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

/// What the server said.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Said(String);

pub(super) fn unavailable(doing: &str, error: &tokio_postgres::Error) -> Error {
    Error::Unavailable { doing: doing.to_owned(), source: Arc::new(Said(said(error))) }
}
