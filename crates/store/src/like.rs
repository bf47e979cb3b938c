//! What tells which items are like a text: the tokens of a flow's newest items, who has a token, who came back.

use flow::{Flow, Query};

use crate::{
    Error, Tx,
    db::Connection,
    item::Brief,
    list::{self, Visibility},
    postgres, sqlite,
    value::params,
    words::{self, Asked},
};

/// The kept texts of the fields of the flow's newest items, newest first: what its words weigh is told by them.
///
/// # Errors
/// The records failed. So with all of these.
pub fn newest(tx: &Tx, flow: &str, most: i64) -> Result<Vec<String>, Error> {
    let sql = format!("select body from {} where flow = $1 order by number desc limit $2", words::table(flow));
    tx.all(&sql, params![flow, most], |row| row.text(0))
}

/// Which items have each of these tokens: `most` of each at most, the newest where the engine has them in order.
///
/// # Errors
/// As [`newest`].
pub fn holding(tx: &Tx, flow: &str, tokens: &[&str], most: i64) -> Result<Vec<Vec<i64>>, Error> {
    match tx.connection() {
        Connection::Sqlite(_) => {
            let wanted = |token: &&str| Asked::Token(flow::text::Wanted { token: (*token).to_owned(), prefix: false });
            tokens.iter().map(|token| sqlite::words::found(tx, flow, &wanted(token), None, most)).collect()
        }
        Connection::Postgres(_) => postgres::words::holding(tx, flow, tokens, most),
    }
}

/// Those of these items that the person may see.
///
/// # Errors
/// As [`newest`].
pub fn seen(tx: &Tx, flow: &Flow, visible: &Visibility, numbers: Vec<i64>) -> Result<Vec<Brief>, Error> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    list::of_numbers(tx, flow, &Query::default(), visible, numbers)
}

/// The links of each of these items: its number, and what [`linked`] says.
///
/// # Errors
/// As [`newest`].
pub fn linked_of(
    tx: &Tx,
    flow: &str,
    numbers: &[i64],
    most: i64,
) -> Result<Vec<(i64, (String, i64, String, bool))>, Error> {
    let list: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let is_one = tx.one_of_numbers().replace("$1", "number");
    let sql = format!(
        "select number, other_flow, other_number, field, inward from link where flow = $1 and {is_one}
         order by number, inward, field, other_flow, other_number limit $3"
    );
    tx.all(&sql, params![flow, list.join(","), most], |row| {
        Ok((row.int(0)?, (row.text(1)?, row.int(2)?, row.text(3)?, row.int(4)? == 0)))
    })
}

/// The items that an item's links lead to, whichever end holds the field: those that name it first, newest first in each field.
/// Flow, number, the field, whether it is this item's own.
///
/// # Errors
/// As [`newest`].
pub fn linked(tx: &Tx, flow: &str, number: i64, most: i64) -> Result<Vec<(String, i64, String, bool)>, Error> {
    let sql = "select other_flow, other_number, field, inward from link where flow = $1 and number = $2
               order by inward desc, field desc, other_flow desc, other_number desc limit $3";
    tx.all(sql, params![flow, number, most], |row| Ok((row.text(0)?, row.int(1)?, row.text(2)?, row.int(3)? == 0)))
}
