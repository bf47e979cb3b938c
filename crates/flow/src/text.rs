//! What full-text search goes by: how a text is kept, what of it an index knows, where words stand in it.
//!
//! A text is kept in NFKC and in lower case, its spaces made one, with an [`EDGE`] before each part of a word (letters, or
//! digits). So words are found by how they or their parts begin, Chinese by any piece, and both by looking for one text
//! within another; which SQL can do as well. An index holds tokens: of Chinese every two characters that stand together,
//! of Latin words the rest of the word from each part on.

#[cfg(test)]
mod tests;

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// Stands in a kept text before each part of a word.
pub const EDGE: char = '\u{1}';
/// Stands between kept texts: no words are found across it.
pub const BREAK: char = '\n';
/// What a token of a title begins with, where it is asked for titles alone.
pub const IN_TITLE: char = '_';

/// A token has at most so many characters: longer words are known by how they begin.
const LONGEST_TOKEN: usize = 20;
/// A word or phrase that is looked for has at most so many characters.
const LONGEST_NEEDLE: usize = 2_000;
/// So many tokens of a word or phrase are asked of an index: they leave few enough.
const MOST_ASKED: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Space,
    Mark,
    /// Chinese characters, kana, hangul: words are not set apart.
    Wide,
    Letter,
    Digit,
}

impl Class {
    fn of(letter: char) -> Class {
        match letter {
            'a'..='z' | 'A'..='Z' => Class::Letter,
            '0'..='9' => Class::Digit,
            '\u{21}'..='\u{7e}' => Class::Mark,
            '\u{4e00}'..='\u{9fff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{3005}'..='\u{3007}'
            | '\u{3040}'..='\u{30ff}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{1100}'..='\u{11ff}'
            | '\u{ac00}'..='\u{d7af}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}' => Class::Wide,
            other if other.is_whitespace() || other.is_control() => Class::Space,
            other if other.is_numeric() => Class::Digit,
            other if other.is_alphabetic() => Class::Letter,
            _ => Class::Mark,
        }
    }

    fn is_word(self) -> bool {
        matches!(self, Class::Letter | Class::Digit)
    }
}

/// A token that an index is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// The token.
    pub token: String,
    /// Any that begins so.
    pub prefix: bool,
}

/// A word or a phrase that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needle {
    /// The kept texts that hold any of these hold it.
    pieces: Vec<String>,
    wanted: Vec<Wanted>,
    is_token: bool,
}

impl Needle {
    /// What was typed.
    #[must_use]
    pub fn new(text: &str) -> Needle {
        let kept = keep(text);
        let is_long = kept.chars().nth(LONGEST_NEEDLE).is_some();
        let mut wanted = BTreeSet::new();
        // what may be the beginning of a longer run: the last
        each_run(&kept, |run, class, is_last| match class {
            Class::Wide => {
                let two: Vec<char> = run.chars().collect();
                match two[..] {
                    [one] => drop(wanted.insert(Wanted { token: one.to_string(), prefix: true })),
                    // pairs side by side, and the last: each letter is asked for once, which costs an index half as much
                    _ => two.chunks(2).chain([&two[two.len() - 2..]]).filter(|two| two.len() == 2).for_each(|two| {
                        wanted.insert(Wanted { token: two.iter().collect(), prefix: false });
                    }),
                }
            }
            _ => drop(wanted.insert(Wanted { token: token(run), prefix: is_last })),
        });
        let wanted: Vec<Wanted> = if is_long { Vec::new() } else { wanted.into_iter().take(MOST_ASKED).collect() };
        let plain: String = kept.chars().filter(|letter| *letter != EDGE).collect();
        let is_token = wanted.len() == 1 && wanted[0].token == plain;
        let close = without_wide_spaces(&kept);
        let mut pieces = vec![kept];
        if pieces[0] != close {
            pieces.push(close);
        }
        Needle { pieces, wanted, is_token }
    }

    /// No text holds it: there is no letter and no digit in it, or it is longer than anything that is looked for.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.wanted.is_empty()
    }

    /// What an index must know of a text that holds it, all of them.
    #[must_use]
    pub fn wanted(&self) -> &[Wanted] {
        &self.wanted
    }

    /// A text of which an index knows what is [wanted](Needle::wanted) holds it for sure.
    #[must_use]
    pub fn is_token(&self) -> bool {
        self.is_token
    }

    /// A kept text that holds one of these, and no other, holds it.
    #[must_use]
    pub fn pieces(&self) -> &[String] {
        &self.pieces
    }

    /// Whether a kept text holds it.
    #[must_use]
    pub fn is_in(&self, kept: &str) -> bool {
        !self.is_blank() && self.pieces.iter().any(|piece| kept.contains(piece.as_str()))
    }
}

/// A text as it is kept.
#[must_use]
pub fn keep(text: &str) -> String {
    let mut kept = String::with_capacity(text.len() + text.len() / 8);
    let mut writer = Writer { before: Class::Space, space: false };
    if text.is_ascii() {
        text.chars().for_each(|letter| writer.put(letter.to_ascii_lowercase(), &mut kept));
    } else if is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        text.chars().flat_map(char::to_lowercase).for_each(|letter| writer.put(letter, &mut kept));
    } else {
        text.nfkc().flat_map(char::to_lowercase).nfkc().for_each(|letter| writer.put(letter, &mut kept));
    }
    kept
}

