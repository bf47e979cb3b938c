//! Which engine keeps the records of an installation under test: the embedded one, or, where `TASKSTEPER_TEST_POSTGRES`
//! names a PostgreSQL server, a database of its own there for every directory of data.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, OnceLock},
};

/// A directory of data; its database on the server goes with it.
pub(crate) struct Directory(tempfile::TempDir);

/// By directory of data, the address of its database; none: its records are embedded whatever this run tries.
fn known() -> &'static Mutex<BTreeMap<PathBuf, Option<String>>> {
    static KNOWN: OnceLock<Mutex<BTreeMap<PathBuf, Option<String>>>> = OnceLock::new();
    KNOWN.get_or_init(Mutex::default)
}

/// The server on which this run keeps records.
pub(crate) fn server() -> Option<String> {
    std::env::var("TASKSTEPER_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

/// The database that belongs to the directory of data, made when it is first asked for; none: the records are embedded.
pub(crate) fn database(data: &Path) -> Option<String> {
    let server = server()?;
    let mut known = known().lock().expect("the databases");
    if let Some(database) = known.get(data) {
        return database.clone();
    }
    let name = format!("t{:x}_{}", std::process::id(), known.len());
    sql(&server, &format!("create database {name}"));
    let url = server.replacen("/postgres?", &format!("/{name}?"), 1);
    known.insert(data.to_owned(), Some(url.clone()));
    Some(url)
}

/// The directory's records are embedded, whatever this run tries.
pub(crate) fn embed(data: &Path) {
    known().lock().expect("the databases").insert(data.to_owned(), None);
}

/// Runs SQL on a server.
pub(crate) fn sql(url: &str, sql: &str) -> String {
    let run =
        Command::new("psql").args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]).output();
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

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let database = known().lock().expect("the databases").remove(self.path()).flatten();
        if let (Some(server), Some(url)) = (server(), database) {
            let name = url.rsplit_once('?').and_then(|(url, _)| url.rsplit_once('/')).expect("a database's name").1;
            sql(&server, &format!("drop database {name} with (force)"));
        }
    }
}
