//! Which engine keeps the records of an installation under test: the embedded one, or, where `TASKSTEPER_TEST_POSTGRES`
//! names a PostgreSQL server, a database of its own there for every directory of data.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

/// A directory of data; its database on the server goes with it.
pub(crate) struct Directory(tempfile::TempDir);

/// Where the records of a directory of data are.
enum Home {
    /// Embedded, whatever this run tries.
    Embedded,
    /// In a database of its own on the server of this run.
    Made(String),
    /// In a database that somebody else looks after.
    Given(String),
}

fn known() -> &'static Mutex<BTreeMap<PathBuf, Home>> {
    static KNOWN: OnceLock<Mutex<BTreeMap<PathBuf, Home>>> = OnceLock::new();
    KNOWN.get_or_init(Mutex::default)
}

/// The server on which this run keeps records.
pub(crate) fn server() -> Option<String> {
    std::env::var("TASKSTEPER_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

/// The database that belongs to the directory of data, made when it is first asked for; none: the records are embedded.
pub(crate) fn database(data: &Path) -> Option<String> {
    let mut known = known().lock().expect("the databases");
    match known.get(data) {
        Some(Home::Embedded) => return None,
        Some(Home::Made(url) | Home::Given(url)) => return Some(url.clone()),
        None => {}
    }
    let server = server()?;
    let name = new_name();
    sql(&server, &format!("create database {name}"));
    let url = named(&server, &name);
    known.insert(data.to_owned(), Home::Made(url.clone()));
    Some(url)
}

/// A database's name that nobody has. The number of a process comes again within a run.
fn new_name() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock");
    format!("t{:x}_{}_{:x}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed), since.as_micros())
}

/// The address of a database on the server.
fn named(server: &str, name: &str) -> String {
    server.replacen("/postgres?", &format!("/{name}?"), 1)
}

/// The directory's records are embedded, whatever this run tries.
pub(crate) fn embed(data: &Path) {
    known().lock().expect("the databases").insert(data.to_owned(), Home::Embedded);
}

/// The database's name in its address.
fn name_in(url: &str) -> &str {
    url.rsplit_once('?').and_then(|(url, _)| url.rsplit_once('/')).expect("a database's name").1
}

/// The client itself: what Debian has on the path is a script that looks for it, every time.
fn psql() -> Command {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut clients: Vec<PathBuf> = versions.map(|version| version.path().join("bin/psql")).collect();
        clients.retain(|client| client.is_file());
        clients.sort();
        clients.pop().unwrap_or_else(|| "psql".into())
    });
    Command::new(found)
}

/// Runs SQL on a server.
pub(crate) fn sql(url: &str, sql: &str) -> String {
    let run = psql().args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]).output();
    let output = run.expect("psql runs");
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

impl Directory {
    /// An empty one.
    pub(crate) fn new() -> Directory {
        Directory(tempfile::tempdir().expect("a temporary directory"))
    }

    /// An empty one, whose records are embedded whatever this run tries.
    pub(crate) fn embedded() -> Directory {
        let directory = Directory::new();
        embed(directory.path());
        directory
    }

    /// An empty one, whose records are in this database.
    pub(crate) fn on(url: &str) -> Directory {
        let directory = Directory::new();
        known().lock().expect("the databases").insert(directory.path().to_owned(), Home::Given(url.to_owned()));
        directory
    }

    /// An empty one, whose records are in a database of its own, a copy of that one on the server of this run.
    pub(crate) fn copy_of(database: &str) -> Directory {
        let (directory, server, name) = (Directory::new(), server().expect("a server"), new_name());
        sql(&server, &format!("create database {name} template {database}"));
        known().lock().expect("the databases").insert(directory.path().to_owned(), Home::Made(named(&server, &name)));
        directory
    }

    /// Gives its database this name, under which it stays when the directory goes.
    pub(crate) fn rename_database(&self, name: &str) {
        let database = known().lock().expect("the databases").remove(self.path());
        let Some(Home::Made(url)) = database else { panic!("{} has no database of its own", self.path().display()) };
        sql(&server().expect("a server"), &format!("alter database {} rename to {name}", name_in(&url)));
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // the database itself stays until the server of this run is removed: each that goes has the server write down everything
        known().lock().expect("the databases").remove(self.path());
    }
}
