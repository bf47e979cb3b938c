//! `tasksteper flow import-django`: the original's Python as flow files, and its items with it.

mod expression;
mod field;
mod learn;
mod mend;
mod people;
mod project;
mod python;
mod reader;
mod row;
mod rows;
mod table;
mod widget;
mod write;

use std::{fs, path::Path};

use flow::Severity;

use self::{
    project::{Gathered, Project},
    write::Written,
};
use super::{Done, Refusal, say, tell};
use crate::cli::ImportDjango;

/// A project that became a sound flow file.
struct Made {
    project: Project,
    written: Written,
}

pub(super) fn run(asked: &ImportDjango) -> Done {
    let files = asked.files.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let python = python::read(&files);
    let mut all = project::gather(&python);
    name_items(&asked.prefix, &mut all.projects)?;
    let source = rows::Source::open(asked, &mut all)?;
    let made = make(&files, &mut all);
    let output = match (&asked.output, &asked.db) {
        (Some(output), _) => Some(output.as_path()),
        (None, None) => Some(Path::new(".")),
        (None, Some(_)) => None,
    };
    tell_notes(&files, &all);
    if let Some(output) = output.filter(|_| !asked.dry_run) {
        keep(&made, output, asked.force)?;
    }
    if made.is_empty() {
        return Err(Refusal::Refused("no project could be carried over".to_owned()));
    }
    if let Some(source) = &source {
        rows::carry(asked, source, &made)?;
    }
    if python.broken || all.refused {
        return Err(Refusal::Refused("not everything could be carried over: mend the lines above".to_owned()));
    }
    Ok(())
}

fn read(path: &Path) -> Result<(String, String), Refusal> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| Refusal::Refused(format!("{name}: {error}")))?;
    // What was written on Windows in China may be in its own coding.
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => encoding_rs::GB18030
            .decode_without_bom_handling_and_without_replacement(error.as_bytes())
            .map(std::borrow::Cow::into_owned)
            .ok_or_else(|| Refusal::Refused(format!("{name}: neither UTF-8 nor GBK")))?,
    };
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Ok((name, text.replace("\r\n", "\n")))
}

/// Items are called as they are asked to be. The original called all of them `question_N`; here a name belongs to one flow.
fn name_items(asked: &[String], projects: &mut [Project]) -> Done {
    for given in asked {
        let Some((key, prefix)) = given.split_once('=') else {
            return Err(Refusal::Usage(format!("--prefix {given}: write FLOW=PREFIX")));
        };
        match projects.iter_mut().find(|project| project.key == key) {
            Some(project) => project.prefix = Some(prefix.to_owned()),
            None => return Err(Refusal::Refused(format!("--prefix {given}: no project {key:?} is carried over"))),
        }
    }
    let taken = projects.iter().any(|project| project.prefix.as_deref() == Some("question"));
    // Its name stays with the project that says most of its items.
    let widest = (0..projects.len()).rev().max_by_key(|at| projects[*at].fields.len()).unwrap_or(0);
    if let Some(project) = projects.get_mut(widest)
        && project.prefix.is_none()
        && !taken
    {
        project.prefix = Some("question".to_owned());
    }
    Ok(())
}

/// The flow files, checked together. A project whose file would have errors is left out, and why is said.
fn make(files: &[(String, String)], all: &mut Gathered) -> Vec<Made> {
    loop {
        let made: Vec<Made> = all
            .projects
            .iter()
            .map(|project| {
                let source =
                    files.get(project.place.file).map_or("", |(name, _)| name.rsplit('/').next().unwrap_or(name));
                Made { project: project.clone(), written: write::write(project, source) }
            })
            .collect();
        let names: Vec<String> = made.iter().map(|one| write::file_name(&one.project)).collect();
        let given: Vec<flow::File> =
            made.iter().zip(&names).map(|(one, name)| flow::File { name, text: &one.written.text }).collect();
        let problems = flow::check(&given, &[], false).problems;
        let mut sound = true;
        for (one, name) in made.iter().zip(&names) {
            for problem in problems.iter().filter(|problem| problem.file == *name) {
                let place = one.written.origin(problem.span.start).unwrap_or(one.project.place);
                let (message, help) = (&problem.message, &problem.help);
                let flow = &one.project.name;
                match problem.severity {
                    Severity::Error => {
                        sound = false;
                        all.refused = true;
                        all.note(place, format!("the project '{flow}' is left out: {message}; {help}"));
                        all.projects.retain(|project| project.key != one.project.key);
                    }
                    Severity::Warning => all.note(place, format!("in the flow '{flow}': {message}; {help}")),
                    Severity::Note => {}
                }
            }
        }
        if sound {
            return made;
        }
    }
}

fn tell_notes(files: &[(String, String)], all: &Gathered) {
    let mut notes = all.notes.clone();
    notes.sort_by(|a, b| (a.place, &a.text).cmp(&(b.place, &b.text)));
    notes.dedup_by(|a, b| a.place == b.place && a.text == b.text);
    for note in notes {
        let name = files.get(note.place.file).map_or("", |(name, _)| name.as_str());
        tell(format_args!("{name}:{}: {}", note.place.line, note.text));
    }
}

/// Writes the files: all of them, or none where one is in the way.
fn keep(made: &[Made], output: &Path, force: bool) -> Done {
    let broken = |path: &Path, error: std::io::Error| Refusal::Refused(format!("{}: {error}", path.display()));
    fs::create_dir_all(output).map_err(|error| broken(output, error))?;
    for one in made {
        let path = output.join(write::file_name(&one.project));
        let differs = fs::read(&path).is_ok_and(|there| there != one.written.text.as_bytes());
        if differs && !force {
            let path = path.display();
            return Err(Refusal::Refused(format!("{path} is there already: nothing was written; --force replaces it")));
        }
    }
    for one in made {
        let path = output.join(write::file_name(&one.project));
        fs::write(&path, &one.written.text).map_err(|error| broken(&path, error))?;
        say(format_args!("wrote {} ({})", path.display(), one.project.title));
    }
    Ok(())
}
