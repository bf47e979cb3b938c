//! HTTP: routes, pages, static files, languages.
//!
//! To add a page: a view struct in `view/` (plain data, already in words where a sentence is made), its template in
//! `templates/` (a fragment is a block of its page), its words in both of `locales/`, and a sample of it in
//! `examples/preview.rs`, which draws every page so that it can be looked at.

mod api;
pub mod assets;
mod body;
pub mod carry;
mod live;
mod metrics;
mod pages;
mod routes;
mod server;
pub mod view;
pub mod words;

pub use server::{BadBaseUrl, Config, Stopping, serve};
