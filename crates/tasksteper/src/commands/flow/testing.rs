//! `flow test`: the scenarios beside flow files.

use std::path::{Path, PathBuf};

use app::publish::FlowFile;
use flow::{
    Severity,
    trial::{Played, flow_file_of, is_scenarios, play},
};

use super::{as_file, count, flow_files, inside, read_one, report};
use crate::commands::{Done, Refusal, say, zone_named};

/// Plays all of them; refused if one does not come as it must.
pub(super) fn run(paths: &[PathBuf], time_zone: &str) -> Done {
    let zone = zone_named(time_zone)?;
    let (tests, flows) = read(paths)?;
    let given: Vec<flow::File> = flows.iter().map(as_file).collect();
    let checked = flow::check(&given, &[], false);
    let tested: Vec<String> = tests.iter().filter_map(|file| flow_file_of(&file.name)).collect();
    let mut problems = checked.problems;
    // what is beside a flow only so that it can open items was not asked for
    problems.retain(|problem| problem.severity == Severity::Error && tested.contains(&problem.file));
    let named: Vec<_> = given.iter().zip(&checked.flows).map(|(file, flow)| (file.name, flow.as_ref())).collect();
    let given: Vec<flow::File> = tests.iter().map(as_file).collect();
    let Played { scenarios, problems: found } = play(&given, &named, &[], &zone);
    problems.extend(found);
    for (file, scenario, fine) in &scenarios {
        let word = if *fine { "ok    " } else { "FAILED" };
        say(format_args!("{word} {file}: {scenario}"));
    }
    let files: Vec<FlowFile> = tests.into_iter().chain(flows).collect();
    report(&problems, &files);
    let failed = scenarios.iter().filter(|(.., fine)| !fine).count();
    if !problems.is_empty() {
        return Err(Refusal::Refused(match failed {
            0 => count(problems.len(), "error"),
            failed => format!("{failed} of {} failed", count(scenarios.len(), "scenario")),
        }));
    }
    say(format_args!("{}, all as expected", count(scenarios.len(), "scenario")));
    Ok(())
}

/// The files of scenarios that are meant, and every flow file beside one of them.
fn read(paths: &[PathBuf]) -> Result<(Vec<FlowFile>, Vec<FlowFile>), Refusal> {
    let mut tests: Vec<PathBuf> = Vec::new();
    for path in paths {
        tests.append(&mut meant(path)?);
    }
    let mut flows: Vec<PathBuf> = Vec::new();
    for test in &tests {
        flows.append(&mut beside(test)?);
    }
    let read_all = |mut paths: Vec<PathBuf>| -> Result<Vec<FlowFile>, Refusal> {
        paths.sort();
        paths.dedup();
        paths.iter().map(|path| read_one(path)).collect()
    };
    Ok((read_all(tests)?, read_all(flows)?))
}

/// The files of scenarios that a path means: those in it, itself, or the one beside it.
fn meant(path: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let name = path.to_string_lossy();
    if path.is_dir() {
        let found: Vec<PathBuf> =
            inside(path)?.into_iter().filter(|path| is_scenarios(&path.to_string_lossy())).collect();
        if found.is_empty() {
            let message = format!("{}: no file of scenarios (*.test.toml) in this directory", path.display());
            return Err(Refusal::Refused(message));
        }
        return Ok(found);
    }
    if is_scenarios(&name) || !path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let beside = PathBuf::from(format!("{}.test.toml", name.strip_suffix(".toml").unwrap_or(&name)));
    if !beside.is_file() {
        let message = format!("{}: there are no scenarios beside it ({})", path.display(), beside.display());
        return Err(Refusal::Refused(message));
    }
    Ok(vec![beside])
}

/// The flow files beside a file of scenarios, spelled as it is.
fn beside(test: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let parent = test.parent().unwrap_or(Path::new(""));
    if !parent.as_os_str().is_empty() {
        return flow_files(parent);
    }
    let spelled = |path: PathBuf| path.strip_prefix(".").map_or(path.clone(), Path::to_path_buf);
    Ok(flow_files(Path::new("."))?.into_iter().map(spelled).collect())
}
