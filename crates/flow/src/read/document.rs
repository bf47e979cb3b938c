//! A TOML document as the readers see it: sections with known keys, values with their places, and a report that
//! takes every problem. One wrong value stops nothing but itself.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::{
    Problem, Said, Severity,
    said::{Arg, ToArg, said},
    words,
};

/// Longest name: of a state, a trigger, a label, a word of a choice. In characters.
pub(crate) const NAME_MAX_LENGTH: usize = 200;

/// Most problems that are reported of one file: nobody reads more at once.
const MAX_PROBLEMS: usize = 1_000;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct At<T> {
    pub(crate) span: Range<usize>,
    pub(crate) value: T,
}

/// The problems of one file.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
    pub(crate) problems: Vec<Problem>,
}

impl Report<'_> {
    pub(crate) fn error(&mut self, span: &Range<usize>, message: Said, help: Said) {
        self.add(Severity::Error, span, message, help);
    }

    pub(crate) fn warning(&mut self, span: &Range<usize>, message: Said, help: Said) {
        self.add(Severity::Warning, span, message, help);
    }

    pub(crate) fn add(&mut self, severity: Severity, span: &Range<usize>, message: Said, help: Said) {
        if self.problems.len() >= MAX_PROBLEMS {
            return;
        }
        self.problems.push(Problem { severity, file: self.file.to_owned(), span: span.clone(), message, help });
    }

    pub(crate) fn errors(&self) -> usize {
        self.problems.iter().filter(|problem| problem.severity == Severity::Error).count()
    }
}

/// One key of a table, with its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    pub(crate) key: &'a str,
    pub(crate) key_span: Range<usize>,
    pub(crate) span: Range<usize>,
    pub(crate) value: &'a DeValue<'a>,
}

/// The keys of a table, in the order in which they stand in the file.
pub(crate) fn entries<'a>(table: &'a DeTable<'a>) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref(),
            key_span: key.span(),
            span: value.span(),
            value: value.get_ref(),
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_span.start);
    entries
}

/// A table whose keys are known.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    /// Where it stands: its header, or its braces.
    pub(crate) span: Range<usize>,
    /// As its problems name it: `[[field]]`.
    pub(crate) what: Arg,
    entries: Vec<Entry<'a>>,
}

