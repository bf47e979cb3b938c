//! Values of a flow file as people type them into the designer, and back. What cannot be typed plainly is shown, and taken, in
//! the words of TOML: `["甲、乙", "丙"]`.

use flow::edit::Written;

/// How a value is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One line.
    Line,
    /// Many lines.
    Lines,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// Words with `、` or `,` between them; a single one is no list.
    Names,
    /// The same, and always a list.
    List,
    /// Words to choose from, one a line; under a parent `硬件：线缆、单板`.
    Choices,
    /// A line for each: `verdict = 通过`.
    Pairs,
    /// An expression, or a table of equalities in the words of TOML.
    Condition,
}

/// What stands between the words of a list.
const BETWEEN: [char; 4] = ['、', ',', '，', '\n'];

/// The value as it is typed.
pub(super) fn shown(written: Option<&Written>) -> String {
    let Some(written) = written else { return String::new() };
    match written {
        Written::Text(text) => text.clone(),
        Written::Flag(flag) => flag.to_string(),
        Written::Raw(spelled) => spelled.clone(),
        Written::List(list) => listed(list).unwrap_or_else(|| written.to_string()),
        Written::Table(table) => {
            let lines = table.iter().map(|(key, value)| match value {
                Written::List(list) if is_plain(key, &['=']) => Some(format!("{key} = {}", listed(list)?)),
                Written::Text(text) if is_plain(key, &['=']) && is_plain(text, &['\n', '[']) => {
                    Some(format!("{key} = {text}"))
                }
                Written::Flag(flag) if is_plain(key, &['=']) => Some(format!("{key} = {flag}")),
                Written::Raw(spelled) if is_plain(key, &['=']) => Some(format!("{key} = {spelled}")),
                _ => None,
            });
            lines.collect::<Option<Vec<_>>>().map_or_else(|| written.to_string(), |lines| lines.join("\n"))
        }
    }
}

/// [`shown`] of words to choose from: one a line, or those under each of the parent's.
pub(super) fn shown_choices(written: Option<&Written>) -> String {
    match written {
        Some(Written::Table(table)) => {
            let lines = table.iter().map(|(key, value)| match value {
                Written::List(list) if is_plain(key, &[':', '：']) => Some(format!("{key}：{}", listed(list)?)),
                _ => None,
            });
            let lines: Option<Vec<String>> = lines.collect();
            lines.map_or_else(|| Written::Table(table.clone()).to_string(), |lines| lines.join("\n"))
        }
        Some(Written::List(list)) => {
            let words = list.iter().map(|word| word.text().filter(|text| is_plain(text, &['\n', '[', '{'])));
            let lines: Option<Vec<&str>> = words.collect();
            lines.map_or_else(|| Written::List(list.clone()).to_string(), |lines| lines.join("\n"))
        }
        other => shown(other),
    }
}

