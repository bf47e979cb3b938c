//! `flow test`: the scenarios beside flow files.

use std::path::{Path, PathBuf};

use app::publish::FlowFile;
use flow::{
    Severity,
    trial::{Played, flow_file_of, is_scenarios, play},
};

use super::{as_file, count, read_one, report, unreadable};
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
        let name = path.to_string_lossy();
        if path.is_dir() {
            let inside = inside(path)?;
            let mut found: Vec<PathBuf> =
                inside.into_iter().filter(|path| is_scenarios(&path.to_string_lossy())).collect();
            if found.is_empty() {
                let message = format!("{}: no file of scenarios (*.test.toml) in this directory", path.display());
                return Err(Refusal::Refused(message));
            }
            tests.append(&mut found);
        } else if is_scenarios(&name) {
            tests.push(path.clone());
        } else {
            let beside = PathBuf::from(format!("{}.test.toml", name.strip_suffix(".toml").unwrap_or(&name)));
            if path.is_file() && !beside.is_file() {
                let message = format!("{}: there are no scenarios beside it ({})", path.display(), beside.display());
                return Err(Refusal::Refused(message));
            }
            tests.push(if path.is_file() { beside } else { path.clone() });
        }
    }
    tests.sort();
    tests.dedup();
    let mut flows: Vec<PathBuf> = Vec::new();
    for test in &tests {
        let directory = test.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let is_flow = |path: &PathBuf| {
            let name = path.to_string_lossy();
            name.ends_with(".toml") && !is_scenarios(&name)
        };
        let spelled = |path: PathBuf| match test.parent() {
            Some(parent) if parent.as_os_str().is_empty() => {
                path.strip_prefix(".").map_or(path.clone(), Path::to_path_buf)
            }
            _ => path,
        };
        flows.extend(inside(directory)?.into_iter().filter(is_flow).map(spelled));
    }
    flows.sort();
    flows.dedup();
    let tests = tests.iter().map(|path| read_one(path)).collect::<Result<_, _>>()?;
    Ok((tests, flows.iter().map(|path| read_one(path)).collect::<Result<_, _>>()?))
}

/// The files of a directory.
fn inside(directory: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let entries = std::fs::read_dir(directory).map_err(|error| unreadable(directory, &error))?;
    let mut paths: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()).collect();
    paths.sort();
    Ok(paths)
}
