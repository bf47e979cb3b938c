//! The contracts, tried on the real program: HTTP API, command line, pages without a browser.

#![expect(clippy::disallowed_methods, reason = "tests wait by the clock")]

#[path = "../harness/mod.rs"]
#[expect(dead_code, reason = "shared with the browser tests, which use another part of it")]
mod harness;

mod access;
mod api;
mod check;
mod cli;
mod demo;
mod forms;
mod golden;
mod invariants;
mod kill;
mod layering;
mod pages;
mod rules;
mod story;
