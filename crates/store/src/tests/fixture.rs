//! Two flows made by hand, people, and one call for each thing that they do.

use std::collections::{BTreeMap, BTreeSet};

use flow::{
    Actor, Choices, CommentRule, Create, Decision, Event, Facts, Field, Flow, Holder, Input, Item, ItemFact, Kind,
    Open, OpenFact, Refusal, State, Transition, UserFact, Who,
};
use indexmap::IndexMap;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value as Json, json};

use super::cluster::Records;
use crate::{Db, Error, WriteTx, flow_version, item, saved_view, user, words};

pub(crate) const T0: i64 = 1_790_000_000_000;

/// Records in a directory of their own.
pub(crate) struct Place {
    pub(crate) db: Db,
    // goes before the directory, whose name it bears
    pub(crate) records: Records,
    pub(crate) directory: tempfile::TempDir,
}

/// Why a thing was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    Store(Error),
    Refused(Refusal),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Store(error)
    }
}

/// Records with the two flows published and ann, ben, eve (disabled) and root.
pub(crate) fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let records = Records::filled(directory.path(), |records| drop(fill(records)));
    if records.is_filled() {
        return Place { db: records.open(), records, directory };
    }
    filled(records, directory)
}

/// [`place`], embedded whatever this run tries.
pub(crate) fn embedded() -> Place {
    let directory = tempfile::tempdir().unwrap();
    filled(Records::embedded(directory.path()), directory)
}

fn filled(records: Records, directory: tempfile::TempDir) -> Place {
    Place { db: fill(&records), records, directory }
}

fn fill(records: &Records) -> Db {
    let db = records.open();
    db.write(|tx| {
        for name in ["ann", "ben", "Ced", "eve", "root"] {
            user::insert(tx, &person(name))?;
        }
        user::update_active(tx, "eve", false)?;
        flow_version::publish(tx, &issue(), ("issue", &flow_version::Beside::default()), "root", T0)?;
        flow_version::publish(tx, &bug(), ("bug", &flow_version::Beside::default()), "root", T0)?;
        Ok::<_, Error>(())
    })
    .unwrap();
    db
}

impl Place {
    /// Without the items of the walk before: cheaper than fresh records where every commit waits for the disk.
    pub(crate) fn emptied(&self) {
        let tables = [
            "event",
            "stay",
            "holder",
            "link",
            "took_part",
            "field_change",
            "tally",
            "open_version",
            "sheet_issue",
            "sheet_bug",
            "item",
        ];
        let empty = move |tx: &WriteTx| {
            for table in tables {
                tx.execute(&format!("delete from {table}"), &[])?;
            }
            for flow in ["issue", "bug"] {
                words::remove(tx, flow)?;
                words::define(tx, flow)?;
            }
            tx.execute("update next_number set next = 1", &[])?;
            Ok::<_, Error>(())
        };
        self.db.write(empty).unwrap();
    }
}

/// A migration to version 2 that goes on.
pub(crate) fn migration(id: i64) -> crate::migration::Migration {
    crate::migration::Migration {
        id,
        version: 2,
        map: String::new(),
        closed: false,
        started_by: "root".to_owned(),
        started_at: T0,
        finished_at: None,
        undone_at: None,
    }
}

/// A view of the issues.
pub(crate) fn view(id: &str, owner: &str, shared: bool) -> saved_view::SavedView {
    saved_view::SavedView {
        flow: "issue".to_owned(),
        id: id.to_owned(),
        owner: owner.to_owned(),
        name: format!("视图 {id}"),
        shared,
        query: "level=事故".to_owned(),
        sort: "-updated".to_owned(),
        columns: "summary,level".to_owned(),
        group_by: "state".to_owned(),
        created_at: T0,
        updated_at: T0,
    }
}

pub(crate) fn person(name: &str) -> user::User {
    user::User {
        name: name.to_owned(),
        display: format!("Display of {name}"),
        email: None,
        admin: name == "root",
        active: true,
        password_hash: None,
        language: None,
        created_at: T0,
    }
}

