//! Many items carried out of a flow and into it: what a file holds, as plain data. `web` knows the files.

pub mod export;
pub mod former;
pub mod import;
pub mod kept;
pub mod notes;

/// What ends a text that was cut because no cell of a workbook holds it; a cell that ends so changes nothing when it is
/// carried in.
pub const CUT: &str = "…⟨cut⟩";
