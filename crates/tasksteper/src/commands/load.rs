//! `bench load`: fills an installation with believable items over the four flows that come along.
//!
//! Every step of every item is decided by the rules; threads decide while another writes. Into an empty installation all
//! goes in one transaction, with the indexes put away meanwhile: it is there whole or not at all. Into one that has items
//! it goes in small writes between those of others.

mod chance;
mod plan;
mod story;
mod words;

use std::{
    collections::BTreeSet,
    ops::Range,
    sync::{Arc, mpsc},
};

use app::{
    App, Writing,
    bulk::{self, Desk, Lives},
    people::{self, NewUser, SYSTEM},
    publish::{self, FlowFile},
};
use indicatif::{ProgressBar, ProgressStyle};

use self::{
    plan::{KINDS, Plan},
    story::Teller,
};
use super::{Done, PATIENCE, Refusal, demo::FLOWS, from_error, open, place, say, tell, zone};
use crate::{cli::Load, surroundings::surroundings};

/// Roots in one batch, when nobody else writes …
const MANY: usize = 2_000;
/// … and when others do: so few that none of them waits long.
const FEW: usize = 100;

pub(super) fn run(load: &Load) -> Done {
    if load.items == 0 || load.users == Some(0) {
        return Err(Refusal::Usage("--items and --users: at least 1".to_owned()));
    }
    let at = place(&load.data.data, &load.data.records)?;
    let mut app = open(&load.data)?;
    let is_empty = !app.read(bulk::has_items)?;
    if !is_empty && !load.into_existing {
        return Err(Refusal::Refused(format!(
            "{at}: there are items already; made-up ones are put beside them only with --into-existing"
        )));
    }
    let users = load.users.unwrap_or_else(|| (load.items / 500).clamp(10, 20_000));
    let plan = Arc::new(Plan::of(load.items, load.seed, app.now().as_millisecond()));
    let people = prepare(&app, users)?;
    let progress = Progress::of(load.items);
    let shown = progress.clone();
    let filled = if is_empty {
        app.close();
        app = App::open_to_fill(&at, PATIENCE, surroundings(zone(&load.data.records)?))
            .map_err(|error| Refusal::Refused(format!("{at}: {}", from_error(&error))))?;
        app.write(move |cx| fill_alone(cx, &plan, &people, &shown))
    } else {
        fill_beside(&app, &plan, &people, &shown)
    };
    filled.map_err(|error| match error {
        app::Error::Refused { flow, refusal } => {
            Refusal::Refused(format!("flow {} is not as it comes along: {refusal:?}", flow.key))
        }
        other => Refusal::Refused(from_error(&other)),
    })?;
    progress.bar.finish_and_clear();
    say(format_args!("{} items, {users} users", load.items));
    app.close();
    Ok(())
}

/// Publishes what is missing of the flows, adds what is missing of the people: their names.
fn prepare(app: &App, users: usize) -> Result<Arc<[String]>, Refusal> {
    let everyone: Vec<(String, String)> = (0..users).map(words::person).collect();
    let names = everyone.iter().map(|(name, _)| name.clone()).collect();
    app.write(move |cx| {
        let missing = FLOWS.iter().filter(|(name, _)| cx.flows.get(name.trim_end_matches(".toml")).is_none());
        let missing: Vec<FlowFile> =
            missing.map(|&(name, text)| FlowFile { name: name.to_owned(), text: text.to_owned() }).collect();
        publish::apply(cx, &people::system(), &missing, &publish::Terms::default())?;
        let known: BTreeSet<String> = people::users(cx)?.into_iter().map(|user| flow::fold_name(&user.name)).collect();
        for (number, (name, display)) in everyone.iter().enumerate() {
            if known.contains(&flow::fold_name(name)) {
                continue;
            }
            let groups = vec![words::GROUPS[number % words::GROUPS.len()].to_owned()];
            let new = NewUser { name: name.clone(), display: Some(display.clone()), groups, ..Default::default() };
            people::add(cx, SYSTEM, &new)?;
        }
        Ok(())
    })?;
    Ok(names)
}

