//! Flows: checking files and playing their scenarios, publishing them, taking a flow out of use.

use std::sync::Arc;

use flow::{Actor, File, Flow, Problem, Severity, Who, trial};
use store::{
    audit,
    flow_version::{self, Beside},
};

use crate::{Error, Page, Reading, Writing, people, work::Part};

/// A flow file, or one of scenarios (`*.test.toml`) of the flow beside it.
#[derive(Debug, Clone)]
pub struct FlowFile {
    /// Its name as given.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl FlowFile {
    fn as_file(&self) -> File<'_> {
        File { name: &self.name, text: &self.text }
    }
}

/// What came of publishing one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The flow.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The version in use now.
    pub version: i64,
    /// It was published before just so: nothing changed.
    pub unchanged: bool,
}

/// One published version.
#[derive(Debug, Clone)]
pub struct VersionView {
    /// The flow.
    pub key: String,
    /// 1, 2, …
    pub version: i64,
    /// ms.
    pub published_at: i64,
    /// Who published it.
    pub published_by: String,
    /// What was said of it; may be empty.
    pub note: String,
    /// The flow is out of use.
    pub archived: bool,
    /// Items that are not closed and still follow it.
    pub open: i64,
}

/// How files are published.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// What is said of the new versions; may be empty.
    pub note: String,
    /// Fields may change their type: the items keep what they have until they are migrated.
    pub retype: bool,
}

/// Every problem that publishing these files would meet, as things stand, if fields may change their type. Errors would stop it.
///
/// # Errors
/// The store's.
pub fn problems(cx: &Reading, files: &[FlowFile]) -> Result<Vec<Problem>, Error> {
    Ok(checked(cx, files, true)?.1)
}

/// What publishing these files would come to, as things stand, if fields may change their type: for each that can be read, and every problem.
///
/// # Errors
/// `AdminsOnly`, the store's.
pub fn check(cx: &Reading, actor: &Actor, files: &[FlowFile]) -> Result<(Vec<Option<Outcome>>, Vec<Problem>), Error> {
    people::admins_only(actor)?;
    let (flows, problems) = checked(cx, files, true)?;
    let outcome = |(flow, file): (Option<Flow>, &FlowFile)| {
        let flow = flow?;
        let known = cx.flows.get(&flow.key);
        let same = known.is_some_and(|known| !known.archived && *known.text == *file.text);
        let version = known.map_or(0, |known| known.version) + i64::from(!same);
        Some(Outcome { key: flow.key, name: flow.name, version, unchanged: same })
    };
    Ok((flows.into_iter().zip(files).map(outcome).collect(), problems))
}

/// Publishes all of the files or none; a file equal to what is published changes nothing. The warnings come with it.
///
/// # Errors
/// `AdminsOnly`; `Problems`, warnings among them, if there is any error.
pub fn apply(
    cx: &Writing,
    actor: &Actor,
    files: &[FlowFile],
    terms: &Terms,
) -> Result<(Vec<Outcome>, Vec<Problem>), Error> {
    people::admins_only(actor)?;
    let cx = &cx.alone()?;
    let (flows, problems) = checked(cx, files, terms.retype)?;
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(Error::Problems(problems));
    }
    let now = cx.now.as_millisecond();
    let mut outcomes = Vec::new();
    let published = flows.iter().zip(files).filter_map(|(flow, file)| Some((flow.as_ref()?, file)));
    for (flow, file) in published {
        let same = cx.flows.get(&flow.key).filter(|known| !known.archived && *known.text == *file.text);
        let tests = tests_of(file, files);
        let version = match same {
            Some(known) => {
                if let Some(tests) = tests {
                    flow_version::keep_tests(cx.tx, &flow.key, known.version, tests)?;
                }
                known.version
            }
            None => {
                let beside = Beside { note: terms.note.trim().to_owned(), tests: tests.unwrap_or_default().to_owned() };
                let version = flow_version::publish(cx.tx, flow, (&file.text, &beside), &actor.name, now)?;
                let detail = serde_json::json!({"flow": flow.key, "version": version});
                audit::add(cx.tx, now, &actor.name, "flow published", &detail)?;
                version
            }
        };
        let (key, name) = (flow.key.clone(), flow.name.clone());
        outcomes.push(Outcome { key, name, version, unchanged: same.is_some() });
    }
    Ok((outcomes, problems))
}

