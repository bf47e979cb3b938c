//! The records of an installation: what was decided, who holds it, what happened. The only crate that names a database.
//!
//! Everything is written against the two verbs of [`Db`]: `read` on a snapshot, `write` in a transaction. The SQL stands
//! beside the function that uses it, once, in a subset that both engines read; what only one engine has lives in its file.
//!
//! To add a table: a new `migrations/V<n>__what.sql`, its line in `migrations.rs`, a module with the functions.
//! To add a kind of field: its column in `sheet.rs`. To add an engine: a file beside `sqlite.rs`.

pub mod audit;
pub mod bulk;
pub mod change;
pub mod copy;
mod db;
mod error;
mod feed;
mod field_change;
pub mod flow_draft;
pub mod flow_version;
pub mod foreign;
pub mod group;
pub mod item;
pub mod keep;
pub mod like;
pub mod list;
pub mod migration;
mod migrations;
mod postgres;
mod query;
mod row;
pub mod saved_view;
pub mod session;
pub mod setting;
pub mod setup_link;
mod sheet;
mod sqlite;
pub mod stats;
#[cfg(test)]
mod tests;
pub mod throttle;
pub mod token;
pub mod user;
mod value;
pub mod words;

pub use db::{Counters, Db, Place, Stop, Tx, WriteTx};
pub use error::Error;
pub use feed::Change;
pub use field_change::fill as fill_field_changes;
pub use item::Brief;
pub use list::{Visibility, VisibleTo};
pub use postgres::{Address, BadAddress, Distributed};
pub use sheet::{rebuild as rebuild_sheet, widen as widen_sheet};
