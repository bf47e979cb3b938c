//! What a check of flow files reports.

use std::{fmt::Write, ops::Range};

use crate::{Said, said::said};

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
    pub message: Said,
    /// A way out, one sentence.
    pub help: Said,
}

impl Problem {
    /// A warning: `word`, a `user:…` or `group:…` in `file`, is nobody yet.
    #[must_use]
    pub fn unknown_people(file: &str, span: Range<usize>, word: &str) -> Problem {
        Problem {
            severity: Severity::Warning,
            file: file.to_owned(),
            span,
            message: said!("{} does not exist yet", format!("{word:?}")),
            help: said!("add it, or correct the name"),
        }
    }

    /// An error: what is written as the flow `key` has another key.
    #[must_use]
    pub fn other_key(file: &str, span: Range<usize>, key: &str) -> Problem {
        Problem {
            severity: Severity::Error,
            file: file.to_owned(),
            span,
            message: said!("this is the draft of \"{}\", whose key never changes", key),
            help: said!("write key = \"{}\", or begin another flow", key),
        }
    }
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

impl Severity {
    /// As reports say it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// Line and column of a byte of `text`, from 1; columns in characters.
#[must_use]
pub fn line_column(text: &str, byte: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(byte)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The problem as people read it: `file:line:column: error: …`, the line itself with the offending text marked, and
/// the way out. `text` is the file's.
#[must_use]
pub fn render(problem: &Problem, text: &str) -> String {
    let start = text.floor_char_boundary(problem.span.start);
    let (line, column) = line_column(text, start);
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let shown = text[line_start..].lines().next().unwrap_or_default();
    let before = &text[line_start..start];
    let stop = text.floor_char_boundary(problem.span.end).max(start);
    let marked = text[start..stop].lines().next().unwrap_or_default();
    let gutter = line.to_string().len();
    let (file, word, message) = (&problem.file, problem.severity.word(), &problem.message);
    let mut out = format!("{file}:{line}:{column}: {word}: {message}\n");
    // Writing to a String does not fail.
    let _ = writeln!(out, "{line} | {}", spread(shown));
    let _ = writeln!(out, "{:gutter$} | {}{}", "", " ".repeat(columns(before)), "^".repeat(columns(marked).max(1)));
    let _ = writeln!(out, "{:gutter$} = help: {}", "", problem.help);
    out
}

/// A tab takes four columns, so that marks stand where they belong.
fn spread(line: &str) -> String {
    line.replace('\t', "    ")
}

/// Columns that a terminal gives `text`: Chinese letters and their kin are two wide.
fn columns(text: &str) -> usize {
    text.chars()
        .map(|letter| match letter {
            '\t' => 4,
            '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
            '\u{1100}'..='\u{115f}'
            | '\u{2e80}'..='\u{303e}'
            | '\u{3041}'..='\u{a4cf}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe6f}'
            | '\u{ff00}'..='\u{ff60}'
            | '\u{ffe0}'..='\u{ffe6}'
            | '\u{1f300}'..='\u{1faff}'
            | '\u{20000}'..='\u{3fffd}' => 2,
            letter if letter.is_control() => 0,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn widths() {
        for (text, width) in [
            ("ab", 2),
            ("单板", 4),
            ("【】，。“”", 10),
            ("ａ！", 4),
            ("한글かな", 8),
            ("é", 1),
            ("e\u{301}", 1),
            ("😀", 2),
            ("\t", 4),
        ] {
            assert_eq!(columns(text), width, "{text}");
        }
    }
}
