//! The contracts, tried on the real program: HTTP API, command line, pages without a browser.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests fail loudly, and wait by the clock"
)]

#[path = "../harness/mod.rs"]
mod harness;

mod access;
mod admin;
mod administration;
mod api;
mod check;
mod cli;
mod clock;
mod demo;
mod faults;
mod forms;
mod golden;
mod invariants;
mod keeping;
mod kill;
mod layering;
mod moving;
mod pages;
mod rules;
mod story;
mod upgrade;
mod versions;
