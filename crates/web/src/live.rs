//! Who follows what changes, and what is told to them: one hub for the server, one seat for each open page.
//!
//! The hub gathers what the records tell for a moment, so that a thousand changes wake each page once; it remembers a
//! while of it, for pages that were drawn just before or come back from another node.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use app::{App, Error, live::Changes};
use tokio::sync::{Notify, broadcast, watch};

/// Changes are gathered for so long.
const GATHER: Duration = Duration::from_millis(100);
/// Batches that a page may lag behind before it is only told that something changed.
const BATCHES: usize = 64;
/// So many batches are remembered.
const PAST: usize = 600;
/// A moment said by another node's clock may be off by so much.
const MARGIN_MS: i64 = 2_000;
/// Open pages of one person.
const OF_ONE: u32 = 24;
/// Open pages altogether, where the system allows as many files twice.
const OF_ALL: u32 = 10_000;

/// The hub. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Live(Arc<Hub>);

struct Hub {
    app: App,
    gathered: Mutex<Changes>,
    wake: Notify,
    batches: broadcast::Sender<Arc<Changes>>,
    past: Mutex<Past>,
    seats: Mutex<Seats>,
    stopping: watch::Sender<bool>,
}

/// What was told lately, with the moments, ms.
struct Past {
    since: i64,
    batches: VecDeque<(i64, Arc<Changes>)>,
}

/// How many pages are open.
struct Seats {
    of: HashMap<String, u32>,
    all: u32,
    most: u32,
    given: u32,
}

/// An open page's place; free again when it is dropped.
pub(crate) struct Seat {
    hub: Arc<Hub>,
    name: String,
    given: u32,
}

/// Why there is no seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// The person has too many pages open.
    Own,
    /// Everyone together has.
    All,
}

/// What an open page follows.
pub(crate) struct Following {
    pub(crate) batches: broadcast::Receiver<Arc<Changes>>,
    pub(crate) stopping: watch::Receiver<bool>,
    /// What was missed since the page was drawn.
    pub(crate) missed: Changes,
}

impl Live {
    /// Follows what is written to these records.
    pub(crate) async fn following(app: &App) -> Result<Live, Error> {
        let now = app.now().as_millisecond();
        let hub = Arc::new(Hub {
            app: app.clone(),
            gathered: Mutex::default(),
            wake: Notify::new(),
            batches: broadcast::Sender::new(BATCHES),
            past: Mutex::new(Past { since: now, batches: VecDeque::new() }),
            seats: Mutex::new(Seats { of: HashMap::new(), all: 0, most: most(open_files().as_deref()), given: 0 }),
            stopping: watch::Sender::new(false),
        });
        let (told, app) = (Arc::downgrade(&hub), app.clone());
        let told = move |changes: &Changes| {
            let Some(hub) = told.upgrade() else { return false };
            hub.gathered.lock().unwrap_or_else(PoisonError::into_inner).merge(changes);
            hub.wake.notify_one();
            true
        };
        // It looks where things stand first, for which records on a server are waited for.
        let subscribed = tokio::task::spawn_blocking(move || app.subscribe(told)).await;
        subscribed.map_err(|error| Error::Damaged(format!("following changes broke off: {error}")))??;
        tokio::spawn(tell(Arc::clone(&hub)));
        Ok(Live(hub))
    }

    /// Ends every open page's stream, and those that come from now on.
    pub(crate) fn stop(&self) {
        self.0.stopping.send_replace(true);
        self.0.wake.notify_one();
    }

    /// How many pages are open.
    pub(crate) fn seated(&self) -> u32 {
        self.0.seats.lock().unwrap_or_else(PoisonError::into_inner).all
    }

    /// A seat for a page of this person.
    pub(crate) fn seat(&self, name: &str) -> Result<Seat, Full> {
        let given = self.0.seats.lock().unwrap_or_else(PoisonError::into_inner).take(name)?;
        Ok(Seat { hub: Arc::clone(&self.0), name: name.to_owned(), given })
    }

    /// What changes from now on, and what has changed since `since`, ms.
    pub(crate) fn follow(&self, since: i64) -> Following {
        // Followed first: what is told in between comes twice rather than never.
        let (batches, stopping) = (self.0.batches.subscribe(), self.0.stopping.subscribe());
        let mut missed = self.0.past.lock().unwrap_or_else(PoisonError::into_inner).after(since);
        missed.merge(&self.0.gathered.lock().unwrap_or_else(PoisonError::into_inner));
        Following { batches, stopping, missed }
    }
}

