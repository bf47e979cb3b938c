//! What lets the records be spread over servers by flow: keys and statements that name the flow, and the command itself,
//! on a server whose Citus functions only write down that they were called.

use serde_json::json;

use super::{
    ALL,
    cluster::server,
    fixture::{Act, T0, act, bug, create, issue, place},
};
use crate::{
    Error, Tx, flow_version, item, list, migration, postgres::distribute::SPREAD, rebuild_sheet, saved_view, user,
};

/// Reads over all flows, on purpose: 待办, 已办, 我发起的, what is stranded, what is open.
const OVER_ALL_FLOWS: [&str; 9] = [
    "from holder t join item i on i.flow = t.flow",
    "from took_part t join item i on i.flow = t.flow",
    "from item i where i.created_by = ",
    "from (select 1 from holder t where t.who = $1 limit ",
    "from (select flow from holder where who = ",
    "and t.who = $1 limit ",
    "from (select 1 from item t where t.created_by = $1 limit ",
    "(select h.flow, h.number from users u join holder h",
    "from tally where closed = 0 group by flow",
];

fn is_spread(table: &str) -> bool {
    // the index of words is a table of the embedded engine's
    SPREAD.contains(&table)
        || table.starts_with("sheet_")
        || table.starts_with("words_") && table != "words_due" && !table.contains('-')
}

/// The tables of items that a statement names after `from`, `join`, `update`, `into`.
fn named(sql: &str) -> usize {
    let words: Vec<&str> = sql.split([' ', '(', ')', ',']).filter(|word| !word.is_empty()).collect();
    let names = words.windows(2).filter(|pair| ["from", "join", "update", "into"].contains(&pair[0]));
    names.filter(|pair| is_spread(pair[1].trim_matches('"'))).count()
}

/// Everything that is done to items and asked of them, once.
fn do_everything(place: &super::fixture::Place) {
    let write = |tx: &crate::WriteTx| {
        let number = create(tx, &issue(), "ann", T0, &super::fixture::a_few_fields()).unwrap();
        for (who, done) in [
            ("ann", Act::Save(json!({"summary": "新", "cause": "issue/1"}))),
            ("ann", Act::Press("提取", json!({}))),
            ("ann", Act::Press("提交", json!({"checker": "ben"}))),
            ("root", Act::Assign("Ced")),
            ("ann", Act::Comment("说")),
            ("Ced", Act::Press("关闭", json!({}))),
        ] {
            act(tx, number, who, T0 + 1, &done).unwrap();
        }
        create(tx, &bug(), "ann", T0, &json!({"summary": "b", "seen_in": ["issue/1"]})).unwrap();
        saved_view::insert(tx, &super::fixture::view("a", "ann", true))?;
        saved_view::update(tx, &super::fixture::view("a", "ann", false))?;
        saved_view::delete(tx, "issue", "a")?;
        migration::keep(tx, "issue", &super::fixture::migration(1))?;
        Ok::<_, Error>(())
    };
    place.db.write(write).unwrap();
    rebuild_sheet(&place.db, "issue").unwrap();
    let all = list::Visibility::All;
    let rules = list::Visibility::Rules(list::VisibleTo {
        user: "ann".to_owned(),
        holder: true,
        creator: true,
        fields: vec!["checker".to_owned(), "watchers".to_owned()],
    });
    let read = |tx: &Tx| {
        for flow in [None, Some("issue")] {
            list::pending(tx, "ann", flow, None, 50)?;
            list::done(tx, "ann", flow, None, 50)?;
            list::created(tx, "ann", flow, None, 50)?;
        }
        list::pending_count(tx, "ann", None, 10)?;
        list::pending_counts(tx, "ann", &["issue"], 10)?;
        list::done_count(tx, "ann", None, 10)?;
        list::created_count(tx, "ann", None, 10)?;
        list::pending_count(tx, "ann", Some("issue"), 10)?;
        list::done_count(tx, "ann", Some("issue"), 10)?;
        list::created_count(tx, "ann", Some("issue"), 10)?;
        list::stranded(tx, None, 10)?;
        list::stranded_count(tx, 10)?;
        list::tally(tx, "issue")?;
        list::open_items(tx)?;
        for visible in [&all, &rules] {
            list::of_flow(tx, &issue(), &flow::Query::default(), &[], visible, None, 10)?;
            list::count(tx, &issue(), &flow::Query::default(), visible, 10)?;
            item::search(tx, &issue(), "灯 1", 10, visible)?;
        }
        item::load(tx, "issue", 1)?;
        item::history(tx, "issue", 1, 0, 10)?;
        item::earlier(tx, "issue", 1, i64::MAX, 10)?;
        item::last_revisions(tx, "issue", 1, 10)?;
        item::last_seq(tx, "issue", 1)?;
        item::stayed(tx, "issue", 1, T0)?;
        item::ways(tx, "issue", 1)?;
        item::links(tx, "issue", 1, None, 10)?;
        item::titles(tx, &[("issue".to_owned(), 1)].into())?;
        item::briefs(tx, &[("issue".to_owned(), 1)])?;
        flow_version::versions_in_use(tx, "issue")?;
        flow_version::open_items(tx, "issue", 1, 9)?;
        flow_version::has_items(tx, "issue")?;
        user::search(tx, "a", 10)?;
        read_views(tx)?;
        read_migrations(tx)
    };
    place.db.read(read).unwrap();
}

