//! A line of a query, letter by letter.

use super::{QueryProblem, compare::Given, problem};
use crate::said::said;

pub(super) struct Reader {
    chars: Vec<char>,
    /// The next letter.
    pub(super) at: usize,
    /// Brackets that are open.
    open: usize,
}

impl Reader {
    pub(super) fn new(text: &str) -> Reader {
        Reader { chars: text.chars().collect(), at: 0, open: 0 }
    }

    /// At the end, or at a bracket that closes.
    pub(super) fn is_at_end(&self) -> bool {
        self.peek().is_none_or(|next| next == ')')
    }

    /// Takes a bracket that opens a group.
    pub(super) fn open(&mut self) -> bool {
        let opens = self.peek() == Some('(');
        self.at += usize::from(opens);
        self.open += usize::from(opens);
        opens
    }

    /// Takes the bracket that closes it.
    pub(super) fn close(&mut self) -> bool {
        let closes = self.peek() == Some(')');
        self.at += usize::from(closes);
        self.open -= usize::from(closes);
        closes
    }

    /// Whether this word comes next, in whatever case, and is not the name before an operator.
    pub(super) fn is_keyword(&self, word: &str) -> bool {
        let end = self.at + word.len();
        let is_there = self
            .chars
            .get(self.at..end)
            .is_some_and(|found| found.iter().map(char::to_ascii_lowercase).eq(word.chars()));
        is_there && self.chars.get(end).is_none_or(|next| next.is_whitespace() || matches!(next, '(' | ')'))
    }

    pub(super) fn take_keyword(&mut self, word: &str) -> bool {
        let is_there = self.is_keyword(word);
        if is_there {
            self.at += word.len();
        }
        is_there
    }

    /// Whether a word ends here: at white space, at the end, at a bracket that closes a group.
    fn is_word_end(&self) -> bool {
        self.peek().is_none_or(|next| next.is_whitespace() || next == ')' && self.open > 0)
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    pub(super) fn skip_spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// A word up to white space or one of `ends`; or what stands in quotes.
    pub(super) fn word(&mut self, ends: &str) -> Result<String, QueryProblem> {
        let start = self.at;
        let mut word = String::new();
        if self.peek() == Some('"') {
            self.at += 1;
            loop {
                match self.peek() {
                    None => return Err(problem(start, said!("this quote is not closed"))),
                    Some('"') => break,
                    Some('\\') if matches!(self.chars.get(self.at + 1), Some('"' | '\\')) => {
                        self.at += 1;
                        word.extend(self.peek());
                    }
                    Some(other) => word.push(other),
                }
                self.at += 1;
            }
            self.at += 1;
            return Ok(word);
        }
        self.unquoted(ends, &mut word);
        if word.is_empty() {
            return Err(problem(start, said!("here the name of a field must stand")));
        }
        Ok(word)
    }

    /// Up to the end of the word or one of `ends`. Brackets that open within a word close within it.
    fn unquoted(&mut self, ends: &str, word: &mut String) {
        let mut within: usize = 0;
        while let Some(next) = self.peek().filter(|next| !next.is_whitespace() && !ends.contains(*next)) {
            match next {
                '(' => within += 1,
                ')' if within > 0 => within -= 1,
                ')' if self.open > 0 => break,
                _ => {}
            }
            word.push(next);
            self.at += 1;
        }
    }

    pub(super) fn operator(&mut self) -> Option<String> {
        for operator in ["!=", "<=", ">=", "=", "<", ">", ":"] {
            let end = self.at + operator.chars().count();
            if self.chars.get(self.at..end).is_some_and(|chars| chars.iter().copied().eq(operator.chars())) {
                self.at = end;
                return Some(operator.to_owned());
            }
        }
        None
    }

    /// Values after an operator, joined by commas; none where white space or the end follows at once.
    pub(super) fn values(&mut self) -> Result<Vec<Given>, QueryProblem> {
        let mut values = Vec::new();
        if self.is_word_end() {
            return Ok(values);
        }
        loop {
            let start = self.at;
            if self.peek() == Some(',') || self.is_word_end() {
                return Err(problem(start, said!("here a value must stand")));
            }
            let mut value = self.word(",")?;
            // "a state"@2026-05-01
            if self.peek() == Some('@') {
                self.unquoted(",", &mut value);
            }
            values.push((value, start));
            if self.peek() != Some(',') {
                return Ok(values);
            }
            self.at += 1;
        }
    }
}
