//! How the engine would go about every statement that a page, a call or a write makes: none reads a table that grows with
//! the items from end to end, but for those named here with the reason.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    fixture::{Act, Failure, T0, a_few_fields, act, bug, create, embedded, issue},
    items::MINUTE,
    lists::{ORDERS, QUERIES, filled_in, query, sort},
    statements_of,
};
use crate::{
    Error, Tx, Visibility, VisibleTo, WriteTx, audit, flow_version, group, item, list, session, setting, token, user,
};

/// Statements that do read a flow's sheet or more, by what they contain, and why that is taken.
const KNOWN: &[(&str, &str)] = &[
    ("like", "words within a text: no index of either engine finds them; what finds them comes with full-text search"),
    ("replace(", "one of several values in a field: as above; walks from the newest until the page is full"),
    ("order by \"f_urgent\"", "sorted by hand, in the address, by what is no column of the list"),
];

/// What grows with the items.
const LARGE: [&str; 8] = ["item", "event", "stay", "link", "holder", "took_part", "sheet_issue", "sheet_bug"];

/// The large tables that the engine would read from end to end for `sql`. A second engine has its own words for it.
fn read_whole(tx: &Tx, sql: &str) -> Result<Vec<String>, Error> {
    sqlite_reads_whole(tx, sql)
}

/// SQLite: `SCAN i`, by the name that the statement gives the table; and a search that knows the flow alone and has to look
/// at all of it before the first row can be given, or at what no index finds.
fn sqlite_reads_whole(tx: &Tx, sql: &str) -> Result<Vec<String>, Error> {
    let plan = tx.all(&format!("explain query plan {sql}"), &[], |row| row.text(3))?;
    let lower = sql.to_lowercase();
    let slow = plan.iter().any(|step| step.contains("USE TEMP B-TREE FOR ORDER BY"))
        || ["like", "replace("].iter().any(|word| lower.contains(word));
    let named = |step: &str| {
        let name = step.split(' ').nth(1).unwrap_or_default().to_owned();
        // what stands after the table's name, quoted or not, in `from`, `join` or `update`
        let words: Vec<&str> = sql.split([' ', ',', '\n', '(', ')']).filter(|word| !word.is_empty()).collect();
        let of = words.windows(2).find(|pair| pair[1] == name && pair[0].trim_matches('"') != name);
        let table = of.map(|pair| pair[0].trim_matches('"')).filter(|table| LARGE.contains(table));
        table.map_or(name.trim_matches('"').to_owned(), str::to_owned)
    };
    let whole = plan.iter().filter(|step| {
        let walks_flow = step.starts_with("SEARCH") && step.ends_with("(flow=?)");
        step.starts_with("SCAN") || walks_flow && slow
    });
    Ok(whole.map(|step| named(step)).filter(|table| LARGE.contains(&table.as_str())).collect())
}

/// Every way in which items are listed and looked at.
fn read_everything(tx: &Tx) -> Result<(), Error> {
    let (all, flow) = (Visibility::All, issue());
    let rules = VisibleTo { user: "ann".to_owned(), holder: true, creator: true, fields: vec!["checker".to_owned()] };
    for visible in [&all, &Visibility::Rules(rules)] {
        for text in QUERIES {
            list::of_flow(tx, &flow, &query(text), &[], visible, None, 50)?;
            list::count(tx, &flow, &query(text), visible, 10_000)?;
            list::count_near(tx, &flow, &query(text), visible, 10_000)?;
        }
    }
    for order in ORDERS {
        let first = list::of_flow(tx, &flow, &query(""), &sort(order), &all, None, 3)?;
        list::of_flow(tx, &flow, &query(""), &sort(order), &all, first.next.as_deref(), 3)?;
    }
    for flow in [None, Some("issue")] {
        let lists = [list::pending, list::done, list::created];
        for list in lists {
            let first = list(tx, "ann", flow, None, 2)?;
            list(tx, "ann", flow, first.next.as_deref(), 2)?;
        }
    }
    list::stranded(tx, None, 50)?;
    list::stranded_count(tx, 10_000)?;
    list::pending_count(tx, "ann")?;
    list::pending_counts_by_flow(tx, "ann")?;
    list::done_count(tx, "ann", 10_000)?;
    list::created_count(tx, "ann", 10_000)?;
    list::tally(tx, "issue")?;
    list::open_items(tx)?;
    item::load(tx, "issue", 1)?;
    item::exists(tx, "issue", 1)?;
    item::history(tx, "issue", 1, 0, 100)?;
    item::stays(tx, "issue", 1)?;
    item::links(tx, "issue", 1)?;
    item::briefs(tx, &[("issue".to_owned(), 1)])?;
    for text in ["question_7", "crc"] {
        item::search(tx, &flow, text, 20, &all)?;
    }
    flow_version::has_items(tx, "issue")?;
    flow_version::versions_in_use(tx, "issue")?;
    flow_version::open_items(tx, "issue")?;
    flow_version::history(tx, "issue")?;
    audit::list(tx, None, 50)?;
    user::search(tx, "a", 20)?;
    group::list(tx)?;
    session::load(tx, "00")?;
    token::load(tx, "00")?;
    setting::get(tx, "x")?;
    Ok(())
}

