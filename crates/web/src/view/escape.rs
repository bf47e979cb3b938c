//! Escaping of texts in pages.

use std::fmt;

use askama::filters::{self, Escaper};

/// Escapes as [`askama::filters::Html`] does. A page of a list holds hundreds of short texts and hardly one of them has
/// anything to escape: that is seen many bytes at a time, where askama looks at each, which took a tenth of the page.
#[derive(Debug, Clone, Copy, Default)]
pub struct Html;

/// What is looked at at once: as many bytes as every processor compares in one step.
const STEP: usize = 16;

impl Escaper for Html {
    #[inline]
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        if is_plain(text) { dest.write_str(text) } else { filters::Html.write_escaped_str(dest, text) }
    }
}

/// Whether nothing in it needs escaping.
fn is_plain(text: &str) -> bool {
    let (steps, rest) = text.as_bytes().as_chunks::<STEP>();
    // What is left is filled up to a whole step, by bytes that need no escaping.
    let mut last = [0; STEP];
    last[..rest.len()].copy_from_slice(rest);
    !steps.iter().any(needs_any) && !needs_any(&last)
}

/// Without a way out in between (`|`, not `||`), so that the compiler compares all of the step at once.
fn needs_any(step: &[u8; STEP]) -> bool {
    step.iter().fold(false, |found, &byte| {
        found | (byte == b'"') | (byte == b'&') | (byte == b'\'') | (byte == b'<') | (byte == b'>')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_askama_writes() {
        let check = |text: &str| {
            let (mut ours, mut theirs) = (String::new(), String::new());
            Html.write_escaped_str(&mut ours, text).unwrap();
            filters::Html.write_escaped_str(&mut theirs, text).unwrap();
            assert_eq!(ours, theirs);
        };
        let text = "一二三四五六七八九十 the quick brown fox ";
        check(text);
        for special in ['"', '&', '\'', '<', '>'] {
            for (at, _) in text.char_indices() {
                let mut changed = text.to_owned();
                changed.insert(at, special);
                check(&changed);
            }
        }
        // Every character of one byte, alone.
        (0..128_u8).for_each(|byte| check(&char::from(byte).to_string()));
    }
}
