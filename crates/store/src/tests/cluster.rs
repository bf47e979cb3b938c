//! The engine under test: embedded, or a fresh database of the PostgreSQL server that `TASKSTEPER_TEST_POSTGRES` names.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::Path,
    time::Duration,
};

use crate::{Address, Db, Error, Place, postgres::Connection};

/// Where the records of one test are; a database on a server goes with it.
pub(crate) struct Records {
    pub(crate) place: Place,
    dropped: Option<(Address, String)>,
    is_filled: bool,
}

/// The lock under which the first test makes what the others copy; any number that nothing else uses.
const FILLING: i64 = 0x7465_6d70_6c61_7465;

/// Whether this run tries PostgreSQL.
pub(crate) fn server() -> Option<String> {
    std::env::var("TASKSTEPER_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

/// The name of a test's own database.
fn name_for(directory: &Path) -> String {
    let name =
        format!("t{:x}_{}", std::process::id(), directory.file_name().unwrap().to_string_lossy().replace('.', ""));
    name.to_lowercase()
}

/// The name of the filled database of this build of the tests.
fn template() -> String {
    let about = std::fs::metadata(std::env::current_exe().unwrap()).unwrap();
    let mut hasher = DefaultHasher::new();
    (about.len(), about.modified().unwrap()).hash(&mut hasher);
    format!("template_store_{:x}", hasher.finish())
}

impl Records {
    /// Empty ones, in `directory` if they are embedded.
    pub(crate) fn new(directory: &Path) -> Records {
        let Some(url) = server() else { return Records::embedded(directory) };
        let (admin, name) = (Address::parse(&url, None).unwrap(), name_for(directory));
        Connection::open(&admin, 0).unwrap().batch(&format!("create database \"{name}\"")).unwrap();
        Records::named(&url, admin, name)
    }

    /// Those that `fill` filled, once for each build of the tests and each server; embedded ones are empty.
    pub(crate) fn filled(directory: &Path, fill: impl FnOnce(&Records)) -> Records {
        let Some(url) = server() else { return Records::embedded(directory) };
        let (admin, name) = (Address::parse(&url, None).unwrap(), name_for(directory));
        let template = template();
        let connection = Connection::open(&admin, 0).unwrap();
        connection.batch(&format!("select pg_advisory_lock({FILLING})")).unwrap();
        let copy = format!("create database \"{name}\" template \"{template}\"");
        if connection.batch(&copy).is_err() {
            let mut first = Records::new(directory);
            fill(&first);
            let (_, own) = first.dropped.take().unwrap();
            connection.batch(&format!("alter database \"{own}\" rename to \"{template}\"")).unwrap();
            connection.batch(&copy).unwrap();
        }
        connection.batch(&format!("select pg_advisory_unlock({FILLING})")).unwrap();
        let mut records = Records::named(&url, admin, name);
        records.is_filled = true;
        records
    }

    fn named(url: &str, admin: Address, name: String) -> Records {
        let own = url.replace("/postgres?", &format!("/{name}?"));
        let place = Place::Postgres(Box::new(Address::parse(&own, None).unwrap()));
        Records { place, dropped: Some((admin, name)), is_filled: false }
    }

    /// Whether they are a copy of what was filled before.
    pub(crate) fn is_filled(&self) -> bool {
        self.is_filled
    }

    /// Embedded ones, whatever this run tries.
    pub(crate) fn embedded(directory: &Path) -> Records {
        Records { place: Place::Directory(directory.to_owned()), dropped: None, is_filled: false }
    }

    pub(crate) fn open(&self) -> Db {
        Db::open(&self.place, Duration::ZERO).unwrap()
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        if let Some((admin, name)) = &self.dropped
            && let Ok(connection) = Connection::open(admin, 0)
        {
            let dropped: Result<(), Error> = connection.batch(&format!("drop database \"{name}\" with (force)"));
            if let Err(error) = dropped {
                eprintln!("{name}: {error}");
            }
        }
    }
}
