//! Many items carried out of a flow and into it: what a file holds, as plain data. `web` knows the files.

pub mod export;
