//! Queries and orders of [`flow::Query`] as SQL over a flow's sheet. Built by sea-query, every value bound.

use flow::{Column, Edge, Flow, InState, Kind, Query, Range, Scalar, SortKey, Term, Test, Value, text::Needle};
use sea_query::{
    Alias, Cond, Expr, ExprTrait, Func, JoinType, NullOrdering, Order, PostgresQueryBuilder, SelectStatement,
};
use serde_json::Value as Json;

use crate::{
    Error,
    item::end,
    list::{Visibility, VisibleTo, holder, like_literal},
    row::Row,
    sheet, sqlite,
    value::Param,
    words::{self, Asked},
};

/// What a column holds, and whether null may stand in it: an empty text is `''`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Text,
    Number,
    Moment,
    Count,
}

/// One key of an order as it is in the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) column: String,
    pub(crate) holds: Holds,
    pub(crate) descending: bool,
}

/// Which indexes a statement may be led by. An engine that keeps no account of how often a value stands in a column cannot
/// tell a strong term from a weak one, so it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lead {
    /// Whichever it likes.
    Any,
    /// That of the term at this place.
    Term(usize),
    /// The items of these numbers, in the list's order, which the index of the term at this place gave.
    Gathered(usize, Vec<i64>),
    /// That of the order: the terms are looked at row by row.
    Order,
    /// The items of these numbers, which the index of words gave; nothing else passes.
    Numbers(Vec<i64>),
    /// Some of the items of [`Lead::Gathered`]: they pass that term.
    Chosen(usize, Vec<i64>),
    /// The index of words, newest first, asked this: of SQLite alone.
    Words(Asked),
}

/// The terms that an index finds, those that likely leave few items first.
pub(crate) fn leads(flow: &Flow, query: &Query) -> Vec<usize> {
    let mut leads: Vec<(i32, usize)> =
        query.terms.iter().enumerate().filter_map(|(at, term)| Some((rank(flow, term)?, at))).collect();
    leads.sort_unstable();
    leads.into_iter().map(|(_, at)| at).collect()
}

/// The smaller, the fewer items the index of the term likely leaves; none: it has no index.
fn rank(flow: &Flow, term: &Term) -> Option<i32> {
    match term {
        Term::Number(_) => Some(0),
        Term::Words(_) | Term::Not(_) => None,
        // Each way has to be led by an index, and all of them are gone.
        Term::Any(ways) => {
            let best = |way: &Query| way.terms.iter().filter_map(|term| rank(flow, term)).min();
            ways.iter().map(best).collect::<Option<Vec<i32>>>()?.into_iter().max()
        }
        Term::Changed { .. } => Some(3),
        Term::Reached(states) if states.iter().all(|state| state.within.is_some()) => Some(4),
        Term::Was(_) | Term::Reached(_) => Some(6),
        Term::Column { column: of, test } => {
            let field = if let Column::Field(key) = of { Some(flow.fields.get(key)?) } else { None };
            match (of, field.map(|field| &field.kind), test) {
                (_, Some(Kind::Item { .. }), Test::OneOf { negated: false, .. }) => Some(1),
                (Column::AssignedTo, _, Test::OneOf { negated: false, .. }) => Some(2),
                (_, Some(_), _) if field.is_some_and(|field| !sheet::has_index(flow, field)) => None,
                (Column::CreatedBy, _, Test::OneOf { negated: false, .. })
                | (_, Some(Kind::User), Test::OneOf { negated: false, .. }) => Some(3),
                (_, Some(Kind::Text { .. } | Kind::Url), Test::OneOf { negated: false, .. }) => Some(4),
                (_, _, Test::OneOf { negated: false, .. } | Test::Empty { negated: false }) => Some(5),
                (Column::Number, ..) => None,
                (_, _, Test::Within { negated: false, .. }) => Some(6),
                _ => None,
            }
        }
    }
}

