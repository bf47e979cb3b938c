//! The feed: what was written, told after its commit to whoever follows it, so that open pages can say so.
//!
//! A write notes what it touches ([`WriteTx::touched`]); its engine hands the notes of everything that one commit carried
//! to [`Feed::publish`]. What others wrote (other processes, other nodes) comes in two ways: an engine that can be told
//! publishes what it hears, as text made by [`encode`]; and once in a while [`Feed::look`] reads what has changed since,
//! which is the only way where nobody tells, and the net where somebody died before telling. What is known already is
//! not told twice.
//!
//! Nothing is promised but that a change is told at least once, soon: who follows looks for themselves what it is.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{Error, Tx, WriteTx, value::params};

/// How often it is looked what others wrote.
const LOOK: Duration = Duration::from_millis(400);
/// What others wrote may bear a time so long before its commit: it waited, or their clock differs.
const MARGIN_MS: i64 = 5_000;
/// Of each flow at most so many items at one look; if there are more, it is said that much has changed.
const MOST: i64 = 500;
/// So many changes are remembered before old ones are forgotten.
const KNOWN: usize = 4_096;

/// What a committed write changed: enough to know whom it may concern, nothing of what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// An item: it came to be, moved, was saved, commented on, handed over.
    Item {
        /// Its flow.
        flow: String,
        /// Its number.
        number: i64,
        /// When it was last changed, ms; a comment is no change of it.
        at: i64,
        /// Who holds it or held it just before.
        people: BTreeSet<String>,
    },
    /// What someone is allowed, what they are called, where they are signed in.
    Person(String),
    /// The same, of someone.
    People,
    /// Flows: published or archived.
    Flows,
    /// Something; it is not known what.
    Something,
}

/// Told what was committed, in batches, on a thread of the records, where it must not linger. `false`: no longer wanted.
pub(crate) type Listener = Box<dyn Fn(&[Change]) -> bool + Send + Sync>;

/// Who follows, and what is known.
#[derive(Default)]
pub(crate) struct Feed {
    listeners: Mutex<Vec<Listener>>,
    watched: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The items told of lately, with the times they were changed at.
    known: HashMap<(String, i64), i64>,
    /// What was told of is known up to here, ms.
    looked: i64,
    /// The last look failed: the next one must not be left out.
    behind: bool,
    /// Of `change_sequence`.
    sequences: Option<BTreeMap<String, i64>>,
}

