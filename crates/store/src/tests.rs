//! The records tried as a whole: one crate's worth of tables, two flows, a few people.

mod bulk;
mod cluster;
mod db;
mod distribute;
mod feed;
mod fixture;
mod items;
mod lists;
mod migration;
mod plans;
mod side_by_side;
mod stats;
mod words;

use std::{cell::RefCell, collections::BTreeSet, sync::Mutex};

/// Every statement of this process, on whatever thread.
static ALL: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

thread_local! {
    static STATEMENTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Every statement of this thread, for looking at its plan.
pub(crate) fn note_statement(sql: &str) {
    STATEMENTS.with_borrow_mut(|statements| statements.push(sql.to_owned()));
    ALL.lock().unwrap().insert(sql.to_owned());
}

/// The statements that `f` ran on this thread.
fn statements_of(f: impl FnOnce()) -> Vec<String> {
    STATEMENTS.with_borrow_mut(Vec::clear);
    f();
    STATEMENTS.with_borrow_mut(std::mem::take)
}
