//! How the engine would go about every statement that a page, a call or a write makes: none reads a table that grows with
//! the items from end to end, but for those named here with the reason.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    fixture::{Act, Failure, Place, T0, a_few_fields, act, bug, create, issue, view},
    items::MINUTE,
    lists::{ORDERS, QUERIES, filled, query, sort},
    statements_of,
};
use crate::{
    Db, Error, Tx, Visibility, VisibleTo, WriteTx, audit, flow_draft, flow_version, group, item, like, list, migration,
    postgres, saved_view, session, setting, stats, token, user, words,
};

/// Statements that do read a flow's sheet or more, by what they contain, and why that is taken.
const KNOWN: &[(&str, &str)] = &[
    ("like", "words within a text: no index of either engine finds them; what finds them comes with full-text search"),
    ("replace(", "one of several values in a field: as above; walks from the newest until the page is full"),
    ("u.active = 0", "the disabled among the users, for administrators: a flag of few users, without an index"),
    ("admin = 1", "an administrator among the users, before one is disabled: as above, ends at the first"),
    (
        "as \"items\"",
        "items of a whole flow, counted by what stands in a column: that is its sheet (or an index of it) from end to end",
    ),
    ("order by number, who", "who holds what is open of a flow, for the statistics: all of it"),
    ("\"number\" asc, \"seq\" asc", "how long the items of a flow stayed where, for the statistics: all of it"),
    ("order by \"f_urgent\"", "sorted by hand, in the address, by what is no column of the list"),
];

/// What has an engine look at all that its index leads to.
const WHOLE: [&str; 4] = ["like", "replace(", "as \"items\"", "group by"];

/// What a query finds items by: to go through all that a flow has of it is no way of finding.
const TRACES: [&str; 4] = ["stay", "field_change", "link", "holder"];

/// What grows with the items, and with those who work on them.
const LARGE: [&str; 19] = [
    "item",
    "event",
    "stay",
    "link",
    "holder",
    "took_part",
    "field_change",
    "sheet_issue",
    "sheet_bug",
    "words_issue",
    "words_bug",
    "users",
    "groups",
    "membership",
    "session",
    "token",
    "flow_version",
    "audit",
    "saved_view",
];

/// Says which large tables the engine under test would read from end to end for a statement.
enum Judge<'p> {
    Sqlite(&'p Db),
    Postgres(Box<postgres::Connection>),
}

impl Judge<'_> {
    fn of(place: &Place) -> Judge<'_> {
        let crate::Place::Postgres(address) = &place.records.place else { return Judge::Sqlite(&place.db) };
        let connection = postgres::Connection::open(address, 0).unwrap();
        connection.batch("analyze").unwrap();
        // Few rows are cheapest read whole: the planner is told of millions, and asked for a way that finds what it wants
        // one by one, whatever the values are.
        let large = LARGE.map(|table| format!("'{table}'")).join(", ");
        let many = format!("update pg_class set reltuples = 1000000, relpages = 1 where relname in ({large})");
        connection.batch(&many).unwrap();
        // `enable_seqscan = off` would make all plans equal in which a small table is read whole
        for setting in ["enable_hashjoin = off", "enable_mergejoin = off", "seq_page_cost = 1e6"] {
            connection.batch(&format!("set {setting}")).unwrap();
        }
        connection.batch("set plan_cache_mode = force_generic_plan").unwrap();
        Judge::Postgres(Box::new(connection))
    }

    fn read_whole(&self, sql: &str) -> Vec<String> {
        match self {
            Judge::Sqlite(db) => db.read(|tx| sqlite_reads_whole(tx, sql)).unwrap(),
            Judge::Postgres(connection) => postgres_reads_whole(connection, sql).unwrap(),
        }
    }

    fn plan(&self, sql: &str) -> Vec<String> {
        match self {
            Judge::Sqlite(db) => db.read(|tx| sqlite_plan(tx, sql)).unwrap(),
            Judge::Postgres(connection) => postgres_plan(connection, sql).unwrap(),
        }
    }
}

fn sqlite_plan(tx: &Tx, sql: &str) -> Result<Vec<String>, Error> {
    tx.all(&format!("explain query plan {sql}"), &[], |row| row.text(3))
}

/// What the plan need not be told is not in it: any value does.
fn postgres_plan(connection: &postgres::Connection, sql: &str) -> Result<Vec<String>, Error> {
    let most = (1..).take_while(|n| sql.contains(&format!("${n}"))).count();
    let nulls = match most {
        0 => String::new(),
        most => format!("({})", vec!["null"; most].join(", ")),
    };
    let mut plan = Vec::new();
    connection.batch(&format!("prepare judged as {sql}"))?;
    connection.query(&format!("explain (costs off) execute judged{nulls}"), &[], |row| {
        plan.push(row.text(0)?);
        Ok(())
    })?;
    connection.batch("deallocate judged")?;
    Ok(plan)
}