/// Whether items are found by what another table says of them.
pub(crate) fn is_by_traces(term: &Term) -> bool {
    matches!(term, Term::Was(_) | Term::Reached(_) | Term::Changed { .. })
}

/// `select` of a mark for each item that passes the term, or for each trace of it in the table that it is found by: enough
/// to tell few from many without finding all.
pub(crate) fn traces(flow: &Flow, term: &Term) -> SelectStatement {
    found_by(flow, term).expr(Expr::cust("1")).take()
}

/// `select` of the number of each item that passes the term, once for each trace of it.
pub(crate) fn numbers(flow: &Flow, term: &Term) -> SelectStatement {
    found_by(flow, term).column(Alias::new("number")).take()
}

fn found_by(flow: &Flow, term: &Term) -> SelectStatement {
    match term {
        Term::Was(states) => stays(flow, states, false, false),
        Term::Reached(states) => stays(flow, states, true, false),
        Term::Changed { field, from, to } => changes(flow, field, from.as_deref(), to.as_deref()),
        _ => select(flow, &Query { terms: vec![term.clone()] }, &Visibility::All, &Lead::Any, ""),
    }
}

/// Whether the index of the term at this place gives its items in the order of their numbers.
pub(crate) fn is_in_order_of_number(query: &Query, at: usize) -> bool {
    match &query.terms[at] {
        Term::Column { column: of, test } => match test {
            Test::OneOf { words, negated: false } => words.len() == 1 && *of != Column::AssignedTo,
            Test::Empty { negated: false } => true,
            _ => false,
        },
        _ => false,
    }
}

/// `select` of the flow's sheet, of what the query finds and the person may see.
pub(crate) fn select(
    flow: &Flow,
    query: &Query,
    visible: &Visibility,
    lead: &Lead,
    one_of_numbers: &'static str,
) -> SelectStatement {
    let mut found = Cond::all().add(column("flow").eq(flow.key.as_str()));
    let by_words = matches!(lead, Lead::Numbers(_) | Lead::Words(_));
    for (at, term) in query.terms.iter().enumerate() {
        let aside = match lead {
            Lead::Any => false,
            Lead::Term(leads) | Lead::Gathered(leads, _) => *leads != at,
            Lead::Chosen(known, _) if *known == at => continue,
            Lead::Order | Lead::Numbers(_) | Lead::Chosen(..) | Lead::Words(_) => true,
        };
        if !(by_words && words::is_token(term)) {
            found = found.add(condition(flow, term, aside));
        }
    }
    if let Visibility::Rules(rules) = visible {
        found = found.add(may_see(flow, rules));
    }
    let mut select = sea_query::Query::select();
    let sheet = Alias::new(format!("sheet_{}", flow.key));
    match lead {
        Lead::Words(asked) => sqlite::words::lead(&mut select, &flow.key, sheet, asked),
        Lead::Numbers(numbers) | Lead::Chosen(_, numbers) => {
            let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            let list = Expr::val(numbers.join(","));
            select.from(sheet).and_where(Expr::cust_with_exprs(one_of_numbers, [column("number"), list]));
        }
        Lead::Any | Lead::Term(_) | Lead::Gathered(..) | Lead::Order => drop(select.from(sheet)),
    }
    select.cond_where(found);
    select
}

