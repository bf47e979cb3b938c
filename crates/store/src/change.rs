//! Numbers that grow with what seldom changes, so that who keeps it in memory sees in one look whether it is still so.

use crate::{Error, Tx, WriteTx, feed::Change, value::params};

/// How often each was changed, as of a snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Flows: published, archived.
    pub flows: i64,
    /// People: added, disabled, enabled, or what others see of them.
    pub people: i64,
}

/// What changes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Changed {
    Flows,
    People,
}

/// How often each was changed.
///
/// # Errors
/// The records failed.
pub fn seen(tx: &Tx) -> Result<Changes, Error> {
    // Every request asks this first. Two looks at an index: `in` would make a table of its list each time.
    let sql = "select coalesce((select value from change_sequence where name = 'flow'), 0),
                      coalesce((select value from change_sequence where name = 'user'), 0)";
    tx.one(sql, &[], |row| Ok(Changes { flows: row.int(0)?, people: row.int(1)? }))
}

/// Something changed.
pub(crate) fn grow(tx: &WriteTx, what: Changed) -> Result<(), Error> {
    let name = match what {
        Changed::Flows => {
            tx.touched(Change::Flows);
            "flow"
        }
        Changed::People => "user",
    };
    let sql = "insert into change_sequence (name, value) values ($1, 1)
               on conflict (name) do update set value = change_sequence.value + 1";
    tx.execute(sql, params![name]).map(drop)
}