fn read_views(tx: &Tx) -> Result<(), Error> {
    saved_view::load(tx, "issue", "a")?;
    saved_view::of(tx, "issue", "ann", (10, 10))?;
    saved_view::count(tx, "issue", "ann")?;
    saved_view::is_named(tx, "issue", "ann", "a", "b")?;
    Ok(())
}

fn read_migrations(tx: &Tx) -> Result<(), Error> {
    migration::newest(tx, "issue")?;
    migration::behind(tx, "issue", (2, false), 1, 100)?;
    migration::under(tx, "issue", 1, 1, 100)?;
    migration::event(tx, "issue", 1, 1).map(drop)
}

#[test]
fn every_statement_on_items_names_their_flow() {
    do_everything(&place());
    let statements: Vec<String> = ALL.lock().unwrap().iter().cloned().collect();
    let mut seen = 0;
    for statement in statements {
        let sql = statement
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase()
            .replace('?', "$")
            .replace('"', "");
        let tables = named(&sql);
        // the fixture looks at everything to know what deciding needs to know
        if tables == 0 || sql.starts_with("create ") || sql.starts_with("alter ") {
            continue;
        }
        seen += 1;
        if OVER_ALL_FLOWS.iter().any(|part| sql.contains(part)) {
            continue;
        }
        let fixed = sql.matches("flow = $").count() + sql.matches("flow = 'bug'").count();
        let beside = sql.matches(".flow = ").count() - sql.matches(".flow = $").count();
        let inserted = usize::from(sql.starts_with("insert into") && sql.contains(" (flow, "));
        assert!(fixed + beside + inserted >= tables && fixed + inserted > 0, "names no flow: {sql}");
        assert!(!sql.contains("values ($1, (select"), "Citus takes no question among values: {sql}");
    }
    assert!(seen > 30, "{seen} statements looked at");
}

#[cfg(test)]
mod on_a_server {
    use super::*;
    use crate::tests::fixture::Place;

