//! An installation's data as a whole: moved from one place to another.

use std::{io::IsTerminal as _, path::Path};

use app::{Place, moving};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Done, PATIENCE, Refusal, from_error, place, place_of, say};
use crate::cli::{Data, Moving};

pub(super) fn run(moving: &Moving) -> Done {
    match moving {
        Moving::Copy { from, to } => copy(from, to),
        Moving::Distribute { data } => distribute(data),
    }
}

fn copy(from: &str, to: &str) -> Done {
    let source = named("--from", from)?;
    let target = named("--to", to)?;
    if !source.may_hold_records() {
        return Err(Refusal::Refused(format!("--from: no installation in {source}")));
    }
    let bar = bar();
    let rows = moving::copy(&source, &target, PATIENCE, &mut |progress| {
        bar.set_length(progress.of);
        bar.set_position(progress.done);
        bar.set_prefix(progress.doing);
        bar.set_message(progress.table.clone());
    });
    bar.finish_and_clear();
    let rows = rows.map_err(|error| Refusal::Refused(format!("{source} to {target}: {}", from_error(&error))))?;
    say(format_args!("{rows} rows copied from {source} to {target} and compared"));
    Ok(())
}

fn distribute(data: &Data) -> Done {
    let place = place(&data.data, &data.records)?;
    let Place::Postgres(_) = place else {
        return Err(Refusal::Usage(
            "--database: name the PostgreSQL with Citus over which the items are to be spread".to_owned(),
        ));
    };
    let done = moving::distribute(&place, PATIENCE)
        .map_err(|error| Refusal::Refused(format!("{place}: {}", from_error(&error))))?;
    let new = done.spread.len() + done.shared.len() - done.already;
    say(format_args!(
        "{place}: {} tables are spread by flow, {} are whole on every worker; {new} of them new",
        done.spread.len(),
        done.shared.len()
    ));
    Ok(())
}

/// An address, or else a directory.
fn named(option: &str, text: &str) -> Result<Place, Refusal> {
    match text.contains("://") {
        true => place_of(option, text),
        false => Ok(Place::Directory(Path::new(text).to_owned())),
    }
}

/// On a terminal; elsewhere nothing is drawn.
fn bar() -> ProgressBar {
    let target =
        if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) = ProgressStyle::with_template("{prefix:10} [{bar:40}] {pos} of {len} rows, {eta} to go  {msg}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}
