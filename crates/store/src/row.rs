//! One row of an answer, read by the type that the caller expects; whichever engine gave it.

use crate::{Error, postgres, sqlite};

/// One row.
pub(crate) enum Row<'r> {
    Sqlite(sqlite::Row<'r>),
    Postgres(postgres::Row<'r>),
}

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'r> {
    Null,
    Int(i64),
    Real(f64),
    Text(&'r str),
}

impl Row<'_> {
    pub(crate) fn int(&self, index: usize) -> Result<i64, Error> {
        match self.cell(index)? {
            Cell::Int(value) => Ok(value),
            other => Err(self.wrong(index, other)),
        }
    }

    pub(crate) fn int_or_null(&self, index: usize) -> Result<Option<i64>, Error> {
        match self.cell(index)? {
            Cell::Null => Ok(None),
            Cell::Int(value) => Ok(Some(value)),
            other => Err(self.wrong(index, other)),
        }
    }

    pub(crate) fn real_or_null(&self, index: usize) -> Result<Option<f64>, Error> {
        match self.cell(index)? {
            Cell::Null => Ok(None),
            Cell::Real(value) => Ok(Some(value)),
            other => Err(self.wrong(index, other)),
        }
    }

    pub(crate) fn str(&self, index: usize) -> Result<&str, Error> {
        match self.cell(index)? {
            Cell::Text(text) => Ok(text),
            other => Err(self.wrong(index, other)),
        }
    }

    pub(crate) fn text(&self, index: usize) -> Result<String, Error> {
        Ok(self.str(index)?.to_owned())
    }

    pub(crate) fn text_or_null(&self, index: usize) -> Result<Option<String>, Error> {
        match self.cell(index)? {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text.to_owned())),
            other => Err(self.wrong(index, other)),
        }
    }

    pub(crate) fn flag(&self, index: usize) -> Result<bool, Error> {
        Ok(self.int(index)? != 0)
    }

    /// Whatever stands there.
    pub(crate) fn cell(&self, index: usize) -> Result<Cell<'_>, Error> {
        match self {
            Row::Sqlite(row) => row.cell(index),
            Row::Postgres(row) => row.cell(index),
        }
    }

    /// How many columns there are.
    pub(crate) fn width(&self) -> usize {
        match self {
            Row::Sqlite(row) => row.width(),
            Row::Postgres(row) => row.width(),
        }
    }

    /// The column's name.
    pub(crate) fn column(&self, index: usize) -> &str {
        match self {
            Row::Sqlite(row) => row.column(index),
            Row::Postgres(row) => row.column(index),
        }
    }

    fn wrong(&self, index: usize, found: Cell) -> Error {
        let column = self.column(index);
        Error::corrupt("reading a row", format!("column {column} holds {found:?}"))
    }
}
