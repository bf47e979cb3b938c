//! Items carried out of a flow as a file, and into it.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use app::{
    App,
    carry::{export::Order, notes::Asked},
    people,
};
use flow::Actor;
use web::{
    carry::{
        Format, export as file,
        import::{self as carried, Wanted},
        notes, read,
    },
    words::{Language, Words},
};

use super::{Done, Refusal, backup::bar, from_error, open_existing, say, tell};
use crate::cli::{Export, Import, ReleaseNotes};

/// `tasksteper export`
pub(super) fn export(export: &Export) -> Done {
    let app = open_existing(&export.data)?;
    let format = format(export.format.as_deref(), export.output.as_deref(), Format::Csv);
    let order = Order {
        key: export.flow.clone(),
        query: export.query.clone(),
        sort: export.sort.clone(),
        columns: export.columns.clone(),
        group: export.group.clone(),
    };
    let bar = bar::counted("export", 0);
    let mut told = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
        true
    };
    let written = into_file(export.output.as_deref(), |out| {
        file::write(&app, &people::system(), words(&export.language), (&order, format), out, &mut told)
            .map_err(|broken| refused(&export.flow, &broken))
    });
    bar.finish_and_clear();
    let count = written?;
    if let Some(output) = &export.output {
        tell(format_args!("{count} items of {} in {}", export.flow, output.display()));
    }
    app.close();
    Ok(())
}

/// Rows that are said on stderr, at most.
const MOST_SAID: usize = 100;

/// `tasksteper import`
pub(super) fn import(import: &Import) -> Done {
    let name = import.file.display();
    let broken = |error: io::Error| Refusal::Refused(format!("{name}: {error}"));
    let size = std::fs::metadata(&import.file).map_err(broken)?.len();
    if usize::try_from(size).map_or(true, |size| size > read::MOST_BYTES) {
        let most = read::MOST_BYTES / 1024 / 1024;
        return Err(Refusal::Refused(format!("{name}: larger than {most} MiB: split it")));
    }
    let bytes = std::fs::read(&import.file).map_err(broken)?;
    let table = read::table(&bytes).map_err(|error| Refusal::Refused(format!("{name}: {error}")))?;
    drop(bytes);
    let app = open_existing(&import.data)?;
    let actor = actor(&app, import.actor.as_deref())?;
    let wanted = Wanted {
        key: import.flow.clone(),
        by: import.key.clone(),
        leave: import.mode == "leave",
        dry: import.dry_run,
        ..Wanted::default()
    };
    let bar = bar::counted("import", u64::try_from(table.rows.len()).unwrap_or(0));
    let kept = import.refused.as_ref().map(|_| table.clone());
    let done = carried::carry(&app, &actor, &wanted, table, &mut |done| bar.set_position(done));
    bar.finish_and_clear();
    let done = done.map_err(|error| match error {
        app::Error::NotFound => Refusal::Refused(format!("there is no flow {:?}", import.flow)),
        other => Refusal::Refused(from_error(&other)),
    })?;
    let (words, report) = (Language::English.words(), &done.report);
    for label in &done.ignored {
        tell(format_args!("warning: the column {label:?} is none of the flow's: passed over"));
    }
    for (row, troubles) in report.refused.iter().take(MOST_SAID) {
        tell(format_args!("row {row}: {}", carried::sentence(words, &done.plan.flow, troubles)));
    }
    if report.refused.len() > MOST_SAID {
        tell(format_args!("… and {} rows more", report.refused.len() - MOST_SAID));
    }
    let left = if report.left > 0 { format!(", left {}", report.left) } else { String::new() };
    let (created, updated, unchanged, refused) =
        (report.created, report.updated, report.unchanged, report.refused.len());
    let would = if import.dry_run { "would be: " } else { "" };
    say(format_args!("{would}created {created}, updated {updated}, unchanged {unchanged}{left}, refused {refused}"));
    if let (Some(output), Some(table)) = (&import.refused, &kept)
        && refused > 0
    {
        let rows = (table.header.as_slice(), table.rows.as_slice());
        let book = carried::to_mend(words, &done.plan.flow, rows, report);
        into_file(Some(output), |out| {
            let write = |book: Vec<u8>| out.write_all(&book);
            book.and_then(write).map_err(|error| Refusal::Refused(format!("{}: {error}", output.display())))
        })?;
    }
    app.close();
    match refused {
        0 => Ok(()),
        1 => Err(Refusal::Refused("1 row was refused".to_owned())),
        many => Err(Refusal::Refused(format!("{many} rows were refused"))),
    }
}

