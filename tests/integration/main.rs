//! The contracts, tried on the real program: HTTP API, command line, pages without a browser.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests fail loudly, and wait by the clock"
)]

#[path = "../harness/mod.rs"]
#[expect(dead_code, reason = "shared with the tests of several nodes, which use another part of it")]
mod harness;

mod access;
mod administration;
mod api;
mod bench;
mod board;
mod bulk;
mod carry;
mod check;
mod cli;
mod clock;
mod demo;
mod design;
mod django;
mod faults;
mod forms;
mod golden;
mod invariants;
mod keeping;
mod kept;
mod kill;
mod layering;
mod like;
mod live;
mod migrating;
mod moving;
mod nul;
mod out;
mod pages;
mod paging;
mod rules;
mod search;
mod stats;
mod story;
mod trying;
mod upgrade;
mod versions;
mod views;
