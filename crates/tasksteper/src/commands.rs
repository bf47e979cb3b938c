//! What each command does.

mod backup;
mod carry;
mod data;
mod demo;
mod django;
mod flow;
mod load;
mod search;
mod serve;
mod user;

use std::{fmt, io::Read as _, path::Path, time::Duration};

use app::{Address, App, Place, Reason};
use jiff::tz::TimeZone;

use crate::{
    cli::{Bench, Command, Data, Records},
    surroundings::surroundings,
};

/// Why a command did not do it; said on stderr.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The input or the state of things was refused: exit status 1.
    Refused(String),
    /// The words on the command line make no sense: exit status 2.
    Usage(String),
}

impl Refusal {
    /// The exit status.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Refusal::Refused(_) => 1,
            Refusal::Usage(_) => 2,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Refused(text) | Refusal::Usage(text) => write!(f, "error: {text}"),
        }
    }
}

impl From<app::Error> for Refusal {
    fn from(error: app::Error) -> Refusal {
        Refusal::Refused(from_error(&error))
    }
}

/// What an error says, with the causes that its own words leave out.
fn from_error(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        source = cause.source();
    }
    text
}

type Done = Result<(), Refusal>;

/// Does it.
pub(crate) fn run(command: Command) -> Done {
    match command {
        Command::Demo(demo) => demo::run(&demo),
        Command::Serve(serve) => serve::run(&serve),
        Command::User(user) => user::user(user),
        Command::Group(group) => user::group(&group),
        Command::Token(token) => user::token(token),
        Command::Flow(flow) => flow::run(flow),
        Command::Search(search) => search::run(search),
        Command::Data(moving) => data::run(&moving),
        Command::Backup(command) => backup::backup(&command),
        Command::Restore(command) => backup::restore(&command),
        Command::Export(export) => carry::export(&export),
        Command::Import(import) => carry::import(&import),
        Command::ReleaseNotes(notes) => carry::release_notes(&notes),
        Command::Bench(Bench::Load(load)) => load::run(&load),
    }
}

/// How long a server waits for a database server that is not up yet …
const SERVER_PATIENCE: Duration = Duration::from_secs(60);
/// … and a command that somebody waits for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Opens the installation that the options name, which must be there already: a slip in the directory makes no new one.
fn open_existing(data: &Data) -> Result<App, Refusal> {
    let place = place(&data.data, &data.records)?;
    if !place.may_hold_records() {
        return Err(Refusal::Refused(format!(
            "no installation in {place}: give the directory of one with --data (or TASKSTEPER_DATA)"
        )));
    }
    open_at(&place, PATIENCE, &data.records)
}

/// Opens the installation that the options name, or begins it.
fn open(data: &Data) -> Result<App, Refusal> {
    open_at(&place(&data.data, &data.records)?, PATIENCE, &data.records)
}

/// Opens the installation at `place`.
fn open_at(place: &Place, patience: Duration, records: &Records) -> Result<App, Refusal> {
    App::open(place, patience, surroundings(zone(records)?))
        .map_err(|error| Refusal::Refused(format!("{place}: {}", from_error(&error))))
}

/// Where the records are: on the server that is named, else in the directory.
fn place(directory: &Path, records: &Records) -> Result<Place, Refusal> {
    match records.database.as_deref().filter(|url| !url.is_empty()) {
        None => Ok(Place::Directory(directory.to_owned())),
        Some(url) => place_of("--database", url),
    }
}

/// The server and database that an option names.
fn place_of(option: &str, url: &str) -> Result<Place, Refusal> {
    let password = std::env::var("PGPASSWORD").ok();
    Address::parse(url, password.as_deref())
        .map(|address| Place::Postgres(Box::new(address)))
        .map_err(|error| Refusal::Usage(format!("{option}: {error}")))
}

/// The zone of days and typed times.
fn zone(records: &Records) -> Result<TimeZone, Refusal> {
    zone_named(&records.time_zone)
}

fn zone_named(name: &str) -> Result<TimeZone, Refusal> {
    TimeZone::get(name).map_err(|_| {
        Refusal::Usage(format!("--time-zone: there is no zone {name:?}; give one like Asia/Shanghai or UTC"))
    })
}

/// The first line of standard input, which is a password.
fn password_from_stdin() -> Result<String, Refusal> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(64 * 1024)
        .read_to_end(&mut bytes)
        .map_err(|error| Refusal::Refused(format!("standard input cannot be read: {error}")))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Refusal::Refused("the password on standard input is not UTF-8".to_owned()))?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(Refusal::Refused("the first line of standard input is empty: it must be the password".to_owned()));
    }
    // scripts and people's habits set such passwords: said, not refused
    match app::people::check_password(line) {
        Err(app::Error::Input(problems)) if problems.iter().all(|one| matches!(one.reason, Reason::TooShort(_))) => {
            problems.iter().for_each(|problem| tell(format_args!("warning: {problem}")));
        }
        result => result?,
    }
    Ok(line.to_owned())
}

/// Prints a line on stderr.
pub(crate) fn tell(line: impl fmt::Display) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Prints a line on stdout; a reader that went away is no error of ours.
fn say(line: impl fmt::Display) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{line}");
}
