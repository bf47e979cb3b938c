//! Flows that are being written. A draft is a text that need not be right yet; whoever administers may go on with it, also two
//! at once: what one changes is a row, or the text as it was seen, so that nobody overwrites what he has not read.

use flow::{
    Actor, Picture, Problem,
    edit::{self, Edit, Entry, NotEdited, Part, Sheet},
};
use store::{flow_draft, flow_version};

pub use store::flow_draft::Draft;

use crate::{
    Error, Reading, Reason, Writing, people,
    publish::{self, FlowFile, Outcome, Terms},
};

/// A draft, or the published version where there is none, with all that is to be said of it.
#[derive(Debug, Clone)]
pub struct Sketch {
    /// What is written; of revision 0 while nobody has changed anything.
    pub draft: Draft,
    /// The version in use, its text, and whether the flow is out of use.
    pub published: Option<(i64, String, bool)>,
    /// What publishing it would meet; those of its scenarios bear the name of [`tests_file`].
    pub problems: Vec<Problem>,
    /// Its parts, as far as it is TOML.
    pub sheet: Result<Sheet, NotEdited>,
    /// The states and the ways between them, as far as they can be read.
    pub picture: Option<Picture>,
}

/// A row as whoever changes it has seen it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Of which part.
    pub part: Part,
    /// Its place then.
    pub at: usize,
    /// What it said then: [`Entry::fingerprint`].
    pub fingerprint: String,
}

/// The name of a draft's file, as problems name it.
#[must_use]
pub fn file(key: &str) -> String {
    format!("{key}.toml")
}

/// The name of the file of its scenarios.
#[must_use]
pub fn tests_file(key: &str) -> String {
    format!("{key}.test.toml")
}

/// Every draft, by key.
///
/// # Errors
/// `AdminsOnly`.
pub fn all(cx: &Reading, actor: &Actor) -> Result<Vec<Draft>, Error> {
    people::admins_only(actor)?;
    Ok(flow_draft::all(cx.tx)?)
}

/// The draft of a flow with all that is to be said of it.
///
/// # Errors
/// `AdminsOnly`; `NotFound`: there is neither a draft nor such a flow.
pub fn sketch(cx: &Reading, actor: &Actor, key: &str) -> Result<Sketch, Error> {
    people::admins_only(actor)?;
    let draft = draft(cx, key)?;
    let files = files(&draft);
    let mut problems = publish::problems(cx, &files)?;
    problems.extend(other_key(&draft));
    let of_flow = files.first().map(|file| flow::File { name: &file.name, text: &file.text });
    Ok(Sketch {
        published: cx.flows.get(key).map(|known| (known.version, known.text.to_string(), known.archived)),
        problems,
        sheet: edit::sheet(&draft.text),
        picture: of_flow.and_then(|file| flow::picture_of_draft(&file)),
        draft,
    })
}

/// Begins a flow.
///
/// # Errors
/// `AdminsOnly`; `Input`: the key is none, or is taken by a flow or a draft.
pub fn begin(cx: &Writing, actor: &Actor, key: &str, text: &str) -> Result<(), Error> {
    people::admins_only(actor)?;
    let cx = &cx.alone()?;
    if !flow::is_key(key) {
        return Err(Error::input("key", if key.is_empty() { Reason::Missing } else { Reason::NoKey(key.to_owned()) }));
    }
    if cx.flows.get(key).is_some() || flow_draft::load(cx.tx, key)?.is_some() {
        return Err(Error::input("key", Reason::Taken(key.to_owned())));
    }
    let draft = Draft { text: text.to_owned(), ..nothing(key) };
    keep(cx, actor, draft)
}

/// Changes single parts of the text: of a row as it was seen, wherever it stands by now, or of the flow itself. `edits` is told
/// the parts and the row's place; it may be asked again.
///
/// # Errors
/// `AdminsOnly`, `NotFound`; `Stale`: the row says something else by now, or is gone; `NotEdited`; `Input`.
pub fn change(
    cx: &Writing,
    actor: &Actor,
    key: &str,
    seen: Option<&Seen>,
    edits: impl Fn(&Sheet, usize) -> Result<Vec<Edit>, Error>,
) -> Result<(), Error> {
    people::admins_only(actor)?;
    let cx = &cx.alone()?;
    let draft = draft(cx, key)?;
    let sheet = edit::sheet(&draft.text).map_err(Error::NotEdited)?;
    let at = match seen {
        None => 0,
        Some(seen) => place(sheet.rows(seen.part), seen).ok_or(Error::Stale)?,
    };
    let text = edit::edited(&draft.text, &edits(&sheet, at)?).map_err(Error::NotEdited)?;
    if text == draft.text {
        return Ok(());
    }
    keep(cx, actor, Draft { text, ..draft })
}

