//! Published flows: every version's text, byte for byte, for ever.

use std::collections::BTreeMap;

use flow::Flow;

use crate::{
    Error, Tx, WriteTx,
    change::{Changed, grow},
    list::{Page, bound, cursor},
    row::Row as SqlRow,
    sheet,
    value::params,
};

/// A published version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The flow's key.
    pub key: String,
    /// 1, 2, … within the flow.
    pub version: i64,
    /// As it was published, byte for byte.
    pub text: String,
    /// Milliseconds.
    pub published_at: i64,
    /// Who published it.
    pub published_by: String,
    /// What was said of it; may be empty.
    pub note: String,
    /// The flow was taken out of use.
    pub archived: bool,
    /// The types that its fields had before.
    pub retyped: Retyped,
}

/// Of fields whose key had another type in an earlier version, how many others ([`flow::Field::generation`]). With the text,
/// it makes a version's flow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retyped(BTreeMap<String, u32>);

impl Retyped {
    fn of(flow: &Flow) -> Retyped {
        let retyped = flow.fields.values().filter(|field| field.generation > 0);
        Retyped(retyped.map(|field| (field.key.clone(), field.generation)).collect())
    }

    fn read(text: &str) -> Result<Retyped, Error> {
        if text.is_empty() {
            return Ok(Retyped::default());
        }
        Ok(Retyped(serde_json::from_str(text).map_err(|error| Error::corrupt("reading a flow's types", error))?))
    }

    fn write(&self) -> Result<String, Error> {
        if self.0.is_empty() {
            return Ok(String::new());
        }
        serde_json::to_string(&self.0).map_err(|error| Error::corrupt("writing a flow's types", error))
    }

    /// How many other types the field had before this version.
    pub(crate) fn generation(&self, field: &str) -> u32 {
        self.0.get(field).copied().unwrap_or(0)
    }

    /// The flow of the version whose text is this.
    ///
    /// # Errors
    /// The first problem of a text that makes no flow.
    pub fn rules(&self, key: &str, text: &str) -> Result<Flow, String> {
        let (flow, problems) = flow::read(&flow::File { name: key, text });
        let mut flow =
            flow.ok_or_else(|| problems.first().map(|first| first.message.to_string()).unwrap_or_default())?;
        for (field, generation) in &self.0 {
            if let Some(field) = flow.fields.get_mut(field) {
                field.generation = *generation;
            }
        }
        Ok(flow)
    }
}

impl Row {
    /// The version's flow.
    ///
    /// # Errors
    /// [`Error::Corrupt`]: its text makes none.
    pub fn rules(&self) -> Result<Flow, Error> {
        let unread =
            |first| Error::corrupt("reading a flow", format!("{} version {}: {first}", self.key, self.version));
        self.retyped.rules(&self.key, &self.text).map_err(unread)
    }
}

/// What goes with a version that is published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// What is said of it; may be empty.
    pub note: String,
    /// The scenarios that were played for it, TOML; empty: none.
    pub tests: String,
}

/// What is known of a published version without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The flow's key.
    pub key: String,
    /// 1, 2, … within the flow.
    pub version: i64,
    /// Milliseconds.
    pub published_at: i64,
    /// Who published it.
    pub published_by: String,
    /// What was said of it; may be empty.
    pub note: String,
    /// The flow was taken out of use.
    pub archived: bool,
}

const COLUMNS: &str = "v.flow, v.version, v.text, v.published_at, v.published_by, v.note,
                       case when f.archived_at is null then 0 else 1 end, v.retyped";

/// The newest version of every flow, archived ones flagged, in the order of their first publication.
///
/// # Errors
/// The records failed.
pub fn current(tx: &Tx) -> Result<Vec<Row>, Error> {
    let sql = format!("select {COLUMNS} {NEWEST}");
    tx.all(&sql, &[], read)
}

/// [`current`], without the texts.
///
/// # Errors
/// The records failed.
pub fn newest(tx: &Tx) -> Result<Vec<Version>, Error> {
    let sql = format!("select {NO_TEXT} {NEWEST}");
    tx.all(&sql, &[], read_version)
}

/// A page of a flow's versions, newest first.
///
/// # Errors
/// [`Error::BadCursor`], or the records failed.
pub fn page(tx: &Tx, key: &str, cursor: Option<&str>, limit: i64) -> Result<Page<Version>, Error> {
    let before = match &cursor::read("versions", cursor)?[..] {
        [] => i64::MAX,
        [version] => cursor::int(version)?,
        _ => return Err(Error::BadCursor),
    };
    let sql = format!(
        "select {NO_TEXT} from flow_version v join flow f on f.flow = v.flow
         where v.flow = $1 and v.version < $2 order by v.version desc limit $3"
    );
    let rows = tx.all(&sql, params![key, before, bound(limit) + 1], read_version)?;
    Ok(Page::cut(rows, limit, |row| cursor::write("versions", &[row.version.into()])))
}

/// The text of one version.
///
/// # Errors
/// The records failed.
pub fn text(tx: &Tx, key: &str, version: i64) -> Result<Option<String>, Error> {
    let sql = "select text from flow_version where flow = $1 and version = $2";
    tx.first(sql, params![key, version], |row| row.text(0))
}

/// The text of one version, and the types that its fields had before.
///
/// # Errors
/// The records failed.
pub fn source(tx: &Tx, key: &str, version: i64) -> Result<Option<(String, Retyped)>, Error> {
    let sql = "select text, retyped from flow_version where flow = $1 and version = $2";
    tx.first(sql, params![key, version], |row| Ok((row.text(0)?, Retyped::read(row.str(1)?)?)))
}

