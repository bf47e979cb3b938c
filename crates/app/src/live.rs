//! What changed, for those who look at it: which of the changes that were committed concern an open page, and what it
//! may be told of them. Told is only what the page would show anyway ([`news`] asks the same rules as the page).

use std::collections::{BTreeMap, BTreeSet};

use flow::Actor;
use store::{Change, list::Visibility};

use crate::{
    App, Error, Reading,
    catalog::Names,
    item::{self, HistoryEntry},
    work::{self, Total, Work},
};

/// So many items are told apart; beyond that it is only known that much has changed.
const MOST: usize = 2_000;

/// What was committed in a short while, each thing once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Items, with who holds them or held them just before.
    items: BTreeMap<(String, i64), BTreeSet<String>>,
    /// All of those.
    holders: BTreeSet<String>,
    /// Whose rights or sessions changed.
    people: BTreeSet<String>,
    /// Somebody's rights or sessions changed.
    anyone: bool,
    /// Flows were published or archived.
    flows: bool,
    /// It is not known what else changed.
    something: bool,
}

/// What a page shows, so far as changes go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watched {
    /// An item.
    Item {
        /// Its flow's key.
        flow: String,
        /// Its number.
        number: i64,
        /// The last entry of its history that the page shows.
        seen: i64,
    },
    /// A flow's items.
    Flow(String),
    /// One of the lists over all flows.
    Work(Work),
}

/// What a page is told.
#[derive(Debug, Clone, Default)]
pub struct News {
    /// How many items wait for the actor, where that may have changed.
    pub pending: Option<Total>,
    /// What the list shows may have changed.
    pub list: bool,
    /// What happened to the item.
    pub item: Option<ItemNews>,
}

/// What happened to an item.
#[derive(Debug, Clone)]
pub enum ItemNews {
    /// Entries that the page does not show yet, oldest first, never none.
    Entries {
        /// The item's revision.
        revision: i64,
        /// The entries.
        entries: Vec<HistoryEntry>,
        /// Display names of those whom they name.
        names: Names,
    },
    /// The actor may no longer see it.
    Gone,
}

impl App {
    /// Has `listener` told of what is committed from now on, by whomever: see [`store::Db::subscribe`].
    ///
    /// # Errors
    /// The store's.
    pub fn subscribe(&self, listener: impl Fn(&Changes) -> bool + Send + Sync + 'static) -> Result<(), Error> {
        let clock = self.0.clock;
        let told = move |changes: &[Change]| listener(&Changes::of(changes));
        Ok(self.0.db.subscribe(move || clock().as_millisecond(), told)?)
    }
}

impl Changes {
    /// That something changed, and nothing is known of it.
    #[must_use]
    pub fn something() -> Changes {
        Changes { something: true, ..Changes::default() }
    }

    /// Nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Changes::default()
    }

    /// Adds those of `more`.
    pub fn merge(&mut self, more: &Changes) {
        for (key, people) in &more.items {
            self.items.entry(key.clone()).or_default().extend(people.iter().cloned());
        }
        self.holders.extend(more.holders.iter().cloned());
        self.people.extend(more.people.iter().cloned());
        self.anyone |= more.anyone;
        self.flows |= more.flows;
        self.something |= more.something;
        self.bound();
    }

    /// Whether there may be something for this page of this person: quickly, without looking at records.
    #[must_use]
    pub fn may_concern(&self, name: &str, watched: &Watched) -> bool {
        let any_of = |key: &str| self.items.range((key.to_owned(), i64::MIN)..=(key.to_owned(), i64::MAX)).next();
        self.something
            || self.rights_of(name)
            || self.holds(name)
            || match watched {
                Watched::Item { flow, number, .. } => self.items.contains_key(&(flow.clone(), *number)),
                Watched::Flow(key) => self.flows || any_of(key).is_some(),
                Watched::Work(Work::Pending) => false,
                Watched::Work(Work::Done | Work::Created) => !self.items.is_empty(),
            }
    }

    /// Whether what someone may see may have changed.
    fn rights_of(&self, name: &str) -> bool {
        self.anyone || self.people.contains(&flow::fold_name(name))
    }

    /// Whether someone's pending items changed.
    fn holds(&self, name: &str) -> bool {
        self.holders.contains(&flow::fold_name(name))
    }

    fn of(changes: &[Change]) -> Changes {
        let mut all = Changes::default();
        for change in changes {
            match change {
                Change::Item { flow, number, people, .. } => {
                    let people: Vec<String> = people.iter().map(|name| flow::fold_name(name)).collect();
                    all.holders.extend(people.iter().cloned());
                    all.items.entry((flow.clone(), *number)).or_default().extend(people);
                }
                Change::Person(name) => drop(all.people.insert(flow::fold_name(name))),
                Change::People => all.anyone = true,
                Change::Flows => all.flows = true,
                Change::Something => all.something = true,
            }
        }
        all.bound();
        all
    }

    fn bound(&mut self) {
        if self.items.len() > MOST {
            self.items.clear();
            self.holders.clear();
            self.something = true;
        }
        if self.people.len() > MOST {
            self.people.clear();
            self.anyone = true;
        }
    }
}

