//! A file with mistakes, without them: the smallest part around each is left out, so that the rest is read as it stands there.
//! A part is a statement, a member of a class, a line of a list or dictionary; what is left out leaves its lines empty, so that
//! every line keeps its number.

use std::ops::Range;

use tree_sitter::{Node, Parser, Tree};

/// Nobody nests deeper by hand; what reads a tree goes down with it.
const DEEPEST: u32 = 200;

/// The tree of a text of Python; none, where it is nested too deep.
pub(super) fn parsed(text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).ok()?;
    let tree = parser.parse(text, None)?;
    let mut cursor = tree.walk();
    loop {
        if cursor.depth() > DEEPEST {
            return None;
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                drop(cursor);
                return Some(tree);
            }
        }
    }
}

/// The text without its mistakes, and each of them: its line, counted from 1, and what is wrong.
pub(super) fn mended(text: &str) -> (String, Vec<(usize, String)>) {
    if !is_broken(text) {
        return (text.to_owned(), Vec::new());
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut said = Vec::new();
    for part in parts(&lines, 0) {
        mend(&mut lines[part.clone()], (part.start, WHOLE), &mut said);
    }
    let without = lines.join("\n");
    // Parts that are sound alone may not be so together.
    if said.is_empty() || is_broken(&without) {
        let error = first_error(&without).or_else(|| first_error(text));
        let (row, what) = error.unwrap_or_else(|| (0, "this is no Python".to_owned()));
        said.push(((row + 1).min(lines.len().max(1)), what));
    }
    (without, said)
}

/// What a part stands in: what comes before it and after it.
type Within = (&'static str, &'static str);
const WHOLE: Within = ("", "\n");

fn mend(lines: &mut [String], (first, within): (usize, Within), said: &mut Vec<(usize, String)>) {
    let text = |lines: &[String]| format!("{}{}{}", within.0, lines.join("\n"), within.1);
    if !is_broken(&text(lines)) {
        return;
    }
    let inner = match lines.first().map(|line| line.trim_end()) {
        Some(line) if line.ends_with(['[', '(']) => Some(("x = [\n", "\n]\n")),
        Some(line) if line.ends_with('{') => Some(("x = {\n", "\n}\n")),
        Some(line) if line.ends_with(':') => Some(("class X:\n", "\n")),
        _ => None,
    };
    let known = said.len();
    if let Some(inner) = inner {
        let indent = lines.iter().skip(1).find(|line| is_code(line)).map_or(0, |line| indent(line));
        if indent > lines.first().map_or(0, |line| self::indent(line)) {
            for part in parts(&lines[1..], indent) {
                let part = part.start + 1..part.end + 1;
                mend(&mut lines[part.clone()], (first + part.start, inner), said);
            }
        }
        if !is_broken(&text(lines)) {
            return;
        }
    }
    let at = said.len();
    if let Some((line, what)) = unclosed(lines) {
        said.push((first + line + 1, what));
    } else if at == known {
        let skipped = within.0.lines().count();
        let head = lines.first().map_or("", |line| line.trim());
        let is_block = ["class ", "def ", "if ", "for ", "while "].iter().any(|word| head.starts_with(word));
        if is_block && !head.ends_with(':') {
            said.push((first + 1, format!("syntax error: no ':' ends {head:?}")));
        } else {
            let error = first_error(&text(lines));
            said.extend(error.map(|(row, what)| (first + row.saturating_sub(skipped).min(lines.len() - 1) + 1, what)));
        }
    }
    let long = lines.iter().rposition(|line| is_code(line)).unwrap_or(0);
    if long > 0 && at + 1 == said.len() {
        let end = first + long + 1;
        said[at].1.push_str(&format!("; lines {} to {end} are left out", first + 1));
    }
    lines.iter_mut().for_each(String::clear);
}

fn is_broken(text: &str) -> bool {
    parsed(&format!("{text}\n")).is_none_or(|tree| tree.root_node().has_error())
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn is_code(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with('#')
}

/// The parts that begin at this indentation, with what follows each of them and is deeper.
fn parts(lines: &[String], wanted: usize) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    let (mut quoted, mut decorated) = (false, false);
    for (at, line) in lines.iter().enumerate() {
        let was_quoted = quoted;
        let marks = line.matches("\"\"\"").count() + line.matches("'''").count();
        quoted ^= marks % 2 == 1;
        let word = line.trim_start();
        let goes_on = was_quoted
            || indent(line) > wanted
            || !is_code(line)
            || decorated
            || word.starts_with([')', ']', '}'])
            || (wanted == 0 && !word.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '@'))
            || ["else:", "elif ", "except", "finally:"].iter().any(|start| word.starts_with(start));
        if is_code(line) && !was_quoted {
            decorated = word.starts_with('@');
        }
        match parts.last_mut() {
            _ if !goes_on && indent(line) == wanted => parts.push(at..at + 1),
            // Less deep: what closes the whole, or worse. It belongs to no part.
            _ if !was_quoted && is_code(line) && indent(line) < wanted => break,
            Some(last) => last.end = at + 1,
            None => {}
        }
    }
    parts
}

