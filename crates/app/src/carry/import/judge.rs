//! What becomes of a few rows, in one transaction.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use flow::{
    Actor, Column, Decision, Edge, Event, Facts, Flow, Input, Item, ItemFact, NotAllowed, Past, Query, Range, Refusal,
    Scalar, Term, Test, Wrong,
};
use jiff::Timestamp;
use serde_json::Value as Json;

use super::{Cell, Outcome, Plan, Row, Trouble, What, values};
use crate::{
    Error, Reading, Writing,
    bulk::{Life, Lives},
    item,
};

/// Rows, and those of them that are about the item of a row before them.
type Rows<'a> = (&'a [Row], &'a HashMap<u64, u64>);

/// A row as it is understood.
enum Wish {
    Known(Arc<Flow>, Box<Item>, Input),
    New(Input),
    Past(Input, Past),
    Settled(Outcome),
}

/// What a row comes to.
enum Verdict {
    New(Vec<Decision>),
    Changed(Arc<Flow>, Box<Decision>),
    Settled(Outcome),
}

/// What would become of the rows.
pub(super) fn dry(cx: &Reading, actor: &Actor, plan: &Plan, rows: Rows) -> Result<Vec<(u64, Outcome)>, Error> {
    let outcome = |verdict| match verdict {
        Verdict::New(_) => Outcome::Created,
        Verdict::Changed(..) => Outcome::Updated,
        Verdict::Settled(outcome) => outcome,
    };
    let verdicts = verdicts(cx, actor, plan, rows, &mut 1)?;
    Ok(verdicts.into_iter().map(|(line, verdict)| (line, outcome(verdict))).collect())
}

/// Carries the rows in.
pub(super) fn take(cx: &Writing, actor: &Actor, plan: &Plan, rows: Rows) -> Result<Vec<(u64, Outcome)>, Error> {
    let first = store::item::next_numbers(cx.tx, &plan.key, 0)?;
    let mut next = first;
    let verdicts = verdicts(cx, actor, plan, rows, &mut next)?;
    if next > first {
        store::item::next_numbers(cx.tx, &plan.key, next - first)?;
    }
    let mut lives = Lives::default();
    let mut outcomes = Vec::with_capacity(verdicts.len());
    for (line, verdict) in verdicts {
        let outcome = match verdict {
            Verdict::New(decisions) => {
                lives.add(&[Life { flow: Arc::clone(&plan.flow), decisions }])?;
                Outcome::Created
            }
            Verdict::Changed(flow, decision) => {
                store::item::save(cx.tx, &flow, &decision, None)?;
                Outcome::Updated
            }
            Verdict::Settled(outcome) => outcome,
        };
        outcomes.push((line, outcome));
    }
    lives.write(cx)?;
    lives.tell(cx);
    Ok(outcomes)
}

fn verdicts(
    cx: &Reading,
    actor: &Actor,
    plan: &Plan,
    (rows, twice): Rows,
    next: &mut i64,
) -> Result<Vec<(u64, Verdict)>, Error> {
    let mut wishes = Vec::with_capacity(rows.len());
    for row in rows {
        wishes.push(match twice.get(&row.line) {
            Some(first) => Wish::refused("id", What::Twice(*first)),
            None => wish(cx, actor, plan, row)?,
        });
    }
    let facts = facts(cx, actor, plan, &wishes)?;
    let verdicts = rows.iter().zip(wishes).map(|(row, wish)| (row.line, wish.decide(plan, &facts, next)));
    Ok(verdicts.collect())
}

impl Wish {
    fn refused(field: &str, what: What) -> Wish {
        Wish::Settled(Outcome::Refused(vec![Trouble { field: field.to_owned(), what }]))
    }