/// A condition as it is typed: tables of equalities in the words of TOML.
pub(super) fn shown_condition(written: Option<&Written>) -> String {
    match written {
        Some(Written::Text(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// What was typed, as a value; none where nothing was. `was`: what stood there, whose form is kept where both would do.
pub(super) fn read(shape: Shape, text: &str, was: Option<&Written>, under_parent: bool) -> Option<Written> {
    let text = text.replace("\r\n", "\n");
    let trimmed = text.trim();
    if trimmed.is_empty() && shape != Shape::Lines {
        return None;
    }
    let in_toml = || trimmed.starts_with(['[', '{']).then(|| trimmed.parse().ok()).flatten();
    Some(match shape {
        Shape::Line => Written::Text(trimmed.to_owned()),
        Shape::Lines if text.is_empty() => return None,
        Shape::Lines => Written::Text(text),
        Shape::Number => number(trimmed),
        Shape::Flag => return (trimmed == "true").then_some(Written::Flag(true)),
        Shape::Names => match in_toml().unwrap_or_else(|| Written::List(words(trimmed))) {
            Written::List(list) if list.len() == 1 && !matches!(was, Some(Written::List(_))) => {
                list.into_iter().next()?
            }
            other => other,
        },
        Shape::List => in_toml().unwrap_or_else(|| Written::List(words(trimmed))),
        Shape::Choices => in_toml().unwrap_or_else(|| match under_parent {
            true => Written::Table(lines(trimmed).map(under).collect()),
            false => Written::List(lines(trimmed).map(|line| Written::Text(line.to_owned())).collect()),
        }),
        Shape::Pairs => in_toml().unwrap_or_else(|| Written::Table(lines(trimmed).map(pair).collect())),
        Shape::Condition => match in_toml() {
            Some(table @ Written::Table(_)) => table,
            _ => Written::Text(trimmed.to_owned()),
        },
    })
}

/// What a default or a `set` says, by the field's type: `typed` is as it stands in the form.
pub(super) fn value_of(typed: &Written, kind: &str, multiple: bool) -> Written {
    let Some(text) = typed.text() else { return typed.clone() };
    match kind {
        "bool" if matches!(text, "true" | "false") => Written::Flag(text == "true"),
        "number" => number(text),
        _ if multiple => text.parse().ok().unwrap_or_else(|| Written::List(words(text))),
        _ => typed.clone(),
    }
}

/// A number; what is none stays a text, so that the check says so.
fn number(text: &str) -> Written {
    match text.parse() {
        Ok(Written::Raw(spelled))
            if spelled.starts_with(|first: char| first.is_ascii_digit() || "+-".contains(first)) =>
        {
            Written::Raw(spelled)
        }
        _ => Written::Text(text.to_owned()),
    }
}

fn listed(list: &[Written]) -> Option<String> {
    let words = list.iter().map(|word| word.text().filter(|text| is_plain(text, &BETWEEN) && !text.starts_with('[')));
    Some(words.collect::<Option<Vec<_>>>()?.join("、"))
}

/// Whether the text comes back as it is when it is typed.
fn is_plain(text: &str, marks: &[char]) -> bool {
    !text.is_empty() && text.trim() == text && !text.contains(marks)
}

fn words(text: &str) -> Vec<Written> {
    text.split(BETWEEN)
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(|word| Written::Text(word.to_owned()))
        .collect()
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// `硬件：线缆、单板`
fn under(line: &str) -> (String, Written) {
    let (parent, rest) = line.split_once([':', '：']).unwrap_or((line, ""));
    (parent.trim().to_owned(), Written::List(words(rest)))
}

/// `verdict = 通过`
fn pair(line: &str) -> (String, Written) {
    let (key, value) = line.split_once('=').unwrap_or((line, ""));
    (key.trim().to_owned(), Written::Text(value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of a value is read as that value.
    #[test]
    fn what_is_shown_comes_back() {
        for (shape, spelled, typed) in [
            (Shape::Names, "\"甲\"", "甲"),
            (Shape::Names, "[\"甲\", \"乙\"]", "甲、乙"),
            (Shape::Names, "[\"甲、乙\", \"丙\"]", "[\"甲、乙\", \"丙\"]"),
            (Shape::List, "[\"a\"]", "a"),
            (Shape::Number, "12", "12"),
            (Shape::Number, "-0.50", "-0.50"),
            (Shape::Pairs, "{ verdict = \"通过\", why = \"a = b\" }", "verdict = 通过\nwhy = a = b"),
            (Shape::Pairs, "{ verdict = \"\" }", "{ verdict = \"\" }"),
            (Shape::Lines, "\"a\\nb\"", "a\nb"),
        ] {
            let value: Written = spelled.parse().unwrap();
            assert_eq!(shown(Some(&value)), typed, "{spelled}");
            assert_eq!(read(shape, typed, Some(&value), false), Some(value), "{spelled}");
        }
        for (spelled, typed, under_parent) in [
            ("[\"线缆\", \"单板、背板\"]", "线缆\n单板、背板", false),
            ("{ \"硬件\" = [\"线缆\", \"单板\"], \"软件\" = [\"协议\"] }", "硬件：线缆、单板\n软件：协议", true),
            ("{ \"a:b\" = [\"x\"] }", "{ \"a:b\" = [\"x\"] }", true),
        ] {
            let value: Written = spelled.parse().unwrap();
            assert_eq!(shown_choices(Some(&value)), typed);
            assert_eq!(read(Shape::Choices, typed, Some(&value), under_parent), Some(value));
        }
        let table: Written = "{ level = \"事故\" }".parse().unwrap();
        assert_eq!(read(Shape::Condition, &shown_condition(Some(&table)), Some(&table), false), Some(table));
    }

    #[test]
    fn what_is_typed_is_taken_as_meant() {
        let text = |text: &str| Written::Text(text.to_owned());
        assert_eq!(read(Shape::Number, "drei", None, false), Some(text("drei")), "the check says what is wrong");
        assert_eq!(read(Shape::Line, "  ", None, false), None);
        assert_eq!(read(Shape::Lines, "a\r\nb", None, false), Some(text("a\nb")));
        assert_eq!(read(Shape::Names, "甲 ，乙, ", None, false), Some(Written::List(vec![text("甲"), text("乙")])));
        assert_eq!(value_of(&text("true"), "bool", false), Written::Flag(true));
        assert_eq!(value_of(&text("3"), "number", false), Written::Raw("3".to_owned()));
        assert_eq!(value_of(&text("甲、乙"), "choice", true), Written::List(vec![text("甲"), text("乙")]));
        assert_eq!(value_of(&text("today"), "date", false), text("today"));
    }
}