/// The first place where it is no Python: its row, counted from 0.
fn first_error(text: &str) -> Option<(usize, String)> {
    let tree = parsed(text)?;
    let node = find_error(tree.root_node())?;
    let row = node.start_position().row;
    if node.is_missing() {
        return Some((row, format!("syntax error: {:?} is missing here", node.kind())));
    }
    let line = text.lines().nth(row).unwrap_or_default().trim();
    let start: String = line.chars().take(40).collect();
    let wide = line.chars().find(|c| "‘’“”，：；（）【】｛｝＝".contains(*c));
    let bare = |quotes: [char; 2]| line.split(quotes).step_by(2).any(|part| wide.is_some_and(|c| part.contains(c)));
    Some(match wide {
        Some(wide) if bare(['\'', '\'']) && bare(['"', '"']) => {
            (row, format!("syntax error: {wide:?} stands where Python needs its ASCII sign; write that"))
        }
        _ => (row, format!("syntax error in {start:?}")),
    })
}

fn find_error(node: Node) -> Option<Node> {
    if !node.has_error() {
        return None;
    }
    if node.is_error() || node.is_missing() {
        return Some(node);
    }
    let mut cursor = node.walk();
    node.children(&mut cursor).find_map(find_error)
}

/// A bracket or a text that is not closed: its row within the lines.
fn unclosed(lines: &[String]) -> Option<(usize, String)> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut quote: Option<(usize, &str)> = None;
    for (row, line) in lines.iter().enumerate() {
        let mut rest = line.as_str();
        while let Some(c) = rest.chars().next() {
            let step = match quote {
                Some((_, mark)) if rest.starts_with(mark) => {
                    quote = None;
                    mark.len()
                }
                Some(_) if c == '\\' => c.len_utf8() + rest[c.len_utf8()..].chars().next().map_or(0, char::len_utf8),
                Some(_) => c.len_utf8(),
                None if c == '#' => break,
                None => {
                    if let Some(mark) = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|mark| rest.starts_with(mark)) {
                        quote = Some((row, mark));
                        mark.len()
                    } else {
                        match c {
                            '(' | '[' | '{' => open.push((row, c)),
                            ')' | ']' | '}' => drop(open.pop()),
                            _ => {}
                        }
                        c.len_utf8()
                    }
                }
            };
            rest = &rest[step..];
        }
        if let Some((row, mark @ ("\"" | "'"))) = quote {
            return Some((row, format!("syntax error: a text begins with {mark} here and does not end")));
        }
    }
    let unclosed = quote.map(|(row, mark)| (row, mark.to_owned()));
    let (row, what) = unclosed.or_else(|| open.first().map(|(row, c)| (*row, c.to_string())))?;
    Some((row, format!("syntax error: {what} is never closed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: [&str; 2] =
        [include_str!("../../../../../tests/django/rest.py"), include_str!("../../../../../tests/django/listings.py")];

    /// Whatever is missing: no line changes its number, and what is left out is said.
    fn check(text: &str) {
        let (without, said) = mended(text);
        assert_eq!(said.is_empty(), !is_broken(text), "{said:?} of {text}");
        assert!(without.lines().count() <= text.lines().count());
        for (kept, given) in without.lines().zip(text.lines()) {
            assert!(kept.is_empty() || kept == given, "{kept:?} for {given:?}");
        }
        for (line, what) in said {
            assert!((1..=text.lines().count()).contains(&line), "{line}: {what}");
        }
    }

    #[test]
    fn what_is_whole_stays_as_it_is() {
        for text in WHOLE {
            assert_eq!(mended(text), (text.to_owned(), Vec::new()));
        }
    }

    #[test]
    fn what_is_nested_too_deep_is_left_out() {
        for (open, close) in [("[", "]"), ("(", ")"), ("{1: ", "}"), ("f(", ")"), ("-", "1"), ("[", "")] {
            let deep = format!("a = {}{}\nb = 1\n", open.repeat(3_000), close.repeat(3_000));
            let (without, said) = mended(&deep);
            assert_eq!(said.len(), 1, "{open}");
            assert!(without.ends_with("b = 1") || close.is_empty(), "{open}");
        }
    }

    #[test]
    fn whatever_breaks_off_or_is_missing() {
        for text in WHOLE {
            let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            for pair in ends.windows(2).step_by(29) {
                check(&text[..pair[0]]);
                check(&format!("{}{}", &text[..pair[0]], &text[pair[1]..]));
                check(&format!("{}({}", &text[..pair[0]], &text[pair[0]..]));
            }
        }
    }
}
