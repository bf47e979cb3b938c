//! Flow files: check, publish, list, show, draw, describe, archive.

mod migrating;
mod testing;
mod trying;

use std::{
    fs,
    path::{Path, PathBuf},
};

use app::{
    Error,
    people::system,
    publish::{self, FlowFile},
};
use flow::{Problem, Severity, trial::is_scenarios};

use super::{Done, Refusal, open, open_existing, say, tell, user::table};
use crate::cli::{Data, Drawing, Flow};

pub(super) fn run(command: Flow) -> Done {
    match command {
        Flow::Check { files } => check(&files),
        Flow::Apply { files, note, retype, data } => apply(&files, publish::Terms { note, retype }, &data),
        Flow::Test { files, time_zone } => testing::run(&files, &time_zone),
        Flow::Try { file, as_who, write, time_zone } => trying::run(&file, &as_who, write.as_deref(), &time_zone),
        Flow::List { data } => {
            let rows = open_existing(&data)?.read(|cx| {
                let open = app::work::open_items(cx)?;
                Ok(cx
                    .flows
                    .all()
                    .map(|known| {
                        let count = open.get(&known.flow.key).copied().unwrap_or(0);
                        let note = if known.archived { "archived" } else { "" };
                        vec![
                            known.flow.key.clone(),
                            known.version.to_string(),
                            count.to_string(),
                            known.flow.name.clone(),
                            note.to_owned(),
                        ]
                    })
                    .collect())
            })?;
            table(&["KEY", "VERSION", "OPEN", "NAME", ""], rows);
            Ok(())
        }
        Flow::Show { key, version, data } => {
            let text =
                open_existing(&data)?.read(|cx| publish::text(cx, &key, version)).map_err(|error| match error {
                    Error::NotFound => Refusal::Refused(match version {
                        None => format!("no flow {key:?} is published"),
                        Some(version) => format!("the flow {key:?} has no version {version}"),
                    }),
                    other => Refusal::from(other),
                })?;
            print(&text);
            Ok(())
        }
        Flow::Diagram { flow, format, data } => diagram(&flow, format, &data),
        Flow::Schema => {
            print(flow::SCHEMA);
            Ok(())
        }
        Flow::ImportDjango(import) => super::django::run(&import),
        Flow::Migrate(asked) => migrating::run(&asked),
        Flow::Archive { key, data } => {
            let of = key.clone();
            open_existing(&data)?.write(move |cx| publish::archive(cx, &system(), &of)).map_err(
                |error| match error {
                    Error::NotFound => Refusal::Refused(format!("no flow {key:?} is in use")),
                    other => Refusal::from(other),
                },
            )?;
            say(format_args!("archived {key}"));
            Ok(())
        }
    }
}

/// Prints a text as it is.
fn print(text: &str) {
    use std::io::Write as _;
    // Nobody reads any more: there is nobody to tell.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn diagram(named: &Path, format: Drawing, data: &Data) -> Done {
    let flow = if named.is_file() {
        let file = read_one(named)?;
        let (flow, problems) = flow::read(&flow::File { name: &file.name, text: &file.text });
        match flow {
            Some(flow) => flow,
            None => {
                report(&problems, &[file]);
                return Err(Refusal::Refused(format!("nothing was drawn: {}", count(problems.len(), "problem"))));
            }
        }
    } else {
        let key = named.to_string_lossy().into_owned();
        let asked = key.clone();
        let found = open_existing(data)?
            .read(move |cx| Ok(cx.flows.get(&asked).map(|published| flow::Flow::clone(&published.flow))))?;
        found.ok_or_else(|| Refusal::Refused(format!("{key:?} is neither a flow file nor a published flow")))?
    };
    let text = match format {
        Drawing::Mermaid => flow::mermaid(&flow),
        Drawing::Bpmn => flow::bpmn(&flow),
        Drawing::Svg => flow::picture(&flow, None).svg(true) + "\n",
    };
    print(&text);
    Ok(())
}

