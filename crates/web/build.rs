//! Cuts out of Tabler's style sheet what no page of ours names: nine tenths of it, which every page would have a browser read
//! again. A rule stays if each class of one of its selectors is a word in the templates, the sources or the scripts.

use std::{
    collections::HashSet,
    env, fs, io,
    path::{Path, PathBuf},
};

const WHOLE: &str = "static/vendor/tabler/tabler-1.6.1.min.css";
/// Where classes are named; of other people's files, those that write into our pages.
const NAMED: [&str; 5] = ["templates", "src", "static", "static/vendor/htmx", "static/vendor/tom-select"];

fn main() -> io::Result<()> {
    let mut words = HashSet::new();
    for folder in NAMED {
        println!("cargo::rerun-if-changed={folder}");
        read_words(Path::new(folder), folder.contains("vendor"), &mut words)?;
    }
    println!("cargo::rerun-if-changed=build.rs");
    let place = env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| io::Error::other("cargo names no OUT_DIR"))?;
    fs::write(place.join("tabler.css"), used(&fs::read_to_string(WHOLE)?, &words))
}

/// What stands in the files of a folder, and of those in it.
fn read_words(folder: &Path, vendor: bool, words: &mut HashSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if path.is_dir() {
            if vendor || !path.ends_with("vendor") {
                read_words(&path, vendor, words)?;
            }
        } else if ["html", "rs", "js", "css"].contains(&kind) && !(vendor && kind == "css") {
            let text = fs::read_to_string(&path)?;
            let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
            words.extend(text.split(|letter| !is_part(letter)).filter(|word| !word.is_empty()).map(str::to_owned));
        }
    }
    Ok(())
}

/// The rules of a minified style sheet that can apply where the classes are among `words`.
fn used(css: &str, words: &HashSet<String>) -> String {
    let mut kept = String::new();
    let mut rest = css;
    while !rest.is_empty() {
        if let Some(comment) = rest.strip_prefix("/*") {
            // the licence
            let end = comment.find("*/").map_or(rest.len(), |end| end + 4);
            kept.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        let opened = rest.find('{').unwrap_or(rest.len());
        let statement = rest.find(';').filter(|end| rest.starts_with('@') && *end < opened);
        if let Some(end) = statement {
            kept.push_str(&rest[..=end]);
            rest = &rest[end + 1..];
            continue;
        }
        if opened == rest.len() {
            kept.push_str(rest);
            break;
        }
        let closed = opened + block(&rest[opened..]);
        let (before, inner) = (&rest[..opened], &rest[opened + 1..closed - 1]);
        let nested = ["@media", "@supports", "@layer", "@container"].iter().any(|rule| before.starts_with(rule));
        let (before, inner) = match () {
            () if nested => (before.to_owned(), used(inner, words)),
            () if before.starts_with('@') => (before.to_owned(), inner.to_owned()),
            () => {
                let selectors = split(before).into_iter().filter(|selector| applies(selector, words));
                (selectors.collect::<Vec<_>>().join(","), inner.to_owned())
            }
        };
        if !before.is_empty() && !inner.is_empty() {
            kept.push_str(&format!("{before}{{{inner}}}"));
        }
        rest = &rest[closed..];
    }
    kept
}

/// How long the block is that begins here with its brace. A brace in a text in quotes is none.
fn block(text: &str) -> usize {
    let (mut depth, mut quote) = (0_usize, None);
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), close) if open == close => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '{') => depth += 1,
            (None, '}') => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            (None, _) => {}
        }
    }
    text.len()
}

/// Selectors, at the commas that are not in brackets.
fn split(selectors: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0_i32, 0);
    for (at, letter) in selectors.char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&selectors[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&selectors[from..]);
    parts
}

/// Whether every class of the selector is named somewhere; what stands in brackets (`:not(.a)`) excludes nothing.
fn applies(selector: &str, words: &HashSet<String>) -> bool {
    let (mut depth, mut class) = (0_i32, None::<String>);
    let mut escaped = false;
    for letter in selector.chars().chain([' ']) {
        let is_part = escaped || letter.is_alphanumeric() || letter == '_' || letter == '-';
        if let Some(name) = class.as_mut().filter(|_| is_part) {
            name.push(letter);
            escaped = false;
            continue;
        }
        escaped = letter == '\\';
        if escaped {
            continue;
        }
        if class.take().is_some_and(|name| !words.contains(&name)) {
            return false;
        }
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '.' if depth == 0 => class = Some(String::new()),
            _ => {}
        }
    }
    true
}
