//! Moving an installation from one place to another, which may be of the other engine.

use std::time::Duration;

use store::{Db, Place};

use crate::Error;

pub use store::{Distributed, copy::Progress};

/// Copies the installation at `from` into the empty place `to` and compares every row: how many rows there are. Servers on
/// either are stopped first: what is written to `from` meanwhile is not copied.
///
/// # Errors
/// The store's: `to` is not empty, either cannot be opened, a row does not come out as it went in.
pub fn copy(from: &Place, to: &Place, patience: Duration, tell: &mut dyn FnMut(&Progress)) -> Result<u64, Error> {
    let source = Db::open(from, patience)?;
    refuse_unfinished(&source)?;
    let target = Db::open(to, patience)?;
    let rows = store::copy::copy(&source, &target, tell)?;
    target.close();
    Ok(rows)
}

/// Spreads the items of the installation at `place` over the workers of its Citus cluster, by flow.
///
/// # Errors
/// The store's: `place` is no PostgreSQL with Citus, or cannot be opened.
pub fn distribute(place: &Place, patience: Duration) -> Result<Distributed, Error> {
    let db = Db::open(place, patience)?;
    refuse_unfinished(&db)?;
    Ok(db.distribute()?)
}

/// Nobody works with what is left of a copy that was not finished.
pub(crate) fn refuse_unfinished(db: &Db) -> Result<(), Error> {
    if db.read(store::copy::is_unfinished)? { Err(Error::Unfinished) } else { Ok(()) }
}