impl Seat {
    /// How long the page waits before it comes back: not all at once.
    pub(crate) fn retry_ms(&self) -> u32 {
        1_000 + self.given.wrapping_mul(0x9e37_79b9) % 3_000
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.seats.lock().unwrap_or_else(PoisonError::into_inner).give_back(&self.name);
    }
}

impl Seats {
    fn take(&mut self, name: &str) -> Result<u32, Full> {
        if self.all >= self.most {
            return Err(Full::All);
        }
        let own = self.of.entry(name.to_owned()).or_default();
        if *own >= OF_ONE {
            return Err(Full::Own);
        }
        *own += 1;
        self.all += 1;
        self.given = self.given.wrapping_add(1);
        Ok(self.given)
    }

    fn give_back(&mut self, name: &str) {
        self.all = self.all.saturating_sub(1);
        if let Some(own) = self.of.get_mut(name) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                self.of.remove(name);
            }
        }
    }
}

impl Past {
    fn after(&self, since: i64) -> Changes {
        if since < self.since {
            return Changes::something();
        }
        let mut missed = Changes::default();
        let late = self.batches.iter().rev().take_while(|(at, _)| *at >= since - MARGIN_MS);
        late.for_each(|(_, batch)| missed.merge(batch));
        missed
    }

    fn push(&mut self, now: i64, batch: Arc<Changes>) {
        self.batches.push_back((now, batch));
        if self.batches.len() > PAST
            && let Some((at, _)) = self.batches.pop_front()
        {
            self.since = at + MARGIN_MS + 1;
        }
    }
}

/// Tells what was gathered, until the hub stops.
async fn tell(hub: Arc<Hub>) {
    loop {
        hub.wake.notified().await;
        if *hub.stopping.borrow() {
            return;
        }
        let batch = {
            let mut past = hub.past.lock().unwrap_or_else(PoisonError::into_inner);
            let batch = std::mem::take(&mut *hub.gathered.lock().unwrap_or_else(PoisonError::into_inner));
            let batch = Arc::new(batch);
            past.push(hub.app.now().as_millisecond(), Arc::clone(&batch));
            batch
        };
        // Nobody may be there to hear it.
        let _ = hub.batches.send(batch);
        tokio::time::sleep(GATHER).await;
    }
}

/// How many pages may be open: each is an open file, and as many are left for everything else.
fn most(limits: Option<&str>) -> u32 {
    let line = limits.and_then(|limits| limits.lines().find(|line| line.starts_with("Max open files")));
    let soft = line.and_then(|line| line.split_whitespace().nth(3)).map(|soft| soft.parse().unwrap_or(u32::MAX));
    OF_ALL.min(soft.unwrap_or(1024) / 2)
}

fn open_files() -> Option<String> {
    std::fs::read_to_string("/proc/self/limits").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_bounded_for_each_and_for_all_and_come_back() {
        let mut seats = Seats { of: HashMap::new(), all: 0, most: OF_ONE + 1, given: 0 };
        for given in 1..=OF_ONE {
            assert_eq!(seats.take("ann"), Ok(given));
        }
        assert_eq!(seats.take("ann"), Err(Full::Own));
        assert_eq!(seats.take("ben"), Ok(OF_ONE + 1));
        assert_eq!(seats.take("ced"), Err(Full::All));
        seats.give_back("ann");
        assert_eq!(seats.take("ced"), Ok(OF_ONE + 2));
        for name in ["ben", "ced"] {
            seats.give_back(name);
        }
        (1..OF_ONE).for_each(|_| seats.give_back("ann"));
        assert_eq!((seats.all, seats.of.len()), (0, 0));
    }

    #[test]
    fn as_many_as_the_system_allows() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max open files            1024                 524288               files\n";
        assert_eq!(most(Some(limits)), 512);
        assert_eq!(most(Some(&limits.replace("1024 ", "unlimited "))), OF_ALL);
        assert_eq!(most(None), 512);
    }

    #[test]
    fn what_was_missed_is_what_was_told_since_or_unknown() {
        let mut past = Past { since: 1_000, batches: VecDeque::new() };
        assert_eq!(past.after(1_000), Changes::default());
        assert_eq!(past.after(999), Changes::something());
        past.push(10_000, Arc::new(Changes::something()));
        assert_eq!(past.after(9_000), Changes::something());
        assert_eq!(past.after(10_000 + MARGIN_MS), Changes::something(), "another node's clock may differ");
        assert_eq!(past.after(10_001 + MARGIN_MS), Changes::default());
        for at in 0..=PAST {
            past.push(20_000 + i64::try_from(at).unwrap(), Arc::new(Changes::default()));
        }
        assert_eq!(past.batches.len(), PAST);
        assert_eq!(past.after(20_000), Changes::something(), "forgotten");
    }
}