/// `select` of a mark for each of the first `most` items of the flow that pass the term at `lead`: 1 where it passes the others
/// too, else 0. Without a lead, of the newest.
pub(crate) fn candidates(flow: &Flow, query: &Query, lead: Option<usize>, most: u64) -> SelectStatement {
    let mut hit = Cond::all().add(either(true));
    let mut select = sea_query::Query::select();
    select.from(Alias::new(format!("sheet_{}", flow.key))).and_where(column("flow").eq(flow.key.as_str()));
    for (at, term) in query.terms.iter().enumerate() {
        if lead == Some(at) && is_by_traces(term) {
            // no more of them than are looked at: an engine would gather all first
            let mut first = sea_query::Query::select();
            first.distinct().column(Alias::new("number")).limit(most);
            // a bound that is never reached, or a planner would go along the key, where each number stands once
            first.from_subquery(numbers(flow, term).limit(u64::from(u32::MAX)).take(), Alias::new("traces"));
            select.and_where(column("number").in_subquery(first));
        } else if lead == Some(at) {
            select.cond_where(condition(flow, term, false));
        } else {
            hit = hit.add(condition(flow, term, true));
        }
    }
    if lead.is_none() {
        select.order_by(Alias::new("number"), Order::Desc);
    }
    select.limit(most);
    select.expr_as(
        sea_query::CaseStatement::new().case(hit, Expr::cust("1")).finally(Expr::cust("0")),
        Alias::new("hit"),
    );
    select
}

/// The text and the values of a statement.
pub(crate) fn build(select: &SelectStatement) -> Result<(String, Vec<Param<'static>>), Error> {
    let (sql, values) = select.build(PostgresQueryBuilder);
    let params = values.into_iter().map(|value| match value {
        sea_query::Value::BigInt(Some(value)) => Ok(value.into()),
        sea_query::Value::BigUnsigned(Some(value)) => Ok(i64::try_from(value).unwrap_or(i64::MAX).into()),
        sea_query::Value::Double(Some(value)) => Ok(value.into()),
        sea_query::Value::String(Some(value)) => Ok(Param::from(value)),
        other => Err(Error::corrupt("building a query", format!("{other:?}"))),
    });
    Ok((sql, params.collect::<Result<_, _>>()?))
}

/// The keys of an order, made unique by the number: newest first unless another key says otherwise.
pub(crate) fn keys(flow: &Flow, sort: &[SortKey]) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for key in sort {
        if let Some((column, holds)) = place(flow, &key.column)
            && !keys.iter().any(|known| known.column == column)
        {
            keys.push(Key { column, holds, descending: key.descending });
        }
    }
    match keys.iter().position(|key| key.column == "number") {
        // nothing after it can matter
        Some(at) => keys.truncate(at + 1),
        None => {
            let descending = keys.last().is_none_or(|last| last.descending);
            keys.push(Key { column: "number".to_owned(), holds: Holds::Count, descending });
        }
    }
    keys
}

/// Puts the rows in the order of `keys`. Null is the smallest, on every engine.
pub(crate) fn order(select: &mut SelectStatement, keys: &[Key]) {
    for key in keys {
        let order = if key.descending { Order::Desc } else { Order::Asc };
        match (key.holds, key.descending) {
            (Holds::Text | Holds::Count, _) => select.order_by_expr(column(&key.column), order),
            (_, true) => select.order_by_expr_with_nulls(column(&key.column), order, NullOrdering::Last),
            (_, false) => select.order_by_expr_with_nulls(column(&key.column), order, NullOrdering::First),
        };
    }
}

/// Has the rows come in the order of their last change, which the items have an index of and the sheets do not: `keys`, of
/// which it is the first, as the statement names them then.
pub(crate) fn by_change(select: &mut SelectStatement, flow: &Flow, keys: &[Key]) -> Vec<Key> {
    let mut latest = sea_query::Query::select();
    latest.expr_as(column("number"), Alias::new("turn")).expr_as(column("updated_at"), Alias::new("moved"));
    latest.from(Alias::new("item")).and_where(column("flow").eq(flow.key.as_str()));
    select.join_subquery(
        JoinType::InnerJoin,
        latest,
        Alias::new("latest"),
        column("turn").equals(Alias::new("number")),
    );
    let named = |key: &Key| match key.column.as_str() {
        "updated_at" => "moved".to_owned(),
        "number" => "turn".to_owned(),
        _ => key.column.clone(),
    };
    keys.iter().map(|key| Key { column: named(key), ..*key }).collect()
}