    /// `next`: the number of the next new item.
    fn decide(self, plan: &Plan, facts: &Facts, next: &mut i64) -> Verdict {
        let decided = match self {
            Wish::Settled(outcome) => return Verdict::Settled(outcome),
            Wish::Known(flow, item, input) => {
                if !flow::would_change(&flow, &item, &input, facts) {
                    return Verdict::Settled(Outcome::Unchanged);
                }
                flow::decide(&flow, &item, None, &Event::Save { fields: &input }, facts)
                    .map(|decision| Verdict::Changed(flow, Box::new(decision)))
            }
            Wish::New(input) => flow::create(&plan.flow, plan.version, *next, &input, facts)
                .map(|decision| Verdict::New(vec![decision])),
            Wish::Past(input, past) => flow::import(&plan.flow, plan.version, *next, &input, &past, facts)
                .map(|decisions| Verdict::New(decisions.into())),
        };
        match decided {
            Ok(verdict) => {
                *next += i64::from(matches!(verdict, Verdict::New(_)));
                verdict
            }
            Err(refusal) => Verdict::Settled(Outcome::Refused(troubles(refusal))),
        }
    }

    fn input(&self) -> Option<&Input> {
        match self {
            Wish::Known(_, _, input) | Wish::New(input) | Wish::Past(input, _) => Some(input),
            Wish::Settled(_) => None,
        }
    }
}

fn troubles(refusal: Refusal) -> Vec<Trouble> {
    let not_allowed = |field: &str, why| vec![Trouble { field: field.to_owned(), what: What::NotAllowed(why) }];
    match refusal {
        Refusal::Invalid(problems) => {
            let trouble =
                |problem: flow::FieldProblem| Trouble { field: problem.field, what: What::Wrong(problem.what) };
            problems.into_iter().map(trouble).collect()
        }
        Refusal::NotAllowed(why @ NotAllowed::Final) => not_allowed("current_state", why),
        Refusal::NotAllowed(why @ NotAllowed::Create) => not_allowed("created_by", why),
        Refusal::NotAllowed(why) => not_allowed("assigned_to", why),
        // neither is said of a save without a revision, nor of a new item
        Refusal::Stale { .. } | Refusal::WrongState { .. } | Refusal::Unmet { .. } => {
            not_allowed("current_state", NotAllowed::Save)
        }
    }
}

/// What a row asks for.
fn wish(cx: &Reading, actor: &Actor, plan: &Plan, row: &Row) -> Result<Wish, Error> {
    match found(cx, actor, plan, row)? {
        Err(trouble) => Ok(Wish::refused(&trouble.field, trouble.what)),
        Ok(Some((flow, item))) => {
            let (input, mut troubles) = input(cx, plan, row, true);
            troubles.extend(differences(cx, plan, row, &item));
            Ok(settled(troubles).unwrap_or_else(|| Wish::Known(flow, Box::new(item), input)))
        }
        Ok(None) if plan.leave => Ok(Wish::Settled(Outcome::Left)),
        Ok(None) => {
            let (past, mut troubles) = past(cx, actor, plan, row);
            let (input, more) = input(cx, plan, row, !past.is_empty());
            troubles.extend(more);
            let new = || if past.is_empty() { Wish::New(input) } else { Wish::Past(input, past.clone()) };
            Ok(settled(troubles).unwrap_or_else(new))
        }
    }
}

fn settled(troubles: Vec<Trouble>) -> Option<Wish> {
    (!troubles.is_empty()).then_some(Wish::Settled(Outcome::Refused(troubles)))
}

type Found = Option<(Arc<Flow>, Item)>;

