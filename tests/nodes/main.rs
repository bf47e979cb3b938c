//! Several servers on one PostgreSQL, and what may happen to them: each test has a cluster of its own, for it stops it,
//! cuts it off or kills it. They run with the tests of the PostgreSQL engine (`make postgres`).

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail loudly, wait by the clock, and say what led to it"
)]

#[path = "../harness/mod.rs"]
#[expect(dead_code, reason = "shared with the integration tests, which use another part of it")]
mod harness;

mod cluster;
mod commit;
mod outage;
mod proxy;
mod races;
mod rolling;
mod shared;
mod start;
mod walks;
