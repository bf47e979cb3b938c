//! The pages, in headless Chromium, as people use them.

#![expect(clippy::disallowed_methods, reason = "tests wait by the clock")]
#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod browser;
mod carry;
mod chromium;
#[path = "../harness/mod.rs"]
#[expect(dead_code, reason = "shared with the integration tests, which use another part of it")]
mod harness;

mod account;
mod board;
mod design;
mod forms;
mod gone;
mod like;
mod live;
mod look;
mod migrate;
mod paging;
mod search;
mod stats;
mod story;
mod trying;
mod views;