/// The item that a row is about, by its ID or else by the field that is the key.
fn found(cx: &Reading, actor: &Actor, plan: &Plan, row: &Row) -> Result<Result<Found, Trouble>, Error> {
    let trouble = |field: &str, what| Ok(Err(Trouble { field: field.to_owned(), what }));
    let id = plan.cell(row, &Column::Number).map(values::plain).unwrap_or_default();
    if !id.is_empty() {
        let number = match item::refers_to(cx, &id) {
            Some((key, number)) if key == plan.key => Some(number),
            Some(_) => None,
            None => id.parse().ok(),
        };
        let known = number.map(|number| load(cx, actor, plan, number)).transpose()?.flatten();
        return match known {
            Some(known) => Ok(Ok(Some(known))),
            None => trouble("id", What::Wrong(Wrong::NoItem { given: id })),
        };
    }
    let Some(field) = plan.by.as_ref().and_then(|key| plan.flow.fields.get(key)) else { return Ok(Ok(None)) };
    let column = Column::Field(field.key.clone());
    let cell = plan.cell(row, &column).filter(|cell| !values::is_empty(cell, field));
    let Some(cell) = cell else { return trouble(&field.key, What::Wrong(Wrong::Required)) };
    let test = match values::json(cell, field, cx.zone, |name| plan.user(name)) {
        Json::Number(number) => {
            let edge = number.as_f64().map(|at| Edge { at: Scalar::Number(at), inclusive: true });
            Test::Within { ranges: vec![Range { low: edge.clone(), high: edge }], negated: false }
        }
        Json::String(day) if matches!(field.kind, flow::Kind::Date) => {
            let edge = Some(Edge { at: Scalar::Date(day), inclusive: true });
            Test::Within { ranges: vec![Range { low: edge.clone(), high: edge }], negated: false }
        }
        Json::String(text) => Test::OneOf { words: vec![text], negated: false },
        _ => return trouble(&field.key, What::Wrong(Wrong::Required)),
    };
    let query = Query { terms: vec![Term::Column { column, test }] };
    let visible = cx.visibility(actor, &plan.flow);
    let page = store::list::of_flow(cx.tx, &plan.flow, &query, &[], &visible, None, 2)?;
    match page.rows[..] {
        [] => Ok(Ok(None)),
        [ref one] => Ok(Ok(load(cx, actor, plan, one.brief.number)?)),
        _ => trouble(&field.key, What::Several),
    }
}

/// The item of that number and its rules, if it may be seen; held, where it may be changed.
fn load(cx: &Reading, actor: &Actor, plan: &Plan, number: i64) -> Result<Found, Error> {
    let Some(row) = store::item::hold(cx.tx, &plan.key, number)? else { return Ok(None) };
    let flow = cx.version(&plan.key, row.version())?;
    let item = row.read(&flow)?;
    Ok(cx.may_see(actor, &plan.key, &item).then_some((flow, item)))
}

/// The fields of a row. What is empty empties, or (`whole` is false) leaves a new item's first value.
fn input(cx: &Reading, plan: &Plan, row: &Row, whole: bool) -> (Input, Vec<Trouble>) {
    let (mut input, mut troubles) = (Input::new(), Vec::new());
    for (at, column) in plan.columns.iter().enumerate() {
        let Some(Column::Field(key)) = column else { continue };
        let Some(field) = plan.flow.fields.get(key) else { continue };
        match row.cells.get(at).unwrap_or(&Cell::Empty) {
            Cell::Broken(said) => troubles.push(Trouble { field: key.clone(), what: What::Broken(said.clone()) }),
            cell if values::is_cut(cell) => {}
            cell if values::is_empty(cell, field) => {
                if whole {
                    input.insert(key.clone(), Json::Null);
                }
            }
            cell => {
                input.insert(key.clone(), values::json(cell, field, cx.zone, |name| plan.user(name)));
            }
        }
    }
    (input, troubles)
}

/// Built-ins that a row says otherwise than they are: nobody writes them.
fn differences(cx: &Reading, plan: &Plan, row: &Row, item: &Item) -> Vec<Trouble> {
    let same = |column: &Column, cell: &Cell| {
        let names = || values::words(&values::plain(cell), USERS.get_or_init(users)).into_iter();
        let fold = |name: &str| flow::fold_name(&plan.user(name));
        let near = |at: Option<Timestamp>| match (at, values::instant(cell, cx.zone)) {
            // spreadsheets that save a table leave the seconds out
            (Some(at), Some(said)) => at.duration_since(said).abs().as_secs() < 60,
            _ => false,
        };
        match column {
            Column::State => values::plain(cell) == item.state,
            Column::AssignedTo => {
                let said: BTreeSet<String> = names().map(|name| fold(&name)).collect();
                said == item.assigned_to.iter().map(|name| flow::fold_name(name)).collect()
            }
            Column::CreatedBy => fold(&values::plain(cell)) == flow::fold_name(&item.created_by),
            Column::Created => near(Some(item.created_at)),
            Column::Closed => near(item.closed_at),
            // The last change is the item's own affair.
            Column::Updated | Column::Number | Column::Field(_) => true,
        }
    };
    let given = plan.columns.iter().zip(&row.cells).filter_map(|(column, cell)| Some((column.as_ref()?, cell)));
    let otherwise = given.filter(|(column, cell)| !values::plain(cell).is_empty() && !same(column, cell));
    let trouble =
        |(column, _): (&Column, &Cell)| Trouble { field: column.key().to_owned(), what: What::Wrong(Wrong::Readonly) };
    otherwise.map(trouble).collect()
}

