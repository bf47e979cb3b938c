//! The index of words of PostgreSQL: tokens without places beside each flow's texts, and an inverted index of them. What was
//! said has its tokens apart, so that no text need be read to write another.

use crate::{
    Error, Tx, WriteTx,
    value::{Param, params},
    words::{self, Asked, Texts, table, tokens},
};

/// How a condition says that `$1` is one of the numbers that stand in the text `$2`.
pub(crate) const ONE_OF_NUMBERS: &str = "$1 = any (cast(string_to_array($2, ',') as bigint[]))";
/// Rows in one statement at most.
const ROWS: usize = 100;
/// Letters of comments of one item that the index takes in, about.
const MOST_SAID: usize = 100_000;

pub(crate) fn define(tx: &WriteTx, flow: &str) -> Result<(), Error> {
    let table = table(flow);
    tx.define(&format!(
        "create table if not exists {table} (flow text not null, number bigint not null, body text not null,
             said text not null, tokens tsvector not null, said_tokens tsvector not null, primary key (flow, number))"
    ))?;
    tx.spread_new(&table)?;
    // a name of 63 bytes at most: the longest key of a flow has 40
    tx.define(&format!("create index if not exists \"words_{flow}_index\" on {table} using gin (tokens)"))
}

/// Tokens in a line, as the column has them.
fn vector(place: usize) -> String {
    format!("array_to_tsvector(string_to_array(${place}, ' '))")
}

pub(crate) fn insert(tx: &WriteTx, flow: &str, texts: &[Texts]) -> Result<(), Error> {
    for part in texts.chunks(ROWS) {
        let rows: Vec<String> = (0..part.len())
            .map(|row| {
                let at = row * 6;
                let [flow, number, body, said] = [1, 2, 3, 4].map(|place| format!("${}", at + place));
                format!("({flow}, {number}, {body}, {said}, {}, {})", vector(at + 5), vector(at + 6))
            })
            .collect();
        let mut values: Vec<Param> = Vec::with_capacity(part.len() * 6);
        for of in part {
            values.extend(words::values(flow, of));
            values.extend([of.tokens.clone().into(), tokens("", &of.said).into()]);
        }
        let sql = format!(
            "insert into {} (flow, number, body, said, tokens, said_tokens) values {}",
            table(flow),
            rows.join(", ")
        );
        tx.later(&sql, &values)?;
    }
    Ok(())
}

pub(crate) fn change(tx: &WriteTx, flow: &str, number: i64, body: Option<&str>, said: &str) -> Result<(), Error> {
    let missing = Error::corrupt("writing an item's words", format!("{flow}/{number}"));
    // the engine takes a million bytes of tokens: who goes on saying new things is not found by the last of them
    let known = format!("case when length(said) < {MOST_SAID} then {} else '' end", vector(4));
    let (table, more) = (table(flow), tokens("", said));
    match body {
        None => {
            let sql = format!(
                "update {table} set said = said || $3, tokens = tokens || {known}, said_tokens = said_tokens || {known}
                 where flow = $1 and number = $2"
            );
            tx.later_one(&sql, params![flow, number, said, more], missing)
        }
        Some(body) => {
            let sql = format!(
                "update {table} set said = said || $3, said_tokens = said_tokens || {known}, body = $5,
                                    tokens = said_tokens || {known} || {}
                 where flow = $1 and number = $2",
                vector(6)
            );
            tx.later_one(&sql, params![flow, number, said, more, body, tokens(body, "")], missing)
        }
    }
}

pub(crate) fn found(tx: &Tx, flow: &str, asked: &Asked, below: Option<i64>, most: i64) -> Result<Vec<i64>, Error> {
    let expression =
        asked.write(&|wanted| format!("'{}'{}", wanted.token, if wanted.prefix { ":*" } else { "" }), " & ", " | ");
    // in no order: all of them would have to be read first
    let sql = format!(
        "select number from {} where flow = $1 and tokens @@ cast(cast($2 as text) as tsquery) and number < $3 limit $4",
        table(flow)
    );
    tx.all(&sql, params![flow, expression, below.unwrap_or(i64::MAX), most], |row| row.int(0))
}

/// Which items have each of these tokens: one question for all of them.
pub(crate) fn holding(tx: &Tx, flow: &str, tokens: &[&str], most: i64) -> Result<Vec<Vec<i64>>, Error> {
    let mut found = vec![Vec::new(); tokens.len()];
    let sql = format!(
        "select asked.place, has.number
         from unnest(string_to_array($2, ' ')) with ordinality as asked (token, place)
         cross join lateral (select number from {} where flow = $1
                             and tokens @@ cast('''' || asked.token || '''' as tsquery) limit $3) has",
        table(flow)
    );
    for (place, number) in tx.all(&sql, params![flow, tokens.join(" "), most], |row| Ok((row.int(0)?, row.int(1)?)))? {
        if let Some(of) = usize::try_from(place - 1).ok().and_then(|place| found.get_mut(place)) {
            of.push(number);
        }
    }
    Ok(found)
}