/// Everything that happens to items.
fn write_everything(tx: &WriteTx) -> Result<(), Failure> {
    create(tx, &bug(), "ann", T0, &json!({"summary": "灯"}))?;
    let number = create(tx, &issue(), "ann", T0, &a_few_fields())?;
    let acts = [
        Act::Press("提取", json!({})),
        Act::Save(json!({"bugs": null, "cause": "issue/1"})),
        Act::Press("提交", json!({"checker": "ben"})),
        Act::Comment("说"),
        Act::Assign("ann"),
        Act::Press("关闭", json!({})),
    ];
    for (turn, what) in (1..).zip(acts) {
        let who = if matches!(what, Act::Assign(_)) { "root" } else { "ann" };
        let who = if turn == 6 { "ann" } else { who };
        let who = if matches!(&what, Act::Press("提交", _)) { "ann" } else { who };
        act(tx, number, who, T0 + turn * MINUTE, &what)?;
    }
    Ok(())
}

#[test]
fn nothing_reads_what_grows_from_end_to_end() {
    let place = filled_in(embedded());
    let seen = |statements: Vec<String>| statements.into_iter().collect::<BTreeSet<String>>();
    let mut all = place.db.read(|tx| Ok::<_, Error>(seen(statements_of(|| read_everything(tx).unwrap())))).unwrap();
    let write = move |tx: &WriteTx| Ok::<_, Failure>(statements_of(|| write_everything(tx).unwrap()));
    all.extend(place.db.write(write).unwrap());
    let judged = |sql: &&String| {
        let verb = sql.trim_start().split(' ').next().unwrap_or_default().to_lowercase();
        matches!(verb.as_str(), "select" | "update" | "delete")
    };
    let mut excused = BTreeSet::new();
    let mut faults = Vec::new();
    place
        .db
        .read(|tx| {
            for sql in all.iter().filter(judged) {
                let whole = read_whole(tx, sql)?;
                match KNOWN.iter().find(|(part, _)| sql.to_lowercase().contains(part)) {
                    _ if whole.is_empty() => {}
                    Some((part, _)) => drop(excused.insert(*part)),
                    None => faults.push(format!("{whole:?}: {sql}")),
                }
            }
            Ok::<_, Error>(())
        })
        .unwrap();
    assert!(all.iter().filter(judged).count() > 150);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(excused.len(), KNOWN.len(), "an excuse that nothing needs any more: {excused:?}");
}

#[test]
fn a_table_read_from_end_to_end_is_noticed() {
    let place = filled_in(embedded());
    let whole = |sql: &str| place.db.read(|tx| read_whole(tx, sql)).unwrap();
    assert_eq!(whole("select title from item"), ["item"]);
    assert_eq!(whole("select i.title from users u join item i on i.created_by <> u.name"), ["item"]);
    assert_eq!(whole("select count(*) from \"sheet_issue\""), ["sheet_issue"]);
    assert_eq!(whole("delete from event where seq = 3"), ["event"]);
    assert_eq!(whole("update holder set since = 1 where since = 2"), ["holder"]);
    assert_eq!(whole("select number from sheet_issue where flow = ?1 order by f_site limit 3"), ["sheet_issue"]);
    assert!(whole("select number from sheet_issue where flow = ?1 order by number desc limit 3").is_empty());
    assert!(whole("select name from users").is_empty());
}