impl<'a> Section<'a> {
    /// Opens a table; a key that is not known is reported.
    pub(crate) fn open(
        what: impl ToArg,
        span: Range<usize>,
        table: &'a DeTable<'a>,
        known: &[&str],
        report: &mut Report,
    ) -> Section<'a> {
        let (what, entries) = (what.to_arg(), entries(table));
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key)) {
            let help = words::nearest_or_all(entry.key, known.iter().copied());
            report.error(&entry.key_span, said!("{} has no key \"{}\"", what, entry.key), help);
        }
        Section { span, what, entries }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// A table under a key.
    pub(crate) fn table(&self, key: &str, report: &mut Report) -> Option<At<&'a DeTable<'a>>> {
        let entry = self.get(key)?;
        match entry.value {
            DeValue::Table(table) => Some(At { span: entry.span.clone(), value: table }),
            other => {
                let message = said!("\"{}\" must be a table, but this is {}", key, kind_of(other));
                report.error(&entry.span, message, said!("write {} = {{ … }}", key));
                None
            }
        }
    }

    /// The tables under a key: `[[field]]`, or an array of inline tables.
    pub(crate) fn tables(&self, key: &str, report: &mut Report) -> Vec<At<&'a DeTable<'a>>> {
        let Some(entry) = self.get(key) else { return Vec::new() };
        let DeValue::Array(items) = entry.value else {
            let message = said!("\"{}\" must be a list of tables, but this is {}", key, kind_of(entry.value));
            report.error(&entry.span, message, said!("write [[{}]] above each of them", key));
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(items.len());
        for item in items.iter() {
            match item.get_ref() {
                DeValue::Table(table) => tables.push(At { span: item.span(), value: table }),
                other => {
                    let message = said!("each of \"{}\" must be a table, but this is {}", key, kind_of(other));
                    report.error(&item.span(), message, said!("write [[{}]]", key));
                }
            }
        }
        tables
    }

    /// A text; CRLF in it is LF.
    pub(crate) fn text(&self, key: &str, report: &mut Report) -> Option<At<String>> {
        let entry = self.get(key)?;
        text_of(key, entry.value, &entry.span, report)
    }

    /// A text that must be there.
    pub(crate) fn text_needed(&self, key: &str, report: &mut Report) -> Option<At<String>> {
        if self.get(key).is_none() {
            report.error(&self.span, said!("{} has no \"{}\"", self.what, key), said!("add {} = \"…\"", key));
        }
        self.text(key, report)
    }

    /// A name that people see: one line, not blank.
    pub(crate) fn name(&self, key: &str, report: &mut Report) -> Option<At<String>> {
        let name = self.text(key, report)?;
        named(key, &name, report).then_some(name)
    }

    /// A name that must be there.
    pub(crate) fn name_needed(&self, key: &str, report: &mut Report) -> Option<At<String>> {
        let name = self.text_needed(key, report)?;
        named(key, &name, report).then_some(name)
    }

    /// true or false; absent is false.
    pub(crate) fn flag(&self, key: &str, report: &mut Report) -> bool {
        let Some(entry) = self.get(key) else { return false };
        if let DeValue::Boolean(value) = entry.value {
            return *value;
        }
        let message = said!("\"{}\" must be true or false, but this is {}", key, kind_of(entry.value));
        report.error(&entry.span, message, said!("write {} = true, without quotes", key));
        false
    }

    /// A whole number within a range.
    pub(crate) fn count(&self, key: &str, range: Range<u32>, report: &mut Report) -> Option<At<u32>> {
        let entry = self.get(key)?;
        let value = match entry.value {
            DeValue::Integer(whole) => i64::from_str_radix(whole.as_str(), whole.radix()).ok(),
            other => {
                let message = said!("\"{}\" must be a whole number, but this is {}", key, kind_of(other));
                report.error(&entry.span, message, said!("write {} = {}, without quotes", key, range.start.max(1)));
                return None;
            }
        };
        match value.and_then(|value| u32::try_from(value).ok()).filter(|value| range.contains(value)) {
            Some(value) => Some(At { span: entry.span.clone(), value }),
            None => {
                let message = said!("\"{}\" must be from {} to {}", key, range.start, range.end - 1);
                report.error(&entry.span, message, said!("write a number of that range"));
                None
            }
        }
    }

    /// A list of texts.
    pub(crate) fn texts(&self, key: &str, report: &mut Report) -> Option<At<Vec<At<String>>>> {
        let entry = self.get(key)?;
        texts_of(key, entry.value, &entry.span, report)
    }

    /// A list of texts, or one text that stands for a list of one.
    pub(crate) fn text_or_texts(&self, key: &str, report: &mut Report) -> Option<At<Vec<At<String>>>> {
        match self.get(key)?.value {
            DeValue::String(_) => {
                let one = self.text(key, report)?;
                Some(At { span: one.span.clone(), value: vec![one] })
            }
            _ => self.texts(key, report),
        }
    }
}

/// A text, or a report that it is none.
pub(crate) fn text_of(key: &str, value: &DeValue, span: &Range<usize>, report: &mut Report) -> Option<At<String>> {
    let DeValue::String(text) = value else {
        let message = said!("\"{}\" must be a text, but this is {}", key, kind_of(value));
        report.error(span, message, said!("write {} = \"…\", in quotes", key));
        return None;
    };
    if text.contains('\0') {
        report.error(span, said!("\"{}\" has the character U+0000", key), said!("leave it out: no text can hold it"));
        return None;
    }
    Some(At { span: span.clone(), value: text.replace("\r\n", "\n") })
}

/// A list of texts, or a report of what is none.
pub(crate) fn texts_of(
    key: &str,
    value: &DeValue,
    span: &Range<usize>,
    report: &mut Report,
) -> Option<At<Vec<At<String>>>> {
    let DeValue::Array(items) = value else {
        let message = said!("\"{}\" must be a list of texts, but this is {}", key, kind_of(value));
        report.error(span, message, said!("write {} = [\"…\", \"…\"]", key));
        return None;
    };
    let one = |item: &toml::Spanned<DeValue>, report: &mut Report| match item.get_ref() {
        text @ DeValue::String(_) => text_of(key, text, &item.span(), report),
        other => {
            let message = said!("\"{}\" must be a list of texts, but this is {}", key, kind_of(other));
            report.error(&item.span(), message, said!("write it in quotes"));
            None
        }
    };
    let value = items.iter().filter_map(|item| one(item, report)).collect();
    Some(At { span: span.clone(), value })
}

/// Whether a name is one that people can see and type: one line, not blank, no blanks around it.
pub(crate) fn named(key: &str, name: &At<String>, report: &mut Report) -> bool {
    let text = name.value.as_str();
    let (message, help) = match () {
        () if text.trim().is_empty() => (said!("\"{}\" is empty", key), said!("write what people shall see")),
        () if text.contains(['\n', '\r']) => (said!("\"{}\" has a line break", key), said!("write it in one line")),
        () if text.trim() != text => (said!("\"{}\" begins or ends with a blank", key), said!("leave the blank out")),
        () if text.chars().count() > NAME_MAX_LENGTH => {
            (said!("\"{}\" is longer than {} characters", key, NAME_MAX_LENGTH), said!("write it shorter"))
        }
        () => return true,
    };
    report.error(&name.span, message, help);
    false
}