/// Has the rows come in the order in which the index of words that leads gives them: `keys`, of which the number is the
/// first, as the statement names them then.
pub(crate) fn by_words(keys: &[Key]) -> Vec<Key> {
    let named = |key: &Key| Key { column: sqlite::words::NUMBER.to_owned(), ..*key };
    keys.iter().take(1).map(named).collect()
}

/// The rows after the one with these values of `keys`.
pub(crate) fn after(keys: &[Key], values: &[Param]) -> Cond {
    let nullable = keys.iter().any(|key| matches!(key.holds, Holds::Number | Holds::Moment));
    let one_way = keys.iter().all(|key| key.descending == keys[0].descending);
    if one_way && !nullable {
        // one comparison of rows: the index goes straight to the place
        let columns = Expr::tuple(keys.iter().map(|key| column(&key.column)));
        let last = Expr::tuple(values.iter().map(bound));
        return Cond::all().add(if keys[0].descending { columns.lt(last) } else { columns.gt(last) });
    }
    let mut any = Cond::any();
    for (at, (key, value)) in keys.iter().zip(values).enumerate() {
        let same = keys.iter().zip(values).take(at).map(|(key, value)| match value {
            Param::Null => column(&key.column).is_null(),
            value => column(&key.column).eq(bound(value)),
        });
        let beyond = match (value, key.descending) {
            (Param::Null, true) => continue,
            (Param::Null, false) => Cond::all().add(column(&key.column).is_not_null()),
            (value, true) => Cond::any().add(column(&key.column).lt(bound(value))).add(column(&key.column).is_null()),
            (value, false) => Cond::all().add(column(&key.column).gt(bound(value))),
        };
        any = any.add(same.fold(Cond::all(), Cond::add).add(beyond));
    }
    any
}

/// What stands in the column of a key.
pub(crate) fn key_value(row: &Row, index: usize, holds: Holds) -> Result<Param<'static>, Error> {
    Ok(match holds {
        Holds::Text => row.text(index)?.into(),
        Holds::Number => row.real_or_null(index)?.into(),
        Holds::Moment => row.int_or_null(index)?.into(),
        Holds::Count => row.int(index)?.into(),
    })
}

/// A cursor's value for a key.
pub(crate) fn cursor_value(json: &Json, holds: Holds) -> Result<Param<'static>, Error> {
    let value = match (holds, json) {
        (Holds::Number | Holds::Moment, Json::Null) => Some(Param::Null),
        (Holds::Text, Json::String(text)) => Some(text.clone().into()),
        (Holds::Number, json) => json.as_f64().map(Param::from),
        (Holds::Moment | Holds::Count, json) => json.as_i64().map(Param::from),
        _ => None,
    };
    value.ok_or(Error::BadCursor)
}

/// What a field's column holds.
pub(crate) fn holds(kind: &Kind) -> Option<Holds> {
    match kind {
        Kind::Textarea { .. } => None,
        Kind::Number { .. } => Some(Holds::Number),
        Kind::Datetime => Some(Holds::Moment),
        Kind::Bool => Some(Holds::Count),
        _ => Some(Holds::Text),
    }
}

/// Contains `text`, whatever the case of its A to Z: those alone are what both engines' `lower` folds in a column that
/// sorts by code point.
pub(crate) fn contains(column: Expr, text: &str) -> Expr {
    let pattern = Expr::val(format!("%{}%", like_literal(&text.to_ascii_lowercase())));
    if !text.contains(|c: char| c.is_ascii_alphabetic()) {
        // what has no case needs no folding
        return Expr::cust_with_exprs("$1 like $2 escape '\\'", [column, pattern]);
    }
    Expr::cust_with_exprs("lower($1) like $2 escape '\\'", [column, pattern])
}

/// A column by its name, behind the table's where it needs one.
pub(crate) fn column(name: &str) -> Expr {
    match name.split_once('.') {
        Some((table, name)) => Expr::col((Alias::new(table), Alias::new(name))),
        None => Expr::col(Alias::new(name)),
    }
}

