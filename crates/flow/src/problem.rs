//! What a check of flow files reports.

use std::ops::Range;

/// One problem of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How grave.
    pub severity: Severity,
    /// The file's name as given.
    pub file: String,
    /// Where in the file, in bytes.
    pub span: Range<usize>,
    /// What is wrong, one sentence.
    pub message: String,
    /// A way out, one sentence.
    pub help: String,
}

/// How grave a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Not published.
    Error,
    /// Published all the same.
    Warning,
    /// Something that could not be decided.
    Note,
}