/// As people call a TOML value's type.
pub(crate) fn kind_of(value: &DeValue) -> Said {
    match value {
        DeValue::String(_) => said!("a text"),
        DeValue::Integer(_) => said!("a whole number"),
        DeValue::Float(_) => said!("a number"),
        DeValue::Boolean(_) => said!("true or false"),
        DeValue::Datetime(_) => said!("a date or time"),
        DeValue::Array(_) => said!("a list"),
        DeValue::Table(_) => said!("a table"),
    }
}

/// Where in the file the bytes `inner` of a string's value stand, the string itself standing at `span`.
pub(crate) fn inside(text: &str, span: &Range<usize>, inner: &Range<usize>) -> Range<usize> {
    let Some(raw) = text.get(span.clone()) else { return span.clone() };
    let Some(quote) = raw.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else { return span.clone() };
    let triple = raw.len() >= 6 && raw.starts_with(&quote.to_string().repeat(3));
    let mut at = if triple { 3 } else { 1 };
    let mut end = raw.len() - at;
    if triple {
        at += if raw[at..].starts_with("\r\n") { 2 } else { usize::from(raw[at..].starts_with('\n')) };
    }
    end = end.max(at);
    // Walks value and spelling side by side; `places` are the spelling's places of the two ends.
    let (mut decoded, mut places) = (0, [None, None]);
    while at < end {
        // A spelling that is no TOML was reported; its letters cannot be told apart.
        let Some(rest) = raw.get(at..end) else { return span.clone() };
        let (spelled, meant) = one_letter(rest, quote == '"');
        let [start, end_of_part] = &mut places;
        // What stands for nothing, a line continued, belongs to no part's beginning.
        if start.is_none() && decoded >= inner.start && meant > 0 {
            *start = Some(at);
        }
        if end_of_part.is_none() && decoded >= inner.end {
            *end_of_part = Some(at);
        }
        at += spelled;
        decoded += meant;
    }
    let [start, stop] = places.map(|place| span.start + place.unwrap_or(end));
    if start <= stop { start..stop } else { span.clone() }
}

/// How many bytes the next letter of a string takes in the file, and how many in its value.
fn one_letter(rest: &str, escapes: bool) -> (usize, usize) {
    if rest.starts_with("\r\n") {
        return (2, 1);
    }
    let first = rest.chars().next().map_or(1, char::len_utf8);
    let Some(escaped) = rest.strip_prefix('\\').filter(|_| escapes) else { return (first, first) };
    let digits = match escaped.chars().next() {
        Some('x') => 2,
        Some('u') => 4,
        Some('U') => 8,
        Some(letter) if letter.is_whitespace() => {
            let blanks = escaped.len() - escaped.trim_start().len();
            return (1 + blanks, 0);
        }
        _ => return (2.min(rest.len()), 1),
    };
    let code = escaped.get(1..=digits).and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
    ((2 + digits).min(rest.len()), code.map_or(1, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn places_inside_strings() {
        // What stands between ‹ and › is what the value's part `part` is spelled as.
        let check = |spelled: &str, value: &str, part: &str| {
            let text = spelled.replace(['‹', '›'], "");
            let start = value.find(part).unwrap();
            let found = inside(&text, &(0..text.len()), &(start..start + part.len()));
            let marked = [&text[..found.start], "‹", &text[found.clone()], "›", &text[found.end..]].concat();
            assert_eq!(marked, spelled);
        };
        check(r#"'a ‹"事"› b'"#, r#"a "事" b"#, r#""事""#);
        check(r#""a ‹\"事\"› b""#, r#"a "事" b"#, r#""事""#);
        check(r#""\u4e8b\U0001F600\x41\t‹b›c""#, "事😀A\tbc", "b");
        check("'''\na\n‹b›'''", "a\nb", "b");
        check("'''\r\na\r\n‹b›\r\n'''", "a\nb\n", "b");
        check("\"\"\"a \\\n   ‹b› \"\"\"", "a b ", "b");

        // What is no string, or is not spelled as one, is marked as a whole.
        assert_eq!(inside("abc", &(0..3), &(1..2)), 0..3);
        assert_eq!(inside("\"\\单板\"", &(0..9), &(4..5)), 0..9);
    }
}