fn bound(value: &Param) -> Expr {
    match value {
        Param::Null => Expr::cust("null"),
        Param::Int(value) => Expr::val(*value),
        Param::Real(value) => Expr::val(*value),
        Param::Text(text) => Expr::val(text.to_string()),
    }
}

/// Where a column of a query stands in the sheet; none: nowhere.
pub(crate) fn place(flow: &Flow, of: &Column) -> Option<(String, Holds)> {
    let (name, holds) = match of {
        Column::State => ("state", Holds::Text),
        Column::AssignedTo => ("assigned_to", Holds::Text),
        Column::CreatedBy => ("created_by", Holds::Text),
        Column::Created => ("created_at", Holds::Count),
        Column::Updated => ("updated_at", Holds::Count),
        Column::Closed => ("closed_at", Holds::Moment),
        Column::Number => ("number", Holds::Count),
        Column::Field(key) => {
            let field = flow.fields.get(key)?;
            return Some((sheet::column_name(field), holds(&field.kind)?));
        }
    };
    Some((name.to_owned(), holds))
}

fn condition(flow: &Flow, term: &Term, aside: bool) -> Cond {
    match term {
        Term::Words(text) => holds_words(flow, text),
        Term::Number(number) => Cond::all().add(column("number").eq(*number)),
        Term::Any(ways) => any_of(
            ways.iter()
                .map(|way| way.terms.iter().fold(Cond::all(), |all, term| all.add(condition(flow, term, aside)))),
        ),
        Term::Not(query) => {
            let found = query.terms.iter().fold(Cond::all(), |all, term| all.add(condition(flow, term, true)));
            // what is null in it was not found either
            let found = sea_query::CaseStatement::new().case(found, Expr::cust("1")).finally(Expr::cust("0"));
            let found: Expr = found.into();
            Cond::all().add(found.eq(Expr::cust("0")))
        }
        Term::Was(states) => Cond::all().add(of_traces(flow, stays(flow, states, false, aside), aside)),
        Term::Reached(states) => Cond::all().add(of_traces(flow, stays(flow, states, true, aside), aside)),
        Term::Changed { field, from, to } => {
            Cond::all().add(of_traces(flow, changes(flow, field, from.as_deref(), to.as_deref()), aside))
        }
        Term::Column { column: Column::Field(key), test } if is_long(flow, key) => long(flow, key, test),
        Term::Column { column: Column::Field(key), test: Test::OneOf { words, negated } }
            if flow.fields.get(key).is_some_and(|field| matches!(field.kind, Kind::Item { .. })) =>
        {
            negate(Cond::all().add(linked(flow, key, words)), *negated)
        }
        Term::Column { column: of, test } => match place(flow, of) {
            None => nothing(),
            Some((name, holds)) => {
                let name = Place { name: &name, aside };
                let multiple =
                    matches!(of, Column::Field(key) if flow.fields.get(key).is_some_and(|field| field.multiple));
                let bool = matches!(of, Column::Field(key)
                    if flow.fields.get(key).is_some_and(|field| matches!(field.kind, Kind::Bool)));
                match test {
                    Test::Empty { negated } if bool => either(*negated),
                    Test::Empty { negated } => is_empty(of, name, holds, *negated),
                    Test::OneOf { words, negated } => one_of(flow, of, name, multiple, words, *negated),
                    Test::Contains(text) => Cond::all().add(contains(name.expr(), text)),
                    Test::Within { ranges, negated: false } if *of == Column::Updated && !aside => {
                        Cond::all().add(changed_within(flow, ranges))
                    }
                    Test::Within { ranges, negated } => within(name, holds, ranges, *negated),
                    Test::Is(yes) => Cond::all().add(name.expr().eq(i64::from(*yes))),
                }
            }
        },
    }
}

