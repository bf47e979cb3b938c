//! The HTTP API under `/api/v1`: JSON in, JSON out, errors as RFC 9457 problem documents.
//!
//! To add a call: write its handler here (or beside its kin), with its `#[utoipa::path]`, name it in `routes.rs` and in
//! [`Document`]; a test holds both lists equal.

pub(crate) mod body;
mod calls;
mod carry;
mod definition;
mod document;
mod items;
mod problem;
mod shapes;
mod stats;

pub(crate) use calls::{flow, flows, me, search, similar, work};
pub(crate) use carry::{export, import, release_notes};
pub(crate) use document::{docs, flow_schema, openapi};
pub(crate) use items::{comment, create, hand_over, history, item, items, no_stray_query, press, save};
pub(crate) use problem::{Problem, code, fallback, wrong_method};
pub(crate) use shapes::carried_item;
pub(crate) use stats::stats;