/// PostgreSQL: a `Seq Scan`, a walk through an index without a condition on its first column; and, as below, a search that
/// knows the flow alone where that is slow.
fn postgres_reads_whole(connection: &postgres::Connection, sql: &str) -> Result<Vec<String>, Error> {
    let plan = postgres_plan(connection, sql)?;
    let lower = sql.to_lowercase();
    let slow = plan.iter().any(|step| step.trim_start_matches([' ', '-', '>']) == "Sort")
        || WHOLE.iter().any(|word| lower.contains(word));
    let mut whole = Vec::new();
    for (at, step) in plan.iter().enumerate().filter(|(_, step)| step.contains(" Scan")) {
        let after = |mark: &str| {
            let name = step.split_once(mark)?.1.split(' ').next()?;
            Some(name.trim_matches('"').to_owned())
        };
        let (index, table) = if step.contains("Bitmap Index Scan") {
            // the table stands with the scan of the heap above
            let heap = plan[..at].iter().rev().find_map(|step| step.split_once("Bitmap Heap Scan on "));
            (
                after(" on "),
                heap.and_then(|(_, name)| name.split(' ').next()).map(|name| name.trim_matches('"').to_owned()),
            )
        } else if step.contains("Bitmap Heap Scan") {
            continue;
        } else {
            (after(" using "), after(" on "))
        };
        let Some(table) = table.filter(|table| LARGE.contains(&table.as_str())) else { continue };
        let details = plan[at + 1..].iter().take_while(|step| !step.contains("->"));
        let cond = details.filter_map(|step| step.trim().strip_prefix("Index Cond: ")).next().unwrap_or_default();
        let mut first = String::new();
        let named = "select pg_get_indexdef(to_regclass($1), 1, true)";
        connection.query(named, &[format!("\"{}\"", index.unwrap_or_default()).into()], |row| {
            first = row.text_or_null(0)?.unwrap_or_default();
            Ok(())
        })?;
        let words: Vec<&str> = cond.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let leads =
            !first.is_empty() && (words.contains(&first.as_str()) || first.contains('(') && cond.contains(&first));
        let walks_flow = cond.starts_with("(flow = ") && !cond.contains(" AND ");
        if !leads || walks_flow && (slow || TRACES.contains(&table.as_str())) {
            whole.push(table);
        }
    }
    Ok(whole)
}

