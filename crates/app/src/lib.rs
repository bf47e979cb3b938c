//! The use cases: create, save, press, comment, hand over, publish, sign in. Pages, API, command line and import all call
//! these, so a rule that holds here holds everywhere.
//!
//! A use case is a function that takes [`Reading`] or [`Writing`] (a transaction, the published flows in it, the moment)
//! and who acts. To add one: write it beside its kin (`item`, `work`, `people`, `publish`), let `flow` decide, let
//! `store` write, return plain data.

mod catalog;
mod error;

pub mod board;
pub mod bulk;
pub mod carry;
pub mod draft;
pub mod guide;
pub mod item;
pub mod like;
pub mod live;
pub mod migrate;
pub mod moving;
pub mod people;
pub mod publish;
pub mod search;
pub mod signin;
pub mod stats;
pub mod views;
pub mod work;

use std::{ops::Deref, sync::Arc, time::Duration};

use jiff::{Timestamp, tz::TimeZone};

pub use catalog::{Catalog, Names, People, Published};
pub use error::{Error, InputProblem, Reason};
pub use store::{Address, BadAddress, Counters, Place, keep, list::Page};

/// An installation, open. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    db: store::Db,
    zone: TimeZone,
    clock: fn() -> Timestamp,
    random: fn(&mut [u8]),
    catalog: catalog::Cache,
    samples: like::Samples,
    hashing: signin::Gate,
}

/// The setting that says which indexes the sheets have, and what it says where they have all of this program's.
const INDEXES: (&str, &str) = ("indexes of sheets", "4");

/// What the binary hands in: what the use cases must not fetch for themselves.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Days, `today` and typed times are in this zone.
    pub zone: TimeZone,
    /// The moment.
    pub clock: fn() -> Timestamp,
    /// Fills with unguessable bytes.
    pub random: fn(&mut [u8]),
}

/// What a write will ask for first: records that are far away are asked for it together.
#[derive(Debug, Clone, Default)]
pub struct Ahead {
    /// Who asks.
    pub credential: Option<signin::Credential>,
    /// The item that is to be changed: the key of its flow, its number. It is held from the beginning on.
    pub item: Option<(String, i64)>,
}

/// A snapshot, with what every use case needs beside it.
pub struct Reading<'a> {
    pub(crate) tx: &'a store::Tx<'a>,
    /// The published flows, as of this snapshot.
    pub flows: Arc<Catalog>,
    /// The installation's zone.
    pub zone: &'a TimeZone,
    /// The moment that the transaction takes as now.
    pub now: Timestamp,
    /// How often people were changed. None where the transaction itself may change them.
    people_seq: Option<i64>,
    /// Whether what is read may be kept for others. Not in a transaction that writes: what it sees may never come to be.
    keeps: bool,
    app: &'a Inner,
}

/// A [`Reading`] that may also write: all of it or nothing.
pub struct Writing<'a> {
    reading: Reading<'a>,
    pub(crate) tx: &'a store::WriteTx<'a>,
}

impl<'a> Deref for Writing<'a> {
    type Target = Reading<'a>;
    fn deref(&self) -> &Reading<'a> {
        &self.reading
    }
}

impl<'a> Writing<'a> {
    /// The same, once no other use case that rules over many rows (people, flows) is under way, with the flows as they
    /// are then.
    pub(crate) fn alone(&self) -> Result<Writing<'a>, Error> {
        self.tx.take_turn()?;
        let mut alone = self.reading.app.writing(self.tx, self.now)?;
        alone.reading.people_seq = None;
        Ok(alone)
    }
}

impl App {
    /// Opens the installation at `place`, making it if there is none, and brings its records up to this version. A
    /// database server that is not up yet is waited for, for `patience` at most.
    ///
    /// # Errors
    /// What the store says: a directory that cannot be written, a server that cannot be reached, a database of a newer
    /// version, a damaged file.
    pub fn open(place: &Place, patience: Duration, surroundings: Surroundings) -> Result<App, Error> {
        App::of(store::Db::open(place, patience)?, surroundings)
    }

    /// [`App::open`] for filling an installation that nobody else uses: [`bulk`].
    ///
    /// # Errors
    /// As [`App::open`]; locked where another process has it open.
    pub fn open_to_fill(place: &Place, patience: Duration, surroundings: Surroundings) -> Result<App, Error> {
        App::of(store::Db::open_to_fill(place, patience)?, surroundings)
    }

    fn of(db: store::Db, surroundings: Surroundings) -> Result<App, Error> {
        moving::refuse_unfinished(&db)?;
        let Surroundings { zone, clock, random } = surroundings;
        let app = App(Arc::new(Inner {
            db,
            zone,
            clock,
            random,
            catalog: catalog::Cache::default(),
            samples: like::Samples::default(),
            hashing: signin::Gate::default(),
        }));
        app.bring_indexes_up_to_date()?;
        Ok(app)
    }

