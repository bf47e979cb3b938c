//! The index of words of SQLite: an FTS5 table beside each flow's texts, its rows numbered as the items. It keeps no text and
//! no place in it; its tokens are given to it as they are.

use sea_query::{Alias, Cond, Expr, ExprTrait, JoinType, SelectStatement};

use super::Connection;
use crate::{
    Error, Tx, WriteTx,
    value::{Param, params},
    words::{self, Asked, Texts, table, tokens},
};

/// How a condition says that `$1` is one of the numbers that stand in the text `$2`.
pub(crate) const ONE_OF_NUMBERS: &str = "$1 in (select value from json_each('[' || $2 || ']'))";

/// The name of the index, ready for SQL. No flow's key has a `-`, so that none of its tables is another flow's.
pub(crate) fn index(flow: &str) -> String {
    format!("\"words_{flow}-index\"")
}

pub(crate) fn define(connection: &Connection, flow: &str) -> Result<(), Error> {
    let (table, index) = (table(flow), index(flow));
    connection.execute(
        &format!(
            "create table if not exists {table} (flow text not null, number bigint not null, body text not null,
                                                 said text not null, primary key (flow, number))"
        ),
        &[],
    )?;
    // `ascii`: every byte of a letter beyond it belongs to a token
    let sql = format!(
        "create virtual table if not exists {index} using fts5 (tokens, content = '', contentless_delete = 1,
             detail = none, tokenize = \"ascii tokenchars '_'\")"
    );
    connection.execute(&sql, &[]).map(drop)
}

pub(crate) fn insert(tx: &WriteTx, flow: &str, texts: &[Texts]) -> Result<(), Error> {
    let row = format!("insert into {} (flow, number, body, said) values ($1, $2, $3, $4)", table(flow));
    // what an interrupted building left is replaced
    let known = format!("insert or replace into {} (rowid, tokens) values ($1, $2)", index(flow));
    for of in texts {
        tx.execute(&row, &words::values(flow, of))?;
        tx.execute(&known, params![of.number, tokens(&of.body, &of.said)])?;
    }
    Ok(())
}

pub(crate) fn change(tx: &WriteTx, flow: &str, number: i64, body: Option<&str>, said: &str) -> Result<(), Error> {
    let sql = format!(
        "update {} set body = coalesce($3, body), said = said || $4 where flow = $1 and number = $2 returning body, said",
        table(flow)
    );
    let missing = || Error::corrupt("writing an item's words", format!("{flow}/{number}"));
    let texts = tx.first(&sql, params![flow, number, body, said], |row| Ok((row.text(0)?, row.text(1)?)))?;
    let (body, said) = texts.ok_or_else(missing)?;
    let sql = format!("insert or replace into {} (rowid, tokens) values ($1, $2)", index(flow));
    tx.execute(&sql, params![number, tokens(&body, &said)]).map(drop)
}

/// The expression of a query.
pub(crate) fn expression(asked: &Asked) -> String {
    asked.write(&|wanted| format!("\"{}\"{}", wanted.token, if wanted.prefix { "*" } else { "" }), " AND ", " OR ")
}

/// The number of an item where the index leads.
pub(crate) const NUMBER: &str = "hits.rowid";

/// Has the index lead a statement on the flow's sheet: it gives the items in the order of their numbers.
pub(crate) fn lead(select: &mut SelectStatement, flow: &str, sheet: Alias, asked: &Asked) {
    let name = Alias::new(format!("words_{flow}-index"));
    let matching = Expr::cust_with_exprs("$1 match $2", [Expr::col(name.clone()), Expr::val(expression(asked))]);
    let same = Expr::col((sheet.clone(), Alias::new("number"))).equals((Alias::new("hits"), Alias::new("rowid")));
    // a cross join keeps the tables in this order; it is written without a condition of its own
    let hits = select.from_as(name, Alias::new("hits"));
    hits.join(JoinType::CrossJoin, sheet, Cond::all()).and_where(same).and_where(matching);
}

pub(crate) fn found(tx: &Tx, flow: &str, asked: &Asked, below: Option<i64>, most: i64) -> Result<Vec<i64>, Error> {
    let index = index(flow);
    let sql = format!("select rowid from {index} where {index} match $1 and rowid < $2 order by rowid desc limit $3");
    let below = below.unwrap_or(i64::MAX);
    tx.all(&sql, params![expression(asked), below, most], |row| row.int(0))
}

/// Filling: the index takes more in before it writes, and puts together what it wrote at the end.
pub(crate) fn fill(tx: &WriteTx, flow: &str, begins: bool) -> Result<(), Error> {
    let index = index(flow);
    let set = |name: &str, value: i64| -> Result<(), Error> {
        let sql = format!("insert into {index} ({index}, rank) values ($1, $2)");
        tx.execute(&sql, &[Param::from(name), value.into()]).map(drop)
    };
    if begins {
        set("hashsize", 128 << 20)?;
        return set("automerge", 0);
    }
    set("hashsize", 1 << 20)?;
    set("automerge", 4)
}
