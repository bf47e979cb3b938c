//! What tells which items are like a text: the tokens of a flow's newest items, who has a token, who came back.

use flow::{Flow, Query};

use crate::{
    Error, Tx,
    db::Connection,
    item::{Brief, Link},
    list::{self, Visibility},
    postgres,
    row::Row,
    sqlite,
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

/// The links of each of these items, with its number, in no order.
///
/// # Errors
/// As [`newest`].
pub fn linked_of(tx: &Tx, flow: &str, numbers: &[i64], most: i64) -> Result<Vec<(i64, Link)>, Error> {
    let list: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let is_one = tx.one_of_numbers().replace("$1", "number");
    // apart: for the first few of them alone an engine would walk all links of the flow
    let sql = format!(
        "with near as materialized
             (select other_flow, other_number, field, inward, number from link where flow = $1 and {is_one})
         select other_flow, other_number, field, inward, number from near limit $3"
    );
    tx.all(&sql, params![flow, list.join(","), most], |row| Ok((row.int(4)?, link(row)?)))
}

/// An item's links: those that name it first, the newest first in each field.
///
/// # Errors
/// As [`newest`].
pub fn linked(tx: &Tx, flow: &str, number: i64, most: i64) -> Result<Vec<Link>, Error> {
    let sql = "select other_flow, other_number, field, inward from link where flow = $1 and number = $2
               order by inward desc, field desc, other_flow desc, other_number desc limit $3";
    tx.all(sql, params![flow, number, most], link)
}

fn link(row: &Row) -> Result<Link, Error> {
    Ok(Link { flow: row.text(0)?, number: row.int(1)?, field: row.text(2)?, outward: row.int(3)? == 0 })
}