/// Of every version of a flow the types that its fields had before, by its number.
pub(crate) fn retyped(tx: &Tx, key: &str) -> Result<BTreeMap<i64, Retyped>, Error> {
    let sql = "select version, retyped from flow_version where flow = $1";
    Ok(tx.all(sql, params![key], |row| Ok((row.int(0)?, Retyped::read(row.str(1)?)?)))?.into_iter().collect())
}

/// The scenarios that went with a version: TOML; empty where there were none.
///
/// # Errors
/// The records failed.
pub fn tests(tx: &Tx, key: &str, version: i64) -> Result<Option<String>, Error> {
    let sql = "select tests from flow_version where flow = $1 and version = $2";
    tx.first(sql, params![key, version], |row| row.text(0))
}

/// Keeps other scenarios with a version: they are no part of what rules its items.
///
/// # Errors
/// The records failed.
pub fn keep_tests(tx: &WriteTx, key: &str, version: i64, tests: &str) -> Result<(), Error> {
    let sql = "update flow_version set tests = $3 where flow = $1 and version = $2 and tests <> $3";
    tx.execute(sql, params![key, version, tests]).map(drop)
}

/// Every version of a flow with its text, newest first: for who copies all of them.
///
/// # Errors
/// The records failed.
pub fn history(tx: &Tx, key: &str) -> Result<Vec<Row>, Error> {
    let sql = format!(
        "select {COLUMNS} from flow f join flow_version v on v.flow = f.flow where f.flow = $1 order by v.version desc"
    );
    tx.all(&sql, params![key], read)
}

/// Publishes a version and returns its number. An archived flow is in use again. What its fields hold is told apart from what
/// was stored under their keys as another type ([`flow::settle_types`]).
///
/// # Errors
/// [`Error::KindChanged`]: it is not told apart; or the records failed.
pub fn publish(tx: &WriteTx, flow: &Flow, (text, beside): (&str, &Beside), by: &str, now: i64) -> Result<i64, Error> {
    let sql = "insert into flow (flow, position, version, archived_at)
               select $1, coalesce(max(position), 0) + 1, 1, null from flow where true
               on conflict (flow) do update set version = flow.version + 1, archived_at = null returning version";
    let version = tx.one(sql, params![&flow.key], |row| row.int(0))?;
    let sql = "insert into flow_version (flow, version, text, published_at, published_by, note, tests, retyped)
               values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let retyped = Retyped::of(flow).write()?;
    tx.execute(sql, params![&flow.key, version, text, now, by, &beside.note, &beside.tests, retyped])?;
    let sql = "insert into next_number (flow, next) values ($1, 1) on conflict (flow) do nothing";
    tx.execute(sql, params![&flow.key])?;
    sheet::widen(tx, flow)?;
    grow(tx, Changed::Flows)?;
    Ok(version)
}

/// Takes a flow out of use. `false`: no such flow, or it is so already.
///
/// # Errors
/// The records failed.
pub fn archive(tx: &WriteTx, key: &str, now: i64) -> Result<bool, Error> {
    let sql = "update flow set archived_at = $2 where flow = $1 and archived_at is null";
    let archived = tx.execute(sql, params![key, now])? > 0;
    if archived {
        grow(tx, Changed::Flows)?;
    }
    Ok(archived)
}

/// The versions that still hold items that are not closed, oldest first.
///
/// # Errors
/// The records failed.
pub fn versions_in_use(tx: &Tx, key: &str) -> Result<Vec<i64>, Error> {
    let sql =
        "select version from open_version where flow = $1 group by version having sum(items) > 0 order by version";
    tx.all(sql, params![key], |row| row.int(0))
}

/// How many items that are not closed each of the versions `from` to `to` still holds; versions without any are left out.
///
/// # Errors
/// The records failed.
pub fn open_items(tx: &Tx, key: &str, from: i64, to: i64) -> Result<BTreeMap<i64, i64>, Error> {
    let sql = "select version, cast(sum(items) as bigint) from open_version
               where flow = $1 and version between $2 and $3 group by version having sum(items) > 0";
    Ok(tx.all(sql, params![key, from, to], |row| Ok((row.int(0)?, row.int(1)?)))?.into_iter().collect())
}

/// Whether any item was ever created.
///
/// # Errors
/// The records failed.
pub fn has_items(tx: &Tx, key: &str) -> Result<bool, Error> {
    Ok(tx
        .first("select number from item where flow = $1 order by number limit 1", params![key], |row| row.int(0))?
        .is_some())
}

/// From the flows, which are few, to the newest version of each: in this order, lest every version of all be looked at.
const NEWEST: &str = "from flow f cross join flow_version v where v.flow = f.flow and v.version = f.version
                      order by f.position";

const NO_TEXT: &str = "v.flow, v.version, v.published_at, v.published_by, v.note,
                       case when f.archived_at is null then 0 else 1 end";

fn read_version(row: &SqlRow) -> Result<Version, Error> {
    Ok(Version {
        key: row.text(0)?,
        version: row.int(1)?,
        published_at: row.int(2)?,
        published_by: row.text(3)?,
        note: row.text(4)?,
        archived: row.flag(5)?,
    })
}

fn read(row: &SqlRow) -> Result<Row, Error> {
    Ok(Row {
        key: row.text(0)?,
        version: row.int(1)?,
        text: row.text(2)?,
        published_at: row.int(3)?,
        published_by: row.text(4)?,
        note: row.text(5)?,
        archived: row.flag(6)?,
        retyped: Retyped::read(row.str(7)?)?,
    })
}
