//! `tests/planted`: flow files that are sound but for one planted defect. A line `#! COLUMN error: …` behind a line says what the
//! check must report of it, word for word; of the files in `clean`, which come near a defect, it says nothing.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::super::check;
use crate::{Arg, File, Problem, Said, line_column};

/// Sentences that no file can show: they are said of what is not in a file.
const ELSEWHERE: [&str; 25] = [
    // of queries
    "items are counted by at most {} things: \"{}\" is one too many",
    "\"{}\" is none of day, week, month",
    "\"{}\" holds no time: it has no days, weeks or months",
    "\"{}\" is a time: write {}:day, {}:week or {}:month",
    "items cannot be counted or grouped by \"{}\"; they can by a choice, a person, yes or no, state, assigned_to, created_by or a time",
    "here the name of a field must stand",
    // of flows that are published
    "take the items along with flow migrate: until then they keep what they have",
    "give the new field another key; or publish with --retype, and take the items along",
    "items are named {}_1 already",
    "write item_prefix = \"{}\"",
    "\"{}\" was {} in the published version and would be {}",
    "the published flow \"{}\" names its items \"{}\" already",
    "give this flow another item_prefix",
    "the flow \"{}\" is neither among the files nor published",
    "which copies into \"{}\", a field that is gone",
    "which copies \"{}\" into \"{}\": {}",
    "this would break the published flow \"{}\", {}",
    "keep the field as it was, or publish both flows together",
    // of people and drafts
    "{} does not exist yet",
    "add it, or correct the name",
    "this is the draft of \"{}\", whose key never changes",
    "write key = \"{}\", or begin another flow",
    // of what another report stands at already
    "anything",
    "list",
    "add a row out of it",
];

/// The files of one case: one, or those of a directory.
struct Case {
    name: String,
    files: Vec<(String, String)>,
}

fn cases(kind: &str) -> Vec<Case> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/planted").join(kind);
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let within = |folder: &Path| -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let case = |path: &PathBuf| {
        let paths = if path.is_dir() { within(path) } else { vec![path.clone()] };
        let files = paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap()));
        Case { name: name(path), files: files.collect() }
    };
    within(&place).iter().map(case).collect()
}

impl Case {
    fn problems(&self) -> Vec<Problem> {
        let files: Vec<File> = self.files.iter().map(|(name, text)| File { name, text }).collect();
        check(&files, &[], false).problems
    }

    /// As marks, each with its file and line.
    fn said(&self) -> BTreeSet<(String, usize, String)> {
        let mark = |problem: Problem| {
            let (_, text) = self.files.iter().find(|(name, _)| *name == problem.file).unwrap();
            let (line, column) = line_column(text, problem.span.start);
            (problem.file, line, format!("{column} {}: {}", problem.severity.word(), problem.message))
        };
        self.problems().into_iter().map(mark).collect()
    }

    fn marked(&self) -> BTreeSet<(String, usize, String)> {
        let mut marks = BTreeSet::new();
        for (name, text) in &self.files {
            let mut of = 0;
            for (at, line) in text.lines().enumerate() {
                match line.trim_start().strip_prefix("#! ") {
                    Some(mark) => drop(marks.insert((name.clone(), of, mark.to_owned()))),
                    None => of = at + 1,
                }
            }
        }
        marks
    }
}

#[test]
fn each_planted_defect_is_reported_and_nothing_else() {
    let cases = cases("defects");
    assert!(cases.len() > 400, "{}", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter(|case| case.said() != case.marked() || case.marked().is_empty())
        .map(|case| format!("{}: said {:#?}, marked {:#?}", case.name, case.said(), case.marked()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_said_of_what_is_sound() {
    let cases = cases("clean");
    assert!(cases.len() > 20, "{}", cases.len());
    for case in cases {
        assert_eq!(case.said(), BTreeSet::new(), "{}", case.name);
    }
}

/// The patterns in a sentence and in what stands in it.
fn patterns(said: &Said, all: &mut BTreeSet<String>) {
    all.insert(said.pattern().to_owned());
    for arg in said.args() {
        if let Arg::Said(said) = arg {
            patterns(said, all);
        }
    }
}

/// The patterns that the check can say: every sentence but those of queries, trials and drafts.
fn written() -> BTreeSet<String> {
    let call = regex::Regex::new(r#"said!\(\s*("(?:[^"\\]|\\.)*")"#).unwrap();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut all = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            if ["query", "trial", "draft", "edit", "tests", "said"].contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(path).unwrap();
                // a string of Rust without line breaks reads as one of JSON
                let literals = call.captures_iter(&text).map(|found| serde_json::from_str(&found[1]).unwrap());
                all.extend(literals.collect::<Vec<String>>());
            }
        }
    }
    all
}

#[test]
fn every_sentence_of_the_check_is_shown_by_a_file() {
    let mut shown = BTreeSet::new();
    for problem in cases("defects").iter().flat_map(Case::problems) {
        patterns(&problem.message, &mut shown);
        patterns(&problem.help, &mut shown);
    }
    let written = written();
    assert!(written.len() > 300, "{}", written.len());
    let unshown: BTreeSet<&str> = written.difference(&shown).map(String::as_str).collect();
    assert_eq!(unshown, BTreeSet::from(ELSEWHERE));
}