fn field(key: &str, kind: Kind) -> (String, Field) {
    let field = Field {
        key: key.to_owned(),
        label: key.to_owned(),
        kind,
        multiple: false,
        required: false,
        default: None,
        hint: None,
        help: None,
        width: None,
        readonly: false,
        hidden: false,
        generation: 0,
    };
    (key.to_owned(), field)
}

fn multiple((key, field): (String, Field)) -> (String, Field) {
    (key, Field { multiple: true, ..field })
}

fn state(name: &str, is_final: bool) -> (String, State) {
    let none = BTreeSet::new;
    let state = State {
        name: name.to_owned(),
        readonly: none(),
        hidden: none(),
        required: none(),
        due_minutes: None,
        is_final,
    };
    (name.to_owned(), state)
}

fn row(source: &str, trigger: &str, dest: &str, assign_to: Holder) -> Transition {
    Transition {
        sources: vec![source.to_owned()],
        trigger: trigger.to_owned(),
        dest: dest.to_owned(),
        condition: None,
        unmet: None,
        assign_to,
        by: vec![Who::AssignedTo],
        required: Vec::new(),
        set: IndexMap::new(),
        comment: CommentRule::Optional,
        create: None,
        back: false,
    }
}

/// 处理 → 审核 → 关闭, back and reopened; opens a bug while it is 处理.
pub(crate) fn issue() -> Flow {
    let words = |words: &[&str]| Kind::Choice(Choices::Flat(words.iter().map(ToString::to_string).collect()));
    let copy = IndexMap::from([("summary".to_owned(), "summary".to_owned())]);
    let open = Open { flow: "bug".to_owned(), link: "bugs".to_owned(), copy };
    Flow {
        key: "issue".to_owned(),
        name: "问题".to_owned(),
        item_prefix: "question".to_owned(),
        title: Some("summary".to_owned()),
        initial: "处理".to_owned(),
        fields: IndexMap::from([
            field("summary", Kind::Text { max_length: 200, pattern: None }),
            field("detail", Kind::Textarea { max_length: 5000, rows: 5 }),
            field("level", words(&["一般", "严重", "事故"])),
            multiple(field("kinds", words(&["软件", "硬件"]))),
            field("checker", Kind::User),
            multiple(field("watchers", Kind::User)),
            field("amount", Kind::Number { min: None, max: None, decimals: None }),
            field("need_by", Kind::Date),
            field("happened", Kind::Datetime),
            field("urgent", Kind::Bool),
            field("site", Kind::Url),
            field("cause", Kind::Item { flow: Some("issue".to_owned()) }),
            multiple(field("bugs", Kind::Item { flow: Some("bug".to_owned()) })),
        ]),
        states: IndexMap::from([state("处理", false), state("审核", false), state("关闭", true)]),
        transitions: vec![
            row("处理", "提交", "审核", Holder::Field("checker".to_owned())),
            Transition { create: Some(open), ..row("处理", "提取", "处理", Holder::Same) },
            Transition { back: true, ..row("审核", "打回", "处理", Holder::CreatedBy) },
            row("审核", "关闭", "关闭", Holder::Same),
            Transition { by: vec![Who::Anyone], ..row("关闭", "重开", "处理", Holder::CreatedBy) },
        ],
        create: Create { by: vec![Who::Anyone], assign_to: Holder::CreatedBy },
        view: vec![Who::Anyone],
        columns: ["summary", "level", "detail", "amount", "watchers", "current_state"].map(str::to_owned).to_vec(),
    }
}

/// One state and an end.
pub(crate) fn bug() -> Flow {
    Flow {
        key: "bug".to_owned(),
        name: "Bug".to_owned(),
        item_prefix: "bug".to_owned(),
        fields: IndexMap::from([
            field("summary", Kind::Text { max_length: 200, pattern: None }),
            multiple(field("seen_in", Kind::Item { flow: Some("issue".to_owned()) })),
        ]),
        states: IndexMap::from([state("提交", false), state("归档", true)]),
        initial: "提交".to_owned(),
        transitions: vec![row("提交", "归档", "归档", Holder::Same)],
        columns: vec!["summary".to_owned()],
        ..issue()
    }
}