/// What stands before the next letter of a kept text.
struct Writer {
    before: Class,
    space: bool,
}

impl Writer {
    fn put(&mut self, letter: char, kept: &mut String) {
        let class = Class::of(letter);
        if class == Class::Space {
            self.space = true;
            return;
        }
        // between Chinese and Latin a space is a matter of taste
        let is_taste = self.before == Class::Wide && class.is_word() || self.before.is_word() && class == Class::Wide;
        let is_apart = self.space && self.before != Class::Space && !is_taste;
        if is_apart {
            kept.push(' ');
        }
        if class.is_word() && (is_apart || self.before != class) {
            kept.push(EDGE);
        }
        kept.push(letter);
        (self.before, self.space) = (class, false);
    }
}

/// The tokens of a kept text, each once, in order.
#[must_use]
pub fn tokens(kept: &str) -> Vec<Cow<'_, str>> {
    let mut found: Vec<Cow<str>> = Vec::with_capacity(kept.len() / 3);
    each_run(kept, |run, class, _| {
        if class == Class::Wide {
            let (mut before, mut last) = (None, 0);
            for (at, letter) in run.char_indices() {
                if let Some(before) = before {
                    found.push(Cow::Borrowed(&run[before..at + letter.len_utf8()]));
                }
                (before, last) = (Some(at), at);
            }
            // alone, so that a single character is found by what begins with it
            found.push(Cow::Borrowed(&run[last..]));
        } else {
            for (at, _) in run.match_indices(EDGE) {
                let rest = &run[at + EDGE.len_utf8()..];
                let is_short = rest.len() <= LONGEST_TOKEN && !rest.contains(EDGE);
                found.push(if is_short { Cow::Borrowed(rest) } else { Cow::Owned(token(rest)) });
            }
        }
    });
    found.sort_unstable();
    found.dedup();
    found
}

/// Where a text holds any of these, from front to back, none within another.
#[must_use]
pub fn hits(text: &str, needles: &[Needle]) -> Vec<Range<usize>> {
    let (kept, places) = keep_with_places(text);
    let mut found: Vec<Range<usize>> = Vec::new();
    for piece in needles.iter().filter(|needle| !needle.is_blank()).flat_map(Needle::pieces) {
        for (at, _) in kept.match_indices(piece.as_str()) {
            // the first letter behind the edge, the last letter
            let first = places.partition_point(|place| place.kept < at);
            let last = places.partition_point(|place| place.kept < at + piece.len());
            if let (Some(first), Some(last)) = (places.get(first), last.checked_sub(1).and_then(|at| places.get(at))) {
                found.push(first.text.start..last.text.end.max(first.text.end));
            }
        }
    }
    found.sort_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<usize>> = Vec::new();
    for range in found {
        match apart.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}

/// A letter of a kept text and the letters that it comes from.
struct Place {
    kept: usize,
    text: Range<usize>,
}

fn keep_with_places(text: &str) -> (String, Vec<Place>) {
    let (mut kept, mut places) = (String::new(), Vec::new());
    let mut writer = Writer { before: Class::Space, space: false };
    for (at, letter) in text.char_indices() {
        let from = at..at + letter.len_utf8();
        for small in std::iter::once(letter).nfkc().flat_map(char::to_lowercase) {
            let before = kept.len();
            writer.put(small, &mut kept);
            if kept.len() > before {
                places.push(Place { kept: kept.len() - small.len_utf8(), text: from.clone() });
            }
        }
    }
    (kept, places)
}

/// The runs of a kept text: Chinese characters side by side, or the parts of one word with their edges. Whether it is the
/// text's last letters.
fn each_run<'k>(kept: &'k str, mut each: impl FnMut(&'k str, Class, bool)) {
    let kind = |letter: char| match letter {
        EDGE => Class::Letter,
        letter => match Class::of(letter) {
            Class::Digit => Class::Letter,
            other => other,
        },
    };
    let mut start = 0;
    let mut class = Class::Space;
    for (at, letter) in kept.char_indices() {
        let now = kind(letter);
        if now != class {
            if matches!(class, Class::Wide | Class::Letter) {
                each(&kept[start..at], class, false);
            }
            (start, class) = (at, now);
        }
    }
    if matches!(class, Class::Wide | Class::Letter) {
        each(&kept[start..], class, true);
    }
}

/// The beginning of a word that an index knows it by.
fn token(run: &str) -> String {
    run.chars().filter(|letter| *letter != EDGE).take(LONGEST_TOKEN).collect()
}

fn without_wide_spaces(kept: &str) -> String {
    let mut close = String::with_capacity(kept.len());
    let mut letters = kept.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_between = letter == ' '
            && close.chars().next_back().is_some_and(|before| Class::of(before) == Class::Wide)
            && letters.peek().is_some_and(|after| Class::of(*after) == Class::Wide);
        if !is_between {
            close.push(letter);
        }
    }
    close
}
