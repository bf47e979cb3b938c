//! Another program's SQLite file, only ever read: what its tables are, and their rows as text.

use std::{collections::BTreeMap, path::Path};

use rusqlite::{Connection, OpenFlags, types::ValueRef};

use crate::{Error, sqlite::failure};

/// A file of another program.
#[derive(Debug)]
pub struct Foreign(Connection);

/// A row's values in the order of the columns that were asked for; none: null.
pub type Values = Vec<Option<String>>;

const DOING: &str = "reading the other program's database";

impl Foreign {
    /// Opens it for reading.
    ///
    /// # Errors
    /// It is not there, or no SQLite database.
    pub fn open(path: &Path) -> Result<Foreign, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let failed = |error| failure(DOING, error);
        let file = Connection::open_with_flags(path, flags).map_err(failed)?;
        file.execute_batch("pragma query_only = on; begin").map_err(failed)?;
        file.query_row("select count(*) from sqlite_master", [], |_| Ok(())).map_err(failed)?;
        Ok(Foreign(file))
    }

    /// Its tables, each with its columns.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn tables(&self) -> Result<BTreeMap<String, Vec<String>>, Error> {
        let failed = |error| failure(DOING, error);
        let sql = "select m.name, c.name from sqlite_master m join pragma_table_info(m.name) c \
                   where m.type = 'table' order by m.name, c.cid";
        let mut statement = self.0.prepare(sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let (table, column) = (row.get(0).map_err(failed)?, row.get(1).map_err(failed)?);
            tables.entry(table).or_default().push(column);
        }
        Ok(tables)
    }

    /// The columns of every row of a table, by its key.
    ///
    /// # Errors
    /// There is no such table or column, or the file cannot be read.
    pub fn rows(&self, table: &str, columns: &[&str], key: &str) -> Result<Vec<Values>, Error> {
        let failed = |error| failure(DOING, error);
        let quoted: Vec<String> = columns.iter().map(|column| as_name(column)).collect();
        let sql = format!("select {} from {} order by {}", quoted.join(", "), as_name(table), as_name(key));
        let mut statement = self.0.prepare(&sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let mut values = Vec::with_capacity(columns.len());
            for at in 0..columns.len() {
                values.push(match row.get_ref(at).map_err(failed)? {
                    ValueRef::Null => None,
                    ValueRef::Integer(number) => Some(number.to_string()),
                    ValueRef::Real(number) => Some(number.to_string()),
                    ValueRef::Text(text) | ValueRef::Blob(text) => Some(String::from_utf8_lossy(text).into_owned()),
                });
            }
            all.push(values);
        }
        Ok(all)
    }
}

fn as_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
