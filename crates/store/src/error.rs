//! What can go wrong with the records. The words are for administrators' logs; people get pages made from the kind.

use std::sync::Arc;

/// Why the records could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Another process holds the database and did not let go in time.
    #[error("the database is locked by another process (while {doing})")]
    Busy {
        /// What was being done.
        doing: String,
    },
    /// The file or its directory cannot be written.
    #[error("the database cannot be written: its file, one beside it (-wal, -shm) or their directory is read-only")]
    ReadOnly,
    /// No room is left, or a quota or a limit of sizes is reached.
    #[error("no more can be written to the database's disk: it is full, or a quota or size limit is reached")]
    Full,
    /// Made by a newer program.
    #[error("the database is of schema version {found}, this program knows {known}: use the newer program")]
    Newer {
        /// The database's version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// The database cannot be reached or used.
    #[error("the database failed while {doing}")]
    Unavailable {
        /// What was being done.
        doing: String,
        /// Why.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The connection broke while the write was committed, and whether it was kept could not be found out.
    #[error("the connection to the database broke off; whether the write was kept could not be found out")]
    Unknown,
    /// What is stored makes no sense, or the file is no database.
    #[error("the records are damaged ({doing}): {detail}")]
    Corrupt {
        /// What was being done.
        doing: String,
        /// What is wrong.
        detail: String,
    },
    /// The item has moved on: its revision is no longer the one decided on.
    #[error("the item was changed by someone else")]
    Stale,
    /// A name, number or hash that must be unique is there already.
    #[error("it exists already")]
    Exists,
    /// Something is there where nothing must be.
    #[error("there is something already (in {table}): only empty records can be copied into")]
    NotEmpty {
        /// The first table that is not empty.
        table: String,
    },
    /// The records cannot be spread over several servers, or are not as they should be after it.
    #[error("the records are not distributed: {why}")]
    NotDistributable {
        /// Why, or what is amiss.
        why: String,
    },
    /// A page's cursor that this list did not give.
    #[error("the cursor is none of this list")]
    BadCursor,
    /// A field that had another type in an earlier version of the flow.
    #[error("field {field} of flow {flow} holds {was} since an earlier version and cannot become {now}")]
    KindChanged {
        /// The flow.
        flow: String,
        /// The field.
        field: String,
        /// Its type until now.
        was: String,
        /// Its type in the version to be published.
        now: String,
    },
    /// The write panicked; nothing of it was kept.
    #[error("a write failed by a bug: {detail}")]
    Panicked {
        /// What the panic said.
        detail: String,
    },
    /// A read was broken off: whoever asked went away, or it took longer than it may.
    #[error("the read was broken off: it took too long, or nobody waits for it any more")]
    Stopped,
    /// The records were closed.
    #[error("the records are closed")]
    Closed,
}

impl Error {
    /// Whether the same may succeed when it is tried again later (503).
    #[must_use]
    pub fn retryable(&self) -> bool {
        matches!(
            self,
            Error::Busy { .. }
                | Error::Full
                | Error::Unavailable { .. }
                | Error::ReadOnly
                | Error::Closed
                | Error::Unknown
        )
    }

    /// Whether it is not known what became of the write: the same must not be sent again unseen.
    #[must_use]
    pub fn outcome_unknown(&self) -> bool {
        matches!(self, Error::Unknown)
    }

    /// Whether there was no room to write in (what is there can still be read).
    #[must_use]
    pub fn no_room(&self) -> bool {
        matches!(self, Error::Full)
    }

    /// Whether a read was broken off.
    #[must_use]
    pub fn was_stopped(&self) -> bool {
        matches!(self, Error::Stopped)
    }

    pub(crate) fn corrupt(doing: &str, detail: impl ToString) -> Error {
        Error::Corrupt { doing: doing.to_owned(), detail: detail.to_string() }
    }
}
