//! Items carried out of a flow as a file.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use app::{carry::export::Order, people};
use web::{
    carry::{Format, export as file},
    words::{Language, Words},
};

use super::{Done, Refusal, backup::bar, from_error, open_existing, tell};
use crate::cli::Export;

/// `tasksteper export`
pub(super) fn export(export: &Export) -> Done {
    let app = open_existing(&export.data)?;
    let format = format(export.format.as_deref(), export.output.as_deref(), Format::Csv);
    let order = Order {
        key: export.flow.clone(),
        query: export.query.clone(),
        sort: export.sort.clone(),
        columns: export.columns.clone(),
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