/// Publishes all of the files or none.
fn apply(files: &[PathBuf], terms: publish::Terms, data: &Data) -> Done {
    let given = with_scenarios(read(files)?)?;
    let sent = given.clone();
    let (outcomes, problems) = open(data)?
        .write(move |cx| publish::apply(cx, &system(), &sent, &terms))
        .map_err(|error| refused(error, &given))?;
    report(&problems, &given);
    for outcome in outcomes {
        let what = if outcome.unchanged { "unchanged" } else { "published" };
        say(format_args!("{what} {} version {} ({})", outcome.key, outcome.version, outcome.name));
    }
    Ok(())
}

fn check(paths: &[PathBuf]) -> Done {
    let files = read(paths)?;
    let (tests, flows): (Vec<&FlowFile>, Vec<&FlowFile>) = files.iter().partition(|file| is_scenarios(&file.name));
    let given: Vec<flow::File> = flows.into_iter().map(as_file).collect();
    let mut problems = flow::check(&given, &[], false).problems;
    problems.extend(tests.into_iter().flat_map(|file| flow::trial::read_scenarios(&as_file(file)).1));
    report(&problems, &files);
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    if errors > 0 {
        return Err(Refusal::Refused(format!("{} in {}", count(errors, "error"), count(files.len(), "file"))));
    }
    let warnings = problems.iter().filter(|problem| problem.severity == Severity::Warning).count();
    say(format_args!("{}: no errors, {}", count(files.len(), "file"), count(warnings, "warning")));
    Ok(())
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

pub(super) fn refused(error: Error, files: &[FlowFile]) -> Refusal {
    match error {
        Error::Problems(problems) => {
            report(&problems, files);
            let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
            Refusal::Refused(format!("nothing was published: {}", count(errors, "error")))
        }
        other => Refusal::from(other),
    }
}

fn report(problems: &[Problem], files: &[FlowFile]) {
    for problem in problems {
        let text = files.iter().find(|file| file.name == problem.file).map_or("", |file| file.text.as_str());
        tell(flow::render(problem, text));
    }
}

/// The files named; of a directory its `*.toml`, but not `*.test.toml`, by name.
fn read(paths: &[PathBuf]) -> Result<Vec<FlowFile>, Refusal> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let inside = flow_files(path)?;
            if inside.is_empty() {
                return Err(Refusal::Refused(format!("{}: no flow file (*.toml) in this directory", path.display())));
            }
            for path in inside {
                files.push(read_one(&path)?);
            }
        } else {
            files.push(read_one(path)?);
        }
    }
    Ok(files)
}

/// The flow files of a directory, by name: `*.toml`, but not `*.test.toml`.
fn flow_files(directory: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let is_flow = |path: &PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with(".toml") && !is_scenarios(&name)
    };
    Ok(inside(directory)?.into_iter().filter(is_flow).collect())
}

/// The files of a directory, by name.
fn inside(directory: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let entries = fs::read_dir(directory).map_err(|error| unreadable(directory, &error))?;
    let mut paths: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()).collect();
    paths.sort();
    Ok(paths)
}

/// The files, and beside each flow's its scenarios, if there are any.
fn with_scenarios(mut files: Vec<FlowFile>) -> Result<Vec<FlowFile>, Refusal> {
    let stems: Vec<String> =
        files.iter().filter_map(|file| Some(file.name.strip_suffix(".toml")?.to_owned())).collect();
    for stem in stems {
        let beside = PathBuf::from(format!("{stem}.test.toml"));
        let is_given = |file: &FlowFile| Path::new(&file.name) == beside;
        if beside.is_file() && !files.iter().any(is_given) {
            files.push(read_one(&beside)?);
        }
    }
    Ok(files)
}

fn as_file(file: &FlowFile) -> flow::File<'_> {
    flow::File { name: &file.name, text: &file.text }
}

fn read_one(path: &Path) -> Result<FlowFile, Refusal> {
    let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Refusal::Refused(format!("{}: not UTF-8 (byte {at}); save the file as UTF-8", path.display()))
    })?;
    Ok(FlowFile { name: path.display().to_string(), text })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Refusal {
    Refusal::Refused(format!("{}: {error}", path.display()))
}