/// Items whose texts hold these words: asked of the row of texts, whatever the index knows.
fn holds_words(flow: &Flow, text: &str) -> Cond {
    let needle = Needle::new(text);
    if needle.is_blank() {
        return nothing();
    }
    let texts = Alias::new(format!("words_{}", flow.key));
    let of = |name: &str| Expr::col((texts.clone(), Alias::new(name)));
    let like = |name: &str, piece: &str| {
        let pattern = Expr::val(format!("%{}%", like_literal(piece)));
        Expr::cust_with_exprs("$1 like $2 escape '\\'", [of(name), pattern])
    };
    let mut any = Cond::any();
    for piece in needle.pieces() {
        any = any.add(like("body", piece)).add(like("said", piece));
    }
    let mut held = sea_query::Query::select();
    held.expr(Expr::cust("1"))
        .from(texts.clone())
        .and_where(of("flow").eq(flow.key.as_str()))
        .and_where(of("number").eq(Expr::col((Alias::new(format!("sheet_{}", flow.key)), Alias::new("number")))))
        .cond_where(any)
        // as with `of_traces`
        .limit(1)
        .offset(0);
    Cond::all().add(Expr::exists(held))
}

/// A column of the sheet in a condition; put aside, no index of it is used.
#[derive(Clone, Copy)]
struct Place<'a> {
    name: &'a str,
    aside: bool,
}

impl Place<'_> {
    fn expr(self) -> Expr {
        if self.aside { Expr::from(Func::coalesce([column(self.name), column(self.name)])) } else { column(self.name) }
    }
}

fn is_empty(of: &Column, name: Place, holds: Holds, negated: bool) -> Cond {
    let empty = match (of, holds) {
        (Column::AssignedTo, _) => name.expr().eq("[]"),
        (_, Holds::Text) => name.expr().eq(""),
        (_, Holds::Number | Holds::Moment | Holds::Count) => name.expr().is_null(),
    };
    negate(Cond::all().add(empty), negated)
}

fn one_of(flow: &Flow, of: &Column, name: Place, multiple: bool, words: &[String], negated: bool) -> Cond {
    let found = if *of == Column::AssignedTo {
        Cond::all().add(held_by(flow, words))
    } else if multiple {
        words.iter().fold(Cond::any(), |any, word| any.add(holds_word(name, word)))
    } else {
        Cond::all().add(name.expr().is_in(words.iter().map(String::as_str)))
    };
    negate(found, negated)
}

/// Stays in one of these states: such as touch the range, or (`entered`) such as began within it. Of one item (`aside`) they
/// are few, and the index of states would lead to those of all.
fn stays(flow: &Flow, states: &[InState], entered: bool, aside: bool) -> SelectStatement {
    let place = |name| Place { name, aside };
    let ever = states.iter().filter(|one| one.within.is_none()).map(|one| one.state.as_str());
    let ever: Vec<&str> = ever.collect();
    let mut any = Vec::with_capacity(states.len());
    if !ever.is_empty() {
        any.push(Cond::all().add(place("state").expr().is_in(ever)));
    }
    for (state, range) in states.iter().filter_map(|one| Some((&one.state, one.within.clone()?))) {
        let mut all = Cond::all().add(place("state").expr().eq(state.as_str()));
        if entered {
            all = all.add(within(place("entered"), Holds::Count, &[range], false));
        } else {
            let Range { low, high } = range;
            let began = Range { low: None, high };
            let gone = Range { low, high: None };
            let left = within(place("ended"), Holds::Moment, &[gone], false);
            all = all.add(within(place("entered"), Holds::Count, &[began], false));
            all = all.add(Cond::any().add(column("ended").is_null()).add(left));
        }
        any.push(all);
    }
    let mut stays = sea_query::Query::select();
    stays.from(Alias::new("stay")).and_where(column("flow").eq(flow.key.as_str())).cond_where(any_of(any));
    stays
}

