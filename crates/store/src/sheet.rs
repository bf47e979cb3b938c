//! `sheet_<flow>`: one row an item, one typed column a short field. Derived from `item` in the same transaction.

use flow::{Field, Flow, Item, Kind, Value};

use crate::{Db, Error, WriteTx};

/// Makes or widens the flow's sheet.
pub(crate) fn widen(tx: &WriteTx, flow: &Flow) -> Result<(), Error> {
    let _ = (tx, flow);
    Ok(())
}

/// Writes what changed of an item's row.
pub(crate) fn write(tx: &WriteTx, flow: &Flow, before: Option<&Item>, after: &Item) -> Result<(), Error> {
    let _ = (tx, flow, before, after);
    Ok(())
}

/// Makes the flow's sheet anew from its items, in batches.
///
/// # Errors
/// The records failed.
pub fn rebuild(db: &Db, flow: &str) -> Result<(), Error> {
    let _ = (db, flow);
    Ok(())
}
