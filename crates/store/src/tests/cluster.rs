//! The engine under test: embedded, or a fresh database of the PostgreSQL server that `TASKSTEPER_TEST_POSTGRES` names.

use std::{path::Path, time::Duration};

use crate::{Address, Db, Error, Place, postgres::Connection};

/// Where the records of one test are; a database on a server goes with it.
pub(crate) struct Records {
    pub(crate) place: Place,
    dropped: Option<(Address, String)>,
}

/// Whether this run tries PostgreSQL.
pub(crate) fn server() -> Option<String> {
    std::env::var("TASKSTEPER_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

impl Records {
    /// Empty ones, in `directory` if they are embedded.
    pub(crate) fn new(directory: &Path) -> Records {
        let Some(url) = server() else {
            return Records { place: Place::Directory(directory.to_owned()), dropped: None };
        };
        let admin = Address::parse(&url, None).unwrap();
        let name =
            format!("t{:x}_{}", std::process::id(), directory.file_name().unwrap().to_string_lossy().replace('.', ""));
        let name = name.to_lowercase();
        Connection::open(&admin, 0).unwrap().batch(&format!("create database \"{name}\"")).unwrap();
        let own = url.replace("/postgres?", &format!("/{name}?"));
        let place = Place::Postgres(Box::new(Address::parse(&own, None).unwrap()));
        Records { place, dropped: Some((admin, name)) }
    }

    /// Embedded ones, whatever this run tries.
    pub(crate) fn embedded(directory: &Path) -> Records {
        Records { place: Place::Directory(directory.to_owned()), dropped: None }
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