/// Changes of the field from one value to the other.
fn changes(flow: &Flow, field: &str, from: Option<&str>, to: Option<&str>) -> SelectStatement {
    let mut changes = sea_query::Query::select();
    changes.from(Alias::new("field_change")).and_where(column("flow").eq(flow.key.as_str()));
    changes.and_where(column("field").eq(field));
    changes.and_where_option(from.map(|from| column("old_value").eq(from)));
    changes.and_where_option(to.map(|to| column("new_value").eq(to)));
    changes
}

/// Items that have one of these rows of another table: found by them, or (`aside`) looked at one by one.
fn of_traces(flow: &Flow, mut traces: SelectStatement, aside: bool) -> Expr {
    if !aside {
        return column("number").in_subquery(traces.column(Alias::new("number")).take());
    }
    let sheet = Alias::new(format!("sheet_{}", flow.key));
    let same = column("number").eq(Expr::col((sheet, Alias::new("number"))));
    // an offset keeps a planner from making one join of it, which would find all of them first
    Expr::exists(traces.expr(Expr::cust("1")).and_where(same).limit(1).offset(0).take())
}

fn is_long(flow: &Flow, key: &str) -> bool {
    flow.fields.get(key).is_some_and(|field| matches!(field.kind, Kind::Textarea { .. }))
}

/// A long text stands in the item alone.
fn long(flow: &Flow, key: &str, test: &Test) -> Cond {
    let text = || Expr::cust_with_exprs("coalesce(cast(fields as json) ->> $1, '')", [Expr::val(key)]);
    let passes = match test {
        Test::Contains(part) => contains(text(), part),
        Test::Empty { negated: false } => text().eq(""),
        Test::Empty { negated: true } => text().ne(""),
        _ => return nothing(),
    };
    let mut item = sea_query::Query::select();
    item.from(Alias::new("item")).and_where(column("flow").eq(flow.key.as_str())).and_where(passes);
    Cond::all().add(of_traces(flow, item, true))
}

/// Items that one of these users holds: read from the holders, so that it costs what they hold.
fn held_by(flow: &Flow, users: &[String]) -> Expr {
    let mut held = sea_query::Query::select();
    held.column(Alias::new("number"))
        .from(Alias::new("holder"))
        .and_where(column("flow").eq(flow.key.as_str()))
        .and_where(column("who").is_in(users.iter().map(|user| holder(user))));
    column("number").in_subquery(held)
}

/// Items that were last changed within one of these: asked of the items, which have an index of it.
fn changed_within(flow: &Flow, ranges: &[Range]) -> Expr {
    let mut changed = sea_query::Query::select();
    changed
        .column(Alias::new("number"))
        .from(Alias::new("item"))
        .and_where(column("flow").eq(flow.key.as_str()))
        .cond_where(within(Place { name: "updated_at", aside: false }, Holds::Count, ranges, false));
    column("number").in_subquery(changed)
}

/// Items whose field links to one of these: read from the links, so that it costs what they are.
fn linked(flow: &Flow, key: &str, items: &[String]) -> Expr {
    let ends = items.iter().filter_map(|text| end(text));
    let any =
        any_of(ends.map(|(other, number)| Cond::all().add(column("flow").eq(other)).add(column("number").eq(number))));
    let mut links = sea_query::Query::select();
    links
        .column(Alias::new("other_number"))
        .from(Alias::new("link"))
        .and_where(column("inward").eq(1_i64))
        .and_where(column("field").eq(key))
        .and_where(column("other_flow").eq(flow.key.as_str()))
        .cond_where(any);
    column("number").in_subquery(links)
}

/// A `multiple` field (JSON text, or one bare word from a time when it was not) holds this word. `like` would not do: one
/// engine's ignores case.
fn holds_word(name: Place, word: &str) -> Cond {
    let quoted = Json::from(word).to_string();
    let without = Expr::cust_with_exprs("replace($1, $2, '')", [name.expr(), Expr::val(quoted)]);
    Cond::any().add(name.expr().eq(word)).add(name.expr().ne(without))
}

