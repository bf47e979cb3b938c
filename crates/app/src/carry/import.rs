//! In: rows of a file as new items, as changes of those that are there, or as records of a time before. The rules decide each
//! row as they decide what a person types; a row that they refuse changes nothing, the others are taken.

mod judge;
mod values;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use flow::{Actor, Column, Flow, Kind, NotAllowed, Wrong};
use jiff::civil::DateTime;
use serde_json::json;

use crate::{App, Error, Reading};

/// Rows in one transaction: so few that nobody waits long for it.
const BATCH: usize = 100;

/// What stands in a cell of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// Yes or no.
    Bool(bool),
    /// A day or a moment, without a zone.
    Moment(DateTime),
    /// The file itself says that this is wrong: `#N/A`.
    Broken(String),
}

/// A row of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its number in the file: the header is 1.
    pub line: u64,
    /// One for each column of the header; those that are missing at the end are empty.
    pub cells: Vec<Cell>,
}

/// How a file is to be understood.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The flow's key.
    pub key: String,
    /// The newest version of the flow.
    pub flow: Arc<Flow>,
    version: i64,
    /// What each column of the file is; none: it is passed over.
    columns: Vec<Option<Column>>,
    /// The field by which rows without an ID find their items.
    by: Option<String>,
    /// Rows that find no item are left alone instead of becoming new ones.
    leave: bool,
    /// From what people see to the name of the only user who is seen so.
    displays: BTreeMap<String, String>,
}

/// What became of the rows, or would become.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// New items.
    pub created: u64,
    /// Items that were changed.
    pub updated: u64,
    /// Rows that say what is there already.
    pub unchanged: u64,
    /// Rows that find no item and are to be left alone.
    pub left: u64,
    /// Rows that were refused, and why.
    pub refused: Vec<(u64, Vec<Trouble>)>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    /// The key of the field or built-in at fault; `id`.
    pub field: String,
    /// What is wrong there.
    pub what: What,
}

/// What is wrong with a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// What the rules say of the value.
    Wrong(Wrong),
    /// Who imports may not.
    NotAllowed(NotAllowed),
    /// What the file says of the cell: `#N/A`.
    Broken(String),
    /// More than one item holds this.
    Several,
    /// A row before this one is about the same item: its number.
    Twice(u64),
}

/// Why a whole file is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFile {
    /// It is no workbook, no table, or damaged.
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
    /// There is nothing in it.
    #[error("the file has no header")]
    Empty,
    /// None of its columns is one of the flow's.
    #[error("no column of the file is one of the flow's: the header must have labels or keys of its fields")]
    NothingKnown,
    /// Two columns are the same.
    #[error("two columns are {0:?}")]
    Twice(String),
    /// The flow has no such field, or none by which items can be found.
    #[error(
        "items cannot be found by {0:?}: give a text, number, date, choice or user field that is a column of the file"
    )]
    NoKey(String),
    /// There are more rows than are taken at once.
    #[error("the file has more than {0} rows: split it")]
    TooLong(usize),
}

/// Makes a plan: `columns` says what each column of the file is, `by` names a field by its key or label.
///
/// # Errors
/// `NotFound`, `Archived`, `BadFile`.
pub fn plan(
    cx: &Reading,
    actor: &Actor,
    key: &str,
    (columns, by, leave): (Vec<Option<Column>>, Option<&str>, bool),
) -> Result<Plan, Error> {
    let published = cx.flow_for(actor, key)?;
    if published.archived {
        return Err(Error::Archived(published.flow.name.clone()));
    }
    let flow = Arc::clone(&published.flow);
    if columns.iter().all(Option::is_none) {
        return Err(BadFile::NothingKnown.into());
    }
    for (at, column) in columns.iter().enumerate() {
        if let Some(column) = column
            && columns[..at].iter().flatten().any(|other| other == column)
        {
            return Err(BadFile::Twice(column.key().to_owned()).into());
        }
    }
    let by = by.filter(|name| !name.is_empty()).map(|name| key_field(&flow, &columns, name)).transpose()?;
    let mut displays: BTreeMap<String, Option<String>> = BTreeMap::new();
    for user in store::user::list(cx.tx)? {
        displays.entry(user.display).and_modify(|known| *known = None).or_insert(Some(user.name));
    }
    let displays = displays.into_iter().filter_map(|(display, name)| Some((display, name?))).collect();
    Ok(Plan { key: key.to_owned(), flow, version: published.version, columns, by, leave, displays })
}