/// Takes a flow out of use: its items stay readable.
///
/// # Errors
/// `AdminsOnly`, `NotFound`.
pub fn archive(cx: &Writing, actor: &Actor, key: &str) -> Result<(), Error> {
    people::admins_only(actor)?;
    let cx = &cx.alone()?;
    cx.flows.get(key).filter(|known| !known.archived).ok_or(Error::NotFound)?;
    let now = cx.now.as_millisecond();
    flow_version::archive(cx.tx, key, now)?;
    audit::add(cx.tx, now, &actor.name, "flow archived", &serde_json::json!({"flow": key}))?;
    Ok(())
}

/// The text of a version as it was published, byte for byte; the newest unless named.
///
/// # Errors
/// `NotFound`.
pub fn text(cx: &Reading, key: &str, version: Option<i64>) -> Result<String, Error> {
    let known = cx.flows.get(key).ok_or(Error::NotFound)?;
    match version {
        None => Ok(known.text.to_string()),
        Some(version) => flow_version::text(cx.tx, key, version)?.ok_or(Error::NotFound),
    }
}

/// A page of a flow's versions, newest first.
///
/// # Errors
/// `BadCursor`.
pub fn versions(cx: &Reading, key: &str, part: &Part) -> Result<Page<VersionView>, Error> {
    let page = flow_version::page(cx.tx, key, part.cursor.as_deref(), part.limit)?;
    let ends = page.rows.last().zip(page.rows.first()).map(|(last, first)| (last.version, first.version));
    let (from, to) = ends.unwrap_or_default();
    let open = flow_version::open_items(cx.tx, key, from, to)?;
    let view = |row: flow_version::Version| VersionView::of(open.get(&row.version).copied().unwrap_or(0), row);
    Ok(Page { rows: page.rows.into_iter().map(view).collect(), next: page.next })
}

/// The newest version of every flow, by key, with all open items of the flow.
///
/// # Errors
/// The store's.
pub fn current(cx: &Reading) -> Result<Vec<VersionView>, Error> {
    let open = store::list::open_items(cx.tx)?;
    let view = |row: flow_version::Version| VersionView::of(open.get(&row.key).copied().unwrap_or(0), row);
    Ok(flow_version::newest(cx.tx)?.into_iter().map(view).collect())
}

impl VersionView {
    fn of(open: i64, row: flow_version::Version) -> VersionView {
        let flow_version::Version { key, version, published_at, published_by, note, archived } = row;
        VersionView { key, version, published_at, published_by, note, archived, open }
    }
}

/// The scenarios given beside a flow's file.
fn tests_of<'a>(flow: &FlowFile, files: &'a [FlowFile]) -> Option<&'a str> {
    let beside = |file: &&FlowFile| trial::flow_file_of(&file.name).is_some_and(|name| name == flow.name);
    files.iter().find(beside).map(|file| file.text.as_str())
}

type Checked = (Vec<Option<Flow>>, Vec<Problem>);