fn within(name: Place, holds: Holds, ranges: &[Range], negated: bool) -> Cond {
    let mut any = Cond::any();
    for Range { low, high } in ranges {
        let mut all = Cond::all();
        if holds == Holds::Text {
            // an empty date is before every other
            all = all.add(name.expr().ne(""));
        }
        if let Some(Edge { at, inclusive }) = low {
            let edge = scalar(at);
            all = all.add(if *inclusive { name.expr().gte(edge) } else { name.expr().gt(edge) });
        }
        if let Some(Edge { at, inclusive }) = high {
            let edge = scalar(at);
            all = all.add(if *inclusive { name.expr().lte(edge) } else { name.expr().lt(edge) });
        }
        any = any.add(all);
    }
    if negated && matches!(holds, Holds::Number | Holds::Moment) {
        return Cond::any().add(name.expr().is_null()).add(any.not());
    }
    negate(any, negated)
}

fn scalar(value: &Scalar) -> Expr {
    match value {
        Scalar::Number(number) => Expr::val(*number),
        Scalar::Date(day) => Expr::val(day.clone()),
        Scalar::Moment(ms) => Expr::val(*ms),
    }
}

fn may_see(flow: &Flow, rules: &VisibleTo) -> Cond {
    let mut any = Vec::new();
    if rules.creator {
        any.push(Cond::all().add(column("created_by").eq(rules.user.as_str())));
    }
    if rules.holder {
        any.push(Cond::all().add(held_by(flow, std::slice::from_ref(&rules.user))));
    }
    for field in rules.fields.iter().filter_map(|key| flow.fields.get(key)) {
        let name = sheet::column_name(field);
        any.push(if field.multiple {
            holds_word(Place { name: &name, aside: false }, &rules.user)
        } else {
            Cond::all().add(column(&name).eq(rules.user.as_str()))
        });
    }
    any_of(any)
}

/// One of these; of none nothing passes. An `or` with what is never true would keep an engine from its indexes.
fn any_of(conditions: impl IntoIterator<Item = Cond>) -> Cond {
    let mut conditions = conditions.into_iter();
    match conditions.next() {
        None => nothing(),
        Some(first) => conditions.fold(Cond::any().add(first), Cond::add),
    }
}

fn negate(cond: Cond, negated: bool) -> Cond {
    if negated { cond.not() } else { cond }
}

fn nothing() -> Cond {
    either(false)
}

fn either(yes: bool) -> Cond {
    Cond::all().add(Expr::cust(if yes { "1 = 1" } else { "1 = 0" }))
}

/// What stands in a field's column, as the field's value.
pub(crate) fn value(row: &Row, index: usize, field: &flow::Field) -> Result<Value, Error> {
    Ok(match holds(&field.kind) {
        None => Value::Empty,
        Some(Holds::Number) => row.real_or_null(index)?.map_or(Value::Empty, Value::Number),
        Some(Holds::Count) => Value::Bool(row.flag(index)?),
        Some(Holds::Moment) => match row.int_or_null(index)?.map(jiff::Timestamp::from_millisecond) {
            None => Value::Empty,
            Some(moment) => Value::Instant(moment.map_err(|error| Error::corrupt("reading a sheet", error))?),
        },
        Some(Holds::Text) => {
            let text = row.str(index)?;
            let list =
                (field.multiple && text.starts_with('[')).then(|| serde_json::from_str::<Json>(text).ok()).flatten();
            match (list, &field.kind) {
                (Some(list), _) => Value::from_stored(&list, field),
                (None, Kind::Date) => text.parse().map_or(Value::Empty, Value::Date),
                (None, _) if text.is_empty() => Value::Empty,
                (None, _) => Value::Text(text.to_owned()),
            }
        }
    })
}

/// The column of a field, for `select`; none for fields that are too long for a sheet.
pub(crate) fn field_column(field: &flow::Field) -> Option<Expr> {
    sheet::column(&field.kind).map(|_| column(&sheet::column_name(field)))
}
