//! What pages show: plain data, filled by the handlers, drawn by `templates/`.
//!
//! A view struct holds a [`Frame`] named `f` (what stands around every page) and what its own page needs. `page.render()`
//! is the whole page; a block named in `blocks = […]` renders alone as a fragment (`page.as_list().render()`).

pub mod account;
pub mod admin;
pub mod api;
pub mod board;
pub mod carry;
pub mod design;
pub mod error;
pub mod escape;
pub mod form;
pub mod frame;
pub mod item;
pub mod lists;
pub mod migrate;
pub mod read;
pub mod refusal;
pub mod search;
pub mod state;
pub mod stats;
pub mod table;
pub mod time;
pub mod trying;
pub mod views;

pub use frame::{Active, Flash, Frame, Live, Me, MenuFlow, Theme, Tone};
pub use state::{Hue, StateChip};
pub use table::{Cell, Chip, Column, GroupHead, ItemRow, Named, Pager, Person, Sorted, Table};
pub use time::When;