/// A field of users, by whose rules a cell with several names is read.
static USERS: std::sync::OnceLock<flow::Field> = std::sync::OnceLock::new();

fn users() -> flow::Field {
    flow::Field {
        key: "assigned_to".to_owned(),
        label: String::new(),
        kind: flow::Kind::User,
        multiple: true,
        required: false,
        default: None,
        hint: None,
        help: None,
        width: None,
        readonly: true,
        hidden: false,
        generation: 0,
    }
}

/// How far a new item got elsewhere, as its row says. What is so of every new item anyone may say.
fn past(cx: &Reading, actor: &Actor, plan: &Plan, row: &Row) -> (Past, Vec<Trouble>) {
    let mut troubles = Vec::new();
    let text = |column: &Column| {
        let text = plan.cell(row, column).map(values::plain).unwrap_or_default();
        (!text.is_empty()).then_some(text)
    };
    let mut time = |column: Column| {
        let cell = plan.cell(row, &column).filter(|cell| !values::plain(cell).is_empty())?;
        let at = values::instant(cell, cx.zone);
        if at.is_none() {
            troubles.push(Trouble { field: column.key().to_owned(), what: What::Wrong(Wrong::Datetime) });
        }
        at
    };
    let holders = text(&Column::AssignedTo).map(|text| values::words(&text, USERS.get_or_init(users)));
    let mut past = Past {
        created_at: time(Column::Created),
        updated_at: time(Column::Updated),
        closed_at: time(Column::Closed),
        state: text(&Column::State),
        assigned_to: holders.unwrap_or_default().iter().map(|name| plan.user(name)).collect(),
        created_by: text(&Column::CreatedBy).map(|name| plan.user(&name)),
    };
    if !actor.admin {
        past.state = past.state.filter(|state| *state != plan.flow.initial);
        past.created_by = past.created_by.filter(|name| flow::fold_name(name) != flow::fold_name(&actor.name));
    }
    (past, troubles)
}

/// Looks up what the rules may ask about these rows.
fn facts<'c>(cx: &'c Reading, actor: &'c Actor, plan: &Plan, wishes: &[Wish]) -> Result<Facts<'c>, Error> {
    let (mut users, mut texts) = (BTreeSet::from([flow::fold_name(&actor.name)]), BTreeSet::new());
    for wish in wishes {
        let Some(input) = wish.input() else { continue };
        let asks = match wish {
            Wish::Known(flow, item, _) => flow::asks(flow, Some(item), input),
            _ => flow::asks(&plan.flow, None, input),
        };
        users.extend(asks.users);
        texts.extend(asks.items);
        if let Wish::Past(_, past) = wish {
            users.extend(past.assigned_to.iter().chain(&past.created_by).map(|name| flow::fold_name(name)));
        }
    }
    let mut items = BTreeMap::new();
    for text in texts {
        if let Some((flow, number)) = item::refers_to(cx, &text)
            && item::load(cx, actor, &flow, number).is_ok()
        {
            items.insert(text, ItemFact { flow, number });
        }
    }
    let users = store::user::known(cx.tx, &users)?;
    Ok(Facts { actor, users, items, opens: BTreeMap::new(), now: cx.now, zone: cx.zone })
}

impl Plan {
    fn cell<'r>(&self, row: &'r Row, column: &Column) -> Option<&'r Cell> {
        let at = self.columns.iter().position(|known| known.as_ref() == Some(column))?;
        row.cells.get(at)
    }

    /// The name of whoever is meant: people write what they see.
    fn user(&self, text: &str) -> String {
        self.displays.get(text).cloned().unwrap_or_else(|| text.to_owned())
    }
}