impl Feed {
    /// From now on `listener` is told.
    pub(crate) fn subscribe(&self, listener: Listener) {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    /// What is about to be committed here and will be published then: a look in between need not find it.
    pub(crate) fn expect(&self, changes: &[Change]) {
        if changes.is_empty() || !self.watched.load(Ordering::Relaxed) {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            if let Change::Item { flow, number, at, .. } = change {
                state.known.insert((flow.clone(), *number), *at);
            }
        }
        if state.known.len() > KNOWN {
            let newest = state.known.values().copied().max().unwrap_or(0);
            state.known.retain(|_, at| *at > newest - 4 * MARGIN_MS);
        }
    }

    /// Tells what one commit carried, here or elsewhere.
    pub(crate) fn publish(&self, changes: &[Change]) {
        self.expect(changes);
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        if !changes.is_empty() {
            listeners.retain(|listener| listener(changes));
        }
    }

    /// Calls `look` now, and once in a while on a thread of its own until it says `false`; one thread, however often this
    /// is called.
    pub(crate) fn watch(&self, mut look: impl FnMut() -> bool + Send + 'static) -> Result<(), Error> {
        if self.watched.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        // Here, so that nothing is missed that is written once this has returned.
        look();
        let run = move || {
            std::thread::sleep(LOOK);
            while look() {
                std::thread::sleep(LOOK);
            }
        };
        let spawned = std::thread::Builder::new().name("store-feed".to_owned()).spawn(run);
        spawned.map(drop).map_err(|error| Error::Unavailable {
            doing: "starting to watch for changes".to_owned(),
            source: std::sync::Arc::new(error),
        })
    }

    /// One look, at the moment `now` (ms): where `others_wrote`, `read` runs [`Feed::read`] since the moment it is given.
    pub(crate) fn look(&self, now: i64, others_wrote: bool, read: impl FnOnce(i64) -> Result<Vec<Change>, Error>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.sequences.is_some() && !others_wrote && !state.behind {
            state.looked = now;
            return;
        }
        let since = state.looked.min(now) - MARGIN_MS;
        // The first look only finds out where things stand.
        let since = if state.sequences.is_some() { since } else { i64::MAX };
        drop(state);
        let found = read(since);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match found {
            Ok(changes) => {
                (state.looked, state.behind) = (now, false);
                drop(state);
                self.publish(&changes);
            }
            Err(error) => {
                if !state.behind {
                    tracing::warn!(%error, "it could not be looked what others wrote");
                }
                state.behind = true;
            }
        }
    }

    /// What was changed since that moment (ms) and is not known.
    pub(crate) fn read(&self, tx: &Tx, since: i64) -> Result<Vec<Change>, Error> {
        let mut changes = self.read_sequences(tx)?;
        for flow in tx.all("select flow from flow order by position", &[], |row| row.text(0))? {
            let sql = "select number, updated_at from item where flow = $1 and updated_at > $2
                       order by updated_at desc, number limit $3";
            let rows = tx.all(sql, params![&flow, since, MOST + 1], |row| Ok((row.int(0)?, row.int(1)?)))?;
            if rows.len() > usize::try_from(MOST).unwrap_or(usize::MAX) {
                changes.push(Change::Something);
            }
            for (number, at) in rows {
                if !self.knows(&flow, number, at) {
                    let people = held_lately(tx, &flow, number)?;
                    changes.push(Change::Item { flow: flow.clone(), number, at, people });
                }
            }
        }
        Ok(changes)
    }

    fn read_sequences(&self, tx: &Tx) -> Result<Vec<Change>, Error> {
        let sql = "select name, value from change_sequence order by name";
        let now: BTreeMap<String, i64> = tx.all(sql, &[], |row| Ok((row.text(0)?, row.int(1)?)))?.into_iter().collect();
        let before = self.state.lock().unwrap_or_else(PoisonError::into_inner).sequences.replace(now.clone());
        let Some(before) = before else { return Ok(Vec::new()) };
        let grown = |name: &str| now.get(name) != before.get(name);
        let mut changes = Vec::new();
        if grown("flow") {
            changes.push(Change::Flows);
        }
        if grown(PEOPLE) {
            changes.push(Change::People);
        }
        Ok(changes)
    }

    fn knows(&self, flow: &str, number: i64, at: i64) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.known.get(&(flow.to_owned(), number)) == Some(&at)
    }
}

/// Notes that someone's rights, names or sessions changed: told here at once, and to others by a sequence that they read.
pub(crate) fn person(tx: &WriteTx, name: &str) -> Result<(), Error> {
    tx.touched(Change::Person(name.to_owned()));
    let sql = "insert into change_sequence (name, value) values ($1, 1)
               on conflict (name) do update set value = change_sequence.value + 1";
    tx.later(sql, params![PEOPLE])
}

/// The name of its sequence.
const PEOPLE: &str = "people";

/// Who holds the item and who held it in the last few events.
fn held_lately(tx: &Tx, flow: &str, number: i64) -> Result<BTreeSet<String>, Error> {
    let sql = "select assigned_to from event where flow = $1 and number = $2 order by seq desc limit 5";
    let texts = tx.all(sql, params![flow, number], |row| row.text(0))?;
    let mut people = BTreeSet::new();
    for text in texts {
        let names: Vec<String> =
            serde_json::from_str(&text).map_err(|error| Error::corrupt("reading an event", error))?;
        people.extend(names);
    }
    Ok(people)
}

/// Changes as texts that one message to the other nodes holds, and [`decode`] reads.
pub(crate) fn encode(changes: &[Change]) -> Vec<String> {
    // PostgreSQL's `notify` takes fewer than 8000 bytes.
    const TEXT_BYTES: usize = 7_900;
    let mut texts: Vec<String> = Vec::new();
    for change in changes {
        let fits = |text: &String| text.len() <= TEXT_BYTES;
        let text = serde_json::to_string(change).ok().filter(fits).unwrap_or_else(|| "\"Something\"".to_owned());
        match texts.last_mut().filter(|last| last.len() + text.len() < TEXT_BYTES) {
            Some(last) => {
                last.push('\n');
                last.push_str(&text);
            }
            None => texts.push(text),
        }
    }
    texts
}

/// The changes of a text of [`encode`]; what a newer node says that is not understood is [`Change::Something`].
pub(crate) fn decode(text: &str) -> Vec<Change> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or(Change::Something)).collect()
}