/// Whether the actor may look at that.
///
/// # Errors
/// `NotFound` if not.
pub fn may_watch(cx: &Reading, actor: &Actor, watched: &Watched) -> Result<(), Error> {
    match watched {
        Watched::Item { flow, number, .. } => item::load(cx, actor, flow, *number).map(drop),
        Watched::Flow(key) => cx.flow_for(actor, key).map(drop),
        Watched::Work(_) => Ok(()),
    }
}

/// What of the changes the actor's page may be told.
///
/// # Errors
/// `NotFound`: a flow that the actor may no longer enter; the store's.
pub fn news(cx: &Reading, actor: &Actor, watched: &Watched, changes: &Changes) -> Result<News, Error> {
    let held = changes.something || changes.holds(&actor.name);
    let mut news = News::default();
    if held {
        news.pending = Some(work::pending_count(cx, actor)?);
    }
    match watched {
        Watched::Item { flow, number, seen } => {
            if changes.something
                || changes.rights_of(&actor.name)
                || changes.items.contains_key(&(flow.clone(), *number))
            {
                news.item = item_news(cx, actor, (flow, *number), *seen)?;
            }
        }
        Watched::Flow(key) => {
            let published = cx.flow_for(actor, key)?;
            let shown = matches!(cx.visibility(actor, &published.flow), Visibility::All);
            let own = flow::fold_name(&actor.name);
            news.list = changes.something || changes.flows;
            let of_flow = changes.items.range((key.clone(), i64::MIN)..=(key.clone(), i64::MAX));
            for ((_, number), people) in of_flow {
                news.list = news.list || shown || people.contains(&own) || is_seen(cx, actor, key, *number)?;
            }
        }
        Watched::Work(Work::Pending) => news.list = held,
        Watched::Work(which) => {
            news.list = changes.something;
            for (key, number) in changes.items.keys() {
                news.list = news.list || is_listed(cx, actor, *which, key, *number)?;
            }
        }
    }
    Ok(news)
}

/// What the history has after the entry `seen`.
fn item_news(cx: &Reading, actor: &Actor, (key, number): (&str, i64), seen: i64) -> Result<Option<ItemNews>, Error> {
    const ENTRIES: i64 = 100;
    let revision = match item::load(cx, actor, key, number) {
        Ok((_, _, item)) => item.revision,
        Err(Error::NotFound) => return Ok(Some(ItemNews::Gone)),
        Err(other) => return Err(other),
    };
    let (_, entries) = item::history(cx, actor, (key, number), seen, ENTRIES)?;
    if entries.is_empty() {
        return Ok(None);
    }
    let named = entries.iter().flat_map(|entry| entry.assigned_to.iter().chain([&entry.actor])).cloned().collect();
    let names = store::user::displays(cx.tx, &named)?;
    Ok(Some(ItemNews::Entries { revision, entries, names }))
}

fn is_seen(cx: &Reading, actor: &Actor, key: &str, number: i64) -> Result<bool, Error> {
    match item::load(cx, actor, key, number) {
        Ok(_) => Ok(true),
        Err(Error::NotFound) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Whether the actor sees the item and the list has it, or had it until it came back to them.
fn is_listed(cx: &Reading, actor: &Actor, which: Work, key: &str, number: i64) -> Result<bool, Error> {
    let item = match item::load(cx, actor, key, number) {
        Ok((_, _, item)) => item,
        Err(Error::NotFound) => return Ok(false),
        Err(other) => return Err(other),
    };
    match which {
        Work::Pending => Ok(item.assigned_to.contains(&actor.name)),
        Work::Created => Ok(item.created_by == actor.name),
        Work::Done => Ok(store::list::took_part(cx.tx, &actor.name, key, number)?),
    }
}