fn key_field(flow: &Flow, columns: &[Option<Column>], name: &str) -> Result<String, Error> {
    let found = flow::column_named(flow, name).filter(|column| columns.iter().flatten().any(|known| known == column));
    let Some(Column::Field(key)) = found else { return Err(BadFile::NoKey(name.to_owned()).into()) };
    let fits = flow.fields.get(&key).is_some_and(|field| {
        !field.multiple
            && matches!(field.kind, Kind::Text { .. } | Kind::Choice(_) | Kind::User | Kind::Number { .. } | Kind::Date)
    });
    if fits { Ok(key) } else { Err(BadFile::NoKey(name.to_owned()).into()) }
}

/// Carries the rows in, or (`dry`) says what would become of them. `told` hears how many are done.
///
/// # Errors
/// The store's; what was carried in until then stays.
pub fn run(
    app: &App,
    actor: &Actor,
    (plan, rows): (&Arc<Plan>, Vec<Row>),
    dry: bool,
    told: &mut dyn FnMut(u64),
) -> Result<Report, Error> {
    let mut report = Report::default();
    let twice = Arc::new(doubles(plan, &rows));
    let rows: Arc<[Row]> = rows.into();
    for start in (0..rows.len()).step_by(BATCH) {
        let end = (start + BATCH).min(rows.len());
        let (plan, twice, rows) = (Arc::clone(plan), Arc::clone(&twice), Arc::clone(&rows));
        let person = actor.clone();
        let outcomes = if dry {
            app.read(|cx| judge::dry(cx, &person, &plan, (&rows[start..end], &twice)))
        } else {
            app.write(move |cx| judge::take(cx, &person, &plan, (&rows[start..end], &twice)))
        }?;
        outcomes.into_iter().for_each(|(line, outcome)| report.count(line, outcome));
        told(u64::try_from(end).unwrap_or(u64::MAX));
    }
    if !dry && report.created + report.updated > 0 {
        let (name, key) = (actor.name.clone(), plan.key.clone());
        let (created, updated) = (report.created, report.updated);
        app.write(move |cx| {
            let detail = json!({"flow": key, "created": created, "updated": updated});
            Ok(store::audit::add(cx.tx, cx.now.as_millisecond(), &name, "import", &detail)?)
        })?;
    }
    Ok(report)
}

/// What became of a row.
pub(crate) enum Outcome {
    Created,
    Updated,
    Unchanged,
    Left,
    Refused(Vec<Trouble>),
}

impl Report {
    fn count(&mut self, line: u64, outcome: Outcome) {
        match outcome {
            Outcome::Created => self.created += 1,
            Outcome::Updated => self.updated += 1,
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Left => self.left += 1,
            Outcome::Refused(why) => self.refused.push((line, why)),
        }
    }
}

/// Rows that are about the item of a row before them, and that row's number.
fn doubles(plan: &Plan, rows: &[Row]) -> HashMap<u64, u64> {
    let place = |column: &Column| plan.columns.iter().position(|known| known.as_ref() == Some(column));
    let places = [Some(Column::Number), plan.by.clone().map(Column::Field)].map(|column| place(&column?));
    let mut first: HashMap<(usize, String), u64> = HashMap::new();
    let mut twice = HashMap::new();
    for row in rows {
        let named = places.iter().flatten().find_map(|place| {
            let text = values::plain(row.cells.get(*place)?);
            (!text.is_empty()).then_some((*place, text))
        });
        let Some(named) = named else { continue };
        match first.get(&named) {
            Some(line) => drop(twice.insert(row.line, *line)),
            None => drop(first.insert(named, row.line)),
        }
    }
    twice
}