/// SQLite: `SCAN i`, by the name that the statement gives the table; and a search that knows the flow alone and has to look
/// at all of it before the first row can be given, or at what no index finds.
fn sqlite_reads_whole(tx: &Tx, sql: &str) -> Result<Vec<String>, Error> {
    let plan = sqlite_plan(tx, sql)?;
    let lower = sql.to_lowercase();
    let slow = plan.iter().any(|step| step.contains("USE TEMP B-TREE FOR ORDER BY"))
        || WHOLE.iter().any(|word| lower.contains(word));
    let named = |step: &str| {
        let name = step.split(' ').nth(1).unwrap_or_default().to_owned();
        // what stands after the table's name, quoted or not, in `from`, `join` or `update`
        let words: Vec<&str> = sql.split([' ', ',', '\n', '(', ')']).filter(|word| !word.is_empty()).collect();
        let of = words.windows(2).find(|pair| pair[1] == name && pair[0].trim_matches('"') != name);
        let table = of.map(|pair| pair[0].trim_matches('"')).filter(|table| LARGE.contains(table));
        table.map_or(name.trim_matches('"').to_owned(), str::to_owned)
    };
    let of_stays = |way: &str| sql.contains(&format!("{way} FROM \"stay\""));
    let is_aside = of_stays("EXISTS(SELECT 1") && !of_stays("(SELECT \"number\"");
    let whole = plan.iter().filter(|step| {
        let walks_flow = step.starts_with("SEARCH") && step.ends_with("(flow=?)");
        // of one item's stays, those of all items in that state
        let walks_state = step.contains("stay_state") && is_aside;
        let is_numbered = sql.contains("json_each") && named(step).starts_with("sheet_");
        step.starts_with("SCAN")
            || walks_state
            || walks_flow && (slow || is_numbered || TRACES.contains(&named(step).as_str()))
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
            words::in_titles(tx, &flow, &query(text), visible, 50)?;
        }
        read_board(tx, visible)?;
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
    for flow in [None, Some("issue")] {
        list::pending_count(tx, "ann", flow, 10_000)?;
        list::done_count(tx, "ann", flow, 10_000)?;
        list::created_count(tx, "ann", flow, 10_000)?;
    }
    list::pending_counts(tx, "ann", &["issue"], 0)?;
    list::tally(tx, "issue")?;
    for text in ["", "level=事故"] {
        stats::stays(tx, &flow, &query(text), &all, |_| {})?;
        stats::closings(tx, &flow, &query(text), &all, |_, _| {})?;
        stats::linked(tx, &flow, "bugs", &query(text), &all, 20)?;
    }
    stats::holders(tx, "issue", |_, _| {})?;
    stats::first_created(tx, &flow)?;
    for by in ["level", "watchers", "urgent", "closed:month"] {
        let by = [flow::parse_by(by, &flow).unwrap()];
        for text in ["", "level=事故", "question_7"] {
            stats::counted(tx, &flow, &query(text), &all, &by, &jiff::tz::TimeZone::UTC)?;
        }
    }
    list::open_items(tx)?;
    item::load(tx, "issue", 1)?;
    item::exists(tx, "issue", 1)?;
    item::history(tx, "issue", 1, 0, 100)?;
    item::earlier(tx, "issue", 1, i64::MAX, 40)?;
    item::last_revisions(tx, "issue", 1, 2)?;
    item::last_seq(tx, "issue", 1)?;
    item::stayed(tx, "issue", 1, T0)?;
    item::ways(tx, "issue", 1)?;
    let linked = item::links(tx, "issue", 1, None, 1)?;
    item::links(tx, "issue", 1, linked.next.as_deref(), 40)?;
    item::titles(tx, &BTreeSet::from([("issue".to_owned(), 1), ("bug".to_owned(), 1)]))?;
    item::briefs(tx, &[("issue".to_owned(), 1)])?;
    for text in ["question_7", "crc"] {
        item::search(tx, &flow, text, 20, &all)?;
    }
    words::texts(tx, &flow, &[1, 2])?;
    audit::list(tx, None, 50)?;
    setting::get(tx, "x")?;
    read_flows(tx)?;
    read_people(tx)
}

/// Every way in which flows are read.
fn read_flows(tx: &Tx) -> Result<(), Error> {
    flow_version::has_items(tx, "issue")?;
    flow_version::versions_in_use(tx, "issue")?;
    flow_version::open_items(tx, "issue", 1, 9)?;
    flow_version::page(tx, "issue", None, 50)?;
    flow_version::newest(tx)?;
    flow_version::text(tx, "issue", 1)?;
    flow_version::tests(tx, "issue", 1)?;
    flow_draft::load(tx, "issue")?;
    Ok(())
}

/// Every way in which what is similar is looked for.
fn read_likes(tx: &Tx, flow: &flow::Flow) -> Result<(), Error> {
    words::frequencies(tx, flow, &[flow::text::Needle::new("crc 灯")], 50)?;
    like::newest(tx, "issue", 100)?;
    like::holding(tx, "issue", &["crc", "单板"], 50)?;
    like::seen(tx, flow, &Visibility::All, vec![1, 2])?;
    like::linked(tx, "issue", 1, 100)?;
    like::linked_of(tx, "issue", &[1, 2], 100)?;
    Ok(())
}

/// Every way in which kept views are read, and a list with columns of one's choice.
fn read_views(tx: &Tx) -> Result<(), Error> {
    saved_view::load(tx, "issue", "v")?;
    saved_view::of(tx, "issue", "ann", (100, 200))?;
    saved_view::count(tx, "issue", "ann")?;
    saved_view::is_named(tx, "issue", "ann", "v", "w")?;
    migration::newest(tx, "issue")?;
    migration::behind(tx, "issue", (2, false), 1, 100)?;
    migration::under(tx, "issue", 1, 1, 100)?;
    migration::event(tx, "issue", 1, 1)?;
    let (flow, all) = (issue(), Visibility::All);
    let columns: Vec<flow::Column> =
        ["id", "detail", "checker"].map(|name| flow::column_named(&flow, name).unwrap()).into();
    let sought = list::Sought { query: &query(""), sort: &[], visible: &all, columns: &columns };
    list::with_columns(tx, &flow, &sought, None, 50).map(drop)
}

/// The columns of a board, and what is asked of the items on a page.
fn read_board(tx: &Tx, visible: &Visibility) -> Result<(), Error> {
    for text in ["state=处理", "state=关闭 level=事故", "state=处理 crc"] {
        for order in ["", "-updated"] {
            list::of_flow(tx, &issue(), &query(text), &sort(order), visible, None, 30)?;
        }
    }
    item::entered(tx, "issue", &BTreeSet::from([1, 2]))?;
    Ok(())
}

/// Every way in which people are listed and looked for.
fn read_people(tx: &Tx) -> Result<(), Error> {
    for text in ["", "a"] {
        let first = user::page(tx, text, None, 2)?;
        user::page(tx, text, first.next.as_deref(), 2)?;
        user::search(tx, text, 20)?;
        group::page(tx, text, None, 20)?;
        group::members(tx, "g", text, None, 20)?;
    }
    let names = BTreeSet::from(["ann".to_owned(), "ben".to_owned()]);
    user::by_name(tx, "ann")?;
    user::known(tx, &names)?;
    user::displays(tx, &names)?;
    user::groups_of(tx, "ann")?;
    user::groups_of_each(tx, &names)?;
    user::another_admin(tx, "ann")?;
    group::registered(tx, "g")?;
    group::member_count(tx, "g", 1_000)?;
    session::load(tx, "00")?;
    session::others(tx, "ann", "00", T0, None, 20)?;
    token::load(tx, "00")?;
    token::of(tx, "ann", None, 20)?;
    Ok(())
}

/// One row where the fixture has none: a table without any is read whole by whatever planner.
fn a_person_with_everything(tx: &WriteTx) -> Result<(), Error> {
    let (hash, user) = ("00".to_owned(), "ann".to_owned());
    saved_view::insert(tx, &view("v", "ann", true))?;
    group::add(tx, "g", T0)?;
    group::add_member(tx, "g", "ann")?;
    audit::add(tx, T0, "root", "group added", &json!({}))?;
    session::insert(
        tx,
        &session::Session { hash: hash.clone(), user: user.clone(), created_at: T0, seen_at: T0, expires_at: T0 },
    )?;
    token::insert(tx, &token::NewToken { hash, user, name: "t".to_owned(), created_at: T0, expires_at: None })?;
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
    let place = filled();
    place.db.write(a_person_with_everything).unwrap();
    let seen = |statements: Vec<String>| statements.into_iter().collect::<BTreeSet<String>>();
    let mut all = place
        .db
        .read(|tx| {
            Ok::<_, Error>(seen(statements_of(|| {
                read_everything(tx).and_then(|()| read_views(tx)).and_then(|()| read_likes(tx, &issue())).unwrap()
            })))
        })
        .unwrap();
    let write = move |tx: &WriteTx| Ok::<_, Failure>(statements_of(|| write_everything(tx).unwrap()));
    all.extend(place.db.write(write).unwrap());
    let judged = |sql: &&String| {
        let verb = sql.trim_start().split(' ').next().unwrap_or_default().to_lowercase();
        // the fixture looks at everything to know what deciding needs to know
        let by_fixture =
            *sql == "select number from item where flow = $1" || sql.ends_with("from users u order by u.folded");
        matches!(verb.as_str(), "select" | "update" | "delete") && !by_fixture
    };
    let mut excused = BTreeSet::new();
    let mut faults = Vec::new();
    let judge = Judge::of(&place);
    for sql in all.iter().filter(judged) {
        let whole = judge.read_whole(sql);
        match KNOWN.iter().find(|(part, _)| sql.to_lowercase().contains(part)) {
            _ if whole.is_empty() => {}
            Some((part, _)) => drop(excused.insert(*part)),
            None => faults.push(format!("{whole:?}: {sql}\n{}", judge.plan(sql).join("\n"))),
        }
    }
    assert!(all.iter().filter(judged).count() > 150);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(excused.len(), KNOWN.len(), "an excuse that nothing needs any more: {excused:?}");
}

#[test]
fn a_table_read_from_end_to_end_is_noticed() {
    let place = filled();
    let judge = Judge::of(&place);
    let whole = |sql: &str| judge.read_whole(sql);
    assert_eq!(whole("select title from item"), ["item"]);
    assert_eq!(whole("select i.title from setting s join item i on i.created_by <> s.name"), ["item"]);
    assert_eq!(whole("select count(*) from \"sheet_issue\""), ["sheet_issue"]);
    assert_eq!(whole("delete from event where seq = 3"), ["event"]);
    assert_eq!(whole("update holder set since = 1 where since = 2"), ["holder"]);
    assert_eq!(whole("select number from sheet_issue where flow = $1 order by f_site limit 3"), ["sheet_issue"]);
    assert!(whole("select number from sheet_issue where flow = $1 order by number desc limit 3").is_empty());
    assert_eq!(whole("select name from users"), ["users"]);
    assert!(whole("select name from setting").is_empty());
}