    /// What a newer program has for lists is made for the flows that an older one published, and for their items.
    fn bring_indexes_up_to_date(&self) -> Result<(), Error> {
        if self.0.db.read(|tx| store::setting::get(tx, INDEXES.0))?.as_deref() == Some(INDEXES.1) {
            return self.bring_words_up_to_date();
        }
        let flows = self.write(|cx| {
            let cx = &cx.alone()?;
            for published in cx.flows.all() {
                store::widen_sheet(cx.tx, &published.flow)?;
            }
            Ok(cx.flows.all().map(|published| Arc::clone(&published.flow)).collect::<Vec<_>>())
        })?;
        for flow in flows {
            store::fill_field_changes(&self.0.db, &flow)?;
        }
        self.write(|cx| Ok(store::setting::set(cx.tx, INDEXES.0, INDEXES.1)?))?;
        self.bring_words_up_to_date()
    }

    /// The index of words of items that were there before there was one. What is done stays done, wherever it is broken off.
    fn bring_words_up_to_date(&self) -> Result<(), Error> {
        for flow in self.0.db.read(store::words::due)? {
            store::words::build(&self.0.db, &flow)?;
        }
        Ok(())
    }

    /// Runs a use case that only reads, on one snapshot.
    ///
    /// # Errors
    /// Those of `use_case`, and the store's.
    pub fn read<T>(&self, use_case: impl FnOnce(&Reading) -> Result<T, Error>) -> Result<T, Error> {
        let now = (self.0.clock)();
        self.0.db.read(|tx| use_case(&self.0.reading(tx, now)?))
    }

    /// [`App::read`] without waiting for a database server, of somebody who will be asked for first: `done` gets the result,
    /// at once and on the caller's thread where the records are embedded, else on a thread of the records, where it must not
    /// linger.
    pub fn read_with<T: Send + 'static>(
        &self,
        credential: Option<signin::Credential>,
        use_case: impl FnOnce(&Reading) -> Result<T, Error> + Send + 'static,
        done: impl FnOnce(Result<T, Error>) + Send + 'static,
    ) {
        let (inner, now) = (Arc::clone(&self.0), self.now());
        let reading = move |tx: &store::Tx| {
            signin::foresee(tx, credential.as_ref())?;
            use_case(&inner.reading(tx, now)?)
        };
        self.0.db.read_with(reading, done);
    }

    /// Runs a use case that writes: when it returns, what it wrote is on disk; when it errs, nothing was written.
    /// It may be run again, so it has no other effect.
    ///
    /// # Errors
    /// Those of `use_case`, and the store's.
    pub fn write<T: Send + 'static>(
        &self,
        use_case: impl FnMut(&Writing) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.write_at((self.0.clock)(), use_case)
    }

    /// [`App::write`] with another moment as now: for records that are older than their writing (demo, import).
    ///
    /// # Errors
    /// As [`App::write`].
    pub fn write_at<T: Send + 'static>(
        &self,
        now: Timestamp,
        mut use_case: impl FnMut(&Writing) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let inner = Arc::clone(&self.0);
        self.0.db.write(move |tx| use_case(&inner.writing(tx, now)?))
    }

    /// [`App::write`] without waiting: `done` gets the result on the writer's thread, where it must not linger.
    pub fn write_with<T: Send + 'static>(
        &self,
        ahead: Ahead,
        mut use_case: impl FnMut(&Writing) -> Result<T, Error> + Send + 'static,
        done: impl FnOnce(Result<T, Error>) + Send + 'static,
    ) {
        let (inner, now) = (Arc::clone(&self.0), self.now());
        let writing = move |tx: &store::WriteTx| {
            signin::foresee(tx, ahead.credential.as_ref())?;
            if let Some((flow, number)) = &ahead.item {
                store::item::foresee_hold(tx, flow, *number)?;
            }
            use_case(&inner.writing(tx, now)?)
        };
        self.0.db.write_with(writing, done);
    }

    /// Reads ahead what nearly every request asks for: the flows, and everyone's names.
    ///
    /// # Errors
    /// The store's.
    pub fn warm(&self) -> Result<(), Error> {
        self.read(|cx| cx.people().map(drop))
    }

    /// The moment, by the installation's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// The installation's zone.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.0.zone
    }

    /// Tells `done` whether the database answers: within two seconds, also when it does not.
    pub fn ping_with(&self, done: impl FnOnce(Result<(), Error>) + Send + 'static) {
        self.0.db.ping_with(move |result| done(result.map_err(Error::from)));
    }

    /// What the store counts: writes answered, commits that carried them.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.db.counters()
    }

    /// Finishes what waits to be written. Every other clone of this installation is of no use afterwards.
    pub fn close(self) {
        self.0.db.clone().close();
    }

    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0.random)(&mut bytes);
        bytes
    }
}

impl Inner {
    fn reading<'a>(&'a self, tx: &'a store::Tx<'a>, now: Timestamp) -> Result<Reading<'a>, Error> {
        let changes = store::change::seen(tx)?;
        let flows = self.catalog.as_of(tx, changes.flows, true)?;
        Ok(Reading { tx, flows, zone: &self.zone, now, people_seq: Some(changes.people), keeps: true, app: self })
    }

    fn writing<'a>(&'a self, tx: &'a store::WriteTx<'a>, now: Timestamp) -> Result<Writing<'a>, Error> {
        let changes = store::change::seen(tx)?;
        let flows = self.catalog.as_of(tx, changes.flows, false)?;
        let people_seq = Some(changes.people);
        Ok(Writing { reading: Reading { tx, flows, zone: &self.zone, now, people_seq, keeps: false, app: self }, tx })
    }
}