    /// Stand-ins for Citus's functions: they write down the calls and refuse what Citus refuses.
    const CITUS: &str = "
        create table calls (id bigint generated always as identity, call varchar);
        create table pg_dist_partition (logicalrel regclass, partmethod \"char\", colocationid int);
        create function create_reference_table(table_name varchar) returns void language plpgsql as $$ begin
            insert into calls (call) values ('reference ' || table_name);
            insert into pg_dist_partition values (table_name::regclass, 'n', 1);
        end $$;
        create function create_distributed_table(table_name varchar, distribution_column varchar, colocate_with varchar)
            returns void language plpgsql as $$ begin
            if exists (select 1 from pg_constraint c where c.contype = 'f'
                       and (c.conrelid = table_name::regclass and not exists
                                (select 1 from pg_dist_partition p where p.logicalrel = c.confrelid)
                            or c.confrelid = table_name::regclass and not exists
                                (select 1 from pg_dist_partition p where p.logicalrel = c.conrelid))) then
                raise exception 'a reference between % and a table that is not distributed', table_name;
            end if;
            insert into calls (call) values ('spread ' || table_name || ' by ' || distribution_column || ' with ' || colocate_with);
            insert into pg_dist_partition values (table_name::regclass, 'h', 2);
        end $$;";

    fn texts(place: &Place, sql: &'static str) -> Vec<String> {
        place.db.read(|tx| tx.all(sql, &[], |row| row.text(0))).unwrap()
    }

    const REFERENCES: &str = "select conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid)
                              from pg_constraint where contype = 'f' order by 1";

    #[test]
    fn items_are_spread_by_flow_and_what_is_shared_is_everywhere() {
        let place = place();
        if server().is_none() {
            assert!(matches!(place.db.distribute(), Err(Error::NotDistributable { .. })));
            return;
        }
        assert!(matches!(place.db.distribute(), Err(Error::NotDistributable { why }) if why.contains("Citus")));
        place.db.write(|tx| tx.define(CITUS)).unwrap();
        let references = texts(&place, REFERENCES);
        let done = place.db.distribute().unwrap();
        assert_eq!(texts(&place, REFERENCES), references, "every reference came back");
        assert_eq!(done.shared, ["users", "groups", "flow", "flow_version"]);
        assert_eq!((done.spread.len(), done.already), (SPREAD.len() + 5, 0));
        let calls = texts(&place, "select cast(call as text) from calls order by id");
        assert_eq!(
            calls[..5],
            [
                "reference users",
                "reference groups",
                "reference flow",
                "reference flow_version",
                "spread item by flow with none"
            ]
        );
        assert!(calls[5..].iter().all(|call| call.ends_with(" by flow with item")), "{calls:?}");
        assert!(calls.contains(&"spread sheet_issue by flow with item".to_owned()), "{calls:?}");
        let again = place.db.distribute().unwrap();
        assert_eq!(again.already, again.spread.len() + again.shared.len());
        assert_eq!(texts(&place, "select cast(call as text) from calls order by id"), calls, "nothing was done twice");
        // a flow that is published later lies with the others
        let later = flow::Flow { key: "later".to_owned(), ..bug() };
        place
            .db
            .write(move |tx| flow_version::publish(tx, &later, ("later", &flow_version::Beside::default()), "root", T0))
            .unwrap();
        assert_eq!(
            texts(&place, "select cast(call as text) from calls order by id desc limit 1"),
            ["spread \"words_later\" by flow with item"]
        );
        place
            .db
            .write(|tx| Ok::<_, Error>(create(tx, &issue(), "ann", T0, &json!({"summary": "a"})).unwrap()))
            .unwrap();
    }

    #[test]
    fn every_key_of_what_is_spread_holds_the_flow() {
        let place = place();
        if server().is_none() {
            // the same schema is read where it can be: SQLite says it as text
            let sql = "select sql from sqlite_master where type = 'table' and name in ('item', 'event', 'stay', 'link', 'holder',
                       'took_part', 'field_change', 'tally', 'next_number', 'open_version', 'sheet_issue', 'sheet_bug', 'sheet_column',
                       'words_issue', 'words_bug', 'saved_view')";
            let tables = texts(&place, sql);
            assert_eq!(tables.len(), 16);
            assert!(
                tables
                    .iter()
                    .all(|sql| sql.contains("primary key (flow, ") || sql.contains("flow text not null primary key"))
            );
            return;
        }
        let sql = "select c.conrelid::regclass::text || ' ' || pg_get_constraintdef(c.oid) from pg_constraint c
                   join pg_namespace n on n.oid = c.connamespace
                   where n.nspname = current_schema() and c.contype in ('p', 'u', 'f') order by 1";
        let mut seen = 0;
        for constraint in texts(&place, sql) {
            let table = constraint.split_once(' ').unwrap().0.trim_matches('"');
            if is_spread(table) {
                seen += 1;
                assert!(constraint.contains("(flow, ") || constraint.contains("(flow)"), "{constraint}");
            }
        }
        assert!(seen > 18, "{seen} constraints looked at");
    }
}