/// Writes the whole text, or the scenarios: over the revision that was seen.
///
/// # Errors
/// `AdminsOnly`, `NotFound`; `Stale`: somebody has changed it since; `Input`.
pub fn write(
    cx: &Writing,
    actor: &Actor,
    key: &str,
    revision: i64,
    (text, tests): (Option<&str>, Option<&str>),
) -> Result<(), Error> {
    people::admins_only(actor)?;
    let cx = &cx.alone()?;
    let draft = draft(cx, key)?;
    let new = Draft {
        text: text.unwrap_or(&draft.text).to_owned(),
        tests: tests.unwrap_or(&draft.tests).to_owned(),
        ..draft.clone()
    };
    if new == draft {
        return Ok(());
    }
    if draft.revision != revision {
        return Err(Error::Stale);
    }
    keep(cx, actor, new)
}

/// Puts an earlier version, with its scenarios, in the draft's place.
///
/// # Errors
/// `AdminsOnly`, `NotFound`.
pub fn restore(cx: &Writing, actor: &Actor, key: &str, version: i64) -> Result<(), Error> {
    people::admins_only(actor)?;
    let cx = &cx.alone()?;
    let draft = draft(cx, key)?;
    let text = flow_version::text(cx.tx, key, version)?.ok_or(Error::NotFound)?;
    let tests = flow_version::tests(cx.tx, key, version)?.unwrap_or_default();
    keep(cx, actor, Draft { text, tests, ..draft })
}

/// Puts the draft aside; the published flow stays as it is. `false`: there is none.
///
/// # Errors
/// `AdminsOnly`.
pub fn discard(cx: &Writing, actor: &Actor, key: &str) -> Result<bool, Error> {
    people::admins_only(actor)?;
    Ok(flow_draft::remove(cx.tx, key)?)
}

/// Publishes the draft as it was seen; then there is none any more.
///
/// # Errors
/// `AdminsOnly`, `NotFound`; `Stale`: somebody has changed it since; `Problems`.
pub fn publish(
    cx: &Writing,
    actor: &Actor,
    key: &str,
    revision: i64,
    terms: &Terms,
) -> Result<(Vec<Outcome>, Vec<Problem>), Error> {
    people::admins_only(actor)?;
    let cx = &cx.alone()?;
    let draft = draft(cx, key)?;
    if draft.revision != revision {
        return Err(Error::Stale);
    }
    if let Some(problem) = other_key(&draft) {
        return Err(Error::Problems(vec![problem]));
    }
    let published = publish::apply(cx, actor, &files(&draft), terms)?;
    flow_draft::remove(cx.tx, key)?;
    Ok(published)
}

/// The draft; where there is none, what it would begin with.
fn draft(cx: &Reading, key: &str) -> Result<Draft, Error> {
    if let Some(draft) = flow_draft::load(cx.tx, key)? {
        return Ok(draft);
    }
    let known = cx.flows.get(key).ok_or(Error::NotFound)?;
    let tests = flow_version::tests(cx.tx, key, known.version)?.unwrap_or_default();
    Ok(Draft { text: known.text.to_string(), tests, base: known.version, ..nothing(key) })
}

fn nothing(key: &str) -> Draft {
    Draft {
        flow: key.to_owned(),
        text: String::new(),
        tests: String::new(),
        base: 0,
        revision: 0,
        changed_at: 0,
        changed_by: String::new(),
    }
}

fn keep(cx: &Writing, actor: &Actor, draft: Draft) -> Result<(), Error> {
    for (field, text) in [("text", &draft.text), ("tests", &draft.tests)] {
        if text.contains('\0') {
            return Err(Error::input(field, Reason::Character));
        }
    }
    let revision = draft.revision + 1;
    let draft = Draft { revision, changed_at: cx.now.as_millisecond(), changed_by: actor.name.clone(), ..draft };
    Ok(flow_draft::keep(cx.tx, &draft)?)
}

fn files(draft: &Draft) -> Vec<FlowFile> {
    let mut files = vec![FlowFile { name: file(&draft.flow), text: draft.text.clone() }];
    if !draft.tests.trim().is_empty() {
        files.push(FlowFile { name: tests_file(&draft.flow), text: draft.tests.clone() });
    }
    files
}

/// A draft's key is that of its address: another would be another flow.
fn other_key(draft: &Draft) -> Option<Problem> {
    let sheet = edit::sheet(&draft.text).ok()?;
    let key = sheet.flow.text("key")?;
    let start = draft.text.find("key").unwrap_or_default();
    let end = draft.text[start..].find('\n').map_or(draft.text.len(), |at| start + at);
    (key != draft.flow).then(|| Problem::other_key(&file(&draft.flow), start..end, &draft.flow))
}

/// Where the row that was seen stands now.
fn place(rows: &[Entry], seen: &Seen) -> Option<usize> {
    let is_it = |at: &usize| rows.get(*at).is_some_and(|row| row.fingerprint() == seen.fingerprint);
    Some(seen.at).filter(is_it).or_else(|| (0..rows.len()).find(is_it))
}