pub(crate) fn input(json: Json) -> Input {
    serde_json::from_value(json).unwrap()
}

pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

/// Runs `f` with what deciding needs to know: everyone, every item of issue and bug.
pub(crate) fn with_facts<T>(
    tx: &WriteTx,
    actor: &str,
    now: i64,
    f: impl FnOnce(&Facts) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let actor = Actor { name: actor.to_owned(), admin: actor == "root", groups: BTreeSet::new() };
    let names = user::list(tx)?;
    let users =
        names.into_iter().map(|user| (user.name.to_lowercase(), UserFact { name: user.name, active: user.active }));
    let mut items = BTreeMap::new();
    for key in ["issue", "bug"] {
        let numbers = tx.all("select number from item where flow = $1", &[key.into()], |row| row.int(0))?;
        items.extend(
            numbers.into_iter().map(|number| (format!("{key}/{number}"), ItemFact { flow: key.to_owned(), number })),
        );
    }
    let bug = bug();
    let next = tx.one("select next from next_number where flow = 'bug'", &[], |row| row.int(0))?;
    let opens = BTreeMap::from([("bug".to_owned(), OpenFact { flow: &bug, version: 1, number: next })]);
    let zone = TimeZone::UTC;
    f(&Facts { actor: &actor, users: users.collect(), items, opens, now: at(now), zone: &zone })
}

pub(crate) fn load(tx: &crate::Tx, flow: &Flow, number: i64) -> Item {
    item::load(tx, &flow.key, number).unwrap().unwrap().read(flow).unwrap()
}

/// Creates an item of `flow` and returns its number.
pub(crate) fn create(tx: &WriteTx, flow: &Flow, who: &str, now: i64, fields: &Json) -> Result<i64, Failure> {
    let number = item::next_number(tx, &flow.key)?;
    let decision = with_facts(tx, who, now, |facts| {
        flow::create(flow, 1, number, &input(fields.clone()), facts).map_err(Failure::Refused)
    })?;
    item::save(tx, flow, &decision, None)?;
    Ok(number)
}

/// Something that happens to an issue.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Save(Json),
    Press(&'static str, Json),
    Assign(&'static str),
    Comment(&'static str),
}

/// What `act` decides for the issue as it stands.
pub(crate) fn decide(tx: &WriteTx, number: i64, who: &str, now: i64, act: &Act) -> Result<Decision, Failure> {
    let flow = issue();
    let present = load(tx, &flow, number);
    with_facts(tx, who, now, |facts| {
        let decision = match act {
            Act::Save(fields) => {
                flow::decide(&flow, &present, None, &Event::Save { fields: &input(fields.clone()) }, facts)
            }
            Act::Press(trigger, fields) => {
                let event = Event::Press { trigger, fields: &input(fields.clone()), comment: None };
                flow::decide(&flow, &present, None, &event, facts)
            }
            Act::Assign(to) => flow::decide(&flow, &present, None, &Event::Assign { to, instead_of: None }, facts),
            Act::Comment(text) => flow::comment(&flow, &present, text, facts),
        };
        decision.map_err(Failure::Refused)
    })
}

/// Does `act` to the issue.
pub(crate) fn act(tx: &WriteTx, number: i64, who: &str, now: i64, act: &Act) -> Result<item::Saved, Failure> {
    let decision = decide(tx, number, who, now, act)?;
    if decision.opens().is_some() {
        item::next_number(tx, "bug")?;
    }
    Ok(item::save(tx, &issue(), &decision, Some(&bug()))?)
}

pub(crate) fn a_few_fields() -> Json {
    json!({"summary": "灯不亮", "detail": "细\n节", "level": "事故", "kinds": ["硬件", "软件"], "checker": "Ben",
           "watchers": ["ann", "ced"], "amount": 12.5, "need_by": "2026-12-01", "happened": "2026-11-22T10:00:00Z",
           "urgent": true, "site": "https://example.org/?a=b", "cause": null})
}