/// The user who is named, or else the first administrator: someone whom histories can name and who can hold an item.
pub(super) fn actor(app: &App, named: Option<&str>) -> Result<Actor, Refusal> {
    let users = app.read(people::users)?;
    let mut active = users.into_iter().filter(|user| user.active);
    let (found, whom) = match named {
        Some(name) => (
            active.find(|user| flow::fold_name(&user.name) == flow::fold_name(name)),
            format!("no active user {name:?}"),
        ),
        None => (
            active.filter(|user| user.admin).min_by_key(|user| user.created_at),
            "no active administrator; say with --as who does it".to_owned(),
        ),
    };
    let user = found.ok_or_else(|| Refusal::Refused(format!("there is {whom}")))?;
    Ok(Actor { name: user.name, admin: user.admin, groups: user.groups })
}

/// `tasksteper release-notes`
pub(super) fn release_notes(asked: &ReleaseNotes) -> Done {
    let app = open_existing(&asked.data)?;
    let words = words(&asked.language);
    let end = asked.output.as_deref().and_then(Path::extension).and_then(|end| end.to_str());
    let format = asked.format.as_deref().or(end).and_then(notes::Format::named).unwrap_or(notes::Format::Markdown);
    let order = Asked {
        key: asked.flow.clone(),
        state: asked.state.clone(),
        from: asked.from,
        to: asked.to,
        note: asked.note.clone(),
        group_by: asked.group_by.clone(),
        query: asked.query.clone(),
    };
    let base = asked.base_url.trim_end_matches('/');
    let (told, layout) = notes::gather(&app, &people::system(), words, &order, base).map_err(|error| match error {
        app::Error::NotFound => Refusal::Refused(format!("there is no flow {:?}", asked.flow)),
        other => Refusal::Refused(from_error(&other)),
    })?;
    let file = notes::file(words, &told, layout.as_deref(), format)
        .map_err(|why| Refusal::Refused(format!("the flow's layout: {why}")))?;
    into_file(asked.output.as_deref(), |out| {
        out.write_all(&file).map_err(|error| Refusal::Refused(format!("the notes cannot be written: {error}")))
    })?;
    for entry in &told.missing {
        tell(format_args!("no note: {} {} {}", entry.id, entry.title, entry.url));
    }
    if told.capped {
        tell("warning: there are more items than can be told of; shorten the time");
    }
    app.close();
    Ok(())
}

/// Has `write` fill the file, which gets its name when it is whole; or standard output.
pub(super) fn into_file<T>(
    output: Option<&Path>,
    write: impl FnOnce(&mut (dyn Write + Send)) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let Some(output) = output else {
        let mut out = BufWriter::new(io::stdout());
        let done = write(&mut out)?;
        return match out.flush() {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Refusal::Refused(format!("standard output: {error}")))
            }
            _ => Ok(done),
        };
    };
    let broken = |error: io::Error| Refusal::Refused(format!("{}: {error}", output.display()));
    let directory = output.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.map_or_else(|| PathBuf::from("."), Path::to_owned);
    let mut kept = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // as any other file is made; the mask of the process takes away what it takes away
        kept.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let kept = kept.prefix(".tasksteper-").tempfile_in(directory).map_err(broken)?;
    let mut out = BufWriter::new(kept);
    let done = write(&mut out)?;
    let kept = out.into_inner().map_err(|error| broken(error.into_error()))?;
    kept.persist(output).map_err(|error| broken(error.error))?;
    Ok(done)
}

/// What is asked for, or what the file's name says.
fn format(named: Option<&str>, output: Option<&Path>, otherwise: Format) -> Format {
    let end = output.and_then(Path::extension).and_then(|end| end.to_str()).map(str::to_ascii_lowercase);
    named.or(end.as_deref()).and_then(Format::named).unwrap_or(otherwise)
}

fn words(language: &str) -> &'static Words {
    Language::from_tag(language).unwrap_or(Language::Chinese).words()
}

fn refused(flow: &str, broken: &file::Broken) -> Refusal {
    match broken {
        file::Broken::App(app::Error::NotFound) => Refusal::Refused(format!("there is no flow {flow:?}")),
        file::Broken::App(error) => Refusal::Refused(from_error(error)),
        file::Broken::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            Refusal::Refused("nobody reads any more".to_owned())
        }
        file::Broken::Io(_) => Refusal::Refused(from_error(broken)),
    }
}
