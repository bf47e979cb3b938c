//! The pages. A handler reads the request, runs one use case (the session is checked in the same transaction), fills a
//! view struct and renders it, all on a thread that may wait.
//!
//! To add a page: a view struct and template (see `view`), a handler beside its kin that ends in [`visit::Around::frame`],
//! a line in `routes.rs`, a row in the table of `tests/integration/access.rs`; for a form that people type into, a line in `kept::again`.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod ask;
pub(crate) mod attempt;
pub(crate) mod before;
pub(crate) mod carry;
pub(crate) mod item;
pub(crate) mod kept;
pub(crate) mod lists;
pub(crate) mod live;
pub(crate) mod plain;
pub(crate) mod read;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod stats;
pub(crate) mod views;
pub(crate) mod visit;
