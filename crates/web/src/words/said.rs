//! What `flow` says of a file, in the language of the page.

use std::collections::HashMap;

use flow::Said;

use super::Words;

impl Words {
    /// The sentence in this language.
    #[must_use]
    pub fn said(&self, said: &Said) -> String {
        let Some(pattern) = self.said.get(said.pattern()) else { return said.to_string() };
        let args = said.args().iter().map(|arg| match arg {
            flow::Arg::Text(text) => text.clone(),
            flow::Arg::Said(said) => self.said(said),
        });
        filled(pattern, &args.collect::<Vec<_>>())
    }
}

/// The pattern with `{0}`, `{1}` … replaced; `{{` and `}}` are braces.
fn filled(pattern: &str, args: &[String]) -> String {
    let (mut out, mut rest) = (String::new(), pattern);
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let (brace, after) = rest[at..].split_at(1);
        let end = after.find('}').unwrap_or(0);
        match after[..end].parse::<usize>().ok().and_then(|index| args.get(index)) {
            Some(arg) if brace == "{" => {
                out.push_str(arg);
                rest = &after[end + 1..];
            }
            _ => {
                out.push_str(brace);
                rest = after.strip_prefix(brace).unwrap_or(after);
            }
        }
    }
    out.push_str(rest);
    out
}

/// A `.po` file's texts by what they translate. Each stands on one line.
pub(super) fn patterns(file: &str) -> HashMap<String, String> {
    let mut patterns = HashMap::new();
    let mut id = String::new();
    for line in file.lines() {
        if let Some(text) = line.strip_prefix("msgid ") {
            id = unquoted(text);
        } else if let Some(text) = line.strip_prefix("msgstr ") {
            patterns.insert(std::mem::take(&mut id), unquoted(text));
        }
    }
    patterns
}

/// A text in quotes, in which a backslash keeps the quote or the backslash after it.
fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let mut out = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        out.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    out
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;
    use crate::words::Language;

    const CHINESE: &str = include_str!("../../locales/zh-CN/flow-check.po");

    /// The patterns of every `said!("…")` in the crate `flow`.
    fn used() -> BTreeSet<String> {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../flow/src")];
        let mut used = BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                if path.is_dir() {
                    folders.push(path);
                } else if name != "tests.rs" && name != "said.rs" {
                    let text = fs::read_to_string(path).unwrap();
                    let calls = text.split("said!(").skip(1);
                    used.extend(calls.map(|call| unquoted(literal(call.trim_start()))));
                }
            }
        }
        used
    }

    /// The literal that the text begins with, quotes and all.
    fn literal(text: &str) -> &str {
        let mut escaped = true;
        let end = text.find(|letter| {
            let ends = letter == '"' && !escaped;
            escaped = letter == '\\' && !escaped;
            ends
        });
        &text[..=end.expect("a literal")]
    }

    fn count(pattern: &str) -> usize {
        pattern.replace("{{", "").matches("{}").count()
    }

    #[test]
    fn every_message_has_its_chinese() {
        let (used, chinese) = (used(), patterns(CHINESE));
        let known: BTreeSet<String> = chinese.keys().cloned().collect();
        assert!(used.len() > 250, "{}", used.len());
        assert_eq!(used.difference(&known).collect::<Vec<_>>(), [""; 0], "no Chinese");
        assert_eq!(known.difference(&used).collect::<Vec<_>>(), [""; 0], "said nowhere");
        assert_eq!(CHINESE.matches("msgid ").count(), known.len(), "twice");
        for (english, chinese) in chinese {
            let places: BTreeSet<usize> = (0..9).filter(|n| chinese.contains(&format!("{{{n}}}"))).collect();
            assert_eq!(places, (0..count(&english)).collect(), "{english}");
            let is_chinese = chinese.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
            let is_bare = ["{0}", "“{0}”"].contains(&chinese.as_str());
            assert!(is_chinese || is_bare, "{english}: {chinese}");
        }
    }

    #[test]
    fn a_problem_is_said_in_the_language_of_the_page() {
        let text = "key = \"t\"\nname = \"流程\"\n[[field]]\nkey = \"a\"\ntype = \"txt\"\n[[transition]]\nsource = \"开\"\n\
                    trigger = \"关\"\ndest = \"完\"\ncondition = { a = 1 }\nby = 3\nset = 3\n";
        let problems = flow::check(&[flow::File { name: "t.toml", text }], &[], false).problems;
        let said: Vec<[String; 4]> = problems
            .iter()
            .map(|problem| {
                let [chinese, english] = [Language::Chinese, Language::English].map(Language::words);
                let (message, help) = (&problem.message, &problem.help);
                [chinese.said(message), chinese.said(help), english.said(message), english.said(help)]
            })
            .collect();
        let expected = [
            ["没有类型“txt”", "是不是想写“text”？", "there is no type \"txt\"", "did you mean \"text\"?"],
            [
                "“by”必须是文本的列表，而这里是整数",
                "写成 by = [\"…\", \"…\"]",
                "\"by\" must be a list of texts, but this is a whole number",
                "write by = [\"…\", \"…\"]",
            ],
            [
                "“set”必须是表，而这里是整数",
                "写成 set = { … }",
                "\"set\" must be a table, but this is a whole number",
                "write set = { … }",
            ],
        ];
        assert_eq!(said, expected);
    }
}