/// All of it in the one transaction.
fn fill_alone(cx: &Writing, plan: &Arc<Plan>, people: &Arc<[String]>, progress: &Progress) -> Result<(), app::Error> {
    let teller = teller(cx, plan, people)?;
    progress.bar.reset();
    let fill = || {
        told(&teller, MANY, |lives| {
            lives.write(cx)?;
            progress.add(lives.count());
            Ok(())
        })
    };
    bulk::without_indexes(cx, fill, |made, of| progress.indexing(made, of))
}

/// In many transactions.
fn fill_beside(app: &App, plan: &Arc<Plan>, people: &Arc<[String]>, progress: &Progress) -> Result<(), app::Error> {
    let (plan, people) = (Arc::clone(plan), Arc::clone(people));
    let teller = app.write(move |cx| teller(cx, &plan, &people))?;
    told(&teller, FEW, |lives| {
        let count = lives.count();
        app.write(move |cx| lives.write(cx))?;
        progress.add(count);
        Ok(())
    })
}

/// With the numbers of all items taken.
fn teller(cx: &Writing, plan: &Arc<Plan>, people: &Arc<[String]>) -> Result<Teller, app::Error> {
    let mut numbers = [0; 4];
    for (kind, number) in KINDS.into_iter().zip(&mut numbers) {
        *number = bulk::numbers(cx, kind.key(), plan.counts[kind.index()])?;
    }
    Ok(Teller { plan: Arc::clone(plan), desk: Desk::of(cx)?, numbers, people: Arc::clone(people) })
}

/// Has all of the plan told by as many threads as there are cores, and gives it to `write` in its order: a device is there
/// before the problem that names it.
fn told(
    teller: &Teller,
    batch: usize,
    mut write: impl FnMut(Lives) -> Result<(), app::Error>,
) -> Result<(), app::Error> {
    let batches = teller.plan.roots.len().div_ceil(batch);
    let range = |at: usize| -> Range<usize> { at * batch..((at + 1) * batch).min(teller.plan.roots.len()) };
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        let receivers: Vec<_> = (0..threads)
            .map(|thread| {
                let (sender, receiver) = mpsc::sync_channel(1);
                let mut teller = teller.clone();
                scope.spawn(move || {
                    for at in (thread..batches).step_by(threads) {
                        // nobody takes it any more once writing has failed
                        if sender.send(teller.tell(range(at))).is_err() {
                            break;
                        }
                    }
                });
                receiver
            })
            .collect();
        for at in 0..batches {
            match receivers[at % threads].recv() {
                Ok(lives) => write(lives?)?,
                Err(_) => return Err(app::Error::Damaged("a thread that makes items broke off".to_owned())),
            }
        }
        Ok(())
    })
}

/// A bar on a terminal, lines elsewhere.
#[derive(Clone)]
struct Progress {
    bar: ProgressBar,
    items: usize,
}

impl Progress {
    fn of(items: usize) -> Progress {
        let bar = ProgressBar::new(u64::try_from(items).unwrap_or(u64::MAX));
        let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} items {msg} {eta}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Progress { bar, items }
    }

    fn add(&self, count: usize) {
        let tenth = |done: u64| usize::try_from(done).unwrap_or(0) * 10 / self.items;
        let before = self.bar.position();
        self.bar.inc(u64::try_from(count).unwrap_or(0));
        let after = self.bar.position();
        if self.bar.is_hidden() && tenth(after) > tenth(before) {
            tell(format_args!("{after} of {} items", self.items));
        }
    }

    fn indexing(&self, made: usize, of: usize) {
        self.bar.set_message(format!("index {} of {of}", made + 1));
        if self.bar.is_hidden() && made == 0 {
            tell(format_args!("making {of} indexes"));
        }
    }
}