/// Of each file the flow, none of scenarios; and every problem. Where the flows are sound, the scenarios are played. `retype`:
/// fields may change their type.
fn checked(cx: &Reading, files: &[FlowFile], retype: bool) -> Result<Checked, Error> {
    let (tests, of_flows): (Vec<&FlowFile>, Vec<&FlowFile>) =
        files.iter().partition(|file| trial::is_scenarios(&file.name));
    let tests: Vec<File> = tests.into_iter().map(FlowFile::as_file).collect();
    let given: Vec<File> = of_flows.into_iter().map(FlowFile::as_file).collect();
    let keys: Vec<Option<String>> = given.iter().map(|file| flow::read(file).0.map(|flow| flow.key)).collect();
    let others = other_flows(cx, &keys)?;
    let others: Vec<&Flow> = others.iter().map(|flow| &**flow).collect();
    let flow::Checked { mut flows, mut problems } = flow::check(&given, &others, true);
    for (flow, file) in flows.iter_mut().zip(&given).filter(|(flow, _)| flow.is_none()) {
        *flow = standing(cx, file, &mut problems)?;
    }
    for (flow, file) in flows.iter_mut().zip(&given) {
        let Some(flow) = flow else { continue };
        if let Some(known) = cx.flows.get(&flow.key) {
            let has_items = flow_version::has_items(cx.tx, &flow.key)?;
            let olds = (1..=known.version).rev().map(|version| cx.version(&flow.key, version));
            let olds = olds.collect::<Result<Vec<_>, _>>()?;
            let olds: Vec<&Flow> = olds.iter().map(|old| &**old).collect();
            problems.extend(flow::compatible(&olds, file, has_items, retype));
            flow::settle_types(&olds, flow);
        }
        problems.extend(unknown_people(cx, flow, file)?);
    }
    let named: Vec<(&str, Option<&Flow>)> =
        given.iter().zip(&flows).map(|(file, flow)| (file.name, flow.as_ref())).collect();
    problems.extend(trial::play(&tests, &named, &others, cx.zone).problems);
    let place = |problem: &Problem| files.iter().position(|file| file.name == problem.file);
    problems.sort_by_key(|problem| (place(problem), problem.span.start, problem.severity));
    problems.dedup();
    let mut flows = flows.into_iter();
    let of_file = |file: &FlowFile| if trial::is_scenarios(&file.name) { None } else { flows.next().flatten() };
    Ok((files.iter().map(of_file).collect(), problems))
}

/// The flow of a file with errors that is published as it stands, by a program that did not find them yet: they are warnings
/// then, for nothing is published. None: it is not, or something else in the files is what breaks it.
fn standing(cx: &Reading, file: &File, problems: &mut [Problem]) -> Result<Option<Flow>, Error> {
    let Some(flow) = flow::read(file).0 else { return Ok(None) };
    if cx.flows.get(&flow.key).is_none_or(|known| known.archived || *known.text != *file.text) {
        return Ok(None);
    }
    let others = other_flows(cx, &[Some(flow.key.clone())])?;
    let others: Vec<&Flow> = others.iter().map(|flow| &**flow).collect();
    let alone = flow::check(&[*file], &others, true).problems;
    let is_error = |problem: &&mut Problem| problem.file == file.name && problem.severity == Severity::Error;
    if problems.iter_mut().filter(is_error).any(|problem| !alone.contains(problem)) {
        return Ok(None);
    }
    problems.iter_mut().filter(is_error).for_each(|problem| problem.severity = Severity::Warning);
    Ok(Some(flow))
}

/// The published flows that are not among the files: the newest versions, and older ones that still hold open items,
/// since what they link to and open must go on working.
fn other_flows(cx: &Reading, keys: &[Option<String>]) -> Result<Vec<Arc<Flow>>, Error> {
    let mut others = Vec::new();
    for published in cx.flows.in_use() {
        let key = &published.flow.key;
        if keys.iter().flatten().any(|given| given == key) {
            continue;
        }
        others.push(Arc::clone(&published.flow));
        for version in flow_version::versions_in_use(cx.tx, key)? {
            if version != published.version {
                others.push(cx.version(key, version)?);
            }
        }
    }
    Ok(others)
}

/// Warnings for users and groups that the flow names and that do not exist yet.
fn unknown_people(cx: &Reading, flow: &Flow, file: &File) -> Result<Vec<Problem>, Error> {
    let mut problems = Vec::new();
    for who in flow::people_named(flow) {
        let (known, word) = match &who {
            Who::User(name) => (store::user::by_name(cx.tx, name)?.is_some(), format!("user:{name}")),
            Who::Group(name) => (store::group::exists(cx.tx, name)?, format!("group:{name}")),
            _ => continue,
        };
        if !known {
            let start = file.text.find(&format!("\"{word}\"")).map_or(0, |at| at + 1);
            let span = start..start + word.len().min(file.text.len() - start);
            problems.push(Problem::unknown_people(file.name, span, &word));
        }
    }
    Ok(problems)
}
