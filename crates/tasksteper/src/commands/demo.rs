//! The demo.

use super::{Done, Refusal};
use crate::cli::Demo;

pub(super) fn run(demo: &Demo) -> Done {
    let _ = demo;
    Err(Refusal::Refused("the demo's story is not told yet".to_owned()))
}
