//! How large a condition may be: looked at before it is parsed, so that no text, however made, costs much or nests deep.

use std::ops::Range;

use super::ConditionProblem;
use crate::said::said;

/// Longest condition, in bytes.
const MAX_BYTES: usize = 20_000;
/// Deepest nesting: brackets, operators in a row and `?:` in a row count alike.
const MAX_DEPTH: usize = 90;

/// What is too large about `text`.
pub(crate) fn exceeded(text: &str) -> Option<ConditionProblem> {
    if text.len() > MAX_BYTES {
        return Some(ConditionProblem {
            span: 0..text.len(),
            message: said!("the condition is longer than {} bytes", MAX_BYTES),
            help: said!("use several rows with the same trigger, or a field that says it in one word"),
        });
    }
    too_deep(text).map(|span| ConditionProblem {
        span,
        message: said!("the condition nests deeper than {} levels", MAX_DEPTH),
        help: said!("split it into several rows with the same trigger"),
    })
}

/// What is open at a place of the text: how many operators stand in a row, how many `?`.
#[derive(Default)]
struct Level {
    operators: usize,
    ternaries: usize,
}

fn too_deep(text: &str) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut levels = vec![Level::default()];
    let mut at = 0;
    while at < bytes.len() {
        let (byte, next) = (bytes[at], bytes.get(at + 1).copied());
        if byte == b'"' || byte == b'\'' {
            at = string_end(bytes, at);
            continue;
        }
        if byte == b'/' && next == Some(b'/') {
            at += bytes[at..].iter().take_while(|byte| **byte != b'\n').count();
            continue;
        }
        let depth = levels.len();
        let level = levels.last_mut()?;
        match byte {
            b'&' | b'|' | b':' => level.operators = 0,
            b',' => *level = Level::default(),
            b'?' => *level = Level { operators: 0, ternaries: level.ternaries + 1 },
            b'+' | b'-' | b'*' | b'/' | b'%' | b'.' | b'<' | b'>' | b'!' => level.operators += 1,
            b'=' if at == 0 || !matches!(bytes[at - 1], b'=' | b'!' | b'<' | b'>') => level.operators += 1,
            b'(' | b'[' | b'{' => levels.push(Level { operators: 0, ternaries: 0 }),
            b')' | b']' | b'}' if depth > 1 => {
                levels.pop();
            }
            _ => {}
        }
        let total: usize = levels.iter().map(|level| 1 + level.operators + level.ternaries).sum();
        if total > MAX_DEPTH {
            return Some(at..at + 1);
        }
        at += 1;
    }
    None
}

/// The byte after the string literal that begins at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let raw = start > 0 && matches!(bytes[start - 1], b'r' | b'R');
    let width = if bytes[start..].starts_with(&[quote; 3]) { 3 } else { 1 };
    let mut at = start + width;
    while at < bytes.len() {
        if bytes[at] == b'\\' && !raw {
            at += 2;
        } else if bytes[at..].len() >= width && bytes[at..at + width].iter().all(|byte| *byte == quote) {
            return at + width;
        } else {
            at += 1;
        }
    }
    bytes.len()
}
